// This file is the server behind debug's page: it decides who may use it, and answers. It keeps nothing of
// what it receives.
//
// It refuses other origins, other users and other programs of this machine: they could make it verify a
// token, or make it send requests. It has no data that they could read. The page itself refuses a program
// that takes the port after this process has ended: see doors.

package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed debug/index.html debug/style.css debug/app.js debug/icon.svg
var debugAssets embed.FS

const (
	// maxAsk is the largest size of a request: a token, the largest key set, and JSON's escapes for
	// both.
	maxAsk = 2 << 20
	// maxTabs is the number of tabs that can be open. A further one closes the oldest.
	maxTabs = 16
	// maxAtOnce is the number of tokens that are verified at once.
	maxAtOnce = 4
	// explainTimeout ends a verification whose issuer does not answer.
	explainTimeout = 20 * time.Second
)

// debugHeaders are in every answer. They let the page load the embedded files and send requests to its own
// address. They forbid inline scripts, markup made from text, frames, and the Referer.
var debugHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
	"Cache-Control":                "no-store",
}

// debugPresets are the first values of the page's fields, and what the command line allows.
type debugPresets struct {
	Issuer, Audience     string
	InsecureLoopbackHTTP bool
}

// debugServer is an [http.Handler].
type debugServer struct {
	address  string // at which it listens
	anywhere bool   // -insecure-listen: the address need not be loopback
	presets  debugPresets
	doors    doors
	mux      *http.ServeMux
	outbound *http.Client  // what keys are fetched with
	busy     chan struct{} // one for each verification under way
}

func newDebugServer(address string, anywhere bool, presets debugPresets) *debugServer {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	s := &debugServer{
		address: address, anywhere: anywhere, presets: presets, mux: http.NewServeMux(),
		outbound: &http.Client{Transport: transport}, busy: make(chan struct{}, maxAtOnce),
	}
	for path, asset := range map[string]struct{ name, contentType string }{
		"/{$}":       {"index.html", "text/html; charset=utf-8"},
		"/style.css": {"style.css", "text/css; charset=utf-8"},
		"/app.js":    {"app.js", "text/javascript; charset=utf-8"},
		"/icon.svg":  {"icon.svg", "image/svg+xml"},
	} {
		body, err := debugAssets.ReadFile("debug/" + asset.name)
		if err != nil {
			panic(err) // the file is embedded, so this cannot happen
		}
		s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", asset.contentType)
			w.Write(body)
		})
	}
	s.mux.HandleFunc("POST /api/session", s.serveSession)
	s.mux.HandleFunc("POST /api/proof", s.serveProof)
	s.mux.HandleFunc("POST /api/explain", s.serveExplain)
	s.mux.HandleFunc("POST /api/example", s.serveExample)
	return s
}

// close closes the idle connections of fetches.
func (s *debugServer) close() { s.outbound.CloseIdleConnections() }

func (s *debugServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range debugHeaders {
		w.Header().Set(name, value)
	}
	if refused := s.check(r); refused != nil {
		refused.answer(w)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// A refusal is the answer to a request that the page did not send. It repeats nothing of the request.
type refusal struct {
	status int
	text   string
}

func (e *refusal) answer(w http.ResponseWriter) {
	answerJSON(w, e.status, map[string]string{"error": e.text})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// check decides whether a request comes from the page itself, or opens the page.
//
// Host tells the printed address from a foreign name that resolves to this machine (DNS rebinding).
// Origin and Sec-Fetch-Site tell the page from other sites and from other ports of this machine, which
// may only link to the page.
func (s *debugServer) check(r *http.Request) *refusal {
	if !s.named(r.Host) {
		return &refusal{status: http.StatusMisdirectedRequest, text: "this is not the address that assay printed"}
	}
	if r.URL.RawQuery != "" || r.URL.ForceQuery {
		return &refusal{status: http.StatusBadRequest, text: "nothing may be sent in the address: it ends up in histories and logs"}
	}
	foreign := &refusal{status: http.StatusForbidden, text: "requests from other sites are refused"}
	origin, own := r.Header.Values("Origin"), "http://"+r.Host
	switch site := r.Header.Get("Sec-Fetch-Site"); r.Method {
	case http.MethodGet, http.MethodHead:
		if len(origin) > 1 || len(origin) == 1 && origin[0] != own {
			return foreign
		}
		link := r.URL.Path == "/" && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if site != "" && site != "same-origin" && site != "none" && !link {
			return foreign
		}
	default:
		if len(origin) != 1 || origin[0] != own || site != "" && site != "same-origin" {
			return foreign
		}
	}
	return nil
}

// named reports whether host is this server. On another interface than loopback the server does not know its
// own addresses, so it accepts every IP address: DNS rebinding needs a name.
func (s *debugServer) named(host string) bool {
	if !s.anywhere {
		return host == s.address || host+":80" == s.address // browsers leave the port of http out
	}
	name := host
	if _, _, err := net.SplitHostPort(host); err == nil {
		name, _, _ = net.SplitHostPort(host)
	}
	return name == "localhost" || net.ParseIP(strings.Trim(name, "[]")) != nil
}

// doors authenticates tabs. A link holds two secrets behind the # of the address. Browsers do not send that
// part, so the secrets are in no request line, no Referer and no log, and a preview of the address does not
// use up the link. The page removes both secrets from the address bar.
//
// The first secret opens one tab, once. The page exchanges it for a session, which it keeps in the storage of
// its tab and sends in a header with every call. A reload finds the session; other tabs and origins do not.
// Browsers would send a cookie to every port of this machine, and with requests that other sites cause.
//
// The second secret is a key that does not cross the network (TestImpostor). Before each call the page asks
// this process to prove that it has the key; without a proof the page sends nothing more. The reason: when
// this process has ended, another program of this machine may take its port, and an open tab must not send a
// token to it. Two gaps remain: the time between a proof and the call after it, about a millisecond, and a
// reload, which loads the other program's own page.
type doors struct {
	announce func(link string) // called with each new link but the first; nil: no calls

	mu   sync.Mutex // guards what follows
	link link       // the unused link; empty before the first
	tabs []tab      // the oldest first
}

// link has the two secrets of a printed address. Each is a rand.Text, with at least 128 random bits.
type link struct{ pass, key string }

func newLink() link { return link{rand.Text(), rand.Text()} }

func (l link) String() string { return l.pass + l.key }

// tab is a tab with a session.
type tab struct{ session, key string }

// next makes a link, which replaces the former one.
func (d *doors) next() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link = newLink()
	return d.link.String()
}

// enter uses up a link.
func (d *doors) enter(pass string) (entered tab, ok bool) {
	next, entered, ok := d.exchange(pass)
	if ok && d.announce != nil {
		d.announce(next)
	}
	return entered, ok
}

func (d *doors) exchange(pass string) (next string, entered tab, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.link.pass == "" || subtle.ConstantTimeCompare([]byte(pass), []byte(d.link.pass)) != 1 {
		return "", tab{}, false
	}
	entered = tab{rand.Text(), d.link.key}
	d.link = newLink()
	if d.tabs = append(d.tabs, entered); len(d.tabs) > maxTabs {
		d.tabs = slices.Delete(d.tabs, 0, 1)
	}
	return d.link.String(), entered, true
}

// find returns the tab of this session.
func (d *doors) find(session string) (found tab, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tabs {
		if subtle.ConstantTimeCompare([]byte(session), []byte(t.session)) == 1 {
			found, ok = t, true
		}
	}
	return found, ok
}

// proofLabel begins the authenticated text, so that a proof cannot be used for another purpose.
const proofLabel = "assay debug proof "

// nonceForm is the form of a page's nonce for a proof: 16 random bytes.
var nonceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// proof proves to the tab that this process has the tab's key.
func (t tab) proof(nonce string) string {
	mac := hmac.New(sha256.New, []byte(t.key))
	mac.Write([]byte(proofLabel + nonce))
	return hex.EncodeToString(mac.Sum(nil))
}

// sessionHeader carries the session of a tab.
const sessionHeader = "Assay-Session"

var locked = &refusal{status: http.StatusUnauthorized, text: "this page is locked: open the newest link that assay has printed"}

// receive reads the body of a call into v, if the call has the session of a tab.
func (s *debugServer) receive(w http.ResponseWriter, r *http.Request, v any) *refusal {
	if _, ok := s.doors.find(r.Header.Get(sessionHeader)); !ok {
		return locked
	}
	return receiveJSON(w, r, v)
}

// receiveJSON reads a body. Its refusals repeat nothing of the body.
func receiveJSON(w http.ResponseWriter, r *http.Request, v any) *refusal {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &refusal{status: http.StatusUnsupportedMediaType, text: "the body must be application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAsk))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("more than one value")
		} else if err == io.EOF {
			err = nil
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &refusal{status: http.StatusRequestEntityTooLarge, text: "that is too much for a token and a key"}
	case err != nil:
		return &refusal{status: http.StatusBadRequest, text: "the body is not what this page sends"}
	}
	return nil
}

// serveSession gives a tab a session for an unused link, or confirms the session that it has. It answers with
// a proof, as serveProof does.
func (s *debugServer) serveSession(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Link  string `json:"link"` // its first half
		Nonce string `json:"nonce"`
	}
	refused := receiveJSON(w, r, &ask)
	if refused == nil && !nonceForm.MatchString(ask.Nonce) {
		refused = &refusal{status: http.StatusBadRequest, text: "the body is not what this page sends"}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	t, ok := s.doors.find(r.Header.Get(sessionHeader))
	if !ok {
		if t, ok = s.doors.enter(ask.Link); !ok {
			locked.answer(w)
			return
		}
	}
	answerJSON(w, http.StatusOK, map[string]string{
		"session": t.session, "proof": t.proof(ask.Nonce), "issuer": s.presets.Issuer, "audience": s.presets.Audience,
	})
}

// serveProof proves to a tab that this is still the process that gave it the session.
func (s *debugServer) serveProof(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Nonce string `json:"nonce"`
	}
	refused := s.receive(w, r, &ask)
	t, ok := s.doors.find(r.Header.Get(sessionHeader))
	switch {
	case refused != nil:
	case !ok: // closed meanwhile
		refused = locked
	case !nonceForm.MatchString(ask.Nonce):
		refused = &refusal{status: http.StatusBadRequest, text: "the body is not what this page sends"}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	answerJSON(w, http.StatusOK, map[string]string{"proof": t.proof(ask.Nonce)})
}

// serveExplain answers what the page asks.
func (s *debugServer) serveExplain(w http.ResponseWriter, r *http.Request) {
	var ask debugAsk
	if refused := s.receive(w, r, &ask); refused != nil {
		refused.answer(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), explainTimeout)
	defer cancel()
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return
	}
	answerJSON(w, http.StatusOK, s.explain(ctx, &ask))
}

// serveExample makes a token to try the page with.
func (s *debugServer) serveExample(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Kind string `json:"kind"`
	}
	refused := s.receive(w, r, &ask)
	if refused == nil && sampleClaims[ask.Kind] == nil {
		refused = &refusal{status: http.StatusBadRequest, text: "there is no such example"}
	}
	if refused != nil {
		refused.answer(w)
		return
	}
	e, err := newSample(ask.Kind)
	if err != nil {
		(&refusal{status: http.StatusInternalServerError, text: "the example could not be made"}).answer(w)
		return
	}
	answerJSON(w, http.StatusOK, e)
}
