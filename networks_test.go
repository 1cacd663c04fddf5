// This file tests how keys are fetched over networks as they are: hosts without TLS, credentials, dead
// connections, one host with many issuers.

package jwt_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

func TestInsecureHTTPHosts(t *testing.T) {
	mesh := []string{"keycloak", "10.0.0.5", "fd00::5"}
	for _, c := range []struct {
		address string
		hosts   []string
		want    string // empty: it is taken
	}{
		{"http://keycloak:8080/keys", mesh, ""},
		{"http://10.0.0.5/keys", mesh, ""},
		{"http://[fd00::5]:8080/keys", mesh, ""},
		{"https://elsewhere.test/keys", mesh, ""},
		{"http://keycloak.evil.test/keys", mesh, "its host is none of InsecureHTTPHosts"},
		{"http://xkeycloak/keys", mesh, "its host is none of InsecureHTTPHosts"},
		{"http://Keycloak/keys", mesh, "its host is none of InsecureHTTPHosts"},
		{"http://localhost/keys", mesh, "its host is none of InsecureHTTPHosts"},
		{"http://keycloak/keys", nil, "is not https"},
		{"ftp://keycloak/keys", mesh, "is not https"},
		{"https://elsewhere.test/keys", []string{"*.test"}, "not the name of one host"},
		{"https://elsewhere.test/keys", []string{""}, "not the name of one host"},
		{"https://elsewhere.test/keys", []string{"keycloak:8080"}, "not the name of one host"},
		{"https://elsewhere.test/keys", []string{"http://keycloak"}, "not the name of one host"},
	} {
		_, err := jwt.NewRemoteKeySet(c.address, &jwt.RemoteOptions{InsecureHTTPHosts: c.hosts})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s with %q: got %v, want %q", c.address, c.hosts, err, c.want)
		}
	}
	// The metadata of a named host may name a named host, those behind https only https.
	for metadata, want := range map[string]string{
		"http://keycloak/m":     "",
		"https://issuer.test/m": "is not https, and an https address led to it",
		"HTTPS://issuer.test/m": "is not https, and an https address led to it",
	} {
		keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{MetadataURL: metadata, InsecureHTTPHosts: mesh, InsecureLoopbackHTTP: true,
			Client: &http.Client{Transport: answering(func(r *http.Request) string {
				if r.URL.Path == "/m" {
					return `{"issuer":"` + fixture.ProviderURL + `","jwks_uri":"http://keycloak:8080/keys"}`
				}
				return string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
			})}})
		if err != nil {
			t.Fatal(err)
		}
		err = keys.Warm(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("metadata at %s: got %v, want %q", metadata, err, want)
		}
	}
}

// answering is a transport that answers every request with a body.
func answering(body func(r *http.Request) string) http.RoundTripper {
	return fixture.Transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body(r))), Request: r}, nil
	})
}

// Header and the bearer token go to the configured origin alone, and over http to loopback alone. Where they
// were held back and the answer is that one may not, the error says so.
func TestCredentialsStayAtTheirOrigin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	fixture.WriteFile(t, file, "pod\n")
	set := string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
	for _, c := range []struct {
		configured, keys string
		sent             bool
	}{
		{"https://api.test", "https://api.test/keys", true},
		{"https://api.test:443", "https://api.test/keys", false},
		{"https://api.test", "https://node.test:6443/keys", false},
		{"https://api.test", "https://api.test:6443/keys", false},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/keys", true},
		{"http://mesh", "http://mesh/keys", false},
		{"https://api.test", "https://api.test.evil.test/keys", false},
		{"https://api.test", "https://API.test/keys", false}, // rather not
		{"HTTPS://api.test", "https://api.test/keys", true},
		{"https://[2001:db8::1]:6443", "https://[2001:db8::1]:6443/keys", true},
		{"https://[2001:db8::1]:6443", "https://[2001:db8::2]:6443/keys", false},
		{"https://[2001:db8::1]", "https://[2001:db8:0::1]/keys", false},
		{"http://[::1]:8080", "http://[::1]:8080/keys", true},
	} {
		sent := false
		transport := fixture.Transport(func(r *http.Request) (*http.Response, error) {
			status, body := 200, `{"issuer":"`+c.configured+`","jwks_uri":"`+c.keys+`"}`
			if r.URL.Path == "/keys" {
				body, sent = set, r.Header.Get("Authorization") == "Bearer pod" && r.Header.Get("X-Api-Key") == "k" && r.UserAgent() == "shop/1.0"
				if !sent {
					status = 401
				}
				if !sent && r.Header.Get("Authorization")+r.Header.Get("X-Api-Key") != "" {
					t.Errorf("%s was sent %v", c.keys, r.Header)
				}
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		keys, err := jwt.Discover(c.configured, &jwt.RemoteOptions{Client: &http.Client{Transport: transport}, BearerTokenFile: file,
			Header: http.Header{"X-Api-Key": {"k"}, "User-Agent": {"shop/1.0"}}, InsecureLoopbackHTTP: true, InsecureHTTPHosts: []string{"mesh"}})
		if err != nil {
			t.Fatal(err)
		}
		err = keys.Warm(t.Context())
		if c.sent != sent || c.sent != (err == nil) {
			t.Errorf("%s, keys at %s: sent is %v, %v", c.configured, c.keys, sent, err)
		}
		if want := "status 401, and RemoteOptions.BearerTokenFile was withheld: it is sent only to " + c.configured; !c.sent &&
			(!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "NewRemoteKeySet")) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestHeaderRefused(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		want   string
	}{
		"of the connection": {http.Header{"Connection": {"close"}}, "cannot be set"},
		"host":              {http.Header{"Host": {"x"}}, "cannot be set"},
		"cookie":            {http.Header{"Cookie": {"x"}}, "cannot be set"},
		"length":            {http.Header{"Content-Length": {"1"}}, "cannot be set"},
		"conditional":       {http.Header{"If-None-Match": {"x"}}, "cannot be set"},
		"conditional too":   {http.Header{"If-Modified-Since": {"x"}}, "cannot be set"},
		"a part":            {http.Header{"Range": {"bytes=0-1"}}, "cannot be set"},
		"cached":            {http.Header{"Cache-Control": {"max-stale"}}, "cannot be set"},
		"lower case":        {http.Header{"x-key": {"1"}}, `write "X-Key"`},
		"no name":           {http.Header{"X Key": {"1"}}, "not the name of a header field"},
		"two lines":         {http.Header{"X-Key": {"1\r\nHost: x"}}, "not printable ASCII"},
		"two credentials":   {http.Header{"Authorization": {"Basic x"}}, "contradicts BearerTokenFile"},
	} {
		_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Header: c.header, BearerTokenFile: "x"})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\r") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// realm is a server with any number of issuers, each under a path of its own.
func realm(t *testing.T, configure func(*httptest.Server)) (s *httptest.Server, pool *x509.CertPool) {
	t.Helper()
	set := fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256))
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutSuffix(r.URL.Path, fixture.OIDCPath); ok {
			fmt.Fprintf(w, `{"issuer":"https://%s%s","jwks_uri":"https://%[1]s/keys"}`, r.Host, name)
			return
		}
		w.Write(set)
	}))
	configure(s)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool = x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, pool
}

// All key sets with the same authorities share one transport, whose connections to a host are few.
func TestSharedTransport(t *testing.T) {
	var open, most atomic.Int32
	full, once := make(chan struct{}), sync.Once{}
	s, pool := realm(t, func(s *httptest.Server) {
		answer := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := open.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if n == 64 {
				once.Do(func() { close(full) })
			}
			<-full // until as many are under way as there may be
			open.Add(-1)
			answer.ServeHTTP(w, r)
		})
	})
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for n := range 200 {
		same := x509.NewCertPool() // as each tenant of a service may read it from a file
		same.AddCert(s.Certificate())
		keys, err := jwt.Discover(fmt.Sprint(s.URL, "/t", n), &jwt.RemoteOptions{RootCAs: same})
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if err := keys.Warm(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	shared := jwt.SharedTransport(pool)
	if n := most.Load(); n != 64 || shared.MaxConnsPerHost != 64 {
		t.Errorf("%d requests at once, the limit is %d", n, shared.MaxConnsPerHost)
	}
	if shared.MaxIdleConns != 16 || shared.IdleConnTimeout != 30*time.Second || shared.HTTP2.SendPingTimeout != 10*time.Second || shared.HTTP2.PingTimeout != 5*time.Second {
		t.Errorf("got %+v", shared)
	}
	if system := jwt.SharedTransport(nil); system == shared || jwt.SharedTransport(nil) != system {
		t.Error("authorities are mixed up")
	}
	shared.CloseIdleConnections()
	s.Close()
	for runtime.NumGoroutine() > before { // or the test ends by its time
		runtime.Gosched()
	}
}

// A connection that nobody answers any more, as after a firewall forgot it, costs one request: the next one
// uses a connection of its own, with HTTP/2 too.
func TestDeadConnection(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		s, pool := realm(t, func(s *httptest.Server) { s.EnableHTTP2 = http2 })
		relay := newRelay(t, s.Listener.Addr().String())
		issuer := "https://" + relay.Addr().String()
		first, err := jwt.Discover(issuer, &jwt.RemoteOptions{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		snapshot, err := first.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		relay.forget()
		events := make(chan jwt.Event, 10)
		keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{RootCAs: pool, Snapshot: snapshot, Timeout: 300 * time.Millisecond, OnEvent: func(e jwt.Event) { events <- e }})
		if err != nil {
			t.Fatal(err)
		}
		// The metadata are asked for on the dead connection, and the keys on another, in one fetch.
		if err := keys.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e := <-events; e.Kind != jwt.EventNotModified || keys.Status().Failures != 0 {
			t.Errorf("HTTP/2 %v: got %+v", http2, e)
		}
		if n := relay.opened.Load(); n != 2 {
			t.Errorf("HTTP/2 %v: %d connections, want the dead one and another", http2, n)
		}
		jwt.SharedTransport(pool).CloseIdleConnections()
	}
}

// relay passes connections on, and can forget those that it has.
type relay struct {
	net.Listener
	to     string
	opened atomic.Int32
	mu     sync.Mutex // guards inside
	inside []net.Conn // the server's ends
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l, to: to}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.opened.Add(1)
			d, err := net.Dial("tcp", to)
			if err != nil {
				c.Close()
				continue
			}
			r.mu.Lock()
			r.inside = append(r.inside, d)
			r.mu.Unlock()
			go func() { io.Copy(d, c); io.Copy(io.Discard, c); d.Close() }()
			go func() { io.Copy(c, d) }() // c is not closed with d: nobody is told
			t.Cleanup(func() { c.Close() })
		}
	}()
	return r
}

// forget drops what is between the connections that there are.
func (r *relay) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.inside {
		d.Close()
	}
}

// A transport that has nothing to do with net/http's is told to close what it keeps.
func TestDeadConnectionOfAnotherTransport(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := &closing{Provider: fixture.NewProvider(t)}
		p.Delay = time.Hour
		keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: &http.Client{Transport: p}})
		if err != nil {
			t.Fatal(err)
		}
		keys.Warm(t.Context())
		if p.closed != 0 {
			t.Errorf("closed %d times before a request failed", p.closed)
		}
		p.Set(func(p *fixture.Provider) { p.Delay = 0 })
		time.Sleep(time.Minute)
		if err := keys.Warm(t.Context()); err != nil || p.closed != 1 {
			t.Errorf("got %v, closed %d times", err, p.closed)
		}
		time.Sleep(time.Hour)
	})
}

type closing struct {
	*fixture.Provider
	closed int
}

func (c *closing) CloseIdleConnections() { c.closed++ }

// Renewals go on although a transport never has its idle connections closed.
func TestTransportThatDoesNotClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		transport := &unclosing{p, make(chan struct{})}
		keys, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Client: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		v := p.Verifier(keys)
		text := fixture.Mint(nil)
		accepted(t, v, text, 0)
		p.Set(func(p *fixture.Provider) { p.Delay = time.Hour })
		for range 20 {
			time.Sleep(time.Minute)
			accepted(t, v, text, time.Second)
		}
		if s := keys.Status(); s.Failures < 3 {
			t.Errorf("got %+v", s)
		}
		close(transport.release)
	})
}

type unclosing struct {
	http.RoundTripper
	release chan struct{}
}

func (u *unclosing) CloseIdleConnections() { <-u.release }

// manyIssuers are issuers of one host behind this transport.
func manyIssuers(t *testing.T, n int, transport http.RoundTripper) (configs []jwt.Config) {
	t.Helper()
	for i := range n {
		issuer := fmt.Sprintf("https://idp.test/t%04d", i)
		keys, err := jwt.Discover(issuer, &jwt.RemoteOptions{Client: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		configs = append(configs, jwt.Config{Issuer: issuer, Audience: []string{jwttest.Audience}, Keys: keys})
	}
	return configs
}

// Warm asks few issuers at a time, and asks those again that say 429.
func TestWarmMany(t *testing.T) {
	t.Parallel()
	tenants := 1500 / int(fixture.Slower())
	fixture.Bubble(t, func(t *testing.T) {
		set := string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
		var mu sync.Mutex // guards what follows
		open, most, refused, count, second := 0, 0, 0, 0, int64(0)
		host := fixture.Transport(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			open++
			most = max(most, open)
			if now := time.Now().Unix(); now != second {
				second, count = now, 0
			}
			count++
			status, body := 200, set
			if count > 50 {
				status, refused = 429, refused+1
			}
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			open--
			mu.Unlock()
			if issuer, ok := strings.CutSuffix(r.URL.String(), fixture.OIDCPath); ok {
				body = fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, issuer+"/keys")
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		v, err := jwt.NewVerifier(manyIssuers(t, tenants, host)...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if err := v.Warm(ctx); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if most != 8 || refused == 0 {
			t.Errorf("%d requests at once, %d refused", most, refused)
		}
		for _, s := range v.Status() {
			if s.Keys.State != "fresh" {
				t.Fatalf("got %+v", s)
			}
		}
	})
}

// Warm and Ready name every issuer without keys. Warm asks a busy one again until its context ends, and
// Ready never waits longer than that.
func TestWarmAndReadyNameIssuers(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		down := true
		var requests atomic.Int32 // issuers are asked at the same time
		host := fixture.Transport(func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			issuer, metadata := strings.CutSuffix(r.URL.String(), fixture.OIDCPath)
			status, body := 200, string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
			switch {
			case down && strings.Contains(issuer, "t0001"):
				status = 503
			case down && strings.Contains(issuer, "t0002"):
				status = 500
			case metadata:
				body = fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, issuer+"/keys")
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})
		v, err := jwt.NewVerifier(manyIssuers(t, 3, host)...)
		if err != nil {
			t.Fatal(err)
		}
		named := func(what string, err error) {
			t.Helper()
			text := fmt.Sprint(err)
			if strings.Contains(text, "t0000") || strings.Count(text, `issuer "https://idp.test/t0001"`) != 1 || strings.Count(text, `issuer "https://idp.test/t0002"`) != 1 {
				t.Errorf("%s: got %v", what, err)
			}
			var e *jwt.Error
			if !errors.As(err, &e) || e.Issuer != "https://idp.test/t0001" || !errors.Is(err, jwt.ErrUnavailable) {
				t.Errorf("%s: got the issuer of %v", what, e)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		named("Warm", v.Warm(ctx))
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("Warm gave up after %v", took)
		}
		// A probe every second costs what the pauses after failures allow, and lets traffic in once the issuer is back.
		named("Ready", v.Ready(t.Context()))
		requests.Store(0)
		for range 60 {
			v.Ready(t.Context())
			time.Sleep(time.Second)
		}
		if n := requests.Load(); n > 40 { // a fetch of metadata asks at up to three places
			t.Errorf("%d requests in a minute of probes", n)
		}
		down = false
		for range 37 {
			if v.Ready(t.Context()) == nil {
				break
			}
			time.Sleep(time.Second)
		}
		if err := v.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
	fixture.Bubble(t, func(t *testing.T) { // an issuer that does not answer
		p := fixture.NewProvider(t)
		p.Delay = time.Hour
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := v.Ready(ctx); !errors.Is(err, jwt.ErrUnavailable) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		time.Sleep(2 * time.Hour)
	})
	fixture.Bubble(t, func(t *testing.T) { // keys that are stale serve
		p := fixture.NewProvider(t)
		v := p.Verifier(p.Remote(jwt.RemoteOptions{}))
		v.Warm(t.Context())
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		time.Sleep(11 * time.Minute)
		if err := v.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := v.Status()[0].Keys; s.Failures != 1 {
			t.Errorf("no renewal was begun: %+v", s)
		}
	})
	var none *jwt.Verifier
	if err := none.Ready(t.Context()); !errors.Is(err, jwt.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := none.Warm(t.Context()); err != nil {
		t.Error(err)
	}
}

// The wall clock goes on while a machine is suspended, and the monotonic clock does not; the wall clock can be
// set back, and the monotonic clock cannot.
func TestTimeSince(t *testing.T) {
	then := time.Now()
	// apart is a time at which the two clocks have gone on by these times.
	apart := func(wall, monotonic time.Duration) time.Time {
		now := then.Add(wall)
		(*[2]int64)(unsafe.Pointer(&now))[1] += int64(monotonic - wall) // see the fields of time.Time
		return now
	}
	for name, c := range map[string]struct{ wall, monotonic, want time.Duration }{
		"both":      {time.Minute, time.Minute, time.Minute},
		"suspended": {2 * time.Hour, time.Second, 2 * time.Hour},
		"set back":  {-time.Hour, time.Minute, time.Minute},
		"set ahead": {time.Hour, time.Minute, time.Hour},
	} {
		now := apart(c.wall, c.monotonic)
		if got := now.Sub(then); got != c.monotonic {
			t.Fatalf("%s: the clocks are not apart: %v", name, got)
		}
		if got := jwt.Since(then, now); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
