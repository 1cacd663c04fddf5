// Command huma serves an API whose operations are guarded by what their OpenAPI says.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// guard:

// scheme is the name of the security scheme of this API in its OpenAPI document.
const scheme = "bearer"

// everybody is the Security of an operation that asks for no token. It is one empty alternative, as OpenAPI has it:
// Security that is nil, empty or forgotten opens nothing.
var everybody = []map[string][]string{{}}

// requirements returns what the OpenAPI document says that an operation asks for. Without a word, any valid token
// will do.
func requirements(api *huma.OpenAPI, op *huma.Operation) (reqs []jwt.Requirement, open bool) {
	security := op.Security
	if security == nil {
		security = api.Security
	}
	var alternatives []jwt.Requirement
	for _, alternative := range security {
		scopes, named := alternative[scheme]
		switch {
		case len(alternative) == 0 && len(security) == 1:
			return nil, true
		case !named || len(alternative) > 1:
			panic(fmt.Sprintf("%s %s: Security is not %s alone: %v", op.Method, op.Path, scheme, alternative))
		case len(scopes) == 0:
			return nil, false
		}
		alternatives = append(alternatives, jwt.Scope(scopes...))
	}
	if len(alternatives) == 0 {
		return nil, false
	}
	return []jwt.Requirement{jwt.Any(alternatives...)}, false
}

// secure guards the operations that are registered after it. A mistake in their Security panics while they are
// registered. The document itself and its page are no operations, and stay open.
func secure(api huma.API, resource *jwt.Resource) {
	document := api.OpenAPI()
	document.OnAddOperation = append(document.OnAddOperation, func(_ *huma.OpenAPI, op *huma.Operation) {
		reqs, _ := requirements(document, op)
		resource.Require(reqs...)
	})
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		reqs, open := requirements(document, ctx.Operation())
		if open {
			next(ctx)
			return
		}
		r, w := humago.Unwrap(ctx) // each adapter of net/http has an Unwrap
		resource.Require(reqs...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			next(huma.WithContext(ctx, r.Context()))
		})).ServeHTTP(w, r)
	})
}

// problem is the body of a refusal in the form of huma's own errors.
func problem(_ *http.Request, refusal jwt.Refusal) (contentType string, body []byte) {
	model := &huma.ErrorModel{Status: refusal.Status, Title: http.StatusText(refusal.Status), Detail: refusal.Description}
	body, err := json.Marshal(model)
	if err != nil {
		panic(err) // the Resource reports it and sends its own body
	}
	return model.ContentType("application/json"), body
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	resource, err := jwt.NewResource(v, jwt.ResourceConfig{Answer: problem, OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Messages", "1.0.0")
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{scheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"}}
	config.Security = []map[string][]string{{scheme: {}}} // of operations that say nothing themselves
	api := humago.New(mux, config)
	secure(api, resource) // before the first operation: huma's middlewares are for those that follow

	register := func(op huma.Operation) {
		op.Errors = []int{401, 403, 503} // for the document
		huma.Register(api, op, hello)
	}
	register(huma.Operation{OperationID: "health", Method: "GET", Path: "/health", Security: everybody})
	register(huma.Operation{OperationID: "me", Method: "GET", Path: "/me"})
	register(huma.Operation{OperationID: "messages", Method: "GET", Path: "/messages", Security: []map[string][]string{{scheme: {"read:messages"}}}})
	register(huma.Operation{OperationID: "archive", Method: "GET", Path: "/archive", Security: []map[string][]string{
		{scheme: {"read:messages", "read:archive"}}, {scheme: {"admin"}}}}) // both, or the other
	huma.Register(api, huma.Operation{OperationID: "write", Method: "POST", Path: "/messages", Security: []map[string][]string{{scheme: {"write:messages"}}}},
		func(context.Context, *struct{ Body struct{ Text string } }) (*struct{}, error) { return nil, nil })
	return mux, nil
}

type greeting struct{ Body struct{ Subject string } }

func hello(ctx context.Context, _ *struct{}) (*greeting, error) {
	var answer greeting
	if token, ok := jwt.FromContext(ctx); ok {
		answer.Body.Subject = token.Subject()
	}
	return &answer, nil
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(v)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
