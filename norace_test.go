//go:build !race

// This file says that nothing is added to allocation counts or time without the race detector.

package jwt_test

const perDrop = 0

const slower = 1
