// This file is the tour: one table of every request that the demo makes and the right answer, and the
// comparison of each answer with it.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// step is one request of the tour and the answer that is right.
type step struct {
	note    string                // what has happened before the request; empty: nothing
	change  func(*jwttest.Issuer) // makes it happen
	name    string                // what is sent
	path    string
	send    credentials
	restart bool // the request goes to the instance that has just started and has no keys yet
	want    want
}

// credentials makes the values of the Authorization headers of a request.
type credentials func(context.Context, *tour) ([]string, error)

// want is the right answer. What is empty must be absent from the answer.
type want struct {
	status  int
	code    string // the error of the challenge (RFC 6750 section 3.1)
	scope   string // the scope of the challenge
	reason  jwt.Reason
	message string // the API's own answer
}

// greeted is the API's own answer.
func greeted(message string) want { return want{status: http.StatusOK, message: message} }

// refused is the answer to an invalid token.
func refused(reason jwt.Reason) want {
	return want{status: http.StatusUnauthorized, code: "invalid_token", reason: reason}
}

// refusedScoped is the same for the route that requires a scope: its challenge names the scope.
func refusedScoped(reason jwt.Reason) want {
	w := refused(reason)
	w.scope = "read:messages"
	return w
}

// steps is the tour. The rotation comes before the forged tokens: those cause look-ups too, and two look-ups
// are at least two seconds apart.
func steps() []step {
	return []step{
		{name: "no token", path: "/api/public", send: nothing,
			want: greeted(publicMessage)},
		{name: "no token", path: "/api/private", send: nothing,
			want: want{status: http.StatusUnauthorized, reason: jwt.ReasonNoToken}},
		{name: "good token", path: "/api/private", send: granted(""),
			want: greeted(privateMessage)},
		{name: "token without the scope", path: "/api/private-scoped", send: granted(""),
			want: want{status: http.StatusForbidden, code: "insufficient_scope", scope: "read:messages", reason: jwt.ReasonScopeMissing}},
		{name: "token with the scope", path: "/api/private-scoped", send: granted("read:messages"),
			want: greeted(scopedMessage)},
		{note: "The issuer rotates its keys. The API still has the old set.", change: (*jwttest.Issuer).Rotate,
			name: "token of the new key", path: "/api/private", send: granted(""),
			want: greeted(privateMessage)},
		{name: "expired", path: "/api/private", send: minted(expired),
			want: refused(jwt.ReasonTokenExpired)},
		{name: "tampered: another payload", path: "/api/private-scoped", send: forged(tamper),
			want: refusedScoped(jwt.ReasonSignatureInvalid)},
		{name: "for another audience", path: "/api/private", send: minted(otherAudience),
			want: refused(jwt.ReasonAudienceMismatch)},
		{name: "iss lacks trailing slash", path: "/api/private", send: minted(slashless),
			want: refused(jwt.ReasonIssuerMismatch)},
		{name: "unknown kid", path: "/api/private", send: minted(unknownKey),
			want: refused(jwt.ReasonKeyUnknown)},
		{name: "HS256 with the public key", path: "/api/private-scoped", send: hmacForged,
			want: refusedScoped(jwt.ReasonKeyMismatch)},
		{name: "alg none, no signature", path: "/api/private-scoped", send: forged(unsign),
			want: refusedScoped(jwt.ReasonTokenParts)},
		{name: "alg none, stale signature", path: "/api/private-scoped", send: forged(unsignStale),
			want: refusedScoped(jwt.ReasonAlgorithmRefused)},
		{name: "two Authorization headers", path: "/api/private", send: twice,
			want: want{status: http.StatusBadRequest, code: "invalid_request", reason: jwt.ReasonCredentialRepeated}},
		{note: "The issuer's metadata and keys go down.", change: func(i *jwttest.Issuer) { i.SetDown(true) },
			name: "good token, keys cached", path: "/api/private", send: granted(""),
			want: greeted(privateMessage)},
		{note: "Another instance of the API starts, and cannot fetch any keys.", restart: true,
			name: "good token, no keys", path: "/api/private", send: granted(""),
			want: want{status: http.StatusServiceUnavailable, reason: jwt.ReasonKeysUnavailable}},
	}
}

func nothing(context.Context, *tour) ([]string, error) { return nil, nil }

// granted asks the issuer's token endpoint for a token, as a client of the API would.
func granted(scope string) credentials {
	return func(ctx context.Context, t *tour) ([]string, error) { return bearer(t.grant(ctx, scope)) }
}

// minted has the issuer sign a token that it should not have signed.
func minted(spec func(*jwttest.Issuer) jwttest.Spec) credentials {
	return func(_ context.Context, t *tour) ([]string, error) { return bearer(t.issuer.Mint(spec(t.issuer)), nil) }
}

// forged changes a good token without the issuer's help.
func forged(forge func(token string) (string, error)) credentials {
	return func(ctx context.Context, t *tour) ([]string, error) {
		token, err := t.grant(ctx, "")
		if err != nil {
			return nil, err
		}
		return bearer(forge(token))
	}
}

// hmacForged makes a forged token with the issuer's public key, which everybody can read.
func hmacForged(ctx context.Context, t *tour) ([]string, error) {
	public, err := t.publicKey(ctx)
	if err != nil {
		return nil, err
	}
	return forged(func(token string) (string, error) { return confuse(token, public) })(ctx, t)
}

// twice sends two valid tokens: it would not be clear which of them counts.
func twice(ctx context.Context, t *tour) ([]string, error) {
	values, err := granted("")(ctx, t)
	return append(values, values...), err
}

func bearer(token string, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return []string{"Bearer " + token}, nil
}

func expired(*jwttest.Issuer) jwttest.Spec {
	now := time.Now()
	return jwttest.Spec{Claims: jwttest.Claims{"iat": now.Add(-65 * time.Minute).Unix(), "exp": now.Add(-5 * time.Minute).Unix()}}
}

func otherAudience(*jwttest.Issuer) jwttest.Spec {
	return jwttest.Spec{Claims: jwttest.Claims{"aud": "https://billing.example.com"}}
}

func slashless(i *jwttest.Issuer) jwttest.Spec {
	return jwttest.Spec{Claims: jwttest.Claims{"iss": strings.TrimSuffix(i.URL, "/")}}
}

func unknownKey(*jwttest.Issuer) jwttest.Spec {
	return jwttest.Spec{Header: map[string]any{"kid": "nobody-knows"}}
}

// tour makes the requests.
type tour struct {
	issuer    *jwttest.Issuer
	api       string // its URL
	restarted string // that of the instance without keys
	client    *http.Client
	refusals  *refusals
}

// run makes every request in turn, shows each answer, and returns the number of wrong ones. A request that
// fails is a wrong answer. The error is that of the context.
func (t *tour) run(ctx context.Context, all []step, p *printer) (wrong int, err error) {
	p.head(all)
	for _, s := range all {
		if s.note != "" {
			p.note(s.note)
		}
		if s.change != nil {
			s.change(t.issuer)
		}
		got, err := t.ask(ctx, s)
		if ctx.Err() != nil {
			return wrong, errors.New("interrupted")
		}
		faults := s.want.compare(got)
		if err != nil {
			faults = []string{err.Error()}
		}
		if len(faults) > 0 {
			wrong++
		}
		p.row(s, got, faults)
	}
	p.summary(len(all), wrong)
	return wrong, nil
}

// answer is what the client got, and what the operator was told.
type answer struct {
	status     int
	challenge  foreign // WWW-Authenticate
	retryAfter foreign
	message    foreign
	refusal    *jwt.Error // nil if the request was let through
}

// maxAnswer is larger than the answers that the tour reads.
const maxAnswer = 64 << 10

func (t *tour) ask(ctx context.Context, s step) (answer, error) {
	values, err := s.send(ctx, t)
	if err != nil {
		return answer{}, err
	}
	base := t.api
	if s.restart {
		base = t.restarted
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+s.path, nil)
	if err != nil {
		return answer{}, err
	}
	if values != nil {
		req.Header["Authorization"] = values
	}
	id := t.refusals.expect()
	req.Header.Set(requestID, id)
	resp, body, err := t.do(req)
	refusal := t.refusals.take(id)
	if err != nil {
		return answer{}, err
	}
	var said struct{ Message string }
	json.Unmarshal(body, &said) // an answer that is not the API's JSON has no message, and so counts as wrong
	return answer{
		status:     resp.StatusCode,
		challenge:  foreign(resp.Header.Get("WWW-Authenticate")),
		retryAfter: foreign(resp.Header.Get("Retry-After")),
		message:    foreign(said.Message),
		refusal:    refusal,
	}, nil
}

func (t *tour) do(req *http.Request) (*http.Response, []byte, error) {
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp, body, err
}

// compare lists what is wrong with an answer.
func (w want) compare(got answer) (faults []string) {
	differ := func(what, got, want string) {
		if got != want {
			faults = append(faults, fmt.Sprintf("%s is %q, want %q", what, got, want))
		}
	}
	if got.status != w.status {
		faults = append(faults, fmt.Sprintf("status is %d, want %d", got.status, w.status))
	}
	scheme, parameters := readChallenge(got.challenge.String())
	wantScheme := "Bearer"
	if w.status == http.StatusOK || w.status == http.StatusServiceUnavailable {
		wantScheme = "" // no other credential would help
	}
	differ("the challenge's scheme", scheme, wantScheme)
	differ("the challenge's error", parameters["error"], w.code)
	differ("the challenge's scope", parameters["scope"], w.scope)
	if seconds, err := strconv.Atoi(string(got.retryAfter)); (err == nil && seconds > 0) != (w.status == http.StatusServiceUnavailable) {
		faults = append(faults, fmt.Sprintf("Retry-After is %q", got.retryAfter))
	}
	differ("the reason", string(got.reason()), string(w.reason))
	differ("the message", string(got.message), w.message)
	return faults
}

// reason is the reason that the operator learns; empty if the request was accepted.
func (a answer) reason() jwt.Reason {
	if a.refusal == nil {
		return ""
	}
	return a.refusal.Reason
}

var challengeParameter = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

// readChallenge reads WWW-Authenticate as the demo's API writes it: one challenge, without escapes.
func readChallenge(text string) (scheme string, parameters map[string]string) {
	scheme, rest, _ := strings.Cut(text, " ")
	parameters = map[string]string{}
	for _, match := range challengeParameter.FindAllStringSubmatch(rest, -1) {
		parameters[match[1]] = match[2]
	}
	return scheme, parameters
}

// tokenRequest is the body of the request for a token, as Auth0 documents it.
func tokenRequest(scope string) []byte {
	body, _ := json.Marshal(struct { // strings alone: there is no error
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Audience     string `json:"audience"`
		GrantType    string `json:"grant_type"`
		Scope        string `json:"scope,omitempty"`
	}{jwttest.ClientID, jwttest.ClientSecret, jwttest.Audience, "client_credentials", scope})
	return body
}

// tokenURL is the issuer's token endpoint.
func tokenURL(i *jwttest.Issuer) string { return i.URL + "oauth/token" }

func (t *tour) grant(ctx context.Context, scope string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, tokenURL(t.issuer), bytes.NewReader(tokenRequest(scope)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := t.read(req, &granted); err != nil {
		return "", err
	}
	return granted.Token, nil
}

// publicKey reads the issuer's first published key, and returns it as PEM.
func (t *tour) publicKey(ctx context.Context) ([]byte, error) {
	var metadata struct {
		Keys string `json:"jwks_uri"`
	}
	if err := t.get(ctx, t.issuer.URL+".well-known/openid-configuration", &metadata); err != nil {
		return nil, err
	}
	var set struct{ Keys []publishedKey }
	if err := t.get(ctx, metadata.Keys, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("the issuer publishes no key")
	}
	return set.Keys[0].pem()
}

func (t *tour) get(ctx context.Context, from string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	return t.read(req, into)
}

// read takes a JSON answer of the issuer's. Its errors hold nothing of the answer, which may be a
// token.
func (t *tour) read(req *http.Request, into any) error {
	resp, body, err := t.do(req)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers with status %d", req.URL, resp.StatusCode)
	case json.Unmarshal(body, into) != nil:
		return fmt.Errorf("%s does not answer as expected", req.URL)
	}
	return nil
}
