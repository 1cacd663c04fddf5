// Command health serves an API beside the probes of an orchestrator and a page for its operators.
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
)

// guard:

// health answers probes and operators. It has no guard: serve it where the public does not come, for the page names
// issuers, keys and faults.
func health(v *jwt.Verifier) http.Handler {
	mux := http.NewServeMux()
	// Is the process alive? The issuer's state is none of its business: a restart mends nothing there.
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	// Would a token be served? Ready is cheap enough to be asked every second. It begins a renewal where one is due, so
	// that a service without traffic notices that its issuer is back, and is content with the last keys meanwhile.
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second) // less than the probe's own
		defer cancel()
		if err := v.Ready(ctx); err != nil {
			slog.Warn("not ready", "err", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	// How are the keys? Status makes no request.
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v.Status())
	})
	return mux
}

// end of guard

func newHandler(v *jwt.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /me", v.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		fmt.Fprintf(w, "hello, %s\n", token.Subject())
	})))
	return mux
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	inside := flag.String("health", "localhost:8081", "the address for probes and operators")
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
	go func() {
		server := &http.Server{Addr: *inside, Handler: health(v), ReadHeaderTimeout: 10 * time.Second}
		log.Fatal(server.ListenAndServe())
	}()
	server := &http.Server{Addr: *listen, Handler: newHandler(v), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
