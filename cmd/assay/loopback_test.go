// This file tests which addresses a server may have.

package main

import (
	"context"
	"strings"
	"testing"
)

func TestLoopbackAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8080": "", "127.1.2.3:0": "", "[::1]:8080": "", "localhost:http": "", "[::ffff:127.0.0.1]:1": "",
		"":              `"" is not an address like 127.0.0.1:9`,
		"8080":          `"8080" is not an address like 127.0.0.1:9`,
		"127.0.0.1":     "is not an address like",
		":8080":         "is not a loopback address, and it is ours: use one like 127.0.0.1:9",
		"0.0.0.0:1":     "not a loopback address",
		"[::]:1":        "not a loopback address",
		"192.0.2.1:1":   "not a loopback address",
		"127.1:1":       "not a loopback address", // the system could take it for a name
		"[fe80::1]:1":   "not a loopback address",
		"example.com:1": "not a loopback address", "127.0.0.1.example.com:1": "not a loopback address",
		"localhost.example.com:1": "not a loopback address", "LOCALHOST:1": "not a loopback address", "localhost.:1": "not a loopback address",
	} {
		err := checkLoopback(address, "it is ours", "127.0.0.1:9")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// The system may make another address of what was asked for.
func TestListenLoopback(t *testing.T) {
	ctx := context.Background()
	if listener, err := listenLoopback(ctx, "0.0.0.0:0", false); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("%v, %v", listener, err)
	}
	for address, anywhere := range map[string]bool{"127.0.0.1:0": false, "0.0.0.0:0": true} {
		listener, err := listenLoopback(ctx, address, anywhere)
		if err != nil {
			t.Error(err)
			continue
		}
		listener.Close()
	}
}
