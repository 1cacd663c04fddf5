// This file gives contexts with a verified token, for tests of handlers alone.

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

// contextKey signs the tokens of all contexts. It is made once in a process, and no issuer publishes it:
// such a token is of no use but in its context.
var contextKey = sync.OnceValue(func() signer {
	return signer{alg: jwt.ES256, kid: "context", key: hidden[crypto.Signer](must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))}
})

// newVerifier returns the verifier of Context's tokens.
func (i *Issuer) newVerifier() *jwt.Verifier {
	return must(jwt.NewVerifier(jwt.Config{Issuer: i.URL, Audience: slices.Clone(i.audience), Keys: contextKey().public(jwt.ES256)}))
}

// Context returns a context in which [jwt.FromContext] finds a verified token with these claims, for the
// unit test of a handler that stands behind a guard. The claims are filled in as those of Token. It takes
// microseconds: no request is made, and the key (ES256) is made once in a process. Context panics if a
// verifier with the issuer's Config would refuse the claims. It passes no guard, as [jwt.NewContext] says.
func (i *Issuer) Context(ctx context.Context, claims Claims) context.Context {
	s := contextKey()
	input := base64url(encode(map[string]any{"alg": s.alg, "typ": "JWT", "kid": s.kid})) + "." + base64url(i.payload(claims))
	token, err := i.verifier().Verify(ctx, input+"."+base64url(s.sign(s.alg, input)))
	return jwt.NewContext(ctx, must(token, err))
}
