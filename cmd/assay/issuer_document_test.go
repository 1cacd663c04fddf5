// This file tests clients whose id is the address of a document.

package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"assay.example/jwt"
)

func TestDocumentIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"https://app.example/oauth/client.json": true, "https://app.example:8443/c": true, "http://127.0.0.1:1/c": true, "http://localhost:1/c": true,
		"": false, "client-1": false, "https://app.example": false, "https://app.example/": false, "http://app.example/c": false, "https://u@app.example/c": false, "https://app.example/c#": false,
		"https://app.example/a/../c": false, "https://app.example/./c": false, "https:///c": false, "ftp://app.example/c": false,
	} {
		if documentID(id) != want {
			t.Errorf("%q: want %v", id, want)
		}
	}
}

func TestIssuerDocuments(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer s.Close()
	id := s.URL + "/client.json"
	i := newTestIssuer(t, `{}`)
	base := url.Values{"client_id": {id}, "redirect_uri": {"http://127.0.0.1:4321/cb"}, "response_type": {"code"}, "code_challenge": {testChallenge()}, "code_challenge_method": {"S256"}}
	serve := func(text string) { answer = func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) } }
	good := `{"client_id": "` + id + `", "client_name": "An app", "redirect_uris": ["http://127.0.0.1/cb"], "grant_types": ["authorization_code", "refresh_token"]`
	serve(good + "}")
	if w := i.ask("GET", authorizePath+"?"+query(base), ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "-client-documents") {
		t.Errorf("without the flag: status %d, %s", w.Code, w.Body)
	}
	if got := i.object(i.ask("GET", "/realms/test"+oidcPath, ""), 200); got["client_id_metadata_document_supported"] != nil {
		t.Errorf("without the flag: %v", got)
	}
	i.config.documents = true
	if got := i.object(i.ask("GET", "/realms/test"+oidcPath, ""), 200); got["client_id_metadata_document_supported"] != true {
		t.Errorf("with the flag: %v", got)
	}
	code := i.authorize(id).Get("code")
	i.authorize(id) // reads the document again
	got := i.object(i.ask("POST", tokenPath, exchange(id, code, "resource", "https://mcp.example.com")), http.StatusOK)
	if token := i.verify(got["access_token"], "https://mcp.example.com", jwt.AccessToken); token.ClientID() != id || got["refresh_token"] == nil {
		t.Errorf("got %v", token)
	}
	if len(i.joined.order) != 1 {
		t.Errorf("%d clients", len(i.joined.order))
	}

	document := func(members string) func() { return func() { serve(members) } }
	for _, c := range []struct {
		name string
		do   func()
		want string
	}{
		{"at the limit", document(good + strings.Repeat(" ", maxDocument-len(good)-1) + "}"), ""},
		{"over the limit", document(good + strings.Repeat(" ", maxDocument-len(good)) + "}"), "longer than 5 KiB"},
		{"another id", document(strings.Replace(good, "client.json", "Client.json", 1) + "}"), "is not its address"},
		{"no id", document(`{"redirect_uris": ["http://127.0.0.1/cb"]}`), "is not its address"},
		{"no addresses", document(`{"client_id": "` + id + `"}`), "redirect_uris is missing"},
		{"a wrong address", document(strings.Replace(good, "http://127.0.0.1/cb", "http://app.example/cb", 1) + "}"), "http is for loopback alone"},
		{"a secret", document(good + `, "client_secret": "x"}`), "has no secret"},
		{"a method with a secret", document(good + `, "token_endpoint_auth_method": "client_secret_post"}`), "has no secret"},
		{"a member twice", document(good + `, "client_name": "x"}`), "there twice"},
		{"a wrong type", document(good + `, "scope": 1}`), "wrong type"},
		{"HTML", document("<html>"), "not JSON"},
		{"a redirect", func() {
			answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other.json", http.StatusFound) }
		}, "status 200"},
		{"not found", func() { answer = http.NotFound }, "status 200"},
		{"closed", s.Close, "cannot be fetched"},
	} {
		c.do()
		w := i.ask("GET", authorizePath+"?"+query(base), "")
		if c.want == "" && w.Code != http.StatusFound || c.want != "" && (w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Location") != "") {
			t.Errorf("%s: status %d, %s", c.name, w.Code, w.Body)
		}
	}
}
