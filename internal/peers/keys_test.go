// This file is the corpus of keys: good tokens before relying parties that hold the key in some other
// form, or another kind of key.

package peers_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
)

// keyForms returns the samples.
func keyForms(now int64) []sample {
	var all []sample
	// Peers that read no JSON Web Keys are left out, unless the key itself is what is odd.
	try := func(name string, p party, want jwt.Reason) {
		all = append(all, sample{name: name, setup: p.Setup, token: p.mint(p.header().String(), p.claims(now).String()), want: want, reading: true})
	}
	itself := func(name string, p party, want jwt.Reason) {
		try(name, p, want)
		all[len(all)-1].reading = false
	}
	for _, alg := range []string{"RS256", "PS256", "ES256", "ES512", "EdDSA"} {
		p := ring().party(alg)
		jwk := func(name string, changes map[string]any, want jwt.Reason) {
			try(name, p.withJWK(changes), want)
		}
		jwk("as published", nil, accepted)
		jwk("kid absent", map[string]any{"kid": nil}, accepted)
		jwk("use absent", map[string]any{"use": nil}, accepted)
		jwk("key_ops verify", map[string]any{"key_ops": []string{"verify"}}, accepted)
		jwk("key_ops sign and verify", map[string]any{"key_ops": []string{"sign", "verify"}}, accepted)
		jwk("key_ops verify, without use", map[string]any{"use": nil, "key_ops": []string{"verify"}}, accepted)
		jwk("unknown members", map[string]any{"ext": true, "custom": map[string]any{"y": 1}}, accepted)
		jwk("x5t of nothing", map[string]any{"x5t": "AAAA", "x5t#S256": "AAAA"}, accepted)
		jwk("x5u", map[string]any{"x5u": "https://issuer.example/cert.pem"}, accepted)
		jwk("x5u not an address", map[string]any{"x5u": "%zz"}, accepted)
		jwk("issuer of its own", map[string]any{"issuer": issuer}, accepted)
		jwk("issuer of another", map[string]any{"issuer": "https://other.example/"}, jwt.ReasonIssuerMismatch)
		jwk("x5c", map[string]any{"x5c": []string{certificate(p.private)}}, accepted)
		jwk("x5c of another key", map[string]any{"x5c": []string{certificate(other().party(p.Algorithm).private)}}, badKey)
		jwk("x5c that is no certificate", map[string]any{"x5c": []string{"AAAA"}}, badKey)
		jwk("x5c empty", map[string]any{"x5c": []string{}}, accepted)
		jwk("use enc", map[string]any{"use": "enc"}, badKey)
		jwk("use of another kind", map[string]any{"use": "tls"}, badKey)
		jwk("use empty", map[string]any{"use": ""}, accepted)
		jwk("key_ops sign", map[string]any{"key_ops": []string{"sign"}}, badKey)
		jwk("key_ops encrypt", map[string]any{"use": nil, "key_ops": []string{"encrypt"}}, badKey)
		jwk("key_ops empty", map[string]any{"key_ops": []string{}}, accepted)
		jwk("key_ops a string", map[string]any{"key_ops": "verify"}, badKey)
		jwk("kid empty", map[string]any{"kid": ""}, accepted)
		jwk("kid a number", map[string]any{"kid": 1}, badKey)
		jwk("kty absent", map[string]any{"kty": nil}, badKey)
		jwk("kty unknown", map[string]any{"kty": "XYZ"}, badKey)
		jwk("kty in another case", map[string]any{"kty": strings.ToLower(p.kty())}, badKey)
		jwk("alg unknown", map[string]any{"alg": "XY256"}, badKey)
		jwk("alg of encryption", map[string]any{"alg": "RSA-OAEP-256"}, badKey)
		jwk("alg none", map[string]any{"alg": "none"}, badKey)
		switch p.kty() {
		case "RSA":
			jwk("alg absent", map[string]any{"alg": nil}, accepted)
			jwk("kty, n and e alone", map[string]any{"alg": nil, "use": nil, "kid": nil}, accepted)
			for _, alg := range []string{"RS256", "PS256", "RS384"} {
				if alg != p.Algorithm {
					jwk("alg "+alg, map[string]any{"alg": alg}, jwt.ReasonKeyMismatch)
				}
			}
			jwk("alg ES256", map[string]any{"alg": "ES256"}, badKey)
			n := ring().rsa.N.Bytes()
			jwk("n with a leading zero", map[string]any{"n": b64(slices.Concat([]byte{0}, n))}, accepted)
			jwk("e with a leading zero", map[string]any{"e": b64([]byte{0, 1, 0, 1})}, accepted)
			jwk("n with padding", map[string]any{"n": base64.URLEncoding.EncodeToString(n)}, accepted)
			jwk("n in the standard alphabet", map[string]any{"n": base64.RawStdEncoding.EncodeToString(n)}, badKey)
			jwk("n with a line feed", map[string]any{"n": b64(n)[:8] + "\n" + b64(n)[8:]}, badKey)
			jwk("n with stray bits", map[string]any{"n": strings.TrimSuffix(b64(n), b64(n)[len(b64(n))-1:]) + string(nextCharacter(b64(n)[len(b64(n))-1]))}, badKey)
			jwk("private members", map[string]any{"d": b64(ring().rsa.D.Bytes()), "p": b64(ring().rsa.Primes[0].Bytes()), "q": b64(ring().rsa.Primes[1].Bytes()),
				"dp": b64(ring().rsa.Precomputed.Dp.Bytes()), "dq": b64(ring().rsa.Precomputed.Dq.Bytes()), "qi": b64(ring().rsa.Precomputed.Qinv.Bytes())}, badKey)
			jwk("d alone", map[string]any{"d": b64(ring().rsa.D.Bytes())}, badKey)
			jwk("n absent", map[string]any{"n": nil}, badKey)
			jwk("e even", map[string]any{"e": b64([]byte{1, 0, 0})}, badKey)
		case "EC":
			jwk("alg absent", map[string]any{"alg": nil}, accepted)
			jwk("alg RS256", map[string]any{"alg": "RS256"}, badKey)
			jwk("alg ES384", map[string]any{"alg": "ES384"}, badKey)
			jwk("crv P-384", map[string]any{"crv": "P-384"}, badKey)
			point := must(p.private.(*ecdsa.PrivateKey).PublicKey.Bytes())[1:]
			x, y := point[:len(point)/2], point[len(point)/2:]
			jwk("x with a leading zero", map[string]any{"x": b64(slices.Concat([]byte{0}, x))}, badKey)
			jwk("y with a leading zero", map[string]any{"y": b64(slices.Concat([]byte{0}, y))}, badKey)
			jwk("x and y exchanged", map[string]any{"x": b64(y), "y": b64(x)}, badKey)
			if len(x)%3 > 0 {
				jwk("x with padding", map[string]any{"x": base64.URLEncoding.EncodeToString(x)}, accepted)
			}
			jwk("d", map[string]any{"d": b64(must(p.private.(*ecdsa.PrivateKey).Bytes()))}, badKey)
		case "OKP":
			jwk("alg absent", map[string]any{"alg": nil}, accepted)
			jwk("alg Ed25519", map[string]any{"alg": "Ed25519"}, accepted)
			jwk("alg ES256", map[string]any{"alg": "ES256"}, badKey)
			jwk("crv Ed448", map[string]any{"crv": "Ed448"}, badKey)
			jwk("crv X25519", map[string]any{"crv": "X25519"}, badKey)
			jwk("d", map[string]any{"d": b64(ring().ed.Seed())}, badKey)
			jwk("x too long", map[string]any{"x": b64(slices.Concat([]byte{0}, ring().ed.Public().(ed25519.PublicKey)))}, badKey)
		}
		text := strings.TrimSuffix(string(p.JWK), "}")
		written := func(name, jwk string, want jwt.Reason) {
			q := p
			q.JWK = []byte(jwk)
			try(name, q, want)
		}
		written("alg twice", text+`,"alg":"`+p.Algorithm+`"}`, badKey)
		written("kid twice", text+`,"kid":"`+keyID+`"}`, badKey)
		written("an unknown member twice", text+`,"custom":1,"custom":1}`, badKey)
		written("not UTF-8", text+",\"custom\":\"\xff\"}", badKey)
		written("another use under a folded name", text+`,"USE":"enc"}`, accepted)
		written("another kty under a folded name", text+`,"KTY":"oct"}`, accepted)
		written("another alg under a folded name", text+`,"ALG":"none"}`, accepted)
	}

	// A coordinate that begins with a zero, and one that has lost it.
	p := partyOf("ES256", ring().shortX)
	try("x begins with a zero", p, accepted)
	point := must(ring().shortX.PublicKey.Bytes())
	try("x without its first zero", p.withJWK(map[string]any{"x": b64(point[2:33])}), badKey)

	// Keys that are odd in themselves.
	itself("1024 bits", partyOf("RS256", ring().smallRSA), badKey)
	itself("1024 bits", partyOf("PS256", ring().smallRSA), badKey)
	itself("e = 3", partyOf("RS256", ring().rsa3), accepted)
	itself("e = 3", partyOf("PS256", ring().rsa3), accepted)
	large := largeRSA()
	p = partyOf("RS256", ring().rsa).withJWK(map[string]any{"n": b64(large.N.Bytes())})
	itself("more than 8192 bits", p, badKey)
	header, payload := b64([]byte(p.header().String())), b64([]byte(p.claims(now).String()))
	padded := pkcs1v15(header+"."+payload, large.Size())
	all[len(all)-1].token = header + "." + payload + "." + b64(new(big.Int).Exp(padded, large.D, large.N).FillBytes(make([]byte, large.Size())))
	// With e = 1 anybody signs: the signature is the padded hash.
	p = partyOf("RS256", ring().rsa).withJWK(map[string]any{"e": "AQ"})
	itself("e = 1", p, badKey)
	all[len(all)-1].token = header + "." + payload + "." + b64(pkcs1v15(header+"."+payload, 256).FillBytes(make([]byte, 256)))
	// Under the neutral element anybody signs, too: R is that element, and s is zero.
	neutral := make([]byte, 32)
	neutral[0] = 1
	p = partyOf("EdDSA", ring().ed).withJWK(map[string]any{"x": b64(neutral)})
	itself("a point of small order", p, badKey)
	header = b64([]byte(p.header().String()))
	all[len(all)-1].token = header + "." + payload + "." + b64(slices.Concat(neutral, make([]byte, 32)))

	secret := func(alg string, secret []byte, want jwt.Reason) {
		q := partyOf(alg, secret)
		itself(secretName(secret), q, want)
		q.KeyID = ""
		itself(secretName(secret)+", without kid", q, want)
	}
	for _, c := range []struct {
		alg  string
		size int
	}{{"HS256", 32}, {"HS384", 48}, {"HS512", 64}} {
		secret(c.alg, ring().secret[:c.size], accepted)
		secret(c.alg, slices.Concat(ring().secret, ring().secret), accepted)
		secret(c.alg, ring().secret[:c.size-1], badKey)
		secret(c.alg, ring().secret[:16], badKey)
		secret(c.alg, ring().secret[:1], badKey)
	}
	der := must(x509.MarshalPKIXPublicKey(&ring().rsa.PublicKey))
	secret("HS256", der, badKey)
	secret("HS256", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), badKey)
	secret("HS256", jsonOf(publicJWK("RS256", ring().rsa)), badKey)
	return all
}

func secretName(secret []byte) string {
	switch {
	case secret[0] == 0x30 && len(secret) > 200:
		return "a public key in DER"
	case secret[0] == '-':
		return "a public key in PEM"
	case secret[0] == '{':
		return "a public key in JSON"
	}
	return fmt.Sprint(len(secret)) + " bytes"
}

// kty is the type of the party's key.
func (p party) kty() string {
	switch p.private.(type) {
	case *rsa.PrivateKey:
		return "RSA"
	case *ecdsa.PrivateKey:
		return "EC"
	case ed25519.PrivateKey:
		return "OKP"
	}
	return "oct"
}

// certificate is of the key's own making, as x5c has it.
func certificate(private any) string {
	var public any
	switch key := private.(type) {
	case *rsa.PrivateKey:
		public = &key.PublicKey
	case *ecdsa.PrivateKey:
		public = &key.PublicKey
	case ed25519.PrivateKey:
		public = key.Public()
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer.example"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	return base64.StdEncoding.EncodeToString(must(x509.CreateCertificate(rand.Reader, template, template, public, private)))
}

// largeRSA has more than 8192 bits. It is made of many primes, which are found sooner than two.
func largeRSA() *rsa.PrivateKey {
	one := big.NewInt(1)
	n, phi := big.NewInt(1), big.NewInt(1)
	for range 16 {
		p := must(rand.Prime(rand.Reader, 513)) // the two highest bits are set
		n.Mul(n, p)
		phi.Mul(phi, new(big.Int).Sub(p, one))
	}
	d := new(big.Int).ModInverse(big.NewInt(65537), phi)
	return &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d}
}

// pkcs1v15 pads the SHA-256 hash of a text as RFC 8017 section 9.2 says.
func pkcs1v15(text string, size int) *big.Int {
	digest := sha256.Sum256([]byte(text))
	info := slices.Concat([]byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, digest[:])
	padding := slices.Repeat([]byte{0xff}, size-3-len(info))
	return new(big.Int).SetBytes(slices.Concat([]byte{0, 1}, padding, []byte{0}, info))
}
