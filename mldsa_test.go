//go:build go1.27

// This file tests ML-DSA.

package jwt_test

import (
	"bytes"
	"crypto/mldsa"
	"fmt"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

func TestMLDSA(t *testing.T) {
	for alg, c := range map[jwt.Algorithm]struct {
		parameters     mldsa.Parameters
		key, signature int // bytes
	}{jwt.MLDSA44: {mldsa.MLDSA44(), 1312, 2420}, jwt.MLDSA65: {mldsa.MLDSA65(), 1952, 3309}, jwt.MLDSA87: {mldsa.MLDSA87(), 2592, 4627}} {
		private, err := mldsa.GenerateKey(c.parameters)
		if err != nil {
			t.Fatal(err)
		}
		public := private.PublicKey().Bytes()
		key := fixture.JWK{"kty": "AKP", "kid": "a", "alg": string(alg), "pub": fixture.B64(string(public))}
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Keys = fixture.ParseKeySet(t, key) })
		sign := func(options *mldsa.Options) string {
			input := fixture.B64(fmt.Sprintf(`{"alg":%q,"kid":"a"}`, alg)) + "." + fixture.B64(fixture.Payload())
			signature, err := private.Sign(nil, []byte(input), options)
			if err != nil || len(public) != c.key || len(signature) != c.signature {
				t.Fatalf("%s: %d and %d bytes, %v", alg, len(public), len(signature), err)
			}
			return input + "." + fixture.B64(string(signature))
		}
		good := sign(&mldsa.Options{})
		body, signature, _ := strings.Cut(good[strings.IndexByte(good, '.')+1:], ".")
		fixture.WantRefused(t, v, good, sign(&mldsa.Options{Context: "x"}), good[:len(good)-8], good+"AAAA", fixture.WithPart(good, 1, body[:len(body)-8]+"AAAA"),
			fixture.WithPart(good, 2, fixture.B64(strings.Repeat("\x00", c.signature))), fixture.WithPart(good, 2, signature[:4]+strings.Repeat("A", len(signature)-4)))
		caching := fixture.NewVerifier(t, fixture.Caching(4), func(config *jwt.Config) { config.Keys = fixture.ParseKeySet(t, key) })
		for range 2 {
			token, err := fixture.Verify(caching, good)
			fixture.WantAccepted(t, token, err)
		}
		if s := fixture.CacheStatus(t, caching); s.Hits != 1 {
			t.Errorf("%s: %+v", alg, s)
		}
		for name, edit := range map[string]fixture.JWKEdit{"alg absent": {"alg": nil}, "alg of another size": {"alg": map[bool]string{true: "ML-DSA-65", false: "ML-DSA-44"}[alg == jwt.MLDSA44]}, "alg of another type": {"alg": "RS256"},
			"pub absent": {"pub": nil}, "pub short": {"pub": fixture.B64(string(public[:len(public)-1]))}, "pub long": {"pub": fixture.B64(string(append(bytes.Clone(public), 0)))}, "private": {"priv": "AAAA"}} {
			if k, err := jwt.ParseKey(fixture.JSON(t, edit.Apply(key))); err == nil {
				t.Errorf("%s, %s: accepted %v", alg, name, k)
			}
		}
	}
}
