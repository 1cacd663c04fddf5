// This file is the command debug: it serves a page on this machine that shows what is wrong with a
// token.

package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

var debugCommand = command{
	name:     "debug",
	synopsis: "[-open] [-issuer URL] [-audience name]",
	summary:  "show a token and what is wrong with it, on a page that this machine serves to itself",
	about: "debug serves a page to the browsers of this machine and prints its address. Paste a\n" +
		"token there to see it decoded, its times drawn, and five questions answered by the\n" +
		"verifier itself. Paste two to see what differs. No token leaves this machine. The issuer,\n" +
		"or the address of a key set, is asked for keys when you press Verify, and nobody else\n" +
		"ever is. The printed link opens one tab, once; when it has been used, the next one is\n" +
		"printed. It runs until interrupted. A tab that is still open then sends nothing to\n" +
		"another program that takes the port.",
	example: "assay debug\nassay debug -open -issuer https://tenant.eu.auth0.com/ \\\n    -audience https://api.example.com",
	run:     runDebug,
}

func runDebug(ctx context.Context, c *call) int {
	flags := c.flags()
	address := flags.String("addr", "127.0.0.1:0", "`address` of the page, on loopback; port 0 takes a free one")
	open := flags.Bool("open", false, "open the page in your browser; for a moment the list of processes shows its link")
	issuer := flags.String("issuer", "", "the `URL` that the field Issuer has at first")
	audience := flags.String("audience", "", "the `name` that the field Audience has at first, or several with spaces between")
	plain := flags.Bool("insecure-loopback-http", false, "also ask issuers with http addresses on loopback, as tests and demos have them")
	listen := flags.Bool("insecure-listen", false, "allow -addr to be other than loopback: tokens then cross the network in the clear")
	if code, ok := c.parse(flags, 0); !ok {
		return code
	}
	if !*listen {
		if err := checkLoopback(*address, "tokens are for nobody else", "127.0.0.1:8080"); err != nil {
			return c.misused("-addr: %v", err)
		}
	}
	listener, err := listenLoopback(ctx, *address, *listen)
	if err != nil {
		return c.failed(err)
	}
	url := "http://" + reachable(listener.Addr())
	s := newDebugServer(listener.Addr().String(), *listen, debugPresets{Issuer: *issuer, Audience: *audience, InsecureLoopbackHTTP: *plain})
	s.doors.announce = func(link string) {
		fmt.Fprintf(c.stdout, "Used. For another tab:\n\n  %s/#%s\n\n", url, link)
	}
	link := url + "/#" + s.doors.next()
	fmt.Fprintf(c.stdout, "Open this link in a browser on this machine. It works once.\n\n  %s\n\nPress Ctrl-C to end.\n\n", link)
	if *open {
		if err := openBrowser(link); err != nil {
			fmt.Fprintf(c.stderr, "assay debug: no browser could be started: %v\n", err)
		}
	}
	running := startDebug(listener, s, log.New(c.stderr, "assay debug: ", 0))
	defer s.close()
	defer running.close()
	select {
	case <-ctx.Done():
		return exitOK
	case <-running.done:
		return c.failed(running.err)
	}
}

// reachable returns an address at which this machine can reach the listener.
func reachable(addr net.Addr) string {
	if at, ok := addr.(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	}
	return addr.String()
}

// startDebug serves until it is closed. Requests and answers are never logged.
func startDebug(listener net.Listener, h http.Handler, faults *log.Logger) *server {
	return startLimited(listener, h, faults, explainTimeout+10*time.Second, 16<<10)
}

// openBrowser starts the user's browser and does not wait for it.
func openBrowser(link string) error {
	words := browserCommand(runtime.GOOS, link)
	if words == nil {
		return errors.New("it is not known how on " + runtime.GOOS)
	}
	cmd := exec.Command(words[0], words[1:]...)
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return errors.New(words[0] + " cannot be run")
	}
	return cmd.Process.Release()
}

// browserCommand is how a system opens a link; nil if that is not known.
func browserCommand(system, link string) []string {
	switch system {
	case "darwin":
		return []string{"open", link}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler", link}
	case "linux", "freebsd", "openbsd", "netbsd", "dragonfly":
		return []string{"xdg-open", link}
	}
	return nil
}
