// This file is the command bench: it measures verification on this machine, beside the bare signature.

package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512" // for crypto.Hash
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var benchCommand = command{
	name:     "bench",
	synopsis: "[flags] [token]",
	summary:  "measure how many tokens this machine verifies",
	about: "bench measures, for each algorithm and number of cores, the bare signature as crypto/* checks it, a\n" +
		"whole verification, and the verification of a remembered token (Config.TokenCache). The three take\n" +
		"turns, and the median of the rounds counts. The tokens are like those of Auth0, about 850 bytes with\n" +
		"RS256. The algorithms are RS256, ES256, EdDSA and HS256 unless -alg says otherwise. With -issuer it\n" +
		"measures your token, which must stay valid until the end, with the keys that assay verify finds. The\n" +
		"bare signature then has the same algorithm and sizes, and another key.\n\n" +
		"The time for each token is that of one core: two cores verify twice as many in a second. The\n" +
		"remembered token is always the same one; with many thousands the processor's caches help less. Tokens\n" +
		"of HS256, HS384 and HS512 are not remembered, for nothing would be saved.\n\n" +
		"With -json the result is one object: go, os, arch, cpus, and results (algorithm, cores, what,\n" +
		"token_bytes, signature_bytes, tokens_per_second, ns_per_token: of one core, ratio: to the bare\n" +
		"signature on as many cores).\n\n" +
		"The exit status is 0 if all was measured, 1 if the token is refused, 2 if the command line is wrong,\n" +
		"such as a file that it names, and 3 if the issuer's keys cannot be fetched.",
	example: "assay bench -each 100ms\n" +
		"assay bench -each 100ms -cores 1 " + exampleFlags + " -key key.json < token.txt",
	run: runBench,
}

const (
	benchRounds  = 9 // an odd number has a median
	minBenchTime = 10 * time.Millisecond
	maxBenchTime = time.Minute
	benchCache   = 100
)

// A contest holds what is measured for one algorithm.
type contest struct {
	algorithm jwt.Algorithm
	token     string
	signature int                 // its size in bytes
	bare      func() func() error // makes one for each goroutine: hash states are not shared
	verifier  *jwt.Verifier
	caching   *jwt.Verifier // nil: the token cannot be remembered
}

// benchResult is one line of the table.
type benchResult struct {
	Algorithm jwt.Algorithm `json:"algorithm"`
	Cores     int           `json:"cores"`
	What      string        `json:"what"` // signature, verify or cached
	Bytes     int           `json:"token_bytes"`
	Signature int           `json:"signature_bytes"`
	Rate      float64       `json:"tokens_per_second"`
	Each      float64       `json:"ns_per_token"`
	Ratio     float64       `json:"ratio"`
}

type benchReport struct {
	Go      string        `json:"go"`
	OS      string        `json:"os"`
	Arch    string        `json:"arch"`
	CPUs    int           `json:"cpus"`
	Results []benchResult `json:"results"`
}

func runBench(ctx context.Context, c *call) int {
	flags := c.flags()
	var s settings
	var from tokenSource
	var cores counts
	s.define(flags)
	from.define(flags)
	flags.Var(&cores, "cores", "`number` of cores to use; repeatable (default 1 and GOMAXPROCS)")
	each := time.Second
	flags.Var((*duration)(&each), "each", "`duration` of the measurement of each algorithm and number of cores")
	asJSON := flags.Bool("json", false, "print the result as JSON")
	if code, ok := c.parse(flags, maxArguments); !ok {
		return code
	}
	switch {
	case each < minBenchTime || each > maxBenchTime:
		return c.misused("-each is not from %v to %v", minBenchTime, maxBenchTime)
	case len(cores) > 0 && slices.Max(cores) > runtime.NumCPU():
		return c.misused("-cores %d: there are %d here", slices.Max(cores), runtime.NumCPU())
	}
	if cores == nil {
		cores = counts{1, runtime.GOMAXPROCS(0)}
	}
	slices.Sort(cores)
	cores = slices.Compact(cores)
	own := len(c.rest) > 0
	flags.Visit(func(f *flag.Flag) { // whatever says something of a token means one's own
		own = own || !slices.Contains([]string{"cores", "each", "json", "alg"}, f.Name)
	})

	var contests []*contest
	var code int
	if own {
		contests, code = ownContest(ctx, c, &s, &from)
	} else {
		contests, code = standardContests(c, s.algorithms)
	}
	if contests == nil {
		return code
	}
	report := benchReport{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()}
	progress := &progressBar{w: c.stderr, all: len(contests) * len(cores) * benchRounds, shown: isTerminal(c.stderr)}
	for _, one := range contests {
		for _, n := range cores {
			results, err := one.measure(ctx, n, each, progress)
			if err != nil {
				progress.clear()
				return c.failed(err)
			}
			report.Results = append(report.Results, results...)
		}
	}
	progress.clear()
	var err error
	if *asJSON {
		err = c.printJSON(report)
	} else {
		err = report.print(c.stdout)
	}
	if err != nil {
		return c.failed(err)
	}
	return exitOK
}

// counts is a flag of positive numbers that can be repeated.
type counts []int

func (n *counts) String() string { return strings.Trim(fmt.Sprint([]int(*n)), "[]") }

func (n *counts) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		i, err := strconv.Atoi(part)
		if err != nil || i < 1 || i > 1024 {
			return errors.New("it is not a number from 1 to 1024")
		}
		*n = append(*n, i)
	}
	return nil
}

// standardContests are the contests with tokens of an issuer that bench makes.
func standardContests(c *call, algs []jwt.Algorithm) ([]*contest, int) {
	if len(algs) == 0 {
		algs = []jwt.Algorithm{jwt.RS256, jwt.ES256, jwt.EdDSA, jwt.HS256}
	}
	iss, err := jwttest.Start(nil)
	if err != nil {
		return nil, c.failed(err)
	}
	defer iss.Close() // the keys are still needed, the server is not
	var all []*contest
	for n, alg := range algs {
		if slices.Contains(algs[:n], alg) {
			continue
		}
		token := iss.Mint(jwttest.Spec{Algorithm: alg, Claims: jwttest.Claims{
			"iss": "https://tenant.eu.auth0.com/", "aud": []string{"https://api.example.com", "https://tenant.eu.auth0.com/userinfo"},
			"sub": "auth0|65f1c0ffee15badc0de4a11c", "exp": time.Now().Add(24 * time.Hour).Unix(), "azp": "Xk3vN9qLr7TzB2mWc5HdYf8JpG4sQa6E",
			"scope": "openid profile email read:messages", "permissions": []string{"read:messages", "write:messages"}, "jti": nil,
		}})
		config := jwt.Config{Issuer: "https://tenant.eu.auth0.com/", Audience: []string{"https://api.example.com"}, Keys: iss.Key(alg)}
		made, err := newContest(alg, token, config)
		if err != nil {
			return nil, c.failed(err)
		}
		all = append(all, made)
	}
	return all, exitOK
}

// ownContest is the contest with the user's token.
func ownContest(ctx context.Context, c *call, s *settings, from *tokenSource) ([]*contest, int) {
	config, err := s.config()
	if err != nil {
		return nil, c.misused("%s", s.advice(err))
	}
	token, code, ok := from.read(c)
	if !ok {
		return nil, code
	}
	v, err := jwt.NewVerifier(config)
	if err != nil {
		return nil, c.misused("%s", s.advice(err))
	}
	verified, err := v.Verify(ctx, token)
	switch {
	case errors.Is(err, jwt.ErrUnavailable):
		c.warn("%v", err)
		return nil, exitNoKeys
	case err != nil:
		return nil, c.failed(fmt.Errorf("only a valid token can be measured: %w", err))
	}
	made, err := newContest(verified.Header().Algorithm, token, config)
	if err != nil {
		return nil, c.failed(err)
	}
	return []*contest{made}, exitOK
}

func newContest(alg jwt.Algorithm, token string, config jwt.Config) (*contest, error) {
	made := &contest{algorithm: alg, token: token}
	var err error
	if made.verifier, err = jwt.NewVerifier(config); err != nil {
		return nil, err
	}
	if alg[:2] != "HS" {
		config.TokenCache = benchCache
		if made.caching, err = jwt.NewVerifier(config); err != nil {
			return nil, err
		}
	}
	dot := strings.LastIndexByte(token, '.')
	made.signature = base64.RawURLEncoding.DecodedLen(len(token) - dot - 1)
	made.bare, err = bareSignature(alg, dot, made.signature)
	return made, err
}

// bareSignature signs an input of this size, and returns a function that checks the signature with crypto/*
// alone. The size of an RSA signature is that of the modulus.
func bareSignature(alg jwt.Algorithm, size, signatureSize int) (func() func() error, error) {
	input := make([]byte, size)
	rand.Read(input)
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[string(alg[len(alg)-3:])]
	invalid := errors.New("the bare signature does not hold")
	if alg == jwt.EdDSA || alg == jwt.Ed25519 {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		signature := ed25519.Sign(private, input)
		return func() func() error {
			return func() error {
				if !ed25519.Verify(public, input, signature) {
					return invalid
				}
				return nil
			}
		}, err
	}
	if alg[:2] == "HS" {
		secret := make([]byte, hash.Size())
		rand.Read(secret)
		mac := hmac.New(hash.New, secret)
		mac.Write(input)
		signature := mac.Sum(nil)
		return func() func() error {
			mac, sum := hmac.New(hash.New, secret), make([]byte, 0, hash.Size())
			return func() error {
				mac.Reset()
				mac.Write(input)
				if !hmac.Equal(mac.Sum(sum), signature) {
					return invalid
				}
				return nil
			}
		}, nil
	}
	state := hash.New()
	state.Write(input)
	sum := state.Sum(nil)
	var signature []byte
	var err error
	var check func(digest []byte) error
	switch alg[:2] {
	case "RS", "PS":
		var private *rsa.PrivateKey
		if private, err = rsa.GenerateKey(rand.Reader, signatureSize*8); err != nil {
			return nil, err
		}
		pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		if alg[0] == 'P' {
			signature, err = rsa.SignPSS(rand.Reader, private, hash, sum, pss)
			check = func(digest []byte) error { return rsa.VerifyPSS(&private.PublicKey, hash, digest, signature, pss) }
		} else {
			signature, err = rsa.SignPKCS1v15(nil, private, hash, sum)
			check = func(digest []byte) error {
				return rsa.VerifyPKCS1v15(&private.PublicKey, hash, digest, signature)
			}
		}
	default:
		curve := map[jwt.Algorithm]elliptic.Curve{jwt.ES256: elliptic.P256(), jwt.ES384: elliptic.P384(), jwt.ES512: elliptic.P521()}[alg]
		var private *ecdsa.PrivateKey
		if private, err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
			return nil, err
		}
		signature, err = ecdsa.SignASN1(rand.Reader, private, sum)
		check = func(digest []byte) error {
			if !ecdsa.VerifyASN1(&private.PublicKey, digest, signature) {
				return invalid
			}
			return nil
		}
	}
	return func() func() error {
		state, sum := hash.New(), make([]byte, 0, hash.Size())
		return func() error {
			state.Reset()
			state.Write(input)
			return check(state.Sum(sum))
		}
	}, err
}

// measure runs the contestants in turns on this many cores.
func (c *contest) measure(ctx context.Context, cores int, each time.Duration, progress *progressBar) ([]benchResult, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	verifying := func(v *jwt.Verifier) func() func() error {
		return func() func() error {
			return func() error {
				_, err := v.Verify(ctx, c.token)
				return err
			}
		}
	}
	names := []string{"signature", "verify", "cached"}
	makers := []func() func() error{c.bare, verifying(c.verifier), verifying(c.caching)}
	if c.caching == nil {
		names = names[:2]
	}
	rounds := make([][]float64, len(names))
	turn := each / time.Duration(benchRounds*len(names))
	for range benchRounds {
		for i := range names {
			rate, err := rateOf(ctx, cores, turn, makers[i])
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], rate)
		}
		progress.step(fmt.Sprintf("%s on %s", c.algorithm, plural(cores, "core")))
	}
	var results []benchResult
	for i, name := range names {
		slices.Sort(rounds[i])
		rate := rounds[i][benchRounds/2]
		results = append(results, benchResult{c.algorithm, cores, name, len(c.token), c.signature, rate, 1e9 * float64(cores) / rate, 1})
		results[i].Ratio = results[0].Rate / rate
	}
	return results, nil
}

// rateOf calls the functions of maker, one on each core, until the time is over. It returns the calls per second.
func rateOf(ctx context.Context, cores int, turn time.Duration, maker func() func() error) (float64, error) {
	var calls atomic.Int64
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	start := time.Now()
	for range cores {
		wg.Go(func() {
			call := maker()
			for batch := int64(1); time.Since(start) < turn && failure.Load() == nil; {
				began := time.Now()
				for range batch {
					if err := call(); err != nil {
						failure.Store(&err)
						return
					}
				}
				calls.Add(batch)
				if time.Since(began) < turn/64 { // so that the clock is seldom read
					batch *= 2
				}
			}
		})
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return float64(calls.Load()) / time.Since(start).Seconds(), nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// print writes the table, and a chart of it.
func (r *benchReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s/%s, %s\n\n", r.Go, r.OS, r.Arch, plural(r.CPUs, "core"))
	first := func(i int) bool { return i == 0 || r.Results[i-1].Algorithm != r.Results[i].Algorithm } // of an algorithm's lines
	for i, line := range r.Results {
		if first(i) {
			fmt.Fprintf(&b, "%-9s tokens of %d bytes, with signatures of %d\n", line.Algorithm, line.Bytes, line.Signature)
		}
	}
	b.WriteByte('\n')
	fmt.Fprintf(&b, "%-9s %5s  %-9s %12s %12s %12s\n", "algorithm", "cores", "what", "tokens/s", "us/token", "x signature")
	least, most := math.Inf(1), 0.0
	for i, line := range r.Results {
		if i > 0 && first(i) {
			b.WriteByte('\n')
		}
		least, most = min(least, line.Rate), max(most, line.Rate)
		fmt.Fprintf(&b, "%-9s %5d  %-9s %12s %12.2f %12s\n", line.Algorithm, line.Cores, line.What, thousands(line.Rate), line.Each/1000, ratio(line.Ratio))
	}
	b.WriteString("\ntokens/s; every 8 columns are ten times as many\n\n")
	for i, line := range r.Results {
		if i > 0 && first(i) {
			b.WriteByte('\n')
		}
		eighths := int(64 * (1 + math.Log10(max(line.Rate/least, 1)))) // the slowest has one step
		fmt.Fprintf(&b, "%-9s %2d %-9s %s %s\n", line.Algorithm, line.Cores, line.What, bar(eighths), thousands(line.Rate))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// ratio writes a ratio with two significant digits.
func ratio(n float64) string {
	decimals := 2
	for small := 0.1; n < small && decimals < 6; small /= 10 {
		decimals++
	}
	return strconv.FormatFloat(n, 'f', decimals, 64)
}

// bar draws a bar of this many eighths of a column.
func bar(eighths int) string {
	blocks := []rune(" ▏▎▍▌▋▊▉█")
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string(blocks[rest])
	}
	return text
}

// thousands writes a number as people read it.
func thousands(n float64) string {
	digits := strconv.FormatInt(int64(math.Round(n)), 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// progressBar shows the progress on a terminal.
type progressBar struct {
	w         io.Writer
	done, all int
	shown     bool
}

const progressWidth = 30

// lineStart goes to the first column and erases the line: ECMA-48 sections 8.3.9 and 8.3.41.
var lineStart = ownEscape + "[G" + ownEscape + "[K"

func (p *progressBar) step(what string) {
	p.done++
	if !p.shown {
		return
	}
	full := progressWidth * p.done / p.all
	fmt.Fprintf(p.w, lineStart+"[%s%s] %3d %%  %s", strings.Repeat("#", full), strings.Repeat(".", progressWidth-full), 100*p.done/p.all, what)
}

func (p *progressBar) clear() {
	if p.shown {
		fmt.Fprint(p.w, lineStart)
	}
}
