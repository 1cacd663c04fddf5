// This file tests that there is advice for every reason code.

package explain_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

// reasons reads the reason codes of package jwt from its source.
func reasons(t *testing.T) (all []jwt.Reason) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Reason" {
				code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, jwt.Reason(code))
			}
		}
		return true
	})
	return all
}

func TestAdvice(t *testing.T) {
	all := reasons(t)
	if len(all) < 33 {
		t.Fatalf("%d reasons", len(all))
	}
	for _, reason := range all {
		meaning, do := explain.Advice(reason)
		for _, text := range []string{meaning, do} {
			if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
				t.Errorf("%s: %q is no sentence", reason, text)
			}
		}
	}
	if meaning, do := explain.Advice("mine"); meaning != "" || do != "" {
		t.Errorf("got %q, %q", meaning, do)
	}
}
