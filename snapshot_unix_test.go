//go:build unix

package jwt_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// A snapshot file that could make the process wait, or that everybody can write, is refused; a token is
// verified all the same.
func TestSnapshotFileKind(t *testing.T) {
	folder := t.TempDir()
	pipe, open := filepath.Join(folder, "pipe"), filepath.Join(folder, "open")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o602); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "is not a regular file", folder: "is not a regular file", open: "can be written by everybody"} {
		fixture.Bubble(t, func(t *testing.T) {
			p := fixture.NewProvider(t)
			var events eventLog
			token, err := fixture.Verify(p.Verifier(p.Remote(jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(path), OnEvent: events.add})), fixture.Mint(nil))
			fixture.WantAccepted(t, token, err)
			synctest.Wait()
			if first := events.events[0]; first.Kind != jwt.EventSnapshotRefused || !strings.Contains(first.Err.Error(), want) {
				t.Errorf("%s: got %v", path, first)
			}
		})
	}
}
