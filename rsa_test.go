// This file tests RSA signatures.

package jwt_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// A PSS salt has the length of the hash and no other (RFC 7518 section 3.5).
func TestSaltLength(t *testing.T) {
	private := mustRSA(t)
	for alg, hash := range map[jwt.Algorithm]crypto.Hash{jwt.PS256: crypto.SHA256, jwt.PS384: crypto.SHA384, jwt.PS512: crypto.SHA512} {
		key, err := jwt.RSAKey("", alg, &private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = key })
		payload, _ := json.Marshal(claims{"iss": fixture.Issuer().URL, "aud": jwttest.Audience, "exp": time.Now().Add(time.Hour).Unix()})
		input := fixture.B64(`{"alg":"`+string(alg)+`"}`) + "." + fixture.B64(string(payload))
		h := hash.New()
		h.Write([]byte(input))
		digest := h.Sum(nil)
		for _, salt := range []int{1, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100} {
			signature, err := rsa.SignPSS(rand.Reader, private, hash, digest, &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			token, err := fixture.Verify(v, input+"."+fixture.B64(string(signature)))
			if salt == hash.Size() {
				fixture.WantAccepted(t, token, err)
			} else {
				fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
			}
		}
	}
}
