// This file holds that a token has one accepted spelling: whatever is changed in it, it is refused.

package suites

import (
	"math/rand/v2"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// mutantsPer says how many tokens of each algorithm are tried: 1,000 in all, and fewer of those
// whose signatures cost more.
var mutantsPer = map[jwt.Algorithm]int{
	jwt.HS256: 250, jwt.HS384: 240, jwt.HS512: 240, jwt.RS256: 40, jwt.RS384: 20, jwt.RS512: 20, jwt.PS256: 40, jwt.PS384: 20, jwt.PS512: 20,
	jwt.ES256: 45, jwt.ES384: 3, jwt.ES512: 2, jwt.EdDSA: 40, jwt.Ed25519: 20,
}

// acceptedTokens are tokens that FixedVerifiers accept, for each of them.
func acceptedTokens(t *testing.T) [][]string {
	t.Helper()
	k := fixture.FixedKeys()
	ed := fixture.FixedToken(t, jwt.EdDSA)
	return [][]string{
		{fixture.FixedToken(t, jwt.HS256), ed, fixture.FixedToken(t, jwt.ES256), fixture.FixedToken(t, jwt.RS256)},
		{ed},
		{fixture.FixedToken(t, jwt.HS256)},
		{k.Sign(t, jwt.HS256, `{"alg":"HS256","typ":"at+jwt"}`, fixture.AccessClaims())},
		{k.Sign(t, jwt.EdDSA, `{"alg":"Ed25519","kid":"ed","typ":"JWT"}`, fixture.IDClaims(""))},
		{ed},
	}
}

// ends are a token with something behind it.
func ends(token string) (texts []string) {
	for _, end := range []string{"A", "AA", "AAA", "AAAA", ".", "=", "\n"} {
		texts = append(texts, token+end)
	}
	return texts
}

// TestMalleability changes accepted tokens in two ways. Of some, under every policy that the fuzz
// targets have, each bit is changed. Of a thousand, under every algorithm, each byte is changed, taken
// out and preceded by another, by chance.
func TestMalleability(t *testing.T) {
	// wantOnly asserts that a token is accepted, and no other text in its place.
	wantOnly := func(t *testing.T, v *jwt.Verifier, token string, mutants []string) {
		if got, err := fixture.Verify(v, token); err != nil || got == nil {
			t.Fatalf("%q: %v", token, err)
		}
		for _, mutant := range mutants {
			if mutant == token {
				continue
			}
			if got, err := fixture.Verify(v, mutant); err == nil || got != nil {
				t.Errorf("accepted %q for %q", mutant, token)
			}
		}
	}
	t.Run("every bit", func(t *testing.T) {
		t.Parallel()
		for n, v := range fixture.FixedVerifiers(t) {
			for _, token := range acceptedTokens(t)[n] {
				mutants := ends(token)
				for bit := range fixture.Sample(8*len(token), 5) {
					flipped := []byte(token)
					flipped[bit/8] ^= 1 << (bit % 8)
					mutants = append(mutants, string(flipped))
				}
				wantOnly(t, v.Verifier, token, mutants)
			}
		}
	})
	total := 0
	for alg, n := range mutantsPer {
		total += n
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer, c.Keys = "i", fixture.Issuer().Key(alg) })
			for range fixture.Sample(n, 19) {
				jti := string(rune('a' + rng.IntN(26)))
				token := fixture.Issuer().SignRaw(alg, `{"alg":"`+string(alg)+`"}`, `{"iss":"i","aud":"`+jwttest.Audience+`","exp":9999999999,"jti":"`+jti+`"}`)
				mutants := ends(token)
				for i := range token {
					flipped := []byte(token)
					flipped[i] ^= 1 << rng.IntN(8)
					mutants = append(mutants, string(flipped), token[:i]+token[i+1:], token[:i]+string([]byte{byte(rng.IntN(256))})+token[i:])
				}
				wantOnly(t, v, token, mutants)
			}
		})
	}
	if total != 1000 {
		t.Errorf("%d tokens", total)
	}
}
