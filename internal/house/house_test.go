// This file holds the root package to its order and to the list of its names.

package house_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt/internal/house"
)

var update = flag.Bool("update", false, "rewrite api.txt")

// measure measures the root package, once for all tests.
var measure = sync.OnceValues(func() (*house.Report, error) { return house.Measure("../..") })

func report(t *testing.T) *house.Report {
	t.Helper()
	r, err := measure()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A file uses its own group and the groups before it, and no file of the core names a leaf.
func TestOrder(t *testing.T) {
	r := report(t)
	for _, climb := range r.Climbs {
		t.Errorf("against the order: %s", climb)
	}
	for _, long := range r.Long {
		t.Errorf("longer than a screen: %s", long)
	}
	for _, file := range r.Strange {
		t.Errorf("%s.go is in no sitting", file)
	}
}

// Each file of the root has its tests beside it.
func TestFilesHaveTests(t *testing.T) {
	for file := range report(t).Lines {
		if _, err := os.Stat("../../" + file + "_test.go"); err != nil && file != "doc" {
			t.Errorf("%s.go has no %s_test.go", file, file)
		}
	}
}

// The test of the order finds a function, a field and a method that climb, and a leaf that is named.
func TestOrderFindsClimbs(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"errors.go": "package jwt\n\nfunc low(p policy) int { return p.leeway + p.check() + high() + cached }\n",
		"policy.go": "package jwt\n\ntype policy struct{ leeway int }\n\nfunc (policy) check() int { return 0 }\n\nfunc high() int { return 0 }\n",
		"cache.go":  "package jwt\n\nvar cached = high()\n",
		"other.go":  "package jwt\n",
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := house.Measure(dir)
	if err != nil {
		t.Fatal(err)
	}
	const want = "errors > cache: cached, errors > policy: check, errors > policy: high, errors > policy: leeway, errors > policy: policy"
	if got := strings.Join(r.Climbs, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if strings.Join(r.Strange, ",") != "other" {
		t.Errorf("got %q", r.Strange)
	}
}

// api.txt lists the exported names, so that growth is a line of a change.
func TestAPI(t *testing.T) {
	const path = "../../api.txt"
	got := strings.Join(report(t).Exported, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]int{}
	for line := range strings.Lines(string(want)) {
		listed[line]++
	}
	for line := range strings.Lines(got) {
		if listed[line]--; listed[line] < 0 {
			t.Errorf("not in api.txt: %s", line)
		}
	}
	for line, n := range listed {
		if n > 0 {
			t.Errorf("gone, and in api.txt: %s", line)
		}
	}
}

// ARCHITECTURE.md has the line counts of the day.
func TestArchitecture(t *testing.T) {
	const path = "../../ARCHITECTURE.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := report(t)
	got := string(text)
	for n, files := range append(slices.Clone(house.Sittings), house.Leaves) {
		name := strconv.Itoa(n + 1)
		if n == len(house.Sittings) {
			name = "leaves"
		}
		row := regexp.MustCompile(`(?m)^(\| ` + name + ` \|[^|]*\| )([0-9,]+|[A-Z0-9]+)( \|)`)
		if !row.MatchString(got) {
			t.Fatalf("no row for %s", name)
		}
		got = row.ReplaceAllString(got, "${1}"+strconv.Itoa(r.Sum(files))+"${3}")
	}
	if got == string(text) {
		return
	}
	if !*update {
		t.Fatal("the line counts of ARCHITECTURE.md are out of date (go test ./internal/house -update)")
	}
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}
