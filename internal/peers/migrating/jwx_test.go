// This file has the lines of github.com/lestrrat-go/jwx/v3.

package migrating

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// jwx returns what verifies a token with the settings of the page.
func jwx(ctx context.Context, issuer, jwksURL string) (func(context.Context, string) error, error) {
	keys, err := jwxKeys(ctx, jwksURL)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, text string) error {
		_, err := jwt.ParseString(text, jwt.WithKeySet(keys), jwt.WithIssuer(issuer), jwt.WithAudience(audience))
		return err
	}, nil
}

// jwxKeys makes a cached key set.
func jwxKeys(ctx context.Context, jwksURL string) (jwk.Set, error) {
	cache, err := jwk.NewCache(ctx, httprc.NewClient())
	if err != nil {
		return nil, err
	}
	if err := cache.Register(ctx, jwksURL); err != nil {
		return nil, err
	}
	keys, err := cache.CachedSet(jwksURL)
	if err != nil {
		return nil, err
	}
	return keys, nil
}

func jwxHandler(keys jwk.Set) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, err := jwt.ParseRequest(r,
			jwt.WithKeySet(keys),
			jwt.WithIssuer(issuer),
			jwt.WithAudience(audience),
		)
		if err != nil {
			http.Error(w, "bad token", http.StatusUnauthorized)
			return
		}
		subject, _ := token.Subject()
		var tenant string
		if err := token.Get("tenant", &tenant); err != nil {
			http.Error(w, "no tenant", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "Hello, %s of %s!\n", subject, tenant)
	}
}

// jwxStrict has the options that make its defaults those of this package.
func jwxStrict(keys jwk.Set) []jwt.ParseOption {
	return []jwt.ParseOption{
		jwt.WithKeySet(keys),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithRequiredClaim(jwt.ExpirationKey),
		jwt.WithAcceptableSkew(30 * time.Second),
		jwt.WithClaimValue("tenant", "acme"),
	}
}

// jwxPEM verifies with one key that is in a file.
func jwxPEM(data []byte, text string) (jwt.Token, error) {
	key, err := jwk.ParseKey(data, jwk.WithPEM(true))
	if err != nil {
		return nil, err
	}
	token, err := jwt.ParseString(text, jwt.WithKey(jwa.RS256(), key))
	return token, err
}

// jwxSecret verifies with a shared secret.
func jwxSecret(secret []byte, text string) (jwt.Token, error) {
	token, err := jwt.ParseString(text, jwt.WithKey(jwa.HS256(), secret))
	return token, err
}

func jwxError(err error) string {
	for _, s := range []struct {
		name string
		err  error
	}{
		{"TokenExpiredError", jwt.TokenExpiredError()},
		{"TokenNotYetValidError", jwt.TokenNotYetValidError()},
		{"InvalidIssuedAtError", jwt.InvalidIssuedAtError()},
		{"InvalidIssuerError", jwt.InvalidIssuerError()},
		{"InvalidAudienceError", jwt.InvalidAudienceError()},
		{"MissingRequiredClaimError", jwt.MissingRequiredClaimError()},
		{"ValidateError", jwt.ValidateError()},
		{"ParseError", jwt.ParseError()},
	} {
		if errors.Is(err, s.err) {
			return "`" + s.name + "`"
		}
	}
	return "untyped"
}

// jwxParse returns the error of a token.
func jwxParse(text string, options []jwt.ParseOption) error {
	_, err := jwt.ParseString(text, options...)
	return err
}

// jwxAll asks for two audiences and a subject.
func jwxAll(text string, keys jwk.Set) error {
	return jwxParse(text, []jwt.ParseOption{jwt.WithKeySet(keys), jwt.WithAudience("a"), jwt.WithAudience("b"), jwt.WithSubject("alice")})
}

// The names of the page that no line here uses exist.
var _ = []any{jwt.WithValidator, jwt.WithClock, jwt.WithMaxDelta, jwt.ParseInsecure, jwk.WithWaitReady, jwk.WithMaxInterval,
	(*jwk.Cache).Refresh, jws.WithRequireKid, jws.WithInferAlgorithmFromKey}
