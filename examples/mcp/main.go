// Command mcp serves tools to clients of the Model Context Protocol. They find the issuer by themselves, and are
// asked for more scope where a tool needs it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// guard:

// policy says what each tool asks for, beside what the endpoint asks for. A tool that it does not name is refused.
type policy map[string][]jwt.Requirement

// sameUser is the SDK's own guard, inside of ours. It keeps the user's name with a session, and refuses a request of
// anybody else on it: without this, whoever learns the session's id acts as its owner.
var sameUser = auth.RequireBearerToken(func(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
	token, ok := jwt.FromContext(ctx)
	if !ok || token.Subject() == "" { // without a user nobody can say whose session it is
		return nil, auth.ErrInvalidToken
	}
	return &auth.TokenInfo{
		UserID: token.Issuer() + "\n" + token.Subject(), // a subject is unique within its issuer alone
		Scopes: token.Scopes(),
		Extra:  map[string]any{"token": token},
	}, nil
}, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true}) // our guard has judged exp, with its leeway

// perRequest lets FromContext find the token of the request in a tool's handler. The SDK gives the handler the
// context of the request that opened the session, where FromContext would find the token of that.
func (p policy) perRequest(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		var token *jwt.Token
		if extra := req.GetExtra(); extra != nil && extra.TokenInfo != nil {
			token, _ = extra.TokenInfo.Extra["token"].(*jwt.Token)
		}
		if call, ok := req.(*mcp.CallToolRequest); ok {
			reqs, named := p[call.Params.Name]
			if !named || token.Meets(reqs...) != nil {
				return nil, errors.New("the access token does not allow this tool")
			}
		}
		return next(jwt.NewContext(ctx, token), method, req)
	}
}

// stepUp answers a call of a tool with 403 and the scopes that it needs, so that the client asks for them. It only
// tells: perRequest decides, by what the SDK reads in the same body.
func (p policy) stepUp(api *jwt.Resource, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mcp.DefaultMaxRequestBodyBytes))
		if err != nil {
			http.Error(w, "The request is too large, or was not finished.", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var call struct {
			Method string
			Params struct{ Name string }
		}
		if json.Unmarshal(body, &call) == nil && call.Method == "tools/call" {
			token, _ := jwt.FromContext(r.Context())
			if err := token.Meets(p[call.Params.Name]...); err != nil {
				api.Challenge(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// guard serves the tools of a server to tokens that meet reqs, and each tool to those that the policy lets to it.
func (p policy) guard(api *jwt.Resource, server *mcp.Server, o *mcp.StreamableHTTPOptions, reqs ...jwt.Requirement) http.Handler {
	server.AddReceivingMiddleware(p.perRequest)
	tools := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, o)
	return api.Require(reqs...)(p.stepUp(api, sameUser(tools)))
}

// end of guard

func newHandler(v *jwt.Verifier, identifier string, o *mcp.StreamableHTTPOptions) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{
		Identifier: identifier,
		Metadata:   jwt.ResourceMetadata{Name: "Notes", ScopesSupported: []string{"mcp"}},
		OnRefusal: func(r *http.Request, e *jwt.Error) {
			slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
		},
	})
	if err != nil {
		return nil, err
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami", Description: "Says whose token this is."}, whoami)
	mcp.AddTool(server, &mcp.Tool{Name: "add_note", Description: "Adds a note."}, addNote)
	mux := http.NewServeMux()
	mux.Handle("/mcp", policy{
		"whoami":   {},
		"add_note": {jwt.Scope("notes:write")},
	}.guard(api, server, o, jwt.Scope("mcp")))
	for _, path := range api.MetadataPaths() {
		mux.Handle(path, api.Metadata())
	}
	return mux, nil
}

func text(format string, args ...any) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf(format, args...)}}}
}

func whoami(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	token, _ := jwt.FromContext(ctx)
	return text("%s, with the scopes %v", token.Subject(), token.Scopes()), nil, nil
}

type note struct {
	Text string `json:"text"`
}

func addNote(ctx context.Context, _ *mcp.CallToolRequest, n note) (*mcp.CallToolResult, any, error) {
	token, _ := jwt.FromContext(ctx)
	return text("noted for %s: %s", token.Subject(), n.Text), nil, nil
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	identifier := flag.String("resource", "http://localhost:8080/mcp", "the URL that clients are given, which is the audience of the tokens too")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	stateless := flag.Bool("stateless", false, "serve without sessions, as from revision 2026-07-28 of the protocol on")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: *issuer, Audience: []string{*identifier}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(v, *identifier, &mcp.StreamableHTTPOptions{Stateless: *stateless})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("serving at %s", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
