// This file tests secrets for HMAC.

package jwt_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
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

// A secret is as long as its hash (RFC 7518 section 3.2).
func TestHMACKey(t *testing.T) {
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"HMAC short":      func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS256, make([]byte, 31)) },
		"HMAC 384 short":  func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS384, make([]byte, 47)) },
		"HMAC 512 short":  func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS512, make([]byte, 63)) },
		"HMAC empty":      func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS256, nil) },
		"HMAC as RS256":   func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.RS256, make([]byte, 64)) },
		"HMAC as nothing": func() (*jwt.Key, error) { return jwt.HMACKey("", "", make([]byte, 64)) },
	})
	for alg, size := range map[jwt.Algorithm]int{jwt.HS256: 32, jwt.HS384: 48, jwt.HS512: 64} {
		if _, err := jwt.HMACKey("", alg, make([]byte, size)); err != nil {
			t.Errorf("%s with %d bytes: %v", alg, size, err)
		}
	}
}

// Verifications share states of the key: none may see what another has written, whether it was valid or not.
func TestHMACKeyIsShared(t *testing.T) {
	for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.HS384, jwt.HS512} {
		v := benchVerifier(t, alg)
		good := make([]string, 8) // of several lengths
		for n := range good {
			good[n] = benchToken(t, alg, func(c *benchClaims) { c.Subject = strings.Repeat("s", 1+25*n) })
		}
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for n := range 200 {
					text := good[(g+n)%len(good)]
					token, err := v.Verify(t.Context(), text)
					if err != nil || len(token.Subject()) != 1+25*((g+n)%len(good)) {
						t.Errorf("%s: %v, %v", alg, token, err)
					}
					other := good[(g+n+1)%len(good)]
					forged := text[:strings.LastIndexByte(text, '.')] + other[strings.LastIndexByte(other, '.'):]
					if token, err := v.Verify(t.Context(), forged); token != nil || !errors.Is(err, jwt.ErrSignature) {
						t.Errorf("%s: the tag of another token: %v, %v", alg, token, err)
					}
				}
			})
		}
		all.Wait()
	}
}
