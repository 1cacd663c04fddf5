//go:build !unix

package main

import "os/exec"

// apart does nothing on systems where the program that opens links ends at once.
func apart(*exec.Cmd) {}
