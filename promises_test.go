// This file tests the four promises about keys in time, with their numbers and exceptions, against somebody who
// knows everything but the private keys, and against what networks do. What the search of internal/suites/model_test.go found, or
// what once broke a promise, stands here by its name. Time is that of a bubble.
//
// Other files hold these rows of the rules: freshness, unconditional requests, bad answers, size limits, refresh
// ahead, the stale limit, the budget, one fetch at a time, addresses (discovery_test.go); one bad key
// (keyset_test.go); snapshots and events (snapshot_test.go, status_test.go).

package jwt_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// bubble runs a test where time stands still unless everything sleeps, and then lets all fetches end.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	fixture.Bubble(t, func(t *testing.T) {
		defer time.Sleep(time.Minute)
		test(t)
	})
}

// service is one with the keys of a provider, which it has read.
func service(t *testing.T, p *fixture.Provider) *jwt.Verifier {
	t.Helper()
	v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// rename is the provider's first key under another kid.
func rename(p *fixture.Provider, kid string) fixture.JWK {
	return fixture.JWKEdit{"kid": kid}.Apply(p.Keys[0].(fixture.JWK))
}

// flood sends tokens from now on, of one kind every tick, and returns how to stop it.
func flood(v *jwt.Verifier, tick time.Duration, tokens ...func(n int) string) (stop func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; ; n++ {
			all.Go(func() { fixture.Verify(v, tokens[n%len(tokens)](n)) })
			select {
			case <-done:
				return
			case <-time.After(tick):
			}
		}
	})
	return func() { close(done); all.Wait() }
}

// adversaries know the published keys, and the kid that comes next.
func adversaries(next string) map[string][]func(int) string {
	random := func(n int) string { return fixture.Naming(fmt.Sprint("kid-", n)) }
	predicted := func(int) string { return fixture.Naming(next) }
	published := func(int) string { return fixture.Naming("es256-1") }
	certificate := func(n int) string {
		return fixture.WithPart(fixture.Naming(""), 0, fixture.B64(fmt.Sprintf(`{"alg":"ES256","x5t#S256":"%d"}`, n)))
	}
	algorithm := func(int) string {
		return fixture.WithPart(fixture.Naming(""), 0, fixture.B64(`{"alg":"RS256","kid":"es256-1"}`))
	}
	return map[string][]func(int) string{
		"nobody": nil, "random kids": {random}, "the next kid": {predicted}, "forged signatures": {published},
		"certificates": {certificate}, "another algorithm": {algorithm}, "all of them": {random, predicted, published, certificate, algorithm},
	}
}

// accepted returns how long a token that comes every 100 ms is refused from now on.
func accepted(t *testing.T, v *jwt.Verifier, text string, atMost time.Duration) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		_, err := fixture.Verify(v, text)
		took := time.Since(start)
		switch {
		case err != nil && !errors.Is(err, jwt.ErrKey) && !errors.Is(err, jwt.ErrSignature) && !errors.Is(err, jwt.ErrUnavailable):
			t.Fatal(err)
		case took > atMost:
			t.Errorf("after %v: %v; it was to be accepted within %v", took, err, atMost)
			return took
		case err == nil:
			return took
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Promise 1. Whoever sends whatever tokens, a look-up that sees a new or replaced key begins within 10 s.
func TestPromiseNewKey(t *testing.T) {
	t.Parallel()
	for name, tokens := range adversaries("next") {
		for offset := range fixture.Sample(24, 5) {
			bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				p.Header.Set("Cache-Control", "max-age=3600")
				p.Keys[0] = fixture.JWKEdit{"x5t#S256": "A"}.Apply(p.Keys[0].(fixture.JWK))
				v := service(t, p)
				p.Set(func(p *fixture.Provider) { p.Delay = 500 * time.Millisecond })
				if tokens != nil {
					defer flood(v, fixture.Slower()*20*time.Millisecond, tokens...)()
				}
				time.Sleep(15*time.Second + time.Duration(offset)*500*time.Millisecond)
				p.Set(func(p *fixture.Provider) { p.Keys = append(p.Keys, rename(p, "next")) })
				took := accepted(t, v, fixture.Mint("next"), 10*time.Second+600*time.Millisecond)
				if tokens == nil && took != 500*time.Millisecond {
					t.Errorf("nobody else came, and it took %v", took)
				}
				time.Sleep(7 * time.Second)
				p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256)} })
				accepted(t, v, fixture.Forged(), 10*time.Second+600*time.Millisecond) // a replaced key
			})
			if t.Failed() {
				t.Fatalf("%s, %d", name, offset)
			}
		}
	}
}

// A token that names the next kid before it is published spends one look-up, and hides nothing.
func TestForgedTokenWithTheNextKid(t *testing.T) {
	t.Parallel()
	for before := range 12 {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := service(t, p)
			time.Sleep(time.Minute)
			token, err := fixture.Verify(v, fixture.Naming("next"))
			fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
			time.Sleep(time.Duration(before) * time.Second)
			p.Set(func(p *fixture.Provider) { p.Keys = append(p.Keys, rename(p, "next")) })
			accepted(t, v, fixture.Mint("next"), 2*time.Second) // the second of the two look-ups
		})
	}
}

// A token whose key was published during a look-up that it joined gets one of its own, within what it may wait.
func TestJoinedLookUpIsTooOld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := service(t, p)
		p.Set(func(p *fixture.Provider) { p.Delay = 2 * time.Second }) // its answer is that of the time of the request
		go fixture.Verify(v, fixture.Naming("nobody"))
		time.Sleep(time.Second)
		p.Set(func(p *fixture.Provider) { p.Keys = append(p.Keys, rename(p, "next")) })
		start := time.Now()
		token, err := fixture.Verify(v, fixture.Mint("next"))
		fixture.WantAccepted(t, token, err)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

// A key set that moves is found within a minute more, whatever its former address answers.
func TestMovedKeySet(t *testing.T) {
	t.Parallel()
	for _, former := range []string{"serves for ever", "is gone"} {
		for ago := range fixture.Sample(62, 9) { // seconds since the metadata were read
			bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				v := service(t, p)
				time.Sleep(time.Duration(ago) * time.Second)
				next := fixture.KeySetJSON(rename(p, "next"))
				p.Set(func(p *fixture.Provider) {
					p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
						switch r.URL.Path {
						case fixture.OIDCPath:
							json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL, "jwks_uri": fixture.KeysURL + "/moved"})
						case "/keys/moved":
							w.Write(next)
						default:
							if former != "is gone" {
								return false
							}
							w.WriteHeader(http.StatusGone)
						}
						return true
					}
				})
				defer flood(v, fixture.Slower()*20*time.Millisecond, adversaries("next")["all of them"]...)()
				accepted(t, v, fixture.Mint("next"), 70*time.Second+100*time.Millisecond)
			})
		}
	}
}

// An issuer that a flood makes answer 429 delays a rotation by what it asks for, and by a minute at most.
func TestRetryAfterDuringFlood(t *testing.T) {
	t.Parallel()
	for asked, delay := range map[string]time.Duration{"": 0, "0": 0, "30": 30 * time.Second, "600": time.Minute} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := service(t, p)
			time.Sleep(30 * time.Second)
			asks := 0
			p.Set(func(p *fixture.Provider) {
				p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
					asks++
					w.Header().Set("Retry-After", asked)
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}
			})
			defer flood(v, fixture.Slower()*20*time.Millisecond, adversaries("next")["all of them"]...)()
			time.Sleep(7 * time.Minute)
			at := p.Count("/keys") + p.Count(fixture.OIDCPath)
			p.Set(func(p *fixture.Provider) { p.Answer, p.Keys = nil, append(p.Keys, rename(p, "next")) })
			accepted(t, v, fixture.Mint("next"), max(delay, 10*time.Second)+100*time.Millisecond)
			if most := 7 * 7; asks == 0 || asks > 3*most || asked == "600" && asks > 8*3 {
				t.Errorf("Retry-After %q: %d requests of %d", asked, asks, at)
			}
		})
	}
}

// cache is one in between that asks the issuer anew if a request says no-cache (RFC 9111 section 5.2.1.4).
type cache struct {
	http.RoundTripper
	stored map[string][]byte
	asked  map[string]int
}

func (c *cache) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.Path
	c.asked[path]++
	if body := c.stored[path]; body != nil && !strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), Request: r}, nil
	}
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil && resp.StatusCode == 200 {
		c.stored[path], err = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(strings.NewReader(string(c.stored[path])))
	}
	return resp, err
}

// A cache that keeps an answer for a month hides neither a new key nor a withdrawal.
func TestCacheBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Header.Set("Cache-Control", "max-age=3293198")
		c := &cache{p, map[string][]byte{}, map[string]int{}}
		keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: &http.Client{Transport: c}})
		if err != nil {
			t.Fatal(err)
		}
		v := p.Verifier(keys)
		old := fixture.Mint(nil)
		accepted(t, v, old, 0)
		time.Sleep(time.Minute)
		p.Set(func(p *fixture.Provider) { p.Keys = []any{p.Keys[0], rename(p, "next")} })
		accepted(t, v, fixture.Mint("next"), 0)
		p.Set(func(p *fixture.Provider) { p.Keys = p.Keys[1:] })
		time.Sleep(time.Hour)
		token, err := fixture.Verify(v, old)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	})
}

// A file server that compares size and time alone answers 304 for ever to whoever asks conditionally.
func TestServerWith304ForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Header = http.Header{"Etag": {`"1"`}, "Last-Modified": {"Sat, 01 Jan 2000 00:00:00 GMT"}, "Cache-Control": {"max-age=60"}}
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("If-None-Match")+r.Header.Get("If-Modified-Since") == "" {
				return false
			}
			w.WriteHeader(http.StatusNotModified)
			return true
		}
		v := service(t, p)
		p.Set(func(p *fixture.Provider) { p.Keys = []any{rename(p, "next")} })
		time.Sleep(time.Minute)
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
		token, err = fixture.Verify(v, fixture.Mint("next"))
		fixture.WantAccepted(t, token, err)
	})
}

// An issuer that needs some seconds for each answer gets its first keys read, wherever its metadata are. What
// a fetch learned is kept where it ended before it had the keys.
func TestSlowIssuer(t *testing.T) {
	for _, c := range []struct {
		place string
		delay time.Duration
		want  time.Duration // until the keys are there
	}{
		{fixture.OIDCPath, 3 * time.Second, 6 * time.Second},
		{fixture.OIDCPath, 4900 * time.Millisecond, 9800 * time.Millisecond},
		{fixture.MetadataPath, 3 * time.Second, 9 * time.Second},
		{fixture.MetadataPath, 4 * time.Second, 14100 * time.Millisecond}, // cut at 10 s, and then the keys alone
	} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			p.Delay = c.delay
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				switch r.URL.Path {
				case c.place:
					json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL, "jwks_uri": fixture.KeysURL})
				case "/keys":
					return false
				default:
					http.NotFound(w, r)
				}
				return true
			}
			v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
			start := time.Now()
			token, err := fixture.Verify(v, fixture.Mint(nil))
			fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
			if took := time.Since(start); took != 5*time.Second {
				t.Errorf("the first token waited %v", took)
			}
			if took := accepted(t, v, fixture.Mint(nil), c.want-5*time.Second); took != c.want-5*time.Second {
				t.Errorf("%v per answer of %s: the keys were there after %v", c.delay, c.place, took+5*time.Second)
			}
		})
	}
}

// Promise 2. A withdrawn key verifies no longer than the last answer is fresh; where the renewal takes over a second,
// until that answers.
func TestPromiseWithdrawnKey(t *testing.T) {
	t.Parallel()
	for control, fresh := range map[string]time.Duration{"": 10 * time.Minute, "no-cache": time.Minute, "max-age=300": 5 * time.Minute, "max-age=86400": time.Hour} {
		for _, delay := range []time.Duration{0, 900 * time.Millisecond, 2 * time.Second, 4900 * time.Millisecond} {
			for _, idle := range []bool{false, true} {
				bubble(t, func(t *testing.T) {
					p := fixture.NewProvider(t, jwt.ES256, jwt.RS256)
					p.Header.Set("Cache-Control", control)
					if control == "" {
						p.Header.Del("Cache-Control")
					}
					v := service(t, p)
					p.Set(func(p *fixture.Provider) { p.Delay, p.Keys = delay, p.Keys[1:] })
					start, text := time.Now(), fixture.Mint(nil)
					bound := fresh
					if idle {
						time.Sleep(fresh)
						fetch := 2 * delay // metadata and keys
						if fresh == time.Minute {
							fetch = delay // the metadata are young enough
						}
						if fetch > time.Second {
							bound += fetch
						}
					}
					last, step := time.Duration(-1), time.Second
					if fresh == time.Hour {
						step = 10 * time.Second
					}
					for time.Since(start) < fresh+time.Minute {
						came := time.Since(start)
						if _, err := fixture.Verify(v, text); err == nil {
							last = came
						} else if !errors.Is(err, jwt.ErrKey) && !errors.Is(err, jwt.ErrUnavailable) {
							t.Errorf("after %v: %v", came, err)
						}
						time.Sleep(step)
					}
					if last > bound || last == fresh && bound == fresh || bound > fresh && last < 0 {
						t.Errorf("fresh for %v, %v per answer, idle %v: it verified after %v", fresh, delay, idle, last)
					}
				})
			}
		}
	}
}

// After an outage a withdrawn key verifies up to 36 s, or a minute with Retry-After, and one fetch longer. In it, a
// key verifies no longer than an hour past its freshness.
func TestPromiseOutageEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		retry string
		dead  bool
		bound time.Duration
	}{
		"bad answers":             {"", false, 36 * time.Second},
		"with Retry-After":        {"600", false, time.Minute},
		"requests nobody answers": {"", true, 46 * time.Second}, // the last of them may have begun just before the end
	} {
		for length := range fixture.Sample(60, 11) {
			bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t, jwt.ES256, jwt.RS256)
				v := service(t, p)
				text := fixture.Mint(nil)
				p.Set(func(p *fixture.Provider) {
					if p.Keys = p.Keys[1:]; c.dead {
						p.Delay = time.Hour
					}
					p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
						w.Header().Set("Retry-After", c.retry)
						return fixture.Down(w, r)
					}
				})
				end := time.Now().Add(20*time.Minute + time.Duration(length)*2*time.Second)
				for time.Now().Before(end) {
					if _, err := fixture.Verify(v, text); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				p.Set(func(p *fixture.Provider) { p.Delay, p.Answer = 3*time.Second, nil })
				end = time.Now()
				for {
					_, err := fixture.Verify(v, text)
					if took := time.Since(end); errors.Is(err, jwt.ErrKey) {
						return
					} else if took > c.bound+7*time.Second { // metadata and keys, and the tokens are a second apart
						t.Fatalf("%s: %v after the outage: %v", name, took, err)
					}
					time.Sleep(time.Second)
				}
			})
		}
	}
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := service(t, p)
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		for _, at := range []time.Duration{time.Hour, 70*time.Minute - 1} {
			time.Sleep(at - time.Since(fixture.BubbleBegins))
			token, err := fixture.Verify(v, fixture.Mint(nil))
			fixture.WantAccepted(t, token, err)
		}
		time.Sleep(time.Nanosecond)
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

// Promise 3. With its key at hand a token waits at most a second, and only past freshness, whatever the issuer does
// and whoever else comes; any other waits five at most.
func TestPromiseWaiting(t *testing.T) {
	t.Parallel()
	for name, tokens := range adversaries("next") {
		for _, delay := range []time.Duration{800 * time.Millisecond, 3 * time.Second, time.Hour} {
			bubble(t, func(t *testing.T) {
				p := fixture.NewProvider(t)
				v := service(t, p)
				text, longest := fixture.Mint(nil), time.Duration(0)
				p.Set(func(p *fixture.Provider) { p.Delay = delay })
				verify := func(text string) (time.Duration, error) {
					start := time.Now()
					_, err := fixture.Verify(v, text)
					return time.Since(start), err
				}
				for _, at := range []time.Duration{0, 8 * time.Minute, 15 * time.Minute, 65 * time.Minute} { // fresh, ahead, past it, nearly too old
					time.Sleep(at - time.Since(fixture.BubbleBegins))
					stop := func() {}
					if tokens != nil {
						stop = flood(v, 500*time.Millisecond, tokens...)
					}
					for range 30 {
						took, err := verify(text)
						if longest = max(longest, took); err != nil || took > time.Second || took > 0 && at == 0 {
							t.Errorf("%s, %v per answer, from %v on: %v after %v", name, delay, at, err, took)
						}
						if took, err := verify(fixture.Naming("nobody")); err == nil || took > 5*time.Second {
							t.Errorf("an unknown kid: %v after %v", err, took)
						}
						time.Sleep(300 * time.Millisecond)
					}
					stop()
				}
				if delay > time.Second && longest != time.Second {
					t.Errorf("no token waited for the renewal: %v", longest)
				}
			})
		}
	}
}

// 5,000 tokens of nobody and a slow issuer: none waits longer than 5 s, and nothing of them stays.
func TestFloodLeavesNothing(t *testing.T) {
	const tokens = 5000
	for _, delay := range []time.Duration{2 * time.Second, time.Hour} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := service(t, p)
			p.Set(func(p *fixture.Provider) { p.Delay = delay })
			measure := func() (goroutines int, bytes uint64) {
				time.Sleep(time.Minute)
				synctest.Wait()
				var m runtime.MemStats
				runtime.GC()
				runtime.GC()
				runtime.ReadMemStats(&m)
				return runtime.NumGoroutine(), m.HeapAlloc
			}
			flood := func() {
				var all sync.WaitGroup
				for n := range tokens {
					all.Go(func() {
						start := time.Now()
						_, err := v.Verify(t.Context(), fixture.Naming(fmt.Sprint("kid-", n, strings.Repeat("k", 1000))))
						if took := time.Since(start); !errors.Is(err, jwt.ErrKey) && !errors.Is(err, jwt.ErrUnavailable) || took > 5*time.Second {
							t.Errorf("%v after %v", err, took)
						}
					})
					if n%1000 == 999 {
						time.Sleep(2500 * time.Millisecond)
					}
				}
				all.Wait()
			}
			for range 2 {
				flood() // the runtime keeps some of what goroutines there were
			}
			goroutines, bytes := measure()
			for round := 1; ; round++ { // what a flood leaves, every flood leaves; what other tests free or take, one does
				flood()
				after, left := measure()
				if after <= goroutines && left <= bytes+tokens*50 {
					break
				}
				if round == 4 {
					t.Errorf("%d goroutines and %d bytes are left of %d tokens", after-goroutines, int64(left)-int64(bytes), tokens)
					break
				}
				goroutines, bytes = after, left
			}
		})
	}
}

// Renewals go on although a transport ignores the context of a request for ever.
func TestDeafTransport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		var deaf atomic.Bool
		release := make(chan struct{})
		keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: &http.Client{Transport: fixture.Transport(func(r *http.Request) (*http.Response, error) {
			if deaf.Load() {
				<-release
				return nil, errors.New("too late")
			}
			return p.RoundTrip(r)
		})}})
		if err != nil {
			t.Fatal(err)
		}
		v := p.Verifier(keys)
		text := fixture.Mint(nil)
		accepted(t, v, text, 0)
		deaf.Store(true)
		for range 30 {
			time.Sleep(time.Minute)
			accepted(t, v, text, time.Second)
		}
		if s := keys.Status(); s.Failures < 5 {
			t.Errorf("got %+v", s)
		}
		p.Set(func(p *fixture.Provider) { p.Keys = []any{rename(p, "next")} })
		time.Sleep(11 * time.Second)
		synctest.Wait()
		deaf.Store(false)
		accepted(t, v, fixture.Mint("next"), 10*time.Second)
		close(release)
	})
}

// A node behind a balancer that has not heard of a new key costs good tokens a while, and no longer than that.
func TestStaleNode(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := service(t, p)
		old, both, asked := p.Keys, []any{p.Keys[0], rename(p, "next")}, 0
		p.Set(func(p *fixture.Provider) {
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/keys" {
					return false
				}
				asked++
				w.Write(fixture.KeySetJSON([][]any{old, both}[asked%2]...))
				return true
			}
		})
		defer flood(v, time.Second, adversaries("next")["random kids"]...)()
		for range 60 { // it comes and goes
			time.Sleep(time.Second)
			if _, err := fixture.Verify(v, fixture.Mint("next")); err != nil && !errors.Is(err, jwt.ErrKey) {
				t.Error(err)
			}
			accepted(t, v, fixture.Mint(nil), 0)
		}
		p.Set(func(p *fixture.Provider) { p.Answer, p.Keys = nil, both })
		accepted(t, v, fixture.Mint("next"), 10*time.Second)
		for range 100 {
			time.Sleep(time.Second)
			accepted(t, v, fixture.Mint("next"), 0)
		}
	})
}

// Metadata that cannot be had for days cost nothing once the address is known, and are asked for once a minute.
func TestMetadataDown(t *testing.T) {
	t.Parallel()
	for _, dead := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := service(t, p)
			var mu sync.Mutex
			var asked []time.Time // under mu
			down := fixture.Transport(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == fixture.OIDCPath {
					mu.Lock()
					asked = append(asked, time.Now())
					mu.Unlock()
				}
				if dead && r.URL.Path != "/keys" {
					<-r.Context().Done()
					return nil, r.Context().Err()
				}
				return p.RoundTrip(r)
			})
			p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Path != "/keys" && fixture.Down(w, r)
			}
			keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: &http.Client{Transport: down}, Snapshot: snapshotOf(t, v)})
			if err != nil {
				t.Fatal(err)
			}
			v = p.Verifier(keys)
			for n := range 48 {
				kid := fmt.Sprint("key-", n)
				p.Set(func(p *fixture.Provider) { p.Keys = []any{rename(p, kid)} })
				accepted(t, v, fixture.Mint(kid), 10*time.Second+5*time.Second)
				time.Sleep(time.Hour)
			}
			stop := flood(v, time.Second, adversaries("next")["random kids"]...)
			time.Sleep(10 * time.Minute)
			stop()
			time.Sleep(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			for n := range asked[1:] {
				if gap := asked[n+1].Sub(asked[n]); gap < time.Minute {
					t.Errorf("metadata were asked for twice in %v", gap)
				}
			}
			if s := keys.Status(); s.Failures != 0 || len(asked) < 55 {
				t.Errorf("%d requests for metadata, got %+v", len(asked), s)
			}
		})
	}
}

// Renewals that fail pause from 1 s to 30 s, a fifth more or less, whatever tokens with known keys come.
func TestRenewalPauses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		keys := p.Remote(jwt.RemoteOptions{})
		v := p.Verifier(keys)
		text := fixture.Mint(nil)
		accepted(t, v, text, 0)
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		time.Sleep(10 * time.Minute)
		var begun []time.Time
		for before := keys.Status().Fetches; len(begun) < 12; time.Sleep(50 * time.Millisecond) {
			accepted(t, v, text, 0)
			synctest.Wait()
			if n := keys.Status().Fetches; n > before {
				before, begun = n, append(begun, time.Now())
			}
		}
		for n := range begun[1:] {
			want := min(time.Second<<n, 30*time.Second)
			if gap := begun[n+1].Sub(begun[n]); gap < want*8/10-50*time.Millisecond || gap > want*12/10+50*time.Millisecond {
				t.Errorf("pause %d: %v, want about %v", n, gap, want)
			}
		}
	})
}

// A refusal of an unknown kid, and of a failed signature, is 401 where an answer proves it, and else 503 that says when the next
// look-up can be: a token that comes then causes it.
func TestRefusalIsProven(t *testing.T) {
	t.Parallel()
	for _, text := range []string{fixture.Naming("nobody"), fixture.Naming("es256-1")} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			keys := p.Remote(jwt.RemoteOptions{})
			v := p.Verifier(keys)
			accepted(t, v, fixture.Mint(nil), 0)
			is := func(sentinel error) *jwt.Error {
				t.Helper()
				_, err := fixture.Verify(v, text)
				var e *jwt.Error
				if !errors.As(err, &e) || errors.Is(err, jwt.ErrUnavailable) != (sentinel == jwt.ErrUnavailable) {
					t.Fatalf("after %v: %v, want %v", time.Since(fixture.BubbleBegins), err, sentinel)
				}
				return e
			}
			for range 100 {
				is(jwt.ErrKey) // the set is at most 10 s old
				time.Sleep(time.Second)
			}
			p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
			time.Sleep(time.Minute)
			for range 20 {
				e := is(jwt.ErrUnavailable)
				if e.RetryAfter < time.Second || e.RetryAfter > 10*time.Second {
					t.Errorf("it shall come again after %v", e.RetryAfter)
				}
				before := keys.Status().Fetches
				time.Sleep(e.RetryAfter)
				if is(jwt.ErrUnavailable); keys.Status().Fetches != before+1 {
					t.Errorf("%d fetches, want 1", keys.Status().Fetches-before)
				}
			}
			p.Set(func(p *fixture.Provider) { p.Answer = nil })
			time.Sleep(is(jwt.ErrUnavailable).RetryAfter)
			is(jwt.ErrKey)
		})
	}
}

// A set that gets too old while a token waits for its renewal serves it no more: that token is one without a key.
func TestTooOldWhileWaiting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v := service(t, p)
		p.Set(func(p *fixture.Provider) { p.Delay = time.Hour })
		time.Sleep(70*time.Minute - 500*time.Millisecond)
		start := time.Now()
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

// Nobody came for an hour, and the issuer is slow: the first tokens may be verified by a key that was withdrawn long
// ago, until the renewal answers, and not when it has.
func TestWithdrawnWhileIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t, jwt.ES256, jwt.RS256)
		v := service(t, p)
		p.Set(func(p *fixture.Provider) { p.Delay, p.Keys = 2*time.Second, p.Keys[1:] })
		time.Sleep(time.Hour)
		for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(350 * time.Millisecond) {
			came := time.Since(start)
			if _, err := fixture.Verify(v, fixture.Mint(nil)); (err == nil) != (came < 4*time.Second) {
				t.Errorf("after %v: %v", came, err)
			}
		}
	})
}

// MaxWait is how long a verification waits in all, the second for a renewal included.
func TestMaxWait(t *testing.T) {
	for _, limit := range []time.Duration{time.Millisecond, 500 * time.Millisecond, 7 * time.Second, time.Minute} {
		bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			v := p.Verifier(p.Remote(jwt.RemoteOptions{MaxWait: limit}))
			accepted(t, v, fixture.Mint(nil), 0)
			time.Sleep(11 * time.Minute)
			p.Set(func(p *fixture.Provider) { p.Delay = time.Hour })
			for text, want := range map[string]time.Duration{fixture.Mint(nil): min(limit, time.Second), fixture.Mint("new"): limit} {
				start := time.Now()
				_, err := fixture.Verify(v, text)
				if took := time.Since(start); took > want || took < want && want == time.Second {
					t.Errorf("MaxWait %v: %v after %v, want %v", limit, err, took, want)
				}
				time.Sleep(time.Minute)
			}
			time.Sleep(time.Hour)
		})
	}
	fixture.WantLimit(t, "MaxWait", time.Minute, func(n time.Duration) error {
		_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{MaxWait: n})
		return err
	})
}

// snapshotOf returns the snapshot of a verifier's only key set.
func snapshotOf(t *testing.T, v *jwt.Verifier) []byte {
	t.Helper()
	data, err := v.Configs()[0].Keys.(*jwt.RemoteKeySet).Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return data
}
