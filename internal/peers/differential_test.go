// This file gives the same tokens to every peer and compares the verdicts. Where one accepts and the
// other refuses, the difference must be of a named class: either this module refuses, or it has a
// reason to accept. How often each class occurs is held against testdata.

package peers_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/internal/peers"
)

func TestHandmade(t *testing.T) {
	compare(t, "handmade", func(now int64) []sample {
		var all []sample
		for _, alg := range handmadeAlgorithms {
			all = append(all, handmade(alg, now)...)
		}
		return all
	})
}

func TestKeys(t *testing.T) { compare(t, "keys", keyForms) }

func TestMutations(t *testing.T) { compare(t, "mutations", mutations) }

// compare judges the samples of a corpus. Its clock stands still at the beginning of the year 2000.
func compare(t *testing.T, corpus string, samples func(now int64) []sample) {
	t.Helper()
	deterministic(t)
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Unix()
		c := &comparison{t: t, now: now, setups: map[string][]set{}, counts: map[cell]int{}}
		for _, s := range samples(now) {
			c.judge(s)
		}
		c.report(corpus)
	})
}

// A comparison counts verdicts and their differences.
type comparison struct {
	t      *testing.T
	now    int64
	setups map[string][]set // by setup
	counts map[cell]int
}

// A set is a peer that is set up, or that took no key.
type set struct {
	peers.Peer
	verifier peers.Verifier
	err      error
}

// A cell of the table.
type cell struct{ side, class, peer string }

const (
	tokens  = "tokens"
	accepts = "accepts"
)

// The two sides of a difference, and the classes of each. Those of keys come first, as a key is
// looked at first.
var sides = [...]struct {
	name    string
	classes []class
}{
	{"assay refuses, the peer accepts", slices.Concat(keyRefused, tokenRefused)},
	{"assay accepts, the peer refuses", slices.Concat(keyAccepted, tokenAccepted)},
}

// setUp returns the peers that offer the algorithm, this module first.
func (c *comparison) setUp(s peers.Setup) []set {
	key := fmt.Sprintf("%q", []any{s.Issuer, s.Audience, s.Algorithm, s.JWK, s.Secret, s.KeyID})
	if all, ok := c.setups[key]; ok {
		return all
	}
	var all []set
	for _, p := range peers.All() {
		v, err := p.Verifier(s)
		if !errors.Is(err, errors.ErrUnsupported) {
			all = append(all, set{p, v, err})
		}
	}
	c.setups[key] = all
	return all
}

// Peers that verify a JSON Web Signature of any payload, and peers that read JSON Web Keys.
var (
	verifySignatures = []string{"assay", "go-jose", "jwx"}
	readKeys         = []string{"assay", "go-jose", "jwx", "tink"}
)

// takes reports whether the sample is one for the peer.
func (s set) takes(sample sample) bool {
	return (!sample.signature || slices.Contains(verifySignatures, s.Name())) && (!sample.reading || slices.Contains(readKeys, s.Name()))
}

// verdict is nil where the peer accepts.
func (s set) verdict(sample sample) error {
	if s.err != nil {
		return s.err
	}
	if sample.signature {
		return s.verifier.(peers.SignatureVerifier).VerifySignature(sample.token)
	}
	return s.verifier.Verify(sample.token)
}

func (c *comparison) judge(s sample) {
	c.t.Helper()
	all := c.setUp(s.setup)
	own := all[0].verdict(s)
	if reason := reasonOf(own); s.want != anything && s.want != reason && (s.want != refused || own == nil) {
		c.t.Errorf("%s, %s: %v, want %s", s.setup.Algorithm, s.name, own, s.want)
	}
	for _, p := range all {
		if !p.takes(s) {
			continue
		}
		c.counts[cell{tokens, "", p.Name()}]++
		err := p.verdict(s)
		if err == nil {
			c.counts[cell{accepts, "", p.Name()}]++
		}
		if (err == nil) == (own == nil) {
			continue
		}
		side := sides[0]
		if own == nil {
			side = sides[1]
		}
		v := look(s, c.now, own)
		i := slices.IndexFunc(side.classes, func(class class) bool { return class.explains(v, p.Name(), own) })
		if i < 0 {
			c.t.Errorf("%s, %s: a difference of no class: %s says %v, and this module says %v\n%s\n%q\n%q",
				s.setup.Algorithm, s.name, p.Name(), err, own, s.token, v.header.raw, v.payload.raw)
			continue
		}
		c.counts[cell{side.name, side.classes[i].name, p.Name()}]++
	}
}

// reasonOf is the reason of a refusal of ours.
func reasonOf(err error) jwt.Reason {
	var e *jwt.Error
	switch {
	case err == nil:
		return accepted
	case errors.As(err, &e):
		return e.Reason
	}
	return badKey
}

// report prints the table and holds it against the one in testdata.
func (c *comparison) report(corpus string) {
	c.t.Helper()
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(title, side, class, why string) {
		fmt.Fprint(w, title)
		for _, p := range peers.All() {
			fmt.Fprintf(w, "\t%d", c.counts[cell{side, class, p.Name()}])
		}
		if why != "" {
			fmt.Fprint(w, "\t", why)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprint(w, corpus)
	for _, p := range peers.All() {
		fmt.Fprint(w, "\t", p.Name())
	}
	fmt.Fprintln(w)
	row(tokens, tokens, "", "")
	row(accepts, accepts, "", "")
	for _, side := range sides {
		fmt.Fprintln(w, side.name)
		for _, class := range side.classes {
			if slices.ContainsFunc(peers.All(), func(p peers.Peer) bool { return c.counts[cell{side.name, class.name, p.Name()}] > 0 }) {
				row("  "+class.name, side.name, class.name, class.why)
			}
		}
	}
	w.Flush()
	c.t.Logf("\n%s", b.Bytes())
	fixture.Golden(c.t, filepath.Join("testdata", corpus+".txt"), b.String())
}

// Each class occurs in some corpus: one that does not would explain away what nobody has seen.
func TestClassesOccur(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != 7 {
		t.Fatalf("%d tables, want 7: %v", len(files), err)
	}
	var tables []byte
	for _, file := range files {
		table, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table...)
	}
	for _, side := range sides {
		for _, class := range side.classes {
			if !bytes.Contains(tables, []byte("\n  "+class.name+"  ")) {
				t.Errorf("the class %q never occurs", class.name)
			}
		}
	}
}
