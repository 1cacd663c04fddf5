//go:build linux

// This file polls. A client that sleeps until an answer comes has to be woken by the server, and the less the client has
// to do, the more often the server pays for that. So the connections of this client are polled without sleep: a request
// costs the server what it costs where clients are other machines.

package main

import (
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
)

// polled returns the same file for the runtime to poll. A read that blocks would keep the only processor of a role for
// some 10 ms, until the runtime takes it away.
func polled(f *os.File) *os.File {
	if err := syscall.SetNonblock(int(f.Fd()), true); err != nil {
		return f
	}
	return os.NewFile(f.Fd(), f.Name())
}

// A poller knows which of its connections can be read.
type poller struct {
	epoll  int
	conns  map[int32]*polledConn // by file descriptor
	events [256]syscall.EpollEvent
}

func newPoller() (*poller, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	return &poller{epoll: epoll, conns: map[int32]*polledConn{}}, err
}

// A polledConn is a connection of which only reading and writing is asked, by one goroutine.
type polledConn struct {
	net.Conn
	fd       int
	readable chan struct{}
}

// dial opens a connection to an address of IPv4.
func (p *poller) dial(address string) (*polledConn, error) {
	to, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	c := &polledConn{fd: fd, readable: make(chan struct{}, 1)}
	p.conns[int32(fd)] = c
	const edges = 1 << 31 // EPOLLET, which package syscall has as a negative number
	return c, syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN | edges, Fd: int32(fd)})
}

// during runs the functions, which read and write, each in a goroutine of its own, and polls until all have returned.
func (p *poller) during(functions ...func()) error {
	var running atomic.Int64
	for _, f := range functions {
		running.Add(1)
		go func() {
			defer running.Add(-1)
			f()
		}()
	}
	for running.Load() > 0 {
		runtime.Gosched()
		n, err := syscall.EpollWait(p.epoll, p.events[:], 0)
		if err != nil && err != syscall.EINTR {
			return err
		}
		for _, e := range p.events[:max(n, 0)] {
			select {
			case p.conns[e.Fd].readable <- struct{}{}:
			default: // it knows
			}
		}
	}
	return nil
}

func (c *polledConn) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(c.fd, b)
		switch {
		case n == 0 && err == nil:
			return 0, net.ErrClosed
		case err != syscall.EAGAIN && err != syscall.EINTR:
			return n, err
		}
		<-c.readable
	}
}

func (c *polledConn) Write(b []byte) (written int, err error) {
	for written < len(b) {
		n, err := syscall.Write(c.fd, b[written:])
		switch err {
		case nil:
			written += n
		case syscall.EAGAIN, syscall.EINTR:
			runtime.Gosched()
		default:
			return written, err
		}
	}
	return written, nil
}
