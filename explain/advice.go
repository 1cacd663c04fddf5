// This file says what each reason code means and what to do about it. Reports use it where they have no
// better hint, and docs/troubleshooting.md is made from it.

package explain

import "assay.example/jwt"

// Advice says what a reason code means, and what the operator of the service can do about it. Both are
// empty for a code that package jwt does not have.
func Advice(reason jwt.Reason) (meaning, do string) {
	a := advice[reason]
	return a.meaning, a.do
}

// advice has every reason code: a test fails if one is missing.
var advice = map[jwt.Reason]struct{ meaning, do string }{
	jwt.ReasonNoToken: {
		"The request has no Authorization header with a bearer token, or no cookie where one is read.",
		"Have the client send \"Authorization: Bearer\" and the token. See whether a proxy takes the header away, and whether the client sends another scheme."},
	jwt.ReasonCredentialMalformed: {
		"There is an Authorization header, but it is not written as RFC 6750 says.",
		"Have the client send the word Bearer once, a space, and the bare token: no quotes, no comma, no line break."},
	jwt.ReasonCredentialRepeated: {
		"The request has more than one token: two headers, a header and a cookie, or one in the query too.",
		"Have the client send one. A proxy that adds its own Authorization header is a usual cause."},
	jwt.ReasonTokenTooLarge: {
		"The token, or its header, has more bytes than Config.MaxTokenSize or MaxHeaderSize allow.",
		"Have the issuer put less into the token: groups and roles are what grows. Raise the limit only if you know the issuer's largest token."},
	jwt.ReasonTokenOpaque: {
		"The token is opaque, not a JWT: it has no dot, or one dot with no JSON before it. Only its issuer can read it.",
		"Have the client name this API when it asks for a token (audience, resource, or a scope of this API), or switch JWT access tokens on at the issuer."},
	jwt.ReasonTokenParts: {
		"The token is not three parts between two dots.",
		"See whether it was cut on its way, by a log, a form field or a shell. A token that ends in a dot has no signature and is refused."},
	jwt.ReasonTokenEncrypted: {
		"The token has five parts: it is encrypted (JWE), and meant for its issuer alone.",
		"Have the client name this API when it asks for a token, and switch token encryption off for this API."},
	jwt.ReasonTokenEncoding: {
		"A part of the token is not base64url in its one spelling: a foreign character, padding, a line break, or a last character that was changed.",
		"Copy the whole token again. \"assay inspect\" shows the first byte that is wrong."},
	jwt.ReasonHeaderInvalid: {
		"The header of the token is not one strict JSON object.",
		"The token was changed on its way, or made by something else than an issuer. \"assay inspect\" shows where."},
	jwt.ReasonHeaderMember: {
		"A member of the header (alg, kid, typ, cty) is missing, empty or not a string.",
		"Ask whoever made the token: issuers do not make such headers."},
	jwt.ReasonHeaderCritical: {
		"The header asks for an extension (crit, b64), which a verifier must support or refuse.",
		"Have the issuer make the token without it: no extension is supported."},
	jwt.ReasonTokenNested: {
		"The payload is a token itself (cty is JWT).",
		"Have the issuer send the inner token alone."},
	jwt.ReasonAlgorithmRefused: {
		"The algorithm of the token is none, unknown, or not among Config.Algorithms.",
		"Set the API's signing algorithm at the issuer to RS256 or ES256, or add the one that you mean to Config.Algorithms, if it is one that this package knows: ML-DSA (RFC 9964) needs a program that is built with Go 1.27. A token with none is a forgery."},
	jwt.ReasonKeyUnknown: {
		"No known key has the kid of the token, or no key fits the token.",
		"Get a new token: issuers replace their keys. If that is refused too, compare the kid with those of \"assay keys\": the token may be from another issuer or tenant."},
	jwt.ReasonKeyMismatch: {
		"The key of that kid is for another algorithm than the token's.",
		"Choose at the issuer the algorithm of its published keys."},
	jwt.ReasonKeyAmbiguous: {
		"Several keys could be meant: the token has no kid, or two keys share one.",
		"Have the issuer put the kid into its tokens and give each key its own."},
	jwt.ReasonSignatureInvalid: {
		"The signature does not hold under the key that the token names.",
		"The token was changed after it was signed, or it was signed with another key: another environment of the issuer, or another secret. Get a new token and compare the two with \"assay inspect\"."},
	jwt.ReasonTokenExpired: {
		"The time in exp is past, by more than the leeway.",
		"Have the client get a new token before the old one ends. If all tokens are expired, compare this machine's clock with the issuer's."},
	jwt.ReasonTokenTooOld: {
		"The token was issued (iat) longer ago than Config.MaxAge.",
		"Have the client get a new token, or raise Config.MaxAge."},
	jwt.ReasonTokenNotYetValid: {
		"The time in nbf or iat is in the future, by more than the leeway.",
		"Compare this machine's clock with the issuer's: if the token is fresh, one of the two is wrong. Containers and paused virtual machines drift."},
	jwt.ReasonPayloadInvalid: {
		"The signature holds, but the payload is not one strict JSON object.",
		"Ask the issuer: duplicate names and text that is not UTF-8 are its mistakes."},
	jwt.ReasonClaimInvalid: {
		"A registered claim has a wrong type or range.",
		"Have the issuer write it as RFC 7519 says: times are numbers of seconds, not text and not milliseconds; names and ids are strings."},
	jwt.ReasonClaimMissing: {
		"A claim that is required is not in the token.",
		"Have the issuer add it. If it is aud, have the client name this API when it asks for a token, or set Config.Clients. If the profile asks for it, see whether the issuer follows that profile."},
	jwt.ReasonTypeRefused: {
		"The header's typ names another kind of token than this API takes.",
		"Have the client send the access token. If the profile is AccessToken, the issuer must mark its tokens at+jwt."},
	jwt.ReasonIssuerMismatch: {
		"The claim iss is not Config.Issuer, byte for byte.",
		"Copy the issuer from \"assay keys\" or from a token, with its slash and its case. If it is another tenant or environment, the client asked the wrong one."},
	jwt.ReasonAudienceMismatch: {
		"The claim aud does not name this API.",
		"Have the client name this API when it asks for a token. If aud is the client's own id, it is an ID token: have the client send the access token."},
	jwt.ReasonClientMismatch: {
		"The token was issued to a client that is not among Config.Clients.",
		"Add the client's id, if it may use this API."},
	jwt.ReasonClaimRefused: {
		"A requirement of Config.Require is not met: every token of this issuer must meet it.",
		"Compare the claim in the text with what is wanted. Often it is a token of another kind (an ID token, a refresh token) or of another tenant of the same issuer."},
	jwt.ReasonValidationRefused: {
		"Config.Validate, this service's own rule, refused the token.",
		"The text is what Validate returned: look there."},
	jwt.ReasonBindingUnproven: {
		"The token is bound to a key of its sender (cnf: DPoP, mutual TLS), and nothing shows that the sender has that key.",
		"Have the client ask for a bearer token that is not bound, or use a service that checks such proofs."},
	jwt.ReasonScopeMissing: {
		"The token is valid, but lacks a scope that the route asks for.",
		"Have the client ask for the scope and the issuer grant it. If it is in permissions or roles, ask for Claim(\"roles\").Has in place of Scope."},
	jwt.ReasonRequirementUnmet: {
		"The token is valid, but does not meet another requirement of the route.",
		"Compare the claim in the text with what the route asks for."},
	jwt.ReasonAuthenticationInsufficient: {
		"The token is valid, but its user must log in again, or in a stronger way (RFC 9470).",
		"Have the client send the user to the issuer with the acr_values and max_age of the challenge."},
	jwt.ReasonKeysUnavailable: {
		"The issuer's keys could not be fetched: it is down, not reachable from here, or answers with something else than keys.",
		"If the text says that the metadata names another issuer, configure that one, with its slash. Look with \"assay keys\" from the same machine: DNS, proxy, certificate, address. The token may be valid. Keep keys over a restart with RemoteOptions.SnapshotFile."},
	jwt.ReasonValidationUnavailable: {
		"Config.Validate, this service's own rule, had no answer in time: what it asks is down or slow.",
		"Look at what Validate asks, such as a database of revoked tokens. The token may be valid."},
	jwt.ReasonRequestCanceled: {
		"The request ended before the token was judged: its client went away, or its time ran out.",
		"Nothing, if it is rare. If it is frequent, compare the time that the service gives a request with that of a fetch of keys or of Validate. It is not counted as an outage."},
	jwt.ReasonNoVerifier: {
		"The service has no Verifier: it is nil or zero.",
		"Look at the error of NewVerifier when the service starts. The token may be valid."},
}
