// This file decodes verified claims into types of the caller's, with encoding/json but without its
// habit of matching member names in any case.

package jwt

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// Claims decodes the payload of a verified token into a T, as [json.Unmarshal] does with one
// difference: a member of the payload fills a field only if it has exactly the field's name. The
// claim "SCOPE" never fills a field tagged "scope", at any depth. A type that decodes itself
// (json.Unmarshaler) sees the payload as it is.
func Claims[T any](t *Token) (T, error) {
	var v T
	if t == nil || t.payload == "" {
		return v, errors.New("jwt: Claims: no token")
	}
	data := []byte(t.payload)
	x := exactCase{scanner{text: t.payload}, data}
	x.value(reflect.TypeFor[T]())
	if err := json.Unmarshal(data, &v); err != nil {
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

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// value walks the next value, which is decoded into a typ.
func (x *exactCase) value(typ reflect.Type) {
	for {
		if to := reflect.PointerTo(typ); to.Implements(unmarshaler) || to.Implements(textUnmarshaler) {
			x.skip()
			return
		}
		if typ.Kind() != reflect.Pointer {
			break
		}
		typ = typ.Elem()
	}
	switch c, kind := x.peek(), typ.Kind(); {
	case c == '{' && kind == reflect.Struct:
		fields := fieldsOf(typ)
		x.object()
		for name, ok := x.member(); ok; name, ok = x.member() {
			if f, ok := fields[name]; ok && !f.ambiguous {
				x.value(f.typ)
				continue
			}
			for i := x.label.from + 1; i < x.label.to-1; i++ {
				x.data[i] = blot
			}
			x.skip()
		}
	case c == '{' && kind == reflect.Map:
		x.object()
		for _, ok := x.member(); ok; _, ok = x.member() {
			x.value(typ.Elem())
		}
	case c == '[' && (kind == reflect.Slice || kind == reflect.Array):
		x.array()
		for x.element() {
			x.value(typ.Elem())
		}
	default:
		x.skip()
	}
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
