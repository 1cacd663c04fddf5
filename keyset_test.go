// This file tests sets of keys and the key that a token may mean.

package jwt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestKeySetDocuments(t *testing.T) {
	key, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
	many := func(n int) string {
		return `{"keys":[` + strings.Repeat(`{"kty":"x"},`, n-1) + string(key) + `]}`
	}
	for name, text := range map[string]string{
		"empty":             ``,
		"HTML":              `<html>`,
		"array":             `[]`,
		"one key":           string(key),
		"keys absent":       `{}`,
		"keys in capitals":  `{"KEYS":[` + string(key) + `]}`,
		"keys object":       `{"keys":{}}`,
		"keys null":         `{"keys":null}`,
		"no keys":           `{"keys":[]}`,
		"truncated":         `{"keys":[` + string(key),
		"two documents":     `{"keys":[` + string(key) + `]}{}`,
		"keys twice":        `{"keys":[` + string(key) + `],"keys":[]}`,
		"a member twice":    `{"keys":[{"kty":"RSA","kty":"EC"},` + string(key) + `]}`,
		"not UTF-8":         `{"x":"` + "\xff" + `","keys":[` + string(key) + `]}`,
		"101 keys":          many(101),
		"over 512 KiB":      `{"keys":[` + string(key) + `],"x":"` + strings.Repeat("x", 512<<10) + `"}`,
		"too deep":          `{"keys":[` + string(key) + `],"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
		"more than an only": `{"keys":[` + string(key) + `]} x`,
	} {
		if set, err := jwt.ParseKeySet([]byte(text)); err == nil || set != nil || !strings.HasPrefix(err.Error(), "jwt: ParseKeySet: ") {
			t.Errorf("%s: got %v, %v", name, set, err)
		}
	}
	set, err := jwt.ParseKeySet([]byte(many(100)))
	if err != nil || len(set.Keys()) != 1 || len(set.Skipped()) != 99 {
		t.Errorf("100 keys: %v", err)
	}
}

func TestKeyOfKid(t *testing.T) {
	iss := fixture.Issuer()
	rs, rs512, ps, es := fixture.JWKOf(t, iss, jwt.RS256), fixture.JWKOf(t, iss, jwt.RS512), fixture.JWKOf(t, iss, jwt.PS256), fixture.JWKOf(t, iss, jwt.ES256)
	other := fixture.JWKOf(t, fixture.OtherIssuer(), jwt.RS256)
	as := func(key fixture.JWK, kid any) fixture.JWK { return fixture.JWKEdit{"kid": kid}.Apply(key) }
	mint := func(alg jwt.Algorithm, kid any) string {
		return iss.Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": kid}})
	}
	for _, c := range []struct {
		name   string
		keys   []any
		token  string
		reason jwt.Reason
	}{
		{"one kid, two types", []any{as(rs, "a"), as(es, "a")}, mint(jwt.ES256, "a"), ""},
		{"one kid, three algorithms", []any{as(rs, "a"), as(ps, "a"), as(rs512, "a")}, mint(jwt.PS256, "a"), ""},
		{"two keys, one kid and algorithm", []any{as(rs, "a"), as(other, "a")}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"the same key twice", []any{as(rs, "a"), as(rs, "a")}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"a broken twin", []any{as(rs, "a"), fixture.JWKEdit{"n": "AAAA"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"an undeclared twin", []any{as(rs, "a"), fixture.JWKEdit{"alg": nil}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"a twin of another kid", []any{as(rs, "a"), as(other, "b")}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": nil}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin on a curve", []any{as(es, "a"), fixture.JWKEdit{"use": "enc", "alg": nil}.Apply(as(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256), "a"))}, mint(jwt.ES256, "a"), ""},
		{"two encryption twins", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a")), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an RSA-OAEP twin", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"a kid that is not usable", []any{es, fixture.JWKEdit{"use": "enc"}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyUnknown},
		{"a key without kid is not the kid's", []any{as(rs, nil)}, mint(jwt.RS256, "a"), jwt.ReasonKeyUnknown},
		{"no kid, one fits", []any{rs, es}, mint(jwt.ES256, nil), ""},
		{"no kid, none fits", []any{es}, mint(jwt.RS256, nil), jwt.ReasonKeyUnknown},
		{"no kid, two fit", []any{as(rs, "a"), as(other, "b")}, mint(jwt.RS256, nil), jwt.ReasonKeyAmbiguous},
		{"no kid, a poisoned one fits", []any{as(rs, "a"), fixture.JWKEdit{"n": "AAAA"}.Apply(as(other, "a"))}, mint(jwt.RS256, nil), jwt.ReasonKeyAmbiguous},
	} {
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Keys = fixture.ParseKeySet(t, c.keys...) })
		token, err := fixture.Verify(v, c.token)
		if reasonOf(err) != c.reason || (token == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.reason)
		}
		if c.name == "no kid, two fit" && !strings.Contains(err.Error(), "2 of the set") {
			t.Errorf("it does not say how many could: %v", err)
		}
	}
}

func TestNewKeySet(t *testing.T) {
	iss := fixture.Issuer()
	a, b := iss.Key(jwt.RS256), fixture.OtherIssuer().Key(jwt.RS256)
	for name, keys := range map[string][]*jwt.Key{
		"none": nil, "nil": {a, nil}, "zero": {{}}, "one kid and algorithm": {a, b}, "one without kid": {iss.Key(jwt.HS256), iss.Key(jwt.HS256)},
	} {
		if set, err := jwt.NewKeySet(keys...); err == nil || set != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
