package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// startRedis starts a Redis of this test alone. Without an address it looks for a free port.
func startRedis(t *testing.T, address string) (_ string, stop func()) {
	t.Helper()
	for try := 1; ; try++ {
		where := address
		if where == "" {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			where = l.Addr().String()
			l.Close()
		}
		host, port, err := net.SplitHostPort(where)
		if err != nil {
			t.Fatal(err)
		}
		command := exec.Command("redis-server", "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatalf("%v: this test needs Redis, in Debian the package redis-server", err)
		}
		stopped := false
		stop = func() {
			if !stopped {
				stopped = true
				command.Process.Kill()
				command.Wait()
			}
		}
		t.Cleanup(stop)
		var said strings.Builder
		for lines := bufio.NewScanner(output); lines.Scan(); said.WriteString(lines.Text() + "\n") {
			if strings.Contains(lines.Text(), "Ready to accept connections") {
				return where, stop
			}
		}
		stop()
		if address != "" || try == 5 { // another process may have taken the port
			t.Fatalf("Redis did not start:\n%s", &said)
		}
	}
}

func serve(t *testing.T, address string) (*jwttest.Issuer, http.Handler, *revocations) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	revoked, err := newRevocations("redis://" + address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { revoked.redis.Close() })
	c := issuer.Config()
	c.TokenCache = 100 // a token that is remembered can be revoked too
	handler, err := newHandler(c, revoked)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, handler, revoked
}

func request(handler http.Handler, method, path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A revoked token is refused everywhere, and no other token is.
func TestRevoked(t *testing.T) {
	address, _ := startRedis(t, "")
	issuer, handler, revoked := serve(t, address)
	mine, another := issuer.Token(jwttest.Claims{"jti": "1"}), issuer.Token(jwttest.Claims{"jti": "2"})
	for _, token := range []string{mine, another, mine} {
		if w := request(handler, "GET", "/me", token); w.Code != 200 || w.Body.String() != "hello, test-subject\n" {
			t.Fatal(w.Code, w.Body)
		}
	}
	if w := request(handler, "POST", "/logout", mine); w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	w := request(handler, "GET", "/me", mine)
	if want := `Bearer error="invalid_token", error_description="The access token is not valid for this service."`; w.Code != 401 || w.Header().Get("WWW-Authenticate") != want {
		t.Error(w.Code, w.Header())
	}
	if w := request(handler, "GET", "/me", another); w.Code != 200 {
		t.Error("another token of the same user:", w.Code)
	}
	other, otherHandler, _ := serve(t, address)
	if w := request(otherHandler, "GET", "/me", other.Token(jwttest.Claims{"jti": "1"})); w.Code != 200 {
		t.Error("the same jti of another issuer:", w.Code)
	}
	if w := request(handler, "GET", "/me", issuer.Token(jwttest.Claims{"jti": nil})); w.Code != 401 {
		t.Error("a token that could not be revoked:", w.Code)
	}
	keys, err := revoked.redis.Keys(t.Context(), "*").Result()
	if want := "revoked " + issuer.URL + " 1"; err != nil || len(keys) != 1 || keys[0] != want {
		t.Fatal(keys, err)
	}
	if left, err := revoked.redis.TTL(t.Context(), keys[0]).Result(); err != nil || left < time.Hour || left > time.Hour+11*time.Minute {
		t.Errorf("the entry of a token with one hour to live has %v: %v", left, err)
	}
}

// Without an answer of Redis nobody is let in, nobody is told that the token is bad, and nobody has logged out.
func TestOutage(t *testing.T) {
	address, stop := startRedis(t, "")
	issuer, handler, revoked := serve(t, address)
	token := issuer.Token(nil)
	if w := request(handler, "GET", "/me", token); w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	unavailable := func(when string) {
		t.Helper()
		for _, path := range []string{"GET /me", "POST /logout"} {
			method, path, _ := strings.Cut(path, " ")
			w := request(handler, method, path, token)
			if w.Code != 503 || w.Header().Get("WWW-Authenticate") != "" || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "127.0.0.1") {
				t.Errorf("%s: %d %v %s", when, w.Code, w.Header(), w.Body)
			}
		}
	}
	if err := revoked.redis.Do(t.Context(), "CLIENT", "PAUSE", 60_000, "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	unavailable("slow")
	stop()
	unavailable("down")
	startRedis(t, address)
	if w := request(handler, "GET", "/me", token); w.Code != 200 {
		t.Error("up again:", w.Code, w.Body)
	}
}

// The operator sees the outage as one, and a client that went away as another thing.
func TestReason(t *testing.T) {
	address, stop := startRedis(t, "")
	stop()
	issuer, _, revoked := serve(t, address)
	c := issuer.Config()
	c.Validate = revoked.check
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for ctx, want := range map[context.Context]jwt.Reason{t.Context(): jwt.ReasonValidationUnavailable, gone: jwt.ReasonRequestCanceled} {
		_, err := v.Verify(ctx, issuer.Token(nil))
		var refusal *jwt.Error
		if !errors.As(err, &refusal) || refusal.Reason != want || !errors.Is(err, jwt.ErrUnavailable) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
