// This file replaces Go names in texts of other packages by the names of the fields of debug's page, which
// has no Config.

package main

import (
	"regexp"
	"strings"
)

// pageWords has texts with Go names, and what the page says instead. The first pair that matches is
// used.
var pageWords = strings.NewReplacer(
	"leave Config.Audience empty and name the clients in Config.Clients", "leave the field Audience empty and fill in Clients",
	"leave Config.Audience empty, the client is checked instead (Config.Clients)", "leave the field Audience empty and fill in Clients",
	"Look at the error of NewVerifier when the service starts.", "Look at what the service says when it starts.",
	").Has in place of Scope", " in place of the scope",
	"every client is accepted: Config.Clients is not set", "every client is accepted: the field Clients is empty",
	"leave Config.Audience empty, Clients is checked instead", "leave the field Audience empty, and fill in Clients",
	"or set Config.Clients instead of Audience", "or fill in Clients in place of Audience",
	"list both in Config.Audience", "put both into the field Audience",
	"an Audience is required, unless Clients is set", "an audience is required, unless Clients is filled in",
	", as configured", ", as you expect",
	"Config.Algorithms leaves it out", "Only algorithm leaves it out",
	"in Config.Algorithms", "under Only algorithm",
	"the tenant is not one of Config.Tenants", "the tenant is not among the Tenants",
	"; Config.MaxTokenSize and MaxHeaderSize set the limits", "",
	" (Config.Require)", "",
	" (RemoteOptions.RootCAs)", "",
	"have the issuer put it into scope, or read the claim in Config.Validate", "have the issuer put it into scope, or the service read that claim",
	"it is a rule of this service's own: Config.Validate", "it is a rule of the service's own",
	"Config.Validate is not set", "rules of the service's own are not known here",
	"Config.Validate", "a rule of the service's own",
	"Config.Require is not set", "nothing more is asked of every token",
	"ask for Claim(", "have the service look into the claim ",
	").Has(", " for ",
	"), or have the issuer", ", or have the issuer",
	"Scope(", "the scope ",
	") is met", " is granted",
	"or set Config.Clients", "or fill in Clients",
	"or add the one that you mean to Config.Algorithms, if it is one that this package knows", "or see what Only algorithm says",
	" than Config.MaxTokenSize or MaxHeaderSize allow", " than are taken",
	"unknown, or not among Config.Algorithms", "unknown, or not the one under Only algorithm",
	"The claim iss is not Config.Issuer", "The claim iss is not the field Issuer",
	"not among Config.Clients", "not among the Clients",
	"A requirement of Config.Require is not met", "A requirement is not met",
	"ago than Config.MaxAge", "ago than is taken",
	", or raise Config.MaxAge", "",
	" Keep keys over a restart with RemoteOptions.SnapshotFile.", "",
	"one of Tenants and InsecureAnyTenant is set, and Issuer has no {tenantid}", "{tenantid} can stand in an issuer once",
	"PEM: ParsePEM reads it", "PEM",
	"a JWK Set: ParseKeySet reads it", "a JWK Set",
	"one JSON Web Key: ParseKey reads it", "one JSON Web Key",
	"configure secrets with HMACKey", "choose Secret",
	"set a MetadataURL", "give the Key set address",
)

var (
	// goPrefix matches the beginning of errors of package jwt.
	goPrefix = regexp.MustCompile(`^jwt: (?:[A-Z][A-Za-z]*: )?(?:Config for issuer "(?:[^"\\]|\\.)*": )?`)
	// goType is a type as an error names it.
	goType = regexp.MustCompile(`\ba \*[a-z0-9]+\.[A-Za-z]+\b`)
)

// inPageWords rewords a sentence. It keeps text in quotes, which comes from a token or a key.
func inPageWords(text string) string {
	text = goType.ReplaceAllString(goPrefix.ReplaceAllString(text, ""), "a key of this kind")
	var b strings.Builder
	for {
		at := quotedPart.FindStringIndex(text)
		if at == nil {
			b.WriteString(pageWords.Replace(text))
			return b.String()
		}
		b.WriteString(pageWords.Replace(text[:at[0]]) + text[at[0]:at[1]])
		text = text[at[1]:]
	}
}
