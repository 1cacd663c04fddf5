// This file tests how refusals are worded: cut, escaped, and without a piece of the token.

package jwt_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// A piece of the token is found behind a word of any length, even if it is as short as a piece can be.
func TestErrorsHoldNoPieceBehindAWord(t *testing.T) {
	v := fixture.NewVerifier(t)
	payload := fixture.B64(`{"iss":"` + fixture.Issuer().URL + `","sub":"somebody"}`)
	for _, between := range []string{" ", "/", "  ", `" "`} {
		for n := 1; n <= 40; n++ {
			for _, tail := range []string{"", " zz"} {
				kid, _ := json.Marshal(strings.Repeat("z", n) + between + payload[20:37] + tail)
				for _, header := range []string{`{"alg":"RS256","kid":` + string(kid) + `}`, `{"alg":` + string(kid) + `}`} {
					token := fixture.B64(header) + "." + payload + "." + fixture.B64(strings.Repeat("s", 256))
					_, err := v.Verify(t.Context(), token)
					var e *jwt.Error
					if !errors.As(err, &e) || !errors.Is(err, jwt.ErrKey) {
						t.Fatalf("got %v", err)
					}
					if e.Got != "(withheld)" {
						t.Errorf("a word of %d bytes and %q: got %q", n, between, e.Got)
					}
					for _, told := range tellings(e) {
						if run := fixture.SharedRun(token, told); run != "" {
							t.Errorf("a word of %d bytes and %q: %q holds %q", n, between, told, run)
						}
					}
				}
			}
		}
	}
}

func TestTooLargeText(t *testing.T) {
	v := fixture.NewVerifier(t)
	for token, want := range map[string]string{
		strings.Repeat("a", 16<<10+1):            "jwt: token too large: the token has 16385 bytes, the limit is 16384",
		strings.Repeat("a", 4<<10+1) + ".e30.AA": "jwt: token too large: the header has 4097 bytes, the limit is 4096",
	} {
		if _, err := fixture.Verify(v, token); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
