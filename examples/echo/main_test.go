package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/labstack/echo/v5"
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
		"no route":     {"/secret", "Bearer " + good, 404, ""},
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

func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	w := get(handler, "/api/messages", "Bearer "+issuer.Token(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Error(w.Code, w.Header())
	}
}

// What a handler returns is echo's to answer, as without the guard. A middleware around the guard sees the status of a
// refusal.
func TestErrorBehindGuard(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	status := 0
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			err := next(c)
			_, status = echo.ResolveResponseStatus(c.Response(), err)
			return err
		}
	})
	e.GET("/", func(*echo.Context) error { return echo.NewHTTPError(http.StatusTeapot, "no coffee") }, require(api))
	if w := get(e, "/", "Bearer "+issuer.Token(nil)); w.Code != 418 || status != 418 {
		t.Errorf("answered with %d, for echo %d: %s", w.Code, status, w.Body)
	}
	if w := get(e, "/", ""); w.Code != 401 || status != 401 {
		t.Errorf("refused with %d, for echo %d: %s", w.Code, status, w.Body)
	}
}

func TestRequirementMistaken(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Scope() guards a route")
		}
	}()
	require(api, jwt.Scope())
}
