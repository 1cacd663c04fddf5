// This file holds reports against Verify and Trace, over every token of the repository, and tests what
// a report says of keys, times and Config.Validate.

package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// What Verify says of a token, Trace and Token say as well, over every token in the repository.
func TestExplainIsVerify(t *testing.T) {
	t.Run("vectors", func(t *testing.T) {
		vectors := fixture.TokenVectors(t)
		for _, v := range vectors {
			verifier := v.Verifier(t)
			explained(t, verifier, v.Token)
			synctest.Test(t, func(t *testing.T) { explained(t, verifier, v.Token) }) // in 2000 some are accepted
		}
		if len(vectors) < 36 {
			t.Errorf("%d vectors", len(vectors))
		}
	})
	t.Run("refusals", func(t *testing.T) {
		reasons := map[jwt.Reason]bool{}
		for name, token := range refusals() {
			r := explained(t, verifierOf(t), token)
			if reasons[r.Reason] = true; r.Valid {
				t.Errorf("%s is accepted", name)
			}
		}
		if len(reasons) < 22 {
			t.Errorf("%d reasons", len(reasons))
		}
	})
	t.Run("corpora", func(t *testing.T) {
		n, valid := 0, 0
		for _, token := range fixedTokens(t) {
			for _, v := range fixture.FixedVerifiers(t) {
				n++
				if explained(t, v.Verifier, token).Valid {
					valid++
				}
			}
		}
		if n < 500 || valid < 15 {
			t.Errorf("%d reports, %d of them of valid tokens", n, valid)
		}
	})
	t.Run("several issuers", func(t *testing.T) {
		v := newVerifier(t, configOf(t, fixture.Issuer()), configOf(t, fixture.OtherIssuer()))
		for _, token := range refusals() {
			explained(t, v, token)
		}
		explained(t, v, fixture.Issuer().Token(nil))
		explained(t, v, fixture.OtherIssuer().Token(claims{"iss": fixture.Issuer().URL}))
	})
	t.Run("nobody", func(t *testing.T) {
		for _, v := range []*jwt.Verifier{nil, {}} {
			for _, token := range []string{"", "x", fixture.Issuer().Token(nil)} {
				if r := explained(t, v, token); r.Reason != jwt.ReasonNoVerifier {
					t.Errorf("got %s", r.Reason)
				}
			}
		}
		if r := explained(t, new(jwt.Verifier), fixture.Issuer().Token(nil)); step(t, r, "size").Verdict != explain.VerdictPass {
			t.Errorf("got\n%s", r)
		}
	})
}

func TestExplainWycheproof(t *testing.T) {
	dir := fixture.Wycheproof(t)
	for name, tests := range map[string]int{"json_web_signature_test.json": 401, "json_web_key_test.json": 26, "json_web_crypto_test.json": 83} {
		n := 0
		for _, g := range fixture.WycheproofGroups(t, dir, name) {
			n += len(g.Tests)
			text := g.Public
			if text == nil {
				text = g.Private
			}
			keys := keySource(text)
			if keys == nil {
				continue
			}
			v := newVerifier(t, jwt.Config{Issuer: "x", InsecureSkipAudience: true, Keys: keys})
			for _, tc := range g.Tests {
				explained(t, v, tc.Token())
			}
		}
		if n != tests {
			t.Errorf("%s: %d tests, want %d", name, n, tests)
		}
	}
}

// keySource makes a source of a key or of a set of keys; nil if it is none.
func keySource(text json.RawMessage) jwt.KeySource {
	if public, err := jwt.ParseKeySet(text); err == nil {
		return public
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(text, &set) != nil || set.Keys == nil {
		set.Keys = []json.RawMessage{text}
	}
	var keys []*jwt.Key
	for _, text := range set.Keys {
		key, err := jwt.ParseKey(text)
		if err != nil {
			return nil
		}
		keys = append(keys, key)
	}
	several, err := jwt.NewKeySet(keys...)
	if err != nil {
		return nil
	}
	return several
}

// Any text at all: a report says what Verify says, and repeats nothing of it.
func FuzzToken(f *testing.F) {
	for _, token := range fixedTokens(f) {
		f.Add(token)
	}
	verifiers := fixture.FixedVerifiers(f)
	f.Fuzz(func(t *testing.T, token string) {
		for _, v := range verifiers {
			explained(t, v.Verifier, token)
		}
	})
}

// newIssuer is an issuer of one key that a test may change.
func newIssuer(t *testing.T) *jwttest.Issuer {
	t.Helper()
	iss, err := jwttest.Start(&jwttest.Options{Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(iss.Close)
	return iss
}

// named is a token that names a key.
func named(iss *jwttest.Issuer, kid string) string {
	return iss.Mint(jwttest.Spec{Header: map[string]any{"kid": kid}})
}

// Token asks for keys where Verify does, and no more often: never for a token that is broken, whatever
// was pasted along with it.
func TestExplainFetches(t *testing.T) {
	ask := map[string]func(v *jwt.Verifier, token string){
		"Verify": func(v *jwt.Verifier, token string) { v.Verify(context.Background(), token) },
		"Token":  func(v *jwt.Verifier, token string) { explain.Token(context.Background(), v, token) },
	}
	fetches := map[string][]int{}
	for name, ask := range ask {
		iss := newIssuer(t)
		synctest.Test(t, func(t *testing.T) {
			v, good := fetching(t, iss, iss.ServeHTTP), iss.Token(nil)
			for _, token := range []string{"x", good + "\n", "Bearer " + good, fixture.WithPart(good, 0, fixture.B64(`{"alg":"none"}`)), good, named(iss, "a"), named(iss, "b"), named(iss, "c"), named(iss, "d"), good} {
				ask(v, token)
				_, keys := iss.Fetches()
				fetches[name] = append(fetches[name], keys)
			}
		})
	}
	if a, b := fetches["Verify"], fetches["Token"]; !slices.Equal(a, b) || a[3] != 0 || a[4] != 1 {
		t.Errorf("Verify fetches %v, Token %v", a, b)
	}
}

// Config.Validate gets a *jwt.Token, which is proof: it is asked only about tokens that are valid, and
// valid now.
func TestExplainValidates(t *testing.T) {
	calls := 0
	v := verifierOf(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error { calls++; return nil }
	})
	now, iss := time.Now(), fixture.Issuer()
	expired := iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()})
	for _, c := range []struct {
		token string
		at    time.Time
		calls int
		valid bool
		text  string
	}{
		{iss.Token(nil), now, 1, true, "Config.Validate accepts it"},
		{iss.Token(nil), time.Time{}, 1, true, "Config.Validate accepts it"},
		{expired, now, 0, false, "passed everything else"},
		{expired, now.Add(-90 * time.Minute), 0, true, "valid now"},
		{iss.Token(nil), now.Add(2 * time.Hour), 0, false, "passed everything else"},
		{iss.Token(claims{"aud": "x"}), now, 0, false, "passed everything else"},
		{fixture.OtherIssuer().Token(claims{"iss": iss.URL}), now, 0, false, "passed everything else"},
		{"Bearer " + iss.Token(nil), now, 0, false, "passed everything else"},
	} {
		calls = 0
		r := explain.TokenAt(t.Context(), v, c.token, c.at)
		if calls != c.calls || r.Valid != c.valid || !c.at.IsZero() && !r.At.Equal(c.at) || !strings.Contains(step(t, r, "validate").Text, c.text) {
			t.Errorf("%d calls, valid is %v at %v, %q; want %d, %v, %q", calls, r.Valid, r.At, step(t, r, "validate").Text, c.calls, c.valid, c.text)
		}
	}
}

// A key that was replaced under its id is found as Verify finds it.
func TestExplainReplacedKey(t *testing.T) {
	iss := newIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		v := fetching(t, iss, iss.ServeHTTP)
		if r := explained(t, v, iss.Token(nil)); !r.Valid || strings.Contains(step(t, r, "signature").Text, "replaced") {
			t.Fatal(r)
		}
		time.Sleep(2 * time.Minute) // the set is old enough to be doubted
		iss.ReplaceSameKID()
		r := explain.Token(context.Background(), v, iss.Token(nil))
		if got := step(t, r, "signature").Text; !r.Valid || !strings.HasSuffix(got, "holds, by the key that has replaced the one that was known") {
			t.Errorf("got %q\n%s", got, r)
		}
		if r := explained(t, v, iss.Token(nil)); strings.Contains(step(t, r, "signature").Text, "replaced") {
			t.Errorf("it is the key that was known\n%s", r)
		}
	})
}

// afterReplacement is the report of a token that only the key may vouch for that has just replaced
// another under its kid.
func afterReplacement(t *testing.T, change map[string]any, token func(iss, next *jwttest.Issuer) string) *explain.Report {
	iss, next := newIssuer(t), newIssuer(t)
	var report *explain.Report
	synctest.Test(t, func(t *testing.T) {
		replaced := false
		v := fetching(t, iss, func(w http.ResponseWriter, r *http.Request) {
			if replaced && strings.HasSuffix(r.URL.Path, "jwks.json") {
				json.NewEncoder(w).Encode(map[string]any{"keys": []any{published(t, next, jwt.ES256, change)}})
			} else {
				iss.ServeHTTP(w, r)
			}
		})
		explained(t, v, iss.Token(nil))
		time.Sleep(2 * time.Minute)
		replaced = true
		report = explain.Token(context.Background(), v, token(iss, next))
	})
	return report
}

// That a key was replaced vouches for nothing: the new one must have signed the token.
func TestExplainReplacedKeyMustVerify(t *testing.T) {
	r := afterReplacement(t, nil, func(iss, _ *jwttest.Issuer) string {
		return fixture.WithPart(iss.Token(nil), 2, fixture.B64(strings.Repeat("s", 64)))
	})
	if r.Valid || r.Verified || r.Reason != jwt.ReasonSignatureInvalid {
		t.Errorf("got %v", r)
	}
}

// The steps after the signature are about the key that holds, not about the one that it has replaced.
func TestExplainReplacedKeyOfOneIssuer(t *testing.T) {
	r := afterReplacement(t, map[string]any{"issuer": "https://elsewhere.example"}, func(iss, next *jwttest.Issuer) string {
		return next.Token(claims{"iss": iss.URL})
	})
	if r.Valid || !r.Verified || r.Reason != jwt.ReasonIssuerMismatch || step(t, r, "key issuer").Verdict != explain.VerdictFail {
		t.Errorf("got %v", r)
	}
}

// A step about the key's own issuer says whether there was anything to look at.
func TestExplainKeyIssuer(t *testing.T) {
	iss := fixture.Issuer()
	own := verifierOf(t, func(c *jwt.Config) {
		c.Keys = fixture.ParseKeySet(t, published(t, iss, jwt.RS256, map[string]any{"issuer": iss.URL}))
	})
	for _, c := range []struct {
		v     *jwt.Verifier
		token string
		want  string
	}{
		{own, iss.Token(nil), "the key is one of this issuer's own"},
		{verifierOf(t), iss.Token(nil), "the key does not say whose it is"},
		{verifierOf(t), fixture.WithPart(iss.Token(nil), 2, "AAAA"), "the key does not say whose it is"},
		{verifierOf(t), iss.Token(nil) + "\n", "there is no key"},
	} {
		if got := step(t, explained(t, c.v, c.token), "key issuer").Text; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// The step about the key says which one was found, and how.
func TestExplainKey(t *testing.T) {
	iss := fixture.Issuer()
	nameless := iss.Mint(jwttest.Spec{Header: map[string]any{"kid": nil}})
	single := func(alg jwt.Algorithm) *jwt.Verifier {
		return verifierOf(t, func(c *jwt.Config) { c.Keys = iss.Key(alg) })
	}
	for _, c := range []struct {
		v     *jwt.Verifier
		token string
		want  string
	}{
		{verifierOf(t), iss.Token(nil), `the key of kid "rs256-1", for RS256`},
		{verifierOf(t), fixture.WithPart(iss.Token(nil), 2, "AAAA"), `the key of kid "rs256-1", for RS256`},
		{verifierOf(t), nameless, `the one key that fits has kid "rs256-1", for RS256`},
		{single(jwt.HS256), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "the one key that fits, for HS256"},
		{single(jwt.HS256), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": "x"}}), "the one key that fits, for HS256"},
	} {
		if got := step(t, explained(t, c.v, c.token), "key").Text; got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Times are as people see them.
func TestExplainTimes(t *testing.T) {
	v := verifierOf(t)
	at := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	token := fixture.Issuer().Token(claims{"exp": at.Unix(), "iat": at.Add(-time.Hour).Unix(), "nbf": at.Add(-time.Hour).Unix()})
	for after, want := range map[time.Duration]string{
		3*time.Minute + 12*time.Second: "expired 3m12s ago (2026-11-21T19:00:00Z)",
		47 * time.Hour:                 "expired 47h0m0s ago (2026-11-21T19:00:00Z)",
		-10 * time.Minute:              "expires in 10m0s (2026-11-21T19:00:00Z)",
		-24 * time.Hour:                "expires in 24h0m0s (2026-11-21T19:00:00Z)",
		-100 * 24 * time.Hour:          "expires in 100 days (2026-11-21T19:00:00Z)",
		-3650 * 24 * time.Hour:         "expires in 10 years (2026-11-21T19:00:00Z)",
	} {
		r := explain.TokenAt(t.Context(), v, token, at.Add(after))
		if got := step(t, r, "exp").Text; got != want {
			t.Errorf("%v later: %q, want %q", after, got, want)
		}
		if !r.ExpiresAt.Equal(at) || !r.IssuedAt.Equal(at.Add(-time.Hour)) || !r.NotBefore.Equal(r.IssuedAt) {
			t.Errorf("the times are %v %v %v", r.IssuedAt, r.NotBefore, r.ExpiresAt)
		}
	}
}

// Failures that are about time say what the time should have been.
func TestExplainWrongTimes(t *testing.T) {
	at := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	v := verifierOf(t, func(c *jwt.Config) { c.MaxAge = time.Hour })
	text := func(name string, offset time.Duration) (text, want string) {
		set := claims{"iat": at.Unix(), "exp": at.Add(time.Hour).Unix(), name: at.Add(offset).Unix()}
		s := step(t, explain.TokenAt(t.Context(), v, fixture.Issuer().Token(set), at), name)
		return s.Text, s.Want
	}
	for _, c := range []struct {
		name   string
		offset time.Duration
		text   string
		want   string
	}{
		{"exp", -time.Hour, "expired 1h0m0s ago (2026-11-21T18:00:00Z)", "after 2026-11-21T18:59:30Z"},
		{"nbf", time.Hour, "not valid yet: in 1h0m0s (2026-11-21T20:00:00Z)", "not after 2026-11-21T19:00:30Z"},
		{"iat", time.Hour, "issued in the future: in 1h0m0s (2026-11-21T20:00:00Z)", "not after 2026-11-21T19:00:30Z"},
		{"iat", -2 * time.Hour, "too old: issued 2h0m0s ago (2026-11-21T17:00:00Z), want at most 1h0m0s ago", "at most 1h0m0s ago"},
	} {
		if text, want := text(c.name, c.offset); text != c.text || want != c.want {
			t.Errorf("%s: %q, %q; want %q, %q", c.name, text, want, c.text, c.want)
		}
	}
}

// The largest MaxTokenSize of all issuers counts, as for Verify.
func TestExplainSize(t *testing.T) {
	small, large := configOf(t, fixture.Issuer()), configOf(t, fixture.OtherIssuer())
	small.MaxTokenSize, large.MaxTokenSize = 1000, 2000
	token := fixture.Issuer().Token(nil)
	for want, configs := range map[string][]jwt.Config{"1000": {small}, "2000": {small, large}, "16384": {small, configOf(t, fixture.OtherIssuer())}} {
		if got := step(t, explained(t, newVerifier(t, configs...), token), "size").Text; !strings.HasSuffix(got, "the limit is "+want) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
}

// An issuer of many tenants is found by its name, which no token has.
func TestExplainTenants(t *testing.T) {
	const tenant = "00000000-0000-4000-8000-000000000001"
	c := configOf(t, fixture.Issuer())
	c.Issuer, c.Tenants, c.Leeway = "https://login.example/{tenantid}/v2.0", []string{tenant}, time.Minute
	v := newVerifier(t, c, configOf(t, fixture.OtherIssuer()))
	token := func(tid string) string {
		return fixture.Issuer().Token(claims{"iss": "https://login.example/" + tenant + "/v2.0", "tid": tid})
	}
	if r := explained(t, v, token(tenant)); !r.Valid || r.Issuer != c.Issuer || r.Leeway != 60 {
		t.Errorf("got\n%s", r)
	}
	if r := explained(t, v, token("x")); step(t, r, "iss").Hint != "iss and tid must name the same tenant" {
		t.Errorf("got %q", step(t, r, "iss").Hint)
	}
	if r := explained(t, v, token(tenant)+"\n"); r.Issuer != c.Issuer || step(t, r, "iss").Verdict != explain.VerdictPass {
		t.Errorf("pasted with a line break: got\n%s", r)
	}
}

// A profile is not said to hold if a claim that it asks for could not be read.
func TestExplainProfileUnread(t *testing.T) {
	v := verifierOf(t, func(c *jwt.Config) { c.Profile = jwt.AccessToken })
	token := fixture.Issuer().Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: claims{"sub": 1, "client_id": "c", "jti": "1", "iat": time.Now().Unix()}})
	if got := step(t, explained(t, v, token), "profile"); got.Verdict != explain.VerdictSkip {
		t.Errorf("got %+v", got)
	}
}

// source is a KeySource of the caller's own.
type source func(jwt.Header) (*jwt.Key, error)

func (f source) Key(_ context.Context, h jwt.Header) (*jwt.Key, error) { return f(h) }

// A source of keys may put what a token says into any field of its error.
func TestExplainKeySourceError(t *testing.T) {
	v := verifierOf(t, func(c *jwt.Config) {
		c.Keys = source(func(h jwt.Header) (*jwt.Key, error) {
			return nil, &jwt.Error{Reason: jwt.ReasonKeyUnknown, Member: h.KeyID, Got: h.KeyID, Want: "not " + h.KeyID, Hint: h.KeyID}
		})
	})
	payload := fixture.B64(`{"iss":"https://issuer.example","sub":"somebody with a long name"}`)
	explained(t, v, fixture.B64(`{"alg":"RS256","kid":"`+payload+`"}`)+"."+payload+".AAAA")

	down := verifierOf(t, func(c *jwt.Config) {
		c.Keys = source(func(jwt.Header) (*jwt.Key, error) { return nil, errors.New("the \"vault\" is\nsealed") })
	})
	r := explained(t, down, fixture.Issuer().Token(nil))
	if got := step(t, r, "key").Text; r.Reason != jwt.ReasonKeysUnavailable || got != `keys unavailable: the 'vault' is; sealed` {
		t.Errorf("got %q", got)
	}
	if text := r.String(); !strings.HasPrefix(text, "UNDECIDED  keys_unavailable\n  keys unavailable: the 'vault' is; sealed\n") {
		t.Errorf("got\n%s", text)
	}
}
