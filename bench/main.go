// Command bench measures the time of one decision by Rightful, by its peers and by a bare Go map,
// on the same policies and in the same process.
//
//	go run . -sizes S,M
//
// It prints Markdown, or JSON with -o json. The policies are in policy.go, the questions in
// questions.go and the measurement in measure.go. Each contestant has its own file.
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

// perMeasurement is how long each contestant is asked each of the four kinds of questions at each
// size. The slowest need about thirty milliseconds for a decision.
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

// measureAll measures all contestants at one size, one after another, so that the memory of one is
// freed before the next is loaded.
func measureAll(p policy, about time.Duration, progress *slog.Logger) (results, error) {
	r := results{Name: p.name, Groups: p.groups, Rules: p.rules, Users: p.users}
	questions := p.asked()
	for _, create := range contestants {
		s := create()
		progress.Info("loading and measuring", "size", p.name, "contestant", s.name())
		l, err := measureOne(s, p, questions, about)
		if err != nil {
			return results{}, fmt.Errorf("size %s: %w", p.name, err)
		}
		r.add(l)
	}
	return r, nil
}

func measureOne(s contestant, p policy, questions []asked, about time.Duration) (loaded, error) {
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
