// This file remembers tokens that were verified, for services that see the same access token many
// times: the signature and the parsing are saved, nothing else is.

package jwt

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A token is verified anew after this time at the latest, whatever its exp says.
	maxCachedFor = 5 * time.Minute
	// What a place in the cache may hold on average, in bytes. Where tokens are larger, because
	// groups are listed in them, the cache holds fewer.
	maxCachedSize = 4 << 10
	// What a cached token takes beside its text, in bytes.
	cachedOverhead = 512
	// More live tokens than that are a mistake: they would take up to 4 GiB.
	maxTokenCache = 1 << 20
)

// digest stands for a signature, which is not kept: whoever reads the memory of the process finds no
// token that could be sent.
type digest [sha256.Size]byte

// A tokenCache finds verified tokens by the digest of their signature. Readers take no lock. A token that is put in
// has cost a signature, so writers may share one.
type tokenCache struct {
	buckets []atomic.Pointer[cached] // chains by the first bits of the digest
	mu      sync.Mutex               // guards what is written
}

// cached is one verified token. Readers see it without a lock: what they see never changes but for
// next and used.
type cached struct {
	digest digest
	input  string // the signing input
	token  *Token
	issuer *issuer
	key    *Key // that the signature was verified with
	until  time.Time
	size   int64 // in bytes, at most
	place  int   // among those of its share

	next atomic.Pointer[cached] // in the chain
	used atomic.Bool            // since the hand was here
}

// A cacheShare is what one issuer has of the cache. When a place is needed, a hand goes around its
// tokens and takes the first that is over or was not used since it last came by. The new token takes
// that place, behind the hand: it has a round to be used in.
type cacheShare struct {
	capacity  int
	tokens    []*cached
	hand      int
	broom     int // goes around, too, for tokens that are over
	bytes     int64
	evictions uint64

	hits, misses counter
}

// counter is split, so that cores do not wait for each other to count.
type counter [8]struct {
	n atomic.Uint64
	_ [56]byte // up to the next cache line
}

func (c *counter) add() { c[rand.Uint32()%uint32(len(c))].n.Add(1) }

func (c *counter) sum() (sum uint64) {
	for i := range c {
		sum += c[i].n.Load()
	}
	return sum
}

// newTokenCache makes room for the shares of all issuers together; nil if none has one.
func newTokenCache(issuers []*issuer) *tokenCache {
	all := 0
	for _, i := range issuers {
		if i.cache != nil {
			all += i.cache.capacity
		}
	}
	if all == 0 {
		return nil
	}
	size := 1
	for size < all {
		size *= 2
	}
	return &tokenCache{buckets: make([]atomic.Pointer[cached], size)}
}

func (c *tokenCache) bucket(d *digest) *atomic.Pointer[cached] {
	return &c.buckets[binary.LittleEndian.Uint64(d[:])&uint64(len(c.buckets)-1)]
}

// find returns what is known of a token, however old; nil if nothing is.
func (c *tokenCache) find(d *digest, input string) *cached {
	for e := c.bucket(d).Load(); e != nil; e = e.next.Load() {
		if e.digest == *d && e.input == input {
			return e
		}
	}
	return nil
}

// recall judges a token whose signature was verified before. Whatever depends on the time, the
// request or the state of the keys is asked again. ok is false if the token must be verified anew:
// it was long ago, or its key is not the one that the issuer's source gives for it now.
func (c *tokenCache) recall(ctx context.Context, e *cached) (_ *Token, err *Error, ok bool) {
	i, t := e.issuer, e.token
	key, now, err := i.key(ctx, t.header)
	if err != nil && err.kind() == ErrUnavailable { // says nothing against the token
		return nil, err.about(i, t.header), true
	}
	if err != nil || !key.same(e.key) || !now.Before(e.until) {
		c.forget(e)
		return nil, nil, false
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	i.cache.hits.add()
	if err := i.judge(ctx, t, key, now); err != nil {
		return nil, err, true
	}
	return t, nil, true
}

// keep puts a verified token in, and takes out what has to make room for it.
func (c *tokenCache) keep(d *digest, input string, i *issuer, key *Key, t *Token) {
	s := i.cache
	now := time.Now()
	e := &cached{digest: *d, input: strings.Clone(input), token: t, issuer: i, key: key, until: now.Add(maxCachedFor)}
	// The header and the payload that the input decodes to are smaller than it. An iss that was written
	// with escapes is a copy.
	e.size = cachedOverhead + 2*int64(len(input)) + int64(len(t.claims.issuer))
	if end := t.claims.expires.Add(i.leeway); end.Before(e.until) {
		e.until = end
	}
	room := maxCachedSize * int64(s.capacity)
	if e.size > room {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.find(d, input); old != nil {
		c.remove(old)
	}
	c.sweep(s, now)
	evicted := false
	for len(s.tokens) == s.capacity || s.bytes+e.size > room {
		v := s.victim(now)
		if now.Before(v.until) {
			s.evictions++
		}
		c.remove(v)
		evicted = true
	}
	e.place = len(s.tokens)
	s.tokens = append(s.tokens, e)
	s.bytes += e.size
	if evicted { // and the one that took its place goes back to the end
		s.swap(s.hand, e.place)
		s.hand++
	}
	first := c.bucket(d)
	e.next.Store(first.Load())
	first.Store(e)
}

// sweep takes out what is over. No call waits for more than two looks of it, and they are enough: it has
// been around when as many tokens have come as there were.
func (c *tokenCache) sweep(s *cacheShare, now time.Time) {
	for range min(2, len(s.tokens)) {
		if s.broom >= len(s.tokens) {
			s.broom = 0
		}
		if e := s.tokens[s.broom]; now.Before(e.until) {
			s.broom++
		} else {
			c.remove(e)
		}
	}
}

// victim picks the token that has to go. Readers may use tokens as fast as the hand comes by: after
// two rounds it takes whatever is there.
func (s *cacheShare) victim(now time.Time) *cached {
	for left := 2 * len(s.tokens); ; left-- {
		if s.hand >= len(s.tokens) {
			s.hand = 0
		}
		e := s.tokens[s.hand]
		if !now.Before(e.until) || !e.used.Swap(false) || left == 0 {
			return e
		}
		s.hand++
	}
}

func (c *tokenCache) forget(e *cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(e)
}

// remove takes a token out; another goroutine may have done so before. The caller holds mu.
func (c *tokenCache) remove(e *cached) {
	s := e.issuer.cache
	if e.place >= len(s.tokens) || s.tokens[e.place] != e {
		return
	}
	last := len(s.tokens) - 1
	s.swap(e.place, last)
	s.tokens[last] = nil
	s.tokens = s.tokens[:last]
	s.bytes -= e.size
	link := c.bucket(&e.digest)
	for link.Load() != e {
		link = &link.Load().next
	}
	link.Store(e.next.Load()) // a reader that is at e goes on from there
}

func (s *cacheShare) swap(i, j int) {
	s.tokens[i], s.tokens[j] = s.tokens[j], s.tokens[i]
	s.tokens[i].place, s.tokens[j].place = i, j
}

// A TokenCacheStatus tells how an issuer's share of the cache of verified tokens is used.
type TokenCacheStatus struct {
	Capacity  int    `json:"capacity"`  // Config.TokenCache
	Tokens    int    `json:"tokens"`    // some may be over: they leave when others come, and are never served
	Bytes     int64  `json:"bytes"`     // at most
	Hits      uint64 `json:"hits"`      // the signature was not checked again
	Misses    uint64 `json:"misses"`    // tokens of this issuer that were not remembered, refused ones too
	Evictions uint64 `json:"evictions"` // tokens that could have been used again, and made room for others
}

// status returns nil for an issuer without a cache.
func (c *tokenCache) status(s *cacheShare) *TokenCacheStatus {
	if s == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &TokenCacheStatus{s.capacity, len(s.tokens), s.bytes, s.hits.sum(), s.misses.sum(), s.evictions}
}
