// This file reads client ID metadata documents: the id of a client is the address of a document that
// describes it (draft-ietf-oauth-client-id-metadata-document). Clients of MCP have them since revision
// 2026-07-28.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// maxDocument is the largest size of a document, as the draft recommends.
	maxDocument = 5 << 10
	// documentTimeout ends the fetch of a document. A person waits for it, in front of a browser.
	documentTimeout = 5 * time.Second
)

// documentID reports whether a client's id is the address of a document: https with a path, or http on
// loopback, for tests.
func documentID(id string) bool {
	u, err := url.Parse(id)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(id, "#") || u.Path == "" || u.Path == "/" {
		return false
	}
	dots := slices.ContainsFunc(strings.Split(u.Path, "/"), func(part string) bool { return part == "." || part == ".." })
	return !dots && (u.Scheme == "https" || u.Scheme == "http" && loopbackHost(u.Hostname()))
}

// documents is the client that fetches documents. It follows no redirect, because the address is the name of
// the client, and it keeps no connection.
var documents = &http.Client{
	Timeout:       documentTimeout,
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// authorizing finds the client of an authorization request. It reads a document anew for each request, and
// keeps the client for the token endpoint.
func (f *fakeIssuer) authorizing(ctx context.Context, id string) (*issuerClient, *oauthError) {
	if f.config.documents && documentID(id) {
		c, err := readDocument(ctx, id)
		if err != nil {
			return nil, wrong("invalid_request", "the document at client_id: "+err.Error())
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.joined.put(id, c)
		return c, nil
	}
	c, ok := f.client(id)
	if !ok {
		return nil, wrong("invalid_request", "client_id is not known here: it must be registered anew after a restart, and -client-documents allows addresses")
	}
	return c, nil
}

// readDocument reads a document. Its errors repeat nothing of the document.
func readDocument(ctx context.Context, id string) (*issuerClient, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, id, nil)
	if err != nil {
		return nil, errors.New("it has no address that can be asked")
	}
	r.Header.Set("Accept", "application/json")
	resp, err := documents.Do(r)
	if err != nil {
		return nil, errors.New("it cannot be fetched")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return nil, errors.New("it cannot be fetched")
	case resp.StatusCode != http.StatusOK:
		return nil, errors.New("it is not answered with status 200")
	case len(text) > maxDocument:
		return nil, errors.New("it is longer than 5 KiB")
	}
	if err := unique(text); err != nil {
		return nil, err
	}
	var document struct {
		ID     string `json:"client_id"`
		Secret any    `json:"client_secret"`
		registration
	}
	if json.Unmarshal(text, &document) != nil {
		return nil, errors.New("it is not an object, or a member has the wrong type")
	}
	if document.AuthMethod == "" {
		document.AuthMethod = "none"
	}
	switch {
	case document.ID != id:
		return nil, errors.New("its client_id is not its address, byte for byte")
	case document.Secret != nil || document.AuthMethod != "none":
		return nil, errors.New("a client with a document has no secret: token_endpoint_auth_method must be none")
	}
	if e := document.complete(); e != nil {
		return nil, errors.New(e.description)
	}
	return &issuerClient{id: id, redirectURIs: document.RedirectURIs, grants: document.GrantTypes}, nil
}
