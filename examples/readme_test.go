// Package examples holds the README against the programs.
package examples

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// guardLines counts the lines of code of the guard in a program: what stands between two comments, without blank
// lines and lines that are only a comment.
func guardLines(t *testing.T, path string) int {
	t.Helper()
	_, rest, begun := strings.Cut(read(t, path), "\n// guard:\n")
	guard, _, ended := strings.Cut(rest, "\n// end of guard\n")
	if !begun || !ended {
		t.Fatalf("%s does not say where its guard begins and ends", path)
	}
	n := 0
	for line := range strings.Lines(guard) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			n++
		}
	}
	return n
}

// The README has a row for each program, with the lines that its guard has today, and for no other.
func TestREADME(t *testing.T) {
	var rows []string
	for _, row := range regexp.MustCompile(`(?m)^\| \[\w+\]\((\w+/main\.go)\) \|.*\| (\d+) \|$`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		rows = append(rows, row[1]+": "+row[2])
	}
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatal(programs, err)
	}
	var want []string
	for _, path := range programs {
		want = append(want, filepath.ToSlash(path)+": "+strconv.Itoa(guardLines(t, path)))
	}
	t.Logf("lines of each guard:\n%s", strings.Join(want, "\n"))
	slices.Sort(rows)
	if !slices.Equal(rows, want) {
		t.Errorf("the README says %q, the programs %q", rows, want)
	}
}

// Each program takes an issuer on this machine if -local says so, and no other without https. One of them is run:
// that it gets as far as its address, which is taken, shows that it took the issuer.
func TestLocal(t *testing.T) {
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatal(programs, err)
	}
	for _, path := range programs {
		text := read(t, path)
		for _, line := range []string{`local := flag.Bool("local", false, `, "jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})", "Keys: keys"} {
			if strings.Count(text, line) != 1 {
				t.Errorf("%s does not say once: %s", path, line)
			}
		}
	}
	program := filepath.Join(t.TempDir(), "chi")
	if text, err := exec.Command("go", "build", "-o", program, "./chi").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct{ local, issuer, want string }{
		{"-local=false", "http://127.0.0.1:9000", "is not https"},
		{"-local", "http://issuer.example", "not loopback"},
		{"-local", "http://127.0.0.1:9000", "address already in use"},
	} {
		text, err := exec.Command(program, "-issuer", c.issuer, "-audience", "https://api.example.com", c.local, "-listen", taken.Addr().String()).CombinedOutput()
		if err == nil || !strings.Contains(string(text), c.want) {
			t.Errorf("%s %s: %v\n%s", c.local, c.issuer, err, text)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
