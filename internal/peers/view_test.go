// This file reads a token with other code than any peer's, and leniently, to say what is odd about
// it. It decides nothing: classes are made of what it sees.

package peers_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"assay.example/jwt"
	"assay.example/jwt/internal/peers"
)

// A view is a token before its relying party.
type view struct {
	token   string
	setup   peers.Setup
	now     int64
	parts   []string
	header  text
	payload text
	jwk     text   // the party's key, if it is a JSON Web Key
	member  string // the claim or header member that this module refused
}

// A text is one decoded part.
type text struct {
	raw       string
	members   map[string]any // of the object that it is; the last of two counts
	names     []string       // of that object, in order, twice if they are
	valid     bool           // it is JSON, as encoding/json sees it
	follows   bool           // valid JSON, and something behind it
	control   bool           // a control character in a string
	duplicate bool           // a name twice in one object, at any depth
	lone      bool           // half of a surrogate pair
	depth     int
	most      int // members of one object
}

// look views a sample that this module judged so.
func look(s sample, now int64, own error) *view {
	v := &view{token: s.token, setup: s.setup, now: now, parts: strings.Split(strings.TrimSpace(s.token), ".")}
	if len(v.parts) == 3 {
		v.header, v.payload = read(lenient(v.parts[0])), read(lenient(v.parts[1]))
	}
	if s.setup.JWK != nil {
		v.jwk = read(string(s.setup.JWK))
	}
	var e *jwt.Error
	if errors.As(own, &e) {
		v.member = e.Member
	}
	return v
}

// lenient decodes any base64: both alphabets, with padding or not, with white space or not.
func lenient(part string) string {
	part = strings.NewReplacer("+", "-", "/", "_", "=", "", "\r", "", "\n", "", " ", "", "\t", "").Replace(part)
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return ""
	}
	return string(b)
}

func read(raw string) text {
	t := text{raw: raw, control: controlInString(raw), lone: loneSurrogate(raw)}
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	if !t.walk(d, 0) {
		return t
	}
	end := d.InputOffset()
	_, err := d.Token()
	t.valid, t.follows = err == io.EOF, err != io.EOF
	d = json.NewDecoder(strings.NewReader(raw[:end]))
	d.UseNumber()
	if d.Decode(&t.members) != nil {
		t.members = nil
	}
	return t
}

// walk reads one value by its tokens.
func (t *text) walk(d *json.Decoder, depth int) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return true
	}
	if delim == '}' || delim == ']' {
		return false
	}
	t.depth = max(t.depth, depth+1)
	var names []string
	for d.More() {
		if delim == '{' {
			token, err := d.Token()
			name, ok := token.(string)
			if err != nil || !ok {
				return false
			}
			t.duplicate = t.duplicate || slices.Contains(names, name)
			names = append(names, name)
		}
		if !t.walk(d, depth+1) {
			return false
		}
	}
	t.most = max(t.most, len(names))
	if depth == 0 {
		t.names = names
	}
	_, err = d.Token()
	return err == nil
}

func (t text) notUTF8() bool { return !utf8.ValidString(t.raw) }

func controlInString(raw string) bool {
	within := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			within = !within
		case c == '\\' && within:
			i++
		case c < ' ' && within:
			return true
		}
	}
	return false
}

// loneSurrogate looks at the escapes of a text from left to right.
func loneSurrogate(raw string) bool {
	unit := func(i int) int64 { // of \uXXXX at i; -1 if there is none
		if i+6 > len(raw) || raw[i] != '\\' || raw[i+1] != 'u' {
			return -1
		}
		n, err := strconv.ParseUint(raw[i+2:i+6], 16, 16)
		if err != nil {
			return -1
		}
		return int64(n)
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch u := unit(i); {
		case u < 0:
			i++ // an escape of one character
		case u >= 0xdc00 && u <= 0xdfff:
			return true
		case u >= 0xd800 && u <= 0xdbff:
			if low := unit(i + 6); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 11
		default:
			i += 5
		}
	}
	return false
}

// strayBits reports whether a part has bits that decode to nothing.
func (v *view) strayBits() bool {
	for _, part := range v.parts {
		part = strings.NewReplacer("\r", "", "\n", "").Replace(part)
		_, lenient := base64.RawURLEncoding.DecodeString(part)
		_, strict := base64.RawURLEncoding.Strict().DecodeString(part)
		if lenient == nil && strict != nil {
			return true
		}
	}
	return false
}

// folded reports whether a claim that is registered is there under a name that only folds to its own.
func (t text) folded(registered ...string) bool {
	return slices.ContainsFunc(t.names, func(name string) bool {
		return slices.ContainsFunc(registered, func(r string) bool { return r != name && strings.EqualFold(r, name) })
	})
}

// has reports whether a member is there.
func (t text) has(name string) bool { _, ok := t.members[name]; return ok }

// number returns a member as an exact number; nil if it is none.
func (t text) number(name string) *big.Rat {
	n, ok := t.members[name].(json.Number)
	if !ok || len(n) > 400 {
		return nil
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(n.String()), "e"); ok && len(strings.TrimLeft(exponent, "+-0")) > 3 {
		return nil // too large to compute
	}
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return nil
	}
	return r
}

var dates = []string{"exp", "nbf", "iat"}

// wrongDate reports whether the member is a date that is there and is not a number.
func (t text) wrongDate(name string) bool {
	_, ok := t.members[name].(json.Number)
	return slices.Contains(dates, name) && t.has(name) && !ok
}

// outOfRange reports whether the member is a date before 1970 or after 9999.
func (t text) outOfRange(name string) bool {
	n, ok := t.members[name].(json.Number)
	if !ok || !slices.Contains(dates, name) {
		return false
	}
	r := t.number(name)
	if r == nil { // of a huge exponent, or of too many digits
		return !strings.Contains(n.String(), "e-") && !strings.Contains(n.String(), "E-")
	}
	return r.Sign() < 0 || r.Cmp(new(big.Rat).SetInt64(253402300799)) > 0
}

// off is how many seconds a date lies after now.
func (v *view) off(name string) (seconds float64, ok bool) {
	r := v.payload.number(name)
	if r == nil {
		return 0, false
	}
	seconds, _ = new(big.Rat).Sub(r, new(big.Rat).SetInt64(v.now)).Float64()
	return seconds, true
}

// fraction reports whether a date is within a second of an end of the leeway.
func (v *view) fraction(name string) bool {
	r := v.payload.number(name)
	off, ok := v.off(name)
	leeway := peers.Leeway.Seconds()
	return ok && !r.IsInt() && (leeway-1 < off && off < leeway+1 || -leeway-1 < off && off < -leeway+1)
}

// bigNumber reports whether a text holds a number beyond those of IEEE 754 double precision.
func (t text) bigNumber() bool {
	d := json.NewDecoder(strings.NewReader(t.raw))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if n, ok := token.(json.Number); ok {
			if _, err := n.Float64(); err != nil {
				return true
			}
		}
	}
}
