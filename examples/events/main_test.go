package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// request is answered; fields are names and values. Its context has ended, so a stream ends with its first event.
func request(handler http.Handler, method, path string, fields ...string) *httptest.ResponseRecorder {
	ctx, cancel := context.WithCancel(context.Background())
	r := httptest.NewRequestWithContext(ctx, method, path, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := &ending{httptest.NewRecorder(), cancel}
	handler.ServeHTTP(w, r)
	return w.ResponseRecorder
}

// ending is a client that goes after the first event.
type ending struct {
	*httptest.ResponseRecorder
	cancel context.CancelFunc
}

func (e *ending) FlushError() error {
	e.cancel()
	return nil
}

func TestGuard(t *testing.T) {
	issuer, handler := serve(t)
	good, other := issuer.Token(jwttest.Claims{"scope": "events"}), issuer.Token(jwttest.Claims{"scope": "events"})
	const invalid = `Bearer error="invalid_token", error_description="The access token is not valid for this service.", scope="events"`
	for name, c := range map[string]struct {
		fields    []string
		status    int
		challenge string
	}{
		"cookie":               {[]string{"Cookie", cookie + "=" + good}, 200, ""},
		"header":               {[]string{"Authorization", "Bearer " + good}, 200, ""},
		"the same in both":     {[]string{"Authorization", "Bearer " + good, "Cookie", cookie + "=" + good}, 200, ""},
		"another in both":      {[]string{"Authorization", "Bearer " + good, "Cookie", cookie + "=" + other}, 400, `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`},
		"neither":              {nil, 401, `Bearer scope="events"`},
		"expired cookie":       {[]string{"Cookie", cookie + "=" + issuer.Token(jwttest.Claims{"exp": 1})}, 401, invalid},
		"another cookie":       {[]string{"Cookie", "token=" + good}, 401, `Bearer scope="events"`},
		"cookie with no token": {[]string{"Cookie", cookie + "=x"}, 401, invalid},
		"without the scope":    {[]string{"Cookie", cookie + "=" + issuer.Token(nil)}, 403, `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="events"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(handler, "GET", "/events", c.fields...)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || got != c.challenge {
				t.Errorf("%d %q %s", w.Code, got, w.Body)
			}
			want, contentType := "id: 1\ndata: hello, test-subject\n\n", "text/event-stream"
			if c.status == 200 && (w.Body.String() != want || w.Header().Get("Content-Type") != contentType || w.Header().Get("Cache-Control") != "no-store") {
				t.Errorf("%v %q", w.Header(), w.Body)
			}
		})
	}
	if w := request(handler, "GET", "/events?access_token="+good); w.Code != 401 {
		t.Errorf("a token in the query: %d", w.Code)
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	if w := request(handler, "GET", "/events", "Cookie", cookie+"="+issuer.Token(nil)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
}

// A page of another origin makes a browser send the cookie, and changes nothing with it.
func TestCrossSiteRequest(t *testing.T) {
	issuer, handler := serve(t)
	good := cookie + "=" + issuer.Token(jwttest.Claims{"scope": "write"})
	for site, status := range map[string]int{"same-origin": 204, "same-site": 403, "cross-site": 403} {
		if w := request(handler, "POST", "/messages", "Cookie", good, "Sec-Fetch-Site", site); w.Code != status {
			t.Errorf("%s: %d", site, w.Code)
		}
	}
	if w := request(handler, "POST", "/messages", "Cookie", good, "Origin", "https://evil.example"); w.Code != 403 {
		t.Errorf("without Sec-Fetch-Site: %d", w.Code)
	}
}

// The cookie is fit for its purpose, is not given for a bad token, and replaces one that has expired.
func TestSession(t *testing.T) {
	issuer, handler := serve(t)
	exp := time.Now().Add(time.Minute).Truncate(time.Second)
	good := issuer.Token(jwttest.Claims{"scope": "events", "exp": exp.Unix()})
	old := cookie + "=" + issuer.Token(jwttest.Claims{"exp": 1})
	w := request(handler, "POST", "/session", "Authorization", "bearer  "+good, "Cookie", old)
	cookies := w.Result().Cookies()
	if w.Code != 204 || len(cookies) != 1 {
		t.Fatal(w.Code, w.Header())
	}
	c := cookies[0]
	if c.Name != cookie || c.Value != good || !c.Expires.Equal(exp) || c.Path != "/" || c.Domain != "" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode {
		t.Errorf("%v", c)
	}
	if w := request(handler, "GET", "/events", "Cookie", c.Name+"="+c.Value); w.Code != 200 {
		t.Error(w.Code)
	}
	for name, fields := range map[string][]string{
		"a cookie alone": {"Cookie", cookie + "=" + good},
		"a bad token":    {"Authorization", "Bearer x"},
	} {
		if w := request(handler, "POST", "/session", fields...); w.Code != 401 || len(w.Result().Cookies()) != 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

// A stream ends at the moment of its token's exp, and gives an event every ten seconds until then.
func TestStreamEndsWithToken(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Keys: issuer.Key(jwt.RS256)})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := newHandler(v)
		if err != nil {
			t.Fatal(err)
		}
		exp := time.Now().Add(65 * time.Second)
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/events", nil)
		r.AddCookie(&http.Cookie{Name: cookie, Value: issuer.Token(jwttest.Claims{"exp": exp.Unix(), "scope": "events"})})
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if n := strings.Count(w.Body.String(), "\n\n"); n != 7 || !time.Now().Equal(exp) {
			t.Errorf("%d events, and %v to the expiry", n, time.Until(exp))
		}
	})
}

// Each event reaches the client when it is sent.
func TestFlush(t *testing.T) {
	issuer, handler := serve(t)
	server := httptest.NewServer(handler)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: cookie, Value: issuer.Token(jwttest.Claims{"scope": "events"})})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if line, err := bufio.NewReader(answer.Body).ReadString('\n'); line != "id: 1\n" {
		t.Errorf("%q %v", line, err)
	}
}

func TestUntilExpiryWithoutGuard(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a stream without a token")
		}
	}()
	request(untilExpiry(http.NotFoundHandler()), "GET", "/")
}
