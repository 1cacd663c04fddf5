// This file has the lines of github.com/coreos/go-oidc/v3.

package migrating

import (
	"context"
	"crypto"
	"errors"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
)

// goOIDC returns what verifies a token with the settings of the page.
func goOIDC(ctx context.Context, issuer string) (func(context.Context, string) error, error) {
	verifier, err := goOIDCVerifier(ctx, issuer, audience)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, text string) error {
		_, err := verifier.Verify(ctx, text)
		return err
	}, nil
}

func goOIDCVerifier(ctx context.Context, issuer, audience string) (*oidc.IDTokenVerifier, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: audience})
	return verifier, nil
}

// goOIDCProfile reads the claims of an ID token.
func goOIDCProfile(ctx context.Context, verifier *oidc.IDTokenVerifier, text, nonce string) (email string, err error) {
	idToken, err := verifier.Verify(ctx, text)
	if err != nil {
		return "", err
	}
	if idToken.Nonce != nonce {
		return "", errors.New("nonce did not match")
	}
	var profile struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := idToken.Claims(&profile); err != nil {
		return "", err
	}
	return profile.Email, nil
}

// goOIDCHosted verifies with keys whose address is known.
func goOIDCHosted(ctx context.Context) *oidc.IDTokenVerifier {
	keys := oidc.NewRemoteKeySet(ctx, jwksURL)
	verifier := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience})
	return verifier
}

// goOIDCStatic verifies with one key that the program has.
func goOIDCStatic(public crypto.PublicKey) *oidc.IDTokenVerifier {
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{public}}
	verifier := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: audience})
	return verifier
}

// goOIDCCluster gives the library a client of the program's own.
func goOIDCCluster(ctx context.Context, client *http.Client) (*oidc.Provider, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, client), issuer)
	return provider, err
}

func goOIDCError(err error) string {
	var expired *oidc.TokenExpiredError
	if errors.As(err, &expired) {
		return "`*TokenExpiredError`"
	}
	return "untyped"
}

// The names of the page that no line here uses exist.
var _ = []any{oidc.Config{}.SupportedSigningAlgs, oidc.Config{}.Now, oidc.Config{}.SkipClientIDCheck, oidc.Config{}.SkipIssuerCheck,
	oidc.Config{}.SkipExpiryCheck, oidc.Config{}.InsecureSkipSignatureCheck}
