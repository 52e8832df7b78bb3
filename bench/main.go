// Command bench measures the time of one decision by Rightful, by its peers and by a bare Go map,
// on the same policies and in the same process.
//
//	go run . -sizes S,M
//
// It prints Markdown, or JSON with -o json, and draws charts with -charts. The policies are in policy.go, the questions in
// questions.go and the measurement in measure.go. Each contestant has its own file.
package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// perMeasurement is how long each contestant is asked each of the four kinds of questions in each
// scenario. The slowest need about thirty milliseconds for a decision.
const perMeasurement = 500 * time.Millisecond

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:forbidigo // this is main
	}
}

// options are what to measure.
type options struct {
	sizes, ids, neighbors []string
	peers, wildcards      bool
}

func run(arguments []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.SetOutput(stderr)
	var o options
	list := func(name string, all []string, usage string) func() ([]string, error) {
		chosen := flags.String(name, strings.Join(all, ","), usage+": "+strings.Join(all, ", "))
		return func() ([]string, error) {
			names := strings.Split(*chosen, ",")
			for _, n := range names {
				if !slices.Contains(all, n) {
					return nil, fmt.Errorf("-%s: unknown %q: choose from %s", name, n, strings.Join(all, ", "))
				}
			}
			return names, nil
		}
	}
	chosenSizes := list("sizes", sizes, "the `sizes` to measure")
	chosenIDs := list("ids", userIDs, "the `kinds` of user ids")
	chosenNeighbors := list("neighbors", neighbors, "the `neighbors`, processes beside which to measure")
	flags.BoolVar(&o.peers, "peers", true, "measure the peers too, not only Rightful and the bare map")
	flags.BoolVar(&o.wildcards, "wildcards", true, "measure a policy with a wildcard in each group too")
	format := flags.String("o", "markdown", "the `format` to print: markdown or json")
	charts := flags.String("charts", "", "write charts of the sizes, as SVG, into this `folder`")
	neighbor := flags.String(touchFlag[1:], "", "be a `neighbor` until the standard input ends; bench uses it itself")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *neighbor != "" {
		return touch(*neighbor, stdin, stdout)
	}
	var all report
	printed := map[string]func(io.Writer) error{
		"markdown": func(w io.Writer) error { return all.markdown(w) },
		"json":     func(w io.Writer) error { return all.json(w) },
	}[*format]
	if printed == nil {
		return fmt.Errorf("there is no format %q, only markdown and json", *format)
	}
	for _, choose := range []struct {
		to   *[]string
		from func() ([]string, error)
	}{{&o.sizes, chosenSizes}, {&o.ids, chosenIDs}, {&o.neighbors, chosenNeighbors}} {
		var err error
		if *choose.to, err = choose.from(); err != nil {
			return err
		}
	}
	var err error
	if all, err = measureAll(o, perMeasurement, slog.New(slog.NewTextHandler(stderr, nil))); err != nil {
		return err
	}
	if *charts != "" {
		if err := all.charts(*charts); err != nil {
			return err
		}
	}
	return printed(stdout)
}

// measureAll measures what the options say.
func measureAll(o options, about time.Duration, progress *slog.Logger) (report, error) {
	all := report{Machine: machine()}
	for _, size := range o.sizes {
		if !o.peers {
			break
		}
		r, err := measureSize(sized(size), contestants[1:], neighbors[:1], about, progress)
		if err != nil {
			return report{}, err
		}
		all.Sizes = append(all.Sizes, r...)
	}
	for _, size := range o.sizes {
		var policies []policy
		for _, ids := range o.ids {
			policies = append(policies, sized(size).withIDs(ids))
		}
		if o.wildcards {
			policies = append(policies, sized(size).withWildcards())
		}
		for _, p := range policies {
			r, err := measureSize(p, contestants[1:2], o.neighbors, about, progress)
			if err != nil {
				return report{}, err
			}
			all.Pairs = append(all.Pairs, r...)
		}
	}
	return all, nil
}

// measureSize measures contestants with one policy, beside each of the neighbors. The bare map stays loaded; the
// others are loaded one after another, so that the memory of one is freed before the next.
func measureSize(p policy, others []func() contestant, neighbors []string, about time.Duration, progress *slog.Logger) ([]results, error) {
	base, questions := contestants[0](), p.asked()
	ofBase, err := load(base, p)
	if err != nil {
		return nil, fmt.Errorf("size %s: %w", p.name, err)
	}
	list := make([]results, len(neighbors))
	for i, neighbor := range neighbors {
		list[i] = results{
			Name: p.name, Groups: p.groups, Rules: p.rules, Users: p.users,
			IDs: p.ids, Wildcards: p.wildcards, Neighbor: neighbor,
		}
	}
	for i, create := range others {
		s := create()
		progress.Info("loading and measuring", "size", p.name, "ids", p.ids, "wildcards", p.wildcards, "contestant", s.name())
		l, err := load(s, p)
		if err != nil {
			return nil, fmt.Errorf("size %s: %w", p.name, err)
		}
		for j, neighbor := range neighbors {
			pair := [2]loaded{ofBase, l}
			err := beside(neighbor, func() error { return measureKinds(base, s, questions, about, &pair) })
			if err != nil {
				return nil, fmt.Errorf("size %s: %w", p.name, err)
			}
			if i == 0 {
				list[j].Contestants = append(list[j].Contestants, pair[0])
			}
			list[j].Contestants = append(list[j].Contestants, pair[1])
		}
	}
	return list, nil
}

func measureKinds(base, s contestant, questions []asked, about time.Duration, pair *[2]loaded) error {
	for _, a := range questions {
		ofBase, ofS, err := measureBeside(base, s, a, about)
		if err != nil {
			return fmt.Errorf("%s: %w", a.kind, err)
		}
		pair[0].Measured, pair[1].Measured = append(pair[0].Measured, ofBase), append(pair[1].Measured, ofS)
	}
	return nil
}
