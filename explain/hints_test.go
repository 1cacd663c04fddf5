// This file tests the hints: of the mistakes that people make, and of keys that are not to be had.

package explain_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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

func TestHints(t *testing.T) {
	iss := fixture.Issuer()
	with := func(change func(*jwt.Config)) *jwt.Verifier { return verifierOf(t, change) }
	plain := verifierOf(t)
	good := iss.Token(nil)
	now := time.Now()
	issuer := func(name string) *jwt.Verifier { return with(func(c *jwt.Config) { c.Issuer = name }) }
	from := func(name string) string { return iss.Token(claims{"iss": name}) }
	access := with(func(c *jwt.Config) { c.Profile = jwt.AccessToken })
	for _, c := range []struct {
		name  string
		v     *jwt.Verifier
		token string
		step  string
		want  string
	}{
		{"trailing slash", plain, from(iss.URL + "/"), "iss", "they differ only by a trailing slash"},
		{"letter case", issuer("https://Login.example.com"), from("https://login.example.com"), "iss", "they differ only by letter case"},
		{"scheme", issuer("https://login.example.com"), from("http://login.example.com"), "iss", "they differ only by the scheme"},
		{"tenant of Auth0", issuer("https://a.eu.auth0.com/"), from("https://b.eu.auth0.com/"), "iss", "another tenant of Auth0"},
		{"realm of Keycloak", issuer("https://id.example/realms/a"), from("https://id.example/realms/b"), "iss", "another tenant, realm or authorization server at the same host"},
		{"versions of Entra", issuer("https://login.microsoftonline.com/t/v2.0"), from("https://sts.windows.net/t/"), "iss", "requestedAccessTokenVersion"},
		{"another environment", issuer("https://id.example.com"), from("https://id-test.example.com"), "iss", "another host of the same domain"},
		{"an issuer of no relation", issuer("https://id.example.com"), from("https://id.example.org"), "iss", "Copy the issuer from"},

		{"ID token by nonce", plain, iss.Token(claims{"aud": "app", "nonce": "n"}), "aud", "looks like an ID token (it has nonce)"},
		{"ID token by at_hash and azp", plain, iss.Token(claims{"aud": "app", "azp": "app", "at_hash": "x"}), "aud", "(it has at_hash, an aud that equals azp)"},
		{"ID token that passes", plain, iss.Token(claims{"nonce": "n"}), "aud", "looks like an ID token"},
		{"ID token of Cognito", plain, iss.Token(claims{"aud": "app", "token_use": "id"}), "aud", "token_use id"},
		{"access token for a client", with(func(c *jwt.Config) { c.Profile = jwt.IDToken }), iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}}), "typ", "it is an access token"},
		{"audience is the client", plain, iss.Token(claims{"aud": "app", "client_id": "app"}), "aud", "the audience is the client itself"},
		{"audience is userinfo", plain, iss.Token(claims{"aud": "https://t.auth0.com/userinfo"}), "aud", "the issuer's own userinfo endpoint"},
		{"audience is the issuer", plain, iss.Token(claims{"aud": iss.URL}), "aud", "the issuer itself"},
		{"audience of Keycloak", plain, iss.Token(claims{"aud": "account"}), "aud", "a mapper of the kind audience"},
		{"audience is Graph", plain, iss.Token(claims{"aud": "00000003-0000-0000-c000-000000000000"}), "aud", "Microsoft Graph"},
		{"audience with api", with(func(c *jwt.Config) { c.Audience = []string{"api://app"} }), iss.Token(claims{"aud": "app"}), "aud", "list both in Config.Audience"},
		{"no audience, a client", plain, iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "set Config.Clients"},
		{"no audience at all", plain, iss.Token(claims{"aud": nil}), "aud", "ask for this API"},

		{"encrypted", plain, fixture.B64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "parts", "an encrypted token is for its issuer alone"},
		{"opaque", plain, "2YotnFZFEjr1zCsicMWpAA", "parts", "opaque tokens when no API was asked for"},
		{"only a header", plain, strings.Split(good, ".")[0], "parts", "breaks off: copy the whole of it"},
		{"cut", plain, good[:150], "parts", "breaks off: copy the whole of it"},
		{"cut in the signature", plain, good[:len(good)-1], "encoding", "copy the whole token again"},
		{"Bearer once", plain, "Bearer " + good, "encoding", "the word Bearer"},
		{"Bearer twice", plain, "Bearer Bearer " + good, "encoding", "the word Bearer, more than once"},
		{"header field", plain, "Authorization: Bearer " + good, "encoding", "the name of the header field; the word Bearer"},
		{"quotes", plain, `"` + good + `"`, "encoding", "quotes"},
		{"curly quotes", plain, "\u201c" + good + "\u201d", "encoding", "quotes"},
		{"comma", plain, `"` + good + `",`, "encoding", "a comma or semicolon behind it"},
		{"line break", plain, good[:80] + "\r\n" + good[80:], "encoding", "a line break in the middle"},
		{"space", plain, good[:80] + " " + good[80:], "encoding", "a space in the middle"},
		{"white space around", plain, " " + good + "\n", "encoding", "white space around it"},
		{"byte order mark", plain, "\ufeff" + good, "encoding", "an invisible character"},
		{"token response", plain, `{"access_token":"` + good + `","token_type":"Bearer"}`, "parts", "the answer of the token endpoint"},
		{"address", plain, "https://app.example/#access_token=" + good + "&token_type=bearer", "parts", "the address around it"},
		{"padding", plain, fixture.WithPart(good, 1, strings.Split(good, ".")[1]+"="), "encoding", "have no padding"},
		{"base64", plain, fixture.WithPart(good, 2, strings.Repeat("+/", 171)), "encoding", "that is base64, and a JWT is base64url"},

		{"HS256 where RS256 is published", plain, iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": "rs256-1"}}), "key", "the token is signed with a shared secret, and this issuer's keys are public ones"},
		{"HS256 where RS256 is allowed", with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256} }), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "alg", `choose "RS256" where this API is set up at the issuer`},
		{"no kid", with(func(c *jwt.Config) { c.Keys = fixture.KeysOf(t, iss, jwt.ES256) }), iss.Mint(jwttest.Spec{Header: map[string]any{"kid": nil}}), "key", "the header has no kid"},
		{"no kid, two keys", with(func(c *jwt.Config) {
			c.Keys = fixture.ParseKeySet(t, published(t, iss, jwt.ES256, map[string]any{"kid": "a"}), published(t, fixture.OtherIssuer(), jwt.ES256, map[string]any{"kid": "b"}))
		}), iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": nil}}), "key", "have the issuer put the kid of its key into the header"},
		{"the kid of an encryption key", with(func(c *jwt.Config) {
			c.Keys = fixture.ParseKeySet(t, published(t, iss, jwt.ES256, nil), published(t, iss, jwt.RS256, map[string]any{"use": "enc"}))
		}), good, "key", "that key is for encryption"},
		{"another secret", with(func(c *jwt.Config) { c.Keys = fixture.OtherIssuer().Key(jwt.HS256) }), iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "signature", "written in base64"},
		{"another payload", plain, fixture.WithPart(good, 1, fixture.B64(`{}`)), "signature", "changed after it was signed"},

		{"milliseconds in exp", plain, iss.Token(claims{"exp": now.Add(time.Hour).UnixMilli()}), "payload", "these are milliseconds"},
		{"milliseconds in iat", plain, iss.Token(claims{"iat": now.UnixMilli()}), "payload", "these are milliseconds"},
		{"a string in exp", plain, iss.Token(claims{"exp": "1795287600"}), "payload", "writes it as a string"},
		{"a date in exp", plain, iss.Token(claims{"exp": "2026-11-21"}), "payload", "writes it as text"},
		{"a number in sub", plain, iss.Token(claims{"sub": 42}), "payload", "writes it as a number, and it must be a string"},
		{"a number in jti", plain, iss.Token(claims{"jti": -1}), "payload", "writes it as a number, and it must be a string"},
		{"Okta's org server", plain, iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "application/okta-internal-at+jwt", "kid": "hidden"}}), "key", "use a custom authorization server"},
		{"the typ of Okta's org server", plain, iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "application/okta-internal-at+jwt"}}), "typ", "use a custom authorization server"},
		{"an ID token with all that is asked", plain, iss.Token(claims{"nonce": "x"}), "aud", "it looks like an ID token"},
		{"long expired", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Hour).Unix()}), "exp", "it was good for 1h0m0s: get a new one"},
		{"just expired", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-40 * time.Second).Unix()}), "exp", "compare this machine's clock"},
		{"within the leeway", plain, iss.Token(claims{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-10 * time.Second).Unix()}), "exp", "only the leeway of 30s keeps it valid"},
		{"without an end", plain, iss.Token(claims{"exp": nil}), "exp", "valid for ever"},
		{"clock is slow", plain, iss.Token(claims{"iat": now.Add(10 * time.Minute).Unix()}), "iat", "the clock of this machine, which says "},
		{"clock is slow, by nbf", plain, iss.Token(claims{"nbf": now.Add(10 * time.Minute).Unix()}), "nbf", "is slow by "},
		{"clock is a little slow", plain, iss.Token(claims{"iat": now.Add(20 * time.Second).Unix()}), "iat", "is slow by "},
		{"not of RFC 9068", access, good, "typ", "does not mark its access tokens as RFC 9068 asks"},
		{"claims of RFC 9068", access, good, "profile", "RFC 9068 asks for it"},
		{"bound", plain, iss.Token(claims{"cnf": claims{"jkt": "x"}}), "cnf", "DPoP, mutual TLS"},
		{"too large", plain, fixture.WithPart(good, 1, strings.Repeat("A", 16<<10)), "size", "Config.MaxTokenSize"},
		{"broken JSON", plain, signed(`{"a":1,}`), "payload", "of the token"},
		{"a rule of one's own", with(func(c *jwt.Config) {
			c.Validate = func(context.Context, *jwt.Token) error { return errors.New("no") }
		}), good, "validate", "a rule of this service's own"},
	} {
		if got := step(t, explained(t, c.v, c.token), c.step); !strings.Contains(got.Hint, c.want) {
			t.Errorf("%s: the hint is %q, want %q; %+v", c.name, got.Hint, c.want, got)
		}
	}
	// Near misses: nothing is said that is not true.
	for _, c := range []struct{ name, token, step, not string }{
		{"an object in sub", iss.Token(claims{"sub": claims{"a": 1}}), "payload", "quotes around it"},
		{"an access token of Dex", iss.Token(claims{"at_hash": "x"}), "aud", "ID token"},
		{"an access token of Casdoor", iss.Token(claims{"azp": jwttest.Audience}), "aud", "ID token"},
		{"another typ that is unknown", iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "application/other+jwt", "kid": "hidden"}}), "key", "Okta"},
		{"an encrypted token of anybody", fixture.B64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "parts", "Auth0"},
		{"an opaque token with a dot", "ory_at_abc.def", "parts", "breaks off"},
	} {
		if got := step(t, explained(t, plain, c.token), c.step); strings.Contains(got.Hint, c.not) {
			t.Errorf("%s: the hint is %q", c.name, got.Hint)
		}
	}
}

func TestRequirementHints(t *testing.T) {
	v := verifierOf(t)
	token := func(c claims) string { return fixture.Issuer().Token(c) }
	for _, c := range []struct {
		claims claims
		req    jwt.Requirement
		reason jwt.Reason
		hint   string
	}{
		{claims{"scope": "read:messages other"}, jwt.Scope("read:messages"), "", ""},
		{claims{"scp": []string{"read:messages"}}, jwt.Scope("read:messages"), "", ""},
		{claims{"scope": "other"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "the client must ask for the scope"},
		{claims{"scope": "Read:Messages"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "other letter case"},
		{claims{"permissions": []string{"read:messages"}}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, `ask for Claim("permissions").Has("read:messages")`},
		{claims{"roles": []string{"read:messages"}}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, `ask for Claim("roles").Has("read:messages")`},
		{claims{"groups": "x read:messages"}, jwt.Scope("read:messages"), jwt.ReasonScopeMissing, "in the claim groups"},
		{claims{"realm_access": claims{"roles": []string{"admin"}}}, jwt.Any(jwt.Scope("admin"), jwt.Scope("root")), jwt.ReasonScopeMissing, "in the claim realm_access"},
		{claims{"acr": "low"}, jwt.ACR("high"), jwt.ReasonAuthenticationInsufficient, "RFC 9470"},
		{nil, jwt.Claim("permissions").Has("x"), jwt.ReasonRequirementUnmet, ""},
		{nil, nil, jwt.ReasonRequirementUnmet, ""},
	} {
		text := token(c.claims)
		r := explain.Token(t.Context(), v, text, c.req)
		if r.Valid != (c.reason == "") || r.Reason != c.reason {
			t.Errorf("%v: got %v", c.claims, r.Refusal)
			continue
		}
		if !r.Verified {
			t.Errorf("%v: not verified", c.claims)
		}
		if s := r.Steps[len(r.Steps)-1]; s.Name != "requirement" || !strings.Contains(s.Hint, c.hint) {
			t.Errorf("%v: got %+v, want the hint %q", c.claims, s, c.hint)
		}
		checkReport(t, r, text)
	}

	// A token that is refused is held against them too, and stays refused for what it was.
	r := explain.Token(t.Context(), v, token(claims{"exp": 1, "iat": nil}), jwt.Scope("a"), jwt.Scope("b"))
	if r.Reason != jwt.ReasonTokenExpired || len(r.Steps) != len(checkOrder)+1 || r.Steps[len(r.Steps)-1].Reason != jwt.ReasonScopeMissing {
		t.Errorf("got\n%s", r)
	}
	// Each hint is about its own scope.
	r = explain.Token(t.Context(), v, token(claims{"permissions": []string{"a"}}), jwt.Scope("a"), jwt.Scope("b"))
	if a, b := r.Steps[len(r.Steps)-2].Hint, r.Steps[len(r.Steps)-1].Hint; !strings.Contains(a, `Claim("permissions").Has("a")`) || strings.Contains(b, "permissions") {
		t.Errorf("the hints are %q and %q", a, b)
	}

	// Behind Require the same requirement gives the same refusal.
	var told *jwt.Error
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(_ *http.Request, e *jwt.Error) { told = e }})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest("GET", "/", nil)
	request.Header.Set("Authorization", "Bearer "+token(claims{"scope": "x"}))
	api.Require(jwt.Scope("a"))(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), request)
	r = explain.Token(t.Context(), v, token(claims{"scope": "x"}), jwt.Scope("a"))
	if got := refusalOf(r); told == nil || told.Error() != got.Error() || told.Issuer != got.Issuer || told.KeyID != got.KeyID {
		t.Errorf("Require: %v, Token: %v", told, got)
	}
}

// A requirement tells its scopes, however deep they stand, and takes no other text for one.
func TestScopesOf(t *testing.T) {
	for _, c := range []struct {
		req  jwt.Requirement
		want []string
	}{
		{jwt.Scope("a", "b"), []string{"a", "b"}},
		{jwt.Any(jwt.Scope("a"), jwt.All(jwt.Claim("Scope(", "x").Has("c"), jwt.Scope(`d"\`, "é"))), []string{"a", `d"\`, "é"}},
		{jwt.All(jwt.Scope("a"), jwt.Claim("roles").Equals("b")), []string{"a"}},
		{jwt.ACR("a"), nil},
		{nil, nil},
	} {
		if got := explain.ScopesOf(c.req); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.req, got, c.want)
		}
	}
}

// What people paste is taken off, in any order, and no token loses a byte.
func TestPasted(t *testing.T) {
	good := fixture.FixedToken(t, jwt.HS256)
	for text, want := range map[string]string{
		good: "", "Bearer " + good: "the word Bearer", "bearer BEARER  " + good: "the word Bearer, more than once", "DPoP " + good: "the word DPoP",
		"Authorization: Bearer " + good: "the name of the header field; the word Bearer", `"token:` + good + `"`: "quotes; a label",
		good[:9] + "\\\n" + good[9:]: "a line break in the middle", good[:9] + "\t" + good[9:]: "a space in the middle",
		`{"id_token":"x","access_token":"` + good + `"}`: "the answer of the token endpoint around it", `{"id_token":"` + good + `","a":{}}`: "the answer of the token endpoint around it",
		"https://a.example/cb#access_token=" + good + "&x": "the address around it", "\ufeff" + good[:3] + "\u200b" + good[3:]: "an invisible character",
	} {
		clean, along := explain.Pasted(text)
		if clean != good || strings.Join(along, "; ") != want {
			t.Errorf("%.40q: %.40q, %q, want %q", text, clean, along, want)
		}
	}
	for _, text := range []string{"", "{", "{}", `{"access_token":1}`, "Bearer", "access_token="} {
		if clean, along := explain.Pasted(text); clean != text || along != nil {
			t.Errorf("%q: %q, %q", text, clean, along)
		}
	}
}

// What a fetched key set says of itself where it does not have the key.
func TestUnknownKeyHints(t *testing.T) {
	iss := newIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		v := fetching(t, iss, iss.ServeHTTP)
		if r := explained(t, v, iss.Token(nil)); !r.Valid {
			t.Fatal(r)
		}
		time.Sleep(4 * time.Minute)
		for _, c := range []struct {
			wait      time.Duration
			kid, want string
		}{
			{0, "a", `the key set was fetched 0s ago from ` + iss.URL + `/.well-known/jwks.json and has the kid "es256-1"; a token with an unknown kid can make it be fetched again in 2s (2000-01-01T00:04:02Z)`},
			{2 * time.Second, "b", `fetched again in 8s (2000-01-01T00:04:10Z)`},
			{7 * time.Second, "c", `fetched again in 1s`},
		} {
			time.Sleep(c.wait)
			got := step(t, explain.Token(context.Background(), v, named(iss, c.kid)), "key").Hint
			if !strings.Contains(got, c.want) || !strings.Contains(got, "withdrawn the key") {
				t.Errorf("kid %s: got %q, want %q", c.kid, got, c.want)
			}
		}
		time.Sleep(51 * time.Second)
		if got := step(t, explained(t, v, iss.Token(nil)), "key").Text; got != `the key of kid "es256-1", for ES256; the keys were fetched 58s ago` {
			t.Errorf("got %q", got)
		}
	})
}

// Where keys are not to be had, the hint says what the answers of the issuer look like.
func TestUnavailableHints(t *testing.T) {
	const nothing = "this machine cannot reach the issuer's keys"
	iss := newIssuer(t)
	metadata := func(name string) string { return `{"issuer":"` + name + `","jwks_uri":"` + iss.URL + `/keys"}` }
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       string
	}{
		"a page":         {200, "text/html", "<html>", "a web page answers"},
		"no metadata":    {404, "text/html", "<html>", "no metadata at that address"},
		"another issuer": {200, "application/json", metadata("https://other"), "byte for byte"},
		"down":           {503, "text/plain", "down", nothing},
		"no JSON":        {200, "application/json", "<html>", "the issuer answers, and not with keys"},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := fetching(t, iss, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				w.Write([]byte(c.body))
			})
			r := explain.Token(context.Background(), v, iss.Token(nil))
			if got := step(t, r, "key"); r.Reason != jwt.ReasonKeysUnavailable || !strings.Contains(got.Hint, c.want) {
				t.Errorf("%s: got %+v, want %q", name, got, c.want)
			}
		})
	}
	// The metadata is there, and the keys are not.
	synctest.Test(t, func(t *testing.T) {
		v := fetching(t, iss, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "jwks.json") {
				http.NotFound(w, r)
			} else {
				iss.ServeHTTP(w, r)
			}
		})
		if got := step(t, explain.Token(context.Background(), v, iss.Token(nil)), "key").Hint; !strings.Contains(got, nothing) {
			t.Errorf("got %q", got)
		}
	})
	// A fixed set has no issuer to reach.
	if got := step(t, explained(t, verifierOf(t), named(fixture.Issuer(), "x")), "key").Hint; !strings.Contains(got, "the keys here are fixed ones") {
		t.Errorf("got %q", got)
	}
	// No key of the published ones is of use.
	synctest.Test(t, func(t *testing.T) {
		v := fetching(t, iss, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "jwks.json") {
				w.Write([]byte(`{"keys":[` + string(published(t, iss, jwt.ES256, map[string]any{"use": "enc"})) + `]}`))
			} else {
				iss.ServeHTTP(w, r)
			}
		})
		if got := step(t, explain.Token(context.Background(), v, iss.Token(nil)), "key").Text; !strings.Contains(got, "needs one for signatures") {
			t.Errorf("got %q", got)
		}
	})
}
