// This file is the command inspect: it decodes a token as far as possible, and verifies nothing.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

var inspectCommand = command{
	name:     "inspect",
	synopsis: "[flags] [token]",
	summary:  "decode a token, a broken one as far as possible; unverified",
	about: "inspect decodes header and claims of a token, says what they mean, and writes times for people. It\n" +
		"makes no requests and has no key, so anybody may have written what it shows. Of a broken header or\n" +
		"payload it shows the members before the fault, and nothing behind it.\n\n" +
		aboutInput + "\n\n" +
		"With -json the result is one JSON object, as docs/report.schema.json describes it.\n\n" +
		"The exit status is 0 if the token is well formed, 1 if it is not, and 2 if the command line is wrong.",
	example: "assay inspect < token.txt\nassay inspect -json -redact -file token.txt",
	run:     runInspect,
}

// inspection is what inspect prints as JSON: the parts of a report that need no verification.
type inspection struct {
	WellFormed bool            `json:"well_formed"`
	Text       string          `json:"text"`
	BadByte    *int            `json:"bad_byte,omitempty"`
	At         time.Time       `json:"at"`
	Steps      []explain.Step  `json:"steps"`
	Header     json.RawMessage `json:"header,omitempty"`
	Claims     json.RawMessage `json:"claims,omitempty"`
	Meanings   json.RawMessage `json:"meanings,omitempty"`
	NotShown   json.RawMessage `json:"not_shown,omitempty"`
	IssuedAt   time.Time       `json:"issued_at,omitzero"`
	NotBefore  time.Time       `json:"not_before,omitzero"`
	ExpiresAt  time.Time       `json:"expires_at,omitzero"`
}

// inspected copies the parts of a report that are known without a key.
func inspected(r *explain.Report) (in inspection, err error) {
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &in)
	}
	in.WellFormed, in.Text, in.Steps = true, "well formed", nil
	for _, s := range r.Steps {
		if s.Question != explain.QuestionForm {
			continue
		}
		in.Steps = append(in.Steps, s)
		if s.Verdict == explain.VerdictFail && in.WellFormed {
			in.WellFormed, in.Text = false, s.Text
		}
	}
	return in, err
}

func runInspect(ctx context.Context, c *call) int {
	flags := c.flags()
	var from tokenSource
	var at moment
	from.define(flags)
	flags.Var(&at, "at", "`time` that is taken for now: 2026-11-21T19:00:00Z, 2026-11-21, seconds since 1970, or from now, such as -10m")
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
	var nobody *jwt.Verifier // trusts no issuer: the token is only decoded
	r := explain.TokenAt(ctx, nobody, token, at.Time)
	if *redact {
		r = r.Redact()
	}
	r = flagWords.in(r)
	in, err := inspected(r)
	if err != nil {
		return c.failed(err)
	}
	if *asJSON {
		err = c.printJSON(in)
	} else {
		text := in.String() + r.Decoded()
		if in.WellFormed {
			text += "\n\"assay verify\" says how to check it.\n"
		}
		_, err = fmt.Fprint(c.stdout, painted(text, colored(c.stdout)))
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
		b.WriteString("WELL FORMED, and UNVERIFIED: anybody can have written this.\n")
	} else {
		b.WriteString(fill("BROKEN, and UNVERIFIED: "+in.Text, helpWidth) + "\n")
		if in.BadByte != nil {
			fmt.Fprintf(&b, "The first byte that is wrong is byte %d, counted from 0.\n", *in.BadByte)
		}
		for _, s := range in.Steps {
			if s.Hint != "" {
				b.WriteString(hanging("Hint: ", flagWords.of(s.Hint), helpWidth))
			}
		}
	}
	return b.String()
}
