// This file feeds hostile peers to every command that asks one.

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay.example/jwt"
)

// What a peer says: FORGED at the beginning of a line is a line of its own.
const (
	evilLine = "\x1b[31mEVIL\x1b]0;title\x07\x00\x7f\u0085\u009b31m\u009d\u202e\u2066\u200f\u200b\ufeff\U000e0041\xff\x9b"
	evilText = evilLine + "\r\nFORGED\n\tFORGED\u2028FORGED\u2029FORGED\vFORGED\fFORGED"
)

// evil is both, and too long.
var evil = evilText + strings.Repeat("long ", 20_000)

// inJSON is a text as a peer writes it into JSON, with as few escapes as JSON allows.
func inJSON(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(strings.ToValidUTF8(text, ""))
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(b.String(), "\n"))
}

// rawPeer answers on a socket with whatever it is told to, byte for byte.
func rawPeer(t *testing.T, answer func(base, path string) string) (base string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base = "http://" + listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			var request []byte
			one := make([]byte, 1)
			for !bytes.HasSuffix(request, []byte("\r\n\r\n")) {
				if _, err := conn.Read(one); err != nil {
					break
				}
				request = append(request, one...)
			}
			if words := strings.Fields(string(request)); len(words) > 1 {
				io.WriteString(conn, answer(base, words[1]))
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	return base
}

func ok(contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", contentType, len(body), body)
}

// line is evil text for where a line break would end it.
func line(text string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(text) }

// hostile peers, by what of theirs is hostile. The first argument is the peer's own address.
var hostile = map[string]func(base, path string) string{
	"members of keys": honest(`{"keys":[{"kid":` + inJSON(evil) + `,` + edKey + `},{"kid":` + inJSON(evilText) + `,"alg":"RS256",` + rsaKey + `},{"kty":` + inJSON(evil) +
		`},{"kty":"RSA","use":` + inJSON(evil) + `},{"kty":"EC","crv":` + inJSON(evilText) + `},{"kty":"OKP","alg":` + inJSON(evilText) + `},{"kid":` + inJSON(evilText) + `,"d":"AQAB",` + rsaKey + `}]}`),
	"names of members": honest(`{` + inJSON(evil) + `:1,"keys":[{` + inJSON(evil) + `:1,` + edKey + `}]}`),
	"no keys":          honest(inJSON(evil)),
	"broken keys":      honest(`{"keys":[` + evil),
	"duplicates":       honest(`{"keys":[{"kid":` + inJSON(evilText) + `,` + edKey + `},{"kid":` + inJSON(evilText) + `,` + edKey + `}]}`),
	"metadata": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":`+inJSON(base+"/keys")+`,"scopes_supported":[`+inJSON(evil)+`],"token_endpoint":`+inJSON(evil)+`,`+inJSON(evilText)+`:[`+inJSON(evil)+`,1e5,true,null,{`+inJSON(evil)+`:{}}],"keys":[{`+edKey+`}]}`)
	},
	"long metadata": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":`+inJSON(base+"/keys")+`,"scopes_supported":[`+strings.Repeat(`"scope",`, 20_000)+strings.Repeat("9", 100_000)+`]}`)
	},
	"issuer in the metadata": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(evil)+`,"jwks_uri":`+inJSON(base)+`}`)
	},
	"jwks_uri": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":`+inJSON(evil)+`}`)
	},
	"path of jwks_uri": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":`+inJSON(base+"/\u202e\u009b31m"+strings.Repeat("long", 20_000))+`}`)
	},
	"host of jwks_uri": func(base, path string) string {
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":"https://\u202eFORGED\u009b.invalid/"}`)
	},
	"Content-Type":             func(_, path string) string { return ok(line(evilText), "x") },
	"long Content-Type":        func(_, path string) string { return ok(line(evil[:50_000]), "<html>") },
	"status text":              func(_, path string) string { return "HTTP/1.1 418 " + line(evil) + "\r\nContent-Length: 0\r\n\r\n" },
	"status line":              func(_, path string) string { return "HTTP/1.1 " + line(evil) + "\r\n\r\n" },
	"protocol":                 func(_, path string) string { return line(evil) + "\r\n\r\n" },
	"status that is no number": func(_, path string) string { return "HTTP/1.1 2" + line(evilText) + " OK\r\n\r\n" },
	"header without a colon":   func(_, path string) string { return "HTTP/1.1 200 OK\r\n" + line(evilText) + "\r\n\r\n" },
	"name of a header field":   func(_, path string) string { return "HTTP/1.1 200 OK\r\n" + line(evilText) + ": x\r\n\r\n" },
	"continued header":         func(_, path string) string { return "HTTP/1.1 200 OK\r\nETag: a\r\n " + line(evilText) + "\r\n\r\n" },
	"length": func(_, path string) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: " + line(evilText) + "\r\n\r\n"
	},
	"two lengths": func(_, path string) string {
		return "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2" + line(evilText) + "\r\n\r\n"
	},
	"transfer encoding": func(_, path string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + line(evilText) + "\r\n\r\n"
	},
	"chunk": func(_, path string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + evilText + "\r\n\r\n"
	},
	"cut body": func(_, path string) string { return "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + evilText },
	"compression": func(_, path string) string {
		return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(evilText)) + "\r\n\r\n" + evilText
	},
	"redirect": func(_, path string) string {
		return "HTTP/1.1 302 Found\r\nLocation: /" + line(evil[:50_000]) + "\r\nContent-Length: 0\r\n\r\n"
	},
	"redirect that is no URL": func(_, path string) string {
		return "HTTP/1.1 302 Found\r\nLocation: http://[" + line(evilText) + "\r\nContent-Length: 0\r\n\r\n"
	},
	"body of an error": func(_, path string) string {
		return "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\nContent-Length: " + strconv.Itoa(len(evil)) + "\r\n\r\n" + evil
	},
	"challenge": func(_, path string) string {
		return "HTTP/1.1 401 No\r\nWWW-Authenticate: " + line(evilText) + ` error="` + line(evilText) + "\"\r\nRetry-After: " + line(evilText) + "\r\nContent-Length: 0\r\n\r\n"
	},
	"message": func(_, path string) string { return ok("application/json", `{"message":`+inJSON(evil)+`}`) },
	"header fields": func(base, path string) string {
		fields := ""
		for _, name := range []string{"Cache-Control", "Expires", "Age", "ETag", "Last-Modified", "Retry-After", "Vary"} {
			fields += name + ": " + line(evilText) + "\r\n"
		}
		return strings.Replace(honest(`{"keys":[{`+edKey+`}]}`)(base, path), "\r\n", "\r\n"+fields, 1)
	},
}

// honest is a peer whose metadata are in order.
func honest(keys string) func(base, path string) string {
	return func(base, path string) string {
		if path == "/keys" {
			return ok("application/json", keys)
		}
		return ok("application/json", `{"issuer":`+inJSON(base)+`,"jwks_uri":`+inJSON(base+"/keys")+`}`)
	}
}

// checkClean wants a text that a terminal can be given: nothing but what prints, no line of a peer's own,
// none that is too long, and not too many.
func checkClean(t *testing.T, what, text string) {
	t.Helper()
	const longest, most = 4000, 80_000
	for n, r := range text {
		if r != '\n' && !strconv.IsPrint(r) || r == '\ufffd' {
			t.Errorf("%s: %q is printed: %.200q", what, r, text[max(n-50, 0):])
			return
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "FORGED") || len(line) > longest {
			t.Errorf("%s: a line of a peer's own, or a long one: %.300s", what, line)
			return
		}
	}
	if len(text) > most {
		t.Errorf("%s: %d bytes are printed", what, len(text))
	}
}

// asked runs every command that asks an issuer for its keys, in each of its forms.
func asked(t *testing.T, what, issuer string) {
	t.Helper()
	token := signed(t, `{"alg":"EdDSA","kid":"nobody-has-it"}`, strings.Replace(edClaims, `"https://issuer.example"`, inJSON(issuer), 1))
	keys := strings.TrimSuffix(issuer, "/") + "/keys"
	of := []string{"-insecure-loopback-http", "-issuer", issuer, "-audience", "https://api.example.com"}
	for _, args := range [][]string{
		{"keys", "-insecure-loopback-http", "-issuer", issuer},
		{"keys", "-insecure-loopback-http", "-jwks", keys},
		append([]string{"verify", "-at", during}, of...),
		append([]string{"verify", "-at", during, "-jwks", keys}, of...),
		append([]string{"verify", "-at", during, "-redact"}, of...),
		append([]string{"bench", "-each", "10ms"}, of...),
	} {
		for _, form := range [][]string{nil, {"-json"}} {
			args := slices.Concat(args, form)
			code, stdout, stderr := ran(t, token, args...)
			if code == exitUsage {
				t.Errorf("%s: %q is no command: %s", what, args, stderr)
			}
			checkClean(t, what+": "+args[0]+" "+fmt.Sprint(form), stdout+stderr)
			if form != nil && stdout != "" && !json.Valid([]byte(stdout)) {
				t.Errorf("%s: %q: no JSON: %.300s", what, args, stdout)
			}
		}
	}
}

// Whatever a peer says, and wherever it says it, no command prints it raw.
func TestHostilePeers(t *testing.T) {
	debugged := startDebugging(t, "-insecure-loopback-http")
	debugged.enter(debugged.link)
	for what, answer := range hostile {
		base := rawPeer(t, answer)
		asked(t, what, base)

		status, body := debugged.askRaw(debugAsk{Token: signed(t, edHeader, edClaims), Issuer: base, Audience: []string{"x"}, Source: "issuer", Fetch: true})
		var told debugTold
		if err := json.Unmarshal([]byte(body), &told); err != nil || status != http.StatusOK {
			t.Fatalf("%s: debug: status %d, %v", what, status, err)
		}
		texts := []string{told.Say, told.Sub, told.Signature, told.Plain}
		for _, a := range told.Answers {
			texts = append(append(texts, a.Texts...), a.Hints...)
			for _, s := range a.Steps {
				texts = append(texts, s.Text, s.Hint, s.Got, s.Want)
			}
		}
		for _, text := range texts {
			checkClean(t, what+": debug", text)
		}

		d, err := startDemo("", io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		out := newOutput("")
		tour := d.tour()
		tour.api, tour.restarted = base, base
		tour.run(t.Context(), steps()[:4], &printer{w: &terminal{out}})
		checkClean(t, what+": demo", out.String())
		d.close()
	}
	checkClean(t, "debug", debugged.stdout.String()+debugged.stderr.String())
}

// The same of clients, whose requests the demo logs when it stays.
func TestHostileClients(t *testing.T) {
	out := newOutput("")
	r := &refusals{log: slog.New(slog.NewTextHandler(&terminal{out}, nil)), expected: map[string]*jwt.Error{}}
	r.observe(&http.Request{Method: evil, URL: &url.URL{Path: evil}, Header: http.Header{requestID: {evil}}}, &jwt.Error{Reason: jwt.ReasonNoToken})
	checkClean(t, "a request", out.String())
	if !strings.Contains(out.String(), "EVIL") || !strings.Contains(out.String(), "no_token") {
		t.Errorf("logged: %s", out)
	}
}

// certified is a certificate with hostile names, and the pool that trusts it.
func certified(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ascii := strings.Map(func(r rune) rune {
		if r > 0x7f {
			return -1
		}
		return r
	}, evilText)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		Subject: pkix.Name{CommonName: strings.ToValidUTF8(evilText, ""), Organization: []string{strings.ToValidUTF8(evilText, "")}}, DNSNames: []string{ascii, strings.Repeat("long", 2000)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool
}

// The same of those that are in between: certificates and proxies.
func TestHostileNetwork(t *testing.T) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	certificate, pool := certified(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	through := func(answer string) *http.Transport {
		at, err := url.Parse(rawPeer(t, func(string, string) string { return answer }))
		if err != nil {
			t.Fatal(err)
		}
		return &http.Transport{Proxy: http.ProxyURL(at)}
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
	}
	for what, transport := range map[string]*http.Transport{
		"names of a certificate":            {DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: pool}},
		"a certificate that is not trusted": {DialContext: dial},
		"status text of a proxy":            through("HTTP/1.1 407 " + line(evil) + "\r\n\r\n"),
		"status line of a proxy":            through("HTTP/1.1 " + line(evil) + "\r\n\r\n"),
		"header of a proxy":                 through("HTTP/1.1 200 OK\r\n" + line(evilText) + "\r\n\r\n"),
		"an answer that is not TLS":         through("HTTP/1.1 200 OK\r\n\r\n" + evil),
	} {
		http.DefaultTransport = transport
		asked(t, what, "https://issuer.example")
		code, stdout, _ := ran(t, "", "keys", "-issuer", "https://issuer.example")
		if code != exitNoKeys || what == "names of a certificate" && !strings.Contains(stdout, `\u001b[31mEVIL`) {
			t.Errorf("%s: exit status %d, %s", what, code, stdout)
		}
	}
}

// A terminal is given nothing that it could obey but what assay itself writes.
func TestTerminal(t *testing.T) {
	p := &printer{color: true}
	for text, want := range map[string]string{
		"a\nb\tc é 世 █":                  "a\nb\tc é 世 █",
		"\x1b[31m\r\b\x00\x7f":           `\u001b[31m\u000d\u0008\u0000\u007f`,
		"\u0085\u009b\u202e\u2066":       `\u0085\u009b\u202e\u2066`,
		"\U000e0041\xff":                 `\udb40\udc41\ufffd`,
		p.paint(red, "x\x1b[0m"):         "\x1b[1;31mx\\u001b[0m\x1b[0m",
		"\x1b" + strings.Repeat("A", 26): `\u001b` + strings.Repeat("A", 26),
	} {
		var b strings.Builder
		if n, err := (&terminal{&b}).Write([]byte(text)); err != nil || n != len(text) || b.String() != want {
			t.Errorf("%q: %q, want %q", text, b.String(), want)
		}
	}
	for text, want := range map[foreign]string{
		"plain \"text\" \\ ":                             "plain \"text\" \\ ",
		"é\n":                                            `\u00e9\u000a`,
		foreign(strings.Repeat("a", maxForeign)):         strings.Repeat("a", maxForeign),
		foreign(strings.Repeat("a", maxForeign+1)):       strings.Repeat("a", maxForeign) + "...",
		foreign(strings.Repeat("a", maxForeign-1) + "é"): strings.Repeat("a", maxForeign-1) + "...",
	} {
		if got := text.String(); got != want {
			t.Errorf("%.20q: %q, want %q", string(text), got, want)
		}
	}
	long := `{"a":"` + strings.Repeat("x", maxForeignJSON) + `"}`
	for document, want := range map[string]string{
		`{"b":[1.50,true,null],"a":{"\n":"é"}}`: `{"b":[1.50,true,null],"a":{"\n":"é"}}`,
		long:                                    `{"a":"` + strings.Repeat("x", maxForeign) + `..."}`,
		"[" + strings.Repeat("1,", maxForeignJSON) + "1]": fmt.Sprintf(`"(%d bytes, too long to be shown)"`, 2*maxForeignJSON+3),
	} {
		if got, err := json.Marshal(foreignJSON(document)); err != nil || string(got) != want {
			t.Errorf("%.40s: %.100s, %v", document, got, err)
		}
	}
}
