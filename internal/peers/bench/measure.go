// This file measures: turns, rounds and medians.

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/perf/benchmath"
)

// A measurement is what one turn says of one operation.
type measurement struct{ ns, allocs, bytes float64 }

// An entry is a contestant with an algorithm.
type entry struct {
	algorithm, name, version string
	on                       *entry // the bare call of its own language; nil: it is one
	python                   bool   // its memory is not measured
	turn                     func() (measurement, error)
	turns                    []measurement
}

// goTurn measures for as long as the flag test.benchtime says, after a garbage collection, as package
// testing does it.
func goTurn(verify func() error) (measurement, error) {
	var failed error
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := verify(); err != nil {
				failed = err
				b.FailNow()
			}
		}
	})
	if failed == nil && r.N == 0 {
		failed = errors.New("nothing was measured")
	}
	if failed != nil {
		return measurement{}, failed
	}
	n := float64(r.N)
	return measurement{float64(r.T.Nanoseconds()) / n, float64(r.MemAllocs) / n, float64(r.MemBytes) / n}, nil
}

// interleave gives every entry one turn in each round. A group's turns follow each other in random
// order, so that whatever slows the machine down for a while slows down all of them, and none always
// runs behind the same other one.
func interleave(groups [][]*entry, rounds int, random *rand.Rand) error {
	for range rounds {
		for _, group := range groups {
			for _, i := range random.Perm(len(group)) {
				m, err := group[i].turn()
				if err != nil {
					return fmt.Errorf("%s, %s: %w", group[i].name, group[i].algorithm, err)
				}
				group[i].turns = append(group[i].turns, m)
			}
		}
	}
	return nil
}

// An Estimate is a median over the rounds, and the bounds of its confidence interval at 95 %.
type Estimate struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// A Result is what the rounds say of an entry.
type Result struct {
	Algorithm   string    `json:"algorithm"`
	Contestant  string    `json:"contestant"`
	Version     string    `json:"version"`
	Nanoseconds Estimate  `json:"ns"`                    // of an operation
	Beyond      *Estimate `json:"beyond_ns,omitempty"`   // what the bare call of its language took less in the same round; nil for that itself
	Allocations *float64  `json:"allocs,omitempty"`      // of an operation; nil: not measured
	Bytes       *float64  `json:"bytes,omitempty"`       // of an operation; nil: not measured
	TimesBare   float64   `json:"times_bare"`            // Nanoseconds as a multiple of those of crypto/*
	TimesAssay  float64   `json:"times_assay,omitempty"` // Beyond as a multiple of this module's; zero: there is none
}

func summarize(entries []*entry) []Result {
	estimate := func(e *entry, of func(round int) float64) Estimate {
		values := make([]float64, len(e.turns))
		for i := range values {
			values[i] = of(i)
		}
		s := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
		if len(values) < 6 { // too few for an interval
			s.Lo, s.Hi = values[0], values[len(values)-1]
		}
		return Estimate{s.Center, s.Lo, s.Hi}
	}
	var results []Result
	bare, ours := map[string]float64{}, map[string]float64{}
	for _, e := range entries {
		r := Result{Algorithm: e.algorithm, Contestant: e.name, Version: e.version}
		r.Nanoseconds = estimate(e, func(i int) float64 { return e.turns[i].ns })
		if e.on != nil {
			beyond := estimate(e, func(i int) float64 { return e.turns[i].ns - e.on.turns[i].ns })
			r.Beyond = &beyond
		}
		if !e.python {
			allocs := estimate(e, func(i int) float64 { return e.turns[i].allocs }).Median
			bytes := estimate(e, func(i int) float64 { return e.turns[i].bytes }).Median
			r.Allocations, r.Bytes = &allocs, &bytes
			if e.on == nil {
				bare[e.algorithm] = r.Nanoseconds.Median
			}
		}
		if e.name == us {
			ours[e.algorithm] = r.Beyond.Median
		}
		results = append(results, r)
	}
	for i := range results {
		r := &results[i]
		r.TimesBare = r.Nanoseconds.Median / bare[r.Algorithm]
		if our := ours[r.Algorithm]; r.Beyond != nil && our > 0 {
			r.TimesAssay = max(0, r.Beyond.Median/our)
		}
	}
	return results
}
