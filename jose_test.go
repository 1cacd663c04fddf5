// This file tests the parts of a token: their sizes, their encoding, the header.

package jwt_test

import (
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// The sizes that are limits are allowed, one byte more is not.
func TestSizeLimits(t *testing.T) {
	// Of the given sizes and canonical, and no more: what passes the sizes fails at its header.
	sized := func(header, token int) string {
		payload := (token - header - 2) / 2
		signature := token - header - 2 - payload
		for payload%4 == 1 || signature%4 == 1 {
			payload, signature = payload+1, signature-1
		}
		text := strings.Repeat("A", header) + "." + strings.Repeat("A", payload) + "." + strings.Repeat("A", signature)
		if len(text) != token || strings.IndexByte(text, '.') != header {
			t.Fatalf("got %d of %d and %d of %d", strings.IndexByte(text, '.'), header, len(text), token)
		}
		return text
	}
	for _, limits := range [][2]int{{0, 0}, {200, 3000}} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.MaxHeaderSize, c.MaxTokenSize = limits[0], limits[1] })
		header, token := limits[0], limits[1]
		if header == 0 {
			header, token = 4<<10, 16<<10
		}
		for _, c := range []struct {
			text   string
			reason jwt.Reason
		}{
			{sized(header, token), jwt.ReasonHeaderInvalid},
			{sized(header, token+1), jwt.ReasonTokenTooLarge},
			{sized(header+2, token), jwt.ReasonTokenTooLarge},
			{sized(header-1, token), jwt.ReasonHeaderInvalid},
			{"A" + sized(header, token-1), jwt.ReasonTokenTooLarge}, // a header of one more
		} {
			got, err := fixture.Verify(v, c.text)
			fixture.WantRefusal(t, got, err, c.reason, jwt.ErrMalformed)
		}
	}
}

// formRefusals are tokens whose parts, encoding or header are wrong.
func formRefusals() []refusal {
	x := newForge()
	m := jwt.ErrMalformed
	list := []refusal{
		{"empty", "", jwt.ReasonTokenParts, m, ""},
		{"opaque", "2YotnFZFEjr1zCsicMWpAA", jwt.ReasonTokenOpaque, m, ""},
		{"two parts", "eyJhbGciOiJSUzI1NiJ9.e30", jwt.ReasonTokenParts, m, ""},
		{"four parts", x.good + ".e30", jwt.ReasonTokenParts, m, ""},
		{"six parts", "a.b.c.d.e.f", jwt.ReasonTokenParts, m, ""},
		{"encrypted", "eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA", jwt.ReasonTokenEncrypted, m, ""},
		{"no header", fixture.WithPart(x.good, 0, ""), jwt.ReasonTokenParts, m, ""},
		{"detached payload", fixture.WithPart(x.good, 1, ""), jwt.ReasonTokenParts, m, ""},
		{"no signature", fixture.WithPart(x.good, 2, ""), jwt.ReasonTokenParts, m, ""},
		{"JSON serialization", `{"payload":"e30","protected":"e30","signature":"AA"}`, jwt.ReasonTokenParts, m, ""},
		{"over its size", fixture.WithPart(x.good, 1, strings.Repeat("A", 16<<10)), jwt.ReasonTokenTooLarge, m, ""},
		{"header over its size", x.header(`{"alg":"RS256","x":"` + strings.Repeat("A", 4<<10) + `"}`), jwt.ReasonTokenTooLarge, m, ""},

		{"padding", x.good + "=", jwt.ReasonTokenEncoding, m, ""},
		{"standard alphabet", fixture.WithPart(x.good, 2, strings.Repeat("+/", 171)), jwt.ReasonTokenEncoding, m, ""},
		{"line feed at the end", x.good + "\n", jwt.ReasonTokenEncoding, m, ""},
		{"carriage return inside", x.good[:40] + "\r" + x.good[40:], jwt.ReasonTokenEncoding, m, ""},
		{"space before", " " + x.good, jwt.ReasonTokenEncoding, m, ""},
		{"NUL", x.good[:40] + "\x00" + x.good[40:], jwt.ReasonTokenEncoding, m, ""},
		{"not ASCII", x.good[:40] + "é" + x.good[40:], jwt.ReasonTokenEncoding, m, ""},
		{"length 1 mod 4", fixture.WithPart(x.good, 2, "AAAAA"), jwt.ReasonTokenEncoding, m, ""},
		{"stray bits of two", fixture.WithPart(x.good, 2, "AB"), jwt.ReasonTokenEncoding, m, ""},
		{"stray bits of three", fixture.WithPart(x.good, 2, "AAB"), jwt.ReasonTokenEncoding, m, ""},
		{"encoding before header", fixture.WithPart(x.header("no JSON"), 2, "A*"), jwt.ReasonTokenEncoding, m, ""},

		{"header is text", x.header("no JSON"), jwt.ReasonHeaderInvalid, m, ""},
		{"header is an array", x.header(`["alg"]`), jwt.ReasonHeaderInvalid, m, ""},
		{"header is null", x.header(`null`), jwt.ReasonHeaderInvalid, m, ""},
		{"header is two objects", x.header(`{"alg":"RS256"}{}`), jwt.ReasonHeaderInvalid, m, ""},
		{"header with BOM", x.header("\ufeff" + `{"alg":"RS256"}`), jwt.ReasonHeaderInvalid, m, ""},
		{"header with comment", x.header(`{"alg":"RS256"/**/}`), jwt.ReasonHeaderInvalid, m, ""},
		{"header with trailing comma", x.header(`{"alg":"RS256",}`), jwt.ReasonHeaderInvalid, m, ""},
		{"duplicate alg", x.header(`{"alg":"RS256","alg":"RS256"}`), jwt.ReasonHeaderInvalid, m, ""},
		{"duplicate alg, escaped", x.header(`{"alg":"RS256","\u0061lg":"RS256"}`), jwt.ReasonHeaderInvalid, m, ""},
		{"duplicate in depth", x.header(`{"alg":"RS256","x":[{"y":{"a":1,"a":1}}]}`), jwt.ReasonHeaderInvalid, m, ""},
		{"header not UTF-8", x.header("{\"alg\":\"RS256\",\"x\":\"\xff\"}"), jwt.ReasonHeaderInvalid, m, ""},
		{"lone surrogate", x.header(`{"alg":"RS256","x":"\ud800"}`), jwt.ReasonHeaderInvalid, m, ""},
		{"depth 33", x.header(`{"alg":"RS256","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`), jwt.ReasonHeaderInvalid, m, ""},
		{"alg absent", x.header(`{"kid":"` + x.kid + `"}`), jwt.ReasonHeaderMember, m, "alg"},
		{"alg in capitals", x.header(`{"ALG":"RS256"}`), jwt.ReasonHeaderMember, m, "alg"},
		{"alg null", x.header(`{"alg":null}`), jwt.ReasonHeaderMember, m, "alg"},
		{"alg number", x.header(`{"alg":256}`), jwt.ReasonHeaderMember, m, "alg"},
		{"alg array", x.header(`{"alg":["RS256"]}`), jwt.ReasonHeaderMember, m, "alg"},
		{"alg empty", x.header(`{"alg":""}`), jwt.ReasonHeaderMember, m, "alg"},
		{"kid number", x.header(`{"alg":"RS256","kid":1}`), jwt.ReasonHeaderMember, m, "kid"},
		{"typ number", x.header(`{"alg":"RS256","typ":1}`), jwt.ReasonHeaderMember, m, "typ"},
		{"crit", x.signed(map[string]any{"crit": []string{"exp"}, "exp": 1}), jwt.ReasonHeaderCritical, m, "crit"},
		{"crit empty", x.signed(map[string]any{"crit": []string{}}), jwt.ReasonHeaderCritical, m, "crit"},
		{"crit null", x.signed(map[string]any{"crit": raw("null")}), jwt.ReasonHeaderCritical, m, "crit"},
		{"b64 false", x.signed(map[string]any{"b64": false}), jwt.ReasonHeaderCritical, m, "b64"},
		{"b64 true", x.signed(map[string]any{"b64": true}), jwt.ReasonHeaderCritical, m, "b64"},
		{"nested", x.signed(map[string]any{"cty": "JWT"}), jwt.ReasonTokenNested, m, "cty"},
		{"nested media type", x.signed(map[string]any{"cty": "Application/jwt"}), jwt.ReasonTokenNested, m, "cty"},
	}
	return list
}

func TestFormEncodingHeaderRefused(t *testing.T) { testRefusals(t, formRefusals()) }
