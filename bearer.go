// This file answers HTTP requests: it takes the credential from a request, asks the verifier, and
// tells the client no more than RFC 6750 provides for.

package jwt

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ResourceConfig describes a protected resource. The zero value is what most services want.
type ResourceConfig struct {
	// Realm is the realm of the challenge: printable ASCII. Empty: none, but the realm "api" in a
	// challenge that would otherwise be the bare word Bearer.
	Realm string

	// HeaderField names a header field that carries the token, bare or behind the word Bearer, as some
	// proxies send it (Cf-Access-Jwt-Assertion, X-Goog-Iap-Jwt-Assertion, X-Forwarded-Authorization). It
	// is then read instead of Authorization. Empty: Authorization.
	HeaderField string

	// Cookie names a cookie that may carry the token too. It counts if the header field has no token, or
	// has another scheme such as Basic. If both have a token, the two must be equal. A browser sends
	// cookies by itself, so the service needs a defence against cross-site request forgery, such as
	// [http.CrossOriginProtection]. Empty: none.
	Cookie string

	// Require is what every request must meet, beside the requirements of its route. Nil: nothing.
	Require []Requirement

	// Identifier is the URL by which clients know this resource (RFC 9728 section 1.2): https, or http for
	// the loopback interface alone; no fragment, and preferably no query. Clients compare it byte for byte
	// with the URL that they were given. It turns on [Resource.Metadata], and challenges then name the
	// address of the metadata. Config.Audience should hold it too. Empty: no metadata.
	Identifier string

	// Metadata is what the metadata document says beside Identifier. Zero: the issuers of the Verifier.
	Metadata ResourceMetadata

	// OnRefusal is called for every request that is refused, for logs and metrics, before the answer is
	// written. It must not keep the request. Nil: no calls.
	OnRefusal func(*http.Request, *Error)

	// Answer returns the body and the media type of the answer to a refused request, for a service with its
	// own error format, such as RFC 9457. Status and header fields are still those of the Refusal. Nil: a
	// small JSON object with error and error_description.
	Answer func(*http.Request, Refusal) (contentType string, body []byte)
}

// A Resource is an HTTP API that asks for bearer tokens: RFC 6750. It is safe for concurrent use.
type Resource struct {
	verifier *Verifier
	*service
}

// service is the part of a Resource that is not its verifier.
type service struct {
	ResourceConfig
	every                             *rule      // ResourceConfig.Require
	published                         *published // nil without an Identifier
	onRefusalPanicked, answerPanicked sync.Once  // a panic of the hook was reported
}

// plain is the service of every Verifier.Require: guards of one Verifier share one Resource.
var plain = service{every: routeOf(nil)}

// NewResource returns a Resource whose tokens v verifies. An error names the field that is wrong.
func NewResource(v *Verifier, c ResourceConfig) (*Resource, error) {
	c.Require = slices.Clone(c.Require)
	every, err := routeOfField(c.Require)
	published, wrong := c.publish()
	switch {
	case v.issuers() == nil:
		return nil, errors.New("jwt: NewResource: the Verifier is nil or zero")
	case !printable(c.Realm):
		return nil, errors.New("jwt: NewResource: Realm is not printable ASCII")
	case strings.EqualFold(c.HeaderField, "Authorization"):
		return nil, errors.New("jwt: NewResource: HeaderField is Authorization, which is read anyway: leave it empty")
	case c.HeaderField != "" && !isHTTPToken(c.HeaderField):
		return nil, fmt.Errorf("jwt: NewResource: HeaderField %q is not the name of a header field", c.HeaderField)
	case c.Cookie != "" && !isHTTPToken(c.Cookie):
		return nil, fmt.Errorf("jwt: NewResource: Cookie %q is not the name of a cookie", c.Cookie)
	case err != nil:
		return nil, fmt.Errorf("jwt: NewResource: %w", err)
	case wrong != nil:
		return nil, fmt.Errorf("jwt: NewResource: %w", wrong)
	}
	c.HeaderField = http.CanonicalHeaderKey(c.HeaderField)
	return &Resource{v, &service{ResourceConfig: c, every: every, published: published}}, nil
}

// Check takes the credential from a request, verifies it, and checks that it meets reqs and
// ResourceConfig.Require. It is the whole decision of [Resource.Require], for hosts that are no
// [http.Handler] and for requirements that depend on the request. It writes nothing. The error is an
// [*Error]; [Resource.Challenge] turns it into the answer.
//
// Check reads the header field or cookie of the credential, and the method, the target and the context of
// the request: a host that is no HTTP server can make such a request itself.
func (r *Resource) Check(req *http.Request, reqs ...Requirement) (*Token, error) {
	r = r.made()
	g, refusal := r.check(req, r.route(reqs))
	if refusal != nil {
		return nil, refusal
	}
	return g.token, nil
}

// Require returns a middleware that lets a request through to its handler only if it carries one
// valid token that meets all of reqs and of ResourceConfig.Require. The handler finds the token with
// [FromContext]. Without requirements every valid token passes. There is no way to exempt a path or a
// method: wrap the handlers that need a token, and answer CORS preflights outside of the guard. For a
// mistaken requirement, such as Scope(), Require panics, as [http.Handle] does for a bad pattern.
//
// Where one guard of a Resource stands within another, the token is verified once, and the challenge of the
// inner one names the scopes of both.
func (r *Resource) Require(reqs ...Requirement) func(http.Handler) http.Handler {
	r = r.made()
	route := r.route(reqs)
	if route.mistake != "" {
		panic("jwt: Require: " + route.mistake)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			g, refusal := r.check(req, route)
			if refusal != nil {
				r.Challenge(w, req, refusal)
				return
			}
			next.ServeHTTP(w, req.WithContext(g))
		})
	}
}

// Require guards handlers with this verifier and a zero [ResourceConfig]: see [Resource.Require].
func (v *Verifier) Require(reqs ...Requirement) func(http.Handler) http.Handler {
	return (&Resource{v, &plain}).Require(reqs...)
}

// made replaces a nil or zero Resource by one without a verifier, which refuses every request.
func (r *Resource) made() *Resource {
	if r == nil || r.service == nil {
		return &Resource{nil, &plain}
	}
	return r
}

// route makes one rule of ResourceConfig.Require and the requirements of a route.
func (r *Resource) route(reqs []Requirement) *rule {
	return routeOf(slices.Concat(r.ResourceConfig.Require, reqs))
}

// check is the decision of Check and Require. It returns the context of a request that it lets through.
func (r *Resource) check(req *http.Request, route *rule) (*guarded, *Error) {
	if r.verifier.issuers() == nil {
		return nil, noVerifier()
	}
	text, refusal := r.credential(req)
	g := &guarded{req.Context(), pass{question: r.question(req, text), scopes: route.scopes, around: passOf(req.Context())}}
	before := g.around.of(r)
	if before != nil {
		g.scopes = slices.Concat(before.scopes, route.scopes)
	}
	if refusal == nil {
		g.token, refusal = g.verify(g.Context, before)
		if refusal != nil && refusal.kind() == ErrMalformed {
			refusal = cmp.Or(r.strayByte(req, text), refusal)
		}
	}
	if refusal == nil { // what verify refuses repeats nothing of the token any more
		if refusal = route.refuse(g.token, time.Now()); refusal != nil {
			refusal.withhold(text)
		}
	}
	if refusal != nil {
		refusal.ask.scopes = g.scopes
		return nil, refusal
	}
	return g, nil
}

// verify returns the verified token of a request. If a guard let the same question through before, only the
// claims are checked again, for time has passed.
func (q *question) verify(ctx context.Context, before *pass) (*Token, *Error) {
	if before != nil && before.question == *q && q.uri != "" { // net/http sets uri in every request that a server receives
		t := before.token
		if refusal := t.authority.checkClaims(t, time.Now(), nil); refusal != nil {
			return nil, refusal.of(t).withhold(q.credential)
		}
		return t, nil
	}
	t, err := q.resource.verifier.Verify(ctx, q.credential)
	if err != nil {
		return nil, err.(*Error)
	}
	return t, nil
}

// question holds everything on which the decision about a request depends.
type question struct {
	resource             Resource
	issuers              *issuers // that were trusted at the time
	credential           string
	method, uri          string
	tls                  *tls.ConnectionState
	dpop, tlsCertificate string // the fields DPoP and Client-Cert, from which possession of a key is shown
}

func (r *Resource) question(req *http.Request, credential string) question {
	field := func(name string) string { return strings.Join(req.Header[name], "\n") }
	return question{*r, r.verifier.issuers(), credential, req.Method, req.RequestURI, req.TLS, field("Dpop"), field("Client-Cert")}
}

// pass is the record of a request that a guard let through.
type pass struct {
	question
	token  *Token
	scopes []string // of the route and of the guards around it
	around *pass    // the pass of the next outer guard, whatever its Resource
}

// of returns the pass of the innermost guard of this Resource.
func (p *pass) of(r *Resource) *pass {
	for p != nil && p.resource != *r {
		p = p.around
	}
	return p
}

// guarded is the context of a request that a guard let through.
type guarded struct {
	context.Context
	pass
}

type (
	tokenKey struct{}
	passKey  struct{} // no other package can use it, so a context with a token passes no guard
)

func (g *guarded) Value(key any) any {
	switch key.(type) {
	case tokenKey:
		return g.token
	case passKey:
		return &g.pass
	}
	return g.Context.Value(key)
}

// Format keeps the credential out of logs, whatever the verb.
func (g *guarded) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%v.WithToken", g.Context) }

// passOf returns the record of the innermost guard of this context; nil if there was no guard.
func passOf(ctx context.Context) *pass {
	p, _ := ctx.Value(passKey{}).(*pass)
	return p
}

// NewContext returns a context in which [FromContext] finds this token: for hosts that are no HTTP server,
// and for tests of handlers. It does not satisfy [Resource.Require], which reads the request alone.
func NewContext(ctx context.Context, t *Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, t)
}

// FromContext returns the token that [Resource.Require] verified for this request, or that [NewContext] was
// given.
func FromContext(ctx context.Context) (*Token, bool) {
	t, _ := ctx.Value(tokenKey{}).(*Token)
	if !t.verified() {
		return nil, false
	}
	return t, true
}

// credential finds the one token of a request.
func (r *Resource) credential(req *http.Request) (string, *Error) {
	name := cmp.Or(r.HeaderField, "Authorization")
	repeated := func(member, detail string) (string, *Error) {
		return "", &Error{Reason: ReasonCredentialRepeated, Member: member, detail: detail}
	}
	text := ""
	var none *Error // why the header field has no token
	switch values := req.Header[name]; {
	case len(values) > 1:
		return repeated(name, "the request has "+strconv.Itoa(len(values))+" "+name+" headers")
	case len(values) == 1:
		if text, none = fieldToken(name, values[0]); none != nil && none.Reason != ReasonNoToken {
			return "", none
		}
	}
	if r.Cookie != "" {
		cookies := req.CookiesNamed(r.Cookie)
		if len(cookies) < cookiesNamed(req, r.Cookie) {
			return "", &Error{Reason: ReasonCredentialMalformed, Member: "Cookie", detail: "the cookie " + r.Cookie + " holds what no cookie may"}
		}
		for _, cookie := range cookies {
			switch {
			case cookie.Value == "": // some services clear a cookie this way
			case text != "" && cookie.Value != text:
				return repeated("Cookie", "the request has more than one token, of which one is in a cookie")
			default:
				text = cookie.Value
			}
		}
	}
	inQuery := hasQueryToken(req.URL)
	switch {
	case text != "" && inQuery:
		return repeated("access_token", "the request has a token in its query too")
	case text == "" && inQuery:
		return "", &Error{Reason: ReasonNoToken, detail: "the request has a token in its query, where it is not read: queries end up in logs"}
	case text == "" && none == nil:
		return "", &Error{Reason: ReasonNoToken, detail: "the request has no " + name + " header with a token"}
	case text == "":
		return "", none
	}
	return text, nil
}

// cookiesNamed counts the cookies of this name, also malformed ones that net/http leaves out.
func cookiesNamed(req *http.Request, want string) (n int) {
	for _, line := range req.Header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			if name, _, _ := strings.Cut(pair, "="); strings.Trim(name, " \t\r\n") == want {
				n++
			}
		}
	}
	return n
}

// fieldToken reads the header field that carries the credential. ResourceConfig.HeaderField may have the
// token without a scheme.
func fieldToken(name, value string) (string, *Error) {
	if name != "Authorization" {
		value = strings.Trim(value, " \t")
		if !strings.Contains(value, " ") && !equalASCIIFold(value, "bearer") {
			return value, nil
		}
	}
	return bearerToken(name, value)
}

// hasQueryToken reports whether the query has the parameter access_token (RFC 6750 section 2.3).
func hasQueryToken(u *url.URL) bool {
	if u == nil || !strings.Contains(u.RawQuery, "access_token") && !strings.Contains(u.RawQuery, "%") {
		return false
	}
	return u.Query().Has("access_token")
}

// bearerToken reads the value of Authorization, or of a field that stands for it: the scheme in any case,
// spaces, and a token: Verify or strayByte looks at its characters. Another scheme counts as no token; any other
// deviation is the client's error. The scheme DPoP (RFC 9449) is refused, as its proof cannot be checked here: a
// cookie must not take its place.
func bearerToken(name, value string) (string, *Error) {
	refuse := func(reason Reason, detail string) (string, *Error) {
		e := &Error{Reason: reason, detail: "the " + name + " header " + detail}
		if reason != ReasonNoToken {
			e.Member = name
		}
		return "", e
	}
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case value == "":
		return refuse(ReasonNoToken, "is empty")
	case strings.HasPrefix(value, "\ufeff"), strings.HasPrefix(rest, "\ufeff"):
		return refuse(ReasonCredentialMalformed, "has a byte order mark (U+FEFF) in it, which a file or an editor put there")
	case !isHTTPToken(scheme):
		return refuse(ReasonCredentialMalformed, "does not begin with a scheme")
	case strings.Count(scheme, ".") >= 2:
		return refuse(ReasonCredentialMalformed, "has a token without the word Bearer before it")
	case equalASCIIFold(scheme, "dpop"):
		return refuse(ReasonBindingUnproven, "has the scheme DPoP, whose proof of possession is not checked here")
	case !equalASCIIFold(scheme, "bearer"):
		return refuse(ReasonNoToken, "has another scheme than Bearer")
	}
	token := strings.TrimLeft(rest, " ")
	if again, _, _ := strings.Cut(token, " "); equalASCIIFold(again, "bearer") {
		return refuse(ReasonCredentialMalformed, "has the word Bearer twice")
	}
	if strings.TrimRight(token, "=") == "" {
		return refuse(ReasonCredentialMalformed, "has no token after Bearer")
	}
	return token, nil
}

// strayByte is the refusal of a token that came behind a scheme and holds a byte that RFC 6750 section 2.1 does
// not allow; nil if there is none. Verify refuses such a token too: to look at each byte before it as well took an
// eighth of what the guard does for a remembered token (BenchmarkHandler/remembered).
func (r *Resource) strayByte(req *http.Request, token string) *Error {
	name := cmp.Or(r.HeaderField, "Authorization")
	if !strings.Contains(strings.Join(req.Header[name], ""), " "+token) { // it came in a cookie, or without a scheme
		return nil
	}
	bare := strings.TrimRight(token, "=")
	for i := 0; i < len(bare); i++ {
		if c := bare[i]; !inBase64url(c) && c != '.' && c != '~' && c != '+' && c != '/' {
			e := &Error{Reason: ReasonCredentialMalformed, Member: name,
				detail: "the " + name + " header holds " + strconv.QuoteToASCII(bare[i:i+1]) + " in or behind its token"}
			return e.withhold(token)
		}
	}
	return nil
}

// A Refusal is what the client may learn of an error: [Resource.Refusal].
type Refusal struct {
	Status int
	// Header has WWW-Authenticate (RFC 6750 section 3), Retry-After and Cache-Control, each where the
	// Status calls for it. The caller may change it.
	Header http.Header
	// Code is the error of RFC 6750 section 3.1 or RFC 9470 section 3. In bodies it may also be one of this
	// package's own: unauthorized, temporarily_unavailable, server_error.
	Code        string
	Description string // one fixed sentence for each Code
}

// Refusal returns what the client may learn of an error of [Resource.Check], [Verifier.Verify] or
// [Token.Meets], or of an error that wraps a sentinel of this package: for hosts without an
// [http.ResponseWriter]. Every other error has status 500. OnRefusal is not called.
func (r *Resource) Refusal(err error) Refusal { return r.made().refusal(err, nil) }

// refusal is Refusal with further scopes in its challenge.
func (r *Resource) refusal(err error, scopes []string) Refusal {
	e, o := cmp.Or(ownError(err), &Error{}), outcomeOf(err)
	scopes = slices.Concat(r.every.scopes, scopes)
	h := http.Header{"Cache-Control": {"no-store"}}
	switch o.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		h["Www-Authenticate"] = []string{r.challenge(o, &e.ask, scopes)}
	case http.StatusServiceUnavailable:
		h["Retry-After"] = []string{strconv.Itoa(max(1, int(math.Ceil(e.RetryAfter.Seconds()))))}
	}
	return Refusal{o.status, h, o.code, o.description}
}

// told turns an error, also of another package, into the *Error that OnRefusal gets.
func told(ctx context.Context, err error) *Error {
	switch e := ownError(err); {
	case e != nil:
		return e
	case len(sentinelsIn(err)) > 0:
		return validated(ctx, err)
	case err == nil:
		err = errors.New("it was refused without an error")
	}
	return &Error{detail: foreign(err), cause: err}
}

// Challenge calls ResourceConfig.OnRefusal for a request that was refused with err, and answers it with
// [Resource.Refusal] and a body. The client learns the kind of refusal; only the operator learns the
// reason. Challenges of other schemes in the answer's header are kept.
func (r *Resource) Challenge(w http.ResponseWriter, req *http.Request, err error) {
	r = r.made()
	if r.OnRefusal != nil {
		contained(&r.onRefusalPanicked, "ResourceConfig.OnRefusal", func() { r.OnRefusal(req, told(req.Context(), err)) })
	}
	var scopes []string // what outer guards of this Resource ask for
	if p := passOf(req.Context()).of(r); p != nil {
		scopes = p.scopes
	}
	refusal := r.refusal(err, scopes)
	h := w.Header()
	for name := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Content-Encoding", "Etag": // they are of an answer that is not sent
			delete(h, name)
		}
	}
	for name, values := range refusal.Header {
		var others []string
		if name == "Www-Authenticate" {
			others = h[name]
		}
		h[name] = append(others, values...)
	}
	contentType, body := "application/json", []byte(`{"error":"`+refusal.Code+`","error_description":"`+refusal.Description+"\"}\n")
	if r.Answer != nil {
		contained(&r.answerPanicked, "ResourceConfig.Answer", func() { contentType, body = r.Answer(req, refusal) })
	}
	h["Content-Type"] = nil // keeps net/http from guessing
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(refusal.Status)
	w.Write(body)
}

// challenge builds the value of WWW-Authenticate from the table of outcomes and from the service's
// configuration. It has nothing from the request.
func (r *Resource) challenge(o outcome, ask *ask, scopes []string) string {
	var b strings.Builder
	b.Grow(128) // enough for most challenges
	b.WriteString("Bearer")
	separator := " "
	add := func(name, value string) {
		b.WriteString(separator)
		b.WriteString(name)
		b.WriteString(`="`)
		for i := 0; i < len(value); i++ { // quoted-string: RFC 9110 section 5.6.4
			if value[i] == '"' || value[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(value[i])
		}
		b.WriteByte('"')
		separator = ", "
	}
	scope, address := "", ""
	if o.status != http.StatusBadRequest {
		scope = challengeWords(slices.Concat(scopes, ask.scopes))
		if r.published != nil {
			address = r.published.address
		}
	}
	switch {
	case r.Realm != "":
		add("realm", r.Realm)
	case !o.challenge && scope == "" && address == "": // RFC 6750 section 3 asks for one parameter at least
		add("realm", "api")
	}
	if o.challenge {
		add("error", o.code)
		add("error_description", o.description)
	}
	if scope != "" {
		add("scope", scope)
	}
	if address != "" {
		add("resource_metadata", address) // RFC 9728 section 5.1
	}
	if o.sentinel == ErrAuthentication {
		if list := challengeWords(ask.acr); list != "" {
			add("acr_values", list)
		}
		if ask.hasMaxAge {
			add("max_age", strconv.FormatInt(max(0, int64(ask.maxAge/time.Second)), 10))
		}
	}
	return b.String()
}

// challengeWords joins words, without repetition. A word with a character that RFC 6750 section 3
// does not allow in scope is left out.
func challengeWords(words []string) string {
	var list []string
	for _, word := range words {
		valid := word != ""
		for i := 0; i < len(word); i++ {
			c := word[i]
			valid = valid && c > ' ' && c <= '~' && c != '"' && c != '\\'
		}
		if valid && !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return strings.Join(list, " ")
}

// outcome is what a sentinel means to the client.
type outcome struct {
	sentinel    error
	status      int
	code        string // the error of RFC 6750 section 3.1, RFC 9470 section 3 or, in bodies alone, our own word
	challenge   bool   // whether code is also sent in WWW-Authenticate
	description string // one fixed sentence: the client learns nothing more
}

// outcomes is all that a client may learn of a refusal.
var outcomes = [...]outcome{
	{ErrNoToken, http.StatusUnauthorized, "unauthorized", false, "A bearer access token is required."},
	{ErrRequest, http.StatusBadRequest, "invalid_request", true, "The request must carry exactly one well-formed bearer credential."},
	{ErrMalformed, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrKey, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrSignature, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrExpired, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrNotYetValid, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrClaims, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrBinding, http.StatusUnauthorized, "invalid_token", true, invalidToken},
	{ErrScope, http.StatusForbidden, "insufficient_scope", true, "The access token does not allow this request."},
	{ErrAuthentication, http.StatusUnauthorized, "insufficient_user_authentication", true, "A stronger or more recent user authentication is required."},
	{ErrUnavailable, http.StatusServiceUnavailable, "temporarily_unavailable", false, "The service cannot verify tokens right now."},
}

const invalidToken = "The access token is not valid for this service."

// outcomeOf finds the row for err. An error of another package is a failure of the service.
func outcomeOf(err error) outcome {
	for _, o := range outcomes {
		if errors.Is(err, o.sentinel) {
			return o
		}
	}
	return outcome{err, http.StatusInternalServerError, "server_error", false, "The service failed to answer."}
}
