// This file tests what is shown of a token, whole or broken, and how much of it.

package explain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// BadByte is where the form is wrong.
func TestBadByte(t *testing.T) {
	good := fixture.Issuer().Token(nil)
	first, second := strings.IndexByte(good, '.'), strings.LastIndexByte(good, '.')
	header := fixture.B64(`{"alg":"RS256",}`)
	for _, c := range []struct {
		token string
		want  int // -1: none
	}{
		{good, -1},
		{fixture.Issuer().Token(claims{"exp": 1}), -1},
		{"a.b.c.d.e", -1},
		{"", 0},
		{" " + good, 0},
		{good + "\n", len(good)},
		{good[:50] + "!" + good[51:], 50},
		{good[:first], first},
		{good[:second], second},
		{good[:second+1], second + 1},
		{good + ".x", len(good)},
		{good[:first+1] + "." + good[second+1:], first + 1},
		{good[:len(good)-1], len(good) - 1},
		{fixture.WithPart(good, 2, "AAAAA"), second + 6},
		{header + good[first:], 20}, // the comma is byte 14 of the header, what follows it byte 15
		{good[:first+1] + fixture.B64(`{"a":tru}`) + good[second:], first + 1 + 6},
	} {
		r := explain.Token(t.Context(), verifierOf(t), c.token)
		got := -1
		if r.BadByte != nil {
			got = *r.BadByte
		}
		if got != c.want {
			t.Errorf("%.80q: byte %d, want %d", c.token, got, c.want)
		}
	}
}

// shown lists the names of header and claims, with a mark where one breaks off.
func shown(r *explain.Report) string {
	var parts []string
	for _, fields := range [][]explain.Field{r.Header, r.Claims} {
		var names []string
		for _, f := range fields {
			name := f.Name
			if f.Meaning == "it breaks off here" {
				name += "..."
			}
			names = append(names, name)
		}
		parts = append(parts, strings.Join(names, " "))
	}
	return strings.Join(parts, "|")
}

// What can be read of a broken token is shown.
func TestBrokenTokens(t *testing.T) {
	good := signed(`{"iss":"https://issuer.example","sub":"somebody","n":1}`)
	payload := strings.Split(good, ".")[1]
	dot := strings.IndexByte(good, '.')
	for _, c := range []struct {
		token string
		want  string // names of header and claims
	}{
		{good, "alg kid typ|iss sub n"},
		{"Bearer " + good, "alg kid typ|iss sub n"},
		{good[:dot], "alg kid typ|"},
		{good[:dot+1+len(payload)*3/4], "alg kid typ|iss sub..."},
		{good[:dot+1] + payload[:48] + "*" + payload[48:] + ".AAAA", "alg kid typ|iss"},
		{good[:dot] + "." + fixture.B64("text") + ".AAAA", "alg kid typ|"},
		{fixture.B64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "alg enc|"},
		{signed(`{"a":1,"b":tru}`), "alg kid typ|a b..."},
		{signed(`{"a":1,"b":"x","a":2,"c":3}`), "alg kid typ|a b"},
		{signed(`{"a":1,"b":2,}`), "alg kid typ|a b"},
		{signed(`{"a":1 "b":2}`), "alg kid typ|a"},
		{signed(`{"a":1,"b" 2}`), "alg kid typ|a"},
		{signed(`{"a":1,"b":`), "alg kid typ|a"},
		{signed(`{"a":1,"b":12`), "alg kid typ|a b..."},
		{signed(`{"a":1}{"b":2}`), "alg kid typ|a"},
		{signed("{\"a\":1,\"b\":\"\xff\",\"c\":3}"), "alg kid typ|a b..."},
		{signed("{\"a\":1,\"b\xff\":2,\"c\":3}"), "alg kid typ|a"},
		{signed(`{"a":1,"b":"\ud800","c":3}`), "alg kid typ|a b..."},
		{signed(`{"a":1,"b":{"c":1,"c":2},"d":3}`), "alg kid typ|a b..."},
		{signed(`{"a":1,"b":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `,"c":3}`), "alg kid typ|a b..."},
		// In a part that is cut as well.
		{fixture.WithPart(good, 1, fixture.B64(`{"a":1,"b":"\ud800","c":3}  `)+"*"), "alg kid typ|a b..."},
		{fixture.WithPart(good, 1, fixture.B64(`{"a":1,"b":2,"a":3,"c":3}`)+"*"), "alg kid typ|a b"},
		{fixture.WithPart(good, 0, fixture.B64(`{"alg":"RS256","kid":"a`)+"*"), "alg kid...|iss sub n"},
	} {
		if got := shown(explain.Token(t.Context(), verifierOf(t), c.token)); strings.TrimPrefix(got, "|") != strings.TrimPrefix(c.want, "|") {
			t.Errorf("%.60q: %s, want %s", c.token, got, c.want)
		}
	}
}

// Values are shown as compact JSON, cut where they are long.
func TestFields(t *testing.T) {
	v := verifierOf(t)
	array := `["` + strings.Repeat(`a","`, 600) + `b"]`
	for raw, want := range map[string]string{
		`"https:\/\/issuer.example\u002f"`:                              `"https://issuer.example/"`,
		` { "a" : [ 1 , 2.50 , null ] , "b\n" : true } `:                `{"a":[1,2.50,null],"b\u000a":true}`,
		`{"a":{},"b":[],"c":[[{"d":false}]]}`:                           `{"a":{},"b":[],"c":[[{"d":false}]]}`,
		`"José \u00e9 \ud83d\ude00 \u202e \udb40\udc01 \u007f \" \\ <"`: `"José é 😀 \u202e \udb40\udc01 \u007f \" \\ <"`,
		`"` + strings.Repeat("x", 500) + `"`:                            `"` + strings.Repeat("x", 500) + `"`,
		`"` + strings.Repeat("x", 501) + `"`:                            `"` + strings.Repeat("x", 500) + `..."`,
		`"` + strings.Repeat("é", 251) + `"`:                            `"` + strings.Repeat("é", 250) + `..."`,
		`"x` + strings.Repeat("é", 250) + `"`:                           `"x` + strings.Repeat("é", 249) + `..."`,
		array:                                                           fmt.Sprintf(`"(an array of %d bytes, too long to be shown)"`, len(array)),
		`{"a":` + array + `}`:                                           fmt.Sprintf(`"(an object of %d bytes, too long to be shown)"`, len(array)+6),
		strings.Repeat("9", 2001):                                       `"(a number of 2001 bytes, too long to be shown)"`,
		`-0.5e+10`:                                                      `-0.5e+10`,
		`["eyJhbGciOiJub25lIn0.e30.AA"]`:                                `["(a token, withheld)"]`,
	} {
		token := signed(`{"x":` + raw + `}`)
		r := explain.Token(t.Context(), v, token)
		checkReport(t, r, token)
		if len(r.Claims) != 1 || string(r.Claims[0].Value) != want {
			t.Errorf("%.60s: got %s, want %s", raw, r.Claims[0].Value, want)
		}
		if !json.Valid(r.Claims[0].Value) {
			t.Errorf("%.60s: not JSON: %s", raw, r.Claims[0].Value)
		}
	}
}

// Dates are read as Verify reads them, whatever numbers the token writes.
func TestDates(t *testing.T) {
	at := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	for raw, want := range map[string]string{
		"1795287600":             "expiry: expired 1h0m0s ago (2026-11-21T19:00:00Z)",
		"17952876E2":             "expiry: expired 1h0m0s ago (2026-11-21T19:00:00Z)",
		"1795287600.25":          "expiry: expired 1h0m0s ago (2026-11-21T19:00:00Z)",
		"0":                      "expiry: expired 56 years ago (1970-01-01T00:00:00Z)",
		"253402300799":           "expiry: expires in hundreds of years (9999-12-31T23:59:59Z)",
		"253402300800":           "expiry",
		"-1":                     "expiry",
		"1e1000000000":           "expiry",
		`"1795287600"`:           "expiry",
		strings.Repeat("9", 900): "expiry",
	} {
		r := explain.TokenAt(t.Context(), verifierOf(t), signed(`{"exp":`+raw+`}`), at)
		if got := r.Claims[0].Meaning; got != want || (want == "expiry") != r.ExpiresAt.IsZero() {
			t.Errorf("%.30s: %q at %v, want %q", raw, got, r.ExpiresAt, want)
		}
	}
}

// The limits of what is shown: at them, and one beyond.
func TestFieldLimits(t *testing.T) {
	v := verifierOf(t)
	claims := func(payload string) []explain.Field { return explain.Token(t.Context(), v, signed(payload)).Claims }
	if got := claims("{" + fixture.Members(100) + "}"); len(got) != 100 || got[99].Name != "63" {
		t.Errorf("100 members: %d fields", len(got))
	}
	if got := claims("{" + fixture.Members(101) + "}"); len(got) != 101 || got[100].Name != "..." || got[100].Meaning != "1 more" {
		t.Errorf("101 members: %d fields", len(got))
	}
	for n, whole := range map[int]bool{500: true, 501: false} {
		if got := string(claims(`{"x":"` + strings.Repeat("x", n) + `"}`)[0].Value); strings.HasSuffix(got, `..."`) == whole {
			t.Errorf("a text of %d bytes: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{2000: true, 2001: false} {
		if got := string(claims(`{"x":` + strings.Repeat("9", n) + `}`)[0].Value); (len(got) == n) != whole {
			t.Errorf("a number of %d bytes: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{64: true, 65: false} {
		if got := claims(`{"` + strings.Repeat("x", n) + `":1}`)[0].Name; strings.HasSuffix(got, "...") == whole {
			t.Errorf("a name of %d bytes: %s", n, got)
		}
	}
	for n, whole := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		token := fixture.B64(`{"alg":"RS256"}`) + ".e30."
		if got := explain.Token(t.Context(), v, token+strings.Repeat("A", n-len(token))); (len(got.Header) == 1) != whole || got.Reason != jwt.ReasonTokenTooLarge {
			t.Errorf("a token of %d bytes: %d members of the header", n, len(got.Header))
		}
	}
}

// A hostile token of 16 KiB gives a report that is bounded in its size and in the memory it takes.
func TestReportMemory(t *testing.T) {
	v := verifierOf(t)
	const inner = 11 << 10
	for name, token := range map[string]string{
		"dots":           fixture.Fill(".", 16<<10),
		"garbage":        fixture.Fill("\xff\x00", 16<<10),
		"quotes":         fixture.Fill(`"`, 16<<10),
		"Bearer":         fixture.Fill("Bearer ", 16<<10),
		"line breaks":    fixture.Fill("a\n", 16<<10),
		"a megabyte":     fixture.Fill("A.", 1<<20),
		"big claim":      signed(`{"x":"` + fixture.Fill("x", inner) + `"}`),
		"control":        signed(`{"x":"` + fixture.Fill(`\u0001`, inner) + `"}`),
		"control names":  signed(`{"` + fixture.Fill(`\u0001`, inner) + `":1}`),
		"emoji":          signed(`{"x":"` + fixture.Fill("\U000e0001", inner) + `"}`),
		"nested":         signed(`{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`),
		"too deep":       signed(`{"x":` + fixture.Fill("[", inner) + `}`),
		"objects":        signed(`{"x":[` + fixture.Fill(`{"a":1},`, inner) + `1]}`),
		"many members":   signed(`{` + fixture.Members(1000) + `}`),
		"many audiences": signed(`{"aud":[` + fixture.Fill(`"a",`, inner) + `"b"]}`),
		"big number":     signed(`{"exp":` + fixture.Fill("9", inner) + `}`),
		"big scope":      signed(`{"scope":"` + fixture.Fill("a ", 1990) + `"}`),
		"an answer":      `{"access_token":"` + fixture.Fill("A", 15<<10) + `"}`,
		"cut":            fixture.WithPart(signed(`{}`), 1, fixture.B64(`{"x":"`+fixture.Fill("x", inner))+"*"),
	} {
		r := explain.Token(t.Context(), v, token, jwt.Scope("b"))
		checkReport(t, r, token)
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 2*maxReport || len(r.Claims) > 101 {
			t.Errorf("%s: %d bytes of JSON, %d claims", name, len(data), len(r.Claims))
		}
		if bytes.ContainsFunc([]byte(r.String()), func(c rune) bool { return c < ' ' && c != '\n' || c == 0x7f || c == '\U000e0001' }) {
			t.Errorf("%s: control characters in the text", name)
		}
		if got := fixture.Allocated(func() { explain.Token(t.Context(), v, token) }); got > 1<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}

// A header of a token that nobody verifies is shown too.
func TestHeaderOfNobody(t *testing.T) {
	r := explain.Token(t.Context(), nil, fixture.Issuer().Mint(jwttest.Spec{Header: map[string]any{"x": "y"}}))
	if got := shown(r); !strings.HasPrefix(got, "alg kid typ x|") || r.Issuer != "" || r.Valid {
		t.Errorf("got %s", got)
	}
}
