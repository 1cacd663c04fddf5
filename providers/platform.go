// This file has presets for issuers of users and of applications that act for users.

package providers

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay.example/jwt"
)

var (
	domainShape   = shaped(host, "a domain in lower case, such as tenant.eu.auth0.com, without https:// and without a slash")
	oktaShape     = shaped(`https://`+host+`/oauth2/[A-Za-z0-9]+`, "the issuer of a custom authorization server, https://ORG/oauth2/ID, without a trailing slash")
	oktaOrgShape  = shaped(`https://`+host+`/?`, "the issuer of the org authorization server")
	resourceShape = shaped(`[a-z][a-z0-9+.-]*:[!-)+-~]+`+`|`+guidShape.pattern.String(), "the application's id, a GUID, or its App ID URI, such as api://orders")
	realmShape    = shaped(`https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[A-Za-z0-9._~-]+)*/realms/[A-Za-z0-9._~%-]+`, "the issuer of a realm, https://HOST/realms/REALM, without a trailing slash")
	clientShape   = shaped(`[!-)+-~]+`, "a client's id, without spaces and without *")
	poolShape     = shaped(`[a-z]{2}(-[a-z]+)+-[0-9]+_[A-Za-z0-9]+`, "an id of the form REGION_ID, such as eu-west-1_AbCdEfGhI, and not the pool's name")
	appShape      = shaped(`[A-Za-z0-9_+]{1,128}`, "the id of an app client, of letters and digits, and not its name")
	projectShape  = shaped(`[a-z]{20}`, "the project's reference, 20 letters in lower case, without a domain")
)

// Auth0 accepts access tokens for one API of a tenant. domain is the tenant's or a custom one:
// tenant.eu.auth0.com.
//
// The traps: the issuer ends with a slash; without it every token is refused. And in every token of a
// login, aud has https://DOMAIN/userinfo beside the API's own identifier. As an audience it would accept
// tokens for all APIs of the tenant, so this function refuses it, and the Management API's identifier
// too.
//
// Source: Auth0 Docs, "Access Token Profiles" and "Validate Access Tokens".
func Auth0(domain, audience string) (jwt.Config, error) {
	issuer := "https://" + domain + "/"
	err := cmp.Or(domainShape.check("domain", domain), audienceShape.check("audience", audience))
	if err == nil && (sameURL(audience, issuer+"userinfo") || sameURL(audience, issuer+"api/v2/")) {
		err = fmt.Errorf("the audience %q is Auth0's own, and must be the identifier of this API", audience)
	}
	return preset("Auth0", jwt.Config{Issuer: issuer, Audience: []string{audience}}, err)
}

// Okta accepts access tokens for one audience of a custom authorization server, whose issuer is
// https://ORG/oauth2/ID. The ID of the predefined one is default.
//
// The trap: the org authorization server, whose issuer is https://ORG alone, signs access tokens with
// keys that it does not publish. Nobody can verify them, and its ID tokens, which can be verified, are not
// for APIs. So this function refuses this issuer, and its name as an audience.
//
// Source: Okta Developer, "Authorization servers" and "Validate access tokens".
func Okta(issuer, audience string) (jwt.Config, error) {
	err := cmp.Or(oktaShape.check("issuer", issuer), audienceShape.check("audience", audience))
	org, _, _ := strings.Cut(issuer, "/oauth2/")
	switch {
	case oktaOrgShape.check("", issuer) == nil:
		err = errors.New("the issuer is the org authorization server's, whose access tokens nobody can verify: use a custom authorization server, https://ORG/oauth2/ID")
	case err == nil && sameURL(audience, org):
		err = errors.New("the audience is the org authorization server's, and must be that of a custom authorization server, such as api://default")
	}
	return preset("Okta", jwt.Config{Issuer: issuer, Audience: []string{audience}}, err)
}

// EntraV2 accepts access tokens of version 2 of one tenant of Microsoft Entra ID for one application,
// whose id, a GUID, stands in aud.
//
// The traps: the manifest of the API decides the version of its tokens (requestedAccessTokenVersion),
// not the endpoint that the client asks; the two versions differ in iss and aud. And common or
// organizations in place of the tenant's id would mean everybody: for several tenants see Config.Tenants.
//
// If users log in with the API's own registration, its ID tokens have the same aud. Give the API a
// registration of its own, or set Config.Clients: ID tokens have no azp.
//
// Source: Microsoft identity platform, "Access token claims reference" and "Claims validation".
func EntraV2(tenantID, applicationID string) (jwt.Config, error) {
	return preset("EntraV2", jwt.Config{
		Issuer:   "https://login.microsoftonline.com/" + tenantID + "/v2.0",
		Audience: []string{applicationID},
	}, cmp.Or(guidShape.check("tenantID", tenantID), guidShape.check("applicationID", applicationID)))
}

// EntraV1 accepts access tokens of version 1 of one tenant of Microsoft Entra ID for one resource: the
// application's id, or its App ID URI, whichever the client asks for.
//
// The traps are those of [EntraV2]. Moreover, this issuer has another host than the endpoints, and it ends
// with a slash.
//
// Source: Microsoft identity platform, "Access token claims reference".
func EntraV1(tenantID, resource string) (jwt.Config, error) {
	return preset("EntraV1", jwt.Config{
		Issuer:   "https://sts.windows.net/" + tenantID + "/",
		Audience: []string{resource},
	}, cmp.Or(guidShape.check("tenantID", tenantID), resourceShape.check("resource", resource)))
}

// Keycloak accepts access tokens of one realm. The audience is what a mapper of the kind audience adds. If
// there is no such mapper, leave audience empty and name the clients. With both, both must match.
//
// The traps: the claim typ, not the header, says whether a token of the realm is an access, an ID or a
// refresh token. By default all tokens have the audience "account", whatever API they are for, so this
// function refuses it. An access token that is bound to a DPoP key has typ DPoP instead of Bearer, and its
// cnf is refused unless the binding is proven.
//
// Source: Keycloak, "Server Administration Guide", sections on audience support and DPoP.
func Keycloak(issuer, audience string, clients ...string) (jwt.Config, error) {
	c := jwt.Config{
		Issuer:  issuer,
		Clients: slices.Clone(clients),
		Require: []jwt.Requirement{equals("typ", "Bearer", []string{"DPoP"})},
	}
	err := realmShape.check("issuer", issuer)
	if audience != "" {
		c.Audience = []string{audience}
		err = cmp.Or(err, audienceShape.check("audience", audience))
	} else if len(clients) == 0 {
		err = cmp.Or(err, errors.New("the audience or at least one of clients is required"))
	}
	for _, id := range clients {
		err = cmp.Or(err, clientShape.check("clients", id))
	}
	if audience == "account" {
		err = cmp.Or(err, errors.New(`the audience "account" is in tokens for every API of the realm: add a mapper of the kind audience, or name the clients`))
	}
	return preset("Keycloak", c, err)
}

// Cognito accepts access tokens of these app clients of a user pool of Amazon Cognito. The pool's id
// begins with its region: eu-west-1_AbCdEfGhI.
//
// The traps: access tokens have no aud, so the Config names the clients. ID tokens, signed with the same
// keys, have the client in aud; only the claim token_use tells the two kinds apart. If a pool allows
// sign-up, everybody can get tokens for each of its clients.
//
// Source: Amazon Cognito Developer Guide, "Verifying JSON web tokens".
func Cognito(poolID, clientID string, more ...string) (jwt.Config, error) {
	region, _, _ := strings.Cut(poolID, "_")
	return preset("Cognito", jwt.Config{
		Issuer:  "https://cognito-idp." + region + ".amazonaws.com/" + poolID,
		Clients: list(clientID, more),
		Require: []jwt.Requirement{jwt.Claim("token_use").Equals("access")},
	}, cmp.Or(poolShape.check("poolID", poolID), appShape.checkAll("clientID", clientID, more)))
}

// Supabase accepts tokens of logged-in users of one project, by its reference, which is the first part
// of its address.
//
// The traps: a project with the legacy secret signs with HS256 and publishes no keys. With the same secret
// it signs the service_role key, which may do anything. Whoever has the secret to verify tokens can also
// make them. So this Config accepts only the asymmetric signing keys, and refuses the roles anon and
// service_role.
//
// Users who signed in anonymously have the role authenticated too: append
// Claim("is_anonymous").Equals(false) to refuse them.
//
// Source: Supabase Docs, "JWT Signing Keys" and "JWT Claims Reference".
func Supabase(projectRef string) (jwt.Config, error) {
	return preset("Supabase", jwt.Config{
		Issuer:     "https://" + projectRef + ".supabase.co/auth/v1",
		Audience:   []string{"authenticated"},
		Algorithms: []jwt.Algorithm{jwt.ES256, jwt.RS256},
		Require:    []jwt.Requirement{jwt.Claim("role").Equals("authenticated")},
	}, projectShape.check("projectRef", projectRef))
}
