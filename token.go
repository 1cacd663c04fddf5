// This file holds the Token that a verification returns, and reads its claims.

package jwt

import (
	"fmt"
	"log/slog"
	"time"
)

// A Token is proof that a token was verified: only [Verifier.Verify], and what is built on it, returns one. It
// is immutable and safe for concurrent use, and it does not hold its own compact form or its signature.
type Token struct {
	text      string // of the header
	header    Header
	claims    claims
	authority *authority // that judged it
	key       *Key       // that its signature was verified with
}

// input is the token without its signature: an error may not repeat it either.
func (t *Token) input() string {
	return base64url([]byte(t.text)) + "." + base64url([]byte(t.claims.payload))
}

// leeway is that of the Config which judged the token.
func (t *Token) leeway() time.Duration {
	if t.authority == nil { // in a trace
		return defaultLeeway
	}
	return t.authority.Leeway
}

// verified reports whether t was returned by Verify: a Token that was made otherwise proves nothing.
func (t *Token) verified() bool { return t != nil && t.authority != nil }

// Header returns the protected header.
func (t *Token) Header() Header {
	h := t.header
	h.unnamedRSA = ""
	return h
}

// Issuer returns the claim iss.
func (t *Token) Issuer() string { return t.claims.issuer.value }

// Subject returns the claim sub, empty if it is absent. It is unique within its issuer only.
func (t *Token) Subject() string { return t.claims.subject.value }

// Audience returns the claim aud as a list, even if it was a string.
func (t *Token) Audience() []string { return t.claims.audience.values() }

// ExpiresAt returns the claim exp.
func (t *Token) ExpiresAt() time.Time { return t.claims.expires }

// NotBefore returns the claim nbf, or the zero time if it is absent.
func (t *Token) NotBefore() time.Time { return t.claims.notBefore }

// IssuedAt returns the claim iat, or the zero time if it is absent.
func (t *Token) IssuedAt() time.Time { return t.claims.issuedAt }

// ID returns the claim jti, empty if it is absent. To revoke tokens or to recognise repeated ones,
// use it and never the token's text: an ECDSA signature has two valid spellings.
func (t *Token) ID() string { return t.claims.id.value }

// ClientID returns the client that the token was issued to: the first of the claims client_id, azp,
// cid and appid that is present.
func (t *Token) ClientID() string {
	_, id := t.claims.client()
	return id.value
}

// Scopes returns the words of the claims scope and scp.
func (t *Token) Scopes() []string { return t.claims.scopes() }

// find returns the value at this path as it is written.
func (t *Token) find(path ...string) (raw string, ok bool) {
	if t == nil || len(path) == 0 {
		return "", false
	}
	s := scanner{text: t.claims.payload, vetted: true}
	for depth := 0; s.peek() == '{' && s.object(); {
		name, more := s.member()
		for ; more && name != path[depth]; name, more = s.member() {
			s.skip()
		}
		if !more {
			return "", false
		}
		if depth++; depth == len(path) {
			return s.raw()
		}
	}
	return "", false
}

// Format prints who issued the token, to whom, and until when, whatever the verb.
func (t *Token) Format(f fmt.State, _ rune) {
	if t == nil {
		fmt.Fprint(f, "jwt.Token(nil)")
		return
	}
	fmt.Fprintf(f, "jwt.Token(iss=%q sub=%q exp=%s)", snippet(t.Issuer()), snippet(t.Subject()), t.ExpiresAt().UTC().Format(time.RFC3339))
}

// LogValue returns issuer, subject, client and id of the token, and when it ends.
func (t *Token) LogValue() slog.Value {
	if t == nil {
		return slog.Value{}
	}
	return slog.GroupValue(
		slog.String("iss", snippet(t.Issuer())),
		slog.String("sub", snippet(t.Subject())),
		slog.String("client_id", snippet(t.ClientID())),
		slog.String("jti", snippet(t.ID())),
		slog.Time("exp", t.ExpiresAt()),
	)
}
