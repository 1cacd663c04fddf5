// This file has tokens of users and of the applications that act for them.

package providers_test

import (
	"errors"
	"fmt"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"assay.example/jwt/providers"
)

const (
	auth0Issuer    = "https://tenant.eu.auth0.com/"
	oktaIssuer     = "https://acme.okta.com/oauth2/default"
	entraV1Issuer  = "https://sts.windows.net/" + guidA + "/"
	entraV2Issuer  = "https://login.microsoftonline.com/" + guidA + "/v2.0"
	keycloakIssuer = "https://id.example.com/realms/acme"
	cognitoIssuer  = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI"
	supabaseIssuer = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"

	appClient   = "1h57kf5cpq17m0eml12EXAMPLE"
	otherClient = "2h57kf5cpq17m0eml12EXAMPLE"
)

var platforms = map[string]sample{
	"Auth0": {
		preset: func() (jwt.Config, error) { return providers.Auth0("tenant.eu.auth0.com", api) },
		header: map[string]any{"typ": "at+jwt"},
		claims: jwttest.Claims{"iss": auth0Issuer, "aud": []string{api, auth0Issuer + "userinfo"}, "sub": "auth0|507f1f77bcf86cd799439011", "azp": "web", "scope": "openid read:messages"},
		refused: [3]refusal{
			{"a token for another API of the tenant", jwttest.Claims{"aud": []string{"https://other.example.com", auth0Issuer + "userinfo"}}, jwt.ReasonAudienceMismatch, "aud"},
			{"an ID token", jwttest.Claims{"aud": "web", "azp": nil, "scope": nil, "nonce": "n-0S6"}, jwt.ReasonAudienceMismatch, "aud"},
			{"no trailing slash", jwttest.Claims{"iss": "https://tenant.eu.auth0.com"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"Okta": {
		preset: func() (jwt.Config, error) { return providers.Okta(oktaIssuer, "api://default") },
		header: map[string]any{"typ": nil},
		claims: jwttest.Claims{"iss": oktaIssuer, "aud": "api://default", "sub": "ada@example.com", "cid": "0oabc", "scp": []string{"read"}},
		refused: [3]refusal{
			{"a token of the org authorization server", jwttest.Claims{"iss": "https://acme.okta.com", "aud": "https://acme.okta.com"}, jwt.ReasonIssuerMismatch, "iss"},
			{"an ID token", jwttest.Claims{"aud": "0oabc", "cid": nil, "scp": nil, "nonce": "n-0S6"}, jwt.ReasonAudienceMismatch, "aud"},
			{"a trailing slash", jwttest.Claims{"iss": oktaIssuer + "/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"EntraV2": {
		preset: func() (jwt.Config, error) { return providers.EntraV2(guidA, guidB) },
		claims: jwttest.Claims{"iss": entraV2Issuer, "aud": guidB, "tid": guidA, "azp": guidC, "ver": "2.0", "scp": "read"},
		refused: [3]refusal{
			{"another tenant", jwttest.Claims{"iss": "https://login.microsoftonline.com/" + guidC + "/v2.0", "tid": guidC}, jwt.ReasonIssuerMismatch, "iss"},
			{"an ID token of the client", jwttest.Claims{"aud": guidC, "azp": nil, "scp": nil, "nonce": "n-0S6"}, jwt.ReasonAudienceMismatch, "aud"},
			{"a trailing slash", jwttest.Claims{"iss": entraV2Issuer + "/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"EntraV1": {
		preset: func() (jwt.Config, error) { return providers.EntraV1(guidA, "api://orders") },
		claims: jwttest.Claims{"iss": entraV1Issuer, "aud": "api://orders", "tid": guidA, "appid": guidC, "ver": "1.0", "scp": "read"},
		refused: [3]refusal{
			{"another tenant", jwttest.Claims{"iss": "https://sts.windows.net/" + guidC + "/", "tid": guidC}, jwt.ReasonIssuerMismatch, "iss"},
			{"an ID token of the client", jwttest.Claims{"aud": guidC, "appid": nil, "scp": nil, "nonce": "n-0S6"}, jwt.ReasonAudienceMismatch, "aud"},
			{"no trailing slash", jwttest.Claims{"iss": "https://sts.windows.net/" + guidA}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"Keycloak": {
		preset: func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "orders", "web", "app") },
		claims: jwttest.Claims{"iss": keycloakIssuer, "aud": []string{"orders", "account"}, "azp": "app", "typ": "Bearer", "scope": "openid"},
		refused: [3]refusal{
			{"another client of the realm", jwttest.Claims{"azp": "wiki"}, jwt.ReasonClientMismatch, "azp"},
			{"a refresh token", jwttest.Claims{"typ": "Refresh"}, jwt.ReasonClaimRefused, "typ"},
			{"the realm's name in other letter case", jwttest.Claims{"iss": "https://id.example.com/realms/Acme"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"Cognito": {
		preset: func() (jwt.Config, error) { return providers.Cognito("eu-west-1_AbCdEfGhI", appClient) },
		header: map[string]any{"typ": nil},
		claims: jwttest.Claims{"iss": cognitoIssuer, "aud": nil, "client_id": appClient, "token_use": "access", "scope": "orders/read"},
		refused: [3]refusal{
			{"another client of the pool", jwttest.Claims{"client_id": otherClient}, jwt.ReasonClientMismatch, "client_id"},
			{"an ID token", jwttest.Claims{"aud": appClient, "token_use": "id"}, jwt.ReasonClaimRefused, "token_use"},
			{"a trailing slash", jwttest.Claims{"iss": cognitoIssuer + "/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
	"Supabase": {
		preset:    func() (jwt.Config, error) { return providers.Supabase("abcdefghijklmnopqrst") },
		algorithm: jwt.ES256,
		claims:    jwttest.Claims{"iss": supabaseIssuer, "aud": "authenticated", "role": "authenticated", "aal": "aal1", "is_anonymous": false},
		refused: [3]refusal{
			{"another project", jwttest.Claims{"iss": "https://bcdefghijklmnopqrstu.supabase.co/auth/v1"}, jwt.ReasonIssuerMismatch, "iss"},
			{"a key of the service's role", jwttest.Claims{"role": "service_role"}, jwt.ReasonClaimRefused, "role"},
			{"a trailing slash", jwttest.Claims{"iss": supabaseIssuer + "/"}, jwt.ReasonIssuerMismatch, "iss"},
		},
	},
}

var platformMistakes = map[string][]mistake{
	"Auth0": {
		{func() (jwt.Config, error) { return providers.Auth0("", api) }, "domain"},
		{func() (jwt.Config, error) { return providers.Auth0("https://tenant.eu.auth0.com", api) }, "domain"},
		{func() (jwt.Config, error) { return providers.Auth0("tenant.eu.auth0.com/", api) }, "domain"},
		{func() (jwt.Config, error) { return providers.Auth0("Tenant.eu.auth0.com", api) }, "domain"},
		{func() (jwt.Config, error) { return providers.Auth0("tenant", api) }, "domain"},
		{func() (jwt.Config, error) { return providers.Auth0("tenant.eu.auth0.com", "") }, "audience"},
		{func() (jwt.Config, error) { return providers.Auth0("tenant.eu.auth0.com", auth0Issuer+"userinfo") }, "audience"},
		{func() (jwt.Config, error) { return providers.Auth0("tenant.eu.auth0.com", auth0Issuer+"api/v2") }, "audience"},
	},
	"Okta": {
		{func() (jwt.Config, error) { return providers.Okta("", "api://default") }, "issuer"},
		{func() (jwt.Config, error) { return providers.Okta("https://acme.okta.com", "api://default") }, "org authorization server"},
		{func() (jwt.Config, error) { return providers.Okta("https://acme.okta.com/", "api://default") }, "org authorization server"},
		{func() (jwt.Config, error) { return providers.Okta(oktaIssuer+"/", "api://default") }, "issuer"},
		{func() (jwt.Config, error) {
			return providers.Okta("http://acme.okta.com/oauth2/default", "api://default")
		}, "issuer"},
		{func() (jwt.Config, error) { return providers.Okta(oktaIssuer, "") }, "audience"},
		{func() (jwt.Config, error) { return providers.Okta(oktaIssuer, "https://acme.okta.com/") }, "audience"},
	},
	"EntraV2": {
		{func() (jwt.Config, error) { return providers.EntraV2("", guidB) }, "tenantID"},
		{func() (jwt.Config, error) { return providers.EntraV2("common", guidB) }, "tenantID"},
		{func() (jwt.Config, error) { return providers.EntraV2("{tenantid}", guidB) }, "tenantID"},
		{func() (jwt.Config, error) { return providers.EntraV2("contoso.onmicrosoft.com", guidB) }, "tenantID"},
		{func() (jwt.Config, error) { return providers.EntraV2(guidA, "api://orders") }, "applicationID"},
	},
	"EntraV1": {
		{func() (jwt.Config, error) { return providers.EntraV1("organizations", "api://orders") }, "tenantID"},
		{func() (jwt.Config, error) { return providers.EntraV1(guidA, "") }, "resource"},
		{func() (jwt.Config, error) { return providers.EntraV1(guidA, "orders") }, "resource"},
	},
	"Keycloak": {
		{func() (jwt.Config, error) { return providers.Keycloak("https://id.example.com", "orders") }, "issuer"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer+"/", "orders") }, "issuer"},
		{func() (jwt.Config, error) { return providers.Keycloak("http://id.example.com/realms/acme", "orders") }, "issuer"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "") }, "clients"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "account") }, "audience"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "account", "web") }, "audience"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "a b", "web") }, "audience"},
		{func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "", "web", "") }, "clients"},
	},
	"Cognito": {
		{func() (jwt.Config, error) { return providers.Cognito("", appClient) }, "poolID"},
		{func() (jwt.Config, error) { return providers.Cognito("my-pool", appClient) }, "poolID"},
		{func() (jwt.Config, error) { return providers.Cognito("eu-west-1_", appClient) }, "poolID"},
		{func() (jwt.Config, error) { return providers.Cognito("evil.example/eu-west-1_A", appClient) }, "poolID"},
		{func() (jwt.Config, error) { return providers.Cognito("eu-west-1_AbCdEfGhI", "") }, "clientID"},
		{func() (jwt.Config, error) { return providers.Cognito("eu-west-1_AbCdEfGhI", appClient, "my app") }, "clientID"},
	},
	"Supabase": {
		{func() (jwt.Config, error) { return providers.Supabase("") }, "projectRef"},
		{func() (jwt.Config, error) { return providers.Supabase("https://abcdefghijklmnopqrst.supabase.co") }, "projectRef"},
		{func() (jwt.Config, error) { return providers.Supabase("My Project") }, "projectRef"},
	},
}

// The legacy secret verifies nothing, even where it is configured.
func TestSupabaseSecret(t *testing.T) {
	s := platforms["Supabase"]
	s.algorithm = jwt.HS256
	var e *jwt.Error
	if err := verify(t, s.config(t), s.token(nil)); !errors.As(err, &e) || e.Reason != jwt.ReasonAlgorithmRefused {
		t.Errorf("got %v", err)
	}
}

// A token that says it is bound is a token of the right kind: its binding is another question.
func TestKeycloakDPoP(t *testing.T) {
	s := platforms["Keycloak"]
	if err := verify(t, s.config(t), s.token(jwttest.Claims{"typ": "DPoP"})); err != nil {
		t.Error(err)
	}
	err := verify(t, s.config(t), s.token(jwttest.Claims{"typ": "DPoP", "cnf": map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}))
	if !errors.Is(err, jwt.ErrBinding) {
		t.Errorf("got %v", err)
	}
	for _, kind := range []any{"ID", "Refresh", "Offline", "Logout", "bearer", nil} {
		if err := verify(t, s.config(t), s.token(jwttest.Claims{"typ": kind})); !errors.Is(err, jwt.ErrClaims) {
			t.Errorf("typ %v: got %v", kind, err)
		}
	}
}

// Clients refuse the ID tokens of a registration that is API and client at once.
func TestEntraClients(t *testing.T) {
	for _, name := range []string{"EntraV1", "EntraV2"} {
		s := platforms[name]
		c := s.config(t)
		c.Clients = []string{guidC}
		if err := verify(t, c, s.token(nil)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		idToken := s.token(jwttest.Claims{"azp": nil, "appid": nil, "scp": nil, "nonce": "n-0S6"})
		if err := verify(t, c, idToken); !failed(err, jwt.ReasonClaimMissing, "client_id") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Either an audience or the clients pin the tokens of a realm, and both do so together.
func TestKeycloakClients(t *testing.T) {
	s := platforms["Keycloak"]
	s.preset = func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "", "app") }
	if err := verify(t, s.config(t), s.token(jwttest.Claims{"aud": "account"})); err != nil {
		t.Error(err)
	}
	if err := verify(t, s.config(t), s.token(jwttest.Claims{"azp": nil})); !failed(err, jwt.ReasonClaimMissing, "client_id") {
		t.Errorf("no client: got %v", err)
	}
	s.preset = func() (jwt.Config, error) { return providers.Keycloak(keycloakIssuer, "orders") }
	if err := verify(t, s.config(t), s.token(jwttest.Claims{"azp": "wiki"})); err != nil {
		t.Error(err)
	}
	if err := verify(t, s.config(t), s.token(jwttest.Claims{"aud": "account"})); !failed(err, jwt.ReasonAudienceMismatch, "aud") {
		t.Errorf("another API: got %v", err)
	}
}

func ExampleAuth0() {
	c, err := providers.Auth0("tenant.eu.auth0.com", "https://api.example.com")
	fmt.Println(c.Issuer, c.Audience, err)
	_, err = providers.Auth0("https://tenant.eu.auth0.com/", "https://api.example.com")
	fmt.Println(err)
	// Output:
	// https://tenant.eu.auth0.com/ [https://api.example.com] <nil>
	// providers: Auth0: the domain is "https://tenant.eu.auth0.com/", and must be a domain in lower case, such as tenant.eu.auth0.com, without https:// and without a slash
}

func ExampleOkta() {
	_, err := providers.Okta("https://acme.okta.com", "api://default")
	fmt.Println(err)
	// Output:
	// providers: Okta: the issuer is the org authorization server's, whose access tokens nobody can verify: use a custom authorization server, https://ORG/oauth2/ID
}

func ExampleEntraV2() {
	c, err := providers.EntraV2("0184990a-477b-4fa8-9968-496074483cee", "0184990a-4782-42b5-afc1-16715b10b8ff")
	fmt.Println(c.Issuer, err)
	// Output: https://login.microsoftonline.com/0184990a-477b-4fa8-9968-496074483cee/v2.0 <nil>
}

func ExampleEntraV1() {
	c, err := providers.EntraV1("0184990a-477b-4fa8-9968-496074483cee", "api://orders")
	fmt.Println(c.Issuer, err)
	// Output: https://sts.windows.net/0184990a-477b-4fa8-9968-496074483cee/ <nil>
}

// A realm without a mapper for audiences has the clients in place of one.
func ExampleKeycloak() {
	c, err := providers.Keycloak("https://id.example.com/realms/acme", "", "web", "app")
	fmt.Println(c.Clients, c.Require, err)
	// Output: [web app] [Any(Claim("typ").Equals("Bearer"), Claim("typ").Equals("DPoP"))] <nil>
}

func ExampleCognito() {
	c, err := providers.Cognito("eu-west-1_AbCdEfGhI", "1h57kf5cpq17m0eml12EXAMPLE")
	fmt.Println(c.Issuer, c.Require, err)
	// Output: https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI [Claim("token_use").Equals("access")] <nil>
}

// Users who signed in anonymously are refused besides.
func ExampleSupabase() {
	c, err := providers.Supabase("abcdefghijklmnopqrst")
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Require = append(c.Require, jwt.Claim("is_anonymous").Equals(false))
	fmt.Println(c.Algorithms, c.Require)
	// Output: [ES256 RS256] [Claim("role").Equals("authenticated") Claim("is_anonymous").Equals(false)]
}
