// This file holds every preset to its text, and to four tokens of the provider's shape that are signed
// here: one is accepted, and three are refused.

package providers_test

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var update = flag.Bool("update", false, "rewrite the files that presets are compared with")

// testIssuer signs for all tests: making RSA keys is slow.
var testIssuer = sync.OnceValue(func() *jwttest.Issuer {
	iss, err := jwttest.Start(nil)
	if err != nil {
		panic(err)
	}
	return iss
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	testIssuer().Close()
	os.Exit(code)
}

// sample is a preset with a token that it accepts, and three that it refuses.
type sample struct {
	preset    func() (jwt.Config, error)
	algorithm jwt.Algorithm  // empty: RS256
	header    map[string]any // typ, where it is not JWT
	claims    jwttest.Claims // of the good token
	refused   [3]refusal
}

// refusal is a change to the good token, and why that is refused.
type refusal struct {
	what   string
	change jwttest.Claims
	reason jwt.Reason
	member string
}

// The refused tokens of a sample, in their order.
const (
	tenant = iota // of somebody else, from the same issuer
	_             // of another kind or for another purpose, from the same issuer
	issuer        // from an issuer whose name is nearly the same
)

// samples has a sample for each preset, by the name of its function.
var samples = merged(workloads, platforms, proxies)

func merged(all ...map[string]sample) map[string]sample {
	into := map[string]sample{}
	for _, m := range all {
		maps.Copy(into, m)
	}
	return into
}

// config is the preset with a key of this machine's in place of the provider's.
func (s sample) config(t *testing.T) jwt.Config {
	t.Helper()
	c, err := s.preset()
	if err != nil {
		t.Fatal(err)
	}
	c.Keys = testIssuer().Key(s.alg())
	return c
}

func (s sample) alg() jwt.Algorithm {
	if s.algorithm == "" {
		return jwt.RS256
	}
	return s.algorithm
}

// token mints the good token with these claims changed.
func (s sample) token(change jwttest.Claims) string {
	claims := maps.Clone(s.claims)
	maps.Copy(claims, change)
	return testIssuer().Mint(jwttest.Spec{Algorithm: s.alg(), Header: s.header, Claims: claims})
}

func verify(t *testing.T, c jwt.Config, token string) error {
	t.Helper()
	v, err := jwt.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(t.Context(), token)
	return err
}

// failed reports whether a refusal tells that this claim failed for this reason, first or besides.
func failed(err error, reason jwt.Reason, member string) bool {
	var e *jwt.Error
	return errors.As(err, &e) && slices.ContainsFunc(append([]*jwt.Error{e}, e.Also...), func(e *jwt.Error) bool {
		return e.Reason == reason && e.Member == member
	})
}

func TestPresetTokens(t *testing.T) {
	for name, s := range samples {
		t.Run(name, func(t *testing.T) {
			c := s.config(t)
			if err := verify(t, c, s.token(nil)); err != nil {
				t.Errorf("the good token: %v", err)
			}
			for _, r := range s.refused {
				if err := verify(t, c, s.token(r.change)); !failed(err, r.reason, r.member) {
					t.Errorf("%s: got %v, want %s of %s", r.what, err, r.reason, r.member)
				}
			}
		})
	}
}

// It is the pin that refuses somebody else's token: without it, the preset's issuer and audience accept.
func TestPresetPins(t *testing.T) {
	pinned := 0
	for name, s := range samples {
		t.Run(name, func(t *testing.T) {
			c := s.config(t)
			switch r := s.refused[tenant]; r.reason {
			case jwt.ReasonClaimRefused, jwt.ReasonClientMismatch:
				pinned++
				c.Require, c.Clients, c.InsecureSkipAudience = nil, nil, c.Audience == nil
				if err := verify(t, c, s.token(r.change)); err != nil {
					t.Errorf("%s is refused without the pin too: %v", r.what, err)
				}
			}
		})
	}
	if pinned != 7 {
		t.Errorf("%d presets pin by a claim", pinned)
	}
}

// A near-miss issuer gets the hint that says what differs.
func TestPresetIssuerHints(t *testing.T) {
	for name, s := range samples {
		var e *jwt.Error
		if err := verify(t, s.config(t), s.token(s.refused[issuer].change)); !errors.As(err, &e) || !strings.HasPrefix(e.Hint, "they differ only by ") {
			t.Errorf("%s: no hint in %v", name, err)
		}
	}
}

func TestPresetText(t *testing.T) {
	for name, s := range samples {
		c, err := s.preset()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, filepath.Join("testdata", name+".txt"), fmt.Sprintf("%+v\n", c))
	}
}

// golden compares a text with a file in testdata, or rewrites it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(want), "\r\n", "\n") != got {
		t.Errorf("%s is out of date (-update rewrites it); got\n%s", path, got)
	}
}

// noNetwork fails a test that makes a request.
type noNetwork struct{ t *testing.T }

func (n noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.t.Errorf("a request for %s", r.URL)
	return nil, http.ErrNotSupported
}

// A verifier takes each preset as it is: every issuer can be discovered, or has its keys. Neither of them
// makes a request.
func TestPresetsAsTheyAre(t *testing.T) {
	defer func(before http.RoundTripper) { http.DefaultTransport = before }(http.DefaultTransport)
	http.DefaultTransport = noNetwork{t}
	for name, s := range samples {
		c, err := s.preset()
		if err == nil {
			_, err = jwt.NewVerifier(c)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// mistake is a call of a preset with one argument that is wrong.
type mistake struct {
	call      func() (jwt.Config, error)
	parameter string // that the error must name
}

func TestPresetMistakes(t *testing.T) {
	all := map[string][]mistake{}
	for _, m := range []map[string][]mistake{workloadMistakes, platformMistakes, proxyMistakes} {
		maps.Copy(all, m)
	}
	for name := range samples {
		if len(all[name]) == 0 {
			t.Errorf("%s has no mistakes here", name)
		}
		for n, m := range all[name] {
			c, err := m.call()
			if err == nil || !strings.HasPrefix(err.Error(), "providers: "+name+": ") || !strings.Contains(err.Error(), m.parameter) {
				t.Errorf("%s, mistake %d: got %v, want %s named", name, n, err, m.parameter)
			}
			if c.Issuer != "" || c.Audience != nil || c.Keys != nil {
				t.Errorf("%s, mistake %d: a Config comes with the error", name, n)
			}
		}
	}
}

// An error holds the beginning of a long argument.
func TestMistakesAreCut(t *testing.T) {
	if _, err := sampleOf(strings.Repeat("x", 100_000)); err == nil || len(err.Error()) > 400 {
		t.Errorf("%d bytes: %.100v", len(err.Error()), err)
	}
}

// Each exported function has a sample, with three refused tokens.
func TestEveryPreset(t *testing.T) {
	functions := exported(t)
	for _, name := range functions {
		s := samples[name]
		if s.preset == nil {
			t.Errorf("%s has no sample", name)
		}
		for n, r := range s.refused {
			if r.what == "" {
				t.Errorf("%s has no refused token %d", name, n)
			}
		}
	}
	if len(functions) != 14 || len(samples) != len(functions) {
		t.Errorf("%d functions, %d samples", len(functions), len(samples))
	}
}

// exported lists the functions of this package that others see.
func exported(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
