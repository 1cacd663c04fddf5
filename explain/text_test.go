// This file tests how values are written for people.

package explain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay.example/jwt/explain"
)

// Text of others is cut and escaped, and no character is torn.
func TestEnumerate(t *testing.T) {
	x := strings.Repeat("x", 63)
	for text, want := range map[string]string{
		"a":               `"a"`,
		"é\"\\\n\x7f\xff": `"\u00e9\"\\\n\x7f\xff"`,
		x + "y":           `"` + x + `y"`,
		x + "yz":          `"` + x + `y..."`,
		x + "éé":          `"` + x + `..."`,
	} {
		if got := explain.Enumerate(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for n, want := range map[int]string{8: "", 9: " and 1 more", 100: " and 92 more"} {
		if got := explain.Enumerate(make([]string, n)...); got != strings.TrimSuffix(strings.Repeat(`"" `, 8), " ")+want {
			t.Errorf("%d values: %s", n, got)
		}
	}
}

// Times are told in the units that fit.
func TestRelative(t *testing.T) {
	now := time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0: "0s ago", time.Second: "in 1s", -1499 * time.Millisecond: "1s ago", 2*day - time.Second: "in 47h59m59s", 2 * day: "in 2 days", -729 * day: "729 days ago", 730 * day: "in 2 years",
	} {
		at := now.Add(d)
		if got := explain.Relative(at, now); got != fmt.Sprintf("%s (%s)", want, at.Format(time.RFC3339)) {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	if got := explain.Relative(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), now); got != "in hundreds of years (9999-01-01T00:00:00Z)" {
		t.Errorf("got %s", got)
	}
}
