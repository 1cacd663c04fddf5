//go:build linux

// This file makes the work: the keys of an issuer, where they are published, and tokens, a different one for each
// connection.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	issuerName = "https://tenant.eu.auth0.com/"
	audience   = "https://api.example.com"
	scope      = "read:messages" // what every guard asks for
	leeway     = 30 * time.Second
)

// Claims are those of an access token of Auth0 with RBAC.
type Claims struct {
	Issuer      string   `json:"iss"`
	Subject     string   `json:"sub"`
	Audience    []string `json:"aud"`
	IssuedAt    int64    `json:"iat"`
	ExpiresAt   int64    `json:"exp"`
	Client      string   `json:"azp"`
	Scope       string   `json:"scope"`
	Permissions []string `json:"permissions"`
}

// The kinds of tokens.
const (
	rs256   = "RS256"
	es256   = "ES256"
	expired = "expired"
	unknown = "unknown kid"
)

// An issuer publishes one key for each algorithm.
type issuer struct {
	server *httptest.Server
	tokens map[string][]string // by kind
}

// newIssuer mints a number of tokens of each kind.
func newIssuer(count int) (*issuer, error) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	rs := jose.JSONWebKey{Key: rsaKey, KeyID: "hqXqV3p8dQ2bYwZk1m9Tn", Algorithm: rs256, Use: "sig"}
	es := jose.JSONWebKey{Key: ecKey, KeyID: "Zr7sU0eWc5NfLd6PaGy2K", Algorithm: es256, Use: "sig"}
	i := &issuer{tokens: map[string][]string{}}
	for n := range count {
		add := func(kind string, key jose.JSONWebKey, age time.Duration) {
			if err == nil {
				var token string
				token, err = mint(key, n, age)
				i.tokens[kind] = append(i.tokens[kind], token)
			}
		}
		add(rs256, rs, 0)
		add(es256, es, 0)
		add(expired, rs, 48*time.Hour)
		stranger := rs
		stranger.KeyID = fmt.Sprintf("unknown-%d", n)
		add(unknown, stranger, 0)
	}
	if err != nil {
		return nil, err
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rs.Public(), es.Public()}})
	if err != nil {
		return nil, err
	}
	i.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(set) }))
	return i, nil
}

func (i *issuer) close() { i.server.Close() }

// mint makes a token of the n-th subject, which was issued some time ago for a day.
func mint(key jose.JSONWebKey, n int, age time.Duration) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key.Key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.KeyID))
	if err != nil {
		return "", err
	}
	now := time.Now().Add(-age).Unix()
	return jwt.Signed(signer).Claims(Claims{
		Issuer:      issuerName,
		Subject:     fmt.Sprintf("auth0|%024d", n),
		Audience:    []string{audience, issuerName + "userinfo"},
		IssuedAt:    now,
		ExpiresAt:   now + 86400,
		Client:      "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E",
		Scope:       "openid profile email " + scope,
		Permissions: []string{"read:messages", "write:messages"},
	}).Serialize()
}
