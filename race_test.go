//go:build race

// This file says what the race detector adds to allocation counts and to time.

package jwt_test

// perDrop is what it costs that sync.Pool drops some of what it gets: a new workspace, now and again.
const perDrop = 8

// slower is how much longer the steps of a simulated flood are, so that there are fewer of them.
const slower = 10
