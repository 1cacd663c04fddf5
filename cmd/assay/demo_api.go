// This file is the API that the demo guards, written as users of package jwt would write it.

package main

import (
	"encoding/json"
	"net/http"

	"assay.example/jwt"
)

const (
	publicMessage  = "Hello from a public endpoint! You don't need to be authenticated to see this."
	privateMessage = "Hello from a private endpoint! You need to be authenticated to see this."
	scopedMessage  = "Hello from a private endpoint! You need to be authenticated and have a scope of read:messages to see this."
)

// newAPI returns an API that trusts one issuer. It has not fetched keys yet.
func newAPI(issuer jwt.Config, onRefusal func(*http.Request, *jwt.Error)) (http.Handler, error) {
	verifier, err := jwt.NewVerifier(issuer)
	if err != nil {
		return nil, err
	}
	resource, err := jwt.NewResource(verifier, jwt.ResourceConfig{OnRefusal: onRefusal})
	if err != nil {
		return nil, err
	}
	authenticated := resource.Require()
	mayReadMessages := resource.Require(jwt.Scope("read:messages"))

	mux := http.NewServeMux()
	mux.Handle("GET /api/public", message(publicMessage))
	mux.Handle("GET /api/private", authenticated(message(privateMessage)))
	mux.Handle("GET /api/private-scoped", mayReadMessages(message(scopedMessage)))
	return mux, nil
}

// message answers with {"message": text}.
func message(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]string{"message": text})
	})
}
