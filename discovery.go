// This file keeps an issuer's keys: where they are (OpenID Connect Discovery, RFC 8414), how they
// are fetched, how long they are good, and when they may be asked for again. It is the only
// outbound network access of the package.

package jwt

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A fetch lasts as long as its slowest caller waits; beyond a minute nobody does.
	defaultFetchTimeout = 5 * time.Second
	maxFetchTimeout     = time.Minute

	// How long a set is fresh without a word from the issuer, and the bounds of the issuer's word:
	// below a minute it would be asked for nothing, above an hour a withdrawn key would live on.
	defaultFresh = 10 * time.Minute
	minFresh     = time.Minute
	maxFresh     = time.Hour

	defaultStale = time.Hour      // how long the last good set serves after that, while the issuer is down
	maxStale     = 24 * time.Hour // beyond it a withdrawn key would verify for too long

	// A set is renewed in the background between these shares of its freshness, by chance: a fleet
	// that starts together shall not renew together.
	minRenewal = 0.72
	maxRenewal = 0.88

	// Pauses after failed fetches: short after one, for it may be chance, and never so long that an
	// issuer that is back finds us asleep.
	minBackoff        = time.Second
	maxBackoff        = 30 * time.Second
	maxDoublings      = 10              // of minBackoff: far beyond maxBackoff, and no overflow
	backoffJitter     = 0.2             // of the pause, up or down: a fleet shall not come back at once
	maxRetryAfter     = 5 * time.Minute // what an issuer may ask for
	defaultRetryAfter = 5 * time.Second // for sources that do not say

	// Fetches that tokens can cause: an attacker can name any kid.
	fetchBudget = 2
	fetchRefill = 10 * time.Second

	maxAbsent     = 256              // kids remembered as absent; an attacker can name any number
	absentFor     = 30 * time.Second // and for how long
	trustedFor    = time.Minute      // a set younger than this is not asked again for a failed signature
	retrySameKey  = time.Minute      // nor is one kid's failed signature a reason more often than this
	metadataFresh = time.Hour        // how long the address of the key set is believed

	maxResponseHeader = 64 << 10 // of a response, in bytes; net/http would take 10 MiB
	maxBearerToken    = 64 << 10 // of RemoteOptions.BearerTokenFile; what net/http sends is shorter
)

// RemoteOptions are the settings of a [RemoteKeySet]. The zero value, and nil, are what most
// services want.
type RemoteOptions struct {
	// Client makes the requests. Redirects are refused and cookies are not kept, whatever it is set
	// to do. Nil: a client of the key set's own, with the proxy settings of the environment.
	Client *http.Client

	// Timeout limits a fetch: all its requests together, answers included. Zero: 5 seconds; more
	// than a minute is refused.
	Timeout time.Duration

	// MaxStale is how long the last good keys serve while the issuer cannot be reached, counted
	// from the end of their freshness. Zero: 1 hour; negative: not at all; more than 24 hours is
	// refused.
	MaxStale time.Duration

	// MetadataURL is where Discover reads the issuer's metadata, if that is not where the standards
	// say. Its issuer must equal the one that is asked for all the same. Empty: the standard places.
	MetadataURL string

	// RootCAs are the certificate authorities that are trusted, for an issuer within a cluster. It
	// cannot be set together with Client. Nil: those of the system.
	RootCAs *x509.CertPool

	// BearerTokenFile names a file with a token that is sent with requests, as the API server of
	// Kubernetes asks for it. It is read for every request, because such files are replaced, and
	// is sent only to the scheme, host and port that were configured. Empty: none.
	BearerTokenFile string

	// Snapshot is what RemoteKeySet.Snapshot returned before the process was restarted: its
	// keys serve, as long as they would have served then, until the issuer can be reached. One that was
	// changed, is of another issuer or comes from the future is an error. Nil: none.
	Snapshot []byte

	// SnapshotFile keeps the snapshot in a file: it is read before the first fetch, and written
	// after each good one. A file that cannot be used is told to OnEvent and otherwise ignored.
	// Whoever can write the file can choose the keys. Empty: none.
	SnapshotFile SnapshotFile

	// OnEvent is told of every transition, one at a time and in their order, by a goroutine that
	// fetches: while it runs, no further event is told. Nil: nobody is told.
	OnEvent func(Event)

	// InsecureLoopbackHTTP allows http instead of https, with localhost, 127.0.0.0/8 and ::1 alone:
	// for tests and demos. Anybody who can listen on the loopback interface can then be the issuer.
	InsecureLoopbackHTTP bool
}

// A RemoteKeySet is the key set that an issuer publishes. It is fetched when the first token needs
// it, kept as long as the issuer allows (1 minute to 1 hour; 10 minutes if it does not say),
// renewed in the background before that ends, and used on for an hour if the issuer cannot be
// reached. A kid that is not in the set makes it fetch again, at most twice at once and then once
// in 10 seconds. It is safe for concurrent use, and holds no goroutine but the one of a fetch.
type RemoteKeySet struct {
	issuer    string // what the metadata must name; empty if the key set's address was given
	address   string // of the key set; empty if it is discovered
	client    *http.Client
	timeout   time.Duration
	stale     time.Duration
	http      bool   // InsecureLoopbackHTTP
	metadata  string // MetadataURL
	tokenFile string
	file      SnapshotFile
	onEvent   func(Event)
	panicked  sync.Once // the hook: it was reported

	restoring sync.Once // of file, before the first fetch
	born      time.Time

	current atomic.Pointer[fetched] // the last good set, replaced whole; nil before the first
	quiet   atomic.Int64            // nanoseconds since born: until then no renewal may start
	failing atomic.Bool             // the last fetch failed

	mu       sync.Mutex // guards what follows; never held across I/O
	flight   *flight    // the fetch under way; nil if none is
	failed   int        // fetches that failed since the last good one
	retry    time.Time  // when the next fetch may start after a failed one
	lastErr  error      // of the last fetch
	left     int        // of fetchBudget
	refilled time.Time
	absent   map[absence]time.Time // when a fetch confirmed that the set has no such key
	doubted  map[string]time.Time  // kid: when its failed signature last caused a fetch
	fetches  int
	failures int
	reported condition
	events   []Event // not yet told
	telling  bool
}

// fetched is one good answer. It never changes.
type fetched struct {
	keys         *KeySet
	raw          []byte // as it was sent
	began        time.Time
	at           time.Time
	lifetime     time.Duration // of its freshness
	renew        time.Time     // from here on it is renewed in the background
	fresh        time.Time     // until here it is used without a question
	stale        time.Time     // until here it is used if the issuer cannot be reached
	digest       [sha256.Size]byte
	etag         string
	lastModified string
	address      string
	discovered   time.Time
	withdrawn    []string // kids that the set before had
}

// find picks the key that h means, and says of one that was there until the keys changed that it was.
func (s *fetched) find(h *Header) (*Key, *Error) {
	k, err := s.keys.find(h)
	if err != nil && err.Reason == ReasonKeyUnknown && slices.Contains(s.withdrawn, h.KeyID) {
		err.Hint = "the issuer has withdrawn that key: the client needs a new token"
	}
	return k, err
}

// lacking lists the kids of usable keys that the newer set does not have.
func (s *KeySet) lacking(newer *KeySet) (kids []string) {
	for k := range s.usable {
		if k.id != "" && len(newer.byID[k.id]) == 0 {
			kids = append(kids, k.id)
		}
	}
	return kids
}

// flight is one fetch that any number of callers wait for.
type flight struct {
	began time.Time
	spent bool          // it was paid from the budget
	done  chan struct{} // closed at its end
	err   error         // valid then
}

// Discover returns the key set of an issuer whose metadata names it. It does no I/O. When keys are
// needed it reads the metadata from {issuer}/.well-known/openid-configuration (OpenID Connect
// Discovery section 4.1) or else from /.well-known/oauth-authorization-server between host and path
// (RFC 8414 section 3.1). The issuer in the metadata must equal issuer byte for byte.
func Discover(issuer string, o *RemoteOptions) (*RemoteKeySet, error) {
	r, err := newRemoteKeySet(&RemoteKeySet{issuer: issuer}, o)
	if err != nil {
		return nil, fmt.Errorf("jwt: Discover: %w", err)
	}
	return r, nil
}

// NewRemoteKeySet returns the key set at an address that is known. It does no I/O.
func NewRemoteKeySet(jwksURL string, o *RemoteOptions) (*RemoteKeySet, error) {
	r, err := newRemoteKeySet(&RemoteKeySet{address: jwksURL}, o)
	if err != nil {
		return nil, fmt.Errorf("jwt: NewRemoteKeySet: %w", err)
	}
	return r, nil
}

// newRemoteKeySet completes r, of which the issuer or the address is set.
func newRemoteKeySet(r *RemoteKeySet, o *RemoteOptions) (*RemoteKeySet, error) {
	if o == nil {
		o = &RemoteOptions{}
	}
	r.http, r.timeout, r.stale = o.InsecureLoopbackHTTP, o.Timeout, o.MaxStale
	r.metadata, r.tokenFile, r.file, r.onEvent = o.MetadataURL, o.BearerTokenFile, o.SnapshotFile, o.OnEvent
	r.born = time.Now()
	r.left, r.absent, r.doubted = fetchBudget, map[absence]time.Time{}, map[string]time.Time{}
	if err := r.permitted(r.configured()); err != nil {
		return nil, err
	}
	switch u, _ := url.Parse(r.issuer); {
	case r.metadata == "" && u != nil && (u.RawQuery != "" || u.ForceQuery):
		return nil, errors.New("an issuer has no query (RFC 8414 section 2): set a MetadataURL")
	case o.MetadataURL != "" && r.address != "":
		return nil, errors.New("the MetadataURL contradicts the address of a key set")
	case o.Timeout < 0 || o.Timeout > maxFetchTimeout:
		return nil, fmt.Errorf("the Timeout is not from 0 to %v", maxFetchTimeout)
	case o.Timeout == 0:
		r.timeout = defaultFetchTimeout
	}
	switch {
	case o.MaxStale > maxStale:
		return nil, fmt.Errorf("the MaxStale is over %v", maxStale)
	case o.MaxStale == 0:
		r.stale = defaultStale
	case o.MaxStale < 0:
		r.stale = 0
	}
	client := http.Client{}
	if o.Client != nil {
		if o.RootCAs != nil {
			return nil, errors.New("the RootCAs cannot be set together with Client")
		}
		client = *o.Client
	} else if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport := standard.Clone()
		transport.MaxResponseHeaderBytes = maxResponseHeader
		if o.RootCAs != nil {
			transport.TLSClientConfig = &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
		}
		client.Transport = transport
	} else if o.RootCAs != nil {
		return nil, errors.New("the RootCAs cannot be used: http.DefaultTransport was replaced")
	}
	// A redirect would let whoever answers choose another origin, and so the keys.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	r.client = &client
	if o.Snapshot != nil {
		set, err := r.restored(o.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("the Snapshot is refused: %w", err)
		}
		r.current.Store(set)
	}
	return r, nil
}

// source names the key set in events and snapshots.
func (r *RemoteKeySet) source() string { return r.issuer + r.address } // one of them is empty

// configured is the address that requests go to first.
func (r *RemoteKeySet) configured() string {
	if r.metadata != "" {
		return r.metadata
	}
	return r.source()
}

// permitted checks an address that keys or metadata are fetched from.
func (r *RemoteKeySet) permitted(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL")
	}
	switch plain := quote(plainAddress(address)); {
	case u.User != nil:
		return errors.New("it has user information, which is never sent") // and perhaps a password
	case u.Scheme == "http" && r.http && !isLoopback(u.Hostname()):
		return fmt.Errorf("%s is http, and its host is not loopback", plain)
	case u.Scheme != "https" && (u.Scheme != "http" || !r.http):
		return fmt.Errorf("%s is not https", plain)
	case u.Hostname() == "" || strings.Contains(address, "#"):
		return fmt.Errorf("%s has no host, or it has a fragment", plain)
	}
	return nil
}

// plainAddress is an address without its query, which may hold a secret.
func plainAddress(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Format prints whose keys they are whatever the verb: not what tokens have asked for meanwhile, and
// no query, which may hold a secret.
func (r *RemoteKeySet) Format(f fmt.State, _ rune) {
	if r == nil {
		fmt.Fprint(f, "jwt.RemoteKeySet(nil)")
		return
	}
	fmt.Fprintf(f, "jwt.RemoteKeySet(%s)", quote(plainAddress(r.source())))
}

// Key implements [KeySource].
func (r *RemoteKeySet) Key(ctx context.Context, h Header) (*Key, error) {
	k, _, err := r.find(ctx, &h)
	if err != nil {
		return nil, err
	}
	return k, nil
}

// find also returns the time when it had done: keys may have to be waited for.
func (r *RemoteKeySet) find(ctx context.Context, h *Header) (_ *Key, at time.Time, _ *Error) {
	asked := time.Now()
	if r != nil && h.Algorithm.kty() == "oct" { // never in a published set, so never a reason to fetch it
		published := new(Key) // not known before the first fetch
		if set := r.current.Load(); set != nil {
			for published = range set.keys.usable {
				break // any will do
			}
		}
		return nil, asked, published.mismatch(h)
	}
	set, at, err := r.usable(ctx, asked)
	if err != nil {
		return nil, at, err
	}
	k, err := set.find(h)
	if err == nil || err.Reason == ReasonKeyAmbiguous {
		return k, at, err
	}
	if set.began.After(asked) || set.began.Equal(asked) && at.After(asked) { // it was fetched for this very token
		r.remember(h)
		return nil, at, err
	}
	return r.again(ctx, h, asked, at, err)
}

// absence is what a key that a fetch confirmed to be absent is remembered by.
type absence struct {
	kid string
	alg Algorithm
}

func absenceOf(h *Header) absence {
	return absence{h.KeyID + "\n" + h.x5t + "\n" + h.x5tS256, h.Algorithm}
}

// usable returns the set that may serve now, and the time for which it may: later than now if it had
// to be waited for. Nobody waits while one may serve.
func (r *RemoteKeySet) usable(ctx context.Context, now time.Time) (*fetched, time.Time, *Error) {
	if r == nil || r.client == nil {
		return nil, now, &Error{Reason: ReasonKeyUnknown, detail: "no key set is configured"}
	}
	set := r.current.Load()
	if set == nil {
		set, now = r.last(), time.Now() // a snapshot file may have taken its time
	}
	serves := set != nil && (now.Before(set.fresh) || r.failing.Load() && now.Before(set.stale))
	if serves && (now.Before(set.renew) || int64(now.Sub(r.born)) < r.quiet.Load()) {
		return set, now, nil // the usual way takes no lock
	}
	f := r.renewal(now)
	if serves {
		return set, now, nil
	}
	if f != nil && !f.wait(ctx) {
		return nil, now, unavailable(ctx.Err(), minBackoff)
	}
	now = time.Now()
	if set = r.current.Load(); set != nil && now.Before(set.stale) {
		return set, now, nil
	}
	return nil, now, r.unavailable()
}

// last returns the last good set, if need be that of the snapshot file; nil if there is none.
func (r *RemoteKeySet) last() *fetched {
	set := r.current.Load()
	if set == nil && r.file != "" {
		r.restoring.Do(r.restore)
		set = r.current.Load()
	}
	return set
}

// renewal joins the fetch under way or starts one; nil if the last one failed too recently.
func (r *RemoteKeySet) renewal(now time.Time) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight == nil && !now.Before(r.retry) {
		r.begin(now, false)
	}
	return r.flight
}

// again looks for a key that the set does not have: it may have been published since. What a fetch
// may cost is bounded by the budget; a flood of unknown kids empties that, and disturbs nobody else.
// It also returns the time when it had done.
func (r *RemoteKeySet) again(ctx context.Context, h *Header, asked, now time.Time, refusal *Error) (*Key, time.Time, *Error) {
	for {
		r.mu.Lock()
		f := r.flight
		switch {
		case now.Before(r.absent[absenceOf(h)].Add(absentFor)):
			r.mu.Unlock()
			return nil, now, refusal
		case f != nil:
		case now.Before(r.retry):
			r.mu.Unlock()
			return nil, now, r.unavailable()
		case !r.spend(now):
			r.mu.Unlock()
			return nil, now, refusal
		default:
			f = r.begin(now, true)
		}
		r.mu.Unlock()
		arrived := f.wait(ctx)
		now = time.Now()
		if !arrived {
			return nil, now, unavailable(ctx.Err(), minBackoff)
		}
		if f.err != nil {
			return nil, now, r.unavailable()
		}
		k, err := r.current.Load().find(h)
		if err == nil || err.Reason == ReasonKeyAmbiguous {
			return k, now, err
		}
		refusal = err
		if !f.began.Before(asked) { // this answer is newer than the token
			r.remember(h)
			return nil, now, refusal
		}
	}
}

// remember notes a key that a fetch confirmed to be absent, while there is room.
func (r *RemoteKeySet) remember(h *Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if len(r.absent) >= maxAbsent {
		for name, since := range r.absent {
			if !now.Before(since.Add(absentFor)) {
				delete(r.absent, name)
			}
		}
	}
	if len(r.absent) < maxAbsent {
		// Copies: a piece of a header would keep all of it.
		of := absenceOf(h)
		r.absent[absence{of.kid, Algorithm(strings.Clone(string(of.alg)))}] = now
	}
}

// replacement looks for another key under the id of one whose signature failed: an issuer may
// replace the key and keep the id. It returns nil if there is none, or if it is too soon to ask. refusal is
// set if the caller's context ends first.
func (r *RemoteKeySet) replacement(ctx context.Context, h *Header, failed *Key) (k *Key, refusal *Error) {
	other := func() *Key {
		if k, err := r.current.Load().keys.find(h); err == nil && k.thumbprint != failed.thumbprint {
			return k
		}
		return nil
	}
	if k := other(); k != nil { // somebody else has asked meanwhile
		return k, nil
	}
	now := time.Now()
	r.mu.Lock()
	set, f := r.current.Load(), r.flight
	switch {
	case now.Sub(set.at) < trustedFor, now.Before(r.doubted[h.KeyID].Add(retrySameKey)), now.Before(r.retry):
		r.mu.Unlock()
		return nil, nil
	case f == nil && !r.spend(now):
		r.mu.Unlock()
		return nil, nil
	case f == nil:
		f = r.begin(now, true)
	}
	r.doubted[h.KeyID] = now // of a key in the set, so there are at most maxKeys
	r.mu.Unlock()
	switch {
	case !f.wait(ctx):
		return nil, unavailable(ctx.Err(), minBackoff)
	case f.err != nil:
		return nil, nil
	}
	return other(), nil
}

// spend takes one fetch from the budget. The caller holds mu.
func (r *RemoteKeySet) spend(now time.Time) bool {
	if r.left < fetchBudget {
		if n := int(now.Sub(r.refilled) / fetchRefill); n > 0 {
			r.left = min(r.left+n, fetchBudget)
			r.refilled = r.refilled.Add(time.Duration(n) * fetchRefill)
		}
	}
	if r.left == 0 {
		return false
	}
	if r.left == fetchBudget {
		r.refilled = now
	}
	r.left--
	return true
}

// begin starts a fetch. The caller holds mu and has seen that none is under way.
func (r *RemoteKeySet) begin(now time.Time, spent bool) *flight {
	r.flight = &flight{began: now, spent: spent, done: make(chan struct{})}
	r.quiet.Store(int64(now.Add(r.timeout).Sub(r.born)))
	go r.run(r.flight)
	return r.flight
}

// wait returns false if the caller's context ends first. That ends nothing for the others.
func (f *flight) wait(ctx context.Context) bool {
	select {
	case <-f.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// run fetches, and puts the answer where everybody finds it. It ends within the time limit. There is
// one at a time, so no older answer can come after a newer one.
func (r *RemoteKeySet) run(f *flight) {
	old := r.current.Load()
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	set, wait, err := r.fetch(ctx, old)
	if set != nil {
		set.began = f.began
	}
	r.land(f, old, set, wait, err)
	if err == nil && r.file != "" && r.current.Load() == set {
		r.save(set)
	}
	r.tell()
}

// land ends a flight.
func (r *RemoteKeySet) land(f *flight, old, set *fetched, wait time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(f.done)
	r.flight = nil
	r.fetches++
	r.lastErr, f.err = err, err
	now := time.Now()
	if err != nil {
		r.failures++
		if f.spent {
			r.left = min(r.left+1, fetchBudget)
		}
		back := min(minBackoff<<min(r.failed, maxDoublings), maxBackoff)
		r.failed++
		back += time.Duration((2*rand.Float64() - 1) * backoffJitter * float64(back))
		r.retry = now.Add(max(back, wait))
		r.quiet.Store(int64(r.retry.Sub(r.born)))
		r.failing.Store(true)
		r.raise(Event{Kind: EventFailed, Err: err, NextAttempt: r.retry})
		switch {
		case (old == nil || !now.Before(old.stale)) && r.reported < gone:
			r.reported = gone
			r.raise(Event{Kind: EventUnavailable, Err: err, NextAttempt: r.retry})
		case old != nil && !now.Before(old.fresh) && r.reported < stale:
			r.reported = stale
			r.raise(Event{Kind: EventStale, Err: err, NextAttempt: r.retry})
		}
		return
	}
	kind := EventNotModified
	var before *KeySet
	if old != nil {
		before = old.keys
	}
	if before != set.keys {
		kind = EventFetched
		clear(r.absent)
		clear(r.doubted)
	}
	r.raise(Event{Kind: kind})
	if before != set.keys {
		r.raiseKeys(before, set.keys)
	}
	if r.failed > 0 {
		r.raise(Event{Kind: EventRecovered})
	}
	r.failed, r.retry, r.reported = 0, time.Time{}, good
	r.current.Store(set)
	r.failing.Store(false)
	r.quiet.Store(0)
}

// nextAsk is the earliest time at which a token can make the set be fetched again. The caller holds mu.
func (r *RemoteKeySet) nextAsk() time.Time {
	next := r.retry
	if refill := r.refilled.Add(fetchRefill); r.left == 0 && refill.After(next) {
		next = refill
	}
	return next
}

// unavailable says why there are no keys and when there may be.
func (r *RemoteKeySet) unavailable() *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	retry := max(time.Until(r.retry), minBackoff)
	if r.lastErr == nil {
		return &Error{Reason: ReasonKeysUnavailable, RetryAfter: retry, detail: "the last keys are too old to be used"}
	}
	e := unavailable(r.lastErr, retry)
	e.detail = cut(r.lastErr.Error(), 2*maxDetail) // it is fit to be printed already
	if f := misnamed(r.lastErr); f != nil {        // all that matters then
		e.Member, e.Got, e.Want = "issuer", snippet(f.Issuer), quote(r.issuer)
		e.detail = f.Address + " names the issuer " + quote(f.Issuer) + ", want " + e.Want
		if miss := nearMiss(f.Issuer, r.issuer); miss != "" {
			e.Hint = miss + ": configure the issuer as its metadata has it"
		}
	}
	return e
}

// misnamed finds the answer whose metadata is another issuer's; nil if there is none.
func misnamed(err error) *FetchError {
	var all fetchErrors
	if !errors.As(err, &all) {
		all = fetchErrors{err}
	}
	for _, err := range all {
		if f := (*FetchError)(nil); errors.As(err, &f) && f.Issuer != "" {
			return f
		}
	}
	return nil
}

// fetch reads the metadata, if the key set's address is not known well enough, and the key set.
// wait is how long the issuer asks to be left alone; only with an error.
func (r *RemoteKeySet) fetch(ctx context.Context, old *fetched) (set *fetched, wait time.Duration, err error) {
	set = &fetched{address: r.address}
	switch {
	case r.address != "":
	case old != nil && !r.failing.Load() && time.Since(old.discovered) < metadataFresh:
		set.address, set.discovered = old.address, old.discovered
	default:
		set.discovered = time.Now()
		if set.address, wait, err = r.discover(ctx); err != nil {
			return nil, wait, err
		}
	}
	condition := http.Header{}
	if old != nil && old.address == set.address {
		if old.etag != "" {
			condition.Set("If-None-Match", old.etag)
		}
		if old.lastModified != "" {
			condition.Set("If-Modified-Since", old.lastModified)
		}
	}
	a, err := r.get(ctx, set.address, condition)
	if err != nil {
		return nil, a.retryAfter(), err
	}
	set.at = time.Now()
	set.lifetime = a.freshness(set.at, old)
	set.fresh = set.at.Add(set.lifetime)
	set.stale = set.fresh.Add(r.stale)
	set.renew = set.at.Add(time.Duration(float64(set.lifetime) * (minRenewal + (maxRenewal-minRenewal)*rand.Float64())))
	if old != nil {
		set.withdrawn = old.withdrawn
	}
	if a.status == http.StatusNotModified && len(condition) > 0 {
		set.keys, set.raw, set.digest, set.etag, set.lastModified = old.keys, old.raw, old.digest, old.etag, old.lastModified
		return set, 0, nil
	}
	if a.status != http.StatusOK {
		return nil, a.retryAfter(), a.refused()
	}
	set.etag, set.lastModified = a.validator("ETag"), a.validator("Last-Modified")
	set.digest, set.raw = sha256.Sum256(a.body), a.body
	if old != nil && old.digest == set.digest {
		set.keys = old.keys
	} else if set.keys, err = parseKeySet(a.body); err != nil {
		return nil, 0, a.wrong(err)
	} else if old != nil {
		set.withdrawn = old.keys.lacking(set.keys)
	}
	return set, 0, nil
}

// discover returns the address of the key set from the issuer's metadata. The second place is asked
// if the first one answers, and not with the metadata.
func (r *RemoteKeySet) discover(ctx context.Context) (address string, wait time.Duration, err error) {
	places := []string{r.metadata}
	if r.metadata == "" {
		u, _ := url.Parse(r.issuer) // permitted has parsed it
		places = []string{
			strings.TrimSuffix(r.issuer, "/") + "/.well-known/openid-configuration",
			u.Scheme + "://" + u.Host + "/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.EscapedPath(), "/"),
		}
	}
	var errs fetchErrors
	for _, from := range places {
		a, err := r.get(ctx, from, nil)
		if err != nil {
			return "", a.retryAfter(), append(errs, err)
		}
		if address, err = r.metadataOf(a); err == nil {
			return address, 0, nil
		}
		errs, wait = append(errs, err), max(wait, a.retryAfter())
	}
	return "", wait, errs
}

// metadataOf reads one metadata document. Of all its members two count.
func (r *RemoteKeySet) metadataOf(a answer) (address string, err error) {
	if a.status != http.StatusOK {
		return "", a.refused()
	}
	issuer, address, err := parseMetadata(withoutMark(string(a.body)))
	if err != nil {
		return "", a.wrong(err)
	}
	if issuer != r.issuer {
		fault := "names the issuer " + quote(issuer) + ", not " + quote(r.issuer)
		if miss := nearMiss(issuer, r.issuer); miss != "" {
			fault += ": " + miss
		}
		e := a.wrong(errors.New(fault))
		e.Issuer = issuer
		return "", e
	}
	if err := r.permitted(address); err != nil {
		return "", a.wrong(fmt.Errorf("jwks_uri: %w", err))
	}
	return address, nil
}

// parseMetadata reads issuer and jwks_uri (RFC 8414 section 2).
func parseMetadata(text string) (issuer, address string, err error) {
	s := scanner{text: text}
	for name := range s.members {
		var value *string
		switch name {
		case "issuer":
			value = &issuer
		case "jwks_uri":
			value = &address
		default:
			s.skip()
			continue
		}
		*value, _ = s.string()
	}
	switch fault := s.end(); {
	case fault != "":
		return "", "", errors.New("not issuer metadata: " + fault)
	case issuer == "":
		return "", "", errors.New("not issuer metadata: issuer is absent")
	case address == "":
		return "", "", errors.New("not issuer metadata: jwks_uri is absent")
	}
	return issuer, address, nil
}

// sameOrigin compares scheme, host and port (RFC 6454 section 4).
func sameOrigin(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && x.Host == y.Host
}

// answer is a response that was read within its limits.
type answer struct {
	from   string // its address without the query, which may hold a secret
	status int
	header http.Header
	body   []byte
}

// get makes one request. Its time limit covers the body, its size limit counts what the body is
// after decompression.
func (r *RemoteKeySet) get(ctx context.Context, from string, header http.Header) (answer, error) {
	plain := escaped(plainAddress(from), maxDetail)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return answer{}, &FetchError{Address: plain, Err: printableError{err}}
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	if r.tokenFile != "" && sameOrigin(from, r.configured()) {
		token, err := readLimited(r.tokenFile, maxBearerToken)
		if err != nil {
			return answer{}, &FetchError{Address: plain, Err: printableError{fmt.Errorf("BearerTokenFile: %w", err)}}
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	resp, err := r.client.Do(req)
	if err != nil {
		if in := (*url.Error)(nil); errors.As(err, &in) {
			err = in.Err
		}
		return answer{}, &FetchError{Address: plain, Err: printableError{err}}
	}
	defer resp.Body.Close()
	a := answer{from: plain, status: resp.StatusCode, header: resp.Header}
	if a.status != http.StatusOK {
		return a, nil
	}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxKeySetSize+1)); err != nil {
		return a, a.wrong(printableError{err})
	}
	if len(a.body) > maxKeySetSize {
		return a, a.wrong(fmt.Errorf("the answer is longer than %d bytes", maxKeySetSize))
	}
	return a, nil
}

// A FetchError says what is wrong with one answer of an issuer, or why there was none. [errors.As]
// finds it behind [ErrUnavailable]. Its text is safe to print.
type FetchError struct {
	Address     string // without its query, which may hold a secret
	Status      int    // of the answer; 0 if there was none
	ContentType string // of the answer: text/html shows a login page or a proxy in between
	Issuer      string // that the metadata names, if it is not the one that was asked for; not escaped
	Err         error  // nil if Status alone is wrong
}

func (e *FetchError) Error() string {
	switch {
	case e.Status >= 300 && e.Status < 400:
		return fmt.Sprintf("%s answers with a redirect (status %d), and redirects are not followed", e.Address, e.Status)
	case e.Err == nil:
		return fmt.Sprintf("%s answers with status %d", e.Address, e.Status)
	case e.Issuer != "":
		return e.Address + " " + e.Err.Error()
	case e.ContentType != "":
		return fmt.Sprintf("%s (%s): %v", e.Address, snippet(e.ContentType), e.Err)
	}
	return e.Address + ": " + e.Err.Error()
}

func (e *FetchError) Unwrap() error { return e.Err }

// fetchErrors are those of all places that were asked.
type fetchErrors []error

func (e fetchErrors) Error() string {
	var all []string
	for _, err := range e {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func (e fetchErrors) Unwrap() []error { return e }

// refused is the error of an answer whose status is not the one that was hoped for.
func (a answer) refused() error { return a.wrong(nil) }

// wrong is the error of an answer that does not hold what it should.
func (a answer) wrong(err error) *FetchError {
	return &FetchError{Address: a.from, Status: a.status, ContentType: a.header.Get("Content-Type"), Err: err}
}

// freshness reads Cache-Control and Expires (RFC 9111 sections 5.2.2 and 5.3) within our bounds. An
// answer that the keys are the same and no more keeps what the last one said.
func (a answer) freshness(now time.Time, old *fetched) time.Duration {
	fresh := defaultFresh
	if a.status == http.StatusNotModified && old != nil {
		fresh = old.lifetime
	}
	if expires := a.header.Get("Expires"); expires != "" {
		t, _ := http.ParseTime(expires) // such as "0": already past
		fresh = t.Sub(now)
	}
	for directive := range strings.SplitSeq(strings.Join(a.header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-cache", "no-store":
			return minFresh
		case "max-age":
			// A number that is too large is as good as the largest, and what is none as the least.
			n, _ := strconv.ParseUint(strings.Trim(value, `"`), 10, 32)
			age, _ := strconv.ParseUint(a.header.Get("Age"), 10, 32)
			fresh = time.Duration(n)*time.Second - time.Duration(age)*time.Second
		}
	}
	return min(max(fresh, minFresh), maxFresh)
}

// validator reads ETag or Last-Modified. One that is not plain text is none: it would not survive
// in a snapshot.
func (a answer) validator(name string) string {
	if value := a.header.Get(name); printable(value) {
		return value
	}
	return ""
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3).
func (a answer) retryAfter() time.Duration {
	value := a.header.Get("Retry-After")
	wait := time.Duration(0)
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(value); err == nil {
		wait = time.Until(t)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// Warm fetches the keys if there are none that are fresh, and waits for them. Its error is the one
// that a token would be refused with: none if the last keys serve although the issuer is down.
func (r *RemoteKeySet) Warm(ctx context.Context) error {
	if r != nil && r.client != nil {
		if set := r.last(); set == nil || !time.Now().Before(set.fresh) {
			if f := r.renewal(time.Now()); f != nil {
				f.wait(ctx)
			}
		}
	}
	if _, _, err := r.usable(ctx, time.Now()); err != nil {
		return err
	}
	return nil
}

// printableError makes an error of the network fit to be printed: whoever answers, even with a
// certificate that is refused, has a word in it.
type printableError struct{ cause error }

func (e printableError) Error() string { return foreign(e.cause) }

func (e printableError) Unwrap() error { return e.cause }
