// This file tests keys from PEM.

package jwt_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

func TestParsePEM(t *testing.T) {
	iss := fixture.Issuer()
	public := fixture.PublicRSA(t, fixture.JWKOf(t, iss, jwt.RS256))
	token := iss.Token(nil)
	for name, text := range map[string][]byte{
		"PKIX":        fixture.PEM("PUBLIC KEY", pkix1(t, public)),
		"PKCS #1":     fixture.PEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public)),
		"certificate": fixture.PEM("CERTIFICATE", fixture.Certificate(t, public)),
		"with text":   append([]byte("Certificate:\n  Data:\n"), fixture.PEM("PUBLIC KEY", pkix1(t, public))...),
	} {
		for _, alg := range []jwt.Algorithm{"", jwt.RS256} {
			keys, err := jwt.ParsePEM(iss.Key(jwt.RS256).KeyID(), alg, text)
			if err != nil || len(keys) != 1 {
				t.Errorf("%s: %d keys, %v", name, len(keys), err)
				continue
			}
			k := keys[0]
			if k.Thumbprint() != iss.Key(jwt.RS256).Thumbprint() || k.Algorithm() != alg {
				t.Errorf("%s: got %v", name, k)
			}
			got, err := fixture.Verify(fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = k }), token)
			fixture.WantAccepted(t, got, err)
		}
	}
	for alg, private := range map[jwt.Algorithm]any{jwt.ES256: fixture.ECKey(t).Public(), jwt.EdDSA: ed25519.NewKeyFromSeed(make([]byte, 32)).Public()} {
		keys, err := jwt.ParsePEM("kid", "", fixture.PEM("PUBLIC KEY", pkix1(t, private)))
		if err != nil || len(keys) != 1 || keys[0].Algorithm() != alg || keys[0].KeyID() != "kid" {
			t.Errorf("%s: got %v, %v", alg, keys, err)
		}
	}

	// Each block is a key, in order; one that is none spoils the text.
	first, second := fixture.PEM("PUBLIC KEY", pkix1(t, fixture.ECKey(t).Public())), fixture.PEM("CERTIFICATE", fixture.Certificate(t, public))
	keys, err := jwt.ParsePEM("", "", slices.Concat([]byte("a\n"), first, []byte("b\n"), second))
	if err != nil || len(keys) != 2 || keys[0].Algorithm() != jwt.ES256 || keys[1].Thumbprint() != iss.Key(jwt.RS256).Thumbprint() {
		t.Errorf("got %v, %v", keys, err)
	}
	if keys, err := jwt.ParsePEM("", "", slices.Concat(first, fixture.PEM("PRIVATE KEY", []byte("x")))); err == nil || keys != nil {
		t.Errorf("got %v, %v", keys, err)
	}
	fixture.WantLimit(t, "blocks", 100, func(n int) error {
		_, err := jwt.ParsePEM("", "", bytes.Repeat(first, n))
		return err
	})
}

// The authority of a certificate signs certificates, and no tokens, wherever it stands in the file. Where
// all certificates are authorities', each was made for its key.
func TestParsePEMChain(t *testing.T) {
	root, leaf := fixture.ECKey(t), fixture.ECKey(t)
	certificate := func(public, signer *ecdsa.PrivateKey, isCA bool, serial int64) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "one name"}, NotAfter: time.Now().Add(time.Hour),
			IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return fixture.PEM("CERTIFICATE", der)
	}
	issued, authority, other := certificate(leaf, root, false, 1), certificate(root, root, true, 2), certificate(leaf, leaf, true, 3)
	for name, c := range map[string]struct {
		text []byte
		keys int
	}{
		"chain":            {slices.Concat(issued, authority), 1},
		"in another order": {slices.Concat(authority, issued), 1},
		"a gap":            {slices.Concat(issued, other, authority), 1},
		"two authorities":  {slices.Concat(authority, other), 2},
		"twice":            {slices.Concat(issued, issued), 1},
		"with its curve":   {slices.Concat(fixture.PEM("EC PARAMETERS", []byte("x")), issued), 1},
	} {
		if keys, err := jwt.ParsePEM("", "", c.text); err != nil || len(keys) != c.keys {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

// onePEM reads the one key of a PEM text.
func onePEM(kid string, alg jwt.Algorithm, data []byte) (*jwt.Key, error) {
	keys, err := jwt.ParsePEM(kid, alg, data)
	if len(keys) == 0 {
		return nil, err
	}
	return keys[0], err
}

func TestPEMRefused(t *testing.T) {
	p256 := fixture.ECKey(t)
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"PEM text":    func() (*jwt.Key, error) { return onePEM("", "", []byte("no PEM")) },
		"PEM unknown": func() (*jwt.Key, error) { return onePEM("", "", fixture.PEM("X", []byte("x"))) },
		"PEM broken":  func() (*jwt.Key, error) { return onePEM("", "", fixture.PEM("PUBLIC KEY", []byte("x"))) },
		"PEM mismatch": func() (*jwt.Key, error) {
			return onePEM("", jwt.ES384, fixture.PEM("PUBLIC KEY", pkix1(t, &p256.PublicKey)))
		},
		"PEM private": func() (*jwt.Key, error) {
			der, _ := x509.MarshalPKCS8PrivateKey(p256)
			return onePEM("", "", fixture.PEM("PRIVATE KEY", der))
		},
	})
}
