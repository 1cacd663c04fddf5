//go:debug x509usefallbackroots=1

// Package migrating holds docs/migrating.md: its blocks of Go stand in these files, and its tables are what the
// libraries answer here. Each file imports one library as its users do: assay_test.go this one, the others theirs.
package migrating

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"log"
	"net/url"
	"os"
	"testing"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/migrating.md")

// The names that the blocks of the page use. All of them are of iss.
var (
	issuer   string
	jwksURL  string
	audience = jwttest.Audience
	clientID = jwttest.ClientID
)

// roots has the certificate of all servers of net/http/httptest.
var roots = x509.NewCertPool()

// iss signs with RS256 unless a test asks for another algorithm, and publishes a key for ES256, too.
var iss *jwttest.Issuer

func TestMain(m *testing.M) {
	flag.Parse()
	var err error
	iss, err = start()
	if err != nil {
		log.Fatal(err)
	}
	issuer, jwksURL = iss.URL, keysOf(iss)
	if err := trust(iss); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	iss.Close()
	os.Exit(code)
}

// start starts an issuer whose name ends in a slash, as Auth0's do.
func start() (*jwttest.Issuer, error) {
	return jwttest.Start(&jwttest.Options{Path: "/", Algorithms: []jwt.Algorithm{jwt.RS256, jwt.ES256}})
}

// keysOf returns the address of an issuer's keys.
func keysOf(iss *jwttest.Issuer) string { return iss.URL + ".well-known/jwks.json" }

// trust makes the certificate of test issuers the only root of this process, so that each library fetches keys with
// the client that it makes by itself. All servers of httptest have the same certificate.
func trust(iss *jwttest.Issuer) error {
	address, err := url.Parse(iss.URL)
	if err != nil {
		return err
	}
	conn, err := tls.Dial("tcp", address.Host, &tls.Config{InsecureSkipVerify: true}) // to learn its certificate
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, certificate := range conn.ConnectionState().PeerCertificates {
		roots.AddCert(certificate)
	}
	x509.SetFallbackRoots(roots)
	return nil
}

// another starts an issuer for one test, which may rotate its keys or take it down.
func another(t *testing.T) *jwttest.Issuer {
	t.Helper()
	iss, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(iss.Close)
	return iss
}

// equal reports a difference as an error of the test.
func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
