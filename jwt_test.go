// This file tests the steps of a verification, one by one and in their order.

package jwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

type claims = jwttest.Claims

// refusal is a token that is wrong in one way, and what must be said of it.
type refusal struct {
	name     string
	token    string
	reason   jwt.Reason
	sentinel error
	member   string
}

// forge makes tokens that are wrong in one way.
type forge struct {
	iss       *jwttest.Issuer
	good, kid string // a good token, and the id of its key
}

func newForge() forge {
	iss := fixture.Issuer()
	return forge{iss, iss.Token(nil), iss.Key(jwt.RS256).KeyID()}
}

func (x forge) header(text string) string          { return fixture.WithPart(x.good, 0, fixture.B64(text)) }
func (x forge) signed(h map[string]any) string     { return x.iss.Mint(jwttest.Spec{Header: h}) }
func (x forge) payload(text string) string         { return x.iss.Mint(jwttest.Spec{Payload: []byte(text)}) }
func (x forge) with(name string, value any) string { return x.iss.Token(claims{name: value}) }
func raw(text string) any                          { return json.RawMessage(text) }

// refusals are tokens that are refused, each for one reason: the rows of jose_test.go, jwt_test.go,
// claims_test.go and policy_test.go.
func refusals() []refusal {
	return slices.Concat(formRefusals(), signatureRefusals(), claimRefusals(), policyRefusals())
}

// testRefusals holds each token against its reason, sentinel and member, and finds nothing else wrong with it.
func testRefusals(t *testing.T, list []refusal) {
	t.Helper()
	v := fixture.NewVerifier(t)
	for _, r := range list {
		t.Run(r.name, func(t *testing.T) {
			token, err := fixture.Verify(v, r.token)
			e := fixture.WantRefusal(t, token, err, r.reason, r.sentinel)
			if e.Member != r.member {
				t.Errorf("got member %q, want %q: %v", e.Member, r.member, err)
			}
			if len(e.Also) > 0 {
				t.Errorf("one thing is wrong, and more is reported: %v", err)
			}
		})
	}
	t.Run("control", func(t *testing.T) {
		token, err := fixture.Verify(v, fixture.Issuer().Token(nil))
		fixture.WantAccepted(t, token, err)
	})
}

// signatureRefusals are tokens whose algorithm, key or signature is wrong.
func signatureRefusals() []refusal {
	x := newForge()
	k := jwt.ErrKey
	list := []refusal{
		{"alg none", x.header(`{"alg":"none"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg nOnE", x.header(`{"alg":"nOnE"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg in lower case", x.header(`{"alg":"rs256"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg with a space", x.header(`{"alg":"RS256 "}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg with NUL", x.header(`{"alg":"RS256\u0000"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg of secp256k1", x.header(`{"alg":"ES256K"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"alg of encryption", x.header(`{"alg":"RSA-OAEP"}`), jwt.ReasonAlgorithmRefused, k, "alg"},
		{"kid unknown", x.signed(map[string]any{"kid": "nobody"}), jwt.ReasonKeyUnknown, k, "kid"},
		{"kid in another case", x.signed(map[string]any{"kid": strings.ToUpper(x.kid)}), jwt.ReasonKeyUnknown, k, "kid"},
		{"kid of another algorithm", x.signed(map[string]any{"kid": x.iss.Key(jwt.ES256).KeyID()}), jwt.ReasonKeyMismatch, k, "alg"},

		{"payload changed", fixture.WithPart(x.good, 1, fixture.B64(`{"iss":"`+x.iss.URL+`"}`)), jwt.ReasonSignatureInvalid, jwt.ErrSignature, ""},
		{"header changed", x.header(`{"alg":"RS256","kid":"` + x.kid + `"}`), jwt.ReasonSignatureInvalid, jwt.ErrSignature, ""},
		{"signature cut", x.good[:len(x.good)-2], jwt.ReasonSignatureInvalid, jwt.ErrSignature, ""},
		{"signature longer", x.good + "AAAA", jwt.ReasonSignatureInvalid, jwt.ErrSignature, ""},
		{"expired and badly signed", fixture.WithPart(x.with("exp", 1), 2, strings.Split(x.good, ".")[2]), jwt.ReasonSignatureInvalid, jwt.ErrSignature, ""},
	}
	return list
}

func TestAlgorithmKeySignatureRefused(t *testing.T) { testRefusals(t, signatureRefusals()) }

// Strict is not deaf: what standards allow and issuers send is accepted.
func TestAccepted(t *testing.T) {
	iss := fixture.Issuer()
	kid := iss.Key(jwt.RS256).KeyID()
	header := func(h map[string]any) string { return iss.Mint(jwttest.Spec{Header: h}) }
	raw := func(text string) any { return json.RawMessage(text) }
	far := time.Now().Add(time.Hour).Unix()
	escapedURL := strings.ReplaceAll(iss.URL, "/", `\/`)
	for name, token := range map[string]string{
		"alg with escapes":     header(map[string]any{"alg": raw(`"RS\u0032\u00356"`)}),
		"iss with escapes":     iss.Token(claims{"iss": raw(`"` + escapedURL + `"`)}),
		"white space":          iss.Mint(jwttest.Spec{Payload: fmt.Appendf(nil, "\r\n\t {\"iss\" : %q ,\n\"aud\":%q, \"exp\" :%d } \n", iss.URL, jwttest.Audience, far)}),
		"foreign jwk":          header(map[string]any{"jwk": map[string]any{"kty": "oct", "k": "AAAA"}}),
		"foreign jku":          header(map[string]any{"jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"}),
		"foreign certificates": header(map[string]any{"x5c": []string{"AAAA"}, "x5t": "AAAA", "x5t#S256": "AAAA"}),
		"zip":                  header(map[string]any{"zip": "DEF"}),
		"unknown member":       header(map[string]any{"x": map[string]any{"y": []any{1, nil, true}}}),
		"no kid":               header(map[string]any{"kid": nil}),
		"no typ":               header(map[string]any{"typ": nil}),
		"typ jwt":              header(map[string]any{"typ": "jwt"}),
		"typ at+jwt":           header(map[string]any{"typ": "AT+JWT"}),
		"typ application":      header(map[string]any{"typ": "application/at+JWT"}),
		"typ JOSE":             header(map[string]any{"typ": "JOSE"}),
		"cty json":             header(map[string]any{"cty": "json"}),
		"depth 32":             header(map[string]any{"x": raw(strings.Repeat("[", 31) + strings.Repeat("]", 31))}),
		"no sub":               iss.Token(claims{"sub": nil}),
		"empty cnf":            iss.Token(claims{"cnf": map[string]any{}}),
		"aud array":            iss.Token(claims{"aud": []string{"x", jwttest.Audience}}),
		"exp with a fraction":  iss.Token(claims{"exp": raw(fmt.Sprintf("%d.5", far))}),
		"exp with an exponent": iss.Token(claims{"exp": raw(fmt.Sprintf("%d.0e0", far))}),
		"exp at its end":       iss.Token(claims{"exp": raw("253402300799")}),
		"big numbers":          iss.Token(claims{"x": raw("1e1000000000"), "y": raw("-0.1E-999"), "z": raw(strings.Repeat("9", 300))}),
		"surrogate pair":       iss.Token(claims{"sub": raw(`"\ud83d\ude00"`)}),
		"NUL in a claim":       iss.Token(claims{"sub": raw(`"a\u0000b"`)}),
		"4 KiB":                iss.Token(claims{"x": strings.Repeat("x", 3<<10)}),
		"permissions object":   iss.Token(claims{"permissions": map[string]any{"a": 1}, "roles": 1, "cid": 1, "appid": nil}),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fixture.Verify(fixture.NewVerifier(t), token)
			fixture.WantAccepted(t, got, err)
		})
	}
	for _, id := range []string{kid, "../../etc/passwd", "' OR 1=1 --", "http://x/", " ", "\x00", "ключ", strings.Repeat("k", 2000)} {
		rsa := fixture.JWKOf(t, iss, jwt.RS256)
		rsa["kid"] = id
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = fixture.ParseKeySet(t, rsa) })
		token, err := fixture.Verify(v, header(map[string]any{"kid": id}))
		fixture.WantAccepted(t, token, err)
		token, err = fixture.Verify(v, header(map[string]any{"kid": id + "x"}))
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	}
}

// An issuer is a string. Some are not URLs at all.
func TestIssuersThatAreNotURLs(t *testing.T) {
	for _, name := range []string{"stytch.com/project-test", "accounts.google.com", "urn:example:issuer", "joe", "https://issuer.example/?a=b#c", " ", "ü"} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Issuer = name })
		token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iss": name}))
		fixture.WantAccepted(t, token, err)
		token, err = fixture.Verify(v, fixture.Issuer().Token(claims{"iss": name + "/"}))
		fixture.WantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
	}
}

func reasonOf(err error) jwt.Reason {
	var e *jwt.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func TestSeveralIssuers(t *testing.T) {
	a, b := fixture.Issuer(), fixture.OtherIssuer()
	configB := jwt.Config{Issuer: b.URL, Audience: []string{"b"}, Keys: fixture.KeysOf(t, b), Algorithms: []jwt.Algorithm{jwt.ES256}}
	v, err := jwt.NewVerifier(fixture.Config(t), configB)
	if err != nil {
		t.Fatal(err)
	}
	es := func(iss *jwttest.Issuer, c claims) string {
		return iss.Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: c})
	}
	token, err := fixture.Verify(v, a.Token(nil))
	fixture.WantAccepted(t, token, err)
	token, err = fixture.Verify(v, es(b, claims{"aud": "b"}))
	fixture.WantAccepted(t, token, err)
	if token.Issuer() != b.URL {
		t.Errorf("got issuer %q", token.Issuer())
	}

	// Each issuer has its own audience, algorithms and keys.
	token, err = fixture.Verify(v, es(b, claims{"aud": jwttest.Audience}))
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonAudienceMismatch, jwt.ErrClaims); e.Issuer != b.URL {
		t.Errorf("judged by %q", e.Issuer)
	}
	token, err = fixture.Verify(v, b.Mint(jwttest.Spec{Claims: claims{"aud": "b"}}))
	fixture.WantRefusal(t, token, err, jwt.ReasonAlgorithmRefused, jwt.ErrKey)

	// A token signed by one and naming another is refused, however it names it.
	for name, token := range map[string]string{
		"plain":     es(a, claims{"iss": b.URL, "aud": "b"}),
		"other way": b.Token(claims{"iss": a.URL}),
		"escaped":   es(a, claims{"iss": json.RawMessage(`"` + strings.Replace(b.URL, "h", `\u0068`, 1) + `"`), "aud": "b"}),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := fixture.Verify(v, token)
			fixture.WantRefusal(t, got, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
		})
	}
	twice := a.Mint(jwttest.Spec{Payload: fmt.Appendf(nil, `{"iss":%q,"iss":%q,"exp":99999999999,"aud":%q}`, a.URL, b.URL, jwttest.Audience)})
	token, err = fixture.Verify(v, twice)
	fixture.WantRefusal(t, token, err, jwt.ReasonPayloadInvalid, jwt.ErrClaims)
	for reason, iss := range map[jwt.Reason]any{
		jwt.ReasonIssuerMismatch: a.URL + "/",
		jwt.ReasonClaimInvalid:   []string{a.URL},
		jwt.ReasonClaimMissing:   nil,
	} {
		token, err = fixture.Verify(v, a.Token(claims{"iss": iss}))
		if e := fixture.WantRefusal(t, token, err, reason, jwt.ErrClaims); e.Member != "iss" {
			t.Errorf("got member %q", e.Member)
		}
	}
}

func TestValidate(t *testing.T) {
	calls := 0
	var answer error
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Validate = func(_ context.Context, token *jwt.Token) error {
			calls++
			if token.Subject() != "test-subject" {
				t.Errorf("got %v", token)
			}
			return answer
		}
	})
	token, err := fixture.Verify(v, fixture.Issuer().Token(nil))
	fixture.WantAccepted(t, token, err)
	for _, c := range []struct {
		answer   error
		reason   jwt.Reason
		sentinel error
	}{
		{errors.New("tenant is suspended"), jwt.ReasonValidationRefused, jwt.ErrClaims},
		{fmt.Errorf("step-up: %w", jwt.ErrAuthentication), jwt.ReasonValidationRefused, jwt.ErrAuthentication},
		{jwt.ErrScope, jwt.ReasonValidationRefused, jwt.ErrScope},
		{errors.Join(jwt.ErrScope, jwt.ErrKey), jwt.ReasonValidationRefused, jwt.ErrClaims},
		{fmt.Errorf("%w: too slow: %w", jwt.ErrExpired, context.DeadlineExceeded), jwt.ReasonValidationRefused, jwt.ErrExpired},
		{fmt.Errorf("revocation list: %w", jwt.ErrUnavailable), jwt.ReasonValidationUnavailable, jwt.ErrUnavailable},
		{context.DeadlineExceeded, jwt.ReasonValidationUnavailable, jwt.ErrUnavailable},
		{fmt.Errorf("revocation list: %w", context.Canceled), jwt.ReasonValidationUnavailable, jwt.ErrUnavailable},
		{&url.Error{Op: "Get", URL: "https://revoked.example", Err: &net.OpError{Op: "dial", Err: errors.New("no route to host")}}, jwt.ReasonValidationUnavailable, jwt.ErrUnavailable},
		{fmt.Errorf("revocation list: %w", &net.DNSError{Err: "no such host", Name: "revoked.example", IsNotFound: true}), jwt.ReasonValidationUnavailable, jwt.ErrUnavailable},
	} {
		answer = c.answer
		token, err = fixture.Verify(v, fixture.Issuer().Token(nil))
		fixture.WantRefusal(t, token, err, c.reason, c.sentinel)
		if !errors.Is(err, c.answer) && c.sentinel != jwt.ErrClaims {
			t.Errorf("%v does not wrap %v", err, c.answer)
		}
		if !strings.Contains(err.Error(), "validation") {
			t.Errorf("got %q", err)
		}
	}
	if calls != 11 {
		t.Errorf("Validate was called %d times, want 11", calls)
	}

	// The cause of a context is its end, too; a requirement that Validate asked is in the challenge.
	gone := errors.New("the server is going down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	answer = gone
	token, err = v.Verify(ctx, fixture.Issuer().Token(nil))
	fixture.WantRefusal(t, token, err, jwt.ReasonRequestCanceled, jwt.ErrUnavailable)
	calls--
	good, err := fixture.Verify(fixture.NewVerifier(t), fixture.Issuer().Token(nil))
	fixture.WantAccepted(t, good, err)
	answer = good.Meets(jwt.ACR("gold"))
	_, err = fixture.Verify(v, fixture.Issuer().Token(nil))
	if got := fixture.Resource(t, jwt.ResourceConfig{}, nil).Refusal(err).Header.Get("WWW-Authenticate"); !strings.HasSuffix(got, `acr_values="gold"`) {
		t.Errorf("got the challenge %q", got)
	}
	calls--
	token, err = fixture.Verify(v, fixture.Issuer().Token(claims{"exp": 1}))
	fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
	if calls != 11 {
		t.Error("Validate was called with a token that had failed before")
	}
}

// A request that ended is no outage: not of the keys, and not of what Validate asks.
func TestRequestCanceled(t *testing.T) {
	waits := func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("database: %w", ctx.Err()) }
	for name, change := range map[string]func(*jwt.Config){
		"source": func(c *jwt.Config) {
			c.Keys = fixture.SourceFunc(func(ctx context.Context, _ jwt.Header) (*jwt.Key, error) { return nil, waits(ctx) })
		},
		"validate": func(c *jwt.Config) { c.Validate = func(ctx context.Context, _ *jwt.Token) error { return waits(ctx) } },
		"remote": func(c *jwt.Config) {
			stuck := &http.Client{Transport: fixture.Transport(func(r *http.Request) (*http.Response, error) { return nil, waits(r.Context()) })}
			c.Keys, _ = jwt.Discover(c.Issuer, &jwt.RemoteOptions{Client: stuck})
		},
	} {
		t.Run(name, func(t *testing.T) {
			fixture.Bubble(t, func(t *testing.T) {
				v, text := fixture.NewVerifier(t, change), fixture.Issuer().Token(nil)
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				late, stop := context.WithTimeout(t.Context(), time.Millisecond)
				defer stop()
				for _, ctx := range []context.Context{ended, late} {
					token, err := v.Verify(ctx, text)
					fixture.WantRefusal(t, token, err, jwt.ReasonRequestCanceled, jwt.ErrUnavailable)
					if !errors.Is(err, ctx.Err()) {
						t.Errorf("%v does not wrap %v", err, ctx.Err())
					}
					if trace := v.Trace(ctx, text, time.Time{}); trace.Refusal == nil || trace.Refusal.Error() != err.Error() {
						t.Errorf("Verify says %v, Trace %v", err, trace.Refusal)
					}
				}
				time.Sleep(time.Minute) // until the fetch has ended
			})
		})
	}
}

// Config.Require is asked of every token of its issuer, remembered ones too, and decides before Validate.
func TestConfigRequire(t *testing.T) {
	for _, c := range []struct {
		name     string
		require  []jwt.Requirement
		claims   claims
		reason   jwt.Reason
		sentinel error
		text     string
	}{
		{"met", []jwt.Requirement{jwt.Claim("token_use").Equals("access"), jwt.Scope("a")}, claims{"token_use": "access", "scope": "a"}, "", nil, ""},
		{"claim", []jwt.Requirement{jwt.Claim("token_use").Equals("access")}, claims{"token_use": "other"}, jwt.ReasonClaimRefused, jwt.ErrClaims, `claim refused: token_use has another value, want "access"`},
		{"absent", []jwt.Requirement{jwt.Claim("org", "id").Has("7")}, nil, jwt.ReasonClaimRefused, jwt.ErrClaims, `claim refused: org.id is absent, want "7"`},
		{"scope", []jwt.Requirement{jwt.Scope("a", "b")}, claims{"scope": "a"}, jwt.ReasonClaimRefused, jwt.ErrClaims, `claim refused: scope is "a", want "b"`},
		{"all that fail", []jwt.Requirement{jwt.Claim("x").Has("1"), jwt.Claim("y").Has("2"), jwt.Claim("sub").Equals("test-subject")}, nil, jwt.ReasonClaimRefused, jwt.ErrClaims,
			`claim refused: x is absent, want "1" (also: claim refused: y is absent, want "2")`},
		{"after the policy", []jwt.Requirement{jwt.Scope("a")}, claims{"exp": 1}, jwt.ReasonTokenExpired, jwt.ErrExpired, `the token has no scope, want "a"`},
		{"before cnf", []jwt.Requirement{jwt.Scope("a")}, claims{"cnf": claims{"jkt": "x"}}, jwt.ReasonClaimRefused, jwt.ErrClaims, "(also: token binding not proven"},
		{"acr", []jwt.Requirement{jwt.ACR("gold")}, claims{"acr": "silver"}, jwt.ReasonAuthenticationInsufficient, jwt.ErrAuthentication, `acr is "silver", want "gold"`},
		{"auth_time", []jwt.Requirement{jwt.MaxAuthAge(time.Minute)}, nil, jwt.ReasonAuthenticationInsufficient, jwt.ErrAuthentication, "auth_time is absent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			validated := 0
			v := fixture.NewVerifier(t, func(config *jwt.Config) {
				config.Require, config.TokenCache = c.require, 10
				config.Validate = func(context.Context, *jwt.Token) error { validated++; return nil }
			})
			text := fixture.Issuer().Token(c.claims)
			for range 2 {
				token, err := fixture.Verify(v, text)
				if c.reason == "" {
					fixture.WantAccepted(t, token, err)
				} else if fixture.WantRefusal(t, token, err, c.reason, c.sentinel); !strings.Contains(err.Error(), c.text) {
					t.Errorf("got %v, want %s", err, c.text)
				}
				fixture.Trace(t, v, text)
			}
			if (validated > 0) != (c.reason == "") {
				t.Errorf("Validate was called %d times", validated)
			}
		})
	}
}

// A requirement that is a mistake is an error of the constructor, and a Config prints what it requires.
func TestConfigRequireMistakes(t *testing.T) {
	c := fixture.Config(t)
	for text, require := range map[string][]jwt.Requirement{
		"leave it nil":                          {},
		"a requirement is nil":                  {nil},
		"All(): it names no requirement":        {jwt.All()},
		"Scope(): it names no scope":            {jwt.Scope("a"), jwt.Scope()},
		"Any(All()): All(): it names no":        {jwt.Any(jwt.All())},
		`a scope is one word`:                   {jwt.Scope("a b")},
		`Claim("scope").Has("a"): scope is`:     {jwt.Claim("scope").Has("a")},
		`only a string, a bool or a number can`: {jwt.Claim("x").Equals(nil)},
	} {
		c.Require = require
		v, err := jwt.NewVerifier(c)
		if v != nil || err == nil || !strings.Contains(err.Error(), "Require") || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: got %v", require, err)
		}
		r, err := jwt.NewResource(fixture.NewVerifier(t), jwt.ResourceConfig{Require: require})
		if r != nil || err == nil || !strings.Contains(err.Error(), "Require") || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: got %v", require, err)
		}
	}
	c.Require = []jwt.Requirement{jwt.Claim("token_use").Equals("access"), jwt.Any(jwt.Scope("a"), jwt.ACR("b"))}
	if text := fmt.Sprintf("%+v", c); !strings.Contains(text, `Require:[Claim("token_use").Equals("access") Any(Scope("a"), ACR("b"))]`) {
		t.Errorf("got %s", text)
	}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Require[0] = jwt.Scope("changed later")
	if got := v.Configs()[0].Require[0].String(); got != `Claim("token_use").Equals("access")` {
		t.Errorf("the Verifier has %s", got)
	}
}

// Once the signature holds, a refusal says whose token it was, in text that is fit for a log.
func TestRefusalSaysWhose(t *testing.T) {
	v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Require = []jwt.Requirement{jwt.Claim("x").Has("y")} })
	who := claims{"sub": "user\r\n" + strings.Repeat("\u00e9", 100), "azp": "client-7", "jti": "id-7"}
	text := fixture.Issuer().Token(who)
	token, err := fixture.Verify(v, text)
	e := fixture.WantRefusal(t, token, err, jwt.ReasonClaimRefused, jwt.ErrClaims)
	if !strings.HasPrefix(e.Subject, `user\r\n\u00e9`) || len(e.Subject) > 4*64 || e.ClientID != "client-7" || e.TokenID != "id-7" {
		t.Errorf("got %+v", e)
	}
	log := fmt.Sprint(e.LogValue())
	for _, want := range []string{"sub=user", "client_id=client-7", "jti=id-7"} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in %s", want, log)
		}
	}
	token, err = fixture.Verify(v, fixture.WithPart(text, 2, fixture.B64(strings.Repeat("s", 256))))
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature); e.Subject != "" || e.ClientID != "" || e.TokenID != "" {
		t.Errorf("nobody vouches for %+v", e)
	}
}

// A nil *Error in an error is an error: Validate has not accepted.
func TestValidateNilError(t *testing.T) {
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error { return (*jwt.Error)(nil) }
	})
	token, err := fixture.Verify(v, fixture.Issuer().Token(nil))
	fixture.WantRefusal(t, token, err, jwt.ReasonValidationRefused, jwt.ErrClaims)
}

func TestKeySourceOfTheCaller(t *testing.T) {
	iss := fixture.Issuer()
	for _, c := range []struct {
		key      *jwt.Key
		err      error
		reason   jwt.Reason
		sentinel error
	}{
		{iss.Key(jwt.RS256), nil, "", nil},
		{nil, nil, jwt.ReasonKeyUnknown, jwt.ErrKey},
		{&jwt.Key{}, nil, jwt.ReasonKeyUnknown, jwt.ErrKey},
		{iss.Key(jwt.ES256), nil, jwt.ReasonKeyMismatch, jwt.ErrKey},
		{iss.Key(jwt.HS256), nil, jwt.ReasonKeyMismatch, jwt.ErrKey},
		{nil, errors.New("database is down"), jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
		{nil, context.Canceled, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
		{nil, fmt.Errorf("tenant: %w", jwt.ErrUnavailable), jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
		{nil, jwt.ErrKey, jwt.ReasonKeyUnknown, jwt.ErrKey},
		{nil, &jwt.Error{Reason: jwt.ReasonKeyAmbiguous}, jwt.ReasonKeyAmbiguous, jwt.ErrKey},
		{nil, &jwt.Error{Reason: jwt.ReasonTokenExpired}, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
		{nil, &jwt.Error{Reason: "mine"}, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
		{nil, (*jwt.Error)(nil), jwt.ReasonKeysUnavailable, jwt.ErrUnavailable},
	} {
		v := fixture.NewVerifier(t, func(config *jwt.Config) {
			config.Keys = fixture.SourceFunc(func(_ context.Context, h jwt.Header) (*jwt.Key, error) {
				if h.Algorithm != jwt.RS256 || h.KeyID != iss.Key(jwt.RS256).KeyID() {
					t.Errorf("asked for %v", h)
				}
				return c.key, c.err
			})
		})
		token, err := fixture.Verify(v, iss.Token(nil))
		if c.reason == "" {
			fixture.WantAccepted(t, token, err)
			continue
		}
		fixture.WantRefusal(t, token, err, c.reason, c.sentinel)
		if c.err == context.Canceled && !errors.Is(err, c.err) {
			t.Errorf("%v does not wrap %v", err, c.err)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for field, change := range map[string]func(*jwt.Config){
		"the Issuer is required":            func(c *jwt.Config) { c.Issuer = "" },
		"Issuer is not UTF-8":               func(c *jwt.Config) { c.Issuer = "\xff" },
		"Audience is required":              func(c *jwt.Config) { c.Audience = nil },
		"Audience holds an empty":           func(c *jwt.Config) { c.Audience = []string{"x", ""} },
		"Clients holds an empty":            func(c *jwt.Config) { c.Clients = []string{""} },
		"InsecureSkipAudience contradicts":  func(c *jwt.Config) { c.InsecureSkipAudience = true },
		"Algorithms is empty":               func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{} },
		`Algorithms hold "none"`:            func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{jwt.RS256, "none"} },
		`Algorithms hold "rs256"`:           func(c *jwt.Config) { c.Algorithms = []jwt.Algorithm{"rs256"} },
		"Profile is unknown":                func(c *jwt.Config) { c.Profile = 3 },
		"Leeway is over 10m0s":              func(c *jwt.Config) { c.Leeway = 10*time.Minute + 1 },
		"MaxAge is negative":                func(c *jwt.Config) { c.MaxAge = -1 },
		"MaxTokenSize":                      func(c *jwt.Config) { c.MaxTokenSize = 1<<20 + 1 },
		"MaxHeaderSize":                     func(c *jwt.Config) { c.MaxHeaderSize = -1 },
		"Keys is a nil *jwt.KeySet":         func(c *jwt.Config) { c.Keys = (*jwt.KeySet)(nil) },
		"Keys is a nil *jwt.Key":            func(c *jwt.Config) { c.Keys = (*jwt.Key)(nil) },
		"Keys is a nil *jwt.RemoteKeySet":   func(c *jwt.Config) { c.Keys = (*jwt.RemoteKeySet)(nil) },
		"Keys is nil, and Issuer cannot be": func(c *jwt.Config) { c.Keys, c.Issuer = nil, "http://issuer.example" },
	} {
		c := fixture.Config(t)
		change(&c)
		v, err := jwt.NewVerifier(c)
		if err == nil || v != nil || !strings.Contains(err.Error(), field) {
			t.Errorf("got %v, want an error with %q", err, field)
		}
	}
	if _, err := jwt.NewVerifier(); err == nil {
		t.Error("no Config was accepted")
	}
	if _, err := jwt.NewVerifier(fixture.Config(t), fixture.Config(t)); err == nil || !strings.Contains(err.Error(), "configured twice") {
		t.Errorf("one issuer was accepted twice: %v", err)
	}
	if _, err := jwt.NewVerifier(jwt.Config{Issuer: "https://issuer.example", Audience: []string{"x"}}); err != nil {
		t.Errorf("an issuer to be discovered: %v", err)
	}
}

// A Config is copied: what its owner changes later changes nothing.
func TestConfigIsCopied(t *testing.T) {
	c := fixture.Config(t)
	c.Audience = []string{"x"}
	c.Algorithms = []jwt.Algorithm{jwt.ES256}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Audience[0], c.Algorithms[0] = jwttest.Audience, jwt.RS256
	token, err := fixture.Verify(v, fixture.Issuer().Token(nil))
	fixture.WantRefusal(t, token, err, jwt.ReasonAlgorithmRefused, jwt.ErrKey)
	token, err = fixture.Verify(v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256}))
	fixture.WantRefusal(t, token, err, jwt.ReasonAudienceMismatch, jwt.ErrClaims)
}

func TestZeroValues(t *testing.T) {
	good := fixture.Issuer().Token(nil)
	for _, v := range []*jwt.Verifier{{}, nil} {
		token, err := fixture.Verify(v, good)
		fixture.WantRefusal(t, token, err, jwt.ReasonNoVerifier, jwt.ErrUnavailable)
		if len(v.Status()) != 0 || v.Warm(context.Background()) != nil {
			t.Error("a zero Verifier has issuers")
		}
	}
	if (*jwt.KeySet)(nil).Keys() != nil || (*jwt.KeySet)(nil).Skipped() != nil || (*jwt.RemoteKeySet)(nil).Status().State != "empty" {
		t.Error("nothing has keys")
	}
	for _, alg := range []jwt.Algorithm{jwt.RS256, jwt.HS256} {
		for _, none := range []jwt.KeySource{(*jwt.RemoteKeySet)(nil), (*jwt.KeySet)(nil), (*jwt.Key)(nil)} {
			if k, err := none.Key(t.Context(), jwt.Header{Algorithm: alg}); k != nil || !errors.Is(err, jwt.ErrKey) {
				t.Errorf("%T: %v, %v", none, k, err)
			}
		}
	}
	for name, keys := range map[string]jwt.KeySource{"key": &jwt.Key{}, "set": &jwt.KeySet{}, "remote": &jwt.RemoteKeySet{}} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) { c.Keys = keys })
		token, err := fixture.Verify(v, good)
		if token != nil || !errors.Is(err, jwt.ErrKey) {
			t.Errorf("zero %s: %v, %v", name, token, err)
		}
		if err := v.Warm(t.Context()); (err != nil) != (name == "remote") {
			t.Errorf("zero %s: Warm: %v", name, err)
		}
		v.Status()
	}
}

// The hint about another issuer is for refusals that it can explain, and for payloads of a bounded size.
func TestIssuerHintBounds(t *testing.T) {
	elsewhere := func(size int) string {
		head, tail := `{"iss":"https://elsewhere.example","x":"`, `"}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	unknown, replaced := map[string]any{"kid": "unknown"}, map[string]any{}
	for _, header := range []map[string]any{unknown, replaced} {
		for size, want := range map[int]bool{100: true, 2048: true, 2049: false, 4096: false} {
			_, err := fixture.Verify(fixture.NewVerifier(t), fixture.OtherIssuer().Mint(jwttest.Spec{Header: header, Payload: []byte(elsewhere(size))}))
			var e *jwt.Error
			if !errors.As(err, &e) || !slices.Contains([]jwt.Reason{jwt.ReasonKeyUnknown, jwt.ReasonSignatureInvalid}, e.Reason) {
				t.Fatalf("got %v", err)
			}
			if got := strings.Contains(e.Hint, "https://elsewhere.example"); got != want || !want && e.Hint != "" {
				t.Errorf("a payload of %d bytes: got the hint %q", size, e.Hint)
			}
		}
	}
	// Keys that could not be had say nothing about the token.
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) { return nil, errors.New("down") })
	})
	token, err := fixture.Verify(v, fixture.OtherIssuer().Mint(jwttest.Spec{Payload: []byte(elsewhere(100))}))
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable); e.Hint != "" {
		t.Errorf("got the hint %q", e.Hint)
	}
}

// Where keys are not to be had, whatever the reason, the token is not looked at for a hint.
func TestNoHintWithoutKeys(t *testing.T) {
	other := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error {
			return fmt.Errorf("the database is away: %w", jwt.ErrUnavailable)
		}
	})
	_, cause := other.Verify(t.Context(), fixture.Issuer().Token(nil))
	v := fixture.NewVerifier(t, func(c *jwt.Config) {
		c.Keys = fixture.SourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) { return nil, cause })
	})
	token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"iss": "https://another.example"}))
	if e := fixture.WantRefusal(t, token, err, jwt.ReasonValidationUnavailable, jwt.ErrUnavailable); e.Hint != "" {
		t.Errorf("the hint is %q", e.Hint)
	}
}
