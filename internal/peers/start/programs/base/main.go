// Command base fetches the keys and decodes them, as a service has net/http and encoding/json anyway: it verifies nothing.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
)

func main() {
	resp, err := http.Get(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var keys any
	if err := json.NewDecoder(resp.Body).Decode(&keys); err != nil {
		log.Fatal(err)
	}
	os.Stdout.WriteString("ok\n")
}
