// This file tests keys: every check that one can be given.

package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

type jwk = map[string]any

// jwkOf returns the issuer's published key of an algorithm, to be changed.
func jwkOf(t testing.TB, iss *jwttest.Issuer, alg jwt.Algorithm) jwk {
	t.Helper()
	w := httptest.NewRecorder()
	iss.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/jwks.json", nil))
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		if key["alg"] == string(alg) {
			return key
		}
	}
	t.Fatalf("no %s key in %s", alg, w.Body)
	return nil
}

func parseKey(t testing.TB, key jwk) *jwt.Key {
	t.Helper()
	text, _ := json.Marshal(key)
	k, err := jwt.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// with returns a copy of a key with some members replaced; nil takes them out.
func (j jwkEdit) apply(key jwk) jwk {
	key = maps.Clone(key)
	for name, value := range j {
		if key[name] = value; value == nil {
			delete(key, name)
		}
	}
	return key
}

type jwkEdit map[string]any

// rsaJWK is a JWK of any modulus and exponent, as big-endian bytes.
func rsaJWK(n, e []byte) jwk {
	return jwk{"kty": "RSA", "alg": "RS256", "n": b64(string(n)), "e": b64(string(e))}
}

// bytesOf has the given length in bits, all ones but for the edits of a test.
func bytesOf(bits int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	return n.Sub(n, big.NewInt(1)).Bytes()
}

func TestKeysRefused(t *testing.T) {
	iss := testIssuer()
	rsaKey, ec, ed := jwkOf(t, iss, jwt.RS256), jwkOf(t, iss, jwt.ES256), jwkOf(t, iss, jwt.EdDSA)
	p521 := jwkOf(t, iss, jwt.ES512)
	f4 := []byte{1, 0, 1}
	even := bytesOf(2048)
	even[len(even)-1]--
	coordinate := func(name string, change func([]byte) []byte) jwk {
		text := decode(t, ec[name].(string))
		return jwkEdit{name: b64(string(change(text)))}.apply(ec)
	}
	longX := jwkEdit{"x": b64("\x00" + string(decode(t, p521["x"].(string))))}.apply(p521)
	cert := base64.StdEncoding.EncodeToString(certificateFor(t, &mustRSA(t).PublicKey))
	for name, key := range map[string]any{
		"not an object":           "key",
		"kty absent":              jwkEdit{"kty": nil}.apply(rsaKey),
		"kty unknown":             jwk{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
		"kty in lower case":       jwkEdit{"kty": "rsa"}.apply(rsaKey),
		"kty number":              jwkEdit{"kty": 1}.apply(rsaKey),
		"kid number":              jwkEdit{"kid": 1}.apply(rsaKey),
		"kid empty":               jwkEdit{"kid": ""}.apply(rsaKey),
		"issuer number":           jwkEdit{"issuer": 1}.apply(rsaKey),
		"use enc":                 jwkEdit{"use": "enc"}.apply(rsaKey),
		"use number":              jwkEdit{"use": 1}.apply(rsaKey),
		"use in capitals":         jwkEdit{"use": "SIG"}.apply(rsaKey),
		"key_ops encrypt":         jwkEdit{"key_ops": []string{"encrypt"}}.apply(rsaKey),
		"key_ops sign":            jwkEdit{"key_ops": []string{"sign"}}.apply(rsaKey),
		"key_ops empty":           jwkEdit{"key_ops": []string{}}.apply(rsaKey),
		"key_ops string":          jwkEdit{"key_ops": "verify"}.apply(rsaKey),
		"key_ops of numbers":      jwkEdit{"key_ops": []any{"verify", 1}}.apply(rsaKey),
		"alg of encryption":       jwkEdit{"alg": "RSA-OAEP"}.apply(rsaKey),
		"alg none":                jwkEdit{"alg": "none"}.apply(rsaKey),
		"alg in lower case":       jwkEdit{"alg": "rs256"}.apply(rsaKey),
		"alg of another type":     jwkEdit{"alg": "ES256"}.apply(rsaKey),
		"alg HMAC":                jwkEdit{"alg": "HS256"}.apply(rsaKey),
		"alg of another curve":    jwkEdit{"alg": "ES384"}.apply(ec),
		"alg RSA on a curve":      jwkEdit{"alg": "RS256"}.apply(ec),
		"alg ECDSA on Ed25519":    jwkEdit{"alg": "ES256"}.apply(ed),
		"private RSA":             jwkEdit{"d": "AAAA"}.apply(rsaKey),
		"private RSA primes":      jwkEdit{"p": "AAAA"}.apply(rsaKey),
		"private EC":              jwkEdit{"d": "AAAA"}.apply(ec),
		"private Ed25519":         jwkEdit{"d": "AAAA"}.apply(ed),
		"secret":                  jwk{"kty": "oct", "alg": "HS256", "k": b64(strings.Repeat("k", 32))},
		"n absent":                jwkEdit{"n": nil}.apply(rsaKey),
		"e absent":                jwkEdit{"e": nil}.apply(rsaKey),
		"e number":                jwkEdit{"e": 65537}.apply(rsaKey),
		"n with padding":          jwkEdit{"n": rsaKey["n"].(string) + "="}.apply(rsaKey),
		"n with a line break":     jwkEdit{"n": rsaKey["n"].(string)[:8] + "\n" + rsaKey["n"].(string)[8:]}.apply(rsaKey),
		"n of 512 bits":           rsaJWK(bytesOf(512), f4),
		"n of 1024 bits":          rsaJWK(bytesOf(1024), f4),
		"n of 2047 bits":          rsaJWK(bytesOf(2047), f4),
		"n of 8193 bits":          rsaJWK(bytesOf(8193), f4),
		"n of 32768 bits":         rsaJWK(bytesOf(32768), f4),
		"n even":                  rsaJWK(even, f4),
		"e zero":                  rsaJWK(bytesOf(2048), []byte{0}),
		"e one":                   rsaJWK(bytesOf(2048), []byte{1}),
		"e two":                   rsaJWK(bytesOf(2048), []byte{2}),
		"e even":                  rsaJWK(bytesOf(2048), []byte{1, 0, 0}),
		"e 2^31+1":                rsaJWK(bytesOf(2048), []byte{0x80, 0, 0, 1}),
		"e 2^64+65537":            rsaJWK(bytesOf(2048), []byte{1, 0, 0, 0, 0, 0, 1, 0, 1}),
		"x5c of another key":      jwkEdit{"x5c": []string{cert}}.apply(rsaKey),
		"x5c no certificate":      jwkEdit{"x5c": []string{"AAAA"}}.apply(rsaKey),
		"x5c no base64":           jwkEdit{"x5c": []string{"-"}}.apply(rsaKey),
		"x5c empty":               jwkEdit{"x5c": []string{}}.apply(rsaKey),
		"x5c string":              jwkEdit{"x5c": cert}.apply(rsaKey),
		"crv absent":              jwkEdit{"crv": nil}.apply(ec),
		"crv secp256k1":           jwkEdit{"crv": "secp256k1", "alg": nil}.apply(ec),
		"crv of another size":     jwkEdit{"crv": "P-384", "alg": nil}.apply(ec),
		"crv P-224":               jwkEdit{"crv": "P-224", "alg": nil}.apply(ec),
		"x absent":                jwkEdit{"x": nil}.apply(ec),
		"y absent":                jwkEdit{"y": nil}.apply(ec),
		"x off the curve":         coordinate("x", func(b []byte) []byte { b[31] ^= 1; return b }),
		"x zero":                  jwkEdit{"x": b64(strings.Repeat("\x00", 32)), "y": b64(strings.Repeat("\x00", 32))}.apply(ec),
		"x cut":                   coordinate("x", func(b []byte) []byte { return b[1:] }),
		"x with a leading zero":   coordinate("x", func(b []byte) []byte { return append([]byte{0}, b...) }),
		"P-521 longer":            longX,
		"crv X25519":              jwkEdit{"crv": "X25519", "alg": nil}.apply(ed),
		"crv Ed448":               jwkEdit{"crv": "Ed448", "alg": nil}.apply(ed),
		"Ed25519 of 31 bytes":     jwkEdit{"x": b64(strings.Repeat("k", 31))}.apply(ed),
		"Ed25519 of 33 bytes":     jwkEdit{"x": b64(strings.Repeat("k", 33))}.apply(ed),
		"Ed25519 of zeros":        jwkEdit{"x": b64(strings.Repeat("\x00", 32))}.apply(ed),
		"Ed25519 identity":        jwkEdit{"x": b64("\x01" + strings.Repeat("\x00", 31))}.apply(ed),
		"Ed25519 identity signed": jwkEdit{"x": b64("\x01" + strings.Repeat("\x00", 30) + "\x80")}.apply(ed),
	} {
		t.Run(name, func(t *testing.T) {
			text, _ := json.Marshal(key)
			if kty, _ := key.(jwk); kty["kty"] != "oct" {
				if k, err := jwt.ParseKey(text); err == nil || k != nil {
					t.Errorf("ParseKey took it: %v", k)
				}
			}
			// Beside a good key it is skipped with a reason, and the good one works.
			good := jwkEdit{"kid": "good"}.apply(ec)
			set := parseKeySet(t, key, good)
			if skipped := set.Skipped(); len(skipped) != 1 || skipped[0].Reason == "" || len(set.Keys()) != 1 || set.Keys()[0].KeyID() != "good" {
				t.Errorf("skipped %v, kept %v", skipped, set.Keys())
			}
			v := newVerifier(t, func(c *jwt.Config) { c.Keys = set })
			token, err := verify(v, iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": "good"}}))
			wantAccepted(t, token, err)
			if _, err := jwt.ParseKeySet(keySetJSON(key)); err == nil {
				t.Error("a set of this key alone was accepted")
			}
		})
	}
}

func TestKeysAccepted(t *testing.T) {
	iss := testIssuer()
	rsaKey := jwkOf(t, iss, jwt.RS256)
	own := certificateFor(t, publicRSA(t, rsaKey))
	for name, edit := range map[string]jwkEdit{
		"as it is":           {},
		"kty, n, e alone":    {"kid": nil, "alg": nil, "use": nil},
		"leading zeros":      {"n": b64("\x00" + string(decode(t, rsaKey["n"].(string)))), "e": b64("\x00\x01\x00\x01")},
		"key_ops":            {"key_ops": []string{"sign", "verify"}},
		"unknown members":    {"purpose": "x", "x5t": "y", "nbf": 1, "nested": jwk{"kty": 1}},
		"members of others":  {"crv": nil, "x": 1, "y": "", "k": []int{1}},
		"its certificate":    {"x5c": []string{base64.StdEncoding.EncodeToString(own), "AAAA"}},
		"private under name": {"private": "no member of a JWK"},
	} {
		key := edit.apply(rsaKey)
		for source, keys := range map[string]jwt.KeySource{"key": parseKey(t, key), "set": parseKeySet(t, key)} {
			v := newVerifier(t, func(c *jwt.Config) { c.Keys = keys })
			token, err := verify(v, iss.Mint(jwttest.Spec{Header: map[string]any{"kid": key["kid"]}}))
			if err != nil || token == nil {
				t.Errorf("%s in a %s: %v", name, source, err)
			}
		}
	}
	for _, bits := range []int{2048, 8192} {
		parseKey(t, rsaJWK(bytesOf(bits), []byte{3}))
	}
	parseKey(t, rsaJWK(bytesOf(2048), []byte{0x7f, 0xff, 0xff, 0xff}))
}

func TestSingleKeyAsSource(t *testing.T) {
	iss := testIssuer()
	named := iss.Key(jwt.RS256)
	bare := parseKey(t, jwkEdit{"kid": nil}.apply(jwkOf(t, iss, jwt.RS256)))
	for _, c := range []struct {
		key *jwt.Key
		kid any
		ok  bool
	}{
		{named, named.KeyID(), true}, {named, nil, true}, {named, "other", false},
		{bare, "any", true}, {bare, nil, true},
	} {
		v := newVerifier(t, func(config *jwt.Config) { config.Keys = c.key })
		_, err := verify(v, iss.Mint(jwttest.Spec{Header: map[string]any{"kid": c.kid}}))
		if (err == nil) != c.ok {
			t.Errorf("key %v, kid %v: %v", c.key, c.kid, err)
		}
	}
}

func TestConstructors(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public := mustRSA(t).PublicKey
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}
	for name, try := range map[string]func() (*jwt.Key, error){
		"RSA nil":  func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, nil) },
		"RSA zero": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, &rsa.PublicKey{}) },
		"RSA 1024": func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.RS256, &small.PublicKey) },
		"RSA 8193": func() (*jwt.Key, error) {
			return jwt.RSAKey("", jwt.RS256, &rsa.PublicKey{N: new(big.Int).SetBytes(bytesOf(8193)), E: 65537})
		},
		"RSA as ES256":    func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.ES256, &public) },
		"RSA as HS256":    func() (*jwt.Key, error) { return jwt.RSAKey("", jwt.HS256, &public) },
		"RSA as none":     func() (*jwt.Key, error) { return jwt.RSAKey("", "none", &public) },
		"ECDSA nil":       func() (*jwt.Key, error) { return jwt.ECDSAKey("", nil) },
		"ECDSA zero":      func() (*jwt.Key, error) { return jwt.ECDSAKey("", &ecdsa.PublicKey{}) },
		"ECDSA no point":  func() (*jwt.Key, error) { return jwt.ECDSAKey("", &ecdsa.PublicKey{Curve: elliptic.P256()}) },
		"ECDSA P-224":     func() (*jwt.Key, error) { return jwt.ECDSAKey("", &p224.PublicKey) },
		"ECDSA off curve": func() (*jwt.Key, error) { return jwt.ECDSAKey("", off) },
		"Ed25519 nil":     func() (*jwt.Key, error) { return jwt.Ed25519Key("", nil) },
		"Ed25519 short":   func() (*jwt.Key, error) { return jwt.Ed25519Key("", make([]byte, 31)) },
		"HMAC short":      func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS256, make([]byte, 31)) },
		"HMAC 384 short":  func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS384, make([]byte, 47)) },
		"HMAC 512 short":  func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS512, make([]byte, 63)) },
		"HMAC empty":      func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.HS256, nil) },
		"HMAC as RS256":   func() (*jwt.Key, error) { return jwt.HMACKey("", jwt.RS256, make([]byte, 64)) },
		"HMAC as nothing": func() (*jwt.Key, error) { return jwt.HMACKey("", "", make([]byte, 64)) },
		"JWK text":        func() (*jwt.Key, error) { return jwt.ParseKey([]byte("no JSON")) },
		"JWK twice":       func() (*jwt.Key, error) { return jwt.ParseKey([]byte(`{"kty":"oct"}{}`)) },
		"JWK secret":      func() (*jwt.Key, error) { return jwt.ParseKey([]byte(`{"kty":"oct","alg":"HS256","k":"AAAA"}`)) },
		"JWK undeclared": func() (*jwt.Key, error) {
			return jwt.ParseKey([]byte(`{"kty":"oct","k":"` + strings.Repeat("A", 88) + `"}`))
		},
		"PEM text":    func() (*jwt.Key, error) { return onePEM("", "", []byte("no PEM")) },
		"PEM unknown": func() (*jwt.Key, error) { return onePEM("", "", pemOf("X", []byte("x"))) },
		"PEM broken":  func() (*jwt.Key, error) { return onePEM("", "", pemOf("PUBLIC KEY", []byte("x"))) },
		"PEM mismatch": func() (*jwt.Key, error) {
			return onePEM("", jwt.ES384, pemOf("PUBLIC KEY", pkix1(t, &p256.PublicKey)))
		},
		"PEM private": func() (*jwt.Key, error) {
			der, _ := x509.MarshalPKCS8PrivateKey(p256)
			return onePEM("", "", pemOf("PRIVATE KEY", der))
		},
	} {
		if k, err := try(); err == nil || k != nil || !strings.HasPrefix(err.Error(), "jwt: ") {
			t.Errorf("%s: got %v, %v", name, k, err)
		}
	}
	for alg, size := range map[jwt.Algorithm]int{jwt.HS256: 32, jwt.HS384: 48, jwt.HS512: 64} {
		if _, err := jwt.HMACKey("", alg, make([]byte, size)); err != nil {
			t.Errorf("%s with %d bytes: %v", alg, size, err)
		}
	}
	if k, err := jwt.ParseKey([]byte(`{"kty":"oct","alg":"HS256","k":"` + strings.Repeat("A", 88) + `"}`)); err != nil || k.Algorithm() != jwt.HS256 {
		t.Errorf("a secret of one's own: %v", err)
	}
}

// No verb shows a secret, and none shows more than what names the key.
func TestKeyFormat(t *testing.T) {
	secret := []byte("a secret of at least thirty-two bytes")
	k, err := jwt.HMACKey("id", jwt.HS256, secret)
	if err != nil {
		t.Fatal(err)
	}
	set, _ := jwt.NewKeySet(k)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{k, set, []*jwt.Key{k}} {
			text := fmt.Sprintf(verb, value)
			if strings.Contains(text, string(secret[:8])) || strings.Contains(text, fmt.Sprintf("%x", secret[:8])) || strings.Contains(text, "115 101 99 114") {
				t.Errorf("%s shows the secret: %s", verb, text)
			}
		}
	}
	if got := fmt.Sprintf("%v", k); got != `jwt.Key(kid="id" kty=oct alg=HS256)` {
		t.Errorf("got %s", got)
	}
	if k.Thumbprint() != "" {
		t.Error("a secret has a thumbprint")
	}
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func publicRSA(t testing.TB, key jwk) *rsa.PublicKey {
	t.Helper()
	e := new(big.Int).SetBytes(decode(t, key["e"].(string)))
	return &rsa.PublicKey{N: new(big.Int).SetBytes(decode(t, key["n"].(string))), E: int(e.Int64())}
}

func mustRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustEC(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkix1(t testing.TB, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// certificateFor certifies a key, signed by nobody in particular.
func certificateFor(t testing.TB, public any) []byte {
	t.Helper()
	return certificateWith(t, public, func(*x509.Certificate) {})
}

func certificateWith(t testing.TB, public any, change func(*x509.Certificate)) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, mustEC(t))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// publicForms are the forms in which attackers use a public key as a secret.
func publicForms(t testing.TB, iss *jwttest.Issuer) map[string][]byte {
	t.Helper()
	key := jwkOf(t, iss, jwt.RS256)
	public := publicRSA(t, key)
	text, _ := json.Marshal(key)
	spki := pkix1(t, public)
	return map[string][]byte{
		"PEM":             pemOf("PUBLIC KEY", spki),
		"PEM without end": []byte(strings.TrimSpace(string(pemOf("PUBLIC KEY", spki)))),
		"PEM with space":  append([]byte("\n  "), pemOf("PUBLIC KEY", spki)...),
		"PEM of PKCS #1":  pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public)),
		"PEM certificate": pemOf("CERTIFICATE", certificateFor(t, public)),
		"SPKI":            spki,
		"PKCS #1":         x509.MarshalPKCS1PublicKey(public),
		"certificate":     certificateFor(t, public),
		"base64 of SPKI":  []byte(base64.StdEncoding.EncodeToString(spki)),
		"JWK":             text,
		"modulus":         public.N.Bytes(),
		"OpenSSH":         []byte("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ test"),
	}
}
