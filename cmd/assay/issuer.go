// This file is the command issuer: it serves an issuer of tokens to tests and development in any
// language.

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var issuerCommand = command{
	name:     "issuer",
	synopsis: "[-listen address] [-audience api] [-config file]",
	summary:  "serve an issuer of tokens for tests and development, to programs in any language",
	about:    issuerAbout,
	example: "assay issuer\nassay issuer -audience https://api.example.com -claim tenant=acme\n" +
		"assay issuer -config issuer.json",
	run: runIssuer,
}

// issuerAbout is the help of the command. A browser that opens the issuer's address shows it too.
const issuerAbout = `issuer is FOR TESTS ONLY: whoever reaches it gets any token, without a password.
It serves metadata (OpenID Connect and RFC 8414), keys, client credentials,
authorization code with PKCE (S256) and without a login page, refresh tokens,
dynamic registration of clients (RFC 7591) and resource indicators (RFC 8707).
Besides, for tests:

  POST /mint      a token with the claims that you send:
                  {"claims": {...}, "alg": "ES256", "header": {...}}
                  or with any "payload": "...". One with the alg none has no
                  signature, and the secret of HS256 is nobody's: services
                  have to refuse both. A service that shares a secret:
                  {"alg": "HS256", "secret": "..."}
  POST /rotate    new keys. The old ones stay published, unless
                  {"retire": true} or {"same_kid": true}
  POST /down      metadata and keys answer 503, until DELETE /down
  POST /delay     they answer later: {"delay": "2s"}, until DELETE /delay

Without -config there is one client, test-client with the secret test-secret,
and one user, test-subject. Each member of the file may be left out.
login_hint in an authorization request picks the user.

  {"issuer": "http://127.0.0.1:9000",
   "audience": ["https://api.example.com"],
   "algorithms": ["RS256", "ES256"],
   "lifetime": "1h",
   "claims": {"tenant": "acme"},
   "clients": [{"id": "app", "secret": "...", "scope": "a b",
     "redirect_uris": ["http://127.0.0.1/callback"], "claims": {}}],
   "users": [{"sub": "alice", "claims": {"roles": ["admin"]}}]}

The issuer makes new keys at each start. It runs until interrupted.`

// defaultIssuerAddress is fixed, so that programs can be configured with it.
const defaultIssuerAddress = "127.0.0.1:9000"

func runIssuer(ctx context.Context, c *call) int {
	var given issuerConfig
	flags := c.flags()
	address := flags.String("listen", defaultIssuerAddress, "`address` to listen on, on loopback; port 0 takes a free one")
	anywhere := flags.Bool("insecure-listen", false, "allow -listen to be other than loopback: everybody who reaches it can then get every token, and tokens cross the network unencrypted")
	flags.StringVar(&given.url, "issuer", "", "`URL` that is the issuer's name (iss), if it is not http:// and the address")
	flags.Var((*texts)(&given.audience), "audience", "`api` that tokens are for (aud); clients can ask for no other; repeatable (default: they can ask for each, and get "+jwttest.Audience+" if they ask for none)")
	flags.Var((*algorithms)(&given.algorithms), "alg", "`algorithm` to publish a key for, the first signs; repeatable (default: all, and RS256 first)")
	flags.Var((*duration)(&given.lifetime), "lifetime", "`duration` of tokens (default 1h)")
	flags.Var(&given.claims, "claim", "`name=value` of a claim of every token; the value is JSON or else a text; repeatable")
	flags.BoolVar(&given.documents, "client-documents", false, "allow a client_id that is the address of its metadata document, and fetch it: an authorization request can then make this machine send a request to each address")
	file := flags.String("config", "", "JSON `file` with clients, users and claims; flags override it")
	if code, ok := c.parse(flags, 0); !ok {
		return code
	}
	if !*anywhere {
		if err := checkLoopback(*address, "whoever reaches this issuer gets any token (-insecure-listen allows it)", defaultIssuerAddress); err != nil {
			return c.misused("-listen: %v", err)
		}
	}
	config := issuerConfig{}
	if *file != "" {
		text, err := readFile("-config", *file)
		if err != nil {
			return c.misused("%v", err)
		}
		if config, err = parseIssuerConfig([]byte(text)); err != nil {
			return c.misused("-config: %v", err)
		}
	}
	if err := config.override(given); err != nil {
		return c.misused("%v", err)
	}
	return c.issuer(ctx, config, *address, *anywhere)
}

// issuer listens and serves until the context ends.
func (c *call) issuer(ctx context.Context, config issuerConfig, address string, anywhere bool) int {
	listener, err := listenIssuer(ctx, address, anywhere)
	if err != nil {
		return c.failed(err)
	}
	f, err := newFakeIssuer(config, issuerURL(address, listener.Addr()), anywhere)
	if err != nil {
		listener.Close()
		return c.misused("%v", err)
	}
	running := startIssuer(listener, f, log.New(c.stderr, "assay issuer: ", 0))
	defer running.close()
	c.announce(f, "http://"+reachable(listener.Addr()), anywhere)
	select {
	case <-ctx.Done():
		return exitOK
	case <-running.done:
		return c.failed(running.err)
	}
}

// announce says what this is, and where it listens, which need not be where its name points to. It prints no
// secret.
func (c *call) announce(f *fakeIssuer, at string, anywhere bool) {
	fmt.Fprint(c.stdout, "FOR TESTS ONLY. Whoever reaches this issuer gets any token, without a password.\n\n")
	if anywhere {
		c.warn("with -insecure-listen other machines may reach it. Never let a service that matters trust it")
	}
	fmt.Fprintf(c.stdout, "Address   %s\nIssuer    %s\nMetadata  %s\nKeys      %s\nToken     %s\nAudience  %s\nClients   %s\n\n",
		at, f.keys.URL, f.base+f.metadataPaths()[0], f.base+jwksPath, f.base+tokenPath, strings.Join(f.config.audiences(), " "), f.clientNames())
	fmt.Fprintf(c.stdout, "A token:\n\n  curl -sS -d '{\"claims\": {\"sub\": \"alice\"}}' %s\n\nPress Ctrl-C to end.\n", at+mintPath)
}

func listenIssuer(ctx context.Context, address string, anywhere bool) (net.Listener, error) {
	listener, err := listenLoopback(ctx, address, anywhere)
	var in *net.OpError
	if errors.As(err, &in) && in.Op == "listen" {
		return nil, fmt.Errorf("%w; -listen takes another address, and port 0 any that is free", err)
	}
	return listener, err
}

// issuerURL returns the default name of an issuer, which is its address.
func issuerURL(address string, at net.Addr) string {
	if host, _, err := net.SplitHostPort(address); err == nil && host == "localhost" {
		if _, port, err := net.SplitHostPort(at.String()); err == nil {
			return "http://" + net.JoinHostPort(host, port)
		}
	}
	return "http://" + reachable(at)
}

// startIssuer serves until it is closed. Requests are never logged: codes and tokens are in them.
func startIssuer(listener net.Listener, h http.Handler, faults *log.Logger) *server {
	return startLimited(listener, h, faults, maxIssuerDelay+15*time.Second, 32<<10)
}

// signable are the algorithms that an issuer can publish a key for.
var signable = []jwt.Algorithm{jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512, jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA, jwt.Ed25519}
