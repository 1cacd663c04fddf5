package e2e

// This file uses the page of "assay debug" in Firefox, with the keyboard alone.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay.example/jwt/jwttest"
)

// firefox is a Firefox with one tab, driven by npm/firefox.mjs.
type firefox struct {
	t    *testing.T
	in   io.Writer
	out  *bufio.Scanner
	name string // of its theme
}

func startFirefox(t *testing.T, dark bool) *firefox {
	t.Helper()
	path := ""
	for _, name := range []string{"firefox-esr", "firefox"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Fatal("this test needs Firefox, and there is none in PATH: on Debian, apt-get install firefox-esr")
	}
	settings, err := json.Marshal(map[string]any{"executable": path, "dark": dark})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join("npm", "firefox.mjs"), string(settings))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &firefox{t: t, in: in, out: bufio.NewScanner(out), name: map[bool]string{true: "dark", false: "light"}[dark]}
	f.out.Buffer(nil, 1<<20)
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("firefox.mjs: %v; are its modules there? Run npm ci --ignore-scripts in internal/e2e/npm", err)
		}
	})
	return f
}

// tell gives the browser a command and returns the answer.
func (f *firefox) tell(command string, argument any) json.RawMessage {
	f.t.Helper()
	text, err := json.Marshal(map[string]any{command: argument})
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.in.Write(append(text, '\n')); err != nil {
		f.t.Fatal(err)
	}
	if !f.out.Scan() {
		f.t.Fatalf("no answer to %s: %v", command, f.out.Err())
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(f.out.Bytes(), &answer); err != nil || answer.Error != "" {
		f.t.Fatalf("%s: %v %s", command, err, answer.Error)
	}
	return answer.Value
}

// text evaluates JavaScript that gives a text.
func (f *firefox) text(script string) (s string) {
	f.t.Helper()
	if err := json.Unmarshal(f.tell("run", "String("+script+")"), &s); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// until waits for JavaScript to be true.
func (f *firefox) until(script string) {
	f.t.Helper()
	held := f.tell("run", fmt.Sprintf(`new Promise((done) => {
		const end = performance.now() + %d;
		const look = () => (%s) ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 10);
		look();
	})`, (patience/2).Milliseconds(), script))
	if string(held) != "true" {
		f.t.Fatalf("never true in Firefox: %s\nthe page:\n%s", script, f.text("document.body.innerText"))
	}
}

func (f *firefox) stamps(want string) {
	f.t.Helper()
	f.until(fmt.Sprintf(`[...document.querySelectorAll("#stamp span")].map((s) => s.textContent).join(", ") === %q`, want))
}

// reach presses Tab, or Shift and Tab, until an element has the focus.
func (f *firefox) reach(id string) {
	f.t.Helper()
	key := "Tab"
	if f.text(fmt.Sprintf(`document.activeElement.compareDocumentPosition(document.getElementById(%q)) & Node.DOCUMENT_POSITION_PRECEDING`, id)) != "0" {
		key = "Shift+Tab"
	}
	const most = 60
	for range most {
		if f.text("document.activeElement.id") == id {
			return
		}
		f.tell("press", []string{key})
	}
	f.t.Fatalf("%s does not lead to %s", key, id)
}

// paste types a text in place of what the field holds.
func (f *firefox) paste(id, text string) {
	f.t.Helper()
	f.reach(id)
	f.tell("press", []string{"Control+a"})
	f.tell("run", fmt.Sprintf(`document.execCommand("insertText", false, %q)`, text))
}

// looksRight wants nothing wider than the window, and axe-core to find nothing.
func (f *firefox) looksRight(state string) {
	f.t.Helper()
	if over := f.text("document.documentElement.scrollWidth - document.documentElement.clientWidth"); over != "0" {
		f.t.Errorf("%s, %s: the page is %s pixels too wide", state, f.name, over)
	}
	if f.text(`"axe" in globalThis`) == "false" {
		axe, err := os.ReadFile(filepath.Join("npm", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			f.t.Fatalf("%v: run npm ci --ignore-scripts in internal/e2e/npm", err)
		}
		f.tell("run", string(axe)+"; undefined")
	}
	var found []string
	if err := json.Unmarshal(f.tell("run", axeRun), &found); err != nil {
		f.t.Fatal(err)
	}
	for _, violation := range found {
		f.t.Errorf("%s, %s: %s", state, f.name, violation)
	}
	if *shots != "" {
		f.tell("picture", map[string]any{"path": filepath.Join(*shots, "firefox-"+strings.ReplaceAll(state, " ", "-")+"-"+f.name+".png"), "whole": true})
	}
}

// TestFirefox takes the way of somebody who has a token that works, one that does not, and no pointer.
func TestFirefox(t *testing.T) {
	for _, dark := range []bool{false, true} {
		d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
		f := startFirefox(t, dark)
		f.tell("size", []int{1280, 900})
		f.tell("open", d.link(t))
		f.until(`document.activeElement.id === "token" && document.querySelector("#issuer").value !== ""`)
		f.looksRight("start")
		works := issuer.Token(jwttest.Claims{"jti": "works", "scope": "read:messages"})
		f.paste("token", works)
		f.until(`document.querySelector("#payload").checkVisibility()`)
		f.stamps("UNVERIFIED")
		if places := f.text(`(() => {
			const at = (id) => document.querySelector(id).getBoundingClientRect();
			return [at("#editor").bottom < 900, at("#payload").bottom < 900, at("#header").left > at("#editor").right, innerWidth, innerHeight].join(" ");
		})()`); places != "true true true 1280 900" {
			t.Errorf("above the fold: %s", places)
		}
		if *shots != "" {
			f.tell("picture", map[string]any{"path": filepath.Join(*shots, "firefox-fold-"+f.name+".png")})
		}
		f.reach("issuer")
		f.tell("press", []string{"Enter"})
		f.stamps("VALID, SIGNATURE VERIFIED")
		f.until(`document.activeElement.id === "result"`)
		f.looksRight("valid")

		// The one that does not work, beside it.
		f.reach("compare")
		f.tell("press", []string{"Enter"})
		f.until(`document.activeElement.id === "other"`)
		f.paste("other", expired())
		f.stamps("A: UNVERIFIED, B: WOULD BE REFUSED")
		f.reach("issuer")
		f.tell("press", []string{"Control+Enter"})
		f.stamps("A: VALID, B: REFUSED")
		if say := f.text(`document.querySelector("#say").innerText`); !strings.Contains(say, "scope") || !strings.Contains(say, "exp") {
			t.Errorf("the tokens: %s", say)
		}
		for _, width := range []int{320, 1600} {
			f.tell("size", []int{width, 900})
			f.looksRight(fmt.Sprintf("compare at %d", width))
		}
		if dark {
			continue // the rest has no colours of its own
		}
		f.tell("size", []int{1280, 900})

		// A reload keeps the fields and no token. A bad key is told at its field, beside what is wrong with the token.
		f.reach("more-title")
		f.tell("press", []string{"Enter"})
		f.reach("scopes")
		f.tell("type", "read:messages")
		f.stamps("A: UNVERIFIED, B: WOULD BE REFUSED")
		f.until(`sessionStorage.getItem("assay-fields").includes("read:messages")`)
		f.tell("reload", nil)
		f.until(`document.querySelector("#scopes").value === "read:messages" && document.querySelector("#issuer").value !== "" && document.querySelector("#token").value === ""`)
		f.paste("token", expired())
		f.stamps("WOULD BE REFUSED, UNVERIFIED")
		f.tell("run", `document.querySelector("input[name=source]:checked").focus()`)
		f.tell("press", []string{"ArrowRight", "ArrowRight"})
		f.paste("key", "nonsense")
		f.until(`document.querySelector("#key-fault")?.checkVisibility() && document.querySelector("#say").innerText.startsWith("Expired")`)
		f.looksRight("bad key")
		f.impostor(d)
	}
}

// impostor ends the command and takes its port, as TestImpostor does.
func (f *firefox) impostor(d *debugger) {
	f.t.Helper()
	faults := f.tell("faults", nil)
	if string(faults) != "[]" {
		f.t.Errorf("the page complains: %s", faults)
	}
	d.stop()
	got := takePort(f.t, d, func(w http.ResponseWriter) {
		io.WriteString(w, `{"proof": "`+strings.Repeat("0123456789abcdef", 4)+`"}`)
	})
	f.paste("token", issuer.Token(nil))
	f.until(`document.querySelector("#form").inert && document.querySelector("#notice").innerText.includes("Another program answers")`)
	f.looksRight("impostor")
	if text := got(); !strings.Contains(text, "/api/proof") || strings.Contains(text, "eyJ") || strings.Contains(text, "/api/explain") {
		f.t.Errorf("the impostor got %s", text)
	}
	var requests []string
	if err := json.Unmarshal(f.tell("requests", nil), &requests); err != nil {
		f.t.Fatal(err)
	}
	for _, url := range requests {
		if strings.HasPrefix(url, "data:font") {
			continue // axe-core's own
		}
		if !strings.HasPrefix(url, d.base+"/") || strings.Contains(url, "eyJ") {
			f.t.Errorf("the page asked for %.100s", url)
		}
	}
}
