// This file tests what operators are told of keys, the isolation of issuers, the transport's
// options, and, by chance, everything together.

package jwt_test

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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

func TestEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		var events eventLog
		var keys *jwt.RemoteKeySet
		keys = p.remote(jwt.RemoteOptions{OnEvent: func(e jwt.Event) {
			keys.Status() // a hook may ask
			events.add(e)
		}})
		v := p.verifier(keys)
		step := func(wait time.Duration, kinds ...string) {
			t.Helper()
			events.reset()
			time.Sleep(wait)
			verify(v, mint(nil))
			synctest.Wait()
			events.want(t, kinds...)
		}
		step(0, "fetched", "key_added es256-1")
		step(5 * time.Minute)
		step(5*time.Minute, "not_modified") // the same bytes again
		p.set(func(p *provider) {
			p.keys = append(p.keys, jwkEdit{"kid": "next"}.apply(p.keys[0].(jwk)))
		})
		step(10*time.Minute, "fetched", "key_added next")
		p.set(func(p *provider) { p.keys = []any{jwkOf(t, otherIssuer(), jwt.ES256)} })
		step(10*time.Minute, "fetched", "key_removed es256-1", "key_removed next", "key_added es256-1")
		p.set(func(p *provider) { p.answer = down })
		step(9*time.Minute, "failed") // still fresh
		step(time.Minute, "failed", "stale")
		step(time.Minute, "failed")
		step(time.Hour, "failed", "unavailable")
		step(time.Minute, "failed")
		p.set(func(p *provider) { p.answer = nil })
		step(time.Minute, "not_modified", "recovered")
		p.set(func(p *provider) { p.answer = down })
		step(10*time.Minute, "failed", "stale")

		last := events.events[len(events.events)-1]
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("keys", "event", last)
		for _, want := range []string{"event.kind=stale", "event.source=" + providerURL, "status 502", "event.next_attempt="} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%q is not in %s", want, log.String())
			}
		}
	})
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.answer = down
		var events eventLog
		v := p.verifier(p.remote(jwt.RemoteOptions{OnEvent: events.add}))
		verify(v, mint(nil))
		time.Sleep(time.Minute)
		verify(v, mint(nil))
		synctest.Wait()
		events.want(t, "failed", "unavailable", "failed")
		p.set(func(p *provider) { p.answer = nil })
		time.Sleep(time.Minute)
		verify(v, mint(nil))
		synctest.Wait()
		events.want(t, "failed", "unavailable", "failed", "fetched", "key_added es256-1", "recovered")
	})
}

// A hook that panics takes nothing with it but itself; events that nobody hears are few.
func TestEventHooks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		p.keys = []any{jwkEdit{"kid": "a\n\x1b[31m"}.apply(p.keys[0].(jwk))}
		var events eventLog
		first := true
		keys := p.remote(jwt.RemoteOptions{OnEvent: func(e jwt.Event) {
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
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		release := make(chan struct{})
		v := p.verifier(p.remote(jwt.RemoteOptions{OnEvent: func(jwt.Event) { <-release }}))
		for range 5 {
			token, err := verify(v, mint(nil))
			wantAccepted(t, token, err)
			time.Sleep(10 * time.Minute)
		}
		if n := p.count("/keys"); n != 5 {
			t.Errorf("%d fetches", n)
		}
		close(release)
		synctest.Wait()
	})
}

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

// Ten minutes, and ten hours, of everything at once: outages, rotations, slow answers, floods. Two
// promises must hold all the time.
func TestChaos(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				chaos(t, rand.New(rand.NewPCG(seed, 1)), []time.Duration{10 * time.Minute, 10 * time.Hour}[seed%2])
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
	p := newProvider(t)
	base := p.keys[0].(jwk)
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
		p.set(func(p *provider) {
			p.keys = nil
			for _, k := range ring {
				if k.withdrawn.IsZero() {
					p.keys = append(p.keys, jwkEdit{"kid": k.kid}.apply(base))
				}
			}
		})
	}
	publish()
	v := p.verifier(p.remote(jwt.RemoteOptions{}))
	tokens := map[string]string{}
	text := func(kid string) string {
		if tokens[kid] == "" {
			tokens[kid] = mint(kid)
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
			p.set(func(p *provider) { p.answer = down })
		case 3:
			if upSince.IsZero() && now.After(until) {
				upSince = now
				p.set(func(p *provider) { p.answer = nil })
			}
		case 4:
			p.set(func(p *provider) { p.delay = time.Duration(rng.IntN(2400)) * time.Millisecond })
		case 5:
			p.set(func(p *provider) { p.delay = 0 })
		case 6: // a flood
			for i := range 50 {
				go verify(v, naming(fmt.Sprintf("flood-%d", i)))
			}
			synctest.Wait()
		}
		k := ring[rng.IntN(len(ring))]
		asked := time.Now()
		up := !upSince.IsZero() && asked.Sub(upSince) > backoff
		if up {
			reached = asked
		}
		_, err := verify(v, text(k.kid))
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
