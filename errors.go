// This file holds the outcomes of a verification: sentinel errors and reason codes. Nothing else decides
// what a refusal is called.

package jwt

import (
	"cmp"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// Every refusal is an [*Error] that wraps exactly one of these. Use [errors.Is] to tell them apart.
var (
	ErrNoToken        = errors.New("jwt: no bearer token")                  // no credential, or one of another scheme
	ErrRequest        = errors.New("jwt: malformed credential")             // two different credentials, or one that RFC 6750 does not allow
	ErrMalformed      = errors.New("jwt: malformed token")                  // the token is not a well-formed compact JWS (RFC 7515)
	ErrKey            = errors.New("jwt: no key for the token")             // no single key fits its algorithm and key id
	ErrSignature      = errors.New("jwt: signature invalid")                // the signature does not hold
	ErrExpired        = errors.New("jwt: token expired")                    // exp is past, or the token is older than Config.MaxAge
	ErrNotYetValid    = errors.New("jwt: token not yet valid")              // nbf or iat is in the future
	ErrClaims         = errors.New("jwt: claims refused")                   // a claim is missing, malformed or not what is required
	ErrBinding        = errors.New("jwt: token binding not proven")         // no proof of the sender's key (RFC 7800)
	ErrScope          = errors.New("jwt: insufficient scope")               // the token is valid, but does not allow this request
	ErrAuthentication = errors.New("jwt: insufficient user authentication") // the user must log in again, or by a stronger method (RFC 9470)
	ErrUnavailable    = errors.New("jwt: unavailable")                      // no keys, or Validate had no answer: not the caller's fault
)

// A Reason is the stable code of one way to be refused, fit for logs and metric labels.
type Reason string

// The reason codes. Each belongs to one sentinel error.
const (
	ReasonNoToken                    Reason = "no_token"                    // ErrNoToken
	ReasonCredentialMalformed        Reason = "credential_malformed"        // ErrRequest: not "Bearer" and a token
	ReasonCredentialRepeated         Reason = "credential_repeated"         // ErrRequest: more than one credential
	ReasonTokenTooLarge              Reason = "token_too_large"             // ErrMalformed: the token or its header is over its limit
	ReasonTokenOpaque                Reason = "token_opaque"                // ErrMalformed: no dot at all, so not a JWT
	ReasonTokenParts                 Reason = "token_parts"                 // ErrMalformed: not three non-empty parts
	ReasonTokenEncrypted             Reason = "token_encrypted"             // ErrMalformed: five parts, a JWE (RFC 7516)
	ReasonTokenEncoding              Reason = "token_encoding"              // ErrMalformed: a part is not canonical base64url
	ReasonHeaderInvalid              Reason = "header_invalid"              // ErrMalformed: the header is not one strict JSON object
	ReasonHeaderMember               Reason = "header_member"               // ErrMalformed: a header member is missing or of a wrong type
	ReasonHeaderCritical             Reason = "header_critical"             // ErrMalformed: the header asks for an extension (crit, b64)
	ReasonTokenNested                Reason = "token_nested"                // ErrMalformed: the payload is a JWT itself (cty)
	ReasonAlgorithmRefused           Reason = "algorithm_refused"           // ErrKey: alg is none, unknown or not allowed
	ReasonKeyUnknown                 Reason = "key_unknown"                 // ErrKey: no key has that kid, or no key fits
	ReasonKeyMismatch                Reason = "key_mismatch"                // ErrKey: the key of that kid has another algorithm
	ReasonKeyAmbiguous               Reason = "key_ambiguous"               // ErrKey: several keys could be meant
	ReasonSignatureInvalid           Reason = "signature_invalid"           // ErrSignature
	ReasonTokenExpired               Reason = "token_expired"               // ErrExpired: exp
	ReasonTokenTooOld                Reason = "token_too_old"               // ErrExpired: iat is older than Config.MaxAge
	ReasonTokenNotYetValid           Reason = "token_not_yet_valid"         // ErrNotYetValid: nbf or iat
	ReasonPayloadInvalid             Reason = "payload_invalid"             // ErrClaims: the payload is not one strict JSON object
	ReasonClaimInvalid               Reason = "claim_invalid"               // ErrClaims: a registered claim has a wrong type or range
	ReasonClaimMissing               Reason = "claim_missing"               // ErrClaims: a required claim is absent
	ReasonTypeRefused                Reason = "type_refused"                // ErrClaims: typ names another kind of token
	ReasonIssuerMismatch             Reason = "issuer_mismatch"             // ErrClaims: iss
	ReasonAudienceMismatch           Reason = "audience_mismatch"           // ErrClaims: aud
	ReasonClientMismatch             Reason = "client_mismatch"             // ErrClaims: client_id, azp, cid or appid
	ReasonClaimRefused               Reason = "claim_refused"               // ErrClaims: a requirement of Config.Require is not met
	ReasonValidationRefused          Reason = "validation_refused"          // ErrClaims, or the sentinel that Config.Validate wrapped
	ReasonBindingUnproven            Reason = "binding_unproven"            // ErrBinding: cnf
	ReasonScopeMissing               Reason = "scope_missing"               // ErrScope: Scope
	ReasonRequirementUnmet           Reason = "requirement_unmet"           // ErrScope: any other requirement
	ReasonAuthenticationInsufficient Reason = "authentication_insufficient" // ErrAuthentication: acr or auth_time
	ReasonKeysUnavailable            Reason = "keys_unavailable"            // ErrUnavailable: the issuer's keys are not available
	ReasonValidationUnavailable      Reason = "validation_unavailable"      // ErrUnavailable: Config.Validate had no answer
	ReasonRequestCanceled            Reason = "request_canceled"            // ErrUnavailable: the caller's context ended; no outage
	ReasonNoVerifier                 Reason = "no_verifier"                 // ErrUnavailable: the Verifier is nil or zero
)

// reasons maps each code to its sentinel and to the words that begin its text.
var reasons = map[Reason]struct {
	sentinel error
	text     string
}{
	ReasonNoToken:                    {ErrNoToken, "no bearer token"},
	ReasonCredentialMalformed:        {ErrRequest, "malformed credential"},
	ReasonCredentialRepeated:         {ErrRequest, "more than one credential"},
	ReasonTokenTooLarge:              {ErrMalformed, "token too large"},
	ReasonTokenOpaque:                {ErrMalformed, "opaque token"},
	ReasonTokenParts:                 {ErrMalformed, "token without three parts"},
	ReasonTokenEncrypted:             {ErrMalformed, "encrypted token"},
	ReasonTokenEncoding:              {ErrMalformed, "token not base64url"},
	ReasonHeaderInvalid:              {ErrMalformed, "header not strict JSON"},
	ReasonHeaderMember:               {ErrMalformed, "bad header member"},
	ReasonHeaderCritical:             {ErrMalformed, "unsupported header extension"},
	ReasonTokenNested:                {ErrMalformed, "nested token"},
	ReasonAlgorithmRefused:           {ErrKey, "algorithm refused"},
	ReasonKeyUnknown:                 {ErrKey, "unknown key"},
	ReasonKeyMismatch:                {ErrKey, "key of another algorithm"},
	ReasonKeyAmbiguous:               {ErrKey, "ambiguous key"},
	ReasonSignatureInvalid:           {ErrSignature, "signature invalid"},
	ReasonTokenExpired:               {ErrExpired, "token expired"},
	ReasonTokenTooOld:                {ErrExpired, "token too old"},
	ReasonTokenNotYetValid:           {ErrNotYetValid, "token not yet valid"},
	ReasonPayloadInvalid:             {ErrClaims, "payload not strict JSON"},
	ReasonClaimInvalid:               {ErrClaims, "bad claim"},
	ReasonClaimMissing:               {ErrClaims, "missing claim"},
	ReasonTypeRefused:                {ErrClaims, "wrong kind of token"},
	ReasonIssuerMismatch:             {ErrClaims, "wrong issuer"},
	ReasonAudienceMismatch:           {ErrClaims, "wrong audience"},
	ReasonClientMismatch:             {ErrClaims, "wrong client"},
	ReasonClaimRefused:               {ErrClaims, "claim refused"},
	ReasonValidationRefused:          {ErrClaims, "refused by validation"},
	ReasonBindingUnproven:            {ErrBinding, "token binding not proven"},
	ReasonScopeMissing:               {ErrScope, "missing scope"},
	ReasonRequirementUnmet:           {ErrScope, "requirement not met"},
	ReasonAuthenticationInsufficient: {ErrAuthentication, "insufficient user authentication"},
	ReasonKeysUnavailable:            {ErrUnavailable, "keys unavailable"},
	ReasonValidationUnavailable:      {ErrUnavailable, "validation unavailable"},
	ReasonRequestCanceled:            {ErrUnavailable, "request canceled"},
	ReasonNoVerifier:                 {ErrUnavailable, "no verifier"},
}

// An Error says why a token or a request was refused. It is for operators: log it, count it by
// Reason, and do not send it to clients. It holds neither the token nor a signature or a secret
// (TestErrorsHoldNoToken). Text from the token is cut to 64 bytes and escaped: every field is safe to print.
type Error struct {
	Reason Reason // stable code
	Member string // the claim or header member concerned; empty if none
	Got    string // what was found, without quotes; empty if nothing was
	Want   string // what was wanted; text from the configuration in quotes
	Hint   string // what to check, if a well-known mistake explains the refusal
	Issuer string // Config.Issuer of the issuer that judged the token; empty before one was chosen
	KeyID  string // the token's kid; empty if it has none, or was not read that far
	// Subject, ClientID and TokenID say whose token was refused: the claims sub, client_id (or azp, cid,
	// appid) and jti. They are empty until the signature holds.
	Subject, ClientID, TokenID string

	Offset      int           // where the fault is, in bytes of the decoded header or payload; with ReasonHeaderInvalid or ReasonPayloadInvalid
	RetryAfter  time.Duration // when to ask again; only with ErrUnavailable
	Also        []*Error      // the other claims that failed; Reason and sentinel are those of the first
	detail      string        // replaces "Member is Got, want Want" in the text
	size, limit int           // in bytes; if limit is set, the text is detail, size and limit
	sentinel    error         // replaces the table's, if the error of Config.Validate wraps one
	cause       error
	ask         ask
}

// ask is what a challenge asks the client for, beside another token.
type ask struct {
	scopes    []string // RFC 6750 section 3
	acr       []string // RFC 9470 section 3
	maxAge    time.Duration
	hasMaxAge bool // maxAge is meant, even if it is zero
}

// Error returns one line: "jwt: what: detail; hint".
func (e *Error) Error() string {
	if e == nil {
		return "jwt: a nil *Error"
	}
	text := "jwt: " + e.line()
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	for i, other := range e.Also {
		text += []string{" (also: ", ", "}[min(i, 1)] + other.line()
	}
	if len(e.Also) > 0 {
		text += ")"
	}
	return text
}

func (e *Error) line() string {
	text := cmp.Or(reasons[e.Reason].text, "refused")
	if what := e.what(); what != "" {
		text += ": " + what
	}
	return text
}

// what returns the part of the text that follows the words of the Reason.
func (e *Error) what() string {
	switch {
	case e.limit > 0:
		return sizeDetail(e.detail, e.size, e.limit)
	case e.detail != "" || e.Member == "":
		return e.detail
	}
	text := e.Member + " is absent"
	if e.Got != "" {
		text = e.Member + ` is "` + e.Got + `"`
	}
	if e.Want != "" {
		text += ", want " + e.Want
	}
	return text
}

// Unwrap returns the sentinel, and the cause if another package's error lies behind the refusal.
func (e *Error) Unwrap() []error {
	if e == nil {
		return nil
	}
	return slices.DeleteFunc([]error{e.kind(), e.cause}, func(err error) bool { return err == nil })
}

// adopted copies an error of the caller's KeySource, which may return the same one to several
// goroutines. Its fields may hold raw text of a token: adopted cuts and escapes what is not printable.
func (e *Error) adopted() *Error {
	c := *e
	c.Also = nil // it is about one key
	// One escaped byte takes up to four bytes.
	if !printable(c.Got) || len(c.Got) > 4*maxShown+len("...") {
		c.Got = snippet(c.Got)
	}
	c.Subject, c.ClientID, c.TokenID = "", "", ""
	for _, field := range []*string{&c.Member, &c.Want, &c.Hint} {
		if !printable(*field) || len(*field) > maxDetail {
			*field = escaped(*field, maxDetail)
		}
	}
	return &c
}

func (e *Error) kind() error { return cmp.Or(e.sentinel, reasons[e.Reason].sentinel) }

// LogValue returns the fields that are set, and the text: they answer "why was this token refused".
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("reason", string(e.Reason)), slog.String("issuer", e.Issuer), slog.String("kid", e.KeyID),
		slog.String("sub", e.Subject), slog.String("client_id", e.ClientID), slog.String("jti", e.TokenID),
		slog.String("member", e.Member), slog.String("got", e.Got), slog.String("want", e.Want),
		slog.String("hint", e.Hint), slog.String("text", e.Error()),
	}
	return slog.GroupValue(slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Value.String() == "" })...)
}

// ownError finds the error of this package in err; nil if there is none.
func ownError(err error) (e *Error) {
	errors.As(err, &e)
	return e
}

// sentinelsIn lists the sentinels that err wraps.
func sentinelsIn(err error) []error {
	all := []error{ErrNoToken, ErrRequest, ErrMalformed, ErrKey, ErrSignature, ErrExpired, ErrNotYetValid, ErrClaims, ErrBinding,
		ErrScope, ErrAuthentication, ErrUnavailable}
	return slices.DeleteFunc(all, func(sentinel error) bool { return !errors.Is(err, sentinel) })
}

// unavailable wraps the error that kept the keys away. After retry they may be asked for again.
func unavailable(cause error, retry time.Duration) *Error {
	e := &Error{Reason: ReasonKeysUnavailable, RetryAfter: retry, detail: foreign(cause)}
	if len(sentinelsIn(cause)) == 0 {
		e.cause = cause
	}
	return e
}
