//go:build race

// This file says what the race detector adds to allocation counts.

package jwt_test

// perDrop is what it costs that sync.Pool drops some of what it gets: a new workspace, now and again.
const perDrop = 8
