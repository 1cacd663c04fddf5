// This file is the form of a report: what is shown of a token's header and claims, what is personal
// and can be taken out, and the text that people read.

package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Question is one of the five that people ask of a token they got. Every [Step] belongs to one.
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

// A Verdict is what came of a [Step].
type Verdict string

// The verdicts.
const (
	VerdictPass Verdict = "PASS"
	VerdictFail Verdict = "FAIL"
	VerdictSkip Verdict = "SKIP" // not asked for, or an earlier failure left nothing to look at
)

// An Answer sums up the steps of one question. It is FAIL if one of them failed, other than for want of
// the issuer's keys, which says nothing of the token. It is PASS only if the question was settled: as
// long as the signature does not hold, nothing but the form of a token is.
type Answer struct {
	Question Question `json:"question"`
	Text     string   `json:"text"` // the question as people ask it
	Verdict  Verdict  `json:"verdict"`
}

// A Step is one check of [Verifier.Verify]. Its texts are safe to print: what comes from the token is
// cut and escaped, and no piece of the token itself is in them.
type Step struct {
	Question Question `json:"question"`
	Name     string   `json:"name"` // stable, such as "signature" or "aud"
	Verdict  Verdict  `json:"verdict"`
	Reason   Reason   `json:"reason,omitempty"` // of a failure
	Got      string   `json:"got,omitempty"`    // of a failure
	Want     string   `json:"want,omitempty"`   // of a failure
	Text     string   `json:"text"`             // what holds, what is wrong, or why it was skipped
	Hint     string   `json:"hint,omitempty"`   // what to do, also where a step passed that looks odd

	member string // the claim or header member of a failure
	err    *Error // of a failure, until the report is finished
}

// A Field is one member of the header or of the payload, in the token's order.
type Field struct {
	Name     string          `json:"name"`
	Value    json.RawMessage `json:"value"`             // compact; null where it is redacted
	Meaning  string          `json:"meaning,omitempty"` // such as "expiry: expired 3m12s ago (2026-11-21T19:00:00Z)"
	Redacted bool            `json:"redacted,omitempty"`
}

// A Report says what Verify says of a token, and why, step by step. It marshals to JSON. It holds
// neither the token nor its signature, and nothing of it proves anything: claims are for people to
// read, and only where Verified is set did the issuer write them.
type Report struct {
	Valid    bool   `json:"valid"`              // Verify accepts the token, and it meets the requirements
	Refusal  *Error `json:"-"`                  // what Verify returns, or the requirement that is not met; nil if Valid
	Reason   Reason `json:"reason,omitempty"`   // of Refusal
	Text     string `json:"text"`               // Refusal in one line, or until when the token is valid
	Verified bool   `json:"signature_verified"` // the signature holds; otherwise header and claims are anybody's words

	Issuer string    `json:"issuer,omitempty"` // Config.Issuer of the issuer whose rules were applied
	At     time.Time `json:"at"`               // the time that it was judged for
	Leeway float64   `json:"leeway_seconds"`

	Answers []Answer `json:"answers"`          // to the five questions, in their order
	Steps   []Step   `json:"steps"`            // in the order of Verify
	Header  []Field  `json:"header,omitempty"` // as far as it can be read
	Claims  []Field  `json:"claims,omitempty"` // the same

	// As the token says, verified or not; zero where it does not say, or not in a readable way.
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// BadByte is where the form of the token is wrong: its first byte that has no place there, or
	// its length where something is missing at the end. Nil: nowhere.
	BadByte *int `json:"bad_byte,omitempty"`
}

const (
	// An honest header or payload has a few dozen members.
	maxFields = 100
	// A text of this length, or any other value of this length, is shown as it is.
	maxFieldText  = 500
	maxFieldValue = 2000
)

// sight is what can be seen of one part of a token.
type sight struct {
	text    string            // decoded
	missing string            // why text cannot be used; empty if it can
	fields  []Field           // as far as they go
	members map[string]string // raw values by name, as far as they go
	fault   string            // what is wrong with the JSON, and where; empty if nothing is
	pos     int               // where that is
}

// look decodes what can be decoded, whether the token is one or not.
func (x *explanation) look(limit int) {
	if len(x.token) > maxLook*limit {
		x.vast = true
		x.header.missing = "the token is too large to be looked into"
		x.payload.missing = x.header.missing
		return
	}
	x.text, x.along = pasted(x.token)
	header, rest, more := strings.Cut(x.text, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	encrypted := strings.Count(x.text, ".") == 4
	if more || looksEncoded(header) {
		x.header = see(header, "header", headerMeanings, x.At)
	} else {
		x.header.missing = "the token has no header"
	}
	if encrypted {
		x.payload.missing = "the payload is encrypted"
	} else {
		x.payload = see(payload, "payload", claimMeanings, x.At)
	}
	x.cut = parts{header: header, payload: payload, signature: signature}
	if more {
		x.cut.input = x.text[:len(header)+1+len(payload)]
	}
	if encrypted {
		return
	}
	at := badByte(x.token)
	switch {
	case at >= 0:
	case x.header.fault != "":
		at = x.header.pos * 4 / 3
	case x.payload.fault != "":
		at = len(header) + 1 + x.payload.pos*4/3
	default:
		return
	}
	x.BadByte = &at
}

// looksEncoded reports whether a part begins as a JSON object in base64url does.
func looksEncoded(part string) bool { return strings.HasPrefix(part, "ey") }

// badByte returns where the form of a compact JWS ends to be one; -1 if it is one.
func badByte(token string) int {
	from, dots := 0, 0
	for i := 0; i <= len(token); i++ {
		switch {
		case i < len(token) && token[i] != '.':
			if !inBase64url(token[i]) {
				return i
			}
			continue
		case i == from, i < len(token) && dots == 2, i == len(token) && dots < 2:
			return i
		}
		if _, ok := base64urlBytes(token[from:i]); !ok {
			return from + base64urlFault(token[from:i])
		}
		from, dots = i+1, dots+1
	}
	return -1
}

// see decodes one part as far as it goes.
func see(part, name string, meanings map[string]string, now time.Time) (v sight) {
	switch text, ok := base64urlBytes(part); {
	case part == "":
		v.missing = "the token has no " + name
		return v
	case ok:
		v.text = string(text)
	default:
		v.missing = "the " + name + " is not base64url"
		end := 0
		for end < len(part) && inBase64url(part[end]) {
			end++
		}
		if end%4 == 1 {
			end--
		}
		text, _ := base64.RawURLEncoding.DecodeString(part[:end]) // stray bits do not matter here
		v.text = string(text)
	}
	v.read(meanings, now)
	return v
}

// read makes a field of every member, up to the first fault.
func (v *sight) read(meanings map[string]string, now time.Time) {
	s := scanner{text: v.text}
	v.members = map[string]string{}
	count := 0
	show := func(name, raw string, whole bool) {
		if count++; count > maxFields {
			return
		}
		f := Field{Name: escapedText(name, maxShown), Meaning: meanings[name]}
		if whole {
			f.Value = compact(raw)
			f.Meaning = meaning(f.Meaning, name, raw, now)
		} else {
			f.Value = quotedJSON(strings.TrimPrefix(raw, `"`), maxFieldText)
			f.Meaning = "it breaks off here"
		}
		v.fields = append(v.fields, f)
	}
	if s.peek() != '{' && v.text != "" {
		show("", v.text, false)
		v.fields[0].Meaning = "not a JSON object"
	}
	for name := range s.members {
		s.peek()
		from := s.pos
		raw, ok := s.raw()
		if !ok || s.pos == len(v.text) { // a number at the end may be half a number
			if from < len(v.text) {
				show(name, v.text[from:], false)
			}
			continue
		}
		v.members[name] = raw
		show(name, raw, true)
	}
	if count > maxFields {
		v.fields = append(v.fields, Field{Name: "...", Value: json.RawMessage("null"), Meaning: strconv.Itoa(count-maxFields) + " more"})
	}
	v.fault, v.pos = s.end(), s.at
}

// compact writes a JSON value, which was scanned, without white space, and with an escape for
// whatever does not print. One that is long is cut if it is a string, and else described.
func compact(raw string) json.RawMessage {
	s := scanner{text: raw}
	if s.peek() == '"' {
		text, _ := s.string()
		if isToken(text) {
			return json.RawMessage(`"` + "(a token, " + withheld[1:] + `"`)
		}
		return quotedJSON(text, maxFieldText)
	}
	var b []byte
	if b = appendCompact(b, &s); len(b) <= maxFieldValue {
		return b
	}
	kind := "a number"
	switch raw[0] {
	case '[':
		kind = "an array"
	case '{':
		kind = "an object"
	}
	return json.RawMessage(`"(` + kind + " of " + strconv.Itoa(len(raw)) + ` bytes, too long to be shown)"`)
}

// isToken reports whether a claim looks like a token itself, which is nobody's to see.
func isToken(text string) bool { return strings.Contains(text, "eyJ") && strings.Count(text, ".") >= 2 }

func appendCompact(b []byte, s *scanner) []byte {
	switch first := true; s.peek() {
	case '{':
		b = append(b, '{')
		for name := range s.members {
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(append(b, quotedJSON(name, maxFieldText)...), ':')
			b = appendCompact(b, s)
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for s.array(); s.element(); first = false {
			if !first {
				b = append(b, ',')
			}
			b = appendCompact(b, s)
		}
		return append(b, ']')
	case '"':
		text, _ := s.string()
		if isToken(text) {
			text = "(a token, " + withheld[1:]
		}
		return append(b, quotedJSON(text, maxFieldText)...)
	}
	raw, _ := s.raw()
	return append(b, raw...)
}

// quotedJSON is a JSON string of at most so many bytes of text, of characters that print.
func quotedJSON(text string, most int) json.RawMessage {
	return json.RawMessage(`"` + escapedText(text, most) + `"`)
}

// escapedText cuts a text and escapes as JSON does what does not print. Letters of all scripts are
// left as they are: names are written in them.
func escapedText(text string, most int) string {
	cut := len(text) > most
	if cut {
		text = text[:most]
	}
	b := make([]byte, 0, len(text)+2)
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == utf8.RuneError && size == 1:
			if cut && len(text) < utf8.UTFMax {
				continue // the cut went through a character
			}
			b = append(b, `\ufffd`...)
		case strconv.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	if cut {
		b = append(b, "..."...)
	}
	return string(b)
}

// What header members and claims mean, to those who do not read RFCs.
var (
	headerMeanings = map[string]string{
		"alg": "algorithm of the signature", "kid": "which key signed it", "typ": "kind of token", "cty": "kind of payload",
		"enc": "algorithm of the encryption", "zip": "compression", "crit": "extensions that must be understood",
		"b64": "whether the payload is encoded (RFC 7797)", "jku": "address of keys; never used", "jwk": "a key; never used",
		"x5u": "address of a certificate; never used", "x5c": "certificates; never used",
		"x5t": "thumbprint of a certificate", "x5t#S256": "thumbprint of a certificate",
	}
	claimMeanings = map[string]string{
		"iss": "issuer: who made the token", "sub": "subject: whom it is about", "aud": "audience: whom it is for",
		"exp": "expiry", "nbf": "not before", "iat": "issued", "jti": "id of this token",
		"scope": "what the client may do", "scp": "what the client may do",
		"azp": "client that it was issued to", "client_id": "client that it was issued to", "cid": "client that it was issued to",
		"appid": "client that it was issued to", "uid": "id of the user", "oid": "id of the user", "tid": "tenant",
		"permissions": "what the user may do with this API", "roles": "roles of the user", "groups": "groups of the user",
		"entitlements": "entitlements of the user", "realm_access": "roles at the realm (Keycloak)",
		"resource_access": "roles by client (Keycloak)", "cognito:groups": "groups of the user (Amazon Cognito)",
		"nonce": "ties an ID token to the client's request", "at_hash": "ties an ID token to an access token",
		"c_hash": "ties an ID token to a code", "auth_time": "when the user logged in", "acr": "how strong the login was",
		"amr": "how the user logged in", "sid": "session", "org_id": "organization", "token_use": "kind of token (Amazon Cognito)",
		"typ": "kind of token (Keycloak)", "ver": "version of the token's format", "gty": "grant (Auth0)",
		"cnf": "key that its sender must prove to have", "act": "who acts for the subject", "may_act": "who may act for the subject",
		"name": "full name", "given_name": "first name", "family_name": "last name", "nickname": "nickname",
		"preferred_username": "user name", "email": "email address", "email_verified": "whether the address was checked",
		"phone_number": "telephone number", "picture": "address of a picture", "birthdate": "date of birth", "gender": "gender",
		"zoneinfo": "time zone", "locale": "language", "address": "postal address", "updated_at": "when the profile was changed",
	}
)

// meaning adds the time to the meaning of a date.
func meaning(text, name, raw string, now time.Time) string {
	switch name {
	case "exp", "nbf", "iat", "auth_time", "updated_at":
	default:
		return text
	}
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		return text
	}
	at, ok := numericDate(raw)
	if !ok {
		return text
	}
	if name == "exp" {
		return text + ": " + expiryText(at, now)
	}
	return text + ": " + stamped(at, now)
}

func expiryText(at, now time.Time) string {
	if now.Before(at) {
		return "expires " + stamped(at, now)
	}
	return "expired " + stamped(at, now)
}

// stamped is a time as people see it, and as machines write it.
func stamped(at, now time.Time) string {
	stamp := " (" + at.UTC().Format(time.RFC3339) + ")"
	if at.After(now) {
		return "in " + human(at.Sub(now)) + stamp
	}
	return human(now.Sub(at)) + " ago" + stamp
}

// human is a duration in the units that fit it.
func human(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == math.MaxInt64:
		return "hundreds of years"
	case d < 0:
		return "0s"
	case d < 2*day:
		return d.Round(time.Second).String()
	case d < 730*day:
		return strconv.Itoa(int(d/day)) + " days"
	}
	return strconv.Itoa(int(d/(365*day))) + " years"
}

// Redact returns a copy without personal data, to be pasted into a ticket. It keeps the values of the
// claims that name issuer, audience, clients, times, scopes, permissions and the kind of token, and of
// the header members that name the algorithm, the key and the kind of token, each only if it has the
// type that it should have. Of all others it keeps the names.
func (r *Report) Redact() *Report {
	if r == nil {
		return nil
	}
	c := *r
	c.Steps = slices.Clone(r.Steps)
	for n := range c.Steps {
		if s := &c.Steps[n]; personal(s.Reason, s.member) {
			s.Got, s.Text = "", reasons[s.Reason].text+": "+redactedText
		}
	}
	if r.Refusal != nil {
		c.Refusal = r.Refusal.redact()
		c.Text = strings.TrimPrefix(c.Refusal.Error(), "jwt: ")
	}
	c.Header, c.Claims = redactFields(r.Header, headerMeanings, impersonalHeader), redactFields(r.Claims, claimMeanings, impersonalClaims)
	return &c
}

const redactedText = "(redacted)"

// personal reports whether the text of a refusal may tell somebody's data: Config.Validate says what
// it likes, and a requirement may be about any claim.
func personal(reason Reason, member string) bool {
	switch reason {
	case ReasonValidationRefused:
		return true
	case ReasonRequirementUnmet, ReasonAuthenticationInsufficient:
		_, known := impersonalClaims[member]
		return !known
	}
	return false
}

// redact returns a copy without what is personal, and without the error of another's making.
func (e *Error) redact() *Error {
	c := *e
	c.sentinel, c.cause = e.kind(), nil
	if personal(e.Reason, e.Member) {
		c.Got, c.detail = "", redactedText
	}
	c.Also = slices.Clone(e.Also)
	for n := range c.Also {
		c.Also[n] = c.Also[n].redact()
	}
	return &c
}

// What may be shown to anybody, with the first bytes of the JSON values that it may have.
var (
	impersonalHeader = map[string]string{
		"alg": `"`, "kid": `"`, "typ": `"`, "cty": `"`, "enc": `"`, "zip": `"`, "crit": `[`, "b64": `tf`, "x5t": `"`, "x5t#S256": `"`,
	}
	impersonalClaims = map[string]string{
		"iss": `"`, "aud": `"[`, "exp": digits, "nbf": digits, "iat": digits, "auth_time": digits,
		"azp": `"`, "client_id": `"`, "cid": `"`, "appid": `"`, "tid": `"`,
		"scope": `"[`, "scp": `"[`, "permissions": `[`, "typ": `"`, "token_use": `"`, "ver": `"` + digits, "gty": `"`, "acr": `"` + digits,
	}
)

const digits = "-0123456789"

func redactFields(fields []Field, meanings, impersonal map[string]string) []Field {
	fields = slices.Clone(fields)
	for n := range fields {
		f := &fields[n]
		if f.Value == nil || len(f.Value) > 0 && f.Name != "" && strings.IndexByte(impersonal[f.Name], f.Value[0]) >= 0 && !bytes.ContainsAny(f.Value, "{") {
			continue
		}
		f.Value, f.Redacted, f.Meaning = nil, true, meanings[f.Name]
	}
	return fields
}

// textWidth is how long the lines of a text report get, where they can be broken.
const textWidth = 100

// String returns the report as plain text.
func (r *Report) String() string {
	if r == nil {
		return ""
	}
	w := &reportText{}
	switch {
	case r.Valid:
		w.line(0, "VALID  "+r.Text)
	case r.Reason == ReasonKeysUnavailable:
		w.line(0, "UNDECIDED  "+string(r.Reason))
		w.line(2, unescaped(r.Text))
	default:
		w.line(0, "REFUSED  "+string(r.Reason))
		w.line(2, r.Text)
	}
	judged := "Judged at " + r.At.Format(time.RFC3339)
	if r.Issuer != "" {
		judged = "Judged for the issuer \"" + snippet(r.Issuer) + "\" at " + r.At.Format(time.RFC3339) + ", with a leeway of " + seconds(r.Leeway).String()
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
	unverified := ""
	if !r.Verified {
		unverified = ", UNVERIFIED: anybody can have written this"
		if len(r.Claims) > 0 {
			w.blank()
			w.line(0, "The signature was not shown to hold, so what is said of the claims is about UNVERIFIED words.")
		}
	}
	w.fields("Header"+unverified, r.Header)
	w.fields("Claims"+unverified, r.Claims)
	return w.String()
}

// answers sums up the steps.
func (r *Report) answers() (all []Answer) {
	for _, q := range questions {
		a := Answer{q.question, q.text, VerdictSkip}
		for _, s := range r.Steps {
			switch {
			case s.Question != q.question:
			case s.Verdict == VerdictFail && s.Reason != ReasonKeysUnavailable:
				a.Verdict = VerdictFail
			case s.Verdict == VerdictPass && a.Verdict == VerdictSkip && (r.Verified || q.question == QuestionForm):
				a.Verdict = VerdictPass
			}
		}
		all = append(all, a)
	}
	return all
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// unescaped makes the errors of fetches, which were made fit for one line of a log, fit to read.
func unescaped(text string) string {
	return strings.NewReplacer(`\"`, `"`, `\n`, "; ").Replace(text)
}

// reportText writes lines, and breaks those that are too long.
type reportText struct{ strings.Builder }

func (w *reportText) blank() { w.WriteByte('\n') }

// line writes words; from the second line on they are indented by two more.
func (w *reportText) line(indent int, text string) {
	w.hanging(strings.Repeat(" ", indent), strings.Repeat(" ", indent+2), text)
}

func (w *reportText) hanging(first, next, text string) {
	used := len(first)
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

func (w *reportText) fields(title string, fields []Field) {
	if len(fields) == 0 {
		return
	}
	w.blank()
	w.line(0, title)
	widest := 0
	for _, f := range fields {
		widest = max(widest, min(utf8.RuneCountInString(f.Name), 20))
	}
	for _, f := range fields {
		value := string(f.Value)
		if f.Redacted {
			value = redactedText
		}
		if f.Meaning != "" {
			value += "   " + f.Meaning
		}
		w.hanging("  "+f.Name+strings.Repeat(" ", max(widest-utf8.RuneCountInString(f.Name), 0)+2), strings.Repeat(" ", widest+6), value)
	}
}

func base64urlFault(s string) int {
	for i := 0; i < len(s); i++ {
		if !inBase64url(s[i]) {
			return i
		}
	}
	if len(s)%4 == 1 {
		return len(s)
	}
	return len(s) - 1
}
