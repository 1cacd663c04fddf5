// This file tests that the page of debug speaks of its fields, and of nothing that only programs have.

package main

import (
	"regexp"
	"strings"
	"testing"
)

// goWord finds what only somebody who writes Go knows: a package's name before a dot, a type with its star,
// an identifier with letters of both cases in it, a call.
var goWord = regexp.MustCompile(`\bjwt:|\b(?:jwt|explain|http|errors)\.[A-Z]|\bnil\b|\*[a-z]+\.[A-Z]|\b(?:Config|RemoteOptions|Validate)\b|\b(?:Parse|New|Max|Min|Insecure|Skip|Root|HMAC|Key)[A-Z][A-Za-z]+\b|\b[A-Za-z]+\(`)

// noGo wants a text without Go, outside of what it quotes.
func noGo(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if found := goWord.FindString(quotedPart.ReplaceAllString(line, "")); found != "" {
			t.Errorf("the page says %q: %s", found, line)
		}
	}
}

// TestDebugWords rewords everything that can be said of a token: each string in the files that say it.
func TestDebugWords(t *testing.T) {
	said := 0
	for _, text := range sentences(t, "explain/explain.go", "explain/hints.go", "explain/decode.go", "explain/advice.go", "explain/text.go", "trace.go", "policy.go", "tenant.go",
		"claims.go", "jose.go", "json.go", "algorithm.go", "keyset.go", "jwk.go", "hmac.go", "rsa.go", "ecdsa.go", "eddsa.go", "pem.go") {
		if !notSaid[text] {
			said++
			noGo(t, inPageWords(text))
		}
	}
	if said < 300 {
		t.Errorf("only %d texts", said)
	}
}

// notSaid are texts of those files that the page has no way to: they are about what a program gave or left
// out, or about a service's own rule, which the page has none of.
var notSaid = map[string]bool{
	"The text is what Validate returned: look there.":                                           true,
	"Look at what Validate asks, such as a database of revoked tokens. The token may be valid.": true,
	"Nothing, if it is rare. If it is frequent, compare the time that the service gives a request with that of a fetch of keys or of Validate. It is not counted as an outage.": true,
	"The service has no Verifier: it is nil or zero.":                                   true,
	"Look at the error of NewVerifier when the service starts. The token may be valid.": true,
	"Validate returned a nil *Error, which is an error that is not nil":                 true,
	"jwt.Header(alg=%s kid=%s typ=%s cty=%s)":                                           true,
	"jwt.Key(kid=%s kty=%s alg=%s)":                                                     true,
	"jwt: NewKeySet: key %d is nil":                                                     true,
	"the key is nil":                                                                    true,
}

// TestDebugWordsQuoted leaves alone what a token says.
func TestDebugWordsQuoted(t *testing.T) {
	for text, want := range map[string]string{
		`iss is "Config.Clients is not set", want "x"`:               `iss is "Config.Clients is not set", want "x"`,
		`jwt: ParsePEM: no PEM block`:                                "no PEM block",
		`jwt: Config for issuer "https://a": the Leeway is over 10m`: "the Leeway is over 10m",
		`Scope("read \"x\"") is met`:                                 `the scope "read \"x\"" is granted`,
		`a *ecdh.PublicKey cannot verify tokens`:                     "a key of this kind cannot verify tokens",
	} {
		if got := inPageWords(text); got != want {
			t.Errorf("%s\nis worded %s\nwant %s", text, got, want)
		}
	}
}
