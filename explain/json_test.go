// This file tests the JSON of a report.

package explain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
)

// told is what a program reads of a report.
type told struct {
	Header, Claims map[string]json.RawMessage
	Meanings       struct{ Header, Claims map[string]string }
	NotShown       []struct{ Part, Name, Why string } `json:"not_shown"`
}

func readJSON(t *testing.T, r *explain.Report) (read told, text string) {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read, string(data)
}

// Header and claims are objects with the token's own values, and nothing else is in them.
func TestJSONClaims(t *testing.T) {
	report := func(payload string) *explain.Report {
		return explain.Token(t.Context(), fixture.FixedVerifiers(t)[0].Verifier, fixture.FixedKeys().Sign(t, jwt.HS256, `{"alg":"HS256"}`, payload))
	}
	read, _ := readJSON(t, report(`{"iss":"a","n":12345678901234567890,"roles":["x","y"],"exp":1}`))
	for name, want := range map[string]string{"iss": `"a"`, "n": "12345678901234567890", "roles": `["x","y"]`, "exp": "1"} {
		if got := string(read.Claims[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if string(read.Header["alg"]) != `"HS256"` || read.Meanings.Header["alg"] == "" || len(read.Claims) != 4 || len(read.NotShown) != 0 {
		t.Errorf("got %+v", read)
	}
	if got := read.Meanings.Claims; !strings.HasPrefix(got["exp"], "expiry: expired 5") || len(got) != 3 {
		t.Errorf("meanings: %v", got)
	}
	if _, text := readJSON(t, report(`{"z":1,"a":2,"m":3}`)); !strings.Contains(text, `"claims":{"z":1,"a":2,"m":3}`) {
		t.Errorf("the order is not the token's: %s", text)
	}
}

// A member that is not shown is not in the object, and not_shown says why.
func TestJSONNotShown(t *testing.T) {
	verifier := fixture.FixedVerifiers(t)[0].Verifier
	report := func(payload string) *explain.Report {
		return explain.Token(t.Context(), verifier, fixture.FixedKeys().Sign(t, jwt.HS256, `{"alg":"HS256"}`, payload))
	}
	many := `{"iss":"a"`
	for n := range 150 {
		many += fmt.Sprintf(`,"c%d":1`, n)
	}
	long := strings.Repeat("x", 100)
	for name, c := range map[string]struct {
		report *explain.Report
		shown  int
		hidden string
	}{
		"redacted":        {report(`{"iss":"a","sub":"somebody"}`).Redact(), 1, "[{claims sub redacted}]"},
		"broken off":      {report(`{"iss":"a","sub":"somebody`), 1, "[{claims sub it breaks off here}]"},
		"broken redacted": {report(`{"iss":"a","sub":"somebody`).Redact(), 1, "[{claims sub redacted}]"},
		"no object":       {report(`[1]`), 0, "[{claims  not a JSON object}]"},
		"too many":        {report(many + "}"), 100, "[{claims  51 more}]"},
		"same when cut":   {report(`{"` + long + `1":1,"` + long + `2":2}`), 2, "[]"},
	} {
		read, text := readJSON(t, c.report)
		if got := fmt.Sprint(read.NotShown); len(read.Claims) != c.shown || got != c.hidden {
			t.Errorf("%s: %d claims and %s, want %d and %s", name, len(read.Claims), got, c.shown, c.hidden)
		}
		if strings.Contains(text, "somebody") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A report is the same JSON by value, a nil one is null, and HTML is the caller's to escape.
func TestJSONForms(t *testing.T) {
	r := explain.Token(t.Context(), nil, fixture.FixedKeys().Sign(t, jwt.HS256, `{"alg":"HS256"}`, `{"iss":"<&>"}`))
	byPointer, _ := json.Marshal(r)
	byValue, _ := json.Marshal(*r)
	if !bytes.Equal(byPointer, byValue) || !bytes.Contains(byValue, []byte(`\u003c\u0026\u003e`)) {
		t.Errorf("by value: %s", byValue)
	}
	if data, err := json.Marshal((*explain.Report)(nil)); err != nil || string(data) != "null" {
		t.Errorf("nil: %s, %v", data, err)
	}
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil || !strings.Contains(plain.String(), `"iss":"<&>"`) {
		t.Errorf("%v: %s", err, plain.String())
	}
}
