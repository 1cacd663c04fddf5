// This file names the signature algorithms, and says what each of them needs.

package jwt

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
)

// An Algorithm is the name of a signature algorithm: RFC 7518 section 3.1, RFC 8037 section 3.1 and
// RFC 9864 and RFC 9964. There is no value for "none"; tokens and keys with another name are refused.
type Algorithm string

// The algorithms that this package verifies.
const (
	RS256, RS384, RS512 Algorithm = "RS256", "RS384", "RS512" // RSASSA-PKCS1-v1_5
	PS256, PS384, PS512 Algorithm = "PS256", "PS384", "PS512" // RSASSA-PSS
	ES256, ES384, ES512 Algorithm = "ES256", "ES384", "ES512" // ECDSA with P-256, P-384, P-521
	HS256, HS384, HS512 Algorithm = "HS256", "HS384", "HS512" // HMAC

	EdDSA   Algorithm = "EdDSA"     // RFC 8037, with Ed25519 keys alone
	Ed25519 Algorithm = "Ed25519"   // RFC 9864: the same algorithm under its own name
	MLDSA44 Algorithm = "ML-DSA-44" // RFC 9964, from Go 1.27 on
	MLDSA65 Algorithm = "ML-DSA-65" // RFC 9964, from Go 1.27 on
	MLDSA87 Algorithm = "ML-DSA-87" // RFC 9964, from Go 1.27 on
)

// algorithms holds what each needs: the type of key (RFC 7518 section 6.1), and a hash if the signing input is
// hashed before crypto/* gets it. mldsa.go adds its own.
var algorithms = map[Algorithm]struct {
	kty  string
	hash crypto.Hash
}{
	RS256: {"RSA", crypto.SHA256}, RS384: {"RSA", crypto.SHA384}, RS512: {"RSA", crypto.SHA512},
	PS256: {"RSA", crypto.SHA256}, PS384: {"RSA", crypto.SHA384}, PS512: {"RSA", crypto.SHA512},
	ES256: {"EC", crypto.SHA256}, ES384: {"EC", crypto.SHA384}, ES512: {"EC", crypto.SHA512},
	HS256: {"oct", crypto.SHA256}, HS384: {"oct", crypto.SHA384}, HS512: {"oct", crypto.SHA512},
	EdDSA: {kty: "OKP"}, Ed25519: {kty: "OKP"},
}

// kty is the key type that the algorithm needs; empty if there is no such algorithm.
func (a Algorithm) kty() string { return algorithms[a].kty }

func (a Algorithm) hash() crypto.Hash { return algorithms[a].hash }

// digest hashes the signing input.
func (a Algorithm) digest(input []byte) []byte {
	switch a.hash() {
	case crypto.SHA256:
		sum := sha256.Sum256(input)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(input)
		return sum[:]
	}
	sum := sha512.Sum512(input)
	return sum[:]
}

// sameAs compares algorithms. EdDSA and Ed25519 are two names of one.
func (a Algorithm) sameAs(b Algorithm) bool {
	return a == b || a.kty() == "OKP" && b.kty() == "OKP"
}
