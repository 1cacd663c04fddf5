// This file verifies ECDSA signatures: RFC 7518 section 3.4. A JWS carries the two integers as bytes
// of fixed length; crypto/ecdsa takes them in ASN.1.

package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strconv"
)

// curves are those of RFC 7518 section 6.2.1.1 by their names, each with its one algorithm.
var curves = map[string]struct {
	curve elliptic.Curve
	alg   Algorithm
}{"P-256": {elliptic.P256(), ES256}, "P-384": {elliptic.P384(), ES384}, "P-521": {elliptic.P521(), ES512}}

type ecdsaKey struct {
	public *ecdsa.PublicKey
	size   int // of one coordinate or integer, in bytes
}

// ECDSAKey returns a key for ES256, ES384 or ES512, as its curve is P-256, P-384 or P-521. kid may be empty.
func ECDSAKey(kid string, public *ecdsa.PublicKey) (*Key, error) {
	k, err := ecdsaKeyOf(kid, public)
	return constructed("ECDSAKey", k, err)
}

func ecdsaKeyOf(kid string, public *ecdsa.PublicKey) (*Key, error) {
	if public == nil || public.Curve == nil || public.X == nil || public.Y == nil {
		return nil, errors.New("the key is nil")
	}
	crv := public.Curve.Params().Name
	alg := curves[crv].alg
	if alg == "" || public.Curve != curves[crv].curve {
		return nil, fmt.Errorf("curve %s is not supported", quote(crv))
	}
	point, err := public.Bytes() // checks that the point is on the curve
	if err != nil {
		return nil, errors.New("the point is not on its curve")
	}
	own, err := ecdsa.ParseUncompressedPublicKey(public.Curve, point)
	if err != nil {
		return nil, errors.New("the point is not on its curve")
	}
	size := coordinateSize(public.Curve)
	x, y := base64url(point[1:1+size]), base64url(point[1+size:])
	members := fmt.Sprintf(`{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, crv, x, y)
	return newKey(kid, "EC", alg, ecdsaKey{own, size}, members), nil
}

func coordinateSize(curve elliptic.Curve) int { return (curve.Params().BitSize + 7) / 8 }

func (k ecdsaKey) verify(alg Algorithm, input, signature []byte) bool {
	if len(signature) != 2*k.size {
		return false
	}
	// SEQUENCE { INTEGER r, INTEGER s }: with P-521 its length takes two bytes.
	const most = 2 * (3 + 66) // two integers of P-521
	integers := appendInteger(make([]byte, 0, most), signature[:k.size])
	integers = appendInteger(integers, signature[k.size:])
	der := append(make([]byte, 0, 3+most), 0x30)
	if len(integers) >= 0x80 {
		der = append(der, 0x81)
	}
	der = append(append(der, byte(len(integers))), integers...)
	return ecdsa.VerifyASN1(k.public, alg.digest(input), der)
}

// derHint says that a signature is in ASN.1 DER, where a JWS has two integers; empty if it is not.
func derHint(signature []byte) string {
	var integers struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(signature, &integers); err != nil || len(rest) > 0 {
		return ""
	}
	return "it is DER of " + strconv.Itoa(len(signature)) + " bytes, as X.509 has it: a JWS has two integers of fixed length (RFC 7518 section 3.4)"
}

// appendInteger appends the ASN.1 INTEGER of an unsigned big-endian number.
func appendInteger(dst, n []byte) []byte {
	n = bytes.TrimLeft(n, "\x00")
	if len(n) == 0 || n[0] >= 0x80 {
		dst = append(dst, 0x02, byte(len(n)+1), 0)
	} else {
		dst = append(dst, 0x02, byte(len(n)))
	}
	return append(dst, n...)
}
