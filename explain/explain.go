// Package explain words for people what [jwt.Verifier.Verify] decides about a token, and why: each step of
// the verification, what it found, what it wanted, and what to do about a failure.
//
// The steps are those of [jwt.Verifier.Trace]. This package decides nothing. It words what the trace
// says, and decodes header and claims of a token for people to read.
//
// A report says more than a client may learn. It holds personal data, which [Report.Redact] removes. It
// never repeats 17 bytes of the token or its signature (TestReportHoldsNoToken). It is no proof that a
// token is valid.
//
// A report shows 100 members of a header or payload, 500 bytes of a text and 2,000 bytes of any other
// value; it says what it leaves out (TestFieldLimits). A token of more than four times
// Config.MaxTokenSize is not decoded.
package explain

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay.example/jwt"
)

// Token judges a token as Verify does now, by the same steps, and says what each of them found. With
// requirements, it also says whether the token meets them, as a handler behind [jwt.Resource.Require]
// would find.
//
// It goes on after the first failure as far as that is meaningful. Of a broken header or payload it decodes
// the members before the fault, and nothing behind it (TestRedactBroken, TestRedactCanary). It asks for keys
// where Verify would, within the same budget. It calls Config.Validate where Verify would. With a nil
// Verifier, which trusts no issuer, it only decodes.
func Token(ctx context.Context, v *jwt.Verifier, token string, reqs ...jwt.Requirement) *Report {
	return reportOn(ctx, v, token, time.Time{}, reqs)
}

// TokenAt is Token for another time than now: it says whether a token was or will be valid then. The keys
// are those of now. Config.Validate, which may take a token for proof, is called only if the token is valid
// now too. A zero time is now.
func TokenAt(ctx context.Context, v *jwt.Verifier, token string, at time.Time, reqs ...jwt.Requirement) *Report {
	return reportOn(ctx, v, token, at, reqs)
}

const (
	// defaultMaxTokenSize is what a Config with no MaxTokenSize means.
	defaultMaxTokenSize = 16 << 10
	// defaultLeeway is what a Config with no Leeway means.
	defaultLeeway = 30 * time.Second
	// maxLook bounds the tokens that are decoded, in multiples of the permitted size, as in a trace.
	maxLook = 4
)

// checks are the steps of a verification in their order, each with the question to which it belongs.
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
	{"require", QuestionAudience},
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

// explanation makes a report.
type explanation struct {
	*Report
	configs []jwt.Config
	limit   int           // of a token, in bytes
	keyless *jwt.Verifier // the same issuers, without keys and without Validate

	given string     // the token as it was given
	clean string     // the token without what was pasted along with it
	along []string   // descriptions of what was pasted along
	bare  *jwt.Error // why the clean token has not three parts, if something was pasted along with it

	trace       *jwt.Trace
	steps       []jwt.TraceStep  // of the trace; if something was pasted along, of a trace of the clean token
	keys, older jwt.KeySetStatus // of the issuer whose rules were applied, after the trace and before
	config      *jwt.Config      // of that issuer; nil if no issuer is the token's
	now         time.Time        // the time that the claims were judged for

	header, payload part
	runs            *tokenRuns
}

func reportOn(ctx context.Context, v *jwt.Verifier, token string, at time.Time, reqs []jwt.Requirement) *Report {
	x := &explanation{Report: new(Report), configs: v.Configs(), limit: defaultMaxTokenSize, given: token, clean: token}
	if len(x.configs) == 0 {
		v = nil // a Verifier without issuers has no limits of its own
	} else {
		x.limit = 0
		for _, c := range x.configs {
			x.limit = max(x.limit, sizeOf(c))
		}
		x.keyless = keylessVerifier(x.configs)
	}
	before := v.Status()
	x.trace = v.Trace(ctx, token, at, reqs...)
	x.now, x.steps = x.trace.At, x.trace.Steps
	if len(token) <= maxLook*x.limit {
		x.clean, x.along = pasted(token)
		x.runs = newTokenRuns(token, x.clean)
	} else {
		x.runs = newTokenRuns() // the report holds nothing of the token
	}
	issuer := x.trace.Issuer
	if x.clean != token {
		issuer = x.again(ctx, reqs)
	}
	if n := slices.IndexFunc(x.configs, func(c jwt.Config) bool { return c.Issuer == issuer }); n >= 0 {
		x.config, x.older, x.keys = &x.configs[n], before[n].Keys, v.Status()[n].Keys
		x.Issuer, x.Leeway = issuer, leewayOf(x.config).Seconds()
	}
	if len(token) <= maxLook*x.limit {
		x.look(ctx)
	}
	x.tell(reqs)
	return x.finish()
}

func sizeOf(c jwt.Config) int {
	if c.MaxTokenSize == 0 {
		return defaultMaxTokenSize
	}
	return c.MaxTokenSize
}

func leewayOf(c *jwt.Config) time.Duration {
	if c.Leeway == 0 {
		return defaultLeeway
	}
	return max(c.Leeway, 0)
}

// noKeys is a source without keys. It fetches nothing.
type noKeys struct{}

func (noKeys) Key(context.Context, jwt.Header) (*jwt.Key, error) {
	return nil, errors.New("no key is asked for")
}

// keylessVerifier is for traces of the clean token: it fetches nothing, and gives no token to Validate.
func keylessVerifier(configs []jwt.Config) *jwt.Verifier {
	configs = slices.Clone(configs)
	for n := range configs {
		c := &configs[n]
		c.Keys, c.Validate, c.TokenCache = noKeys{}, nil, 0
	}
	v, err := jwt.NewVerifier(configs...)
	if err != nil {
		return nil // a nil Verifier judges no token
	}
	return v
}

// again replaces the steps from the header on by those of the clean token, and returns its issuer. The
// steps before, and the verdict, stay those of the token as it was given.
func (x *explanation) again(ctx context.Context, reqs []jwt.Requirement) (issuer string) {
	const form = 3 // size, parts, encoding
	trace := x.keyless.Trace(ctx, x.clean, x.now, reqs...)
	steps := slices.Clone(trace.Steps)
	if parts := slices.IndexFunc(steps, func(s jwt.TraceStep) bool { return s.Name == "parts" }); parts >= 0 {
		x.bare = steps[parts].Err
	}
	copy(steps, x.steps[:form])
	asked := false
	for n := range steps {
		s := &steps[n]
		asked = asked || s.Name == "key" && s.Skipped == ""
		if asked && (s.Name == "key" || s.Name == "signature") {
			s.Err, s.Skipped = nil, "keys are asked for only once the token is well formed"
		}
	}
	x.steps = steps
	return trace.Issuer
}

// tell makes a Step of each step of the trace.
func (x *explanation) tell(reqs []jwt.Requirement) {
	for _, s := range x.steps {
		var req jwt.Requirement
		if s.Name == "requirement" {
			req, reqs = reqs[0], reqs[1:]
		}
		step := Step{Question: questionOf(s.Name), Name: s.Name}
		switch {
		case s.Err != nil:
			x.fail(&step, s.Err)
			step.Hint = x.hint(failure{s.Name, s.Err, req})
		case s.Name == "validate" && x.config != nil && x.config.Validate != nil && x.clean != x.given:
			step.Verdict, step.Text = VerdictSkip, "Config.Validate gets only tokens that passed everything else"
		case s.Skipped != "":
			step.Verdict, step.Text = VerdictSkip, s.Skipped
		default:
			x.pass(&step, req)
		}
		for _, text := range []*string{&step.Got, &step.Want, &step.Text, &step.Hint} {
			x.withhold(text)
		}
		x.Steps = append(x.Steps, step)
	}
}

// aloneText words a refusal without its hint and without the refusals in Also. It tells a date that is
// days away in days or years: "15 years ago", where a [jwt.Error] counts hours.
func aloneText(e *jwt.Error, now time.Time) string {
	switch e.Reason {
	case jwt.ReasonTokenExpired, jwt.ReasonTokenNotYetValid, jwt.ReasonTokenTooOld:
		at, err := time.Parse(time.RFC3339, e.Got)
		if err != nil || now.Sub(at).Abs() < inDays {
			break
		}
		text := heading(e.Reason) + ": " + relative(at, now)
		if e.Want != "" {
			text += ", want " + e.Want
		}
		return text
	}
	alone := *e
	alone.Also, alone.Hint = nil, ""
	return strings.TrimPrefix(alone.Error(), "jwt: ")
}

// wholeText words a refusal in the form of [jwt.Error.Error]. each words the refusal and those in Also.
func wholeText(e *jwt.Error, now time.Time, each func(e *jwt.Error, now time.Time) string) string {
	text := each(e, now)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	var also []string
	for _, other := range e.Also {
		also = append(also, each(other, now))
	}
	if also != nil {
		text += " (also: " + strings.Join(also, ", ") + ")"
	}
	return text
}

// fail words a failure.
func (x *explanation) fail(step *Step, e *jwt.Error) {
	step.Verdict, step.Text = VerdictFail, aloneText(e, x.now)
	step.Reason, step.Got, step.Want, step.member = e.Reason, e.Got, e.Want, e.Member
	leeway := seconds(x.Leeway)
	switch {
	case e.Reason == jwt.ReasonTokenExpired:
		step.Text, step.Want = "expired "+relative(x.payload.date("exp"), x.now), "after "+stamp(x.now.Add(-leeway))
	case e.Reason == jwt.ReasonTokenNotYetValid && step.Name == "nbf":
		step.Text, step.Want = "not valid yet: "+relative(x.payload.date("nbf"), x.now), "not after "+stamp(x.now.Add(leeway))
	case e.Reason == jwt.ReasonTokenNotYetValid && step.Name == "iat":
		step.Text, step.Want = "issued in the future: "+relative(x.payload.date("iat"), x.now), "not after "+stamp(x.now.Add(leeway))
	case e.Reason == jwt.ReasonTokenTooOld:
		step.Text = "too old: issued " + relative(x.payload.date("iat"), x.now) + ", want " + e.Want
	}
}

// pass words a step that found nothing wrong. If there was nothing to check, the verdict is SKIP.
func (x *explanation) pass(step *Step, req jwt.Requirement) {
	step.Verdict = VerdictPass
	switch step.Name {
	case "size":
		step.Text = strconv.Itoa(len(x.given)) + " bytes, the limit is " + strconv.Itoa(x.limit)
	case "parts":
		step.Text = "a header, a payload and a signature, between two dots"
	case "encoding":
		step.Text = "each part is base64url in its one spelling"
	case "header":
		step.Text = x.headerText()
	case "issuer choice":
		step.Text = "iss chooses one of " + strconv.Itoa(len(x.configs)) + " issuers"
	case "alg":
		step.Text = x.header.string("alg") + " may be used; the key decides"
	case "key":
		step.Text = x.keyText()
	case "signature":
		step.Text = "the " + x.header.string("alg") + " signature holds"
		if x.replaced() {
			step.Text += ", by the key that has replaced the one that was known"
		}
	case "payload":
		step.Text = "a JSON object whose registered claims have their types"
	case "validate":
		step.Text = "Config.Validate accepts it"
	case "requirement":
		step.Text = req.String() + " is met"
	default:
		step.Verdict, step.Text = x.passedPolicy(step.Name)
		if step.Verdict == VerdictPass {
			step.Hint = x.remark(step.Name)
		}
	}
}

// passedPolicy words a step of the issuer's policy.
func (x *explanation) passedPolicy(name string) (verdict Verdict, text string) {
	c, p := x.config, &x.payload
	at := p.date(name)
	switch {
	case name == "typ" && x.header.string("typ") == "":
		return VerdictPass, "the header has no typ, and none is asked for"
	case name == "typ":
		return VerdictPass, quote(x.header.string("typ")) + " is a kind of token that is accepted here"
	case name == "iss":
		return VerdictPass, quote(p.string("iss")) + ", as configured"
	case name == "key issuer":
		return VerdictPass, "the key is one of this issuer's own"
	case name == "aud" && len(c.Audience) == 0:
		return VerdictSkip, "no audience is configured"
	case name == "aud":
		return VerdictPass, "it names " + oneOf(c.Audience)
	case name == "client" && len(c.Clients) == 0:
		return VerdictSkip, "every client is accepted: Config.Clients is not set"
	case name == "client":
		return VerdictPass, quote(p.clientID()) + " is one of the clients"
	case name == "exp":
		return VerdictPass, expiry(at, x.now)
	case name == "nbf" && at.IsZero(), name == "iat" && at.IsZero():
		return VerdictSkip, "the token has no " + name
	case name == "nbf":
		return VerdictPass, "valid since " + relative(at, x.now)
	case name == "iat":
		return VerdictPass, "issued " + relative(at, x.now)
	case name == "profile" && c.Profile == jwt.AccessToken:
		return VerdictPass, "it has what RFC 9068 asks of an access token"
	case name == "profile" && c.Profile == jwt.IDToken:
		return VerdictPass, "it has what OpenID Connect asks of an ID token"
	case name == "profile":
		return VerdictSkip, "no profile is asked for"
	case name == "require":
		var all []string
		for _, req := range c.Require {
			all = append(all, req.String())
		}
		return VerdictPass, "it meets what the issuer's tokens must: " + strings.Join(all, ", ")
	case name == "cnf":
		return VerdictPass, "the token is not bound to a key of its sender"
	}
	return VerdictPass, "it holds"
}

func (x *explanation) headerText() string {
	text := "a JSON object with alg " + quote(x.header.string("alg"))
	if kid := x.header.string("kid"); kid != "" {
		return text + " and kid " + quote(kid)
	}
	return text + " and no kid"
}

// keyText says which key was found, and when its set was fetched.
func (x *explanation) keyText() string {
	text, kid := "the one key that fits", x.header.string("kid")
	switch {
	case kid != "" && x.trace.KeyID != "":
		text = "the key of kid " + quote(kid)
	case x.trace.KeyID != "":
		text += ` has kid "` + x.trace.KeyID + `"`
	}
	text += ", for " + x.header.string("alg")
	if x.fetches() && !x.keys.LastSuccess.IsZero() {
		text += "; the keys were fetched " + human(time.Since(x.keys.LastSuccess)) + " ago"
	}
	return text
}

// fetches reports whether the issuer's keys are fetched.
func (x *explanation) fetches() bool {
	_, ok := x.config.Keys.(*jwt.RemoteKeySet)
	return ok
}

// replaced reports whether the issuer had another key under this kid when the verification began.
func (x *explanation) replaced() bool {
	thumbprints := func(s jwt.KeySetStatus) (all []string) {
		for _, k := range s.Keys {
			if escape(k.KeyID) == x.trace.KeyID {
				all = append(all, k.Thumbprint)
			}
		}
		return all
	}
	older := thumbprints(x.older)
	return len(older) > 0 && !slices.ContainsFunc(thumbprints(x.keys), func(t string) bool { return slices.Contains(older, t) })
}

// finish completes the report, and removes whatever repeats the token.
func (x *explanation) finish() *Report {
	x.At, x.Verified = x.now.UTC(), x.trace.Verified
	if !x.payload.partial {
		x.IssuedAt, x.NotBefore, x.ExpiresAt = x.payload.date("iat"), x.payload.date("nbf"), x.payload.date("exp")
	}
	if e := x.trace.Refusal; e != nil {
		x.withholdIn(e)
		x.Refusal, x.Reason, x.Text = e, e.Reason, wholeText(e, x.now, aloneText)
	} else {
		x.Valid, x.Text = true, expiry(x.ExpiresAt, x.now)
	}
	x.Answers = x.answers()
	x.Header, x.Claims = x.header.fields, x.payload.fields
	for _, fields := range [][]Field{x.Header, x.Claims} {
		for n := range fields {
			f := &fields[n]
			x.withhold(&f.Name)
			if x.runs.in(string(f.Value)) {
				f.Value = jsonString(withheld, len(withheld))
			}
			x.withhold(&f.Meaning)
		}
	}
	return x.Report
}

// withheld replaces a text that holds a piece of the token.
const withheld = "(withheld)"

func (x *explanation) withhold(text *string) {
	if x.runs.in(*text) {
		*text = withheld
	}
}

// withholdIn removes from a refusal what repeats the clean token. The trace has removed what repeats the
// token as it was given.
func (x *explanation) withholdIn(e *jwt.Error) {
	for _, text := range []*string{&e.Member, &e.Got, &e.Want, &e.KeyID, &e.Subject, &e.ClientID, &e.TokenID, &e.Hint} {
		x.withhold(text)
	}
	for _, other := range e.Also {
		x.withholdIn(other)
	}
}
