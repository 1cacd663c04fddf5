// This file shows how reports are made.

package explain_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"assay.example/jwt"
	"assay.example/jwt/explain"
	"assay.example/jwt/internal/fixture"
	"assay.example/jwt/jwttest"
)

// Token tells what each step says, and what to do: for people who ask why.
func ExampleToken() {
	iss := fixture.Start()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	token := iss.Token(jwttest.Claims{"aud": "my-app", "azp": "my-app", "nonce": "n-0S6", "email": "ada@example.com"})
	r := explain.Token(context.Background(), v, token).Redact()
	fmt.Println(r.Valid, r.Reason, r.Verified)
	for _, a := range r.Answers {
		fmt.Println(a.Text, a.Verdict)
	}
	for _, s := range r.Steps {
		if s.Verdict == explain.VerdictFail {
			fmt.Println(s.Text)
			fmt.Println(s.Hint)
		}
	}
	// Output:
	// false audience_mismatch true
	// Is it well formed? PASS
	// Has it been tampered with? PASS
	// Is it in its validity period? PASS
	// Is it from the intended authority? PASS
	// Is it meant for this application? FAIL
	// wrong audience: aud is "my-app", want "https://api.example.com"
	// it looks like an ID token (it has nonce, an aud that equals azp), which tells a client who its user is: send an API the access token instead
}

// TokenAt tells whether a token was valid when a request was refused.
func ExampleTokenAt() {
	iss := fixture.Start()
	defer iss.Close()
	v, err := jwt.NewVerifier(iss.Config())
	if err != nil {
		log.Fatal(err)
	}
	refusedAt := time.Date(2026, 11, 21, 19, 3, 12, 0, time.UTC)
	token := iss.Token(jwttest.Claims{"iat": refusedAt.Unix() - 3600, "exp": refusedAt.Unix() - 192})
	r := explain.TokenAt(context.Background(), v, token, refusedAt)
	fmt.Println(r.Text, errors.Is(r.Refusal, jwt.ErrExpired))
	// Output:
	// token expired: 3m12s ago (2026-11-21T19:00:00Z) true
}

// A nil Verifier trusts no issuer: the report says whether the token is well formed, and what is in it.
func ExampleToken_inspect() {
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE3OTUyODc2MDB9.c2ln"
	r := explain.Token(context.Background(), nil, token)
	fmt.Println(r.Answers[0].Text, r.Answers[0].Verdict)
	for _, f := range r.Claims {
		fmt.Printf("%s %s\n", f.Name, f.Value)
	}
	// Output:
	// Is it well formed? PASS
	// sub "ada"
	// exp 1795287600
}

func ExampleAdvice() {
	meaning, do := explain.Advice(jwt.ReasonTokenExpired)
	fmt.Println(meaning)
	fmt.Println(do)
	// Output:
	// The time in exp is past, by more than the leeway.
	// Have the client get a new token before the old one ends. If all tokens are expired, compare this machine's clock with the issuer's.
}
