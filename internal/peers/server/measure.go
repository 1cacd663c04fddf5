//go:build linux

// This file starts the processes, gives the modes their turns, and prints what came of them.

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// The cores of the server and of the client, as taskset numbers them. A machine with one core has them share it.
var (
	serverCore = 0
	clientCore = min(1, runtime.NumCPU()-1)
)

// A process is one that was started, and is spoken to in lines of JSON.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

// start runs this program in a role, pinned to a core.
func start(role string, core int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command("taskset", "-c", strconv.Itoa(core), self, role)}
	p.command.Stderr = os.Stderr
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	return p, p.command.Start()
}

// ask sends a value or, if it is a string, a line, and reads the answer if there is to be one.
func (p *process) ask(question, answer any) error {
	var err error
	if line, ok := question.(string); ok {
		_, err = io.WriteString(p.in, line+"\n")
	} else {
		err = json.NewEncoder(p.in).Encode(question)
	}
	if err != nil || answer == nil {
		return err
	}
	return p.out.Decode(answer)
}

// stop ends the process: it does so where its input ends.
func (p *process) stop() error {
	p.in.Close()
	return p.command.Wait()
}

// A sample is what one turn says.
type sample struct {
	rate float64 // requests per second
	cost float64 // processor time of the server per request, in microseconds
	busy float64 // what the server had of its core
}

// A result is what the rounds say of a mode. The quickest tenth of the turns counts: the others tell what else the
// machine was doing.
type result struct {
	name       string
	rate, cost float64
	rateShare  float64 // of the unguarded server's requests per second
	costShare  float64 // of its requests per second of processor time
	busy       float64 // what the server had of its core, over all turns
	idle       float64 // what nobody had of it

	samples             []sample
	idleTicks, allTicks int // of the core
}

func measure(protocol string, issuer *issuer, o options, random *rand.Rand) (_ []result, err error) {
	server, err := start(serverRole, serverCore)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	client, err := start(clientRole, clientCore)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, client.stop()) }()
	setup := clientSetup{Protocol: protocol}
	if err := server.ask(serverSetup{protocol, issuer.server.URL}, &setup.serverStart); err != nil {
		return nil, err
	}
	for i, m := range modes {
		setup.Modes = append(setup.Modes, clientMode{path(i), issuer.tokens[m.kind], m.status})
	}
	if err := client.ask(setup, nil); err != nil {
		return nil, err
	}
	results := make([]result, len(modes))
	for round := range 1 + o.rounds {
		for _, i := range random.Perm(len(modes)) {
			r := &results[i]
			if round < 2 { // the first round does not count: keys are fetched, and tokens are remembered
				*r = result{name: modes[i].name}
			}
			if err := r.turn(server, client, turn{i, o.each}); err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	summarize(results)
	return results, nil
}

// turn gives a mode its turn.
func (r *result) turn(server, client *process, t turn) error {
	var before, after time.Duration
	if err := server.ask("begin", &before); err != nil {
		return err
	}
	idle, all := ticks(serverCore)
	var answer turnResult
	if err := client.ask(t, &answer); err != nil {
		return err
	}
	idleAfter, allAfter := ticks(serverCore)
	if err := server.ask("end", &after); err != nil {
		return err
	}
	if answer.Failed != "" {
		return errors.New(answer.Failed)
	}
	n, spent := float64(answer.Requests), after-before
	r.samples = append(r.samples, sample{n / answer.Took.Seconds(), float64(spent.Nanoseconds()) / 1e3 / n, float64(spent) / float64(answer.Took)})
	r.idleTicks += idleAfter - idle
	r.allTicks += allAfter - all
	return nil
}

// ticks counts how long a core was idle since the machine started, and how long it has been there, as /proc/stat
// says.
func ticks(core int) (idle, all int) {
	text, _ := os.ReadFile("/proc/stat")
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[0] != "cpu"+strconv.Itoa(core) {
			continue
		}
		for i, field := range fields[1:] {
			n, _ := strconv.Atoi(field)
			if all += n; i == 3 || i == 4 { // idle, and waiting for a disk
				idle += n
			}
		}
	}
	return idle, all
}

func summarize(results []result) {
	for i := range results {
		r := &results[i]
		tenth := len(r.samples) / 10
		for _, s := range r.samples {
			r.busy += s.busy / float64(len(r.samples))
		}
		slices.SortFunc(r.samples, func(a, b sample) int { return cmp.Compare(a.cost, b.cost) })
		r.cost = r.samples[tenth].cost
		slices.SortFunc(r.samples, func(a, b sample) int { return cmp.Compare(b.rate, a.rate) })
		r.rate = r.samples[tenth].rate
		r.rateShare, r.costShare = r.rate/results[0].rate, results[0].cost/r.cost
		r.idle = float64(r.idleTicks) / float64(max(1, r.allTicks))
	}
}

const legend = `share: of the requests per second without a guard
share by CPU: of the requests per second of the server's processor time without a guard; nothing else that runs changes it much
busy: what the server had of its core in all turns: it is saturated near 100%; idle: what nobody had of it
`

// table prints the results of a protocol.
func table(out io.Writer, protocol string, o options, results []result) error {
	fmt.Fprintf(out, "%s, %s %s/%s, %d connections, the quickest tenth of %d interleaved rounds of %v\n", protocol, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		o.connections, o.rounds, o.each)
	if protocol == o.protocols[0] {
		fmt.Fprint(out, legend)
	}
	if info, ok := debug.ReadBuildInfo(); ok && protocol == o.protocols[0] {
		for _, d := range info.Deps {
			switch d.Path {
			case "github.com/golang-jwt/jwt/v5", "github.com/MicahParks/keyfunc/v3", "github.com/auth0/go-jwt-middleware/v2", "github.com/auth0/go-jwt-middleware/v3", "github.com/coreos/go-oidc/v3":
				fmt.Fprintln(out, d.Path, d.Version)
			}
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "\n%*s\trequests/s\tshare\tCPU µs/request\tshare by CPU\tbusy\tidle\t\n", -width, "")
	for _, r := range results {
		fmt.Fprintf(w, "%*s\t%.0f\t%.2f\t%.1f\t%.2f\t%.0f%%\t%.0f%%\t\n", -width, r.name, r.rate, r.rateShare, r.cost, r.costShare, 100*r.busy, 100*r.idle)
	}
	fmt.Fprintln(w)
	if slices.ContainsFunc(results, func(r result) bool { return r.busy < saturated }) {
		fmt.Fprintf(w, "The server had less than %.0f%% of its core somewhere: the share by CPU counts, not the share.\n\n", 100*saturated)
	}
	return w.Flush()
}

// saturated is what the server must have of its core for its requests per second to be compared.
const saturated = 0.95

// fleets are the numbers of cores that fleet plans for.
var fleets = []int{10, 100, 10_000}

// fleet prints how many requests per second fleets serve with half of their processor time, by arithmetic: half of
// the cores, times a second, divided by the processor time per request.
func fleet(out io.Writer, results []result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%*s\t", -width, "requests/s at half load")
	for _, cores := range fleets {
		fmt.Fprintf(w, "%d cores\t", cores)
	}
	fmt.Fprintln(w)
	for _, r := range results {
		if r.name != open && !strings.HasPrefix(r.name, us) {
			continue
		}
		fmt.Fprintf(w, "%*s\t", -width, r.name)
		for _, cores := range fleets {
			fmt.Fprintf(w, "%.0f\t", float64(cores)/2*1e6/r.cost)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// width is that of the longest name.
const width = 34
