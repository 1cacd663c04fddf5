// Command gojwtmiddleware verifies one token with go-jwt-middleware v2.
package main

import (
	"context"
	"log"
	"net/url"
	"os"
	"time"

	_ "github.com/auth0/go-jwt-middleware/v2" // the middleware itself
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
)

func main() {
	issuer, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	address, err := url.Parse(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	keys := jwks.NewCachingProvider(issuer, 5*time.Minute, jwks.WithCustomJWKSURI(address))
	v, err := validator.New(keys.KeyFunc, validator.ES256, os.Args[2], []string{os.Args[3]})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := v.ValidateToken(context.Background(), os.Args[4]); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
