package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine says on what and with what the numbers were measured.
func machine() string {
	return fmt.Sprintf("%s, %d cores, %s, %s/%s; %s", processor(), runtime.NumCPU(),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(versions(), ", "))
}

// processor returns its name where the system tells, which is on Linux.
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

// versions returns those of the peers, as they were built in.
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
