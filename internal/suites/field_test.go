// This file runs the inputs of testdata/field: what real issuers, networks and hosts send, and variants of
// each kind.

package suites

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
)

// How many inputs there are of each source.
const (
	fieldCases    = 29
	fieldMessages = 17
	fieldVariants = 5 // of each kind, at least
)

// fieldCase is a line of cases.jsonl.
type fieldCase struct {
	ID, Call, Issuer           string
	Audience, Clients, Tenants []string
	Algorithms                 []jwt.Algorithm
	JWKS, PEM, Token           string
	Kind, Source, Today, Right string
	profile                    jwt.Profile
	requires                   jwt.Requirement
	check                      func(t *testing.T, token *jwt.Token) // of an accepted token
	wants                      []string                             // that the refusal and its report say; none if the token is accepted
	not                        []string                             // that they do not say
	keys                       jwt.KeySource                        // in place of JWKS and PEM
}

// outcomes say what must become of each case, beside what its line says.
var outcomes = map[string]struct {
	requires jwt.Requirement
	check    func(t *testing.T, token *jwt.Token)
	wants    []string
}{
	"E1": {requires: jwt.Scope("read:messages")},
	"L1": {check: exactNumbers},
	"M1": {check: func(t *testing.T, token *jwt.Token) {
		met := 0
		for _, path := range [][]string{{"realm_access", "roles"}, {"cognito:groups"}} {
			if _, ok := token.Claim(path[0]); !ok {
				continue
			}
			if met++; token.Meets(jwt.Claim(path...).Has("admin")) != nil || token.Meets(jwt.Claim(path...).Has("nobody")) == nil {
				t.Errorf("%q: %v, and nobody: %v", path, token.Meets(jwt.Claim(path...).Has("admin")), token.Meets(jwt.Claim(path...).Has("nobody")))
			}
		}
		if met == 0 {
			t.Error("the token has neither claim")
		}
	}},
	"N1": {requires: jwt.Claim("email_verified").Equals(true), wants: []string{"email_verified is a string, want a bool"}},
	"N2": {wants: []string{"no key of the set has one"}},
	"N3": {wants: []string{"it is DER of 70 bytes"}},
	"N4": {wants: []string{"opaque token", "so it is not a JWT"}},
	"N5": {wants: []string{"the key declares no algorithm", "name PS256 in Config.Algorithms"}},
	"N6": {requires: jwt.Claim("permissions").Has("read"), check: func(t *testing.T, token *jwt.Token) {
		// The one string that the claim is counts as its element; another string is named as it is.
		if err := token.Meets(jwt.Claim("permissions").Has("write")); err == nil || !strings.Contains(err.Error(), `permissions`) {
			t.Errorf("got %v", err)
		}
	}},
	"N7": {wants: []string{`kid is "hidden"`, "keeps the keys of such tokens to itself"}},
	"N8": {wants: []string{"sub is not a string"}},
	"O1": {wants: []string{"want an access token"}},
	"O2": {wants: []string{"want an access token"}},
	"O3": {wants: []string{"want an access token"}},
	"O4": {wants: []string{"want an access token"}},
}

// exactNumbers asserts that no number of a token loses a digit.
func exactNumbers(t *testing.T, token *jwt.Token) {
	t.Helper()
	all, err := jwt.Claims[map[string]any](token)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var look func(name string, value any)
	look = func(name string, value any) {
		switch value := value.(type) {
		case float64:
			t.Errorf("%s is the float64 %v", name, value)
		case json.Number:
			n++
		case []any:
			for _, v := range value {
				look(name, v)
			}
		case map[string]any:
			for member, v := range value {
				look(name+"."+member, v)
			}
		}
	}
	look("", all)
	if id, ok := token.Claim("user_id"); ok && all["user_id"] != id {
		t.Errorf("Claims gives %v, Claim %v", all["user_id"], id)
	}
	if n < 2 {
		t.Errorf("%d numbers", n)
	}
}

// fieldFile reads one of the files of testdata/field.
func fieldFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(fixture.Path("internal", "suites", "testdata", "field", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func lines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(fieldFile(t, name)))
	for d.More() {
		var one T
		if err := d.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// run verifies the token of a case, and asserts what the case wants.
func (c *fieldCase) run(t *testing.T) {
	t.Helper()
	config := jwt.Config{Issuer: c.Issuer, Audience: c.Audience, Clients: c.Clients, Tenants: c.Tenants, Algorithms: c.Algorithms, Profile: c.profile, Keys: c.keys}
	switch {
	case c.PEM != "":
		keys, err := jwt.ParsePEM("", "", []byte(c.PEM))
		if err != nil {
			t.Fatal(err)
		}
		set, err := jwt.NewKeySet(keys...)
		if err != nil {
			t.Fatal(err)
		}
		if config.Keys = set; len(keys) == 1 {
			config.Keys = keys[0]
		}
	case c.JWKS != "":
		set, err := jwt.ParseKeySet([]byte(c.JWKS))
		if err != nil {
			t.Fatal(err)
		}
		config.Keys = set
	}
	v, err := jwt.NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	token, err := fixture.Verify(v, c.Token)
	if err == nil && c.requires != nil {
		err = token.Meets(c.requires)
	}
	if err == nil && c.check != nil {
		c.check(t, token)
	}
	var reqs []jwt.Requirement
	if c.requires != nil {
		reqs = append(reqs, c.requires)
	}
	r := explain.Token(context.Background(), v, c.Token, reqs...)
	if (err == nil) != (len(c.wants) == 0) || r.Valid != (err == nil) {
		t.Errorf("%v, and the report says that valid is %v; want %q", err, r.Valid, c.wants)
	}
	said := strings.Join(strings.Fields(r.String()), " ") // in one line
	if err != nil {
		said += err.Error()
	}
	for _, want := range c.wants {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
	for _, not := range c.not {
		if strings.Contains(said, not) {
			t.Errorf("it says %q:\n%s", not, said)
		}
	}
}

// Every case of the field becomes what is right.
func TestFieldCases(t *testing.T) {
	kinds, left := map[string]bool{}, maps.Clone(outcomes)
	cases := lines[fieldCase](t, "cases.jsonl")
	for _, c := range cases {
		o, known := outcomes[c.ID]
		c.requires, c.check, c.wants = o.requires, o.check, o.wants
		delete(left, c.ID)
		kinds[c.Kind[:1]] = true
		t.Run(c.ID, func(t *testing.T) {
			if !known && !strings.HasPrefix(c.Right, "accept") && !slices.Contains([]string{"H1", "J2"}, c.ID) {
				t.Fatalf("right is %q, and no outcome is written", c.Right)
			}
			if c.ID == "H1" { // all keys, in place of an error
				if keys, err := jwt.ParsePEM("", "", []byte(c.PEM)); err != nil || len(keys) != 2 {
					t.Fatalf("%d keys, %v", len(keys), err)
				}
			}
			c.run(t)
		})
	}
	if len(cases) != fieldCases || len(kinds) != len(fieldKinds) || len(left) > 0 {
		t.Errorf("%d cases of %d kinds; outcomes of none: %v", len(cases), len(kinds), left)
	}
}

// fieldKinds are the kinds of the cases.
const fieldKinds = "ABCDEFGHIJKLMNO"

// messages are what each text must give; "" is keys.
var messages = map[string]string{
	"P1": "", "P2": "", "P3": "", "P4": "", "P5": "", "P10": "", "P11": "", "S1": "",
	"P6": "the base64 of a PEM file without its first and last line", "P7": "it is an SSH public key", "P8": "it is DER", "P9": "it is one JSON Web Key: ParseKey reads it",
	"S2": "a map of kids to certificates", "S3": "an array of keys", "S4": "a JSON string", "S5": "PEM: ParsePEM reads it", "S6": "a JWK Set: ParseKeySet reads it",
}

// Every key file that people give by mistake is read, or named as what it is.
func TestFieldMessages(t *testing.T) {
	all := lines[struct{ ID, What, Call, Text, Base64 string }](t, "messages.jsonl")
	for _, m := range all {
		want, ok := messages[m.ID]
		text := []byte(m.Text)
		if m.Base64 != "" {
			text, _ = base64.StdEncoding.DecodeString(m.Base64)
		}
		if err := parseField(m.Call, text); !ok || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s, %s: %v, want %q", m.ID, m.What, err, want)
		}
	}
	if len(all) != fieldMessages || len(messages) != fieldMessages {
		t.Errorf("%d messages, %d outcomes", len(all), len(messages))
	}
}

func parseField(call string, text []byte) (err error) {
	switch call {
	case "ParsePEM":
		_, err = jwt.ParsePEM("", "", text)
	case "ParseKey":
		_, err = jwt.ParseKey(text)
	case "ParseKeySet":
		_, err = jwt.ParseKeySet(text)
	}
	return err
}

const (
	fieldIssuer   = "https://id.lab.example"
	fieldAudience = "https://api.lab.example"
	fieldEnd      = "4102444800" // 2100
	fieldTenant   = "11111111-2222-4333-8444-555555555555"
)

// fieldVariant is a case of our own.
type fieldVariant struct {
	kind, name string
	jwks, pem  string
	alg        jwt.Algorithm // RS256 if empty
	header     string        // more members; a kid, if it is empty
	claims     string        // more members
	issuer     string
	token      string // in place of one of these
	change     func(c *fieldCase)
	requires   jwt.Requirement
	check      func(t *testing.T, token *jwt.Token)
	wants, not []string
}

func (v *fieldVariant) run(t *testing.T) {
	c := fieldCase{Issuer: cmp.Or(v.issuer, fieldIssuer), Audience: []string{fieldAudience}, JWKS: v.jwks, PEM: v.pem, Token: v.token,
		requires: v.requires, check: v.check, wants: v.wants, not: v.not}
	alg := cmp.Or(v.alg, jwt.RS256)
	if v.jwks == "" && v.pem == "" {
		c.JWKS = setOf(fieldJWK(t, alg, nil))
	}
	if c.Token == "" {
		payload := `{"iss":"` + c.Issuer + `","exp":` + fieldEnd + `,"iat":1767225600`
		for _, m := range []struct{ name, text string }{{"aud", `"` + fieldAudience + `"`}, {"sub", `"user-1"`}} {
			if !strings.Contains(v.claims, `"`+m.name+`":`) {
				payload += `,"` + m.name + `":` + m.text
			}
		}
		c.Token = fixture.FixedKeys().Sign(t, alg, `{"alg":"`+string(alg)+`"`+cmp.Or(v.header, `,"kid":"k1"`)+`}`, payload+v.claims+"}")
	}
	if v.change != nil {
		v.change(&c)
	}
	c.run(t)
}

// fieldJWK is the public key of fixture.FixedKeys, with kid k1 and these members replaced.
func fieldJWK(t testing.TB, alg jwt.Algorithm, edit fixture.JWKEdit) fixture.JWK {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	key := fixture.JWK{"kid": "k1", "alg": string(alg), "use": "sig"}
	switch public := fixture.FixedKeys().Private[alg].Public().(type) {
	case *rsa.PublicKey:
		key["kty"], key["n"], key["e"] = "RSA", b64(public.N.Bytes()), "AQAB"
	case *ecdsa.PublicKey:
		raw, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		size := (len(raw) - 1) / 2
		key["kty"], key["crv"], key["x"], key["y"] = "EC", public.Params().Name, b64(raw[1:1+size]), b64(raw[1+size:])
	}
	return edit.Apply(key)
}

// otherJWK is a key that signed nothing.
func otherJWK(t testing.TB, edit fixture.JWKEdit) fixture.JWK {
	return edit.Apply(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.RS256))
}

// setOf is a key set. A member that is json.RawMessage stands as it is written.
func setOf(keys ...any) string { return string(fixture.KeySetJSON(keys...)) }

// with adds a member to a key as it is written, be it null.
func with(key fixture.JWK, name, value string) fixture.JWK {
	key = maps.Clone(key)
	key[name] = json.RawMessage(value)
	return key
}

// Variants of every kind become what is right for the kind.
func TestFieldVariants(t *testing.T) {
	counts := map[string]int{}
	for _, v := range slices.Concat(keyVariants(t), fileVariants(t), tokenVariants(t)) {
		counts[v.kind]++
		t.Run(v.kind+"/"+v.name, v.run)
	}
	for _, kind := range strings.Split(fieldKinds, "") {
		if counts[kind] < fieldVariants {
			t.Errorf("%d variants of the kind %s, want %d", counts[kind], kind, fieldVariants)
		}
	}
}

// keyVariants are of the kinds A to F and K, which are about published keys.
func keyVariants(t *testing.T) []fieldVariant {
	key := fieldJWK(t, jwt.RS256, nil)
	edit := func(changes fixture.JWKEdit) fixture.JWK { return changes.Apply(key) }
	other := otherJWK(t, fixture.JWKEdit{"kid": "k2"})
	public := fixture.FixedKeys().Private[jwt.RS256].Public().(*rsa.PublicKey)
	certificate := fixture.Certificate(t, public)
	certified := edit(fixture.JWKEdit{"x5c": []string{base64.StdEncoding.EncodeToString(certificate)}})
	sum1, sum256 := sha1.Sum(certificate), sha256.Sum256(certificate)
	x5t, x5t256 := fixture.B64(string(sum1[:])), fixture.B64(string(sum256[:]))
	other5t := otherJWK(t, fixture.JWKEdit{"kid": nil, "x5t": fixture.B64("12345678901234567890")})
	n := key["n"].(string)
	std := base64.StdEncoding.EncodeToString(public.N.Bytes())
	entra := func(form string) string { return setOf(edit(fixture.JWKEdit{"issuer": form})) }
	v1, v2 := "https://sts.windows.net/"+fieldTenant+"/", "https://login.microsoftonline.com/"+fieldTenant+"/v2.0"
	return []fieldVariant{
		{kind: "A", name: "another kid", jwks: setOf(key, edit(fixture.JWKEdit{"kid": "k3"}), other)},
		{kind: "A", name: "with its certificate", jwks: setOf(key, certified)},
		{kind: "A", name: "without alg", jwks: setOf(key, edit(fixture.JWKEdit{"alg": nil}))},
		{kind: "A", name: "without use", jwks: setOf(edit(fixture.JWKEdit{"use": nil}), key, other)},
		{kind: "A", name: "without kids", jwks: setOf(edit(fixture.JWKEdit{"kid": nil}), edit(fixture.JWKEdit{"kid": nil})), header: `,"typ":"JWT"`},
		{kind: "A", name: "NewKeySet", change: func(c *fieldCase) {
			k := fixture.FixedKeys().Key(t, "k1", jwt.RS256)
			set, err := jwt.NewKeySet(k, k)
			if err != nil {
				t.Fatal(err)
			}
			c.JWKS, c.keys = "", set
		}},
		{kind: "A", name: "for encryption under the token's kid", jwks: setOf(edit(fixture.JWKEdit{"use": "enc"}), edit(fixture.JWKEdit{"kid": "k3"}), other)},
		{kind: "A", name: "for another algorithm under the token's kid", jwks: setOf(edit(fixture.JWKEdit{"alg": "PS256"}), edit(fixture.JWKEdit{"kid": "k3"}), other)},
		{kind: "A", name: "broken under the token's kid", jwks: setOf(edit(fixture.JWKEdit{"x5c": []string{"AAAA"}}), edit(fixture.JWKEdit{"kid": nil}), other)},
		{kind: "A", name: "under a kid of two keys", jwks: setOf(edit(fixture.JWKEdit{"use": "enc"}), edit(fixture.JWKEdit{"kid": "k2"}), other), wants: []string{"is not usable"}},
		{kind: "A", name: "another key under another kid", jwks: setOf(edit(fixture.JWKEdit{"alg": "PS256"}), other), wants: []string{"alg is"}},
		{kind: "A", name: "two different keys", jwks: setOf(key, otherJWK(t, fixture.JWKEdit{"kid": "k1"})), wants: []string{"two keys of the set share the kid"}},

		{kind: "B", name: "oth null", jwks: setOf(with(key, "oth", "null"))},
		{kind: "B", name: "d null", jwks: setOf(with(key, "d", "null")), not: []string{"private"}},
		{kind: "B", name: "use empty", jwks: setOf(with(key, "use", `""`))},
		{kind: "B", name: "key_ops null", jwks: setOf(with(key, "key_ops", "null"))},
		{kind: "B", name: "x5c null", jwks: setOf(with(with(key, "x5c", "null"), "x5t", `""`))},
		{kind: "B", name: "kid null", jwks: setOf(with(key, "kid", "null")), header: `,"typ":"JWT"`},
		{kind: "B", name: "n empty", jwks: setOf(with(key, "n", `""`), other), wants: []string{"is not usable"}},

		{kind: "C", name: "header alone", header: `,"kid":""`},
		{kind: "C", name: "key alone", jwks: setOf(with(key, "kid", `""`)), header: `,"typ":"JWT"`},
		{kind: "C", name: "both", jwks: setOf(with(key, "kid", `""`)), header: `,"kid":""`},
		{kind: "C", name: "EC", alg: jwt.ES256, header: `,"kid":""`},
		{kind: "C", name: "beside another algorithm", jwks: setOf(key, fieldJWK(t, jwt.ES256, nil)), header: `,"kid":""`},
		{kind: "C", name: "two keys", jwks: setOf(key, other), header: `,"kid":""`, wants: []string{"the token names no key, and 2 of the set could be meant"}},

		{kind: "D", name: "x5t", jwks: setOf(edit(fixture.JWKEdit{"kid": nil, "x5t": x5t}), other), header: `,"x5t":"` + x5t + `"`},
		{kind: "D", name: "x5t#S256", jwks: setOf(edit(fixture.JWKEdit{"kid": nil, "x5t#S256": x5t256}), other), header: `,"x5t#S256":"` + x5t256 + `"`},
		{kind: "D", name: "both", jwks: setOf(edit(fixture.JWKEdit{"x5t": x5t, "x5t#S256": x5t256}), other), header: `,"x5t":"` + x5t + `","x5t#S256":"` + x5t256 + `"`},
		{kind: "D", name: "kid first", jwks: setOf(edit(fixture.JWKEdit{"x5t": x5t}), other), header: `,"kid":"k1","x5t":"` + x5t + `"`},
		{kind: "D", name: "no key says which", jwks: setOf(key), header: `,"x5t":"` + x5t + `"`},
		{kind: "D", name: "of another key", jwks: setOf(edit(fixture.JWKEdit{"kid": nil, "x5t": x5t}), other5t), header: `,"x5t":"` + fixture.B64("09876543210987654321") + `"`, wants: []string{"no key of the set for RS256 has that"}},

		{kind: "F", name: "v1 token, v2 of the tenant", issuer: v1, jwks: entra(v2)},
		{kind: "F", name: "v2 token, v1 of the tenant", issuer: v2, jwks: entra(v1)},
		{kind: "F", name: "v2 token, v1 with the placeholder", issuer: v2, jwks: entra("https://sts.windows.net/{tenantid}/")},
		{kind: "F", name: "v1 token, v1", issuer: v1, jwks: entra(v1)},
		{kind: "F", name: "another tenant", issuer: v1, jwks: entra(strings.Replace(v2, "1111", "9999", 1)), wants: []string{"for another issuer only"}},
		{kind: "F", name: "another host", issuer: v1, jwks: entra("https://login.microsoftonline.example/{tenantid}/v2.0"), wants: []string{"for another issuer only"}},

		{kind: "K", name: "padding", jwks: setOf(edit(fixture.JWKEdit{"n": n + "=="}))},
		{kind: "K", name: "base64", jwks: setOf(edit(fixture.JWKEdit{"n": std}), other), wants: []string{"n is not base64url"}},
		{kind: "K", name: "a zero in front", jwks: setOf(edit(fixture.JWKEdit{"n": fixture.B64("\x00" + string(public.N.Bytes()))}))},
		{kind: "K", name: "a zero in front and padding", jwks: setOf(edit(fixture.JWKEdit{"n": base64.URLEncoding.EncodeToString(append([]byte{0}, public.N.Bytes()...))}))},
		{kind: "K", name: "EC with padding", alg: jwt.ES256, jwks: setOf(fixture.JWKEdit{"x": fieldJWK(t, jwt.ES256, nil)["x"].(string) + "="}.Apply(fieldJWK(t, jwt.ES256, nil)))},
		{kind: "K", name: "no base64 at all", jwks: setOf(edit(fixture.JWKEdit{"n": n[:20] + "!" + n[21:]}), other), wants: []string{"is not usable: n "}},
	}
}

// fileVariants are of the kinds G to J, which are about PEM.
func fileVariants(t *testing.T) []fieldVariant {
	public := fixture.FixedKeys().Private[jwt.RS256].Public().(*rsa.PublicKey)
	ec := fixture.FixedKeys().Private[jwt.ES256].Public()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkixEC, err := x509.MarshalPKIXPublicKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	pem := func(label string, der []byte) string { return string(fixture.PEM(label, der)) }
	good, goodEC, other := pem("PUBLIC KEY", spki), pem("PUBLIC KEY", pkixEC), pem("CERTIFICATE", fixture.Certificate(t, fixture.ECKey(t).Public()))
	certificate := func(change func(c *x509.Certificate)) []byte { return fixture.CertificateWith(t, public, change) }
	plain := certificate(func(*x509.Certificate) {})
	pss256, pss512 := asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	return []fieldVariant{
		{kind: "G", name: "PKCS #1 as PUBLIC KEY", pem: pem("PUBLIC KEY", pkcs1)},
		{kind: "G", name: "PKIX as RSA PUBLIC KEY", pem: pem("RSA PUBLIC KEY", spki)},
		{kind: "G", name: "certificate as PUBLIC KEY", pem: pem("PUBLIC KEY", plain)},
		{kind: "G", name: "PKIX as CERTIFICATE", pem: pem("CERTIFICATE", spki)},
		{kind: "G", name: "EC as EC PUBLIC KEY", pem: pem("EC PUBLIC KEY", pkixEC), alg: jwt.ES256},
		{kind: "G", name: "EC as RSA PUBLIC KEY", pem: pem("RSA PUBLIC KEY", pkixEC), alg: jwt.ES256},

		{kind: "H", name: "first of two", pem: good + goodEC, header: `,"typ":"JWT"`},
		{kind: "H", name: "second of two", pem: goodEC + good, header: `,"typ":"JWT"`},
		{kind: "H", name: "behind a certificate", pem: other + good, header: `,"typ":"JWT"`},
		{kind: "H", name: "twice", pem: good + good},
		{kind: "H", name: "two, indented, with CRLF", pem: strings.ReplaceAll("a\n"+goodEC+"b\n"+good, "\n", "\r\n  "), header: `,"typ":"JWT"`},

		{kind: "I", name: "negative serial", pem: pem("CERTIFICATE", fixture.NegativeSerial(t, plain))},
		{kind: "I", name: "expired", pem: pem("CERTIFICATE", certificate(func(c *x509.Certificate) { c.NotAfter = time.Unix(1, 0) }))},
		{kind: "I", name: "not yet valid", pem: pem("CERTIFICATE", certificate(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }))},
		{kind: "I", name: "for encryption", pem: pem("CERTIFICATE", certificate(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }))},
		{kind: "I", name: "an unknown critical extension", pem: pem("CERTIFICATE", certificate(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, extension())
		}))},
		{kind: "I", name: "a name that is not one", pem: pem("CERTIFICATE", certificate(func(c *x509.Certificate) { c.DNSNames = []string{"*.*"} }))},

		{kind: "J", name: "no hash", pem: pem("PUBLIC KEY", fixture.PSSInfo(t, public, nil)), alg: jwt.PS256},
		{kind: "J", name: "SHA-256", pem: pem("PUBLIC KEY", fixture.PSSInfo(t, public, pss256)), alg: jwt.PS256},
		{kind: "J", name: "SHA-512", pem: pem("PUBLIC KEY", fixture.PSSInfo(t, public, pss512)), alg: jwt.PS512},
		{kind: "J", name: "another hash", pem: pem("PUBLIC KEY", fixture.PSSInfo(t, public, pss512)), alg: jwt.PS256, wants: []string{"alg is"}},
		{kind: "J", name: "PKCS #1 v1.5", pem: pem("PUBLIC KEY", fixture.PSSInfo(t, public, nil)), wants: []string{"alg is"}},
		{kind: "J", name: "under another label", pem: pem("RSA PUBLIC KEY", fixture.PSSInfo(t, public, pss256)), alg: jwt.PS256},
	}
}

// tokenVariants are of the kinds E and L to O, which are about tokens.
func tokenVariants(t *testing.T) []fieldVariant {
	read := jwt.Scope("read:messages")
	token := fixture.FixedKeys().Sign(t, jwt.ES256, `{"alg":"ES256","kid":"k1"}`, `{"iss":"`+fieldIssuer+`","aud":"`+fieldAudience+`","exp":`+fieldEnd+`}`)
	header := func(alg jwt.Algorithm, members fixture.JWKEdit) string { return setOf(fieldJWK(t, alg, members)) }
	kind := []string{"want an access token"}
	admin := func(path ...string) jwt.Requirement { return jwt.Claim(path...).Has("admin") }
	access := func(c *fieldCase) { c.profile = jwt.AccessToken }
	const rfc9068 = `,"client_id":"app","jti":"1"`
	return []fieldVariant{
		{kind: "E", name: "an array of two", claims: `,"scope":["openid","read:messages"]`, requires: read},
		{kind: "E", name: "scp", claims: `,"scp":["read:messages"]`, requires: read},
		{kind: "E", name: "elements are whole", claims: `,"scope":["openid read:messages"]`, requires: read, wants: []string{"the client must ask for the scope"}},
		{kind: "E", name: "empty", claims: `,"scope":[]`, requires: read, wants: []string{"missing scope"}},
		{kind: "E", name: "a wrong type refuses nothing", claims: `,"scope":[1,{}]`},
		{kind: "E", name: "a wrong type grants nothing", claims: `,"scope":{"read:messages":true}`, requires: read, wants: []string{"missing scope"}},
		{kind: "E", name: "RFC 9068", header: `,"kid":"k1","typ":"at+jwt"`, claims: rfc9068 + `,"scope":["read:messages"]`, requires: read, change: access},
		{kind: "E", name: "RFC 9068, a wrong type", header: `,"kid":"k1","typ":"at+jwt"`, claims: rfc9068 + `,"scope":7`, change: access, wants: []string{"scope is"}},

		{kind: "L", name: "a large id", claims: `,"user_id":9007199254740993`, check: exactNumbers},
		{kind: "L", name: "larger than 64 bits", claims: `,"user_id":123456789012345678901234567890`, check: exactNumbers},
		{kind: "L", name: "a fraction", claims: `,"user_id":0.1000000000000000055511151231257827`, check: exactNumbers},
		{kind: "L", name: "within a list", claims: `,"ids":[9007199254740993,[1]]`, check: exactNumbers},
		{kind: "L", name: "within an object", claims: `,"user":{"id":9007199254740993}`, check: exactNumbers},

		{kind: "M", name: "an object", claims: `,"realm_access":{"roles":["admin"]}`, requires: admin("realm_access", "roles")},
		{kind: "M", name: "two objects", claims: `,"resource_access":{"api":{"roles":["x","admin"]}}`, requires: admin("resource_access", "api", "roles")},
		{kind: "M", name: "a name with a colon", claims: `,"cognito:groups":["admin"]`, requires: admin("cognito:groups")},
		{kind: "M", name: "a name that is an address", claims: `,"https://api.example.com/roles":["admin"]`, requires: admin("https://api.example.com/roles")},
		{kind: "M", name: "names of members", claims: `,"urn:zitadel:iam:org:project:roles":{"admin":{"1":"x"}}`, requires: admin("urn:zitadel:iam:org:project:roles")},
		{kind: "M", name: "another list", claims: `,"realm_access":{"roles":["user"]}`, requires: admin("realm_access", "roles"), wants: []string{`realm_access.roles lacks "admin"`}},
		{kind: "M", name: "a list where an object is", claims: `,"realm_access":["admin"]`, requires: admin("realm_access", "roles"), wants: []string{"realm_access is an array, want an object"}},

		{kind: "N", name: "false in quotes", claims: `,"mfa":"false"`, requires: jwt.Claim("mfa").Equals(false), wants: []string{"mfa is a string, want a bool"}},
		{kind: "N", name: "a number in quotes", claims: `,"level":"3"`, requires: jwt.Claim("level").Equals(3), wants: []string{"level is a string, want a number"}},
		{kind: "N", name: "no kid in a set of one", jwks: header(jwt.RS256, fixture.JWKEdit{"kid": nil}), wants: []string{"no key of the set has one"}},
		{kind: "N", name: "DER in ES256", alg: jwt.ES256, token: fixture.WithPart(token, 2, fixture.B64(string(derSignature(t, token)))), wants: []string{"it is DER of"}},
		{kind: "N", name: "no DER in ES256", alg: jwt.ES256, token: fixture.WithPart(token, 2, fixture.B64(strings.Repeat("0", 64))), wants: []string{"signature invalid"}, not: []string{"DER"}},
		{kind: "N", name: "an opaque token of Hydra", token: "ory_at_Yx1JpqVaJ0lZ3yk.HQ5c0e2mJw7Tt0v1", wants: []string{"opaque token"}, not: []string{"breaks off"}},
		{kind: "N", name: "an opaque token of Google with two dots", token: "ya29.c.b0Aaekm1KLabLab_0123456789", wants: []string{"opaque token"}, not: []string{"copy the whole"}},
		{kind: "N", name: "null in capitals", token: "NULL", wants: []string{"the client has no token, and sent the word NULL"}},
		{kind: "N", name: "the word null behind Bearer", token: "Bearer null", wants: []string{"the client has no token, and sent the word null"}},
		{kind: "N", name: "n is a number", jwks: setOf(with(fieldJWK(t, jwt.RS256, nil), "n", "65537"), otherJWK(t, fixture.JWKEdit{"kid": "k2"})), wants: []string{"n is not a string"}},
		{kind: "N", name: "e is a number", jwks: setOf(with(fieldJWK(t, jwt.RS256, nil), "e", "65537"), otherJWK(t, fixture.JWKEdit{"kid": "k2"})), wants: []string{"e is not a string"}},
		{kind: "N", name: "x is a number, in an RSA key", jwks: setOf(with(with(fieldJWK(t, jwt.RS256, nil), "x", "7"), "crv", "{}"))},
		{kind: "N", name: "an empty audience", claims: `,"aud":""`, wants: []string{"aud is empty", "the issuer names no audience: have the client ask for this API"}},
		{kind: "N", name: "an audience of empty texts", claims: `,"aud":["",""]`, wants: []string{"aud is empty", "the issuer names no audience: have the client ask for this API"}},
		{kind: "N", name: "permissions in one text", claims: `,"permissions":"read write"`, requires: jwt.Claim("permissions").Has("read"), wants: []string{"is one text, which is never split"}},
		{kind: "N", name: "a JWT that breaks off", token: strings.Join(strings.Split(token, ".")[:2], "."), alg: jwt.ES256, wants: []string{"breaks off"}, not: []string{"opaque"}},
		{kind: "N", name: "the word null", token: "null", wants: []string{"the client has no token, and sent the word null"}},
		{kind: "N", name: "the word undefined", token: "undefined", wants: []string{"the client has no token, and sent the word undefined"}},
		{kind: "N", name: "PS512 under a key without alg", alg: jwt.PS512, jwks: header(jwt.PS512, fixture.JWKEdit{"alg": nil}), wants: []string{"name PS512 in Config.Algorithms"}},
		{kind: "N", name: "PS512 named", alg: jwt.PS512, jwks: header(jwt.PS512, fixture.JWKEdit{"alg": nil}), change: func(c *fieldCase) { c.Algorithms = []jwt.Algorithm{jwt.PS512} }},
		{kind: "N", name: "a numeric jti", claims: `,"jti":7`, wants: []string{"jti is not a string"}},

		{kind: "O", name: "typ Refresh", claims: `,"typ":"Refresh"`, wants: kind},
		{kind: "O", name: "typ Offline", claims: `,"typ":"Offline"`, wants: kind},
		{kind: "O", name: "token_use id", claims: `,"token_use":"id"`, wants: kind},
		{kind: "O", name: "token_type refresh_token", claims: `,"token_type":"refresh_token"`, wants: kind},
		{kind: "O", name: "typ of the header", header: `,"kid":"k1","typ":"id_token"`, wants: kind},
		{kind: "O", name: "a URN", claims: `,"token_type":"urn:ietf:params:oauth:token-type:refresh_token"`, wants: kind},
		{kind: "O", name: "a URN in the header", header: `,"kid":"k1","typ":"urn:ietf:params:oauth:token-type:id_token"`, wants: kind},
		{kind: "O", name: "a media type in another case", claims: `,"typ":"Application/Refresh+JWT"`, wants: kind},
		{kind: "O", name: "a URN of an access token", claims: `,"token_type":"urn:ietf:params:oauth:token-type:access_token"`},
		{kind: "O", name: "an address behind an id", claims: `,"typ":"id:7"`},
		{kind: "O", name: "a logout token", header: `,"kid":"k1","typ":"logout+jwt"`, wants: []string{`typ is "logout+jwt"`}},
		{kind: "O", name: "typ Bearer", claims: `,"typ":"Bearer"`},
		{kind: "O", name: "token_use access", claims: `,"token_use":"access"`},
		{kind: "O", name: "an ID token where one is asked for", claims: `,"typ":"ID"`, change: func(c *fieldCase) { c.profile = jwt.IDToken }},
		{kind: "O", name: "a refresh token where an ID token is asked for", claims: `,"typ":"Refresh"`, change: func(c *fieldCase) { c.profile = jwt.IDToken }, wants: []string{"want an ID token"}},
	}
}

// derSignature signs the input of a token in the form of X.509.
func derSignature(t *testing.T, token string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(token[:strings.LastIndexByte(token, '.')]))
	signature, err := fixture.FixedKeys().Private[jwt.ES256].Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func extension() pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}
}
