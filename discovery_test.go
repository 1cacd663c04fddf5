// This file tests keys in time: discovery, the cache, its renewal, its budget, and what happens when
// the issuer is slow, wrong or away. Time is that of a bubble, and fetches are counted.

package jwt_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

const (
	providerURL  = "https://issuer.test"
	keysURL      = providerURL + "/keys"
	oidcPath     = "/.well-known/openid-configuration"
	metadataPath = "/.well-known/oauth-authorization-server"
)

// A provider answers requests for metadata and keys without a network, as a test tells it to.
type provider struct {
	t testing.TB

	mu      sync.Mutex // guards what follows
	keys    []any
	header  http.Header
	delay   time.Duration
	answer  func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	fetches []string                                          // the paths that were asked for
	seen    http.Header                                       // of the last request
	open    int                                               // requests under way
	most    int                                               // of those at once
}

func newProvider(t testing.TB, algorithms ...jwt.Algorithm) *provider {
	p := &provider{t: t, header: http.Header{}}
	if algorithms == nil {
		algorithms = []jwt.Algorithm{jwt.ES256}
	}
	for _, alg := range algorithms {
		p.keys = append(p.keys, jwkOf(t, testIssuer(), alg))
	}
	return p
}

// set changes the provider under its lock.
func (p *provider) set(change func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *provider) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, f := range p.fetches {
		if f == path {
			n++
		}
	}
	return n
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.fetches = append(p.fetches, r.URL.Path)
	p.seen = r.Header.Clone()
	p.open++
	p.most = max(p.most, p.open)
	delay, answer, header, keys := p.delay, p.answer, p.header.Clone(), slices.Clone(p.keys)
	p.mu.Unlock()
	defer p.set(func(p *provider) { p.open-- })
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	for name, values := range header {
		w.Header()[name] = values
	}
	switch {
	case answer != nil && answer(w, r):
	case r.URL.Path == oidcPath:
		json.NewEncoder(w).Encode(map[string]any{"issuer": providerURL, "jwks_uri": keysURL})
	case r.URL.Path == "/keys":
		if tag := w.Header().Get("ETag"); tag != "" && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
		} else {
			w.Write(keySetJSON(keys...))
		}
	default:
		http.NotFound(w, r)
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (p *provider) remote(o jwt.RemoteOptions) *jwt.RemoteKeySet {
	p.t.Helper()
	o.Client = &http.Client{Transport: p}
	r, err := jwt.Discover(providerURL, &o)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *provider) verifier(keys *jwt.RemoteKeySet) *jwt.Verifier {
	p.t.Helper()
	v, err := jwt.NewVerifier(jwt.Config{Issuer: providerURL, Audience: []string{jwttest.Audience}, Keys: keys})
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// mint signs a token that lives longer than any test.
func mint(kid any) string {
	header := map[string]any{}
	if kid != nil {
		header["kid"] = kid
	}
	return testIssuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: header, Claims: claims{"iss": providerURL, "exp": int64(99999999999)}})
}

// naming is a token that names a key and is signed by none: enough where no key is found, and quicker.
func naming(kid string) string {
	return b64(`{"alg":"ES256","kid":"`+kid+`"}`) + "." + b64(`{"iss":"`+providerURL+`"}`) + "." + b64(strings.Repeat("s", 64))
}

// forged has a kid that is in the set and a signature of another key.
func forged() string {
	return otherIssuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: claims{"iss": providerURL, "exp": int64(99999999999)}})
}

// bubble runs a test where time stands still unless everything sleeps.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestNothingFetchedByConstructors(t *testing.T) {
	p := newProvider(t)
	v := p.verifier(p.remote(jwt.RemoteOptions{}))
	v.Status()
	if len(p.fetches) != 0 {
		t.Errorf("fetched %v", p.fetches)
	}
	// Nor by tokens that fail before a key is needed.
	for _, token := range []string{"", "a.b", "a.b.c", "e30.e30.AA", b64(`{"alg":"none"}`) + ".e30.AA", b64(`{"alg":"HS256","kid":"x"}`) + ".e30.AA",
		b64(`{"alg":"RS256","crit":[]}`) + ".e30.AA", b64(`{"alg":"ES256","jku":"https://evil.example"`) + ".e30.AA"} {
		if _, err := verify(v, token); err == nil {
			t.Errorf("%q was accepted", token)
		}
	}
	if len(p.fetches) != 0 {
		t.Errorf("fetched %v", p.fetches)
	}
}

func TestSingleFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.delay = time.Second
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		text := mint(nil)

		impatient, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			token, err := v.Verify(impatient, text)
			if token != nil {
				t.Error("a token without keys")
			}
			left <- err
		}()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				token, err := verify(v, text)
				if err != nil || token == nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-left; !errors.Is(err, jwt.ErrUnavailable) || !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		wg.Wait()
		if p.count(oidcPath) != 1 || p.count("/keys") != 1 || len(p.fetches) != 2 {
			t.Errorf("fetched %v", p.fetches)
		}
	})
}

func TestUnknownKidFlood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		good := mint(nil)
		if _, err := verify(v, good); err != nil {
			t.Fatal(err)
		}
		before := p.count("/keys")
		p.set(func(p *provider) { p.delay = 500 * time.Millisecond })
		for i := range 10000 {
			if i%1000 == 0 {
				time.Sleep(time.Second - time.Millisecond)
			}
			go func() {
				token, err := verify(v, naming(fmt.Sprintf("kid-%d", i)))
				wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
			}()
			start := time.Now()
			if _, err := verify(v, good); err != nil || time.Since(start) != 0 {
				t.Fatalf("a known kid: %v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		if n := p.count("/keys") - before; n > 3 || n == 0 {
			t.Errorf("%d fetches", n)
		}
		// In the middle of the flood a new key is published, and accepted within 10 s.
		next := jwkEdit{"kid": "next"}.apply(p.keys[0].(jwk))
		p.set(func(p *provider) { p.keys = append(p.keys, next) })
		published := time.Now()
		for time.Since(published) <= 10*time.Second {
			time.Sleep(100 * time.Millisecond)
			go verify(v, naming(fmt.Sprintf("later-%d", time.Now().UnixNano())))
			if _, err := verify(v, mint("next")); err == nil {
				return
			}
		}
		t.Error("the new key was not accepted within 10 s")
	})
}

// There is one fetch at a time, whatever asks for it, so that no answer can come after a newer one.
func TestOneFetchAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.delay = 2 * time.Second
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		good, bad := mint(nil), forged()
		// Each answer is of the moment when it was asked for, and arrives two seconds later.
		for i := range 600 {
			go verify(v, good)
			go verify(v, bad)
			go verify(v, naming(fmt.Sprintf("kid-%d", i)))
			time.Sleep(time.Second)
			p.set(func(p *provider) {
				p.keys = []any{p.keys[0], jwkEdit{"kid": fmt.Sprintf("key-%d", i)}.apply(p.keys[0].(jwk))}
			})
		}
		time.Sleep(time.Minute)
		newest := 0
		for range 10 {
			time.Sleep(11 * time.Second)
			if err := v.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			var n int
			keys := v.Status()[0].Keys.Keys
			fmt.Sscanf(keys[len(keys)-1].KeyID, "key-%d", &n)
			if n < newest {
				t.Errorf("key-%d after key-%d", n, newest)
			}
			newest = n
		}
		if p.most != 1 || len(p.fetches) < 50 {
			t.Errorf("%d fetches, %d at once", len(p.fetches), p.most)
		}
	})
}

func TestRotationAtFirstToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		for i := range 5 {
			kid := fmt.Sprintf("rotated-%d", i)
			p.set(func(p *provider) { p.keys = []any{jwkEdit{"kid": kid}.apply(p.keys[0].(jwk))} })
			token, err := verify(v, mint(kid))
			wantAccepted(t, token, err)
			time.Sleep(11 * time.Second)
		}
	})
}

func TestAbsentKidIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		for range 40 { // 20 s: the budget would allow 3 more
			token, err := verify(v, naming("nobody"))
			wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
			time.Sleep(500 * time.Millisecond)
		}
		if n := p.count("/keys"); n != 2 {
			t.Errorf("%d fetches, want the first and one more", n)
		}
		time.Sleep(30 * time.Second)
		verify(v, naming("nobody"))
		if n := p.count("/keys"); n != 3 {
			t.Errorf("%d fetches, want one more after 30 s", n)
		}
	})
}

func TestSameKidNewKey(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		if _, err := verify(v, mint(nil)); err != nil {
			t.Fatal(err)
		}
		p.set(func(p *provider) { p.keys = []any{jwkOf(t, otherIssuer(), jwt.ES256)} })
		token, err := verify(v, forged())
		wantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature) // the set is too young to be doubted
		time.Sleep(61 * time.Second)
		token, err = verify(v, forged())
		wantAccepted(t, token, err)
		token, err = verify(v, mint(nil)) // the old key is gone
		wantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
	})
}

// Keys that were fetched for a token are not fetched again because its own is not among them.
func TestFetchedForThisToken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.delay = time.Second
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		for range 2 { // the second one finds the key remembered as absent
			token, err := verify(v, naming("nobody"))
			wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
			if n := p.count("/keys"); n != 1 {
				t.Errorf("%d fetches, want 1", n)
			}
		}
	})
}

// A token is held against the time at which its key is there, however long that was waited for.
func TestTimeAfterFetch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		late := func(when string, iss *jwttest.Issuer, kid any) {
			t.Helper()
			header := map[string]any{}
			if kid != nil {
				header["kid"] = kid
			}
			// With the leeway of 30 s it has a second to live, and the fetch takes two.
			spec := jwttest.Spec{Algorithm: jwt.ES256, Header: header, Claims: claims{"iss": providerURL, "iat": 0, "exp": time.Now().Unix() - 29}}
			p.set(func(p *provider) { p.delay = 2 * time.Second })
			before := p.count("/keys")
			token, err := verify(v, iss.Mint(spec))
			wantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
			if n := p.count("/keys"); n != before+1 {
				t.Errorf("%s: %d fetches, want 1", when, n-before)
			}
		}
		late("the first keys", testIssuer(), nil)
		p.set(func(p *provider) { p.keys = append(p.keys, jwkEdit{"kid": "new"}.apply(p.keys[0].(jwk))) })
		late("a new key", testIssuer(), "new")
		time.Sleep(61 * time.Second)
		p.set(func(p *provider) { p.keys = []any{jwkOf(t, otherIssuer(), jwt.ES256)} })
		late("another key of the same id", otherIssuer(), nil)
	})
}

func TestBadSignatureFlood(t *testing.T) {
	for _, answer := range []func(http.ResponseWriter, *http.Request) bool{nil, down} {
		bubble(t, func(t *testing.T) {
			p := newProvider(t)
			p.header.Set("Cache-Control", "max-age=3600")
			keys := p.remote(jwt.RemoteOptions{})
			v := p.verifier(keys)
			verify(v, mint(nil))
			p.set(func(p *provider) { p.answer = answer })
			start := keys.Status().Fetches
			bad := forged()
			for range 10000 / slower {
				time.Sleep(slower * 50 * time.Millisecond)
				token, err := verify(v, bad)
				if token != nil || !errors.Is(err, jwt.ErrSignature) {
					t.Fatal(err)
				}
			}
			if n := keys.Status().Fetches - start; n > 9 || n < 5 {
				t.Errorf("%d fetches in 500 s", n)
			}
		})
	}
}

// A fetch that fails is not paid for: the next token with a new kid is looked for at once.
func TestFailedFetchSpendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		verify(v, mint(nil))
		p.set(func(p *provider) { p.answer = down })
		for _, backoff := range []time.Duration{1300 * time.Millisecond, 2500 * time.Millisecond} {
			token, err := verify(v, mint("next"))
			wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
			time.Sleep(backoff)
		}
		p.set(func(p *provider) {
			p.answer, p.keys = nil, append(p.keys, jwkEdit{"kid": "next"}.apply(p.keys[0].(jwk)))
		})
		for _, kid := range []string{"nobody", "next"} {
			verify(v, mint(kid))
		}
		token, err := verify(v, mint("next"))
		wantAccepted(t, token, err)
		if s := v.Status()[0].Keys; s.Fetches != 4 {
			t.Errorf("%d fetches", s.Fetches)
		}
	})
}

func TestFreshness(t *testing.T) {
	for _, c := range []struct {
		header   map[string]string
		min, max time.Duration // until the first fetch that nobody but time causes
	}{
		{nil, 7 * time.Minute, 10 * time.Minute},
		{map[string]string{"Cache-Control": "max-age=15"}, 42 * time.Second, time.Minute},
		{map[string]string{"Cache-Control": "max-age=15, stale-while-revalidate=15, public"}, 42 * time.Second, time.Minute},
		{map[string]string{"Cache-Control": "max-age=300, must-revalidate"}, 210 * time.Second, 300 * time.Second},
		{map[string]string{"Cache-Control": "public, Max-Age=3293198"}, 42 * time.Minute, time.Hour},
		{map[string]string{"Cache-Control": "no-cache"}, 42 * time.Second, time.Minute},
		{map[string]string{"Cache-Control": "max-age=1000, no-store"}, 42 * time.Second, time.Minute},
		{map[string]string{"Cache-Control": "max-age=1200", "Age": "600"}, 420 * time.Second, 600 * time.Second},
		{map[string]string{"Cache-Control": "max-age=-1"}, 42 * time.Second, time.Minute},
		{map[string]string{"Cache-Control": "max-age=99999999999999999999"}, 42 * time.Minute, time.Hour},
		{map[string]string{"Expires": "Sat, 01 Jan 2000 00:20:00 GMT"}, 14 * time.Minute, 20 * time.Minute},
		{map[string]string{"Expires": "0"}, 42 * time.Second, time.Minute},
		{map[string]string{"Expires": "0", "Cache-Control": "max-age=600"}, 7 * time.Minute, 10 * time.Minute},
	} {
		bubble(t, func(t *testing.T) {
			p := newProvider(t)
			for name, value := range c.header {
				p.header.Set(name, value)
			}
			v := p.verifier(p.remote(jwt.RemoteOptions{}))
			text := mint(nil)
			start := time.Now()
			for p.count("/keys") < 2 && time.Since(start) < 2*time.Hour {
				if _, err := verify(v, text); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				time.Sleep(time.Second)
			}
			if took := time.Since(start); took < c.min || took > c.max+2*time.Second {
				t.Errorf("%v: fetched again after %v, want %v to %v", c.header, took, c.min, c.max)
			}
		})
	}
}

// A key that was withdrawn verifies no longer than the set is fresh, even if nothing else happens.
func TestWithdrawnKey(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t, jwt.ES256, jwt.RS256)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		if _, err := verify(v, mint(nil)); err != nil {
			t.Fatal(err)
		}
		p.set(func(p *provider) { p.keys = p.keys[1:] })
		time.Sleep(10 * time.Minute)
		token, err := verify(v, mint(nil))
		wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	})
}

func TestConditionalRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.header.Set("ETag", `"1"`)
		p.header.Set("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT")
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		for i := range 4 {
			if _, err := verify(v, mint(nil)); err != nil {
				t.Fatal(err)
			}
			if i > 0 && (p.seen.Get("If-None-Match") != `"1"` || p.seen.Get("If-Modified-Since") != "Sat, 01 Jan 2000 00:00:00 GMT") {
				t.Errorf("asked with %v", p.seen)
			}
			time.Sleep(10 * time.Minute)
		}
		if n := p.count("/keys"); n != 4 {
			t.Errorf("%d fetches", n)
		}
		if s := v.Status()[0].Keys; s.Failures != 0 || len(s.Keys) != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

// Nobody waits where the issuer answers slowly, as long as tokens keep coming.
// An answer that the keys are the same keeps the lifetime that came with them.
func TestNotModifiedKeepsLifetime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/keys" {
				return false
			}
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("If-None-Match") == "" {
				w.Header().Set("Cache-Control", "max-age=120")
				return false
			}
			w.WriteHeader(http.StatusNotModified)
			return true
		}
		keys := p.remote(jwt.RemoteOptions{})
		v := p.verifier(keys)
		for range 3 {
			verify(v, mint(nil))
			if s := keys.Status(); s.FreshUntil.Sub(s.LastSuccess) != 2*time.Minute {
				t.Errorf("got %+v", s)
			}
			time.Sleep(2 * time.Minute)
		}
	})
}

// A fetch has one time limit, however many requests it takes, and the promise of TestRefreshAhead
// holds with an issuer that hangs and with the shortest lifetime.
func TestHangingIssuer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.delay = time.Hour
		start := time.Now()
		token, err := verify(p.verifier(p.remote(jwt.RemoteOptions{})), mint(nil))
		wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if took := time.Since(start); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v", err, took)
		}
		p = newProvider(t)
		p.header.Set("Cache-Control", "no-cache")
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		text := mint(nil)
		verify(v, text)
		time.Sleep(59 * time.Minute)
		verify(v, text)
		p.set(func(p *provider) { p.delay = time.Hour })
		for range 6000 / slower {
			time.Sleep(slower * 100 * time.Millisecond)
			start := time.Now()
			if _, err := verify(v, text); err != nil || time.Since(start) != 0 {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}

// Both places of the metadata are told of, where both answer.
func TestDiscoveryErrors(t *testing.T) {
	p := newProvider(t)
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != metadataPath {
			return r.URL.Path == oidcPath && func() bool { w.WriteHeader(404); return true }()
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": providerURL + "/", "jwks_uri": keysURL})
		return true
	}
	err := p.remote(jwt.RemoteOptions{}).Warm(t.Context())
	if err == nil || !strings.Contains(err.Error(), "openid-configuration answers with status 404") || !strings.Contains(err.Error(), "they differ only by a trailing slash") {
		t.Errorf("got %v", err)
	}
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != metadataPath {
				w.WriteHeader(404)
			} else {
				w.Header().Set("Retry-After", "120")
				w.WriteHeader(503)
			}
			return true
		}
		token, err := verify(p.verifier(p.remote(jwt.RemoteOptions{})), mint(nil))
		if e := wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable); e.RetryAfter != 2*time.Minute {
			t.Errorf("got %v", e.RetryAfter)
		}
	})
	for _, answer := range []string{"", `{"issuer":"x","jwks_uri":"y"}`, `<html>`} {
		p := newProvider(t)
		p.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			if answer == "" {
				w.WriteHeader(404)
			}
			io.WriteString(w, answer)
			return true
		}
		err := p.remote(jwt.RemoteOptions{MetadataURL: "https://issuer.test/m?appid=SECRET"}).Warm(t.Context())
		if err == nil || strings.Contains(err.Error(), "SECRET") || !strings.Contains(err.Error(), "https://issuer.test/m ") {
			t.Errorf("got %v", err)
		}
	}
	secret, err := jwt.NewRemoteKeySet("https://issuer.test/keys?apikey=SECRET", &jwt.RemoteOptions{Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("no route")
	})}})
	if err != nil {
		t.Fatal(err)
	}
	if err := secret.Warm(t.Context()); err == nil || strings.Contains(err.Error(), "SECRET") || !strings.Contains(err.Error(), "https://issuer.test/keys: no route") {
		t.Errorf("got %v", err)
	}
}

// A set that nobody needed for a while is not an outage.
func TestIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		keys := p.remote(jwt.RemoteOptions{})
		verify(p.verifier(keys), mint(nil))
		for _, wait := range []time.Duration{11 * time.Minute, 2 * time.Hour} {
			time.Sleep(wait)
			if s := keys.Status(); s.State != "idle" {
				t.Errorf("after %v: %+v", wait, s)
			}
		}
		if err := keys.Warm(t.Context()); err != nil || keys.Status().State != "fresh" || p.count("/keys") != 2 {
			t.Errorf("got %v, %+v", err, keys.Status())
		}
		p.set(func(p *provider) { p.answer = down })
		time.Sleep(11 * time.Minute)
		if err := keys.Warm(t.Context()); err != nil || keys.Status().State != "stale" {
			t.Errorf("got %v, %+v", err, keys.Status())
		}
	})
}

func TestRefreshAhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		verify(v, mint(nil))
		p.set(func(p *provider) { p.delay = 2 * time.Second })
		text := mint(nil)
		for range 3600 {
			time.Sleep(time.Second)
			start := time.Now()
			if _, err := verify(v, text); err != nil || time.Since(start) != 0 {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		time.Sleep(10 * time.Second)
		if n := p.count("/keys"); n < 6 || n > 10 {
			t.Errorf("%d fetches in an hour", n)
		}
	})
}

func TestOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{}))
		text := mint(nil)
		if _, err := verify(v, text); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		down := func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "down", http.StatusInternalServerError)
			return true
		}
		p.set(func(p *provider) { p.answer = down })
		for time.Since(start) < 70*time.Minute-time.Second {
			time.Sleep(time.Second)
			if _, err := verify(v, text); err != nil {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
		}
		synctest.Wait() // for a fetch in the background
		if s := v.Status()[0].Keys; s.State != "stale" || s.LastError == "" || s.Failures == 0 || !s.NextAttempt.After(time.Now()) {
			t.Errorf("got %+v", s)
		}
		// An unknown kid cannot be told from a new one.
		token, err := verify(v, mint("new"))
		wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)

		time.Sleep(2 * time.Second)
		token, err = verify(v, text)
		e := wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if e.RetryAfter < time.Second || e.RetryAfter > 37*time.Second || !strings.Contains(err.Error(), "status 500") {
			t.Errorf("got %v, retry after %v", err, e.RetryAfter)
		}
		if s := v.Status()[0].Keys; s.State != "unavailable" {
			t.Errorf("got %+v", s)
		}
		p.set(func(p *provider) { p.answer = nil })
		time.Sleep(37 * time.Second)
		token, err = verify(v, text)
		wantAccepted(t, token, err)
		if s := v.Status()[0].Keys; s.State != "fresh" || s.LastError != "" || !s.NextAttempt.IsZero() {
			t.Errorf("got %+v", s)
		}
	})
}

func TestOutageAtStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		keys := p.remote(jwt.RemoteOptions{})
		v := p.verifier(keys)
		if s := keys.Status(); s.State != "empty" {
			t.Errorf("got %+v", s)
		}
		text := mint(nil)
		for range 60000 / slower { // 1,000 a second
			token, err := verify(v, text)
			if token != nil || !errors.Is(err, jwt.ErrUnavailable) {
				t.Fatal(err)
			}
			time.Sleep(slower * time.Millisecond)
		}
		if n := keys.Status().Fetches; n > 8 || n < 5 {
			t.Errorf("%d attempts in 60 s", n)
		}
		p.set(func(p *provider) { p.answer = nil })
		time.Sleep(37 * time.Second)
		if err := v.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	})
}

func TestStaleCanBeRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v := p.verifier(p.remote(jwt.RemoteOptions{MaxStale: -1}))
		verify(v, mint(nil))
		p.set(func(p *provider) {
			p.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
		})
		time.Sleep(9*time.Minute + 59*time.Second)
		token, err := verify(v, mint(nil))
		wantAccepted(t, token, err)
		time.Sleep(time.Second)
		token, err = verify(v, mint(nil))
		wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.header.Set("Retry-After", "120")
		p.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(429); return true }
		keys := p.remote(jwt.RemoteOptions{})
		v := p.verifier(keys)
		for range 119 {
			verify(v, mint(nil))
			time.Sleep(time.Second)
		}
		if n := keys.Status().Fetches; n != 1 {
			t.Errorf("%d fetches before the time that was asked for", n)
		}
		time.Sleep(2 * time.Second)
		verify(v, mint(nil))
		if n := keys.Status().Fetches; n != 2 {
			t.Errorf("%d fetches after it", n)
		}
	})
}

// endless is a body without an end.
type endless struct{ read *int }

func (e endless) Read(b []byte) (int, error) { *e.read += len(b); return len(b), nil }
func (endless) Close() error                 { return nil }

// transport lets a test answer as no handler would.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Every bad answer has a reason of its own, and none replaces a good set.
func TestBadAnswers(t *testing.T) {
	good, _ := json.Marshal(jwkOf(t, testIssuer(), jwt.ES256))
	text := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name   string
		path   string
		answer func(http.ResponseWriter, *http.Request)
		want   string
	}{
		{"status 500", "/keys", text(500, ""), "answers with status 500"},
		{"status 204", "/keys", text(204, ""), "answers with status 204"},
		{"captive portal", "/keys", text(200, "<html>"), "(text/html): not a JWK Set: not a JSON object at byte 0"},
		{"truncated", "/keys", text(200, `{"keys":[`+string(good)), "not a JWK Set: "},
		{"10 MB", "/keys", text(200, strings.Repeat(" ", 10<<20)), "longer than 524288 bytes"},
		{"2,000 keys", "/keys", text(200, `{"keys":[`+strings.Repeat(`{"kty":"x"},`, 1999)+string(good)+`]}`), "more than 100 keys"},
		{"no keys", "/keys", text(200, `{"keys":[]}`), "no usable key among 0: it is empty"},
		{"no usable key", "/keys", text(200, `{"keys":[{"kty":"AKP"}]}`), `no usable key among 1: the first was skipped: kty "AKP" is not supported`},
		{"redirect", "/keys", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusFound)
		}, "redirects are not followed"},
		{"304 without a condition", "/keys", text(304, ""), "redirect (status 304)"},
		{"metadata 404", oidcPath, text(404, ""), "answers with status 404"},
		{"metadata redirect", oidcPath, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
		{"metadata HTML", oidcPath, text(200, "<html>"), "not issuer metadata: not a JSON object"},
		{"metadata of another issuer", oidcPath, text(200, `{"issuer":"https://evil.test","jwks_uri":"`+keysURL+`"}`), `names the issuer "https://evil.test", not "https://issuer.test"`},
		{"metadata with a slash", oidcPath, text(200, `{"issuer":"https://issuer.test/","jwks_uri":"`+keysURL+`"}`), "they differ only by a trailing slash"},
		{"metadata twice", oidcPath, text(200, `{"issuer":"https://issuer.test","issuer":"https://issuer.test","jwks_uri":"`+keysURL+`"}`), "duplicate member"},
		{"metadata folded", oidcPath, text(200, `{"Issuer":"https://issuer.test","jwks_uri":"`+keysURL+`"}`), "issuer is absent"},
		{"metadata without jwks_uri", oidcPath, text(200, `{"issuer":"https://issuer.test"}`), "jwks_uri is absent"},
		{"jwks_uri number", oidcPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":1}`), "not a JSON string"},
		{"jwks_uri http", oidcPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"http://issuer.test/keys"}`), "is not https"},
		{"jwks_uri file", oidcPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"file:///etc/passwd"}`), "is not https"},
		{"jwks_uri with user", oidcPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"https://a:b@issuer.test/keys"}`), "user information"},
		{"jwks_uri without host", oidcPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"https:///keys"}`), "no host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				answer := func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Host != "issuer.test" {
						t.Errorf("asked %s", r.URL)
					}
					if r.URL.Path != c.path {
						return false
					}
					c.answer(w, r)
					return true
				}
				// At the start there are no keys.
				p := newProvider(t)
				p.answer = answer
				token, err := verify(p.verifier(p.remote(jwt.RemoteOptions{})), mint(nil))
				wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				// Behind a good set it changes nothing.
				p = newProvider(t)
				keys := p.remote(jwt.RemoteOptions{})
				v := p.verifier(keys)
				verify(v, mint(nil))
				time.Sleep(61 * time.Minute) // the metadata is asked for again too
				p.set(func(p *provider) { p.answer = answer })
				token, err = verify(v, mint(nil))
				wantAccepted(t, token, err)
				if s := keys.Status(); s.Failures != 1 || s.State != "stale" {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

// A body is read to its limit and within its time.
func TestBodyLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		read := 0
		keys, err := jwt.NewRemoteKeySet(keysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: endless{&read}, Request: r}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than 524288 bytes") {
			t.Errorf("got %v", err)
		}
		if read > 2<<20 {
			t.Errorf("read %d bytes", read)
		}
		// One byte in a second: the time limit counts the body too.
		slow, err := jwt.NewRemoteKeySet(keysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				for {
					select {
					case <-time.After(time.Second):
						w.Write([]byte(" "))
					case <-r.Context().Done():
						w.CloseWithError(r.Context().Err())
						return
					}
				}
			}()
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := slow.Warm(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// The limit counts a body as it is after decompression, which net/http does unasked.
func TestCompressedBody(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range 100 {
		z.Write(spaces)
	}
	z.Close()
	asked := false // read after the server is closed
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			asked = true
			w.Write(bomb.Bytes())
		}
	}))
	keys, err := jwt.NewRemoteKeySet(server.URL, &jwt.RemoteOptions{Client: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = keys.Warm(t.Context())
	runtime.ReadMemStats(&after)
	server.Close()
	if err == nil || !strings.Contains(err.Error(), "longer than 524288 bytes") || !asked || bomb.Len() > 300<<10 {
		t.Errorf("got %v for %d bytes", err, bomb.Len())
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 { // of 100 MiB
		t.Errorf("%d bytes were allocated", used)
	}
}

func TestDiscoveryLocations(t *testing.T) {
	for _, c := range []struct{ issuer, oidc, oauth string }{
		{"https://a.test", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"},
		{"https://a.test/", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"},
		{"https://a.test/realms/x", "/realms/x/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/realms/x"},
		{"https://a.test/o/x/", "/o/x/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/o/x"},
		{"https://a.test/a%2Fb", "/a%2Fb/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/a%2Fb"},
	} {
		for _, at := range []string{c.oidc, c.oauth} {
			p := newProvider(t)
			p.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.EscapedPath() == at {
					json.NewEncoder(w).Encode(map[string]any{"issuer": c.issuer, "jwks_uri": "https://other.test/keys"})
					return true
				}
				return false
			}
			keys, err := jwt.Discover(c.issuer, &jwt.RemoteOptions{Client: &http.Client{Transport: p}})
			if err != nil {
				t.Fatal(err)
			}
			if err := keys.Warm(t.Context()); err != nil {
				t.Errorf("%s at %s: %v, asked for %v", c.issuer, at, err, p.fetches)
			}
		}
	}
}

func TestRemoteOptions(t *testing.T) {
	for _, bad := range []string{"", "issuer.test", "http://issuer.test", "ftp://issuer.test", "file:///x", "data:,x", "unix:/x", "https://", "https://a@issuer.test", "https://issuer.test/#x", "https:issuer.test", "https://%zz", "//issuer.test", "https://issuer.test/?a=b"} {
		if r, err := jwt.Discover(bad, nil); err == nil || r != nil {
			t.Errorf("Discover took %q", bad)
		}
		if r, err := jwt.NewRemoteKeySet(bad, nil); (err == nil || r != nil) && !strings.Contains(bad, "?") {
			t.Errorf("NewRemoteKeySet took %q", bad)
		}
	}
	loopback := &jwt.RemoteOptions{InsecureLoopbackHTTP: true}
	for address, ok := range map[string]bool{
		"http://127.0.0.1:1/": true, "http://127.9.9.9": true, "http://[::1]:80": true, "http://localhost": true, "https://issuer.test": true,
		"http://issuer.test": false, "http://127.0.0.1.evil.test": false, "http://localhost.evil.test": false, "http://0.0.0.0": false, "http://10.0.0.1": false,
		"http://127.0.0.1@evil.test": false,
	} {
		if _, err := jwt.Discover(address, loopback); (err == nil) != ok {
			t.Errorf("%s on loopback: %v", address, err)
		}
	}
	for _, o := range []jwt.RemoteOptions{{Timeout: -1}, {Timeout: time.Minute + 1}, {MaxStale: 24*time.Hour + 1}} {
		if _, err := jwt.Discover(providerURL, &o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// jar and redirects of a caller's client are not used, and the caller's client is not changed.
func TestClientIsCopied(t *testing.T) {
	p := newProvider(t)
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		return false
	}
	jar := &countingJar{}
	client := &http.Client{Transport: p, Jar: jar}
	keys, err := jwt.Discover(providerURL, &jwt.RemoteOptions{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Warm(t.Context()); err != nil || jar.used {
		t.Errorf("got %v, jar used: %v", err, jar.used)
	}
	if p.seen.Get("Cookie") != "" || p.seen.Get("Authorization") != "" {
		t.Errorf("asked with %v", p.seen)
	}
	if client.CheckRedirect != nil || client.Jar == nil {
		t.Error("the caller's client was changed")
	}
}

type countingJar struct {
	http.CookieJar
	used bool
}

// SetCookies and Cookies are told that the jar was used.
func (j *countingJar) SetCookies(*url.URL, []*http.Cookie) { j.used = true }
func (j *countingJar) Cookies(*url.URL) []*http.Cookie     { j.used = true; return nil }

// customSource is a KeySource of a caller's that is comparable.
type customSource struct{}

func (*customSource) Key(context.Context, jwt.Header) (*jwt.Key, error) { return nil, nil }

func sourcePointer() jwt.KeySource { return &customSource{} }

// What happens to one issuer does not touch another.
func TestIssuersShareNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		good, bad := newProvider(t), newProvider(t)
		other, err := jwt.NewRemoteKeySet("https://other.test/keys", &jwt.RemoteOptions{Client: &http.Client{Transport: bad}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := jwt.NewVerifier(
			jwt.Config{Issuer: providerURL, Audience: []string{jwttest.Audience}, Keys: good.remote(jwt.RemoteOptions{})},
			jwt.Config{Issuer: "https://other.test", Audience: []string{jwttest.Audience}, Keys: other})
		if err != nil {
			t.Fatal(err)
		}
		verify(v, mint(nil))
		bad.set(func(p *provider) { p.answer = down })
		for i := range 1000 {
			kid := fmt.Sprintf("kid-%d", i)
			_, err := verify(v, strings.Replace(naming(kid), b64(`{"iss":"`+providerURL+`"}`), b64(`{"iss":"https://other.test"}`), 1))
			if !errors.Is(err, jwt.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if n := good.count("/keys"); n != 1 {
			t.Errorf("%d fetches of the other issuer's keys", n)
		}
		next := jwkEdit{"kid": "next"}.apply(good.keys[0].(jwk))
		good.set(func(p *provider) { p.keys = append(p.keys, next) })
		token, err := verify(v, mint("next"))
		wantAccepted(t, token, err)
	})
}

func TestBearerTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, elsewhere := range []bool{false, true} {
		p := newProvider(t)
		if elsewhere {
			p.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != oidcPath {
					return false
				}
				json.NewEncoder(w).Encode(map[string]any{"issuer": providerURL, "jwks_uri": "https://issuer.test:8443/keys"})
				return true
			}
		}
		keys := p.remote(jwt.RemoteOptions{BearerTokenFile: path})
		os.Remove(path)
		if err := keys.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), "BearerTokenFile: ") {
			t.Errorf("got %v", err)
		}
		for _, token := range []string{"one", "two"} {
			if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			keys := p.remote(jwt.RemoteOptions{BearerTokenFile: path})
			if err := keys.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := "Bearer " + token
			if elsewhere {
				want = "" // another port is another origin
			}
			if got := p.seen.Get("Authorization"); got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
		}
	}
}

func TestRootCAs(t *testing.T) {
	body := keySetJSON(jwkOf(t, testIssuer(), jwt.ES256))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // the first client hangs up
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	for _, o := range []*jwt.RemoteOptions{nil, {RootCAs: pool}} {
		keys, err := jwt.NewRemoteKeySet(server.URL, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Warm(t.Context()); (err == nil) != (o != nil) {
			t.Errorf("with %+v: %v", o, err)
		}
	}
	if _, err := jwt.NewRemoteKeySet(server.URL, &jwt.RemoteOptions{RootCAs: pool, Client: &http.Client{}}); err == nil {
		t.Error("RootCAs and Client were accepted together")
	}
}

func TestMetadataURL(t *testing.T) {
	const name = "https://login.test/{tenantid}/v2.0"
	const address = "https://login.test/common/v2.0/.well-known/openid-configuration"
	p := newProvider(t)
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.String() == address {
			json.NewEncoder(w).Encode(map[string]any{"issuer": name, "jwks_uri": "https://login.test/keys"})
			return true
		}
		return false
	}
	keys, err := jwt.Discover(name, &jwt.RemoteOptions{MetadataURL: address, Client: &http.Client{Transport: p}})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Warm(t.Context()); err != nil || len(p.fetches) != 2 {
		t.Errorf("got %v, asked for %v", err, p.fetches)
	}
	other, err := jwt.Discover("https://login.test/x", &jwt.RemoteOptions{MetadataURL: address, Client: &http.Client{Transport: p}})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), "names the issuer") {
		t.Errorf("got %v", err)
	}
	for _, o := range []jwt.RemoteOptions{{MetadataURL: "http://login.test"}, {MetadataURL: "x"}} {
		if _, err := jwt.Discover(name, &o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	if _, err := jwt.NewRemoteKeySet("https://login.test/keys", &jwt.RemoteOptions{MetadataURL: address}); err == nil {
		t.Error("a MetadataURL was accepted beside the address of a key set")
	}
}

// What a transport returns, or an issuer names, decides no status and reaches no terminal raw.
func TestFetchErrorsOfOthers(t *testing.T) {
	for name, sentinel := range sentinels {
		keys, err := jwt.NewRemoteKeySet(keysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("mine: %w", sentinel)
		})}})
		if err != nil {
			t.Fatal(err)
		}
		got := keys.Warm(t.Context())
		if !errors.Is(got, jwt.ErrUnavailable) || sentinel != jwt.ErrUnavailable && errors.Is(got, sentinel) {
			t.Errorf("%s: got %v", name, got)
		}
		w := httptest.NewRecorder()
		resource(t, jwt.ResourceConfig{}, nil).Challenge(w, request(), got)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: got status %d", name, w.Code)
		}
	}

	p := newProvider(t)
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == oidcPath {
			io.WriteString(w, `{"issuer":"`+providerURL+`","jwks_uri":"https://h.example/\u009b31m\u2028\u202e"}`)
		}
		return true
	}
	keys := p.remote(jwt.RemoteOptions{})
	err := keys.Warm(t.Context())
	if err == nil {
		t.Fatal("no keys were taken for some")
	}
	for _, text := range []string{err.Error(), keys.Status().LastError, keys.Status().Address} {
		checkPlain(t, text)
	}
}
