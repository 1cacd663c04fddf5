//go:build go1.26

// This file tests what changes where Go's cryptography is that of FIPS 140-3.

package suites

import (
	"bytes"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// With GODEBUG=fips140=on everything is as without. With fips140=only crypto/rsa verifies nothing with
// two kinds of keys that are accepted otherwise.
func TestFIPS(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{"off": "false false", "on": "true false", "only": "true true"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFIPSMode$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140="+mode)
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("FIPS 140: "+want)) || !bytes.Contains(out, []byte("--- PASS: TestFIPSMode")) {
			t.Errorf("fips140=%s: %v\n%s", mode, err, out)
		}
	}
}

// TestFIPSMode asks for the tokens that are accepted in the mode of this process.
func TestFIPSMode(t *testing.T) {
	t.Logf("FIPS 140: %v %v", fips140.Enabled(), fips140.Enforced())
	k := fixture.FixedKeys()
	for _, alg := range slices.Sorted(maps.Keys(k.Hash)) {
		wantHolds(t, string(alg), k.Key(t, "", alg), k.Sign(t, alg, `{"alg":"`+string(alg)+`"}`, fipsClaims), true)
	}
	wantHolds(t, "Ed25519", k.Key(t, "", jwt.Ed25519), k.Sign(t, jwt.EdDSA, `{"alg":"Ed25519"}`, fipsClaims), true)
	primes := k.Private[jwt.RS256].(*rsa.PrivateKey).Primes
	key, token := exoticRSA(t, primes[0], primes[1], 3, 5, 7, 11, 13, 17)
	wantHolds(t, "an exponent of at most 2^16", key, token, !fips140.Enforced())
	var p, q *big.Int
	for n := new(big.Int); n.BitLen() != 2049; n.Mul(p, q) {
		var errP, errQ error
		fips140.WithoutEnforcement(func() {
			p, errP = rand.Prime(rand.Reader, 1025)
			q, errQ = rand.Prime(rand.Reader, 1024)
		})
		if errP != nil || errQ != nil {
			t.Fatal(errP, errQ)
		}
	}
	key, token = exoticRSA(t, p, q, 65537)
	wantHolds(t, "a modulus of 2049 bits", key, token, !fips140.Enforced())
}

const fipsClaims = `{"iss":"issuer","aud":"api","exp":253402300799}`

// wantHolds asserts that a token is accepted, or else that its signature is refused.
func wantHolds(t *testing.T, name string, key *jwt.Key, text string, holds bool) {
	t.Helper()
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "issuer", Audience: []string{"api"}, Keys: key})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err = fixture.Verify(v, text); holds && err != nil || !holds && !errors.Is(err, jwt.ErrSignature) {
		t.Errorf("%s: got %v, want it accepted: %v", name, err, holds)
	}
	if _, err = fixture.Verify(v, fixture.WithPart(text, 1, fixture.B64(`{}`))); !errors.Is(err, jwt.ErrSignature) {
		t.Errorf("%s with another payload: got %v", name, err)
	}
}

// exoticRSA signs a token with a key that crypto/rsa does not make, of the first exponent that its
// primes allow, by RFC 8017 section 8.2.1.
func exoticRSA(t *testing.T, p, q *big.Int, exponents ...int64) (*jwt.Key, string) {
	t.Helper()
	one, n := big.NewInt(1), new(big.Int).Mul(p, q)
	order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	var d *big.Int
	var exponent int64
	for _, exponent = range exponents {
		if d = new(big.Int).ModInverse(big.NewInt(exponent), order); d != nil {
			break
		}
	}
	if d == nil {
		t.Fatalf("no exponent among %v", exponents)
	}
	key, err := jwt.RSAKey("", jwt.RS256, &rsa.PublicKey{N: n, E: int(exponent)})
	if err != nil {
		t.Fatal(err)
	}
	input := fixture.B64(`{"alg":"RS256"}`) + "." + fixture.B64(fipsClaims)
	digest := sha256.Sum256([]byte(input))
	info := "3031300d060960864801650304020105000420" + hex.EncodeToString(digest[:])
	size := (n.BitLen() + 7) / 8
	padded, _ := new(big.Int).SetString("1"+strings.Repeat("f", 2*size-6-len(info))+"00"+info, 16)
	signature := padded.Exp(padded, d, n).FillBytes(make([]byte, size))
	return key, input + "." + base64.RawURLEncoding.EncodeToString(signature)
}
