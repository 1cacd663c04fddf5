// This file checks behind all tests that no goroutine of the package outlives them and that no refusal
// repeats its token. What tests share is in internal/fixture.

package jwt_test

import (
	"os"
	"testing"

	"assay.example/jwt/internal/fixture"
)

func TestMain(m *testing.M) { os.Exit(fixture.Run(m)) }
