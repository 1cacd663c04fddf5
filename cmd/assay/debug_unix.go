//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// apart keeps the Ctrl-C that ends assay from ending the browser that assay has started.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
