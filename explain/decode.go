// This file decodes a token for people to read, as far as possible. Nothing here decides anything. Package
// jwt's strict parser says where a part breaks the rules: see [jwt.Error].Offset.

package explain

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"assay.example/jwt"
)

const (
	// maxFields is the number of members of a header or payload that a report shows. An honest one has a
	// few dozen.
	maxFields = 100
	// maxFieldText is how many bytes of a text a report shows.
	maxFieldText = 500
	// maxFieldValue is the length of the longest other value that is shown.
	maxFieldValue = 2000
	// maxNumericDate is the last second of the year 9999: a later one is no NumericDate.
	maxNumericDate = 253402300799
)

// part is the readable part of the header or of the payload.
type part struct {
	text    string            // decoded, as far as it can be
	partial bool              // the part is not canonical base64url: text ends before the fault
	fault   int               // as faultOf returns it
	fields  []Field           // up to the fault
	members map[string]string // values as they are written, by name, up to the fault
}

// look decodes header and payload.
func (x *explanation) look(ctx context.Context) {
	header, rest, dotted := strings.Cut(x.clean, ".")
	payload, _, _ := strings.Cut(rest, ".")
	encrypted := strings.Count(x.clean, ".") == 4
	if !dotted && !looksEncoded(header) {
		header = ""
	}
	if encrypted {
		payload = ""
	}
	x.header, x.payload = decode(header), decode(payload)
	x.header.fault = faultOf(ctx, x.header.text, "header", func(part string) string { return part + "." + encode("{}") + "." })
	x.payload.fault = faultOf(ctx, x.payload.text, "payload", func(part string) string { return encode("{}") + "." + part + "." })
	x.header.read(headerMeanings, x.now)
	x.payload.read(claimMeanings, x.now)
	if encrypted {
		return
	}
	at := badByte(x.given)
	switch {
	case at >= 0:
	case x.header.fault >= 0:
		at = encodedByte(x.header.fault)
	case x.payload.fault >= 0:
		at = len(header) + 1 + encodedByte(x.payload.fault)
	default:
		return
	}
	x.BadByte = &at
}

// looker lends its parser, for a part at a time. It has the largest possible limits, so that the parser
// accepts every part that is short enough to be decoded.
var looker = sync.OnceValue(func() *jwt.Verifier {
	const largest = 1 << 20 // of Config.MaxTokenSize and MaxHeaderSize
	v, err := jwt.NewVerifier(jwt.Config{Issuer: "urn:none", InsecureSkipAudience: true, Keys: noKeys{}, MaxTokenSize: largest, MaxHeaderSize: largest})
	if err != nil {
		panic(err) // the Config is constant
	}
	return v
})

// faultOf returns the byte of a part that breaks the rules of strict JSON; -1 if none does. The part is
// judged alone, in a token made for it, so that faults elsewhere in the given token hide none here. If the
// parser skips the part, the fault is at byte 0.
func faultOf(ctx context.Context, text, name string, around func(part string) (token string)) int {
	if text == "" {
		return -1
	}
	for _, s := range looker().Trace(ctx, around(encode(text)), time.Time{}).Steps {
		switch {
		case s.Name != name:
		case s.Skipped != "":
			return 0
		case s.Err != nil && (s.Err.Reason == jwt.ReasonHeaderInvalid || s.Err.Reason == jwt.ReasonPayloadInvalid):
			return s.Err.Offset
		default:
			return -1
		}
	}
	return 0
}

// encodedByte returns the place, in the encoded part, of a byte of the decoded part.
func encodedByte(at int) int { return at * 4 / 3 }

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// decode decodes a part up to the first wrong byte.
func decode(encoded string) part {
	end := 0
	for end < len(encoded) && inBase64url(encoded[end]) {
		end++
	}
	if end == len(encoded) {
		if text, err := base64.RawURLEncoding.Strict().DecodeString(encoded); err == nil {
			return part{text: string(text), fault: -1}
		}
	}
	if end%4 == 1 {
		end--
	}
	text, _ := base64.RawURLEncoding.DecodeString(encoded[:end]) // stray bits do not matter here
	return part{text: string(text), partial: true, fault: -1}
}

// inBase64url reports whether c is of the alphabet of base64url (RFC 4648 section 5).
func inBase64url(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// looksEncoded reports whether a part begins as a JSON object in base64url does.
func looksEncoded(part string) bool { return strings.HasPrefix(part, "ey") }

// badByte returns where a token stops being a compact JWS; -1 if it is one.
func badByte(token string) int {
	from, dots := 0, 0
	for i := 0; i <= len(token); i++ {
		switch {
		case i < len(token) && token[i] != '.':
			if !inBase64url(token[i]) {
				return i
			}
			continue
		case i == from, i < len(token) && dots == 2, i == len(token) && dots < 2:
			return i
		}
		if decode(token[from:i]).partial {
			if (i-from)%4 == 1 { // a character is missing
				return i
			}
			return i - 1 // it has bits that decode to nothing
		}
		from, dots = i+1, dots+1
	}
	return -1
}

// read makes a field of every member, up to the first fault.
func (p *part) read(meanings map[string]string, now time.Time) {
	p.members = map[string]string{}
	end := len(p.text)
	if p.fault >= 0 {
		end = min(p.fault, end)
	}
	d := json.NewDecoder(strings.NewReader(p.text))
	if first, _ := d.Token(); first != json.Delim('{') || end == 0 {
		if p.text != "" {
			p.fields = append(p.fields, Field{Value: unshown(p.text), Meaning: "not a JSON object", broken: true})
		}
		return
	}
	count := 0
	for d.More() {
		token, _ := d.Token()
		name, isName := token.(string)
		rest, hasValue := afterColon(p.text[d.InputOffset():])
		if !isName || !hasValue || p.has(name) || int(d.InputOffset()) > end {
			break
		}
		var value json.RawMessage
		err := d.Decode(&value)
		to := int(d.InputOffset())
		whole := err == nil && to <= end && to < len(p.text) // a number at the end may be half a number
		if whole {
			p.members[name] = string(value)
		}
		if count++; count <= maxFields {
			p.fields = append(p.fields, p.field(name, rest, whole, meanings[name], now))
		}
		if !whole {
			break
		}
	}
	if count > maxFields {
		p.fields = append(p.fields, Field{Name: "...", Value: json.RawMessage("null"), Meaning: strconv.Itoa(count-maxFields) + " more", rest: true})
	}
}

// field shows a member. Of an incomplete member it shows the name alone: the text behind a fault may
// belong to another member, such as the rest of the payload behind a missing quote.
func (p *part) field(name, rest string, whole bool, means string, now time.Time) Field {
	f := Field{Name: jsonEscape(name, maxShown)}
	if whole {
		raw := p.members[name]
		f.Value, f.Meaning = compact(raw), meaning(means, name, raw, now)
	} else {
		f.Value, f.Meaning, f.broken = unshown(rest), "it breaks off here", true
	}
	return f
}

// afterColon returns what follows the name of a member: its value, and the rest of the text.
func afterColon(text string) (rest string, ok bool) {
	const space = " \t\r\n"
	rest, ok = strings.CutPrefix(strings.TrimLeft(text, space), ":")
	rest = strings.TrimLeft(rest, space)
	return rest, ok && rest != ""
}

// unshown replaces a text that is no JSON value.
func unshown(text string) json.RawMessage {
	return jsonString("("+strconv.Itoa(len(text))+" bytes, not shown)", maxFieldText)
}

// has reports whether there is such a member before the first fault.
func (p *part) has(name string) bool {
	_, ok := p.members[name]
	return ok
}

// string is the value of a member that is a string; empty for any other.
func (p *part) string(name string) (text string) {
	if raw := p.members[name]; strings.HasPrefix(raw, `"`) {
		json.Unmarshal([]byte(raw), &text)
	}
	return text
}

// list is the value of a member that is a string or an array of strings; nil for any other.
func (p *part) list(name string) (texts []string) {
	raw := p.members[name]
	switch {
	case strings.HasPrefix(raw, `"`):
		return []string{p.string(name)}
	case !strings.HasPrefix(raw, "["):
		return nil
	}
	var elements []*string // null is no string
	if json.Unmarshal([]byte(raw), &elements) != nil || slices.Contains(elements, nil) {
		return nil
	}
	for _, text := range elements {
		texts = append(texts, *text)
	}
	return texts
}

// value is the value of a member, of any type.
func (p *part) value(name string) (value any) {
	json.Unmarshal([]byte(p.members[name]), &value)
	return value
}

// date is the value of a member that is a NumericDate; the zero time for any other.
func (p *part) date(name string) time.Time {
	at, _ := numericDate(p.members[name])
	return at
}

// clientID is the client that the token was issued to: see [jwt.Token.ClientID].
func (p *part) clientID() string {
	for _, name := range []string{"client_id", "azp", "cid", "appid"} {
		if strings.HasPrefix(p.members[name], `"`) {
			return p.string(name)
		}
	}
	return ""
}

// scopes are the words of scope and scp: see [jwt.Token.Scopes].
func (p *part) scopes() (all []string) {
	for _, name := range []string{"scope", "scp"} {
		if text := p.string(name); text != "" {
			all = append(all, strings.FieldsFunc(text, func(c rune) bool { return c == ' ' })...)
		} else {
			all = append(all, p.list(name)...)
		}
	}
	return all
}

// numericDate reads a date of RFC 7519 section 2, to the microsecond.
func numericDate(raw string) (at time.Time, ok bool) {
	if raw == "" || raw[0] != '-' && !('0' <= raw[0] && raw[0] <= '9') {
		return at, false
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil || n < 0 || n > maxNumericDate {
		return at, false
	}
	whole, fraction := math.Modf(n)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000).UTC(), true
}

// compact writes a JSON value without white space, and escapes whatever does not print. It cuts a long
// string, and describes another long value.
func compact(raw string) json.RawMessage {
	kind, b := "a number", json.RawMessage(raw)
	switch raw[0] {
	case '"':
		kind = "a string"
	case '[':
		kind = "an array"
	case '{':
		kind = "an object"
	}
	if kind != "a number" {
		d := json.NewDecoder(strings.NewReader(raw))
		d.UseNumber()
		b = appendValue(nil, d)
	}
	if len(b) <= maxFieldValue || kind == "a string" {
		return b
	}
	return json.RawMessage(fmt.Sprintf(`"(%s of %d bytes, too long to be shown)"`, kind, len(raw)))
}

// appendValue appends the next value of a text that was checked before. It stops when b is too long to be
// shown.
func appendValue(b []byte, d *json.Decoder) []byte {
	token, _ := d.Token()
	switch token := token.(type) {
	case json.Delim:
		b = append(b, byte(token))
		for first := true; len(b) <= maxFieldValue && d.More(); first = false {
			if !first {
				b = append(b, ',')
			}
			if token == '{' {
				name, _ := d.Token()
				b = append(append(b, jsonString(fmt.Sprint(name), maxFieldText)...), ':')
			}
			b = appendValue(b, d)
		}
		d.Token()
		return append(b, byte(token)+2) // ] follows \ and [ in ASCII, } follows | and {
	case string:
		if isToken(token) {
			token = "(a token, withheld)"
		}
		return append(b, jsonString(token, maxFieldText)...)
	case nil:
		return append(b, "null"...)
	}
	return fmt.Append(b, token) // a number as it is written, or a bool
}

// isToken reports whether a claim looks like a token itself, which must not be shown.
func isToken(text string) bool { return strings.Contains(text, "eyJ") && strings.Count(text, ".") >= 2 }

// jsonString is a JSON string of at most so many bytes of text, of characters that print.
func jsonString(text string, most int) json.RawMessage {
	return json.RawMessage(`"` + jsonEscape(text, most) + `"`)
}

// jsonEscape cuts a text, and escapes what does not print, as JSON does. Letters of all scripts print,
// because names are written in them.
func jsonEscape(text string, most int) string {
	cut := len(text) > most
	if cut {
		text = text[:most]
	}
	b := make([]byte, 0, len(text)+2)
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == utf8.RuneError && size == 1:
			if cut && len(text) < utf8.UTFMax {
				continue // the cut went through a character
			}
			b = append(b, `\ufffd`...)
		case strconv.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	if cut {
		b = append(b, "..."...)
	}
	return string(b)
}

// meaning adds the time to the meaning of a date.
func meaning(text, name, raw string, now time.Time) string {
	if !slices.Contains([]string{"exp", "nbf", "iat", "auth_time", "updated_at"}, name) {
		return text
	}
	at, ok := numericDate(raw)
	switch {
	case !ok:
		return text
	case name == "exp":
		return text + ": " + expiry(at, now)
	}
	return text + ": " + relative(at, now)
}

// What header members and claims mean, to those who do not read RFCs.
var (
	headerMeanings = map[string]string{
		"alg": "algorithm of the signature", "kid": "which key signed it", "typ": "kind of token", "cty": "kind of payload",
		"enc": "algorithm of the encryption", "zip": "compression", "crit": "extensions that must be understood",
		"b64": "whether the payload is encoded (RFC 7797)", "jku": "address of keys; never used", "jwk": "a key; never used",
		"x5u": "address of a certificate; never used", "x5c": "certificates; never used",
		"x5t": "thumbprint of a certificate", "x5t#S256": "thumbprint of a certificate",
	}
	claimMeanings = map[string]string{
		"iss": "issuer: who made the token", "sub": "subject: whom it is about", "aud": "audience: whom it is for",
		"exp": "expiry", "nbf": "not before", "iat": "issued", "jti": "id of this token",
		"scope": "what the client may do", "scp": "what the client may do",
		"azp": "client that it was issued to", "client_id": "client that it was issued to", "cid": "client that it was issued to",
		"appid": "client that it was issued to", "uid": "id of the user", "oid": "id of the user", "tid": "tenant",
		"permissions": "what the user may do with this API", "roles": "roles of the user", "groups": "groups of the user",
		"entitlements": "entitlements of the user", "realm_access": "roles at the realm (Keycloak)",
		"resource_access": "roles by client (Keycloak)", "cognito:groups": "groups of the user (Amazon Cognito)",
		"nonce": "ties an ID token to the client's request", "at_hash": "ties an ID token to an access token",
		"c_hash": "ties an ID token to a code", "auth_time": "when the user logged in", "acr": "how strong the login was",
		"amr": "how the user logged in", "sid": "session", "org_id": "organization", "token_use": "kind of token (Amazon Cognito)",
		"typ": "kind of token (Keycloak)", "ver": "version of the token's format", "gty": "grant (Auth0)",
		"cnf": "key that its sender must prove to have", "act": "who acts for the subject", "may_act": "who may act for the subject",
		"name": "full name", "given_name": "first name", "family_name": "last name", "nickname": "nickname",
		"preferred_username": "user name", "email": "email address", "email_verified": "whether the address was checked",
		"phone_number": "telephone number", "picture": "address of a picture", "birthdate": "date of birth", "gender": "gender",
		"zoneinfo": "time zone", "locale": "language", "address": "postal address", "updated_at": "when the profile was changed",
	}
)
