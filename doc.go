// Package jwt verifies JSON Web Tokens and guards net/http APIs, with the standard library alone.
//
//	v, err := jwt.NewVerifier(jwt.Config{
//		Issuer:   "https://tenant.eu.auth0.com/",
//		Audience: []string{"https://api.example.com"},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	mux.Handle("GET /api/private", v.Require()(private))
//	mux.Handle("GET /api/private-scoped", v.Require(jwt.Scope("read:messages"))(scoped))
//
// In the handler, [FromContext] returns the token, and [Claims] decodes its claims into a type of yours, by
// exact names and with the parser that checked them. Any claim can be asked for: [Claim]("realm_access", "roles").Has("admin"). What depends on the
// request is asked in the handler, by [Token.Meets], and [Resource.Challenge] answers. Hosts that are no
// [net/http] server use [Verifier.Verify], [Token.Meets], [NewContext] and [Resource.Refusal].
//
// # What is checked
//
// A token goes through these steps, in this order, and the first that fails decides the answer:
//
//  1. Length: at most 16 KiB for the token and 4 KiB for its header, before anything is allocated.
//  2. Form: three non-empty parts between two dots (RFC 7515 section 7.1). Five parts are a JWE,
//     which is refused by name.
//  3. Encoding: unpadded base64url in its one canonical spelling. No line breaks, no stray bits.
//  4. Header: one JSON object, valid UTF-8, no duplicate names, exact names, no deeper than 32. Any
//     crit or b64 is refused, and so is cty JWT.
//  5. Algorithm: the key decides it, and the token's alg may only agree. [Config].Algorithms narrows
//     the choice. "none" has no representation.
//  6. Key: exactly one, named by kid, or the only one that fits. Keys, addresses and certificates
//     in the header (jwk, jku, x5u, x5c) never select it.
//  7. Signature, by crypto/*. Until it holds, no claim is read but iss: to choose among several
//     issuers, and to word a refusal.
//  8. Claims: one strict JSON object with registered claims of their types; then typ, iss, aud or
//     client, exp (required), nbf and iat with the leeway, the [Profile], [Config].Require, and cnf,
//     which binds a token to a key of its sender and is refused where that is not proven.
//  9. [Config].Validate, which can only reject.
//
// All claims that fail are reported; the first decides.
//
// # What is never done
//
// Nothing in a token chooses an algorithm, an address, or how many keys are tried. Nothing is
// fetched because of a token but the key set of its configured issuer, within a budget. Nothing is
// decompressed or decrypted. A token that was refused gives no claims. There is no way to sign, to
// parse without verification, or to exempt a path. The few settings that weaken a check begin with
// Insecure.
//
// # Outcomes
//
// A refusal is an [*Error]. It wraps one of the sentinel errors, for errors.Is, and carries a stable
// [Reason], the claim or header member concerned, what it was, what was wanted, and often a hint.
// It never holds the token. [Verifier.Trace] records every step of a verification. Package explain says
// them for people, with what to do, and shows header and claims as text. The client sees less, on
// purpose:
//
//	ErrNoToken            401  no error: realm="..." and scope="..." of the route
//	ErrRequest            400  error="invalid_request"
//	ErrMalformed, ErrKey, ErrSignature, ErrExpired, ErrNotYetValid, ErrClaims, ErrBinding
//	                      401  error="invalid_token"
//	ErrScope              403  error="insufficient_scope", scope="..."
//	ErrAuthentication     401  error="insufficient_user_authentication" (RFC 9470)
//	ErrUnavailable        503  Retry-After: the service could not judge, which is never the caller's fault
//
// Every challenge with status 401 or 403 names the scopes of the route, and with
// [ResourceConfig].Identifier the address of the metadata (RFC 9728) that [Resource.Metadata] serves: with it
// clients of the Model Context Protocol and others find the issuer by themselves.
//
// # Credentials
//
// The token is taken from Authorization behind the word Bearer, from the header field of
// [ResourceConfig].HeaderField, or from a cookie, if one is configured. Two different tokens are refused
// with 400, and so are two Authorization fields. A token in the query or in a form body (RFC 6750 sections
// 2.2 and 2.3) is not read: queries end up in logs, and to read a body is the handler's.
//
// # Keys
//
// [Discover] finds an issuer's keys by OpenID Connect Discovery or RFC 8414, [NewRemoteKeySet] at an
// address that is known, [ParseKeySet] and [ParseKey] in a file, [ParsePEM] in a public key or a
// certificate; [RSAKey], [ECDSAKey], [Ed25519Key] and [HMACKey] take keys of crypto/*.
//
// # Providers
//
// Issuer and Audience are not enough for every issuer. GitHub Actions, Buildkite, HCP Terraform and Google
// sign for everybody under one iss, and the sender chooses aud: without a pin in [Config].Require, any
// customer of theirs is let in. Keycloak and Cognito sign ID tokens with the same keys as access tokens, and
// a claim tells them apart. Package providers has a Config for each of these and for others with a trap;
// docs/providers.md has the rest, with the hint that a usual mistake gives.
//
// # Keys in time
//
// A [RemoteKeySet] makes these promises, each of which is a test:
//
//   - No I/O in a constructor. The first token fetches, or [Verifier.Warm] does: one request for the
//     metadata and one for the keys, however many callers wait. A caller whose context ends leaves
//     at once and cancels nobody.
//   - Keys are fresh for 10 minutes, or as long as Cache-Control or Expires say, but at least 1
//     minute and at most 1 hour. A withdrawn key verifies no longer than that, unless the issuer
//     cannot be asked.
//   - They are renewed in the background from 72 to 88 % of that time on, by chance, so that a
//     fleet does not ask at once. While tokens keep coming, no verification waits for a renewal.
//     ETag and Last-Modified are sent back, and status 304 renews.
//   - While the issuer cannot be reached, or answers badly, the last good keys serve for 1 hour more
//     ([RemoteOptions].MaxStale). After that, and only then, the answer is [ErrUnavailable].
//   - Failed fetches are repeated after 1 s, doubled up to 30 s, ±20 %, or after what Retry-After
//     asks for, up to 5 minutes.
//   - A kid that the set does not have makes it fetch again: 2 times at once, and then once in 10
//     seconds, whoever asks and however often. A failed fetch is not counted. A new key is accepted
//     at its first token, and within 10 seconds in the middle of a flood of unknown kids. A kid
//     that is confirmed absent is refused without a fetch for 30 s (256 kids).
//   - A failed signature under a kid of a set that is older than 1 minute makes it fetch again too,
//     within the same budget and at most once a minute for a kid: the key may have been replaced.
//   - Only https, no redirects, no cookies, 5 s for a fetch, 512 KiB and 100 keys for a set.
//   - One goroutine while a fetch is under way, none otherwise.
//   - [RemoteOptions].SnapshotFile, or Snapshot, carries the keys over a restart.
//
// # Speed
//
// A verification costs what its signature costs and little more: docs/performance.md has figures.
// Memory in which tokens are decoded is used again.
//
// [Config].TokenCache remembers verified tokens, for services that see the same access token many
// times. It saves the signature and the parsing, and nothing else:
//
//   - Only tokens that were accepted enter, so no number of bad ones drives out a good one. Each
//     issuer has its own share. When it is full, a token goes that was not used for a while.
//   - A hit asks again for everything that can have changed: exp, nbf, iat and MaxAge, the rest of
//     the policy, Validate, and whether the issuer's keys, as they are now, still have the key that
//     signed the token. A key that was withdrawn, or replaced under its kid, and keys that are too
//     old to serve end their tokens with the next call.
//   - A token is verified anew after 5 minutes.
//   - No signature is kept, but the SHA-256 digest of it: what is in memory cannot be sent.
//   - [Verifier.Status] counts hits, misses and evictions.
//
// It is off by default, and cannot be set for tokens that are signed with a secret: HMAC is as
// cheap as the look-up.
//
// # Limits
//
// What comes from outside has a limit, and each limit is a constant with its reason beside it:
// docs/limits.md has the table.
//
// # FIPS 140-3
//
// With GODEBUG=fips140=on every algorithm and every key is accepted as without it: Ed25519, P-521 and
// RSA from 2048 bits are within FIPS 186-5, and secrets are longer here than FIPS asks for. With
// fips140=only crypto/rsa verifies nothing under an RSA key whose exponent is not above 2^16 (such as
// 3), or whose modulus has an odd number of bits: its tokens are refused with [ErrSignature].
//
// # Compatibility
//
// Versions follow semantic versioning, and the last two releases of Go are supported. Reason codes, sentinel
// errors, statuses and exported names are stable within a major version. The text of errors is for
// people and may change. A check may become stricter where an attack calls for it; none becomes
// looser.
package jwt
