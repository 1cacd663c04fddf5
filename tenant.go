// This file trusts one issuer under many names: Microsoft Entra ID signs the tokens of all tenants
// with the same keys and puts the tenant into iss.

package jwt

import (
	"slices"
	"strings"
)

// tenantPlaceholder stands in Config.Issuer, and in the metadata and keys of such an issuer, for the tenant's id.
const tenantPlaceholder = "{tenantid}"

// template is an issuer's name around the tenant.
type template struct{ before, after string }

// templateOf cuts a name at its placeholder. A name with two placeholders is no template.
func templateOf(name string) (t template, ok bool) {
	t.before, t.after, ok = strings.Cut(name, tenantPlaceholder)
	return t, ok && !strings.Contains(t.after, tenantPlaceholder)
}

// tenant returns the tenant of an issuer's name. It must be a GUID: a looser match would let a slash or a host in.
func (t template) tenant(name string) (string, bool) {
	if len(name) <= len(t.before)+len(t.after) || !strings.HasPrefix(name, t.before) || !strings.HasSuffix(name, t.after) {
		return "", false
	}
	id := name[len(t.before) : len(name)-len(t.after)]
	return id, isGUID(id)
}

// isGUID takes the one spelling that Entra ID uses: lower case, with hyphens.
func isGUID(s string) bool {
	for i := range s {
		c := s[i]
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		if hyphen && c != '-' || !hyphen && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 36
}

// named reports whether the issuer goes by this name.
func (a *authority) named(name string) bool {
	_, tenant := a.template.tenant(name)
	return a.templated && tenant || !a.templated && name == a.Issuer
}

// checkTenant checks that iss and tid name one tenant, and that the tenant is one of Config.Tenants.
func (a *authority) checkTenant(c *claims) *Error {
	id, ok := a.template.tenant(c.issuer.value)
	switch {
	case !ok:
		e := unequal(ReasonIssuerMismatch, "iss", c.issuer.value, []string{a.Issuer})
		if e.Hint == "" && strings.HasPrefix(c.issuer.value, a.template.before) && strings.HasSuffix(c.issuer.value, a.template.after) {
			e.Hint = "the tenant must be a GUID in lower case"
		}
		return e
	case c.tenant.value != id:
		e := unequal(ReasonIssuerMismatch, "tid", c.tenant.value, []string{id})
		e.Hint = "iss and tid must name the same tenant"
		return e
	case !a.InsecureAnyTenant && !slices.Contains(a.Tenants, id):
		e := unequal(ReasonIssuerMismatch, "tid", id, a.Tenants)
		e.Hint = "the tenant is not one of Config.Tenants"
		return e
	}
	return nil
}

// checkKeyIssuer refuses a token whose key has another issuer in its member issuer. Entra ID publishes
// keys of its consumer tenant beside those of all tenants: neither may sign for the other. Elsewhere the
// member is not defined, so a value that is no URL is ignored.
func (a *authority) checkKeyIssuer(t *Token) *Error {
	name := t.claims.issuer.value
	fits := func(twin *Key) bool { return twin.answers(&t.header) && a.isFor(twin, name) }
	if a.isFor(t.key, name) || slices.ContainsFunc(t.key.twins, fits) {
		return nil
	}
	e := unequal(ReasonIssuerMismatch, "iss", name, []string{t.key.issuer})
	e.Hint = "the key that signed the token is for another issuer only"
	return e
}

// isFor reports whether the member issuer of a key allows it to sign tokens of this issuer.
func (a *authority) isFor(k *Key, issuer string) bool {
	return k.issuer == "" || k.issuer == issuer || !a.templated && !strings.Contains(k.issuer, "://") || sameTenant(k.issuer, issuer)
}

// entraNames are the names that Microsoft Entra ID gives a tenant: in its versions 1 and 2.
var entraNames = []template{{"https://sts.windows.net/", "/"}, {"https://login.microsoftonline.com/", "/v2.0"}}

// sameTenant reports whether the issuer of a key, perhaps with the placeholder, is the tenant that name is of.
func sameTenant(key, name string) bool {
	t, templated := templateOf(key)
	if _, ok := t.tenant(name); ok && templated {
		return true
	}
	for _, of := range entraNames {
		for _, t := range entraNames {
			if id, ok := t.tenant(name); ok && (key == of.before+id+of.after || key == of.before+tenantPlaceholder+of.after) {
				return true
			}
		}
	}
	return false
}
