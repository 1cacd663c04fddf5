// This file scans JSON. It is the only parser of unauthenticated bytes in the package, and it serves
// token headers, payloads, keys, key sets and issuer metadata alike.

package jwt

import (
	"encoding/json"
	"hash/maphash"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// No honest header, payload or key set is deeper; recursion beyond it would cost stack.
	maxDepth = 32
	// No honest object has more members; it bounds the search for duplicate names.
	maxMembers = 1000
	// Up to here duplicate names are found by comparing, beyond it by hashing.
	fewMembers = 24
	// The last second of the year 9999 (RFC 3339 ends there). Larger dates are mistakes, such as
	// milliseconds, or attempts to overflow.
	maxNumericDate = 253402300799
	// A NumericDate has some 20 significant digits at most, an integer of 64 bits has 20.
	maxDigits = 64
	// More than a number of a token has digits: no larger exponent can be made up for.
	maxExponent = maxSettableSize
)

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

func (s *scanner) array() bool { return s.descend('[', "not a JSON array") }

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

// value builds the next value of a text that was checked before.
func (s *scanner) value() any {
	switch s.peek() {
	case '"':
		text, _ := s.string()
		return text
	case '{':
		object := map[string]any{}
		s.object()
		for name, ok := s.member(); ok; name, ok = s.member() {
			object[name] = s.value()
		}
		return object
	case '[':
		array := []any{}
		s.array()
		for s.element() {
			array = append(array, s.value())
		}
		return array
	case 't', 'f':
		word, _ := s.raw()
		return word == "true"
	case 'n':
		s.skip()
		return nil
	}
	number, _ := s.number()
	return json.Number(number)
}

// kindOf names the type of a value by its first byte.
func kindOf(first byte) string {
	switch first {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a bool"
	case 'n':
		return "null"
	}
	return "a number"
}

// written returns a value, which was scanned, as people read it: strings without quotes, arrays with
// spaces between their elements.
func written(raw string) string {
	s := scanner{text: raw, vetted: true}
	switch s.peek() {
	case '"':
		text, _ := s.string()
		return text
	case '[':
		var all []string
		for s.array(); s.element(); {
			element, _ := s.raw()
			all = append(all, written(element))
		}
		return strings.Join(all, " ")
	}
	return raw
}

// A decimal is the value of a JSON number, 0.DIGITS times 10^point: equal numbers are equal decimals.
type decimal struct {
	negative bool
	digits   [maxDigits]byte // the first and the last are not 0
	count    int
	point    int
}

// exactNumber reads a JSON number that was scanned, without computing what an exponent would make of it.
// exact is false if the number has more digits or a larger exponent than a decimal holds.
func exactNumber(text string) (d decimal, exact bool) {
	mantissa, negative := strings.CutPrefix(text, "-")
	exponent := 0
	exact = true
	if i := strings.IndexAny(mantissa, "eE"); i >= 0 {
		n, _ := strconv.Atoi(mantissa[i+1:]) // the largest int if it does not fit
		exponent = min(max(n, -maxExponent), maxExponent)
		exact = exponent == n
		mantissa = mantissa[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.point = len(whole) + exponent
	zeros := 0 // since the last other digit
	for _, part := range [...]string{whole, fraction} {
		for i := 0; i < len(part); i++ {
			switch c := part[i] - '0'; {
			case c == 0 && d.count == 0:
				d.point--
			case c == 0:
				zeros++
			case d.count+zeros >= maxDigits:
				exact = false
			default:
				d.count += zeros
				d.digits[d.count] = c
				d.count++
				zeros = 0
			}
		}
	}
	if d.count == 0 {
		return decimal{}, true
	}
	d.negative = negative
	return d, exact
}

// digit is the i-th digit; 0 beyond the significant ones.
func (d *decimal) digit(i int) int64 {
	if i < 0 || i >= d.count {
		return 0
	}
	return int64(d.digits[i])
}

// date reads the next value as a NumericDate (RFC 7519 section 2), to the nanosecond. It reports whether
// it is a valid one, or a number at all.
func (s *scanner) date() (date time.Time, valid, number bool) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.skip()
		return date, false, false
	}
	text, _ := s.number()
	date, valid = numericDate(text)
	return date, valid, true
}

// numericDate converts the text of a JSON number.
func numericDate(number string) (date time.Time, valid bool) {
	const places = 12 // of the largest date
	d, exact := exactNumber(number)
	if d.negative || d.point > places {
		return date, false
	}
	var seconds, nanos int64
	for i := range max(d.point, 0) {
		seconds = seconds*10 + d.digit(i)
	}
	for i := d.point; i < d.point+9; i++ {
		nanos = nanos*10 + d.digit(i)
	}
	if seconds > maxNumericDate || seconds == maxNumericDate && (d.count > d.point || !exact) {
		return date, false
	}
	return time.Unix(seconds, nanos), true
}
