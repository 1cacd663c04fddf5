// This file holds the words of docs/migrating.md: blocks, versions and links.

package migrating

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// libraries are those that the page names with their versions.
var libraries = []string{"github.com/golang-jwt/jwt/v5", "github.com/MicahParks/keyfunc/v3", "github.com/coreos/go-oidc/v3",
	"github.com/auth0/go-jwt-middleware/v3", "github.com/lestrrat-go/jwx/v3"}

// blocks is how many blocks of Go the page has.
const blocks = 43

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Each block of Go on the page stands, but for its indentation, in one of the files here, which all compile and run.
func TestBlocks(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source string
	for _, file := range files {
		if file != "page_test.go" {
			source += "\n" + read(t, file)
		}
	}
	text := read(t, page)
	found := regexp.MustCompile("(?m)^```go\n((?s:.*?))```$").FindAllStringSubmatch(text, -1)
	if len(found) != blocks || strings.Count(text, "```") != 2*blocks {
		t.Errorf("the page has %d blocks of Go and %d fences, want %d and %d", len(found), strings.Count(text, "```"), blocks, 2*blocks)
	}
	for _, block := range found {
		if !contains(source, block[1]) {
			t.Errorf("no file has the block\n%s", block[1])
		}
	}
}

// contains reports whether source has a block as whole lines, indented by up to three tabs.
func contains(source, block string) bool {
	for indent := range 4 {
		tabs := strings.Repeat("\t", indent)
		if strings.Contains(source, "\n"+regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(block, tabs+"$1")) {
			return true
		}
	}
	return false
}

// A block with a changed line is noticed.
func TestContains(t *testing.T) {
	const source = "\nfunc f() {\n\tone()\n\tif two {\n\t\tthree()\n\t}\n}\n"
	for block, want := range map[string]bool{"one()\nif two {\n\tthree()\n}\n": true, "one()\nthree()\n": false, "one\n": false, "three()\n": true} {
		equal(t, block, contains(source, block), want)
	}
}

// The page names the versions that go.mod has, and no other.
func TestVersions(t *testing.T) {
	requires := read(t, "../go.mod")
	text := read(t, page)
	for _, library := range libraries {
		version := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(library) + ` (v\S+)$`).FindStringSubmatch(requires)
		if version == nil {
			t.Errorf("go.mod does not require %s", library)
		} else if row := "| `" + library + "` | " + version[1] + " |"; !strings.Contains(text, row) {
			t.Errorf("the page has no row %s", row)
		}
	}
}

// The tests that the page names exist, and its links lead to headings and files.
func TestLinks(t *testing.T) {
	text := read(t, page)
	headings := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^##+ (.*)$`).FindAllStringSubmatch(text, -1) {
		headings[strings.ReplaceAll(strings.ToLower(strings.NewReplacer(",", "", "`", "").Replace(heading[1])), " ", "-")] = true
	}
	words := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(text, "")
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(words, -1) {
		file, fragment, _ := strings.Cut(link[1], "#")
		switch {
		case strings.HasPrefix(file, "https://"):
		case file == "":
			if !headings[fragment] {
				t.Errorf("no heading #%s", fragment)
			}
		default:
			target := filepath.Join(filepath.Dir(page), file)
			info, err := os.Stat(target)
			if err != nil {
				t.Error(err)
			} else if heading := strings.ReplaceAll(fragment, "-", "[ -]"); !info.IsDir() && fragment != "" &&
				!regexp.MustCompile(`(?mi)^##+ `+heading+`$`).MatchString(read(t, target)) {
				t.Errorf("%s has no heading #%s", file, fragment)
			}
		}
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source string
	for _, file := range files {
		source += read(t, file)
	}
	for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(source, "\nfunc "+name[1]+"(") {
			t.Errorf("there is no %s", name[1])
		}
	}
}
