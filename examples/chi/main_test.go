package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/go-chi/chi/v5"
)

func serve(t *testing.T) (*jwttest.Issuer, http.Handler) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, handler
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

func TestGuard(t *testing.T) {
	issuer, handler := serve(t)
	good := issuer.Token(jwttest.Claims{"scope": "read:messages room:6"})
	for name, c := range map[string]struct {
		path, authorization string
		status              int
		challenge           string
	}{
		"open":         {"/health", "", 200, ""},
		"no token":     {"/api/me", "", 401, `Bearer realm="api"`},
		"any token":    {"/api/me", "Bearer " + issuer.Token(nil), 200, ""},
		"with scope":   {"/api/messages", "Bearer " + good, 200, ""},
		"own room":     {"/api/rooms/6", "Bearer " + good, 200, ""},
		"changed":      {"/api/me", "Bearer " + good[:len(good)-8] + "AAAAAAAA", 401, `Bearer error="invalid_token", error_description="The access token is not valid for this service."`},
		"no scope":     {"/api/messages", "Bearer " + issuer.Token(nil), 403, `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="read:messages"`},
		"other's room": {"/api/rooms/7", "Bearer " + good, 403, `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="room:7"`},
		"no route, and no token to learn it with": {"/api/secret", "", 401, `Bearer realm="api"`},
		"no route": {"/api/secret", "Bearer " + good, 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(handler, c.path, c.authorization)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || got != c.challenge {
				t.Errorf("%d %q %s", w.Code, got, w.Body)
			}
			if strings.Contains(w.Body.String(), "hello, test-subject") != (c.status == 200 && c.path != "/health") {
				t.Errorf("a handler was reached, or was not: %s", w.Body)
			}
		})
	}
}

// A handler alone, without its guard.
func TestHandler(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	r := httptest.NewRequest("GET", "/api/me", nil)
	w := httptest.NewRecorder()
	me(w, r.WithContext(issuer.Context(r.Context(), jwttest.Claims{"sub": "alice"})))
	if got := w.Body.String(); got != "hello, alice\n" {
		t.Errorf("got %q", got)
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	w := get(handler, "/api/messages", "Bearer "+issuer.Token(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Error(w.Code, w.Header())
	}
}

// A guard that is used after a route would leave that route open. chi panics instead.
func TestGuardAfterRoute(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a route stands before its guard")
		}
	}()
	router := chi.NewRouter()
	router.Get("/me", me)
	router.Use(v.Require())
}
