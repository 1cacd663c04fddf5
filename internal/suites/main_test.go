// Package suites holds the tests that ask about the whole package from outside, by its exported names
// alone: attacks, limits, leaks, malleability, Wycheproof's vectors, FIPS mode, distribution, the model of a key set
// and the replacement of issuers.
package suites

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

type claims = jwttest.Claims

func TestMain(m *testing.M) { os.Exit(fixture.Run(m)) }

// testRows runs the tests of a table, each as the subtest of its row. A row whose test stands beside the
// code names it, as "TestName, file", and fails if there is none of that name. testRows returns the
// rows.
func testRows(t *testing.T, here map[string]func(t *testing.T), elsewhere map[string][]string) map[string]bool {
	rows := map[string]bool{}
	for row, test := range here {
		rows[row] = true
		t.Run(row, func(t *testing.T) {
			test(t)
			wantTests(t, elsewhere[row])
		})
	}
	for row, references := range elsewhere {
		if !rows[row] {
			rows[row] = true
			t.Run(row, func(t *testing.T) { wantTests(t, references) })
		}
	}
	return rows
}

// wantTests asserts that there are these tests, each in its file.
func wantTests(t *testing.T, references []string) {
	t.Helper()
	for _, reference := range references {
		name, path, _ := strings.Cut(reference, ", ")
		file, err := parser.ParseFile(token.NewFileSet(), fixture.Path(path), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			found = found || ok && f.Recv == nil && f.Name.Name == name
		}
		if !found || !strings.HasPrefix(name, "Test") || !strings.HasSuffix(path, "_test.go") {
			t.Errorf("there is no test %s in %s", name, path)
		}
	}
}
