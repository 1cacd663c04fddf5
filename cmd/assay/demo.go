// This file is the command demo: it starts an issuer and an API on this machine, takes the tour, and
// stops them or keeps them running for the user.

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var demoCommand = command{
	name:     "demo",
	synopsis: "[-listen address]",
	summary:  "guard an API on this machine, attack it, and show why each request was refused",
	about: "demo starts an issuer of tokens and an API on loopback addresses, makes real requests to them,\n" +
		"good ones and attacks, and shows every answer with the reason that the API's operator learns.\n" +
		"The exit status is 0 if every answer is the right one, otherwise 1.",
	example: "assay demo\nassay demo -listen 127.0.0.1:8080",
	run:     runDemo,
}

func runDemo(ctx context.Context, c *call) int {
	flags := c.flags()
	listen := flags.String("listen", "", "`address` of the API, on loopback; it and the issuer then run until interrupted")
	if code, ok := c.parse(flags, 0); !ok {
		return code
	}
	if *listen != "" {
		if err := checkLoopback(*listen, "the demo's issuer gives everybody any token", "127.0.0.1:8080"); err != nil {
			return c.misused("-listen: %v", err)
		}
	}
	return c.demo(ctx, *listen, steps())
}

// demo takes the tour. If an address was given, issuer and API then keep running.
func (c *call) demo(ctx context.Context, listen string, all []step) int {
	d, err := startDemo(listen, c.stderr)
	if err != nil {
		return c.failed(err)
	}
	defer d.close()

	p := newPrinter(c.stdout)
	fmt.Fprintf(c.stdout, "Issuer  %s  (RS256)\nAPI     %s\n\n", d.issuer.URL, d.api.url)
	wrong, err := d.tour().run(ctx, all, p)
	d.issuer.SetDown(false)
	switch {
	case err != nil:
		return c.failed(err)
	case listen == "":
		c.next(p)
	default:
		fmt.Fprintf(c.stdout, "\nIssuer and API keep running until you press Ctrl-C. The issuer does all that assay issuer does. You can now type:\n\n%s\n"+
			"To see why a token is valid, or is not:\n\n%s\n"+
			"The reason of every refusal is logged here.\n", d.curl(), d.verify(c.program))
		if err := d.wait(ctx); err != nil {
			return c.failed(err)
		}
	}
	if wrong > 0 {
		return exitFailed
	}
	return exitOK
}

// demo is an issuer with two instances of one API.
type demo struct {
	issuer    *jwttest.Issuer // within served
	served    *server         // the issuer's server, as in the command issuer
	api       *server
	restarted *server // gets no request until the issuer is down
	refusals  *refusals
	client    *http.Client
}

// startDemo starts the servers; for an empty address the system chooses the port. Refusals are logged
// only if an address was given, because only then users send requests of their own.
func startDemo(listen string, stderr io.Writer) (_ *demo, err error) {
	d := &demo{refusals: &refusals{expected: map[string]*jwt.Error{}}}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	const anyPort = "127.0.0.1:0"
	if listen == "" {
		listen = anyPort
	} else {
		d.refusals.log = slog.New(slog.NewTextHandler(stderr, nil))
	}
	d.client = &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	if err = d.startIssuer(anyPort, stderr); err != nil {
		return nil, err
	}
	if d.api, err = d.start(listen, stderr); err != nil {
		return nil, err
	}
	if d.restarted, err = d.start(anyPort, stderr); err != nil {
		return nil, err
	}
	return d, nil
}

// startIssuer starts the issuer. Its name has a slash at the end, as Auth0's have.
func (d *demo) startIssuer(address string, stderr io.Writer) error {
	listener, err := listenLoopback(context.Background(), address, false)
	if err != nil {
		return err
	}
	config := issuerConfig{url: "http://" + listener.Addr().String() + "/", algorithms: []jwt.Algorithm{jwt.RS256}}
	if err = config.override(issuerConfig{audience: []string{jwttest.Audience}}); err != nil {
		return err
	}
	f, err := newFakeIssuer(config, "", false)
	if err != nil {
		return err
	}
	d.issuer, d.served = f.keys, startIssuer(listener, f, log.New(stderr, "", log.LstdFlags))
	return nil
}

// start starts an instance of the API.
func (d *demo) start(address string, stderr io.Writer) (*server, error) {
	keys, err := jwt.Discover(d.issuer.URL, &jwt.RemoteOptions{Client: d.client, InsecureLoopbackHTTP: true})
	if err != nil {
		return nil, err
	}
	api, err := newAPI(jwt.Config{Issuer: d.issuer.URL, Audience: []string{jwttest.Audience}, Keys: keys}, d.refusals.observe)
	if err != nil {
		return nil, err
	}
	return serve(address, api, stderr)
}

func (d *demo) tour() *tour {
	return &tour{issuer: d.issuer, api: d.api.url, restarted: d.restarted.url, client: d.client, refusals: d.refusals}
}

// next says what to do after the tour. Each command works as it stands.
func (c *call) next(p *printer) {
	fmt.Fprint(c.stdout, "\nWhat to do next:\n")
	for _, one := range [...]struct{ command, what string }{
		{"demo -listen 127.0.0.1:8080", "Issuer and API keep running, for requests of your own."},
		{"verify", "Paste a token that you have: see it decoded, and how to verify it."},
		{"debug", "The same on a page that only this machine sees."},
	} {
		fmt.Fprintf(c.stdout, "\n  %s %s\n%s", c.program, one.command, hanging("      ", one.what, cmp.Or(p.width, helpWidth)))
	}
}

// curl returns commands for a POSIX shell. They need only curl and sed.
func (d *demo) curl() string {
	body := strings.NewReplacer(`,"audience"`, ",\n    \"audience\"", `,"grant_type"`, ",\n    \"grant_type\"").Replace(string(tokenRequest("read:messages")))
	return fmt.Sprintf(`TOKEN=$(curl -sS %s \
  -H 'Content-Type: application/json' \
  -d '%s' \
  | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')

curl -i %s/api/private -H "Authorization: Bearer $TOKEN"
`, tokenURL(d.issuer), body, d.api.url)
}

// verify returns the command that explains a token.
func (d *demo) verify(program string) string {
	return fmt.Sprintf("echo \"$TOKEN\" | %s verify \\\n  -insecure-loopback-http -issuer %s \\\n  -audience %s\n", program, d.issuer.URL, jwttest.Audience)
}

// wait returns when the context ends. If the API ends before that, it returns the API's error.
func (d *demo) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-d.api.done:
		return d.api.err
	}
}

// close stops whatever has been started.
func (d *demo) close() {
	if d.client != nil {
		d.client.CloseIdleConnections()
	}
	for _, s := range []*server{d.api, d.restarted, d.served} {
		if s != nil {
			s.close()
		}
	}
}

func serve(address string, h http.Handler, stderr io.Writer) (*server, error) {
	listener, err := listenLoopback(context.Background(), address, false)
	if err != nil {
		return nil, err
	}
	return startServer(listener, &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(stderr, "", log.LstdFlags)}), nil
}

// requestID is the header field by which the tour recognises its own requests.
const requestID = "X-Request-Id"

// refusals gets every refusal of the API. It keeps those of the tour's own requests, and logs those
// of all others.
type refusals struct {
	log *slog.Logger // nil: others are not logged

	mu       sync.Mutex            // guards expected
	expected map[string]*jwt.Error // by request id; nil while there is none
}

// expect returns the id for a request whose refusal take returns later. The id is random, so nobody else
// can make a request that counts as one of the tour's.
func (r *refusals) expect() string {
	id := rand.Text()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expected[id] = nil
	return id
}

// take returns the refusal of a request; nil if the API accepted it.
func (r *refusals) take(id string) *jwt.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.expected[id]
	delete(r.expected, id)
	return e
}

// observe is the API's OnRefusal.
func (r *refusals) observe(req *http.Request, e *jwt.Error) {
	if r.keep(req.Header.Get(requestID), e) || r.log == nil {
		return
	}
	r.log.Warn("request refused", "method", foreign(req.Method), "path", foreign(req.URL.Path), "refusal", e)
}

func (r *refusals) keep(id string, e *jwt.Error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.expected[id]; !ok {
		return false
	}
	r.expected[id] = e
	return true
}
