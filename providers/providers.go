// Package providers returns a [jwt.Config] for issuers for which Config{Issuer, Audience} is not enough:
// everybody can get a token of the issuer, or its refresh and ID tokens look like access tokens, or people
// often write its name wrongly. The package has no function for other issuers, because
// Config{Issuer, Audience} suffices: docs/providers.md has a row for each.
//
// A preset is data: print it with %+v, and change it before you call [jwt.NewVerifier]. It does no I/O. A
// required parameter names the organization, repository, project or client of the tokens. Most are ids
// and not names, because somebody else can take a name that was given up. An id that does not have the
// provider's form is an error that names the parameter. There are no wildcards, and letter case and
// trailing slashes must be the provider's.
//
// To add requirements to a preset, append to those that it has:
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

// shape is the form of a provider's ids.
type shape struct {
	pattern *regexp.Regexp
	words   string // describes the form in an error
}

func shaped(pattern, words string) shape {
	return shape{regexp.MustCompile("^(?:" + pattern + ")$"), words}
}

// check returns an error that names the parameter if an id is missing or not of this shape.
func (s shape) check(parameter, id string) error {
	const most = 64 // bytes of an id in an error: somebody may have pasted a file
	switch {
	case id == "":
		return fmt.Errorf("the %s is required: it is %s", parameter, s.words)
	case !s.pattern.MatchString(id):
		return fmt.Errorf("the %s is %.*q, and must be %s", parameter, most, id, s.words)
	}
	return nil
}

// checkAll checks one id and further ones.
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

// preset returns the Config, or err behind the name of the function.
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

// list makes a list of one value and further ones.
func list(first string, more []string) []string {
	return append([]string{first}, more...)
}

// sameURL compares addresses without their trailing slashes.
func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }
