// Package mcp drives the MCP server of examples/mcp with the official clients. Each is told nothing but the
// server's URL: it finds the issuer from the 401, gets a token there, is asked for more scope by a 403, and goes on.
package mcp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt/jwttest"
	"github.com/modelcontextprotocol/go-sdk/auth"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

const callback = "http://127.0.0.1/callback"

// transcript records who asked what, in order.
type transcript struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (t *transcript) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
}

// String has a line for each request.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// want fails unless these lines are in the transcript in this order. Others may be between them: each client has
// ways of its own.
func (t *transcript) want(test *testing.T, lines ...string) {
	test.Helper()
	rest := t.String() + "\n"
	for _, line := range lines {
		_, after, found := strings.Cut(rest, line)
		if !found {
			test.Fatalf("the transcript lacks %q at its place:\n%s", line, t)
		}
		rest = after
	}
}

// recorder writes a line when an answer begins, so that it stands there before the client knows.
type recorder struct {
	http.ResponseWriter
	log  *transcript
	line string
}

func (w *recorder) WriteHeader(status int) {
	line := fmt.Sprintf(w.line, status)
	if challenge := w.Header().Get("WWW-Authenticate"); challenge != "" {
		line += " " + challenge
	}
	w.log.add(line)
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// record writes each request into the transcript, whose answer must have a status of its own.
func (t *transcript) record(who string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := who + ": " + r.Method + " " + r.URL.Path + " %d"
		if scope := sorted(r.URL.Query().Get("scope")); scope != "" {
			line += " for " + scope
		}
		next.ServeHTTP(&recorder{w, t, line}, r)
	})
}

// sorted orders the words of a scope, which clients join in any order.
func sorted(scope string) string {
	words := strings.Fields(scope)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// issuer is an authorization server of the kind that MCP asks for, over the keys of a jwttest.Issuer: metadata
// (RFC 8414), dynamic registration (RFC 7591), and the authorization code with PKCE and a resource (RFC 8707). Its
// one user consents to everything at once.
type issuer struct {
	url  string
	keys *jwttest.Issuer

	mu      sync.Mutex // guards what follows
	clients map[string]string
	codes   map[string]url.Values // what was asked for
}

func startIssuer(t *testing.T, log *transcript) *issuer {
	t.Helper()
	keys, err := jwttest.Start(&jwttest.Options{PlainHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(keys.Close)
	i := &issuer{keys: keys, clients: map[string]string{}, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", i.metadata)
	mux.HandleFunc("POST /register", i.register)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(log.record("issuer", mux))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func answer(w http.ResponseWriter, status int, members map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(members)
}

func (i *issuer) metadata(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": i.url, "jwks_uri": i.keys.URL + "/.well-known/jwks.json",
		"authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token", "registration_endpoint": i.url + "/register",
		"response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code"},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none"},
	})
}

func (i *issuer) register(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		URIs []string `json:"redirect_uris"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.URIs) != 1 {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_client_metadata"})
		return
	}
	id := rand.Text()
	i.mu.Lock()
	i.clients[id] = asked.URIs[0]
	i.mu.Unlock()
	answer(w, http.StatusCreated, map[string]any{"client_id": id, "redirect_uris": asked.URIs, "token_endpoint_auth_method": "none", "grant_types": []string{"authorization_code"}, "response_types": []string{"code"}})
}

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	i.mu.Lock()
	defer i.mu.Unlock()
	if uri := i.clients[q.Get("client_id")]; uri == "" || q.Get("redirect_uri") != uri || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("resource") == "" {
		http.Error(w, "what is asked for is not right: "+r.URL.RawQuery, http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.codes[code] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	i.mu.Lock()
	asked := i.codes[code]
	delete(i.codes, code)
	i.mu.Unlock()
	digest := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if asked == nil || base64.RawURLEncoding.EncodeToString(digest[:]) != asked.Get("code_challenge") || r.PostFormValue("resource") != asked.Get("resource") || r.PostFormValue("client_id") != asked.Get("client_id") {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	scope := sorted(asked.Get("scope"))
	token := i.keys.Token(jwttest.Claims{"iss": i.url, "aud": asked.Get("resource"), "sub": "ann", "client_id": asked.Get("client_id"), "scope": scope})
	answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": scope})
}

// program is examples/mcp, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mcp")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mcp")
	build := exec.Command("go", "build", "-o", path, "./mcp")
	build.Dir = "../../../examples"
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, text)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// startServer starts the MCP server behind a proxy that records, and returns its URL, as clients are given it.
func startServer(t *testing.T, i *issuer, log *transcript, flags ...string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(nil)
	resource := "http://" + proxy.Listener.Addr().String() + "/mcp"
	command := exec.Command(path, append([]string{"-issuer", i.url, "-resource", resource, "-listen", "127.0.0.1:0", "-local"}, flags...)...)
	output, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait() })
	lines := bufio.NewReader(output)
	first, err := lines.ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(first), "serving at ")
	if !ok {
		t.Fatalf("the server says %q (%v)", first, err)
	}
	go io.Copy(io.Discard, lines)
	proxy.Config.Handler = log.record("server", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address}))
	proxy.Start()
	t.Cleanup(proxy.Close)
	return resource
}

// wantDiscovery holds the transcript against what MCP prescribes for a client that knows the server's URL alone.
func wantDiscovery(t *testing.T, log *transcript, resource string) {
	t.Helper()
	t.Logf("transcript:\n%s", log)
	metadata := strings.TrimSuffix(resource, "/mcp") + "/.well-known/oauth-protected-resource/mcp"
	log.want(t,
		`server: POST /mcp 401 Bearer scope="mcp", resource_metadata="`+metadata+`"`,
		`server: GET /.well-known/oauth-protected-resource/mcp 200`,
		`issuer: GET /.well-known/oauth-authorization-server 200`,
		`issuer: POST /register 201`,
		`issuer: GET /authorize 302 for mcp`,
		`issuer: POST /token 200`,
		`server: POST /mcp 200`,
		`server: POST /mcp 403 Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="mcp notes:write", resource_metadata="`+metadata+`"`,
		`issuer: GET /authorize 302 for mcp notes:write`,
		`issuer: POST /token 200`,
		`server: POST /mcp 200`,
	)
}

var calls = []string{"ann, with the scopes [mcp]", "noted for ann: milk", "ann, with the scopes [mcp notes:write]"}

// The official Go client, with sessions and without: from revision 2026-07-28 of the protocol on there are none.
func TestGoClient(t *testing.T) {
	for version, flags := range map[string][]string{"2025-11-25": nil, "2026-07-28": {"-stateless"}} {
		t.Run(version, func(t *testing.T) {
			log := &transcript{}
			i := startIssuer(t, log)
			resource := startServer(t, i, log, flags...)
			handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
				DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
					ClientName: "e2e", RedirectURIs: []string{callback}, TokenEndpointAuthMethod: "none",
				}},
				AuthorizationCodeFetcher: follow,
			})
			if err != nil {
				t.Fatal(err)
			}
			client := sdk.NewClient(&sdk.Implementation{Name: "e2e", Version: "1.0.0"}, nil)
			session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: resource, OAuthHandler: handler}, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, log)
			}
			defer session.Close()
			if got := session.InitializeResult().ProtocolVersion; got != version {
				t.Errorf("they speak %s", got)
			}
			var got []string
			for _, call := range []*sdk.CallToolParams{{Name: "whoami"}, {Name: "add_note", Arguments: map[string]any{"text": "milk"}}, {Name: "whoami"}} {
				result, err := session.CallTool(t.Context(), call)
				if err != nil || len(result.Content) != 1 {
					t.Fatalf("%s: %v\n%s", call.Name, err, log)
				}
				got = append(got, result.Content[0].(*sdk.TextContent).Text)
			}
			if !slices.Equal(got, calls) {
				t.Errorf("got %q", got)
			}
			wantDiscovery(t, log, resource)
		})
	}
}

// follow does what a browser would, up to the callback.
func follow(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	request, err := http.NewRequestWithContext(ctx, "GET", args.URL, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	location, err := response.Location()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	return &auth.AuthorizationResult{Code: location.Query().Get("code"), State: location.Query().Get("state"), Iss: location.Query().Get("iss")}, nil
}

// The official TypeScript client, in the version of package.json.
func TestTypeScriptClient(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "client.mjs"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = dir
		var output, mistakes bytes.Buffer
		command.Stdout, command.Stderr = &output, &mistakes
		if err := command.Run(); err != nil {
			t.Fatalf("%s: %v\n%s%s", name, err, output.String(), mistakes.String())
		}
		return output.String()
	}
	run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	log := &transcript{}
	i := startIssuer(t, log)
	resource := startServer(t, i, log)
	if got := run("node", "client.mjs", resource); got != strings.Join(calls, "\n")+"\n" {
		t.Errorf("got %s", got)
	}
	wantDiscovery(t, log, resource)
}

// A browser's client asks before it reads the metadata, with the protocol's header field.
func TestPreflight(t *testing.T) {
	log := &transcript{}
	resource := startServer(t, startIssuer(t, log), log)
	request, err := http.NewRequest("OPTIONS", strings.TrimSuffix(resource, "/mcp")+"/.well-known/oauth-protected-resource/mcp", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Origin": "https://inspector.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "mcp-protocol-version"} {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 204 || response.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(strings.ToLower(response.Header.Get("Access-Control-Allow-Headers")), "mcp-protocol-version") {
		t.Errorf("%s %v", response.Status, response.Header)
	}
}
