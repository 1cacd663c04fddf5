//go:build linux

// This file has the guards: this module's, and for each other library the middleware that its documentation shows,
// or that its users write in some twenty lines. All ask for issuer, audience, expiry and one scope, and fetch the
// issuer's keys.

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
	"github.com/MicahParks/keyfunc/v3"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	jwtmiddleware3 "github.com/auth0/go-jwt-middleware/v3"
	jwks3 "github.com/auth0/go-jwt-middleware/v3/jwks"
	validator3 "github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
	golangjwt "github.com/golang-jwt/jwt/v5"
)

// A guard stands around a handler.
type guard = func(http.Handler) http.Handler

// A mode is a guard, with the tokens that are sent to it.
type mode struct {
	name   string
	kind   string                                // of the tokens
	status int                                   // of every answer
	setup  func(keys, alg string) (guard, error) // keys is where the issuer publishes them
}

const (
	open      = "no guard"
	floor     = "crypto/* alone"
	us        = "assay"
	ok        = http.StatusOK
	forbidden = http.StatusUnauthorized
)

// modes are all that are measured. The first is what the others are compared with.
var modes = []mode{
	{open, rs256, ok, ignoring},
	{floor + ": RS256", rs256, ok, signatureAlone},
	{floor + ": ES256", es256, ok, signatureAlone},
	{us + ": RS256", rs256, ok, verifying},
	{us + ": RS256, typed claims", rs256, ok, reading},
	{us + ": ES256", es256, ok, verifying},
	{us + ": ES256, typed claims", es256, ok, reading},
	{us + ": remembered", rs256, ok, remembering},
	{us + ": remembered, typed claims", rs256, ok, rememberingAndReading},
	{us + ": expired", expired, forbidden, verifying},
	{us + ": unknown kids", unknown, forbidden, verifying},
	{"golang-jwt + keyfunc: RS256", rs256, ok, golangJWT},
	{"golang-jwt + keyfunc: ES256", es256, ok, golangJWT},
	{"golang-jwt + keyfunc: expired", expired, forbidden, golangJWT},
	{"golang-jwt + keyfunc: unknown kids", unknown, forbidden, golangJWT},
	{"go-jwt-middleware v2: RS256", rs256, ok, auth0},
	{"go-jwt-middleware v2: ES256", es256, ok, auth0},
	{"go-jwt-middleware v2: expired", expired, forbidden, auth0},
	{"go-jwt-middleware v2: unknown kids", unknown, forbidden, auth0},
	{"go-jwt-middleware v3: RS256", rs256, ok, auth0v3},
	{"go-jwt-middleware v3: ES256", es256, ok, auth0v3},
	{"go-jwt-middleware v3: expired", expired, forbidden, auth0v3},
	{"go-jwt-middleware v3: unknown kids", unknown, forbidden, auth0v3},
	{"go-oidc: RS256", rs256, ok, goOIDC},
	{"go-oidc: ES256", es256, ok, goOIDC},
	{"go-oidc: expired", expired, forbidden, goOIDC},
	{"go-oidc: unknown kids", unknown, forbidden, goOIDC},
}

// algorithm is that of the tokens.
func (m mode) algorithm() string {
	if m.kind == es256 {
		return es256
	}
	return rs256
}

// hello is the handler that all guards stand around.
var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })

func ignoring(string, string) (guard, error) {
	return func(next http.Handler) http.Handler { return next }, nil
}

// signatureAlone verifies the signature with one key and looks at nothing else: no guard costs less.
func signatureAlone(keys, alg string) (guard, error) {
	response, err := http.Get(keys)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		return nil, err
	}
	key := set.Keys[slices.IndexFunc(set.Keys, func(k jose.JSONWebKey) bool { return k.Algorithm == alg })].Key
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			dot := strings.LastIndexByte(text, '.')
			digest := sha256.Sum256([]byte(text[:dot]))
			signature, err := base64.RawURLEncoding.DecodeString(text[dot+1:])
			valid := err == nil
			switch k := key.(type) {
			case *rsa.PublicKey:
				valid = valid && rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], signature) == nil
			case *ecdsa.PublicKey:
				valid = valid && len(signature) == 64 &&
					ecdsa.Verify(k, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
			}
			if !valid {
				refuse(w, http.StatusUnauthorized, "invalid_token")
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

func newAssay(keys, alg string, remembered int) (guard, error) {
	set, err := jwt.NewRemoteKeySet(keys, &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuerName, Audience: []string{audience}, Keys: set,
		Algorithms: []jwt.Algorithm{jwt.Algorithm(alg)}, TokenCache: remembered})
	if err != nil {
		return nil, err
	}
	return v.Require(jwt.Scope(scope)), nil
}

func verifying(keys, alg string) (guard, error) { return newAssay(keys, alg, 0) }

func remembering(keys, alg string) (guard, error) { return newAssay(keys, alg, 10_000) }

func reading(keys, alg string) (guard, error) { return withClaims(newAssay(keys, alg, 0)) }

func rememberingAndReading(keys, alg string) (guard, error) {
	return withClaims(newAssay(keys, alg, 10_000))
}

// withClaims has the handler read all eight claims into a struct.
func withClaims(g guard, err error) (guard, error) {
	return func(next http.Handler) http.Handler {
		return g(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, _ := jwt.FromContext(r.Context())
			if c, err := jwt.Claims[Claims](token); err != nil || c.Scope == "" {
				http.Error(w, "no claims", http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		}))
	}, err
}

// claimsKey is where users of the other libraries put the claims.
type claimsKey struct{}

// refuse is the answer of user code.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("WWW-Authenticate", `Bearer error="`+code+`"`)
	http.Error(w, code, status)
}

func hasScope(scopes string) bool { return slices.Contains(strings.Fields(scopes), scope) }

func golangJWT(keys, alg string) (guard, error) {
	set, err := keyfunc.NewDefaultCtx(context.Background(), []string{keys})
	if err != nil {
		return nil, err
	}
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{alg}), golangjwt.WithIssuer(issuerName),
		golangjwt.WithAudience(audience), golangjwt.WithExpirationRequired(), golangjwt.WithLeeway(leeway))
	type claims struct {
		golangjwt.RegisteredClaims
		Client      string   `json:"azp"`
		Scope       string   `json:"scope"`
		Permissions []string `json:"permissions"`
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			c := new(claims)
			_, err := parser.ParseWithClaims(text, c, set.Keyfunc)
			switch {
			case !found || err != nil:
				refuse(w, http.StatusUnauthorized, "invalid_token")
			case !hasScope(c.Scope):
				refuse(w, http.StatusForbidden, "insufficient_scope")
			default:
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, c)))
			}
		})
	}, nil
}

// custom are the claims that the libraries do not read by themselves.
type custom struct {
	Client      string   `json:"azp"`
	Scope       string   `json:"scope"`
	Permissions []string `json:"permissions"`
}

// Validate makes custom a validator.CustomClaims.
func (c *custom) Validate(context.Context) error {
	if !hasScope(c.Scope) {
		return errors.New("insufficient scope")
	}
	return nil
}

func auth0(keys, alg string) (guard, error) {
	name, err := url.Parse(issuerName)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(keys)
	if err != nil {
		return nil, err
	}
	provider := jwks.NewCachingProvider(name, 5*time.Minute, jwks.WithCustomJWKSURI(address))
	v, err := validator.New(provider.KeyFunc, validator.SignatureAlgorithm(alg), issuerName, []string{audience},
		validator.WithCustomClaims(func() validator.CustomClaims { return new(custom) }), validator.WithAllowedClockSkew(leeway))
	if err != nil {
		return nil, err
	}
	return jwtmiddleware.New(v.ValidateToken).CheckJWT, nil
}

func auth0v3(keys, alg string) (guard, error) {
	name, err := url.Parse(issuerName)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(keys)
	if err != nil {
		return nil, err
	}
	provider, err := jwks3.NewCachingProvider(jwks3.WithIssuerURL(name), jwks3.WithCustomJWKSURI(address))
	if err != nil {
		return nil, err
	}
	v, err := validator3.New(validator3.WithKeyFunc(provider.KeyFunc), validator3.WithAlgorithm(validator3.SignatureAlgorithm(alg)),
		validator3.WithIssuer(issuerName), validator3.WithAudience(audience), validator3.WithAllowedClockSkew(leeway),
		validator3.WithCustomClaims(func() *custom { return new(custom) }))
	if err != nil {
		return nil, err
	}
	middleware, err := jwtmiddleware3.New(jwtmiddleware3.WithValidator(v))
	if err != nil {
		return nil, err
	}
	return middleware.CheckJWT, nil
}

func goOIDC(keys, alg string) (guard, error) {
	ctx := context.Background()
	v := oidc.NewVerifier(issuerName, oidc.NewRemoteKeySet(ctx, keys), &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{alg}})
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			token, err := v.Verify(r.Context(), text)
			c := new(custom)
			if err == nil {
				err = token.Claims(c)
			}
			switch {
			case !found || err != nil:
				refuse(w, http.StatusUnauthorized, "invalid_token")
			case !hasScope(c.Scope):
				refuse(w, http.StatusForbidden, "insufficient_scope")
			default:
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, c)))
			}
		})
	}, nil
}
