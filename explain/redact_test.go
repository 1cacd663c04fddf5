// This file looks for personal data in reports that are redacted.

package explain_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// tellings are all ways of telling a report.
func tellings(t *testing.T, r *explain.Report) []string {
	t.Helper()
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{r.String(), string(data)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		texts = append(texts, fmt.Sprintf(verb, r), fmt.Sprintf(verb, *r), fmt.Sprintf(verb, r.Refusal))
	}
	for err := r.Refusal; err != nil; err = errors.Unwrap(err) {
		texts = append(texts, err.Error(), fmt.Sprintf("%+v", err))
	}
	if e := refusalOf(r); e != nil {
		texts = append(texts, e.Error(), fmt.Sprintf("%#v", *e), e.LogValue().String())
		for _, cause := range e.Unwrap() {
			texts = append(texts, cause.Error())
		}
		for _, other := range e.Also {
			texts = append(texts, other.Error(), fmt.Sprintf("%#v", *other))
		}
	}
	return texts
}

// What stands deeper in a claim than it should is not shown.
func TestRedactNested(t *testing.T) {
	for _, name := range []string{"aud", "scope", "scp", "permissions", "iss"} {
		for _, value := range []any{[]any{[]any{"SECRET"}}, []any{"a", []any{[]any{"SECRET"}}}, []any{claims{"a": "SECRET"}}, []any{nil, "SECRET"}, claims{"a": "SECRET"}} {
			for _, text := range tellings(t, explain.Token(t.Context(), verifierOf(t), fixture.Issuer().Token(claims{name: value})).Redact()) {
				if strings.Contains(text, "SECRET") {
					t.Errorf("%s of %v: %s", name, value, text)
				}
			}
		}
	}
	r := explain.Token(t.Context(), verifierOf(t), fixture.Issuer().Token(claims{"permissions": []string{"read:{id}", "write"}})).Redact()
	if !strings.Contains(r.String(), `["read:{id}","write"]`) {
		t.Errorf("an array of texts is not shown:\n%s", r)
	}
}

func TestRedact(t *testing.T) {
	v := verifierOf(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error { return errors.New("SECRET is blocked") }
	})
	personal := claims{"scope": "read", "azp": "app", "sub": "SECRET", "name": "SECRET", "email": "SECRET@example.com", "roles": []string{"SECRET"},
		"https://example.com/ssn": "SECRET", "address": claims{"street": "SECRET"}, "jti": "SECRET", "sid": "SECRET", "client_id": claims{"x": "SECRET"}}
	header := map[string]any{"jwk": claims{"x": "SECRET"}, "x-user": "SECRET"}
	for _, reqs := range [][]jwt.Requirement{nil, {jwt.Claim("email").Equals("x")}, {jwt.Claim("roles").Has("x")}, {jwt.ACR("x")}} {
		full := explain.Token(t.Context(), v, fixture.Issuer().Mint(jwttest.Spec{Claims: personal, Header: header}), reqs...)
		delete(personal, "client_id") // a broken claim at first; from here on the policy holds
		r := full.Redact()
		for _, text := range tellings(t, r) {
			if strings.Contains(text, "SECRET") {
				t.Errorf("personal data: %s", text)
			}
		}
		if !strings.Contains(full.String(), "SECRET") {
			t.Error("the full report is redacted too")
		}
		if r.Reason != full.Reason || len(r.Steps) != len(full.Steps) || len(r.Claims) != len(full.Claims) {
			t.Error("more is gone than it should")
		}
		if again := r.Redact(); again.String() != r.String() || again.Refusal.Error() != r.Refusal.Error() {
			t.Errorf("redacted twice: %s", again)
		}
		for _, f := range r.Claims {
			kept := slices.Contains([]string{"iss", "aud", "exp", "iat", "scope", "azp"}, f.Name)
			if f.Redacted == kept || f.Redacted != (f.Value == nil) {
				t.Errorf("%s: redacted is %v, with %s", f.Name, f.Redacted, f.Value)
			}
		}
	}
}

// personalError is an error of a caller's own.
type personalError struct{ cause error }

func (e personalError) Error() string { return "SECRET: " + e.cause.Error() }
func (e personalError) Unwrap() error { return e.cause }

// A redacted refusal wraps the sentinel that the full one does and no other, also where Config.Validate
// chose it, and has nothing of the error that Validate returned.
func TestRedactedRefusal(t *testing.T) {
	for name, sentinel := range fixture.Sentinels {
		v := verifierOf(t, func(c *jwt.Config) {
			c.Validate = func(context.Context, *jwt.Token) error { return personalError{sentinel} }
		})
		full := explain.Token(t.Context(), v, fixture.Issuer().Token(nil))
		r := full.Redact()
		for other, s := range fixture.Sentinels {
			if errors.Is(r.Refusal, s) != (other == name) || errors.Is(full.Refusal, s) != (other == name) {
				t.Errorf("Validate chose %s: errors.Is finds %s: %v", name, other, errors.Is(r.Refusal, s))
			}
		}
		var foreign personalError
		if !errors.As(full.Refusal, &foreign) || errors.As(r.Refusal, &foreign) {
			t.Error("the cause is in the redacted report, or not in the full one")
		}
		reason, heading := jwt.ReasonValidationRefused, "refused by validation"
		if sentinel == jwt.ErrUnavailable {
			reason, heading = jwt.ReasonValidationUnavailable, "validation unavailable"
		}
		if r.Refusal.Error() != "jwt: "+heading+": (redacted)" || r.Text != heading+": (redacted)" || refusalOf(r).Reason != reason {
			t.Errorf("got %v, %s", r.Refusal, r.Text)
		}
	}
	// What is not personal is told as it was, with all that failed.
	full := explain.Token(t.Context(), verifierOf(t), refusals()["everything"])
	r := full.Redact()
	if len(refusalOf(full).Also) < 5 || ageless(r.Refusal.Error()) != ageless(full.Refusal.Error()) || len(refusalOf(r).Also) != len(refusalOf(full).Also) || refusalOf(r).Got != "x" {
		t.Errorf("got %v", r.Refusal)
	}
	if r := explain.Token(t.Context(), verifierOf(t), fixture.Issuer().Token(nil)).Redact(); r.Refusal != nil || !r.Valid {
		t.Errorf("got %v", r.Refusal)
	}
}

// faults are broken headers and payloads, by what is wrong. The member named NAME is the last whole one
// or the broken one, and behind the fault stands SECRET.
var faults = map[string]string{
	"cut text":                `{"NAME":"x SECRET`,
	"cut behind a text":       `{"NAME":"x SECRET"`,
	"quote missing at first":  `{"NAME":x","email":"SECRET"}`,
	"quote missing at last":   `{"NAME":"x,"email":"SECRET"}`,
	"all later quotes gone":   `{"NAME":"x,email:SECRET}`,
	"escaped quotes":          `{"NAME":"x\",\"email\":\"SECRET\"}`,
	"quote missing, array":    `{"NAME":["x,email:SECRET]}`,
	"number and number":       `{"NAME":12 "SECRET"}`,
	"number with an exponent": `{"NAME":12e"SECRET"}`,
	"number with a fraction":  `{"NAME":12.SECRET}`,
	"number with a sign":      `{"NAME":-SECRET}`,
	"broken escape":           `{"NAME":"x\u12SECRET"}`,
	"broken name":             `{"NAME":"x","SECRET`,
	"name without a value":    `{"NAME":"x","SECRET":`,
	"half a surrogate pair":   `{"NAME":"x\ud83d\u0041SECRET"}`,
	"line break in a text":    "{\"NAME\":\"x\nSECRET\"}",
	"bracket of another kind": `{"NAME":["x"},"email":"SECRET"}`,
	"literal in other case":   `{"NAME":TRUE,"email":"SECRET"}`,
	"no number":               `{"NAME":NaN,"email":"SECRET"}`,
	"cut array":               `{"NAME":["x","SECRET"`,
	"cut object":              `{"NAME":{"x":"SECRET"`,
	"cut number":              `{"NAME":12,"x":"SECRET`,
	"duplicate member":        `{"NAME":"x","NAME":"SECRET"}`,
	"duplicate of another":    `{"a":1,"NAME":"x","a":"SECRET"}`,
	"duplicate, then more":    `{"NAME":"x","NAME":"y","email":"SECRET"}`,
	"duplicate, escaped":      `{"a":1,"NAME":"x","\u0061":"y","sub":"SECRET"}`,
	"duplicate within":        `{"NAME":{"a":1,"a":"SECRET"}}`,
	"duplicate in an array":   `{"NAME":[{"a":1,"a":2},"SECRET"]}`,
	"bad UTF-8":               "{\"NAME\":\"x\xffSECRET\"}",
	"bad UTF-8 in an array":   "{\"NAME\":[\"\xff\",\"SECRET\"]}",
	"bad UTF-8 in a name":     "{\"NAME\":\"x\",\"\xff\":\"SECRET\"}",
	"lone surrogate":          `{"NAME":"x\ud800SECRET"}`,
	"lone surrogate, array":   `{"NAME":["\ud800","SECRET"]}`,
	"lone surrogate, name":    `{"NAME":"x","\udc00":"SECRET"}`,
	"no object, an array":     `["NAME","SECRET"]`,
	"no object, a text":       `"NAME SECRET"`,
	"no object, a number":     `7 "SECRET"`,
	"no object, no JSON":      `NAME SECRET`,
	"no object, null":         `null "SECRET"`,
	"a byte order mark":       "\ufeff" + `{"NAME":"SECRET"}`,
	"too deep":                `{"NAME":[` + strings.Repeat("[", 40) + `"SECRET"` + strings.Repeat("]", 41) + `}`,
	"stray comma":             `{"NAME":"x",,"email":"SECRET"}`,
	"stray comma at the end":  `{"NAME":"x",} SECRET`,
	"stray comma in an array": `{"NAME":["x",,"SECRET"]}`,
	"comma missing":           `{"NAME":"x" "email":"SECRET"}`,
	"colon missing":           `{"NAME" "SECRET"}`,
	"name without quotes":     `{"NAME":"x",email:"SECRET"}`,
	"word":                    `{"NAME":SECRET}`,
	"number and word":         `{"NAME":12SECRET}`,
	"zero before a number":    `{"NAME":012,"email":"SECRET"}`,
	"unknown escape":          `{"NAME":"\x SECRET"}`,
	"control character":       "{\"NAME\":\"x\x01SECRET\"}",
	"single quotes":           `{"NAME":'SECRET'}`,
	"comment":                 `{"NAME":/* SECRET */"x"}`,
	"something follows":       `{"NAME":"x"} SECRET`,
	"a second object":         `{"NAME":"x"}{"NAME":"SECRET"}`,
	"too many members":        `{"NAME":"x",` + fixture.Members(1000) + `,"email":"SECRET"}`,
}

// brokenIn are tokens with a broken text in place of header or payload, by how.
func brokenIn(good, text string) map[string]string {
	tokens := map[string]string{
		"payload":            fixture.Issuer().Mint(jwttest.Spec{Payload: []byte(text)}),
		"unsigned":           fixture.WithPart(good, 1, fixture.B64(text)),
		"cut payload":        fixture.WithPart(good, 1, fixture.B64(text)+"*"),
		"payload cut, alone": strings.Split(good, ".")[0] + "." + fixture.B64(text)[:len(fixture.B64(text))-1],
		"header":             fixture.WithPart(good, 0, fixture.B64(text)),
		"cut header":         fixture.WithPart(good, 0, fixture.B64(text)+"="),
		"header alone":       fixture.B64(text),
		"both":               fixture.WithPart(fixture.WithPart(good, 0, fixture.B64(text)), 1, fixture.B64(text)),
		"pasted":             "Bearer " + fixture.WithPart(good, 1, fixture.B64(text)),
		"other algorithm":    fixture.WithPart(fixture.WithPart(good, 0, fixture.B64(`{"alg":"none"}`)), 1, fixture.B64(text)),
		"bad header member":  fixture.WithPart(fixture.WithPart(good, 0, fixture.B64(`{"alg":7}`)), 1, fixture.B64(text)),
		"four parts":         fixture.WithPart(good, 1, fixture.B64(text)) + ".AAAA",
	}
	for _, end := range []int{1, 2, 3, 5, 8, 13} { // base64url breaks off within what is broken already
		if encoded := fixture.B64(text); len(encoded) > end {
			tokens[fmt.Sprint("cut ", end)] = fixture.WithPart(good, 1, encoded[:len(encoded)-end]+"!")
		}
	}
	return tokens
}

// A report shows nothing of what stands behind a fault, and of the member that is broken nothing but its
// name, not even under a name whose value may be shown to anybody: whether it is redacted or not, whether
// the signature holds or not, and wherever base64url breaks off.
func TestRedactBroken(t *testing.T) {
	t.Parallel()
	good, v := fixture.Issuer().Token(nil), verifierOf(t)
	type broken struct{ fault, kind, name, token string }
	var all []broken
	for fault, text := range faults {
		for _, name := range []string{"scope", "aud", "exp", "kid", "iss", "email"} {
			if fault == "cut behind a text" && name == "iss" {
				continue // iss is whole, and a hint compares it with the issuer that is trusted
			}
			for kind, token := range brokenIn(good, strings.ReplaceAll(text, "NAME", name)) {
				all = append(all, broken{fault, kind, name, token})
			}
		}
	}
	// In an order of their own, so that a sample has something of everything.
	slices.SortFunc(all, func(a, b broken) int { return strings.Compare(a.kind+a.name+a.fault, b.kind+b.name+b.fault) })
	for n := range fixture.Sample(len(all), 7) {
		c := all[n]
		full := explain.Token(t.Context(), v, c.token, jwt.Scope("a"))
		r := full.Redact()
		for _, text := range append(tellings(t, r), full.String(), fmt.Sprint(full)) {
			if strings.Contains(text, "SECRET") {
				t.Fatalf("%s, %s, %s: personal data: %s", c.fault, c.kind, c.name, text)
			}
		}
		for _, f := range slices.Concat(r.Header, r.Claims) {
			if f.Meaning == "it breaks off here" && !f.Redacted {
				t.Fatalf("%s, %s, %s: %+v", c.fault, c.kind, c.name, f)
			}
		}
	}
}

// intruders break JSON wherever they are written into it, or what follows them.
var intruders = []string{"!", "\xff", "\x00", `"`, `\`, `\x`, `\ud800`, `\u00`, "}", "]", "]}", `,,`, "::", "\n", "'", "/*", "0x", "1 ", " 1", "{", "[", "\ufeff",
	`"iss":1,"iss":`, `","`, `":"`, `{"a":1,"a":2}`, strings.Repeat("[", 40)}

// Whatever is written at whatever byte of header or payload, what stands behind it is only shown where the
// text is still strict JSON.
func TestRedactCanary(t *testing.T) {
	t.Parallel()
	good, v := fixture.Issuer().Token(nil), verifierOf(t)
	const text = `{"alg":"RS256","iss":"https://a","aud":["b","c"],"exp":17,"scope":"d",`
	const canaries = `"kid":"SECRET","typ":"SECRET","azp":"SECRET","ver":777555333,"auth_time":777555333,"permissions":["SECRET"],"sub":"SECRET"}`
	holds := func(text string) bool { return strings.Contains(text, "SECRET") || strings.Contains(text, "777555333") }
	broken := 0
	for at := range text + `"` {
		for _, intruder := range intruders {
			text := (text + canaries)[:at] + intruder + (text + canaries)[at:]
			whole := explain.Token(t.Context(), v, fixture.WithPart(good, 1, fixture.B64(text)))
			if step(t, whole, "payload").Reason != jwt.ReasonPayloadInvalid {
				if !holds(whole.String()) {
					t.Fatalf("%q is strict JSON, and nothing is shown: %s", text, whole)
				}
				continue
			}
			for kind, token := range map[string]string{"header": fixture.WithPart(good, 0, fixture.B64(text)), "payload": fixture.WithPart(good, 1, fixture.B64(text)), "cut": fixture.WithPart(good, 1, fixture.B64(text)+"*")} {
				full := explain.Token(t.Context(), v, token)
				broken++
				for _, told := range []*explain.Report{full, full.Redact()} {
					data, err := json.Marshal(told)
					if err != nil || holds(told.String()) || holds(string(data)) {
						t.Fatalf("%s: %q: %v\n%s\n%s", kind, text, err, told, data)
					}
				}
			}
		}
	}
	if broken < 3000 {
		t.Errorf("only %d texts were broken", broken)
	}
}
