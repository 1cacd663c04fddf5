// This file writes texts for a terminal of 80 columns: the help of commands, and what they advise.

package main

import (
	"flag"
	"fmt"
	"strings"
	"unicode/utf8"
)

// helpWidth is the length of the lines of a help text: terminals are rarely narrower.
const helpWidth = 80

// fill breaks each paragraph into lines of a width. A paragraph with indented lines stays as it is.
func fill(text string, width int) string {
	paragraphs := strings.Split(text, "\n\n")
	for n, p := range paragraphs {
		if !strings.HasPrefix(p, " ") && !strings.Contains(p, "\n ") {
			paragraphs[n] = strings.TrimSuffix(hanging("", strings.ReplaceAll(p, "\n", " "), width), "\n")
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// hanging writes words behind a first text, and indents the further lines to the first word.
func hanging(first, text string, width int) string {
	var b strings.Builder
	b.WriteString(first)
	indent := utf8.RuneCountInString(first)
	used := indent
	for n, word := range strings.Fields(text) {
		size := utf8.RuneCountInString(word)
		switch {
		case n == 0:
		case used+1+size > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = indent
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += size
	}
	b.WriteByte('\n')
	return b.String()
}

// flagHelp lists the flags.
func flagHelp(flags *flag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		switch f.DefValue {
		case "", "0", "0s", "false":
		default:
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(&b, "  %s\n%s", strings.TrimRight("-"+f.Name+" "+value, " "), hanging("        ", usage, helpWidth))
	})
	return b.String()
}

func (c *call) printHelp(flags *flag.FlagSet) {
	fmt.Fprintf(c.stdout, "Usage:\n\n  assay %s %s\n\n%s\n\n", c.name, c.synopsis, fill(c.about, helpWidth))
	if list := flagHelp(flags); list != "" {
		fmt.Fprintf(c.stdout, "Flags:\n\n%s\n", list)
	}
	fmt.Fprintf(c.stdout, "Examples:\n\n  %s\n\n%s", strings.ReplaceAll(c.example, "\n", "\n  "), cloneHint)
}
