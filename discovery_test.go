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
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestNothingFetchedByConstructors(t *testing.T) {
	p := fixture.NewProvider(t)
	v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
	v.Status()
	if len(p.Fetches) != 0 {
		t.Errorf("fetched %v", p.Fetches)
	}
	// Nor by tokens that fail before a key is needed.
	for _, token := range []string{"", "a.b", "a.b.c", "e30.e30.AA", fixture.B64(`{"alg":"none"}`) + ".e30.AA", fixture.B64(`{"alg":"HS256","kid":"x"}`) + ".e30.AA",
		fixture.B64(`{"alg":"RS256","crit":[]}`) + ".e30.AA", fixture.B64(`{"alg":"ES256","jku":"https://evil.example"`) + ".e30.AA"} {
		if _, err := fixture.Verify(v, token); err == nil {
			t.Errorf("%q was accepted", token)
		}
	}
	if len(p.Fetches) != 0 {
		t.Errorf("fetched %v", p.Fetches)
	}
}

func TestSingleFlight(t *testing.T) {
	t.Parallel()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = time.Second
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		text := fixture.Mint(nil)

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
				token, err := fixture.Verify(v, text)
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
		if p.Count(fixture.OIDCPath) != 1 || p.Count("/keys") != 1 || len(p.Fetches) != 2 {
			t.Errorf("fetched %v", p.Fetches)
		}
	})
}

func TestUnknownKidFlood(t *testing.T) {
	t.Parallel()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		good := fixture.Mint(nil)
		if _, err := fixture.Verify(v, good); err != nil {
			t.Fatal(err)
		}
		before := p.Count("/keys")
		p.Set(func(p *fixture.Provider) { p.Delay = 500 * time.Millisecond })
		for i := range 10000 {
			if i%1000 == 0 {
				time.Sleep(time.Second - time.Millisecond)
			}
			go func() {
				token, err := fixture.Verify(v, fixture.Naming(fmt.Sprintf("kid-%d", i)))
				fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
			}()
			start := time.Now()
			if _, err := fixture.Verify(v, good); err != nil || time.Since(start) != 0 {
				t.Fatalf("a known kid: %v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		if n := p.Count("/keys") - before; n > 3 || n == 0 {
			t.Errorf("%d fetches", n)
		}
		// In the middle of the flood a new key is published, and accepted within 10 s.
		next := fixture.JWKEdit{"kid": "next"}.Apply(p.Keys[0].(fixture.JWK))
		p.Set(func(p *fixture.Provider) { p.Keys = append(p.Keys, next) })
		published := time.Now()
		for time.Since(published) <= 10*time.Second {
			time.Sleep(100 * time.Millisecond)
			go fixture.Verify(v, fixture.Naming(fmt.Sprintf("later-%d", time.Now().UnixNano())))
			if _, err := fixture.Verify(v, fixture.Mint("next")); err == nil {
				return
			}
		}
		t.Error("the new key was not accepted within 10 s")
	})
}

// There is one fetch at a time, whatever asks for it, so that no answer can come after a newer one.
func TestOneFetchAtATime(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = 2 * time.Second
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		good, bad := fixture.Mint(nil), fixture.Forged()
		// Each answer is of the moment when it was asked for, and arrives two seconds later.
		for i := range 600 {
			go fixture.Verify(v, good)
			go fixture.Verify(v, bad)
			go fixture.Verify(v, fixture.Naming(fmt.Sprintf("kid-%d", i)))
			time.Sleep(time.Second)
			p.Set(func(p *fixture.Provider) {
				p.Keys = []any{p.Keys[0], fixture.JWKEdit{"kid": fmt.Sprintf("key-%d", i)}.Apply(p.Keys[0].(fixture.JWK))}
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
		if p.Most != 1 || len(p.Fetches) < 50 {
			t.Errorf("%d fetches, %d at once", len(p.Fetches), p.Most)
		}
	})
}

func TestRotationAtFirstToken(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		for i := range 5 {
			kid := fmt.Sprintf("rotated-%d", i)
			p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKEdit{"kid": kid}.Apply(p.Keys[0].(fixture.JWK))} })
			token, err := fixture.Verify(v, fixture.Mint(kid))
			fixture.WantAccepted(t, token, err)
			time.Sleep(11 * time.Second)
		}
	})
}

func TestSameKidNewKey(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		if _, err := fixture.Verify(v, fixture.Mint(nil)); err != nil {
			t.Fatal(err)
		}
		p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256)} })
		token, err := fixture.Verify(v, fixture.Forged())
		fixture.WantAccepted(t, token, err)
		token, err = fixture.Verify(v, fixture.Mint(nil)) // the old key is gone
		fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
	})
}

// Keys that were fetched for a token are not fetched again because its own is not among them.
func TestFetchedForThisToken(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = time.Second
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		token, err := fixture.Verify(v, fixture.Naming("nobody"))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
		if n := p.Count("/keys"); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
	})
}

// A token is held against the time at which its key is there, however long that was waited for.
func TestTimeAfterFetch(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		late := func(when string, iss *jwttest.Issuer, kid any) {
			t.Helper()
			header := map[string]any{}
			if kid != nil {
				header["kid"] = kid
			}
			// With the leeway of 30 s it has a second to live, and the fetch takes two.
			spec := jwttest.Spec{Algorithm: jwt.ES256, Header: header, Claims: claims{"iss": fixture.ProviderURL, "iat": 0, "exp": time.Now().Unix() - 29}}
			p.Set(func(p *fixture.Provider) { p.Delay = 2 * time.Second })
			before := p.Count("/keys")
			token, err := fixture.Verify(v, iss.Mint(spec))
			fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
			if n := p.Count("/keys"); n != before+1 {
				t.Errorf("%s: %d fetches, want 1", when, n-before)
			}
		}
		late("the first keys", fixture.Issuer(), nil)
		p.Set(func(p *fixture.Provider) {
			p.Keys = append(p.Keys, fixture.JWKEdit{"kid": "new"}.Apply(p.Keys[0].(fixture.JWK)))
		})
		late("a new key", fixture.Issuer(), "new")
		time.Sleep(61 * time.Second)
		p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256)} })
		late("another key of the same id", fixture.OtherIssuer(), nil)
	})
}

// Whatever tokens anybody sends: at most 8 look-ups in any minute, and 6 on average. Failed ones count too.
func TestLookUpBudget(t *testing.T) {
	t.Parallel()
	slower := fixture.Slower()
	bad := fixture.Forged()
	for _, answer := range []func(http.ResponseWriter, *http.Request) bool{nil, fixture.Down} {
		for name, token := range map[string]func(int) string{
			"failed signatures": func(int) string { return bad },
			"unknown kids":      func(n int) string { return fixture.Naming(fmt.Sprint("kid-", n)) },
		} {
			fixture.Bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				p.Header.Set("Cache-Control", "max-age=3600")
				keys := p.Remote(jwt.RemoteOptions{})
				v := p.Verifier(keys)
				fixture.Verify(v, fixture.Mint(nil))
				p.Set(func(p *fixture.Provider) { p.Answer = answer })
				begun := []time.Time{}
				before := keys.Status().Fetches
				for n := range 10000 / int(slower) {
					time.Sleep(slower * 50 * time.Millisecond)
					if got, err := fixture.Verify(v, token(n)); got != nil || err == nil {
						t.Fatal(err)
					}
					if now := keys.Status().Fetches; now != before {
						begun, before = append(begun, time.Now()), now
					}
				}
				for n := range begun {
					if n >= 8 && begun[n].Sub(begun[n-8]) < time.Minute {
						t.Errorf("%s: 9 look-ups from %v to %v", name, begun[n-8], begun[n])
					}
					if n >= 1 && begun[n].Sub(begun[n-1]) < 2*time.Second {
						t.Errorf("%s: look-ups at %v and %v", name, begun[n-1], begun[n])
					}
				}
				if n := len(begun); n > 52 || n < 49 {
					t.Errorf("%s: %d look-ups in 500 s", name, n)
				}
			})
		}
	}
}

func TestFreshness(t *testing.T) {
	t.Parallel()
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
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			for name, value := range c.header {
				p.Header.Set(name, value)
			}
			v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
			text := fixture.Mint(nil)
			start := time.Now()
			for p.Count("/keys") < 2 && time.Since(start) < 2*time.Hour {
				if _, err := fixture.Verify(v, text); err != nil {
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
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t, jwt.ES256, jwt.RS256)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		if _, err := fixture.Verify(v, fixture.Mint(nil)); err != nil {
			t.Fatal(err)
		}
		p.Set(func(p *fixture.Provider) { p.Keys = p.Keys[1:] })
		time.Sleep(10 * time.Minute)
		for range 3 { // also once the same keys were fetched again
			token, err := fixture.Verify(v, fixture.Mint(nil))
			if e := fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey); !strings.Contains(e.Hint, "the issuer has withdrawn that key") {
				t.Errorf("got the hint %q", e.Hint)
			}
			time.Sleep(10 * time.Minute)
		}
		token, err := fixture.Verify(v, fixture.Naming("never-there"))
		if e := fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey); strings.Contains(e.Hint, "withdrawn") {
			t.Errorf("got the hint %q", e.Hint)
		}
	})
}

// No request is conditional, and each asks caches to ask the issuer: a server that answers 304 for ever, or a
// cache with an old answer, would hide a withdrawal.
func TestUnconditionalRequests(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Header.Set("ETag", `"1"`)
		p.Header.Set("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT")
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		for range 4 {
			if _, err := fixture.Verify(v, fixture.Mint(nil)); err != nil {
				t.Fatal(err)
			}
			if p.Seen.Get("Cache-Control") != "no-cache" || p.Seen.Get("If-None-Match")+p.Seen.Get("If-Modified-Since") != "" {
				t.Errorf("asked with %v", p.Seen)
			}
			time.Sleep(10 * time.Minute)
		}
		if n := p.Count("/keys"); n != 4 {
			t.Errorf("%d fetches", n)
		}
		if s := v.Status()[0].Keys; s.Failures != 0 || len(s.Keys) != 1 {
			t.Errorf("got %+v", s)
		}
	})
}

// A fetch has one time limit, however many requests it takes, and the promise of TestRefreshAhead
// holds with an issuer that hangs and with the shortest lifetime.
func TestHangingIssuer(t *testing.T) {
	t.Parallel()
	slower := fixture.Slower()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Delay = time.Hour
		start := time.Now()
		token, err := fixture.Verify(p.Verifier(p.Remote(jwt.RemoteOptions{})), fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if took := time.Since(start); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v after %v", err, took)
		}
		p = fixture.NewProvider(t)
		p.Header.Set("Cache-Control", "no-cache")
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		text := fixture.Mint(nil)
		fixture.Verify(v, text)
		time.Sleep(59 * time.Minute)
		fixture.Verify(v, text)
		p.Set(func(p *fixture.Provider) { p.Delay = time.Hour })
		for range 6000 / slower {
			time.Sleep(slower * 100 * time.Millisecond)
			start := time.Now()
			if _, err := fixture.Verify(v, text); err != nil || time.Since(start) > time.Second {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		time.Sleep(2 * time.Hour) // for requests that the provider holds
	})
}

// Both places of the metadata are told of, where both answer.
func TestDiscoveryErrors(t *testing.T) {
	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != fixture.MetadataPath {
			return r.URL.Path == fixture.OIDCPath && func() bool { w.WriteHeader(404); return true }()
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL + "/", "jwks_uri": fixture.KeysURL})
		return true
	}
	err := p.Remote(jwt.RemoteOptions{}).Warm(t.Context())
	// One sentence with got, want and hint: the place that has no metadata does not matter then.
	want := `jwt: keys unavailable: ` + fixture.ProviderURL + fixture.MetadataPath + ` names the issuer "` + fixture.ProviderURL + `/", want "` + fixture.ProviderURL + `"; they differ only by a trailing slash: configure the issuer as its metadata has it`
	var refusal *jwt.Error
	if !errors.As(err, &refusal) || err.Error() != want || refusal.Got != fixture.ProviderURL+"/" || refusal.Want != `"`+fixture.ProviderURL+`"` || refusal.Member != "issuer" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	// The log line has the same, and no escape but those of its format.
	var line bytes.Buffer
	slog.New(slog.NewJSONHandler(&line, nil)).Warn("refused", "jwt", refusal)
	var logged struct{ JWT map[string]string }
	if err := json.Unmarshal(line.Bytes(), &logged); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"reason": "keys_unavailable", "member": "issuer", "got": fixture.ProviderURL + "/", "want": `"` + fixture.ProviderURL + `"`,
		"hint": "they differ only by a trailing slash: configure the issuer as its metadata has it", "text": want} {
		if logged.JWT[name] != want || strings.ContainsAny(logged.JWT[name], "\\\n") {
			t.Errorf("the log line has the %s %q, want %q", name, logged.JWT[name], want)
		}
	}
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != fixture.MetadataPath {
				w.WriteHeader(404)
			} else {
				w.Header().Set("Retry-After", "120")
				w.WriteHeader(503)
			}
			return true
		}
		token, err := fixture.Verify(p.Verifier(p.Remote(jwt.RemoteOptions{})), fixture.Mint(nil))
		if e := fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable); e.RetryAfter != time.Minute {
			t.Errorf("got %v", e.RetryAfter)
		}
	})
	for _, answer := range []string{"", `{"issuer":"x","jwks_uri":"y"}`, `<html>`} {
		p := fixture.NewProvider(t)
		p.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
			if answer == "" {
				w.WriteHeader(404)
			}
			io.WriteString(w, answer)
			return true
		}
		err := p.Remote(jwt.RemoteOptions{MetadataURL: "https://issuer.test/m?appid=SECRET"}).Warm(t.Context())
		if err == nil || strings.Contains(err.Error(), "SECRET") || !strings.Contains(err.Error(), "https://issuer.test/m ") {
			t.Errorf("got %v", err)
		}
	}
	secret, err := jwt.NewRemoteKeySet("https://issuer.test/keys?apikey=SECRET", &jwt.RemoteOptions{Client: &http.Client{Transport: fixture.Transport(func(*http.Request) (*http.Response, error) {
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
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		keys := p.Remote(jwt.RemoteOptions{})
		fixture.Verify(p.Verifier(keys), fixture.Mint(nil))
		for _, wait := range []time.Duration{11 * time.Minute, 2 * time.Hour} {
			time.Sleep(wait)
			if s := keys.Status(); s.State != "idle" {
				t.Errorf("after %v: %+v", wait, s)
			}
		}
		if err := keys.Warm(t.Context()); err != nil || keys.Status().State != "fresh" || p.Count("/keys") != 2 {
			t.Errorf("got %v, %+v", err, keys.Status())
		}
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		time.Sleep(11 * time.Minute)
		if err := keys.Warm(t.Context()); err != nil || keys.Status().State != "stale" {
			t.Errorf("got %v, %+v", err, keys.Status())
		}
	})
}

func TestRefreshAhead(t *testing.T) {
	t.Parallel()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		fixture.Verify(v, fixture.Mint(nil))
		p.Set(func(p *fixture.Provider) { p.Delay = 2 * time.Second })
		text := fixture.Mint(nil)
		for range 3600 {
			time.Sleep(time.Second)
			start := time.Now()
			if _, err := fixture.Verify(v, text); err != nil || time.Since(start) != 0 {
				t.Fatalf("%v after %v", err, time.Since(start))
			}
		}
		synctest.Wait()
		time.Sleep(10 * time.Second)
		if n := p.Count("/keys"); n < 6 || n > 10 {
			t.Errorf("%d fetches in an hour", n)
		}
	})
}

func TestOutage(t *testing.T) {
	t.Parallel()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		text := fixture.Mint(nil)
		if _, err := fixture.Verify(v, text); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		down := func(w http.ResponseWriter, _ *http.Request) bool {
			http.Error(w, "down", http.StatusInternalServerError)
			return true
		}
		p.Set(func(p *fixture.Provider) { p.Answer = down })
		for time.Since(start) < 70*time.Minute-time.Second {
			time.Sleep(time.Second)
			if _, err := fixture.Verify(v, text); err != nil {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
		}
		synctest.Wait() // for a fetch in the background
		if s := v.Status()[0].Keys; s.State != "stale" || s.LastError == "" || s.Failures == 0 || !s.NextAttempt.After(time.Now()) {
			t.Errorf("got %+v", s)
		}
		// An unknown kid cannot be told from a new one.
		token, err := fixture.Verify(v, fixture.Mint("new"))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)

		time.Sleep(2 * time.Second)
		token, err = fixture.Verify(v, text)
		e := fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if e.RetryAfter < time.Second || e.RetryAfter > 37*time.Second || !strings.Contains(err.Error(), "status 500") {
			t.Errorf("got %v, retry after %v", err, e.RetryAfter)
		}
		if s := v.Status()[0].Keys; s.State != "unavailable" {
			t.Errorf("got %+v", s)
		}
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		time.Sleep(37 * time.Second)
		token, err = fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		if s := v.Status()[0].Keys; s.State != "fresh" || s.LastError != "" || !s.NextAttempt.IsZero() {
			t.Errorf("got %+v", s)
		}
	})
}

func TestOutageAtStart(t *testing.T) {
	t.Parallel()
	slower := fixture.Slower()
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		keys := p.Remote(jwt.RemoteOptions{})
		v := p.Verifier(keys)
		if s := keys.Status(); s.State != "empty" {
			t.Errorf("got %+v", s)
		}
		text := fixture.Mint(nil)
		for range 60000 / slower { // 1,000 a second
			token, err := fixture.Verify(v, text)
			if token != nil || !errors.Is(err, jwt.ErrUnavailable) {
				t.Fatal(err)
			}
			time.Sleep(slower * time.Millisecond)
		}
		if n := keys.Status().Fetches; n > 15 || n < 7 { // at most 7 renewals and 8 look-ups
			t.Errorf("%d attempts in 60 s", n)
		}
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		time.Sleep(37 * time.Second)
		if err := v.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
	})
}

func TestStaleCanBeRefused(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{MaxStale: -1}))
		fixture.Verify(v, fixture.Mint(nil))
		p.Set(func(p *fixture.Provider) {
			p.Answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
		})
		time.Sleep(9*time.Minute + 59*time.Second)
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		time.Sleep(time.Second)
		token, err = fixture.Verify(v, fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	for asked, kept := range map[string]int{"40": 40, "120": 60} {
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			p.Header.Set("Retry-After", asked)
			p.Answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(429); return true }
			keys := p.Remote(jwt.RemoteOptions{})
			v := p.Verifier(keys)
			for range kept - 1 {
				fixture.Verify(v, fixture.Mint(nil))
				time.Sleep(time.Second)
			}
			if n := keys.Status().Fetches; n != 1 {
				t.Errorf("%d fetches before the time that was asked for", n)
			}
			time.Sleep(2 * time.Second)
			fixture.Verify(v, fixture.Mint(nil))
			if n := keys.Status().Fetches; n != 2 {
				t.Errorf("%d fetches after it", n)
			}
		})
	}
}

// endless is a body without an end.
type endless struct{ read *int }

func (e endless) Read(b []byte) (int, error) { *e.read += len(b); return len(b), nil }

func (endless) Close() error { return nil }

// Every bad answer has a reason of its own, and none replaces a good set.
func TestBadAnswers(t *testing.T) {
	good, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
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
		{"no usable key", "/keys", text(200, `{"keys":[{"kty":"XYZ"}]}`), `no usable key among 1: kty "XYZ" is not supported`},
		{"redirect", "/keys", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusFound)
		}, "redirects are not followed"},
		{"304 without a condition", "/keys", text(304, ""), "redirect (status 304)"},
		{"metadata 404", fixture.OIDCPath, text(404, ""), "answers with status 404"},
		{"metadata redirect", fixture.OIDCPath, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
		{"metadata HTML", fixture.OIDCPath, text(200, "<html>"), "not issuer metadata: not a JSON object"},
		{"metadata of another issuer", fixture.OIDCPath, text(200, `{"issuer":"https://evil.test","jwks_uri":"`+fixture.KeysURL+`"}`), `names the issuer "https://evil.test", want "https://issuer.test"`},
		{"metadata with a slash", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test/","jwks_uri":"`+fixture.KeysURL+`"}`), "they differ only by a trailing slash"},
		{"metadata twice", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","issuer":"https://issuer.test","jwks_uri":"`+fixture.KeysURL+`"}`), "duplicate member"},
		{"metadata folded", fixture.OIDCPath, text(200, `{"Issuer":"https://issuer.test","jwks_uri":"`+fixture.KeysURL+`"}`), "issuer is absent"},
		{"metadata without jwks_uri", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test"}`), "jwks_uri is absent"},
		{"jwks_uri number", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":1}`), "not a JSON string"},
		{"jwks_uri http", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"http://issuer.test/keys"}`), "is not https"},
		{"jwks_uri file", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"file:///etc/passwd"}`), "is not https"},
		{"jwks_uri with user", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"https://a:b@issuer.test/keys"}`), "user information"},
		{"jwks_uri without host", fixture.OIDCPath, text(200, `{"issuer":"https://issuer.test","jwks_uri":"https:///keys"}`), "no host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fixture.Bubble(t, func(t *testing.T) {
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
				p := fixture.NewProvider(t)
				p.Answer = answer
				token, err := fixture.Verify(p.Verifier(p.Remote(jwt.RemoteOptions{})), fixture.Mint(nil))
				fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				// Behind a good set it changes nothing.
				p = fixture.NewProvider(t)
				keys := p.Remote(jwt.RemoteOptions{})
				v := p.Verifier(keys)
				fixture.Verify(v, fixture.Mint(nil))
				time.Sleep(61 * time.Minute) // the metadata is asked for again too
				p.Set(func(p *fixture.Provider) { p.Answer = answer })
				token, err = fixture.Verify(v, fixture.Mint(nil))
				fixture.WantAccepted(t, token, err)
				failures, state := 1, "stale"
				if c.path == fixture.OIDCPath { // the address that is known is asked
					failures, state = 0, "fresh"
				}
				if s := keys.Status(); s.Failures != failures || s.State != state || s.Address != fixture.KeysURL {
					t.Errorf("got %+v", s)
				}
			})
		})
	}
}

// A body is read to its limit and within its time.
func TestBodyLimits(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		read := 0
		keys, err := jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: fixture.Transport(func(r *http.Request) (*http.Response, error) {
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
		slow, err := jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: fixture.Transport(func(r *http.Request) (*http.Response, error) {
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
			p := fixture.NewProvider(t)
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
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
				t.Errorf("%s at %s: %v, asked for %v", c.issuer, at, err, p.Fetches)
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
	if _, err := jwt.Discover("", &jwt.RemoteOptions{MetadataURL: "https://issuer.test/metadata"}); err == nil {
		t.Error("metadata of no issuer were taken")
	}
	for _, o := range []jwt.RemoteOptions{{Timeout: -1}, {Timeout: time.Minute + 1}, {MaxStale: 24*time.Hour + 1}} {
		if _, err := jwt.Discover(fixture.ProviderURL, &o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// jar and redirects of a caller's client are not used, and the caller's client is not changed.
func TestClientIsCopied(t *testing.T) {
	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		return false
	}
	jar := &countingJar{}
	client := &http.Client{Transport: p, Jar: jar}
	keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Warm(t.Context()); err != nil || jar.used {
		t.Errorf("got %v, jar used: %v", err, jar.used)
	}
	if p.Seen.Get("Cookie") != "" || p.Seen.Get("Authorization") != "" {
		t.Errorf("asked with %v", p.Seen)
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

func (j *countingJar) Cookies(*url.URL) []*http.Cookie { j.used = true; return nil }

// customSource is a KeySource of a caller's that is comparable.
type customSource struct{}

func (*customSource) Key(context.Context, jwt.Header) (*jwt.Key, error) { return nil, nil }

func sourcePointer() jwt.KeySource { return &customSource{} }

// What happens to one issuer does not touch another.
func TestIssuersShareNothing(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		good, bad := fixture.NewProvider(t), fixture.NewProvider(t)
		other, err := jwt.NewRemoteKeySet("https://other.test/keys", &jwt.RemoteOptions{Client: &http.Client{Transport: bad}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := jwt.NewVerifier(
			jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: good.Remote(jwt.RemoteOptions{})},
			jwt.Config{Issuer: "https://other.test", Audience: []string{jwttest.Audience}, Keys: other})
		if err != nil {
			t.Fatal(err)
		}
		fixture.Verify(v, fixture.Mint(nil))
		bad.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		for i := range 1000 {
			kid := fmt.Sprintf("kid-%d", i)
			_, err := fixture.Verify(v, strings.Replace(fixture.Naming(kid), fixture.B64(`{"iss":"`+fixture.ProviderURL+`"}`), fixture.B64(`{"iss":"https://other.test"}`), 1))
			if !errors.Is(err, jwt.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if n := good.Count("/keys"); n != 1 {
			t.Errorf("%d fetches of the other issuer's keys", n)
		}
		next := fixture.JWKEdit{"kid": "next"}.Apply(good.Keys[0].(fixture.JWK))
		good.Set(func(p *fixture.Provider) { p.Keys = append(p.Keys, next) })
		token, err := fixture.Verify(v, fixture.Mint("next"))
		fixture.WantAccepted(t, token, err)
	})
}

func TestBearerTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, elsewhere := range []bool{false, true} {
		p := fixture.NewProvider(t)
		if elsewhere {
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != fixture.OIDCPath {
					return false
				}
				json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL, "jwks_uri": "https://issuer.test:8443/keys"})
				return true
			}
		}
		keys := p.Remote(jwt.RemoteOptions{BearerTokenFile: path})
		os.Remove(path)
		if err := keys.Warm(t.Context()); err == nil || !strings.Contains(err.Error(), "BearerTokenFile: ") {
			t.Errorf("got %v", err)
		}
		for _, token := range []string{"one", "two"} {
			if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			keys := p.Remote(jwt.RemoteOptions{BearerTokenFile: path})
			if err := keys.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := "Bearer " + token
			if elsewhere {
				want = "" // another port is another origin
			}
			if got := p.Seen.Get("Authorization"); got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
		}
	}
}

func TestRootCAs(t *testing.T) {
	body := fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
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
	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
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
	if err := keys.Warm(t.Context()); err != nil || len(p.Fetches) != 2 {
		t.Errorf("got %v, asked for %v", err, p.Fetches)
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
	for name, sentinel := range fixture.Sentinels {
		keys, err := jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{Client: &http.Client{Transport: fixture.Transport(func(*http.Request) (*http.Response, error) {
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
		fixture.Resource(t, jwt.ResourceConfig{}, nil).Challenge(w, fixture.Request(), got)
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: got status %d", name, w.Code)
		}
	}

	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == fixture.OIDCPath {
			io.WriteString(w, `{"issuer":"`+fixture.ProviderURL+`","jwks_uri":"https://h.example/\u009b31m\u2028\u202e"}`)
		}
		return true
	}
	keys := p.Remote(jwt.RemoteOptions{})
	err := keys.Warm(t.Context())
	if err == nil {
		t.Fatal("no keys were taken for some")
	}
	for _, text := range []string{err.Error(), keys.Status().LastError, keys.Status().Address} {
		fixture.WantPlain(t, text)
	}
}
