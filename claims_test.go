// This file tests what handlers read from a token: typed claims, single claims, and their names.

package jwt_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

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

type base struct {
	Tenant string `json:"tenant"`
	Level  int    `json:"level"`
}

type custom struct {
	base
	Scope string           `json:"scope"`
	Level string           `json:"level"` // hides base.Level
	Org   struct{ ID int } `json:"org"`
	List  []base           `json:"list"`
	Map   map[string]base  `json:"map"`
	Any   any              `json:"any"`
	Raw   json.RawMessage  `json:"raw"`
	When  time.Time        `json:"when"`
	Plain string
	Next  *custom `json:"next"`
	Not   string  `json:"-"`
}

func TestClaimsMatchExactly(t *testing.T) {
	got, err := jwt.Claims[custom](token(t, claims{
		"SCOPE": "admin", "Scope": "admin", "scope": "read",
		"TENANT": "x", "tenant": "acme", "LEVEL": "x", "level": "high",
		"org": claims{"id": 1, "ID": 2, "Id": 3}, "list": []claims{{"Tenant": "x"}, {"tenant": "y"}},
		"map": claims{"Tenant": claims{"tenant": "a", "TENANT": "b"}}, "any": claims{"Scope": "kept"},
		"raw": claims{"Scope": "kept"}, "when": "2026-11-21T19:00:00Z", "plain": "x", "Plain": "y",
		"next": claims{"scope": "deep", "\u017fcope": "long s"}, "hidden": "x", "Hidden": "x", "-": "x", "Not": "x",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := custom{base: base{Tenant: "acme"}, Scope: "read", Level: "high", Org: struct{ ID int }{2},
		List: []base{{}, {Tenant: "y"}}, Map: map[string]base{"Tenant": {Tenant: "a"}},
		Any: map[string]any{"Scope": "kept"}, Raw: json.RawMessage(`{"Scope":"kept"}`),
		When: time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC), Plain: "y", Next: &custom{Scope: "deep"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	only, err := jwt.Claims[struct {
		Scope string `json:"scope"`
	}](token(t, claims{"SCOPE": "admin"}))
	if err != nil || only.Scope != "" {
		t.Errorf("SCOPE filled scope: %v, %v", only, err)
	}
}

// Where the payload has no name in a wrong case, Claims is json.Unmarshal.
func TestClaimsIsUnmarshal(t *testing.T) {
	c := claims{"tenant": "acme", "org": claims{"ID": 2}, "list": []base{{"a", 1}}, "map": map[string]any{"x": base{"b", 2}}, "any": []any{1.5, nil, "x"}}
	full := token(t, c)
	got, err := jwt.Claims[custom](full)
	var want custom
	text, _ := json.Marshal(c)
	if err != nil || json.Unmarshal(text, &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	all, err := jwt.Claims[map[string]any](full)
	if err != nil || all["tenant"] != "acme" || all["iss"] != testIssuer().URL {
		t.Errorf("got %v, %v", all, err)
	}
	pointer, err := jwt.Claims[*base](full)
	if err != nil || pointer.Tenant != "acme" {
		t.Errorf("got %v, %v", pointer, err)
	}
	if got, err := jwt.Claims[struct {
		Tenant int `json:"tenant"`
	}](full); err == nil || got.Tenant != 0 || !strings.HasPrefix(err.Error(), "jwt: Claims: ") {
		t.Errorf("a string filled an int: %v, %v", got, err)
	}
	for _, none := range []*jwt.Token{nil, {}} {
		if _, err := jwt.Claims[base](none); err == nil {
			t.Error("no token has claims")
		}
	}
}

func TestTokenAccessors(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	tk := token(t, claims{"aud": []string{"x", jwttest.Audience}, "scope": "a b", "scp": []string{"c"}, "azp": "app", "jti": "id",
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "iat": json.Number(fmt.Sprintf("%d.25", now.Unix()-1))})
	for name, pair := range map[string][2]any{
		"Issuer":    {tk.Issuer(), testIssuer().URL},
		"Subject":   {tk.Subject(), "test-subject"},
		"Audience":  {tk.Audience(), []string{"x", jwttest.Audience}},
		"Scopes":    {tk.Scopes(), []string{"a", "b", "c"}},
		"ClientID":  {tk.ClientID(), "app"},
		"ID":        {tk.ID(), "id"},
		"ExpiresAt": {tk.ExpiresAt(), now.Add(time.Hour)},
		"NotBefore": {tk.NotBefore(), now},
		"IssuedAt":  {tk.IssuedAt(), now.Add(-750 * time.Millisecond)},
		"Header":    {tk.Header(), jwt.Header{Algorithm: jwt.RS256, KeyID: "rs256-1", Type: "JWT"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	// What is handed out is the caller's: a change does not reach the token.
	tk.Audience()[0], tk.Scopes()[0] = "changed", "changed"
	if tk.Audience()[0] != "x" || tk.Scopes()[0] != "a" {
		t.Error("the token was changed")
	}
	none := token(t, claims{"sub": nil, "jti": nil, "iat": nil})
	if none.Subject() != "" || none.ID() != "" || none.ClientID() != "" || len(none.Scopes()) != 0 || !none.NotBefore().IsZero() || !none.IssuedAt().IsZero() {
		t.Error("an absent claim has a value")
	}
}

// Fields of structs that are embedded twice are as encoding/json has them.
func TestClaimsOfEmbeddedTwice(t *testing.T) {
	type base struct{ X string }
	type A struct{ base }
	type L struct{ A }
	type R struct{ A }
	type both struct {
		L
		R
	}
	text := `{"X":"1"}`
	var want both
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got, err := jwt.Claims[both](jwt.TokenOf(text))
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestClaim(t *testing.T) {
	tk := token(t, claims{"realm_access": claims{"roles": []any{"a", 1, nil, true, claims{"b": "c"}}}, "https://authgear.com/claims/user/roles": "x",
		"big": json.RawMessage("9007199254740993"), "null": json.RawMessage("null"), "esc\"aped": "y", "empty": claims{}})
	for _, c := range []struct {
		path []string
		want any
		ok   bool
	}{
		{[]string{"sub"}, "test-subject", true},
		{[]string{"realm_access", "roles"}, []any{"a", json.Number("1"), nil, true, map[string]any{"b": "c"}}, true},
		{[]string{"https://authgear.com/claims/user/roles"}, "x", true},
		{[]string{"big"}, json.Number("9007199254740993"), true},
		{[]string{"null"}, nil, true},
		{[]string{"esc\"aped"}, "y", true},
		{[]string{"empty"}, map[string]any{}, true},
		{[]string{"SUB"}, nil, false},
		{[]string{"roles"}, nil, false},
		{[]string{"sub", "x"}, nil, false},
		{[]string{"empty", "x"}, nil, false},
		{[]string{"realm_access", "roles", "0"}, nil, false},
		{nil, nil, false},
	} {
		if got, ok := tk.Claim(c.path...); ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %v, %v", c.path, got, ok)
		}
	}
	var none *jwt.Token
	if _, ok := none.Claim("x"); ok {
		t.Error("no token has a claim")
	}
}

// Whatever prints a token prints neither its text nor more of its claims than names it.
func TestTokenFormat(t *testing.T) {
	text := testIssuer().Token(claims{"email": "somebody@example.com", "sub": "line\nbreak"})
	tk, err := verify(newVerifier(t), text)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", tk)
	tellings := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		tellings = append(tellings, fmt.Sprintf(verb, tk))
	}
	for _, told := range tellings {
		if strings.Contains(told, "somebody") || strings.Contains(told, text[len(text)-20:]) || strings.Contains(strings.TrimSpace(told), "\n") {
			t.Errorf("got %s", told)
		}
		if !strings.Contains(told, testIssuer().URL) {
			t.Errorf("%s does not say whose token it is", told)
		}
	}
	for _, want := range []string{"token.iss=", "token.sub=", "token.client_id=", "token.jti=", "token.exp="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
}
