package suites

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// replacing has two issuers that nothing needs to be fetched for, and a token of each.
func replacing(t *testing.T) (v *jwt.Verifier, a, b jwt.Config, tokenA, tokenB string) {
	t.Helper()
	config := func(iss *jwttest.Issuer, name string) (jwt.Config, string) {
		return jwt.Config{Issuer: name, Audience: []string{jwttest.Audience}, Keys: fixture.KeysOf(t, iss, jwt.ES256), TokenCache: 10},
			iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: jwttest.Claims{"iss": name}})
	}
	a, tokenA = config(fixture.Issuer(), "https://a.test")
	b, tokenB = config(fixture.OtherIssuer(), "https://b.test")
	v, err := jwt.NewVerifier(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return v, a, b, tokenA, tokenB
}

// A removed issuer is refused under every Resource by every call that begins after Replace returned, and an
// added one is accepted.
func TestReplaceUnderEveryResource(t *testing.T) {
	v, a, b, tokenA, tokenB := replacing(t)
	named, err := jwt.NewResource(v, jwt.ResourceConfig{Realm: "x"})
	if err != nil {
		t.Fatal(err)
	}
	guards := []http.Handler{
		v.Require()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
		named.Require()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})),
	}
	want := func(when string, statusA, statusB int) {
		t.Helper()
		for range 2 { // the second time they may be remembered
			for n, guard := range guards {
				for text, status := range map[string]int{tokenA: statusA, tokenB: statusB} {
					r := httptest.NewRequest("GET", "/", nil)
					r.Header.Set("Authorization", "Bearer "+text)
					w := httptest.NewRecorder()
					guard.ServeHTTP(w, r)
					if w.Code != status {
						t.Errorf("%s: guard %d answers with %d, want %d", when, n, w.Code, status)
					}
				}
			}
		}
	}
	replace := func(configs ...jwt.Config) {
		t.Helper()
		if err := v.Replace(configs...); err != nil {
			t.Fatal(err)
		}
	}
	want("both", 200, 200)
	replace(b)
	want("b alone", 401, 200)
	replace(a)
	want("a alone", 200, 401)
	replace()
	want("none", 401, 401)
	if trace := v.Trace(t.Context(), tokenA, time.Time{}); trace.Refusal == nil || trace.Refusal.Reason != jwt.ReasonIssuerMismatch {
		t.Errorf("without issuers: Trace says %v", trace.Refusal)
	}
	replace(a, b)
	want("both again", 200, 200)
	bad := a
	bad.Audience = nil
	if err := v.Replace(b, bad); err == nil || !strings.Contains(err.Error(), `issuer "https://a.test"`) {
		t.Errorf("got %v", err)
	}
	want("after an error", 200, 200)
	if err := new(jwt.Verifier).Replace(a); err == nil {
		t.Error("a zero Verifier was given issuers")
	}
}

// A remembered token of an issuer that is kept stays, and is judged by the new Config.
func TestReplaceKeepsRememberedTokens(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*jwt.Config)
		reason jwt.Reason // empty: it is still remembered
	}{
		"nothing":           {func(*jwt.Config) {}, ""},
		"another leeway":    {func(c *jwt.Config) { c.Leeway = -1 }, ""},
		"a smaller cache":   {func(c *jwt.Config) { c.TokenCache = 1 }, ""},
		"another audience":  {func(c *jwt.Config) { c.Audience = []string{"other"} }, jwt.ReasonAudienceMismatch},
		"a requirement":     {func(c *jwt.Config) { c.Require = []jwt.Requirement{jwt.Claim("x").Equals("y")} }, jwt.ReasonClaimRefused},
		"another algorithm": {func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256} }, jwt.ReasonAlgorithmRefused},
		"a smaller token":   {func(c *jwt.Config) { c.MaxTokenSize = 100 }, jwt.ReasonTokenTooLarge},
		"other keys":        {func(c *jwt.Config) { c.Keys = fixture.KeysOf(t, fixture.OtherIssuer(), jwt.ES256) }, jwt.ReasonSignatureInvalid},
	} {
		v, a, _, tokenA, _ := replacing(t)
		first, err := fixture.Verify(v, tokenA)
		fixture.WantAccepted(t, first, err)
		c.change(&a)
		if err := v.Replace(a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		token, err := fixture.Verify(v, tokenA)
		if c.reason != "" {
			if e, ok := err.(*jwt.Error); token != nil || !ok || e.Reason != c.reason {
				t.Errorf("%s: got %v, want %s", name, err, c.reason)
			}
			continue
		}
		fixture.WantAccepted(t, token, err)
		if s := v.Status()[0].TokenCache; s.Hits != 1 || s.Misses != 1 || s.Tokens != 1 || s.Capacity != a.TokenCache {
			t.Errorf("%s: got %+v", name, s)
		}
	}
	// What is removed is forgotten, and what comes back is verified anew.
	v, a, b, tokenA, _ := replacing(t)
	fixture.Verify(v, tokenA)
	v.Replace(b)
	v.Replace(a)
	fixture.Verify(v, tokenA)
	if s := v.Status()[0].TokenCache; s.Hits != 0 || s.Tokens != 1 {
		t.Errorf("after it came back: %+v", s)
	}
	a.TokenCache = 0
	v.Replace(a)
	token, err := fixture.Verify(v, tokenA)
	fixture.WantAccepted(t, token, err)
	if s := v.Status()[0].TokenCache; s != nil {
		t.Errorf("without a cache: %+v", s)
	}
}

// Keys are kept where a Config has the same ones, and where it has none as before.
func TestReplaceKeepsKeys(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		keys := p.Remote(jwt.RemoteOptions{})
		config := jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: keys}
		discovered := jwt.Config{Issuer: "https://discovered.test", Audience: []string{jwttest.Audience}}
		v, err := jwt.NewVerifier(config, discovered)
		if err != nil {
			t.Fatal(err)
		}
		fixture.Verify(v, fixture.Mint(nil))
		before := v.Configs()
		if err := v.Replace(discovered, config); err != nil {
			t.Fatal(err)
		}
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		if len(p.Fetches) != 2 {
			t.Errorf("fetched %v", p.Fetches)
		}
		if after := v.Configs(); after[0].Keys != before[1].Keys || after[1].Keys != jwt.KeySource(keys) {
			t.Errorf("got %v and %v", before, after)
		}
		// What was given is not taken for what was discovered.
		config.Keys = nil
		if err := v.Replace(config); err != nil || v.Configs()[0].Keys == jwt.KeySource(keys) {
			t.Errorf("got %v", err)
		}
	})
}

// A guard within another judges by the issuers of its own moment.
func TestReplaceBetweenGuards(t *testing.T) {
	v, a, b, tokenA, tokenB := replacing(t)
	inner := v.Require()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	outer := v.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := v.Replace(b); err != nil {
			t.Error(err)
		}
		inner.ServeHTTP(w, r)
	}))
	for text, want := range map[string]int{tokenA: 401, tokenB: 200} {
		if err := v.Replace(a, b); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+text)
		w := httptest.NewRecorder()
		outer.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("got %d, want %d", w.Code, want)
		}
	}
}

// Calls and replacements at the same time find one table or the other.
func TestReplaceConcurrently(t *testing.T) {
	v, a, b, tokenA, tokenB := replacing(t)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 200 {
				text := tokenA
				if n%2 == 0 {
					text = tokenB
				}
				token, err := v.Verify(t.Context(), text)
				if e, ok := err.(*jwt.Error); token == nil && (!ok || e.Reason != jwt.ReasonIssuerMismatch && e.Reason != jwt.ReasonKeyUnknown && e.Reason != jwt.ReasonSignatureInvalid) {
					t.Errorf("%d: %v", i, err)
				}
				v.Status()
			}
		})
	}
	for range 100 {
		for _, configs := range [][]jwt.Config{{a, b}, {a}, {}, {b}} {
			if err := v.Replace(configs...); err != nil {
				t.Error(err)
			}
		}
	}
	all.Wait()
}

// BenchmarkReplace swaps a table of issuers, of which one is new.
func BenchmarkReplace(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			key := fixture.KeysOf(b, fixture.Issuer(), jwt.ES256)
			var configs []jwt.Config
			for i := range n {
				configs = append(configs, jwt.Config{Issuer: fmt.Sprint("https://idp.test/t", i), Audience: []string{"api"}, Keys: key})
			}
			v, err := jwt.NewVerifier(configs...)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				configs[0].Issuer = fmt.Sprint("https://idp.test/new", i)
				if err := v.Replace(configs...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
