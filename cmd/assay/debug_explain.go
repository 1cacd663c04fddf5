// This file answers the questions of debug's page: with a Report, and with what the report means if not all
// fields of the page are filled in.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

// debugAsk is one question of the page.
type debugAsk struct {
	Token     string   `json:"token"`
	Other     string   `json:"other"` // the token to compare it with; empty: none
	Issuer    string   `json:"issuer"`
	Tenants   []string `json:"tenants"` // of an issuer with {tenantid}; empty: any
	Audience  []string `json:"audience"`
	Clients   []string `json:"clients"`
	Scopes    []string `json:"scopes"`
	Source    string   `json:"source"` // of keys: issuer, jwks, key or secret
	JWKS      string   `json:"jwks"`   // the address of a key set
	Key       string   `json:"key"`    // PEM, a JWK or a JWK Set
	Secret    string   `json:"secret"`
	Base64    bool     `json:"secret_base64"` // in either alphabet
	Algorithm string   `json:"algorithm"`     // the only one; empty: the key's
	Leeway    string   `json:"leeway"`        // in seconds; empty: the default
	Profile   string   `json:"profile"`
	At        string   `json:"at"`    // the time to judge for; empty: now
	Fetch     bool     `json:"fetch"` // the button was pressed: the issuer may be asked
}

// debugTold is the answer. Values are text, and not JSON, because numbers of JavaScript are not
// those of JSON.
type debugTold struct {
	Tone     string        `json:"tone"`   // good, bad or open
	Stamps   []string      `json:"stamps"` // the verdict in capitals, shown first
	Say      string        `json:"say"`
	Sub      string        `json:"sub"`
	Hint     string        `json:"hint,omitempty"` // of the check that is named first
	Verified bool          `json:"verified"`
	Reason   jwt.Reason    `json:"reason,omitempty"`
	Answers  []debugAnswer `json:"questions"`
	Faults   []debugFault  `json:"faults"` // of the page's fields: the report is made as if they were empty

	Header    []debugField `json:"header"`
	Claims    []debugField `json:"claims"`
	Signature string       `json:"signature"`
	BadByte   *int         `json:"bad_byte,omitempty"`
	TakenOff  []string     `json:"taken_off,omitempty"` // what was removed from the pasted text
	From      int          `json:"from"`                // where the token begins in that text; negative: it is in pieces

	At        time.Time `json:"at"`
	AtGiven   bool      `json:"at_given"` // it is not the time of the clock
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Leeway    float64   `json:"leeway"`

	ClaimedIssuer   string `json:"claimed_issuer,omitempty"`
	ClaimedAudience string `json:"claimed_audience,omitempty"`
	Plain           string `json:"plain"` // for a ticket: see debugTold.plain

	Comparison *debugComparison `json:"comparison,omitempty"` // with the other token, if there is one

	redacted *debugTold // the same answer from the redacted report
}

// debugAnswer sums up the steps of one question.
type debugAnswer struct {
	Question explain.Question `json:"question"`
	Title    string           `json:"title"`
	Verdict  explain.Verdict  `json:"verdict"`
	Texts    []string         `json:"texts"`
	Hints    []string         `json:"hints"`
	Steps    []explain.Step   `json:"steps"`
}

// debugField is a Field with its value as text, over several lines where it is long.
type debugField struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Meaning string `json:"meaning,omitempty"`

	json json.RawMessage // as the token has it; null where it is redacted
}

// explain answers the page. The answer names fields that cannot be used, and still has all that is known of
// the token without them.
func (s *debugServer) explain(ctx context.Context, ask *debugAsk) *debugTold {
	e := s.expect(ask)
	verifier, err := jwt.NewVerifier(e.config)
	if err != nil { // expect has tried each part of the Config
		e.fault("", err)
		verifier = nil
	}
	told := e.judge(ctx, verifier, ask.Token)
	if strings.TrimSpace(ask.Other) != "" {
		told.Comparison = compare(told, e.judge(ctx, verifier, ask.Other))
	}
	told.Faults = e.faults
	return told
}

// judge judges one token by what the page expects.
func (e *expectation) judge(ctx context.Context, v *jwt.Verifier, pasted string) *debugTold {
	found, err := takeOff(pasted)
	if err != nil { // there are several tokens
		found = taken{token: bare(pasted), off: []string{"nothing: " + err.Error()}}
	}
	token := found.token
	report := explain.TokenAt(ctx, v, token, e.at, e.requirements...)
	told := e.tell(report)
	told.TakenOff, told.From = found.off, strings.Index(pasted, token)
	told.redacted = e.tell(report.Redact())
	told.Plain = told.redacted.plain(e.asked())
	if told.BadByte != nil {
		*told.BadByte += max(0, told.From)
	}
	return told
}

// tell turns a report into what the page shows. If the user has not said what to expect, the step
// that fails for that reason counts as skipped.
func (e *expectation) tell(r *explain.Report) *debugTold {
	t := &debugTold{
		Verified: r.Verified, Reason: r.Reason, Header: debugFields(r.Header), Claims: debugFields(r.Claims),
		At: r.At, AtGiven: !e.at.IsZero(), IssuedAt: r.IssuedAt, NotBefore: r.NotBefore, ExpiresAt: r.ExpiresAt, Leeway: r.Leeway,
		ClaimedIssuer: claimed(r, "iss"), ClaimedAudience: claimed(r, "aud"),
	}
	if r.BadByte != nil {
		at := *r.BadByte
		t.BadByte = &at
	}
	steps, noAnswer := e.settled(r)
	for _, a := range r.Answers {
		told := sumUp(a.Question, steps, r.Verified)
		told.Title = a.Text
		t.Answers = append(t.Answers, told)
	}
	e.headline(t, steps, noAnswer)
	for _, step := range steps {
		if step.Name == "signature" {
			t.Signature = sentence(step)
		}
	}
	return t
}

// settled returns the steps of a report in the words of the page, without steps that no field asks for.
// noAnswer is set if the keys could not be fetched.
func (e *expectation) settled(r *explain.Report) (steps []explain.Step, noAnswer string) {
	steps = slices.Clone(r.Steps)
	forget := func(name, text string) {
		for i := range steps {
			if steps[i].Name == name {
				steps[i] = explain.Step{Question: steps[i].Question, Name: name, Verdict: explain.VerdictSkip, Text: text}
			}
		}
	}
	for i := range steps {
		step := &steps[i]
		step.Text, step.Hint = inPageWords(step.Text), e.hint(r, step)
		if step.Reason != jwt.ReasonKeysUnavailable {
			continue
		}
		text := e.keyless
		if text == "" {
			text = step.Text
			step.Verdict, noAnswer = explain.VerdictSkip, sentence(*step)
		} else {
			forget("key", text)
		}
		// Without keys it is not known whether the token was tampered with.
		forget("signature", text)
	}
	if e.config.Issuer == noIssuer {
		forget("issuer choice", "you have not said which issuer you expect")
		forget("iss", "you have not said which issuer you expect")
	}
	if len(e.config.Audience) == 0 && len(e.config.Clients) == 0 {
		forget("aud", "you have not said which audience is yours")
	}
	if e.requirements == nil {
		steps = slices.DeleteFunc(steps, func(s explain.Step) bool { return s.Name == "requirement" })
	}
	return slices.DeleteFunc(steps, func(s explain.Step) bool { return s.Name == "validate" || s.Name == "require" }), noAnswer
}

// hint words the hint of a step, with the names of the page's fields.
func (e *expectation) hint(r *explain.Report, step *explain.Step) string {
	hint := inPageWords(step.Hint)
	if step.Verdict != explain.VerdictFail || step.Name != "alg" && step.Name != "key" {
		return hint
	}
	alg := ""
	for _, f := range r.Header {
		if f.Name == "alg" && json.Unmarshal(f.Value, &alg) != nil {
			alg = ""
		}
	}
	if !slices.Contains((*algorithms)(nil).choices(), alg) {
		return hint
	}
	shared := strings.HasPrefix(alg, "HS")
	switch source := e.ask.Source; {
	case source == "secret" && !shared:
		return "the token is signed with a private key, and not with a secret: choose From the issuer, Key set address or Public key"
	case source == "secret" && step.Reason == jwt.ReasonAlgorithmRefused:
		return "choose " + alg + " under Algorithm, if that is what the issuer uses"
	case source == "secret":
		return hint
	case shared:
		return hint + "; or choose Secret, if the issuer and this service share one"
	case e.ask.Algorithm != "" && step.Reason == jwt.ReasonAlgorithmRefused:
		return "Only algorithm says " + e.ask.Algorithm + ": choose " + alg + " there, or The key’s, if that is what the issuer uses"
	}
	return hint
}

// decisive are the steps whose texts answer the questions if no step failed.
var decisive = map[explain.Question][]string{
	explain.QuestionForm:     {"header", "parts"},
	explain.QuestionTamper:   {"signature", "key"},
	explain.QuestionTime:     {"exp"},
	explain.QuestionIssuer:   {"iss"},
	explain.QuestionAudience: {"aud", "client"},
}

// sumUp answers a question. Before the signature is verified, only the question about the form can pass:
// claims that pass their checks may be forged. A claim that fails makes the token invalid, signed or not.
func sumUp(q explain.Question, steps []explain.Step, verified bool) debugAnswer {
	a := debugAnswer{Question: q, Verdict: explain.VerdictSkip, Texts: []string{}, Hints: []string{}, Steps: []explain.Step{}}
	decided := explain.Step{Verdict: explain.VerdictSkip, Text: "an earlier answer leaves nothing to look at"}
	found := len(decisive[q])
	for _, step := range steps {
		if step.Question != q {
			continue
		}
		a.Steps = append(a.Steps, step)
		if step.Hint != "" && !slices.Contains(a.Hints, sentenceOf(step.Hint)) {
			a.Hints = append(a.Hints, sentenceOf(step.Hint))
		}
		if step.Verdict == explain.VerdictFail {
			a.Verdict = explain.VerdictFail
			a.Texts = append(a.Texts, sentence(step))
		}
		if i := slices.Index(decisive[q], step.Name); i >= 0 && (i < found || decided.Verdict == explain.VerdictSkip && step.Verdict == explain.VerdictPass) {
			decided, found = step, i
		}
	}
	if a.Verdict == explain.VerdictFail {
		return a
	}
	text := sentence(decided)
	switch {
	case decided.Verdict == explain.VerdictPass && !verified && q != explain.QuestionForm:
		text += " So it says; nobody has vouched for it yet."
	case decided.Verdict == explain.VerdictPass:
		a.Verdict = explain.VerdictPass
	}
	a.Texts = append(a.Texts, text)
	return a
}

// headline chooses the first sentences of the answer.
func (e *expectation) headline(t *debugTold, steps []explain.Step, noAnswer string) {
	failed := 0
	var first explain.Step
	for _, step := range steps {
		if step.Verdict == explain.VerdictFail {
			if failed++; failed == 1 || step.Reason == t.Reason && first.Reason != t.Reason {
				first = step
			}
		}
	}
	vouched := "UNVERIFIED"
	if t.Verified {
		vouched = "SIGNATURE VERIFIED"
	}
	t.Tone, t.Stamps = "open", []string{vouched}
	t.Hint = sentenceOf(first.Hint)
	switch missing := e.missing(); {
	case noAnswer != "" && failed == 0:
		t.Stamps = []string{"NO KEYS", vouched}
		t.Say, t.Sub = noAnswer, "That says nothing about the token: a service would answer 503, and try again."
	case failed > 0 && (e.keyless != "" || noAnswer != "") && first.Question != explain.QuestionForm:
		t.Tone, t.Stamps = "bad", []string{"WOULD BE REFUSED", vouched}
		t.Say, t.Sub = sentence(first), "Even if its signature holds. "+why(first, failed)
	case failed > 0:
		t.Tone, t.Stamps = "bad", []string{"REFUSED", vouched}
		t.Say, t.Sub = sentence(first), why(first, failed)
	case !t.Verified:
		t.Say, t.Sub = "Decoded. Nobody has vouched for it yet.", e.next()
	case missing != "":
		t.Say = "The signature holds. That alone is not enough."
		t.Sub = "Give " + missing + " that you expect: it could be meant for somebody else."
	default:
		t.Tone, t.Stamps = "good", []string{"VALID", vouched}
		t.Say = "Every check passes: your service would accept it."
		for _, step := range steps {
			if step.Name == "exp" {
				t.Sub = sentence(step)
			}
		}
	}
}

// missing names the expectations that the user has not filled in.
func (e *expectation) missing() string {
	var missing []string
	if e.config.Issuer == noIssuer {
		missing = append(missing, "the issuer")
	}
	if len(e.config.Audience) == 0 && len(e.config.Clients) == 0 {
		missing = append(missing, "the audience")
	}
	return strings.Join(missing, " and ")
}

// next says what the user can do if there are no keys yet.
func (e *expectation) next() string {
	for _, f := range e.faults {
		if f.Field == e.ask.Source {
			return f.Text
		}
	}
	switch {
	case e.ask.Source == "issuer" && e.ask.Issuer != "":
		return "Press Verify to ask the issuer for its keys."
	case e.ask.Source == "jwks" && e.ask.JWKS != "":
		return "Press Verify to ask that address for the keys."
	}
	return "Say what you expect, and where the keys come from."
}

func why(first explain.Step, failed int) string {
	text := `Reason "` + string(first.Reason) + `"`
	if failed > 1 {
		text += "; " + strconv.Itoa(failed) + " checks fail"
	}
	return text + "."
}

// sentence writes the text of a step for people. A claim's name keeps its lower case.
func sentence(step explain.Step) string { return sentenceOf(step.Text) }

func sentenceOf(text string) string {
	word, _, _ := strings.Cut(text, " ")
	first, size := utf8.DecodeRuneInString(text)
	if size > 0 && !slices.Contains([]string{"iss", "aud", "exp", "nbf", "iat", "sub", "jti", "alg", "kid", "typ", "cnf", "azp", "scope", "client_id"}, word) {
		text = string(unicode.ToUpper(first)) + text[size:]
	}
	if text != "" && !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}

// longValue is the length from which on a value is written over several lines.
const longValue = 60

func debugFields(fields []explain.Field) []debugField {
	told := []debugField{}
	for _, f := range fields {
		value := string(f.Value)
		if f.Redacted {
			value = "(redacted)"
		}
		var lines bytes.Buffer
		if len(value) > longValue && json.Indent(&lines, f.Value, "", "  ") == nil {
			value = lines.String()
		}
		told = append(told, debugField{f.Name, value, inPageWords(f.Meaning), f.Value})
	}
	return told
}

// claimed returns a claim that is one short text, or a list of them.
func claimed(r *explain.Report, name string) string {
	for _, f := range r.Claims {
		if f.Name != name {
			continue
		}
		var one string
		var several []string
		if json.Unmarshal(f.Value, &one) == nil {
			several = []string{one}
		} else if json.Unmarshal(f.Value, &several) != nil {
			return ""
		}
		text := strings.Join(several, " ")
		if len(text) > 200 || strings.Contains(text, "(withheld)") || strings.HasSuffix(text, "...") || len(strings.Fields(text)) != len(several) {
			return ""
		}
		return text
	}
	return ""
}
