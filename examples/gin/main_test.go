package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/gin-gonic/gin"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode) // debug mode prints every route
	os.Exit(m.Run())
}

func verifier(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
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

func TestGuard(t *testing.T) {
	issuer, v := verifier(t)
	engine, err := newEngine(v)
	if err != nil {
		t.Fatal(err)
	}
	good := issuer.Token(jwttest.Claims{"scope": "read:messages"})
	for name, c := range map[string]struct {
		path, authorization string
		status              int
		challenge           string
		body                string // what it begins with
	}{
		"no token": {"/api/messages", "", 401, `Bearer realm="api"`, `{"error":"unauthorized"`}, // the group refuses, which asks for no scope
		"changed token": {"/api/messages", "Bearer " + good[:len(good)-8] + "AAAAAAAA", 401,
			`Bearer error="invalid_token", error_description="The access token is not valid for this service."`, `{"error":"invalid_token"`},
		"without the scope": {"/api/messages", "Bearer " + issuer.Token(nil), 403,
			`Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="read:messages"`, `{"error":"insufficient_scope"`},
		"good token":          {"/api/messages", "Bearer " + good, 200, "", "hello, test-subject\n"},
		"any token":           {"/api/me", "bearer " + issuer.Token(nil), 200, "", "hello, test-subject\n"},
		"any token is wanted": {"/api/me", "", 401, `Bearer realm="api"`, `{"error":"unauthorized"`},
		"open":                {"/health", "", 200, "", "ok\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(engine, c.path, c.authorization)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || got != c.challenge || !strings.HasPrefix(w.Body.String(), c.body) {
				t.Errorf("%d %q %s", w.Code, got, w.Body)
			}
			if strings.Contains(w.Body.String(), "hello") != (c.status == 200 && c.path != "/health") {
				t.Errorf("the answer has more than one part: %s", w.Body)
			}
		})
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, v := verifier(t)
	engine, err := newEngine(v)
	if err != nil {
		t.Fatal(err)
	}
	issuer.SetDown(true)
	w := get(engine, "/api/me", "Bearer "+issuer.Token(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Error(w.Code, w.Header())
	}
}

// After a refusal no later handler runs, and what comes before learns that it was one. The answer of a handler
// counts as gin's own.
func TestAbort(t *testing.T) {
	issuer, v := verifier(t)
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var aborted bool
	var status, later int
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		c.Next()
		aborted, status = c.IsAborted(), c.Writer.Status()
	}, require(api), func(c *gin.Context) {
		later++
	}, func(c *gin.Context) {
		later++
		c.Status(http.StatusNoContent)
	})
	if w := get(engine, "/", ""); w.Code != 401 || !aborted || status != 401 || later != 0 {
		t.Errorf("refused: answer %d, aborted %v, status for gin %d, %d later handlers", w.Code, aborted, status, later)
	}
	if w := get(engine, "/", "Bearer "+issuer.Token(nil)); w.Code != 204 || aborted || status != 204 || later != 2 {
		t.Errorf("let through: answer %d, aborted %v, status for gin %d, %d later handlers", w.Code, aborted, status, later)
	}
}

// A handler that panics behind the guard is gin.Recovery's, as without the guard.
func TestPanicBehindGuard(t *testing.T) {
	issuer, v := verifier(t)
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New()
	engine.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }))
	engine.GET("/", require(api), func(*gin.Context) { panic("a fault") })
	if w := get(engine, "/", "Bearer "+issuer.Token(nil)); w.Code != 500 {
		t.Error(w.Code)
	}
}

// The gin.Context finds no token unless the engine says that it falls back to the request's.
func TestTokenInContext(t *testing.T) {
	issuer, v := verifier(t)
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, fallback := range []bool{false, true} {
		engine := gin.New()
		engine.ContextWithFallback = fallback
		var ofGin, ofRequest bool
		engine.GET("/", require(api), func(c *gin.Context) {
			_, ofGin = jwt.FromContext(c)
			_, ofRequest = jwt.FromContext(c.Request.Context())
		})
		get(engine, "/", "Bearer "+issuer.Token(nil))
		if ofGin != fallback || !ofRequest {
			t.Errorf("with ContextWithFallback %v: gin's context %v, the request's %v", fallback, ofGin, ofRequest)
		}
	}
}

func TestRequirementMistaken(t *testing.T) {
	_, v := verifier(t)
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
