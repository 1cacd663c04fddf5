// This file tests contexts for handlers, and issuers without a network, in real and in simulated time.

package jwttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// named starts an issuer without a server.
func named(t *testing.T, url string) *jwttest.Issuer {
	t.Helper()
	return start(t, &jwttest.Options{URL: url, Algorithms: []jwt.Algorithm{jwt.ES256}})
}

func TestContext(t *testing.T) {
	type key struct{}
	iss := start(t, &jwttest.Options{PlainHTTP: true})
	ended, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
	cancel()
	ctx := iss.Context(ended, jwttest.Claims{"sub": "alice", "scope": "a b", "extra": map[string]any{"n": 1}})
	token, ok := jwt.FromContext(ctx)
	if !ok || token.Issuer() != iss.URL || token.Subject() != "alice" || token.Audience()[0] != jwttest.Audience || token.ExpiresAt().IsZero() {
		t.Fatalf("got %v", token)
	}
	if err := token.Meets(jwt.Scope("a"), jwt.Claim("extra", "n").Equals(1)); err != nil {
		t.Error(err)
	}
	if err := token.Meets(jwt.Scope("c")); !errors.Is(err, jwt.ErrScope) {
		t.Errorf("a scope that is missing: %v", err)
	}
	if ctx.Value(key{}) != "kept" || ctx.Err() == nil {
		t.Error("the context is not made of the one that was given")
	}
	if metadata, keys := iss.Fetches(); metadata+keys != 0 {
		t.Errorf("%d requests for metadata and %d for keys", metadata, keys)
	}

	// The context passes no guard, and its key is not the issuer's.
	v := verifier(t, iss.Config())
	w := httptest.NewRecorder()
	v.Require()(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("a guard answers %d", w.Code)
	}
	resp, err := iss.Client().Get(iss.URL + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || token.Header().KeyID == "" || strings.Contains(string(body), `"`+token.Header().KeyID+`"`) {
		t.Errorf("%v: the key of contexts is published:\n%s", err, body)
	}
	second, _ := jwt.FromContext(named(t, "https://other.example").Context(t.Context(), nil))
	if second.Issuer() != "https://other.example" || second.Subject() != "test-subject" {
		t.Errorf("another issuer's: %v", second)
	}
}

// What a verifier would refuse is a mistake of the test.
func TestContextPanics(t *testing.T) {
	iss := named(t, "https://issuer.example")
	for name, claims := range map[string]jwttest.Claims{
		"expired": {"exp": 1}, "another issuer's": {"iss": "https://other.example"}, "for another API": {"aud": "x"}, "of a wrong type": {"sub": 1}, "without exp": {"exp": nil},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "jwttest: jwt: ") {
					t.Errorf("%s: %s", name, text)
				}
			}()
			iss.Context(t.Context(), claims)
		}()
	}
}

// A context makes none of the keys that the issuer publishes, which takes thousands of allocations.
func TestContextMakesNoKeys(t *testing.T) {
	n := testing.AllocsPerRun(10, func() {
		iss, err := jwttest.Start(&jwttest.Options{URL: "https://issuer.example"})
		if err != nil {
			panic(err)
		}
		iss.Context(context.Background(), nil)
	})
	if n > 300 {
		t.Errorf("%v allocations", n)
	}
}

func TestURL(t *testing.T) {
	for _, url := range []string{"https://issuer.example", "https://issuer.example/", "https://issuer.example/realms/test", "http://127.0.0.1:9000/o/test/"} {
		iss := named(t, url)
		if iss.URL != url {
			t.Errorf("%s is called %s", url, iss.URL)
		}
		token, err := verifier(t, iss.Config()).Verify(t.Context(), iss.Token(nil))
		if err != nil || token.Issuer() != url {
			t.Errorf("%s: %v", url, err)
		}
		if metadata, keys := iss.Fetches(); metadata != 1 || keys != 1 {
			t.Errorf("%s: %d and %d fetches", url, metadata, keys)
		}
		if resp, err := iss.Client().Get("https://other.example/"); err == nil {
			resp.Body.Close()
			t.Errorf("%s: its client reaches others", url)
		}
	}
	for _, o := range []jwttest.Options{{URL: "issuer.example"}, {URL: "ftp://issuer.example"}, {URL: "https://"}, {URL: "https://a.example?b"}, {URL: "https://a.example#b"},
		{URL: "https://a@b.example"}, {URL: "https://a.example/%zz"}, {URL: "https://a.example", Path: "/"}, {URL: "https://a.example", PlainHTTP: true}} {
		if iss, err := jwttest.Start(&o); err == nil || iss != nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// A whole life of keys in simulated time, without a network: expiry, rotation, delay and outage.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		iss := named(t, "https://issuer.example")
		v := verifier(t, iss.Config())
		old := iss.Token(nil)
		if _, err := v.Verify(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		iss.Rotate()
		iss.Retire()
		time.Sleep(15 * time.Minute)
		iss.SetDelay(time.Second)
		begin := time.Now()
		if _, err := v.Verify(t.Context(), iss.Token(nil)); err != nil {
			t.Errorf("after a rotation: %v", err)
		}
		if waited := time.Since(begin); waited < time.Second {
			t.Errorf("the answer came after %v", waited)
		}
		if _, err := v.Verify(t.Context(), old); !errors.Is(err, jwt.ErrKey) {
			t.Errorf("the key that was retired: %v", err)
		}
		token := iss.Token(nil)
		iss.SetDown(true)
		time.Sleep(2 * time.Hour)
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, jwt.ErrUnavailable) {
			t.Errorf("during an outage: %v", err)
		}
		ctx := iss.Context(t.Context(), nil)
		if token, ok := jwt.FromContext(ctx); !ok || !token.IssuedAt().Equal(time.Now()) {
			t.Errorf("got %v", token)
		}
		iss.SetDown(false)
		iss.SetDelay(time.Hour)
		ended, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := verifier(t, iss.Config()).Verify(ended, iss.Token(nil)); !errors.Is(err, jwt.ErrUnavailable) {
			t.Errorf("an issuer that is slow: %v", err)
		}
		time.Sleep(time.Minute) // the fetch ends by itself
	})
}

// An issuer that was started outside, with a listener, signs inside; its key is handed over.
func TestBubbleWithKey(t *testing.T) {
	iss := start(t, &jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.ES256}})
	for range 2 { // keys are made in the first bubble and used in the second
		synctest.Test(t, func(t *testing.T) {
			for _, alg := range []jwt.Algorithm{jwt.ES256, jwt.HS256} {
				c := iss.Config()
				c.Keys = iss.Key(alg)
				v := verifier(t, c)
				token := iss.Mint(jwttest.Spec{Algorithm: alg, Claims: jwttest.Claims{"exp": time.Now().Add(time.Minute).Unix()}})
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Minute)
				if _, err := v.Verify(t.Context(), token); !errors.Is(err, jwt.ErrExpired) {
					t.Errorf("two minutes later: %v", err)
				}
			}
			iss.Context(t.Context(), nil)
		})
	}
}

func BenchmarkContext(b *testing.B) {
	iss, err := jwttest.Start(&jwttest.Options{URL: "https://issuer.example"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		iss.Context(context.Background(), jwttest.Claims{"sub": "alice"})
	}
}

// A handler's unit test has no guard, no request for keys, and no server.
func ExampleIssuer_Context() {
	iss, err := jwttest.Start(&jwttest.Options{URL: "https://issuer.example"})
	if err != nil {
		panic(err)
	}
	hello := func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		fmt.Fprintf(w, "Hello, %s! You may %v.", token.Subject(), token.Scopes())
	}
	r := httptest.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	hello(w, r.WithContext(iss.Context(r.Context(), jwttest.Claims{"sub": "alice", "scope": "read:messages"})))
	fmt.Println(w.Body)
	// Output: Hello, alice! You may [read:messages].
}

// An issuer with a name of its own is reached without a network, also in a bubble of testing/synctest.
func ExampleOptions() {
	iss, err := jwttest.Start(&jwttest.Options{URL: "https://tenant.eu.auth0.com/", Audience: []string{"https://shop.example"}})
	if err != nil {
		panic(err)
	}
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		panic(err)
	}
	token, err := v.Verify(context.Background(), iss.Token(nil))
	fmt.Println(token.Issuer(), token.Audience(), err)
	// Output: https://tenant.eu.auth0.com/ [https://shop.example] <nil>
}
