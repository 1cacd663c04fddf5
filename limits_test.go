// This file measures what hostile input costs: memory is bounded by what is sent.

package jwt_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// allocated is the memory that one call takes, on average, in bytes.
func allocated(call func()) uint64 {
	const calls = 20
	var before, after runtime.MemStats
	call() // what is kept for the next call
	runtime.ReadMemStats(&before)
	for range calls {
		call()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / calls
}

// manyMembers is the inside of an object with as many members as are allowed.
func manyMembers() string {
	var text strings.Builder
	for i := range 999 {
		fmt.Fprintf(&text, `"%x":1,`, i)
	}
	return text.String() + `"z":1`
}

func fill(unit string, size int) string { return strings.Repeat(unit, size/len(unit)) }

// Refusing 16 KiB of anything takes less than 64 KiB.
func TestTokenMemory(t *testing.T) {
	iss := testIssuer()
	one := newVerifier(t)
	several, err := jwt.NewVerifier(testConfig(t), jwt.Config{Issuer: "x", Audience: []string{"x"}, Keys: keysOf(t, otherIssuer())})
	if err != nil {
		t.Fatal(err)
	}
	payload := func(text string) string { return iss.Mint(jwttest.Spec{Payload: []byte(text)}) }
	const size, inner = 16 << 10, 11 << 10
	for name, token := range map[string]string{
		"dots":             fill(".", size),
		"text":             fill("A", size),
		"garbage":          fill("\xff\x00", size),
		"big header":       fill("A", 4<<10) + "." + fill("A", 8<<10) + ".AAAA",
		"big signature":    b64(`{"alg":"RS256","kid":"rs256-1"}`) + ".e30." + fill("A", 15<<10),
		"big payload":      payload(`{"x":"` + fill("x", inner) + `"}`),
		"escapes":          payload(`{"x":"` + fill(`\u0041`, inner) + `"}`),
		"an escaped name":  payload(`{"` + fill(`\u0041`, inner) + `":1}`),
		"nested arrays":    payload(`{"x":` + fill("[", inner) + `}`),
		"array of objects": payload(`{"x":[` + fill(`{"a":1},`, inner) + `1]}`),
		"many members":     payload(`{` + manyMembers() + `}`),
		"many audiences":   payload(`{"aud":[` + fill(`"a",`, inner) + `"b"]}`),
		"many names":       b64(`{"alg":"RS256",`+manyMembers()[:2000]+`"z":1}`) + ".e30.AAAA",
	} {
		if len(token) > size {
			t.Errorf("%s: %d bytes", name, len(token))
		}
		for kind, v := range map[string]*jwt.Verifier{"one issuer": one, "several": several} {
			if got := allocated(func() { verify(v, token) }); got > 64<<10 {
				t.Errorf("%s, %s: %d bytes", name, kind, got)
			}
		}
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
	for _, c := range []claims{{"aud": values}, {"aud": values[:1000], "scope": "a"}, {"permissions": values[:999], "roles": "r"}, {"scope": strings.Join(values[:1000], " ")}} {
		token, err := verify(v, testIssuer().Token(c))
		wantRefusal(t, token, err, jwt.ReasonClaimInvalid, jwt.ErrClaims)
	}
}

// A hostile key set of 512 KiB takes less than 4 MiB, and its keys cost no arithmetic.
func TestKeySetMemory(t *testing.T) {
	const size = 512 << 10
	good, _ := json.Marshal(jwkOf(t, testIssuer(), jwt.ES256))
	object := "{" + manyMembers() + "},"
	modulus := b64(string(bytesOf(32768)))
	for name, text := range map[string]string{
		"keys of nothing": `{"keys":[` + strings.Repeat(`{},`, 99) + string(good) + `]}`,
		"one big member":  `{"x":"` + fill("x", size-1000) + `","keys":[` + string(good) + `]}`,
		"one big kid":     `{"keys":[{"kty":"RSA","kid":"` + fill(`\u0041`, size-1000) + `"},` + string(good) + `]}`,
		"many members":    `{"x":[` + fill(object, size-2000) + `1],"keys":[` + string(good) + `]}`,
		"many values":     `{"x":[` + fill("1,", size-2000) + `1],"keys":[` + string(good) + `]}`,
		"giant moduli":    `{"keys":[` + strings.Repeat(`{"kty":"RSA","n":"`+modulus+`","e":"AQAB"},`, 80) + string(good) + `]}`,
		"giant exponents": `{"keys":[` + strings.Repeat(`{"kty":"RSA","n":"`+b64(string(bytesOf(2048)))+`","e":"`+modulus+`"},`, 70) + string(good) + `]}`,
		"not JSON":        fill("[", size),
	} {
		if len(text) > size {
			t.Errorf("%s: %d bytes", name, len(text))
		}
		set, err := jwt.ParseKeySet([]byte(text))
		if (err == nil) != (name != "not JSON") || err == nil && len(set.Keys()) != 1 {
			t.Errorf("%s: %v", name, err)
		}
		if got := allocated(func() { jwt.ParseKeySet([]byte(text)) }); got > 4<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}
