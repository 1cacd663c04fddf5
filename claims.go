// This file reads the registered claims of a verified payload and holds them against the policy of
// its issuer, in the order of the package manual.

package jwt

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// The last second of the year 9999 (RFC 3339 ends there). Larger dates are mistakes, such as
	// milliseconds, or attempts to overflow.
	maxNumericDate = 253402300799
	// Audiences, scopes, permissions and roles of one token, together. No honest token has more.
	maxValues = 1000

	maxExponent   = maxSettableSize // more than a number has digits
	defaultLeeway = 30 * time.Second
	maxLeeway     = 10 * time.Minute
)

// claims are the registered claims of one payload. What every verification asks for is at hand; of the
// others it is known where they stand, and that their types are right.
type claims struct {
	payload string

	issuer    string
	expires   time.Time // zero times are absent claims
	notBefore time.Time
	issuedAt  time.Time
	confirmed bool // cnf is present and not empty

	hasIssuer, hasAudience bool // absent is not empty

	subject, id                              piece
	tenant                                   piece                    // tid of Microsoft Entra ID
	clients                                  [len(clientClaims)]piece // by the order of clientClaims
	audience, scope, scp, permissions, roles piece
}

// piece is where a value stands in the payload; zero if there is none, for an object begins at 0.
type piece struct{ from, to uint32 }

// each yields the strings of a value that is a string or an array of strings, until yield returns
// false. A string with several words yields each of them, if words is true.
func (c *claims) each(p piece, words bool, yield func(string) bool) {
	raw := c.payload[p.from:p.to]
	words = words && c.isString(p) // the elements of an array are whole
	for text, rest, ok := cutString(raw); ok; text, rest, ok = cutString(rest) {
		if !words {
			if !yield(text) {
				return
			}
			continue
		}
		for word := range strings.SplitSeq(text, " ") {
			if word != "" && !yield(word) {
				return
			}
		}
	}
}

// isString reports whether a value is a string.
func (c *claims) isString(p piece) bool { return p.to > 0 && c.payload[p.from] == '"' }

// cutString returns the first string of an array of strings, and what follows.
func cutString(raw string) (text, rest string, ok bool) {
	for i := 0; i < len(raw); i++ { // brackets, commas, white space
		if raw[i] == '"' {
			text, size := quotedText(raw[i:])
			return text, raw[i+size:], true
		}
	}
	return "", "", false
}

// quotedText decodes the JSON string at the beginning of a text that was scanned before.
func quotedText(raw string) (text string, size int) {
	if end := plainText(raw, 1); raw[end] == '"' {
		return raw[1:end], end + 1
	}
	s := scanner{text: raw}
	text, _ = s.string()
	return text, s.pos
}

// list returns all that each yields of these values, in a slice of the caller's own; nil if there is
// nothing.
func (c *claims) list(words bool, from ...piece) []string {
	n := 0
	for _, p := range from {
		c.each(p, words, func(string) bool {
			n++
			return true
		})
	}
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for _, p := range from {
		c.each(p, words, func(value string) bool {
			list = append(list, value)
			return true
		})
	}
	return list
}

// has reports whether a claim is, or lists, this value; with words, whether it holds it as a word.
func (c *claims) has(words bool, p piece, want string) (found bool) {
	c.each(p, words, func(value string) bool {
		found = value == want
		return !found
	})
	return found
}

// scopes are those of scope and scp together.
func (c *claims) scopes() []string {
	return c.list(true, c.scope, c.scp)
}

func (c *claims) hasScope(name string) bool {
	return c.has(true, c.scope, name) || c.has(true, c.scp, name)
}

// clientClaims name the client that a token was issued to, the standard name first (RFC 9068
// section 2.2, OpenID Connect Core section 2, Okta, Microsoft Entra ID v1).
var clientClaims = [...]string{"client_id", "azp", "cid", "appid"}

// clientID is the first client claim that is present.
func (c *claims) clientID() string {
	for _, p := range c.clients {
		if p.to > 0 {
			return c.text(p)
		}
	}
	return ""
}

// text is the value of a claim that is a string; empty if it is absent.
func (c *claims) text(p piece) string {
	if p.to == 0 {
		return ""
	}
	text, _ := quotedText(c.payload[p.from:p.to])
	return text
}

// parse reads a payload whose signature holds. A registered claim of a wrong type or range is an
// error; claims that only grant (permissions, roles) grant nothing where their type is wrong.
func (c *claims) parse(payload string) *Error {
	c.payload = payload
	s := scanner{text: payload}
	var bad *Error
	spoil := func(name, detail string) {
		if bad == nil {
			bad = &Error{Reason: ReasonClaimInvalid, Member: name, detail: name + " " + detail}
		}
	}
	values := 0 // of lists
	s.object()
	for name, ok := s.member(); ok; name, ok = s.member() {
		var text, list *piece // where a string, or a string or array of strings, is noted
		var date *time.Time
		switch name {
		case "iss":
			if s.peek() == '"' {
				c.issuer, c.hasIssuer = s.scanString(true)
			} else {
				spoil(name, "is not a string")
				s.skip()
			}
			continue
		case "sub":
			text = &c.subject
		case "jti":
			text = &c.id
		case "client_id":
			text = &c.clients[0]
		case "azp":
			text = &c.clients[1]
		case "scope":
			text = &c.scope
		case "cid", "appid", "tid":
			if s.peek() != '"' { // not registered: any type is somebody's right
				break
			}
			switch name {
			case "cid":
				text = &c.clients[2]
			case "appid":
				text = &c.clients[3]
			case "tid":
				text = &c.tenant
			}
		case "exp":
			date = &c.expires
		case "nbf":
			date = &c.notBefore
		case "iat":
			date = &c.issuedAt
		case "aud":
			list, c.hasAudience = &c.audience, true
		case "scp":
			list = &c.scp
		case "permissions":
			if s.peek() == '[' {
				s.stringOrStrings(&c.permissions, &values)
				continue
			}
		case "roles": // a string is one role, spaces and all
			s.stringOrStrings(&c.roles, &values)
			continue
		case "cnf":
			var value string
			object := s.peek() == '{'
			if value, _ = s.raw(); !object {
				spoil(name, "is not an object")
			}
			c.confirmed = strings.ContainsRune(value, '"')
			continue
		}
		switch {
		case text != nil:
			if s.peek() != '"' {
				spoil(name, "is not a string")
				s.skip()
				continue
			}
			text.from = uint32(s.pos)
			s.scanString(false)
			text.to = uint32(s.pos)
		case list != nil:
			if !s.stringOrStrings(list, &values) {
				spoil(name, "is neither a string nor an array of strings")
			}
		case date != nil:
			var valid, number bool
			if *date, valid, number = s.date(); !number {
				spoil(name, "is not a number")
			} else if !valid {
				spoil(name, "is not a date from 1970 to 9999 in seconds")
			}
		default:
			s.skip()
		}
	}
	if fault := s.end(); fault != "" {
		return &Error{Reason: ReasonPayloadInvalid, detail: fault}
	}
	if bad == nil && len(payload) > 2*maxValues && values+c.loneValues() > maxValues { // a value takes two bytes at least
		return &Error{Reason: ReasonClaimInvalid, Member: "aud", detail: "aud, scope, scp, permissions and roles hold more than " + strconv.Itoa(maxValues) + " values together"}
	}
	return bad
}

// loneValues counts what the claims hold that may be lists and are strings: a value, or some words.
func (c *claims) loneValues() (n int) {
	for _, p := range [...]piece{c.audience, c.roles} {
		if c.isString(p) {
			n++
		}
	}
	for _, p := range [...]piece{c.scope, c.scp} {
		if c.isString(p) {
			n += len(c.list(true, p))
		}
	}
	return n
}

// stringOrStrings passes over the next value, and notes where it stands if it is a string or an array
// of nothing but strings. It adds the number of strings in an array to values.
func (s *scanner) stringOrStrings(where *piece, values *int) bool {
	found := true
	first := s.peek()
	from := s.pos
	switch first {
	case '"':
		s.scanString(false)
	case '[':
		for s.array(); s.element(); {
			if s.peek() == '"' {
				*values++
				s.scanString(false)
			} else {
				found = false
				s.skip()
			}
		}
	default:
		s.skip()
		return false
	}
	if found {
		*where = piece{uint32(from), uint32(s.pos)}
	}
	return found
}

// date reads the next value, a NumericDate, and reports whether it is a valid one, or a number at all.
func (s *scanner) date() (date time.Time, valid, number bool) {
	// As nearly every one is written: at most 12 digits.
	text, seconds := s.text[s.pos:], int64(0)
	for i := 0; i < len(text) && i <= 12; i++ {
		c := text[i]
		if c < '0' || c > '9' {
			if i == 0 || text[0] == '0' || c != ',' && c != '}' {
				break
			}
			s.pos += i
			return time.Unix(seconds, 0), seconds <= maxNumericDate, true
		}
		seconds = seconds*10 + int64(c-'0')
	}
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.skip()
		return date, false, false
	}
	exact, _ := s.number()
	date, valid = numericDate(exact)
	return date, valid, true
}

// numericDate reads a NumericDate (RFC 7519 section 2) from a JSON number: exactly, to the
// nanosecond, and without computing what an exponent would make of it.
func numericDate(number string) (date time.Time, ok bool) {
	unsigned, negative := strings.CutPrefix(number, "-")
	exponent := 0
	if i := strings.IndexAny(unsigned, "eE"); i >= 0 {
		exponent, _ = strconv.Atoi(unsigned[i+1:]) // the largest int if it does not fit
		exponent = min(max(exponent, -maxExponent), maxExponent)
		unsigned = unsigned[:i]
	}
	whole, fraction, _ := strings.Cut(unsigned, ".")
	point := len(whole) + exponent // the decimal point stands before this digit
	var seconds, nanos int64
	significant := false
	for i, digits := range [...]string{whole, fraction} {
		for j := 0; j < len(digits); j++ {
			d := int64(digits[j] - '0')
			place := point - 1 - i*len(whole) - j // the digit counts 10^place
			switch significant = significant || d > 0; {
			case !significant:
			case place > 11:
				return date, false
			case place >= 0:
				seconds += d * powersOfTen[place]
			case place >= -9:
				nanos += d * powersOfTen[place+9]
			}
			if d > 0 && place < 0 && seconds >= maxNumericDate {
				return date, false
			}
		}
	}
	if negative && significant || seconds > maxNumericDate {
		return date, false
	}
	return time.Unix(seconds, nanos), number != ""
}

var powersOfTen = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11}

// unverifiedIssuer reads iss from a payload that nothing vouches for. Its result is compared, used
// as a map key, or shown as the token's own word; nothing else is read before the signature holds.
// It stops at an issuer that is not trusted, for what follows then changes nothing.
func unverifiedIssuer(payload string, trusted func(name string) bool) (issuer string, err *Error) {
	s := scanner{text: payload}
	present, isString := false, true
	for name := range s.members {
		if name != "iss" {
			s.skip()
			continue
		}
		present = true
		if isString = s.peek() == '"'; !isString {
			s.skip()
			continue
		}
		var ok bool
		if issuer, ok = s.string(); ok && !trusted(issuer) {
			return issuer, nil
		}
	}
	switch fault := s.end(); {
	case fault != "":
		return "", &Error{Reason: ReasonPayloadInvalid, detail: fault}
	case !present:
		return "", missing("iss", "")
	case !isString:
		return "", &Error{Reason: ReasonClaimInvalid, Member: "iss", detail: "iss is not a string"}
	}
	return issuer, nil
}

// Profile says which kind of token an API takes (RFC 8725 section 3.11).
type Profile int

const (
	// AnyAccess, the zero Profile, takes what issuers send as access tokens: typ absent, JWT,
	// at+jwt or a word of the issuer's own. It refuses every other media type with a suffix, such
	// as dpop+jwt, logout+jwt, secevent+jwt or dc+sd-jwt: those are other kinds of token.
	AnyAccess Profile = iota
	// AccessToken takes access tokens of RFC 9068 alone: typ must be at+jwt, and aud, sub,
	// client_id, iat and jti must be present.
	AccessToken
	// IDToken takes ID tokens of OpenID Connect Core section 3.1.3.7: sub and iat must be present;
	// azp, if present, must be one of Config.Audience, and must be present if aud has several
	// values. The nonce is for Config.Validate to compare.
	IDToken
)

// policy is what an issuer's tokens are held against. It is made from a Config and never changes.
type policy struct {
	issuer    string
	template  template // of issuer, if templated
	templated bool
	tenants   []string
	anyTenant bool
	audience  []string
	clients   []string
	profile   Profile
	leeway    time.Duration
	maxAge    time.Duration
	validate  func(context.Context, *Token) error
}

// verdicts collects what the checks of a policy say, the first refusal in front.
type verdicts struct {
	first *Error
	told  func(check string, e *Error) // of every check, passed or not; nil: nobody is told
}

func (v *verdicts) add(check string, e *Error) {
	if e != nil || v.told != nil { // a check that passes is told to few
		v.take(check, e)
	}
}

func (v *verdicts) take(check string, e *Error) {
	if v.told != nil {
		v.told(check, e)
	}
	switch {
	case e == nil:
	case v.first == nil:
		v.first = e
	default:
		v.first.Also = append(v.first.Also, e)
	}
}

// check runs the whole policy and returns every failed claim, the first in front.
func (p *policy) check(h *Header, k *Key, c *claims, now time.Time, told func(check string, e *Error)) *Error {
	v := verdicts{told: told}
	v.add("typ", p.checkType(h))
	v.add("iss", p.checkIssuer(c))
	v.add("key issuer", p.checkKeyIssuer(k, c))
	v.add("aud", p.checkAudience(c))
	v.add("client", p.checkClient(c))
	v.add("exp", p.checkExpiry(c, now))
	v.add("nbf", p.checkStart(c, now))
	v.add("iat", p.checkIssuedAt(c, now))
	p.checkProfile(c, &v)
	v.add("cnf", p.checkConfirmation(c))
	return v.first
}

func missing(claim, want string) *Error {
	return &Error{Reason: ReasonClaimMissing, Member: claim, Want: want}
}

// unequal reports a claim whose value is not one of the wanted.
func unequal(reason Reason, claim, got string, want []string) *Error {
	e := &Error{Reason: reason, Member: claim, Got: shown(got), Want: quoted(want)}
	if got == "" {
		e.detail = claim + " is empty, want " + e.Want
	}
	e.Hint = nearestMiss(got, want)
	return e
}

func (p *policy) checkType(h *Header) *Error {
	if h.Type == "JWT" && p.profile != AccessToken { // as nearly every token says
		return nil
	}
	access := isMediaType(h.Type, "at+jwt")
	// A structured suffix marks a kind of token of its own (RFC 8725 section 3.11): dpop+jwt and
	// dc+sd-jwt, with parameters or without. PASSporT (RFC 8225) has none.
	other := !access && (strings.Contains(h.Type, "+") || isMediaType(h.Type, "passport"))
	var want, hint string
	switch {
	case p.profile == AccessToken && !access:
		want = `"at+jwt"`
	case p.profile == IDToken && (access || other):
		want, hint = `"JWT" or none`, "an ID token is asked for here, not another kind of token"
	case other:
		want = `"at+jwt", "JWT" or none`
	default:
		return nil
	}
	return &Error{Reason: ReasonTypeRefused, Member: "typ", Got: shown(h.Type), Want: want, Hint: hint}
}

func (p *policy) checkIssuer(c *claims) *Error {
	switch {
	case !c.hasIssuer:
		return missing("iss", `"`+shown(p.issuer)+`"`)
	case p.templated:
		return p.checkTenant(c)
	case c.issuer != p.issuer:
		return unequal(ReasonIssuerMismatch, "iss", c.issuer, []string{p.issuer})
	}
	return nil
}

func (p *policy) checkAudience(c *claims) *Error {
	if len(p.audience) == 0 {
		return nil
	}
	raw := c.payload[c.audience.from:c.audience.to]
	for text, rest, ok := cutString(raw); ok; text, rest, ok = cutString(rest) {
		if slices.Contains(p.audience, text) {
			return nil
		}
	}
	audience := c.list(false, c.audience)
	switch len(audience) {
	case 0:
		e := missing("aud", quoted(p.audience))
		if c.hasAudience {
			e.Reason, e.detail = ReasonAudienceMismatch, "aud is empty, want "+e.Want
		}
		return e
	case 1:
		return unequal(ReasonAudienceMismatch, "aud", audience[0], p.audience)
	}
	e := unequal(ReasonAudienceMismatch, "aud", audience[0], p.audience)
	e.detail = "aud is " + strings.Replace(quoted(audience), "one of ", "", 1) + ", want " + e.Want
	for _, got := range audience[1:min(len(audience), maxListed)] {
		e.Hint = cmp.Or(e.Hint, nearestMiss(got, p.audience))
	}
	return e
}

func (p *policy) checkClient(c *claims) *Error {
	if len(p.clients) == 0 {
		return nil
	}
	for i, where := range c.clients {
		if where.to == 0 {
			continue
		}
		id := c.text(where)
		if slices.Contains(p.clients, id) {
			return nil
		}
		return unequal(ReasonClientMismatch, clientClaims[i], id, p.clients)
	}
	return missing(clientClaims[0], quoted(p.clients))
}

func (p *policy) checkExpiry(c *claims, now time.Time) *Error {
	switch {
	case c.expires.IsZero():
		return missing("exp", "")
	case !now.Before(c.expires.Add(p.leeway)):
		return untimely(ReasonTokenExpired, "exp", c.expires, now)
	}
	return nil
}

func (p *policy) checkStart(c *claims, now time.Time) *Error {
	if !c.notBefore.IsZero() && now.Before(c.notBefore.Add(-p.leeway)) {
		return untimely(ReasonTokenNotYetValid, "nbf", c.notBefore, now)
	}
	return nil
}

func (p *policy) checkIssuedAt(c *claims, now time.Time) *Error {
	switch {
	case c.issuedAt.IsZero() && p.maxAge > 0:
		return missing("iat", "")
	case c.issuedAt.IsZero():
		return nil
	case now.Before(c.issuedAt.Add(-p.leeway)):
		e := untimely(ReasonTokenNotYetValid, "iat", c.issuedAt, now)
		e.Hint = "the token was issued in the future: compare this machine's clock with the issuer's"
		return e
	case p.maxAge > 0 && !now.Before(c.issuedAt.Add(p.maxAge+p.leeway)):
		e := untimely(ReasonTokenTooOld, "iat", c.issuedAt, now)
		e.Want = "at most " + p.maxAge.String() + " ago"
		e.detail += ", want " + e.Want
		return e
	}
	return nil
}

// untimely words a date as people read it.
func untimely(reason Reason, claim string, at, now time.Time) *Error {
	stamp := at.UTC().Format(time.RFC3339)
	text := now.Sub(at).Round(time.Second).String() + " ago"
	if at.After(now) {
		text = "in " + at.Sub(now).Round(time.Second).String()
	}
	return &Error{Reason: reason, Member: claim, Got: stamp, detail: text + " (" + stamp + ")"}
}

// checkProfile tells only what fails: several claims can be missing.
func (p *policy) checkProfile(c *claims, v *verdicts) {
	fail := func(e *Error) { v.add("profile", e) }
	if p.profile == AnyAccess {
		return
	}
	if c.text(c.subject) == "" {
		fail(missing("sub", ""))
	}
	if c.issuedAt.IsZero() && p.maxAge == 0 {
		fail(missing("iat", ""))
	}
	switch p.profile {
	case AccessToken:
		if !c.hasAudience && len(p.audience) == 0 {
			fail(missing("aud", ""))
		}
		if c.text(c.clients[0]) == "" {
			fail(missing("client_id", ""))
		}
		if c.text(c.id) == "" {
			fail(missing("jti", ""))
		}
	case IDToken:
		switch azp := c.text(c.clients[1]); {
		case azp == "" && len(c.list(false, c.audience)) > 1:
			fail(missing("azp", quoted(p.audience)))
		case azp != "" && len(p.audience) > 0 && !slices.Contains(p.audience, azp):
			fail(unequal(ReasonClientMismatch, "azp", azp, p.audience))
		}
	}
}

func (p *policy) checkConfirmation(c *claims) *Error {
	if !c.confirmed {
		return nil
	}
	return &Error{Reason: ReasonBindingUnproven, Member: "cnf", detail: "cnf binds the token to a key of its sender, and possession of that key was not shown"}
}

// validated wraps what Config.Validate returned. The error may wrap one of our sentinels, and so
// choose the status that the client sees.
func validated(err error) *Error {
	if own, ok := err.(*Error); ok && own == nil {
		return &Error{Reason: ReasonValidationRefused, detail: "Validate returned a nil *Error, which is an error that is not nil"}
	}
	e := &Error{Reason: ReasonValidationRefused, detail: foreign(err), cause: err}
	switch found := sentinelsIn(err); len(found) {
	case 0:
	case 1:
		e.sentinel = found[0]
	default:
		e.cause = nil // a refusal wraps exactly one
	}
	if own := (*Error)(nil); errors.As(err, &own) {
		e.RetryAfter = own.RetryAfter
	}
	return e
}
