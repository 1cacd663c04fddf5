//go:build linux

// This file shows that every guard gives the answers that are measured, that a wrong one ends the run, and what
// becomes of measurements. It measures nothing.

package main

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// The processes of the server and of the client are this binary.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && (os.Args[1] == serverRole || os.Args[1] == clientRole) {
		main()
		return
	}
	os.Exit(m.Run())
}

// Each mode answers each connection with its status, in both protocols.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-rounds", "1", "-each", "1us", "-connections", "3"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, m := range modes {
		want := 2 // protocols
		if m.name == open || strings.HasPrefix(m.name, us) {
			want = 4 // for fleets, too
		}
		if n := strings.Count(out.String(), " "+m.name+" "); n != want {
			t.Errorf("%s occurs %d times, want %d, in\n%s", m.name, n, want, &out)
		}
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-connections", "0"}, {"-each", "0s"}, {"-protocol", "h3"}, {"x"}, {"-x"}} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// A guard that lets through what it should refuse ends the run, and so does one that refuses what is good.
func TestWrongStatus(t *testing.T) {
	issuer, err := newIssuer(2)
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.close()
	o := options{rounds: 1, connections: 2, each: time.Microsecond}
	good, old := issuer.tokens[rs256], issuer.tokens[expired]
	for _, protocol := range []string{http11, http2TLS} {
		for kind, want := range map[string]string{rs256: "the status is 401, want 200", expired: "the status is 200, want 401"} {
			issuer.tokens[kind] = map[string][]string{rs256: issuer.tokens[unknown], expired: good}[kind]
			if _, err := measure(protocol, issuer, o, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", protocol, err, want)
			}
			issuer.tokens[rs256], issuer.tokens[expired] = good, old
		}
	}
}

func TestSummarize(t *testing.T) {
	results := []result{{name: open}, {name: us}}
	for round := range 20 {
		drift := float64(1 + (round+5)%20) // of the round: 1 in the quickest, 2 and 3 in the next
		results[0].samples = append(results[0].samples, sample{rate: 3000 / drift, cost: 10 * drift, busy: 1 / drift})
		results[1].samples = append(results[1].samples, sample{rate: 1500 / drift, cost: 25 * drift, busy: 1.5 / drift})
	}
	meanOfDrift := 0.0 // of 1/drift
	for drift := range 20 {
		meanOfDrift += 1 / float64(1+drift) / 20
	}
	results[1].idleTicks, results[1].allTicks = 1, 20
	summarize(results)
	own := results[1]
	if own.rate != 500 || own.cost != 75 || own.rateShare != 0.5 || math.Abs(own.costShare-0.4) > 1e-9 || math.Abs(own.busy-1.5*meanOfDrift) > 1e-9 || own.idle != 0.05 {
		t.Errorf("got %+v", own)
	}
}

// A core that others used, or nobody, is told.
func TestSaturation(t *testing.T) {
	for busy, want := range map[float64]bool{0.94: true, 0.96: false} {
		var out bytes.Buffer
		if err := table(&out, http11, options{protocols: []string{http11}}, []result{{name: open, busy: 1}, {name: us, busy: busy}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "the share by CPU counts"); got != want {
			t.Errorf("busy %v: told %v, want %v", busy, got, want)
		}
	}
}

// A fleet serves in proportion to its cores.
func TestFleet(t *testing.T) {
	var out bytes.Buffer
	if err := fleet(&out, []result{{name: open, cost: 20}, {name: us + ": RS256", cost: 50}, {name: "other", cost: 99}}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(out.String()), " "); !strings.HasSuffix(got, "no guard 250000 2500000 250000000 assay: RS256 100000 1000000 100000000") {
		t.Errorf("got %s", got)
	}
}

// The machine says how its cores spend their time, and the process how much it took.
func TestClocks(t *testing.T) {
	if idle, all := ticks(serverCore); all == 0 || idle > all {
		t.Errorf("core %d was idle for %d ticks of %d", serverCore, idle, all)
	}
	if processorTime() <= 0 {
		t.Error("this process took no time")
	}
}
