// Command breaking lists what a change to the document breaks for clients:
//
//	breaking OLD.yaml NEW.yaml
//
// It fails if something breaks and info.version doesn't announce it with a new major version or, below
// 1.0.0, a new minor version.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: breaking OLD.yaml NEW.yaml")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "breaking:", err)
		os.Exit(1)
	}
}

func run(before, after string) error {
	older, err := read(before)
	if err != nil {
		return err
	}
	newer, err := read(after)
	if err != nil {
		return err
	}
	broken, err := compare(older, newer)
	if err != nil {
		return err
	}
	for _, what := range broken {
		fmt.Println(what)
	}
	from, to := older.Spec.Info.Version, newer.Spec.Info.Version
	if len(broken) > 0 && generation(from) == generation(to) {
		return fmt.Errorf("clients of version %s break in %d places, but version %s doesn't announce it", from, len(broken), to)
	}
	fmt.Printf("from version %s to %s, clients break in %d places\n", from, to, len(broken))
	return nil
}

func read(name string) (*load.SpecInfo, error) {
	spec, err := load.NewSpecInfo(openapi3.NewLoader(), load.NewSource(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := spec.Spec.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return spec, nil
}

// compare lists breaking changes.
func compare(older, newer *load.SpecInfo) (broken []string, err error) {
	changes, operations, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), older, newer)
	if err != nil {
		return nil, err
	}
	plain := checker.NewDefaultLocalizer()
	for _, c := range checker.CheckBackwardCompatibility(checker.NewConfig(checker.GetAllChecks()), changes, operations) {
		broken = append(broken, fmt.Sprintf("%s %s: %s (%s)", c.GetOperation(), c.GetPath(), c.GetUncolorizedText(plain), c.GetId()))
	}
	return broken, nil
}

// generation is the part of a version that a breaking change must raise.
func generation(version string) string {
	major, rest, _ := strings.Cut(version, ".")
	if major != "0" {
		return major
	}
	minor, _, _ := strings.Cut(rest, ".")
	return major + "." + minor
}
