// This file finds pieces of a token in the texts of a report, so that no report repeats the token.

package explain

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
)

// runLength is the length of the shortest piece of a token that no report may repeat.
const runLength = 17

// tokenRuns finds pieces of tokens in many texts. Its time is linear in the length of tokens and texts,
// whatever they hold: each run of a text is looked up by its hash before it is compared.
type tokenRuns struct {
	tokens []string
	marks  []uint64 // two bits for the hash of each run of runLength bytes
	base   uint64   // of the hash: random, so that nobody can prepare texts of equal hashes
	power  uint64   // of base, for the byte that leaves a run
}

func newTokenRuns(tokens ...string) *tokenRuns {
	r := &tokenRuns{tokens: slices.Compact(tokens), base: rand.Uint64() | 1, power: 1}
	for range runLength - 1 {
		r.power *= r.base
	}
	size := 1
	for _, token := range r.tokens {
		size += len(token) / 2 // about one bit in 16 is set
	}
	r.marks = make([]uint64, 1<<bits.Len(uint(size)))
	for _, token := range r.tokens {
		r.each(token, func(_ int, one, other *uint64, bit, otherBit uint64) bool {
			*one |= bit
			*other |= otherBit
			return true
		})
	}
	return r
}

// each yields the two marks of every run of a text, and where the run ends.
func (r *tokenRuns) each(text string, yield func(end int, one, other *uint64, bit, otherBit uint64) bool) {
	const spread = 0x9e3779b97f4a7c15 // its products depend on all bits of a hash in their upper bits
	var hash uint64
	for i := 0; i < len(text); i++ {
		if i >= runLength {
			hash -= uint64(text[i-runLength]) * r.power
		}
		hash = hash*r.base + uint64(text[i])
		if i < runLength-1 {
			continue
		}
		mixed := hash * spread
		mixed ^= mixed >> 32
		mixed *= spread
		last := uint64(len(r.marks) - 1)
		if !yield(i+1, &r.marks[mixed>>6&last], &r.marks[mixed>>38&last], 1<<(mixed&63), 1<<(mixed>>32&63)) {
			return
		}
	}
}

// in reports whether a text holds a run of one of the tokens. Only runs of the characters that tokens
// are made of count.
func (r *tokenRuns) in(text string) (found bool) {
	r.each(text, func(end int, one, other *uint64, bit, otherBit uint64) bool {
		if *one&bit != 0 && *other&otherBit != 0 {
			run := text[end-runLength : end]
			foreign := strings.IndexFunc(run, func(c rune) bool { return c >= utf8.RuneSelf || c != '.' && !inBase64url(byte(c)) })
			found = foreign < 0 && slices.ContainsFunc(r.tokens, func(token string) bool { return strings.Contains(token, run) })
		}
		return !found
	})
	return found
}
