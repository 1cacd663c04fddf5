// This file sets up github.com/tink-crypto/tink-go/v2.

package peers

import (
	"slices"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/jwt"
	"github.com/tink-crypto/tink-go/v2/jwt/jwthmac"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
)

// Tink is the package jwt of github.com/tink-crypto/tink-go/v2. The key is read by
// JWKSetToPublicKeysetHandle, or made by jwthmac.NewKey, when the verifier is made. The library has
// no EdDSA for tokens.
//
// The validator has ExpectedIssuer, ExpectedAudience and ClockSkew; exp is required by default.
// IgnoreTypeHeader is set, as a token of any other typ than the one expected would be refused, and
// tokens have it or not. ExpectIssuedInThePast, which requires iat, is not set.
type Tink struct{}

// Name returns "tink".
func (Tink) Name() string { return "tink" }

// Module returns the library's path.
func (Tink) Module() string { return "github.com/tink-crypto/tink-go/v2" }

// Verifier makes a keyset of one key, the primitive and the validator. Verify is VerifyAndDecode, or
// VerifyMACAndDecode for a secret.
func (Tink) Verifier(s Setup) (Verifier, error) {
	options := &jwt.ValidatorOpts{ExpectedIssuer: &s.Issuer, IgnoreTypeHeader: true, ClockSkew: Leeway}
	if s.Audience == "" {
		options.IgnoreAudiences = true
	} else {
		options.ExpectedAudience = &s.Audience
	}
	validator, err := jwt.NewValidator(options)
	if err != nil {
		return nil, err
	}
	if s.Secret != nil {
		handle, err := s.tinkSecret()
		if err != nil {
			return nil, err
		}
		mac, err := jwt.NewMAC(handle)
		if err != nil {
			return nil, err
		}
		return tinkMAC{mac, validator}, nil
	}
	if !slices.Contains([]string{"RS", "PS", "ES"}, s.Algorithm[:min(2, len(s.Algorithm))]) {
		return nil, s.unsupported()
	}
	handle, err := jwt.JWKSetToPublicKeysetHandle(slices.Concat([]byte(`{"keys":[`), s.JWK, []byte(`]}`)))
	if err != nil {
		return nil, err
	}
	verifier, err := jwt.NewVerifier(handle)
	if err != nil {
		return nil, err
	}
	return tink{verifier, validator}, nil
}

// tinkSecret makes a keyset of the secret.
func (s Setup) tinkSecret() (*keyset.Handle, error) {
	alg, ok := map[string]jwthmac.Algorithm{"HS256": jwthmac.HS256, "HS384": jwthmac.HS384, "HS512": jwthmac.HS512}[s.Algorithm]
	if !ok {
		return nil, s.unsupported()
	}
	strategy := jwthmac.IgnoredKID
	if s.KeyID != "" {
		strategy = jwthmac.CustomKID
	}
	parameters, err := jwthmac.NewParameters(len(s.Secret), strategy, alg)
	if err != nil {
		return nil, err
	}
	key, err := jwthmac.NewKey(jwthmac.KeyOpts{
		KeyBytes:     secretdata.NewBytesFromData(s.Secret, insecuresecretdataaccess.Token{}),
		CustomKID:    s.KeyID,
		HasCustomKID: s.KeyID != "",
		Parameters:   parameters,
	})
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(key)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return manager.Handle()
}

type tink struct {
	verifier  jwt.Verifier
	validator *jwt.Validator
}

func (v tink) Verify(token string) error {
	_, err := v.verifier.VerifyAndDecode(token, v.validator)
	return err
}

type tinkMAC struct {
	mac       jwt.MAC
	validator *jwt.Validator
}

func (v tinkMAC) Verify(token string) error {
	_, err := v.mac.VerifyMACAndDecode(token, v.validator)
	return err
}
