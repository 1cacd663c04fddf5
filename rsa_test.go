// This file tests RSA signatures.

package jwt_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
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

// A modulus has 2048 to 8192 bits and is odd, an exponent is odd and from 3 to 2^31-1.
func TestRSAKeysRefused(t *testing.T) {
	rsaKey := fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)
	f4 := []byte{1, 0, 1}
	even := fixture.Ones(2048)
	even[len(even)-1]--
	wantKeysRefused(t, map[string]any{
		"n absent":            fixture.JWKEdit{"n": nil}.Apply(rsaKey),
		"e absent":            fixture.JWKEdit{"e": nil}.Apply(rsaKey),
		"e number":            fixture.JWKEdit{"e": 65537}.Apply(rsaKey),
		"n with padding":      fixture.JWKEdit{"n": rsaKey["n"].(string) + "="}.Apply(rsaKey),
		"n with a line break": fixture.JWKEdit{"n": rsaKey["n"].(string)[:8] + "\n" + rsaKey["n"].(string)[8:]}.Apply(rsaKey),
		"n of 512 bits":       fixture.RSAJWK(fixture.Ones(512), f4),
		"n of 1024 bits":      fixture.RSAJWK(fixture.Ones(1024), f4),
		"n of 2047 bits":      fixture.RSAJWK(fixture.Ones(2047), f4),
		"n of 8193 bits":      fixture.RSAJWK(fixture.Ones(8193), f4),
		"n of 32768 bits":     fixture.RSAJWK(fixture.Ones(32768), f4),
		"n even":              fixture.RSAJWK(even, f4),
		"e zero":              fixture.RSAJWK(fixture.Ones(2048), []byte{0}),
		"e one":               fixture.RSAJWK(fixture.Ones(2048), []byte{1}),
		"e two":               fixture.RSAJWK(fixture.Ones(2048), []byte{2}),
		"e even":              fixture.RSAJWK(fixture.Ones(2048), []byte{1, 0, 0}),
		"e 2^31+1":            fixture.RSAJWK(fixture.Ones(2048), []byte{0x80, 0, 0, 1}),
		"e 2^64+65537":        fixture.RSAJWK(fixture.Ones(2048), []byte{1, 0, 0, 0, 0, 0, 1, 0, 1}),
	})
}

func TestRSAKey(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public := mustRSA(t).PublicKey
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"RSA nil":  func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, nil) },
		"RSA zero": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, &rsa.PublicKey{}) },
		"RSA 1024": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, &small.PublicKey) },
		"RSA 8193": func() (*jwt.Key, error) {
			return jwt.RSAKey("", jwt.RS256, &rsa.PublicKey{N: new(big.Int).SetBytes(fixture.Ones(8193)), E: 65537})
		},
		"RSA as ES256": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.ES256, &public) },
		"RSA as HS256": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.HS256, &public) },
		"RSA as none":  func() (*jwt.Key, error) { return jwt.RSAKey("", "none", &public) },
	})
}
