// Command bench measures what one decision takes: Rightful's, its peers' and that of a bare
// Go map, on the same policies, in one run of one process.
//
//	go run . -sizes S,M
//
// It prints Markdown, or with -o json the same for programs. What is measured stands in
// policy.go and questions.go, how in measure.go, and each subject in a file of its own.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"
)

// perMeasurement is how long each of the four kinds of questions is asked, of each subject at
// each size. The slowest take some thirty milliseconds for a decision.
const perMeasurement = 500 * time.Millisecond

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

func run(arguments []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.SetOutput(stderr)
	chosen := flags.String("sizes", strings.Join(sizes, ","), "the `sizes` to measure")
	format := flags.String("o", "markdown", "the `format` to print: markdown or json")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	all := report{Machine: machine()}
	printed := map[string]func(io.Writer) error{
		"markdown": func(w io.Writer) error { return all.markdown(w) },
		"json":     func(w io.Writer) error { return all.json(w) },
	}[*format]
	if printed == nil {
		return fmt.Errorf("there is no format %q, only markdown and json", *format)
	}
	var policies []policy
	for name := range strings.SplitSeq(*chosen, ",") {
		p, err := sized(name)
		if err != nil {
			return err
		}
		policies = append(policies, p)
	}
	progress := slog.New(slog.NewTextHandler(stderr, nil))
	for _, p := range policies {
		r, err := measureAll(p, perMeasurement, progress)
		if err != nil {
			return err
		}
		all.Sizes = append(all.Sizes, r)
	}
	return printed(stdout)
}

// measureAll measures all subjects at one size, one after the other: what one holds in memory
// is gone before the next is loaded.
func measureAll(p policy, about time.Duration, progress *slog.Logger) (results, error) {
	r := results{Name: p.name, Groups: p.groups, Rules: p.rules, Users: p.users}
	questions := p.asked()
	for _, create := range subjects {
		s := create()
		progress.Info("loading and measuring", "size", p.name, "subject", s.name())
		l, err := measureOne(s, p, questions, about)
		if err != nil {
			return results{}, fmt.Errorf("size %s: %w", p.name, err)
		}
		r.add(l)
	}
	return r, nil
}

func measureOne(s subject, p policy, questions []asked, about time.Duration) (loaded, error) {
	l, err := load(s, p)
	if err != nil {
		return loaded{}, err
	}
	for _, a := range questions {
		m, err := measure(s, a, about)
		if err != nil {
			return loaded{}, fmt.Errorf("%s: %w", a.kind, err)
		}
		l.Measured = append(l.Measured, m)
	}
	return l, nil
}
