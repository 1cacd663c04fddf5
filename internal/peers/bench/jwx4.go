//go:build goexperiment.jsonv2 && !go1.27

// This file adds jwx v4: its v4.0 builds with Go 1.26 and GOEXPERIMENT=jsonv2 alone. Later ones ask for Go 1.27, and
// this module does not.

package main

import (
	"errors"

	"github.com/lestrrat-go/jwx/v4/jwk"
	jwx4jwt "github.com/lestrrat-go/jwx/v4/jwt"
)

func init() {
	contestants = append(contestants, contestant{"jwx v4", []string{"github.com/lestrrat-go/jwx/v4"}, jwx4, false})
}

func jwx4(p *party) (verifier, error) {
	set, err := jwk.Parse(p.jwks)
	if err != nil {
		return nil, err
	}
	options := []jwx4jwt.ParseOption{jwx4jwt.WithKeySet(set), jwx4jwt.WithIssuer(issuer), jwx4jwt.WithAudience(audience),
		jwx4jwt.WithRequiredClaim(jwx4jwt.ExpirationKey), jwx4jwt.WithAcceptableSkew(leeway)}
	return func(text string) (c Claims, err error) {
		token, err := jwx4jwt.ParseString(text, options...)
		if err != nil {
			return Claims{}, err
		}
		c.Issuer, _ = token.Issuer()
		c.Subject, _ = token.Subject()
		c.Audience, _ = token.Audience()
		issued, _ := token.IssuedAt()
		expires, _ := token.Expiration()
		c.IssuedAt, c.ExpiresAt = issued.Unix(), expires.Unix()
		var wrong [3]error
		var permissions []any
		c.Client, wrong[0] = jwx4jwt.Get[string](token, "azp")
		c.Scope, wrong[1] = jwx4jwt.Get[string](token, "scope")
		permissions, wrong[2] = jwx4jwt.Get[[]any](token, "permissions")
		c.Permissions = texts(permissions)
		return c, errors.Join(wrong[:]...)
	}, nil
}
