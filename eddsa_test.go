// This file tests Ed25519 keys.

package jwt_test

import (
	"crypto/ed25519"
	"testing"

	"assay.example/jwt"
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
