//go:build linux

// Command server measures what guarding a server of net/http costs with this module and with the middleware of
// other Go libraries, beside the same server that ignores the header.
//
// It runs three processes: this one issues the tokens and keeps the time; the server is pinned to one core; the
// client is pinned to another, keeps its connections open, and never sleeps. All guards stand in one server, so that the client
// asks for another path, over the same connections, when the next guard has its turn. Turns take milliseconds and
// follow each other in random order, for many rounds. Before each the server collects its garbage, so that none
// leaves its own to the next.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"
)

func main() {
	var err error
	switch role := strings.Join(os.Args[1:], " "); role {
	case serverRole:
		err = serve(polled(os.Stdin), os.Stdout)
	case clientRole:
		err = drive(polled(os.Stdin), os.Stdout)
	default:
		err = run(os.Args[1:], os.Stdout, os.Stderr)
	}
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	rounds, connections int
	each                time.Duration
	protocols           []string
}

func run(args []string, stdout, stderr io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.rounds, "rounds", 30, "how many rounds")
	flags.IntVar(&o.connections, "connections", 200, "how many connections the client keeps open")
	flags.DurationVar(&o.each, "each", 50*time.Millisecond, "how long a turn takes")
	only := flags.String("protocol", "", "measure only http/1.1 or h2")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.protocols = []string{http11, http2TLS}
	if *only != "" {
		o.protocols = []string{*only}
	}
	switch {
	case flags.NArg() > 0 || o.rounds < 1 || o.each <= 0 || o.connections < 1:
		return errors.New("there must be no arguments, at least one round and connection, and a positive duration of a turn")
	case *only != "" && *only != http11 && *only != http2TLS:
		return fmt.Errorf("-protocol is %s or %s", http11, http2TLS)
	}
	issuer, err := newIssuer(o.connections)
	if err != nil {
		return err
	}
	defer issuer.close()
	for _, protocol := range o.protocols {
		turns := o.rounds * len(modes)
		fmt.Fprintf(stderr, "server: %s: measuring takes about %v\n", protocol, (time.Duration(turns) * (o.each + o.each/2)).Round(time.Second))
		results, err := measure(protocol, issuer, o, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			return fmt.Errorf("%s: %w", protocol, err)
		}
		if err := errors.Join(table(stdout, protocol, o, results), fleet(stdout, results)); err != nil {
			return err
		}
	}
	return nil
}
