// This file holds what all tests share: issuers, verifiers without a network, the tokens of the
// repository, and the checks that every report must pass.

package explain_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

func TestMain(m *testing.M) {
	testIssuer() // not within a bubble of synctest, where its sockets would stand still
	otherIssuer()
	os.Exit(m.Run())
}

type claims = jwttest.Claims

var (
	testIssuer  = sync.OnceValue(startIssuer)
	otherIssuer = sync.OnceValue(startIssuer) // the same kids, other keys
)

func startIssuer() *jwttest.Issuer {
	iss, err := jwttest.Start(nil)
	if err != nil {
		panic(err)
	}
	return iss
}

func b64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// withPart replaces a part of a token.
func withPart(token string, part int, text string) string {
	parts := strings.Split(token, ".")
	parts[part] = text
	return strings.Join(parts, ".")
}

// signed has this payload, whatever it is.
func signed(payload string) string { return testIssuer().Mint(jwttest.Spec{Payload: []byte(payload)}) }

func fill(unit string, size int) string { return strings.Repeat(unit, size/len(unit)) }

// members is the inside of an object with n members.
func members(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `,"%x":1`, i)
	}
	return text.String()[1:]
}

// keysOf returns the issuer's keys without a network.
func keysOf(tb testing.TB, iss *jwttest.Issuer, algorithms ...jwt.Algorithm) *jwt.KeySet {
	tb.Helper()
	if algorithms == nil {
		algorithms = []jwt.Algorithm{jwt.RS256, jwt.ES256, jwt.EdDSA}
	}
	var keys []*jwt.Key
	for _, alg := range algorithms {
		keys = append(keys, iss.Key(alg))
	}
	set, err := jwt.NewKeySet(keys...)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// configOf trusts an issuer.
func configOf(tb testing.TB, iss *jwttest.Issuer) jwt.Config {
	tb.Helper()
	return jwt.Config{Issuer: iss.URL, Audience: []string{jwttest.Audience}, Keys: keysOf(tb, iss)}
}

// verifierOf trusts testIssuer, with changes.
func verifierOf(tb testing.TB, changes ...func(*jwt.Config)) *jwt.Verifier {
	tb.Helper()
	c := configOf(tb, testIssuer())
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

// published is the issuer's key as it is published, with some members replaced; nil takes them out.
func published(tb testing.TB, iss *jwttest.Issuer, alg jwt.Algorithm, changes map[string]any) json.RawMessage {
	tb.Helper()
	w := httptest.NewRecorder()
	iss.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		tb.Fatal(err)
	}
	n := slices.IndexFunc(set.Keys, func(key map[string]any) bool { return key["alg"] == string(alg) })
	if n < 0 {
		tb.Fatalf("no %s key in %s", alg, w.Body)
	}
	for name, value := range changes {
		if set.Keys[n][name] = value; value == nil {
			delete(set.Keys[n], name)
		}
	}
	text, err := json.Marshal(set.Keys[n])
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

func parseKeySet(tb testing.TB, keys ...json.RawMessage) *jwt.KeySet {
	tb.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		tb.Fatal(err)
	}
	set, err := jwt.ParseKeySet(text)
	if err != nil {
		tb.Fatal(err)
	}
	return set
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

// A vector is one line of a file in testdata/vectors of package jwt.
type vector struct {
	ID        string          `json:"id"`
	Token     string          `json:"token"`
	JWK       json.RawMessage `json:"jwk"`
	JWKS      json.RawMessage `json:"jwks"`
	Algorithm jwt.Algorithm   `json:"alg"`
}

func vectorsOf(tb testing.TB, name string) (all []vector) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", name))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var v vector
		if err := json.Unmarshal(line, &v); err != nil {
			tb.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func vectorNamed(tb testing.TB, file, id string) vector {
	tb.Helper()
	all := vectorsOf(tb, file)
	n := slices.IndexFunc(all, func(v vector) bool { return v.ID == id })
	if n < 0 {
		tb.Fatalf("%s has no %s", file, id)
	}
	return all[n]
}

// tokenVectors are the vectors that are about a token.
func tokenVectors(tb testing.TB) (all []vector) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "vectors", "*.jsonl"))
	if err != nil || len(files) < 6 {
		tb.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		for _, v := range vectorsOf(tb, filepath.Base(file)) {
			if v.Token != "" {
				all = append(all, v)
			}
		}
	}
	return all
}

// corpus reads the committed corpus of a fuzz target of package jwt: the strings of each file.
func corpus(tb testing.TB, target string) (all [][]string) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", "testdata", "fuzz", target, "*"))
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

// fixedKeys are those that the corpora of package jwt are signed with: the same in every process. RFC
// 7517 appendix A.2 and RFC 7515 appendix A.1 publish some, the other is counted up.
var fixedKeys = sync.OnceValue(func() (k struct {
	secret []byte
	es     *ecdsa.PrivateKey
	ed     ed25519.PrivateKey
	rsa    json.RawMessage // the public half
}) {
	read := func(text json.RawMessage, into any) {
		if err := json.Unmarshal(text, into); err != nil {
			panic(err)
		}
	}
	octets := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			panic(err)
		}
		return b
	}
	var set struct{ Keys []struct{ N, E, D string } }
	var oct struct{ K string }
	var tb panicTB
	read(vectorNamed(tb, "rfc7517.jsonl", "rfc7517/A.2").JWKS, &set)
	read(vectorNamed(tb, "rfc7515.jsonl", "rfc7515-appendix-a/A.1").JWK, &oct)
	k.secret = octets(oct.K)
	var err error
	if k.es, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), octets(set.Keys[0].D)); err != nil {
		panic(err)
	}
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	k.ed = ed25519.NewKeyFromSeed(seed)
	k.rsa = json.RawMessage(`{"kty":"RSA","kid":"rsa","alg":"RS256","n":"` + set.Keys[1].N + `","e":"` + set.Keys[1].E + `"}`)
	return k
})

// panicTB reads vectors where there is no test to fail.
type panicTB struct{ testing.TB }

func (panicTB) Helper()                   {}
func (panicTB) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (panicTB) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// sign makes a compact JWS of any header and payload with a fixed key.
func sign(alg jwt.Algorithm, header, payload string) string {
	k, input := fixedKeys(), b64(header)+"."+b64(payload)
	digest := sha256.Sum256([]byte(input))
	var signature []byte
	switch alg {
	case jwt.HS256:
		mac := hmac.New(sha256.New, k.secret)
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	case jwt.EdDSA:
		signature = ed25519.Sign(k.ed, []byte(input))
	case jwt.ES256:
		r, s, err := ecdsa.Sign(rand.Reader, k.es, digest[:])
		if err != nil {
			panic(err)
		}
		signature = make([]byte, 64)
		for n, part := range []*big.Int{r, s} {
			part.FillBytes(signature[32*n : 32*n+32])
		}
	}
	return input + "." + b64(string(signature))
}

var fixedAlgorithms = []jwt.Algorithm{jwt.HS256, jwt.EdDSA, jwt.ES256}

// goodToken is accepted by the first of fixedVerifiers until the year 9999.
func goodToken(alg jwt.Algorithm) string {
	iss, kid := "public.example", map[jwt.Algorithm]string{jwt.ES256: `,"kid":"ec"`, jwt.EdDSA: `,"kid":"ed"`}[alg]
	if kid == "" {
		iss = "secret.example"
	}
	return sign(alg, `{"alg":"`+string(alg)+`"`+kid+`}`, `{"iss":"`+iss+`","aud":"api.example","sub":"somebody","exp":253402300799}`)
}

// fixedVerifiers have between them every kind of key and most of a policy. The first trusts both
// issuers, and asks of them for the least. No configured text is as long as a run of a token that a
// report may not repeat.
func fixedVerifiers(tb testing.TB) (all []*jwt.Verifier) {
	tb.Helper()
	k := fixedKeys()
	rsaKey, errRSA := jwt.ParseKey(k.rsa)
	ec, errEC := jwt.ECDSAKey("ec", &k.es.PublicKey)
	ed, errEd := jwt.Ed25519Key("ed", k.ed.Public().(ed25519.PublicKey))
	hs, errHS := jwt.HMACKey("", jwt.HS256, k.secret)
	if err := errors.Join(errRSA, errEC, errEd, errHS); err != nil {
		tb.Fatal(err)
	}
	set, err := jwt.NewKeySet(rsaKey, ec, ed)
	if err != nil {
		tb.Fatal(err)
	}
	audience := []string{"api.example"}
	public := jwt.Config{Issuer: "public.example", Audience: audience, Keys: set}
	secret := jwt.Config{Issuer: "secret.example", Audience: audience, Keys: hs}
	access, id, narrow := secret, public, public
	access.Profile, access.MaxAge = jwt.AccessToken, time.Hour
	id.Profile, id.Clients = jwt.IDToken, []string{"api.example", "client"}
	narrow.Algorithms = []jwt.Algorithm{jwt.PS256, jwt.EdDSA}
	for _, configs := range [][]jwt.Config{{public, secret}, {public}, {secret}, {access}, {id}, {narrow}} {
		all = append(all, newVerifier(tb, configs...))
	}
	return all
}

// fixedTokens are the tokens of the fuzz targets: their corpora, the vectors, and variations of good
// tokens.
func fixedTokens(tb testing.TB) (tokens []string) {
	tb.Helper()
	for _, v := range tokenVectors(tb) {
		tokens = append(tokens, v.Token)
	}
	for _, values := range corpus(tb, "FuzzVerify") {
		tokens = append(tokens, values[0])
	}
	for _, values := range corpus(tb, "FuzzVerifySigned") {
		for _, alg := range fixedAlgorithms {
			tokens = append(tokens, sign(alg, values[0], values[1]))
		}
	}
	for _, alg := range fixedAlgorithms {
		good := goodToken(alg)
		tokens = append(tokens, good, good[:len(good)-1], good+"=", good+"\n", "Bearer "+good, "\""+good+"\"", strings.Replace(good, ".", "\r\n.", 1), good+"."+good)
	}
	header, now := `{"alg":"HS256","typ":"at+jwt"}`, strconv.FormatInt(time.Now().Unix(), 10)
	for _, payload := range []string{
		`{"iss":"secret.example","aud":["x","api.example"],"sub":"s","client_id":"client","jti":"1","iat":` + now + `,"exp":253402300799}`,
		`{"iss":"public.example","aud":["x","api.example"],"sub":"s","azp":"api.example","iat":1,"exp":253402300799,"client_id":"other"}`,
		`{"iss":"secret.example","aud":"api.example","exp":1,"nbf":253402300799,"iat":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799,"exp2":"` + b64(header) + `"}`,
		`{"iss":"` + b64(header) + `","aud":"` + b64(header) + `","exp":1,"` + b64(header) + `":1}`,
		`{"iss":7,"aud":7,"sub":7,"exp":"1","nbf":1e300,"iat":null,"client_id":1,"azp":1,"jti":1,"cnf":1,"scope":[1]}`,
		`[]`, `null`, `{`, "{\"\xff\":1}", `{"a":"\u202e<script>","b":[1,{"c":"d"}]}`} {
		tokens = append(tokens, sign(jwt.HS256, header, payload), sign(jwt.EdDSA, `{"alg":"EdDSA","kid":"ed"}`, payload))
	}
	return append(tokens, "", ".", "..", "...", "....", "e30.e30.e30", "a.b.c.d.e", "eyJ", "opaque", "Bearer", "{", strings.Repeat(".", 20000),
		strings.Repeat("A", 17000)+".e30.AA", strings.Repeat("A", 70000), b64(header)+"."+strings.Repeat("A", 20000)+".AA", `{"access_token":"`+goodToken(jwt.HS256)+`"}`)
}

// refusals are tokens that verifierOf refuses, with one for every reason that Verify gives.
func refusals() map[string]string {
	iss := testIssuer()
	good := iss.Token(nil)
	header := func(text string) string { return withPart(good, 0, b64(text)) }
	headed := func(name string, value any) string {
		return iss.Mint(jwttest.Spec{Header: map[string]any{name: value}})
	}
	with := func(name string, value any) string { return iss.Token(claims{name: value}) }
	future := time.Now().Add(time.Hour).Unix()
	return map[string]string{
		"empty": "", "opaque": "2YotnFZFEjr1zCsicMWpAA", "two parts": "eyJhbGciOiJSUzI1NiJ9.e30", "four parts": good + ".e30",
		"encrypted": "eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA", "no header": withPart(good, 0, ""), "no payload": withPart(good, 1, ""), "no signature": withPart(good, 2, ""),
		"too large": withPart(good, 1, strings.Repeat("A", 16<<10)), "header too large": header(`{"alg":"RS256","x":"` + strings.Repeat("A", 4<<10) + `"}`),
		"JSON": `{"payload":"e30","protected":"e30","signature":"AA"}`, "padding": good + "=", "stray bits": withPart(good, 2, "AB"), "NUL": good[:40] + "\x00" + good[40:],
		"header is text": header("no JSON"), "two headers": header(`{"alg":"RS256"}{}`), "duplicate alg": header(`{"alg":"RS256","alg":"RS256"}`), "header too deep": header(`{"x":` + strings.Repeat("[", 40)),
		"no alg": header(`{"kid":"rs256-1"}`), "kid number": header(`{"alg":"RS256","kid":1}`), "crit": headed("crit", []string{"exp"}), "nested": headed("cty", "JWT"),
		"alg none": header(`{"alg":"none"}`), "alg unknown": header(`{"alg":"RSA-OAEP"}`), "kid unknown": headed("kid", "nobody"), "kid of another algorithm": headed("kid", iss.Key(jwt.ES256).KeyID()),
		"payload changed": withPart(good, 1, b64(`{"iss":"x"}`)), "signature of another": otherIssuer().Token(claims{"iss": iss.URL}),
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

var sentinels = map[string]error{
	"ErrMalformed": jwt.ErrMalformed, "ErrKey": jwt.ErrKey, "ErrSignature": jwt.ErrSignature, "ErrExpired": jwt.ErrExpired, "ErrNotYetValid": jwt.ErrNotYetValid,
	"ErrClaims": jwt.ErrClaims, "ErrBinding": jwt.ErrBinding, "ErrScope": jwt.ErrScope, "ErrAuthentication": jwt.ErrAuthentication, "ErrUnavailable": jwt.ErrUnavailable,
}

// refusalOf is the *jwt.Error of a report; nil if it has none.
func refusalOf(r *explain.Report) *jwt.Error {
	var e *jwt.Error
	errors.As(r.Refusal, &e)
	return e
}

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
	case got.Error() != e.Error() || "jwt: "+r.Text != e.Error():
		return fmt.Sprintf("the report says %q", r.Text)
	case fmt.Sprintf("%q", []string{got.Member, got.Got, got.Want, got.Hint, got.Issuer, got.KeyID}) != fmt.Sprintf("%q", []string{e.Member, e.Got, e.Want, e.Hint, e.Issuer, e.KeyID}):
		return "the fields of the two refusals differ"
	}
	for name, sentinel := range sentinels {
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
		if run := sharedRun(token, text); run != "" {
			tb.Fatalf("a report repeats %q of the token: %q", run, text)
		}
	}
}

// sharedRun finds 17 bytes of the token in a text. Only runs of the characters that tokens are made of
// count.
func sharedRun(token, text string) string {
	const length = 17
	start := 0
	for i := range len(text) {
		if c := text[i]; !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.') {
			start = i + 1
		} else if i+1-start >= length {
			if run := text[i+1-length : i+1]; strings.Contains(token, run) {
				return run
			}
		}
	}
	return ""
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
