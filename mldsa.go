//go:build go1.27

// This file verifies ML-DSA signatures: RFC 9964, with the standard library's crypto/mldsa.

package jwt

import (
	"crypto/mldsa"
	"errors"
	"fmt"
)

type mldsaKey struct{ public *mldsa.PublicKey }

var mldsaParameters = map[Algorithm]func() mldsa.Parameters{MLDSA44: mldsa.MLDSA44, MLDSA65: mldsa.MLDSA65, MLDSA87: mldsa.MLDSA87}

func init() {
	mldsaKeyOf = newMLDSAKey
	for alg := range mldsaParameters {
		needs := algorithms[alg]
		needs.kty = "AKP"
		algorithms[alg] = needs
	}
}

// newMLDSAKey checks that the key has the size of its algorithm (FIPS 204 section 4).
func newMLDSAKey(kid string, alg Algorithm, public []byte) (*Key, error) {
	own, err := mldsa.NewPublicKey(mldsaParameters[alg](), public)
	if err != nil {
		return nil, errors.New("pub is not a public key of " + string(alg))
	}
	members := fmt.Sprintf(`{"alg":"%s","kty":"AKP","pub":"%s"}`, alg, base64url(public))
	return newKey(kid, "AKP", alg, mldsaKey{own}, members), nil
}

// verify uses the empty context, as RFC 9964 section 5 asks.
func (k mldsaKey) verify(_ Algorithm, input, signature []byte) bool {
	return mldsa.Verify(k.public, input, signature, nil) == nil
}
