// This file cleans what is printed: every command writes to the terminal through it (TestHostilePeers).

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// A terminal is the writer of every command. It writes characters that do not print as JSON's escapes:
// control characters, C1 among them, and those that change the direction of text. So neither a peer, nor
// a token, nor a file can move the cursor, colour a word or forge one. It keeps line breaks and tabs: see
// foreign for those in text of others.
type terminal struct{ w io.Writer }

// ownEscape replaces the escape character in control sequences of assay. Foreign text cannot hold it.
var ownEscape = "\x1b" + rand.Text()

func (t *terminal) Write(text []byte) (int, error) {
	var b []byte
	for n, piece := range bytes.Split(text, []byte(ownEscape)) {
		if n > 0 {
			b = append(b, '\x1b')
		}
		b = appendClean(b, string(piece), func(r rune) bool { return r == '\n' || r == '\t' || strconv.IsPrint(r) })
	}
	if _, err := t.w.Write(b); err != nil {
		return 0, err
	}
	return len(text), nil
}

// beneath returns the writer below a terminal, for questions such as whether it is a file.
func beneath(stream any) any {
	if t, ok := stream.(*terminal); ok {
		return t.w
	}
	return stream
}

// appendClean appends a text, and escapes the characters that do not print.
func appendClean(b []byte, text string, keep func(rune) bool) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case keep(r):
			b = append(b, text[:size]...)
		case r > 0xffff:
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return b
}

// foreign is a text that a peer or a file has chosen: a header field, a key id, an error that repeats
// such a text. It prints as one short line of ASCII. In JSON it is cut too, with JSON's escapes.
type foreign string

// maxForeign is the number of bytes that are shown of such a text: more than the longest error about an
// issuer whose metadata was requested in two places.
const maxForeign = 600

func (f foreign) String() string {
	return string(appendClean(nil, f.cut(), func(r rune) bool { return ' ' <= r && r <= '~' }))
}

// MarshalJSON writes a string. The terminal escapes its control characters.
func (f foreign) MarshalJSON() ([]byte, error) { return json.Marshal(f.cut()) }

func (f foreign) cut() string {
	if len(f) <= maxForeign {
		return string(f)
	}
	text := string(f[:maxForeign])
	for i := 1; i < utf8.UTFMax && !utf8.ValidString(text); i++ { // not within a character
		text = text[:len(text)-1]
	}
	return text + "..."
}

// foreignJSON is a JSON document of a peer. Its texts are treated like foreign.
type foreignJSON []byte

// maxForeignJSON is the length of the longest such document that is shown.
const maxForeignJSON = 64 << 10

// MarshalJSON writes the document with its members in their order.
func (f foreignJSON) MarshalJSON() ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(f))
	d.UseNumber()
	b, err := appendForeign(nil, d)
	if err == nil && len(b) > maxForeignJSON {
		return json.Marshal(fmt.Sprintf("(%d bytes, too long to be shown)", len(f)))
	}
	return b, err
}

// appendForeign appends the next value. It stops when b is too long to be shown.
func appendForeign(b []byte, d *json.Decoder) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	bracket, nested := token.(json.Delim)
	if !nested {
		switch value := token.(type) {
		case string:
			token = foreign(value)
		case json.Number:
			if len(value) > maxForeign {
				token = foreign(value)
			}
		}
		text, err := json.Marshal(token)
		return append(b, text...), err
	}
	b = append(b, byte(bracket))
	for first := true; d.More() && len(b) <= maxForeignJSON; first = false {
		if !first {
			b = append(b, ',')
		}
		if bracket == '{' {
			if b, err = appendForeign(b, d); err != nil {
				return nil, err
			}
			b = append(b, ':')
		}
		if b, err = appendForeign(b, d); err != nil {
			return nil, err
		}
	}
	if len(b) > maxForeignJSON {
		return b, nil // b is not shown
	}
	_, err = d.Token()
	return append(b, byte(bracket)+2), err // ] follows \ and [ in ASCII, } follows | and {
}

// oneLine formats a message beside the result of a command as one line.
func oneLine(format string, values ...any) string {
	return foreign(hidden(fmt.Sprintf(format, values...))).String()
}
