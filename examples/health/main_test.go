package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

func serve(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

func get(handler http.Handler, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A service without keys is alive and not ready. It becomes ready by being asked, before any token has come, and
// stays so while its keys serve. A probe costs the issuer no request then.
func TestProbes(t *testing.T) {
	issuer, v := serve(t)
	inside := health(v)
	probe := func(when string, live, ready int) {
		t.Helper()
		if w := get(inside, "/livez", ""); w.Code != live {
			t.Errorf("%s: /livez %d", when, w.Code)
		}
		if w := get(inside, "/readyz", ""); w.Code != ready || strings.Contains(w.Body.String(), "127.0.0.1") {
			t.Errorf("%s: /readyz %d %s", when, w.Code, w.Body)
		}
	}
	issuer.SetDown(true)
	probe("issuer down from the start", 200, 503)

	issuer, v = serve(t)
	inside = health(v)
	probe("issuer up", 200, 200)
	_, before := issuer.Fetches()
	for range 20 {
		probe("issuer up", 200, 200)
	}
	if _, after := issuer.Fetches(); before != 1 || after != 1 {
		t.Errorf("the keys were fetched %d times, then %d", before, after)
	}
	issuer.SetDown(true)
	probe("issuer down, and its keys fresh", 200, 200)
	if w := get(newHandler(v), "/me", "Bearer "+issuer.Token(nil)); w.Code != 200 {
		t.Error(w.Code)
	}
}

// The page tells an operator what is wrong, and is not on the public side.
func TestStatus(t *testing.T) {
	issuer, v := serve(t)
	issuer.SetDown(true)
	get(health(v), "/readyz", "")
	w := get(health(v), "/status", "")
	var all []jwt.IssuerStatus
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 1 {
		t.Fatal(err, w.Body)
	}
	if s := all[0]; s.Issuer != issuer.URL || s.Keys.State != "unavailable" || !strings.Contains(s.Keys.LastError, "503") || s.Keys.Failures == 0 {
		t.Errorf("%+v", s)
	}
	for _, path := range []string{"/livez", "/readyz", "/status"} {
		if w := get(newHandler(v), path, ""); w.Code != 404 {
			t.Errorf("%s is public: %d", path, w.Code)
		}
	}
	if w := get(newHandler(v), "/me", ""); w.Code != 401 {
		t.Error(w.Code)
	}
}
