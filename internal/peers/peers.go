// This file says what a peer is: a library that verifies JSON Web Tokens, set up for one relying
// party. Tests compare verdicts through it, and benchmarks time.

// Package peers runs the same tokens through this module and through other libraries that do the
// same work. Each library is set up as its own documentation says for a resource server: one
// algorithm, one key, the issuer, the audience, and an expiry that is required where the library can
// require it. The files say how.
package peers

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Leeway is what every peer allows clocks to differ.
const Leeway = 30 * time.Second

// A Setup is a relying party: one issuer, one API, one algorithm, one key.
type Setup struct {
	Issuer    string // the iss of its tokens
	Audience  string // must be in aud; empty: aud is not looked at, for examples that have none
	Algorithm string // the only alg
	JWK       []byte // the issuer's public key, as a JSON Web Key; nil if Secret is set
	Secret    []byte // the shared secret of HS256, HS384 or HS512
	KeyID     string // the kid of Secret; empty: none
}

// A Peer is a library.
type Peer interface {
	Name() string   // short, for tables
	Module() string // its path; empty for this module itself

	// Verifier does all the work that can be done before a token comes. An error that wraps
	// errors.ErrUnsupported means that the library does not offer the algorithm; any other, that it
	// does not take the key.
	Verifier(Setup) (Verifier, error)
}

// A Verifier is a peer that is set up. Verify is what a server calls for every request: it returns
// nil if the token's signature holds and its claims are as the Setup wants them.
type Verifier interface {
	Verify(token string) error
}

// A SignatureVerifier is a Verifier of a library that also verifies a compact JWS whose payload is
// anything at all. It returns nil if form, key and signature hold.
type SignatureVerifier interface {
	VerifySignature(jws string) error
}

// All returns every peer, this module first.
func All() []Peer {
	return []Peer{Assay{}, GolangJWT{}, GolangJWT{Map: true}, GoJose{}, JWX{}, Tink{}}
}

//go:embed go.mod
var goMod string

// Version returns the version of a peer's module in go.mod; empty for this module itself.
func Version(p Peer) string {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == p.Module() {
			return fields[1]
		}
	}
	return ""
}

// secretJWK writes the secret as a key, for libraries that take keys in no other form.
func (s Setup) secretJWK() []byte {
	key := map[string]string{"kty": "oct", "alg": s.Algorithm, "k": base64.RawURLEncoding.EncodeToString(s.Secret)}
	if s.KeyID != "" {
		key["kid"] = s.KeyID
	}
	text, err := json.Marshal(key)
	if err != nil {
		panic(err) // strings always marshal
	}
	return text
}

// unsupported is the error of a library without the algorithm.
func (s Setup) unsupported() error {
	return fmt.Errorf("algorithm %s: %w", s.Algorithm, errors.ErrUnsupported)
}
