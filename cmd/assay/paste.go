// This file finds the token in what people paste or pipe: a header field, a curl command, the answer of
// a token endpoint, cookies, quotes, line breaks. It says what it removed.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// jwtShape is what a compact JWS or JWE looks like, broken or not: three or five parts, the first of
// which is a JSON object in base64url.
const jwtShape = `e[yw][A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2}(?:(?:\.[A-Za-z0-9_-]*){2})?`

var (
	wholeToken = regexp.MustCompile(`^` + jwtShape + `$`)
	// wordWithin finds a word that may be a token, or its first piece, between characters that a token
	// does not have.
	wordWithin = regexp.MustCompile("(?:^|[\\s\"'`=:,;&?#<>(){}\\[\\]|^])(e[yw][A-Za-z0-9_.-]+)(?:$|[\\s\"'`,;&#<>(){}\\[\\]|^\\\\])")
	// moreOfIt recognises a line that can only be the next piece of a token with line breaks.
	moreOfIt = regexp.MustCompile(`^\\?\r?\n[ \t]*([A-Za-z0-9_.=-]+)[ \t]*(\\?\r?\n|\\?$)`)
)

// taken is a token, and descriptions of what was removed around it.
type taken struct {
	token string
	off   []string
}

// takeOff finds the token in a text. It keeps what it does not recognise, so that the report can tell of it.
func takeOff(text string) (taken, error) {
	text, marked := utf8Of(text)
	t, err := withoutWrapping(strings.TrimSpace(text))
	if marked {
		t.off = append([]string{"a byte order mark"}, t.off...)
	}
	return t, err
}

func withoutWrapping(text string) (taken, error) {
	if wholeToken.MatchString(text) {
		return taken{token: text}, nil
	}
	for _, look := range []func(string) (taken, bool, error){inAuthorization, inCookies, inMember} {
		if t, ok, err := look(text); ok || err != nil {
			return t, err
		}
	}
	var t taken
	if word := schemeWord.FindString(text); word != "" {
		text = text[len(word):]
		t.off = append(t.off, "the word "+strings.TrimSpace(word))
	}
	unquoted := mailMark.ReplaceAllString(text, "")
	if whole, how := rejoined(unquoted); whole != "" {
		if unquoted != text {
			t.off = append(t.off, "the marks of a quoted mail")
		}
		return taken{whole, append(t.off, how...)}, nil
	}
	found := tokensWithin(text)
	switch {
	case len(found) > 1:
		return t, fmt.Errorf("there are %d tokens: give one", len(found))
	case len(found) == 1 && strings.HasPrefix(text, "curl"):
		return taken{found[0], append(t.off, "the curl command around it")}, nil
	case len(found) == 1:
		return taken{found[0], append(t.off, "the text around it")}, nil
	}
	t.token = text
	return t, nil
}

// mailMark is what a mail program puts before each line that it quotes.
var mailMark = regexp.MustCompile(`(?m)^(?:>[ \t]*)+`)

// schemeWord is the scheme of an Authorization field (RFC 6750, RFC 9449).
var schemeWord = regexp.MustCompile(`(?i)^(?:bearer|dpop) +`)

// copiedField is a header field as people copy it: on a line of its own, behind curl's > or -H, or as a member
// of an object in JavaScript.
type copiedField struct {
	value     string
	continued bool // the value goes on in the next line
}

func fieldsNamed(name, text string) (all []copiedField) {
	start := regexp.MustCompile(`(?i)(^|[\s'">{,])(?:` + name + `)(['"]?[ \t]*:[ \t]*['"]?)`)
	for _, at := range start.FindAllStringSubmatchIndex(text, -1) {
		before, colon, rest := text[at[2]:at[3]], text[at[4]:at[5]], text[at[1]:]
		end := strings.IndexByte(rest, '\n')
		if quote := colon[len(colon)-1]; quote == '"' || quote == '\'' {
			before = string(quote)
		}
		if quoted := strings.IndexAny(before, `'"`) == 0 && len(before) == 1; quoted {
			if closed := strings.Index(rest, before); closed >= 0 {
				all = append(all, copiedField{value: rest[:closed]})
				continue
			}
		}
		if end < 0 {
			end = len(rest)
		}
		f := copiedField{value: strings.TrimRight(strings.TrimSuffix(strings.TrimRight(rest[:end], "\r"), `\`), " \t")}
		if strings.HasPrefix(schemeWord.ReplaceAllString(f.value, ""), "ey") {
			whole := continuedIn(f.value, rest[end:])
			f = copiedField{whole, whole != f.value}
		}
		all = append(all, f)
	}
	return all
}

// continuedIn adds the lines that can only be the next pieces of a token.
func continuedIn(token, rest string) string {
	for strings.Count(token, ".") < 5 {
		more := moreOfIt.FindStringSubmatchIndex(rest)
		if more == nil || strings.HasPrefix(rest[more[2]:], "ey") && !strings.HasSuffix(token, ".") {
			break
		}
		token += rest[more[2]:more[3]]
		rest = rest[more[4]:]
	}
	return token
}

func inAuthorization(text string) (t taken, ok bool, err error) {
	found := fieldsNamed("authorization", text)
	switch {
	case len(found) == 0:
		return t, false, nil
	case len(found) > 1:
		return t, false, fmt.Errorf("there are %d Authorization headers, and a request may have one (RFC 6750 section 2): which is the token?", len(found))
	}
	t.token, t.off = found[0].value, []string{"the name Authorization"}
	if strings.HasPrefix(text, "curl") {
		t.off = []string{"the curl command around it"}
	}
	if word := schemeWord.FindString(t.token); word != "" {
		t.token = t.token[len(word):]
		t.off = append(t.off, "the word "+strings.TrimSpace(word))
	}
	if whole, _ := rejoined(t.token); strings.ContainsAny(t.token, "\r\n") && whole != "" {
		t.token, found[0].continued = whole, true
	}
	if found[0].continued {
		t.off = append(t.off, "line breaks in it")
	}
	return t, true, nil
}

// cookieName recognises a cookie's name that a message may repeat.
var cookieName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

func inCookies(text string) (t taken, ok bool, err error) {
	found := fieldsNamed("(?:set-)?cookie", text)
	if len(found) == 0 {
		return t, false, nil
	}
	var names []string
	for _, f := range found {
		for pair := range strings.SplitSeq(f.value, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(value, `"`)
			if !wholeToken.MatchString(value) || value == t.token {
				continue
			}
			if !cookieName.MatchString(name) {
				name = "another"
			}
			t.token, names = value, append(names, name)
		}
	}
	switch len(names) {
	case 0:
		return t, false, errors.New("none of the cookies holds a JSON Web Token")
	case 1:
		t.off = []string{"everything around the cookie " + names[0]}
		return t, true, nil
	}
	return t, false, fmt.Errorf("%d cookies hold a token (%s): give one", len(names), strings.Join(names, ", "))
}

// tokenMember finds the members of JSON that hold a token (RFC 6749 section 5.1, OpenID Connect Core
// section 3.1.3.3).
var tokenMember = regexp.MustCompile(`"(access_token|id_token|token|jwt)"\s*:\s*("(?:[^"\\]|\\.)*")`)

func inMember(text string) (t taken, ok bool, err error) {
	values := map[string]string{}
	for _, member := range tokenMember.FindAllStringSubmatch(text, -1) {
		var value string
		if json.Unmarshal([]byte(member[2]), &value) != nil || value == "" {
			continue
		}
		if other, twice := values[member[1]]; twice && other != value {
			return t, false, fmt.Errorf("there are several members %s: give one token", member[1])
		}
		values[member[1]] = value
	}
	for _, name := range []string{"access_token", "id_token", "token", "jwt"} {
		if value := values[name]; value != "" {
			t = taken{value, []string{"the JSON around " + name}}
			if id := values["id_token"]; name == "access_token" && id != "" && id != value {
				t.off = append(t.off, "the other token in it, id_token")
			}
			return t, true, nil
		}
	}
	if refused := refusalMember.FindStringSubmatch(text); refused != nil && len(tokensWithin(text)) == 0 {
		return t, false, fmt.Errorf("it is the refusal of an issuer, and holds no token: its error is %q", refused[1])
	}
	return t, false, nil
}

// refusalMember is the member of a refusal (RFC 6749 section 5.2). Other texts of it are not repeated.
var refusalMember = regexp.MustCompile(`[{,]\s*"error"\s*:\s*"([a-z_]{1,60})"\s*[,}]`)

// quotes are what people and programs put around a token.
const quotes = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"

// rejoined returns the token if a text is one apart from quotes around it and white space within; empty
// if it is something else.
func rejoined(text string) (token string, off []string) {
	inner := strings.Trim(text, quotes)
	if inner != text {
		off = append(off, "quotes around it")
	}
	pieces := strings.FieldsFunc(inner, func(r rune) bool { return unicode.IsSpace(r) || r == '\\' })
	for n, piece := range pieces {
		if n > 0 && strings.HasPrefix(piece, "ey") && !strings.HasSuffix(pieces[n-1], ".") {
			return "", nil // it is another token
		}
	}
	token = strings.Join(pieces, "")
	if !wholeToken.MatchString(token) {
		return "", nil
	}
	switch {
	case len(pieces) > 1 && strings.ContainsAny(inner, "\r\n"):
		off = append(off, "line breaks in it")
	case len(pieces) > 1:
		off = append(off, "spaces in it")
	}
	return token, off
}

// tokensWithin lists the tokens that stand in a text, each once.
func tokensWithin(text string) (all []string) {
	for {
		at := wordWithin.FindStringSubmatchIndex(text)
		if at == nil {
			return all
		}
		if token := continuedIn(text[at[2]:at[3]], text[at[3]:]); wholeToken.MatchString(token) && !slices.Contains(all, token) {
			all = append(all, token)
		}
		text = text[at[3]:] // the character behind a token may stand before the next
	}
}

// utf8Of removes a byte order mark, and decodes the UTF-16 that PowerShell writes into files.
func utf8Of(text string) (decoded string, marked bool) {
	var at func(i int) uint16
	switch {
	case strings.HasPrefix(text, "\ufeff"):
		return strings.TrimPrefix(text, "\ufeff"), true
	case strings.HasPrefix(text, "\xff\xfe"):
		at = func(i int) uint16 { return uint16(text[i]) | uint16(text[i+1])<<8 }
	case strings.HasPrefix(text, "\xfe\xff"):
		at = func(i int) uint16 { return uint16(text[i])<<8 | uint16(text[i+1]) }
	default:
		return text, false
	}
	var units []uint16
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, at(i))
	}
	return string(utf16.Decode(units)), true
}
