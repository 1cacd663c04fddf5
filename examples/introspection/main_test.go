package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// endpoint is an introspection endpoint, whose answer each test chooses.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex // guards what follows
	answer http.HandlerFunc
	asked  []string // about which tokens
	faults []string
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{answer: say(`{"active":true}`)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		id, secret, _ := r.BasicAuth()
		if r.Method != "POST" || id != "my%3Aapi" || secret != "a+secret" || r.FormValue("token_type_hint") != "access_token" {
			e.faults = append(e.faults, fmt.Sprint(r.Method, id, secret, r.Form))
		}
		e.asked = append(e.asked, r.FormValue("token"))
		e.answer(w, r)
	}))
	t.Cleanup(e.Close)
	return e
}

func say(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func serve(t *testing.T) (*jwttest.Issuer, *endpoint, *introspection, http.Handler) {
	t.Helper()
	issuer, e := jwttest.NewIssuer(t), newEndpoint(t)
	ask := newIntrospection(e.URL, "my:api", "a secret")
	handler, err := newHandler(issuer.Config(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, e, ask, handler
}

func get(handler http.Handler, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/me", nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func TestIntrospection(t *testing.T) {
	issuer, e, _, handler := serve(t)
	token := issuer.Token(jwttest.Claims{"scope": "read"})
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status int
	}{
		"active":                         {say(`{"active":true,"scope":"read"}`), 200},
		"inactive":                       {say(`{"active":false}`), 401},
		"does not say":                   {say(`{}`), 503},
		"null":                           {say(`{"active":null}`), 503},
		"a string":                       {say(`{"active":"true"}`), 503},
		"no JSON":                        {say(`<html>`), 503},
		"nothing":                        {say(``), 503},
		"too long":                       {say(`{"a":"` + strings.Repeat("x", 64<<10) + `","active":true}`), 503},
		"this service may not ask":       {status(401), 503},
		"down":                           {status(500), 503},
		"a redirect to who would say so": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", 307) }, 503},
	} {
		t.Run(name, func(t *testing.T) {
			e.answer, e.asked = c.answer, nil
			w := get(handler, "bearer  "+token)
			if w.Code != c.status || (w.Header().Get("Retry-After") != "") != (c.status == 503) || strings.Contains(w.Body.String(), e.URL) {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if len(e.asked) != 1 || e.asked[0] != token || len(e.faults) > 0 {
				t.Errorf("asked %d times: %q", len(e.asked), e.faults)
			}
		})
	}
}

// Nobody is asked about what is no token of this API.
func TestRefusedBefore(t *testing.T) {
	issuer, e, _, handler := serve(t)
	good := issuer.Token(jwttest.Claims{"scope": "read"})
	for name, authorization := range map[string]string{
		"no token":            "",
		"opaque":              "Bearer x",
		"changed":             "Bearer " + good[:len(good)-8] + "AAAAAAAA",
		"expired":             "Bearer " + issuer.Token(jwttest.Claims{"exp": 1}),
		"another API's token": "Bearer " + issuer.Token(jwttest.Claims{"aud": "https://other.example"}),
	} {
		if w := get(handler, authorization); w.Code != 401 || len(e.asked) != 0 {
			t.Errorf("%s: %d, asked %d times", name, w.Code, len(e.asked))
		}
	}
	if w := get(handler, "Bearer "+issuer.Token(nil)); w.Code != 403 {
		t.Error(w.Code)
	}
}

// An endpoint that is slow or gone is an outage.
func TestUnavailable(t *testing.T) {
	issuer, e, ask, handler := serve(t)
	token := "Bearer " + issuer.Token(jwttest.Claims{"scope": "read"})
	ask.client.Timeout = 50 * time.Millisecond
	e.answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	if w := get(handler, token); w.Code != 503 {
		t.Error("slow:", w.Code)
	}
	e.Close()
	if w := get(handler, token); w.Code != 503 {
		t.Error("gone:", w.Code)
	}
}

// A service that forgot keep answers 503, and does not let anybody in. A context does not print the token.
func TestKeep(t *testing.T) {
	issuer, _, ask, _ := serve(t)
	c := issuer.Config()
	c.Validate = ask.check
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.Token(nil)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, jwt.ErrUnavailable) {
		t.Error(err)
	}
	var ctx context.Context
	keep(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(nil, &http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}})
	if printed := fmt.Sprintf("%v %+v %#v", ctx, ctx, ctx); strings.Contains(printed, token) {
		t.Error(printed)
	}
	if _, err := v.Verify(ctx, token); err != nil {
		t.Error(err)
	}
}
