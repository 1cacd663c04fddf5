// This file runs the lines of docs/migrating.md, theirs and ours with the same tokens.

package migrating

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/MicahParks/keyfunc/v3"
	golangjwt "github.com/golang-jwt/jwt/v5"
)

// good has what each handler of the page asks for.
var good = jwttest.Claims{"sub": "alice", "tenant": "acme", "scope": "read:orders"}

// must ends a test at an error of its preparation.
func must[T any](t *testing.T) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// Each guard lets a good token through to its handler, which greets the user, and refuses the others.
func TestGuards(t *testing.T) {
	keys := must[keyfunc.Keyfunc](t)(keyfunc.NewDefaultCtx(t.Context(), []string{jwksURL}))
	greet := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims := r.Context().Value(claimsKey{}).(*OrderClaims)
		w.Write([]byte("Hello, " + claims.Subject + " of " + claims.Tenant + "!\n"))
	})
	_, middleware, err := goJWTMiddleware(issuer)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := http.NewServeMux(), http.NewServeMux()
	goJWTMiddlewareRoutes(theirs, middleware)
	guarded(ours, must[*jwt.Verifier](t)(newAssay(issuer)))
	set, err := jwxKeys(t.Context(), jwksURL)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		handler http.Handler
		scopes  int // the status without the scope
	}{
		"golang-jwt":        {authenticate(golangJWTStrict(), keys.Keyfunc, greet), http.StatusOK},
		"go-jwt-middleware": {theirs, http.StatusForbidden},
		"jwx":               {jwxHandler(set), http.StatusOK},
		"assay":             {ours, http.StatusForbidden},
	} {
		if w := handled(c.handler, iss.Token(good)); w.Code != http.StatusOK || w.Body.String() != "Hello, alice of acme!\n" {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
		equal(t, name+", no token", handled(c.handler, "").Code, http.StatusUnauthorized)
		equal(t, name+", expired", handled(c.handler, iss.Token(jwttest.Claims{"tenant": "acme", "exp": 1})).Code, http.StatusUnauthorized)
		equal(t, name+", no scope", handled(c.handler, iss.Token(jwttest.Claims{"tenant": "acme"})).Code, c.scopes)
	}
	challenge := handled(ours, iss.Token(jwttest.Claims{"tenant": "acme"})).Header().Get("WWW-Authenticate")
	if !strings.Contains(challenge, `error="insufficient_scope"`) || !strings.Contains(challenge, `scope="read:orders"`) {
		t.Errorf("the challenge is %s", challenge)
	}
}

// The options of the page make golang-jwt and jwx answer as this package does where their defaults do not.
func TestAlike(t *testing.T) {
	keys := must[keyfunc.Keyfunc](t)(keyfunc.NewDefaultCtx(t.Context(), []string{jwksURL}))
	set, err := jwxKeys(t.Context(), jwksURL)
	if err != nil {
		t.Fatal(err)
	}
	v := must[*jwt.Verifier](t)(newAssayAt(jwksURL))
	exact := must[*jwt.Verifier](t)(newAssayExact())
	trailing := iss.Token(good)
	trailing = trailing[:len(trailing)-1] + string(trailing[len(trailing)-1]+1) // 256 octets leave 4 bits that say nothing
	for name, c := range map[string]struct {
		token       string
		want, exact bool
	}{
		"good":          {iss.Token(good), true, true},
		"no exp":        {with(jwttest.Claims{"exp": nil})(iss), false, false},
		"expired":       {with(jwttest.Claims{"iat": in(-time.Hour), "exp": in(-5 * time.Second)})(iss), true, false},
		"future":        {with(jwttest.Claims{"iat": in(time.Hour), "exp": in(2 * time.Hour)})(iss), false, false},
		"ES256":         {minted(jwt.ES256, nil)(iss), false, true},
		"trailing bits": {trailing, false, false},
	} {
		_, err := v.Verify(t.Context(), c.token)
		equal(t, name+", assay", err == nil, c.want)
		_, err = exact.Verify(t.Context(), c.token)
		equal(t, name+", assay without leeway", err == nil, c.exact)
		_, err = golangJWTStrict().ParseWithClaims(c.token, &OrderClaims{}, keys.Keyfunc)
		equal(t, name+", golang-jwt", err == nil, c.want)
		if name != "ES256" && name != "trailing bits" {
			equal(t, name+", jwx", jwxParse(c.token, jwxStrict(set)) == nil, c.want)
		}
	}
}

// What a token must say beyond issuer, audience and time.
func TestClaims(t *testing.T) {
	v := must[*jwt.Verifier](t)(newAssayTenant())
	for name, c := range map[string]struct {
		claims jwttest.Claims
		want   bool
	}{
		"acme":       {jwttest.Claims{"tenant": "acme"}, true},
		"other":      {jwttest.Claims{"tenant": "other"}, false},
		"none":       {nil, false},
		"no subject": {jwttest.Claims{"tenant": "acme", "sub": nil}, false},
	} {
		_, err := v.Verify(t.Context(), iss.Token(c.claims))
		equal(t, name, err == nil, c.want)
		if err != nil {
			equal(t, name+", sentinel", errors.Is(err, jwt.ErrClaims), true)
		}
	}
}

// What golang-jwt and jwx have options for, a requirement asks.
func TestAllAudiences(t *testing.T) {
	keys := must[keyfunc.Keyfunc](t)(keyfunc.NewDefaultCtx(t.Context(), []string{jwksURL}))
	set, err := jwxKeys(t.Context(), jwksURL)
	if err != nil {
		t.Fatal(err)
	}
	theirs := golangjwt.NewParser(golangjwt.WithValidMethods([]string{"RS256"}), golangjwt.WithAllAudiences("a", "b"), golangjwt.WithSubject("alice"))
	ours := must[*jwt.Verifier](t)(jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{"a"},
		Require: []jwt.Requirement{jwt.Claim("aud").Has("a", "b"), jwt.Claim("sub").Equals("alice")}}))
	for name, c := range map[string]struct {
		claims jwttest.Claims
		want   bool
	}{
		"both":    {jwttest.Claims{"aud": []string{"a", "b"}, "sub": "alice"}, true},
		"one":     {jwttest.Claims{"aud": []string{"a"}, "sub": "alice"}, false},
		"another": {jwttest.Claims{"aud": []string{"a", "b"}, "sub": "bob"}, false},
	} {
		token := iss.Token(c.claims)
		_, err := theirs.Parse(token, keys.Keyfunc)
		equal(t, name+", golang-jwt", err == nil, c.want)
		equal(t, name+", jwx", jwxAll(token, set) == nil, c.want)
		_, err = ours.Verify(t.Context(), token)
		equal(t, name+", assay", err == nil, c.want)
	}
}

// Both read the profile of an ID token, and refuse another nonce.
func TestIDToken(t *testing.T) {
	theirs, err := goOIDCVerifier(t.Context(), issuer, clientID)
	if err != nil {
		t.Fatal(err)
	}
	ours := must[*jwt.Verifier](t)(newAssayID())
	token := iss.Token(jwttest.Claims{"aud": clientID, "nonce": "n-1", "email": "alice@example.com", "email_verified": true})
	for nonce, want := range map[string]string{"n-1": "alice@example.com", "n-2": ""} {
		got, _ := goOIDCProfile(t.Context(), theirs, token, nonce)
		equal(t, "go-oidc", got, want)
		got, _ = assayProfile(t.Context(), ours, token, nonce)
		equal(t, "assay", got, want)
	}
	access := iss.Mint(jwttest.Spec{Header: map[string]any{"typ": "at+jwt"}, Claims: jwttest.Claims{"aud": clientID}})
	_, err = ours.Verify(t.Context(), access)
	equal(t, "an access token as an ID token", assayError(err), "`ErrClaims`, `type_refused`")
}

// Keys that a program has, or finds at an address or with a client of its own.
func TestKeys(t *testing.T) {
	private := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	signed := must[string](t)(golangJWTSigned(private))
	text := pemOf(t, &private.PublicKey)
	key := must[golangjwt.Keyfunc](t)(golangJWTPEM(text))
	_, err := golangjwt.Parse(signed, key)
	equal(t, "golang-jwt, PEM", err, nil)
	_, err = jwxPEM(text, signed)
	equal(t, "jwx, PEM", err, nil)
	_, err = goOIDCStatic(&private.PublicKey).Verify(t.Context(), signed)
	equal(t, "go-oidc, static", err, nil)
	for name, v := range map[string]*jwt.Verifier{
		"PEM":    must[*jwt.Verifier](t)(newAssayPEM(text)),
		"public": must[*jwt.Verifier](t)(newAssayPublic(&private.PublicKey)),
	} {
		_, err := v.Verify(t.Context(), signed)
		equal(t, "assay, "+name, err, nil)
		_, err = v.Verify(t.Context(), iss.Token(nil))
		equal(t, "assay, another's token, "+name, err == nil, false)
	}

	_, err = goOIDCHosted(t.Context()).Verify(t.Context(), iss.Token(nil))
	equal(t, "go-oidc, address", err, nil)
	_, err = goOIDCCluster(t.Context(), iss.Client())
	equal(t, "go-oidc, client", err, nil)
	_, err = must[*jwt.Verifier](t)(newAssayCluster(roots)).Verify(t.Context(), iss.Token(nil))
	equal(t, "assay, roots", err, nil)
	_, err = must[*jwt.Verifier](t)(newAssayCluster(x509.NewCertPool())).Verify(t.Context(), iss.Token(nil))
	equal(t, "assay, no roots", errors.Is(err, jwt.ErrUnavailable), true)
}

// A secret of 32 bytes serves all, and a shorter one is refused when the key is made.
func TestSecret(t *testing.T) {
	secret := bytes.Repeat([]byte("k"), 32)
	token := must[string](t)(golangjwt.NewWithClaims(golangjwt.SigningMethodHS256,
		golangjwt.MapClaims{"iss": issuer, "aud": audience, "exp": in(time.Hour)}).SignedString(secret))
	_, err := golangjwt.Parse(token, golangJWTSecret(secret))
	equal(t, "golang-jwt", err, nil)
	_, err = jwxSecret(secret, token)
	equal(t, "jwx", err, nil)
	_, err = must[*jwt.Verifier](t)(newAssaySecret(secret)).Verify(t.Context(), token)
	equal(t, "assay", err, nil)
	if _, err := newAssaySecret(secret[:31]); err == nil {
		t.Error("a secret of 31 bytes is accepted")
	}
}

// A token may come in a cookie, and a log is told of refusals.
func TestCookie(t *testing.T) {
	middleware, err := goJWTMiddlewareOptions(func(context.Context) (any, error) { return jwxKeys(t.Context(), jwksURL) })
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAssayResource(must[*jwt.Verifier](t)(newAssay(issuer)))
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("Hello.\n")) })
	for name, guarded := range map[string]http.Handler{"go-jwt-middleware": middleware.CheckJWT(hello), "assay": api.Require()(hello)} {
		for token, want := range map[string]int{iss.Token(nil): 200, "": 401, iss.Token(jwttest.Claims{"exp": nil}): 401} {
			log := logged(t)
			r := httptest.NewRequest("GET", "/orders", nil)
			if token != "" {
				r.AddCookie(&http.Cookie{Name: "session", Value: token})
			}
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			equal(t, name, w.Code, want)
			equal(t, name+", logged", strings.Contains(log.String(), "refused"), want != 200)
		}
	}
	r := httptest.NewRequest("GET", "/orders", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: iss.Token(nil)})
	r.Header.Set("Authorization", "Bearer "+iss.Token(good))
	w := httptest.NewRecorder()
	api.Require()(hello).ServeHTTP(w, r)
	equal(t, "a cookie and a header field that differ", w.Code, http.StatusBadRequest)
}

// logged collects what the default logger writes during a test.
func logged(t *testing.T) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &log
}

// The shadow lets the old guard decide, and tells where this package would have decided otherwise.
func TestShadow(t *testing.T) {
	_, middleware, err := goJWTMiddleware(issuer)
	if err != nil {
		t.Fatal(err)
	}
	api, err := jwt.NewResource(must[*jwt.Verifier](t)(newAssay(issuer)), jwt.ResourceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	guarded := shadow(api, middleware.CheckJWT)(http.HandlerFunc(readOrders))
	for name, c := range map[string]struct {
		token, log string
		want       int
	}{
		"good":                {iss.Token(good), "", http.StatusOK},
		"refused by both":     {iss.Token(jwttest.Claims{"exp": 1}), "", http.StatusUnauthorized},
		"refused by this one": {iss.Token(jwttest.Claims{"exp": nil, "tenant": "acme", "scope": "read:orders"}), "accepted=true", http.StatusOK},
		"refused by the old":  {iss.Token(nil), "accepted=false", http.StatusUnauthorized}, // it has no tenant
	} {
		log := logged(t)
		equal(t, name, handled(guarded, c.token).Code, c.want)
		if got := log.String(); (got == "") != (c.log == "") || !strings.Contains(got, c.log) {
			t.Errorf("%s: the log says %q, want %q", name, got, c.log)
		}
	}
}

// A service may start while its issuer is down.
func TestColdStart(t *testing.T) {
	iss := another(t)
	iss.SetDown(true)
	token := iss.Token(good)
	logged(t)

	golang, err := golangJWT(t.Context(), iss.URL, keysOf(iss))
	equal(t, "keyfunc starts", err, nil)
	equal(t, "keyfunc", golangJWTError(golang(t.Context(), token)), "`ErrTokenUnverifiable`")
	_, err = goOIDC(t.Context(), iss.URL)
	equal(t, "go-oidc starts", err == nil, false)
	_, middleware, err := goJWTMiddleware(iss.URL)
	equal(t, "go-jwt-middleware starts", err, nil)
	equal(t, "go-jwt-middleware", handled(middleware.CheckJWT(http.NotFoundHandler()), token).Code, http.StatusUnauthorized)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = jwx(ctx, iss.URL, keysOf(iss))
	equal(t, "jwx starts", err == nil, false)

	v := must[*jwt.Verifier](t)(newAssay(iss.URL))
	_, err = v.Verify(t.Context(), token)
	equal(t, "assay", assayError(err), "`ErrUnavailable`, `keys_unavailable`")
	equal(t, "assay", statusOf(v, err), http.StatusServiceUnavailable)
	equal(t, "reason", reason(err), "not the token's fault: 503")
}

// reason finds the usual cases, as golangJWTReason does.
func TestReason(t *testing.T) {
	equal(t, "golang-jwt", golangJWTReason(golangjwt.ErrTokenExpired)+golangJWTReason(golangjwt.ErrTokenUnverifiable), "expiredno key")
	v := must[*jwt.Verifier](t)(newAssay(issuer))
	for want, claims := range map[string]jwttest.Claims{"": nil, "expired": {"exp": 1}, "audience_mismatch": {"aud": "https://other.example"}} {
		_, err := v.Verify(t.Context(), iss.Token(claims))
		equal(t, want, reason(err), want)
	}
}

// What this package refuses beside what the table of defaults names.
func TestStricter(t *testing.T) {
	v := must[*jwt.Verifier](t)(newAssay(issuer))
	for name, c := range map[string]struct{ token, want string }{
		"two members of one name": {iss.Mint(jwttest.Spec{Payload: []byte(`{"iss":"` + issuer + `","aud":"` + audience + `","exp":9999999999,"sub":"a","sub":"b"}`)}), "`ErrClaims`, `payload_invalid`"},
		"crit":                    {iss.Mint(jwttest.Spec{Header: map[string]any{"crit": []string{"exp"}}}), "`ErrMalformed`, `header_critical`"},
		"a bound token":           {iss.Token(jwttest.Claims{"cnf": map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}), "`ErrBinding`, `binding_unproven`"},
		"a refresh token":         {iss.Token(jwttest.Claims{"token_use": "refresh"}), "`ErrClaims`, `type_refused`"},
		"an ID token":             {iss.Token(jwttest.Claims{"token_use": "id"}), "`ErrClaims`, `type_refused`"},
		"17 KiB":                  {iss.Token(jwttest.Claims{"padding": strings.Repeat("x", 17<<10)}), "`ErrMalformed`, `token_too_large`"},
		"encrypted":               {"a.b.c.d.e", "`ErrMalformed`, `token_encrypted`"},
	} {
		_, err := v.Verify(t.Context(), c.token)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		equal(t, name, assayError(err), c.want)
	}
	if _, err := jwt.NewVerifier(jwt.Config{Issuer: issuer}); err == nil {
		t.Error("a Config without Audience and Clients is accepted")
	}
}
