// This file looks for pieces of tokens in reports.

package explain_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// Pieces of a token are looked up by their hashes: those that are there are found, and no others.
func TestRunsOfToken(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet string, size int) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		return string(b)
	}
	const word = "AB.-_z9"
	held, free := 0, 0
	for range 3000 {
		alphabet := word[:1+rng.IntN(len(word))]
		first, second := text(alphabet, rng.IntN(60)), text(alphabet, rng.IntN(200))
		told := text(alphabet+` "`, rng.IntN(80))
		if from := rng.IntN(len(second) + 1); rng.IntN(2) == 0 {
			told += second[from:min(len(second), from+14+rng.IntN(6))] + text(alphabet+" ", rng.IntN(20))
		}
		want := false
		for from := 0; from+17 <= len(told); from++ {
			run := told[from : from+17]
			want = want || !strings.ContainsAny(run, ` "`) && (strings.Contains(first, run) || strings.Contains(second, run))
		}
		if got := explain.HoldsRun(told, first, second); got != want {
			t.Fatalf("%q in %q and %q: got %v", told, first, second, got)
		}
		if want {
			held++
		} else {
			free++
		}
	}
	if held < 500 || free < 500 {
		t.Errorf("%d texts held a run, %d did not", held, free)
	}
	for n, want := range map[int]bool{16: false, 17: true} {
		if got := explain.HoldsRun(word+strings.Repeat("x", n), strings.Repeat("x", 40)); got != want {
			t.Errorf("%d bytes: %v", n, got)
		}
	}
}

// No way of printing a report shows 17 bytes of the token or its signature.
func TestReportHoldsNoToken(t *testing.T) {
	iss := fixture.Issuer()
	good := iss.Token(nil)
	signature := strings.Split(good, ".")[2]
	inner := fixture.VectorNamed(t, "rfc7515.jsonl", "rfc7515-appendix-a/A.1").Token // no piece of it is in the others
	carrier := iss.Token(claims{"inner": inner, "list": []string{inner}, "object": claims{"deep": inner}, signature[:20]: signature[:30], "aud": signature[:40], "jti": signature})
	for _, token := range []string{good, carrier, good[:200], "Bearer " + good, `"` + good + "\"\n", good[:90] + "\n" + good[90:], good + "." + good, fixture.WithPart(good, 1, fixture.B64(`{"a":"`+signature+`"}`)),
		iss.Mint(jwttest.Spec{Header: map[string]any{"kid": fixture.B64(`{"alg":"RS256","typ":"JWT"}`)}})} {
		for _, v := range []*jwt.Verifier{verifierOf(t), nil} {
			full := explain.Token(t.Context(), v, token, jwt.Scope("a"))
			for _, r := range []*explain.Report{full, full.Redact()} {
				for _, text := range tellings(t, r) {
					for _, secret := range []string{token, strings.NewReplacer("\n", "", `"`, "").Replace(token), inner} {
						if run := fixture.SharedRun(secret, text); run != "" && !strings.Contains(iss.URL, run) {
							t.Errorf("%q of the token is in %s", run, text)
						}
					}
				}
			}
		}
	}
	// A report has no room for one either.
	for _, typ := range []reflect.Type{reflect.TypeFor[explain.Report](), reflect.TypeFor[explain.Step](), reflect.TypeFor[explain.Field](), reflect.TypeFor[explain.Answer]()} {
		for i := range typ.NumField() {
			if f := typ.Field(i).Type.String(); strings.Contains(f, "Token") || strings.Contains(f, "part") || strings.Contains(f, "Trace") {
				t.Errorf("%s has a %s", typ, f)
			}
		}
	}
}

// A report of a token that was pasted with a line break holds no piece of what the token is without it.
func TestReportHoldsNoPieceAcrossABreak(t *testing.T) {
	payload := fixture.B64(`{"iss":"https://elsewhere.example","aud":"a","sub":"somebody","exp":99999999999}`)
	piece := payload[30:47]
	several := newVerifier(t, configOf(t, fixture.Issuer()), configOf(t, fixture.OtherIssuer()))
	for _, header := range []string{`{"alg":"RS256","kid":"` + piece + `"}`, `{"alg":"` + piece + `"}`, `{"alg":"RS256","typ":"` + piece + `+jwt"}`, `{"alg":"RS256","` + piece + `":1}`, `{"alg":"RS256","kid":"rs256-1","x":"` + piece + `"}`} {
		for _, split := range []string{"\n", "\r\n", " ", "\n\n  "} {
			whole := fixture.B64(header) + "." + payload + "." + fixture.B64(strings.Repeat("s", 256))
			at := len(fixture.B64(header)) + 1 + 38 // in the middle of the piece
			for _, v := range []*jwt.Verifier{verifierOf(t), several, nil} {
				full := explain.Token(t.Context(), v, whole[:at]+split+whole[at:])
				for _, r := range []*explain.Report{full, full.Redact()} {
					for _, told := range tellings(t, r) {
						if run := fixture.SharedRun(whole, told); run != "" {
							t.Fatalf("%s split by %q: %q of the token is in %s", header, split, run, told)
						}
					}
				}
			}
		}
	}
}

// A claim that looks like a token itself is never shown, wherever it stands.
func TestReportHoldsNoOtherToken(t *testing.T) {
	const other = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
	for _, value := range []any{other, []string{other}, claims{"a": []any{claims{"b": other}}}} {
		r := explain.Token(t.Context(), nil, fixture.Issuer().Token(claims{"x": value}))
		data, err := json.Marshal(r)
		if err != nil || strings.Contains(string(data), other[:20]) || !strings.Contains(string(data), "(a token, withheld)") {
			t.Errorf("%v: %v\n%s", value, err, data)
		}
	}
}

// BenchmarkToken reports on what takes the longest: large tokens whose claims nearly repeat them.
func BenchmarkToken(b *testing.B) {
	v := verifierOf(b)
	var blocks, claims strings.Builder
	for i := 0; blocks.Len() < 40<<10; i++ {
		piece := fmt.Sprintf("%09d", i)
		blocks.WriteString("x" + piece)
		if claims.Len() < 12<<10 {
			fmt.Fprintf(&claims, "%s ", piece)
		}
	}
	token := fixture.B64(`{"alg":"RS256"}`) + "." + fixture.B64(`{"a":"`+claims.String()+`"}`) + "." + blocks.String()
	b.SetBytes(int64(len(token)))
	b.ReportAllocs()
	for b.Loop() {
		explain.Token(b.Context(), v, token)
	}
}
