// This file prints the tour as a table that fits a terminal.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"assay.example/jwt"
)

// The limits of the line length, which otherwise is the terminal's width.
const (
	minWidth = 60  // what the table of the tour needs
	maxWidth = 116 // longer lines are hard to read
)

// printer prints the tour. The longest path and name decide the widths of its columns.
type printer struct {
	w          io.Writer
	color      bool
	width      int // of a line; 0: helpWidth
	path, name int // widths of columns
}

// newPrinter makes a printer for the width of a terminal, or for 80 columns if w is no terminal.
func newPrinter(w io.Writer) *printer {
	p := &printer{w: w, color: colored(w)}
	if f, ok := beneath(w).(*os.File); ok {
		p.width = widthFor(columnsOf(f))
	}
	return p
}

// widthFor returns the line length for a terminal with so many columns; 0 columns: not known.
func widthFor(columns int) int {
	if columns == 0 {
		return helpWidth
	}
	return min(max(columns, minWidth), maxWidth)
}

// text prints a paragraph.
func (p *printer) text(text string) { fmt.Fprintln(p.w, fill(text, cmp.Or(p.width, helpWidth))) }

// The colours: SGR parameters of ECMA-48 section 8.3.117.
const (
	green  = "32"
	yellow = "33"
	red    = "1;31"
	faint  = "2"
)

// colored reports whether w is a terminal that shows colours, and NO_COLOR is not set (no-color.org).
// The console of older Windows versions would print the control sequences.
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
	fmt.Fprintf(p.w, "      %-*s  %-*s  %s\n", p.path, "GET", p.name, "sent", "status")
}

func (p *printer) note(text string) {
	fmt.Fprint(p.w, "\n"+hanging("  ", text, cmp.Or(p.width, helpWidth)))
}

// row prints one request and its answer. Below it prints what the client learns and what the operator
// learns, then what is wrong with the answer.
func (p *printer) row(s step, got answer, faults []string) {
	mark := p.paint(green, "ok   ")
	if len(faults) > 0 {
		mark = p.paint(red, "WRONG")
	}
	fmt.Fprintf(p.w, "%s %-*s  %-*s  %d\n", mark, p.path, s.path, p.name, s.name, got.status)
	if got.message != "" {
		p.below(faint, "client", got.message)
	} else {
		p.below(faint, "client", foreign(told(got)))
	}
	if got.refusal != nil {
		p.below(yellow, "operator", foreign(string(got.reason())+": "+whyRefused(got.refusal)))
	}
	for _, fault := range faults {
		p.below(red, "WRONG", foreign(fault))
	}
}

// whyRefused is the text of a refusal without its reason. It leaves out the address of the keys, which
// stands above the table.
func whyRefused(e *jwt.Error) string {
	var fetch *jwt.FetchError
	if errors.As(e, &fetch) && fetch.Status != 0 {
		return fmt.Sprintf("the issuer answers with status %d", fetch.Status)
	}
	heading := (&jwt.Error{Reason: e.Reason}).Error() // repeats the reason
	return strings.TrimPrefix(strings.TrimPrefix(e.Error(), heading+": "), "jwt: ")
}

// told is what the headers tell the client. It leaves out the description, a fixed sentence for each
// error, which would make every line too long.
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
	if realm, ok := parameters["realm"]; ok && list == nil {
		list = append(list, fmt.Sprintf("realm=%q", realm))
	}
	return strings.TrimSpace(scheme + " " + strings.Join(list, ", "))
}

// below prints a text under its row, behind a coloured word that says who learns it.
func (p *printer) below(color, whose string, said foreign) {
	first := fmt.Sprintf("        %-8s  ", whose)
	text := hanging(first, said.String(), cmp.Or(p.width, helpWidth))
	fmt.Fprint(p.w, strings.Replace(text, whose, p.paint(color, whose), 1))
}

func (p *printer) summary(all, wrong int) {
	fmt.Fprintln(p.w)
	p.text("What the operator is told comes from OnRefusal, and no client ever sees it. A challenge with an error also has an error_description, one fixed sentence that is left out here.")
	fmt.Fprintln(p.w)
	if wrong > 0 {
		fmt.Fprintln(p.w, p.paint(red, fmt.Sprintf("%d of %d answers are WRONG.", wrong, all)))
		return
	}
	fmt.Fprintln(p.w, p.paint(green, fmt.Sprintf("All %d answers are right.", all)))
}
