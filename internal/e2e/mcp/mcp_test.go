// Package mcp drives the MCP server of examples/mcp with the official clients. Each is told nothing but the
// server's URL: it finds the issuer from the 401, gets a token there, is asked for more scope by a 403, and goes on.
package mcp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

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

// commands are the programs that the tests start, built once: assay, and examples/mcp.
var commands string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if commands, err = os.MkdirTemp("", "assay-mcp-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(commands)
	for module, command := range map[string]string{"../../..": "./cmd/assay", "../../../examples": "./mcp"} {
		build := exec.Command("go", "build", "-o", commands, command)
		build.Dir = module
		if text, err := build.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("%s cannot be built: %w\n%s", command, err, text)
		}
	}
	return m.Run(), nil
}

// start starts a program behind a proxy that records. The program is told the proxy's URL, which is the one that
// everybody knows, and says at which address it listens itself, in a line of this form.
func start(t *testing.T, log *transcript, who string, form *regexp.Regexp, program func(url string) *exec.Cmd) {
	t.Helper()
	proxy := httptest.NewUnstartedServer(nil)
	command := program("http://" + proxy.Listener.Addr().String())
	output, input, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = input, input
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Process.Kill(); command.Wait(); output.Close() })
	input.Close()
	lines := bufio.NewScanner(output)
	var address []string
	var said strings.Builder
	for address == nil && lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		address = form.FindStringSubmatch(lines.Text())
	}
	if address == nil {
		t.Fatalf("the %s says (%v)\n%s", who, lines.Err(), said.String())
	}
	go io.Copy(io.Discard, output)
	proxy.Config.Handler = log.record(who, httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address[1]}))
	proxy.Start()
	t.Cleanup(proxy.Close)
}

var (
	issuerListens = regexp.MustCompile(`^Address +http://(\S+)$`)
	serverListens = regexp.MustCompile(`serving at (\S+)$`)
)

// startIssuer starts "assay issuer", and returns its name. Whoever is sent there is ann, and allows everything.
func startIssuer(t *testing.T, log *transcript) (issuer string) {
	t.Helper()
	start(t, log, "issuer", issuerListens, func(url string) *exec.Cmd {
		issuer = url
		return exec.Command(filepath.Join(commands, "assay"), "issuer", "-listen", "127.0.0.1:0", "-issuer", issuer, "-claim", "sub=ann")
	})
	return issuer
}

// startServer starts the MCP server, and returns its URL, as clients are given it.
func startServer(t *testing.T, issuer string, log *transcript, flags ...string) (resource string) {
	t.Helper()
	start(t, log, "server", serverListens, func(url string) *exec.Cmd {
		resource = url + "/mcp"
		return exec.Command(filepath.Join(commands, "mcp"), append([]string{"-issuer", issuer, "-resource", resource, "-listen", "127.0.0.1:0", "-local"}, flags...)...)
	})
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
		`issuer: POST /oauth/register 201`,
		`issuer: GET /oauth/authorize 302 for mcp`,
		`issuer: POST /oauth/token 200`,
		`server: POST /mcp 200`,
		`server: POST /mcp 403 Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="mcp notes:write", resource_metadata="`+metadata+`"`,
		`issuer: GET /oauth/authorize 302 for mcp notes:write`,
		`issuer: POST /oauth/token 200`,
		`server: POST /mcp 200`,
	)
}

// calls are what the tools answer. The token has its scopes in the order in which the client asked for them, and a
// client may ask in any: see told.
var calls = []string{"ann, with the scopes [mcp]", "noted for ann: milk", "ann, with the scopes [mcp notes:write]"}

// told is the answer of a tool, with the scopes in it sorted.
func told(answer string) string {
	before, scopes, ok := strings.Cut(strings.TrimSuffix(answer, "]"), "[")
	if !ok {
		return answer
	}
	return before + "[" + sorted(scopes) + "]"
}

// The official Go client, with sessions and without: from revision 2026-07-28 of the protocol on there are none.
func TestGoClient(t *testing.T) {
	for version, flags := range map[string][]string{"2025-11-25": nil, "2026-07-28": {"-stateless"}} {
		t.Run(version, func(t *testing.T) {
			log := &transcript{}
			resource := startServer(t, startIssuer(t, log), log, flags...)
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
				got = append(got, told(result.Content[0].(*sdk.TextContent).Text))
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
	resource := startServer(t, startIssuer(t, log), log)
	var got []string
	for answer := range strings.Lines(run("node", "client.mjs", resource)) {
		got = append(got, told(strings.TrimSpace(answer)))
	}
	if !slices.Equal(got, calls) {
		t.Errorf("got %q", got)
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
