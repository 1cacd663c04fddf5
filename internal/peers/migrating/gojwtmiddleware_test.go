// This file has the lines of github.com/auth0/go-jwt-middleware/v3.

package migrating

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/jwks"
	"github.com/auth0/go-jwt-middleware/v3/validator"
)

// goJWTMiddleware returns a validator and a middleware with the settings of the page.
func goJWTMiddleware(issuer string) (*validator.Validator, *jwtmiddleware.JWTMiddleware, error) {
	issuerURL, err := url.Parse(issuer)
	if err != nil {
		return nil, nil, err
	}
	provider, err := jwks.NewCachingProvider(jwks.WithIssuerURL(issuerURL))
	if err != nil {
		return nil, nil, err
	}
	tokens, err := validator.New(
		validator.WithKeyFunc(provider.KeyFunc),
		validator.WithAlgorithm(validator.RS256),
		validator.WithIssuer(issuerURL.String()),
		validator.WithAudience(audience),
		validator.WithCustomClaims(func() *CustomClaims { return &CustomClaims{} }),
	)
	if err != nil {
		return nil, nil, err
	}
	middleware, err := jwtmiddleware.New(jwtmiddleware.WithValidator(tokens))
	if err != nil {
		return nil, nil, err
	}
	return tokens, middleware, nil
}

type CustomClaims struct {
	Scope  string `json:"scope"`
	Tenant string `json:"tenant"`
}

func (c *CustomClaims) Validate(context.Context) error {
	if c.Tenant == "" {
		return errors.New("no tenant")
	}
	return nil
}

func (c *CustomClaims) HasScope(want string) bool {
	return slices.Contains(strings.Fields(c.Scope), want)
}

func readOrders(w http.ResponseWriter, r *http.Request) {
	claims, err := jwtmiddleware.GetClaims[*validator.ValidatedClaims](r.Context())
	if err != nil {
		http.Error(w, "no claims", http.StatusInternalServerError)
		return
	}
	custom := claims.CustomClaims.(*CustomClaims)
	if !custom.HasScope("read:orders") {
		http.Error(w, "insufficient scope", http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, "Hello, %s of %s!\n", claims.RegisteredClaims.Subject, custom.Tenant)
}

// goJWTMiddlewareRoutes guards a route.
func goJWTMiddlewareRoutes(mux *http.ServeMux, middleware *jwtmiddleware.JWTMiddleware) {
	mux.Handle("GET /orders", middleware.CheckJWT(http.HandlerFunc(readOrders)))
}

// goJWTMiddlewareOptions has other options of both constructors.
func goJWTMiddlewareOptions(key func(context.Context) (any, error)) (*jwtmiddleware.JWTMiddleware, error) {
	tokens, err := validator.New(
		validator.WithKeyFunc(key),
		validator.WithAlgorithm(validator.RS256),
		validator.WithIssuer(issuer),
		validator.WithAudience(audience),
		validator.WithAllowedClockSkew(30*time.Second),
		validator.WithRegisteredClaimsValidator(func(claims validator.RegisteredClaims) error {
			if claims.Expiry == 0 {
				return errors.New("expiry is required")
			}
			return nil
		}),
	)
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(
		jwtmiddleware.WithValidator(tokens),
		jwtmiddleware.WithTokenExtractor(jwtmiddleware.CookieTokenExtractor("session")),
		jwtmiddleware.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) {
			slog.Warn("refused", "path", r.URL.Path, "err", err)
			jwtmiddleware.DefaultErrorHandler(w, r, err)
		}),
	)
}

func goJWTMiddlewareError(err error) string {
	var refusal *jwtmiddleware.ValidationError
	if errors.As(err, &refusal) {
		return "`" + refusal.Code + "`"
	}
	return "untyped"
}

// The names of the page that no line here uses exist.
var _ = []any{validator.WithIssuers, validator.WithAlgorithms, jwks.WithCacheTTL, jwtmiddleware.ParameterTokenExtractor, jwtmiddleware.MultiTokenExtractor,
	jwtmiddleware.WithCredentialsOptional, jwtmiddleware.WithExclusionUrls, jwtmiddleware.WithValidateOnOptions, jwtmiddleware.WithDPoPMode}
