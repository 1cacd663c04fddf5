// This file tests the issuer for tests: the command, its settings, its protocols, and what it refuses.

package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// runningIssuer is an "assay issuer" that is running.
type runningIssuer struct {
	url, base      string
	stdout, stderr *output
	stop           func() int
}

// runIssuerCommand runs the command until the test ends.
func runIssuerCommand(t *testing.T, flags ...string) *runningIssuer {
	t.Helper()
	i := &runningIssuer{stdout: newOutput("Press Ctrl-C"), stderr: newOutput("")}
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() { code <- runContext(ctx, append([]string{"issuer"}, flags...), nil, i.stdout, i.stderr) }()
	select {
	case <-i.stdout.seen:
	case c := <-code:
		cancel()
		t.Fatalf("exit status %d before the end\n%s%s", c, i.stdout, i.stderr)
	}
	i.stop = func() int { cancel(); c := <-code; code <- c; return c }
	t.Cleanup(func() { i.stop() })
	for line := range strings.Lines(i.stdout.String()) {
		if name, found := strings.CutPrefix(line, "Issuer "); found {
			i.url = strings.TrimSpace(name)
		}
	}
	u, err := url.Parse(i.url)
	if err != nil || u.Host == "" {
		t.Fatalf("no issuer is printed:\n%s", i.stdout)
	}
	i.base = u.Scheme + "://" + u.Host
	return i
}

func TestIssuerCommand(t *testing.T) {
	config := filepath.Join(t.TempDir(), "issuer.json")
	text := `{"audience": ["https://shop.example"], "algorithms": ["ES256"], "clients": [{"id": "app", "secret": "hunter2hunter2"}], "claims": {"tenant": "acme"}}`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	i := runIssuerCommand(t, "-listen", "127.0.0.1:0", "-config", config, "-claim", "n=12345678901234567890", "-claim", "word=a=b")
	if out := i.stdout.String(); !strings.HasPrefix(out, "FOR TESTS ONLY. ") || strings.Contains(out, "hunter2") || !strings.Contains(out, "app, and those that register") {
		t.Errorf("printed:\n%s", out)
	}
	noToken(t, i.stdout.String()+i.stderr.String())
	v, err := jwt.NewVerifier(jwt.Config{Issuer: i.url, Audience: []string{"https://shop.example"}, Keys: discovered(t, i.url)})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.PostForm(i.base+tokenPath, url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"hunter2hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&granted); err != nil {
		t.Fatal(err)
	}
	token, err := v.Verify(t.Context(), granted.Token)
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Meets(jwt.Claim("tenant").Equals("acme"), jwt.Claim("n").Equals(json.Number("12345678901234567890")), jwt.Claim("word").Equals("a=b")); err != nil {
		t.Error(err)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if code := i.stop(); code != exitOK || i.stderr.String() != "" {
		t.Errorf("exit status %d\n%s", code, i.stderr)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(i.base, "http://")); err == nil {
		conn.Close()
		t.Error("it still takes connections")
	}
}

// discovered finds keys over the network.
func discovered(t *testing.T, issuer string) jwt.KeySource {
	t.Helper()
	keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{Client: http.DefaultClient, InsecureLoopbackHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestIssuerListens(t *testing.T) {
	if i := runIssuerCommand(t, "-listen", "localhost:0", "-alg", "ES256"); !strings.HasPrefix(i.url, "http://localhost:") {
		t.Errorf("its name is %s", i.url)
	}
	named := runIssuerCommand(t, "-listen", "127.0.0.1:0", "-issuer", "http://issuer:9000/realms/test", "-alg", "ES256")
	if named.url != "http://issuer:9000/realms/test" {
		t.Errorf("its name is %s", named.url)
	}
	at := regexp.MustCompile(`(?m)^Address +(http://127\.0\.0\.1:\d+)$`).FindStringSubmatch(named.stdout.String())
	if at == nil || !strings.Contains(named.stdout.String(), " "+at[1]+mintPath+"\n") {
		t.Fatalf("it does not say where it listens:\n%s", named.stdout)
	}
	if resp, err := http.Post(at[1]+mintPath, "application/json", nil); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	i := runIssuerCommand(t, "-listen", "127.0.0.1:0", "-insecure-listen", "-alg", "ES256")
	if !strings.Contains(i.stderr.String(), "other machines") {
		t.Errorf("no warning: %s", i.stderr)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if code, _, stderr := ran(t, "", "issuer", "-listen", taken.Addr().String()); code != exitFailed || !strings.Contains(stderr, "port 0 any that is free") {
		t.Errorf("exit status %d: %s", code, stderr)
	}
}

func TestIssuerMisused(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-listen 0.0.0.0:9000", "not a loopback address"},
		{"-listen :9000", "not a loopback address"},
		{"-listen example.com:9000", "not a loopback address"},
		{"-listen 9000", "is not an address like 127.0.0.1:9000"},
		{"-alg HS256", "HS256 has no key to publish"},
		{"-alg none", "-alg"},
		{"-lifetime 1ms", "a lifetime is between"},
		{"-lifetime -1h", "a lifetime is between"},
		{"-lifetime 87601h", "a lifetime is between"},
		{"-claim tenant", "not like name=value"},
		{"-claim =x", "not like name=value"},
		{"-issuer example.com -listen 127.0.0.1:0", "-issuer"},
		{"-issuer https://a.example?b -listen 127.0.0.1:0", "-issuer"},
		{"-config nothing.json", "-config wants a file's name"},
		{"more", "unexpected argument"},
	} {
		if code, stdout, stderr := ran(t, "", append([]string{"issuer"}, strings.Fields(c.args)...)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit status %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
}

func TestIssuerConfig(t *testing.T) {
	c, err := parseIssuerConfig([]byte("\ufeff" + `{"issuer": "https://a.example", "audience": ["x", "y"], "algorithms": ["ES256"], "lifetime": "5m", "claims": {"n": 1, "jti": null},
		"clients": [{"id": "app", "secret": "s", "redirect_uris": ["http://127.0.0.1/cb", "https://app.example/cb", "com.example.app:/cb"], "scope": "a b", "claims": {}}, {"id": "spa", "redirect_uris": ["https://spa.example/"]}],
		"users": [{"sub": "alice", "claims": {"roles": ["admin"]}}, {"sub": "bob"}]}`))
	if err != nil || c.url != "https://a.example" || len(c.audience) != 2 || c.lifetime != 5*time.Minute || len(c.clients) != 2 || len(c.users) != 2 ||
		strings.Join(c.clients[0].grants, " ") != "client_credentials authorization_code refresh_token" || strings.Join(c.clients[1].grants, " ") != "authorization_code refresh_token" {
		t.Errorf("%v: %+v", err, c)
	}
	if value, there := c.claims["jti"]; value != nil || !there {
		t.Errorf("null is %v", value)
	}
	many := func(n int, one string) string {
		list := make([]string, n)
		for i := range list {
			list[i] = strings.ReplaceAll(one, "#", fmt.Sprint(i))
		}
		return strings.Join(list, ",")
	}
	client := func(members string) string {
		return `{"clients": [{"id": "app", "secret": "hunter2", ` + members + `}]}`
	}
	for _, c := range []struct{ text, want string }{
		{`{}`, ""},
		{`{"clients": [` + many(maxConfigured, `{"id": "c#", "secret": "s"}`) + `]}`, ""},
		{`{"clients": [` + many(maxConfigured+1, `{"id": "c#", "secret": "s"}`) + `]}`, "more than 1000"},
		{`{"users": [` + many(maxConfigured+1, `{"sub": "u#"}`) + `]}`, "more than 1000"},
		{client(`"redirect_uris": [` + many(maxRedirects, `"https://a.example/#"`) + `]`), ""},
		{client(`"redirect_uris": [` + many(maxRedirects+1, `"https://a.example/#"`) + `]`), "clients[0].redirect_uris: there are more than 20"},
		{client(`"redirect_uris": ["https://a.example/` + strings.Repeat("x", maxRedirect-18) + `"]`), ""},
		{client(`"redirect_uris": ["https://a.example/` + strings.Repeat("x", maxRedirect-17) + `"]`), "clients[0].redirect_uris[0]: it is too long"},
		{``, "it is not JSON"},
		{`{"clients": []} {}`, "it is not JSON: see line 1, byte 17"},
		{"{\n  \"clients\": [],\n}", "it is not JSON: see line 3, byte 1"},
		{`{"clients": [`, "it is not JSON: see line 1, byte 13"},
		{`[]`, "it is not an object of JSON"},
		{`null`, "it is not an object of JSON"},
		{`{"client": []}`, "there is no member client: there are algorithms, audience, claims, clients, issuer, lifetime, users"},
		{`{"Clients": []}`, "there is no member Clients"},
		{`{"users": [], "users": []}`, "the member users is there twice"},
		{`{"claims": {"a": [{"b": 1, "b": 2}]}}`, "the member b is there twice"},
		{`{"issuer": null}`, "issuer: it has the wrong type"},
		{`{"audience": "x"}`, "audience: it has the wrong type"},
		{`{"claims": []}`, "claims: it has the wrong type"},
		{`{"lifetime": "1"}`, "lifetime: it is not a duration"},
		{`{"lifetime": "0s"}`, "lifetime: it is not a duration"},
		{`{"clients": [1]}`, "clients[0]: it is not an object"},
		{`{"clients": [{"secret": "s"}]}`, "clients[0].id: it is missing"},
		{`{"clients": [{"id": "a", "secret": "s"}, {"id": "a", "secret": "s"}]}`, "clients[1].id: it is missing, or another client's"},
		{`{"clients": [{"id": "a"}]}`, "clients[0].secret: a client has a secret, or redirect_uris, or both"},
		{client(`"scopes": "a"`), "there is no member clients[0].scopes"},
		{client(`"scope": "a\"b"`), "clients[0].scope"},
		{client(`"redirect_uris": ["/cb"]`), "clients[0].redirect_uris[0]: it is not an absolute address"},
		{`{"users": [{"claims": {}}]}`, "users[0].sub: it is missing"},
		{`{"users": [{"sub": "a"}, {"sub": "a"}]}`, "users[1].sub: it is missing, or another user's"},
	} {
		_, err := parseIssuerConfig([]byte(c.text))
		if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%.80s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestWrongRedirects(t *testing.T) {
	for _, good := range []string{"https://app.example/cb", "https://app.example/cb?a=b", "http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", "http://[::1]:1/cb", "http://localhost/", "com.example.app:/cb",
		"cursor://anysphere.cursor-retrieval/oauth/callback"} {
		if what := wrongRedirect(good); what != "" {
			t.Errorf("%s: %s", good, what)
		}
	}
	for _, bad := range []string{"", "/cb", "//app.example/cb", "https://app.example/cb#", "https://app.example/cb#x", "https:///cb", "https://u@app.example/", "http://app.example/cb", "http://127.0.0.1.example/cb",
		"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://app.example/c b", "https://app.example/\n", "https://ä.example/"} {
		if wrongRedirect(bad) == "" {
			t.Errorf("%q is taken", bad)
		}
	}
}

// The address must be registered byte for byte, but for the port on loopback.
func TestRedirectMatching(t *testing.T) {
	c := &issuerClient{redirectURIs: []string{"https://app.example/cb", "http://127.0.0.1:8080/cb?a=b", "http://[::1]/cb", "http://localhost/cb"}}
	for _, good := range []string{"https://app.example/cb", "http://127.0.0.1:8080/cb?a=b", "http://127.0.0.1:1/cb?a=b", "http://127.0.0.1/cb?a=b", "http://[::1]:9/cb", "http://localhost:33418/cb"} {
		if got, ok := c.redirect(good); !ok || got != good {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{"", "https://app.example:443/cb", "https://app.example/cb/", "https://app.example/CB", "https://APP.example/cb", "https://app.example/cb?x", "https://app.example/%63b", "https://app.example.evil.example/cb",
		"https://app.example/cb/../x", "http://127.0.0.1:8080/cb", "http://127.0.0.1:8080/cb?a=c", "http://127.0.0.2:8080/cb?a=b", "http://127.0.0.1:8080@evil.example/cb?a=b", "https://127.0.0.1:8080/cb?a=b", "http://localhost:1/cb2",
		"http://127.0.0.1/cb", "HTTP://localhost:1/cb"} {
		if _, ok := c.redirect(bad); ok {
			t.Errorf("%s is taken", bad)
		}
	}
	one := &issuerClient{redirectURIs: []string{"https://app.example/cb"}}
	if got, ok := one.redirect(""); !ok || got != "https://app.example/cb" {
		t.Error("the only address may be left out")
	}
}

// testIssuer is an issuer without a network.
type testIssuer struct {
	*fakeIssuer
	t *testing.T
}

const testIssuerURL = "http://127.0.0.1:9000/realms/test"

func newTestIssuer(t *testing.T, config string) *testIssuer {
	t.Helper()
	c, err := parseIssuerConfig([]byte(config))
	if err == nil {
		err = c.override(issuerConfig{url: testIssuerURL, algorithms: []jwt.Algorithm{jwt.ES256, jwt.EdDSA}})
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFakeIssuer(c, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return &testIssuer{f, t}
}

// ask sends a request. A body that begins with a brace is JSON, another a form. Headers are name, value, ...
func (i *testIssuer) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	i.t.Helper()
	r := httptest.NewRequestWithContext(i.t.Context(), method, i.base+path, strings.NewReader(body))
	kind := "application/x-www-form-urlencoded"
	if strings.HasPrefix(body, "{") {
		kind = "application/json"
	}
	r.Header.Set("Content-Type", kind)
	for n := 0; n < len(headers); n += 2 {
		if r.Header.Set(headers[n], headers[n+1]); headers[n] == "Host" {
			r.Host = headers[n+1]
		}
	}
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	if w.Code == http.StatusOK && path != mintPath && method == "POST" && w.Header().Get("Cache-Control") != "no-store" {
		i.t.Errorf("%s may be stored", path)
	}
	return w
}

// object reads an answer of JSON with this status.
func (i *testIssuer) object(w *httptest.ResponseRecorder, status int) (o map[string]any) {
	i.t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil || w.Code != status {
		i.t.Fatalf("status %d, %v: %.200s", w.Code, err, w.Body)
	}
	return o
}

const testVerifier = "a-code-verifier-of-43-characters-or-more-0123456789"

func testChallenge() string {
	digest := sha256.Sum256([]byte(testVerifier))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

// query is a form from name, value, ...; an empty value takes a parameter out, and + before a name adds one.
func query(base url.Values, pairs ...string) string {
	values := url.Values{}
	for name, list := range base {
		values[name] = slices.Clone(list)
	}
	for n := 0; n < len(pairs); n += 2 {
		name, add := strings.CutPrefix(pairs[n], "+")
		switch {
		case add:
			values.Add(name, pairs[n+1])
		case pairs[n+1] == "":
			values.Del(name)
		default:
			values.Set(name, pairs[n+1])
		}
	}
	return values.Encode()
}

// authorize asks for a code, and returns the parameters that the client gets.
func (i *testIssuer) authorize(client string, pairs ...string) url.Values {
	i.t.Helper()
	base := url.Values{"client_id": {client}, "redirect_uri": {"http://127.0.0.1:4321/cb"}, "response_type": {"code"}, "state": {"st&te"},
		"code_challenge": {testChallenge()}, "code_challenge_method": {"S256"}}
	w := i.ask("GET", authorizePath+"?"+query(base, pairs...), "")
	if w.Code != http.StatusFound {
		i.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil || back.Host != "127.0.0.1:4321" || back.Query().Get("state") != "st&te" || back.Query().Get("iss") != testIssuerURL {
		i.t.Errorf("%v: sent to %s", err, back)
	}
	return back.Query()
}

func exchange(client, code string, pairs ...string) string {
	return query(url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {"http://127.0.0.1:4321/cb"},
		"code_verifier": {testVerifier}}, pairs...)
}

// register registers a public client with a refresh token, as clients of MCP do.
func (i *testIssuer) register() string {
	i.t.Helper()
	client := i.object(i.ask("POST", registerPath, `{"client_name": "An app", "redirect_uris": ["http://127.0.0.1:1/cb"], "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none", "unknown": 1}`), http.StatusCreated)
	if client["client_name"] != "An app" || client["client_secret"] != nil || client["unknown"] != nil {
		i.t.Errorf("registered: %v", client)
	}
	return client["client_id"].(string)
}

func (i *testIssuer) verify(token any, audience string, profile jwt.Profile) *jwt.Token {
	i.t.Helper()
	c := i.keys.Config()
	c.Audience, c.Profile = []string{audience}, profile
	v, err := jwt.NewVerifier(c)
	if err != nil {
		i.t.Fatal(err)
	}
	text, _ := token.(string)
	verified, err := v.Verify(i.t.Context(), text)
	if err != nil {
		i.t.Fatal(err)
	}
	return verified
}

// What a client of MCP does, from metadata to a refreshed token.
func TestIssuerAuthorizationCode(t *testing.T) {
	i := newTestIssuer(t, `{"users": [{"sub": "alice"}, {"sub": "bob", "claims": {"roles": ["admin"]}}]}`)
	client := i.register()
	const resource = "https://mcp.example.com/mcp"
	code := i.authorize(client, "resource", resource, "scope", "openid  files:read", "login_hint", "bob", "nonce", "n-1").Get("code")
	got := i.object(i.ask("POST", tokenPath, exchange(client, code, "resource", resource)), http.StatusOK)
	if got["token_type"] != "Bearer" || got["expires_in"] != 3600.0 || got["scope"] != "openid files:read" {
		t.Errorf("got %v", got)
	}
	token := i.verify(got["access_token"], resource, jwt.AccessToken)
	if err := token.Meets(jwt.Scope("files:read"), jwt.Claim("roles").Has("admin")); err != nil || token.Subject() != "bob" || token.ClientID() != client || len(token.Audience()) != 1 {
		t.Errorf("%v: %v", token, err)
	}
	id := i.verify(got["id_token"], client, jwt.IDToken)
	if nonce, _ := id.Claim("nonce"); nonce != "n-1" || id.Subject() != "bob" {
		t.Errorf("ID token: %v", id)
	}
	renew := func(token any, pairs ...string) *httptest.ResponseRecorder {
		return i.ask("POST", tokenPath, query(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token.(string)}}, pairs...))
	}
	if w := renew(got["refresh_token"], "scope", "files:write"); i.object(w, 400)["error"] != "invalid_scope" {
		t.Errorf("more scope: %s", w.Body)
	}
	next := i.object(renew(got["refresh_token"], "scope", "files:read"), http.StatusOK)
	if token := i.verify(next["access_token"], resource, jwt.AccessToken); token.Subject() != "bob" || strings.Join(token.Scopes(), " ") != "files:read" {
		t.Errorf("renewed: %v", token)
	}
	if w := renew(got["refresh_token"]); i.object(w, 400)["error"] != "invalid_grant" {
		t.Errorf("a refresh token for the second time: %s", w.Body)
	}
	if w := renew(next["refresh_token"], "client_id", i.register()); i.object(w, 400)["error"] != "invalid_grant" {
		t.Errorf("another client's refresh token: %s", w.Body)
	}
	if w := renew(next["refresh_token"], "resource", "https://other.example"); i.object(w, 400)["error"] != "invalid_target" {
		t.Errorf("another resource: %s", w.Body)
	}

	if w := i.ask("POST", tokenPath, exchange(i.register(), i.authorize(client).Get("code"))); i.object(w, 400)["error"] != "invalid_grant" {
		t.Errorf("another client's code: %s", w.Body)
	}

	// The code for the second time takes all with it.
	if w := i.ask("POST", tokenPath, exchange(client, code)); i.object(w, 400)["error"] != "invalid_grant" {
		t.Errorf("a code for the second time: %s", w.Body)
	}
	if w := renew(next["refresh_token"]); i.object(w, 400)["error"] != "invalid_grant" {
		t.Errorf("a refresh token of a code that was stolen: %s", w.Body)
	}
}

func TestIssuerResources(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	client := i.register()
	code := i.authorize(client, "+resource", "https://b.example", "+resource", "https://a.example").Get("code")
	got := i.object(i.ask("POST", tokenPath, exchange(client, code)), http.StatusOK)
	if token := i.verify(got["access_token"], "https://b.example", jwt.AccessToken); strings.Join(token.Audience(), " ") != "https://a.example https://b.example" || token.Subject() != defaultSubject {
		t.Errorf("got %v", token)
	}
	if got["scope"] != nil || got["id_token"] != nil {
		t.Errorf("got %v", got)
	}
	code = i.authorize(client, "+resource", "https://b.example", "+resource", "https://a.example").Get("code")
	got = i.object(i.ask("POST", tokenPath, exchange(client, code, "resource", "https://a.example")), http.StatusOK)
	if token := i.verify(got["access_token"], "https://a.example", jwt.AccessToken); len(token.Audience()) != 1 {
		t.Errorf("got %v", token)
	}
	code = i.authorize(client).Get("code")
	got = i.object(i.ask("POST", tokenPath, exchange(client, code)), http.StatusOK)
	i.verify(got["access_token"], jwttest.Audience, jwt.AccessToken)

	narrow := newTestIssuer(t, `{"audience": ["https://a.example"]}`)
	client = narrow.register()
	if got := narrow.authorize(client, "resource", "https://b.example"); got.Get("error") != "invalid_target" || got.Get("code") != "" {
		t.Errorf("an audience that is not configured: %v", got)
	}
	for _, bad := range []string{"relative", "https://a.example#", "%zz"} {
		if got := i.authorize(i.register(), "resource", bad); got.Get("error") != "invalid_target" {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

// A code is good for a minute, and before that once.
func TestIssuerCodeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newTestIssuer(t, `{}`)
		client := i.register()
		code := i.authorize(client).Get("code")
		time.Sleep(codeLifetime - 1)
		i.object(i.ask("POST", tokenPath, exchange(client, code)), http.StatusOK)
		code = i.authorize(client).Get("code")
		time.Sleep(codeLifetime)
		if got := i.object(i.ask("POST", tokenPath, exchange(client, code)), 400); got["error_description"] != "code has expired" {
			t.Errorf("got %v", got)
		}
	})
}

func TestIssuerAuthorizeRefusals(t *testing.T) {
	i := newTestIssuer(t, `{"clients": [{"id": "service", "secret": "s"}, {"id": "spa", "redirect_uris": ["http://127.0.0.1/cb"], "scope": "a b"}], "users": [{"sub": "alice"}]}`)
	for _, c := range []struct{ pairs, want string }{
		{"scope a", ""},
		{"response_type token", "unsupported_response_type"},
		{"response_type ", "invalid_request"},
		{"response_mode fragment", "invalid_request"},
		{"code_challenge ", "invalid_request"},
		{"code_challenge short", "invalid_request"},
		{"code_challenge_method plain", "invalid_request"},
		{"code_challenge_method ", "invalid_request"},
		{"scope c", "invalid_scope"},
		{"scope a\"", "invalid_scope"},
		{"login_hint mallory", "access_denied"},
	} {
		name, value, _ := strings.Cut(c.pairs, " ")
		got := i.authorize("spa", name, value)
		if got.Get("error") != c.want || (got.Get("code") != "") != (c.want == "") || (got.Get("error_description") == "") != (c.want == "") {
			t.Errorf("%s: got %v", c.pairs, got)
		}
	}

	// Nobody is sent to an address that is not the client's.
	base := url.Values{"client_id": {"spa"}, "redirect_uri": {"http://127.0.0.1/cb"}, "response_type": {"code"}, "code_challenge": {testChallenge()}, "code_challenge_method": {"S256"}}
	for _, pairs := range [][]string{{"client_id", "nobody"}, {"client_id", ""}, {"client_id", "service"}, {"redirect_uri", "https://evil.example/cb"}, {"redirect_uri", "http://127.0.0.1/cb2"}, {"+client_id", "spa"}, {"+state", "1", "+state", "2"}} {
		w := i.ask("GET", authorizePath+"?"+query(base, pairs...), "")
		if i.object(w, 400)["error"] != "invalid_request" || w.Header().Get("Location") != "" {
			t.Errorf("%v: %s", pairs, w.Body)
		}
	}
	if w := i.ask("POST", authorizePath, query(base), "Origin", "https://app.example"); w.Code != http.StatusFound || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("POST: status %d", w.Code)
	}
}

func TestIssuerTokenRefusals(t *testing.T) {
	i := newTestIssuer(t, `{"audience": ["https://api.example.com"], "clients": [{"id": "service", "secret": "s:+é", "scope": "a b"}, {"id": "spa", "redirect_uris": ["http://127.0.0.1/cb"]}]}`)
	basic := func(id, secret string) []string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(id, secret)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	good := basic("service", url.QueryEscape("s:+é"))
	spa := i.authorize("spa").Get("code")
	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"Basic", "grant_type=client_credentials", good, 200, ""},
		{"POST", "grant_type=client_credentials&client_id=service&client_secret=" + url.QueryEscape("s:+é"), nil, 200, ""},
		{"JSON", `{"grant_type": "client_credentials", "client_id": "service", "client_secret": "s:+é", "audience": "https://api.example.com", "scope": "b"}`, nil, 200, ""},
		{"resource", "grant_type=client_credentials&resource=https://api.example.com", good, 200, ""},
		{"no grant type", "", good, 400, "invalid_request"},
		{"grant type twice", "grant_type=client_credentials&grant_type=client_credentials", good, 400, "invalid_request"},
		{"another grant type", "grant_type=password", good, 400, "unsupported_grant_type"},
		{"one that it may not use", "grant_type=refresh_token", good, 400, "unauthorized_client"},
		{"public", "grant_type=client_credentials&client_id=spa", nil, 400, "unauthorized_client"},
		{"wrong secret", "grant_type=client_credentials", basic("service", "x"), 401, "invalid_client"},
		{"no secret", "grant_type=client_credentials&client_id=service", nil, 401, "invalid_client"},
		{"a secret that there is not", "grant_type=client_credentials&client_id=spa&client_secret=x", nil, 401, "invalid_client"},
		{"nobody", "grant_type=client_credentials", nil, 401, "invalid_client"},
		{"another scheme", "grant_type=client_credentials", []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
		{"bad escape", "grant_type=client_credentials", basic("service", "%zz"), 401, "invalid_client"},
		{"both ways", "grant_type=client_credentials&client_secret=x", good, 400, "invalid_request"},
		{"two names", "grant_type=client_credentials&client_id=spa", good, 400, "invalid_request"},
		{"scope", "grant_type=client_credentials&scope=c", good, 400, "invalid_scope"},
		{"resource of others", "grant_type=client_credentials&resource=https://b.example", good, 400, "invalid_target"},
		{"audience of others", "grant_type=client_credentials&audience=https://b.example", good, 400, "invalid_target"},
		{"broken form", "%zz", good, 400, "invalid_request"},
		{"broken JSON", "{", good, 400, "invalid_request"},
		{"JSON with a member twice", `{"grant_type": "client_credentials", "grant_type": "client_credentials"}`, good, 400, "invalid_request"},
		{"no form", "grant_type=client_credentials", append([]string{"Content-Type", "text/plain"}, good...), 400, "invalid_request"},
		{"no code", exchange("spa", ""), nil, 400, "invalid_request"},
		{"unknown code", exchange("spa", "x"), nil, 400, "invalid_grant"},
		{"another's code", exchange("service", spa), good, 400, "unauthorized_client"},
		{"no verifier", exchange("spa", spa, "code_verifier", ""), nil, 400, "invalid_request"},
		{"short verifier", exchange("spa", spa, "code_verifier", "short"), nil, 400, "invalid_request"},
		{"wrong verifier", exchange("spa", spa, "code_verifier", strings.Repeat("x", 43)), nil, 400, "invalid_grant"},
		{"after that", exchange("spa", spa), nil, 400, "invalid_grant"},
		{"no redirect_uri", exchange("spa", i.authorize("spa").Get("code"), "redirect_uri", ""), nil, 400, "invalid_grant"},
		{"another redirect_uri", exchange("spa", i.authorize("spa").Get("code"), "redirect_uri", "http://127.0.0.1:1/cb"), nil, 400, "invalid_grant"},
		{"another target", exchange("spa", i.authorize("spa").Get("code"), "resource", "https://b.example"), nil, 400, "invalid_target"},
		{"no refresh token", "grant_type=refresh_token&client_id=spa", nil, 400, "invalid_request"},
		{"unknown refresh token", "grant_type=refresh_token&client_id=spa&refresh_token=x", nil, 400, "invalid_grant"},
	} {
		w := i.ask("POST", tokenPath, c.body, c.headers...)
		got := i.object(w, c.status)
		if code, _ := got["error"].(string); code != c.code || (got["error_description"] == nil) != (c.code == "") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %v", c.name, got)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (c.status == 401 && c.headers != nil) {
			t.Errorf("%s: WWW-Authenticate: %s", c.name, challenge)
		}
	}
}

func TestIssuerRegister(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	got := i.object(i.ask("POST", registerPath, `{"redirect_uris": ["https://app.example/cb"], "grant_types": ["authorization_code", "implicit"]}`), http.StatusCreated)
	if got["token_endpoint_auth_method"] != "client_secret_basic" || got["client_secret"] == nil || got["client_secret_expires_at"] != 0.0 || fmt.Sprint(got["grant_types"], got["response_types"]) != "[authorization_code] [code]" {
		t.Errorf("got %v", got)
	}
	got = i.object(i.ask("POST", registerPath, `{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"}`), http.StatusCreated)
	i.object(i.ask("POST", tokenPath, query(url.Values{"grant_type": {"client_credentials"}, "client_id": {got["client_id"].(string)}, "client_secret": {got["client_secret"].(string)}})), 200)
	for _, c := range []struct{ body, want string }{
		{`{}`, "invalid_redirect_uri"},
		{`{"redirect_uris": []}`, "invalid_redirect_uri"},
		{`{"redirect_uris": ["http://app.example/cb"]}`, "invalid_redirect_uri"},
		{`{"redirect_uris": ["https://app.example/cb#x"]}`, "invalid_redirect_uri"},
		{`{"redirect_uris": ["javascript:alert(1)"]}`, "invalid_redirect_uri"},
		{`{"redirect_uris": "https://app.example/cb"}`, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://app.example/cb"], "redirect_uris": []}`, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "private_key_jwt"}`, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://app.example/cb"], "grant_types": ["implicit"]}`, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://app.example/cb"], "response_types": ["token"]}`, "invalid_client_metadata"},
		{`{"redirect_uris": ["https://app.example/cb"], "scope": "é"}`, "invalid_client_metadata"},
		{`{"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"}`, "invalid_client_metadata"},
		{`{`, "invalid_client_metadata"},
		{`redirect_uris=x`, "invalid_client_metadata"},
		{`{"client_name": "` + strings.Repeat("x", maxIssuerBody) + `"}`, "invalid_client_metadata"},
	} {
		if got := i.object(i.ask("POST", registerPath, c.body), 400); got["error"] != c.want {
			t.Errorf("%.80s: got %v", c.body, got)
		}
	}
}

// What is kept is bounded: one more drops the oldest.
func TestIssuerKeeps(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	first, second := i.register(), i.register()
	for range maxKept - 2 {
		i.register()
	}
	i.authorize(first)
	i.register()
	if _, ok := i.client(first); ok {
		t.Errorf("there are more than %d clients", maxKept)
	}
	i.authorize(second)
	if len(i.joined.order) != maxKept || len(i.joined.by) != maxKept {
		t.Errorf("%d and %d clients", len(i.joined.order), len(i.joined.by))
	}
}

func TestIssuerMetadata(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	for _, path := range []string{"/realms/test/.well-known/openid-configuration", "/.well-known/openid-configuration/realms/test",
		"/realms/test/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/realms/test"} {
		w := i.ask("GET", path, "", "Origin", "https://app.example")
		got := i.object(w, http.StatusOK)
		if got["issuer"] != testIssuerURL || got["jwks_uri"] != i.base+jwksPath || got["authorization_endpoint"] != i.base+authorizePath || got["registration_endpoint"] != i.base+registerPath ||
			got["authorization_response_iss_parameter_supported"] != true || fmt.Sprint(got["code_challenge_methods_supported"], got["id_token_signing_alg_values_supported"]) != "[S256] [ES256 EdDSA]" {
			t.Errorf("%s: %v", path, got)
		}
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
	for config, want := range map[string]string{
		`{}`: "<nil>",
		`{"clients": [{"id": "a", "secret": "s", "scope": "b a"}, {"id": "b", "secret": "s"}, {"id": "c", "secret": "s", "scope": "c  a"}]}`: "[a b c]",
	} {
		i := newTestIssuer(t, config)
		if got := fmt.Sprint(i.object(i.ask("GET", rfc8414Path+"/realms/test", ""), http.StatusOK)["scopes_supported"]); got != want {
			t.Errorf("scopes_supported: %s, want %s", got, want)
		}
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/realms/test", "/oauth/token/", "/userinfo"} {
		if w := i.ask("GET", path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	if w := i.ask("GET", "/", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "FOR TESTS ONLY") {
		t.Errorf("the front page: %s", w.Body)
	}
	for _, name := range []string{"http://127.0.0.1:9000", "http://127.0.0.1:9000/"} {
		f, err := newFakeIssuer(issuerConfig{lifetime: time.Hour, algorithms: []jwt.Algorithm{jwt.ES256}}, name, false)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:9000"+rfc8414Path, nil))
		if !strings.Contains(w.Body.String(), `"issuer":"`+name+`"`) {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

func TestIssuerBrowsers(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	public := []string{jwksPath, tokenPath, registerPath, "/realms/test" + oidcPath}
	for _, path := range append(slices.Clone(public), mintPath, rotatePath, downPath, delayPath, authorizePath) {
		w := i.ask("OPTIONS", path, "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "mcp-protocol-version")
		want := slices.Contains(public, path)
		if got := w.Header().Get("Access-Control-Allow-Origin") == "*" && w.Header().Get("Access-Control-Allow-Headers") == "mcp-protocol-version" && w.Code == http.StatusNoContent; got != want {
			t.Errorf("%s: preflight answered with %d %v", path, w.Code, w.Header())
		}
	}
	// Other sites mint nothing, by a form or through a name that they point here.
	for _, path := range []string{mintPath, rotatePath, downPath, delayPath} {
		if w := i.ask("POST", path, "{}", "Origin", "https://evil.example"); w.Code != http.StatusForbidden {
			t.Errorf("%s from another origin: status %d", path, w.Code)
		}
		if w := i.ask("POST", path, "{}", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
			t.Errorf("%s from another site: status %d", path, w.Code)
		}
	}
	for host, want := range map[string]int{"evil.example": 421, "evil.example:9000": 421, "localhost:9000": 200, "127.0.0.1:9000": 200, "[::1]:9000": 200, "localhost.evil.example": 421} {
		if w := i.ask("POST", mintPath, "{}", "Host", host); w.Code != want {
			t.Errorf("%s: status %d", host, w.Code)
		}
	}
	i.anywhere = true
	if w := i.ask("GET", jwksPath, "", "Host", "issuer:9000"); w.Code != http.StatusOK {
		t.Errorf("with -insecure-listen: status %d", w.Code)
	}
	for path, method := range map[string]string{tokenPath: "GET", registerPath: "PUT", jwksPath: "POST", mintPath: "GET", authorizePath: "DELETE"} {
		if w := i.ask(method, path, ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: status %d", method, path, w.Code)
		}
	}
}

func TestIssuerMint(t *testing.T) {
	i := newTestIssuer(t, `{"claims": {"tenant": "acme"}, "lifetime": "1m"}`)
	for _, alg := range []jwt.Algorithm{jwt.ES256, jwt.EdDSA, jwt.Ed25519} {
		w := i.ask("POST", mintPath, `{"claims": {"sub": "alice", "big": 12345678901234567890, "jti": null}, "alg": "`+string(alg)+`", "header": {"typ": "x"}}`)
		token := i.verify(w.Body.String(), jwttest.Audience, jwt.AnyAccessToken)
		if err := token.Meets(jwt.Claim("big").Equals(json.Number("12345678901234567890")), jwt.Claim("tenant").Equals("acme")); err != nil {
			t.Error(err)
		}
		if h := token.Header(); h.Algorithm != alg || h.Type != "x" || token.ID() != "" || token.ExpiresAt().Sub(token.IssuedAt()) != time.Minute {
			t.Errorf("%s: %v", alg, token)
		}
	}
	token := i.verify(i.ask("POST", mintPath, "").Body.String(), jwttest.Audience, jwt.AnyAccessToken)
	if token.Header().Algorithm != jwt.ES256 {
		t.Errorf("without a body: %v", token)
	}
	v, err := jwt.NewVerifier(i.keys.Config())
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]error{
		`{"claims": {"exp": 1}}`:                      jwt.ErrExpired,
		`{"claims": {"iss": "https://evil.example"}}`: jwt.ErrClaims,
		`{"alg": "none"}`:                             jwt.ErrMalformed,
		`{"alg": "HS256"}`:                            jwt.ErrKey,
		`{"payload": "no JSON"}`:                      jwt.ErrClaims,
		`{"header": {"kid": "other"}}`:                jwt.ErrKey,
	} {
		w := i.ask("POST", mintPath, body)
		if _, err := v.Verify(t.Context(), w.Body.String()); w.Code != http.StatusOK || !errors.Is(err, want) {
			t.Errorf("%s: status %d, %v", body, w.Code, err)
		}
	}
	for alg, secret := range map[jwt.Algorithm]string{jwt.HS256: strings.Repeat("é", 16), jwt.HS384: strings.Repeat("s", 48), jwt.HS512: strings.Repeat("s", 200)} {
		key, err := jwt.HMACKey("", alg, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		keys, err := jwt.NewKeySet(key)
		if err != nil {
			t.Fatal(err)
		}
		shared, err := jwt.NewVerifier(jwt.Config{Issuer: testIssuerURL, Audience: []string{jwttest.Audience}, Keys: keys, Algorithms: []jwt.Algorithm{alg}})
		if err != nil {
			t.Fatal(err)
		}
		body := `{"claims": {"sub": "alice"}, "alg": "` + string(alg) + `", "secret": "`
		if token, err := shared.Verify(t.Context(), i.ask("POST", mintPath, body+secret+`"}`).Body.String()); err != nil || token.Subject() != "alice" {
			t.Errorf("%s: %v", alg, err)
		}
		if _, err := shared.Verify(t.Context(), i.ask("POST", mintPath, body+secret+`x"}`).Body.String()); !errors.Is(err, jwt.ErrSignature) {
			t.Errorf("%s, another secret: %v", alg, err)
		}
	}
	if parts := strings.Split(i.ask("POST", mintPath, `{"alg": "HS256", "secret": ""}`).Body.String(), "."); len(parts) != 3 || len(parts[2]) != 43 {
		t.Errorf("an empty secret: %q", parts)
	}
	if parts := strings.Split(i.ask("POST", mintPath, `{"payload": ""}`).Body.String(), "."); len(parts) != 3 || parts[1] != "" {
		t.Errorf("an empty payload: %q", parts)
	}
	for _, c := range []struct {
		body, want string
		status     int
	}{
		{`{"sub": "alice"}`, "there is no member sub: there are alg, claims, header, payload, secret", 400},
		{`{"secret": "hunter2"}`, "secret is for the algorithms HS256, HS384 and HS512 alone", 400},
		{`{"alg": "ES256", "secret": "hunter2"}`, "secret is for the algorithms", 400},
		{`{"alg": "HS256", "secret": 1}`, "secret: it has the wrong type", 400},
		{`{"alg": "RS256"}`, "there is no key for alg", 400},
		{`{"alg": "ES256K"}`, "there is no key for alg", 400},
		{`{"claims": {}, "payload": "x"}`, "exclude each other", 400},
		{`{"claims": {"a": 1, "a": 2}}`, "the member a is there twice", 400},
		{`{"claims": null}`, "claims: it has the wrong type", 400},
		{`{"claims": `, "it is not JSON", 400},
		{`{"payload": "` + strings.Repeat("x", maxIssuerBody-15) + `"}`, "", 200},
		{`{"payload": "` + strings.Repeat("x", maxIssuerBody-14) + `"}`, "too large", 413},
	} {
		if w := i.ask("POST", mintPath, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%.80s: status %d: %.200s", c.body, w.Code, w.Body)
		}
	}
}

// A test's instructions: keys that change, an outage, a slow answer.
func TestIssuerControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newTestIssuer(t, `{}`)
		tell := func(method, path, body string, want int) string {
			t.Helper()
			w := i.ask(method, path, body)
			if w.Code != want {
				t.Errorf("%s %s %s: status %d, %s", method, path, body, w.Code, w.Body)
			}
			return w.Body.String()
		}
		keys := func() string { return tell("GET", jwksPath, "", 200) }
		first := keys()
		tell("POST", rotatePath, "", 204)
		if second := keys(); strings.Count(second, `"kid"`) != 4 || !strings.Contains(second, "es256-1") || !strings.Contains(second, "es256-2") {
			t.Errorf("after a rotation: %s", second)
		}
		tell("POST", rotatePath, `{"retire": true}`, 204)
		if third := keys(); strings.Count(third, `"kid"`) != 2 || !strings.Contains(third, "es256-3") {
			t.Errorf("after another: %s", third)
		}
		third := keys()
		tell("POST", rotatePath, `{"same_kid": true}`, 204)
		if fourth := keys(); fourth == third || !strings.Contains(fourth, "es256-3") || fourth == first {
			t.Errorf("after a replacement: %s", fourth)
		}
		tell("POST", rotatePath, `{"force": true}`, 400)

		tell("POST", downPath, "", 204)
		tell("GET", jwksPath, "", 503)
		tell("GET", "/.well-known/oauth-authorization-server/realms/test", "", 503)
		i.object(i.ask("POST", tokenPath, query(url.Values{"grant_type": {"client_credentials"}, "client_id": {jwttest.ClientID}, "client_secret": {jwttest.ClientSecret}})), 200)
		tell("DELETE", downPath, "", 204)
		keys()
		tell("POST", downPath, `{"down": false}`, 400)

		tell("POST", delayPath, `{"delay": "1m"}`, 204)
		begin := time.Now()
		keys()
		tell("GET", "/realms/test/.well-known/openid-configuration", "", 200)
		if took := time.Since(begin); took != 2*time.Minute {
			t.Errorf("answers came after %v", took)
		}
		tell("DELETE", delayPath, "", 204)
		keys()
		if took := time.Since(begin); took != 2*time.Minute {
			t.Errorf("answers came after %v", took)
		}
		for _, bad := range []string{"", `{}`, `{"delay": "61s"}`, `{"delay": "-1s"}`, `{"delay": 1}`} {
			tell("POST", delayPath, bad, 400)
		}
	})
}

// Whatever is refused, the answer repeats nothing of the request.
func TestIssuerRepeatsNothing(t *testing.T) {
	i := newTestIssuer(t, `{}`)
	const secret = "hunter2-hunter2"
	for _, path := range []string{tokenPath, registerPath, mintPath, authorizePath, delayPath} {
		for _, body := range []string{"client_id=" + secret + "&client_secret=" + secret, `{"delay": "` + secret + `"}`, `{"client_id": "` + secret + `", "client_secret": "` + secret + `", "alg": "` + secret + `"}`, "%" + secret} {
			w := i.ask("POST", path, body)
			text, err := io.ReadAll(w.Body)
			if err != nil || strings.Contains(string(text), secret) {
				t.Errorf("%s: %s", path, text)
			}
		}
	}
}
