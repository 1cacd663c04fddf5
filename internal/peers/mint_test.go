// This file signs: any header and any payload, with keys of every kind, by crypto/* alone.

package peers_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"

	"assay.example/jwt/internal/peers"
)

const (
	issuer   = "https://issuer.example/"
	audience = "https://api.example"
	keyID    = "key-1"
)

// A party is an issuer with one private key, and the relying party that holds the public half.
type party struct {
	peers.Setup
	private any // *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
}

var hashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// mint signs with the algorithm of the party, whatever the header says.
func (p party) mint(header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(p.sign(input))
}

func (p party) sign(input string) []byte { return sign(p.Algorithm, p.private, input) }

func sign(alg string, private any, input string) []byte {
	if key, ok := private.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, []byte(input))
	}
	hash := hashes[alg[2:]]
	if secret, ok := private.([]byte); ok {
		mac := hmac.New(hash.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	digest := digestOf(hash, input)
	switch key := private.(type) {
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			return must(rsa.SignPSS(rand.Reader, key, hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
		return must(rsa.SignPKCS1v15(nil, key, hash, digest))
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		size := (key.Curve.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		must(r, err).FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature
	}
	panic(fmt.Sprintf("a %T signs nothing", private))
}

func digestOf(hash crypto.Hash, input string) []byte {
	h := hash.New()
	h.Write([]byte(input))
	return h.Sum(nil)
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// publicJWK writes the public half, with the members that issuers publish.
func publicJWK(alg string, private any) map[string]any {
	jwk := map[string]any{"alg": alg, "use": "sig", "kid": keyID}
	switch key := private.(type) {
	case *rsa.PrivateKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PrivateKey:
		point := must(key.PublicKey.Bytes())[1:]
		jwk["kty"], jwk["crv"] = "EC", key.Params().Name
		jwk["x"], jwk["y"] = b64(point[:len(point)/2]), b64(point[len(point)/2:])
	case ed25519.PrivateKey:
		jwk["kty"], jwk["crv"], jwk["x"] = "OKP", "Ed25519", b64(key.Public().(ed25519.PublicKey))
	}
	return jwk
}

func jsonOf(v any) []byte { return must(json.Marshal(v)) }

// partyOf makes the party that an issuer's key and algorithm make.
func partyOf(alg string, private any) party {
	p := party{Setup: peers.Setup{Issuer: issuer, Audience: audience, Algorithm: alg}, private: private}
	if secret, ok := private.([]byte); ok {
		p.Secret, p.KeyID = secret, keyID
	} else {
		p.JWK = jsonOf(publicJWK(alg, private))
	}
	return p
}

// withJWK changes members of the published key; nil takes one out.
func (p party) withJWK(changes map[string]any) party {
	jwk := publicJWK(p.Algorithm, p.private)
	maps.Copy(jwk, changes)
	maps.DeleteFunc(jwk, func(_ string, value any) bool { return value == nil })
	p.JWK = jsonOf(jwk)
	return p
}

// A keyring has one private key of each kind.
type keyring struct {
	rsa, smallRSA, rsa3 *rsa.PrivateKey // 2048 bits; 1024 bits; 2048 bits with e = 3
	p256, p384, p521    *ecdsa.PrivateKey
	shortX              *ecdsa.PrivateKey // P-256, the first byte of x is zero
	ed                  ed25519.PrivateKey
	secret              []byte // 64 bytes
}

var ring, other = sync.OnceValue(newKeyring), sync.OnceValue(newKeyring)

func newKeyring() *keyring {
	k := &keyring{
		rsa:      must(rsa.GenerateKey(rand.Reader, 2048)),
		smallRSA: must(rsa.GenerateKey(rand.Reader, 1024)),
		rsa3:     rsaOfExponent3(),
		p256:     must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		p384:     must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		p521:     must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		secret:   make([]byte, 64),
	}
	for k.shortX == nil || must(k.shortX.PublicKey.Bytes())[1] != 0 {
		k.shortX = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	_, k.ed, _ = ed25519.GenerateKey(rand.Reader)
	rand.Read(k.secret)
	return k
}

func rsaOfExponent3() *rsa.PrivateKey {
	one, three := big.NewInt(1), big.NewInt(3)
	for {
		p, q := must(rand.Prime(rand.Reader, 1024)), must(rand.Prime(rand.Reader, 1024))
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(three, phi)
		n := new(big.Int).Mul(p, q)
		if d == nil || n.BitLen() != 2048 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 3}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		if err := key.Validate(); err != nil {
			panic(err)
		}
		return key
	}
}

// deterministic makes keys and signatures the same in every run.
func deterministic(t *testing.T) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 1)
	ring()
	other()
	cryptotest.SetGlobalRandom(t, 2) // for signatures, whether the keys were made just now or before
}

// parties returns one party for every algorithm of this module.
func (k *keyring) parties() []party {
	var all []party
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		all = append(all, partyOf(alg, k.rsa))
	}
	return append(all, partyOf("ES256", k.p256), partyOf("ES384", k.p384), partyOf("ES512", k.p521), partyOf("EdDSA", k.ed),
		partyOf("HS256", k.secret[:32]), partyOf("HS384", k.secret[:48]), partyOf("HS512", k.secret))
}

// party returns the party for one algorithm.
func (k *keyring) party(alg string) party {
	for _, p := range k.parties() {
		if p.Algorithm == alg {
			return p
		}
	}
	panic("no such algorithm")
}

// An object is a JSON object as text, member by member, so that anything can be written.
type object []member

type member struct{ name, value string } // as JSON text, quotes included

func quote(s string) string { return string(jsonOf(s)) }

// with replaces the value of a member, or adds one at the end. An empty value takes it out.
func (o object) with(name, value string) object {
	var out object
	found := false
	for _, m := range o {
		if m.name == quote(name) {
			found = true
			if m.value = value; value == "" {
				continue
			}
		}
		out = append(out, m)
	}
	if !found && value != "" {
		out = append(out, member{quote(name), value})
	}
	return out
}

func (o object) String() string {
	var b strings.Builder
	for i, m := range o {
		b.WriteString(string("{,"[min(i, 1)]) + m.name + ":" + m.value)
	}
	if len(o) == 0 {
		b.WriteByte('{')
	}
	return b.String() + "}"
}

// header and claims are those of a token that every peer accepts, issued now, for an hour.
func (p party) header() object {
	return object{{`"alg"`, quote(p.Algorithm)}, {`"typ"`, `"JWT"`}, {`"kid"`, quote(keyID)}}
}

func (p party) claims(now int64) object {
	return object{{`"iss"`, quote(p.Issuer)}, {`"aud"`, quote(p.Audience)}, {`"sub"`, `"test-subject"`},
		{`"iat"`, fmt.Sprint(now)}, {`"exp"`, fmt.Sprint(now + 3600)}, {`"jti"`, `"1"`}}
}
