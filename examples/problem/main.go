// Command problem serves an API whose refusals are problem details (RFC 9457).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
)

// guard:

// problem is the body of the answer to a refused request. Status, WWW-Authenticate and Retry-After are
// the Refusal's: the body repeats what they say and adds no reason, which is for the operator alone.
func problem(r *http.Request, refusal jwt.Refusal) (contentType string, body []byte) {
	body, err := json.Marshal(map[string]any{
		"type":     "about:blank", // so title is the phrase of the status: RFC 9457 section 4.2.1
		"title":    http.StatusText(refusal.Status),
		"status":   refusal.Status,
		"detail":   refusal.Description,
		"instance": r.URL.EscapedPath(), // a URI reference, and no query: it may hold secrets
		"error":    refusal.Code,        // an extension: clients find the code of RFC 6750 here too
	})
	if err != nil {
		panic(err) // the Resource reports it and sends its own body
	}
	return "application/problem+json", body
}

func newResource(v *jwt.Verifier) (*jwt.Resource, error) {
	return jwt.NewResource(v, jwt.ResourceConfig{
		Answer: problem,
		OnRefusal: func(r *http.Request, e *jwt.Error) {
			slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
		},
	})
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := newResource(v)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /messages", api.Require(jwt.Scope("read:messages"))(http.HandlerFunc(list)))
	mux.Handle("GET /rooms/{room}", api.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		if err := token.Meets(jwt.Scope("room:" + r.PathValue("room"))); err != nil {
			api.Challenge(w, r, err) // a refusal of the handler's own has the same form
			return
		}
		list(w, r)
	})))
	return mux, nil
}

func list(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	fmt.Fprintf(w, "messages of %s\n", token.Subject())
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
