// This file is the command keys: it fetches an issuer's keys as a verifier does, and shows the answers, which
// keys can be used, and what may go wrong later.

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
)

var keysCommand = command{
	name:     "keys",
	synopsis: "-issuer url [flags]",
	summary:  "list an issuer's keys, which of them can be used, and how long they are fresh",
	about: "keys reads an issuer's metadata and key set as a verifier does. It lists every key with its kid,\n" +
		"type, use, algorithm, size and thumbprint (RFC 7638), and whether it can verify tokens or why it is\n" +
		"skipped; what the issuer says about caching; and what may go wrong when the keys change.\n\n" +
		"With -json the result is one object: issuer, usable, error, requests (url, status, content_type,\n" +
		"cache_control, expires, age, etag, last_modified, error), metadata (the issuer's own, long texts cut),\n" +
		"fresh_seconds, keys (kid, kty, use, alg, size, thumbprint, usable, skipped) and hints. What is\n" +
		"empty may be absent.\n\n" +
		"The exit status is 0 if there is a key that can be used, 2 if the command line is wrong, such as a\n" +
		"file that cannot be read, and 3 if the keys cannot be fetched or none of them can be used.",
	example: "assay keys -jwks jwks.json\nassay keys -issuer https://accounts.google.com",
	run:     runKeys,
}

// keyList is what keys prints as JSON.
type keyList struct {
	Issuer   foreign     `json:"issuer,omitempty"`
	Usable   bool        `json:"usable"`
	Error    foreign     `json:"error,omitempty"`
	Requests []request   `json:"requests,omitempty"`
	Metadata foreignJSON `json:"metadata,omitempty"`
	Fresh    int         `json:"fresh_seconds,omitempty"`
	Keys     []listedKey `json:"keys,omitempty"`
	Hints    []foreign   `json:"hints,omitempty"`
}

// request is one request to the issuer and its answer.
type request struct {
	URL          foreign `json:"url"`
	Status       int     `json:"status,omitempty"`
	ContentType  foreign `json:"content_type,omitempty"`
	CacheControl foreign `json:"cache_control,omitempty"`
	Expires      foreign `json:"expires,omitempty"`
	Age          foreign `json:"age,omitempty"`
	ETag         foreign `json:"etag,omitempty"`
	LastModified foreign `json:"last_modified,omitempty"`
	Error        foreign `json:"error,omitempty"`

	body []byte
}

// listedKey is one key of the set.
type listedKey struct {
	KeyID      foreign `json:"kid,omitempty"`
	Type       foreign `json:"kty,omitempty"`
	Use        foreign `json:"use,omitempty"`
	Algorithm  foreign `json:"alg,omitempty"`
	Size       int     `json:"size,omitempty"` // in bits
	Thumbprint string  `json:"thumbprint,omitempty"`
	Usable     bool    `json:"usable"`
	Skipped    foreign `json:"skipped,omitempty"` // why it is not

	declared string    // alg, as published
	private  bool      // it has private members
	expires  time.Time // of the certificate; zero if there is none
	key      *jwt.Key
}

func runKeys(ctx context.Context, c *call) int {
	flags := c.flags()
	var s settings
	flags.StringVar(&s.issuer, "issuer", "", "`url` of the issuer, byte for byte as its tokens have it in iss")
	flags.StringVar(&s.jwks, "jwks", "", "`file` or address of the key set, in place of the issuer's metadata; or a set itself")
	s.remote.define(flags)
	asJSON := flags.Bool("json", false, "print JSON")
	if code, ok := c.parse(flags, 0); !ok {
		return code
	}
	if (s.issuer == "") == (s.jwks == "") {
		return c.misused("one of -issuer and -jwks is required: whose keys?")
	}
	list, err := s.list(ctx)
	if err != nil {
		return c.misused("%s", s.advice(err))
	}
	if *asJSON {
		err = c.printJSON(list)
	} else {
		_, err = fmt.Fprint(c.stdout, paintedKeys(list.String(), colored(c.stdout)))
	}
	switch {
	case err != nil:
		return c.failed(err)
	case !list.Usable:
		return exitNoKeys
	}
	return exitOK
}

// list fetches the keys. Its error is about the flags.
func (s *settings) list(ctx context.Context) (*keyList, error) {
	list := &keyList{Issuer: foreign(s.issuer)}
	watch := &watcher{}
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	watch.next = transport
	s.client = &http.Client{Transport: watch}
	source, err := s.keys()
	switch {
	case errors.Is(err, errKeys):
		text, unread := inline("-jwks", s.jwks)
		if unread != nil {
			return nil, unread
		}
		list.Error = foreign(err.Error())
		list.read([]byte(text), nil)
		return list, nil
	case err != nil:
		return nil, err
	}
	var set []byte
	var header http.Header
	if remote, ok := source.(*jwt.RemoteKeySet); ok {
		if err := remote.Warm(ctx); err != nil {
			list.Error = foreign(flagWords.of(strings.TrimPrefix(err.Error(), "jwt: ")))
			if refusal := (*jwt.Error)(nil); !errors.As(err, &refusal) || refusal.Hint == "" { // otherwise it is in the text
				list.Hints = append(list.Hints, foreign(flagWords.of(explain.FetchHint(err))))
			}
		} else {
			list.Usable = true
			status := remote.Status()
			list.Fresh = int(status.FreshUntil.Sub(status.LastSuccess).Round(time.Second) / time.Second)
		}
		list.Requests = watch.requests()
		for n, r := range list.Requests {
			var found struct {
				Keys     json.RawMessage `json:"keys"`
				Metadata string          `json:"jwks_uri"`
			}
			if r.Status != http.StatusOK || json.Unmarshal(r.body, &found) != nil {
				continue
			}
			switch {
			case found.Keys != nil:
				set, header = r.body, watch.header(n)
			case found.Metadata != "":
				list.Metadata = foreignJSON(r.body)
			}
		}
		if set == nil {
			return list, nil
		}
	} else {
		text, err := inline("-jwks", s.jwks)
		if err != nil {
			return nil, err
		}
		set, list.Usable = []byte(text), true
	}
	list.read(set, header)
	return list, nil
}

// read lists the keys of a set. The package decides whether a key can be used, so it parses each as a set of
// its own. header is nil for a file.
func (l *keyList) read(set []byte, header http.Header) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(set, &document) != nil {
		return
	}
	for _, raw := range document.Keys {
		l.Keys = append(l.Keys, readKey(raw))
	}
	l.hints(header, time.Now())
}

func readKey(raw json.RawMessage) (k listedKey) {
	var published struct {
		KeyID string   `json:"kid"`
		Type  string   `json:"kty"`
		Use   string   `json:"use"`
		Alg   string   `json:"alg"`
		Crv   string   `json:"crv"`
		N     string   `json:"n"`
		X5c   []string `json:"x5c"`
	}
	var members map[string]json.RawMessage
	json.Unmarshal(raw, &members)
	json.Unmarshal(raw, &published) // a member of a wrong type is skipped here; the package reports it
	k = listedKey{KeyID: foreign(published.KeyID), Type: foreign(published.Type), Use: foreign(published.Use), Algorithm: foreign(published.Alg), declared: published.Alg}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "priv"} { // RFC 7518 section 6.3.2; priv: of RFC 9964
		nothing := []string{"", "null", `""`, "[]"} // a member with one of these values counts as absent
		k.private = k.private || !slices.Contains(nothing, string(members[name]))
	}
	switch published.Type {
	case "RSA":
		n, _ := base64.RawURLEncoding.DecodeString(published.N)
		k.Size = new(big.Int).SetBytes(n[:min(len(n), 4096)]).BitLen()
	case "EC":
		k.Size = map[string]int{"P-256": 256, "P-384": 384, "P-521": 521}[published.Crv]
	case "OKP":
		k.Size = map[string]int{"Ed25519": 256, "X25519": 256, "Ed448": 456, "X448": 448}[published.Crv]
	}
	if len(published.X5c) > 0 {
		der, _ := base64.StdEncoding.DecodeString(published.X5c[0])
		if certificate, err := x509.ParseCertificate(der); err == nil {
			k.expires = certificate.NotAfter
		}
	}
	keys, err := jwt.ParseKeySet(fmt.Appendf(nil, `{"keys":[%s,%s]}`, raw, exampleKey)) // the example key makes it a set with a usable key
	switch {
	case err != nil:
		k.Skipped = foreign(strings.TrimPrefix(err.Error(), "jwt: ParseKeySet: "))
		return k
	case len(keys.Skipped()) > 0:
		k.Skipped = foreign(flagWords.of(keys.Skipped()[0].Reason))
		return k
	}
	k.Usable, k.key = true, keys.Keys()[0]
	k.Thumbprint = k.key.Thumbprint()
	k.Algorithm = cmp.Or(k.Algorithm, foreign(k.key.Algorithm()))
	return k
}

// soon is the time before the end of a certificate at which a hint begins.
const soon = 30 * 24 * time.Hour

// hints tells what may go wrong when the keys change.
func (l *keyList) hints(header http.Header, now time.Time) {
	hint := func(format string, values ...any) { l.Hints = append(l.Hints, foreign(fmt.Sprintf(format, values...))) }
	var usable []*jwt.Key
	withoutID, withoutAlg, secrets, private, encryption := 0, 0, 0, 0, 0
	for _, k := range l.Keys {
		switch {
		case k.Usable:
			usable = append(usable, k.key)
			if k.KeyID == "" {
				withoutID++
			}
			if k.declared == "" && k.Type == "RSA" {
				withoutAlg++
			}
		case k.Type == "oct":
			secrets++
		case k.private:
			private++
		case k.Use == "enc":
			encryption++
		}
		switch left := k.expires.Sub(now); {
		case k.expires.IsZero():
		case left < 0:
			hint("the certificate of the key %q ended on %s; it is not checked here, but others may", k.KeyID, k.expires.UTC().Format(time.DateOnly))
		case left < soon:
			hint("the certificate of the key %q ends on %s: the key will be changed soon", k.KeyID, k.expires.UTC().Format(time.DateOnly))
		}
	}
	switch {
	case len(usable) == 0 && encryption > 0 && encryption == len(l.Keys):
		hint("all keys are for encryption: the issuer needs one for signatures")
	case len(usable) == 0:
		hint("no key can be used")
	case len(usable) == 1:
		hint("only one key can be used: unless the issuer publishes the next key before it signs with it, each change causes extra fetches")
	}
	if withoutID > 0 && len(usable) > 1 {
		hint("%s no kid: tokens cannot name %s, and are refused where several keys could be meant", have(withoutID, "key"), them(withoutID))
	} else if withoutID > 0 {
		hint("the key has no kid: with a second key beside it, as in a rotation, tokens are ambiguous")
	}
	if withoutAlg > 0 {
		hint("%s no alg, so RS256 is meant, or the one RSA algorithm that -alg names", have(withoutAlg, "RSA key"))
	}
	if secrets > 0 {
		hint("%s in the set: everybody can read a published secret; change it", are(secrets, "secret"))
	}
	if private > 0 {
		hint("%s in the set: everybody can sign with it; change it at once", are(private, "private key"))
	}
	if len(usable) > 1 {
		if _, err := jwt.NewKeySet(usable...); err != nil {
			hint("%s: tokens with that kid are refused", strings.TrimPrefix(err.Error(), "jwt: NewKeySet: "))
		}
	}
	if header == nil || len(usable) == 0 {
		return
	}
	control := strings.ToLower(strings.Join(header.Values("Cache-Control"), ","))
	switch {
	case strings.Contains(control, "no-store"), strings.Contains(control, "no-cache"):
		hint("the issuer forbids caching: keys are still kept for a minute, or every token would cause a request")
	case control == "" && header.Get("Expires") == "":
		hint("the issuer does not say how long its keys are fresh (no Cache-Control, no Expires): 10 minutes are assumed")
	case strings.Contains(control, "max-age") || header.Get("Expires") != "":
		switch l.Fresh {
		case 60:
			hint("the issuer says that its keys are fresh for a minute or less: they are kept for a minute")
		case 3600:
			hint("the issuer says that its keys are fresh for an hour or more: they are kept for an hour, so that a withdrawn key does not verify for longer")
		}
	}
}

func have(n int, what string) string {
	if n == 1 {
		return "1 " + what + " has"
	}
	return strconv.Itoa(n) + " " + what + "s have"
}

func are(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return strconv.Itoa(n) + " " + what + "s are"
}

func them(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

func (l *keyList) String() string {
	var b strings.Builder
	if l.Issuer != "" {
		fmt.Fprintf(&b, "Issuer  %s\n", l.Issuer)
	}
	for _, r := range l.Requests {
		fmt.Fprintf(&b, "\nGET %s\n", r.URL)
		if r.Error != "" {
			b.WriteString(hanging("  ", r.Error.String(), helpWidth))
			continue
		}
		fmt.Fprintf(&b, "  status         %d\n", r.Status)
		for _, h := range [...]struct {
			name  string
			value foreign
		}{{"Content-Type", r.ContentType}, {"Cache-Control", r.CacheControl}, {"Expires", r.Expires}, {"Age", r.Age}, {"ETag", r.ETag}, {"Last-Modified", r.LastModified}} {
			if h.value != "" {
				fmt.Fprintf(&b, "  %-13s  %s\n", h.name, h.value)
			}
		}
	}
	l.writeMetadata(&b)
	if l.Fresh > 0 {
		fmt.Fprintf(&b, "\nThe keys are fresh for %s after each fetch.\n", time.Duration(l.Fresh)*time.Second)
	}
	if len(l.Keys) > 0 {
		b.WriteString("\nKeys\n")
	}
	for _, k := range l.Keys {
		verdict := "USABLE "
		if !k.Usable {
			verdict = "SKIPPED"
		}
		fmt.Fprintf(&b, "  %s  kid %s\n", verdict, cmp.Or(k.KeyID, "(none)"))
		size := ""
		if k.Size > 0 {
			size = strconv.Itoa(k.Size) + " bits"
		}
		var about []string
		for _, part := range []string{k.Type.String(), size, prefixed("use ", k.Use), prefixed("alg ", k.Algorithm)} {
			if part != "" {
				about = append(about, part)
			}
		}
		if len(about) > 0 {
			fmt.Fprintf(&b, "           %s\n", strings.Join(about, ", "))
		}
		if k.Thumbprint != "" {
			fmt.Fprintf(&b, "           thumbprint %s\n", k.Thumbprint)
		}
		if k.Skipped != "" {
			b.WriteString(hanging("           because ", k.Skipped.String(), helpWidth))
		}
	}
	if l.Error != "" {
		b.WriteString("\n" + hanging("NO KEYS  ", l.Error.String(), helpWidth))
	}
	if len(l.Hints) > 0 {
		b.WriteString("\nHints\n")
	}
	for _, hint := range l.Hints {
		b.WriteString(hanging("  - ", hint.String(), helpWidth))
	}
	return b.String()
}

func prefixed(prefix string, text foreign) string {
	if text == "" {
		return ""
	}
	return prefix + text.String()
}

// writeMetadata shows the members of the metadata that are about tokens and their keys.
func (l *keyList) writeMetadata(b *strings.Builder) {
	if l.Metadata == nil {
		return
	}
	var members map[string]any
	if json.Unmarshal(l.Metadata, &members) != nil {
		return
	}
	b.WriteString("\nMetadata\n")
	var rows [][2]string
	width := 0
	for _, name := range []string{"issuer", "jwks_uri", "token_endpoint", "introspection_endpoint", "id_token_signing_alg_values_supported", "scopes_supported"} {
		switch value := members[name].(type) {
		case string:
			rows = append(rows, [2]string{name, foreign(value).String()})
		case []any:
			var list []string
			for _, v := range value {
				if text, ok := v.(string); ok && len(list) < 20 {
					list = append(list, foreign(text).String())
				}
			}
			rows = append(rows, [2]string{name, strings.Join(list, " ")})
		default:
			continue
		}
		width = max(width, len(name))
	}
	for _, row := range rows {
		b.WriteString(hanging(fmt.Sprintf("  %-*s  ", width, row[0]), row[1], helpWidth))
	}
}

// paintedKeys colours the verdicts on keys.
func paintedKeys(text string, color bool) string {
	p := &printer{color: color}
	lines := strings.SplitAfter(text, "\n")
	for n, line := range lines {
		for _, mark := range [...]struct{ word, color string }{{"  USABLE ", green}, {"  SKIPPED", yellow}, {"NO KEYS", red}} {
			if rest, ok := strings.CutPrefix(line, mark.word); ok {
				lines[n] = p.paint(mark.color, mark.word) + rest
			}
		}
	}
	return strings.Join(lines, "")
}

// watcher records the requests and their answers.
type watcher struct {
	next http.RoundTripper

	mu      sync.Mutex // guards what follows
	asked   []request
	headers []http.Header
}

// maxWatched is the size of an answer that a verifier reads.
const maxWatched = 512 << 10

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	plain, _, query := strings.Cut(r.URL.Redacted(), "?")
	if query {
		plain += "?..." // it may hold a secret
	}
	note := request{URL: foreign(plain)}
	var header http.Header
	if err != nil {
		note.Error = foreign(err.Error())
	} else {
		header = resp.Header
		get := func(name string) foreign { return foreign(header.Get(name)) }
		note.Status, note.ContentType, note.CacheControl = resp.StatusCode, get("Content-Type"), foreign(strings.Join(header.Values("Cache-Control"), ", "))
		note.Expires, note.Age, note.ETag, note.LastModified = get("Expires"), get("Age"), get("ETag"), get("Last-Modified")
		body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxWatched+1))
		note.body = body
		rest := resp.Body
		resp.Body = readCloser{io.MultiReader(bytes.NewReader(body), failing{readErr}, rest), rest}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked, w.headers = append(w.asked, note), append(w.headers, header)
	return resp, err
}

func (w *watcher) requests() []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]request(nil), w.asked...)
}

func (w *watcher) header(n int) http.Header {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.headers[n]
}

type readCloser struct {
	io.Reader
	io.Closer
}

// failing returns the error with which a body ended.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
