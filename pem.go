// This file reads public keys in the forms of other standards than JOSE: PEM (RFC 7468), certificates
// (RFC 5280), keys of crypto/*. It also recognises them where a secret is wanted.

package jwt

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
)

// ParsePEM reads the public keys (PKIX or PKCS #1) and the public keys of certificates that stand in a
// PEM text, at most 100 blocks; a key that stands there twice counts once. Where one certificate is no
// authority's, those that are authorities' (RFC 5280 section 4.2.1.9) are its chain, and no keys of
// tokens. Neither chain nor dates are checked: the file is trusted as it stands. A block of another type
// is an error. kid may be empty, and alg too: see [Key].
func ParsePEM(kid string, alg Algorithm, data []byte) ([]*Key, error) {
	keys, err := parsePEM(kid, alg, data)
	if err != nil {
		return nil, fmt.Errorf("jwt: ParsePEM: %w", err)
	}
	return keys, nil
}

func parsePEM(kid string, alg Algorithm, data []byte) (keys []*Key, err error) {
	if len(data) > maxKeySetSize {
		return nil, errors.New(sizeDetail("the text", len(data), maxKeySetSize))
	}
	var publics, authorities []any
	leaves := 0 // certificates that are no authority's
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var public any
		var certificate *x509.Certificate
		switch block.Type {
		case "PUBLIC KEY":
			public, err = x509.ParsePKIXPublicKey(block.Bytes)
		case "RSA PUBLIC KEY":
			public, err = x509.ParsePKCS1PublicKey(block.Bytes)
		case "CERTIFICATE":
			if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
				public = certificate.PublicKey
			}
		case "EC PARAMETERS": // openssl writes the curve beside a key
			continue
		default:
			err = fmt.Errorf("block type %s is neither a public key nor a certificate", quoteName(block.Type))
		}
		switch {
		case err != nil:
			return nil, err
		case len(publics)+len(authorities) == maxKeys:
			return nil, fmt.Errorf("more than %d keys", maxKeys)
		case certificate != nil && certificate.IsCA:
			authorities = append(authorities, public)
			continue
		case certificate != nil:
			leaves++
		}
		publics = append(publics, public)
	}
	if leaves == 0 { // people make a certificate for one key that way, too
		publics = append(publics, authorities...)
	}
	for _, public := range publics {
		k, err := publicKey(kid, alg, public)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(keys, k.same) {
			keys = append(keys, k)
		}
	}
	if keys == nil {
		return nil, errors.New("no PEM block")
	}
	return keys, nil
}

// certifiedKey returns the public key of a certificate (RFC 5280 section 4.1). Nothing else in it
// counts here, and crypto/x509 takes thirty times the size of a hostile one to read its extensions.
func certifiedKey(der []byte) (any, error) {
	var certificate struct {
		Body struct {
			Version                                                  int `asn1:"optional,explicit,default:0,tag:0"`
			Serial, Algorithm, Issuer, Validity, Subject, SubjectKey asn1.RawValue
		}
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &certificate); err != nil || len(rest) > 0 {
		return nil, errors.New("not a certificate")
	}
	return x509.ParsePKIXPublicKey(certificate.Body.SubjectKey.FullBytes)
}

// publicKey picks the constructor by type. alg may be empty.
func publicKey(kid string, alg Algorithm, public any) (k *Key, err error) {
	switch public := public.(type) {
	case *rsa.PublicKey:
		k, err = rsaKeyOf(kid, alg, public)
	case *ecdsa.PublicKey:
		k, err = ecdsaKeyOf(kid, public)
	case ed25519.PublicKey:
		k, err = ed25519KeyOf(kid, public)
	default:
		return nil, fmt.Errorf("a %T cannot verify tokens", public)
	}
	if err == nil && alg != "" && !k.alg.sameAs(alg) {
		return nil, fmt.Errorf("alg %s does not fit the key, which is %s", quoteName(string(alg)), k.alg)
	}
	return k, err
}

// isPublicKey recognises the forms in which a public key is handed out.
func isPublicKey(secret []byte) bool {
	if bytes.Contains(secret, []byte("-----BEGIN ")) || bytes.HasPrefix(bytes.TrimSpace(secret), []byte("ssh-")) {
		return true
	}
	if text := bytes.TrimSpace(secret); len(text) > 0 && text[0] == '{' && bytes.Contains(text, []byte(`"kty"`)) {
		return true
	}
	for _, der := range [][]byte{secret, unarmoured(secret)} {
		if _, err := x509.ParsePKIXPublicKey(der); err == nil {
			return true
		}
		if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
			return true
		}
		if _, err := x509.ParseCertificate(der); err == nil {
			return true
		}
	}
	return false
}

// unarmoured decodes what stands between the lines of a PEM file.
func unarmoured(secret []byte) []byte {
	der, _ := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(secret)))
	return der
}

// certifiedBy holds a key against its certificate, the first of x5c (RFC 7517 section 4.7).
func (k *Key) certifiedBy(x5c string) error {
	der, err := base64.StdEncoding.DecodeString(x5c)
	if err != nil {
		return errors.New("x5c is not base64")
	}
	public, err := certifiedKey(der)
	if err != nil {
		return errors.New("x5c is not a certificate")
	}
	certified, err := publicKey("", "", public)
	if err != nil || certified.thumbprint != k.thumbprint {
		return errors.New("x5c certifies another key")
	}
	return nil
}
