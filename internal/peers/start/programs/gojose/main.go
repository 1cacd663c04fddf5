// Command gojose verifies one token with go-jose, which leaves it to its users to fetch the keys.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func main() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	keys := new(jose.JSONWebKeySet)
	if err := json.NewDecoder(resp.Body).Decode(keys); err != nil {
		log.Fatal(err)
	}
	token, err := jwt.ParseSigned(os.Args[4], []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		log.Fatal(err)
	}
	var claims jwt.Claims
	if err := token.Claims(keys, &claims); err != nil {
		log.Fatal(err)
	}
	if err := claims.Validate(jwt.Expected{Issuer: os.Args[2], AnyAudience: jwt.Audience{os.Args[3]}}); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
