// This file is the command inspect: it decodes a token as far as it goes, and vouches for nothing.

package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

var inspectCommand = command{
	name:     "inspect",
	synopsis: "[flags] [token]",
	summary:  "decode a token, broken ones as far as they go; unverified",
	about: "inspect decodes header and claims of a token, with what they mean and times as people read them. It\n" +
		"asks nobody and has no key: whatever it shows can have been written by anybody. Of a broken header or\n" +
		"payload it shows the members before the fault, and nothing behind it.\n\n" +
		aboutInput + "\n\n" +
		"With -json the result is one object: well_formed, text, bad_byte, at, steps (question, name,\n" +
		"verdict, reason, text, hint), header and claims (name, value, meaning, redacted), issued_at,\n" +
		"not_before and expires_at. What is empty may be absent.\n\n" +
		"The exit status is 0 if the token is well formed, 1 if it is not, and 2 if the command line is wrong.",
	example: "assay inspect " + exampleToken + "\n" +
		"echo 'Authorization: Bearer " + exampleToken + "' | assay inspect -json",
	run: runInspect,
}

// inspection is what inspect prints as JSON.
type inspection struct {
	WellFormed bool            `json:"well_formed"`
	Text       string          `json:"text"`
	BadByte    *int            `json:"bad_byte,omitempty"`
	At         time.Time       `json:"at"`
	Steps      []explain.Step  `json:"steps"`
	Header     []explain.Field `json:"header,omitempty"`
	Claims     []explain.Field `json:"claims,omitempty"`
	IssuedAt   time.Time       `json:"issued_at,omitzero"`
	NotBefore  time.Time       `json:"not_before,omitzero"`
	ExpiresAt  time.Time       `json:"expires_at,omitzero"`
}

func runInspect(ctx context.Context, c *call) int {
	flags := c.flags()
	var from tokenSource
	var at moment
	from.define(flags)
	flags.Var(&at, "at", "`time` that is taken for now: 2026-11-21T19:00:00Z, seconds since 1970, or from now, such as -10m")
	asJSON := flags.Bool("json", false, "print JSON")
	redact := flags.Bool("redact", false, "leave out the values of claims that may be personal")
	if code, ok := c.parse(flags, maxArguments); !ok {
		return code
	}
	token, code, ok := from.read(c)
	if !ok {
		return code
	}
	if at.IsZero() {
		at.Time = time.Now()
	}
	var nobody *jwt.Verifier // trusts no issuer, and so only looks
	r := explain.TokenAt(ctx, nobody, token, at.Time)
	if *redact {
		r = r.Redact()
	}
	r = flagWords.in(r)
	in := inspection{WellFormed: true, Text: "well formed", BadByte: r.BadByte, At: r.At, Header: r.Header, Claims: r.Claims,
		IssuedAt: r.IssuedAt, NotBefore: r.NotBefore, ExpiresAt: r.ExpiresAt}
	for _, s := range r.Steps {
		if s.Question != explain.QuestionForm {
			continue
		}
		in.Steps = append(in.Steps, s)
		if s.Verdict == explain.VerdictFail && in.WellFormed {
			in.WellFormed, in.Text = false, s.Text
		}
	}
	var err error
	if *asJSON {
		err = c.printJSON(in)
	} else {
		_, err = fmt.Fprint(c.stdout, painted(in.String(), colored(c.stdout)))
	}
	switch {
	case err != nil:
		return c.failed(err)
	case !in.WellFormed:
		return exitFailed
	}
	return exitOK
}

func (in inspection) String() string {
	var b strings.Builder
	if in.WellFormed {
		b.WriteString("WELL FORMED, and UNVERIFIED: anybody can have written this. \"assay verify\" asks the issuer's keys.\n")
	} else {
		b.WriteString("BROKEN, and UNVERIFIED: " + in.Text + "\n")
		if in.BadByte != nil {
			fmt.Fprintf(&b, "The first byte that is wrong is byte %d, counted from 0.\n", *in.BadByte)
		}
		for _, s := range in.Steps {
			if s.Hint != "" {
				b.WriteString("Hint: " + s.Hint + "\n")
			}
		}
	}
	writeFields(&b, "Header", in.Header)
	writeFields(&b, "Claims", in.Claims)
	return b.String()
}

func writeFields(b *strings.Builder, title string, fields []explain.Field) {
	if len(fields) == 0 {
		return
	}
	names, values := 0, 0
	shown := func(f explain.Field) string {
		if f.Redacted {
			return "(redacted)"
		}
		return string(f.Value)
	}
	for _, f := range fields {
		names = max(names, min(utf8.RuneCountInString(f.Name), 24))
		values = max(values, min(utf8.RuneCountInString(shown(f)), 40))
	}
	fmt.Fprintf(b, "\n%s (UNVERIFIED)\n", title)
	for _, f := range fields {
		line := fmt.Sprintf("  %-*s  %-*s  %s", names, f.Name, values, shown(f), f.Meaning)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
