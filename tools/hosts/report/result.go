package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
)

// A result has both builds of a host.
type result struct {
	host
	with, without binary
}

// added returns the modules that Rightful adds, including itself.
func (r result) added() []string {
	return slices.DeleteFunc(slices.Clone(r.with.modules), func(m string) bool { return slices.Contains(r.without.modules, m) })
}

// faults returns a message for each rule that the host breaks.
func (r result) faults() (faults []string) {
	for _, broken := range slices.Concat(everywhere, r.rules) {
		if fault := broken(r); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// write writes the results as text, and their figures as a Markdown table.
func write(out io.Writer, results []result) error {
	var b strings.Builder
	for _, r := range results {
		fmt.Fprintf(&b, "%s (%s): %d modules instead of %d, %s MB instead of %s\n",
			r.folder, r.describes, len(r.with.modules), len(r.without.modules), megabytes(r.with), megabytes(r.without))
		for _, module := range r.added() {
			fmt.Fprintf(&b, "  + %s\n", module)
		}
	}
	fmt.Fprintf(&b, "\nBuilt with go build, %s, %s/%s, and the versions of the go.mod of each host. Modules are those that the\n"+
		"binary links, 1 MB is 1,000,000 bytes.\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	b.WriteString("| host | modules with Rightful | without | MB with Rightful | without |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s |\n",
			r.describes, len(r.with.modules), len(r.without.modules), megabytes(r.with), megabytes(r.without))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func megabytes(b binary) string { return fmt.Sprintf("%.1f", float64(b.bytes)/1e6) }
