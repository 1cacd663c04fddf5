// Command start measures what a library costs a program before and beside its work: how long it takes from the start
// of the process to the first verified token, what it adds to the binary, how many packages and lines are linked, and
// what their initialization does.
//
// It builds the programs in the folder programs, which fetch a key set from this process and verify one token of ES256.
// All but the two times are what a program has more than the program base, which has net/http and encoding/json,
// fetches the key set, and verifies nothing. The programs take turns in random order, for many rounds.
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	issuer   = "https://tenant.eu.auth0.com/"
	audience = "https://api.example.com"
	folder   = "assay.example/jwt/internal/peers/start/programs/"
)

// A program is one that was built. What it adds is beside the first one.
type program struct {
	name, title string

	path     string // of the binary
	size     int64
	packages map[string]int // lines, by package
	inits    initialization

	took, processor []time.Duration // from the start to the first verified token
}

// An initialization is what the init functions and variables of packages do.
type initialization struct {
	clock         time.Duration
	bytes, allocs int
}

var titles = []struct{ name, title string }{
	{"base", "net/http alone"},
	{"assay", "assay"},
	{"golangjwt", "golang-jwt + keyfunc"},
	{"gojose", "go-jose"},
	{"jwx", "jwx"},
	{"gooidc", "go-oidc"},
	{"gojwtmiddleware", "go-jwt-middleware"},
	{"hashicorpcap", "hashicorp/cap"},
}

func main() {
	err := run(os.Args[1:], os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 50, "how many rounds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *rounds < 1 {
		return errors.New("there must be no arguments, and at least one round")
	}
	keys, token, err := mint()
	if err != nil {
		return err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(keys) }))
	defer server.Close()
	dir, err := os.MkdirTemp("", "start")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var programs []*program
	for _, t := range titles {
		p := &program{name: t.name, title: t.title, path: filepath.Join(dir, t.name)}
		if err := p.build(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		programs = append(programs, p)
	}
	for range *rounds {
		for _, i := range mathrand.Perm(len(programs)) {
			if err := programs[i].start(server.URL, token); err != nil {
				return fmt.Errorf("%s: %w", programs[i].name, err)
			}
		}
	}
	return table(stdout, programs, *rounds)
}

// mint returns the key set of an issuer and a token.
func mint() (keys []byte, token string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	key := jose.JSONWebKey{Key: private, KeyID: "Zr7sU0eWc5NfLd6PaGy2K", Algorithm: "ES256", Use: "sig"}
	if keys, err = json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}); err != nil {
		return nil, "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.KeyID))
	if err != nil {
		return nil, "", err
	}
	now := time.Now()
	token, err = jwt.Signed(signer).Claims(jwt.Claims{Issuer: issuer, Subject: "s", Audience: jwt.Audience{audience},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour))}).Serialize()
	return keys, token, err
}

// build makes the binary, as one does for production, and counts what is in it.
func (p *program) build() error {
	if _, err := output("go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.path, folder+p.name); err != nil {
		return err
	}
	info, err := os.Stat(p.path)
	if err != nil {
		return err
	}
	p.size = info.Size()
	list, err := output("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles", folder+p.name)
	if err != nil {
		return err
	}
	p.packages = map[string]int{}
	for decoder := json.NewDecoder(bytes.NewReader(list)); ; {
		var found struct {
			ImportPath, Dir   string
			GoFiles, CgoFiles []string
		}
		if err := decoder.Decode(&found); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		lines := 0
		for _, name := range slices.Concat(found.GoFiles, found.CgoFiles) {
			text, err := os.ReadFile(filepath.Join(found.Dir, name))
			if err != nil {
				return err
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if !strings.HasPrefix(found.ImportPath, folder) {
			p.packages[found.ImportPath] = lines
		}
	}
}

func output(name string, args ...string) ([]byte, error) {
	command := exec.Command(name, args...)
	command.Stderr = os.Stderr
	return command.Output()
}

// start runs the program until it has verified the token.
func (p *program) start(address, token string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, p.path, address, issuer, audience, token)
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var said bytes.Buffer
	command.Stderr = &said
	began := time.Now()
	out, err := command.Output()
	if err == nil && string(out) != "ok\n" {
		err = errors.New("it verified nothing")
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, &said)
	}
	p.took = append(p.took, time.Since(began))
	p.processor = append(p.processor, command.ProcessState.UserTime()+command.ProcessState.SystemTime())
	i := initializations(said.String())
	if len(p.took) == 1 || i.clock < p.inits.clock { // the quickest: the others waited for something
		p.inits = i
	}
	return nil
}

// initializations adds up what GODEBUG=inittrace=1 prints, of which a line is
// "init net/http @1.2 ms, 0.034 ms clock, 5678 bytes, 90 allocs".
func initializations(trace string) (sum initialization) {
	for line := range strings.Lines(trace) {
		words := strings.Fields(line)
		if len(words) != 11 || words[0] != "init" {
			continue
		}
		clock, _ := strconv.ParseFloat(words[4], 64)
		size, _ := strconv.Atoi(words[7])
		allocs, _ := strconv.Atoi(words[9])
		sum.clock += time.Duration(clock * float64(time.Millisecond))
		sum.bytes += size
		sum.allocs += allocs
	}
	return sum
}

// added counts the packages and lines that base does not have.
func (p *program) added(base *program) (packages, lines int) {
	for name, n := range p.packages {
		if _, ok := base.packages[name]; !ok {
			packages++
			lines += n
		}
	}
	return packages, lines
}

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func table(out io.Writer, programs []*program, rounds int) error {
	fmt.Fprintf(out, "%s %s/%s, medians of %d interleaved rounds; all but the first two columns: beside net/http alone\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, rounds)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-21s\tms to first token\tms of processor\tKiB of binary\tpackages\tlines\tinit µs\tinit allocs\tinit bytes\t\n", "")
	base := programs[0]
	for _, p := range programs {
		packages, lines := p.added(base)
		fmt.Fprintf(w, "%-21s\t%.1f\t%.1f\t%d\t%d\t%d\t%.0f\t%d\t%d\t\n", p.title, milliseconds(median(p.took)), milliseconds(median(p.processor)),
			(p.size-base.size)>>10, packages, lines, 1e3*milliseconds(p.inits.clock-base.inits.clock), p.inits.allocs-base.inits.allocs, p.inits.bytes-base.inits.bytes)
	}
	return w.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
