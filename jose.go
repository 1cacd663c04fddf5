// This file takes a compact JWS apart (RFC 7515 section 7.1): its parts, their base64url, its header.

package jwt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// A token travels in one header field, and servers refuse fields much over 8 KiB; 16 KiB leaves
	// room for the largest real ones and bounds what an attacker can make us read.
	defaultMaxTokenSize = 16 << 10
	// A header names an algorithm and a key. 4 KiB leaves room for a certificate that we ignore.
	defaultMaxHeaderSize = 4 << 10
)

// parts are the segments of a compact JWS (RFC 7515 section 3.1), each a piece of the token.
type parts struct {
	header, payload, signature string
	input                      string // the signing input: header, dot, payload
}

// scratch is the memory that a verification needs until the token is made, kept for the next one.
type scratch struct {
	header    []byte
	payload   []byte
	signature []byte
	input     []byte
	text      string // of the payload, once it is asked for
	known     headerMemory
}

// payloadText is the payload as text, of which claims are pieces.
func (w *scratch) payloadText() string {
	if w.text == "" {
		w.text = string(w.payload)
	}
	return w.text
}

// split cuts a token at its two dots and looks no further into it.
func split(token string, maxToken, maxHeader int) (p parts, err *Error) {
	if len(token) > maxToken {
		return p, &Error{Reason: ReasonTokenTooLarge, detail: "the token", size: len(token), limit: maxToken}
	}
	if strings.HasPrefix(token, "{") {
		return p, &Error{Reason: ReasonTokenParts, detail: "it is a JSON serialization (RFC 7515 section 7.2), and only the compact one is accepted"}
	}
	header, rest, ok := strings.Cut(token, ".")
	if !ok {
		e := &Error{Reason: ReasonTokenOpaque, detail: "it has no dot, so it is not a JWT"}
		if token == "" {
			e.Reason, e.detail = ReasonTokenParts, "the token is empty"
		} else {
			e.Hint = "issuers hand out opaque tokens when no API was asked for: request the token with this API's audience, or ask the issuer by introspection (RFC 7662)"
		}
		return p, e
	}
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok {
		return p, &Error{Reason: ReasonTokenParts, detail: "it has 2 parts"}
	}
	if _, fourth, more := strings.Cut(signature, "."); more {
		_, fifth, five := strings.Cut(fourth, ".")
		if !five {
			return p, &Error{Reason: ReasonTokenParts, detail: "it has 4 parts"}
		}
		if strings.IndexByte(fifth, '.') >= 0 {
			return p, &Error{Reason: ReasonTokenParts, detail: "it has more than 5 parts"}
		}
		return p, &Error{Reason: ReasonTokenEncrypted, detail: "it has 5 parts, so it is a JWE (RFC 7516), which is never accepted",
			Hint: "Auth0 issues encrypted tokens when no audience was asked for: request the token with this API's audience, and switch token encryption off for this API"}
	}
	switch {
	case header == "":
		return p, &Error{Reason: ReasonTokenParts, detail: "the header is empty"}
	case payload == "":
		return p, &Error{Reason: ReasonTokenParts, detail: "the payload is empty", Hint: "detached payloads (RFC 7515 appendix F) are not tokens"}
	case signature == "":
		return p, &Error{Reason: ReasonTokenParts, detail: "the signature is empty", Hint: "unsecured tokens (alg none) are never accepted"}
	case len(header) > maxHeader:
		return p, &Error{Reason: ReasonTokenTooLarge, detail: "the header", size: len(header), limit: maxHeader}
	}
	return parts{header, payload, signature, token[:len(header)+1+len(payload)]}, nil
}

// decode decodes the parts into w. All must be canonical base64url, so that a token has one
// spelling. A header that is known was decoded before.
func (p *parts) decode(w *scratch, known bool) *Error {
	var ok bool
	if !known {
		if w.header, ok = appendBase64url(w.header[:0], p.header); !ok {
			return encodingFault("header", p.header, 0)
		}
	}
	if w.payload, ok = appendBase64url(w.payload[:0], p.payload); !ok {
		return encodingFault("payload", p.payload, len(p.header)+1)
	}
	if w.signature, ok = appendBase64url(w.signature[:0], p.signature); !ok {
		return encodingFault("signature", p.signature, len(p.input)+1)
	}
	return nil
}

// encodingFault words what is wrong with a part, which begins at this byte of the token.
func encodingFault(name, part string, at int) *Error {
	bad := base64urlFault(part)
	e := &Error{Reason: ReasonTokenEncoding, detail: "the " + name + " breaks off or does not end canonically at byte " + strconv.Itoa(at+bad) + " of the token"}
	if bad < len(part) && !inBase64url(part[bad]) {
		e.detail = "the " + name + ` holds "` + shown(part[bad:bad+1]) + `" at byte ` + strconv.Itoa(at+bad) + " of the token"
	}
	return e
}

// base64urlFault is where a text that appendBase64url refuses is wrong.
func base64urlFault(s string) int {
	for i := 0; i < len(s); i++ {
		if !inBase64url(s[i]) {
			return i
		}
	}
	if len(s)%4 == 1 { // a character is missing
		return len(s)
	}
	return len(s) - 1 // it has bits that decode to nothing
}

const (
	base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" // RFC 4648 section 5
	notBase64url      = 1                                                                  // in a byte that no value reaches
)

// base64urlPlace tells what a character stands for in each of the four places of a group, whose
// three bytes are the upper ones of a number. One that is not of the alphabet marks the lowest byte.
// (It is behind a pointer because that is loaded once, and the address of a table anew for every place.)
var base64urlPlace = func() *[4][256]uint32 {
	places := new([4][256]uint32)
	for i := range places {
		for c := range places[i] {
			places[i][c] = notBase64url
		}
		for value := range base64urlAlphabet {
			places[i][base64urlAlphabet[value]] = uint32(value) << (26 - 6*i)
		}
	}
	return places
}()

// base64urlLen is the decoded length of n characters.
func base64urlLen(n int) int { return n/4*3 + max(n%4-1, 0) }

// appendBase64url decodes s behind dst. It reports whether s is unpadded base64url in the one spelling
// that an encoder produces: no byte outside of the alphabet (CR, LF and padding are outside), no
// length that no encoder produces, no bit set that decodes to nothing. If not, what it appends has
// no meaning.
func appendBase64url(dst []byte, s string) ([]byte, bool) {
	p := base64urlPlace
	from, size := len(dst), base64urlLen(len(s))
	dst = slices.Grow(dst, size+3)[:from+size+3] // two groups are written with two bytes more, and one is never reached
	var all, rest uint32
	to := dst[from:]
	for len(s) > 8 && len(to) > 8 { // a slice that cannot be empty is cheaper to cut
		first := p[0][s[0]] | p[1][s[1]] | p[2][s[2]] | p[3][s[3]]
		second := p[0][s[4]] | p[1][s[5]] | p[2][s[6]] | p[3][s[7]]
		all |= first | second
		binary.BigEndian.PutUint64(to, uint64(first)<<32|uint64(second)<<8)
		s, to = s[8:], to[6:]
	}
	for len(s) >= 4 && len(to) >= 4 {
		w := p[0][s[0]] | p[1][s[1]] | p[2][s[2]] | p[3][s[3]]
		all |= w
		binary.BigEndian.PutUint32(to, w)
		s, to = s[4:], to[3:]
	}
	switch len(s) {
	case 1:
		rest = notBase64url
	case 2:
		w := p[0][s[0]] | p[1][s[1]]
		to[0], rest = byte(w>>24), w&0xffffff
	case 3:
		w := p[0][s[0]] | p[1][s[1]] | p[2][s[2]]
		to[0], to[1], rest = byte(w>>24), byte(w>>16), w&0xffff
	}
	return dst[:from+size], all&0xff == 0 && rest == 0
}

// base64urlBytes decodes a member of a key.
func base64urlBytes(s string) ([]byte, bool) { return appendBase64url(nil, s) }

// base64url encodes b.
func base64url(b []byte) string {
	out := make([]byte, 0, (len(b)*8+5)/6)
	for len(b) >= 3 {
		w := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		out = append(out, base64urlAlphabet[w>>18], base64urlAlphabet[w>>12&63], base64urlAlphabet[w>>6&63], base64urlAlphabet[w&63])
		b = b[3:]
	}
	switch len(b) {
	case 1:
		out = append(out, base64urlAlphabet[b[0]>>2], base64urlAlphabet[b[0]<<4&63])
	case 2:
		w := uint32(b[0])<<8 | uint32(b[1])
		out = append(out, base64urlAlphabet[w>>10], base64urlAlphabet[w>>4&63], base64urlAlphabet[w<<2&63])
	}
	return string(out)
}

// Header is what a token says of itself before anything is proven: RFC 7515 section 4. It never
// chooses an algorithm or an address; it names a key among those that are configured.
type Header struct {
	Algorithm   Algorithm // alg
	KeyID       string    // kid; empty if the token names no key
	Type        string    // typ, as it is written; empty if absent
	ContentType string    // cty, as it is written; empty if absent

	// unnamedRSA is what an RSA key that declares no algorithm stands for in this verification.
	unnamedRSA Algorithm
}

// Format prints the header in one line of plain text whatever the verb. Nobody vouches for it where
// a [KeySource] sees it, so its texts are cut to 64 bytes and escaped, as in an [*Error].
func (h Header) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "jwt.Header(alg=%s kid=%s typ=%s cty=%s)", quote(string(h.Algorithm)), quote(h.KeyID), quote(h.Type), quote(h.ContentType))
}

// headerMemory holds the headers that were parsed last, so that the header of a key is parsed once
// and not for every token. What a header says is a matter of its bytes alone: nothing is trusted
// because it was seen before, and a stranger's headers can only make the next one be parsed anew.
type headerMemory struct {
	last [4]struct {
		segment string // as it was sent; a copy, for a piece of a token would keep all of it
		header  *Header
	}
	next int // is replaced next
}

// maxKnownHeader is the longest header segment that is remembered, more than those of issuers have.
const maxKnownHeader = 512

// find returns nil if the header is not remembered.
func (m *headerMemory) find(segment string) *Header {
	for i := range m.last {
		if m.last[i].segment == segment {
			return m.last[i].header
		}
	}
	return nil
}

func (m *headerMemory) keep(segment string, h *Header) {
	if len(segment) > maxKnownHeader {
		return
	}
	last := &m.last[m.next]
	last.segment, last.header = strings.Clone(segment), h
	m.next = (m.next + 1) % len(m.last)
}

// parseHeader reads the decoded header. Keys and addresses in it (jwk, jku, x5c, x5u) are passed
// over like any other member that is not critical, and so is zip: nothing is ever inflated.
func parseHeader(text string) (*Header, *Error) {
	s := scanner{text: text}
	h := new(Header)
	hasAlg := false
	var wrong, critical string // the first member of each kind
	for name := range s.members {
		var value *string
		switch name {
		case "alg":
			hasAlg, value = true, (*string)(&h.Algorithm)
		case "kid":
			value = &h.KeyID
		case "typ":
			value = &h.Type
		case "cty":
			value = &h.ContentType
		case "crit", "b64":
			critical = name
			fallthrough
		default:
			s.skip()
			continue
		}
		if s.peek() == '"' {
			*value, _ = s.string()
		} else {
			s.skip()
		}
		if *value == "" && wrong == "" {
			wrong = name
		}
	}
	switch fault := s.end(); {
	case fault != "":
		return nil, &Error{Reason: ReasonHeaderInvalid, Offset: s.at, detail: fault}
	case !hasAlg:
		return nil, &Error{Reason: ReasonHeaderMember, Member: "alg"}
	case wrong != "":
		return nil, &Error{Reason: ReasonHeaderMember, Member: wrong, detail: wrong + " is not a string, or an empty one"}
	case critical != "":
		return nil, &Error{Reason: ReasonHeaderCritical, Member: critical, detail: critical + " asks for an extension, and none is supported"}
	case isMediaType(h.ContentType, "jwt"):
		return nil, &Error{Reason: ReasonTokenNested, Member: "cty", Got: shown(h.ContentType), detail: "cty says that the payload is a JWT itself, which is never accepted"}
	}
	return h, nil
}
