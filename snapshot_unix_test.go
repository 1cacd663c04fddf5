//go:build unix

package jwt_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// A token is held against the time at which the snapshot file was read: a disk may take its time, as
// this pipe does, into which the snapshot comes when the token is over.
func TestTimeAfterSnapshot(t *testing.T) {
	t.Parallel()
	p := fixture.NewProvider(t)
	first := p.Remote(jwt.RemoteOptions{})
	if err := first.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	snapshot, err := first.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	p.Answer = fixture.Down // nothing is saved while the test ends
	file := filepath.Join(t.TempDir(), "snapshot")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: fixture.ProviderURL, Audience: []string{jwttest.Audience}, Keys: p.Remote(jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(file)}), Leeway: -1})
	if err != nil {
		t.Fatal(err)
	}
	end := time.Unix(time.Now().Unix()+1, 0)
	written := make(chan error)
	time.AfterFunc(time.Until(end), func() { written <- os.WriteFile(file, snapshot, 0) })
	token, err := fixture.Verify(v, fixture.Issuer().Mint(jwttest.Spec{Algorithm: jwt.ES256, Claims: claims{"iss": fixture.ProviderURL, "iat": 0, "exp": end.Unix()}}))
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	fixture.WantRefusal(t, token, err, jwt.ReasonTokenExpired, jwt.ErrExpired)
}
