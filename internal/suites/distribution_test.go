// This file tests the package as others get it: by copy, through a module proxy, without
// dependencies, and as the README shows it.

package suites

import (
	"archive/zip"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// goTool runs the go command in a folder, cut off from every network and every setting of the user.
func goTool(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GO111MODULE=on"}, env...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// service is a program of somebody else's: it verifies one token and one that was changed.
const service = `package main

import (
	"context"
	"fmt"
	"os"

	"IMPORT"
)

func main() {
	key, err := jwt.ParseKey([]byte(os.Args[1]))
	if err != nil {
		panic(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "https://issuer.example", Audience: []string{"https://api.example.com"}, Keys: key})
	if err != nil {
		panic(err)
	}
	token, err := v.Verify(context.Background(), os.Args[2])
	_, bad := v.Verify(context.Background(), os.Args[2][1:])
	fmt.Println(token.Subject(), err, bad != nil)
}
`

// serviceTest is a test of somebody else's with an issuer and a preset that were copied, too.
const serviceTest = `package main

import (
	"testing"

	"service.example/internal/jwt"
	"service.example/internal/jwt/explain"
	"service.example/internal/jwt/jwttest"
	"service.example/internal/jwt/providers"
)

func TestPreset(t *testing.T) {
	if _, err := providers.GitHubActions("https://api.example.com", "123456789"); err != nil {
		t.Error(err)
	}
}

func TestGuard(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	if r := explain.Token(t.Context(), v, issuer.Token(nil)); !r.Valid {
		t.Error(r)
	}
}
`

// arguments are a key and a token for the service.
func arguments(t *testing.T) (key, token string) {
	t.Helper()
	text, err := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.EdDSA))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{"iss": "https://issuer.example", "sub": "vendored"}})
}

// leaves are the files that a copy can do without.
var leaves = []string{"trace.go", "decode.go", "cache.go", "dpop.go", "mtls.go", "mldsa.go"}

// A copy of the files that are no tests is a working verifier, and so is one without the leaves. The
// folders for reports, presets and tests go along where the leaf that reports are made of does.
func TestVendoringByCopy(t *testing.T) {
	t.Chdir(fixture.Path())
	files, err := filepath.Glob("*.go")
	var folders []string
	for _, folder := range []string{"explain", "jwttest", "providers"} {
		inside, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(inside) == 0 {
			t.Fatal(folder, err)
		}
		folders = append(folders, inside...)
	}
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	key, token := arguments(t)
	for name, left := range map[string][]string{"whole": nil, "without leaves": leaves} {
		t.Run(name, func(t *testing.T) {
			dir, files := t.TempDir(), slices.Clone(files)
			fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n")
			fixture.WriteFile(t, filepath.Join(dir, "main.go"), strings.Replace(service, "IMPORT", "service.example/internal/jwt", 1))
			if left == nil {
				files = append(files, folders...)
				fixture.WriteFile(t, filepath.Join(dir, "main_test.go"), serviceTest)
			}
			for _, file := range files {
				if strings.HasSuffix(file, "_test.go") || slices.Contains(left, file) {
					continue
				}
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				copied := strings.ReplaceAll(string(text), `"assay.example/jwt"`, `"service.example/internal/jwt"`)
				fixture.WriteFile(t, filepath.Join(dir, "internal", "jwt", file), copied)
			}
			if got := goTool(t, dir, nil, "run", ".", key, token); got != "vendored <nil> true\n" {
				t.Errorf("got %q", got)
			}
			goTool(t, dir, nil, "vet", "./...")
			if left == nil {
				goTool(t, dir, nil, "test", ".")
			}
		})
	}
}

// pageBlocks are the blocks of a language on a page.
func pageBlocks(t *testing.T, page, language string, want int) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(fixture.Path("docs", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, match[1])
	}
	if len(blocks) != want {
		t.Fatalf("%s has %d blocks of %s, want %d", page, len(blocks), language, want)
	}
	return blocks
}

// pageTests are the tests of docs/testing.md as a file of a module that has the package at path.
func pageTests(t *testing.T, path string) string {
	t.Helper()
	return `package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"` + path + `"
	"` + path + `/jwttest"
)

func hello(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	fmt.Fprintf(w, "Hello, %s!\n", token.Subject())
}

` + strings.Join(pageBlocks(t, "testing.md", "go", 3), "\n")
}

// The tests on docs/testing.md pass.
func TestTestingPage(t *testing.T) {
	dir := t.TempDir()
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n\nrequire assay.example/jwt v0.0.0\n\nreplace assay.example/jwt => "+fixture.Path()+"\n")
	fixture.WriteFile(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	fixture.WriteFile(t, filepath.Join(dir, "main_test.go"), pageTests(t, "assay.example/jwt"))
	goTool(t, dir, nil, "vet", ".")
	goTool(t, dir, nil, "test", ".")
}

// The recipe of docs/testing.md copies the package and jwttest, and the tests of the page pass with the
// copy. It is a shell's; where there is none, TestVendoringByCopy still copies the same files.
func TestVendoringRecipe(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Log("there is no shell")
		return
	}
	recipe := pageBlocks(t, "testing.md", "sh", 2)[1]
	parent := t.TempDir()
	if err := os.Symlink(fixture.Path(), filepath.Join(parent, "assay")); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "service")
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n")
	fixture.WriteFile(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	fixture.WriteFile(t, filepath.Join(dir, "main_test.go"), pageTests(t, "service.example/internal/jwt"))
	cmd := exec.Command(sh, "-eu", "-c", recipe)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	goTool(t, dir, nil, "vet", "./...")
	goTool(t, dir, nil, "test", ".")
	if got := goTool(t, dir, nil, "list", "-deps", "-test", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./internal/jwt/jwttest"); strings.Contains(got, "assay.example") {
		t.Errorf("the copy depends on the original: %q", got)
	}
}

func TestGoGetThroughProxy(t *testing.T) {
	t.Chdir(fixture.Path())
	const version = "v0.0.1"
	proxy := filepath.Join(t.TempDir(), "proxy")
	at := filepath.Join(proxy, filepath.FromSlash("assay.example/jwt"), "@v")
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	fixture.WriteFile(t, filepath.Join(at, "list"), version+"\n")
	fixture.WriteFile(t, filepath.Join(at, version+".info"), `{"Version":"`+version+`"}`)
	fixture.WriteFile(t, filepath.Join(at, version+".mod"), string(mod))
	zipModule(t, filepath.Join(at, version+".zip"), "assay.example/jwt@"+version+"/")

	dir := t.TempDir()
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n")
	fixture.WriteFile(t, filepath.Join(dir, "main.go"), strings.Replace(service, "IMPORT", "assay.example/jwt", 1))
	env := []string{"GOPROXY=file://" + filepath.ToSlash(proxy), "GONOSUMDB=*", "GOFLAGS=-mod=mod -modcacherw", "GOMODCACHE=" + t.TempDir()}
	goTool(t, dir, env, "get", "assay.example/jwt@"+version)
	key, token := arguments(t)
	if got := goTool(t, dir, env, "run", ".", key, token); got != "vendored <nil> true\n" {
		t.Errorf("got %q", got)
	}
	if got := goTool(t, dir, env, "list", "-m", "all"); got != "service.example\nassay.example/jwt "+version+"\n" {
		t.Errorf("got %q", got)
	}
}

// zipModule packs this module as a proxy serves it: without nested modules and hidden folders.
func zipModule(t *testing.T, path, prefix string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			if _, nested := os.Stat(filepath.Join(name, "go.mod")); nested == nil || strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		w, err := archive.Create(prefix + filepath.ToSlash(name))
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoDependencies(t *testing.T) {
	t.Chdir(fixture.Path())
	if got := goTool(t, ".", []string{"GOFLAGS="}, "list", "-m", "all"); got != "assay.example/jwt\n" {
		t.Errorf("go list -m all printed %q", got)
	}
	if got := goTool(t, ".", []string{"GOFLAGS="}, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "."); got != "assay.example/jwt\n" {
		t.Errorf("the package depends on %q", got)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil || strings.Contains(string(mod), "require") {
		t.Errorf("go.mod: %v\n%s", err, mod)
	}
}

// The Go code of the README is a service that compiles, and a test of it that passes.
func TestREADME(t *testing.T) {
	blocks := goBlocks(t, 3, "README.md")
	dir := serviceFolder(t)
	fixture.WriteFile(t, filepath.Join(dir, "main.go"), blocks[0])
	fixture.WriteFile(t, filepath.Join(dir, "claims.go"), "package main\n\nimport \"assay.example/jwt\"\n\nfunc typed(token *jwt.Token) (any, error) {\n"+blocks[1]+"\treturn custom, err\n}\n")
	fixture.WriteFile(t, filepath.Join(dir, "main_test.go"), "package main\n\nimport (\n\t\"net/http\"\n\t\"net/http/httptest\"\n\t\"testing\"\n\n\t\"assay.example/jwt\"\n\t\"assay.example/jwt/jwttest\"\n)\n\n"+blocks[2])
	goTool(t, dir, nil, "vet", ".")
	goTool(t, dir, nil, "test", ".")
	if text := readFile(t, "README.md"); strings.Count(text, "\n") > 150 {
		t.Errorf("the README has %d lines", strings.Count(text, "\n"))
	}
}

// The Go code of docs/outages.md and docs/kubernetes.md compiles.
func TestKeysPages(t *testing.T) {
	outages, kubernetes := goBlocks(t, 2, "docs", "outages.md"), goBlocks(t, 1, "docs", "kubernetes.md")
	dir := serviceFolder(t)
	const head = "package main\n\nimport (\n"
	fixture.WriteFile(t, filepath.Join(dir, "keys.go"), head+"\t\"log/slog\"\n\t\"time\"\n\n\t\"assay.example/jwt\"\n)\n\nfunc main() {}\n\nfunc newKeys() (*jwt.RemoteKeySet, error) {\n"+outages[0]+"\treturn keys, err\n}\n")
	fixture.WriteFile(t, filepath.Join(dir, "health.go"), head+"\t\"context\"\n\t\"expvar\"\n\t\"net/http\"\n\t\"time\"\n\n\t\"assay.example/jwt\"\n)\n\n"+outages[1])
	fixture.WriteFile(t, filepath.Join(dir, "cluster.go"), head+"\t\"crypto/x509\"\n\t\"os\"\n\n\t\"assay.example/jwt\"\n)\n\n"+kubernetes[0])
	goTool(t, dir, nil, "vet", ".")
}

// Every test that docs/outages.md, docs/checks.md or SECURITY.md names is there.
func TestPagesNameTests(t *testing.T) {
	tests := map[string]bool{}
	for _, folder := range []string{".", "internal/suites", "explain", "cmd/assay", "internal/e2e"} {
		paths, err := filepath.Glob(fixture.Path(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				tests[m[1]] = true
			}
		}
	}
	named := 0
	for _, page := range []string{"docs/outages.md", "docs/checks.md", "SECURITY.md"} {
		for _, m := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(readFile(t, page), -1) {
			if named++; !tests[m] {
				t.Errorf("%s names %s, which is not there", page, m)
			}
		}
	}
	if named < 40 {
		t.Errorf("%d tests are named", named)
	}
}

// The gate runs each command of the README, or a test does.
func TestREADMECommands(t *testing.T) {
	gate := readFile(t, ".ci", "run")
	elsewhere := map[string]string{
		"go run ./cmd/assay debug": "cmd/assay/debug_test.go",              // it runs until it is interrupted
		"grep -rl":                 "internal/suites/distribution_test.go", // TestAnotherPath
	}
	n := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(readFile(t, "README.md"), -1) {
		for line := range strings.SplitSeq(strings.TrimSpace(block[1]), "\n") {
			command, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
			found := strings.Contains(gate, "\n"+command+"\n")
			for begin, where := range elsewhere {
				found = found || strings.HasPrefix(command, begin) && readFile(t, where) != ""
			}
			if n++; !found {
				t.Errorf("nothing runs %q", command)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d commands", n)
	}
}

// The README's command gives a copy another path.
func TestAnotherPath(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n *(grep -rl .*?)\n *```").FindStringSubmatch(readFile(t, "README.md"))
	dir := t.TempDir()
	for _, folder := range []string{"", "explain", "jwttest"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(fixture.Path(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if name := filepath.Base(path); !strings.HasSuffix(name, "_test.go") {
				fixture.WriteFile(t, filepath.Join(dir, folder, name), readFile(t, folder, name))
			}
		}
	}
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), readFile(t, "go.mod"))
	command := exec.Command("sh", "-c", block[1])
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := goTool(t, dir, nil, "list", "-m"); got != "example.com/you/jwt\n" {
		t.Errorf("the module is %q", got)
	}
	goTool(t, dir, nil, "vet", "./...")
}

// goBlocks are the blocks of Go in a page, of which there are n.
func goBlocks(t *testing.T, n int, path ...string) (blocks []string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(readFile(t, path...), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) != n {
		t.Fatalf("%v has %d blocks of Go", path, len(blocks))
	}
	return blocks
}

// serviceFolder is a folder for a module that uses this one.
func serviceFolder(t *testing.T) string {
	dir := t.TempDir()
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n\nrequire assay.example/jwt v0.0.0\n\nreplace assay.example/jwt => "+fixture.Path()+"\n")
	return dir
}

// The blocks of Go in docs/authorization.md compile.
func TestAuthorizationPage(t *testing.T) {
	text, err := os.ReadFile(fixture.Path("docs", "authorization.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 4 {
		t.Fatalf("%d blocks of Go", len(blocks))
	}
	dir := t.TempDir()
	fixture.WriteFile(t, filepath.Join(dir, "go.mod"), "module service.example\n\ngo 1.25\n\nrequire assay.example/jwt v0.0.0\n\nreplace assay.example/jwt => "+fixture.Path()+"\n")
	fixture.WriteFile(t, filepath.Join(dir, "main.go"), `package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"assay.example/jwt"
)

func main() {}

func routes(mux *http.ServeMux, messages http.Handler, fromFile []jwt.Requirement) {
`+blocks[0][1]+blocks[1][1]+`}

func consume(ctx context.Context, v *jwt.Verifier, api *jwt.Resource, text string) (context.Context, jwt.Refusal) {
`+blocks[2][1]+`}

func problem(v *jwt.Verifier) (*jwt.Resource, error) {
`+blocks[3][1]+`return api, err
}
`)
	goTool(t, dir, nil, "vet", ".")
}
