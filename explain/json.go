// This file is the JSON of a report, which docs/report.schema.json describes.

package explain

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// A member of header or claims that JSON does not show, and why.
type hiddenMember struct {
	Part string `json:"part"`           // header or claims
	Name string `json:"name,omitempty"` // empty: it has none, or several members are meant
	Why  string `json:"why"`
}

// meanings are the meanings of members, by their names.
type meanings struct {
	Header map[string]string `json:"header,omitempty"`
	Claims map[string]string `json:"claims,omitempty"`
}

// MarshalJSON writes the report as one object, which docs/report.schema.json describes. Header and claims
// are objects in it, as in the token. Members that are redacted, incomplete or beyond the limit are left
// out, and not_shown says why.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	told := struct {
		plain
		Header   orderedObject  `json:"header,omitempty"`
		Claims   orderedObject  `json:"claims,omitempty"`
		Meanings *meanings      `json:"meanings,omitempty"`
		NotShown []hiddenMember `json:"not_shown,omitempty"`
	}{plain: plain(r)}
	var means meanings
	told.Header, means.Header, told.NotShown = membersOf("header", r.Header, nil)
	told.Claims, means.Claims, told.NotShown = membersOf("claims", r.Claims, told.NotShown)
	if means.Header != nil || means.Claims != nil {
		told.Meanings = &means
	}
	return marshal(told)
}

// marshal writes JSON without escapes for HTML, as a report is no HTML. A caller's encoder may add them.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// membersOf returns the fields of a part that are shown, their meanings, and the fields that are not shown.
func membersOf(part string, fields []Field, hidden []hiddenMember) (orderedObject, map[string]string, []hiddenMember) {
	var shown orderedObject
	means := map[string]string{}
	for _, f := range fields {
		name := f.Name
		for n := 2; name != "" && slices.ContainsFunc(shown, func(m Field) bool { return m.Name == name }); n++ {
			name = f.Name + " (" + strconv.Itoa(n) + ")" // two long names were cut to the same text
		}
		switch {
		case f.Redacted:
			hidden = append(hidden, hiddenMember{part, name, "redacted"})
		case f.broken:
			hidden = append(hidden, hiddenMember{part, name, f.Meaning})
		case f.rest:
			hidden = append(hidden, hiddenMember{part, "", f.Meaning})
		default:
			shown = append(shown, Field{Name: name, Value: f.Value})
			if f.Meaning != "" {
				means[name] = f.Meaning
			}
		}
		if f.Redacted && f.Meaning != "" {
			means[name] = f.Meaning
		}
	}
	if len(means) == 0 {
		means = nil
	}
	return shown, means, hidden
}

// orderedObject is a JSON object with its members in their order.
type orderedObject []Field

func (o orderedObject) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for n, f := range o {
		name, err := marshal(f.Name)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, name...), ':'), f.Value...)
	}
	return append(b, '}'), nil
}
