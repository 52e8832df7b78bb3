// Command report builds the hosts beside it, each with and without Rightful, runs them, and says what
// Rightful adds to each: modules and megabytes. It fails if a host does not build or does not answer as
// it should, or if Rightful brings in a module that the host did not ask for. Run it in its folder:
//
//	go run .
//
// What may not come in is in rules.go, what the hosts have to answer in serve.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
)

// A host is one of the modules beside this one.
type host struct {
	folder, describes string
	routes            []string // the guarded routes of the host with Rightful
	own               []string // those that it guards itself, with Rightful and without
	rules             []rule
}

var hosts = []host{
	{
		folder: "gin-casbin2", describes: "Gin, Casbin v2 and gorm-adapter v3.39",
		routes: []string{"/reports"}, own: []string{"/orders"},
		rules: []rule{addsNothingOf("a database driver", databases...)},
	},
	{
		folder: "gin-casbin3", describes: "Gin, Casbin v3 and gorm-adapter v3.41",
		routes: []string{"/reports"}, own: []string{"/orders"},
		rules: []rule{addsNothingOf("a database driver", databases...)},
	},
	{
		folder: "nethttp", describes: "net/http, the store in memory",
		routes: []string{"/reports"},
		rules:  []rule{linksNothingOf("Gin", gin...), linksNothingOf("a database driver", databases...)},
	},
	{
		folder: "gin-sqlite", describes: "Gin; SQLite comes with Rightful",
		routes: []string{"/reports"},
		rules:  []rule{linksNothingOf("a database other than SQLite", servers...)},
	},
}

func main() {
	folder := flag.String("hosts", "..", "the `folder` of the hosts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *folder, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string, out io.Writer) error {
	scratch, err := os.MkdirTemp("", "hosts")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	var results []result
	var faults []error
	for _, h := range hosts {
		r, err := examine(ctx, h, filepath.Join(folder, h.folder), scratch)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", h.folder, err))
			continue
		}
		results = append(results, r)
		for _, fault := range r.faults() {
			faults = append(faults, fmt.Errorf("%s: %s", h.folder, fault))
		}
	}
	if err := write(out, results); err != nil {
		return err
	}
	return errors.Join(faults...)
}

// examine builds and runs both forms of a host.
func examine(ctx context.Context, h host, folder, scratch string) (result, error) {
	r := result{host: h}
	var err error
	if r.with, err = build(ctx, folder, ".", filepath.Join(scratch, h.folder)); err != nil {
		return result{}, err
	}
	if r.without, err = build(ctx, folder, "./without", filepath.Join(scratch, h.folder+"-without")); err != nil {
		return result{}, err
	}
	if err := serve(ctx, r.with.file, slices.Concat(h.own, h.routes)); err != nil {
		return result{}, err
	}
	if err := serve(ctx, r.without.file, h.own); err != nil {
		return result{}, fmt.Errorf("without Rightful: %w", err)
	}
	return r, nil
}
