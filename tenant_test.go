// This file tests issuers with many names: Microsoft Entra ID's tenants.

package jwt_test

import (
	"context"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

const (
	entra    = "https://login.microsoftonline.com/{tenantid}/v2.0"
	tenantA  = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	tenantB  = "9188040d-6c67-4c5b-b112-36a304b66dad"
	stranger = "11111111-2222-3333-4444-555555555555"
)

func entraName(tenant string) string { return strings.Replace(entra, "{tenantid}", tenant, 1) }

func entraConfig(t *testing.T, keys ...any) jwt.Config {
	t.Helper()
	return jwt.Config{Issuer: entra, Tenants: []string{tenantA, tenantB}, Audience: []string{jwttest.Audience}, Keys: fixture.ParseKeySet(t, keys...)}
}

func TestTenants(t *testing.T) {
	iss := fixture.Issuer()
	rsa := fixture.JWKEdit{"issuer": entra, "alg": nil}.Apply(fixture.JWKOf(t, iss, jwt.RS256))
	allowed, err := jwt.NewVerifier(entraConfig(t, rsa))
	if err != nil {
		t.Fatal(err)
	}
	anyone := entraConfig(t, rsa)
	anyone.Tenants, anyone.InsecureAnyTenant = nil, true
	open, err := jwt.NewVerifier(anyone)
	if err != nil {
		t.Fatal(err)
	}
	beside, err := jwt.NewVerifier(entraConfig(t, rsa), fixture.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		iss, tid any
		member   string // empty: accepted
		open     bool   // accepted where any tenant is
	}{
		{"an allowed tenant", entraName(tenantA), tenantA, "", true},
		{"the other one", entraName(tenantB), tenantB, "", true},
		{"a stranger", entraName(stranger), stranger, "tid", true},
		{"another tid", entraName(tenantA), tenantB, "tid", false},
		{"no tid", entraName(tenantA), nil, "tid", false},
		{"tid number", entraName(tenantA), 1, "tid", false},
		{"the placeholder itself", entra, "{tenantid}", "iss", false},
		{"no tenant", entraName(""), "", "iss", false},
		{"a word", entraName("common"), "common", "iss", false},
		{"capitals", entraName(strings.ToUpper(tenantA)), strings.ToUpper(tenantA), "iss", false},
		{"braces", entraName("{" + tenantA + "}"), tenantA, "iss", false},
		{"no hyphens", entraName(strings.ReplaceAll(tenantA, "-", "")), tenantA, "iss", false},
		{"no hexadecimal", entraName("g" + tenantA[1:]), "g" + tenantA[1:], "iss", false},
		{"a path", entraName(tenantA + "/../" + tenantA), tenantA, "iss", false},
		{"more behind", entraName(tenantA) + "/", tenantA, "iss", false},
		{"another host", "https://evil.example/" + tenantA + "/v2.0", tenantA, "iss", false},
		{"another version", "https://login.microsoftonline.com/" + tenantA + "/v1.0", tenantA, "iss", false},
		{"absent", nil, tenantA, "iss", false},
	} {
		text := iss.Token(claims{"iss": c.iss, "tid": c.tid})
		for name, v := range map[string]*jwt.Verifier{"Tenants": allowed, "InsecureAnyTenant": open, "beside another issuer": beside} {
			token, err := fixture.Verify(v, text)
			if ok := c.member == "" || name == "InsecureAnyTenant" && c.open; ok {
				if err != nil {
					t.Errorf("%s, %s: %v", c.name, name, err)
				}
				continue
			}
			reason := jwt.ReasonIssuerMismatch
			if c.iss == nil {
				reason = jwt.ReasonClaimMissing
			}
			if e := fixture.WantRefusal(t, token, err, reason, jwt.ErrClaims); e.Member != c.member {
				t.Errorf("%s, %s: got member %q: %v", c.name, name, e.Member, err)
			}
		}
	}
	token, err := fixture.Verify(beside, iss.Token(nil))
	fixture.WantAccepted(t, token, err)
}

// A key that says whose it is vouches for nobody else.
func TestKeyOfOneIssuer(t *testing.T) {
	iss := fixture.Issuer()
	for _, c := range []struct {
		issuer any
		ok     bool
		single bool // accepted where the issuer has one name
	}{
		{nil, true, true}, {entra, true, true}, {entraName(tenantA), true, true},
		{entraName(tenantB), false, false}, {"https://login.microsoftonline.com/{tenantid}/v1.0", false, false}, {"{tenantid}", false, true}, {"CN=Some CA", false, true},
	} {
		rsa := fixture.JWKEdit{"issuer": c.issuer}.Apply(fixture.JWKOf(t, iss, jwt.RS256))
		single := jwt.Config{Issuer: entraName(tenantA), Audience: []string{jwttest.Audience}, Keys: fixture.ParseKeySet(t, rsa)}
		for _, config := range []jwt.Config{entraConfig(t, rsa), single} {
			v, err := jwt.NewVerifier(config)
			if err != nil {
				t.Fatal(err)
			}
			token, err := fixture.Verify(v, iss.Token(claims{"iss": entraName(tenantA), "tid": tenantA}))
			if c.ok || c.single && config.Issuer != entra {
				fixture.WantAccepted(t, token, err)
			} else if e := fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims); !strings.Contains(e.Hint, "the key that signed the token is for another issuer") {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestTenantConfigErrors(t *testing.T) {
	rsa := fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)
	for want, change := range map[string]func(*jwt.Config){
		"Tenants are required":                          func(c *jwt.Config) { c.Tenants = nil },
		"InsecureAnyTenant contradicts":                 func(c *jwt.Config) { c.InsecureAnyTenant = true },
		"Issuer has no {tenantid}":                      func(c *jwt.Config) { c.Issuer = entraName(tenantA) },
		"Keys is required":                              func(c *jwt.Config) { c.Keys = nil },
		`the Tenants hold "common"`:                     func(c *jwt.Config) { c.Tenants = []string{tenantA, "common"} },
		`the Tenants hold "` + strings.ToUpper(tenantA): func(c *jwt.Config) { c.Tenants = []string{strings.ToUpper(tenantA)} },
	} {
		c := entraConfig(t, rsa)
		change(&c)
		if v, err := jwt.NewVerifier(c); err == nil || v != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// countedKeys is a source without keys that counts how often it is asked.
func countedKeys(calls *int) jwt.KeySource {
	return fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
		*calls++
		return nil, jwt.ErrKey
	})
}

// The issuer with a placeholder goes by no name that has it: such a token is nobody's, and asks nobody
// for keys.
func TestPlaceholderChoosesNoIssuer(t *testing.T) {
	calls := 0
	const template = "https://login.example/{tenantid}/v2.0"
	many := jwt.Config{Issuer: template, Tenants: []string{tenantA}, Audience: []string{jwttest.Audience}, Keys: countedKeys(&calls)}
	v, err := jwt.NewVerifier(many, fixture.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	text := fixture.Issuer().Token(claims{"iss": template, "tid": "{tenantid}"})
	token, err := fixture.Verify(v, text)
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims); e.Issuer != "" {
		t.Errorf("judged by %q", e.Issuer)
	}
	fixture.Trace(t, v, text)
	if calls != 0 {
		t.Errorf("keys were asked for %d times", calls)
	}
	token, err = fixture.Verify(v, fixture.Issuer().Token(claims{"iss": strings.Replace(template, "{tenantid}", tenantA, 1), "tid": tenantA}))
	fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	if calls != 1 {
		t.Errorf("keys were asked for %d times, want once", calls)
	}
}

// Entra ID has two names for a tenant, and the keys of both are published under either.
func TestKeyOfEitherVersion(t *testing.T) {
	v1 := func(tenant string) string { return "https://sts.windows.net/" + tenant + "/" }
	v2 := func(tenant string) string { return "https://login.microsoftonline.com/" + tenant + "/v2.0" }
	for _, c := range []struct {
		token, key string
		ok         bool
	}{
		{v1(tenantA), v2(tenantA), true}, {v2(tenantA), v1(tenantA), true}, {v1(tenantA), v1(tenantA), true}, {v1(tenantA), v2("{tenantid}"), true}, {v2(tenantA), v1("{tenantid}"), true},
		{v1(tenantA), v2(tenantB), false}, {v2(tenantA), v1(tenantB), false}, {v1(tenantA), "https://login.microsoftonline.com/" + tenantA + "/v1.0", false}, {v1(tenantA), v2("common"), false},
		{"https://sts.windows.net/" + tenantA, v2(tenantA), false}, {"https://evil.example/" + tenantA + "/", v2(tenantA), false}, {v1("common"), v2("{tenantid}"), false},
	} {
		rsa := fixture.JWKEdit{"issuer": c.key}.Apply(fixture.JWKOf(t, fixture.Issuer(), jwt.RS256))
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Issuer, config.Keys = c.token, fixture.ParseKeySet(t, rsa) })
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iss": c.token}))
		if c.ok {
			fixture.WantAccepted(t, token, err)
		} else {
			fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
		}
	}
}

// The same key for two issuers is a key of each.
func TestSameKeyOfTwoIssuers(t *testing.T) {
	rsa := fixture.JWKOf(t, fixture.Issuer(), jwt.RS256)
	set := fixture.ParseKeySet(t, fixture.JWKEdit{"issuer": "https://a.example"}.Apply(rsa), fixture.JWKEdit{"issuer": "https://b.example"}.Apply(rsa))
	for issuer, ok := range map[string]bool{"https://a.example": true, "https://b.example": true, "https://c.example": false} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer, c.Keys = issuer, set })
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iss": issuer}))
		if ok {
			fixture.WantAccepted(t, token, err)
		} else {
			fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
		}
	}
	// A key that is taken out of the set is for its own issuer alone.
	for _, source := range []jwt.KeySource{set.Keys()[0], mustSet(t, set.Keys()[0])} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer, c.Keys = "https://b.example", source })
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iss": "https://b.example"}))
		fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
	}
}

func mustSet(t *testing.T, keys ...*jwt.Key) *jwt.KeySet {
	t.Helper()
	set, err := jwt.NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
