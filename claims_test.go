// This file tests how the registered claims of a payload are read.

package jwt_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// token mints and verifies.
func token(t testing.TB, c claims) *jwt.Token {
	t.Helper()
	token, err := fixture.Verify(fixture.NewVerifier(t), fixture.Issuer().Token(c))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A trusted iss does not end the reading: what is broken behind it asks nobody for keys.
func TestBrokenPayloadChoosesNoIssuer(t *testing.T) {
	calls := 0
	config := fixture.Config(t)
	config.Keys = countedKeys(&calls)
	v, err := jwt.NewVerifier(config, jwt.Config{Issuer: fixture.OtherIssuer().URL, Audience: []string{"x"}, Keys: countedKeys(&calls)})
	if err != nil {
		t.Fatal(err)
	}
	iss := `{"iss":"` + fixture.Issuer().URL + `"`
	for _, payload := range []string{iss, iss + `,`, iss + `,"a":1,"a":2}`, iss + `,` + iss[1:] + `}`, iss + `} {}`, iss + `,"a":tru}`, iss + ",\"a\":\"\xff\"}"} {
		text := fixture.Issuer().Mint(jwttest.Spec{Payload: []byte(payload)})
		token, err := fixture.Verify(v, text)
		if e := fixture.WantRefusal(t, token, err, jwt.ReasonPayloadInvalid, jwt.ErrClaims); e.Issuer != "" {
			t.Errorf("%q: judged by %q", payload, e.Issuer)
		}
		fixture.Trace(t, v, text)
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
	v := fixture.NewVerifier(t)
	token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"aud": values[:1000]}))
	fixture.WantAccepted(t, token, err)
	for _, c := range []claims{{"aud": values}, {"aud": values[:1000], "scope": "a"}, {"scope": strings.Join(values[:1000], " ")}, {"scp": strings.Join(values[:1000], " ")}, {"scp": values[:1000]}} {
		token, err := fixture.Verify(v, fixture.Issuer().Token(c))
		fixture.WantRefusal(t, token, err, jwt.ReasonClaimInvalid, jwt.ErrClaims)
	}
	// What this package does not read by itself may list as much as there is room for.
	token, err = fixture.Verify(v, fixture.Issuer().Token(claims{"roles": values}))
	fixture.WantAccepted(t, token, err)
}

// A number is computed with up to 400 bytes, and up to an exponent of 400.
func TestNumberLimit(t *testing.T) {
	for number, want := range map[string]bool{
		"1." + strings.Repeat("0", 398): true, "1." + strings.Repeat("0", 399): false,
		"0." + strings.Repeat("0", 394) + "1e395": false, "0." + strings.Repeat("0", 390) + "1e391": true,
		"1" + strings.Repeat("0", 394) + "e-394": true, "0e400": true, "0e401": false, "0e-400": true, "0e-401": false,
	} {
		at, ok := jwt.NumericDate(number)
		if ok != want || ok && at.Unix() > 1 {
			t.Errorf("%.10s… of %d bytes: got %v, %v", number, len(number), at, ok)
		}
	}
}

// Claims that only grant, of a wrong type, grant nothing and refuse nothing, but where RFC 9068 is asked
// for. An array of strings is a right type everywhere; its elements are whole.
func TestGrants(t *testing.T) {
	lenient, strict := fixture.NewVerifier(t), fixture.NewVerifier(t, func(c *jwt.Config) { c.Profile = jwt.AccessToken })
	for _, name := range []string{"scope", "scp"} {
		for value, want := range map[string][]string{
			`"a b"`: {"a", "b"}, `["a","b c"]`: {"a", "b c"}, `[]`: {}, `""`: {}, `1`: nil, `null`: nil, `true`: nil, `{}`: nil, `{"a":1}`: nil, `["a",1]`: nil, `[["a"]]`: nil, `["a",null]`: nil,
		} {
			for v, valid := range map[*jwt.Verifier]bool{lenient: true, strict: want != nil} {
				spec := jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: claims{"client_id": "c", name: json.RawMessage(value)}}
				token, err := fixture.Verify(v, fixture.Issuer().Mint(spec))
				if !valid {
					if e := fixture.WantRefusal(t, token, err, jwt.ReasonClaimInvalid, jwt.ErrClaims); e.Member != name {
						t.Errorf("%s is %s: got member %q", name, value, e.Member)
					}
					continue
				}
				if fixture.WantAccepted(t, token, err); err != nil {
					continue
				}
				if got := token.Scopes(); !slices.Equal(got, want) {
					t.Errorf("%s is %s: got %q, want %q", name, value, got, want)
				}
				var refusal *jwt.Error
				if err := token.Meets(jwt.Scope("c")); !errors.As(err, &refusal) || (want == nil) != strings.Contains(err.Error(), name+" is neither a string nor an array of strings") {
					t.Errorf("%s is %s: got %v", name, value, err)
				}
			}
		}
	}
}

// claimRefusals are tokens whose payload is no strict JSON object, or has a registered claim of a wrong type.
func claimRefusals() []refusal {
	x := newForge()
	c := jwt.ErrClaims
	list := []refusal{
		{"payload is text", x.payload("no JSON"), jwt.ReasonPayloadInvalid, c, ""},
		{"payload is an array", x.payload(`[]`), jwt.ReasonPayloadInvalid, c, ""},
		{"payload with more", x.payload(`{} {}`), jwt.ReasonPayloadInvalid, c, ""},
		{"payload with a duplicate", x.payload(`{"exp":1,"exp":99999999999}`), jwt.ReasonPayloadInvalid, c, ""},
		{"payload with a zero before a number", x.payload(`{"exp":099999999999}`), jwt.ReasonPayloadInvalid, c, ""},
		{"payload not UTF-8", x.payload("{\"sub\":\"\xc3\x28\"}"), jwt.ReasonPayloadInvalid, c, ""},
	}
	for _, bad := range []string{`"1"`, `null`, `true`, `[1]`, `{}`, `-1`, `1e300`, `253402300800`, `1e1000000000`, `1` + strings.Repeat("0", 300)} {
		for _, name := range []string{"exp", "nbf", "iat"} {
			list = append(list, refusal{name + " " + bad[:min(len(bad), 12)], x.with(name, raw(bad)), jwt.ReasonClaimInvalid, c, name})
		}
	}
	for _, bad := range []string{`1`, `null`, `true`, `["x"]`, `{}`} {
		for _, name := range []string{"iss", "sub", "jti", "client_id", "azp"} {
			list = append(list, refusal{name + " " + bad, x.with(name, raw(bad)), jwt.ReasonClaimInvalid, c, name})
		}
	}
	for _, bad := range []string{`1`, `null`, `{}`, `[1]`, `["` + jwttest.Audience + `",null]`, `[["` + jwttest.Audience + `"]]`} {
		list = append(list, refusal{"aud " + bad, x.with("aud", raw(bad)), jwt.ReasonClaimInvalid, c, "aud"})
	}
	for _, bad := range []string{`1`, `"x"`, `null`, `[]`} {
		list = append(list, refusal{"cnf " + bad, x.with("cnf", raw(bad)), jwt.ReasonClaimInvalid, c, "cnf"})
	}
	return list
}

func TestPayloadAndClaimTypesRefused(t *testing.T) { testRefusals(t, claimRefusals()) }
