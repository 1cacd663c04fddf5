// This file holds what all tests share: verifiers, the tokens of the repository, and the checks that
// every report must pass.

package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestMain(m *testing.M) { os.Exit(fixture.Run(m)) }

type claims = jwttest.Claims

// signed has this payload, whatever it is.
func signed(payload string) string {
	return fixture.Issuer().Mint(jwttest.Spec{Payload: []byte(payload)})
}

// configOf trusts an issuer, with few keys, so that texts that list them stay short.
func configOf(tb testing.TB, iss *jwttest.Issuer) jwt.Config {
	tb.Helper()
	keys := fixture.KeysOf(tb, iss, jwt.RS256, jwt.ES256, jwt.EdDSA)
	return jwt.Config{Issuer: iss.URL, Audience: []string{jwttest.Audience}, Keys: keys}
}

// verifierOf trusts fixture.Issuer, with changes.
func verifierOf(tb testing.TB, changes ...func(*jwt.Config)) *jwt.Verifier {
	tb.Helper()
	c := configOf(tb, fixture.Issuer())
	for _, change := range changes {
		change(&c)
	}
	return newVerifier(tb, c)
}

func newVerifier(tb testing.TB, configs ...jwt.Config) *jwt.Verifier {
	tb.Helper()
	v, err := jwt.NewVerifier(configs...)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// transport answers requests without a network.
type transport func(w http.ResponseWriter, r *http.Request)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	f(w, r)
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// fetching trusts an issuer whose metadata and keys are what the handler answers.
func fetching(tb testing.TB, iss *jwttest.Issuer, answer http.HandlerFunc) *jwt.Verifier {
	tb.Helper()
	keys, err := jwt.Discover(iss.URL, &jwt.RemoteOptions{Client: &http.Client{Transport: transport(answer)}})
	if err != nil {
		tb.Fatal(err)
	}
	return newVerifier(tb, jwt.Config{Issuer: iss.URL, Audience: []string{jwttest.Audience}, Keys: keys})
}

// published is the issuer's key as it is published, with some members replaced; nil takes them out.
func published(tb testing.TB, iss *jwttest.Issuer, alg jwt.Algorithm, changes fixture.JWKEdit) json.RawMessage {
	tb.Helper()
	return fixture.JSON(tb, changes.Apply(fixture.JWKOf(tb, iss, alg)))
}

var fixedAlgorithms = []jwt.Algorithm{jwt.HS256, jwt.EdDSA, jwt.ES256}

// fixedTokens are the tokens of the fuzz targets: their corpora, the vectors, and variations of good
// tokens.
func fixedTokens(tb testing.TB) (tokens []string) {
	tb.Helper()
	for _, v := range fixture.TokenVectors(tb) {
		tokens = append(tokens, v.Token)
	}
	for _, values := range fixture.Corpus(tb, "FuzzVerify") {
		tokens = append(tokens, values[0])
	}
	for _, values := range fixture.Corpus(tb, "FuzzVerifySigned") {
		for _, alg := range fixedAlgorithms {
			tokens = append(tokens, fixture.FixedKeys().Sign(tb, alg, values[0], values[1]))
		}
	}
	for _, alg := range fixedAlgorithms {
		good := fixture.FixedToken(tb, alg)
		tokens = append(tokens, good, good[:len(good)-1], good+"=", good+"\n", "Bearer "+good, "\""+good+"\"", strings.Replace(good, ".", "\r\n.", 1), good+"."+good)
	}
	k, header, now := fixture.FixedKeys(), `{"alg":"HS256","typ":"at+jwt"}`, strconv.FormatInt(time.Now().Unix(), 10)
	for _, payload := range []string{
		`{"iss":"secret.example","aud":["x","api.example"],"sub":"s","client_id":"client","jti":"1","iat":` + now + `,"exp":253402300799}`,
		`{"iss":"public.example","aud":["x","api.example"],"sub":"s","azp":"api.example","iat":1,"exp":253402300799,"client_id":"other"}`,
		`{"iss":"secret.example","aud":"api.example","exp":1,"nbf":253402300799,"iat":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799,"exp2":"` + fixture.B64(header) + `"}`,
		`{"iss":"` + fixture.B64(header) + `","aud":"` + fixture.B64(header) + `","exp":1,"` + fixture.B64(header) + `":1}`,
		`{"iss":7,"aud":7,"sub":7,"exp":"1","nbf":1e300,"iat":null,"client_id":1,"azp":1,"jti":1,"cnf":1,"scope":[1]}`,
		`[]`, `null`, `{`, "{\"\xff\":1}", `{"a":"\u202e<script>","b":[1,{"c":"d"}]}`} {
		tokens = append(tokens, k.Sign(tb, jwt.HS256, header, payload), k.Sign(tb, jwt.EdDSA, `{"alg":"EdDSA","kid":"ed"}`, payload))
	}
	return append(tokens, "", ".", "..", "...", "....", "e30.e30.e30", "a.b.c.d.e", "eyJ", "opaque", "Bearer", "{", strings.Repeat(".", 20000),
		strings.Repeat("A", 17000)+".e30.AA", strings.Repeat("A", 70000), fixture.B64(header)+"."+strings.Repeat("A", 20000)+".AA", `{"access_token":"`+fixture.FixedToken(tb, jwt.HS256)+`"}`)
}

// refusals are tokens that verifierOf refuses, with one for every reason that Verify gives.
func refusals() map[string]string {
	iss := fixture.Issuer()
	good := iss.Token(nil)
	header := func(text string) string { return fixture.WithPart(good, 0, fixture.B64(text)) }
	headed := func(name string, value any) string {
		return iss.Mint(jwttest.Spec{Header: map[string]any{name: value}})
	}
	with := func(name string, value any) string { return iss.Token(claims{name: value}) }
	future := time.Now().Add(time.Hour).Unix()
	return map[string]string{
		"empty": "", "opaque": "2YotnFZFEjr1zCsicMWpAA", "two parts": "eyJhbGciOiJSUzI1NiJ9.e30", "four parts": good + ".e30",
		"encrypted": "eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA", "no header": fixture.WithPart(good, 0, ""), "no payload": fixture.WithPart(good, 1, ""), "no signature": fixture.WithPart(good, 2, ""),
		"too large": fixture.WithPart(good, 1, strings.Repeat("A", 16<<10)), "header too large": header(`{"alg":"RS256","x":"` + strings.Repeat("A", 4<<10) + `"}`),
		"JSON": `{"payload":"e30","protected":"e30","signature":"AA"}`, "padding": good + "=", "stray bits": fixture.WithPart(good, 2, "AB"), "NUL": good[:40] + "\x00" + good[40:],
		"header is text": header("no JSON"), "two headers": header(`{"alg":"RS256"}{}`), "duplicate alg": header(`{"alg":"RS256","alg":"RS256"}`), "header too deep": header(`{"x":` + strings.Repeat("[", 40)),
		"no alg": header(`{"kid":"rs256-1"}`), "kid number": header(`{"alg":"RS256","kid":1}`), "crit": headed("crit", []string{"exp"}), "nested": headed("cty", "JWT"),
		"alg none": header(`{"alg":"none"}`), "alg unknown": header(`{"alg":"RSA-OAEP"}`), "kid unknown": headed("kid", "nobody"), "kid of another algorithm": headed("kid", iss.Key(jwt.ES256).KeyID()),
		"payload changed": fixture.WithPart(good, 1, fixture.B64(`{"iss":"x"}`)), "signature of another": fixture.OtherIssuer().Token(claims{"iss": iss.URL}),
		"payload is text": signed("no JSON"), "payload is an array": signed("[]"), "two payloads": signed("{} {}"), "duplicate claim": signed(`{"exp":1,"exp":99999999999}`),
		"dpop proof": headed("typ", "dpop+jwt"), "no iss": with("iss", nil), "iss with slash": with("iss", iss.URL+"/"), "iss empty": with("iss", ""),
		"no aud": with("aud", nil), "other aud": with("aud", []string{"a", "b"}), "aud empty": with("aud", ""), "no exp": with("exp", nil), "expired": with("exp", 1),
		"not yet": with("nbf", future), "issued in the future": with("iat", future), "bound": with("cnf", claims{"jkt": "x"}),
		"exp is a string": with("exp", "1"), "exp is large": with("exp", json.RawMessage("1e1000000000")), "aud is a number": with("aud", 1), "sub is null": with("sub", json.RawMessage("null")),
		"everything": iss.Token(claims{"iss": "x", "aud": "x", "exp": 1, "nbf": future, "iat": future, "cnf": claims{"jkt": "x"}}),
	}
}

// explained explains a token, and checks that Verify and Trace say the same.
func explained(tb testing.TB, v *jwt.Verifier, token string) *explain.Report {
	tb.Helper()
	var r *explain.Report
	for range 3 { // the clock may pass a second in between
		_, err := v.Verify(context.Background(), token)
		trace := v.Trace(context.Background(), token, time.Time{})
		r = explain.Token(context.Background(), v, token)
		fault := unlike(r, err)
		if trace.Refusal == nil && !r.Valid || trace.Refusal != nil && unlike(r, trace.Refusal) != "" {
			fault += "; and Trace says otherwise"
		}
		if fault == "" {
			break
		}
		if _, again := v.Verify(context.Background(), token); again == nil || err == nil || again.Error() == err.Error() {
			tb.Fatalf("%s\nVerify:  %v\nTrace:   %v\nexplain: %v\n%.300q", fault, err, trace.Refusal, r.Refusal, token)
		}
	}
	checkReport(tb, r, token)
	return r
}

// refusalOf is the *jwt.Error of a report; nil if it has none.
func refusalOf(r *explain.Report) *jwt.Error {
	var e *jwt.Error
	errors.As(r.Refusal, &e)
	return e
}

// aged finds how far a date is from now. A report tells days and years where an error tells hours.
var aged = regexp.MustCompile(`(in )?(\d\d+h[\dhms.]*|\d+ (?:days|years)|hundreds of years)( ago)? \(`)

// ageless is a text without how far its dates are, if they are farther than hours.
func ageless(text string) string { return aged.ReplaceAllString(text, "$1(some time)$3 (") }

// unlike says how a report differs from what Verify returned.
func unlike(r *explain.Report, err error) string {
	got, e := refusalOf(r), (*jwt.Error)(nil)
	switch errors.As(err, &e); {
	case r.Valid != (err == nil) || (got == nil) != (err == nil):
		return fmt.Sprintf("the report says that valid is %v", r.Valid)
	case err == nil:
		return ""
	case r.Reason != e.Reason || got.Reason != e.Reason:
		return fmt.Sprintf("the report gives the reason %s, want %s", r.Reason, e.Reason)
	case got.Error() != e.Error() || ageless("jwt: "+r.Text) != ageless(e.Error()):
		return fmt.Sprintf("the report says %q", r.Text)
	case fmt.Sprintf("%q", []string{got.Member, got.Got, got.Want, got.Hint, got.Issuer, got.KeyID}) != fmt.Sprintf("%q", []string{e.Member, e.Got, e.Want, e.Hint, e.Issuer, e.KeyID}):
		return "the fields of the two refusals differ"
	}
	for name, sentinel := range fixture.Sentinels {
		for _, r := range []*explain.Report{r, r.Redact()} {
			if errors.Is(r.Refusal, sentinel) != errors.Is(err, sentinel) {
				return "errors.Is(err, " + name + ") differs"
			}
		}
	}
	return ""
}

// checkOrder are the names of the steps in the order of Verify.
var checkOrder = []string{"size", "parts", "encoding", "header", "issuer choice", "alg", "key", "signature", "payload",
	"typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "require", "cnf", "validate", "requirement"}

// checkReport checks what holds for every report.
func checkReport(tb testing.TB, r *explain.Report, token string) {
	tb.Helper()
	at, failed := 0, false
	answers := map[explain.Question]explain.Verdict{}
	for _, s := range r.Steps {
		n := slices.Index(checkOrder, s.Name)
		if n < at || n > at+1 {
			tb.Fatalf("the step %q follows %q", s.Name, checkOrder[at])
		}
		at = n
		failed = failed || s.Verdict == explain.VerdictFail
		if s.Verdict == explain.VerdictFail && !errors.Is(&jwt.Error{Reason: s.Reason}, jwt.ErrUnavailable) {
			answers[s.Question] = explain.VerdictFail
		}
		if (s.Reason != "") != (s.Verdict == explain.VerdictFail) || s.Text == "" || s.Question == "" {
			tb.Fatalf("the step is %+v", s)
		}
		if s.Name == "signature" && (s.Verdict == explain.VerdictPass) != r.Verified {
			tb.Fatalf("Verified is %v, and the signature's step %s", r.Verified, s.Verdict)
		}
	}
	if at < slices.Index(checkOrder, "validate") {
		tb.Fatalf("the last step is %q", checkOrder[at])
	}
	if failed == r.Valid {
		tb.Fatalf("valid is %v, and a step failed: %v", r.Valid, failed)
	}
	if len(r.Answers) != 5 {
		tb.Fatalf("%d answers", len(r.Answers))
	}
	for _, a := range r.Answers {
		if (a.Verdict == explain.VerdictFail) != (answers[a.Question] == explain.VerdictFail) || a.Verdict == explain.VerdictPass && !r.Verified && a.Question != explain.QuestionForm || r.Valid && a.Verdict != explain.VerdictPass {
			tb.Fatalf("%s is answered with %s, verified is %v", a.Question, a.Verdict, r.Verified)
		}
	}
	for _, r := range []*explain.Report{r, r.Redact()} {
		if _, err := json.Marshal(r); err != nil {
			tb.Fatal(err)
		}
		checkTexts(tb, r, token)
	}
}

// maxReport bounds the text of a report of a token of 16 KiB.
const maxReport = 100 << 10

// checkTexts checks that a report repeats nothing of the token.
func checkTexts(tb testing.TB, r *explain.Report, token string) {
	tb.Helper()
	texts := []string{r.Text, r.Issuer}
	for _, s := range r.Steps {
		texts = append(texts, s.Got, s.Want, s.Text, s.Hint)
	}
	for _, f := range slices.Concat(r.Header, r.Claims) {
		texts = append(texts, f.Name, string(f.Value), f.Meaning)
	}
	text := r.String()
	if len(text) > maxReport {
		tb.Fatalf("the report has %d bytes", len(text))
	}
	for _, s := range r.Steps { // ours, and longer than a run
		text = strings.ReplaceAll(text, string(s.Reason), "")
	}
	for _, text := range append(texts, text) {
		if run := fixture.SharedRun(token, text); run != "" {
			tb.Fatalf("a report repeats %q of the token: %q", run, text)
		}
	}
}

// step finds a step of a report.
func step(tb testing.TB, r *explain.Report, name string) explain.Step {
	tb.Helper()
	for _, s := range r.Steps {
		if s.Name == name && (s.Verdict == explain.VerdictFail || name != "requirement") {
			return s
		}
	}
	tb.Fatalf("no step %q in\n%s", name, r)
	return explain.Step{}
}
