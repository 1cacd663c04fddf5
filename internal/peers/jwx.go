// This file sets up github.com/lestrrat-go/jwx/v3.

package peers

import (
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// JWX is github.com/lestrrat-go/jwx/v3 and its package jwt. The key is read by jwk.ParseKey when the
// verifier is made, and given with its algorithm (WithKey), the form that the documentation has for
// a single key; the documentation takes keys of crypto/* there, too. WithPedantic and WithStrictStringClaims are not set.
type JWX struct{}

// Name returns "jwx".
func (JWX) Name() string { return "jwx" }

// Module returns the library's path.
func (JWX) Module() string { return "github.com/lestrrat-go/jwx/v3" }

// Verifier makes the options: WithKey, WithIssuer, WithAudience, WithRequiredClaim of exp, and
// WithAcceptableSkew. Verify is jwt.ParseString with them.
func (JWX) Verifier(s Setup) (Verifier, error) {
	alg, ok := jwa.LookupSignatureAlgorithm(s.Algorithm)
	if !ok {
		return nil, s.unsupported()
	}
	text := s.JWK
	if s.Secret != nil {
		text = s.secretJWK()
	}
	key, err := jwk.ParseKey(text)
	if err != nil {
		return nil, err
	}
	options := []jwt.ParseOption{
		jwt.WithKey(alg, key),
		jwt.WithIssuer(s.Issuer),
		jwt.WithRequiredClaim(jwt.ExpirationKey),
		jwt.WithAcceptableSkew(Leeway),
	}
	if s.Audience != "" {
		options = append(options, jwt.WithAudience(s.Audience))
	}
	return jwx{options, []jws.VerifyOption{jws.WithKey(alg, key), jws.WithCompact()}}, nil
}

type jwx struct {
	options    []jwt.ParseOption
	jwsOptions []jws.VerifyOption
}

func (v jwx) Verify(token string) error {
	_, err := jwt.ParseString(token, v.options...)
	return err
}

func (v jwx) VerifySignature(text string) error {
	_, err := jws.Verify([]byte(text), v.jwsOptions...)
	return err
}
