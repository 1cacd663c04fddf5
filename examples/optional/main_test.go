package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
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

func get(handler http.Handler, path string, authorization ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for _, value := range authorization {
		r.Header.Add("Authorization", value)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// Only a request that has no token is anonymous. One whose token is refused is refused.
func TestOptional(t *testing.T) {
	issuer, handler := serve(t)
	good := issuer.Token(nil)
	for name, c := range map[string]struct {
		authorization []string
		status        int
		body          string
	}{
		"no token":            {nil, 200, "articles for everybody\n"},
		"another scheme":      {[]string{"Basic dXNlcjpwYXNz"}, 200, "articles for everybody\n"},
		"good token":          {[]string{"Bearer " + good}, 200, "articles for test-subject\n"},
		"expired":             {[]string{"Bearer " + issuer.Token(jwttest.Claims{"exp": 1})}, 401, ""},
		"changed":             {[]string{"Bearer " + good[:len(good)-8] + "AAAAAAAA"}, 401, ""},
		"another API's token": {[]string{"Bearer " + issuer.Token(jwttest.Claims{"aud": "https://other.example"})}, 401, ""},
		"scheme DPoP":         {[]string{"DPoP " + good}, 401, ""},
		"scheme alone":        {[]string{"Bearer"}, 400, ""},
		"two tokens":          {[]string{"Bearer " + good, "Bearer " + good}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(handler, "/articles", c.authorization...)
			if w.Code != c.status || c.status == 200 && w.Body.String() != c.body || w.Code != 200 && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if got := w.Header().Get("Vary"); got != "Authorization" {
				t.Errorf("a cache may give this answer to others: Vary %q", got)
			}
			if w := get(handler, "/drafts", c.authorization...); (w.Code == 200) != (name == "good token") {
				t.Errorf("where a token is a must: %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	if w := get(handler, "/articles", "Bearer "+issuer.Token(nil)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("with a token: %d %s", w.Code, w.Body)
	}
	if w := get(handler, "/articles"); w.Code != 200 {
		t.Errorf("an outage is nothing to the anonymous: %d %s", w.Code, w.Body)
	}
}

// A token that lacks what an optional route asks for is refused too.
func TestRequirement(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	handler := optional(api, http.HandlerFunc(articles), jwt.Scope("read"))
	if w := get(handler, "/", "Bearer "+issuer.Token(nil)); w.Code != 403 {
		t.Error(w.Code, w.Body)
	}
	defer func() {
		if recover() == nil {
			t.Error("Scope() guards a route")
		}
	}()
	optional(api, handler, jwt.Scope())
}
