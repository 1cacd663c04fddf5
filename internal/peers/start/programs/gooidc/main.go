// Command gooidc verifies one token with go-oidc.
package main

import (
	"context"
	"log"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	ctx := context.Background()
	v := oidc.NewVerifier(os.Args[2], oidc.NewRemoteKeySet(ctx, os.Args[1]), &oidc.Config{ClientID: os.Args[3], SupportedSigningAlgs: []string{"ES256"}})
	if _, err := v.Verify(ctx, os.Args[4]); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
