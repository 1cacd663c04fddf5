// This file tests what verify says to whoever does not say whose token it is.

package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// printedCommand is the command that verify prints, as words without the program's name.
func printedCommand(t *testing.T, stdout string) []string {
	t.Helper()
	_, command, ok := strings.Cut(stdout, "\n  assay verify \\\n")
	if !ok {
		t.Fatalf("no command is printed:\n%s", stdout)
	}
	command, _, _ = strings.Cut(command, "\n\n")
	command = strings.ReplaceAll(strings.TrimSpace(command), " \\\n", " ")
	command, _ = strings.CutSuffix(command, "< token.txt")
	return append([]string{"verify"}, shellWords(command)...)
}

// Of a real issuer's token, verify prints a command that verifies it as it stands.
func TestPrintedCommand(t *testing.T) {
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.RS256}})
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close()
	for name, token := range map[string]string{
		"an access token": issuer.Token(nil),
		"RFC 9068":        issuer.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: jwttest.Claims{"client_id": "app", "jti": "1"}}),
		"no audience":     issuer.Token(jwttest.Claims{"aud": nil, "client_id": "app"}),
		"two audiences":   issuer.Token(jwttest.Claims{"aud": []string{"https://api.example.com", "https://tenant.example/userinfo"}}),
		"an ID token":     issuer.Token(jwttest.Claims{"aud": "my app's \"name\"", "nonce": "n"}),
	} {
		code, stdout, stderr := ran(t, token, "verify")
		if code != exitUsage || !strings.Contains(stderr, "-issuer is required") || !strings.Contains(stdout, "UNVERIFIED") {
			t.Errorf("%s: exit status %d\n%s%s", name, code, stdout, stderr)
		}
		noToken(t, stdout+stderr)
		args := printedCommand(t, stdout)
		if name == "an ID token" { // its aud has white space, which no command repeats
			if !strings.Contains(strings.Join(args, " "), "-audience API -profile id") || !strings.Contains(stdout, "looks like an ID token") {
				t.Errorf("%s: %q", name, args)
			}
			continue
		}
		if code, stdout, stderr := ran(t, token, args...); code != exitOK {
			t.Errorf("%s: %q: exit status %d\n%s%s", name, args, code, stdout, stderr)
		}
	}
}

// What is printed follows the token and the flags that are there.
func TestUnasked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "my-token.txt")
	if err := os.WriteFile(file, []byte(signed(t, edHeader, edClaims)), 0o600); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(signed(t, edHeader, edClaims), ".")
	encode := base64.RawURLEncoding.EncodeToString
	for _, c := range []struct {
		token string
		args  []string
		want  []string
		not   string
	}{
		{hs256(encode([]byte(`{"alg":"HS256"}`))+"."+parts[1], []byte("x")), nil, []string{"a secret that you and the issuer share", "-alg HS256 -secret-file secret.txt"}, "well-known"},
		{"", []string{"-file", file}, []string{"-file " + file}, "< token.txt"},
		{signed(t, edHeader, edClaims), []string{"-key", exampleKey}, []string{"the one that -key gives", "-key key.json"}, exampleKey},
		{signed(t, edHeader, edClaims), []string{"-issuer", "https://other.example", "-client", ""}, nil, "command"},
		{signed(t, edHeader, edClaims), []string{"-issuer", "https://other.example"}, []string{"-issuer https://other.example"}, "-issuer https://issuer.example"},
		{signed(t, edHeader, edited("https://issuer.example", "joe")), nil, []string{"you must have its key set", "-issuer joe", "-jwks jwks.json"}, "well-known"},
		{signed(t, edHeader, `{"exp":1}`), nil, []string{"-issuer ISSUER", "-audience API", "(the token does not say)", "expired 56 years ago"}, ""},
		{signed(t, edHeader, edited("https://issuer.example", "x'; touch y; '")), nil, []string{"-issuer ISSUER"}, "  -issuer x"},
		{signed(t, edHeader, edited("https://issuer.example", "https://a/$(touch%20y)")), nil, []string{"-issuer ISSUER"}, "  -issuer https"},
		{signed(t, edHeader, edited("https://issuer.example", "https://a/{b}&c;d")), nil, []string{"-issuer 'https://a/{b}&c;d'"}, ""},
		{signed(t, edHeader, edited("https://issuer.example", `\u001b[31m`)), nil, []string{"-issuer ISSUER"}, "\x1b"},
		{signed(t, edHeader, edClaims), []string{"-redact"}, []string{"(redacted)", "-issuer https://issuer.example"}, "Ada"},
		{signed(t, `{"alg":"none"}`, edClaims), nil, []string{"assay does not support its algorithm"}, "assay verify \\"},
		{parts[0] + "." + parts[1], nil, []string{"BROKEN", "no key can make it valid"}, "assay verify \\"},
		{"2YotnFZFEjr1zCsicMWpAA", nil, []string{"BROKEN", "no key can make"}, "assay verify \\"},
	} {
		code, stdout, stderr := ran(t, c.token, append([]string{"verify"}, c.args...)...)
		if code != exitUsage || c.not != "" && strings.Contains(stdout, c.not) {
			t.Errorf("%q: exit status %d, or %q is there\n%s%s", c.args, code, c.not, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q: no %q in\n%s%s", c.args, want, stdout, stderr)
			}
		}
		for line := range strings.Lines(stdout) {
			if len(line) > helpWidth+1 && !strings.Contains(line, file) {
				t.Errorf("%q: a line of %d columns: %s", c.args, len(line), line)
			}
		}
	}
	// A token in place of a name is not repeated.
	good := signed(t, edHeader, edClaims)
	for _, args := range [][]string{{"-issuer", good}, {"-audience", good}, {"-metadata", good, "-tenant", good, "-ca", good}, {"-client", good}} {
		code, stdout, stderr := ran(t, good, append([]string{"verify"}, args...)...)
		if code != exitUsage {
			t.Errorf("%s: exit status %d", args[0], code)
		}
		noToken(t, stdout+stderr)
	}
	if _, stdout, _ := ran(t, good, "verify", "-metadata", "https://a.example/m", "-ca", "x", "-tenant", "t"); !strings.Contains(stdout, "      -metadata https://a.example/m \\\n      -ca ca.pem \\\n      -tenant t \\\n      < token.txt\n") {
		t.Errorf("what was given is left out:\n%s", stdout)
	}
	if code, stdout, stderr := ran(t, signed(t, edHeader, edClaims), "verify", "-json"); code != exitUsage || stdout != "" || !strings.Contains(stderr, "-issuer is required") {
		t.Errorf("-json: exit status %d\n%s%s", code, stdout, stderr)
	}
}

// The command is printed as it was typed: in a clone that is go run.
func TestProgramOf(t *testing.T) {
	hex := strings.Repeat("0123456789abcdef", 4)
	for file, want := range map[string]string{
		"": "assay", "/usr/local/bin/assay": "assay", "/home/x/go-build/assay": "assay", "/tmp/go-build12/b001/assay.test": "assay",
		"/tmp/go-build2382923100/b001/exe/assay":         goRun,
		"/home/x/.cache/go-build/3d/" + hex + "-d/assay": goRun,
		`C:\Temp\go-build7\b001\exe\assay.exe`:           goRun,
	} {
		if got := programOf(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
	stdout := newOutput("")
	runAs(t.Context(), goRun, []string{"verify"}, strings.NewReader(signed(t, edHeader, edClaims)), stdout, newOutput(""))
	if !strings.Contains(stdout.String(), "\n  go run ./cmd/assay verify \\\n") {
		t.Errorf("got\n%s", stdout)
	}
}
