// This file tests the flags that say how an issuer is reached.

package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// privateIssuer serves metadata and a key over TLS with a certificate that no system trusts. It returns
// its address, and the file of its authority.
func privateIssuer(t *testing.T, metadataPath, name string) (url, ca string) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	mux.HandleFunc(metadataPath, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL+name, server.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"keys":[%s]}`, exampleKey) })
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, ca
}

// With -ca an issuer of a private authority is asked, and no other authority is trusted.
func TestCA(t *testing.T) {
	url, ca := privateIssuer(t, "/.well-known/openid-configuration", "")
	token := signed(t, edHeader, strings.Replace(edClaims, "https://issuer.example", url, 1))
	verify := []string{"verify", "-issuer", url, "-audience", "https://api.example.com", "-at", during}
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{append(verify, "-ca", ca), exitOK, "VALID"},
		{verify, exitNoKeys, "does not trust the issuer's certificate"},
		{append(verify, "-ca", empty), exitUsage, "-ca wants a file with certificates in PEM"},
		{append(verify, "-ca", empty+"x"), exitUsage, "-ca wants a file's name"},
		{append(verify, "-ca", ca, "-key", exampleKey), exitUsage, "-ca is for keys from the network"},
		{append(verify, "-ca", ca, "-jwks", url+"/keys"), exitOK, "VALID"},
		{[]string{"keys", "-issuer", url, "-ca", ca}, exitOK, "USABLE"},
		{[]string{"keys", "-issuer", url}, exitNoKeys, "certificate"},
		{[]string{"keys", "-issuer", url, "-ca", empty}, exitUsage, "-ca wants a file with certificates in PEM"},
		{[]string{"bench", "-each", "10ms", "-cores", "1", "-issuer", url, "-audience", "https://api.example.com", "-ca", empty}, exitUsage, "-ca wants"},
	} {
		code, stdout, stderr := ran(t, token, c.args...)
		if code != c.code || !strings.Contains(spaced(stdout+stderr), c.want) {
			t.Errorf("%q: exit status %d, want %d with %q\n%s%s", c.args, code, c.code, c.want, stdout, stderr)
		}
	}
}

// An issuer of many tenants is asked where -metadata says, and -tenant says whose tokens are taken.
func TestTenants(t *testing.T) {
	const ours, other = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
	url, ca := privateIssuer(t, "/common/metadata", "/{tenantid}/v2.0")
	token := func(tenant string) string {
		return signed(t, edHeader, strings.Replace(edClaims, `"https://issuer.example"`, fmt.Sprintf(`%q,"tid":%q`, url+"/"+tenant+"/v2.0", tenant), 1))
	}
	verify := []string{"verify", "-issuer", url + "/{tenantid}/v2.0", "-audience", "https://api.example.com", "-at", during, "-ca", ca}
	metadata := []string{"-metadata", url + "/common/metadata"}
	for _, c := range []struct {
		tenant string
		more   []string
		code   int
		want   string
	}{
		{ours, append(metadata, "-tenant", other, "-tenant", ours), exitOK, "VALID"},
		{other, append(metadata, "-tenant", ours), exitFailed, "issuer_mismatch"},
		{other, append(metadata, "-insecure-any-tenant"), exitOK, "VALID"},
		{ours, append(metadata, "-tenant", ours, "-insecure-any-tenant"), exitUsage, "-insecure-any-tenant contradicts -tenant"},
		{ours, metadata, exitUsage, "-tenant is required, as -issuer has {tenantid}"},
		{ours, []string{"-tenant", ours}, exitUsage, "-metadata is required, as -issuer has {tenantid}"},
		{ours, append(metadata, "-tenant", "Contoso"), exitUsage, "GUID"},
		{ours, append(metadata, "-tenant", ours, "-issuer", url), exitUsage, "-tenant is for an -issuer with {tenantid}"},
		{ours, append(metadata, "-tenant", ours, "-jwks", url+"/keys"), exitUsage, "-metadata contradicts -jwks"},
		{ours, []string{"-tenant", ours, "-jwks", url + "/keys"}, exitOK, "VALID"},
	} {
		code, stdout, stderr := ran(t, token(c.tenant), slices.Concat(verify, c.more)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) || strings.Contains(stderr, "Tenants") {
			t.Errorf("%q: exit status %d, want %d with %q\n%s%s", c.more, code, c.code, c.want, stdout, stderr)
		}
	}
}

// A header field is a name and a value in one line, and nothing repeats it.
func TestHeaderFlag(t *testing.T) {
	var f headerFields
	for _, text := range []string{"X-Key: one", "x-key:two", "Authorization: Bearer a:b"} {
		if err := f.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := fmt.Sprint(map[string][]string(f)); got != "map[Authorization:[Bearer a:b] X-Key:[one two]]" || f.String() != "" {
		t.Errorf("got %s, %s", got, f.String())
	}
	for _, text := range []string{"", "X-Key", ": value", "X-Key:", "X-Key: a\r\nX-Other: b"} {
		if err := f.Set(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// The fields of -header reach the issuer, and -http-host allows http for that host alone.
func TestMoreRemote(t *testing.T) {
	url, ca := privateIssuer(t, "/.well-known/openid-configuration", "")
	var sent atomic.Value
	watched := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Store(r.Header.Get("X-Key"))
		fmt.Fprintf(w, `{"keys":[%s]}`, exampleKey)
	}))
	t.Cleanup(watched.Close)
	for _, c := range []struct {
		args []string
		code int
		sent any
	}{
		{[]string{"keys", "-issuer", url, "-ca", ca, "-header", "X-Key: CANARY"}, exitOK, nil},
		{[]string{"keys", "-insecure-loopback-http", "-jwks", watched.URL, "-header", "X-Key: CANARY"}, exitOK, "CANARY"},
		{[]string{"keys", "-jwks", "http://keys.invalid/", "-http-host", "keys.invalid"}, exitNoKeys, nil},
		{[]string{"keys", "-jwks", "http://keys.invalid/", "-http-host", "other.invalid"}, exitUsage, nil},
	} {
		sent = atomic.Value{}
		code, stdout, stderr := ran(t, "", c.args...)
		if code != c.code || sent.Load() != c.sent || strings.Contains(stdout+stderr, "CANARY") {
			t.Errorf("%q: exit status %d, want %d; sent %v, want %v\n%s%s", c.args, code, c.code, sent.Load(), c.sent, stdout, stderr)
		}
	}
}

// Where the command line is wrong, no value of -header is repeated.
func TestHeaderIsSecret(t *testing.T) {
	for _, args := range [][]string{{"keys", "-header", "X: CANARY"}, {"verify", "-header", "X:", "CANARY", "-http-host", "CANARY"}} {
		code, stdout, stderr := ran(t, "", args...)
		if code != exitUsage || strings.Contains(stdout+stderr, "CANARY") {
			t.Errorf("%q: exit status %d\n%s%s", args, code, stdout, stderr)
		}
	}
}
