// This file holds what verify and inspect print with -json to docs/report.schema.json. A validator of
// the whole of JSON Schema does the same in internal/e2e.

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema is a JSON Schema as far as docs/report.schema.json uses it.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	OneOf      []*schema
	Enum       []string
	Pattern    string
	Properties map[string]*schema
	Required   []string
	Additional json.RawMessage `json:"additionalProperties"`
	Items      *schema
	Defs       map[string]*schema `json:"$defs"`
}

// documentedBy reports what of a value a schema does not describe, and notes the properties that it saw.
func (s *schema) documentedBy(root *schema, at string, v any, seen map[string]bool) (faults []string) {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return root.Defs[name].documentedBy(root, name, v, seen)
	}
	fault := func(format string, values ...any) {
		faults = append(faults, at+": "+fmt.Sprintf(format, values...))
	}
	if s.OneOf != nil {
		fits := 0
		for _, one := range s.OneOf {
			noted := map[string]bool{}
			wrong := one.documentedBy(root, at, v, noted)
			if faults = append(faults, wrong...); len(wrong) == 0 {
				fits++
				maps.Copy(seen, noted)
			}
		}
		if fits == 1 {
			return nil
		}
		return append(faults, fmt.Sprintf("%s: %d forms fit", at, fits))
	}
	switch v := v.(type) {
	case map[string]any:
		if s.Type != "object" {
			fault("it is an object")
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				fault("%s is absent", name)
			}
		}
		for name, member := range v {
			inner, known := s.Properties[name]
			switch {
			case known:
				seen[at+"."+name] = true
				faults = append(faults, inner.documentedBy(root, at+"."+name, member, seen)...)
			case string(s.Additional) == "false":
				fault("the member %s is not documented", name)
			}
		}
	case []any:
		if s.Type != "array" {
			fault("it is an array")
		}
		for _, element := range v {
			faults = append(faults, s.Items.documentedBy(root, at, element, seen)...)
		}
	case string:
		if s.Enum == nil && s.Type != "string" || s.Enum != nil && !slices.Contains(s.Enum, v) || !regexp.MustCompile(s.Pattern).MatchString(v) {
			fault("%q does not fit", v)
		}
	case bool:
		if s.Type != "boolean" {
			fault("it is a boolean")
		}
	case float64:
		if s.Type != "number" && s.Type != "integer" {
			fault("it is a number")
		}
	default:
		fault("it is %v", v)
	}
	return faults
}

// jsonRuns are command lines that print every documented member, each behind its token.
func jsonRuns(t *testing.T) [][]string {
	good := signed(t, edHeader, edited(`"iat"`, `"nbf":1795284000,"iat"`))
	expired := signed(t, edHeader, edited("1795291200", "1795287600"))
	bad := strings.Replace(good, ".", "!.", 1)
	verify := []string{"verify", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey, "-at", during, "-json"}
	inspect := []string{"inspect", "-at", during, "-json"}
	var runs [][]string
	for _, token := range []string{good, expired, bad, good[:150], signed(t, edHeader, "[]"), signed(t, edHeader, `{"iss":1,"a":{"b":[null]}}`), "opaque"} {
		for _, args := range [][]string{verify, inspect} {
			runs = append(runs, append([]string{token}, args...), append([]string{token}, append(args[:len(args):len(args)], "-redact")...))
		}
	}
	return runs
}

// The JSON has the documented members and no others, and every documented member is there at times.
func TestJSONSchema(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, run := range jsonRuns(t) {
		_, stdout, stderr := ran(t, run[0], run[1:]...)
		var printed any
		if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
			t.Fatalf("%s: %v\n%s%s", run[1], err, stdout, stderr)
		}
		if faults := root.documentedBy(&root, "the root", printed, seen); faults != nil {
			t.Errorf("%s: %s\n%s", run[1], strings.Join(faults, "\n"), stdout)
		}
		claims, ok := printed.(map[string]any)["claims"].(map[string]any)
		if ok && claims["exp"] != nil && claims["iss"] != "https://issuer.example" {
			t.Errorf("%s: the claims are %v", run[1], claims)
		}
	}
	for name, def := range root.Defs {
		for property := range def.Properties {
			if at := name + "." + property; !seen[at] {
				t.Errorf("%s is documented, and no run prints it", at)
			}
		}
	}
	var printed any = map[string]any{"well_formed": true, "text": "", "at": "", "steps": []any{}, "surplus": 1.0}
	if root.documentedBy(&root, "the root", printed, seen) == nil {
		t.Error("a member that is not documented is not found")
	}
}
