// This file has the lines of this package.

package migrating

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// newAssay verifies tokens with the settings of the page.
func newAssay(issuer string) (*jwt.Verifier, error) {
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Audience: []string{audience},
	})
	return v, err
}

// newAssayAt takes the keys from an address that is known.
func newAssayAt(jwksURL string) (*jwt.Verifier, error) {
	keys, err := jwt.NewRemoteKeySet(jwksURL, nil)
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:     issuer,
		Audience:   []string{audience},
		Keys:       keys,
		Algorithms: []jwt.Algorithm{jwt.RS256},
	})
	return v, err
}

type Order struct {
	Scope  string `json:"scope"`
	Tenant string `json:"tenant"`
}

func orders(w http.ResponseWriter, r *http.Request) {
	token, ok := jwt.FromContext(r.Context())
	if !ok {
		http.Error(w, "orders stands behind no guard", http.StatusInternalServerError)
		return
	}
	claims, err := jwt.Claims[Order](token)
	if err != nil {
		http.Error(w, "unexpected claims", http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, "Hello, %s of %s!\n", token.Subject(), claims.Tenant)
}

// guarded guards a route.
func guarded(mux *http.ServeMux, v *jwt.Verifier) {
	mux.Handle("GET /orders", v.Require(jwt.Scope("read:orders"))(http.HandlerFunc(orders)))
}

// newAssayTenant asks each token for more.
func newAssayTenant() (*jwt.Verifier, error) {
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Audience: []string{audience},
		Require:  []jwt.Requirement{jwt.Claim("tenant").Equals("acme")},
		Validate: func(ctx context.Context, token *jwt.Token) error {
			if token.Subject() == "" {
				return errors.New("no subject")
			}
			return nil
		},
	})
	return v, err
}

// newAssayExact has no leeway.
func newAssayExact() (*jwt.Verifier, error) {
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Audience: []string{audience},
		Leeway:   -1, // none; zero means 30 seconds
	})
	return v, err
}

// newAssayID verifies ID tokens.
func newAssayID() (*jwt.Verifier, error) {
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Audience: []string{clientID},
		Profile:  jwt.IDToken,
	})
	return v, err
}

// assayProfile reads the claims of an ID token.
func assayProfile(ctx context.Context, v *jwt.Verifier, text, nonce string) (email string, err error) {
	idToken, err := v.Verify(ctx, text)
	if err != nil {
		return "", err
	}
	if err := idToken.Meets(jwt.Claim("nonce").Equals(nonce)); err != nil {
		return "", err
	}
	profile, err := jwt.Claims[struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}](idToken)
	if err != nil {
		return "", err
	}
	return profile.Email, nil
}

// newAssayCluster trusts a certificate authority of one's own.
func newAssayCluster(roots *x509.CertPool) (*jwt.Verifier, error) {
	keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{RootCAs: roots})
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{audience}, Keys: keys})
	return v, err
}

// newAssayPEM verifies with the one key that is in a file.
func newAssayPEM(data []byte) (*jwt.Verifier, error) {
	public, err := jwt.ParsePEM("", jwt.RS256, data)
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{
		Issuer:   issuer,
		Audience: []string{audience},
		Keys:     public[0], // without a kid of its own it serves tokens of any kid
	})
	return v, err
}

// newAssaySecret verifies with a shared secret.
func newAssaySecret(secret []byte) (*jwt.Verifier, error) {
	key, err := jwt.HMACKey("", jwt.HS256, secret) // at least 32 bytes
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{audience}, Keys: key})
	return v, err
}

// newAssayPublic verifies with one key that the program has.
func newAssayPublic(public *rsa.PublicKey) (*jwt.Verifier, error) {
	key, err := jwt.RSAKey("", jwt.RS256, public)
	if err != nil {
		return nil, err
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer, Audience: []string{audience}, Keys: key})
	return v, err
}

// newAssayResource takes the token from a cookie and tells a log of refusals.
func newAssayResource(v *jwt.Verifier) (*jwt.Resource, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{
		Cookie: "session",
		OnRefusal: func(r *http.Request, e *jwt.Error) {
			slog.Warn("refused", "path", r.URL.Path, "jwt", e)
		},
	})
	return api, err
}

// reason says which of the usual cases an error is.
func reason(err error) string {
	var refusal *jwt.Error
	switch {
	case errors.Is(err, jwt.ErrExpired):
		return "expired"
	case errors.Is(err, jwt.ErrUnavailable):
		return "not the token's fault: 503"
	case errors.As(err, &refusal):
		return string(refusal.Reason)
	}
	return ""
}

// shadow asks api about each request, logs where it differs from the guard that decides, and changes nothing.
func shadow(api *jwt.Resource, guard func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, refusal := api.Check(r)
			accepted := false
			guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				accepted = true
				next.ServeHTTP(w, r)
			})).ServeHTTP(w, r)
			if accepted != (refusal == nil) {
				slog.Warn("the guards differ", "path", r.URL.Path, "accepted", accepted, "assay", refusal)
			}
		})
	}
}

func TestOrders(t *testing.T) {
	iss := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		t.Fatal(err)
	}
	guarded := v.Require(jwt.Scope("read:orders"))(http.HandlerFunc(orders))
	for token, want := range map[string]int{
		iss.Token(jwttest.Claims{"scope": "read:orders", "tenant": "acme"}): http.StatusOK,
		iss.Token(jwttest.Claims{"scope": "read:orders", "exp": 1}):         http.StatusUnauthorized,
		iss.Token(nil): http.StatusForbidden,
	} {
		r := httptest.NewRequest("GET", "/orders", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if guarded.ServeHTTP(w, r); w.Code != want {
			t.Errorf("got %d, want %d", w.Code, want)
		}
	}
}

// assayError names the sentinel of an error and its reason.
func assayError(err error) string {
	for _, s := range []struct {
		name string
		err  error
	}{
		{"ErrMalformed", jwt.ErrMalformed}, {"ErrKey", jwt.ErrKey}, {"ErrSignature", jwt.ErrSignature}, {"ErrExpired", jwt.ErrExpired},
		{"ErrNotYetValid", jwt.ErrNotYetValid}, {"ErrClaims", jwt.ErrClaims}, {"ErrUnavailable", jwt.ErrUnavailable},
		{"ErrNoToken", jwt.ErrNoToken}, {"ErrScope", jwt.ErrScope}, {"ErrBinding", jwt.ErrBinding}, {"ErrRequest", jwt.ErrRequest},
	} {
		if e := (*jwt.Error)(nil); errors.Is(err, s.err) && errors.As(err, &e) {
			return fmt.Sprintf("`%s`, `%s`", s.name, e.Reason)
		}
	}
	return "untyped"
}

// statusOf is the answer of a guard to an error.
func statusOf(v *jwt.Verifier, err error) int {
	api, mistake := jwt.NewResource(v, jwt.ResourceConfig{})
	if mistake != nil {
		log.Fatal(mistake)
	}
	return api.Refusal(err).Status
}

// pemOf writes a public key as a PEM text.
func pemOf(t *testing.T, public *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// handled sends a token to a handler, as a Bearer token.
func handled(h http.Handler, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/orders", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
