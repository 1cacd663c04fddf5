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
	// check returns nil if the token meets the requirement. The refusal names what was wanted.
	check(t *Token, now time.Time) *Error
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

func (r scopeRequirement) check(t *Token, _ time.Time) *Error {
	for _, name := range r.names {
		if !t.claims.hasScope(name) {
			return scopeMissing(t, `"`+shown(name)+`"`)
		}
	}
	if len(r.names) == 0 {
		return unmet("scope", "", "Scope() names no scope")
	}
	return nil
}

func (r scopeRequirement) scopes() []string { return r.names }

func (r anyScopeRequirement) check(t *Token, _ time.Time) *Error {
	for _, name := range r.names {
		if t.claims.hasScope(name) {
			return nil
		}
	}
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

func (r permissionRequirement) check(t *Token, _ time.Time) *Error {
	return listed(t.claims.list(false, t.claims.permissions), "permissions", r.name)
}

func (r permissionRequirement) scopes() []string { return nil }

func (r roleRequirement) check(t *Token, _ time.Time) *Error {
	return listed(t.claims.list(false, t.claims.roles), "roles", r.name)
}

func (r roleRequirement) scopes() []string { return nil }

// listed asks for one element of a claim.
func listed(have []string, claim, name string) *Error {
	if name != "" && slices.Contains(have, name) {
		return nil
	}
	want := `"` + shown(name) + `"`
	if len(have) == 0 {
		return unmet(claim, want, "the token has no "+claim+", want "+want)
	}
	e := unmet(claim, want, "")
	e.Got = shown(strings.Join(have, " "))
	return e
}

func (r claimRequirement) check(t *Token, _ time.Time) *Error {
	got, ok := t.Claim(r.name)
	if ok && equalClaim(got, r.want) {
		return nil
	}
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

// equalClaim compares a claim's value with a Go value.
func equalClaim(got, want any) bool {
	wanted := reflect.ValueOf(want)
	switch got := got.(type) {
	case string:
		return wanted.Kind() == reflect.String && wanted.String() == got
	case bool:
		return wanted.Kind() == reflect.Bool && wanted.Bool() == got
	case json.Number:
		return equalNumber(string(got), wanted)
	}
	return false
}

// maxNumber bounds the digits and the exponent of numbers that are compared: 1e1000000000 is one too.
const maxNumber = 64

// equalNumber compares exactly: two numbers beyond the precision of a float64 differ if they differ
// in their last digit.
func equalNumber(got string, want reflect.Value) bool {
	var text string
	switch {
	case want.CanInt():
		text = strconv.FormatInt(want.Int(), 10)
	case want.CanUint():
		text = strconv.FormatUint(want.Uint(), 10)
	case want.CanFloat():
		text = strconv.FormatFloat(want.Float(), 'g', -1, want.Type().Bits())
	case want.IsValid() && want.Type() == reflect.TypeFor[json.Number]():
		text = want.String()
	default:
		return false
	}
	a, okA := rational(got)
	b, okB := rational(text)
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

func (r acrRequirement) check(t *Token, _ time.Time) *Error {
	got, _ := t.Claim("acr")
	text, _ := got.(string)
	if text != "" && slices.Contains(r.values, text) {
		return nil
	}
	e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "acr", Got: shown(text), Want: quoted(r.values), ask: &ask{acr: r.values}}
	if text == "" {
		e.detail = "acr is absent or not a string, want " + e.Want
	}
	return e
}

func (r acrRequirement) scopes() []string { return nil }

func (r ageRequirement) check(t *Token, now time.Time) *Error {
	got, _ := t.Claim("auth_time")
	number, _ := got.(json.Number)
	at, ok := numericDate(string(number))
	if ok && now.Sub(at) <= r.limit {
		return nil
	}
	e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "auth_time", Want: "at most " + r.limit.String() + " ago",
		ask: &ask{maxAge: r.limit, agesOut: true}}
	if ok {
		e.Got = at.UTC().Format(time.RFC3339)
	} else {
		e.detail = "auth_time is absent or not a date, want " + e.Want
	}
	return e
}

func (r ageRequirement) scopes() []string { return nil }

func (r allRequirements) check(t *Token, now time.Time) *Error {
	for _, req := range r {
		if req == nil {
			return unmet("", "", "a requirement is nil")
		}
		if e := req.check(t, now); e != nil {
			return e
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

func (r anyRequirement) check(t *Token, now time.Time) (first *Error) {
	for _, req := range r {
		if req == nil {
			return unmet("", "", "a requirement is nil")
		}
		e := req.check(t, now)
		if e == nil {
			return nil
		}
		if first == nil {
			first = e
		}
	}
	if first == nil {
		return unmet("", "", "Any() names no requirement")
	}
	return first
}

func (r anyRequirement) scopes() []string { return allRequirements(r).scopes() }
