// This file is the authorization endpoint of the issuer (RFC 6749 section 4.1.1). It has no login page, and
// redirects to the client with a code.

package main

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// codeLifetime is the lifetime of a code: RFC 6749 section 4.1.2 recommends ten minutes or less.
	codeLifetime = time.Minute
	// maxResources is the number of resources that one request may name.
	maxResources = 20
	// defaultSubject is the user who logs in if no users are configured.
	defaultSubject = "test-subject"
)

// grant is what a user has allowed a client.
type grant struct {
	client       *issuerClient
	user         issuerUser
	redirectURI  string // as it was sent; empty if it was not sent
	challenge    string
	scope, nonce string
	resources    []string
	at           time.Time
	revoked      bool // its code was used twice; guarded by the issuer's mu
}

// authorizationCode can be exchanged once.
type authorizationCode struct {
	*grant
	expires time.Time
	used    bool
}

// serveAuthorize redirects at once: there is no login page. If the client or its redirect address is not
// known, it does not redirect: the address may be an attacker's (RFC 6749 section 4.1.2.1).
func (f *fakeIssuer) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := r.ParseForm(); err != nil {
		wrong("invalid_request", "the request is no form").answer(w)
		return
	}
	ask := r.Form
	if twice := repeated(ask); twice != "" {
		wrong("invalid_request", twice+" is there twice").answer(w)
		return
	}
	client, e := f.authorizing(r.Context(), ask.Get("client_id"))
	if e != nil {
		e.answer(w)
		return
	}
	back, ok := client.redirect(ask.Get("redirect_uri"))
	if !ok {
		wrong("invalid_request", "redirect_uri is not one of the client's").answer(w)
		return
	}
	answer := url.Values{"iss": {f.keys.URL}}
	if state := ask.Get("state"); state != "" {
		answer.Set("state", state)
	}
	if granted, e := f.allow(client, ask); e != nil {
		answer.Set("error", e.code)
		answer.Set("error_description", e.description)
	} else {
		answer.Set("code", f.newCode(granted))
	}
	separator := "?"
	if strings.Contains(back, "?") {
		separator = "&"
	}
	w.Header().Set("Location", back+separator+answer.Encode())
	w.WriteHeader(http.StatusFound)
}

// repeated names a parameter that occurs more than once (RFC 6749 section 3.1). Those of RFC 8707 may.
func repeated(values url.Values) string {
	for _, name := range []string{"client_id", "client_secret", "redirect_uri", "response_type", "response_mode", "grant_type", "code", "code_verifier",
		"code_challenge", "code_challenge_method", "refresh_token", "scope", "state", "nonce", "login_hint", "audience"} {
		if len(values[name]) > 1 {
			return name
		}
	}
	return ""
}

// redirect finds the address to which a client is redirected. It must equal one of the client's addresses byte
// for byte, except for the port on loopback (RFC 8252 section 7.3). A client with one address may leave it out.
func (c *issuerClient) redirect(asked string) (string, bool) {
	if asked == "" {
		if len(c.redirectURIs) != 1 {
			return "", false
		}
		return c.redirectURIs[0], true
	}
	if wrongRedirect(asked) != "" {
		return "", false
	}
	return asked, slices.ContainsFunc(c.redirectURIs, func(registered string) bool {
		return registered == asked || loopbackForm(registered) != "" && loopbackForm(registered) == loopbackForm(asked)
	})
}

// loopbackForm is an address on loopback without its port; empty if it is another.
func loopbackForm(text string) string {
	u, err := url.Parse(text)
	if err != nil || !loopbackHost(u.Hostname()) {
		return ""
	}
	rest, ok := strings.CutPrefix(text, "http://"+u.Host)
	if !ok {
		return ""
	}
	return "http://" + u.Hostname() + rest
}

// challengeForm is the form of an S256 challenge: 32 bytes in base64url (RFC 7636 section 4.2).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// allow decides what a client is granted.
func (f *fakeIssuer) allow(c *issuerClient, ask url.Values) (*grant, *oauthError) {
	switch mode := ask.Get("response_mode"); {
	case ask.Get("response_type") == "":
		return nil, wrong("invalid_request", "response_type is missing")
	case ask.Get("response_type") != "code":
		return nil, wrong("unsupported_response_type", "response_type must be code")
	case !slices.Contains(c.grants, "authorization_code"):
		return nil, wrong("unauthorized_client", "the client is not registered for authorization_code")
	case mode != "" && mode != "query":
		return nil, wrong("invalid_request", "response_mode must be query")
	case ask.Get("code_challenge") == "" || ask.Get("code_challenge_method") != "S256":
		return nil, wrong("invalid_request", "PKCE is required: code_challenge, with code_challenge_method=S256")
	case !challengeForm.MatchString(ask.Get("code_challenge")):
		return nil, wrong("invalid_request", "code_challenge is not a SHA-256 in base64url")
	}
	scope, e := c.allowedScope(ask.Get("scope"))
	if e != nil {
		return nil, e
	}
	resources, e := f.targets(ask)
	if e != nil {
		return nil, e
	}
	user, ok := f.user(ask.Get("login_hint"))
	if !ok {
		return nil, wrong("access_denied", "login_hint names none of the users")
	}
	return &grant{client: c, user: user, redirectURI: ask.Get("redirect_uri"), challenge: ask.Get("code_challenge"),
		scope: scope, nonce: ask.Get("nonce"), resources: resources, at: time.Now()}, nil
}

// allowedScope returns the scopes that a client gets of those that it asks for.
func (c *issuerClient) allowedScope(asked string) (string, *oauthError) {
	if !scopeText(asked) {
		return "", wrong("invalid_scope", "scope is not a list of names with a space between")
	}
	if asked == "" || c.scope == "" {
		return strings.Join(strings.Fields(asked+c.scope), " "), nil
	}
	if !within(asked, c.scope) {
		return "", wrong("invalid_scope", "the client may not have one of these scopes")
	}
	return strings.Join(strings.Fields(asked), " "), nil
}

// within reports whether every name of one list is in the other.
func within(list, of string) bool {
	have := strings.Fields(of)
	return !slices.ContainsFunc(strings.Fields(list), func(name string) bool { return !slices.Contains(have, name) })
}

// targets returns the resources of a request (RFC 8707 section 2), or the audience, which Auth0 has instead.
// If audiences are configured, it refuses others.
func (f *fakeIssuer) targets(ask url.Values) ([]string, *oauthError) {
	asked := slices.Clone(ask["resource"])
	if len(asked) > maxResources {
		return nil, wrong("invalid_target", "there are too many resources")
	}
	for _, resource := range asked {
		if u, err := url.Parse(resource); err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return nil, wrong("invalid_target", "resource must be an absolute address without a fragment")
		}
	}
	if audience := ask.Get("audience"); audience != "" {
		asked = append(asked, audience)
	}
	for _, resource := range asked {
		if f.config.audience != nil && !slices.Contains(f.config.audience, resource) {
			return nil, wrong("invalid_target", "it is none of the audiences of this issuer: see -audience")
		}
	}
	slices.Sort(asked)
	return slices.Compact(asked), nil
}

// user finds the user who logs in. Without users in the settings every name is one.
func (f *fakeIssuer) user(hint string) (issuerUser, bool) {
	users := f.config.users
	switch {
	case hint == "" && users != nil:
		return users[0], true
	case hint == "":
		return issuerUser{subject: defaultSubject}, true
	case users == nil:
		return issuerUser{subject: hint}, true
	}
	n := slices.IndexFunc(users, func(u issuerUser) bool { return u.subject == hint })
	if n < 0 {
		return issuerUser{}, false
	}
	return users[n], true
}

// newCode keeps a grant until its code is exchanged.
func (f *fakeIssuer) newCode(g *grant) string {
	code := rand.Text()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes.put(code, &authorizationCode{grant: g, expires: g.at.Add(codeLifetime)})
	return code
}
