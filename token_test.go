// This file tests what a verification hands out.

package jwt_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestTokenAccessors(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	tk := token(t, claims{"aud": []string{"x", jwttest.Audience}, "scope": "a b", "scp": []string{"c"}, "azp": "app", "jti": "id",
		"exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "iat": json.Number(fmt.Sprintf("%d.25", now.Unix()-1))})
	for name, pair := range map[string][2]any{
		"Issuer":    {tk.Issuer(), fixture.Issuer().URL},
		"Subject":   {tk.Subject(), "test-subject"},
		"Audience":  {tk.Audience(), []string{"x", jwttest.Audience}},
		"Scopes":    {tk.Scopes(), []string{"a", "b", "c"}},
		"ClientID":  {tk.ClientID(), "app"},
		"ID":        {tk.ID(), "id"},
		"ExpiresAt": {tk.ExpiresAt(), now.Add(time.Hour)},
		"NotBefore": {tk.NotBefore(), now},
		"IssuedAt":  {tk.IssuedAt(), now.Add(-750 * time.Millisecond)},
		"Header":    {tk.Header(), jwt.Header{Algorithm: jwt.RS256, KeyID: "rs256-1", Type: "JWT"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %v, want %v", name, pair[0], pair[1])
		}
	}
	// What is handed out is the caller's: a change does not reach the token.
	tk.Audience()[0], tk.Scopes()[0] = "changed", "changed"
	if tk.Audience()[0] != "x" || tk.Scopes()[0] != "a" {
		t.Error("the token was changed")
	}
	none := token(t, claims{"sub": nil, "jti": nil, "iat": nil})
	if none.Subject() != "" || none.ID() != "" || none.ClientID() != "" || len(none.Scopes()) != 0 || !none.NotBefore().IsZero() || !none.IssuedAt().IsZero() {
		t.Error("an absent claim has a value")
	}
}

// Whatever prints a token prints neither its text nor more of its claims than names it.
func TestTokenFormat(t *testing.T) {
	text := fixture.Issuer().Token(claims{"email": "somebody@example.com", "sub": "line\nbreak"})
	tk, err := fixture.Verify(fixture.NewVerifier(t), text)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", tk)
	tellings := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		tellings = append(tellings, fmt.Sprintf(verb, tk))
	}
	for _, told := range tellings {
		if strings.Contains(told, "somebody") || strings.Contains(told, text[len(text)-20:]) || strings.Contains(strings.TrimSpace(told), "\n") {
			t.Errorf("got %s", told)
		}
		if !strings.Contains(told, fixture.Issuer().URL) {
			t.Errorf("%s does not say whose token it is", told)
		}
	}
	for _, want := range []string{"token.iss=", "token.sub=", "token.client_id=", "token.jti=", "token.exp="} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
}
