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
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func wantCounts(t testing.TB, v *jwt.Verifier, hits, misses, evictions uint64, tokens int) {
	t.Helper()
	s := fixture.CacheStatus(t, v)
	if s.Hits != hits || s.Misses != misses || s.Evictions != evictions || s.Tokens != tokens {
		t.Errorf("got %+v, want %d hits, %d misses, %d evictions, %d tokens", s, hits, misses, evictions, tokens)
	}
}

// lasting is somebody's token, for so many seconds from now.
func lasting(sub any, seconds int64) string {
	now := time.Now().Unix()
	return fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA, Claims: claims{"sub": fmt.Sprint(sub), "iat": now, "exp": now + seconds}})
}

func TestTokenCacheHit(t *testing.T) {
	v := fixture.NewVerifier(t, fixture.Caching(10))
	wantCounts(t, v, 0, 0, 0, 0)
	text := fixture.Issuer().Token(claims{"sub": "alice", "scope": "a b"})
	first, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, first, err)
	for range 3 {
		again, err := fixture.Verify(v, strings.Clone(text))
		fixture.WantAccepted(t, again, err)
		if again.Subject() != "alice" || !slices.Equal(again.Scopes(), []string{"a", "b"}) || again.Header() != first.Header() {
			t.Errorf("got %v", again)
		}
	}
	wantCounts(t, v, 3, 1, 0, 1)
	if s := fixture.CacheStatus(t, v); s.Capacity != 10 || s.Bytes < 200 || s.Bytes > 4096 {
		t.Errorf("got %+v", s)
	}
	if fixture.NewVerifier(t).Status()[0].TokenCache != nil {
		t.Error("there is a cache that nobody asked for")
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { v.Verify(ctx, text) }); n > fixture.PerDrop {
		t.Errorf("a hit makes %v allocations", n)
	}
}

// What a handler does with a token changes nothing for the next one.
func TestCachedTokenIsImmutable(t *testing.T) {
	v := fixture.NewVerifier(t, fixture.Caching(10))
	text := fixture.Issuer().Token(claims{"scope": "a b", "x": map[string]any{"y": []string{"z"}}})
	for range 3 {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
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
	t.Parallel()
	v := fixture.NewVerifier(t, fixture.Caching(2), func(c *jwt.Config) {
		c.Validate = func(_ context.Context, token *jwt.Token) error {
			if token.Subject() == "mallory" {
				return errors.New("not you")
			}
			return nil
		}
	})
	good := []string{fixture.Issuer().Token(claims{"sub": "a"}), fixture.Issuer().Token(claims{"sub": "b"})}
	for _, text := range good {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
	}
	bad := []string{
		fixture.Issuer().Token(claims{"exp": 1}), fixture.Issuer().Token(claims{"aud": "other"}), fixture.Issuer().Token(claims{"sub": "mallory"}),
		fixture.OtherIssuer().Token(claims{"iss": fixture.Issuer().URL}), fixture.Issuer().Mint(jwttest.Spec{Payload: []byte("{}")}),
		fixture.WithPart(good[0], 1, `{"sub":"a"}`), good[0][:len(good[0])-4], "garbage", "",
	}
	for n := range 10_000 {
		if token, err := fixture.Verify(v, bad[n%len(bad)]); err == nil {
			t.Fatalf("accepted: %v", token)
		}
	}
	// Without a key in the set a signature costs nothing here, and the tokens can be many.
	for n := range fixture.Sample(1_000_000, 19) {
		if _, err := v.Verify(t.Context(), "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vbmUifQ.e30."+base64.RawURLEncoding.EncodeToString(fmt.Append(nil, n))); err == nil {
			t.Fatal("accepted")
		}
	}
	before := fixture.CacheStatus(t, v)
	for _, text := range good {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
	}
	after := fixture.CacheStatus(t, v)
	if after.Hits != before.Hits+2 || after.Tokens != 2 || after.Evictions != 0 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

func TestTokenCacheTime(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		v := fixture.NewVerifier(t, fixture.Caching(10))
		now := time.Now().Unix()
		short := fixture.Issuer().Token(claims{"iat": now, "exp": now + 60})
		long := fixture.Issuer().Token(claims{"iat": now, "exp": now + 3600})
		for range 2 {
			for _, text := range []string{short, long} {
				token, err := fixture.Verify(v, text)
				fixture.WantAccepted(t, token, err)
			}
		}
		wantCounts(t, v, 2, 2, 0, 2)
		time.Sleep(89 * time.Second) // with the leeway
		token, err := fixture.Verify(v, short)
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, 3, 2, 0, 2)
		time.Sleep(time.Second)
		token, err = fixture.Verify(v, short)
		fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
		wantCounts(t, v, 3, 3, 0, 1)
		time.Sleep(5*time.Minute - 91*time.Second)
		token, err = fixture.Verify(v, long)
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, 4, 3, 0, 1)
		time.Sleep(time.Second)
		token, err = fixture.Verify(v, long) // 5 minutes are over
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, 4, 4, 0, 1)
		token, err = fixture.Verify(v, long)
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, 5, 4, 0, 1)
	})
}

// MaxAge and Validate depend on the time and on the request: both are asked at every hit.
func TestTokenCacheAsksAgain(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		type tenant struct{}
		calls := 0
		v := fixture.NewVerifier(t, fixture.Caching(10), func(c *jwt.Config) {
			c.MaxAge = time.Minute
			c.Validate = func(ctx context.Context, token *jwt.Token) error {
				calls++
				if ctx.Value(tenant{}) != token.Subject() {
					return errors.New("another tenant")
				}
				return nil
			}
		})
		text := fixture.Issuer().Token(claims{"sub": "a", "iat": time.Now().Unix()})
		a, b := context.WithValue(t.Context(), tenant{}, "a"), context.WithValue(t.Context(), tenant{}, "b")
		for range 3 {
			token, err := v.Verify(a, text)
			fixture.WantAccepted(t, token, err)
			token, err = v.Verify(b, text)
			fixture.WantRefusal(t, token, err, jwt.ReasonValidationRefused, jwt.ErrClaims)
		}
		if calls != 6 {
			t.Errorf("Validate was asked %d times, want 6", calls)
		}
		wantCounts(t, v, 5, 1, 0, 1)
		time.Sleep(90 * time.Second)
		token, err := v.Verify(a, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonTokenTooOld, jwt.ErrExpired)
	})
}

// A token is as good as its key is now.
func TestTokenCacheFollowsKeys(t *testing.T) {
	old, other := fixture.Issuer().Key(jwt.RS256), fixture.OtherIssuer().Key(jwt.RS256)
	var now atomic.Pointer[jwt.Key]
	var down atomic.Bool
	v := fixture.NewVerifier(t, fixture.Caching(10), func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
			if down.Load() {
				return nil, errors.New("the key service is down")
			}
			return now.Load(), nil
		})
	})
	text := fixture.Issuer().Token(nil)
	accepted := func(hits, misses uint64) {
		t.Helper()
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, hits, misses, 0, 1)
	}
	now.Store(old)
	accepted(0, 1)
	accepted(1, 1)

	now.Store(other) // the same kid, another key
	token, err := fixture.Verify(v, text)
	fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
	wantCounts(t, v, 1, 2, 0, 0)

	now.Store(old)
	accepted(1, 3)
	now.Store(nil) // gone
	token, err = fixture.Verify(v, text)
	fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)

	now.Store(old)
	accepted(1, 5)
	published, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
	again, err := jwt.ParseKey(published) // the same key, read anew
	if err != nil {
		t.Fatal(err)
	}
	now.Store(again)
	accepted(2, 5)

	down.Store(true)
	token, err = fixture.Verify(v, text)
	fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
}

// The end of the set's life is the end of its tokens, and so is the removal of a key.
func TestTokenCacheFollowsRemoteKeys(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		v, err := jwt.NewVerifier(jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: p.Remote(jwt.RemoteOptions{}), TokenCache: 10})
		if err != nil {
			t.Fatal(err)
		}
		text := fixture.Mint(nil)
		for range 3 {
			token, err := fixture.Verify(v, text)
			fixture.WantAccepted(t, token, err)
		}
		wantCounts(t, v, 2, 1, 0, 1)

		p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)} })
		time.Sleep(10 * time.Minute) // past the freshness of the set
		token, err := fixture.Verify(v, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
		wantCounts(t, v, 2, 2, 0, 0)

		p.Set(func(p *fixture.Provider) { p.Keys = []any{fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)} })
		time.Sleep(time.Hour)
		for range 2 {
			token, err = fixture.Verify(v, text)
			fixture.WantAccepted(t, token, err)
		}
		p.Set(func(p *fixture.Provider) {
			p.Answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
		})
		for range 69 {
			time.Sleep(time.Minute)
			token, err = fixture.Verify(v, text)
			fixture.WantAccepted(t, token, err)
		}
		time.Sleep(2 * time.Minute)
		token, err = fixture.Verify(v, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	})
}

// The time that a token is held against is that after its key was found: that may have taken long.
func TestTokenCacheSlowKeys(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		key, slow := fixture.Issuer().Key(jwt.RS256), false
		v := fixture.NewVerifier(t, fixture.Caching(10), func(c *jwt.Config) {
			c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
				if slow {
					time.Sleep(time.Minute)
				}
				return key, nil
			})
		})
		text := fixture.Issuer().Token(claims{"exp": time.Now().Unix() + 30})
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		slow = true
		token, err = fixture.Verify(v, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
	})
}

// Keys that cannot be had just now end no token, and are asked for once.
func TestTokenCacheOutage(t *testing.T) {
	key, calls, down := fixture.Issuer().Key(jwt.RS256), 0, false
	v := fixture.NewVerifier(t, fixture.Caching(10), func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
			if calls++; down {
				return nil, errors.New("down")
			}
			return key, nil
		})
	})
	text := fixture.Issuer().Token(nil)
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	down = true
	token, err = fixture.Verify(v, text)
	e := fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
	if calls != 2 || e.Issuer != fixture.Issuer().URL || e.KeyID != "rs256-1" {
		t.Errorf("%d calls, %+v", calls, e)
	}
	down = false
	token, err = fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	wantCounts(t, v, 1, 1, 0, 1)
}

func TestTokenCacheBounds(t *testing.T) {
	v := fixture.NewVerifier(t, fixture.Caching(3))
	var texts []string
	for n := range 5 {
		texts = append(texts, fixture.Issuer().Token(claims{"sub": fmt.Sprint(n)}))
	}
	for _, text := range texts[:3] {
		fixture.Verify(v, text)
	}
	wantCounts(t, v, 0, 3, 0, 3)
	fixture.Verify(v, texts[1]) // used, and so the last to go
	fixture.Verify(v, texts[3])
	fixture.Verify(v, texts[4])
	wantCounts(t, v, 1, 5, 2, 3)
	fixture.Verify(v, texts[1])
	wantCounts(t, v, 2, 5, 2, 3)

	// Large tokens take the room of several.
	v = fixture.NewVerifier(t, fixture.Caching(15))
	for n := range 6 {
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"sub": fmt.Sprint(n), "groups": strings.Repeat("g", 10_000)}))
		fixture.WantAccepted(t, token, err)
		if s := fixture.CacheStatus(t, v); s.Bytes > 15*4096 || s.Tokens != min(n+1, 2) {
			t.Errorf("got %+v", s)
		}
	}
	v = fixture.NewVerifier(t, fixture.Caching(1)) // no room for one such, and it drives nothing out
	small := fixture.Issuer().Token(nil)
	for range 2 {
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"groups": strings.Repeat("g", 10_000)}))
		fixture.WantAccepted(t, token, err)
		token, err = fixture.Verify(v, small)
		fixture.WantAccepted(t, token, err)
	}
	wantCounts(t, v, 1, 3, 0, 1)
}

// A cache that is full goes on to serve: what is used again and again stays, whatever was there before.
func TestTokenCacheStaysUseful(t *testing.T) {
	const places, active, rounds = 100, 50, 20
	v := fixture.NewVerifier(t, fixture.Caching(places))
	for n := range places {
		fixture.Verify(v, lasting(n, 3600))
	}
	var texts []string
	for n := range active {
		texts = append(texts, lasting(places+n, 3600))
	}
	for range rounds {
		for _, text := range texts {
			token, err := fixture.Verify(v, text)
			fixture.WantAccepted(t, token, err)
		}
	}
	wantCounts(t, v, active*(rounds-1), places+active, active, places)
}

// Nor does it fill with tokens that are over. Everybody here calls every 10 s and is verified anew every
// 5 minutes: 29 of 30 calls are hits, hour by hour.
func TestTokenCacheStaysUsefulForHours(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		const users = 20
		v := fixture.NewVerifier(t, fixture.Caching(2*users))
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
			s := fixture.CacheStatus(t, v)
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
		v := fixture.NewVerifier(t, fixture.Caching(places))
		for _, text := range texts[:n] {
			fixture.Verify(v, text)
		}
		for _, text := range texts[n-places : n] {
			fixture.Verify(v, text)
		}
		wantCounts(t, v, places, uint64(n), uint64(n-places), places)
	}
}

// Tokens that are over make room even where there is some.
func TestTokenCacheIsSwept(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		v := fixture.NewVerifier(t, fixture.Caching(100))
		fill := func(from, count int, seconds int64) {
			for n := range count {
				token, err := fixture.Verify(v, lasting(from+n, seconds))
				fixture.WantAccepted(t, token, err)
			}
		}
		fill(0, 50, 60)
		time.Sleep(91 * time.Second) // with the leeway
		fill(50, 50, 3600)
		wantCounts(t, v, 0, 100, 0, 50)
	})
}

func TestTokenCacheSharesAreSeparate(t *testing.T) {
	first, second := fixture.Config(t), fixture.Config(t)
	first.TokenCache = 2
	second.Issuer, second.Keys = fixture.OtherIssuer().URL, fixture.KeysOf(t, fixture.OtherIssuer())
	v, err := jwt.NewVerifier(first, second)
	if err != nil {
		t.Fatal(err)
	}
	text := fixture.Issuer().Token(nil)
	for range 2 {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		for n := range 5 {
			token, err := fixture.Verify(v, fixture.OtherIssuer().Token(claims{"sub": fmt.Sprint(n)}))
			fixture.WantAccepted(t, token, err)
		}
	}
	if s := v.Status(); s[0].TokenCache == nil || s[0].TokenCache.Hits != 1 || s[0].TokenCache.Misses != 1 || s[1].TokenCache != nil {
		t.Errorf("got %+v", s)
	}
}

func TestTokenCacheConfig(t *testing.T) {
	secret, public := fixture.Issuer().Key(jwt.HS256), fixture.Issuer().Key(jwt.RS256)
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
			c.TokenCache, c.Keys, c.Algorithms = 1, fixture.SourceFunc(nil), []jwt.Algorithm{jwt.HS256}
		},
		"with a secret": func(c *jwt.Config) {
			c.TokenCache, c.Keys, c.Algorithms = 1, set(secret, public), []jwt.Algorithm{jwt.HS256}
		},
	} {
		c := fixture.Config(t)
		change(&c)
		if v, err := jwt.NewVerifier(c); v != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	fixture.NewVerifier(t, fixture.Caching(1<<20))

	// Among public keys a secret's tokens are verified, and not remembered.
	v := fixture.NewVerifier(t, fixture.Caching(2), func(c *jwt.Config) { c.Keys = set(secret, public) })
	for range 2 {
		token, err := fixture.Verify(v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.HS256}))
		fixture.WantAccepted(t, token, err)
	}
	wantCounts(t, v, 0, 2, 0, 0)
}

// Nothing that the cache keeps could be sent: a token without its signature is none.
func TestTokenCacheKeepsNoToken(t *testing.T) {
	v := fixture.NewVerifier(t, fixture.Caching(10))
	text := fixture.Issuer().Token(claims{"sub": "somebody"})
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
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
	if _, err := v.Verify(t.Context(), text); err != nil || fixture.CacheStatus(t, v).Hits != 1 {
		t.Errorf("not remembered: %v", err)
	}
	if lent := jwt.LentSignature(); strings.Trim(string(lent[:]), "\x00") != "" {
		t.Errorf("a workspace holds %q", lent)
	}
	if !found {
		t.Error("the walk did not find the signing input that it should have")
	}
}

// A remembered token with any other byte is another token.
func TestTokenCacheAltered(t *testing.T) {
	v := fixture.NewVerifier(t, fixture.Caching(4))
	text := fixture.Issuer().Token(nil)
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	for n := range len(text) {
		for _, c := range []byte{'A', '.', text[n] ^ 1} {
			if altered := text[:n] + string(rune(c)) + text[n+1:]; altered != text {
				if token, err := v.Verify(t.Context(), altered); err == nil {
					t.Fatalf("byte %d as %q: accepted as %v", n, c, token)
				}
			}
		}
	}
	for _, altered := range []string{text + ".", text + "A", text[:len(text)-1], "." + text} {
		if token, err := v.Verify(t.Context(), altered); err == nil {
			t.Errorf("%s: accepted as %v", altered, token)
		}
	}
	if s := fixture.CacheStatus(t, v); s.Hits != 0 || s.Tokens != 1 {
		t.Errorf("got %+v", s)
	}
}

// The refusal of a remembered token repeats nothing of it.
func TestTokenCacheWithholds(t *testing.T) {
	var refusal error
	v := fixture.NewVerifier(t, fixture.Caching(4), func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error { return refusal }
	})
	header := `{"alg":"RS256","kid":"rs256-1"}`
	text := fixture.Issuer().SignRaw(jwt.RS256, header, fixture.Payload(`"sub":"`+fixture.B64(header)+`"`))
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	refusal = errors.New("no")
	_, err = v.Verify(t.Context(), text)
	var e *jwt.Error
	if !errors.As(err, &e) || e.Reason != jwt.ReasonValidationRefused || e.Subject != "(withheld)" || fixture.CacheStatus(t, v).Hits != 1 {
		t.Errorf("got %+v", err)
	}
}

// Many goroutines, few places, and keys that come and go.
func TestTokenCacheConcurrency(t *testing.T) {
	sets := []*jwt.KeySet{fixture.KeysOf(t, fixture.Issuer(), jwt.ES256, jwt.EdDSA), fixture.KeysOf(t, fixture.Issuer(), jwt.EdDSA)}
	var current atomic.Pointer[jwt.KeySet]
	current.Store(sets[0])
	v := fixture.NewVerifier(t, fixture.Caching(4), func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(ctx context.Context, h jwt.Header) (*jwt.Key, error) { return current.Load().Key(ctx, h) })
	})
	var texts []string
	for n := range 8 {
		texts = append(texts, fixture.Issuer().Mint(jwttest.Spec{Algorithm: []jwt.Algorithm{jwt.EdDSA, jwt.ES256}[n%2], Claims: claims{"sub": fmt.Sprint(n)}}))
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
				if s := fixture.CacheStatus(t, v); s.Tokens > 4 {
					t.Errorf("%d tokens", s.Tokens)
				}
			}
		})
	}
	wg.Wait()
	if s := fixture.CacheStatus(t, v); s.Hits == 0 || s.Evictions == 0 {
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
		wg.Go(func() { _, errs[n] = fixture.Verify(v, text) })
	}
	wg.Wait()
	g.closed.Store(false)
	return errs
}

// subjects mints tokens of different subjects.
func subjects(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fixture.Issuer().Token(claims{"sub": fmt.Sprint(i)}))
	}
	return texts
}

// Whoever forgets a token that another has forgotten before leaves its place to the one that has it now.
func TestTokenCacheForgetsOnce(t *testing.T) {
	g := &gate{key: fixture.Issuer().Key(jwt.RS256)}
	v := fixture.NewVerifier(t, fixture.Caching(4), func(c *jwt.Config) { c.Keys = g })
	texts := subjects(3)
	for _, text := range texts {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
	}
	g.shut.Store(true)
	for _, err := range g.twice(v, texts[0]) {
		fixture.WantRefusal(t, nil, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	}
	g.shut.Store(false)
	before := fixture.CacheStatus(t, v)
	if before.Tokens != 2 {
		t.Errorf("%d tokens, want 2", before.Tokens)
	}
	for _, text := range texts[1:] {
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
	}
	if after := fixture.CacheStatus(t, v); after.Hits != before.Hits+2 || after.Misses != before.Misses || after.Tokens != 2 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

// Two that verify one token at once keep it once.
func TestTokenCacheKeepsOnce(t *testing.T) {
	g := &gate{key: fixture.Issuer().Key(jwt.RS256)}
	v := fixture.NewVerifier(t, fixture.Caching(4), func(c *jwt.Config) { c.Keys = g })
	text := subjects(1)[0]
	for _, err := range g.twice(v, text) {
		if err != nil {
			t.Error(err)
		}
	}
	wantCounts(t, v, 0, 2, 0, 1)
	one := fixture.CacheStatus(t, v).Bytes
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	wantCounts(t, v, 1, 2, 0, 1)

	// It is counted once, and taken out once.
	alone := fixture.NewVerifier(t, fixture.Caching(4))
	fixture.Verify(alone, text)
	if want := fixture.CacheStatus(t, alone).Bytes; one != want {
		t.Errorf("%d bytes, want %d", one, want)
	}
	g.shut.Store(true)
	fixture.Verify(v, text)
	if s := fixture.CacheStatus(t, v); s.Tokens != 0 || s.Bytes != 0 {
		t.Errorf("got %+v", s)
	}
}

// What was used stays, wherever the hand is.
func TestTokenCacheVictims(t *testing.T) {
	hit := func(t *testing.T, v *jwt.Verifier, text string) {
		t.Helper()
		before := fixture.CacheStatus(t, v).Hits
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		if fixture.CacheStatus(t, v).Hits != before+1 {
			t.Error("it was not remembered")
		}
	}
	fill := func(t *testing.T) (*jwt.Verifier, []string) {
		v, texts := fixture.NewVerifier(t, fixture.Caching(3)), subjects(5)
		for _, text := range texts[:3] {
			fixture.Verify(v, text)
		}
		return v, texts
	}
	for used := range 3 { // under the hand, and behind it
		v, texts := fill(t)
		hit(t, v, texts[used])
		fixture.Verify(v, texts[3])
		wantCounts(t, v, 1, 4, 1, 3)
		fixture.Verify(v, texts[4])
		wantCounts(t, v, 1, 5, 2, 3)
		hit(t, v, texts[used])
		hit(t, v, texts[4])
	}
	v, texts := fill(t) // all were used: the hand goes around once
	for _, text := range texts[:3] {
		hit(t, v, text)
	}
	fixture.Verify(v, texts[3])
	fixture.Verify(v, texts[4])
	wantCounts(t, v, 3, 5, 2, 3)
	hit(t, v, texts[3])
	hit(t, v, texts[4])

	fixture.Bubble(t, func(t *testing.T) { // one that is over goes first, used or not
		v := fixture.NewVerifier(t, fixture.Caching(4))
		texts := []string{lasting("a", 3600), lasting("b", 3600), lasting("over", 60), lasting("c", 3600), lasting("next", 3600)}
		for _, text := range texts[:4] {
			fixture.Verify(v, text)
		}
		for _, text := range texts[:4] {
			hit(t, v, text)
		}
		time.Sleep(91 * time.Second) // with the leeway
		token, err := fixture.Verify(v, texts[4])
		fixture.WantAccepted(t, token, err)
		wantCounts(t, v, 4, 5, 0, 4)
		for _, at := range []int{0, 1, 3, 4} {
			hit(t, v, texts[at])
		}
	})
}

// A remembered token whose key is gone waits as long as any other, and not first for the cache and then anew.
func TestTokenCacheWaitsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Header.Set("Cache-Control", "max-age=60")
		v, err := jwt.NewVerifier(jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: p.Remote(jwt.RemoteOptions{}), TokenCache: 10})
		if err != nil {
			t.Fatal(err)
		}
		text := fixture.Mint(nil)
		accepted(t, v, text, 0)
		time.Sleep(61 * time.Second)
		p.Set(func(p *fixture.Provider) { p.Keys = []any{rename(p, "next")} })
		if err := v.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Set(func(p *fixture.Provider) { p.Delay = time.Hour })
		time.Sleep(3 * time.Second) // the refusal of the cache is proven still
		start := time.Now()
		token, err := fixture.Verify(v, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it waited %v", took)
		}
	})
}

// A key that is published twice, for two issuers, ends the tokens of that one whose entry is withdrawn.
func TestTokenCacheFollowsTwins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		p.Header.Set("Cache-Control", "max-age=60")
		other := fixture.JWKEdit{"issuer": "https://other.test"}.Apply(p.Keys[0].(fixture.JWK))
		own := fixture.JWKEdit{"issuer": fixture.ProviderURL}.Apply(rename(p, "own"))
		p.Keys = []any{other, own}
		v, err := jwt.NewVerifier(jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: p.Remote(jwt.RemoteOptions{}), TokenCache: 10})
		if err != nil {
			t.Fatal(err)
		}
		text := fixture.Mint("es256-1")
		accepted(t, v, text, 0)
		p.Set(func(p *fixture.Provider) { p.Keys = []any{other} })
		time.Sleep(time.Minute)
		token, err := fixture.Verify(v, text)
		fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
	})
}

// A token that was remembered for an issuer of many names, and is one's of its names now, leaves the share that
// holds it once it is refused.
func TestTokenCacheLeavesTheShareThatHoldsIt(t *testing.T) {
	const tenant = "11111111-2222-3333-4444-555555555555"
	name := "https://many.test/" + tenant
	many := jwt.Config{Issuer: "https://many.test/{tenantid}", InsecureAnyTenant: true, Audience: []string{jwttest.Audience}, Keys: fixture.KeysOf(t, fixture.Issuer(), jwt.ES256), TokenCache: 10}
	one := jwt.Config{Issuer: name, Audience: []string{jwttest.Audience}, Keys: fixture.KeysOf(t, fixture.OtherIssuer(), jwt.ES256), TokenCache: 10}
	v, err := jwt.NewVerifier(many)
	if err != nil {
		t.Fatal(err)
	}
	text := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: jwttest.Claims{"iss": name, "tid": tenant}})
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	if err := v.Replace(many, one); err != nil {
		t.Fatal(err)
	}
	token, err = fixture.Verify(v, text)
	fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
	if s := v.Status()[0].TokenCache; s.Tokens != 0 {
		t.Errorf("got %+v", s)
	}
}
