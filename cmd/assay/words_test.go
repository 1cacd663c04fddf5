// This file tests that no Go is shown to people who have none.

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

// goWords are names and expressions that only a person who writes Go knows.
var goWords = regexp.MustCompile(`\b(Config|RemoteOptions|ResourceConfig|jwt|explain|errors)\.[A-Z]\w*|\b(Claim|Scope|ACR|Any|All)\(|\b(ParsePEM|ParseKey|ParseKeySet|HMACKey|NewVerifier|SnapshotFile|RootCAs|MaxTokenSize)\b|\.Has\b`)

// Every text of a report, a hint, an advice and a refusal of keys, in the words of either place.
func TestNoGoInTexts(t *testing.T) {
	texts := 0
	for name, text := range sentences(t, "explain/hints.go", "explain/advice.go", "explain/explain.go", "explain/decode.go", "explain/text.go", "trace.go", "errors.go", "jose.go", "jwk.go",
		"keyset.go", "pem.go", "rsa.go", "ecdsa.go", "eddsa.go", "hmac.go", "claims.go", "policy.go", "tenant.go", "requirement.go", "discovery.go") {
		switch {
		case strings.HasPrefix(text, "jwt.") || strings.HasPrefix(text, "the RootCAs"): // of fmt, and of an option that neither place has
			continue
		case text == "ask for Claim(": // a piece of an expression: see TestNoGo
			continue
		}
		texts++
		for place, got := range map[string]string{"command": flagWords.of(text), "page": inPageWords(text)} {
			if goWords.MatchString(got) {
				t.Errorf("%s: the %s says %q: %q", name, place, goWords.FindString(got), got)
			}
		}
	}
	if texts < 400 {
		t.Errorf("%d texts", texts)
	}
}

// sentences yields the strings in source files that hold a space, each with the name of its file.
func sentences(t *testing.T, names ...string) iter.Seq2[string, string] {
	return func(yield func(name, text string) bool) {
		for _, name := range names {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for n := range ast.Preorder(file) {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					continue
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(text, " ") && !yield(name, text) {
					return
				}
			}
		}
	}
}

// What is put together of several texts, and the wires to it.
func TestNoGo(t *testing.T) {
	issuer := debugIssuer(t)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	d := startDebugging(t)
	d.enter(d.link)
	for name, c := range map[string]struct {
		claims jwttest.Claims
		args   []string
		want   string
	}{
		"permissions": {jwttest.Claims{"permissions": []string{"read"}}, []string{"-scope", "read"}, `ask for "read" in the claim "permissions"`},
		"scope":       {jwttest.Claims{"scope": "read"}, []string{"-scope", "read"}, `scope "read" is met`},
		"no audience": {jwttest.Claims{"aud": nil, "client_id": "a"}, nil, "leave -audience empty and name the clients in -client"},
		"algorithm":   {nil, []string{"-alg", "RS256"}, "-alg leaves it out"},
		"clients":     {nil, nil, "-client is not given"},
	} {
		token := issuer.Token(c.claims)
		for _, more := range [][]string{nil, {"-redact"}, {"-json"}, {"-json", "-redact"}} {
			args := append(append([]string{"verify", "-issuer", issuer.URL, "-audience", jwttest.Audience, "-jwks", set}, c.args...), more...)
			_, stdout, stderr := ran(t, token, args...)
			if text := strings.ReplaceAll(spaced(stdout), `\"`, `"`); !strings.Contains(text, c.want) || goWords.MatchString(stdout+stderr) {
				t.Errorf("%s, %q: no %q, or %q, in\n%s%s", name, more, c.want, goWords.FindString(stdout+stderr), stdout, stderr)
			}
		}
		_, body := d.askRaw(debugAsk{Token: token, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "key", Key: set})
		if goWords.MatchString(body) {
			t.Errorf("%s: the page says %q:\n%s", name, goWords.FindString(body), body)
		}
	}
	told := d.ask(debugAsk{Token: issuer.Token(jwttest.Claims{"aud": nil, "client_id": "a"}), Issuer: issuer.URL, Audience: []string{"x"}, Source: "key", Key: set})
	if hints := told.answer(explain.QuestionAudience).Hints; len(hints) != 1 || !strings.Contains(hints[0], "leave the field Audience empty and fill in Clients") {
		t.Errorf("the page's hints are %q", hints)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"verify", "-issuer", "i", "-audience", "a", "-key", `{"keys":[]}`}, "a JWK Set: -jwks reads it"},
		{[]string{"keys", "-jwks", `{"keys":[{"kty":"oct","k":"AAAA"}]}`}, "configure secrets with -secret-file"},
		{[]string{"keys", "-jwks", `{"keys":[{"kty":"RSA","n":"AAAA"},` + exampleKey + `]}`}, ""},
	} {
		_, stdout, stderr := ran(t, issuer.Token(nil), c.args...)
		if text := stdout + stderr; !strings.Contains(text, c.want) || goWords.MatchString(text) {
			t.Errorf("%q: no %q, or %q, in\n%s", c.args, c.want, goWords.FindString(text), text)
		}
	}
	if _, body := d.askRaw(debugAsk{Token: issuer.Token(nil), Source: "key", Key: `[{"kty":"EC"}]`}); goWords.MatchString(body) {
		t.Errorf("the page says %s", body)
	}
}

// What no flag asks for is no line of a report, and what a flag sets is named by it.
func TestReportInFlags(t *testing.T) {
	for _, payload := range []string{edClaims, edited(`"aud":"https://api.example.com",`, ""), edited("1795291200", "1")} {
		_, stdout, _ := ran(t, signed(t, edHeader, payload), "verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, "-at", during)
		if strings.Contains(stdout, "Config.") || strings.Contains(stdout, "SKIP  validate") || strings.Contains(stdout, "SKIP  require") || !strings.Contains(stdout, "every client is accepted: -client is not given") {
			t.Errorf("got\n%s", stdout)
		}
	}
}
