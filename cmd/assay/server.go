// This file runs the HTTP servers of demo, debug and issuer.

package main

import (
	"context"
	"net"
	"net/http"
	"time"
)

// server is an HTTP server that is running.
type server struct {
	url  string
	http *http.Server
	done chan struct{} // closed when it has stopped
	err  error         // why; valid then
}

// startServer serves until the server is closed.
func startServer(listener net.Listener, h *http.Server) *server {
	s := &server{url: "http://" + listener.Addr().String(), http: h, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = h.Serve(listener)
	}()
	return s
}

// grace is the time that requests under way have when a server is closed.
const grace = 2 * time.Second

func (s *server) close() {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	<-s.done
}
