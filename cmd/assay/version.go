// This file is the command version: it says which build of assay this is.

package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = command{
	name:     "version",
	synopsis: "[-json]",
	summary:  "say which version of assay this is",
	about: "version prints the version of the module, the revision of the repository that it was built from,\n" +
		"and the version of Go that built it: what a bug report needs.\n\n" +
		"With -json the result is one object: module, version, revision, time, modified, go, os and arch.\n" +
		"What is not known is absent.",
	example: "assay version\nassay version -json",
	run:     runVersion,
}

// buildVersion is what version prints as JSON.
type buildVersion struct {
	Module   string `json:"module,omitempty"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`     // of the revision
	Modified bool   `json:"modified,omitempty"` // the build has changes that the revision lacks
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func runVersion(_ context.Context, c *call) int {
	flags := c.flags()
	asJSON := flags.Bool("json", false, "print JSON")
	if code, ok := c.parse(flags, 0); !ok {
		return code
	}
	info, _ := debug.ReadBuildInfo()
	v := versionOf(info)
	var err error
	if *asJSON {
		err = c.printJSON(v)
	} else {
		_, err = fmt.Fprint(c.stdout, v)
	}
	if err != nil {
		return c.failed(err)
	}
	return exitOK
}

// versionOf reads the build information; nil if there is none.
func versionOf(info *debug.BuildInfo) buildVersion {
	v := buildVersion{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info == nil {
		return v
	}
	v.Module, v.Version = info.Main.Path, info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (v buildVersion) String() string {
	text := "assay"
	if v.Version != "" {
		text += " " + v.Version
	}
	text += "\n"
	if v.Module != "" {
		text += "module    " + v.Module + "\n"
	}
	if v.Revision != "" {
		text += "revision  " + v.Revision
		if v.Time != "" {
			text += " of " + v.Time
		}
		if v.Modified {
			text += ", with changes"
		}
		text += "\n"
	}
	return text + "go        " + v.Go + " " + v.OS + "/" + v.Arch + "\n"
}
