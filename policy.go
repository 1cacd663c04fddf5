// This file holds the claims of a verified payload against the policy of its issuer, in the order of
// the package manual.

package jwt

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Profile says which kind of token an API takes (RFC 8725 section 3.11).
type Profile int

const (
	// AnyAccessToken, the zero Profile, takes what issuers send as access tokens: typ absent, JWT,
	// at+jwt or a word of the issuer's own. It refuses every other media type with a suffix, such
	// as dpop+jwt, logout+jwt, secevent+jwt or dc+sd-jwt: those are other kinds of token.
	AnyAccessToken Profile = iota
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
	first  *Error
	record func(check string, e *Error) // is called for every check, passed or not; may be nil
}

func (v *verdicts) add(check string, e *Error) {
	if v.record != nil {
		v.record(check, e)
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
func (p *policy) check(h *Header, k *Key, c *claims, now time.Time, record func(check string, e *Error)) *Error {
	v := verdicts{record: record}
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
	e := &Error{Reason: reason, Member: claim, Got: snippet(got), Want: oneOf(want)}
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
	return &Error{Reason: ReasonTypeRefused, Member: "typ", Got: snippet(h.Type), Want: want, Hint: hint}
}

func (p *policy) checkIssuer(c *claims) *Error {
	switch {
	case !c.issuer.present:
		return missing("iss", `"`+snippet(p.issuer)+`"`)
	case p.templated:
		return p.checkTenant(c)
	case c.issuer.value != p.issuer:
		return unequal(ReasonIssuerMismatch, "iss", c.issuer.value, []string{p.issuer})
	}
	return nil
}

func (p *policy) checkAudience(c *claims) *Error {
	if len(p.audience) == 0 {
		return nil
	}
	for name := range c.audience.each {
		if slices.Contains(p.audience, name) {
			return nil
		}
	}
	audience := c.audience.values()
	switch len(audience) {
	case 0:
		e := missing("aud", oneOf(p.audience))
		if c.audience != "" {
			e.Reason, e.detail = ReasonAudienceMismatch, "aud is empty, want "+e.Want
		}
		return e
	case 1:
		return unequal(ReasonAudienceMismatch, "aud", audience[0], p.audience)
	}
	e := unequal(ReasonAudienceMismatch, "aud", audience[0], p.audience)
	e.detail = "aud is " + strings.Replace(oneOf(audience), "one of ", "", 1) + ", want " + e.Want
	for _, got := range audience[1:min(len(audience), maxListed)] {
		e.Hint = cmp.Or(e.Hint, nearestMiss(got, p.audience))
	}
	return e
}

func (p *policy) checkClient(c *claims) *Error {
	if len(p.clients) == 0 {
		return nil
	}
	claim, id := c.client()
	switch {
	case !id.present:
		return missing(claim, oneOf(p.clients))
	case !slices.Contains(p.clients, id.value):
		return unequal(ReasonClientMismatch, claim, id.value, p.clients)
	}
	return nil
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
	if p.profile == AnyAccessToken {
		return
	}
	if c.subject.value == "" {
		fail(missing("sub", ""))
	}
	if c.issuedAt.IsZero() && p.maxAge == 0 {
		fail(missing("iat", ""))
	}
	switch p.profile {
	case AccessToken:
		if c.audience == "" && len(p.audience) == 0 {
			fail(missing("aud", ""))
		}
		if c.clientID.value == "" {
			fail(missing("client_id", ""))
		}
		if c.id.value == "" {
			fail(missing("jti", ""))
		}
	case IDToken:
		switch azp := c.azp.value; {
		case azp == "" && len(c.audience.values()) > 1:
			fail(missing("azp", oneOf(p.audience)))
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
