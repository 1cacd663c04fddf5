// This file takes keys from a file that may be replaced while the service runs, such as a mounted secret.

package jwt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// The content of a file is compared again after fileRead, in the background, and no longer used without that
// after fileFresh.
const (
	fileRead  = time.Second
	fileFresh = 2 * time.Second
)

// KeysFile returns the key set in a file: a JWK Set (RFC 7517 section 5), or public keys and certificates
// in PEM. It does no I/O. The file is read when the first token needs keys. While tokens come, it is read again
// in the background, at most once a second, and for a kid that it lacks within the look-ups of a
// [RemoteKeySet]. There is no watcher. A replaced file counts as soon as it has been read, and a key that is no
// longer in it verifies for 2 seconds at most. While the file is broken, empty or gone, the last keys serve for
// RemoteOptions.MaxStale; Status and OnEvent report it like an issuer that is down. A secret (kty oct) is refused.
//
// It must be a regular file once links are followed, have no more than 512 KiB, and on Unix not be writable
// by everybody. To replace it, write another file and rename that. The options MaxStale, MaxWait and OnEvent
// count; all others are refused.
func KeysFile(path string, o *RemoteOptions) (*RemoteKeySet, error) {
	if o == nil {
		o = &RemoteOptions{}
	}
	r, err := newCached(path, o)
	switch {
	case err != nil:
	case path == "":
		err = errors.New("the path is empty")
	case o.Client != nil || o.RootCAs != nil || o.Header != nil || o.MetadataURL != "" || o.BearerTokenFile != "" ||
		o.Timeout != 0 || o.InsecureLoopbackHTTP || o.InsecureHTTPHosts != nil:
		err = errors.New("an option for HTTP requests is set, and a file needs none")
	case o.Snapshot != nil || o.SnapshotFile != "":
		err = errors.New("a Snapshot has no use here: the file is still there after a restart")
	}
	if err != nil {
		return nil, fmt.Errorf("jwt: KeysFile: %w", err)
	}
	r.timeout, r.pauses = defaultTimeout, fileRead
	r.fetch = func(_ context.Context, old *fetched) (*fetched, time.Duration, error) {
		set, err := readKeysFile(path, old)
		if err != nil {
			return nil, fileRead, printableError{fmt.Errorf("%s: %w", path, err)}
		}
		return set, 0, nil
	}
	return r, nil
}

// readKeysFile reads the file once.
func readKeysFile(path string, old *fetched) (*fetched, error) {
	at := time.Now()
	data, err := readTrusted(path, maxKeySetSize)
	if in := (*os.PathError)(nil); errors.As(err, &in) {
		err = in.Err // it would name the path again
	}
	if err != nil {
		return nil, err
	}
	parse := parseKeySet
	if text := strings.TrimSpace(withoutMark(string(data))); text != "" && !strings.ContainsRune("{[", rune(text[0])) {
		parse = parsePublicPEM
	}
	set, err := newFetched(data, at, fileFresh, old, parse)
	if err != nil {
		return nil, err
	}
	set.address, set.renew = path, fileRead
	return set, nil
}

// parsePublicPEM makes a set of the keys of a PEM text. They have no kid, so the kid of a token is ignored:
// it is verified with the only key that fits.
func parsePublicPEM(data []byte) (*KeySet, error) {
	keys, err := parsePEM("", "", string(data))
	if err != nil {
		return nil, err
	}
	set, err := NewKeySet(keys...)
	if err != nil {
		return nil, err
	}
	set.unnamed = true
	return set, nil
}
