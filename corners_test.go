// This file holds tests of single lines whose loss no other test notices: what happens at the edge of
// a word of the scanner, in the place that a token has left in the cache, to the second key of two.

package jwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// afterReplacement has the keys of an issuer fetched, then replaced under their ids, and returns what
// Verify and Trace say of a token that only the new ones can vouch for, each with a verifier of its
// own: what one has fetched, the other need not.
func afterReplacement(t *testing.T, replaced any, token string) (*jwt.Trace, error) {
	t.Helper()
	var verifiers [2]*jwt.Verifier
	var providers [2]*provider
	for n := range verifiers {
		providers[n] = newProvider(t, jwt.ES256)
		verifiers[n] = providers[n].verifier(providers[n].remote(jwt.RemoteOptions{}))
		accepted, err := verify(verifiers[n], mint("es256-1"))
		wantAccepted(t, accepted, err)
	}
	time.Sleep(2 * time.Minute) // the set is old enough to be doubted
	for _, p := range providers {
		p.set(func(p *provider) { p.keys = []any{replaced} })
	}
	_, err := verify(verifiers[0], token)
	trace := verifiers[1].Trace(t.Context(), token, time.Time{})
	sameRefusal(t, err, trace)
	for n, p := range providers {
		if p.count("/keys") != 2 {
			t.Errorf("verifier %d fetched %d times, want 2", n, p.count("/keys"))
		}
	}
	return trace, err
}

// That a key was replaced vouches for nothing: the new one must have signed the token.
func TestTraceReplacedKeyMustVerify(t *testing.T) {
	bubble(t, func(t *testing.T) {
		trace, err := afterReplacement(t, jwkOf(t, otherIssuer(), jwt.ES256), withPart(mint("es256-1"), 2, b64(strings.Repeat("s", 64))))
		wantRefusal(t, nil, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
		if trace.Verified || stepOf(t, trace, "signature").Err == nil {
			t.Errorf("got %+v", trace)
		}
	})
}

// The steps after the signature are about the key that holds, not about the one that it has replaced.
func TestTraceReplacedKeyOfOneIssuer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		other := jwkEdit{"issuer": "https://elsewhere.example"}.apply(jwkOf(t, otherIssuer(), jwt.ES256))
		trace, err := afterReplacement(t, other, forged())
		wantRefusal(t, nil, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims)
		if !trace.Verified || stepOf(t, trace, "key issuer").Err == nil {
			t.Errorf("got %+v", trace)
		}
	})
}

// Each byte counts wherever it stands, although eight are looked at together, and whatever is beside it.
func TestScannerEveryBytePlace(t *testing.T) {
	for _, beside := range []string{" ", "!", "#", "a", "~", "\x7f"} {
		for at := range 17 {
			for c := range 256 {
				text := []byte(strings.Repeat(beside, 17))
				text[at] = byte(c)
				plain := c >= ' ' && c <= 0x7f && c != '"' && c != '\\'
				value, fault := jwt.ScanJSON(`"` + string(text) + `"`)
				if plain != (fault == "") || plain && value != string(text) {
					t.Fatalf("byte %#x at %d of %q: got %q, %q", c, at, beside, value, fault)
				}
				// As a name too, and in a value that nobody reads.
				if _, fault := jwt.ScanJSON(`{"` + string(text) + `":0}`); plain != (fault == "") {
					t.Fatalf("byte %#x at %d of a name: %q", c, at, fault)
				}
				// Nor does it hide the one behind it.
				if at+1 < len(text) && plain {
					text[at+1] = 0x01
					if _, fault := jwt.ScanJSON(`"` + string(text) + `"`); fault == "" {
						t.Fatalf("a control character behind byte %#x at %d of %q is accepted", c, at, beside)
					}
				}
			}
		}
	}
}

// A name is known again wherever it stood: among the few that are compared, behind them and in the
// table, with any number of names in the objects around.
func TestScannerEveryDuplicate(t *testing.T) {
	name := func(n int) string { return strings.Repeat("n", n%11) + fmt.Sprint(n) }
	members := func(n int, more string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"%s":%d,`, name(i), i)
		}
		return "{" + strings.TrimSuffix(b.String()+more, ",") + "}"
	}
	arounds := []func(inner string) string{func(inner string) string { return inner }}
	for _, n := range []int{0, 1, 22, 23, 24, 25, 60} {
		arounds = append(arounds,
			func(inner string) string { return members(n, `"x":`+inner) },
			func(inner string) string { return members(n, `"x":{"`+name(0)+`":1,"y":[`+inner+`]}`) })
	}
	for i, around := range arounds {
		for size := 1; size <= 60; size++ {
			if i > 0 && size > 30 && size%15 != 0 {
				continue // as the others
			}
			if _, fault := jwt.ScanJSON(around(members(size, ""))); fault != "" {
				t.Fatalf("around %d, %d names: %s", i, size, fault)
			}
			for n := range size {
				text := around(members(size, `"`+name(n)+`":0`))
				if _, fault := jwt.ScanJSON(text); !strings.HasPrefix(fault, "duplicate member at byte ") {
					t.Fatalf("around %d, %d names, the one at %d twice: %q", i, size, n, fault)
				}
			}
		}
	}
	for n := range 60 { // around one that has a few names
		text := members(n, `"x":{"a":1,"b":2,"a":3}`)
		if _, fault := jwt.ScanJSON(text); !strings.HasPrefix(fault, "duplicate member at byte ") {
			t.Errorf("%q in %s", fault, text)
		}
	}
	// What an object has, the next one may have: nothing stays behind in a table.
	for _, size := range []int{1, 24, 25, 26, 60} {
		one := members(size, "")
		for _, text := range []string{"[" + one + "," + one + "]", `{"x":` + one + `,"y":` + one + `}`, `[[` + one + `],` + members(size, `"x":`+one) + `,` + one + `]`} {
			if _, fault := jwt.ScanJSON(text); fault != "" {
				t.Errorf("%d names twice: %s", size, fault)
			}
		}
	}
}

// Names that look the same to a mark are different names.
func TestScannerNamesOfOneMark(t *testing.T) {
	for _, pair := range [][2]string{
		{"beginingXtheendin", "beginingYtheendin"},
		{"https://example.com/claims/a/groups0", "https://example.com/claims/b/groups0"},
		{strings.Repeat("a", 8) + "1" + strings.Repeat("b", 8), strings.Repeat("a", 8) + "2" + strings.Repeat("b", 8)},
	} {
		for _, before := range []int{0, 22, 23, 24, 30} {
			var b strings.Builder
			for n := range before {
				fmt.Fprintf(&b, `"%d":0,`, n)
			}
			text := "{" + b.String() + `"` + pair[0] + `":1,"` + pair[1] + `":2`
			value, fault := jwt.ScanJSON(text + "}")
			if object, _ := value.(map[string]any); fault != "" || len(object) != before+2 {
				t.Errorf("%q after %d names: %v, %s", pair, before, value, fault)
			}
			for _, twice := range pair {
				if _, fault := jwt.ScanJSON(text + `,"` + twice + `":3}`); fault == "" {
					t.Errorf("%q twice after %d names was accepted", twice, before)
				}
			}
		}
	}
}

// A piece of the token is found behind a word of any length, even if it is as short as a piece can be.
func TestErrorsHoldNoPieceBehindAWord(t *testing.T) {
	v := newVerifier(t)
	payload := b64(`{"iss":"` + testIssuer().URL + `","sub":"somebody"}`)
	for _, between := range []string{" ", "/", "  ", `" "`} {
		for n := 1; n <= 40; n++ {
			for _, tail := range []string{"", " zz"} {
				kid, _ := json.Marshal(strings.Repeat("z", n) + between + payload[20:37] + tail)
				for _, header := range []string{`{"alg":"RS256","kid":` + string(kid) + `}`, `{"alg":` + string(kid) + `}`} {
					token := b64(header) + "." + payload + "." + b64(strings.Repeat("s", 256))
					_, err := v.Verify(t.Context(), token)
					var e *jwt.Error
					if !errors.As(err, &e) || !errors.Is(err, jwt.ErrKey) {
						t.Fatalf("got %v", err)
					}
					if e.Got != "(withheld)" {
						t.Errorf("a word of %d bytes and %q: got %q", n, between, e.Got)
					}
					for _, told := range tellings(e) {
						if run := sharedRun(token, told); run != "" {
							t.Errorf("a word of %d bytes and %q: %q holds %q", n, between, told, run)
						}
					}
				}
			}
		}
	}
}

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
		Slash string `json:"a\\b"` // no name that encoding/json takes before Go 1.27
		//lint:ignore SA5008 that is what it is for
		Quote string `json:"a\"c"`
		Legal string `json:"!#$%&()*+-./:;<=>?@[]^_{|}~ "`
	}
	text := `{"Slash":"1","Quote":"2","!#$%&()*+-./:;<=>?@[]^_{|}~ ":"3"}`
	var want odd
	if err := json.Unmarshal([]byte(text), &want); err != nil || want != (odd{"1", "2", "3"}) && want != (odd{Legal: "3"}) {
		t.Fatalf("encoding/json says %+v, %v", want, err)
	}
	if got, err := jwt.Claims[odd](jwt.TokenOf(text)); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, text := range []string{`{"a\\b":"1","a\"c":"2","Legal":"3"}`, `{"slash":"1","QUOTE":"2"}`} {
		if got, err := jwt.Claims[odd](jwt.TokenOf(text)); err != nil || got != (odd{}) {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

// gate is a source of one key. Once it is closed, it holds the next two calls until both are there;
// while it is shut it has no key.
type gate struct {
	key    *jwt.Key
	closed atomic.Bool
	shut   atomic.Bool
	calls  atomic.Int32 // since it was closed
	both   sync.WaitGroup
}

func (g *gate) Key(context.Context, jwt.Header) (*jwt.Key, error) {
	if g.closed.Load() && g.calls.Add(1) <= 2 {
		g.both.Done()
		g.both.Wait()
	}
	if g.shut.Load() {
		return nil, jwt.ErrKey
	}
	return g.key, nil
}

// twice verifies a token in two goroutines, which are both held at the source of keys.
func (g *gate) twice(v *jwt.Verifier, text string) (errs [2]error) {
	g.both.Add(2)
	g.calls.Store(0)
	g.closed.Store(true)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() { _, errs[n] = verify(v, text) })
	}
	wg.Wait()
	g.closed.Store(false)
	return errs
}

// subjects mints tokens of different subjects.
func subjects(n int) (texts []string) {
	for i := range n {
		texts = append(texts, testIssuer().Token(claims{"sub": fmt.Sprint(i)}))
	}
	return texts
}

// Whoever forgets a token that another has forgotten before leaves its place to the one that has it now.
func TestTokenCacheForgetsOnce(t *testing.T) {
	g := &gate{key: testIssuer().Key(jwt.RS256)}
	v := newVerifier(t, caching(4), func(c *jwt.Config) { c.Keys = g })
	texts := subjects(3)
	for _, text := range texts {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	g.shut.Store(true)
	for _, err := range g.twice(v, texts[0]) {
		wantRefusal(t, nil, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	}
	g.shut.Store(false)
	before := cacheStatus(t, v)
	if before.Tokens != 2 {
		t.Errorf("%d tokens, want 2", before.Tokens)
	}
	for _, text := range texts[1:] {
		token, err := verify(v, text)
		wantAccepted(t, token, err)
	}
	if after := cacheStatus(t, v); after.Hits != before.Hits+2 || after.Misses != before.Misses || after.Tokens != 2 {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

// Two that verify one token at once keep it once.
func TestTokenCacheKeepsOnce(t *testing.T) {
	g := &gate{key: testIssuer().Key(jwt.RS256)}
	v := newVerifier(t, caching(4), func(c *jwt.Config) { c.Keys = g })
	text := subjects(1)[0]
	for _, err := range g.twice(v, text) {
		if err != nil {
			t.Error(err)
		}
	}
	wantCounts(t, v, 0, 2, 0, 1)
	one := cacheStatus(t, v).Bytes
	token, err := verify(v, text)
	wantAccepted(t, token, err)
	wantCounts(t, v, 1, 2, 0, 1)

	// It is counted once, and taken out once.
	alone := newVerifier(t, caching(4))
	verify(alone, text)
	if want := cacheStatus(t, alone).Bytes; one != want {
		t.Errorf("%d bytes, want %d", one, want)
	}
	g.shut.Store(true)
	verify(v, text)
	if s := cacheStatus(t, v); s.Tokens != 0 || s.Bytes != 0 {
		t.Errorf("got %+v", s)
	}
}

// What was used stays, wherever the hand is.
func TestTokenCacheVictims(t *testing.T) {
	hit := func(t *testing.T, v *jwt.Verifier, text string) {
		t.Helper()
		before := cacheStatus(t, v).Hits
		token, err := verify(v, text)
		wantAccepted(t, token, err)
		if cacheStatus(t, v).Hits != before+1 {
			t.Error("it was not remembered")
		}
	}
	fill := func(t *testing.T) (*jwt.Verifier, []string) {
		v, texts := newVerifier(t, caching(3)), subjects(5)
		for _, text := range texts[:3] {
			verify(v, text)
		}
		return v, texts
	}
	for used := range 3 { // under the hand, and behind it
		v, texts := fill(t)
		hit(t, v, texts[used])
		verify(v, texts[3])
		wantCounts(t, v, 1, 4, 1, 3)
		verify(v, texts[4])
		wantCounts(t, v, 1, 5, 2, 3)
		hit(t, v, texts[used])
		hit(t, v, texts[4])
	}
	v, texts := fill(t) // all were used: the hand goes around once
	for _, text := range texts[:3] {
		hit(t, v, text)
	}
	verify(v, texts[3])
	verify(v, texts[4])
	wantCounts(t, v, 3, 5, 2, 3)
	hit(t, v, texts[3])
	hit(t, v, texts[4])

	bubble(t, func(t *testing.T) { // one that is over goes first, used or not
		v := newVerifier(t, caching(4))
		texts := []string{lasting("a", 3600), lasting("b", 3600), lasting("over", 60), lasting("c", 3600), lasting("next", 3600)}
		for _, text := range texts[:4] {
			verify(v, text)
		}
		for _, text := range texts[:4] {
			hit(t, v, text)
		}
		time.Sleep(91 * time.Second) // with the leeway
		token, err := verify(v, texts[4])
		wantAccepted(t, token, err)
		wantCounts(t, v, 4, 5, 0, 4)
		for _, at := range []int{0, 1, 3, 4} {
			hit(t, v, texts[at])
		}
	})
}

// countedKeys is a source without keys that counts how often it is asked.
func countedKeys(calls *int) jwt.KeySource {
	return sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) {
		*calls++
		return nil, jwt.ErrKey
	})
}

// The issuer with a placeholder goes by no name that has it: such a token is nobody's, and asks nobody
// for keys.
func TestPlaceholderChoosesNoIssuer(t *testing.T) {
	calls := 0
	const template = "https://login.example/{tenantid}/v2.0"
	many := jwt.Config{Issuer: template, Tenants: []string{tenantA}, Audience: []string{jwttest.Audience}, Keys: countedKeys(&calls)}
	v, err := jwt.NewVerifier(many, testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	text := testIssuer().Token(claims{"iss": template, "tid": "{tenantid}"})
	token, err := verify(v, text)
	if e := wantRefusal(t, token, err, jwt.ReasonIssuerMismatch, jwt.ErrClaims); e.Issuer != "" {
		t.Errorf("judged by %q", e.Issuer)
	}
	traced(t, v, text)
	if calls != 0 {
		t.Errorf("keys were asked for %d times", calls)
	}
	token, err = verify(v, testIssuer().Token(claims{"iss": strings.Replace(template, "{tenantid}", tenantA, 1), "tid": tenantA}))
	wantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)
	if calls != 1 {
		t.Errorf("keys were asked for %d times, want once", calls)
	}
}

// A trusted iss does not end the reading: what is broken behind it asks nobody for keys.
func TestBrokenPayloadChoosesNoIssuer(t *testing.T) {
	calls := 0
	config := testConfig(t)
	config.Keys = countedKeys(&calls)
	v, err := jwt.NewVerifier(config, jwt.Config{Issuer: otherIssuer().URL, Audience: []string{"x"}, Keys: countedKeys(&calls)})
	if err != nil {
		t.Fatal(err)
	}
	iss := `{"iss":"` + testIssuer().URL + `"`
	for _, payload := range []string{iss, iss + `,`, iss + `,"a":1,"a":2}`, iss + `,` + iss[1:] + `}`, iss + `} {}`, iss + `,"a":tru}`, iss + ",\"a\":\"\xff\"}"} {
		text := testIssuer().Mint(jwttest.Spec{Payload: []byte(payload)})
		token, err := verify(v, text)
		if e := wantRefusal(t, token, err, jwt.ReasonPayloadInvalid, jwt.ErrClaims); e.Issuer != "" {
			t.Errorf("%q: judged by %q", payload, e.Issuer)
		}
		traced(t, v, text)
	}
	if calls != 0 {
		t.Errorf("keys were asked for %d times", calls)
	}
}

// The hint about another issuer is for refusals that it can explain, and for payloads of a bounded size.
func TestWonderingBounds(t *testing.T) {
	elsewhere := func(size int) string {
		head, tail := `{"iss":"https://elsewhere.example","x":"`, `"}`
		return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	}
	unknown, replaced := map[string]any{"kid": "unknown"}, map[string]any{}
	for _, header := range []map[string]any{unknown, replaced} {
		for size, want := range map[int]bool{100: true, 2048: true, 2049: false, 4096: false} {
			_, err := verify(newVerifier(t), otherIssuer().Mint(jwttest.Spec{Header: header, Payload: []byte(elsewhere(size))}))
			var e *jwt.Error
			if !errors.As(err, &e) || !slices.Contains([]jwt.Reason{jwt.ReasonKeyUnknown, jwt.ReasonSignatureInvalid}, e.Reason) {
				t.Fatalf("got %v", err)
			}
			if got := strings.Contains(e.Hint, "https://elsewhere.example"); got != want || !want && e.Hint != "" {
				t.Errorf("a payload of %d bytes: got the hint %q", size, e.Hint)
			}
		}
	}
	// Keys that could not be had say nothing about the token.
	v := newVerifier(t, func(c *jwt.Config) {
		c.Keys = sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) { return nil, errors.New("down") })
	})
	token, err := verify(v, otherIssuer().Mint(jwttest.Spec{Payload: []byte(elsewhere(100))}))
	if e := wantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable); e.Hint != "" {
		t.Errorf("got the hint %q", e.Hint)
	}
}

func TestTooLargeText(t *testing.T) {
	v := newVerifier(t)
	for token, want := range map[string]string{
		strings.Repeat("a", 16<<10+1):            "jwt: token too large: the token has 16385 bytes, the limit is 16384",
		strings.Repeat("a", 4<<10+1) + ".e30.AA": "jwt: token too large: the header has 4097 bytes, the limit is 4096",
	} {
		if _, err := verify(v, token); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A user who authenticated just as long ago as is allowed need not do so again.
func TestMaxAuthAgeEdge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newVerifier(t)
		text := testIssuer().Token(claims{"auth_time": time.Now().Unix()})
		guard := v.Require(jwt.MaxAuthAge(time.Minute))
		for _, c := range []struct {
			wait   time.Duration
			status int
		}{{time.Minute, http.StatusOK}, {time.Nanosecond, http.StatusUnauthorized}} {
			time.Sleep(c.wait)
			if resp := answerTo(guard, request("Bearer "+text)); resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
		}
	})
}

// Where keys are not to be had, whatever the reason, the token is not looked at for a hint.
func TestNoHintWithoutKeys(t *testing.T) {
	other := newVerifier(t, func(c *jwt.Config) {
		c.Validate = func(context.Context, *jwt.Token) error {
			return fmt.Errorf("the database is away: %w", jwt.ErrUnavailable)
		}
	})
	_, cause := other.Verify(t.Context(), testIssuer().Token(nil))
	v := newVerifier(t, func(c *jwt.Config) {
		c.Keys = sourceFunc(func(context.Context, jwt.Header) (*jwt.Key, error) { return nil, cause })
	})
	token, err := verify(v, testIssuer().Token(claims{"iss": "https://another.example"}))
	if e := wantRefusal(t, token, err, jwt.ReasonValidationRefused, jwt.ErrUnavailable); e.Hint != "" {
		t.Errorf("the hint is %q", e.Hint)
	}
}
