// This file reads the settings of the issuer: flags, and a file. It parses the file strictly, so that a
// misspelled member is an error.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

const (
	// maxIssuerLifetime bounds -lifetime: a longer one is a mistake of units.
	maxIssuerLifetime = 10 * 365 * 24 * time.Hour
	// maxConfigured is the number of clients, and of users, that a file may have.
	maxConfigured = 1000
	// maxRedirects is the number of redirect addresses that a client may have.
	maxRedirects = 20
	// maxRedirect is the size of one of them.
	maxRedirect = 2048
)

// issuerConfig are the settings of the issuer.
type issuerConfig struct {
	url        string // empty: the address
	audience   []string
	algorithms []jwt.Algorithm
	lifetime   time.Duration // 0: an hour
	claims     claimValues   // of every token
	clients    []*issuerClient
	users      []issuerUser // nil: any user
	documents  bool         // a client's id may be the address of its document
}

// issuerClient is a client of the issuer, configured or registered.
type issuerClient struct {
	id, secret   string // no secret: a public client
	redirectURIs []string
	scope        string // that it may ask for; empty: any
	claims       claimValues
	grants       []string
}

// issuerUser is who logs in, without a password.
type issuerUser struct {
	subject string
	claims  claimValues
}

// claimValues are claims in their original JSON. It is a flag, too. A nil value leaves a claim out.
type claimValues map[string]any

func (v *claimValues) String() string { return "" }

// Set takes name=value.
func (v *claimValues) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("it is not like name=value")
	}
	if *v == nil {
		*v = claimValues{}
	}
	if unique([]byte(value)) == nil {
		(*v)[name] = rawOrNil(json.RawMessage(value))
	} else {
		(*v)[name] = value
	}
	return nil
}

func (v *claimValues) UnmarshalJSON(text []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil || raw == nil {
		return errors.New("it is not an object")
	}
	*v = claimValues{}
	for name, value := range raw {
		(*v)[name] = rawOrNil(value)
	}
	return nil
}

// rawOrNil keeps a value byte for byte, so that large integers stay exact. null becomes nil.
func rawOrNil(value json.RawMessage) any {
	if string(value) == "null" {
		return nil
	}
	return value
}

// audiences are the audiences of tokens for which the client asks for none.
func (c *issuerConfig) audiences() []string {
	if c.audience == nil {
		return []string{jwttest.Audience}
	}
	return c.audience
}

// override replaces settings by those of the flags, and checks all settings.
func (c *issuerConfig) override(flags issuerConfig) error {
	if flags.url != "" {
		c.url = flags.url
	}
	if flags.audience != nil {
		c.audience = flags.audience
	}
	if flags.algorithms != nil {
		c.algorithms = flags.algorithms
	}
	if flags.lifetime != 0 {
		c.lifetime = flags.lifetime
	}
	c.documents = flags.documents
	merged := claimValues{}
	maps.Copy(merged, c.claims)
	maps.Copy(merged, flags.claims)
	c.claims = merged
	switch {
	case c.lifetime < 0 || c.lifetime > maxIssuerLifetime || c.lifetime != 0 && c.lifetime < time.Second:
		return errors.New("a lifetime is between a second and ten years. For a token that has expired, POST /mint")
	case c.lifetime == 0:
		c.lifetime = time.Hour
	}
	if slices.Contains(c.audience, "") {
		return errors.New("an audience is empty")
	}
	for _, alg := range c.algorithms {
		if !slices.Contains(signable, alg) {
			return fmt.Errorf("%s has no key to publish", alg)
		}
	}
	if c.clients == nil {
		c.clients = []*issuerClient{{id: jwttest.ClientID, secret: jwttest.ClientSecret, grants: []string{"client_credentials"}}}
	}
	return nil
}

// parseIssuerConfig reads a file. Its errors name the wrong member and repeat no value.
func parseIssuerConfig(text []byte) (c issuerConfig, err error) {
	var lifetime string
	var clients, users []json.RawMessage
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if err := unique(text); err != nil {
		return c, err
	}
	if err := object("", text, members{"issuer": &c.url, "audience": &c.audience, "algorithms": &c.algorithms, "lifetime": &lifetime,
		"claims": &c.claims, "clients": &clients, "users": &users}); err != nil {
		return c, err
	}
	if lifetime != "" {
		if c.lifetime, err = time.ParseDuration(lifetime); err != nil || c.lifetime == 0 {
			return c, errors.New(`lifetime: it is not a duration like "1h"`)
		}
	}
	if len(clients) > maxConfigured || len(users) > maxConfigured {
		return c, fmt.Errorf("there are more than %d clients or users", maxConfigured)
	}
	ids := map[string]bool{}
	for n, text := range clients {
		at := fmt.Sprintf("clients[%d].", n)
		client := &issuerClient{}
		if err := object(at, text, members{"id": &client.id, "secret": &client.secret, "redirect_uris": &client.redirectURIs, "scope": &client.scope, "claims": &client.claims}); err != nil {
			return c, err
		}
		if err := client.check(ids[client.id]); err != nil {
			return c, fmt.Errorf("%s%w", at, err)
		}
		ids[client.id] = true
		c.clients = append(c.clients, client)
	}
	for n, text := range users {
		at := fmt.Sprintf("users[%d].", n)
		user := issuerUser{}
		if err := object(at, text, members{"sub": &user.subject, "claims": &user.claims}); err != nil {
			return c, err
		}
		if user.subject == "" || slices.ContainsFunc(c.users, func(u issuerUser) bool { return u.subject == user.subject }) {
			return c, fmt.Errorf("%ssub: it is missing, or another user's", at)
		}
		c.users = append(c.users, user)
	}
	return c, nil
}

// check completes a client of the file.
func (c *issuerClient) check(taken bool) error {
	if c.id == "" || taken {
		return errors.New("id: it is missing, or another client's")
	}
	if !scopeText(c.scope) {
		return errors.New("scope: it is not a list of names with a space between")
	}
	if err := checkRedirects(c.redirectURIs); err != nil {
		return fmt.Errorf("redirect_uris%w", err)
	}
	if c.secret != "" {
		c.grants = append(c.grants, "client_credentials")
	}
	if c.redirectURIs != nil {
		c.grants = append(c.grants, "authorization_code", "refresh_token")
	}
	if c.grants == nil {
		return errors.New("secret: a client has a secret, or redirect_uris, or both")
	}
	return nil
}

// checkRedirects finds a redirect address that is not allowed. Its error begins with the index.
func checkRedirects(list []string) error {
	if len(list) > maxRedirects {
		return fmt.Errorf(": there are more than %d", maxRedirects)
	}
	for n, text := range list {
		if what := wrongRedirect(text); what != "" {
			return fmt.Errorf("[%d]: %s", n, what)
		}
	}
	return nil
}

// wrongRedirect says what is wrong with an address. It allows an app's own scheme (RFC 8252 section 7.1),
// http on loopback (7.3), and https.
func wrongRedirect(text string) string {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxRedirect:
		return "it is too long"
	case err != nil || u.Scheme == "" || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "it is not an absolute address"
	case strings.Contains(text, "#"):
		return "it has a fragment (RFC 6749 section 3.1.2)"
	case u.User != nil:
		return "it has a user's name"
	case slices.Contains([]string{"javascript", "data", "vbscript", "file", "blob", "about"}, u.Scheme):
		return "its scheme is none to send a client to"
	case (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() == "":
		return "it has no host"
	case u.Scheme == "http" && !loopbackHost(u.Hostname()):
		return "http is for loopback alone"
	}
	return ""
}

// members has the destinations of the members of an object, by name.
type members map[string]any

// object reads an object that has no other members. Unlike [json.Unmarshal] it compares names exactly.
func object(at string, text []byte, into members) error {
	var found map[string]json.RawMessage
	if err := json.Unmarshal(text, &found); err != nil || found == nil {
		if at = strings.TrimSuffix(at, "."); at != "" {
			return fmt.Errorf("%s: it is not an object", at)
		}
		return errors.New("it is not an object of JSON")
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		target, ok := into[name]
		if !ok {
			return fmt.Errorf("there is no member %s%s: there are %s", at, foreign(name), strings.Join(slices.Sorted(maps.Keys(into)), ", "))
		}
		if err := json.Unmarshal(found[name], target); err != nil || string(found[name]) == "null" {
			return fmt.Errorf("%s%s: it has the wrong type", at, name)
		}
	}
	return nil
}

// unique refuses text that is not JSON, or that has a member twice: parsers differ in which of the two counts.
func unique(text []byte) error {
	if !json.Valid(text) { // which bounds the depth, too
		return notJSON(text)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value func() error
	value = func() error {
		t, err := d.Token()
		if err != nil || t != json.Delim('{') && t != json.Delim('[') {
			return err
		}
		seen := map[string]bool{}
		for d.More() {
			if t == json.Delim('{') {
				name, err := d.Token()
				if err != nil {
					return err
				}
				if seen[name.(string)] {
					return fmt.Errorf("the member %s is there twice", foreign(name.(string)))
				}
				seen[name.(string)] = true
			}
			if err := value(); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	}
	if err := value(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// notJSON says where a text stops to be JSON, and repeats nothing of it.
func notJSON(text []byte) error {
	var mistake *json.SyntaxError
	if err := json.Unmarshal(text, new(any)); !errors.As(err, &mistake) || mistake.Offset == 0 {
		return errors.New("it is not JSON")
	}
	before := text[:mistake.Offset-1]
	return fmt.Errorf("it is not JSON: see line %d, byte %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

// scopeText reports whether a text is a list of scopes (RFC 6749 section 3.3), or empty.
func scopeText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}
