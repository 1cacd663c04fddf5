// This file tests the cache of verified tokens: what it saves, and everything that it must not save.

package jwt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

func caching(n int) func(*jwt.Config) { return func(c *jwt.Config) { c.TokenCache = n } }

// cacheStatus is that of a verifier's only issuer.
func cacheStatus(t testing.TB, v *jwt.Verifier) jwt.TokenCacheStatus {
	t.Helper()
	s := v.Status()[0].TokenCache
	if s == nil {
		t.Fatal("there is no cache")
	}
	return *s
}

func wantCounts(t testing.TB, v *jwt.Verifier, hits, misses, evictions uint64, tokens int) {
	t.Helper()
	s := cacheStatus(t, v)
	if s.Hits != hits || s.Misses != misses || s.Evictions != evictions || s.Tokens != tokens {
		t.Errorf("got %+v, want %d hits, %d misses, %d evictions, %d tokens", s, hits, misses, evictions, tokens)
	}
}

// lasting is somebody's token, for so many seconds from now.
func lasting(sub any, seconds int64) string {
	now := time.Now().Unix()
	return testIssuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{"sub": fmt.Sprint(sub), "iat": now, "exp": now + seconds}})
}

func TestTokenCacheHit(t *testing.T) {
	v := newVerifier(t, caching(10))
	wantCounts(t, v, 0, 0, 0, 0)
	text := testIssuer().Token(claims{"sub": "alice", "scope": "a b"})
	first, err := verify(v, text)
	wantAccepted(t, first, err)
	for range 3 {
		again, err := verify(v, strings.Clone(text))
		wantAccepted(t, again, err)
		if again.Subject() != "alice" || !slices.Equal(again.Scopes(), []string{"a", "b"}) || again.Header() != first.Header() {
			t.Errorf("got %v", again)
		}
	}
	wantCounts(t, v, 3, 1, 0, 1)
	if s := cacheStatus(t, v); s.Capacity != 10 || s.Bytes < 200 || s.Bytes > 4096 {
		t.Errorf("got %+v", s)
	}
	if newVerifier(t).Status()[0].TokenCache != nil {
		t.Error("there is a cache that nobody asked for")
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { v.Verify(ctx, text) }); n > perDrop {
		t.Errorf("a hit makes %v allocations", n)
	}
}

// What a handler does with a token changes nothing for the next one.
func TestCachedTokenIsImmutable(t *testing.T) {
	v := newVerifier(t, caching(10))
	text := testIssuer().Token(claims{"scope": "a b", "x": map[string]any{"y": []string{"z"}}})
	for range 3 {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		nested, _ := token.Claim("x")
		decoded, err := jwt.Claims[map[string]any](token)
		if fmt.Sprint(token.Scopes(), token.Audience(), nested, decoded["x"]) != "[a b] ["+jwttest.Audience+"] map[y:[z]] map[y:[z]]" || err != nil {
			t.Fatalf("it changed: %v %v %v %v", token.Scopes(), token.Audience(), nested, decoded)
		}
		token.Scopes()[0], token.Audience()[0] = "changed", "changed"
		nested.(map[string]any)["y"].([]any)[0] = "changed"
		decoded["x"] = "changed"
		decoded["scope"] = "changed"
	}
	wantCounts(t, v, 2, 1, 0, 1)
}

// Tokens that are refused never enter, so that no number of them takes a place from another.
func TestRefusedTokensAreNotCached(t *testing.T) {
	v := newVerifier(t, caching(2), func(c *jwt.Config) {
		c.Validate = func(_ context.Context, token *jwt.Token) error {
			if token.Subject() == "mallory" {
				return errors.New("not you")
			}
			return nil
		}
	})
	good := []string{testIssuer().Token(claims{"sub": "a"}), testIssuer().Token(claims{"sub": "b"})}
	for _, text := range good {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	bad := []string{
		testIssuer().Token(claims{"exp": 1}), testIssuer().Token(claims{"aud": "other"}), testIssuer().Token(claims{"sub": "mallory"}),
		otherIssuer().Token(claims{"iss": testIssuer().URL}), testIssuer().Mint(jwttest.Spec{Payload: []byte("{}")}),
		withPart(good[0], 1, `{"sub":"a"}`), good[0][:len(good[0])-4], "garbage", "",
	}
	for n := range 10_000 {
		if token, err := verify(v, bad[n%len(bad)]); err == nil {
			t.Fatalf("accepted: %v", token)
		}
	}
	// Without a key in the set a signature costs nothing here, and the tokens can be many.
	for n := range 1_000_000 {
		if _, err := v.Verify(t.Context(), "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vbmUifQ.e30."+base64.RawURLEncoding.EncodeToString(fmt.Append(nil, n))); err == nil {
			t.Fatal("accepted")
		}
	}
	before := cacheStatus(t, v)
	for _, text := range good {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	after := cacheStatus(t, v)
	if after.Hits != before.Hits+2 || after.Tokens != 2 || after.Evictions != 0 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

func TestTokenCacheTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newVerifier(t, caching(10))
		now := time.Now().Unix()
		short := testIssuer().Token(claims{"iat": now, "exp": now + 60})
		long := testIssuer().Token(claims{"iat": now, "exp": now + 3600})
		for range 2 {
			for _, text := range []string{short, long} {
				token, err := verify(v, text)
				wantAccepted(t, token, err)
			}
		}
		wantCounts(t, v, 2, 2, 0, 2)
		time.Sleep(89 * time.Second) // with the leeway
		token, err := verify(v, short)
		wantAccepted(t, token, err)
		wantCounts(t, v, 3, 2, 0, 2)
		time.Sleep(time.Second)
		token, err = verify(v, short)
		wantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
		wantCounts(t, v, 3, 3, 0, 1)
		time.Sleep(5*time.Minute - 91*time.Second)
		token, err = verify(v, long)
		wantAccepted(t, token, err)
		wantCounts(t, v, 4, 3, 0, 1)
		time.Sleep(time.Second)
		token, err = verify(v, long) // 5 minutes are over
		wantAccepted(t, token, err)
		wantCounts(t, v, 4, 4, 0, 1)
		token, err = verify(v, long)
		wantAccepted(t, token, err)
		wantCounts(t, v, 5, 4, 0, 1)
	})
}

// MaxAge and Validate depend on the time and on the request: both are asked at every hit.
func TestTokenCacheAsksAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		type tenant struct{}
		calls := 0
		v := newVerifier(t, caching(10), func(c *jwt.Config) {
			c.MaxAge = time.Minute
			c.Validate = func(ctx context.Context, token *jwt.Token) error {
				calls++
				if ctx.Value(tenant{}) != token.Subject() {
					return errors.New("another tenant")
				}
				return nil
			}
		})
		text := testIssuer().Token(claims{"sub": "a", "iat": time.Now().Unix()})
		a, b := context.WithValue(t.Context(), tenant{}, "a"), context.WithValue(t.Context(), tenant{}, "b")
		for range 3 {
			token, err := v.Verify(a, text)
			wantAccepted(t, token, err)
			token, err = v.Verify(b, text)
			wantRefusal(t, token, err, jwt.ReasonValidationRefused, jwt.ErrClaims)
		}
		if calls != 6 {
			t.Errorf("Validate was asked %d times, want 6", calls)
		}
		wantCounts(t, v, 5, 1, 0, 1)
		time.Sleep(90 * time.Second)
		token, err := v.Verify(a, text)
		wantRefusal(t, token, err, jwt.ReasonTokenTooOld, jwt.ErrExpired)
	})
}

// A token is as good as its key is now.
func TestTokenCacheFollowsKeys(t *testing.T) {
	old, other := testIssuer().Key(jwt.RS256), otherIssuer().Key(jwt.RS256)
	var now atomic.Pointer[jwt.Key]
	var down atomic.Bool
	v := newVerifier(t, caching(10), func(c *jwt.Config) {
		c.Keys = sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
			if down.Load() {
				return nil, errors.New("the key service is down")
			}
			return now.Load(), nil
		})
	})
	text := testIssuer().Token(nil)
	accepted := func(hits, misses uint64) {
		t.Helper()
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		wantCounts(t, v, hits, misses, 0, 1)
	}
	now.Store(old)
	accepted(0, 1)
	accepted(1, 1)

	now.Store(other) // the same kid, another key
	token, err := verify(v, text)
	wantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
	wantCounts(t, v, 1, 2, 0, 0)

	now.Store(old)
	accepted(1, 3)
	now.Store(nil) // gone
	token, err = verify(v, text)
	wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)

	now.Store(old)
	accepted(1, 5)
	published, _ := json.Marshal(jwkOf(t, testIssuer(), jwt.RS256))
	again, err := jwt.ParseKey(published) // the same key, read anew
	if err != nil {
		t.Fatal(err)
	}
	now.Store(again)
	accepted(2, 5)

	down.Store(true)
	token, err = verify(v, text)
	wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
}

// The end of the set's life is the end of its tokens, and so is the removal of a key.
func TestTokenCacheFollowsRemoteKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newProvider(t)
		v, err := jwt.NewVerifier(jwt.Config{Issuer: providerURL, Audience: []string{jwttest.Audience}, Keys: p.remote(jwt.RemoteOptions{}), TokenCache: 10})
		if err != nil {
			t.Fatal(err)
		}
		text := mint(nil)
		for range 3 {
			token, err := verify(v, text)
			wantAccepted(t, token, err)
		}
		wantCounts(t, v, 2, 1, 0, 1)

		p.set(func(p *provider) { p.keys = []any{jwkOf(p.t, testIssuer(), jwt.RS256)} })
		time.Sleep(10 * time.Minute) // past the freshness of the set
		token, err := verify(v, text)
		wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
		wantCounts(t, v, 2, 2, 0, 0)

		p.set(func(p *provider) { p.keys = []any{jwkOf(p.t, testIssuer(), jwt.ES256)} })
		time.Sleep(time.Hour)
		for range 2 {
			token, err = verify(v, text)
			wantAccepted(t, token, err)
		}
		p.set(func(p *provider) {
			p.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
		})
		for range 69 {
			time.Sleep(time.Minute)
			token, err = verify(v, text)
			wantAccepted(t, token, err)
		}
		time.Sleep(2 * time.Minute)
		token, err = verify(v, text)
		wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

// The time that a token is held against is that after its key was found: that may have taken long.
func TestTokenCacheSlowKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		key, slow := testIssuer().Key(jwt.RS256), false
		v := newVerifier(t, caching(10), func(c *jwt.Config) {
			c.Keys = sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
				if slow {
					time.Sleep(time.Minute)
				}
				return key, nil
			})
		})
		text := testIssuer().Token(claims{"exp": time.Now().Unix() + 30})
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		slow = true
		token, err = verify(v, text)
		wantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
	})
}

// Keys that cannot be had just now end no token, and are asked for once.
func TestTokenCacheOutage(t *testing.T) {
	key, calls, down := testIssuer().Key(jwt.RS256), 0, false
	v := newVerifier(t, caching(10), func(c *jwt.Config) {
		c.Keys = sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
			if calls++; down {
				return nil, errors.New("down")
			}
			return key, nil
		})
	})
	text := testIssuer().Token(nil)
	token, err := verify(v, text)
	wantAccepted(t, token, err)
	down = true
	token, err = verify(v, text)
	e := wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	if calls != 2 || e.Issuer != testIssuer().URL || e.KeyID != "rs256-1" {
		t.Errorf("%d calls, %+v", calls, e)
	}
	down = false
	token, err = verify(v, text)
	wantAccepted(t, token, err)
	wantCounts(t, v, 1, 1, 0, 1)
}

func TestTokenCacheBounds(t *testing.T) {
	v := newVerifier(t, caching(3))
	var texts []string
	for n := range 5 {
		texts = append(texts, testIssuer().Token(claims{"sub": fmt.Sprint(n)}))
	}
	for _, text := range texts[:3] {
		verify(v, text)
	}
	wantCounts(t, v, 0, 3, 0, 3)
	verify(v, texts[1]) // used, and so the last to go
	verify(v, texts[3])
	verify(v, texts[4])
	wantCounts(t, v, 1, 5, 2, 3)
	verify(v, texts[1])
	wantCounts(t, v, 2, 5, 2, 3)

	// Large tokens take the room of several.
	v = newVerifier(t, caching(15))
	for n := range 6 {
		token, err := verify(v, testIssuer().Token(claims{"sub": fmt.Sprint(n), "groups": strings.Repeat("g", 10_000)}))
		wantAccepted(t, token, err)
		if s := cacheStatus(t, v); s.Bytes > 15*4096 || s.Tokens != min(n+1, 2) {
			t.Errorf("got %+v", s)
		}
	}
	v = newVerifier(t, caching(1)) // no room for one such, and it drives nothing out
	small := testIssuer().Token(nil)
	for range 2 {
		token, err := verify(v, testIssuer().Token(claims{"groups": strings.Repeat("g", 10_000)}))
		wantAccepted(t, token, err)
		token, err = verify(v, small)
		wantAccepted(t, token, err)
	}
	wantCounts(t, v, 1, 3, 0, 1)
}

// A cache that is full goes on to serve: what is used again and again stays, whatever was there before.
func TestTokenCacheStaysUseful(t *testing.T) {
	const places, active, rounds = 100, 50, 20
	v := newVerifier(t, caching(places))
	for n := range places {
		verify(v, lasting(n, 3600))
	}
	var texts []string
	for n := range active {
		texts = append(texts, lasting(places+n, 3600))
	}
	for range rounds {
		for _, text := range texts {
			token, err := verify(v, text)
			wantAccepted(t, token, err)
		}
	}
	wantCounts(t, v, active*(rounds-1), places+active, active, places)
}

// Nor does it fill with tokens that are over. Everybody here calls every 10 s and is verified anew every
// 5 minutes: 29 of 30 calls are hits, hour by hour.
func TestTokenCacheStaysUsefulForHours(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const users = 20
		v := newVerifier(t, caching(2*users))
		var texts [users]string
		for hour := range uint64(4) {
			for n := range texts {
				texts[n] = lasting(n, 3600)
			}
			for range 360 {
				for _, text := range texts {
					if _, err := v.Verify(t.Context(), text); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(10 * time.Second)
			}
			s := cacheStatus(t, v)
			if s.Hits != (hour+1)*users*348 || s.Misses != (hour+1)*users*12 || s.Evictions != 0 {
				t.Fatalf("after %d hours: %+v", hour+1, s)
			}
		}
	})
}

// Of tokens that nobody uses again the newest stay.
func TestTokenCacheKeepsTheNewest(t *testing.T) {
	const places = 3
	texts := subjects(20)
	for n := places; n <= len(texts); n++ {
		v := newVerifier(t, caching(places))
		for _, text := range texts[:n] {
			verify(v, text)
		}
		for _, text := range texts[n-places : n] {
			verify(v, text)
		}
		wantCounts(t, v, places, uint64(n), uint64(n-places), places)
	}
}

// Tokens that are over make room even where there is some.
func TestTokenCacheIsSwept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newVerifier(t, caching(100))
		fill := func(from, count int, seconds int64) {
			for n := range count {
				token, err := verify(v, lasting(from+n, seconds))
				wantAccepted(t, token, err)
			}
		}
		fill(0, 50, 60)
		time.Sleep(91 * time.Second) // with the leeway
		fill(50, 50, 3600)
		wantCounts(t, v, 0, 100, 0, 50)
	})
}

func TestTokenCacheSharesAreSeparate(t *testing.T) {
	first, second := testConfig(t), testConfig(t)
	first.TokenCache = 2
	second.Issuer, second.Keys = otherIssuer().URL, keysOf(t, otherIssuer())
	v, err := jwt.NewVerifier(first, second)
	if err != nil {
		t.Fatal(err)
	}
	text := testIssuer().Token(nil)
	for range 2 {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		for n := range 5 {
			token, err := verify(v, otherIssuer().Token(claims{"sub": fmt.Sprint(n)}))
			wantAccepted(t, token, err)
		}
	}
	if s := v.Status(); s[0].TokenCache == nil || s[0].TokenCache.Hits != 1 || s[0].TokenCache.Misses != 1 || s[1].TokenCache != nil {
		t.Errorf("got %+v", s)
	}
}

func TestTokenCacheConfig(t *testing.T) {
	secret, public := testIssuer().Key(jwt.HS256), testIssuer().Key(jwt.RS256)
	set := func(keys ...*jwt.Key) *jwt.KeySet {
		s, err := jwt.NewKeySet(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for want, change := range map[string]func(*jwt.Config){
		"TokenCache is not from 0": func(c *jwt.Config) { c.TokenCache = -1 },
		"from 0 to 1048576":        func(c *jwt.Config) { c.TokenCache = 1<<20 + 1 },
		"saves nothing where":      func(c *jwt.Config) { c.TokenCache, c.Keys = 1, secret },
		"saves nothing":            func(c *jwt.Config) { c.TokenCache, c.Keys = 1, set(secret) },
		"signed with a secret": func(c *jwt.Config) {
			c.TokenCache, c.Keys, c.Algorithms = 1, sourceFunc(nil), []jwt.Algorithm{jwt.HS256}
		},
		"with a secret": func(c *jwt.Config) {
			c.TokenCache, c.Keys, c.Algorithms = 1, set(secret, public), []jwt.Algorithm{jwt.HS256}
		},
	} {
		c := testConfig(t)
		change(&c)
		if v, err := jwt.NewVerifier(c); v != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	newVerifier(t, caching(1<<20))

	// Among public keys a secret's tokens are verified, and not remembered.
	v := newVerifier(t, caching(2), func(c *jwt.Config) { c.Keys = set(secret, public) })
	for range 2 {
		token, err := verify(v, testIssuer().Mint(jwttest.Spec{Algorithm: jwt.HS256}))
		wantAccepted(t, token, err)
	}
	wantCounts(t, v, 0, 2, 0, 0)
}

// Nothing that the cache keeps could be sent: a token without its signature is none.
func TestTokenCacheKeepsNoToken(t *testing.T) {
	v := newVerifier(t, caching(10))
	text := testIssuer().Token(claims{"sub": "somebody"})
	token, err := verify(v, text)
	wantAccepted(t, token, err)
	encoded := text[strings.LastIndexByte(text, '.')+1:]
	signature, _ := base64.RawURLEncoding.DecodeString(encoded)
	found := false
	seen := map[uintptr]bool{}
	var walk func(reflect.Value)
	pieces := func(s string) bool { // of the very memory of the token
		at, from := uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(unsafe.Pointer(unsafe.StringData(text)))
		return s != "" && at >= from && at < from+uintptr(len(text))
	}
	look := func(b []byte) {
		found = found || strings.Contains(text, string(b)) && len(b) > 100
		for from := 0; from+17 <= len(b); from++ {
			if run := b[from : from+17]; bytes.Contains([]byte(encoded), run) || bytes.Contains(signature, run) {
				t.Fatalf("the cache holds %q", b)
			}
		}
	}
	walk = func(x reflect.Value) {
		switch x.Kind() {
		case reflect.Pointer:
			if !x.IsNil() && !seen[x.Pointer()] {
				seen[x.Pointer()] = true
				walk(x.Elem())
			}
		case reflect.Interface:
			walk(x.Elem())
		case reflect.Struct:
			for i := range x.NumField() {
				walk(x.Field(i))
			}
		case reflect.Slice:
			if x.Type().Elem().Kind() == reflect.Uint8 {
				look(x.Bytes())
				return
			}
			fallthrough
		case reflect.Array:
			for i := range x.Len() {
				walk(x.Index(i))
			}
		case reflect.Map:
			for entries := x.MapRange(); entries.Next(); {
				walk(entries.Key())
				walk(entries.Value())
			}
		case reflect.String:
			if look([]byte(x.String())); pieces(x.String()) {
				t.Fatalf("%q keeps the memory of the whole token", x.String())
			}
		}
	}
	walk(reflect.ValueOf(jwt.CacheOf(v)))
	if !found {
		t.Error("the walk did not find the signing input that it should have")
	}
}

// Many goroutines, few places, and keys that come and go.
func TestTokenCacheConcurrency(t *testing.T) {
	sets := []*jwt.KeySet{keysOf(t, testIssuer(), jwt.ES256, jwt.EdDSA), keysOf(t, testIssuer(), jwt.EdDSA)}
	var current atomic.Pointer[jwt.KeySet]
	current.Store(sets[0])
	v := newVerifier(t, caching(4), func(c *jwt.Config) {
		c.Keys = sourceFunc(func(ctx context.Context, h jwt.Header) (*jwt.Key, error) { return current.Load().Key(ctx, h) })
	})
	var texts []string
	for n := range 8 {
		texts = append(texts, testIssuer().Mint(jwttest.Spec{Algorithm: []jwt.Algorithm{jwt.EdDSA, jwt.ES256}[n%2], Claims: claims{"sub": fmt.Sprint(n)}}))
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 400 {
				at := (n*7 + g) % len(texts)
				token, err := v.Verify(context.Background(), texts[at])
				switch {
				case err == nil && token.Subject() != fmt.Sprint(at):
					t.Errorf("token %d has the subject %s", at, token.Subject())
				case err != nil && (at%2 == 0 || !errors.Is(err, jwt.ErrKey)):
					t.Errorf("token %d: %v", at, err)
				}
				if g == 0 {
					current.Store(sets[n/10%2])
				}
				if s := cacheStatus(t, v); s.Tokens > 4 {
					t.Errorf("%d tokens", s.Tokens)
				}
			}
		})
	}
	wg.Wait()
	if s := cacheStatus(t, v); s.Hits == 0 || s.Evictions == 0 {
		t.Errorf("got %+v", s)
	}
}

// gate is a source of one key. Once it is closed, it holds the next two calls until both are there;
// while it is shut it has no key.
type gate struct {
	key    *jwt.Key
	closed atomic.Bool
	shut   atomic.Bool
	calls  atomic.Int32 // since it was closed
	both   sync.WaitGroup
}

func (g *gate) Key(context.Context, jwt.Header) (*jwt.Key, error) {
	if g.closed.Load() && g.calls.Add(1) <= 2 {
		g.both.Done()
		g.both.Wait()
	}
	if g.shut.Load() {
		return nil, jwt.ErrKey
	}
	return g.key, nil
}

// twice verifies a token in two goroutines, which are both held at the source of keys.
func (g *gate) twice(v *jwt.Verifier, text string) (errs [2]error) {
	g.both.Add(2)
	g.calls.Store(0)
	g.closed.Store(true)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() { _, errs[n] = verify(v, text) })
	}
	wg.Wait()
	g.closed.Store(false)
	return errs
}

// subjects mints tokens of different subjects.
func subjects(n int) (texts []string) {
	for i := range n {
		texts = append(texts, testIssuer().Token(claims{"sub": fmt.Sprint(i)}))
	}
	return texts
}

// Whoever forgets a token that another has forgotten before leaves its place to the one that has it now.
func TestTokenCacheForgetsOnce(t *testing.T) {
	g := &gate{key: testIssuer().Key(jwt.RS256)}
	v := newVerifier(t, caching(4), func(c *jwt.Config) { c.Keys = g })
	texts := subjects(3)
	for _, text := range texts {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	g.shut.Store(true)
	for _, err := range g.twice(v, texts[0]) {
		wantRefusal(t, nil, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	}
	g.shut.Store(false)
	before := cacheStatus(t, v)
	if before.Tokens != 2 {
		t.Errorf("%d tokens, want 2", before.Tokens)
	}
	for _, text := range texts[1:] {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	if after := cacheStatus(t, v); after.Hits != before.Hits+2 || after.Misses != before.Misses || after.Tokens != 2 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

// Two that verify one token at once keep it once.
func TestTokenCacheKeepsOnce(t *testing.T) {
	g := &gate{key: testIssuer().Key(jwt.RS256)}
	v := newVerifier(t, caching(4), func(c *jwt.Config) { c.Keys = g })
	text := subjects(1)[0]
	for _, err := range g.twice(v, text) {
		if err != nil {
			t.Error(err)
		}
	}
	wantCounts(t, v, 0, 2, 0, 1)
	one := cacheStatus(t, v).Bytes
	token, err := verify(v, text)
	wantAccepted(t, token, err)
	wantCounts(t, v, 1, 2, 0, 1)

	// It is counted once, and taken out once.
	alone := newVerifier(t, caching(4))
	verify(alone, text)
	if want := cacheStatus(t, alone).Bytes; one != want {
		t.Errorf("%d bytes, want %d", one, want)
	}
	g.shut.Store(true)
	verify(v, text)
	if s := cacheStatus(t, v); s.Tokens != 0 || s.Bytes != 0 {
		t.Errorf("got %+v", s)
	}
}

// What was used stays, wherever the hand is.
func TestTokenCacheVictims(t *testing.T) {
	hit := func(t *testing.T, v *jwt.Verifier, text string) {
		t.Helper()
		before := cacheStatus(t, v).Hits
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		if cacheStatus(t, v).Hits != before+1 {
			t.Error("it was not remembered")
		}
	}
	fill := func(t *testing.T) (*jwt.Verifier, []string) {
		v, texts := newVerifier(t, caching(3)), subjects(5)
		for _, text := range texts[:3] {
			verify(v, text)
		}
		return v, texts
	}
	for used := range 3 { // under the hand, and behind it
		v, texts := fill(t)
		hit(t, v, texts[used])
		verify(v, texts[3])
		wantCounts(t, v, 1, 4, 1, 3)
		verify(v, texts[4])
		wantCounts(t, v, 1, 5, 2, 3)
		hit(t, v, texts[used])
		hit(t, v, texts[4])
	}
	v, texts := fill(t) // all were used: the hand goes around once
	for _, text := range texts[:3] {
		hit(t, v, text)
	}
	verify(v, texts[3])
	verify(v, texts[4])
	wantCounts(t, v, 3, 5, 2, 3)
	hit(t, v, texts[3])
	hit(t, v, texts[4])

	bubble(t, func(t *testing.T) { // one that is over goes first, used or not
		v := newVerifier(t, caching(4))
		texts := []string{lasting("a", 3600), lasting("b", 3600), lasting("over", 60), lasting("c", 3600), lasting("next", 3600)}
		for _, text := range texts[:4] {
			verify(v, text)
		}
		for _, text := range texts[:4] {
			hit(t, v, text)
		}
		time.Sleep(91 * time.Second) // with the leeway
		token, err := verify(v, texts[4])
		wantAccepted(t, token, err)
		wantCounts(t, v, 4, 5, 0, 4)
		for _, at := range []int{0, 1, 3, 4} {
			hit(t, v, texts[at])
		}
	})
}
