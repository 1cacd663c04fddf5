// This file is the corpora of published tokens: the RFCs' examples in testdata/vectors, and the JSON
// Web Signatures of Project Wycheproof.

package peers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/internal/peers"
)

// holderOf makes the relying party that holds a published key: it asks for nothing that examples do
// not have. A secret is taken out of its JSON Web Key, and private members are left out.
func holderOf(t *testing.T, jwk map[string]any, alg string) peers.Setup {
	t.Helper()
	s := peers.Setup{Issuer: "joe", Algorithm: alg}
	if jwk["kty"] == "oct" {
		s.KeyID, _ = jwk["kid"].(string)
		k, _ := jwk["k"].(string)
		var err error
		if s.Secret, err = base64.RawURLEncoding.DecodeString(k); err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi"} {
		delete(jwk, private)
	}
	s.JWK = jsonOf(jwk)
	return s
}

// TestVectors judges each example twice: as a token, at a time when those that are tokens had not
// expired, and as a JSON Web Signature of any payload.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../../testdata/vectors/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var tokens, signatures []sample
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var v struct {
				ID, Token, Alg string
				JWK            map[string]any
				JWKS           struct{ Keys []map[string]any }
				Valid          bool
			}
			if err := json.Unmarshal(line, &v); err != nil {
				t.Fatal(err)
			}
			if v.Token == "" {
				continue
			}
			if v.JWK == nil {
				v.JWK = v.JWKS.Keys[0]
			}
			setup := holderOf(t, v.JWK, v.Alg)
			want := refused
			if v.Valid {
				want = accepted
			}
			tokens = append(tokens, sample{name: v.ID, setup: setup, token: v.Token, want: anything})
			signatures = append(signatures, sample{name: v.ID, setup: setup, token: v.Token, want: want, signature: true})
		}
	}
	compare(t, "vectors", func(int64) []sample { return tokens })
	compare(t, "vectors-signatures", func(int64) []sample { return signatures })
}

const emptyPayload = "a token with an empty payload has no claims"

// disagreed lists the tests of Wycheproof whose result is not this module's verdict, and why.
var disagreed = map[int]string{
	259: emptyPayload, 264: emptyPayload, 268: emptyPayload, 272: emptyPayload, 320: emptyPayload, 325: emptyPayload,
	346: "the key's alg is PS256 and the token's PS384",
	347: "the key's alg is ES521, which is no algorithm",
	350: "the key's alg is PS256 and the token's PS384",
	351: "the key's alg is ES521, which is no algorithm",
	367: "the padding that is to be refused is not there: it is test 357, byte for byte",
	370: "the padding that is to be refused is not there: it is test 357, byte for byte",
	372: "a question mark in the header's base64url is called valid",
	373: "a question mark in the payload's base64url is called valid",
}

// TestWycheproof judges each test twice, as TestVectors does. No payload of the file is a JSON
// object, so that as tokens all must be refused.
func TestWycheproof(t *testing.T) {
	deterministic(t)
	var tokens, signatures []sample
	seen := map[int]bool{}
	for _, group := range fixture.WycheproofGroups(t, fixture.Wycheproof(t), "json_web_signature_test.json") {
		text := group.Public
		if text == nil {
			text = group.Private
		}
		var key map[string]any
		if err := json.Unmarshal(text, &key); err != nil {
			t.Fatal(err)
		}
		alg, _ := key["alg"].(string)
		if !slices.ContainsFunc(ring().parties(), func(p party) bool { return p.Algorithm == alg }) {
			alg = headerAlgorithm(t, group.Tests[0].Token())
		}
		setup := holderOf(t, key, alg)
		for _, test := range group.Tests {
			want := refused
			if (test.Result == "valid") != (disagreed[test.TcID] != "") {
				want = accepted
			}
			seen[test.TcID] = true
			name := fmt.Sprintf("%d %s", test.TcID, test.Comment)
			tokens = append(tokens, sample{name: name, setup: setup, token: test.Token(), want: refused})
			signatures = append(signatures, sample{name: name, setup: setup, token: test.Token(), want: want, signature: true})
		}
	}
	if len(tokens) != 401 || len(seen) != 401 {
		t.Errorf("%d tests, %d ids, want 401", len(tokens), len(seen))
	}
	compare(t, "wycheproof", func(int64) []sample { return tokens })
	compare(t, "wycheproof-signatures", func(int64) []sample { return signatures })
}

func headerAlgorithm(t *testing.T, jws string) string {
	t.Helper()
	header, _, _ := strings.Cut(jws, ".")
	alg, _ := read(lenient(header)).members["alg"].(string)
	if alg == "" {
		t.Fatalf("no alg in %q", jws)
	}
	return alg
}
