// Package issuer drives "assay issuer" from other languages: the programs on docs/testing.md, as they stand.
package issuer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commands is a folder with the command assay, built.
var commands string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if commands, err = os.MkdirTemp("", "assay-issuer-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(commands)
	if out, err := exec.Command("go", "build", "-o", filepath.Join(commands, "assay"), "assay.example/jwt/cmd/assay").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("the command cannot be built: %v\n%s", err, out)
	}
	return m.Run(), nil
}

// write writes the page's two programs in a language to a folder: the service, and its test.
func write(t *testing.T, dir, language, service, test string) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("the page has %d blocks of %s", len(blocks), language)
	}
	for n, name := range []string{service, test} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(blocks[n][1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a program in a folder, with assay in its PATH and without a proxy for loopback.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+commands+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// PyJWT is Debian's: apt-get install python3-jwt python3-cryptography.
func TestPyJWT(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "python", "service.py", "test_service.py")
	if out := run(t, dir, "/usr/bin/python3", "-B", "-m", "unittest", "-v", "test_service"); !strings.Contains(out, "Ran 1 test") || strings.Contains(out, "eyJ") {
		t.Errorf("it printed:\n%s", out)
	}
}

// jose comes from npm, as package-lock.json has it.
func TestJose(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "js", "service.mjs", "service.test.mjs")
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	if out := run(t, dir, "node", "--test", "--test-reporter=tap", "service.test.mjs"); !strings.Contains(out, "# pass 1\n") || strings.Contains(out, "eyJ") {
		t.Errorf("it printed:\n%s", out)
	}
}
