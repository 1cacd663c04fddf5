// This file names every way in which the verdicts of this module and of a peer may differ. A
// difference of no class fails the tests.

package peers_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"

	"assay.example/jwt"
)

// A class explains a difference if the token has what holds looks for and, where this module refuses,
// if it does so for one of the reasons and with these words.
type class struct {
	name    string
	why     string       // of this module's verdict
	reasons []jwt.Reason // nil where this module accepts
	words   string       // of this module's error
	only    string       // the one peer that the class explains; empty: any
	holds   func(*view) bool
}

// explains reports whether the class explains what the peer and this module differ in.
func (c class) explains(v *view, peer string, own error) bool {
	if c.only != "" && c.only != peer {
		return false
	}
	if c.reasons != nil && !(slices.Contains(c.reasons, reasonOf(own)) && strings.Contains(own.Error(), c.words)) {
		return false
	}
	return c.holds(v)
}

func reasons(r ...jwt.Reason) []jwt.Reason { return r }

var (
	encoding = reasons(jwt.ReasonTokenEncoding)
	invalid  = reasons(jwt.ReasonHeaderInvalid, jwt.ReasonPayloadInvalid)
)

// either makes a class of what may be in the header or in the payload.
func either(holds func(text) bool) func(*view) bool {
	return func(v *view) bool { return holds(v.header) || holds(v.payload) }
}

func anyDate(holds func(v *view, name string) bool) func(*view) bool {
	return func(v *view) bool {
		return slices.ContainsFunc(dates, func(name string) bool { return holds(v, name) })
	}
}

// tokenRefused are the classes of tokens that this module refuses and a peer accepts. The first that
// explains counts.
var tokenRefused = []class{
	{"white space around", "a token has one spelling", encoding, "", "", func(v *view) bool { return strings.TrimSpace(v.token) != v.token }},
	{"newline in base64url", "RFC 7515 section 2: no line breaks; a token has one spelling", encoding, "", "",
		func(v *view) bool { return strings.ContainsAny(v.token, "\r\n") }},
	{"padding", "RFC 7515 section 2: no padding", encoding, "", "", func(v *view) bool { return strings.Contains(v.token, "=") }},
	{"standard alphabet", "RFC 4648 section 5 is the alphabet", encoding, "", "", func(v *view) bool { return strings.ContainsAny(v.token, "+/") }},
	{"stray bits", "RFC 4648 section 3.5; a token has one spelling", encoding, "", "", (*view).strayBits},
	{"oversized", "memory and time of a refusal are bounded", reasons(jwt.ReasonTokenTooLarge), "", "", func(v *view) bool {
		return len(v.token) > 16<<10 || len(v.parts[0]) > 4<<10
	}},
	{"empty payload", "there are no claims in it, or it is detached: RFC 7515 appendix F", reasons(jwt.ReasonTokenParts), "the payload is empty", "",
		func(v *view) bool { return len(v.parts) == 3 && v.parts[1] == "" }},

	{"duplicate member", "RFC 7515 section 4, RFC 7519 section 4: two readers must not read two things", invalid, "duplicate member", "",
		either(func(t text) bool { return t.duplicate })},
	{"not UTF-8", "RFC 7515 section 3.3 and RFC 8259 section 8.1", invalid, "not UTF-8", "", either(text.notUTF8)},
	{"lone surrogate", "RFC 8259 section 8.2: readers disagree on what it is", invalid, "a lone surrogate", "", either(func(t text) bool { return t.lone })},
	{"too deep", "recursion costs stack", invalid, "nested too deep", "", either(func(t text) bool { return t.depth > 32 })},
	{"too many members", "the search for duplicate names is bounded", invalid, "too many members", "", either(func(t text) bool { return t.most > 1000 })},
	{"control character", "RFC 8259 section 7", invalid, "a control character in a string", "", either(func(t text) bool { return t.control })},
	{"header not JSON", "RFC 7515 section 5.2: the header is a JSON object, escapes and numbers included", reasons(jwt.ReasonHeaderInvalid), "", "jwx",
		func(v *view) bool { return !v.header.valid }},
	{"token in a token", "the payload is a JSON object: RFC 7519 section 7.2", reasons(jwt.ReasonPayloadInvalid), "", "",
		func(v *view) bool {
			return strings.Count(v.payload.raw, ".") == 2 && strings.HasPrefix(v.payload.raw, "eyJ")
		}},
	{"text behind the JSON", "the payload is one JSON object", reasons(jwt.ReasonPayloadInvalid), "something follows", "", func(v *view) bool { return v.payload.follows }},

	{"crit", "RFC 7515 section 4.1.11, and no extension is supported", reasons(jwt.ReasonHeaderCritical), "crit", "", func(v *view) bool { return v.header.has("crit") }},
	{"b64", "RFC 7797 section 3: not for JWTs", reasons(jwt.ReasonHeaderCritical), "b64", "", func(v *view) bool { return v.header.has("b64") }},
	{"nested cty", "the payload says that it is a token itself", reasons(jwt.ReasonTokenNested), "", "",
		func(v *view) bool { return mediaType(v.header.members["cty"]) == "jwt" }},
	{"alg absent", "RFC 7515 section 4.1.1: alg is required", reasons(jwt.ReasonHeaderMember), "alg is absent", "jwx", func(v *view) bool { return !v.header.has("alg") }},
	{"header member of another type", "kid, typ and cty are strings, and typ and cty are not empty", reasons(jwt.ReasonHeaderMember), "", "", func(v *view) bool {
		s, ok := v.header.members[v.member].(string)
		return slices.Contains([]string{"kid", "typ", "cty"}, v.member) && v.header.has(v.member) && (!ok || s == "")
	}},
	{"kid of another key", "a token that names a key is held against that key", reasons(jwt.ReasonKeyUnknown), "", "", func(v *view) bool {
		kid, ok := v.header.members["kid"].(string)
		return ok && kid != v.keyID()
	}},
	{"PSS salt", "RFC 7518 section 3.5: as long as the hash", reasons(jwt.ReasonSignatureInvalid), "", "", (*view).otherSalt},

	{"typ of another kind", "RFC 8725 section 3.11", reasons(jwt.ReasonTypeRefused), "", "", func(v *view) bool {
		typ := mediaType(v.header.members["typ"])
		return strings.Contains(typ, "+") && typ != "at+jwt" || typ == "passport"
	}},
	{"no exp", "a token ends", reasons(jwt.ReasonClaimMissing), "", "go-jose", func(v *view) bool { return !v.payload.has("exp") }},
	{"folded name", "names are compared exactly: RFC 7515 section 5.3", reasons(jwt.ReasonClaimMissing, jwt.ReasonIssuerMismatch, jwt.ReasonAudienceMismatch,
		jwt.ReasonTokenExpired, jwt.ReasonTokenNotYetValid, jwt.ReasonClaimInvalid), "", "golang-jwt", func(v *view) bool { return v.payload.folded(registered...) }},
	{"cnf", "RFC 7800: a token bound to a key is no bearer token", reasons(jwt.ReasonBindingUnproven, jwt.ReasonClaimInvalid), "", "",
		func(v *view) bool { return v.member == "cnf" && v.payload.has("cnf") }},
	{"date of another type", "RFC 7519 section 2: a NumericDate is a number", reasons(jwt.ReasonClaimInvalid), "", "",
		func(v *view) bool { return v.payload.wrongDate(v.member) }},
	{"date out of range", "before 1970 or after 9999, as milliseconds and overflows are", reasons(jwt.ReasonClaimInvalid), "", "",
		func(v *view) bool { return v.payload.outOfRange(v.member) }},
	{"claim of another type", "registered claims have the types of their definitions", reasons(jwt.ReasonClaimInvalid), "", "", (*view).wrongClaim},
	{"too many values", "memory of a token is bounded", reasons(jwt.ReasonClaimInvalid), "values together", "", func(v *view) bool {
		n := 0
		for _, name := range []string{"aud", "scp", "permissions", "roles"} {
			list, _ := v.payload.members[name].([]any)
			n += len(list)
		}
		return n > 1000
	}},
	{"fraction of a second", "dates are exact", reasons(jwt.ReasonTokenExpired, jwt.ReasonTokenNotYetValid), "", "", anyDate((*view).fraction)},
	{"iat in the future", "clocks differ by no more than the leeway", reasons(jwt.ReasonTokenNotYetValid), "", "", func(v *view) bool {
		off, ok := v.off("iat")
		return v.member == "iat" && ok && off > 30
	}},
	{"end of the leeway", "RFC 7519 section 4.1.4: not on or after", reasons(jwt.ReasonTokenExpired), "", "", func(v *view) bool {
		off, ok := v.off("exp")
		return v.member == "exp" && ok && off == -30
	}},
}

// keyRefused are the classes of keys that this module refuses and a peer accepts.
var keyRefused = []class{
	{"key with a duplicate member", "two readers must not read two keys", reasons(badKey), "duplicate member", "", func(v *view) bool { return v.jwk.duplicate }},
	{"key not UTF-8", "RFC 8259 section 8.1", reasons(badKey), "not UTF-8", "", func(v *view) bool { return v.jwk.notUTF8() }},
	{"key for another use", "RFC 7517 sections 4.2 and 4.3", reasons(badKey), "", "", (*view).otherUse},
	{"key of another algorithm", "RFC 7517 section 4.4, RFC 8725 section 3.1", reasons(badKey, jwt.ReasonKeyMismatch), "", "", (*view).otherAlgorithm},
	{"key of another issuer", "the member issuer, as Entra ID publishes it", reasons(jwt.ReasonIssuerMismatch), "another issuer", "", func(v *view) bool {
		return v.jwk.has("issuer") && v.jwk.members["issuer"] != v.setup.Issuer
	}},
	{"x5c without the key", "RFC 7517 section 4.7", reasons(badKey), "x5c", "", func(v *view) bool { return v.jwk.has("x5c") }},
	{"private key", "a verifier has no use for it", reasons(badKey), "private key", "", func(v *view) bool { return v.jwk.has("d") }},
	{"key not in base64url", "RFC 7518 section 2", reasons(badKey), "not base64url", "", (*view).respelledKey},
	{"key too small", "RFC 7518 sections 3.2 and 3.3", reasons(badKey), "", "", (*view).smallKey},
	{"key too large", "the time of a verification is bounded", reasons(badKey), "longer than", "", func(v *view) bool { return v.integer("n").BitLen() > 8192 }},
	{"secret that is public", "RFC 8725 section 2.1", reasons(badKey), "the secret is a public key", "", (*view).publicSecret},
	{"key of small order", "under such a key signatures hold for many messages", reasons(badKey), "small order", "", (*view).smallOrder},
}

// tokenAccepted are the classes of tokens that this module accepts and a peer refuses.
var tokenAccepted = []class{
	{"alg Ed25519", "RFC 9864 gives EdDSA with such keys a name of its own", nil, "", "", func(v *view) bool { return v.header.members["alg"] == "Ed25519" }},
	{"folded name beside", "a claim of another name is another claim", nil, "", "golang-jwt", func(v *view) bool { return v.payload.folded(registered...) }},
	{"empty kid", "it names no key", nil, "", "", func(v *view) bool { return v.header.members["kid"] == "" }},
	{"foreign key in the header", "jwk, x5c and the like select nothing, so what they hold counts for nothing", nil, "", "go-jose", func(v *view) bool {
		return slices.ContainsFunc([]string{"jwk", "x5c", "x5u"}, v.header.has)
	}},
	{"nonce in the header", "RFC 7515 section 4: what is not understood is ignored", nil, "", "go-jose", func(v *view) bool {
		_, ok := v.header.members["nonce"].(string)
		return v.header.has("nonce") && !ok
	}},
	{"big number", "a number that nobody reads may be of any size", nil, "", "", either(text.bigNumber)},
	{"fraction of a second", "dates are exact", nil, "", "", anyDate((*view).fraction)},
}

// keyAccepted are the classes of keys that this module accepts and a peer refuses.
var keyAccepted = []class{
	{"key without alg", "RFC 7517 section 4.4: alg is optional, and one is pinned", nil, "", "tink", func(v *view) bool { return v.jwk.valid && !v.jwk.has("alg") }},
	{"key_ops with more", "sign is the business of the issuer", nil, "", "tink", func(v *view) bool {
		operations, _ := v.jwk.members["key_ops"].([]any)
		return len(operations) > 1
	}},
	{"member of the key that says nothing", "null, an empty string and an empty array are no more than an absent member", nil, "", "", func(v *view) bool {
		for _, value := range v.jwk.members {
			if list, ok := value.([]any); value == "" || value == nil || ok && len(list) == 0 {
				return true
			}
		}
		return false
	}},
	{"padded key", "keys come from a trusted issuer, and the padding changes nothing", nil, "", "", func(v *view) bool {
		return slices.ContainsFunc([]string{"n", "e", "x", "y"}, func(name string) bool {
			s, _ := v.jwk.members[name].(string)
			return strings.HasSuffix(s, "=")
		})
	}},
	{"e = 3", "RFC 8017 section 3.1 allows it, and the padding is checked whole", nil, "", "tink", func(v *view) bool { return v.integer("e").Cmp(big.NewInt(3)) == 0 }},
	{"unread member of the key", "RFC 7517 section 4: what is not understood is ignored", nil, "", "", func(v *view) bool {
		return slices.ContainsFunc([]string{"x5t", "x5t#S256", "x5u", "ext", "custom"}, v.jwk.has)
	}},
	{"folded name in the key", "a member of another name is another member", nil, "", "", func(v *view) bool { return v.jwk.folded("kty", "alg", "use") }},
}

var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// mediaType is a typ or cty as RFC 7515 section 4.1.9 compares it.
func mediaType(value any) string {
	s, _ := value.(string)
	return strings.TrimPrefix(strings.ToLower(s), "application/")
}

// keyID is the kid of the party's key.
func (v *view) keyID() string {
	if v.setup.Secret != nil {
		return v.setup.KeyID
	}
	kid, _ := v.jwk.members["kid"].(string)
	return kid
}

// wrongClaim reports whether the claim that was refused, other than a date, has another type than its
// definition says.
func (v *view) wrongClaim() bool {
	isText := func(value any) bool { _, ok := value.(string); return ok }
	isTexts := func(value any) bool {
		list, ok := value.([]any)
		return ok && !slices.ContainsFunc(list, func(e any) bool { return !isText(e) })
	}
	value := v.payload.members[v.member]
	switch v.member {
	case "iss", "sub", "jti", "client_id", "azp", "scope":
		return v.payload.has(v.member) && !isText(value)
	case "aud", "scp":
		return v.payload.has(v.member) && !isText(value) && !isTexts(value)
	}
	return false
}

// otherSalt reports whether the signature holds with a salt of another length than the hash's.
func (v *view) otherSalt() bool {
	if !strings.HasPrefix(v.setup.Algorithm, "PS") || len(v.parts) != 3 {
		return false
	}
	public := &rsa.PublicKey{N: v.integer("n"), E: int(v.integer("e").Int64())}
	signature, err := base64.RawURLEncoding.DecodeString(v.parts[2])
	hash := hashes[v.setup.Algorithm[2:]]
	digest := digestOf(hash, v.parts[0]+"."+v.parts[1])
	holds := func(salt int) bool {
		return rsa.VerifyPSS(public, hash, digest, signature, &rsa.PSSOptions{SaltLength: salt}) == nil
	}
	return err == nil && holds(rsa.PSSSaltLengthAuto) && !holds(rsa.PSSSaltLengthEqualsHash)
}

// octets decodes a member of the key, in any base64.
func (v *view) octets(name string) []byte {
	s, _ := v.jwk.members[name].(string)
	return []byte(lenient(s))
}

func (v *view) integer(name string) *big.Int { return new(big.Int).SetBytes(v.octets(name)) }

// otherUse reports whether the key says that it is for something else than verifying.
func (v *view) otherUse() bool {
	operations, _ := v.jwk.members["key_ops"].([]any)
	return v.jwk.has("use") && v.jwk.members["use"] != "sig" || v.jwk.has("key_ops") && !slices.Contains(operations, any("verify"))
}

// otherAlgorithm reports whether the key says that it is for another algorithm.
func (v *view) otherAlgorithm() bool {
	alg := v.jwk.members["alg"]
	return v.jwk.has("alg") && alg != v.setup.Algorithm && !(alg == "Ed25519" && v.setup.Algorithm == "EdDSA")
}

// respelledKey reports whether a member of the key is not canonical base64url.
func (v *view) respelledKey() bool {
	return slices.ContainsFunc([]string{"n", "e", "x", "y"}, func(name string) bool {
		s, _ := v.jwk.members[name].(string)
		return b64(v.octets(name)) != s
	})
}

func (v *view) smallKey() bool {
	if v.setup.Secret != nil {
		return len(v.setup.Secret) < hashes[v.setup.Algorithm[2:]].Size()
	}
	return v.jwk.members["kty"] == "RSA" && v.integer("n").BitLen() < 2048
}

// publicSecret reports whether the secret is a public key.
func (v *view) publicSecret() bool {
	secret := v.setup.Secret
	if block, _ := pem.Decode(secret); block != nil {
		secret = block.Bytes
	}
	_, err := x509.ParsePKIXPublicKey(secret)
	return err == nil || read(string(secret)).has("kty")
}

// smallOrder reports whether the key is the neutral element, the only such point of the corpus.
func (v *view) smallOrder() bool {
	return v.jwk.members["crv"] == "Ed25519" && bytes.Equal(v.octets("x"), append([]byte{1}, make([]byte, 31)...))
}
