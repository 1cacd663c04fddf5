package jwt_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// replaceFile puts another file in place of the one there, as a mounted secret is replaced.
func replaceFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// A key that is put into the file verifies within a second, and one that is taken out no longer does. A
// broken file leaves the last keys, for an hour.
func TestKeysFileIsReplaced(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		first := fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)
		replaceFile(t, path, fixture.KeySetJSON(first))
		var events eventLog
		keys, err := jwt.KeysFile(path, &jwt.RemoteOptions{OnEvent: events.add})
		if err != nil {
			t.Fatal(err)
		}
		v := fixture.NewProvider(t).Verifier(keys)
		if s := v.Status()[0].Keys; s.State != "empty" || s.Fetches != 0 {
			t.Errorf("before the first token: %+v", s)
		}
		old, next := fixture.Mint(nil), fixture.Mint("next")
		accepted := func(text string) {
			t.Helper()
			token, err := fixture.Verify(v, text)
			fixture.WantAccepted(t, token, err)
			synctest.Wait()
		}
		accepted(old)
		events.want(t, "fetched", "key_added es256-1")
		replaceFile(t, path, fixture.KeySetJSON(fixture.JWKEdit{"kid": "next"}.Apply(first)))
		accepted(next) // an unknown kid makes it be read at once
		time.Sleep(2 * time.Second)
		token, err := fixture.Verify(v, old)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeyUnknown, jwt.ErrKey)

		synctest.Wait()
		events.reset()
		for _, broken := range []string{"", "{", `{"keys":[]}`, strings.Repeat(" ", 512<<10+1)} {
			replaceFile(t, path, []byte(broken))
			time.Sleep(2 * time.Second)
			accepted(next)
		}
		os.Remove(path)
		for range 60 { // however long it was gone, it is missed for a second and no more
			time.Sleep(time.Second)
			accepted(next)
		}
		s := v.Status()[0].Keys
		if s.State != "stale" || s.Address != path || !strings.HasPrefix(s.LastError, path+": ") || events.events[0].Kind != jwt.EventFailed {
			t.Errorf("got %+v, %v", s, events.all())
		}
		replaceFile(t, path, fixture.KeySetJSON(fixture.JWKEdit{"kid": "next"}.Apply(first)))
		time.Sleep(1200 * time.Millisecond)
		accepted(next)
		if s := v.Status()[0].Keys; s.State != "fresh" {
			t.Errorf("after it came back: %+v", s)
		}
		os.Remove(path)
		time.Sleep(time.Hour + 2*time.Second)
		token, err = fixture.Verify(v, next)
		fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
		replaceFile(t, path, fixture.KeySetJSON(fixture.JWKEdit{"kid": "next"}.Apply(first)))
		time.Sleep(2 * time.Second)
		accepted(next)
	})
}

// Of a PEM file, whose keys have no kid, the only key that fits is taken, whatever the token's kid.
func TestKeysFilePEM(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.pem")
	j := fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)
	x, _ := jwt.DecodeBase64url(j["x"].(string))
	y, _ := jwt.DecodeBase64url(j["y"].(string))
	ec, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := "\ufeff"
	for _, public := range []any{ec, edwards} {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		text += string(fixture.PEM("PUBLIC KEY", der))
	}
	replaceFile(t, path, []byte(text))
	keys, err := jwt.KeysFile(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := fixture.NewProvider(t).Verifier(keys)
	for _, kid := range []any{nil, "es256-1", "another"} {
		token, err := fixture.Verify(v, fixture.Mint(kid))
		fixture.WantAccepted(t, token, err)
	}
	token, err := fixture.Verify(v, fixture.Forged())
	fixture.WantRefusal(t, token, err, jwt.ReasonSignatureInvalid, jwt.ErrSignature)
}

func TestKeysFileRefused(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
	link := filepath.Join(folder, "link")
	if err := os.Symlink(write("good", good, 0o644), link); err != nil {
		t.Fatal(err)
	}
	secret := `{"keys":[{"kty":"oct","k":"` + fixture.B64(strings.Repeat("k", 64)) + `"}]}`
	for path, want := range map[string]string{
		link:                             "",
		folder:                           "is not a regular file",
		filepath.Join(folder, "nowhere"): "no such file",
		write("secret", secret, 0o600):   "no usable key",
		write("text", "hello", 0o600):    "no PEM block",
		write("open", good, 0o666):       "can be written by everybody",
	} {
		if runtime.GOOS == "windows" && strings.HasSuffix(path, "open") {
			continue
		}
		keys, err := jwt.KeysFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = keys.Warm(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !errors.Is(err, jwt.ErrUnavailable) || !strings.Contains(err.Error(), path+": ") && !strings.Contains(err.Error(), path+" ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	for name, o := range map[string]jwt.RemoteOptions{
		"a client": {Client: http.DefaultClient}, "a header": {Header: http.Header{"A": {"b"}}}, "a snapshot": {SnapshotFile: "x"}, "too stale": {MaxStale: 25 * time.Hour},
	} {
		if keys, err := jwt.KeysFile(link, &o); keys != nil || err == nil || !strings.HasPrefix(err.Error(), "jwt: KeysFile: ") {
			t.Errorf("%s: got %v, %v", name, keys, err)
		}
	}
	if _, err := jwt.KeysFile("", nil); err == nil {
		t.Error("an empty path was taken")
	}
}

// A file is read sooner than a token that waits for it can look for the flight: it spends no look-up.
func TestAnswerBeforeLookUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	replaceFile(t, path, fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
	text := fixture.Mint(nil)
	for range 2000 {
		keys, err := jwt.KeysFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := fixture.NewProvider(t).Verifier(keys)
		token, err := fixture.Verify(v, text)
		fixture.WantAccepted(t, token, err)
		if s := keys.Status(); s.Fetches != 1 || !s.NextLookUp.IsZero() {
			t.Fatalf("got %+v", s)
		}
	}
}

// While tokens come, the file is read at most once a second, good or broken.
func TestKeysFileIsReadOnceASecond(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keys.json")
		replaceFile(t, path, fixture.KeySetJSON(fixture.JWKOf(t, fixture.Issuer(), jwt.ES256)))
		keys, err := jwt.KeysFile(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := fixture.NewProvider(t).Verifier(keys)
		text := fixture.Mint(nil)
		for _, what := range []string{"good", "broken"} {
			before := keys.Status().Fetches
			for range 600 {
				token, err := fixture.Verify(v, text)
				fixture.WantAccepted(t, token, err)
				time.Sleep(100 * time.Millisecond)
			}
			if n := keys.Status().Fetches - before; n < 45 || n > 61 {
				t.Errorf("%s: it was read %d times in a minute", what, n)
			}
			replaceFile(t, path, nil)
		}
	})
}
