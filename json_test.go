// This file tests the JSON scanner: what it refuses, and where.

package jwt_test

import (
	"fmt"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// Each byte counts wherever it stands, although eight are looked at together, and whatever is beside it.
func TestScannerEveryBytePlace(t *testing.T) {
	for _, beside := range []string{" ", "!", "#", "a", "~", "\x7f"} {
		for at := range 17 {
			for c := range 256 {
				text := []byte(strings.Repeat(beside, 17))
				text[at] = byte(c)
				plain := c >= ' ' && c <= 0x7f && c != '"' && c != '\\'
				value, fault := jwt.ScanJSON(`"` + string(text) + `"`)
				if plain != (fault == "") || plain && value != string(text) {
					t.Fatalf("byte %#x at %d of %q: got %q, %q", c, at, beside, value, fault)
				}
				// As a name too, and in a value that nobody reads.
				if _, fault := jwt.ScanJSON(`{"` + string(text) + `":0}`); plain != (fault == "") {
					t.Fatalf("byte %#x at %d of a name: %q", c, at, fault)
				}
				// Nor does it hide the one behind it.
				if at+1 < len(text) && plain {
					text[at+1] = 0x01
					if _, fault := jwt.ScanJSON(`"` + string(text) + `"`); fault == "" {
						t.Fatalf("a control character behind byte %#x at %d of %q is accepted", c, at, beside)
					}
				}
			}
		}
	}
}

// A name is known again wherever it stood: among the few that are compared, behind them and in the
// table, with any number of names in the objects around.
func TestScannerEveryDuplicate(t *testing.T) {
	t.Parallel()
	name := func(n int) string { return strings.Repeat("n", n%11) + fmt.Sprint(n) }
	members := func(n int, more string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%s":%d,`, name(i), i)
		}
		return "{" + strings.TrimSuffix(b.String()+more, ",") + "}"
	}
	arounds := []func(inner string) string{func(inner string) string { return inner }}
	for _, n := range []int{0, 1, 22, 23, 24, 25, 60} {
		arounds = append(arounds,
			func(inner string) string { return members(n, `"x":`+inner) },
			func(inner string) string { return members(n, `"x":{"`+name(0)+`":1,"y":[`+inner+`]}`) })
	}
	for i, around := range arounds {
		for size := 1; size <= 60; size++ {
			if i > 0 && size > 30 && size%15 != 0 {
				continue // as the others
			}
			if _, fault := jwt.ScanJSON(around(members(size, ""))); fault != "" {
				t.Fatalf("around %d, %d names: %s", i, size, fault)
			}
			for n := range fixture.Sample(size, 4) {
				text := around(members(size, `"`+name(n)+`":0`))
				if _, fault := jwt.ScanJSON(text); !strings.HasPrefix(fault, "duplicate member at byte ") {
					t.Fatalf("around %d, %d names, the one at %d twice: %q", i, size, n, fault)
				}
			}
		}
	}
	for n := range 60 { // around one that has a few names
		text := members(n, `"x":{"a":1,"b":2,"a":3}`)
		if _, fault := jwt.ScanJSON(text); !strings.HasPrefix(fault, "duplicate member at byte ") {
			t.Errorf("%q in %s", fault, text)
		}
	}
	// What an object has, the next one may have: nothing stays behind in a table.
	for _, size := range []int{1, 24, 25, 26, 60} {
		one := members(size, "")
		for _, text := range []string{"[" + one + "," + one + "]", `{"x":` + one + `,"y":` + one + `}`, `[[` + one + `],` + members(size, `"x":`+one) + `,` + one + `]`} {
			if _, fault := jwt.ScanJSON(text); fault != "" {
				t.Errorf("%d names twice: %s", size, fault)
			}
		}
	}
}

// Names that look the same to a mark are different names.
func TestScannerNamesOfOneMark(t *testing.T) {
	for _, pair := range [][2]string{
		{"beginingXtheendin", "beginingYtheendin"},
		{"https://example.com/claims/a/groups0", "https://example.com/claims/b/groups0"},
		{strings.Repeat("a", 8) + "1" + strings.Repeat("b", 8), strings.Repeat("a", 8) + "2" + strings.Repeat("b", 8)},
	} {
		for _, before := range []int{0, 22, 23, 24, 30} {
			var b strings.Builder
			for n := range before {
				fmt.Fprintf(&b, `"%d":0,`, n)
			}
			text := "{" + b.String() + `"` + pair[0] + `":1,"` + pair[1] + `":2`
			value, fault := jwt.ScanJSON(text + "}")
			if object, _ := value.(map[string]any); fault != "" || len(object) != before+2 {
				t.Errorf("%q after %d names: %v, %s", pair, before, value, fault)
			}
			for _, twice := range pair {
				if _, fault := jwt.ScanJSON(text + `,"` + twice + `":3}`); fault == "" {
					t.Errorf("%q twice after %d names was accepted", twice, before)
				}
			}
		}
	}
}
