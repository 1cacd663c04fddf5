// This file lists every internal seam that tests use.

package jwttest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
)

// Secrets returns whatever of an issuer nobody else may know, as bytes.
func Secrets(i *Issuer) (all [][]byte) {
	all = append(all, i.secret())
	for _, s := range append(i.current.keys(), contextKey()) {
		switch private := s.key().(type) {
		case *rsa.PrivateKey:
			all = append(all, private.D.Bytes(), private.Primes[0].Bytes(), private.Primes[1].Bytes())
		case *ecdsa.PrivateKey:
			all = append(all, must(private.Bytes()))
		case ed25519.PrivateKey:
			all = append(all, private.Seed())
		}
	}
	return all
}
