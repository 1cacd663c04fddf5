// This file is the pipeline: what a user configures, and the steps of a verification in their order.

package jwt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Config describes one trusted issuer and what its tokens must be. [NewVerifier] copies it.
type Config struct {
	// Issuer must equal the claim iss byte for byte, with its trailing slash or without. Required.
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

	// Algorithms narrows what keys may verify and does not widen it. Nil: each key's own algorithm.
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

	// Require is what every token of this issuer must meet, such as
	// Claim("token_use").Equals("access"). A token that does not is refused with ErrClaims, or with
	// ErrAuthentication by ACR and MaxAuthAge. GitHub Actions, Google, Keycloak, Cognito and others
	// need it beside Audience or Clients: docs/providers.md lists them. Nil: nothing more.
	Require []Requirement

	// Validate is called last, with a token that passed everything else, and can only reject. Its
	// error decides the answer: one that wraps a sentinel of this package counts as that sentinel, the
	// end of a context or a [net.Error] as ErrUnavailable, any other as ErrClaims. Nil: nothing more.
	Validate func(context.Context, *Token) error

	// MaxTokenSize and MaxHeaderSize limit a token and its first part as they are sent, in bytes.
	// Zero: 16 KiB and 4 KiB; more than 1 MiB is refused. With several issuers the largest counts.
	MaxTokenSize  int
	MaxHeaderSize int

	// TokenCache is the number of verified tokens that may be remembered, in up to 4 KiB of memory each on average:
	// see "Speed" above. A hit saves the signature and the parsing; time, keys, policy and Validate are checked for
	// every request. It cannot be set for HMAC, where it saves nothing. Zero: none; more than 1,048,576 is refused.
	TokenCache int

	// InsecureSkipAudience accepts tokens that were issued for any API of the issuer: whoever runs
	// one of them can send the tokens it receives to this one (RFC 8725 section 3.9). Only for an
	// issuer that serves this API alone. Zero: Audience or Clients is required.
	InsecureSkipAudience bool
}

const (
	defaultLeeway = 30 * time.Second
	maxLeeway     = 10 * time.Minute
	maxTokenAge   = 100 * 365 * 24 * time.Hour // what a larger MaxAge counts as, so that no sum of times overflows
)

// A Verifier verifies the tokens of one or several issuers. It is safe for concurrent use. A nil or zero
// Verifier refuses every token with [ErrUnavailable].
type Verifier struct {
	current   atomic.Pointer[issuers] // replaced whole; nil in a zero Verifier
	replacing sync.Mutex              // guards the order of Replace
}

// issuers are those that a Verifier trusts until the next Replace. It is immutable.
type issuers struct {
	authorities []*authority
	byName      map[string]*authority
	templated   []*authority // those of them that have many names
	names       []string
	maxToken    int
	maxHeader   int
	cache       tokenCache // nil if no issuer has a share of it
}

// settings is Config without its methods, for an authority to embed.
type settings Config

// authority is one Config in the form that verification uses: with copies of its lists, and with the
// values that zero stands for. It is immutable.
type authority struct {
	settings
	template   template // of Issuer, if templated
	templated  bool
	discovered bool      // Config.Keys was nil
	unnamedRSA Algorithm // see Header
}

// tokenCache remembers verified tokens. cache.go registers its implementation.
type tokenCache interface {
	// recall judges a remembered token anew, all but its signature. It returns neither t nor err if it is not
	// remembered, and in any case its search for keys: verify goes on with that, so that both wait only once.
	recall(ctx context.Context, of *issuers, token string) (t *Token, asked search, err *Error)
	// missed counts a token that was not remembered.
	missed(a *authority)
	keep(token string, t *Token)
	status(a *authority) *TokenCacheStatus
}

var (
	newTokenCache   func(authorities []*authority, before tokenCache) tokenCache
	checkTokenCache func(c Config) error // of one issuer
)

// NewVerifier returns a Verifier that trusts these issuers. It does no I/O. An error names the field that is wrong.
func NewVerifier(configs ...Config) (*Verifier, error) {
	if len(configs) == 0 {
		return nil, errors.New("jwt: NewVerifier: no Config")
	}
	is, err := newIssuers(configs, new(issuers))
	if err != nil {
		return nil, err
	}
	v := new(Verifier)
	v.current.Store(is)
	return v, nil
}

// Replace puts these issuers in place of those that are trusted: configs is the complete list, and every
// [Resource] of v uses it. A call that begins after Replace has returned refuses the tokens of an issuer
// that is not in it; with no Config at all every token is refused. After an error nothing has changed.
//
// Nothing is fetched anew for an issuer whose Config has the same Keys, or again none: its keys stay,
// and so do its remembered tokens, which are judged by the new Config.
func (v *Verifier) Replace(configs ...Config) error {
	if v.issuers() == nil {
		return errors.New("jwt: Replace: the Verifier is nil or zero")
	}
	v.replacing.Lock()
	defer v.replacing.Unlock()
	is, err := newIssuers(configs, v.current.Load())
	if err != nil {
		return err
	}
	v.current.Store(is)
	return nil
}

// issuers returns the current issuers; nil if v is nil or zero.
func (v *Verifier) issuers() *issuers {
	if v == nil {
		return nil
	}
	return v.current.Load()
}

// newIssuers checks configs and makes the issuers that replace before.
func newIssuers(configs []Config, before *issuers) (*issuers, error) {
	is := &issuers{byName: make(map[string]*authority, len(configs))}
	cached := false
	for _, c := range configs {
		a, err := newAuthority(c, before.byName[c.Issuer])
		switch {
		case err != nil:
		case is.byName[c.Issuer] != nil:
			err = errors.New("Issuer is configured twice")
		case c.TokenCache != 0 && checkTokenCache == nil:
			err = errors.New("TokenCache is set, and cache.go was left out")
		case c.TokenCache != 0:
			err = checkTokenCache(c)
		}
		if err != nil {
			return nil, fmt.Errorf("jwt: Config for issuer %q: %w", c.Issuer, err)
		}
		is.byName[c.Issuer] = a
		is.authorities = append(is.authorities, a)
		if a.templated {
			is.templated = append(is.templated, a)
		}
		is.names = append(is.names, c.Issuer)
		is.maxToken = max(is.maxToken, cmp.Or(c.MaxTokenSize, defaultMaxTokenSize))
		is.maxHeader = max(is.maxHeader, cmp.Or(c.MaxHeaderSize, defaultMaxHeaderSize))
		cached = cached || c.TokenCache > 0
	}
	is.maxToken, is.maxHeader = cmp.Or(is.maxToken, defaultMaxTokenSize), cmp.Or(is.maxHeader, defaultMaxHeaderSize)
	if cached || before.cache != nil {
		is.cache = newTokenCache(is.authorities, before.cache)
	}
	if !cached {
		is.cache = nil
	}
	return is, nil
}

// newAuthority checks the Config and copies it. before is the issuer's authority until now; nil if it had none.
func newAuthority(c Config, before *authority) (*authority, error) {
	if err := cmp.Or(c.check(), c.checkTenants()); err != nil {
		return nil, err
	}
	a := &authority{settings: settings(c.clone()), unnamedRSA: RS256}
	a.Leeway = max(cmp.Or(c.Leeway, defaultLeeway), 0)
	a.MaxAge = min(c.MaxAge, maxTokenAge)
	a.template, a.templated = templateOf(c.Issuer)
	rsa := slices.DeleteFunc(slices.Clone(c.Algorithms), func(alg Algorithm) bool { return alg.kty() != "RSA" })
	slices.Sort(rsa)
	if rsa = slices.Compact(rsa); len(rsa) == 1 {
		a.unnamedRSA = rsa[0]
	}
	if a.discovered = c.Keys == nil; a.discovered && before != nil && before.discovered {
		a.Keys = before.Keys
	} else if a.discovered {
		remote, err := Discover(c.Issuer, nil)
		if err != nil {
			return nil, fmt.Errorf("Keys is nil, and Issuer cannot be discovered: %w", err)
		}
		a.Keys = remote
	}
	return a, nil
}

// clone returns a Config with lists of its own.
func (c Config) clone() Config {
	c.Tenants, c.Audience, c.Clients = slices.Clone(c.Tenants), slices.Clone(c.Audience), slices.Clone(c.Clients)
	c.Algorithms, c.Require = slices.Clone(c.Algorithms), slices.Clone(c.Require)
	return c
}

// check names the first field that is wrong by itself.
func (c Config) check() error {
	_, require := routeOfField(c.Require)
	keys := reflect.ValueOf(c.Keys)
	err := cmp.Or(
		errorIf(c.Issuer == "", "the Issuer is required"),
		errorIf(!utf8.ValidString(c.Issuer), "the Issuer is not UTF-8"),
		errorIf(len(c.Audience) == 0 && len(c.Clients) == 0 && !c.InsecureSkipAudience,
			"an Audience is required, unless Clients is set"),
		errorIf(len(c.Audience) > 0 && c.InsecureSkipAudience, "InsecureSkipAudience contradicts Audience"),
		errorIf(slices.Contains(c.Audience, ""), "the Audience holds an empty string"),
		errorIf(slices.Contains(c.Clients, ""), "the list Clients holds an empty string"),
		errorIf(c.Algorithms != nil && len(c.Algorithms) == 0, "the list Algorithms is empty: leave it nil for each key's own"),
		require,
		errorIf(c.Profile < AnyAccessToken || c.Profile > IDToken, "the Profile is unknown"),
		errorIf(c.Leeway > maxLeeway, "the Leeway is over %v", maxLeeway),
		errorIf(c.MaxAge < 0, "MaxAge is negative"),
		errorIf(c.MaxTokenSize < 0 || c.MaxTokenSize > maxSettableSize, "MaxTokenSize is not from 0 to %d", maxSettableSize),
		errorIf(c.MaxHeaderSize < 0 || c.MaxHeaderSize > maxSettableSize, "MaxHeaderSize is not from 0 to %d", maxSettableSize),
		errorIf(keys.Kind() == reflect.Pointer && keys.IsNil(), "Keys is a nil %T", c.Keys),
	)
	for _, alg := range c.Algorithms {
		err = cmp.Or(err, errorIf(alg.kty() == "", "the Algorithms hold %q, which is not supported", alg))
	}
	return err
}

// checkTenants checks the fields for an Issuer with {tenantid} against each other.
func (c Config) checkTenants() error {
	_, templated := templateOf(c.Issuer)
	many := len(c.Tenants) > 0 || c.InsecureAnyTenant
	err := cmp.Or(
		errorIf(!templated && many, "one of Tenants and InsecureAnyTenant is set, and Issuer has no {tenantid}"),
		errorIf(templated && !many, "the Tenants are required, as Issuer has {tenantid}, unless InsecureAnyTenant is set"),
		errorIf(len(c.Tenants) > 0 && c.InsecureAnyTenant, "the flag InsecureAnyTenant contradicts Tenants"),
		errorIf(templated && c.Keys == nil, "a value of Keys is required, as Issuer has {tenantid}: see RemoteOptions.MetadataURL"),
	)
	for _, id := range c.Tenants {
		err = cmp.Or(err, errorIf(!isGUID(id), "the Tenants hold %q, which is not a GUID in lower case", id))
	}
	return err
}

// Verify checks a compact JWS (RFC 7515 section 7.1) that carries JWT claims, and returns it as a
// Token. On any refusal the token is nil and the error is an [*Error].
func (v *Verifier) Verify(ctx context.Context, token string) (*Token, error) {
	is := v.issuers()
	if is == nil {
		return nil, noVerifier()
	}
	var asked search
	if is.cache != nil {
		t, before, err := is.cache.recall(ctx, is, token)
		if err != nil {
			return nil, err.withhold(token)
		} else if t != nil {
			return t, nil
		}
		asked = before
	}
	t, err := is.verify(ctx, token, asked)
	if err != nil {
		return nil, err.withhold(token)
	}
	if is.cache != nil {
		is.cache.keep(token, t)
	}
	return t, nil
}

// memory is lent to verifications: each buffer suffices to decode a token of up to 2 KiB.
var memory = sync.Pool{New: func() any { return new([4 << 10]byte) }}

// verify is the list of the steps. Each refuses with reasons of its own, and none begins before the earlier
// ones have passed.
func (is *issuers) verify(ctx context.Context, token string, asked search) (*Token, *Error) {
	// Length, then three non-empty parts: nothing is decoded for these.
	p, err := split(token, is.maxToken, is.maxHeader)
	if err != nil {
		return nil, err
	}

	// Each part is canonical base64url.
	lent := memory.Get().(*[4 << 10]byte)
	defer memory.Put(lent)
	header, payload, signature, input, err := p.decode(lent[:0])
	if err != nil {
		return nil, err
	}

	// The header is one strict JSON object without extensions.
	t := &Token{text: header}
	h := &t.header
	if err := h.parse(header); err != nil {
		return nil, err
	}

	// iss, which is not verified yet, chooses one of several issuers. From here on that issuer's keys,
	// algorithms and policy alone decide.
	a, err := is.choose(payload)
	if err != nil {
		return nil, err.about(nil, h)
	}
	h.unnamedRSA = a.unnamedRSA
	if is.cache != nil {
		is.cache.missed(a)
	}

	// The algorithm is one that this issuer's keys may have.
	if err := a.allows(h); err != nil {
		return nil, err.about(a, h)
	}

	// Exactly one key, and its signature.
	key, err := a.verifySignature(ctx, h, input, signature, asked)
	if err != nil {
		return nil, err.about(a, h).withIssuerHint(a, payload)
	}

	// Only now the payload: one strict JSON object, registered claims of their types, the policy.
	t.authority, t.key = a, key
	if err := t.claims.parse(payload); err != nil {
		return nil, err.of(t)
	}
	if err := a.judge(ctx, t, time.Now()); err != nil { // keys may have been waited for
		return nil, err
	}
	return t, nil
}

// verifySignature finds the key and verifies the signature. If that fails, it asks for a key that has
// replaced the first under the same kid.
func (a *authority) verifySignature(ctx context.Context, h *Header, input, signature []byte, asked search) (*Key, *Error) {
	key, err := a.key(ctx, h, &asked)
	if err != nil {
		return nil, err
	}
	if key.verify(h.Algorithm, input, signature) {
		return key, nil
	}
	other, err := a.replacement(ctx, h, key, &asked)
	if other != nil && other.verify(h.Algorithm, input, signature) {
		return other, nil
	}
	return nil, cmp.Or(err, badSignature(h, signature))
}

// judge checks the claims against the policy of the issuer, once the signature holds.
func (a *authority) judge(ctx context.Context, t *Token, now time.Time) *Error {
	if err := a.checkClaims(t, now, nil); err != nil {
		return err.of(t)
	}

	// The caller's own requirement, last.
	if a.Validate != nil {
		if err := a.Validate(ctx, t); err != nil {
			return validated(ctx, err).of(t)
		}
	}
	return nil
}

// choose picks the issuer of a token. With one issuer there is nothing to choose, and iss is
// compared after the signature holds.
func (is *issuers) choose(payload string) (*authority, *Error) {
	switch len(is.authorities) {
	case 0:
		return nil, &Error{Reason: ReasonIssuerMismatch, Member: "iss", detail: "no issuer is trusted here at present"}
	case 1:
		return is.authorities[0], nil
	}
	name, err := unverifiedIssuer(payload, func(name string) bool { return is.named(name) != nil })
	if err != nil {
		return nil, err
	}
	if a := is.named(name); a != nil {
		return a, nil
	}
	return nil, unequal(ReasonIssuerMismatch, "iss", name, is.names)
}

// named finds the issuer that goes by this name; nil if none does.
func (is *issuers) named(name string) *authority {
	if a := is.byName[name]; a != nil && !a.templated {
		return a
	}
	for _, a := range is.templated {
		if a.named(name) {
			return a
		}
	}
	return nil
}

// allows checks that alg is a supported algorithm, and one of Config.Algorithms if these are set.
func (a *authority) allows(h *Header) *Error {
	if h.Algorithm.kty() == "" {
		e := &Error{Reason: ReasonAlgorithmRefused, Member: "alg", Got: snippet(string(h.Algorithm)), Want: "a supported algorithm"}
		if strings.EqualFold(string(h.Algorithm), "none") {
			e.Hint = "unsecured tokens (alg none) are never accepted"
		}
		return e
	}
	if a.Algorithms == nil || slices.ContainsFunc(a.Algorithms, h.Algorithm.sameAs) {
		return nil
	}
	return &Error{Reason: ReasonAlgorithmRefused, Member: "alg", Got: string(h.Algorithm), Want: oneOf(a.Algorithms)}
}

// key asks the issuer's source for the one key, and refuses one that does not fit the header.
func (a *authority) key(ctx context.Context, h *Header, asked *search) (k *Key, refusal *Error) {
	switch keys := a.Keys.(type) {
	case *KeySet:
		k, refusal = keys.find(h)
	case *RemoteKeySet:
		k, refusal = keys.find(ctx, h, asked)
	default:
		var err error
		if k, err = keys.Key(ctx, *h); err != nil {
			refusal = keyRefusal(err)
		}
	}
	switch {
	case refusal != nil:
	case k == nil || k.primitive == nil:
		refusal = unknownKey(h, "")
	case !k.answers(h):
		refusal = k.mismatch(h)
	}
	if refusal != nil {
		return nil, refusal.canceledBy(ctx)
	}
	return k, nil
}

// canceledBy gives the refusal a reason of its own if the caller's context has ended: that is no outage.
func (e *Error) canceledBy(ctx context.Context) *Error {
	if e.kind() == ErrUnavailable && ctx.Err() != nil {
		e.Reason = ReasonRequestCanceled
	}
	return e
}

// keyRefusal is what the error of a KeySource counts as: a refusal of ours stays one, ErrKey says
// that there is no such key, anything else that the keys are unavailable.
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

// replacement asks a RemoteKeySet for another key with the kid of one under which the signature
// failed; nil if there is none.
func (a *authority) replacement(ctx context.Context, h *Header, failed *Key, asked *search) (k *Key, refusal *Error) {
	if remote, ok := a.Keys.(*RemoteKeySet); ok {
		if k, refusal = remote.another(ctx, h, failed, asked); refusal != nil {
			return nil, refusal.canceledBy(ctx)
		}
	}
	return k, nil
}

func badSignature(h *Header, signature []byte) *Error {
	e := &Error{Reason: ReasonSignatureInvalid, detail: "the " + string(h.Algorithm) + " signature does not hold"}
	if h.Algorithm.kty() == "EC" {
		e.Hint = derHint(signature)
	}
	return e
}

// noVerifier is the refusal of every token by a nil or zero Verifier. It is the service's fault.
func noVerifier() *Error {
	return &Error{Reason: ReasonNoVerifier, detail: "no issuer is trusted here, as the Verifier is nil or zero"}
}

// about records who judged the token, and which key it named.
func (e *Error) about(a *authority, h *Header) *Error {
	if a != nil {
		e.Issuer = a.Issuer
	}
	e.KeyID = snippet(h.KeyID)
	return e
}

// of records whose token was refused, once its signature holds.
func (e *Error) of(t *Token) *Error {
	e.Subject, e.ClientID, e.TokenID = snippet(t.Subject()), snippet(t.ClientID()), snippet(t.ID())
	return e.about(t.authority, &t.header)
}

// maxHintPayload bounds a payload that is parsed only to word a refusal.
const maxHintPayload = 2 << 10

// withIssuerHint adds a hint if the token, whose signature was not verified, names another issuer. The
// claim is shown as unverified and decides nothing.
func (e *Error) withIssuerHint(a *authority, payload string) *Error {
	if e.Hint != "" || e.kind() == ErrUnavailable || len(payload) > maxHintPayload {
		return e
	}
	stop := func(string) bool { return false } // the first iss is enough for a hint
	if name, err := unverifiedIssuer(payload, stop); err == nil && !a.named(name) {
		e.Hint = "the token says, unverified, that its issuer is " + quote(name) + ", and " + quote(a.Issuer) + " is trusted here"
		if miss := nearMiss(name, a.Issuer); miss != "" {
			e.Hint += ": " + miss
		}
	}
	return e
}

// Warm fetches the keys of every issuer that has to fetch them, so that the first request does not wait. It
// is optional. It asks 8 issuers at a time. If one without keys answers 429 or 503, it repeats the request
// until ctx ends: give it a deadline. Its error joins those of all issuers without keys.
func (v *Verifier) Warm(ctx context.Context) error {
	return v.each(func(sets []*RemoteKeySet) []*Error { return warmAll(ctx, sets) })
}

// Ready says whether the keys of every issuer can serve, for a readiness probe: its error joins those of the
// issuers that cannot, each an [*Error]. It starts a renewal where one is due, so that a service without
// traffic notices that an issuer is back. It is cheap enough for a probe every second. It waits only if
// there are no usable keys, and no longer than ctx.
func (v *Verifier) Ready(ctx context.Context) error {
	if v.issuers() == nil {
		return noVerifier()
	}
	return v.each(func(sets []*RemoteKeySet) []*Error { return readyAll(ctx, sets) })
}

// each calls do with the remote key sets and joins the errors, each behind its issuer's name.
func (v *Verifier) each(do func([]*RemoteKeySet) []*Error) error {
	var sets []*RemoteKeySet
	var of []*authority
	if is := v.issuers(); is != nil {
		for _, a := range is.authorities {
			if remote, ok := a.Keys.(*RemoteKeySet); ok {
				sets, of = append(sets, remote), append(of, a)
			}
		}
	}
	var errs []error
	for n, err := range do(sets) {
		if err != nil {
			err.Issuer = of[n].Issuer
			errs = append(errs, fmt.Errorf("issuer %q: %w", err.Issuer, err))
		}
	}
	return errors.Join(errs...)
}

// Status returns the state of every issuer's keys, in the order of the Configs. It does no I/O.
func (v *Verifier) Status() (all []IssuerStatus) {
	is := v.issuers()
	if is == nil {
		return nil
	}
	for _, a := range is.authorities {
		s := IssuerStatus{Issuer: a.Issuer, Keys: statusOf(a.Keys)}
		if is.cache != nil {
			s.TokenCache = is.cache.status(a)
		}
		all = append(all, s)
	}
	return all
}
