// This file verifies HMAC tags: RFC 7518 section 3.2.

package jwt

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// hmacKey holds its secret in a closure, where no formatting verb reaches it.
type hmacKey struct{ tag func(input []byte) []byte }

// HMACKey returns a key for HS256, HS384 or HS512. The secret must be at least as long as the hash
// (32, 48 or 64 bytes; RFC 7518 section 3.2). It must not be a public key as PEM, DER, SSH or JWK:
// attackers have that too. kid may be empty.
func HMACKey(kid string, alg Algorithm, secret []byte) (*Key, error) {
	k, err := hmacKeyOf(kid, alg, secret)
	return constructed("HMACKey", k, err)
}

func hmacKeyOf(kid string, alg Algorithm, secret []byte) (*Key, error) {
	if alg.kty() != "oct" {
		return nil, fmt.Errorf("alg %s is not HS256, HS384 or HS512", quoteName(string(alg)))
	}
	if size := alg.hash().Size(); len(secret) < size {
		return nil, fmt.Errorf("the secret has %d bytes, %s needs at least %d", len(secret), alg, size)
	}
	if isPublicKey(secret) {
		return nil, errors.New("the secret is a public key or a certificate, or a file of keys")
	}
	own := bytes.Clone(secret)
	// A state is keyed once and lent to one call after the other: Reset brings it back to its key.
	states := sync.Pool{New: func() any { return hmac.New(alg.hash().New, own) }}
	return newKey(kid, "oct", alg, hmacKey{func(input []byte) []byte {
		state := states.Get().(hash.Hash)
		defer states.Put(state)
		state.Reset()
		state.Write(input)
		return state.Sum(nil)
	}}, ""), nil
}

// sameSecret compares two secrets for one algorithm, in constant time.
func sameSecret(a, b primitive) bool { return hmac.Equal(a.(hmacKey).tag(nil), b.(hmacKey).tag(nil)) }

func (k hmacKey) verify(_ Algorithm, input, signature []byte) bool {
	return hmac.Equal(k.tag(input), signature)
}
