// This file tests what operators are told of keys: states and events, and, by chance, everything together.

package jwt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// eventLog keeps what it was told.
type eventLog struct {
	mu     sync.Mutex // guards events
	events []jwt.Event
}

func (l *eventLog) add(e jwt.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *eventLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = nil
}

// all returns the kinds, with kids where there are some.
func (l *eventLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []string
	for _, e := range l.events {
		kinds = append(kinds, strings.TrimSpace(string(e.Kind)+" "+e.KeyID))
	}
	return kinds
}

func (l *eventLog) want(t *testing.T, kinds ...string) {
	t.Helper()
	if got := l.all(); !slices.Equal(got, kinds) {
		t.Errorf("got the events %q, want %q", got, kinds)
	}
}

// soonDown takes a moment, so that a token that caused the request is waiting for its answer.
func soonDown(w http.ResponseWriter, r *http.Request) bool {
	time.Sleep(time.Microsecond)
	return fixture.Down(w, r)
}

func TestEvents(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		var events eventLog
		var keys *jwt.RemoteKeySet
		keys = p.Remote(jwt.RemoteOptions{OnEvent: func(e jwt.Event) {
			keys.Status() // a hook may ask
			events.add(e)
		}})
		v := p.Verifier(keys)
		text := fixture.Mint(nil)
		step := func(wait time.Duration, kinds ...string) {
			t.Helper()
			events.reset()
			time.Sleep(wait)
			fixture.Verify(v, text)
			synctest.Wait()
			events.want(t, kinds...)
		}
		step(0, "fetched", "key_added es256-1")
		step(5 * time.Minute)
		step(5*time.Minute, "not_modified") // the same bytes again
		p.Set(func(p *fixture.Provider) {
			p.Keys = append(p.Keys, fixture.JWKEdit{"kid": "next"}.Apply(p.Keys[0].(fixture.JWK)))
		})
		step(10*time.Minute, "fetched", "key_added next")
		p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256)} })
		step(10*time.Minute, "fetched", "key_removed es256-1", "key_removed next", "key_added es256-1")
		text = fixture.Forged() // which is of the new key
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		step(9*time.Minute, "failed") // still fresh
		step(time.Minute, "failed", "stale")
		step(time.Minute, "failed")
		step(time.Hour, "failed", "unavailable")
		step(time.Minute, "failed")
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		step(time.Minute, "not_modified", "recovered")
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		step(10*time.Minute, "failed", "stale")

		last := events.events[len(events.events)-1]
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "event", last)
		for _, want := range []string{"event.kind=stale", "event.source=" + fixture.ProviderURL, "status 502", "event.next_attempt="} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q is not in %s", want, log.String())
			}
		}
	})
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Answer = soonDown
		var events eventLog
		v := p.Verifier(p.Remote(jwt.RemoteOptions{OnEvent: events.add}))
		fixture.Verify(v, fixture.Mint(nil))
		time.Sleep(time.Minute)
		fixture.Verify(v, fixture.Mint(nil))
		synctest.Wait()
		events.want(t, "failed", "unavailable", "failed")
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		time.Sleep(time.Minute)
		fixture.Verify(v, fixture.Mint(nil))
		synctest.Wait()
		events.want(t, "failed", "unavailable", "failed", "fetched", "key_added es256-1", "recovered")
	})
}

// A hook that panics takes nothing with it but itself; events that nobody hears are few.
func TestEventHooks(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Keys = []any{fixture.JWKEdit{"kid": "a\n\x1b[31m"}.Apply(p.Keys[0].(fixture.JWK))}
		var events eventLog
		first := true
		keys := p.Remote(jwt.RemoteOptions{OnEvent: func(e jwt.Event) {
			if first {
				first = false
				runtime.Goexit() // as t.FailNow does
			}
			events.add(e)
		}})
		for range 2 {
			if err := keys.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(11 * time.Minute)
		}
		events.want(t, `key_added a\n\x1b[31m`, "not_modified")
	})
}

// A hook that does not return keeps nobody from verifying.
func TestSlowEventHook(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		release := make(chan struct{})
		v := p.Verifier(p.Remote(jwt.RemoteOptions{OnEvent: func(jwt.Event) { <-release }}))
		for range 5 {
			token, err := fixture.Verify(v, fixture.Mint(nil))
			fixture.WantAccepted(t, token, err)
			time.Sleep(10 * time.Minute)
		}
		if n := p.Count("/keys"); n != 5 {
			t.Errorf("%d fetches", n)
		}
		close(release)
		synctest.Wait()
	})
}

// Ten minutes, and ten hours, of everything at once: outages, rotations, slow answers, floods. Two
// promises must hold all the time.
func TestChaos(t *testing.T) {
	t.Parallel()
	for seed := range fixture.Sample(8, 3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			fixture.Bubble(t, func(t *testing.T) {
				chaos(t, rand.New(rand.NewPCG(uint64(seed), 1)), []time.Duration{10 * time.Minute, 10 * time.Hour}[seed%2])
			})
		})
	}
}

func chaos(t *testing.T, rng *rand.Rand, length time.Duration) {
	const (
		fresh   = 10 * time.Minute // the provider names no time
		window  = time.Hour        // MaxStale
		backoff = 45 * time.Second // the longest one and two slow answers
		refill  = 18 * time.Second // of the budget for unknown kids, and two slow answers
	)
	p := fixture.NewProvider(t)
	base := p.Keys[0].(fixture.JWK)
	type key struct {
		kid       string
		published time.Time
		withdrawn time.Time // zero: it is published
		accepted  bool
	}
	start := time.Now()
	ring := []*key{{kid: "k0", published: start}}
	upSince := start    // zero while the provider is down
	var until time.Time // an outage lasts so long at the least
	reached := start    // when it was last up for so long that it must have been asked
	publish := func() {
		p.Set(func(p *fixture.Provider) {
			p.Keys = nil
			for _, k := range ring {
				if k.withdrawn.IsZero() {
					p.Keys = append(p.Keys, fixture.JWKEdit{"kid": k.kid}.Apply(base))
				}
			}
		})
	}
	publish()
	v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
	tokens := map[string]string{}
	text := func(kid string) string {
		if tokens[kid] == "" {
			tokens[kid] = fixture.Mint(kid)
		}
		return tokens[kid]
	}
	checked := 0
	for time.Since(start) < length {
		time.Sleep(length / 2000)
		now := time.Now()
		switch rng.IntN(60) {
		case 0: // a new key
			ring = append(ring, &key{kid: fmt.Sprintf("k%d", len(ring)), published: now})
			publish()
		case 1: // an old key goes, the newest stays
			if i := rng.IntN(len(ring)); ring[i].withdrawn.IsZero() && i < len(ring)-1 {
				ring[i].withdrawn = now
				publish()
			}
		case 2:
			upSince = time.Time{}
			if rng.IntN(4) == 0 {
				until = now.Add(length / 4) // a long one
			}
			p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		case 3:
			if upSince.IsZero() && now.After(until) {
				upSince = now
				p.Set(func(p *fixture.Provider) { p.Answer = nil })
			}
		case 4:
			p.Set(func(p *fixture.Provider) { p.Delay = time.Duration(rng.IntN(2400)) * time.Millisecond })
		case 5:
			p.Set(func(p *fixture.Provider) { p.Delay = 0 })
		case 6: // a flood
			for i := range 50 {
				go fixture.Verify(v, fixture.Naming(fmt.Sprintf("flood-%d", i)))
			}
			synctest.Wait()
		}
		k := ring[rng.IntN(len(ring))]
		asked := time.Now()
		up := !upSince.IsZero() && asked.Sub(upSince) > backoff
		if up {
			reached = asked
		}
		_, err := fixture.Verify(v, text(k.kid))
		switch {
		case !k.withdrawn.IsZero():
			if err == nil && asked.Sub(k.withdrawn) > fresh+window {
				t.Fatalf("%v: %s was withdrawn %v ago and verifies", asked.Sub(start), k.kid, asked.Sub(k.withdrawn))
			}
		case up && asked.Sub(k.published) > refill, k.accepted && asked.Sub(reached) < window:
			checked++
			if err != nil {
				t.Fatalf("%v: %s was published %v ago, the provider was reached %v ago: %v", asked.Sub(start), k.kid, asked.Sub(k.published), asked.Sub(reached), err)
			}
		}
		k.accepted = k.accepted || err == nil
		if err != nil && !errors.Is(err, jwt.ErrKey) && !errors.Is(err, jwt.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if checked < 100 {
		t.Errorf("only %d tokens had to be accepted", checked)
	}
}

func TestStatus(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Keys = append(p.Keys, fixture.JWK{"kty": "RSA", "use": "enc", "kid": "e", "alg": "RSA-OAEP"})
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		fixture.Verify(v, fixture.Mint(nil))
		got := v.Status()
		if len(got) != 1 || got[0].Issuer != fixture.ProviderURL || got[0].Keys.State != "fresh" || got[0].Keys.Fetches != 1 || !got[0].Keys.LastSuccess.Equal(time.Now()) {
			t.Errorf("got %+v", got)
		}
		text, err := json.Marshal(got)
		for _, want := range []string{`"state":"fresh"`, `"kid":"es256-1","alg":"ES256","thumbprint":"`, `"reason":"use is`, `"fresh_until":"2000-01-01T00:10:00Z"`} {
			if err != nil || !bytes.Contains(text, []byte(want)) {
				t.Errorf("%s is not in %s", want, text)
			}
		}
	})
	for keys, want := range map[jwt.KeySource]string{fixture.Issuer().Key(jwt.RS256): "fixed", fixture.KeysOf(t, fixture.Issuer()): "fixed", sourcePointer(): "custom"} {
		if got := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = keys }).Status()[0].Keys; got.State != want || (want == "fixed") != (len(got.Keys) > 0) {
			t.Errorf("got %+v", got)
		}
	}
}
