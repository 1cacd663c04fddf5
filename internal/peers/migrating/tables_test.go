// This file asks all libraries about the same tokens, and holds the tables of docs/migrating.md to their answers.

package migrating

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v3"
)

const page = "../../../docs/migrating.md"

// A peer is a library with the settings of the page.
type peer struct {
	name   string
	verify func(context.Context, string) error
	answer func(error) string // names an error, and the status of the library's own answer if it has one
}

// peersOf sets all libraries up for an issuer, this package last.
func peersOf(t *testing.T, iss *jwttest.Issuer) []peer {
	t.Helper()
	ctx := t.Context()
	golang, err := golangJWT(ctx, iss.URL, keysOf(iss))
	if err != nil {
		t.Fatal(err)
	}
	connect, err := goOIDC(ctx, iss.URL)
	if err != nil {
		t.Fatal(err)
	}
	tokens, middleware, err := goJWTMiddleware(iss.URL)
	if err != nil {
		t.Fatal(err)
	}
	jose, err := jwx(ctx, iss.URL, keysOf(iss))
	if err != nil {
		t.Fatal(err)
	}
	v, err := newAssay(iss.URL)
	if err != nil {
		t.Fatal(err)
	}
	var last string // the token that the middleware was asked about, for its status
	return []peer{
		{"golang-jwt, keyfunc", golang, golangJWTError},
		{"go-oidc", connect, goOIDCError},
		{"go-jwt-middleware", func(ctx context.Context, text string) error {
			last = text
			_, err := tokens.ValidateToken(ctx, text)
			return err
		}, func(err error) string {
			answer := handled(middleware.CheckJWT(http.NotFoundHandler()), last)
			return fmt.Sprintf("%s, %d", goJWTMiddlewareError(err), answer.Code)
		}},
		{"jwx", jose, jwxError},
		{"assay", func(ctx context.Context, text string) error {
			_, err := v.Verify(ctx, text)
			return err
		}, func(err error) string { return fmt.Sprintf("%s, %d", assayError(err), statusOf(v, err)) }},
	}
}

// A sample is a token, and what is done to its issuer before the token is made.
type sample struct {
	name   string
	token  func(*jwttest.Issuer) string
	before func(*jwttest.Issuer) // nil: nothing, and an issuer that all such samples share
	alike  string                // which settings make the answers alike, for the table of defaults
}

// with returns a good token with other claims.
func with(claims jwttest.Claims) func(*jwttest.Issuer) string {
	return func(iss *jwttest.Issuer) string {
		all := jwttest.Claims{"tenant": "acme"}
		for name, value := range claims {
			all[name] = value
		}
		return iss.Token(all)
	}
}

// minted returns a token that is good but for its header or signature.
func minted(alg jwt.Algorithm, header map[string]any) func(*jwttest.Issuer) string {
	return func(iss *jwttest.Issuer) string {
		return iss.Mint(jwttest.Spec{Algorithm: alg, Header: header, Claims: jwttest.Claims{"tenant": "acme"}})
	}
}

// in returns a NumericDate.
func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// timed returns a good token with dates that are so far from the time when it is made.
func timed(dates map[string]time.Duration) func(*jwttest.Issuer) string {
	return func(iss *jwttest.Issuer) string {
		claims := jwttest.Claims{}
		for name, d := range dates {
			claims[name] = in(d)
		}
		return with(claims)(iss)
	}
}

// defaults are good tokens, and those about which the defaults differ.
var defaults = []sample{
	{"is good", with(nil), nil, "nothing to do"},
	{"has no `exp`", with(jwttest.Claims{"exp": nil}), nil,
		"`jwt.WithExpirationRequired`, `validator.WithRegisteredClaimsValidator`, `jwt.WithRequiredClaim`"},
	{"expired 5 seconds ago", timed(map[string]time.Duration{"iat": -time.Hour, "exp": -5 * time.Second}), nil,
		"assay: `Leeway: -1`; `jwt.WithLeeway`, `validator.WithAllowedClockSkew`, `jwt.WithAcceptableSkew`"},
	{"has an `nbf` in 2 minutes", timed(map[string]time.Duration{"nbf": 2 * time.Minute}), nil,
		"assay: `Leeway: 5 * time.Minute`, which holds for `exp` and `iat`, too"},
	{"has an `iat` in an hour", timed(map[string]time.Duration{"iat": time.Hour, "exp": 2 * time.Hour}), nil,
		"`jwt.WithIssuedAt`"},
	{"has the algorithm ES256; the issuer has keys for RS256 and ES256", minted(jwt.ES256, nil), nil,
		"assay: `Algorithms: []jwt.Algorithm{jwt.RS256}`; `jwt.WithValidMethods`, `oidc.Config.SupportedSigningAlgs`, `validator.WithAlgorithms`"},
	{"has no `kid`; one key of the set fits", minted(jwt.RS256, map[string]any{"kid": nil}), nil,
		"`jws.WithRequireKid(false)`"},
	{"has a key that was published after the last fetch", with(nil), (*jwttest.Issuer).Rotate,
		"`jwks.WithCacheTTL`, `jwk.WithMaxInterval` and `Cache.Refresh`"},
}

// mistakes are the tokens of the table of errors.
var mistakes = []sample{
	{"expired an hour ago", timed(map[string]time.Duration{"iat": -2 * time.Hour, "exp": -time.Hour}), nil, ""},
	{"valid in an hour", timed(map[string]time.Duration{"nbf": time.Hour, "exp": 2 * time.Hour}), nil, ""},
	{"of another issuer", with(jwttest.Claims{"iss": "https://other.example/"}), nil, ""},
	{"for another audience", with(jwttest.Claims{"aud": "https://other.example"}), nil, ""},
	{"changed after it was signed", func(iss *jwttest.Issuer) string {
		signed, other := with(nil)(iss), with(jwttest.Claims{"sub": "mallory"})(iss)
		return other[:strings.LastIndexByte(other, '.')] + signed[strings.LastIndexByte(signed, '.'):]
	}, nil, ""},
	{"with an unknown `kid`", minted(jwt.RS256, map[string]any{"kid": "unknown"}), nil, ""},
	{"signed with HS256", minted(jwt.HS256, nil), nil, ""},
	{"no token at all: `abc`", func(*jwttest.Issuer) string { return "abc" }, nil, ""},
}

// answers asks each library about each sample.
func answers(t *testing.T, samples []sample, name func(p peer, err error) string) (rows [][]string) {
	shared := peersOf(t, iss)
	for _, s := range samples {
		issuer, peers := iss, shared
		if s.before != nil {
			issuer = another(t)
			peers = peersOf(t, issuer)
			good := with(nil)(issuer)
			for _, p := range peers {
				if err := p.verify(t.Context(), good); err != nil {
					t.Errorf("%s refuses a good token: %v", p.name, err)
				}
			}
			s.before(issuer)
		}
		token := s.token(issuer)
		row := []string{s.name}
		for _, p := range peers {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			err := p.verify(ctx, token)
			cancel()
			row = append(row, name(p, err))
			t.Logf("%s: %s: %v", s.name, p.name, err)
		}
		if s.alike != "" {
			row = append(row, s.alike)
		}
		rows = append(rows, row)
	}
	return rows
}

// table writes a table of Markdown.
func table(head string, rows [][]string) string {
	text := head + "\n|" + strings.Repeat("---|", strings.Count(head, "|")-1) + "\n"
	for _, row := range rows {
		text += "| " + strings.Join(row, " | ") + " |\n"
	}
	return text
}

// holds compares a table with the one of the page that has the same head, or writes it there.
func holds(t *testing.T, want string) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(want, "\n")
	before, rest, found := strings.Cut(string(text), head+"\n")
	if !found {
		t.Fatalf("the page has no table %s", head)
	}
	old := head + "\n"
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		old += line
	}
	switch {
	case old == want:
	case *update:
		if err := os.WriteFile(page, []byte(before+want+strings.TrimPrefix(string(text), before+old)), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the page has\n%s\nwant (go test ./migrating -update)\n%s", old, want)
	}
}

func TestDefaults(t *testing.T) {
	rows := answers(t, defaults, func(_ peer, err error) string {
		if err == nil {
			return "accepted"
		}
		return "refused"
	})
	holds(t, table("| a token that | golang-jwt, keyfunc | go-oidc | go-jwt-middleware | jwx | assay | alike |", rows))
}

// elsewhere has the one answer that is not of this run. go-jwt-middleware finds this case by the text of an error of
// jwx, its go.mod asks for v3.0.13, and the newer jwx of this module has another text.
var elsewhere = map[string]string{"`token_malformed`, 401, changed after it was signed": "`invalid_signature`, 401"}

func TestErrors(t *testing.T) {
	rows := answers(t, mistakes, func(p peer, err error) string {
		if err == nil {
			return "accepted"
		}
		return p.answer(err)
	})
	for _, row := range rows {
		if answer, found := elsewhere[row[3]+", "+row[0]]; found {
			row[3] = answer
		}
	}
	holds(t, table("| a token | golang-jwt, keyfunc | go-oidc | go-jwt-middleware | jwx | assay |", rows))
}

// What the two libraries with a guard of their own answer to a request, as far as its token does not decide.
func TestRequests(t *testing.T) {
	tokens, middleware, err := goJWTMiddleware(issuer)
	if err != nil {
		t.Fatal(err)
	}
	var refused error
	theirs, err := jwtmiddleware.New(jwtmiddleware.WithValidator(tokens), jwtmiddleware.WithErrorHandler(
		func(_ http.ResponseWriter, _ *http.Request, err error) { refused = err }))
	if err != nil {
		t.Fatal(err)
	}
	v, err := newAssay(issuer)
	if err != nil {
		t.Fatal(err)
	}
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(_ *http.Request, e *jwt.Error) { refused = e }})
	if err != nil {
		t.Fatal(err)
	}
	read := api.Require(jwt.Scope("read:orders"))(http.HandlerFunc(orders))
	token := with(nil)(iss)
	var rows [][]string
	for _, c := range []struct {
		name   string
		fields []string
	}{
		{"has no credential", nil},
		{"has another scheme: `Basic`", []string{"Basic YTpi"}},
		{"has the word `Bearer` alone", []string{"Bearer"}},
		{"has two fields `Authorization`", []string{"Bearer " + token, "Bearer " + with(nil)(iss)}},
		{"lacks the scope of the route", []string{"Bearer " + token}},
	} {
		ask := func(h http.Handler) int {
			r := httptest.NewRequest("GET", "/orders", nil)
			r.Header["Authorization"] = c.fields
			if c.fields == nil {
				r.Header.Del("Authorization")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w.Code
		}
		row := []string{c.name, "your handler"}
		refused = nil
		if ask(theirs.CheckJWT(http.NotFoundHandler())); refused != nil {
			name := goJWTMiddlewareError(refused)
			if errors.Is(refused, jwtmiddleware.ErrJWTMissing) {
				name = "`ErrJWTMissing`"
			}
			row[1] = fmt.Sprintf("%s, %d", name, ask(middleware.CheckJWT(http.NotFoundHandler())))
		}
		status := ask(read)
		rows = append(rows, append(row, fmt.Sprintf("%s, %d", assayError(refused), status)))
	}
	holds(t, table("| a request | go-jwt-middleware | assay |", rows))
}
