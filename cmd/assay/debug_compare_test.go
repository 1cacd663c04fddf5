// This file tests how the page of debug compares two tokens.

package main

import (
	"strings"
	"testing"

	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

// TestDebugCompare compares tokens that differ in what matters, in what always differs, and in nothing.
func TestDebugCompare(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t)
	d.enter(d.link)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	works := issuer.Token(jwttest.Claims{"jti": "1", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"a": 1, "b": 2}})
	for _, c := range []struct {
		name   string
		other  string
		say    string
		stamps string
		rows   string // that differ
		note   string
	}{
		{"the same", works, "They say the same.", "VALID", "", ""},
		{"another of the same kind", issuer.Token(jwttest.Claims{"jti": "2", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"b": 2, "a": 1}}),
			"They differ only in what differs between any two tokens.", "VALID", "", ""},
		{"audience", issuer.Token(jwttest.Claims{"jti": "2", "aud": "https://other.example", "scope": "read write", "roles": []string{"a", "b"}, "address": map[string]any{"a": 1, "b": 2}}),
			"They differ in aud.", "REFUSED", "check Is it meant for this application?, payload aud", ""},
		{"lists", issuer.Token(jwttest.Claims{"jti": "2", "scope": "write admin", "roles": []string{"a"}, "address": map[string]any{"a": 1, "b": 2}, "extra": true}),
			"They differ in roles, scope and extra.", "VALID", "payload roles, payload scope, payload extra", "Only A has read; only B has admin."},
		{"expired", issuer.Mint(expired(issuer)), "", "REFUSED", "check Is it in its validity period?", ""},
	} {
		told := d.ask(debugAsk{Token: works, Other: c.other, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "key", Key: set})
		got := told.Comparison
		var rows, notes []string
		for _, row := range got.Rows {
			if row.Kind == rowDiffers {
				rows = append(rows, row.Part+" "+row.Name)
			}
			notes = append(notes, row.Note)
		}
		all := strings.Join(rows, ", ")
		if c.name == "expired" {
			if !strings.HasPrefix(all, c.rows) || !strings.Contains(all, "payload exp") {
				t.Errorf("%s: %s", c.name, all)
			}
		} else if got.Say != c.say || all != c.rows {
			t.Errorf("%s: %q, %s", c.name, got.Say, all)
		}
		if got.Right.Stamps[0] != c.stamps || got.Left.Stamps[0] != "VALID" {
			t.Errorf("%s: %v and %v", c.name, got.Left.Stamps, got.Right.Stamps)
		}
		if !strings.Contains(strings.Join(notes, "|"), c.note) {
			t.Errorf("%s: the notes are %q", c.name, notes)
		}
	}
	if told := d.ask(debugAsk{Token: works, Source: "issuer", Other: "  \n"}); told.Comparison != nil {
		t.Error("there is nothing to compare with")
	}
	if told := d.ask(debugAsk{Token: works, Source: "issuer", Other: "opaque"}); told.Comparison.Right.Stamps[0] != "REFUSED" || told.answer(explain.QuestionForm).Verdict != explain.VerdictPass {
		t.Errorf("with an opaque one: %+v", told.Comparison.Right)
	}
}
