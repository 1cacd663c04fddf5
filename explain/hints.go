// This file knows the mistakes that people make with tokens, and says what to do about them. Hints
// decide nothing: they are found after the verdict.

package explain

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"assay.example/jwt"
)

// wrapping has words that people often copy in front of a token, each with a description.
var wrapping = []struct{ word, what string }{
	{"authorization:", "the name of the header field"}, {"bearer", "the word Bearer"}, {"dpop", "the word DPoP"}, {"token:", "a label"},
}

// pasted removes what is often copied along with a token, and describes what it removed.
func pasted(token string) (clean string, along []string) {
	clean = token
	note := func(what, now string) {
		if now == clean || now == "" {
			return
		}
		clean = now
		for n, old := range along {
			if old == what && strings.HasPrefix(what, "the word") {
				along[n] = what + ", more than once"
			}
			if strings.HasPrefix(old, what) {
				return
			}
		}
		along = append(along, what)
	}
	for range 8 { // layers
		before := clean
		note("white space around it", strings.TrimSpace(clean))
		note("a byte order mark", strings.ReplaceAll(clean, "\ufeff", ""))
		note("an invisible character", strings.Map(visible, clean))
		for _, w := range wrapping {
			size := len(w.word)
			if len(clean) > size && foldsTo(clean[:size], w.word) && (clean[size] == ' ' || strings.HasSuffix(w.word, ":")) {
				note(w.what, strings.TrimLeft(clean[size:], " "))
			}
		}
		note("quotes", strings.Trim(clean, "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"))
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
		continued := strings.NewReplacer("\\\r\n", "", "\\\n", "").Replace(clean)
		note(what, strings.Join(strings.Fields(continued), ""))
	}
	return clean, along
}

// visible removes invisible characters, such as zero-width spaces.
func visible(r rune) rune {
	switch r {
	case '\u200b', '\u200c', '\u200d', '\u2060', '\u00ad':
		return -1
	}
	return r
}

// foldsTo compares without regard to the case of ASCII letters. want is lower case.
func foldsTo(got, want string) bool {
	return strings.EqualFold(got, want) && len(got) == len(want) // letters beyond ASCII that fold into it are longer
}

// isMediaType compares a typ as RFC 7515 section 4.1.9 says: neither case nor a leading "application/"
// counts. want is lower case.
func isMediaType(got, want string) bool {
	return foldsTo(got, want) || foldsTo(got, "application/"+want)
}

// tokenOf finds the token in the answer of a token endpoint (RFC 6749 section 5.1).
func tokenOf(answer string) string {
	p := part{text: answer, fault: -1}
	p.read(nil, time.Time{})
	if token := p.string("access_token"); token != "" {
		return token
	}
	return p.string("id_token")
}

// failure is a step that failed.
type failure struct {
	step string
	err  *jwt.Error
	req  jwt.Requirement // of the step "requirement"; nil for others
}

// hints are the parts of one hint.
type hints []string

func (h *hints) add(hint string) {
	if hint != "" {
		*h = append(*h, hint)
	}
}

// hintsFor has, for each step, what adds hints if the step failed.
var hintsFor = map[string]func(x *explanation, f failure, h *hints){
	"size": func(_ *explanation, _ failure, h *hints) {
		h.add("few servers take a header field of that size: have the issuer put less into the token, such as fewer groups or roles; Config.MaxTokenSize and MaxHeaderSize set the limits")
	},
	"parts": func(x *explanation, f failure, h *hints) {
		h.add(x.pastedHint())
		if x.breaksOff(f.err.Reason) {
			h.add("it begins as a JWT does and breaks off: copy the whole token")
		}
	},
	"encoding": func(x *explanation, _ failure, h *hints) {
		h.add(x.pastedHint())
		h.add(x.encodingHint())
	},
	"header": func(_ *explanation, f failure, h *hints) {
		if f.err.Reason == jwt.ReasonHeaderInvalid {
			h.add(placeHint(f.err.Offset, 0))
		}
	},
	"payload": func(x *explanation, f failure, h *hints) {
		if f.err.Reason == jwt.ReasonPayloadInvalid {
			h.add(placeHint(f.err.Offset, strings.IndexByte(x.clean, '.')+1))
		} else {
			h.add(x.claimHint(f.err.Member))
		}
	},
	"alg":           (*explanation).algorithmHints,
	"key":           (*explanation).keyHints,
	"signature":     (*explanation).signatureHints,
	"typ":           (*explanation).typeHints,
	"issuer choice": (*explanation).issuerHints,
	"iss":           (*explanation).issuerHints,
	"aud":           (*explanation).audienceHints,
	"client":        func(x *explanation, _ failure, h *hints) { h.add(x.idTokenHint()) },
	"exp":           func(x *explanation, _ failure, h *hints) { h.add(x.expiryHint()) },
	"nbf":           func(x *explanation, f failure, h *hints) { h.add(x.clockHint(f.step)) },
	"iat":           func(x *explanation, f failure, h *hints) { h.add(x.clockHint(f.step)) },
	"profile": func(x *explanation, f failure, h *hints) {
		switch {
		case x.config.Profile == jwt.AccessToken:
			h.add("RFC 9068 asks for it: if the issuer does not follow that, do not ask for the profile")
		case f.err.Reason == jwt.ReasonClaimMissing:
			h.add("OpenID Connect asks for it: is it an ID token?")
		}
	},
	"require": func(_ *explanation, f failure, h *hints) {
		if f.err.Reason == jwt.ReasonAuthenticationInsufficient {
			h.add("the client must send the user to log in again (RFC 9470)")
		} else {
			h.add("every token of this issuer must meet it (Config.Require): is it a token of another kind, or of another tenant?")
		}
	},
	"cnf": func(_ *explanation, _ failure, h *hints) {
		h.add("the client asked for a token that is bound to its key (DPoP, mutual TLS): this API does not check such proofs")
	},
	"validate": func(_ *explanation, _ failure, h *hints) {
		h.add("it is a rule of this service's own: Config.Validate")
	},
	"requirement": func(x *explanation, f failure, h *hints) {
		switch f.err.Reason {
		case jwt.ReasonScopeMissing:
			h.add(x.scopeHint(scopesOf(f.req)))
		case jwt.ReasonAuthenticationInsufficient:
			h.add("the client must send the user to log in again (RFC 9470)")
		case jwt.ReasonRequirementUnmet:
			h.add(x.listHint(f.err.Member))
		}
	},
}

// hint returns the hint of the refusal, and further ones from the token and the configuration. If there are
// none, it returns the advice for the reason.
func (x *explanation) hint(f failure) string {
	var h hints
	switch {
	case f.step != "parts":
		h.add(f.err.Hint)
	case x.breaksOff(f.err.Reason): // a piece of a token is not opaque
	case x.bare != nil: // what was pasted along says nothing of the token
		h.add(x.bare.Hint)
	case x.clean == x.given:
		h.add(f.err.Hint)
	}
	if more := hintsFor[f.step]; more != nil {
		more(x, f, &h)
	}
	if f.step == "alg" && x.header.has("enc") { // that of an encryption
		return ""
	}
	if len(h) == 0 {
		_, do := Advice(f.err.Reason)
		return do
	}
	return strings.Join(h, "; ")
}

// remark is a hint for a step that passed.
func (x *explanation) remark(step string) string {
	p := &x.payload
	switch step {
	case "aud":
		// Some issuers put at_hash or an aud that equals azp into access tokens too (Dex, Casdoor).
		if x.config.Profile != jwt.IDToken && (p.has("nonce") || p.has("c_hash")) {
			return x.idTokenHint()
		}
	case "iat", "nbf":
		return x.clockHint(step)
	case "exp":
		if !x.now.Before(p.date("exp")) {
			return "only the leeway of " + leewayOf(x.config).String() + " keeps it valid"
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

// breaksOff reports whether a token with too few parts begins as a JWT does.
func (x *explanation) breaksOff(reason jwt.Reason) bool {
	return reason == jwt.ReasonTokenOpaque && looksEncoded(x.clean) ||
		reason == jwt.ReasonTokenParts && x.header.fields != nil && strings.Count(x.clean, ".") == 1
}

// encodingHint says where the wrong byte may come from.
func (x *explanation) encodingHint() string {
	at := badByte(x.clean)
	if at < 0 {
		return ""
	}
	if at >= len(x.clean) || x.clean[at] == '.' || inBase64url(x.clean[at]) {
		return "a part of it is missing, or a character was changed: copy the whole token again"
	}
	switch x.clean[at] {
	case '=':
		if rest := strings.TrimLeft(x.clean[at:], "="); rest != "" && rest[0] != '.' {
			break
		}
		return "parts of a JWT have no padding (RFC 7515 section 2): whoever made the token, or sent it on, used another encoder"
	case '+', '/':
		return "that is base64, and a JWT is base64url, with - and _ for + and / (RFC 7515 section 2)"
	case '%':
		if _, err := url.PathUnescape(x.clean); err != nil {
			break
		}
		return "it is encoded as part of an address: decode that first"
	}
	return "no token has that character: copy it again from where it came from"
}

// placeHint says which byte of the token a byte of a decoded part is. The part begins at byte from.
func placeHint(at, from int) string {
	return "that is byte " + strconv.Itoa(from+encodedByte(at)) + " of the token"
}

// claimHint explains the usual wrong types of claims.
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
				return "these are milliseconds, and it must be seconds (RFC 7519 section 2): it would be " + stamp(time.UnixMilli(n))
			}
		}
		if raw != number {
			return "the issuer writes it as text, and it must be a number of seconds (RFC 7519 section 2)"
		}
	case "sub", "jti", "iss", "client_id", "azp":
		if raw != "" && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
			return "the issuer writes it as a number, and it must be a string (RFC 7519 section 4.1): have it put quotes around it"
		}
	}
	return ""
}

// isSecret reports whether tokens of an algorithm are signed with a shared secret.
func isSecret(alg string) bool {
	return slices.Contains([]jwt.Algorithm{jwt.HS256, jwt.HS384, jwt.HS512}, jwt.Algorithm(alg))
}

// isPublic reports whether tokens of an algorithm are verified with a public key.
func isPublic(alg string) bool {
	return slices.Contains([]jwt.Algorithm{jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512,
		jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA, jwt.Ed25519}, jwt.Algorithm(alg))
}

// under reports whether an issuer's host is a provider's domain or below it.
func under(address, domain string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix("."+strings.ToLower(u.Hostname()), "."+domain)
}

// atAuth0 names a setting of Auth0, for its tokens alone.
func (x *explanation) atAuth0(setting string) string {
	if under(x.config.Issuer, "auth0.com") {
		return " (at Auth0 it is " + setting + ")"
	}
	return ""
}

// atEntra reports whether an issuer is Microsoft Entra ID.
func atEntra(issuer string) bool {
	return under(issuer, entraV1) || under(issuer, entraV2) || under(issuer, "ciamlogin.com") || under(issuer, "b2clogin.com")
}

func (x *explanation) algorithmHints(_ failure, h *hints) {
	switch alg := x.header.string("alg"); {
	case isSecret(alg):
		var names []string
		for _, alg := range x.config.Algorithms {
			names = append(names, string(alg))
		}
		h.add("the token is signed with a shared secret: choose " + enumerate(names) + " where this API is set up at the issuer" + x.atAuth0("the signing algorithm of the API"))
	case isPublic(alg) && len(x.config.Algorithms) > 0 && !slices.Contains(x.config.Algorithms, jwt.Algorithm(alg)):
		h.add("Config.Algorithms leaves it out")
	}
}

func (x *explanation) signatureHints(f failure, h *hints) {
	if isSecret(x.header.string("alg")) {
		h.add("the secret is another, or it is written in base64 and has to be decoded before it is used, or the token was changed")
	} else if f.err.Hint == "" && x.header.string("kid") != "" {
		h.add("the token was changed after it was signed, or it was signed with another key under the same kid: get a new token and compare")
	} else if f.err.Hint == "" {
		h.add("the token was changed after it was signed, or it was signed with a key that is not known here: get a new token and compare")
	}
}

func (x *explanation) typeHints(f failure, h *hints) {
	switch typ := x.header.string("typ"); {
	case f.err.Member != "typ": // another claim names the kind
	case typ == oktaOrgToken:
		h.add(oktaOrgHint)
	case x.config.Profile == jwt.AccessToken && (typ == "" || isMediaType(typ, "jwt")):
		h.add("if it is an access token, the issuer does not mark it as RFC 9068 asks: switch that on there" + x.atAuth0("the token profile of the API") + ", or do not ask for the profile")
	case x.config.Profile == jwt.IDToken && isMediaType(typ, "at+jwt"):
		h.add("it is an access token: it is for APIs, not for clients")
	}
}

// oktaOrgToken is the typ of the access tokens of an Okta org authorization server.
const (
	oktaOrgToken = "application/okta-internal-at+jwt"
	oktaOrgHint  = "Okta's org authorization server keeps the keys of such tokens to itself: use a custom authorization server, or ask by introspection (RFC 7662)"
)

// keyHints tells the state of the keys, and what may help.
func (x *explanation) keyHints(f failure, h *hints) {
	e, kid, alg := f.err, x.header.string("kid"), x.header.string("alg")
	switch e.Reason {
	case jwt.ReasonAlgorithmRefused:
		return
	case jwt.ReasonKeysUnavailable:
		if x.fetches() && e.Hint == "" {
			h.add(FetchHint(e))
		}
		return
	}
	if x.header.string("typ") == oktaOrgToken {
		h.add(oktaOrgHint)
		return
	}
	switch {
	case kid == "" && e.Reason == jwt.ReasonKeyAmbiguous:
		h.add("have the issuer put the kid of its key into the header")
	case kid == "" && !isSecret(alg) && !x.header.has("x5t") && !x.header.has("x5t#S256"):
		h.add("the header has no kid, so only a key for " + escape(alg) + " can be meant: most issuers name it")
	}
	switch {
	case !x.fetches():
		if e.Reason == jwt.ReasonKeyUnknown {
			h.add("the keys here are fixed ones: if the issuer has changed its keys since, they must be replaced")
		}
	case isSecret(alg), x.keys.LastSuccess.IsZero():
	case e.Reason == jwt.ReasonKeyUnknown:
		h.add(x.keySetText() + "; " + x.nextFetchText())
		if !x.lost(kid) || e.Hint != "" {
			return
		}
		h.add("the issuer has withdrawn the key that signed the token, or it never was this issuer's: get a new token")
	default:
		h.add(x.keySetText())
	}
}

// lost reports whether a fetched set lacks a key with this kid, although its keys have kids.
func (x *explanation) lost(kid string) bool {
	named := func(k jwt.KeyStatus) bool { return k.KeyID != "" }
	skipped := func(k jwt.SkippedKey) bool { return k.KeyID == kid }
	return kid != "" && slices.ContainsFunc(x.keys.Keys, named) && !slices.ContainsFunc(x.keys.Skipped, skipped)
}

// keySetText tells when and from where a set was fetched, and which keys it has.
func (x *explanation) keySetText() string {
	text := "the key set was fetched " + human(time.Since(x.keys.LastSuccess)) + " ago from " + escape(x.keys.Address) + " and has "
	var kids []string
	for _, k := range x.keys.Keys {
		if k.KeyID != "" && !slices.Contains(kids, k.KeyID) {
			kids = append(kids, k.KeyID)
		}
	}
	switch len(kids) {
	case 0:
		return text + strconv.Itoa(len(x.keys.Keys)) + " keys without kid"
	case 1:
		return text + "the kid " + enumerate(kids)
	}
	return text + "the kids " + enumerate(kids)
}

// nextFetchText tells when a token may cause the next fetch of the key set.
func (x *explanation) nextFetchText() string {
	const text = "a token with an unknown kid can cause the next fetch "
	at := x.keys.NextLookUp
	if wait := time.Until(at); wait > 0 {
		return text + "in " + human(wait) + " (" + stamp(at) + ")"
	}
	return text + "now"
}

// FetchHint says what may help if keys could not be fetched. err wraps a [jwt.FetchError].
func FetchHint(err error) string {
	page, missing, answered, refused := false, false, false, false // a page in place of the issuer, no metadata, an answer, an error of the issuer's
	for _, fetch := range fetchesIn(err) {
		if fetch.Issuer != "" {
			return "if that is the issuer that you mean, write it as its metadata has it, byte for byte"
		}
		page = page || strings.HasPrefix(fetch.ContentType, "text/html") && fetch.Status == 200
		missing = missing || fetch.Status == 404 && isMetadata(fetch.Address)
		answered = answered || fetch.Status == 200
		refused = refused || fetch.Status != 0
	}
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var dns *net.DNSError
	switch {
	case missing && !answered:
		return "there is no metadata at that address: is the issuer written as its tokens have it? If it publishes none, give the address of its key set"
	case errors.As(err, &unknown):
		return "this machine does not trust the issuer's certificate: a proxy in between, or a private authority (RemoteOptions.RootCAs)"
	case errors.As(err, &hostname):
		return "the certificate is for another host: is the issuer written right, or is there a proxy in between?"
	case errors.As(err, &certificate):
		return "the issuer's certificate is not valid, for the reason that the text gives: compare this machine's clock, or tell the issuer"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the name is not known to DNS here: is it written right, and does this machine reach the Internet?"
	case page:
		return "the answer says that it is a web page (text/html): often it is that of a proxy or a login page in between"
	case answered:
		return "the issuer answers, and not with keys that can be used: the text says what is wrong with its answer"
	case refused:
		return "the issuer answers with an error; the token may be valid"
	}
	return "this machine cannot reach the issuer's keys; the token may be valid"
}

// isMetadata reports whether an address is one of those of an issuer's metadata: OpenID Connect
// Discovery section 4 and RFC 8414 section 3.
func isMetadata(address string) bool {
	return strings.Contains(address, "/.well-known/openid-configuration") || strings.Contains(address, "/.well-known/oauth-authorization-server")
}

// fetchesIn lists the fetches that failed behind an error.
func fetchesIn(err error) (all []*jwt.FetchError) {
	switch err := err.(type) {
	case *jwt.FetchError:
		return []*jwt.FetchError{err}
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			all = append(all, fetchesIn(one)...)
		}
	case interface{ Unwrap() error }:
		return fetchesIn(err.Unwrap())
	}
	return all
}

// issuerHints explains how the issuer of the token is related to a configured one. The refusal itself has a
// hint if the two names are nearly equal.
func (x *explanation) issuerHints(f failure, h *hints) {
	if f.err.Hint != "" || x.payload.fault >= 0 {
		return
	}
	got := x.payload.string("iss")
	for n := range x.configs {
		if c := &x.configs[n]; x.config == nil || x.config == c {
			if hint := kinship(got, c.Issuer); hint != "" {
				h.add(hint)
				return
			}
		}
	}
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

// kinship says how two different issuers are related; empty if they are not.
func kinship(got, want string) string {
	g, errG := url.Parse(got)
	w, errW := url.Parse(want)
	if got == want || errG != nil || errW != nil || g.Host == "" || w.Host == "" {
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
	if _, a, ok := strings.Cut(gh, "."); ok && strings.Contains(a, ".") && !isPublicSuffix(a) && net.ParseIP(gh) == nil {
		if _, b, _ := strings.Cut(wh, "."); a == b {
			return "both are hosts of " + escape(a) + ": another environment or tenant?"
		}
	}
	return ""
}

// isPublicSuffix recognises domains such as co.uk, under which different owners have domains.
func isPublicSuffix(domain string) bool {
	second, country, _ := strings.Cut(domain, ".")
	return len(country) == 2 && slices.Contains([]string{"ac", "co", "com", "edu", "gob", "gov", "ne", "net", "or", "org"}, second)
}

// idTokenHint says by which claims the token looks like an ID token; empty if it does not.
func (x *explanation) idTokenHint() string {
	p := &x.payload
	var tells []string
	for _, name := range []string{"nonce", "at_hash", "c_hash", "s_hash"} {
		if p.has(name) {
			tells = append(tells, name)
		}
	}
	switch {
	case p.string("token_use") == "id":
		tells = append(tells, "token_use id")
	case strings.EqualFold(p.string("typ"), "ID"):
		tells = append(tells, "typ ID")
	}
	if azp := p.string("azp"); azp != "" && p.string("client_id") == "" && slices.Equal(p.list("aud"), []string{azp}) {
		tells = append(tells, "an aud that equals azp")
	}
	if len(tells) == 0 {
		return ""
	}
	return "it looks like an ID token (it has " + strings.Join(tells, ", ") + "), which tells a client who its user is: send an API the access token instead"
}

// audienceHints explains audiences that are not this API.
func (x *explanation) audienceHints(f failure, h *hints) {
	if hint := x.idTokenHint(); hint != "" {
		h.add(hint)
		return
	}
	audience := x.payload.list("aud")
	if len(audience) == 0 {
		switch {
		case x.payload.has("aud") && f.err.Hint == "": // aud has a wrong type
		case x.payload.has("aud") && x.payload.clientID() == "": // the refusal has the hint
		case x.payload.has("aud"):
			h.add("or leave Config.Audience empty and name the clients in Config.Clients")
		case len(x.config.Clients) > 0:
			h.add("the issuer names no audience: leave Config.Audience empty, the client is checked instead (Config.Clients)")
		case under(x.config.Issuer, "amazonaws.com") && x.payload.clientID() != "":
			h.add("Amazon Cognito's access tokens name no audience: leave Config.Audience empty and name the clients in Config.Clients")
		case x.payload.clientID() != "":
			h.add("the issuer names no audience: have it name this API, or leave Config.Audience empty and name the clients in Config.Clients")
		default:
			h.add("the issuer names no audience: have the client ask for this API when it requests the token")
		}
		return
	}
	for _, aud := range audience[:min(len(audience), maxListed)] {
		if hint := x.otherAudience(aud); hint != "" {
			h.add(hint)
			return
		}
	}
}

// otherAudience explains a well-known audience that is not this API; empty for others.
func (x *explanation) otherAudience(aud string) string {
	issuer, bare := x.config.Issuer, strings.TrimSuffix(aud, "/")
	own := strings.HasPrefix(aud, strings.TrimSuffix(issuer, "/")+"/") // an endpoint of the issuer
	switch {
	case aud == "":
	case aud == x.payload.clientID():
		return "the audience is the client itself: it asked for a token without naming this API (parameter audience or resource, or a scope of this API)"
	case strings.HasSuffix(bare, "/userinfo") && under(aud, "auth0.com"): // of the tenant, whatever domain its issuer has
		return "that audience is the issuer's own userinfo endpoint: the client asked for a token without naming this API (at Auth0 the parameter audience)"
	case strings.HasSuffix(bare, "/userinfo") && own:
		return "that audience is the issuer's own userinfo endpoint: the client asked for a token without naming this API"
	case bare == strings.TrimSuffix(issuer, "/"):
		return "that audience is the issuer itself: the client asked for a token without naming this API"
	case aud == "account" && strings.Contains(issuer, "/realms/"):
		return "that audience is Keycloak's own: add a mapper of the kind audience to the client, or to one of its scopes"
	case aud == "00000003-0000-0000-c000-000000000000" || bare == "https://graph.microsoft.com":
		return "the token is for Microsoft Graph: the client must ask for a scope of this API, such as api://.../.default"
	case atEntra(issuer) && slices.ContainsFunc(x.config.Audience, func(want string) bool { return aud == "api://"+want || "api://"+aud == want }):
		return "that is the other name of the same API at Microsoft Entra ID (with and without api://): list both in Config.Audience"
	}
	return ""
}

// expiryHint says how long the token was valid, and whether it has only just expired.
func (x *explanation) expiryHint() string {
	ends, issued := x.payload.date("exp"), x.payload.date("iat")
	switch {
	case ends.IsZero():
		return "a token without an end would be valid for ever: have the issuer set exp"
	case !issued.IsZero() && ends.Before(issued):
		return "it ended before it was issued: its issuer is broken"
	case issued.After(x.now):
		return "" // the hint of iat is better
	case x.now.Sub(ends) < leewayOf(x.config)+time.Minute:
		return "it has only just expired: get a new token shortly before the old one ends, and compare this machine's clock, which says " + stamp(x.now)
	case !issued.IsZero():
		return "it was valid for " + human(ends.Sub(issued)) + ": get a new one"
	}
	return "get a new one"
}

// clockHint tells by how much one of the two clocks is wrong, if the token is fresh.
func (x *explanation) clockHint(claim string) string {
	at, issued := x.payload.date(claim), x.payload.date("iat")
	switch {
	case !at.After(x.now):
		return ""
	case claim == "nbf" && !issued.IsZero() && at.Sub(issued) > time.Minute:
		return "the issuer made it for later: nbf is " + human(at.Sub(issued)) + " after iat"
	}
	return "if the token was made just now, the clock of this machine, which says " + stamp(x.now) + ", is slow by " + human(at.Sub(x.now)) + ", or the issuer's is fast"
}

// scopesOf lists the scopes that a requirement asks for. A requirement tells them in its text, which is
// a Go expression: see [jwt.Requirement].
func scopesOf(req jwt.Requirement) (names []string) {
	if req == nil {
		return nil
	}
	within := false // the arguments of Scope
	for text := req.String(); text != ""; {
		if quoted, err := strconv.QuotedPrefix(text); err == nil {
			if name, err := strconv.Unquote(quoted); err == nil && within {
				names = append(names, name)
			}
			text = text[len(quoted):]
		} else if arguments, ok := strings.CutPrefix(text, "Scope("); ok {
			within, text = true, arguments
		} else {
			within, text = within && text[0] != ')', text[1:]
		}
	}
	return names
}

const noScopeHint = "the issuer writes it as something else than a text or an array of texts, which grants nothing: have it follow RFC 9068 section 2.2.3"

// scopeHint finds a missing scope elsewhere in the token.
func (x *explanation) scopeHint(names []string) string {
	for _, claim := range []string{"scope", "scp"} {
		switch value := x.payload.value(claim).(type) {
		case string:
		case []any:
			if len(value) != len(x.payload.list(claim)) {
				return noScopeHint
			}
		default:
			if x.payload.has(claim) {
				return noScopeHint
			}
		}
	}
	have := x.payload.scopes()
	for _, name := range names {
		if slices.Contains(have, name) {
			continue
		}
		for _, claim := range []string{"permissions", "roles", "groups", "entitlements", "realm_access", "resource_access"} {
			const depth = 4
			if !holds(x.payload.value(claim), name, depth) {
				continue
			}
			hint := quote(name) + " is in the claim " + claim + ", which is not a scope: "
			if claim == "permissions" || claim == "roles" {
				return hint + "ask for Claim(" + quote(claim) + ").Has(" + quote(name) + "), or have the issuer put it into scope"
			}
			return hint + "have the issuer put it into scope, or read the claim in Config.Validate"
		}
		if slices.ContainsFunc(have, func(scope string) bool { return strings.EqualFold(scope, name) }) {
			return "the token has it in other letter case, and scopes are compared exactly"
		}
	}
	return "the client must ask for the scope when it requests the token, and the issuer must grant it to this client and user"
}

// listHint knows a claim that is one text where a list is meant.
func (x *explanation) listHint(claim string) string {
	if text := x.payload.string(claim); strings.ContainsAny(text, " ,") {
		return quote(claim) + " is one text, which is never split: have the issuer write it as an array"
	}
	return ""
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
		return slices.ContainsFunc(value, func(v any) bool { return holds(v, word, depth-1) })
	case map[string]any:
		for _, v := range value {
			if holds(v, word, depth-1) {
				return true
			}
		}
	}
	return false
}
