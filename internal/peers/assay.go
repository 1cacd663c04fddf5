// This file sets up this module.

package peers

import (
	"context"
	"errors"

	"assay.example/jwt"
)

// Assay is this module. The key is parsed once; Verify is Verifier.Verify.
type Assay struct{}

// Name returns "assay".
func (Assay) Name() string { return "assay" }

// Module returns an empty path: this module has no version of its own here.
func (Assay) Module() string { return "" }

// Verifier uses ParseKey or HMACKey and NewVerifier, with Algorithms pinned. Without an audience it
// sets InsecureSkipAudience.
func (Assay) Verifier(s Setup) (Verifier, error) {
	alg := jwt.Algorithm(s.Algorithm)
	var key *jwt.Key
	var err error
	if s.Secret != nil {
		key, err = jwt.HMACKey(s.KeyID, alg, s.Secret)
	} else {
		key, err = jwt.ParseKey(s.JWK)
	}
	if err != nil {
		return nil, err
	}
	c := jwt.Config{Issuer: s.Issuer, Keys: key, Algorithms: []jwt.Algorithm{alg}, Leeway: Leeway}
	if s.Audience == "" {
		c.InsecureSkipAudience = true
	} else {
		c.Audience = []string{s.Audience}
	}
	v, err := jwt.NewVerifier(c)
	if err != nil {
		return nil, err
	}
	return assayVerifier{v}, nil
}

type assayVerifier struct{ *jwt.Verifier }

func (v assayVerifier) Verify(token string) error {
	_, err := v.Verifier.Verify(context.Background(), token)
	return err
}

// VerifySignature makes use of the order of the steps: whatever is said of the payload is said after
// the signature held.
func (v assayVerifier) VerifySignature(jws string) error {
	err := v.Verify(jws)
	for _, before := range []error{jwt.ErrMalformed, jwt.ErrKey, jwt.ErrSignature} {
		if errors.Is(err, before) {
			return err
		}
	}
	return nil
}
