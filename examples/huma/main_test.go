package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

func verifier(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

func request(handler http.Handler, method, path, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("no JSON"))
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestGuard(t *testing.T) {
	issuer, v := verifier(t)
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	with := func(scope string) string { return "Bearer " + issuer.Token(jwttest.Claims{"scope": scope}) }
	const lacks = `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope=`
	for name, c := range map[string]struct {
		method, path, authorization string
		status                      int
		challenge                   string
	}{
		"open":                             {"GET", "/health", "", 200, ""},
		"the document":                     {"GET", "/openapi.json", "", 200, ""},
		"no token":                         {"GET", "/messages", "", 401, `Bearer scope="read:messages"`},
		"an operation that says nothing":   {"GET", "/me", "", 401, `Bearer realm="api"`},
		"any token":                        {"GET", "/me", with("x"), 200, ""},
		"with the scope":                   {"GET", "/messages", with("read:messages"), 200, ""},
		"without the scope":                {"GET", "/messages", with("write:messages"), 403, lacks + `"read:messages"`},
		"both scopes":                      {"GET", "/archive", with("read:archive read:messages"), 200, ""},
		"the other":                        {"GET", "/archive", with("admin"), 200, ""},
		"one of both":                      {"GET", "/archive", with("read:archive"), 403, lacks + `"read:messages read:archive admin"`},
		"expired":                          {"GET", "/me", "Bearer " + issuer.Token(jwttest.Claims{"exp": 1}), 401, `Bearer error="invalid_token", error_description="The access token is not valid for this service."`},
		"no token, and a body that is bad": {"POST", "/messages", "", 401, `Bearer scope="write:messages"`},
		"a body that is bad":               {"POST", "/messages", with("write:messages"), 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(handler, c.method, c.path, c.authorization)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || got != c.challenge {
				t.Errorf("%d %q %s", w.Code, got, w.Body)
			}
			if contentType := w.Header().Get("Content-Type"); c.status >= 400 && contentType != "application/problem+json" {
				t.Errorf("Content-Type %q: %s", contentType, w.Body)
			}
			if strings.Contains(w.Body.String(), "test-subject") != (c.status == 200 && c.authorization != "") {
				t.Errorf("%s", w.Body)
			}
		})
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, v := verifier(t)
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	issuer.SetDown(true)
	w := request(handler, "GET", "/me", "Bearer "+issuer.Token(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"status":503`) {
		t.Error(w.Code, w.Header(), w.Body)
	}
}

// An operation is open only if it says so, whatever the document says of the others.
func TestSecurity(t *testing.T) {
	issuer, v := verifier(t)
	resource, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	read := []map[string][]string{{scheme: {"read"}}}
	for name, c := range map[string]struct {
		whole, own      []map[string][]string
		without, scoped int    // the status without a token, and with one that has no scope
		mistake         string // or the panic
	}{
		"neither":             {nil, nil, 401, 200, ""},
		"empty":               {nil, []map[string][]string{}, 401, 200, ""},
		"of the document":     {read, nil, 401, 403, ""},
		"its own":             {everybody, read, 401, 403, ""},
		"open":                {read, everybody, 200, 200, ""},
		"any token will do":   {read, []map[string][]string{{scheme: {"read"}}, {scheme: nil}}, 401, 200, ""},
		"another scheme":      {read, []map[string][]string{{"apiKey": {}}}, 0, 0, "GET /: Security is not bearer alone: map[apiKey:[]]"},
		"open or not":         {read, []map[string][]string{{}, {scheme: {"read"}}}, 0, 0, "GET /: Security is not bearer alone: map[]"},
		"a scope with spaces": {read, []map[string][]string{{scheme: {"read write"}}}, 0, 0, `jwt: Require: `},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			config := huma.DefaultConfig("Test", "1")
			config.Security = c.whole
			api := humago.New(mux, config)
			secure(api, resource)
			defer func() {
				if got, _ := recover().(string); !strings.HasPrefix(got, c.mistake) || (got == "") != (c.mistake == "") {
					t.Errorf("panic %q", got)
				}
			}()
			huma.Register(api, huma.Operation{OperationID: "x", Method: "GET", Path: "/", Security: c.own},
				func(context.Context, *struct{}) (*greeting, error) { return &greeting{}, nil })
			without, scoped := request(mux, "GET", "/", ""), request(mux, "GET", "/", "Bearer "+issuer.Token(nil))
			if without.Code != c.without || scoped.Code != c.scoped {
				t.Errorf("without a token %d, without a scope %d", without.Code, scoped.Code)
			}
		})
	}
}
