// This file holds the package against published examples: testdata/vectors, whose README says where
// each comes from.

package jwt_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

func TestVectorFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "vectors", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ids := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		names = append(names, name)
		for _, v := range fixture.Vectors(t, name) {
			if v.ID == "" || ids[v.ID] {
				t.Errorf("%s: the id %q is empty or taken", name, v.ID)
			}
			ids[v.ID] = true
		}
	}
	if want := slices.Sorted(maps.Keys(fixture.VectorCounts)); !slices.Equal(names, want) {
		t.Errorf("the files are %q, want %q", names, want)
	}
	if n := len(fixture.TokenVectors(t)); n != 36 {
		t.Errorf("%d vectors have a token, want 36", n)
	}
}

// Most payloads are no JSON and the others expired long ago, so the verdict on a signature is how
// far Verify gets: a payload is not read before its signature holds.
func TestVectorSignatures(t *testing.T) {
	for _, v := range fixture.TokenVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			verifier := v.Verifier(t)
			token, err := verifier.Verify(t.Context(), v.Token)
			if token != nil || err == nil {
				t.Fatalf("accepted, though nothing in the file is a current token: %v", token)
			}
			if !v.Valid {
				checkRefusedByForm(t, v, err)
				return
			}

			// The signature holds: only what comes after it can have refused.
			if json.Valid(vectorPayload(t, v)) {
				fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
			} else {
				fixture.WantRefusal(t, token, err, jwt.ReasonPayloadInvalid, jwt.ErrClaims)
			}

			// And the same token with another signature does not get there.
			dot := strings.LastIndexByte(v.Token, '.')
			first := "A"
			if v.Token[dot+1] == 'A' {
				first = "B"
			}
			token, err = verifier.Verify(t.Context(), v.Token[:dot+1]+first+v.Token[dot+2:])
			fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
		})
	}
}

// vectorPayload decodes the second part, which must be what the vector says it is.
func vectorPayload(t *testing.T, v fixture.Vector) []byte {
	t.Helper()
	parts := strings.Split(v.Token, ".")
	if len(parts) != 3 || v.Serialization != "compact" {
		t.Fatal("a valid vector is a compact JWS")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if v.Payload != "" && v.Payload != string(payload) {
		t.Fatalf("the payload is %q, want %q", payload, v.Payload)
	}
	return payload
}

// checkRefusedByForm checks that an invalid vector was refused before its payload was read, and for
// what it is.
func checkRefusedByForm(t *testing.T, v fixture.Vector, err error) {
	t.Helper()
	var wants []jwt.Reason
	sentinel := jwt.ErrMalformed
	switch v.Serialization {
	case "json-general", "json-flattened":
		// The reason goes by the number of dots, and JSON has as many as its members happen to hold.
		if !errors.Is(err, jwt.ErrMalformed) {
			t.Errorf("refused with %v, want %v", err, jwt.ErrMalformed)
		}
		return
	case "detached":
		wants = []jwt.Reason{jwt.ReasonTokenParts} // the payload is empty
	case "jwe-compact":
		wants = []jwt.Reason{jwt.ReasonTokenEncrypted}
	case "compact":
		if strings.HasSuffix(v.Token, ".") { // alg none
			wants = []jwt.Reason{jwt.ReasonTokenParts}
			break
		}
		// Another key or algorithm than the token's. The signature is never computed.
		sentinel = jwt.ErrKey
		wants = []jwt.Reason{jwt.ReasonAlgorithmRefused, jwt.ReasonKeyMismatch, jwt.ReasonKeyUnknown}
	default:
		t.Fatalf("serialization %q is unknown", v.Serialization)
	}
	var e *jwt.Error
	if !errors.Is(err, sentinel) || !errors.As(err, &e) || !slices.Contains(wants, e.Reason) {
		t.Errorf("refused with %v, want %v for a reason of %q", err, sentinel, wants)
	}
}

// The tokens of "joe" end in 2011. A synctest bubble begins in 2000, where they are still good.
func TestVectorsAccepted(t *testing.T) {
	const expires = 1300819380
	for _, at := range []struct{ file, id string }{
		{"rfc7515.jsonl", "rfc7515-appendix-a/A.1"},
		{"rfc7515.jsonl", "rfc7515-appendix-a/A.2"},
		{"rfc7515.jsonl", "rfc7515-appendix-a/A.3"},
		{"rfc7519.jsonl", "rfc7519/3.1"},
	} {
		v := fixture.VectorNamed(t, at.file, at.id)
		t.Run(at.id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				verifier := v.Verifier(t)
				token, err := verifier.Verify(context.Background(), v.Token)
				if err != nil {
					t.Fatal(err)
				}
				if token.Header().Algorithm != v.Algorithm {
					t.Errorf("Algorithm is %q, want %q", token.Header().Algorithm, v.Algorithm)
				}
				if token.Issuer() != "joe" {
					t.Errorf("Issuer is %q, want joe", token.Issuer())
				}
				if got := token.ExpiresAt(); !got.Equal(time.Unix(expires, 0)) {
					t.Errorf("ExpiresAt is %v, want %v", got, time.Unix(expires, 0))
				}
				if root, ok := token.Claim("http://example.com/is_root"); root != true || !ok {
					t.Errorf("Claim(is_root) is %v, %v, want true", root, ok)
				}
				if token.Subject() != "" || len(token.Audience()) > 0 || !token.NotBefore().IsZero() {
					t.Error("the token has claims that it does not have")
				}

				// The same token, 30 seconds of leeway after its end.
				time.Sleep(time.Until(time.Unix(expires, 0).Add(30*time.Second - 1)))
				if _, err := verifier.Verify(context.Background(), v.Token); err != nil {
					t.Errorf("one nanosecond before the leeway is over: %v", err)
				}
				time.Sleep(time.Nanosecond)
				if _, err := verifier.Verify(context.Background(), v.Token); !errors.Is(err, jwt.ErrExpired) {
					t.Errorf("when the leeway is over: %v, want %v", err, jwt.ErrExpired)
				}
			})
		})
	}
}

func TestVectorThumbprints(t *testing.T) {
	for _, v := range fixture.Vectors(t, "rfc7638.jsonl") {
		key, err := jwt.ParseKey(v.JWK)
		if err != nil {
			t.Errorf("%s: %v", v.ID, err)
			continue
		}
		if v.Thumbprint == "" || key.Thumbprint() != v.Thumbprint {
			t.Errorf("%s: the thumbprint is %q, want %q", v.ID, key.Thumbprint(), v.Thumbprint)
		}
	}
}

func TestVectorKeySets(t *testing.T) {
	t.Run("A.1: an encryption key beside a usable one", func(t *testing.T) {
		set, err := jwt.ParseKeySet(fixture.VectorNamed(t, "rfc7517.jsonl", "rfc7517/A.1").JWKS)
		if err != nil {
			t.Fatal(err)
		}
		keys, skipped := set.Keys(), set.Skipped()
		if len(keys) != 1 || len(skipped) != 1 {
			t.Fatalf("%d keys are usable and %d skipped, want one each", len(keys), len(skipped))
		}
		// It is the key of RFC 7638 section 3.1.
		want := fixture.VectorNamed(t, "rfc7638.jsonl", "rfc7638/3.1").Thumbprint
		if k := keys[0]; k.KeyID() != "2011-04-29" || k.Algorithm() != jwt.RS256 || k.Thumbprint() != want {
			t.Errorf("the usable key is %v with thumbprint %s, want kid 2011-04-29, RS256, %s", k, k.Thumbprint(), want)
		}
		if s := skipped[0]; s.KeyID != "1" || s.Type != "EC" || !strings.Contains(s.Reason, `use is "enc"`) {
			t.Errorf("the skipped key is %+v, want kid 1, EC, because of its use", s)
		}
	})

	t.Run("A.2: private keys", func(t *testing.T) {
		v := fixture.VectorNamed(t, "rfc7517.jsonl", "rfc7517/A.2")
		if set, err := jwt.ParseKeySet(v.JWKS); err == nil || set != nil {
			t.Errorf("a set of private keys was accepted: %v", set.Keys())
		}
		jwks := membersOf(t, v)
		if len(jwks) != 2 {
			t.Fatalf("it has %d keys, want 2", len(jwks))
		}
		for _, jwk := range jwks {
			delete(jwk, "use") // the EC key is refused for its use, too
			checkRefusedKey(t, jwk, "private key")
		}
	})

	t.Run("A.3: secrets", func(t *testing.T) {
		v := fixture.VectorNamed(t, "rfc7517.jsonl", "rfc7517/A.3")
		if set, err := jwt.ParseKeySet(v.JWKS); err == nil || set != nil {
			t.Errorf("a set of secrets was accepted: %v", set.Keys())
		}
		jwks := membersOf(t, v)
		if len(jwks) != 2 {
			t.Fatalf("it has %d keys, want 2", len(jwks))
		}
		checkRefusedKey(t, jwks[0], "not supported") // A128KW
		checkRefusedKey(t, jwks[1], "alg is absent")

		// With its algorithm the second is the key of RFC 7515 A.1 in a file of one's own, and
		// still refused in a set.
		jwks[1]["alg"] = "HS256"
		data := fixture.JSON(t, jwks[1])
		if _, err := jwt.ParseKey(data); err != nil {
			t.Error(err)
		}
		if _, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(data) + `]}`)); err == nil || !strings.Contains(err.Error(), "secret") {
			t.Errorf("a secret in a set: %v, want a refusal", err)
		}
	})
}

// membersOf decodes the vector's keys.
func membersOf(t *testing.T, v fixture.Vector) []map[string]any {
	t.Helper()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(v.JWKS, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

// checkRefusedKey checks that neither a key alone nor a set with it is accepted, and that no error
// tells a member that is not public.
func checkRefusedKey(t *testing.T, jwk map[string]any, why string) {
	t.Helper()
	data := fixture.JSON(t, jwk)
	_, alone := jwt.ParseKey(data)
	_, inSet := jwt.ParseKeySet([]byte(`{"keys":[` + string(data) + `]}`))
	if alone == nil || !strings.Contains(alone.Error(), why) {
		t.Errorf("ParseKey of the key %v: %v, want %q", jwk["kid"], alone, why)
	}
	if inSet == nil {
		t.Errorf("ParseKeySet of the key %v: accepted", jwk["kid"])
	}
	for _, err := range []error{alone, inSet} {
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if secret, _ := jwk[name].(string); err != nil && secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the member %s", name)
			}
		}
	}
}

// The files of the primitives sign messages that are no JWS, so they go to the one signature
// operation of a Key, made by the public constructors.
func TestWycheproofPrimitives(t *testing.T) {
	t.Parallel()
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
		tried := tries(c.tests)
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
				if tests++; !tried[tests-1] {
					continue
				}
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
		if tests != c.tests || accepted != c.accepted && len(tried) == tests {
			t.Errorf("%s: %d tests, %d accepted, want %d and %d", c.file, tests, accepted, c.tests, c.accepted)
		}
	}
}

// tries is the sample of n tests.
func tries(n int) map[int]bool {
	tried := map[int]bool{}
	for i := range fixture.Sample(n, 7) {
		tried[i] = true
	}
	return tried
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
