// This file writes the report that debug's page offers for a ticket. It is made from a redacted report, so it
// has no token, no signature and no personal values.

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// plain is a report in plain text. t must be made from a redacted report.
func (t *debugTold) plain(asked [][2]string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s\n%s\n", strings.Join(t.Stamps, ", "), t.Say)
	for _, more := range []string{t.Sub, labelled("Hint: ", t.Hint)} {
		if more != "" {
			fmt.Fprintln(&w, more)
		}
	}
	fmt.Fprintf(&w, "Judged for %s, with a leeway of %v.\n", t.At.Format(time.RFC3339), time.Duration(t.Leeway*float64(time.Second)))
	w.WriteString("\nExpected\n")
	writeColumns(&w, asked)
	for _, a := range t.Answers {
		fmt.Fprintf(&w, "\n%-38s%s\n", a.Title, a.Verdict)
		var rows [][2]string
		for _, step := range a.Steps {
			rows = append(rows, [2]string{string(step.Verdict) + "  " + step.Name, step.Text})
			if step.Hint != "" {
				rows = append(rows, [2]string{"", labelled("Hint: ", sentenceOf(step.Hint))})
			}
		}
		writeColumns(&w, rows)
	}
	unverified := ""
	if !t.Verified {
		unverified = ", UNVERIFIED: anybody can have written this"
	}
	for _, part := range []struct {
		title  string
		fields []debugField
	}{{"Header", t.Header}, {"Payload", t.Claims}} {
		if len(part.fields) == 0 {
			continue
		}
		fmt.Fprintf(&w, "\n%s%s\n", part.title, unverified)
		var rows [][2]string
		for _, f := range part.fields {
			value := f.Value
			if f.json != nil {
				value = string(f.json) // on one line
			}
			rows = append(rows, [2]string{f.Name, strings.TrimRight(value+"   "+f.Meaning, " ")})
		}
		writeColumns(&w, rows)
	}
	return w.String()
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// writeColumns writes names and texts in two columns.
func writeColumns(w *strings.Builder, rows [][2]string) {
	const most = 24
	widest := 0
	for _, row := range rows {
		widest = max(widest, min(utf8.RuneCountInString(row[0]), most))
	}
	for _, row := range rows {
		pad := strings.Repeat(" ", max(0, widest-utf8.RuneCountInString(row[0])))
		fmt.Fprintf(w, "  %s%s  %s\n", row[0], pad, row[1])
	}
}
