// Command jwx verifies one token with jwx.
package main

import (
	"context"
	"log"
	"os"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

func main() {
	keys, err := jwk.Fetch(context.Background(), os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if _, err := jwt.ParseString(os.Args[4], jwt.WithKeySet(keys), jwt.WithIssuer(os.Args[2]), jwt.WithAudience(os.Args[3]),
		jwt.WithRequiredClaim(jwt.ExpirationKey)); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
