// This file has tokens of the proxies that log users in.

package providers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"assay.example/jwt/providers"
)

const iapAudience = "/projects/123456789012/global/backendServices/9876543210987654321"

var audienceTag = strings.Repeat("4714c135", 8)

var proxies = map[string]sample{
	"CloudflareAccess": {
		preset: func() (jwt.Config, error) { return providers.CloudflareAccess("acme", audienceTag) },
		claims: jwttest.Claims{"iss": "https://acme.cloudflareaccess.com", "aud": []string{audienceTag}, "type": "app", "email": "ada@example.com", "identity_nonce": "6ei69kawdKzMIAPF"},
		refused: [3]refusal{
			{"another application of the team", jwttest.Claims{"aud": []string{strings.Repeat("0", 64)}}, jwt.ReasonAudienceMismatch, "aud"},
			{"the team's login session", jwttest.Claims{"type": "org"}, jwt.ReasonClaimRefused, "type"},
			{"a trailing slash", jwttest.Claims{"iss": "https://acme.cloudflareaccess.com/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"GoogleIAP": {
		preset:    func() (jwt.Config, error) { return providers.GoogleIAP(iapAudience) },
		algorithm: jwt.ES256,
		claims:    jwttest.Claims{"iss": "https://cloud.google.com/iap", "aud": iapAudience, "sub": "accounts.google.com:1122334455", "email": "ada@example.com"},
		refused: [3]refusal{
			{"another backend", jwttest.Claims{"aud": "/projects/999/global/backendServices/9876543210987654321"}, jwt.ReasonAudienceMismatch, "aud"},
			{"an ID token of Google", jwttest.Claims{"iss": "https://accounts.google.com", "aud": "42.apps.googleusercontent.com"}, jwt.ReasonIssuerMismatch, "iss"},
			{"a trailing slash", jwttest.Claims{"iss": "https://cloud.google.com/iap/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
}

var proxyMistakes = map[string][]mistake{
	"CloudflareAccess": {
		{func() (jwt.Config, error) { return providers.CloudflareAccess("", audienceTag) }, "team"},
		{func() (jwt.Config, error) {
			return providers.CloudflareAccess("acme.cloudflareaccess.com", audienceTag)
		}, "team"},
		{func() (jwt.Config, error) { return providers.CloudflareAccess("acme", "") }, "audienceTag"},
		{func() (jwt.Config, error) { return providers.CloudflareAccess("acme", strings.ToUpper(audienceTag)) }, "audienceTag"},
		{func() (jwt.Config, error) { return providers.CloudflareAccess("acme", audienceTag[1:]) }, "audienceTag"},
	},
	"GoogleIAP": {
		{func() (jwt.Config, error) { return providers.GoogleIAP("") }, "audience"},
		{func() (jwt.Config, error) { return providers.GoogleIAP("https://api.example.com") }, "audience"},
		{func() (jwt.Config, error) { return providers.GoogleIAP("/projects/my-project/apps/my-project") }, "audience"},
		{func() (jwt.Config, error) { return providers.GoogleIAP(iapAudience + "/") }, "audience"},
	},
}

// The assertion has a header field of its own, without a scheme.
func ExampleCloudflareAccess() {
	iss := testIssuer()
	tag := strings.Repeat("4714c135", 8)
	c, err := providers.CloudflareAccess("acme", tag)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Keys = iss.Key(jwt.RS256) // in a test; Cloudflare's otherwise
	v, err := jwt.NewVerifier(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	resource, err := jwt.NewResource(v, jwt.ResourceConfig{HeaderField: "Cf-Access-Jwt-Assertion"})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Cf-Access-Jwt-Assertion", iss.Token(jwttest.Claims{"iss": c.Issuer, "aud": []string{tag}, "type": "app", "sub": "ada"}))
	token, err := resource.Check(r)
	fmt.Println(token.Subject(), err)
	// Output: ada <nil>
}

func ExampleGoogleIAP() {
	c, err := providers.GoogleIAP("/projects/123456789012/apps/orders")
	fmt.Println(c.Issuer, c.Keys, err)
	// Output: https://cloud.google.com/iap jwt.RemoteKeySet("https://www.gstatic.com/iap/verify/public_key-jwk") <nil>
}
