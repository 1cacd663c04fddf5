// This file replaces Go names in texts of package jwt by the names of flags, for people without Go. The words
// of the page are in debug_words.go.

package main

import (
	"regexp"
	"slices"
	"strings"

	"assay.example/jwt/explain"
)

// A wording replaces names of settings in texts.
type wording struct{ names *strings.Replacer }

// flagWords are the words of the command line. The first pair that matches is used.
var flagWords = wording{strings.NewReplacer(
	"leave Config.Audience empty, Clients is checked instead", "leave -audience out, -client is checked instead",
	"set Config.Clients instead of Audience", "give -client instead of -audience", "Config.Clients is not set", "-client is not given",
	"(RemoteOptions.RootCAs)", "(-ca)", "RemoteOptions.MetadataURL", "-metadata", "InsecureLoopbackHTTP", "-insecure-loopback-http", "the InsecureHTTPHosts hold", "-http-host is", "InsecureHTTPHosts", "-http-host",
	"jwt: ParsePEM: ", "", "jwt: ParseKey: ", "", "jwt: ParseKeySet: ", "", "jwt: HMACKey: ", "",
	"Config.Algorithms", "-alg", "Config.Audience", "-audience", "Config.Clients", "-client", "Config.Issuer", "-issuer", "Config.Leeway", "-leeway",
	"ParsePEM reads it", "-key reads it", "ParseKey reads it", "-key reads it", "ParseKeySet reads it", "-jwks reads it", "HMACKey", "-secret-file",
	"Config.MaxTokenSize and MaxHeaderSize set the limits", "a service can set the limits", "Config.MaxTokenSize or MaxHeaderSize allow", "the service allows",
	"A requirement of Config.Require is not met", "A requirement for all tokens is not met",
	"Config.Require is not set", "nothing is asked of every token", " (Config.Require)", "",
	"Config.Validate is not set", "a service can have a rule of its own here", "it is a rule of this service's own: Config.Validate", "it is a rule of this service's own",
	"or read the claim in Config.Validate", "or have the service read the claim",
	"Config.Validate", "the service's own rule", "Config.MaxAge", "the largest age", "Config.Tenants", "the tenants that are accepted",
	" Keep keys over a restart with RemoteOptions.SnapshotFile.", "",
	`ask for Claim("roles").Has in place of Scope`, "ask for that claim in place of the scope",
	"Look at the error of NewVerifier when the service starts.", "Look at what the service says when it starts.",
)}

// The expressions of requirements.
var (
	claimHas = regexp.MustCompile(`Claim\(("[^"]*")\)\.Has\(("[^"]*")\)`)
	scopeOf  = regexp.MustCompile(`\bScope\(([^)]*)\)`)
)

// of replaces the Go names in a text.
func (w wording) of(text string) string {
	text = w.names.Replace(text)
	return scopeOf.ReplaceAllString(claimHas.ReplaceAllString(text, "$2 in the claim $1"), "scope $1")
}

// unaskable are the steps that no flag asks for.
var unaskable = []string{"require", "validate"}

// askable removes those steps from a report for people.
func askable(r *explain.Report) *explain.Report {
	own := *r
	own.Steps = slices.DeleteFunc(slices.Clone(r.Steps), func(s explain.Step) bool {
		return s.Verdict == explain.VerdictSkip && slices.Contains(unaskable, s.Name)
	})
	return &own
}

// in replaces the Go names in the texts of a report, but not in what comes from the token.
func (w wording) in(r *explain.Report) *explain.Report {
	own := *r
	own.Text, own.Steps = w.of(r.Text), slices.Clone(r.Steps)
	for n := range own.Steps {
		s := &own.Steps[n]
		s.Text, s.Want, s.Hint = w.of(s.Text), w.of(s.Want), w.of(s.Hint)
	}
	return &own
}
