// This file tests keys and key sets: every check that a key can be given, and the choice of the one
// key that a token means.

package jwt_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
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
	"slices"
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

func keySetJSON(keys ...any) []byte {
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return text
}

func parseKeySet(t testing.TB, keys ...any) *jwt.KeySet {
	t.Helper()
	set, err := jwt.ParseKeySet(keySetJSON(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return set
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

func TestKeySetDocuments(t *testing.T) {
	key, _ := json.Marshal(jwkOf(t, testIssuer(), jwt.ES256))
	many := func(n int) string {
		return `{"keys":[` + strings.Repeat(`{"kty":"x"},`, n-1) + string(key) + `]}`
	}
	for name, text := range map[string]string{
		"empty":             ``,
		"HTML":              `<html>`,
		"array":             `[]`,
		"one key":           string(key),
		"keys absent":       `{}`,
		"keys in capitals":  `{"KEYS":[` + string(key) + `]}`,
		"keys object":       `{"keys":{}}`,
		"keys null":         `{"keys":null}`,
		"no keys":           `{"keys":[]}`,
		"truncated":         `{"keys":[` + string(key),
		"two documents":     `{"keys":[` + string(key) + `]}{}`,
		"keys twice":        `{"keys":[` + string(key) + `],"keys":[]}`,
		"a member twice":    `{"keys":[{"kty":"RSA","kty":"EC"},` + string(key) + `]}`,
		"not UTF-8":         `{"x":"` + "\xff" + `","keys":[` + string(key) + `]}`,
		"101 keys":          many(101),
		"over 512 KiB":      `{"keys":[` + string(key) + `],"x":"` + strings.Repeat("x", 512<<10) + `"}`,
		"too deep":          `{"keys":[` + string(key) + `],"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
		"more than an only": `{"keys":[` + string(key) + `]} x`,
	} {
		if set, err := jwt.ParseKeySet([]byte(text)); err == nil || set != nil || !strings.HasPrefix(err.Error(), "jwt: ParseKeySet: ") {
			t.Errorf("%s: got %v, %v", name, set, err)
		}
	}
	set, err := jwt.ParseKeySet([]byte(many(100)))
	if err != nil || len(set.Keys()) != 1 || len(set.Skipped()) != 99 {
		t.Errorf("100 keys: %v", err)
	}
}

func TestKeyOfKid(t *testing.T) {
	iss := testIssuer()
	rs, rs512, ps, es := jwkOf(t, iss, jwt.RS256), jwkOf(t, iss, jwt.RS512), jwkOf(t, iss, jwt.PS256), jwkOf(t, iss, jwt.ES256)
	other := jwkOf(t, otherIssuer(), jwt.RS256)
	as := func(key jwk, kid any) jwk { return jwkEdit{"kid": kid}.apply(key) }
	mint := func(alg jwt.Algorithm, kid any) string {
		return iss.Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": kid}})
	}
	for _, c := range []struct {
		name   string
		keys   []any
		token  string
		reason jwt.Reason
	}{
		{"one kid, two types", []any{as(rs, "a"), as(es, "a")}, mint(jwt.ES256, "a"), ""},
		{"one kid, three algorithms", []any{as(rs, "a"), as(ps, "a"), as(rs512, "a")}, mint(jwt.PS256, "a"), ""},
		{"two keys, one kid and algorithm", []any{as(rs, "a"), as(other, "a")}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"the same key twice", []any{as(rs, "a"), as(rs, "a")}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"a broken twin", []any{as(rs, "a"), jwkEdit{"n": "AAAA"}.apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"an undeclared twin", []any{as(rs, "a"), jwkEdit{"alg": nil}.apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"a twin of another kid", []any{as(rs, "a"), as(other, "b")}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin", []any{as(rs, "a"), jwkEdit{"use": "enc", "alg": nil}.apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin on a curve", []any{as(es, "a"), jwkEdit{"use": "enc", "alg": nil}.apply(as(jwkOf(t, otherIssuer(), jwt.ES256), "a"))}, mint(jwt.ES256, "a"), ""},
		{"two encryption twins", []any{as(rs, "a"), jwkEdit{"use": "enc", "alg": "RSA-OAEP"}.apply(as(other, "a")), jwkEdit{"use": "enc", "alg": "RSA-OAEP"}.apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an RSA-OAEP twin", []any{as(rs, "a"), jwkEdit{"use": "enc", "alg": "RSA-OAEP"}.apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"a kid that is not usable", []any{es, jwkEdit{"use": "enc"}.apply(as(rs, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyUnknown},
		{"a key without kid is not the kid's", []any{as(rs, nil)}, mint(jwt.RS256, "a"), jwt.ReasonKeyUnknown},
		{"no kid, one fits", []any{rs, es}, mint(jwt.ES256, nil), ""},
		{"no kid, none fits", []any{es}, mint(jwt.RS256, nil), jwt.ReasonKeyUnknown},
		{"no kid, two fit", []any{as(rs, "a"), as(other, "b")}, mint(jwt.RS256, nil), jwt.ReasonKeyAmbiguous},
		{"no kid, a poisoned one fits", []any{as(rs, "a"), jwkEdit{"n": "AAAA"}.apply(as(other, "a"))}, mint(jwt.RS256, nil), jwt.ReasonKeyAmbiguous},
	} {
		v := newVerifier(t, func(config *jwt.Config) { config.Keys = parseKeySet(t, c.keys...) })
		token, err := verify(v, c.token)
		if reasonOf(err) != c.reason || (token == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.reason)
		}
		if c.name == "no kid, two fit" && !strings.Contains(err.Error(), "2 of the set") {
			t.Errorf("it does not say how many could: %v", err)
		}
	}
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

func TestNewKeySet(t *testing.T) {
	iss := testIssuer()
	a, b := iss.Key(jwt.RS256), otherIssuer().Key(jwt.RS256)
	for name, keys := range map[string][]*jwt.Key{
		"none": nil, "nil": {a, nil}, "zero": {{}}, "one kid and algorithm": {a, b}, "one without kid": {iss.Key(jwt.HS256), iss.Key(jwt.HS256)},
	} {
		if set, err := jwt.NewKeySet(keys...); err == nil || set != nil {
			t.Errorf("%s: accepted", name)
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
	//lint:ignore SA1019 a caller may have made the key by hand
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

// A PSS salt has the length of the hash and no other (RFC 7518 section 3.5).
func TestSaltLength(t *testing.T) {
	private := mustRSA(t)
	for alg, hash := range map[jwt.Algorithm]crypto.Hash{jwt.PS256: crypto.SHA256, jwt.PS384: crypto.SHA384, jwt.PS512: crypto.SHA512} {
		key, err := jwt.RSAKey("", alg, &private.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		v := newVerifier(t, func(c *jwt.Config) { c.Keys = key })
		payload, _ := json.Marshal(claims{"iss": testIssuer().URL, "aud": jwttest.Audience, "exp": time.Now().Add(time.Hour).Unix()})
		input := b64(`{"alg":"`+string(alg)+`"}`) + "." + b64(string(payload))
		h := hash.New()
		h.Write([]byte(input))
		digest := h.Sum(nil)
		for _, salt := range []int{1, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100} {
			signature, err := rsa.SignPSS(rand.Reader, private, hash, digest, &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			token, err := verify(v, input+"."+b64(string(signature)))
			if salt == hash.Size() {
				wantAccepted(t, token, err)
			} else {
				wantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
			}
		}
	}
}

func TestParsePEM(t *testing.T) {
	iss := testIssuer()
	public := publicRSA(t, jwkOf(t, iss, jwt.RS256))
	token := iss.Token(nil)
	for name, text := range map[string][]byte{
		"PKIX":        pemOf("PUBLIC KEY", pkix1(t, public)),
		"PKCS #1":     pemOf("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public)),
		"certificate": pemOf("CERTIFICATE", certificateFor(t, public)),
		"with text":   append([]byte("Certificate:\n  Data:\n"), pemOf("PUBLIC KEY", pkix1(t, public))...),
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
			got, err := verify(newVerifier(t, func(c *jwt.Config) { c.Keys = k }), token)
			wantAccepted(t, got, err)
		}
	}
	for alg, private := range map[jwt.Algorithm]any{jwt.ES256: mustEC(t).Public(), jwt.EdDSA: ed25519.NewKeyFromSeed(make([]byte, 32)).Public()} {
		keys, err := jwt.ParsePEM("kid", "", pemOf("PUBLIC KEY", pkix1(t, private)))
		if err != nil || len(keys) != 1 || keys[0].Algorithm() != alg || keys[0].KeyID() != "kid" {
			t.Errorf("%s: got %v, %v", alg, keys, err)
		}
	}

	// Each block is a key, in order; one that is none spoils the text.
	first, second := pemOf("PUBLIC KEY", pkix1(t, mustEC(t).Public())), pemOf("CERTIFICATE", certificateFor(t, public))
	keys, err := jwt.ParsePEM("", "", slices.Concat([]byte("a\n"), first, []byte("b\n"), second))
	if err != nil || len(keys) != 2 || keys[0].Algorithm() != jwt.ES256 || keys[1].Thumbprint() != iss.Key(jwt.RS256).Thumbprint() {
		t.Errorf("got %v, %v", keys, err)
	}
	if keys, err := jwt.ParsePEM("", "", slices.Concat(first, pemOf("PRIVATE KEY", []byte("x")))); err == nil || keys != nil {
		t.Errorf("got %v, %v", keys, err)
	}
	beside(t, "blocks", 100, func(n int) error {
		_, err := jwt.ParsePEM("", "", bytes.Repeat(first, n))
		return err
	})
}

// The authority of a certificate signs certificates, and no tokens. Another certificate of the same name
// is a key.
func TestParsePEMChain(t *testing.T) {
	root, leaf := mustEC(t), mustEC(t)
	certificate := func(public, signer *ecdsa.PrivateKey, isCA bool, serial int64) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "one name"}, NotAfter: time.Now().Add(time.Hour),
			IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return pemOf("CERTIFICATE", der)
	}
	issued, authority, other := certificate(leaf, root, false, 1), certificate(root, root, true, 2), certificate(leaf, leaf, true, 3)
	for name, c := range map[string]struct {
		text []byte
		keys int
	}{
		"chain":         {slices.Concat(issued, authority), 1},
		"the other":     {slices.Concat(authority, issued), 2},
		"two of a name": {slices.Concat(authority, other), 2},
	} {
		if keys, err := jwt.ParsePEM("", "", c.text); err != nil || len(keys) != c.keys {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

// Every listed encoding is of a point of small order: under it, the signature (R, 0) holds for some
// messages and R of the list. Of a key that is made rightly nobody knows such a signature.
func TestSmallOrderKeys(t *testing.T) {
	var points [][]byte
	for _, point := range jwt.SmallOrder() {
		for _, sign := range []byte{0, 0x80} {
			p := append([]byte(nil), point[:]...)
			p[31] |= sign
			points = append(points, p)
		}
	}
	if len(points) != 14 {
		t.Fatalf("got %d encodings", len(points))
	}
	for _, public := range points {
		if k, err := jwt.Ed25519Key("", public); err == nil || k != nil {
			t.Errorf("%x was accepted", public)
		}
		holds := false
		for message := byte(0); message < 64; message++ { // which R it is depends on the message
			for _, r := range points {
				holds = holds || ed25519.Verify(public, []byte{message}, append(append([]byte(nil), r...), make([]byte, 32)...))
			}
		}
		if !holds {
			t.Errorf("%x is listed and not of small order", public)
		}
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

// onePEM reads the one key of a PEM text.
func onePEM(kid string, alg jwt.Algorithm, data []byte) (*jwt.Key, error) {
	keys, err := jwt.ParsePEM(kid, alg, data)
	if len(keys) == 0 {
		return nil, err
	}
	return keys[0], err
}
