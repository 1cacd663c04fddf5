// This file keeps an issuer's keys: when they are asked for, and how long they serve; then where they
// are (OpenID Connect Discovery, RFC 8414) and how they are fetched. It is the only outbound network
// access of the package.

package jwt

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
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
	// The limit of one request. A fetch makes up to four, so a slow issuer may take some seconds for each.
	defaultTimeout = 5 * time.Second
	maxTimeout     = time.Minute
	fetchTimeouts  = 2 // a fetch lasts as long as so many requests may

	// How long a set is fresh if the answer does not say, and the bounds of what it says: below a
	// minute renewals would be needless, above an hour a withdrawn key would verify for too long.
	defaultFresh = 10 * time.Minute
	minFresh     = time.Minute
	maxFresh     = time.Hour

	defaultStale = time.Hour      // how long the last good set serves after that, while the issuer is down
	maxStale     = 24 * time.Hour // beyond it a withdrawn key would verify for too long

	// A set is renewed in the background from this share of its freshness on. The share is drawn at random
	// between these, so that a fleet that starts together does not renew together.
	minRenewal = 0.80
	maxRenewal = 0.90

	// Pauses of the renewal after failed fetches: short after the first failure, which may be chance, and
	// later short enough that keys are renewed soon after the issuer is back.
	minBackoff        = time.Second
	maxBackoff        = 30 * time.Second
	maxDoublings      = 10          // of minBackoff: far beyond maxBackoff, and no overflow
	backoffJitter     = 0.2         // of the pause, up or down: a fleet shall not come back at once
	maxRetryAfter     = time.Minute // what an issuer may ask for: longer would delay a rotation
	defaultRetryAfter = 5 * time.Second

	// Look-ups are the fetches that tokens cause. An attacker can invent kids without end, hence the budget.
	lookUpBudget  = 2
	lookUpRefill  = 10 * time.Second
	lookUpSpacing = 2 * time.Second

	// A set that was fetched within this time proves that a key is not there. The budget has a new
	// look-up after the same time, so that under a flood each refusal can still be proven.
	proofTime = lookUpRefill

	// How long a verification waits: in all, and for the renewal of a set that could serve.
	defaultMaxWait = 5 * time.Second
	maxMaxWait     = time.Minute
	renewalWait    = time.Second

	warmAtOnce = 8 // key sets; more would be a burst for a host that serves them all

	metadataFresh = time.Minute // while the address of the keys is known, the pause between two reads of the metadata

	maxResponseHeader = 64 << 10 // of a response, in bytes; net/http would take 10 MiB
	maxBearerToken    = 64 << 10 // of RemoteOptions.BearerTokenFile; what net/http sends is shorter

	// The transport that all key sets of a process share: few idle connections with a short timeout, and
	// pings by which HTTP/2 notices a dead connection.
	maxConnsPerHost = 64
	maxIdleConns    = 16
	idleTimeout     = 30 * time.Second
	pingAfter       = 10 * time.Second
	pingTimeout     = 5 * time.Second
)

// RemoteOptions are the settings of a [RemoteKeySet]. The zero value, and nil, are what most
// services want.
type RemoteOptions struct {
	// Client makes the requests. Redirects are refused and cookies are not kept, even if Client would.
	// Nil: a client with the proxy settings of the environment; all key sets of the process share its
	// transport.
	Client *http.Client

	// Timeout limits each request with its answer. The limit of a fetch, which may need several
	// requests, is twice as long. Zero: 5 seconds; more than a minute is refused.
	Timeout time.Duration

	// MaxWait is how long a verification waits for keys in all. If the set has its key, it waits up to
	// one second, and only for the renewal of a set that is past its freshness. Zero: 5 seconds; more
	// than a minute is refused.
	MaxWait time.Duration

	// MaxStale is how long the last good keys serve while the issuer cannot be reached, counted
	// from the end of their freshness. Zero: 1 hour; negative: not at all; more than 24 hours is
	// refused.
	MaxStale time.Duration

	// MetadataURL is where Discover reads the issuer's metadata, if that is not where the standards
	// say. The issuer in it must still equal the one of Discover. Empty: the standard places.
	MetadataURL string

	// RootCAs are the certificate authorities that are trusted, for an issuer within a cluster. It
	// cannot be set together with Client. Nil: those of the system.
	RootCAs *x509.CertPool

	// Header is sent with every request to the scheme, host and port that were configured, and
	// nowhere else; over http only to loopback. Host, Cookie, Connection and Content-Length are refused,
	// and so are fields that make a request conditional or change the answer. Nil: none.
	Header http.Header

	// BearerTokenFile names a file with a token. The token is sent as Authorization wherever Header would
	// be sent; the API server of Kubernetes asks for it. It is a regular file and is read for every
	// request, because such files are replaced. Empty: none.
	BearerTokenFile string

	// Snapshot is what RemoteKeySet.Snapshot returned before the process was restarted: its
	// keys serve until the issuer can be reached, but no longer than they would have served then. A snapshot
	// that was changed, is of another issuer or has a time in the future is an error. Nil: none.
	Snapshot []byte

	// SnapshotFile keeps the snapshot in a file: it is read before the first fetch, and written
	// after each good one. A file that cannot be used is ignored, and OnEvent reports it.
	// Whoever can write the file can choose the keys. Empty: none.
	SnapshotFile SnapshotFile

	// OnEvent is called for every transition, one at a time and in their order, by a goroutine that
	// fetches. While it runs, further events wait. Nil: no calls.
	OnEvent func(Event)

	// InsecureLoopbackHTTP allows http instead of https, with localhost, 127.0.0.0/8 and ::1 alone:
	// for tests and demos. Anybody who can listen on the loopback interface can then be the issuer.
	InsecureLoopbackHTTP bool

	// InsecureHTTPHosts allows http instead of https with these hosts, each written exactly as in
	// the address and without its port: for an issuer in one's own compose file, cluster or mesh.
	// Whoever can answer for such a name, or can intercept requests to it, can then publish keys of
	// their own and sign every token. An https address that leads to an http one is refused. Nil: none.
	InsecureHTTPHosts []string
}

// A RemoteKeySet is the key set that an issuer publishes. It is fetched when the first token needs
// it, kept as long as the issuer allows (1 minute to 1 hour; 10 minutes if it does not say),
// renewed in the background before that ends, and used on for an hour if the issuer cannot be
// reached. An unknown kid, or a signature that fails, causes a look-up: twice, 2 seconds apart, and
// then once in 10 seconds, whatever tokens come (TestLookUpBudget). It is safe for concurrent use, and
// has no goroutines but those of a fetch under way.
type RemoteKeySet struct {
	name     string   // the issuer, the address of its key set, or the path of a file
	network  *network // nil for a file
	fetch    func(ctx context.Context, old *fetched) (set *fetched, wait time.Duration, err error)
	timeout  time.Duration // of a fetch
	pauses   time.Duration // the longest pause of the renewal after a failure
	maxWait  time.Duration
	maxStale time.Duration
	file     SnapshotFile
	onEvent  func(Event)
	panicked sync.Once // a panic of onEvent was reported

	restoring sync.Once // of file, before the first fetch
	born      time.Time

	current atomic.Pointer[fetched] // the last good set, replaced whole; nil before the first
	flight  atomic.Pointer[flight]  // the fetch under way; nil if none is. Stored under mu
	begun   atomic.Int64            // flights so far. Stored under mu
	pause   atomic.Int64            // nanoseconds since born: until then no renewal begins. Stored under mu

	mu       sync.Mutex // guards what follows, and what is said above; never held across I/O
	full     time.Time  // when the budget of look-ups is full again
	lookedUp time.Time  // when the last look-up began
	hold     time.Time  // no fetch before this time: the issuer's Retry-After
	failed   int        // fetches that failed since the last good one
	outage   *Error     // the failure of the last fetch; nil if it succeeded
	failures int
	landed   int // flights that have ended
	reported condition
	events   []Event // not yet told
	telling  bool
	saving   bool
}

// fetched is one good answer. It never changes.
type fetched struct {
	keys      *KeySet
	raw       []byte        // as it was sent
	flight    int64         // the number of the flight that fetched it; 0 for a snapshot
	began     time.Time     // when that flight began: keys published before then are in the set
	at        time.Time     // when the keys were asked for
	renew     time.Duration // at this age it is renewed in the background
	lifetime  time.Duration // at this age it is no longer fresh
	address   string
	withdrawn []string // kids of the previous set that this one lacks
}

// newFetched parses a good answer. If it equals the previous one byte for byte, the parsed keys are kept.
func newFetched(raw []byte, at time.Time, lifetime time.Duration, old *fetched, parse func([]byte) (*KeySet, error)) (*fetched, error) {
	renewal := minRenewal + (maxRenewal-minRenewal)*rand.Float64()
	set := &fetched{raw: raw, at: at, lifetime: lifetime, renew: time.Duration(renewal * float64(lifetime))}
	if old != nil && bytes.Equal(old.raw, raw) {
		set.keys, set.withdrawn = old.keys, old.withdrawn
		return set, nil
	}
	keys, err := parse(raw)
	if err != nil {
		return nil, err
	}
	set.keys = keys
	if old != nil {
		set.withdrawn = old.keys.lacking(keys)
	}
	return set, nil
}

// since is the time from then to now by the wall clock or by the monotonic clock, whichever gives more: the
// monotonic clock stops while a machine is suspended, and the wall clock can be set back.
func since(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// due reports whether the set is to be renewed, as one that is not there is.
func (s *fetched) due(now time.Time) bool { return s == nil || since(s.at, now) >= s.renew }

// fresh reports whether the set serves without a question.
func (s *fetched) fresh(now time.Time) bool { return since(s.at, now) < s.lifetime }

// serves reports whether the set may serve, for so long after its freshness.
func (s *fetched) serves(now time.Time, stale time.Duration) bool {
	return s != nil && since(s.at, now) < s.lifetime+stale
}

// answers reports whether the set was asked for after the token of the search came.
func (s *fetched) answers(of *search) bool { return s != nil && s.flight > of.flights }

// find picks the key that h means. If the previous set had it, the refusal's hint says that it was withdrawn.
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

// flight is one fetch. Any number of callers may wait for it.
type flight struct {
	number int64 // from 1, in the order in which they begin
	began  time.Time
	done   chan struct{} // closed at its end
}

// wait waits until the flight has ended, the caller's context has ended, or the time is until.
func (f *flight) wait(ctx context.Context, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-f.done:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Discover returns the key set of an issuer whose metadata names it. It does no I/O. When keys are
// needed it reads the metadata from {issuer}/.well-known/openid-configuration (OpenID Connect
// Discovery section 4.1), or else from /.well-known/oauth-authorization-server between host and path
// (RFC 8414 section 3.1) or after the path. The issuer in the metadata must equal issuer byte for byte.
func Discover(issuer string, o *RemoteOptions) (*RemoteKeySet, error) {
	r, err := newRemoteKeySet(&network{issuer: issuer}, o)
	if err != nil {
		return nil, fmt.Errorf("jwt: Discover: %w", err)
	}
	return r, nil
}

// NewRemoteKeySet returns the key set at an address that is known. It does no I/O.
func NewRemoteKeySet(jwksURL string, o *RemoteOptions) (*RemoteKeySet, error) {
	r, err := newRemoteKeySet(&network{address: jwksURL}, o)
	if err != nil {
		return nil, fmt.Errorf("jwt: NewRemoteKeySet: %w", err)
	}
	return r, nil
}

// newRemoteKeySet completes n, in which either issuer or address is set.
func newRemoteKeySet(n *network, o *RemoteOptions) (*RemoteKeySet, error) {
	if o == nil {
		o = &RemoteOptions{}
	}
	if n.issuer+n.address == "" {
		return nil, errors.New("the issuer, or the address, is empty")
	}
	r, err := newCached(n.issuer+n.address, o) // one of them is empty
	if err != nil {
		return nil, err
	}
	if err := n.configure(o); err != nil {
		return nil, err
	}
	r.network, r.fetch = n, n.fetch
	r.timeout = fetchTimeouts * n.timeout
	if o.Snapshot != nil {
		set, err := r.restored(o.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("the Snapshot is refused: %w", err)
		}
		r.current.Store(set)
		n.found = set.address
	}
	return r, nil
}

// newCached makes a set without its source: the caller adds fetch and timeout.
func newCached(name string, o *RemoteOptions) (*RemoteKeySet, error) {
	r := &RemoteKeySet{
		name: name, pauses: maxBackoff, maxWait: o.MaxWait, maxStale: max(o.MaxStale, 0),
		file: o.SnapshotFile, onEvent: o.OnEvent, born: time.Now(),
	}
	switch {
	case o.MaxStale > maxStale:
		return nil, fmt.Errorf("the MaxStale is over %v", maxStale)
	case o.MaxWait < 0 || o.MaxWait > maxMaxWait:
		return nil, fmt.Errorf("the MaxWait is not from 0 to %v", maxMaxWait)
	}
	if o.MaxStale == 0 {
		r.maxStale = defaultStale
	}
	if o.MaxWait == 0 {
		r.maxWait = defaultMaxWait
	}
	return r, nil
}

// Format prints the issuer, address or path, whatever the verb. It leaves out the query, which may hold
// a secret, and the state.
func (r *RemoteKeySet) Format(f fmt.State, _ rune) {
	if r == nil {
		fmt.Fprint(f, "jwt.RemoteKeySet(nil)")
		return
	}
	fmt.Fprintf(f, "jwt.RemoteKeySet(%s)", quote(plainAddress(r.name)))
}

// Key implements [KeySource].
func (r *RemoteKeySet) Key(ctx context.Context, h Header) (*Key, error) {
	k, err := r.find(ctx, &h, new(search))
	if err != nil {
		return nil, err
	}
	return k, nil
}

// search is what one verification may wait for. Zero: it has not asked for keys yet.
type search struct {
	flights int64     // the number of flights that had begun when the token came
	until   time.Time // when it stops waiting
}

// find picks the key that h means. A hit in a fresh set takes no lock and waits for nothing.
func (r *RemoteKeySet) find(ctx context.Context, h *Header, s *search) (*Key, *Error) {
	if r == nil || r.fetch == nil {
		return nil, noKeySet()
	}
	if h.Algorithm.kty() == "oct" { // no secret is in a published set, so there is no reason to fetch it
		published := new(Key) // zero before the first fetch
		if set := r.current.Load(); set != nil {
			for published = range set.keys.usable {
				break // any will do
			}
		}
		return nil, published.mismatch(h)
	}
	now := time.Now()
	if s.until.IsZero() {
		s.flights, s.until = r.begun.Load(), now.Add(r.maxWait)
	}
	return r.search(ctx, h, nil, r.serving(ctx, now, s.until), s)
}

// another picks a key in place of failed, under which the signature did not hold: an issuer may replace a
// key and keep its kid. It returns nil if an answer proves that there is no other key.
func (r *RemoteKeySet) another(ctx context.Context, h *Header, failed *Key, s *search) (*Key, *Error) {
	k, err := r.search(ctx, h, failed, r.usable(time.Now()), s)
	if err != nil && err.kind() != ErrUnavailable {
		return nil, nil
	}
	return k, err
}

// search looks for the key that h means, other than failed, in the set and then in the answers of look-ups.
// Only an answer to a request that began after the token came, or within proofTime before, proves that the
// key is not there. Without such an answer the refusal is ErrUnavailable, with the time of the next look-up.
func (r *RemoteKeySet) search(ctx context.Context, h *Header, failed *Key, set *fetched, s *search) (*Key, *Error) {
	k, refusal, done := set.pick(h, failed)
	for last := false; !done && !last && !set.answers(s); {
		f := r.lookUp(time.Now(), s)
		if f != nil {
			f.wait(ctx, s.until)
			if err := ctx.Err(); err != nil {
				return nil, unavailable(err, minBackoff)
			}
		}
		last = f == nil || f.number > s.flights || !time.Now().Before(s.until) // no further flight could say more
		if next := r.usable(time.Now()); next != set {
			set = next
			k, refusal, done = set.pick(h, failed)
		}
	}
	now := time.Now()
	if !done && !set.answers(s) && (set == nil || since(set.began, now) > proofTime) {
		return nil, r.unavailable(now)
	}
	return k, refusal
}

// pick is find for a search, which goes on until done. The set may be nil.
func (s *fetched) pick(h *Header, failed *Key) (k *Key, refusal *Error, done bool) {
	if s == nil {
		return nil, nil, false
	}
	k, refusal = s.find(h)
	if refusal == nil && failed != nil && k.thumbprint == failed.thumbprint {
		return nil, nil, false
	}
	return k, refusal, refusal == nil || refusal.Reason == ReasonKeyAmbiguous
}

// usable returns the set if it may serve, fresh or not; nil if none may.
func (r *RemoteKeySet) usable(now time.Time) *fetched {
	if set := r.last(); set.serves(now, r.maxStale) {
		return set
	}
	return nil
}

// serving returns the set that may serve, and begins its renewal where that is due. It waits only if the
// set is past its freshness, and only during the first second of the flight.
func (r *RemoteKeySet) serving(ctx context.Context, now, until time.Time) *fetched {
	set := r.usable(now)
	if !set.due(now) {
		return set
	}
	f := r.renewal(now)
	if set == nil || set.fresh(now) || f == nil {
		return set
	}
	if soon := f.began.Add(renewalWait); soon.Before(until) {
		until = soon
	}
	f.wait(ctx, until)
	return r.usable(time.Now())
}

// last returns the last good set, or that of the snapshot file before the first fetch; nil if there is none.
func (r *RemoteKeySet) last() *fetched {
	set := r.current.Load()
	if set == nil && r.file != "" {
		r.restoring.Do(r.restore)
		set = r.current.Load()
	}
	return set
}

// renewal returns the flight under way or begins one; nil if the last one failed too recently.
func (r *RemoteKeySet) renewal(now time.Time) *flight {
	if f := r.flight.Load(); f != nil || r.pausing(now) {
		return f
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.flight.Load()
	if f == nil && !r.pausing(now) && r.current.Load().due(now) {
		f = r.begin(now) // no other goroutine has renewed it meanwhile
	}
	return f
}

func (r *RemoteKeySet) pausing(now time.Time) bool { return int64(now.Sub(r.born)) < r.pause.Load() }

// lookUp returns the flight under way or begins one for a token, if the budget allows it. It returns nil if
// not, and if an answer has come meanwhile that was asked for after the token came.
func (r *RemoteKeySet) lookUp(now time.Time, s *search) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.flight.Load()
	if f == nil && !r.current.Load().answers(s) && !now.Before(r.nextLookUp()) {
		if r.full.Before(now) {
			r.full = now
		}
		r.full, r.lookedUp = r.full.Add(lookUpRefill), now
		f = r.begin(now)
	}
	return f
}

// nextLookUp is when the budget has a look-up again. The caller holds mu.
func (r *RemoteKeySet) nextLookUp() time.Time {
	next := r.full.Add(-(lookUpBudget - 1) * lookUpRefill)
	for _, t := range []time.Time{r.lookedUp.Add(lookUpSpacing), r.hold} {
		if t.After(next) {
			next = t
		}
	}
	return next
}

// nextRenewal is when a renewal may begin after a failed fetch.
func (r *RemoteKeySet) nextRenewal() time.Time { return r.born.Add(time.Duration(r.pause.Load())) }

// begin begins a flight. The caller holds mu and has seen that none is under way.
func (r *RemoteKeySet) begin(now time.Time) *flight {
	f := &flight{number: r.begun.Add(1), began: now, done: make(chan struct{})}
	r.flight.Store(f)
	go r.run(f)
	return f
}

// run fetches and stores the answer. It ends within the time limit, whatever the transport does. One flight
// runs at a time, so an older answer cannot replace a newer one.
func (r *RemoteKeySet) run(f *flight) {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	set, wait, err := r.fetch(ctx, r.current.Load())
	if err == nil {
		set.flight, set.began = f.number, f.began
	}
	r.land(f, set, wait, err)
	if err == nil && r.file != "" {
		r.save()
	}
	r.tell()
}

// land ends a flight: it records the outcome and wakes those who wait.
func (r *RemoteKeySet) land(f *flight, set *fetched, wait time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(f.done)
	defer r.flight.Store(nil)
	r.landed++
	now, old := time.Now(), r.current.Load()
	if err != nil {
		back := min(minBackoff<<min(r.failed, maxDoublings), r.pauses)
		back += time.Duration((2*rand.Float64() - 1) * backoffJitter * float64(back))
		r.failures++
		r.failed++
		r.outage = r.outageOf(err)
		r.hold = now.Add(wait)
		r.pause.Store(int64(now.Add(max(back, wait)).Sub(r.born)))
		r.raiseFailure(old, now, err)
		return
	}
	kind, before := EventNotModified, (*KeySet)(nil)
	if old != nil {
		before = old.keys
	}
	if before != set.keys {
		kind = EventFetched
	}
	r.raise(Event{Kind: kind})
	if before != set.keys {
		r.raiseKeys(before, set.keys)
	}
	if r.failed > 0 {
		r.raise(Event{Kind: EventRecovered})
	}
	r.failed, r.outage, r.reported = 0, nil, good
	r.pause.Store(0)
	r.current.Store(set)
}

// unavailable says why there are no keys, or none that are new enough, and when a fetch may begin.
func (r *RemoteKeySet) unavailable(now time.Time) *Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.nextLookUp()
	if renewal := r.nextRenewal(); r.failed > 0 && renewal.Before(next) && r.current.Load().due(now) {
		next = renewal
	}
	e := Error{Reason: ReasonKeysUnavailable, detail: "the issuer has not answered yet whether it has the token's key", cause: context.DeadlineExceeded}
	if r.outage != nil {
		e = *r.outage
	}
	e.RetryAfter = max(next.Sub(now), minBackoff)
	return &e
}

// outageOf words an error of a fetch for the tokens that are refused for it.
func (r *RemoteKeySet) outageOf(err error) *Error {
	e := unavailable(err, minBackoff)
	e.detail = cut(err.Error(), 2*maxDetail) // it is fit to be printed already
	if f := misnamed(err); f != nil {        // all that matters then
		e.Member, e.Got, e.Want = "issuer", snippet(f.Issuer), quote(r.name)
		e.detail = f.Address + " names the issuer " + quote(f.Issuer) + ", want " + e.Want
		if miss := nearMiss(f.Issuer, r.name); miss != "" {
			e.Hint = miss + ": configure the issuer as its metadata has it"
		}
	}
	return e
}

// Warm fetches the keys if there are no fresh ones, and waits for them. Its error is the one with which
// tokens are refused; it is nil if the issuer is down but the last keys still serve.
func (r *RemoteKeySet) Warm(ctx context.Context) error {
	if err := r.ready(ctx, true); err != nil {
		return err
	}
	return nil
}

// ready says why no set may serve. It begins a renewal where one is due, and waits for that, until its
// context ends, only if no set may serve, or if fresh asks for keys that are fresh.
func (r *RemoteKeySet) ready(ctx context.Context, fresh bool) *Error {
	if r == nil || r.fetch == nil {
		return noKeySet()
	}
	now := time.Now()
	if set := r.usable(now); set != nil && (!fresh || set.fresh(now)) {
		r.renewal(now)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return unavailable(err, minBackoff)
	}
	if f := r.renewal(time.Now()); f != nil {
		select {
		case <-f.done:
		case <-ctx.Done():
		}
	}
	now = time.Now()
	if r.usable(now) != nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return unavailable(err, minBackoff)
	}
	return r.unavailable(now)
}

// warmAll warms key sets, a few at a time: many may be of one host. It repeats what an issuer answered with
// 429 or 503, until the context ends.
func warmAll(ctx context.Context, sets []*RemoteKeySet) []*Error {
	errs := make([]*Error, len(sets))
	var pending []int
	for n := range sets {
		pending = append(pending, n)
	}
	for {
		limit := make(chan struct{}, warmAtOnce)
		var all sync.WaitGroup
		for _, n := range pending {
			limit <- struct{}{}
			all.Go(func() {
				errs[n] = sets[n].ready(ctx, true)
				<-limit
			})
		}
		all.Wait()
		pending = slices.DeleteFunc(pending, func(n int) bool { return !errs[n].isBusy() })
		if len(pending) == 0 {
			return errs
		}
		select {
		case <-time.After(minBackoff):
		case <-ctx.Done():
			return errs
		}
	}
}

// readyAll asks key sets whether they can serve.
func readyAll(ctx context.Context, sets []*RemoteKeySet) []*Error {
	errs := make([]*Error, len(sets))
	var all sync.WaitGroup
	for n, set := range sets {
		all.Go(func() { errs[n] = set.ready(ctx, false) })
	}
	all.Wait()
	return errs
}

// isBusy reports whether an issuer answered that it has too much to do.
func (e *Error) isBusy() bool {
	for _, f := range fetchErrorsIn(e) {
		if f.Status == http.StatusTooManyRequests || f.Status == http.StatusServiceUnavailable {
			return true
		}
	}
	return false
}

func noKeySet() *Error {
	return &Error{Reason: ReasonKeyUnknown, detail: "no key set is configured"}
}

// network is where an issuer's keys are, and how they are fetched. Only the fetch under way reads and writes
// the fields that change.
type network struct {
	issuer    string // what the metadata must name; empty if the key set's address was given
	address   string // of the key set; empty if it is discovered
	metadata  string // MetadataURL
	client    *http.Client
	timeout   time.Duration // of a request
	loopback  bool          // InsecureLoopbackHTTP
	hosts     []string      // InsecureHTTPHosts
	header    http.Header
	tokenFile string

	found  string    // the address that the metadata named last
	tried  time.Time // when the metadata were requested last
	failed bool      // the last request had no answer: its connection may be dead
}

// configure takes the options that are about requests.
func (n *network) configure(o *RemoteOptions) error {
	n.metadata, n.tokenFile, n.timeout = o.MetadataURL, o.BearerTokenFile, o.Timeout
	n.loopback, n.hosts, n.header = o.InsecureLoopbackHTTP, slices.Clone(o.InsecureHTTPHosts), o.Header.Clone()
	for _, host := range n.hosts {
		if host == "" || strings.ContainsAny(host, "*/@%? ") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return fmt.Errorf("the InsecureHTTPHosts hold %q, which is not the name of one host, without a port", host)
		}
	}
	if err := n.permitted(n.configured(), ""); err != nil {
		return err
	}
	switch u, _ := url.Parse(n.issuer); {
	case n.metadata == "" && u != nil && (u.RawQuery != "" || u.ForceQuery):
		return errors.New("an issuer has no query (RFC 8414 section 2): set a MetadataURL")
	case n.metadata != "" && n.address != "":
		return errors.New("the MetadataURL contradicts the address of a key set")
	case o.Timeout < 0 || o.Timeout > maxTimeout:
		return fmt.Errorf("the Timeout is not from 0 to %v", maxTimeout)
	case o.Timeout == 0:
		n.timeout = defaultTimeout
	}
	if err := checkHeader(n.header, n.tokenFile != ""); err != nil {
		return err
	}
	client := http.Client{}
	if o.Client != nil && o.RootCAs != nil {
		return errors.New("the RootCAs cannot be set together with Client")
	} else if o.Client != nil {
		client = *o.Client
	} else if transport, err := transportFor(o.RootCAs); err != nil {
		return err
	} else {
		client.Transport = transport
	}
	// A redirect would let whoever answers choose another origin, and so the keys.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	n.client = &client
	return nil
}

// notInHeader are the fields that RemoteOptions.Header may not have: net/http or this package sets them, or
// they ask for something else than the whole key set. Fields that begin with If- are refused too.
var notInHeader = []string{
	"Host", "Cookie", "Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Expect",
	"Range", "Accept", "Accept-Encoding", "Cache-Control", "Pragma",
}

func checkHeader(header http.Header, hasToken bool) error {
	for name, values := range header {
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case !isHTTPToken(name):
			return fmt.Errorf("the Header has %q, which is not the name of a header field", name)
		case name != canonical:
			return fmt.Errorf("the Header has %q: write %q", name, canonical)
		case slices.Contains(notInHeader, name) || strings.HasPrefix(name, "If-"):
			return fmt.Errorf("the Header has %s, which cannot be set", name)
		case name == "Authorization" && hasToken:
			return errors.New("the Header has Authorization, which contradicts BearerTokenFile")
		case slices.ContainsFunc(values, func(v string) bool { return !printable(v) }):
			return fmt.Errorf("the Header has %s with a value that is not printable ASCII", name)
		}
	}
	return nil
}

// isHTTPToken reports whether s is a token of RFC 9110 section 5.6.2.
func isHTTPToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !inBase64url(c) && !strings.ContainsRune("!#$%&'*+.^`|~", rune(c)) || c >= 0x80 {
			return false
		}
	}
	return s != ""
}

// transports are those that the key sets of this process share, one for each set of RootCAs.
var transports struct {
	mu  sync.Mutex // guards all
	all []sharedTransport
}

type sharedTransport struct {
	base  *http.Transport // http.DefaultTransport when it was cloned
	roots *x509.CertPool  // nil: those of the system
	*http.Transport
}

// transportFor returns the shared transport with these authorities. If a service has replaced
// http.DefaultTransport by a type of its own, that is used.
func transportFor(roots *x509.CertPool) (http.RoundTripper, error) {
	base, ok := http.DefaultTransport.(*http.Transport)
	switch {
	case !ok && roots != nil:
		return nil, errors.New("the RootCAs cannot be used: http.DefaultTransport was replaced")
	case !ok:
		return http.DefaultTransport, nil
	}
	transports.mu.Lock()
	defer transports.mu.Unlock()
	for _, t := range transports.all {
		if t.base == base && t.roots.Equal(roots) {
			return t.Transport, nil
		}
	}
	t := sharedTransport{base, roots, base.Clone()}
	t.MaxResponseHeaderBytes = maxResponseHeader
	t.MaxConnsPerHost, t.MaxIdleConns, t.IdleConnTimeout = maxConnsPerHost, maxIdleConns, idleTimeout
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	if roots != nil {
		t.roots = roots.Clone()
		t.TLSClientConfig = &tls.Config{RootCAs: t.roots, MinVersion: tls.VersionTLS12}
	}
	transports.all = append(transports.all, t)
	return t.Transport, nil
}

// configured is the address that requests go to first.
func (n *network) configured() string {
	if n.metadata != "" {
		return n.metadata
	}
	return n.issuer + n.address // one of them is empty
}

// permitted checks an address that keys or metadata are fetched from. from is the address that named it.
func (n *network) permitted(address, from string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL")
	}
	switch plain := quote(plainAddress(address)); {
	case u.User != nil:
		return errors.New("it has user information, which is never sent") // and perhaps a password
	case u.Scheme == "http" && strings.EqualFold(from[:min(len(from), len("https:"))], "https:"): // a scheme may be in capitals
		return fmt.Errorf("%s is not https, and an https address led to it", plain)
	case u.Scheme == "http" && n.loopback && !isLoopback(u.Hostname()) && len(n.hosts) == 0:
		return fmt.Errorf("%s is http, and its host is not loopback", plain)
	case u.Scheme == "http" && len(n.hosts) > 0 && !n.plainHTTP(u):
		return fmt.Errorf("%s is http, and its host is none of InsecureHTTPHosts", plain)
	case u.Scheme != "https" && !n.plainHTTP(u):
		return fmt.Errorf("%s is not https", plain)
	case u.Hostname() == "" || strings.Contains(address, "#"):
		return fmt.Errorf("%s has no host, or it has a fragment", plain)
	}
	return nil
}

// plainHTTP reports whether this address may be asked over http.
func (n *network) plainHTTP(u *url.URL) bool {
	return u.Scheme == "http" && (n.loopback && isLoopback(u.Hostname()) || slices.Contains(n.hosts, u.Hostname()))
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

// fetch reads the metadata if they may have changed, and then the key set. wait is the issuer's
// Retry-After; it is set only with an error.
func (n *network) fetch(ctx context.Context, old *fetched) (set *fetched, wait time.Duration, err error) {
	address, wait, err := n.keysAddress(ctx)
	if err != nil {
		return nil, wait, err
	}
	at := time.Now()
	a, err := n.get(ctx, address)
	if err == nil {
		err = n.refused(a)
	}
	if err != nil {
		return nil, a.retryAfter(), err
	}
	if set, err = newFetched(a.body, at, a.freshness(at), old, parseKeySet); err != nil {
		return nil, 0, a.wrong(err)
	}
	set.address = address
	return set, 0, nil
}

// keysAddress returns where the keys are. It reads the metadata unless that was tried less than
// metadataFresh ago; if they cannot be read, the known address serves.
func (n *network) keysAddress(ctx context.Context) (address string, wait time.Duration, err error) {
	if n.address != "" {
		return n.address, 0, nil
	}
	if n.found == "" || time.Since(n.tried) > metadataFresh {
		n.tried = time.Now()
		if address, wait, err = n.discover(ctx); err == nil {
			n.found = address
		} else if n.found == "" {
			return "", wait, err
		}
	}
	return n.found, 0, nil
}

// discover returns the address of the key set from the issuer's metadata. It asks the next place if
// the one before answers with something else than the metadata.
func (n *network) discover(ctx context.Context) (address string, wait time.Duration, err error) {
	places := []string{n.metadata}
	if n.metadata == "" {
		u, _ := url.Parse(n.issuer) // permitted has parsed it
		const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
		bare, path := strings.TrimSuffix(n.issuer, "/"), strings.TrimSuffix(u.EscapedPath(), "/")
		places = []string{bare + oidc, u.Scheme + "://" + u.Host + oauth + path, bare + oauth}
		if path == "" {
			places = places[:2]
		}
	}
	var errs fetchErrors
	for _, from := range places {
		a, err := n.get(ctx, from)
		if err != nil {
			return "", a.retryAfter(), append(errs, err)
		}
		if address, err = n.metadataOf(a); err == nil {
			return address, 0, nil
		}
		errs, wait = append(errs, err), max(wait, a.retryAfter())
	}
	return "", wait, errs
}

// metadataOf reads and checks one metadata document. Only its issuer and jwks_uri count.
func (n *network) metadataOf(a answer) (address string, err error) {
	if err := n.refused(a); err != nil {
		return "", err
	}
	issuer, address, err := parseMetadata(withoutMark(string(a.body)))
	if err != nil {
		return "", a.wrong(err)
	}
	if issuer != n.issuer {
		fault := "names the issuer " + quote(issuer) + ", not " + quote(n.issuer)
		if miss := nearMiss(issuer, n.issuer); miss != "" {
			fault += ": " + miss
		}
		e := a.wrong(errors.New(fault))
		e.Issuer = issuer
		return "", e
	}
	if err := n.permitted(address, a.from); err != nil {
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

// originOf is scheme, host and port of an address (RFC 6454 section 4); empty if it is none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// answer is a response that was read within its limits.
type answer struct {
	from   string // its address without the query, which may hold a secret
	status int
	header http.Header
	body   []byte

	withheld string // the option that was not sent to this origin
}

// get makes one request. Its time limit includes the body, and holds even if the transport ignores it.
func (n *network) get(ctx context.Context, from string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	type result struct {
		answer
		err error
	}
	arrived := make(chan result, 1)
	client, failed := n.client, n.failed
	go func() {
		if failed {
			client = withOwnConnection(client)
		}
		a, err := n.request(ctx, client, from)
		arrived <- result{a, err}
	}()
	var r result
	select {
	case r = <-arrived:
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if n.failed = r.err != nil; n.failed {
		if in := (*url.Error)(nil); errors.As(r.err, &in) {
			r.err = in.Err
		}
		return r.answer, &FetchError{Address: escaped(plainAddress(from), maxDetail), Err: printableError{r.err}}
	}
	if len(r.body) > maxKeySetSize {
		return r.answer, r.wrong(fmt.Errorf("the answer is longer than %d bytes", maxKeySetSize))
	}
	return r.answer, nil
}

// request makes one request. Its size limit counts the body after decompression.
func (n *network) request(ctx context.Context, client *http.Client, from string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return answer{}, err
	}
	withheld := ""
	if n.trusts(req.URL) {
		maps.Copy(req.Header, n.header)
		if n.tokenFile != "" {
			token, err := readLimited(n.tokenFile, maxBearerToken)
			if err != nil {
				return answer{}, fmt.Errorf("BearerTokenFile: %w", err)
			}
			req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		}
	} else if n.tokenFile != "" {
		withheld = "BearerTokenFile"
	} else if len(n.header) > 0 {
		withheld = "Header"
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	req.Header.Set("Cache-Control", "no-cache") // an answer from a cache in between may lack a new key
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	a := answer{from: escaped(plainAddress(from), maxDetail), status: resp.StatusCode, header: resp.Header, withheld: withheld}
	if a.status == http.StatusOK {
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxKeySetSize+1))
	}
	return a, err
}

// trusts reports whether Header and the bearer token may be sent there.
func (n *network) trusts(u *url.URL) bool {
	return originOf(u.String()) == originOf(n.configured()) && (u.Scheme == "https" || isLoopback(u.Hostname()))
}

// withOwnConnection returns a client whose request opens a new connection: the old one may be dead, and
// HTTP/2 would use it again.
func withOwnConnection(client *http.Client) *http.Client {
	own := *client
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	if t, ok := own.Transport.(*http.Transport); ok {
		t = t.Clone()
		t.DisableKeepAlives = true
		own.Transport = t
	} else {
		own.CloseIdleConnections()
	}
	return &own
}

// A FetchError says what is wrong with one answer of an issuer, or why there was none. [errors.As]
// finds it behind [ErrUnavailable]. Its text is safe to print.
type FetchError struct {
	Address     string // without its query, which may hold a secret
	Status      int    // of the answer; 0 if there was none
	ContentType string // of the answer: text/html shows a login page or a proxy in between
	Issuer      string // the issuer in the metadata, if it is not the configured one; not escaped
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

// fetchErrorsIn finds the errors of all places that were asked.
func fetchErrorsIn(err error) (found []*FetchError) {
	var all fetchErrors
	if !errors.As(err, &all) {
		all = fetchErrors{err}
	}
	for _, err := range all {
		if f := (*FetchError)(nil); errors.As(err, &f) {
			found = append(found, f)
		}
	}
	return found
}

// misnamed finds the answer whose metadata is another issuer's; nil if there is none.
func misnamed(err error) *FetchError {
	for _, f := range fetchErrorsIn(err) {
		if f.Issuer != "" {
			return f
		}
	}
	return nil
}

// refused is the error of an answer whose status is not 200; nil if it is.
func (n *network) refused(a answer) error {
	switch {
	case a.status == http.StatusOK:
		return nil
	case a.withheld != "" && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
		return a.wrong(fmt.Errorf("status %d, and RemoteOptions.%s was withheld: it is sent only to %s, and never over http but to loopback. "+
			"NewRemoteKeySet takes the keys from an address there", a.status, a.withheld, originOf(n.configured())))
	}
	return a.wrong(nil)
}

// wrong is the error of an answer that does not hold what it should.
func (a answer) wrong(err error) *FetchError {
	return &FetchError{Address: a.from, Status: a.status, ContentType: a.header.Get("Content-Type"), Err: err}
}

// freshness reads Cache-Control and Expires (RFC 9111 sections 5.2.2 and 5.3) within our bounds.
func (a answer) freshness(now time.Time) time.Duration {
	fresh := defaultFresh
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
			// A number that is too large counts as the largest, and what is no number as zero.
			n, _ := strconv.ParseUint(strings.Trim(value, `"`), 10, 32)
			age, _ := strconv.ParseUint(a.header.Get("Age"), 10, 32)
			fresh = time.Duration(n)*time.Second - time.Duration(age)*time.Second
		}
	}
	return min(max(fresh, minFresh), maxFresh)
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

// printableError makes an error of the network safe to print: its text may come from whoever
// answers, such as the names in a refused certificate.
type printableError struct{ cause error }

func (e printableError) Error() string { return foreign(e.cause) }

func (e printableError) Unwrap() error { return e.cause }
