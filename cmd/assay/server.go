// This file runs the HTTP servers of demo, debug and issuer.

package main

import (
	"context"
	"log"
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

// startLimited is startServer for a handler that strangers may reach: a request is read within 15 seconds, its header
// fields have at most this many bytes together, and its answer takes at most this long.
func startLimited(listener net.Listener, h http.Handler, faults *log.Logger, answer time.Duration, fields int) *server {
	return startServer(listener, &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      answer,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    fields,
		ErrorLog:          faults,
	})
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
