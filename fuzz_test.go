// This file states what must hold for any input at all, and lets the fuzzer look for one where it
// does not: for tokens, JSON, base64url, dates, key sets, metadata, claims and Authorization headers.

package jwt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

var fuzzAlgorithms = []jwt.Algorithm{jwt.HS256, jwt.EdDSA, jwt.ES256, jwt.RS256}

// Any text at all, as a token.
func FuzzVerify(f *testing.F) {
	for _, v := range fixture.TokenVectors(f) {
		f.Add(v.Token, uint(3))
	}
	for n, alg := range fuzzAlgorithms {
		good := fixture.FixedToken(f, alg)
		f.Add(good, uint(n))
		f.Add(good[:len(good)-1], uint(n))
		f.Add(good+"=", uint(n))
		f.Add(good+"\n", uint(n))
		f.Add(strings.Replace(good, ".", "\r\n.", 1), uint(n))
		f.Add(good+"."+good, uint(n))
	}
	// The integer s of an ECDSA signature with a zero before it, and signatures that are too short.
	es := fixture.FixedToken(f, jwt.ES256)
	dot := strings.LastIndexByte(es, '.') + 1
	if rs, err := base64.RawURLEncoding.DecodeString(es[dot:]); err == nil {
		f.Add(es[:dot]+base64.RawURLEncoding.EncodeToString(slices.Insert(rs, 32, 0)), uint(0))
	}
	f.Add(es[:dot]+"AA", uint(0))
	f.Add(es[:len(es)-4], uint(0))
	f.Add("", uint(0))
	f.Add("..", uint(0))
	f.Add("e30.e30.e30", uint(0))
	f.Add(strings.Repeat(".", 20000), uint(0))
	f.Add(strings.Repeat("A", 17000)+".e30.AA", uint(0))
	verifiers := fixture.FixedVerifiers(f)
	f.Fuzz(func(t *testing.T, token string, bit uint) {
		for _, v := range verifiers {
			checkVerify(t, v, token, bit)
		}
	})
}

// Any header and any payload under a signature that holds, so that the later steps are reached.
func FuzzVerifySigned(f *testing.F) {
	for n, alg := range fuzzAlgorithms {
		good := strings.Split(fixture.FixedToken(f, alg), ".")
		header, _ := base64.RawURLEncoding.DecodeString(good[0])
		payload, _ := base64.RawURLEncoding.DecodeString(good[1])
		f.Add(string(header), string(payload), byte(n), uint(n))
	}
	const header = `{"alg":"HS256","typ":"at+jwt"}`
	encoded := base64.RawURLEncoding.EncodeToString([]byte(header))
	for _, payload := range []string{
		fixture.AccessClaims(),
		`{"iss":"secret.example","aud":"api.example","exp":1,"nbf":253402300799,"iat":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","cnf":{"jkt":"x"},"exp":253402300799}`,
		`{"iss":"secret.example/","aud":["API.example"],"aud ":1,"exp":"1"}`,
		`{"iss":"secret.example/","aud":"api.example","exp":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799,"nbf":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799,"iat":253402300799}`,
		`{"iss":"secret.example","iss":"public.example"}`,
		`{"iss":"secret.example","aud":"api.example","exp":1e300}`,
		`{"iss":"secret.example","aud":"api.example","exp":253402300799.5e-0,"big":1e999,"deep":{"exp":1}}`,
		`{"iss":"secret.example","aud":"api.example","exp":2534023007.98E2,"big":1e999,"deep":{"exp":1}}`,
		// Pieces of the token in its own claims, where refusals repeat them.
		`{"iss":"` + encoded + `","aud":"` + encoded + `","exp":1}`,
		`{"iss":"secret.example","aud":["` + encoded + `","` + encoded + `"],"exp":253402300799}`,
		`{"iss":"secret.example","aud":"api.example","client_id":"` + encoded + `","exp":253402300799}`,
		`[]`, `null`, `{`, "{\"\xff\":1}", "{} {}",
	} {
		f.Add(header, payload, byte(0), uint(1))
	}
	f.Add(`{"alg":"EdDSA","kid":"ed"}`, fixture.IDClaims(`,"client_id":"other"`), byte(1), uint(1))
	f.Add(`{"alg":"Ed25519","kid":"ed","typ":"JWT"}`, fixture.IDClaims(""), byte(1), uint(1))
	const plain = `{"iss":"secret.example","aud":"api.example","exp":253402300799}`
	for _, header := range []string{
		`{"alg":"none"}`, `{"alg":"hs256"}`, `{"alg":"HS384"}`, `{"alg":"RS256"}`, `{"alg":"RS256","kid":"rsa"}`, `{"alg":"EdDSA","kid":"none"}`,
		`{"alg":"HS256","crit":["b64"],"b64":false}`, `{"alg":"HS256","cty":"JWT"}`, `{"alg":"HS256","typ":"dpop+jwt"}`,
		`{"alg":"HS256","kid":7}`, `{"alg":"HS256","alg":"HS256"}`, `{"ALG":"HS256"}`, `{"alg":"HS\u0032\u00356"}`,
		`{"alg":"HS256","kid":"` + base64.RawURLEncoding.EncodeToString([]byte(plain)) + `"}`,
	} {
		f.Add(header, plain, byte(0), uint(2))
		// Under an unknown key a refusal repeats the issuer, too.
		f.Add(header, `{"iss":"`+base64.RawURLEncoding.EncodeToString([]byte(header))+`"}`, byte(1), uint(2))
	}
	// A run of 17 bytes and no more, at every place of a kid.
	run := base64.RawURLEncoding.EncodeToString([]byte(plain))[:17]
	for n := range 20 {
		f.Add(`{"alg":"EdDSA","kid":"`+strings.Repeat("-", n)+run+`-"}`, plain, byte(1), uint(n))
	}
	verifiers, k := fixture.FixedVerifiers(f), fixture.FixedKeys()
	f.Fuzz(func(t *testing.T, header, payload string, alg byte, bit uint) {
		// RSA signing is slow, and its tokens differ by their signature alone.
		token := k.Sign(t, fuzzAlgorithms[alg%3], header, payload)
		for _, v := range verifiers {
			checkVerify(t, v, token, bit)
		}
	})
}

// checkVerify holds one verification against everything that is promised of all.
func checkVerify(t *testing.T, v fixture.FixedVerifier, token string, bit uint) {
	t.Helper()
	got, err := v.Verify(context.Background(), token)
	if (got == nil) != (err != nil) {
		t.Fatalf("the token is %v and the error %v", got, err)
	}
	if err != nil {
		checkRefusal(t, token, err)
		return
	}
	checkAccepted(t, v, got, token)
	flipped := []byte(token)
	flipped[bit/8%uint(len(token))] ^= 1 << (bit % 8)
	if _, err := v.Verify(context.Background(), string(flipped)); err == nil {
		t.Fatalf("accepted with another bit %d:\n%q\n%q", bit, token, flipped)
	}
}

// checkRefusal checks what kind of error a refusal is, and that it does not repeat the token.
func checkRefusal(t *testing.T, token string, err error) {
	t.Helper()
	var e *jwt.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	if n := countSentinels(e); n != 1 {
		t.Fatalf("the error wraps %d sentinels: %v", n, err)
	}
	texts := []string{err.Error(), fmt.Sprint(err), fmt.Sprintf("%+v", err)}
	var walk func(*jwt.Error)
	walk = func(e *jwt.Error) {
		if n := countSentinels(e); n != 1 {
			t.Fatalf("a further error wraps %d sentinels: %v", n, e)
		}
		texts = append(texts, e.Member, e.Got, e.Want, e.Hint, e.Issuer, e.KeyID, e.Error())
		for _, attr := range e.LogValue().Group() {
			// The reason is one of our constants, of which some are longer than a run.
			if attr.Key != "reason" {
				texts = append(texts, attr.Value.Resolve().String())
			} else if attr.Value.String() != string(e.Reason) {
				t.Fatalf("the logged reason is %v, want %s", attr.Value, e.Reason)
			}
		}
		for _, other := range e.Also {
			walk(other)
		}
	}
	walk(e)
	var line bytes.Buffer
	slog.New(slog.NewJSONHandler(&line, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 && a.Key == "reason" {
			return slog.Attr{}
		}
		return a
	}})).Error("refused", "error", err)
	texts = append(texts, line.String())
	for _, text := range texts {
		if run := fixture.SharedRun(token, text); run != "" {
			t.Fatalf("a refusal repeats %q of the token: %q", run, text)
		}
	}
}

func countSentinels(err error) (n int) {
	for _, sentinel := range fixture.Sentinels {
		if errors.Is(err, sentinel) {
			n++
		}
	}
	return n
}

// checkAccepted reads an accepted token again, with other code, and holds it against the policy.
func checkAccepted(t *testing.T, v fixture.FixedVerifier, got *jwt.Token, token string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("accepted with %d parts: %q", len(parts), token)
	}
	var texts [3][]byte
	for i, part := range parts {
		text, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || len(text) == 0 || base64.RawURLEncoding.EncodeToString(text) != part {
			t.Fatalf("accepted in a second spelling (%v): %q", err, token)
		}
		texts[i] = text
	}
	decoded, err := decodeJSON(string(texts[0]))
	header, ok := decoded.(map[string]any)
	if !ok {
		t.Fatalf("accepted with the header %q (%v)", texts[0], err)
	}
	decoded, err = decodeJSON(string(texts[1]))
	claims, ok := decoded.(map[string]any)
	if !ok {
		t.Fatalf("accepted with the payload %q (%v)", texts[1], err)
	}
	i := slices.IndexFunc(v.Configs, func(c jwt.Config) bool { return claims["iss"] == any(c.Issuer) })
	if i < 0 || got.Issuer() != v.Configs[i].Issuer {
		t.Fatalf("accepted from %v (%q)", claims["iss"], got.Issuer())
	}
	checkHeader(t, v.Configs[i], header, len(texts[2]))
	checkPolicy(t, v.Configs[i], got, claims)
}

func checkHeader(t *testing.T, c jwt.Config, header map[string]any, signatureSize int) {
	t.Helper()
	text := func(name string) string {
		s, _ := header[name].(string)
		return strings.TrimPrefix(strings.ToLower(s), "application/")
	}
	alg := jwt.Algorithm(fmt.Sprint(header["alg"]))
	sizes := map[jwt.Algorithm]int{jwt.RS256: 256, jwt.ES256: 64, jwt.EdDSA: 64, jwt.Ed25519: 64}
	if c.Issuer == fixture.FixedSecretIssuer {
		sizes = map[jwt.Algorithm]int{jwt.HS256: 32}
	}
	if c.Algorithms != nil && !slices.Contains(c.Algorithms, alg) && alg != jwt.Ed25519 { // another name of EdDSA
		t.Fatalf("accepted with %s, which is none of %q", alg, c.Algorithms)
	}
	if sizes[alg] == 0 || signatureSize != sizes[alg] {
		t.Fatalf("accepted from %s with %s and %d bytes of signature", c.Issuer, alg, signatureSize)
	}
	for _, name := range []string{"crit", "b64"} {
		if _, ok := header[name]; ok {
			t.Fatalf("accepted with %s", name)
		}
	}
	access := text("typ") == "at+jwt"
	switch {
	case text("cty") == "jwt":
		t.Fatal("accepted with a token inside")
	case c.Profile == jwt.AccessToken && !access, c.Profile == jwt.IDToken && access, !access && strings.HasSuffix(text("typ"), "+jwt"):
		t.Fatalf("accepted with the type %v", header["typ"])
	}
}

func checkPolicy(t *testing.T, c jwt.Config, got *jwt.Token, claims map[string]any) {
	t.Helper()
	text := func(name string) string {
		s, _ := claims[name].(string)
		return s
	}
	date := func(name string) float64 {
		n, _ := claims[name].(json.Number)
		seconds, err := n.Float64()
		if err != nil {
			t.Fatalf("accepted with %s %v", name, claims[name])
		}
		return seconds
	}
	audience, _ := claims["aud"].([]any)
	if one, ok := claims["aud"].(string); ok {
		audience = []any{one}
	}
	if !slices.Contains(audience, any(fixture.FixedAudience)) {
		t.Fatalf("accepted for %v", claims["aud"])
	}
	// A second of tolerance beside the leeway: this is not the moment of the verification.
	const leeway = 31
	now := float64(time.Now().Unix())
	if expires := date("exp"); expires+leeway < now || math.Abs(expires-float64(got.ExpiresAt().Unix())) > 1 {
		t.Fatalf("accepted until %v (%v)", claims["exp"], got.ExpiresAt())
	}
	for _, name := range []string{"nbf", "iat"} {
		if _, ok := claims[name]; ok && date(name) > now+leeway {
			t.Fatalf("accepted with %s %v", name, claims[name])
		}
	}
	if c.MaxAge > 0 && date("iat")+c.MaxAge.Seconds()+leeway < now {
		t.Fatalf("accepted though issued at %v", claims["iat"])
	}
	for _, name := range map[jwt.Profile][]string{jwt.AccessToken: {"sub", "client_id", "jti"}, jwt.IDToken: {"sub"}}[c.Profile] {
		if text(name) == "" {
			t.Fatalf("accepted with %s %v", name, claims[name])
		}
	}
	client := "" // the first that is present, even if it is empty
	for _, name := range []string{"client_id", "azp", "cid", "appid"} {
		if value, ok := claims[name].(string); ok {
			client = value
			break
		}
	}
	if c.Clients != nil && !slices.Contains(c.Clients, client) || got.ClientID() != client || got.Subject() != text("sub") {
		t.Fatalf("accepted for the client %q (%q) and the subject %q", client, got.ClientID(), got.Subject())
	}
	if confirmation, _ := claims["cnf"].(map[string]any); len(confirmation) > 0 {
		t.Fatalf("accepted with cnf %v", confirmation)
	}
}

// JSON: what the strict scanner accepts is what encoding/json accepts, less five classes.
func FuzzScanner(f *testing.F) {
	deep := func(n int, open, close string) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(close, n)
	}
	wide := func(n int) string {
		var b strings.Builder
		b.WriteByte('{')
		for i := range n {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		return strings.TrimSuffix(b.String(), ",") + "}"
	}
	for _, text := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `null`, `true`, `false`, ``, ` `, "\ufeff{}",
		`{"a":1,"b":[1,2.5e-3,{"c":null}],"d":"x\n\"\\\/\b\f\r\t"}`,
		`{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":1,"\u0061":2}`, `{"a":{},"b":{"a":1},"a":1}`,
		`"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\u0041"`, `"\ud83dx\ude00"`, `"\ude00\ude00"`, `"\ud83d\ue000"`, `"\\ud83d"`, `"\uD83D\uDE00\u00e9"`,
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"", "\"é\u2028\U0001f600\"", "\"\x00\"", "\"\x1f\"", "\"\n\"", "\"\x7f\"", "{}\x00",
		`01`, `1.`, `.5`, `1e`, `1e+`, `+1`, `-`, `0x1`, `1e999999999`, `123456789012345678901234567890`,
		`[1,]`, `{"a":1,}`, `{,}`, `[,1]`, `{"a" 1}`, `{a:1}`, `{} {}`, `[1 2]`, `"a`, `"\x"`, `"\u12"`, `tru`, `nullx`, `{"":""}`,
		"\t{\r\n\"a\" : [ ] }\n", `[[[]],{}]`, `{"a":[{"a":1},{"a":1}],"b":1}`,
		deep(32, "[", "]"), deep(33, "[", "]"), deep(32, `{"a":`, "}"), deep(33, `{"a":`, "}"),
		wide(24), wide(25), wide(1000), wide(1001), `{"x":` + wide(25) + `,"y":` + wide(25) + `}`, `{"x":` + wide(25) + `,"y":` + wide(25) + `,"x":1}`,
	} {
		f.Add(text)
	}
	for _, v := range fixture.TokenVectors(f) {
		f.Add(v.Payload)
		f.Add(v.Token) // some are JSON serializations
	}
	f.Fuzz(checkScan)
}

func checkScan(t *testing.T, text string) {
	got, fault := jwt.ScanJSON(text)
	want, err := decodeJSON(text)
	if err != nil {
		if fault == "" {
			t.Fatalf("accepted, and encoding/json says %v: %q", err, text)
		}
		return
	}
	var classes []string
	for _, class := range strictClasses {
		if class.holds(text) {
			classes = append(classes, class.fault)
		}
	}
	switch {
	case fault == "" && len(classes) > 0:
		t.Fatalf("accepted, and it is of class %q: %q", classes, text)
	case fault == "" && !reflect.DeepEqual(got, want):
		t.Fatalf("%q is %#v, and encoding/json says %#v", text, got, want)
	case fault != "" && len(classes) == 0:
		t.Fatalf("refused for %q, and encoding/json accepts it as %#v: %q", fault, want, text)
	case fault != "" && !slices.ContainsFunc(classes, func(c string) bool { return strings.HasPrefix(fault, c) }):
		t.Fatalf("refused for %q, and it is of class %q: %q", fault, classes, text)
	}
}

// decodeJSON is encoding/json with numbers as they are written, for one text and nothing behind it.
func decodeJSON(text string) (value any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err = d.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows: %v", err)
	}
	return value, nil
}

// strictClasses are what the scanner refuses of what encoding/json accepts, under the words with
// which it refuses it.
var strictClasses = []struct {
	fault string
	holds func(text string) bool
}{
	{"not UTF-8", func(text string) bool { return !utf8.ValidString(text) }},
	{"a lone surrogate", hasLoneSurrogate},
	{"duplicate member", func(text string) bool { return shapeOf(text).duplicate }},
	{"nested too deep", func(text string) bool { return shapeOf(text).depth > 32 }},
	{"too many members", func(text string) bool { return shapeOf(text).members > 1000 }},
}

type jsonShape struct {
	duplicate      bool
	depth, members int
}

// shapeOf walks a valid text by the tokens of encoding/json.
func shapeOf(text string) (s jsonShape) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var walk func(depth int)
	walk = func(depth int) {
		token, err := d.Token()
		if err != nil {
			panic(err)
		}
		delim, ok := token.(json.Delim)
		if !ok {
			return
		}
		s.depth = max(s.depth, depth+1)
		names := map[string]bool{}
		members := 0
		for d.More() {
			if delim == '{' {
				name, err := d.Token()
				if err != nil {
					panic(err)
				}
				members++
				s.members = max(s.members, members)
				s.duplicate = s.duplicate || names[name.(string)]
				names[name.(string)] = true
			}
			walk(depth + 1)
		}
		if _, err := d.Token(); err != nil {
			panic(err)
		}
	}
	walk(0)
	return s
}

// hasLoneSurrogate looks at the escapes of a valid text from left to right.
func hasLoneSurrogate(text string) bool {
	unit := func(i int) int64 { // of \uXXXX at i; -1 if there is none
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
			return -1
		}
		n, err := strconv.ParseUint(text[i+2:i+6], 16, 16)
		if err != nil {
			return -1
		}
		return int64(n)
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		switch u := unit(i); {
		case u < 0:
			i++ // an escape of one character
		case u >= 0xdc00 && u <= 0xdfff:
			return true
		case u >= 0xd800 && u <= 0xdbff:
			if low := unit(i + 6); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		default:
			i += 5
		}
	}
	return false
}

// base64url: one spelling, that of the encoder.
func FuzzBase64url(f *testing.F) {
	for _, text := range []string{"", "A", "AA", "AB", "AAA", "AAB", "AAAA", "AA==", "A-_A", "A+/A", "AA\n", "\r\nAAAA", "AA AA", "A\x80AA",
		strings.Repeat("Ab-_", 64), strings.Repeat("Ab-_", 64) + "A", strings.Repeat("Ab-_", 64) + "Aw", strings.Repeat("Ab-_", 200) + "Abc"} {
		f.Add(text)
	}
	for _, v := range fixture.TokenVectors(f) {
		for part := range strings.SplitSeq(v.Token, ".") {
			f.Add(part)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := base64.RawURLEncoding.Strict().DecodeString(text)
		valid := err == nil && !strings.ContainsAny(text, "\r\n")
		decoded, ok := jwt.DecodeBase64url(text)
		if ok != valid {
			t.Fatalf("accepted is %v, and encoding/base64 says %v: %q", ok, err, text)
		}
		if !ok {
			return
		}
		if !bytes.Equal(decoded, want) {
			t.Fatalf("%q is %q, want %q", text, decoded, want)
		}
		if again := jwt.EncodeBase64url(decoded); again != text {
			t.Fatalf("%q encodes as %q", text, again)
		}
	})
}

// Key sets: never a panic, and the same bytes are always the same set.
func FuzzParseKeySet(f *testing.F) {
	for name := range fixture.VectorCounts {
		for _, v := range fixture.Vectors(f, name) {
			if v.JWKS != nil {
				f.Add([]byte(v.JWKS))
			}
			if v.JWK != nil {
				f.Add([]byte(`{"keys":[` + string(v.JWK) + `]}`))
			}
		}
	}
	const ed = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
	for _, text := range []string{
		``, `{}`, `[]`, `{"keys":{}}`, `{"keys":[]}`, `{"keys":[1,null,[],{}]}`, `{"KEYS":[` + ed + `}]}`,
		`{"keys":[` + ed + `},1]}`, `{"keys":[` + ed + `,"kid":"a"},` + ed + `,"kid":"a"}]}`, `{"keys":[` + ed + `,"kid":"a","alg":"Ed25519"},` + ed + `,"kid":"b","use":"enc"}]}`,
		`{"keys":[` + ed + `,"key_ops":["sign","verify"]},` + ed + `,"key_ops":["sign"]}],"x":[{"y":{}}]}`,
		`{"keys":[` + ed + `,"d":"AA"},` + ed + `,"x5c":["AA=="]},` + ed + `,"kid":1},` + ed + `,"alg":"RS256"},` + ed + `}]}`,
		`{"keys":[` + strings.Repeat(`{},`, 99) + ed + `}]}`, `{"keys":[` + strings.Repeat(`{},`, 100) + ed + `}]}`,
		`{"keys":[` + ed + `}]} x`, `{"keys":[` + ed + `}],"keys":[]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		set, err := jwt.ParseKeySet(data)
		again, errAgain := jwt.ParseKeySet(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if (set == nil) != (err != nil) {
			t.Fatalf("the set is %v and the error %v", set, err)
		}
		if fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("the errors are %v and %v", err, errAgain)
		}
		if err != nil {
			return
		}
		keys, skipped := set.Keys(), set.Skipped()
		if len(keys) == 0 || len(keys)+len(skipped) > 100 {
			t.Fatalf("%d keys are usable and %d skipped", len(keys), len(skipped))
		}
		if a, b := keyNames(keys), keyNames(again.Keys()); !slices.Equal(a, b) || !slices.Equal(a, keyNames(set.Keys())) {
			t.Fatalf("the keys are %q and %q", a, b)
		}
		if !slices.Equal(skipped, again.Skipped()) {
			t.Fatalf("skipped are %q and %q", skipped, again.Skipped())
		}
		for _, s := range skipped {
			if s.Reason == "" {
				t.Fatalf("a key is skipped without a reason: %q", s)
			}
		}
		checkElements(t, data, keys)
		for _, k := range keys {
			checkUsableKey(t, set, k)
		}
	})
}

func keyNames(keys []*jwt.Key) (names []string) {
	for _, k := range keys {
		names = append(names, fmt.Sprintf("%q %s %s %v", k.KeyID(), k.Algorithm(), k.Thumbprint(), k))
	}
	return names
}

// checkElements holds a set against its elements, each parsed alone. Secrets are the one difference.
// What is usable must look so to other code, too.
func checkElements(t *testing.T, data []byte, keys []*jwt.Key) {
	t.Helper()
	var document map[string]json.RawMessage
	var elements []json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &document); err != nil {
		t.Fatalf("accepted, and encoding/json says %v", err)
	}
	if err := json.Unmarshal(document["keys"], &elements); err != nil {
		t.Fatalf("accepted, and encoding/json says of keys: %v", err)
	}
	var alone []*jwt.Key
	for _, element := range elements {
		if k, err := jwt.ParseKey(element); err == nil && k.Thumbprint() != "" {
			alone = append(alone, k)
			checkMembers(t, element)
		}
	}
	if a, b := keyNames(keys), keyNames(alone); !slices.Equal(a, b) {
		t.Fatalf("the keys of the set are %q, one by one they are %q", a, b)
	}
}

func checkMembers(t *testing.T, element json.RawMessage) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(element, &members); err != nil {
		t.Fatal(err)
	}
	size := map[any]int{"Ed25519": 32, "P-256": 32, "P-384": 48, "P-521": 66}[members["crv"]]
	for _, name := range map[any][]string{"EC": {"x", "y"}, "OKP": {"x"}}[members["kty"]] {
		text, _ := members[name].(string)
		if octets, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "=")); err != nil || len(octets) != size {
			t.Fatalf("usable with %s of %d bytes (%v): %s", name, len(octets), err, element)
		}
	}
	for name, value := range members {
		if list, ok := value.([]any); value == nil || value == "" || ok && len(list) == 0 {
			delete(members, name) // it says nothing
		}
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		if _, ok := members[name]; ok {
			t.Fatalf("usable with %s: %s", name, element)
		}
	}
	use, hasUse := members["use"]
	operations, hasOperations := members["key_ops"]
	list, _ := operations.([]any)
	if hasUse && use != "sig" || hasOperations && !slices.Contains(list, any("verify")) {
		t.Fatalf("usable, and not for verifying: %s", element)
	}
}

// checkUsableKey checks that a key can be found under its own name, or that nothing can.
func checkUsableKey(t *testing.T, set *jwt.KeySet, k *jwt.Key) {
	t.Helper()
	alg := k.Algorithm()
	if alg == "" {
		alg = jwt.RS256
	}
	if strings.HasPrefix(string(alg), "HS") || len(k.Thumbprint()) != 43 {
		t.Fatalf("a set has the key %v", k)
	}
	found, err := set.Key(context.Background(), jwt.Header{Algorithm: alg, KeyID: k.KeyID()})
	var e *jwt.Error
	switch {
	case err == nil && found.Thumbprint() != k.Thumbprint():
		t.Fatalf("under the name of %v is %v", k, found)
	case err != nil && (!errors.As(err, &e) || e.Reason != jwt.ReasonKeyAmbiguous):
		t.Fatalf("%v is not found: %v", k, err)
	}
	if _, err := set.Key(context.Background(), jwt.Header{Algorithm: "none", KeyID: k.KeyID()}); err == nil {
		t.Fatalf("%v answers to none", k)
	}
}

// Metadata: the issuer and the address that encoding/json reads too, from a document that the scanner
// takes, and only addresses where keys may be fetched.
func FuzzMetadata(f *testing.F) {
	const issuer = "https://issuer.example/"
	for _, address := range []string{
		"https://issuer.example/keys", "https://keys.example:8443/a?b=c&d", "https://[2001:db8::1]/k", "HTTPS://issuer.example", "https://a%2eb.example/", "https://é.example/",
		"http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]/keys", "http://127.1/keys", "http://127.0.0.1.evil.example", "http://LOCALHOST/", "http://[::ffff:127.0.0.1]", "http://0.0.0.0/", "http://[::1%25lo]/",
		"http://issuer.example/keys", "ftp://issuer.example", "file:///etc/passwd", "data:application/json,{}", "https:issuer.example", "https://", "https:///keys", "//issuer.example/keys", "/keys", "keys", "",
		"https://user@issuer.example", "https://user:secret@issuer.example", "https://@issuer.example", "https://issuer.example@evil.example/", "https://issuer.example\\@evil.example/",
		"https://issuer.example/#", "https://issuer.example/#keys", "https://issuer.example/a?b#c", "https://issuer.example:port/", "https://issuer.example:/", "https://:443/", "https://a b/", "https://a\nb/", "https://a/\nb", "https://a/%zz", "https://a/ b", " https://a/", "https://a\x7f/",
	} {
		quoted, _ := json.Marshal(address)
		f.Add([]byte(`{"issuer":"https://issuer.example/","jwks_uri":`+string(quoted)+`}`), issuer, len(address)%2 == 0)
		f.Add([]byte(`{"jwks_uri":`+string(quoted)+`,"issuer":"https://issuer.example/","x":[{"jwks_uri":1}]}`), issuer, len(address)%2 == 1)
	}
	const good = `"issuer":"https://issuer.example/","jwks_uri":"https://issuer.example/keys"`
	for _, text := range []string{
		``, `{}`, `[]`, `null`, `{` + good + `}{}`, `{` + good + `} `, `{` + good + `,}`, "\ufeff{" + good + `}`, `[{` + good + `}]`, `{"metadata":{` + good + `}}`,
		`{` + good + `,"issuer":"https://issuer.example/"}`, `{` + good + `,"\u0069ssuer":"https://evil.example/"}`, `{` + good + `,"ISSUER":"https://evil.example/","Jwks_Uri":"https://evil.example/"}`,
		`{` + good + `,"jwks_uri":"https://evil.example/"}`, `{` + good + `,"jwk\u017f_uri":"https://evil.example/","x":{"issuer":1,"issuer":2}}`, "{" + good + ",\"x\":\"\xff\"}", `{` + good + `,"x":"\ud800"}`,
		`{"ISSUER":"https://issuer.example/","JWKS_URI":"https://issuer.example/keys"}`, `{"issuer":"https:\/\/issuer.example\/","jwks_uri":"https:\/\/issuer.example\/keys"}`,
		`{"issuer":["https://issuer.example/"],"jwks_uri":"https://issuer.example/keys"}`, `{"issuer":null,"jwks_uri":"https://issuer.example/keys"}`, `{"issuer":"https://issuer.example/","jwks_uri":["https://issuer.example/keys"]}`,
		`{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}`, `{"issuer":"https://ISSUER.example/","jwks_uri":"https://issuer.example/keys"}`, `{"issuer":"https://issuer.example/","jwks_uri":{}}`,
		`{` + good + `,"id_token_signing_alg_values_supported":["none"],"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
	} {
		f.Add([]byte(text), issuer, false)
	}
	f.Add([]byte(`{"issuer":"","jwks_uri":"https://issuer.example/keys"}`), "", false)
	f.Add([]byte(`{"issuer":"\u0000","jwks_uri":"https://issuer.example/keys"}`), "\x00", true)
	f.Add([]byte("{\"issuer\":\"\xff\",\"jwks_uri\":\"https://issuer.example/keys\"}"), "\xff", true)
	f.Fuzz(func(t *testing.T, document []byte, issuer string, loopback bool) {
		before := bytes.Clone(document)
		got, err := jwt.MetadataAddress(issuer, loopback, document)
		if !bytes.Equal(before, document) {
			t.Fatal("the document was changed")
		}
		want, valid := metadataOf(strings.TrimPrefix(string(document), "\ufeff"), issuer)
		valid = valid && isKeyAddress(want, loopback)
		switch {
		case (err == nil) != valid:
			t.Fatalf("accepted is %v (%v), want %v: %q for %q", err == nil, err, valid, document, issuer)
		case err == nil && got != want:
			t.Fatalf("the address is %q, want %q", got, want)
		case err != nil && (got != "" || err.Error() == ""):
			t.Fatalf("the address %q and the error %v", got, err)
		case err == nil:
			checkKeyAddress(t, got, loopback)
		default:
			fixture.WantPlain(t, err.Error())
		}
	})
}

// metadataOf reads the two members with encoding/json, if the document is none of what the scanner
// refuses, and nothing but the very issuer is in it.
func metadataOf(document, issuer string) (address string, ok bool) {
	decoded, err := decodeJSON(document)
	members, isObject := decoded.(map[string]any)
	if err != nil || !isObject {
		return "", false
	}
	for _, class := range strictClasses {
		if class.holds(document) {
			return "", false
		}
	}
	named, isText := members["issuer"].(string)
	address, hasAddress := members["jwks_uri"].(string)
	return address, isText && hasAddress && named != "" && named == issuer && address != ""
}

// isKeyAddress cuts an address up by hand. What net/url cannot read no request can be made to.
func isKeyAddress(address string, loopback bool) bool {
	u, err := url.Parse(address)
	scheme, rest, ok := strings.Cut(address, "://")
	if err != nil || !ok || strings.Contains(address, "#") {
		return false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		authority = rest[:end]
	}
	host := u.Hostname()
	switch {
	case strings.Contains(authority, "@") || host == "":
		return false
	case strings.EqualFold(scheme, "http"):
		ip, err := netip.ParseAddr(host)
		return loopback && (host == "localhost" || err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback())
	}
	return strings.EqualFold(scheme, "https")
}

// keyAddressForm has no user information, no fragment, no white space and no control character.
var keyAddressForm = regexp.MustCompile(`^(?i:https?)://[^/?#@\\\x00-\x20\x7f]+(?:[/?][^#\x00-\x1f\x7f]*)?$`)

// checkKeyAddress checks that a request can be made to an address, and goes where the address says.
func checkKeyAddress(t *testing.T, address string, loopback bool) {
	t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil || !keyAddressForm.MatchString(address) {
		t.Fatalf("accepted the address %q (%v)", address, err)
	}
	if req.URL.Scheme != "https" && (req.URL.Scheme != "http" || !loopback) || req.URL.User != nil || req.URL.Fragment != "" || req.Host == "" {
		t.Fatalf("accepted the address %q: the request is for %v", address, req.URL)
	}
}

// The type that FuzzClaims decodes into, with most kinds of fields.
type (
	fuzzClaims struct {
		fuzzEmbedded
		Subject  string                `json:"sub"`
		Level    int                   `json:"level,omitempty"` // hides that of fuzzEmbedded
		Nested   fuzzNested            `json:"nested"`
		Items    []fuzzNested          `json:"items"`
		Pair     [2]fuzzNested         `json:"pair"`
		ByName   map[string]fuzzNested `json:"by_name"`
		Pointer  **fuzzNested          `json:"pointer"`
		Raw      json.RawMessage       `json:"raw"`
		Any      any                   `json:"any"`
		Time     *time.Time            `json:"time"`
		Self     fuzzSelf              `json:"self"`
		Hidden   string                `json:"-"`
		Untagged string
	}
	fuzzEmbedded struct {
		Region string `json:"region"`
		Level  string `json:"level"`
	}
	fuzzNested struct {
		Name  string      `json:"name"`
		N     int         `json:"n"`
		Inner *fuzzNested `json:"inner"`
	}
	fuzzSelf struct{ Seen any }
)

// UnmarshalJSON sees its value as it is.
func (s *fuzzSelf) UnmarshalJSON(data []byte) (err error) {
	s.Seen, err = decodeJSON(string(data))
	return err
}

// filterClaims is the reference: it keeps the members that have exactly the name of a field. The
// names are listed by hand, level by level.
func filterClaims(payload any) any {
	object, ok := payload.(map[string]any)
	if !ok {
		return payload
	}
	kept := map[string]any{}
	for name, value := range object {
		switch name {
		case "sub", "level", "raw", "any", "time", "self", "Untagged", "region":
			kept[name] = value
		case "nested", "pointer":
			kept[name] = filterNested(value)
		case "items", "pair":
			if list, ok := value.([]any); ok {
				value = slices.Clone(list)
				for i, item := range list {
					value.([]any)[i] = filterNested(item)
				}
			}
			kept[name] = value
		case "by_name":
			if object, ok := value.(map[string]any); ok {
				filtered := map[string]any{}
				for key, item := range object {
					filtered[key] = filterNested(item)
				}
				value = filtered
			}
			kept[name] = value
		}
	}
	return kept
}

func filterNested(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	kept := map[string]any{}
	for name, member := range object {
		switch name {
		case "name", "n":
			kept[name] = member
		case "inner":
			kept[name] = filterNested(member)
		}
	}
	return kept
}

// Claims: what encoding/json decodes, less the members whose names only resemble a field's.
func FuzzClaims(f *testing.F) {
	for _, payload := range []string{
		`{}`, `{"sub":"a","SUB":"b","Sub":"c"}`, `{"SUB":"b"}`, `{"s\u0075b":"a"}`, `{"\u0053ub":"b","sub":"a"}`, `{"ſub":"b"}`,
		`{"level":1,"LEVEL":"x","region":"eu","Region":"us"}`, `{"Untagged":"a","untagged":"b"}`, `{"Hidden":"x","-":"y","hidden":"z"}`,
		`{"nested":{"name":"a","NAME":"b","inner":{"Name":"c","inner":{"name":"d"}}},"Nested":{"name":"x"}}`,
		`{"items":[{"name":"a"},{"Name":"b"},null,{"inner":null}],"pair":[{"NAME":1},{"name":"x"},{"name":"y"}]}`,
		`{"by_name":{"A":{"name":"a"},"a":{"NAME":"b"}},"By_name":{}}`, `{"pointer":{"name":"a","nAme":"b"}}`, `{"pointer":null}`,
		`{"raw": {"a" : [1, "\u00e9"], "A":2},"any":{"Sub":[1,{"sub":null}]}}`, `{"raw":null}`, `{"time":"2026-01-02T03:04:05Z","Time":1}`,
		`{"nested":{"N":1},"items":[{"n":2,"N":3}],"self":{"Seen":1,"seen":{"SEEN":2}}}`, `{"sub":1}`, `{"SUB":1}`, `{"nested":[]}`, `{"items":{}}`, `{"fuzzEmbedded":{"region":"x"}}`, `{"":1,"sub":"a"}`, `{"\u007f\u007f\u007f":1,"Sub":2,"sub":"x"}`,
		`{"any":1e400}`, `{"level":1.5}`, `{"level":9223372036854775808}`, `{"http://example.com/is_root":true}`,
	} {
		f.Add(payload)
	}
	f.Fuzz(checkClaims)
}

func checkClaims(t *testing.T, payload string) {
	document, fault := jwt.ScanJSON(payload)
	if _, ok := document.(map[string]any); fault != "" || !ok {
		return // no token has such a payload
	}
	token := jwt.TokenOf(payload)
	got, err := jwt.Claims[fuzzClaims](token)

	decoded, refErr := decodeJSON(payload)
	if refErr != nil {
		t.Fatal(refErr)
	}
	filtered, refErr := json.Marshal(filterClaims(decoded))
	if refErr != nil {
		t.Fatal(refErr)
	}
	var want fuzzClaims
	wantErr := unmarshalNumbers(filtered, &want)
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("Claims of %q: %v, want %v", payload, err, wantErr)
	}
	if err != nil {
		if !reflect.DeepEqual(got, fuzzClaims{}) {
			t.Fatalf("Claims of %q: an error and a value: %+v", payload, got)
		}
		return
	}
	// A raw message keeps its white space and its escapes: it is compared by what it says.
	raw, rawErr := decodeJSON(string(got.Raw))
	wantRaw, wantRawErr := decodeJSON(string(want.Raw))
	if (rawErr != nil) != (wantRawErr != nil) || !reflect.DeepEqual(raw, wantRaw) || !strings.Contains(payload, string(got.Raw)) {
		t.Fatalf("Claims of %q: the raw member is %q, want %q", payload, got.Raw, want.Raw)
	}
	got.Raw, want.Raw = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("Claims of %q:\n got %+v\nwant %+v", payload, got, want)
	}
}

// NumericDate: exact arithmetic decides what is a date.
func FuzzNumericDate(f *testing.F) {
	for _, number := range []string{
		"0", "-0", "0.0", "-0.0", "-1", "1", "1300819380", "1300819380.5", "1300819380.000001", "1.30081938e9", "13008193800e-1", "0.00000000013008193801e19",
		"253402300799", "253402300800", "253402300799.0", "253402300799.5", "253402300798.99999", "253402300799.000001", "253402300799.99999999999999999", "2.53402300799e11", "2534023007990e-1",
		"10e9223372036854775807", "0.01e-9223372036854775808", "1e1000000000", "1e-1000000000", "0e1000000000", "-1e-1000000000", "1e99999999999999999999999", "1e-99999999999999999999999", "18446744073709551616", "99999999999", "999999999999",
		"1e308", "1e309", "-1e309", "5e-324", "0.1", "17592186044415.999999", "251700000000.0000001", "1" + strings.Repeat("0", 400) + "e-400", "0." + strings.Repeat("0", 400) + "1e410",
	} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if !isJSONNumber.MatchString(number) {
			return // the scanner hands over nothing else
		}
		got, ok := jwt.NumericDate(number)
		want, valid := exactDate(number)
		if ok != valid {
			t.Fatalf("accepted is %v, want %v: %s", ok, valid, number)
		}
		if !ok {
			return
		}
		at := new(big.Rat).SetInt64(got.Unix())
		at.Add(at, big.NewRat(int64(got.Nanosecond()), 1e9))
		if difference := at.Sub(at, want); difference.Abs(difference).Cmp(big.NewRat(1, 1e6)) > 0 {
			t.Fatalf("%s is %v: off by %s s", number, got.UTC(), difference.FloatString(12))
		}
	})
}

var isJSONNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$`)

// exactDate computes a number without rounding, unless it is so small or so large that its size
// alone decides: 1e1000000000 has no room in memory.
func exactDate(number string) (*big.Rat, bool) {
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(number), "e")
	if n, err := strconv.Atoi(exponent); len(number) > 400 || scaled && (err != nil || n < -400 || n > 400) {
		return nil, false // beyond what is computed with
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return new(big.Rat), true // zero, whatever its sign and its exponent
	}
	if negative {
		return nil, false
	}
	power, ok := new(big.Int).SetString(strings.TrimPrefix("0"+strings.TrimPrefix(exponent, "+"), "0-"), 10)
	if !ok {
		panic("not a number: " + number)
	}
	if strings.HasPrefix(exponent, "-") {
		power.Neg(power)
	}
	// The number is digits * 10^power, and between 10^(size-1) and 10^size.
	power.Sub(power, big.NewInt(int64(len(fraction))))
	size := new(big.Int).Add(power, big.NewInt(int64(len(digits))))
	switch {
	case size.Cmp(big.NewInt(13)) > 0:
		return nil, false
	case size.Cmp(big.NewInt(-20)) < 0:
		return new(big.Rat), true
	}
	numerator, _ := new(big.Int).SetString(digits, 10)
	value := new(big.Rat).SetInt(numerator)
	scale := new(big.Int).Exp(big.NewInt(10), new(big.Int).Abs(power), nil)
	if power.Sign() < 0 {
		value.Quo(value, new(big.Rat).SetInt(scale))
	} else {
		value.Mul(value, new(big.Rat).SetInt(scale))
	}
	return value, value.Cmp(new(big.Rat).SetInt64(253402300799)) <= 0
}

// The forms of RFC 6750 section 2.1 and RFC 9110 section 11.4, and of the challenge of RFC 6750
// section 3.
var (
	bearerForm    = regexp.MustCompile(`^(?i:bearer) +([A-Za-z0-9._~+/-]+=*)$`)
	schemeForm    = regexp.MustCompile("^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: |$)")
	challengeForm = regexp.MustCompile(`^Bearer(?: realm="((?:[ !#-\[\]-~]|\\["\\])*)")?` +
		`(?:,? error="([ !#-\[\]-~]*)", error_description="[ !#-\[\]-~]*")?` +
		`(?:, scope="([!#-\[\]-~]+(?: [!#-\[\]-~]+)*)")?$`)
	scopeForm = regexp.MustCompile(`^[!#-\[\]-~]+$`)
)

// Authorization: any value of the header, any realm, any scope.
func FuzzAuthorization(f *testing.F) {
	good := fixture.FixedToken(f, jwt.HS256)
	for _, value := range []string{
		"", " ", "Bearer", "Bearer ", "Bearer  ", "bearer " + good, "BEARER   " + good, "Bearer\t" + good, "Bearer " + good + " ", "Bearer " + good + ", x=y",
		"Bearer " + good + "=", "Bearer =", "Bearer a=b", "Bearer abc", "Bearer a.b.c", "Bearer é", "Bearer \"" + good + "\"", "Bearer Bearer " + good,
		"Bearer a,b", good, "Basic dTpw", "DPoP " + good, "Basic", "Bearer," + good, "bearer: " + good, "Bearer\x00" + good, "ſearer x", "Negotiate a.b.c", "a.b.c d",
	} {
		f.Add(value, false, "api", "read:all")
	}
	f.Add("Bearer "+good, true, `a "quoted" \realm`, `wr"ite \ é a  b`)
	f.Add("Bearer "+good, false, "r\r\nSet-Cookie: a=b", "x\r\ny")
	for _, claims := range []string{`"exp":1`, `"exp":253402300799,"nbf":253402300799`, `"exp":253402300799,"cnf":{"jkt":""}`, `"exp":""`} {
		f.Add("Bearer "+fixture.FixedKeys().Sign(f, jwt.HS256, `{"alg":"HS256"}`, `{"iss":"secret.example","aud":"api.example",`+claims+`}`), false, "", "a b")
	}
	for _, header := range []string{`{"alg":"HS256"}`, `{"alg":"RS256"}`, `{"alg":"none"}`} { // whose signature is another's
		f.Add("Bearer "+fixture.FixedKeys().Sign(f, jwt.EdDSA, header, `{"iss":"secret.example"}`), false, "", " ")
	}
	v := fixture.FixedVerifiers(f)[0]
	f.Fuzz(func(t *testing.T, value string, twice bool, realm, scope string) {
		resource, err := jwt.NewResource(v.Verifier, jwt.ResourceConfig{Realm: realm})
		if err != nil {
			return // a realm that is not printable
		}
		req := &http.Request{Method: "GET", URL: &url.URL{Path: "/"}, Header: http.Header{"Authorization": {value}}}
		if twice {
			req.Header.Add("Authorization", value)
		}
		token, err := resource.Check(req)
		if (token == nil) != (err != nil) {
			t.Fatalf("the token is %v and the error %v", token, err)
		}
		credential := bearerForm.FindStringSubmatch(value)
		scheme := schemeForm.FindStringSubmatch(value)
		var sentinel error
		switch {
		case twice:
			sentinel = jwt.ErrRequest
		case value == "":
			sentinel = jwt.ErrNoToken
		case credential != nil:
			_, want := v.Verify(context.Background(), credential[1])
			checkSameRefusal(t, err, want)
		case scheme == nil, strings.EqualFold(scheme[1], "bearer"), strings.Count(scheme[1], ".") > 1:
			sentinel = jwt.ErrRequest // a token without its scheme is a mistake, not another scheme
		case strings.EqualFold(scheme[1], "dpop"):
			sentinel = jwt.ErrBinding // a credential too, whose proof nobody checks
		default:
			sentinel = jwt.ErrNoToken
		}
		if sentinel != nil && !errors.Is(err, sentinel) {
			t.Fatalf("Authorization %q: %v, want %v", value, err, sentinel)
		}
		if err != nil {
			checkRefusal(t, value, err)
			recorder := httptest.NewRecorder()
			resource.Challenge(recorder, req, err)
			checkChallenge(t, recorder, err, realm, "")
		}

		// A good token without the scope that the route asks for.
		scope = strings.ReplaceAll(scope, " ", "_")  // one word
		if scope == "" || !utf8.ValidString(scope) { // a mistake: no token holds it
			return
		}
		recorder := httptest.NewRecorder()
		req.Header = http.Header{"Authorization": {"Bearer " + good}}
		resource.Require(jwt.Scope(scope))(http.NotFoundHandler()).ServeHTTP(recorder, req)
		checkChallenge(t, recorder, jwt.ErrScope, realm, scope)
	})
}

// checkSameRefusal compares reasons: texts tell the time.
func checkSameRefusal(t *testing.T, got, want error) {
	t.Helper()
	var g, w *jwt.Error
	errors.As(got, &g)
	errors.As(want, &w)
	switch {
	case (g == nil) != (w == nil):
		t.Fatalf("the request: %v; its token: %v", got, want)
	case g != nil && (g.Reason != w.Reason || errors.Is(got, jwt.ErrRequest) || errors.Is(got, jwt.ErrNoToken)):
		t.Fatalf("the request: %v; its token: %v", got, want)
	}
}

// checkChallenge checks status, challenge and body of a refusal.
func checkChallenge(t *testing.T, got *httptest.ResponseRecorder, err error, realm, scope string) {
	t.Helper()
	status, code, body := http.StatusUnauthorized, "invalid_token", ""
	switch {
	case errors.Is(err, jwt.ErrNoToken):
		code, body = "", "unauthorized"
	case errors.Is(err, jwt.ErrRequest):
		status, code = http.StatusBadRequest, "invalid_request"
	case errors.Is(err, jwt.ErrScope):
		status, code = http.StatusForbidden, "insufficient_scope"
	}
	if body == "" {
		body = code
	}
	if got.Code != status {
		t.Fatalf("the status is %d, want %d: %v", got.Code, status, err)
	}
	values := got.Header().Values("WWW-Authenticate")
	if len(values) != 1 {
		t.Fatalf("the challenges are %q", values)
	}
	m := challengeForm.FindStringSubmatch(values[0])
	if m == nil {
		t.Fatalf("the challenge is not of the form of RFC 6750: %q", values[0])
	}
	if realm == "" && code == "" && scope == "" {
		realm = "api" // a challenge says something
	}
	if unescaped := regexp.MustCompile(`\\(.)`).ReplaceAllString(m[1], "$1"); unescaped != realm {
		t.Fatalf("the realm is %q, want %q", unescaped, realm)
	}
	if m[2] != code {
		t.Fatalf("the error is %q, want %q: %v", m[2], code, err)
	}
	if !scopeForm.MatchString(scope) {
		scope = "" // no client could ask for it
	}
	if m[3] != scope {
		t.Fatalf("the scope is %q, want %q", m[3], scope)
	}
	var answer map[string]string
	if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil || len(answer) != 2 || answer["error"] != body || answer["error_description"] == "" {
		t.Fatalf("the body is %q, want the error %q", got.Body, body)
	}
	if got.Header().Get("Cache-Control") != "no-store" {
		t.Fatal("the answer may be cached")
	}
}

// Refusals of a whole answer, for the vectors and the corpora of the fuzzer, over HTTP and not: verify
// and answerTo look at each.
func TestCorporaTellNothing(t *testing.T) {
	t.Parallel()
	var tokens []string
	for _, v := range fixture.TokenVectors(t) {
		tokens = append(tokens, v.Token)
	}
	for _, r := range refusals() {
		tokens = append(tokens, r.token)
	}
	for _, name := range []string{"FuzzVerify", "FuzzAuthorization"} {
		for _, input := range fixture.Corpus(t, name) {
			tokens = append(tokens, input...)
		}
	}
	for _, input := range fixture.Corpus(t, "FuzzVerifySigned") {
		for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.EdDSA} {
			tokens = append(tokens, fixture.FixedKeys().Sign(t, alg, input[0], input[1]))
		}
	}
	verifiers := []*jwt.Verifier{fixture.NewVerifier(t)}
	for _, v := range fixture.FixedVerifiers(t) {
		verifiers = append(verifiers, v.Verifier)
	}
	_, before := fixture.Repeated()
	for _, v := range verifiers {
		r, err := jwt.NewResource(v, jwt.ResourceConfig{Realm: "api", Cookie: "session"})
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			fixture.Verify(v, token)
			answerTo(r.Require(jwt.Scope("nobody-has-it")), fixture.Request("Bearer "+token))
			answerTo(r.Require(), fixture.Request(token, token))
			cookie := fixture.Request()
			cookie.Header.Set("Cookie", "session="+token)
			answerTo(r.Require(), cookie)
			query := fixture.Request("Bearer " + token)
			query.URL.RawQuery = "access_token=" + token
			answerTo(r.Require(), query)
		}
	}
	what, looked := fixture.Repeated()
	if n := looked - before; len(tokens) < 230 || n < 5*len(tokens) {
		t.Errorf("%d tokens, %d refusals", len(tokens), n)
	}
	if what != "" {
		t.Error(what)
	}
}

// Identifier: whatever NewResource takes for the identifier of a resource, its metadata is found where the
// challenge says, and has it byte for byte.
func FuzzIdentifier(f *testing.F) {
	for _, identifier := range []string{
		"https://h.example", "https://h.example/", "https://h.example/mcp", "https://h.example/mcp/", "https://h.example:8443/a/b?tenant=x", "https://h.example?a", "https://h.example/?", "https://h.example/a?b=/c/",
		"http://localhost/a%2Fb", "http://[::1]:8080/%7Bid%7D", "https://h.example/a;b,c=d", "HTTPS://H.example/$&'()*+!~@:[]", "https://h.example/%2e%2e/a", "https://h.example//", "https://h.example/a#b", "https://u@h.example", `https://h.example/"`,
		"https://h.example/%00", "https://h.example/%0A", "https://h.example/%ff", "https://h.example/%25", "https://[fe80::1%25en0]/", "https://h%41.example/",
	} {
		f.Add(identifier)
	}
	v := fixture.NewVerifier(f)
	f.Fuzz(func(t *testing.T, identifier string) {
		if r, err := jwt.NewResource(v, jwt.ResourceConfig{Identifier: identifier}); err == nil && identifier != "" {
			checkIdentified(t, r, identifier)
		}
	})
}

// A typeMaker makes the types and documents of FuzzClaimsOfTypes. No two names differ in case alone: where a
// document has the exact names, encoding/json must agree, or claimsDifferences names why it does not.
type typeMaker struct {
	*rand.Rand
	left int // values that a document may still have
}

type (
	fuzzText  int
	fuzzKey   struct{ Text string }
	fuzzEmbed struct {
		fuzzInner
		*FuzzOuter
		A int `json:"x"`
	}
	fuzzInner struct {
		B string
		Y []string `json:"y"`
	}
	FuzzOuter struct {
		B string `json:"B"`
		C *FuzzOuter
		Z map[string]uint8 `json:"z,omitempty"`
	}

	// Conflicts: Hidden has names of Deep, the tag "x" wins over the name, and A1 and A2 take "w" from each other.
	fuzzConflict struct {
		A1
		*A2
		FuzzMiddle
		X string `json:"w1"`
	}
	A1 struct {
		W int    `json:"w"`
		V string `json:"x"`
	}
	A2 struct {
		W string `json:"w"`
		V string `json:"y"`
	}
	FuzzMiddle struct {
		FuzzDeep
		Y []int `json:"B,omitempty"`
		T bool  `json:",string"`
	}
	FuzzDeep struct {
		B map[string]string
		W float64 `json:"w"`
		C *bool   `json:",string"`
		E any     `json:"E"`
	}
	// The same struct, embedded twice at one depth by two ways, and three times at two.
	fuzzTwice struct {
		FuzzLeft
		*FuzzRight
		fuzzInner
	}
	FuzzLeft  struct{ FuzzShared }
	FuzzRight struct {
		FuzzShared
		A uint32 `json:"A"`
	}
	FuzzShared struct {
		fuzzInner
		Q fuzzNames `json:"q"`
	}
	fuzzNames map[fuzzName][]fuzzName
	fuzzName  string
	fuzzTree  struct {
		A map[string]*fuzzTree
		B []fuzzTree
		C [2]*fuzzTree
		*FuzzDeep
	}
	fuzzTagged struct {
		FuzzMiddle  `json:"x"`
		*FuzzDeep   `json:"y"`
		fuzzInner   `json:"z"`
		*FuzzShared `json:"-"`
		//lint:ignore U1000 it is there to be passed over: unexported, and no struct
		fuzzName
		FuzzWord
	}
	FuzzWord string
	fuzzLoop struct {
		//lint:ignore U1000 it is there to be walked
		*fuzzLoop
		B string
	}
	fuzzMaps map[string]struct {
		A string
		C []fuzzMaps
	}
)

// Nothing reads these: an embedded field that is unexported and no struct holds nothing.
var (
	_ = fuzzTagged{}.fuzzName
	_ = fuzzLoop{}.fuzzLoop
)

func (f *fuzzText) UnmarshalText(text []byte) error { *f = fuzzText(len(text)); return nil }

func (f *fuzzKey) UnmarshalText(text []byte) error {
	if len(text) > 7 {
		return errors.New("too long")
	}
	f.Text = string(text)
	return nil
}

var fuzzLeaves = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int64](), reflect.TypeFor[uint16](),
	reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[json.Number](), reflect.TypeFor[any](), reflect.TypeFor[[]byte](),
	reflect.TypeFor[json.RawMessage](), reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[fuzzText](), reflect.TypeFor[fuzzSelf](),
	reflect.TypeFor[map[string]any](), reflect.TypeFor[fuzzEmbed](), reflect.TypeFor[FuzzOuter](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[map[fuzzKey]string](), reflect.TypeFor[map[int]bool](),
	reflect.TypeFor[fuzzConflict](), reflect.TypeFor[fuzzTwice](), reflect.TypeFor[fuzzTree](), reflect.TypeFor[fuzzTagged](), reflect.TypeFor[fuzzNames](), reflect.TypeFor[custom](),
	reflect.TypeFor[fuzzClaims](), reflect.TypeFor[fuzzMaps](), reflect.TypeFor[fuzzLoop](), reflect.TypeFor[quotedClaims](), reflect.TypeFor[*[]**int](),
}

func (m *typeMaker) typeOf(depth int) reflect.Type {
	if depth == 0 || m.IntN(3) == 0 {
		return fuzzLeaves[m.IntN(len(fuzzLeaves))]
	}
	switch m.IntN(8) {
	case 0:
		return reflect.PointerTo(m.typeOf(depth - 1))
	case 1:
		return reflect.SliceOf(m.typeOf(depth - 1))
	case 2:
		return reflect.ArrayOf(m.IntN(4), m.typeOf(depth-1))
	case 3:
		return reflect.MapOf(reflect.TypeFor[string](), m.typeOf(depth-1))
	}
	return m.structOf(depth)
}

func (m *typeMaker) structOf(depth int) reflect.Type {
	var fields []reflect.StructField
	for _, name := range []string{"A", "B", "C"}[:1+m.IntN(3)] {
		tag, in := []string{"", "x", "y", "z", "-", "-,", "B", ",omitempty", "x,string", ",string"}[m.IntN(10)], m.typeOf(max(depth-1, 0))
		if strings.Contains(in.String(), "fuzzText") {
			tag = strings.TrimSuffix(tag, ",string") // which Go before 1.27 gives the type without its quotes
		}
		fields = append(fields, reflect.StructField{Name: name, Type: in, Tag: reflect.StructTag(`json:"` + tag + `"`)})
	}
	for _, name := range []string{"E", "F"}[:m.IntN(3)] {
		if depth == 0 {
			break
		}
		in := m.structOf(depth - 1)
		if m.IntN(3) == 0 {
			in = reflect.PointerTo(in)
		}
		fields = append(fields, reflect.StructField{Name: name, Type: in, Anonymous: true})
	}
	return reflect.StructOf(fields)
}

// document makes a JSON text that mostly fits a type.
func (m *typeMaker) document(typ reflect.Type, depth int) string {
	if m.left--; m.left < 0 || depth == 0 || m.IntN(60) == 0 {
		return []string{"null", "true", `"word"`, "1", "-1.5", "300", "1e400", "18446744073709551616", "[]", "{}", "[1]", `{"q":1}`, `"QUJD"`, `""`}[m.IntN(14)]
	}
	switch typ {
	case reflect.TypeFor[json.Number]():
		return []string{"0", "12", "1e400", "-1.50", `"12"`}[m.IntN(5)]
	case reflect.TypeFor[time.Time]():
		return `"2026-01-02T03:04:05Z"`
	case reflect.TypeFor[netip.Addr]():
		return `"192.0.2.1"`
	case reflect.TypeFor[fuzzText](), reflect.TypeFor[[]byte]():
		return []string{`"QUJD"`, `""`, `"\u0051UI="`, "null"}[m.IntN(4)]
	case reflect.TypeFor[fuzzSelf](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[any]():
		return []string{`{"q":[1,{"q":null}]}`, "null", `"x"`, `[ 1 , 2 ]`, "true", "12345678901234567890.5"}[m.IntN(6)]
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return m.document(typ.Elem(), depth)
	case reflect.String:
		return []string{`"a"`, `"\u00e9\n"`, `"é"`, `""`, "null"}[m.IntN(5)]
	case reflect.Bool:
		return []string{"true", "false", "null"}[m.IntN(3)]
	case reflect.Slice, reflect.Array:
		var all []string
		for range m.IntN(6) {
			all = append(all, m.document(typ.Elem(), depth-1))
		}
		return "[" + strings.Join(all, ",") + "]"
	case reflect.Map, reflect.Struct:
		return m.object(typ, depth)
	case reflect.Interface:
		return "null"
	}
	return []string{"0", "-0", "1", "-1", "127", "128", "255", "65535", "1.5", "9007199254740993", "1e3", "3.5e38"}[m.IntN(12)]
}

func (m *typeMaker) object(typ reflect.Type, depth int) string {
	names := []string{"A", "B", "C", "x", "y", "z", "-", "q", "E"}
	for name := range fuzzFields(typ, 3) {
		names = slices.DeleteFunc(names, func(other string) bool { return strings.EqualFold(name, other) })
		names = append(names, name)
	}
	slices.Sort(names)
	m.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	var all []string
	for _, name := range names[:m.IntN(len(names)+1)] {
		value := ""
		if typ.Kind() == reflect.Map {
			value = m.document(typ.Elem(), depth-1)
		} else {
			value = m.field(typ, name, depth)
		}
		all = append(all, fmt.Sprintf("%q : %s", name, value))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// fuzzFields lists all fields of a struct, and of those embedded in it, that may have a name in JSON. Which one has it is
// what is tested.
func fuzzFields(typ reflect.Type, depth int) map[string][]reflect.StructField {
	all := map[string][]reflect.StructField{}
	if typ.Kind() != reflect.Struct || depth == 0 {
		return all
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		in := f.Type
		if in.Kind() == reflect.Pointer {
			in = in.Elem()
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			for name, fields := range fuzzFields(in, depth-1) {
				all[name] = append(all[name], fields...)
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		all[name] = append(all[name], f)
	}
	return all
}

// field makes the value of one of the fields that may have the name.
func (m *typeMaker) field(typ reflect.Type, name string, depth int) string {
	fields := fuzzFields(typ, 3)[name]
	if len(fields) == 0 {
		return m.document(fuzzLeaves[m.IntN(len(fuzzLeaves))], depth-1)
	}
	f := fields[m.IntN(len(fields))]
	text := m.document(f.Type, depth-1)
	if strings.HasSuffix(f.Tag.Get("json"), ",string") && text != "null" && m.IntN(4) > 0 {
		text = strconv.Quote([]string{"", "", "", " "}[m.IntN(4)] + text)
	}
	return text
}

// Claims into any type: what encoding/json decodes, or an error where it has one.
func FuzzClaimsOfTypes(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, types, documents uint64) {
		typ := (&typeMaker{Rand: rand.New(rand.NewPCG(types, 0))}).typeOf(3)
		m := &typeMaker{Rand: rand.New(rand.NewPCG(documents, 1))}
		for range 4 {
			m.left = 100
			text := m.document(typ, 8)
			got, want := reflect.New(typ), reflect.New(typ)
			err, wantErr := jwt.ClaimsInto(text, got.Elem()), unmarshalNumbers([]byte(text), want.Interface())
			if differenceOf(err, wantErr) != "" {
				continue
			}
			if (err != nil) != (wantErr != nil) || err == nil && !reflect.DeepEqual(got.Interface(), want.Interface()) {
				gotText, _ := json.Marshal(got.Interface())
				wantText, _ := json.Marshal(want.Interface())
				t.Fatalf("%v of %s:\n got %s, %v\nwant %s, %v", typ, text, gotText, err, wantText, wantErr)
			}
		}
	})
}
