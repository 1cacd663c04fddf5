// Command assay tells what package jwt decides about a JSON Web Token, and shows the package at work.
//
// Usage:
//
//	assay <command> [flags]
//
// What it is given stays on this machine. It sends requests only to the issuer, for its metadata and keys; with
// -client-documents the command issuer also requests the documents of clients.
//
//	assay demo                                       guard an API on this machine, and attack it
//	assay inspect < token.txt                        decode a token, unverified
//	assay verify -issuer URL -audience API < token.txt
//	                                                 say why a token is refused
//	assay keys -issuer URL                           list an issuer's keys
//	assay debug                                      show all that on a page of this machine
//	assay issuer                                     serve an issuer of tokens to tests in any language
//	assay bench                                      measure verification on this machine
//	assay completion bash                            print a script for the shell
//	assay version                                    say which version this is
//
// "assay help" lists the commands, and "assay help verify" explains one. Flags may stand before or
// behind the token.
//
// The exit status is 0 for success, such as a valid token; 1 for a failure, such as a refused token; 2 for
// a wrong command line, such as a wrong flag, a missing one, or a file that cannot be read; 3 if the keys
// could not be fetched.
package main

// This file finds the command that was asked for, and holds what all commands share: flags, help
// and exit status.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
)

// The exit statuses.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitNoKeys = 3
)

func main() {
	log.SetOutput(&terminal{os.Stderr}) // net/http logs text of peers there
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program without its process. After an interrupt the command ends in order; a second
// interrupt ends the process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	self, _ := os.Executable() // an unknown path counts as an installed program
	return runAs(ctx, programOf(self), args, stdin, stdout, stderr)
}

// goRun is how assay is started in a clone.
const goRun = "go run ./cmd/assay"

// builtByGoRun recognises a file that go run starts: in its temporary folder, or in the build cache.
var builtByGoRun = regexp.MustCompile(`[/\\]go-build[0-9]+[/\\]b[0-9]+[/\\]exe[/\\]|[/\\][0-9a-f]{2}[/\\][0-9a-f]{64}-d[/\\]`)

// programOf returns the command by which people start this file.
func programOf(file string) string {
	if builtByGoRun.MatchString(file) {
		return goRun
	}
	return "assay"
}

// runContext runs until the context ends, for callers that send no signals.
func runContext(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return runAs(ctx, programOf(""), args, stdin, stdout, stderr)
}

// runAs runs with the name under which the program tells people to start it.
func runAs(ctx context.Context, program string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	stdout, stderr = &terminal{stdout}, &terminal{stderr}
	if len(args) == 0 {
		printUsage(stderr)
		return exitUsage
	}
	name, rest := args[0], args[1:]
	switch name {
	case "-h", "-help", "--help", "help":
		if name != "help" || len(rest) == 0 {
			printUsage(stdout)
			return exitOK
		}
		name, rest = rest[0], []string{"-h"}
	case "-version", "--version":
		name = versionCommand.name
	}
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, &call{command: c, program: program, args: rest, stdin: stdin, stdout: stdout, stderr: stderr})
		}
		names = append(names, c.name)
	}
	if name, _, _ = strings.Cut(name, "="); plainWord.MatchString(name) {
		fmt.Fprintln(stderr, oneLine("assay: there is no command %q", name)+meant(name, "", names))
	} else {
		fmt.Fprintln(stderr, "assay: there is no such command")
	}
	fmt.Fprintln(stderr, "assay help lists them")
	return exitUsage
}

// A command is one thing that assay does.
type command struct {
	name     string
	synopsis string // what may follow the name, for the usage line
	summary  string // one line, for the list of commands
	about    string // what it does, for its own help
	example  string // command lines that work as they stand, one a line
	run      func(context.Context, *call) int
}

// commands lists them in the order of the help text.
func commands() []command {
	return []command{
		demoCommand,
		inspectCommand,
		verifyCommand,
		keysCommand,
		debugCommand,
		issuerCommand,
		benchCommand,
		completionCommand(),
		versionCommand,
	}
}

// cloneHint is for readers who have not installed anything.
const cloneHint = "In a clone of the repository, type \"go run ./cmd/assay\" for \"assay\".\n"

func printUsage(w io.Writer) {
	fmt.Fprint(w, "assay tells what package jwt decides about a JSON Web Token, and why.\n\n"+
		"Usage:\n\n  assay <command> [flags]\n\nCommands:\n\n")
	for _, c := range commands() {
		fmt.Fprint(w, hanging(fmt.Sprintf("  %-10s  ", c.name), c.summary, helpWidth))
	}
	fmt.Fprint(w, "\nExamples:\n\n  assay demo\n  assay verify < token.txt\n\n"+
		"\"assay help <command>\" explains a command.\n"+cloneHint)
}

// A call is one run of a command: its arguments, input and output.
type call struct {
	command
	program        string // what is typed to start assay
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer

	rest     []string            // the arguments that are no flags; set by parse
	describe func(*flag.FlagSet) // if it is set, the command only calls it with its flags
}

// flags returns an empty set of flags for the command to fill. Only parse prints about it.
func (c *call) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("assay "+c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	return flags
}

// parse reads the flags, before and behind the arguments, and refuses more arguments than most. If ok is
// false, the command must end with the exit status code: parse has printed the help, or what is wrong
// with the command line.
func (c *call) parse(flags *flag.FlagSet, most int) (code int, ok bool) {
	if c.describe != nil {
		c.describe(flags)
		return exitOK, false
	}
	for args := c.args; ; {
		switch err := flags.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			c.printHelp(flags)
			return exitOK, false
		case err != nil && unknownFlag(flags, args) != "" && !c.namesSecret():
			return c.misused("%s", noSuchFlag(flags, args)), false
		case err != nil && c.namesSecret():
			return c.misused("%s What was given is not repeated: it may be a secret", ended(wrongFlag(flags, args))), false
		case err != nil:
			return c.misused("%v", err), false
		}
		left := flags.Args()
		if read := len(args) - len(left); len(left) == 0 || read > 0 && args[read-1] == "--" {
			c.rest = append(c.rest, left...)
			break
		}
		c.rest, args = append(c.rest, left[0]), left[1:]
	}
	switch {
	case len(c.rest) <= most:
	case c.namesSecret():
		return c.misused("there are too many arguments. What was given is not repeated: it may be a secret, where a file's name is wanted"), false
	default:
		return c.misused("unexpected argument %q", c.rest[most]), false
	}
	return exitOK, true
}

// misused says what is wrong with the command line.
func (c *call) misused(format string, values ...any) int {
	fmt.Fprintf(c.stderr, "assay %s: %s\n\"assay %s -h\" shows an example\n", c.name, oneLine(format, values...), c.name)
	return exitUsage
}

// failed says why the command failed.
func (c *call) failed(err error) int {
	c.warn("%v", err)
	return exitFailed
}

// warn prints a message beside the result.
func (c *call) warn(format string, values ...any) {
	fmt.Fprintf(c.stderr, "assay %s: %s\n", c.name, oneLine(format, values...))
}
