// Command bench measures what verifying an access token costs in this module, in other Go libraries
// and in two of Python, beside the bare signature.
//
// All do the same work: the signature, under the key of a set that the token's kid names, issuer,
// audience, expiry, and eight claims in types of the language. Before anything is measured each shows
// that it accepts the good token, delivers its claims, and refuses a tampered one, another key's,
// another issuer's, one for another audience, one that is expired and one that never expires.
//
// The contestants take turns of a few milliseconds, in random order, for many rounds; the table has
// medians. PyJWT and Authlib take part where python3 has them (Debian: python3-jwt, python3-authlib).
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

func main() {
	testing.Init() // for testing.Benchmark
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 100, "how many rounds")
	each := flags.Duration("each", 4*time.Millisecond, "how long a turn takes")
	svg := flags.String("svg", "", "write a chart to this `file`")
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *rounds < 1 || *each <= 0 {
		return errors.New("there must be no arguments, at least one round, and a positive duration of a turn")
	}
	if err := flag.Set("test.benchtime", each.String()); err != nil {
		return err
	}

	report, err := measure(*rounds, *each, interpreters, stderr)
	if err != nil {
		return err
	}
	if *svg != "" {
		text, err := chart(report)
		if err != nil {
			return err
		}
		if err := os.WriteFile(*svg, text, 0o644); err != nil {
			return err
		}
	}
	if *asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "\t")
		return encoder.Encode(report)
	}
	return table(stdout, report)
}

// A Report is everything that a run says.
type Report struct {
	Go         string   `json:"go"`
	Platform   string   `json:"platform"`
	Processors int      `json:"processors"`
	Rounds     int      `json:"rounds"`
	Each       string   `json:"each"`
	Python     string   `json:"python,omitempty"`
	Absent     string   `json:"absent,omitempty"` // why there is no Python
	Results    []Result `json:"results"`
}

func measure(rounds int, each time.Duration, interpreters []string, progress io.Writer) (*Report, error) {
	report := &Report{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.GOMAXPROCS(0),
		Rounds: rounds, Each: each.String()}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	parties, err := newParties(mux, server.URL)
	if err != nil {
		return nil, err
	}
	python, err := startPython(interpreters)
	if err != nil {
		report.Absent = err.Error()
	} else {
		defer python.close()
		report.Python = python.version
	}

	var groups [][]*entry
	for _, p := range parties {
		group, err := enter(p)
		if err != nil {
			return nil, err
		}
		if python != nil {
			more, err := enterPython(p, python, each)
			if err != nil {
				return nil, err
			}
			group = append(group, more...)
		}
		groups = append(groups, group)
	}
	all := slices.Concat(groups...)
	fmt.Fprintf(progress, "bench: every contestant does its work; measuring takes about %v\n",
		(time.Duration(rounds*len(all)) * (each + each/2 + time.Millisecond)).Round(time.Second))
	if err := interleave(groups, rounds, rand.New(rand.NewPCG(1, 2))); err != nil {
		return nil, err
	}
	report.Results = summarize(all)
	return report, nil
}

// enter sets up the contestants of an algorithm, puts them on trial, and returns those that offer it,
// the bare call first.
func enter(p *party) ([]*entry, error) {
	valid, err := bare(p)
	if err != nil {
		return nil, err
	}
	first := &entry{algorithm: p.algorithm, name: "crypto/*", version: runtime.Version(), turn: func() (measurement, error) {
		return goTurn(func() error {
			if !valid() {
				return errors.New("the signature does not hold")
			}
			return nil
		})
	}}
	entries := []*entry{first}
	for _, c := range contestants {
		verify, err := c.setup(p)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err == nil {
			err = p.check(verify, c.secret && p.algorithm == "HS256")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.name, p.algorithm, err)
		}
		entries = append(entries, &entry{algorithm: p.algorithm, name: c.name, version: c.version(), on: first, turn: func() (measurement, error) {
			return goTurn(func() error {
				_, err := verify(p.token)
				return err
			})
		}})
	}
	return entries, nil
}

func enterPython(p *party, python *python, each time.Duration) ([]*entry, error) {
	var entries []*entry
	for i, name := range pythonNames {
		verify, turn, err := python.setup(name, p, each)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		e := &entry{algorithm: p.algorithm, name: name, version: python.versions[name], python: true, turn: turn}
		if i > 0 {
			e.on = entries[0]
			if err == nil { // PyJWT has no key sets of secrets
				err = p.check(verify, strings.HasPrefix(name, "PyJWT") && p.algorithm == "HS256")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", name, p.algorithm, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// version returns the versions of the modules, as they are in this binary.
func (c contestant) version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	var versions []string
	for _, module := range c.modules {
		for _, d := range info.Deps {
			if d.Path == module {
				if d.Replace != nil {
					d = &debug.Module{Version: "this tree"}
				}
				versions = append(versions, d.Version)
			}
		}
	}
	return strings.Join(versions, " + ")
}

// table prints a report.
func table(out io.Writer, report *Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s %s, %d processors, medians of %d rounds of %s\n\n", report.Go, report.Platform, report.Processors, report.Rounds, report.Each)
	if report.Python != "" {
		fmt.Fprintf(w, "Python %s\n\n", report.Python)
	} else {
		fmt.Fprintf(w, "PyJWT and Authlib are not measured:\n%s\n\n", report.Absent)
	}
	w.Flush()

	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	seen := map[string]bool{}
	for _, r := range report.Results {
		if !seen[r.Contestant] {
			seen[r.Contestant] = true
			fmt.Fprintf(w, "%s\t%s\n", r.Contestant, r.Version)
		}
	}
	w.Flush()

	w = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, group := range ranked(report.Results) {
		fmt.Fprintf(w, "\n%*s\t× crypto/*\tbeyond, µs\tbeyond, × %s\tallocs/op\tB/op\t\n", -width, group[0].Algorithm, us)
		for _, r := range group {
			beyond, times, allocs, bytes := "–", "–", "–", "–"
			if r.Beyond != nil {
				beyond = fmt.Sprintf("%.2f", r.Beyond.Median/1e3)
			}
			if r.TimesAssay > 0 {
				times = fmt.Sprintf("%.1f", r.TimesAssay)
			}
			if r.Allocations != nil {
				allocs, bytes = fmt.Sprintf("%.0f", *r.Allocations), fmt.Sprintf("%.0f", *r.Bytes)
			}
			fmt.Fprintf(w, "%*s\t%.2f\t%s\t%s\t%s\t%s\t\n", -width, r.Contestant, r.TimesBare, beyond, times, allocs, bytes)
		}
	}
	return w.Flush()
}

// width is that of the longest name.
const width = 21

// ranked returns the results by algorithm, the bare calls first, and then by what is beyond them.
func ranked(results []Result) [][]Result {
	var groups [][]Result
	for _, alg := range algorithms {
		var group []Result
		for _, r := range results {
			if r.Algorithm == alg {
				group = append(group, r)
			}
		}
		slices.SortStableFunc(group, func(a, b Result) int { return cmp.Compare(rank(a), rank(b)) })
		if len(group) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

func rank(r Result) float64 {
	if r.Beyond == nil {
		return -1e18
	}
	return r.Beyond.Median
}
