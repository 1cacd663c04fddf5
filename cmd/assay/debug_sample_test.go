// This file tests the examples of the page of debug.

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

func TestDebugSamples(t *testing.T) {
	d := startDebugging(t)
	d.enter(d.link)
	for kind, want := range map[string]string{
		"good": "PASS PASS PASS PASS PASS", "expired": "PASS PASS FAIL PASS PASS", "tampered": "PASS FAIL SKIP SKIP SKIP", "slash": "PASS PASS PASS FAIL PASS",
	} {
		status, _, body := d.send(http.MethodPost, "/api/example", fmt.Sprintf(`{"kind": %q}`, kind))
		var s sample
		if err := json.Unmarshal([]byte(body), &s); err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d, %v", kind, status, err)
		}
		told := d.ask(debugAsk{Token: s.Token, Issuer: s.Issuer, Audience: []string{s.Audience}, Source: "key", Key: s.Key})
		if got := told.verdicts(); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
	if status, _, _ := d.send(http.MethodPost, "/api/example", `{"kind": "nonsense"}`); status != http.StatusBadRequest {
		t.Errorf("status %d", status)
	}
}
