// This file tests the policy that claims are held against.

package jwt_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// Inside of a bubble time stands still, so boundaries are exact.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		at := func(d time.Duration) any {
			return json.Number(fmt.Sprintf("%d.%09d", now.Add(d).Unix(), now.Add(d).Nanosecond()))
		}
		const ms = time.Millisecond
		fresh := claims{"exp": at(time.Hour)}
		for _, c := range []struct {
			name   string
			leeway time.Duration
			maxAge time.Duration
			claims claims
			reason jwt.Reason // empty: accepted
		}{
			{"exp just within the leeway", 0, 0, claims{"exp": at(-30*time.Second + ms)}, ""},
			{"exp at the leeway", 0, 0, claims{"exp": at(-30 * time.Second)}, jwt.ReasonTokenExpired},
			{"exp in a moment, no leeway", -1, 0, claims{"exp": at(ms)}, ""},
			{"exp now, no leeway", -1, 0, claims{"exp": at(0)}, jwt.ReasonTokenExpired},
			{"exp within ten minutes", 10 * time.Minute, 0, claims{"exp": at(-10*time.Minute + ms)}, ""},
			{"exp at ten minutes", 10 * time.Minute, 0, claims{"exp": at(-10 * time.Minute)}, jwt.ReasonTokenExpired},
			{"nbf at the leeway", 0, 0, claims{"nbf": at(30 * time.Second)}, ""},
			{"nbf beyond the leeway", 0, 0, claims{"nbf": at(30*time.Second + ms)}, jwt.ReasonTokenNotYetValid},
			{"nbf now, no leeway", -1, 0, claims{"nbf": at(0)}, ""},
			{"nbf in a moment, no leeway", -1, 0, claims{"nbf": at(ms)}, jwt.ReasonTokenNotYetValid},
			{"iat at the leeway", 0, 0, claims{"iat": at(30 * time.Second)}, ""},
			{"iat beyond the leeway", 0, 0, claims{"iat": at(30*time.Second + ms)}, jwt.ReasonTokenNotYetValid},
			{"iat old", 0, 0, claims{"iat": at(-24 * time.Hour)}, ""},
			{"iat within MaxAge", 0, time.Minute, claims{"iat": at(-90*time.Second + ms)}, ""},
			{"iat at MaxAge", 0, time.Minute, claims{"iat": at(-90 * time.Second)}, jwt.ReasonTokenTooOld},
			{"iat absent", 0, 0, claims{"iat": nil}, ""},
			{"iat absent with MaxAge", 0, time.Minute, claims{"iat": nil}, jwt.ReasonClaimMissing},
		} {
			v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Leeway, config.MaxAge = c.leeway, c.maxAge })
			all := claims{}
			for _, from := range []claims{fresh, c.claims} {
				for name, value := range from {
					all[name] = value
				}
			}
			token, err := fixture.Verify(v, fixture.Issuer().Token(all))
			if c.reason == "" && err != nil || c.reason != reasonOf(err) || (token == nil) != (err != nil) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.reason)
			}
		}
	})
}

func TestClients(t *testing.T) {
	iss := fixture.Issuer()
	for _, c := range []struct {
		claims claims
		reason jwt.Reason
		member string
	}{
		{claims{"client_id": "app"}, "", ""},
		{claims{"azp": "app"}, "", ""},
		{claims{"cid": "app"}, "", ""},
		{claims{"appid": "second"}, "", ""},
		{claims{"client_id": "other", "azp": "app"}, jwt.ReasonClientMismatch, "client_id"},
		{claims{"azp": "other"}, jwt.ReasonClientMismatch, "azp"},
		{claims{"azp": "App"}, jwt.ReasonClientMismatch, "azp"},
		{claims{}, jwt.ReasonClaimMissing, "client_id"},
		{claims{"cid": 1}, jwt.ReasonClaimMissing, "client_id"},
		{claims{"client_id": "", "azp": "app"}, jwt.ReasonClientMismatch, "client_id"},
	} {
		c.claims["aud"] = nil
		v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Audience, config.Clients = nil, []string{"app", "second"} })
		token, err := fixture.Verify(v, iss.Token(c.claims))
		if c.reason == "" {
			fixture.WantAccepted(t, token, err)
			continue
		}
		if e := fixture.WantRefusal(t, token, err, c.reason, jwt.ErrClaims); e.Member != c.member {
			t.Errorf("got member %q, want %q", e.Member, c.member)
		}
	}
	both := fixture.NewVerifier(t, func(config *jwt.Config) { config.Clients = []string{"app"} })
	token, err := fixture.Verify(both, iss.Token(claims{"azp": "app"}))
	fixture.WantAccepted(t, token, err)
	token, err = fixture.Verify(both, iss.Token(claims{"azp": "app", "aud": "x"}))
	fixture.WantRefusal(t, token, err, jwt.ReasonAudienceMismatch, jwt.ErrClaims)
	token, err = fixture.Verify(both, iss.Token(nil))
	fixture.WantRefusal(t, token, err, jwt.ReasonClaimMissing, jwt.ErrClaims)

	access := fixture.NewVerifier(t, func(config *jwt.Config) {
		config.Audience, config.Clients, config.Profile = nil, []string{"app"}, jwt.AccessToken
	})
	at := func(aud any) string {
		return iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: claims{"client_id": "app", "aud": aud}})
	}
	token, err = fixture.Verify(access, at("any"))
	fixture.WantAccepted(t, token, err)
	token, err = fixture.Verify(access, at(nil))
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonClaimMissing, jwt.ErrClaims); e.Member != "aud" {
		t.Errorf("got %v", err)
	}

	skip := fixture.NewVerifier(t, func(config *jwt.Config) { config.Audience, config.InsecureSkipAudience = nil, true })
	token, err = fixture.Verify(skip, iss.Token(claims{"aud": nil}))
	fixture.WantAccepted(t, token, err)
}

func TestProfiles(t *testing.T) {
	iss := fixture.Issuer()
	at := map[string]any{"typ": "at+jwt"}
	full := claims{"client_id": "app"}
	id := claims{"aud": []string{jwttest.Audience, "other"}, "azp": jwttest.Audience}
	for _, c := range []struct {
		name    string
		profile jwt.Profile
		header  map[string]any
		claims  claims
		reason  jwt.Reason
		member  string
	}{
		{"access token", jwt.AccessToken, at, full, "", ""},
		{"access token as media type", jwt.AccessToken, map[string]any{"typ": "application/at+jwt"}, full, "", ""},
		{"access token typed JWT", jwt.AccessToken, nil, full, jwt.ReasonTypeRefused, "typ"},
		{"access token without typ", jwt.AccessToken, map[string]any{"typ": nil}, full, jwt.ReasonTypeRefused, "typ"},
		{"access token without sub", jwt.AccessToken, at, claims{"client_id": "app", "sub": nil}, jwt.ReasonClaimMissing, "sub"},
		{"access token without client_id", jwt.AccessToken, at, claims{"azp": "app"}, jwt.ReasonClaimMissing, "client_id"},
		{"access token without iat", jwt.AccessToken, at, claims{"client_id": "app", "iat": nil}, jwt.ReasonClaimMissing, "iat"},
		{"access token without jti", jwt.AccessToken, at, claims{"client_id": "app", "jti": nil}, jwt.ReasonClaimMissing, "jti"},
		{"ID token", jwt.IDToken, nil, claims{}, "", ""},
		{"ID token without typ", jwt.IDToken, map[string]any{"typ": nil}, claims{}, "", ""},
		{"ID token typed at+jwt", jwt.IDToken, at, claims{}, jwt.ReasonTypeRefused, "typ"},
		{"ID token typed logout+jwt", jwt.IDToken, map[string]any{"typ": "logout+jwt"}, claims{}, jwt.ReasonTypeRefused, "typ"},
		{"ID token without sub", jwt.IDToken, nil, claims{"sub": nil}, jwt.ReasonClaimMissing, "sub"},
		{"ID token without iat", jwt.IDToken, nil, claims{"iat": nil}, jwt.ReasonClaimMissing, "iat"},
		{"ID token of two audiences", jwt.IDToken, nil, id, "", ""},
		{"ID token of two audiences without azp", jwt.IDToken, nil, claims{"aud": id["aud"]}, jwt.ReasonClaimMissing, "azp"},
		{"ID token of another party", jwt.IDToken, nil, claims{"aud": id["aud"], "azp": "other"}, jwt.ReasonClientMismatch, "azp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := fixture.NewVerifier(t, func(config *jwt.Config) { config.Profile = c.profile })
			token, err := fixture.Verify(v, iss.Mint(jwttest.Spec{Header: c.header, Claims: c.claims}))
			if c.reason == "" {
				fixture.WantAccepted(t, token, err)
			} else if e := fixture.WantRefusal(t, token, err, c.reason, jwt.ErrClaims); e.Member != c.member {
				t.Errorf("got member %q, want %q", e.Member, c.member)
			}
		})
	}
}

// Every failed claim is reported, in the order of the policy, and the first decides.
func TestAllFailuresReported(t *testing.T) {
	token, err := fixture.Verify(fixture.NewVerifier(t), fixture.Issuer().Mint(jwttest.Spec{
		Header: map[string]any{"typ": "dpop+jwt"},
		Claims: claims{"iss": "x", "aud": "y", "exp": 1, "nbf": int64(99999999999), "iat": int64(99999999999), "cnf": claims{"jkt": "z"}},
	}))
	e := fixture.WantRefusal(t, token, err, jwt.ReasonTypeRefused, jwt.ErrClaims)
	var members []string
	for _, other := range e.Also {
		members = append(members, other.Member)
	}
	if want := []string{"iss", "aud", "exp", "nbf", "iat", "cnf"}; !slices.Equal(members, want) {
		t.Errorf("got %v, want %v", members, want)
	}
	if text := err.Error(); !strings.Contains(text, `(also: wrong issuer: iss is "x"`) || !strings.Contains(text, "token expired") {
		t.Errorf("got %q", text)
	}
}

// A token that says of itself that it is of another kind than is asked for is refused.
func TestKinds(t *testing.T) {
	const logout = "http://schemas.openid.net/event/backchannel-logout"
	id := func(c *jwt.Config) { c.Profile = jwt.IDToken }
	access, ids := fixture.NewVerifier(t), fixture.NewVerifier(t, id)
	for _, c := range []struct {
		claims     claims
		typ        any
		access, id bool // accepted as such
	}{
		{claims{"token_use": []string{"id"}}, "JWT", false, true}, {claims{"token_use": []string{"access", "refresh"}}, "JWT", false, false}, {claims{"token_use": []string{"refresh", "id"}}, "JWT", false, false}, {claims{"token_use": []string{"id", "refresh"}}, "JWT", false, false}, {claims{"token_use": []string{"access"}}, "JWT", true, true}, {claims{"token_use": []any{"id", 7}}, "JWT", true, true},
		{claims{"token_use": "id"}, "JWT", false, true}, {claims{"token_use": "ID"}, "JWT", false, true}, {claims{"token_use": "refresh"}, "JWT", false, false}, {claims{"token_use": "access"}, "JWT", true, true},
		{claims{"tokenType": "Refresh"}, "JWT", false, false}, {claims{"tokenType": "id_token"}, nil, false, true}, {claims{"tokenType": "access"}, "JWT", true, true}, {claims{"token_type": "refresh"}, "JWT", false, false},
		{claims{"typ": "ID"}, "JWT", false, true}, {claims{"typ": "Refresh"}, "JWT", false, false}, {claims{"typ": "refresh_token"}, "JWT", false, false}, {claims{"typ": "Offline"}, "JWT", false, false},
		{claims{"typ": "Logout"}, "JWT", false, false}, {claims{"typ": "Bearer"}, "JWT", true, true}, {claims{"typ": "DPoP"}, "JWT", true, true}, {claims{"typ": 7}, "JWT", true, true}, {claims{"typ": "identity"}, "JWT", true, true},
		{claims{"events": claims{logout: claims{}}}, "JWT", false, false}, {claims{"events": claims{"other": claims{}, logout: claims{}}}, nil, false, false},
		{claims{"events": claims{"other": claims{}}}, "JWT", true, true}, {claims{"events": []string{logout}}, "JWT", true, true}, {claims{"events": logout}, "JWT", true, true},
		{nil, "refresh", false, false}, {nil, "Refresh", false, false}, {nil, "id_token", false, true}, {nil, "logout", false, false}, {nil, "application/refresh", false, false}, {claims{"token_use": "id", "events": claims{logout: claims{}}}, "JWT", false, false}, {claims{"typ": "ID", "token_use": "refresh", "tokenType": "id"}, "JWT", false, false}, {claims{"typ": "logout+jwt"}, "JWT", false, false}, {claims{"typ": "ID"}, "refresh", false, false}, {nil, "refreshing", true, true},
		{claims{"token_use": "access", "typ": "Refresh"}, "JWT", false, false},
		{claims{"token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "JWT", false, false}, {claims{"token_type": "urn:ietf:params:oauth:token-type:access_token"}, "JWT", true, true},
		{claims{"typ": "id token"}, "JWT", false, true}, {claims{"typ": "refresh-token"}, "JWT", false, false}, {claims{"typ": "ID_TOKEN"}, "JWT", false, true}, {nil, "a/b:Logout+jwt", false, false},
	} {
		text := fixture.Issuer().Mint(jwttest.Spec{Header: map[string]any{"typ": c.typ}, Claims: c.claims})
		for v, accepted := range map[*jwt.Verifier]bool{access: c.access, ids: c.id} {
			token, err := fixture.Verify(v, text)
			if fixture.Trace(t, v, text); accepted {
				fixture.WantAccepted(t, token, err)
				continue
			}
			fixture.WantRefusal(t, token, err, jwt.ReasonTypeRefused, jwt.ErrClaims)
		}
	}
}

// policyRefusals are tokens that the policy of their issuer refuses.
func policyRefusals() []refusal {
	x := newForge()
	c := jwt.ErrClaims
	list := []refusal{
		{"dpop proof", x.signed(map[string]any{"typ": "dpop+jwt"}), jwt.ReasonTypeRefused, c, "typ"},
		{"logout token", x.signed(map[string]any{"typ": "LOGOUT+JWT"}), jwt.ReasonTypeRefused, c, "typ"},
		{"security event", x.signed(map[string]any{"typ": "application/secevent+jwt"}), jwt.ReasonTypeRefused, c, "typ"},
		{"introspection", x.signed(map[string]any{"typ": "token-introspection+jwt"}), jwt.ReasonTypeRefused, c, "typ"},
		{"SD-JWT credential", x.signed(map[string]any{"typ": "dc+sd-jwt"}), jwt.ReasonTypeRefused, c, "typ"},
		{"proof with a parameter", x.signed(map[string]any{"typ": "application/dpop+jwt; charset=utf-8"}), jwt.ReasonTypeRefused, c, "typ"},
		{"PASSporT", x.signed(map[string]any{"typ": "passport"}), jwt.ReasonTypeRefused, c, "typ"},
		{"status list", x.signed(map[string]any{"typ": "statuslist+jwt"}), jwt.ReasonTypeRefused, c, "typ"},

		{"iss absent", x.with("iss", nil), jwt.ReasonClaimMissing, c, "iss"},
		{"iss other", x.with("iss", "https://evil.example"), jwt.ReasonIssuerMismatch, c, "iss"},
		{"iss with slash", x.with("iss", x.iss.URL+"/"), jwt.ReasonIssuerMismatch, c, "iss"},
		{"iss prefix", x.with("iss", x.iss.URL[:len(x.iss.URL)-1]), jwt.ReasonIssuerMismatch, c, "iss"},
		{"iss in capitals", x.with("iss", strings.ToUpper(x.iss.URL)), jwt.ReasonIssuerMismatch, c, "iss"},
		{"iss empty", x.with("iss", ""), jwt.ReasonIssuerMismatch, c, "iss"},
		{"iss under a folded name", x.iss.Token(claims{"iss": nil, "ISS": x.iss.URL, "i\u017fs": x.iss.URL}), jwt.ReasonClaimMissing, c, "iss"},

		{"aud absent", x.with("aud", nil), jwt.ReasonClaimMissing, c, "aud"},
		{"aud other", x.with("aud", "https://other.example"), jwt.ReasonAudienceMismatch, c, "aud"},
		{"aud others", x.with("aud", []string{"a", "b"}), jwt.ReasonAudienceMismatch, c, "aud"},
		{"aud empty", x.with("aud", []string{}), jwt.ReasonAudienceMismatch, c, "aud"},
		{"aud empty string", x.with("aud", ""), jwt.ReasonAudienceMismatch, c, "aud"},
		{"aud longer", x.with("aud", jwttest.Audience+".evil.example"), jwt.ReasonAudienceMismatch, c, "aud"},
		{"aud list in a string", x.with("aud", jwttest.Audience+" other"), jwt.ReasonAudienceMismatch, c, "aud"},

		{"exp absent", x.with("exp", nil), jwt.ReasonClaimMissing, c, "exp"},
		{"exp past", x.with("exp", 1), jwt.ReasonTokenExpired, jwt.ErrExpired, "exp"},
		{"exp zero", x.with("exp", 0), jwt.ReasonTokenExpired, jwt.ErrExpired, "exp"},
		{"nbf future", x.with("nbf", time.Now().Add(time.Hour).Unix()), jwt.ReasonTokenNotYetValid, jwt.ErrNotYetValid, "nbf"},
		{"iat future", x.with("iat", time.Now().Add(time.Hour).Unix()), jwt.ReasonTokenNotYetValid, jwt.ErrNotYetValid, "iat"},

		{"cnf", x.with("cnf", map[string]any{"jkt": "x"}), jwt.ReasonBindingUnproven, jwt.ErrBinding, "cnf"},
		{"cnf unknown", x.with("cnf", map[string]any{"future": 1}), jwt.ReasonBindingUnproven, jwt.ErrBinding, "cnf"},
	}
	return list
}

func TestPolicyRefused(t *testing.T) { testRefusals(t, policyRefusals()) }
