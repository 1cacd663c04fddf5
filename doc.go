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
// In the handler, [FromContext] returns the token. [Claims] decodes its claims into a type of yours, by
// exact names and with the parser that checked them. A route can require every claim:
// [Claim]("realm_access", "roles").Has("admin"). For requirements that depend on the request, the handler
// calls [Token.Meets], and [Resource.Challenge] to refuse. Hosts that are no [net/http] server use
// [Verifier.Verify], [Token.Meets], [NewContext] and [Resource.Refusal].
//
// # What is checked
//
// A token goes through these steps, in this order, and the first that fails decides the answer:
//
//  1. Length: up to 16 KiB for the token and 4 KiB for its header, before anything is allocated.
//  2. Form: three non-empty parts between two dots (RFC 7515 section 7.1). Five parts are a JWE,
//     which is refused by name.
//  3. Encoding: unpadded base64url in its one canonical spelling. No line breaks, no stray bits.
//  4. Header: one JSON object, valid UTF-8, no duplicate names, exact names, no deeper than 32. A
//     header with crit or b64 is refused, and so is one with cty JWT.
//  5. Algorithm: the key decides it, and the token's alg may only agree. [Config].Algorithms narrows
//     the choice. "none" has no representation.
//  6. Key: exactly one, named by kid, or the only one that fits. Keys, addresses and certificates
//     in the header (jwk, jku, x5u, x5c) do not select it.
//  7. Signature, by crypto/*. Until it holds, no claim is read but iss: to choose among several
//     issuers, and to word a refusal.
//  8. Claims: one strict JSON object with registered claims of their types; then typ, iss, aud or
//     client, exp (required), nbf and iat with the leeway, the [Profile], [Config].Require, and cnf: it
//     binds a token to a key of its sender, and is refused if possession of that key is not proven.
//  9. [Config].Validate, which can only reject.
//
// All claims that fail are reported; the first decides.
//
// # What is not done
//
// Nothing in a token chooses an algorithm, an address, or how many keys are tried. A token can cause
// one kind of request: for the keys of its configured issuer, within a budget. Nothing is decompressed
// or decrypted. A token that was refused gives no claims. There is no way to sign, to parse without
// verification, or to exempt a path. The few settings that weaken a check begin with Insecure.
// docs/attacks.md names the test for each.
//
// # Outcomes
//
// A refusal is an [*Error]. It wraps one of the sentinel errors, for errors.Is. It has a stable
// [Reason], the claim or header member concerned, what it was, what was wanted, and often a hint. It
// does not hold the token (TestErrorsHoldNoToken). [Verifier.Trace] records every step of a
// verification. Package explain words the steps for people, says what to do, and shows header and
// claims as text. The client sees less, on purpose:
//
//	ErrNoToken            401  no error: realm="..." and scope="..." of the route
//	ErrRequest            400  error="invalid_request"
//	ErrMalformed, ErrKey, ErrSignature, ErrExpired, ErrNotYetValid, ErrClaims, ErrBinding
//	                      401  error="invalid_token"
//	ErrScope              403  error="insufficient_scope", scope="..."
//	ErrAuthentication     401  error="insufficient_user_authentication" (RFC 9470)
//	ErrUnavailable        503  Retry-After: the service could not judge; it is not the caller's fault
//
// Every challenge with status 401 or 403 names the scopes of the route. With
// [ResourceConfig].Identifier it also names the address of the metadata (RFC 9728) that
// [Resource.Metadata] serves, so that clients, such as those of the Model Context Protocol, find the
// issuer by themselves.
//
// # Credentials
//
// The token is taken from Authorization behind the word Bearer, from the header field of
// [ResourceConfig].HeaderField, or from a cookie, if one is configured. Two different tokens are refused
// with 400, and so are two Authorization fields. A token in the query or in a form body (RFC 6750 sections
// 2.2 and 2.3) is not read: queries end up in logs, and only the handler may read the body.
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
// sign for all their customers under one iss, and the sender chooses aud: [Config].Require must name the
// account, or every customer of theirs is let in. Keycloak and Cognito sign ID tokens and access tokens with
// the same keys, and a claim tells them apart. Package providers has a Config for each of these, and for
// other providers for which an obvious Config is unsafe or fails. docs/providers.md has the rest, with the
// hints that usual mistakes give.
//
// # Keys in time
//
// A [RemoteKeySet] keeps these rules. TestPromiseNewKey, TestPromiseWithdrawnKey, TestPromiseWaiting,
// TestLookUpBudget and TestModel search for the opposite.
//
//   - A constructor does no I/O. The first token causes the first fetch, or [Verifier.Warm] does: one
//     request for the metadata and one for the keys, however many callers wait. A caller whose context
//     ends leaves at once and cancels nobody.
//   - Keys are fresh for 10 minutes, or for as long as Cache-Control or Expires say, but at least 1
//     minute and at most 1 hour. A withdrawn key verifies no longer than that, unless the issuer
//     cannot be asked.
//   - Keys are renewed in the background at a random point between 80 and 90 % of that time, so that
//     the nodes of a fleet do not all ask at once. Past that time a verification waits for the
//     renewal, but only during its first second; then the old keys serve.
//   - Every request is unconditional, with Cache-Control: no-cache. If the answer equals the last one
//     byte for byte, the parsed keys are kept.
//   - While the issuer cannot be reached, or answers badly, the last good keys serve for 1 hour after
//     the end of their freshness ([RemoteOptions].MaxStale). Then the answer is [ErrUnavailable].
//   - Renewals that fail are repeated after 1 s, doubled up to 30 s, ±20 %, or after Retry-After, up to
//     1 minute.
//   - A token whose key is not in the set, or whose signature fails, causes a look-up: the keys are
//     fetched, for the issuer may have added or replaced one. There is one budget for all tokens:
//     2 look-ups, 2 seconds apart, and then 1 in 10 seconds. Failed look-ups count; only Retry-After
//     delays them further.
//   - Such a token is refused with 401 only if an answer proves that its key is not there: one that was
//     asked for after the token came, or at most 10 seconds ago. Otherwise it gets 503, with the time
//     of the next look-up. So a new key is accepted within about 10 seconds, even under a flood of
//     unknown kids.
//   - A verification waits for keys for at most 5 s in all ([RemoteOptions].MaxWait).
//   - Only https, no redirects, no cookies; 5 s for a request and 10 s for a fetch; 512 KiB and 100 keys
//     for a set. While the address of the keys is known, the metadata are read once a minute at most.
//   - There are goroutines only while a fetch is under way.
//   - [RemoteOptions].SnapshotFile, or Snapshot, carries the keys over a restart.
//
// # Speed
//
// A verification costs little more than its signature: docs/performance.md has figures.
//
// [Config].TokenCache remembers verified tokens, for services that see the same access token many
// times. It saves the signature and the parsing, and nothing else:
//
//   - Only accepted tokens are added, so refused tokens do not evict good ones
//     (TestRefusedTokensAreNotCached). Each issuer has its own share. A full share evicts a token that
//     was not used for a while.
//   - A hit checks again everything that can have changed: exp, nbf, iat and MaxAge, the rest of the
//     policy, Validate, and that the issuer's keys still have the key that signed the token. If the key
//     was withdrawn or replaced under its kid, or the keys are too old to serve, the next call no
//     longer accepts the token.
//   - A token is verified anew after 5 minutes.
//   - The SHA-256 digest of a signature is kept, not the signature: a token that is read from memory
//     cannot be sent (TestTokenCacheKeepsNoToken).
//   - [Verifier.Status] counts hits, misses and evictions.
//   - At most 100,000 tokens are sensible. A million take 1.6 GB, and each garbage collection over a
//     second of processor time (BenchmarkMemory).
//
// The cache is off by default. It cannot be set for tokens that are signed with a secret: HMAC is as
// cheap as finding a token in the cache.
//
// # Limits
//
// Input from outside has limits. Each is a constant with its reason beside it: docs/limits.md has the
// table.
//
// # FIPS 140-3
//
// With GODEBUG=fips140=on every algorithm and every key is accepted as without it: Ed25519, P-521 and
// RSA from 2048 bits are within FIPS 186-5, and secrets are longer here than FIPS asks for. With
// fips140=only, crypto/rsa does not verify with an RSA key whose exponent is not above 2^16 (such as 3),
// or whose modulus has an odd number of bits: tokens of such keys are refused with [ErrSignature].
//
// # Compatibility
//
// Versions follow semantic versioning, and the last two releases of Go are supported. Reason codes, sentinel
// errors, statuses and exported names are stable within a major version. The text of errors is for
// people and may change. A check may become stricter if an attack requires it; no check becomes looser.
package jwt
