// This file takes a compact JWS apart (RFC 7515 section 7.1): its parts, their base64url, its header.

package jwt

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// A token travels in one header field, and servers refuse fields much over 8 KiB; 16 KiB leaves
	// room for the largest real ones and bounds what an attacker can make us read.
	defaultMaxTokenSize = 16 << 10
	// A header names an algorithm and a key. 4 KiB leaves room for a certificate that we ignore.
	defaultMaxHeaderSize = 4 << 10
	// net/http takes so much for all header fields of a request together: a larger limit has no effect.
	maxSettableSize = 1 << 20
)

// parts are the segments of a compact JWS (RFC 7515 section 3.1), each a piece of the token.
type parts struct {
	header, payload, signature string
	input                      string // the signing input: header, dot, payload
}

// split cuts a token at its two dots and looks no further into it.
func split(token string, maxToken, maxHeader int) (p parts, err *Error) {
	if len(token) > maxToken {
		return p, &Error{Reason: ReasonTokenTooLarge, detail: "the token", size: len(token), limit: maxToken}
	}
	if strings.HasPrefix(token, "{") {
		return p, &Error{Reason: ReasonTokenParts, detail: "it is a JSON serialization (RFC 7515 section 7.2), and only the compact one is accepted"}
	}
	n := 0
	for range strings.SplitSeq(token, ".") {
		if n++; n > 5 {
			break
		}
	}
	switch {
	case token == "":
		return p, &Error{Reason: ReasonTokenParts, detail: "the token is empty"}
	case n == 1:
		e := &Error{Reason: ReasonTokenOpaque, detail: "it has no dot, so it is not a JWT", Hint: opaqueHint}
		if slices.ContainsFunc([]string{"null", "(null)", "undefined", "none", "nil", "nan", "false", "true"}, func(word string) bool { return equalASCIIFold(token, word) }) {
			e.Hint = "the client has no token, and sent the word " + token + " in its place: look there"
		}
		return p, e
	case n == 2 && !strings.HasPrefix(token, "ey"), strings.HasPrefix(token, "ya29."): // the latter are Google's
		return p, &Error{Reason: ReasonTokenOpaque, detail: "it has no JSON object before its first dot, so it is not a JWT", Hint: opaqueHint}
	case n == 5:
		return p, &Error{Reason: ReasonTokenEncrypted, detail: "it has 5 parts, so it is a JWE (RFC 7516), which is never accepted",
			Hint: "an encrypted token is for its issuer alone: request one with this API's audience, and switch token encryption off for this API"}
	case n > 5:
		return p, &Error{Reason: ReasonTokenParts, detail: "it has more than 5 parts"}
	case n != 3:
		return p, &Error{Reason: ReasonTokenParts, detail: "it has " + strconv.Itoa(n) + " parts"}
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
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

const opaqueHint = "issuers hand out opaque tokens when no API was asked for: request the token with this API's audience, or ask the issuer by introspection (RFC 7662)"

// decode decodes the parts, into lent as far as its capacity suffices. All must be canonical base64url, so
// that a token has one spelling. input is a copy of the signing input.
func (p *parts) decode(lent []byte) (header, payload string, signature, input []byte, err *Error) {
	all, ok := appendBase64url(lent[:0], p.header)
	if !ok {
		return "", "", nil, nil, encodingFault("header", p.header, 0)
	}
	headerSize := len(all)
	if all, ok = appendBase64url(all, p.payload); !ok {
		return "", "", nil, nil, encodingFault("payload", p.payload, len(p.header)+1)
	}
	text := string(all)
	if all, ok = appendBase64url(all, p.signature); !ok {
		return "", "", nil, nil, encodingFault("signature", p.signature, len(p.input)+1)
	}
	end := len(all)
	all = append(all, p.input...)
	return text[:headerSize], text[headerSize:], all[len(text):end:end], all[end:], nil
}

// encodingFault words why a part is not canonical base64url. at is the index of the part in the token.
func encodingFault(name, part string, at int) *Error {
	bad := notBase64urlAt(part)
	detail := "the " + name + " breaks off or does not end canonically"
	if bad < len(part) && !inBase64url(part[bad]) {
		_, size := utf8.DecodeRuneInString(part[bad:])
		detail = "the " + name + " holds " + quote(part[bad:bad+size])
	}
	return &Error{Reason: ReasonTokenEncoding, detail: detail + " at byte " + strconv.Itoa(at+bad) + " of the token"}
}

// notBase64urlAt returns the byte from which on a text is not canonical base64url; its length if it breaks off.
func notBase64urlAt(text string) int {
	rest := strings.TrimLeft(text, base64urlAlphabet)
	if rest != "" || len(text)%4 == 1 { // in the second case a character is missing
		return len(text) - len(rest)
	}
	return len(text) - 1 // it has bits that decode to nothing
}

const (
	base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" // RFC 4648 section 5
	notBase64url      = 0xff
)

// base64urlValues tells what each character stands for.
var base64urlValues = func() (values [256]byte) {
	for c := range values {
		values[c] = notBase64url
	}
	for value := range base64urlAlphabet {
		values[base64urlAlphabet[value]] = byte(value)
	}
	return values
}()

// inBase64url reports whether c is of the alphabet.
func inBase64url(c byte) bool { return base64urlValues[c] != notBase64url }

// appendBase64url appends the decoded bytes of unpadded base64url to dst. It accepts only what an encoder
// produces: characters of the alphabet (not CR, LF or padding), a length that an encoder can produce, and
// zeros in the bits that decode to nothing.
func appendBase64url(dst []byte, s string) (_ []byte, ok bool) {
	dst, v := slices.Grow(dst, len(s)/4*3+2), &base64urlValues
	for ; len(s) >= 4; s = s[4:] {
		a, b, c, d := v[s[0]], v[s[1]], v[s[2]], v[s[3]]
		if a|b|c|d == notBase64url {
			return dst, false
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	switch len(s) {
	case 0:
		return dst, true
	case 2:
		a, b := v[s[0]], v[s[1]]
		return append(dst, a<<2|b>>4), a|b != notBase64url && b<<4 == 0
	case 3:
		a, b, c := v[s[0]], v[s[1]], v[s[2]]
		return append(dst, a<<2|b>>4, b<<4|c>>2), a|b|c != notBase64url && c<<6 == 0
	}
	return dst, false
}

// base64urlBytes decodes a member of a key.
func base64urlBytes(s string) ([]byte, bool) { return appendBase64url(nil, s) }

// base64url encodes b.
func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Header is what a token says of itself before anything is proven: RFC 7515 section 4. It does not
// choose an algorithm or an address; it names a key among those that are configured.
type Header struct {
	Algorithm   Algorithm // alg
	KeyID       string    // kid; empty if the token has none, or an empty one
	Type        string    // typ, as it is written; empty if absent
	ContentType string    // cty, as it is written; empty if absent

	x5t, x5tS256 string // the certificate of the key (RFC 7515 section 4.1.7), by which a set may find it

	// unnamedRSA is what an RSA key that declares no algorithm stands for in this verification.
	unnamedRSA Algorithm
}

// Format prints the header in one line of plain text, whatever the verb. A [KeySource] sees it before the
// signature is verified, so its texts are cut to 64 bytes and escaped, as in an [*Error].
func (h Header) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "jwt.Header(alg=%s kid=%s typ=%s cty=%s)", quote(string(h.Algorithm)), quote(h.KeyID), quote(h.Type), quote(h.ContentType))
}

// nameless stands for an x5t that is empty or no string: a thumbprint that no key has.
const nameless = "?"

// parse reads the decoded header. It skips keys and addresses (jwk, jku, x5c, x5u) like all members
// that are not critical, and zip too: nothing is decompressed.
func (h *Header) parse(text string) *Error {
	s := scanner{text: text}
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
		case "x5t":
			value = &h.x5t
		case "x5t#S256":
			value = &h.x5tS256
		case "crit", "b64":
			critical = name
			fallthrough
		default:
			s.skip()
			continue
		}
		isString := s.peek() == '"'
		if isString {
			*value, _ = s.string()
		} else {
			s.skip()
		}
		switch {
		case *value != "" || isString && name == "kid":
		case strings.HasPrefix(name, "x5t"):
			*value = nameless
		default:
			wrong = cmp.Or(wrong, name)
		}
	}
	switch fault := s.end(); {
	case fault != "":
		return &Error{Reason: ReasonHeaderInvalid, Offset: s.at, detail: fault}
	case !hasAlg:
		return &Error{Reason: ReasonHeaderMember, Member: "alg"}
	case wrong != "":
		return &Error{Reason: ReasonHeaderMember, Member: wrong, detail: wrong + " is not a string, or an empty one"}
	case critical != "":
		return &Error{Reason: ReasonHeaderCritical, Member: critical, detail: critical + " asks for an extension, and none is supported"}
	case isMediaType(h.ContentType, "jwt"):
		return &Error{Reason: ReasonTokenNested, Member: "cty", Got: snippet(h.ContentType), detail: "cty says that the payload is a JWT itself, which is never accepted"}
	}
	return nil
}
