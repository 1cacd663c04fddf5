// Command golangjwt verifies one token with golang-jwt and keyfunc.
package main

import (
	"log"
	"os"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

func main() {
	keys, err := keyfunc.NewDefault([]string{os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := jwt.Parse(os.Args[4], keys.Keyfunc, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(os.Args[2]),
		jwt.WithAudience(os.Args[3]), jwt.WithExpirationRequired()); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
