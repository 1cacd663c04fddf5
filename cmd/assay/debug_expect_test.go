// This file tests what the page of debug can expect of a token, beside its keys.

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

// TestDebugExpectations gives the page's fields what the command has flags for.
func TestDebugExpectations(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t, "-insecure-loopback-http")
	d.enter(d.link)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token := issuer.Token(jwttest.Claims{"client_id": "app", "azp": "app", "scope": "read:messages", "permissions": []string{"write:messages"}})
	late := issuer.Mint(expired(issuer))
	for _, c := range []struct {
		name, token string
		change      func(*debugAsk)
		want        string
		text        string // of what is said first, or of its hint
	}{
		{"a client", token, func(a *debugAsk) { a.Clients = []string{"other", "app"} }, "PASS PASS PASS PASS PASS", "accept"},
		{"another client", token, func(a *debugAsk) { a.Clients = []string{"other"} }, "PASS PASS PASS PASS FAIL", "client"},
		{"a client in place of an audience", token, func(a *debugAsk) { a.Clients, a.Audience = []string{"app"}, nil }, "PASS PASS PASS PASS PASS", "accept"},
		{"a scope", token, func(a *debugAsk) { a.Scopes = []string{"read:messages"} }, "PASS PASS PASS PASS PASS", "accept"},
		{"another scope", token, func(a *debugAsk) { a.Scopes = []string{"read:messages", "admin"} }, "PASS PASS PASS PASS FAIL", "scope"},
		{"a permission", token, func(a *debugAsk) { a.Scopes = []string{"write:messages"} }, "PASS PASS PASS PASS FAIL", "look into the claim \"permissions\""},
		{"earlier", late, func(a *debugAsk) { a.At = "-40m" }, "PASS PASS PASS PASS PASS", "accept"},
		{"later", token, func(a *debugAsk) { a.At = now.Add(48 * time.Hour).UTC().Format(time.RFC3339) }, "PASS PASS FAIL PASS PASS", "Expired"},
		{"seconds", token, func(a *debugAsk) { a.At = strconv.FormatInt(now.Unix()-7200, 10) }, "PASS PASS FAIL PASS PASS", "future"},
	} {
		ask := debugAsk{Token: c.token, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "key", Key: set}
		c.change(&ask)
		told := d.ask(ask)
		if got := told.verdicts(); got != c.want || !strings.Contains(told.Say+told.Hint, c.text) || len(told.Faults) != 0 {
			t.Errorf("%s: %s, want %s: %s %s %+v", c.name, got, c.want, told.Say, told.Hint, told.Faults)
		}
		if told.AtGiven != (ask.At != "") {
			t.Errorf("%s: the time is given: %v", c.name, told.AtGiven)
		}
		for _, a := range told.Answers {
			for _, step := range a.Steps {
				noGo(t, step.Text+" "+step.Hint)
			}
		}
	}

	// A key set is asked for at its address when the button is pressed, and not before.
	ask := debugAsk{Token: token, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "jwks", JWKS: issuer.URL + ".well-known/jwks.json"}
	_, before := issuer.Fetches()
	if told := d.ask(ask); told.verdicts() != "PASS SKIP SKIP SKIP SKIP" || !strings.Contains(told.Sub, "Press Verify") {
		t.Errorf("before the button: %s, %s", told.verdicts(), told.Sub)
	}
	if _, keys := issuer.Fetches(); keys != before {
		t.Error("a key set was fetched, and nobody had said so")
	}
	ask.Fetch = true
	if told := d.ask(ask); told.verdicts() != "PASS PASS PASS PASS PASS" {
		t.Errorf("a key set by its address: %s %s", told.verdicts(), told.Say)
	}
	if metadata, keys := issuer.Fetches(); metadata != 0 || keys != before+1 {
		t.Errorf("%d and %d requests", metadata, keys-before)
	}
}

// TestDebugTenants holds tokens of several tenants against one issuer, as Microsoft Entra ID has them.
func TestDebugTenants(t *testing.T) {
	const one, other = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
	issuer := debugIssuer(t)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	entra := httptest.NewServer(mux)
	defer entra.Close()
	name := entra.URL + "/{tenantid}/v2.0"
	mux.HandleFunc("GET /common/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": %q}`, name, entra.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, set) })
	d := startDebugging(t, "-insecure-loopback-http")
	d.enter(d.link)
	token := issuer.Token(jwttest.Claims{"iss": strings.Replace(name, "{tenantid}", one, 1), "tid": one})
	for _, c := range []struct {
		name, source string
		tenants      []string
		want         string
	}{
		{"any tenant", "key", nil, "PASS PASS PASS PASS PASS"},
		{"its tenant", "key", []string{other, one}, "PASS PASS PASS PASS PASS"},
		{"another tenant", "key", []string{other}, "PASS PASS PASS FAIL PASS"},
		{"keys from the issuer", "issuer", []string{one}, "PASS PASS PASS PASS PASS"},
	} {
		told := d.ask(debugAsk{Token: token, Issuer: name, Tenants: c.tenants, Audience: []string{jwttest.Audience}, Source: c.source, Key: set, Fetch: true})
		if got := told.verdicts(); got != c.want || len(told.Faults) != 0 {
			t.Errorf("%s: %s, want %s: %s %s %+v", c.name, got, c.want, told.Say, told.Hint, told.Faults)
		}
		noGo(t, told.Hint)
	}
}

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

// TestDebugCompare compares tokens that differ in what matters, in what always differs, and in nothing.
func TestDebugCompare(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t)
	d.enter(d.link)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	works := issuer.Token(jwttest.Claims{"jti": "1", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"a": 1, "b": 2}})
	for _, c := range []struct {
		name   string
		other  string
		say    string
		stamps string
		rows   string // that differ
		note   string
	}{
		{"the same", works, "They say the same.", "VALID", "", ""},
		{"another of the same kind", issuer.Token(jwttest.Claims{"jti": "2", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"b": 2, "a": 1}}),
			"They differ only in what differs between any two tokens.", "VALID", "", ""},
		{"audience", issuer.Token(jwttest.Claims{"jti": "2", "aud": "https://other.example", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"a": 1, "b": 2}}),
			"They differ in aud.", "REFUSED", "check Is it meant for this application?, payload aud", ""},
		{"lists", issuer.Token(jwttest.Claims{"jti": "2", "scope": "write admin", "roles": []string{"a"}, "address": map[string]any{"a": 1, "b": 2}, "extra": true}),
			"They differ in roles, scope and extra.", "VALID", "payload roles, payload scope, payload extra", "Only A has read; only B has admin."},
		{"expired", issuer.Mint(expired(issuer)), "", "REFUSED", "check Is it in its validity period?", ""},
	} {
		told := d.ask(debugAsk{Token: works, Other: c.other, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "key", Key: set})
		got := told.Comparison
		var rows, notes []string
		for _, row := range got.Rows {
			if row.Kind == rowDiffers {
				rows = append(rows, row.Part+" "+row.Name)
			}
			notes = append(notes, row.Note)
		}
		all := strings.Join(rows, ", ")
		if c.name == "expired" {
			if !strings.HasPrefix(all, c.rows) || !strings.Contains(all, "payload exp") {
				t.Errorf("%s: %s", c.name, all)
			}
		} else if got.Say != c.say || all != c.rows {
			t.Errorf("%s: %q, %s", c.name, got.Say, all)
		}
		if got.Right.Stamps[0] != c.stamps || got.Left.Stamps[0] != "VALID" {
			t.Errorf("%s: %v and %v", c.name, got.Left.Stamps, got.Right.Stamps)
		}
		if !strings.Contains(strings.Join(notes, "|"), c.note) {
			t.Errorf("%s: the notes are %q", c.name, notes)
		}
	}
	if told := d.ask(debugAsk{Token: works, Source: "issuer", Other: "  \n"}); told.Comparison != nil {
		t.Error("there is nothing to compare with")
	}
	if told := d.ask(debugAsk{Token: works, Source: "issuer", Other: "opaque"}); told.Comparison.Right.Stamps[0] != "REFUSED" || told.answer(explain.QuestionForm).Verdict != explain.VerdictPass {
		t.Errorf("with an opaque one: %+v", told.Comparison.Right)
	}
}
