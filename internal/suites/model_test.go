// This file holds the life of a key set against a model of what is promised, under sequences of events, tokens
// and clock steps that are drawn from seeds. The model knows the answers of the issuer and the tokens, and
// nothing of how the code works.

package suites

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// The numbers that are promised.
const (
	longestWait   = 5 * time.Second  // of a verification
	renewalWait   = time.Second      // of one whose key is at hand, past freshness
	longestFetch  = 10 * time.Second // and an answer that began so long ago proves that a key is absent
	lookUpEvery   = 10 * time.Second
	longestPause  = 36 * time.Second // of renewals
	staleFor      = time.Hour
	metadataEvery = time.Minute
)

// ask is one fetch as the issuer saw it.
type ask struct {
	began, tried, asked time.Time      // tried: for the metadata; asked: for the keys
	ended               time.Time      // zero: it is under way
	keys                map[string]int // the key of each kid in a good answer; nil: it failed
	fresh, retry        time.Duration  // of a good answer; of a bad one
	known, lost, lookUp bool           // the address was known before; the metadata failed; it was begun for a token
}

// visit is one verification.
type visit struct {
	kid         string
	key         int // that signed it; 0: none
	came, ended time.Time
	outcome     int           // 200, 401 or 503
	again       time.Duration // RetryAfter of a 503
}

// life is all that a model needs to judge a visit: the fetches in their order.
type life struct {
	asks  []*ask
	tried time.Time // when the metadata were asked for last
}

// last is the last good answer that came before x, or not after it.
func (l *life) last(x time.Time, at bool) (last *ask) {
	for _, a := range l.asks {
		if a.keys != nil && (a.ended.Before(x) || at && a.ended.Equal(x)) {
			last = a
		}
	}
	return last
}

func (a *ask) underWay(x time.Time) bool { return a.ended.IsZero() || !a.ended.Before(x) }

// usable reports whether an answer may serve at x, and verifies whether a token is good by it.
func (a *ask) usable(x time.Time) bool { return a != nil && x.Sub(a.asked) < a.fresh+staleFor }

func (a *ask) verifies(v visit) bool { return v.key != 0 && a.keys[v.kid] == v.key }

// atHand reports whether the key of a token is in the set all the time, and the set may serve a second on.
func (l *life) atHand(v visit) bool {
	set := l.last(v.came, true)
	return set.usable(v.came.Add(renewalWait)) && set.verifies(v) && !slices.ContainsFunc(l.asks, func(a *ask) bool {
		return a.keys != nil && a.ended.After(v.came) && !a.ended.After(v.ended) && !a.verifies(v)
	})
}

// judge says what of a visit breaks a promise; empty if nothing does.
func (l *life) judge(v visit) string {
	set, waited := l.last(v.came, true), v.ended.Sub(v.came)
	switch {
	case waited > longestWait:
		return "it waited longer than any may"
	case l.atHand(v) && waited > renewalWait:
		return "it waited longer than one may whose key is at hand"
	case l.atHand(v) && waited > 0 && v.came.Sub(set.asked) < set.fresh:
		return "it waited although its key was at hand and fresh"
	case v.outcome != 200 && !l.lookedUp(v):
		return "it was refused, and no look-up was begun"
	case v.again > time.Minute:
		return "it shall come again after more than a minute"
	}
	finals := []*ask{set} // what the last answer may have been when it ended
	if waited > 0 {
		finals = []*ask{l.last(v.ended, false), l.last(v.ended, true)}
	}
	for _, set := range finals {
		proven := set != nil && (set.began.After(v.came) || v.ended.Sub(set.began) <= longestFetch)
		switch usable := set.usable(v.ended); v.outcome {
		case 200:
			if usable && set.verifies(v) && (v.came.Sub(set.asked) < set.fresh || l.maybeStale(v)) {
				return ""
			}
		case 401:
			if usable && !set.verifies(v) && (proven || set.began.Equal(v.came)) {
				return ""
			}
		case 503:
			if !usable || !set.verifies(v) && !proven {
				return ""
			}
		}
	}
	return "no answer of the issuer explains the outcome"
}

// maybeStale reports whether a set past its freshness may have served a visit: the renewal takes over a
// second, or has failed and is not to be tried yet.
func (l *life) maybeStale(v visit) (maybe bool) {
	for _, a := range l.asks {
		switch {
		case a.began.After(v.ended) || a.began.Equal(v.ended) && maybe: // it may have begun just after
		default: // what ended in the same moment may have been under way
			failed := !a.ended.IsZero() && a.keys == nil && v.came.Sub(a.ended) < max(longestPause, a.retry)
			maybe = failed && !a.ended.After(v.ended) || a.underWay(v.ended) && v.ended.Sub(a.began) >= renewalWait
		}
	}
	return maybe
}

// due is when a token of a key that is served since then is accepted at the latest, if it comes every second. The
// key set has moved then, unless moved is zero.
func (l *life) due(since, moved time.Time) time.Time {
	begins := later(since.Add(lookUpEvery), moved.Add(metadataEvery+lookUpEvery))
	for _, a := range l.asks {
		if a.lost && !moved.IsZero() && a.tried.After(moved) {
			begins = later(begins, a.tried.Add(metadataEvery+lookUpEvery))
		}
		if !a.ended.IsZero() && a.keys == nil {
			begins = later(begins, a.began.Add(lookUpEvery), a.ended.Add(a.retry))
		}
	}
	return begins.Add(time.Second + longestFetch)
}

func later(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// lookedUp reports whether a look-up was begun for a visit, or was not allowed so soon.
func (l *life) lookedUp(v visit) bool {
	return slices.ContainsFunc(l.asks, func(a *ask) bool {
		return v.came.Sub(a.began) < lookUpEvery && !a.began.After(v.ended) || a.ended.Add(a.retry).After(v.came)
	})
}

// add begins a fetch, and says what is wrong with the requests so far.
func (l *life) add(a *ask) string {
	set := l.last(a.began, true)
	a.lookUp = set != nil && a.began.Sub(set.asked) < set.fresh*8/10 // it can be no renewal: the set is too young
	l.asks = append(l.asks, a)
	looked, all := 0, 0
	for i := len(l.asks) - 1; i >= 0; i-- {
		b := l.asks[i]
		gap := a.began.Sub(b.began)
		if gap < time.Minute {
			all++
		}
		if b.lookUp && a.lookUp {
			looked++
		}
		switch {
		case looked > 2+int(gap/lookUpEvery) || looked == 2 && a.lookUp && b.lookUp && gap < 2*time.Second:
			return fmt.Sprintf("%d look-ups in %v", looked, gap)
		case all > 15: // 8 look-ups, and 7 renewals under their back-off
			return fmt.Sprintf("%d fetches in a minute", all)
		case b != a && (b.ended.IsZero() || a.began.Before(b.ended.Add(b.retry))):
			return "a fetch during another, or before the time of Retry-After"
		case b != a && b.ended.Sub(b.began) > longestFetch:
			return "a fetch took longer than any may"
		}
	}
	return ""
}

// read says what is wrong with the first request of a fetch, which is for the metadata or for the keys.
func (l *life) read(a *ask, metadata bool) string {
	switch age := a.began.Sub(l.tried); {
	case metadata && a.known && age < metadataEvery:
		return "metadata twice in a minute"
	case !metadata && age > metadataEvery:
		return "metadata were not read although they are a minute old"
	case metadata:
		a.tried, l.tried = a.began, a.began
	}
	return ""
}

// world is an issuer, what stands between, and the services that ask it.
type world struct {
	life
	t        *testing.T
	mu       sync.Mutex // guards all
	rng      *rand.Rand
	log      []string
	broken   string         // the first promise that was
	story    []string       // the log until then
	discover bool           // its address is discovered
	jwks     [2]fixture.JWK // the keys there are: each may have any kid

	nodes    [2]map[string]int // what each publishes; the second may be stale
	stale    bool
	path     string         // of the key set
	old      map[string]int // what the former addresses serve for ever; nil: nothing
	moved    time.Time
	learned  time.Time // when the metadata told of it
	mode     string    // see answer
	retry    string
	delay    time.Duration
	early    bool                      // an answer is that of the time of its request
	metadata string                    // a mode of its own
	control  string                    // Cache-Control of the keys
	cached   map[string]map[string]int // by path, in a cache in between; nil: there is none
	newest   int                       // the number of the newest kid
	served   map[named]time.Time       // since when all nodes serve a key
	gone     map[named]time.Time       // since when nobody serves it any more
}

func (w *world) say(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%9.3f ", time.Since(fixture.BubbleBegins).Seconds())+fmt.Sprintf(format, args...))
}

func (w *world) isBroken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken != ""
}

func (w *world) fault(what string) {
	if what != "" && w.broken == "" {
		w.say("FAULT %s", what)
		w.broken, w.story = what, slices.Clone(w.log[max(0, len(w.log)-80):])
	}
}

// RoundTrip answers a request, and notes what fetch it is of.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	a := w.under(r)
	metadata := strings.HasPrefix(r.URL.Path, "/.well-known/")
	early, keys := w.answer(r)
	told := w.path
	mode, delay := w.modeOf(metadata), w.delay
	w.mu.Unlock()
	wait := time.After(delay)
	if mode == "dead" {
		wait = nil
	}
	select {
	case <-wait:
	case <-r.Context().Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		if a.lost = a.lost || metadata; !metadata || !a.known {
			w.end(a, nil, 0)
		}
		return nil, r.Context().Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.early {
		early, keys = w.answer(r)
		told = w.path
	}
	retry, _ := time.ParseDuration(early.Header().Get("Retry-After") + "s")
	retry = min(retry, time.Minute)
	switch {
	case keys != nil:
		w.end(a, keys, freshOf(early.Header().Get("Cache-Control")))
	case !metadata:
		w.end(a, nil, retry)
	case early.Code == 200:
		a.lost, a.known = false, true
		if told == w.path {
			w.learned = a.tried
		}
	case r.URL.Path == fixture.MetadataPath && !a.known:
		w.end(a, nil, max(a.retry, retry))
	default:
		a.lost, a.retry = true, retry
	}
	resp := early.Result()
	resp.Request = r
	return resp, nil
}

// under returns the fetch that a request is of.
func (w *world) under(r *http.Request) *ask {
	now := time.Now()
	var a *ask
	if n := len(w.asks); n > 0 {
		a = w.asks[n-1]
	}
	if a != nil && (now.Sub(a.began) >= longestFetch || !a.asked.IsZero() || r.URL.Path == fixture.OIDCPath) {
		w.end(a, nil, 0) // it has ended in this moment
	}
	first := a == nil || !a.ended.IsZero()
	if first {
		known := !w.discover
		for _, b := range w.asks {
			known = known || b.known
		}
		a = &ask{began: now, known: known}
		w.fault(w.add(a))
	}
	metadata := strings.HasPrefix(r.URL.Path, "/.well-known/")
	if first && w.discover {
		w.fault(w.read(a, metadata))
	}
	w.say("request %s", r.URL.Path)
	if !metadata {
		a.asked = now
	}
	return a
}

// end ends a fetch: with keys and their freshness, or with none and Retry-After.
func (w *world) end(a *ask, keys map[string]int, d time.Duration) {
	if !a.ended.IsZero() {
		return
	}
	if a.ended = time.Now(); keys != nil {
		a.keys, a.fresh, a.retry = keys, d, 0
		w.say("answer %v fresh %v", keys, d)
	} else {
		a.retry = d
		w.say("failed, retry after %v", d)
	}
}

func (w *world) modeOf(metadata bool) string {
	if metadata && w.metadata != "" {
		return w.metadata
	}
	return w.mode
}

// answer is what a request is answered with now.
func (w *world) answer(r *http.Request) (*httptest.ResponseRecorder, map[string]int) {
	rec := httptest.NewRecorder()
	metadata := strings.HasPrefix(r.URL.Path, "/.well-known/")
	keys := w.nodes[w.rng.IntN(2)]
	if r.URL.Path != w.path {
		keys = w.old
	}
	if old := w.cached[r.URL.Path]; old != nil && !strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		keys = old
	}
	switch mode := w.modeOf(metadata); {
	case mode == "429":
		rec.Header().Set("Retry-After", w.retry)
		rec.WriteHeader(http.StatusTooManyRequests)
	case mode == "down":
		rec.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == fixture.OIDCPath:
		fmt.Fprintf(rec, `{"issuer":%q,"jwks_uri":%q}`, fixture.ProviderURL, fixture.ProviderURL+w.path)
	case !metadata && mode == "empty":
		rec.WriteString(`{"keys":[]}`)
	case metadata || keys == nil:
		rec.WriteHeader(http.StatusNotFound)
	default:
		if w.control != "" {
			rec.Header().Set("Cache-Control", w.control)
		}
		var all []any
		for _, kid := range slices.Sorted(maps.Keys(keys)) {
			all = append(all, fixture.JWKEdit{"kid": kid}.Apply(w.jwks[keys[kid]-1]))
		}
		rec.Write(fixture.KeySetJSON(all...))
		if w.cached != nil {
			w.cached[r.URL.Path] = keys
		}
		return rec, keys
	}
	return rec, nil
}

func freshOf(control string) time.Duration {
	var seconds int
	switch _, err := fmt.Sscanf(control, "max-age=%d", &seconds); {
	case control == "":
		return 10 * time.Minute
	case err != nil: // no-cache
		return time.Minute
	}
	return min(max(time.Duration(seconds)*time.Second, time.Minute), time.Hour)
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), path: "/keys", served: map[named]time.Time{}, gone: map[named]time.Time{}}
	w.jwks = [2]fixture.JWK{fixture.JWKOf(t, fixture.Issuer(), jwt.ES256), fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256)}
	w.nodes[0] = map[string]int{"k0": 1}
	w.early, w.discover = seed%2 == 0, seed%4 < 3
	w.delay = 20 * time.Millisecond
	w.synchronize(false)
	return w
}

// named is a key under a kid.
type named struct {
	kid string
	key int
}

// synchronize notes what is served, after the second node has the set of the first unless it is stale.
func (w *world) synchronize(stale bool) {
	if w.stale = stale; !stale {
		w.nodes[1] = w.nodes[0]
	}
	now := time.Now()
	for kid := range w.kids {
		for key := 1; key <= 2; key++ {
			k := named{kid, key}
			first, second := w.nodes[0][kid] == key, w.nodes[1][kid] == key
			note := func(of map[named]time.Time, holds bool) {
				if of[k].IsZero() && holds {
					of[k] = now
				} else if !holds {
					delete(of, k)
				}
			}
			note(w.served, first && second)
			note(w.gone, !first && !second && w.old[kid] != key)
		}
	}
}

// kids yields every kid that there is or was.
func (w *world) kids(yield func(string) bool) {
	for i := 0; i <= w.newest && yield(fmt.Sprint("k", i)); i++ {
	}
}

// happen lets something happen to the issuer, and says what.
func (w *world) happen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := func(of ...string) string { return of[w.rng.IntN(len(of))] }
	set := maps.Clone(w.nodes[0])
	what := one("publish", "publish", "withdraw", "replace", "move", "mode", "mode", "heal", "heal", "heal", "slow", "slow", "quick", "stale node", "synchronized", "cache", "metadata", "freshness")
	stale := w.stale
	switch what {
	case "publish":
		w.newest++
		set[fmt.Sprint("k", w.newest)] = 1 + w.rng.IntN(2)
	case "withdraw":
		if kids := slices.Sorted(maps.Keys(set)); len(kids) > 1 {
			delete(set, kids[w.rng.IntN(len(kids))])
		}
	case "replace":
		kids := slices.Sorted(maps.Keys(set))
		kid := kids[w.rng.IntN(len(kids))]
		set[kid] = 3 - set[kid]
	case "move":
		if w.discover {
			w.old = nil
			if w.rng.IntN(2) == 0 {
				w.old = set
			}
			w.moved, w.path = time.Now(), fmt.Sprintf("/keys/%d", len(w.log))
		}
	case "mode":
		w.mode, w.retry = one("down", "dead", "empty", "429", "429"), one("", "0", "5", "40", "120")
		what += " " + w.mode + " " + w.retry
	case "heal":
		w.mode, w.metadata = "", ""
	case "slow":
		w.delay = time.Duration(300+w.rng.IntN(4600)) * time.Millisecond
		what += " " + w.delay.String()
	case "quick":
		w.delay = 20 * time.Millisecond
	case "stale node", "synchronized":
		stale = what == "stale node"
	case "cache":
		w.cached = map[string]map[string]int{}
	case "metadata":
		w.metadata = one("down", "dead", "429")
		what += " " + w.metadata
	case "freshness":
		w.control = one("", "no-cache", "max-age=15", "max-age=300", "max-age=999999")
	}
	w.nodes[0] = set
	w.synchronize(stale)
	w.say("event %s: %v %v", what, w.nodes, w.path)
	return what
}

// trial is a service with a world, and with clients of it.
type trial struct {
	*world
	v      *jwt.Verifier
	visits []visit  // not yet judged
	logins []*login // clients that come every second until they are accepted
	open   int      // verifications under way
	tally  *tally
}

// login is a client with a new token, which gives up at last.
type login struct {
	named
	first, next time.Time
}

const patience = 4 * time.Minute

// tally is what all sequences counted together, and the longest that they saw.
type tally struct {
	sequences, events, tokens, asks, accepted, refused, unavailable       int
	newKey, newKeyInTrouble, withdrawn, withdrawnInTrouble, atHand, other time.Duration
}

// text is a token of a kid that a key signed; key 0: nobody.
var texts sync.Map // named → string

func tokenOf(k named) string {
	if k.key == 0 {
		return fixture.Naming(k.kid)
	}
	text, ok := texts.Load(k)
	if !ok {
		iss := []*jwttest.Issuer{fixture.Issuer(), fixture.OtherIssuer()}[k.key-1]
		text = iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": k.kid}, Claims: claims{"iss": fixture.ProviderURL, "iat": fixture.BubbleBegins.Unix(), "exp": int64(99999999999)}})
		texts.Store(k, text)
	}
	return text.(string)
}

// send begins a verification.
func (r *trial) send(k named) {
	text, came := tokenOf(k), time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
	go func() {
		_, err := fixture.Verify(r.v, text)
		v := visit{k.kid, k.key, came, time.Now(), 401, 0}
		var refusal *jwt.Error
		switch {
		case err == nil:
			v.outcome = 200
		case errors.Is(err, jwt.ErrUnavailable):
			errors.As(err, &refusal)
			v.outcome, v.again = 503, refusal.RetryAfter
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open--
		r.visits = append(r.visits, v)
	}()
}

// sleep lets time pass, while the clients come that want to log in, and judges what has ended.
func (r *trial) sleep(d time.Duration) {
	for end := time.Now().Add(d); ; {
		synctest.Wait()
		r.judgeAll()
		now := time.Now()
		step := end.Sub(now)
		r.logins = slices.DeleteFunc(r.logins, func(l *login) bool { return now.Sub(l.first) > patience })
		for _, l := range r.logins {
			if !now.Before(l.next) {
				l.next = now.Add(time.Second)
				r.send(l.named)
			}
			step = min(step, l.next.Sub(now))
		}
		if step <= 0 || r.isBroken() {
			return
		}
		time.Sleep(step)
	}
}

// judgeAll judges the verifications that have ended.
func (r *trial) judgeAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.visits {
		r.say("came %.3f: %s of key %d: %d", v.came.Sub(fixture.BubbleBegins).Seconds(), v.kid, v.key, v.outcome)
		r.fault(r.judge(v))
		r.fault(r.judgeTimes(v))
	}
	r.visits = nil
}

// judgeTimes holds the times to a new key, and to a withdrawal, against their bounds.
func (r *trial) judgeTimes(v visit) (fault string) {
	k, n := named{v.kid, v.key}, r.tally
	slow := func(since time.Time) bool { // or failed
		return slices.ContainsFunc(r.asks, func(a *ask) bool {
			return a.underWay(since) && (a.keys == nil || a.ended.Sub(a.began) > renewalWait)
		})
	}
	switch {
	case r.atHand(v):
		n.atHand = max(n.atHand, v.ended.Sub(v.came))
	default:
		n.other = max(n.other, v.ended.Sub(v.came))
	}
	n.tokens++
	switch v.outcome {
	case 200:
		n.accepted++
	case 401:
		n.refused++
	case 503:
		n.unavailable++
	}
	for i, l := range r.logins {
		served := r.served[k]
		if l.named != k || served.IsZero() || v.came.Before(served) {
			continue
		}
		since, moved := later(served, l.first), r.moved
		if r.learned.After(moved) && r.learned.Before(v.came) {
			since, moved = later(since, r.learned), time.Time{}
		}
		if due := r.due(since, moved); v.outcome != 200 && v.came.After(due) {
			fault = fmt.Sprintf("the key is served since %v, and was to be accepted until %v", served.Sub(fixture.BubbleBegins), due.Sub(fixture.BubbleBegins))
		}
		if v.outcome == 200 {
			took := v.ended.Sub(since)
			if r.due(since, moved).Sub(since) > lookUpEvery+time.Second+longestFetch {
				n.newKeyInTrouble = max(n.newKeyInTrouble, took)
			} else {
				n.newKey = max(n.newKey, took)
			}
			r.logins = slices.Delete(r.logins, i, i+1)
			break
		}
	}
	if gone := r.gone[k]; v.outcome == 200 && !gone.IsZero() && v.ended.After(gone) {
		took, fresh := v.ended.Sub(gone), r.last(v.ended, true).fresh
		bound := fresh
		if slow(gone) {
			bound = fresh + staleFor
			n.withdrawnInTrouble = max(n.withdrawnInTrouble, took)
		} else {
			n.withdrawn = max(n.withdrawn, took)
		}
		if took > bound {
			fault = fmt.Sprintf("a key verifies that was withdrawn %v ago", took)
		}
	}
	return fault
}

// sequence is one of events, tokens and steps of the clock.
func sequence(t *testing.T, seed uint64, n *tally) {
	r := &trial{world: newWorld(t, seed), tally: n}
	rng := rand.New(rand.NewPCG(seed, 2)) // the world has its own
	client := &http.Client{Transport: r.world}
	keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: client})
	if !r.discover {
		keys, err = jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{Client: client})
	}
	if err != nil {
		t.Fatal(err)
	}
	r.v, err = jwt.NewVerifier(jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	n.sequences++
	for range 60 {
		if rng.IntN(3) == 0 {
			n.events++
			switch what := r.happen(); what {
			case "publish", "replace", "move", "synchronized":
				r.logIn(rng)
			}
		}
		r.tokens(rng)
		steps := []time.Duration{10 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 11 * time.Second,
			time.Minute, 8 * time.Minute, 10 * time.Minute, time.Hour}
		r.sleep(steps[rng.IntN(len(steps))] + time.Duration(rng.IntN(int(10*time.Millisecond))))
		if r.isBroken() {
			break
		}
	}
	r.logins = nil
	time.Sleep(longestFetch)
	synctest.Wait()
	r.judgeAll()
	if r.open != 0 {
		r.fault("a verification has not ended")
	}
	n.asks += len(r.asks)
	if r.broken != "" {
		t.Fatalf("seed %d: %s\n%s", seed, r.broken, strings.Join(r.story, "\n"))
	}
}

// logIn lets a client come with a token of a key that was published last.
func (r *trial) logIn(rng *rand.Rand) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kids := slices.Sorted(maps.Keys(r.nodes[0]))
	kid := kids[rng.IntN(len(kids))]
	if newest := fmt.Sprint("k", r.newest); r.nodes[0][newest] != 0 {
		kid = newest
	}
	first := time.Now().Add(time.Duration(rng.IntN(3)) * 5 * time.Second)
	r.logins = []*login{{named{kid, r.nodes[0][kid]}, first, first}}
}

// tokens sends tokens of every kind: often none, sometimes many.
func (r *trial) tokens(rng *rand.Rand) {
	for range []int{0, 1, 1, 2, 30}[rng.IntN(5)] {
		any := named{fmt.Sprint("k", rng.IntN(r.newest+1)), 1 + rng.IntN(2)} // good, old, or of the other key
		switch rng.IntN(4) {
		case 0: // forged
			any.key = 0
		case 1: // predicted
			any = named{fmt.Sprint("k", r.newest+1+rng.IntN(2)), 0}
		case 2:
			any = named{fmt.Sprint("nobody-", rng.Uint32()), 0}
		}
		r.send(any)
	}
}

// Issuers, tokens and the clock do anything in any order, and the promises hold.
func TestModel(t *testing.T) {
	t.Parallel()
	const sequences = 600
	step := 5
	if fixture.Race {
		step = 20 // it makes them slower
	}
	var n tally
	for seed := range fixture.Sample(sequences, step) {
		fixture.Bubble(t, func(t *testing.T) { sequence(t, uint64(seed), &n) })
	}
	t.Logf("%d sequences from seed 0 on (of %d), %d events, %d tokens (%d accepted, %d refused, %d unavailable), %d fetches", n.sequences, sequences,
		n.events, n.tokens, n.accepted, n.refused, n.unavailable, n.asks)
	t.Logf("longest: until a new key %v, with exceptions %v; until a withdrawal %v, with exceptions %v; wait with the key at hand %v, without %v",
		n.newKey, n.newKeyInTrouble, n.withdrawn, n.withdrawnInTrouble, n.atHand, n.other)
	if n.accepted == 0 || n.refused == 0 || n.unavailable == 0 || n.newKey == 0 || n.atHand != renewalWait || n.other != longestWait {
		t.Error("the search has not been where it should")
	}
}
