package e2e

// This file uses the page of "assay debug" as people do, and looks at what they see.

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// tampered gives a token the claims of another one.
func tampered() string {
	mine, theirs := strings.Split(issuer.Token(nil), "."), strings.Split(issuer.Token(jwttest.Claims{"sub": "admin", "jti": "tampered"}), ".")
	return mine[0] + "." + theirs[1] + "." + mine[2]
}

func expired() string {
	now := time.Now()
	return issuer.Token(jwttest.Claims{"jti": "expired", "iat": now.Add(-time.Hour).Unix(), "exp": now.Add(-192 * time.Second).Unix()})
}

// TestQuestions pastes tokens, asks the issuer, and reads the answers.
func TestQuestions(t *testing.T) {
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	p := open(t, d, wide(), theme("light"))
	p.until(`document.querySelector("#issuer").value !== ""`)
	for _, c := range []struct {
		name, token string
		before      string // what is said first, before the issuer is asked
		stamps      string
		verdicts    string
		question    string
		text, hint  string
	}{
		{"good", issuer.Token(jwttest.Claims{"jti": "good"}), "UNVERIFIED",
			"VALID, SIGNATURE VERIFIED", "PASS PASS PASS PASS PASS", "in_time", "Expires in", ""},
		{"expired", expired(), "WOULD BE REFUSED, UNVERIFIED",
			"REFUSED, SIGNATURE VERIFIED", "PASS PASS FAIL PASS PASS", "in_time", "Expired 3m", "Hint: "},
		{"tampered", tampered(), "UNVERIFIED",
			"REFUSED, UNVERIFIED", "PASS FAIL SKIP SKIP SKIP", "untampered", "signature does not hold", "Hint: "},
		{"slash", issuer.Token(jwttest.Claims{"jti": "slash", "iss": strings.TrimSuffix(issuer.URL, "/")}), "WOULD BE REFUSED, UNVERIFIED",
			"REFUSED, SIGNATURE VERIFIED", "PASS PASS PASS FAIL PASS", "issuer", issuer.URL, "trailing slash"},
	} {
		metadata, keys := issuer.Fetches()
		p.paste("#token", c.token)
		p.until(fmt.Sprintf(`document.querySelector('[data-field="jti"] pre')?.innerText === '"%s"'`, c.name))
		p.stamps(c.before)
		if badges := value[string](p, `[...document.querySelectorAll(".badge")].map((b) => b.innerText).join(" ")`); badges != "UNVERIFIED UNVERIFIED UNVERIFIED" {
			t.Errorf("%s: the parts are %s before the signature holds", c.name, badges)
		}
		if m, k := issuer.Fetches(); m != metadata || k != keys {
			t.Errorf("%s: the issuer was asked, and nobody had said so", c.name)
		}
		if c.name == "good" {
			p.picture("pasted-light")
		}
		p.click("#verify")
		p.stamps(c.stamps)
		if m, k := issuer.Fetches(); m != metadata+1 || k != keys+1 {
			t.Errorf("%s: the issuer was asked %d and %d times", c.name, m-metadata, k-keys)
		}
		if got := p.verdicts(); got != c.verdicts {
			t.Errorf("%s: %s, want %s", c.name, got, c.verdicts)
		}
		if a := p.answers()[c.question]; !strings.Contains(a.Text, c.text) || !strings.Contains(a.Hint, c.hint) {
			t.Errorf("%s: %+v", c.name, a)
		}
		if label := value[string](p, `document.querySelector("#timeline svg").getAttribute("aria-label")`); !strings.Contains(label, "iat") || !strings.Contains(label, "exp") || !strings.Contains(label, "leeway 30 s") {
			t.Errorf("%s: the timeline is %s", c.name, label)
		}
		if colours := value[string](p, `["h", "p", "s"].map((c) => document.querySelector("#mirror .part-" + c).textContent).join(".")`); colours != c.token {
			t.Errorf("%s: the colours are on %s", c.name, colours)
		}
		if n := value[int](p, `new Set(["h", "p", "s"].map((c) => getComputedStyle(document.querySelector("#mirror .part-" + c)).color)).size`); n != 3 {
			t.Errorf("%s: %d colours", c.name, n)
		}
		p.picture("issuer-" + c.name)
	}
	a := p.answers()
	for id, title := range map[string]string{"well_formed": "Is it well formed?", "untampered": "Has it been tampered with?", "in_time": "Is it in its validity period?",
		"issuer": "Is it from the intended authority?", "audience": "Is it meant for this application?"} {
		if a[id].Title != title {
			t.Errorf("the question %s is %q", id, a[id].Title)
		}
	}
	p.click("#clear")
	p.stamps("UNVERIFIED")
	if left := value[string](p, `document.querySelector("#token").value + document.querySelector("#mirror").innerText.replace("\u200b", "") + [...document.querySelectorAll(".fields")].filter((f) => f.offsetParent).length`); strings.TrimSpace(left) != "0" {
		t.Errorf("left after Clear: %q", left)
	}
}

// TestSamples takes each sample in each look.
func TestSamples(t *testing.T) {
	d := debug(t)
	for _, look := range []struct {
		name   string
		screen step
		theme  string
	}{{"light", wide(), "light"}, {"dark", wide(), "dark"}, {"phone", phone(), "light"}, {"phone-dark", phone(), "dark"}} {
		p := open(t, d, look.screen, theme(look.theme))
		p.picture("start-" + look.name)
		p.looksRight("start")
		for kind, want := range map[string]string{
			"good": "PASS PASS PASS PASS PASS", "expired": "PASS PASS FAIL PASS PASS", "tampered": "PASS FAIL SKIP SKIP SKIP", "slash": "PASS PASS PASS FAIL PASS",
		} {
			p.click(`[data-example="` + kind + `"]`)
			p.until(`[...document.querySelectorAll(".verdict")].map((v) => v.innerText).join(" ") === "` + want + `"`)
			if strings.HasPrefix(look.name, "phone") {
				// It was scrolled to, unless it was in sight.
				p.until(`(({ top }) => top >= -1 && top <= innerHeight - 120)(document.querySelector("#banner").getBoundingClientRect())`)
			}
			p.picture(kind + "-" + look.name)
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = true)`))
			p.looksRight(kind)
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach((d) => d.open = false); scrollTo(0, 0)`))
		}
		light := value[bool](p, `getComputedStyle(document.body).backgroundColor.match(/\d+/)[0] > 128`)
		if light != (look.theme == "light") {
			t.Errorf("%s: the page is light: %v", look.name, light)
		}
	}
}

// looksRight wants nothing wider than the screen, and all text to have the contrast of WCAG 2.2 AA.
func (p *tab) looksRight(state string) {
	p.t.Helper()
	p.frames()
	if over := value[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		p.t.Errorf("%s: the page is %d pixels too wide", state, over)
	}
	faint := value[[]string](p, `(() => {
		const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
		const over = (under, colour) => {
			pixel.fillStyle = "rgb(" + under.slice(0, 3) + ")";
			pixel.fillRect(0, 0, 1, 1);
			pixel.fillStyle = colour;
			pixel.fillRect(0, 0, 1, 1);
			return [...pixel.getImageData(0, 0, 1, 1).data];
		};
		const behind = (e) => e ? over(behind(e.parentElement), getComputedStyle(e).backgroundColor) : [255, 255, 255];
		const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
			.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
		const found = [];
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const e = walk.currentNode.parentElement, style = getComputedStyle(e);
			if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest("script, noscript, option")) continue;
			const svg = e.closest("svg");
			const under = svg && e.classList.contains("now-text") ? over([0, 0, 0], getComputedStyle(svg.querySelector(".now-flag")).fill) : behind(svg ? svg.parentElement : e);
			const a = light(under), b = light(over(under, svg ? style.fill : style.color));
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) found.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className.baseVal + e.className + " " + walk.currentNode.data.trim().slice(0, 30));
		}
		return found;
	})()`)
	for _, text := range faint {
		p.t.Errorf("%s: contrast %s", state, text)
	}
}

// TestKeyboard does everything without a pointer.
func TestKeyboard(t *testing.T) {
	d := debug(t, "-insecure-loopback-http")
	p := open(t, d, wide())
	p.until(`document.activeElement.id === "token"`)
	p.paste("#token", issuer.Token(nil))
	p.stamps("UNVERIFIED")
	p.until(`document.querySelector("#issuer-use button")`)

	// Every control comes in its turn, and the way leads out of the page.
	focused := func() string {
		return value[string](p, `(() => { const e = document.activeElement; return e === document.body ? "" : e.id || e.dataset.example || e.className || e.tagName + " " + e.textContent.slice(0, 20); })()`)
	}
	var order []string
	for {
		p.keys(kb.Tab)
		at := focused()
		if at == "" || len(order) > 60 {
			break
		}
		order = append(order, at)
	}
	at := -1
	for _, want := range []string{"token-file", "clear", "compare", "good", "expired", "tampered", "slash", "issuer", "chip", "audience", "verify", "forget"} {
		next := slices.Index(order, want)
		if next <= at {
			t.Fatalf("%s is not reached in its turn: %q", want, order)
		}
		at = next
	}

	// From the top: the skip link, the fields, the answer.
	p.do(chromedp.Focus(chromedp.CSS("#issuer")))
	p.keys(kb.Tab)
	if focused() != "chip" {
		t.Fatalf("behind the issuer comes %s", focused())
	}
	p.keys(kb.Enter) // take what the token says
	p.until(`document.activeElement.id === "issuer" && document.activeElement.value === "` + issuer.URL + `"`)
	p.until(`!document.querySelector("#issuer-use button")`)
	p.keys(kb.Tab)
	if focused() != "audience" {
		t.Fatalf("behind the issuer comes %s", focused())
	}
	p.keys(jwttest.Audience)
	p.keys(kb.Enter)
	p.stamps("VALID, SIGNATURE VERIFIED")
	p.until(`document.activeElement.id === "result"`)

	// The next stops are the checks of each question.
	p.keys(kb.Tab, kb.Enter)
	if open := value[string](p, `document.activeElement.closest("[data-question]").dataset.question + document.activeElement.parentElement.open`); open != "well_formedtrue" {
		t.Errorf("behind the answer comes %s", open)
	}

	// The source of keys is chosen with arrows; Ctrl-Enter verifies from anywhere in the form.
	p.do(chromedp.Focus(chromedp.CSS("input[name=source]:checked")))
	p.keys(kb.ArrowRight, kb.ArrowRight, kb.ArrowRight)
	p.until(`document.activeElement.value === "secret" && document.querySelector("#secret").checkVisibility()`)
	p.keys(kb.Tab)
	p.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(kb.ModifierCtrl)))
	p.until(`document.querySelector("#secret").getAttribute("aria-invalid") === "true" && document.activeElement.id === "secret"`)

	// What has the focus is seen to have it.
	if width := value[string](p, `(document.activeElement.blur(), document.querySelector("#verify").focus(), getComputedStyle(document.querySelector("#verify")).outlineWidth)`); width != "3px" {
		t.Errorf("the outline is %s wide", width)
	}
}

// TestScreenReader looks at what assistive technology is told.
func TestScreenReader(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	p.click(`[data-example="expired"]`)
	p.stamps("REFUSED, SIGNATURE VERIFIED")
	found := map[string]bool{}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			if err := json.Unmarshal(v.Value, &s); err != nil {
				return ""
			}
		}
		return s
	}
	for _, node := range p.tree() {
		if node.Ignored {
			continue
		}
		role, name := text(node.Role), text(node.Name)
		found[role+" "+name] = true
		switch role {
		case "textbox", "button", "radio", "checkbox", "combobox", "image", "form", "region", "link":
			if name == "" {
				t.Errorf("a %s without a name", role)
			}
		}
		if role == "image" && strings.HasPrefix(name, "Timeline: ") && strings.Contains(name, "exp 3 min") {
			found["timeline"] = true
		}
	}
	for _, want := range []string{
		"main ", "banner ", "contentinfo ", "form What to verify", "region Result", "link Skip to the result",
		"heading assay debug", "heading Token", "heading What you expect", "heading Header", "heading Payload", "heading Five questions", "heading Timeline",
		"heading Is it well formed?", "heading Is it in its validity period?",
		"textbox Token", "textbox Issuer", "textbox Audience several: apart by spaces", "textbox Public key PEM, JWK or JWK Set; or drop a file",
		"radio From the issuer", "radio Key set address", "radio Public key", "radio Secret", "group Keys", "button Verify", "button Clear", "button Compare two", "button Forget all fields", "button expired", "timeline",
		"StaticText PASS", "StaticText FAIL", "StaticText REFUSED", "StaticText SIGNATURE VERIFIED",
	} {
		if !found[want] {
			t.Errorf("there is no %s", want)
		}
	}
	if live := value[string](p, `(({ role, ariaLive, ariaAtomic }) => [role, ariaLive, ariaAtomic].join(" "))(document.querySelector("#banner"))`); live != "status polite true" {
		t.Errorf("the answer is %s", live)
	}
	if levels := value[string](p, `[...document.querySelectorAll("h1, h2, h3")].filter((e) => e.checkVisibility()).map((e) => e.tagName[1]).join("")`); !strings.HasPrefix(levels, "1222223333322") {
		t.Errorf("the headings are of the levels %s", levels)
	}
	p.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}))
	if moving := value[int](p, `[...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).transitionDuration !== "0s" || getComputedStyle(e).animationName !== "none").length`); moving != 0 {
		t.Errorf("%d elements move", moving)
	}
}

// TestLargeToken fills the 16 KiB.
func TestLargeToken(t *testing.T) {
	pad := 0
	token := func() string { return issuer.Token(jwttest.Claims{"jti": "x", "groups": strings.Repeat("g", pad)}) }
	for pad = 11700; len(token()) <= 16<<10-4; pad++ {
	}
	for ; len(token()) > 16<<10; pad-- {
	}
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	for name, screen := range map[string]step{"wide": wide(), "phone": phone()} {
		p := open(t, d, screen)
		p.until(`document.querySelector("#issuer").value !== ""`)
		p.paste("#token", token())
		p.stamps("UNVERIFIED")
		p.click("#verify")
		p.stamps("VALID, SIGNATURE VERIFIED")
		p.looksRight("large on " + name)
		// The coloured text lies under the one that is edited, line by line.
		if apart := value[float64](p, `Math.abs(document.querySelector("#mirror").scrollHeight - document.querySelector("#token").scrollHeight)`); apart > 0 {
			t.Errorf("%s: the colours are %v pixels off", name, apart)
		}
		p.picture("large-" + name)
	}
}

// TestTab shows what a tab keeps, and for how long it is let in.
func TestTab(t *testing.T) {
	d := debug(t)
	link := d.link(t)
	d.output.more <- link
	p := open(t, d, wide())
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")
	if kept := value[string](p, `JSON.stringify([Object.keys(sessionStorage).sort(), Object.keys(localStorage), document.cookie, location.href])`); kept != `[["assay-fields","assay-proof-key","assay-session"],[],"","`+d.base+`/"]` {
		t.Errorf("kept are %s", kept)
	}
	if secret := value[string](p, `sessionStorage.getItem("assay-session")`); len(secret) < 26 || strings.Contains(link, secret) {
		t.Errorf("a session of %d bytes", len(secret))
	}
	p.do(chromedp.Reload())
	p.until(`!document.querySelector("#form").inert && document.querySelector("#token").value === ""`)
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")

	// The link is spent. Another tab is locked until it gets the next one.
	other := newTab(t)
	other.do(wide(), chromedp.Navigate(link))
	other.until(`document.querySelector("#form").inert && document.querySelector("#notice").innerText.includes("newest link")`)
	other.picture("locked-light")
	next := d.link(t)
	if next == link {
		t.Fatal("the link is the same")
	}
	other.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`location.hash = %q`, next[strings.Index(next, "#"):])))
	other.until(`!document.querySelector("#form").inert && document.querySelector("#notice").hidden && location.hash === ""`)

	// The process has gone.
	d.stop()
	p.click(`[data-example="good"]`)
	p.until(`document.querySelector("#notice").checkVisibility() && document.querySelector("#notice").innerText.includes("assay debug")`)
	p.forget()
}

// TestImpostor ends the command while its page is open, and has another program take the port. It must
// get nothing of what is pasted then.
func TestImpostor(t *testing.T) {
	for name, answer := range map[string]string{
		"a proof that it cannot know": `{"proof": "` + strings.Repeat("0123456789abcdef", 4) + `", "session": "x"}`,
		"no proof":                    `{}`,
		"a proof of another form":     `{"proof": ["x"]}`,
		"another service":             `<!doctype html><title>another service</title>`,
		"a lock":                      "401",
	} {
		d := debug(t)
		p := open(t, d, wide())
		p.click(`[data-example="good"]`)
		p.stamps("VALID, SIGNATURE VERIFIED")
		d.stop()
		got := takePort(t, d, func(w http.ResponseWriter) {
			if answer == "401" {
				w.WriteHeader(http.StatusUnauthorized)
				io.WriteString(w, `{"error": "locked"}`)
				return
			}
			io.WriteString(w, answer)
		})
		key := value[string](p, `sessionStorage.getItem("assay-proof-key")`)
		p.paste("#token", expired())
		p.until(`document.querySelector("#form").inert && document.querySelector("#notice").checkVisibility()`)
		if text := p.text("#notice"); answer != "401" && (!strings.Contains(text, "Another program answers") || !strings.Contains(text, "not sent")) {
			t.Errorf("%s: the page says %q", name, text)
		}
		p.picture("impostor")
		// Whatever else is tried in that tab sends nothing either, and a reload finds nothing to read.
		if answer != "401" {
			p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#form").requestSubmit()`))
			p.frames()
			if left := value[int](p, `sessionStorage.getItem("assay-session") === null && sessionStorage.getItem("assay-proof-key") === null ? 0 : 1`); left != 0 {
				t.Errorf("%s: the tab keeps its keys", name)
			}
		}
		if text := got(); !strings.Contains(text, "/api/proof") || strings.Contains(text, "eyJ") || strings.Contains(text, key) || strings.Contains(text, "/api/explain") {
			t.Errorf("%s: the impostor got %s", name, text)
		}
		p.forget()
	}
}

// TestAnywhere opens the page from another machine, where browsers offer no cryptography. It works, and says
// that it protects nothing.
func TestAnywhere(t *testing.T) {
	d := debug(t, "-addr", "0.0.0.0:0", "-insecure-listen")
	link := strings.Replace(d.link(t), "127.0.0.1", elsewhere, 1)
	p := newTab(t)
	p.do(wide(), chromedp.Navigate(link))
	p.until(`sessionStorage.getItem("assay-session") !== null && location.hash === ""`)
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")
	if secure := value[bool](p, `isSecureContext`); secure {
		t.Error("the browser takes the page for one of this machine")
	}
	if text := p.text("#home"); text != "Tokens cross the network in the clear" {
		t.Errorf("the page says %q", text)
	}
	p.do(chromedp.Reload())
	p.until(`!document.querySelector("#form").inert && document.querySelector("#issuer").value === "https://login.example.com/"`)
}

// takePort serves at the address of a command that has ended, until the test ends. got is all that was sent
// there.
func takePort(t *testing.T, d *debugger, answer func(http.ResponseWriter)) (got func() string) {
	t.Helper()
	listener, err := net.Listen("tcp", strings.TrimPrefix(d.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex // guards all
	var all strings.Builder
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		fmt.Fprintln(&all, r.URL, r.Header, string(body))
		mu.Unlock()
		answer(w)
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

// TestForeignPages are pages of other origins that try to use the server.
func TestForeignPages(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	session := value[string](p, `sessionStorage.getItem("assay-session")`)
	blank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>another origin</title>"))
	}))
	defer blank.Close()
	other := newTab(t)
	other.do(chromedp.Navigate(blank.URL))
	for name, script := range map[string]string{
		"a call":       `fetch(BASE + "/api/example", {method: "POST", body: '{"kind":"good"}', headers: {"Content-Type": "application/json", "Assay-Session": SESSION}}).then(() => "let in", () => "refused")`,
		"the page":     `fetch(BASE + "/").then(() => "let in", () => "refused")`,
		"a blind read": `fetch(BASE + "/", {mode: "no-cors"}).then(() => "let in", () => "refused")`,
		"a picture":    `new Promise((done) => { const i = new Image(); i.onload = () => done("let in"); i.onerror = () => done("refused"); i.src = BASE + "/icon.svg"; })`,
		"a script":     `new Promise((done) => { const s = document.createElement("script"); s.onload = () => done("let in"); s.onerror = () => done("refused"); s.src = BASE + "/app.js"; document.head.append(s); })`,
		"a frame":      `new Promise((done) => { const f = document.createElement("iframe"); f.onload = () => { try { done(f.contentDocument ? "let in" : "refused"); } catch { done("refused"); } }; f.src = BASE + "/"; document.body.append(f); })`,
	} {
		script = strings.NewReplacer("BASE", fmt.Sprintf("%q", d.base), "SESSION", fmt.Sprintf("%q", session)).Replace(script)
		got, err := chromedp.Run(other.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
		if err != nil || got != "refused" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// A name that points here.
	other.do(chromedp.Navigate(strings.Replace(d.base, "127.0.0.1", rebound, 1) + "/"))
	if text := other.text("body"); !strings.Contains(text, "not the address that assay printed") {
		t.Errorf("under another name: %s", text)
	}
	// Nobody but the page itself has used the link or its tab.
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")
}

// TestHostileToken shows claims that would like to be markup, or to be read in another order.
func TestHostileToken(t *testing.T) {
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	p := open(t, d, wide())
	p.until(`document.querySelector("#issuer").value !== ""`)
	const markup = `<img src=x onerror=alert(1)><script>alert(1)</script>`
	p.paste("#token", issuer.Token(jwttest.Claims{"name": markup, markup: 1, "sub": "admin\u202enimda", "big": json.Number("9007199254740993"), "aud": []string{jwttest.Audience, markup}}))
	p.click("#verify")
	p.stamps("VALID, SIGNATURE VERIFIED")
	if n := value[int](p, `document.querySelectorAll("main img, main script, main iframe").length`); n != 0 {
		t.Errorf("%d elements were made of text", n)
	}
	for name, want := range map[string]string{"name": `"` + markup + `"`, "sub": `"admin\u202enimda"`, "big": "9007199254740993"} {
		if got := p.text(`[data-field="` + name + `"] pre`); got != want {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
}

// TestBrokenToken marks where a token breaks.
func TestBrokenToken(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	token := issuer.Token(nil)
	p.paste("#token", "Bearer "+token[:40]+"%"+token[40:])
	p.stamps("REFUSED, UNVERIFIED")
	if got := value[string](p, `(() => { const m = document.querySelector("#mirror mark"); return m.textContent + " " + document.querySelector("#mirror").textContent.indexOf(m.textContent); })()`); got != "% 47" {
		t.Errorf("marked is %q", got)
	}
	if got := p.verdicts(); !strings.HasPrefix(got, "FAIL SKIP") {
		t.Error(got)
	}
	p.picture("broken-light")
}

// TestWrapped pastes what people have around a token.
func TestWrapped(t *testing.T) {
	d := debug(t, "-insecure-loopback-http", "-issuer", issuer.URL, "-audience", jwttest.Audience)
	p := open(t, d, wide())
	p.until(`document.querySelector("#issuer").value !== ""`)
	token := issuer.Token(nil)
	for text, off := range map[string]string{
		`curl -H 'Authorization: Bearer ` + token + `' https://api.example.com/`:        "taken off: ",
		`{"access_token": "` + token + `", "token_type": "Bearer", "expires_in": 3600}`: "taken off: ",
		token: "",
	} {
		p.paste("#token", text)
		p.until(`document.querySelector("#payload").checkVisibility()`)
		p.click("#verify")
		p.stamps("VALID, SIGNATURE VERIFIED")
		if size := p.text("#size"); strings.Contains(size, "taken off") != (off != "") {
			t.Errorf("it says %q", size)
		}
		if colours := value[string](p, `["h", "p", "s"].map((c) => document.querySelector("#mirror .part-" + c).textContent).join(".")`); colours != token {
			t.Errorf("the colours are on %s", colours)
		}
		p.picture("wrapped-light")
		p.click("#clear")
		p.stamps("UNVERIFIED")
	}
}

// TestFiles opens one and drops others.
func TestFiles(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	path := filepath.Join(t.TempDir(), "token.txt")
	if err := os.WriteFile(path, []byte("Authorization: Bearer "+issuer.Token(nil)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles(chromedp.CSS("#token-file"), []string{path}))
	p.stamps("UNVERIFIED")
	p.until(`document.querySelector('[data-field="iss"]')`)
	drop := func(selector, text string) string {
		return fmt.Sprintf(`(() => { const data = new DataTransfer(); data.items.add(new File([%q], "file")); document.querySelector(%q).dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: data})); })()`, text, selector)
	}
	p.do(chromedp.Evaluate[chromedp.Void](drop("#editor", expired())))
	p.stamps("WOULD BE REFUSED, UNVERIFIED")
	p.click(`input[name="source"][value="key"] + span`)
	p.do(chromedp.Evaluate[chromedp.Void](drop("#source-key", "no key at all")))
	p.until(`document.querySelector("#key").getAttribute("aria-invalid") === "true" && document.querySelector("#key-fault").innerText.includes("neither PEM nor")`)
	p.stamps("WOULD BE REFUSED, UNVERIFIED") // what is wrong with the token is still told
	p.until(`document.querySelector("#say").innerText.startsWith("Expired")`)
	p.picture("fault-light")
}

// TestSecret verifies with a shared secret, which is not shown and no password manager is offered.
func TestSecret(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	const secret = "0123456789abcdef0123456789abcdef"
	p.click(`input[name="source"][value="secret"] + span`)
	p.paste("#issuer", "https://issuer.example")
	p.paste("#audience", "api")
	p.paste("#token", hs256(t, secret))
	p.paste("#secret", secret)
	p.stamps("VALID, SIGNATURE VERIFIED")
	if masked := value[string](p, `getComputedStyle(document.querySelector("#secret")).webkitTextSecurity + document.querySelectorAll("input[type=password]").length`); masked != "disc0" {
		t.Errorf("the secret is masked: %s", masked)
	}
	p.picture("secret-light")
	p.click("#reveal")
	p.until(`getComputedStyle(document.querySelector("#secret")).webkitTextSecurity === "none"`)
	p.paste("#secret", secret+"x")
	p.stamps("REFUSED, UNVERIFIED")
}

// TestMoreChecks sets what is asked for seldom.
func TestMoreChecks(t *testing.T) {
	d := debug(t)
	p := open(t, d, wide())
	p.click(`[data-example="good"]`)
	p.stamps("VALID, SIGNATURE VERIFIED")
	p.set("only", "RS256")
	p.stamps("REFUSED, UNVERIFIED")
	p.set("only", "")
	p.stamps("VALID, SIGNATURE VERIFIED")
	p.set("profile", "at+jwt")
	p.stamps("REFUSED, SIGNATURE VERIFIED")
	p.set("profile", "")
	p.set("leeway", "0")
	p.until(`document.querySelector("#time-leeway").innerText === "No leeway"`)
	p.stamps("VALID, SIGNATURE VERIFIED")
}

// TestIssuerTrouble asks issuers that must not be asked, or do not answer.
func TestIssuerTrouble(t *testing.T) {
	down, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	defer down.Close()
	down.SetDown(true)
	strict, lenient := debug(t), debug(t, "-insecure-loopback-http")
	p := open(t, strict, wide())
	p.paste("#issuer", down.URL)
	p.paste("#audience", jwttest.Audience)
	p.paste("#token", down.Token(nil))
	p.click("#verify")
	p.until(`document.querySelector("#issuer").getAttribute("aria-invalid") === "true" && document.activeElement.id === "issuer"`)
	if metadata, keys := down.Fetches(); metadata+keys != 0 {
		t.Errorf("%d requests without https", metadata+keys)
	}

	p = open(t, lenient, wide())
	p.paste("#issuer", down.URL)
	p.paste("#audience", jwttest.Audience)
	p.paste("#token", down.Token(nil))
	p.click("#verify")
	p.stamps("NO KEYS, UNVERIFIED")
	p.picture("down-light")
}
