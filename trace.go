// This file runs the steps of Verify with a record of each, and goes on where Verify stops.

package jwt

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// A Trace is the record of the steps that [Verifier.Verify] takes, for tools that explain a refusal. It
// has no claims, and it is no proof that a token is valid. Its errors are safe to print.
type Trace struct {
	Steps    []TraceStep // in the order of Verify
	Refusal  *Error      // what Verify returns, or the requirement that is not met; nil if the token is accepted
	Issuer   string      // Config.Issuer of the issuer whose rules were applied; empty if the token is of none
	KeyID    string      // kid of the key that was found; empty if it has none, or none was found
	Verified bool        // the signature holds; if not, anybody may have written the claims that the steps are about
	At       time.Time   // the time that the claims were judged for
}

// A TraceStep is one step of a verification: size, parts, encoding, header, issuer choice, alg, key,
// signature, payload, typ, iss, key issuer, aud, client, exp, nbf, iat, profile, require, cnf, validate, and
// requirement for each requirement. Names are stable.
type TraceStep struct {
	Name    string
	Err     *Error // why the step refuses the token; nil if it does not
	Skipped string // why the step was not taken; empty if it was
}

// policySteps are the steps of checkClaims.
var policySteps = []string{"typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "require", "cnf"}

// Trace judges a token by the same steps as [Verifier.Verify], and records each. It goes on after the
// first failure as far as that is meaningful. With reqs it also says whether the token meets them. It asks
// for keys where Verify would, within the same budget, and calls Config.Validate where Verify would.
//
// If at is not zero, the claims are judged for that time instead of now. The keys are still those of now.
// Config.Validate, which may take a token for proof, is called only if the token is valid now too.
func (v *Verifier) Trace(ctx context.Context, token string, at time.Time, reqs ...Requirement) *Trace {
	t := tracer{issuers: v.issuers(), at: at, trace: &Trace{}}
	if t.issuers == nil {
		t.trace.Refusal = noVerifier()
		t.issuers = &issuers{maxToken: defaultMaxTokenSize, maxHeader: defaultMaxHeaderSize}
	}
	t.form(token)
	t.choose()
	t.signature(ctx)
	t.claims()
	t.validate(ctx)
	t.require(reqs)
	if t.trace.Refusal != nil {
		t.trace.Refusal.withhold(token)
	}
	for _, s := range t.trace.Steps {
		if s.Err != nil {
			s.Err.withhold(token)
		}
	}
	return t.trace
}

// tracer makes a Trace. A field stays zero if the token does not give it.
type tracer struct {
	issuers *issuers
	at      time.Time

	trace     *Trace
	parts     parts
	signed    []byte // the signature
	input     []byte // the signing input
	payload   string
	header    *Header
	noBody    string // why the payload cannot be read
	authority *authority
	key       *Key
	token     *Token // perhaps not verified: only validate hands it out
}

func (t *tracer) pass(name string) { t.trace.Steps = append(t.trace.Steps, TraceStep{Name: name}) }

func (t *tracer) skip(why string, names ...string) {
	for _, name := range names {
		t.trace.Steps = append(t.trace.Steps, TraceStep{Name: name, Skipped: why})
	}
}

// take records a step that was taken. The first refusal is what Verify returns.
func (t *tracer) take(name string, err *Error) bool {
	if err != nil {
		t.about(err)
		if t.trace.Refusal == nil {
			t.trace.Refusal = err
		}
	}
	t.trace.Steps = append(t.trace.Steps, TraceStep{Name: name, Err: err})
	return err == nil
}

// about records in a refusal the fields that Verify records.
func (t *tracer) about(e *Error) *Error {
	switch {
	case t.trace.Verified && t.token != nil:
		e.of(t.token)
	case t.header != nil:
		e.about(t.authority, t.header)
	case t.authority != nil:
		e.about(t.authority, new(Header))
	}
	return e
}

// maxLook bounds the tokens that are too large but still decoded, in multiples of the permitted size.
const maxLook = 4

// form takes the steps that need nothing but the token. Of a broken token it decodes the parts that can be
// decoded.
func (t *tracer) form(token string) {
	p, err := split(token, t.issuers.maxToken, t.issuers.maxHeader)
	switch large := err != nil && err.Reason == ReasonTokenTooLarge; {
	case err == nil:
		t.pass("size")
		t.pass("parts")
		var err *Error
		_, _, t.signed, t.input, err = p.decode(nil)
		t.take("encoding", err)
	case large && len(token) > t.issuers.maxToken:
		t.take("size", err)
		t.skip("the token is too large to be taken apart", "parts", "encoding")
	case large:
		t.take("size", err)
		t.pass("parts")
		t.skip("the header is too large to be decoded", "encoding")
	default:
		t.pass("size")
		t.take("parts", err)
		t.skip("the token is not three parts", "encoding")
	}
	if len(token) > maxLook*t.issuers.maxToken {
		t.noBody = "the token is too large to be looked into"
		t.skip(t.noBody, "header")
		return
	}
	header, rest, dotted := strings.Cut(token, ".")
	if !dotted && !strings.HasPrefix(header, "ey") {
		header = "" // it does not begin like a JSON object
	}
	t.parts.header = header
	t.parts.payload, t.parts.signature, _ = strings.Cut(rest, ".")
	text, missing := partText("header", t.parts.header)
	if missing != "" {
		t.skip(missing, "header")
	} else if h := new(Header); t.take("header", h.parse(text)) {
		t.header = h
	}
	t.payload, t.noBody = partText("payload", t.parts.payload)
	if strings.Count(token, ".") == 4 {
		t.noBody = "the payload is encrypted"
	}
}

// partText decodes one part, or says why it cannot.
func partText(name, part string) (text, missing string) {
	b, ok := base64urlBytes(part)
	switch {
	case part == "":
		return "", "the token has no " + name
	case !ok:
		return "", "the " + name + " is not base64url"
	}
	return string(b), ""
}

// choose finds the issuer whose rules judge the token.
func (t *tracer) choose() {
	switch {
	case t.trace.Refusal != nil && t.trace.Refusal.Reason == ReasonNoVerifier:
		t.take("issuer choice", noVerifier())
		return
	case len(t.issuers.authorities) == 1:
		t.authority = t.issuers.authorities[0]
		t.skip("there is one issuer, and nothing to choose", "issuer choice")
	case t.noBody != "":
		t.skip(t.noBody, "issuer choice")
		return
	default:
		i, err := t.issuers.choose(t.payload)
		if !t.take("issuer choice", err) {
			return
		}
		t.authority = i
	}
	t.trace.Issuer = t.authority.Issuer
}

// signature takes the steps from the algorithm to the signature. It asks for keys only where Verify does,
// so a broken token causes no fetch.
func (t *tracer) signature(ctx context.Context) {
	switch {
	case t.header == nil:
		t.skip("the header cannot be used", "alg", "key", "signature")
		return
	case t.authority == nil:
		t.skip("the token is of no configured issuer", "alg", "key", "signature")
		return
	case !t.take("alg", t.authority.allows(t.header)):
		t.skip("no key is asked for an algorithm that is refused", "key", "signature")
		return
	case t.trace.Refusal != nil:
		t.skip("keys are asked for only once the token is well formed", "key", "signature")
		return
	}
	t.header.unnamedRSA = t.authority.unnamedRSA
	var asked search
	key, err := t.authority.key(ctx, t.header, &asked)
	if err != nil {
		t.take("key", err.withIssuerHint(t.authority, t.payload))
		t.skip("there is no key to check it with", "signature")
		return
	}
	t.pass("key")
	t.key, t.trace.KeyID = key, snippet(key.id)
	if !key.verify(t.header.Algorithm, t.input, t.signed) {
		other, err := t.authority.replacement(ctx, t.header, key, &asked)
		if other == nil || !other.verify(t.header.Algorithm, t.input, t.signed) {
			t.take("signature", cmp.Or(err, badSignature(t.header, t.signed)).withIssuerHint(t.authority, t.payload))
			return
		}
		t.key, t.trace.KeyID = other, snippet(other.id)
	}
	t.trace.Verified = true
	t.pass("signature")
}

// claims takes the steps of the policy, even if the signature does not hold.
func (t *tracer) claims() {
	if t.at.IsZero() {
		t.at = time.Now()
	}
	t.trace.At = t.at
	if t.noBody != "" {
		t.skip(t.noBody, "payload")
		t.skip("the claims cannot be read", policySteps...)
		return
	}
	h := t.header
	if h == nil {
		h = new(Header)
	}
	token := &Token{header: *h, authority: t.authority, key: t.key}
	unnamed := "the key does not say whose it is"
	if token.key == nil {
		token.key, unnamed = new(Key), "there is no key"
	}
	t.token = token
	err := token.claims.parse(t.payload)
	if !t.take("payload", err) && err.Reason == ReasonPayloadInvalid {
		t.token = nil
		t.skip("the claims cannot be read", policySteps...)
		return
	}
	if t.authority == nil {
		t.skip("the token is of no configured issuer, so no rules apply", policySteps...)
		return
	}
	refusal := t.authority.checkClaims(token, t.at, func(name string, e *Error) {
		switch {
		case name == "require" && len(t.authority.Require) == 0:
			t.skip("Config.Require is not set", name)
		case name == "typ" && t.header == nil:
			t.skip("the header cannot be used", name)
		case e != nil && slices.Contains(token.claims.spoiled, e.Member):
			t.skip(e.Member+" has a wrong type or range: see payload", name)
		case e == nil && slices.Contains(token.claims.spoiled, name):
			t.skip(name+" has a wrong type or range: see payload", name)
		case name == "key issuer" && token.key.issuer == "":
			t.skip(unnamed, name)
		case e != nil:
			alone := *e // the others are added to the first
			t.trace.Steps = append(t.trace.Steps, TraceStep{Name: name, Err: t.about(&alone)})
		default:
			t.pass(name)
		}
	})
	if t.trace.Refusal == nil && refusal != nil {
		t.trace.Refusal = t.about(refusal)
	}
}

// validate calls Config.Validate. This is the only place where a token leaves this file, and only one that
// Verify would return too.
func (t *tracer) validate(ctx context.Context) {
	switch {
	case t.authority == nil || t.authority.Validate == nil:
		t.skip("Config.Validate is not set", "validate")
	case t.trace.Refusal != nil:
		t.skip("Config.Validate gets only tokens that passed everything else", "validate")
	case t.authority.checkClaims(t.token, time.Now(), nil) != nil:
		t.skip("Config.Validate gets only tokens that are valid now", "validate")
	default:
		var refusal *Error
		if err := t.authority.Validate(ctx, t.token); err != nil {
			refusal = validated(ctx, err)
		}
		t.take("validate", refusal)
	}
}

// require checks the requirements of a route.
func (t *tracer) require(reqs []Requirement) {
	route := routeOf(reqs)
	for _, req := range reqs {
		if t.token == nil {
			t.skip("the claims cannot be read", "requirement")
			continue
		}
		e := routeOf([]Requirement{req}).decide(t.token, t.at)
		if route.mistake != "" { // no token meets a route with a mistake
			e = route.decide(t.token, t.at)
		}
		if e != nil {
			e.ask.scopes = route.scopes
		}
		t.take("requirement", e)
	}
}

// Configs returns what the verifier was made of, in order, with the source of keys that each issuer has.
func (v *Verifier) Configs() (all []Config) {
	is := v.issuers()
	if is == nil {
		return nil
	}
	for _, a := range is.authorities {
		c := Config(a.settings).clone()
		if c.Leeway == 0 {
			c.Leeway = -1 // in a Config, zero would mean 30 seconds
		}
		all = append(all, c)
	}
	return all
}
