// This file removes personal data from a report. It keeps what is listed here and removes all else.

package explain

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
)

// redacted replaces what was removed.
const redacted = "(redacted)"

const digits = "-0123456789"

// What may be shown to anybody, with the first bytes of the JSON values that it may have.
var (
	impersonalHeader = map[string]string{
		"alg": `"`, "kid": `"`, "typ": `"`, "cty": `"`, "enc": `"`, "zip": `"`, "crit": `[`, "b64": `tf`, "x5t": `"`, "x5t#S256": `"`,
	}
	impersonalClaims = map[string]string{
		"iss": `"`, "aud": `"[`, "exp": digits, "nbf": digits, "iat": digits, "auth_time": digits,
		"azp": `"`, "client_id": `"`, "cid": `"`, "appid": `"`, "tid": `"`,
		"scope": `"[`, "scp": `"[`, "permissions": `[`, "typ": `"`, "token_use": `"`, "ver": `"` + digits, "gty": `"`, "acr": `"` + digits,
	}
)

// Redact returns a copy without personal data, to be pasted into a ticket. It keeps the values of the
// claims for issuer, audience, clients, times, scopes, permissions and the kind of token, and of the header
// members for the algorithm, the key and the kind of token. It keeps such a value only if its type is
// right. Of all other members it keeps the names. Of a broken header or payload it keeps nothing at or
// behind the fault (TestRedactBroken).
func (r *Report) Redact() *Report {
	if r == nil {
		return nil
	}
	c := *r
	c.Steps = slices.Clone(r.Steps)
	for n := range c.Steps {
		if s := &c.Steps[n]; personal(s.Reason, s.member) {
			s.Got, s.Text = "", heading(s.Reason)+": "+redacted
		}
	}
	if e, ok := r.Refusal.(*jwt.Error); ok { // otherwise it is nil, or redacted
		refusal := redactRefusal(e, r.At)
		c.Refusal, c.Text = refusal, strings.TrimPrefix(refusal.text, "jwt: ")
	}
	c.Header, c.Claims = redactFields(r.Header, headerMeanings, impersonalHeader), redactFields(r.Claims, claimMeanings, impersonalClaims)
	return &c
}

// personal reports whether the text of a refusal may hold personal data: the error of Config.Validate may
// say anything, and a requirement may be about every claim.
func personal(reason jwt.Reason, member string) bool {
	switch reason {
	case jwt.ReasonValidationRefused, jwt.ReasonValidationUnavailable:
		return true
	case jwt.ReasonClaimRefused, jwt.ReasonRequirementUnmet, jwt.ReasonAuthenticationInsufficient:
		_, known := impersonalClaims[member]
		return !known
	}
	return false
}

// heading returns the words with which a refusal for this reason begins.
func heading(reason jwt.Reason) string {
	return strings.TrimPrefix((&jwt.Error{Reason: reason}).Error(), "jwt: ")
}

// refusal is a refusal without personal data and without an error of another package.
type refusal struct {
	text     string
	sentinel error
	fields   *jwt.Error // without what its text is made of
}

func (e *refusal) Error() string { return e.text }

// Unwrap returns the sentinel alone. It may differ from that of fields, if Config.Validate chose one.
func (e *refusal) Unwrap() error { return e.sentinel }

// As lets errors.As find the fields of the refusal.
func (e *refusal) As(target any) bool {
	as, ok := target.(**jwt.Error)
	if ok {
		*as = e.fields
	}
	return ok
}

// sentinels are the errors of which a refusal wraps one.
var sentinels = []error{jwt.ErrNoToken, jwt.ErrRequest, jwt.ErrMalformed, jwt.ErrKey, jwt.ErrSignature, jwt.ErrExpired, jwt.ErrNotYetValid,
	jwt.ErrClaims, jwt.ErrBinding, jwt.ErrScope, jwt.ErrAuthentication, jwt.ErrUnavailable}

func redactRefusal(e *jwt.Error, now time.Time) *refusal {
	r := &refusal{text: "jwt: " + wholeText(e, now, redactedText), fields: bareError(e)}
	for _, sentinel := range sentinels {
		if errors.Is(e, sentinel) {
			r.sentinel = sentinel
		}
	}
	return r
}

// redactedText words a refusal without personal data, its hint and the refusals in Also.
func redactedText(e *jwt.Error, now time.Time) string {
	if personal(e.Reason, e.Member) {
		return heading(e.Reason) + ": " + redacted
	}
	return aloneText(e, now)
}

// bareError copies the exported fields of a refusal, without what is personal.
func bareError(e *jwt.Error) *jwt.Error {
	c := &jwt.Error{Reason: e.Reason, Member: e.Member, Got: e.Got, Want: e.Want, Hint: e.Hint,
		Issuer: e.Issuer, KeyID: e.KeyID, Offset: e.Offset, RetryAfter: e.RetryAfter}
	if personal(e.Reason, e.Member) {
		c.Got = ""
	}
	for _, other := range e.Also {
		c.Also = append(c.Also, bareError(other))
	}
	return c
}

// isFlat reports whether a value is a text, a number or an array of texts: a nested value may hold personal
// data.
func isFlat(value json.RawMessage) bool {
	var texts []*string // null is no text
	if value[0] == '[' {
		return json.Unmarshal(value, &texts) == nil && !slices.Contains(texts, nil)
	}
	return value[0] != '{'
}

func redactFields(fields []Field, meanings, impersonal map[string]string) []Field {
	fields = slices.Clone(fields)
	for n := range fields {
		switch f := &fields[n]; {
		case len(f.Value) == 0:
		case f.broken:
			f.Value, f.Redacted = nil, true
		case f.Name != "" && strings.IndexByte(impersonal[f.Name], f.Value[0]) >= 0 && isFlat(f.Value):
		default:
			f.Value, f.Redacted, f.Meaning = nil, true, meanings[f.Name]
		}
	}
	return fields
}
