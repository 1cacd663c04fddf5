// This file tests sets of keys and the key that a token may mean.

package jwt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
		{"the same key twice", []any{as(rs, "a"), as(rs, "a")}, mint(jwt.RS256, "a"), ""},
		{"the same key under two kids", []any{as(rs, "a"), as(rs, "b")}, mint(jwt.RS256, "b"), ""},
		{"the same key under two kids, no kid", []any{as(rs, "a"), as(rs, "b")}, mint(jwt.RS256, nil), ""},
		{"the same key twice without kids", []any{as(rs, nil), as(rs, nil), as(es, nil)}, mint(jwt.RS256, nil), ""},
		{"the same key without alg", []any{fixture.JWKEdit{"alg": nil}.Apply(as(rs, "a")), as(rs, "a")}, mint(jwt.RS256, "a"), ""},
		{"the same key without use", []any{as(rs, "a"), fixture.JWKEdit{"use": nil, "alg": nil}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), ""},
		{"the same key with its certificate", []any{as(rs, "a"), fixture.JWKEdit{"x5c": []string{certificateOf(t, rs)}}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), ""},
		{"the same key, skipped once for its key_ops", []any{as(rs, "a"), fixture.JWKEdit{"use": nil, "key_ops": []string{"sign"}}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), ""},
		{"the same key, skipped once for its certificate", []any{as(rs, "a"), fixture.JWKEdit{"x5c": []string{certificateOf(t, other)}}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), ""},
		{"the same key, skipped once for its private half", []any{as(rs, "a"), fixture.JWKEdit{"d": "AQAB"}.Apply(as(rs, "a"))}, mint(jwt.RS256, "a"), ""},
		{"another key, skipped for its private half", []any{as(rs, "a"), fixture.JWKEdit{"d": "AQAB"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"the same key twice beside another", []any{as(rs, "a"), as(rs, "a"), as(other, "a")}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"the same key for another algorithm", []any{as(rs, "a"), fixture.JWKEdit{"alg": "RS512"}.Apply(as(rs, "b"))}, mint(jwt.RS256, nil), ""},
		{"the same key twice beside another, no kid", []any{as(rs, "a"), as(rs, "b"), as(other, "c")}, mint(jwt.RS256, nil), jwt.ReasonKeyAmbiguous},
		{"an empty kid is none", []any{as(rs, ""), es}, mint(jwt.RS256, ""), ""},
		{"an empty kid in the token alone", []any{as(rs, "a"), es}, mint(jwt.RS256, ""), ""},
		{"a broken twin", []any{as(rs, "a"), fixture.JWKEdit{"n": "AAAA"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"two broken twins", []any{es, fixture.JWKEdit{"n": "AAAA"}.Apply(as(rs, "a")), fixture.JWKEdit{"n": "AAAA"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"an undeclared twin", []any{as(rs, "a"), fixture.JWKEdit{"alg": nil}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
		{"a twin of another kid", []any{as(rs, "a"), as(other, "b")}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": nil}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an encryption twin on a curve", []any{as(es, "a"), fixture.JWKEdit{"use": "enc", "alg": nil}.Apply(as(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256), "a"))}, mint(jwt.ES256, "a"), ""},
		{"two encryption twins", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a")), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"an RSA-OAEP twin", []any{as(rs, "a"), fixture.JWKEdit{"use": "enc", "alg": "RSA-OAEP"}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"a twin that encrypts by key_ops", []any{as(rs, "a"), fixture.JWKEdit{"key_ops": []string{"wrapKey"}}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), ""},
		{"a twin that signs by key_ops", []any{as(rs, "a"), fixture.JWKEdit{"key_ops": []string{"sign"}}.Apply(as(other, "a"))}, mint(jwt.RS256, "a"), jwt.ReasonKeyAmbiguous},
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
		"none": nil, "nil": {a, nil}, "zero": {{}}, "one kid and algorithm": {a, b}, "two secrets without kid": {secretOf(t, 1), secretOf(t, 2)},
	} {
		if set, err := jwt.NewKeySet(keys...); err == nil || set != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	hs := iss.Key(jwt.HS256)
	for name, keys := range map[string][]*jwt.Key{"the same key": {a, a}, "the same secret": {hs, hs}, "an equal secret": {secretOf(t, 1), secretOf(t, 1)}, "one key": {a}} {
		set, err := jwt.NewKeySet(keys...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if k, err := set.Key(t.Context(), jwt.Header{Algorithm: keys[0].Algorithm()}); err != nil || k.KeyID() != keys[0].KeyID() {
			t.Errorf("%s: got %v, %v", name, k, err)
		}
	}
}

func secretOf(t *testing.T, fill byte) *jwt.Key {
	t.Helper()
	k, err := jwt.HMACKey("", jwt.HS256, bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// certificateOf is a certificate of an RSA key, as x5c has it.
func certificateOf(t *testing.T, key fixture.JWK) string {
	t.Helper()
	return base64.StdEncoding.EncodeToString(fixture.Certificate(t, fixture.PublicRSA(t, key)))
}

// A token without kid may name its key by the thumbprint of a certificate, and no more than that.
func TestKeyOfCertificate(t *testing.T) {
	iss := fixture.Issuer()
	rs, es := fixture.JWKOf(t, iss, jwt.RS256), fixture.JWKOf(t, iss, jwt.ES256)
	other := fixture.JWKOf(t, fixture.OtherIssuer(), jwt.RS256)
	with := func(key fixture.JWK, x5t, x5tS256 any) fixture.JWK {
		return fixture.JWKEdit{"kid": nil, "x5t": x5t, "x5t#S256": x5tS256}.Apply(key)
	}
	type header = map[string]any
	for _, c := range []struct {
		name   string
		keys   []any
		header header
		reason jwt.Reason
	}{
		{"x5t", []any{with(rs, "A", nil), with(other, "B", nil)}, header{"x5t": "A"}, ""},
		{"x5t#S256", []any{with(rs, nil, "A"), with(other, nil, "B")}, header{"x5t#S256": "A"}, ""},
		{"both", []any{with(rs, "A", "A2"), with(other, "B", "B2")}, header{"x5t": "A", "x5t#S256": "A2"}, ""},
		{"both, of two keys", []any{with(rs, "A", "A2"), with(other, "B", "B2")}, header{"x5t": "A", "x5t#S256": "B2"}, jwt.ReasonKeyUnknown},
		{"both, and the set has one of them", []any{with(rs, "A", nil), with(other, "B", nil)}, header{"x5t": "A", "x5t#S256": "B2"}, ""},
		{"unknown", []any{with(rs, "A", nil)}, header{"x5t": "B"}, jwt.ReasonKeyUnknown},
		{"another key's", []any{with(rs, "A", nil), with(other, "B", nil)}, header{"x5t": "B"}, jwt.ReasonSignatureInvalid},
		{"of a key for another algorithm", []any{rs, with(es, "A", nil)}, header{"x5t": "A"}, jwt.ReasonKeyUnknown},
		{"two of one name", []any{with(rs, "A", nil), with(other, "A", nil)}, header{"x5t": "A"}, jwt.ReasonKeyAmbiguous},
		{"the same key twice", []any{with(rs, "A", nil), with(rs, "A", nil), with(other, "B", nil)}, header{"x5t": "A"}, ""},
		{"case counts", []any{with(rs, "A", nil), with(other, "B", nil)}, header{"x5t": "a"}, jwt.ReasonKeyUnknown},
		{"no key of the set has it", []any{rs, es}, header{"x5t": "A"}, ""},
		{"no key of the set has it, two fit", []any{with(rs, nil, nil), with(other, nil, nil)}, header{"x5t": "A"}, jwt.ReasonKeyAmbiguous},
		{"a key that is skipped has it", []any{rs, fixture.JWKEdit{"use": "enc"}.Apply(with(other, "A", nil))}, header{"x5t": "A"}, jwt.ReasonKeyUnknown},
		{"a key that is skipped has another", []any{with(rs, "A", nil), fixture.JWKEdit{"n": "AAAA"}.Apply(with(other, "B", nil))}, header{"x5t": "A"}, ""},
		{"no key of the set says anything in it", []any{with(rs, "", nil), es}, header{"x5t": "A"}, ""},
		{"beside a kid", []any{fixture.JWKEdit{"kid": "a", "x5t": "A"}.Apply(rs), fixture.JWKEdit{"kid": "b", "x5t": "B"}.Apply(other)}, header{"kid": "a", "x5t": "B"}, ""},
		{"beside an empty kid", []any{with(rs, "A", nil), with(other, "B", nil)}, header{"kid": "", "x5t": "A"}, ""},
		{"beside a kid that is unknown", []any{with(rs, "A", nil)}, header{"kid": "x", "x5t": "A"}, jwt.ReasonKeyUnknown},
		{"no text", []any{with(rs, "A", nil)}, header{"x5t": 7}, jwt.ReasonKeyUnknown},
		{"empty", []any{with(rs, "A", nil)}, header{"x5t": ""}, jwt.ReasonKeyUnknown},
		{"no text, and no key of the set has it", []any{rs}, header{"x5t": nil, "x5t#S256": []string{"A"}}, ""},
	} {
		if _, ok := c.header["kid"]; !ok {
			c.header["kid"] = nil
		}
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Keys = fixture.ParseKeySet(t, c.keys...) })
		token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Header: c.header}))
		if reasonOf(err) != c.reason || (token == nil) != (err != nil) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.reason)
		}
	}
}

// A set tells why it has no key, of every key that it skipped.
func TestNoUsableKey(t *testing.T) {
	rs := fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)
	_, err := jwt.ParseKeySet(fixture.KeySetJSON(fixture.JWKEdit{"kid": "a", "n": nil}.Apply(rs), fixture.JWKEdit{"kid": "b", "e": "A+"}.Apply(rs), fixture.JWKEdit{"kid": nil, "use": "enc"}.Apply(rs)))
	const want = `jwt: ParseKeySet: no usable key among 3: "a": n is absent; "b": e is not base64url (RFC 4648 section 5) from byte 1 on; use is "enc", not sig: it is not for signatures`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var twelve []any // reasons are bounded, and it says how many are left out
	for n := range 12 {
		twelve = append(twelve, fixture.JWKEdit{"kid": fmt.Sprint(n), "n": nil}.Apply(rs))
	}
	if _, err = jwt.ParseKeySet(fixture.KeySetJSON(twelve...)); err == nil || !strings.HasSuffix(err.Error(), `; "7": n is absent; and 4 more`) {
		t.Errorf("got %v", err)
	}
	// Of several keys of one kid each reason is told.
	es := fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)
	kid := fixture.Issuer().Key(jwt.RS256).KeyID()
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys = fixture.ParseKeySet(t, es, fixture.JWKEdit{"alg": nil, "n": nil}.Apply(rs), fixture.JWKEdit{"alg": "RSA-OAEP", "use": "enc"}.Apply(rs), fixture.JWKEdit{"kty": "XYZ", "alg": nil}.Apply(rs))
	})
	_, err = fixture.Verify(v, fixture.Issuer().Token(nil))
	if want := `jwt: unknown key: the key of kid "` + kid + `" is not usable: n is absent; use is "enc", not sig: it is not for signatures; kty "XYZ" is not supported`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	v = fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(t, fixture.JWKEdit{"kid": nil}.Apply(rs)) })
	_, err = fixture.Verify(v, fixture.Issuer().Token(nil))
	if want := `jwt: unknown key: kid is "rs256-1", want no kid, as no key of the set has one`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
