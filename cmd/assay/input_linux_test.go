// This file tests what a terminal does to a token that is pasted into it.

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// pseudoTerminal opens one: what is written to typed is read from stdin.
func pseudoTerminal(t *testing.T) (typed, stdin *os.File) {
	t.Helper()
	typed, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { typed.Close() })
	var locked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, typed.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	if stdin, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	return typed, stdin
}

// A line that the terminal has cut is no token that was tampered with.
func TestCutByTerminal(t *testing.T) {
	for _, c := range []struct {
		size, code int
		stderr     string
	}{
		{4094, exitFailed, "Paste the token"},
		{4095, exitUsage, "the end of the token is probably lost"},
		{6000, exitUsage, "the end of the token is probably lost"},
	} {
		typed, stdin := pseudoTerminal(t)
		if _, err := typed.WriteString(strings.Repeat("a", c.size) + "\n\x04"); err != nil {
			t.Fatal(err)
		}
		stdout, stderr := newOutput(""), newOutput("")
		if code := run([]string{"inspect"}, stdin, stdout, stderr); code != c.code || !strings.Contains(stderr.String(), c.stderr) {
			t.Errorf("%d bytes: exit status %d\n%s%s", c.size, code, stdout, stderr)
		}
	}
}
