// This file tests the issuer that others test with, and shows how they do.

package jwttest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

func verifier(t *testing.T, c jwt.Config) *jwt.Verifier {
	t.Helper()
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func start(t *testing.T, o *jwttest.Options) *jwttest.Issuer {
	t.Helper()
	iss, err := jwttest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(iss.Close)
	return iss
}

func TestEveryAlgorithm(t *testing.T) {
	iss := jwttest.NewIssuer(t)
	v := verifier(t, iss.Config())
	for _, alg := range []jwt.Algorithm{"", jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512, jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA, jwt.Ed25519} {
		token, err := v.Verify(t.Context(), iss.Mint(jwttest.Spec{Algorithm: alg}))
		if err != nil {
			t.Errorf("%s: %v", alg, err)
		} else if alg != "" && token.Header().Algorithm != alg {
			t.Errorf("asked for %s, got %s", alg, token.Header().Algorithm)
		}
	}
	for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.HS384, jwt.HS512} {
		c := iss.Config()
		c.Keys = iss.Key(alg)
		if _, err := verifier(t, c).Verify(t.Context(), iss.Mint(jwttest.Spec{Algorithm: alg})); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if metadata, keys := iss.Fetches(); metadata != 1 || keys != 1 {
		t.Errorf("%d and %d fetches", metadata, keys)
	}
}

func TestShapes(t *testing.T) {
	for _, o := range []*jwttest.Options{nil, {}, {PlainHTTP: true}, {Path: "/"}, {PlainHTTP: true, Path: "/realms/test"}, {Path: "/o/test/"},
		{Algorithms: []jwt.Algorithm{jwt.Ed25519}}, {Audience: []string{"a", "b"}}} {
		iss := start(t, o)
		if o != nil && (!strings.HasSuffix(iss.URL, o.Path) || strings.HasPrefix(iss.URL, "http://") != o.PlainHTTP) {
			t.Errorf("%+v is at %s", o, iss.URL)
		}
		token, err := verifier(t, iss.Config()).Verify(t.Context(), iss.Token(nil))
		if err != nil || token.Issuer() != iss.URL {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if iss, err := jwttest.Start(&jwttest.Options{Path: "realms/test"}); err == nil || iss != nil {
		t.Error("a path without a slash was accepted")
	}
	for _, alg := range []jwt.Algorithm{jwt.HS256, "none"} {
		if iss, err := jwttest.Start(&jwttest.Options{Algorithms: []jwt.Algorithm{alg}}); err == nil || iss != nil {
			t.Errorf("a key for %s was published", alg)
		}
	}
}

func TestRotation(t *testing.T) {
	iss := start(t, &jwttest.Options{Algorithms: []jwt.Algorithm{jwt.ES256}})
	old := iss.Token(nil)
	v := verifier(t, iss.Config())
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	iss.Rotate()
	for _, token := range []string{iss.Token(nil), old} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	iss.Retire()
	v = verifier(t, iss.Config())
	if _, err := v.Verify(t.Context(), iss.Token(nil)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), old); !errors.Is(err, jwt.ErrKey) {
		t.Errorf("a retired key: %v", err)
	}
	ahead := start(t, &jwttest.Options{Algorithms: []jwt.Algorithm{jwt.ES256}})
	ahead.PublishAhead()
	ahead.PublishAhead() // once is enough
	v = verifier(t, ahead.Config())
	before := ahead.Token(nil)
	ahead.Rotate()
	for _, token := range []string{before, ahead.Token(nil)} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	if _, keys := ahead.Fetches(); keys != 1 {
		t.Errorf("%d fetches of keys that were published ahead", keys)
	}
	ahead.PublishAhead()
	was := ahead.Key(jwt.ES256)
	ahead.ReplaceSameKID()
	if is := ahead.Key(jwt.ES256); is.KeyID() != was.KeyID() || is.Thumbprint() == was.Thumbprint() {
		t.Errorf("%v became %v", was, is)
	}
	v = verifier(t, ahead.Config())
	if _, err := v.Verify(t.Context(), ahead.Token(nil)); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), before); !errors.Is(err, jwt.ErrKey) {
		t.Errorf("a key that was replaced: %v", err)
	}

	iss.SetDown(true)
	if _, err := verifier(t, iss.Config()).Verify(t.Context(), old); !errors.Is(err, jwt.ErrUnavailable) {
		t.Errorf("the issuer is down: %v", err)
	}
	iss.SetDown(false)
	if _, err := verifier(t, iss.Config()).Verify(t.Context(), iss.Token(nil)); err != nil {
		t.Error(err)
	}
}

func TestAnswers(t *testing.T) {
	iss := start(t, &jwttest.Options{Algorithms: []jwt.Algorithm{jwt.ES256}})
	warm := func() error { return verifier(t, iss.Config()).Warm(t.Context()) }
	iss.SetAnswer(200, "text/html", "<html>")
	if err := warm(); err == nil || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("a captive portal: %v", err)
	}
	iss.SetAnswer(0, "", "")
	iss.SetDelay(time.Millisecond)
	if err := warm(); err != nil {
		t.Error(err)
	}
	iss.SetDelay(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	keys, err := jwt.Discover(iss.URL, &jwt.RemoteOptions{Client: iss.Client(), Timeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Warm(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an issuer that is slow: %v", err)
	}
	cancel()
	iss.SetDelay(0)
	iss.SetKeysHeader("ETag", `"1"`)
	iss.SetKeysHeader("Cache-Control", "max-age=60")
	get := func(tag string) *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", iss.URL+"/.well-known/jwks.json", nil)
		r.Header.Set("If-None-Match", tag)
		resp, err := iss.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if resp := get(`"1"`); resp.StatusCode != 304 || resp.Header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("got %v", resp)
	}
	iss.SetKeysHeader("Cache-Control", "")
	if resp := get(`"2"`); resp.StatusCode != 200 || resp.Header.Get("Cache-Control") != "" || resp.Header.Get("ETag") != `"1"` {
		t.Errorf("got %v", resp)
	}
}

func TestMint(t *testing.T) {
	iss := start(t, nil)
	v := verifier(t, iss.Config())
	token, err := v.Verify(t.Context(), iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt", "kid": nil, "x": 1},
		Claims: jwttest.Claims{"sub": "alice", "jti": nil, "extra": []int{1}}}))
	if err != nil {
		t.Fatal(err)
	}
	if h := token.Header(); h.Type != "at+jwt" || h.KeyID != "" || token.Subject() != "alice" || token.ID() != "" || token.IssuedAt().IsZero() {
		t.Errorf("got %+v, %v", h, token)
	}
	if extra, _ := token.Claim("extra"); fmt.Sprint(extra) != "[1]" {
		t.Errorf("got %v", extra)
	}
	parts := strings.Split(iss.Mint(jwttest.Spec{Payload: []byte("raw")}), ".")
	if parts[1] != "cmF3" {
		t.Errorf("got payload %s", parts[1])
	}
	defer func() {
		if recover() == nil {
			t.Error("an algorithm without a key did not panic")
		}
	}()
	start(t, &jwttest.Options{Algorithms: []jwt.Algorithm{jwt.ES256}}).Mint(jwttest.Spec{Algorithm: jwt.RS256})
}

func TestTokenEndpoint(t *testing.T) {
	iss := start(t, &jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.ES256}})
	v := verifier(t, iss.Config())
	form := func(pairs ...string) string {
		values := url.Values{"grant_type": {"client_credentials"}, "client_id": {jwttest.ClientID}, "client_secret": {jwttest.ClientSecret}, "audience": {jwttest.Audience}}
		for i := 0; i < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return values.Encode()
	}
	auth0, _ := json.Marshal(map[string]string{"client_id": jwttest.ClientID, "client_secret": jwttest.ClientSecret, "audience": jwttest.Audience, "grant_type": "client_credentials", "scope": "a b"})
	const urlencoded = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, kind, body string
		basic                    bool
		status                   int
		result                   string // the scope, or the error
	}{
		{"JSON", "POST", "application/json", string(auth0), false, 200, "a b"},
		{"form", "POST", urlencoded, form("scope", "a"), false, 200, "a"},
		{"without scope and audience", "POST", urlencoded, form("audience", ""), false, 200, ""},
		{"Basic", "POST", urlencoded, "grant_type=client_credentials", true, 200, ""},
		{"GET", "GET", "", "", false, 405, "invalid_request"},
		{"broken JSON", "POST", "application/json", "{", false, 400, "invalid_request"},
		{"broken form", "POST", urlencoded, "%zz", false, 400, "invalid_request"},
		{"too large", "POST", urlencoded, form("x", strings.Repeat("x", 64<<10)), false, 400, "invalid_request"},
		{"another grant", "POST", urlencoded, form("grant_type", "password"), false, 400, "unsupported_grant_type"},
		{"another client", "POST", urlencoded, form("client_id", "x"), false, 401, "invalid_client"},
		{"another secret", "POST", urlencoded, form("client_secret", "x"), false, 401, "invalid_client"},
		{"another API", "POST", urlencoded, form("audience", "https://other.example"), false, 403, "access_denied"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, iss.URL+"oauth/token", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", c.kind)
		if c.basic {
			r.SetBasicAuth(jwttest.ClientID, jwttest.ClientSecret)
		}
		resp, err := iss.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		err = json.NewDecoder(resp.Body).Decode(&body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %v, %v", c.name, resp.StatusCode, body, err)
			continue
		}
		if c.status != 200 {
			if body["error"] != c.result || body["error_description"] == "" {
				t.Errorf("%s: got %v", c.name, body)
			}
			continue
		}
		token, err := v.Verify(t.Context(), body["access_token"].(string))
		if err != nil || body["token_type"] != "Bearer" || body["expires_in"] != 3600.0 {
			t.Errorf("%s: got %v, %v", c.name, body, err)
			continue
		}
		if got := strings.Join(token.Scopes(), " "); got != c.result || token.ClientID() != jwttest.ClientID {
			t.Errorf("%s: got scopes %q of %v", c.name, got, token)
		}
	}
}

// A client that never finishes its request does not keep the issuer open.
func TestCloseWithOpenRequest(t *testing.T) {
	iss, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(iss.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	iss.Close()
}

func ExampleStart() {
	iss, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/"})
	if err != nil {
		panic(err)
	}
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		panic(err)
	}
	token, err := v.Verify(context.Background(), iss.Token(jwttest.Claims{"sub": "alice", "scope": "read:messages"}))
	fmt.Println(token.Subject(), token.Scopes(), err)
	_, err = v.Verify(context.Background(), iss.Token(jwttest.Claims{"exp": nil}))
	fmt.Println(err)
	// Output:
	// alice [read:messages] <nil>
	// jwt: missing claim: exp is absent
}
