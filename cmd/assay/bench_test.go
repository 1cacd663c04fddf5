// This file tests the command bench: what it measures, not how quick that is.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"assay.example/jwt"
)

// benchmarked runs the command with a short time.
func benchmarked(t *testing.T, stdin string, args ...string) (r benchReport) {
	t.Helper()
	code, stdout, stderr := ran(t, stdin, append([]string{"bench", "-each", "30ms", "-json"}, args...)...)
	if code != exitOK {
		t.Fatalf("%v: exit status %d\n%s", args, code, stderr)
	}
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stdout)
	}
	return r
}

// lines tells what was measured.
func (r benchReport) lines() (lines []string) {
	for _, line := range r.Results {
		lines = append(lines, fmt.Sprint(line.Algorithm, " ", line.Cores, " ", line.What))
	}
	return lines
}

func TestBench(t *testing.T) {
	cores, want := "1,1", "EdDSA 1 signature, EdDSA 1 verify, EdDSA 1 cached, HS256 1 signature, HS256 1 verify"
	if runtime.NumCPU() > 1 {
		cores, want = "2,1", "EdDSA 1 signature, EdDSA 1 verify, EdDSA 1 cached, EdDSA 2 signature, EdDSA 2 verify, EdDSA 2 cached, "+
			"HS256 1 signature, HS256 1 verify, HS256 2 signature, HS256 2 verify"
	}
	r := benchmarked(t, "", "-cores", cores, "-cores", "1", "-alg", "EdDSA", "-alg", "HS256", "-alg", "EdDSA")
	if got := strings.Join(r.lines(), ", "); got != want {
		t.Errorf("got %s", got)
	}
	if !strings.HasPrefix(r.Go, "go1.") || r.OS == "" || r.Arch == "" || r.CPUs < 1 {
		t.Errorf("got %+v", r)
	}
	for _, line := range r.Results {
		if want := map[jwt.Algorithm]int{jwt.EdDSA: 64, jwt.HS256: 32}[line.Algorithm]; line.Signature != want {
			t.Errorf("%s: signatures of %d bytes, want %d", line.Algorithm, line.Signature, want)
		}
		each := 1e9 * float64(line.Cores) / line.Rate
		if line.Bytes < 500 || line.Rate <= 0 || line.Each < each*0.999 || line.Each > each*1.001 || line.What == "signature" && line.Ratio != 1 || line.Ratio <= 0 {
			t.Errorf("got %+v", line)
		}
	}
}

// Every algorithm has its bare signature, of the sizes of the token's.
func TestBenchAlgorithms(t *testing.T) {
	var args []string
	for _, alg := range (*algorithms)(nil).choices() {
		args = append(args, "-alg", alg)
	}
	r := benchmarked(t, "", append(args, "-cores", "1", "-each", "10ms")...)
	seen := map[jwt.Algorithm]int{}
	for _, line := range r.Results {
		seen[line.Algorithm]++
	}
	for _, alg := range (*algorithms)(nil).choices() {
		want := 3
		if alg[:2] == "HS" {
			want = 2
		}
		if seen[jwt.Algorithm(alg)] != want {
			t.Errorf("%s: %d lines, want %d", alg, seen[jwt.Algorithm(alg)], want)
		}
	}
}

func TestBenchOwnToken(t *testing.T) {
	own := []string{"-cores", "1", "-issuer", "https://issuer.example", "-audience", "https://api.example.com", "-key", exampleKey}
	r := benchmarked(t, exampleToken, own...)
	if got := strings.Join(r.lines(), ", "); got != "EdDSA 1 signature, EdDSA 1 verify, EdDSA 1 cached" || r.Results[0].Bytes != len(exampleToken) {
		t.Errorf("got %s, %+v", got, r.Results[0])
	}

	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-issuer", "https://issuer.example", "-audience", "other", "-key", exampleKey}, exitFailed, "wrong audience"},
		{[]string{"-issuer", "https://issuer.example", "-audience", "other", "-key", "no-such-file"}, exitUsage, "-key wants a file's name"},
		{[]string{"-issuer", "https://issuer.example"}, exitUsage, "-audience is required"},
		{[]string{"-each", "1ms"}, exitUsage, "-each is not from"},
		{[]string{"-each", "2m"}, exitUsage, "-each is not from"},
		{[]string{"-cores", "0"}, exitUsage, "not a number from 1"},
		{[]string{"-cores", "1025"}, exitUsage, "not a number from 1"},
		{[]string{"-alg", "none"}, exitUsage, "it is none of"},
		{[]string{"-cores", fmt.Sprint(runtime.NumCPU() + 1)}, exitUsage, fmt.Sprint("there are ", runtime.NumCPU(), " here")},
		{[]string{exampleToken}, exitUsage, "-issuer is required"},
		{[]string{"-audience", "api", "-key", exampleKey}, exitUsage, "-issuer is required"},
		{[]string{"-issuer", "", "-audience", "api"}, exitUsage, "-issuer is required"},
		{[]string{"-key", "no-such-file"}, exitUsage, "-issuer is required"},
		{[]string{"-file", "no-such-file"}, exitUsage, "-issuer is required"},
		{[]string{"-leeway", "5m"}, exitUsage, "-issuer is required"},
	} {
		code, stdout, stderr := ran(t, exampleToken, append([]string{"bench"}, c.args...)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) || strings.Contains(stderr, exampleToken[40:60]) {
			t.Errorf("%v: exit status %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
}

func TestBenchTable(t *testing.T) {
	r := benchReport{"go1.26", "linux", "amd64", 1, []benchResult{
		{"ES256", 1, "signature", 600, 64, 10_000, 100_000, 1}, {"ES256", 1, "verify", 600, 64, 9_000, 111_111, 1.11}, {"ES256", 1, "cached", 600, 64, 1_234_567.8, 810, 0.008},
		{"HS256", 2, "signature", 557, 32, 100_000, 20_000, 1},
	}}
	var out bytes.Buffer
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `go1.26, linux/amd64, 1 core

ES256     tokens of 600 bytes, with signatures of 64
HS256     tokens of 557 bytes, with signatures of 32

algorithm cores  what          tokens/s     us/token  x signature
ES256         1  signature       10,000       100.00         1.00
ES256         1  verify           9,000       111.11         1.11
ES256         1  cached       1,234,568         0.81       0.0080

HS256         2  signature      100,000        20.00         1.00

tokens/s; every 8 columns are ten times as many

ES256      1 signature ████████▎ 10,000
ES256      1 verify    ████████ 9,000
ES256      1 cached    █████████████████████████ 1,234,568

HS256      2 signature ████████████████▎ 100,000
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

func TestProgressBar(t *testing.T) {
	var out bytes.Buffer
	p := &progressBar{w: &terminal{&out}, all: 2, shown: true}
	p.step("a")
	p.step("b")
	p.clear()
	if want := "\x1b[G\x1b[K[###############...............]  50 %  a\x1b[G\x1b[K[##############################] 100 %  b\x1b[G\x1b[K"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
	out.Reset()
	p = &progressBar{w: &terminal{&out}, all: 2}
	p.step("a")
	p.clear()
	if out.Len() > 0 {
		t.Errorf("a bar where nobody looks: %q", out.String())
	}
}
