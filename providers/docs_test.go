// This file holds docs/providers.md to its word: the snippets compile and make verifiers, and mistakes get
// the hints that the page says.

package providers_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// program is a service of somebody else's that makes a verifier of each snippet.
const program = `package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"assay.example/jwt"
	"assay.example/jwt/providers"
)

var _ = providers.Auth0
var _ = x509.NewCertPool

SNIPPETS

func main() {
	for n, snippet := range []func() (jwt.Config, error){NAMES} {
		c, err := snippet()
		if errors.Is(err, fs.ErrNotExist) { // not in a pod
			continue
		}
		if err == nil {
			_, err = jwt.NewVerifier(c)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "snippet %d: %v\n", n, err)
			os.Exit(1)
		}
	}
	c := jwt.Config{Issuer: "https://issuer.example", Audience: []string{"a"}, Require: []jwt.Requirement{
REQUIREMENTS
	}}
	if _, err := jwt.NewVerifier(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

// The Go code of the page compiles, and every Config of it makes a verifier.
func TestProvidersPage(t *testing.T) {
	text := page(t)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1)
	requirements := regexp.MustCompile("`(jwt\\.Claim\\([^`]*)`").FindAllStringSubmatch(text, -1)
	if len(blocks) != 25 || len(requirements) != 22 {
		t.Fatalf("%d blocks of Go, %d requirements", len(blocks), len(requirements))
	}
	var snippets, names, required strings.Builder
	for n, block := range blocks {
		// A snippet declares c and err, or assigns them: both are the results then.
		fmt.Fprintf(&snippets, "func snippet%d() (c jwt.Config, err error) {\n\t{\n%s\t\treturn c, %s\n\t}\n}\n\n", n, block[1], errorOf(block[1]))
		fmt.Fprintf(&names, "snippet%d, ", n)
	}
	for _, r := range requirements {
		fmt.Fprintf(&required, "\t\t%s,\n", r[1])
	}
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module service.example\n\ngo 1.25\n\nrequire assay.example/jwt v0.0.0\n\nreplace assay.example/jwt => " + here + "\n",
		"main.go": strings.NewReplacer("SNIPPETS", snippets.String(), "NAMES", names.String(), "REQUIREMENTS", required.String()).Replace(program),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GO111MODULE=on")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// errorOf is the error of a snippet; nil if it has none.
func errorOf(snippet string) string {
	if strings.Contains(snippet, "err ") {
		return "err"
	}
	return "nil"
}

// The page names each function in a snippet, and has a section for each of these.
func TestProvidersPageIsWhole(t *testing.T) {
	text := page(t)
	for _, name := range exported(t) {
		if !strings.Contains(text, ":= providers."+name+"(") {
			t.Errorf("no snippet of %s", name)
		}
	}
	for _, name := range []string{"Auth0", "Authgear", "Okta", "Microsoft Entra ID, v1", "Microsoft Entra ID, v2", "Amazon Cognito", "Keycloak", "Google", "Firebase",
		"Zitadel", "Dex", "Authentik", "AD FS", "Spring Authorization Server", "Duende IdentityServer", "GitHub Actions", "Kubernetes"} {
		if section(text, name) == "" {
			t.Errorf("no section for %s", name)
		}
	}
}

// section is what stands under a heading.
func section(text, heading string) string {
	_, rest, _ := strings.Cut(text, "\n### "+heading+"\n")
	body, _, _ := strings.Cut(rest, "\n#")
	return body
}

// plain is the Config of a provider that has no function.
func plain(issuer, audience string) jwt.Config {
	return jwt.Config{Issuer: issuer, Audience: []string{audience}}
}

// mistakes of the page: what is sent to whom, and which hint it gets.
var hinted = []struct {
	section string
	config  jwt.Config // zero: that of the sample with this name
	sample  string
	claims  jwttest.Claims
	hint    string
}{
	{"Auth0", jwt.Config{}, "Auth0", jwttest.Claims{"iss": "https://tenant.eu.auth0.com"}, "they differ only by a trailing slash"},
	{"Auth0", jwt.Config{}, "Auth0", jwttest.Claims{"aud": auth0Issuer + "userinfo"}, "that audience is the issuer's own userinfo endpoint: the client asked for a token without naming this API (at Auth0 the parameter audience)"},
	{"Authgear", plain("https://project.authgear.cloud", "https://project.authgear.cloud"), "", jwttest.Claims{"iss": "https://other.authgear.cloud"},
		"it is another tenant of Authgear: the client asked the wrong one, or this API is set up for another"},
	{"Okta", jwt.Config{}, "Okta", jwttest.Claims{"iss": "https://acme.okta.com/oauth2/aus1"}, sameHost},
	{"Microsoft Entra ID, v2", jwt.Config{}, "EntraV2", jwttest.Claims{"iss": entraV1Issuer},
		"these are the two versions of Microsoft Entra ID's tokens: the API's manifest decides which one it gets (requestedAccessTokenVersion: 2 is login.microsoftonline.com)"},
	{"Microsoft Entra ID, v2", jwt.Config{}, "EntraV2", jwttest.Claims{"aud": "00000003-0000-0000-c000-000000000000"},
		"the token is for Microsoft Graph: the client must ask for a scope of this API, such as api://.../.default"},
	{"Microsoft Entra ID, v1", jwt.Config{}, "EntraV1", jwttest.Claims{"aud": "orders"},
		"that is the other name of the same API at Microsoft Entra ID (with and without api://): list both in Config.Audience"},
	{"Amazon Cognito", jwt.Config{}, "Cognito", jwttest.Claims{"aud": appClient, "client_id": nil, "token_use": "id"},
		"it looks like an ID token (it has token_use id), which tells a client who its user is: send an API the access token instead"},
	{"Keycloak", jwt.Config{}, "Keycloak", jwttest.Claims{"aud": "account"}, "that audience is Keycloak's own: add a mapper of the kind audience to the client, or to one of its scopes"},
	{"Google", jwt.Config{}, "GoogleServiceAccount", jwttest.Claims{"iss": "accounts.google.com"}, "they differ only by the scheme"},
	{"Firebase", plain("https://securetoken.google.com/my-project", "my-project"), "", jwttest.Claims{"iss": "https://securetoken.google.com/other", "aud": "other"}, sameHost},
	{"Zitadel", plain("https://acme.zitadel.cloud", "112233445566778899"), "", jwttest.Claims{"iss": "https://other.zitadel.cloud"},
		"it is another tenant of Zitadel: the client asked the wrong one, or this API is set up for another"},
	{"Dex", plain("https://dex.example.com/dex", "web"), "", jwttest.Claims{"iss": "https://dex.example.com"}, sameHost},
	{"Authentik", plain("https://id.example.com/application/o/orders/", "web"), "", jwttest.Claims{"iss": "https://id.example.com/application/o/orders"}, "they differ only by a trailing slash"},
	{"AD FS", plain("http://adfs.example.com/adfs/services/trust", api), "", jwttest.Claims{"iss": "https://adfs.example.com/adfs"}, sameHost},
	{"Spring Authorization Server", plain("https://auth.example.com", api), "", jwttest.Claims{"aud": "web", "azp": "web"},
		"it looks like an ID token (it has an aud that equals azp), which tells a client who its user is: send an API the access token instead"},
	{"Duende IdentityServer", plain("https://id.example.com", "orders"), "", jwttest.Claims{"aud": nil, "client_id": "web"},
		"the issuer names no audience: have it name this API, or leave Config.Audience empty and name the clients in Config.Clients"},
	{"GitHub Actions", jwt.Config{}, "GitHubActions", jwttest.Claims{"repository_id": "555"},
		"every token of this issuer must meet it (Config.Require): is it a token of another kind, or of another tenant?"},
	{"Kubernetes", plain("https://kubernetes.default.svc.cluster.local", api), "", jwttest.Claims{"aud": "https://kubernetes.default.svc.cluster.local"},
		"that audience is the issuer itself: the client asked for a token without naming this API"},
}

const sameHost = "it is another tenant, realm or authorization server at the same host: the client asked the wrong one, or this API is set up for another"

func TestProvidersPageHints(t *testing.T) {
	text := page(t)
	if n := strings.Count(text, "\n- Hint for "); n != len(hinted) {
		t.Errorf("the page has %d hints, and %d are tested", n, len(hinted))
	}
	for _, h := range hinted {
		if !regexp.MustCompile("\n- Hint for [^`\n]*(`aud`)?: `" + regexp.QuoteMeta(h.hint) + "`\n").MatchString(section(text, h.section) + "\n") {
			t.Errorf("%s: the page does not say %q", h.section, h.hint)
		}
		c, claims := h.config, jwttest.Claims{"iss": h.config.Issuer}
		if h.sample != "" {
			c, claims = samples[h.sample].config(t), maps.Clone(samples[h.sample].claims)
		} else {
			claims["aud"] = c.Audience
		}
		c.Keys = testIssuer().Key(jwt.RS256)
		maps.Copy(claims, h.claims)
		v, err := jwt.NewVerifier(c)
		if err != nil {
			t.Fatal(err)
		}
		r := explain.Token(t.Context(), v, testIssuer().Token(claims))
		if !slices.ContainsFunc(r.Steps, func(s explain.Step) bool { return s.Verdict == explain.VerdictFail && strings.Contains(s.Hint, h.hint) }) {
			t.Errorf("%s: no step says %q in\n%s", h.section, h.hint, r)
		}
	}
}
