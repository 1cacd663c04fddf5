// This file is the form of a report, and the text that people read.

package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"assay.example/jwt"
)

// A Question is one of five that people ask about a token. Every [Step] belongs to one.
type Question string

// The questions, in the order in which a report answers them.
const (
	QuestionForm     Question = "well_formed" // Is it well formed?
	QuestionTamper   Question = "untampered"  // Has it been tampered with?
	QuestionTime     Question = "in_time"     // Is it in its validity period?
	QuestionIssuer   Question = "issuer"      // Is it from the intended authority?
	QuestionAudience Question = "audience"    // Is it meant for this application?
)

var questions = [...]struct {
	question Question
	text     string
}{
	{QuestionForm, "Is it well formed?"},
	{QuestionTamper, "Has it been tampered with?"},
	{QuestionTime, "Is it in its validity period?"},
	{QuestionIssuer, "Is it from the intended authority?"},
	{QuestionAudience, "Is it meant for this application?"},
}

// A Verdict is the outcome of a [Step].
type Verdict string

// The verdicts.
const (
	VerdictPass Verdict = "PASS"
	VerdictFail Verdict = "FAIL"
	VerdictSkip Verdict = "SKIP" // there was nothing to check, or an earlier failure prevented the check
)

// An Answer sums up the steps of one question. It is FAIL if one of them failed, unless only the issuer's
// keys were unavailable. It is PASS if a step passed and the signature holds: without a valid signature,
// only the question about the form can be PASS.
type Answer struct {
	Question Question `json:"question"`
	Text     string   `json:"text"` // the question as people ask it
	Verdict  Verdict  `json:"verdict"`
}

// A Step is one step of [jwt.Verifier.Verify]. Its texts are safe to print: what comes from the token is
// cut and escaped, and no piece of the token itself is in them.
type Step struct {
	Question Question   `json:"question"`
	Name     string     `json:"name"` // stable, such as "signature" or "aud": see [jwt.TraceStep]
	Verdict  Verdict    `json:"verdict"`
	Reason   jwt.Reason `json:"reason,omitempty"` // of a failure
	Got      string     `json:"got,omitempty"`    // of a failure
	Want     string     `json:"want,omitempty"`   // of a failure
	Text     string     `json:"text"`             // what holds, what is wrong, or why it was skipped
	Hint     string     `json:"hint,omitempty"`   // what to do, also where a step passed that looks odd

	member string // the claim or header member of a failure
}

// A Field is one member of the header or of the payload, in the token's order.
type Field struct {
	Name     string          `json:"name"`
	Value    json.RawMessage `json:"value"`             // compact; null where it is redacted
	Meaning  string          `json:"meaning,omitempty"` // such as "expiry: expired 3m12s ago (2026-11-21T19:00:00Z)"
	Redacted bool            `json:"redacted,omitempty"`

	broken bool // Value is no JSON value of the token: it stands for whatever follows
	rest   bool // it stands for members that are too many to be shown
}

// A Report says what Verify decides about a token, and why, step by step. It marshals to JSON. It holds
// neither the token nor its signature. It is no proof that a token is valid: claims are for people to
// read, and the issuer wrote them only if Verified is set.
type Report struct {
	Valid bool `json:"valid"` // Verify accepts the token, and it meets the requirements

	// Refusal is what Verify returns, or the requirement that is not met; nil if Valid. errors.Is
	// finds its sentinel, and errors.As a *jwt.Error, also in a report that is redacted.
	Refusal  error      `json:"-"`
	Reason   jwt.Reason `json:"reason,omitempty"`   // of Refusal
	Text     string     `json:"text"`               // Refusal in one line, or until when the token is valid
	Verified bool       `json:"signature_verified"` // the signature holds; if not, anybody may have written header and claims

	Issuer string    `json:"issuer,omitempty"` // Config.Issuer of the issuer whose rules were applied
	At     time.Time `json:"at"`               // the time that it was judged for
	Leeway float64   `json:"leeway_seconds"`

	Answers []Answer `json:"answers"` // to the five questions, in their order
	Steps   []Step   `json:"steps"`   // in the order of Verify
	Header  []Field  `json:"-"`       // as far as it can be read; in JSON it is an object
	Claims  []Field  `json:"-"`       // the same

	// The claims iat, nbf and exp, verified or not; zero if a claim is absent or cannot be read.
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// BadByte is the index of the token's first wrong byte, or the token's length if something is missing
	// at its end. Nil: the token is well formed.
	BadByte *int `json:"bad_byte,omitempty"`
}

// undecided reports whether a refusal for this reason leaves open whether the token is valid.
func undecided(reason jwt.Reason) bool {
	return errors.Is(&jwt.Error{Reason: reason}, jwt.ErrUnavailable)
}

// answers sums up the steps.
func (r *Report) answers() (all []Answer) {
	for _, q := range questions {
		a := Answer{q.question, q.text, VerdictSkip}
		for _, s := range r.Steps {
			switch {
			case s.Question != q.question:
			case s.Verdict == VerdictFail && !undecided(s.Reason):
				a.Verdict = VerdictFail
			case s.Verdict == VerdictPass && a.Verdict == VerdictSkip && (r.Verified || q.question == QuestionForm):
				a.Verdict = VerdictPass
			}
		}
		all = append(all, a)
	}
	return all
}

// textWidth is the length at which lines of a text report are broken, where they can be.
const textWidth = 80

// String returns the report as plain text.
func (r *Report) String() string {
	if r == nil {
		return ""
	}
	w := &reportText{}
	switch {
	case r.Valid:
		w.line(0, "VALID  "+r.Text)
	case undecided(r.Reason):
		w.line(0, "UNDECIDED  "+string(r.Reason))
		w.line(2, r.Text)
	default:
		w.line(0, "REFUSED  "+string(r.Reason))
		w.line(2, r.Text)
	}
	judged := "Judged at " + r.At.Format(time.RFC3339)
	if r.Issuer != "" {
		judged = "Judged for the issuer " + quote(r.Issuer) + " at " + r.At.Format(time.RFC3339) + ", with a leeway of " + seconds(r.Leeway).String()
	}
	w.line(0, judged)
	if r.BadByte != nil {
		w.line(0, "The first byte that is wrong is byte "+strconv.Itoa(*r.BadByte)+" of the token, counted from 0.")
	}
	for _, q := range r.Answers {
		w.blank()
		w.line(0, fmt.Sprintf("%-36s%s", q.Text, q.Verdict))
		for _, s := range r.Steps {
			if s.Question == q.Question {
				w.step(s)
			}
		}
	}
	if !r.Verified && len(r.Claims) > 0 {
		w.blank()
		w.line(0, "The signature is not verified: the steps about claims judge UNVERIFIED text.")
	}
	return w.String() + r.Decoded()
}

// Decoded returns header and claims alone, as two tables, for callers that do not verify the token.
func (r *Report) Decoded() string {
	if r == nil {
		return ""
	}
	unverified := ""
	if !r.Verified {
		unverified = ", UNVERIFIED: anybody can have written this"
	}
	w := &reportText{}
	w.fields("Header"+unverified, r.Header)
	w.fields("Claims"+unverified, r.Claims)
	return w.String()
}

// reportText writes lines, and breaks those that are too long.
type reportText struct{ strings.Builder }

func (w *reportText) blank() { w.WriteByte('\n') }

// line writes words. From the second line on they are indented by two more.
func (w *reportText) line(indent int, text string) {
	w.hanging(strings.Repeat(" ", indent), strings.Repeat(" ", indent+2), text)
}

func (w *reportText) hanging(first, next, text string) {
	used := utf8.RuneCountInString(first)
	w.WriteString(first)
	for n, word := range strings.Split(text, " ") {
		size := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case used+1+size > textWidth && word != "":
			w.WriteString("\n" + next)
			used = len(next)
		default:
			w.WriteByte(' ')
			used++
		}
		w.WriteString(word)
		used += size
	}
	w.WriteByte('\n')
}

func (w *reportText) step(s Step) {
	const indent = "                         "
	w.hanging(fmt.Sprintf("  %-4s  %-14s   ", s.Verdict, s.Name), indent, s.Text)
	for _, more := range [...]struct{ label, text string }{{"reason", string(s.Reason)}, {"got", s.Got}, {"want", s.Want}, {"hint", s.Hint}} {
		if more.text != "" {
			w.hanging(fmt.Sprintf("%18s%-7s", "", more.label), indent, more.text)
		}
	}
}

// maxColumn is the largest width of the columns of names and of values. The meanings are a third column;
// the meaning of a longer value stands in the next line.
const maxColumn = 30

func (w *reportText) fields(title string, fields []Field) {
	if len(fields) == 0 {
		return
	}
	w.blank()
	w.line(0, title)
	names, values := 0, 0
	for _, f := range fields {
		if size := utf8.RuneCountInString(f.Name); size <= maxColumn {
			names = max(names, size)
		}
		if size := utf8.RuneCountInString(f.shown()); size <= maxColumn {
			values = max(values, size)
		}
	}
	meanings := strings.Repeat(" ", 2+names+2+values+2)
	for _, f := range fields {
		line := "  " + padded(f.Name, names) + "  "
		value := f.shown()
		if f.Meaning == "" || utf8.RuneCountInString(line+value)+2 > len(meanings) {
			w.hanging(line, strings.Repeat(" ", names+6), value)
			line = meanings
		} else {
			line = padded(line+value, len(meanings))
		}
		if f.Meaning != "" {
			w.hanging(line, meanings, f.Meaning)
		}
	}
}

// shown is the value as a table shows it.
func (f Field) shown() string {
	if f.Redacted {
		return redacted
	}
	return string(f.Value)
}

// padded fills a text with spaces up to a width.
func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}
