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

// details is a body as a client reads it.
type details struct {
	Type, Title, Detail, Instance, Error string
	Status                               int
}

// check holds a refusal against its status and its code.
func check(t *testing.T, w *httptest.ResponseRecorder, instance string, status int, code string) {
	t.Helper()
	var got details
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := details{"about:blank", http.StatusText(status), got.Detail, instance, code, status}
	if w.Code != status || got != want || got.Detail == "" {
		t.Errorf("status %d, %+v; want %+v", w.Code, got, want)
	}
	if contentType := w.Header().Get("Content-Type"); contentType != "application/problem+json" {
		t.Errorf("Content-Type %q", contentType)
	}
	if challenge := w.Header().Get("WWW-Authenticate"); strings.HasPrefix(challenge, "Bearer ") != (status < 500) {
		t.Errorf("WWW-Authenticate %q with status %d", challenge, status)
	}
}

func TestGuard(t *testing.T) {
	issuer, handler := serve(t)
	good := issuer.Token(jwttest.Claims{"scope": "read:messages"})
	for name, c := range map[string]struct {
		authorization string
		status        int
		code          string
	}{
		"no token":              {"", 401, "unauthorized"},
		"no token after scheme": {"Bearer", 400, "invalid_request"},
		"changed token":         {"Bearer " + good[:len(good)-8] + "AAAAAAAA", 401, "invalid_token"},
		"another API's token":   {"Bearer " + issuer.Token(jwttest.Claims{"aud": "https://other.example"}), 401, "invalid_token"},
		"without the scope":     {"Bearer " + issuer.Token(nil), 403, "insufficient_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, get(handler, "/messages", c.authorization), "/messages", c.status, c.code)
		})
	}
	if w := get(handler, "/messages", "Bearer "+good); w.Code != 200 || w.Body.String() != "messages of test-subject\n" {
		t.Errorf("a good token: %d %s", w.Code, w.Body)
	}
	if w := get(handler, "/health", ""); w.Code != 200 {
		t.Errorf("health: %d %s", w.Code, w.Body)
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	w := get(handler, "/messages", "Bearer "+issuer.Token(nil))
	check(t, w, "/messages", 503, "temporarily_unavailable")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// What a handler refuses looks as what the guard refuses.
func TestHandlerRefuses(t *testing.T) {
	issuer, handler := serve(t)
	token := "Bearer " + issuer.Token(jwttest.Claims{"scope": "room:6"})
	if w := get(handler, "/rooms/6", token); w.Code != 200 {
		t.Errorf("room 6: %d %s", w.Code, w.Body)
	}
	check(t, get(handler, "/rooms/7", token), "/rooms/7", 403, "insufficient_scope")
}

// The path is the client's text: it stays a URI reference within valid JSON. The query stays out.
func TestInstance(t *testing.T) {
	_, handler := serve(t)
	check(t, get(handler, "/rooms/%22%0a%ff?access_token=secret", ""), "/rooms/%22%0a%ff", 401, "unauthorized")
}

func TestHead(t *testing.T) {
	_, handler := serve(t)
	server := httptest.NewServer(handler)
	defer server.Close()
	answer, err := http.Head(server.URL + "/messages")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 401 || answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Error(answer.Status, answer.Header)
	}
}
