// This file makes the work: keys, key sets and tokens, the good one and those that must be refused.

package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	issuer   = "https://tenant.eu.auth0.com/"
	audience = "https://api.example.com"
	keyID    = "hqXqV3p8dQ2bYwZk1m9Tn"
	nextID   = "Zr7sU0eWc5NfLd6PaGy2K"
	leeway   = 30 * time.Second
)

var algorithms = []string{"RS256", "ES256", "HS256", "EdDSA"}

// Claims are those of an access token of Auth0 with RBAC, and what every contestant has to deliver.
type Claims struct {
	Issuer      string   `json:"iss"`
	Subject     string   `json:"sub"`
	Audience    []string `json:"aud"`
	IssuedAt    int64    `json:"iat"`
	ExpiresAt   int64    `json:"exp,omitempty"`
	Client      string   `json:"azp"`
	Scope       string   `json:"scope"`
	Permissions []string `json:"permissions"`
}

// custom are the claims that libraries do not read by themselves.
type custom struct {
	Client      string   `json:"azp"`
	Scope       string   `json:"scope"`
	Permissions []string `json:"permissions"`
}

// A party is an issuer that publishes two keys of one algorithm, as during a rotation, and signs with
// the first.
type party struct {
	algorithm string
	key, next jose.JSONWebKey // private
	set       jose.JSONWebKeySet
	jwks      []byte // set, in JSON; the keys of HS256 are secrets
	url       string // where jwks is served
	claims    Claims
	token     string
	trials    []trial // what every contestant has to pass before it is measured
}

// newParties makes one for each algorithm, and serves their key sets.
func newParties(mux *http.ServeMux, address string) ([]*party, error) {
	var parties []*party
	for _, alg := range algorithms {
		now := time.Now().Unix()
		p := &party{algorithm: alg, url: address + "/" + alg, claims: Claims{
			Issuer:      issuer,
			Subject:     "auth0|65f1c0ffee15badc0de4a11c",
			Audience:    []string{audience, issuer + "userinfo"},
			IssuedAt:    now,
			ExpiresAt:   now + 86400,
			Client:      "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E",
			Scope:       "openid profile email read:messages",
			Permissions: []string{"read:messages", "write:messages"},
		}}
		var err error
		if p.key, err = newKey(alg, keyID); err != nil {
			return nil, err
		}
		if p.next, err = newKey(alg, nextID); err != nil {
			return nil, err
		}
		for _, key := range []jose.JSONWebKey{p.key, p.next} {
			if alg != "HS256" {
				key = key.Public()
			}
			p.set.Keys = append(p.set.Keys, key)
		}
		if p.jwks, err = json.Marshal(p.set); err != nil {
			return nil, err
		}
		if p.token, err = mint(p.key, p.claims); err != nil {
			return nil, err
		}
		if p.trials, err = p.newTrials(); err != nil {
			return nil, err
		}
		mux.HandleFunc("/"+alg, func(w http.ResponseWriter, _ *http.Request) { w.Write(p.jwks) })
		parties = append(parties, p)
	}
	return parties, nil
}

func newKey(alg, kid string) (jose.JSONWebKey, error) {
	key := jose.JSONWebKey{KeyID: kid, Algorithm: alg, Use: "sig"}
	var err error
	switch alg {
	case "RS256":
		key.Key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		key.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, key.Key, err = ed25519.GenerateKey(rand.Reader)
	default:
		secret := make([]byte, 32)
		rand.Read(secret)
		key.Key = secret
	}
	return key, err
}

func mint(key jose.JSONWebKey, claims Claims) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key.Key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.KeyID))
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// A trial is a token, and whether it is good.
type trial struct {
	name, token string
	good        bool
	byKey       bool // the verdict is that of a verifier that finds keys by kid
}

func (p *party) newTrials() ([]trial, error) {
	stranger, err := newKey(p.algorithm, keyID)
	if err != nil {
		return nil, err
	}
	unknown := p.key
	unknown.KeyID = "unknown"
	minted := func(name string, good, byKey bool, key jose.JSONWebKey, change func(*Claims)) trial {
		c := p.claims
		if change != nil {
			change(&c)
		}
		token, failed := mint(key, c)
		if failed != nil {
			err = failed
		}
		return trial{name, token, good, byKey}
	}
	part := strings.Split(p.token, ".")
	signature := []byte(part[2])
	if at := &signature[len(signature)/2]; *at == 'A' {
		*at = 'B'
	} else {
		*at = 'A'
	}
	payload, _ := base64.RawURLEncoding.DecodeString(part[1])
	other := strings.Replace(string(payload), "read:messages", "root:messages", 1)
	trials := []trial{
		{"good", p.token, true, false},
		minted("next key", true, true, p.next, nil),
		minted("unknown kid", false, true, unknown, nil),
		minted("another key", false, false, stranger, nil),
		minted("wrong issuer", false, false, p.key, func(c *Claims) { c.Issuer = "https://other.eu.auth0.com/" }),
		minted("wrong audience", false, false, p.key, func(c *Claims) { c.Audience = []string{"https://other.example.com", issuer + "userinfo"} }),
		minted("expired", false, false, p.key, func(c *Claims) { c.IssuedAt -= 90000; c.ExpiresAt = c.IssuedAt + 3600 }),
		minted("no expiry", false, false, p.key, func(c *Claims) { c.ExpiresAt = 0 }),
		{"tampered signature", part[0] + "." + part[1] + "." + string(signature), false, false},
		{"tampered payload", part[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(other)) + "." + part[2], false, false},
		{"unsecured", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT","kid":"`+keyID+`"}`)) + "." + part[1] + ".", false, false},
	}
	return trials, err
}

// check puts a verifier on trial. One that holds a single key knows of no others and of no kid.
func (p *party) check(verify verifier, single bool) error {
	for _, t := range p.trials {
		if single && t.byKey {
			continue
		}
		got, err := verify(t.token)
		switch {
		case t.good && err != nil:
			return fmt.Errorf("%s: refused: %w", t.name, err)
		case t.good && fmt.Sprint(got) != fmt.Sprint(p.claims):
			return fmt.Errorf("%s: claims %v, want %v", t.name, got, p.claims)
		case !t.good && err == nil:
			return fmt.Errorf("%s: accepted", t.name)
		}
	}
	return nil
}
