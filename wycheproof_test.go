// This file runs Project Wycheproof's vectors for JSON Web Signature, JSON Web Key and the
// primitives. They come through the Go module proxy at a pinned version, checked by their sum, so
// that the module needs no require line for them.

package jwt_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// keysOfGroup makes a key source of a group's JWK or JWK Set. Secrets in a set are a setting of one's
// own, so they come one by one; a set that mixes them with public keys is none.
func keysOfGroup(g fixture.WycheproofGroup) jwt.KeySource {
	text := g.Public
	if text == nil {
		text = g.Private
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(text, &set) != nil || set.Keys == nil {
		set.Keys = []json.RawMessage{text}
	} else if strings.Contains(string(text), `"EC"`) || strings.Contains(string(text), `"RSA"`) {
		keys, err := jwt.ParseKeySet(text)
		if err != nil {
			return nil
		}
		return keys
	}
	var keys []*jwt.Key
	for _, text := range set.Keys {
		k, err := jwt.ParseKey(text)
		if err != nil {
			return nil
		}
		keys = append(keys, k)
	}
	if len(keys) == 1 {
		return keys[0]
	}
	several, err := jwt.NewKeySet(keys...)
	if err != nil {
		return nil
	}
	return several
}

// passes reports whether a token passes every step up to its signature: the payloads of the vectors
// are no claims.
func passes(t *testing.T, keys jwt.KeySource, token string) bool {
	t.Helper()
	if keys == nil {
		return false
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "x", InsecureSkipAudience: true, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	_, err = fixture.Verify(v, token)
	return errors.Is(err, jwt.ErrClaims)
}

func TestWycheproofJOSE(t *testing.T) {
	dir := fixture.Wycheproof(t)
	for _, c := range []struct {
		file     string
		tests    int
		accepted int
		judged   map[int]string // otherwise than the file says, and why
	}{
		{"json_web_signature_test.json", 401, 36, map[int]string{
			259: "the payload is empty, and claims never are", 264: "as 259", 268: "as 259", 272: "as 259", 320: "as 259", 325: "as 259",
			346: "the key declares another algorithm than the token's", 350: "as 346",
			347: "the key says ES521, which is no algorithm", 351: "as 347",
			367: "byte for byte the valid token 357", 370: "byte for byte the valid token 357",
			372: "a ? within base64url", 373: "a ? within base64url",
		}},
		{"json_web_key_test.json", 26, 6, map[int]string{
			7: "a modulus with the ROCA weakness: telling it needs arithmetic of our own; its issuer must replace it",
		}},
		{"json_web_crypto_test.json", 83, 5, map[int]string{
			46: "as 7 of json_web_key_test.json",
			50: "a JWE, which is never accepted", 67: "as 50",
		}},
	} {
		tests, accepted := 0, 0
		for _, g := range fixture.WycheproofGroups(t, dir, c.file) {
			keys := keysOfGroup(g)
			for _, tc := range g.Tests {
				tests++
				var token string
				if json.Unmarshal(tc.JWS, &token) != nil {
					token = string(tc.JWS) // a JSON serialization
				}
				ok := passes(t, keys, token)
				if ok {
					accepted++
				}
				if _, otherwise := c.judged[tc.TcID]; (ok != (tc.Result == "valid")) != otherwise {
					t.Errorf("%s %d (%s): accepted is %v", c.file, tc.TcID, g.Comment, ok)
				}
			}
		}
		if tests != c.tests || accepted != c.accepted {
			t.Errorf("%s: %d tests, %d accepted, want %d and %d", c.file, tests, accepted, c.tests, c.accepted)
		}
	}
}

// The files of the primitives sign messages that are no JWS, so they go to the one signature
// operation of a Key, made by the public constructors.
func TestWycheproofPrimitives(t *testing.T) {
	dir := fixture.Wycheproof(t)
	for _, c := range []struct {
		file     string
		alg      jwt.Algorithm
		tests    int
		accepted int
		refuses  bool // what the file calls valid is not valid in JOSE: another salt, another MGF hash
	}{
		{"ecdsa_secp256r1_sha256_p1363_test.json", jwt.ES256, 262, 173, false},
		{"ecdsa_secp384r1_sha384_p1363_test.json", jwt.ES384, 280, 193, false},
		{"ecdsa_secp521r1_sha512_p1363_test.json", jwt.ES512, 318, 231, false},
		{"ed25519_test.json", jwt.EdDSA, 151, 88, false},
		{"hmac_sha256_test.json", jwt.HS256, 174, 30, false},
		{"hmac_sha384_test.json", jwt.HS384, 174, 30, false},
		{"hmac_sha512_test.json", jwt.HS512, 174, 30, false},
		{"rsa_signature_2048_sha256_test.json", jwt.RS256, 259, 9, false},
		{"rsa_signature_2048_sha384_test.json", jwt.RS384, 258, 7, false},
		{"rsa_signature_2048_sha512_test.json", jwt.RS512, 259, 8, false},
		{"rsa_signature_3072_sha256_test.json", jwt.RS256, 259, 8, false},
		{"rsa_signature_3072_sha384_test.json", jwt.RS384, 259, 7, false},
		{"rsa_signature_3072_sha512_test.json", jwt.RS512, 260, 8, false},
		{"rsa_signature_4096_sha256_test.json", jwt.RS256, 258, 7, false},
		{"rsa_signature_4096_sha384_test.json", jwt.RS384, 259, 7, false},
		{"rsa_signature_4096_sha512_test.json", jwt.RS512, 259, 7, false},
		{"rsa_signature_8192_sha256_test.json", jwt.RS256, 258, 7, false},
		{"rsa_signature_8192_sha384_test.json", jwt.RS384, 259, 7, false},
		{"rsa_signature_8192_sha512_test.json", jwt.RS512, 259, 7, false},
		{"rsa_pss_2048_sha256_mgf1_32_test.json", jwt.PS256, 108, 63, false},
		{"rsa_pss_3072_sha256_mgf1_32_test.json", jwt.PS256, 108, 63, false},
		{"rsa_pss_4096_sha256_mgf1_32_test.json", jwt.PS256, 108, 63, false},
		{"rsa_pss_2048_sha384_mgf1_48_test.json", jwt.PS384, 141, 95, false},
		{"rsa_pss_4096_sha384_mgf1_48_test.json", jwt.PS384, 141, 95, false},
		{"rsa_pss_4096_sha512_mgf1_64_test.json", jwt.PS512, 179, 132, false},
		{"rsa_pss_2048_sha256_mgf1_0_test.json", jwt.PS256, 103, 1, true},
		{"rsa_pss_2048_sha256_mgf1sha1_20_test.json", jwt.PS256, 108, 0, true},
		{"rsa_pss_4096_sha512_mgf1_32_test.json", jwt.PS512, 177, 0, true},
	} {
		tests, accepted := 0, 0
		for _, g := range fixture.WycheproofGroups(t, dir, c.file) {
			var key *jwt.Key
			if g.PublicKeyPEM != "" {
				keys, err := jwt.ParsePEM("", c.alg, []byte(g.PublicKeyPEM))
				if err != nil || len(keys) != 1 {
					t.Fatalf("%s: %d keys, %v", c.file, len(keys), err)
				}
				key = keys[0]
			}
			for _, tc := range g.Tests {
				tests++
				want := tc.Result == "valid" && !c.refuses
				if c.refuses && tc.TcID == 69 && tc.Result == "invalid" && c.alg == jwt.PS256 {
					want = strings.Contains(c.file, "mgf1_0") // its salt is as long as the hash: wrong there, right in JOSE
				}
				signature := tc.Sig
				if tc.Tag != "" {
					secret := unhex(t, tc.Key)
					size := map[jwt.Algorithm]int{jwt.HS256: 32, jwt.HS384: 48, jwt.HS512: 64}[c.alg]
					var err error
					if key, err = jwt.HMACKey("", c.alg, secret); (err == nil) != (len(secret) >= size) {
						t.Errorf("%s %d: a secret of %d bytes: %v", c.file, tc.TcID, len(secret), err)
					}
					signature = tc.Tag
					want = want && g.TagSize == 8*size // a shorter tag is none in JOSE
				}
				ok := key != nil && key.VerifySignature(c.alg, unhex(t, tc.Msg), unhex(t, signature))
				if ok {
					accepted++
				}
				if ok != (want && key != nil) {
					t.Errorf("%s %d: accepted is %v", c.file, tc.TcID, ok)
				}
			}
		}
		if tests != c.tests || accepted != c.accepted {
			t.Errorf("%s: %d tests, %d accepted, want %d and %d", c.file, tests, accepted, c.tests, c.accepted)
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
