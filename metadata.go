// This file tells clients where the resource gets its tokens from: its metadata (RFC 9728), the address
// that challenges name, and the checks of the identifier from which both are made.

package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// The identifier stands in every challenge, and some proxies have 4 KiB for the header of an answer.
	maxIdentifier = 1 << 10
	// More than a client shows or asks for; the document stays far below the 64 KiB that clients read.
	maxMetadataText = 1 << 10
	maxMetadataList = 100

	metadataPath = "/.well-known/oauth-protected-resource" // RFC 9728 section 3
)

// ResourceMetadata is what the metadata document of a resource says beside its identifier: RFC 9728
// section 2. The zero value names the issuers of the Verifier and nothing more.
type ResourceMetadata struct {
	// AuthorizationServers are the issuers from which clients get tokens. Each is spelled as in its own
	// metadata: the issuer, not the address of the metadata. Nil: every Config.Issuer of the Verifier that
	// is an https or http URL without {tenantid}.
	AuthorizationServers []string

	// ScopesSupported are the scopes that a client asks for if a challenge names none. The Model Context
	// Protocol asks for the smallest useful list, without offline_access. Nil: the member is left out.
	ScopesSupported []string

	// Name is the name of the resource for people. Empty: none.
	Name string

	// Documentation is the URL of a page for developers. Empty: none.
	Documentation string
}

// metadata is the document.
type metadata struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers,omitempty"`
	ScopesSupported        []string `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported"`
	ResourceName           string   `json:"resource_name,omitempty"`
	ResourceDocumentation  string   `json:"resource_documentation,omitempty"`
}

// published is the metadata of a resource that has an identifier.
type published struct {
	metadata        // without the issuers of the Verifier
	address  string // of the document, which challenges name
	paths    []string
	decoded  []string // the same paths as in URL.Path
	rendered atomic.Pointer[rendering]
}

// rendering is the document for one list of issuers.
type rendering struct {
	issuers []string
	text    []byte
}

// MetadataPaths returns the paths at which [Resource.Metadata] answers: that of RFC 9728 section 3.1, which is
// /.well-known/oauth-protected-resource and the path of the identifier, and its twin with or without the slash
// at the end. Without ResourceConfig.Identifier there are none.
func (r *Resource) MetadataPaths() []string {
	if r = r.made(); r.published == nil {
		return nil
	}
	return slices.Clone(r.published.paths)
}

// Metadata returns the handler of the metadata document, which tells clients whose tokens the resource
// accepts: RFC 9728. It belongs at each of [Resource.MetadataPaths], outside of every guard, and answers 404
// at other paths. It is public, and it answers CORS preflights itself, so that scripts in browsers can read
// it. It does not read the body of a request.
//
// The issuers are those that the Verifier has at the time of the request.
func (r *Resource) Metadata() http.Handler {
	p := r.made().published
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		if p == nil || !slices.Contains(p.decoded, req.URL.Path) {
			http.Error(w, "This is not the address of the metadata of this resource.", http.StatusNotFound)
			return
		}
		switch req.Method {
		case http.MethodGet, http.MethodHead:
			text := p.document(r.verifier.issuers().names)
			h.Set("Content-Type", "application/json")
			h.Set("Content-Length", strconv.Itoa(len(text)))
			h.Set("Cache-Control", "public, max-age=3600")
			if req.Method == http.MethodGet {
				w.Write(text)
			}
		case http.MethodOptions:
			h.Set("Allow", metadataMethods)
			h.Set("Access-Control-Allow-Methods", metadataMethods)
			h.Set("Access-Control-Allow-Headers", metadataFields)
			h.Set("Access-Control-Max-Age", "3600")
			w.WriteHeader(http.StatusNoContent)
		default:
			h.Set("Allow", metadataMethods)
			http.Error(w, "The metadata of a resource is read with GET or HEAD.", http.StatusMethodNotAllowed)
		}
	})
}

const (
	metadataMethods = "GET, HEAD, OPTIONS"
	// Browsers take the asterisk for every header field but Authorization; the names are for clients that
	// look for their own fields.
	metadataFields = "*, Authorization, Content-Type, MCP-Protocol-Version"
)

// document renders the metadata once for each list of issuers.
func (p *published) document(issuers []string) []byte {
	if last := p.rendered.Load(); last != nil && slices.Equal(last.issuers, issuers) {
		return last.text
	}
	m := p.metadata
	if m.AuthorizationServers == nil {
		for _, issuer := range issuers {
			u, err := url.Parse(issuer)
			if _, templated := templateOf(issuer); err == nil && !templated && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") {
				m.AuthorizationServers = append(m.AuthorizationServers, issuer)
			}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a careless client may compare the identifier without decoding escapes
	if err := e.Encode(m); err != nil {
		panic("jwt: Metadata: " + err.Error()) // strings always encode
	}
	p.rendered.Store(&rendering{issuers, b.Bytes()})
	return b.Bytes()
}

// publish checks Identifier and Metadata and returns what is to be published; nil without Identifier.
func (c *ResourceConfig) publish() (*published, error) {
	m := c.Metadata
	if c.Identifier == "" {
		if m.AuthorizationServers != nil || m.ScopesSupported != nil || m.Name+m.Documentation != "" {
			return nil, errors.New("Metadata is set, and Identifier is not")
		}
		return nil, nil
	}
	u, err := checkIdentifier(c.Identifier)
	if err != nil {
		return nil, err
	}
	// Some clients search a challenge for the first of these, wherever it stands.
	for _, parameter := range []string{"error=", "scope=", "resource_metadata="} {
		if strings.Contains(c.Realm, parameter) {
			return nil, fmt.Errorf("the Realm holds %q, which MCP clients take for the parameter of a challenge", parameter)
		}
		if strings.Contains(c.Identifier, parameter) {
			return nil, fmt.Errorf("the Identifier holds %q, which MCP clients take for the parameter of a challenge", parameter)
		}
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	p := &published{metadata: metadata{c.Identifier, slices.Clone(m.AuthorizationServers), slices.Clone(m.ScopesSupported), []string{"header"}, m.Name, m.Documentation}}
	origin, rest := cutOrigin(c.Identifier)
	place, query := rest, ""
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		place, query = rest[:i], rest[i:]
	}
	if place == "/" { // RFC 9728 section 3.1
		place = ""
	}
	p.address = origin + metadataPath + place + query
	other := strings.TrimSuffix(place, "/")
	if other == place {
		other += "/"
	}
	p.paths = []string{metadataPath + place, metadataPath + other}
	bare := metadataPath + strings.TrimSuffix(u.Path, "/")
	p.decoded = []string{bare, bare + "/"}
	return p, nil
}

// cutOrigin cuts a URL behind its host, without changing a byte.
func cutOrigin(address string) (origin, rest string) {
	from := strings.Index(address, "://") + len("://")
	if i := strings.IndexAny(address[from:], "/?"); i >= 0 {
		return address[:from+i], address[from+i:]
	}
	return address, ""
}

// checkIdentifier refuses what RFC 9728 section 1.2 does not allow, and what servers, clients or a
// challenge would change.
func checkIdentifier(identifier string) (*url.URL, error) {
	if len(identifier) > maxIdentifier {
		return nil, errors.New(sizeDetail("Identifier", len(identifier), maxIdentifier))
	}
	u, err := checkURL(identifier)
	if err != nil {
		return nil, fmt.Errorf("the Identifier %w", err)
	}
	place := strings.TrimSuffix(u.Path, "/")
	if place != "" && path.Clean(place) != place || strings.HasSuffix(place, "/") {
		return nil, fmt.Errorf("the Identifier has a path that servers and clients rewrite, to %q", path.Clean(place))
	}
	return u, nil
}

// checkURL checks an absolute URL. The text of its error lacks the subject, which the caller puts before it.
func checkURL(address string) (*url.URL, error) {
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case c == '"':
			return nil, errors.New("holds a quote")
		case c == '#':
			return nil, errors.New("has a fragment")
		case !isURLByte(c):
			return nil, fmt.Errorf("holds %s, which no URL holds unescaped", strconv.QuoteToASCII(address[i:i+1]))
		}
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.User != nil:
		return nil, errors.New("has user information, which everybody would read")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("is not an absolute https URL")
	case u.Hostname() == "":
		return nil, errors.New("has no host")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("is an http URL, which is for the loopback interface alone: want https")
	}
	return u, nil
}

// isURLByte reports whether RFC 3986 section 2 allows c in a URL.
func isURLByte(c byte) bool {
	return inBase64url(c) || c > ' ' && c <= '~' && strings.IndexByte("~.%:/?#[]@!$&'()*+,;=", c) >= 0
}

// check names the first member that no client can use.
func (m ResourceMetadata) check() error {
	for _, list := range []struct {
		name   string
		values []string
	}{{"AuthorizationServers", m.AuthorizationServers}, {"ScopesSupported", m.ScopesSupported}} {
		if len(list.values) > maxMetadataList {
			return fmt.Errorf("the list Metadata.%s has %d values, the limit is %d", list.name, len(list.values), maxMetadataList)
		}
		for _, value := range list.values {
			if len(value) > maxMetadataText {
				return errors.New(sizeDetail("a value of Metadata."+list.name, len(value), maxMetadataText))
			}
		}
	}
	for _, issuer := range m.AuthorizationServers {
		if _, err := checkURL(issuer); err != nil {
			return fmt.Errorf("Metadata.AuthorizationServers: %s %w", quote(issuer), err)
		}
		if strings.Contains(issuer, "/.well-known/") {
			return fmt.Errorf("Metadata.AuthorizationServers: %s is the address of a document, and not an issuer", quote(issuer))
		}
	}
	for _, scope := range m.ScopesSupported {
		if challengeWords([]string{scope}) == "" {
			return fmt.Errorf("Metadata.ScopesSupported: %s is no scope", quote(scope))
		}
	}
	if len(m.Name) > maxMetadataText {
		return errors.New(sizeDetail("Metadata.Name", len(m.Name), maxMetadataText))
	}
	if len(m.Documentation) > maxMetadataText {
		return errors.New(sizeDetail("Metadata.Documentation", len(m.Documentation), maxMetadataText))
	}
	if !utf8.ValidString(m.Name) {
		return errors.New("Metadata.Name is not UTF-8")
	}
	if m.Documentation != "" {
		page, _, _ := strings.Cut(m.Documentation, "#")
		if _, err := checkURL(page); err != nil {
			return fmt.Errorf("Metadata.Documentation %w", err)
		}
	}
	return nil
}
