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
