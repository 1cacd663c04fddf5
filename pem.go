// This file reads keys from PEM (RFC 7468).

package jwt

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// ParsePEM reads a public key (PKIX or PKCS #1) or the public key of a certificate from PEM text.
// Of a certificate chain the first certificate counts; neither its chain nor its dates are checked,
// the file is trusted as it stands. kid may be empty, and alg too: see [Key].
func ParsePEM(kid string, alg Algorithm, data []byte) (*Key, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("jwt: ParsePEM: no PEM block")
	}
	var public any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			public = certificate.PublicKey
		}
	default:
		return nil, fmt.Errorf("jwt: ParsePEM: block type %s is neither a public key nor a certificate", word(block.Type))
	}
	if err != nil {
		return nil, fmt.Errorf("jwt: ParsePEM: %w", err)
	}
	k, err := publicKey(kid, alg, public)
	if err != nil {
		return nil, fmt.Errorf("jwt: ParsePEM: %w", err)
	}
	return k, nil
}
