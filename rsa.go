// This file verifies RSA signatures: RSASSA-PKCS1-v1_5 and RSASSA-PSS, RFC 7518 sections 3.3 and 3.5.

package jwt

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
)

const (
	minRSABits     = 2048      // RFC 7518 section 3.3; crypto/rsa itself stops at 1024
	maxRSABits     = 8192      // a verification costs the square of the length, and crypto/rsa sets no limit
	minRSAExponent = 3         // 1 would make every message its own signature
	maxRSAExponent = 1<<31 - 1 // crypto/rsa computes with any odd exponent; a larger one has no use and costs time
)

type rsaKey struct{ public *rsa.PublicKey }

// RSAKey returns a key for RS256, RS384, RS512, PS256, PS384 or PS512, or, with an empty alg, one
// that declares no algorithm: see [Key]. The modulus must be odd and have 2048 to 8192 bits, the
// exponent must be odd and from 3 to 2^31-1. kid may be empty.
func RSAKey(kid string, alg Algorithm, public *rsa.PublicKey) (*Key, error) {
	k, err := rsaKeyOf(kid, alg, public)
	return constructed("RSAKey", k, err)
}

func rsaKeyOf(kid string, alg Algorithm, public *rsa.PublicKey) (*Key, error) {
	switch {
	case public == nil || public.N == nil:
		return nil, errors.New("the key is nil")
	case public.N.Sign() <= 0:
		return nil, errors.New("the modulus is zero or negative")
	case alg != "" && alg.kty() != "RSA":
		return nil, fmt.Errorf("alg %s does not fit the key, which is RSA", quoteName(string(alg)))
	case public.N.BitLen() < minRSABits:
		return nil, fmt.Errorf("the modulus has %d bits, the least is %d (RFC 7518 section 3.3)", public.N.BitLen(), minRSABits)
	case public.N.BitLen() > maxRSABits:
		return nil, fmt.Errorf("the modulus is longer than %d bits", maxRSABits)
	case public.N.Bit(0) == 0:
		return nil, errors.New("the modulus is even")
	case public.E < minRSAExponent || public.E&1 == 0 || int64(public.E) > maxRSAExponent:
		return nil, errors.New("the exponent is not odd, or not from 3 to 2^31-1")
	}
	own := &rsa.PublicKey{N: new(big.Int).Set(public.N), E: public.E}
	e, n := base64url(big.NewInt(int64(own.E)).Bytes()), base64url(own.N.Bytes())
	return newKey(kid, "RSA", alg, rsaKey{own}, fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, e, n)), nil
}

func (k rsaKey) verify(alg Algorithm, input, signature []byte) bool {
	digest := alg.digest(input)
	switch alg {
	case RS256, RS384, RS512:
		return rsa.VerifyPKCS1v15(k.public, alg.hash(), digest, signature) == nil
	case PS256, PS384, PS512:
		// The zero SaltLength would accept a salt of any length.
		return rsa.VerifyPSS(k.public, alg.hash(), digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return false
}
