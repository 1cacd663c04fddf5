// This file lists every internal seam that tests use.

package explain

import "assay.example/jwt"

// HoldsRun reports, as a report asks, whether a text holds a run of one of the tokens.
func HoldsRun(text string, tokens ...string) bool { return newTokenRuns(tokens...).in(text) }

// Pasted takes off what is often copied along with a token.
func Pasted(token string) (clean string, along []string) { return pasted(token) }

// ScopesOf lists the scopes that a requirement asks for.
func ScopesOf(req jwt.Requirement) []string { return scopesOf(req) }

// Enumerate is a list of quoted values, as many as a sentence names.
func Enumerate(values ...string) string { return enumerate(values) }

// Relative is how far a time is from now.
var Relative = relative
