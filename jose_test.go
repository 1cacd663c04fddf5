// This file tests the parts of a token: their sizes, their encoding, the header.

package jwt_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
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

// mutantsPer says how many tokens of each algorithm are tried: 1,000 in all, and fewer of those
// whose signatures cost more.
var mutantsPer = map[jwt.Algorithm]int{
	jwt.HS256: 250, jwt.HS384: 240, jwt.HS512: 240, jwt.RS256: 40, jwt.RS384: 20, jwt.RS512: 20, jwt.PS256: 40, jwt.PS384: 20, jwt.PS512: 20,
	jwt.ES256: 45, jwt.ES384: 3, jwt.ES512: 2, jwt.EdDSA: 40, jwt.Ed25519: 20,
}

func TestMalleability(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	iss := fixture.Issuer()
	total := 0
	for alg, n := range mutantsPer {
		total += n
		if fixture.Slower > 1 {
			n = (n + 19) / 20
		}
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer, c.Keys = "i", iss.Key(alg) })
		for range n {
			token := iss.SignRaw(alg, `{"alg":"`+string(alg)+`"}`, `{"iss":"i","aud":"`+jwttest.Audience+`","exp":9999999999,"jti":"`+string(rune('a'+rng.IntN(26)))+`"}`)
			if got, err := fixture.Verify(v, token); err != nil || got == nil {
				t.Fatalf("%s: %v", alg, err)
			}
			for _, end := range []string{"A", "AA", "AAA", "AAAA", ".", "=", "\n"} {
				if got, err := fixture.Verify(v, token+end); err == nil || got != nil {
					t.Errorf("%s: accepted %q behind %q", alg, end, token)
				}
			}
			for i := range len(token) {
				flipped := []byte(token)
				flipped[i] ^= 1 << rng.IntN(8)
				for _, mutant := range []string{string(flipped), token[:i] + token[i+1:], token[:i] + string(byte(rng.IntN(256))) + token[i:]} {
					if mutant == token {
						continue
					}
					if got, err := fixture.Verify(v, mutant); err == nil || got != nil {
						t.Errorf("%s: byte %d: accepted %q for %q", alg, i, mutant, token)
					}
				}
			}
		}
	}
	if total != 1000 {
		t.Errorf("%d tokens", total)
	}
}
