// This file tests the server behind the page of debug: whom it answers, and what.

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/jwttest"
)

// debugging is an "assay debug" that is running.
type debugging struct {
	t              *testing.T
	base           string            // URL without a slash
	link           string            // the secrets of the first link
	session, key   string            // of the tab, once it is let in
	keys           map[string]string // of all tabs
	stdout, stderr *output
}

// startDebugging runs the command until the test ends, and wants it to end well, and to have told
// nobody any token.
func startDebugging(t *testing.T, flags ...string) *debugging {
	t.Helper()
	d := &debugging{t: t, keys: map[string]string{}, stdout: newOutput("Press Ctrl-C"), stderr: newOutput("could be started")}
	ctx, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() { code <- runContext(ctx, append([]string{"debug"}, flags...), nil, d.stdout, d.stderr) }()
	select {
	case <-d.stdout.seen:
	case c := <-code:
		cancel()
		t.Fatalf("exit status %d before the end\n%s%s", c, d.stdout, d.stderr)
	}
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		cancel()
		if c := <-code; c != exitOK {
			t.Errorf("exit status %d, want 0\n%s", c, d.stderr)
		}
		if conn, err := net.Dial("tcp", strings.TrimPrefix(d.base, "http://")); err == nil {
			conn.Close()
			t.Error("it still takes connections")
		}
		noToken(t, d.stdout.String()+d.stderr.String())
	})
	d.base, d.link = d.newest()
	return d
}

// newest is the link that was printed last.
func (d *debugging) newest() (base, secret string) {
	d.t.Helper()
	all := regexp.MustCompile(`(?m)^  (http://[0-9.]+:\d+)/#([A-Z2-7]{52,})$`).FindAllStringSubmatch(d.stdout.String(), -1)
	if all == nil {
		d.t.Fatalf("no link is printed:\n%s", d.stdout)
	}
	return all[len(all)-1][1], all[len(all)-1][2]
}

// send makes a request as the page makes it, but for changes, and returns what is answered.
func (d *debugging) send(method, path, body string, changes ...func(*http.Request)) (status int, header http.Header, answer string) {
	d.t.Helper()
	req, err := http.NewRequest(method, d.base+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if method != http.MethodGet && method != http.MethodHead {
		req.Header.Set("Origin", d.base)
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set(sessionHeader, d.session)
	for _, change := range changes {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// testNonce is what the tests want a proof of.
const testNonce = "00112233445566778899aabbccddeeff"

// enter lets the tab in with the first half of a link, and returns the status. It wants the proof that the
// page wants.
func (d *debugging) enter(link string) int {
	d.t.Helper()
	half := len(link) / 2
	status, _, body := d.send(http.MethodPost, "/api/session", fmt.Sprintf(`{"link": %q, "nonce": %q}`, link[:half], testNonce))
	var answer struct{ Session, Proof string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		d.t.Fatal(err)
	}
	if status != http.StatusOK {
		return status
	}
	if answer.Session != d.session {
		d.keys[answer.Session] = link[half:]
	}
	d.session, d.key = answer.Session, d.keys[answer.Session]
	if want := proofOf(d.key, testNonce); answer.Proof != want {
		d.t.Errorf("the proof is %s, want %s", answer.Proof, want)
	}
	if strings.Contains(body, d.key) {
		d.t.Error("the key was sent")
	}
	return status
}

// proofOf is the proof that the page expects, as app.js computes it.
func proofOf(key, nonce string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("assay debug proof " + nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// ask asks what the page asks, and wants an answer.
func (d *debugging) ask(ask debugAsk) (told debugTold) {
	d.t.Helper()
	status, body := d.askRaw(ask)
	if status != http.StatusOK {
		d.t.Fatalf("status %d: %s", status, body)
	}
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		d.t.Fatal(err)
	}
	return told
}

func (d *debugging) askRaw(ask debugAsk) (status int, body string) {
	d.t.Helper()
	text, err := json.Marshal(ask)
	if err != nil {
		d.t.Fatal(err)
	}
	status, _, body = d.send(http.MethodPost, "/api/explain", string(text))
	return status, body
}

// verdicts are those of the five questions in one word.
func (t debugTold) verdicts() string {
	var all []string
	for _, a := range t.Answers {
		all = append(all, string(a.Verdict))
	}
	return strings.Join(all, " ")
}

func (t debugTold) answer(q explain.Question) debugAnswer {
	for _, a := range t.Answers {
		if a.Question == q {
			return a
		}
	}
	return debugAnswer{}
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if name == "Host" {
			r.Host = value
		} else if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
}

func TestDebugPage(t *testing.T) {
	d := startDebugging(t)
	address := regexp.MustCompile(`https?://[^"'\s)]+`)
	for path, contentType := range map[string]string{
		"/": "text/html; charset=utf-8", "/style.css": "text/css; charset=utf-8", "/app.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml",
	} {
		status, header, body := d.send(http.MethodGet, path, "")
		if status != http.StatusOK || header.Get("Content-Type") != contentType || body == "" {
			t.Errorf("%s: status %d, %s", path, status, header.Get("Content-Type"))
		}
		for _, url := range address.FindAllString(body, -1) {
			switch url {
			case "http://www.w3.org/2000/svg", "https://tenant.eu.auth0.com/", "https://tenant.eu.auth0.com/.well-known/jwks.json", "https://api.example.com":
			default:
				t.Errorf("%s names the address %s", path, url)
			}
		}
		if path == "/" {
			if inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son\w+=|<script[^>]*>[^<]|<form[^>]* (action|method)=|\sname="(token|key|secret)"`).FindString(body); inline != "" {
				t.Errorf("the page has %q", inline)
			}
		}
		if markup := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|document\.cookie|localStorage|@import`).FindString(body); markup != "" {
			t.Errorf("%s has %q", path, markup)
		}
	}
}

func TestDebugHeaders(t *testing.T) {
	d := startDebugging(t)
	for _, c := range []struct {
		method, path string
		status       int
		change       func(*http.Request)
	}{
		{"GET", "/", 200, nil},
		{"HEAD", "/", 200, nil},
		{"GET", "/app.js", 200, nil},
		{"GET", "/nothing", 404, nil},
		{"GET", "/debug/index.html", 404, nil},
		{"GET", "/?token=x", 400, nil},
		{"GET", "/?", 400, nil},
		{"POST", "/", 405, nil},
		{"GET", "/api/session", 405, nil},
		{"GET", "/api/explain", 405, nil},
		{"PUT", "/api/explain", 405, nil},
		{"DELETE", "/api/example", 405, nil},
		{"POST", "/api/explain", 401, nil},
		{"POST", "/api/example", 401, nil},
		{"POST", "/api/proof", 401, nil},
		{"GET", "/api/proof", 405, nil},
		{"POST", "/api/session", 400, nil},
		{"GET", "/", 421, header("Host", "example.com")},
		{"POST", "/api/explain", 403, header("Origin", "https://example.com")},
		{"OPTIONS", "/api/explain", 403, header("Origin", "https://example.com")},
	} {
		if c.change == nil {
			c.change = func(*http.Request) {}
		}
		status, header, body := d.send(c.method, c.path, "", c.change)
		if status != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.method, c.path, status, c.status, body)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if header.Get(name) != want {
				t.Errorf("%s %s: %s is %q", c.method, c.path, name, header.Get(name))
			}
		}
		policy := header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
			"form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s %s: the policy is %q", c.method, c.path, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("the policy is %q", policy)
		}
		for name := range header {
			if name == "Set-Cookie" || strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s %s: there is a header %s", c.method, c.path, name)
			}
		}
	}
}

// TestDebugForeign sends what other sites, other ports and names that point here can make a browser
// send.
func TestDebugForeign(t *testing.T) {
	d := startDebugging(t)
	if status := d.enter(d.link); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(d.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	const ok, forbidden, misdirected = http.StatusOK, http.StatusForbidden, http.StatusMisdirectedRequest
	type headers map[string]string
	for _, c := range []struct {
		method, path string
		headers      headers
		want         int
	}{
		{"POST", "/api/example", nil, ok},
		{"POST", "/api/example", headers{"Sec-Fetch-Site": ""}, ok}, // an older browser
		{"POST", "/api/example", headers{"Host": "localhost:" + port, "Origin": "http://localhost:" + port}, misdirected},
		{"POST", "/api/example", headers{"Host": "attacker.example:" + port, "Origin": "http://attacker.example:" + port}, misdirected},
		{"POST", "/api/example", headers{"Host": "127.0.0.1", "Origin": "http://127.0.0.1"}, misdirected},
		{"POST", "/api/example", headers{"Host": "127.0.0.1:" + port + ".", "Origin": d.base + "."}, misdirected},
		{"POST", "/api/example", headers{"Origin": ""}, forbidden},
		{"POST", "/api/example", headers{"Origin": "null"}, forbidden},
		{"POST", "/api/example", headers{"Origin": "https://attacker.example"}, forbidden},
		{"POST", "/api/example", headers{"Origin": "https://127.0.0.1:" + port}, forbidden},
		{"POST", "/api/example", headers{"Origin": "http://127.0.0.1"}, forbidden},
		{"POST", "/api/example", headers{"Origin": d.base + "1"}, forbidden},
		{"POST", "/api/example", headers{"Origin": d.base + "/"}, forbidden},
		{"POST", "/api/example", headers{"Sec-Fetch-Site": "cross-site"}, forbidden},
		{"POST", "/api/example", headers{"Sec-Fetch-Site": "same-site"}, forbidden}, // another port
		{"POST", "/api/example", headers{"Sec-Fetch-Site": "none"}, forbidden},
		{"GET", "/", nil, ok},
		{"GET", "/", headers{"Sec-Fetch-Site": ""}, ok},
		{"GET", "/", headers{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, ok},
		{"GET", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, ok}, // a link
		{"GET", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, forbidden},
		{"GET", "/", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, forbidden},
		{"GET", "/app.js", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, forbidden},
		{"GET", "/app.js", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, forbidden},
		{"GET", "/icon.svg", headers{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, forbidden},
		{"GET", "/", headers{"Origin": "https://attacker.example"}, forbidden},
	} {
		var changes []func(*http.Request)
		for name, value := range c.headers {
			changes = append(changes, header(name, value))
		}
		body := ""
		if c.method == "POST" {
			body = `{"kind": "good"}`
		}
		if status, _, text := d.send(c.method, c.path, body, changes...); status != c.want {
			t.Errorf("%s %s with %v: status %d, want %d: %s", c.method, c.path, c.headers, status, c.want, text)
		}
	}
}

func TestDebugLinks(t *testing.T) {
	d := startDebugging(t, "-issuer", "https://issuer.example", "-audience", "api other")
	for _, wrong := range []string{"", "xx", d.link[1:], d.link + "AA", d.link + d.link, strings.ToLower(d.link)} {
		if status := d.enter(wrong); status != http.StatusUnauthorized {
			t.Errorf("status %d for the secret %q", status, wrong)
		}
	}
	if status := d.enter(d.link); status != http.StatusOK || len(d.session) < 26 || d.session == d.link {
		t.Fatalf("status %d, session of %d bytes", status, len(d.session))
	}

	// A reload has a session and no link. It does not use one up.
	_, second := d.newest()
	if second == d.link {
		t.Fatal("no further link is printed")
	}
	first := d.session
	for _, secret := range []string{"", d.link, second} {
		if status := d.enter(secret); status != http.StatusOK || d.session != first {
			t.Errorf("status %d, with a session", status)
		}
	}
	_, _, body := d.send(http.MethodPost, "/api/session", fmt.Sprintf(`{"nonce": %q}`, testNonce))
	if !strings.Contains(body, `"issuer":"https://issuer.example"`) || !strings.Contains(body, `"audience":"api other"`) {
		t.Errorf("the fields are not preset: %s", body)
	}

	// Another tab, which has neither.
	d.session = ""
	if status := d.enter(d.link); status != http.StatusUnauthorized {
		t.Errorf("status %d for a link that was used", status)
	}
	for range maxTabs - 1 {
		d.session = ""
		_, secret := d.newest()
		if status := d.enter(secret); status != http.StatusOK {
			t.Fatalf("status %d for the newest link", status)
		}
	}
	last := d.session
	if d.session = first; d.enter("") != http.StatusOK {
		t.Error("the oldest of the tabs that may be open is closed")
	}
	d.session = ""
	_, secret := d.newest()
	if status := d.enter(secret); status != http.StatusOK {
		t.Fatalf("status %d for the newest link", status)
	}
	if d.session = first; d.enter("") != http.StatusUnauthorized {
		t.Error("one tab too many is open")
	}
	if d.session = last; d.enter("") != http.StatusOK {
		t.Error("a newer tab was closed")
	}
	if strings.Contains(d.stdout.String(), last) {
		t.Error("a session is printed")
	}
}

// TestDebugProof asks the process to prove that it let the tab in.
func TestDebugProof(t *testing.T) {
	d := startDebugging(t)
	d.enter(d.link)
	prove := func(body string) (int, string) {
		status, _, answer := d.send(http.MethodPost, "/api/proof", body)
		return status, answer
	}
	const other = "ffeeddccbbaa99887766554433221100"
	for _, nonce := range []string{testNonce, other} {
		if status, body := prove(fmt.Sprintf(`{"nonce": %q}`, nonce)); status != http.StatusOK || !strings.Contains(body, proofOf(d.key, nonce)) {
			t.Errorf("status %d: %s", status, body)
		}
	}
	for _, body := range []string{`{}`, `{"nonce": ""}`, `{"nonce": "x"}`, fmt.Sprintf(`{"nonce": %q}`, testNonce+"0"), fmt.Sprintf(`{"nonce": %q}`, strings.ToUpper(testNonce))} {
		if status, _ := prove(body); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, status)
		}
		if status, _, _ := d.send(http.MethodPost, "/api/session", body); status != http.StatusBadRequest {
			t.Errorf("%s for a session: status %d", body, status)
		}
	}

	// Another tab has another key, and no tab means no proof.
	first, key := d.session, d.key
	d.session = ""
	if status, _ := prove(fmt.Sprintf(`{"nonce": %q}`, testNonce)); status != http.StatusUnauthorized {
		t.Errorf("status %d without a tab", status)
	}
	_, link := d.newest()
	d.enter(link)
	if d.session == first || d.key == key {
		t.Error("two tabs share a key")
	}
	if text := d.stdout.String(); strings.Contains(text, d.session) {
		t.Error("a session is printed")
	}
}

func TestDebugBodies(t *testing.T) {
	d := startDebugging(t)
	d.enter(d.link)
	padded := func(n int) string {
		const ask = `{"token":"","source":"issuer"}`
		return ask + strings.Repeat(" ", n-len(ask))
	}
	for _, c := range []struct {
		name, body string
		status     int
		change     func(*http.Request)
	}{
		{"nothing asked", `{"source":"issuer"}`, 200, nil},
		{"a charset", `{"source":"issuer"}`, 200, header("Content-Type", "application/json; charset=utf-8")},
		{"as large as can be", padded(maxAsk), 200, nil},
		{"one byte more", padded(maxAsk + 1), 413, nil},
		{"a form", `token=eyJx`, 415, header("Content-Type", "application/x-www-form-urlencoded")},
		{"what forms can send", `{"source":"issuer"}`, 415, header("Content-Type", "text/plain")},
		{"no type", `{"source":"issuer"}`, 415, header("Content-Type", "")},
		{"no JSON", `eyJhbGciOiJub25lIn0`, 400, nil},
		{"empty", ``, 400, nil},
		{"two values", `{"source":"issuer"}{}`, 400, nil},
		{"an array", `[]`, 400, nil},
		{"an unknown member", `{"source":"issuer","eyJhbGciOiJub25lIn0":1}`, 400, nil},
		{"another type", `{"token":{"eyJhbGciOiJub25lIn0":1}}`, 400, nil},
		{"no session", `{"source":"issuer"}`, 401, header(sessionHeader, "")},
		{"another session", `{"source":"issuer"}`, 401, header(sessionHeader, strings.Repeat("A", 26))},
	} {
		if c.change == nil {
			c.change = func(*http.Request) {}
		}
		status, _, body := d.send(http.MethodPost, "/api/explain", c.body, c.change)
		if status != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, status, c.status, body)
		}
		if status != http.StatusOK {
			noToken(t, body)
		}
	}
}

// debugIssuer is an issuer with the trailing slash that people forget.
func debugIssuer(t *testing.T) *jwttest.Issuer {
	t.Helper()
	issuer, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(issuer.Close)
	return issuer
}

func TestDebugReports(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t, "-insecure-loopback-http")
	d.enter(d.link)
	ask := func(token string, changes ...func(*debugAsk)) debugTold {
		t.Helper()
		a := debugAsk{Token: token, Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Source: "issuer", Fetch: true}
		for _, change := range changes {
			change(&a)
		}
		return d.ask(a)
	}
	good := issuer.Token(jwttest.Claims{"email": "ada@example.com"})
	tampered, err := tamper(good)
	if err != nil {
		t.Fatal(err)
	}

	// Nothing is fetched before somebody presses the button.
	told := ask(good, func(a *debugAsk) { a.Fetch = false })
	if got := told.verdicts(); got != "PASS SKIP SKIP SKIP SKIP" || told.Verified || told.Tone != "open" || told.Stamps[0] != "UNVERIFIED" {
		t.Errorf("decoded alone: %s, %+v", got, told.Stamps)
	}
	if metadata, keys := issuer.Fetches(); metadata != 0 || keys != 0 {
		t.Errorf("%d and %d fetches that nobody asked for", metadata, keys)
	}

	for _, c := range []struct {
		name, token string
		verdicts    string
		reason      jwt.Reason
		verified    bool
		question    explain.Question
		text, hint  string // parts of the answer to it
	}{
		{"good", good, "PASS PASS PASS PASS PASS", "", true, explain.QuestionTime, "Expires in", ""},
		{"expired", issuer.Mint(expired(issuer)), "PASS PASS FAIL PASS PASS", jwt.ReasonTokenExpired, true, explain.QuestionTime, "Expired", ""},
		{"tampered", tampered, "PASS FAIL SKIP SKIP SKIP", jwt.ReasonSignatureInvalid, false, explain.QuestionTamper, "does not hold", "changed"},
		{"slash", issuer.Mint(slashless(issuer)), "PASS PASS PASS FAIL PASS", jwt.ReasonIssuerMismatch, true, explain.QuestionIssuer, strings.TrimSuffix(issuer.URL, "/") + `"`, "trailing slash"},
		{"audience", issuer.Mint(otherAudience(issuer)), "PASS PASS PASS PASS FAIL", jwt.ReasonAudienceMismatch, true, explain.QuestionAudience, jwttest.Audience, ""},
		{"unknown key", issuer.Mint(unknownKey(issuer)), "PASS FAIL SKIP SKIP SKIP", jwt.ReasonKeyUnknown, false, explain.QuestionTamper, "nknown key", ""},
		{"opaque", "an-opaque-token", "FAIL SKIP SKIP SKIP SKIP", jwt.ReasonTokenOpaque, false, explain.QuestionForm, "paque", ""},
		{"too large", good + strings.Repeat("x", 16<<10), "FAIL SKIP SKIP SKIP SKIP", jwt.ReasonTokenTooLarge, false, explain.QuestionForm, "too large", ""},
	} {
		told := ask(c.token)
		if got := told.verdicts(); got != c.verdicts || told.Reason != c.reason || told.Verified != c.verified {
			t.Errorf("%s: %s, %s, verified %v; want %s, %s", c.name, got, told.Reason, told.Verified, c.verdicts, c.reason)
		}
		a := told.answer(c.question)
		if text := strings.Join(a.Texts, "\n"); !strings.Contains(text, c.text) {
			t.Errorf("%s: the answer is %q", c.name, text)
		}
		if hints := strings.Join(a.Hints, "\n"); !strings.Contains(hints, c.hint) {
			t.Errorf("%s: the hints are %q", c.name, hints)
		}
		tone, stamp := "bad", "REFUSED"
		if c.reason == "" {
			tone, stamp = "good", "VALID"
		}
		vouched := "UNVERIFIED"
		if c.verified {
			vouched = "SIGNATURE VERIFIED"
		}
		if told.Tone != tone || strings.Join(told.Stamps, ", ") != stamp+", "+vouched || told.Say == "" {
			t.Errorf("%s: %s, %q, %q", c.name, told.Tone, told.Stamps, told.Say)
		}
		whole, err := json.Marshal(told)
		if err != nil {
			t.Fatal(err)
		}
		noToken(t, string(whole))
		if strings.Contains(told.Plain, "ada@example.com") || told.Plain == "" {
			t.Errorf("%s: the report for a ticket: %s", c.name, told.Plain)
		}
	}

	// What is shown of a good one.
	told = ask(good)
	if told.IssuedAt.IsZero() || told.ExpiresAt.IsZero() || told.At.IsZero() || told.Leeway != 30 || told.Signature == "" {
		t.Errorf("the times are %v %v %v %v", told.IssuedAt, told.ExpiresAt, told.At, told.Leeway)
	}
	shown := map[string]debugField{}
	for _, f := range append(told.Header, told.Claims...) {
		shown[f.Name] = f
	}
	if shown["email"].Value != `"ada@example.com"` || shown["alg"].Value != `"ES256"` || shown["exp"].Meaning == "" {
		t.Errorf("shown are %v", shown)
	}
	if told.ClaimedIssuer != issuer.URL || told.ClaimedAudience != jwttest.Audience {
		t.Errorf("the token says %q and %q", told.ClaimedIssuer, told.ClaimedAudience)
	}

	// A header field, as people copy it.
	if told := ask("Authorization: Bearer " + good + "\n"); told.verdicts() != "PASS PASS PASS PASS PASS" {
		t.Errorf("a header field: %s", told.verdicts())
	}
	if told := ask("  Bearer " + good[:30] + "!" + good[30:]); told.BadByte == nil || *told.BadByte != len("  Bearer ")+30 {
		t.Errorf("the bad byte is %v", told.BadByte)
	}

	// What nobody has said is not held against the token, and does not count for it.
	told = ask(good, func(a *debugAsk) { a.Audience = nil })
	if told.verdicts() != "PASS PASS PASS PASS SKIP" || told.Tone != "open" || !strings.Contains(told.Sub, "the audience") {
		t.Errorf("no audience: %s %s %s", told.verdicts(), told.Tone, told.Sub)
	}

	// An issuer that does not answer is not the token's fault.
	issuer.SetDown(true)
	told = ask(good)
	if told.Stamps[0] != "NO KEYS" || told.Tone != "open" || told.Reason != jwt.ReasonKeysUnavailable || told.verdicts() != "PASS SKIP SKIP SKIP SKIP" {
		t.Errorf("down: %v %s %s %s", told.Stamps, told.Tone, told.Reason, told.verdicts())
	}
}

func TestDebugKeys(t *testing.T) {
	issuer := debugIssuer(t)
	d := startDebugging(t)
	d.enter(d.link)
	set, err := publishedKeys(issuer)
	if err != nil {
		t.Fatal(err)
	}
	var keys struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(set), &keys); err != nil {
		t.Fatal(err)
	}
	rs, err := jwttest.Start(&jwttest.Options{PlainHTTP: true, Path: "/", Algorithms: []jwt.Algorithm{jwt.PS256}})
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	rsSet, err := publishedKeys(rs)
	if err != nil {
		t.Fatal(err)
	}
	var rsKeys struct{ Keys []publishedKey }
	if err := json.Unmarshal([]byte(rsSet), &rsKeys); err != nil {
		t.Fatal(err)
	}
	rsPEM, err := rsKeys.Keys[0].pem()
	if err != nil {
		t.Fatal(err)
	}
	token, rsToken, aud := issuer.Token(nil), rs.Token(nil), []string{jwttest.Audience}
	const secretToken = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJpIiwiYXVkIjoiYSIsImV4cCI6MjUzNDAyMzAwNzk5fQ"
	secret := strings.Repeat("secret", 6)
	signed := hs256(secretToken, []byte(secret))
	for _, c := range []struct {
		name string
		ask  debugAsk
		want string
	}{
		{"key set", debugAsk{Token: token, Issuer: issuer.URL, Audience: aud, Source: "key", Key: set}, "PASS PASS PASS PASS PASS"},
		{"key", debugAsk{Token: token, Issuer: issuer.URL, Audience: aud, Source: "key", Key: "\n" + string(keys.Keys[0])}, "PASS PASS PASS PASS PASS"},
		{"key alone", debugAsk{Token: token, Source: "key", Key: set}, "PASS PASS PASS SKIP SKIP"},
		{"PEM", debugAsk{Token: rsToken, Issuer: rs.URL, Audience: aud, Source: "key", Key: string(rsPEM), Algorithm: "PS256"}, "PASS PASS PASS PASS PASS"},
		{"PEM of another algorithm", debugAsk{Token: rsToken, Issuer: rs.URL, Audience: aud, Source: "key", Key: string(rsPEM)}, "PASS FAIL SKIP SKIP SKIP"},
		{"no key yet", debugAsk{Token: token, Issuer: issuer.URL, Audience: aud, Source: "key"}, "PASS SKIP SKIP SKIP SKIP"},
		{"secret", debugAsk{Token: signed, Issuer: "i", Audience: []string{"a"}, Source: "secret", Secret: secret, Algorithm: "HS256"}, "PASS PASS PASS PASS PASS"},
		{"a secret for a private key's token", debugAsk{Token: token, Source: "secret", Secret: secret, Algorithm: "HS256"}, "PASS FAIL SKIP SKIP SKIP"},
		{"another secret", debugAsk{Token: signed, Issuer: "i", Audience: []string{"a"}, Source: "secret", Secret: secret + "x", Algorithm: "HS256"}, "PASS FAIL SKIP SKIP SKIP"},
		{"secret in base64", debugAsk{Token: hs256(secretToken, []byte(strings.Repeat("~?>", 12))), Issuer: "i", Audience: []string{"a"}, Source: "secret", Base64: true, Algorithm: "HS256",
			Secret: base64.StdEncoding.EncodeToString([]byte(strings.Repeat("~?>", 12))) + "\n"}, "PASS PASS PASS PASS PASS"},
		{"secret in base64url", debugAsk{Token: signed, Issuer: "i", Audience: []string{"a"}, Source: "secret", Base64: true, Algorithm: "HS256",
			Secret: "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}, "PASS PASS PASS PASS PASS"},
		{"leeway", debugAsk{Token: token, Issuer: issuer.URL, Audience: aud, Source: "key", Key: set, Leeway: "0"}, "PASS PASS PASS PASS PASS"},
		{"profile", debugAsk{Token: token, Issuer: issuer.URL, Audience: aud, Source: "key", Key: set, Profile: "at+jwt"}, "PASS PASS PASS PASS FAIL"},
	} {
		told := d.ask(c.ask)
		if got := told.verdicts(); got != c.want {
			t.Errorf("%s: %s, want %s: %s", c.name, got, c.want, told.Say)
		}
		if strings.HasPrefix(c.name, "a secret for") && !strings.Contains(told.Hint, "choose From the issuer") {
			t.Errorf("%s: the hint is %q", c.name, told.Hint)
		}
		if c.ask.Leeway == "0" && told.Leeway != 0 {
			t.Errorf("the leeway is %v", told.Leeway)
		}
	}

	// What is wrong with a field is said of that field, and never hides what is wrong with the token.
	// Issuers without https are not asked.
	late := issuer.Mint(expired(issuer))
	for _, c := range []struct {
		name  string
		ask   debugAsk
		field string
	}{
		{"http", debugAsk{Issuer: issuer.URL, Source: "issuer", Fetch: true}, "issuer"},
		{"file", debugAsk{Issuer: "file:///etc/passwd", Source: "issuer", Fetch: true}, "issuer"},
		{"no URL", debugAsk{Issuer: "issuer", Source: "issuer", Fetch: true}, "issuer"},
		{"two placeholders", debugAsk{Issuer: "https://a.example/{tenantid}/{tenantid}", Source: "issuer"}, "issuer"},
		{"no issuer", debugAsk{Source: "issuer", Fetch: true}, "issuer"},
		{"http for keys", debugAsk{Source: "jwks", JWKS: "http://keys.example/", Fetch: true}, "jwks"},
		{"a secret in the address", debugAsk{Source: "jwks", JWKS: "https://user:hunter2hunter2hunter2@keys.example/", Fetch: true}, "jwks"},
		{"no address", debugAsk{Source: "jwks", Fetch: true}, "jwks"},
		{"no key", debugAsk{Source: "key", Fetch: true}, "key"},
		{"no secret", debugAsk{Source: "secret", Algorithm: "HS256", Fetch: true}, "secret"},
		{"nonsense", debugAsk{Source: "key", Key: "nonsense"}, "key"},
		{"a token as key", debugAsk{Source: "key", Key: token}, "key"},
		{"broken PEM", debugAsk{Source: "key", Key: "-----BEGIN PUBLIC KEY-----\nx\n"}, "key"},
		{"a key set of a secret", debugAsk{Source: "key", Key: `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`}, "key"},
		{"X25519", debugAsk{Source: "key", Key: x25519PEM}, "key"},
		{"short secret", debugAsk{Source: "secret", Secret: "short", Algorithm: "HS256"}, "secret"},
		{"no base64", debugAsk{Source: "secret", Secret: "!", Base64: true, Algorithm: "HS256"}, "secret"},
		{"mixed base64", debugAsk{Source: "secret", Secret: "-_+/", Base64: true, Algorithm: "HS256"}, "secret"},
		{"leeway", debugAsk{Source: "issuer", Leeway: "601"}, "leeway"},
		{"negative leeway", debugAsk{Source: "issuer", Leeway: "-1"}, "leeway"},
		{"profile", debugAsk{Source: "issuer", Profile: "x"}, "profile"},
		{"source", debugAsk{Source: "https://attacker.example"}, "https://attacker.example"},
		{"tenant", debugAsk{Issuer: "https://a.example/{tenantid}", Tenants: []string{"contoso"}, Source: "issuer"}, "tenants"},
		{"time", debugAsk{Source: "issuer", At: "tomorrow"}, "at"},
		{"algorithm", debugAsk{Source: "issuer", Algorithm: "none"}, "only"},
	} {
		c.ask.Token = late
		status, body := d.askRaw(c.ask)
		var told debugTold
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatal(err)
		}
		if status != http.StatusOK || len(told.Faults) != 1 || told.Faults[0].Field != c.field || told.Faults[0].Text == "" {
			t.Errorf("%s: status %d: %+v", c.name, status, told.Faults)
		}
		if told.Stamps[0] != "WOULD BE REFUSED" || told.Reason == "" || told.answer(explain.QuestionTime).Verdict != explain.VerdictFail || !slices.ContainsFunc(told.Claims, func(f debugField) bool { return f.Name == "exp" }) {
			t.Errorf("%s: the token is told of with %q, %s", c.name, told.Stamps, told.Say)
		}
		noToken(t, body)
		for _, fault := range told.Faults {
			noGo(t, fault.Text)
		}
		if strings.Contains(body, "short\"") || strings.Contains(body, "hunter2") {
			t.Errorf("%s: %s", c.name, body)
		}
	}
	if metadata, keys := issuer.Fetches(); metadata+keys != 1 { // by publishedKeys, without a network
		t.Errorf("%d requests to the issuer", metadata+keys)
	}
}

func TestDebugUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-addr", "0.0.0.0:0"}, "not a loopback address"},
		{[]string{"-addr", ":0"}, "not a loopback address"},
		{[]string{"-addr", "[::]:0"}, "not a loopback address"},
		{[]string{"-addr", "192.0.2.1:0"}, "not a loopback address"},
		{[]string{"-addr", "127.0.0.1.example.com:0"}, "not a loopback address"},
		{[]string{"-addr", "8080"}, "not an address like 127.0.0.1:8080"},
		{[]string{"more"}, "unexpected argument"},
	} {
		stdout, stderr := newOutput(""), newOutput("")
		if code := run(append([]string{"debug"}, c.args...), nil, stdout, stderr); code != exitUsage || !strings.Contains(stderr.String(), c.want) || stdout.String() != "" {
			t.Errorf("%q: exit status %d, %s%s", c.args, code, stdout, stderr)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if code := run([]string{"debug", "-addr", taken.Addr().String()}, nil, io.Discard, io.Discard); code != exitFailed {
		t.Errorf("exit status %d for an address in use", code)
	}
}

// TestDebugNames are the Host headers that are taken.
func TestDebugNames(t *testing.T) {
	for _, c := range []struct {
		address  string
		anywhere bool
		host     string
		want     bool
	}{
		{"127.0.0.1:8080", false, "127.0.0.1:8080", true},
		{"[::1]:8080", false, "[::1]:8080", true},
		{"127.0.0.1:80", false, "127.0.0.1", true},
		{"127.0.0.1:8080", false, "localhost:8080", false},
		{"127.0.0.1:8080", false, "127.0.0.1", false},
		{"127.0.0.1:8080", false, "", false},
		{"[::]:8080", true, "192.0.2.1:9000", true},
		{"[::]:8080", true, "[2001:db8::1]:8080", true},
		{"[::]:80", true, "[2001:db8::1]", true},
		{"[::]:80", true, "192.0.2.1", true},
		{"[::]:8080", true, "localhost:8080", true},
		{"[::]:8080", true, "attacker.example:8080", false},
		{"[::]:8080", true, "192.0.2.1.attacker.example:8080", false},
		{"[::]:8080", true, "", false},
	} {
		s := newDebugServer(c.address, c.anywhere, debugPresets{})
		if got := s.named(c.host); got != c.want {
			t.Errorf("%s is reached as %q: %v", c.address, c.host, got)
		}
	}
}

// TestDebugAnywhere listens where the command line says so, and is as strict otherwise.
func TestDebugAnywhere(t *testing.T) {
	d := startDebugging(t, "-addr", "0.0.0.0:0", "-insecure-listen")
	_, port, _ := strings.Cut(strings.TrimPrefix(d.base, "http://"), ":")
	if status := d.enter(d.link); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if status, _, _ := d.send(http.MethodGet, "/", "", header("Host", "attacker.example:"+port)); status != http.StatusMisdirectedRequest {
		t.Errorf("status %d for a name that points here", status)
	}
}

func TestBrowser(t *testing.T) {
	for _, system := range []string{"linux", "darwin", "windows", "freebsd"} {
		if words := browserCommand(system, "http://127.0.0.1/#X"); len(words) < 2 || words[len(words)-1] != "http://127.0.0.1/#X" {
			t.Errorf("%s: %q", system, words)
		}
	}
	if browserCommand("plan9", "") != nil {
		t.Error("a browser of which nothing is known")
	}
	if runtime.GOOS == "windows" {
		return // programs are found there in other ways
	}
	// A program in the browser's place is told the link; without one, that is said.
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	d := startDebugging(t, "-open")
	<-d.stderr.seen // that no browser could be started
	pipe := filepath.Join(dir, "told")
	if err := os.WriteFile(filepath.Join(dir, browserCommand(runtime.GOOS, "")[0]), []byte("#!/bin/sh\necho \"$1\" > "+pipe+".new && /bin/mv "+pipe+".new "+pipe+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d = startDebugging(t, "-open")
	var text []byte
	for err := os.ErrNotExist; err != nil; {
		text, err = os.ReadFile(pipe)
		runtime.Gosched()
	}
	if want := d.base + "/#" + d.link + "\n"; string(text) != want || bytes.Contains([]byte(d.stderr.String()), []byte("browser")) {
		t.Errorf("told %q, want %q; stderr: %s", text, want, d.stderr)
	}
}

// hs256 signs with a shared secret.
func hs256(input string, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// x25519PEM is a public key that signs nothing.
const x25519PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n-----END PUBLIC KEY-----\n"
