// This file lists every internal seam that tests use.

package jwt

import (
	"crypto/x509"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"
)

// SmallOrder is the list of refused Ed25519 points.
func SmallOrder() [][32]byte { return smallOrder[:] }

// ScanJSON checks a JSON text with the strict scanner and builds its value. The fault is empty if
// the text is fine.
func ScanJSON(text string) (value any, fault string) {
	s := scanner{text: text}
	s.skip()
	if fault := s.end(); fault != "" {
		return nil, fault
	}
	s = scanner{text: text}
	return s.value(), ""
}

// DecodeBase64url decodes what an encoder may have produced.
func DecodeBase64url(s string) (decoded []byte, ok bool) { return base64urlBytes(s) }

func EncodeBase64url(b []byte) string { return base64url(b) }

// NumericDate reads a date as it stands in a payload.
func NumericDate(number string) (time.Time, bool) {
	var c claims
	err := c.parse(`{"exp":` + number + `}`)
	return c.expires, err == nil
}

// TokenOf makes a token of a payload that nothing vouches for.
func TokenOf(payload string) *Token { return &Token{claims: claims{payload: payload}} }

// Outcome says what the client sees of a reason.
func Outcome(r Reason) (status int, code string) {
	o := outcomeOf(reasons[r].sentinel)
	return o.status, o.code
}

// Reasons lists the reason codes of the table.
func Reasons() []Reason { return slices.Sorted(maps.Keys(reasons)) }

// SnapshotWith makes a snapshot of these members, with the right digest.
func SnapshotWith(members map[string]string) string {
	s := snapshot{}
	for _, name := range snapshotMembers {
		s[name] = members[name]
	}
	s["sha256"] = s.digest()
	return string(s.encode())
}

// VerifySignature is the one signature operation of a token, on an input that need not be a JWS:
// published vectors of the primitives sign other messages.
func (k *Key) VerifySignature(alg Algorithm, message, signature []byte) bool {
	return k.verify(alg, message, signature)
}

// MetadataAddress reads an issuer's metadata, and returns the address of the key set that they name.
func MetadataAddress(issuer string, loopbackHTTP bool, document []byte) (string, error) {
	n := &network{issuer: issuer, loopback: loopbackHTTP}
	return n.metadataOf(answer{from: "metadata", status: http.StatusOK, body: document})
}

// CacheOf is what a verifier keeps of verified tokens.
func CacheOf(v *Verifier) any {
	var all []any
	for _, share := range v.current.Load().cache.(*cache).shares {
		all = append(all, share.ring)
	}
	return all
}

// Load and Save are what a RemoteKeySet does with its file.
func (f SnapshotFile) Load() ([]byte, error)  { return f.load() }
func (f SnapshotFile) Save(data []byte) error { return f.save(data) }

// SharedTransport is the transport that key sets with these authorities use.
func SharedTransport(roots *x509.CertPool) *http.Transport {
	t, _ := transportFor(roots)
	return t.(*http.Transport)
}

// Since is the age by which keys are judged.
func Since(then, now time.Time) time.Duration { return since(then, now) }

// MetadataDocument is the document of a resource for these issuers.
func MetadataDocument(r *Resource, issuers []string) []byte { return r.published.document(issuers) }

// ClaimsInto is Claims into a type that is known at run time only.
func ClaimsInto(payload string, v reflect.Value) error {
	d := decoder{scanner: scanner{text: payload, vetted: true}}
	d.fill(v, planFor(v.Type()))
	return d.located()
}

// LentSignature is a workspace as cutToken gets it.
func LentSignature() signatureText {
	lent := signatures.Get().(*signatureText)
	defer signatures.Put(lent)
	return *lent
}
