// This file holds what all tests share: an issuer, verifiers without a network, and the checks that
// no goroutine of the package outlives the tests and that no refusal repeats its token.

package jwt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

func TestMain(m *testing.M) {
	testIssuer() // not within a bubble of synctest, where its sockets would stand still
	otherIssuer()
	code := m.Run()
	if leaked := leakedGoroutines(); leaked != "" {
		fmt.Fprintf(os.Stderr, "a goroutine of the package is still running:\n%s\n", leaked)
		code = 1
	}
	if repeated.what != "" {
		fmt.Fprintf(os.Stderr, "a refusal repeats a piece of its token: %s\n", repeated.what)
		code = 1
	}
	os.Exit(code)
}

// leakedGoroutines returns the stack of a goroutine that the package started and that does not end.
func leakedGoroutines() string {
	stacks := make([]byte, 1<<20)
	for range 1000 {
		found := ""
		for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(stack, "created by assay.example/jwt.(") {
				found = stack
			}
		}
		if found == "" {
			return ""
		}
		runtime.Gosched()
		stacks = stacks[:cap(stacks)]
	}
	return "see above"
}

// testIssuer is one issuer for all tests that only need its keys and its signatures.
var testIssuer = sync.OnceValue(func() *jwttest.Issuer {
	iss, err := jwttest.Start(nil)
	if err != nil {
		panic(err)
	}
	return iss
})

// otherIssuer is a second one, with the same kids and other keys.
var otherIssuer = sync.OnceValue(func() *jwttest.Issuer {
	iss, err := jwttest.Start(nil)
	if err != nil {
		panic(err)
	}
	return iss
})

var publicAlgorithms = []jwt.Algorithm{jwt.RS256, jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512,
	jwt.ES256, jwt.ES384, jwt.ES512, jwt.EdDSA}

// keysOf returns the issuer's current keys without a network.
func keysOf(t testing.TB, iss *jwttest.Issuer, algorithms ...jwt.Algorithm) *jwt.KeySet {
	t.Helper()
	if algorithms == nil {
		algorithms = publicAlgorithms
	}
	var keys []*jwt.Key
	for _, alg := range algorithms {
		keys = append(keys, iss.Key(alg))
	}
	set, err := jwt.NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// testConfig trusts testIssuer.
func testConfig(t testing.TB) jwt.Config {
	t.Helper()
	return jwt.Config{Issuer: testIssuer().URL, Audience: []string{jwttest.Audience}, Keys: keysOf(t, testIssuer())}
}

// newVerifier returns a verifier of testConfig with changes.
func newVerifier(t testing.TB, changes ...func(*jwt.Config)) *jwt.Verifier {
	t.Helper()
	c := testConfig(t)
	for _, change := range changes {
		change(&c)
	}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// verify also looks whether a refusal repeats a piece of the token.
func verify(v *jwt.Verifier, token string) (*jwt.Token, error) {
	got, err := v.Verify(context.Background(), token)
	if err != nil {
		lookAtRefusal(token, err)
	}
	return got, err
}

var sentinels = map[string]error{
	"ErrNoToken": jwt.ErrNoToken, "ErrRequest": jwt.ErrRequest, "ErrMalformed": jwt.ErrMalformed, "ErrKey": jwt.ErrKey,
	"ErrSignature": jwt.ErrSignature, "ErrExpired": jwt.ErrExpired, "ErrNotYetValid": jwt.ErrNotYetValid,
	"ErrClaims": jwt.ErrClaims, "ErrBinding": jwt.ErrBinding, "ErrScope": jwt.ErrScope,
	"ErrAuthentication": jwt.ErrAuthentication, "ErrUnavailable": jwt.ErrUnavailable,
}

// wantRefusal asserts that err is a refusal for this reason, and wraps this sentinel and no other.
func wantRefusal(t testing.TB, token *jwt.Token, err error, reason jwt.Reason, sentinel error) *jwt.Error {
	t.Helper()
	if token != nil {
		t.Error("a refusal returned a token")
	}
	var e *jwt.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *jwt.Error with reason %s", err, reason)
	}
	if e.Reason != reason {
		t.Errorf("got reason %s, want %s: %v", e.Reason, reason, err)
	}
	for name, s := range sentinels {
		if errors.Is(err, s) != (s == sentinel) {
			t.Errorf("errors.Is(err, %s) is %v: %v", name, s != sentinel, err)
		}
	}
	if text := err.Error(); !strings.HasPrefix(text, "jwt: ") || strings.Count(text, "jwt: ") != 1 || strings.HasSuffix(text, ".") {
		t.Errorf("the text is not written as all are: %q", text)
	}
	return e
}

func wantAccepted(t testing.TB, token *jwt.Token, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if token == nil {
		t.Fatal("neither a token nor an error")
	}
}
