// This file tests that a trace says of a token what Verify does.

package jwt_test

import (
	"errors"
	"testing"
	"time"

	"assay.example/jwt"
)

// sameRefusal compares what Verify returns with what a trace records.
func sameRefusal(t *testing.T, err error, trace *jwt.Trace) {
	t.Helper()
	var refusal *jwt.Error
	errors.As(err, &refusal)
	switch got := trace.Refusal; {
	case (got == nil) != (refusal == nil):
		t.Errorf("Verify: %v, Trace: %v", err, got)
	case got != nil && (got.Reason != refusal.Reason || got.Error() != refusal.Error() || got.Issuer != refusal.Issuer || got.KeyID != refusal.KeyID):
		t.Errorf("Verify: %v\nTrace:  %v", err, got)
	}
}

var traceOrder = []string{"size", "parts", "encoding", "header", "issuer choice", "alg", "key", "signature", "payload",
	"typ", "iss", "key issuer", "aud", "client", "exp", "nbf", "iat", "profile", "cnf", "validate"}

func TestTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		iss := testIssuer()
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
			"header":      {withPart(good, 0, "W10"), "header", nil},
			"none":        {withPart(good, 0, "eyJhbGciOiJub25lIn0"), "alg", nil},
			"kid":         {withPart(good, 0, "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ"), "key", nil},
			"tampered":    {withPart(good, 1, "e30"), "signature", nil},
			"expired":     {iss.Token(claims{"exp": 1, "nbf": int64(9999999999)}), "exp", nil},
			"wrong types": {iss.Token(claims{"exp": "x", "aud": 1}), "payload", nil},
			"audience":    {iss.Token(claims{"aud": "x", "cnf": claims{"jkt": "y"}}), "aud", nil},
			"scope":       {good, "requirement", []jwt.Requirement{jwt.Scope("a")}},
		} {
			v := newVerifier(t)
			trace := v.Trace(t.Context(), c.token, time.Time{}, c.reqs...)
			_, err := v.Verify(t.Context(), c.token)
			if c.reqs == nil {
				sameRefusal(t, err, trace)
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
	if trace := nobody.Trace(t.Context(), "a.b.c", time.Time{}); trace.Refusal == nil {
		t.Error("nobody accepts a token")
	}
}
