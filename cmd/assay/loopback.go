// This file keeps servers on loopback, where other machines do not reach them.

package main

import (
	"context"
	"fmt"
	"net"
)

// loopbackHost reports whether a host is one of RFC 8252 section 7.3. Clients use localhost as well,
// although section 8.3 advises against it. Other names are not looked up.
func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkLoopback refuses an address that other machines could reach. The error says why they must not, and
// gives an example.
func checkLoopback(address, why, example string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not an address like %s", address, example)
	}
	if !loopbackHost(host) {
		return fmt.Errorf("%q is not a loopback address, and %s: use one like %s", address, why, example)
	}
	return nil
}

// listenLoopback listens, and looks at what the system has made of the address: localhost can stand for any.
// anywhere allows others.
func listenLoopback(ctx context.Context, address string, anywhere bool) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !anywhere && (!ok || !at.IP.IsLoopback()) {
		listener.Close()
		return nil, fmt.Errorf("%s is %s, which is not a loopback address", address, listener.Addr())
	}
	return listener, nil
}
