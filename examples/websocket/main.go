// Command websocket serves connections of browsers and other clients. A connection ends when its token does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"assay.example/jwt"
	"github.com/coder/websocket"
)

// guard:

// fromSubprotocol lets a page send its token, since it cannot set the field Authorization of a WebSocket:
//
//	new WebSocket("wss://api.example.com/chat", ["chat", "bearer." + token])
//
// The page offers another subprotocol beside it: the server chooses that one, and never repeats the token. Some proxies
// log the field Sec-WebSocket-Protocol, and yours should not.
func fromSubprotocol(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		var others []string
		for protocol := range strings.SplitSeq(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
			protocol = strings.TrimSpace(protocol)
			if token, found := strings.CutPrefix(protocol, "bearer."); found {
				r.Header.Add("Authorization", "Bearer "+token) // the guard refuses two
			} else if protocol != "" {
				others = append(others, protocol)
			}
		}
		r.Header.Set("Sec-WebSocket-Protocol", strings.Join(others, ", "))
		next.ServeHTTP(w, r)
	})
}

// conn is a connection that hands on no message after its token has expired: it lives as long as its client wants,
// and its token was verified only when it began.
type conn struct {
	*websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
}

// accept answers a handshake that the guard let through. It refuses pages of other origins unless the options name
// them. The caller must call CloseNow.
func accept(w http.ResponseWriter, r *http.Request, options *websocket.AcceptOptions) (*conn, error) {
	token, ok := jwt.FromContext(r.Context())
	if !ok {
		return nil, errors.New("accept stands behind no guard")
	}
	ws, err := websocket.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithDeadline(r.Context(), token.ExpiresAt())
	context.AfterFunc(ctx, func() { ws.Close(websocket.StatusPolicyViolation, "The token has expired.") })
	return &conn{ws, ctx, cancel}, nil
}

func (c *conn) Read(ctx context.Context) (websocket.MessageType, []byte, error) {
	kind, message, err := c.Conn.Read(ctx)
	if c.ctx.Err() != nil {
		return 0, nil, c.ctx.Err()
	}
	return kind, message, err
}

func (c *conn) Write(ctx context.Context, kind websocket.MessageType, message []byte) error {
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return c.Conn.Write(ctx, kind, message)
}

func (c *conn) CloseNow() error {
	err := c.Conn.CloseNow()
	c.cancel()
	return err
}

// end of guard

func newHandler(v *jwt.Verifier) (http.Handler, error) {
	api, err := jwt.NewResource(v, jwt.ResourceConfig{OnRefusal: func(r *http.Request, e *jwt.Error) {
		slog.Warn("refused", "method", r.Method, "path", r.URL.Path, "jwt", e)
	}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /chat", fromSubprotocol(api.Require(jwt.Scope("chat"))(http.HandlerFunc(chat))))
	return mux, nil
}

// chat answers each message.
func chat(w http.ResponseWriter, r *http.Request) {
	c, err := accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"chat"}})
	if err != nil {
		slog.WarnContext(r.Context(), "no connection", "err", err) // accept has answered
		return
	}
	defer c.CloseNow()
	token, _ := jwt.FromContext(r.Context())
	for {
		kind, message, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if err := c.Write(r.Context(), kind, fmt.Appendf(nil, "%s: %s", token.Subject(), message)); err != nil {
			return
		}
	}
}

func main() {
	issuer := flag.String("issuer", "", "the issuer, as the claim iss of its tokens names it")
	audience := flag.String("audience", "", "this API, as the claim aud of the tokens names it")
	listen := flag.String("listen", "localhost:8080", "the address to serve at")
	local := flag.Bool("local", false, "the issuer is on this machine and has no https, such as assay issuer")
	flag.Parse()
	keys, err := jwt.Discover(*issuer, &jwt.RemoteOptions{InsecureLoopbackHTTP: *local})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: *issuer, Audience: []string{*audience}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(v)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
