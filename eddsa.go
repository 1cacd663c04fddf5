// This file verifies Ed25519 signatures: RFC 8037 section 3.1, under the names EdDSA and Ed25519 (RFC 9864).

package jwt

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
)

type ed25519Key struct{ public ed25519.PublicKey }

// smallOrder lists the encodings of the points of small order on edwards25519, canonical or not,
// without their sign bit. Under such a key, signatures exist that hold for many messages.
var smallOrder = [...][32]byte{
	{},
	{0: 0x01},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	nearPrime(0xec), nearPrime(0xed), nearPrime(0xee),
}

// nearPrime is 2^255 - 19 and its neighbours, by their lowest byte.
func nearPrime(lowest byte) (encoding [32]byte) {
	for i := range encoding {
		encoding[i] = 0xff
	}
	encoding[0], encoding[31] = lowest, 0x7f
	return encoding
}

// Ed25519Key returns a key for EdDSA and Ed25519, which are two names of one algorithm. The key
// must have 32 bytes and not be of small order. kid may be empty.
func Ed25519Key(kid string, public ed25519.PublicKey) (*Key, error) {
	k, err := ed25519KeyOf(kid, public)
	return constructed("Ed25519Key", k, err)
}

func ed25519KeyOf(kid string, public ed25519.PublicKey) (*Key, error) {
	if len(public) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the key has %d bytes, not %d", len(public), ed25519.PublicKeySize)
	}
	own := bytes.Clone(public)
	masked := [32]byte(own)
	masked[31] &= 0x7f
	if slices.Contains(smallOrder[:], masked) {
		return nil, errors.New("the key is of small order")
	}
	return newKey(kid, "OKP", EdDSA, ed25519Key{own}, `{"crv":"Ed25519","kty":"OKP","x":"`+base64url(own)+`"}`), nil
}

func (k ed25519Key) verify(_ Algorithm, input, signature []byte) bool {
	return ed25519.Verify(k.public, input, signature)
}
