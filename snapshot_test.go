// This file tests keys over a restart.

package jwt_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/internal/fixture"
)

// snapshot is what a process that has just fetched leaves behind.
func snapshot(t *testing.T, p *fixture.Provider) []byte {
	t.Helper()
	keys := p.Remote(jwt.RemoteOptions{})
	if data, err := keys.Snapshot(); err == nil || data != nil {
		t.Error("a snapshot of nothing")
	}
	if err := keys.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := keys.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSnapshotOverRestart(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		data := snapshot(t, p)
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		for _, c := range []struct {
			after time.Duration
			state string
		}{{5 * time.Minute, "fresh"}, {30 * time.Minute, "stale"}, {70*time.Minute - time.Second, "stale"}, {70 * time.Minute, "unavailable"}} {
			time.Sleep(time.Until(fixture.BubbleBegins.Add(c.after)))
			keys := p.Remote(jwt.RemoteOptions{Snapshot: data})
			token, err := fixture.Verify(p.Verifier(keys), fixture.Mint(nil))
			if c.state == "unavailable" {
				fixture.WantRefusal(t, token, err, jwt.ReasonKeysUnavailable, jwt.ErrUnavailable)
			} else {
				fixture.WantAccepted(t, token, err)
			}
			synctest.Wait()
			if got := keys.Status(); got.State != c.state {
				t.Errorf("after %v: got %+v", c.after, got)
			}
		}
		// The issuer is back: it is asked.
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		keys := p.Remote(jwt.RemoteOptions{Snapshot: data})
		token, err := fixture.Verify(p.Verifier(keys), fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		if s := keys.Status(); s.State != "fresh" || !s.LastSuccess.Equal(time.Now()) {
			t.Errorf("got %+v", s)
		}
		again, err := keys.Snapshot()
		if err != nil || string(again) == string(data) {
			t.Errorf("the snapshot did not move on: %v", err)
		}
	})
}

func TestSnapshotRefused(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		data := snapshot(t, p)
		other := strings.Replace(string(fixture.KeySetJSON(fixture.JWKOf(t, fixture.OtherIssuer(), jwt.ES256))), `"`, `\"`, -1)
		edit := func(old, replacement string) string {
			if !strings.Contains(string(data), old) {
				t.Fatalf("%s is not in %s", old, data)
			}
			return strings.Replace(string(data), old, replacement, 1)
		}
		var fields map[string]string
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		redigest := func(name, value string) string {
			changed := map[string]string{}
			for k, v := range fields {
				changed[k] = v
			}
			changed[name] = value
			return jwt.SnapshotWith(changed)
		}
		for _, c := range []struct{ name, data, want string }{
			{"empty", "", "it is no snapshot: not a JSON object"},
			{"cut", string(data[:len(data)-10]), "it is no snapshot"},
			{"more", string(data) + "x", "it is no snapshot: something follows"},
			{"another key", edit(strings.Replace(fields["keys"], `"`, `\"`, -1), other), "its digest does not match"},
			{"a bit", edit(`"fetched_at":"2000`, `"fetched_at":"2001`), "its digest does not match"},
			{"no digest", edit(`"sha256":"`, `"sha256":"x`), "its digest does not match"},
			{"a member twice", edit(`{`, `{"version":"2",`), "duplicate member"},
			{"a member more", edit(`{`, `{"x":"1",`), `unknown member "x"`},
			{"another version", redigest("version", "1"), `its version is "1"`},
			{"another issuer", redigest("source", "https://other.test"), `it is of "https://other.test", not of "https://issuer.test"`},
			{"no time", redigest("fetched_at", "today"), "it has no valid times"},
			{"from the future", redigest("fetched_at", "2000-01-01T00:01:01Z"), "it comes from the future: 2000-01-01T00:01:01Z"},
			{"an address of http", redigest("address", "http://issuer.test/keys"), "is not https"},
			{"no keys", redigest("keys", `{"keys":[]}`), "no usable key"},
			{"too large", strings.Repeat(" ", 3*512<<10) + string(data), "the limit is 1572864"},
		} {
			r, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Snapshot: []byte(c.data)})
			if err == nil || r != nil || !strings.Contains(err.Error(), "jwt: Discover: the Snapshot is refused: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
		}
		if _, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Snapshot: []byte(redigest("fetched_at", "2000-01-01T00:01:00Z"))}); err != nil {
			t.Errorf("a clock that was set right by a minute: %v", err)
		}
		// Nobody can make it fresh for longer than an answer is.
		r, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Snapshot: []byte(redigest("fresh_until", "2099-01-01T00:00:00Z"))})
		if err != nil || !r.Status().FreshUntil.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("got %v, %v", r.Status(), err)
		}
	})
}

func TestSnapshotFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		var events eventLog
		life := func(o jwt.RemoteOptions) *jwt.Verifier {
			o.SnapshotFile, o.OnEvent = jwt.SnapshotFile(path), events.add
			return p.Verifier(p.Remote(o))
		}
		v := life(jwt.RemoteOptions{})
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the constructor wrote")
		}
		fixture.Verify(v, fixture.Mint(nil))
		synctest.Wait()
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("got %v, %v", info, err)
		}
		// Another life begins while the issuer is down.
		p.Set(func(p *fixture.Provider) { p.Answer = fixture.Down })
		time.Sleep(time.Hour)
		events.reset()
		v = life(jwt.RemoteOptions{})
		token, err := fixture.Verify(v, fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		synctest.Wait()
		events.want(t, "restored", "failed", "stale")

		// A file that cannot be used is told and ignored, and the next good answer replaces it.
		p.Set(func(p *fixture.Provider) { p.Answer = nil })
		for _, bad := range []string{"", "{}", strings.Repeat("x", 3*512<<10+1)} {
			if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			events.reset()
			token, err = fixture.Verify(life(jwt.RemoteOptions{}), fixture.Mint(nil))
			fixture.WantAccepted(t, token, err)
			synctest.Wait()
			events.want(t, "snapshot_refused", "fetched", "key_added es256-1")
			if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), `"version":"2"`) {
				t.Errorf("got %s, %v", data, err)
			}
		}
		// A folder that is gone keeps nobody from verifying.
		events.reset()
		keys := p.Remote(jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(filepath.Join(path, "nowhere")), OnEvent: events.add})
		token, err = fixture.Verify(p.Verifier(keys), fixture.Mint(nil))
		fixture.WantAccepted(t, token, err)
		synctest.Wait()
		if got := events.all(); got[len(got)-1] != "snapshot_failed" {
			t.Errorf("got %v", got)
		}
	})
	// A failed write leaves the old file, and nothing else, in its folder.
	file := jwt.SnapshotFile(path)
	before, _ := file.Load()
	if err := jwt.SnapshotFile(filepath.Dir(path)).Save([]byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := file.Save([]byte("new")); err != nil {
		t.Error(err)
	}
	after, err := file.Load()
	entries, _ := os.ReadDir(filepath.Dir(path))
	if err != nil || string(after) != "new" || len(before) == 0 || len(entries) != 1 {
		t.Errorf("got %q, %v, %v", after, err, entries)
	}
}

// A snapshot has room for the largest key set, and a limit.
func TestSnapshotSizeLimit(t *testing.T) {
	path := jwt.SnapshotFile(filepath.Join(t.TempDir(), "keys.json"))
	fixture.Bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		data := snapshot(t, p)
		padded := func(n int) []byte { return append(slices.Clone(data), strings.Repeat(" ", n-len(data))...) }
		fixture.WantLimit(t, "Snapshot", 3*512<<10, func(n int) error {
			_, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Snapshot: padded(n)})
			return err
		})
		fixture.WantLimit(t, "SnapshotFile", 3*512<<10, func(n int) error {
			fixture.WriteFile(t, string(path), string(padded(n)))
			_, err := path.Load()
			return err
		})
		// The largest key set has room in it, however much of it must be escaped.
		p.Answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/keys" {
				text := fixture.KeySetJSON(p.Keys...)
				w.Write(append(text, strings.Repeat("\n", 512<<10-len(text))...))
			}
			return r.URL.Path == "/keys"
		}
		keys := p.Remote(jwt.RemoteOptions{})
		if err := keys.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		large, err := keys.Snapshot()
		if err != nil || len(large) < 2*512<<10 {
			t.Errorf("%d bytes, %v", len(large), err)
		}
		if _, err := jwt.Discover(fixture.ProviderURL, &jwt.RemoteOptions{Snapshot: large}); err != nil {
			t.Error(err)
		}
	})
}

// Of two fetches that overlap, of two processes say, the file keeps the answer to the later one, whichever is
// written first.
func TestSnapshotFileKeepsTheNewer(t *testing.T) {
	fixture.Bubble(t, func(t *testing.T) {
		file := jwt.SnapshotFile(filepath.Join(t.TempDir(), "keys.json"))
		p := fixture.NewProvider(t)
		fetch := func(delay time.Duration) {
			p.Set(func(p *fixture.Provider) { p.Delay = delay })
			go p.Remote(jwt.RemoteOptions{SnapshotFile: file}).Warm(t.Context())
			time.Sleep(time.Second)
		}
		fetch(4 * time.Second) // metadata, and then keys from 00:00:04 on
		p.Set(func(p *fixture.Provider) { p.Delay = 0 })
		time.Sleep(3 * time.Second)
		p.Set(func(p *fixture.Provider) { p.Delay = 4 * time.Second })
		time.Sleep(time.Second)
		p.Set(func(p *fixture.Provider) { p.Delay = 0 })
		newer := time.Now().UTC().Format(time.RFC3339)
		fetch(0)
		time.Sleep(time.Minute)
		var kept map[string]string
		if data, err := os.ReadFile(string(file)); err != nil || json.Unmarshal(data, &kept) != nil || kept["fetched_at"] != newer {
			t.Errorf("kept %q, want %q", kept["fetched_at"], newer)
		}
	})
}

// Of writes that overlap, as those of several processes, the newest answer is left.
func TestSnapshotOverlappingWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	for range 100 {
		os.Remove(path)
		bubble(t, func(t *testing.T) {
			const writers = 6
			var newest *jwt.RemoteKeySet
			for n := range writers { // each asks later than the one before, and all are answered at once
				p := fixture.NewProvider(t)
				p.Delay = (writers - time.Duration(n)) * time.Millisecond
				keys, err := jwt.NewRemoteKeySet(fixture.KeysURL, &jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(path), Client: &http.Client{Transport: p}})
				if err != nil {
					t.Fatal(err)
				}
				go keys.Warm(t.Context())
				time.Sleep(time.Millisecond)
				newest = keys
			}
			time.Sleep(time.Second)
			want, err := newest.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
				t.Fatalf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v", entries, err)
	}
}

// The lock of a process that died keeps nobody from writing for longer than a second.
func TestSnapshotLockThatWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	fixture.WriteFile(t, path+".lock", "")
	bubble(t, func(t *testing.T) {
		p := fixture.NewProvider(t)
		keys := p.Remote(jwt.RemoteOptions{SnapshotFile: jwt.SnapshotFile(path)})
		if err := keys.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if data, err := os.ReadFile(path); err != nil || len(data) == 0 {
			t.Errorf("got %q, %v", data, err)
		}
		if _, err := os.Stat(path + ".lock"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	})
}
