// Command cors serves an API to pages of other origins: CORS around the guard, on a plain http.ServeMux.
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
	"github.com/rs/cors"
)

// guard:

// crossOrigin answers preflights, which never carry a token, and lets pages of these origins read the answers,
// refusals too. So it stands around the guard.
func crossOrigin(origins ...string) *cors.Cors {
	return cors.New(cors.Options{
		// Not AllowedOrigins: if that list is empty, all origins are allowed.
		AllowOriginFunc: func(origin string) bool { return slices.Contains(origins, origin) },
		AllowedMethods:  []string{"GET", "POST", "DELETE"},
		// A browser asks for each field that the page sets. The last three are those of MCP clients.
		AllowedHeaders: []string{"Authorization", "Content-Type", "MCP-Protocol-Version", "Mcp-Session-Id", "Last-Event-ID"},
		// Without these, a page sees a 401 and not why, and a 503 and not when to come again.
		ExposedHeaders: []string{"WWW-Authenticate", "Retry-After", "Mcp-Session-Id"},
		MaxAge:         600, // seconds
		// AllowCredentials stays false: the page sends its token itself, and no cookie counts.
	})
}

// end of guard

func newHandler(v *jwt.Verifier, origins ...string) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /messages", api.Require(jwt.Scope("read:messages"))(http.HandlerFunc(list)))
	mux.Handle("POST /messages", api.Require(jwt.Scope("write:messages"))(http.HandlerFunc(list)))
	return crossOrigin(origins...).Handler(mux), nil
}

func list(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	fmt.Fprintf(w, "messages of %s\n", token.Subject())
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	origins := flag.String("origins", "", "the origins of pages that may use this API, with commas between them")
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
	handler, err := newHandler(v, strings.Split(*origins, ",")...)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
