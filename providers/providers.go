// Package providers returns a [jwt.Config] for issuers with which Config{Issuer, Audience} is not
// enough: everybody can have a token of the issuer, or its refresh and ID tokens look like access
// tokens, or its name is written wrongly as a rule. For any other issuer there is no function, because
// Config{Issuer, Audience} serves: docs/providers.md has a row for it.
//
// A preset is data: print it with %+v, and change it before [jwt.NewVerifier] takes it. It does no I/O.
// What pins the token to one organization, repository, project or client is a parameter that has to be
// given, and ids are preferred to names, because whoever deletes a name lets somebody else take it. An
// id that is not of the provider's shape is an error that names the parameter. Nothing is matched
// loosely: there are no wildcards, and letter case and trailing slashes are the provider's.
//
// A preset that is appended to must keep what it has:
//
//	c.Require = append(c.Require, jwt.Claim("environment").Equals("production"))
package providers

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"assay.example/jwt"
)

// shape is how a provider writes an id.
type shape struct {
	pattern *regexp.Regexp
	words   string // what the id is, as an error says it
}

func shaped(pattern, words string) shape {
	return shape{regexp.MustCompile("^(?:" + pattern + ")$"), words}
}

// check returns an error that names the parameter if an id is missing or not of this shape.
func (s shape) check(parameter, id string) error {
	const most = 64 // of an id in an error: it may be a pasted file
	switch {
	case id == "":
		return fmt.Errorf("the %s is required: it is %s", parameter, s.words)
	case !s.pattern.MatchString(id):
		return fmt.Errorf("the %s is %.*q, and must be %s", parameter, most, id, s.words)
	}
	return nil
}

// checkAll checks one id and those that follow it.
func (s shape) checkAll(parameter, first string, more []string) error {
	err := s.check(parameter, first)
	for _, id := range more {
		err = cmp.Or(err, s.check(parameter, id))
	}
	return err
}

// host is a name of at least two labels in lower case.
const host = `[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+`

var (
	audienceShape = shaped(`[!-)+-~]+`, "what aud names this API by, without spaces and without *")
	guidShape     = shaped(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "a GUID in lower case")
	numberShape   = shaped(`[1-9][0-9]*`, "a number, because a name can be taken over")
)

// preset returns the Config, or the error with the name of the function.
func preset(function string, c jwt.Config, err error) (jwt.Config, error) {
	if err != nil {
		return jwt.Config{}, fmt.Errorf("providers: %s: %w", function, err)
	}
	return c, nil
}

// equals asks that a claim equal one of these.
func equals(claim, first string, more []string) jwt.Requirement {
	reqs := []jwt.Requirement{jwt.Claim(claim).Equals(first)}
	for _, value := range more {
		reqs = append(reqs, jwt.Claim(claim).Equals(value))
	}
	if len(reqs) == 1 {
		return reqs[0]
	}
	return jwt.Any(reqs...)
}

// list is a list of one and those that follow it.
func list(first string, more []string) []string {
	return append([]string{first}, more...)
}

// sameURL compares addresses without their trailing slashes.
func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }
