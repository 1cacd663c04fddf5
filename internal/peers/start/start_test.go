package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

// Each program verifies its token; they refuse one that is not good.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-rounds", "1"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, p := range titles {
		if !strings.Contains(out.String(), "  "+p.title+" ") {
			t.Errorf("%s does not occur in\n%s", p.title, &out)
		}
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"x"}, {"-x"}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

func TestInitializations(t *testing.T) {
	got := initializations("init runtime @0.035 ms, 0.034 ms clock, 0 bytes, 0 allocs\nsomething else\n" +
		"init net/http @1.2 ms, 0.5 ms clock, 1024 bytes, 12 allocs\n")
	if want := (initialization{534 * time.Microsecond, 1024, 12}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAdded(t *testing.T) {
	base := &program{packages: map[string]int{"fmt": 100, "net": 1000}}
	p := &program{packages: map[string]int{"fmt": 100, "a": 7, "b": 3}}
	if packages, lines := p.added(base); packages != 2 || lines != 10 {
		t.Errorf("%d packages with %d lines", packages, lines)
	}
}
