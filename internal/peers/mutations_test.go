// This file is the corpus of mutations: tokens that were good until a few things were changed at
// random. The seed is fixed, so that the corpus is always the same.

package peers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// mutationCount is how many tokens the corpus has.
const mutationCount = 6000

func mutations(now int64) []sample {
	m := &mutator{rand.New(rand.NewPCG(2000, 1)), now}
	// RSA signs slowly, and its tokens differ from others by their signatures alone.
	var parties []party
	for _, alg := range []string{"HS256", "HS256", "HS256", "EdDSA", "EdDSA", "EdDSA", "ES256", "ES256", "RS256", "PS256"} {
		parties = append(parties, ring().party(alg))
	}
	all := make([]sample, mutationCount)
	for i := range all {
		p := pick(m, parties)
		all[i] = sample{name: fmt.Sprintf("mutation %d", i), setup: p.Setup, token: m.token(p), want: anything}
	}
	return all
}

type mutator struct {
	*rand.Rand
	now int64
}

func pick[T any](m *mutator, from []T) T { return from[m.IntN(len(from))] }

// token changes one to three things of header, payload and token.
func (m *mutator) token(p party) string {
	header, claims := p.header(), p.claims(m.now)
	changes := 1 + m.IntN(3)
	within := m.IntN(changes + 1) // how many of them are of whole members
	for range within {
		switch m.IntN(5) {
		case 0, 1:
			header = m.member(header, headerNames)
		default:
			claims = m.member(claims, claimNames)
		}
	}
	headerText, claimsText := header.String(), claims.String()
	respell := false
	for range changes - within {
		switch m.IntN(3) {
		case 0:
			headerText = m.text(headerText)
		case 1:
			claimsText = m.text(claimsText)
		case 2:
			respell = true
		}
	}
	token := p.mint(headerText, claimsText)
	if respell {
		token = m.spelling(p, token)
	}
	return token
}

var headerNames = []string{"alg", "typ", "kid", "cty", "crit", "b64", "jwk", "jku", "x5c", "x5u", "x5t", "zip", "enc", "nonce", "url", "iss", "x",
	"ALG", "Alg", "KID", "\u212aid", "CRIT", "", "\x00", "é"}

var claimNames = []string{"iss", "aud", "exp", "nbf", "iat", "sub", "jti", "cnf", "client_id", "azp", "scope", "scp", "tid", "roles", "permissions", "x", "nonce",
	"ISS", "Aud", "EXP", "Nbf", "IAT", "i\u017fs", "\u017fub", "JTI", "", "\x00", "é"}

// member drops, doubles, renames, replaces or adds one member, or changes the order.
func (m *mutator) member(o object, names []string) object {
	o = slices.Clone(o)
	i := m.IntN(max(1, len(o)))
	if len(o) == 0 {
		return append(o, member{quote(pick(m, names)), m.value(2)})
	}
	switch m.IntN(10) {
	case 0:
		return slices.Delete(o, i, i+1)
	case 1:
		return slices.Insert(o, m.IntN(len(o)+1), o[i])
	case 2:
		return slices.Insert(o, m.IntN(len(o)+1), member{o[i].name, m.value(2)})
	case 3:
		o[i].name = quote(pick(m, names))
	case 4:
		o[i].name = m.escape(o[i].name)
	case 5:
		o[i].value = m.escape(o[i].value)
	case 6:
		j := m.IntN(len(o))
		o[i], o[j] = o[j], o[i]
	case 7, 8:
		o[i].value = m.value(2)
	case 9:
		return slices.Insert(o, m.IntN(len(o)+1), member{quote(pick(m, names)), m.value(2)})
	}
	return o
}

// escape writes one ASCII character of a string as an escape.
func (m *mutator) escape(text string) string {
	if len(text) < 3 || text[0] != '"' {
		return text
	}
	i := 1 + m.IntN(len(text)-2)
	if c := text[i]; c == '\\' || c > '~' || text[i-1] == '\\' {
		return text
	}
	return fmt.Sprintf(`%s\u%04x%s`, text[:i], text[i], text[i+1:])
}

// value makes a JSON value of any kind.
func (m *mutator) value(depth int) string {
	switch n := m.IntN(14); {
	case n < 3:
		return quote(pick(m, []string{"", "x", "JWT", "at+jwt", "dpop+jwt", "json", "none", "RS256", "HS256", "ES256", "EdDSA", keyID, "other",
			issuer, issuer + "x", audience, "https://other.example", "1", "2099-01-01T00:00:00Z", "\x00", "é", "\U0001f600", "%zz", "AAAA"}))
	case n < 6:
		return pick(m, []string{"0", "-0", "1", "-1", "0.5", "1.5e9", "1e10", "1e300", "1e400", "-1e400", "1E-400", "253402300799", "253402300800", "253402300799.5",
			"9223372036854775807", "9223372036854775808", "18446744073709551616", strings.Repeat("9", 40)})
	case n < 9:
		seconds := pick(m, []int64{-7200, -3600, -60, -31, -30, -29, -1, 0, 1, 29, 30, 31, 60, 3600, 7200, 86400 * 365})
		return fmt.Sprint(m.now+seconds) + pick(m, []string{"", "", "", ".0", ".5", ".999999999", "e0", ".0E+0"})
	case n < 11:
		return pick(m, []string{"null", "true", "false", "{}", "[]", `""`, `"\ud800"`, `"\ud83d\ude00"`, "\"\xff\"", `"a\u0000b"`, "\"\u2028\""})
	case depth == 0:
		return "1"
	case n < 12:
		return "[" + m.value(depth-1) + "," + m.value(depth-1) + "]"
	case n < 13:
		return "[" + quote(audience) + "," + m.value(depth-1) + "]"
	}
	return "{" + quote(pick(m, claimNames)) + ":" + m.value(depth-1) + "," + quote(pick(m, claimNames)) + ":" + m.value(depth-1) + "}"
}

// text changes a character or two of a JSON text, or puts something around it.
func (m *mutator) text(s string) string {
	i := m.IntN(len(s) + 1)
	switch m.IntN(8) {
	case 0:
		return s[:i] + pick(m, []string{" ", "\n", "\t", "\r", "\v", "\u00a0", "\ufeff", "\x00", ",", ":", "\"", "\\", "{", "}", "[", "]", "0", "e", "-", ".", "/**/", "//\n"}) + s[i:]
	case 1:
		return s[:i] + s[min(i+1, len(s)):]
	case 2:
		return s[:i]
	case 3:
		return s + pick(m, []string{" ", "\n", "\x00", "x", "{}", "null", ",", "}", "]", "\ufeff", " {\"exp\":1}"})
	case 4:
		return pick(m, []string{" ", "\r\n", "\ufeff", "\x00", "x", "[", "{", "\"", "null", "/**/", ","}) + s
	case 5:
		return s[:i] + string(rune(m.IntN(0x80))) + s[min(i+1, len(s)):]
	case 6:
		return s[:i] + string([]byte{byte(0x80 + m.IntN(0x80))}) + s[i:]
	}
	return strings.Replace(s, pick(m, []string{":", ",", "\"", "{", "}"}), pick(m, []string{" : ", "\n,\t", "'", "", ",,", "::"}), 1)
}

// spelling changes the token and not what was meant to be in it. What is signed is signed anew, at
// times.
func (m *mutator) spelling(p party, token string) string {
	parts := strings.Split(token, ".")
	n := m.IntN(3)
	part := parts[n]
	i := m.IntN(len(part) + 1)
	switch m.IntN(9) {
	case 0:
		parts[n] = part[:i] + pick(m, []string{"\n", "\r\n", "\r", " ", "\t", "\x00", "=", "+", "/", ".", "A", "é", "-", "%3D"}) + part[i:]
	case 1:
		parts[n] = part + strings.Repeat("=", 1+m.IntN(3))
	case 2:
		n = m.IntN(2) // not the signature: whether it has such characters is up to the key
		parts[n] = strings.NewReplacer("-", "+", "_", "/").Replace(parts[n])
	case 3:
		if last := len(part) - 1; last >= 0 && len(part)%4 > 1 {
			parts[n] = part[:last] + string(nextCharacter(part[last]))
		}
	case 4:
		parts[n] = part[:i]
	case 5:
		parts[n] = ""
	case 6:
		return pick(m, []string{" ", "\n", "\t", "\u00a0", "Bearer ", "."}) + token
	case 7:
		return token + pick(m, []string{" ", "\n", "\r\n", "\x00", ".", ".e30", "=", "AAAA"})
	case 8:
		parts[n] = pick(m, parts)
	}
	if n < 2 && m.IntN(2) == 0 {
		parts[2] = b64(p.sign(parts[0] + "." + parts[1]))
	}
	return strings.Join(parts, ".")
}
