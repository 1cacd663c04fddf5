// This file tests the answers to HTTP requests: credentials, challenges and requirements.

package jwt_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

const (
	bearer        = `Bearer realm="api"`
	badRequest    = `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`
	invalidToken  = `Bearer error="invalid_token", error_description="The access token is not valid for this service."`
	missingScope  = `Bearer error="insufficient_scope", error_description="The access token does not allow this request."`
	reauthenticat = `Bearer error="insufficient_user_authentication", error_description="A stronger or more recent user authentication is required."`
)

// subject is a handler that must see a token.
var subject = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	token, ok := jwt.FromContext(r.Context())
	if !ok {
		panic("no token")
	}
	io.WriteString(w, token.Subject())
})

// answerTo sends a request through a middleware, and looks whether a refusal repeats its credential.
func answerTo(require func(http.Handler) http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	require(subject).ServeHTTP(w, r)
	if w.Code != 200 {
		answer := fmt.Sprint(w.Result().Header, w.Body)
		for _, credential := range append(slices.Concat(r.Header["Authorization"], r.Header["Cookie"], r.Header["X-Token"]), r.URL.RawQuery) {
			fixture.LookForToken(credential, answer)
		}
	}
	return w.Result()
}

// wantAnswer asserts the whole answer to a refused request.
func wantAnswer(t *testing.T, resp *http.Response, status int, code, challenge string) {
	t.Helper()
	if resp.StatusCode != status {
		t.Errorf("got status %d, want %d", resp.StatusCode, status)
	}
	if got := resp.Header.Values("WWW-Authenticate"); challenge == "" && len(got) > 0 || challenge != "" && (len(got) != 1 || got[0] != challenge) {
		t.Errorf("got the challenge %q, want %q", got, challenge)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q", got)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("got Content-Type %q", got)
	}
	var body map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || len(body) != 2 || body["error"] != code || body["error_description"] == "" {
		t.Errorf("got the body %v (%v), want error %q", body, err, code)
	}
	if challenge != "" && strings.Contains(challenge, "error=") && !strings.Contains(challenge, `error_description="`+body["error_description"]+`"`) {
		t.Errorf("body and challenge differ: %q, %q", body, challenge)
	}
}

func TestCredentials(t *testing.T) {
	good := fixture.Issuer().Token(nil)
	for _, c := range []struct {
		name          string
		authorization []string
		status        int
		challenge     string
		reason        jwt.Reason
	}{
		{"none", nil, 401, bearer, jwt.ReasonNoToken},
		{"empty", []string{""}, 401, bearer, jwt.ReasonNoToken},
		{"Basic", []string{"Basic dXNlcjpwYXNz"}, 401, bearer, jwt.ReasonNoToken},
		{"DPoP", []string{"DPoP " + good}, 401, invalidToken, jwt.ReasonBindingUnproven},
		{"JWT", []string{"JWT " + good}, 401, bearer, jwt.ReasonNoToken},
		{"Bearerx", []string{"Bearerx " + good}, 401, bearer, jwt.ReasonNoToken},

		{"two", []string{"Bearer " + good, "Bearer " + good}, 400, badRequest, jwt.ReasonCredentialRepeated},
		{"two schemes", []string{"Bearer " + good, "Basic dXNlcjpwYXNz"}, 400, badRequest, jwt.ReasonCredentialRepeated},
		{"one and an empty one", []string{"Bearer " + good, ""}, 400, badRequest, jwt.ReasonCredentialRepeated},
		{"no token", []string{"Bearer"}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"a space", []string{"Bearer "}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"equals signs alone", []string{"Bearer =="}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"two tokens", []string{"Bearer " + good + " " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"comma", []string{"Bearer " + good + ",Bearer " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"parameter", []string{`Bearer token="` + good + `"`}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"quotes", []string{`Bearer "` + good + `"`}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"tab", []string{"Bearer\t" + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"tab behind the space", []string{"Bearer \t" + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"no-break space", []string{"Bearer\u00a0" + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"Cyrillic", []string{"\u0412earer " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"colon", []string{"Bearer: " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"space before", []string{" Bearer " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"line feed", []string{"Bearer " + good + "\n"}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"without the scheme", []string{good}, 400, badRequest, jwt.ReasonCredentialMalformed},
		{"Bearer twice", []string{"Bearer Bearer " + good}, 400, badRequest, jwt.ReasonCredentialMalformed},

		{"garbage", []string{"Bearer x"}, 401, invalidToken, jwt.ReasonTokenOpaque},
		{"padded", []string{"Bearer " + good + "="}, 401, invalidToken, jwt.ReasonTokenEncoding},
		{"expired", []string{"Bearer " + fixture.Issuer().Token(claims{"exp": 1})}, 401, invalidToken, jwt.ReasonTokenExpired},
		{"tampered", []string{"Bearer " + fixture.WithPart(good, 1, "e30")}, 401, invalidToken, jwt.ReasonSignatureInvalid},
		{"bound", []string{"Bearer " + fixture.Issuer().Token(claims{"cnf": claims{"jkt": "x"}})}, 401, invalidToken, jwt.ReasonBindingUnproven},

		{"Bearer", []string{"Bearer " + good}, 200, "", ""},
		{"bearer", []string{"bearer " + good}, 200, "", ""},
		{"BEARER", []string{"BEARER " + good}, 200, "", ""},
		{"two spaces", []string{"Bearer  " + good}, 200, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last *jwt.Error
			resp := answerTo(fixture.Resource(t, jwt.ResourceConfig{}, &last).Require(), fixture.Request(c.authorization...))
			if c.status == 200 {
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != 200 || string(body) != "test-subject" || last != nil {
					t.Errorf("got %d %q, refusal %v", resp.StatusCode, body, last)
				}
				return
			}
			code := map[string]string{bearer: "unauthorized", badRequest: "invalid_request", invalidToken: "invalid_token"}[c.challenge]
			wantAnswer(t, resp, c.status, code, c.challenge)
			if last == nil || last.Reason != c.reason {
				t.Errorf("OnRefusal got %v, want %s", last, c.reason)
			}
		})
	}
}

func TestQueryToken(t *testing.T) {
	good := fixture.Issuer().Token(nil)
	require := fixture.Resource(t, jwt.ResourceConfig{}, nil).Require()
	for _, c := range []struct {
		query     string
		header    bool
		status    int
		challenge string
	}{
		{"access_token=" + good, false, 401, bearer},
		{"access_token=" + good, true, 400, badRequest},
		{"access%5Ftoken=x", true, 400, badRequest},
		{"a=1&access_token", true, 400, badRequest},
		{"my_access_token=x&a=%20", true, 200, ""},
		{"a=access_token", true, 200, ""},
	} {
		r := fixture.Request()
		if c.header {
			r = fixture.Request("Bearer " + good)
		}
		r.URL.RawQuery = c.query
		resp := answerTo(require, r)
		if resp.StatusCode != c.status || resp.Header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%.30s: got %d %q", c.query, resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestHeaderAndCookieSources(t *testing.T) {
	good, other := fixture.Issuer().Token(nil), fixture.Issuer().Token(claims{"sub": "somebody else"})
	for _, c := range []struct {
		name    string
		config  jwt.ResourceConfig
		headers []string // name, value
		status  int
	}{
		{"header", jwt.ResourceConfig{HeaderField: "cf-access-jwt-assertion"}, []string{"Cf-Access-Jwt-Assertion", good}, 200},
		{"header with other spaces", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", "\u00a0" + good}, 401},
		{"header with a scheme", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", "bearer  " + good}, 200},
		{"header with a scheme alone", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", "Bearer"}, 400},
		{"header with another scheme", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", "Basic " + good}, 401},
		{"header with more than a token", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", good + " " + good}, 400},
		{"header for a proxy's own Authorization", jwt.ResourceConfig{HeaderField: "X-Forwarded-Authorization"}, []string{"X-Forwarded-Authorization", "Bearer " + good, "Authorization", "Bearer x"}, 200},
		{"header instead of Authorization", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"Authorization", "Bearer " + good}, 401},
		{"header twice", jwt.ResourceConfig{HeaderField: "X-Token"}, []string{"X-Token", good, "X-Token", good}, 400},
		{"cookie", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "a=b; __session=" + good}, 200},
		{"cookie not configured", jwt.ResourceConfig{}, []string{"Cookie", "__session=" + good}, 401},
		{"cookie twice", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good + "; __session=" + good}, 200},
		{"different cookies", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good + "; __session=" + other}, 400},
		{"a third cookie that differs", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good + "; __session=" + good, "Cookie", "__session=" + other}, 400},
		{"an empty cookie", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session="}, 401},
		{"an empty cookie and a header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=", "Authorization", "Bearer " + good}, 200},
		{"an empty cookie and another", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=; __session=" + good}, 200},
		{"a cookie that net/http leaves out", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good + "; __session=x\\"}, 400},
		{"a broken cookie beside a header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", `__session="x`, "Authorization", "Bearer " + good}, 400},
		{"cookie and header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Bearer " + good}, 200},
		{"cookie and another in a header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + other, "Authorization", "Bearer " + good}, 400},
		{"two cookies and a header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good + "; __session=" + good, "Authorization", "Bearer " + good}, 200},
		{"cookie and the header of a proxy", jwt.ResourceConfig{HeaderField: "Cf-Access-Jwt-Assertion", Cookie: "CF_Authorization"}, []string{"Cookie", "CF_Authorization=" + good, "Cf-Access-Jwt-Assertion", good}, 200},
		{"cookie and another in the header of a proxy", jwt.ResourceConfig{HeaderField: "Cf-Access-Jwt-Assertion", Cookie: "CF_Authorization"}, []string{"Cookie", "CF_Authorization=" + good, "Cf-Access-Jwt-Assertion", other}, 400},
		{"two equal headers beside a cookie", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Bearer " + good, "Authorization", "Bearer " + good}, 400},
		{"cookie beside an empty header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", ""}, 200},
		{"cookie beside Negotiate", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Negotiate YII="}, 200},
		{"cookie beside another scheme of a proxy", jwt.ResourceConfig{HeaderField: "X-Token", Cookie: "__session"}, []string{"Cookie", "__session=" + good, "X-Token", "Basic x"}, 200},
		{"cookie beside DPoP", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "DPoP " + good}, 401},
		{"cookie beside dPoP", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "dPoP"}, 401},
		{"cookie beside DPoP of a proxy", jwt.ResourceConfig{HeaderField: "X-Token", Cookie: "__session"}, []string{"Cookie", "__session=" + good, "X-Token", "DPoP " + good}, 401},
		{"cookie beside a malformed header", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Bearer"}, 400},
		{"cookie beside a bad token", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Bearer x"}, 400},
		{"header beside a cookie setting", jwt.ResourceConfig{Cookie: "__session"}, []string{"Authorization", "Bearer " + good}, 200},
		{"cookie beside another scheme", jwt.ResourceConfig{Cookie: "__session"}, []string{"Cookie", "__session=" + good, "Authorization", "Basic x"}, 200},
	} {
		r := fixture.Request()
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		if resp := answerTo(fixture.Resource(t, c.config, nil).Require(), r); resp.StatusCode != c.status {
			t.Errorf("%s: got %d, want %d", c.name, resp.StatusCode, c.status)
		}
	}
}

func TestRealm(t *testing.T) {
	r := fixture.Resource(t, jwt.ResourceConfig{Realm: `the "API" \o/`}, nil)
	const realm = `Bearer realm="the \"API\" \\o/"`
	if got := answerTo(r.Require(), fixture.Request()).Header.Get("WWW-Authenticate"); got != realm {
		t.Errorf("got %s", got)
	}
	if got := answerTo(r.Require(), fixture.Request("Bearer x")).Header.Get("WWW-Authenticate"); got != realm+strings.Replace(invalidToken, "Bearer ", ", ", 1) {
		t.Errorf("got %s", got)
	}
	v := fixture.NewVerifier(t)
	for _, c := range []jwt.ResourceConfig{{Realm: "a\r\nb"}, {Realm: "ü"}, {HeaderField: "a b"}, {HeaderField: "authorization"}, {Cookie: "a;b"}} {
		if r, err := jwt.NewResource(v, c); err == nil || r != nil {
			t.Errorf("%+v was accepted", c)
		}
	}
	for _, v := range []*jwt.Verifier{nil, {}} {
		if r, err := jwt.NewResource(v, jwt.ResourceConfig{}); err == nil || r != nil {
			t.Error("a verifier without issuers was accepted")
		}
	}
}

// Keys that cannot be had are never the caller's fault.
func TestUnavailable(t *testing.T) {
	for _, c := range []struct {
		err   error
		retry string
	}{
		{errors.New("database is down"), "5"},
		{context.DeadlineExceeded, "5"},
	} {
		keys := fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) { return nil, c.err })
		var last *jwt.Error
		r := fixture.Resource(t, jwt.ResourceConfig{}, &last, func(config *jwt.Config) { config.Keys = keys })
		resp := answerTo(r.Require(), fixture.Request("Bearer "+fixture.Issuer().Token(nil)))
		wantAnswer(t, resp, 503, "temporarily_unavailable", "")
		if got := resp.Header.Get("Retry-After"); got != c.retry {
			t.Errorf("got Retry-After %q", got)
		}
		if last == nil || !errors.Is(last, c.err) || !errors.Is(last, jwt.ErrUnavailable) {
			t.Errorf("got %v", last)
		}
	}
}

func TestChallenge(t *testing.T) {
	r := fixture.Resource(t, jwt.ResourceConfig{}, nil)
	for _, c := range []struct {
		err       error
		status    int
		code      string
		challenge string
	}{
		{jwt.ErrExpired, 401, "invalid_token", invalidToken},
		{jwt.ErrScope, 403, "insufficient_scope", missingScope},
		{errors.New("mine"), 500, "server_error", ""},
		{&jwt.Error{}, 500, "server_error", ""},
		{nil, 500, "server_error", ""},
	} {
		w := httptest.NewRecorder()
		r.Challenge(w, fixture.Request(), c.err)
		wantAnswer(t, w.Result(), c.status, c.code, c.challenge)
	}
}

// Only Require puts a token into a context, and a refused request never reaches the handler.
func TestFromContext(t *testing.T) {
	if token, ok := jwt.FromContext(context.Background()); ok || token != nil {
		t.Error("an empty context has a token")
	}
	v := fixture.NewVerifier(t)
	reached := false
	h := v.Require(jwt.Scope("a"))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = true
		if token, ok := jwt.FromContext(r.Context()); !ok || token.Scopes()[0] != "a" {
			t.Errorf("got %v", token)
		}
	}))
	for _, token := range []string{"x", fixture.Issuer().Token(nil)} {
		h.ServeHTTP(httptest.NewRecorder(), fixture.Request("Bearer "+token))
		if reached {
			t.Error("the handler was reached")
		}
	}
	h.ServeHTTP(httptest.NewRecorder(), fixture.Request("Bearer "+fixture.Issuer().Token(claims{"scope": "a"})))
	if !reached {
		t.Error("the handler was not reached")
	}
}

// hostile makes texts of what breaks headers and log lines, with a word in each that says whose it is.
func hostile(rng *rand.Rand, word string) string {
	pieces := []string{"\r\n", "\n", "\r", "\x00", "\x1b[31m", "\t", `"`, `\`, `\"`, `", error="x`, ",", "=", " ", ";", "\x7f", "\u0085", "\u2028", "\u202e", "é", "\U0001f600", "a", "read:all", "Set-Cookie: a=b", "%0d%0a", "level=ERROR"}
	text := ""
	for range rng.IntN(6) {
		text += strings.Repeat(pieces[rng.IntN(len(pieces))], 1+rng.IntN(3)*rng.IntN(40))
	}
	at := rng.IntN(len(text) + 1)
	for !utf8.RuneStart((text + "x")[at]) {
		at--
	}
	return text[:at] + word + text[at:]
}

// parseChallenge reads a challenge by the grammar of RFC 9110 sections 5.6.4 and 11.3, without what is
// allowed there and never needed: bytes beyond ASCII, tabs, parameters without quotes.
func parseChallenge(text string) (params map[string]string, ok bool) {
	rest, ok := strings.CutPrefix(text, "Bearer")
	params = map[string]string{}
	for separator := " "; ok && rest != ""; separator = ", " {
		if rest, ok = strings.CutPrefix(rest, separator); !ok {
			break
		}
		name, value := "", []byte{}
		if name, rest, ok = strings.Cut(rest, `="`); !ok || params[name] != "" || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "" {
			return nil, false
		}
		closed := false
		for !closed && rest != "" {
			c := rest[0]
			rest = rest[1:]
			switch {
			case c == '"':
				closed = true
			case c < ' ' || c > '~':
				return nil, false
			case c == '\\':
				if rest == "" || rest[0] < ' ' || rest[0] > '~' {
					return nil, false
				}
				value, rest = append(value, rest[0]), rest[1:]
			default:
				value = append(value, c)
			}
		}
		if !closed {
			return nil, false
		}
		params[name] = string(value)
	}
	return params, ok
}

// The parser of this test takes what the RFCs show, and nothing that an attack would make of it.
func TestParseChallenge(t *testing.T) {
	for text, want := range map[string]int{
		`Bearer`: 0, `Bearer realm="example"`: 1, `Bearer realm="a \"b\" \\c", error="invalid_token", error_description="The access token expired"`: 3,
		`Bearer `: -1, `bearer`: -1, `Bearer realm=example`: -1, `Bearer realm="a`: -1, `Bearer realm="a\`: -1, "Bearer realm=\"a\r\n\"": -1, `Bearer realm="é"`: -1, `Bearer realm="a"b"`: -1,
		`Bearer realm="a",error="b"`: -1, `Bearer error="a", error="b"`: -1, `Bearer realm="a", `: -1, `Bearer ="a"`: -1,
	} {
		params, ok := parseChallenge(text)
		if ok != (want >= 0) || ok && len(params) != want {
			t.Errorf("%q: got %q, %v", text, params, ok)
		}
	}
}

// The characters that RFC 6750 section 3 allows in scope, and in error and error_description.
var (
	scopeTokens = regexp.MustCompile(`^[!#-\[\]-~]+( [!#-\[\]-~]+)*$`)
	errorText   = regexp.MustCompile(`^[ !#-\[\]-~]+$`)
)

// Whatever is in a token, a realm, a requirement or an error of the caller's: a challenge is well formed
// and holds nothing of the token, and what is logged is short, plain text on one line.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	rounds := 0
	rng := rand.New(rand.NewPCG(6750, 9110))
	key := fixture.FixedKeys().Key(t, "", jwt.HS256)
	sentinelNames := slices.Sorted(maps.Keys(fixture.Sentinels))
	refused, statuses := 0, map[int]int{}
	for range fixture.Sample(5000, 5) {
		rounds++
		text := func() string { return hostile(rng, "TOKEN") }
		names := func() (list []string) {
			for range 1 + rng.IntN(3) {
				list = append(list, hostile(rng, "CONFIG"))
			}
			return list
		}
		// A verifier and a route, as a careless hand configures them.
		var refusal error
		switch rng.IntN(8) {
		case 0:
			refusal = errors.New(text())
		case 1:
			refusal = fmt.Errorf("%s: %w", text(), fixture.Sentinels[sentinelNames[rng.IntN(len(sentinelNames))]])
		case 2:
			refusal = &jwt.Error{Reason: jwt.ReasonScopeMissing, Member: text(), Got: text(), Want: text(), Hint: text(), Issuer: text(), KeyID: text()}
		case 3:
			refusal = errors.Join(jwt.ErrScope, jwt.ErrExpired, errors.New(text()))
		}
		config := jwt.Config{Issuer: "https://issuer.example", Audience: append(names(), "api"), Keys: key,
			Validate: func(context.Context, *jwt.Token) error { return refusal }}
		v, err := jwt.NewVerifier(config)
		if err != nil {
			t.Fatal(err)
		}
		realm := ""
		if rng.IntN(2) == 0 {
			realm = hostile(rng, "CONFIG")
		}
		var last *jwt.Error
		r, err := jwt.NewResource(v, jwt.ResourceConfig{Realm: realm, OnRefusal: func(_ *http.Request, e *jwt.Error) { last = e }})
		if plain := strings.IndexFunc(realm, func(c rune) bool { return c < ' ' || c > '~' }) < 0; plain != (err == nil) {
			t.Fatalf("the realm %q: %v", realm, err)
		}
		if err != nil {
			realm = ""
			r, _ = jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(_ *http.Request, e *jwt.Error) { last = e }})
		}
		wanted := names()
		for i := range wanted { // a scope is one word
			wanted[i] = strings.ReplaceAll(wanted[i], " ", "_")
		}
		asksScope, asksACR := false, false
		var require jwt.Requirement
		switch rng.IntN(7) {
		case 0:
			require, asksScope = jwt.Scope(wanted...), true
		case 1:
			var each []jwt.Requirement
			for _, name := range wanted {
				each = append(each, jwt.Scope(name))
			}
			require, asksScope = jwt.Any(each...), true
		case 2:
			require, asksACR = jwt.ACR(wanted...), true
		case 3:
			require = jwt.MaxAuthAge(time.Duration(rng.Int64()))
		case 4:
			require = jwt.Any(jwt.Claim("roles").Has(wanted[0]), jwt.Claim("permissions").Has(wanted[0]))
		case 5:
			require = jwt.Claim(wanted[0]).Equals(wanted[0])
		case 6:
			require, asksScope = jwt.All(jwt.MaxAuthAge(time.Hour), jwt.Scope(wanted...)), true
		}
		// A token, good or bad in one way, with hostile text wherever there is room.
		header := claims{"alg": "HS256"}
		payload := claims{"iss": "https://issuer.example", "aud": []string{text(), "api"}, "exp": int64(99999999999), "sub": text(), "jti": text(), "client_id": text(),
			"scope": text(), "roles": []string{text()}, "permissions": []string{text()}, "acr": text(), "auth_time": rng.IntN(2) * 99999999}
		changes := []func(){
			func() {}, func() { header["kid"] = text() }, func() { header["alg"] = text() }, func() { header["typ"] = text() }, func() { header["cty"] = text() },
			func() { header["crit"] = []string{text()} }, func() { header[text()] = 1 }, func() { payload["iss"] = text() }, func() { payload["aud"] = text() },
			func() { payload["aud"] = []string{text(), text()} }, func() { payload["exp"] = text() }, func() { payload["exp"] = 1 }, func() { payload["cnf"] = claims{text(): 1} }, func() { payload[text()] = text() },
		}
		changes[rng.IntN(len(changes))]()
		token := fixture.FixedKeys().Sign(t, jwt.HS256, string(fixture.JSON(t, header)), string(fixture.JSON(t, payload)))
		req := fixture.Request("Bearer " + token)
		switch rng.IntN(10) {
		case 0:
			req = fixture.Request("Bearer " + text())
		case 1:
			req = fixture.Request(text())
		case 2:
			req = fixture.Request("Bearer "+token, text())
		case 3:
			req.URL.RawQuery = "access_token=" + url.QueryEscape(text())
		}
		if good, err := v.Verify(t.Context(), token); err == nil {
			for _, told := range []string{fmt.Sprint(good), fmt.Sprintf("%#v", good), fmt.Sprintf("%+v", good.Header()), fmt.Sprint(good.LogValue())} {
				fixture.WantPlain(t, told)
			}
		}

		resp := answerTo(r.Require(require), req)
		statuses[resp.StatusCode]++
		if resp.StatusCode == 200 {
			continue
		}
		refused++
		var answer bytes.Buffer
		resp.Write(&answer)
		if strings.Contains(answer.String(), "TOKEN") {
			t.Fatalf("the answer repeats the token: %q", answer.String())
		}
		challenges := resp.Header.Values("WWW-Authenticate")
		if resp.StatusCode == 503 || resp.StatusCode == 500 {
			if len(challenges) > 0 {
				t.Fatalf("status %d with the challenge %q", resp.StatusCode, challenges)
			}
		} else if len(challenges) != 1 {
			t.Fatalf("the challenges %q", challenges)
		} else {
			params, ok := parseChallenge(challenges[0])
			if only := len(params) == 1 && realm == "" && params["realm"] == "api"; !ok || params["realm"] != realm && !only {
				t.Fatalf("the challenge %q for the realm %q", challenges[0], realm)
			}
			var expected []string
			for _, name := range wanted {
				if scopeTokens.MatchString(name) && !strings.Contains(name, " ") && !slices.Contains(expected, name) {
					expected = append(expected, name)
				}
			}
			for name, value := range params {
				switch {
				case name == "realm":
				case (name == "error" || name == "error_description") && errorText.MatchString(value):
				case name == "scope" && asksScope && scopeTokens.MatchString(value) && value == strings.Join(expected, " "):
				case name == "acr_values" && asksACR && scopeTokens.MatchString(value) && value == strings.Join(expected, " "):
				case name == "max_age" && regexp.MustCompile(`^[0-9]+$`).MatchString(value):
				default:
					t.Fatalf("the challenge %q has %s for %q", challenges[0], name, wanted)
				}
			}
		}
		for e, all := last, last.Also; ; e, all = all[0], all[1:] {
			for _, told := range []string{e.Error(), e.Member, e.Got, e.Want, e.Hint, e.KeyID, string(e.Reason), e.Issuer} {
				fixture.WantPlain(t, told)
			}
			if len(e.Got) > 4*64+3 || len(e.KeyID) > 4*64+3 { // 64 bytes, all of them escaped
				t.Fatalf("%d and %d bytes: %q, %q", len(e.Got), len(e.KeyID), e.Got, e.KeyID)
			}
			if len(all) == 0 {
				break
			}
		}
		for _, line := range logLines(last) {
			fixture.WantPlain(t, strings.TrimSuffix(line, "\n"))
		}
	}
	if refused < rounds/2 || statuses[200] < rounds/250 || statuses[400] < rounds/50 || statuses[401] < rounds/5 || statuses[403] < rounds/50 || statuses[503] < rounds/1000 {
		t.Errorf("%d of %d were refused: %v", refused, rounds, statuses)
	}
}

// logLines are the lines that a refusal makes in a log.
func logLines(e *jwt.Error) (lines []string) {
	for _, handler := range []func(io.Writer) slog.Handler{
		func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var log bytes.Buffer
		slog.New(handler(&log)).Error("refused", "jwt", e)
		lines = append(lines, log.String())
	}
	var log bytes.Buffer
	stdlog.New(&log, "", 0).Printf("refused: %v", e)
	return append(lines, log.String())
}

// Check is the whole decision and writes nothing; Challenge tells OnRefusal once, and answers.
func TestCheckAndChallenge(t *testing.T) {
	told := 0
	r, err := jwt.NewResource(fixture.NewVerifier(t), jwt.ResourceConfig{OnRefusal: func(req *http.Request, e *jwt.Error) {
		if req == nil || e.Reason != jwt.ReasonScopeMissing {
			t.Errorf("got %v, %v", req, e)
		}
		told++
	}})
	if err != nil {
		t.Fatal(err)
	}
	req := fixture.Request("Bearer " + fixture.Issuer().Token(claims{"scope": "a"}))
	if token, err := r.Check(req, jwt.Scope("a")); err != nil || token.Subject() != "test-subject" {
		t.Errorf("got %v, %v", token, err)
	}
	token, err := r.Check(req, jwt.Scope("a"), jwt.Scope("b"))
	if token != nil || !errors.Is(err, jwt.ErrScope) || told != 0 {
		t.Errorf("got %v, %v, and OnRefusal was told %d times", token, err, told)
	}
	if token, err := r.Check(req, jwt.Scope()); token != nil || !errors.Is(err, jwt.ErrScope) {
		t.Errorf("a mistake is met: %v, %v", token, err)
	}
	w := httptest.NewRecorder()
	r.Challenge(w, req, err)
	wantAnswer(t, w.Result(), 403, "insufficient_scope", missingScope+`, scope="a b"`)
	if told != 1 {
		t.Errorf("OnRefusal was told %d times", told)
	}
}

// A route is decided alike by Require, by Check, by Meets, by Trace and, for the token alone, by Verify.
func TestRouteAgreement(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) { // refusals tell how long ago a token expired
		v := fixture.NewVerifier(t)
		r := fixture.Resource(t, jwt.ResourceConfig{}, nil)
		tokens := []claims{nil, {"scope": "a"}, {"scope": "a b"}, {"scp": []string{"b"}}, {"acr": "gold", "scope": "b"}, {"auth_time": 1}, {"auth_time": time.Now().Unix()},
			{"roles": []string{"x", "y"}}, {"roles": "x"}, {"roles": 1}, {"org": claims{"id": 7}}, {"exp": 1}, {"aud": "other"}, {"cnf": claims{"jkt": "x"}}}
		routes := [][]jwt.Requirement{nil, {jwt.Scope("a")}, {jwt.Scope("a", "b")}, {jwt.Scope("a"), jwt.Scope("b")}, {jwt.ACR("gold")}, {jwt.MaxAuthAge(time.Hour)},
			{jwt.Claim("roles").Has("x")}, {jwt.Claim("roles").HasAny("y", "z")}, {jwt.Claim("org", "id").Equals(7)}, {jwt.Any(jwt.Scope("a"), jwt.Claim("roles").Has("x"))},
			{jwt.All(jwt.ACR("gold"), jwt.Scope("b"))}, {jwt.Scope("a"), jwt.Claim("roles").Has("x"), jwt.ACR("gold")}, {jwt.Scope()}, {jwt.Scope("a"), jwt.All()}, {nil}}
		met, unmet := 0, 0
		for _, c := range tokens {
			text := fixture.Issuer().Token(c)
			for _, reqs := range routes {
				token, err := v.Verify(t.Context(), text)
				if err == nil {
					if err = token.Meets(reqs...); err == nil {
						met++
					}
				}
				if err != nil {
					unmet++
				}
				checked, checkErr := r.Check(fixture.Request("Bearer "+text), reqs...)
				trace := v.Trace(t.Context(), text, time.Time{}, reqs...)
				fixture.WantSameRefusal(t, err, trace)
				fixture.WantSameRefusal(t, checkErr, trace)
				if (checked != nil) != (err == nil) {
					t.Errorf("%v, %v: Check returns %v", c, reqs, checked)
				}
				status := 200
				if err != nil {
					status = r.Refusal(err).Status
				}
				guard, mistake := guardOf(r, reqs)
				if mistake != (fmt.Sprint(reqs) == "[Scope()]" || fmt.Sprint(reqs) == `[Scope("a") All()]` || fmt.Sprint(reqs) == "[<nil>]") {
					t.Errorf("%v: a mistake: %v", reqs, mistake)
				}
				if !mistake {
					if resp := answerTo(guard, fixture.Request("Bearer "+text)); resp.StatusCode != status {
						t.Errorf("%v, %v: Require answers %d, want %d", c, reqs, resp.StatusCode, status)
					}
				}
			}
		}
		if met < 20 || unmet < 100 {
			t.Errorf("%d met, %d not", met, unmet)
		}
	})
}

// guardOf returns the middleware of a route, or that it is a mistake.
func guardOf(r *jwt.Resource, reqs []jwt.Requirement) (guard func(http.Handler) http.Handler, mistake bool) {
	defer func() { mistake = recover() != nil }()
	return r.Require(reqs...), false
}

// A token that nobody verified meets nothing, and FromContext has none of it.
func TestTokenIsProof(t *testing.T) {
	for _, token := range []*jwt.Token{nil, {}} {
		if err := token.Meets(); !errors.Is(err, jwt.ErrNoToken) {
			t.Errorf("%v meets nothing at all: %v", token, err)
		}
		good, err := fixture.Verify(fixture.NewVerifier(t), fixture.Issuer().Token(nil))
		fixture.WantAccepted(t, good, err)
		for _, ctx := range []context.Context{t.Context(), jwt.NewContext(t.Context(), good)} {
			if got, ok := jwt.FromContext(jwt.NewContext(ctx, token)); ok || got != nil {
				t.Errorf("FromContext returns %v", got)
			}
		}
	}
}

// A context from NewContext gives handlers a token and passes no guard, whatever the request.
func TestNewContext(t *testing.T) {
	v := fixture.NewVerifier(t)
	good, err := fixture.Verify(v, fixture.Issuer().Token(claims{"scope": "a"}))
	fixture.WantAccepted(t, good, err)
	ctx := jwt.NewContext(t.Context(), good)
	if got, ok := jwt.FromContext(ctx); !ok || got != good {
		t.Errorf("got %v", got)
	}
	r := fixture.Resource(t, jwt.ResourceConfig{}, nil)
	for _, authorization := range [][]string{nil, {"Bearer x"}, {"Bearer " + fixture.Issuer().Token(claims{"exp": 1})}} {
		req := fixture.Request(authorization...).WithContext(ctx)
		for name, guard := range map[string]func(http.Handler) http.Handler{"Verifier": v.Require(), "Resource": r.Require()} {
			if resp := answerTo(guard, req); resp.StatusCode != 401 {
				t.Errorf("%s: status %d", name, resp.StatusCode)
			}
		}
		if token, err := r.Check(req); token != nil || err == nil {
			t.Errorf("Check returns %v", token)
		}
	}
}

// Guards within guards verify a token once; whatever is another request is verified anew.
func TestNestedGuards(t *testing.T) {
	good, other := fixture.Issuer().Token(nil), fixture.Issuer().Token(claims{"sub": "other"})
	calls := 0
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Validate = func(context.Context, *jwt.Token) error { calls++; return nil } })
	newResource := func(c jwt.ResourceConfig) *jwt.Resource {
		r, err := jwt.NewResource(v, c)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := newResource(jwt.ResourceConfig{Cookie: "session"})
	same := func(*http.Request) *http.Request { return nil }
	changed := func(change func(*http.Request)) func(*http.Request) *http.Request {
		return func(req *http.Request) *http.Request {
			req = req.Clone(req.Context())
			change(req)
			return req
		}
	}
	for name, c := range map[string]struct {
		outer, inner func(...jwt.Requirement) func(http.Handler) http.Handler
		between      func(*http.Request) *http.Request // nil: the same request
		calls        int
	}{
		"one resource":           {r.Require, r.Require, same, 1},
		"one verifier":           {v.Require, v.Require, same, 1},
		"another resource":       {r.Require, newResource(jwt.ResourceConfig{Cookie: "session"}).Require, same, 2},
		"a resource of another":  {v.Require, r.Require, same, 2},
		"another verifier":       {r.Require, fixture.NewVerifier(t).Require, same, 1}, // whose Validate is not counted
		"path for the router":    {r.Require, r.Require, changed(func(req *http.Request) { req.URL.Path = "/stripped" }), 1},
		"another header field":   {r.Require, r.Require, changed(func(req *http.Request) { req.Header.Set("X", "y") }), 1},
		"credential in a cookie": {r.Require, r.Require, changed(func(req *http.Request) { req.Header.Del("Authorization"); req.Header.Set("Cookie", "session="+good) }), 1},
		"credential":             {r.Require, r.Require, changed(func(req *http.Request) { req.Header.Set("Authorization", "Bearer "+other) }), 2},
		"no request target":      {r.Require, r.Require, changed(func(req *http.Request) { req.RequestURI = "" }), 2},
		"method":                 {r.Require, r.Require, changed(func(req *http.Request) { req.Method = "POST" }), 2},
		"request target":         {r.Require, r.Require, changed(func(req *http.Request) { req.RequestURI = "/other" }), 2},
		"TLS":                    {r.Require, r.Require, changed(func(req *http.Request) { req.TLS = new(tls.ConnectionState) }), 2},
		"DPoP":                   {r.Require, r.Require, changed(func(req *http.Request) { req.Header.Set("DPoP", "x") }), 2},
		"Client-Cert":            {r.Require, r.Require, changed(func(req *http.Request) { req.Header.Set("Client-Cert", ":x:") }), 2},
		"context of another":     {r.Require, r.Require, changed(func(req *http.Request) { *req = *req.WithContext(jwt.NewContext(context.Background(), nil)) }), 2},
	} {
		t.Run(name, func(t *testing.T) {
			calls = 0
			inner := c.inner()(subject)
			between := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if next := c.between(req); next != nil {
					req = next
				}
				inner.ServeHTTP(w, req)
			})
			w := httptest.NewRecorder()
			c.outer()(between).ServeHTTP(w, fixture.Request("Bearer "+good))
			if w.Code != 200 || calls != c.calls {
				t.Errorf("status %d, Validate was called %d times, want %d", w.Code, calls, c.calls)
			}
		})
	}
	refused := r.Require()(r.Require(jwt.Scope("a"))(subject))
	w := httptest.NewRecorder()
	refused.ServeHTTP(w, fixture.Request("Bearer "+good))
	if w.Code != 403 {
		t.Errorf("the inner guard's requirement: status %d", w.Code)
	}
	replaced := r.Require()(changedBetween(r.Require()(subject), func(req *http.Request) { req.Header.Set("Authorization", "Bearer x") }))
	w = httptest.NewRecorder()
	replaced.ServeHTTP(w, fixture.Request("Bearer "+good))
	if w.Code != 401 {
		t.Errorf("another credential for the inner guard: status %d", w.Code)
	}
}

func changedBetween(next http.Handler, change func(*http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req = req.Clone(req.Context())
		change(req)
		next.ServeHTTP(w, req)
	})
}

// A token that ends between two guards is refused by the second, which repeats nothing of it either.
func TestNestedGuardsTime(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		header := `{"alg":"RS256","kid":"rs256-1"}`
		text := fixture.Issuer().SignRaw(jwt.RS256, header, fixture.Payload(`"sub":"`+fixture.B64(header)+`"`))
		var last *jwt.Error
		r := fixture.Resource(t, jwt.ResourceConfig{}, &last)
		h := r.Require()(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			time.Sleep(2 * time.Hour)
			r.Require()(subject).ServeHTTP(w, req)
		}))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, fixture.Request("Bearer "+text))
		if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("status %d, %q", w.Code, w.Header())
		}
		if last == nil || last.Reason != jwt.ReasonTokenExpired || last.Subject != "(withheld)" {
			t.Errorf("got %+v", last)
		}
	})
}

// Not even the name of the header field is told, if the token holds it.
func TestStrayByteWithheld(t *testing.T) {
	const name = "X-Forwarded-Access-Token"
	var last *jwt.Error
	req := fixture.Request("")
	req.Header.Set(name, "Bearer "+name+"\x01")
	answerTo(fixture.Resource(t, jwt.ResourceConfig{HeaderField: name}, &last).Require(), req)
	if last == nil || last.Reason != jwt.ReasonCredentialMalformed || strings.Contains(fmt.Sprint(tellings(last)), name) {
		t.Errorf("got %+v", last)
	}
}

// The context of a guarded request tells nothing of the credential, however it is printed.
func TestGuardedContextPrints(t *testing.T) {
	text := fixture.Issuer().Token(nil)
	fixture.NewVerifier(t).Require()(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		for _, ctx := range []context.Context{req.Context(), ctx} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
				fixture.LookForToken(text, fmt.Sprintf(verb, ctx))
			}
		}
	})).ServeHTTP(httptest.NewRecorder(), fixture.Request("Bearer "+text))
}

// A handler that finds out what the request needs asks for it, and the challenge has all of the route.
func TestRequirementOfTheRequest(t *testing.T) {
	var told *jwt.Error
	r := fixture.Resource(t, jwt.ResourceConfig{}, &told)
	rooms := http.NewServeMux()
	rooms.Handle("GET /meets/{room}", r.Require(jwt.Scope("rooms"))(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		token, _ := jwt.FromContext(req.Context())
		if err := token.Meets(jwt.Scope("room:" + req.PathValue("room"))); err != nil {
			r.Challenge(w, req, err)
		}
	})))
	rooms.HandleFunc("GET /check/{room}", func(w http.ResponseWriter, req *http.Request) {
		if _, err := r.Check(req, jwt.Scope("rooms", "room:"+req.PathValue("room"))); err != nil {
			r.Challenge(w, req, err)
		}
	})
	for _, path := range []string{"/meets/", "/check/"} {
		for room, status := range map[string]int{"6": 200, "7": 403} {
			told = nil
			req := httptest.NewRequest("GET", path+room, nil)
			req.Header.Set("Authorization", "Bearer "+fixture.Issuer().Token(claims{"scope": "rooms room:6"}))
			w := httptest.NewRecorder()
			rooms.ServeHTTP(w, req)
			if w.Code != status || (told != nil) != (status == 403) {
				t.Errorf("%s%s: status %d, OnRefusal was told %v", path, room, w.Code, told)
			}
			if status == 403 {
				wantAnswer(t, w.Result(), 403, "insufficient_scope", missingScope+`, scope="rooms room:7"`)
				if told.Want != `"room:7"` || told.Subject != "test-subject" {
					t.Errorf("got %+v", told)
				}
			}
		}
	}
}

// A challenge says what the route asks for, in 401 as in 403, also before there is a token; and never
// nothing (RFC 6750 section 3).
func TestChallengeScope(t *testing.T) {
	good, expired := "Bearer "+fixture.Issuer().Token(claims{"scope": "a"}), "Bearer "+fixture.Issuer().Token(claims{"exp": 1})
	all, any := []jwt.Requirement{jwt.Scope("a"), jwt.Scope("b", "a")}, []jwt.Requirement{jwt.Any(jwt.Scope("x"), jwt.Claim("roles").Has("y"))}
	for _, c := range []struct {
		config        jwt.ResourceConfig
		reqs          []jwt.Requirement
		authorization []string
		challenge     string
	}{
		{jwt.ResourceConfig{}, nil, nil, `Bearer realm="api"`},
		{jwt.ResourceConfig{Realm: "shop"}, nil, nil, `Bearer realm="shop"`},
		{jwt.ResourceConfig{}, all, nil, `Bearer scope="a b"`},
		{jwt.ResourceConfig{Realm: "shop"}, all, nil, `Bearer realm="shop", scope="a b"`},
		{jwt.ResourceConfig{}, all, []string{expired}, invalidToken + `, scope="a b"`},
		{jwt.ResourceConfig{}, all, []string{good}, missingScope + `, scope="a b"`},
		{jwt.ResourceConfig{}, all, []string{good, good}, badRequest},
		{jwt.ResourceConfig{Require: []jwt.Requirement{jwt.Scope("every")}}, all, nil, `Bearer scope="every a b"`},
		{jwt.ResourceConfig{Require: []jwt.Requirement{jwt.Scope("every")}}, nil, []string{good}, missingScope + `, scope="every"`},
		{jwt.ResourceConfig{}, any, []string{good}, missingScope + `, scope="x"`},
		{jwt.ResourceConfig{}, []jwt.Requirement{jwt.Scope("a"), jwt.ACR("gold"), jwt.MaxAuthAge(time.Minute)}, []string{good}, reauthenticat + `, scope="a", acr_values="gold"`},
		{jwt.ResourceConfig{}, []jwt.Requirement{jwt.Claim("roles").Has("x")}, nil, `Bearer realm="api"`},
	} {
		resp := answerTo(fixture.Resource(t, c.config, nil).Require(c.reqs...), fixture.Request(c.authorization...))
		if got := resp.Header["Www-Authenticate"]; len(got) != 1 || got[0] != c.challenge {
			t.Errorf("%v: got %q, want %q", c.reqs, got, c.challenge)
		}
	}
	r := fixture.Resource(t, jwt.ResourceConfig{}, nil)
	w := httptest.NewRecorder()
	r.Require(jwt.Scope("a"))(r.Require(jwt.Scope("b"))(r.Require(jwt.Scope("c"))(subject))).ServeHTTP(w, fixture.Request("Bearer "+fixture.Issuer().Token(claims{"scope": "a b"})))
	wantAnswer(t, w.Result(), 403, "insufficient_scope", missingScope+`, scope="a b c"`)

	// A guard of another resource in between takes nothing away.
	w = httptest.NewRecorder()
	r.Require(jwt.Scope("a"))(fixture.Resource(t, jwt.ResourceConfig{}, nil).Require()(r.Require(jwt.Scope("c"))(subject))).ServeHTTP(w, fixture.Request("Bearer "+fixture.Issuer().Token(claims{"scope": "a b"})))
	wantAnswer(t, w.Result(), 403, "insufficient_scope", missingScope+`, scope="a c"`)

	// Hosts that are no HTTP server say the same.
	every := fixture.Resource(t, jwt.ResourceConfig{Require: []jwt.Requirement{jwt.Scope("every")}}, nil)
	if got := every.Refusal((*jwt.Token)(nil).Meets(jwt.Scope("read"))).Header.Get("WWW-Authenticate"); got != `Bearer scope="every read"` {
		t.Errorf("got %q", got)
	}
	_, err := fixture.Verify(fixture.NewVerifier(t), "x")
	if got := every.Refusal(err).Header.Get("WWW-Authenticate"); got != invalidToken+`, scope="every"` {
		t.Errorf("got %q", got)
	}
}

// What others put into the answer's header stays, but for what is of another answer.
func TestChallengeAmongOthers(t *testing.T) {
	w := httptest.NewRecorder()
	for _, value := range []string{`ApiKey realm="shop"`, `Basic realm="staging"`} {
		w.Header().Add("WWW-Authenticate", value)
	}
	plain := "ETag" // as the RFC writes it, and net/http does not
	w.Header()[plain] = []string{`"y"`}
	for name, value := range map[string]string{"Content-Length": "999", "Content-Encoding": "gzip", "ETag": `"x"`, "Content-Type": "text/html", "Cache-Control": "max-age=60", "X-Request-Id": "7"} {
		w.Header().Set(name, value)
	}
	fixture.Resource(t, jwt.ResourceConfig{}, nil).Require()(subject).ServeHTTP(w, fixture.Request())
	h := w.Result().Header
	if got := h["Www-Authenticate"]; !slices.Equal(got, []string{`ApiKey realm="shop"`, `Basic realm="staging"`, bearer}) {
		t.Errorf("got the challenges %q", got)
	}
	if len(h[plain]) > 0 {
		t.Errorf("ETag is %q", h[plain])
	}
	for name, want := range map[string]string{"Content-Length": "", "Content-Encoding": "", "ETag": "", "Content-Type": "application/json", "Cache-Control": "no-store", "X-Request-Id": "7"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Answer gives the body alone; Refusal is what Challenge writes, byte for byte.
func TestAnswer(t *testing.T) {
	r := fixture.Resource(t, jwt.ResourceConfig{Realm: "shop", Answer: func(req *http.Request, refusal jwt.Refusal) (string, []byte) {
		for name := range refusal.Header {
			refusal.Header[name][0] = "changed"
		}
		return "application/problem+json", fmt.Appendf(nil, `{"status":%d,"title":%q,"detail":%q,"instance":%q}`, refusal.Status, refusal.Code, refusal.Description, req.URL.Path)
	}}, nil)
	good := "Bearer " + fixture.Issuer().Token(nil)
	for _, req := range []*http.Request{fixture.Request(), fixture.Request("Bearer x"), fixture.Request(good, good), fixture.Request(good)} {
		_, err := r.Check(req, jwt.Scope("a"))
		want := r.Refusal(err)
		resp := answerTo(r.Require(jwt.Scope("a")), req)
		for name, values := range want.Header {
			if !slices.Equal(resp.Header[name], values) {
				t.Errorf("%s is %q, want %q", name, resp.Header[name], values)
			}
		}
		body, _ := io.ReadAll(resp.Body)
		if text := fmt.Sprintf(`{"status":%d,"title":%q,"detail":%q,"instance":"/"}`, want.Status, want.Code, want.Description); resp.StatusCode != want.Status || string(body) != text || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
		}
	}
	empty := fixture.Resource(t, jwt.ResourceConfig{Answer: func(*http.Request, jwt.Refusal) (string, []byte) { return "", nil }}, nil)
	resp := answerTo(empty.Require(), fixture.Request())
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 401 || len(body) > 0 || len(resp.Header["Content-Type"]) > 0 {
		t.Errorf("%d %q %q", resp.StatusCode, body, resp.Header["Content-Type"])
	}
	down := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
			return nil, &jwt.Error{Reason: jwt.ReasonKeysUnavailable, RetryAfter: 90 * time.Second}
		})
	})
	_, err := down.Verify(t.Context(), fixture.Issuer().Token(nil))
	if got := r.Refusal(err); got.Status != 503 || got.Header.Get("Retry-After") != "90" || len(got.Header["Www-Authenticate"]) > 0 {
		t.Errorf("got %+v", got)
	}
}

// OnRefusal gets every refusal, whoever made the error.
func TestOnRefusalIsTold(t *testing.T) {
	var last *jwt.Error
	r := fixture.Resource(t, jwt.ResourceConfig{}, &last)
	for _, c := range []struct {
		err    error
		status int
		text   string
	}{
		{fmt.Errorf("not the owner: %w", jwt.ErrScope), 403, "jwt: refused by validation: not the owner: insufficient scope"},
		{jwt.ErrUnavailable, 503, "jwt: validation unavailable: unavailable"},
		{errors.New("mine"), 500, "jwt: refused: mine"},
		{(*jwt.Error)(nil), 500, "jwt: refused: a nil *Error"},
		{nil, 500, "jwt: refused: it was refused without an error"},
	} {
		last = nil
		w := httptest.NewRecorder()
		r.Challenge(w, fixture.Request(), c.err)
		if w.Code != c.status || last == nil || last.Error() != c.text {
			t.Errorf("%v: status %d, OnRefusal was told %v", c.err, w.Code, last)
		}
	}
}

// A Resource that NewResource did not make refuses every request, and says that it is its own fault.
func TestZeroResource(t *testing.T) {
	for _, r := range []*jwt.Resource{nil, {}} {
		for _, req := range []*http.Request{fixture.Request(), fixture.Request("Bearer " + fixture.Issuer().Token(nil))} {
			wantAnswer(t, answerTo(r.Require(), req), 503, "temporarily_unavailable", "")
			token, err := r.Check(req)
			if token != nil || r.Refusal(err).Status != 503 {
				t.Errorf("Check returns %v, %v", token, err)
			}
		}
	}
}

// A claim may hold a piece of its own token: the refusal repeats none of it.
func TestMeetsRepeatsNoToken(t *testing.T) {
	v := fixture.NewVerifier(t)
	header, _, _ := strings.Cut(fixture.Issuer().Token(nil), ".")
	text := fixture.Issuer().Token(claims{"jti": header, "azp": "client"})
	token, err := fixture.Verify(v, text)
	fixture.WantAccepted(t, token, err)
	var refusal *jwt.Error
	if err := token.Meets(jwt.Claim("jti").Equals("x")); !errors.As(err, &refusal) || refusal.TokenID != "(withheld)" || refusal.Got != "(withheld)" || refusal.ClientID != "client" {
		t.Errorf("got %+v", refusal)
	}
}

// A hook that panics is reported once, and the refusal is sent all the same.
func TestHooksThatPanic(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	r, err := jwt.NewResource(fixture.NewVerifier(t), jwt.ResourceConfig{
		OnRefusal: func(*http.Request, *jwt.Error) { panic("in OnRefusal") },
		Answer:    func(*http.Request, jwt.Refusal) (string, []byte) { panic(http.ErrAbortHandler) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		wantAnswer(t, answerTo(r.Require(), fixture.Request()), 401, "unauthorized", bearer)
	}
	for _, hook := range []string{"ResourceConfig.OnRefusal panicked", "ResourceConfig.Answer panicked"} {
		if n := strings.Count(log.String(), hook); n != 1 {
			t.Errorf("%s was reported %d times: %s", hook, n, &log)
		}
	}
}

// A service without a verifier has itself to blame, with a token and without.
func TestNoVerifier(t *testing.T) {
	for _, v := range []*jwt.Verifier{nil, {}} {
		for _, req := range []*http.Request{fixture.Request(), fixture.Request("Bearer " + fixture.Issuer().Token(nil)), fixture.Request("Bearer x")} {
			wantAnswer(t, answerTo(v.Require(), req), 503, "temporarily_unavailable", "")
		}
	}
}

// To ask for more never lets a token through that was refused.
func TestRequirementsOnlyNarrow(t *testing.T) {
	rng := rand.New(rand.NewPCG(7519, 6750))
	words := []string{"a", "b", "c"}
	word := func() string { return words[rng.IntN(len(words))] }
	var make func(depth int) jwt.Requirement
	make = func(depth int) jwt.Requirement {
		switch n := rng.IntN(10); {
		case n < 2 && depth > 0:
			return jwt.All(make(depth-1), make(depth-1))
		case n < 4 && depth > 0:
			return jwt.Any(make(depth-1), make(depth-1))
		case n < 6:
			return jwt.Scope(word())
		case n < 7:
			return jwt.ACR(word(), word())
		case n < 8:
			return jwt.Claim(word()).Equals([]any{word(), 1, true}[rng.IntN(3)])
		case n < 9:
			return jwt.Claim(word()).HasAny(word(), word())
		}
		return []jwt.Requirement{jwt.MaxAuthAge(time.Hour), jwt.Scope(), jwt.Claim(word(), word()).Has(word()), nil}[rng.IntN(4)]
	}
	value := func() any {
		return []any{word(), []string{word(), word()}, 1, true, claims{word(): claims{word(): "x"}}, word() + " " + word()}[rng.IntN(6)]
	}
	v := fixture.NewVerifier(t)
	refused, let := 0, 0
	for range 300 {
		c := claims{"acr": word(), "scope": word() + " " + word(), word(): value(), word(): value()}
		if rng.IntN(2) == 0 {
			c["auth_time"] = time.Now().Unix()
		}
		token, err := fixture.Verify(v, fixture.Issuer().Token(c))
		fixture.WantAccepted(t, token, err)
		for range 30 {
			var reqs []jwt.Requirement
			for range 1 + rng.IntN(3) {
				reqs = append(reqs, make(2))
			}
			err := token.Meets(reqs...)
			if err == nil {
				let++
				continue
			}
			refused++
			more := slices.Insert(slices.Clone(reqs), rng.IntN(len(reqs)+1), make(2))
			if token.Meets(more...) == nil || token.Meets(jwt.All(more...)) == nil {
				t.Fatalf("%v refuses %v, and %v does not", reqs, c, more)
			}
		}
	}
	if refused < 1000 || let < 300 {
		t.Errorf("%d refused, %d let through", refused, let)
	}
}

// Usual mistakes of clients are named.
func TestCredentialMistakes(t *testing.T) {
	good := fixture.Issuer().Token(nil)
	for value, want := range map[string]string{
		"Bearer Bearer " + good:  "has the word Bearer twice",
		"Bearer bearer":          "has the word Bearer twice",
		"\ufeffBearer " + good:   "has a byte order mark",
		"Bearer \ufeff" + good:   "has a byte order mark",
		"Bearer undefined":       "sent the word undefined in its place",
		"Bearer null":            "sent the word null in its place",
		"Bearer [object Object]": `holds "["`,
		"Bearer nullable":        "so it is not a JWT",
		good:                     "without the word Bearer",
	} {
		_, err := fixture.Resource(t, jwt.ResourceConfig{}, nil).Check(fixture.Request(value))
		if err == nil || !strings.Contains(err.Error(), want) || value == "Bearer nullable" && strings.Contains(err.Error(), "the word") {
			t.Errorf("%.20q: got %v, want %s", value, err, want)
		}
	}
}
