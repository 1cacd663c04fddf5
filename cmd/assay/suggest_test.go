// This file tests what is said to whoever misspells a command or a flag.

package main

import (
	"strings"
	"testing"
)

func TestDidYouMean(t *testing.T) {
	for line, want := range map[string]string{
		"verfiy":                "did you mean verify?",
		"Verify":                "",
		"inspct":                "did you mean inspect?",
		"decode":                "did you mean inspect?",
		"jwks":                  "did you mean keys?",
		"benchmark":             "",
		"comp":                  "did you mean completion?",
		"xyzzy":                 "",
		"help verifi":           "did you mean verify?",
		"verify -isuer x":       "there is no such flag: -isuer; did you mean -issuer?",
		"verify --audiance=x":   "there is no such flag: -audiance; did you mean -audience?",
		"verify -aud x":         "did you mean -audience?",
		"verify -secret-flie x": "did you mean -secret-file?",
		"verify -scret-file x":  "there is no such flag; did you mean -secret-file?",
		"keys -jwsk x":          "did you mean -jwks?",
		"demo -zzz":             "there is no such flag: -zzz",
		"inspect -x":            "there is no such flag: -x",
	} {
		code, stdout, stderr := ran(t, "", strings.Fields(line)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, want) || want == "" && strings.Contains(stderr, "did you mean") {
			t.Errorf("%s: exit status %d\n%s%s", line, code, stdout, stderr)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1}, {"kitten", "sitting", 3}, {strings.Repeat("a", 41), "a", 40}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("%q, %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
