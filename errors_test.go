// This file tests what refusals say, what they never say, and the pages that are made of the reasons.

package jwt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestErrorTexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26*365*24*time.Hour + 12*time.Hour) // into 2025
		now := time.Now().UTC()
		iss := fixture.Issuer()
		v := fixture.NewVerifier(t)
		stamp := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
		for _, c := range []struct{ token, want string }{
			{iss.Token(claims{"exp": now.Add(-192 * time.Second).Unix()}), "jwt: token expired: 3m12s ago (" + stamp(-192*time.Second) + ")"},
			{iss.Token(claims{"nbf": now.Add(time.Hour).Unix()}), "jwt: token not yet valid: in 1h0m0s (" + stamp(time.Hour) + ")"},
			{iss.Token(claims{"iat": now.Add(time.Hour).Unix()}), "jwt: token not yet valid: in 1h0m0s (" + stamp(time.Hour) + "); the token was issued in the future: compare this machine's clock with the issuer's"},
			{iss.Token(claims{"aud": "x"}), `jwt: wrong audience: aud is "x", want "https://api.example.com"`},
			{iss.Token(claims{"aud": []string{"x", "y"}}), `jwt: wrong audience: aud is "x" "y", want "https://api.example.com"`},
			{iss.Token(claims{"aud": []string{}}), `jwt: wrong audience: aud is empty, want "https://api.example.com"; the issuer names no audience: have the client ask for this API when it requests the token`},
			{iss.Token(claims{"aud": nil}), `jwt: missing claim: aud is absent, want "https://api.example.com"`},
			{iss.Token(claims{"exp": nil}), "jwt: missing claim: exp is absent"},
			{iss.Token(claims{"exp": "1"}), "jwt: bad claim: exp is not a number"},
			{iss.Token(claims{"iss": "x"}), `jwt: wrong issuer: iss is "x", want "` + iss.URL + `"`},
			{iss.Token(claims{"iss": ""}), `jwt: wrong issuer: iss is empty, want "` + iss.URL + `"`},
			{iss.Token(claims{"iss": "x\r\n\"\u2028"}), `jwt: wrong issuer: iss is "x\r\n\"\u2028", want "` + iss.URL + `"`},
			{iss.Mint(jwttest.Spec{Header: map[string]any{"alg": "none"}}), `jwt: algorithm refused: alg is "none", want a supported algorithm; unsecured tokens (alg none) are never accepted`},
			{"eya.b", "jwt: token without three parts: it has 2 parts"},
			{"a.b.c.d", "jwt: token without three parts: it has 4 parts"},
			{"undefined", "jwt: opaque token: it has no dot, so it is not a JWT; the client has no token, and sent the word undefined in its place: look there"},
			{"eyJ!.e30.AA", `jwt: token not base64url: the header holds "!" at byte 3 of the token`},
			{"eyJ.e3.AA", `jwt: token not base64url: the header breaks off or does not end canonically at byte 2 of the token`},
			{fixture.B64(`{"alg":1,}`) + ".e30.AA", `jwt: header not strict JSON: a member name is missing at byte 9`},
		} {
			_, err := fixture.Verify(v, c.token)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		}
	})
}

func TestHints(t *testing.T) {
	iss := fixture.Issuer()
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Audience = []string{"https://api.example.com/v1"} })
	audience := func(aud any) string { return iss.Token(claims{"aud": aud}) }
	for _, c := range []struct{ name, token, want string }{
		{"issuer with slash", iss.Token(claims{"iss": iss.URL + "/"}), "they differ only by a trailing slash"},
		{"issuer by scheme", iss.Token(claims{"iss": strings.Replace(iss.URL, "https", "http", 1)}), "they differ only by the scheme"},
		{"issuer without scheme", iss.Token(claims{"iss": strings.TrimPrefix(iss.URL, "https://")}), "they differ only by the scheme"},
		{"issuer by case", iss.Token(claims{"iss": strings.Replace(iss.URL, "https", "Https", 1)}), "they differ only by letter case"},
		{"issuer by all", iss.Token(claims{"iss": strings.Replace(iss.URL, "https", "http", 1) + "/"}), "they differ only by a trailing slash and the scheme"},
		{"audience with slash", audience("https://api.example.com/v1/"), "they differ only by a trailing slash"},
		{"audience by case", audience([]string{"x", "https://API.example.com/v1"}), "they differ only by letter case"},
		{"another audience", audience("https://api.example.com/v2"), ""},
		{"encrypted", "a.b.c.d.e", "an encrypted token is for its issuer alone"},
		{"opaque", "ory_at_abc", "issuers hand out opaque tokens"},
		{"opaque with a dot", "ory_at_abc.def", "issuers hand out opaque tokens"},
		{"opaque of Google", "ya29.a0LabLabLab_0123456789-0123456789", "issuers hand out opaque tokens"},
		{"a JWT that breaks off", "eyJhbGciOiJSUzI1NiJ9.eyJ", ""},
		{"HS256 of an RS256 issuer", iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": iss.Key(jwt.RS256).KeyID()}}), "the token is signed with a shared secret"},
		{"another issuer's kid", iss.Mint(jwttest.Spec{Header: map[string]any{"kid": "x"}, Claims: claims{"iss": "https://elsewhere.example"}}), `the token says, unverified, that its issuer is "https://elsewhere.example"`},
		{"another issuer's signature", fixture.OtherIssuer().Token(nil), "the token says, unverified, that its issuer is"},
	} {
		_, err := fixture.Verify(v, c.token)
		var e *jwt.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v", c.name, err)
			continue
		}
		if c.want == "" && e.Hint != "" || !strings.Contains(e.Hint, c.want) || !strings.Contains(err.Error(), e.Hint) {
			t.Errorf("%s: got the hint %q, want %q", c.name, e.Hint, c.want)
		}
	}
}

// What a refusal tells, in every way of telling it.
func tellings(e *jwt.Error) []string {
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "err", e)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "err", e)
	return []string{e.Error(), fmt.Sprintf("%v %+v", e, e), fmt.Sprintf("%#v", *e), log.String(), e.Got, e.Want, e.Hint, e.KeyID, e.Issuer, e.Member}
}

func TestErrorsHoldNoToken(t *testing.T) {
	t.Parallel()
	iss := fixture.Issuer()
	v := fixture.NewVerifier(t)
	tokens := []string{}
	for _, r := range refusals() {
		tokens = append(tokens, r.token)
	}
	// A piece of the token inside of its own header.
	good := strings.Split(iss.Token(nil), ".")
	for _, piece := range []string{good[1], good[1][7:40], good[2], good[2][:17]} {
		tokens = append(tokens, fixture.B64(`{"alg":"RS256","kid":"`+piece+`"}`)+"."+good[1]+"."+good[2],
			fixture.B64(`{"alg":"`+piece+`"}`)+"."+good[1]+"."+good[2])
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9_.-]+$`) // other runs are words of ours
	for _, token := range tokens {
		_, err := fixture.Verify(v, token)
		var e *jwt.Error
		if !errors.As(err, &e) {
			t.Errorf("got %v", err)
			continue
		}
		for _, told := range tellings(e) {
			for i := 0; i+17 <= len(token); i++ {
				if run := token[i : i+17]; plain.MatchString(run) && strings.Contains(told, run) {
					t.Fatalf("%q holds %q of the token", told, run)
				}
			}
			if strings.ContainsAny(told, "\r\x00\x1b") {
				t.Errorf("%q holds a control character", told)
			}
		}
	}
}

// Text from a token is cut, whatever it is.
func TestErrorsAreShort(t *testing.T) {
	iss := fixture.Issuer()
	long := strings.Repeat("é\n", 5000)
	for _, token := range []string{
		iss.Mint(jwttest.Spec{Header: map[string]any{"alg": long[:1500]}}),
		iss.Mint(jwttest.Spec{Header: map[string]any{"kid": long[:1500]}}),
		iss.Mint(jwttest.Spec{Header: map[string]any{"typ": long[:1500] + "+jwt"}}),
		iss.Token(claims{"iss": long[:9000]}),
		iss.Token(claims{"aud": []string{long[:3000], long[:3000]}}),
	} {
		_, err := fixture.Verify(fixture.NewVerifier(t), token)
		var e *jwt.Error
		if !errors.As(err, &e) || len(e.Got) > 6*64+3 || len(err.Error()) > 2000 || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %d bytes: %v", len(err.Error()), err)
		}
	}
}

func TestErrorLogValue(t *testing.T) {
	iss := fixture.Issuer()
	_, err := fixture.Verify(fixture.NewVerifier(t), iss.Token(claims{"aud": "https://API.example.com"}))
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 {
			return slog.Attr{}
		}
		return a
	}}))
	var e *jwt.Error
	errors.As(err, &e)
	logger.Info("refused", "jwt", e)
	for _, want := range []string{"jwt.reason=audience_mismatch", "jwt.issuer=" + iss.URL, "jwt.kid=rs256-1", "jwt.member=aud",
		"jwt.got=https://API.example.com", `jwt.want="\"https://api.example.com\""`, `jwt.hint="they differ only by letter case"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
}

// An Error of a caller's own making is nothing of ours.
func TestForeignError(t *testing.T) {
	e := &jwt.Error{Reason: "mine"}
	for name, s := range fixture.Sentinels {
		if errors.Is(e, s) {
			t.Errorf("it wraps %s", name)
		}
	}
	if e.Error() != "jwt: refused" {
		t.Errorf("got %q", e.Error())
	}
}

// A source of keys may put what a token says into any field of its error.
func TestKeySourceErrorIsWithheld(t *testing.T) {
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(_ context.Context, h jwt.Header) (*jwt.Key, error) {
			return nil, &jwt.Error{Reason: jwt.ReasonKeyUnknown, Member: h.KeyID, Got: h.KeyID, Want: "not " + h.KeyID, Hint: h.KeyID}
		})
	})
	payload := fixture.B64(`{"iss":"https://issuer.example","sub":"somebody with a long name"}`)
	token := fixture.B64(`{"alg":"RS256","kid":"`+payload+`"}`) + "." + payload + ".AAAA"
	_, err := fixture.Verify(v, token)
	texts := []string{err.Error()}
	for _, step := range v.Trace(t.Context(), token, time.Time{}).Steps {
		if step.Err != nil {
			texts = append(texts, tellings(step.Err)...)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, payload[:17]) {
			t.Errorf("it repeats the token: %s", text)
		}
	}
}

const troubleshootingTop = `# Why was my token refused?

A refused client learns little, on purpose. The operator of the service has three ways to learn the reason.

**1. The log line.** Give the resource an OnRefusal and log the error: it is a ` + "`*jwt.Error`" + ` with attributes for ` + "`log/slog`" + `.

` + "```go" + `
resource, err := jwt.NewResource(v, jwt.ResourceConfig{
	OnRefusal: func(r *http.Request, e *jwt.Error) { slog.Warn("refused", "path", r.URL.Path, "jwt", e) },
})
` + "```" + `

` + "```" + `
LOGLINE
` + "```" + `

` + "`reason`" + ` is one of the codes below and fit for a metric. ` + "`issuer`" + ` is the issuer whose rules were applied, ` + "`kid`" + ` the key that the token names. ` + "`sub`" + `,
` + "`client_id`" + ` and ` + "`jti`" + ` say whose token it was, once its signature holds. ` + "`member`" + ` is the claim or header member, ` + "`got`" + ` its value and ` + "`want`" + ` the wanted value.
The line does not hold the token (` + "`TestErrorsHoldNoToken`" + `).

**2. The command.** It verifies on your own machine, with the steps of the package, and prints the result of each step. Do not paste a
token into a web site: that site can then use it.

` + "```sh" + `
assay verify -issuer https://tenant.eu.auth0.com/ -audience https://api.example.com < token.txt
assay verify -issuer ... -audience ... -at 2026-11-21T19:00:00Z -redact < token.txt   # as it was then; fit for a ticket
assay verify < token.txt                             # decode it, and learn which command verifies it
assay inspect < token.txt                            # only decode it
assay keys -issuer https://tenant.eu.auth0.com/      # only look at the issuer's keys
` + "```" + `

The token may be pasted with what is around it: a header field, a curl command, the JSON of a token endpoint, a cookie, line breaks. The
command says what it removed. An issuer inside a cluster, or one of many tenants, needs ` + "`-ca`, `-metadata` or `-tenant`" + `. Give a shared secret
in a file: ` + "`-secret-file`, with `-base64`" + ` if it is encoded.

The exit status is 0 for a valid token, 1 for a refused one, 2 for a wrong command line, such as a file that cannot be read, and 3 where the
issuer's keys cannot be fetched. ` + "`-json`" + ` prints the same for programs: ` + "[report.schema.json](report.schema.json)" + ` describes it. ` + "`assay debug`" + ` shows it
in a browser.

**3. The package.** ` + "`explain.Token`" + ` returns the same as an ` + "`*explain.Report`" + `, ` + "`Report.Redact`" + ` removes the personal claims, and
` + "`explain.TokenAt`" + ` judges for another time. The report accepts a token if and only if Verify does (` + "`TestExplainIsVerify`" + `).

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
		{"Are the keys available?", []jwt.Reason{jwt.ReasonKeysUnavailable}},
	} {
		fmt.Fprintf(&b, "\n### %s\n", group.title)
		for _, reason := range group.reasons {
			b.WriteString(troubleshootingEntry(t, reason))
			if reason == jwt.ReasonKeysUnavailable {
				b.WriteString(trailingSlashEntry(t))
			}
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

// trailingSlashEntry is what every issuer that was configured without its slash gives.
func trailingSlashEntry(t *testing.T) string {
	t.Helper()
	p := fixture.NewProvider(t)
	p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
		json.NewEncoder(w).Encode(map[string]any{"issuer": fixture.ProviderURL + "/", "jwks_uri": fixture.KeysURL})
		return true
	}
	var e *jwt.Error
	if err := p.Remote(jwt.RemoteOptions{}).Warm(t.Context()); !errors.As(err, &e) || e.Hint == "" {
		t.Fatalf("got %v", err)
	}
	return "\nA usual cause is the issuer's trailing slash, here one that was configured without it:\n\n" +
		"| text | got | want | hint |\n|---|---|---|---|\n" +
		fmt.Sprintf("| `%s` | `%s` | `%s` | `%s` |\n", strings.TrimSuffix(e.Error(), "; "+e.Hint), e.Got, e.Want, e.Hint)
}

// docs/checks.md has a row for every reason.
func TestChecksPageNamesReasons(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("docs", "checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range jwt.Reasons() {
		if !strings.Contains(string(text), "`"+string(reason)+"`") {
			t.Errorf("docs/checks.md does not name %s", reason)
		}
	}
}
