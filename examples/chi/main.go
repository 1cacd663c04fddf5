// Command chi serves an API whose routes are guarded by chi's Use and With.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/go-chi/chi/v5"
)

// guard:

// Nothing: chi's middlewares are those of net/http, and Require is one.

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	router.Get("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	router.Route("/api", func(r chi.Router) {
		r.Use(api.Require()) // all of /api, paths without a route too; chi panics if a route stands before it
		r.Get("/me", me)
		r.With(api.Require(jwt.Scope("read:messages"))).Get("/messages", me) // the token is still verified once
		r.Get("/rooms/{room}", func(w http.ResponseWriter, r *http.Request) {
			token, _ := jwt.FromContext(r.Context())
			if err := token.Meets(jwt.Scope("room:" + chi.URLParam(r, "room"))); err != nil {
				api.Challenge(w, r, err)
				return
			}
			me(w, r)
		})
	})
	return router, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	fmt.Fprintf(w, "hello, %s\n", token.Subject())
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
