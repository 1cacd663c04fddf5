// This file is what verify prints without an issuer or an audience: the decoded token, what it says of
// itself, and the command that lets the issuer's keys decide.

package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"assay.example/jwt/explain"
)

// An introduction has what a token says of itself and a command line needs. All of it is unverified.
type introduction struct {
	issuer     string
	audience   []string
	client     string
	algorithm  string
	keyID      string
	accessType bool     // typ says that it is an access token of RFC 9068
	idToken    bool     // it has claims that only ID tokens have
	others     []string // further arguments of the command line
	given      string   // the flag that says where the keys are; empty: none
}

// harmlessText recognises text of a token that a printed command may repeat: names and addresses, without
// white space or characters that are special to a terminal, or to a shell between quotes.
var harmlessText = regexp.MustCompile(`^[A-Za-z0-9._~:/?#\[\]@!$&*+,;=%{}|-]{1,200}$`)

// textsIn returns the strings of a member, or of its array, that a printed command may repeat.
func textsIn(fields []explain.Field, name string) (all []string) {
	for _, f := range fields {
		if f.Name != name || f.Redacted {
			continue
		}
		var one string
		if json.Unmarshal(f.Value, &one) == nil {
			all = []string{one}
		} else if json.Unmarshal(f.Value, &all) != nil {
			return nil
		}
	}
	return slices.DeleteFunc(all, func(text string) bool { return !repeatable(text) || strings.HasSuffix(text, "...") })
}

// repeatable reports whether a printed command may have this text: harmless, and not a token.
func repeatable(text string) bool { return harmlessText.MatchString(text) && hidden(text) == text }

func firstIn(fields []explain.Field, names ...string) string {
	for _, name := range names {
		if all := textsIn(fields, name); len(all) > 0 {
			return all[0]
		}
	}
	return ""
}

func introduce(r *explain.Report) introduction {
	typ := strings.TrimPrefix(strings.ToLower(firstIn(r.Header, "typ")), "application/")
	return introduction{
		issuer: firstIn(r.Claims, "iss"), audience: textsIn(r.Claims, "aud"), client: firstIn(r.Claims, "client_id", "azp", "cid", "appid"),
		algorithm: firstIn(r.Header, "alg"), keyID: firstIn(r.Header, "kid"), accessType: typ == "at+jwt",
		idToken: slices.ContainsFunc(r.Claims, func(f explain.Field) bool { return f.Name == "nonce" || f.Name == "at_hash" }),
	}
}

// asked copies what the command line says already.
func (in introduction) asked(s *settings) introduction {
	if s.issuer != "" {
		in.issuer = orEmpty(s.issuer)
	}
	if len(s.audience) > 0 {
		in.audience = slices.DeleteFunc(slices.Clone(s.audience), func(text string) bool { return !repeatable(text) })
	}
	switch {
	case s.jwks != "":
		in.given = "-jwks"
	case s.key != "":
		in.given = "-key"
	case s.secretFile != "":
		in.given = "-secret-file"
	}
	if s.metadata != "" {
		in.others = append(in.others, "-metadata "+orPlaceholder(orEmpty(s.metadata), "URL"))
	}
	if s.ca != "" {
		in.others = append(in.others, "-ca ca.pem")
	}
	for _, id := range s.tenants {
		in.others = append(in.others, "-tenant "+orPlaceholder(orEmpty(id), "ID"))
	}
	return in
}

// orEmpty returns a text if a printed command may have it, else the empty string.
func orEmpty(text string) string {
	if repeatable(text) {
		return text
	}
	return ""
}

func (in introduction) symmetric() bool { return strings.HasPrefix(in.algorithm, "HS") }

// keys says where verify would look for the keys.
func (in introduction) keys() string {
	key := "the only key of the issuer that fits"
	if in.keyID != "" {
		key = fmt.Sprintf("the issuer's key %q", in.keyID)
	}
	switch {
	case in.given != "":
		return "the one that " + in.given + " gives"
	case in.symmetric():
		return "a secret that you and the issuer share"
	case strings.HasPrefix(in.issuer, "https://"), onLoopback(in.issuer):
		return key + ", found by " + strings.TrimSuffix(in.issuer, "/") + "/.well-known/openid-configuration"
	}
	return key + "; the issuer's name is no https address, so you must have its key set"
}

// arguments returns the arguments of the command that verifies the token, a line each. A word in capitals
// replaces what the token does not say.
func (in introduction) arguments(token string) []string {
	lines := []string{"-issuer " + orPlaceholder(in.issuer, "ISSUER")}
	switch {
	case len(in.audience) > 0:
		lines = append(lines, "-audience "+shellQuoted(in.audience[0]))
	case in.client != "":
		lines = append(lines, "-client "+shellQuoted(in.client))
	default:
		lines = append(lines, "-audience API")
	}
	switch {
	case in.idToken:
		lines = append(lines, "-profile id")
	case in.accessType:
		lines = append(lines, "-profile at+jwt")
	}
	switch {
	case in.given == "-key":
		lines = append(lines, "-key key.json")
	case in.given == "-jwks":
		lines = append(lines, "-jwks jwks.json")
	case in.symmetric() || in.given != "":
		lines = append(lines, "-alg "+in.algorithm+" -secret-file secret.txt")
	case onLoopback(in.issuer):
		lines = append(lines, "-insecure-loopback-http")
	case !strings.HasPrefix(in.issuer, "https://") && in.issuer != "":
		lines = append(lines, "-jwks jwks.json")
	}
	return append(append(lines, in.others...), token)
}

func orPlaceholder(text, placeholder string) string {
	if text == "" {
		return placeholder
	}
	return shellQuoted(text)
}

// plainArgument recognises an argument that needs no quotes in a shell.
var plainArgument = regexp.MustCompile(`^[A-Za-z0-9._:/@+,=%-]+$`)

// shellQuoted quotes a text so that a POSIX shell reads it as one word.
func shellQuoted(text string) string {
	if plainArgument.MatchString(text) {
		return text
	}
	return quoted(text)
}

// unasked decodes the token, and says what verify would trust.
func (c *call) unasked(s *settings, r *explain.Report, from *tokenSource) error {
	in, err := inspected(r)
	if err != nil {
		return err
	}
	text := in.String() + r.Decoded()
	known := introduce(r).asked(s)
	switch {
	case !in.WellFormed:
		text += "\nThe token is not well formed: no key can make it valid.\n"
	case !slices.Contains((*algorithms)(nil).choices(), known.algorithm):
		text += "\nassay does not support its algorithm, so no key can verify it.\n"
	default:
		text += known.advice(c.program, from)
	}
	_, err = fmt.Fprint(c.stdout, painted(text, colored(c.stdout)))
	return err
}

// advice says what verify would trust, and which command checks it.
func (in introduction) advice(program string, from *tokenSource) string {
	audience := strings.Join(in.audience, ", ")
	if audience == "" {
		audience = "(the token does not say)"
	}
	var b strings.Builder
	b.WriteString("\nverify would trust this, and nothing else:\n")
	for _, row := range [...]struct{ name, value string }{
		{"issuer", in.issuer}, {"audience", audience}, {"algorithm", in.algorithm}, {"key", in.keys()},
	} {
		value := row.value
		if value == "" {
			value = "(the token does not say)"
		}
		b.WriteString(hanging(fmt.Sprintf("  %-9s  ", row.name), value, helpWidth))
	}
	b.WriteString("\n" + fill("Anybody may have written that. Compare it with the configuration of your service. If they agree, let the issuer's keys decide:", helpWidth) +
		"\n\n  " + program + " verify \\\n      " + strings.Join(in.arguments(from.argument()), " \\\n      ") + "\n")
	if in.idToken {
		b.WriteString("\n" + fill("It looks like an ID token, which is for the client that asked for it. Clients should send an API the access token.", helpWidth) + "\n")
	}
	return b.String()
}

// argument returns the argument that gives the token to a command again.
func (s *tokenSource) argument() string {
	if s.file == "" || !repeatable(s.file) {
		return "< token.txt"
	}
	return "-file " + shellQuoted(s.file)
}
