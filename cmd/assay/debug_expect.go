// This file reads the fields of debug's page, and makes of them the expectation by which a token is judged.

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay.example/jwt"
)

// debugFault says what is wrong with a field of the page.
type debugFault struct {
	Field string `json:"field"` // its id; empty: it is not known which
	Text  string `json:"text"`
}

// expectation is what a token is judged by. It leaves out fields that cannot be used; those are in the
// faults.
type expectation struct {
	ask          *debugAsk
	config       jwt.Config
	requirements []jwt.Requirement
	at           time.Time // zero: now
	keyless      string    // why there are no keys; empty: there are some
	faults       []debugFault
}

// These replace fields that the user has not filled in. No token has this issuer by accident.
const noIssuer = "urn:assay:none-was-given"

var errNoKeys = errors.New("no key was given")

// noKeys is the source of keys if the user gave none.
type noKeys struct{}

func (noKeys) Key(context.Context, jwt.Header) (*jwt.Key, error) { return nil, errNoKeys }

// tenantWord is the placeholder for the tenant in the issuer of all tenants of Microsoft Entra ID.
const tenantWord = "{tenantid}"

func (s *debugServer) expect(ask *debugAsk) *expectation {
	e := &expectation{ask: ask, faults: []debugFault{}}
	e.config = jwt.Config{Issuer: noIssuer, InsecureSkipAudience: true, Keys: noKeys{}}
	if ask.Issuer != "" {
		e.try("issuer", func(c *jwt.Config) {
			c.Issuer, c.InsecureAnyTenant = ask.Issuer, strings.Contains(ask.Issuer, tenantWord)
		})
	}
	if e.config.InsecureAnyTenant && len(ask.Tenants) > 0 {
		e.try("tenants", func(c *jwt.Config) { c.Tenants, c.InsecureAnyTenant = ask.Tenants, false })
	}
	if len(ask.Audience) > 0 {
		e.try("audience", func(c *jwt.Config) { c.Audience, c.InsecureSkipAudience = ask.Audience, false })
	}
	if len(ask.Clients) > 0 {
		e.try("clients", func(c *jwt.Config) { c.Clients, c.InsecureSkipAudience = ask.Clients, false })
	}
	for _, scope := range ask.Scopes {
		e.requirements = append(e.requirements, jwt.Scope(scope))
	}
	e.times()
	profile, known := profiles[ask.Profile]
	if !known {
		e.fault("profile", errors.New("there is no such kind of token"))
	}
	e.config.Profile = profile
	keys, err := s.keys(ask)
	switch {
	case err != nil:
		e.keyless = "the key that was given cannot be used"
		if ask.Fetch || !errors.Is(err, errNoKeys) {
			e.fault(ask.Source, err)
		}
		if errors.Is(err, errNoKeys) {
			e.keyless = "no key has been given yet"
		}
	case keys == nil:
		e.keyless = "nobody has been asked for the keys yet: press Verify"
	default:
		e.config.Keys = keys
	}
	// Without a secret, the algorithm of the field Secret does not count.
	if ask.Algorithm != "" && (ask.Source != "secret" || err == nil) {
		e.try("only", func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.Algorithm(ask.Algorithm)} })
	}
	return e
}

// try changes the configuration, if a verifier can still be made of it.
func (e *expectation) try(field string, change func(*jwt.Config)) {
	changed := e.config
	change(&changed)
	if _, err := jwt.NewVerifier(changed); err != nil {
		e.fault(field, err)
		return
	}
	e.config = changed
}

// fault records what is wrong with a field, in the words of the page. It repeats nothing of a key or a secret.
func (e *expectation) fault(field string, err error) {
	text := err.Error()
	switch field {
	case "key", "secret":
		text = withoutSecret(err, e.ask.Key+" "+e.ask.Secret)
	case "tenants":
		text = "a tenant is a GUID in lower case, as the claim tid has it"
	}
	e.faults = append(e.faults, debugFault{field, sentenceOf(inPageWords(text))})
}

// times reads the leeway and the time to judge for.
func (e *expectation) times() {
	if text := e.ask.Leeway; text != "" {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 0 || n > 600:
			e.fault("leeway", errors.New("it is a number of seconds from 0 to 600"))
		case n == 0:
			e.config.Leeway = -1
		default:
			e.config.Leeway = time.Duration(n) * time.Second
		}
	}
	if e.ask.At != "" {
		var at moment
		if err := at.Set(e.ask.At); err != nil {
			e.fault("at", err)
		}
		e.at = at.Time
	}
}

// keys returns the source of keys that the page names; nil if the keys must be fetched and the user has not
// pressed Verify. The error is errNoKeys if the field is empty.
func (s *debugServer) keys(ask *debugAsk) (jwt.KeySource, error) {
	options := &jwt.RemoteOptions{Client: s.outbound, InsecureLoopbackHTTP: s.presets.InsecureLoopbackHTTP}
	given := map[string]string{"issuer": ask.Issuer, "jwks": ask.JWKS, "key": strings.TrimSpace(ask.Key), "secret": ask.Secret}
	text, known := given[ask.Source]
	switch {
	case !known:
		return nil, errors.New("there is no such source of keys")
	case text == "" && ask.Source == "issuer" && ask.Fetch:
		return nil, errors.New("say which issuer to ask for keys")
	case text == "" && ask.Source != "issuer":
		return nil, errNoKeys
	case ask.Source == "key":
		return pastedKey(text, jwt.Algorithm(ask.Algorithm))
	case ask.Source == "secret":
		return pastedSecret(ask)
	case !ask.Fetch:
		return nil, nil
	case ask.Source == "jwks":
		return orNone(jwt.NewRemoteKeySet(text, options))
	case strings.Contains(text, tenantWord):
		// The metadata for all tenants name the issuer with the placeholder, as the page does.
		options.MetadataURL = strings.Replace(text, tenantWord, "common", 1) + "/.well-known/openid-configuration"
	}
	return orNone(jwt.Discover(text, options))
}

// orNone returns the key set as a KeySource, or nil: a nil *RemoteKeySet would be a KeySource that is not nil.
func orNone(set *jwt.RemoteKeySet, err error) (jwt.KeySource, error) {
	if err != nil {
		return nil, err
	}
	return set, nil
}

// pastedKey reads what people paste as a key: PEM, a JWK, or a whole JWK Set.
func pastedKey(text string, alg jwt.Algorithm) (jwt.KeySource, error) {
	if strings.HasPrefix(text, "-----BEGIN") {
		return pemKeys(alg, text)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, errors.New("it is neither PEM nor a JSON Web Key nor a set of them")
	}
	if members["keys"] != nil {
		return jwt.ParseKeySet([]byte(text))
	}
	return jwt.ParseKey([]byte(text))
}

func pastedSecret(ask *debugAsk) (jwt.KeySource, error) {
	secret := []byte(ask.Secret)
	if ask.Base64 {
		var err error
		if secret, err = eitherBase64(ask.Secret); err != nil {
			return nil, err
		}
	}
	return jwt.HMACKey("", jwt.Algorithm(ask.Algorithm), secret)
}

// eitherBase64 decodes a secret as issuers and vaults print it: standard base64 or base64url, with padding
// or without.
func eitherBase64(text string) ([]byte, error) {
	text = strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if secret, err := alphabet.DecodeString(text); err == nil {
			return secret, nil
		}
	}
	return nil, errors.New("it is neither base64 nor base64url")
}

// asked lists what the page expects, without keys and secrets, for a report.
func (e *expectation) asked() (lines [][2]string) {
	add := func(name string, values ...string) {
		if text := strings.Join(values, " "); text != "" {
			lines = append(lines, [2]string{name, text})
		}
	}
	if e.config.Issuer != noIssuer {
		add("issuer", e.config.Issuer)
	}
	add("tenants", e.config.Tenants...)
	if e.config.InsecureAnyTenant {
		add("tenants", "any")
	}
	add("audience", e.config.Audience...)
	add("clients", e.config.Clients...)
	if e.requirements != nil {
		add("scopes", e.ask.Scopes...)
	}
	add("keys", map[string]string{"issuer": "from the issuer", "jwks": "from " + withoutQuery(e.ask.JWKS), "key": "a public key", "secret": "a secret"}[e.ask.Source])
	if e.ask.Source != "secret" {
		add("algorithm", e.ask.Algorithm)
	}
	add("kind", e.ask.Profile)
	return slices.Clip(lines)
}

// withoutQuery returns an address without user and query, which may hold a password or a token.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "an address"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
