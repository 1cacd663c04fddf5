// This file tells a verification as a story: every step of Verify, in its order and by the same
// functions, with what it found, what it wanted, and what to do. It goes on where Verify stops, and
// it hands out text alone: nothing of it is proof of anything.

package jwt

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// checks are the steps of a verification in their order, each with the question that it helps to
// answer.
var checks = [...]struct {
	name     string
	question Question
}{
	{"size", QuestionForm},
	{"parts", QuestionForm},
	{"encoding", QuestionForm},
	{"header", QuestionForm},
	{"issuer choice", QuestionIssuer},
	{"alg", QuestionTamper},
	{"key", QuestionTamper},
	{"signature", QuestionTamper},
	{"payload", QuestionForm},
	{"typ", QuestionAudience},
	{"iss", QuestionIssuer},
	{"key issuer", QuestionIssuer},
	{"aud", QuestionAudience},
	{"client", QuestionAudience},
	{"exp", QuestionTime},
	{"nbf", QuestionTime},
	{"iat", QuestionTime},
	{"profile", QuestionAudience},
	{"cnf", QuestionAudience},
	{"validate", QuestionAudience},
	{"requirement", QuestionAudience},
}

func questionOf(check string) Question {
	for _, c := range checks {
		if c.name == check {
			return c.question
		}
	}
	return QuestionAudience
}

// Explain judges a token as Verify does, with the same steps, and tells what each of them says; with
// requirements, it says too whether the token meets them, as a handler behind [Resource.Require]
// would find. It goes on after the first failure as far as that is meaningful, and decodes what it
// can of a token that is broken. It asks for keys where Verify would, within the same budget, and
// calls Config.Validate where Verify would.
//
// It is for people: for a debugger, or a support tool whose users may see each other's tokens. A
// report says more than a client may learn, and holds personal data unless [Report.Redact] took it
// out.
func (v *Verifier) Explain(ctx context.Context, token string, reqs ...Requirement) *Report {
	return v.explain(ctx, token, time.Now, reqs)
}

// ExplainAt is Explain for another time than now: whether a token was valid when a request was
// refused, or will be. Keys are those of now. Config.Validate, which takes a token for proof, is
// called only if the token is valid now too.
func (v *Verifier) ExplainAt(ctx context.Context, token string, at time.Time, reqs ...Requirement) *Report {
	return v.explain(ctx, token, func() time.Time { return at }, reqs)
}

// explanation is a report in the making.
type explanation struct {
	*Report
	v     *Verifier
	clock func() time.Time

	token string   // as it was given
	text  string   // the token, without what was pasted along with it
	along []string // what that is
	vast  bool     // the token is too large to be looked into: the report holds nothing of it
	cut   parts    // of text, as far as there are any

	header, payload sight
	signed          []byte
	first           *Error // what Verify returns; nil so far

	i   *authority
	h   *Header // zero until it can be used
	hOK bool
	key *Key
	t   *Token // never leaves this file: its payload need not be verified
	now time.Time

	asked []asked
	runs  *tokenRuns
}

// asked are the scopes of a requirement that is not met, by the number of its step.
type asked struct {
	step   int
	scopes []string
}

func (v *Verifier) explain(ctx context.Context, token string, clock func() time.Time, reqs []Requirement) *Report {
	x := &explanation{Report: &Report{At: clock()}, v: v, clock: clock, token: token, text: token, h: new(Header)}
	if v == nil || len(v.authorities) == 0 {
		x.first = noIssuer()
	}
	x.form()
	x.choice()
	x.signature(ctx)
	x.claims()
	x.validate(ctx)
	x.require(reqs)
	return x.finish()
}

// step adds a step. Steps that were left out before it are added as skipped, with the reason.
func (x *explanation) step(s Step) {
	s.Question = questionOf(s.Name)
	x.Steps = append(x.Steps, s)
}

func (x *explanation) pass(name, text string) {
	x.step(Step{Name: name, Verdict: VerdictPass, Text: text, Hint: x.remark(name)})
}

func (x *explanation) skip(why string, names ...string) {
	for _, name := range names {
		x.step(Step{Name: name, Verdict: VerdictSkip, Text: why})
	}
}

// fail adds a failure. The first one of a verification is what Verify returns.
func (x *explanation) fail(name string, e *Error) {
	if x.first == nil {
		x.first = e
	}
	x.step(Step{Name: name, Verdict: VerdictFail, err: e})
}

// form takes the steps that need nothing but the token: length, parts, encoding and header.
func (x *explanation) form() {
	maxToken, maxHeader := defaultMaxTokenSize, defaultMaxHeaderSize
	if x.v.count() > 0 {
		maxToken, maxHeader = x.v.maxToken, x.v.maxHeader
	}
	x.look(maxToken)
	const size, three = "size", "a header, a payload and a signature, between two dots"
	p, err := split(x.token, maxToken, maxHeader)
	switch {
	case err == nil:
		x.pass(size, sizeText(len(x.token), maxToken))
		x.pass("parts", three)
		var err *Error
		if _, _, x.signed, _, err = p.decode(nil); err != nil {
			x.fail("encoding", err)
		} else {
			x.pass("encoding", "each part is base64url in its one spelling")
		}
	case err.Reason == ReasonTokenTooLarge && len(x.token) > maxToken:
		x.fail(size, err)
		x.skip("the token is too large to be taken apart", "parts", "encoding")
	case err.Reason == ReasonTokenTooLarge:
		x.fail(size, err)
		x.pass("parts", three)
		x.skip("the header is too large to be decoded", "encoding")
	default:
		x.pass(size, sizeText(len(x.token), maxToken))
		x.fail("parts", err)
		x.skip("the token is not three parts", "encoding")
	}
	x.readHeader()
}

func sizeText(n, limit int) string {
	return strconv.Itoa(n) + " bytes, the limit is " + strconv.Itoa(limit)
}

func (x *explanation) readHeader() {
	if x.header.missing != "" {
		x.skip(x.header.missing, "header")
		return
	}
	h := new(Header)
	if err := h.parse(x.header.text); err != nil {
		x.fail("header", err)
		return
	}
	x.h, x.hOK = h, true
	text := "a JSON object with alg " + quote(string(h.Algorithm))
	if h.KeyID != "" {
		text += " and kid " + quote(h.KeyID)
	} else {
		text += " and no kid"
	}
	x.pass("header", text)
}

// choice finds the issuer whose rules the token is held against.
func (x *explanation) choice() {
	switch n := x.v.count(); {
	case n == 0:
		x.fail("issuer choice", noIssuer())
		return
	case n == 1:
		x.i = x.v.authorities[0]
		x.skip("there is one issuer, and nothing to choose", "issuer choice")
	case x.payload.missing != "":
		x.skip(x.payload.missing, "issuer choice")
		return
	default:
		i, err := x.v.choose(x.payload.text)
		if err != nil {
			x.fail("issuer choice", err.about(nil, x.h))
			return
		}
		x.i = i
		x.pass("issuer choice", "iss chooses one of "+strconv.Itoa(n)+" issuers")
	}
	x.Issuer, x.Leeway = x.i.Issuer, x.i.Leeway.Seconds()
}

func (v *Verifier) count() int {
	if v == nil {
		return 0
	}
	return len(v.authorities)
}

// signature takes the steps from the algorithm to the signature. Keys are asked for only where
// Verify asks for them: a token that is broken causes no fetch.
func (x *explanation) signature(ctx context.Context) {
	switch {
	case !x.hOK:
		x.skip("the header cannot be used", "alg", "key", "signature")
		return
	case x.i == nil:
		x.skip("no configured issuer is the token's", "alg", "key", "signature")
		return
	}
	if err := x.i.allows(x.h); err != nil {
		x.fail("alg", err.about(x.i, x.h))
		x.skip("no key is asked for an algorithm that is refused", "key", "signature")
		return
	}
	x.pass("alg", string(x.h.Algorithm)+" may be used; the key decides")
	if x.first != nil {
		x.skip("keys are asked for only once the token is well formed", "key", "signature")
		return
	}
	h, input := x.h, []byte(x.cut.input)
	h.unnamedRSA = x.i.unnamedRSA
	key, _, err := x.i.key(ctx, h)
	if err != nil {
		x.fail("key", err.about(x.i, h).withIssuerHint(x.i, x.payload.text))
		x.skip("there is no key to check it with", "signature")
		return
	}
	x.key = key
	x.pass("key", keyText(key, h)+ageText(x.i.Keys, time.Now()))
	what := "the " + string(h.Algorithm) + " signature holds"
	if !key.verify(h.Algorithm, input, x.signed) {
		other := x.i.replacement(ctx, h, key)
		if other == nil || !other.verify(h.Algorithm, input, x.signed) {
			err := badSignature(h)
			x.fail("signature", err.about(x.i, h).withIssuerHint(x.i, x.payload.text))
			return
		}
		x.key, what = other, what+", by the key that has replaced the one that was known"
	}
	x.Verified = true
	x.pass("signature", what)
}

func keyText(k *Key, h *Header) string {
	text := "the one key that fits"
	switch {
	case h.KeyID != "" && k.id != "":
		text = "the key of kid " + quote(h.KeyID)
	case k.id != "":
		text += " has kid " + quote(k.id)
	}
	return text + ", for " + string(h.Algorithm)
}

// ageText says since when a fetched set is known.
func ageText(source KeySource, now time.Time) string {
	remote, ok := source.(*RemoteKeySet)
	if !ok || remote == nil {
		return ""
	}
	set := remote.current.Load()
	if set == nil {
		return ""
	}
	return "; the keys were fetched " + human(now.Sub(set.at)) + " ago"
}

// claims takes the steps of the policy.
func (x *explanation) claims() {
	x.now = x.clock()
	x.At = x.now
	all := x.policyChecks()
	if x.payload.missing != "" {
		x.skip(x.payload.missing, "payload")
		x.skip("the claims cannot be read", all...)
		return
	}
	x.t = &Token{header: *x.h, authority: x.i, key: x.key}
	err := x.t.claims.parse(x.payload.text)
	x.IssuedAt, x.NotBefore, x.ExpiresAt = x.t.claims.issuedAt, x.t.claims.notBefore, x.t.claims.expires
	if err == nil {
		x.pass("payload", "a JSON object whose registered claims have their types")
	} else {
		x.fail("payload", x.about(err))
		if err.Reason == ReasonPayloadInvalid {
			x.t = nil
			x.skip("the claims cannot be read", all...)
			return
		}
	}
	if x.i == nil {
		x.skip("no configured issuer is the token's, so nobody's rules apply", all...)
		return
	}
	key := x.key
	if key == nil {
		key = &Key{}
	}
	profile := false
	refusal := x.i.checkClaims(x.h, key, &x.t.claims, x.now, func(name string, e *Error) {
		if name == "cnf" && !profile {
			x.profilePassed()
		}
		profile = profile || name == "profile" // of which only refusals are told
		switch {
		case e == nil:
			x.passed(name)
		case name == "typ" && !x.hOK:
			x.skip("the header cannot be used", name)
		case err != nil && x.unread(e.Member):
			x.skip(e.Member+" is not written as it has to be: see payload", name)
		default:
			x.step(Step{Name: name, Verdict: VerdictFail, err: e})
		}
	})
	if x.first == nil && refusal != nil {
		x.first = x.about(refusal)
	}
}

// policyChecks are the names of the checks of a policy.
func (x *explanation) policyChecks() (names []string) {
	for _, c := range checks {
		switch c.name {
		case "typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "cnf":
			names = append(names, c.name)
		}
	}
	return names
}

func (x *explanation) about(e *Error) *Error {
	if x.hOK || x.i != nil {
		return e.about(x.i, x.h)
	}
	return e
}

// unread reports whether a claim is there and could not be read, so that nothing can be said of it.
func (x *explanation) unread(claim string) bool {
	c := &x.t.claims
	_, present := x.payload.members[claim]
	switch claim {
	case "iss":
		return present && !c.issuer.present
	case "sub":
		return present && !c.subject.present
	case "jti":
		return present && !c.id.present
	case "client_id":
		return present && !c.clientID.present
	case "azp":
		return present && !c.azp.present
	case "exp":
		return present && !isDate(c.expires)
	case "nbf":
		return present && !isDate(c.notBefore)
	case "iat":
		return present && !isDate(c.issuedAt)
	case "aud":
		return present && c.audience == ""
	}
	return false
}

// isDate reports whether a date was read, and is one. Beyond the year 9999 there is none.
func isDate(t time.Time) bool { return !t.IsZero() && t.Unix() <= maxNumericDate }

// passed words a check of the policy that found nothing wrong, or nothing to check.
func (x *explanation) passed(name string) {
	c, p := &x.t.claims, x.i
	none := func(what string) { x.skip(what, name) }
	unread := x.unread(name)
	switch {
	case unread:
		none(name + " is not written as it has to be: see payload")
	case name == "typ" && !x.hOK:
		none("the header cannot be used")
	case name == "typ" && x.h.Type == "":
		x.pass(name, "the header has no typ, and none is asked for")
	case name == "typ":
		x.pass(name, quote(x.h.Type)+" is a kind of token that is taken here")
	case name == "iss":
		x.pass(name, quote(c.issuer.value)+", as configured")
	case name == "key issuer" && x.key == nil:
		none("there is no key")
	case name == "key issuer" && x.key.issuer == "":
		none("the key does not say whose it is")
	case name == "key issuer":
		x.pass(name, "the key is one of this issuer's own")
	case name == "aud" && len(p.Audience) == 0:
		none("no audience is configured")
	case name == "aud":
		x.pass(name, "it names "+oneOf(p.Audience))
	case name == "client" && len(p.Clients) == 0:
		none("any client is taken: Config.Clients is not set")
	case name == "client":
		x.pass(name, quote(x.t.ClientID())+" is one of the clients")
	case name == "exp":
		x.pass(name, expiryText(c.expires, x.now))
	case name == "nbf" && c.notBefore.IsZero():
		none("the token has no nbf")
	case name == "nbf":
		x.pass(name, "valid since "+stamped(c.notBefore, x.now))
	case name == "iat" && c.issuedAt.IsZero():
		none("the token has no iat")
	case name == "iat":
		x.pass(name, "issued "+stamped(c.issuedAt, x.now))
	case name == "cnf":
		x.pass(name, "the token is not bound to a key of its sender")
	default:
		x.pass(name, "it holds")
	}
}

func (x *explanation) profilePassed() {
	switch x.i.Profile {
	case AccessToken:
		x.pass("profile", "it has what RFC 9068 asks of an access token")
	case IDToken:
		x.pass("profile", "it has what OpenID Connect asks of an ID token")
	default:
		x.skip("no profile is asked for", "profile")
	}
}

// validate takes the caller's own step. Only there a token leaves this file, and only one that Verify
// would hand out as well.
func (x *explanation) validate(ctx context.Context) {
	switch {
	case x.i == nil || x.i.Validate == nil:
		x.skip("Config.Validate is not set", "validate")
	case x.first != nil:
		x.skip("Config.Validate is asked only of tokens that passed everything else", "validate")
	case x.i.checkClaims(x.h, x.key, &x.t.claims, time.Now(), nil) != nil:
		x.skip("Config.Validate is asked only of tokens that are valid now", "validate")
	default:
		if err := x.i.Validate(ctx, x.t); err != nil {
			x.fail("validate", validated(err).about(x.i, x.h))
			return
		}
		x.pass("validate", "Config.Validate has nothing against it")
	}
}

// require holds the token against what a route asks for.
func (x *explanation) require(reqs []Requirement) {
	route := routeOf(reqs)
	for _, req := range reqs {
		if x.t == nil {
			x.skip("the claims cannot be read", "requirement")
			continue
		}
		r := routeOf([]Requirement{req})
		e := r.decide(x.t, x.now)
		if e == nil {
			x.pass("requirement", req.String()+" is met")
			continue
		}
		e.asks(route.scopes)
		x.asked = append(x.asked, asked{len(x.Steps), r.scopes})
		x.fail("requirement", x.about(e))
	}
}

// finish words the failures, and takes out whatever repeats the token.
func (x *explanation) finish() *Report {
	switch {
	case x.vast:
		x.runs = newTokenRuns()
	case x.text == x.token:
		x.runs = newTokenRuns(x.token)
	default:
		x.runs = newTokenRuns(x.token, x.text)
	}
	for n := range x.Steps {
		if s := &x.Steps[n]; s.err != nil {
			s.Hint = x.hint(n, s.Name, s.err)
			s.tell(x.now, seconds(x.Leeway))
		}
	}
	if x.first != nil {
		x.Refusal, x.Reason = x.first, x.first.Reason
		x.first.censor(x.runs.in)
		x.Text = strings.TrimPrefix(x.first.Error(), "jwt: ")
	} else {
		x.Valid, x.Text = true, expiryText(x.t.claims.expires, x.now)
	}
	x.At = x.At.UTC()
	for _, t := range []*time.Time{&x.IssuedAt, &x.NotBefore, &x.ExpiresAt} {
		if isDate(*t) {
			*t = t.UTC()
		} else {
			*t = time.Time{}
		}
	}
	x.Answers = x.answers()
	x.Header, x.Claims = x.header.fields, x.payload.fields
	for _, fields := range [][]Field{x.Header, x.Claims} {
		for n := range fields {
			f := &fields[n]
			x.censor(&f.Name)
			if x.runs.in(string(f.Value)) {
				f.Value = []byte(`"` + withheld + `"`)
			}
			x.censor(&f.Meaning)
		}
	}
	for n := range x.Steps {
		s := &x.Steps[n]
		for _, text := range []*string{&s.Got, &s.Want, &s.Text, &s.Hint} {
			x.censor(text)
		}
		s.err = nil
	}
	return x.Report
}

func (x *explanation) censor(text *string) {
	if x.runs.in(*text) {
		*text = withheld
	}
}

// tokenRuns finds pieces of a token in the many texts of a report, in time that grows with their
// length alone: [Error] has few texts, and repeats searches the token for each of their words.
type tokenRuns struct {
	tokens []string // as it was given, and as it was meant
	marks  []uint64 // two bits for the hash of each run of runLength bytes
	base   uint64   // of the hash: random, so that nobody can aim at it
	power  uint64   // of base, for the byte that leaves a run
}

func newTokenRuns(tokens ...string) *tokenRuns {
	r := &tokenRuns{tokens: tokens, base: rand.Uint64() | 1, power: 1}
	for range runLength - 1 {
		r.power *= r.base
	}
	size := 1
	for _, token := range tokens {
		size += len(token) / 2 // about one bit in 16 is set
	}
	r.marks = make([]uint64, 1<<bits.Len(uint(size)))
	for _, token := range tokens {
		r.each(token, func(_ int, one, other *uint64, bit, otherBit uint64) bool {
			*one |= bit
			*other |= otherBit
			return true
		})
	}
	return r
}

// each yields the marks of every run of a text, and where the run ends.
func (r *tokenRuns) each(text string, yield func(end int, one, other *uint64, bit, otherBit uint64) bool) {
	var hash uint64
	for i := 0; i < len(text); i++ {
		if i >= runLength {
			hash -= uint64(text[i-runLength]) * r.power
		}
		hash = hash*r.base + uint64(text[i])
		if i < runLength-1 {
			continue
		}
		const spread = 0x9e3779b97f4a7c15
		mixed := hash * spread
		mixed ^= mixed >> 32
		mixed *= spread
		last := uint64(len(r.marks) - 1)
		if !yield(i+1, &r.marks[mixed>>6&last], &r.marks[mixed>>38&last], 1<<(mixed&63), 1<<(mixed>>32&63)) {
			return
		}
	}
}

// in reports whether a text holds a run of the token.
func (r *tokenRuns) in(text string) (found bool) {
	r.each(text, func(end int, one, other *uint64, bit, otherBit uint64) bool {
		if *one&bit != 0 && *other&otherBit != 0 {
			run := text[end-runLength : end]
			foreign := strings.IndexFunc(run, func(c rune) bool { return c >= utf8.RuneSelf || !isTokenByte(byte(c)) })
			found = foreign < 0 && slices.ContainsFunc(r.tokens, func(token string) bool { return strings.Contains(token, run) })
		}
		return !found
	})
	return found
}

// tell words a failure.
func (s *Step) tell(now time.Time, leeway time.Duration) {
	e := s.err
	s.Reason, s.Got, s.Want, s.member = e.Reason, e.Got, e.Want, e.Member
	s.Text = e.line()
	switch {
	case e.Reason == ReasonKeysUnavailable:
		s.Text = unescaped(s.Text)
	case s.Name == "exp" && e.Reason == ReasonTokenExpired:
		s.Text, s.Want = "expired "+e.detail, "after "+now.Add(-leeway).UTC().Format(time.RFC3339)
	case s.Name == "nbf" && e.Reason == ReasonTokenNotYetValid:
		s.Text, s.Want = "not valid yet: "+e.detail, "not after "+now.Add(leeway).UTC().Format(time.RFC3339)
	case s.Name == "iat" && e.Reason == ReasonTokenNotYetValid:
		s.Text, s.Want = "issued in the future: "+e.detail, "not after "+now.Add(leeway).UTC().Format(time.RFC3339)
	case s.Name == "iat" && e.Reason == ReasonTokenTooOld:
		s.Text = "too old: issued " + e.detail
	}
}
