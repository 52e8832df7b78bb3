package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine describes the machine and the versions that were measured.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s, %s/%s; %s", processor(), runtime.NumCPU(),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(versions(), ", "))
}

// processor returns the name of the processor, which is known only on Linux.
func processor() string {
	const unknown = "unknown processor"
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

// versions returns the versions of the peers in this binary.
func versions() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	names := map[string]string{
		"github.com/casbin/casbin/v2":      "Casbin",
		"github.com/cedar-policy/cedar-go": "cedar-go",
		"github.com/open-policy-agent/opa": "OPA",
	}
	var list []string
	for _, module := range info.Deps {
		if name := names[module.Path]; name != "" {
			list = append(list, name+" "+module.Version)
		}
	}
	return list
}
