// This file keeps secrets, keys and tokens of the command line out of messages.

package main

import (
	"flag"
	"regexp"
	"slices"
	"strings"
)

// tokenLike finds text that begins like a JWT, or that may be an opaque token.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]*(eyJ|[A-Za-z0-9_-]{40})[A-Za-z0-9_.=+/-]*`)

// hidden replaces tokens in a message: people may give one in the wrong place.
func hidden(message string) string { return tokenLike.ReplaceAllString(message, "(a token)") }

// quotedPart finds text of a key or an address in an error of package jwt, which puts it in quotes.
var quotedPart = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// harmless are the words of a key that a message may repeat.
var harmless = []string{"RSA", "EC", "OKP", "oct", "sig", "enc", "RSA-OAEP", "P-256", "P-384", "P-521", "Ed25519", "X25519", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}

// goName matches the beginning of package jwt's errors. The command replaces it by the name of a flag.
var goName = regexp.MustCompile(`^jwt: (?:[A-Z][A-Za-z]+: )?`)

// withoutSecret words an error about a key or a secret without repeating it.
func withoutSecret(err error, given string) string {
	text := quotedPart.ReplaceAllStringFunc(goName.ReplaceAllString(err.Error(), ""), func(quoted string) string {
		if word := strings.Trim(quoted, `"`); slices.Contains(harmless, word) || slices.Contains((*algorithms)(nil).choices(), word) {
			return word
		}
		return "(not repeated)"
	})
	const run = 16 // longer than all harmless words
	for at := 0; at+run <= len(text); at++ {
		if strings.Contains(given, text[at:at+run]) {
			return "it cannot be used"
		}
	}
	return text
}

// naming finds flags that name a secret, a key or a file, whether a command has them or not.
var naming = regexp.MustCompile(`^--?(?:(?:[a-z0-9]+-)*(?:private|public)?(?:key|jwk|secret|file|pem|cert|pass|token|header)[a-z]*(?:-[a-z-]*)?|ca)(?:=|$)`)

// plainWord recognises what may be the name of a command or flag.
var plainWord = regexp.MustCompile(`^-{0,2}[a-z][a-z0-9-]{0,30}$`)

// namesSecret reports whether the line has a flag for a secret, a key or a file: people may give it the
// secret itself, which a shell splits into several arguments if it has no quotes.
func (c *call) namesSecret() bool { return slices.ContainsFunc(c.args, naming.MatchString) }

// wrongFlag says which of the last two arguments is a wrong flag, and repeats nothing of its value.
func wrongFlag(flags *flag.FlagSet, args []string) string {
	read := len(args) - len(flags.Args())
	for _, at := range []int{read - 1, read - 2} { // a value stands behind its flag, or behind =
		if at < 0 || !strings.HasPrefix(args[at], "-") {
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(args[at], "-"), "=")
		f := flags.Lookup(name)
		if f == nil {
			break
		}
		if name == "header" {
			return "-header wants 'Name: value'"
		}
		if naming.MatchString("-" + name) {
			return "-" + name + " wants a file's name"
		}
		if !joined && at == read-2 {
			value = args[read-1]
		}
		if err := f.Value.Set(value); err != nil {
			return "-" + name + ": " + err.Error()
		}
	}
	return "there is no such flag" + meant(unknownFlag(flags, args), "-", flagNames(flags))
}

// ended ends a text with a full stop, unless a question mark does.
func ended(text string) string {
	if strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// unknownFlag is the flag that was read last, if there is none of that name.
func unknownFlag(flags *flag.FlagSet, args []string) string {
	read := len(args) - len(flags.Args())
	if read == 0 || !strings.HasPrefix(args[read-1], "-") {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimLeft(args[read-1], "-"), "=")
	if flags.Lookup(name) != nil {
		return ""
	}
	return name
}

// noSuchFlag suggests the flag that was meant. It repeats only a plain word.
func noSuchFlag(flags *flag.FlagSet, args []string) string {
	name := unknownFlag(flags, args)
	if !plainWord.MatchString(name) {
		return "there is no such flag"
	}
	return "there is no such flag: -" + name + meant(name, "-", flagNames(flags))
}

func flagNames(flags *flag.FlagSet) (names []string) {
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}
