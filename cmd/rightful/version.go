package main

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			b := buildInfo()
			return out.print(b, "rightful %s (%s)", b.Version, b.Go)
		},
	}
}

// build says what the program was built from.
type build struct {
	Version  string `json:"version"`            // "(devel)" unless built as a module of a known version
	Revision string `json:"revision,omitempty"` // of version control
	Go       string `json:"go"`
}

func buildInfo() build {
	b := build{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = cmp.Or(info.Main.Version, b.Version)
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.Revision = setting.Value
		}
	}
	return b
}
