// This file makes the tokens that the page of debug offers to try it with.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// sample is a token to try the page with, and the fields to judge it by.
type sample struct {
	Token    string `json:"token"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	Key      string `json:"key"`
}

// The issuer and the audience of the examples.
const (
	sampleIssuer   = "https://login.example.com/"
	sampleAudience = "https://api.example.com"
)

// sampleClaims are the claims in which each example differs from the default.
var sampleClaims = map[string]func(now time.Time) jwttest.Claims{
	"good": func(time.Time) jwttest.Claims { return nil },
	"expired": func(now time.Time) jwttest.Claims {
		return jwttest.Claims{"iat": now.Add(-time.Hour).Unix(), "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(-192 * time.Second).Unix()}
	},
	"tampered": func(time.Time) jwttest.Claims { return nil },
	"slash":    func(time.Time) jwttest.Claims { return jwttest.Claims{"iss": strings.TrimSuffix(sampleIssuer, "/")} },
}

// newSample makes a token with a new key, which is then thrown away.
func newSample(kind string) (*sample, error) {
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		return nil, err
	}
	defer issuer.Close()
	now := time.Now()
	claims := jwttest.Claims{
		"iss": sampleIssuer, "aud": sampleAudience, "sub": "user|4711", "name": "Ada Example", "azp": "mobile-app", "scope": "read:messages",
		"iat": now.Add(-5 * time.Minute).Unix(), "nbf": now.Add(-5 * time.Minute).Unix(), "exp": now.Add(55 * time.Minute).Unix(),
	}
	for name, value := range sampleClaims[kind](now) {
		claims[name] = value
	}
	token := issuer.Token(claims)
	if kind == "tampered" {
		if token, err = tamper(token); err != nil {
			return nil, err
		}
	}
	keys, err := publishedKeys(issuer)
	if err != nil {
		return nil, err
	}
	return &sample{Token: token, Issuer: sampleIssuer, Audience: sampleAudience, Key: keys}, nil
}

// publishedKeys returns the key set that an issuer serves, without a network.
func publishedKeys(issuer http.Handler) (string, error) {
	w := httptest.NewRecorder()
	issuer.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK {
		return "", fmt.Errorf("the key set was answered with status %d", w.Code)
	}
	var lines bytes.Buffer
	if err := json.Indent(&lines, body, "", "  "); err != nil {
		return "", err
	}
	return lines.String(), nil
}
