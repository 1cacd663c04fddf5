package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const resource = "https://notes.example/mcp"

func verifier(t *testing.T) (*jwttest.Issuer, *jwt.Verifier) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	config := issuer.Config()
	config.Audience = []string{resource}
	v, err := jwt.NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, v
}

func serve(t *testing.T) (*jwttest.Issuer, http.Handler) {
	t.Helper()
	issuer, v := verifier(t)
	handler, err := newHandler(v, resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, handler
}

// token is one for this resource.
func token(issuer *jwttest.Issuer, subject, scope string) string {
	return issuer.Token(jwttest.Claims{"aud": resource, "sub": subject, "scope": scope})
}

// post sends a message of the protocol, on a session if there is one.
func post(handler http.Handler, token, session, message string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/mcp", strings.NewReader(message))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
		r.Header.Set("Mcp-Protocol-Version", "2025-11-25")
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

const (
	initialize  = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`
	initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	askName     = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"whoami"}}`
	note1       = `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"add_note","arguments":{"text":"milk"}}}`
)

// open opens a session.
func open(t *testing.T, handler http.Handler, token string) (session string) {
	t.Helper()
	w := post(handler, token, "", initialize)
	session = w.Header().Get("Mcp-Session-Id")
	if w.Code != 200 || session == "" {
		t.Fatalf("initialize: %d %s", w.Code, w.Body)
	}
	if w := post(handler, token, session, initialized); w.Code != 202 {
		t.Fatalf("initialized: %d %s", w.Code, w.Body)
	}
	t.Cleanup(func() { // or the session's goroutine lives on
		r := httptest.NewRequest("DELETE", "/mcp", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Mcp-Session-Id", session)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	})
	return session
}

// answer is the text, or the error, that a message was answered with.
func answer(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	_, data, ok := strings.Cut(w.Body.String(), "data: ")
	var message struct {
		Result struct{ Content []struct{ Text string } }
		Error  struct{ Message string }
	}
	if err := json.Unmarshal([]byte(strings.TrimSpace(data)), &message); !ok || err != nil || w.Code != 200 {
		t.Fatalf("%d %s (%v)", w.Code, w.Body, err)
	}
	for _, content := range message.Result.Content {
		return content.Text
	}
	return "error: " + message.Error.Message
}

// Every refusal tells the client where the metadata is, and the metadata is there without a token.
func TestGuard(t *testing.T) {
	issuer, handler := serve(t)
	const described = `, resource_metadata="https://notes.example/.well-known/oauth-protected-resource/mcp"`
	for name, c := range map[string]struct {
		token     string
		status    int
		challenge string
	}{
		"no token":          {"", 401, `Bearer scope="mcp"` + described},
		"another API's":     {issuer.Token(jwttest.Claims{"scope": "mcp"}), 401, `Bearer error="invalid_token", error_description="[^"]+", scope="mcp"` + described},
		"without the scope": {token(issuer, "ann", "profile"), 403, `Bearer error="insufficient_scope", error_description="[^"]+", scope="mcp"` + described},
	} {
		w := post(handler, c.token, "", initialize)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != c.status || !regexp.MustCompile("^"+c.challenge+"$").MatchString(got) {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/mcp/"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		var document struct {
			Resource string
			Servers  []string `json:"authorization_servers"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil || document.Resource != resource || fmt.Sprint(document.Servers) != "["+issuer.URL+"]" {
			t.Errorf("%s: %d %s (%v)", path, w.Code, w.Body, err)
		}
	}
}

// A tool sees the token of the request, not the one that opened the session.
func TestTokenOfTheRequest(t *testing.T) {
	issuer, handler := serve(t)
	session := open(t, handler, token(issuer, "ann", "mcp"))
	for _, scope := range []string{"mcp", "mcp notes:write", "mcp"} {
		want := fmt.Sprintf("ann, with the scopes %v", strings.Fields(scope))
		if got := answer(t, post(handler, token(issuer, "ann", scope), session, askName)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Whoever learns a session's id is not its owner.
func TestSecondUser(t *testing.T) {
	issuer, handler := serve(t)
	session := open(t, handler, token(issuer, "ann", "mcp"))
	for name, other := range map[string]string{"another user": token(issuer, "bob", "mcp"), "no user": issuer.Token(jwttest.Claims{"aud": resource, "sub": nil, "client_id": "ann", "scope": "mcp"})} {
		w := post(handler, other, session, askName)
		if w.Code != 403 && w.Code != 401 || strings.Contains(w.Body.String(), "ann") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		for _, method := range []string{"GET", "DELETE"} {
			r := httptest.NewRequest(method, "/mcp", nil)
			for field, value := range map[string]string{"Authorization": "Bearer " + other, "Mcp-Session-Id": session, "Accept": "text/event-stream"} {
				r.Header.Set(field, value)
			}
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, r); w.Code != 403 && w.Code != 401 {
				t.Errorf("%s: %s: %d %s", name, method, w.Code, w.Body)
			}
		}
	}
	if got := answer(t, post(handler, token(issuer, "ann", "mcp"), session, askName)); got != "ann, with the scopes [mcp]" {
		t.Errorf("the owner: got %q", got)
	}
}

// What docs/mcp.md says of our guard alone: it verifies each request, and the SDK gives the tool the context of
// the first. If this fails, the SDK has changed, and the page is out of date.
func TestOurGuardAlone(t *testing.T) {
	issuer, v := verifier(t)
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, whoami)
	handler := v.Require()(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil))
	session := open(t, handler, token(issuer, "ann", "mcp"))
	if got := answer(t, post(handler, token(issuer, "bob", "mcp"), session, askName)); got != "ann, with the scopes [mcp]" {
		t.Errorf("a second user on the session is %q", got)
	}
}

// A tool that needs more scope is refused with 403 and all scopes that the next token must have.
func TestToolScope(t *testing.T) {
	issuer, handler := serve(t)
	session := open(t, handler, token(issuer, "ann", "mcp"))
	w := post(handler, token(issuer, "ann", "mcp"), session, note1)
	if got := w.Header().Get("WWW-Authenticate"); w.Code != 403 || !strings.Contains(got, `error="insufficient_scope"`) || !strings.Contains(got, `scope="mcp notes:write"`) {
		t.Errorf("%d %s", w.Code, got)
	}
	if got := answer(t, post(handler, token(issuer, "ann", "mcp notes:write"), session, note1)); got != "noted for ann: milk" {
		t.Errorf("with the scope: got %q", got)
	}
	// What hides the tool's name from stepUp does not hide it from perRequest, nor is an unlisted tool served.
	for name, message := range map[string]string{
		"twice":        `{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"add_note","arguments":{"text":"x"},"Name":"whoami"}}`,
		"method twice": `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"add_note","arguments":{"text":"x"}},"METHOD":"ping"}`,
		"unlisted":     `{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"remove_note"}}`,
	} {
		if w := post(handler, token(issuer, "ann", "mcp"), session, message); strings.Contains(w.Body.String(), "noted") || w.Code == 200 && answer(t, w) != "error: the access token does not allow this tool" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// While the issuer is down the answer is 503 with Retry-After, and says nothing of the reason.
func TestKeysUnavailable(t *testing.T) {
	issuer, handler := serve(t)
	issuer.SetDown(true)
	w := post(handler, token(issuer, "ann", "mcp"), "", initialize)
	const want = `{"error":"temporarily_unavailable","error_description":"The service cannot verify tokens right now."}` + "\n"
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Body.String() != want {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// A request that is larger than the SDK takes is not read to its end.
func TestLargeRequest(t *testing.T) {
	issuer, handler := serve(t)
	r := httptest.NewRequest("POST", "/mcp", io.MultiReader(strings.NewReader(`{"x":"`), endless{}))
	r.Header.Set("Authorization", "Bearer "+token(issuer, "ann", "mcp"))
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Code != 413 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// The server of docs/mcp.md has 20 lines, and keeps users apart as this one does.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/mcp.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of Go", len(blocks))
	}
	if n := strings.Count(blocks[0][1], "\n"); n > 20 {
		t.Errorf("the server has %d lines", n)
	}
	server := strings.Replace(blocks[0][1], "jwt.Config{", "jwt.Config{Keys: keys, ", 1) // of an issuer that only this test trusts
	path := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(path, fmt.Appendf(nil, pageProgram, server, blocks[1][1]), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = `no token: 401 Bearer scope="mcp", resource_metadata="https://notes.example/.well-known/oauth-protected-resource/mcp"
metadata: 200 {"resource":"https://notes.example/mcp",
ann: 200 {"type":"text","text":"ann"}
bob: 403 session user mismatch
`
	if text, err := exec.Command("go", "run", path).CombinedOutput(); err != nil || string(text) != want {
		t.Errorf("%v: got\n%s\nwant\n%s", err, text, want)
	}
}

// pageProgram is a program around the two blocks of the page.
const pageProgram = `package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func serve(mux *http.ServeMux, server *mcp.Server, keys jwt.KeySource, issuer, url string) {
	%s}

func whoami(_ context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	%s
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: token.Subject()}}}, nil, nil
}

func main() {
	iss, err := jwttest.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, whoami)
	mux := http.NewServeMux()
	serve(mux, server, iss.Config().Keys, iss.URL, "https://notes.example/mcp")
	send := func(method, path, user, session, message string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(message))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Mcp-Session-Id", session)
		if user != "" {
			r.Header.Set("Authorization", "Bearer "+iss.Token(jwttest.Claims{"aud": "https://notes.example/mcp", "sub": user, "scope": "mcp"}))
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	w := send("POST", "/mcp", "", "", "{}")
	fmt.Println("no token:", w.Code, w.Header().Get("WWW-Authenticate"))
	w = send("GET", "/.well-known/oauth-protected-resource/mcp", "", "", "")
	fmt.Println("metadata:", w.Code, regexp.MustCompile("^[^,]*,").FindString(w.Body.String()))
	const initialize = ` + "`" + initialize + "`" + `
	session := send("POST", "/mcp", "ann", "", initialize).Header().Get("Mcp-Session-Id")
	send("POST", "/mcp", "ann", session, ` + "`" + initialized + "`" + `)
	w = send("POST", "/mcp", "ann", session, ` + "`" + askName + "`" + `)
	fmt.Println("ann:", w.Code, regexp.MustCompile("{\"type[^}]*}").FindString(w.Body.String()))
	w = send("POST", "/mcp", "bob", session, ` + "`" + askName + "`" + `)
	fmt.Print("bob: ", w.Code, " ", w.Body)
}
`
