// This file tests keys: what it lists, what it warns of, and how it ends.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// publisher is an issuer whose answers never change but for its port.
type publisher struct {
	header map[string]string // of the key set
	keys   string
	status int // of the key set; zero: 200
}

func (p publisher) start(t *testing.T) string {
	t.Helper()
	var url string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"token_endpoint":"https://issuer.example/token","id_token_signing_alg_values_supported":["RS256","\u001b[31m"]}`, url, url+"/keys")
		case "/keys":
			for name, value := range p.header {
				w.Header().Set(name, value)
			}
			if p.status != 0 {
				w.WriteHeader(p.status)
			}
			fmt.Fprint(w, p.keys)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	url = s.URL
	return url
}

const (
	rsaKey = `"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"`
	edKey  = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
)

var port = regexp.MustCompile(`127\.0\.0\.1:\d+`)

func TestKeysGolden(t *testing.T) {
	for name, p := range map[string]publisher{
		"rotating": {header: map[string]string{"Cache-Control": "public, max-age=600", "ETag": `"1"`, "Content-Type": "application/jwk-set+json"},
			keys: `{"keys":[{"kid":"2026-11","use":"sig","alg":"RS256",` + rsaKey + `},{"kid":"next","alg":"EdDSA",` + edKey + `}]}`},
		"mixed": {header: map[string]string{"Cache-Control": "no-store", "Content-Type": "application/json"},
			keys: `{"keys":[{` + rsaKey + `},{"kid":"enc","use":"enc","alg":"RSA-OAEP",` + rsaKey + `},{"kty":"oct","k":"AAAA"},{"kid":"p","d":"AQAB",` + rsaKey + `},{"kid":"\u001b[31m","kty":"XYZ"},7]}`},
		"encryption": {header: map[string]string{"Content-Type": "application/json"}, keys: `{"keys":[{"use":"enc",` + rsaKey + `}]}`},
		"portal":     {header: map[string]string{"Content-Type": "text/html"}, keys: "<html>"},
		"down":       {header: map[string]string{"Content-Type": "text/plain"}, keys: "down", status: http.StatusServiceUnavailable},
		"forever":    {header: map[string]string{"Cache-Control": "max-age=31536000", "Last-Modified": "Sat, 21 Nov 2026 19:00:00 GMT", "Content-Type": "application/json"}, keys: `{"keys":[{"kid":"a",` + rsaKey + `},{"kid":"a","alg":"PS256",` + rsaKey + `},{"kid":"a","alg":"RS256",` + rsaKey + `}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			url := p.start(t)
			text := transcript(t, "", "keys", "-insecure-loopback-http", "-issuer", url)
			fixture.Golden(t, filepath.Join("testdata", "keys", name+".txt"), port.ReplaceAllString(text, "127.0.0.1:PORT"))
			if name == "mixed" {
				text = transcript(t, "", "keys", "-insecure-loopback-http", "-jwks", url+"/keys", "-json")
				fixture.Golden(t, filepath.Join("testdata", "keys", name+".json.txt"), port.ReplaceAllString(text, "127.0.0.1:PORT"))
			}
		})
	}
}

// A set about to be changed is one whose certificates end soon.
func TestKeysCertificates(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	for until, want := range map[time.Duration]string{
		-time.Hour:          `certificate of the key "k" ended on`,
		24 * time.Hour:      "the key will be changed soon",
		90 * 24 * time.Hour: "",
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(until)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
		if err != nil {
			t.Fatal(err)
		}
		set := fmt.Sprintf(`{"keys":[{"kid":"k","kty":"EC","crv":"P-256","x":%q,"y":%q,"x5c":[%q]}]}`, encode(point[1:33]), encode(point[33:]), base64.StdEncoding.EncodeToString(der))
		code, stdout, stderr := ran(t, "", "keys", "-jwks", set)
		if code != exitOK || !strings.Contains(stdout, "EC, 256 bits, alg ES256") || !strings.Contains(spaced(stdout), want) || strings.Contains(stdout, "certificate") != (want != "") {
			t.Errorf("until %v: exit status %d\n%s%s", until, code, stdout, stderr)
		}
	}
}

// Every hint of keys stands where it is true, and does not stand in a near miss. One that the source has and
// the cases have not is an error.
func TestKeysHints(t *testing.T) {
	now := time.Now()
	certified := func(left time.Duration) string {
		der := fixture.CertificateWith(t, &fixture.ECKey(t).PublicKey, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-48*time.Hour), now.Add(left) })
		return `{"kid":"k","x5c":["` + base64.StdEncoding.EncodeToString(der) + `"],` + edKey + `}`
	}
	set := func(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for n := 0; n < len(pairs); n += 2 {
			h.Set(pairs[n], pairs[n+1])
		}
		return h
	}
	const ed, rs, enc = `{"kid":"a",` + edKey + `}`, `{"kid":"b","alg":"RS256",` + rsaKey + `}`, `{"kid":"c","use":"enc",` + rsaKey + `}`
	const nameless, secret, private = `{` + edKey + `}`, `{"kty":"oct","k":"AAAA"}`, `{"kid":"p","d":"AQAB",` + rsaKey + `}`
	type list struct {
		set    string
		header http.Header
		fresh  int
	}
	denied := ""
	var said []string
	for _, c := range []struct {
		text    string
		yes, no list
	}{
		{"the certificate of the key ", list{set: set(certified(-time.Hour))}, list{set: set(certified(90 * 24 * time.Hour))}},
		{" ended on ", list{set: set(certified(-time.Hour))}, list{set: set(certified(time.Hour))}},
		{" the key will be changed soon", list{set: set(certified(time.Hour))}, list{set: set(certified(31 * 24 * time.Hour))}},
		{"all keys are for encryption", list{set: set(enc)}, list{set: set(enc, secret)}},
		{"no key can be used", list{set: set(secret)}, list{set: set(secret, ed)}},
		{"only one key can be used", list{set: set(ed, enc)}, list{set: set(ed, rs)}},
		{"1 key has no kid: tokens cannot name it", list{set: set(nameless, rs)}, list{set: set(ed, rs)}},
		{"the key has no kid: with a second key beside it", list{set: set(nameless)}, list{set: set(nameless, rs)}},
		{" no alg, so RS256 is meant", list{set: set(`{"kid":"b",` + rsaKey + `}`)}, list{set: set(rs, ed)}},
		{"1 secret is in the set: everybody can read a published secret; change it", list{set: set(secret, ed)}, list{set: set(`{"kty":"XYZ","k":"AAAA"}`, ed)}},
		{" in the set: everybody can sign with it; change it at once", list{set: set(private, ed)}, list{set: set(`{"kid":"p","alg":"X","d":null,"oth":[],"p":"",`+rsaKey+`}`, ed)}},
		{": tokens with that kid are refused", list{set: set(ed, `{"kid":"a","kty":"OKP","crv":"Ed25519","x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}`)}, list{set: set(ed, ed)}},
		{"the issuer forbids caching", list{set(ed), header("Cache-Control", "no-store"), 60}, list{set(ed), header("Cache-Control", "max-age=0"), 60}},
		{"the issuer does not say how long its keys are fresh", list{set(ed), header(), 600}, list{set(ed), header("Expires", "0"), 60}},
		{"the issuer says that its keys are fresh for a minute or less", list{set(ed), header("Cache-Control", "max-age=60"), 60}, list{set(ed), header("Cache-Control", "max-age=61"), 61}},
		{"the issuer says that its keys are fresh for an hour or more", list{set(ed), header("Cache-Control", "max-age=3600"), 3600}, list{set(ed), header("Cache-Control", "max-age=3599"), 3599}},
	} {
		hints := func(from list) string {
			l := &keyList{Fresh: from.fresh}
			l.read([]byte(from.set), from.header)
			return fmt.Sprint(l.Hints)
		}
		if got := hints(c.yes); !strings.Contains(got, c.text) {
			t.Errorf("no %q in %s", c.text, got)
		}
		if got := hints(c.no); strings.Contains(got, c.text) {
			t.Errorf("%q stands in %s", c.text, got)
		}
		said, denied = append(said, hints(c.yes)), denied+c.text+"\n"
	}
	file, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if name, ok := call.Fun.(*ast.Ident); !ok || name.Name != "hint" {
			return true
		}
		found++
		format, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		held := slices.ContainsFunc(strings.Split(denied, "\n"), func(text string) bool { return text != "" && strings.Contains(format, text) })
		for _, piece := range regexp.MustCompile("%.").Split(format, -1) {
			held = held || len(piece) > 8 && (strings.Contains(denied, piece) || strings.Contains(denied, strings.Split(piece, " that")[0]))
			if len(piece) > 20 && !strings.Contains(strings.Join(said, "\n"), piece) {
				t.Errorf("no case gives the hint %q", piece)
			}
		}
		if !held {
			t.Errorf("no near miss holds the hint %q", format)
		}
		return true
	})
	if found < 15 {
		t.Errorf("%d hints", found)
	}
}

func TestKeysOfAnIssuer(t *testing.T) {
	iss := jwttest.NewIssuer(t)
	if code, stdout, _ := ran(t, "", "keys", "-issuer", iss.URL); code != exitNoKeys || !strings.Contains(stdout, "certificate") {
		t.Errorf("an unknown authority: exit status %d\n%s", code, stdout)
	}
	url := publisher{keys: `{"keys":[{` + edKey + `}]}`}.start(t)
	if code, stdout, _ := ran(t, "", "keys", "-insecure-loopback-http", "-jwks", url+"/keys?key=SECRET"); code != exitOK || strings.Contains(stdout, "SECRET") || !strings.Contains(stdout, "/keys?...") {
		t.Errorf("a query: exit status %d\n%s", code, stdout)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, []byte(`{"keys":[{"kid":"a",`+edKey+`}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, _ := ran(t, "", "keys", "-jwks", file); code != exitOK || !strings.Contains(stdout, "USABLE   kid a\n           OKP, 256 bits, alg EdDSA\n           thumbprint kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\n") || !strings.Contains(stdout, "only one key") {
		t.Errorf("a file: exit status %d\n%s", code, stdout)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "-issuer and -jwks"},
		{[]string{"-issuer", "a", "-jwks", "b"}, exitUsage, "-issuer and -jwks"},
		{[]string{"-issuer", "http://127.0.0.1:1"}, exitUsage, "-insecure-loopback-http"},
		{[]string{"-issuer", "http://issuer.example", "-insecure-loopback-http"}, exitUsage, "not loopback"},
		{[]string{"-issuer", "https://issuer.example", "more"}, exitUsage, "unexpected argument"},
		{[]string{"-jwks", filepath.Join(t.TempDir(), "none")}, exitUsage, "-jwks wants a file's name: "},
		{[]string{"-jwks", `{"keys":[]}`}, exitNoKeys, "it is empty"},
		{[]string{"-jwks", `{"keys":[{"kty":"oct","k":"AAAA"}]}`}, exitNoKeys, "everybody can read a published secret"},
		{[]string{"-jwks", `{"keys":`}, exitNoKeys, "keys is not an array"},
	} {
		code, stdout, stderr := ran(t, "", append([]string{"keys"}, c.args...)...)
		if code != c.code || !strings.Contains(spaced(stdout+stderr), c.want) {
			t.Errorf("%q: exit status %d, want %d with %q\n%s%s", c.args, code, c.code, c.want, stdout, stderr)
		}
	}
}
