// Command revocation serves an API that refuses tokens which were revoked before their time: their ids stand in Redis.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"assay.example/jwt"
	"github.com/redis/go-redis/v9"
)

// guard:

// patience is how long a request waits for Redis. Without an answer nobody is let in.
const patience = 500 * time.Millisecond

// revocations are the tokens that were revoked. An entry lives as long as its token could. The Redis must not evict
// keys (maxmemory-policy noeviction), and should keep them over a restart (appendonly yes): a token whose entry is
// lost is good again.
type revocations struct{ redis *redis.Client }

func newRevocations(address string) (*revocations, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, err
	}
	options.DialTimeout, options.DialerRetries, options.ContextTimeoutEnabled = patience, 1, true
	return &revocations{redis.NewClient(options)}, nil
}

// entry is the key of a token in Redis. Two issuers may give the same jti.
func entry(token *jwt.Token) string { return "revoked " + token.Issuer() + " " + token.ID() }

// check is a Config.Validate. It is asked for every request, also for a token that TokenCache remembers.
func (r *revocations) check(ctx context.Context, token *jwt.Token) error {
	if token.ID() == "" {
		return errors.New("the token has no jti, and so could not be revoked")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	n, err := r.redis.Exists(ctx, entry(token)).Result()
	switch {
	case err != nil:
		return fmt.Errorf("%w: revocations: %w", jwt.ErrUnavailable, err) // 503: the token may be valid
	case n > 0:
		return errors.New("the token was revoked")
	}
	return nil
}

// revoke returns when every service that asks this Redis refuses the token.
func (r *revocations) revoke(ctx context.Context, token *jwt.Token) error {
	const maxLeeway = 10 * time.Minute // of any Config: so long after its exp a token may still be accepted
	return r.redis.SetArgs(ctx, entry(token), "", redis.SetArgs{ExpireAt: token.ExpiresAt().Add(maxLeeway)}).Err()
}

// end of guard

func newHandler(c jwt.Config, revoked *revocations) (http.Handler, error) {
	c.Validate = revoked.check
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
	mux.Handle("GET /me", api.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		fmt.Fprintf(w, "hello, %s\n", token.Subject())
	})))
	mux.Handle("POST /logout", api.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwt.FromContext(r.Context())
		if err := revoked.revoke(r.Context(), token); err != nil {
			slog.Error("not revoked", "err", err)
			w.WriteHeader(http.StatusServiceUnavailable) // the client must not believe that it is logged out
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})))
	return mux, nil
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	address := flag.String("redis", "redis://localhost:6379", "where the ids of revoked tokens are")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	revoked, err := newRevocations(*address)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys}, revoked)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
