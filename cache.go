// This file remembers tokens that were verified, for services that see the same access token many
// times: the signature and the parsing are saved, nothing else is.

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
	// More live tokens than that are a mistake: they would take up to 4 GiB.
	maxTokenCache = 1 << 20
	// A token is verified anew after this time at the latest, whatever its exp says.
	maxCachedFor = 5 * time.Minute
	// What a place in the cache may hold on average, in bytes. Where tokens are larger, because
	// groups are listed in them, the cache holds fewer.
	maxCachedSize = 4 << 10
	// What a cached token takes beside its text, in bytes.
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

// onlySecrets reports whether HMAC is all that the issuer's tokens can be signed with.
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

// digest stands for a signature, which is not kept: whoever reads the memory of the process finds no
// token that could be sent.
type digest [sha256.Size]byte

// A cache finds verified tokens by the digest of their signature. Each issuer has a share of its
// own, so that none drives out the tokens of another.
type cache struct {
	shards *[64]cacheShard // so many readers need not wait for each other; kept by Verifier.Replace
	shares map[*authority]*cacheShare
}

// cacheShard finds some of the tokens of all issuers.
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
	size   int64 // in bytes, at most

	used  atomic.Bool // since the CLOCK hand last passed
	place int         // in the ring of its share, which guards it
}

// cacheShare is what one issuer has of the cache. It evicts by CLOCK: the hand goes around the ring, and
// takes the first token that is expired or was not used since it last passed. The new token takes that
// place, behind the hand: it has a round to be used in.
type cacheShare struct {
	hits, misses atomic.Uint64

	mu        sync.Mutex // guards what follows; a shard's lock may be taken under it
	capacity  int        // 0 once the issuer is not trusted any more
	ring      []*cached
	hand      int
	sweep     int // goes around, too, to find tokens that are expired
	bytes     int64
	evictions uint64
}

// find returns what is known of a token, however old; nil if nothing is.
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

// cutToken cuts a token into its signing input and the digest of its signature.
func cutToken(token string) (d digest, input string, ok bool) {
	dot := strings.LastIndexByte(token, '.')
	var signature [maxRSABits/6 + 1]byte // the longest, in base64url
	if dot < 0 || len(token)-dot-1 > len(signature) {
		return d, "", false
	}
	n := copy(signature[:], token[dot+1:])
	return sha256.Sum256(signature[:n]), token[:dot], true
}

// recall judges a token whose signature was verified before. Whatever depends on the time, the
// request, the Config or the state of the keys is asked again. ok is false if the token must be verified
// anew: it was long ago, or its key is not the one that the issuer's source gives for it now.
func (c *cache) recall(ctx context.Context, of *issuers, token string) (_ *Token, err *Error, ok bool) {
	d, input, ok := cutToken(token)
	if !ok {
		return nil, nil, false
	}
	e := c.find(d, input)
	if e == nil {
		return nil, nil, false
	}
	t := e.token.Load()
	share := c.shares[t.authority]
	if share == nil { // the issuers were replaced since
		if t = t.adoptedBy(of, token); t == nil {
			return nil, nil, false
		}
		share = c.shares[t.authority]
		e.token.Store(t)
	}
	a := t.authority
	var asked search
	key, err := a.key(ctx, &t.header, &asked)
	if err != nil && err.kind() == ErrUnavailable { // says nothing against the token
		return nil, err.about(a, &t.header), true
	}
	if err != nil || !key.same(t.key) || !time.Now().Before(e.until) {
		share.mu.Lock()
		c.remove(share, e)
		share.mu.Unlock()
		return nil, nil, false
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	share.hits.Add(1)
	if err := a.judge(ctx, t); err != nil {
		return nil, err, true
	}
	return t, nil, true
}

// adoptedBy returns the token as the present Config of its issuer sees it; nil if it would not come to its
// signature, or if there is no cache for it.
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

// keep puts a verified token in, and takes out what has to make room for it.
func (c *cache) keep(token string, t *Token) {
	share := c.shares[t.authority]
	d, input, ok := cutToken(token)
	if share == nil || t.key.kty == "oct" || !ok {
		return
	}
	now := time.Now()
	e := &cached{digest: d, input: strings.Clone(input), until: now.Add(maxCachedFor)}
	e.token.Store(t)
	// The header and the payload that the input decodes to are smaller than it. A claim that was written
	// with escapes is a copy.
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
	if old := c.find(d, input); old != nil {
		c.remove(share, old)
	}
	c.expire(share, now)
	evicted := false
	for len(share.ring) == share.capacity || share.bytes+e.size > room {
		victim := share.victim(now)
		if now.Before(victim.until) {
			share.evictions++
		}
		c.remove(share, victim)
		evicted = true
	}
	e.place = len(share.ring)
	share.ring = append(share.ring, e)
	share.bytes += e.size
	if evicted { // the one that took the victim's place goes back to the end
		share.swap(share.hand, e.place)
		share.hand++
	}
	shard := c.shard(d)
	shard.mu.Lock()
	shard.tokens[d] = e
	shard.mu.Unlock()
}

// resize gives a share another capacity, and takes out what is too much then.
func (c *cache) resize(s *cacheShare, capacity int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capacity = capacity
	for len(s.ring) > capacity || s.bytes > maxCachedSize*int64(capacity) {
		c.remove(s, s.victim(time.Now()))
	}
}

// expire takes out expired tokens. It looks at two, and that is enough: it has been around when as many
// tokens have come as there were.
func (c *cache) expire(s *cacheShare, now time.Time) {
	for range min(2, len(s.ring)) {
		if s.sweep >= len(s.ring) {
			s.sweep = 0
		}
		if e := s.ring[s.sweep]; now.Before(e.until) {
			s.sweep++
		} else {
			c.remove(s, e)
		}
	}
}

// victim picks the token that has to go. Readers may use tokens as fast as the hand moves: after two
// rounds it takes whatever is there.
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

// remove takes a token out; another goroutine may have done so before. The caller holds the lock of the
// share.
func (c *cache) remove(s *cacheShare, e *cached) {
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
	delete(shard.tokens, e.digest)
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

// copied is the size of what may be no piece of the payload.
func (c *claims) copied() (n int) {
	for _, t := range [...]stringClaim{c.issuer, c.subject, c.id, c.clientID, c.azp, c.cid, c.appID, c.tenant} {
		n += len(t.value)
	}
	return n
}
