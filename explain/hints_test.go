// This file tests the hints: of the mistakes that people make, and of keys that are not to be had.

package explain_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// hintCase is a token, and what the hint of a step says of it, or does not say.
type hintCase struct {
	name  string
	v     *jwt.Verifier
	token string
	step  string
	text  string
	req   jwt.Requirement
}

// hintBench makes what the cases need.
type hintBench struct {
	testing.TB
	iss                                *jwttest.Issuer
	plain, access, id, remote, changed *jwt.Verifier
	good                               string
	now                                time.Time
}

const entra = "https://login.microsoftonline.com/t/v2.0"

func newHintBench(tb testing.TB) *hintBench {
	b := &hintBench{TB: tb, iss: fixture.Issuer(), plain: verifierOf(tb)}
	b.changed = b.changing() // which takes its time
	b.now = time.Now()
	b.access = b.with(func(c *jwt.Config) { c.Profile = jwt.AccessToken })
	b.id = b.with(func(c *jwt.Config) { c.Profile = jwt.IDToken })
	b.good = b.iss.Token(nil)
	b.remote = b.serving(published(tb, b.iss, jwt.ES256, map[string]any{"kid": "es"}), published(tb, b.iss, jwt.RS256, map[string]any{"kid": "enc", "use": "enc"}))
	return b
}

func (b *hintBench) with(change func(*jwt.Config)) *jwt.Verifier { return verifierOf(b, change) }
func (b *hintBench) issuer(name string) *jwt.Verifier {
	return b.with(func(c *jwt.Config) { c.Issuer = name })
}
func (b *hintBench) from(name string) string { return b.iss.Token(claims{"iss": name}) }
func (b *hintBench) keys(keys ...any) *jwt.Verifier {
	return b.with(func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(b, keys...) })
}
func (b *hintBench) headed(alg jwt.Algorithm, header map[string]any) string {
	return b.iss.Mint(jwttest.Spec{Algorithm: alg, Header: header})
}

// serving fetches these keys from an issuer that is on no network, and later those that take their place.
func (b *hintBench) serving(sets ...json.RawMessage) *jwt.Verifier {
	return fetching(b, b.iss, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "jwks.json") {
			b.iss.ServeHTTP(w, r)
			return
		}
		w.Write(fixture.JSON(b, map[string]any{"keys": sets}))
	})
}

// changing serves one key and, from the second fetch on, another.
func (b *hintBench) changing() *jwt.Verifier {
	fetches := 0
	v := fetching(b, b.iss, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "jwks.json") {
			b.iss.ServeHTTP(w, r)
			return
		}
		fetches++
		kid := map[bool]string{true: "old", false: "new"}[fetches == 1]
		w.Write(fixture.JSON(b, map[string]any{"keys": []json.RawMessage{published(b, b.iss, jwt.ES256, map[string]any{"kid": kid})}}))
	})
	if err := v.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	time.Sleep(11 * time.Minute) // past freshness
	return v
}

// misnaming has metadata of another issuer.
func (b *hintBench) misnaming(name string) *jwt.Verifier {
	return fetching(b, b.iss, func(w http.ResponseWriter, r *http.Request) {
		w.Write(fixture.JSON(b, map[string]any{"issuer": name, "jwks_uri": b.iss.URL + "/keys"}))
	})
}

const (
	tenantA = "aaaaaaaa-1111-4111-8111-111111111111"
	tenantB = "22222222-2222-4222-8222-222222222222"
)

func (b *hintBench) tenants() *jwt.Verifier {
	return b.with(func(c *jwt.Config) {
		c.Issuer, c.Tenants = "https://login.microsoftonline.com/{tenantid}/v2.0", []string{tenantA}
	})
}

func (b *hintBench) tenant(iss, tid string) string {
	return b.iss.Token(claims{"iss": "https://login.microsoftonline.com/" + iss + "/v2.0", "tid": tid})
}

// der has a signature in ASN.1.
func der(token string) string {
	return fixture.WithPart(token, 2, fixture.B64("\x30\x06\x02\x01\x01\x02\x01\x01"))
}

// said are the mistakes that people make, with what the hint says of them.
func (b *hintBench) said() []hintCase {
	return []hintCase{
		{"trailing slash", b.plain, b.from(b.iss.URL + "/"), "iss", "they differ only by a trailing slash", nil},
		{"letter case", b.issuer("https://Login.example.com"), b.from("https://login.example.com"), "iss", "they differ only by letter case", nil},
		{"scheme", b.issuer("https://login.example.com"), b.from("http://login.example.com"), "iss", "they differ only by the scheme", nil},
		{"tenant of Auth0", b.issuer("https://a.eu.auth0.com/"), b.from("https://b.eu.auth0.com/"), "iss", "another tenant of Auth0", nil},
		{"realm of Keycloak", b.issuer("https://id.example/realms/a"), b.from("https://id.example/realms/b"), "iss", "another tenant, realm or authorization server at the same host", nil},
		{"versions of Entra", b.issuer("https://login.microsoftonline.com/t/v2.0"), b.from("https://sts.windows.net/t/"), "iss", "requestedAccessTokenVersion", nil},
		{"another environment", b.issuer("https://id.example.com"), b.from("https://id-test.example.com"), "iss", "both are hosts of example.com", nil},
		{"an issuer of no relation", b.issuer("https://id.example.com"), b.from("https://id.example.org"), "iss", "Copy the issuer from", nil},

		{"ID token by nonce", b.plain, b.iss.Token(claims{"aud": "app", "nonce": "n"}), "aud", "looks like an ID token (it has nonce)", nil},
		{"ID token by at_hash and azp", b.plain, b.iss.Token(claims{"aud": "app", "azp": "app", "at_hash": "x"}), "aud", "(it has at_hash, an aud that equals azp)", nil},
		{"ID token that passes", b.plain, b.iss.Token(claims{"nonce": "n"}), "aud", "looks like an ID token", nil},
		{"ID token of Cognito", b.plain, b.iss.Token(claims{"aud": "app", "token_use": "id"}), "aud", "token_use id", nil},
		{"access token for a client", b.with(func(c *jwt.Config) { c.Profile = jwt.IDToken }), b.iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}}), "typ", "it is an access token", nil},
		{"audience is the client", b.plain, b.iss.Token(claims{"aud": "app", "client_id": "app"}), "aud", "the audience is the client itself", nil},
		{"audience is userinfo", b.plain, b.iss.Token(claims{"aud": "https://t.auth0.com/userinfo"}), "aud", "the issuer's own userinfo endpoint", nil},
		{"audience is the issuer", b.plain, b.iss.Token(claims{"aud": b.iss.URL}), "aud", "the issuer itself", nil},
		{"audience of Keycloak", b.issuer("https://id.example/realms/a"), b.iss.Token(claims{"iss": "https://id.example/realms/a", "aud": "account"}), "aud", "a mapper of the kind audience", nil},
		{"audience is Graph", b.plain, b.iss.Token(claims{"aud": "00000003-0000-0000-c000-000000000000"}), "aud", "Microsoft Graph", nil},
		{"audience with api", b.with(func(c *jwt.Config) { c.Issuer, c.Audience = entra, []string{"api://app"} }), b.iss.Token(claims{"iss": entra, "aud": "app"}), "aud", "list both in Config.Audience", nil},
		{"no audience, a client", b.plain, b.iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "name the clients in Config.Clients", nil},
		{"no audience at all", b.plain, b.iss.Token(claims{"aud": nil}), "aud", "ask for this API", nil},

		{"encrypted", b.plain, fixture.B64(`{"alg":"dir","enc":"A256GCM"}`) + "..AAAA.AAAA.AAAA", "parts", "an encrypted token is for its issuer alone", nil},
		{"opaque", b.plain, "2YotnFZFEjr1zCsicMWpAA", "parts", "opaque tokens when no API was asked for", nil},
		{"only a header", b.plain, strings.Split(b.good, ".")[0], "parts", "breaks off: copy the whole token", nil},
		{"cut", b.plain, b.good[:150], "parts", "breaks off: copy the whole token", nil},
		{"cut in the signature", b.plain, b.good[:len(b.good)-1], "encoding", "copy the whole token again", nil},
		{"Bearer once", b.plain, "Bearer " + b.good, "encoding", "the word Bearer", nil},
		{"Bearer twice", b.plain, "Bearer Bearer " + b.good, "encoding", "the word Bearer, more than once", nil},
		{"header field", b.plain, "Authorization: Bearer " + b.good, "encoding", "the name of the header field; the word Bearer", nil},
		{"quotes", b.plain, `"` + b.good + `"`, "encoding", "quotes", nil},
		{"curly quotes", b.plain, "\u201c" + b.good + "\u201d", "encoding", "quotes", nil},
		{"comma", b.plain, `"` + b.good + `",`, "encoding", "a comma or semicolon behind it", nil},
		{"line break", b.plain, b.good[:80] + "\r\n" + b.good[80:], "encoding", "a line break in the middle", nil},
		{"space", b.plain, b.good[:80] + " " + b.good[80:], "encoding", "a space in the middle", nil},
		{"white space around", b.plain, " " + b.good + "\n", "encoding", "white space around it", nil},
		{"byte order mark", b.plain, "\ufeff" + b.good, "encoding", "a byte order mark", nil},
		{"token response", b.plain, `{"access_token":"` + b.good + `","token_type":"Bearer"}`, "parts", "the answer of the token endpoint", nil},
		{"address", b.plain, "https://app.example/#access_token=" + b.good + "&token_type=bearer", "parts", "the address around it", nil},
		{"padding", b.plain, fixture.WithPart(b.good, 1, strings.Split(b.good, ".")[1]+"="), "encoding", "have no padding", nil},
		{"base64", b.plain, fixture.WithPart(b.good, 2, strings.Repeat("+/", 171)), "encoding", "that is base64, and a JWT is base64url", nil},

		{"HS256 where RS256 is published", b.plain, b.iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Header: map[string]any{"kid": "rs256-1"}}), "key", "the token is signed with a shared secret, and this issuer's keys are public ones", nil},
		{"HS256 where RS256 is allowed", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256} }), b.iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "alg", `choose "RS256" where this API is set up at the issuer`, nil},
		{"no kid", b.with(func(c *jwt.Config) { c.Keys = fixture.KeysOf(b, b.iss, jwt.ES256) }), b.iss.Mint(jwttest.Spec{Header: map[string]any{"kid": nil}}), "key", "the header has no kid", nil},
		{"no kid, two keys", b.with(func(c *jwt.Config) {
			c.Keys = fixture.ParseKeySet(b, published(b, b.iss, jwt.ES256, map[string]any{"kid": "a"}), published(b, fixture.OtherIssuer(), jwt.ES256, map[string]any{"kid": "b"}))
		}), b.iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Header: map[string]any{"kid": nil}}), "key", "have the issuer put the kid of its key into the header", nil},
		{"another secret", b.with(func(c *jwt.Config) { c.Keys = fixture.OtherIssuer().Key(jwt.HS256) }), b.iss.Mint(jwttest.Spec{Algorithm: jwt.HS256}), "signature", "written in base64", nil},
		{"another payload", b.plain, fixture.WithPart(b.good, 1, fixture.B64(`{}`)), "signature", "changed after it was signed", nil},

		{"milliseconds in exp", b.plain, b.iss.Token(claims{"exp": b.now.Add(time.Hour).UnixMilli()}), "payload", "these are milliseconds", nil},
		{"milliseconds in iat", b.plain, b.iss.Token(claims{"iat": b.now.UnixMilli()}), "payload", "these are milliseconds", nil},
		{"a string in exp", b.plain, b.iss.Token(claims{"exp": "1795287600"}), "payload", "writes it as a string", nil},
		{"a date in exp", b.plain, b.iss.Token(claims{"exp": "2026-11-21"}), "payload", "writes it as text", nil},
		{"a number in sub", b.plain, b.iss.Token(claims{"sub": 42}), "payload", "writes it as a number, and it must be a string", nil},
		{"a number in jti", b.plain, b.iss.Token(claims{"jti": -1}), "payload", "writes it as a number, and it must be a string", nil},
		{"Okta's org server", b.plain, b.iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "application/okta-internal-at+jwt", "kid": "hidden"}}), "key", "use a custom authorization server", nil},
		{"the typ of Okta's org server", b.plain, b.iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "application/okta-internal-at+jwt"}}), "typ", "use a custom authorization server", nil},
		{"an ID token with all that is asked", b.plain, b.iss.Token(claims{"nonce": "x"}), "aud", "it looks like an ID token", nil},
		{"long expired", b.plain, b.iss.Token(claims{"iat": b.now.Add(-2 * time.Hour).Unix(), "exp": b.now.Add(-time.Hour).Unix()}), "exp", "it was valid for 1h0m0s: get a new one", nil},
		{"just expired", b.plain, b.iss.Token(claims{"iat": b.now.Add(-2 * time.Hour).Unix(), "exp": b.now.Add(-40 * time.Second).Unix()}), "exp", "compare this machine's clock", nil},
		{"within the leeway", b.plain, b.iss.Token(claims{"iat": b.now.Add(-2 * time.Hour).Unix(), "exp": b.now.Add(-10 * time.Second).Unix()}), "exp", "only the leeway of 30s keeps it valid", nil},
		{"without an end", b.plain, b.iss.Token(claims{"exp": nil}), "exp", "valid for ever", nil},
		{"clock is slow", b.plain, b.iss.Token(claims{"iat": b.now.Add(10 * time.Minute).Unix()}), "iat", "the clock of this machine, which says ", nil},
		{"clock is slow, by nbf", b.plain, b.iss.Token(claims{"iat": nil, "nbf": b.now.Add(10 * time.Minute).Unix()}), "nbf", "is slow by ", nil},
		{"clock is a little slow", b.plain, b.iss.Token(claims{"iat": b.now.Add(20 * time.Second).Unix()}), "iat", "is slow by ", nil},
		{"not of RFC 9068", b.access, b.good, "typ", "the issuer does not mark it as RFC 9068 asks", nil},
		{"claims of RFC 9068", b.access, b.good, "profile", "RFC 9068 asks for it", nil},
		{"bound", b.plain, b.iss.Token(claims{"cnf": claims{"jkt": "x"}}), "cnf", "DPoP, mutual TLS", nil},
		{"too large", b.plain, fixture.WithPart(b.good, 1, strings.Repeat("A", 16<<10)), "size", "Config.MaxTokenSize", nil},
		{"broken JSON", b.plain, signed(`{"a":1,}`), "payload", "of the token", nil},
		{"a rule of one's own", b.with(func(c *jwt.Config) {
			c.Validate = func(context.Context, *jwt.Token) error { return errors.New("no") }
		}), b.good, "validate", "a rule of this service's own", nil},
		{"letter case and slash", b.issuer("https://a.example/x/"), b.from("https://a.example/X"), "iss", "they differ only by a trailing slash and letter case", nil},
		{"ports", b.issuer("https://id.example:1"), b.from("https://id.example:2"), "iss", "the ports differ", nil},
		{"zero width", b.plain, b.good[:3] + "\u200b" + b.good[3:], "encoding", "an invisible character", nil},
		{"no profile", b.id, b.iss.Token(claims{"sub": nil}), "profile", "OpenID Connect asks for it", nil},
		{"log in again", b.plain, b.iss.Token(claims{"acr": "low"}), "requirement", "log in again (RFC 9470)", jwt.ACR("high")},
		{"log in again, for all", b.with(func(c *jwt.Config) { c.Require = []jwt.Requirement{jwt.ACR("high")} }), b.good, "require", "log in again (RFC 9470)", nil},
		{"for all", b.with(func(c *jwt.Config) { c.Require = []jwt.Requirement{jwt.Claim("x").Equals("y")} }), b.good, "require", "every token of this issuer must meet it", nil},
		{"address encoded", b.plain, fixture.WithPart(b.good, 2, "AA%2DA"), "encoding", "encoded as part of an address", nil},
		{"a foreign character", b.plain, b.good[:50] + "!" + b.good[50:], "encoding", "no token has that character", nil},
		{"Auth0's algorithm", b.with(func(c *jwt.Config) { c.Issuer, c.Algorithms = "https://a.auth0.com/", []jwt.Algorithm{jwt.RS256} }), b.iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Claims: claims{"iss": "https://a.auth0.com/"}}), "alg", "(at Auth0 it is the signing algorithm of the API)", nil},
		{"Auth0's profile", b.with(func(c *jwt.Config) { c.Issuer, c.Profile = "https://a.auth0.com/", jwt.AccessToken }), b.from("https://a.auth0.com/"), "typ", "(at Auth0 it is the token profile of the API), or do not ask", nil},
		{"left out", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.ES256} }), b.good, "alg", "Config.Algorithms leaves it out", nil},
		{"another key, no kid", b.plain, fixture.OtherIssuer().Mint(jwttest.Spec{Claims: claims{"iss": b.iss.URL}, Header: map[string]any{"kid": nil}}), "signature", "with a key that is not known here", nil},
		{"fixed keys", b.plain, named(b.iss, "x"), "key", "the keys here are fixed ones", nil},
		{"fetched keys", b.remote, named(b.iss, "x"), "key", "the key set was fetched 0s ago", nil},
		{"fetched keys, later", b.remote, named(b.iss, "x"), "key", "can cause the next fetch", nil},
		{"fetched keys, never there", b.remote, named(b.iss, "x"), "key", "the issuer has withdrawn the key that signed the token, or it never was this issuer's", nil},
		{"fetched keys without kid", b.serving(published(b, b.iss, jwt.ES256, map[string]any{"kid": nil})), named(b.iss, "x"), "key", " keys without kid", nil},
		{"withdrawn", b.changed, b.headed(jwt.ES256, map[string]any{"kid": "old"}), "key", "the issuer has withdrawn that key", nil},
		{"metadata without the slash", b.misnaming(b.iss.URL + "/"), b.good, "key", "they differ only by a trailing slash: configure the issuer as its metadata has it", nil},
		{"an audience of nobody, a client", b.plain, b.iss.Token(claims{"aud": []string{}, "client_id": "app"}), "aud", "or leave Config.Audience empty and name the clients", nil},
		{"no audience, and clients", b.with(func(c *jwt.Config) { c.Clients = []string{"app"} }), b.iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "the client is checked instead", nil},
		{"no audience at Cognito", b.issuer("https://cognito-idp.eu-west-1.amazonaws.com/p"), b.iss.Token(claims{"iss": "https://cognito-idp.eu-west-1.amazonaws.com/p", "aud": nil, "client_id": "app"}), "aud", "Amazon Cognito's access tokens name no audience", nil},
		{"userinfo of the issuer", b.plain, b.iss.Token(claims{"aud": b.iss.URL + "/userinfo"}), "aud", "the issuer's own userinfo endpoint", nil},
		{"ended before it began", b.plain, b.iss.Token(claims{"exp": b.now.Add(-2 * time.Hour).Unix(), "iat": b.now.Add(-time.Hour).Unix()}), "exp", "it ended before it was issued", nil},
		{"for later", b.plain, b.iss.Token(claims{"nbf": b.now.Add(10 * time.Minute).Unix()}), "nbf", "the issuer made it for later: nbf is 10m0s after iat", nil},
		{"a permission", b.plain, b.iss.Token(claims{"permissions": []string{"a"}}), "requirement", "ask for Claim(", jwt.Scope("a")},
		{"a group", b.plain, b.iss.Token(claims{"groups": []string{"a"}}), "requirement", "or read the claim in Config.Validate", jwt.Scope("a")},
		{"scope in capitals", b.plain, b.iss.Token(claims{"scope": "A"}), "requirement", "the token has it in other letter case", jwt.Scope("a")},
		{"no scope", b.plain, b.iss.Token(claims{"scope": "b"}), "requirement", "the client must ask for the scope", jwt.Scope("a")},
		{"scope as an object", b.plain, b.iss.Token(claims{"scope": claims{"a": true}}), "requirement", "which grants nothing: have it follow RFC 9068", jwt.Scope("a")},
		{"a number among scopes", b.plain, b.iss.Token(claims{"scp": []any{"a", 1}}), "requirement", "which grants nothing: have it follow RFC 9068", jwt.Scope("a")},
		{"permissions in one text", b.plain, b.iss.Token(claims{"permissions": "a b"}), "requirement", "is one text, which is never split", jwt.Claim("permissions").Has("a")},
		{"permissions with commas", b.plain, b.iss.Token(claims{"permissions": "a,b"}), "requirement", "is one text, which is never split", jwt.Claim("permissions").HasAny("a")},
		{"an opaque token of Google", b.plain, "ya29.c.b0AaekmLab", "parts", "issuers hand out opaque tokens", nil},
		{"null in capitals", b.plain, "NULL", "parts", "and sent the word NULL in its place", nil},
		{"null of iOS", b.plain, "(null)", "parts", "and sent the word (null) in its place", nil},
		{"undefined behind Bearer", b.plain, "Bearer undefined", "parts", "and sent the word undefined in its place", nil},

		{"null", b.plain, "null", "parts", "sent the word null in its place", nil},
		{"detached", b.plain, fixture.WithPart(b.good, 1, ""), "parts", "detached payloads", nil},
		{"unsecured", b.plain, fixture.WithPart(b.good, 2, ""), "parts", "unsecured tokens (alg none) are never accepted", nil},
		{"none", b.plain, fixture.WithPart(b.good, 0, fixture.B64(`{"alg":"None"}`)), "alg", "unsecured tokens (alg none) are never accepted", nil},
		{"a key without alg", b.keys(published(b, b.iss, jwt.RS256, map[string]any{"alg": nil, "kid": "a"})), b.headed(jwt.PS256, map[string]any{"kid": "a"}), "key", "so it stands for RS256 here: name PS256 in Config.Algorithms", nil},
		{"another issuer's token", b.plain, fixture.OtherIssuer().Mint(jwttest.Spec{Claims: claims{"iss": "https://else.example"}, Header: map[string]any{"kid": "x"}}), "key", "the token says, unverified, that its issuer is ", nil},
		{"a refresh token", b.plain, b.iss.Token(claims{"token_use": "refresh"}), "typ", "the client sends the wrong token", nil},
		{"a proof as ID token", b.id, b.headed("", map[string]any{"typ": "dpop+jwt"}), "typ", "an ID token is asked for here", nil},
		{"an audience of nobody", b.plain, b.iss.Token(claims{"aud": []string{}}), "aud", "the issuer names no audience: have the client ask for this API when it requests the token", nil},
		{"issued in the future", b.plain, b.iss.Token(claims{"iat": b.now.Add(time.Hour).Unix()}), "iat", "the token was issued in the future", nil},
		{"a user of the future", b.plain, b.iss.Token(claims{"auth_time": b.now.Add(time.Hour).Unix()}), "requirement", "the user authenticated in the future", jwt.MaxAuthAge(time.Hour)},
		{"tenant in capitals", b.tenants(), b.tenant(strings.ToUpper(tenantA), tenantA), "iss", "the tenant must be a GUID in lower case", nil},
		{"tenant of tid", b.tenants(), b.tenant(tenantA, tenantB), "iss", "iss and tid must name the same tenant", nil},
		{"tenant of no list", b.tenants(), b.tenant(tenantB, tenantB), "iss", "the tenant is not one of Config.Tenants", nil},
		{"key of another", b.keys(published(b, b.iss, jwt.RS256, map[string]any{"issuer": "https://else.example"})), b.good, "key issuer", "is for another issuer only", nil},
		{"DER", b.plain, der(b.headed(jwt.ES256, nil)), "signature", "it is DER of 8 bytes, as X.509 has it", nil},
	}
}

// unsaid are near misses: tokens for which the hint would be wrong.
func (b *hintBench) unsaid() []hintCase {
	return []hintCase{
		{"differ by more", b.issuer("https://a.example/x/"), b.from("https://a.example/y"), "iss", "they differ only by ", nil},
		{"differ by case alone", b.issuer("https://a.example/x"), b.from("https://a.example/X"), "iss", "a trailing slash", nil},
		{"a space within", b.plain, b.good[:80] + " " + b.good[80:], "encoding", "white space around it", nil},
		{"zero width", b.plain, b.good[:3] + "\u200b" + b.good[3:], "encoding", "a byte order mark", nil},
		{"byte order mark", b.plain, "\ufeff" + b.good, "encoding", "an invisible character", nil},
		{"a comma within", b.plain, b.good[:80] + "," + b.good[80:], "encoding", "a comma or semicolon behind it", nil},
		{"a JWS in JSON", b.plain, `{"payload":"e30","protected":"e30","signature":"AA"}`, "parts", "the answer of the token endpoint", nil},
		{"an address with another parameter", b.plain, "https://app/#token=" + b.good, "encoding", "the address around it", nil},
		{"a line break", b.plain, b.good[:80] + "\n" + b.good[80:], "encoding", "a space in the middle", nil},
		{"a space", b.plain, b.good[:80] + " " + b.good[80:], "encoding", "a line break in the middle", nil},
		{"Bearer once", b.plain, "Bearer " + b.good, "encoding", ", more than once", nil},
		{"no leeway is needed", b.plain, b.iss.Token(claims{"exp": b.now.Add(5 * time.Second).Unix()}), "exp", " keeps it valid", nil},
		{"Bearer alone", b.plain, "Bearer " + b.good, "encoding", "the name of the header field", nil},
		{"DPoP", b.plain, "DPoP " + b.good, "encoding", "the word Bearer", nil},
		{"large", b.plain, fixture.WithPart(b.good, 1, strings.Repeat("A", 12<<10)), "size", "few servers take a header field of that size", nil},
		{"an opaque token with a dot", b.plain, "ory_at_abc.def", "parts", "it begins as a JWT does and breaks off", nil},
		{"an ID token without sub", b.id, b.iss.Token(claims{"sub": nil}), "profile", "RFC 9068 asks for it", nil},
		{"an ID token of another client", b.id, b.iss.Token(claims{"azp": "other"}), "profile", "OpenID Connect asks for it", nil},
		{"a claim of no login", b.plain, b.good, "requirement", "the client must send the user to log in again (RFC 9470)", jwt.Claim("acr").Equals("high")},
		{"a login for all", b.with(func(c *jwt.Config) { c.Require = []jwt.Requirement{jwt.ACR("high")} }), b.good, "require", "every token of this issuer must meet it", nil},
		{"an empty cnf", b.plain, b.iss.Token(claims{"cnf": claims{}}), "cnf", "the client asked for a token that is bound", nil},
		{"a rule that is met", b.with(func(c *jwt.Config) { c.Validate = func(context.Context, *jwt.Token) error { return nil } }), b.good, "validate", "it is a rule of this service's own", nil},
		{"a second left", b.plain, b.iss.Token(claims{"exp": b.now.Add(5 * time.Second).Unix()}), "exp", "only the leeway of ", nil},
		{"nothing pasted", b.plain, b.good + "=", "encoding", "take away what was pasted", nil},
		{"nothing pasted, nothing below", b.plain, b.good + "=", "encoding", " (the steps below are about the rest)", nil},
		{"padding", b.plain, b.good + "=", "encoding", "a part of it is missing", nil},
		{"an equals sign within", b.plain, b.good[:50] + "=" + b.good[51:], "encoding", "parts of a JWT have no padding", nil},
		{"a tilde", b.plain, b.good[:50] + "~" + b.good[51:], "encoding", "that is base64, and a JWT", nil},
		{"a percent sign", b.plain, b.good[:50] + "%zz" + b.good[53:], "encoding", "it is encoded as part of an address", nil},
		{"one character of base64", b.plain, b.good[:50] + "+" + b.good[51:], "encoding", "no token has that character", nil},
		{"a date in exp", b.plain, b.iss.Token(claims{"exp": "2026-11-21"}), "payload", "writes it as a string", nil},
		{"microseconds in exp", b.plain, b.iss.Token(claims{"exp": b.now.UnixMicro()}), "payload", "these are milliseconds", nil},
		{"true in exp", b.plain, b.iss.Token(claims{"exp": true}), "payload", "the issuer writes it as text", nil},
		{"an object in sub", b.plain, b.iss.Token(claims{"sub": claims{"a": 1}}), "payload", "the issuer writes it as a number", nil},
		{"a public algorithm that is left out", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.ES256} }), b.good, "alg", "the token is signed with a shared secret", nil},
		{"a public algorithm, in the same place", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.ES256} }), b.good, "alg", " where this API is set up at the issuer", nil},
		{"HS256 of anybody", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256} }), b.headed(jwt.HS256, nil), "alg", "the signing algorithm of the API", nil},
		{"HS256 of nobody's Auth0", b.with(func(c *jwt.Config) { c.Issuer, c.Algorithms = "https://notauth0.com/", []jwt.Algorithm{jwt.RS256} }), b.iss.Mint(jwttest.Spec{Algorithm: jwt.HS256, Claims: claims{"iss": "https://notauth0.com/"}}), "alg", " (at Auth0 it is ", nil},
		{"an algorithm that is unknown", b.with(func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.ES256} }), fixture.WithPart(b.good, 0, fixture.B64(`{"alg":"ES256K"}`)), "alg", "Config.Algorithms leaves it out", nil},
		{"a public algorithm, changed", b.plain, fixture.WithPart(b.good, 1, fixture.B64(`{}`)), "signature", "the secret is another", nil},
		{"another key, no kid", b.plain, fixture.OtherIssuer().Mint(jwttest.Spec{Claims: claims{"iss": b.iss.URL}, Header: map[string]any{"kid": nil}}), "signature", "signed with another key under the same kid", nil},
		{"another key, a kid", b.plain, fixture.WithPart(b.good, 1, fixture.B64(`{}`)), "signature", "signed with a key that is not known here", nil},
		{"a proof", b.access, b.headed("", map[string]any{"typ": "dpop+jwt"}), "typ", "the issuer does not mark it as RFC 9068 asks", nil},
		{"a proof, the profile", b.access, b.headed("", map[string]any{"typ": "dpop+jwt"}), "typ", ", or do not ask for the profile", nil},
		{"at+jwt of another kind", b.access, b.iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: claims{"token_use": "id"}}), "typ", "if it is an access token", nil},
		{"the profile of anybody", b.access, b.good, "typ", "the token profile of the API", nil},
		{"a proof as ID token", b.id, b.headed("", map[string]any{"typ": "dpop+jwt"}), "typ", "it is an access token: it is for APIs", nil},
		{"another typ that is unknown", b.plain, b.headed("", map[string]any{"typ": "application/other+jwt", "kid": "hidden"}), "key", "Okta's org", nil},
		{"one kid of two keys", b.keys(published(b, b.iss, jwt.ES256, map[string]any{"kid": "a"}), published(b, fixture.OtherIssuer(), jwt.ES256, map[string]any{"kid": "a"})), b.headed(jwt.ES256, map[string]any{"kid": "a"}), "key", "have the issuer put the kid", nil},
		{"a certificate for a kid", b.keys(published(b, b.iss, jwt.ES256, map[string]any{"x5t": "A"})), b.headed(jwt.ES256, map[string]any{"kid": nil, "x5t": "B"}), "key", "the header has no kid, so only a key", nil},
		{"a certificate for a kid, can be meant", b.keys(published(b, b.iss, jwt.ES256, map[string]any{"x5t": "A"})), b.headed(jwt.ES256, map[string]any{"kid": nil, "x5t": "B"}), "key", " can be meant: most issuers name it", nil},
		{"fetched keys", b.remote, named(b.iss, "x"), "key", "the keys here are fixed ones", nil},
		{"the kid of a key for encryption", b.remote, named(b.iss, "enc"), "key", "the issuer has withdrawn the key that signed the token", nil},
		{"fixed keys", b.plain, named(b.iss, "x"), "key", "the key set was fetched ", nil},
		{"another algorithm", b.remote, b.headed(jwt.RS256, map[string]any{"kid": "es"}), "key", "a token with an unknown kid can cause the next fetch ", nil},
		{"fetched keys with kid", b.remote, named(b.iss, "x"), "key", " keys without kid", nil},
		{"never there", b.changed, named(b.iss, "never"), "key", "the issuer has withdrawn that key: the client needs", nil},
		{"metadata of a stranger", b.misnaming("https://stranger.example"), b.good, "key", ": configure the issuer as its metadata has it", nil},
		{"two tenants of Entra", b.issuer(entra), b.from("https://login.microsoftonline.com/other/v2.0"), "iss", "these are the two versions of Microsoft Entra ID's tokens", nil},
		{"another port", b.issuer("https://id.example:1"), b.from("https://id.example:2"), "iss", "it is another tenant, realm or authorization server at the same host", nil},
		{"one port", b.issuer("https://id.example:1"), b.from("https://id.example:1/x"), "iss", "the ports differ", nil},
		{"two providers", b.issuer("https://a.auth0.com/"), b.from("https://a.okta.com"), "iss", "it is another tenant of ", nil},
		{"two providers, asked", b.issuer("https://a.auth0.com/"), b.from("https://a.okta.com"), "iss", ": the client asked the wrong one, or this API is set up for another", nil},
		{"strangers of one country", b.issuer("https://one.co.uk"), b.from("https://two.co.uk"), "iss", "both are hosts of ", nil},
		{"strangers of one address", b.issuer("https://10.0.0.1"), b.from("https://11.0.0.1"), "iss", ": another environment or tenant?", nil},
		{"an audience of two and azp", b.plain, b.iss.Token(claims{"aud": []string{"app", "x"}, "azp": "app", "nonce": "n"}), "aud", "an aud that equals azp", nil},
		{"an access token of Dex", b.plain, b.iss.Token(claims{"at_hash": "x"}), "aud", "it looks like an ID token (it has ", nil},
		{"an access token of Casdoor", b.plain, b.iss.Token(claims{"azp": jwttest.Audience}), "aud", "), which tells a client who its user is", nil},
		{"an audience of nobody, no client", b.plain, b.iss.Token(claims{"aud": []string{}}), "aud", "or leave Config.Audience empty and name the clients in Config.Clients", nil},
		{"no audience, no clients", b.plain, b.iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "the issuer names no audience: leave Config.Audience empty, the client is checked", nil},
		{"no audience of anybody", b.plain, b.iss.Token(claims{"aud": nil, "client_id": "app"}), "aud", "Amazon Cognito's", nil},
		{"no audience and no client", b.plain, b.iss.Token(claims{"aud": nil, "client_id": nil, "azp": nil}), "aud", "the issuer names no audience: have it name this API", nil},
		{"another audience", b.plain, b.iss.Token(claims{"aud": "https://other.example"}), "aud", "the issuer names no audience: have the client ask for this API when it requests the token", nil},
		{"another client", b.plain, b.iss.Token(claims{"aud": "app", "client_id": "other"}), "aud", "the audience is the client itself", nil},
		{"an empty audience and client", b.plain, b.iss.Token(claims{"aud": "", "client_id": ""}), "aud", "the audience is the client itself", nil},
		{"userinfo of a stranger", b.plain, b.iss.Token(claims{"aud": "https://stranger.example/userinfo"}), "aud", "that audience is the issuer's own userinfo endpoint: the client asked for a token without naming this API", nil},
		{"userinfo of nobody's Auth0", b.plain, b.iss.Token(claims{"aud": b.iss.URL + "/userinfo"}), "aud", "endpoint: the client asked for a token without naming this API (at Auth0 the parameter audience)", nil},
		{"beneath the issuer", b.plain, b.iss.Token(claims{"aud": b.iss.URL + "/api"}), "aud", "that audience is the issuer itself", nil},
		{"account of anybody", b.plain, b.iss.Token(claims{"aud": "account"}), "aud", "that audience is Keycloak's own", nil},
		{"another application of Microsoft", b.plain, b.iss.Token(claims{"aud": "00000003-0000-0000-c000-000000000001"}), "aud", "the token is for Microsoft Graph", nil},
		{"api of anybody", b.with(func(c *jwt.Config) { c.Audience = []string{"api://default"} }), b.iss.Token(claims{"aud": "default"}), "aud", "that is the other name of the same API at Microsoft Entra ID", nil},
		{"an end", b.plain, b.iss.Token(claims{"exp": 1}), "exp", "a token without an end would be valid for ever", nil},
		{"an end behind its beginning", b.plain, b.iss.Token(claims{"iat": 1, "exp": 2}), "exp", "it ended before it was issued", nil},
		{"long expired", b.plain, b.iss.Token(claims{"iat": 1, "exp": 2}), "exp", "it has only just expired: get a new token", nil},
		{"expired, issued at no time", b.plain, b.iss.Token(claims{"iat": nil, "exp": 2}), "exp", "it was valid for ", nil},
		{"expired, no other word", b.plain, b.iss.Token(claims{"iat": nil, "exp": 2}), "exp", ": get a new one", nil},
		{"made for later", b.plain, b.iss.Token(claims{"nbf": b.now.Add(10 * time.Minute).Unix()}), "nbf", "if the token was made just now, the clock of this machine", nil},
		{"made for later, no clock", b.plain, b.iss.Token(claims{"nbf": b.now.Add(10 * time.Minute).Unix()}), "nbf", ", or the issuer's is fast", nil},
		{"made for later, and passed", b.plain, b.iss.Token(claims{"nbf": b.now.Add(10 * time.Minute).Unix()}), "iat", "the clock of this machine", nil},
		{"made at no time", b.plain, b.iss.Token(claims{"iat": nil, "nbf": b.now.Add(10 * time.Minute).Unix()}), "nbf", "the issuer made it for later: nbf is ", nil},
		{"part of a permission", b.plain, b.iss.Token(claims{"permissions": []string{"a:all"}}), "requirement", ", which is not a scope: ", jwt.Scope("a")},
		{"part of a group", b.plain, b.iss.Token(claims{"groups": "a:all"}), "requirement", " is in the claim ", jwt.Scope("a")},
		{"a group", b.plain, b.iss.Token(claims{"groups": []string{"a"}}), "requirement", "ask for Claim(", jwt.Scope("a")},
		{"a group, no other way", b.plain, b.iss.Token(claims{"groups": []string{"a"}}), "requirement", "), or have the issuer put it into scope", jwt.Scope("a")},
		{"a permission", b.plain, b.iss.Token(claims{"permissions": []string{"a"}}), "requirement", "have the issuer put it into scope, or read the claim in Config.Validate", jwt.Scope("a")},
		{"part of a scope", b.plain, b.iss.Token(claims{"scope": "A:all"}), "requirement", "the token has it in other letter case", jwt.Scope("a")},
		{"scope in capitals", b.plain, b.iss.Token(claims{"scope": "A"}), "requirement", "the client must ask for the scope", jwt.Scope("a")},

		{"nearly null", b.plain, "nullable", "parts", "the client has no token, and sent the word ", nil},
		{"nearly null, in no place", b.plain, "nullable", "parts", " in its place: look there", nil},
		{"null", b.plain, "null", "parts", "issuers hand out opaque tokens", nil},
		{"null behind Bearer", b.plain, "Bearer null", "parts", "issuers hand out opaque tokens", nil},
		{"scopes in an array", b.plain, b.iss.Token(claims{"scope": []string{"b"}}), "requirement", "which grants nothing", jwt.Scope("a")},
		{"no scopes in an array", b.plain, b.iss.Token(claims{"scope": []string{}, "scp": ""}), "requirement", "as something else than a text or an array of texts, which grants nothing: have it follow RFC 9068 section 2.2.3", jwt.Scope("a")},
		{"one permission", b.plain, b.iss.Token(claims{"permissions": "b"}), "requirement", " is one text, which is never split: have the issuer write it as an array", jwt.Claim("permissions").Has("a")},
		{"another algorithm", b.plain, b.iss.Mint(jwttest.Spec{Algorithm: jwt.PS256}), "key", "HS256", nil},
		{"encrypted", b.plain, fixture.B64(`{"alg":"dir","enc":"A256GCM"}`) + "..AA.AA.AA", "alg", "algorithm at the issuer", nil},
		{"four parts", b.plain, b.good + ".AAAA", "parts", "an encrypted token is for its issuer alone", nil},
		{"no signature", b.plain, fixture.WithPart(b.good, 2, ""), "parts", "detached payloads", nil},
		{"no payload", b.plain, fixture.WithPart(b.good, 1, ""), "parts", "unsecured tokens (alg none) are never accepted", nil},
		{"nearly none", b.plain, fixture.WithPart(b.good, 0, fixture.B64(`{"alg":"nonesuch"}`)), "alg", "unsecured tokens (alg none) are never accepted", nil},
		{"one secret's algorithm for another", b.with(func(c *jwt.Config) { c.Keys = b.iss.Key(jwt.HS512) }), b.headed(jwt.HS256, map[string]any{"kid": b.iss.Key(jwt.HS512).KeyID()}), "key", "the token is signed with a shared secret, and this issuer's keys are public ones", nil},
		{"a key with alg", b.keys(published(b, b.iss, jwt.RS256, map[string]any{"kid": "a"})), b.headed(jwt.PS256, map[string]any{"kid": "a"}), "key", "the key declares no algorithm, so it stands for ", nil},
		{"a key with alg, named", b.keys(published(b, b.iss, jwt.RS256, map[string]any{"kid": "a"})), b.headed(jwt.PS256, map[string]any{"kid": "a"}), "key", " in Config.Algorithms, as its only RSA algorithm, if the issuer signs with that", nil},
		{"the issuer's own token", b.plain, named(b.iss, "x"), "key", "the token says, unverified, that its issuer is ", nil},
		{"the issuer's own token, trusted", b.plain, named(b.iss, "x"), "key", " is trusted here", nil},
		{"a logout token as ID token", b.id, b.headed("", map[string]any{"typ": "logout+jwt"}), "typ", "the client sends the wrong token", nil},
		{"a proof as access token", b.plain, b.headed("", map[string]any{"typ": "dpop+jwt"}), "typ", "an ID token is asked for here", nil},
		{"valid in the future", b.plain, b.iss.Token(claims{"nbf": b.now.Add(time.Hour).Unix()}), "nbf", "the token was issued in the future", nil},
		{"a user of the past", b.plain, b.iss.Token(claims{"auth_time": 1}), "requirement", "the user authenticated in the future", jwt.MaxAuthAge(time.Hour)},
		{"another version of Entra", b.tenants(), b.iss.Token(claims{"iss": "https://login.microsoftonline.com/" + tenantA + "/v1.0"}), "iss", "the tenant must be a GUID in lower case", nil},
		{"a tenant of no list", b.tenants(), b.tenant(tenantB, tenantB), "iss", "iss and tid must name the same tenant", nil},
		{"a tenant of tid", b.tenants(), b.tenant(tenantA, tenantB), "iss", "the tenant is not one of Config.Tenants", nil},
		{"a key of its own", b.keys(published(b, b.iss, jwt.RS256, map[string]any{"issuer": b.iss.URL})), b.good, "key issuer", "the key that signed the token is for another issuer only", nil},
		{"no DER", b.plain, fixture.WithPart(b.headed(jwt.ES256, nil), 1, fixture.B64(`{}`)), "signature", "it is DER of ", nil},
		{"nearly DER", b.plain, fixture.WithPart(b.headed(jwt.ES256, nil), 2, fixture.B64("\x30\x06\x02\x01\x01\x02\x01\x01\x00")), "signature", " bytes, as X.509 has it: a JWS has two integers", nil},
	}
}

// Every hint of this package, and every one that package jwt gives for a token, stands where it is true, and
// does not stand in a near miss. A hint that the source has and the cases have not is an error.
func TestHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, all, denied := newHintBench(t), "", ""
		hintOf := func(c hintCase) string {
			if c.req == nil {
				return step(t, explained(t, c.v, c.token), c.step).Hint
			}
			return step(t, explain.Token(t.Context(), c.v, c.token, c.req), c.step).Hint
		}
		for _, c := range b.said() {
			got := hintOf(c)
			if all += got + "\n"; !strings.Contains(got, c.text) {
				t.Errorf("%s: the hint is %q, want %q", c.name, got, c.text)
			}
		}
		for _, c := range b.unsaid() {
			if got := hintOf(c); strings.Contains(got, c.text) {
				t.Errorf("%s: the hint is %q", c.name, got)
			}
			denied += c.text + "\n"
		}
		for err, want := range fetchHints {
			if got := explain.FetchHint(err.err); got != want {
				t.Errorf("%s: the hint is %q, want %q", err.name, got, want)
			}
			all, denied = all+want+"\n", denied+want+"\n" // each is the near miss of the others
		}
		texts := hintTexts(t)
		if len(texts) < 120 {
			t.Errorf("%d texts of hints were found", len(texts))
		}
		for _, text := range texts {
			if !strings.Contains(all, text) {
				t.Errorf("no case gives the hint %q", text)
			}
			if !slices.ContainsFunc(strings.Split(denied, "\n"), func(d string) bool { return d != "" && (strings.Contains(text, d) || strings.Contains(d, text)) }) {
				t.Errorf("no near miss holds the hint %q", text)
			}
		}
	})
}

type fetchFault struct {
	name string
	err  error
}

const metadataAddress = "https://id.example/.well-known/openid-configuration"

// fetchHints are the hints for what a fetch may meet.
var fetchHints = map[*fetchFault]string{
	{"another issuer", &jwt.FetchError{Address: metadataAddress, Status: 200, Issuer: "x"}}:                                                          "if that is the issuer that you mean, write it as its metadata has it, byte for byte",
	{"no metadata", &jwt.FetchError{Address: metadataAddress, Status: 404}}:                                                                          "there is no metadata at that address: is the issuer written as its tokens have it? If it publishes none, give the address of its key set",
	{"no key set", &jwt.FetchError{Address: "https://id.example/keys", Status: 404}}:                                                                 "the issuer answers with an error; the token may be valid",
	{"broken metadata", errors.Join(&jwt.FetchError{Address: metadataAddress, Status: 200}, &jwt.FetchError{Address: metadataAddress, Status: 404})}: "the issuer answers, and not with keys that can be used: the text says what is wrong with its answer",
	{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}:                                                      "this machine does not trust the issuer's certificate: a proxy in between, or a private authority (RemoteOptions.RootCAs)",
	{"certificate of another", &tls.CertificateVerificationError{Err: x509.HostnameError{}}}:                                                         "the certificate is for another host: is the issuer written right, or is there a proxy in between?",
	{"certificate that ended", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{}}}:                                               "the issuer's certificate is not valid, for the reason that the text gives: compare this machine's clock, or tell the issuer",
	{"no such name", &jwt.FetchError{Err: &net.DNSError{IsNotFound: true}}}:                                                                          "the name is not known to DNS here: is it written right, and does this machine reach the Internet?",
	{"DNS is down", &jwt.FetchError{Err: &net.DNSError{IsTimeout: true}}}:                                                                            "this machine cannot reach the issuer's keys; the token may be valid",
	{"a page", &jwt.FetchError{Address: metadataAddress, Status: 200, ContentType: "text/html; charset=x"}}:                                          "the answer says that it is a web page (text/html): often it is that of a proxy or a login page in between",
	{"a page with an error", &jwt.FetchError{Address: "https://id.example/keys", Status: 502, ContentType: "text/html"}}:                             "the issuer answers with an error; the token may be valid",
}

// hintTexts reads from the source every text that a hint is made of, but for short ones.
func hintTexts(t *testing.T) (texts []string) {
	t.Helper()
	const short = 15
	collect := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == "providers" {
				return false // names, and no texts
			}
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && len(text) >= short && strings.Contains(text, " ") {
					texts = append(texts, text)
				}
			}
			return true
		})
	}
	parse := func(name string) *ast.File {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	collect(parse("hints.go"))
	names, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(parse(name), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					selector, isField := left.(*ast.SelectorExpr)
					variable, isVariable := left.(*ast.Ident)
					if len(n.Rhs) == len(n.Lhs) && (isField && selector.Sel.Name == "Hint" || isVariable && variable.Name == "hint") {
						collect(n.Rhs[i])
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Hint" {
					collect(n.Value)
				}
			case *ast.ValueSpec:
				if strings.HasSuffix(n.Names[0].Name, "Hint") {
					collect(n)
				}
			case *ast.FuncDecl:
				if slices.Contains([]string{"derHint", "nearMiss"}, n.Name.Name) {
					collect(n)
				}
			}
			return true
		})
	}
	return texts
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
		"https://a.example/cb#access_token=" + good + "&x": "the address around it", "\ufeff" + good[:3] + "\u200b" + good[3:]: "a byte order mark; an invisible character",
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
			{0, "a", `the key set was fetched 0s ago from ` + iss.URL + `/.well-known/jwks.json and has the kid "es256-1"; a token with an unknown kid can cause the next fetch in 2s (2000-01-01T00:04:02Z)`},
			{2 * time.Second, "b", `the next fetch in 8s (2000-01-01T00:04:10Z)`},
			{7 * time.Second, "c", `the next fetch in 1s`},
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
	iss := newIssuer(t)
	metadata := func(name string) string { return `{"issuer":"` + name + `","jwks_uri":"` + iss.URL + `/keys"}` }
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       string
	}{
		"a page":         {200, "text/html", "<html>", "the answer says that it is a web page"},
		"no metadata":    {404, "text/html", "<html>", "no metadata at that address"},
		"another issuer": {200, "application/json", metadata("https://other"), "byte for byte"},
		"down":           {503, "text/plain", "down", "the issuer answers with an error"},
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
		if got := step(t, explain.Token(context.Background(), v, iss.Token(nil)), "key").Hint; !strings.Contains(got, "the issuer answers with an error") {
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
		if got := step(t, explain.Token(context.Background(), v, iss.Token(nil)), "key").Text; !strings.Contains(got, "it is not for signatures") {
			t.Errorf("got %q", got)
		}
	})
}
