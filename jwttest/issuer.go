// Package jwttest provides an issuer of tokens for tests and demos, as [net/http/httptest] provides a
// server. The issuer publishes metadata and keys, hands out tokens over HTTP, mints valid and invalid
// tokens, and can be made to fail. It is the only importable code of this module that signs. Each Issuer
// makes new keys when they are first needed. Nothing in this package is for production.
//
// # A handler's unit test
//
// [Issuer.Context] returns a context in which [jwt.FromContext] finds a verified token. It takes microseconds,
// because it fetches no keys and makes no RSA key. The context does not pass a guard. To test a route with its
// guard, send a request with the header "Authorization: Bearer " + iss.Token(claims).
//
// # Time that a test owns
//
// Within a bubble of [testing/synctest] time does not advance while a goroutine waits for a network. Give
// the issuer a name with [Options.URL]: it has no listener then, its Client calls it directly, and Config,
// Context, Key, Token and Mint work in the bubble, with the bubble's time:
//
//	synctest.Test(t, func(t *testing.T) {
//		iss, err := jwttest.Start(&jwttest.Options{URL: "https://issuer.example"})
//		if err != nil {
//			t.Fatal(err)
//		}
//		v, err := jwt.NewVerifier(iss.Config())
//		if err != nil {
//			t.Fatal(err)
//		}
//		token := iss.Token(nil)
//		time.Sleep(2 * time.Hour) // returns at once
//		if _, err := v.Verify(t.Context(), token); !errors.Is(err, jwt.ErrExpired) {
//			t.Error(err)
//		}
//	})
//
// Start an issuer with a listener outside of the bubble. Its Key, Token, Mint and Context also work inside.
// A verifier inside needs the issuer's key rather than its address: set Config.Keys to iss.Key(jwt.RS256), or
// to the key of the algorithm of its tokens.
//
// # Other languages
//
// "assay issuer" serves such an issuer to programs in any language.
//
// Like httptest it panics if a test uses it wrongly.
package jwttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512" // for crypto.Hash
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"assay.example/jwt"
)

// Audience is the API that tokens are issued for unless [Options] or their claims say otherwise.
const Audience = "https://api.example.com"

// The one client that the token endpoint knows.
const (
	ClientID     = "test-client"
	ClientSecret = "test-secret"
)

// requestTimeout ends requests that a client does not finish.
const requestTimeout = 10 * time.Second

// lifetime is the time from now to exp in tokens whose claims do not set exp.
const lifetime = time.Hour

// TB is the part of [testing.TB] that an Issuer needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Options are the settings of an Issuer. The zero value, and nil, are what most tests want.
type Options struct {
	// PlainHTTP serves http instead of https. Verifiers accept that only on loopback, and only if
	// their RemoteOptions allow it, as those of Issuer.Config do.
	PlainHTTP bool

	// URL is the issuer's name, such as "https://issuer.example". With it, Start starts no server: Client
	// and Config reach the issuer by a function call. To let others reach the issuer, serve it: it is an
	// http.Handler. Path and PlainHTTP follow from URL and must be zero. Empty: the address that Start
	// listens on.
	URL string

	// Path is put behind the address in the issuer's name: "/" gives it a trailing slash, as Auth0's has,
	// and "/realms/test" the form of Keycloak's. Empty: no path.
	Path string

	// Audience is the aud of tokens and of Config. Nil: the constant Audience.
	Audience []string

	// Algorithms are those for which the issuer publishes a key; it signs tokens with the first. Nil:
	// all but HMAC, RS256 first.
	Algorithms []jwt.Algorithm
}

// An Issuer issues tokens. It is safe for concurrent use. It is also an [http.Handler], so that a test
// can serve it without a network.
type Issuer struct {
	// URL is the issuer's name: the claim iss of its tokens, and where its metadata is found.
	URL string

	server   *httptest.Server // nil if Options.URL was given
	client   *http.Client
	plain    bool
	base     string // URL without path
	path     string
	audience []string
	secret   func() []byte        // for HMAC; a closure hides it from printing and reflection
	verifier func() *jwt.Verifier // of Context's tokens

	algorithms []jwt.Algorithm

	mu        sync.Mutex // guards what follows
	number    int        // the number in the kids of the newest keys
	current   keySet
	next      *keySet  // published ahead; nil if none are
	published []keySet // the oldest first
	broken    cannedAnswer
	delay     time.Duration
	header    http.Header    // of the answer with the keys
	requests  map[string]int // by path
}

// cannedAnswer replaces metadata and keys if its status is not 0.
type cannedAnswer struct {
	status            int
	contentType, body string
}

// signer is one private key and its kid.
type signer struct {
	alg jwt.Algorithm
	kid string
	key func() crypto.Signer // as Issuer.secret
}

// hidden returns a closure that holds a secret.
func hidden[T any](secret T) func() T { return func() T { return secret } }

var allAlgorithms = []jwt.Algorithm{jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512,
	jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA}

// NewIssuer starts an issuer on a loopback address with TLS, and stops it when the test ends.
func NewIssuer(tb TB) *Issuer {
	tb.Helper()
	i, err := Start(nil)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	tb.Cleanup(i.Close)
	return i
}

// Start starts an issuer on a loopback address, or one without a server if Options.URL is set. The
// caller must Close it.
func Start(o *Options) (*Issuer, error) {
	if o == nil {
		o = &Options{}
	}
	i := &Issuer{
		plain:      o.PlainHTTP,
		path:       o.Path,
		audience:   slices.Clone(o.Audience),
		algorithms: slices.Clone(o.Algorithms),
		secret:     hidden(newSecret()),
		header:     http.Header{},
		requests:   map[string]int{},
	}
	if i.audience == nil {
		i.audience = []string{Audience}
	}
	if i.algorithms == nil {
		i.algorithms = slices.Clone(allAlgorithms)
	}
	for _, alg := range i.algorithms {
		if !slices.Contains(allAlgorithms, alg) && alg != jwt.Ed25519 {
			return nil, fmt.Errorf("the Algorithms hold %q, which is not one that an issuer publishes a key for", alg)
		}
	}
	if i.path != "" && i.path[0] != '/' {
		return nil, fmt.Errorf("the Path %q does not begin with a slash", i.path)
	}
	i.verifier = sync.OnceValue(i.newVerifier)
	i.Rotate()
	begin := i.listen
	if o.URL != "" {
		begin = func() error { return i.name(o) }
	}
	if err := begin(); err != nil {
		return nil, err
	}
	return i, nil
}

// name sets up an issuer without a server.
func (i *Issuer) name(o *Options) error {
	at, err := url.Parse(o.URL)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.User != nil || strings.ContainsAny(o.URL, "?#"):
		return fmt.Errorf("the URL %q is not one like https://issuer.example", o.URL)
	case o.Path != "" || o.PlainHTTP:
		return errors.New("the URL already has scheme and path: leave Path and PlainHTTP zero")
	}
	i.URL, i.base, i.path, i.plain = o.URL, at.Scheme+"://"+at.Host, at.Path, at.Scheme == "http"
	i.client = &http.Client{Transport: direct{i}}
	return nil
}

// listen starts the issuer's server.
func (i *Issuer) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	i.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: i, ReadTimeout: requestTimeout}}
	if i.plain {
		i.server.Start()
	} else {
		i.server.StartTLS()
	}
	i.client = i.server.Client()
	i.base = i.server.URL
	i.URL = i.base + i.path
	return nil
}

// direct is a transport that reaches an issuer without a network.
type direct struct{ *Issuer }

// RoundTrip lets the issuer answer, in the caller's goroutine.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if own, err := url.Parse(d.URL); err != nil || r.URL.Host != own.Host {
		return nil, fmt.Errorf("this is the client of %s, and reaches nothing else", d.URL)
	}
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, asked)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// newSecret makes a secret that is long enough for HS512.
func newSecret() []byte {
	secret := make([]byte, 64)
	rand.Read(secret)
	return secret
}

// Format prints the issuer's name and no key, whatever the verb, because logs of tests are kept.
func (i *Issuer) Format(f fmt.State, _ rune) {
	if i == nil {
		fmt.Fprint(f, "jwttest.Issuer(nil)")
		return
	}
	fmt.Fprintf(f, "jwttest.Issuer(%s)", i.URL)
}

// LogValue returns what Format prints.
func (i *Issuer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(i)) }

// Close stops the issuer.
func (i *Issuer) Close() {
	if i.server == nil {
		return
	}
	i.server.CloseClientConnections() // a client that does not finish would keep it open
	i.server.Close()
}

// Client returns an HTTP client that trusts the issuer's certificate.
func (i *Issuer) Client() *http.Client { return i.client }

// Config returns a Config that trusts this issuer and its audience. Each call returns a new key source
// that has fetched nothing yet.
func (i *Issuer) Config() jwt.Config {
	keys, err := jwt.Discover(i.URL, &jwt.RemoteOptions{Client: i.client, InsecureLoopbackHTTP: i.plain})
	if err != nil {
		panic("jwttest: " + err.Error())
	}
	return jwt.Config{Issuer: i.URL, Audience: slices.Clone(i.audience), Keys: keys}
}

// Key returns the key that verifies the issuer's current tokens of an algorithm. For HMAC this is the only
// way, because secrets are not published. Key makes no request, so it works in a bubble of
// [testing/synctest] wherever the issuer was started.
func (i *Issuer) Key(alg jwt.Algorithm) *jwt.Key {
	if hmacHash(alg) != 0 {
		return must(jwt.HMACKey("", alg, i.secret()))
	}
	return i.signer(alg).public(alg)
}

// public returns the key that verifies the signer's tokens.
func (s signer) public(alg jwt.Algorithm) *jwt.Key {
	switch public := s.key().Public().(type) {
	case *rsa.PublicKey:
		return must(jwt.RSAKey(s.kid, alg, public))
	case *ecdsa.PublicKey:
		return must(jwt.ECDSAKey(s.kid, public))
	case ed25519.PublicKey:
		return must(jwt.Ed25519Key(s.kid, public))
	}
	panic("jwttest: unknown kind of key")
}

// keySet has the keys of one rotation: one for each algorithm.
type keySet struct {
	number int             // the end of its kids
	keys   func() []signer // makes the keys at the first call: an RSA key takes a while
}

// newKeys makes a set, whose kids end in the given number.
func newKeys(algorithms []jwt.Algorithm, number int) keySet {
	return keySet{number: number, keys: sync.OnceValue(func() []signer { return makeKeys(algorithms, number) })}
}

func makeKeys(algorithms []jwt.Algorithm, number int) (all []signer) {
	var shared *rsa.PrivateKey // used for all RSA algorithms: making RSA keys is slow
	for _, alg := range algorithms {
		s := signer{alg: alg, kid: fmt.Sprintf("%s-%d", strings.ToLower(string(alg)), number)}
		switch curve := curves[alg]; {
		case curve != nil:
			s.key = hidden[crypto.Signer](must(ecdsa.GenerateKey(curve, rand.Reader)))
		case alg == jwt.EdDSA || alg == jwt.Ed25519:
			_, private, err := ed25519.GenerateKey(rand.Reader)
			s.key = hidden[crypto.Signer](must(private, err))
		default:
			if shared == nil {
				shared = must(rsa.GenerateKey(rand.Reader, 2048))
			}
			s.key = hidden[crypto.Signer](shared)
		}
		all = append(all, s)
	}
	return all
}

// PublishAhead publishes the keys of the next Rotate before it, as careful issuers do.
func (i *Issuer) PublishAhead() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.prepare()
}

// prepare makes the next keys and publishes them, unless that has been done. The caller holds mu.
func (i *Issuer) prepare() {
	if i.next == nil {
		i.number++
		next := newKeys(i.algorithms, i.number)
		i.next = &next
		i.published = append(i.published, next)
	}
}

// Rotate makes new keys, which sign from now on. The old keys stay published until Retire, so tokens
// that they signed stay valid.
func (i *Issuer) Rotate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.prepare()
	i.current, i.next = *i.next, nil
}

// Retire removes all keys but the current ones from the published set. Rotate and Retire together replace
// the keys at once, as careless issuers do.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published, i.next = []keySet{i.current}, nil
}

// ReplaceSameKID replaces all keys by new ones under the old kids. Issuers should not do this, but some do.
func (i *Issuer) ReplaceSameKID() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current, i.next = newKeys(i.algorithms, i.current.number), nil
	i.published = []keySet{i.current}
}

// SetDown makes metadata and keys answer with status 503, or serves them again.
func (i *Issuer) SetDown(down bool) {
	if down {
		i.SetAnswer(http.StatusServiceUnavailable, "text/plain", "down")
	} else {
		i.SetAnswer(0, "", "")
	}
}

// SetAnswer makes all requests for metadata and keys get this status and body, such as the HTML of a
// captive portal. Status 0 serves metadata and keys again.
func (i *Issuer) SetAnswer(status int, contentType, body string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.broken = cannedAnswer{status, contentType, body}
}

// SetDelay delays the answers with metadata and keys.
func (i *Issuer) SetDelay(delay time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.delay = delay
}

// SetKeysHeader sets a header of the answer with the keys, such as Cache-Control, ETag or Retry-After; an
// empty value removes it. If an ETag is set, a request with the same ETag in If-None-Match is answered
// with status 304.
func (i *Issuer) SetKeysHeader(name, value string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.header = i.header.Clone(); value == "" {
		i.header.Del(name)
	} else {
		i.header.Set(name, value)
	}
}

// Fetches returns how often metadata and keys were requested, whatever the answers were.
func (i *Issuer) Fetches() (metadata, keys int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests[i.metadataPath()], i.requests[keysPath]
}

// Claims are the claims of a token to mint. iss, aud, sub, iat, exp and jti are added if they are absent;
// a nil value leaves a claim out.
type Claims map[string]any

// Spec describes a token to mint, valid or not. Zero fields get the values of an ordinary token.
type Spec struct {
	Algorithm jwt.Algorithm  // what it is signed with; empty: the first of Options.Algorithms
	Header    map[string]any // replaces members of the header (alg, kid, typ); nil values remove them
	Claims    Claims
	Payload   []byte // if it is not nil, it replaces all claims; it need not be JSON
}

// Token mints a token that a verifier with the issuer's Config accepts, unless the claims prevent that.
func (i *Issuer) Token(claims Claims) string { return i.Mint(Spec{Claims: claims}) }

// Mint mints the token that s describes. Its signature holds unless alg in Header differs from
// Algorithm.
func (i *Issuer) Mint(s Spec) string {
	alg := s.Algorithm
	if alg == "" {
		alg = i.algorithms[0]
	}
	header := map[string]any{"alg": alg, "typ": "JWT"}
	if hmacHash(alg) == 0 {
		header["kid"] = i.signer(alg).kid
	}
	payload := s.Payload
	if payload == nil {
		payload = i.payload(s.Claims)
	}
	return i.SignRaw(alg, string(encode(merge(header, s.Header))), string(payload))
}

// payload adds the claims that are absent.
func (i *Issuer) payload(claims Claims) []byte {
	now := time.Now()
	return encode(merge(map[string]any{
		"iss": i.URL, "aud": audience(i.audience), "sub": "test-subject",
		"iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "jti": rand.Text(),
	}, claims))
}

// SignRaw mints a token from the bytes of a header and a payload, which may be broken JSON.
func (i *Issuer) SignRaw(alg jwt.Algorithm, header, payload string) string {
	input := base64url([]byte(header)) + "." + base64url([]byte(payload))
	return input + "." + base64url(i.sign(alg, input))
}

// audience writes aud as most issuers do: a single value as a string.
func audience(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

func merge(into, from map[string]any) map[string]any {
	maps.Copy(into, from)
	maps.DeleteFunc(into, func(_ string, value any) bool { return value == nil })
	return into
}

func encode(v any) []byte { return must(json.Marshal(v)) }

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func must[T any](v T, err error) T {
	if err != nil {
		panic("jwttest: " + err.Error())
	}
	return v
}

// signer returns the current key of an algorithm. EdDSA and Ed25519 are one.
func (i *Issuer) signer(alg jwt.Algorithm) signer {
	i.mu.Lock()
	current := i.current
	i.mu.Unlock()
	for _, name := range []jwt.Algorithm{alg, otherName[alg]} {
		if slices.Contains(i.algorithms, name) {
			return current.keys()[slices.Index(i.algorithms, name)]
		}
	}
	panic(fmt.Sprintf("jwttest: the issuer has no key for %q: see Options.Algorithms", alg))
}

var (
	otherName = map[jwt.Algorithm]jwt.Algorithm{jwt.EdDSA: jwt.Ed25519, jwt.Ed25519: jwt.EdDSA}
	curves    = map[jwt.Algorithm]elliptic.Curve{jwt.ES256: elliptic.P256(), jwt.ES384: elliptic.P384(), jwt.ES512: elliptic.P521()}
	hashes    = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}
)

func hmacHash(alg jwt.Algorithm) crypto.Hash {
	if size, ok := strings.CutPrefix(string(alg), "HS"); ok {
		return hashes[size]
	}
	return 0
}

func (i *Issuer) sign(alg jwt.Algorithm, input string) []byte {
	if hash := hmacHash(alg); hash != 0 {
		mac := hmac.New(hash.New, i.secret())
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	return i.signer(alg).sign(alg, input)
}

func (s signer) sign(alg jwt.Algorithm, input string) []byte {
	key := s.key()
	if private, ok := key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(private, []byte(input))
	}
	hash := hashes[string(alg[2:])]
	h := hash.New()
	h.Write([]byte(input))
	digest := h.Sum(nil)
	switch private := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest)
		if err != nil {
			panic("jwttest: " + err.Error())
		}
		size := (private.Curve.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			return must(rsa.SignPSS(rand.Reader, private, hash, digest, &rsa.PSSOptions{SaltLength: hash.Size()}))
		}
		return must(rsa.SignPKCS1v15(rand.Reader, private, hash, digest))
	}
	panic("jwttest: unknown kind of key")
}

// jwk is the published form of a key.
func (s signer) jwk() map[string]any {
	j := map[string]any{"kid": s.kid, "alg": s.alg, "use": "sig"}
	switch public := s.key().Public().(type) {
	case *rsa.PublicKey:
		j["kty"], j["n"], j["e"] = "RSA", base64url(public.N.Bytes()), base64url(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point := must(public.Bytes())[1:]
		j["kty"], j["crv"] = "EC", public.Params().Name
		j["x"], j["y"] = base64url(point[:len(point)/2]), base64url(point[len(point)/2:])
	case ed25519.PublicKey:
		j["kty"], j["crv"], j["x"] = "OKP", "Ed25519", base64url(public)
	}
	return j
}

const (
	keysPath  = "/.well-known/jwks.json"
	tokenPath = "/oauth/token"
)

// metadataPath is the path of the metadata in OpenID Connect Discovery.
func (i *Issuer) metadataPath() string {
	return strings.TrimSuffix(i.path, "/") + "/.well-known/openid-configuration"
}

// ServeHTTP serves metadata, keys and the token endpoint.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		i.serveToken(w, r)
		return
	}
	i.mu.Lock()
	i.requests[r.URL.Path]++
	delay, broken, header := i.delay, i.broken, i.header
	published := slices.Clone(i.published)
	i.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case broken.status != 0:
		w.Header().Set("Content-Type", broken.contentType)
		w.WriteHeader(broken.status)
		io.WriteString(w, broken.body)
	case r.URL.Path == keysPath:
		maps.Copy(w.Header(), header)
		if tag := header.Get("ETag"); tag != "" && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		keys := []map[string]any{}
		for _, set := range published {
			for _, s := range set.keys() {
				keys = append(keys, s.jwk())
			}
		}
		answer(w, http.StatusOK, encode(map[string]any{"keys": keys}))
	case r.URL.Path == i.metadataPath():
		answer(w, http.StatusOK, encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.base + keysPath, "token_endpoint": i.base + tokenPath,
			"grant_types_supported": []string{"client_credentials"},
		}))
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

// serveToken is the client-credentials grant (RFC 6749 section 4.4). It takes the parameters as a form, or
// as JSON like Auth0, and the client's credentials among them or in HTTP Basic.
func (i *Issuer) serveToken(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, description string) {
		answer(w, status, encode(map[string]string{"error": code, "error_description": description}))
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(http.StatusMethodNotAllowed, "invalid_request", "the method must be POST")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	get, err := parameters(r)
	if err != nil {
		refuse(http.StatusBadRequest, "invalid_request", "the body is neither JSON nor a form")
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = get("client_id"), get("client_secret")
	}
	audiences := i.audience
	if wanted := get("audience"); wanted != "" {
		audiences = []string{wanted}
	}
	switch {
	case get("grant_type") != "client_credentials":
		refuse(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be client_credentials")
		return
	case id != ClientID || secret != ClientSecret:
		refuse(http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong")
		return
	case !slices.Contains(i.audience, audiences[0]):
		refuse(http.StatusForbidden, "access_denied", "audience is not an API of this issuer")
		return
	}
	claims := Claims{"aud": audience(audiences), "sub": id + "@clients", "client_id": id}
	response := map[string]any{"token_type": "Bearer", "expires_in": int(lifetime.Seconds())}
	if scope := get("scope"); scope != "" {
		claims["scope"], response["scope"] = scope, scope
	}
	response["access_token"] = i.Token(claims)
	answer(w, http.StatusOK, encode(response))
}

// parameters reads a JSON object or a form; get returns "" for what is absent.
func parameters(r *http.Request) (get func(string) string, err error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		values := map[string]any{}
		err := json.NewDecoder(r.Body).Decode(&values)
		return func(name string) string { text, _ := values[name].(string); return text }, err
	}
	err = r.ParseForm()
	return r.PostForm.Get, err
}
