//go:build linux

// This file is the server's process.

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"time"
)

const serverRole = "-as-server"

// A serverSetup is what the server is told at its start.
type serverSetup struct {
	Protocol string
	Keys     string // the address of the key set
}

// A serverStart is what the server says when it listens.
type serverStart struct {
	Address     string
	Certificate []byte // DER; of HTTP/2 over TLS
}

// serve reads its setup, listens, and then answers each line of input with the processor time that the process has
// taken, in nanoseconds. It collects garbage before.
func serve(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	decoder := json.NewDecoder(in)
	var setup serverSetup
	if err := decoder.Decode(&setup); err != nil {
		return err
	}
	mux := http.NewServeMux()
	for i, m := range modes {
		g, err := m.setup(setup.Keys, m.algorithm())
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		mux.Handle(path(i), g(hello))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	start := serverStart{Address: listener.Addr().String()}
	if setup.Protocol == http2TLS {
		certificate, err := selfSigned()
		if err != nil {
			return err
		}
		start.Certificate = certificate.Certificate[0]
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		go server.ServeTLS(listener, "", "")
	} else {
		go server.Serve(listener)
	}
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(start); err != nil {
		return err
	}
	for lines := bufio.NewScanner(io.MultiReader(decoder.Buffered(), in)); lines.Scan(); {
		if lines.Text() == "" {
			continue
		}
		if lines.Text() == "begin" {
			runtime.GC()
		}
		if err := encoder.Encode(processorTime()); err != nil {
			return err
		}
	}
	return nil
}

// path is that of a mode.
func path(mode int) string { return fmt.Sprintf("/mode/%02d", mode) }

// processorTime is what this process has used, in user and in system mode.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// selfSigned makes a certificate for the loopback address.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
