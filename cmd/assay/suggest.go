// This file guesses which command or flag a misspelled word means.

package main

import (
	"slices"
	"strings"
)

// otherNames are what people call commands elsewhere.
var otherNames = map[string]string{
	"decode": "inspect", "parse": "inspect", "show": "inspect", "check": "verify", "validate": "verify", "explain": "verify", "jwks": "keys", "page": "debug",
}

// nearest returns the name that a word most likely means; empty if none is near.
func nearest(word string, names []string) string {
	word = strings.ToLower(word)
	var begins []string
	best, least := "", len(word)/3+1 // no mistake in two letters, one in three, more in a long word
	for _, name := range names {
		if len(word) > 1 && strings.HasPrefix(name, word) {
			begins = append(begins, name)
		}
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	if len(begins) == 1 {
		return begins[0]
	}
	return best
}

// distance counts the letters that were added, left out, replaced or swapped with the next one.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 40 // no name is that long
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
	}
	return rows[1][len(b)]
}

// meant asks whether the nearest name was meant; empty if there is none. dash is put before the name.
func meant(word, dash string, names []string) string {
	name := nearest(word, names)
	if other := otherNames[word]; dash == "" && other != "" && slices.Contains(names, other) {
		name = other
	}
	if name == "" {
		return ""
	}
	return "; did you mean " + dash + name + "?"
}
