// This file looks for what must never be told: 17 bytes of a token, of a signature, of a secret or of
// a private key, in anything that the package returns, prints, logs or answers.

package suites

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// run is the length of the shortest piece that counts as a leak.
const run = 17

// piece is the length of what is looked up first, at every tenth place of a text only: wherever a run
// stands, a whole piece of it does at one of them.
const piece = run - 9

// A leakFinder knows every run of what must not be told, and every piece.
type leakFinder struct {
	runs   map[string]string
	pieces map[[piece]byte]bool
}

func newLeakFinder() leakFinder {
	return leakFinder{map[string]string{}, map[[piece]byte]bool{}}
}

// text adds a text as it is.
func (l leakFinder) text(name, secret string) {
	for i := 0; i+run <= len(secret); i++ {
		l.runs[secret[i:i+run]] = name
	}
	for i := 0; i+piece <= len(secret); i++ {
		l.pieces[[piece]byte([]byte(secret[i:i+piece]))] = true
	}
}

// octets adds bytes in every form that Go, JSON or a careless hand gives them. Lists of numbers and
// escapes are for find to undo.
func (l leakFinder) octets(name string, secret []byte) {
	l.text(name, string(secret))
	l.text(name+" in hex", hex.EncodeToString(secret))
	l.text(name+" in capital hex", strings.ToUpper(hex.EncodeToString(secret)))
	for i := range 3 { // wherever it stands in a longer text
		shifted := append(make([]byte, i), secret...)
		encoded := base64.RawStdEncoding.EncodeToString(shifted)[4*min(i, 1) : (len(shifted)*8)/6]
		l.text(name+" in base64", encoded)
		l.text(name+" in base64url", strings.NewReplacer("+", "-", "/", "_").Replace(encoded))
	}
}

// token adds a token and its signature.
func (l leakFinder) token(name, token string) {
	l.text(name, token)
	if signature, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:]); err == nil {
		l.octets("the signature of "+name, signature)
	}
}

// keyring adds the private half of every key.
func (l leakFinder) keyring(k *fixture.Keyring) {
	l.octets("the secret", k.Secret)
	for alg, private := range k.Private {
		switch private := private.(type) {
		case *rsa.PrivateKey:
			l.octets("d", private.D.Bytes())
			l.text("d in decimal", private.D.String())
			for _, prime := range private.Primes {
				l.octets("a prime", prime.Bytes())
				l.text("a prime in decimal", prime.String())
			}
		case *ecdsa.PrivateKey:
			d, err := private.Bytes()
			if err != nil {
				panic(err)
			}
			if alg == jwt.ES256 { // the others are counted up, as many honest texts are
				l.octets("the scalar of "+string(alg), d)
			}
		}
	}
}

var escapeForm = regexp.MustCompile(`\\x[0-9a-f]{2}|\\[abfnrtv\\"]`)

// find returns what a text tells, empty if it tells nothing.
func (l leakFinder) find(text string) string {
	texts := append(numberLists(text), text)
	if strings.Contains(text, `\`) {
		texts = append(texts, escapeForm.ReplaceAllStringFunc(text, func(escape string) string {
			plain, _ := strconv.Unquote(`"` + escape + `"`)
			return plain
		}))
	}
	for _, text := range texts {
		for at := 0; at+piece <= len(text); at += run - piece + 1 {
			if !l.pieces[[piece]byte([]byte(text[at:at+piece]))] {
				continue
			}
			for i := max(0, at+piece-run); i <= at && i+run <= len(text); i++ {
				if name := l.runs[text[i:i+run]]; name != "" {
					return fmt.Sprintf("%s: %q", name, text[i:i+run])
				}
			}
		}
	}
	return ""
}

// numberLists returns the octets of every list of at least as many numbers as a run has octets, as fmt
// and encoding/json write them.
func numberLists(text string) (lists []string) {
	var octets []byte
	end := func() {
		if len(octets) >= run {
			lists = append(lists, string(octets))
		}
		octets = octets[:0]
	}
	for field := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return r == ' ' || r == ',' || r == ':' || r == '[' || r == ']' || r == '{' || r == '}'
	}) {
		if n, err := strconv.ParseUint(field, 0, 8); err == nil {
			octets = append(octets, byte(n))
		} else {
			end()
		}
	}
	end()
	return lists
}

// told is what a value tells in every usual way of telling it: printed, marshalled and logged, alone and
// within other values.
func told(value any) (texts []string) {
	for _, v := range []any{value, []any{value}, struct{ V any }{value}, &struct{ V any }{value}, map[string]any{"v": value}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
		text, err := json.Marshal(v)
		texts = append(texts, string(text), fmt.Sprint(err))
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Error("x", "v", v, slog.Group("g", "v", v))
		}
		texts = append(texts, log.String())
	}
	if err, ok := value.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			texts = append(texts, err.Error())
		}
	}
	return texts
}

// checkTold looks for leaks in a value and, if it is a pointer, in what it points to. A RemoteKeySet is
// never seen by value: it holds a lock, and go vet refuses copies.
func (l leakFinder) checkTold(t *testing.T, name string, value any) {
	t.Helper()
	values := []any{value}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && !v.IsNil() && v.Type() != reflect.TypeFor[*jwt.RemoteKeySet]() {
		values = append(values, v.Elem().Interface())
	}
	for _, value := range values {
		for _, text := range told(value) {
			if leak := l.find(text); leak != "" {
				t.Errorf("%s (%T) tells %s", name, value, leak)
				return
			}
		}
	}
}

// The finder finds a secret in every form, and nothing in what is none.
func TestLeakFinder(t *testing.T) {
	secret := fixture.FixedKeys().Secret
	l := newLeakFinder()
	l.octets("the secret", secret)
	for _, value := range []any{secret, string(secret), secret[:run], struct{ k []byte }{secret}, struct{ K any }{secret},
		errors.New(string(secret)), fmt.Sprintf("%q", secret), fmt.Sprintf("%#v", secret[:run]), hex.EncodeToString(secret), base64.URLEncoding.EncodeToString(append([]byte("x"), secret...)), base64.StdEncoding.EncodeToString(append([]byte("xy"), secret...))} {
		found := false
		for _, text := range told(value) {
			found = found || l.find(text) != ""
		}
		if !found {
			t.Errorf("not found in %#v", value)
		}
	}
	for at := range 2 * run { // wherever it stands
		before := strings.Repeat("x", at)
		if leak := l.find(before + string(secret[at:at+run])); leak == "" {
			t.Errorf("not found at %d", at)
		}
		if leak := l.find(before + string(secret[at:at+run-1]) + "x"); leak != "" {
			t.Error(leak)
		}
	}
	l.token("the token", fixture.FixedToken(t, jwt.EdDSA))
	if leak := l.find(strings.Join(told(&jwt.Config{Issuer: fixture.FixedIssuer}), " ")); leak != "" {
		t.Error(leak)
	}
}

// exportedTypes lists the types that users see.
func exportedTypes(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range sources(t) {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == gotoken.TYPE {
				for _, spec := range d.Specs {
					if name := spec.(*ast.TypeSpec).Name; name.IsExported() {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// No value of an exported type tells a token, a signature, a secret or a private key, however it is
// printed, marshalled or logged. A type that is new must be added here.
func TestValuesTellNothing(t *testing.T) {
	t.Parallel()
	fixture.Bubble(t, func(t *testing.T) {
		k, l := fixture.FixedKeys(), newLeakFinder()
		l.keyring(k)
		const account = "eyJhbGciOiJSUzI1NiJ9.the-token-of-a-service-account.AAAA"
		const query = "apikey-0123456789-abcdefghijklmnop"
		l.text("BearerTokenFile", account)
		l.text("the query of an address", query)
		path := filepath.Join(t.TempDir(), "token")
		fixture.WriteFile(t, path, account+"\n")

		// A set that its issuer has published with all its private halves.
		published := publishedWithSecrets(t, k)
		p := fixture.NewProvider(t)
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/keys" {
				w.Write(published)
			}
			return r.URL.Path == "/keys"
		}
		var events []jwt.Event
		options := jwt.RemoteOptions{Client: &http.Client{Transport: p}, BearerTokenFile: path, OnEvent: func(e jwt.Event) { events = append(events, e) }}
		remote, err := jwt.NewRemoteKeySet(fixture.KeysURL+"?"+query, &options)
		if err != nil {
			t.Fatal(err)
		}
		set, err := jwt.ParseKeySet(published)
		if err != nil {
			t.Fatal(err)
		}
		algorithms := slices.Sorted(maps.Keys(k.Hash))
		var keys []*jwt.Key
		for _, alg := range append(algorithms, jwt.EdDSA) {
			keys = append(keys, k.Key(t, strings.ToLower(string(alg)), alg))
		}
		all, err := jwt.NewKeySet(keys...)
		if err != nil {
			t.Fatal(err)
		}

		// Tokens that were accepted and refused, by verifiers with every kind of source.
		config := jwt.Config{Issuer: fixture.FixedIssuer, Audience: []string{fixture.FixedAudience}, Keys: all}
		alone, fetching := config, config
		alone.Keys, fetching.Keys, fetching.TokenCache = k.Key(t, "", jwt.HS256), remote, 10
		config.TokenCache = 10
		values := map[string][]any{
			"Algorithm": {jwt.RS256}, "EventKind": {jwt.EventFetched}, "Profile": {jwt.IDToken}, "Reason": {jwt.ReasonNoToken}, "SnapshotFile": {jwt.SnapshotFile("x")},
			"Config": {config, alone, fetching}, "KeySet": {set, all}, "RemoteKeySet": {remote}, "RemoteOptions": {options},
			"KeySource": {jwt.KeySource(set), jwt.KeySource(remote), jwt.KeySource(keys[0])}, "ResourceConfig": {jwt.ResourceConfig{Realm: "x", Cookie: "y"}}, "ResourceMetadata": {jwt.ResourceMetadata{Name: "x"}},
			"ClaimPath": {jwt.Claim("a")}, "Requirement": {jwt.Scope("a"), jwt.Any(jwt.Scope("a")), jwt.Claim("permissions").Has("a"), jwt.Claim("roles").Has("a"), jwt.Claim("a").Equals("b"), jwt.ACR("a"), jwt.MaxAuthAge(1), jwt.All(jwt.Scope("a")), jwt.Any(jwt.Scope("a"))},
		}
		add := func(name string, value any) { values[name] = append(values[name], value) }
		for _, c := range []jwt.Config{config, alone, fetching} {
			v, err := jwt.NewVerifier(c)
			if err != nil {
				t.Fatal(err)
			}
			resource, err := jwt.NewResource(v, jwt.ResourceConfig{Realm: "api"})
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				token := k.Sign(t, key.Algorithm(), `{"alg":"`+string(key.Algorithm())+`","kid":"`+key.KeyID()+`"}`,
					`{"iss":"public.example","aud":"api.example","sub":"somebody","exp":253402300799}`)
				forged := token[:len(token)-8] + "AAAAAAAA"
				for name, text := range map[string]string{"a token": token, "a forged token": forged, "a token without a key": fixture.WithPart(token, 0, fixture.B64(`{"alg":"RS256","kid":"x"}`))} {
					l.token(name, text)
					if good, err := v.Verify(t.Context(), text); err == nil {
						add("Token", good)
						add("Header", good.Header())
					} else {
						add("Error", err)
					}
					trace := v.Trace(t.Context(), text, time.Time{}, jwt.Scope("a"))
					add("Trace", trace)
					for _, step := range trace.Steps {
						add("TraceStep", step)
					}
					_, err := resource.Check(fixture.Request("Bearer " + text))
					if err != nil {
						add("Error", err)
						add("Refusal", resource.Refusal(err))
					}
				}
			}
			add("Verifier", v)
			add("Resource", resource)
			for _, status := range v.Status() {
				add("IssuerStatus", status)
				add("KeySetStatus", status.Keys)
				if status.TokenCache != nil {
					add("TokenCacheStatus", status.TokenCache)
				}
				for _, key := range status.Keys.Keys {
					add("KeyStatus", key)
				}
				for _, skipped := range status.Keys.Skipped {
					add("SkippedKey", skipped)
				}
			}
		}
		for _, key := range keys {
			add("Key", key)
		}
		time.Sleep(2 * time.Hour)
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		unavailable := remote.Warm(t.Context())
		add("Error", unavailable)
		if fetch := (*jwt.FetchError)(nil); errors.As(unavailable, &fetch) {
			add("FetchError", fetch)
		}
		add("KeySetStatus", remote.Status())
		synctest.Wait()
		for _, e := range events {
			add("Event", e)
		}
		if p.Seen.Get("Authorization") != "Bearer "+account || len(values["Token"]) < len(keys) || len(values["Error"]) < 10*len(keys) || len(events) < 5 {
			t.Fatalf("%d tokens, %d errors, %d events", len(values["Token"]), len(values["Error"]), len(events))
		}
		for _, skipped := range set.Skipped() {
			add("SkippedKey", skipped)
		}

		for _, name := range exportedTypes(t) {
			if len(values[name]) == 0 {
				t.Errorf("the exported type %s is not looked at", name)
			}
			for _, value := range values[name] {
				l.checkTold(t, name, value)
			}
			delete(values, name)
		}
		for name := range values {
			t.Errorf("there is no exported type %s", name)
		}
	})
}

// privateJWKs are the private halves of a keyring as JSON Web Keys.
func privateJWKs(t *testing.T, k *fixture.Keyring) (keys []fixture.JWK) {
	t.Helper()
	text := func(b []byte) string { return fixture.B64(string(b)) }
	keys = append(keys, fixture.JWK{"kty": "oct", "alg": "HS256", "k": text(k.Secret)})
	for alg, private := range k.Private {
		switch private := private.(type) {
		case *rsa.PrivateKey:
			keys = append(keys, fixture.JWK{"kty": "RSA", "alg": alg, "n": text(private.N.Bytes()), "e": "AQAB", "d": text(private.D.Bytes()),
				"p": text(private.Primes[0].Bytes()), "q": text(private.Primes[1].Bytes())})
		case *ecdsa.PrivateKey:
			d, err := private.Bytes()
			point, errPoint := private.PublicKey.Bytes()
			if err != nil || errPoint != nil {
				t.Fatal(err, errPoint)
			}
			keys = append(keys, fixture.JWK{"kty": "EC", "crv": private.Curve.Params().Name, "x": text(point[1 : 1+len(d)]), "y": text(point[1+len(d):]), "d": text(d)})
		case ed25519.PrivateKey:
			keys = append(keys, fixture.JWK{"kty": "OKP", "crv": "Ed25519", "x": text(private[32:]), "d": text(private[:32])})
		}
	}
	return keys
}

func publishedWithSecrets(t *testing.T, k *fixture.Keyring) []byte {
	t.Helper()
	all := []any{fixture.JWK{"kty": "OKP", "crv": "Ed25519", "kid": "eddsa", "x": fixture.B64(string(k.Private[jwt.EdDSA].(ed25519.PrivateKey)[32:]))}}
	for _, key := range privateJWKs(t, k) {
		all = append(all, key)
	}
	return fixture.KeySetJSON(all...)
}

// No constructor's error tells what it was given for a key.
func TestKeyErrorsTellNothing(t *testing.T) {
	t.Parallel()
	k, l := fixture.FixedKeys(), newLeakFinder()
	l.keyring(k)
	tries := 0
	try := func(what string, key any, err error) {
		t.Helper()
		tries++
		if err == nil {
			t.Errorf("%s was accepted", what)
		} else {
			l.checkTold(t, what, err)
		}
		l.checkTold(t, what, key)
	}
	for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.RS256, "none", jwt.Algorithm(k.Secret)} {
		key, err := jwt.HMACKey("", alg, k.Secret[:31])
		try("a short secret", key, err)
	}
	var documents [][]byte
	for _, key := range privateJWKs(t, k) {
		text, _ := json.Marshal(key)
		if key["kty"] != "oct" { // a file of one's own may hold a secret
			documents = append(documents, text)
		}
		// What is broken around or within it.
		documents = append(documents, text[:len(text)-1], append(text, "{}"...), bytes.Replace(text, []byte(`"alg"`), []byte(`"kid"`), 1)[:len(text)/2],
			bytes.Replace(text, []byte(`{`), []byte(`{"kty":"x",`), 1))
		for name, value := range key {
			if text, ok := value.(string); ok && len(text) > 40 { // the right text in a wrong place
				for _, other := range []string{"kty", "crv", "use", "alg", "kid", "key_ops", "x5c", "e", "n", "x", "y", "issuer"} {
					broken := maps.Clone(key)
					delete(broken, name)
					broken[other] = text
					if broken["kty"] == "oct" {
						delete(broken, "k")
					}
					document, _ := json.Marshal(broken)
					documents = append(documents, document)
				}
			}
		}
	}
	for _, document := range documents {
		key, err := jwt.ParseKey(document)
		if err != nil {
			try("ParseKey", key, err)
		}
		set, err := jwt.ParseKeySet([]byte(`{"keys":[` + string(document) + `]}`))
		if err != nil {
			try("ParseKeySet", set, err)
		}
		secret, err := jwt.HMACKey("", jwt.HS256, document)
		if err != nil {
			try("HMACKey", secret, err)
		}
	}
	for alg, private := range k.Private {
		der, err := x509.MarshalPKCS8PrivateKey(crypto.PrivateKey(private))
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{der, fixture.PEM("PRIVATE KEY", der), fixture.PEM("PUBLIC KEY", der), fixture.PEM("CERTIFICATE", der), fixture.PEM("RSA PUBLIC KEY", der), fixture.PEM(base64.StdEncoding.EncodeToString(der), nil),
			pem.EncodeToMemory(&pem.Block{Type: "X", Headers: map[string]string{"K": hex.EncodeToString(der)}})} {
			keys, err := jwt.ParsePEM("", alg, data)
			try("ParsePEM", keys, err)
			set, err := jwt.ParseKeySet(data)
			try("ParseKeySet", set, err)
			one, err := jwt.ParseKey(data)
			try("ParseKey", one, err)
		}
	}
	if tries < 500 {
		t.Errorf("%d tries", tries)
	}
}

// Neither a fetch that fails nor an address that is refused tells what is secret in its settings.
func TestFetchErrorsTellNothing(t *testing.T) {
	l := newLeakFinder()
	const secret = "0123456789-this-is-a-secret-abcdef"
	l.text("the secret", secret)
	path := filepath.Join(t.TempDir(), "token")
	for _, token := range []string{secret, secret + "\r\nX: y", secret + "\x00", strings.Repeat(secret, 4000)} {
		fixture.WriteFile(t, path, token)
		for _, transport := range []http.RoundTripper{nil, fixture.NewProvider(t), fixture.Transport(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("no route")
		})} {
			for _, address := range []string{"https://127.0.0.1:1/nothing?key=" + secret, "http://127.0.0.1:1/nothing?key=" + secret, "https://issuer.test/nothing?key=" + secret} {
				var events []jwt.Event
				keys, err := jwt.NewRemoteKeySet(address, &jwt.RemoteOptions{BearerTokenFile: path, InsecureLoopbackHTTP: true, Timeout: time.Second,
					Client: &http.Client{Transport: transport}, OnEvent: func(e jwt.Event) { events = append(events, e) }})
				if err != nil {
					t.Fatal(err)
				}
				if transport == nil && strings.Contains(address, "issuer.test") {
					continue // that would be a question to the network
				}
				err = keys.Warm(t.Context())
				if err == nil {
					t.Errorf("%s answers", address)
				}
				for _, value := range []any{err, keys, keys.Status()} {
					l.checkTold(t, address, value)
				}
			}
		}
	}
	for _, address := range []string{"https://" + secret + "@issuer.test/", "https://user:" + secret + "@issuer.test/", "http://user:" + secret + "@issuer.test/", "ftp://user:" + secret + "@issuer.test",
		"http://issuer.test/?" + secret, "ftp://issuer.test/?" + secret, "https:///?" + secret, "https://issuer.test/?" + secret + "#", "https://user:" + secret + "@issuer.test\x00", "https://issuer.test:port/?" + secret} {
		_, err := jwt.NewRemoteKeySet(address, nil)
		if err == nil {
			t.Errorf("%s was accepted", address)
		}
		l.checkTold(t, address, err)
		_, err = jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{MetadataURL: address})
		if err == nil {
			t.Errorf("%s was accepted", address)
		}
		l.checkTold(t, address, err)
		// As an issuer's word.
		p := fixture.NewProvider(t)
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == fixture.OIDCPath {
				w.Write(fixture.JSON(t, map[string]string{"issuer": fixture.ProviderURL, "jwks_uri": address}))
			}
			return r.URL.Path == fixture.OIDCPath
		}
		keys := p.Remote(jwt.RemoteOptions{})
		err = keys.Warm(t.Context())
		if err == nil || len(p.Fetches) != p.Count(fixture.OIDCPath)+p.Count(fixture.MetadataPath) {
			t.Errorf("%s was accepted: %v, %v", address, err, p.Fetches)
		}
		for _, value := range []any{err, keys, keys.Status()} {
			l.checkTold(t, address, value)
		}
	}
}

// What a source of the caller's says of a token's key is made fit to be printed.
func TestForeignKeyErrorIsPlain(t *testing.T) {
	hostile := strings.Repeat("k\r\nlevel=ERROR\x1b[2J\u2028\"", 30)
	for _, refuse := range []func(h jwt.Header) error{
		func(h jwt.Header) error {
			return &jwt.Error{Reason: jwt.ReasonKeyUnknown, Member: h.KeyID, Got: h.KeyID, Want: h.KeyID, Hint: h.KeyID, Also: []*jwt.Error{{Got: h.KeyID}}}
		},
		func(h jwt.Header) error { return fmt.Errorf("no key %s: %w", h.KeyID, jwt.ErrKey) },
		func(h jwt.Header) error { return errors.New(h.KeyID) },
	} {
		v := fixture.NewVerifier(t, func(c *jwt.Config) {
			c.Keys = fixture.SourceFunc(func(_ context.Context, h jwt.Header) (*jwt.Key, error) { return nil, refuse(h) })
		})
		_, err := fixture.Verify(v, signedRaw(`{"alg":"RS256","kid":`+string(fixture.JSON(t, hostile))+`}`, fixture.Payload()))
		var e *jwt.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if !errors.Is(err, jwt.ErrKey) && !errors.Is(err, jwt.ErrUnavailable) {
			t.Errorf("the source was not asked: %v", err)
		}
		for _, text := range []string{err.Error(), e.Member, e.Got, e.Want, e.Hint, e.KeyID} {
			fixture.WantPlain(t, text)
		}
		if len(e.Got) > 4*64+3 || len(e.Also) > 0 {
			t.Errorf("got %d bytes of Got, and %v", len(e.Got), e.Also)
		}
	}
}
