// This file makes contexts with a verified token, for tests of a handler without its guard.

package jwttest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"sync"

	"assay.example/jwt"
)

// contextKey signs the tokens of all contexts. It is made once in a process. No issuer publishes it, so no
// other verifier accepts such a token.
var contextKey = sync.OnceValue(func() signer {
	return signer{alg: jwt.ES256, kid: "context", key: hidden[crypto.Signer](must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))}
})

// newVerifier returns the verifier for the tokens of Context.
func (i *Issuer) newVerifier() *jwt.Verifier {
	return must(jwt.NewVerifier(jwt.Config{Issuer: i.URL, Audience: slices.Clone(i.audience), Keys: contextKey().public(jwt.ES256)}))
}

// Context returns a context in which [jwt.FromContext] finds a verified token with these claims, for the
// unit test of a handler behind a guard. It adds absent claims as Token does. It takes microseconds: it makes
// no request, and the key (ES256) is made once in a process. Context panics if a verifier with the issuer's
// Config would refuse the claims. The context does not pass a guard: see [jwt.NewContext].
func (i *Issuer) Context(ctx context.Context, claims Claims) context.Context {
	s := contextKey()
	input := base64url(encode(map[string]any{"alg": s.alg, "typ": "JWT", "kid": s.kid})) + "." + base64url(i.payload(claims))
	token, err := i.verifier().Verify(ctx, input+"."+base64url(s.sign(s.alg, input)))
	return jwt.NewContext(ctx, must(token, err))
}
