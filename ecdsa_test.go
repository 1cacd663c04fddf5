// This file tests ECDSA: keys whose point is on their curve, and signatures of fixed length.

package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// A point is on its curve, and its coordinates have full length (RFC 7518 section 6.2.1.2).
func TestECKeysRefused(t *testing.T) {
	ec, p521 := fixture.JWKOf(t, fixture.Issuer(), jwt.ES256), fixture.JWKOf(t, fixture.Issuer(), jwt.ES512)
	coordinate := func(name string, change func([]byte) []byte) fixture.JWK {
		text := fixture.DecodeB64(t, ec[name].(string))
		return fixture.JWKEdit{name: fixture.B64(string(change(text)))}.Apply(ec)
	}
	longX := fixture.JWKEdit{"x": fixture.B64("\x00" + string(fixture.DecodeB64(t, p521["x"].(string))))}.Apply(p521)
	wantKeysRefused(t, map[string]any{
		"crv absent":            fixture.JWKEdit{"crv": nil}.Apply(ec),
		"crv secp256k1":         fixture.JWKEdit{"crv": "secp256k1", "alg": nil}.Apply(ec),
		"crv of another size":   fixture.JWKEdit{"crv": "P-384", "alg": nil}.Apply(ec),
		"crv P-224":             fixture.JWKEdit{"crv": "P-224", "alg": nil}.Apply(ec),
		"x absent":              fixture.JWKEdit{"x": nil}.Apply(ec),
		"y absent":              fixture.JWKEdit{"y": nil}.Apply(ec),
		"x off the curve":       coordinate("x", func(b []byte) []byte { b[31] ^= 1; return b }),
		"x zero":                fixture.JWKEdit{"x": fixture.B64(strings.Repeat("\x00", 32)), "y": fixture.B64(strings.Repeat("\x00", 32))}.Apply(ec),
		"x cut":                 coordinate("x", func(b []byte) []byte { return b[1:] }),
		"x with a leading zero": coordinate("x", func(b []byte) []byte { return append([]byte{0}, b...) }),
		"P-521 longer":          longX,
	})
}

func TestECDSAKey(t *testing.T) {
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"ECDSA nil":       func() (*jwt.Key, error) { return jwt.ECDSAKey("", nil) },
		"ECDSA zero":      func() (*jwt.Key, error) { return jwt.ECDSAKey("", &ecdsa.PublicKey{}) },
		"ECDSA no point":  func() (*jwt.Key, error) { return jwt.ECDSAKey("", &ecdsa.PublicKey{Curve: elliptic.P256()}) },
		"ECDSA P-224":     func() (*jwt.Key, error) { return jwt.ECDSAKey("", &p224.PublicKey) },
		"ECDSA off curve": func() (*jwt.Key, error) { return jwt.ECDSAKey("", off) },
	})
}

// Pairs of integers that a careless verifier takes for a signature of anything, raw and in ASN.1.
func TestDegenerateSignatures(t *testing.T) {
	key := fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)
	n := elliptic.P256().Params().N
	zero, one := new(big.Int), big.NewInt(1)
	less := new(big.Int).Sub(n, one)
	more := new(big.Int).Add(n, one)
	top := new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	pairs := [][2]*big.Int{{zero, zero}, {zero, one}, {one, zero}, {one, one}, {n, n}, {n, zero}, {zero, n}, {n, one}, {one, n}, {less, less}, {more, one}, {top, top}, {elliptic.P256().Params().P, one}}
	good := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256})
	var forged []string
	for _, p := range pairs {
		raw := append(p[0].FillBytes(make([]byte, 32)), p[1].FillBytes(make([]byte, 32))...)
		der, err := asn1.Marshal(struct{ R, S *big.Int }{p[0], p[1]})
		if err != nil {
			t.Fatal(err)
		}
		forged = append(forged, fixture.WithPart(good, 2, fixture.B64(string(raw))), fixture.WithPart(good, 2, fixture.B64(string(der))))
	}
	fixture.WantRefused(t, fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(t, key) }), good, forged...)
}

// A signature has 64, 96 or 132 bytes and no other form (RFC 7518 section 3.4).
func TestSignatureForms(t *testing.T) {
	good := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256})
	raw := fixture.DecodeB64(t, strings.Split(good, ".")[2])
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])})
	if err != nil {
		t.Fatal(err)
	}
	padded := append(append([]byte{0}, raw[:32]...), append([]byte{0}, raw[32:]...)...)
	var forged []string
	for _, s := range [][]byte{der, raw[:63], raw[1:], append(slices.Clone(raw), 0), append([]byte{0}, raw...), padded, append(slices.Clone(raw), raw...), raw[:32], {0}} {
		forged = append(forged, fixture.WithPart(good, 2, fixture.B64(string(s))))
	}
	fixture.WantRefused(t, fixture.NewVerifier(t), good, forged...)
}
