// Command assay verifies one token with this module.
package main

import (
	"context"
	"log"
	"os"

	"assay.example/jwt"
)

func main() {
	ctx := context.Background()
	keys, err := jwt.NewRemoteKeySet(os.Args[1], &jwt.RemoteOptions{InsecureLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	v, err := jwt.NewVerifier(jwt.Config{Issuer: os.Args[2], Audience: []string{os.Args[3]}, Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	if err := v.Warm(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := v.Verify(ctx, os.Args[4]); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
