// The program of this folder prints the measures of the root package: go run ./internal/house/cmd
package main

import (
	"fmt"
	"os"

	"assay.example/jwt/internal/house"
)

func main() {
	r, err := house.Measure(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(r)
}
