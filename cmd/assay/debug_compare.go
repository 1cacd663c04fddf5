// This file compares two tokens for the page of debug, most often one that works and one that does not.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"assay.example/jwt/explain"
)

// debugComparison is what the page shows of two tokens.
type debugComparison struct {
	Say   string    `json:"say"`
	Left  debugSide `json:"left"`
	Right debugSide `json:"right"`
	// Rows has first what differs, then what differs between most tokens of one issuer, then what is equal.
	Rows  []debugRow `json:"rows"`
	Plain string     `json:"plain"` // for a ticket
}

// debugSide is the verdict on one of the tokens.
type debugSide struct {
	Tone   string   `json:"tone"`
	Stamps []string `json:"stamps"`
	Say    string   `json:"say"`
	Hint   string   `json:"hint,omitempty"`

	TakenOff []string `json:"taken_off,omitempty"`
	From     int      `json:"from"`
}

// debugRow is one check, header member or claim of both tokens.
type debugRow struct {
	Part  string    `json:"part"` // check, header or payload
	Name  string    `json:"name"`
	Kind  rowKind   `json:"kind"`
	Left  debugCell `json:"left"`
	Right debugCell `json:"right"`
	// Note says which elements of a list only one of them has.
	Note string `json:"note,omitempty"`
}

type debugCell struct {
	Value   string `json:"value"`
	Meaning string `json:"meaning,omitempty"`
	Absent  bool   `json:"absent,omitempty"`
}

// rowKind sorts rows.
type rowKind string

const (
	rowDiffers rowKind = "differs"
	rowUsual   rowKind = "usual" // it differs between most tokens of one issuer
	rowSame    rowKind = "same"
)

// usuallyDifferent are claims that say when a token was issued, or identify it.
var usuallyDifferent = []string{"exp", "iat", "nbf", "jti", "auth_time", "uti", "rh", "aio", "sid", "at_hash", "nonce", "origin_jti", "event_id"}

// compare compares two tokens that were judged by the same expectations.
func compare(left, right *debugTold) *debugComparison {
	c := &debugComparison{Left: left.side(), Right: right.side()}
	c.Rows = compareAll(left, right)
	var names []string
	for _, row := range c.Rows {
		if row.Kind == rowDiffers && row.Part != "check" {
			names = append(names, row.Name)
		}
	}
	const most = 6
	switch {
	case len(names) > most:
		c.Say = fmt.Sprintf("They differ in %s and %d more.", strings.Join(names[:most], ", "), len(names)-most)
	case len(names) > 1:
		c.Say = "They differ in " + strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + "."
	case len(names) == 1:
		c.Say = "They differ in " + names[0] + "."
	case slices.ContainsFunc(c.Rows, func(r debugRow) bool { return r.Kind == rowDiffers }):
		c.Say = "They say the same, and fare differently."
	case slices.ContainsFunc(c.Rows, func(r debugRow) bool { return r.Kind == rowUsual }):
		c.Say = "They differ only in what differs between any two tokens."
	default:
		c.Say = "They say the same."
	}
	c.Plain = c.plain(left.redacted, right.redacted)
	return c
}

func (t *debugTold) side() debugSide {
	return debugSide{t.Tone, t.Stamps, t.Say, t.Hint, t.TakenOff, t.From}
}

func compareAll(left, right *debugTold) []debugRow {
	var rows []debugRow
	for i, a := range left.Answers {
		b := right.Answers[i]
		row := debugRow{Part: "check", Name: a.Title, Kind: rowSame,
			Left:  debugCell{Value: string(a.Verdict), Meaning: strings.Join(a.Texts, " ")},
			Right: debugCell{Value: string(b.Verdict), Meaning: strings.Join(b.Texts, " ")}}
		if a.Verdict != b.Verdict {
			row.Kind = rowDiffers
		}
		rows = append(rows, row)
	}
	rows = append(rows, compareFields("header", left.Header, right.Header)...)
	rows = append(rows, compareFields("payload", left.Claims, right.Claims)...)
	if failsInTime(left) != failsInTime(right) {
		for i := range rows { // then the times are the reason
			if rows[i].Part == "payload" && rows[i].Kind == rowUsual && slices.Contains([]string{"exp", "nbf", "iat"}, rows[i].Name) {
				rows[i].Kind = rowDiffers
			}
		}
	}
	order := []rowKind{rowDiffers, rowUsual, rowSame}
	slices.SortStableFunc(rows, func(a, b debugRow) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	return rows
}

func failsInTime(t *debugTold) bool {
	return slices.ContainsFunc(t.Answers, func(a debugAnswer) bool {
		return a.Question == explain.QuestionTime && a.Verdict == explain.VerdictFail
	})
}

// compareFields pairs members by their names, in the order of the first token.
func compareFields(part string, left, right []debugField) []debugRow {
	var rows []debugRow
	find := func(fields []debugField, name string) *debugField {
		if i := slices.IndexFunc(fields, func(f debugField) bool { return f.Name == name }); i >= 0 {
			return &fields[i]
		}
		return nil
	}
	for _, f := range left {
		rows = append(rows, compareField(part, &f, find(right, f.Name)))
	}
	for _, f := range right {
		if find(left, f.Name) == nil {
			rows = append(rows, compareField(part, nil, &f))
		}
	}
	return rows
}

func compareField(part string, left, right *debugField) debugRow {
	row := debugRow{Part: part, Kind: rowDiffers, Left: cellOf(left), Right: cellOf(right)}
	switch {
	case left == nil:
		row.Name = right.Name
		return row
	case right == nil:
		row.Name = left.Name
		return row
	}
	row.Name = left.Name
	switch {
	case sameJSON(left.json, right.json):
		row.Kind = rowSame
	case part == "payload" && slices.Contains(usuallyDifferent, row.Name):
		row.Kind = rowUsual
	default:
		row.Note = noteOn(left, right)
	}
	return row
}

func cellOf(f *debugField) debugCell {
	if f == nil {
		return debugCell{Absent: true}
	}
	return debugCell{Value: f.Value, Meaning: f.Meaning}
}

// sameJSON reports whether two values are equal as JSON, whatever their spelling.
func sameJSON(left, right json.RawMessage) bool {
	if bytes.Equal(left, right) {
		return true
	}
	var values [2]any
	for i, text := range []json.RawMessage{left, right} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if d.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// noteOn says which elements only one of two lists has. A list is an array of strings, a scope, or an audience,
// which may be a single name on one side.
func noteOn(left, right *debugField) string {
	a, b := elements(left), elements(right)
	if a == nil || b == nil || len(a)+len(b) < 3 {
		return ""
	}
	without := func(list, other []string) (rest []string) {
		for _, s := range list {
			if !slices.Contains(other, s) {
				rest = append(rest, s)
			}
		}
		return rest
	}
	onlyA, onlyB := without(a, b), without(b, a)
	var notes []string
	if onlyA != nil {
		notes = append(notes, "only A has "+strings.Join(onlyA, ", "))
	}
	if onlyB != nil {
		notes = append(notes, "only B has "+strings.Join(onlyB, ", "))
	}
	if notes == nil {
		return "The same elements in another order."
	}
	return sentenceOf(strings.Join(notes, "; "))
}

// elements returns the words that a claim lists; nil if it is no list of words.
func elements(f *debugField) []string {
	var one string
	var several []string
	switch {
	case json.Unmarshal(f.json, &several) == nil:
		return several
	case json.Unmarshal(f.json, &one) != nil:
		return nil
	case f.Name == "scope" || f.Name == "scp":
		return strings.Fields(one)
	}
	return []string{one}
}

// plain is the comparison in plain text. Its texts come from redacted reports, but whether a value differs
// comes from the values themselves.
func (c *debugComparison) plain(left, right *debugTold) string {
	redacted := compareAll(left, right)
	var w strings.Builder
	fmt.Fprintf(&w, "%s\n", c.Say)
	for _, side := range []struct {
		name string
		told *debugTold
	}{{"A", left}, {"B", right}} {
		fmt.Fprintf(&w, "%s: %s. %s\n", side.name, strings.Join(side.told.Stamps, ", "), side.told.Say)
	}
	titles := map[rowKind]string{rowDiffers: "Differs", rowUsual: "Differs between any two tokens", rowSame: "The same"}
	kind := rowKind("")
	for _, row := range c.Rows {
		if row.Kind != kind {
			kind = row.Kind
			fmt.Fprintf(&w, "\n%s\n", titles[kind])
		}
		i := slices.IndexFunc(redacted, func(r debugRow) bool { return r.Part == row.Part && r.Name == row.Name })
		shown := redacted[i]
		fmt.Fprintf(&w, "  %s %s\n", row.Part, row.Name)
		if kind == rowSame {
			fmt.Fprintf(&w, "    both  %s\n", shown.Left)
			continue
		}
		fmt.Fprintf(&w, "    A     %s\n    B     %s\n", shown.Left, shown.Right)
	}
	return w.String()
}

// String returns a cell as one line.
func (c debugCell) String() string {
	if c.Absent {
		return "(absent)"
	}
	return strings.Join(strings.Fields(c.Value+"   "+c.Meaning), " ")
}
