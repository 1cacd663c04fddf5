//go:build unix

package jwt_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/jwttest"
)

// A token is held against the time at which the snapshot file was read: a disk may take its time, as
// this pipe does, into which the snapshot comes when the token is over.
func TestTimeAfterSnapshot(t *testing.T) {
	p := newProvider(t)
	first := p.remote(jwt.RemoteOptions{})
	if err := first.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	snapshot, err := first.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	p.answer = down // nothing is saved while the test ends
	file := filepath.Join(t.TempDir(), "snapshot")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: providerURL, Audience: []string{jwttest.Audience}, Keys: p.remote(jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(file)}), Leeway: -1})
	if err != nil {
		t.Fatal(err)
	}
	end := time.Unix(time.Now().Unix()+1, 0)
	written := make(chan error)
	time.AfterFunc(time.Until(end), func() { written <- os.WriteFile(file, snapshot, 0) })
	token, err := verify(v, testIssuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: claims{"iss": providerURL, "iat": 0, "exp": end.Unix()}}))
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
}
