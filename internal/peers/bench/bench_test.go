// This file shows that the contestants do the same work, that negligence is noticed, and what becomes
// of measurements. It measures nothing.

package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"assay.example/jwt"
	"github.com/MicahParks/keyfunc/v3"
	golangjwt "github.com/golang-jwt/jwt/v5"
)

// The server of the key sets runs as long as the tests do.
var partiesOnce = sync.OnceValues(func() ([]*party, error) {
	mux := http.NewServeMux()
	return newParties(mux, httptest.NewServer(mux).URL)
})

func testParties(t *testing.T) []*party {
	t.Helper()
	parties, err := partiesOnce()
	if err != nil {
		t.Fatal(err)
	}
	return parties
}

// lacking are the contestants that do not offer an algorithm with a key set.
var lacking = map[string][]string{
	"HS256": {"go-oidc", "hashicorp/cap", "PyJWT cache_keys"},
	"EdDSA": {"tink"},
}

func names(entries []*entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.name)
	}
	return list
}

// expected are all the names but those that lack the algorithm.
func expected(alg string, all ...string) []string {
	return slices.DeleteFunc(all, func(name string) bool { return slices.Contains(lacking[alg], name) })
}

// Each contestant passes its trials: enter refuses those that do not.
func TestContestants(t *testing.T) {
	all := []string{"crypto/*"}
	for _, c := range contestants {
		all = append(all, c.name)
	}
	for _, p := range testParties(t) {
		entries, err := enter(p)
		if err != nil {
			t.Error(err)
		}
		if got, want := names(entries), expected(p.algorithm, slices.Clone(all)...); !slices.Equal(got, want) {
			t.Errorf("%s: contestants %q, want %q", p.algorithm, got, want)
		}
		for _, e := range entries {
			if e.version == "" {
				t.Errorf("%s has no version", e.name)
			}
		}
	}
}

// Python's contestants pass theirs where they are installed. Where they are not, that is said.
func TestPython(t *testing.T) {
	python, err := startPython(interpreters)
	if err != nil {
		if !strings.Contains(err.Error(), "python3: ") {
			t.Errorf("the reason is %q", err)
		}
		t.Logf("absent: %v", err)
		return
	}
	defer python.close()
	for _, p := range testParties(t) {
		entries, err := enterPython(p, python, 1)
		if err != nil {
			t.Error(err)
		}
		if got, want := names(entries), expected(p.algorithm, slices.Clone(pythonNames)...); !slices.Equal(got, want) {
			t.Errorf("%s: contestants %q, want %q", p.algorithm, got, want)
		}
		for _, e := range entries {
			if m, err := e.turn(); err != nil || m.ns <= 0 || e.version == "" {
				t.Errorf("%s %s: %v ns, %v", e.name, e.version, m.ns, err)
			}
		}
	}
}

func TestPythonAbsent(t *testing.T) {
	_, err := startPython([]string{"no-such-interpreter", "false"})
	if err == nil {
		t.Fatal("it started")
	}
	var out bytes.Buffer
	if err := table(&out, &Report{Absent: err.Error()}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "PyJWT and Authlib are not measured:\nno-such-interpreter: ") {
		t.Errorf("the table says %s", &out)
	}
}

// A contestant that does less is found out.
func TestNegligence(t *testing.T) {
	i := slices.IndexFunc(testParties(t), func(p *party) bool { return p.algorithm == "ES256" })
	p := testParties(t)[i]
	keys, err := keyfunc.NewJWKSetJSON(p.jwks)
	if err != nil {
		t.Fatal(err)
	}
	issued, audienced, expiring := golangjwt.WithIssuer(issuer), golangjwt.WithAudience(audience), golangjwt.WithExpirationRequired()
	first := func(*golangjwt.Token) (any, error) { return p.set.Keys[0].Key, nil }
	sloppy := func(key golangjwt.Keyfunc, options ...golangjwt.ParserOption) verifier {
		parser := golangjwt.NewParser(options...)
		return func(text string) (Claims, error) {
			var c struct {
				golangjwt.RegisteredClaims
				custom
			}
			if _, err := parser.ParseWithClaims(text, &c, key); err != nil {
				return Claims{}, err
			}
			var expires int64
			if c.ExpiresAt != nil {
				expires = c.ExpiresAt.Unix()
			}
			return Claims{c.Issuer, c.Subject, c.Audience, c.IssuedAt.Unix(), expires, c.Client, c.Scope, c.Permissions}, nil
		}
	}
	good, err := assay(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		verify verifier
		single bool
		want   string
	}{
		{"careful", sloppy(keys.Keyfunc, issued, audienced, expiring), false, ""},
		{"one key", sloppy(first, issued, audienced, expiring), true, ""},
		{"one key for many", sloppy(first, issued, audienced, expiring), false, "next key: refused"},
		{"any issuer", sloppy(keys.Keyfunc, audienced, expiring), false, "wrong issuer: accepted"},
		{"any audience", sloppy(keys.Keyfunc, issued, expiring), false, "wrong audience: accepted"},
		{"no expiry", sloppy(keys.Keyfunc, issued, audienced), false, "no expiry: accepted"},
		{"no claims at all", sloppy(keys.Keyfunc, golangjwt.WithoutClaimsValidation()), false, "accepted"},
		{"no typed claims", func(text string) (Claims, error) { _, err := good(text); return Claims{}, err }, false, "good: claims"},
		{"accepts nothing", func(string) (Claims, error) { return Claims{}, errors.New("no") }, false, "good: refused"},
		{"accepts everything", func(string) (Claims, error) { return p.claims, nil }, false, "accepted"},
		{"no signature", func(text string) (Claims, error) {
			c, err := good(text)
			if errors.Is(err, jwt.ErrSignature) {
				err = nil
			}
			return c, err
		}, false, "another key: accepted"},
	} {
		err := p.check(c.verify, c.single)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The token has the shape that it should, and its trials are what they are called.
func TestTrials(t *testing.T) {
	for _, p := range testParties(t) {
		if n := len(p.token); p.algorithm == "RS256" && (n < 800 || n > 900) {
			t.Errorf("the token has %d bytes, want about 850", n)
		}
		var list []string
		texts := map[string]bool{}
		for _, trial := range p.trials {
			list = append(list, trial.name)
			texts[trial.token] = true
		}
		want := []string{"good", "next key", "unknown kid", "another key", "wrong issuer", "wrong audience", "expired", "no expiry",
			"tampered signature", "tampered payload", "unsecured"}
		if !slices.Equal(list, want) || len(texts) != len(want) {
			t.Errorf("%s: trials %q, %d different, want %q", p.algorithm, list, len(texts), want)
		}
	}
}

// In each round everyone has one turn, after all of the round before and together with its group.
func TestInterleave(t *testing.T) {
	const rounds = 50
	var order []string
	groups := make([][]*entry, 2)
	for i, name := range []string{"a0", "b0", "c0", "d1", "e1"} {
		e := &entry{name: name}
		e.turn = func() (measurement, error) {
			order = append(order, name)
			return measurement{ns: float64(len(order))}, nil
		}
		groups[i/3] = append(groups[i/3], e)
	}
	if err := interleave(groups, rounds, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	if len(order) != 5*rounds {
		t.Fatalf("%d turns, want %d", len(order), 5*rounds)
	}
	orders := map[string]bool{}
	for round := range slices.Chunk(order, 5) {
		orders[strings.Join(round, " ")] = true
		slices.Sort(round[:3])
		slices.Sort(round[3:])
		if got := strings.Join(round, " "); got != "a0 b0 c0 d1 e1" {
			t.Fatalf("a round has the turns %s", got)
		}
	}
	if len(orders) != 12 {
		t.Errorf("%d orders occur, want all 12", len(orders))
	}
	for _, e := range slices.Concat(groups...) {
		if len(e.turns) != rounds || !slices.IsSortedFunc(e.turns, func(a, b measurement) int { return int(a.ns - b.ns) }) {
			t.Errorf("%s has the turns %v", e.name, e.turns)
		}
	}

	groups[1][0].turn = func() (measurement, error) { return measurement{}, errors.New("refused") }
	if err := interleave(groups, 1, rand.New(rand.NewPCG(1, 2))); err == nil || err.Error() != "d1, : refused" {
		t.Errorf("the error is %v", err)
	}
}

// sample is a report of two algorithms, of contestants with known costs, on a machine that is now
// fast and now slow.
func sample() *Report {
	var entries []*entry
	for _, alg := range algorithms[:2] {
		group := []*entry{{name: "crypto/*"}}
		for _, c := range contestants {
			group = append(group, &entry{name: c.name, on: group[0]})
		}
		other := &entry{name: pythonNames[0], python: true}
		group = append(group, other)
		for _, name := range pythonNames[1:] {
			group = append(group, &entry{name: name, python: true, on: other})
		}
		for i, e := range group {
			e.algorithm, e.version = alg, "v1"
			for round := range 21 {
				drift := float64(1000 * (round % 5)) // of the round
				step := 500.0
				if e.python {
					step = 5000
				}
				e.turns = append(e.turns, measurement{ns: 10000 + drift + step*float64(i), allocs: float64(i), bytes: 8 * float64(i)})
			}
			e.turns[3].ns *= 100 // as happens
		}
		entries = append(entries, group...)
	}
	return &Report{Go: "go1.26", Platform: "linux/amd64", Rounds: 21, Python: "3", Results: summarize(entries)}
}

func TestSummarize(t *testing.T) {
	report := sample()
	ours := report.Results[1]
	if ours.Contestant != us || ours.Nanoseconds.Median != 12500 || ours.Beyond.Median != 500 || ours.Beyond.Low != 500 || ours.Beyond.High != 500 {
		t.Errorf("ours is %+v, %+v", ours, *ours.Beyond)
	}
	fourth := report.Results[4]
	if fourth.TimesAssay != 4 || fourth.TimesBare != 14000.0/12000 || *fourth.Allocations != 4 || *fourth.Bytes != 32 {
		t.Errorf("the fourth is %+v", fourth)
	}
	python := report.Results[len(contestants)+2]
	if python.Contestant != "PyJWT" || python.TimesAssay != 10 || python.Allocations != nil {
		t.Errorf("on the bare call of its own language %+v", python)
	}
	if bare := report.Results[0]; bare.Beyond != nil || bare.TimesAssay != 0 || bare.TimesBare != 1 {
		t.Errorf("the bare call is %+v", bare)
	}
	groups := ranked(report.Results)
	if len(groups) != 2 || groups[0][0].Contestant != "crypto/*" || groups[0][1].Contestant != "cryptography" || groups[0][2].Contestant != us {
		t.Errorf("ranked %v", groups)
	}
}

// wellFormed returns the text of an SVG.
func wellFormed(t *testing.T, svg []byte) (text string) {
	t.Helper()
	root := ""
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root == "" {
				root = token.Name.Space + " " + token.Name.Local
			}
		case xml.CharData:
			text += string(token)
		}
	}
	if root != "http://www.w3.org/2000/svg svg" {
		t.Errorf("the root is %s", root)
	}
	return text
}

func TestChart(t *testing.T) {
	report := sample()
	svg, err := chart(report)
	if err != nil {
		t.Fatal(err)
	}
	text := wellFormed(t, svg)
	for _, r := range report.Results {
		n := strings.Count(string(svg), ">"+r.Contestant+"</text>")
		if r.Contestant == us {
			n-- // in the legend
		}
		if r.Beyond != nil && n != 2 {
			t.Errorf("%s labels %d bars, want 2", r.Contestant, n)
		}
	}
	for _, want := range []string{"RS256", "ES256", "1.0×", "10.0×", "30.0× »", "go1.26", "21 interleaved rounds"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not occur", want)
		}
	}
	if bytes.Contains(svg, []byte("font-family:Liberation")) {
		t.Error("a font has no substitute")
	}
}

// The command does all of it, in rounds that are too short to say anything.
func TestRun(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "chart.svg")
	var out bytes.Buffer
	if err := run([]string{"-rounds", "2", "-each", "1us", "-svg", svg}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, text)
	for _, c := range contestants {
		if n := strings.Count(out.String(), c.name); n < 4 || !strings.Contains(out.String(), c.version()) {
			t.Errorf("%s %s occurs %d times in\n%s", c.name, c.version(), n, &out)
		}
	}

	out.Reset()
	if err := run([]string{"-rounds", "1", "-each", "1us", "-json"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Results) < 4*len(contestants) || (report.Python == "") == (report.Absent == "") {
		t.Errorf("the report is %+v", report)
	}
	for _, r := range report.Results {
		if r.Nanoseconds.Median <= 0 {
			t.Errorf("%s, %s takes %v", r.Contestant, r.Algorithm, r.Nanoseconds)
		}
	}

	for _, args := range [][]string{{"-rounds", "0"}, {"-each", "0s"}, {"x"}, {"-x"}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
