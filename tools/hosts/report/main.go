// Command report builds the hosts in the neighboring folders, each with and without Rightful, runs them,
// and reports the modules and megabytes that Rightful adds. It fails if a host doesn't build or gives
// wrong answers, or if Rightful adds a module that it must not add. Run it in its folder:
//
//	go run .
//
// The rules about modules are in rules.go, the expected answers in serve.go.
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

// A host is one of the modules in the neighboring folders.
type host struct {
	folder, describes string
	routes            []string // the guarded routes of the host with Rightful
	own               []string // the routes that it guards itself, with and without Rightful
	rules             []rule
}

var hosts = []host{
	{
		folder: "gin-casbin2", describes: "Gin, Casbin v2 and gorm-adapter v3.39",
		routes: []string{"/reports"}, own: []string{"/orders"},
		rules: []rule{mustNotAdd("a database driver", databases...)},
	},
	{
		folder: "gin-casbin3", describes: "Gin, Casbin v3 and gorm-adapter v3.41",
		routes: []string{"/reports"}, own: []string{"/orders"},
		rules: []rule{mustNotAdd("a database driver", databases...)},
	},
	{
		folder: "nethttp", describes: "net/http, the store in memory",
		routes: []string{"/reports"},
		rules:  []rule{mustNotLink("Gin", gin...), mustNotLink("a database driver", databases...)},
	},
	{
		folder: "gin-sqlite", describes: "Gin; SQLite comes with Rightful",
		routes: []string{"/reports"},
		rules:  []rule{mustNotLink("a database other than SQLite", servers...)},
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
