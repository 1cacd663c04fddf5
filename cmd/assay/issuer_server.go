// This file is the server behind the command issuer: its addresses, its metadata, and what browsers may
// do. Package jwttest has the keys, and lets them change and fail.

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// The addresses of an issuer, below its host.
const (
	jwksPath      = "/.well-known/jwks.json"
	oidcPath      = "/.well-known/openid-configuration"
	rfc8414Path   = "/.well-known/oauth-authorization-server"
	authorizePath = "/oauth/authorize"
	tokenPath     = "/oauth/token"
	registerPath  = "/oauth/register"
	mintPath      = "/mint"
	rotatePath    = "/rotate"
	downPath      = "/down"
	delayPath     = "/delay"
)

const (
	// maxIssuerBody is the largest size of a request: the claims of a large token, encoded as a form.
	maxIssuerBody = 64 << 10
	// maxKept is the number of registered clients, of codes and of refresh tokens that are kept. A further
	// one drops the oldest.
	maxKept = 1000
	// maxIssuerDelay bounds /delay: clients give up much earlier.
	maxIssuerDelay = time.Minute
)

// fakeIssuer is an [http.Handler].
type fakeIssuer struct {
	keys     *jwttest.Issuer // signs, and serves metadata and keys, or fails to
	config   issuerConfig
	base     string // URL without path
	anywhere bool   // -insecure-listen: the address need not be loopback
	routes   map[string]issuerRoute
	origins  *http.CrossOriginProtection

	mu      sync.Mutex               // guards what follows
	clients map[string]*issuerClient // configured
	joined  kept[*issuerClient]      // registered, by id
	codes   kept[*authorizationCode]
	refresh kept[*grant]
}

// issuerRoute is what is served at an address.
type issuerRoute struct {
	methods []string
	public  bool // scripts of other origins may send requests and read the answers
	own     bool // browsers may send requests only from the issuer's own address
	serve   http.HandlerFunc
}

// newFakeIssuer makes an issuer. Its name is url unless the settings have one.
func newFakeIssuer(config issuerConfig, name string, anywhere bool) (*fakeIssuer, error) {
	if config.url != "" {
		name = config.url
	}
	keys, err := jwttest.Start(&jwttest.Options{URL: name, Audience: config.audiences(), Algorithms: config.algorithms})
	if err != nil {
		return nil, fmt.Errorf("-issuer: %w", err)
	}
	at, err := url.Parse(name)
	if err != nil {
		return nil, err
	}
	f := &fakeIssuer{keys: keys, config: config, base: at.Scheme + "://" + at.Host, anywhere: anywhere,
		origins: http.NewCrossOriginProtection(), clients: map[string]*issuerClient{}}
	for _, c := range config.clients {
		f.clients[c.id] = c
	}
	read, post := []string{http.MethodGet, http.MethodHead}, []string{http.MethodPost}
	both := []string{http.MethodPost, http.MethodDelete}
	f.routes = map[string]issuerRoute{
		"/":           {methods: read, serve: f.serveHelp},
		jwksPath:      {methods: read, public: true, serve: f.keys.ServeHTTP},
		authorizePath: {methods: []string{http.MethodGet, http.MethodPost}, serve: f.serveAuthorize},
		tokenPath:     {methods: post, public: true, serve: f.serveToken},
		registerPath:  {methods: post, public: true, serve: f.serveRegister},
		mintPath:      {methods: post, own: true, serve: f.serveMint},
		rotatePath:    {methods: post, own: true, serve: f.serveRotate},
		downPath:      {methods: both, own: true, serve: f.serveDown},
		delayPath:     {methods: both, own: true, serve: f.serveDelay},
	}
	for _, path := range f.metadataPaths() {
		f.routes[path] = issuerRoute{methods: read, public: true, serve: f.serveMetadata}
	}
	return f, nil
}

// path is that of the issuer's name, without a slash at its end.
func (f *fakeIssuer) path() string {
	return strings.TrimSuffix(strings.TrimPrefix(f.keys.URL, f.base), "/")
}

// metadataPaths are the paths of the metadata: those of OpenID Connect Discovery section 4 and RFC 8414 section
// 3.1, and the mixture of both. Clients of MCP try them all.
func (f *fakeIssuer) metadataPaths() []string {
	path := f.path()
	return slices.Compact([]string{path + oidcPath, oidcPath + path, path + rfc8414Path, rfc8414Path + path})
}

func (f *fakeIssuer) clientNames() string {
	var names []string
	for _, c := range f.config.clients {
		names = append(names, foreign(c.id).String())
	}
	return strings.Join(names, " ") + ", and those that register"
}

func (f *fakeIssuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer") // codes are in addresses
	if !f.named(r.Host) {
		refuseOAuth(w, http.StatusMisdirectedRequest, "invalid_request", "this is not the address of the issuer: see -issuer")
		return
	}
	route, ok := f.routes[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if route.public {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	}
	switch {
	case slices.Contains(route.methods, r.Method):
	case r.Method == http.MethodOptions && route.public:
		preflight(w, r, route.methods)
		return
	default:
		w.Header().Set("Allow", strings.Join(route.methods, ", "))
		refuseOAuth(w, http.StatusMethodNotAllowed, "invalid_request", "the method must be "+strings.Join(route.methods, " or "))
		return
	}
	if route.own && f.origins.Check(r) != nil {
		refuseOAuth(w, http.StatusForbidden, "invalid_request", "requests from other sites are refused here")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxIssuerBody)
	route.serve(w, r)
}

// preflight allows all header fields that a script wants to send: no check of the issuer depends on them.
func preflight(w http.ResponseWriter, r *http.Request, methods []string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	if wanted := r.Header.Get("Access-Control-Request-Headers"); wanted != "" {
		h.Set("Access-Control-Allow-Headers", wanted)
	}
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// named reports whether a host is this issuer, so that no site can make a name of its own resolve to this
// machine (DNS rebinding) and mint tokens from a browser. With -insecure-listen every host is accepted, because
// the issuer does not know its names.
func (f *fakeIssuer) named(host string) bool {
	if f.anywhere || host == strings.TrimPrefix(strings.TrimPrefix(f.base, "https://"), "http://") {
		return true
	}
	name := host
	if alone, _, err := net.SplitHostPort(host); err == nil {
		name = alone
	}
	return name == "localhost" || net.ParseIP(strings.Trim(name, "[]")) != nil
}

// serveMetadata adds members to the metadata of jwttest, which may be down or delayed.
func (f *fakeIssuer) serveMetadata(w http.ResponseWriter, r *http.Request) {
	asked := r.Clone(r.Context())
	asked.URL.Path = f.path() + oidcPath
	got := httptest.NewRecorder()
	f.keys.ServeHTTP(got, asked)
	if r.Context().Err() != nil {
		return
	}
	metadata := map[string]any{}
	if got.Code != http.StatusOK || json.Unmarshal(got.Body.Bytes(), &metadata) != nil {
		maps.Copy(w.Header(), got.Header())
		w.WriteHeader(got.Code)
		w.Write(got.Body.Bytes())
		return
	}
	maps.Copy(metadata, map[string]any{
		"authorization_endpoint":                         f.base + authorizePath,
		"token_endpoint":                                 f.base + tokenPath,
		"registration_endpoint":                          f.base + registerPath,
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          grantTypes,
		"token_endpoint_auth_methods_supported":          authMethods,
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true, // RFC 9207
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          f.algorithms(),
	})
	if scopes := f.scopes(); scopes != nil {
		metadata["scopes_supported"] = scopes
	}
	if f.config.documents {
		metadata["client_id_metadata_document_supported"] = true
	}
	answerJSON(w, http.StatusOK, metadata)
}

// scopes are those of the clients that are configured; nil: none says.
func (f *fakeIssuer) scopes() []string {
	var all []string
	for _, c := range f.config.clients {
		all = append(all, strings.Fields(c.scope)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// algorithms are those that the issuer publishes keys for.
func (f *fakeIssuer) algorithms() []jwt.Algorithm {
	if f.config.algorithms == nil {
		return signable[:len(signable)-1] // EdDSA and Ed25519 are one algorithm
	}
	return f.config.algorithms
}

// serveHelp answers a browser that opens the issuer's address.
func (f *fakeIssuer) serveHelp(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "assay issuer %s\n\n%s\n", f.keys.URL, issuerAbout)
}

// kept is a map that drops its oldest entry when it is full. The zero value is ready.
type kept[T any] struct {
	order []string
	by    map[string]T
}

func (k *kept[T]) put(name string, v T) {
	if k.by == nil {
		k.by = map[string]T{}
	}
	k.drop(name)
	if len(k.order) == maxKept {
		delete(k.by, k.order[0])
		k.order = slices.Delete(k.order, 0, 1)
	}
	k.order, k.by[name] = append(k.order, name), v
}

func (k *kept[T]) drop(name string) {
	if n := slices.Index(k.order, name); n >= 0 {
		delete(k.by, name)
		k.order = slices.Delete(k.order, n, n+1)
	}
}

// client finds a client by its id.
func (f *fakeIssuer) client(id string) (*issuerClient, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c, ok := f.clients[id]; ok {
		return c, true
	}
	c, ok := f.joined.by[id]
	return c, ok
}

// oauthError is a refusal (RFC 6749 section 5.2). Its text repeats nothing of the request.
type oauthError struct {
	status            int
	code, description string
}

func wrong(code, description string) *oauthError {
	return &oauthError{http.StatusBadRequest, code, description}
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }

func (e *oauthError) answer(w http.ResponseWriter) { refuseOAuth(w, e.status, e.code, e.description) }

func refuseOAuth(w http.ResponseWriter, status int, code, description string) {
	w.Header().Set("Cache-Control", "no-store")
	answerJSON(w, status, map[string]string{"error": code, "error_description": description})
}
