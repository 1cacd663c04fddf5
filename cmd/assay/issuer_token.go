// This file is the token endpoint of the issuer (RFC 6749 section 3.2): it has three grants, and makes their
// tokens.

package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"assay.example/jwt/jwttest"
)

var (
	grantTypes  = []string{"authorization_code", "client_credentials", "refresh_token"}
	authMethods = []string{"none", "client_secret_basic", "client_secret_post"}
)

func (f *fakeIssuer) serveToken(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	ask, err := parameters(r)
	if err != nil {
		wrong("invalid_request", err.Error()).answer(w)
		return
	}
	if twice := repeated(ask); twice != "" {
		wrong("invalid_request", twice+" is there twice").answer(w)
		return
	}
	client, e := f.authenticate(r, ask)
	if e != nil {
		if e.status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="assay issuer"`)
		}
		e.answer(w)
		return
	}
	var answer map[string]any
	switch kind := ask.Get("grant_type"); {
	case kind == "":
		e = wrong("invalid_request", "grant_type is missing")
	case !slices.Contains(grantTypes, kind):
		e = wrong("unsupported_grant_type", "grant_type must be one of "+strings.Join(grantTypes, ", "))
	case !slices.Contains(client.grants, kind):
		e = wrong("unauthorized_client", "the client may not use "+kind)
	case kind == "client_credentials":
		answer, e = f.clientCredentials(client, ask)
	case kind == "authorization_code":
		answer, e = f.exchange(client, ask)
	default:
		answer, e = f.renew(client, ask)
	}
	if e != nil {
		e.answer(w)
		return
	}
	answerJSON(w, http.StatusOK, answer)
}

// parameters reads a form or, as Auth0 takes it, a JSON object of strings.
func parameters(r *http.Request) (url.Values, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		if r.ParseForm() != nil {
			return nil, errors.New("the body is no form, or too large")
		}
		return r.PostForm, nil
	case "application/json":
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, errors.New("the body is too large")
		}
		if err := unique(text); err != nil {
			return nil, err
		}
		var object map[string]any
		if json.Unmarshal(text, &object) != nil {
			return nil, errors.New("the body is not an object")
		}
		values := url.Values{}
		for name, value := range object {
			if text, ok := value.(string); ok {
				values.Set(name, text)
			}
		}
		return values, nil
	}
	return nil, errors.New("the body must be application/x-www-form-urlencoded")
}

// authenticate finds the client: by HTTP Basic, by parameters, or by its id alone if it has no secret.
func (f *fakeIssuer) authenticate(r *http.Request, ask url.Values) (*issuerClient, *oauthError) {
	id, secret := ask.Get("client_id"), ask.Get("client_secret")
	if r.Header.Get("Authorization") != "" {
		name, password, ok := r.BasicAuth()
		name, err1 := url.QueryUnescape(name) // RFC 6749 section 2.3.1
		password, err2 := url.QueryUnescape(password)
		switch {
		case !ok || err1 != nil || err2 != nil:
			return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "the header Authorization is not HTTP Basic"}
		case secret != "" || id != "" && id != name:
			return nil, wrong("invalid_request", "the client is named twice, in the header Authorization and in the body")
		}
		id, secret = name, password
	}
	c, ok := f.client(id)
	if !ok || subtle.ConstantTimeCompare([]byte(secret), []byte(c.secret)) != 1 {
		return nil, &oauthError{http.StatusUnauthorized, "invalid_client", "client_id or client_secret is wrong"}
	}
	return c, nil
}

func (f *fakeIssuer) clientCredentials(c *issuerClient, ask url.Values) (map[string]any, *oauthError) {
	scope, e := c.allowedScope(ask.Get("scope"))
	if e != nil {
		return nil, e
	}
	resources, e := f.targets(ask)
	if e != nil {
		return nil, e
	}
	return f.accessToken(&grant{client: c, user: issuerUser{subject: c.id + "@clients"}, scope: scope, resources: resources}), nil
}

// verifierForm is the form of a code_verifier (RFC 7636 section 4.1).
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// exchange gives tokens for a code.
func (f *fakeIssuer) exchange(c *issuerClient, ask url.Values) (map[string]any, *oauthError) {
	verifier := ask.Get("code_verifier")
	switch {
	case ask.Get("code") == "":
		return nil, wrong("invalid_request", "code is missing")
	case verifier == "":
		return nil, wrong("invalid_request", "code_verifier is missing")
	case !verifierForm.MatchString(verifier):
		return nil, wrong("invalid_request", "code_verifier is not 43 to 128 letters, digits and -._~")
	}
	g, e := f.useCode(c, ask.Get("code"))
	if e != nil {
		return nil, e
	}
	digest := sha256.Sum256([]byte(verifier))
	switch {
	case base64.RawURLEncoding.EncodeToString(digest[:]) != g.challenge:
		return nil, wrong("invalid_grant", "code_verifier does not fit code_challenge")
	case ask.Get("redirect_uri") != g.redirectURI:
		return nil, wrong("invalid_grant", "redirect_uri is not that of the authorization request")
	}
	now, e := f.narrowed(g, ask)
	if e != nil {
		return nil, e
	}
	answer := f.accessToken(now)
	if slices.Contains(strings.Fields(g.scope), "openid") {
		answer["id_token"] = f.idToken(g)
	}
	f.addRefresh(answer, g)
	return answer, nil
}

// useCode makes a code invalid. If a code is used twice, it may be stolen, so its grant is revoked (RFC 6749
// section 4.1.2).
func (f *fakeIssuer) useCode(c *issuerClient, code string) (*grant, *oauthError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	given, ok := f.codes.by[code]
	switch {
	case !ok || given.client.id != c.id:
		return nil, wrong("invalid_grant", "code is not known, or another client's")
	case given.used:
		given.revoked = true
		return nil, wrong("invalid_grant", "code was used before")
	}
	given.used = true
	if !time.Now().Before(given.expires) {
		return nil, wrong("invalid_grant", "code has expired")
	}
	return given.grant, nil
}

// renew gives tokens for a refresh token, and another one in its place (RFC 9700 section 4.14.2).
func (f *fakeIssuer) renew(c *issuerClient, ask url.Values) (map[string]any, *oauthError) {
	token := ask.Get("refresh_token")
	if token == "" {
		return nil, wrong("invalid_request", "refresh_token is missing")
	}
	f.mu.Lock()
	g, ok := f.refresh.by[token]
	ok = ok && g.client.id == c.id && !g.revoked
	f.mu.Unlock()
	if !ok {
		return nil, wrong("invalid_grant", "refresh_token is not known, was used before, or is another client's")
	}
	now, e := f.narrowed(g, ask)
	if e != nil {
		return nil, e
	}
	if scope := ask.Get("scope"); scope != "" {
		if !scopeText(scope) || !within(scope, g.scope) {
			return nil, wrong("invalid_scope", "scope is more than was granted")
		}
		now.scope = strings.Join(strings.Fields(scope), " ")
	}
	f.mu.Lock()
	_, ok = f.refresh.by[token]
	f.refresh.drop(token)
	f.mu.Unlock()
	if !ok { // another request has used the token meanwhile
		return nil, wrong("invalid_grant", "refresh_token was used before")
	}
	answer := f.accessToken(now)
	f.addRefresh(answer, g)
	return answer, nil
}

// narrowed returns the grant for the resources that this request names: those of the grant, or some of
// them (RFC 8707 section 2.2).
func (f *fakeIssuer) narrowed(g *grant, ask url.Values) (*grant, *oauthError) {
	resources, e := f.targets(ask)
	if e != nil {
		return nil, e
	}
	now := &grant{client: g.client, user: g.user, scope: g.scope, resources: g.resources}
	if len(resources) == 0 {
		return now, nil
	}
	if len(g.resources) > 0 && slices.ContainsFunc(resources, func(r string) bool { return !slices.Contains(g.resources, r) }) {
		return nil, wrong("invalid_target", "resource was not asked for in the authorization request")
	}
	now.resources = resources
	return now, nil
}

// addRefresh adds a refresh token for clients that may use one.
func (f *fakeIssuer) addRefresh(answer map[string]any, g *grant) {
	if !slices.Contains(g.client.grants, "refresh_token") {
		return
	}
	token := rand.Text()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refresh.put(token, g)
	answer["refresh_token"] = token
}

// accessToken mints an access token of RFC 9068. Claims of the settings come last and replace all others.
func (f *fakeIssuer) accessToken(g *grant) map[string]any {
	claims := jwttest.Claims{"sub": g.user.subject, "client_id": g.client.id, "exp": time.Now().Add(f.config.lifetime).Unix()}
	switch len(g.resources) {
	case 0:
	case 1:
		claims["aud"] = g.resources[0]
	default:
		claims["aud"] = g.resources
	}
	answer := map[string]any{"token_type": "Bearer", "expires_in": int64(f.config.lifetime.Seconds())}
	if g.scope != "" {
		claims["scope"], answer["scope"] = g.scope, g.scope
	}
	for _, more := range []claimValues{f.config.claims, g.client.claims, g.user.claims} {
		maps.Copy(claims, more)
	}
	answer["access_token"] = f.keys.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: claims})
	return answer
}

// idToken mints an ID token of OpenID Connect Core section 2.
func (f *fakeIssuer) idToken(g *grant) string {
	claims := jwttest.Claims{"sub": g.user.subject, "aud": g.client.id, "auth_time": g.at.Unix(), "exp": time.Now().Add(f.config.lifetime).Unix()}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	maps.Copy(claims, g.user.claims)
	return f.keys.Token(claims)
}
