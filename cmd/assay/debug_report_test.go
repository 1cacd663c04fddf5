// This file tests the report that the page of debug offers for a ticket.

package main

import (
	"strings"
	"testing"

	"assay.example/jwt/jwttest"
)

// TestDebugPlain is the report for a ticket: there is one of every token.
func TestDebugPlain(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t)
	d.enter(d.link)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwttest.Claims{"email": "ada@example.com", "sub": "ada-0815", "name": "Ada Example", "groups": []string{"payroll-readers"}}
	token := issuer.Token(claims)
	const secret = "a-shared-secret-that-is-long-enough-for-it"
	for name, ask := range map[string]debugAsk{
		"nothing expected": {Token: token, Source: "issuer"},
		"valid":            {Token: token, Source: "key", Key: set, Issuer: issuer.URL, Audience: []string{jwttest.Audience}},
		"refused":          {Token: token, Source: "key", Key: set, Issuer: "https://other.example", Audience: []string{"other"}, Clients: []string{"c"}, Scopes: []string{"admin"}},
		"a secret":         {Token: token, Source: "secret", Secret: secret, Algorithm: "HS256"},
		"broken":           {Token: "Bearer " + token[:len(token)-100] + "!", Source: "issuer"},
		"an address":       {Token: token, Source: "jwks", JWKS: "https://keys.example/set?key=hunter2hunter2"},
	} {
		ask.Other = issuer.Token(claims)
		told := d.ask(ask)
		for _, text := range []string{told.Plain, told.Comparison.Plain} {
			noToken(t, text)
			noGo(t, text)
			for _, personal := range []string{"ada@", "ada-0815", "Ada Example", "payroll", secret, "hunter2", noIssuer} {
				if strings.Contains(text, personal) {
					t.Errorf("%s: the report has %q:\n%s", name, personal, text)
				}
			}
			if name != "broken" && !strings.Contains(text, "(redacted)") {
				t.Errorf("%s: the report has no claims:\n%s", name, text)
			}
		}
		if !strings.HasPrefix(told.Plain, strings.Join(told.Stamps, ", ")+"\n"+told.Say+"\n") || !strings.Contains(told.Plain, "Is it well formed?") {
			t.Errorf("%s: the report is\n%s", name, told.Plain)
		}
	}
}
