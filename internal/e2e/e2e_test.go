// Package e2e drives the command assay with a real browser.
package e2e

// This file starts what the tests need: the built command, an issuer, and Chromium.

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var shots = flag.String("shots", "", "`folder` to leave pictures of the page in")

// What all tests share.
var (
	browser context.Context // of chromedp
	binary  string          // the command, built
	issuer  *jwttest.Issuer // over http on loopback, with a trailing slash
)

// rebound is a name that points at this machine, as its owner can make any name do.
const rebound = "rebound.example"

// elsewhere is an address of this machine as others see it: no browser takes it for loopback (RFC 5737).
const elsewhere = "192.0.2.1"

// patience is how long a test waits for what never happens.
const patience = time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	path, err := chromium()
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "assay-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "assay")
	if out, err := exec.Command("go", "build", "-o", binary, "assay.example/jwt/cmd/assay").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("the command cannot be built: %v\n%s", err, out)
	}
	if issuer, err = jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.RS256}}); err != nil {
		return 1, err
	}
	defer issuer.Close()

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoSandbox, // which Chromium asks of root, as continuous integration often is
		chromedp.Flag("host-resolver-rules", "MAP "+rebound+" 127.0.0.1, MAP "+elsewhere+" 127.0.0.1"))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	var end context.CancelFunc
	browser, end = chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(browser); err != nil {
		return 1, fmt.Errorf("%s cannot be started: %v", path, err)
	}
	return m.Run(), nil
}

// chromium finds the browser. Without one there is nothing that these tests could show.
func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("these tests need Chromium, and there is none in PATH: on Debian, apt-get install chromium")
}

// debugger is an "assay debug" that is running.
type debugger struct {
	base   string // URL without a slash
	output *lines
	stop   func()
}

// lines collects what a process prints.
type lines struct {
	mu   sync.Mutex // guards all
	all  []string
	more chan string // those that look like a link
}

func (l *lines) read(from io.Reader) {
	link := regexp.MustCompile(`^ +(http://\S+/#[A-Z2-7]{52,})$`)
	for s := bufio.NewScanner(from); s.Scan(); {
		l.mu.Lock()
		l.all = append(l.all, s.Text())
		l.mu.Unlock()
		if found := link.FindStringSubmatch(s.Text()); found != nil {
			l.more <- found[1]
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

// debug starts the command, and ends it with the test.
func debug(t *testing.T, flags ...string) *debugger {
	t.Helper()
	d := &debugger{output: &lines{more: make(chan string, 100)}}
	cmd := exec.Command(binary, append([]string{"debug"}, flags...)...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() { defer close(read); d.output.read(r) }()
	d.stop = sync.OnceFunc(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("assay debug: %v\n%s", err, d.output)
		}
		w.Close()
		<-read
		if text := d.output.String(); strings.Contains(text, "eyJ") {
			t.Error("a token was printed")
		}
	})
	t.Cleanup(d.stop)
	return d
}

// link returns the newest link that was printed.
func (d *debugger) link(t *testing.T) string {
	t.Helper()
	select {
	case link := <-d.output.more:
		d.base, _, _ = strings.Cut(link, "/#")
		return link
	case <-time.After(patience):
		t.Fatalf("no link was printed:\n%s", d.output)
	}
	return ""
}

type step = chromedp.Action[chromedp.Void]

// command makes a step of a command whose result does not matter.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// tab is a tab of the browser. When the test ends, it must not have asked for anything but the
// page's own address, nor broken the page's policy, nor thrown an error.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex // guards what follows
	requests []string
	faults   []string
}

func newTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	ctx, stop := context.WithTimeout(ctx, patience)
	p := &tab{t: t, ctx: ctx}
	err := chromedp.Listen(ctx, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			p.requests = append(p.requests, e.Request.URL)
		case *cdpruntime.EventExceptionThrown:
			p.faults = append(p.faults, e.ExceptionDetails.Text)
		case *cdpruntime.EventConsoleAPICalled:
			p.faults = append(p.faults, "console."+string(e.Type))
		case *cdplog.EventEntryAdded:
			p.faults = append(p.faults, e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(command(network.Enable, network.EnableParams{}), command(cdplog.Enable, cdp.Empty{}))
	t.Cleanup(func() { stop(); cancel() })
	return p
}

// open opens the page of d by its newest link.
func open(t *testing.T, d *debugger, actions ...step) *tab {
	t.Helper()
	p := newTab(t)
	p.do(actions...)
	p.do(chromedp.Navigate(d.link(t)))
	p.until(`sessionStorage.getItem("assay-session") !== null && location.hash === ""`)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, url := range p.requests {
			if url != d.base && !strings.HasPrefix(url, d.base+"/") {
				t.Errorf("the page asked for %.100s", url)
			}
			if strings.Contains(url, "eyJ") {
				t.Error("a token is in an address")
			}
		}
		for _, fault := range p.faults {
			t.Errorf("the page complains: %s", fault)
		}
	})
	return p
}

// forget drops complaints that a test has caused on purpose.
func (p *tab) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (p *tab) do(actions ...step) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// value evaluates JavaScript.
func value[T any](p *tab, script string) (v T) {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// until waits for JavaScript to be true.
func (p *tab) until(script string) {
	p.t.Helper()
	loop := fmt.Sprintf(`new Promise((done) => {
		const end = performance.now() + %d;
		const look = () => (%s) ? done(true) : performance.now() > end ? done(false) : requestAnimationFrame(look);
		look();
	})`, (patience / 2).Milliseconds(), script)
	if held, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](loop, chromedp.EvalAwaitPromise)); err != nil || !held {
		p.t.Fatalf("never true: %s: %v\nthe page:\n%s", script, err, p.text("body"))
	}
}

// paste puts text into a field as the clipboard does: at once, with one event.
func (p *tab) paste(selector, text string) {
	p.t.Helper()
	p.do(chromedp.Focus(chromedp.CSS(selector)), chromedp.Evaluate[chromedp.Void](`document.activeElement.select()`),
		command(input.InsertText, input.InsertTextParams{Text: text}))
}

// click activates what can be seen and used, wherever the page is still scrolling to: a mouse that is
// told a place could come too late.
func (p *tab) click(selector string) {
	p.t.Helper()
	element := fmt.Sprintf("document.querySelector(%q)", selector)
	p.until(element + "?.checkVisibility() && !" + element + ".disabled")
	p.do(chromedp.Evaluate[chromedp.Void](element + ".click()"))
}

// keys presses keys, on whatever has the focus.
func (p *tab) keys(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do(chromedp.KeyEvent(key))
	}
}

// stamps waits for what the page says first.
func (p *tab) stamps(want string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelectorAll("#stamp span")].map((s) => s.textContent).join(", ") === %q`, want))
}

// answer is what the page shows of one question.
type answer struct{ Title, Verdict, Text, Hint string }

// answers reads the five questions, as they are seen.
func (p *tab) answers() map[string]answer {
	p.t.Helper()
	return value[map[string]answer](p, `Object.fromEntries([...document.querySelectorAll("[data-question]")].map((q) => [q.dataset.question, {
		Title: q.querySelector("h3").innerText, Verdict: q.querySelector(".verdict").innerText,
		Text: [...q.querySelectorAll(".answer")].map((a) => a.innerText).join("\n"),
		Hint: [...q.querySelectorAll(".hint")].map((a) => a.innerText).join("\n")}]))`)
}

// verdicts are those of the five questions in their order.
func (p *tab) verdicts() string {
	p.t.Helper()
	return value[string](p, `[...document.querySelectorAll(".verdict")].map((v) => v.innerText).join(" ")`)
}

func (p *tab) text(selector string) string {
	p.t.Helper()
	encoded, err := json.Marshal(selector)
	if err != nil {
		p.t.Fatal(err)
	}
	return value[string](p, `document.querySelector(`+string(encoded)+`).innerText`)
}

// set gives a field a value as typing does, or a choice.
func (p *tab) set(id, text string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.value = %q; e.dispatchEvent(new Event(e.tagName === "SELECT" ? "change" : "input", {bubbles: true})); })()`, id, text)))
}

// source chooses where the keys come from.
func (p *tab) source(name string) {
	p.t.Helper()
	p.click(`input[name="source"][value="` + name + `"] + span`)
}

// frames waits until everything that was done has been painted.
func (p *tab) frames() {
	p.t.Helper()
	script := `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatal(err)
	}
}

// picture leaves a picture of the whole page, if pictures were asked for.
func (p *tab) picture(name string) {
	p.t.Helper()
	if *shots == "" {
		return
	}
	p.frames()
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	p.leave(name, png)
}

func (p *tab) leave(name string, png []byte) {
	p.t.Helper()
	if *shots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Screens.
func wide() step { return chromedp.EmulateViewport(1280, 900) }
func phone() step {
	return chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateScale(2))
}

func theme(name string) step {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

// still is a theme in which nothing moves, so that its colours are there at once.
func still(name string) step {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// tree is the accessibility tree: what a screen reader is told.
func (p *tab) tree() []*accessibility.Node {
	p.t.Helper()
	result, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	return result.Nodes
}

// hs256 makes a token with a shared secret.
func hs256(t *testing.T, secret string) string {
	t.Helper()
	payload := fmt.Sprintf(`{"iss":"https://issuer.example","aud":"api","exp":%d}`, time.Now().Add(time.Hour).Unix())
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// axeRun gives what axe-core finds.
const axeRun = `axe.run(document, {resultTypes: ["violations"]}).then(({ violations, passes }) =>
	[...violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html.slice(0, 200) + " " + n.failureSummary)), ...(passes.length < 20 ? ["only " + passes.length + " rules pass"] : [])])`

// accessible has axe-core look at the page as it stands.
func (p *tab) accessible(state string) {
	p.t.Helper()
	p.frames()
	if !value[bool](p, `"axe" in globalThis`) {
		axe, err := os.ReadFile(filepath.Join("npm", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			p.t.Fatalf("%v: run npm ci --ignore-scripts in internal/e2e/npm", err)
		}
		p.do(chromedp.Evaluate[chromedp.Void](string(axe) + "; undefined"))
	}
	found, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, violation := range found {
		p.t.Errorf("%s: %s", state, violation)
	}
}
