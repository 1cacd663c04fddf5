// Command events serves a stream of server-sent events to pages, whose EventSource sends a cookie and no header field.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"assay.example/jwt"
)

// guard:

// cookie is the name of the cookie. Browsers take one of this prefix from this very host alone, over https.
const cookie = "__Host-token"

// newResource reads the token from the cookie too.
func newResource(v *jwt.Verifier) (*jwt.Resource, error) {
	return jwt.NewResource(v, jwt.ResourceConfig{Cookie: cookie, OnRefusal: refused})
}

// newSession answers a page that has a token with a cookie that carries it: the page sends it once in Authorization,
// and no script can read it afterwards. It does not look at a cookie that is there already.
func newSession(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: refused})
	if err != nil {
		return nil, err
	}
	return api.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		text := strings.Fields(r.Header.Get("Authorization"))[1] // the guard let it through: a scheme and a token
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: text, Path: "/", Expires: token.ExpiresAt(),
			HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode})
		w.WriteHeader(http.StatusNoContent)
	})), nil
}

// untilExpiry ends the context of a request when its token expires: a stream lives as long as its client wants, and
// its token was verified only when it began.
func untilExpiry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := jwt.FromContext(r.Context())
		if !ok {
			panic("untilExpiry stands behind no guard")
		}
		ctx, cancel := context.WithDeadline(r.Context(), token.ExpiresAt())
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func refused(r *http.Request, e *jwt.Error) {
	slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := newResource(v)
	if err != nil {
		return nil, err
	}
	session, err := newSession(v)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /session", session)
	mux.Handle("GET /events", api.Require(jwt.Scope("events"))(untilExpiry(http.HandlerFunc(events))))
	mux.Handle("POST /messages", api.Require(jwt.Scope("write"))(http.HandlerFunc(write)))
	// A browser sends cookies on its own, also for a page of another origin that posts a form.
	return http.NewCrossOriginProtection().Handler(mux), nil
}

// interval is the time between two events. It is shorter than the time after which proxies give up a silent answer.
const interval = 10 * time.Second

// events sends an event now and then, until the client goes or its context ends. An EventSource that was let through
// comes again by itself. One that is refused does not, whatever the status: its page asks for a new token and makes a
// new EventSource.
func events(w http.ResponseWriter, r *http.Request) {
	token, _ := jwt.FromContext(r.Context())
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would collect events otherwise
	flusher := http.NewResponseController(w)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for n := 1; ; n++ {
		fmt.Fprintf(w, "id: %d\ndata: hello, %s\n\n", n, token.Subject())
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

func write(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

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
