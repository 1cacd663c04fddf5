// This file holds what can be asked of a token that was verified. A requirement only narrows: none
// makes a token acceptable that Verify refused.

package jwt

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Requirement is one thing that is asked of a token: [Scope], [ACR], [MaxAuthAge], a [Claim] that
// equals or has something, or several of them under [All] or [Any].
//
// A requirement that asks for nothing or can never be met is a mistake, such as Scope(), All(),
// Scope("a b") or a nil Requirement: [Resource.Require] panics, and no token meets it.
type Requirement interface {
	// String returns the requirement as it is written in Go, such as Scope("read:messages").
	String() string
	rule() *rule
}

// rule is what every Requirement is.
type rule struct {
	text    string
	mistake string                               // why no token can ever meet it; empty if one can
	scopes  []string                             // what a client must ask the issuer for: RFC 6750 section 3, scope
	decide  func(t *Token, now time.Time) *Error // nil for a token that meets it
}

func (r *rule) String() string { return r.text }
func (r *rule) rule() *rule    { return r }

// mistaken is a rule that no token meets.
func mistaken(text, why string) *rule {
	return &rule{text: text, mistake: why, decide: func(*Token, time.Time) *Error {
		return &Error{Reason: ReasonRequirementUnmet, detail: text + ": " + why}
	}}
}

// call is a call of a function as it is written in Go.
func call(name string, arguments ...string) string {
	return name + "(" + strings.Join(arguments, ", ") + ")"
}

// literals are texts as they are written in Go.
func literals(texts []string) []string {
	all := make([]string, len(texts))
	for i, text := range texts {
		all[i] = strconv.QuoteToASCII(text)
	}
	return all
}

// unfit says why texts cannot be required: the list is empty, or no token can hold one of them. Empty: they can.
func unfit(texts []string, none, each string) string {
	switch {
	case len(texts) == 0:
		return none
	case slices.Contains(texts, ""):
		return each + " is empty"
	case !utf8.ValidString(strings.Join(texts, "")):
		return each + " is not UTF-8"
	}
	return ""
}

// Scope asks for all of these scopes, in the claims scope or scp. A name is one word (RFC 6749 section 3.3).
func Scope(names ...string) Requirement {
	names = slices.Clone(names)
	text := call("Scope", literals(names)...)
	switch mistake := unfit(names, "it names no scope", "a scope"); {
	case mistake != "":
		return mistaken(text, mistake)
	case slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, " ") }):
		return mistaken(text, "a scope is one word: give each its own argument")
	}
	return &rule{text: text, scopes: names, decide: func(t *Token, _ time.Time) *Error {
		first := slices.IndexFunc(names, func(name string) bool { return !t.claims.hasScope(name) })
		if first < 0 {
			return nil
		}
		missing := slices.DeleteFunc(slices.Clone(names[first:]), t.claims.hasScope)
		e := &Error{Reason: ReasonScopeMissing, Member: "scope", Want: listed("all of", missing)}
		if t.claims.ungranted != "" {
			e.detail = t.claims.ungranted + " " + noList + ", want " + e.Want
		} else if have := t.claims.scopes(); len(have) > 0 {
			e.Got = snippet(strings.Join(have, " "))
		} else {
			e.detail = "the token has no scope, want " + e.Want
		}
		return e
	}}
}

// ACR asks that the user's authentication have one of these context classes: the claim acr (RFC
// 9470). A client that is refused learns which.
func ACR(values ...string) Requirement {
	values = slices.Clone(values)
	text := call("ACR", literals(values)...)
	if mistake := unfit(values, "it names no class", "a class"); mistake != "" {
		return mistaken(text, mistake)
	}
	return &rule{text: text, decide: func(t *Token, _ time.Time) *Error {
		acr := ""
		if raw, _ := t.find("acr"); strings.HasPrefix(raw, `"`) {
			acr = unquoted(raw)
		}
		if slices.Contains(values, acr) {
			return nil
		}
		e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "acr", Got: snippet(acr), Want: oneOf(values), ask: ask{acr: values}}
		if acr == "" {
			e.detail = "acr is absent or not a string, want " + e.Want
		}
		return e
	}}
}

// MaxAuthAge asks that the user authenticated no longer ago than this: the claim auth_time (RFC
// 9470), in whole seconds.
func MaxAuthAge(limit time.Duration) Requirement {
	text := call("MaxAuthAge", strings.Replace(limit.String(), "µ", "u", 1))
	if limit < 0 {
		return mistaken(text, "the age is negative")
	}
	return &rule{text: text, decide: func(t *Token, now time.Time) *Error {
		raw, found := t.find("auth_time")
		s := scanner{text: raw}
		at, wrong := s.date()
		valid := wrong == ""
		if valid && now.Sub(at) <= limit && !at.After(now.Add(t.leeway())) {
			return nil
		}
		e := &Error{Reason: ReasonAuthenticationInsufficient, Member: "auth_time", Want: "at most " + limit.String() + " ago",
			ask: ask{maxAge: limit, hasMaxAge: true}}
		if valid {
			e.Got = at.UTC().Format(time.RFC3339)
			if at.After(now) {
				e.Hint = "the user authenticated in the future: compare this machine's clock with the issuer's"
			}
		} else if found {
			e.detail = "auth_time is not a date, want " + e.Want
		}
		return e
	}}
}

// All asks for every one of these; the first that is not met decides the answer.
func All(reqs ...Requirement) Requirement {
	return several("All", reqs, func(rules []*rule, t *Token, now time.Time) *Error {
		for _, r := range rules {
			if e := r.decide(t, now); e != nil {
				return e
			}
		}
		return nil
	})
}

// Any asks for at least one of these. If none is met, the first decides the answer, and the error tells them all.
func Any(reqs ...Requirement) Requirement {
	return several("Any", reqs, func(rules []*rule, t *Token, now time.Time) *Error {
		var first *Error
		var wanted, wrong []string
		for _, r := range rules {
			e := r.decide(t, now)
			if e == nil {
				return nil
			}
			first = cmp.Or(first, e)
			wanted, wrong = append(wanted, r.text), append(wrong, e.what())
		}
		if len(rules) > 1 {
			first.Want, first.detail = cut(strings.Join(wanted, " or "), maxDetail), cut(strings.Join(wrong, "; or "), 2*maxDetail)
		}
		return first
	})
}

// several makes one requirement of several.
func several(name string, reqs []Requirement, decide func(rules []*rule, t *Token, now time.Time) *Error) Requirement {
	var rules []*rule
	var texts, scopes []string
	mistake := ""
	for _, req := range reqs {
		r := mistaken("nil", "a requirement is nil")
		if req != nil {
			r = req.rule()
		}
		rules, texts, scopes = append(rules, r), append(texts, r.text), append(scopes, r.scopes...)
		if r.mistake != "" && mistake == "" {
			mistake = r.text + ": " + r.mistake
		}
	}
	if len(reqs) == 0 {
		mistake = "it names no requirement"
	}
	text := call(name, texts...)
	if mistake != "" {
		return mistaken(text, mistake)
	}
	return &rule{text: text, scopes: scopes, decide: func(t *Token, now time.Time) *Error { return decide(rules, t, now) }}
}

// routeOf makes one rule of the requirements of a route.
func routeOf(reqs []Requirement) *rule {
	if len(reqs) == 0 {
		return &rule{decide: func(*Token, time.Time) *Error { return nil }}
	}
	return All(reqs...).rule()
}

// routeOfField makes one rule of a field named Require, and says what is wrong with the field.
func routeOfField(reqs []Requirement) (*rule, error) {
	route := routeOf(reqs)
	return route, cmp.Or(
		errorIf(reqs != nil && len(reqs) == 0, "the list Require is empty: leave it nil for no requirement"),
		errorIf(route.mistake != "", "Require: %s", route.mistake),
	)
}

// refuse returns why a token may not pass a route; nil if it may. The error asks for the scopes of all
// requirements, so that a client need not come back for each.
func (r *rule) refuse(t *Token, now time.Time) *Error {
	e := r.decide(t, now)
	if e != nil {
		e.of(t).ask.scopes = r.scopes
	}
	return e
}

// Meets returns nil if the token meets all of these requirements, and else the [*Error] that
// [Resource.Require] would refuse it with. Use it in hosts that are no HTTP server, and for requirements
// that depend on the request. It does not check again that the token is still valid. Without requirements
// every verified token meets them. A requirement that is a mistake is not met.
func (t *Token) Meets(reqs ...Requirement) error {
	route := routeOf(reqs)
	if !t.verified() {
		return &Error{Reason: ReasonNoToken, detail: "the Token is nil or zero, and Verify did not return it", ask: ask{scopes: route.scopes}}
	}
	if e := route.refuse(t, time.Now()); e != nil {
		return e.withhold(t.input())
	}
	return nil
}

// A ClaimPath names a claim, or a member of a claim that is an object: see [Claim].
type ClaimPath struct{ path []string }

// Claim names the claim that a requirement is about: Claim("groups"), or a member of one that is an object:
// Claim("realm_access", "roles"). Each name is matched exactly and is one member, whatever dots, slashes and colons
// it has: Claim("https://api.example.com/roles"). For scopes there is [Scope].
func Claim(path ...string) ClaimPath { return ClaimPath{slices.Clone(path)} }

// requirement makes a requirement on the claim: from the method's name and arguments, a text of what is wanted, and
// why it is a mistake (empty if not). check gets the raw value and says what is wrong with it; empty if nothing is.
func (c ClaimPath) requirement(method string, arguments []string, want, mistake string, check func(raw string) (wrong string)) Requirement {
	text := call("Claim", literals(c.path)...) + "." + call(method, arguments...)
	switch wrong := unfit(c.path, "it names no claim", "a name"); {
	case wrong != "":
		return mistaken(text, wrong)
	case len(c.path) > maxDepth:
		return mistaken(text, "no token is that deep")
	case c.path[0] == "scope":
		return mistaken(text, "scope is a list of words: ask for Scope")
	case mistake != "":
		return mistaken(text, mistake)
	}
	return &rule{text: text, decide: func(t *Token, _ time.Time) *Error {
		raw, found := t.find(c.path...)
		path, wrong := c.path, "is absent, want "+want
		if found {
			if wrong = check(raw); wrong == "" {
				return nil
			}
		}
		for n := 1; n < len(c.path) && !found; n++ { // is a parent no object?
			if raw, _ := t.find(c.path[:n]...); raw != "" && raw[0] != '{' {
				path, wrong = c.path[:n], "is "+kindOf(raw[0])+", want an object"
			}
		}
		e := &Error{Reason: ReasonRequirementUnmet, Member: snippet(strings.Join(path, ".")), Got: snippet(written(raw)), Want: want}
		e.detail = e.Member + " " + wrong
		return e
	}}
}

// Equals asks that the claim be this string, bool or number. Numbers are compared exactly, by value:
// 3.0 equals 3, and 9007199254740993 does not equal 9007199254740992. Any other value is a mistake.
func (c ClaimPath) Equals(want any) Requirement {
	value := reflect.ValueOf(want)
	number, literal := numberOf(value)
	kind, shown, mistake := "a number", escaped(literal, maxShown), ""
	equal := func(raw string) bool {
		if raw == literal { // the same text is the same value
			return true
		}
		got := exactNumber(raw)
		return got != nil && got.Cmp(number) == 0
	}
	switch {
	case literal != "" && number == nil:
		mistake = "that number cannot be compared"
	case literal != "":
	case value.Kind() == reflect.String:
		text := value.String()
		kind, shown, literal = "a string", quote(text), strconv.QuoteToASCII(text)
		equal = func(raw string) bool { return unquoted(raw) == text }
		if !utf8.ValidString(text) {
			mistake = "the string is not UTF-8"
		}
	case value.Kind() == reflect.Bool:
		literal = strconv.FormatBool(value.Bool())
		kind, shown = "a bool", literal
		equal = func(raw string) bool { return raw == literal }
	default:
		literal, mistake = fmt.Sprintf("%T", want), "only a string, a bool or a number can be compared"
	}
	return c.requirement("Equals", []string{literal}, shown, mistake, func(raw string) string {
		switch have := kindOf(raw[0]); {
		case have != kind:
			return "is " + have + ", want " + kind
		case !equal(raw):
			return "has another value, want " + shown
		}
		return ""
	})
}

// Has asks that the claim have all of these: as elements of an array of strings, as the one string that
// the claim is, or as names of members of an object. A member counts only if its value is an object
// that is not empty, as Zitadel writes roles: {"admin": false} grants nothing.
func (c ClaimPath) Has(want ...string) Requirement { return c.holds("Has", "all of", want, true) }

// HasAny asks that the claim have at least one of these: see [ClaimPath.Has].
func (c ClaimPath) HasAny(want ...string) Requirement {
	return c.holds("HasAny", "one of", want, false)
}

func (c ClaimPath) holds(method, of string, want []string, all bool) Requirement {
	want = slices.Clone(want)
	mistake := unfit(want, "it asks for nothing", "a string")
	list := listed(of, want)
	return c.requirement(method, literals(want), list, mistake, func(raw string) string {
		var lacking []string
		for _, name := range want {
			has, wrong := lists(raw, name)
			if wrong != "" {
				return wrong + ", want " + list
			}
			if !has {
				lacking = append(lacking, name)
			}
		}
		if len(lacking) == 0 || len(lacking) < len(want) && !all {
			return ""
		}
		return "lacks " + listed(of, lacking)
	})
}

// lists reports whether a claim lists this entry, or what is wrong with the type of the claim.
func lists(raw, entry string) (found bool, wrong string) {
	s := scanner{text: raw, vetted: true}
	switch raw[0] {
	case '"':
		return unquoted(raw) == entry, ""
	case '[':
		for s.array(); s.element(); {
			if first := s.peek(); first != '"' {
				return false, "holds " + kindOf(first) + " among its strings"
			}
			text, _ := s.string()
			found = found || text == entry
		}
		return found, ""
	case '{':
		for name := range s.members {
			value, _ := s.raw()
			found = found || name == entry && value[0] == '{' && strings.ContainsRune(value, '"')
		}
		return found, ""
	}
	return false, "is " + kindOf(raw[0])
}

// numberOf returns the value of a Go number, nil if it cannot be compared, and its text, empty if v is no
// number.
func numberOf(v reflect.Value) (n *big.Rat, text string) {
	switch {
	case v.CanInt():
		text = strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		text = strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat():
		text = strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case v.IsValid() && v.Type() == reflect.TypeFor[json.Number]():
		text = cmp.Or(v.String(), `""`)
	default:
		return nil, ""
	}
	s := scanner{text: text}
	if read, _ := s.number(); read == text { // neither NaN nor a json.Number that is not a number
		n = exactNumber(text)
	}
	return n, text
}
