// This file remembers verified tokens, for services that see the same access token many times: a hit
// saves the signature check and the parsing, nothing else.

package jwt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A larger number is a mistake: so many tokens would take up to 4 GiB.
	maxTokenCache = 1 << 20
	// A token is verified anew after this time, even if its exp is later.
	maxCachedFor = 5 * time.Minute
	// The bytes that a cached token may take on average. The cache holds fewer tokens if they are
	// larger, for instance because they list many groups.
	maxCachedSize = 4 << 10
	// The bytes that a cached token takes beside its text.
	cachedOverhead = 512
)

func init() {
	checkTokenCache = func(c Config) error {
		switch {
		case c.TokenCache < 0 || c.TokenCache > maxTokenCache:
			return fmt.Errorf("TokenCache is not from 0 to %d", maxTokenCache)
		case c.onlySecrets():
			return errors.New("TokenCache saves nothing where tokens are signed with a secret: leave it 0")
		}
		return nil
	}
	newTokenCache = func(authorities []*authority, before tokenCache) tokenCache {
		c := &cache{shares: map[*authority]*cacheShare{}}
		kept := map[string]*cacheShare{} // by the name of the issuer
		if old, ok := before.(*cache); ok {
			c.shards = old.shards
			for a, share := range old.shares {
				kept[a.Issuer] = share
			}
		} else {
			c.shards = new([64]cacheShard)
			for i := range c.shards {
				c.shards[i].tokens = map[digest]*cached{}
			}
		}
		for _, a := range authorities {
			if a.TokenCache > 0 {
				share := cmp.Or(kept[a.Issuer], new(cacheShare))
				delete(kept, a.Issuer)
				c.resize(share, a.TokenCache)
				c.shares[a] = share
			}
		}
		for _, share := range kept {
			c.resize(share, 0)
		}
		return c
	}
}

// onlySecrets reports whether the issuer's tokens can be signed with HMAC alone.
func (c Config) onlySecrets() bool {
	secrets := func(algs []Algorithm) bool {
		return len(algs) > 0 && !slices.ContainsFunc(algs, func(alg Algorithm) bool { return alg.kty() != "oct" })
	}
	var algs []Algorithm
	switch source := c.Keys.(type) {
	case *Key:
		algs = []Algorithm{source.alg}
	case *KeySet:
		for k := range source.usable {
			algs = append(algs, k.alg)
		}
	}
	return secrets(algs) || secrets(c.Algorithms)
}

// digest is the SHA-256 of a signature. The signature itself is not kept, so that a reader of the
// process's memory finds no token that could be sent.
type digest [sha256.Size]byte

// A cache finds verified tokens by the digest of their signature. Each issuer has a share of its
// own, so that the tokens of one issuer do not evict those of another.
type cache struct {
	shards *[64]cacheShard // several, so that readers seldom share a lock; kept by Verifier.Replace
	shares map[*authority]*cacheShare
}

// cacheShard finds the tokens, of all issuers, whose digest falls to it.
type cacheShard struct {
	mu     sync.RWMutex // guards tokens
	tokens map[digest]*cached
}

// cached is one verified token.
type cached struct {
	digest digest
	input  string // the signing input
	token  atomic.Pointer[Token]
	until  time.Time
	size   int64       // an upper bound, in bytes
	share  *cacheShare // that holds it, whoever has adopted it

	used  atomic.Bool // since the CLOCK hand last passed
	place int         // in the ring of its share, which guards it
}

// cacheShare is one issuer's part of the cache. It evicts by CLOCK: the hand goes around the ring and evicts
// the first token that is expired or was not used since the hand last passed it. The new token takes that
// place behind the hand, so it has a full round in which to be used.
type cacheShare struct {
	hits, misses atomic.Uint64

	mu        sync.Mutex // guards what follows; a shard's lock may be taken under it
	capacity  int        // 0 once the issuer is not trusted any more
	ring      []*cached
	hand      int
	sweep     int // a second hand, which finds expired tokens
	bytes     int64
	evictions uint64
}

// find returns the entry of a token, even an expired one; nil if there is none.
func (c *cache) find(d digest, input string) *cached {
	s := c.shard(d)
	s.mu.RLock()
	e := s.tokens[d]
	s.mu.RUnlock()
	if e == nil || e.input != input {
		return nil
	}
	return e
}

func (c *cache) shard(d digest) *cacheShard { return &c.shards[int(d[0])%len(c.shards)] }

// signatureText has room for the longest signature in base64url, which is of ML-DSA-87.
type signatureText [8 << 10]byte

// signatures are lent to cutToken, and hold nothing before and after.
var signatures = sync.Pool{New: func() any { return new(signatureText) }}

// cutToken cuts a token into its signing input and the digest of its signature, which is what follows the second
// dot, with further dots if there are any: no such signature was verified.
func cutToken(token string) (d digest, input string, ok bool) {
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || len(signature) > len(signatureText{}) {
		return d, "", false
	}
	lent := signatures.Get().(*signatureText)
	defer signatures.Put(lent)
	n := copy(lent[:], signature)
	d = sha256.Sum256(lent[:n])
	clear(lent[:n])
	return d, token[:len(header)+1+len(payload)], true
}

// recall judges a token whose signature was verified before. It checks again whatever depends on the
// time, the request, the Config or the state of the keys. It returns neither a token nor an error if the
// token must be verified anew: it was kept for too long, or the issuer's source now gives another key for it.
func (c *cache) recall(ctx context.Context, of *issuers, token string) (_ *Token, asked search, err *Error) {
	d, input, ok := cutToken(token)
	if !ok {
		return nil, asked, nil
	}
	e := c.find(d, input)
	if e == nil {
		return nil, asked, nil
	}
	t := e.token.Load()
	share := c.shares[t.authority]
	if share == nil { // Replace was called since
		if t = t.adoptedBy(of, token); t == nil {
			return nil, asked, nil
		}
		share = c.shares[t.authority]
		e.token.Store(t)
	}
	a := t.authority
	key, err := a.key(ctx, &t.header, &asked)
	if err != nil && err.kind() == ErrUnavailable { // no reason to forget the token
		return nil, asked, err.about(a, &t.header)
	}
	now := time.Now() // keys may have been waited for
	if err != nil || !key.same(t.key) || !now.Before(e.until) {
		e.share.mu.Lock()
		c.remove(e)
		e.share.mu.Unlock()
		return nil, asked, nil
	}
	if key != t.key { // of a newer set, in which other keys may vouch for it
		current := *t
		current.key = key
		t = &current
		e.token.Store(t)
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	share.hits.Add(1)
	if err := a.judge(ctx, t, now); err != nil {
		return nil, asked, err
	}
	return t, asked, nil
}

// adoptedBy returns the token for the current Config of its issuer; nil if the current issuers would refuse
// it before its signature, or if the issuer has no cache.
func (t *Token) adoptedBy(of *issuers, token string) *Token {
	a := of.named(t.Issuer())
	if a == nil || a.TokenCache == 0 || a.allows(&t.header) != nil {
		return nil
	}
	if _, err := split(token, of.maxToken, of.maxHeader); err != nil {
		return nil
	}
	adopted := *t
	adopted.authority, adopted.header.unnamedRSA = a, a.unnamedRSA
	return &adopted
}

func (c *cache) missed(a *authority) {
	if share := c.shares[a]; share != nil {
		share.misses.Add(1)
	}
}

// keep adds a verified token, and evicts others where it needs room.
func (c *cache) keep(token string, t *Token) {
	share := c.shares[t.authority]
	d, input, ok := cutToken(token)
	if share == nil || t.key.kty == "oct" || !ok {
		return
	}
	now := time.Now()
	e := &cached{digest: d, input: strings.Clone(input), until: now.Add(maxCachedFor), share: share}
	e.token.Store(t)
	// The decoded header and payload are together smaller than the input. Claims with escapes in them
	// are copies, which count extra.
	e.size = cachedOverhead + 2*int64(len(input)) + int64(t.claims.copied())
	if end := t.claims.expires.Add(t.authority.Leeway); end.Before(e.until) {
		e.until = end
	}
	share.mu.Lock()
	defer share.mu.Unlock()
	room := maxCachedSize * int64(share.capacity)
	if e.size > room {
		return
	}
	if old := c.find(d, input); old != nil && old.share == share {
		c.remove(old)
	}
	c.expire(share, now)
	evicted := false
	for len(share.ring) == share.capacity || share.bytes+e.size > room {
		victim := share.victim(now)
		if now.Before(victim.until) {
			share.evictions++
		}
		c.remove(victim)
		evicted = true
	}
	e.place = len(share.ring)
	share.ring = append(share.ring, e)
	share.bytes += e.size
	if evicted { // remove moved the last token to the victim's place: it goes back
		share.swap(share.hand, e.place)
		share.hand++
	}
	shard := c.shard(d)
	shard.mu.Lock()
	shard.tokens[d] = e
	shard.mu.Unlock()
}

// resize gives a share another capacity, and evicts what exceeds it.
func (c *cache) resize(s *cacheShare, capacity int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capacity = capacity
	for len(s.ring) > capacity || s.bytes > maxCachedSize*int64(capacity) {
		c.remove(s.victim(time.Now()))
	}
}

// expire removes expired tokens. It looks at two for each token that is added, and so visits the whole ring
// before the ring doubles.
func (c *cache) expire(s *cacheShare, now time.Time) {
	for range min(2, len(s.ring)) {
		if s.sweep >= len(s.ring) {
			s.sweep = 0
		}
		if e := s.ring[s.sweep]; now.Before(e.until) {
			s.sweep++
		} else {
			c.remove(e)
		}
	}
}

// victim picks the token to evict. Readers may mark tokens as used as fast as the hand clears the marks, so
// after two rounds it takes the token at the hand.
func (s *cacheShare) victim(now time.Time) *cached {
	for left := 2 * len(s.ring); ; left-- {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if !now.Before(e.until) || !e.used.Swap(false) || left == 0 {
			return e
		}
		s.hand++
	}
}

// remove removes a token, unless another goroutine has done so already. The caller holds the lock of its
// share.
func (c *cache) remove(e *cached) {
	s := e.share
	if e.place >= len(s.ring) || s.ring[e.place] != e {
		return
	}
	last := len(s.ring) - 1
	s.swap(e.place, last)
	s.ring[last] = nil
	s.ring = s.ring[:last]
	s.bytes -= e.size
	shard := c.shard(e.digest)
	shard.mu.Lock()
	if shard.tokens[e.digest] == e { // and not one that another share holds since
		delete(shard.tokens, e.digest)
	}
	shard.mu.Unlock()
}

func (s *cacheShare) swap(i, j int) {
	s.ring[i], s.ring[j] = s.ring[j], s.ring[i]
	s.ring[i].place, s.ring[j].place = i, j
}

// status returns nil for an issuer without a share.
func (c *cache) status(a *authority) *TokenCacheStatus {
	s := c.shares[a]
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &TokenCacheStatus{s.capacity, len(s.ring), s.bytes, s.hits.Load(), s.misses.Load(), s.evictions}
}

// copied is the size of the claims that may be copies, where the payload has escapes.
func (c *claims) copied() (n int) {
	for _, t := range [...]stringClaim{c.issuer, c.subject, c.id, c.clientID, c.azp, c.cid, c.appID, c.tenant} {
		n += len(t.value)
	}
	return n
}
