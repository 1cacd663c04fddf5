// Package schema holds the JSON that the command assay prints to its JSON Schema, with a validator of the
// whole of that language. It needs no browser.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// compiled is docs/report.schema.json, whose own form is checked against its meta-schema.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join("..", "..", "..", "docs", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// Everything that verify and inspect print with -json is as the schema says.
func TestReportSchema(t *testing.T) {
	schema := compiled(t)
	binary := filepath.Join(t.TempDir(), "assay")
	if out, err := exec.Command("go", "build", "-o", binary, "assay.example/jwt/cmd/assay").CombinedOutput(); err != nil {
		t.Fatalf("the command cannot be built: %v\n%s", err, out)
	}
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.RS256}})
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close()
	good := issuer.Token(jwttest.Claims{"name": "Ada <Example>", "roles": []string{"a"}, "n": json.Number("12345678901234567890")})
	tokens := map[string]string{
		"good": good, "cut": good[:len(good)/2], "tampered": good[:len(good)-6] + "AAAAAA", "opaque": "2YotnFZFEjr1zCsicMWpAA",
		"expired": issuer.Token(jwttest.Claims{"exp": 1}), "other": issuer.Token(jwttest.Claims{"aud": []string{"x", "y"}, "nbf": 4102444800}),
		"claim": issuer.Token(jwttest.Claims{"exp": "1"}), "array": issuer.Mint(jwttest.Spec{Payload: []byte("[1]")}), "broken": issuer.Mint(jwttest.Spec{Payload: []byte(`{"a":1,"b":`)}),
	}
	verify := []string{"verify", "-json", "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience}
	down := []string{"verify", "-json", "-insecure-loopback-http", "-issuer", "http://127.0.0.1:1", "-audience", jwttest.Audience}
	for name, token := range tokens {
		for _, args := range [][]string{verify, append(verify[:len(verify):len(verify)], "-redact", "-scope", "x"), down, {"inspect", "-json"}, {"inspect", "-json", "-redact"}} {
			cmd := exec.CommandContext(t.Context(), binary, args...)
			cmd.Stdin = strings.NewReader(token)
			out, err := cmd.Output()
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			printed, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
			if err != nil {
				t.Errorf("%s: %v prints no JSON: %v", name, args, err)
				continue
			}
			if err := schema.Validate(printed); err != nil {
				t.Errorf("%s: %v: %v\n%s", name, args, err, out)
			}
		}
	}
}

// The schema tells a report from what is none.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t)
	for _, text := range []string{`{}`, `[]`, `{"well_formed":true,"text":"","at":"2026-11-21T19:03:12Z","steps":[],"valid":true}`,
		`{"well_formed":true,"text":"","at":"yesterday","steps":[]}`, `{"well_formed":true,"text":"","at":"2026-11-21T19:03:12Z","steps":[{"name":"x"}]}`,
		`{"well_formed":true,"text":"","at":"2026-11-21T19:03:12Z","steps":[],"claims":[]}`} {
		printed, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(printed) == nil {
			t.Errorf("it takes %s", text)
		}
	}
}
