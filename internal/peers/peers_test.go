// This file shows that every peer is set up as it should be: each accepts the good token, and
// refuses it when it is tampered with, expired, another issuer's or for another API.

package peers_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt/internal/peers"
)

// offered is how many of the 13 algorithms each peer offers.
var offered = map[string]int{"assay": 13, "golang-jwt": 13, "golang-jwt map": 13, "go-jose": 13, "jwx": 13, "tink": 12}

func TestSetups(t *testing.T) {
	deterministic(t)
	now := time.Now().Unix()
	for _, peer := range peers.All() {
		n := 0
		for _, p := range ring().parties() {
			v, err := peer.Verifier(p.Setup)
			if errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", peer.Name(), p.Algorithm, err)
				continue
			}
			n++
			claims := p.claims(now)
			good := p.mint(p.header().String(), claims.String())
			parts := strings.Split(good, ".")
			stranger := other().party(p.Algorithm)
			for _, c := range []struct {
				name, token string
				accepted    bool
			}{
				{"good", good, true},
				{"aud of several", p.mint(p.header().String(), claims.with("aud", fmt.Sprintf(`["x",%q]`, audience)).String()), true},
				{"another payload", parts[0] + "." + b64([]byte(claims.with("sub", `"other"`).String())) + "." + parts[2], false},
				{"another header", b64([]byte(p.header().with("x", "1").String())) + "." + parts[1] + "." + parts[2], false},
				{"another key", stranger.mint(p.header().String(), claims.String()), false},
				{"unsecured", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", false},
				{"other issuer", p.mint(p.header().String(), claims.with("iss", `"https://other.example/"`).String()), false},
				{"no issuer", p.mint(p.header().String(), claims.with("iss", "").String()), false},
				{"other audience", p.mint(p.header().String(), claims.with("aud", `"https://other.example"`).String()), false},
				{"no audience", p.mint(p.header().String(), claims.with("aud", "").String()), false},
				{"expired", p.mint(p.header().String(), claims.with("exp", fmt.Sprint(now-3600)).String()), false},
				{"not yet valid", p.mint(p.header().String(), claims.with("nbf", fmt.Sprint(now+3600)).String()), false},
			} {
				if err := v.Verify(c.token); (err == nil) != c.accepted {
					t.Errorf("%s, %s, %s: %v", peer.Name(), p.Algorithm, c.name, err)
				}
			}
			// Those that can require an expiry do.
			if err := v.Verify(p.mint(p.header().String(), claims.with("exp", "").String())); (err == nil) != (peer.Name() == "go-jose") {
				t.Errorf("%s, %s, without exp: %v", peer.Name(), p.Algorithm, err)
			}
			signatures, ok := v.(peers.SignatureVerifier)
			if ok != slices.Contains(verifySignatures, peer.Name()) {
				t.Errorf("%s verifies signatures: %v", peer.Name(), ok)
			}
			if ok {
				if err := signatures.VerifySignature(p.mint(p.header().String(), "no JSON")); err != nil {
					t.Errorf("%s, %s, a payload of any kind: %v", peer.Name(), p.Algorithm, err)
				}
				if err := signatures.VerifySignature(stranger.mint(p.header().String(), "no JSON")); err == nil {
					t.Errorf("%s, %s, a payload of any kind under another key: accepted", peer.Name(), p.Algorithm)
				}
			}
		}
		if n != offered[peer.Name()] {
			t.Errorf("%s offers %d algorithms, want %d", peer.Name(), n, offered[peer.Name()])
		}
	}
}

// Each peer but this module is a requirement of go.mod.
func TestVersions(t *testing.T) {
	for _, peer := range peers.All() {
		version := peers.Version(peer)
		if (version == "") != (peer.Module() == "") {
			t.Errorf("%s: version %q of %q", peer.Name(), version, peer.Module())
		}
		t.Log(peer.Name(), peer.Module(), version)
	}
}
