package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func serve(t *testing.T) (*jwttest.Issuer, *prometheus.Registry, http.Handler) {
	t.Helper()
	issuer, registry := jwttest.NewIssuer(t), prometheus.NewPedanticRegistry()
	c := issuer.Config()
	c.TokenCache = 100
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(v, registry)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, registry, handler
}

func get(ctx context.Context, handler http.Handler, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// series returns those series whose names begin so, as the page shows them, without the moment of the last fetch.
func series(t *testing.T, handler http.Handler, prefix string) (all []string) {
	t.Helper()
	w := get(t.Context(), handler, "/metrics", "")
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, prefix) && !strings.Contains(line, "timestamp") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	issuer, registry, handler := serve(t)
	good := "Bearer " + issuer.Token(jwttest.Claims{"scope": "read:messages"})
	get(t.Context(), handler, "/messages", good)
	get(t.Context(), handler, "/messages", good)
	get(t.Context(), handler, "/messages", "")
	get(t.Context(), handler, "/messages", "Bearer "+issuer.Token(nil))
	get(t.Context(), handler, "/messages", "Bearer "+issuer.Token(jwttest.Claims{"exp": 1}))
	want := strings.Split(strings.ReplaceAll(`jwt_jwks_fetches_total{issuer="URL",outcome="failed"} 0
jwt_jwks_fetches_total{issuer="URL",outcome="succeeded"} 1
jwt_jwks_keys{issuer="URL"} 10
jwt_requests_total{issuer="",outcome="refused",reason="no_token"} 1
jwt_requests_total{issuer="URL",outcome="accepted",reason=""} 2
jwt_requests_total{issuer="URL",outcome="refused",reason="scope_missing"} 1
jwt_requests_total{issuer="URL",outcome="refused",reason="token_expired"} 1
jwt_token_cache_hits_total{issuer="URL"} 1
jwt_token_cache_misses_total{issuer="URL"} 3
jwt_token_cache_tokens{issuer="URL"} 2`, "URL", issuer.URL), "\n")
	if got := series(t, handler, "jwt_"); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

// An outage and a client that went away are told apart.
func TestUnavailable(t *testing.T) {
	issuer, _, handler := serve(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	issuer.SetDown(true)
	token := "Bearer " + issuer.Token(nil)
	get(gone, handler, "/messages", token)
	if w := get(t.Context(), handler, "/messages", token); w.Code != 503 {
		t.Fatal(w.Code)
	}
	want := []string{fmt.Sprintf(`jwt_requests_total{issuer=%q,outcome="canceled",reason="request_canceled"} 1`, issuer.URL),
		fmt.Sprintf(`jwt_requests_total{issuer=%q,outcome="unavailable",reason="keys_unavailable"} 1`, issuer.URL)}
	if got := series(t, handler, "jwt_requests_total"); !slices.Equal(got, want) {
		t.Error(got)
	}
	if got := series(t, handler, "jwt_jwks_fetches_total"); len(got) == 0 || strings.HasSuffix(got[0], " 0") {
		t.Error("no fetch has failed:", got)
	}
}

// However many values a client thinks of, it makes no series by them.
func TestLabelsAreBounded(t *testing.T) {
	issuer, _, handler := serve(t)
	attack := func(n int) {
		word := fmt.Sprintf("word-%d", n)
		for _, token := range []string{
			word,
			issuer.Token(jwttest.Claims{"iss": "https://" + word}),
			issuer.Token(jwttest.Claims{"sub": word, "client_id": word, "jti": word}),
			issuer.Token(jwttest.Claims{"aud": word, "sub": word}),
			issuer.Token(jwttest.Claims{"scope": word, "sub": word}),
			issuer.Token(jwttest.Claims{"scope": "read:messages", "sub": word}),
			issuer.Mint(jwttest.Spec{Header: map[string]any{"typ": word}}),
			issuer.Mint(jwttest.Spec{Header: map[string]any{"crit": []string{word}}}),
		} {
			get(t.Context(), handler, "/messages?"+word, "Bearer "+token)
		}
		get(t.Context(), handler, "/messages", word+" x")
	}
	attack(0)
	before := series(t, handler, "jwt_")
	for n := range 20 {
		attack(n)
	}
	after := series(t, handler, "jwt_")
	if len(before) < 10 || len(after) != len(before) || strings.Contains(strings.Join(after, "\n"), "word") {
		t.Errorf("from %d series to %d: %q", len(before), len(after), after)
	}
}
