// This file scans JSON. It is the only parser of unauthenticated bytes in the package, and it serves
// token headers, payloads, keys, key sets and issuer metadata alike.

package jwt

import (
	"cmp"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxDepth   = 32   // no honest header, payload or key set is deeper; recursion beyond it would cost stack
	maxMembers = 1000 // no honest object has more; it bounds the search for duplicate names
	fewMembers = 24   // up to here duplicate names are found by comparing, beyond it by hashing
	maxNumber  = 400  // bytes of a number that is computed with: a float64 written out has some 330 digits, and longer ones cost time
	// The last second of the year 9999 (RFC 3339 ends there). Larger dates are mistakes, such as
	// milliseconds, or attempts to overflow.
	maxNumericDate = 253402300799
)

// scanner reads one JSON text (RFC 8259) from left to right. It is stricter than encoding/json:
// the text is valid UTF-8 without lone surrogates, no object has a duplicate name at any depth,
// names are compared exactly, nothing is deeper than maxDepth, and nothing follows the text.
//
// After the first fault all its methods return false; end says what the fault is. Strings are
// pieces of the text unless they hold escapes. A scanner of an ordinary text allocates nothing.
type scanner struct {
	text   string
	pos    int
	fault  string // what is wrong; empty while nothing is
	at     int    // where
	fresh  bool   // an object or array was opened and has no member yet
	depth  int
	vetted bool // the text was scanned before: names are not compared again
	// The names of all open objects, the innermost last: the first few here, the others in more.
	few   [fewMembers]string
	more  []string
	count int
	first [maxDepth]uint16  // by depth: where the names of each open object begin
	many  []map[string]bool // by depth: all names of an object that has more than fewMembers
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
	for ; s.pos < len(s.text); s.pos++ {
		// The first comparison suffices for nearly every byte.
		if c := s.text[s.pos]; c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
	}
	return 0
}

// descend opens an object or an array.
func (s *scanner) descend(bracket byte, what string) bool {
	switch {
	case s.peek() != bracket:
		return s.wrong(what)
	case s.depth == maxDepth:
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
		if s.many != nil {
			s.many[s.depth] = nil
		}
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

// member moves to the next member of an object and returns its name. It returns false after the last one.
func (s *scanner) member() (name string, ok bool) {
	if !s.next('}') {
		return "", false
	}
	if s.peek() != '"' {
		return "", s.wrong("a member name is missing")
	}
	if name, ok = s.string(); !ok {
		return "", false
	}
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

// unique adds a name to the innermost object, which must not have it yet. A few names are compared one by
// one; an object with more has them in a map, so that the time stays linear.
func (s *scanner) unique(name string) bool {
	first := int(s.first[s.depth-1])
	if s.count-first == fewMembers {
		return s.uniqueOfMany(first, name)
	}
	for i := first; i < s.count; i++ {
		if *s.name(i) == name {
			return s.wrong("duplicate member")
		}
	}
	if s.count >= fewMembers {
		s.more = append(s.more[:s.count-fewMembers], "")
	}
	*s.name(s.count) = name
	s.count++
	return true
}

func (s *scanner) uniqueOfMany(first int, name string) bool {
	if s.many == nil {
		s.many = make([]map[string]bool, maxDepth)
	}
	many := s.many[s.depth-1]
	if many == nil {
		many = map[string]bool{}
		for i := first; i < s.count; i++ {
			many[*s.name(i)] = true
		}
		s.many[s.depth-1] = many
	}
	switch {
	case len(many) == maxMembers:
		return s.wrong("too many members")
	case many[name]:
		return s.wrong("duplicate member")
	}
	many[name] = true
	return true
}

// name is the place of the i-th name of the open objects.
func (s *scanner) name(i int) *string {
	if i < fewMembers {
		return &s.few[i]
	}
	return &s.more[i-fewMembers]
}

// skip checks the next value of any kind and passes over it.
func (s *scanner) skip() bool {
	switch s.peek() {
	case '"':
		s.quoted(false)
	case '{':
		for range s.members {
			s.skip()
		}
	case '[':
		for s.array(); s.element(); {
			s.skip()
		}
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
	return s.fault == ""
}

// raw skips the next value and returns its text.
func (s *scanner) raw() (string, bool) {
	s.peek()
	start := s.pos
	ok := s.skip()
	return s.text[start:s.pos], ok
}

func (s *scanner) literal(word string) {
	if strings.HasPrefix(s.text[s.pos:], word) {
		s.pos += len(word)
	} else {
		s.wrong("not a JSON value")
	}
}

// number returns the text of the next value, which must be a number. It is not converted: a number
// that nobody reads may be of any size.
func (s *scanner) number() (string, bool) {
	c := s.peek()
	if c != '-' && (c < '0' || c > '9') {
		return "", s.wrong("not a JSON value")
	}
	start := s.pos
	s.accept('-')
	ok := s.accept('0') || s.digits()
	if ok && s.accept('.') {
		ok = s.digits()
	}
	if ok && (s.accept('e') || s.accept('E')) {
		_ = s.accept('+') || s.accept('-')
		ok = s.digits()
	}
	if !ok {
		return "", false
	}
	return s.text[start:s.pos], true
}

// accept moves over the next byte if it is this one.
func (s *scanner) accept(c byte) bool {
	ok := s.pos < len(s.text) && s.text[s.pos] == c
	if ok {
		s.pos++
	}
	return ok
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start || s.wrong("a digit is missing")
}

// plainText returns the index, from n on, of the first byte of s that is not plain text of a JSON string.
// Plain are ASCII characters but controls, quotes and backslashes. It looks at eight bytes at a time: a
// loop over bytes would cost 6 % of a verification with HS256 (BenchmarkBeside).
func plainText(s string, n int) int {
	const each, top = 0x0101010101010101, 0x8080808080808080
	for ; len(s)-n >= 8; n += 8 {
		w := load64(s[n:])
		// A difference below zero has the top bit. The first difference is below zero for controls and
		// quotes, the second for backslashes; one of the two keeps the top bit of a byte beyond ASCII. A
		// borrow may mark a wrong byte, but only behind the first byte that is not plain.
		if other := (((w ^ 0x02*each) - 0x21*each) | ((w ^ '\\'*each) - each)) & top; other != 0 {
			return n + bits.TrailingZeros64(other)>>3
		}
	}
	for n < len(s) && ' ' <= s[n] && s[n] < utf8.RuneSelf && s[n] != '"' && s[n] != '\\' {
		n++
	}
	return n
}

func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// string returns the next value, which must be a string, with its escapes resolved.
func (s *scanner) string() (string, bool) { return s.quoted(true) }

// quoted checks a string. It resolves its escapes, which takes memory, only if its text is wanted.
func (s *scanner) quoted(wanted bool) (string, bool) {
	if s.peek() != '"' {
		return "", s.wrong("not a JSON string")
	}
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
			piece := s.text[start:s.pos]
			r, ok := s.escape()
			if !ok {
				return "", false
			}
			if wanted {
				unescaped = utf8.AppendRune(append(unescaped, piece...), r)
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
	r, err := strconv.ParseUint(s.text[s.pos+2:s.pos+6], 16, 16)
	if err != nil {
		return 0, s.wrong("a broken escape")
	}
	s.pos += 6
	return rune(r), true
}

// end says what is wrong with the whole text, and where; empty if nothing is. Only white space may
// follow the value.
func (s *scanner) end() string {
	if c := s.peek(); s.fault == "" && (c != 0 || s.pos < len(s.text)) {
		s.wrong("something follows")
	}
	if s.fault == "" {
		return ""
	}
	return s.fault + " at byte " + strconv.Itoa(s.at)
}

// withoutMark removes the byte order mark that some editors and file servers put before a document.
func withoutMark(text string) string { return strings.TrimPrefix(text, "\ufeff") }

// kindOf names the type of a value by its first byte.
func kindOf(first byte) string { return cmp.Or(kinds[first], "a number") }

var kinds = map[byte]string{'"': "a string", '{': "an object", '[': "an array", 't': "a bool", 'f': "a bool", 'n': "null"}

// unquoted decodes a JSON string that a scanner has accepted.
func unquoted(raw string) string {
	s := scanner{text: raw}
	text, _ := s.string()
	return text
}

// written returns a value that a scanner has accepted as people read it: strings without quotes, arrays
// with spaces between their elements.
func written(raw string) string {
	s := scanner{text: raw, vetted: true}
	switch s.peek() {
	case '"':
		return unquoted(raw)
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

// exactNumber returns the value of a JSON number that a scanner has accepted; nil if its length or its
// exponent is over maxNumber.
func exactNumber(text string) *big.Rat {
	if len(text) > maxNumber {
		return nil
	}
	_, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	if n, err := strconv.Atoi(cmp.Or(exponent, "0")); err != nil || n < -maxNumber || n > maxNumber {
		return nil
	}
	value, _ := new(big.Rat).SetString(text)
	return value
}

// date reads the next value as a NumericDate (RFC 7519 section 2), to the nanosecond. wrong says what is wrong
// with it; empty if nothing is.
func (s *scanner) date() (date time.Time, wrong string) {
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.skip()
		return date, "is not a number"
	}
	text, _ := s.number()
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil && seconds <= maxNumericDate { // the usual form
		return time.Unix(int64(seconds), 0), ""
	}
	value := exactNumber(text)
	if value == nil || value.Sign() < 0 || value.Cmp(new(big.Rat).SetInt64(maxNumericDate)) > 0 {
		return date, "is not a date from 1970 to 9999 in seconds"
	}
	rest := new(big.Int)
	seconds, _ := new(big.Int).QuoRem(value.Num(), value.Denom(), rest)
	nanos := rest.Mul(rest, big.NewInt(1e9)).Quo(rest, value.Denom())
	return time.Unix(seconds.Int64(), nanos.Int64()), ""
}
