// This file tests the command as a user meets it: command lines in, text and exit status out.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// TestMain fails if a goroutine is left when all tests are done, other than the one with which the
// runtime watches for signals from the first time on that somebody asks for them.
func TestMain(m *testing.M) {
	_, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	stop()
	before := runtime.NumGoroutine()
	code := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before && code == 0 {
		stacks := make([]byte, 1<<20)
		fmt.Printf("%d goroutines are left, there were %d:\n%s\n", n, before, stacks[:runtime.Stack(stacks, true)])
		code = 1
	}
	os.Exit(code)
}

// output is a writer that many goroutines may use, and that tells when a text has been written.
type output struct {
	until string
	seen  chan struct{} // closed then

	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func newOutput(until string) *output { return &output{until: until, seen: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.until != "" && strings.Contains(o.text.String(), o.until)
	o.text.Write(b)
	if !before && o.until != "" && strings.Contains(o.text.String(), o.until) {
		close(o.seen)
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tokenPattern finds what begins like a JWT: a JSON object in base64url.
var tokenPattern = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*`)

func noToken(t *testing.T, text string) {
	t.Helper()
	if found := tokenPattern.FindString(text); found != "" {
		t.Errorf("the output holds a part of a token, of %d bytes", len(found))
	}
}

func TestDemo(t *testing.T) {
	stdout, stderr := newOutput(""), newOutput("")
	if code := run([]string{"demo"}, nil, stdout, stderr); code != exitOK {
		t.Fatalf("exit status %d, want 0\n%s%s", code, stdout, stderr)
	}
	text := stdout.String()
	for _, s := range steps() {
		row := fmt.Sprintf(`(?m)^ok +%s +%s +%d\n((?: {8,}.*\n)*)`, regexp.QuoteMeta(s.path), regexp.QuoteMeta(s.name), s.want.status)
		match := regexp.MustCompile(row).FindStringSubmatch(text)
		if match == nil {
			t.Errorf("%s %s: no row with status %d", s.path, s.name, s.want.status)
			continue
		}
		client, operator, refused := strings.Cut(spaced(match[1]), " operator ")
		if !strings.HasPrefix(client, "client ") || !strings.Contains(client, s.want.code) || !strings.Contains(client, s.want.scope) || !strings.Contains(client, s.want.message) {
			t.Errorf("%s %s: the client is told %s", s.path, s.name, client)
		}
		if refused != (s.want.reason != "") || !strings.HasPrefix(operator, string(s.want.reason)) {
			t.Errorf("%s %s: the operator is told %s", s.path, s.name, operator)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > helpWidth+1 {
			t.Errorf("a line of %d columns: %s", len(line)-1, line)
		}
	}
	if !strings.Contains(text, "\n        operator  keys_unavailable: the issuer answers with status 503\n\n") {
		t.Error("the last refusal is no clean line")
	}
	if !strings.Contains(text, fmt.Sprintf("All %d answers are right.", len(steps()))) || !strings.Contains(text, "-listen") {
		t.Error("the end of the tour or the word on -listen is missing")
	}
	if strings.Contains(text, "\x1b") {
		t.Error("colours in a buffer")
	}
	if stderr.String() != "" {
		t.Errorf("stderr: %s", stderr)
	}
	noToken(t, text)
}

// What the demo says to do next works as it stands, under the name that the program was started with.
func TestNextCommands(t *testing.T) {
	stdout := newOutput("")
	if code := runAs(t.Context(), goRun, []string{"demo"}, nil, stdout, newOutput("")); code != exitOK {
		t.Fatalf("exit status %d", code)
	}
	_, next, _ := strings.Cut(stdout.String(), "\nWhat to do next:\n")
	found := regexp.MustCompile(`(?m)^  `+regexp.QuoteMeta(goRun)+` (.*)$`).FindAllStringSubmatch(next, -1)
	if len(found) != 3 {
		t.Fatalf("%d commands:\n%s", len(found), next)
	}
	for _, match := range found {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		args := strings.Fields(strings.ReplaceAll(match[1], ":8080", ":0")) // a port that is surely free
		out, errs := newOutput("Ctrl-C"), newOutput("")
		code := make(chan int, 1)
		go func() { code <- runContext(ctx, args, strings.NewReader(exampleToken), out, errs) }()
		want, got := exitOK, -1
		if args[0] == "verify" {
			want = exitUsage // it says how to verify
		}
		select {
		case <-out.seen:
			cancel()
			got = <-code
		case got = <-code:
		}
		if got != want || out.String() == "" {
			t.Errorf("%q: exit status %d, want %d\n%s%s", args, got, want, out, errs)
		}
	}
}

// Lines are as long as the terminal is wide, within limits.
func TestWidth(t *testing.T) {
	for columns, want := range map[int]int{0: helpWidth, 20: minWidth, 60: 60, 80: 80, 100: 100, 300: maxWidth} {
		if got := widthFor(columns); got != want {
			t.Errorf("%d columns: %d, want %d", columns, got, want)
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n := columnsOf(file); n != 0 {
		t.Errorf("a file has %d columns", n)
	}
	refused := answer{status: 401, challenge: `Bearer error="invalid_token"`, refusal: &jwt.Error{Reason: jwt.ReasonAudienceMismatch, Member: "aud", Got: "https://billing.example.com", Want: `"https://api.example.com", or another one`}}
	for _, width := range []int{minWidth, 70, maxWidth} {
		o := newOutput("")
		p := newPrinter(o)
		p.width = width
		p.head(steps())
		p.row(steps()[7], refused, nil)
		p.note("Another instance of the API starts, and cannot fetch any keys.")
		p.summary(17, 0)
		for line := range strings.Lines(o.String()) {
			if len(line) > width+1 {
				t.Errorf("%d columns: a line of %d: %s", width, len(line)-1, line)
			}
		}
	}
}

// TestCoverage keeps the tour complete: each kind of refusal that it shows, by its number of rows.
func TestCoverage(t *testing.T) {
	rows := map[jwt.Reason]int{}
	for _, s := range steps() {
		rows[s.want.reason]++
	}
	for _, reason := range []jwt.Reason{jwt.ReasonNoToken, jwt.ReasonScopeMissing, jwt.ReasonTokenExpired, jwt.ReasonSignatureInvalid,
		jwt.ReasonAudienceMismatch, jwt.ReasonIssuerMismatch, jwt.ReasonKeyUnknown, jwt.ReasonKeyMismatch, jwt.ReasonTokenParts,
		jwt.ReasonAlgorithmRefused, jwt.ReasonCredentialRepeated, jwt.ReasonKeysUnavailable} {
		if rows[reason] != 1 {
			t.Errorf("%d rows for %s, want 1", rows[reason], reason)
		}
	}
	if rows[""] != 5 || len(steps()) != 17 {
		t.Errorf("%d of %d rows are accepted, want 5 of 17", rows[""], len(steps()))
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		code   int
		stdout string // what each stream must hold; empty: nothing at all
		stderr string
	}{
		{nil, exitUsage, "", "assay demo"},
		{[]string{"-h"}, exitOK, "\n  assay demo\n", ""},
		{[]string{"--help"}, exitOK, "\n  assay demo\n", ""},
		{[]string{"help"}, exitOK, "\n  assay demo\n", ""},
		{[]string{"help", "demo"}, exitOK, "Usage:\n\n  assay demo [-listen address]\n", ""},
		{[]string{"demo", "-h"}, exitOK, "\n  assay demo -listen 127.0.0.1:8080\n", ""},
		{[]string{"demo", "--help"}, exitOK, "\n  assay demo -listen 127.0.0.1:8080\n", ""},
		{[]string{"nonsense"}, exitUsage, "", `there is no command "nonsense"`},
		{[]string{"help", "nonsense"}, exitUsage, "", `there is no command "nonsense"`},
		{[]string{"-x"}, exitUsage, "", `there is no command "-x"`},
		{[]string{"demo", "-x"}, exitUsage, "", "-x"},
		{[]string{"demo", "-listen"}, exitUsage, "", "-listen"},
		{[]string{"demo", "more"}, exitUsage, "", `unexpected argument "more"`},
		{[]string{"demo", "-listen", "8080"}, exitUsage, "", "not an address like 127.0.0.1:8080"},
		{[]string{"demo", "-listen", ":8080"}, exitUsage, "", "not a loopback address"},
		{[]string{"demo", "-listen", "0.0.0.0:8080"}, exitUsage, "", "not a loopback address"},
		{[]string{"demo", "-listen", "[::]:8080"}, exitUsage, "", "not a loopback address"},
		{[]string{"demo", "-listen", "192.0.2.1:8080"}, exitUsage, "", "not a loopback address"},
		{[]string{"demo", "-listen", "example.com:8080"}, exitUsage, "", "not a loopback address"},
		{[]string{"demo", "-listen", "127.0.0.1.example.com:8080"}, exitUsage, "", "not a loopback address"},
	} {
		stdout, stderr := newOutput(""), newOutput("")
		code := run(c.args, nil, stdout, stderr)
		if code != c.code {
			t.Errorf("%q: exit status %d, want %d", c.args, code, c.code)
		}
		for _, stream := range []struct{ name, got, want string }{{"stdout", stdout.String(), c.stdout}, {"stderr", stderr.String(), c.stderr}} {
			if !strings.Contains(stream.got, stream.want) || stream.want == "" && stream.got != "" {
				t.Errorf("%q: %s is %q, want %q", c.args, stream.name, stream.got, stream.want)
			}
		}
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	stderr := newOutput("")
	if code := run([]string{"demo", "-listen", taken.Addr().String()}, nil, io.Discard, stderr); code != exitFailed || stderr.String() == "" {
		t.Errorf("exit status %d, want 1; stderr: %s", code, stderr)
	}
}

// TestWrongAnswer spoils one expectation at a time, and wants the tour to fail for it.
func TestWrongAnswer(t *testing.T) {
	for name, spoil := range map[string]func(*want){
		"status is 403, want 200":       func(w *want) { w.status = http.StatusOK },
		`error is "insufficient_scope"`: func(w *want) { w.code = "invalid_token" },
		`scope is "read:messages"`:      func(w *want) { w.scope = "" },
		`reason is "scope_missing"`:     func(w *want) { w.reason = "" },
		`message is ""`:                 func(w *want) { w.message = scopedMessage },
		`Retry-After is ""`:             func(w *want) { w.status = http.StatusServiceUnavailable },
	} {
		one := steps()[3:4] // the one that has both an error and a scope
		spoil(&one[0].want)
		stdout := newOutput("")
		c := &call{command: demoCommand, stdout: stdout, stderr: io.Discard}
		if code := c.demo(t.Context(), "", one); code != exitFailed {
			t.Errorf("%s: exit status %d, want 1", name, code)
		}
		text := stdout.String()
		if !strings.Contains(text, "\nWRONG /api/private-scoped") || !strings.Contains(text, name) || !strings.Contains(text, "1 of 1 answers are WRONG.") {
			t.Errorf("%s: not said in\n%s", name, text)
		}
	}
}

// TestOpenAPI takes the tour of an API that lets everybody in, and one of an API that is not there:
// every answer that should have been another must be found.
func TestOpenAPI(t *testing.T) {
	d, err := startDemo("", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	mux := http.NewServeMux()
	mux.Handle("/api/public", message(publicMessage))
	mux.Handle("/api/private", message(privateMessage))
	mux.Handle("/api/private-scoped", message(scopedMessage))
	open := httptest.NewServer(mux)
	defer open.Close()
	closed := httptest.NewServer(mux)
	closed.Close()

	refusals := 0
	for _, s := range steps() {
		if s.want.reason != "" {
			refusals++
		}
	}
	for url, want := range map[string]int{open.URL: refusals, closed.URL: len(steps())} {
		tour := d.tour()
		tour.api, tour.restarted = url, url
		stdout := newOutput("")
		wrong, err := tour.run(t.Context(), steps(), &printer{w: stdout})
		if err != nil || wrong != want {
			t.Errorf("%d answers are wrong, want %d; %v\n%s", wrong, want, err, stdout)
		}
		noToken(t, stdout.String())
	}
}

func TestInterruptedTour(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stderr := newOutput("")
	if code := runContext(ctx, []string{"demo"}, nil, io.Discard, stderr); code != exitFailed || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit status %d, want 1; stderr: %s", code, stderr)
	}
}

// listening is a demo that has taken its tour and waits for the user.
type listening struct {
	stdout, stderr *output
	code           chan int
	issuer, api    string // URLs, as printed
}

// listen starts a demo. start runs it with these streams and returns its exit status.
func listen(t *testing.T, start func(args []string, stdout, stderr io.Writer) int) *listening {
	t.Helper()
	l := &listening{stdout: newOutput("is logged here."), stderr: newOutput(""), code: make(chan int, 1)}
	go func() { l.code <- start([]string{"demo", "-listen", "127.0.0.1:0"}, l.stdout, l.stderr) }()
	select {
	case <-l.stdout.seen:
	case code := <-l.code:
		t.Fatalf("exit status %d before the end\n%s%s", code, l.stdout, l.stderr)
	}
	for prefix, url := range map[string]*string{"Issuer": &l.issuer, "API": &l.api} {
		match := regexp.MustCompile(`(?m)^` + prefix + ` +(http://127\.0\.0\.1:\d+/?)`).FindStringSubmatch(l.stdout.String())
		if match == nil {
			t.Fatalf("the address of %s is not printed\n%s", prefix, l.stdout)
		}
		*url = match[1]
	}
	return l
}

// stopped waits for the end, and wants nobody to be listening then.
func (l *listening) stopped(t *testing.T) {
	t.Helper()
	if code := <-l.code; code != exitOK {
		t.Errorf("exit status %d, want 0", code)
	}
	for _, url := range []string{l.issuer, l.api} {
		address := strings.Trim(strings.TrimPrefix(url, "http://"), "/")
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("%s still takes connections", url)
		}
	}
}

// get calls the API and returns status and body.
func get(t *testing.T, url, authorization string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// grantFrom asks the printed issuer for a token.
func grantFrom(t *testing.T, issuer string) string {
	t.Helper()
	resp, err := http.Post(issuer+"oauth/token", "application/json", bytes.NewReader(tokenRequest("read:messages")))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&granted); err != nil || granted.Token == "" {
		t.Fatalf("no token with status %d: %v", resp.StatusCode, err)
	}
	return granted.Token
}

func TestListen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := listen(t, func(args []string, stdout, stderr io.Writer) int { return runContext(ctx, args, nil, stdout, stderr) })
	if l.stderr.String() != "" {
		t.Errorf("the tour's own refusals are logged: %s", l.stderr)
	}

	// The issuer is up again: it hands out tokens, and its keys can be had.
	token := grantFrom(t, l.issuer)
	if status, _ := get(t, l.issuer+".well-known/openid-configuration", ""); status != http.StatusOK {
		t.Errorf("the issuer's metadata: status %d", status)
	}
	for path, want := range map[string]string{"/api/private": privateMessage, "/api/private-scoped": scopedMessage} {
		if status, body := get(t, l.api+path, "Bearer "+token); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, body %s", path, status, body)
		}
	}

	// A refusal is logged before it is answered.
	if status, _ := get(t, l.api+"/api/private", "Bearer "+token+"x"); status != http.StatusUnauthorized {
		t.Errorf("a longer signature: status %d", status)
	}
	if status, _ := get(t, l.api+"/api/private", ""); status != http.StatusUnauthorized {
		t.Errorf("no token: status %d", status)
	}
	log := l.stderr.String()
	for _, part := range []string{`msg="request refused" method=GET path=/api/private`, "refusal.reason=token_encoding", "refusal.reason=no_token"} {
		if !strings.Contains(log, part) {
			t.Errorf("the log does not hold %s:\n%s", part, log)
		}
	}
	if strings.Count(log, "\n") != 2 {
		t.Errorf("the log has not one line for each refusal:\n%s", log)
	}
	noToken(t, log)

	// The commands on the screen, as they stand.
	if out := typed(t, l); !strings.Contains(out, " 200 OK") || !strings.Contains(out, privateMessage) {
		t.Errorf("the printed commands do not work:\n%s", out)
	}
	cancel()
	l.stopped(t)
	noToken(t, l.stdout.String())
}

// typed runs the printed commands. Where there is no shell, curl or sed it reads them, and makes
// the same requests.
func typed(t *testing.T, l *listening) string {
	t.Helper()
	match := regexp.MustCompile(`(?s)\nTOKEN=\$\(curl -sS (\S+) .*?-d '([^']*)'.*?\n\ncurl -i (\S+) -H "Authorization: Bearer \$TOKEN"\n`).FindStringSubmatch(l.stdout.String())
	if match == nil {
		t.Fatalf("the commands are not printed:\n%s", l.stdout)
	}
	able := true
	for _, program := range []string{"sh", "curl", "sed"} {
		_, err := exec.LookPath(program)
		able = able && err == nil
	}
	if able {
		sh := exec.CommandContext(t.Context(), "sh", "-c", match[0])
		sh.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
		out, err := sh.CombinedOutput()
		if err != nil {
			t.Errorf("the printed commands: %v", err)
		}
		return string(out)
	}
	if match[1] != l.issuer+"oauth/token" || strings.Join(strings.Fields(match[2]), "") != string(tokenRequest("read:messages")) {
		t.Errorf("the printed request for a token goes to %s with %s", match[1], match[2])
	}
	status, body := get(t, match[3], "Bearer "+grantFrom(t, l.issuer))
	return fmt.Sprintf("HTTP/1.1 %d %s\n\n%s", status, http.StatusText(status), body)
}

// TestSignal ends the demo as Ctrl-C does. Windows has no way to send that to one process.
func TestSignal(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	l := listen(t, func(args []string, stdout, stderr io.Writer) int { return run(args, nil, stdout, stderr) })
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	l.stopped(t)
}

// TestForgedKeyIsTheIssuers shows that the forgery of the tour is a good one: the PEM text is that
// of the key that verifies the issuer's tokens.
func TestForgedKeyIsTheIssuers(t *testing.T) {
	d, err := startDemo("", io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	text, err := d.tour().publicKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jwt.ParsePEM("", jwt.RS256, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || keys[0].Thumbprint() != d.issuer.Key(jwt.RS256).Thumbprint() {
		t.Error("the PEM text holds another key")
	}
}

// TestForgeries shows that each forgery differs from a good token where it should and nowhere else.
func TestForgeries(t *testing.T) {
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.RS256}})
	if err != nil {
		t.Fatal(err)
	}
	defer issuer.Close()
	good, err := splitToken(issuer.Token(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		forge              func(string) (string, error)
		header, signature  bool // kept as they were
		emptied, rewritten bool // of the signature; of the payload
	}{
		"tamper":      {tamper, true, true, false, true},
		"unsign":      {unsign, false, false, true, true},
		"unsignStale": {unsignStale, false, true, false, true},
	} {
		text, err := c.forge(good.String())
		if err != nil {
			t.Fatal(err)
		}
		forged, err := splitToken(text)
		if err != nil {
			t.Fatal(err)
		}
		if (forged.header == good.header) != c.header || (forged.signature == good.signature) != c.signature ||
			(forged.signature == "") != c.emptied || (forged.payload != good.payload) != c.rewritten {
			t.Errorf("%s changes something else than it should", name)
		}
	}
	if _, err := tamper("opaque"); err == nil {
		t.Error("a token that is none was tampered with")
	}
}

func TestColor(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // never coloured
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if !colored(device) || !colored(&terminal{device}) || colored(file) || colored(newOutput("")) {
		t.Error("colours go to a file, or not to a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if colored(device) {
		t.Error("colours although NO_COLOR is set")
	}

	// Colours change nothing else.
	wrong := answer{status: 200, message: foreign(strings.Repeat("long enough to be broken ", 10))}
	row := func(color bool) string {
		o := newOutput("")
		p := &printer{w: &terminal{o}, color: color}
		p.head(steps())
		p.row(steps()[1], wrong, []string{"a fault"})
		p.summary(1, 1)
		return o.String()
	}
	plain, painted := row(false), row(true)
	if stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, ""); stripped != plain || painted == plain {
		t.Errorf("painted:\n%s\nplain:\n%s", painted, plain)
	}
}
