// Command optional serves a route to everybody, and more of it to whoever has a token.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
)

// guard:

// optional lets a request without a token through, and one with a token only if the token is valid and meets all of
// reqs. A client whose token has expired must learn it: it would take the public answer for its own.
func optional(api *jwt.Resource, next http.Handler, reqs ...jwt.Requirement) http.Handler {
	api.Require(reqs...) // panics if a requirement is a mistake
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Authorization") // so that no cache gives the answer for one to the other
		token, err := api.Check(r, reqs...)
		switch {
		case errors.Is(err, jwt.ErrNoToken): // absent; one that was refused is another error
			next.ServeHTTP(w, r)
		case err != nil:
			api.Challenge(w, r, err)
		default:
			next.ServeHTTP(w, r.WithContext(jwt.NewContext(r.Context(), token)))
		}
	})
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /articles", optional(api, http.HandlerFunc(articles)))
	mux.Handle("GET /drafts", api.Require()(http.HandlerFunc(articles))) // here a token is a must
	return mux, nil
}

func articles(w http.ResponseWriter, r *http.Request) {
	token, ok := jwt.FromContext(r.Context())
	if !ok {
		fmt.Fprintln(w, "articles for everybody")
		return
	}
	w.Header().Set("Cache-Control", "private")
	fmt.Fprintf(w, "articles for %s\n", token.Subject())
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
