// This file tests version.

package main

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	goLine := "go        " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	info := &debug.BuildInfo{Main: debug.Module{Path: "example.com/x", Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-11-21T19:03:12Z"}, {Key: "vcs.modified", Value: "true"}, {Key: "GOOS", Value: "x"}}}
	for want, info := range map[string]*debug.BuildInfo{
		"assay\n" + goLine: nil,
		"assay v1.2.3\nmodule    example.com/x\nrevision  0123456789abcdef of 2026-11-21T19:03:12Z, with changes\n" + goLine: info,
	} {
		if got := versionOf(info).String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	for _, name := range []string{"version", "-version", "--version"} {
		code, stdout, stderr := ran(t, "", name)
		if code != exitOK || stderr != "" || !strings.HasPrefix(stdout, "assay") || !strings.HasSuffix(stdout, goLine) {
			t.Errorf("%s: exit status %d\n%s%s", name, code, stdout, stderr)
		}
	}
	_, stdout, _ := ran(t, "", "version", "-json")
	var v map[string]any
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || v["go"] != runtime.Version() {
		t.Errorf("%v: %s", err, stdout)
	}
	for name := range v {
		if !strings.Contains(versionCommand.about, name) {
			t.Errorf("%s is not documented", name)
		}
	}
}
