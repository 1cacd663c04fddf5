// This file measures what the package costs beside the cryptography that it calls, how that grows, and holds its
// allocations to their ceilings.

package jwt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

var benchAlgorithms = []jwt.Algorithm{
	jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512,
	jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA, jwt.Ed25519, jwt.HS256, jwt.HS384, jwt.HS512,
}

const (
	benchIssuer   = "https://tenant.eu.auth0.com/"
	benchAudience = "https://api.example.com"
	benchKeyID    = "hqXqV3p8dQ2bYwZk1m9Tn"
)

// benchClaims are those of an access token of Auth0 with RBAC.
type benchClaims struct {
	Issuer      string   `json:"iss"`
	Subject     string   `json:"sub"`
	Audience    []string `json:"aud"`
	IssuedAt    int64    `json:"iat"`
	ExpiresAt   int64    `json:"exp"`
	Client      string   `json:"azp"`
	Scope       string   `json:"scope"`
	Permissions []string `json:"permissions"`
}

type (
	benchNested struct {
		benchClaims
		Realm    benchAccess            `json:"realm_access"`
		Resource map[string]benchAccess `json:"resource_access"`
		Act      *struct {
			Subject string `json:"sub"`
		} `json:"act"`
	}
	benchAccess struct {
		Roles []string `json:"roles"`
	}
)

// benchNestedMembers end a payload for benchNested.
const benchNestedMembers = `,"realm_access":{"roles":["offline_access","user"]},"resource_access":{"account":{"roles":["manage","view"]}},"act":{"sub":"service"}}`

// benchToken mints one that is good for a day, after changes.
func benchToken(tb testing.TB, alg jwt.Algorithm, changes ...func(*benchClaims)) string {
	tb.Helper()
	now := time.Now().Unix()
	c := benchClaims{
		Issuer:      benchIssuer,
		Subject:     "auth0|65f1c0ffee15badc0de4a11c",
		Audience:    []string{benchAudience, benchIssuer + "userinfo"},
		IssuedAt:    now,
		ExpiresAt:   now + 86400,
		Client:      "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E",
		Scope:       "openid profile email read:messages",
		Permissions: []string{"read:messages", "write:messages"},
	}
	for _, change := range changes {
		change(&c)
	}
	return fixture.FixedKeys().Sign(tb, alg, `{"alg":"`+string(alg)+`","typ":"JWT","kid":"`+benchKeyID+`"}`, string(fixture.JSON(tb, c)))
}

// benchVerifier trusts one issuer with one key of the algorithm.
func benchVerifier(tb testing.TB, alg jwt.Algorithm, changes ...func(*jwt.Config)) *jwt.Verifier {
	tb.Helper()
	set, err := jwt.NewKeySet(fixture.FixedKeys().Key(tb, benchKeyID, alg))
	if err != nil {
		tb.Fatal(err)
	}
	c := jwt.Config{Issuer: benchIssuer, Audience: []string{benchAudience}, Keys: set}
	for _, change := range changes {
		change(&c)
	}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// bare returns the call of crypto/* that a verification of this token comes down to, at its
// cheapest: bytes are decoded and states are made before.
func bare(tb testing.TB, alg jwt.Algorithm, token string) func() bool {
	tb.Helper()
	k := fixture.FixedKeys()
	dot := strings.LastIndexByte(token, '.')
	input := []byte(token[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		tb.Fatal(err)
	}
	code := k.Hash[alg]
	var digest []byte
	var state hash.Hash
	if code != 0 {
		state = code.New()
	}
	sum := func() []byte {
		state.Reset()
		state.Write(input)
		digest = state.Sum(digest[:0])
		return digest
	}
	switch private := k.Private[alg].(type) {
	case nil:
		state = hmac.New(code.New, k.Secret)
		return func() bool { return hmac.Equal(sum(), signature) }
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			o := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return func() bool { return rsa.VerifyPSS(&private.PublicKey, code, sum(), signature, o) == nil }
		}
		return func() bool { return rsa.VerifyPKCS1v15(&private.PublicKey, code, sum(), signature) == nil }
	case *ecdsa.PrivateKey:
		size := len(signature) / 2
		der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])})
		if err != nil {
			tb.Fatal(err)
		}
		return func() bool { return ecdsa.VerifyASN1(&private.PublicKey, sum(), der) }
	case ed25519.PrivateKey:
		public := private.Public().(ed25519.PublicKey)
		return func() bool { return ed25519.Verify(public, input, signature) }
	}
	tb.Fatalf("no key for %s", alg)
	return nil
}

// BenchmarkVerify stands beside BenchmarkBare.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range benchAlgorithms {
		b.Run(string(alg), func(b *testing.B) {
			v, token := benchVerifier(b, alg), benchToken(b, alg)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBare(b *testing.B) {
	for _, alg := range benchAlgorithms {
		b.Run(string(alg), func(b *testing.B) {
			valid := bare(b, alg, benchToken(b, alg))
			b.ReportAllocs()
			for b.Loop() {
				if !valid() {
					b.Fatal("the signature does not hold")
				}
			}
		})
	}
}

// BenchmarkBeside runs Verify and the bare call in turn, a slice of each, so that both see the same
// machine, and reports what the first costs in terms of the second (x/bare) and what is beside it.
func BenchmarkBeside(b *testing.B) {
	for _, alg := range benchAlgorithms {
		b.Run(string(alg), func(b *testing.B) {
			v, token := benchVerifier(b, alg), benchToken(b, alg)
			valid := bare(b, alg, token)
			reportBeside(b, func() bool {
				_, err := v.Verify(b.Context(), token)
				return err == nil
			}, valid)
		})
	}
}

// reportBeside reports the cost of call as a multiple of base.
func reportBeside(b *testing.B, call, base func() bool) {
	b.Helper()
	c, bare := besides(b, call, base)
	b.ReportMetric(0, "ns/op") // of a slice, which says nothing
	b.ReportMetric(c/bare, "x/bare")
	b.ReportMetric(c-bare, "ns-beside")
}

// besides measures two calls in slices that take turns, in nanoseconds each. Of many short slices the
// quickest tenth counts: the others tell what else the machine was doing.
func besides(b *testing.B, call, base func() bool) (ofCall, ofBase float64) {
	b.Helper()
	const slice = 500 * time.Microsecond
	timed := func(f func() bool, times int) float64 {
		start := time.Now()
		for range times {
			if !f() {
				b.Fatal("it fails")
			}
		}
		return float64(time.Since(start)) / float64(times)
	}
	times := func(f func() bool) int { return 1 + int(float64(slice)/timed(f, 10)) }
	callTimes, baseTimes := times(call), times(base)
	var calls, bases []float64
	for b.Loop() {
		calls, bases = append(calls, timed(call, callTimes)), append(bases, timed(base, baseTimes))
	}
	slices.Sort(calls)
	slices.Sort(bases)
	return calls[len(calls)/10], bases[len(bases)/10]
}

// discard is a ResponseWriter that costs nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header { return d.header }

func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

func (d *discard) WriteHeader(status int) { d.status = status }

func BenchmarkHandler(b *testing.B) {
	for _, c := range []struct {
		name, token string
		remembered  int
		status      int
	}{
		{"accepted", benchToken(b, jwt.RS256), 0, http.StatusNoContent},
		{"remembered", benchToken(b, jwt.RS256), 10, http.StatusNoContent},
		{"refused", "garbage", 0, http.StatusUnauthorized},
	} {
		b.Run(c.name, func(b *testing.B) {
			resource, err := jwt.NewResource(benchVerifier(b, jwt.RS256, fixture.Caching(c.remembered)), jwt.ResourceConfig{})
			if err != nil {
				b.Fatal(err)
			}
			handler := resource.Require(jwt.Scope("read:messages"))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNoContent)
			}))
			req := &http.Request{Method: "GET", URL: &url.URL{Path: "/api"}, Header: http.Header{"Authorization": {"Bearer " + c.token}}}
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				if handler.ServeHTTP(w, req); w.status != c.status {
					b.Fatalf("the status is %d, want %d", w.status, c.status)
				}
			}
		})
	}
}

// A benchRefusal is a token that is refused, and the verifier that refuses it.
type benchRefusal struct {
	name     string
	verifier *jwt.Verifier
	token    string
	reason   jwt.Reason
}

func benchRefusals(tb testing.TB) []benchRefusal {
	tb.Helper()
	one := benchVerifier(tb, jwt.RS256)
	set, err := jwt.NewKeySet(fixture.FixedKeys().Key(tb, benchKeyID, jwt.RS256))
	if err != nil {
		tb.Fatal(err)
	}
	var configs []jwt.Config
	for _, issuer := range []string{"https://a.example/", "https://b.example/", "https://c.example/"} {
		configs = append(configs, jwt.Config{Issuer: issuer, Audience: []string{benchAudience}, Keys: set})
	}
	several, err := jwt.NewVerifier(configs...)
	if err != nil {
		tb.Fatal(err)
	}
	good := benchToken(tb, jwt.RS256)
	unknownKid := fixture.WithPart(good, 0, fixture.B64(`{"alg":"RS256","typ":"JWT","kid":"unknown"}`))
	badSignature := []byte(good)
	if at := &badSignature[len(good)-100]; *at == 'A' {
		*at = 'B'
	} else {
		*at = 'A'
	}
	return []benchRefusal{
		{"garbage", one, "KwLdp9ZsXo3RtGm1bE7uJcYq5HvNfTi2", jwt.ReasonTokenOpaque},
		{"16KiB_of_dots", one, strings.Repeat(".", 16<<10), jwt.ReasonTokenParts},
		{"1MB_of_dots", one, strings.Repeat(".", 1e6), jwt.ReasonTokenTooLarge},
		{"unknown_kid", one, unknownKid, jwt.ReasonKeyUnknown},
		{"unknown_kid_in_cool-down", coolingDown(tb, unknownKid), unknownKid, jwt.ReasonKeyUnknown},
		{"bad_signature", one, string(badSignature), jwt.ReasonSignatureInvalid},
		{"wrong_alg", one, benchToken(tb, jwt.HS256), jwt.ReasonKeyMismatch},
		{"oversized", one, good + strings.Repeat("A", 16<<10), jwt.ReasonTokenTooLarge},
		{"expired", one, benchToken(tb, jwt.RS256, func(c *benchClaims) { c.ExpiresAt = c.IssuedAt - 3600 }), jwt.ReasonTokenExpired},
		{"wrong_issuer_of_several", several, good, jwt.ReasonIssuerMismatch},
	}
}

// coolingDown is a verifier that fetches its keys, and has fetched them for unknown kids until nothing
// was left of its budget.
func coolingDown(tb testing.TB, unknown string) *jwt.Verifier {
	tb.Helper()
	p := fixture.NewProvider(tb)
	v := benchVerifier(tb, jwt.RS256, func(c *jwt.Config) { c.Keys = p.Remote(jwt.RemoteOptions{}) })
	for n := range 10 {
		token := fixture.WithPart(unknown, 0, fixture.B64(fmt.Sprintf(`{"alg":"RS256","kid":"unknown-%d"}`, n)))
		if _, err := v.Verify(tb.Context(), token); !errors.Is(err, jwt.ErrKey) {
			tb.Fatal(err)
		}
	}
	if n := p.Count("/keys"); n != 2 { // the first, and a look-up: the next is 2 s away
		tb.Fatalf("%d fetches", n)
	}
	return v
}

// BenchmarkRefuse measures refusals beside the bare HMAC of a good token, in turn.
func BenchmarkRefuse(b *testing.B) {
	valid := bare(b, jwt.HS256, benchToken(b, jwt.HS256))
	for _, r := range benchRefusals(b) {
		b.Run(r.name, func(b *testing.B) {
			_, err := r.verifier.Verify(b.Context(), r.token)
			var e *jwt.Error
			if !errors.As(err, &e) || e.Reason != r.reason {
				b.Fatalf("refused for %v, want %s", err, r.reason)
			}
			refusal, hmac := besides(b, func() bool {
				_, err := r.verifier.Verify(b.Context(), r.token)
				return err != nil
			}, valid)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(refusal, "ns/refusal")
			b.ReportMetric(refusal/hmac, "x/HMAC")
		})
	}
}

func BenchmarkParseKeySet(b *testing.B) {
	data := fixture.VectorNamed(b, "rfc7515.jsonl", "rfc7515-appendix-a/A.6").JWKS // an RSA and an EC key
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jwt.ParseKeySet(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClaims measures the decoding of all claims beside json.Unmarshal of the payload: eight fields, as of
// the benchmarks' token, structs within structs, a hundred groups, and no type at all.
func BenchmarkClaims(b *testing.B) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(benchToken(b, jwt.RS256), ".")[1])
	if err != nil {
		b.Fatal(err)
	}
	type groups struct {
		benchClaims
		Groups []string `json:"groups"`
	}
	open := strings.TrimSuffix(string(payload), "}")
	inner := open + benchNestedMembers
	many := open + `,"groups":["group-0"` + strings.Repeat(`,"group-0123456789ab"`, 99) + `]}`
	benchmarkClaims[benchClaims](b, "fields", string(payload))
	benchmarkClaims[benchNested](b, "nested", inner)
	benchmarkClaims[groups](b, "groups", many)
	benchmarkClaims[map[string]any](b, "map", string(payload))
	benchmarkClaims[map[string]any](b, "map_nested", inner)
	benchmarkClaims[any](b, "any", string(payload))
}

func benchmarkClaims[T any](b *testing.B, name, payload string) {
	b.Run(name, func(b *testing.B) {
		token, data := jwt.TokenOf(payload), []byte(payload)
		decode, unmarshal := besides(b, func() bool {
			_, err := jwt.Claims[T](token)
			return err == nil
		}, func() bool {
			var v T
			return json.Unmarshal(data, &v) == nil
		})
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(decode, "ns/claims")
		b.ReportMetric(decode/unmarshal, "x/unmarshal")
		b.ReportMetric(testing.AllocsPerRun(10, func() { jwt.Claims[T](token) }), "allocs/claims")
	})
}

// The benchmarks' token is what they say it is.
func TestBenchToken(t *testing.T) {
	token := benchToken(t, jwt.RS256)
	if n := len(token); n < 800 || n > 900 {
		t.Errorf("it has %d bytes, want about 850", n)
	}
	for _, alg := range benchAlgorithms {
		token := benchToken(t, alg)
		if !bare(t, alg, token)() {
			t.Errorf("%s: the bare signature does not hold", alg)
		}
		if _, err := benchVerifier(t, alg).Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	for _, r := range benchRefusals(t) {
		token, err := r.verifier.Verify(t.Context(), r.token)
		var e *jwt.Error
		if token != nil || !errors.As(err, &e) || e.Reason != r.reason {
			t.Errorf("%s: refused for %v, want %s", r.name, err, r.reason)
		}
	}
}

// Ceilings. The race detector makes sync.Pool drop some of what it gets, at random: then a
// verification now and again makes its workspace anew.
func TestAllocations(t *testing.T) {
	const runs = 50
	ctx := t.Context()
	// The text that is decoded, the token, the lists that the accessors return; with RSA the digest, with
	// ECDSA the ASN.1 of the signature, too, with HMAC the tag.
	beyondBare := map[string]float64{"RS": 5, "PS": 5, "ES": 6, "Ed": 4, "HS": 5}
	for _, alg := range benchAlgorithms {
		v, token := benchVerifier(t, alg), benchToken(t, alg)
		valid := bare(t, alg, token)
		base := testing.AllocsPerRun(runs, func() {
			if !valid() {
				t.Error("the signature does not hold")
			}
		})
		all := testing.AllocsPerRun(runs, func() {
			token, err := v.Verify(ctx, token)
			if err != nil {
				t.Error(err)
			}
			if token.Issuer() != benchIssuer || token.Subject() == "" || token.ClientID() == "" || token.ID() != "" ||
				len(token.Audience()) != 2 || len(token.Scopes()) != 4 || token.ExpiresAt().Before(token.IssuedAt()) {
				t.Error("the claims are not those of the token")
			}
		})
		if most := base + beyondBare[string(alg[:2])] + fixture.PerDrop; all > most {
			t.Errorf("%s: Verify makes %v allocations and the bare call %v, want at most %v", alg, all, base, most)
		}
	}

	// What a refusal may allocate is its error and the words in it.
	ceilings := map[string]float64{
		"garbage": 1, "16KiB_of_dots": 1, "1MB_of_dots": 1, "oversized": 1,
		"wrong_alg": 3, "unknown_kid": 3, "unknown_kid_in_cool-down": 3, // the text that was decoded, and the token that it might have become
		"wrong_issuer_of_several": 6, // and the names of all issuers
	}
	for _, r := range benchRefusals(t) {
		ceiling, ok := ceilings[r.name]
		if !ok {
			continue // the others get as far as the signature
		}
		delete(ceilings, r.name)
		if got := testing.AllocsPerRun(runs, func() { r.verifier.Verify(ctx, r.token) }); got > ceiling+fixture.PerDrop {
			t.Errorf("%s: %v allocations, want at most %v", r.name, got, ceiling+fixture.PerDrop)
		}
	}
	if len(ceilings) > 0 {
		t.Errorf("no refusal is called %v", ceilings)
	}
}

// A guard allocates the context and the request that carry the token, whatever it asks for, and nothing
// else: no more than these two for a token that is remembered. (Three things cost more: the words of an alternative of
// Any that is not met, escapes in a claim that is asked for, and numbers in an unusual form, such as 1e3.)
func TestRequireAllocations(t *testing.T) {
	testRequireAllocations(t, fixture.NewVerifier(t))
	if alone := testRequireAllocations(t, fixture.NewVerifier(t, fixture.Caching(10))); alone > 0 {
		t.Errorf("Verify makes %v allocations for a token that is remembered", alone)
	}
}

// testRequireAllocations returns how many Verify makes without a guard.
func testRequireAllocations(t *testing.T, v *jwt.Verifier) (alone float64) {
	t.Helper()
	const runs, most = 50, 2 + fixture.PerDrop
	text := fixture.Issuer().Token(claims{"scope": "a b", "permissions": []string{"p", "q"}, "roles": []string{"r", "s"},
		"acr": "x", "auth_time": time.Now().Unix(), "name": "n", "level": 1234567, "share": 0.25, "ok": true, "a": "<escapes> & \"more\""})
	alone = testing.AllocsPerRun(runs, func() { v.Verify(t.Context(), text) })
	for name, reqs := range map[string][]jwt.Requirement{
		"nothing":      nil,
		"scopes":       {jwt.Scope("a", "b"), jwt.Any(jwt.Scope("b"), jwt.Scope("x"))},
		"permissions":  {jwt.Claim("permissions").Has("p"), jwt.Claim("permissions").Has("q"), jwt.Claim("roles").Has("r"), jwt.Claim("roles").Has("s")},
		"claims":       {jwt.Claim("name").Equals("n"), jwt.Claim("level").Equals(1234567), jwt.Claim("share").Equals(0.25), jwt.Claim("ok").Equals(true)},
		"stepping up":  {jwt.ACR("w", "x"), jwt.MaxAuthAge(time.Hour)},
		"alternatives": {jwt.Any(jwt.All(jwt.Scope("a"), jwt.Claim("roles").Has("r")), jwt.Scope("x")), jwt.Claim("roles").HasAny("x", "r")},
	} {
		served := 0
		handler := v.Require(reqs...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
		req, w := fixture.Request("Bearer "+text), &discard{header: http.Header{}}
		if got := testing.AllocsPerRun(runs, func() { handler.ServeHTTP(w, req) }); got > alone+most {
			t.Errorf("%s: %v allocations, and Verify alone makes %v", name, got, alone)
		}
		if served != runs+1 {
			t.Errorf("%s: served %d requests of %d", name, served, runs+1)
		}
	}
	return alone
}

// However large a token is, and however many parts it has, refusing it takes little memory.
func TestDotsTakeNoMemory(t *testing.T) {
	dots := strings.Repeat(".", 1e6)
	for name, v := range map[string]*jwt.Verifier{
		"over the limit": benchVerifier(t, jwt.RS256),
		"within it":      benchVerifier(t, jwt.RS256, func(c *jwt.Config) { c.MaxTokenSize = 1 << 20 }),
	} {
		const runs = 50
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if _, err := v.Verify(t.Context(), dots); !errors.Is(err, jwt.ErrMalformed) {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / runs; each >= 1<<10 {
			t.Errorf("%s: %d bytes for each refusal of 1 MB of dots, want less than 1 KiB", name, each)
		}
	}
}

// BenchmarkTokenCache measures what a hit costs beside the verification that it saves.
func BenchmarkTokenCache(b *testing.B) {
	for _, alg := range []jwt.Algorithm{jwt.RS256, jwt.ES256} {
		b.Run(string(alg), func(b *testing.B) {
			v, cached, token := benchVerifier(b, alg), benchVerifier(b, alg, fixture.Caching(100)), benchToken(b, alg)
			call := func(v *jwt.Verifier) func() bool {
				return func() bool {
					_, err := v.Verify(b.Context(), token)
					return err == nil
				}
			}
			hit, full := besides(b, call(cached), call(v))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(hit, "ns/hit")
			b.ReportMetric(full/hit, "x-cheaper")
		})
	}
}

// BenchmarkParallel is meant for -cpu 1,2: two cores do nearly twice as much as one.
func BenchmarkParallel(b *testing.B) {
	for _, alg := range []jwt.Algorithm{jwt.RS256, jwt.ES256, jwt.HS256} {
		for _, size := range []int{0, 100} {
			name := string(alg)
			if size > 0 {
				name += "_cached"
			}
			if alg == jwt.HS256 && size > 0 {
				continue
			}
			b.Run(name, func(b *testing.B) {
				v, token := benchVerifier(b, alg, fixture.Caching(size)), benchToken(b, alg)
				b.RunParallel(func(pb *testing.PB) { // there is no b.Loop for it
					for pb.Next() {
						if _, err := v.Verify(b.Context(), token); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// BenchmarkPayload shows that cost is linear in bytes: the larger a token, the more groups it lists. HMAC
// hides the least of it.
func BenchmarkPayload(b *testing.B) {
	const group = `"group-0123456789ab",`
	for _, size := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("%dKiB", size), func(b *testing.B) {
			token := func(groups int) string {
				return fixture.FixedKeys().Sign(b, jwt.HS256, `{"alg":"HS256","kid":"`+benchKeyID+`"}`, `{"iss":"`+benchIssuer+`","aud":"`+benchAudience+`","exp":`+
					fmt.Sprint(time.Now().Unix()+86400)+`,"groups":[`+strings.TrimSuffix(strings.Repeat(group, groups), ",")+`]}`)
			}
			text := token((size<<10 - len(token(0))) * 3 / 4 / len(group))
			if len(text) > size<<10 || len(text) < size<<10-64 {
				b.Fatalf("it has %d bytes", len(text))
			}
			v := benchVerifier(b, jwt.HS256)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// hostileShapes are members of a JSON object that make a scanner work, for as many bytes as there may be: open,
// units, end. A unit knows its number and the size that is meant. Names cannot be made to collide in a map of Go,
// whose hashes are seeded at random: a long common prefix is the worst that is left.
var hostileShapes = []struct {
	name, open string
	unit       func(i, size int) string
	end        string
	refused    bool
}{
	{"names_1000_per_object", `"more":[{`, hostileNames(`"%x":0`), `"":0}]`, false},
	{"names_900_with_a_prefix", `"more":{`, hostilePrefix(900), `"":0}`, false}, // found by hashing
	{"names_24_with_a_prefix", `"more":{`, hostilePrefix(24), `"":0}`, false},   // found by comparing
	{"names_of_escapes", `"more":[{`, hostileNames(`"\u0061\u0062\u0063%x":0`), `"":0}]`, false},
	{"string_of_escapes", `"more":"`, hostileUnit(`\u0061`), `"`, false},
	{"string_of_ASCII", `"more":"`, hostileUnit("x"), `"`, false},
	{"string_beyond_ASCII", `"more":"`, hostileUnit("é"), `"`, false},
	{"digits_of_a_number", `"more":`, hostileUnit("1"), "", false},
	{"elements", `"more":[`, hostileUnit("0,"), "0]", false},
	{"arrays_to_the_limit", `"more":[`, hostileUnit(strings.Repeat("[", 28) + strings.Repeat("]", 28) + ","), "0]", false},
	{"objects_to_the_limit", `"more":[`, hostileUnit(strings.Repeat(`{"":`, 28) + "0" + strings.Repeat("}", 28) + ","), "0]", false},
	{"objects_beyond_the_limit", `"more":`, hostileUnit(`{"":`), "0", true},
}

func hostileUnit(text string) func(i, size int) string { return func(int, int) string { return text } }

// hostileNames are members of objects that hold a thousand.
func hostileNames(member string) func(i, size int) string {
	return func(i, _ int) string {
		if i%999 == 998 {
			return fmt.Sprintf(member, i) + "},{"
		}
		return fmt.Sprintf(member, i) + ","
	}
}

// hostilePrefix are members of one object, nearly so many, whose names differ at their ends.
func hostilePrefix(count int) func(i, size int) string {
	return func(i, size int) string { return fmt.Sprintf(`"%s%03x":0,`, fixture.Fill("x", size/count-8), i) }
}

// BenchmarkHostile shows that cost is linear in bytes, whatever they are: at each doubling of the size (x@) it
// doubles. Claims are read by a verifier of two issuers, which reads them before the signature holds and again
// after it.
func BenchmarkHostile(b *testing.B) {
	const rest = 512 // more than what is beside a shape
	set, err := jwt.NewKeySet(fixture.FixedKeys().Key(b, benchKeyID, jwt.HS256))
	if err != nil {
		b.Fatal(err)
	}
	config := func(issuer string) jwt.Config {
		return jwt.Config{Issuer: issuer, Audience: []string{benchAudience}, Keys: set, MaxTokenSize: 1 << 20, MaxHeaderSize: 1 << 20}
	}
	v, err := jwt.NewVerifier(config(benchIssuer), config("https://other.example/"))
	if err != nil {
		b.Fatal(err)
	}
	header, payload := `{"alg":"HS256","kid":"`+benchKeyID+`"`, fmt.Sprintf(`{"iss":%q,"aud":[%q],"exp":%d`, benchIssuer, benchAudience, time.Now().Unix()+86400)
	key := strings.TrimSuffix(string(fixture.JSON(b, fixture.JWKOf(b, fixture.Issuer(), jwt.ES256))), "}")
	verified := func(text string) func() error {
		return func() error { _, err := v.Verify(b.Context(), text); return err }
	}
	for _, place := range []struct {
		name  string
		most  int
		share float64 // of the size that is left for a shape
		call  func(members string) (call func() error)
	}{
		{"header", 1 << 20, 0.75, func(members string) func() error {
			return verified(fixture.FixedKeys().Sign(b, jwt.HS256, header+members, payload+"}"))
		}},
		{"claims", 1 << 20, 0.75, func(members string) func() error {
			return verified(fixture.FixedKeys().Sign(b, jwt.HS256, header+"}", payload+members))
		}},
		{"claims_decoded", 1 << 20, 0.75, func(members string) func() error {
			token, _ := v.Verify(b.Context(), fixture.FixedKeys().Sign(b, jwt.HS256, header+"}", payload+members))
			return func() error { _, err := jwt.Claims[benchClaims](token); return err }
		}},
		{"key_set", 512 << 10, 1, func(members string) func() error {
			data := []byte(`{"keys":[` + key + members + `]}`)
			return func() error { _, err := jwt.ParseKeySet(data); return err }
		}},
	} {
		for _, shape := range hostileShapes {
			if shape.refused && place.name == "claims_decoded" {
				continue
			}
			b.Run(place.name+"/"+shape.name, func(b *testing.B) {
				reportGrowth(b, place.most, func(size int) func() bool {
					var text strings.Builder
					text.WriteString("," + shape.open)
					size = int(float64(size-rest) * place.share)
					for i := 0; ; i++ {
						unit := shape.unit(i, size)
						if text.Len()+len(unit)+len(shape.end) > size {
							break
						}
						text.WriteString(unit)
					}
					call := place.call(text.String() + shape.end + "}")
					return func() bool { return (call() != nil) == shape.refused }
				})
			})
		}
	}
}

// BenchmarkWithheld measures the refusal of a token whose signature repeats its kid and the published ones, which
// the refusal shows, in pieces that are one byte too short to be withheld: all runs about each are looked for in all
// of the token.
func BenchmarkWithheld(b *testing.B) {
	const long = 64 // what a refusal shows of a kid
	rng := rand.New(rand.NewPCG(1, 2))
	kid := func() string {
		text := make([]byte, long)
		for i := range text {
			text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[rng.IntN(62)]
		}
		return string(text)
	}
	unknown := kid()
	said := []string{unknown}
	var keys []*jwt.Key
	for range 8 { // as many as a refusal names
		said = append(said, kid())
		keys = append(keys, fixture.FixedKeys().Key(b, said[len(said)-1], jwt.RS256))
	}
	set, err := jwt.NewKeySet(keys...)
	if err != nil {
		b.Fatal(err)
	}
	v := benchVerifier(b, jwt.RS256, func(c *jwt.Config) { c.Keys, c.MaxTokenSize = set, 1<<20 })
	pieces := ""
	for _, text := range said {
		for at := 1; at+16 <= long; at += 9 {
			pieces += text[at:at+16] + "_"
		}
	}
	for _, c := range []struct{ name, signature string }{{"repeats_nothing", "_"}, {"repeats_pieces", pieces}} {
		b.Run(c.name, func(b *testing.B) {
			reportGrowth(b, 1<<20, func(size int) func() bool {
				text := fixture.B64(`{"alg":"RS256","kid":"`+unknown+`"}`) + ".e30."
				room := (size - len(text)) &^ 3
				text += strings.Repeat(c.signature, room/len(c.signature)+1)[:room]
				return func() bool {
					_, err := v.Verify(b.Context(), text)
					return err != nil && strings.Contains(err.Error(), unknown)
				}
			})
		})
	}
}

// reportGrowth measures calls of sizes doubled, from 16 KiB on, in turn. The quickest of each counts. It reports
// nanoseconds per byte at the least and at the largest size, and what each doubling multiplies the cost by.
func reportGrowth(b *testing.B, most int, call func(size int) func() bool) {
	b.Helper()
	const least = 16 << 10
	var calls []func() bool
	var quickest []float64
	for size := least; size <= most; size *= 2 {
		calls, quickest = append(calls, call(size)), append(quickest, math.Inf(1))
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, call := range calls {
			start := time.Now()
			if !call() {
				b.Fatalf("it is judged otherwise at %d KiB", least<<i>>10)
			}
			quickest[i] = min(quickest[i], float64(time.Since(start)))
		}
	}
	b.ReportMetric(0, "ns/op") // of all sizes together, which says nothing
	for i, cost := range quickest {
		size := least << i
		if i > 0 {
			b.ReportMetric(cost/quickest[i-1], fmt.Sprintf("x@%04dKiB", size>>10))
		}
		if i == 0 || i == len(quickest)-1 {
			b.ReportMetric(cost/float64(size), fmt.Sprintf("ns/B@%04dKiB", size>>10))
		}
	}
}

// BenchmarkKeys shows that cost does not depend on the number of keys in the set.
func BenchmarkKeys(b *testing.B) {
	for _, count := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			keys := []*jwt.Key{fixture.FixedKeys().Key(b, benchKeyID, jwt.HS256)}
			for n := 1; n < count; n++ {
				keys = append(keys, fixture.FixedKeys().Key(b, fmt.Sprint(n), jwt.HS256))
			}
			set, err := jwt.NewKeySet(keys...)
			if err != nil {
				b.Fatal(err)
			}
			v, token := benchVerifier(b, jwt.HS256, func(c *jwt.Config) { c.Keys = set }), benchToken(b, jwt.HS256)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// heap is the memory that is in use.
func heap() (bytes, objects uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}

// BenchmarkMemory measures what issuers and remembered tokens take: up to a million with ASSAY_THOROUGH=1, which take
// minutes to be made.
func BenchmarkMemory(b *testing.B) {
	public := []any{fixture.JWKOf(b, fixture.Issuer(), jwt.RS256), fixture.JWKOf(b, fixture.Issuer(), jwt.ES256)}
	issuers := func(b *testing.B, count int, keysOf func(issuer string) (jwt.KeySource, error)) {
		before, objects := heap()
		collected := collection()
		var configs []jwt.Config
		for n := range count {
			issuer := fmt.Sprintf("https://tenant-%d.example/", n)
			keys, err := keysOf(issuer)
			if err != nil {
				b.Fatal(err)
			}
			configs = append(configs, jwt.Config{Issuer: issuer, Audience: []string{benchAudience}, Keys: keys})
		}
		v, err := jwt.NewVerifier(configs...)
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Warm(b.Context()); err != nil {
			b.Fatal(err)
		}
		configs = nil
		b.ReportMetric(0, "ns/op")
		after, more := heap()
		b.ReportMetric(float64(after-before)/float64(count), "B/issuer")
		b.ReportMetric(float64(more-objects)/float64(count), "objects/issuer")
		b.ReportMetric(1e3*(collection()-collected), "ms/collection")
		runtime.KeepAlive(v)
	}
	b.Run("issuers_10000", func(b *testing.B) {
		data := fixture.KeySetJSON(public...)
		issuers(b, 10_000, func(string) (jwt.KeySource, error) { return jwt.ParseKeySet(data) })
	})
	b.Run("issuers_discovered_1000", func(b *testing.B) {
		p := fixture.NewProvider(b)
		p.Keys = public
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			issuer := "https://" + r.Host + "/"
			if r.URL.Path == fixture.OIDCPath {
				w.Write(fixture.JSON(b, map[string]string{"issuer": issuer, "jwks_uri": issuer + "keys"}))
			}
			return r.URL.Path == fixture.OIDCPath
		}
		client := &http.Client{Transport: p}
		issuers(b, 1000, func(issuer string) (jwt.KeySource, error) {
			return jwt.Discover(issuer, &jwt.RemoteOptions{Client: client})
		})
	})
	counts := []int{10_000, 100_000}
	if fixture.Thorough() {
		counts = append(counts, 1_000_000)
	}
	for _, count := range counts {
		b.Run(fmt.Sprint("tokens_", count), func(b *testing.B) { benchmarkTokens(b, count) })
	}
}

// benchmarkTokens measures what so many remembered tokens take: bytes and objects of the heap, the processor's time of
// a garbage collection, and hits in no order.
func benchmarkTokens(b *testing.B, count int) {
	mint := func(n int) string {
		return fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{
			"sub": fmt.Sprintf("auth0|%024d", n), "azp": "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E", "scope": "openid profile email read:messages",
			"permissions": []string{"read:messages", "write:messages"},
		}})
	}
	texts := make([]string, min(count, 100_000)) // some of them
	for n := range texts {
		texts[n] = mint(n)
	}
	v := fixture.NewVerifier(b, fixture.Caching(count))
	before, objects := heap()
	collected := collection()
	for n := range count {
		text := ""
		if n < len(texts) {
			text = texts[n]
		} else {
			text = mint(n)
		}
		if _, err := v.Verify(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	after, more := heap()
	s := fixture.CacheStatus(b, v)
	if s.Tokens != count || s.Evictions != 0 {
		b.Fatalf("got %+v", s)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(after-before)/float64(count), "B/token")
	b.ReportMetric(float64(s.Bytes)/float64(count), "B/token-counted")
	b.ReportMetric(float64(more-objects)/float64(count), "objects/token")
	b.ReportMetric(1e3*(collection()-collected), "ms/collection")
	hit, full := scattered(b, v, texts)
	b.ReportMetric(hit, "ns/hit")
	b.ReportMetric(full/hit, "x-cheaper-than-RS256")
}

// collection is the time of all processors together that a garbage collection takes, in seconds: the quickest of
// several, for the runtime counts a worker that waits for its processor as one that works.
func collection() float64 {
	total := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	quickest := math.Inf(1)
	for range 10 {
		runtime.GC() // ends one that runs
		metrics.Read(total)
		before := total[0].Value.Float64()
		runtime.GC()
		metrics.Read(total)
		quickest = min(quickest, total[0].Value.Float64()-before)
	}
	return quickest
}

// scattered measures hits among many tokens, in no order, so that the processor's caches know nothing of
// what is remembered, but for the text of the token, which has just arrived; and, in turn, what RS256 costs.
func scattered(b *testing.B, v *jwt.Verifier, texts []string) (hit, full float64) {
	const batch, rounds = 64, 301
	rsa, token := benchVerifier(b, jwt.RS256), benchToken(b, jwt.RS256)
	measure := func(v *jwt.Verifier, texts []string) float64 {
		start := time.Now()
		for _, text := range texts {
			if _, err := v.Verify(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(start)) / float64(len(texts))
	}
	var hits, fulls []float64
	for range rounds {
		var arrived [batch]string
		for i := range arrived {
			arrived[i] = strings.Clone(texts[rand.IntN(len(texts))])
		}
		hits = append(hits, measure(v, arrived[:]))
		fulls = append(fulls, measure(rsa, []string{token, token}))
	}
	slices.Sort(hits)
	slices.Sort(fulls)
	return hits[rounds/2], fulls[rounds/2]
}
