// This file tests secrets for HMAC.

package jwt_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// The forgeries that gave this field its name: the public key as an HMAC secret.
func TestPublicKeyAsSecret(t *testing.T) {
	iss := fixture.Issuer()
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256, jwt.HS256} })
	for name, secret := range publicForms(t, iss) {
		input := fixture.B64(`{"alg":"HS256","kid":"`+iss.Key(jwt.RS256).KeyID()+`"}`) + "." + strings.Split(iss.Token(nil), ".")[1]
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		token, err := fixture.Verify(v, input+"."+fixture.B64(string(mac.Sum(nil))))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyMismatch, jwt.ErrKey)
		if _, err := jwt.HMACKey("", jwt.HS256, secret); err == nil && name != "modulus" {
			t.Errorf("HMACKey took a public key as %s", name)
		}
	}
}
