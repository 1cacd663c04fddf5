// This file tests verify and inspect: what they print, where they take a token from, and how they end.

package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// ran runs a command to its end.
func ran(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, err := newOutput(""), newOutput("")
	code = runContext(t.Context(), args, strings.NewReader(stdin), out, err)
	return code, out.String(), err.String()
}

// transcript is what a terminal would show of a command.
func transcript(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	code, stdout, stderr := ran(t, stdin, args...)
	for _, text := range []string{stdout, stderr} {
		noToken(t, text)
	}
	line := "$ assay"
	for _, arg := range args {
		if strings.ContainsAny(arg, ` {"`) {
			arg = "'" + arg + "'"
		}
		line += " " + arg
	}
	return line + "\n" + stdout + stderr + fmt.Sprintf("[exit status %d]\n", code)
}

// signed makes a token with the private key of RFC 8037 appendix A.1; exampleKey is its other half.
func signed(t *testing.T, header, payload string) string {
	t.Helper()
	seed, err := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode([]byte(header)) + "." + encode([]byte(payload))
	return input + "." + encode(ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(input)))
}

const (
	edHeader = `{"alg":"EdDSA","typ":"JWT"}`
	// It is good from 18:00 to 20:00 of a day.
	edClaims = `{"iss":"https://issuer.example","aud":"https://api.example.com","sub":"auth0|4711","name":"Ada Example","scope":"read:messages","iat":1795284000,"exp":1795291200}`
	during   = "2026-11-21T19:03:12Z"
)

// edited is edClaims with another text in it.
func edited(old, new string) string { return strings.Replace(edClaims, old, new, 1) }

func TestVerifyGolden(t *testing.T) {
	verify := func(more ...string) []string {
		return append([]string{"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, "-at", during}, more...)
	}
	good := signed(t, edHeader, edClaims)
	parts := strings.Split(good, ".")
	tampered := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(edited("read:messages", "write:everything"))) + "." + parts[2]
	for name, c := range map[string]struct {
		stdin string
		args  []string
	}{
		"valid":     {good, verify("-scope", "read:messages")},
		"json":      {good, verify("-json", "-redact")},
		"expired":   {signed(t, edHeader, edited("1795291200", "1795287600")), verify()},
		"tampered":  {tampered, verify("-redact")},
		"slash":     {signed(t, edHeader, edited("https://issuer.example", "https://issuer.example/")), verify()},
		"id token":  {signed(t, edHeader, edited(`"aud":"https://api.example.com"`, `"aud":"my-app","azp":"my-app","nonce":"n"`)), verify()},
		"scope":     {signed(t, edHeader, edited(`"scope":"read:messages"`, `"permissions":["read:messages"]`)), verify("-scope", "read:messages write:messages")},
		"header":    {"Authorization: Bearer Bearer " + good + "\n", verify()},
		"profile":   {good, verify("-profile", "at+jwt", "-alg", "EdDSA", "-leeway", "0")},
		"hs256":     {hs256(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))+"."+parts[1], []byte("another secret of the issuer's")), verify()},
		"opaque":    {"2YotnFZFEjr1zCsicMWpAA", verify()},
		"millis":    {signed(t, edHeader, edited("1795291200", "1795291200000")), verify()},
		"two-flags": {good, []string{"verify", "-issuer", "https://issuer.example", "-audience", "a", "-jwks", "x", "-key", "y"}},
		"no-issuer": {good, []string{"verify", "-audience", "a", "-at", during}},
		"no-api":    {good, []string{"verify", "-issuer", "https://issuer.example", "-at", during}},
		"no-token":  {"", verify()},
		"two":       {"Authorization: Bearer a.b.c\r\nAuthorization: Bearer a.b.c\r\n", verify()},
	} {
		t.Run(name, func(t *testing.T) {
			fixture.Golden(t, filepath.Join("testdata", "verify", strings.ReplaceAll(name, " ", "-")+".txt"), transcript(t, c.stdin, c.args...))
		})
	}
}

func TestInspectGolden(t *testing.T) {
	good := signed(t, `{"alg":"EdDSA","typ":"JWT","kid":"2026"}`, edClaims)
	dot := strings.IndexByte(good, '.')
	for name, c := range map[string]struct {
		stdin string
		flags []string
	}{
		"good":      {good + "\n", nil},
		"json":      {good, []string{"-json"}},
		"redacted":  {good, []string{"-redact"}},
		"curl":      {"> GET /api HTTP/1.1\r\n> Host: api.example.com\r\n> authorization: bearer " + good + "\r\n>\r\n", nil},
		"option":    {"curl https://api.example.com \\\n  -H 'Authorization: Bearer " + good + "' \\\n  -v\n", nil},
		"cut":       {good[:dot+70], nil},
		"bad-byte":  {good[:dot+60] + "\u00e9" + good[dot+60:], nil},
		"bad-json":  {signed(t, edHeader, `{"iss":"https://issuer.example","aud":oops,"exp":1}`), nil},
		"quotes":    {`"` + good + `"`, nil},
		"break":     {good[:100] + "\n" + good[100:], nil},
		"encrypted": {base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM"}`)) + "..AAAA.AAAA.AAAA", nil},
		"hostile":   {signed(t, edHeader, "{\"iss\":\"\\u001b[31mred\\u202e\",\"a\\nb\":1,\"token\":\""+good+"\"}"), nil},
		"opaque":    {"2YotnFZFEjr1zCsicMWpAA", nil},
	} {
		t.Run(name, func(t *testing.T) {
			fixture.Golden(t, filepath.Join("testdata", "inspect", name+".txt"), transcript(t, c.stdin, append([]string{"inspect", "-at", during}, c.flags...)...))
		})
	}
}

// A token is taken from wherever it is, and flags stand where they like.
func TestTokenSources(t *testing.T) {
	good := signed(t, edHeader, edClaims)
	dir := t.TempDir()
	file := filepath.Join(dir, "token.txt")
	if err := os.WriteFile(file, []byte(good+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, bytes.Repeat([]byte("a"), maxInput+1), 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"-at", during}
	warned := "shell's history"
	for _, c := range []struct {
		name   string
		stdin  string
		args   []string
		code   int
		stderr string // a part of it; empty: nothing at all
	}{
		{"standard input", good, at, exitOK, ""},
		{"a dash", good, append(at, "-"), exitOK, ""},
		{"white space", "\r\n " + good + " \r\n", at, exitOK, ""},
		{"a header field", "Authorization: Bearer " + good + "\r\n", at, exitOK, "removed from around the token: the name Authorization"},
		{"a scheme", "bearer  " + good, at, exitOK, "removed from around the token: the word bearer"},
		{"-file", "", append(at, "-file", file), exitOK, ""},
		{"a file", "", append(at, file), exitOK, ""},
		{"a file, then flags", "", append([]string{file}, at...), exitOK, ""},
		{"an argument", "", append(at, good), exitOK, warned},
		{"an argument, then flags", "", append([]string{good}, at...), exitOK, warned},
		{"an argument behind two dashes", "", append(at, "--", good), exitOK, warned},
		{"a header field as one argument", "", append(at, "Authorization: Bearer "+good), exitOK, warned},
		{"a header field as three", "", append(at, "Authorization:", "Bearer", good), exitOK, warned},
		{"nothing", "", at, exitUsage, "there is no token"},
		{"both", "", append(at, "-file", file, good), exitUsage, "which is the token?"},
		{"no such file", "", append(at, "-file", filepath.Join(dir, "none")), exitUsage, "-file wants a file's name: "},
		{"a large file", "", append(at, large), exitUsage, "longer than"},
		{"a large input", strings.Repeat("a", maxInput+1), at, exitUsage, "longer than"},
		{"a folder", "", append(at, "-file", dir), exitUsage, "-file wants a file's name: "},
		{"four arguments", "", append(at, "a", "b", "c", good), exitUsage, "argument"},
		{"a token for a flag", "", []string{"-at", good}, exitUsage, "-at"},
		{"a token for a flag's name", "", []string{"-" + good}, exitUsage, "flag"},
	} {
		for _, command := range [][]string{{"inspect"}, {"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey}} {
			code, stdout, stderr := ran(t, c.stdin, append(command, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.stderr) || c.stderr == "" && stderr != "" || (stdout == "") != (code == exitUsage) {
				t.Errorf("%s, %s: exit status %d, want %d; %s", command[0], c.name, code, c.code, stderr)
			}
			noToken(t, stdout+stderr)
		}
	}
	if code, _, stderr := ran(t, "", good); code != exitUsage || strings.Contains(stderr, good[:20]) {
		t.Errorf("a token for a command: exit status %d, %s", code, stderr)
	}
}

// Every way to give keys, and every way in which that fails.
func TestVerifyKeys(t *testing.T) {
	dir := t.TempDir()
	files := 0
	file := func(name, text string) string {
		files++
		path := filepath.Join(dir, fmt.Sprint(files, "-", name))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const pemText = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"
	const secret = "a secret of at least 32 bytes, for HS256"
	good := signed(t, edHeader, edClaims)
	shared := hs256(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))+"."+strings.Split(good, ".")[1], []byte(secret))
	set := `{"keys":[` + exampleKey + `]}`
	for _, c := range []struct {
		token string
		flags []string
		code  int
		words string // on stdout or stderr
	}{
		{good, []string{"-key", file("key.json", exampleKey)}, exitOK, "VALID"},
		{good, []string{"-key", exampleKey}, exitOK, "VALID"},
		{good, []string{"-key", file("key.pem", pemText)}, exitOK, "VALID"},
		{good, []string{"-key", file("key.pem", pemText), "-alg", "EdDSA"}, exitOK, "VALID"},
		{good, []string{"-key", file("key.pem", pemText), "-alg", "RS256", "-alg", "ES256"}, exitFailed, "algorithm_refused"},
		{good, []string{"-jwks", file("set.json", set)}, exitOK, "VALID"},
		{good, []string{"-jwks", set}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", secret)}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", secret+"\n")}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", secret+"\r\n"), "-alg", "HS256"}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", secret), "-alg", "HS384"}, exitUsage, "needs at least 48"},
		{shared, []string{"-secret-file", file("secret", secret+secret), "-alg", "HS512", "-alg", "HS256"}, exitFailed, "signature_invalid"},
		{shared, []string{"-secret-file", file("secret", base64.StdEncoding.EncodeToString([]byte(secret))+"\n"), "-base64"}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", base64.RawURLEncoding.EncodeToString([]byte(secret))), "-base64"}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", broken(base64.StdEncoding.EncodeToString([]byte(secret)), 20, "\r\n")), "-base64"}, exitOK, "VALID"},
		{shared, []string{"-secret-file", file("secret", base64.StdEncoding.EncodeToString([]byte(secret)))}, exitFailed, "signature_invalid"},
		{shared, []string{"-secret-file", file("secret", secret), "-base64"}, exitUsage, "neither base64 nor base64url"},
		{shared, []string{"-secret-file", file("secret", base64.StdEncoding.EncodeToString([]byte("short"))), "-base64"}, exitUsage, "needs at least 32"},
		{good, []string{"-key", exampleKey, "-base64"}, exitUsage, "-base64 is for -secret-file"},
		{good, []string{"-key", exampleKey, "-metadata", "https://issuer.example/x"}, exitUsage, "-metadata is for keys from the network"},
		{shared, []string{"-secret-file", file("secret", "short")}, exitUsage, "needs at least 32"},
		{good, []string{"-key", filepath.Join(dir, "none")}, exitUsage, "-key wants a file's name: "},
		{good, []string{"-key", file("bad", "x")}, exitUsage, "no PEM block"},
		{good, []string{"-key", set}, exitUsage, "it is a JWK Set"},
		{good, []string{"-jwks", exampleKey}, exitUsage, "That goes into -key"},
		{good, []string{"-jwks", `{"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]}`}, exitUsage, "the keys are for encryption"},
		{good, []string{"-jwks", "http://127.0.0.1:1/keys"}, exitUsage, "-insecure-loopback-http"},
		{good, []string{"-jwks", "ftp://issuer.example/keys"}, exitUsage, "is not https"},
		{good, []string{"-jwks", "http://127.0.0.1:1/keys", "-insecure-loopback-http"}, exitNoKeys, "UNDECIDED  keys_unavailable"},
		{good, []string{"-key", exampleKey, "-leeway", "11m"}, exitUsage, "-leeway is not from 0 to 10m0s"},
		{good, []string{"-key", exampleKey, "-leeway", "3"}, exitUsage, "-leeway: it is not a duration like 30s or 5m"},
		{good, []string{"-key", exampleKey, "-alg", "none"}, exitUsage, "none of RS256"},
		{good, []string{"-key", exampleKey, "-profile", "x"}, exitUsage, "at+jwt nor id"},
		{good, []string{"-key", exampleKey, "-scope", " "}, exitUsage, "it is empty"},
		{good, []string{"-key", exampleKey, "-at", "yesterday"}, exitUsage, "seconds since 1970"},
		{good, []string{"-key", exampleKey, "-at", "2026-11-22"}, exitFailed, "expired 4h0m0s ago"},
		{good, []string{"-key", exampleKey, "-at", "2026-11-21"}, exitFailed, "Judged for the issuer \"https://issuer.example\" at 2026-11-21T00:00:00Z"},
		{good, []string{"-key", exampleKey, "-at", "2026-11-21 19:30"}, exitOK, "expires in 30m0s"},
		{good, []string{"-key", exampleKey, "-at", "2026-11-21T20:30:00+01:00"}, exitOK, "expires in 30m0s"},
		{good, []string{"-key", exampleKey, "-at", "2041-11-26"}, exitFailed, "token expired: 15 years ago"},
		{good, []string{"-key", exampleKey, "-at", "2026-02-30"}, exitUsage, "a date like 2026-11-21"},
		{good, []string{"-key", exampleKey, "-at", "253402300800"}, exitUsage, "1970 to 9999"},
		{good, []string{"-key", exampleKey, "-at", "1795287600"}, exitOK, "VALID"},
		{good, []string{"-key", exampleKey, "-at", "1795291199", "-leeway", "0"}, exitOK, "VALID"},
		{good, []string{"-key", exampleKey, "-at", "1795291200", "-leeway", "0"}, exitFailed, "token_expired"},
		{good, []string{"-key", exampleKey, "-at", "1795291229", "-leeway", "30s"}, exitOK, "only the leeway of 30s keeps it valid"},
		{good, []string{"-key", exampleKey, "-client", "app"}, exitFailed, "claim_missing"},
		{good, []string{"-key", exampleKey, "-audience", "other"}, exitOK, "VALID"},
		{good, []string{"-key", exampleKey, "-insecure-skip-audience"}, exitUsage, "contradicts -audience"},
		{signed(t, edHeader, edited(`"exp":1795291200`, `"exp":253402300799`)), []string{"-key", exampleKey, "-at", "+10m"}, exitOK, "VALID"},
	} {
		args := append([]string{"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-at", during}, c.flags...)
		code, stdout, stderr := ran(t, c.token, args...)
		if code != c.code || !strings.Contains(stdout+stderr, c.words) {
			t.Errorf("%q: exit status %d, want %d with %q\n%s%s", c.flags, code, c.code, c.words, stdout, stderr)
		}
		for _, text := range []string{stdout, stderr} {
			noToken(t, text)
			if strings.Contains(text, secret) {
				t.Errorf("%q: the secret is printed", c.flags)
			}
		}
	}
}

// TestVerifyTour gives every token of the demo's tour to verify, which must tell them apart in words.
func TestVerifyTour(t *testing.T) {
	d, err := startDemo("", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	words := map[string]string{ // by the names of the steps
		"expired":                   "expired 5m",
		"tampered: another payload": "the RS256 signature does not hold",
		"for another audience":      `aud is "https://billing.example.com", want "https://api.example.com"`,
		"iss lacks trailing slash":  "they differ only by a trailing slash",
		"unknown kid":               `kid is "nobody-knows"`,
		"HS256 with the public key": "the token is signed with a shared secret, and this issuer's keys are public ones",
		"alg none, no signature":    "the signature is empty",
		"alg none, stale signature": `alg is "none"`,
		"token without the scope":   `the token has no scope, want "read:messages"`,
		"two Authorization headers": "there are 2 Authorization headers",
		"no token":                  "there is no token",
		"good token, keys cached":   "answers with status 503", // verify has no keys yet
		"good token, no keys":       "answers with status 503",
	}
	told := map[string]bool{}
	for _, s := range steps() {
		if s.change != nil {
			s.change(d.issuer)
		}
		values, err := s.send(t.Context(), d.tour())
		if err != nil {
			t.Fatal(err)
		}
		stdin := ""
		for _, value := range values {
			stdin += "Authorization: " + value + "\r\n"
		}
		args := []string{"verify", "-insecure-loopback-http", "-issuer", d.issuer.URL, "-audience", jwttest.Audience}
		if strings.HasSuffix(s.path, "-scoped") {
			args = append(args, "-scope", "read:messages")
		}
		code, stdout, stderr := ran(t, stdin, args...)
		want, reason := exitFailed, s.want.reason
		switch {
		case s.name == "no token" || s.name == "two Authorization headers":
			want, reason = exitUsage, ""
		case strings.Contains(words[s.name], "status 503"):
			want, reason = exitNoKeys, jwt.ReasonKeysUnavailable
		case reason == "":
			want = exitOK
		}
		if code != want || !strings.Contains(stdout, string(reason)) || !strings.Contains(spaced(stdout+stderr), words[s.name]) {
			t.Errorf("%s: exit status %d, want %d with %s and %q\n%s%s", s.name, code, want, reason, words[s.name], stdout, stderr)
		}
		if strings.Contains(stdout, "VALID") != (want == exitOK) && !strings.Contains(stdout, "UNVERIFIED") {
			t.Errorf("%s: the first word is wrong\n%s", s.name, stdout)
		}
		noToken(t, stdout+stderr)
		told[words[s.name]] = true
	}
	if len(told) != len(words) { // two of them are the same, and one is nothing
		t.Errorf("%d tellings of %d", len(told), len(words))
	}
}

// spaced joins the lines of a text.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// The examples of all helps are command lines that work as they stand, in a folder with the files that
// they name. The demo's, the debugger's and the issuer's run until they are interrupted, or are tested
// elsewhere; one asks the Internet.
func TestExamples(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"token.txt": exampleToken, "key.json": exampleKey, "jwks.json": `{"keys":[` + exampleKey + `]}`} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, c := range commands() {
		for line := range strings.SplitSeq(strings.ReplaceAll(c.example, "\\\n", ""), "\n") {
			if c.name == "demo" || c.name == "debug" || c.name == "issuer" || strings.Contains(line, "accounts.google.com") {
				continue
			}
			n++
			stdin := ""
			if left, ok := strings.CutSuffix(line, " < token.txt"); ok {
				stdin, line = exampleToken, left
			}
			args := shellWords(line)
			if args[0] != "assay" || args[1] != c.name {
				t.Errorf("%s: %s", c.name, line)
				continue
			}
			want := exitOK
			if c.name == "verify" && !strings.Contains(line, "-issuer") {
				want = exitUsage // it prints the command that verifies
			}
			if code, stdout, stderr := ran(t, stdin, args[1:]...); code != want || stdout == "" {
				t.Errorf("%s: exit status %d\n%s%s", line, code, stdout, stderr)
			}
		}
	}
	if n != 13 {
		t.Errorf("%d examples", n)
	}
}

// Every help fits a terminal of 80 columns, shows its example, and holds no token.
func TestHelpFits(t *testing.T) {
	for _, c := range append(commands(), command{name: "-h"}) {
		args := []string{c.name, "-h"}
		if c.name == "-h" {
			args = args[:1]
		}
		code, stdout, stderr := ran(t, "", args...)
		if code != exitOK || stderr != "" || !strings.Contains(stdout, c.example[:strings.IndexByte(c.example+"\n", '\n')]) {
			t.Errorf("%q: exit status %d\n%s%s", args, code, stdout, stderr)
		}
		for line := range strings.Lines(stdout) {
			if len(line) > helpWidth+1 {
				t.Errorf("%q: a line of %d columns: %s", args, len(line)-1, line)
			}
		}
		noToken(t, stdout)
	}
}

// shellWords splits a command line that has no quotes but single ones.
func shellWords(line string) (words []string) {
	for _, match := range regexp.MustCompile(`'[^']*'|[^ ]+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(match, "'"))
	}
	return words
}

// The JSON of keys has the members that its help names, and no others.
func TestKeysJSON(t *testing.T) {
	documented := regexp.MustCompile(`(?s)With -json .*?absent\.`).FindString(keysCommand.about)
	for _, set := range []string{`{"keys":[{"kid":"a","use":"sig","alg":"EdDSA",` + exampleKey[1:] + `,{"kty":"x"}]}`, "{}"} {
		_, stdout, stderr := ran(t, "", "keys", "-json", "-jwks", set)
		var object any
		if err := json.Unmarshal([]byte(stdout), &object); err != nil {
			t.Fatalf("%v\n%s%s", err, stdout, stderr)
		}
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for name, member := range v {
					if !regexp.MustCompile(`\b` + name + `\b`).MatchString(documented) {
						t.Errorf("the member %s is not documented", name)
					}
					walk(member)
				}
			case []any:
				for _, element := range v {
					walk(element)
				}
			}
		}
		walk(object)
	}
}

// Colours change nothing but colours, and a claim cannot forge a verdict.
func TestPainted(t *testing.T) {
	forged := signed(t, edHeader, `{"x":"a\nVALID  x\n  PASS  y","VALID":"  PASS","iss":"REFUSED"}`)
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "https://issuer.example", Audience: []string{"x"}, Keys: must(jwt.ParseKey([]byte(exampleKey)))})
	if err != nil {
		t.Fatal(err)
	}
	plain := explain.Token(context.Background(), v, forged).String()
	var written strings.Builder
	fmt.Fprint(&terminal{&written}, painted(plain, true))
	color := written.String()
	if stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(color, ""); stripped != plain || color == plain || painted(plain, false) != plain {
		t.Errorf("painted:\n%s\nplain:\n%s", color, plain)
	}
	if strings.Contains(color, "\x1b["+green+"mVALID") || strings.Count(color, "\x1b["+red+"mREFUSED") != 1 {
		t.Errorf("a claim forged a verdict:\n%s", color)
	}
	if code, stdout, _ := ran(t, forged, "inspect"); code != exitOK || strings.Contains(stdout, "\x1b") {
		t.Errorf("colours in a buffer:\n%s", stdout)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestBinary drives the program as it is installed.
func TestBinary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "assay")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	binary := func(stdin string, args ...string) (int, string, string) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	}
	good := signed(t, edHeader, edClaims)
	verify := []string{"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, "-at"}
	for _, c := range []struct {
		stdin  string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{good, append(verify, during), exitOK, "VALID  expires in 56m48s", ""},
		{good, append(verify, "2026-11-21T20:03:12Z"), exitFailed, "expired 3m12s ago (2026-11-21T20:00:00Z)", ""},
		{good, []string{"verify", "-issuer", "x"}, exitUsage, "", "-audience is required"},
		{good, []string{"verify", "-issuer", "http://127.0.0.1:1", "-audience", "x", "-insecure-loopback-http"}, exitNoKeys, "UNDECIDED", ""},
		{"", []string{"inspect", good}, exitOK, "WELL FORMED", "shell's history"},
		{"", []string{"completion", "fish"}, exitOK, "complete -c assay", ""},
		{"", []string{"-h"}, exitOK, "assay verify < token.txt", ""},
		{"", nil, exitUsage, "", "Commands:"},
	} {
		code, stdout, stderr := binary(c.stdin, c.args...)
		if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || strings.Contains(stdout, "\x1b") {
			t.Errorf("%q: exit status %d, want %d\n%s%s", c.args, code, c.code, stdout, stderr)
		}
	}
}

// failingWriter cannot be written to, as a pipe whose reader is gone.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestNobodyReads(t *testing.T) {
	for _, args := range [][]string{{"inspect", exampleToken}, {"inspect", "-json", exampleToken}, {"keys", "-jwks", `{"keys":[` + exampleKey + `]}`},
		{"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, exampleToken}} {
		if code := runContext(t.Context(), args, nil, failingWriter{}, io.Discard); code != exitFailed {
			t.Errorf("%s: exit status %d, want 1", args[0], code)
		}
	}
}

// An issuer that was configured without its trailing slash: the command keys, the command verify and the page
// say the same one sentence, with got, want and hint.
func TestTrailingSlash(t *testing.T) {
	issuer := debugIssuer(t)
	bare := strings.TrimSuffix(issuer.URL, "/")
	const hint = "they differ only by a trailing slash: configure the issuer as its metadata has it"
	sentence := bare + `/.well-known/openid-configuration names the issuer "` + issuer.URL + `", want "` + bare + `"`
	token := issuer.Token(nil)
	for _, c := range []struct {
		name, stdin string
		args        []string
		wants       []string
	}{
		{"keys", "", []string{"keys"}, []string{"NO KEYS keys unavailable: " + sentence + "; " + hint}},
		{"verify", token, []string{"verify", "-audience", jwttest.Audience}, []string{sentence, "got " + issuer.URL, `want "` + bare + `"`, "hint " + hint}},
	} {
		code, stdout, stderr := ran(t, c.stdin, append(c.args, "-insecure-loopback-http", "-issuer", bare)...)
		if code != exitNoKeys || strings.Contains(stdout+stderr, `\`) || strings.Contains(stdout, "no metadata") {
			t.Errorf("%s: exit status %d\n%s%s", c.name, code, stdout, stderr)
		}
		for _, want := range c.wants {
			if !strings.Contains(spaced(stdout), want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, stdout)
			}
		}
	}
	d := startDebugging(t, "-insecure-loopback-http")
	d.enter(d.link)
	told := d.ask(debugAsk{Token: token, Issuer: bare, Audience: []string{jwttest.Audience}, Source: "issuer", Fetch: true})
	a := told.answer(explain.QuestionTamper)
	if text := strings.Join(a.Texts, " "); !strings.Contains(text, sentence) || strings.Contains(text, `\`) || strings.Contains(told.Say+told.Sub, `\`) {
		t.Errorf("the page says %q, %q", told.Say, a.Texts)
	}
	for _, step := range a.Steps {
		if step.Name == "key" && (step.Got != issuer.URL || step.Want != `"`+bare+`"` || step.Hint != hint) {
			t.Errorf("the page shows %+v", step)
		}
	}
	if len(a.Hints) != 1 || !strings.Contains(a.Hints[0], "a trailing slash: configure the issuer as its metadata has it") {
		t.Errorf("the page's hints are %q", a.Hints)
	}
}

// -insecure-loopback-http is for an address that was refused, and no advice about other mistakes.
func TestLoopbackAdvice(t *testing.T) {
	token := signed(t, edHeader, edClaims)
	local := []string{"verify", "-issuer", "http://127.0.0.1:1", "-audience", "x"}
	for _, c := range []struct {
		flags  []string
		advice bool
	}{
		{nil, true},
		{[]string{"-jwks", "http://localhost:1/keys"}, true},
		{[]string{"-metadata", "http://[::1]:1/x"}, true},
		{[]string{"-http-host", "other"}, true},
		{[]string{"-metadata", "http://issuer.example/x"}, false},
		{[]string{"-jwks", "ftp://issuer.example/x"}, false},
		{[]string{"-key", "none.pem"}, false},
		{[]string{"-key", exampleKey, "-jwks", "x"}, false},
		{[]string{"-leeway", "11m"}, false},
		{[]string{"-insecure-skip-audience"}, false},
	} {
		code, _, stderr := ran(t, token, append(local, c.flags...)...)
		if code != exitUsage || strings.Contains(stderr, "-insecure-loopback-http") != c.advice || strings.Contains(stderr, "InsecureHTTPHosts") {
			t.Errorf("%q: exit status %d\n%s", c.flags, code, stderr)
		}
	}
	if _, _, stderr := ran(t, token, append(local, "-http-host", "127.0.0.1:9000")...); !strings.Contains(stderr, `-http-host is "127.0.0.1:9000", which is not the name of one host`) {
		t.Error(stderr)
	}
}
