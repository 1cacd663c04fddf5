// This file tests what can be asked of a token that was verified.

package jwt_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestRequirements(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name      string
		require   []jwt.Requirement
		claims    claims
		reason    jwt.Reason // empty: accepted
		challenge string
	}{
		{"scope", []jwt.Requirement{jwt.Scope("a")}, claims{"scope": "a b"}, "", ""},
		{"all of scopes", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scope": "b c a"}, "", ""},
		{"one scope missing", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scope": "a"}, jwt.ReasonScopeMissing, missingScope + `, scope="a b"`},
		{"no scope", []jwt.Requirement{jwt.Scope("read:messages")}, nil, jwt.ReasonScopeMissing, missingScope + `, scope="read:messages"`},
		{"scope prefix", []jwt.Requirement{jwt.Scope("read")}, claims{"scope": "read:messages reader"}, jwt.ReasonScopeMissing, missingScope + `, scope="read"`},
		{"scope in capitals", []jwt.Requirement{jwt.Scope("a")}, claims{"scope": "A"}, jwt.ReasonScopeMissing, missingScope + `, scope="a"`},
		{"scope claim in capitals", []jwt.Requirement{jwt.Scope("a")}, claims{"SCOPE": "a"}, jwt.ReasonScopeMissing, missingScope + `, scope="a"`},
		{"scope by tab", []jwt.Requirement{jwt.Scope("a")}, claims{"scope": "a\tb"}, jwt.ReasonScopeMissing, missingScope + `, scope="a"`},
		{"scp string", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scp": "a b"}, "", ""},
		{"scp array", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scp": []string{"a", "b"}}, "", ""},
		{"scp element with space", []jwt.Requirement{jwt.Scope("a")}, claims{"scp": []string{"a b"}}, jwt.ReasonScopeMissing, missingScope + `, scope="a"`},
		{"scope and scp", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scope": "a", "aud": []string{jwttest.Audience, "x"}, "scp": []string{"b"}}, "", ""},
		{"two requirements", []jwt.Requirement{jwt.Scope("a"), jwt.Scope("b")}, claims{"scope": "a"}, jwt.ReasonScopeMissing, missingScope + `, scope="a b"`},
		{"any scope", []jwt.Requirement{jwt.Any(jwt.Scope("a"), jwt.Scope("b"))}, claims{"scope": "b"}, "", ""},
		{"none of any scope", []jwt.Requirement{jwt.Any(jwt.Scope("a"), jwt.Scope("b"))}, claims{"scope": "c"}, jwt.ReasonScopeMissing, missingScope + `, scope="a b"`},
		{"scope not to be asked for", []jwt.Requirement{jwt.Scope("a\"\\", "\r\nb", "ü", "c")}, nil, jwt.ReasonScopeMissing, missingScope + `, scope="c"`},

		{"permission", []jwt.Requirement{jwt.Claim("permissions").Has("p")}, claims{"permissions": []string{"q", "p"}}, "", ""},
		{"permission missing", []jwt.Requirement{jwt.Claim("permissions").Has("p")}, claims{"permissions": []string{"q"}}, jwt.ReasonRequirementUnmet, missingScope},
		{"permission as scope", []jwt.Requirement{jwt.Claim("permissions").Has("p")}, claims{"scope": "p"}, jwt.ReasonRequirementUnmet, missingScope},
		{"permissions string", []jwt.Requirement{jwt.Claim("permissions").Has("p")}, claims{"permissions": "p"}, "", ""},
		{"permissions mixed", []jwt.Requirement{jwt.Claim("permissions").Has("p")}, claims{"permissions": []any{"p", 1}}, jwt.ReasonRequirementUnmet, missingScope},
		{"role", []jwt.Requirement{jwt.Claim("roles").Has("r")}, claims{"roles": []string{"r"}}, "", ""},
		{"role string", []jwt.Requirement{jwt.Claim("roles").Has("r")}, claims{"roles": "r"}, "", ""},
		{"role string with a space", []jwt.Requirement{jwt.Claim("roles").Has("Billing Admin")}, claims{"roles": "Billing Admin"}, "", ""},
		{"word of a role", []jwt.Requirement{jwt.Claim("roles").Has("admin")}, claims{"roles": "not admin"}, jwt.ReasonRequirementUnmet, missingScope},
		{"role missing", []jwt.Requirement{jwt.Claim("roles").Has("r")}, claims{"roles": []string{"rr"}}, jwt.ReasonRequirementUnmet, missingScope},

		{"claim string", []jwt.Requirement{jwt.Claim("tenant").Equals("a")}, claims{"tenant": "a"}, "", ""},
		{"claim other", []jwt.Requirement{jwt.Claim("tenant").Equals("a")}, claims{"tenant": "A"}, jwt.ReasonRequirementUnmet, missingScope},
		{"claim absent", []jwt.Requirement{jwt.Claim("tenant").Equals("")}, nil, jwt.ReasonRequirementUnmet, missingScope},
		{"claim bool", []jwt.Requirement{jwt.Claim("verified").Equals(true)}, claims{"verified": true}, "", ""},
		{"claim bool as string", []jwt.Requirement{jwt.Claim("verified").Equals(true)}, claims{"verified": "true"}, jwt.ReasonRequirementUnmet, missingScope},
		{"claim number", []jwt.Requirement{jwt.Claim("level").Equals(3)}, claims{"level": json.RawMessage("3.0")}, "", ""},
		{"claim number as float", []jwt.Requirement{jwt.Claim("level").Equals(0.5)}, claims{"level": json.RawMessage("5e-1")}, "", ""},
		{"claim number near", []jwt.Requirement{jwt.Claim("id").Equals(int64(9007199254740993))}, claims{"id": json.RawMessage("9007199254740992")}, jwt.ReasonRequirementUnmet, missingScope},
		{"claim number exact", []jwt.Requirement{jwt.Claim("id").Equals(int64(9007199254740993))}, claims{"id": json.RawMessage("9007199254740993")}, "", ""},
		{"claim number huge", []jwt.Requirement{jwt.Claim("id").Equals(1)}, claims{"id": json.RawMessage("1e1000000000")}, jwt.ReasonRequirementUnmet, missingScope},
		{"claim number tiny", []jwt.Requirement{jwt.Claim("id").Equals(0)}, claims{"id": json.RawMessage("1e-1000000000")}, jwt.ReasonRequirementUnmet, missingScope},
		{"claim of a named type", []jwt.Requirement{jwt.Claim("alg").Equals(jwt.RS256), jwt.Claim("age").Equals(time.Duration(0))}, claims{"alg": "RS256", "age": json.RawMessage("0e0")}, "", ""},
		{"claim array", []jwt.Requirement{jwt.Claim("roles").Equals("r")}, claims{"roles": []string{"r"}}, jwt.ReasonRequirementUnmet, missingScope},

		{"acr", []jwt.Requirement{jwt.ACR("gold", "silver")}, claims{"acr": "silver"}, "", ""},
		{"acr other", []jwt.Requirement{jwt.ACR("gold", "silver")}, claims{"acr": "bronze"}, jwt.ReasonAuthenticationInsufficient, reauthenticat + `, acr_values="gold silver"`},
		{"acr absent", []jwt.Requirement{jwt.ACR("gold")}, nil, jwt.ReasonAuthenticationInsufficient, reauthenticat + `, acr_values="gold"`},
		{"auth age", []jwt.Requirement{jwt.MaxAuthAge(time.Minute)}, claims{"auth_time": now.Unix()}, "", ""},
		{"auth too old", []jwt.Requirement{jwt.MaxAuthAge(time.Minute)}, claims{"auth_time": now.Add(-time.Hour).Unix()}, jwt.ReasonAuthenticationInsufficient, reauthenticat + `, max_age="60"`},
		{"auth_time absent", []jwt.Requirement{jwt.MaxAuthAge(0)}, nil, jwt.ReasonAuthenticationInsufficient, reauthenticat + `, max_age="0"`},
		{"auth_time string", []jwt.Requirement{jwt.MaxAuthAge(time.Hour)}, claims{"auth_time": "1"}, jwt.ReasonAuthenticationInsufficient, reauthenticat + `, max_age="3600"`},

		{"all", []jwt.Requirement{jwt.All(jwt.Scope("a"), jwt.Claim("roles").Has("r"))}, claims{"scope": "a", "roles": "r"}, "", ""},
		{"not all", []jwt.Requirement{jwt.All(jwt.Scope("a"), jwt.Claim("roles").Has("r"))}, claims{"scope": "a"}, jwt.ReasonRequirementUnmet, missingScope + `, scope="a"`},
		{"any", []jwt.Requirement{jwt.Any(jwt.Scope("a"), jwt.Claim("roles").Has("r"))}, claims{"roles": "r"}, "", ""},
		{"none of any", []jwt.Requirement{jwt.Any(jwt.Scope("a"), jwt.Claim("roles").Has("r"))}, nil, jwt.ReasonScopeMissing, missingScope + `, scope="a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last *jwt.Error
			resp := answerTo(fixture.Resource(t, jwt.ResourceConfig{}, &last).Require(c.require...), fixture.Request("Bearer "+fixture.Issuer().Token(c.claims)))
			if c.reason == "" {
				if resp.StatusCode != 200 || last != nil {
					t.Errorf("got %d, %v", resp.StatusCode, last)
				}
				return
			}
			status, code, sentinel := 403, "insufficient_scope", jwt.ErrScope
			if c.reason == jwt.ReasonAuthenticationInsufficient {
				status, code, sentinel = 401, "insufficient_user_authentication", jwt.ErrAuthentication
			}
			wantAnswer(t, resp, status, code, c.challenge)
			if last == nil || last.Reason != c.reason || !errors.Is(last, sentinel) || last.Issuer != fixture.Issuer().URL || last.KeyID == "" {
				t.Errorf("OnRefusal got %#v", last)
			}
		})
	}
}

// A refusal for want of a scope repeats no piece of the token either.
func TestRequirementsHoldNoToken(t *testing.T) {
	const piece = "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzMjU2LTEi" // how the header begins
	text := fixture.Issuer().SignRaw(jwt.RS256, `{"alg":"RS256","kid":"rs256-1"}`, fixture.Payload(`"scope":"`+piece+`","roles":["`+piece+`"],"acr":"`+piece+`"`))
	if !strings.HasPrefix(text, piece[:17]) {
		t.Fatalf("the header begins with %s", text[:40])
	}
	for _, req := range []jwt.Requirement{jwt.Scope("a"), jwt.Claim("roles").Has("a"), jwt.ACR("a")} {
		var last *jwt.Error
		answerTo(fixture.Resource(t, jwt.ResourceConfig{}, &last).Require(req), fixture.Request("Bearer "+text))
		if last == nil {
			t.Fatal("not refused")
		}
		for _, told := range tellings(last) {
			if strings.Contains(told, piece[:17]) {
				t.Errorf("%q holds a piece of the token", told)
			}
		}
	}
}

// mistakes are the requirements that ask for nothing or that no token can meet, with the word that
// says what is wrong.
var mistakes = map[string]struct {
	req jwt.Requirement
	why string
}{
	"nil":                    {nil, "a requirement is nil"},
	"Scope()":                {jwt.Scope(), "names no scope"},
	"Scope empty":            {jwt.Scope("a", ""), "a scope is empty"},
	"Scope two words":        {jwt.Scope("a b"), "a scope is one word"},
	"ACR()":                  {jwt.ACR(), "names no class"},
	"ACR empty":              {jwt.ACR(""), "a class is empty"},
	"MaxAuthAge negative":    {jwt.MaxAuthAge(-1), "negative"},
	"All()":                  {jwt.All(), "names no requirement"},
	"Any()":                  {jwt.Any(), "names no requirement"},
	"Any(All())":             {jwt.Any(jwt.All()), "names no requirement"},
	"nil within Any":         {jwt.Any(nil, jwt.Scope("a")), "a requirement is nil"},
	"nil within All":         {jwt.All(jwt.Scope("a"), nil), "a requirement is nil"},
	"mistake within Any":     {jwt.Any(jwt.Scope("a"), jwt.Scope("")), "a scope is empty"},
	"Claim()":                {jwt.Claim().Has("a"), "names no claim"},
	"Claim empty":            {jwt.Claim("").Has("a"), "a name is empty"},
	"Claim empty member":     {jwt.Claim("a", "").Equals("a"), "a name is empty"},
	"Claim scope":            {jwt.Claim("scope").Has("a"), "ask for Scope"},
	"Claim scope equals":     {jwt.Claim("scope").Equals("a"), "ask for Scope"},
	"Has()":                  {jwt.Claim("roles").Has(), "asks for nothing"},
	"HasAny()":               {jwt.Claim("roles").HasAny(), "asks for nothing"},
	"Claim not UTF-8":        {jwt.Claim("a\xff").Has("a"), "a name is not UTF-8"},
	"Claim too deep":         {jwt.Claim(slices.Repeat([]string{"a"}, 33)...).Has("a"), "no token is that deep"},
	"Equals not UTF-8":       {jwt.Claim("a").Equals("\xff"), "the string is not UTF-8"},
	"Scope not UTF-8":        {jwt.Scope("\xff"), "a scope is not UTF-8"},
	"ACR not UTF-8":          {jwt.ACR("a", "\xff"), "a class is not UTF-8"},
	"Has empty":              {jwt.Claim("roles").Has("a", ""), "a string is empty"},
	"HasAny empty":           {jwt.Claim("roles").HasAny("", "a"), "a string is empty"},
	"Equals nil":             {jwt.Claim("a").Equals(nil), "only a string, a bool or a number"},
	"Equals list":            {jwt.Claim("a").Equals([]string{"a"}), "only a string, a bool or a number"},
	"Equals struct":          {jwt.Claim("a").Equals(struct{}{}), "only a string, a bool or a number"},
	"Equals pointer":         {jwt.Claim("a").Equals(new(int)), "only a string, a bool or a number"},
	"Equals NaN":             {jwt.Claim("a").Equals(math.NaN()), "cannot be compared"},
	"Equals infinity":        {jwt.Claim("a").Equals(math.Inf(1)), "cannot be compared"},
	"Equals no number":       {jwt.Claim("a").Equals(json.Number("x")), "cannot be compared"},
	"Equals empty number":    {jwt.Claim("a").Equals(json.Number("")), "cannot be compared"},
	"Equals leading zero":    {jwt.Claim("a").Equals(json.Number("01")), "cannot be compared"},
	"Equals number in space": {jwt.Claim("a").Equals(json.Number(" 1")), "cannot be compared"},
	"Equals two numbers":     {jwt.Claim("a").Equals(json.Number("1 2")), "cannot be compared"},
	"Equals vast exponent":   {jwt.Claim("a").Equals(json.Number("1e99999999")), "cannot be compared"},
	"Equals 401 digits":      {jwt.Claim("a").Equals(json.Number(strings.Repeat("1", 401))), "cannot be compared"},
}

// A mistake is found while the route is built, and no token meets it.
func TestRequirementMistakes(t *testing.T) {
	v := fixture.NewVerifier(t)
	rich := fixture.Issuer().Token(claims{"scope": "a b", "a": "", "roles": []string{"", "a"}, "acr": "", "auth_time": 1, "tenant": nil})
	for name, c := range mistakes {
		t.Run(name, func(t *testing.T) {
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "jwt: Require: ") || !strings.Contains(got, c.why) || strings.ContainsAny(got, "\n") {
						t.Errorf("got the panic %q, want one that says %q", got, c.why)
					}
				}()
				v.Require(jwt.Scope("a"), c.req)
			}()
			if e := v.Trace(t.Context(), rich, time.Time{}, c.req).Refusal; e == nil || e.Reason != jwt.ReasonRequirementUnmet {
				t.Errorf("got %v", e)
			}
		})
	}
}

// A requirement prints as it is written.
func TestRequirementString(t *testing.T) {
	for want, req := range map[string]jwt.Requirement{
		`Scope("read:messages", "b")`:                              jwt.Scope("read:messages", "b"),
		`ACR("gold")`:                                              jwt.ACR("gold"),
		`MaxAuthAge(5m0s)`:                                         jwt.MaxAuthAge(5 * time.Minute),
		`Claim("realm_access", "roles").Has("admin")`:              jwt.Claim("realm_access", "roles").Has("admin"),
		`Claim("https://a.example/roles").HasAny("a b", "\"\n")`:   jwt.Claim("https://a.example/roles").HasAny("a b", "\"\n"),
		`Claim("tenant").Equals("acme")`:                           jwt.Claim("tenant").Equals("acme"),
		`Claim("level").Equals(3)`:                                 jwt.Claim("level").Equals(3),
		`Claim("ok").Equals(true)`:                                 jwt.Claim("ok").Equals(true),
		`Any(Scope("a"), All(Claim("x").Equals(0.5), Scope("b")))`: jwt.Any(jwt.Scope("a"), jwt.All(jwt.Claim("x").Equals(0.5), jwt.Scope("b"))),
		`Scope()`: jwt.Scope(),
	} {
		if got := req.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// The claims that real issuers write, and those that look like them.
func TestClaimShapes(t *testing.T) {
	v := fixture.NewVerifier(t)
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	zitadel := "urn:zitadel:iam:org:project:roles"
	for _, c := range []struct {
		name   string
		req    jwt.Requirement
		claims claims
		text   string // what the refusal says; empty: the token meets it
	}{
		{"Keycloak realm", jwt.Claim("realm_access", "roles").Has("admin"), claims{"realm_access": raw(`{"roles":["user","admin"]}`)}, ""},
		{"Keycloak client", jwt.Claim("resource_access", "my.api", "roles").Has("a", "b"), claims{"resource_access": raw(`{"other":{"roles":["a"]},"my.api":{"roles":["b","c","a"]}}`)}, ""},
		{"one of two", jwt.Claim("resource_access", "api", "roles").Has("a", "b"), claims{"resource_access": raw(`{"api":{"roles":["a"]}}`)}, `lacks "b"`},
		{"Cognito", jwt.Claim("cognito:groups").HasAny("ops", "dev"), claims{"cognito:groups": raw(`["x","dev"]`)}, ""},
		{"a name with slashes", jwt.Claim("https://api.example.com/roles").Has("admin"), claims{"https://api.example.com/roles": raw(`["admin"]`)}, ""},
		{"a path is no dotted name", jwt.Claim("a.b").Has("x"), claims{"a": raw(`{"b":["x"]}`)}, "a.b is absent"},
		{"a dotted name is no path", jwt.Claim("a", "b").Has("x"), claims{"a.b": raw(`["x"]`)}, "a.b is absent"},
		{"no object on the way", jwt.Claim("realm_access", "roles").Has("x"), claims{"realm_access": "admin"}, "realm_access is a string, want an object"},
		{"an array on the way", jwt.Claim("a", "b", "c").Has("x"), claims{"a": claims{"b": raw(`[1]`)}}, "a.b is an array, want an object"},
		{"a month", jwt.Claim("x").Equals(time.March), claims{"x": 2}, "has another value, want 3"},
		{"a name in capitals", jwt.Claim("roles").Has("x"), claims{"Roles": raw(`["x"]`)}, "roles is absent"},
		{"single string", jwt.Claim("role").Has("Billing Admin"), claims{"role": "Billing Admin"}, ""},
		{"word of a string", jwt.Claim("role").Has("Admin"), claims{"role": "Billing Admin"}, `lacks "Admin"`},
		{"escapes", jwt.Claim("roles").Has("admin"), claims{"roles": raw(`["\u0061dmin"]`)}, ""},
		{"empty array", jwt.Claim("roles").HasAny("a", "b"), claims{"roles": raw(`[]`)}, `lacks one of "a" "b"`},
		{"repeated element", jwt.Claim("roles").Has("a", "b"), claims{"roles": raw(`["a","a"]`)}, `lacks "b"`},
		{"mixed array", jwt.Claim("roles").Has("a"), claims{"roles": raw(`["a",1]`)}, "holds a number among its strings"},
		{"nested array", jwt.Claim("roles").Has("a"), claims{"roles": raw(`[["a"]]`)}, "holds an array among its strings"},
		{"number", jwt.Claim("roles").Has("1"), claims{"roles": 1}, `is a number, want "1"`},
		{"true", jwt.Claim("admin").Has("true"), claims{"admin": true}, `is a bool, want "true"`},
		{"null", jwt.Claim("roles").Has("null"), claims{"roles": raw(`null`)}, `is null, want "null"`},
		{"Zitadel", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":{"12345":"acme.example.com"}}`)}, ""},
		{"Zitadel false", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":false}`)}, `lacks "admin"`},
		{"Zitadel true", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":true}`)}, `lacks "admin"`},
		{"Zitadel null", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":null}`)}, `lacks "admin"`},
		{"Zitadel empty", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":{ }}`)}, `lacks "admin"`},
		{"Zitadel array", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":["x"]}`)}, `lacks "admin"`},
		{"Zitadel string", jwt.Claim(zitadel).Has("admin"), claims{zitadel: raw(`{"admin":"x"}`)}, `lacks "admin"`},
		{"Zitadel deeper", jwt.Claim(zitadel).Has("12345"), claims{zitadel: raw(`{"admin":{"12345":"x"}}`)}, `lacks "12345"`},
		{"Kubernetes", jwt.Claim("kubernetes.io", "serviceaccount", "name").Equals("builder"), claims{"kubernetes.io": raw(`{"serviceaccount":{"name":"builder"}}`)}, ""},
		{"AWS", jwt.Claim("https://sts.amazonaws.com/", "account").Equals("123456789012"), claims{"https://sts.amazonaws.com/": raw(`{"account":"123456789012"}`)}, ""},

		{"empty string", jwt.Claim("x").Equals(""), claims{"x": ""}, ""},
		{"string for a number", jwt.Claim("x").Equals(1), claims{"x": "1"}, "is a string, want a number"},
		{"number for a string", jwt.Claim("x").Equals("1"), claims{"x": 1}, "is a number, want a string"},
		{"string for a bool", jwt.Claim("x").Equals(true), claims{"x": "true"}, "is a string, want a bool"},
		{"null for a string", jwt.Claim("x").Equals(""), claims{"x": raw("null")}, "is null, want a string"},
		{"array for a string", jwt.Claim("x").Equals("a"), claims{"x": raw(`["a"]`)}, "is an array, want a string"},
		{"other bool", jwt.Claim("x").Equals(true), claims{"x": false}, "has another value"},
		{"negative zero", jwt.Claim("x").Equals(0), claims{"x": raw("-0.0e5")}, ""},
		{"exponents", jwt.Claim("x").Equals(1500), claims{"x": raw("0.0015e6")}, ""},
		{"exact uint64", jwt.Claim("x").Equals(uint64(math.MaxUint64)), claims{"x": raw("18446744073709551615.000")}, ""},
		{"near uint64", jwt.Claim("x").Equals(uint64(math.MaxUint64)), claims{"x": raw("18446744073709551616")}, "has another value"},
		{"sign", jwt.Claim("x").Equals(-1), claims{"x": 1}, "has another value"},
		{"large", jwt.Claim("x").Equals(1e300), claims{"x": raw("1" + strings.Repeat("0", 300))}, ""},
		{"more digits than are compared", jwt.Claim("x").Equals(1), claims{"x": raw("1." + strings.Repeat("0", 100) + "1")}, "has another value"},
		{"vast exponent", jwt.Claim("x").Equals(json.Number("1e400")), claims{"x": raw("1e9999999999")}, "has another value"},
		{"json.Number", jwt.Claim("x").Equals(json.Number("12345678901234567890.5")), claims{"x": raw("12345678901234567890.50")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := v.Trace(t.Context(), fixture.Issuer().Token(c.claims), time.Time{}, c.req).Refusal
			switch {
			case c.text == "" && e != nil:
				t.Errorf("refused: %v", e)
			case c.text != "" && e == nil:
				t.Error("a token meets it")
			case c.text != "" && (!strings.Contains(e.Error(), c.text) || e.Reason != jwt.ReasonRequirementUnmet):
				t.Errorf("got %v (%s), want %q", e, e.Reason, c.text)
			}
		})
	}
}

// The refusal of alternatives names each of them, and that of scopes all that are missing.
func TestRequirementTells(t *testing.T) {
	v := fixture.NewVerifier(t)
	e := v.Trace(t.Context(), fixture.Issuer().Token(claims{"scope": "c"}), time.Time{}, jwt.Any(jwt.Scope("a", "c", "b"), jwt.Claim("roles").Has("admin"))).Refusal
	const want = `jwt: missing scope: scope is "c", want all of "a" "b"; or roles is absent, want "admin"`
	if e == nil || e.Error() != want || e.Want != `Scope("a", "c", "b") or Claim("roles").Has("admin")` {
		t.Errorf("got %v, %+v", e, e)
	}
}

// A user who authenticated just as long ago as is allowed need not do so again.
func TestMaxAuthAgeEdge(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		v := fixture.NewVerifier(t)
		text := fixture.Issuer().Token(claims{"auth_time": time.Now().Unix()})
		guard := v.Require(jwt.MaxAuthAge(time.Minute))
		for _, c := range []struct {
			wait   time.Duration
			status int
		}{{time.Minute, http.StatusOK}, {time.Nanosecond, http.StatusUnauthorized}} {
			time.Sleep(c.wait)
			if resp := answerTo(guard, fixture.Request("Bearer "+text)); resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
		}
	})
}

// Nobody authenticated in the future, but for the leeway.
func TestMaxAuthAgeFuture(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		for leeway, most := range map[time.Duration]time.Duration{0: 30 * time.Second, -1: 0, time.Minute: time.Minute} {
			v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Leeway = leeway })
			for _, age := range []time.Duration{0, time.Hour} {
				for ahead, status := range map[time.Duration]int{most: 200, most + time.Second: 401, 24 * time.Hour: 401} {
					text := fixture.Issuer().Token(claims{"auth_time": time.Now().Add(ahead).Unix()})
					if resp := answerTo(v.Require(jwt.MaxAuthAge(age)), fixture.Request("Bearer "+text)); resp.StatusCode != status {
						t.Errorf("%v ahead with a leeway of %v: status %d, want %d", ahead, leeway, resp.StatusCode, status)
					}
				}
			}
		}
	})
}

// Check and Trace say the same of a route whose later requirement is a mistake.
func TestMistakeBehindARequirement(t *testing.T) {
	token := fixture.Issuer().Token(nil)
	reqs := []jwt.Requirement{jwt.Scope("a"), jwt.Scope()}
	_, err := fixture.Resource(t, jwt.ResourceConfig{}, nil).Check(fixture.Request("Bearer "+token), reqs...)
	fixture.WantSameRefusal(t, err, fixture.NewVerifier(t).Trace(t.Context(), token, time.Time{}, reqs...))
}
