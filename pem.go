// This file reads public keys in the forms of other standards than JOSE: PEM (RFC 7468), certificates
// (RFC 5280), keys of crypto/*. It also recognises what people give by mistake as a key or as a secret.

package jwt

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// ParsePEM reads public keys (PKIX or PKCS #1), and the public keys of certificates, from a PEM text of up to
// 100 blocks. A key that stands there twice counts once. A block is read by its content, whichever of these
// its label names; another label is an error. Indentation, text around the blocks, a byte order mark, lost
// line breaks and line breaks written as \n do not matter. Beside a certificate that is not an authority's,
// the certificates of authorities (RFC 5280 section 4.2.1.9) are its chain, and their keys are left out; an
// authority that issued none of the others is an error. Neither chain nor dates are checked: the file is
// trusted. kid may be empty, and alg too: see [Key]. A key for RSASSA-PSS alone (RFC 4055) stands for a PS
// algorithm.
func ParsePEM(kid string, alg Algorithm, data []byte) ([]*Key, error) {
	keys, err := parsePEM(kid, alg, string(data))
	return constructed("ParsePEM", keys, err)
}

// pemBlock finds a block, even if its line breaks were lost or escaped.
var pemBlock = regexp.MustCompile(`(?s)-----BEGIN ([^-]*)-----(.*?)-----END ([^-]*)-----`)

func parsePEM(kid string, alg Algorithm, text string) (keys []*Key, err error) {
	if len(text) > maxKeySetSize {
		return nil, errors.New(sizeDetail("the text", len(text), maxKeySetSize))
	}
	blocks := pemBlock.FindAllStringSubmatch(text, maxKeys+1)
	switch form := formOf([]byte(text)); {
	case form != "" && form != formPEM:
		return nil, errors.New("it is " + form)
	case len(blocks) == 0 || strings.Count(text, "-----BEGIN ") > len(blocks) && len(blocks) <= maxKeys:
		return nil, errors.New("no PEM block, or one without its end")
	case len(blocks) > maxKeys:
		return nil, fmt.Errorf("more than %d blocks", maxKeys)
	}
	var all []certified
	for _, block := range blocks {
		label := block[1]
		if label == "EC PARAMETERS" { // openssl writes the curve beside a key
			continue
		}
		found, err := publicOf(label, block[2])
		switch {
		case label != block[3]:
			return nil, fmt.Errorf("the block %s ends as %s", quoteName(label), quoteName(block[3]))
		case err != nil:
			return nil, err
		}
		all = append(all, found)
	}
	if all, err = withoutChain(all); err != nil {
		return nil, err
	}
	for _, found := range all {
		k, err := publicKey(kid, alg, found.public)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(keys, k.same) {
			keys = append(keys, k)
		}
	}
	if keys == nil {
		return nil, errors.New("no PEM block with a key")
	}
	return keys, nil
}

// derKind tells a bare key, a certificate and an authority's certificate apart.
type derKind int

const (
	bareKey derKind = iota
	leaf5280
	authority5280
)

// certified is a public key, perhaps with data of its certificate.
type certified struct {
	public          any
	kind            derKind
	subject, issuer string // the names of a certificate, as DER
}

// withoutChain drops authorities that issued the other certificates. If all certificates are of authorities, it
// keeps all.
func withoutChain(all []certified) (keys []certified, err error) {
	if !slices.ContainsFunc(all, func(c certified) bool { return c.kind == leaf5280 }) {
		return all, nil
	}
	for _, c := range all {
		issued := func(other certified) bool {
			return other.issuer == c.subject && (other.kind == leaf5280 || other.subject != c.subject)
		}
		switch {
		case c.kind != authority5280:
			keys = append(keys, c)
		case !slices.ContainsFunc(all, issued):
			return nil, errors.New("the text holds the certificate of an authority that issued none of the other certificates: put it into a text of its own if its key signs tokens, and leave it out if not")
		}
	}
	return keys, nil
}

// writtenBreak is what JSON, settings and shells make of a line break.
var writtenBreak = regexp.MustCompile(`\\+[rn]?`)

// publicOf reads one block.
func publicOf(label, body string) (found certified, err error) {
	switch {
	case strings.Contains(label, "PRIVATE KEY"):
		return found, errors.New("it holds a private key (" + strings.ToLower(quoteName(label)) + "): give its public half alone")
	case !slices.Contains([]string{"PUBLIC KEY", "RSA PUBLIC KEY", "EC PUBLIC KEY", "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}, label):
		return found, fmt.Errorf("block type %s is neither a public key nor a certificate", quoteName(label))
	}
	der, ok := fromBase64(writtenBreak.ReplaceAllString(body, ""))
	if !ok {
		return found, fmt.Errorf("the block %s is not base64", quoteName(label))
	}
	if derForm(der) == formSecret {
		return found, fmt.Errorf("the block %s holds %s", quoteName(label), formSecret)
	}
	found, err = publicDER(der)
	switch unsupported := pssHashError(""); {
	case errors.As(err, &unsupported):
		return found, fmt.Errorf("the block %s holds %w", quoteName(label), err)
	case err != nil:
		return found, fmt.Errorf("the block %s holds neither a public key nor a certificate", quoteName(label))
	}
	return found, nil
}

// fromBase64 decodes base64 in either alphabet, with or without white space and padding.
func fromBase64(text string) ([]byte, bool) {
	text = strings.Join(strings.Fields(text), "")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	return b, err == nil && len(b) > 0
}

// publicDER reads a public key (PKIX or PKCS #1) or that of a certificate, whichever the content is.
func publicDER(der []byte) (certified, error) {
	public, err := publicPKIX(der)
	if unsupported := pssHashError(""); err == nil || errors.As(err, &unsupported) {
		return certified{public: public}, err
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return certified{public: public}, nil
	}
	return certifiedKey(der)
}

// certifiedKey returns the public key of a certificate (RFC 5280 section 4.1), and whether it is an
// authority's. crypto/x509 would refuse a negative serial number, which does not matter here, and would
// take thirty times the size of a hostile certificate to read its extensions.
func certifiedKey(der []byte) (found certified, err error) {
	var certificate struct {
		Body struct {
			Version                                                  int `asn1:"optional,explicit,default:0,tag:0"`
			Serial, Algorithm, Issuer, Validity, Subject, SubjectKey asn1.RawValue
			IssuerID                                                 asn1.RawValue    `asn1:"optional,tag:1"`
			SubjectID                                                asn1.RawValue    `asn1:"optional,tag:2"`
			Extensions                                               []pkix.Extension `asn1:"optional,explicit,tag:3"`
		}
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &certificate); err != nil || len(rest) > 0 {
		return found, errors.New("not a certificate")
	}
	found = certified{kind: leaf5280, subject: string(certificate.Body.Subject.FullBytes), issuer: string(certificate.Body.Issuer.FullBytes)}
	for _, extension := range certificate.Body.Extensions {
		var constraints struct { // RFC 5280 section 4.2.1.9
			Authority bool `asn1:"optional"`
			Length    int  `asn1:"optional,default:-1"`
		}
		if extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 19}) {
			if _, err := asn1.Unmarshal(extension.Value, &constraints); err == nil && constraints.Authority {
				found.kind = authority5280
			}
		}
	}
	found.public, err = publicPKIX(certificate.Body.SubjectKey.FullBytes)
	return found, err
}

// pssKey is an RSA key for RSASSA-PSS alone.
type pssKey struct {
	public *rsa.PublicKey
	alg    Algorithm // the only one that its parameters allow; empty if they name none
}

// pssHashError names the hash of a key for RSASSA-PSS, where no PS algorithm has that hash.
type pssHashError string

func (e pssHashError) Error() string {
	return "a key for RSASSA-PSS with " + string(e) + ", and the PS algorithms have SHA-256, SHA-384 and SHA-512 alone (RFC 7518 section 3.5)"
}

// publicKeyInfo is a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
type publicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Key       asn1.BitString
}

// publicInfo reads a publicKeyInfo, also of an algorithm that crypto/x509 does not know.
func publicInfo(der []byte) (info publicKeyInfo, ok bool) {
	rest, err := asn1.Unmarshal(der, &info)
	return info, err == nil && len(rest) == 0
}

// publicPKIX reads the key of a SubjectPublicKeyInfo. crypto/x509 does not know id-RSASSA-PSS (RFC 4055
// section 1.2).
func publicPKIX(der []byte) (any, error) {
	info, ok := publicInfo(der)
	if !ok || !info.Algorithm.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}) {
		return x509.ParsePKIXPublicKey(der)
	}
	public, err := x509.ParsePKCS1PublicKey(info.Key.RightAlign())
	if err != nil {
		return nil, err
	}
	if len(info.Algorithm.Parameters.FullBytes) == 0 {
		return pssKey{public, ""}, nil
	}
	var fields []asn1.RawValue
	var hash pkix.AlgorithmIdentifier // if absent, it is SHA-1
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &fields); err != nil {
		return nil, err
	}
	if len(fields) > 0 && fields[0].Class == asn1.ClassContextSpecific && fields[0].Tag == 0 {
		if _, err := asn1.Unmarshal(fields[0].Bytes, &hash); err != nil {
			return nil, err
		}
	}
	alg := map[string]Algorithm{"2.16.840.1.101.3.4.2.1": PS256, "2.16.840.1.101.3.4.2.2": PS384, "2.16.840.1.101.3.4.2.3": PS512}[hash.Algorithm.String()]
	if alg == "" {
		name := map[string]string{"": "SHA-1", "1.3.14.3.2.26": "SHA-1", "2.16.840.1.101.3.4.2.4": "SHA-224"}[hash.Algorithm.String()]
		return nil, pssHashError(cmp.Or(name, "the hash "+hash.Algorithm.String()))
	}
	return pssKey{public, alg}, nil
}

// publicKey picks the constructor by type. alg may be empty.
func publicKey(kid string, alg Algorithm, public any) (k *Key, err error) {
	switch public := public.(type) {
	case *rsa.PublicKey:
		k, err = rsaKeyOf(kid, alg, public)
	case pssKey:
		switch {
		case alg != "" && !strings.HasPrefix(string(alg), "PS"):
			return nil, fmt.Errorf("alg %s does not fit the key, which is for RSASSA-PSS alone", quoteName(string(alg)))
		case alg != "" && public.alg != "" && alg != public.alg:
			return nil, fmt.Errorf("alg %s does not fit the key, which is for %s alone", quoteName(string(alg)), public.alg)
		case alg == "" && public.alg == "":
			alg = PS256
		case alg == "":
			alg = public.alg
		}
		k, err = rsaKeyOf(kid, alg, public.public)
	case *ecdsa.PublicKey:
		k, err = ecdsaKeyOf(kid, public)
	case ed25519.PublicKey:
		k, err = ed25519KeyOf(kid, public)
	default:
		kind, _, _ := strings.Cut(fmt.Sprintf("%T", public), ".") // such as *ecdh
		return nil, fmt.Errorf("a key for %s cannot verify tokens", strings.ToUpper(strings.TrimPrefix(kind, "*")))
	}
	if err == nil && alg != "" && !k.alg.sameAs(alg) {
		return nil, fmt.Errorf("alg %s does not fit the key, which is %s", quoteName(string(alg)), k.alg)
	}
	return k, err
}

// What people give in place of a key, and what to do about it.
const (
	formPEM    = "PEM: ParsePEM reads it"
	formJWK    = "one JSON Web Key: ParseKey reads it"
	formSet    = "a JWK Set: ParseKeySet reads it"
	formArray  = "an array of keys: a JWK Set is an object with the member keys"
	formMap    = "a map of kids to certificates, as Google and Firebase publish them: take the address of their JWK Set"
	formAround = "a JSON object around PEM: give the PEM alone, or a JWK Set"
	formIssuer = "an issuer's metadata: its member jwks_uri is the address of the keys"
	formString = "a JSON string: the quotes around it and the backslashes within do not belong there"
	formSSH    = "an SSH public key: ssh-keygen -e -m PKCS8 writes it as PEM"
	formDER    = "DER: openssl pkey -pubin -inform DER, or openssl x509 -inform DER, writes it as PEM"
	formBare   = "the base64 of a PEM file without its first and last line: add them, such as -----BEGIN PUBLIC KEY-----"
	formSecret = "a private key: give its public half alone"
	formQuotes = "a text in single quotes: they do not belong there"
	formUTF16  = "a text in UTF-16: save it as UTF-8"
	formCoded  = "the base64 of a file of keys: decode it (base64 -d)"
)

// formOf recognises one of these forms; empty if a text has none of them.
func formOf(data []byte) string {
	text := strings.TrimSpace(withoutMark(strings.TrimSpace(string(data))))
	switch {
	case text == "":
		return ""
	case text[0] == '{':
		return objectForm(text)
	case strings.Contains(text, "-----BEGIN "):
		return formPEM
	case text[0] == '[' && strings.Contains(text, `"kty"`):
		return formArray
	case text[0] == '"' && strings.Contains(text, `kty`):
		return formString
	case text[0] == '\'' && strings.Contains(text, `"kty"`):
		return formQuotes
	case strings.Contains(text, "B\x00E\x00G\x00I\x00N\x00"), strings.Contains(text, "k\x00t\x00y\x00"):
		return formUTF16
	case isSSH(text) || strings.Contains(text, "---- BEGIN SSH2 "):
		return formSSH
	}
	if form := derForm(data); form != "" {
		return form
	}
	var first asn1.RawValue // perhaps with a line break behind it
	if rest, err := asn1.Unmarshal(data, &first); err == nil && len(bytes.TrimSpace(rest)) == 0 {
		return derForm(first.FullBytes)
	}
	return codedForm(strings.Trim(text, "\"',;"))
}

// codedForm recognises the base64 of something.
func codedForm(text string) string {
	decoded, ok := fromBase64(text)
	if !ok {
		return ""
	}
	switch form := derForm(decoded); {
	case form == formDER:
		return formBare
	case form != "":
		return form
	case isSSHBlob(decoded):
		return formSSH
	case bytes.Contains(decoded, []byte("-----BEGIN ")), bytes.HasPrefix(decoded, []byte("{")) && objectForm(string(decoded)) != "":
		return formCoded
	}
	return ""
}

func objectForm(text string) string {
	s := scanner{text: text}
	around := ""
	for name := range s.members {
		value, _ := s.raw()
		switch {
		case name == "keys":
			return formSet
		case name == "kty":
			return formJWK
		case name == "jwks_uri":
			return formIssuer
		case strings.HasPrefix(value, `"-----BEGIN CERTIFICATE-----`):
			around = cmp.Or(around, formMap)
		case strings.HasPrefix(value, `"-----BEGIN `):
			around = formAround
		}
	}
	return around
}

func derForm(der []byte) string {
	_, isInfo := publicInfo(der)
	if _, err := publicDER(der); err == nil || isInfo {
		return formDER
	}
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return formSecret
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return formSecret
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return formSecret
	}
	var encrypted struct { // RFC 5958 section 3
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if rest, err := asn1.Unmarshal(der, &encrypted); err == nil && len(rest) == 0 {
		return formSecret
	}
	return ""
}

// sshType begins the names of SSH's types of keys (RFC 4253 section 6.6, RFC 5656, RFC 8709, OpenSSH's
// PROTOCOL.u2f).
var sshType = regexp.MustCompile(`^(sk-)?(ssh|ecdsa)-[a-z0-9-]+`)

// isSSH recognises a line of a .pub or authorized_keys file: a type and its base64, perhaps behind options.
func isSSH(text string) bool {
	fields := strings.Fields(text)
	for n, field := range fields[:min(len(fields), 64)] {
		if sshType.MatchString(field) && n+1 < len(fields) {
			if blob, ok := fromBase64(fields[n+1]); ok && isSSHBlob(blob) {
				return true
			}
		}
	}
	return false
}

// isSSHBlob recognises the bytes of an SSH public key (RFC 4253 section 6.6): its type, behind a length.
func isSSHBlob(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	size := binary.BigEndian.Uint32(b)
	return size < 64 && int(size)+4 < len(b) && sshType.Match(b[4:4+size])
}

// namedType is the type of a JSON Web Key, in YAML too.
var namedType = regexp.MustCompile(`(?m)^[\s{-]*["']?kty["']?\s*[:=]`)

// isPublicKey recognises the forms in which a public key is handed out, between quotes or not, and their base64,
// hexadecimal and percent-encoding.
func isPublicKey(secret []byte) bool { return isPublicWithin(secret, 3) }

// isPublicWithin is isPublicKey; encodings is the number of nested encodings that it still decodes.
func isPublicWithin(secret []byte, encodings int) bool {
	secret = []byte(withoutMark(string(secret)))
	const around = "\"' \t\r\n,;\x00"
	text := strings.ReplaceAll(string(bytes.Trim(secret, around)), `\n`, "\n")
	for _, form := range [][]byte{secret, bytes.TrimSpace(secret), bytes.TrimSuffix(secret, []byte("\n")), []byte(text)} {
		if formOf(form) != "" || isSSHBlob(form) {
			return true
		}
	}
	// DER says itself where it ends, and may end in a byte that was trimmed from the forms above. Others may stand
	// behind it.
	var first asn1.RawValue
	_, err := asn1.Unmarshal(bytes.TrimLeft(secret, around), &first)
	switch {
	case err == nil && derForm(first.FullBytes) != "":
		return true
	case strings.Contains(text, "-----BEGIN "), namedType.MatchString(text), strings.Contains(text, "{") && (strings.Contains(text, "kty") || strings.Contains(text, `"crv"`) || strings.Contains(text, `"n"`) && strings.Contains(text, `"e"`)):
		return true
	case encodings == 0:
		return false
	}
	several := strings.FieldsFunc(strings.Join(strings.Fields(text), ""), func(c rune) bool { return strings.ContainsRune("=,;[]{}\"':", c) })
	if len(several) > 0 && several[0] != text && slices.ContainsFunc(several[:min(len(several), maxKeys)], func(one string) bool { return isPublicWithin([]byte(one), 0) || decodesToKey(one, encodings-1) }) {
		return true
	}
	if unescaped, err := url.PathUnescape(text); err == nil && unescaped != text && isPublicWithin([]byte(unescaped), encodings-1) {
		return true
	}
	fromHex, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "", "\r", "", "\n", "").Replace(text))
	return decodesToKey(text, encodings-1) || err == nil && isPublicWithin(fromHex, encodings-1)
}

// decodesToKey reports whether a text is the base64 of a public key.
func decodesToKey(text string, encodings int) bool {
	decoded, ok := fromBase64(text)
	return ok && isPublicWithin(decoded, encodings)
}

// certifiedBy checks that the first certificate of x5c has this key (RFC 7517 section 4.7).
func (k *Key) certifiedBy(x5c string) error {
	der, ok := fromBase64(x5c)
	if !ok {
		return errors.New("x5c is not base64")
	}
	found, err := certifiedKey(der)
	if err != nil {
		return errors.New("x5c is not a certificate")
	}
	own, err := publicKey("", "", found.public)
	if err != nil || own.thumbprint != k.thumbprint {
		return errors.New("x5c holds the certificate of another key")
	}
	return nil
}
