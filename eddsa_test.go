// This file tests Ed25519 keys.

package jwt_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// Every listed encoding is of a point of small order: under it, the signature (R, 0) holds for some
// messages and R of the list. Of a key that is made rightly nobody knows such a signature.
func TestSmallOrderKeys(t *testing.T) {
	var points [][]byte
	for _, point := range jwt.SmallOrder() {
		for _, sign := range []byte{0, 0x80} {
			p := append([]byte(nil), point[:]...)
			p[31] |= sign
			points = append(points, p)
		}
	}
	if len(points) != 14 {
		t.Fatalf("got %d encodings", len(points))
	}
	for _, public := range points {
		if k, err := jwt.Ed25519Key("", public); err == nil || k != nil {
			t.Errorf("%x was accepted", public)
		}
		holds := false
		for message := byte(0); message < 64; message++ { // which R it is depends on the message
			for _, r := range points {
				holds = holds || ed25519.Verify(public, []byte{message}, append(append([]byte(nil), r...), make([]byte, 32)...))
			}
		}
		if !holds {
			t.Errorf("%x is listed and not of small order", public)
		}
	}
}

func TestEd25519KeysRefused(t *testing.T) {
	ed := fixture.JWKOf(t, fixture.Issuer(), jwt.EdDSA)
	wantKeysRefused(t, map[string]any{
		"crv X25519":              fixture.JWKEdit{"crv": "X25519", "alg": nil}.Apply(ed),
		"crv Ed448":               fixture.JWKEdit{"crv": "Ed448", "alg": nil}.Apply(ed),
		"Ed25519 of 31 bytes":     fixture.JWKEdit{"x": fixture.B64(strings.Repeat("k", 31))}.Apply(ed),
		"Ed25519 of 33 bytes":     fixture.JWKEdit{"x": fixture.B64(strings.Repeat("k", 33))}.Apply(ed),
		"Ed25519 of zeros":        fixture.JWKEdit{"x": fixture.B64(strings.Repeat("\x00", 32))}.Apply(ed),
		"Ed25519 identity":        fixture.JWKEdit{"x": fixture.B64("\x01" + strings.Repeat("\x00", 31))}.Apply(ed),
		"Ed25519 identity signed": fixture.JWKEdit{"x": fixture.B64("\x01" + strings.Repeat("\x00", 30) + "\x80")}.Apply(ed),
	})
}

func TestEd25519Key(t *testing.T) {
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"Ed25519 nil":   func() (*jwt.Key, error) { return jwt.Ed25519Key("", nil) },
		"Ed25519 short": func() (*jwt.Key, error) { return jwt.Ed25519Key("", make([]byte, 31)) },
	})
}
