// This file tests the form of a report: its text, its JSON, its questions.

package explain_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
)

// goldenAt is the time of the golden reports.
var goldenAt = time.Date(2026, 11, 21, 19, 3, 12, 0, time.UTC)

func TestReportGolden(t *testing.T) {
	const exp = 1795287600 // 19:00:00Z of that day
	v := fixture.FixedVerifiers(t)[0].Verifier
	token := func(payload string) string {
		return fixture.FixedKeys().Sign(t, jwt.HS256, `{"alg":"HS256","typ":"JWT"}`, payload)
	}
	report := func(token string, reqs ...jwt.Requirement) *explain.Report {
		return explain.TokenAt(t.Context(), v, token, goldenAt, reqs...)
	}
	good := fmt.Sprintf(`{"iss":"secret.example","aud":"api.example","sub":"somebody","name":"José \u202e","scope":"read","iat":%d,"exp":%d}`, exp-3600, exp+3600)
	for name, r := range map[string]*explain.Report{
		"valid":    report(token(good), jwt.Scope("read")),
		"expired":  report(token(strings.Replace(good, fmt.Sprint(exp+3600), fmt.Sprint(exp), 1))),
		"redacted": report(token(good), jwt.Scope("write"), jwt.Claim("sub").Equals("somebody else")).Redact(),
		"tampered": report(fixture.WithPart(token(good), 1, fixture.B64(strings.Replace(good, "read", "admin", 1)))),
		"future":   report(token(strings.Replace(good, fmt.Sprint(exp-3600), fmt.Sprint(exp+600), 1))),
		"pasted":   report("Bearer Bearer \"" + token(good)[:60] + "\n" + token(good)[60:] + "\""),
		"cut":      report(token(good)[:110]),
		"several":  report(token(`{"iss":"secret.example/","aud":["x","y"],"exp":1}`)),
	} {
		fixture.Golden(t, filepath.Join("testdata", "reports", name+".txt"), r.String())
	}
	data, err := json.MarshalIndent(report(token(strings.Replace(good, "api.example", "other", 1))).Redact(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	fixture.Golden(t, filepath.Join("testdata", "reports", "audience.json"), string(data)+"\n")
}

// Every reason appears under a step of its question.
func TestReportQuestions(t *testing.T) {
	found := 0
	for name, token := range refusals() {
		r := explain.Token(t.Context(), verifierOf(t), token)
		for _, s := range r.Steps {
			want := map[jwt.Reason]explain.Question{
				jwt.ReasonTokenExpired: explain.QuestionTime, jwt.ReasonTokenNotYetValid: explain.QuestionTime,
				jwt.ReasonSignatureInvalid: explain.QuestionTamper, jwt.ReasonKeyUnknown: explain.QuestionTamper,
				jwt.ReasonIssuerMismatch: explain.QuestionIssuer, jwt.ReasonAudienceMismatch: explain.QuestionAudience,
				jwt.ReasonTokenParts: explain.QuestionForm, jwt.ReasonHeaderInvalid: explain.QuestionForm,
			}[s.Reason]
			if want == "" {
				continue
			}
			if found++; s.Question != want {
				t.Errorf("%s: %s is asked under %s", name, s.Reason, s.Question)
			}
		}
	}
	if found < 15 {
		t.Errorf("%d steps", found)
	}
}

func TestReportNil(t *testing.T) {
	if r := (*explain.Report)(nil); r.Redact() != nil || r.String() != "" {
		t.Error("a nil report is not nothing")
	}
}
