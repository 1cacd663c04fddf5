// This file tests that a trace says of a token what Verify does.

package jwt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// stepOf finds a step of a trace.
func stepOf(t *testing.T, trace *jwt.Trace, name string) jwt.TraceStep {
	t.Helper()
	n := slices.IndexFunc(trace.Steps, func(s jwt.TraceStep) bool { return s.Name == name })
	if n < 0 {
		t.Fatalf("no step %q in %+v", name, trace)
	}
	return trace.Steps[n]
}

var traceOrder = []string{"size", "parts", "encoding", "header", "issuer choice", "alg", "key", "signature", "payload",
	"typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "require", "cnf", "validate"}

func TestTrace(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		iss := fixture.Issuer()
		good := iss.Token(nil)
		for name, c := range map[string]struct {
			token string
			first string // the first step that refuses
			reqs  []jwt.Requirement
		}{
			"good":        {good, "", nil},
			"empty":       {"", "parts", nil},
			"opaque":      {"abc", "parts", nil},
			"encrypted":   {good + ".a.b", "parts", nil},
			"padded":      {good + "=", "encoding", nil},
			"header":      {fixture.WithPart(good, 0, "W10"), "header", nil},
			"none":        {fixture.WithPart(good, 0, "eyJhbGciOiJub25lIn0"), "alg", nil},
			"kid":         {fixture.WithPart(good, 0, "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ"), "key", nil},
			"tampered":    {fixture.WithPart(good, 1, "e30"), "signature", nil},
			"expired":     {iss.Token(claims{"exp": 1, "nbf": int64(9999999999)}), "exp", nil},
			"wrong types": {iss.Token(claims{"exp": "x", "aud": 1}), "payload", nil},
			"audience":    {iss.Token(claims{"aud": "x", "cnf": claims{"jkt": "y"}}), "aud", nil},
			"scope":       {good, "requirement", []jwt.Requirement{jwt.Scope("a")}},
		} {
			v := fixture.NewVerifier(t)
			trace := v.Trace(t.Context(), c.token, time.Time{}, c.reqs...)
			_, err := v.Verify(t.Context(), c.token)
			if c.reqs == nil {
				fixture.WantSameRefusal(t, err, trace)
			}
			first := ""
			for i, s := range trace.Steps {
				if i < len(traceOrder) && s.Name != traceOrder[i] {
					t.Errorf("%s: step %d is %s, want %s", name, i, s.Name, traceOrder[i])
				}
				if s.Err != nil && s.Skipped != "" {
					t.Errorf("%s: %s is both refused and skipped", name, s.Name)
				}
				if s.Err != nil && first == "" {
					first = s.Name
					if s.Err.Reason != trace.Refusal.Reason {
						t.Errorf("%s: the first refusal is %v, and that of the trace %v", name, s.Err, trace.Refusal)
					}
				}
			}
			if first != c.first || len(trace.Steps) != len(traceOrder)+len(c.reqs) {
				t.Errorf("%s: %d steps, %q refuses first, want %q", name, len(trace.Steps), first, c.first)
			}
		}
	})
	var nobody *jwt.Verifier
	if trace := nobody.Trace(t.Context(), "a.b.c", time.Time{}); trace.Refusal == nil || !errors.Is(trace.Refusal, jwt.ErrUnavailable) {
		t.Errorf("nobody accepts a token: %v", trace.Refusal)
	}
}

// Package explain holds Trace against Verify over every other token of the repository.
func TestTraceIsVerify(t *testing.T) {
	several, err := jwt.NewVerifier(fixture.Config(t), jwt.Config{Issuer: fixture.OtherIssuer().URL, Audience: []string{"x"}, Keys: fixture.KeysOf(t, fixture.OtherIssuer())})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*jwt.Verifier{fixture.NewVerifier(t), several} {
		for _, c := range refusals() {
			fixture.Trace(t, v, c.token)
		}
		fixture.Trace(t, v, fixture.Issuer().Token(nil))
	}
}

// A token of four times the permitted size is looked into, and none that is larger.
func TestTraceLimit(t *testing.T) {
	v := fixture.NewVerifier(t)
	for n, looked := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		token := fixture.B64(`{"alg":"RS256"}`) + ".e30."
		trace := v.Trace(t.Context(), token+strings.Repeat("A", n-len(token)), time.Time{})
		if got := stepOf(t, trace, "header").Skipped == ""; got != looked || trace.Refusal.Reason != jwt.ReasonTokenTooLarge {
			t.Errorf("a token of %d bytes: the header is looked at: %v; %v", n, got, trace.Refusal)
		}
	}
}

// A trace tells which key was found, whatever its signature says, and at what time the claims were
// judged.
func TestTraceFields(t *testing.T) {
	iss, at := fixture.Issuer(), time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)
	good, v := iss.Token(claims{"iat": at.Unix(), "exp": at.Unix() + 60}), fixture.NewVerifier(t)
	kid := iss.Key(jwt.RS256).KeyID()
	for token, want := range map[string]jwt.Trace{
		good:                              {Issuer: iss.URL, KeyID: kid, Verified: true, At: at},
		fixture.WithPart(good, 2, "AAAA"): {Issuer: iss.URL, KeyID: kid, At: at},
		good + "=":                        {Issuer: iss.URL, At: at},
	} {
		got := v.Trace(t.Context(), token, at)
		if got.Issuer != want.Issuer || got.KeyID != want.KeyID || got.Verified != want.Verified || !got.At.Equal(at) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	before := time.Now()
	if got := v.Trace(t.Context(), good, time.Time{}).At; got.Before(before) || got.After(time.Now()) {
		t.Errorf("At is %v", got)
	}
}

// afterReplacement has the keys of an issuer fetched, then replaced under their ids, and returns what
// Verify and Trace say of a token that only the new ones can vouch for, each with a verifier of its
// own: what one has fetched, the other need not.
func afterReplacement(t *testing.T, replaced any, token string) (*jwt.Trace, error) {
	t.Helper()
	var verifiers [2]*jwt.Verifier
	var providers [2]*fixture.Provider
	for n := range verifiers {
		providers[n] = fixture.NewProvider(t, jwt.ES256)
		verifiers[n] = providers[n].Verifier(providers[n].Remote(jwt.RemoteOptions{}))
		accepted, err := fixture.Verify(verifiers[n], fixture.Mint("es256-1"))
		fixture.WantAccepted(t, accepted, err)
	}
	time.Sleep(2 * time.Minute) // the set is old enough to be doubted
	for _, p := range providers {
		p.Set(func(p *fixture.Provider) { p.Keys = []any{replaced} })
	}
	_, err := fixture.Verify(verifiers[0], token)
	trace := verifiers[1].Trace(t.Context(), token, time.Time{})
	fixture.WantSameRefusal(t, err, trace)
	for n, p := range providers {
		if p.Count("/keys") != 2 {
			t.Errorf("verifier %d fetched %d times, want 2", n, p.Count("/keys"))
		}
	}
	return trace, err
}

// That a key was replaced vouches for nothing: the new one must have signed the token.
func TestTraceReplacedKeyMustVerify(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		trace, err := afterReplacement(t, fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256), fixture.WithPart(fixture.Mint("es256-1"), 2, fixture.B64(strings.Repeat("s", 64))))
		fixture.WantRefusal(t, nil, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
		if trace.Verified || stepOf(t, trace, "signature").Err == nil {
			t.Errorf("got %+v", trace)
		}
	})
}

// The steps after the signature are about the key that holds, not about the one that it has replaced.
func TestTraceReplacedKeyOfOneIssuer(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		other := fixture.JWKEdit{"issuer": "https://elsewhere.example"}.Apply(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256))
		trace, err := afterReplacement(t, other, fixture.Forged())
		fixture.WantRefusal(t, nil, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
		if !trace.Verified || stepOf(t, trace, "key issuer").Err == nil {
			t.Errorf("got %+v", trace)
		}
	})
}
