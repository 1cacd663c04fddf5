// This file answers HTTP requests: it takes the credential from a request, asks the verifier, and
// tells the client what RFC 6750 lets it know.

package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ResourceConfig describes a protected resource. The zero value is what most services want.
type ResourceConfig struct {
	// Realm is the realm of the challenge: printable ASCII. Empty: none.
	Realm string

	// OnRefusal is called for every request that is refused, for logs and metrics, before the answer is
	// written. It must not keep the request. Nil: nobody is told.
	OnRefusal func(*http.Request, *Error)

	// HeaderField names a header field that carries the bare token without a scheme, as some proxies
	// send it (Cf-Access-Jwt-Assertion, X-Goog-Iap-Jwt-Assertion). It is then read instead of
	// Authorization. Empty: Authorization.
	HeaderField string

	// Cookie names a cookie that may carry the token where no header field does. A browser sends
	// cookies on its own: such a service needs a defence against cross-site request forgery, such
	// as [http.CrossOriginProtection]. Empty: none.
	Cookie string
}

// A Resource is an HTTP API that asks for bearer tokens: RFC 6750. It is safe for concurrent use.
type Resource struct {
	verifier *Verifier
	config   ResourceConfig
}

// NewResource returns a Resource whose tokens v verifies.
func NewResource(v *Verifier, c ResourceConfig) (*Resource, error) {
	switch {
	case v == nil || len(v.authorities) == 0:
		return nil, errors.New("jwt: NewResource: the Verifier is nil or zero")
	case !printable(c.Realm):
		return nil, errors.New("jwt: NewResource: Realm is not printable ASCII")
	case strings.EqualFold(c.HeaderField, "Authorization"):
		return nil, errors.New("jwt: NewResource: HeaderField is Authorization, which has a scheme: leave it empty")
	case c.HeaderField != "" && !isHTTPToken(c.HeaderField):
		return nil, fmt.Errorf("jwt: NewResource: HeaderField %q is not the name of a header field", c.HeaderField)
	case c.Cookie != "" && !isHTTPToken(c.Cookie):
		return nil, fmt.Errorf("jwt: NewResource: Cookie %q is not the name of a cookie", c.Cookie)
	}
	c.HeaderField = http.CanonicalHeaderKey(c.HeaderField)
	return &Resource{v, c}, nil
}

// Check takes the credential from a request, verifies it, and holds it against reqs: it is the whole
// decision of [Resource.Require], for hosts that are no [http.Handler] and for requirements that depend
// on the request. It writes nothing. The error is an [*Error]; [Resource.Challenge] turns it into the
// answer.
func (r *Resource) Check(req *http.Request, reqs ...Requirement) (*Token, error) {
	return r.check(req, routeOf(reqs))
}

func (r *Resource) check(req *http.Request, route *rule) (*Token, error) {
	text, refusal := r.credential(req)
	if refusal != nil {
		return nil, refusal
	}
	token, err := r.verifier.Verify(req.Context(), text)
	if err != nil {
		return nil, err
	}
	if unmet := route.refuse(token, time.Now()); unmet != nil {
		return nil, unmet.withhold(text)
	}
	return token, nil
}

// Require returns a middleware that lets a request through to its handler only if it carries one
// valid token that meets all of reqs. The handler finds the token with [FromContext]. Without
// requirements any valid token will do. There is no way to exempt a path or a method: wrap the
// handlers that need a token, and answer CORS preflights before. A requirement that is a mistake, such
// as Scope(), panics while the route is built, as [http.Handle] does for a bad pattern.
func (r *Resource) Require(reqs ...Requirement) func(http.Handler) http.Handler {
	route := routeOf(reqs)
	if route.mistake != "" {
		panic("jwt: Require: " + route.mistake)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			token, err := r.check(req, route)
			if err != nil {
				r.Challenge(w, req, err)
				return
			}
			next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), contextKey{}, token)))
		})
	}
}

// contextKey is unexported, so that nothing but Require puts a token into a context.
type contextKey struct{}

// FromContext returns the token that [Resource.Require] verified for this request.
func FromContext(ctx context.Context) (*Token, bool) {
	t, ok := ctx.Value(contextKey{}).(*Token)
	return t, ok
}

// credential finds the one token of a request.
func (r *Resource) credential(req *http.Request) (string, *Error) {
	name := r.config.HeaderField
	if name == "" {
		name = "Authorization"
	}
	values := req.Header[name]
	text := ""
	switch {
	case len(values) > 1:
		return "", &Error{Reason: ReasonCredentialRepeated, Member: name, detail: "the request has " + strconv.Itoa(len(values)) + " " + name + " headers"}
	case len(values) == 1 && r.config.HeaderField != "":
		text = strings.Trim(values[0], " \t")
	case len(values) == 1:
		var err *Error
		if text, err = bearerToken(values[0]); err != nil {
			return "", err
		}
	}
	if r.config.Cookie != "" {
		cookies := req.CookiesNamed(r.config.Cookie)
		switch {
		case len(cookies) == 1 && cookies[0].Value == "": // as some services clear it
		case len(cookies) > 1, len(cookies) == 1 && text != "":
			return "", &Error{Reason: ReasonCredentialRepeated, Member: "Cookie", detail: "the request has more than one token, of which one is in a cookie"}
		case len(cookies) == 1:
			text = cookies[0].Value
		}
	}
	inQuery := hasQueryToken(req.URL)
	switch {
	case text != "" && inQuery:
		return "", &Error{Reason: ReasonCredentialRepeated, Member: "access_token", detail: "the request has a token in its query too"}
	case text == "" && inQuery:
		return "", &Error{Reason: ReasonNoToken, detail: "the request has a token in its query, where it is not read: queries end up in logs"}
	case text == "":
		return "", &Error{Reason: ReasonNoToken, detail: "the request has no " + name + " header with a token"}
	}
	return text, nil
}

// hasQueryToken reports whether the query has the parameter access_token (RFC 6750 section 2.3).
func hasQueryToken(u *url.URL) bool {
	if u == nil || !strings.Contains(u.RawQuery, "access_token") && !strings.Contains(u.RawQuery, "%") {
		return false
	}
	return u.Query().Has("access_token")
}

// bearerToken reads an Authorization header: the scheme in any case, spaces, and a token of the
// characters that RFC 6750 section 2.1 allows. Another scheme gives no token and no error of the
// client's; anything else does.
func bearerToken(value string) (string, *Error) {
	malformed := func(detail string) (string, *Error) {
		return "", &Error{Reason: ReasonCredentialMalformed, Member: "Authorization", detail: detail}
	}
	scheme, rest, _ := strings.Cut(value, " ")
	switch {
	case value == "":
		return "", &Error{Reason: ReasonNoToken, detail: "the Authorization header is empty"}
	case !isHTTPToken(scheme):
		return malformed("the Authorization header does not begin with a scheme")
	case strings.Count(scheme, ".") >= 2:
		return malformed("the Authorization header has a token without the word Bearer before it")
	case !equalASCIIFold(scheme, "bearer"):
		return "", &Error{Reason: ReasonNoToken, detail: "the Authorization header has another scheme than Bearer"}
	}
	token := strings.TrimLeft(rest, " ")
	if token == "" {
		return malformed("the Authorization header has no token after Bearer")
	}
	bare := strings.TrimRight(token, "=")
	for i := 0; i < len(bare); i++ {
		if c := bare[i]; !inBase64url(c) && c != '.' && c != '~' && c != '+' && c != '/' {
			return malformed("the Authorization header holds " + strconv.QuoteToASCII(bare[i:i+1]) + " in or behind its token")
		}
	}
	if bare == "" {
		return malformed("the Authorization header has no token after Bearer")
	}
	return token, nil
}

// Challenge tells ResourceConfig.OnRefusal of a request that was refused with err, and answers it: with
// the status, the challenge of RFC 6750 section 3 in WWW-Authenticate, and a small JSON body with error
// and error_description. The client learns the kind of refusal and no more; the reason is for the
// operator. An error that is not of this package is answered with status 500.
func (r *Resource) Challenge(w http.ResponseWriter, req *http.Request, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{}
	} else if r.config.OnRefusal != nil {
		r.config.OnRefusal(req, e)
	}
	o := outcomeOf(err)
	h := w.Header()
	switch o.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		h.Set("WWW-Authenticate", r.challenge(o, e))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(e.RetryAfter.Seconds())))))
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(o.status)
	io.WriteString(w, `{"error":"`+o.code+`","error_description":"`+o.description+"\"}\n")
}

// challenge builds the value of WWW-Authenticate. What is in it comes from the table of outcomes
// and from the service's own configuration, never from the request.
func (r *Resource) challenge(o outcome, e *Error) string {
	var b strings.Builder
	b.Grow(128) // as much as most need
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
	if r.config.Realm != "" {
		add("realm", r.config.Realm)
	}
	if !o.challenge {
		return b.String()
	}
	add("error", o.code)
	add("error_description", o.description)
	switch o.sentinel {
	case ErrScope:
		if list := challengeWords(e.ask.scopes); list != "" {
			add("scope", list)
		}
	case ErrAuthentication:
		if list := challengeWords(e.ask.acr); list != "" {
			add("acr_values", list)
		}
		if e.ask.hasMaxAge {
			add("max_age", strconv.FormatInt(max(0, int64(e.ask.maxAge/time.Second)), 10))
		}
	}
	return b.String()
}

// challengeWords joins words once each, in the characters that RFC 6750 section 3 allows in scope;
// a word with others could not be asked for and is left out.
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

// Require guards handlers with this verifier and a zero [ResourceConfig]: see [Resource.Require].
func (v *Verifier) Require(reqs ...Requirement) func(http.Handler) http.Handler {
	return (&Resource{verifier: v}).Require(reqs...)
}

// outcome is what a sentinel means to the client.
type outcome struct {
	sentinel    error
	status      int
	code        string // the error of RFC 6750 section 3.1, RFC 9470 section 3 or, in bodies alone, our own word
	challenge   bool   // whether code is also sent in WWW-Authenticate
	description string // one fixed sentence: the client learns nothing more
}

// The client may see no more than this table.
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

// outcomeOf finds the row for err. An error that is not one of ours is the server's own trouble.
func outcomeOf(err error) outcome {
	for _, o := range outcomes {
		if errors.Is(err, o.sentinel) {
			return o
		}
	}
	return outcome{err, http.StatusInternalServerError, "server_error", false, "The service failed to answer."}
}

// isHTTPToken reports whether s is a token of RFC 9110 section 5.6.2.
func isHTTPToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !inBase64url(c) && !strings.ContainsRune("!#$%&'*+.^`|~", rune(c)) || c >= 0x80 {
			return false
		}
	}
	return s != ""
}
