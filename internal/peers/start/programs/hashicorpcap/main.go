// Command hashicorpcap verifies one token with hashicorp/cap.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/cap/jwt"
)

func main() {
	ctx := context.Background()
	keys, err := jwt.NewJSONWebKeySet(ctx, os.Args[1], "")
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewValidator(keys)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := v.Validate(ctx, os.Args[4], jwt.Expected{Issuer: os.Args[2], Audiences: []string{os.Args[3]}, SigningAlgorithms: []jwt.Alg{jwt.ES256}}); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
