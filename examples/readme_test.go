// Package examples holds the README against the programs.
package examples

import (
	"os"
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

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
