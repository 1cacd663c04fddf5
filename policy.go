// This file checks the claims of a verified payload against the policy of its issuer, in the order that
// doc.go gives.

package jwt

import (
	"cmp"
	"context"
	"errors"
	"net"
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

// checkClaims checks a token against the whole policy. It returns the first failed claim, with the others
// in Also. It calls record for each check, passed or not, if record is not nil.
func (a *authority) checkClaims(t *Token, now time.Time, record func(check string, e *Error)) *Error {
	h, c := &t.header, &t.claims
	var first *Error
	add := func(check string, failed ...*Error) {
		if len(failed) == 0 {
			failed = []*Error{nil}
		}
		for _, e := range failed {
			if record != nil {
				record(check, e)
			}
			switch {
			case e == nil:
			case first == nil:
				first = e
			default:
				first.Also = append(first.Also, e)
			}
		}
	}
	add("typ", cmp.Or(a.checkType(h), a.checkKind(h, c)))
	add("iss", a.checkIssuer(c))
	add("key issuer", a.checkKeyIssuer(t))
	add("aud", a.checkAudience(c))
	add("client", a.checkClient(c))
	add("exp", a.checkExpiry(c, now))
	add("nbf", a.checkStart(c, now))
	add("iat", a.checkIssuedAt(c, now))
	add("profile", a.checkProfile(c)...)
	add("require", a.checkRequired(t, now)...)
	add("cnf", a.checkConfirmation(c))
	return first
}

func missing(claim, want string) *Error {
	return &Error{Reason: ReasonClaimMissing, Member: claim, Want: want}
}

// unequal reports a claim whose value is not one of the wanted.
func unequal(reason Reason, claim, got string, want []string) *Error {
	e := &Error{Reason: reason, Member: claim, Got: snippet(got), Want: oneOf(want), Hint: nearestMiss(got, want)}
	if got == "" {
		e.detail = claim + " is empty, want " + e.Want
	}
	return e
}

func (a *authority) checkType(h *Header) *Error {
	if h.Type == "JWT" && a.Profile != AccessToken { // as nearly every token says
		return nil
	}
	access := isMediaType(h.Type, "at+jwt")
	// A structured suffix marks a kind of token of its own (RFC 8725 section 3.11): dpop+jwt and
	// dc+sd-jwt, with parameters or without. PASSporT (RFC 8225) has none.
	other := !access && (strings.Contains(h.Type, "+") || isMediaType(h.Type, "passport"))
	var want, hint string
	switch {
	case a.Profile == AccessToken && !access:
		want = `"at+jwt"`
	case a.Profile == IDToken && (access || other):
		want, hint = `"JWT" or none`, "an ID token is asked for here, not another kind of token"
	case other:
		want = `"at+jwt", "JWT" or none`
	default:
		return nil
	}
	return &Error{Reason: ReasonTypeRefused, Member: "typ", Got: snippet(h.Type), Want: want, Hint: hint}
}

// checkKind refuses a token that says that it is of another kind than the Profile takes.
func (a *authority) checkKind(h *Header, c *claims) *Error {
	kind, member := c.kind, c.kindClaim
	if kind == "" || kind == "id" && a.Profile == IDToken {
		kind, member = kindNamed(h.Type), "typ"
	}
	switch {
	case kind == "", kind == "id" && a.Profile == IDToken:
		return nil
	case a.Profile == IDToken:
		return &Error{Reason: ReasonTypeRefused, Member: member, Got: kind, detail: member + " says that it is a " + kind + " token, want an ID token"}
	}
	return &Error{Reason: ReasonTypeRefused, Member: member, Got: kind, detail: member + " says that it is of the kind " + quote(kind) + ", want an access token",
		Hint: "the client sends the wrong token: an API takes the access token alone"}
}

func (a *authority) checkIssuer(c *claims) *Error {
	switch {
	case !c.issuer.present:
		return missing("iss", `"`+snippet(a.Issuer)+`"`)
	case a.templated:
		return a.checkTenant(c)
	case c.issuer.value != a.Issuer:
		return unequal(ReasonIssuerMismatch, "iss", c.issuer.value, []string{a.Issuer})
	}
	return nil
}

func (a *authority) checkAudience(c *claims) *Error {
	if len(a.Audience) == 0 {
		return nil
	}
	for name := range c.audience.each {
		if slices.Contains(a.Audience, name) {
			return nil
		}
	}
	audience := slices.DeleteFunc(c.audience.values(), func(name string) bool { return name == "" })
	if len(audience) == 0 {
		e := missing("aud", oneOf(a.Audience))
		if c.audience != "" {
			e.Reason, e.detail = ReasonAudienceMismatch, "aud is empty, want "+e.Want
			e.Hint = "the issuer names no audience: have the client ask for this API when it requests the token"
		}
		return e
	}
	e := unequal(ReasonAudienceMismatch, "aud", audience[0], a.Audience)
	if len(audience) > 1 {
		e.detail = "aud is " + strings.TrimPrefix(oneOf(audience), "one of ") + ", want " + e.Want
	}
	for _, got := range audience[1:min(len(audience), maxListed)] {
		e.Hint = cmp.Or(e.Hint, nearestMiss(got, a.Audience))
	}
	return e
}

func (a *authority) checkClient(c *claims) *Error {
	if len(a.Clients) == 0 {
		return nil
	}
	claim, id := c.client()
	switch {
	case !id.present:
		return missing(claim, oneOf(a.Clients))
	case !slices.Contains(a.Clients, id.value):
		return unequal(ReasonClientMismatch, claim, id.value, a.Clients)
	}
	return nil
}

func (a *authority) checkExpiry(c *claims, now time.Time) *Error {
	switch {
	case c.expires.IsZero():
		return missing("exp", "")
	case !now.Before(c.expires.Add(a.Leeway)):
		return untimely(ReasonTokenExpired, "exp", c.expires, now)
	}
	return nil
}

func (a *authority) checkStart(c *claims, now time.Time) *Error {
	if !c.notBefore.IsZero() && now.Before(c.notBefore.Add(-a.Leeway)) {
		return untimely(ReasonTokenNotYetValid, "nbf", c.notBefore, now)
	}
	return nil
}

func (a *authority) checkIssuedAt(c *claims, now time.Time) *Error {
	switch {
	case c.issuedAt.IsZero() && a.MaxAge > 0:
		return missing("iat", "")
	case c.issuedAt.IsZero():
		return nil
	case now.Before(c.issuedAt.Add(-a.Leeway)):
		e := untimely(ReasonTokenNotYetValid, "iat", c.issuedAt, now)
		e.Hint = "the token was issued in the future: compare this machine's clock with the issuer's"
		return e
	case a.MaxAge > 0 && !now.Before(c.issuedAt.Add(a.MaxAge+a.Leeway)):
		e := untimely(ReasonTokenTooOld, "iat", c.issuedAt, now)
		e.Want = "at most " + a.MaxAge.String() + " ago"
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

// checkProfile returns every claim that is not as the profile asks.
func (a *authority) checkProfile(c *claims) (failed []*Error) {
	if a.Profile == AnyAccessToken {
		return nil
	}
	required := func(claim string, present bool) {
		if !present {
			failed = append(failed, missing(claim, ""))
		}
	}
	required("sub", c.subject.value != "")
	required("iat", !c.issuedAt.IsZero() || a.MaxAge > 0) // with MaxAge, checkIssuedAt requires it
	switch a.Profile {
	case AccessToken:
		if c.ungranted != "" { // RFC 9068 section 2.2.3
			failed = append(failed, &Error{Reason: ReasonClaimInvalid, Member: c.ungranted, detail: c.ungranted + " " + noList})
		}
		required("aud", c.audience != "" || len(a.Audience) > 0) // with Audience, checkAudience requires it
		required("client_id", c.clientID.value != "")
		required("jti", c.id.value != "")
	case IDToken:
		switch azp := c.azp.value; {
		case azp == "" && len(c.audience.values()) > 1:
			failed = append(failed, missing("azp", oneOf(a.Audience)))
		case azp != "" && len(a.Audience) > 0 && !slices.Contains(a.Audience, azp):
			failed = append(failed, unequal(ReasonClientMismatch, "azp", azp, a.Audience))
		}
	}
	return failed
}

// checkRequired returns every requirement of Config.Require that the token does not meet.
func (a *authority) checkRequired(t *Token, now time.Time) (failed []*Error) {
	for _, req := range a.Require {
		if e := req.rule().decide(t, now); e != nil {
			if e.kind() != ErrAuthentication {
				e.Reason = ReasonClaimRefused
			}
			failed = append(failed, e)
		}
	}
	return failed
}

func (a *authority) checkConfirmation(c *claims) *Error {
	if !c.confirmed {
		return nil
	}
	return &Error{Reason: ReasonBindingUnproven, Member: "cnf", detail: "cnf binds the token to a key of its sender, and possession of that key was not shown"}
}

// validated wraps what Config.Validate returned. The error may wrap one of our sentinels, and so choose the status
// that the client sees. The end of a context and an error of the network say nothing against the token.
func validated(ctx context.Context, err error) *Error {
	if own, ok := err.(*Error); ok && own == nil {
		return &Error{Reason: ReasonValidationRefused, detail: "Validate returned a nil *Error, which is an error that is not nil"}
	}
	e := &Error{Reason: ReasonValidationRefused, detail: foreign(err), cause: err}
	network := net.Error(nil)
	switch found := sentinelsIn(err); {
	case len(found) > 1:
		e.cause = nil // a refusal wraps exactly one
	case len(found) == 1 && found[0] != ErrUnavailable:
		e.sentinel = found[0]
	case len(found) == 0 && !errors.Is(err, context.Canceled) && !errors.Is(err, context.Cause(ctx)) && !errors.As(err, &network):
	case ctx.Err() != nil:
		e.Reason = ReasonRequestCanceled
	default:
		e.Reason = ReasonValidationUnavailable
	}
	if own := ownError(err); own != nil {
		e.RetryAfter, e.ask = own.RetryAfter, own.ask
	}
	return e
}
