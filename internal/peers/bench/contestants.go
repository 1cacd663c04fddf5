// This file sets up the contestants, each as its own documentation says for a resource server: a key
// set of two keys, from which the token's kid chooses; one algorithm; issuer, audience, and an expiry
// that is required. All that can be done before a token comes is done before.
//
// Where a library leaves a check to its user, the lines that do it are marked "user code".

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"

	"assay.example/jwt"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	validator3 "github.com/auth0/go-jwt-middleware/v3/validator"
	"github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5"
	capjwt "github.com/hashicorp/cap/jwt"
	kataras "github.com/kataras/jwt"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	tinkjwt "github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwthmac"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	josev2 "gopkg.in/go-jose/go-jose.v2"
)

// A verifier is a library that is set up. It returns all eight claims in Go's types.
type verifier func(token string) (Claims, error)

// A contestant is a library.
type contestant struct {
	name    string
	modules []string // paths, the library's own first
	setup   func(*party) (verifier, error)
	secret  bool // for HS256 it takes a secret and no key set
}

const us = "assay"

// token is this module again, with the claims taken from its Token one by one instead of decoded into
// a struct.
const token = "assay Token"

// contestants are all that are written in Go. An error that wraps errors.ErrUnsupported says that the
// library does not offer the algorithm, or not with a key set.
var contestants = []contestant{
	{us, []string{"assay.example/jwt"}, assay, false},
	{token, []string{"assay.example/jwt"}, assayToken, false},
	{"golang-jwt + keyfunc", []string{"github.com/golang-jwt/jwt/v5", "github.com/MicahParks/keyfunc/v3"}, golangJWT, false},
	{"go-jose", []string{"github.com/go-jose/go-jose/v4"}, goJose, false},
	{"jwx", []string{"github.com/lestrrat-go/jwx/v3"}, jwx, false},
	{"go-oidc", []string{"github.com/coreos/go-oidc/v3"}, goOIDC, false},
	{"go-jwt-middleware", []string{"github.com/auth0/go-jwt-middleware/v2"}, auth0, true},
	{"go-jwt-middleware v3", []string{"github.com/auth0/go-jwt-middleware/v3"}, auth0v3, true},
	{"tink", []string{"github.com/tink-crypto/tink-go/v2"}, tink, false},
	{"kataras/jwt", []string{"github.com/kataras/jwt"}, katarasJWT, false},
	{"hashicorp/cap", []string{"github.com/hashicorp/cap"}, hashicorpCap, false},
}

// errUser is the answer of user code.
var errUser = errors.New("refused by user code")

var background = context.Background()

// bare is the call of crypto/* alone, at its cheapest: bytes are decoded and states are made before.
func bare(p *party) (func() bool, error) {
	dot := strings.LastIndexByte(p.token, '.')
	input := []byte(p.token[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(p.token[dot+1:])
	if err != nil {
		return nil, err
	}
	var digest []byte
	state := sha256.New()
	sum := func() []byte {
		state.Reset()
		state.Write(input)
		digest = state.Sum(digest[:0])
		return digest
	}
	switch key := p.set.Keys[0].Key.(type) {
	case *rsa.PublicKey:
		return func() bool { return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum(), signature) == nil }, nil
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		der, err := asn1.Marshal([]*big.Int{new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])})
		return func() bool { return ecdsa.VerifyASN1(key, sum(), der) }, err
	case ed25519.PublicKey:
		return func() bool { return ed25519.Verify(key, input, signature) }, nil
	case []byte:
		state = hmac.New(sha256.New, key)
		return func() bool { return hmac.Equal(sum(), signature) }, nil
	}
	return nil, errors.ErrUnsupported
}

func newAssay(p *party) (*jwt.Verifier, error) {
	var set *jwt.KeySet
	var err error
	if p.algorithm == "HS256" { // secrets are not read from key sets
		var keys []*jwt.Key
		for _, k := range p.set.Keys {
			key, err := jwt.HMACKey(k.KeyID, jwt.HS256, k.Key.([]byte))
			if err != nil {
				return nil, err
			}
			keys = append(keys, key)
		}
		set, err = jwt.NewKeySet(keys...)
	} else {
		set, err = jwt.ParseKeySet(p.jwks)
	}
	if err != nil {
		return nil, err
	}
	return jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{audience}, Keys: set,
		Algorithms: []jwt.Algorithm{jwt.Algorithm(p.algorithm)}, Leeway: leeway})
}

func assay(p *party) (verifier, error) {
	v, err := newAssay(p)
	return func(text string) (Claims, error) {
		t, err := v.Verify(background, text)
		if err != nil {
			return Claims{}, err
		}
		return jwt.Claims[Claims](t)
	}, err
}

func assayToken(p *party) (verifier, error) {
	v, err := newAssay(p)
	return func(text string) (Claims, error) {
		t, err := v.Verify(background, text)
		if err != nil {
			return Claims{}, err
		}
		value, _ := t.Claim("scope")
		scope, _ := value.(string)
		value, _ = t.Claim("permissions")
		permissions, _ := value.([]any)
		return Claims{t.Issuer(), t.Subject(), t.Audience(), t.IssuedAt().Unix(), t.ExpiresAt().Unix(), t.ClientID(), scope, texts(permissions)}, nil
	}, err
}

func golangJWT(p *party) (verifier, error) {
	keys, err := keyfunc.NewJWKSetJSON(p.jwks)
	if err != nil {
		return nil, err
	}
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{p.algorithm}), golangjwt.WithIssuer(issuer),
		golangjwt.WithAudience(audience), golangjwt.WithExpirationRequired(), golangjwt.WithLeeway(leeway))
	type claims struct {
		golangjwt.RegisteredClaims
		custom
	}
	return func(text string) (Claims, error) {
		c := new(claims)
		if _, err := parser.ParseWithClaims(text, c, keys.Keyfunc); err != nil {
			return Claims{}, err
		}
		return Claims{c.Issuer, c.Subject, c.Audience, c.IssuedAt.Unix(), c.ExpiresAt.Unix(), c.Client, c.Scope, c.Permissions}, nil
	}, nil
}

func goJose(p *party) (verifier, error) {
	set := new(jose.JSONWebKeySet)
	if err := json.Unmarshal(p.jwks, set); err != nil {
		return nil, err
	}
	algs := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(p.algorithm)}
	want := josejwt.Expected{Issuer: issuer, AnyAudience: josejwt.Audience{audience}}
	type claims struct {
		josejwt.Claims
		custom
	}
	return func(text string) (Claims, error) {
		token, err := josejwt.ParseSigned(text, algs)
		if err != nil {
			return Claims{}, err
		}
		c := new(claims)
		if err := token.Claims(set, c); err != nil {
			return Claims{}, err
		}
		if err := c.ValidateWithLeeway(want, leeway); err != nil {
			return Claims{}, err
		}
		if c.Expiry == nil { // user code
			return Claims{}, errUser
		}
		return Claims{c.Issuer, c.Subject, c.Audience, int64(*c.IssuedAt), int64(*c.Expiry), c.Client, c.Scope, c.Permissions}, nil
	}, nil
}

func jwx(p *party) (verifier, error) {
	set, err := jwk.Parse(p.jwks)
	if err != nil {
		return nil, err
	}
	options := []jwxjwt.ParseOption{jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuer), jwxjwt.WithAudience(audience),
		jwxjwt.WithRequiredClaim(jwxjwt.ExpirationKey), jwxjwt.WithAcceptableSkew(leeway)}
	return func(text string) (c Claims, err error) {
		token, err := jwxjwt.ParseString(text, options...)
		if err != nil {
			return Claims{}, err
		}
		c.Issuer, _ = token.Issuer()
		c.Subject, _ = token.Subject()
		c.Audience, _ = token.Audience()
		issued, _ := token.IssuedAt()
		expires, _ := token.Expiration()
		c.IssuedAt, c.ExpiresAt = issued.Unix(), expires.Unix()
		var permissions []any
		err = errors.Join(token.Get("azp", &c.Client), token.Get("scope", &c.Scope), token.Get("permissions", &permissions))
		c.Permissions = texts(permissions)
		return c, err
	}, nil
}

// texts makes a list of strings of one of anything.
func texts(list []any) []string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i], _ = v.(string)
	}
	return s
}

// goOIDC fetches the keys once: the key set of the library that chooses by kid is a remote one.
func goOIDC(p *party) (verifier, error) {
	if p.algorithm == "HS256" {
		return nil, errors.ErrUnsupported
	}
	v := oidc.NewVerifier(issuer, oidc.NewRemoteKeySet(background, p.url), &oidc.Config{ClientID: audience, SupportedSigningAlgs: []string{p.algorithm}})
	return func(text string) (Claims, error) {
		token, err := v.Verify(background, text)
		if err != nil {
			return Claims{}, err
		}
		c := new(custom)
		err = token.Claims(c)
		return Claims{token.Issuer, token.Subject, token.Audience, token.IssuedAt.Unix(), token.Expiry.Unix(), c.Client, c.Scope, c.Permissions}, err
	}, nil
}

// Validate makes custom a validator.CustomClaims.
func (*custom) Validate(context.Context) error { return nil }

func auth0(p *party) (verifier, error) {
	var keys any = p.set.Keys[0].Key
	if p.algorithm != "HS256" {
		keys = new(josev2.JSONWebKeySet)
		if err := json.Unmarshal(p.jwks, keys); err != nil {
			return nil, err
		}
	}
	v, err := validator.New(func(context.Context) (any, error) { return keys, nil }, validator.SignatureAlgorithm(p.algorithm), issuer, []string{audience},
		validator.WithCustomClaims(func() validator.CustomClaims { return new(custom) }), validator.WithAllowedClockSkew(leeway))
	if err != nil {
		return nil, err
	}
	return func(text string) (Claims, error) {
		validated, err := v.ValidateToken(background, text)
		if err != nil {
			return Claims{}, err
		}
		token := validated.(*validator.ValidatedClaims)
		r, c := &token.RegisteredClaims, token.CustomClaims.(*custom)
		if r.Expiry == 0 { // user code
			return Claims{}, errUser
		}
		return Claims{r.Issuer, r.Subject, r.Audience, r.IssuedAt, r.Expiry, c.Client, c.Scope, c.Permissions}, nil
	}, nil
}

func auth0v3(p *party) (verifier, error) {
	var keys any = p.set.Keys[0].Key
	if p.algorithm != "HS256" {
		set, err := jwk.Parse(p.jwks) // of jwx, which it is built on
		if err != nil {
			return nil, err
		}
		keys = set
	}
	v, err := validator3.New(validator3.WithKeyFunc(func(context.Context) (any, error) { return keys, nil }),
		validator3.WithAlgorithm(validator3.SignatureAlgorithm(p.algorithm)), validator3.WithIssuer(issuer), validator3.WithAudience(audience),
		validator3.WithCustomClaims(func() *custom { return new(custom) }), validator3.WithAllowedClockSkew(leeway))
	if err != nil {
		return nil, err
	}
	return func(text string) (Claims, error) {
		validated, err := v.ValidateToken(background, text)
		if err != nil {
			return Claims{}, err
		}
		token := validated.(*validator3.ValidatedClaims)
		r, c := &token.RegisteredClaims, token.CustomClaims.(*custom)
		if r.Expiry == 0 { // user code
			return Claims{}, errUser
		}
		return Claims{r.Issuer, r.Subject, r.Audience, r.IssuedAt, r.Expiry, c.Client, c.Scope, c.Permissions}, nil
	}, nil
}

func tink(p *party) (verifier, error) {
	want, iss := audience, issuer
	validator, err := tinkjwt.NewValidator(&tinkjwt.ValidatorOpts{ExpectedIssuer: &iss, ExpectedAudience: &want, IgnoreTypeHeader: true, ClockSkew: leeway})
	if err != nil {
		return nil, err
	}
	var verify func(string, *tinkjwt.Validator) (*tinkjwt.VerifiedJWT, error)
	switch p.algorithm {
	case "EdDSA":
		return nil, errors.ErrUnsupported
	case "HS256":
		handle, err := tinkSecrets(p.set.Keys)
		if err != nil {
			return nil, err
		}
		mac, err := tinkjwt.NewMAC(handle)
		if err != nil {
			return nil, err
		}
		verify = mac.VerifyMACAndDecode
	default:
		handle, err := tinkjwt.JWKSetToPublicKeysetHandle(p.jwks)
		if err != nil {
			return nil, err
		}
		v, err := tinkjwt.NewVerifier(handle)
		if err != nil {
			return nil, err
		}
		verify = v.VerifyAndDecode
	}
	return func(text string) (Claims, error) {
		token, err := verify(text, validator)
		if err != nil {
			return Claims{}, err
		}
		var c Claims
		var wrong [8]error
		c.Issuer, wrong[0] = token.Issuer()
		c.Subject, wrong[1] = token.Subject()
		c.Audience, wrong[2] = token.Audiences()
		issued, err := token.IssuedAt()
		wrong[3] = err
		expires, err := token.ExpiresAt()
		wrong[4] = err
		c.IssuedAt, c.ExpiresAt = issued.Unix(), expires.Unix()
		c.Client, wrong[5] = token.StringClaim("azp")
		c.Scope, wrong[6] = token.StringClaim("scope")
		permissions, err := token.ArrayClaim("permissions")
		wrong[7] = err
		c.Permissions = texts(permissions)
		return c, errors.Join(wrong[:]...)
	}, nil
}

func tinkSecrets(keys []jose.JSONWebKey) (*keyset.Handle, error) {
	manager := keyset.NewManager()
	for i, k := range keys {
		secret := k.Key.([]byte)
		parameters, err := jwthmac.NewParameters(len(secret), jwthmac.CustomKID, jwthmac.HS256)
		if err != nil {
			return nil, err
		}
		key, err := jwthmac.NewKey(jwthmac.KeyOpts{KeyBytes: secretdata.NewBytesFromData(secret, insecuresecretdataaccess.Token{}),
			CustomKID: k.KeyID, HasCustomKID: true, Parameters: parameters})
		if err != nil {
			return nil, err
		}
		id, err := manager.AddKey(key)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if err := manager.SetPrimary(id); err != nil {
				return nil, err
			}
		}
	}
	return manager.Handle()
}

func katarasJWT(p *party) (verifier, error) {
	alg := map[string]kataras.Alg{"RS256": kataras.RS256, "ES256": kataras.ES256, "HS256": kataras.HS256, "EdDSA": kataras.EdDSA}[p.algorithm]
	keys := kataras.Keys{}
	for _, k := range p.set.Keys {
		keys.Register(alg, k.KeyID, k.Key, nil)
	}
	want := kataras.Expected{Issuer: issuer}
	rest := kataras.TokenValidatorFunc(func(_ []byte, c kataras.Claims, err error) error {
		if err == nil && (c.Expiry == 0 || !slices.Contains(c.Audience, audience)) { // user code
			err = errUser
		}
		return err
	})
	type claims struct {
		kataras.Claims
		custom
	}
	return func(text string) (Claims, error) {
		c := new(claims)
		if err := keys.VerifyToken([]byte(text), c, want, rest); err != nil {
			return Claims{}, err
		}
		return Claims{c.Issuer, c.Subject, c.Audience, c.IssuedAt, c.Expiry, c.Client, c.Scope, c.Permissions}, nil
	}, nil
}

// hashicorpCap fetches the keys once, like goOIDC.
func hashicorpCap(p *party) (verifier, error) {
	if p.algorithm == "HS256" {
		return nil, errors.ErrUnsupported
	}
	keys, err := capjwt.NewJSONWebKeySet(background, p.url, "")
	if err != nil {
		return nil, err
	}
	v, err := capjwt.NewValidator(keys)
	if err != nil {
		return nil, err
	}
	want := capjwt.Expected{Issuer: issuer, Audiences: []string{audience}, SigningAlgorithms: []capjwt.Alg{capjwt.Alg(p.algorithm)}, ClockSkewLeeway: leeway}
	return func(text string) (Claims, error) {
		m, err := v.Validate(background, text, want)
		if err != nil {
			return Claims{}, err
		}
		var c Claims // user code, as the library returns a map
		c.Issuer, _ = m["iss"].(string)
		c.Subject, _ = m["sub"].(string)
		list, _ := m["aud"].([]any)
		c.Audience = texts(list)
		issued, _ := m["iat"].(float64)
		expires, ok := m["exp"].(float64)
		if !ok {
			return Claims{}, errUser
		}
		c.IssuedAt, c.ExpiresAt = int64(issued), int64(expires)
		c.Client, _ = m["azp"].(string)
		c.Scope, _ = m["scope"].(string)
		list, _ = m["permissions"].([]any)
		c.Permissions = texts(list)
		return c, nil
	}, nil
}
