// This file is the corpus made by hand: every kind of token that this module's own tests refuse or
// accept, for five algorithms and with keys of its own.

package peers_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"assay.example/jwt"
	"assay.example/jwt/internal/peers"
)

// A sample is one token before one relying party.
type sample struct {
	name  string
	setup peers.Setup
	token string
	// want is the reason for which this module must refuse; accepted if it must accept, and
	// anything if the corpus does not say.
	want jwt.Reason
	// reading is set if the sample is about how a JSON Web Key is read. Peers that read none are
	// left out.
	reading bool
	// signature is set if only form, key and signature count. Peers that verify nothing but tokens
	// are left out.
	signature bool
}

const (
	accepted jwt.Reason = "accepted"
	refused  jwt.Reason = "refused" // for whatever reason
	anything jwt.Reason = "anything"
	badKey   jwt.Reason = "key refused" // by the constructor
)

// A list collects samples of one party.
type list struct {
	party
	now     int64
	samples []sample
}

func (l *list) add(name, token string, want jwt.Reason) {
	l.samples = append(l.samples, sample{name: name, setup: l.Setup, token: token, want: want})
}

// Tokens that are signed, with one member of the header or one claim changed, or with other text.
func (l *list) head(name, member, value string, want jwt.Reason) {
	l.headText(name, l.header().with(member, value).String(), want)
}
func (l *list) claim(name, member, value string, want jwt.Reason) {
	l.claimsText(name, l.claims(l.now).with(member, value).String(), want)
}
func (l *list) headText(name, text string, want jwt.Reason) {
	l.add(name, l.mint(text, l.claims(l.now).String()), want)
}
func (l *list) claimsText(name, text string, want jwt.Reason) {
	l.add(name, l.mint(l.header().String(), text), want)
}

// more puts members in front of the others, as text.
func more(text string, o object) string { return "{" + text + "," + o.String()[1:] }

func replacePart(token string, part int, text string) string {
	parts := strings.Split(token, ".")
	parts[part] = text
	return strings.Join(parts, ".")
}

var handmadeAlgorithms = []string{"RS256", "PS256", "ES256", "HS256", "EdDSA"}

// handmade returns the samples of one algorithm.
func handmade(alg string, now int64) []sample {
	l := &list{party: ring().party(alg), now: now}
	l.forms()
	l.headers()
	l.payloads()
	l.dates()
	l.allowed()
	l.signatures()
	return l.samples
}

func (l *list) forms() {
	good := l.mint(l.header().String(), l.claims(l.now).String())
	parts := strings.Split(good, ".")
	l.add("good", good, accepted)
	l.add("empty", "", jwt.ReasonTokenParts)
	l.add("opaque", "2YotnFZFEjr1zCsicMWpAA", jwt.ReasonTokenOpaque)
	l.add("two parts", parts[0]+"."+parts[1], jwt.ReasonTokenParts)
	l.add("four parts", good+".e30", jwt.ReasonTokenParts)
	l.add("six parts", good+".e30.e30.e30", jwt.ReasonTokenParts)
	l.add("a dot at the end", good+".", jwt.ReasonTokenParts)
	l.add("a dot in front", "."+good, jwt.ReasonTokenParts)
	l.add("encrypted", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", jwt.ReasonTokenEncrypted)
	l.add("no header", replacePart(good, 0, ""), jwt.ReasonTokenParts)
	l.add("no payload", replacePart(good, 1, ""), jwt.ReasonTokenParts)
	input := parts[0] + "."
	l.add("no payload, signed", input+"."+b64(l.sign(input)), jwt.ReasonTokenParts)
	l.add("no signature", replacePart(good, 2, ""), jwt.ReasonTokenParts)
	l.add("JSON serialization, flattened", fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]), jwt.ReasonTokenParts)
	l.add("JSON serialization, general", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2]), jwt.ReasonTokenParts)
	l.add("claims alone", l.claims(l.now).String(), jwt.ReasonTokenParts)
	l.add("Bearer before it", "Bearer "+good, jwt.ReasonTokenEncoding)

	l.claim("16 KiB and more", "x", quote(strings.Repeat("x", 12<<10)), jwt.ReasonTokenTooLarge)
	l.head("header of 4 KiB and more", "x", quote(strings.Repeat("x", 3<<10)), jwt.ReasonTokenTooLarge)
	l.claim("nearly 16 KiB", "x", quote(strings.Repeat("x", 11<<10)), accepted)
	l.head("header of nearly 4 KiB", "x", quote(strings.Repeat("x", 2900)), accepted)

	// Spellings of the good token. Where the signed part is spelled otherwise, it is signed so.
	l.add("padding behind", good+strings.Repeat("=", -len(parts[2])&3)+"=", jwt.ReasonTokenEncoding)
	for i, name := range []string{"header", "payload", "signature"} {
		respelled := func(how, text string) {
			spelled := slices.Clone(parts)
			spelled[i] = text
			if i < 2 {
				spelled[2] = b64(l.sign(spelled[0] + "." + spelled[1]))
			}
			l.add(how+" in the "+name, strings.Join(spelled, "."), jwt.ReasonTokenEncoding)
		}
		text := []string{l.header().with("x", `"~~>>??"`).String(), l.claims(l.now).with("x", `"~~>>??"`).String(), ""}[i]
		for len(text)%3 != 1 && i < 2 { // two characters at the end, with four bits that count for nothing
			text += " "
		}
		part := b64([]byte(text))
		if i == 2 {
			part = parts[2]
		}
		respelled("line feed", part[:8]+"\n"+part[8:])
		respelled("CR LF", part[:8]+"\r\n"+part[8:])
		respelled("line feed at the end", part+"\n")
		respelled("space", part[:8]+" "+part[8:])
		respelled("tab", part[:8]+"\t"+part[8:])
		respelled("NUL", part[:8]+"\x00"+part[8:])
		respelled("a letter beyond ASCII", part[:8]+"é"+part[8:])
		respelled("a comma", part[:8]+","+part[8:])
		respelled("length 1 mod 4", part+strings.Repeat("A", (5-len(part)%4)%4))
		if pad := -len(part) & 3; pad > 0 {
			respelled("padding", part+strings.Repeat("=", pad))
			respelled("stray bits", part[:len(part)-1]+string(nextCharacter(part[len(part)-1])))
		}
		if i < 2 {
			respelled("the standard alphabet", strings.NewReplacer("-", "+", "_", "/").Replace(part))
		}
	}
	l.add("line feed behind", good+"\n", jwt.ReasonTokenEncoding)
	l.add("line feed before", "\n"+good, jwt.ReasonTokenEncoding)
	l.add("space before", " "+good, jwt.ReasonTokenEncoding)
	l.add("space behind", good+" ", jwt.ReasonTokenEncoding)
	l.add("tab behind", good+"\t", jwt.ReasonTokenEncoding)
	l.add("NUL behind", good+"\x00", jwt.ReasonTokenEncoding)
	l.add("no-break space before", "\u00a0"+good, jwt.ReasonTokenEncoding)
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// nextCharacter differs by its last bit, which is a stray one at the end of a part.
func nextCharacter(c byte) byte { return alphabet[strings.IndexByte(alphabet, c)^1] }

func (l *list) headers() {
	h, alg := l.header(), quote(l.Algorithm)
	text := func(name, text string) { l.headText(name, text, jwt.ReasonHeaderInvalid) }
	text("header is text", "no JSON")
	text("header is an array", `[`+h.String()+`]`)
	text("header is null", `null`)
	text("header is a string", `"alg"`)
	text("header is two objects", h.String()+`{}`)
	text("header with more behind", h.String()+`x`)
	text("header with NUL behind", h.String()+"\x00")
	text("header with BOM", "\ufeff"+h.String())
	text("header with a comment", `/**/`+h.String())
	text("header with a trailing comma", `{"alg":`+alg+`,}`)
	text("header with single quotes", `{'alg':'`+l.Algorithm+`'}`)
	text("header with a bare name", `{alg:`+alg+`}`)
	text("header with a line feed in a string", more("\"x\":\"\n\"", h))
	text("header with an escape that is none", more(`"x":"\x41"`, h))
	text("header with a broken escape", more(`"x":"\u41"`, h))
	text("header with an exponent without digits", more(`"x":1E+`, h))
	text("header with a leading zero", more(`"x":01`, h))
	text("header with NaN", more(`"x":NaN`, h))
	text("header cut", strings.TrimSuffix(h.String(), "}"))
	text("duplicate alg", more(`"alg":`+alg, h))
	text("duplicate alg, another in front", more(`"alg":"none"`, h))
	text("duplicate alg, escaped", more(`"\u0061lg":`+alg, h))
	text("duplicate kid", more(`"kid":"other"`, h))
	text("duplicate of no meaning", more(`"x":1,"x":2`, h))
	text("duplicate in depth", more(`"x":[{"y":{"a":1,"a":1}}]`, h))
	text("header not UTF-8", more("\"x\":\"\xff\"", h))
	text("header of overlong UTF-8", more("\"x\":\"\xc0\xaf\"", h))
	text("lone surrogate in the header", more(`"x":"\ud800"`, h))
	text("depth 33 in the header", more(`"x":`+nested(32), h))

	member := jwt.ReasonHeaderMember
	l.head("alg absent", "alg", "", member)
	for _, value := range []string{"null", "256", `[` + alg + `]`, `""`, "true", "{}"} {
		l.head("alg "+value, "alg", value, member)
	}
	l.headText("alg in capitals", more(`"ALG":`+alg, h.with("alg", "")), member)
	l.headText("alg under a folded name", more(`"al\u0067 ":`+alg, h.with("alg", "")), member)
	for _, value := range []string{"1", "null", `["` + keyID + `"]`, "{}"} {
		l.head("kid "+value, "kid", value, member)
	}
	l.head(`kid ""`, "kid", `""`, accepted)
	for _, value := range []string{"1", "null", `""`, `["JWT"]`, "{}"} {
		l.head("typ "+value, "typ", value, member)
		l.head("cty "+value, "cty", value, member)
	}
	critical := jwt.ReasonHeaderCritical
	l.headText("crit of exp", more(`"crit":["exp"],"exp":1`, h), critical)
	l.headText("crit of b64, true", more(`"crit":["b64"],"b64":true`, h), critical)
	for _, value := range []string{`["x"]`, `["b64"]`, `["alg"]`, `[]`, "null", `"x"`, `[1]`, `{}`, "1"} {
		l.head("crit "+value, "crit", value, critical)
	}
	for _, value := range []string{"true", "false", "null", `"false"`, "0"} {
		l.head("b64 "+value, "b64", value, critical)
	}
	unencoded := h.with("b64", "false").with("crit", `["b64"]`).String()
	payload := l.claims(l.now).String()
	l.add("b64 false, signed unencoded", b64([]byte(unencoded))+"."+b64([]byte(payload))+"."+b64(l.sign(b64([]byte(unencoded))+"."+payload)), critical)
	l.add("b64 false, not encoded", b64([]byte(unencoded))+"."+payload+"."+b64(l.sign(b64([]byte(unencoded))+"."+payload)), jwt.ReasonTokenEncrypted)
	for _, value := range []string{"JWT", "jwt", "Application/jwt", "application/JWT"} {
		l.head("cty "+value, "cty", quote(value), jwt.ReasonTokenNested)
	}
	inner := l.mint(h.String(), payload)
	l.add("nested", l.mint(h.with("cty", `"JWT"`).String(), inner), jwt.ReasonTokenNested)
	l.claimsText("nested without cty", inner, jwt.ReasonPayloadInvalid)
	l.claimsText("nested in quotes", quote(inner), jwt.ReasonPayloadInvalid)

	refused := jwt.ReasonAlgorithmRefused
	for _, value := range []string{"none", "nOnE", "NONE", strings.ToLower(l.Algorithm), l.Algorithm + " ", l.Algorithm + "\x00", "ES256K", "RSA-OAEP", "dir", "HS1", "RS1", "EdDSA448"} {
		l.head("alg "+value, "alg", quote(value), refused)
	}
	unsecured := b64([]byte(h.with("alg", `"none"`).String())) + "." + b64([]byte(payload)) + "."
	l.add("unsecured", unsecured, jwt.ReasonTokenParts)
	l.add("unsecured, with a signature", unsecured+b64([]byte("signature")), refused)
	// The right key under the name of another algorithm, and the other algorithm itself.
	for _, p := range ring().parties() {
		if p.Algorithm == l.Algorithm {
			continue
		}
		l.head("alg "+p.Algorithm, "alg", quote(p.Algorithm), refused)
		l.add("by a key of "+p.Algorithm, p.mint(p.header().String(), payload), refused)
		if sameKind := p.Algorithm[:2] == l.Algorithm[:2] && p.Algorithm[:2] != "ES"; sameKind {
			input := b64([]byte(h.String())) + "." + b64([]byte(payload))
			l.add("signed as "+p.Algorithm, input+"."+b64(sign(p.Algorithm, l.private, input)), jwt.ReasonSignatureInvalid)
		}
	}
	l.publicKeyAsSecret()

	for _, value := range []string{"nobody", strings.ToUpper(keyID), keyID + " ", keyID + "\x00", "../../dev/null", "' OR 1=1 --"} {
		l.head("kid "+value, "kid", quote(value), jwt.ReasonKeyUnknown)
	}
	for _, value := range []string{"dpop+jwt", "LOGOUT+JWT", "application/secevent+jwt", "token-introspection+jwt", "statuslist+jwt", "+jwt", "dc+sd-jwt", "application/dpop+jwt; charset=utf-8", "passport"} {
		l.head("typ "+value, "typ", quote(value), jwt.ReasonTypeRefused)
	}
}

// publicKeyAsSecret are the forgeries of those who have the public key and no other.
func (l *list) publicKeyAsSecret() {
	var der []byte
	switch key := l.private.(type) {
	case *rsa.PrivateKey:
		der = must(x509.MarshalPKIXPublicKey(&key.PublicKey))
	default:
		return
	}
	for _, form := range []struct {
		name   string
		secret []byte
	}{
		{"DER", der},
		{"PEM", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})},
		{"JWK", l.JWK},
	} {
		for _, alg := range []string{"HS256", l.Algorithm} {
			input := b64([]byte(l.header().with("alg", quote(alg)).String())) + "." + b64([]byte(l.claims(l.now).String()))
			mac := hmac.New(sha256.New, form.secret)
			mac.Write([]byte(input))
			want := jwt.ReasonAlgorithmRefused
			if alg == l.Algorithm {
				want = jwt.ReasonSignatureInvalid
			}
			l.add("the public key as a secret, "+form.name+", "+alg, input+"."+b64(mac.Sum(nil)), want)
		}
	}
}

// nested is an array in an array, n deep.
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// members are n short members with different names.
func members(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"%x":1`, i))
	}
	return strings.Join(all, ",")
}

func (l *list) payloads() {
	c := l.claims(l.now)
	text := func(name, text string) { l.claimsText(name, text, jwt.ReasonPayloadInvalid) }
	text("payload is text", "no JSON")
	text("payload is an array", `[`+c.String()+`]`)
	text("payload is null", `null`)
	text("payload with more behind", c.String()+` {}`)
	text("payload with letters behind", c.String()+`x`)
	text("payload with BOM", "\ufeff"+c.String())
	text("payload cut", strings.TrimSuffix(c.String(), "}"))
	text("payload with a trailing comma", strings.TrimSuffix(c.String(), "}")+",}")
	text("payload with a comment", `/**/`+c.String())
	text("duplicate exp", more(`"exp":1`, c))
	text("duplicate exp, the past behind", strings.TrimSuffix(c.String(), "}")+`,"exp":1}`)
	text("duplicate iss", more(`"iss":"https://other.example/"`, c))
	text("duplicate iss, the same", more(`"iss":`+quote(l.Issuer), c))
	text("duplicate aud, escaped", more(`"\u0061ud":"x"`, c))
	text("duplicate claim of no meaning", more(`"x":1,"x":2`, c))
	text("duplicate claim in depth", more(`"x":{"y":1,"y":1}`, c))
	text("claim not UTF-8", more("\"x\":\"\xc3\x28\"", c))
	text("sub not UTF-8", c.with("sub", "\"\xff\"").String())
	text("name not UTF-8", more("\"\xff\":1", c))
	text("lone surrogate in a claim", more(`"x":"\udfff"`, c))
	text("lone surrogate in a name", more(`"\ud83d":1`, c))
	text("depth 33 in the payload", more(`"x":`+nested(32), c))
	text("depth 33 of objects in the payload", more(`"x":`+strings.Repeat(`{"x":`, 31)+"{}"+strings.Repeat("}", 31), c))
	text("1001 claims", more(members(996), c))
	text("number with a leading zero", more(`"x":01`, c))
	text("number in hexadecimal", more(`"x":0x1`, c))
	text("number NaN", more(`"x":NaN`, c))
	text("escape that is none", more(`"x":"\x41"`, c))

	missing, invalid := jwt.ReasonClaimMissing, jwt.ReasonClaimInvalid
	l.claim("iss absent", "iss", "", missing)
	l.claim("iss under a folded name", "iss", "", missing)
	for _, name := range []string{"ISS", "Iss", "iſs"} {
		l.claimsText("iss as "+name, more(quote(name)+":"+quote(l.Issuer), c.with("iss", "")), missing)
	}
	for _, name := range []string{"AUD", "Aud"} {
		l.claimsText("aud as "+name, more(quote(name)+":"+quote(l.Audience), c.with("aud", "")), missing)
	}
	for _, name := range []string{"EXP", "Exp"} {
		l.claimsText("exp as "+name, more(fmt.Sprintf("%q:%d", name, l.now+3600), c.with("exp", "")), missing)
	}
	// A claim beside its folded name: the exact one counts.
	l.claimsText("ISS beside iss", strings.TrimSuffix(c.String(), "}")+`,"ISS":"https://other.example/"}`, accepted)
	l.claimsText("ISS right, iss other", strings.TrimSuffix(c.with("iss", `"https://other.example/"`).String(), "}")+`,"ISS":`+quote(l.Issuer)+"}", jwt.ReasonIssuerMismatch)
	l.claimsText("EXP in the future, exp past", strings.TrimSuffix(c.with("exp", "1").String(), "}")+fmt.Sprintf(`,"EXP":%d}`, l.now+3600), jwt.ReasonTokenExpired)
	l.claimsText("EXP in the past, exp future", strings.TrimSuffix(c.String(), "}")+`,"EXP":1}`, accepted)
	l.claimsText("NBF in the future", more(fmt.Sprintf(`"NBF":%d`, l.now+3600), c), accepted)
	for _, value := range []string{"https://evil.example/", strings.TrimSuffix(issuer, "/"), issuer + "x", strings.ToUpper(issuer), "", issuer + "\x00", issuer + " "} {
		l.claim("iss "+quote(value), "iss", quote(value), jwt.ReasonIssuerMismatch)
	}
	l.claim("aud absent", "aud", "", missing)
	for _, value := range []string{`"https://other.example"`, `["a","b"]`, `[]`, `""`, `[""]`, quote(audience + ".evil.example"), quote(audience + " other"), quote(audience + "/"), quote(strings.ToUpper(audience)), quote(audience + "\x00")} {
		l.claim("aud "+value, "aud", value, jwt.ReasonAudienceMismatch)
	}
	for _, value := range []string{`1`, `null`, `true`, `{}`, `[1]`, `[` + quote(audience) + `,null]`, `[` + quote(audience) + `,1]`, `[[` + quote(audience) + `]]`, `{` + quote(audience) + `:1}`} {
		l.claim("aud "+value, "aud", value, invalid)
	}
	for _, name := range []string{"iss", "sub", "jti", "client_id", "azp"} {
		for _, value := range []string{`1`, `null`, `true`, `["x"]`, `{}`} {
			l.claim(name+" "+value, name, value, invalid)
		}
	}
	for _, value := range []string{`1`, `null`, `true`, `["x"]`, `[1]`, `{}`} { // what only grants refuses nothing
		l.claim("scope "+value, "scope", value, accepted)
		l.claim("scp "+value, "scp", value, accepted)
	}
	for _, value := range []string{`1`, `"x"`, `null`, `[]`} {
		l.claim("cnf "+value, "cnf", value, invalid)
	}
	l.claim("1001 audiences", "aud", `["x"`+strings.Repeat(`,"x"`, 999)+`,`+quote(audience)+`]`, invalid)
	l.claim("1000 audiences", "aud", `["x"`+strings.Repeat(`,"x"`, 998)+`,`+quote(audience)+`]`, accepted)
	l.claim("cnf jkt", "cnf", `{"jkt":"x"}`, jwt.ReasonBindingUnproven)
	l.claim("cnf x5t#S256", "cnf", `{"x5t#S256":"x"}`, jwt.ReasonBindingUnproven)
	l.claim("cnf unknown", "cnf", `{"future":1}`, jwt.ReasonBindingUnproven)
}

func (l *list) dates() {
	in := func(seconds int64) string { return fmt.Sprint(l.now + seconds) }
	expired, early, invalid := jwt.ReasonTokenExpired, jwt.ReasonTokenNotYetValid, jwt.ReasonClaimInvalid
	l.claim("exp absent", "exp", "", jwt.ReasonClaimMissing)
	l.claim("exp 1", "exp", "1", expired)
	l.claim("exp 0", "exp", "0", expired)
	l.claim("exp 0.0", "exp", "0.0", expired)
	l.claim("exp an hour ago", "exp", in(-3600), expired)
	l.claim("nbf in an hour", "nbf", in(3600), early)
	l.claim("iat in an hour", "iat", in(3600), early)
	for _, name := range []string{"exp", "nbf", "iat"} {
		for _, value := range []string{`"1"`, quote(in(3600)), `"2099-01-01T00:00:00Z"`, `null`, `true`, `[` + in(3600) + `]`, `{}`, `-1`, `-0.5`, `-` + in(0),
			`1e300`, `-1e300`, `1e400`, `1e1000000000`, `253402300800`, `253402300799.5`, `9223372036854775807`, `9223372036854775808`, `18446744073709551617`,
			in(3600) + "000", `1` + strings.Repeat("0", 300)} {
			l.claim(name+" "+value[:min(len(value), 24)], name, value, invalid)
		}
	}
	for _, name := range []string{"nbf", "iat"} {
		l.claim(name+" absent", name, "", accepted)
		l.claim(name+" 0", name, "0", accepted)
		l.claim(name+" 1.5", name, "1.5", accepted)
		l.claim(name+" -0", name, "-0", accepted)
	}
	// The clock of the test stands still on a whole second, so the leeway's ends are exact.
	for _, at := range []struct {
		seconds       string // of leeway, 30
		exp, nbf, iat jwt.Reason
	}{
		{"29", accepted, accepted, accepted},
		{"29.5", accepted, accepted, accepted},
		{"30", expired, accepted, accepted},
		{"30.5", expired, early, early},
		{"31", expired, early, early},
		{"59", expired, early, early},
	} {
		var whole, half int64
		fmt.Sscanf(at.seconds, "%d.%d", &whole, &half)
		past, future := in(-whole), in(whole)
		if half != 0 {
			past, future = in(-whole-1)+".5", in(whole)+".5"
		}
		l.claim("exp "+at.seconds+" s ago", "exp", past, at.exp)
		l.claim("nbf in "+at.seconds+" s", "nbf", future, at.nbf)
		l.claim("iat in "+at.seconds+" s", "iat", future, at.iat)
	}
	l.claim("exp with a fraction", "exp", in(3600)+".5", accepted)
	l.claim("exp with a long fraction", "exp", in(3600)+"."+strings.Repeat("1", 60), accepted)
	l.claim("exp with an exponent", "exp", in(3600)+".0e0", accepted)
	l.claim("exp as 1.5e9", "exp", "1.5e9", accepted)
	l.claim("exp as 15E+8", "exp", "15E+8", accepted)
	l.claim("exp at the end of 9999", "exp", "253402300799", accepted)
	l.claim("iat a day ago", "iat", in(-86400), accepted)
}

func (l *list) allowed() {
	h, c, alg := l.header(), l.claims(l.now), l.Algorithm
	escaped := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, `\u%04X`, r)
		}
		return `"` + b.String() + `"`
	}
	l.head("alg with escapes", "alg", escaped(alg), accepted)
	l.headText("name alg with escapes", more(escaped("alg")+":"+quote(alg), h.with("alg", "")), accepted)
	l.head("kid with escapes", "kid", escaped(keyID), accepted)
	l.claim("iss with escapes", "iss", strings.ReplaceAll(quote(issuer), "/", `\/`), accepted)
	l.claim("iss all escapes", "iss", escaped(issuer), accepted)
	l.claimsText("name iss with escapes", more(escaped("iss")+":"+quote(issuer), c.with("iss", "")), accepted)
	l.claimsText("white space in the payload", "\r\n\t "+strings.NewReplacer(`,`, " ,\n\t", `":`, "\" :\r ").Replace(c.String())+" \n", accepted)
	l.headText("white space in the header", " "+strings.NewReplacer(`,`, " ,\n\t", `":`, "\" :\r ").Replace(h.String())+"\t", accepted)
	for _, odd := range [][2]string{
		{"a foreign jwk", `"jwk":{"kty":"oct","k":"AAAA"}`},
		{"a foreign public jwk", `"jwk":` + string(publicJWKText(other().party("ES256")))},
		{"the right jwk", `"jwk":` + string(publicJWKText(ring().party("ES256")))},
		{"jwk null", `"jwk":null`},
		{"jwk a string", `"jwk":"x"`},
		{"jku", `"jku":"https://evil.example/keys"`},
		{"jku a number", `"jku":1`},
		{"x5u", `"x5u":"https://evil.example/cert"`},
		{"x5u not an address", `"x5u":"%zz"`},
		{"x5c", `"x5c":["AAAA"]`},
		{"x5c empty", `"x5c":[]`},
		{"x5c a string", `"x5c":"AAAA"`},
		{"x5t", `"x5t":"AAAA","x5t#S256":"AAAA"`},
		{"x5t a number", `"x5t":1`},
		{"zip", `"zip":"DEF"`},
		{"zip a number", `"zip":1`},
		{"enc", `"enc":"A128GCM"`},
		{"nonce", `"nonce":"x"`},
		{"nonce a number", `"nonce":1`},
		{"an unknown member", `"x":{"y":[1,null,true]}`},
		{"an empty name", `"":1`},
		{"a big number", `"x":1e1000000000`},
		{"a long number", `"x":` + strings.Repeat("9", 300)},
		{"a name __proto__", `"__proto__":{"alg":"none"}`},
		{"depth 32", `"x":` + nested(31)},
		{"a letter beyond ASCII", `"é":"\ud83d\ude00"`},
		{"ALG", `"ALG":"none"`},
		{"KID", `"KID":"other"`},
		{"CRIT", `"CRIT":["x"]`},
		{"epk", `"epk":{}`},
		{"p2c", `"p2c":1000000`},
	} {
		l.headText("header with "+odd[0], more(odd[1], h), accepted)
	}
	l.head("kid absent", "kid", "", accepted)
	l.head("typ absent", "typ", "", accepted)
	for _, value := range []string{"jwt", "AT+JWT", "application/at+JWT", "at+jwt", "JOSE", "application/jwt", "x"} {
		l.head("typ "+value, "typ", quote(value), accepted)
	}
	for _, value := range []string{"json", "application/json", "x"} {
		l.head("cty "+value, "cty", quote(value), accepted)
	}
	if alg == "EdDSA" {
		l.head("alg Ed25519", "alg", `"Ed25519"`, accepted)
	}
	for _, odd := range [][2]string{
		{"empty cnf", `"cnf":{}`},
		{"big numbers", `"x":1e1000000000`},
		{"small numbers", `"x":-0.1E-999`},
		{"long numbers", `"x":` + strings.Repeat("9", 300)},
		{"permissions as an object", `"permissions":{"a":1},"roles":1,"cid":1,"appid":null`},
		{"an empty name", `"":1`},
		{"any nonce", `"nonce":1`},
		{"a name of any kind", `"name":1,"email":2,"email_verified":"x","address":"y","updated_at":"z","birthdate":1,"auth_time":"x"`},
		{"depth 32", `"x":` + nested(31)},
		{"994 more", members(994)},
		{"a surrogate pair", `"x":"\ud83d\ude00"`},
		{"NUL", `"x":"a\u0000b"`},
		{"a line separator", "\"x\":\"\u2028\""},
		{"a replacement", `"x":"\ufffd"`},
		{"a noncharacter", `"x":"\uffff"`},
		{"DEL", "\"x\":\"\x7f\""},
		{"client ids", `"client_id":"a","azp":"b","cid":"c","appid":"d"`},
		{"scopes", `"scope":"a b  c ","scp":["d"]`},
		{"nested exp", `"x":{"exp":1,"iss":"y"}`},
		{"a name __proto__", `"__proto__":{"exp":1}`},
		{"4 KiB", `"x":` + quote(strings.Repeat("x", 3<<10))},
	} {
		l.claimsText("payload with "+odd[0], more(odd[1], c), accepted)
	}
	l.claim("sub absent", "sub", "", accepted)
	l.claim("sub empty", "sub", `""`, accepted)
	l.claim("jti absent", "jti", "", accepted)
	l.claim("aud of several", "aud", `["x",`+quote(audience)+`,""]`, accepted)
	l.claim("aud twice", "aud", `[`+quote(audience)+`,`+quote(audience)+`]`, accepted)

	// Issuers that are not URLs, and kids of any kind.
	for _, name := range []string{"stytch.com/project-test", "accounts.google.com", "urn:example:issuer", "joe", "https://issuer.example/?a=b#c", " ", "ü", "a\x00b"} {
		q := *l
		q.samples = nil
		q.Issuer = name
		q.claim("issuer "+quote(name), "x", "1", accepted)
		q.claim("issuer "+quote(name)+" and a slash", "iss", quote(name+"/"), jwt.ReasonIssuerMismatch)
		l.samples = append(l.samples, q.samples...)
	}
	for _, kid := range []string{"../../etc/passwd", "' OR 1=1 --", "http://x/", " ", "\x00", "ключ", strings.Repeat("k", 2000)} {
		q := *l
		q.samples = nil
		if q.Secret != nil {
			q.KeyID = kid
		} else {
			q.party = q.withJWK(map[string]any{"kid": kid})
		}
		name := "kid " + quote(kid[:min(len(kid), 16)])
		q.head(name, "kid", quote(kid), accepted)
		q.head(name+" and more", "kid", quote(kid+"x"), jwt.ReasonKeyUnknown)
		l.samples = append(l.samples, q.samples...)
	}
}

func publicJWKText(p party) []byte { return jsonOf(publicJWK(p.Algorithm, p.private)) }

// signatures are those that are not quite what the algorithm makes.
func (l *list) signatures() {
	input := b64([]byte(l.header().String())) + "." + b64([]byte(l.claims(l.now).String()))
	invalid := jwt.ReasonSignatureInvalid
	add := func(name string, signature []byte, want jwt.Reason) { l.add(name, input+"."+b64(signature), want) }
	good := l.sign(input)
	add("signature without its last byte", good[:len(good)-1], invalid)
	add("signature without its first byte", good[1:], invalid)
	add("signature and a zero byte", append(slices.Clone(good), 0), invalid)
	add("signature behind a zero byte", append([]byte{0}, good...), invalid)
	add("signature twice", append(slices.Clone(good), good...), invalid)
	add("signature of zeros", make([]byte, len(good)), invalid)
	add("signature of one byte", []byte{0}, invalid)
	for _, bit := range []int{0, 7, 8*len(good)/2 + 3, 8*len(good) - 1} {
		flipped := slices.Clone(good)
		flipped[bit/8] ^= 1 << (bit % 8)
		add(fmt.Sprintf("signature with another bit %d", bit), flipped, invalid)
	}
	add("signature of another party", other().party(l.Algorithm).sign(input), invalid)
	add("signature of the payload alone", l.sign(input[strings.IndexByte(input, '.')+1:]), invalid)
	l.add("hexadecimal signature", input+"."+fmt.Sprintf("%x", good), invalid)
	l.add("signature encoded twice", input+"."+b64([]byte(b64(good))), invalid)
	l.add("signature in standard base64", input+"."+base64.StdEncoding.EncodeToString(slices.Concat([]byte{0xfb, 0xff}, good)), jwt.ReasonTokenEncoding)
	switch l.Algorithm {
	case "RS256":
		// No zero may be left out before, and none may be added.
		digest := digestOf(hashes["512"], input)
		add("signature over SHA-512", must(rsa.SignPKCS1v15(nil, l.private.(*rsa.PrivateKey), hashes["512"], digest)), invalid)
	case "PS256":
		key, digest := l.private.(*rsa.PrivateKey), digestOf(hashes["256"], input)
		for _, salt := range []int{20, 31, 33, 64, 222} {
			add(fmt.Sprintf("PSS salt of %d bytes", salt), must(rsa.SignPSS(rand.Reader, key, hashes["256"], digest, &rsa.PSSOptions{SaltLength: salt})), invalid)
		}
		// A salt of no length at all is not what PSSSaltLengthAuto means, so it is made by hand.
		add("PSS salt of 0 bytes", pssWithoutSalt(key, digest), invalid)
	case "ES256":
		r, s := new(big.Int).SetBytes(good[:32]), new(big.Int).SetBytes(good[32:])
		add("signature in ASN.1", must(asn1.Marshal(struct{ R, S *big.Int }{r, s})), invalid)
		n := ring().p256.Params().N
		high := new(big.Int).Sub(n, s)
		add("signature with the other s", slices.Concat(good[:32], high.FillBytes(make([]byte, 32))), accepted)
		add("signature with s and r exchanged", slices.Concat(good[32:], good[:32]), invalid)
		add("signature with integers of 33 bytes", slices.Concat([]byte{0}, good[:32], []byte{0}, good[32:]), invalid)
		add("signature with integers of 66 bytes", slices.Concat(make([]byte, 34), good[:32], make([]byte, 34), good[32:]), invalid)
	case "EdDSA":
		// s + l is another spelling of s, which RFC 8032 section 5.1.7 refuses.
		order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
		little := slices.Clone(good[32:])
		slices.Reverse(little)
		sum := new(big.Int).Add(new(big.Int).SetBytes(little), order).FillBytes(make([]byte, 32))
		slices.Reverse(sum)
		add("signature with s + l", slices.Concat(good[:32], sum), invalid)
	}
}

// pssWithoutSalt is RSASSA-PSS (RFC 8017 section 8.1.1) with SHA-256 and an empty salt.
func pssWithoutSalt(key *rsa.PrivateKey, digest []byte) []byte {
	h := sha256.Sum256(slices.Concat(make([]byte, 8), digest))
	size := (key.N.BitLen() - 1 + 7) / 8
	db := make([]byte, size-len(h)-1)
	db[len(db)-1] = 1
	var mask []byte
	for counter := byte(0); len(mask) < len(db); counter++ {
		block := sha256.Sum256(append(slices.Clone(h[:]), 0, 0, 0, counter))
		mask = append(mask, block[:]...)
	}
	for i := range db {
		db[i] ^= mask[i]
	}
	db[0] &= 0xff >> (8*size - (key.N.BitLen() - 1))
	m := new(big.Int).SetBytes(slices.Concat(db, h[:], []byte{0xbc}))
	return m.Exp(m, key.D, key.N).FillBytes(make([]byte, key.Size()))
}
