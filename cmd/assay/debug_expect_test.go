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
