// This file holds the catalogue in docs/attacks.md: each attack has its test here, or the name of its
// test. Beside each attack its nearest legitimate neighbour is accepted.

package suites

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// headers signs tokens with these raw headers, members after a good alg and kid.
func headers(members ...string) (tokens []string) {
	for _, m := range members {
		tokens = append(tokens, signedRaw(`{"alg":"RS256","kid":"`+fixture.Issuer().Key(jwt.RS256).KeyID()+`",`+m+`}`, fixture.Payload()))
	}
	return tokens
}

// signedRaw signs any bytes as header and payload with the RS256 key of fixture.Issuer.
func signedRaw(header, payload string) string {
	return fixture.Issuer().SignRaw(jwt.RS256, header, payload)
}

// payloads signs tokens with these raw payloads.
func payloads(texts ...string) (tokens []string) {
	for _, text := range texts {
		tokens = append(tokens, fixture.Issuer().Mint(jwttest.Spec{Payload: []byte(text)}))
	}
	return tokens
}

// replaced returns good payloads in which one member was replaced by each of these raw texts.
func replaced(name string, values ...string) (tokens []string) {
	for _, value := range values {
		tokens = append(tokens, fixture.Issuer().Token(claims{name: json.RawMessage(value)}))
	}
	return tokens
}

var attacks = map[string]func(t *testing.T){
	"A1_alg_none": func(t *testing.T) {
		good := fixture.Issuer().Token(nil)
		var forged []string
		for _, alg := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `"none "`, `" none"`, `"none\u0000"`, `"\u006eone"`, `"no\u006ee"`, `"NoNe"`, `"nonE"`, `"none\n"`, `"\tnone"`, `""`, `" "`, `null`, `[]`, `["none"]`, `{}`, `0`, `1`, `true`, `false`, `"null"`} {
			h := fixture.B64(`{"alg":` + alg + `,"kid":"` + fixture.Issuer().Key(jwt.RS256).KeyID() + `"}`)
			forged = append(forged, fixture.WithPart(good, 0, h), fixture.WithPart(fixture.WithPart(good, 0, h), 2, ""))
		}
		forged = append(forged, fixture.WithPart(good, 0, fixture.B64(`{}`)), fixture.WithPart(good, 0, fixture.B64(`{"typ":"JWT"}`)))
		fixture.WantRefused(t, fixture.NewVerifier(t), good, forged...)
		c := fixture.Config(t)
		c.Algorithms = []jwt.Algorithm{"none"}
		if _, err := jwt.NewVerifier(c); err == nil {
			t.Error("none was configured")
		}
	},
	"A3_key_without_alg": func(t *testing.T) {
		// A key without alg does not take the header's.
		rsa := fixture.JWKEdit{"alg": nil}.Apply(fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(t, rsa) })
		var others []string
		for _, alg := range []jwt.Algorithm{jwt.RS384, jwt.RS512, jwt.PS256, jwt.PS384, jwt.PS512, jwt.HS256} {
			others = append(others, fixture.Issuer().Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": rsa["kid"]}}))
		}
		fixture.WantRefused(t, v, fixture.Issuer().Token(nil), others...)
	},
	"A6_alg_spelled_otherwise": func(t *testing.T) {
		good := fixture.Issuer().Token(nil)
		var forged []string
		for _, alg := range []string{"rs256", "Rs256", "RS256 ", " RS256", "RS256\\u0000", "RS256\\n", "RS-256", "RS256,RS256", "SHA256withRSA", "ＲＳ256"} {
			forged = append(forged, signedRaw(`{"alg":"`+alg+`"}`, fixture.Payload()))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), good, forged...)
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Mint(jwttest.Spec{Header: map[string]any{"alg": json.RawMessage(`"RS\u0032\u00356"`)}}), forged[0])
	},
	"A7_empty_algorithms": func(t *testing.T) {
		c := fixture.Config(t)
		c.Algorithms = []jwt.Algorithm{}
		if _, err := jwt.NewVerifier(c); err == nil {
			t.Error("an empty list of algorithms was accepted")
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(nil), fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.HS256}))
	},
	"A8_claims_beside_an_error": func(t *testing.T) {
		// A bad signature on an expired token is reported as a bad signature alone.
		expired := fixture.Issuer().Token(claims{"exp": 1})
		token, err := fixture.Verify(fixture.NewVerifier(t), expired[:len(expired)-6]+"AAAAAA")
		if e := fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature); len(e.Also) > 0 {
			t.Errorf("got %v", err)
		}
		token, err = fixture.Verify(fixture.NewVerifier(t), expired)
		fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
	},
	"B1_jwk_in_header": func(t *testing.T) {
		own, _ := json.Marshal(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.RS256))
		foreign := fixture.OtherIssuer().Mint(jwttest.Spec{Header: map[string]any{"jwk": json.RawMessage(own)}, Claims: claims{"iss": fixture.Issuer().URL}})
		control := fixture.Issuer().Mint(jwttest.Spec{Header: map[string]any{"jwk": json.RawMessage(own)}})
		fixture.WantRefused(t, fixture.NewVerifier(t), control, foreign, fixture.WithPart(foreign, 0, fixture.B64(`{"alg":"RS256","jwk":`+string(own)+`}`)))
	},
	"B2_jku_or_x5u_in_header": func(t *testing.T) {
		p := fixture.NewProvider(t, jwt.RS256)
		p.Answer = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Host != "issuer.test" {
				t.Errorf("fetched %s", r.URL)
			}
			return false
		}
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		h := func(name, address string) map[string]any { return map[string]any{name: address} }
		var forged []string
		for _, address := range []string{"https://evil.test/keys", "http://169.254.169.254/", "file:///etc/passwd", "data:application/json,{}", "gopher://x"} {
			for _, name := range []string{"jku", "x5u"} {
				forged = append(forged, fixture.OtherIssuer().Mint(jwttest.Spec{Header: h(name, address), Claims: claims{"iss": fixture.ProviderURL}}))
			}
		}
		fixture.WantRefused(t, v, fixture.Issuer().Mint(jwttest.Spec{Header: h("jku", "https://evil.test"), Claims: claims{"iss": fixture.ProviderURL}}), forged...)
	},
	"B3_x5c_or_x5t_in_header": func(t *testing.T) {
		cert := base64.StdEncoding.EncodeToString(fixture.Certificate(t, fixture.PublicRSA(t, fixture.JWKOf(t, fixture.OtherIssuer(), jwt.RS256))))
		h := map[string]any{"x5c": []string{cert}, "x5t": "AAAA"}
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Mint(jwttest.Spec{Header: h}),
			fixture.OtherIssuer().Mint(jwttest.Spec{Header: h, Claims: claims{"iss": fixture.Issuer().URL}}))
	},
	"B4_hostile_kid": func(t *testing.T) {
		var forged []string
		for _, kid := range []string{`"../../../../dev/null"`, `"/etc/passwd"`, `"..\\..\\x"`, `"x' UNION SELECT 'key"`, `"$(id)"`, `"|id"`, `"https://evil.example/k"`, `"file:///dev/null"`, `"` + strings.Repeat("k", 2000) + `"`,
			`null`, `0`, `1`, `true`, `[]`, `["rs256-1"]`, `{}`, `{"$ne":1}`, `"rs256-1\u0000"`, `"rs256-1 "`, `"RS256-1"`, `"rs256\u20111"`, `"rs256-1\n"`, `"%72s256-1"`} {
			forged = append(forged, signedRaw(`{"alg":"RS256","kid":`+kid+`}`, fixture.Payload()))
		}
		if len(forged) != 23 {
			t.Errorf("%d kids", len(forged))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), signedRaw(`{"alg":"RS256","kid":"rs256-1"}`, fixture.Payload()), forged...)
	},
	"B5_missing_key_is_empty": func(t *testing.T) {
		for _, secret := range [][]byte{nil, {}, make([]byte, 31)} {
			if _, err := jwt.HMACKey("", jwt.HS256, secret); err == nil {
				t.Errorf("a secret of %d bytes", len(secret))
			}
		}
		keys, err := jwt.NewKeySet(fixture.Issuer().Key(jwt.HS256))
		if err != nil {
			t.Fatal(err)
		}
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = keys })
		fixture.WantRefused(t, v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.HS256}), fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": "missing"}}))
	},
	"B6_all_keys_are_tried": func(t *testing.T) {
		// One signature operation: the key that a kid names, and no other, though one would fit.
		a, b := fixture.JWKEdit{"kid": "a"}.Apply(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)), fixture.JWKEdit{"kid": "b"}.Apply(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256))
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(t, a, b) })
		es := func(kid any) string {
			return fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": kid}})
		}
		fixture.WantRefused(t, v, es("a"), es("b"), es("c"), es(nil))
	},
	"B8_iss_read_in_two_ways": func(t *testing.T) {
		v, err := jwt.NewVerifier(fixture.Config(t), jwt.Config{Issuer: fixture.OtherIssuer().URL, Audience: []string{jwttest.Audience}, Keys: fixture.KeysOf(t, fixture.OtherIssuer())})
		if err != nil {
			t.Fatal(err)
		}
		a, b := fixture.Issuer().URL, fixture.OtherIssuer().URL
		rest := fmt.Sprintf(`"aud":%q,"exp":%d}`, jwttest.Audience, time.Now().Add(time.Hour).Unix())
		fixture.WantRefused(t, v, fixture.Issuer().Token(nil), payloads(
			fmt.Sprintf(`{"iss":%q,"iss":%q,`, a, b)+rest, fmt.Sprintf(`{"iss":%q,"iss":%q,`, b, a)+rest, fmt.Sprintf(`{"iss":%q,"\u0069ss":%q,`, a, b)+rest,
			fmt.Sprintf(`{"iss":[%q],`, a)+rest, fmt.Sprintf(`{"iss":{"a":%q},`, a)+rest, `{"iss":null,`+rest, fmt.Sprintf(`{"ISS":%q,`, a)+rest)...)
	},
	"C10_ed25519_malleable_or_small_order": func(t *testing.T) {
		good := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.EdDSA})
		signature := fixture.DecodeB64(t, strings.Split(good, ".")[2])
		order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
		s := slices.Clone(signature[32:])
		slices.Reverse(s)
		sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
		slices.Reverse(sum)
		fixture.WantRefused(t, fixture.NewVerifier(t), good, fixture.WithPart(good, 2, fixture.B64(string(signature[:32])+string(sum))),
			fixture.WithPart(good, 2, fixture.B64(string(signature[:63]))), fixture.WithPart(good, 2, fixture.B64(string(signature)+"\x00")), fixture.WithPart(good, 2, fixture.B64(strings.Repeat("\x00", 64))))
	},
	"C11_weak_secret_or_short_tag": func(t *testing.T) {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.Issuer().Key(jwt.HS256) })
		good := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.HS256})
		tag := string(fixture.DecodeB64(t, strings.Split(good, ".")[2]))
		fixture.WantRefused(t, v, good, fixture.WithPart(good, 2, ""), fixture.WithPart(good, 2, fixture.B64(tag[:1])), fixture.WithPart(good, 2, fixture.B64(tag[:16])), fixture.WithPart(good, 2, fixture.B64(tag[:31])), fixture.WithPart(good, 2, fixture.B64(tag+"\x00")))
		for alg, size := range map[jwt.Algorithm]int{jwt.HS256: 32, jwt.HS384: 48, jwt.HS512: 64} {
			if _, err := jwt.HMACKey("", alg, make([]byte, size-1)); err == nil {
				t.Errorf("%s with %d bytes", alg, size-1)
			}
		}
	},
	"C12_tag_compared_byte_by_byte": func(t *testing.T) {
		// Tags are compared by crypto/hmac and by nothing else.
		source, err := os.ReadFile(fixture.Path("hmac.go"))
		if err != nil || !bytes.Contains(source, []byte("return hmac.Equal(k.tag(input), signature)")) || bytes.Contains(source, []byte("bytes.Equal")) || bytes.Contains(source, []byte("bytes.Compare")) {
			t.Errorf("hmac.go compares in another way: %v", err)
		}
	},
	"D1_crit_ignored": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"exp":1`)[0], headers(`"crit":["exp"],"exp":1`, `"crit":["b64"],"b64":true`, `"crit":["unknown"],"unknown":1`, `"crit":[]`, `"crit":null`, `"crit":"exp"`, `"crit":{}`, `"crit":1`,
			`"crit":["alg"]`, `"crit":["exp","exp"],"exp":1`, `"crit":["absent"]`, `"\u0063rit":["exp"]`)...)
	},
	"D2_b64_false": func(t *testing.T) {
		kid := fixture.Issuer().Key(jwt.RS256).KeyID()
		forged := headers(`"b64":false`, `"b64":true`, `"b64":false,"crit":["b64"]`, `"b64":null`, `"b64":"false"`, `"crit":["b64"]`)
		for _, h := range []string{`{"alg":"RS256","b64":false,"kid":"` + kid + `"}`, `{"alg":"RS256","b64":false,"crit":["b64"],"kid":"` + kid + `"}`} {
			forged = append(forged, fixture.Issuer().SignRaw(jwt.RS256, h, fixture.Payload()))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"B64":false`)[0], forged...)
	},
	"D3_zip_bomb": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"zip":"DEF"`)[0], "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjIwMDAwMDAwMDB9.A.A.A.A", "eyJhbGciOiJkaXIiLCJ6aXAiOiJERUYifQ.."+strings.Repeat("A", 4000)+".A.A")
		var out []byte
		for _, name := range []string{"compress", "aes", "cipher", "pbkdf2"} {
			out = append(out, goTool(t, fixture.Path(), []string{"GOFLAGS="}, "list", "-f", `{{range .Imports}}{{println .}}{{end}}`, ".")...)
			if bytes.Contains(out, []byte(name)) {
				t.Errorf("the package imports %s", name)
			}
		}
	},
	"D4_encrypted_token": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(nil), "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA", "....", "a.b.c.d.e")
		_, err := fixture.Verify(fixture.NewVerifier(t), "a.b.c.d.e")
		if e := (*jwt.Error)(nil); !errors.As(err, &e) || e.Reason != jwt.ReasonTokenEncrypted {
			t.Errorf("it is not named: %v", err)
		}
	},
	"D5_json_serialization": func(t *testing.T) {
		p := strings.Split(fixture.Issuer().Token(nil), ".")
		fixture.WantRefused(t, fixture.NewVerifier(t), strings.Join(p, "."),
			fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, p[1], p[0], p[2]),
			fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p[1], p[0], p[2]),
			fmt.Sprintf(`{"payload":%q,"signatures":[]}`, p[1]), fmt.Sprintf(`{"payload":%q,"header":{"alg":"none"},"signature":""}`, p[1]))
	},
	"D6_nested_token": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"cty":"application/json"`)[0], headers(`"cty":"JWT"`, `"cty":"jwt"`, `"cty":"application/jwt"`, `"cty":"APPLICATION/JWT"`, `"cty":1`)...)
		inner := fixture.Issuer().Token(nil)
		fixture.WantRefused(t, fixture.NewVerifier(t), inner, payloads(inner, `"`+inner+`"`)...)
	},
	"D7_another_kind_of_token": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"typ":"at+jwt"`)[0], headers(`"typ":"dpop+jwt"`, `"typ":"logout+jwt"`, `"typ":"secevent+jwt"`, `"typ":"token-introspection+jwt"`, `"typ":"statuslist+jwt"`,
			`"typ":"oauth-authz-req+jwt"`, `"typ":"client-authentication+jwt"`, `"typ":"application/DPoP+JWT"`, `"typ":"kb+jwt"`, `"typ":"+jwt"`, `"typ":""`)...)
		strict := fixture.NewVerifier(t, func(c *jwt.Config) { c.Profile = jwt.AccessToken })
		full := fixture.Payload(`"sub":"a","client_id":"b","jti":"c"`, fmt.Sprintf(`"iat":%d`, time.Now().Unix()))
		kid := fixture.Issuer().Key(jwt.RS256).KeyID()
		fixture.WantRefused(t, strict, signedRaw(`{"alg":"RS256","typ":"at+JWT","kid":"`+kid+`"}`, full), signedRaw(`{"alg":"RS256","kid":"`+kid+`"}`, full), signedRaw(`{"alg":"RS256","typ":"JWT","kid":"`+kid+`"}`, full))
	},
	"E1_folded_names": func(t *testing.T) {
		folded := func(header string) string {
			return signedRaw(header, fixture.Payload())
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), signedRaw(`{"alg":"RS256","Alg":"none","ALG":1}`[:14]+`,"kid":"rs256-1","ALG":"none"}`, fixture.Payload()),
			folded(`{"Alg":"RS256"}`), folded(`{"ALG":"RS256","Kid":"rs256-1"}`), folded(`{"alg":"RS256","\u212Aid":"rs256-1","kid":"x"}`))
		exp := time.Now().Add(time.Hour).Unix()
		base := fmt.Sprintf(`{"aud":%q,"exp":%d,`, jwttest.Audience, exp)
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(fixture.Payload(`"ISS":"x","EXP":1,"AUD":"x"`))[0], payloads(
			base+fmt.Sprintf(`"ISS":%q}`, fixture.Issuer().URL), base+fmt.Sprintf(`"i\u017fs":%q}`, fixture.Issuer().URL), base+fmt.Sprintf(`"iſs":%q}`, fixture.Issuer().URL),
			fmt.Sprintf(`{"iss":%q,"aud":%q,"EXP":%d}`, fixture.Issuer().URL, jwttest.Audience, exp), fmt.Sprintf(`{"iss":%q,"Aud":%q,"exp":%d}`, fixture.Issuer().URL, jwttest.Audience, exp))...)
	},
	"E2_duplicate_members": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"x":{"a":1},"y":{"a":1}`)[0], headers(`"alg":"RS256"`, `"\u0061lg":"none"`, `"x":1,"x":1`, `"x":{"a":1,"a":2}`, `"x":[{"a":1,"\u0061":2}]`)...)
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(fixture.Payload(`"x":[{"a":1},{"a":1}]`))[0], payloads(fixture.Payload(`"exp":99999999999`), fixture.Payload(`"\u0065xp":1`), fixture.Payload(`"x":{"a":1,"a":1}`))...)
		good, _ := json.Marshal(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
		if _, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(good) + `],"keys":[]}`)); err == nil {
			t.Error("a key set with two keys members")
		}
	},
	"E3_invalid_utf8": func(t *testing.T) {
		bad := []string{"\"x\":\"\xff\"", "\"x\":\"\xc0\xaf\"", "\"x\":\"\xed\xa0\x80\"", "\"x\":\"\xf4\x90\x80\x80\"", "\"x\":\"\xe2\x82\"", `"x":"\ud800"`, `"x":"\udc00"`, `"x":"\ud800\ud800"`, `"x":"\udc00\ud800"`, `"x":"\ud800x"`, "\"\xff\":1", `"\ud800":1`}
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(`"x":"é \ud83d\ude00 �"`)[0], headers(bad...)...)
		var texts []string
		for _, m := range bad {
			texts = append(texts, fixture.Payload(m))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(fixture.Payload(`"x":"é \ud83d\ude00 �"`))[0], payloads(texts...)...)
	},
	"E4_not_one_object": func(t *testing.T) {
		good := fixture.Payload()
		inner := good[1 : len(good)-1]
		bad := []string{"", " ", "null", "true", "1", `"x"`, "[]", "[" + good + "]", good + good, good + "x", good + ",", good + "\x00", "\ufeff" + good, "//\n" + good, "/**/" + good, good + "//", "{" + inner + ",}", "{," + inner + "}",
			"{" + inner, inner + "}", "{" + inner + "]", strings.ReplaceAll(good, `"`, `'`), "{iss:1," + inner + "}", "{" + inner + `,"x"}`, "{" + inner + `,"x":}`, "{" + inner + `,"x":1,,"y":1}`, "{" + inner + `,"x" 1}`, "{" + inner + `,"x":[1,]}`,
			"{" + inner + `,"x":[1 2]}`, "{" + inner + `,"x":[}`, "{" + inner + `,"x":tru}`, "{" + inner + `,"x":True}`, "{" + inner + `,"x":nul}`, "{" + inner + `,"x":undefined}`, "{" + inner + ",\"x\":\"\n\"}", "{" + inner + ",\"x\":\"\t\"}", "{" + inner + `,"x":"\x41"}`,
			"{" + inner + `,"x":"\u00g0"}`, "{" + inner + `,"x":"\u00"}`, "{" + inner + `,"x":"`, "\v" + good, "\u00a0" + good}
		if len(bad) != 42 {
			t.Errorf("%d payloads", len(bad))
		}
		for _, number := range []string{"01", "-01", "+1", ".5", "5.", "1e", "1e+", "0x10", "NaN", "Infinity", "-", "1_000"} {
			bad = append(bad, fixture.Payload(`"x":`+number))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(" \r\n\t" + fixture.Payload(`"x":[-0.5e+1,0,1E-2]`) + " ")[0], payloads(bad...)...)
	},
	"E5_deep_nesting": func(t *testing.T) {
		nest := func(n int) string { return `"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) }
		fixture.WantRefused(t, fixture.NewVerifier(t), headers(nest(31))[0], headers(nest(32), nest(1000))...)
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(fixture.Payload(nest(31)))[0], payloads(fixture.Payload(nest(32)), fixture.Payload(nest(5000)), fixture.Payload(`"x":`+strings.Repeat(`{"a":`, 32)+"1"+strings.Repeat("}", 32)))...)
	},
	"E6_base64url_spelled_otherwise": func(t *testing.T) {
		good := fixture.Issuer().Token(nil)
		var forged []string
		for part := range 3 {
			p := strings.Split(good, ".")[part]
			for _, insert := range []string{"\n", "\r", "\r\n", " ", "\t", "=", "+", "/", "%", "\x00", "é", "-\n"} {
				forged = append(forged, fixture.WithPart(good, part, p+insert), fixture.WithPart(good, part, insert+p), fixture.WithPart(good, part, p[:4]+insert+p[4:]))
			}
			forged = append(forged, fixture.WithPart(good, part, base64.URLEncoding.EncodeToString(fixture.DecodeB64(t, p))+"="))
		}
		// Stray bits: the other spellings of the last character.
		last := strings.IndexByte(base64Alphabet, good[len(good)-1])
		for stray := 1; stray < 16; stray++ {
			forged = append(forged, good[:len(good)-1]+string(base64Alphabet[last|stray]))
		}
		forged = slices.DeleteFunc(forged, func(s string) bool { return s == good })
		fixture.WantRefused(t, fixture.NewVerifier(t), good, forged...)
	},
	"E7_dots_and_huge_parts": func(t *testing.T) {
		good := fixture.Issuer().Token(nil)
		dots := strings.Repeat(".", 1e6)
		fixture.WantRefused(t, fixture.NewVerifier(t), good, dots, good+dots, strings.Repeat("A", 1e6), strings.Repeat("A.", 8000), good+"."+good)
	},
	"E8_many_members_and_huge_numbers": func(t *testing.T) {
		var many strings.Builder
		for i := range 1001 {
			fmt.Fprintf(&many, `"%x":1,`, i)
		}
		few := many.String()[:strings.LastIndex(many.String()[:len(many.String())-1], `,`)]
		fixture.WantRefused(t, fixture.NewVerifier(t), payloads(fixture.Payload(`"x":{`+few+`}`, `"y":1e1000000000,"z":`+strings.Repeat("9", 300)))[0],
			append(replaced("exp", "1e1000000000", strings.Repeat("9", 300), "1e-1000000000"), payloads(fixture.Payload(`"x":{`+strings.TrimSuffix(many.String(), ",")+`}`))...)...)
	},
	"E9_panic": func(t *testing.T) {
		v := fixture.NewVerifier(t)
		good := fixture.Issuer().Token(nil)
		for i := range good { // every prefix and suffix: no panic
			fixture.Verify(v, good[:i])
			fixture.Verify(v, good[i+1:])
		}
		fixture.WantRefused(t, v, good, good[:len(good)-1])
	},
	"F1_date_of_another_type": func(t *testing.T) {
		var forged []string
		for _, name := range []string{"exp", "nbf", "iat"} {
			forged = append(forged, replaced(name, `null`, `"1"`, `""`, `true`, `[]`, `{}`, `[9999999999]`, `"2030-01-01T00:00:00Z"`)...)
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(claims{"nbf": 1, "iat": 1}), forged...)
	},
	"F2_exp_absent": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(nil), fixture.Issuer().Token(claims{"exp": nil}))
	},
	"F3_date_overflow": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), replaced("exp", "253402300799")[0], append(replaced("exp", "-1", "1e19", "9223372036854775808", "18446744073709551616", "1e300", "253402300800", "253402300799.5"), replaced("nbf", "1e19", "-1", "-1e-400", "9223372036854775807")...)...)
	},
	"F5_near_audience": func(t *testing.T) {
		a := jwttest.Audience
		fixture.WantRefused(t, fixture.NewVerifier(t), replaced("aud", `["x","`+a+`"]`)[0], append(replaced("aud", `null`, `""`, `[]`, `[""]`, `{}`, `1`, `true`, `["x"]`, `[["`+a+`"]]`, `[null,"`+a+`"]`, `["`+a+`",1]`, `{"0":"`+a+`"}`, `"`+a+`/"`, `"`+a+` "`, `"`+a[:len(a)-1]+`"`,
			`"`+a+`x"`, `"`+strings.ToUpper(a)+`"`, `"x `+a+`"`, `"x,`+a+`"`, `"*"`), fixture.Issuer().Token(claims{"aud": nil}))...)
		c := fixture.Config(t)
		c.Audience = []string{""}
		if _, err := jwt.NewVerifier(c); err == nil {
			t.Error("an empty audience was configured")
		}
	},
	"F6_near_issuer": func(t *testing.T) {
		u := fixture.Issuer().URL
		host := strings.TrimPrefix(u, "https://")
		forged := replaced("iss", `null`, `""`, `[]`, `{}`, `1`, `true`, `["`+u+`"]`, `{"iss":"`+u+`"}`, `"`+u+`/"`, `"`+u+` "`, `" `+u+`"`, `"`+u+`\n"`, `"`+u+`\u0000"`, `"`+u+`#"`, `"`+u+`?"`, `"`+u+`."`, `"`+u+`/."`, `"`+u+`//"`, `"`+u+`x"`, `"`+u[:len(u)-1]+`"`,
			`"http://`+host+`"`, `"HTTPS://`+host+`"`, `"`+host+`"`, `"//`+host+`"`, `"https:/`+host+`"`, `"https:\\\\`+host+`"`, `"https://user@`+host+`"`, `"https://evil.example/`+u+`"`, `"https://evil.example?`+u+`"`, `"https://evil.example#`+u+`"`, `"`+u+`@evil.example"`, `"`+u+`.evil.example"`,
			`"`+strings.ToUpper(u)+`"`, `"`+strings.Replace(u, "h", `\u04bb`, 1)+`"`, `"`+strings.Replace(u, "s", `\u017f`, 1)+`"`, `"`+strings.Replace(u, "1", `\u0661`, 1)+`"`, `"`+strings.Replace(u, ".", `\u3002`, 1)+`"`, `"`+strings.Replace(u, ".", `%2E`, 1)+`"`, `"`+strings.Replace(u, ":", `%3A`, 2)+`"`,
			`"`+u+`\u200b"`, `"\ufeff`+u+`"`, `"`+u+`,`+u+`"`, `"`+u+` `+u+`"`)
		if len(forged) != 43 {
			t.Errorf("%d issuers", len(forged))
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), replaced("iss", `"`+strings.ReplaceAll(u, "/", `\/`)+`"`)[0], forged...)
	},
	"F8_claims_in_header": func(t *testing.T) {
		h := map[string]any{"iss": fixture.Issuer().URL, "aud": jwttest.Audience, "exp": int64(99999999999)}
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Mint(jwttest.Spec{Header: h}),
			fixture.Issuer().Mint(jwttest.Spec{Header: h, Claims: claims{"iss": nil}}), fixture.Issuer().Mint(jwttest.Spec{Header: h, Claims: claims{"aud": nil}}), fixture.Issuer().Mint(jwttest.Spec{Header: h, Claims: claims{"exp": nil}}),
			fixture.Issuer().Token(claims{"aud": nil, "azp": jwttest.Audience, "client_id": jwttest.Audience}))
	},
	"F9_sub_of_another_type": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(claims{"sub": nil}), replaced("sub", `null`, `1`, `true`, `[]`, `["x"]`, `{}`)...)
	},
	"F10_bound_token_as_bearer": func(t *testing.T) {
		fixture.WantRefused(t, fixture.NewVerifier(t), fixture.Issuer().Token(claims{"cnf": claims{}}), replaced("cnf", `{"jkt":"x"}`, `{"x5t#S256":"x"}`, `{"jwk":{}}`, `{"unknown":null}`, `{"":1}`, `null`, `[]`, `"x"`, `1`)...)
	},
	"F11_cache_mixes_tokens": func(t *testing.T) {
		fixture.Bubble(t, func(t *testing.T) {
			// Two issuers with the same keys, whose tokens have the same header, and times of their own.
			ours, theirs := fixture.Config(t), fixture.Config(t)
			theirs.Issuer = "https://other.example"
			ours.TokenCache, theirs.TokenCache = 10, 10
			v, err := jwt.NewVerifier(ours, theirs)
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now().Unix()
			texts := map[string]string{}
			for n, sub := range []string{"alice", "bob", "carol"} {
				iss := []string{ours.Issuer, theirs.Issuer}[n%2]
				texts[sub] = fixture.Issuer().Token(claims{"iss": iss, "sub": sub, "iat": now, "exp": now + 60*int64(n+1)})
			}
			for range 3 {
				for sub, text := range texts {
					token, err := fixture.Verify(v, text)
					fixture.WantAccepted(t, token, err)
					if token.Subject() != sub {
						t.Fatalf("%s is taken for %s", sub, token.Subject())
					}
				}
			}
			if s := v.Status(); s[0].TokenCache.Hits != 4 || s[1].TokenCache.Hits != 2 {
				t.Errorf("%+v and %+v", s[0].TokenCache, s[1].TokenCache)
			}
			alone := fixture.NewVerifier(t, fixture.Caching(10)) // that has the keys, and is not meant
			fixture.WantRefused(t, alone, texts["alice"], texts["bob"])
			parts := map[string][]string{}
			for sub, text := range texts {
				parts[sub] = strings.Split(text, ".")
			}
			for _, a := range parts { // the payload of one and the signature of another
				for _, b := range parts {
					if a[1] != b[1] {
						fixture.WantRefused(t, v, texts["carol"], a[0]+"."+a[1]+"."+b[2])
					}
				}
			}
			text := texts["carol"]
			for at := 0; at < len(text); at += 7 {
				fixture.WantRefused(t, v, text, text[:at]+string(text[at]^1)+text[at+1:])
			}
			for n, sub := range []string{"alice", "bob", "carol"} {
				time.Sleep(time.Until(time.Unix(now+60*int64(n+1)+29, 0))) // within the leeway
				token, err := fixture.Verify(v, texts[sub])
				fixture.WantAccepted(t, token, err)
				time.Sleep(time.Second)
				token, err = fixture.Verify(v, texts[sub])
				fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
			}
		})
	},
	"F12_revocation_by_text": func(t *testing.T) {
		// ECDSA has two signatures for one token: (r, s) and (r, n-s). Both hold, so revocation goes by jti.
		good := fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: claims{"jti": "one"}})
		raw := fixture.DecodeB64(t, strings.Split(good, ".")[2])
		s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(raw[32:]))
		twin := fixture.WithPart(good, 2, fixture.B64(string(raw[:32])+string(s.FillBytes(make([]byte, 32)))))
		a, errA := fixture.Verify(fixture.NewVerifier(t), good)
		b, errB := fixture.Verify(fixture.NewVerifier(t), twin)
		if twin == good || errA != nil || errB != nil || a.ID() != b.ID() {
			t.Errorf("got %v, %v", errA, errB)
		}
		fixture.WantRefused(t, fixture.NewVerifier(t), good, fixture.WithPart(good, 2, fixture.B64(string(raw[32:])+string(raw[:32]))))
	},
	"G7_metadata_widens_algorithms": func(t *testing.T) {
		p := fixture.NewProvider(t, jwt.RS256)
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != fixture.OIDCPath {
				return false
			}
			json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL, "jwks_uri": fixture.KeysURL, "id_token_signing_alg_values_supported": []string{"RS256", "PS256", "HS256", "none"}})
			return true
		}
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		as := func(alg jwt.Algorithm) string {
			return fixture.Issuer().Mint(jwttest.Spec{Algorithm: alg, Header: map[string]any{"kid": "rs256-1"}, Claims: claims{"iss": fixture.ProviderURL}})
		}
		fixture.WantRefused(t, v, as(jwt.RS256), as(jwt.PS256), as(jwt.HS256), fixture.WithPart(as(jwt.RS256), 0, fixture.B64(`{"alg":"none"}`)))
	},
	"H4_optional_authentication": func(t *testing.T) {
		// A credential that is present and bad is never taken for an absent one.
		api := fixture.Resource(t, jwt.ResourceConfig{}, nil)
		for _, value := range []string{"Bearer", "Bearer x", "Bearer " + fixture.Issuer().Token(claims{"exp": 1}), "Bearer a b"} {
			if _, err := api.Check(fixture.Request(value)); err == nil || errors.Is(err, jwt.ErrNoToken) {
				t.Errorf("%q: %v", value, err)
			}
		}
		if _, err := api.Check(fixture.Request()); !errors.Is(err, jwt.ErrNoToken) {
			t.Errorf("none: %v", err)
		}
	},
	"H6_identity_headers": func(t *testing.T) {
		r := fixture.Request("Bearer " + fixture.Issuer().Token(nil))
		for _, name := range []string{"X-User", "X_User", "X-Auth-Subject", "Remote-User"} {
			r.Header.Set(name, "admin")
		}
		before := r.Header.Clone()
		fixture.NewVerifier(t).Require()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if fmt.Sprint(r.Header) != fmt.Sprint(before) {
				t.Errorf("headers were changed: %v", r.Header)
			}
			if token, ok := jwt.FromContext(r.Context()); !ok || token.Subject() != "test-subject" {
				t.Errorf("got %v", token)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
		type contextKey struct{}
		if _, ok := jwt.FromContext(context.WithValue(t.Context(), contextKey{}, &jwt.Token{})); ok {
			t.Error("a foreign context key gave a token")
		}
	},
	"N13_goroutine_stays": func(t *testing.T) {
		// TestMain fails on a goroutine that is left over; here none is while nothing is fetched.
		v := fixture.NewVerifier(t)
		before := runtime.NumGoroutine()
		for range 100 {
			fixture.Verify(v, fixture.Issuer().Token(nil))
		}
		if after := runtime.NumGoroutine(); after > before+10 {
			t.Errorf("%d goroutines became %d", before, after)
		}
	},
}

// attacksElsewhere names the tests of attacks that are tested beside the code that refuses them.
var attacksElsewhere = map[string][]string{
	"A2_public_key_as_secret":              {"TestPublicKeyAsSecret, hmac_test.go", "TestSecretIsNoPublicKey, pem_test.go"},
	"A4_key_widens_algorithms":             {"TestAlgorithmsNarrow, algorithm_test.go"},
	"A5_another_algorithm_under_one_key":   {"TestKeyDecidesAlgorithm, algorithm_test.go"},
	"B7_kid_of_two_issuers":                {"TestSeveralIssuers, jwt_test.go"},
	"C1_degenerate_ecdsa":                  {"TestDegenerateSignatures, ecdsa_test.go"},
	"C2_ecdsa_signature_of_another_form":   {"TestSignatureForms, ecdsa_test.go"},
	"C3_point_off_curve":                   {"TestECKeysRefused, ecdsa_test.go"},
	"C4_coordinate_of_another_width":       {"TestECKeysRefused, ecdsa_test.go"},
	"C5_short_rsa_key":                     {"TestRSAKeysRefused, rsa_test.go"},
	"C6_giant_rsa_key":                     {"TestRSAKeysRefused, rsa_test.go"},
	"C7_exponent_cut":                      {"TestRSAKeysRefused, rsa_test.go"},
	"C8_lax_pkcs1_padding":                 {"TestWycheproofPrimitives, vectors_test.go"},
	"C9_pss_salt_length":                   {"TestSaltLength, rsa_test.go"},
	"C10_ed25519_malleable_or_small_order": {"TestSmallOrderKeys, eddsa_test.go"},
	"E7_dots_and_huge_parts":               {"TestDotsTakeNoMemory, bench_test.go"},
	"F4_exp_equal_to_now":                  {"TestClock, policy_test.go"},
	"F7_tenant_wildcard":                   {"TestTenants, tenant_test.go"},
	"G1_encryption_key":                    {"TestKeysRefused, jwk_test.go"},
	"G2_published_secret":                  {"TestKeysRefused, jwk_test.go"},
	"G3_x5c_of_another_key":                {"TestKeysRefused, jwk_test.go"},
	"G4_odd_key_spoils_set":                {"TestKeysRefused, jwk_test.go"},
	"G5_lax_key_set":                       {"TestKeySetDocuments, keyset_test.go"},
	"G6_foreign_metadata":                  {"TestBadAnswers, discovery_test.go"},
	"H1_several_credentials":               {"TestCredentials, bearer_test.go"},
	"H2_odd_scheme":                        {"TestCredentials, bearer_test.go"},
	"H3_token_elsewhere":                   {"TestQueryToken, bearer_test.go", "TestHeaderAndCookieSources, bearer_test.go"},
	"H5_token_in_error_or_log":             {"TestErrorsHoldNoToken, errors_test.go"},
	"H7_wrong_status":                      {"TestFromContext, bearer_test.go", "TestUnavailable, bearer_test.go"},
	"N1_redirect":                          {"TestBadAnswers, discovery_test.go"},
	"N2_client_follows_redirects":          {"TestClientIsCopied, discovery_test.go"},
	"N3_compressed_body":                   {"TestCompressedBody, discovery_test.go"},
	"N4_slow_body":                         {"TestBodyLimits, discovery_test.go"},
	"N5_flood_of_kids":                     {"TestUnknownKidFlood, discovery_test.go", "TestOutageAtStart, discovery_test.go"},
	"N6_flood_delays_rotation":             {"TestUnknownKidFlood, discovery_test.go"},
	"N7_stampede":                          {"TestSingleFlight, discovery_test.go"},
	"N8_bad_answer_after_good":             {"TestBadAnswers, discovery_test.go"},
	"N9_withdrawn_key":                     {"TestWithdrawnKey, discovery_test.go", "TestFreshness, discovery_test.go"},
	"N10_fetch_for_early_failure":          {"TestNothingFetchedByConstructors, discovery_test.go"},
	"N11_plain_http":                       {"TestRemoteOptions, discovery_test.go"},
	"N12_credentials_on_fetch":             {"TestClientIsCopied, discovery_test.go", "TestBearerTokenFile, discovery_test.go"},
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// TestAttacks has a subtest for each attack, and holds docs/attacks.md to them.
func TestAttacks(t *testing.T) {
	tests := testRows(t, attacks, attacksElsewhere)
	if len(tests) != 83 {
		t.Errorf("%d attacks have a test", len(tests))
	}
	page, err := os.ReadFile(fixture.Path("docs", "attacks.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-HN]\d+_\w+) \| .+ \| (.+) \| (.+) \|$`).FindAllStringSubmatch(string(page), -1) {
		rows++
		id, here, test := row[1], row[2], row[3]
		var want []string
		if attacks[id] != nil {
			want = append(want, "`TestAttacks/"+id+"`")
		}
		for _, reference := range attacksElsewhere[id] {
			name, file, _ := strings.Cut(reference, ", ")
			want = append(want, "`"+name+"` in "+file)
		}
		if want == nil && here != "does not apply" || want != nil && test != strings.Join(want, ", ") {
			t.Errorf("row %s says that its test is %q, want %q", id, test, want)
		}
		delete(tests, id)
	}
	for id := range tests {
		t.Errorf("%s is not in docs/attacks.md", id)
	}
	if rows != 86 {
		t.Errorf("%d rows", rows)
	}
}
