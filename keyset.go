// This file holds a set of keys (RFC 7517 section 5) and picks the one that a token may mean.

package jwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxKeys       = 100       // an honest key set has a handful; the largest seen in the field have about thirty
	maxKeySetSize = 512 << 10 // a key with a certificate chain takes some 5 KiB: this is room for maxKeys of them
)

// A KeySet is an immutable set of keys. As a [KeySource] it returns the key that a token's kid
// names, if its algorithm is the token's; for a token without kid, the only key that fits. Two keys
// that share a kid and an algorithm make that kid unusable, even if one of them was skipped. The same key
// twice, under whatever kid, is one key. A token without kid may name its key by x5t or x5t#S256 (RFC 7515
// section 4.1.7), if keys of the set carry these.
type KeySet struct {
	entries []*entry
	byID    map[string][]*entry
	kids    string // for errors
	unnamed bool   // the keys are of a file without kids: the kid of a token does not count
}

// entry is one key as published, usable or not.
type entry struct {
	kid, kty, x5t, x5tS256 string

	alg      Algorithm // as jwk.signing
	encrypts bool      // use or key_ops say that it is not for signatures
	key      *Key      // nil if it was skipped
	material *Key      // the key without kid, use and the like; one pointer for all entries of the same material; nil if it is broken
	skipped  string    // why
}

// named is as Key.named. An encryption key shares no algorithm with a signing key.
func (e *entry) named(h *Header) Algorithm {
	if e.encrypts {
		return ""
	}
	return named(e.alg, e.kty, h)
}

// A SkippedKey is a published key that cannot verify tokens, and why.
type SkippedKey struct {
	KeyID     string `json:"kid,omitempty"`
	Type      string `json:"kty,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Reason    string `json:"reason"`
}

// NewKeySet returns the set of these keys. It needs at least one, and refuses two different ones that share
// a kid and an algorithm.
func NewKeySet(keys ...*Key) (*KeySet, error) {
	if len(keys) == 0 {
		return nil, errors.New("jwt: NewKeySet: no keys")
	}
	s := &KeySet{}
	for i, k := range keys {
		if k == nil || k.primitive == nil {
			return nil, fmt.Errorf("jwt: NewKeySet: key %d is nil", i)
		}
		own := *k
		own.twins = nil
		s.entries = append(s.entries, &entry{kid: k.id, kty: k.kty, alg: k.alg, x5t: k.x5t, x5tS256: k.x5tS256, key: &own, material: &own})
	}
	s.index()
	for kid, namesakes := range s.byID {
		if poisoned(namesakes, new(Header)) {
			return nil, fmt.Errorf("jwt: NewKeySet: two keys share the kid %s and an algorithm", quote(kid))
		}
	}
	return s, nil
}

// ParseKeySet reads a JWK Set (RFC 7517 section 5) of at most 512 KiB and 100 keys. Keys that
// cannot verify tokens are skipped with a reason: unknown types and curves, encryption keys, keys
// that are broken, too small or too large, private keys and secrets, which have no place in a
// published set. A document that is not strict JSON, or without one usable key, is refused.
func ParseKeySet(data []byte) (*KeySet, error) {
	s, err := parseKeySet(data)
	return constructed("ParseKeySet", s, err)
}

func parseKeySet(data []byte) (*KeySet, error) {
	if len(data) > maxKeySetSize {
		return nil, errors.New(sizeDetail("the key set", len(data), maxKeySetSize))
	}
	s := scanner{text: withoutMark(string(data))}
	set := &KeySet{}
	found := false
	for name := range s.members {
		if name != "keys" {
			s.skip()
			continue
		}
		if s.peek() != '[' {
			return nil, errors.New("keys is not an array")
		}
		found = true
		for s.array(); s.element(); {
			if len(set.entries) == maxKeys {
				return nil, fmt.Errorf("more than %d keys", maxKeys)
			}
			set.add(&s)
		}
	}
	if fault := s.end(); fault != "" || !found {
		if form := formOf(data); form != "" && form != formSet {
			return nil, errors.New("not a JWK Set: it is " + form)
		}
		return nil, errors.New("not a JWK Set: " + cmp.Or(fault, "keys is absent"))
	}
	set.index()
	if len(set.Keys()) == 0 {
		return nil, fmt.Errorf("no usable key among %d: %s", len(set.entries), whySkipped(set.entries, ""))
	}
	return set, nil
}

// whySkipped lists why keys were skipped. It names the kid of each that does not have this kid.
func whySkipped(entries []*entry, kid string) string {
	var all []string
	for _, e := range entries {
		why := e.skipped
		if e.kid != kid {
			why = quoteName(e.kid) + ": " + why
		}
		if !slices.Contains(all, why) {
			all = append(all, why)
		}
	}
	if more := len(all) - maxListed; more > 0 {
		all = append(all[:maxListed], "and "+strconv.Itoa(more)+" more")
	}
	return cmp.Or(strings.Join(all, "; "), "it is empty")
}

// add reads the next element of keys.
func (s *KeySet) add(in *scanner) {
	if in.peek() != '{' {
		in.skip()
		s.entries = append(s.entries, &entry{skipped: "it is not a JSON object"})
		return
	}
	var j jwk
	if !j.read(in) {
		return
	}
	k, err := j.key(false)
	other := j.use != "" && j.use != "sig" || j.operations != nil && !slices.Contains(j.operations, "verify") && !slices.Contains(j.operations, "sign")
	e := &entry{kid: j.kid, kty: j.kty, x5t: j.x5t, x5tS256: j.x5tS256, alg: j.signing(), encrypts: other, key: k, material: k}
	if err != nil {
		e.skipped = err.Error()
		if len(j.n) <= maxRSABits/6+4 && len(j.e) <= 8 { // what is larger is no key
			bare := jwk{kty: j.kty, alg: j.alg, crv: j.crv, n: j.n, e: j.e, x: j.x, y: j.y, pub: j.pub}
			e.material, _ = bare.key(false)
		}
	}
	s.entries = append(s.entries, e)
}

func (s *KeySet) index() {
	s.byID = make(map[string][]*entry, len(s.entries))
	var kids []string
	for n, e := range s.entries {
		if e.key != nil && e.kid != "" && len(s.byID[e.kid]) == 0 {
			kids = append(kids, e.kid)
		}
		s.byID[e.kid] = append(s.byID[e.kid], e)
		for _, other := range s.entries[:n] {
			if e.material == nil || other.material == nil || !e.material.sameMaterial(other.material) {
				continue
			}
			e.material = other.material
			if e.key != nil && other.key != nil {
				e.key.twins, other.key.twins = append(e.key.twins, other.key), append(other.key.twins, e.key)
			}
		}
	}
	if s.kids = "no kid, as no key of the set has one"; len(kids) > 0 {
		s.kids = oneOf(kids)
	}
}

// Keys returns the usable keys, in the order of the set.
func (s *KeySet) Keys() (keys []*Key) {
	for k := range s.usable {
		alone := *k
		alone.twins = nil // they count only within the set
		keys = append(keys, &alone)
	}
	return keys
}

// usable yields the usable keys as the set has them.
func (s *KeySet) usable(yield func(k *Key) bool) {
	if s == nil {
		return
	}
	for _, e := range s.entries {
		if e.key != nil && !yield(e.key) {
			return
		}
	}
}

// Skipped returns the keys that cannot verify tokens, in the order of the set.
func (s *KeySet) Skipped() (skipped []SkippedKey) {
	if s == nil {
		return nil
	}
	for _, e := range s.entries {
		if e.key == nil {
			skipped = append(skipped, SkippedKey{e.kid, e.kty, string(e.alg), e.skipped})
		}
	}
	return skipped
}

// Key implements [KeySource].
func (s *KeySet) Key(_ context.Context, h Header) (*Key, error) {
	k, err := s.find(&h)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// find picks the one key that h means.
func (s *KeySet) find(h *Header) (*Key, *Error) {
	if s == nil || len(s.entries) == 0 {
		return nil, &Error{Reason: ReasonKeyUnknown, detail: "no key is configured"}
	}
	if h.KeyID == "" || s.unnamed {
		return s.only(h, s.certified(h))
	}
	namesakes := s.byID[h.KeyID]
	if len(namesakes) == 0 {
		return nil, unknownKey(h, s.kids)
	}
	if poisoned(namesakes, h) {
		return nil, &Error{Reason: ReasonKeyAmbiguous, Member: "kid", Got: snippet(h.KeyID), detail: "two keys of the set share the kid " + quote(h.KeyID) + " and an algorithm"}
	}
	for _, e := range namesakes {
		if e.key != nil && e.key.answers(h) {
			return e.key, nil
		}
	}
	for _, e := range s.entries { // the same key under another kid
		same := func(n *entry) bool { return n.material != nil && n.material == e.material }
		if e.key != nil && e.key.answers(h) && slices.ContainsFunc(namesakes, same) && (e.kid == "" || !poisoned(s.byID[e.kid], h)) {
			return e.key, nil
		}
	}
	if n := slices.IndexFunc(namesakes, func(e *entry) bool { return e.key != nil }); n >= 0 {
		return nil, namesakes[n].key.mismatch(h)
	}
	e := unknownKey(h, s.kids)
	e.detail = "the key of kid " + quote(h.KeyID) + " is not usable: " + whySkipped(namesakes, h.KeyID)
	return nil, e
}

// certified returns the test that a key must pass if the token has x5t or x5t#S256: nil if it has neither, or
// no key of the set has that member.
func (s *KeySet) certified(h *Header) (test func(k *Key) bool) {
	x5t, x5tS256 := false, false // the members that count
	for _, e := range s.entries {
		x5t = x5t || h.x5t != "" && e.x5t != ""
		x5tS256 = x5tS256 || h.x5tS256 != "" && e.x5tS256 != ""
	}
	if !x5t && !x5tS256 {
		return nil
	}
	return func(k *Key) bool { return (!x5t || k.x5t == h.x5t) && (!x5tS256 || k.x5tS256 == h.x5tS256) }
}

// only picks the key for a token that has no kid: the only one that fits and passes the test.
func (s *KeySet) only(h *Header, test func(k *Key) bool) (*Key, *Error) {
	var found *entry
	rivals := 1
	for _, e := range s.entries {
		switch {
		case e.key == nil || !e.key.answers(h) || test != nil && !test(e.key):
		case found == nil:
			found = e
		case found.material != e.material:
			rivals++
		}
	}
	switch {
	case found == nil && test != nil:
		e := unknownKey(h, "")
		e.Member, e.detail = "x5t", "the token names its key by a certificate, and no key of the set for "+snippet(string(h.Algorithm))+" has that"
		return nil, e
	case found == nil:
		return nil, &Error{Reason: ReasonKeyUnknown, Member: "alg", Got: snippet(string(h.Algorithm)), detail: "the token names no key, and no key of the set is for " + snippet(string(h.Algorithm))}
	case rivals > 1 || found.kid != "" && poisoned(s.byID[found.kid], h):
		return nil, &Error{Reason: ReasonKeyAmbiguous, Member: "kid", detail: "the token names no key, and " + strconv.Itoa(max(rivals, 2)) + " of the set could be meant"}
	}
	return found.key, nil
}

// poisoned reports whether two different keys that share a kid also share an algorithm.
func poisoned(namesakes []*entry, h *Header) bool {
	for i, a := range namesakes {
		for _, b := range namesakes[:i] {
			if alg := a.named(h); alg.kty() != "" && alg.sameAs(b.named(h)) && (a.material == nil || a.material != b.material) {
				return true
			}
		}
	}
	return false
}
