// This file knows the mistakes that people make with tokens, and says what to do about them. Nothing
// here decides anything: hints are found after the verdict.

package jwt

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// pasted takes off what is often copied along with a token, and says what that was.
func pasted(token string) (clean string, along []string) {
	clean = token
	note := func(what, now string) bool {
		if now == clean || now == "" {
			return false
		}
		clean = now
		for n, old := range along {
			if old == what && strings.HasPrefix(what, "the word") {
				along[n] = what + ", more than once"
			}
			if strings.HasPrefix(old, what) {
				return true
			}
		}
		along = append(along, what)
		return true
	}
	for range 8 { // layers
		before := clean
		note("white space around it", strings.TrimSpace(clean))
		note("an invisible character", strings.Map(visible, clean))
		for _, name := range []string{"authorization:", "bearer", "dpop", "token:"} {
			if len(clean) > len(name) && equalASCIIFold(clean[:len(name)], name) && (clean[len(name)] == ' ' || strings.HasSuffix(name, ":")) {
				what := map[string]string{"authorization:": "the name of the header field", "bearer": "the word Bearer", "dpop": "the word DPoP", "token:": "a label"}[name]
				note(what, strings.TrimLeft(clean[len(name):], " "))
			}
		}
		note("quotes", strings.TrimFunc(clean, func(r rune) bool { return strings.ContainsRune("\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb", r) }))
		note("a comma or semicolon behind it", strings.TrimRight(clean, ",;"))
		if strings.HasPrefix(clean, "{") {
			note("the answer of the token endpoint around it", tokenOf(clean))
		}
		if _, rest, ok := strings.Cut(clean, "access_token="); ok {
			rest, _, _ = strings.Cut(rest, "&")
			note("the address around it", rest)
		}
		if clean == before {
			break
		}
	}
	if strings.ContainsFunc(clean, unicode.IsSpace) {
		what := "a space in the middle"
		if strings.ContainsAny(clean, "\r\n") {
			what = "a line break in the middle"
		}
		joined := strings.NewReplacer("\\\r\n", "", "\\\n", "").Replace(clean)
		note(what, strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, joined))
	}
	return clean, along
}

// visible drops the characters that stand for nothing: a byte order mark, zero-width spaces.
func visible(r rune) rune {
	switch r {
	case '\ufeff', '\u200b', '\u200c', '\u200d', '\u2060', '\u00ad':
		return -1
	}
	return r
}

// tokenOf finds the token in the answer of a token endpoint (RFC 6749 section 5.1).
func tokenOf(answer string) (token string) {
	s := scanner{text: answer}
	for name := range s.members {
		if (name == "access_token" || name == "id_token" && token == "") && s.peek() == '"' {
			token, _ = s.string()
		} else {
			s.skip()
		}
	}
	return token
}

// hint is what is said of a failure: what Verify says of it, and what is known besides.
func (x *explanation) hint(step int, check string, e *Error) string {
	hints := []string{e.Hint}
	add := func(hint string) {
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	switch check {
	case "size":
		add("few servers take a header field of that size: have the issuer put less into the token, such as fewer groups or roles; Config.MaxTokenSize and MaxHeaderSize set the limits")
	case "parts":
		add(x.pastedHint())
		if e.Reason == ReasonTokenOpaque && looksEncoded(x.text) || e.Reason == ReasonTokenParts && x.header.fields != nil && strings.Count(x.text, ".") == 1 {
			hints[0] = ""
			add("it begins as a JWT does and breaks off: copy the whole of it")
		}
	case "encoding":
		add(x.pastedHint())
		add(x.encodingHint())
	case "header":
		add(x.placeHint(x.header, 0))
	case "payload":
		if e.Reason == ReasonPayloadInvalid {
			add(x.placeHint(x.payload, len(x.cut.header)+1))
		} else {
			add(x.claimHint(e.Member))
		}
	case "alg":
		if x.h.Algorithm.kty() == "oct" {
			add("the token is signed with a shared secret: choose " + e.wanted("one of these") + " where this API is set up at the issuer (at Auth0 it is the signing algorithm of the API)")
		} else if x.h.Algorithm.kty() != "" {
			add("Config.Algorithms leaves it out")
		}
	case "key":
		x.keyHints(e, add)
	case "signature":
		if x.h.Algorithm.kty() == "oct" {
			add("the secret is another, or it is written in base64 and has to be decoded before it is used, or the token was changed")
		} else if e.Hint == "" {
			add("the token was changed after it was signed, or it was signed with another key under the same kid: get a new token and compare")
		}
	case "typ":
		if x.i.Profile == AccessToken {
			add("the issuer does not mark its access tokens as RFC 9068 asks: switch that on there (at Auth0 it is the token profile of the API), or do not ask for the profile")
		} else if x.i.Profile == IDToken && isMediaType(x.h.Type, "at+jwt") {
			add("it is an access token: it is for APIs, not for clients")
		}
	case "issuer choice", "iss":
		if x.v.count() == 0 {
			break
		}
		add(x.issuerHint())
	case "aud":
		x.audienceHints(add)
	case "client":
		add(x.idTokenHint())
	case "exp":
		add(x.expiryHint())
	case "nbf", "iat":
		add(x.clockHint())
	case "profile":
		if x.i.Profile == AccessToken {
			add("RFC 9068 asks for it: if the issuer does not follow that, do not ask for the profile")
		} else {
			add("OpenID Connect asks for it: is it an ID token?")
		}
	case "cnf":
		add("the client asked for a token that is bound to its key (DPoP, mutual TLS): this API does not check such proofs")
	case "validate":
		add("it is a rule of this service's own: Config.Validate")
	case "requirement":
		if e.Reason == ReasonScopeMissing {
			add(x.scopeHint(step))
		} else if e.Reason == ReasonAuthenticationInsufficient {
			add("the client must send the user to log in again (RFC 9470)")
		}
	}
	if hint := joined(hints); hint != "" {
		return hint
	}
	return advice[e.Reason].do
}

func joined(hints []string) string {
	var all []string
	for _, hint := range hints {
		if hint != "" {
			all = append(all, hint)
		}
	}
	return strings.Join(all, "; ")
}

func (e *Error) wanted(otherwise string) string {
	if e.Want != "" {
		return strings.TrimPrefix(e.Want, "one of ")
	}
	return otherwise
}

// remark is a hint for a step that passed.
func (x *explanation) remark(check string) string {
	switch check {
	case "aud":
		if x.i.Profile != IDToken {
			return x.idTokenHint()
		}
	case "iat", "nbf":
		if c := &x.t.claims; c.issuedAt.After(x.now) || c.notBefore.After(x.now) {
			return x.clockHint()
		}
	case "exp":
		if c := &x.t.claims; !x.now.Before(c.expires) {
			return "only the leeway of " + x.i.Leeway.String() + " keeps it valid"
		}
	}
	return ""
}

func (x *explanation) pastedHint() string {
	if len(x.along) == 0 {
		return ""
	}
	return "take away what was pasted along with the token: " + strings.Join(x.along, "; ") + " (the steps below are about the rest)"
}

// encodingHint tells what the byte that does not belong there may come from.
func (x *explanation) encodingHint() string {
	at := badByte(x.text)
	if at < 0 {
		return ""
	}
	if at >= len(x.text) || x.text[at] == '.' || inBase64url(x.text[at]) {
		return "a part of it is missing, or a character was changed: copy the whole token again"
	}
	switch x.text[at] {
	case '=':
		return "parts of a JWT have no padding (RFC 7515 section 2): whoever made the token, or sent it on, used another encoder"
	case '+', '/':
		return "that is base64, and a JWT is base64url, with - and _ for + and / (RFC 7515 section 2)"
	case '%':
		return "it is encoded as part of an address: decode that first"
	}
	return "no token has that character: copy it again from where it came from"
}

// placeHint tells where in the token the broken JSON is.
func (x *explanation) placeHint(v sight, from int) string {
	if v.fault == "" {
		return ""
	}
	return "that is byte " + strconv.Itoa(from+v.pos*4/3) + " of the token"
}

// claimHint knows how claims come to be of a wrong type.
func (x *explanation) claimHint(claim string) string {
	raw := x.payload.members[claim]
	switch claim {
	case "exp", "nbf", "iat":
		number := strings.Trim(raw, `"`)
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			if raw != number {
				return "the issuer writes it as a string, and it must be a number (RFC 7519 section 2)"
			}
			if n > maxNumericDate && n/1000 <= maxNumericDate {
				return "these are milliseconds, and it must be seconds (RFC 7519 section 2): it would be " + time.UnixMilli(n).UTC().Format(time.RFC3339)
			}
		}
		if raw != number {
			return "the issuer writes it as text, and it must be a number of seconds (RFC 7519 section 2)"
		}
	case "scope":
		if strings.HasPrefix(raw, "[") {
			return "the issuer writes an array, and it must be one string with spaces (RFC 8693 section 4.2); an array belongs into scp"
		}
	}
	return ""
}

// keyHints tells how the keys are, and what may help.
func (x *explanation) keyHints(e *Error, add func(string)) {
	remote, _ := x.i.Keys.(*RemoteKeySet)
	now := time.Now()
	if e.Reason == ReasonKeysUnavailable {
		if remote != nil && e.Hint == "" {
			add(unavailableHint(e, remote))
		}
		return
	}
	if e.Reason == ReasonAlgorithmRefused {
		return
	}
	switch {
	case x.h.KeyID == "" && e.Reason == ReasonKeyAmbiguous:
		add("have the issuer put the kid of its key into the header, or name the one algorithm in Config.Algorithms")
	case x.h.KeyID == "" && x.h.Algorithm.kty() != "oct":
		add("the header has no kid, so only a key for " + snippet(string(x.h.Algorithm)) + " can be meant: most issuers name it")
	}
	if remote == nil {
		if e.Reason == ReasonKeyUnknown {
			add("the keys here are fixed ones: if the issuer has changed its keys since, they must be replaced")
		}
		return
	}
	if x.h.Algorithm.kty() == "oct" {
		return
	}
	set := remote.current.Load()
	if set == nil {
		return
	}
	address, _, _ := strings.Cut(set.address, "?") // a query may hold a secret
	text := "the key set was fetched " + human(now.Sub(set.at)) + " ago from " + snippet(address) + " and has "
	if keys := set.keys.Keys(); set.keys.kids != "one of" {
		text += strings.Replace(set.keys.kids, "one of", "the kids", 1)
		if len(keys) == 1 {
			text = strings.Replace(text, "and has ", "and has the kid ", 1)
		}
	} else {
		text += strconv.Itoa(len(keys)) + " keys without kid"
	}
	if e.Reason == ReasonKeyUnknown {
		if at := remote.Status().NextLookUp; at.After(now) {
			text += "; a token with an unknown kid can make it be fetched again in " + human(at.Sub(now)) + " (" + at.UTC().Format(time.RFC3339) + ")"
		} else {
			text += "; a token with an unknown kid can make it be fetched again now"
		}
		add(text)
		add("the issuer has withdrawn the key that signed the token, or it never was this issuer's: get a new token")
		return
	}
	add(text)
}

// unavailableHint knows how fetches fail.
func unavailableHint(err error, remote *RemoteKeySet) string {
	failed, missing := false, false // a page in place of the issuer, no metadata
	for _, fetch := range fetchesIn(err) {
		if fetch.Issuer != "" {
			return "write the issuer as its metadata has it, byte for byte"
		}
		failed = failed || strings.HasPrefix(fetch.ContentType, "text/html") && fetch.Status == 200
		missing = missing || fetch.Status == 404
	}
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	switch {
	case missing && remote.issuer != "":
		return "there is no metadata at that address: is the issuer written as its tokens have it? If it publishes none, give the address of its key set"
	case errors.As(err, &certificate):
		return "this machine does not trust the issuer's certificate: a proxy in between, or a private authority (RemoteOptions.RootCAs)"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the name is not known to DNS here: is it written right, and does this machine reach the Internet?"
	case failed:
		return "a web page answers in place of the issuer: a proxy or a login page in between"
	}
	return "this says nothing of the token: it is this machine that cannot reach the issuer's keys"
}

// fetchesIn lists the fetches that failed behind an error.
func fetchesIn(err error) (all []*FetchError) {
	switch err := err.(type) {
	case *FetchError:
		return []*FetchError{err}
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			all = append(all, fetchesIn(one)...)
		}
	case interface{ Unwrap() error }:
		return fetchesIn(err.Unwrap())
	}
	return all
}

// issuerHint knows the names that one provider gives to its tenants.
func (x *explanation) issuerHint() string {
	if x.t == nil || x.t.claims.issuer.value == "" {
		name, err := unverifiedIssuer(x.payload.text, func(string) bool { return true })
		if err != nil {
			return ""
		}
		return x.relation(name)
	}
	return x.relation(x.t.claims.issuer.value)
}

func (x *explanation) relation(got string) string {
	for _, i := range x.v.authorities {
		if hint := kinship(got, i.Issuer); hint != "" && (x.i == nil || x.i == i) {
			return hint
		}
	}
	return ""
}

// providers are names under which each customer has an issuer.
var providers = []struct{ suffix, name string }{
	{".auth0.com", "Auth0"}, {".okta.com", "Okta"}, {".oktapreview.com", "Okta"}, {".okta-emea.com", "Okta"},
	{".authgear.cloud", "Authgear"}, {".authgearapps.com", "Authgear"}, {".zitadel.cloud", "Zitadel"}, {".supabase.co", "Supabase"},
	{".clerk.accounts.dev", "Clerk"}, {".cloudflareaccess.com", "Cloudflare Access"}, {".authkit.app", "WorkOS"},
	{".ciamlogin.com", "Microsoft Entra"}, {".b2clogin.com", "Microsoft Entra"}, {".fusionauth.io", "FusionAuth"}, {".logto.app", "Logto"},
}

const (
	entraV1 = "sts.windows.net"
	entraV2 = "login.microsoftonline.com"
)

// kinship words how two different issuers are related; empty if they are not.
func kinship(got, want string) string {
	if got == want || nearMiss(got, want) != "" {
		return ""
	}
	g, errG := url.Parse(got)
	w, errW := url.Parse(want)
	if errG != nil || errW != nil || g.Host == "" || w.Host == "" {
		return ""
	}
	gh, wh := strings.ToLower(g.Hostname()), strings.ToLower(w.Hostname())
	switch {
	case (gh == entraV1) != (wh == entraV1) && (gh == entraV1 || gh == entraV2) && (wh == entraV1 || wh == entraV2):
		return "these are the two versions of Microsoft Entra ID's tokens: the API's manifest decides which one it gets (requestedAccessTokenVersion: 2 is " + entraV2 + ")"
	case gh == wh && g.Port() == w.Port():
		return "it is another tenant, realm or authorization server at the same host: the client asked the wrong one, or this API is set up for another"
	case gh == wh:
		return "the ports differ"
	}
	for _, p := range providers {
		if strings.HasSuffix(gh, p.suffix) && strings.HasSuffix(wh, p.suffix) {
			return "it is another tenant of " + p.name + ": the client asked the wrong one, or this API is set up for another"
		}
	}
	if _, a, ok := strings.Cut(gh, "."); ok && strings.Contains(a, ".") {
		if _, b, _ := strings.Cut(wh, "."); a == b {
			return "it is another host of the same domain: another environment or tenant?"
		}
	}
	return ""
}

// idTokenHint tells by what an ID token gives itself away.
func (x *explanation) idTokenHint() string {
	has := func(name string) bool { _, ok := x.payload.members[name]; return ok }
	text := func(name string) string { return strings.Trim(x.payload.members[name], `"`) }
	var tells []string
	for _, name := range []string{"nonce", "at_hash", "c_hash", "s_hash"} {
		if has(name) {
			tells = append(tells, name)
		}
	}
	switch {
	case text("token_use") == "id":
		tells = append(tells, "token_use id")
	case strings.EqualFold(text("typ"), "ID"):
		tells = append(tells, "typ ID")
	}
	if c := &x.t.claims; c.azp.value != "" && !c.clientID.present {
		if aud := c.audience.values(); len(aud) == 1 && aud[0] == c.azp.value {
			tells = append(tells, "an aud that equals azp")
		}
	}
	if len(tells) == 0 {
		return ""
	}
	return "it looks like an ID token (it has " + strings.Join(tells, ", ") + "), which tells a client who its user is: send an API the access token instead"
}

// audienceHints knows whom tokens are for when they are not for an API.
func (x *explanation) audienceHints(add func(string)) {
	c := &x.t.claims
	if hint := x.idTokenHint(); hint != "" {
		add(hint)
		return
	}
	audience := c.audience.values()
	if len(audience) == 0 {
		switch {
		case len(x.i.Clients) > 0:
			add("the issuer names no audience: leave Config.Audience empty, Clients is checked instead")
		case x.t.ClientID() != "":
			add("the issuer names no audience (Amazon Cognito does so): have it name this API, or set Config.Clients instead of Audience")
		default:
			add("the issuer names no audience: have the client ask for this API when it requests the token, or set Config.Clients instead of Audience")
		}
		return
	}
	for _, aud := range audience[:min(len(audience), maxListed)] {
		switch {
		case aud == x.t.ClientID():
			add("the audience is the client itself: it asked for a token without naming this API (parameter audience or resource, or a scope of this API)")
		case strings.HasSuffix(strings.TrimSuffix(aud, "/"), "/userinfo"):
			add("that audience is the issuer's own userinfo endpoint: the client asked for a token without naming this API (at Auth0 the parameter audience)")
		case aud == c.issuer.value || strings.TrimSuffix(aud, "/") == strings.TrimSuffix(c.issuer.value, "/"):
			add("that audience is the issuer itself: the client asked for a token without naming this API")
		case aud == "account":
			add("that is Keycloak's own: add a mapper of the kind audience to the client, or to one of its scopes")
		case aud == "00000003-0000-0000-c000-000000000000" || strings.TrimSuffix(aud, "/") == "https://graph.microsoft.com":
			add("the token is for Microsoft Graph: the client must ask for a scope of this API, such as api://.../.default")
		case x.aliased(aud):
			add("that is the other name of the same API at Microsoft Entra ID (with and without api://): list both in Config.Audience")
		default:
			continue
		}
		return
	}
}

func (x *explanation) aliased(aud string) bool {
	for _, want := range x.i.Audience {
		if aud == "api://"+want || "api://"+aud == want {
			return true
		}
	}
	return false
}

// expiryHint tells whether a token just ended, or is one that nobody renews.
func (x *explanation) expiryHint() string {
	c := &x.t.claims
	over := x.now.Sub(c.expires)
	switch {
	case c.expires.IsZero():
		return "a token without an end would be valid for ever: have the issuer set exp"
	case !c.issuedAt.IsZero() && c.expires.Before(c.issuedAt):
		return "it ended before it was issued: its issuer is broken"
	case c.issuedAt.After(x.now):
		return "" // what iat says is more to the point
	case over < x.i.Leeway+time.Minute:
		return "only just: get a new token shortly before the old one ends, and compare this machine's clock, which says " + x.now.UTC().Format(time.RFC3339)
	case !c.issuedAt.IsZero():
		return "it was good for " + human(c.expires.Sub(c.issuedAt)) + ": get a new one"
	}
	return "get a new one"
}

// clockHint tells how far this machine's clock must be wrong, if the token is a fresh one.
func (x *explanation) clockHint() string {
	c := &x.t.claims
	at := c.issuedAt
	if !at.After(x.now) {
		at = c.notBefore
	}
	if !at.After(x.now) {
		return ""
	}
	return "if the token was made just now, the clock of this machine, which says " + x.now.UTC().Format(time.RFC3339) + ", is slow by " + human(at.Sub(x.now)) + ", or the issuer's is fast"
}

// scopeHint finds the missing scope elsewhere in the token.
func (x *explanation) scopeHint(step int) string {
	const depth = 4
	var names []string
	for _, a := range x.asked {
		if a.step == step {
			names = a.scopes
		}
	}
	for _, name := range names {
		if x.t.claims.hasScope(name) {
			continue
		}
		for _, claim := range []string{"permissions", "roles", "groups", "entitlements", "realm_access", "resource_access"} {
			value, ok := x.t.Claim(claim)
			if !ok || !holds(value, name, depth) {
				continue
			}
			hint := quote(name) + " is in the claim " + claim + ", which is not a scope"
			switch claim {
			case "permissions":
				hint += `: ask for Claim("permissions").Has(` + quote(name) + "), or have the issuer put it into scope"
			case "roles":
				hint += `: ask for Claim("roles").Has(` + quote(name) + "), or have the issuer put it into scope"
			default:
				hint += ": have the issuer put it into scope, or read the claim in Config.Validate"
			}
			return hint
		}
		for _, have := range x.t.claims.scopes() {
			if strings.EqualFold(have, name) {
				return "the token has it in other letter case, and scopes are compared exactly"
			}
		}
	}
	return "the client must ask for the scope when it requests the token, and the issuer must grant it to this client and user"
}

// holds looks for a word in a claim of any shape.
func holds(value any, word string, depth int) bool {
	if depth == 0 {
		return false
	}
	switch value := value.(type) {
	case string:
		return slices.Contains(strings.Fields(value), word)
	case []any:
		for _, v := range value {
			if holds(v, word, depth-1) {
				return true
			}
		}
	case map[string]any:
		for _, v := range value {
			if holds(v, word, depth-1) {
				return true
			}
		}
	}
	return false
}
