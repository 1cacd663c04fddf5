// This file is the registration endpoint of the issuer (RFC 7591). Everybody can register a client.

package main

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"
)

// registration has the members of a client's registration that matter here. Others are ignored (RFC 7591
// section 2); some are repeated in the answer.
type registration struct {
	RedirectURIs  []string `json:"redirect_uris,omitempty"`
	AuthMethod    string   `json:"token_endpoint_auth_method"`
	GrantTypes    []string `json:"grant_types"`
	ResponseTypes []string `json:"response_types,omitempty"`
	ClientName    string   `json:"client_name,omitempty"`
	ClientURI     string   `json:"client_uri,omitempty"`
	LogoURI       string   `json:"logo_uri,omitempty"`
	Scope         string   `json:"scope,omitempty"`
	SoftwareID    string   `json:"software_id,omitempty"`
}

func (f *fakeIssuer) serveRegister(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	asked, e := readRegistration(r)
	if e == nil {
		e = asked.complete()
	}
	if e != nil {
		e.answer(w)
		return
	}
	c := &issuerClient{id: "client-" + rand.Text(), redirectURIs: asked.RedirectURIs, grants: asked.GrantTypes}
	answer := struct {
		ID            string `json:"client_id"`
		IssuedAt      int64  `json:"client_id_issued_at"`
		Secret        string `json:"client_secret,omitempty"`
		SecretExpires *int   `json:"client_secret_expires_at,omitempty"`
		*registration
	}{ID: c.id, IssuedAt: time.Now().Unix(), registration: asked}
	if asked.AuthMethod != "none" {
		c.secret = rand.Text()
		answer.Secret, answer.SecretExpires = c.secret, new(int) // 0: never
	}
	f.mu.Lock()
	f.joined.put(c.id, c)
	f.mu.Unlock()
	answerJSON(w, http.StatusCreated, answer)
}

func readRegistration(r *http.Request) (*registration, *oauthError) {
	const code = "invalid_client_metadata"
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, wrong(code, "the body must be application/json")
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, wrong(code, "the body is too large")
	}
	if err := unique(text); err != nil {
		return nil, wrong(code, err.Error())
	}
	asked := &registration{}
	if err := json.Unmarshal(text, asked); err != nil {
		return nil, wrong(code, "the body is not an object, or a member has the wrong type")
	}
	return asked, nil
}

// complete adds the defaults of RFC 7591 section 2, removes grant types that are not supported, and refuses
// what the issuer cannot do.
func (asked *registration) complete() *oauthError {
	const code = "invalid_client_metadata"
	if asked.AuthMethod == "" {
		asked.AuthMethod = "client_secret_basic"
	}
	if asked.GrantTypes == nil {
		asked.GrantTypes = []string{"authorization_code"}
	}
	asked.GrantTypes = slices.DeleteFunc(asked.GrantTypes, func(kind string) bool { return !slices.Contains(grantTypes, kind) })
	withCode := slices.Contains(asked.GrantTypes, "authorization_code")
	if withCode && asked.ResponseTypes == nil {
		asked.ResponseTypes = []string{"code"}
	}
	switch {
	case !slices.Contains(authMethods, asked.AuthMethod):
		return wrong(code, "token_endpoint_auth_method is not supported")
	case len(asked.GrantTypes) == 0:
		return wrong(code, "none of grant_types is supported")
	case withCode && !slices.Contains(asked.ResponseTypes, "code"):
		return wrong(code, "response_types must hold code")
	case asked.AuthMethod == "none" && slices.Contains(asked.GrantTypes, "client_credentials"):
		return wrong(code, "client_credentials needs a secret, and token_endpoint_auth_method is none")
	case !scopeText(asked.Scope):
		return wrong(code, "scope is not a list of names with a space between")
	case withCode && len(asked.RedirectURIs) == 0:
		return wrong("invalid_redirect_uri", "redirect_uris is missing")
	}
	if err := checkRedirects(asked.RedirectURIs); err != nil {
		return wrong("invalid_redirect_uri", "redirect_uris"+err.Error())
	}
	return nil
}
