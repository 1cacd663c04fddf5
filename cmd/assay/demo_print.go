// This file prints the tour as a table that fits a terminal.

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// width is how long the lines may get that can be broken.
const width = 116

// printer prints the tour. Its table is as wide as the longest path and name ask for.
type printer struct {
	w          io.Writer
	color      bool
	path, name int // widths of columns
}

// The colours: SGR parameters of ECMA-48 section 8.3.117.
const (
	green  = "32"
	yellow = "33"
	red    = "1;31"
	faint  = "2"
)

// colored reports whether w is a terminal that wants colours (no-color.org). The console of older
// Windows versions would show them as garbage.
func colored(w io.Writer) bool {
	f, ok := beneath(w).(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || runtime.GOOS == "windows" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *printer) paint(color, text string) string {
	if !p.color {
		return text
	}
	return ownEscape + "[" + color + "m" + text + ownEscape + "[0m"
}

func (p *printer) head(all []step) {
	for _, s := range all {
		p.path = max(p.path, len(s.path))
		p.name = max(p.name, len(s.name))
	}
	fmt.Fprintf(p.w, "      %-*s  %-*s  %s  %s\n", p.path, "GET", p.name, "sent", "status", "challenge")
}

func (p *printer) note(text string) { fmt.Fprintf(p.w, "\n  %s\n", text) }

// row prints one request: what was asked and answered, then, below, what the API said or what its
// operator was told, then what is wrong with that.
func (p *printer) row(s step, got answer, faults []string) {
	mark := p.paint(green, "ok   ")
	if len(faults) > 0 {
		mark = p.paint(red, "WRONG")
	}
	fmt.Fprintf(p.w, "%s %-*s  %-*s  %-6d  %s\n", mark, p.path, s.path, p.name, s.name, got.status, told(got))
	switch {
	case got.refusal != nil:
		p.below(yellow, string(got.reason()), foreign(got.refusal.Error()))
	case got.message != "":
		p.below(faint, "", got.message)
	}
	for _, fault := range faults {
		p.below(red, "WRONG", foreign(fault))
	}
}

// told is what the headers tell the client. The description is left out: one fixed sentence for
// each error, which would make every line too long.
func told(got answer) string {
	if got.retryAfter != "" {
		return "Retry-After: " + got.retryAfter.String()
	}
	scheme, parameters := readChallenge(got.challenge.String())
	if scheme == "" {
		return "-"
	}
	var list []string
	for _, name := range []string{"error", "scope"} {
		if value, ok := parameters[name]; ok {
			list = append(list, fmt.Sprintf("%s=%q", name, value))
		}
	}
	return strings.TrimSpace(scheme + " " + strings.Join(list, ", "))
}

// below prints a text under its row, broken where it is too long. Its first word is painted.
func (p *printer) below(color, first string, said foreign) {
	const indent = "        "
	line, text := indent, said.String()
	if first != "" {
		line += p.paint(color, first)
		text = "  " + text
	}
	used := len(indent) + len(first)
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			if used+1+len(word) > width {
				fmt.Fprintln(p.w, line)
				line, used = indent+"  ", len(indent)+2
			} else {
				line, used = line+" ", used+1
			}
		}
		line, used = line+word, used+len(word)
	}
	fmt.Fprintln(p.w, line)
}

func (p *printer) summary(all, wrong int) {
	fmt.Fprint(p.w, "\nThe line below a refusal is its reason, which OnRefusal tells the operator and the client never sees. A\n"+
		"challenge with an error also has its error_description, one fixed sentence that is left out here.\n\n")
	if wrong > 0 {
		fmt.Fprintln(p.w, p.paint(red, fmt.Sprintf("%d of %d answers are WRONG.", wrong, all)))
		return
	}
	fmt.Fprintln(p.w, p.paint(green, fmt.Sprintf("All %d answers are right.", all)))
}
