// This file carries a key set over a restart: its format, its checks, and a file to keep it in.

package jwt

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

const (
	// Room for the largest key set as a JSON string with escaped quotes, and for the other members.
	maxSnapshotSize = 3 * maxKeySetSize
	snapshotVersion = "2"
	// A clock may have been corrected by a little since the snapshot was taken.
	maxSnapshotLead = time.Minute

	// A file is written within milliseconds: a lock that is there for longer was left by a process that died.
	maxLocked = time.Second
)

// snapshot is the format: one strict JSON object of strings.
type snapshot map[string]string

// Its members, all of which must be present.
var snapshotMembers = []string{
	"version",
	"source",      // the issuer or address that the keys were fetched for
	"address",     // where they were found
	"fetched_at",  // RFC 3339
	"fresh_until", // RFC 3339
	"keys",        // the JWK Set as sent
	"sha256",      // of this object with an empty sha256, in base64url
}

func (s snapshot) encode() []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.Encode(s) // strings cannot fail
	return text.Bytes()
}

func (s snapshot) digest() string {
	bare := maps.Clone(s)
	bare["sha256"] = ""
	sum := sha256.Sum256(bare.encode())
	return base64url(sum[:])
}

// Snapshot returns the last good key set with the time when it was fetched, for
// RemoteOptions.Snapshot after a restart. It holds what the issuer published. Its digest detects
// accidents, not changes by an attacker who can write to the place where it is kept.
func (r *RemoteKeySet) Snapshot() ([]byte, error) {
	if r == nil {
		return nil, errors.New("jwt: Snapshot: no key set")
	}
	set := r.current.Load()
	if set == nil {
		return nil, errors.New("jwt: Snapshot: no keys were fetched yet")
	}
	return r.snapshotOf(set), nil
}

func (r *RemoteKeySet) snapshotOf(set *fetched) []byte {
	s := snapshot{
		"version": snapshotVersion, "source": r.name, "address": set.address,
		"fetched_at": set.at.UTC().Format(time.RFC3339Nano), "fresh_until": set.at.Add(set.lifetime).UTC().Format(time.RFC3339Nano),
		"keys": string(set.raw),
	}
	s["sha256"] = s.digest()
	return s.encode()
}

// restored checks a snapshot and makes a set of it.
func (r *RemoteKeySet) restored(data []byte) (*fetched, error) {
	if len(data) > maxSnapshotSize {
		return nil, errors.New(sizeDetail("it", len(data), maxSnapshotSize))
	}
	s, err := parseSnapshot(string(data))
	if err != nil {
		return nil, err
	}
	at, errAt := time.Parse(time.RFC3339Nano, s["fetched_at"])
	fresh, errFresh := time.Parse(time.RFC3339Nano, s["fresh_until"])
	switch {
	case s["version"] != snapshotVersion:
		return nil, fmt.Errorf("its version is %s, not %q", quote(s["version"]), snapshotVersion)
	case s["sha256"] != s.digest():
		return nil, errors.New("its digest does not match: it was changed or cut")
	case s["source"] != r.name:
		return nil, fmt.Errorf("it is of %s, not of %s", quote(plainAddress(s["source"])), quote(plainAddress(r.name)))
	case errAt != nil || errFresh != nil:
		return nil, errors.New("it has no valid times")
	case time.Until(at) > maxSnapshotLead:
		return nil, fmt.Errorf("it comes from the future: %s", at.UTC().Format(time.RFC3339))
	}
	if err := r.network.permitted(s["address"], r.network.configured()); err != nil {
		return nil, err
	}
	keys, err := parseKeySet([]byte(s["keys"]))
	if err != nil {
		return nil, err
	}
	return &fetched{
		keys: keys, raw: []byte(s["keys"]), began: at, at: at, lifetime: min(max(fresh.Sub(at), 0), maxFresh), address: s["address"],
	}, nil
}

func parseSnapshot(text string) (snapshot, error) {
	s := snapshot{}
	in := scanner{text: text}
	for name := range in.members {
		if !slices.Contains(snapshotMembers, name) {
			return nil, errors.New("it has an unknown member " + quote(name))
		}
		s[name], _ = in.string()
	}
	if fault := in.end(); fault != "" {
		return nil, errors.New("it is no snapshot: " + fault)
	}
	for _, name := range snapshotMembers {
		if _, ok := s[name]; !ok {
			return nil, errors.New("it lacks the member " + name)
		}
	}
	return s, nil
}

// restore reads the snapshot file, if there is one.
func (r *RemoteKeySet) restore() {
	data, err := r.file.load()
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	var set *fetched
	if err == nil {
		set, err = r.restored(data)
	}
	r.mu.Lock()
	if err != nil {
		r.raise(Event{Kind: EventSnapshotRefused, Err: printableError{fmt.Errorf("%s: %w", r.file, err)}})
	} else {
		r.network.found = set.address
		r.current.Store(set)
		r.raise(Event{Kind: EventRestored})
	}
	r.mu.Unlock() // the next fetch calls tell
}

// save writes the snapshot file, one write at a time, until the file has the last set. Two writes at once
// could leave the older set there.
func (r *RemoteKeySet) save() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.saving {
		return // the goroutine that saves now will find the set
	}
	r.saving = true
	defer func() { r.saving = false }()
	for saved := (*fetched)(nil); r.current.Load() != saved; {
		saved = r.current.Load()
		if err := r.saveOne(saved); err != nil {
			r.raise(Event{Kind: EventSnapshotFailed, Err: printableError{err}})
		}
	}
}

// saveOne writes the file without the lock, unless another process has put a newer set there.
func (r *RemoteKeySet) saveOne(set *fetched) error {
	r.mu.Unlock()
	defer r.mu.Lock()
	unlock, err := r.file.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if data, err := r.file.load(); err == nil {
		if there, err := r.restored(data); err == nil && there.at.After(set.at) {
			return nil
		}
	}
	return r.file.save(r.snapshotOf(set))
}

// A SnapshotFile is the path of a file that keeps a snapshot. While it is written, a lock stands beside it: a
// file with .lock behind its name.
type SnapshotFile string

// load reads the file, which is no larger than a snapshot can be.
func (f SnapshotFile) load() ([]byte, error) { return readTrusted(string(f), maxSnapshotSize) }

// lock keeps other processes, which lock it too, from the file until unlock is called: one alone can make the
// file that is the lock.
func (f SnapshotFile) lock() (unlock func(), err error) {
	name := string(f) + ".lock"
	for end := time.Now().Add(maxLocked); ; time.Sleep(maxLocked / 100) {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		switch locked := errors.Is(err, os.ErrExist); {
		case err == nil:
			file.Close()
		case locked && time.Now().Before(end):
			continue
		case !locked:
			return nil, err
		}
		return func() { os.Remove(name) }, nil
	}
}

// save replaces the file as a whole, or leaves it as it was: a reader, or a process that starts
// after a crash, finds the old or the new one. Only its owner may read it.
func (f SnapshotFile) save(data []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(string(f)), "."+filepath.Base(string(f))+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), string(f))
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return err
}

// readLimited reads a regular file of up to limit bytes. It refuses others, since reading a pipe or a
// device could block for ever.
func readLimited(path string, limit int) ([]byte, error) { return readRegular(path, limit, 0) }

// readTrusted is readLimited for a file that decides which keys are trusted: it refuses a file that everybody
// may write. On Windows and Plan 9 the mode does not show that.
func readTrusted(path string, limit int) ([]byte, error) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		return readRegular(path, limit, 0)
	}
	return readRegular(path, limit, 0o002)
}

// readRegular looks at the file twice: before it is opened, as that alone can wait, and then at the one that is
// open, as the path may lead to another one meanwhile.
func readRegular(path string, limit int, refused os.FileMode) ([]byte, error) {
	check := func(info os.FileInfo, err error) error {
		switch {
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file", path)
		case info.Mode().Perm()&refused != 0:
			return fmt.Errorf("%s can be written by everybody, who could then choose the keys", path)
		}
		return nil
	}
	if err := check(os.Stat(path)); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := check(file.Stat()); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
