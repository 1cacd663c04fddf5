// This file gives secrets to every flag that wants a file's name, to files and to fields of the page.

package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt/explain"
)

// What people give to a flag that wants a file's name: the secret itself, whole or as the words that a
// shell makes of it. Each holds CANARY in every line.
var given = map[string]string{
	"secret":             "the secret CANARY itself",
	"one word":           "CANARY-hunter2-CANARY",
	"private key":        "-----BEGIN PRIVATE KEY-----\nCANARYMC4CAQAwBQYDK2VwBCIEINTu\n+CANARY/ctymFFeh/ctymFFehCANARY\n-----END PRIVATE KEY-----\n",
	"unknown PEM":        "-----BEGIN CANARY-----\nAAAA\n-----END CANARY-----\n",
	"secret JWK":         `{"kty":"oct","k":"CANARY","alg":"HS256"}`,
	"JWK of CANARY":      `{"kty":"CANARYCANARYCANARY"}`,
	"alg of CANARY":      `{"kty":"RSA","alg":"CANARY","n":"CANARY","e":"AQAB"}`,
	"use of CANARY":      `{"kty":"RSA","use":"CANARY"}`,
	"crv of CANARY":      `{"kty":"OKP","crv":"CANARY","x":"CANARY"}`,
	"private JWK":        `{"kty":"OKP","crv":"Ed25519","d":"CANARY","x":"CANARY"}`,
	"broken JWK":         `{"kty":"oct","k":"CANARY`,
	"JSON":               `{"client_secret":"CANARY"}`,
	"address":            "postgres://user:CANARY@host/CANARY?password=CANARY",
	"https address":      "https://user:CANARY@host/",
	"begins with a dash": "-CANARY",
	"two dashes":         "--CANARY=CANARY CANARY",
	"control":            "CANARY\x00\x1b[31mCANARY",
	"long":               strings.Repeat("CANARY", 2000),
	"with quotes":        "\"CANARY\" 'CANARY'\n\"CANARY",
	"base64":             strings.Repeat("CANARY+/", 8) + "==",
	"a folder's name":    "/CANARY/CANARY/../CANARY",
}

// No command repeats what was given to a flag that names a secret, a key or a file: neither by itself nor
// beside what else is wrong with the command line. It says that a file's name is wanted.
func TestSecretsAsArguments(t *testing.T) {
	flags := map[string][]string{
		"verify": {"-secret-file", "-key", "-jwks", "-file"}, "bench": {"-secret-file", "-key", "-jwks", "-file"}, "keys": {"-jwks", "-key", "-secret-file"}, "inspect": {"-file", "-key"},
		"debug": {"-key", "-secret"}, "demo": {"-secret-file"}, "completion": {"-key"},
	}
	others := map[string][]string{"verify": {"-issuer", "https://issuer.example", "-audience", "x"}, "bench": {"-issuer", "https://issuer.example", "-audience", "x", "-each", "10ms"}}
	quiet := func(what string, code int, stdout, stderr string) {
		t.Helper()
		if strings.Contains(strings.ToUpper(stdout+stderr), "CANARY") || strings.Contains(stdout+stderr, "ctymFF") {
			t.Errorf("%s is repeated: %.500s%.500s", what, stdout, stderr)
		}
		if code == exitOK {
			t.Errorf("%s: exit status 0: %s", what, stdout)
		}
	}
	for command, names := range flags {
		for _, name := range names {
			for kind, secret := range given {
				what := command + " " + name + ": " + kind
				base := append([]string{command}, others[command]...)
				for _, form := range [][]string{nil, {"-json"}} {
					whole := slices.Concat(base, []string{name, secret}, form)
					code, stdout, stderr := ran(t, exampleToken, whole...)
					if secret[0] == '{' && code == exitOK || kind == "secret JWK" && (name == "-key" || name == "-jwks") && len(others[command]) > 0 {
						code = exitFailed // it may be a key that can be used; nothing is repeated all the same
					}
					quiet(what, code, stdout, stderr)
					known := strings.Contains(stderr+stdout, "wants a file's name")
					if !known && !strings.Contains(stderr, "flag provided but not defined") && !strings.Contains(stderr, "there is no such flag") && secret[0] != '{' {
						t.Errorf("%s: it does not say what is wanted: %s%s", what, stdout, stderr)
					}
					code, stdout, stderr = ran(t, exampleToken, slices.Concat(base, []string{name + "=" + secret}, form)...)
					quiet(what+", joined", max(code, exitFailed), stdout, stderr)
				}
				words := append(slices.Clone(base), name)
				words = append(words, strings.Fields(secret)...)
				for _, more := range [][]string{nil, {"-at", "never"}, {"-json=perhaps"}, {"-nonsense"}, {"a", "b", "c", "d", "CANARY"}, {"-CANARY"}, {name, "CANARY", "-CANARY"}} {
					code, stdout, stderr := ran(t, exampleToken, append(slices.Clone(words), more...)...)
					quiet(what+", as words", max(code, exitFailed), stdout, stderr)
				}
				code, stdout, stderr := ran(t, "", name+"="+secret, command)
				quiet(what+", before the command", code, stdout, stderr)
			}
		}
	}
}

// A flag that was meant is a question, and ends as one.
func TestSecretFlagMeant(t *testing.T) {
	_, _, stderr := ran(t, "", "verify", "-secret", "CANARY")
	if !strings.Contains(stderr, "did you mean -secret-file? What was given is not repeated") {
		t.Errorf("got %s", stderr)
	}
}

// Files are treated as their content: a key that cannot be used is not repeated.
func TestSecretsInFiles(t *testing.T) {
	dir := t.TempDir()
	for kind, secret := range given {
		file := filepath.Join(dir, strings.Map(func(r rune) rune {
			if r == ' ' || r == '\'' {
				return '-'
			}
			return r
		}, strings.ToLower(strings.ReplaceAll(kind, "CANARY", "x"))))
		if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"verify", "-issuer", "i", "-audience", "a", "-key"}, {"verify", "-issuer", "i", "-audience", "a", "-jwks"},
			{"verify", "-issuer", "i", "-audience", "a", "-alg", "HS512", "-secret-file"}} {
			if _, stdout, stderr := ran(t, exampleToken, append(args, file)...); strings.Contains(stdout+stderr, "CANARY") {
				t.Errorf("%s in a file: %s%s", kind, stdout, stderr)
			}
		}
	}
}

// The page repeats nothing of a key or a secret either.
func TestSecretsInFields(t *testing.T) {
	d := startDebugging(t)
	d.enter(d.link)
	for kind, secret := range given {
		for _, ask := range []debugAsk{
			{Source: "key", Key: secret}, {Source: "key", Key: secret, Algorithm: "RS256"}, {Source: "key", Key: `{"keys":[` + secret + `]}`},
			{Source: "secret", Secret: secret, Algorithm: "HS512"}, {Source: "secret", Secret: secret, Algorithm: "RS256"}, {Source: "secret", Secret: secret, Base64: true, Algorithm: "HS256"},
		} {
			ask.Token, ask.Issuer, ask.Audience, ask.Fetch = exampleToken, "https://issuer.example", []string{"x"}, true
			if _, body := d.askRaw(ask); strings.Contains(body, "CANARY") || strings.Contains(body, "ctymFF") {
				t.Errorf("%s: %s", kind, body)
			}
		}
	}
}

// What stands behind a fault of a payload is shown by no command and not on the page: see
// explain.TestRedactCanary.
func TestBrokenPayloads(t *testing.T) {
	d := startDebugging(t)
	d.enter(d.link)
	for _, payload := range []string{`{"iss":"x","exp":1 "email":"CANARY"}`, `{"iss":"x,"email":"CANARY"}`, `{"iss":"x,email:CANARY}`, `{"iss":"x","iss":"CANARY"}`,
		`{"scope":"\x CANARY"}`, "{\"scope\":\"\xffCANARY\"}", `{"aud":["x","CANARY"`, `{"exp":12CANARY}`, `{"iss":"x"}CANARY`} {
		encoded := base64.RawURLEncoding.EncodeToString([]byte(payload))
		parts := strings.Split(exampleToken, ".")
		for _, token := range []string{signed(t, edHeader, payload), parts[0] + "." + encoded, parts[0] + "." + encoded + "*." + parts[2], encoded + "." + parts[1] + "." + parts[2]} {
			for _, args := range [][]string{{"inspect"}, {"verify", "-issuer", "https://issuer.example", "-audience", "x", "-key", exampleKey}} {
				for _, form := range [][]string{nil, {"-json"}, {"-redact"}, {"-json", "-redact"}} {
					if code, stdout, stderr := ran(t, token, append(args, form...)...); code != exitFailed || strings.Contains(stdout+stderr, "CANARY") {
						t.Errorf("%s: %s %q: exit status %d\n%s%s", payload, args[0], form, code, stdout, stderr)
					}
				}
			}
			if _, body := d.askRaw(debugAsk{Token: token, Issuer: "https://issuer.example", Audience: []string{"x"}, Source: "key", Key: exampleKey}); strings.Contains(body, "CANARY") || !strings.Contains(body, string(explain.VerdictFail)) {
				t.Errorf("%s: the page: %s", payload, body)
			}
		}
	}
}
