// This file answers the requests by which tests control the issuer: to mint a token, to rotate its keys, to be
// down or slow. From browsers it accepts such requests only from the issuer's own address.

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// instruct reads the body of a request: a JSON object of these members, or nothing.
func instruct(w http.ResponseWriter, r *http.Request, into members) bool {
	w.Header().Set("Cache-Control", "no-store")
	text, err := io.ReadAll(r.Body)
	if err != nil {
		refuseOAuth(w, http.StatusRequestEntityTooLarge, "invalid_request", "the body is too large")
		return false
	}
	if strings.TrimSpace(string(text)) == "" {
		return true
	}
	if err = unique(text); err == nil {
		err = object("", text, into)
	}
	if err != nil {
		wrong("invalid_request", err.Error()).answer(w)
		return false
	}
	return true
}

// serveMint answers with a token, as text.
func (f *fakeIssuer) serveMint(w http.ResponseWriter, r *http.Request) {
	var claims, header claimValues
	var alg, payload, secret *string
	if !instruct(w, r, members{"claims": &claims, "alg": &alg, "header": &header, "payload": &payload, "secret": &secret}) {
		return
	}
	spec := jwttest.Spec{Header: header, Claims: jwttest.Claims{"exp": time.Now().Add(f.config.lifetime).Unix()}}
	maps.Copy(spec.Claims, f.config.claims)
	maps.Copy(spec.Claims, claims)
	if payload != nil {
		if claims != nil {
			wrong("invalid_request", "claims and payload exclude each other").answer(w)
			return
		}
		spec.Payload = []byte(*payload)
	}
	token, err := f.mint(spec, alg, secret)
	if err != nil {
		wrong("invalid_request", err.Error()).answer(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
	io.WriteString(w, token)
}

// mint signs. A token with "none" has no signature, and the secret of HMAC is nobody's unless the request has one:
// both are there to be refused.
func (f *fakeIssuer) mint(spec jwttest.Spec, alg, secret *string) (string, error) {
	known := f.algorithms()
	if slices.Contains(known, jwt.EdDSA) || slices.Contains(known, jwt.Ed25519) {
		known = append(slices.Clone(known), jwt.EdDSA, jwt.Ed25519)
	}
	known = append(slices.Clone(known), jwt.HS256, jwt.HS384, jwt.HS512)
	hash := hmacHash(alg)
	switch {
	case secret != nil && hash == nil:
		return "", errors.New("secret is for the algorithms HS256, HS384 and HS512 alone")
	case alg == nil:
		spec.Algorithm = known[0]
	case *alg == "none":
		return f.unsigned(spec, known[0])
	case slices.Contains(known, jwt.Algorithm(*alg)):
		spec.Algorithm = jwt.Algorithm(*alg)
	default:
		return "", errors.New("there is no key for alg: see -alg")
	}
	token := f.keys.Mint(spec)
	if secret != nil {
		input := token[:strings.LastIndexByte(token, '.')]
		mac := hmac.New(hash, []byte(*secret)) // of any length: a service has to refuse a short one, and a public key
		mac.Write([]byte(input))
		token = input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	return token, nil
}

// hmacHash is that of an algorithm with a shared secret; nil: it has none.
func hmacHash(alg *string) func() hash.Hash {
	if alg == nil {
		return nil
	}
	return map[jwt.Algorithm]func() hash.Hash{jwt.HS256: sha256.New, jwt.HS384: sha512.New384, jwt.HS512: sha512.New}[jwt.Algorithm(*alg)]
}

// unsigned makes a token with alg "none".
func (f *fakeIssuer) unsigned(spec jwttest.Spec, alg jwt.Algorithm) (string, error) {
	own := map[string]any{"alg": "none", "kid": nil}
	maps.Copy(own, spec.Header)
	spec.Algorithm, spec.Header = alg, own
	token := f.keys.Mint(spec)
	return token[:strings.LastIndexByte(token, '.')+1], nil
}

func (f *fakeIssuer) serveRotate(w http.ResponseWriter, r *http.Request) {
	var retire, sameKID bool
	if !instruct(w, r, members{"retire": &retire, "same_kid": &sameKID}) {
		return
	}
	if sameKID {
		f.keys.ReplaceSameKID()
	} else {
		f.keys.Rotate()
	}
	if retire {
		f.keys.Retire()
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeIssuer) serveDown(w http.ResponseWriter, r *http.Request) {
	if !instruct(w, r, members{}) {
		return
	}
	f.keys.SetDown(r.Method == http.MethodPost)
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeIssuer) serveDelay(w http.ResponseWriter, r *http.Request) {
	var text string
	if !instruct(w, r, members{"delay": &text}) {
		return
	}
	delay := time.Duration(0)
	if r.Method == http.MethodPost {
		var err error
		if delay, err = time.ParseDuration(text); err != nil || delay < 0 || delay > maxIssuerDelay {
			wrong("invalid_request", `delay must be a duration like "2s", of a minute at most`).answer(w)
			return
		}
	}
	f.keys.SetDelay(delay)
	w.WriteHeader(http.StatusNoContent)
}
