// This file sets up github.com/go-jose/go-jose/v4.

package peers

import (
	"encoding/json"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// GoJose is github.com/go-jose/go-jose/v4 and its package jwt. The key is read by
// JSONWebKey.UnmarshalJSON when the verifier is made. The library has no option that requires exp.
type GoJose struct{}

// Name returns "go-jose".
func (GoJose) Name() string { return "go-jose" }

// Module returns the library's path.
func (GoJose) Module() string { return "github.com/go-jose/go-jose/v4" }

// The algorithms of the library that are those of this module.
var joseAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.HS256, jose.HS384, jose.HS512, jose.EdDSA}

// Verifier reads the key. Verify is ParseSigned with one algorithm, JSONWebToken.Claims, which
// verifies, and Claims.ValidateWithLeeway.
func (GoJose) Verifier(s Setup) (Verifier, error) {
	v := &goJose{algorithms: []jose.SignatureAlgorithm{jose.SignatureAlgorithm(s.Algorithm)}}
	if !slices.Contains(joseAlgorithms, v.algorithms[0]) {
		return nil, s.unsupported()
	}
	v.expected.Issuer = s.Issuer
	if s.Audience != "" {
		v.expected.AnyAudience = jwt.Audience{s.Audience}
	}
	if s.Secret != nil {
		v.key = s.Secret
		return v, nil
	}
	key := new(jose.JSONWebKey)
	if err := json.Unmarshal(s.JWK, key); err != nil {
		return nil, err
	}
	v.key = key
	return v, nil
}

type goJose struct {
	algorithms []jose.SignatureAlgorithm
	key        any // []byte or *jose.JSONWebKey
	expected   jwt.Expected
}

func (v *goJose) Verify(token string) error {
	t, err := jwt.ParseSigned(token, v.algorithms)
	if err != nil {
		return err
	}
	var claims jwt.Claims
	if err := t.Claims(v.key, &claims); err != nil {
		return err
	}
	return claims.ValidateWithLeeway(v.expected, Leeway)
}

func (v *goJose) VerifySignature(jws string) error {
	parsed, err := jose.ParseSignedCompact(jws, v.algorithms)
	if err != nil {
		return err
	}
	_, err = parsed.Verify(v.key)
	return err
}
