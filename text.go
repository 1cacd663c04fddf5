// This file words refusals: it cuts and escapes foreign text, and keeps pieces of the token out of them.

package jwt

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// foreign returns the text of another package's error as one line, without characters that an escape would
// change. It removes the prefix of our own errors within.
func foreign(err error) string {
	return escaped(strings.NewReplacer("jwt: ", "", "\n", "; ", `"`, "'").Replace(err.Error()), maxDetail)
}

const (
	maxShown  = 64  // of a token's own text in an error: enough to recognise an issuer, too little to carry a token
	maxListed = 8   // of several values in an error
	maxDetail = 512 // of another package's error in one of ours
)

// snippet makes text from a token fit for an error. Plain text, the usual case, is returned as it is.
func snippet(s string) string { return escaped(s, maxShown) }

// quote is a snippet between quotes.
func quote(s string) string { return `"` + snippet(s) + `"` }

// quoteName quotes a name in a key, such as alg. It cuts the name below runLength, for somebody may have put a
// secret into its place.
func quoteName(s string) string { return `"` + escaped(s, runLength-1) + `"` }

// cut shortens ASCII text.
func cut(s string, most int) string {
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// escaped cuts s to most bytes and leaves no quote, backslash, control or non-ASCII character.
func escaped(s string, most int) string {
	ellipsis := ""
	if len(s) > most {
		s, ellipsis = s[:most], "..."
		for i := 1; i < utf8.UTFMax && !utf8.ValidString(s); i++ { // not within a character
			s = s[:len(s)-1]
		}
	}
	if !printable(s) || strings.ContainsAny(s, `"\`) {
		quoted := strconv.QuoteToASCII(s)
		s = quoted[1 : len(quoted)-1]
	}
	return s + ellipsis
}

// oneOf lists configured values, which are not secret, for the Want of an error.
func oneOf[text ~string](values []text) string { return listed("one of", values) }

// listed returns one value in quotes, or several behind the words in of, such as "one of".
func listed[text ~string](of string, values []text) string {
	if len(values) == 1 {
		return quote(string(values[0]))
	}
	for _, v := range values[:min(len(values), maxListed)] {
		of += " " + quote(string(v))
	}
	if more := len(values) - maxListed; more > 0 {
		of += fmt.Sprintf(" and %d more", more)
	}
	return of
}

// runLength is the length of the shortest piece of a token that no error may repeat.
const runLength = 17

// withhold replaces each field of e that holds a piece of the token. Claims and key ids may be shown,
// but an attacker, or a confused issuer, can put part of a token into them.
func (e *Error) withhold(token string) *Error {
	fields := [...]*string{&e.Member, &e.Got, &e.Want, &e.KeyID, &e.Subject, &e.ClientID, &e.TokenID, &e.Hint, &e.detail}
	if repeats(token, fields[:]...) { // usually none does, and one pass shows it
		for _, field := range fields {
			if repeats(token, field) {
				*field = "(withheld)"
			}
		}
	}
	for _, other := range e.Also {
		other.withhold(token)
	}
	return e
}

// repeats reports whether one of the texts holds a piece of the token. Its time is linear in the token:
// a bitmap rules out most pieces before the binary search.
func repeats(token string, texts ...*string) bool {
	var few [64]uint64
	told := few[:0]
	for _, text := range texts {
		for hash := range pieces(*text) {
			told = append(told, hash)
		}
	}
	if len(told) == 0 {
		return false
	}
	slices.Sort(told)
	var marks [64]uint64 // the bitmap
	for _, hash := range told {
		marks[hash>>58] |= 1 << (hash >> 52 & 63)
	}
	for hash := range pieces(token) {
		if marks[hash>>58]&(1<<(hash>>52&63)) != 0 {
			if _, found := slices.BinarySearch(told, hash); found {
				return true
			}
		}
	}
	return false
}

// pieces yields a hash of each runLength consecutive bytes that a token may consist of. It is a rolling hash
// (Rabin and Karp), so it takes one step for each byte of the text.
func pieces(text string) iter.Seq[uint64] {
	return func(yield func(hash uint64) bool) {
		const factor = 0x9e3779b97f4a7c15
		last := uint64(1) // factor to the power of runLength
		for range runLength {
			last *= factor
		}
		hash, run := uint64(0), 0
		for i := range len(text) {
			c := text[i]
			if !inBase64url(c) && c != '.' {
				hash, run = 0, 0
				continue
			}
			hash = hash*factor + uint64(c)
			if run++; run > runLength {
				hash -= last * uint64(text[i-runLength])
			}
			if run >= runLength && !yield(hash) {
				return
			}
		}
	}
}

// nearMiss words the difference of two identifiers that are nearly the same, or returns "".
func nearMiss(got, want string) string {
	var words []string
	a, b := strings.TrimSuffix(got, "/"), strings.TrimSuffix(want, "/")
	if a == "" || b == "" || !strings.EqualFold(a[len(a)-1:], b[len(b)-1:]) { // the last letters differ, as in most cases
		return ""
	}
	if (a == got) != (b == want) {
		words, got, want = append(words, "a trailing slash"), a, b
	}
	gotScheme, gotRest := cutScheme(got)
	wantScheme, wantRest := cutScheme(want)
	if !strings.EqualFold(gotScheme, wantScheme) {
		words, got, want = append(words, "the scheme"), gotRest, wantRest
	}
	if got != want && strings.EqualFold(got, want) {
		words, got = append(words, "letter case"), want
	}
	if got != want || len(words) == 0 {
		return ""
	}
	return "they differ only by " + strings.Join(words, " and ")
}

func cutScheme(s string) (scheme, rest string) {
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		return scheme, rest
	}
	return "", s
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func sizeDetail(what string, n, limit int) string {
	return what + " has " + strconv.Itoa(n) + " bytes, the limit is " + strconv.Itoa(limit)
}

// errorIf returns an error of this text if wrong is true, and nil otherwise: cmp.Or picks the first of several.
func errorIf(wrong bool, format string, args ...any) error {
	if !wrong {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// isMediaType compares a typ or cty as RFC 7515 section 4.1.9 says: case does not count, and
// neither does a leading "application/". want is lower case.
func isMediaType(got, want string) bool {
	const prefix = "application/"
	if len(got) == len(prefix)+len(want) && strings.EqualFold(got[:len(prefix)], prefix) {
		got = got[len(prefix):]
	}
	return equalASCIIFold(got, want)
}

// equalASCIIFold is strings.EqualFold for ASCII. A letter beyond ASCII that folds into it, such as the
// Kelvin sign, takes more bytes, so the lengths differ. want is ASCII.
func equalASCIIFold(got, want string) bool {
	return len(got) == len(want) && strings.EqualFold(got, want)
}

// nearestMiss returns the first nearMiss between got and several wanted identifiers.
func nearestMiss(got string, want []string) (miss string) {
	for _, w := range want[:min(len(want), maxListed)] {
		miss = cmp.Or(miss, nearMiss(got, w))
	}
	return miss
}
