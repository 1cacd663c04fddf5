// This file holds what a route can ask of a token that was verified. A requirement only narrows:
// none makes a token acceptable that Verify refused.

package jwt

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Requirement is one thing that a route asks of a token: [Scope], [AnyScope], [Permission],
// [Role], [ClaimEquals], [ACR] or [MaxAuthAge], or several under [All] or [Any]. A requirement that
// asks for nothing, such as Scope() or a nil one, is a mistake and is met by no token.
type Requirement interface {
	met(t *Token, now time.Time) bool
	// refuse says of a token that does not meet the requirement what was wanted.
	refuse(t *Token, now time.Time) *Error
	// scopes lists what a client must ask the issuer for: RFC 6750 section 3, scope.
	scopes() []string
}

type (
	scopeRequirement      struct{ names []string }
	anyScopeRequirement   struct{ names []string }
	permissionRequirement struct{ name string }
	roleRequirement       struct{ name string }
	claimRequirement      struct {
		name string
		want any
	}
	acrRequirement  struct{ values []string }
	ageRequirement  struct{ limit time.Duration }
	allRequirements []Requirement
	anyRequirement  []Requirement
)

// Scope asks for all of these scopes, in the claims scope or scp.
func Scope(names ...string) Requirement { return scopeRequirement{slices.Clone(names)} }

// AnyScope asks for at least one of these scopes. A refusal lists them all.
func AnyScope(names ...string) Requirement { return anyScopeRequirement{slices.Clone(names)} }

// Permission asks for a permission: an element of the claim permissions, an array of strings, as
// Auth0 issues it where RBAC is on.
func Permission(name string) Requirement { return permissionRequirement{name} }

// Role asks for a role: an element of the claim roles, an array of strings (RFC 9068 section
// 2.2.3.1) or one string.
func Role(name string) Requirement { return roleRequirement{name} }

// ClaimEquals asks that a claim be a certain string, bool or number. Numbers are compared by value;
// an array or an object equals nothing.
func ClaimEquals(name string, want any) Requirement { return claimRequirement{name, want} }

// ACR asks that the user's authentication have one of these context classes: the claim acr (RFC
// 9470). A client that is refused learns which.
func ACR(values ...string) Requirement { return acrRequirement{slices.Clone(values)} }

// MaxAuthAge asks that the user authenticated no longer ago than this: the claim auth_time (RFC
// 9470), in whole seconds.
func MaxAuthAge(limit time.Duration) Requirement { return ageRequirement{limit} }

// All asks for every one of these; the first that is not met decides the answer.
func All(reqs ...Requirement) Requirement { return allRequirements(slices.Clone(reqs)) }

// Any asks for at least one of these; if none is met, the first decides the answer.
func Any(reqs ...Requirement) Requirement { return anyRequirement(slices.Clone(reqs)) }

func unmet(member, want, detail string) *Error {
	return &Error{Reason: ReasonRequirementUnmet, Member: member, Want: want, detail: detail}
}

// missing is the place of the first scope that a token does not have; negative if it has all.
func (r scopeRequirement) missing(t *Token) int {
	return slices.IndexFunc(r.names, func(name string) bool { return !t.claims.hasScope(name) })
}

func (r scopeRequirement) met(t *Token, _ time.Time) bool {
	return len(r.names) > 0 && r.missing(t) < 0
}

func (r scopeRequirement) refuse(t *Token, _ time.Time) *Error {
	if len(r.names) == 0 {
		return unmet("scope", "", "Scope() names no scope")
	}
	return scopeMissing(t, `"`+shown(r.names[r.missing(t)])+`"`)
}

func (r scopeRequirement) scopes() []string { return r.names }

func (r anyScopeRequirement) met(t *Token, _ time.Time) bool {
	return slices.ContainsFunc(r.names, t.claims.hasScope)
}

func (r anyScopeRequirement) refuse(t *Token, _ time.Time) *Error {
	if len(r.names) == 0 {
		return unmet("scope", "", "AnyScope() names no scope")
	}
	return scopeMissing(t, quoted(r.names))
}

func (r anyScopeRequirement) scopes() []string { return r.names }

func scopeMissing(t *Token, want string) *Error {
	e := &Error{Reason: ReasonScopeMissing, Member: "scope", Want: want, detail: "the token has no scope, want " + want}
	if have := t.claims.scopes(); len(have) > 0 {
		e.Got = shown(strings.Join(have, " "))
		e.detail = ""
	}
	return e
}

func (r permissionRequirement) met(t *Token, _ time.Time) bool {
	return r.name != "" && t.claims.has(false, t.claims.permissions, r.name)
}

func (r permissionRequirement) refuse(t *Token, _ time.Time) *Error {
	return unlisted(t, t.claims.permissions, "permissions", r.name)
}

func (r permissionRequirement) scopes() []string { return nil }

func (r roleRequirement) met(t *Token, _ time.Time) bool {
	return r.name != "" && t.claims.has(false, t.claims.roles, r.name)
}

func (r roleRequirement) refuse(t *Token, _ time.Time) *Error {
	return unlisted(t, t.claims.roles, "roles", r.name)
}

func (r roleRequirement) scopes() []string { return nil }

// unlisted refuses for want of one element of a claim.
func unlisted(t *Token, list piece, claim, name string) *Error {
	have := t.claims.list(false, list)
	want := `"` + shown(name) + `"`
	if len(have) == 0 {
		return unmet(claim, want, "the token has no "+claim+", want "+want)
	}
	e := unmet(claim, want, "")
	e.Got = shown(strings.Join(have, " "))
	return e
}

// met compares the claim with a Go value.
func (r claimRequirement) met(t *Token, _ time.Time) bool {
	var s scanner
	if !t.seek(&s, []string{r.name}) {
		return false
	}
	want := reflect.ValueOf(r.want)
	switch c := s.peek(); c {
	case '"':
		text, _ := s.string()
		return want.Kind() == reflect.String && want.String() == text
	case 't', 'f':
		return want.Kind() == reflect.Bool && want.Bool() == (c == 't')
	}
	number, _ := s.number() // empty if it is none
	return equalNumber(number, want)
}

func (r claimRequirement) refuse(t *Token, _ time.Time) *Error {
	got, ok := t.Claim(r.name)
	want := shown(fmt.Sprint(r.want))
	if !ok {
		return unmet(shown(r.name), want, shown(r.name)+" is absent, want "+want)
	}
	e := unmet(shown(r.name), want, shown(r.name)+" has another value, want "+want)
	if text, isText := got.(string); isText {
		e.Got = shown(text)
	}
	return e
}

func (r claimRequirement) scopes() []string { return nil }

// maxNumber bounds the digits and the exponent of numbers that are compared: 1e1000000000 is one too.
const maxNumber = 64

// equalNumber compares exactly: two numbers beyond the precision of a float64 differ if they differ
// in their last digit.
func equalNumber(got string, want reflect.Value) bool {
	var space [maxNumber]byte
	text := space[:0]
	switch {
	case want.CanInt():
		text = strconv.AppendInt(text, want.Int(), 10)
	case want.CanUint():
		text = strconv.AppendUint(text, want.Uint(), 10)
	case want.CanFloat():
		text = strconv.AppendFloat(text, want.Float(), 'g', -1, want.Type().Bits())
	case want.IsValid() && want.Type() == reflect.TypeFor[json.Number]():
		text = append(text, want.String()...)
	default:
		return false
	}
	if want.Kind() != reflect.String && string(text) == got { // as most are written; a json.Number may be of any size
		return true
	}
	a, okA := rational(got)
	b, okB := rational(string(text))
	return okA && okB && a.Cmp(b) == 0
}

func rational(number string) (*big.Rat, bool) {
	mantissa, exponent := number, 0
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		mantissa = number[:i]
		var err error
		if exponent, err = strconv.Atoi(number[i+1:]); err != nil {
			return nil, false
		}
	}
	if len(mantissa) > maxNumber || exponent < -maxNumber || exponent > maxNumber {
		return nil, false
	}
	return new(big.Rat).SetString(number)
}

func (r acrRequirement) met(t *Token, _ time.Time) bool {
	acr := r.of(t)
	return acr != "" && slices.Contains(r.values, acr)
}

// of is the acr of a token; empty if it has none.
func (acrRequirement) of(t *Token) (acr string) {
	var s scanner
	if t.seek(&s, []string{"acr"}) && s.peek() == '"' {
		acr, _ = s.string()
	}
	return acr
}

func (r acrRequirement) refuse(t *Token, _ time.Time) *Error {
	acr := r.of(t)
	e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "acr", Got: shown(acr), Want: quoted(r.values), ask: &ask{acr: r.values}}
	if acr == "" {
		e.detail = "acr is absent or not a string, want " + e.Want
	}
	return e
}

func (r acrRequirement) scopes() []string { return nil }

func (r ageRequirement) met(t *Token, now time.Time) bool {
	at, ok := r.of(t)
	return ok && now.Sub(at) <= r.limit
}

// of is when the user of a token authenticated.
func (ageRequirement) of(t *Token) (at time.Time, ok bool) {
	var s scanner
	if !t.seek(&s, []string{"auth_time"}) {
		return at, false
	}
	number, _ := s.number() // empty if it is none
	return numericDate(number)
}

func (r ageRequirement) refuse(t *Token, _ time.Time) *Error {
	e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "auth_time", Want: "at most " + r.limit.String() + " ago",
		ask: &ask{maxAge: r.limit, agesOut: true}}
	if at, ok := r.of(t); ok {
		e.Got = at.UTC().Format(time.RFC3339)
	} else {
		e.detail = "auth_time is absent or not a date, want " + e.Want
	}
	return e
}

func (r ageRequirement) scopes() []string { return nil }

func (r allRequirements) met(t *Token, now time.Time) bool {
	for _, req := range r {
		if req == nil || !req.met(t, now) {
			return false
		}
	}
	return true
}

func (r allRequirements) refuse(t *Token, now time.Time) *Error {
	for _, req := range r {
		if req == nil {
			return unmet("", "", "a requirement is nil")
		}
		if !req.met(t, now) {
			return req.refuse(t, now)
		}
	}
	return nil
}

func (r allRequirements) scopes() (all []string) {
	for _, req := range r {
		if req != nil {
			all = append(all, req.scopes()...)
		}
	}
	return all
}

func (r anyRequirement) met(t *Token, now time.Time) bool {
	for _, req := range r {
		if req == nil {
			return false
		}
		if req.met(t, now) {
			return true
		}
	}
	return false
}

func (r anyRequirement) refuse(t *Token, now time.Time) *Error {
	for _, req := range r {
		if req == nil {
			return unmet("", "", "a requirement is nil")
		}
	}
	if len(r) == 0 {
		return unmet("", "", "Any() names no requirement")
	}
	return r[0].refuse(t, now)
}

func (r anyRequirement) scopes() []string { return allRequirements(r).scopes() }
