// This file has presets for proxies that log users in and send the service behind them a token of their
// own. The token is not in Authorization: see jwt.ResourceConfig.HeaderField.

package providers

import (
	"cmp"

	"assay.example/jwt"
)

var (
	teamShape = shaped(`[a-z0-9]([a-z0-9-]*[a-z0-9])?`, "the team's name, without .cloudflareaccess.com")
	tagShape  = shaped(`[0-9a-f]{64}`, "the application's AUD tag, 64 hexadecimal digits in lower case")
	iapShape  = shaped(`/projects/[1-9][0-9]*/(apps/[a-z0-9.:-]+|global/backendServices/[1-9][0-9]*|locations/[a-z0-9-]+/services/[a-z0-9-]+)`,
		"what the page of IAP prints: /projects/NUMBER/global/backendServices/ID, /projects/NUMBER/apps/ID or /projects/NUMBER/locations/REGION/services/NAME")
)

// CloudflareAccess accepts application tokens of one application of a team. They come in the header field
// Cf-Access-Jwt-Assertion.
//
// The traps: all applications of a team have one issuer and the same keys; only the AUD tag tells their
// tokens apart. The same keys sign the token of the team's login session, whose claim type is org instead
// of app. The keys have an address of their own.
//
// A service token has an empty sub and its name in common_name.
//
// Source: Cloudflare One Docs, "Application token" and "Validate JWTs".
func CloudflareAccess(team, audienceTag string) (jwt.Config, error) {
	err := cmp.Or(teamShape.check("team", team), tagShape.check("audienceTag", audienceTag))
	issuer := "https://" + team + ".cloudflareaccess.com"
	return fetched("CloudflareAccess", issuer+"/cdn-cgi/access/certs", jwt.Config{
		Issuer:   issuer,
		Audience: []string{audienceTag},
		Require:  []jwt.Requirement{jwt.Claim("type").Equals("app")},
	}, err)
}

// GoogleIAP accepts assertions of Identity-Aware Proxy for one backend, in the header field
// X-Goog-Iap-Jwt-Assertion.
//
// The traps: IAP signs for all projects of all customers under one issuer; only the audience, which IAP
// itself writes, tells them apart. The issuer has no metadata; its keys have an address of their own.
// Health checks carry no token.
//
// Source: Google Cloud, "Securing your app with signed headers".
func GoogleIAP(audience string) (jwt.Config, error) {
	return fetched("GoogleIAP", "https://www.gstatic.com/iap/verify/public_key-jwk", jwt.Config{
		Issuer:     "https://cloud.google.com/iap",
		Audience:   []string{audience},
		Algorithms: []jwt.Algorithm{jwt.ES256},
	}, iapShape.check("audience", audience))
}

// fetched is preset for an issuer whose key set has a known address.
func fetched(function, address string, c jwt.Config, err error) (jwt.Config, error) {
	if err == nil {
		c.Keys, err = jwt.NewRemoteKeySet(address, nil)
	}
	return preset(function, c, err)
}
