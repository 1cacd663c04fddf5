// This file turns bytes into shape: it cuts a token into its parts, checks and decodes base64url,
// and scans JSON. It is the only parser of unauthenticated bytes in the package, and it serves
// token headers, payloads, keys, key sets and issuer metadata alike.

package jwt

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/bits"
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
	// No honest header, payload or key set is deeper; recursion beyond it would cost stack.
	maxDepth = 32
	// No honest object has more members; it bounds the search for duplicate names.
	maxMembers = 1000
	// Up to here duplicate names are found by comparing, beyond it by hashing.
	fewMembers = 24
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
		return nil, &Error{Reason: ReasonHeaderInvalid, detail: fault}
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

// scanner reads one JSON text (RFC 8259) from left to right. It is stricter than encoding/json:
// the text is valid UTF-8 without lone surrogates, no object has a duplicate name at any depth,
// names are compared exactly, nothing is deeper than maxDepth, and nothing follows the text.
//
// Its methods return false once something is wrong, and from then on; end says what. Strings are
// pieces of the text unless they hold escapes. A scanner of an ordinary text allocates nothing.
type scanner struct {
	text   string
	pos    int
	fault  string // what is wrong; empty while nothing is
	at     int    // where
	fresh  bool   // an object or array was opened and has no member yet
	depth  int
	label  struct{ from, to int } // where the last member's name stands, quotes included
	vetted bool                   // the text was scanned before: names need no comparing

	// The names of all open objects, the innermost last: the first few here, the others in more.
	// (A slice of few would move the scanner to the heap.) Names with different marks are different.
	count int
	few   [fewMembers]string
	marks [fewMembers]uint64
	more  []string
	seen  uint64           // a bit for the mark of every name so far: one that is not set is new
	first [maxDepth]uint16 // the index of the first name of each open object, by depth

	// An object with more than a few names has them here by hash: 0 is a free slot.
	tables [][]uint16 // by depth
	seed   maphash.Seed
}

// markOf makes a mark of the length and some bytes: most names of one object differ in those.
func markOf(text string) uint64 {
	n := len(text)
	switch {
	case n >= 8:
		return load64(text) ^ load64(text[n-8:])<<1 ^ uint64(n)<<56
	case n >= 4:
		return uint64(load32(text)) | uint64(load32(text[n-4:]))<<32 ^ uint64(n)<<61
	case n > 0:
		return uint64(text[0]) | uint64(text[n/2])<<8 | uint64(text[n-1])<<16 | uint64(n)<<24
	}
	return 0
}

// spread is an odd number whose product with a mark depends on all of it in the upper bits.
const spread = 0x9e3779b97f4a7c15

func load32(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// wrong records the first fault, moves to the end of the text, and always returns false.
func (s *scanner) wrong(what string) bool {
	if s.fault == "" {
		s.fault, s.at = what, s.pos
		s.pos = len(s.text)
	}
	return false
}

// peek returns the first byte of the next value, 0 at the end or after a fault.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// descend opens an object or an array.
func (s *scanner) descend(bracket byte, what string) bool {
	if s.peek() != bracket {
		return s.wrong(what)
	}
	if s.depth == maxDepth {
		return s.wrong("nested too deep")
	}
	s.first[s.depth] = uint16(s.count)
	s.depth++
	s.pos++
	s.fresh = true
	return true
}

func (s *scanner) object() bool { return s.descend('{', "not a JSON object") }
func (s *scanner) array() bool  { return s.descend('[', "not a JSON array") }

// next moves to the next member or element, or over the closing bracket: then it returns false.
func (s *scanner) next(bracket byte) bool {
	c := s.peek()
	switch {
	case c == bracket:
		s.pos++
		s.depth--
		s.count = int(s.first[s.depth])
		s.fresh = false
		return false
	case s.fresh:
		s.fresh = false
		return s.fault == ""
	case c == ',':
		s.pos++
		return true
	}
	return s.wrong("a comma or a closing bracket is missing")
}

// element moves to the next element of an array. It returns false after the last one.
func (s *scanner) element() bool { return s.next(']') }

// member moves to the next member of an object and returns its name. It returns false after the
// last one.
func (s *scanner) member() (name string, ok bool) {
	// As nearly every one begins: a comma, a name of plain text, a colon, and no white space.
	if text, pos := s.text, s.pos; !s.fresh && pos+1 < len(text) && text[pos] == ',' && text[pos+1] == '"' {
		from := pos + 2
		to := plainText(text, from)
		if to+1 < len(text) && text[to] == '"' && text[to+1] == ':' {
			s.label.from, s.label.to = from-1, to+1
			s.pos = to + 2
			return text[from:to], s.vetted || s.unique(text[from:to])
		}
	}
	if !s.next('}') {
		return "", false
	}
	if s.peek() != '"' {
		return "", s.wrong("a member name is missing")
	}
	s.label.from = s.pos
	if name, ok = s.scanString(true); !ok {
		return "", false
	}
	s.label.to = s.pos
	if s.peek() != ':' {
		return "", s.wrong("a colon is missing")
	}
	s.pos++
	return name, s.vetted || s.unique(name)
}

// members reads an object: it yields the name of each member, whose value must then be read or
// skipped. It ends early at a fault.
func (s *scanner) members(yield func(name string) bool) {
	for ok := s.object(); ok; {
		var name string
		if name, ok = s.member(); ok {
			ok = yield(name)
		}
	}
}

// unique adds a name to the innermost object, which must not have it yet.
func (s *scanner) unique(name string) bool {
	mark := markOf(name)
	bit := uint64(1) << (mark * spread >> 58)
	new := s.seen&bit == 0
	s.seen |= bit
	if new && s.count < fewMembers {
		s.few[s.count], s.marks[s.count] = name, mark
		s.count++
		return true
	}
	first := int(s.first[s.depth-1])
	switch own := s.count - first; {
	case own == maxMembers:
		return s.wrong("too many members")
	case s.count < fewMembers:
		for i := first; i < s.count; i++ {
			if s.marks[i] == mark && s.few[i] == name {
				return s.wrong("duplicate member")
			}
		}
		s.few[s.count], s.marks[s.count] = name, mark
		s.count++
		return true
	case own < fewMembers:
		for i := first; i < s.count; i++ {
			if s.name(i) == name {
				return s.wrong("duplicate member")
			}
		}
	default:
		if own == fewMembers {
			s.hash()
		}
		slot := s.slot(name)
		if *slot != 0 {
			return s.wrong("duplicate member")
		}
		*slot = uint16(own + 1)
	}
	s.more = append(s.more[:s.count-fewMembers], name)
	s.count++
	return true
}

// hash begins the table of the innermost object, which has more than a few names.
func (s *scanner) hash() {
	if s.tables == nil {
		s.tables = make([][]uint16, maxDepth)
		s.seed = maphash.MakeSeed()
	}
	table := &s.tables[s.depth-1]
	if *table == nil {
		*table = make([]uint16, 2048) // at most half full
	}
	clear(*table)
	first := int(s.first[s.depth-1])
	for i := first; i < s.count; i++ {
		*s.slot(s.name(i)) = uint16(i - first + 1)
	}
}

// slot is the place of a name in the table of the innermost object: that of its equal, or a free one.
func (s *scanner) slot(name string) *uint16 {
	first, table := int(s.first[s.depth-1]), s.tables[s.depth-1]
	for at := maphash.String(s.seed, name); ; at++ {
		slot := &table[at%uint64(len(table))]
		if *slot == 0 || s.name(first+int(*slot)-1) == name {
			return slot
		}
	}
}

// name is the i-th name of the open objects.
func (s *scanner) name(i int) string {
	if i < fewMembers {
		return s.few[i]
	}
	return s.more[i-fewMembers]
}

// skip checks the next value of any kind and passes over it.
func (s *scanner) skip() bool {
	switch c := s.peek(); {
	case c == '"':
		_, ok := s.scanString(false)
		return ok
	case c == '{':
		for range s.members {
			s.skip()
		}
	case c == '[':
		for s.array(); s.element(); {
			s.skip()
		}
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	default:
		_, ok := s.number()
		return ok
	}
	return s.fault == ""
}

// raw is skip, and returns the text of the value.
func (s *scanner) raw() (string, bool) {
	s.peek()
	start := s.pos
	ok := s.skip()
	return s.text[start:s.pos], ok
}

func (s *scanner) literal(word string) bool {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		return s.wrong("not a JSON value")
	}
	s.pos += len(word)
	return true
}

// number returns the text of the next value, which must be a number. It is not converted: a number
// that nobody reads may be of any size.
func (s *scanner) number() (string, bool) {
	c := s.peek()
	if c != '-' && (c < '0' || c > '9') {
		return "", s.wrong("not a JSON value")
	}
	start := s.pos
	if s.text[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.text) && s.text[s.pos] == '0' {
		s.pos++
	} else if !s.digits() {
		return "", false
	}
	if s.pos < len(s.text) && s.text[s.pos] == '.' {
		s.pos++
		if !s.digits() {
			return "", false
		}
	}
	if s.pos < len(s.text) && (s.text[s.pos] == 'e' || s.text[s.pos] == 'E') {
		s.pos++
		if s.pos < len(s.text) && (s.text[s.pos] == '+' || s.text[s.pos] == '-') {
			s.pos++
		}
		if !s.digits() {
			return "", false
		}
	}
	return s.text[start:s.pos], true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start || s.wrong("a digit is missing")
}

// string returns the next value, which must be a string, with its escapes resolved.
func (s *scanner) string() (string, bool) {
	if s.peek() != '"' {
		return "", s.wrong("not a JSON string")
	}
	return s.scanString(true)
}

// plainText returns the end of the text, from s[n] on, that stands for itself in a JSON string
// whatever is around it: ASCII without controls, quotes and backslashes.
func plainText(s string, n int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; len(s)-n >= 8; n += 8 { // eight bytes at a time
		w := load64(s[n:])
		// A difference has the top bit where it falls below zero: with the second bit turned, a control
		// or a quote does, and with others turned, a backslash. Where the byte itself has the top bit, one
		// of the two keeps it. Behind the first byte that is not plain there may be others, none before.
		if other := (((w ^ 0x02*each) - 0x21*each) | ((w ^ '\\'*each) - each)) & top; other != 0 {
			return n + bits.TrailingZeros64(other)>>3
		}
	}
	for n < len(s) && ' ' <= s[n] && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}

// scanString reads from an opening quote. Without want it only checks.
func (s *scanner) scanString(want bool) (string, bool) {
	text, from := s.text, s.pos+1
	to := plainText(text, from)
	if to < len(text) && text[to] == '"' {
		s.pos = to + 1
		return text[from:to], true
	}
	return s.unusualString(want)
}

// unusualString is scanString for one with escapes, beyond ASCII, or with faults.
func (s *scanner) unusualString(want bool) (string, bool) {
	s.pos++
	start := s.pos
	var unescaped []byte // nil until the first escape
	for {
		s.pos = plainText(s.text, s.pos)
		if s.pos == len(s.text) {
			return "", s.wrong("a string without its end")
		}
		switch c := s.text[s.pos]; {
		case c == '"':
			piece := s.text[start:s.pos]
			s.pos++
			if unescaped == nil {
				return piece, true
			}
			return string(append(unescaped, piece...)), true
		case c == '\\':
			if want {
				unescaped = append(unescaped, s.text[start:s.pos]...)
			}
			r, ok := s.escape()
			if !ok {
				return "", false
			}
			if want {
				unescaped = utf8.AppendRune(unescaped, r)
			}
			start = s.pos
		case c < ' ':
			return "", s.wrong("a control character in a string")
		default:
			r, size := utf8.DecodeRuneInString(s.text[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", s.wrong("not UTF-8")
			}
			s.pos += size
		}
	}
}

// escape reads one escape, or two where they are the halves of a surrogate pair.
func (s *scanner) escape() (rune, bool) {
	if s.pos+1 >= len(s.text) {
		return 0, s.wrong("a string without its end")
	}
	switch c := s.text[s.pos+1]; c {
	case '"', '\\', '/':
		s.pos += 2
		return rune(c), true
	case 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return rune("\b\f\n\r\t"[strings.IndexByte("bfnrt", c)]), true
	case 'u':
		r, ok := s.hex4()
		if !ok || r < 0xd800 || r > 0xdfff {
			return r, ok
		}
		if r >= 0xdc00 || s.pos+1 >= len(s.text) || s.text[s.pos] != '\\' || s.text[s.pos+1] != 'u' {
			return 0, s.wrong("a lone surrogate")
		}
		low, ok := s.hex4()
		if !ok || low < 0xdc00 || low > 0xdfff {
			return 0, s.wrong("a lone surrogate")
		}
		return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, true
	}
	return 0, s.wrong("an unknown escape")
}

// hex4 reads \uXXXX.
func (s *scanner) hex4() (rune, bool) {
	if s.pos+6 > len(s.text) {
		return 0, s.wrong("a broken escape")
	}
	var r rune
	for _, c := range []byte(s.text[s.pos+2 : s.pos+6]) {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, s.wrong("a broken escape")
		}
	}
	s.pos += 6
	return r, true
}

// end says what is wrong with the whole text, and where; empty if nothing is. Anything but white
// space behind the text is wrong.
func (s *scanner) end() string {
	if c := s.peek(); s.fault == "" && (c != 0 || s.pos < len(s.text)) {
		s.wrong("something follows")
	}
	if s.fault == "" {
		return ""
	}
	return s.fault + " at byte " + strconv.Itoa(s.at)
}
