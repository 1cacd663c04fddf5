// This file looks for an issuer's secrets in whatever prints it.

package jwttest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// spellings are the ways in which a text may hold a piece of a secret.
func spellings(piece []byte) []string {
	list := strings.Trim(fmt.Sprint(piece), "[]")
	goList := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", piece), "[]byte{"), "}")
	all := []string{string(piece), list, strings.ReplaceAll(list, " ", ","), strings.ReplaceAll(list, " ", ", "), goList,
		hex.EncodeToString(piece), strings.ToUpper(hex.EncodeToString(piece)), fmt.Sprintf("% x", piece)}
	for shift := range 3 { // base64 of bytes before, which are not looked at
		const before = "\x00\x00"
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := encoding.EncodeToString(append([]byte(before[:shift]), piece...))
			all = append(all, text[(shift*8+5)/6:(shift+len(piece))*8/6])
		}
	}
	return all
}

// holdsSecret returns a piece of a secret that a text holds.
func holdsSecret(text string, secrets [][]byte) string {
	const run, digits = 8, 20
	for _, secret := range secrets {
		for at := 0; at+run <= len(secret); at++ {
			for _, spelling := range spellings(secret[at : at+run]) {
				if strings.Contains(text, spelling) {
					return spelling
				}
			}
		}
		decimal := new(big.Int).SetBytes(secret).String()
		for at := 0; at+digits <= len(decimal); at++ {
			if strings.Contains(text, decimal[at:at+digits]) {
				return decimal[at : at+digits]
			}
		}
	}
	return ""
}

// However an issuer is printed, and whatever holds it, the text shows 8 bytes of none of its secrets in
// any spelling.
func TestPrintedIssuer(t *testing.T) {
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	for _, o := range []*jwttest.Options{{Algorithms: []jwt.Algorithm{jwt.RS256, jwt.ES256, jwt.EdDSA}}, {PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.Ed25519, jwt.ES256, jwt.PS256}},
		{URL: "https://issuer.example", Algorithms: []jwt.Algorithm{jwt.ES256, jwt.EdDSA, jwt.RS256}}} {
		iss := start(t, o)
		iss.PublishAhead()
		secrets := jwttest.Secrets(iss)
		if len(secrets) < 6 || holdsSecret(fmt.Sprint(secrets), secrets) == "" || holdsSecret(hex.EncodeToString(secrets[1]), secrets) == "" ||
			holdsSecret(base64.URLEncoding.EncodeToString(secrets[2]), secrets) == "" || holdsSecret(new(big.Int).SetBytes(secrets[3]).String(), secrets) == "" {
			t.Fatal("secrets are not found where they are")
		}
		searched := map[string]bool{} // most texts are the same
		type holder struct{ Issuer any }
		type inner struct{ iss *jwttest.Issuer }
		for name, v := range map[string]any{
			"issuer": iss, "value": reflect.ValueOf(iss).Elem().Interface(), "pointer": &iss, "struct": holder{iss}, "struct with a value": holder{reflect.ValueOf(iss).Elem().Interface()},
			"pointer to a struct": &holder{iss}, "unexported": inner{iss}, "slice": []any{iss}, "issuers": []*jwttest.Issuer{iss}, "map": map[string]*jwttest.Issuer{"a": iss},
			"key": iss.Key("HS512"), "public key": iss.Key("ES256"), "config": iss.Config(), "context": iss.Context(t.Context(), nil), "client": iss.Client(), "options": o, "error": fmt.Errorf("issuer: %v", iss),
		} {
			var texts []string
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%t", "%80v"} {
				texts = append(texts, fmt.Sprintf(verb, v))
			}
			data, err := json.Marshal(v)
			if err == nil {
				texts = append(texts, string(data))
			}
			var logged bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&logged, timeless), slog.NewJSONHandler(&logged, timeless)} {
				slog.New(h).Info("x", "v", v, slog.Group("g", "v", v))
			}
			for _, text := range append(texts, logged.String()) {
				if searched[text] {
					continue
				}
				searched[text] = true
				if found := holdsSecret(text, secrets); found != "" {
					t.Fatalf("%s: %q is printed", name, found)
				}
				if strings.Contains(text, jwttest.ClientSecret) {
					t.Fatalf("%s: the client's secret is printed", name)
				}
			}
		}
		want := "jwttest.Issuer(" + iss.URL + ")"
		if got := fmt.Sprintf("%v %+v %#v %x", iss, iss, iss, iss); got != strings.Join([]string{want, want, want, want}, " ") {
			t.Errorf("printed: %s", got)
		}
		if got := iss.LogValue().String(); got != want {
			t.Errorf("logged: %s", got)
		}
	}
	var nobody *jwttest.Issuer
	if got := fmt.Sprint(nobody, nobody.LogValue()); got != "jwttest.Issuer(nil) jwttest.Issuer(nil)" {
		t.Errorf("printed: %s", got)
	}
}
