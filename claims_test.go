// This file tests how the registered claims of a payload are read.

package jwt_test

import (
	"fmt"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// token mints and verifies.
func token(t testing.TB, c claims) *jwt.Token {
	t.Helper()
	token, err := verify(newVerifier(t), testIssuer().Token(c))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A trusted iss does not end the reading: what is broken behind it asks nobody for keys.
func TestBrokenPayloadChoosesNoIssuer(t *testing.T) {
	calls := 0
	config := testConfig(t)
	config.Keys = countedKeys(&calls)
	v, err := jwt.NewVerifier(config, jwt.Config{Issuer: otherIssuer().URL, Audience: []string{"x"}, Keys: countedKeys(&calls)})
	if err != nil {
		t.Fatal(err)
	}
	iss := `{"iss":"` + testIssuer().URL + `"`
	for _, payload := range []string{iss, iss + `,`, iss + `,"a":1,"a":2}`, iss + `,` + iss[1:] + `}`, iss + `} {}`, iss + `,"a":tru}`, iss + ",\"a\":\"\xff\"}"} {
		text := testIssuer().Mint(jwttest.Spec{Payload: []byte(payload)})
		token, err := verify(v, text)
		if e := wantRefusal(t, token, err, jwt.ReasonPayloadInvalid, jwt.ErrClaims); e.Issuer != "" {
			t.Errorf("%q: judged by %q", payload, e.Issuer)
		}
		traced(t, v, text)
	}
	if calls != 0 {
		t.Errorf("keys were asked for %d times", calls)
	}
}

func TestValueLimit(t *testing.T) {
	values := make([]string, 1001)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	values[999] = jwttest.Audience
	v := newVerifier(t)
	token, err := verify(v, testIssuer().Token(claims{"aud": values[:1000]}))
	wantAccepted(t, token, err)
	for _, c := range []claims{{"aud": values}, {"aud": values[:1000], "scope": "a"}, {"scope": strings.Join(values[:1000], " ")}, {"scp": strings.Join(values[:1000], " ")}, {"scp": values[:1000]}} {
		token, err := verify(v, testIssuer().Token(c))
		wantRefusal(t, token, err, jwt.ReasonClaimInvalid, jwt.ErrClaims)
	}
	// What this package does not read by itself may list as much as there is room for.
	token, err = verify(v, testIssuer().Token(claims{"roles": values}))
	wantAccepted(t, token, err)
}
