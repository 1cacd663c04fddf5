// This file changes good tokens in every place: none may be accepted in two spellings.

package jwt_test

import (
	"math/rand/v2"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// mutantsPer says how many tokens of each algorithm are tried: 1,000 in all, and fewer of those
// whose signatures cost more.
var mutantsPer = map[jwt.Algorithm]int{
	jwt.HS256: 250, jwt.HS384: 240, jwt.HS512: 240, jwt.RS256: 40, jwt.RS384: 20, jwt.RS512: 20, jwt.PS256: 40, jwt.PS384: 20, jwt.PS512: 20,
	jwt.ES256: 45, jwt.ES384: 3, jwt.ES512: 2, jwt.EdDSA: 40, jwt.Ed25519: 20,
}

func TestMalleability(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	iss := testIssuer()
	total := 0
	for alg, n := range mutantsPer {
		total += n
		if slower > 1 {
			n = (n + 19) / 20
		}
		v := newVerifier(t, func(c *jwt.Config) { c.Issuer, c.Keys = "i", iss.Key(alg) })
		for range n {
			token := iss.SignRaw(alg, `{"alg":"`+string(alg)+`"}`, `{"iss":"i","aud":"`+jwttest.Audience+`","exp":9999999999,"jti":"`+string(rune('a'+rng.IntN(26)))+`"}`)
			if got, err := verify(v, token); err != nil || got == nil {
				t.Fatalf("%s: %v", alg, err)
			}
			for _, end := range []string{"A", "AA", "AAA", "AAAA", ".", "=", "\n"} {
				if got, err := verify(v, token+end); err == nil || got != nil {
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
					if got, err := verify(v, mutant); err == nil || got != nil {
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
