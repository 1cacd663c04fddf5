// This file sets up github.com/golang-jwt/jwt/v5.

package peers

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// GolangJWT is github.com/golang-jwt/jwt/v5. It takes keys of crypto/* and reads no JSON Web Keys, so
// the key is converted here, with as few checks as crypto/* makes, when the verifier is made.
//
// The parser has WithValidMethods, WithIssuer, WithAudience, WithExpirationRequired and WithLeeway.
// WithIssuedAt and WithStrictDecoding, which its documentation names as further options, are not set.
type GolangJWT struct {
	// Map parses into MapClaims, the default of the library. Otherwise each token is parsed into
	// new RegisteredClaims, the type that it offers for claims of known types.
	Map bool
}

// Name returns "golang-jwt", with the kind of claims if they are a map.
func (p GolangJWT) Name() string {
	if p.Map {
		return "golang-jwt map"
	}
	return "golang-jwt"
}

// Module returns the library's path.
func (GolangJWT) Module() string { return "github.com/golang-jwt/jwt/v5" }

// Verifier makes one parser and one key function. Verify is Parser.ParseWithClaims.
func (p GolangJWT) Verifier(s Setup) (Verifier, error) {
	if jwt.GetSigningMethod(s.Algorithm) == nil {
		return nil, s.unsupported()
	}
	var key any = s.Secret
	if s.Secret == nil {
		var err error
		if key, err = cryptoKey(s.JWK); err != nil {
			return nil, err
		}
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{s.Algorithm}),
		jwt.WithIssuer(s.Issuer),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(Leeway),
	}
	if s.Audience != "" {
		options = append(options, jwt.WithAudience(s.Audience))
	}
	return golangJWT{
		parser:  jwt.NewParser(options...),
		keyFunc: func(*jwt.Token) (any, error) { return key, nil },
		toMap:   p.Map,
	}, nil
}

type golangJWT struct {
	parser  *jwt.Parser
	keyFunc jwt.Keyfunc
	toMap   bool
}

func (v golangJWT) Verify(token string) (err error) {
	if v.toMap {
		_, err = v.parser.ParseWithClaims(token, jwt.MapClaims{}, v.keyFunc)
	} else {
		_, err = v.parser.ParseWithClaims(token, &jwt.RegisteredClaims{}, v.keyFunc)
	}
	return err
}

// cryptoKey converts a JSON Web Key to a key of crypto/*.
func cryptoKey(text []byte) (any, error) {
	var key struct{ Kty, Crv, N, E, X, Y string }
	if err := json.Unmarshal(text, &key); err != nil {
		return nil, err
	}
	var wrong error
	octets := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			wrong = err
		}
		return b
	}
	n, e, x, y := octets(key.N), octets(key.E), octets(key.X), octets(key.Y)
	if wrong != nil {
		return nil, wrong
	}
	switch key.Kty + key.Crv {
	case "RSA":
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	case "ECP-256":
		return ecPoint(elliptic.P256(), x, y)
	case "ECP-384":
		return ecPoint(elliptic.P384(), x, y)
	case "ECP-521":
		return ecPoint(elliptic.P521(), x, y)
	case "OKPEd25519":
		return ed25519.PublicKey(x), nil
	}
	return nil, fmt.Errorf("kty %q, crv %q", key.Kty, key.Crv)
}

// ecPoint takes coordinates of any length, as integers.
func ecPoint(curve elliptic.Curve, x, y []byte) (*ecdsa.PublicKey, error) {
	size := (curve.Params().BitSize + 7) / 8
	point := make([]byte, 1+2*size)
	point[0] = 4
	for i, coordinate := range [][]byte{x, y} {
		n := new(big.Int).SetBytes(coordinate)
		if n.BitLen() > 8*size {
			return nil, errors.New("a coordinate is too long")
		}
		n.FillBytes(point[1+i*size : 1+(i+1)*size])
	}
	return ecdsa.ParseUncompressedPublicKey(curve, point)
}
