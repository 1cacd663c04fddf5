// This file runs Project Wycheproof's vectors for JSON Web Signature and JSON Web Key. Those for the
// primitives sign no tokens: TestWycheproofPrimitives of the root runs them.

package suites

import (
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
	t.Parallel()
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
				ok := passes(t, keys, tc.Token())
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
