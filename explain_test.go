// This file holds Explain against Verify, over every token that the other tests have, and checks what
// reports say, what they never say, and how large they get.

package jwt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var update = flag.Bool("update", false, "rewrite the files that outputs are compared with")

// golden compares a text with a file in testdata, or rewrites it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(want), "\r\n", "\n") != got {
		t.Errorf("%s is out of date (-update rewrites it); got\n%s", path, got)
	}
}

// explained explains a token and checks that Verify says the same: whether it is valid, and if it is
// not, why, word for word.
func explained(t testing.TB, v *jwt.Verifier, token string) *jwt.Report {
	t.Helper()
	var r *jwt.Report
	for range 3 { // the clock may pass a second between the two
		_, err := v.Verify(context.Background(), token)
		r = v.Explain(context.Background(), token)
		if fault := unlike(r, err); fault == "" {
			break
		} else if _, again := v.Verify(context.Background(), token); again == nil || err == nil || again.Error() == err.Error() {
			t.Fatalf("%s\nVerify:  %v\nExplain: %v\n%.300q", fault, err, r.Refusal, token)
		}
	}
	checkReport(t, r, token)
	return r
}

// unlike says how a report differs from what Verify returned.
func unlike(r *jwt.Report, err error) string {
	var e *jwt.Error
	switch errors.As(err, &e); {
	case r.Valid != (err == nil) || (r.Refusal == nil) != (err == nil):
		return fmt.Sprintf("Explain says that valid is %v", r.Valid)
	case err == nil:
		return ""
	case r.Reason != e.Reason || r.Refusal.Reason != e.Reason:
		return fmt.Sprintf("Explain gives the reason %s, want %s", r.Reason, e.Reason)
	case r.Refusal.Error() != e.Error() || "jwt: "+r.Text != e.Error():
		return fmt.Sprintf("Explain says %q", r.Text)
	}
	a, b := *r.Refusal, *e
	for _, field := range []*jwt.Error{&a, &b} {
		field.RetryAfter, field.Also = 0, nil
	}
	if fmt.Sprintf("%q %q %q %q %q %q", a.Member, a.Got, a.Want, a.Hint, a.Issuer, a.KeyID) != fmt.Sprintf("%q %q %q %q %q %q", b.Member, b.Got, b.Want, b.Hint, b.Issuer, b.KeyID) {
		return "the fields of the two refusals differ"
	}
	for name, sentinel := range sentinels {
		if errors.Is(r.Refusal, sentinel) != errors.Is(err, sentinel) {
			return "errors.Is(err, " + name + ") differs"
		}
	}
	return ""
}

// checkOrder are the names of the steps in the order of the package manual.
var checkOrder = []string{"size", "parts", "encoding", "header", "issuer choice", "alg", "key", "signature", "payload",
	"typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "cnf", "validate", "requirement"}

// checkReport checks what holds for every report.
func checkReport(t testing.TB, r *jwt.Report, token string) {
	t.Helper()
	at, failed := 0, false
	answers := map[jwt.Question]jwt.Verdict{}
	for _, s := range r.Steps {
		n := slices.Index(checkOrder, s.Name)
		if n < at {
			t.Fatalf("the step %q is out of order", s.Name)
		}
		if n > at+1 {
			t.Fatalf("the step %q is missing", checkOrder[at+1])
		}
		at = n
		failed = failed || s.Verdict == jwt.VerdictFail
		if s.Verdict == jwt.VerdictFail && s.Reason != jwt.ReasonKeysUnavailable {
			answers[s.Question] = jwt.VerdictFail
		}
		if (s.Reason != "") != (s.Verdict == jwt.VerdictFail) || s.Text == "" || s.Question == "" {
			t.Fatalf("the step is %+v", s)
		}
		if s.Name == "signature" && (s.Verdict == jwt.VerdictPass) != r.Verified {
			t.Fatalf("Verified is %v, and the signature's step %s", r.Verified, s.Verdict)
		}
	}
	if at < slices.Index(checkOrder, "validate") {
		t.Fatalf("the last step is %q", checkOrder[at])
	}
	if failed == r.Valid {
		t.Fatalf("valid is %v, and a step failed: %v", r.Valid, failed)
	}
	if len(r.Answers) != 5 {
		t.Fatalf("%d answers", len(r.Answers))
	}
	for _, a := range r.Answers {
		if (a.Verdict == jwt.VerdictFail) != (answers[a.Question] == jwt.VerdictFail) || a.Verdict == jwt.VerdictPass && !r.Verified && a.Question != jwt.QuestionForm || r.Valid && a.Verdict != jwt.VerdictPass {
			t.Fatalf("%s is answered with %s, verified is %v", a.Question, a.Verdict, r.Verified)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*jwt.Report{r, r.Redact()} {
		texts := []string{r.Text, r.Issuer}
		for _, s := range r.Steps {
			texts = append(texts, s.Got, s.Want, s.Text, s.Hint)
		}
		for _, f := range append(slices.Clone(r.Header), r.Claims...) {
			texts = append(texts, f.Name, string(f.Value), f.Meaning)
		}
		text := r.String()
		if len(text) > maxReport {
			t.Fatalf("the report has %d bytes", len(text))
		}
		for _, reason := range jwt.Reasons() { // ours, and longer than a run
			text = strings.ReplaceAll(text, string(reason), "")
		}
		for _, text := range append(texts, text) {
			if run := sharedRun(token, text); run != "" {
				t.Fatalf("a report repeats %q of the token: %q", run, text)
			}
		}
	}
}

// maxReport bounds the text of a report of a token of 16 KiB.
const maxReport = 100 << 10

// fuzzCorpus reads the committed corpus of a fuzz target: the first strings of each file.
func fuzzCorpus(tb testing.TB, target string) (all [][]string) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no corpus of %s: %v", target, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var values []string
		for line := range strings.Lines(string(text)) {
			if quoted, ok := strings.CutPrefix(strings.TrimSpace(line), "string("); ok {
				value, err := strconv.Unquote(strings.TrimSuffix(quoted, ")"))
				if err != nil {
					tb.Fatalf("%s: %v", file, err)
				}
				values = append(values, value)
			}
		}
		all = append(all, values)
	}
	return all
}

// fuzzTokens are the tokens of the fuzz targets: their corpora, the vectors, and what they are
// varied from.
func fuzzTokens(tb testing.TB) (tokens []string) {
	tb.Helper()
	for _, v := range tokenVectors(tb) {
		tokens = append(tokens, v.Token)
	}
	for _, values := range fuzzCorpus(tb, "FuzzVerify") {
		tokens = append(tokens, values[0])
	}
	for _, values := range fuzzCorpus(tb, "FuzzVerifySigned") {
		for _, alg := range fuzzAlgorithms {
			tokens = append(tokens, fixedKeys().sign(tb, alg, values[0], values[1]))
		}
	}
	for _, alg := range fuzzAlgorithms {
		good := goodToken(tb, alg)
		tokens = append(tokens, good, good[:len(good)-1], good+"=", good+"\n", "Bearer "+good, "\""+good+"\"", strings.Replace(good, ".", "\r\n.", 1), good+"."+good)
	}
	header := `{"alg":"HS256","typ":"at+jwt"}`
	for _, payload := range []string{accessClaims(), idClaims(`,"client_id":"other"`),
		`{"iss":"secret.example","aud":"api.example","exp":1,"nbf":253402300799,"iat":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799,"exp2":"` + b64(header) + `"}`,
		`{"iss":"` + b64(header) + `","aud":"` + b64(header) + `","exp":1,"` + b64(header) + `":1}`,
		`{"iss":7,"aud":7,"sub":7,"exp":"1","nbf":1e300,"iat":null,"client_id":1,"azp":1,"jti":1,"cnf":1,"scope":[1]}`,
		`[]`, `null`, `{`, "{\"\xff\":1}", `{"a":"\u202e<script>","b":[1,{"c":"d"}]}`} {
		tokens = append(tokens, fixedKeys().sign(tb, jwt.HS256, header, payload), fixedKeys().sign(tb, jwt.EdDSA, `{"alg":"EdDSA","kid":"ed"}`, payload))
	}
	return append(tokens, "", ".", "..", "...", "....", "e30.e30.e30", "a.b.c.d.e", "eyJ", "opaque", "Bearer", "{", strings.Repeat(".", 20000),
		strings.Repeat("A", 17000)+".e30.AA", strings.Repeat("A", 70000), b64(header)+"."+strings.Repeat("A", 20000)+".AA", `{"access_token":"`+goodToken(tb, jwt.HS256)+`"}`)
}

// Explain = Verify, over every token in the repository.
func TestExplainIsVerify(t *testing.T) {
	t.Run("vectors", func(t *testing.T) {
		for _, v := range tokenVectors(t) {
			verifier := v.verifier(t)
			explained(t, verifier, v.Token)
			synctest.Test(t, func(t *testing.T) { explained(t, verifier, v.Token) }) // in 2000 some are accepted
		}
	})
	t.Run("refusals", func(t *testing.T) {
		for _, c := range refusals() {
			r := explained(t, newVerifier(t), c.token)
			if r.Reason != c.reason || !errors.Is(r.Refusal, c.sentinel) || r.Refusal.Member != c.member {
				t.Errorf("%s: got %v", c.name, r.Refusal)
			}
		}
	})
	t.Run("fuzz", func(t *testing.T) {
		n, valid := 0, 0
		for _, token := range fuzzTokens(t) {
			for _, v := range fuzzVerifiers(t) {
				n++
				if explained(t, v.Verifier, token).Valid {
					valid++
				}
			}
		}
		if n < 500 || valid < 20 {
			t.Errorf("%d reports, %d of them of valid tokens", n, valid)
		}
	})
	t.Run("several issuers", func(t *testing.T) {
		v, err := jwt.NewVerifier(testConfig(t), jwt.Config{Issuer: otherIssuer().URL, Audience: []string{"x"}, Keys: keysOf(t, otherIssuer())})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range refusals() {
			explained(t, v, c.token)
		}
		explained(t, v, testIssuer().Token(nil))
		explained(t, v, otherIssuer().Token(claims{"iss": testIssuer().URL}))
	})
	t.Run("nobody", func(t *testing.T) {
		for _, v := range []*jwt.Verifier{nil, {}} {
			for _, token := range []string{"", "x", testIssuer().Token(nil)} {
				if r := explained(t, v, token); r.Reason != jwt.ReasonIssuerMismatch {
					t.Errorf("got %s", r.Reason)
				}
			}
		}
	})
}

func TestExplainWycheproof(t *testing.T) {
	dir := wycheproof(t)
	for file, tests := range map[string]int{"json_web_signature_test.json": 401, "json_web_key_test.json": 26, "json_web_crypto_test.json": 83} {
		n := 0
		for _, g := range vectors(t, dir, file) {
			keys := g.keysOf(t)
			n += len(g.Tests)
			if keys == nil {
				continue
			}
			v, err := jwt.NewVerifier(jwt.Config{Issuer: "x", InsecureSkipAudience: true, Keys: keys})
			if err != nil {
				t.Fatal(err)
			}
			for _, tc := range g.Tests {
				var token string
				if json.Unmarshal(tc.JWS, &token) != nil {
					token = string(tc.JWS)
				}
				explained(t, v, token)
			}
		}
		if n != tests {
			t.Errorf("%s: %d tests, want %d", file, n, tests)
		}
	}
}

// Any text at all: Explain says what Verify says, and repeats nothing of it.
func FuzzExplain(f *testing.F) {
	for _, token := range fuzzTokens(f) {
		f.Add(token)
	}
	verifiers := fuzzVerifiers(f)
	f.Fuzz(func(t *testing.T, token string) {
		for _, v := range verifiers {
			explained(t, v.Verifier, token)
		}
	})
}

// Explain asks for keys where Verify does, and no more often.
func TestExplainFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetches := func(ask func(v *jwt.Verifier, token string)) (all []int) {
			p := newProvider(t, jwt.ES256)
			v := p.verifier(p.remote(jwt.RemoteOptions{}))
			for _, token := range []string{"x", mint(nil) + "\n", withPart(mint(nil), 0, b64(`{"alg":"none"}`)), mint("es256-1"), mint("a"), mint("b"), mint("c"), mint("d"), mint("es256-1")} {
				ask(v, token)
				all = append(all, p.count("/keys"))
			}
			return all
		}
		a := fetches(func(v *jwt.Verifier, token string) { v.Verify(context.Background(), token) })
		b := fetches(func(v *jwt.Verifier, token string) { v.Explain(context.Background(), token) })
		if !slices.Equal(a, b) || a[2] != 0 || a[3] != 1 {
			t.Errorf("Verify fetches %v, Explain %v", a, b)
		}
	})
}

// step finds a step of a report.
func step(t testing.TB, r *jwt.Report, name string) jwt.Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.Name == name && (s.Verdict == jwt.VerdictFail || name != "requirement") {
			return s
		}
	}
	t.Fatalf("no step %q in\n%s", name, r)
	return jwt.Step{}
}

func TestExplainHints(t *testing.T) {
	iss := testIssuer()
	with := func(change func(*jwt.Config)) *jwt.Verifier { return newVerifier(t, change) }
	plain := newVerifier(t)
	good := iss.Token(nil)
	now := time.Now()
	issuer := func(name string) *jwt.Verifier { return with(func(c *jwt.Config) { c.Issuer = name }) }
	from := func(name string) string { return iss.Token(claims{"iss": name}) }
	access := with(func(c *jwt.Config) { c.Profile = jwt.AccessToken })
	for _, c := range []struct {
		name  string
		v     *jwt.Verifier
		token string
		step  string
		want  string
	}{
		{"trailing slash", plain, from(iss.URL + "/"), "iss", "they differ only by a trailing slash"},
		{"letter case", issuer("https://Login.example.com"), from("https://login.example.com"), "iss", "they differ only by letter case"},
		{"scheme", issuer("https://login.example.com"), from("http://login.example.com"), "iss", "they differ only by the scheme"},
		{"tenant of Auth0", issuer("https://a.eu.auth0.com/"), from("https://b.eu.auth0.com/"), "iss", "another tenant of Auth0"},
		{"realm of Keycloak", issuer("https://id.example/realms/a"), from("https://id.example/realms/b"), "iss", "another tenant, realm or authorization server at the same host"},
		{"versions of Entra", issuer("https://login.microsoftonline.com/t/v2.0"), from("https://sts.windows.net/t/"), "iss", "requestedAccessTokenVersion"},
		{"another environment", issuer("https://id.example.com"), from("https://id-test.example.com"), "iss", "another host of the same domain"},
		{"an issuer of no relation", issuer("https://id.example.com"), from("https://id.example.org"), "iss", "Copy the issuer from"},

		{"ID token by nonce", plain, iss.Token(claims{"aud": "app", "nonce": "n"}), "aud", "looks like an ID token (it has nonce)"},
		{"ID token by at_hash and azp", plain, iss.Token(claims{"aud": "app", "azp": "app", "at_hash": "x"}), "aud", "(it has at_hash, an aud that equals azp)"},
		{"ID token that passes", plain, iss.Token(claims{"nonce": "n"}), "aud", "looks like an ID token"},
		{"ID token of Cognito", plain, iss.Token(claims{"aud": "app", "token_use": "id"}), "aud", "token_use id"},
		{"access token for a client", with(func(c *jwt.Config) { c.Profile = jwt.IDToken }), iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}}), "typ", "it is an access token"},
		{"audience is the client", plain, iss.Token(claims{"aud": "app", "client_id": "app"}), "aud", "the audience is the client itself"},
		{"audience is userinfo", plain, iss.Token(claims{"aud": "https://t.auth0.com/userinfo"}), "aud", "the issuer's own userinfo endpoint"},
		{"audience is the issuer", plain, iss.Token(claims{"aud": iss.URL}), "aud", "the issuer itself"},
		{"audience of Keycloak", plain, iss.Token(claims{"aud": "account"}), "aud", "a mapper of the kind audience"},
		{"audience is Graph", plain, iss.Token(claims{"aud": "00000003-0000-0000-c000-000000000000"}), "aud", "Microsoft Graph"},
		{"audience with api", with(func(c *jwt.Config) { c.Audience = []string{"api://app"} }), iss.Token(claims{"aud": "app"}), "aud", "list both in Config.Audience"},
		{"no audience, a client", plain, iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "set Config.Clients"},
		{"no audience at all", plain, iss.Token(claims{"aud": nil}), "aud", "ask for this API"},

		{"encrypted", plain, b64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "parts", "encrypted tokens when no audience was asked for"},
		{"opaque", plain, "2YotnFZFEjr1zCsicMWpAA", "parts", "opaque tokens when no API was asked for"},
		{"only a header", plain, strings.Split(good, ".")[0], "parts", "breaks off: copy the whole of it"},
		{"cut", plain, good[:150], "parts", "breaks off: copy the whole of it"},
		{"cut in the signature", plain, good[:len(good)-1], "encoding", "copy the whole token again"},
		{"Bearer once", plain, "Bearer " + good, "encoding", "the word Bearer"},
		{"Bearer twice", plain, "Bearer Bearer " + good, "encoding", "the word Bearer, more than once"},
		{"header field", plain, "Authorization: Bearer " + good, "encoding", "the name of the header field; the word Bearer"},
		{"quotes", plain, `"` + good + `"`, "encoding", "quotes"},
		{"curly quotes", plain, "\u201c" + good + "\u201d", "encoding", "quotes"},
		{"comma", plain, `"` + good + `",`, "encoding", "a comma or semicolon behind it"},
		{"line break", plain, good[:80] + "\r\n" + good[80:], "encoding", "a line break in the middle"},
		{"space", plain, good[:80] + " " + good[80:], "encoding", "a space in the middle"},
		{"white space around", plain, " " + good + "\n", "encoding", "white space around it"},
		{"byte order mark", plain, "\ufeff" + good, "encoding", "an invisible character"},
		{"token response", plain, `{"access_token":"` + good + `","token_type":"Bearer"}`, "parts", "the answer of the token endpoint"},
		{"address", plain, "https://app.example/#access_token=" + good + "&token_type=bearer", "parts", "the address around it"},
		{"padding", plain, withPart(good, 1, strings.Split(good, ".")[1]+"="), "encoding", "have no padding"},
		{"base64", plain, withPart(good, 2, strings.Repeat("+/", 171)), "encoding", "that is base64, and a JWT is base64url"},

		{"HS256 where RS256 is published", plain, iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": "rs256-1"}}), "key", "the token is signed with a shared secret, and this issuer's keys are public ones"},
		{"HS256 where RS256 is allowed", with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256} }), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "alg", `choose "RS256" where this API is set up at the issuer`},
		{"no kid", with(func(c *jwt.Config) { c.Keys = keysOf(t, iss, jwt.ES256) }), iss.Mint(jwttest.Spec{Header: map[string]any{"kid": nil}}), "key", "the header has no kid"},
		{"no kid, two keys", with(func(c *jwt.Config) {
			c.Keys = parseKeySet(t, jwkEdit{"kid": "a"}.apply(jwkOf(t, iss, jwt.ES256)), jwkEdit{"kid": "b"}.apply(jwkOf(t, otherIssuer(), jwt.ES256)))
		}), iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": nil}}), "key", "have the issuer put the kid of its key into the header"},
		{"the kid of an encryption key", with(func(c *jwt.Config) {
			c.Keys = parseKeySet(t, jwkOf(t, iss, jwt.ES256), jwkEdit{"kid": "rs256-1", "use": "enc"}.apply(jwkOf(t, iss, jwt.RS256)))
		}), good, "key", "that key is for encryption"},
		{"another secret", with(func(c *jwt.Config) { c.Keys = otherIssuer().Key(jwt.HS256) }), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "signature", "written in base64"},
		{"another payload", plain, withPart(good, 1, b64(goodPayload())), "signature", "changed after it was signed"},

		{"milliseconds in exp", plain, iss.Token(claims{"exp": now.Add(time.Hour).UnixMilli()}), "payload", "these are milliseconds"},
		{"milliseconds in iat", plain, iss.Token(claims{"iat": now.UnixMilli()}), "payload", "these are milliseconds"},
		{"a string in exp", plain, iss.Token(claims{"exp": "1795287600"}), "payload", "writes it as a string"},
		{"a date in exp", plain, iss.Token(claims{"exp": "2026-11-21"}), "payload", "writes it as text"},
		{"an array in scope", plain, iss.Token(claims{"scope": []string{"a"}}), "payload", "an array belongs into scp"},
		{"long expired", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()}), "exp", "it was good for 1h0m0s: get a new one"},
		{"just expired", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-40 * time.Second).Unix()}), "exp", "compare this machine's clock"},
		{"within the leeway", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-10 * time.Second).Unix()}), "exp", "only the leeway of 30s keeps it valid"},
		{"without an end", plain, iss.Token(claims{"exp": nil}), "exp", "valid for ever"},
		{"clock is slow", plain, iss.Token(claims{"iat": now.Add(10 * time.Minute).Unix()}), "iat", "the clock of this machine, which says "},
		{"clock is slow, by nbf", plain, iss.Token(claims{"nbf": now.Add(10 * time.Minute).Unix()}), "nbf", "is slow by "},
		{"clock is a little slow", plain, iss.Token(claims{"iat": now.Add(20 * time.Second).Unix()}), "iat", "is slow by "},
		{"not of RFC 9068", access, good, "typ", "does not mark its access tokens as RFC 9068 asks"},
		{"claims of RFC 9068", access, good, "profile", "RFC 9068 asks for it"},
		{"bound", plain, iss.Token(claims{"cnf": claims{"jkt": "x"}}), "cnf", "DPoP, mutual TLS"},
		{"too large", plain, withPart(good, 1, strings.Repeat("A", 16<<10)), "size", "Config.MaxTokenSize"},
		{"broken JSON", plain, iss.Mint(jwttest.Spec{Payload: []byte(`{"a":1,}`)}), "payload", "of the token"},
		{"a rule of one's own", with(func(c *jwt.Config) {
			c.Validate = func(context.Context, *jwt.Token) error { return errors.New("no") }
		}), good, "validate", "a rule of this service's own"},
	} {
		if got := step(t, explained(t, c.v, c.token), c.step); !strings.Contains(got.Hint, c.want) {
			t.Errorf("%s: the hint is %q, want %q; %+v", c.name, got.Hint, c.want, got)
		}
	}
}

func TestExplainRequirements(t *testing.T) {
	v := newVerifier(t)
	token := func(c claims) string { return testIssuer().Token(c) }
	for _, c := range []struct {
		claims claims
		req    jwt.Requirement
		reason jwt.Reason
		hint   string
	}{
		{claims{"scope": "read:messages other"}, jwt.Scope("read:messages"), "", ""},
		{claims{"scp": []string{"read:messages"}}, jwt.Scope("read:messages"), "", ""},
		{claims{"scope": "other"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "the client must ask for the scope"},
		{claims{"scope": "Read:Messages"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "other letter case"},
		{claims{"permissions": []string{"read:messages"}}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, `ask for Claim("permissions").Has("read:messages")`},
		{claims{"roles": []string{"read:messages"}}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, `ask for Claim("roles").Has("read:messages")`},
		{claims{"groups": "x read:messages"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "in the claim groups"},
		{claims{"realm_access": claims{"roles": []string{"admin"}}}, jwt.Any(jwt.Scope("admin"), jwt.Scope("root")), jwt.ReasonScopeMissing, "in the claim realm_access"},
		{claims{"acr": "low"}, jwt.ACR("high"), jwt.ReasonAuthenticationInsufficient, "RFC 9470"},
		{nil, jwt.Claim("permissions").Has("x"), jwt.ReasonRequirementUnmet, ""},
		{nil, nil, jwt.ReasonRequirementUnmet, ""},
	} {
		text := token(c.claims)
		r := v.Explain(t.Context(), text, c.req)
		if r.Valid != (c.reason == "") || r.Reason != c.reason {
			t.Errorf("%v: got %v", c.claims, r.Refusal)
			continue
		}
		if !r.Verified {
			t.Errorf("%v: not verified", c.claims)
		}
		if s := r.Steps[len(r.Steps)-1]; s.Name != "requirement" || !strings.Contains(s.Hint, c.hint) {
			t.Errorf("%v: got %+v, want the hint %q", c.claims, s, c.hint)
		}
		checkReport(t, r, text)
	}

	// A token that is refused is held against them too, and stays refused for what it was.
	r := v.Explain(t.Context(), token(claims{"exp": 1, "iat": nil}), jwt.Scope("a"), jwt.Scope("b"))
	if r.Reason != jwt.ReasonTokenExpired || len(r.Steps) != len(checkOrder)+1 || r.Steps[len(r.Steps)-1].Reason != jwt.ReasonScopeMissing {
		t.Errorf("got\n%s", r)
	}
	// Each hint is about its own scope.
	r = v.Explain(t.Context(), token(claims{"permissions": []string{"a"}}), jwt.Scope("a"), jwt.Scope("b"))
	if a, b := r.Steps[len(r.Steps)-2].Hint, r.Steps[len(r.Steps)-1].Hint; !strings.Contains(a, `Claim("permissions").Has("a")`) || strings.Contains(b, "permissions") {
		t.Errorf("the hints are %q and %q", a, b)
	}
	// Behind Require the same requirement gives the same refusal.
	var told *jwt.Error
	api := resource(t, jwt.ResourceConfig{}, &told)
	text := token(claims{"scope": "x"})
	api.Require(jwt.Scope("a"))(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), request("Bearer "+text))
	if r := v.Explain(t.Context(), text, jwt.Scope("a")); told == nil || told.Error() != r.Refusal.Error() || told.Issuer != r.Refusal.Issuer || told.KeyID != r.Refusal.KeyID {
		t.Errorf("Require: %v, Explain: %v", told, r.Refusal)
	}
}

// Config.Validate gets a *Token, which is proof: it is asked only about tokens that are valid, and
// valid now.
func TestExplainValidates(t *testing.T) {
	calls := 0
	v := newVerifier(t, func(c *jwt.Config) {
		c.Validate = func(_ context.Context, token *jwt.Token) error { calls++; return nil }
	})
	now := time.Now()
	iss := testIssuer()
	expired := iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()})
	for _, c := range []struct {
		token string
		at    time.Time
		calls int
		valid bool
	}{
		{iss.Token(nil), now, 1, true},
		{expired, now, 0, false},
		{expired, now.Add(-90 * time.Minute), 0, true},
		{iss.Token(nil), now.Add(2 * time.Hour), 0, false},
		{iss.Token(claims{"aud": "x"}), now, 0, false},
		{otherIssuer().Token(claims{"iss": iss.URL}), now, 0, false},
	} {
		calls = 0
		if r := v.ExplainAt(t.Context(), c.token, c.at); calls != c.calls || r.Valid != c.valid || !r.At.Equal(c.at) {
			t.Errorf("%d calls, valid is %v at %v; want %d, %v", calls, r.Valid, r.At, c.calls, c.valid)
		}
	}
}

// What a fetched key set says of itself where it does not have the key.
func TestExplainUnknownKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour)
		p := newProvider(t, jwt.ES256)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		if r := v.Explain(context.Background(), mint("es256-1")); !r.Valid {
			t.Fatal(r)
		}
		time.Sleep(4 * time.Minute)
		hint := func(token string) string { return step(t, v.Explain(context.Background(), token), "key").Hint }
		for _, c := range []struct{ kid, want string }{
			{"a", `the key set was fetched 0s ago from https://issuer.test/keys and has the kid "es256-1"; a token with an unknown kid can make it be fetched again now`},
			{"b", `fetched again in 10s`},
			{"c", `fetched again in 10s`},
		} {
			if got := hint(mint(c.kid)); !strings.Contains(got, c.want) || !strings.Contains(got, "withdrawn the key") {
				t.Errorf("kid %s: got %q, want %q", c.kid, got, c.want)
			}
		}
		time.Sleep(time.Minute)
		if got := step(t, v.Explain(context.Background(), mint("es256-1")), "key").Text; !strings.Contains(got, "the keys were fetched 1m0s ago") {
			t.Errorf("got %q", got)
		}

		// The issuer is down, or has nothing that can be used.
		for answer, want := range map[string]string{
			"<html>": "a web page answers",
			"404":    "no metadata at that address",
			`{"issuer":"https://other","jwks_uri":"https://issuer.test/keys"}`: "byte for byte",
		} {
			p := newProvider(t)
			p.answer = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", "text/html")
				if answer == "404" {
					w.WriteHeader(404)
				}
				fmt.Fprint(w, answer)
				return true
			}
			v := p.verifier(p.remote(jwt.RemoteOptions{}))
			r := v.Explain(context.Background(), mint(nil))
			if got := step(t, r, "key"); r.Reason != jwt.ReasonKeysUnavailable || !strings.Contains(got.Hint, want) {
				t.Errorf("%s: got %+v, want %q", answer, got, want)
			}
		}
		p = newProvider(t)
		p.keys = []any{jwkEdit{"use": "enc"}.apply(jwkOf(t, testIssuer(), jwt.RS256))}
		if got := step(t, p.verifier(p.remote(jwt.RemoteOptions{})).Explain(context.Background(), mint(nil)), "key").Text; !strings.Contains(got, "needs one for signatures") {
			t.Errorf("got %q", got)
		}
	})
}

func TestExplainRedacted(t *testing.T) {
	v := newVerifier(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error { return errors.New("SECRET is blocked") }
	})
	personal := claims{"scope": "read", "azp": "app", "sub": "SECRET", "name": "SECRET", "email": "SECRET@example.com", "roles": []string{"SECRET"},
		"https://example.com/ssn": "SECRET", "address": claims{"street": "SECRET"}, "jti": "SECRET", "sid": "SECRET", "client_id": claims{"x": "SECRET"}}
	header := map[string]any{"jwk": claims{"x": "SECRET"}, "x-user": "SECRET"}
	for _, req := range []jwt.Requirement{nil, jwt.Claim("email").Equals("x"), jwt.Claim("roles").Has("x"), jwt.ACR("x")} {
		var reqs []jwt.Requirement
		if req != nil {
			reqs = append(reqs, req)
		}
		full := v.Explain(t.Context(), testIssuer().Mint(jwttest.Spec{Claims: personal, Header: header}), reqs...)
		delete(personal, "client_id") // a broken claim at first; from here on the policy holds
		r := full.Redact()
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{r.String(), string(data), fmt.Sprintf("%v %+v %#v", r, r, r), fmt.Sprintf("%v %+v %#v", *r, *r, *r), fmt.Sprintf("%+v %v", *r.Refusal, r.Refusal.Unwrap())} {
			if strings.Contains(text, "SECRET") {
				t.Errorf("personal data: %s", text)
			}
		}
		if !strings.Contains(full.String(), "SECRET") {
			t.Error("the full report is redacted too")
		}
		if r.Reason != full.Reason || len(r.Steps) != len(full.Steps) || len(r.Claims) != len(full.Claims) {
			t.Error("more is gone than it should")
		}
		for _, f := range r.Claims {
			kept := slices.Contains([]string{"iss", "aud", "exp", "iat", "scope", "azp"}, f.Name)
			if f.Redacted == kept || f.Redacted != (f.Value == nil) {
				t.Errorf("%s: redacted is %v, with %s", f.Name, f.Redacted, f.Value)
			}
		}
	}
	if (*jwt.Report)(nil).Redact() != nil || (*jwt.Report)(nil).String() != "" {
		t.Error("a nil report")
	}
}

// No way of printing a report shows 17 bytes of the token or its signature.
func TestExplainHoldsNoToken(t *testing.T) {
	iss := testIssuer()
	good := iss.Token(nil)
	signature := strings.Split(good, ".")[2]
	inner := vectorNamed(t, "rfc7515.jsonl", "rfc7515-appendix-a/A.1").Token // no piece of it is in the others
	carrier := iss.Token(claims{"inner": inner, "list": []string{inner}, "object": claims{"deep": inner}, signature[:20]: signature[:30], "aud": signature[:40], "jti": signature})
	for _, token := range []string{good, carrier, good[:200], "Bearer " + good, `"` + good + "\"\n", good[:90] + "\n" + good[90:], good + "." + good, withPart(good, 1, b64(`{"a":"`+signature+`"}`)),
		iss.Mint(jwttest.Spec{Header: map[string]any{"kid": b64(`{"alg":"RS256","typ":"JWT"}`)}})} {
		for _, v := range []*jwt.Verifier{newVerifier(t), nil} {
			full := v.Explain(t.Context(), token, jwt.Scope("a"))
			for _, r := range []*jwt.Report{full, full.Redact()} {
				data, err := json.MarshalIndent(r, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range []string{r.String(), string(data), fmt.Sprintf("%v", r), fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r), fmt.Sprintf("%v", *r), fmt.Sprintf("%+v", *r), fmt.Sprintf("%#v", *r)} {
					for _, secret := range []string{token, strings.NewReplacer("\n", "", `"`, "").Replace(token), inner} {
						if run := sharedRun(secret, text); run != "" && !strings.Contains(testIssuer().URL, run) {
							t.Errorf("%q of the token is in %s", run, text)
						}
					}
				}
			}
		}
	}
	// A report has no room for one either.
	for _, typ := range []reflect.Type{reflect.TypeFor[jwt.Report](), reflect.TypeFor[jwt.Step](), reflect.TypeFor[jwt.Field](), reflect.TypeFor[jwt.Answer]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i).Type; strings.Contains(f.String(), "Token") || strings.Contains(f.String(), "parts") || strings.Contains(f.String(), "claims") {
				t.Errorf("%s has a %s", typ, f)
			}
		}
	}
}

// A hostile token of 16 KiB gives a report that is bounded in its size and in the memory it takes.
func TestExplainMemory(t *testing.T) {
	iss := testIssuer()
	v := newVerifier(t)
	const inner = 11 << 10
	payload := func(text string) string { return iss.Mint(jwttest.Spec{Payload: []byte(text)}) }
	for name, token := range map[string]string{
		"dots":           fill(".", 16<<10),
		"garbage":        fill("\xff\x00", 16<<10),
		"quotes":         fill(`"`, 16<<10),
		"Bearer":         fill("Bearer ", 16<<10),
		"line breaks":    fill("a\n", 16<<10),
		"a megabyte":     fill("A.", 1<<20),
		"big claim":      payload(`{"x":"` + fill("x", inner) + `"}`),
		"control":        payload(`{"x":"` + fill(`\u0001`, inner) + `"}`),
		"control names":  payload(`{"` + fill(`\u0001`, inner) + `":1}`),
		"emoji":          payload(`{"x":"` + fill("\U000e0001", inner) + `"}`),
		"nested":         payload(`{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`),
		"too deep":       payload(`{"x":` + fill("[", inner) + `}`),
		"objects":        payload(`{"x":[` + fill(`{"a":1},`, inner) + `1]}`),
		"many members":   payload(`{` + members(1000) + `}`),
		"many audiences": payload(`{"aud":[` + fill(`"a",`, inner) + `"b"]}`),
		"big number":     payload(`{"exp":` + fill("9", inner) + `}`),
		"big scope":      payload(`{"scope":"` + fill("a ", 1990) + `"}`),
	} {
		r := v.Explain(t.Context(), token, jwt.Scope("b"))
		checkReport(t, r, token)
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 2*maxReport || len(r.Claims) > 101 {
			t.Errorf("%s: %d bytes of JSON, %d claims", name, len(data), len(r.Claims))
		}
		if bytes.ContainsFunc([]byte(r.String()), func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f || c == '\U000e0001' }) {
			t.Errorf("%s: control characters in the text", name)
		}
		if got := allocated(func() { v.Explain(t.Context(), token) }); got > 1<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}

// Values are shown as compact JSON, cut where they are long.
func TestExplainFields(t *testing.T) {
	v := newVerifier(t)
	array := `["` + strings.Repeat(`a","`, 600) + `b"]`
	for raw, want := range map[string]string{
		`"https:\/\/issuer.example\u002f"`:                              `"https://issuer.example/"`,
		` { "a" : [ 1 , 2.50 , null ] , "b\n" : true } `:                `{"a":[1,2.50,null],"b\u000a":true}`,
		`"José \u00e9 \ud83d\ude00 \u202e \udb40\udc01 \u007f \" \\ <"`: `"José é 😀 \u202e \udb40\udc01 \u007f \" \\ <"`,
		`"` + strings.Repeat("x", 500) + `"`:                            `"` + strings.Repeat("x", 500) + `"`,
		`"` + strings.Repeat("x", 501) + `"`:                            `"` + strings.Repeat("x", 500) + `..."`,
		`"` + strings.Repeat("é", 251) + `"`:                            `"` + strings.Repeat("é", 250) + `..."`,
		`"x` + strings.Repeat("é", 250) + `"`:                           `"x` + strings.Repeat("é", 249) + `..."`,
		array:                                                           fmt.Sprintf(`"(an array of %d bytes, too long to be shown)"`, len(array)),
		`{"a":` + array + `}`:                                           fmt.Sprintf(`"(an object of %d bytes, too long to be shown)"`, len(array)+6),
		strings.Repeat("9", 2001):                                       `"(a number of 2001 bytes, too long to be shown)"`,
		`-0.5e+10`:                                                      `-0.5e+10`,
	} {
		token := testIssuer().Mint(jwttest.Spec{Payload: []byte(`{"x":` + raw + `}`)})
		r := v.Explain(t.Context(), token)
		checkReport(t, r, token)
		if len(r.Claims) != 1 || string(r.Claims[0].Value) != want {
			t.Errorf("%.60s: got %s, want %s", raw, r.Claims[0].Value, want)
		}
		if !json.Valid(r.Claims[0].Value) {
			t.Errorf("%.60s: not JSON: %s", raw, r.Claims[0].Value)
		}
	}
}

// The limits of a report: at them, and one beyond.
func TestExplainLimits(t *testing.T) {
	v := newVerifier(t)
	claims := func(payload string) []jwt.Field {
		return v.Explain(t.Context(), testIssuer().Mint(jwttest.Spec{Payload: []byte(payload)})).Claims
	}
	if got := claims("{" + members(100) + "}"); len(got) != 100 || got[99].Name != "63" {
		t.Errorf("100 members: %d fields", len(got))
	}
	if got := claims("{" + members(101) + "}"); len(got) != 101 || got[100].Name != "..." || got[100].Meaning != "1 more" {
		t.Errorf("101 members: %d fields", len(got))
	}
	for n, whole := range map[int]bool{500: true, 501: false} {
		if got := string(claims(`{"x":"` + strings.Repeat("x", n) + `"}`)[0].Value); strings.HasSuffix(got, `..."`) == whole {
			t.Errorf("a text of %d bytes: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{2000: true, 2001: false} {
		if got := string(claims(`{"x":` + strings.Repeat("9", n) + `}`)[0].Value); (len(got) == n) != whole {
			t.Errorf("a number of %d bytes: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		token := b64(`{"alg":"RS256"}`) + ".e30."
		if got := v.Explain(t.Context(), token+strings.Repeat("A", n-len(token))); (len(got.Header) == 1) != whole || got.Reason != jwt.ReasonTokenTooLarge {
			t.Errorf("a token of %d bytes: %d members of the header", n, len(got.Header))
		}
	}
}

// A key that was replaced under its id is found as Verify finds it.
func TestExplainReplacedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 365 * 24 * time.Hour)
		p := newProvider(t, jwt.ES256)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		if r := v.Explain(context.Background(), mint("es256-1")); !r.Valid {
			t.Fatal(r)
		}
		time.Sleep(2 * time.Minute)
		p.set(func(p *provider) { p.keys = []any{jwkOf(t, otherIssuer(), jwt.ES256)} })
		r := v.Explain(context.Background(), otherIssuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: claims{"iss": providerURL, "exp": int64(253402300799)}}))
		if got := step(t, r, "signature").Text; !r.Valid || !strings.Contains(got, "has replaced the one") {
			t.Errorf("got %q\n%s", got, r)
		}
	})
}

// goldenAt is the time of the golden reports.
var goldenAt = time.Date(2026, 11, 21, 19, 3, 12, 0, time.UTC)

func TestExplainGolden(t *testing.T) {
	const exp = 1795287600 // 19:00:00Z of that day
	v := fuzzVerifiers(t)[0].Verifier
	sign := func(payload string) string {
		return fixedKeys().sign(t, jwt.HS256, `{"alg":"HS256","typ":"JWT"}`, payload)
	}
	good := fmt.Sprintf(`{"iss":"secret.example","aud":"api.example","sub":"somebody","name":"José \u202e","scope":"read","iat":%d,"exp":%d}`, exp-3600, exp+3600)
	for name, r := range map[string]*jwt.Report{
		"valid":    v.ExplainAt(t.Context(), sign(good), goldenAt, jwt.Scope("read")),
		"expired":  v.ExplainAt(t.Context(), sign(strings.Replace(good, fmt.Sprint(exp+3600), fmt.Sprint(exp), 1)), goldenAt),
		"redacted": v.ExplainAt(t.Context(), sign(good), goldenAt, jwt.Scope("write"), jwt.Claim("sub").Equals("somebody else")).Redact(),
		"tampered": v.ExplainAt(t.Context(), withPart(sign(good), 1, b64(strings.Replace(good, "read", "admin", 1))), goldenAt),
		"future":   v.ExplainAt(t.Context(), sign(strings.Replace(good, fmt.Sprint(exp-3600), fmt.Sprint(exp+600), 1)), goldenAt),
		"pasted":   v.ExplainAt(t.Context(), "Bearer Bearer \""+sign(good)[:60]+"\n"+sign(good)[60:]+"\"", goldenAt),
		"cut":      v.ExplainAt(t.Context(), sign(good)[:110], goldenAt),
		"several":  v.ExplainAt(t.Context(), sign(`{"iss":"secret.example/","aud":["x","y"],"exp":1}`), goldenAt),
	} {
		golden(t, filepath.Join("testdata", "reports", name+".txt"), r.String())
	}
	data, err := json.MarshalIndent(v.ExplainAt(t.Context(), sign(strings.Replace(good, "api.example", "other", 1)), goldenAt).Redact(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "reports", "audience.json"), string(data)+"\n")
}

// Times are as people see them.
func TestExplainTimes(t *testing.T) {
	v := newVerifier(t)
	at := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	token := testIssuer().Token(claims{"exp": at.Unix(), "iat": at.Add(-time.Hour).Unix(), "nbf": at.Add(-time.Hour).Unix()})
	for after, want := range map[time.Duration]string{
		3*time.Minute + 12*time.Second: "expired 3m12s ago (2026-11-21T19:00:00Z)",
		47 * time.Hour:                 "expired 47h0m0s ago (2026-11-21T19:00:00Z)",
		-10 * time.Minute:              "expires in 10m0s (2026-11-21T19:00:00Z)",
		-24 * time.Hour:                "expires in 24h0m0s (2026-11-21T19:00:00Z)",
		-100 * 24 * time.Hour:          "expires in 100 days (2026-11-21T19:00:00Z)",
		-3650 * 24 * time.Hour:         "expires in 10 years (2026-11-21T19:00:00Z)",
	} {
		r := v.ExplainAt(t.Context(), token, at.Add(after))
		if got := step(t, r, "exp").Text; got != want {
			t.Errorf("%v later: %q, want %q", after, got, want)
		}
		if !r.ExpiresAt.Equal(at) || !r.IssuedAt.Equal(at.Add(-time.Hour)) || !r.NotBefore.Equal(r.IssuedAt) {
			t.Errorf("the times are %v %v %v", r.IssuedAt, r.NotBefore, r.ExpiresAt)
		}
	}
}

// BadByte is where the form is wrong.
func TestExplainBadByte(t *testing.T) {
	good := testIssuer().Token(nil)
	first, second := strings.IndexByte(good, '.'), strings.LastIndexByte(good, '.')
	header := b64(`{"alg":"RS256",}`)
	for _, c := range []struct {
		token string
		want  int // -1: none
	}{
		{good, -1},
		{testIssuer().Token(claims{"exp": 1}), -1},
		{"a.b.c.d.e", -1},
		{"", 0},
		{" " + good, 0},
		{good + "\n", len(good)},
		{good[:50] + "!" + good[51:], 50},
		{good[:first], first},
		{good[:second], second},
		{good[:second+1], second + 1},
		{good + ".x", len(good)},
		{good[:first+1] + "." + good[second+1:], first + 1},
		{good[:len(good)-1], len(good) - 1},
		{header + good[first:], 20}, // the comma is byte 14 of the header, what follows it byte 15
		{good[:first+1] + b64(`{"a":tru}`) + good[second:], first + 1 + 6},
	} {
		r := newVerifier(t).Explain(t.Context(), c.token)
		if (r.BadByte == nil) != (c.want < 0) || r.BadByte != nil && *r.BadByte != c.want {
			got := -1
			if r.BadByte != nil {
				got = *r.BadByte
			}
			t.Errorf("%.80q: byte %d, want %d", c.token, got, c.want)
		}
	}
}

// What can be read of a broken token is shown.
func TestExplainBroken(t *testing.T) {
	good := testIssuer().Mint(jwttest.Spec{Payload: []byte(`{"iss":"https://issuer.example","sub":"somebody","n":1}`)})
	payload := strings.Split(good, ".")[1]
	dot := strings.IndexByte(good, '.')
	for _, c := range []struct {
		token string
		want  string // names of header and claims
	}{
		{good, "alg kid typ | iss sub n"},
		{"Bearer " + good, "alg kid typ | iss sub n"},
		{good[:dot], "alg kid typ | "},
		{good[:dot+1+len(payload)*3/4], "alg kid typ | iss sub"},
		{good[:dot+1] + payload[:48] + "*" + payload[48:] + ".AAAA", "alg kid typ | iss"},
		{good[:dot] + "." + b64("text") + ".AAAA", "alg kid typ | "},
		{b64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "alg enc | "},
	} {
		r := newVerifier(t).Explain(t.Context(), c.token)
		names := func(fields []jwt.Field) string {
			var all []string
			for _, f := range fields {
				if f.Name != "" {
					all = append(all, f.Name)
				}
			}
			return strings.Join(all, " ")
		}
		if got := names(r.Header) + " | " + names(r.Claims); got != c.want {
			t.Errorf("%.60q: %s, want %s", c.token, got, c.want)
		}
	}
}

// Every reason of the table that Verify can give appears under a step of its question.
func TestExplainQuestions(t *testing.T) {
	for _, c := range refusals() {
		r := newVerifier(t).Explain(t.Context(), c.token)
		for _, s := range r.Steps {
			if s.Verdict != jwt.VerdictFail || s.Reason != r.Reason {
				continue
			}
			want := map[jwt.Reason]jwt.Question{
				jwt.ReasonTokenExpired: jwt.QuestionTime, jwt.ReasonTokenNotYetValid: jwt.QuestionTime, jwt.ReasonSignatureInvalid: jwt.QuestionTamper, jwt.ReasonKeyUnknown: jwt.QuestionTamper,
				jwt.ReasonIssuerMismatch: jwt.QuestionIssuer, jwt.ReasonAudienceMismatch: jwt.QuestionAudience, jwt.ReasonTokenParts: jwt.QuestionForm, jwt.ReasonHeaderInvalid: jwt.QuestionForm,
			}[r.Reason]
			if want != "" && s.Question != want {
				t.Errorf("%s: %s is asked under %s", c.name, s.Reason, s.Question)
			}
		}
	}
}

// A report looks for pieces of the token by their hashes, and finds those that are there and no others.
func TestRunsOfToken(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet string, size int) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
	const word = "AB.-_z9"
	held, free := 0, 0
	for range 3000 {
		alphabet := word[:1+rng.IntN(len(word))]
		first, second := text(alphabet, rng.IntN(60)), text(alphabet, rng.IntN(200))
		told := text(alphabet+` "`, rng.IntN(80))
		if from := rng.IntN(len(second) + 1); rng.IntN(2) == 0 {
			told += second[from:min(len(second), from+14+rng.IntN(6))] + text(alphabet+" ", rng.IntN(20))
		}
		want := false
		for from := 0; from+17 <= len(told); from++ {
			run := told[from : from+17]
			want = want || !strings.ContainsAny(run, ` "`) && (strings.Contains(first, run) || strings.Contains(second, run))
		}
		if got := jwt.HoldsRun(told, first, second); got != want {
			t.Fatalf("%q in %q and %q: got %v", told, first, second, got)
		}
		if want {
			held++
		} else {
			free++
		}
	}
	if held < 500 || free < 500 {
		t.Errorf("%d texts held a run, %d did not", held, free)
	}
}

// BenchmarkExplain reports on what takes the longest: large tokens whose claims nearly repeat them.
func BenchmarkExplain(b *testing.B) {
	v := newVerifier(b)
	var blocks, claims strings.Builder
	for i := 0; blocks.Len() < 40<<10; i++ {
		piece := fmt.Sprintf("%09d", i)
		blocks.WriteString("x" + piece)
		if claims.Len() < 12<<10 {
			fmt.Fprintf(&claims, "%s ", piece)
		}
	}
	token := b64(`{"alg":"RS256"}`) + "." + b64(`{"a":"`+claims.String()+`"}`) + "." + blocks.String()
	b.SetBytes(int64(len(token)))
	for b.Loop() {
		v.Explain(b.Context(), token)
	}
}
