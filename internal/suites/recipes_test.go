// This file holds docs/recipes.md against the programs and examples that its blocks come from.

package suites

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt/internal/fixture"
)

// recipes are the headings of docs/recipes.md: what people search for.
var recipes = []string{"Cookie", "Optional authentication", "CORS", "WebSocket", "EventSource", "Several issuers", "Issuers at run time",
	"Keycloak roles", "Entra groups and app roles", "Cognito groups", "Revocation", "Introspection", "Health", "Metrics", "Behind a proxy",
	"Kubernetes service accounts", "Testing a handler", "Local issuer over http"}

// withoutCode are those recipes that need none.
var withoutCode = []string{}

// block is a block of Go, with the line that says where it comes from.
var block = regexp.MustCompile("(?m)^(?:`(Example\\w+)` in )?\\[([\\w./]+)\\]\\(\\.\\./([\\w./]+)\\):\n\n```go\n((?s:.*?))```$")

// Each block of a recipe stands, but for its indentation, in a program that has a test, in such a test, or in an
// Example whose output is checked. Each program is in a recipe or in the table of hosts.
func TestRecipes(t *testing.T) {
	page := readFile(t, "docs", "recipes.md")
	sections := regexp.MustCompile(`(?m)^## `).Split(page, -1)
	var headings []string
	for _, section := range sections[1:] {
		heading, text, _ := strings.Cut(section, "\n")
		headings = append(headings, heading)
		blocks := block.FindAllStringSubmatch(text, -1)
		if fences := strings.Count(text, "```"); fences != 2*len(blocks) {
			t.Errorf("%s: %d blocks say where they come from, of %d", heading, len(blocks), fences/2)
		}
		if (len(blocks) == 0) != slices.Contains(withoutCode, heading) {
			t.Errorf("%s: it has %d blocks", heading, len(blocks))
		}
		for _, b := range blocks {
			if fault := notIn(t, b[4], b[3], b[1]); b[2] != b[3] || fault != "" {
				t.Errorf("%s: %s: %s:\n%s", heading, b[2], fault, b[4])
			}
		}
	}
	if !slices.Equal(headings, recipes) {
		t.Errorf("the recipes are %q, want %q", headings, recipes)
	}
	programs, err := filepath.Glob(fixture.Path("examples", "*", "main.go"))
	if err != nil || len(programs) == 0 {
		t.Fatal(programs, err)
	}
	for _, path := range programs {
		if name := filepath.Base(filepath.Dir(path)); !strings.Contains(page, "](../examples/"+name+"/main.go)") {
			t.Errorf("no recipe names the program %s", name)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1) {
		if !slices.ContainsFunc(headings, func(h string) bool { return strings.ReplaceAll(strings.ToLower(h), " ", "-") == link[1] }) {
			t.Errorf("no heading #%s", link[1])
		}
	}
}

// notIn says what is wrong with a block that is said to come from a file, or from an Example in it.
func notIn(t *testing.T, block, path, example string) string {
	source := readFile(t, path)
	switch {
	case example != "":
		_, rest, found := strings.Cut(source, "\nfunc "+example+"() {\n")
		if source, _, _ = strings.Cut(rest, "\n}\n"); !found || !strings.Contains(strings.ToLower(source), "output:") {
			return "there is no such Example whose output is checked"
		}
		source += "\n"
	case strings.HasSuffix(path, "/main.go"):
		if !strings.Contains(readFile(t, strings.TrimSuffix(path, ".go")+"_test.go"), "\nfunc Test") {
			return "the program has no test"
		}
	case !strings.HasSuffix(path, "_test.go"):
		return "it is neither a program nor a test"
	}
	for indent := range 4 {
		tabs := strings.Repeat("\t", indent)
		if strings.Contains("\n"+source, "\n"+regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(block, tabs+"$1")) {
			return ""
		}
	}
	return "the block is not in it"
}

// readFile reads a file of the repository.
func readFile(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(fixture.Path(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
