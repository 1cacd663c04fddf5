// Command introspection serves an API that asks the issuer about every token (RFC 7662), after it has verified it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"assay.example/jwt"
)

// guard:

// introspection asks the issuer whether a token is still active. Only a token that is valid otherwise is asked about,
// so nobody makes this service send requests with tokens of their own making. Each request costs one more: TokenCache
// saves none.
type introspection struct {
	endpoint, clientID, clientSecret string
	client                           *http.Client
}

func newIntrospection(endpoint, clientID, clientSecret string) *introspection {
	return &introspection{endpoint, clientID, clientSecret, &http.Client{
		Timeout: 2 * time.Second,
		// Somewhere else the token would be in the wrong hands.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// credential returns the text of a request's token. It is a function, so that a context that is printed does not show
// the token.
type credential func() string

type credentialKey struct{}

// keep puts the text of the token where check finds it: a Config.Validate sees what a token says, and not the token.
// It stands around the guard, and proves nothing.
func keep(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		sent := credential(func() string { return strings.TrimSpace(text) })
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), credentialKey{}, sent)))
	})
}

// check is a Config.Validate.
func (i *introspection) check(ctx context.Context, _ *jwt.Token) error {
	sent, kept := ctx.Value(credentialKey{}).(credential)
	if !kept || sent() == "" {
		return fmt.Errorf("%w: introspection: keep does not stand around the guard", jwt.ErrUnavailable)
	}
	active, err := i.active(ctx, sent())
	switch {
	case err != nil:
		return fmt.Errorf("%w: introspection: %w", jwt.ErrUnavailable, err) // 503: the token may be valid
	case !active:
		return errors.New("the issuer says that the token is not active")
	}
	return nil
}

// active is the question of RFC 7662 section 2.
func (i *introspection) active(ctx context.Context, token string) (bool, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	r, err := http.NewRequestWithContext(ctx, "POST", i.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(url.QueryEscape(i.clientID), url.QueryEscape(i.clientSecret)) // RFC 6749 section 2.3.1
	answer, err := i.client.Do(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK { // 401 too: it is this service that has no right to ask
		return false, fmt.Errorf("%s answers with status %d", i.endpoint, answer.StatusCode)
	}
	const maxBody = 64 << 10 // bytes
	var said struct {
		Active *bool `json:"active"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxBody)).Decode(&said); err != nil {
		return false, err
	}
	if said.Active == nil {
		return false, fmt.Errorf("%s does not say whether the token is active", i.endpoint)
	}
	return *said.Active, nil
}

// end of guard

func newHandler(c jwt.Config, issuer *introspection) (http.Handler, error) {
	c.Validate = issuer.check
	v, err := jwt.NewVerifier(c)
	if err != nil {
		return nil, err
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /me", api.Require(jwt.Scope("read"))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		fmt.Fprintf(w, "hello, %s\n", token.Subject())
	})))
	return keep(mux), nil
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	endpoint := flag.String("introspection", "", "the introspection_endpoint of the issuer's metadata")
	clientID := flag.String("client", "", "who this API is for the issuer; its secret is in CLIENT_SECRET")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys}, newIntrospection(*endpoint, *clientID, os.Getenv("CLIENT_SECRET")))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
