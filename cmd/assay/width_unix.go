//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"os"
	"syscall"
	"unsafe"
)

// columnsOf returns the width of a terminal; 0 if it is not known.
func columnsOf(f *os.File) int {
	var size struct{ rows, columns, x, y uint16 } // struct winsize of <sys/ioctl.h>
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size))); errno != 0 {
		return 0
	}
	return int(size.columns)
}
