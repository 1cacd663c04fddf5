// This file turns JSON Web Keys (RFC 7517 section 4) and keys of crypto/* into Key values, and checks
// each key before it is used.

package jwt

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// A KeySource finds the key that a token names. It returns exactly one key or an error, never a
// list to try. An error that wraps [ErrKey] says that there is no such key; any other error counts as
// [ErrUnavailable]. Many goroutines call it at once, with a header that is not verified yet: nothing in
// the header may choose what is fetched or from where.
type KeySource interface {
	Key(ctx context.Context, h Header) (*Key, error)
}

// A Key verifies signatures of one algorithm: the key decides, the token may only agree. Two kinds of key answer to
// more than one name: an RSA key that declares no algorithm stands for RS256, or for the one RSA algorithm that
// [Config].Algorithms names; an Ed25519 key answers to EdDSA and to Ed25519 (RFC 9864).
//
// A Key is immutable and safe for concurrent use. As a [KeySource] it is the one key of its issuer: a key
// with a kid is for tokens with that kid or with none, a key without a kid is for all tokens.
type Key struct {
	id         string
	kty        string    // RFC 7518 section 6.1
	alg        Algorithm // empty for an RSA key that declares none
	issuer     string    // the only issuer that it is for; empty: any
	thumbprint string    // empty for HMAC
	x5t        string    // the certificate's thumbprint, as the set has it; empty if it has none
	x5tS256    string
	twins      []*Key // of its set: entries of the same material
	primitive
}

// A primitive is the cryptographic half of a key: it reports whether a signature is valid.
type primitive interface {
	verify(alg Algorithm, input, signature []byte) bool
}

// same reports whether two Key values are the same key, perhaps from two readings of one set.
func (k *Key) same(other *Key) bool {
	return k == other || k.sameMaterial(other) && k.alg == other.alg && k.issuer == other.issuer
}

// sameMaterial reports whether two keys have the same key material, whatever their kid and use.
func (k *Key) sameMaterial(other *Key) bool {
	if k.kty == "oct" && other.kty == "oct" {
		return k.alg == other.alg && sameSecret(k.primitive, other.primitive)
	}
	return k.thumbprint != "" && k.thumbprint == other.thumbprint
}

// KeyID returns the key's kid, empty if it has none.
func (k *Key) KeyID() string { return k.id }

// Algorithm returns the algorithm that the key declares or that its type implies: EdDSA for every
// Ed25519 key, empty for an RSA key that declares none.
func (k *Key) Algorithm() Algorithm { return k.alg }

// Thumbprint returns the SHA-256 thumbprint of RFC 7638 in base64url. It is empty for HMAC keys:
// a hash of a secret helps to guess it.
func (k *Key) Thumbprint() string { return k.thumbprint }

// Format prints kid, kty and alg, whatever the verb, so that no log line shows a secret.
func (k *Key) Format(f fmt.State, _ rune) {
	if k == nil {
		fmt.Fprint(f, "jwt.Key(nil)")
		return
	}
	fmt.Fprintf(f, "jwt.Key(kid=%s kty=%s alg=%s)", quote(k.id), k.kty, k.alg)
}

// Key makes a single key a [KeySource].
func (k *Key) Key(_ context.Context, h Header) (*Key, error) {
	switch {
	case k == nil || k.primitive == nil:
		return nil, &Error{Reason: ReasonKeyUnknown, detail: "no key is configured"}
	case k.id != "" && h.KeyID != "" && k.id != h.KeyID:
		return nil, unknownKey(&h, `"`+snippet(k.id)+`"`)
	case h.KeyID == "" && (h.x5t != "" && k.x5t != "" && h.x5t != k.x5t || h.x5tS256 != "" && k.x5tS256 != "" && h.x5tS256 != k.x5tS256):
		return nil, &Error{Reason: ReasonKeyUnknown, Member: "x5t", detail: "the token names its key by another certificate"}
	case !k.answers(&h):
		return nil, k.mismatch(&h)
	}
	return k, nil
}

// answers reports whether the key verifies tokens with this header's algorithm.
func (k *Key) answers(h *Header) bool { return k.named(h).sameAs(h.Algorithm) }

// named is the algorithm that the key stands for in this verification.
func (k *Key) named(h *Header) Algorithm { return named(k.alg, k.kty, h) }

func named(alg Algorithm, kty string, h *Header) Algorithm {
	if alg == "" && kty == "RSA" {
		return cmp.Or(h.unnamedRSA, RS256)
	}
	return alg
}

func unknownKey(h *Header, want string) *Error {
	return &Error{Reason: ReasonKeyUnknown, Member: "kid", Got: snippet(h.KeyID), Want: want}
}

func (k *Key) mismatch(h *Header) *Error {
	e := &Error{Reason: ReasonKeyMismatch, Member: "alg", Got: snippet(string(h.Algorithm)), Want: cmp.Or(string(k.named(h)), "an algorithm with public keys")}
	switch {
	case h.Algorithm.kty() == "oct" && k.kty != "oct":
		e.Hint = "the token is signed with a shared secret, and this issuer's keys are public ones: choose their algorithm where the issuer is configured"
	case k.alg == "" && k.kty == h.Algorithm.kty():
		e.Hint = "the key declares no algorithm, so it stands for " + e.Want + " here: name " + e.Got + " in Config.Algorithms, as its only RSA algorithm, if the issuer signs with that"
	}
	return e
}

// newKey makes a key for the constructors. members is the object of RFC 7638 section 3.2 whose hash is the
// thumbprint; empty for a secret.
func newKey(kid, kty string, alg Algorithm, p primitive, members string) *Key {
	k := &Key{id: kid, kty: kty, alg: alg, primitive: p}
	if members != "" {
		sum := sha256.Sum256([]byte(members))
		k.thumbprint = base64url(sum[:])
	}
	return k
}

// constructed returns what the exported function of this name returns: made, or err behind the name.
func constructed[T *Key | []*Key | *KeySet](name string, made T, err error) (T, error) {
	if err != nil {
		return nil, fmt.Errorf("jwt: %s: %w", name, err)
	}
	return made, nil
}

// A jwk is a JSON Web Key as it is written: RFC 7517 section 4 and RFC 7518 section 6. A member that says
// nothing (null, "" or []) is absent.
type jwk struct {
	kty, kid, use, alg, issuer, crv, n, e, x, y, k, pub, x5t, x5tS256 string

	private    string   // the name of a private member, if there is one
	operations []string // key_ops
	x5c        string   // the first certificate
	wrong      string   // the first member of a wrong type or value
}

// read reads the members of one key. A wrong member makes only this key unusable; only broken JSON is an error.
func (j *jwk) read(s *scanner) bool {
	texts := map[string]*string{"kty": &j.kty, "kid": &j.kid, "use": &j.use, "alg": &j.alg, "issuer": &j.issuer, "crv": &j.crv, "n": &j.n,
		"e": &j.e, "x": &j.x, "y": &j.y, "k": &j.k, "pub": &j.pub, "x5t": &j.x5t, "x5t#S256": &j.x5tS256}
	for name := range s.members {
		value, ok := s.raw()
		switch into := texts[name]; {
		case !ok || saysNothing(value):
		case into != nil && value[0] == '"':
			*into = unquoted(value)
		case slices.Contains([]string{"kty", "kid", "use", "alg", "issuer"}, name):
			j.spoil(name + " is not a string")
		case into != nil && !strings.HasPrefix(name, "x5t"):
			*into = notText
		case slices.Contains([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "priv"}, name):
			j.private = name
		case name == "key_ops":
			j.operations = j.strings(name, value)
		case name == "x5c":
			if chain := j.strings(name, value); len(chain) > 0 {
				j.x5c = chain[0]
			}
		}
	}
	return s.fault == ""
}

// notText stands for a member of the key's material that is no string: of another type of key it says nothing.
const notText = "(not a string)"

// saysNothing reports whether a value is null, "" or an array of such.
func saysNothing(value string) bool {
	return value == "null" || value[0] != '{' && !strings.ContainsAny(strings.ReplaceAll(value, `""`, ""), "\"{-0123456789tf")
}

// strings returns the elements of an array of strings that say something; anything else spoils the key.
func (j *jwk) strings(name, array string) (all []string) {
	s := scanner{text: array, vetted: true}
	if s.peek() != '[' {
		j.spoil(name + " is not an array")
		return nil
	}
	for s.array(); s.element(); {
		switch value, _ := s.raw(); {
		case saysNothing(value):
		case value[0] == '"':
			all = append(all, unquoted(value))
		default:
			j.spoil(name + " holds something else than strings")
		}
	}
	return all
}

func (j *jwk) spoil(why string) {
	if j.wrong == "" {
		j.wrong = why
	}
}

// signing is the algorithm that the key would have if it were usable; empty where it declares none
// and its type implies none. It decides which keys share an algorithm.
func (j *jwk) signing() Algorithm {
	switch {
	case j.alg != "":
		return Algorithm(j.alg)
	case j.kty == "EC":
		return curves[j.crv].alg
	case j.kty == "OKP" && j.crv == "Ed25519":
		return EdDSA
	}
	return ""
}

// key checks the members and makes the key. local allows a secret, which a published set must not hold.
func (j *jwk) key(local bool) (*Key, error) {
	alg := Algorithm(j.alg)
	err := cmp.Or(
		errorIf(j.wrong != "", "%s", j.wrong),
		errorIf(j.kty == "", "kty is absent"),
		errorIf(j.use != "" && j.use != "sig", "use is %s, not sig: it is not for signatures", quoteName(j.use)),
		errorIf(j.operations != nil && !slices.Contains(j.operations, "verify"), "key_ops does not hold verify"),
		errorIf(j.private != "", "it is a private key (%s): publish its public half alone", j.private),
		errorIf(j.kty == "AKP" && mldsaKeyOf == nil, `kty "AKP" (ML-DSA, RFC 9964) needs a program that is built with Go 1.27`),
		errorIf(j.alg != "" && alg.kty() == "", "alg %s is not supported", quoteName(j.alg)),
		errorIf(j.kty == "OKP" && j.crv != "Ed25519", "crv %s is not supported", quoteName(j.crv)),
		errorIf(j.kty == "oct" && !local, "it is a secret (kty oct) in a key set: configure secrets with HMACKey"),
	)
	if err != nil {
		return nil, err
	}
	var k *Key
	switch j.kty {
	case "RSA":
		k, err = j.rsa(alg)
	case "EC":
		k, err = j.ec()
	case "OKP", "AKP", "oct":
		k, err = j.single(alg)
	default:
		return nil, fmt.Errorf("kty %s is not supported", quoteName(j.kty))
	}
	switch {
	case err != nil:
		return nil, err
	case alg != "" && !k.alg.sameAs(alg):
		return nil, fmt.Errorf("alg %s does not fit the key, which is %s", quoteName(j.alg), k.alg)
	}
	k.issuer, k.x5t, k.x5tS256 = j.issuer, j.x5t, j.x5tS256
	if j.x5c != "" {
		if err := k.certifiedBy(j.x5c); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// bytesOf decodes a member of a key: base64url (RFC 7518 section 2), with its padding or without.
func bytesOf(name, value string) ([]byte, error) {
	if len(value)%4 == 0 {
		value = strings.TrimSuffix(strings.TrimSuffix(value, "="), "=")
	}
	b, ok := base64urlBytes(value)
	switch {
	case value == "":
		return nil, errors.New(name + " is absent")
	case value == notText:
		return nil, errors.New(name + " is not a string")
	case !ok:
		return nil, fmt.Errorf("%s is not base64url (RFC 4648 section 5) from byte %d on", name, notBase64urlAt(value))
	}
	return b, nil
}

func (j *jwk) rsa(alg Algorithm) (*Key, error) {
	n, errN := bytesOf("n", j.n)
	e, errE := bytesOf("e", j.e)
	n, e = bytes.TrimLeft(n, "\x00"), bytes.TrimLeft(e, "\x00")
	switch {
	case errN != nil || errE != nil:
		return nil, cmp.Or(errN, errE)
	case len(n) > maxRSABits/8:
		return nil, fmt.Errorf("the modulus is longer than %d bits", maxRSABits)
	case len(e) > 4 || len(e) == 4 && e[0] >= 0x80:
		return nil, errors.New("the exponent is not below 2^31")
	}
	return rsaKeyOf(j.kid, alg, &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())})
}

func (j *jwk) ec() (*Key, error) {
	x, errX := bytesOf("x", j.x)
	y, errY := bytesOf("y", j.y)
	curve := curves[j.crv].curve
	switch {
	case errX != nil || errY != nil:
		return nil, cmp.Or(errX, errY)
	case curve == nil:
		return nil, fmt.Errorf("crv %s is not supported", quoteName(j.crv))
	case len(x) != coordinateSize(curve) || len(y) != coordinateSize(curve):
		return nil, fmt.Errorf("a coordinate does not have its full %d bytes (RFC 7518 section 6.2.1.2)", coordinateSize(curve))
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, errors.New("the point is not on its curve")
	}
	return ecdsaKeyOf(j.kid, public)
}

// mldsaKeyOf is what mldsa.go registers.
var mldsaKeyOf func(kid string, alg Algorithm, public []byte) (*Key, error)

// single makes a key of a type that has one member: OKP (RFC 8037), AKP (RFC 9964) or oct.
func (j *jwk) single(alg Algorithm) (*Key, error) {
	member := map[string][2]string{"OKP": {"x", j.x}, "AKP": {"pub", j.pub}, "oct": {"k", j.k}}[j.kty]
	material, err := bytesOf(member[0], member[1])
	switch {
	case err != nil:
		return nil, err
	case j.kty == "OKP":
		return ed25519KeyOf(j.kid, material)
	case j.kty == "AKP" && alg.kty() != "AKP":
		return nil, errors.New("alg is absent or does not fit the key, and a key of type AKP must declare it")
	case j.kty == "AKP":
		return mldsaKeyOf(j.kid, alg, material)
	case alg == "":
		return nil, errors.New("alg is absent, and a secret must declare HS256, HS384 or HS512")
	}
	return hmacKeyOf(j.kid, alg, material)
}

// ParseKey reads one JSON Web Key from a file or setting of your own: a public RSA, EC or Ed25519
// key, or a secret (kty oct) that declares its algorithm. It refuses private keys, for which a
// verifier has no use, and keys whose use, key_ops, alg or crv do not allow verifying.
func ParseKey(data []byte) (*Key, error) {
	if len(data) > maxKeySetSize {
		return nil, fmt.Errorf("jwt: ParseKey: %d bytes, the limit is %d", len(data), maxKeySetSize)
	}
	s := scanner{text: withoutMark(string(data))}
	var j jwk
	j.read(&s)
	fault := s.end()
	switch form := formOf(data); {
	case form != "" && form != formJWK:
		return nil, errors.New("jwt: ParseKey: it is " + form)
	case fault != "":
		return nil, errors.New("jwt: ParseKey: not a JSON Web Key: " + fault)
	}
	k, err := j.key(true)
	return constructed("ParseKey", k, err)
}
