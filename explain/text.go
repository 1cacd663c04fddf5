// This file writes values for people: it cuts and escapes foreign text, and tells times relative to now.

package explain

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxShown is how much of a token's own text a sentence repeats, as in [jwt.Error].
	maxShown = 64
	// maxListed is the number of values that a sentence names.
	maxListed = 8
)

// escape cuts a text to maxShown bytes and leaves no quote, backslash, control or non-ASCII character.
func escape(s string) string {
	cut := len(s) > maxShown
	if cut {
		s = s[:maxShown]
		for i := 1; i < utf8.UTFMax && !utf8.ValidString(s); i++ { // not within a character
			s = s[:len(s)-1]
		}
	}
	s = strconv.QuoteToASCII(s)
	s = s[1 : len(s)-1]
	if cut {
		s += "..."
	}
	return s
}

// quote is the escaped text between quotes.
func quote(s string) string { return `"` + escape(s) + `"` }

// oneOf names the values of which one is wanted.
func oneOf(values []string) string {
	if len(values) == 1 {
		return quote(values[0])
	}
	return "one of " + enumerate(values)
}

// enumerate is a list of quoted values, as many as a sentence names.
func enumerate(values []string) string {
	var all []string
	for _, v := range values[:min(len(values), maxListed)] {
		all = append(all, quote(v))
	}
	if more := len(values) - maxListed; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, " ")
}

// stamp is a time as machines write it.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// relative is how far a time is from now, in the units that fit, and the time itself.
func relative(at, now time.Time) string {
	if at.After(now) {
		return "in " + human(at.Sub(now)) + " (" + stamp(at) + ")"
	}
	return human(now.Sub(at)) + " ago (" + stamp(at) + ")"
}

func expiry(at, now time.Time) string {
	if now.Before(at) {
		return "expires " + relative(at, now)
	}
	return "expired " + relative(at, now)
}

const day = 24 * time.Hour

// inDays is the duration from which on days are told; a shorter one is told to the second.
const inDays = 2 * day

// human is a duration in the units that fit it.
func human(d time.Duration) string {
	switch {
	case d == math.MaxInt64:
		return "hundreds of years"
	case d < 0:
		return "0s"
	case d < inDays:
		return d.Round(time.Second).String()
	case d < 730*day:
		return strconv.Itoa(int(d/day)) + " days"
	}
	return strconv.Itoa(int(d/(365*day))) + " years"
}

// seconds is the duration of a number of seconds, as reports have it.
func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
