// This file decodes verified claims into types of the caller's. It reads them with the scanner that
// checked them: a second parser might read the same payload in another way.

package jwt

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// Claims decodes the payload of a verified token into a T. Fields are named, embedded and tagged as for
// [json.Unmarshal], but names match exactly: the claim "SCOPE" does not fill a field tagged "scope".
//
// A number in an any is a [json.Number], as [Token.Claim] gives it. An integer is exact, or Claims fails.
// A number in a string fills only a field with the option "string". The keys of maps are strings. A type
// that decodes itself ([json.Unmarshaler], [encoding.TextUnmarshaler]) gets a copy of its value as it is
// written, whatever the field's options.
//
// A value that does not fit its field gives a [*json.UnmarshalTypeError] with the path of the field.
// A string in the result may keep the whole payload in memory: store a [strings.Clone] of it.
func Claims[T any](t *Token) (T, error) {
	var v, zero T
	if t == nil || t.claims.payload == "" {
		return zero, fmt.Errorf("jwt: Claims: no token")
	}
	d := decoder{scanner: scanner{text: t.claims.payload, vetted: true}}
	if d.fill(reflect.ValueOf(&v).Elem(), planFor(reflect.TypeFor[T]())); d.err != nil {
		return zero, fmt.Errorf("jwt: Claims: %w", d.located())
	}
	return v, nil
}

// plan says how a type is filled.
type plan struct {
	typ     reflect.Type
	kind    reflect.Kind // of typ, or one of those below; Invalid where only null fits
	element *plan        // of a pointer, slice, array or map
	fields  []field      // of a struct
}

// Kinds of plans beside those of package reflect.
const (
	kindJSON   = 100 + iota // a json.Unmarshaler
	kindText                // an encoding.TextUnmarshaler
	kindNumber              // json.Number
	kindObject              // map[string]any, and what is defined as it
)

// field is a field of a struct, or of one that is embedded in it.
type field struct {
	*plan
	name   string // of the member that fills it
	index  []int  // as for reflect.Value.FieldByIndex
	tagged bool   // the name is of the tag
	quoted bool   // has the option "string"
	twice  bool   // its struct is embedded twice at one depth
}

var plans sync.Map // of the types that claims were decoded into: reflect.Type: *plan

func planFor(typ reflect.Type) *plan {
	known, ok := plans.Load(typ)
	if !ok {
		known, _ = plans.LoadOrStore(typ, planOf(typ, map[reflect.Type]*plan{}))
	}
	return known.(*plan)
}

// planOf makes the plan of a type. made has those under way, too: a type may hold itself.
func planOf(typ reflect.Type, made map[reflect.Type]*plan) *plan {
	if p := made[typ]; p != nil {
		return p
	}
	p := &plan{typ: typ, kind: typ.Kind()}
	made[typ] = p
	end := typ
	for n := 0; n < maxDepth && end.Kind() == reflect.Pointer; n++ {
		end = end.Elem()
	}
	switch to := reflect.PointerTo(typ); {
	case to.Implements(reflect.TypeFor[json.Unmarshaler]()):
		p.kind = kindJSON
	case to.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		p.kind = kindText
	case typ == reflect.TypeFor[json.Number]():
		p.kind = kindNumber
	case p.kind == reflect.Struct:
		p.fields = fieldsOf(typ, made)
	case p.kind == reflect.Map && reflect.TypeFor[map[string]any]().AssignableTo(typ):
		p.kind = kindObject
	case p.kind == reflect.Map && planOf(typ.Key(), made).kind != reflect.String,
		p.kind == reflect.Interface && typ.NumMethod() > 0,
		end.Kind() == reflect.Pointer: // type P *P has no end
		p.kind = reflect.Invalid
	case p.kind == reflect.Pointer, p.kind == reflect.Slice, p.kind == reflect.Array, p.kind == reflect.Map:
		p.element = planOf(typ.Elem(), made)
	}
	return p
}

// fieldsOf lists the fields that have a name in JSON, by encoding/json's rules for embedded structs, which it
// walks through breadth first.
func fieldsOf(root reflect.Type, made map[reflect.Type]*plan) (all []field) {
	depths, twice := map[reflect.Type]int{nil: 0, root: 0}, map[reflect.Type]bool{} // of structs, where they are met first
	for level := []reflect.StructField{{Type: root}}; len(level) > 0; {
		var next []reflect.StructField
		for _, e := range level {
			for i := range e.Type.NumField() {
				f := e.Type.Field(i)
				f.Index = slices.Concat(e.Index, f.Index)
				found, within := fieldOf(f, made)
				if found.twice = twice[e.Type]; found.plan != nil {
					all = append(all, found)
				} else if depth, ok := depths[within]; !ok {
					depths[within] = len(f.Index)
					next = append(next, reflect.StructField{Type: within, Index: f.Index})
				} else if depth == len(f.Index) {
					twice[within] = true
				}
			}
		}
		level = next
	}
	return slices.DeleteFunc(slices.Clone(all), func(f field) bool { return f.twice || slices.ContainsFunc(all, f.yieldsTo) })
}

// yieldsTo reports whether another field takes the name from f: it is less deep, or f has no better right at
// the same depth. Two fields with equal right yield to each other, and none has the name.
func (f field) yieldsTo(other field) bool {
	deeper := len(f.index) - len(other.index)
	return f.name == other.name && !slices.Equal(f.index, other.index) &&
		(deeper > 0 || deeper == 0 && (other.tagged || !f.tagged))
}

// fieldOf says which member fills a field, or returns the struct whose fields take its place. It returns
// neither for a field that JSON does not fill.
func fieldOf(f reflect.StructField, made map[reflect.Type]*plan) (found field, within reflect.Type) {
	in := f.Type
	if in.Name() == "" && in.Kind() == reflect.Pointer {
		in = in.Elem()
	}
	tag, embedded := f.Tag.Get("json"), f.Anonymous && in.Kind() == reflect.Struct
	if tag == "-" || !f.IsExported() && !embedded {
		return found, nil
	}
	name, options, _ := strings.Cut(tag, ",")
	tagged := name != "" && !strings.ContainsFunc(name, func(c rune) bool { // as encoding/json takes it for a name
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c)
	})
	if !tagged && embedded {
		return found, in
	} else if !tagged {
		name = f.Name
	}
	found = field{plan: planOf(f.Type, made), name: name, index: f.Index, tagged: tagged}
	if !f.IsExported() && found.kind != reflect.Struct {
		found.plan = &plan{typ: f.Type} // it cannot be set, and its methods cannot be called
	}
	kind := planOf(in, made).kind
	found.quoted = slices.Contains(strings.Split(options, ","), "string") &&
		(reflect.Bool <= kind && kind <= reflect.Float64 || kind == reflect.String || kind == kindNumber)
	return found, nil
}

// decoder fills Go values, which are zero before, with a text that was checked before. The first error
// moves it to the end of the text, as the first fault does with a scanner: all loops end.
type decoder struct {
	scanner
	err  error
	path string // of the field that the error is about, as ".realm_access.roles"
	root string // name of the outermost struct on the path
}

func (d *decoder) fail(err error) {
	if err != nil && d.err == nil {
		d.err = err
		d.wrong("see err")
	}
}

// mismatch is the failure of a value that does not fit its type.
func (d *decoder) mismatch(value string, p *plan) {
	d.fail(&json.UnmarshalTypeError{Value: value, Type: p.typ, Offset: int64(d.pos)})
}

// located returns the error with the path of its field.
func (d *decoder) located() error {
	e, ok := d.err.(*json.UnmarshalTypeError)
	switch {
	case d.path == "":
	case ok && e.Field == "":
		e.Struct, e.Field = d.root, d.path[1:]
	default: // of a type that decoded itself
		return fmt.Errorf("%s: %w", d.path[1:], d.err)
	}
	return d.err
}

// fill fills v with the next value of the text. Null leaves it zero.
func (d *decoder) fill(v reflect.Value, p *plan) {
	c := d.peek()
	number := c == '-' || '0' <= c && c <= '9'
	switch {
	case p.kind == kindJSON:
		raw, _ := d.raw()
		d.fail(v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte(raw)))
	case c == 'n':
		d.skip()
	case c == '"' && p.kind == reflect.String:
		text, _ := d.string()
		v.SetString(text)
	case c == '"' && p.kind == kindText:
		text, _ := d.string()
		d.fail(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)))
	case c == '"' && p.kind == reflect.Slice && p.element.typ.Kind() == reflect.Uint8:
		text, _ := d.string()
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			d.mismatch("string that is not base64", p)
		}
		v.SetBytes(data)
	case c == '{' && p.kind == reflect.Struct:
		d.fillStruct(v, p)
	case c == '{' && p.kind == reflect.Map:
		v.Set(reflect.MakeMap(p.typ))
		key, value := reflect.New(p.typ.Key()).Elem(), reflect.New(p.element.typ).Elem()
		d.object()
		for name, ok := d.member(); ok; name, ok = d.member() {
			key.SetString(name)
			value.SetZero()
			d.fill(value, p.element)
			v.SetMapIndex(key, value)
		}
	case c == '[' && (p.kind == reflect.Slice || p.kind == reflect.Array):
		d.fillList(v, p)
	case (c == 't' || c == 'f') && p.kind == reflect.Bool:
		d.skip()
		v.SetBool(c == 't')
	case number && p.kind == kindNumber:
		v.SetString(d.checkedNumber())
	case number && reflect.Int <= p.kind && p.kind <= reflect.Float64:
		d.fillNumber(v, p)
	case p.kind == reflect.Pointer:
		v.Set(reflect.New(p.element.typ))
		d.fill(v.Elem(), p.element)
	case p.kind == reflect.Interface, p.kind == kindObject && c == '{':
		v.Set(reflect.ValueOf(d.value()))
	default:
		_, kind, _ := strings.Cut(kindOf(c), " ") // without its article
		d.mismatch(kind, p)
	}
}

// fillNumber leaves no digit of an integer out.
func (d *decoder) fillNumber(v reflect.Value, p *plan) {
	text, err := d.checkedNumber(), error(nil)
	i, u, f := int64(0), uint64(0), 0.0
	switch {
	case v.CanInt():
		i, err = strconv.ParseInt(text, 10, p.typ.Bits())
		v.SetInt(i)
	case v.CanUint():
		u, err = strconv.ParseUint(text, 10, p.typ.Bits())
		v.SetUint(u)
	default:
		f, err = strconv.ParseFloat(text, p.typ.Bits())
		v.SetFloat(f)
	}
	if err != nil {
		d.mismatch("number "+snippet(text), p)
	}
}

func (d *decoder) fillStruct(v reflect.Value, p *plan) {
	at := 0 // the field after the last one: members mostly come in the order of the fields
	d.object()
members:
	for name, ok := d.member(); ok; name, ok = d.member() {
		for range p.fields {
			if at++; at > len(p.fields) {
				at = 1
			}
			if f := &p.fields[at-1]; f.name == name {
				if d.fillField(v, f); d.err != nil {
					d.path, d.root = "."+name+d.path, p.typ.Name()
				}
				continue members
			}
		}
		d.skip()
	}
}

// fillField fills a field of a struct, or of one that is embedded in it.
func (d *decoder) fillField(v reflect.Value, f *field) {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() && !v.CanSet() {
				d.fail(fmt.Errorf("cannot set embedded pointer to unexported struct %v", v.Type().Elem()))
				return
			} else if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	if !f.quoted || d.peek() == 'n' {
		d.fill(v, f.plan)
		return
	}
	text, _ := d.string()
	in := decoder{scanner: scanner{text: text}}
	if raw, ok := in.raw(); !ok || raw != text { // such as white space around the value
		d.mismatch("something other than a value in a string", f.plan)
		return
	}
	in.pos = 0
	in.fill(v, f.plan)
	d.fail(in.err)
}

// fillList fills a slice, or an array: elements that it has no room for are dropped.
func (d *decoder) fillList(v reflect.Value, p *plan) {
	n := 0
	for d.array(); d.element(); n++ {
		if p.kind == reflect.Slice {
			if n == v.Cap() {
				v.Grow(4) // most lists in a token are short
			}
			v.SetLen(n + 1)
		}
		if n < v.Len() {
			d.fill(v.Index(n), p.element)
		} else {
			d.skip()
		}
	}
	if n == 0 && p.kind == reflect.Slice {
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
	}
}

// Claim returns any claim, or a member of a claim that is an object: Claim("realm_access", "roles").
// Names match exactly. The value is a string, a bool, a [json.Number], nil, a []any or a
// map[string]any of these, and belongs to the caller.
func (t *Token) Claim(path ...string) (value any, ok bool) {
	raw, ok := t.find(path...)
	if !ok {
		return nil, false
	}
	s := scanner{text: raw, vetted: true}
	return s.value(), true
}

// value builds the next value of a text that was checked before.
func (s *scanner) value() any {
	switch s.peek() {
	case '"':
		text, _ := s.string()
		return text
	case '{':
		object := map[string]any{}
		s.object()
		for name, ok := s.member(); ok; name, ok = s.member() {
			object[name] = s.value()
		}
		return object
	case '[':
		array := []any{}
		for s.array(); s.element(); {
			array = append(array, s.value())
		}
		return array
	case 't', 'f':
		word, _ := s.raw()
		return word == "true"
	case 'n':
		s.skip()
		return nil
	}
	return json.Number(s.checkedNumber())
}

// checkedNumber returns the number that begins here, in a text that was checked before: it looks for its end.
func (s *scanner) checkedNumber() string {
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] > ' ' && s.text[s.pos] != ',' && s.text[s.pos] != ']' && s.text[s.pos] != '}' {
		s.pos++
	}
	return s.text[start:s.pos]
}
