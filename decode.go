// This file decodes verified claims into types of the caller's, with encoding/json but without its
// habit of matching member names in any case.

package jwt

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode"
)

// Claims decodes the payload of a verified token into a T, as [json.Unmarshal] does with two
// differences. A member of the payload fills a field only if it has exactly the field's name: the
// claim "SCOPE" never fills a field tagged "scope", at any depth. A number in an any is a
// [json.Number], as [Token.Claim] gives it, so that no digit is lost. A type that decodes itself
// (json.Unmarshaler) sees the payload as it is.
func Claims[T any](t *Token) (T, error) {
	var v T
	if t == nil || t.claims.payload == "" {
		return v, errors.New("jwt: Claims: no token")
	}
	data := []byte(t.claims.payload)
	if s := shapeFor(reflect.TypeFor[T]()); s.holdsFields {
		x := exactCase{scanner{text: t.claims.payload, vetted: true}, data}
		x.value(s)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		var zero T
		return zero, fmt.Errorf("jwt: Claims: %w", err)
	}
	return v, nil
}

// exactCase walks a payload beside the type that it is decoded into, and blots out the member names
// that are not exactly those of a field.
type exactCase struct {
	scanner
	data []byte // a copy of the text
}

// blot is a character that no field name holds: neither Go nor encoding/json's tags allow it.
const blot = 0x7f

// value walks the next value, which is decoded into a type of this shape.
func (x *exactCase) value(s *shape) {
	switch c := x.peek(); {
	case c == '{' && s.fields != nil:
		x.object()
		for from, name, ok := x.label(); ok; from, name, ok = x.label() {
			f, ok := s.fields[name]
			if !ok {
				x.blotOut(from)
			}
			if ok && f.holdsFields {
				x.value(f)
			} else {
				x.pass()
			}
		}
	case c == '{' && s.values != nil:
		x.object()
		for _, ok := x.member(); ok; _, ok = x.member() {
			x.value(s.values)
		}
	case c == '[' && s.elements != nil:
		x.array()
		for x.element() {
			x.value(s.elements)
		}
	default:
		x.pass()
	}
}

// label moves to the next member of an object, and returns where its name stands in the text.
func (x *exactCase) label() (from int, name string, ok bool) {
	if c := x.peek(); c == ',' && !x.fresh {
		from = x.pos + 1
	} else {
		from = x.pos
	}
	name, ok = x.member()
	return from, name, ok
}

// blotOut makes a name one that no field has.
func (x *exactCase) blotOut(from int) {
	s := scanner{text: x.text, pos: from}
	s.peek()
	start := s.pos + 1
	s.string()
	for i := start; i < s.pos-1; i++ {
		x.data[i] = blot
	}
}

// pass moves over the next value, which was scanned before: only its end is looked for.
func (x *exactCase) pass() {
	for depth := 0; x.pos < len(x.text); {
		switch x.text[x.pos] {
		case '"':
			if x.string(); depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 { // of what holds the value
				return
			}
			if depth == 0 {
				x.pos++
				return
			}
		case ',':
			if depth == 0 {
				return
			}
		}
		x.pos++
	}
}

// shape is what matters of a type: the names of its fields, and those within.
type shape struct {
	holdsFields bool // false: encoding/json compares no name in it
	fields      map[string]*shape
	values      *shape // of a map
	elements    *shape // of a slice or an array
}

// shapes remembers the shapes of the types that claims were decoded into: reflect.Type: *shape.
var shapes sync.Map

func shapeFor(typ reflect.Type) *shape {
	if known, ok := shapes.Load(typ); ok {
		return known.(*shape)
	}
	made := shapeOf(typ, map[reflect.Type]*shape{})
	shapes.Store(typ, made)
	return made
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// shapeOf makes the shape of a type. made are those that are finished or under way, for a type may
// hold itself.
func shapeOf(typ reflect.Type, made map[reflect.Type]*shape) *shape {
	for pointers := 0; ; pointers++ {
		if to := reflect.PointerTo(typ); to.Implements(unmarshaler) || to.Implements(textUnmarshaler) {
			return &shape{}
		}
		if typ.Kind() != reflect.Pointer {
			break
		}
		if pointers == maxDepth { // type P *P
			return &shape{}
		}
		typ = typ.Elem()
	}
	if s := made[typ]; s != nil {
		return s
	}
	s := &shape{}
	made[typ] = s
	switch typ.Kind() {
	case reflect.Struct:
		s.holdsFields, s.fields = true, map[string]*shape{}
		for name, f := range fieldsOf(typ) {
			if !f.ambiguous {
				s.fields[name] = shapeOf(f.typ, made)
			}
		}
	case reflect.Map:
		s.holdsFields = true // until it is known, because a type may hold itself
		s.values = shapeOf(typ.Elem(), made)
		s.holdsFields = s.values.holdsFields
	case reflect.Slice, reflect.Array:
		s.holdsFields = true
		s.elements = shapeOf(typ.Elem(), made)
		s.holdsFields = s.elements.holdsFields
	}
	return s
}

// field is what encoding/json knows of one field name.
type field struct {
	typ       reflect.Type
	depth     int // of embedding
	tagged    bool
	ambiguous bool // two fields have the name with equal right, so none has it
}

// fieldsOf lists the names that encoding/json decodes into a struct, by its rules for embedded
// structs: the shallowest field has the name, among those the tagged one.
func fieldsOf(root reflect.Type) map[string]field {
	found := map[string]field{}
	add := func(name string, f field) {
		old, ok := found[name]
		switch {
		case ok && old.depth < f.depth, ok && old.tagged && !f.tagged:
		case ok && old.tagged == f.tagged:
			old.ambiguous = true
			found[name] = old
		default:
			found[name] = f
		}
	}
	visited := map[reflect.Type]bool{}
	level := map[reflect.Type]int{root: 1} // the structs embedded at this depth, and how often
	for depth := 0; len(level) > 0; depth++ {
		next := map[reflect.Type]int{}
		for typ, times := range level {
			if visited[typ] {
				continue
			}
			visited[typ] = true
			for i := range typ.NumField() {
				f := typ.Field(i)
				in := f.Type
				if in.Name() == "" && in.Kind() == reflect.Pointer {
					in = in.Elem()
				}
				tag := f.Tag.Get("json")
				if tag == "-" || !f.IsExported() && !(f.Anonymous && in.Kind() == reflect.Struct) {
					continue
				}
				name, _, _ := strings.Cut(tag, ",")
				tagged := isFieldTag(name)
				if !tagged {
					if f.Anonymous && in.Kind() == reflect.Struct {
						next[in]++
						continue
					}
					name = f.Name
				}
				add(name, field{f.Type, depth, tagged, times > 1})
			}
		}
		level = next
	}
	return found
}

// isFieldTag reports whether encoding/json takes name for a field name.
func isFieldTag(name string) bool {
	for _, c := range name {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) {
			return false
		}
	}
	return name != ""
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
		s.array()
		for s.element() {
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
