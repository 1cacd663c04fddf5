// This file makes docs/troubleshooting.md of the tables that the code uses, and fails where the page
// is not what they say.

package jwt_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
)

const troubleshootingTop = `# Why was my token refused?

A client that is refused learns little, on purpose. Whoever runs the service has three ways to learn all.

**1. The log line.** Give the resource an OnRefusal and log the error: it is a ` + "`*jwt.Error`" + ` with attributes for ` + "`log/slog`" + `.

` + "```go" + `
resource, err := jwt.NewResource(v, jwt.ResourceConfig{
	OnRefusal: func(r *http.Request, e *jwt.Error) { slog.Warn("refused", "path", r.URL.Path, "jwt", e) },
})
` + "```" + `

` + "```" + `
LOGLINE
` + "```" + `

` + "`reason`" + ` is one of the codes below and fit for a metric; ` + "`issuer`" + ` is whose rules were applied, ` + "`kid`" + ` the key that the token names; ` + "`sub`" + `,
` + "`client_id`" + ` and ` + "`jti`" + ` say whose token it was, once its signature holds; ` + "`member`" + ` is the claim or header member, ` + "`got`" + ` and ` + "`want`" + ` what was there and what should have been. The token is never in it.

**2. The command.** It verifies on your own machine, with the steps of the package, and tells each of them. A token that you paste into
a web site is a token that you give away.

` + "```sh" + `
assay verify -issuer https://tenant.eu.auth0.com/ -audience https://api.example.com < token.txt
assay verify -issuer ... -audience ... -at 2026-11-21T19:00:00Z -redact < token.txt   # as it was then; fit for a ticket
assay inspect < token.txt                            # only decode it
assay keys -issuer https://tenant.eu.auth0.com/      # only look at the issuer's keys
` + "```" + `

Its exit status is 0 for a valid token, 1 for a refused one, 2 for a wrong command line and 3 where the keys cannot be had. ` + "`-json`" + ` prints
the same for programs. ` + "`assay debug`" + ` shows it in a browser.

**3. The package.** ` + "`explain.Token`" + ` returns the same as an ` + "`*explain.Report`" + `, ` + "`Report.Redact`" + ` takes the personal claims out of it, and
` + "`explain.TokenAt`" + ` judges for another time. What it says of a token is what Verify says: a test holds the two together.

## Reason codes

Made from the tables in ` + "`errors.go` and `explain/advice.go`" + `; ` + "`go test -run TestTroubleshooting . -update`" + ` rewrites it.
`

func TestTroubleshooting(t *testing.T) {
	var b strings.Builder
	b.WriteString(strings.Replace(troubleshootingTop, "LOGLINE", refusalLine(t), 1))
	for _, group := range []struct {
		title   string
		reasons []jwt.Reason
	}{
		{"Is there a credential?", []jwt.Reason{jwt.ReasonNoToken, jwt.ReasonCredentialMalformed, jwt.ReasonCredentialRepeated}},
		{"Is it well formed?", []jwt.Reason{jwt.ReasonTokenTooLarge, jwt.ReasonTokenOpaque, jwt.ReasonTokenParts, jwt.ReasonTokenEncrypted, jwt.ReasonTokenEncoding,
			jwt.ReasonHeaderInvalid, jwt.ReasonHeaderMember, jwt.ReasonHeaderCritical, jwt.ReasonTokenNested, jwt.ReasonPayloadInvalid, jwt.ReasonClaimInvalid, jwt.ReasonClaimMissing}},
		{"Has it been tampered with?", []jwt.Reason{jwt.ReasonAlgorithmRefused, jwt.ReasonKeyUnknown, jwt.ReasonKeyMismatch, jwt.ReasonKeyAmbiguous, jwt.ReasonSignatureInvalid}},
		{"Is it in its validity period?", []jwt.Reason{jwt.ReasonTokenExpired, jwt.ReasonTokenTooOld, jwt.ReasonTokenNotYetValid}},
		{"Is it from the intended authority?", []jwt.Reason{jwt.ReasonIssuerMismatch}},
		{"Is it meant for this application?", []jwt.Reason{jwt.ReasonAudienceMismatch, jwt.ReasonClientMismatch, jwt.ReasonTypeRefused, jwt.ReasonValidationRefused, jwt.ReasonBindingUnproven}},
		{"Does it allow the request?", []jwt.Reason{jwt.ReasonScopeMissing, jwt.ReasonRequirementUnmet, jwt.ReasonAuthenticationInsufficient}},
		{"Could the keys be had?", []jwt.Reason{jwt.ReasonKeysUnavailable}},
	} {
		fmt.Fprintf(&b, "\n### %s\n", group.title)
		for _, reason := range group.reasons {
			b.WriteString(troubleshootingEntry(t, reason))
		}
	}
	// A reason that no group above has.
	var rest strings.Builder
	for _, reason := range jwt.Reasons() {
		if !strings.Contains(b.String(), "#### `"+string(reason)+"`\n") {
			rest.WriteString(troubleshootingEntry(t, reason))
		}
	}
	if rest.Len() > 0 {
		b.WriteString("\n### Others\n" + rest.String())
	}
	fixture.Golden(t, filepath.Join("docs", "troubleshooting.md"), b.String())
}

// refusalLine is what the code on the page logs, of a token whose iss lacks a slash.
func refusalLine(t *testing.T) string {
	t.Helper()
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer = "https://tenant.eu.auth0.com/" })
	var line bytes.Buffer
	log := slog.New(slog.NewTextHandler(&line, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	resource, err := jwt.NewResource(v, jwt.ResourceConfig{
		OnRefusal: func(r *http.Request, e *jwt.Error) { log.Warn("refused", "path", r.URL.Path, "jwt", e) },
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/api/messages", nil)
	r.Header.Set("Authorization", "Bearer "+fixture.Issuer().Token(claims{"iss": "https://tenant.eu.auth0.com", "azp": "web-app", "jti": "c0ffee"}))
	resource.Require()(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
	return strings.TrimSpace(line.String())
}

func troubleshootingEntry(t *testing.T, reason jwt.Reason) string {
	t.Helper()
	meaning, do := explain.Advice(reason)
	status, code := jwt.Outcome(reason)
	for _, text := range []string{meaning, do} {
		if !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
			t.Errorf("%s: %q is no sentence", reason, text)
		}
	}
	var sentinel string
	for name, s := range fixture.Sentinels {
		if slices.Contains((&jwt.Error{Reason: reason}).Unwrap(), s) {
			sentinel = name
		}
	}
	return fmt.Sprintf("\n#### `%s`\n\n%s\n\nWhat to do: %s\n\nThe client sees %d %s, error `%s`; `errors.Is(err, jwt.%s)`.\n",
		reason, meaning, do, status, http.StatusText(status), code, sentinel)
}
