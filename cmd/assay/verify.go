// This file is the command verify: it makes a verifier of its flags, and prints the report.

package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

var verifyCommand = command{
	name:     "verify",
	synopsis: "[-issuer url -audience api] [flags] [token]",
	summary:  "say whether a token is valid, and if it is not, why",
	about: "verify checks whether a token is valid for an issuer and an API. It shows every step, under five\n" +
		"questions: is it well formed, has it been tampered with, is it in its validity period, is it from\n" +
		"the intended authority, is it meant for this application? It finds the keys by the issuer's\n" +
		"metadata, unless -jwks, -key or -secret-file gives them. It makes no other requests.\n\n" +
		"Without -issuer or -audience it decodes the token, says what would be trusted, and prints the\n" +
		"command that verifies it.\n\n" +
		aboutInput + "\n\n" +
		"With -json the report is one JSON object, as docs/report.schema.json describes it.\n\n" +
		"The exit status is 0 if the token is valid, 1 if it is refused, 2 if the command line is wrong,\n" +
		"such as a file that it names, and 3 if the issuer's keys cannot be fetched.",
	example: "assay verify < token.txt\n" +
		"assay verify " + exampleFlags + " -key key.json < token.txt\n" +
		"assay verify " + exampleFlags + " -key key.json \\\n    -profile at+jwt -at 2026-11-21 -redact -json < token.txt",
	run: runVerify,
}

// settings are the flags that configure a verifier.
type settings struct {
	issuer       string
	tenants      texts
	anyTenant    bool
	audience     texts
	clients      texts
	skipAudience bool
	jwks         string
	key          string
	secretFile   string
	base64       bool
	algorithms   algorithms
	profile      profile
	leeway       time.Duration
	remote
}

// Those of jwt.Config.
const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 10 * time.Minute
)

func (s *settings) define(flags *flag.FlagSet) {
	flags.StringVar(&s.issuer, "issuer", "", "`url` of the issuer, byte for byte as its tokens have it in iss")
	flags.Var(&s.tenants, "tenant", "`id` of a tenant, for an issuer with {tenantid} in its name; repeatable")
	flags.BoolVar(&s.anyTenant, "insecure-any-tenant", false, "accept tokens of every tenant of such an issuer")
	flags.Var(&s.audience, "audience", "`api` that the token must be for (aud); repeatable")
	flags.Var(&s.clients, "client", "`id` of a client that it may be issued to (client_id, azp, cid, appid); repeatable")
	flags.BoolVar(&s.skipAudience, "insecure-skip-audience", false, "accept tokens for every API of the issuer")
	flags.StringVar(&s.jwks, "jwks", "", "`file` or address of the key set, in place of the issuer's metadata")
	flags.StringVar(&s.key, "key", "", "`file` with the issuer's public key: PEM, a certificate or a JWK; or a JWK itself in place of a file")
	flags.StringVar(&s.secretFile, "secret-file", "", "`file` with the secret of HS256, HS384 or HS512: its bytes without a line end at the end")
	flags.BoolVar(&s.base64, "base64", false, "the content of -secret-file is base64 or base64url")
	flags.Var(&s.algorithms, "alg", "`algorithm` that may be used; repeatable (default: each key's own; HS256 with -secret-file)")
	flags.Var(&s.profile, "profile", "`kind` of token: at+jwt (RFC 9068) or id (OpenID Connect); default: any access token")
	s.leeway = defaultLeeway
	flags.Var((*duration)(&s.leeway), "leeway", "`duration` by which clocks may differ; 0: not at all")
	s.remote.define(flags)
}

// advice says what is wrong with the flags. For an http issuer on this machine it names the flag for that.
func (s *settings) advice(err error) string {
	text := flagWords.of(goName.ReplaceAllString(err.Error(), ""))
	if refused := (*addressError)(nil); errors.As(err, &refused) && !s.loopbackHTTP && onLoopback(cmp.Or(s.metadata, s.jwks, s.issuer)) {
		text += "; for an issuer on this machine there is -insecure-loopback-http"
	}
	return text
}

// addressError is about where the keys come from, and how they are asked for.
type addressError struct{ error }

func (e *addressError) Unwrap() error { return e.error }

// onLoopback reports whether an address is one that -insecure-loopback-http allows.
func onLoopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && loopbackHost(u.Hostname())
}

// errKeys says that the command line gives keys that cannot be used.
var errKeys = errors.New("the keys cannot be used")

// verifier makes the verifier. Its errors are about the command line and the files that it names.
func (s *settings) verifier() (*jwt.Verifier, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	return jwt.NewVerifier(config)
}

// tenantID stands in the name of an issuer of many tenants.
const tenantID = "{tenantid}"

var guid = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// lacking says which required flag is missing; nil if none is.
func (s *settings) lacking() error {
	switch {
	case s.issuer == "":
		return errors.New("-issuer is required: whose token is it?")
	case len(s.audience) == 0 && len(s.clients) == 0 && !s.skipAudience:
		return errors.New("-audience is required (or -client): whom must the token be for?")
	}
	return nil
}

// check finds mistakes that package jwt would also refuse, and words them with the names of flags.
func (s *settings) check() error {
	tenants, many := len(s.tenants) > 0 || s.anyTenant, strings.Contains(s.issuer, tenantID)
	switch {
	case s.leeway < 0 || s.leeway > maxLeeway:
		return fmt.Errorf("-leeway is not from 0 to %v", maxLeeway)
	case s.skipAudience && len(s.audience) > 0:
		return errors.New("-insecure-skip-audience contradicts -audience")
	case tenants && !many:
		return errors.New("-tenant is for an -issuer with " + tenantID + " in its name")
	case len(s.tenants) > 0 && s.anyTenant:
		return errors.New("-insecure-any-tenant contradicts -tenant")
	case many && !tenants:
		return errors.New("-tenant is required, as -issuer has " + tenantID + ": whose tokens are accepted?")
	case slices.ContainsFunc(s.tenants, func(id string) bool { return !guid.MatchString(id) }):
		return errors.New("-tenant wants the tenant's id: a GUID in lower case")
	case many && s.metadata == "" && s.jwks == "" && s.key == "" && s.secretFile == "":
		return errors.New("-metadata is required, as -issuer has " + tenantID + ": where are the keys of all tenants?")
	case s.base64 && s.secretFile == "":
		return errors.New("-base64 is for -secret-file, which is missing")
	}
	return nil
}

func (s *settings) config() (config jwt.Config, err error) {
	if err = cmp.Or(s.lacking(), s.check()); err != nil {
		return config, err
	}
	config = jwt.Config{
		Issuer: s.issuer, Tenants: s.tenants, InsecureAnyTenant: s.anyTenant, Audience: s.audience, Clients: s.clients, InsecureSkipAudience: s.skipAudience,
		Algorithms: s.algorithms, Profile: s.profile.Profile, Leeway: s.leeway,
	}
	if s.leeway == 0 {
		config.Leeway = -1
	}
	config.Keys, err = s.keys()
	return config, err
}

func (s *settings) keys() (jwt.KeySource, error) {
	named := 0
	for _, name := range []string{s.jwks, s.key, s.secretFile} {
		if name != "" {
			named++
		}
	}
	file := s.key != "" || s.secretFile != "" || s.jwks != "" && !schemed.MatchString(s.jwks)
	switch {
	case named > 1:
		return nil, errors.New("only one of -jwks, -key and -secret-file can be given")
	case file && s.used() != "":
		return nil, errors.New(s.used() + " is for keys from the network, and here a file has them")
	case s.jwks != "" && s.metadata != "":
		return nil, errors.New("-metadata contradicts -jwks: both say where the keys are")
	case s.jwks != "":
		return s.keySet()
	case s.key != "":
		return s.singleKey()
	case s.secretFile != "":
		return s.secret()
	}
	options, err := s.options()
	if err != nil {
		return nil, err
	}
	keys, err := jwt.Discover(s.issuer, options)
	if err != nil {
		return nil, &addressError{err}
	}
	return keys, nil
}

// isInline reports whether a flag is JSON itself. Otherwise it names a file.
func isInline(value string) bool { return strings.HasPrefix(strings.TrimSpace(value), "{") }

// inline reads a flag that is JSON itself or names a file.
func inline(flag, value string) (string, error) {
	if isInline(value) {
		return value, nil
	}
	text, err := readFile(flag, value)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errKeys, err)
	}
	return text, nil
}

// unusable says why the keys that a flag holds or names cannot be used, and repeats nothing of the
// keys.
func unusable(flag, value, text string, err error) error {
	if isInline(value) {
		return fmt.Errorf("%w: %s: %s; %s wants a file's name", errKeys, flag, flagWords.of(withoutSecret(err, text)), flag)
	}
	return fmt.Errorf("%w: %s: %s", errKeys, flag, flagWords.of(withoutSecret(err, text+value)))
}

// schemed recognises an address, as opposed to a file.
var schemed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

func (s *settings) keySet() (jwt.KeySource, error) {
	if schemed.MatchString(s.jwks) {
		options, err := s.options()
		if err != nil {
			return nil, err
		}
		set, err := jwt.NewRemoteKeySet(s.jwks, options)
		if err != nil {
			return nil, &addressError{fmt.Errorf("-jwks: %s; -jwks wants a file's name, or the address of a key set", withoutSecret(err, s.jwks))}
		}
		return set, nil
	}
	text, err := inline("-jwks", s.jwks)
	if err != nil {
		return nil, err
	}
	set, err := jwt.ParseKeySet([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w%s", unusable("-jwks", s.jwks, text, err), setHint(text))
	}
	return set, nil
}

// setHint says what a text may be if it is not a set of keys that can be used.
func setHint(text string) string {
	var document struct {
		Type json.RawMessage `json:"kty"`
		Keys []struct {
			Use string `json:"use"`
		} `json:"keys"`
	}
	if json.Unmarshal([]byte(text), &document) != nil {
		return ""
	}
	encryption := 0
	for _, k := range document.Keys {
		if k.Use == "enc" {
			encryption++
		}
	}
	switch {
	case document.Type != nil && document.Keys == nil:
		return "; is it a single key? That goes into -key"
	case encryption > 0 && encryption == len(document.Keys):
		return "; the keys are for encryption, and the issuer needs one for signatures"
	}
	return ""
}

func (s *settings) singleKey() (jwt.KeySource, error) {
	text, err := inline("-key", s.key)
	if err != nil {
		return nil, err
	}
	var key jwt.KeySource
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		key, err = jwt.ParseKey([]byte(text))
	} else {
		key, err = pemKeys("", text)
	}
	if err != nil {
		return nil, unusable("-key", s.key, text, err)
	}
	return key, nil
}

// pemKeys is the one key of a PEM text, which answers to every kid, or the set of several.
func pemKeys(alg jwt.Algorithm, text string) (jwt.KeySource, error) {
	keys, err := jwt.ParsePEM("", alg, []byte(text))
	if err != nil {
		return nil, err
	}
	if len(keys) == 1 {
		return keys[0], nil
	}
	return jwt.NewKeySet(keys...)
}

func (s *settings) secret() (jwt.KeySource, error) {
	text, err := readFile("-secret-file", s.secretFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKeys, err)
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	if s.base64 {
		if secret, err = fromBase64(text); err != nil {
			return nil, fmt.Errorf("%w: -secret-file: %w", errKeys, err)
		}
	}
	algs := slices.Clone(s.algorithms)
	if algs == nil {
		algs = algorithms{jwt.HS256}
	}
	slices.Sort(algs)
	var keys []*jwt.Key
	for _, alg := range slices.Compact(algs) {
		key, err := jwt.HMACKey("", alg, []byte(secret))
		if err != nil {
			return nil, unusable("-secret-file", s.secretFile, text+secret, err)
		}
		keys = append(keys, key)
	}
	return jwt.NewKeySet(keys...)
}

// fromBase64 decodes base64 or base64url, with or without padding, over any number of lines.
func fromBase64(text string) (string, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.Join(strings.Fields(text), ""))
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return "", errors.New("it is neither base64 nor base64url")
	}
	return string(decoded), nil
}

func runVerify(ctx context.Context, c *call) int {
	flags := c.flags()
	var s settings
	var from tokenSource
	var scopes words
	var at moment
	s.define(flags)
	from.define(flags)
	flags.Var(&scopes, "scope", "`scope` that the API asks for; repeatable, or several with spaces")
	flags.Var(&at, "at", "`time` to judge for: 2026-11-21T19:00:00Z, 2026-11-21, seconds since 1970, or from now, such as -10m")
	asJSON := flags.Bool("json", false, "print the report as JSON")
	redact := flags.Bool("redact", false, "leave out the values of claims that may be personal")
	if code, ok := c.parse(flags, maxArguments); !ok {
		return code
	}
	if lacks := s.lacking(); lacks != nil && !*asJSON {
		return c.verifyUnasked(ctx, &s, &from, at.Time, *redact)
	}
	v, err := s.verifier()
	if err != nil {
		return c.misused("%s", s.advice(err))
	}
	token, code, ok := from.read(c)
	if !ok {
		return code
	}
	var reqs []jwt.Requirement
	for _, scope := range scopes {
		reqs = append(reqs, jwt.Scope(scope))
	}
	r := explain.TokenAt(ctx, v, token, at.Time, reqs...)
	if *redact {
		r = r.Redact()
	}
	r = flagWords.in(r)
	if *asJSON {
		err = c.printJSON(r)
	} else {
		_, err = fmt.Fprint(c.stdout, painted(askable(r).String(), colored(c.stdout)))
	}
	switch {
	case err != nil:
		return c.failed(err)
	case r.Valid:
		return exitOK
	case errors.Is(r.Refusal, jwt.ErrUnavailable):
		return exitNoKeys
	}
	return exitFailed
}

// verifyUnasked decodes the token of a command line without issuer or audience. The exit status is that of
// a wrong command line, so that nobody takes it for that of a valid token.
func (c *call) verifyUnasked(ctx context.Context, s *settings, from *tokenSource, at time.Time, redact bool) int {
	token, code, ok := from.read(c)
	if !ok {
		return code
	}
	r := explain.TokenAt(ctx, nil, token, at) // nil trusts no issuer: the token is only decoded
	if redact {
		r = r.Redact()
	}
	if err := c.unasked(s, r, from); err != nil {
		return c.failed(err)
	}
	c.warn("%v", s.lacking())
	return exitUsage
}

// maxArguments is more than the arguments into which a shell splits a header field without quotes.
const maxArguments = 3

func (c *call) printJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// marks are the words of a report that have a colour. They begin a line, where a report has no text of a token.
var marks = regexp.MustCompile(`(?m)^VALID|^REFUSED|^UNDECIDED|^WELL FORMED|^BROKEN|UNVERIFIED|^  (?:PASS|FAIL|SKIP) |(?:PASS|FAIL|SKIP)$`)

// painted colours the verdicts of a report.
func painted(text string, color bool) string {
	p := &printer{color: color}
	return marks.ReplaceAllStringFunc(text, func(mark string) string {
		switch strings.TrimSpace(mark) {
		case "PASS", "VALID", "WELL FORMED":
			return p.paint(green, mark)
		case "FAIL", "REFUSED", "BROKEN":
			return p.paint(red, mark)
		case "UNVERIFIED", "UNDECIDED":
			return p.paint(yellow, mark)
		}
		return p.paint(faint, mark)
	})
}
