// This file has the flags that say how to reach an issuer: where its metadata is, which certificate
// authorities are trusted, which header fields are sent.

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"net/http"
	"net/textproto"
	"strings"

	"assay.example/jwt"
)

// remote is how an issuer is reached.
type remote struct {
	metadata     string
	ca           string
	header       headerFields
	httpHosts    texts
	loopbackHTTP bool

	client *http.Client // nil: the package's own
}

func (r *remote) define(flags *flag.FlagSet) {
	flags.StringVar(&r.metadata, "metadata", "", "`url` of the issuer's metadata, if it is not where the standards say")
	flags.StringVar(&r.ca, "ca", "", "`file` with the certificates of the authorities (PEM) that are trusted in place of the system's")
	flags.BoolVar(&r.loopbackHTTP, "insecure-loopback-http", false, "allow http for an issuer on this machine, such as the one of assay demo")
	flags.Var(&r.header, "header", "`field` that is sent to the issuer, written as 'Name: value'; repeatable")
	flags.Var(&r.httpHosts, "http-host", "`name` of a host within your own network that may be asked over http; repeatable")
}

// used returns the first given flag that is only for keys from the network; empty if none was given.
func (r *remote) used() string {
	switch {
	case r.metadata != "":
		return "-metadata"
	case r.ca != "":
		return "-ca"
	case len(r.header) > 0:
		return "-header"
	case len(r.httpHosts) > 0:
		return "-http-host"
	}
	return ""
}

func (r *remote) options() (*jwt.RemoteOptions, error) {
	roots, err := r.roots()
	if err != nil {
		return nil, err
	}
	o := &jwt.RemoteOptions{Client: r.client, MetadataURL: r.metadata, InsecureLoopbackHTTP: r.loopbackHTTP}
	if r.client == nil {
		o.RootCAs = roots
	}
	o.Header, o.InsecureHTTPHosts = http.Header(r.header), r.httpHosts
	return o, nil
}

// transport returns a transport that trusts the authorities of -ca.
func (r *remote) transport() (*http.Transport, error) {
	roots, err := r.roots()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if roots != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return transport, nil
}

// roots are the authorities that -ca names; nil: those of the system.
func (r *remote) roots() (*x509.CertPool, error) {
	if r.ca == "" {
		return nil, nil
	}
	text, err := readFile("-ca", r.ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(text)) {
		return nil, errors.New("-ca wants a file with certificates in PEM, and this file has none")
	}
	return roots, nil
}

// headerFields is a flag of header fields that can be repeated.
type headerFields http.Header

func (f *headerFields) String() string { return "" } // they may be secrets

func (f *headerFields) Set(text string) error {
	name, value, ok := strings.Cut(text, ":")
	name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
	if value = strings.TrimSpace(value); !ok || name == "" || value == "" || strings.ContainsAny(text, "\r\n") {
		return errNoField
	}
	if *f == nil {
		*f = headerFields{}
	}
	http.Header(*f).Add(name, value)
	return nil
}

var errNoField = errors.New("it is not written as 'Name: value'")
