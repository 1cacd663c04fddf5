// This file is what the page of debug asks and what it is told: a Report, and what that means for
// somebody who has not said everything yet.

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

// debugAsk is one question of the page.
type debugAsk struct {
	Token     string   `json:"token"`
	Issuer    string   `json:"issuer"`
	Audience  []string `json:"audience"`
	Source    string   `json:"source"` // of keys: issuer, key or secret
	Key       string   `json:"key"`    // PEM, a JWK or a JWK Set
	Secret    string   `json:"secret"`
	Base64    bool     `json:"secret_base64url"`
	Algorithm string   `json:"algorithm"` // the only one; empty: the key's
	Leeway    string   `json:"leeway"`    // in seconds; empty: the default
	Profile   string   `json:"profile"`
	Fetch     bool     `json:"fetch"` // the button was pressed: the issuer may be asked
}

// debugTold is the answer. Values are text, and not JSON, because numbers of JavaScript are not
// those of JSON.
type debugTold struct {
	Tone     string        `json:"tone"`   // good, bad or open
	Stamps   []string      `json:"stamps"` // what is said first, in capitals
	Say      string        `json:"say"`
	Sub      string        `json:"sub"`
	Verified bool          `json:"verified"`
	Reason   jwt.Reason    `json:"reason,omitempty"`
	Answers  []debugAnswer `json:"questions"`

	Header    []debugField `json:"header"`
	Claims    []debugField `json:"claims"`
	Signature string       `json:"signature"`
	BadByte   *int         `json:"bad_byte,omitempty"`

	At        time.Time `json:"at"`
	IssuedAt  time.Time `json:"issued_at,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Leeway    float64   `json:"leeway"`

	ClaimedIssuer   string `json:"claimed_issuer,omitempty"`
	ClaimedAudience string `json:"claimed_audience,omitempty"`
	Plain           string `json:"plain,omitempty"` // for a ticket; only of a whole verification
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
}

// What stands for an answer that the page has not given. No token holds the issuer by accident.
const noIssuer = "urn:assay:none-was-given"

var errNoKeys = errors.New("no key was given")

// noKeys is the source of keys of somebody who gave none.
type noKeys struct{}

func (noKeys) Key(context.Context, jwt.Header) (*jwt.Key, error) { return nil, errNoKeys }

// explain answers the page. What is wrong with its other fields is refused; what is wrong with the
// token is the answer.
func (s *debugServer) explain(ctx context.Context, ask *debugAsk) (*debugTold, *refusal) {
	config, refused := s.config(ask)
	if refused != nil {
		return nil, refused
	}
	verifier, err := jwt.NewVerifier(config)
	if err != nil {
		return nil, fieldFault("", err)
	}
	_, keyless := config.Keys.(noKeys)
	token := bare(ask.Token)
	told := tell(ask, pageWords.in(explain.Token(ctx, verifier, token)), keyless)
	if told.BadByte != nil {
		*told.BadByte += max(0, strings.Index(ask.Token, token))
	}
	return told, nil
}

// fieldFault is the answer to a field that cannot be used.
func fieldFault(field string, err error) *refusal {
	text := strings.TrimSuffix(err.Error(), ".")
	for _, prefix := range []string{"jwt: ", "Discover: ", "ParsePEM: ", "ParseKeySet: ", "ParseKey: ", "HMACKey: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	text = pageWords.of(text)
	if field != "" {
		text = strings.ToUpper(field[:1]) + field[1:] + ": " + text
	}
	return &refusal{status: http.StatusUnprocessableEntity, text: text + ".", field: field}
}

func (s *debugServer) config(ask *debugAsk) (c jwt.Config, refused *refusal) {
	c = jwt.Config{Issuer: ask.Issuer, Audience: ask.Audience, InsecureSkipAudience: len(ask.Audience) == 0}
	if c.Issuer == "" {
		c.Issuer = noIssuer
	}
	var known bool
	if c.Profile, known = profiles[ask.Profile]; !known {
		return c, fieldFault("profile", errors.New("there is no such kind of token"))
	}
	if ask.Leeway != "" {
		n, err := strconv.Atoi(ask.Leeway)
		if err != nil || n < 0 || n > 600 {
			return c, fieldFault("leeway", errors.New("it is a number of seconds from 0 to 600"))
		}
		if c.Leeway = time.Duration(n) * time.Second; n == 0 {
			c.Leeway = -1
		}
	}
	if ask.Algorithm != "" {
		c.Algorithms = []jwt.Algorithm{jwt.Algorithm(ask.Algorithm)}
	}
	var err error
	field := ask.Source
	switch {
	case ask.Source == "issuer" && ask.Fetch && ask.Issuer == "":
		err = errors.New("say which issuer to ask for keys")
	case ask.Source == "issuer" && ask.Fetch:
		c.Keys, err = jwt.Discover(ask.Issuer, &jwt.RemoteOptions{Client: s.outbound, InsecureLoopbackHTTP: s.presets.InsecureLoopbackHTTP})
	case ask.Source == "issuer", ask.Source == "key" && strings.TrimSpace(ask.Key) == "", ask.Source == "secret" && ask.Secret == "":
		c.Keys = noKeys{}
		if ask.Fetch {
			err = errors.New("there is none yet")
		}
	case ask.Source == "key":
		c.Keys, err = pastedKey(ask.Key, jwt.Algorithm(ask.Algorithm))
	case ask.Source == "secret":
		c.Keys, err = pastedSecret(ask)
	default:
		return c, fieldFault("source", errors.New("there is no such source of keys"))
	}
	switch {
	case err == nil:
	case ask.Source != "issuer":
		return c, fieldFault(field, errors.New(withoutSecret(err, ask.Key+" "+ask.Secret)))
	default:
		return c, fieldFault(field, err)
	}
	return c, nil
}

// pastedKey reads what people have: PEM, a key, or the whole set.
func pastedKey(text string, alg jwt.Algorithm) (jwt.KeySource, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-----BEGIN") {
		return pemKeys(alg, text)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, errors.New("it is neither PEM nor a JSON Web Key nor a set of them")
	}
	if members["keys"] != nil {
		return jwt.ParseKeySet([]byte(text))
	}
	return jwt.ParseKey([]byte(text))
}

func pastedSecret(ask *debugAsk) (jwt.KeySource, error) {
	secret := []byte(ask.Secret)
	if ask.Base64 {
		var err error
		if secret, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(ask.Secret, "=\r\n ")); err != nil {
			return nil, errors.New("it is not base64url")
		}
	}
	return jwt.HMACKey("", jwt.Algorithm(ask.Algorithm), secret)
}

// tell turns a report into what the page shows. Where the page has not said what to expect, the
// report's failure of that step is nobody's: it was skipped.
func tell(ask *debugAsk, r *explain.Report, keyless bool) *debugTold {
	t := &debugTold{
		Verified: r.Verified, Reason: r.Reason, BadByte: r.BadByte, Header: debugFields(r.Header), Claims: debugFields(r.Claims),
		At: r.At, IssuedAt: r.IssuedAt, NotBefore: r.NotBefore, ExpiresAt: r.ExpiresAt, Leeway: r.Leeway,
		ClaimedIssuer: claimed(r, "iss"), ClaimedAudience: claimed(r, "aud"),
	}
	steps := slices.Clone(r.Steps)
	forget := func(name, text string) {
		for i := range steps {
			if steps[i].Name == name {
				steps[i] = explain.Step{Question: steps[i].Question, Name: name, Verdict: explain.VerdictSkip, Text: text}
			}
		}
	}
	// Where there are no keys nobody knows whether the token was tampered with.
	noAnswer := ""
	for i := range steps {
		switch step := &steps[i]; {
		case step.Reason != jwt.ReasonKeysUnavailable:
		case keyless && ask.Source == "issuer":
			forget("signature", "the issuer has not been asked for its keys yet")
			forget("key", "the issuer has not been asked for its keys yet")
		case keyless:
			forget("signature", "no key has been given yet")
			forget("key", "no key has been given yet")
		default:
			step.Verdict, noAnswer = explain.VerdictSkip, sentence(*step)
			forget("signature", step.Text)
		}
	}
	if ask.Issuer == "" {
		forget("issuer choice", "you have not said which issuer you expect")
		forget("iss", "you have not said which issuer you expect")
	}
	if len(ask.Audience) == 0 {
		forget("aud", "you have not said which audience is yours")
	}
	for _, a := range r.Answers {
		told := sumUp(a.Question, steps, r.Verified)
		told.Title = a.Text
		t.Answers = append(t.Answers, told)
	}
	t.headline(ask, steps, keyless, noAnswer)
	for _, step := range steps {
		if step.Name == "signature" {
			t.Signature = sentence(step)
		}
	}
	if !keyless && ask.Issuer != "" && len(ask.Audience) > 0 {
		t.Plain = pageWords.in(r.Redact()).String()
	}
	return t
}

// decisive are the steps whose text answers a question that nothing failed.
var decisive = map[explain.Question][]string{
	explain.QuestionForm:     {"header", "parts"},
	explain.QuestionTamper:   {"signature", "key"},
	explain.QuestionTime:     {"exp"},
	explain.QuestionIssuer:   {"iss"},
	explain.QuestionAudience: {"aud", "client"},
}

// sumUp answers a question. Nothing that nobody has vouched for passes: what a token says of itself
// is only known to be good when the signature holds. It is known to be bad without one.
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

// headline says first what matters most.
func (t *debugTold) headline(ask *debugAsk, steps []explain.Step, keyless bool, noAnswer string) {
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
	var missing []string
	if ask.Issuer == "" {
		missing = append(missing, "the issuer")
	}
	if len(ask.Audience) == 0 {
		missing = append(missing, "the audience")
	}
	switch {
	case noAnswer != "" && failed == 0:
		t.Stamps = []string{"NO KEYS", vouched}
		t.Say, t.Sub = noAnswer, "That says nothing about the token: a service would answer 503, and try again."
	case failed > 0 && (keyless || noAnswer != "") && first.Question != explain.QuestionForm:
		t.Tone, t.Stamps = "bad", []string{"WOULD BE REFUSED", vouched}
		t.Say, t.Sub = sentence(first), "Even if its signature holds. "+why(first, failed)
	case failed > 0:
		t.Tone, t.Stamps = "bad", []string{"REFUSED", vouched}
		t.Say, t.Sub = sentence(first), why(first, failed)
	case !t.Verified && ask.Source == "issuer" && ask.Issuer != "":
		t.Say, t.Sub = "Decoded. Nobody has vouched for it yet.", "Press Verify to ask the issuer for its keys."
	case !t.Verified:
		t.Say, t.Sub = "Decoded. Nobody has vouched for it yet.", "Say what you expect, and where the keys come from."
	case len(missing) > 0:
		t.Say = "The signature holds. That alone is not enough."
		t.Sub = "Give " + strings.Join(missing, " and ") + " that you expect: it could be meant for somebody else."
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

// longValue is from where on a value is written over several lines.
const longValue = 60

func debugFields(fields []explain.Field) []debugField {
	told := []debugField{}
	for _, f := range fields {
		value := string(f.Value)
		var lines bytes.Buffer
		if len(value) > longValue && json.Indent(&lines, f.Value, "", "  ") == nil {
			value = lines.String()
		}
		told = append(told, debugField{f.Name, value, f.Meaning})
	}
	return told
}

// claimed is what a token says of itself, where that is one short text or several.
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

// sample is a token to try the page with, and what it should be held against.
type sample struct {
	Token    string `json:"token"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	Key      string `json:"key"`
}

// Whose tokens the examples are.
const (
	sampleIssuer   = "https://login.example.com/"
	sampleAudience = "https://api.example.com"
)

// sampleClaims are the claims of each example, as far as they are its own.
var sampleClaims = map[string]func(now time.Time) jwttest.Claims{
	"good": func(time.Time) jwttest.Claims { return nil },
	"expired": func(now time.Time) jwttest.Claims {
		return jwttest.Claims{"iat": now.Add(-time.Hour).Unix(), "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(-192 * time.Second).Unix()}
	},
	"tampered": func(time.Time) jwttest.Claims { return nil },
	"slash":    func(time.Time) jwttest.Claims { return jwttest.Claims{"iss": strings.TrimSuffix(sampleIssuer, "/")} },
}

// newSample makes a token with a key that nobody has afterwards.
func newSample(kind string) (*sample, error) {
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		return nil, err
	}
	defer issuer.Close()
	now := time.Now()
	claims := jwttest.Claims{
		"iss": sampleIssuer, "aud": sampleAudience, "sub": "user|4711", "name": "Ada Example", "azp": "mobile-app", "scope": "read:messages",
		"iat": now.Add(-5 * time.Minute).Unix(), "nbf": now.Add(-5 * time.Minute).Unix(), "exp": now.Add(55 * time.Minute).Unix(),
	}
	for name, value := range sampleClaims[kind](now) {
		claims[name] = value
	}
	token := issuer.Token(claims)
	if kind == "tampered" {
		if token, err = tamper(token); err != nil {
			return nil, err
		}
	}
	keys, err := publishedKeys(issuer)
	if err != nil {
		return nil, err
	}
	return &sample{Token: token, Issuer: sampleIssuer, Audience: sampleAudience, Key: keys}, nil
}

// publishedKeys is the key set of an issuer, as it serves it, without a network.
func publishedKeys(issuer http.Handler) (string, error) {
	w := httptest.NewRecorder()
	issuer.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		return "", fmt.Errorf("the key set was answered with status %d", w.Code)
	}
	var lines bytes.Buffer
	if err := json.Indent(&lines, body, "", "  "); err != nil {
		return "", err
	}
	return lines.String(), nil
}
