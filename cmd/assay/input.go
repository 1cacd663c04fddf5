// This file reads the token for a command, from an argument, a file or standard input. It also has the
// flags that several commands share.

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"assay.example/jwt"
)

// exampleToken expires in the year 9999. Its signature is made with the key of RFC 8037 appendix A.1,
// and exampleKey is the public half.
const (
	exampleToken = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9." +
		"eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoiaHR0cHM6Ly9hcGkuZXhhbXBsZS5jb20iLCJzdWIiOiJhdXRoMHxzb21lYm9keSIsImNsaWVudF9pZCI6ImFwcCIsInNjb3BlIjoicmVhZDptZXNzYWdlcyIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoyNTM0MDIzMDA3OTksImp0aSI6IjEifQ." +
		"fx3-InBanqHZ4Q79AZ8omt06yg7R49nVjWXymH1BK0gkEPFTfvmA_XcD_MXerzeIUmPyEJ9wfDcVykoed1OiCQ"
	exampleKey   = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	exampleFlags = "-issuer https://issuer.example \\\n    -audience https://api.example.com"
)

// maxInput is the limit of an input, in bytes: far more than a token that servers accept.
const maxInput = 1 << 20

// tokenSource is the place from which a command reads its token.
type tokenSource struct{ file string }

func (s *tokenSource) define(flags *flag.FlagSet) {
	flags.StringVar(&s.file, "file", "", "`file` with the token, in place of an argument")
}

// aboutInput is the part of a command's help that is about its token.
const aboutInput = "The token is an argument or the content of a file. Without an argument, or with -, it is read from\n" +
	"standard input. It may be pasted with its surroundings: a line \"Authorization: Bearer ...\" or\n" +
	"\"Cookie: ...\", a curl command or the output of curl -v, the JSON of a token endpoint, quotes and\n" +
	"line breaks. The command says what it removed. An argument stays in the shell's history; a file or\n" +
	"a pipe does not."

// read returns the token without what surely does not belong to it, and warns of what it removed. It
// keeps everything else, so that the report can tell of it.
func (s *tokenSource) read(c *call) (token string, code int, ok bool) {
	text := ""
	var err error
	switch {
	case s.file != "" && len(c.rest) > 0:
		return "", c.misused("both -file and an argument are given: which is the token?"), false
	case s.file != "":
		text, err = readFile("-file", s.file)
	case len(c.rest) == 0 || len(c.rest) == 1 && c.rest[0] == "-":
		text, err = c.readStdin()
	case len(c.rest) == 1 && isFile(c.rest[0]):
		text, err = readFile("the argument", c.rest[0])
	default:
		text = strings.Join(c.rest, " ") // a header field without quotes is several arguments
		c.warn("a token on the command line stays in the shell's history, and others on this machine can see it: use a file or a pipe")
	}
	if err != nil {
		return "", c.misused("%v", err), false
	}
	found, err := takeOff(text)
	switch {
	case err != nil:
		return "", c.misused("%v", err), false
	case found.token == "":
		return "", c.misused("there is no token: give one on standard input, in a file, or as an argument"), false
	case found.off != nil:
		c.warn("removed from around the token: %s", strings.Join(found.off, ", "))
	}
	return found.token, exitOK, true
}

func (c *call) readStdin() (string, error) {
	if c.stdin == nil {
		return "", nil
	}
	if !isTerminal(c.stdin) {
		return readAll(c.stdin, "standard input")
	}
	fmt.Fprintln(c.stderr, "Paste the token, press Enter, and end with Ctrl-D:")
	text, err := readAll(c.stdin, "standard input")
	if err == nil && cutByTerminal(text) {
		err = errors.New("a line has as many bytes as a terminal passes on, so the end of the token is probably lost: use a file or a pipe")
	}
	return text, err
}

// cutByTerminal reports whether a line is as long as a terminal lets it be. What is typed or pasted beyond that is
// lost without a word: beyond 4095 bytes on Linux, and 1023 or 1024 elsewhere (MAX_CANON). Tokens with many groups
// are longer.
func cutByTerminal(text string) bool {
	for line := range strings.Lines(text) {
		switch len(strings.TrimRight(line, "\r\n")) {
		case 4095:
			return true
		case 1023, 1024:
			if runtime.GOOS != "linux" {
				return true
			}
		}
	}
	return false
}

func readAll(r io.Reader, name string) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(data) > maxInput {
		err = fmt.Errorf("%s is longer than %d bytes", name, maxInput)
	}
	return string(data), err
}

// readFile reads the file that a flag names. Its error does not repeat the name: people may give the secret
// itself there.
func readFile(flag, name string) (string, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		var text string
		if text, err = readAll(f, "the file"); err == nil {
			return text, nil
		}
	}
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		err = in.Err
	}
	return "", fmt.Errorf("%s wants a file's name: %w", flag, err)
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// isTerminal reports whether a reader is a terminal.
func isTerminal(stream any) bool {
	f, ok := beneath(stream).(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// authorization finds a header field as people copy it: on a line of its own, behind curl's >, or in the
// quotes of curl's -H.
var authorization = regexp.MustCompile(`(?im)^[> ]*(?:-H +)?['"]?authorization: *(?:bearer +)?([^\r\n]*?)['"]?(?: *\\)?\r?$`)

var bearerWord = regexp.MustCompile(`(?i)^bearer +`)

// bare returns the token in a header field.
func bare(text string) string {
	if match := authorization.FindStringSubmatch(text); match != nil {
		return match[1]
	}
	return bearerWord.ReplaceAllString(strings.TrimSpace(text), "")
}

// words is a flag that can be repeated, and that takes several words at once.
type words []string

func (w *words) String() string { return strings.Join(*w, " ") }

func (w *words) Set(text string) error {
	list := strings.Fields(text)
	if len(list) == 0 {
		return errors.New("it is empty")
	}
	*w = append(*w, list...)
	return nil
}

// texts is a flag that can be repeated.
type texts []string

func (t *texts) String() string { return strings.Join(*t, " ") }

func (t *texts) Set(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	*t = append(*t, text)
	return nil
}

// duration is a flag.
type duration time.Duration

func (d *duration) String() string { return time.Duration(*d).String() }

func (d *duration) Set(text string) error {
	value, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("it is not a duration like 30s or 5m")
	}
	*d = duration(value)
	return nil
}

// algorithms is a flag that can be repeated.
type algorithms []jwt.Algorithm

func (a *algorithms) String() string {
	var names []string
	for _, alg := range *a {
		names = append(names, string(alg))
	}
	return strings.Join(names, " ")
}

func (a *algorithms) Set(text string) error {
	for _, name := range a.choices() {
		if name == text {
			*a = append(*a, jwt.Algorithm(text))
			return nil
		}
	}
	return fmt.Errorf("it is none of %s", strings.Join(a.choices(), " "))
}

func (*algorithms) choices() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA", "Ed25519"}
}

// profile is the flag for the kind of token.
type profile struct{ jwt.Profile }

var profiles = map[string]jwt.Profile{"": jwt.AnyAccessToken, "at+jwt": jwt.AccessToken, "id": jwt.IDToken}

func (p *profile) String() string {
	for name, value := range profiles {
		if value == p.Profile {
			return name
		}
	}
	return ""
}

func (p *profile) Set(text string) error {
	value, ok := profiles[text]
	if !ok {
		return errors.New("it is neither at+jwt nor id")
	}
	p.Profile = value
	return nil
}

func (*profile) choices() []string { return []string{"at+jwt", "id"} }

// moment is a flag for a time: RFC 3339, a date, seconds since 1970, or a duration from now.
type moment struct{ time.Time }

func (m *moment) String() string {
	if m == nil || m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// timeLayouts are how people write a time. Without a zone it is UTC, and without a time it is midnight.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly}

func (m *moment) Set(text string) error {
	at, err := readTime(text)
	if err != nil {
		return err
	}
	if year := at.UTC().Year(); year < 1970 || year > 9999 {
		return errors.New("it is not within the years 1970 to 9999")
	}
	m.Time = at
	return nil
}

func readTime(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(n, 0), nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return time.Now().Add(d), nil
	}
	return time.Time{}, errors.New("it is neither a time like 2026-11-21T19:00:00Z, nor a date like 2026-11-21, nor seconds since 1970, nor a duration from now like -10m")
}
