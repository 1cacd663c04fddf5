// This file tests claims that are decoded into types of the caller's.

package jwt_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// Types that hold themselves, by a map first and by a slice first.
type (
	cornerMap map[string]struct {
		X string
		L cornerMaps
	}
	cornerMaps []cornerMap

	cornerList []struct {
		X string
		M cornerLists
	}
	cornerLists map[string]cornerList
	cornerArray [1]struct {
		X string
		M map[string]*cornerArray
	}
)

// Names are matched exactly at any depth of a type that holds itself.
func TestClaimsOfTypesThatHoldThemselves(t *testing.T) {
	inMap, err := jwt.Claims[cornerMap](jwt.TokenOf(`{"k":{"X":"a","x":"no","L":[{"k":{"X":"b","x":"no","L":[{"k":{"x":"no"}}]}},{"k":{"x":"no"}}]}}`))
	if want := (cornerMap{"k": {"a", cornerMaps{{"k": {"b", cornerMaps{{"k": {}}}}}, {"k": {}}}}}); err != nil || !reflect.DeepEqual(inMap, want) {
		t.Errorf("got %v, %v, want %v", inMap, err, want)
	}
	inList, err := jwt.Claims[struct{ L cornerList }](jwt.TokenOf(`{"L":[{"X":"a","x":"no","M":{"k":[{"X":"b","x":"no"},{"x":"no"}]}}]}`))
	if want := (cornerList{{"a", cornerLists{"k": {{"b", nil}, {}}}}}); err != nil || !reflect.DeepEqual(inList.L, want) {
		t.Errorf("got %v, %v, want %v", inList.L, err, want)
	}
	lists, err := jwt.Claims[cornerLists](jwt.TokenOf(`{"k":[{"X":"a","x":"no","M":{"k":[{"X":"b","x":"no"},{"x":"no"}]}}]}`))
	if want := (cornerLists{"k": {{"a", cornerLists{"k": {{"b", nil}, {}}}}}}); err != nil || !reflect.DeepEqual(lists, want) {
		t.Errorf("got %v, %v, want %v", lists, err, want)
	}
	maps, err := jwt.Claims[struct{ L cornerMaps }](jwt.TokenOf(`{"L":[{"k":{"X":"a","L":[{"k":{"X":"b","x":"no"}}]}}]}`))
	if want := (cornerMaps{{"k": {"a", cornerMaps{{"k": {X: "b"}}}}}}); err != nil || !reflect.DeepEqual(maps.L, want) {
		t.Errorf("got %v, %v, want %v", maps.L, err, want)
	}
	array, err := jwt.Claims[struct{ A cornerArray }](jwt.TokenOf(`{"A":[{"X":"a","M":{"k":[{"X":"b","x":"no"}]}}]}`))
	if err != nil || array.A[0].X != "a" || array.A[0].M["k"][0].X != "b" {
		t.Errorf("got %v, %v", array, err)
	}
}

// A type may be met through a pointer within itself first, or by itself: fields are walked in any order.
func TestClaimsOfPointersWithin(t *testing.T) {
	type node struct {
		Name string `json:"name"`
		Next *node  `json:"next"`
	}
	type list struct {
		First *node `json:"first"`
		Last  node  `json:"last"`
	}
	for range 50 {
		got, err := jwt.Claims[list](jwt.TokenOf(`{"first":{"next":{"NAME":"no"}},"last":{"next":{"next":{"Name":"no"}}}}`))
		if err != nil || got.First.Next.Name != "" || got.Last.Next.Next.Name != "" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
}

type cornerSelf struct {
	//lint:ignore U1000 it is there to be walked
	*cornerSelf
	X string
}

// The names that encoding/json gives to nobody, or to the Go name, go to nobody else.
func TestClaimsOfOddNames(t *testing.T) {
	type A struct {
		One string `json:"aud"`
	}
	type B struct {
		Two string `json:"aud"`
	}
	type both struct {
		A
		*B
		Upper string `json:"AUD"`
	}
	got, err := jwt.Claims[both](jwt.TokenOf(`{"aud":"x"}`))
	if err != nil || got != (both{}) {
		t.Errorf("a name of two fields filled %+v, %v", got, err)
	}
	if got, err := jwt.Claims[both](jwt.TokenOf(`{"AUD":"y","aud":"x"}`)); err != nil || got != (both{Upper: "y"}) {
		t.Errorf("got %+v, %v", got, err)
	}

	self, err := jwt.Claims[cornerSelf](jwt.TokenOf(`{"X":"a","x":"no"}`))
	if err != nil || self.X != "a" {
		t.Errorf("got %+v, %v", self, err)
	}

	type odd struct {
		//lint:ignore SA5008 that is what it is for
		Slash string `json:"a\\b"` // no name that encoding/json takes
		//lint:ignore SA5008 that is what it is for
		Quote string `json:"a\"c"`
		Legal string `json:"!#$%&()*+-./:;<=>?@[]^_{|}~ "`
	}
	text := `{"Slash":"1","Quote":"2","!#$%&()*+-./:;<=>?@[]^_{|}~ ":"3"}`
	want := odd{"1", "2", "3"}
	if got, err := jwt.Claims[odd](jwt.TokenOf(text)); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{`{"a\\b":"1","a\"c":"2","Legal":"3"}`, `{"slash":"1","QUOTE":"2"}`} {
		if got, err := jwt.Claims[odd](jwt.TokenOf(text)); err != nil || got != (odd{}) {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

type base struct {
	Tenant string `json:"tenant"`
	Level  int    `json:"level"`
}

type custom struct {
	base
	Scope string           `json:"scope"`
	Level string           `json:"level"` // hides base.Level
	Org   struct{ ID int } `json:"org"`
	List  []base           `json:"list"`
	Map   map[string]base  `json:"map"`
	Any   any              `json:"any"`
	Raw   json.RawMessage  `json:"raw"`
	When  time.Time        `json:"when"`
	Plain string
	Next  *custom `json:"next"`
	Not   string  `json:"-"`
}

func TestClaimsMatchExactly(t *testing.T) {
	got, err := jwt.Claims[custom](token(t, claims{
		"SCOPE": "admin", "Scope": "admin", "scope": "read",
		"TENANT": "x", "tenant": "acme", "LEVEL": "x", "level": "high",
		"org": claims{"id": 1, "ID": 2, "Id": 3}, "list": []claims{{"Tenant": "x"}, {"tenant": "y"}},
		"map": claims{"Tenant": claims{"tenant": "a", "TENANT": "b"}}, "any": claims{"Scope": "kept"},
		"raw": claims{"Scope": "kept"}, "when": "2026-11-21T19:00:00Z", "plain": "x", "Plain": "y",
		"next": claims{"scope": "deep", "\u017fcope": "long s"}, "hidden": "x", "Hidden": "x", "-": "x", "Not": "x",
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := custom{base: base{Tenant: "acme"}, Scope: "read", Level: "high", Org: struct{ ID int }{2},
		List: []base{{}, {Tenant: "y"}}, Map: map[string]base{"Tenant": {Tenant: "a"}},
		Any: map[string]any{"Scope": "kept"}, Raw: json.RawMessage(`{"Scope":"kept"}`),
		When: time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC), Plain: "y", Next: &custom{Scope: "deep"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	only, err := jwt.Claims[struct {
		Scope string `json:"scope"`
	}](token(t, claims{"SCOPE": "admin"}))
	if err != nil || only.Scope != "" {
		t.Errorf("SCOPE filled scope: %v, %v", only, err)
	}
}

// unmarshalNumbers is json.Unmarshal with json.Number in any.
func unmarshalNumbers(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// Where the payload has no name in a wrong case, Claims is json.Unmarshal, but for numbers in an any.
func TestClaimsIsUnmarshal(t *testing.T) {
	c := claims{"tenant": "acme", "org": claims{"ID": 2}, "list": []base{{"a", 1}}, "map": map[string]any{"x": base{"b", 2}}, "any": []any{1.5, nil, "x"}}
	full := token(t, c)
	got, err := jwt.Claims[custom](full)
	var want custom
	text, _ := json.Marshal(c)
	if err != nil || unmarshalNumbers(text, &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	all, err := jwt.Claims[map[string]any](full)
	if err != nil || all["tenant"] != "acme" || all["iss"] != fixture.Issuer().URL {
		t.Errorf("got %v, %v", all, err)
	}
	pointer, err := jwt.Claims[*base](full)
	if err != nil || pointer.Tenant != "acme" {
		t.Errorf("got %v, %v", pointer, err)
	}
	if got, err := jwt.Claims[struct {
		Tenant int `json:"tenant"`
	}](full); err == nil || got.Tenant != 0 || !strings.HasPrefix(err.Error(), "jwt: Claims: ") {
		t.Errorf("a string filled an int: %v, %v", got, err)
	}
	for _, none := range []*jwt.Token{nil, {}} {
		if _, err := jwt.Claims[base](none); err == nil {
			t.Error("no token has claims")
		}
	}
}

// Fields of structs that are embedded twice are as encoding/json has them.
func TestClaimsOfEmbeddedTwice(t *testing.T) {
	type base struct{ X string }
	type A struct{ base }
	type L struct{ A }
	type R struct{ A }
	type both struct {
		L
		R
	}
	text := `{"X":"1"}`
	var want both
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	got, err := jwt.Claims[both](jwt.TokenOf(text))
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestClaim(t *testing.T) {
	tk := token(t, claims{"realm_access": claims{"roles": []any{"a", 1, nil, true, claims{"b": "c"}}}, "https://authgear.com/claims/user/roles": "x",
		"big": json.RawMessage("9007199254740993"), "null": json.RawMessage("null"), "esc\"aped": "y", "empty": claims{}})
	for _, c := range []struct {
		path []string
		want any
		ok   bool
	}{
		{[]string{"sub"}, "test-subject", true},
		{[]string{"realm_access", "roles"}, []any{"a", json.Number("1"), nil, true, map[string]any{"b": "c"}}, true},
		{[]string{"https://authgear.com/claims/user/roles"}, "x", true},
		{[]string{"big"}, json.Number("9007199254740993"), true},
		{[]string{"null"}, nil, true},
		{[]string{"esc\"aped"}, "y", true},
		{[]string{"empty"}, map[string]any{}, true},
		{[]string{"SUB"}, nil, false},
		{[]string{"roles"}, nil, false},
		{[]string{"sub", "x"}, nil, false},
		{[]string{"empty", "x"}, nil, false},
		{[]string{"realm_access", "roles", "0"}, nil, false},
		{nil, nil, false},
	} {
		if got, ok := tk.Claim(c.path...); ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %v, %v", c.path, got, ok)
		}
	}
	var none *jwt.Token
	if _, ok := none.Claim("x"); ok {
		t.Error("no token has a claim")
	}
}

// A number in an any keeps all its digits, at any depth.
func TestClaimsKeepNumbers(t *testing.T) {
	const number = "9007199254740993"
	v := fixture.NewVerifier(t)
	token, err := fixture.Verify(v, fixture.Issuer().Token(claims{"user": json.Number(number), "in": []any{json.Number("1e400"), claims{"x": json.Number(number)}}}))
	fixture.WantAccepted(t, token, err)
	want := map[string]any{"user": json.Number(number), "in": []any{json.Number("1e400"), map[string]any{"x": json.Number(number)}}}
	for name, got := range map[string]func() (any, any, error){
		"map": func() (any, any, error) { m, err := jwt.Claims[map[string]any](token); return m["user"], m["in"], err },
		"any": func() (any, any, error) {
			m, err := jwt.Claims[any](token)
			a, _ := m.(map[string]any)
			return a["user"], a["in"], err
		},
		"struct": func() (any, any, error) {
			m, err := jwt.Claims[struct {
				User any `json:"user"`
				In   any `json:"in"`
			}](token)
			return m.User, m.In, err
		},
	} {
		user, in, err := got()
		if err != nil || !reflect.DeepEqual(user, want["user"]) || !reflect.DeepEqual(in, want["in"]) {
			t.Errorf("%s: got %v, %v (%v)", name, user, in, err)
		}
	}
}

type (
	quotedClaims struct {
		N int         `json:"n,string"`
		S string      `json:"s,string"`
		F float64     `json:"f,string"`
		D json.Number `json:"d,string"`
		P *bool       `json:"p,string"`
	}
	pointersOnly *pointersOnly
	holdsPointer struct {
		*base
		*Public
		Only pointersOnly `json:"only"`
	}
	Public struct {
		Name string `json:"name"`
	}
)

// unnamedClaims has a field of a type without a name.
type unnamedClaims struct{ T struct{ time.Time } }

// claimsDifferences are all the classes of documents that Claims reads otherwise than encoding/json, and why.
var claimsDifferences = []struct {
	class, reason string
	into          reflect.Type
	texts         []string
	want          any  // what Claims makes of each of them, nil for an error
	some          bool // encoding/json of some versions of Go reads them as Claims does
}{
	{"names in another case", "SCOPE would fill scope", reflect.TypeFor[base](),
		[]string{`{"TENANT":"x"}`, `{"Tenant":"x"}`, `{"tenant":"","TENANT":"x"}`}, base{}, false},
	{"numbers in an any", "a float64 loses digits", reflect.TypeFor[any](),
		[]string{`9007199254740993`}, json.Number("9007199254740993"), false},
	{"json.Number from a string", "a string is no number, unless the option string says so", reflect.TypeFor[json.Number](),
		[]string{`"12"`}, nil, false},
	{"keys that are no strings", "no claim has such names; a type that decodes its name could make two names one", reflect.TypeFor[map[int]string](),
		[]string{`{"12":"x"}`, `{}`}, nil, false},
	{"keys that are no strings", "see above", reflect.TypeFor[map[fuzzKey]string](),
		[]string{`{"12":"x"}`, `{}`}, nil, false},
	{"keys that are no strings", "see above", reflect.TypeFor[map[textKey]string](),
		[]string{`{"12":"x"}`, `{}`}, nil, false},
	{"unnamed structs that embed a type that decodes itself", "the method is theirs, as encoding/json says since Go 1.27", reflect.TypeFor[unnamedClaims](),
		[]string{`{"T":"2020-01-01T00:00:00Z"}`}, unnamedClaims{struct{ time.Time }{time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}}, true},
	{"unnamed structs that embed a type that decodes itself", "see above", reflect.TypeFor[unnamedClaims](),
		[]string{`{"T":{}}`}, nil, true},
	{"option string: no value of JSON", "what is in the string must be what JSON could have there", reflect.TypeFor[quotedClaims](),
		[]string{`{"n":"010"}`, `{"n":"+1"}`, `{"f":"0x10"}`, `{"f":"1_0"}`, `{"d":"192.0.2.1"}`, `{"d":"1 "}`, `{"s":"\"\\ud800\""}`}, nil, true},
	{"option string: a type that decodes itself", "it gets its value as it is written", reflect.TypeFor[quotedText](),
		[]string{`{"Text":"\"1\""}`}, quotedText{3}, true},
	{"errors", "nothing is filled where something does not fit", reflect.TypeFor[base](),
		[]string{`{"tenant":"x","level":"y"}`}, nil, false},
	{"embedded pointers to unexported structs", "encoding/json panics, or fails", reflect.TypeFor[taggedPointer](),
		[]string{`{"x":{"tenant":"y"}}`}, nil, true},
	{"embedded unexported types that decode themselves", "their methods cannot be called", reflect.TypeFor[taggedSelf](),
		[]string{`{"x":{"Seen":1}}`}, nil, true},
}

type (
	quotedText struct {
		Text fuzzText `json:",string"`
	}
	textKey       string
	intPointer    *int
	taggedPointer struct {
		*base `json:"x"`
	}
	taggedSelf struct {
		fuzzSelf        `json:"x"`
		json.RawMessage `json:"y"` // so that neither method is one of the struct
	}
)

func (k *textKey) UnmarshalText(text []byte) error {
	*k = textKey(strings.ToLower(string(text)))
	return nil
}

// differenceOf names the class of what Claims refuses and encoding/json does not; it is empty if there is none.
func differenceOf(err, wantErr error) string {
	var mismatch *json.UnmarshalTypeError
	switch {
	case wantErr != nil || !errors.As(err, &mismatch):
	case mismatch.Value == "something other than a value in a string":
		return "option string: no value of JSON"
	case mismatch.Type == reflect.TypeFor[json.Number]() && mismatch.Value == "string":
		return "json.Number from a string"
	case mismatch.Type.Kind() == reflect.Map && mismatch.Value == "object":
		return "keys that are no strings"
	}
	return ""
}

// What differs from encoding/json does so as the table says, and still does.
func TestClaimsDifferences(t *testing.T) {
	for _, c := range claimsDifferences {
		for _, text := range c.texts {
			got, theirs := reflect.New(c.into), reflect.New(c.into)
			err := jwt.ClaimsInto(text, got.Elem())
			if (err != nil) != (c.want == nil) || err == nil && !reflect.DeepEqual(got.Elem().Interface(), c.want) {
				t.Errorf("%s: %s: got %+v, %v", c.class, text, got.Elem(), err)
			}
			theirErr := unmarshalOrPanic([]byte(text), theirs.Interface())
			same := err == nil && theirErr == nil && reflect.DeepEqual(got.Interface(), theirs.Interface()) ||
				err != nil && theirErr != nil && theirs.Elem().IsZero()
			if same && !c.some {
				t.Errorf("%s: %s: encoding/json agrees: %+v, %v", c.class, text, theirs.Elem(), theirErr)
			}
		}
	}
}

func unmarshalOrPanic(data []byte, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return json.Unmarshal(data, into)
}

// The option "string": a value of JSON in a string, without white space around it.
func TestClaimsOptionString(t *testing.T) {
	for _, text := range []string{`"0x10"`, `"010"`, `" 1"`, `"1 "`, `"1\n"`, `""`, `"+1"`, `"1_0"`, `"192.0.2.1"`, `1`, `"\"1\""`, `true`, `[]`, `"[]"`, `"1,1"`, `"1}"`} {
		for _, name := range []string{"n", "f", "d", "p"} {
			if got, err := jwt.Claims[quotedClaims](jwt.TokenOf(`{"` + name + `":` + text + `}`)); err == nil {
				t.Errorf("%s: %s: got %+v", name, text, got)
			}
		}
	}
	got, err := jwt.Claims[quotedClaims](jwt.TokenOf(`{"n":"-12","s":"\"a\\u0062\"","f":"1e2","d":"1.50","p":"true"}`))
	if err != nil || got.N != -12 || got.S != "ab" || got.F != 100 || got.D != "1.50" || got.P == nil || !*got.P {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := jwt.Claims[struct {
		P intPointer `json:"p,string"` // no pointer without a name: encoding/json ignores the option, too
	}](jwt.TokenOf(`{"p":1}`)); err != nil || got.P == nil || *got.P != 1 {
		t.Errorf("got %v, %v", got.P, err)
	}
	if got, err := jwt.Claims[quotedClaims](jwt.TokenOf(`{"n":null,"s":null,"p":"null"}`)); err != nil || got != (quotedClaims{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A type that holds itself by pointers alone ends, and a pointer to an unexported struct cannot be set.
func TestClaimsOfPointersAlone(t *testing.T) {
	if _, err := jwt.Claims[holdsPointer](jwt.TokenOf(`{"only":1}`)); err == nil {
		t.Error("pointers without an end were filled")
	}
	if _, err := jwt.Claims[pointersOnly](jwt.TokenOf(`{}`)); err == nil {
		t.Error("pointers without an end were filled")
	}
	if _, err := jwt.Claims[holdsPointer](jwt.TokenOf(`{"tenant":"x"}`)); err == nil {
		t.Error("a pointer to an unexported struct was set")
	}
	got, err := jwt.Claims[holdsPointer](jwt.TokenOf(`{"name":"x","only":null}`))
	if err != nil || got.Public == nil || got.Name != "x" || got.base != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// An error names the path of the field, and shows no long number.
func TestClaimsErrorPath(t *testing.T) {
	for text, path := range map[string]string{
		`{"org":{"ID":"x"}}`:                                     "org.ID",
		`{"list":[{},{"level":1.5}]}`:                            "list.level",
		`{"map":{"k":{"level":9223372036854775808}}}`:            "map.level",
		`{"next":{"next":{"scope":[]}}}`:                         "next.next.scope",
		`{"list":[{"level":` + strings.Repeat("1", 5000) + `}]}`: "list.level",
	} {
		_, err := jwt.Claims[custom](jwt.TokenOf(text))
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) || mismatch.Field != path || mismatch.Struct != "custom" || len(err.Error()) > 300 {
			t.Errorf("%.50s: %.300v", text, err)
		}
	}
	_, err := jwt.Claims[custom](jwt.TokenOf(`{"next":{"when":"x"}}`))
	if _, err := jwt.Claims[map[string]struct {
		Inner ownDecoder `json:"inner"`
	}](jwt.TokenOf(`{"k":{"inner":{"tenant":1}}}`)); err == nil || !strings.HasPrefix(err.Error(), "jwt: Claims: inner: json: ") || !strings.Contains(err.Error(), "base.tenant") {
		t.Errorf("got %v", err)
	}
	var parse *time.ParseError
	if !errors.As(err, &parse) || !strings.HasPrefix(err.Error(), "jwt: Claims: next.when: ") {
		t.Errorf("got %v", err)
	}
}

// scribbler overwrites what it is given, and keeps it.
type scribbler struct{ kept []byte }

func (s *scribbler) UnmarshalJSON(data []byte) error {
	s.kept = data
	for i := range data {
		data[i] = 'x'
	}
	return nil
}

type textScribbler struct{ kept []byte }

func (s *textScribbler) UnmarshalText(text []byte) error {
	s.kept = text
	for i := range text {
		text[i] = 'x'
	}
	return nil
}

// A type that decodes itself gets a copy, and so does json.RawMessage: what it does to it reaches neither the token
// nor another value.
func TestClaimsAreCopied(t *testing.T) {
	const payload = `{"a":{"k":"v"},"b":"word","c":["1"],"d":"word"}`
	token := jwt.TokenOf(payload)
	type all struct {
		A json.RawMessage `json:"a"`
		B textScribbler   `json:"b"`
		C []scribbler     `json:"c"`
	}
	for range 2 {
		got, err := jwt.Claims[all](token)
		if err != nil || string(got.A) != `{"k":"v"}` || string(got.B.kept) != "xxxx" || len(got.C) != 1 || string(got.C[0].kept) != "xxx" {
			t.Fatalf("got %s, %v", got.A, err)
		}
		for i := range got.A {
			got.A[i] = 'x'
		}
		whole, err := jwt.Claims[json.RawMessage](token)
		if err != nil || string(whole) != payload {
			t.Fatalf("the payload is %s, %v", whole, err)
		}
		if d, ok := token.Claim("d"); !ok || d != "word" {
			t.Fatalf("the claim d is %v", d)
		}
	}
}

// ownDecoder decodes itself with encoding/json.
type ownDecoder struct{ base }

func (o *ownDecoder) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &o.base) }

// Null leaves a value zero, except that a json.Unmarshaler sees it.
func TestClaimsNull(t *testing.T) {
	type all struct {
		String  string          `json:"string"`
		Number  json.Number     `json:"number"`
		Int     int             `json:"int"`
		List    []string        `json:"list"`
		Array   [2]bool         `json:"array"`
		Map     map[string]any  `json:"map"`
		Pointer **int           `json:"pointer"`
		Any     any             `json:"any"`
		Text    fuzzText        `json:"text"`
		Other   fmt.Stringer    `json:"other"`
		Keys    map[int]string  `json:"keys"`
		Channel chan int        `json:"channel"`
		Raw     json.RawMessage `json:"raw"`
	}
	payload := "{"
	for i := range reflect.TypeFor[all]().NumField() {
		payload += `"` + reflect.TypeFor[all]().Field(i).Tag.Get("json") + `": null,`
	}
	got, err := jwt.Claims[all](jwt.TokenOf(strings.TrimSuffix(payload, ",") + "}"))
	if want := (all{Raw: json.RawMessage("null")}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Members in any order, with others between them, fill the same fields.
func TestClaimsInAnyOrder(t *testing.T) {
	members := []string{`"a":1`, `"b":2`, `"c":3`, `"other":{"a":9}`}
	type abc struct {
		A int `json:"a"`
		B int `json:"b"`
		C int `json:"c"`
	}
	for i := range 24 {
		left, text := slices.Clone(members), ""
		for n, k := len(left), i; n > 0; n-- {
			text += "," + left[k%n]
			left, k = slices.Delete(left, k%n, k%n+1), k/n
		}
		if got, err := jwt.Claims[abc](jwt.TokenOf("{" + text[1:] + "}")); err != nil || got != (abc{1, 2, 3}) {
			t.Errorf("%s: got %v, %v", text[1:], got, err)
		}
	}
}

// Ceilings: the value and two lists; with four lists, a pointer, and a map (two, its key and its value); the
// value, the map (two) and its eight values.
func TestClaimsAllocations(t *testing.T) {
	payload := `{"iss":"i","sub":"s","aud":["a","b"],"iat":1700000000,"exp":1700000000,"azp":"c","scope":"a b","permissions":["a","b"]}`
	token, flat := jwt.TokenOf(payload), jwt.TokenOf(`{"a":"xx","b":"xx","c":"xx","d":"xx","e":12345,"f":12345,"g":"xx","h":"xx"}`)
	if n := testing.AllocsPerRun(100, func() { jwt.Claims[benchClaims](token) }); n > 3 {
		t.Errorf("a struct takes %v", n)
	}
	nested := jwt.TokenOf(strings.TrimSuffix(payload, "}") + benchNestedMembers)
	if got, err := jwt.Claims[benchNested](nested); err != nil || got.Subject != "s" || len(got.Realm.Roles) != 2 || len(got.Resource["account"].Roles) != 2 || got.Act.Subject != "service" {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := testing.AllocsPerRun(100, func() { jwt.Claims[benchNested](nested) }); n > 11 {
		t.Errorf("structs in structs take %v", n)
	}
	if n := testing.AllocsPerRun(100, func() { jwt.Claims[map[string]any](flat) }); n > 11 {
		t.Errorf("a map takes %v", n)
	}
}
