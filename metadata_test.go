// This file tests the metadata of a resource, the identifier it is made from, and what clients find in a
// challenge.

package jwt_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

const wellKnown = "/.well-known/oauth-protected-resource"

// described returns a resource of this name.
func described(t testing.TB, identifier string, m jwt.ResourceMetadata) *jwt.Resource {
	t.Helper()
	return fixture.Resource(t, jwt.ResourceConfig{Identifier: identifier, Metadata: m}, nil)
}

// metadataMux serves the metadata as the manual says.
func metadataMux(r *jwt.Resource) *http.ServeMux {
	mux := http.NewServeMux()
	for _, path := range r.MetadataPaths() {
		mux.Handle(path, r.Metadata())
	}
	return mux
}

// ask sends a request without a body.
func askMetadata(h http.Handler, method, target string, header ...string) *http.Response {
	req := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

// The document is where RFC 9728 section 3.1 puts it, with and without a slash at its end, the challenge
// names it, and its member resource is the identifier byte for byte.
func TestMetadataPaths(t *testing.T) {
	for _, c := range []struct{ identifier, address, other string }{
		{"https://api.example.com", wellKnown, wellKnown + "/"},
		{"https://api.example.com/", wellKnown, wellKnown + "/"},
		{"https://api.example.com/mcp", wellKnown + "/mcp", wellKnown + "/mcp/"},
		{"https://api.example.com/mcp/", wellKnown + "/mcp/", wellKnown + "/mcp"},
		{"https://api.example.com/a/b?tenant=x&y=/z", wellKnown + "/a/b?tenant=x&y=/z", wellKnown + "/a/b/"},
		{"https://api.example.com?tenant=x", wellKnown + "?tenant=x", wellKnown + "/"},
		{"https://api.example.com/?tenant=x", wellKnown + "?tenant=x", wellKnown + "/"},
		{"https://api.example.com:8443/a%20b/%7Bc%7D", wellKnown + "/a%20b/%7Bc%7D", wellKnown + "/a%20b/%7Bc%7D/"},
		{"HTTPS://API.Example.com/MCP", wellKnown + "/MCP", wellKnown + "/MCP/"},
		{"http://localhost:8000/mcp", wellKnown + "/mcp", wellKnown + "/mcp/"},
		{"http://127.0.0.1/mcp", wellKnown + "/mcp", wellKnown + "/mcp/"},
		{"http://[::1]:80/mcp", wellKnown + "/mcp", wellKnown + "/mcp/"},
	} {
		r := described(t, c.identifier, jwt.ResourceMetadata{})
		paths := r.MetadataPaths()
		bare, _, _ := strings.Cut(c.address, "?")
		if !slices.Equal(paths, []string{bare, c.other}) {
			t.Errorf("%s: got the paths %q", c.identifier, paths)
		}
		origin := regexp.MustCompile(`^[A-Za-z]+://[^/?]+`).FindString(c.identifier)
		challenge := answerTo(r.Require(), fixture.Request()).Header.Get("WWW-Authenticate")
		if want := `Bearer resource_metadata="` + origin + c.address + `"`; challenge != want {
			t.Errorf("got the challenge %s, want %s", challenge, want)
		}
		mux := metadataMux(r)
		for _, target := range []string{c.address, c.other} {
			resp := askMetadata(mux, "GET", target)
			body, _ := io.ReadAll(resp.Body)
			want := fmt.Sprintf(`{"resource":"%s","authorization_servers":["%s"],"bearer_methods_supported":["header"]}`+"\n", c.identifier, fixture.Issuer().URL)
			if resp.StatusCode != 200 || string(body) != want {
				t.Errorf("%s: got %d %s, want %s", target, resp.StatusCode, body, want)
			}
		}
		paths[0] = "changed"
		if r.MetadataPaths()[0] != bare {
			t.Error("the caller's list is the resource's")
		}
	}
}

// Each path is of one resource: one mux serves several, and what lies beneath the slash is nobody's.
func TestMetadataOfSeveral(t *testing.T) {
	mux := http.NewServeMux()
	for _, identifier := range []string{"https://h.example", "https://h.example/mcp", "https://h.example/mcp/admin"} {
		r := described(t, identifier, jwt.ResourceMetadata{})
		for _, path := range r.MetadataPaths() {
			mux.Handle(path, r.Metadata())
		}
	}
	for path, want := range map[string]string{
		"": "https://h.example", "/": "https://h.example", "/mcp": "https://h.example/mcp", "/mcp/": "https://h.example/mcp", "/mcp/admin": "https://h.example/mcp/admin",
		"/other": "", "/mcp/other": "", "/mcp/admin/other": "", "/mc": "", "/MCP": "",
	} {
		resp := askMetadata(mux, "GET", wellKnown+path)
		var document struct{ Resource string }
		if want == "" {
			if resp.StatusCode != 404 || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: got %d %v", path, resp.StatusCode, resp.Header)
			}
		} else if err := json.NewDecoder(resp.Body).Decode(&document); err != nil || document.Resource != want {
			t.Errorf("%s: got %q (%v), want %q", path, document.Resource, err, want)
		}
	}
}

// The document is public: every answer may be read by scripts, a browser may ask first, and only reading
// is allowed. A body is not read.
func TestMetadataMethods(t *testing.T) {
	mux := metadataMux(described(t, "https://api.example.com/mcp", jwt.ResourceMetadata{}))
	const target = wellKnown + "/mcp"
	get := askMetadata(mux, "GET", target)
	text, _ := io.ReadAll(get.Body)
	if get.Header.Get("Content-Type") != "application/json" || get.Header.Get("Cache-Control") != "public, max-age=3600" || get.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %v", get.Header)
	}
	head := askMetadata(mux, "HEAD", target)
	if body, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(body) > 0 || head.Header.Get("Content-Length") != fmt.Sprint(len(text)) || head.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: got %d %q %v", head.StatusCode, body, head.Header)
	}

	preflight := askMetadata(mux, "OPTIONS", target, "Origin", "https://inspector.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization,mcp-protocol-version,x-anything")
	var allowed []string
	for name := range strings.SplitSeq(preflight.Header.Get("Access-Control-Allow-Headers"), ",") {
		allowed = append(allowed, strings.ToLower(strings.TrimSpace(name)))
	}
	if body, _ := io.ReadAll(preflight.Body); preflight.StatusCode != 204 || len(body) > 0 || preflight.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" || preflight.Header.Get("Access-Control-Max-Age") != "3600" {
		t.Errorf("OPTIONS: got %d %q %v", preflight.StatusCode, body, preflight.Header)
	}
	for _, name := range []string{"*", "authorization", "mcp-protocol-version"} { // the asterisk does not stand for Authorization
		if !slices.Contains(allowed, name) {
			t.Errorf("a browser may not send %s: %q", name, allowed)
		}
	}

	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "get", "QUERY"} {
		resp := askMetadata(mux, method, target)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD, OPTIONS" || string(body) != "The metadata of a resource is read with GET or HEAD.\n" {
			t.Errorf("%s: got %d %s %v", method, resp.StatusCode, body, resp.Header)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a script cannot read the answer", method)
		}
	}

	req := httptest.NewRequest("GET", target, nil)
	req.Body = readFails{t}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	if w.Code != 200 || w.Body.String() != string(text) || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("with a body: got %d %s", w.Code, w.Body)
	}
}

// readFails is a body that must not be read.
type readFails struct{ t *testing.T }

func (b readFails) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}

func (readFails) Close() error { return nil }

// What has no identifier has no metadata, and its challenges are as before.
func TestMetadataNone(t *testing.T) {
	for name, r := range map[string]*jwt.Resource{"nil": nil, "zero": {}, "without an identifier": fixture.Resource(t, jwt.ResourceConfig{}, nil)} {
		if paths := r.MetadataPaths(); paths != nil {
			t.Errorf("%s: got %q", name, paths)
		}
		if resp := askMetadata(r.Metadata(), "GET", wellKnown); resp.StatusCode != 404 {
			t.Errorf("%s: got %d", name, resp.StatusCode)
		}
	}
	r := fixture.Resource(t, jwt.ResourceConfig{}, nil)
	if got := answerTo(r.Require(), fixture.Request()).Header.Get("WWW-Authenticate"); got != bearer {
		t.Errorf("got %s", got)
	}
}

// What the document says beside the identifier. Members that say nothing are left out.
func TestMetadataMembers(t *testing.T) {
	iss := fixture.Issuer().URL
	several, err := jwt.NewVerifier(fixture.Config(t),
		jwt.Config{Issuer: "kubernetes/serviceaccount", Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.Issuer())},
		jwt.Config{Issuer: "https://login.example/{tenantid}/v2.0", InsecureAnyTenant: true, Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.Issuer())},
		jwt.Config{Issuer: "https://second.example/a?b&c", Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.Issuer())})
	if err != nil {
		t.Fatal(err)
	}
	nameless, err := jwt.NewVerifier(jwt.Config{Issuer: "joe", Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.Issuer())})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v    *jwt.Verifier
		m    jwt.ResourceMetadata
		want string
	}{
		{several, jwt.ResourceMetadata{}, `"authorization_servers":["` + iss + `","https://second.example/a?b&c"],"bearer_methods_supported":["header"]`},
		{nameless, jwt.ResourceMetadata{}, `"bearer_methods_supported":["header"]`},
		{several, jwt.ResourceMetadata{AuthorizationServers: []string{"https://login.example/common/v2.0"}, ScopesSupported: []string{"files:read", "mcp"}, Name: "Files & \"more\" <ü>", Documentation: "https://api.example.com/docs#auth"},
			`"authorization_servers":["https://login.example/common/v2.0"],"scopes_supported":["files:read","mcp"],"bearer_methods_supported":["header"],"resource_name":"Files & \"more\" <ü>","resource_documentation":"https://api.example.com/docs#auth"`},
	} {
		r, err := jwt.NewResource(c.v, jwt.ResourceConfig{Identifier: "https://api.example.com", Metadata: c.m})
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.m.ScopesSupported {
			c.m.ScopesSupported[i], c.m.AuthorizationServers[0] = "changed", "changed"
		}
		body, _ := io.ReadAll(askMetadata(r.Metadata(), "GET", wellKnown).Body)
		if want := `{"resource":"https://api.example.com",` + c.want + "}\n"; string(body) != want {
			t.Errorf("got  %swant %s", body, want)
		}
	}
}

// The document is rendered once for each list of issuers, also while many ask.
func TestMetadataRenderedOnce(t *testing.T) {
	r := described(t, "https://api.example.com", jwt.ResourceMetadata{})
	one, two := []string{"https://one.example"}, []string{"https://one.example", "https://two.example"}
	first, second := jwt.MetadataDocument(r, one), jwt.MetadataDocument(r, two)
	if !strings.Contains(string(first), `["https://one.example"]`) || !strings.Contains(string(second), `["https://one.example","https://two.example"]`) {
		t.Errorf("got %s and %s", first, second)
	}
	if again := jwt.MetadataDocument(r, slices.Clone(two)); &again[0] != &second[0] {
		t.Error("the same issuers were rendered twice")
	}
	if none := jwt.MetadataDocument(r, nil); strings.Contains(string(none), "authorization_servers") {
		t.Errorf("without issuers: got %s", none)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			want := [][]string{one, two}[i%2]
			for range 100 {
				var document struct {
					Servers []string `json:"authorization_servers"`
				}
				if err := json.Unmarshal(jwt.MetadataDocument(r, want), &document); err != nil || !slices.Equal(document.Servers, want) {
					t.Errorf("got %q (%v), want %q", document.Servers, err, want)
				}
			}
		})
	}
	all.Wait()
}

// Each mistake has a sentence of its own.
func TestIdentifierRefused(t *testing.T) {
	v := fixture.NewVerifier(t)
	refused := func(c jwt.ResourceConfig, want string) {
		t.Helper()
		if r, err := jwt.NewResource(v, c); r != nil || err == nil || err.Error() != "jwt: NewResource: "+want {
			t.Errorf("%+v: got %v, want %s", c, err, want)
		}
	}
	for identifier, want := range map[string]string{
		"https://h.example/mcp#a":           "has a fragment",
		"https://h.example/mcp#":            "has a fragment",
		`https://h.example/"mcp"`:           "holds a quote",
		"https://joe@h.example/mcp":         "has user information, which everybody would read",
		"https://joe:secret@h.example/mcp":  "has user information, which everybody would read",
		"https://@h.example/mcp":            "has user information, which everybody would read",
		"http://h.example/mcp":              "is an http URL, which is for the loopback interface alone: want https",
		"http://localhost.h.example/mcp":    "is an http URL, which is for the loopback interface alone: want https",
		"ftp://h.example/mcp":               "is not an absolute https URL",
		"h.example/mcp":                     "is not an absolute https URL",
		"//h.example/mcp":                   "is not an absolute https URL",
		"/mcp":                              "is not an absolute https URL",
		"urn:example:api":                   "is not an absolute https URL",
		"https:h.example":                   "has no host",
		"https:///mcp":                      "has no host",
		"https://:443/mcp":                  "has no host",
		"https://h.example:port/mcp":        "is not a URL",
		"https://h.example/%zz":             "is not a URL",
		"https://h.example/a b":             `holds " ", which no URL holds unescaped`,
		`https://h.example\mcp`:             `holds "\\", which no URL holds unescaped`,
		"https://h.example/{id}":            `holds "{", which no URL holds unescaped`,
		"https://h.example/é":               `holds "\xc3", which no URL holds unescaped`,
		"https://h.example/\r\nX: y":        `holds "\r", which no URL holds unescaped`,
		"https://h.example/a/../mcp":        `has a path that servers and clients rewrite, to "/mcp"`,
		"https://h.example/a/%2e%2e/mcp":    `has a path that servers and clients rewrite, to "/mcp"`,
		"https://h.example/./mcp":           `has a path that servers and clients rewrite, to "/mcp"`,
		"https://h.example//mcp":            `has a path that servers and clients rewrite, to "/mcp"`,
		"https://h.example/mcp//":           `has a path that servers and clients rewrite, to "/mcp"`,
		"https://h.example//":               `has a path that servers and clients rewrite, to "/"`,
		"https://h.example/mcp?scope=x":     `holds "scope=", which MCP clients take for the parameter of a challenge`,
		"https://h.example/mcp?a=b&error=x": `holds "error=", which MCP clients take for the parameter of a challenge`,
	} {
		refused(jwt.ResourceConfig{Identifier: identifier}, "the Identifier "+want)
	}
	const h = "https://h.example/mcp"
	refused(jwt.ResourceConfig{Identifier: h, Realm: `scope="a"`}, `the Realm holds "scope=", which MCP clients take for the parameter of a challenge`)
	for _, c := range []struct {
		m    jwt.ResourceMetadata
		want string
	}{
		{jwt.ResourceMetadata{AuthorizationServers: []string{"https://a.example", "a.example"}}, `Metadata.AuthorizationServers: "a.example" is not an absolute https URL`},
		{jwt.ResourceMetadata{AuthorizationServers: []string{""}}, `Metadata.AuthorizationServers: "" is not an absolute https URL`},
		{jwt.ResourceMetadata{AuthorizationServers: []string{"http://a.example"}}, `Metadata.AuthorizationServers: "http://a.example" is an http URL, which is for the loopback interface alone: want https`},
		{jwt.ResourceMetadata{AuthorizationServers: []string{"https://a.example/.well-known/openid-configuration"}}, `Metadata.AuthorizationServers: "https://a.example/.well-known/openid-configuration" is the address of a document, and not an issuer`},
		{jwt.ResourceMetadata{ScopesSupported: []string{"a", "b c"}}, `Metadata.ScopesSupported: "b c" is no scope`},
		{jwt.ResourceMetadata{ScopesSupported: []string{""}}, `Metadata.ScopesSupported: "" is no scope`},
		{jwt.ResourceMetadata{Name: "\xff"}, `Metadata.Name is not UTF-8`},
		{jwt.ResourceMetadata{Documentation: "docs.html"}, `Metadata.Documentation is not an absolute https URL`},
	} {
		refused(jwt.ResourceConfig{Identifier: h, Metadata: c.m}, c.want)
	}
	for _, m := range []jwt.ResourceMetadata{{AuthorizationServers: []string{"https://a.example"}}, {ScopesSupported: []string{"a"}}, {Name: "a"}, {Documentation: "https://a.example"}} {
		refused(jwt.ResourceConfig{Metadata: m}, "Metadata is set, and Identifier is not")
	}
}

// What is too long for a challenge or a document is refused.
func TestMetadataLimits(t *testing.T) {
	v := fixture.NewVerifier(t)
	const h = "https://h.example/"
	for what, config := range map[string]func(text string) jwt.ResourceConfig{
		"Identifier": func(text string) jwt.ResourceConfig { return jwt.ResourceConfig{Identifier: h + text} },
		"Name": func(text string) jwt.ResourceConfig {
			return jwt.ResourceConfig{Identifier: h, Metadata: jwt.ResourceMetadata{Name: h + text}}
		},
		"Documentation": func(text string) jwt.ResourceConfig {
			return jwt.ResourceConfig{Identifier: h, Metadata: jwt.ResourceMetadata{Documentation: h + text}}
		},
		"a scope": func(text string) jwt.ResourceConfig {
			return jwt.ResourceConfig{Identifier: h, Metadata: jwt.ResourceMetadata{ScopesSupported: []string{h + text}}}
		},
		"an issuer": func(text string) jwt.ResourceConfig {
			return jwt.ResourceConfig{Identifier: h, Metadata: jwt.ResourceMetadata{AuthorizationServers: []string{h + text}}}
		},
	} {
		fixture.WantLimit(t, what, 1<<10, func(n int) error {
			_, err := jwt.NewResource(v, config(strings.Repeat("x", n-len(h))))
			return err
		})
	}
	for what, set := range map[string]func(*jwt.ResourceMetadata, []string){
		"scopes":  func(m *jwt.ResourceMetadata, list []string) { m.ScopesSupported = list },
		"issuers": func(m *jwt.ResourceMetadata, list []string) { m.AuthorizationServers = list },
	} {
		fixture.WantLimit(t, what, 100, func(n int) error {
			c := jwt.ResourceConfig{Identifier: h}
			set(&c.Metadata, slices.Repeat([]string{h}, n))
			_, err := jwt.NewResource(v, c)
			return err
		})
	}
}

// found is what a client takes from a challenge.
type found struct{ code, scope, metadata string }

// The clients of MCP read a challenge in three ways.
var challengeReaders = []struct {
	name string
	read func(fields []string) (found, bool)
}{
	// The TypeScript SDK: the word Bearer and something behind it, then the first of each parameter in all
	// fields together, wherever it stands.
	{"search", func(fields []string) (f found, ok bool) {
		all := strings.Join(fields, ", ")
		scheme, rest, _ := strings.Cut(all, " ")
		if !strings.EqualFold(scheme, "bearer") || rest == "" {
			return found{}, false
		}
		first := func(name string) string {
			m := regexp.MustCompile(name + `=(?:"([^"]+)"|([^\s,]+))`).FindStringSubmatch(all)
			if m == nil {
				return ""
			}
			return m[1] + m[2]
		}
		return found{first("error"), first("scope"), first("resource_metadata")}, true
	}},
	// The Go SDK: the grammar of RFC 9110; scope and error from the scheme Bearer.
	{"grammar", func(fields []string) (f found, ok bool) {
		for _, field := range fields {
			params, valid := parseChallenge(field)
			if !valid {
				return found{}, false
			}
			f = found{params["error"], params["scope"], params["resource_metadata"]}
		}
		return f, len(fields) == 1
	}},
	// VS Code: a scheme, then parameters in quotes, apart from each other by commas.
	{"pairs", func(fields []string) (f found, ok bool) {
		_, rest, ok := strings.Cut(strings.Join(fields, ", "), " ")
		params := map[string]string{}
		for _, pair := range regexp.MustCompile(`([a-z_]+)="([^"]*)"(?:,\s*|$)`).FindAllStringSubmatch(rest, -1) {
			params[pair[1]] = pair[2]
		}
		return found{params["error"], params["scope"], params["resource_metadata"]}, ok
	}},
}

// Every challenge of 401 and 403 tells each of the three what to ask for and where, in the same order.
func TestMetadataChallenge(t *testing.T) {
	const address = "https://api.example.com" + wellKnown + "/mcp"
	const named = `, resource_metadata="` + address + `"`
	iss := fixture.Issuer()
	good, expired := "Bearer "+iss.Token(claims{"scope": "a"}), "Bearer "+iss.Token(claims{"exp": 1})
	scopes := []jwt.Requirement{jwt.Scope("a", "b:c")}
	for _, c := range []struct {
		realm         string
		reqs          []jwt.Requirement
		authorization []string
		status        int
		challenge     string
		found         found
	}{
		{"", nil, nil, 401, `Bearer resource_metadata="` + address + `"`, found{}},
		{"shop", nil, nil, 401, `Bearer realm="shop"` + named, found{}},
		{"", scopes, nil, 401, `Bearer scope="a b:c"` + named, found{scope: "a b:c"}},
		{"", scopes, []string{"Basic dXNlcjpwYXNz"}, 401, `Bearer scope="a b:c"` + named, found{scope: "a b:c"}},
		{"a, b", scopes, nil, 401, `Bearer realm="a, b", scope="a b:c"` + named, found{scope: "a b:c"}},
		{"", nil, []string{expired}, 401, invalidToken + named, found{code: "invalid_token"}},
		{"", scopes, []string{expired}, 401, invalidToken + `, scope="a b:c"` + named, found{code: "invalid_token", scope: "a b:c"}},
		{"", scopes, []string{"DPoP " + iss.Token(nil)}, 401, invalidToken + `, scope="a b:c"` + named, found{code: "invalid_token", scope: "a b:c"}},
		{"", scopes, []string{good}, 403, missingScope + `, scope="a b:c"` + named, found{code: "insufficient_scope", scope: "a b:c"}},
		{"shop", scopes, []string{good}, 403, `Bearer realm="shop", ` + strings.TrimPrefix(missingScope, "Bearer ") + `, scope="a b:c"` + named, found{code: "insufficient_scope", scope: "a b:c"}},
		{"", []jwt.Requirement{jwt.Claim("roles").Has("admin")}, []string{good}, 403, missingScope + named, found{code: "insufficient_scope"}},
		{"", []jwt.Requirement{jwt.Scope("a"), jwt.ACR("gold"), jwt.MaxAuthAge(0)}, []string{good}, 401, reauthenticat + `, scope="a"` + named + `, acr_values="gold"`, found{code: "insufficient_user_authentication", scope: "a"}},
	} {
		r := fixture.Resource(t, jwt.ResourceConfig{Identifier: "https://api.example.com/mcp", Realm: c.realm}, nil)
		resp := answerTo(r.Require(c.reqs...), fixture.Request(c.authorization...))
		fields := resp.Header["Www-Authenticate"]
		if resp.StatusCode != c.status || len(fields) != 1 || fields[0] != c.challenge {
			t.Errorf("%v: got %d %q, want %d %s", c.reqs, resp.StatusCode, fields, c.status, c.challenge)
		}
		c.found.metadata = address
		for _, reader := range challengeReaders {
			if got, ok := reader.read(fields); !ok || got != c.found {
				t.Errorf("%s: %s: got %+v, want %+v", reader.name, fields, got, c.found)
			}
		}
		if n := strings.Count(strings.Join(fields, ""), "scope="); n > 1 {
			t.Errorf("scope stands %d times in %s", n, fields)
		}
	}
	// What is the client's own fault, or the service's, asks for no other token.
	r := described(t, "https://api.example.com/mcp", jwt.ResourceMetadata{})
	if got := answerTo(r.Require(), fixture.Request(good, good)).Header.Get("WWW-Authenticate"); got != badRequest {
		t.Errorf("400: got %s", got)
	}
	if got := r.Refusal(jwt.ErrUnavailable); got.Status != 503 || got.Header["Www-Authenticate"] != nil {
		t.Errorf("503: got %v", got.Header)
	}
	// A host that is no HTTP server says the same.
	if got := r.Refusal((*jwt.Token)(nil).Meets(jwt.Scope("a"))).Header.Get("WWW-Authenticate"); got != `Bearer scope="a"`+named {
		t.Errorf("got %s", got)
	}
}

// checkIdentified holds whatever NewResource takes: the address is a URL of the same host, a mux answers
// there, the document has the identifier byte for byte, and the challenge is well formed.
func checkIdentified(t *testing.T, r *jwt.Resource, identifier string) {
	t.Helper()
	params, ok := parseChallenge(r.Refusal(jwt.ErrExpired).Header.Get("WWW-Authenticate"))
	address, err := url.Parse(params["resource_metadata"])
	own, _ := url.Parse(identifier)
	if !ok || err != nil || address.Host != own.Host || address.Scheme != own.Scheme || address.RawQuery != own.RawQuery {
		t.Fatalf("%q: got the address %q (%v)", identifier, params["resource_metadata"], err)
	}
	resp := askMetadata(metadataMux(r), "GET", address.RequestURI())
	var document map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&document); resp.StatusCode != 200 || err != nil || document["resource"] != identifier {
		t.Fatalf("%q: got %d %v (%v)", identifier, resp.StatusCode, document, err)
	}
}
