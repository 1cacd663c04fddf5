package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

const page = "https://app.example"

func serve(t *testing.T) (*jwttest.Issuer, http.Handler) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(v, page)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, handler
}

// request is answered for a page of this origin; fields are names and values.
func request(handler http.Handler, method, path, origin string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Origin", origin)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A preflight is answered without a token. Browsers send the names in lower case, sorted, with commas alone.
func TestPreflight(t *testing.T) {
	_, handler := serve(t)
	for name, c := range map[string]struct {
		origin, method, fields string
		allowed                bool
	}{
		"token":               {page, "GET", "authorization", true},
		"token and body":      {page, "POST", "authorization,content-type", true},
		"an MCP client":       {page, "POST", "authorization,content-type,mcp-protocol-version", true},
		"an MCP session":      {page, "DELETE", "authorization,last-event-id,mcp-protocol-version,mcp-session-id", true},
		"MCP without a token": {page, "POST", "content-type,mcp-protocol-version", true},
		"another page":        {"https://evil.example", "GET", "authorization", false},
		"another scheme":      {"http://app.example", "GET", "authorization", false},
		"a file":              {"null", "GET", "authorization", false},
		"another method":      {page, "PATCH", "authorization", false},
		"another field":       {page, "GET", "authorization,x-debug", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(handler, "OPTIONS", "/messages", c.origin, "Access-Control-Request-Method", c.method, "Access-Control-Request-Headers", c.fields)
			got := w.Header()
			if w.Code != 204 || got.Get("WWW-Authenticate") != "" || w.Body.Len() != 0 {
				t.Errorf("%d %v %s", w.Code, got, w.Body)
			}
			if !c.allowed {
				if got.Get("Access-Control-Allow-Origin") != "" || got.Get("Access-Control-Allow-Headers") != "" {
					t.Errorf("%v", got)
				}
				return
			}
			if got.Get("Access-Control-Allow-Origin") != c.origin || got.Get("Access-Control-Allow-Methods") != c.method ||
				got.Get("Access-Control-Allow-Headers") != c.fields || got.Get("Access-Control-Max-Age") != "600" ||
				got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%v", got)
			}
		})
	}
}

// A page can read each answer: status, challenge, and when to come again.
func TestPageReadsRefusals(t *testing.T) {
	issuer, handler := serve(t)
	for name, c := range map[string]struct {
		method, authorization string
		status                int
		challenge             string
	}{
		"no token":  {"GET", "", 401, `Bearer scope="read:messages"`},
		"no scope":  {"POST", "Bearer " + issuer.Token(nil), 403, `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="write:messages"`},
		"malformed": {"GET", "Bearer", 400, `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`},
		"good":      {"GET", "Bearer " + issuer.Token(jwttest.Claims{"scope": "read:messages"}), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(handler, c.method, "/messages", page, "Authorization", c.authorization)
			got := w.Header()
			if w.Code != c.status || got.Get("WWW-Authenticate") != c.challenge {
				t.Errorf("%d %v", w.Code, got)
			}
			if got.Get("Access-Control-Allow-Origin") != page || !strings.EqualFold(got.Get("Access-Control-Expose-Headers"), "WWW-Authenticate, Retry-After, Mcp-Session-Id") || got.Get("Vary") != "Origin" {
				t.Errorf("the page cannot read it: %v", got)
			}
			if w := request(handler, c.method, "/messages", "https://evil.example", "Authorization", c.authorization); w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("another page: %d %v", w.Code, w.Header())
			}
		})
	}
	issuer.SetDown(true)
	fresh, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	if handler, err = newHandler(fresh, page); err != nil {
		t.Fatal(err)
	}
	w := request(handler, "GET", "/messages", page, "Authorization", "Bearer "+issuer.Token(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("Access-Control-Allow-Origin") != page {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// OPTIONS is no way around the guard: without the fields of a preflight it is a request as others are.
func TestOptionsIsNoPreflight(t *testing.T) {
	_, handler := serve(t)
	if w := request(handler, "OPTIONS", "/messages", page); w.Code != 405 {
		t.Error(w.Code, w.Body)
	}
}

// A service that was given no origins serves no page.
func TestNoOrigins(t *testing.T) {
	w := request(crossOrigin().Handler(http.NotFoundHandler()), "GET", "/messages", page)
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Error(got)
	}
}
