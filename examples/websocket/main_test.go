package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
	"github.com/coder/websocket"
)

// listener is a network in memory, which a bubble of testing/synctest can wait for.
type listener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error {
	close(l.done)
	return nil
}

func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func (l listener) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	l.conns <- there
	return here, nil
}

// start serves in memory and returns a client; stop ends both.
func start(t *testing.T, handler http.Handler) (client *http.Client, stop func()) {
	t.Helper()
	l := listener{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	transport := &http.Transport{DialContext: l.dial}
	return &http.Client{Transport: transport}, func() {
		transport.CloseIdleConnections()
		server.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	}
}

func serve(t *testing.T) (*jwttest.Issuer, *http.Client) {
	t.Helper()
	issuer := jwttest.NewIssuer(t)
	v, err := jwt.NewVerifier(issuer.Config())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(v)
	if err != nil {
		t.Fatal(err)
	}
	client, stop := start(t, handler)
	t.Cleanup(stop)
	return issuer, client
}

// dial opens a connection and returns what the server answered to the handshake.
func dial(t *testing.T, client *http.Client, header http.Header, protocols ...string) (*websocket.Conn, *http.Response) {
	t.Helper()
	c, response, err := websocket.Dial(t.Context(), "ws://api.example/chat", &websocket.DialOptions{HTTPClient: client, HTTPHeader: header, Subprotocols: protocols})
	if err != nil && response == nil {
		t.Fatal(err)
	}
	return c, response
}

// exchange sends a message and returns the answer.
func exchange(t *testing.T, c *websocket.Conn, message string) string {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
		t.Fatal(err)
	}
	_, answer, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestGuard(t *testing.T) {
	issuer, client := serve(t)
	good := issuer.Token(jwttest.Claims{"scope": "chat"})
	expired := issuer.Token(jwttest.Claims{"scope": "chat", "exp": 1})
	field := func(values ...string) http.Header { return http.Header{"Authorization": values} }
	for name, c := range map[string]struct {
		header    http.Header
		protocols []string
		status    int
		challenge string
	}{
		"a page":            {nil, []string{"chat", "bearer." + good}, 101, ""},
		"in another order":  {nil, []string{"bearer." + good, "chat"}, 101, ""},
		"another client":    {field("Bearer " + good), []string{"chat"}, 101, ""},
		"no token":          {nil, []string{"chat"}, 401, `Bearer scope="chat"`},
		"the word alone":    {nil, []string{"chat", "bearer."}, 400, `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`},
		"two tokens":        {nil, []string{"chat", "bearer." + good, "bearer." + expired}, 400, `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`},
		"one in each place": {field("Bearer " + good), []string{"chat", "bearer." + good}, 400, `Bearer error="invalid_request", error_description="The request must carry exactly one well-formed bearer credential."`},
		"expired":           {nil, []string{"chat", "bearer." + expired}, 401, `Bearer error="invalid_token", error_description="The access token is not valid for this service.", scope="chat"`},
		"without the scope": {nil, []string{"chat", "bearer." + issuer.Token(nil)}, 403, `Bearer error="insufficient_scope", error_description="The access token does not allow this request.", scope="chat"`},
	} {
		t.Run(name, func(t *testing.T) {
			ws, response := dial(t, client, c.header, c.protocols...)
			if response.StatusCode != c.status || response.Header.Get("WWW-Authenticate") != c.challenge {
				t.Fatalf("%s %v", response.Status, response.Header)
			}
			if c.status != 101 {
				return
			}
			defer ws.CloseNow()
			if got := ws.Subprotocol(); got != "chat" {
				t.Errorf("subprotocol %q", got)
			}
			if got := exchange(t, ws, "hello"); got != "test-subject: hello" {
				t.Error(got)
			}
		})
	}
}

func TestKeysUnavailable(t *testing.T) {
	issuer, client := serve(t)
	issuer.SetDown(true)
	if _, response := dial(t, client, nil, "chat", "bearer."+issuer.Token(nil)); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Error(response.Status, response.Header)
	}
}

// A page of another origin gets no connection, whatever its token.
func TestOrigin(t *testing.T) {
	issuer, client := serve(t)
	good := issuer.Token(jwttest.Claims{"scope": "chat"})
	for origin, status := range map[string]int{"https://api.example": 101, "https://evil.example": 403, "null": 403} {
		ws, response := dial(t, client, http.Header{"Origin": {origin}}, "chat", "bearer."+good)
		if response.StatusCode != status {
			t.Errorf("%s: %s", origin, response.Status)
		}
		if ws != nil {
			ws.CloseNow()
		}
	}
}

// A connection ends at the moment of its token's exp, also where the client says nothing and where it goes on
// sending. No message of a later time reaches the handler.
func TestConnectionEndsWithToken(t *testing.T) {
	issuer := jwttest.NewIssuer(t) // outside of the bubble, whose clock stands still while a listener waits
	synctest.Test(t, func(t *testing.T) {
		v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Keys: issuer.Key(jwt.RS256)})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := newHandler(v)
		if err != nil {
			t.Fatal(err)
		}
		client, stop := start(t, handler)
		defer stop()
		exp := time.Now().Add(time.Minute)
		token := issuer.Token(jwttest.Claims{"exp": exp.Unix(), "scope": "chat"})
		ws, _ := dial(t, client, nil, "chat", "bearer."+token)
		defer ws.CloseNow()
		if got := exchange(t, ws, "hello"); got != "test-subject: hello" {
			t.Error(got)
		}
		_, message, err := ws.Read(t.Context())
		if websocket.CloseStatus(err) != websocket.StatusPolicyViolation || len(message) != 0 || !time.Now().Equal(exp) {
			t.Errorf("after %v: %q %v", time.Until(exp), message, err)
		}
	})
}

// A client that does not answer the close and sends on reaches no handler.
func TestMessageAfterExpiry(t *testing.T) {
	issuer := jwttest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		v, err := jwt.NewVerifier(jwt.Config{Issuer: issuer.URL, Audience: []string{jwttest.Audience}, Keys: issuer.Key(jwt.RS256)})
		if err != nil {
			t.Fatal(err)
		}
		received := make(chan string, 10)
		client, stop := start(t, v.Require()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			defer close(received)
			for {
				_, message, err := c.Read(r.Context())
				if err != nil {
					if err := c.Write(r.Context(), websocket.MessageText, nil); err == nil {
						t.Error("a message was sent after the token had expired")
					}
					return
				}
				received <- string(message)
			}
		})))
		defer stop()
		exp := time.Now().Add(time.Minute)
		ws, _ := dial(t, client, http.Header{"Authorization": {"Bearer " + issuer.Token(jwttest.Claims{"exp": exp.Unix()})}})
		defer ws.CloseNow()
		if err := ws.Write(t.Context(), websocket.MessageText, []byte("in time")); err != nil {
			t.Fatal(err)
		}
		if got := <-received; got != "in time" {
			t.Error(got)
		}
		<-time.After(time.Minute + time.Second) // of the bubble: nobody reads the close
		ws.Write(t.Context(), websocket.MessageText, []byte("too late"))
		for message := range received {
			t.Errorf("the handler got %q", message)
		}
	})
}

func TestAcceptWithoutGuard(t *testing.T) {
	if _, err := accept(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), nil); err == nil {
		t.Error("a connection without a token")
	}
}
