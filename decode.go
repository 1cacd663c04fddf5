// This file decodes verified claims into types of the caller's. It reads them with the scanner that
// checked them: no second parser, which could read them otherwise, sees an authenticated payload.

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
// [json.Unmarshal], but names match exactly: the claim "SCOPE" never fills a field tagged "scope".
//
// A number in an any is a [json.Number], as [Token.Claim] gives it. An integer is exact, or Claims fails.
// A number in a string fills only a field with the option "string", and the keys of a map are strings or
// implement [encoding.TextUnmarshaler]. A type that decodes itself ([json.Unmarshaler],
// [encoding.TextUnmarshaler]) gets a copy of its value as it is written, whatever the field's options.
//
// A value that does not fit its field gives a [*json.UnmarshalTypeError] with the path of the field.
// A string in the result may keep the whole payload in memory: store a [strings.Clone] of it.
func Claims[T any](t *Token) (T, error) {
	var v, zero T
	if t == nil || t.claims.payload == "" {
		return zero, fmt.Errorf("jwt: Claims: no token")
	}
	d := decoder{scanner: scanner{text: t.claims.payload, vetted: true}}
	if err := d.fill(reflect.ValueOf(&v).Elem(), planFor(reflect.TypeFor[T]())); err != nil {
		return zero, fmt.Errorf("jwt: Claims: %w", d.locate(err))
	}
	return v, nil
}

// plan says how a type is filled.
type plan struct {
	typ     reflect.Type
	kind    reflect.Kind // of typ, or one of those below; Invalid where only null fits
	element *plan        // of a pointer, slice, array or map
	textKey bool         // of a map: its keys decode themselves
	fields  map[string]*field
}

// Kinds of plans beside those of package reflect.
const (
	kindJSON   = 100 + iota // a json.Unmarshaler
	kindText                // an encoding.TextUnmarshaler
	kindNumber              // json.Number
)

// field is a member of a JSON object that fills a field of a struct.
type field struct {
	*plan
	index     []int // as for reflect.Value.FieldByIndex
	tagged    bool
	quoted    bool // has the option "string"
	ambiguous bool // two fields have the name with equal right, so none has it
}

var (
	plans           sync.Map // of the types that claims were decoded into: reflect.Type: *plan
	objectType      = reflect.TypeFor[map[string]any]()
	numberType      = reflect.TypeFor[json.Number]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

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
	switch to := reflect.PointerTo(typ); {
	case to.Implements(unmarshaler):
		p.kind = kindJSON
	case to.Implements(textUnmarshaler):
		p.kind = kindText
	case typ == numberType:
		p.kind = kindNumber
	case p.kind == reflect.Interface && typ.NumMethod() > 0:
		p.kind = reflect.Invalid
	case p.kind == reflect.Struct:
		p.fields = fieldsOf(typ, made)
	case p.kind == reflect.Map:
		p.textKey = reflect.PointerTo(typ.Key()).Implements(textUnmarshaler)
		if p.element = planOf(typ.Elem(), made); !p.textKey && typ.Key().Kind() != reflect.String {
			p.kind = reflect.Invalid
		}
	case p.kind == reflect.Slice, p.kind == reflect.Array:
		p.element = planOf(typ.Elem(), made)
	case p.kind == reflect.Pointer:
		end := typ.Elem()
		for n := 0; n < maxDepth && end.Kind() == reflect.Pointer; n++ {
			end = end.Elem()
		}
		if p.kind = reflect.Invalid; end.Kind() != reflect.Pointer { // type P *P has no end
			p.kind, p.element = reflect.Pointer, planOf(typ.Elem(), made)
		}
	}
	return p
}

// fieldsOf lists the members that fill a struct, by encoding/json's rules for embedded structs: the
// shallowest field has the name, among those of one depth the tagged one.
func fieldsOf(root reflect.Type, made map[reflect.Type]*plan) map[string]*field {
	found, seen := map[string]*field{}, map[reflect.Type]bool{root: true}
	level, times := []reflect.StructField{{Type: root}}, map[reflect.Type]int{} // those of one depth, and how often
	for len(level) > 0 {
		next, nextTimes := []reflect.StructField(nil), map[reflect.Type]int{}
		for _, e := range level {
			for i := range e.Type.NumField() {
				f := e.Type.Field(i)
				in := f.Type
				if in.Name() == "" && in.Kind() == reflect.Pointer {
					in = in.Elem()
				}
				tag, holds := f.Tag.Get("json"), f.Anonymous && in.Kind() == reflect.Struct
				if tag == "-" || !f.IsExported() && !holds {
					continue
				}
				name, options, _ := strings.Cut(tag, ",")
				index := append(slices.Clone(e.Index), i)
				if tagged := isFieldTag(name); tagged || !holds {
					if !tagged {
						name = f.Name
					}
					p, kind := planOf(f.Type, made), planOf(in, made).kind
					if !f.IsExported() && p.kind != reflect.Struct {
						p = &plan{typ: f.Type} // it cannot be set, and its methods cannot be called
					}
					quoted := (kind <= reflect.Float64 || kind == reflect.String || kind == kindNumber) &&
						slices.Contains(strings.Split(options, ","), "string")
					switch old := found[name]; {
					case old == nil, len(old.index) == len(index) && tagged && !old.tagged:
						found[name] = &field{p, index, tagged, quoted, times[e.Type] > 1}
					case len(old.index) == len(index) && tagged == old.tagged:
						old.ambiguous = true
					}
				} else if nextTimes[in]++; !seen[in] {
					seen[in] = true
					next = append(next, reflect.StructField{Type: in, Index: index})
				}
			}
		}
		level, times = next, nextTimes
	}
	return found
}

// isFieldTag reports whether encoding/json takes name for a field name.
func isFieldTag(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c)
	})
}

// decoder fills Go values, which are zero before, with a text that was checked before.
type decoder struct {
	scanner
	path []string // names of the fields around an error, the innermost first
	root string   // name of the outermost struct around it
}

// fill fills v with the next value of the text. Null leaves it zero.
func (d *decoder) fill(v reflect.Value, p *plan) error {
	c := d.peek()
	switch {
	case p.kind == kindJSON:
		raw, _ := d.raw()
		return v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte(raw))
	case c == 'n':
		d.skip()
		return nil
	case p.kind == reflect.Pointer:
		to := reflect.New(p.element.typ)
		v.Set(to)
		return d.fill(to.Elem(), p.element)
	case p.kind == reflect.Interface, p.typ == objectType && c == '{':
		v.Set(reflect.ValueOf(d.value()))
		return nil
	case c == '"':
		return d.fillString(v, p)
	case c == '{' && p.kind == reflect.Struct:
		return d.fillStruct(v, p)
	case c == '{' && p.kind == reflect.Map:
		return d.fillMap(v, p)
	case c == '[' && (p.kind == reflect.Slice || p.kind == reflect.Array):
		return d.fillList(v, p)
	case (c == 't' || c == 'f') && p.kind == reflect.Bool:
		d.skip()
		v.SetBool(c == 't')
		return nil
	case (c == '-' || '0' <= c && c <= '9') && p.kind != kindText:
		return d.fillNumber(v, p)
	}
	_, kind, _ := strings.Cut(kindOf(c), " ") // without its article
	return d.mismatch(kind, p)
}

// mismatch is the error for a value that does not fit its type.
func (d *decoder) mismatch(value string, p *plan) error {
	return &json.UnmarshalTypeError{Value: value, Type: p.typ, Offset: int64(d.pos)}
}

// locate adds to an error which field it is about.
func (d *decoder) locate(err error) error {
	if len(d.path) == 0 {
		return err
	}
	slices.Reverse(d.path)
	if e, ok := err.(*json.UnmarshalTypeError); ok {
		if e.Field != "" { // of a type that decoded itself
			d.path = append(d.path, e.Field)
		}
		e.Struct, e.Field = d.root, strings.Join(d.path, ".")
		return e
	}
	return fmt.Errorf("%s: %w", strings.Join(d.path, "."), err)
}

func (d *decoder) fillString(v reflect.Value, p *plan) error {
	text, _ := d.string()
	switch {
	case p.kind == reflect.String:
		v.SetString(text)
		return nil
	case p.kind == kindText:
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case p.kind == reflect.Slice && p.element.typ.Kind() == reflect.Uint8:
		if data, err := base64.StdEncoding.DecodeString(text); err == nil {
			v.SetBytes(data)
			return nil
		}
	}
	return d.mismatch("string", p)
}

// fillNumber leaves no digit of an integer out.
func (d *decoder) fillNumber(v reflect.Value, p *plan) (err error) {
	text, _ := d.number()
	i, u, f := int64(0), uint64(0), 0.0
	switch {
	case p.kind == kindNumber:
		v.SetString(text)
	case v.CanInt():
		i, err = strconv.ParseInt(text, 10, p.typ.Bits())
		v.SetInt(i)
	case v.CanUint():
		u, err = strconv.ParseUint(text, 10, p.typ.Bits())
		v.SetUint(u)
	case v.CanFloat():
		f, err = strconv.ParseFloat(text, p.typ.Bits())
		v.SetFloat(f)
	default:
		return d.mismatch("number", p)
	}
	if err != nil {
		err = d.mismatch("number "+snippet(text), p)
	}
	return err
}

func (d *decoder) fillStruct(v reflect.Value, p *plan) error {
	d.object()
	for name, ok := d.member(); ok; name, ok = d.member() {
		f := p.fields[name]
		if f == nil || f.ambiguous {
			d.skip()
		} else if err := d.fillField(v, f); err != nil {
			d.path, d.root = append(d.path, name), p.typ.Name()
			return err
		}
	}
	return nil
}

// fillField fills a field of a struct, or of one that is embedded in it.
func (d *decoder) fillField(v reflect.Value, f *field) error {
	for i, n := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() && !v.CanSet() {
				return fmt.Errorf("cannot set embedded pointer to unexported struct %v", v.Type().Elem())
			} else if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	if !f.quoted || d.peek() == 'n' {
		return d.fill(v, f.plan)
	}
	text, ok := d.string()
	in := scanner{text: text}
	if raw, valid := in.raw(); !ok || !valid || raw != text { // such as white space around the value
		return d.mismatch("what is no value in a string", f.plan)
	}
	return (&decoder{scanner: scanner{text: text}}).fill(v, f.plan)
}

func (d *decoder) fillMap(v reflect.Value, p *plan) error {
	v.Set(reflect.MakeMap(p.typ))
	key, value := reflect.New(p.typ.Key()).Elem(), reflect.New(p.element.typ).Elem()
	for name := range d.members {
		if !p.textKey {
			key.SetString(name)
		} else {
			key.SetZero()
			if err := key.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(name)); err != nil {
				return err
			}
		}
		value.SetZero()
		if err := d.fill(value, p.element); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
	}
	return nil
}

// fillList fills a slice, or an array: elements that it has no room for are dropped.
func (d *decoder) fillList(v reflect.Value, p *plan) error {
	n := 0
	for d.array(); d.element(); n++ {
		if p.kind == reflect.Slice {
			if n == v.Cap() {
				v.Grow(max(1, 4-n)) // most lists in a token are short
			}
			v.SetLen(n + 1)
		} else if n >= v.Len() {
			d.skip()
			continue
		}
		if err := d.fill(v.Index(n), p.element); err != nil {
			return err
		}
	}
	if n == 0 && p.kind == reflect.Slice {
		v.Set(reflect.MakeSlice(p.typ, 0, 0))
	}
	return nil
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
		for name := range s.members {
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
	number, _ := s.number()
	return json.Number(number)
}
