// This file has the lines of github.com/golang-jwt/jwt/v5 and github.com/MicahParks/keyfunc/v3.

package migrating

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"github.com/golang-jwt/jwt/v5/request"
)

// golangJWT returns what verifies a token with the settings of the page.
func golangJWT(ctx context.Context, issuer, jwksURL string) (func(context.Context, string) error, error) {
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{jwksURL})
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
	)
	return func(ctx context.Context, text string) error {
		_, err := parser.ParseWithClaims(text, &OrderClaims{}, keys.KeyfuncCtx(ctx))
		return err
	}, nil
}

// golangJWTStrict has the options that make its defaults those of this package.
func golangJWTStrict() *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(30*time.Second),
		jwt.WithStrictDecoding(),
	)
}

type OrderClaims struct {
	jwt.RegisteredClaims
	Scope  string `json:"scope"`
	Tenant string `json:"tenant"`
}

func (c OrderClaims) Validate() error {
	if c.Tenant == "" {
		return errors.New("no tenant")
	}
	return nil
}

type claimsKey struct{}

func authenticate(parser *jwt.Parser, key jwt.Keyfunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := request.BearerExtractor{}.ExtractToken(r)
		if err != nil {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		claims := &OrderClaims{}
		if _, err := parser.ParseWithClaims(text, claims, key); err != nil {
			http.Error(w, "bad token", http.StatusUnauthorized)
			return
		}
		ctx := context.WithValue(r.Context(), claimsKey{}, claims)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// golangJWTPEM verifies with one key that is in a file.
func golangJWTPEM(data []byte) (jwt.Keyfunc, error) {
	public, err := jwt.ParseRSAPublicKeyFromPEM(data)
	if err != nil {
		return nil, err
	}
	key := func(*jwt.Token) (any, error) { return public, nil }
	return key, nil
}

// golangJWTSecret verifies with a shared secret.
func golangJWTSecret(secret []byte) jwt.Keyfunc {
	key := func(*jwt.Token) (any, error) { return secret, nil }
	return key
}

// golangJWTSigned signs.
func golangJWTSigned(private *rsa.PrivateKey) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": "alice",
		"exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = "key-1"
	text, err := token.SignedString(private)
	return text, err
}

// golangJWTReason says which of the usual cases an error is.
func golangJWTReason(err error) string {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return "expired"
	case errors.Is(err, jwt.ErrTokenUnverifiable):
		return "no key"
	}
	return ""
}

// golangJWTSentinels are the errors of the library by their names.
var golangJWTSentinels = []struct {
	name string
	err  error
}{
	{"ErrTokenMalformed", jwt.ErrTokenMalformed},
	{"ErrTokenUnverifiable", jwt.ErrTokenUnverifiable},
	{"ErrTokenSignatureInvalid", jwt.ErrTokenSignatureInvalid},
	{"ErrTokenRequiredClaimMissing", jwt.ErrTokenRequiredClaimMissing},
	{"ErrTokenInvalidAudience", jwt.ErrTokenInvalidAudience},
	{"ErrTokenExpired", jwt.ErrTokenExpired},
	{"ErrTokenUsedBeforeIssued", jwt.ErrTokenUsedBeforeIssued},
	{"ErrTokenInvalidIssuer", jwt.ErrTokenInvalidIssuer},
	{"ErrTokenNotValidYet", jwt.ErrTokenNotValidYet},
	{"ErrTokenInvalidClaims", jwt.ErrTokenInvalidClaims},
}

// golangJWTError names the most particular sentinel of an error.
func golangJWTError(err error) string {
	for _, s := range golangJWTSentinels {
		if errors.Is(err, s.err) {
			return "`" + s.name + "`"
		}
	}
	return "untyped"
}

// The names of the page that no line here uses exist.
var _ = []any{jwt.WithAllAudiences, jwt.WithSubject, jwt.WithTimeFunc, jwt.NewParser().ParseUnverified, jwt.ClaimsValidator(OrderClaims{}),
	keyfunc.Override{}.RefreshUnknownKID}
