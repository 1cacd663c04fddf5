//go:build linux

// This file is the client's process. A client of net/http would take more of a core than the server does, so that it
// and not the server would be measured: this one writes requests that it has prepared, and of answers reads the
// status and the length.

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	clientRole = "-as-client"
	http11     = "http/1.1"
	http2TLS   = "h2"
)

// A clientSetup is what the client is told at its start.
type clientSetup struct {
	serverStart
	Protocol string
	Modes    []clientMode
}

// A clientMode is what the client sends in a turn. Each connection has a token of its own.
type clientMode struct {
	Path   string
	Tokens []string
	Status int // that every answer must have
}

// A turn is what the client is told to do: to send requests of one mode, each connection one after the other.
type turn struct {
	Mode int
	For  time.Duration
}

// A turnResult is what came of a turn: how many requests were answered, and how long that took.
type turnResult struct {
	Requests int
	Took     time.Duration
	Failed   string
}

// A connection sends one request and reads its answer.
type connection interface {
	do(mode int) (status int, err error)
}

func drive(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	var setup clientSetup
	if err := decoder.Decode(&setup); err != nil {
		return err
	}
	poll, err := newPoller()
	if err != nil {
		return err
	}
	connections := make([]connection, len(setup.Modes[0].Tokens))
	for i := range connections {
		conn, err := poll.dial(setup.Address)
		if err != nil {
			return err
		}
		var failed error
		if err := poll.during(func() { connections[i], failed = setup.speak(conn, i) }); err != nil || failed != nil {
			return errors.Join(err, failed)
		}
	}
	for {
		var t turn
		if err := decoder.Decode(&t); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := encoder.Encode(take(t, poll, connections, setup.Modes[t.Mode].Status)); err != nil {
			return err
		}
	}
}

// take has all connections send requests until the turn is over.
func take(t turn, poll *poller, connections []connection, want int) (result turnResult) {
	counts, errs := make([]int, len(connections)), make([]error, len(connections))
	start := time.Now()
	var all []func()
	for i, c := range connections {
		all = append(all, func() {
			for errs[i] == nil && (counts[i] == 0 || time.Since(start) < t.For) {
				status, err := c.do(t.Mode)
				if err == nil && status != want {
					err = fmt.Errorf("the status is %d, want %d", status, want)
				}
				counts[i]++
				errs[i] = err
			}
		})
	}
	errs = append(errs, poll.during(all...))
	result.Took = time.Since(start)
	for _, n := range counts {
		result.Requests += n
	}
	if err := errors.Join(errs...); err != nil {
		result.Failed = err.Error()
	}
	return result
}

// speak begins to speak the protocol on the connection of a number.
func (s clientSetup) speak(conn net.Conn, n int) (connection, error) {
	if s.Protocol == http11 {
		c := &oneConnection{conn: conn, in: bufio.NewReader(conn)}
		for _, m := range s.Modes {
			c.requests = append(c.requests, []byte("GET "+m.Path+" HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAuthorization: Bearer "+m.Tokens[n]+"\r\n\r\n"))
		}
		return c, nil
	}
	certificate, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	secured := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", NextProtos: []string{http2TLS}})
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	return newTwoConnection(secured, s.Modes, n)
}

// oneConnection speaks HTTP/1.1.
type oneConnection struct {
	conn     net.Conn
	in       *bufio.Reader
	requests [][]byte // by mode
}

func (c *oneConnection) do(mode int) (status int, err error) {
	if _, err := c.conn.Write(c.requests[mode]); err != nil {
		return 0, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, fmt.Errorf("the status line is %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			_, err := c.in.Discard(length)
			return status, err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
}

// twoConnection speaks HTTP/2, one stream at a time.
type twoConnection struct {
	out     *bufio.Writer
	framer  *http2.Framer
	fields  [][]hpack.HeaderField // by mode
	encoder *hpack.Encoder
	block   bytes.Buffer
	decoder *hpack.Decoder
	stream  uint32
	status  int
	unread  int // bytes of bodies that no WINDOW_UPDATE has given back
}

func newTwoConnection(conn net.Conn, modes []clientMode, n int) (*twoConnection, error) {
	c := &twoConnection{out: bufio.NewWriter(conn), stream: 1}
	c.framer = http2.NewFramer(c.out, bufio.NewReader(conn))
	c.framer.SetReuseFrames()
	c.encoder = hpack.NewEncoder(&c.block)
	c.decoder = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":status" {
			c.status, _ = strconv.Atoi(f.Value)
		}
	})
	for _, m := range modes {
		c.fields = append(c.fields, []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"},
			{Name: ":authority", Value: "localhost"}, {Name: ":path", Value: m.Path}, {Name: "user-agent", Value: "bench"},
			{Name: "authorization", Value: "Bearer " + m.Tokens[n]}})
	}
	if _, err := c.out.WriteString(http2.ClientPreface); err != nil {
		return nil, err
	}
	return c, c.framer.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0})
}

func (c *twoConnection) do(mode int) (status int, err error) {
	c.block.Reset()
	for _, f := range c.fields[mode] {
		if err := c.encoder.WriteField(f); err != nil {
			return 0, err
		}
	}
	stream := c.stream
	c.stream += 2
	err = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: c.block.Bytes(), EndStream: true, EndHeaders: true})
	if err == nil {
		err = c.out.Flush()
	}
	for ended := false; err == nil && !ended; {
		ended, err = c.read(stream)
	}
	return c.status, err
}

// read reads a frame, and reports whether the stream ends with it.
func (c *twoConnection) read(stream uint32) (ended bool, err error) {
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return false, err
	}
	switch f := frame.(type) {
	case *http2.HeadersFrame:
		_, err := c.decoder.Write(f.HeaderBlockFragment())
		return f.StreamEnded(), err
	case *http2.DataFrame:
		if c.unread += len(f.Data()); c.unread > 1<<14 {
			if err := c.framer.WriteWindowUpdate(0, uint32(c.unread)); err != nil {
				return false, err
			}
			c.unread = 0
		}
		return f.StreamEnded(), nil
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return false, c.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return false, c.framer.WritePing(true, f.Data)
		}
	case *http2.GoAwayFrame:
		return false, fmt.Errorf("the server goes away: %v", f.ErrCode)
	case *http2.RSTStreamFrame:
		return false, fmt.Errorf("the server resets stream %d: %v", stream, f.ErrCode)
	}
	return false, nil
}
