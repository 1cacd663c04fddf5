// This file tells operators the state of the keys: a status for a health page, events for logs and metrics.

package jwt

import (
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// A KeySetStatus is the state of a key source. It marshals to JSON for a health page.
type KeySetStatus struct {
	// State is "fixed" for configured keys and "custom" for a KeySource of the caller's. For a
	// RemoteKeySet it is "empty" before the first fetch, then "fresh", "idle" (no longer fresh, because no
	// token came and caused a renewal), "stale" (the issuer cannot be reached and the last keys serve)
	// or "unavailable".
	State       string       `json:"state"`
	Address     string       `json:"address,omitempty"` // where the keys were found, without its query; a path for KeysFile
	Keys        []KeyStatus  `json:"keys,omitempty"`
	Skipped     []SkippedKey `json:"skipped,omitempty"`
	LastSuccess time.Time    `json:"last_success,omitzero"`
	FreshUntil  time.Time    `json:"fresh_until,omitzero"`
	StaleUntil  time.Time    `json:"stale_until,omitzero"`
	LastError   string       `json:"last_error,omitempty"`  // of the last fetch; empty if it succeeded
	NextAttempt time.Time    `json:"next_attempt,omitzero"` // after a failed fetch
	NextLookUp  time.Time    `json:"next_look_up,omitzero"` // from then on a token may cause a fetch; zero: now
	Fetches     int          `json:"fetches,omitempty"`     // since the start, failed ones included
	Failures    int          `json:"failures,omitempty"`    // since the start
}

// An IssuerStatus is the state of one issuer's keys.
type IssuerStatus struct {
	Issuer     string            `json:"issuer"`
	Keys       KeySetStatus      `json:"keys"`
	TokenCache *TokenCacheStatus `json:"token_cache,omitempty"` // nil if there is none
}

// A TokenCacheStatus tells how an issuer's share of the cache of verified tokens is used.
type TokenCacheStatus struct {
	Capacity  int    `json:"capacity"`  // Config.TokenCache
	Tokens    int    `json:"tokens"`    // expired ones included, which later tokens replace and which are not served
	Bytes     int64  `json:"bytes"`     // an upper bound
	Hits      uint64 `json:"hits"`      // the signature was not checked again
	Misses    uint64 `json:"misses"`    // tokens of this issuer that were not remembered, refused ones too
	Evictions uint64 `json:"evictions"` // tokens that were removed before they expired, to make room
}

// A KeyStatus names one usable key.
type KeyStatus struct {
	KeyID      string    `json:"kid,omitempty"`
	Algorithm  Algorithm `json:"alg,omitempty"`
	Thumbprint string    `json:"thumbprint,omitempty"` // RFC 7638
}

func (s *KeySetStatus) describe(keys []*Key) {
	for _, k := range keys {
		s.Keys = append(s.Keys, KeyStatus{k.id, k.alg, k.thumbprint})
	}
}

func statusOf(source KeySource) KeySetStatus {
	s := KeySetStatus{State: "fixed"}
	switch source := source.(type) {
	case *RemoteKeySet:
		return source.Status()
	case *KeySet:
		s.describe(source.Keys())
		s.Skipped = source.Skipped()
	case *Key:
		s.describe([]*Key{source})
	default:
		s.State = "custom"
	}
	return s
}

// Status returns the state of the key set. It does no I/O.
func (r *RemoteKeySet) Status() KeySetStatus {
	if r == nil {
		return KeySetStatus{State: "empty"}
	}
	r.mu.Lock()
	now := time.Now()
	s := KeySetStatus{State: "empty", Fetches: r.landed, Failures: r.failures}
	if r.outage != nil {
		s.State, s.LastError, s.NextAttempt = "unavailable", r.outage.detail, r.nextRenewal()
	}
	if next := r.nextLookUp(); next.After(now) {
		s.NextLookUp = next
	}
	r.mu.Unlock()
	set := r.current.Load()
	if set == nil {
		return s
	}
	s.describe(set.keys.Keys())
	s.Skipped = set.keys.Skipped()
	s.Address = escaped(plainAddress(set.address), maxDetail)
	s.LastSuccess, s.FreshUntil = set.at, set.at.Add(set.lifetime)
	s.StaleUntil = s.FreshUntil.Add(r.maxStale)
	switch {
	case set.fresh(now):
		s.State = "fresh"
	case s.LastError == "":
		s.State = "idle"
	case set.serves(now, r.maxStale):
		s.State = "stale"
	default:
		s.State = "unavailable"
	}
	return s
}

// An EventKind names one kind of transition of a [RemoteKeySet].
type EventKind string

// The kinds of events. One fetch may cause several: its outcome first, then what changed.
const (
	EventFetched         EventKind = "fetched"          // a good answer
	EventNotModified     EventKind = "not_modified"     // a good answer, byte for byte the one before
	EventFailed          EventKind = "failed"           // no answer, or a bad one; Err says why
	EventStale           EventKind = "stale"            // the keys are past their freshness, and serve on because the issuer cannot be reached
	EventUnavailable     EventKind = "unavailable"      // no keys can serve any more
	EventRecovered       EventKind = "recovered"        // the first good answer after failed ones
	EventKeyAdded        EventKind = "key_added"        // KeyID and Thumbprint say which
	EventKeyRemoved      EventKind = "key_removed"      // the same
	EventRestored        EventKind = "restored"         // keys of a snapshot serve until the first fetch
	EventSnapshotRefused EventKind = "snapshot_refused" // RemoteOptions.SnapshotFile holds nothing that can be used; Err says why
	EventSnapshotFailed  EventKind = "snapshot_failed"  // the snapshot could not be written; Err says why
)

// An Event is one transition of a [RemoteKeySet]. Every field is safe to print.
type Event struct {
	Kind        EventKind
	Source      string // the issuer, or the address of the key set without its query
	KeyID       string // kid, of a key added or removed
	Thumbprint  string // RFC 7638, of a key added or removed
	Err         error  // why something failed or was refused; nil otherwise
	NextAttempt time.Time
}

// LogValue returns the fields that are set as attributes.
func (e Event) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("kind", string(e.Kind)), slog.String("source", e.Source)}
	if e.KeyID != "" {
		attrs = append(attrs, slog.String("kid", e.KeyID))
	}
	if e.Thumbprint != "" {
		attrs = append(attrs, slog.String("thumbprint", e.Thumbprint))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("err", e.Err.Error()))
	}
	if !e.NextAttempt.IsZero() {
		attrs = append(attrs, slog.Time("next_attempt", e.NextAttempt))
	}
	return slog.GroupValue(attrs...)
}

// condition is the last state of a key set that an event reported.
type condition int

const (
	good condition = iota
	stale
	gone
)

// maxUntold bounds the events that wait for a hook that does not return. Further ones are lost.
const maxUntold = 1000

// raise queues an event. The caller holds mu.
func (r *RemoteKeySet) raise(e Event) {
	if r.onEvent != nil && len(r.events) < maxUntold {
		e.Source, e.KeyID = plainAddress(r.name), snippet(e.KeyID)
		r.events = append(r.events, e)
	}
}

// raiseFailure queues the events of a failed fetch. The caller holds mu.
func (r *RemoteKeySet) raiseFailure(old *fetched, now time.Time, err error) {
	next := r.nextRenewal()
	r.raise(Event{Kind: EventFailed, Err: err, NextAttempt: next})
	switch {
	case r.reported < gone && !old.serves(now, r.maxStale):
		r.reported = gone
		r.raise(Event{Kind: EventUnavailable, Err: err, NextAttempt: next})
	case r.reported < stale && old != nil && !old.fresh(now):
		r.reported = stale
		r.raise(Event{Kind: EventStale, Err: err, NextAttempt: next})
	}
}

// raiseKeys queues an event for each key that is in only one of two sets. The caller holds mu.
func (r *RemoteKeySet) raiseKeys(old, now *KeySet) {
	missing := func(in *KeySet, k *Key) bool {
		if in == nil {
			return true
		}
		for _, e := range in.byID[k.id] {
			if e.key != nil && e.key.thumbprint == k.thumbprint && e.key.alg == k.alg {
				return false
			}
		}
		return true
	}
	if old != nil {
		for k := range old.usable {
			if missing(now, k) {
				r.raise(Event{Kind: EventKeyRemoved, KeyID: k.id, Thumbprint: k.thumbprint})
			}
		}
	}
	for k := range now.usable {
		if missing(old, k) {
			r.raise(Event{Kind: EventKeyAdded, KeyID: k.id, Thumbprint: k.thumbprint})
		}
	}
}

// tell calls the hook with the queued events, in their order and one at a time. It holds no lock
// meanwhile, so the hook may call Status.
func (r *RemoteKeySet) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.telling {
		return // the goroutine that tells now will find them
	}
	r.telling = true
	defer func() { r.telling = false }()
	for len(r.events) > 0 {
		e := r.events[0]
		r.events = r.events[1:]
		r.tellOne(e)
	}
}

// tellOne calls the hook without the lock.
func (r *RemoteKeySet) tellOne(e Event) {
	r.mu.Unlock()
	defer r.mu.Lock()
	contained(&r.panicked, "RemoteOptions.OnEvent", func() { r.onEvent(e) })
}

// contained calls a hook of the user's. A panic ends the hook and nothing else; the first is reported.
func contained(reported *sync.Once, hook string, call func()) {
	defer func() {
		defer func() { recover() }() // from a panic of the slog handler
		if cause := recover(); cause != nil {
			reported.Do(func() {
				slog.Error("jwt: "+hook+" panicked; later panics of it are not reported", "cause", cause, "stack", string(debug.Stack()))
			})
		}
	}()
	call()
}
