// This file is the pipeline: what a user configures, and the steps of a verification in their order.

package jwt

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.Hash
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Config describes one trusted issuer and what its tokens must be. [NewVerifier] copies it.
type Config struct {
	// Issuer must equal the claim iss byte for byte, trailing slash and all. Required.
	Issuer string

	// Tenants is for an Issuer with the placeholder {tenantid}, as Microsoft Entra ID uses it for
	// applications of many tenants: the tenant's id in iss must be a GUID, equal the claim tid, and
	// be one of Tenants. Such an issuer needs Keys: see RemoteOptions.MetadataURL.
	Tenants []string

	// InsecureAnyTenant accepts every tenant instead: anybody can have one, so a token says who its
	// user is and nothing about what the user may do here. Zero: Tenants are required.
	InsecureAnyTenant bool

	// Audience names this API: the claim aud must contain one of these, byte for byte. Required
	// unless Clients is set.
	Audience []string

	// Clients lists accepted client ids, for issuers whose tokens carry no useful aud. The first
	// of the claims client_id, azp, cid and appid that is present must be one of these. It may be
	// set together with Audience: then both must hold. Empty: any client.
	Clients []string

	// Keys finds the issuer's keys: a *RemoteKeySet, a *KeySet, a single *Key or a source of your
	// own. Nil: Discover(Issuer, nil). Keys are fetched at the first token or by Warm.
	Keys KeySource

	// Algorithms narrows what keys may verify; it never widens it. Nil: each key's own algorithm.
	// It also says what an RSA key that declares no algorithm is for: see Key.
	Algorithms []Algorithm

	// Profile is the kind of token. Zero: AnyAccessToken.
	Profile Profile

	// Leeway is how far the clocks of issuer and verifier may differ. Zero: 30 seconds; negative:
	// none; more than 10 minutes is refused.
	Leeway time.Duration

	// MaxAge limits the time since the token was issued (iat, which is then required), whatever
	// its exp says. Zero: unlimited.
	MaxAge time.Duration

	// Validate is called last, with a token that passed everything else, and can only reject. Its
	// error decides the answer: one that wraps a sentinel of this package counts as that sentinel,
	// any other as ErrClaims. Nil: nothing more is asked.
	Validate func(context.Context, *Token) error

	// MaxTokenSize and MaxHeaderSize limit a token and its first part as they are sent, in bytes.
	// Zero: 16 KiB and 4 KiB; more than 1 MiB is refused. With several issuers the largest counts.
	MaxTokenSize  int
	MaxHeaderSize int

	// TokenCache is how many verified tokens are remembered at most, for services that see the same
	// token many times: see the package manual. It takes up to 4 KiB of memory a token on average, so
	// there are fewer if tokens have more than about 2,000 bytes. The signature and the parsing are
	// saved; time, keys, policy and Validate are asked for every request. It cannot be set for HMAC,
	// where it saves nothing. Zero: none; more than 1,048,576 is refused.
	TokenCache int

	// InsecureSkipAudience accepts tokens that were issued for any API of the issuer: whoever runs
	// one of them can send the tokens it receives to this one (RFC 8725 section 3.9). Only for an
	// issuer that serves this API alone. Zero: Audience or Clients is required.
	InsecureSkipAudience bool
}

// maxSettableSize bounds the settable limits: it is what net/http takes for all header fields of a
// request together.
const maxSettableSize = 1 << 20

// maxTokenAge is what a larger MaxAge counts as, so that no sum of times overflows: a hundred years.
const maxTokenAge = 100 * 365 * 24 * time.Hour

// A Verifier verifies the tokens of one or several issuers. It is safe for concurrent use. The zero
// Verifier rejects every token.
type Verifier struct {
	issuers   []*issuer
	byName    map[string]*issuer
	templated []*issuer // those of them that have many names
	names     string    // of the issuers, for the error that names none of them
	maxToken  int
	maxHeader int
	cache     *tokenCache // nil if no issuer has a share of it
	spare     sync.Pool   // of *scratch
	shapes    shapes
}

// issuer is one Config in the form that verification uses.
type issuer struct {
	policy
	config     Config // as it was given, lists copied
	keys       KeySource
	algorithms []Algorithm // nil: each key's own
	permitted  string      // their names, for the error that refuses another
	cache      *cacheShare // nil: its tokens are not remembered
	unnamedRSA Algorithm
}

// NewVerifier returns a Verifier that trusts these issuers. It does no I/O. An error names the
// field that is wrong.
func NewVerifier(configs ...Config) (*Verifier, error) {
	if len(configs) == 0 {
		return nil, errors.New("jwt: NewVerifier: no Config")
	}
	v := &Verifier{byName: make(map[string]*issuer, len(configs))}
	for _, c := range configs {
		i, err := c.issuer()
		if err != nil {
			return nil, fmt.Errorf("jwt: Config for issuer %q: %w", c.Issuer, err)
		}
		if v.byName[c.Issuer] != nil {
			return nil, fmt.Errorf("jwt: Config for issuer %q: Issuer is configured twice", c.Issuer)
		}
		v.byName[c.Issuer] = i
		v.issuers = append(v.issuers, i)
		if i.templated {
			v.templated = append(v.templated, i)
		}
		v.maxToken = max(v.maxToken, orDefault(c.MaxTokenSize, defaultMaxTokenSize))
		v.maxHeader = max(v.maxHeader, orDefault(c.MaxHeaderSize, defaultMaxHeaderSize))
	}
	names := make([]string, len(v.issuers))
	for n, i := range v.issuers {
		names[n] = i.issuer
	}
	v.names = oneOf(names)
	v.cache = newTokenCache(v.issuers)
	return v, nil
}

func orDefault(n, zero int) int {
	if n == 0 {
		return zero
	}
	return n
}

// issuer checks the Config and copies it.
func (c Config) issuer() (*issuer, error) {
	switch {
	case c.Issuer == "":
		return nil, errors.New("the Issuer is required")
	case !utf8.ValidString(c.Issuer):
		return nil, errors.New("the Issuer is not UTF-8")
	case len(c.Audience) == 0 && len(c.Clients) == 0 && !c.InsecureSkipAudience:
		return nil, errors.New("an Audience is required, unless Clients is set")
	case len(c.Audience) > 0 && c.InsecureSkipAudience:
		return nil, errors.New("InsecureSkipAudience contradicts Audience")
	case slices.Contains(c.Audience, ""):
		return nil, errors.New("the Audience holds an empty string")
	case slices.Contains(c.Clients, ""):
		return nil, errors.New("the list Clients holds an empty string")
	case c.Algorithms != nil && len(c.Algorithms) == 0:
		return nil, errors.New("the list Algorithms is empty: leave it nil for each key's own")
	case c.Profile < AnyAccessToken || c.Profile > IDToken:
		return nil, errors.New("the Profile is unknown")
	case c.Leeway > maxLeeway:
		return nil, fmt.Errorf("the Leeway is over %v", maxLeeway)
	case c.MaxAge < 0:
		return nil, errors.New("MaxAge is negative")
	case c.MaxTokenSize < 0 || c.MaxTokenSize > maxSettableSize:
		return nil, fmt.Errorf("MaxTokenSize is not from 0 to %d", maxSettableSize)
	case c.MaxHeaderSize < 0 || c.MaxHeaderSize > maxSettableSize:
		return nil, fmt.Errorf("MaxHeaderSize is not from 0 to %d", maxSettableSize)
	case c.TokenCache < 0 || c.TokenCache > maxTokenCache:
		return nil, fmt.Errorf("TokenCache is not from 0 to %d", maxTokenCache)
	case c.TokenCache > 0 && c.onlySecrets():
		return nil, errors.New("TokenCache saves nothing where tokens are signed with a secret: leave it 0")
	}
	i := &issuer{
		config: c,
		policy: policy{
			issuer:    c.Issuer,
			tenants:   slices.Clone(c.Tenants),
			anyTenant: c.InsecureAnyTenant,
			audience:  slices.Clone(c.Audience),
			clients:   slices.Clone(c.Clients),
			profile:   c.Profile,
			leeway:    c.Leeway,
			maxAge:    min(c.MaxAge, maxTokenAge),
			validate:  c.Validate,
		},
		keys:       c.Keys,
		algorithms: slices.Clone(c.Algorithms),
		unnamedRSA: RS256,
	}
	i.config.Tenants, i.config.Audience, i.config.Clients, i.config.Algorithms = i.tenants, i.audience, i.clients, i.algorithms
	switch {
	case c.Leeway == 0:
		i.leeway = defaultLeeway
	case c.Leeway < 0:
		i.leeway = 0
	}
	var rsa []Algorithm
	var names []string
	for _, alg := range c.Algorithms {
		names = append(names, string(alg))
		if alg.kty() == "" {
			return nil, fmt.Errorf("the Algorithms hold %q, which is not supported", alg)
		}
		if alg.kty() == "RSA" && !slices.Contains(rsa, alg) {
			rsa = append(rsa, alg)
		}
	}
	i.permitted = oneOf(names)
	if len(rsa) == 1 {
		i.unnamedRSA = rsa[0]
	}
	i.template, i.templated = templateOf(c.Issuer)
	switch many := len(c.Tenants) > 0 || c.InsecureAnyTenant; {
	case !i.templated && many:
		return nil, errors.New("one of Tenants and InsecureAnyTenant is set, and Issuer has no {tenantid}")
	case i.templated && !many:
		return nil, errors.New("the Tenants are required, as Issuer has {tenantid}, unless InsecureAnyTenant is set")
	case len(c.Tenants) > 0 && c.InsecureAnyTenant:
		return nil, errors.New("the flag InsecureAnyTenant contradicts Tenants")
	case i.templated && c.Keys == nil:
		return nil, errors.New("a value of Keys is required, as Issuer has {tenantid}: see RemoteOptions.MetadataURL")
	}
	for _, id := range c.Tenants {
		if !isGUID(id) {
			return nil, fmt.Errorf("the Tenants hold %q, which is not a GUID in lower case", id)
		}
	}
	if c.TokenCache > 0 {
		i.cache = &cacheShare{capacity: c.TokenCache}
	}
	switch keys := c.Keys.(type) {
	case nil:
		remote, err := Discover(c.Issuer, nil)
		if err != nil {
			return nil, fmt.Errorf("Keys is nil, and Issuer cannot be discovered: %w", err)
		}
		i.keys = remote
	case *RemoteKeySet:
		if keys == nil {
			return nil, errors.New("Keys is a nil *RemoteKeySet")
		}
	case *KeySet:
		if keys == nil {
			return nil, errors.New("Keys is a nil *KeySet")
		}
	case *Key:
		if keys == nil {
			return nil, errors.New("Keys is a nil *Key")
		}
	}
	return i, nil
}

// onlySecrets reports whether HMAC is all that the issuer's tokens can be signed with.
func (c Config) onlySecrets() bool {
	secret := func(alg Algorithm) bool { return alg.kty() == "oct" }
	var keys []*Key
	switch source := c.Keys.(type) {
	case *Key:
		keys = []*Key{source}
	case *KeySet:
		keys = source.Keys()
	}
	if len(keys) > 0 && !slices.ContainsFunc(keys, func(k *Key) bool { return k == nil || !secret(k.alg) }) {
		return true
	}
	return len(c.Algorithms) > 0 && !slices.ContainsFunc(c.Algorithms, func(alg Algorithm) bool { return !secret(alg) })
}

// Verify checks a compact JWS (RFC 7515 section 7.1) that carries JWT claims, and returns it as a
// Token. On any refusal the token is nil and the error is an [*Error].
func (v *Verifier) Verify(ctx context.Context, token string) (*Token, error) {
	if v == nil || len(v.issuers) == 0 {
		return nil, noIssuer()
	}
	// Length, then three non-empty parts. To say what is wrong with these takes no word of the token.
	p, err := split(token, v.maxToken, v.maxHeader)
	if err != nil {
		return nil, err
	}
	t, err := v.verify(ctx, &p)
	if err != nil {
		return nil, err.withhold(token)
	}
	return t, nil
}

// verify is the list of the steps that follow. Each refuses with a reason of its own, and nothing of a
// later step is looked at before the earlier ones hold.
func (v *Verifier) verify(ctx context.Context, p *parts) (*Token, *Error) {
	w, _ := v.spare.Get().(*scratch)
	if w == nil {
		w = new(scratch)
	}
	w.text = ""
	defer v.spare.Put(w)

	// A token that was verified a moment ago has no need of the next steps.
	var sum digest
	if v.cache != nil {
		w.input = append(w.input[:0], p.signature...)
		sum = sha256.Sum256(w.input)
		if e := v.cache.find(&sum, p.input); e != nil {
			if t, err, ok := v.cache.recall(ctx, e); ok {
				return t, err
			}
		}
	}

	// Each part is canonical base64url.
	h := w.known.find(p.header)
	err := p.decode(w, h != nil)
	if err != nil {
		return nil, err
	}

	// The header is one strict JSON object without extensions.
	if h == nil {
		if h, err = parseHeader(string(w.header)); err != nil {
			return nil, err
		}
		w.known.keep(p.header, h)
	}

	// One of several issuers is chosen by a claim that nothing vouches for yet: its keys, its
	// algorithms and its policy alone decide from here on.
	i, err := v.choose(w)
	if err != nil {
		return nil, err.about(nil, h)
	}

	if i.cache != nil {
		i.cache.misses.add()
	}

	// The algorithm is one that this issuer's keys may have.
	if err := i.allows(h); err != nil {
		return nil, err.about(i, h)
	}

	// Exactly one key.
	key, now, err := i.key(ctx, h)
	if err != nil {
		return nil, err.about(i, h).wondering(i, w)
	}

	// The signature. If it fails, the key may have been replaced under its id.
	w.input = append(w.input[:0], p.input...)
	if !key.verify(h.Algorithm, w.input, w.signature) {
		if key = i.replacement(ctx, h, key); key == nil || !key.verify(h.Algorithm, w.input, w.signature) {
			err := badSignature(h)
			return nil, err.about(i, h).wondering(i, w)
		}
		now = time.Now() // it may have been waited for
	}

	// Only now the payload: one strict JSON object, registered claims of their types, the policy.
	t := &Token{header: h, shapes: &v.shapes}
	if err := t.claims.parse(w.payloadText()); err != nil {
		return nil, err.about(i, h)
	}
	if err := i.judge(ctx, t, key, now); err != nil {
		return nil, err
	}
	if i.cache != nil && key.kty != "oct" {
		v.cache.keep(&sum, p.input, i, key, t)
	}
	return t, nil
}

// judge holds the claims of a token whose signature holds against the policy of its issuer.
func (i *issuer) judge(ctx context.Context, t *Token, key *Key, now time.Time) *Error {
	if err := i.check(t.header, key, &t.claims, now, nil); err != nil {
		return err.about(i, t.header)
	}

	// The caller's own requirement, last.
	if i.validate != nil {
		if err := i.validate(ctx, t); err != nil {
			return validated(err).about(i, t.header)
		}
	}
	return nil
}

// choose picks the issuer of a token. With one issuer there is nothing to choose, and iss is
// compared after the signature holds.
func (v *Verifier) choose(w *scratch) (*issuer, *Error) {
	if len(v.issuers) == 1 {
		return v.issuers[0], nil
	}
	name, err := unverifiedIssuer(w.payloadText(), func(name string) bool { return v.issuer(name) != nil })
	if err != nil {
		return nil, err
	}
	if i := v.issuer(name); i != nil {
		return i, nil
	}
	return nil, v.untrusted(name)
}

// issuer finds the one that goes by this name; nil if none does.
func (v *Verifier) issuer(name string) *issuer {
	if i := v.byName[name]; i != nil && !i.templated {
		return i
	}
	for _, i := range v.templated {
		if i.named(name) {
			return i
		}
	}
	return nil
}

// untrusted refuses a token of an issuer that is not configured.
func (v *Verifier) untrusted(name string) *Error {
	e := &Error{Reason: ReasonIssuerMismatch, Member: "iss", Got: shown(name), Want: v.names}
	for _, i := range v.issuers[:min(len(v.issuers), maxListed)] {
		e.Hint = cmp.Or(e.Hint, nearMiss(name, i.issuer))
	}
	if name == "" {
		e.detail = "iss is empty, want " + v.names
	}
	return e
}

// allows checks the header's alg against the algorithms there are, and those of the issuer.
func (i *issuer) allows(h *Header) *Error {
	if h.Algorithm.kty() == "" {
		e := &Error{Reason: ReasonAlgorithmRefused, Member: "alg", Got: shown(string(h.Algorithm)), Want: "a supported algorithm"}
		if strings.EqualFold(string(h.Algorithm), "none") {
			e.Hint = "unsecured tokens (alg none) are never accepted"
		}
		return e
	}
	for _, alg := range i.algorithms {
		if alg.sameAs(h.Algorithm) {
			return nil
		}
	}
	if i.algorithms == nil {
		return nil
	}
	return &Error{Reason: ReasonAlgorithmRefused, Member: "alg", Got: string(h.Algorithm), Want: i.permitted}
}

// key asks the issuer's source for the one key, and takes nothing from it that does not fit. It also
// returns the time at which it has the key.
func (i *issuer) key(ctx context.Context, asked *Header) (_ *Key, at time.Time, refusal *Error) {
	own := i.asked(asked)
	h := &own
	var k *Key
	switch keys := i.keys.(type) {
	case *KeySet:
		k, refusal = keys.find(h)
	case *RemoteKeySet:
		k, at, refusal = keys.find(ctx, h)
	default:
		var err error
		if k, err = keys.Key(ctx, *h); err != nil {
			refusal = keyRefusal(err)
		}
	}
	if refusal != nil {
		return nil, at, refusal
	}
	switch {
	case k == nil || k.material == nil:
		return nil, at, unknownKey(h, "")
	case !k.answers(h):
		return nil, at, mismatch(h, k.named(h))
	case at.IsZero():
		at = time.Now()
	}
	return k, at, nil
}

// asked is the header as a source of keys sees it.
func (i *issuer) asked(h *Header) Header {
	own := *h
	own.unnamedRSA = i.unnamedRSA
	return own
}

// keyRefusal is what the error of a KeySource counts as: a refusal of ours stays one, ErrKey says
// that there is no such key, anything else that it could not be had.
func keyRefusal(err error) *Error {
	var own *Error
	switch ours := errors.As(err, &own); {
	case ours && own == nil:
		return unavailable(errors.New("the key source returned a nil error"), defaultRetryAfter)
	case ours && (own.kind() == ErrKey || own.kind() == ErrUnavailable):
		return own.adopted()
	case errors.Is(err, ErrKey):
		return &Error{Reason: ReasonKeyUnknown, detail: foreign(err)}
	}
	return unavailable(err, defaultRetryAfter)
}

// replacement asks a source that can fetch for another key under the id of one whose signature
// failed; nil if there is none.
func (i *issuer) replacement(ctx context.Context, h *Header, failed *Key) *Key {
	remote, ok := i.keys.(*RemoteKeySet)
	if !ok {
		return nil
	}
	own := i.asked(h)
	return remote.replacement(ctx, &own, failed)
}

// about records who judged the token, and which key it named.
func (e *Error) about(i *issuer, h *Header) *Error {
	if i != nil {
		e.Issuer = i.issuer
	}
	e.KeyID = shown(h.KeyID)
	return e
}

// maxWondering bounds what is parsed of a token that was refused, for the sake of a better word.
const maxWondering = 2 << 10

// wondering adds a hint to a refusal for want of the right key if the token itself says that it is
// another issuer's. The claim is shown as the token's word and decides nothing.
func (e *Error) wondering(i *issuer, w *scratch) *Error {
	if e.Hint != "" || e.Reason == ReasonKeysUnavailable || e.sentinel == ErrUnavailable || len(w.payload) > maxWondering {
		return e
	}
	stop := func(string) bool { return false } // the first iss is enough for a hint
	if name, err := unverifiedIssuer(w.payloadText(), stop); err == nil && !i.named(name) {
		e.Hint = `the token says, unverified, that its issuer is "` + shown(name) + `", and "` + shown(i.issuer) + `" is trusted here`
		if miss := nearMiss(name, i.issuer); miss != "" {
			e.Hint += ": " + miss
		}
	}
	return e
}

// Warm fetches the keys of every issuer that has to fetch them, so that the first request does not
// wait. It is optional. It asks all issuers at once, and returns the error of the first in order.
func (v *Verifier) Warm(ctx context.Context) error {
	if v == nil {
		return nil
	}
	errs := make([]error, len(v.issuers))
	var wg sync.WaitGroup
	for n, i := range v.issuers {
		if remote, ok := i.keys.(*RemoteKeySet); ok {
			wg.Go(func() { errs[n] = remote.Warm(ctx) })
		}
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// Configs returns what the verifier was made of, in order, with the source of keys that each issuer has.
func (v *Verifier) Configs() []Config {
	if v == nil {
		return nil
	}
	all := make([]Config, len(v.issuers))
	for n, i := range v.issuers {
		c := &all[n]
		*c = i.config
		c.Tenants, c.Audience, c.Clients = slices.Clone(c.Tenants), slices.Clone(c.Audience), slices.Clone(c.Clients)
		c.Algorithms, c.Keys = slices.Clone(c.Algorithms), i.keys
	}
	return all
}

// An IssuerStatus tells how one issuer's keys are.
type IssuerStatus struct {
	Issuer     string            `json:"issuer"`
	Keys       KeySetStatus      `json:"keys"`
	TokenCache *TokenCacheStatus `json:"token_cache,omitempty"` // nil if there is none
}

// Status returns the state of every issuer's keys, in the order of the Configs. It does no I/O.
func (v *Verifier) Status() []IssuerStatus {
	if v == nil {
		return nil
	}
	all := make([]IssuerStatus, len(v.issuers))
	for n, i := range v.issuers {
		all[n] = IssuerStatus{i.issuer, statusOf(i.keys), v.cache.status(i.cache)}
	}
	return all
}

func noIssuer() *Error {
	return &Error{Reason: ReasonIssuerMismatch, detail: "no issuer is configured"}
}

func badSignature(h *Header) *Error {
	return &Error{Reason: ReasonSignatureInvalid, detail: "the " + string(h.Algorithm) + " signature does not hold"}
}
