// This file tests keys from PEM.

package jwt_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestParsePEM(t *testing.T) {
	iss := fixture.Issuer()
	public := fixture.PublicRSA(t, fixture.JWKOf(t, iss, jwt.RS256))
	token := iss.Token(nil)
	for name, text := range map[string][]byte{
		"PKIX":        fixture.PEM("PUBLIC KEY", pkix1(t, public)),
		"PKCS #1":     fixture.PEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(public)),
		"certificate": fixture.PEM("CERTIFICATE", fixture.Certificate(t, public)),
		"with text":   append([]byte("Certificate:\n  Data:\n"), fixture.PEM("PUBLIC KEY", pkix1(t, public))...),
	} {
		for _, alg := range []jwt.Algorithm{"", jwt.RS256} {
			keys, err := jwt.ParsePEM(iss.Key(jwt.RS256).KeyID(), alg, text)
			if err != nil || len(keys) != 1 {
				t.Errorf("%s: %d keys, %v", name, len(keys), err)
				continue
			}
			k := keys[0]
			if k.Thumbprint() != iss.Key(jwt.RS256).Thumbprint() || k.Algorithm() != alg {
				t.Errorf("%s: got %v", name, k)
			}
			got, err := fixture.Verify(fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = k }), token)
			fixture.WantAccepted(t, got, err)
		}
	}
	for alg, private := range map[jwt.Algorithm]any{jwt.ES256: fixture.ECKey(t).Public(), jwt.EdDSA: ed25519.NewKeyFromSeed(make([]byte, 32)).Public()} {
		keys, err := jwt.ParsePEM("kid", "", fixture.PEM("PUBLIC KEY", pkix1(t, private)))
		if err != nil || len(keys) != 1 || keys[0].Algorithm() != alg || keys[0].KeyID() != "kid" {
			t.Errorf("%s: got %v, %v", alg, keys, err)
		}
	}

	// Each block is a key, in order; one that is none spoils the text.
	first, second := fixture.PEM("PUBLIC KEY", pkix1(t, fixture.ECKey(t).Public())), fixture.PEM("CERTIFICATE", fixture.Certificate(t, public))
	keys, err := jwt.ParsePEM("", "", slices.Concat([]byte("a\n"), first, []byte("b\n"), second))
	if err != nil || len(keys) != 2 || keys[0].Algorithm() != jwt.ES256 || keys[1].Thumbprint() != iss.Key(jwt.RS256).Thumbprint() {
		t.Errorf("got %v, %v", keys, err)
	}
	if keys, err := jwt.ParsePEM("", "", slices.Concat(first, fixture.PEM("PRIVATE KEY", []byte("x")))); err == nil || keys != nil {
		t.Errorf("got %v, %v", keys, err)
	}
	fixture.WantLimit(t, "blocks", 100, func(n int) error {
		_, err := jwt.ParsePEM("", "", bytes.Repeat(first, n))
		return err
	})
}

// The authority of a certificate signs certificates, and no tokens, wherever it stands in the file. Where
// all certificates are authorities', each was made for its key.
func TestParsePEMChain(t *testing.T) {
	root, leaf := fixture.ECKey(t), fixture.ECKey(t)
	certificate := func(public, signer *ecdsa.PrivateKey, isCA bool, serial int64) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "one name"}, NotAfter: time.Now().Add(time.Hour),
			IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
		der, err := x509.CreateCertificate(rand.Reader, template, template, public.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return fixture.PEM("CERTIFICATE", der)
	}
	issued, authority, other := certificate(leaf, root, false, 1), certificate(root, root, true, 2), certificate(leaf, leaf, true, 3)
	for name, c := range map[string]struct {
		text []byte
		keys int
	}{
		"chain":            {slices.Concat(issued, authority), 1},
		"in another order": {slices.Concat(authority, issued), 1},
		"a gap":            {slices.Concat(issued, other, authority), 1},
		"two authorities":  {slices.Concat(authority, other), 2},
		"twice":            {slices.Concat(issued, issued), 1},
		"with its curve":   {slices.Concat(fixture.PEM("EC PARAMETERS", []byte("x")), issued), 1},
	} {
		if keys, err := jwt.ParsePEM("", "", c.text); err != nil || len(keys) != c.keys {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

// The certificate of an authority that has issued none of the others is no chain. It is not dropped in silence.
func TestParsePEMForeignAuthority(t *testing.T) {
	certificate := func(subject, issuer string, isCA bool) []byte {
		key, signer := fixture.ECKey(t), fixture.ECKey(t)
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: subject}, NotAfter: time.Now().Add(time.Hour), IsCA: isCA, BasicConstraintsValid: true}
		der, err := x509.CreateCertificate(rand.Reader, template, &x509.Certificate{Subject: pkix.Name{CommonName: issuer}}, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		return fixture.PEM("CERTIFICATE", der)
	}
	leaf, middle, root := certificate("leaf", "middle", false), certificate("middle", "root", true), certificate("root", "root", true)
	self, stranger := certificate("self", "self", true), certificate("stranger", "root", true)
	for name, c := range map[string]struct {
		text []byte
		keys int // 0: refused
	}{
		"a chain": {slices.Concat(leaf, middle, root), 1}, "a chain from its end": {slices.Concat(root, middle, leaf), 1}, "without its root": {slices.Concat(leaf, middle), 1},
		"a stranger that certified itself": {slices.Concat(leaf, middle, self), 0}, "and stands first, twice": {slices.Concat(self, self, leaf), 0},
		"a stranger of the same root": {slices.Concat(leaf, middle, root, stranger), 0}, "a gap": {slices.Concat(leaf, root), 0}, "authorities alone": {slices.Concat(self, root), 2},
	} {
		keys, err := jwt.ParsePEM("", "", c.text)
		if len(keys) != c.keys || (err == nil) != (c.keys > 0) || err != nil && !strings.Contains(err.Error(), "that issued none of the other certificates") {
			t.Errorf("%s: %d keys, %v", name, len(keys), err)
		}
	}
}

// onePEM reads the one key of a PEM text.
func onePEM(kid string, alg jwt.Algorithm, data []byte) (*jwt.Key, error) {
	keys, err := jwt.ParsePEM(kid, alg, data)
	if len(keys) == 0 {
		return nil, err
	}
	return keys[0], err
}

func TestPEMRefused(t *testing.T) {
	p256 := fixture.ECKey(t)
	wantNoKeys(t, map[string]func() (*jwt.Key, error){
		"PEM text":    func() (*jwt.Key, error) { return onePEM("", "", []byte("no PEM")) },
		"PEM unknown": func() (*jwt.Key, error) { return onePEM("", "", fixture.PEM("X", []byte("x"))) },
		"PEM broken":  func() (*jwt.Key, error) { return onePEM("", "", fixture.PEM("PUBLIC KEY", []byte("x"))) },
		"PEM mismatch": func() (*jwt.Key, error) {
			return onePEM("", jwt.ES384, fixture.PEM("PUBLIC KEY", pkix1(t, &p256.PublicKey)))
		},
		"PEM private": func() (*jwt.Key, error) {
			der, _ := x509.MarshalPKCS8PrivateKey(p256)
			return onePEM("", "", fixture.PEM("PRIVATE KEY", der))
		},
	})
}

// A PEM block is read by what it holds, however its lines were treated.
func TestPEMByContent(t *testing.T) {
	public := fixture.PublicRSA(t, fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	certificate := fixture.Certificate(t, public)
	negative := fixture.NegativeSerial(t, certificate)
	treatments := map[string]func(string) string{
		"as it is": func(s string) string { return s }, "byte order mark": func(s string) string { return "\ufeff" + s }, "CRLF": func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"indented": func(s string) string { return "   " + strings.ReplaceAll(s, "\n", "\n\t ") }, "written": func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) },
		"written CRLF": func(s string) string { return strings.ReplaceAll(s, "\n", `\r\n`) }, "spaces": func(s string) string { return strings.ReplaceAll(s, "\n", " ") },
		"one line": func(s string) string { return strings.ReplaceAll(s, "\n", "") }, "text around": func(s string) string { return "subject=CN=a - b\n" + s + "\nmore ssh-rsa text\n" },
		"written twice": func(s string) string { return strings.ReplaceAll(s, "\n", `\\n`) }, "continued": func(s string) string { return strings.ReplaceAll(s, "\n", "\\\n") },
		"behind JSON": func(s string) string { return "[\"kty\"]\n" + s }, "no last line break": strings.TrimSpace, "empty lines": func(s string) string { return "\n\n" + strings.ReplaceAll(s, "\n", "\n\n") },
	}
	want := fixture.ParseKeySet(t, fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)).Keys()[0].Thumbprint()
	for _, label := range []string{"PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"} {
		for form, der := range map[string][]byte{"PKIX": pkix, "PKCS #1": pkcs1, "certificate": certificate, "negative serial": negative, "PSS": fixture.PSSInfo(t, public, nil)} {
			for how, treat := range treatments {
				keys, err := jwt.ParsePEM("", "", []byte(treat(string(fixture.PEM(label, der)))))
				if err != nil || len(keys) != 1 || keys[0].Thumbprint() != want {
					t.Errorf("%s as %s, %s: %v, %v", form, label, how, keys, err)
				}
			}
		}
	}
}

// A key for RSASSA-PSS stands for the PS algorithm that its parameters allow.
func TestPSSKeys(t *testing.T) {
	iss := fixture.Issuer()
	public := fixture.PublicRSA(t, fixture.JWKOf(t, iss, jwt.PS256))
	sha := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, n} }
	for _, c := range []struct {
		hash asn1.ObjectIdentifier
		alg  jwt.Algorithm
		want jwt.Algorithm // empty: refused
	}{
		{nil, "", jwt.PS256}, {nil, jwt.PS384, jwt.PS384}, {nil, jwt.RS256, ""}, {sha(1), "", jwt.PS256}, {sha(2), "", jwt.PS384}, {sha(3), "", jwt.PS512},
		{sha(1), jwt.PS256, jwt.PS256}, {sha(1), jwt.PS512, ""}, {sha(1), jwt.RS256, ""}, {sha(1), jwt.ES256, ""}, {asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, "", ""},
	} {
		keys, err := jwt.ParsePEM("", c.alg, fixture.PEM("PUBLIC KEY", fixture.PSSInfo(t, public, c.hash)))
		if (err == nil) != (c.want != "") || err == nil && keys[0].Algorithm() != c.want {
			t.Errorf("%v as %s: got %v, %v, want %s", c.hash, c.alg, keys, err, c.want)
		}
	}
	for name, hash := range map[string]asn1.ObjectIdentifier{"SHA-1": {1, 3, 14, 3, 2, 26}, "SHA-224": sha(4), "the hash 1.2.3": {1, 2, 3}} {
		want := `the block "PUBLIC KEY" holds a key for RSASSA-PSS with ` + name + ", and the PS algorithms have SHA-256, SHA-384 and SHA-512 alone"
		if _, err := jwt.ParsePEM("", "", fixture.PEM("PUBLIC KEY", fixture.PSSInfo(t, public, hash))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	keys, err := jwt.ParsePEM("", "", fixture.PEM("PUBLIC KEY", fixture.PSSInfo(t, public, nil)))
	if err != nil {
		t.Fatal(err)
	}
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = keys[0] })
	token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: jwt.PS256}))
	fixture.WantAccepted(t, token, err)
	token, err = fixture.Verify(v, iss.Mint(jwttest.Spec{Algorithm: jwt.RS256}))
	fixture.WantRefusal(t, token, err, jwt.ReasonKeyMismatch, jwt.ErrKey)
}

// What is no PEM of a public key gets one true sentence.
func TestWhatIsNoPEM(t *testing.T) {
	key := fixture.ECKey(t)
	spki, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	sec1, _ := x509.MarshalECPrivateKey(key)
	certificate := fixture.Certificate(t, &key.PublicKey)
	jwk := string(fixture.JSON(t, fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
	set := `{"keys":[` + jwk + `]}`
	quoted, _ := json.Marshal(set)
	pemText, _ := json.Marshal(string(fixture.PEM("CERTIFICATE", certificate)))
	b64 := base64.StdEncoding.EncodeToString
	encrypted, err := asn1.Marshal(struct { // RFC 5958 section 3
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, Parameters: asn1.NullRawValue}, pkcs8})
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, pem, key, set string }{
		{"SSH", sshLine("ecdsa-sha2-nistp256"), "an SSH public key", "an SSH public key", "an SSH public key"},
		{"RFC 4716", "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\nAAAA\n---- END SSH2 PUBLIC KEY ----\n", "an SSH public key", "an SSH public key", "an SSH public key"},
		{"DER", string(spki), "DER: openssl", "DER: openssl", "DER: openssl"}, {"DER of a certificate", string(certificate), "DER: openssl", "DER: openssl", "DER: openssl"},
		{"DER of a private key", string(pkcs8), "a private key", "a private key", "a private key"}, {"DER of SEC 1", string(sec1), "a private key", "a private key", "a private key"},
		{"bare base64", b64(spki), "without its first and last line", "without its first and last line", "without its first and last line"},
		{"bare base64 of a private key", b64(pkcs8), "a private key", "a private key", "a private key"},
		{"JWK", jwk, "one JSON Web Key: ParseKey", "", "one JSON Web Key: ParseKey"}, {"JWK Set", "\ufeff" + set, "a JWK Set: ParseKeySet", "a JWK Set: ParseKeySet", ""},
		{"array", "[" + jwk + "]", "an array of keys", "an array of keys", "an array of keys"}, {"quoted", string(quoted), "a JSON string", "a JSON string", "a JSON string"},
		{"Google's map", `{"k1":` + string(pemText) + `}`, "a map of kids to certificates", "a map of kids to certificates", "a map of kids to certificates"},
		{"PEM", string(fixture.PEM("PUBLIC KEY", spki)), "", "PEM: ParsePEM reads it", "PEM: ParsePEM reads it"},
		{"private PEM", string(fixture.PEM("PRIVATE KEY", pkcs8)), `it holds a private key ("private key")`, "PEM", "PEM"},
		{"encrypted PEM", string(fixture.PEM("ENCRYPTED PRIVATE KEY", pkcs8)), `it holds a private key ("encrypted`, "PEM", "PEM"},
		{"request", string(fixture.PEM("CERTIFICATE REQUEST", spki)), "is neither a public key nor a certificate", "PEM", "PEM"},
		{"other content", string(fixture.PEM("PUBLIC KEY", []byte("hello"))), "holds neither a public key nor a certificate", "PEM", "PEM"},
		{"other end", "-----BEGIN PUBLIC KEY-----\n" + b64(spki) + "\n-----END CERTIFICATE-----", "ends as", "PEM", "PEM"},
		{"no end", "-----BEGIN PUBLIC KEY-----\n" + b64(spki), "without its end", "PEM", "PEM"},
		{"DER with a line break", string(spki) + "\r\n", "DER: openssl", "DER: openssl", "DER: openssl"}, {"bare base64 in quotes", `"` + b64(spki) + `",`, "without its first and last line", "without its first and last line", "without its first and last line"},
		{"DER of an encrypted key", string(encrypted), "a private key", "a private key", "a private key"}, {"bare base64 of an encrypted key", b64(encrypted), "a private key", "a private key", "a private key"},
		{"private key under another label", string(fixture.PEM("PUBLIC KEY", pkcs8)), `the block "PUBLIC KEY" holds a private key`, "PEM", "PEM"},
		{"base64 of PEM", b64(fixture.PEM("PUBLIC KEY", spki)), "the base64 of a file of keys", "the base64 of a file of keys", "the base64 of a file of keys"}, {"base64 of a JWK Set", b64([]byte(set)), "the base64 of a file of keys", "the base64 of a file of keys", "the base64 of a file of keys"},
		{"single quotes", "'" + set + "'", "in single quotes", "in single quotes", "in single quotes"}, {"UTF-16", utf16(string(fixture.PEM("PUBLIC KEY", spki))), "in UTF-16", "in UTF-16", "in UTF-16"}, {"JWK Set in UTF-16", utf16(set), "in UTF-16", "in UTF-16", "in UTF-16"},
		{"metadata", `{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}`, "an issuer's metadata", "an issuer's metadata", "an issuer's metadata"},
		{"PEM in an object", `{"key":` + string(fixture.JSON(t, string(fixture.PEM("PUBLIC KEY", spki)))) + `}`, "a JSON object around PEM", "a JSON object around PEM", "a JSON object around PEM"},
		{"X25519", string(fixture.PEM("PUBLIC KEY", pkix1(t, x25519.PublicKey()))), "a key for ECDH cannot verify tokens", "PEM", "PEM"},
		{"nothing", " \n", "no PEM block", "not a JSON object", "not a JSON object"},
	} {
		_, errPEM := jwt.ParsePEM("", "", []byte(c.text))
		_, errKey := jwt.ParseKey([]byte(c.text))
		_, errSet := jwt.ParseKeySet([]byte(c.text))
		for call, got := range map[string]struct {
			err  error
			want string
		}{"ParsePEM": {errPEM, c.pem}, "ParseKey": {errKey, c.key}, "ParseKeySet": {errSet, c.set}} {
			switch {
			case got.want == "" && got.err != nil:
				t.Errorf("%s to %s: %v", c.name, call, got.err)
			case got.want != "" && (got.err == nil || !strings.Contains(got.err.Error(), got.want) || strings.ContainsAny(got.err.Error(), "\n\\")):
				t.Errorf("%s to %s: got %v, want %s", c.name, call, got.err, got.want)
			}
		}
	}
}

// utf16 is a text as some shells write it to a file.
func utf16(text string) string {
	return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

// sshLine is a line of authorized_keys, of any type.
func sshLine(kind string) string {
	field := func(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	blob := append(field([]byte(kind)), field(bytes.Repeat([]byte{7}, 65))...)
	return kind + " " + base64.StdEncoding.EncodeToString(blob) + " user@host\n"
}

// No form of a public key that a person could paste is a secret: not in base64, not within JSON, not with a
// line break behind it.
func TestSecretIsNoPublicKey(t *testing.T) {
	rsa := fixture.PublicRSA(t, fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
	pkix, _ := x509.MarshalPKIXPublicKey(rsa)
	certificate := fixture.Certificate(t, rsa)
	jwk := fixture.JSON(t, fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
	forms := map[string][]byte{
		"PKIX": pkix, "PKCS #1": x509.MarshalPKCS1PublicKey(rsa), "certificate": certificate, "PEM": fixture.PEM("PUBLIC KEY", pkix), "PEM of PKCS #1": fixture.PEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsa)),
		"PEM of a certificate": fixture.PEM("CERTIFICATE", certificate), "PSS": fixture.PSSInfo(t, rsa, nil), "RFC 4716": []byte("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2EAAAADAQAB\n---- END SSH2 PUBLIC KEY ----"),
		"JWK": jwk, "JWK Set": []byte(`{"keys":[` + string(jwk) + `]}`), "array": []byte("[" + string(jwk) + "]"), "set in quotes": fixture.JSON(t, `{"keys":[`+string(jwk)+`]}`),
		"written PEM": []byte(strings.ReplaceAll(string(fixture.PEM("PUBLIC KEY", pkix)), "\n", `\n`)),
	}
	ec := fixture.Certificate(t, &fixture.ECKey(t).PublicKey)
	b64 := base64.StdEncoding.EncodeToString
	bare := func(name string) []byte {
		return fixture.JSON(t, fixture.JWKEdit{"kty": nil}.Apply(fixture.JWKOf(t, fixture.Issuer(), jwt.Algorithm(name))))
	}
	forms["certificates in an array"] = fixture.JSON(t, []string{b64(certificate), b64(ec)})
	forms["a certificate in an array"] = fixture.JSON(t, []string{b64(ec)})
	forms["an object with a chain"] = fixture.JSON(t, map[string]any{"x5c": []string{b64(ec), b64(certificate)}})
	forms["two in DER"] = slices.Concat(pkix, certificate)
	forms["YAML"] = []byte(strings.NewReplacer(`"`, "", "{", "- ", "}", "", ",", "\n  ", ":", ": ").Replace(string(jwk)))
	forms["two in base64"] = []byte(b64(ec) + "\n" + b64(pkix))
	forms["two with a comma"] = []byte(b64(pkix) + "," + b64(pkix))
	forms["RSA without kty"], forms["EC without kty"], forms["Ed25519 without kty"] = bare("RS256"), bare("ES256"), bare("EdDSA")
	for _, kind := range []string{"ssh-rsa", "ssh-ed25519", "ssh-dss", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa-cert-v01@openssh.com"} {
		line := sshLine(kind)
		forms[kind] = []byte(line)
		forms[kind+" behind options"] = []byte(`restrict,command="x y" ` + line)
		blob, _ := base64.StdEncoding.DecodeString(strings.Fields(line)[1])
		forms[kind+" in bytes"] = blob
	}
	tried := 0
	for name, form := range forms {
		std, forURLs := base64.StdEncoding.EncodeToString(form), base64.RawURLEncoding.EncodeToString(form)
		wrapped := regexp.MustCompile(".{64}").ReplaceAllString(std, "$0\n")
		for how, text := range map[string]string{"": string(form), "a line break": string(form) + "\n", "CRLF": string(form) + "\r\n", "a mark": "\ufeff" + string(form), "base64": std, "base64url": forURLs, "wrapped": wrapped + "\n", "twice": base64.StdEncoding.EncodeToString([]byte(std)), "hexadecimal": hex.EncodeToString(form), "quotes": `"` + std + `"`, "a zero byte": string(form) + "\x00",
			"hexadecimal with colons": strings.ReplaceAll(fmt.Sprintf("% x", form), " ", ":"), "hexadecimal in groups": fmt.Sprintf("% X", form), "percent": url.QueryEscape(std), "single quotes": "'" + std + "'"} {
			tried++
			if _, err := jwt.HMACKey("", jwt.HS256, []byte(text)); err == nil || strings.Contains(err.Error(), "at least") {
				t.Errorf("%s in %q: %v", name, how, err)
			}
		}
	}
	if tried < 250 {
		t.Errorf("%d were tried", tried)
	}
	for n := range 1000 {
		secret := make([]byte, 32+n%64)
		rand.Read(secret)
		for _, text := range [][]byte{secret, []byte(base64.StdEncoding.EncodeToString(secret)), []byte(hex.EncodeToString(secret))} {
			if _, err := jwt.HMACKey("", jwt.HS256, text); err != nil {
				t.Fatalf("a secret is refused: %v", err)
			}
		}
	}
	for _, text := range []string{"the ssh-agent of my grandmother knows no secrets at all", "correct horse battery staple, BEGIN with a capital", `{"not":"a key", "but": "thirty-two bytes and more"}`} {
		if _, err := jwt.HMACKey("", jwt.HS256, []byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A certificate in DER may end in any byte: one that is trimmed from texts too, such as a line break or a quote.
func TestSecretIsNoDER(t *testing.T) {
	certificate := fixture.Certificate(t, &fixture.ECKey(t).PublicKey)
	for last := range 256 {
		der := string(certificate[:len(certificate)-1]) + string([]byte{byte(last)})
		for _, text := range []string{der, der + "\n", der + "\r\n", " " + der, "\n" + der, `"` + der + `"`, "'" + der + "'\r\n", "\ufeff" + der + "\r\n", der + der, base64.StdEncoding.EncodeToString([]byte(der + "\r\n"))} {
			if _, err := jwt.HMACKey("", jwt.HS256, []byte(text)); err == nil || strings.Contains(err.Error(), "at least") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}
