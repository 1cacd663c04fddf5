// This file reads the registered claims of a verified payload: RFC 7519 section 4.1, RFC 8693 and
// RFC 9068.

package jwt

import (
	"strconv"
	"strings"
	"time"
)

const (
	// Audiences and scopes of one token, together. No honest token has more.
	maxValues = 1000

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

	spoiled []string // names of claims whose type or range is wrong

	subject, id          piece
	tenant               piece                    // tid of Microsoft Entra ID
	clients              [len(clientClaims)]piece // by the order of clientClaims
	audience, scope, scp piece
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
// error.
func (c *claims) parse(payload string) *Error {
	c.payload = payload
	s := scanner{text: payload}
	var bad *Error
	spoil := func(name, detail string) {
		c.spoiled = append(c.spoiled, name)
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
		return &Error{Reason: ReasonPayloadInvalid, Offset: s.at, detail: fault}
	}
	if bad == nil && len(payload) > 2*maxValues && values+c.loneValues() > maxValues { // a value takes two bytes at least
		return &Error{Reason: ReasonClaimInvalid, Member: "aud", detail: "aud, scope and scp hold more than " + strconv.Itoa(maxValues) + " values together"}
	}
	return bad
}

// loneValues counts what the claims hold that may be lists and are strings: a value, or some words.
func (c *claims) loneValues() (n int) {
	if c.isString(c.audience) {
		n++
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
		return "", &Error{Reason: ReasonPayloadInvalid, Offset: s.at, detail: fault}
	case !present:
		return "", missing("iss", "")
	case !isString:
		return "", &Error{Reason: ReasonClaimInvalid, Member: "iss", detail: "iss is not a string"}
	}
	return issuer, nil
}
