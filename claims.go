// This file reads the registered claims of a verified payload: RFC 7519 section 4.1, RFC 8693 and RFC 9068.

package jwt

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Audiences and scopes of one token, together. No honest token has more.
const maxValues = 1000

// claims are the registered claims of one payload.
type claims struct {
	payload string

	issuer, subject, id               stringClaim
	clientID, azp, cid, appID, tenant stringClaim // cid is Okta's, appid and tid are those of Microsoft Entra ID
	audience, scope, scp              listClaim
	expires, notBefore, issuedAt      time.Time // zero times are absent claims
	confirmed                         bool      // cnf is present and not empty

	kind, kindClaim string // what the token says it is, if that is no access token, and the claim that says so
	ungranted       string // scope or scp, if that is no list: it grants nothing

	spoiled []string // names of claims whose type or range is wrong
}

// stringClaim is a claim that is a string.
type stringClaim struct {
	value   string
	present bool // an empty claim is present
}

// listClaim is a claim that is a string or an array of strings, as it is written; empty if it is absent.
type listClaim string

// each yields the strings of a list until yield returns false.
func (l listClaim) each(yield func(value string) bool) {
	s := scanner{text: string(l), vetted: true}
	switch s.peek() {
	case '"':
		value, _ := s.string()
		yield(value)
	case '[':
		for s.array(); s.element(); {
			if value, _ := s.string(); !yield(value) {
				return
			}
		}
	}
}

// values returns the strings of a list in a new slice; nil if there are none.
func (l listClaim) values() (all []string) {
	all = slices.Grow(all, strings.Count(string(l), `"`)/2) // an upper bound
	for value := range l.each {
		all = append(all, value)
	}
	return all
}

// eachScope yields the scopes of scope and scp together: the words of a string, and the elements of an array whole.
func (c *claims) eachScope(yield func(name string) bool) {
	for _, l := range [...]listClaim{c.scope, c.scp} {
		for value := range l.each {
			if l[0] == '[' {
				if !yield(value) {
					return
				}
				continue
			}
			for word := range strings.SplitSeq(value, " ") {
				if word != "" && !yield(word) {
					return
				}
			}
		}
	}
}

func (c *claims) scopes() (all []string) {
	all = slices.Grow(all, strings.Count(string(c.scope+c.scp), `"`)/2+strings.Count(string(c.scope+c.scp), " "))
	for name := range c.eachScope {
		all = append(all, name)
	}
	return all
}

func (c *claims) hasScope(name string) bool {
	for have := range c.eachScope {
		if have == name {
			return true
		}
	}
	return false
}

// client is the client that the token was issued to, and the claim that says so: the first that is present, the
// standard name first (RFC 9068 section 2.2, OpenID Connect Core section 2, Okta, Microsoft Entra ID v1).
func (c *claims) client() (claim string, id stringClaim) {
	switch {
	case c.clientID.present:
		return "client_id", c.clientID
	case c.azp.present:
		return "azp", c.azp
	case c.cid.present:
		return "cid", c.cid
	case c.appID.present:
		return "appid", c.appID
	}
	return "client_id", stringClaim{}
}

// parse reads a payload whose signature holds. A registered claim of a wrong type or range is an error;
// the first is returned.
func (c *claims) parse(payload string) *Error {
	r := claimReader{scanner: scanner{text: payload}, claims: c}
	c.payload = payload
	for name := range r.members {
		r.name = name
		switch name {
		case "iss":
			r.readText(&c.issuer)
		case "sub":
			r.readText(&c.subject)
		case "jti":
			r.readText(&c.id)
		case "client_id":
			r.readText(&c.clientID)
		case "azp":
			r.readText(&c.azp)
		case "cid":
			r.readTextIfAny(&c.cid)
		case "appid":
			r.readTextIfAny(&c.appID)
		case "tid":
			r.readTextIfAny(&c.tenant)
		case "scope":
			r.readScope(&c.scope)
		case "scp":
			r.readScope(&c.scp)
		case "aud":
			if !r.readList(&c.audience) {
				r.spoil(noList)
			}
		case "token_use", "token_type", "tokenType", "typ", "events":
			r.readKind()
		case "exp":
			r.readDate(&c.expires)
		case "nbf":
			r.readDate(&c.notBefore)
		case "iat":
			r.readDate(&c.issuedAt)
		case "cnf":
			r.readConfirmation()
		default:
			r.skip()
		}
	}
	if fault := r.end(); fault != "" {
		return &Error{Reason: ReasonPayloadInvalid, Offset: r.at, detail: fault}
	}
	if r.refusal == nil && len(payload) > 2*maxValues && c.values() > maxValues { // a value takes two bytes at least
		r.name = "aud, scope and scp"
		r.spoil("hold more than " + strconv.Itoa(maxValues) + " values together")
		r.refusal.Member = "aud"
	}
	return r.refusal
}

// values counts those of all lists.
func (c *claims) values() (n int) {
	for range c.audience.each {
		n++
	}
	for range c.eachScope {
		n++
	}
	return n
}

// claimReader reads claims into their places.
type claimReader struct {
	scanner
	claims  *claims
	name    string // of the claim that is read
	refusal *Error // of the first claim that is wrong
}

// spoil records what is wrong with a claim.
func (r *claimReader) spoil(detail string) {
	r.claims.spoiled = append(r.claims.spoiled, r.name)
	if r.refusal == nil {
		r.refusal = &Error{Reason: ReasonClaimInvalid, Member: r.name, detail: r.name + " " + detail}
	}
}

func (r *claimReader) readText(into *stringClaim) {
	if r.peek() != '"' {
		r.spoil("is not a string")
		r.skip()
		return
	}
	into.value, into.present = r.string()
}

// readTextIfAny reads a claim that is not registered: a value that is not a string is skipped.
func (r *claimReader) readTextIfAny(into *stringClaim) {
	if r.peek() != '"' {
		r.skip()
		return
	}
	r.readText(into)
}

// noList is what is wrong with a claim that readList cannot read.
const noList = "is neither a string nor an array of strings"

// readList reads a claim that is a list; valid is false for one that is none.
func (r *claimReader) readList(into *listClaim) (valid bool) {
	first := r.peek()
	from := r.pos
	valid = first == '"' || first == '['
	if first == '[' {
		for r.array(); r.element(); r.skip() {
			valid = valid && r.peek() == '"'
		}
	} else {
		r.skip()
	}
	if valid {
		*into = listClaim(r.text[from:r.pos])
	}
	return valid
}

// readScope reads a claim that only grants: one of a wrong type grants nothing.
func (r *claimReader) readScope(into *listClaim) {
	if !r.readList(into) {
		r.claims.ungranted = cmp.Or(r.claims.ungranted, r.name)
	}
}

// logoutEvent is the member of events that makes a logout token (OpenID Connect Back-Channel Logout section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// readKind reads a claim by which ID, refresh and logout tokens say what they are.
func (r *claimReader) readKind() {
	note := func(text string) {
		if kind := kindNamed(text); kind != "" && (r.claims.kind == "" || r.claims.kind == "id") { // only "id" may be accepted later
			r.claims.kind, r.claims.kindClaim = kind, r.name
		}
	}
	if r.name == "events" && r.peek() == '{' {
		for name := range r.members {
			if r.skip(); name == logoutEvent {
				note("logout")
			}
		}
		return
	}
	var named listClaim // a text, or several
	r.readList(&named)
	for name := range named.each {
		note(name)
	}
}

// kindNamed recognises the names of tokens that are no access tokens: ID, id_token, Refresh, Offline, logout. They
// stand behind "application/" too, and in URNs (RFC 8693 section 3).
func kindNamed(text string) string {
	text, _, _ = strings.Cut(text[max(strings.LastIndexByte(text, '/'), strings.LastIndexByte(text, ':'))+1:], "+")
	for _, kind := range [...]string{"id", "refresh", "offline", "logout"} {
		if len(text) < len(kind) || !strings.EqualFold(text[:len(kind)], kind) {
			continue
		}
		if rest := strings.TrimLeft(text[len(kind):], "_- "); rest == "" || strings.EqualFold(rest, "token") {
			return kind
		}
	}
	return ""
}

func (r *claimReader) readDate(into *time.Time) {
	date, wrong := r.date()
	if wrong != "" {
		r.spoil(wrong)
		return
	}
	*into = date
}

func (r *claimReader) readConfirmation() {
	if r.peek() != '{' {
		r.spoil("is not an object")
	}
	value, _ := r.raw()
	r.claims.confirmed = strings.ContainsRune(value, '"')
}

// unverifiedIssuer reads iss from a payload whose signature is not verified yet. Callers only compare
// the result, use it as a map key, or show it as unverified. It stops at an issuer that is not trusted,
// because the rest of the payload then changes nothing.
func unverifiedIssuer(payload string, trusted func(name string) bool) (issuer string, err *Error) {
	s := scanner{text: payload}
	raw := "" // iss as it is written
	for name := range s.members {
		value, ok := s.raw()
		if name != "iss" || !ok {
			continue
		}
		if raw = value; raw[0] == '"' {
			if issuer = unquoted(raw); !trusted(issuer) {
				return issuer, nil
			}
		}
	}
	switch fault := s.end(); {
	case fault != "":
		return "", &Error{Reason: ReasonPayloadInvalid, Offset: s.at, detail: fault}
	case raw == "":
		return "", missing("iss", "")
	case raw[0] != '"':
		return "", &Error{Reason: ReasonClaimInvalid, Member: "iss", detail: "iss is not a string"}
	}
	return issuer, nil
}
