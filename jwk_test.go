// This file tests keys: every check that one can be given.

package jwt_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func parseKey(t testing.TB, key fixture.JWK) *jwt.Key {
	t.Helper()
	text, _ := json.Marshal(key)
	k, err := jwt.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysRefused(t *testing.T) {
	iss := fixture.Issuer()
	rsaKey, ec, ed := fixture.JWKOf(t, iss, jwt.RS256), fixture.JWKOf(t, iss, jwt.ES256), fixture.JWKOf(t, iss, jwt.EdDSA)
	cert := base64.StdEncoding.EncodeToString(fixture.Certificate(t, &mustRSA(t).PublicKey))
	wantKeysRefused(t, map[string]any{
		"not an object":        "key",
		"kty absent":           fixture.JWKEdit{"kty": nil}.Apply(rsaKey),
		"kty unknown":          fixture.JWK{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"},
		"kty in lower case":    fixture.JWKEdit{"kty": "rsa"}.Apply(rsaKey),
		"kty number":           fixture.JWKEdit{"kty": 1}.Apply(rsaKey),
		"kid number":           fixture.JWKEdit{"kid": 1}.Apply(rsaKey),
		"issuer number":        fixture.JWKEdit{"issuer": 1}.Apply(rsaKey),
		"use enc":              fixture.JWKEdit{"use": "enc"}.Apply(rsaKey),
		"use number":           fixture.JWKEdit{"use": 1}.Apply(rsaKey),
		"use in capitals":      fixture.JWKEdit{"use": "SIG"}.Apply(rsaKey),
		"key_ops encrypt":      fixture.JWKEdit{"key_ops": []string{"encrypt"}}.Apply(rsaKey),
		"key_ops sign":         fixture.JWKEdit{"key_ops": []string{"sign"}}.Apply(rsaKey),
		"key_ops string":       fixture.JWKEdit{"key_ops": "verify"}.Apply(rsaKey),
		"key_ops of numbers":   fixture.JWKEdit{"key_ops": []any{"verify", 1}}.Apply(rsaKey),
		"alg of encryption":    fixture.JWKEdit{"alg": "RSA-OAEP"}.Apply(rsaKey),
		"alg none":             fixture.JWKEdit{"alg": "none"}.Apply(rsaKey),
		"alg in lower case":    fixture.JWKEdit{"alg": "rs256"}.Apply(rsaKey),
		"alg of another type":  fixture.JWKEdit{"alg": "ES256"}.Apply(rsaKey),
		"alg HMAC":             fixture.JWKEdit{"alg": "HS256"}.Apply(rsaKey),
		"alg of another curve": fixture.JWKEdit{"alg": "ES384"}.Apply(ec),
		"alg RSA on a curve":   fixture.JWKEdit{"alg": "RS256"}.Apply(ec),
		"alg ECDSA on Ed25519": fixture.JWKEdit{"alg": "ES256"}.Apply(ed),
		"private RSA":          fixture.JWKEdit{"d": "AAAA"}.Apply(rsaKey),
		"private RSA primes":   fixture.JWKEdit{"p": "AAAA"}.Apply(rsaKey),
		"private EC":           fixture.JWKEdit{"d": "AAAA"}.Apply(ec),
		"private Ed25519":      fixture.JWKEdit{"d": "AAAA"}.Apply(ed),
		"secret":               fixture.JWK{"kty": "oct", "alg": "HS256", "k": fixture.B64(strings.Repeat("k", 32))},
		"x5c of another key":   fixture.JWKEdit{"x5c": []string{cert}}.Apply(rsaKey),
		"x5c no certificate":   fixture.JWKEdit{"x5c": []string{"AAAA"}}.Apply(rsaKey),
		"x5c no base64":        fixture.JWKEdit{"x5c": []string{"-"}}.Apply(rsaKey),
		"x5c string":           fixture.JWKEdit{"x5c": cert}.Apply(rsaKey),
	})
}

// wantKeysRefused asserts that each of these members of a key set is no key, and that it spoils no set.
func wantKeysRefused(t *testing.T, keys map[string]any) {
	t.Helper()
	iss := fixture.Issuer()
	ec := fixture.JWKOf(t, iss, jwt.ES256)
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			text, _ := json.Marshal(key)
			if kty, _ := key.(fixture.JWK); kty["kty"] != "oct" {
				if k, err := jwt.ParseKey(text); err == nil || k != nil {
					t.Errorf("ParseKey took it: %v", k)
				}
			}
			// Beside a good key it is skipped with a reason, and the good one works.
			good := fixture.JWKEdit{"kid": "good"}.Apply(ec)
			set := fixture.ParseKeySet(t, key, good)
			if skipped := set.Skipped(); len(skipped) != 1 || skipped[0].Reason == "" || len(set.Keys()) != 1 || set.Keys()[0].KeyID() != "good" {
				t.Errorf("skipped %v, kept %v", skipped, set.Keys())
			}
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = set })
			token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": "good"}}))
			fixture.WantAccepted(t, token, err)
			if _, err := jwt.ParseKeySet(fixture.KeySetJSON(key)); err == nil {
				t.Error("a set of this key alone was accepted")
			}
		})
	}
}

func TestKeysAccepted(t *testing.T) {
	iss := fixture.Issuer()
	rsaKey := fixture.JWKOf(t, iss, jwt.RS256)
	own := fixture.Certificate(t, fixture.PublicRSA(t, rsaKey))
	for name, edit := range map[string]fixture.JWKEdit{
		"as it is":           {},
		"kty, n, e alone":    {"kid": nil, "alg": nil, "use": nil},
		"leading zeros":      {"n": fixture.B64("\x00" + string(fixture.DecodeB64(t, rsaKey["n"].(string)))), "e": fixture.B64("\x00\x01\x00\x01")},
		"key_ops":            {"key_ops": []string{"sign", "verify"}},
		"unknown members":    {"purpose": "x", "x5t": "y", "nbf": 1, "nested": fixture.JWK{"kty": 1}},
		"members of others":  {"crv": nil, "x": 1, "y": "", "k": []int{1}},
		"its certificate":    {"x5c": []string{base64.StdEncoding.EncodeToString(own), "AAAA"}},
		"private under name": {"private": "no member of a JWK"},
	} {
		key := edit.Apply(rsaKey)
		for source, keys := range map[string]jwt.KeySource{"key": parseKey(t, key), "set": fixture.ParseKeySet(t, key)} {
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = keys })
			token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Header: map[string]any{"kid": key["kid"]}}))
			if err != nil || token == nil {
				t.Errorf("%s in a %s: %v", name, source, err)
			}
		}
	}
	for _, bits := range []int{2048, 8192} {
		parseKey(t, fixture.RSAJWK(fixture.Ones(bits), []byte{3}))
	}
	parseKey(t, fixture.RSAJWK(fixture.Ones(2048), []byte{0x7f, 0xff, 0xff, 0xff}))
}

func TestSingleKeyAsSource(t *testing.T) {
	iss := fixture.Issuer()
	named := iss.Key(jwt.RS256)
	bare := parseKey(t, fixture.JWKEdit{"kid": nil}.Apply(fixture.JWKOf(t, iss, jwt.RS256)))
	for _, c := range []struct {
		key *jwt.Key
		kid any
		ok  bool
	}{
		{named, named.KeyID(), true}, {named, nil, true}, {named, "other", false},
		{bare, "any", true}, {bare, nil, true},
	} {
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Keys = c.key })
		_, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Header: map[string]any{"kid": c.kid}}))
		if (err == nil) != c.ok {
			t.Errorf("key %v, kid %v: %v", c.key, c.kid, err)
		}
	}
}

// wantNoKeys asserts that each try gives an error alone.
func wantNoKeys(t *testing.T, tries map[string]func() (*jwt.Key, error)) {
	t.Helper()
	for name, try := range tries {
		if k, err := try(); err == nil || k != nil || !strings.HasPrefix(err.Error(), "jwt: ") {
			t.Errorf("%s: got %v, %v", name, k, err)
		}
	}
}

func TestParseKey(t *testing.T) {
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"JWK text":   func() (*jwt.Key, error) { return jwt.ParseKey([]byte("no JSON")) },
		"JWK twice":  func() (*jwt.Key, error) { return jwt.ParseKey([]byte(`{"kty":"oct"}{}`)) },
		"JWK secret": func() (*jwt.Key, error) { return jwt.ParseKey([]byte(`{"kty":"oct","alg":"HS256","k":"AAAA"}`)) },
		"JWK undeclared": func() (*jwt.Key, error) {
			return jwt.ParseKey([]byte(`{"kty":"oct","k":"` + strings.Repeat("A", 88) + `"}`))
		},
	})
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

func mustRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pkix1(t testing.TB, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// publicForms are the forms in which attackers use a public key as a secret.
func publicForms(t testing.TB, iss *jwttest.Issuer) map[string][]byte {
	t.Helper()
	key := fixture.JWKOf(t, iss, jwt.RS256)
	public := fixture.PublicRSA(t, key)
	text, _ := json.Marshal(key)
	spki := pkix1(t, public)
	return map[string][]byte{
		"PEM":             fixture.PEM("PUBLIC KEY", spki),
		"PEM without end": []byte(strings.TrimSpace(string(fixture.PEM("PUBLIC KEY", spki)))),
		"PEM with space":  append([]byte("\n  "), fixture.PEM("PUBLIC KEY", spki)...),
		"PEM of PKCS #1":  fixture.PEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public)),
		"PEM certificate": fixture.PEM("CERTIFICATE", fixture.Certificate(t, public)),
		"SPKI":            spki,
		"PKCS #1":         x509.MarshalPKCS1PublicKey(public),
		"certificate":     fixture.Certificate(t, public),
		"base64 of SPKI":  []byte(base64.StdEncoding.EncodeToString(spki)),
		"JWK":             text,
		"modulus":         public.N.Bytes(),
		"OpenSSH":         []byte("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ test"),
	}
}

// A member of a key that says nothing is absent, whichever it is; one that says something counts.
func TestMembersThatSayNothing(t *testing.T) {
	iss := fixture.Issuer()
	rs, es, ed := fixture.JWKOf(t, iss, jwt.RS256), fixture.JWKOf(t, iss, jwt.ES256), fixture.JWKOf(t, iss, jwt.EdDSA)
	nothing := []json.RawMessage{json.RawMessage("null"), json.RawMessage(`""`), json.RawMessage("[]"), json.RawMessage("[ \n]"), json.RawMessage(`[""]`), json.RawMessage(`[null, ""]`), json.RawMessage("[[]]")}
	for _, key := range []fixture.JWK{rs, es, ed} {
		for _, name := range []string{"kid", "use", "alg", "issuer", "key_ops", "x5c", "x5t", "x5t#S256", "x5u", "ext", "d", "p", "q", "dp", "dq", "qi", "oth", "priv", "k", "pub"} {
			for _, value := range nothing {
				data := fixture.JSON(t, fixture.JWKEdit{name: value}.Apply(key))
				for _, err := range []error{parsed(jwt.ParseKey(data)), parsed(jwt.ParseKeySet([]byte(`{"keys":[` + string(data) + `]}`)))} {
					if err != nil {
						t.Errorf("%s of %s is %s: %v", name, key["kty"], value, err)
					}
				}
			}
		}
	}
	for _, name := range []string{"kty", "n", "e"} {
		for _, value := range nothing {
			_, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: value}.Apply(rs)))
			if want := "jwt: ParseKey: " + name + " is absent"; err == nil || err.Error() != want {
				t.Errorf("%s is %s: got %v, want %s", name, value, err, want)
			}
		}
	}
	for name, value := range map[string]string{"d": `"AQAB"`, "oth": `[{"r":"AQAB"}]`, "p": "7", "key_ops": `["sign"]`, "use": `"enc"`, "x5c": `["A"]`, "alg": "7", "kid": "{}", "q": "[0]", "dp": "{}", "dq": `" "`} {
		if _, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: json.RawMessage(value)}.Apply(rs))); err == nil {
			t.Errorf("accepted with %s %s", name, value)
		}
	}
}

// Elements that say nothing are absent beside others.
func TestElementsThatSayNothing(t *testing.T) {
	rs := fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)
	for name, value := range map[string]any{"key_ops": []any{nil, "verify", ""}, "x5c": []any{nil, certificateOf(t, rs)}} {
		if _, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: value}.Apply(rs))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, value := range map[string]any{"key_ops": []any{nil, "sign"}, "x5c": []any{"", "A"}, "oth": []any{nil, "A"}} {
		if _, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: value}.Apply(rs))); err == nil {
			t.Errorf("accepted with %s %v", name, value)
		}
	}
	if _, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{"n": "AAAA"}.Apply(rs))); err == nil || !strings.Contains(err.Error(), "the modulus is zero or negative") {
		t.Errorf("got %v", err)
	}
}

func parsed[T any](_ T, err error) error { return err }

// Members of keys are base64url, with their padding or without.
func TestPaddedMembers(t *testing.T) {
	iss := fixture.Issuer()
	for alg, names := range map[jwt.Algorithm][]string{jwt.RS256: {"n", "e"}, jwt.ES256: {"x", "y"}, jwt.EdDSA: {"x"}, jwt.ES512: {"x", "y"}} {
		key := fixture.JWKOf(t, iss, alg)
		for _, name := range names {
			text := key[name].(string)
			padded := text + strings.Repeat("=", (4-len(text)%4)%4)
			if k, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: padded}.Apply(key))); err != nil || k.Thumbprint() != fixture.ParseKeySet(t, key).Keys()[0].Thumbprint() {
				t.Errorf("%s: %s padded: %v", alg, name, err)
			}
			for _, bad := range []string{padded + "=", text + "====", "=" + text, text[:4] + "=" + text[4:], text + "\n", "+" + text[1:], text[:3] + "/"} {
				_, err := jwt.ParseKey(fixture.JSON(t, fixture.JWKEdit{name: bad}.Apply(key)))
				if err == nil || !strings.Contains(err.Error(), name+" is not base64url") {
					t.Errorf("%s: %s %.30q: got %v", alg, name, bad, err)
				}
			}
		}
	}
}

// Where ML-DSA cannot be verified, its keys are skipped for the reason that helps.
func TestMLDSAKeyOfOldGo(t *testing.T) {
	_, err := jwt.ParseKey([]byte(`{"kty":"AKP","alg":"ML-DSA-44"}`))
	old := err != nil && err.Error() == `jwt: ParseKey: kty "AKP" (ML-DSA, RFC 9964) needs a program that is built with Go 1.27`
	if config := fixture.Config(t); !old && (err == nil || err.Error() != "jwt: ParseKey: pub is absent") {
		t.Errorf("got %v", err)
	} else if config.Algorithms = []jwt.Algorithm{jwt.MLDSA44}; old != (parsed(jwt.NewVerifier(config)) != nil) {
		t.Errorf("the algorithm is configured: %v", !old)
	}
}
