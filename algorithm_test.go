// This file tests algorithms and what narrows them.

package jwt_test

import (
	"slices"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestEveryAlgorithm(t *testing.T) {
	for _, alg := range append(slices.Clone(fixture.PublicAlgorithms), jwt.Ed25519, jwt.HS256, jwt.HS384, jwt.HS512) {
		t.Run(string(alg), func(t *testing.T) {
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.Issuer().Key(alg) })
			token, err := fixture.Verify(v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: alg}))
			fixture.WantAccepted(t, token, err)
			if token.Header().Algorithm != alg || token.Subject() != "test-subject" {
				t.Errorf("got %v and %v", token.Header(), token)
			}
			other, err := fixture.Verify(v, fixture.OtherIssuer().Mint(jwttest.Spec{Algorithm: alg, Claims: claims{"iss": fixture.Issuer().URL}}))
			fixture.WantRefusal(t, other, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
		})
	}
}

// One key has one algorithm: a token signed by the right private key under another name is refused.
func TestKeyDecidesAlgorithm(t *testing.T) {
	for _, key := range append(slices.Clone(fixture.PublicAlgorithms), jwt.HS256, jwt.HS384, jwt.HS512) {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.Issuer().Key(key) })
		for _, alg := range append(slices.Clone(fixture.PublicAlgorithms), jwt.HS256, jwt.HS384, jwt.HS512) {
			if alg == key {
				continue
			}
			kid := map[string]any{"kid": fixture.Issuer().Key(key).KeyID()}
			if kid["kid"] == "" {
				kid["kid"] = nil
			}
			token, err := fixture.Verify(v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: alg, Header: kid}))
			fixture.WantRefusal(t, token, err, jwt.ReasonKeyMismatch, jwt.ErrKey)
		}
	}
}

func TestAlgorithmsNarrow(t *testing.T) {
	iss := fixture.Issuer()
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.ES256, jwt.EdDSA} })
	for _, alg := range []jwt.Algorithm{jwt.ES256, jwt.EdDSA, jwt.Ed25519} {
		token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: alg}))
		fixture.WantAccepted(t, token, err)
	}
	token, err := fixture.Verify(v, iss.Token(nil))
	e := fixture.WantRefusal(t, token, err, jwt.ReasonAlgorithmRefused, jwt.ErrKey)
	if e.Got != "RS256" || e.Want != `one of "ES256" "EdDSA"` {
		t.Errorf("got %q, want %q", e.Got, e.Want)
	}
	// Naming an algorithm does not make a key answer to it.
	v = fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys, c.Algorithms = iss.Key(jwt.RS256), []jwt.Algorithm{jwt.RS256, jwt.PS256, jwt.HS256}
	})
	for _, alg := range []jwt.Algorithm{jwt.PS256, jwt.HS256} {
		token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": iss.Key(jwt.RS256).KeyID()}}))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyMismatch, jwt.ErrKey)
	}
}

// An RSA key without alg is RS256, unless Algorithms names exactly one other RSA algorithm.
func TestUndeclaredRSA(t *testing.T) {
	iss := fixture.Issuer()
	rsa := fixture.JWKOf(t, iss, jwt.RS256)
	delete(rsa, "alg")
	for _, c := range []struct {
		algorithms []jwt.Algorithm
		accepts    jwt.Algorithm
	}{
		{nil, jwt.RS256},
		{[]jwt.Algorithm{jwt.RS256}, jwt.RS256},
		{[]jwt.Algorithm{jwt.PS256}, jwt.PS256},
		{[]jwt.Algorithm{jwt.PS512, jwt.PS512, jwt.ES256}, jwt.PS512},
		{[]jwt.Algorithm{jwt.RS256, jwt.PS256}, jwt.RS256},
		{[]jwt.Algorithm{jwt.PS384, jwt.PS256}, ""},
	} {
		for name, keys := range map[string]jwt.KeySource{"set": fixture.ParseKeySet(t, rsa), "key": parseKey(t, rsa)} {
			v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Keys, config.Algorithms = keys, c.algorithms })
			for _, alg := range fixture.PublicAlgorithms[:6] {
				for _, kid := range []any{rsa["kid"], nil} {
					token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": kid}}))
					if (err == nil) != (alg == c.accepts) || (token == nil) != (err != nil) {
						t.Errorf("%s of Algorithms %v: %s: %v", name, c.algorithms, alg, err)
					}
				}
			}
		}
	}
}
