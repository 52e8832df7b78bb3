package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/spf13/cobra"
)

// source is where a command finds the policy: in a database, behind a running service, or, for commands that
// only read, in a seed folder.
type source struct {
	db      databaseFlags
	key     recordKey
	catalog string // the file
	service service
	seed    string // the folder
}

func (s *source) addFlags(cmd *cobra.Command) {
	s.db.addFlags(cmd)
	s.key.addFlag(cmd)
	s.service.addFlags(cmd)
	cmd.Flags().StringVar(&s.catalog, "catalog", "", "catalog `file` of the application (permissions.csv), only with --db: a database has none (default $RIGHTFUL_CATALOG)")
}

func (s *source) addSeedFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.seed, "seed", "", "seed `folder` to use in place of a database or a service")
}

// choose takes what the flags leave out from the environment. One way to the policy has to remain.
func (s *source) choose(getenv func(string) string) error {
	given := 0
	for _, address := range []string{s.db.address, s.service.address, s.seed} {
		if address != "" {
			given++
		}
	}
	if given == 0 {
		s.db.address, s.service.address = getenv("RIGHTFUL_DB"), getenv("RIGHTFUL_URL")
	}
	switch {
	case given > 1:
		return usageError{errors.New("--db, --url and --seed can't be combined: use one of them")}
	case s.db.address != "" && s.service.address != "":
		return usageError{errors.New("both RIGHTFUL_DB and RIGHTFUL_URL are set: use --db or --url to choose one")}
	case s.db.address == "" && s.service.address == "" && s.seed == "":
		return usageError{errors.New("no policy given: use --db or --url, or set RIGHTFUL_DB or RIGHTFUL_URL")}
	case s.catalog != "" && s.db.address == "":
		return usageError{errors.New("--catalog works only with --db: a service and a seed have a catalog of their own")}
	}
	if s.db.address != "" {
		s.catalog = cmp.Or(s.catalog, getenv("RIGHTFUL_CATALOG"))
	}
	return nil
}

// policy is an open policy. Whatever the source, the same code answers: the interface of a service, asked over the
// network or within this process.
type policy struct {
	*client.Client
	answers *answers
	engine  *authz.Engine // of a database or a seed, otherwise nil
	store   authz.Store   // of a database, otherwise nil
	close   func()

	view        *authz.View      // of the engine, for all decisions; see [policy.decide]
	decided     openapi.Revision // the same of a service
	noRevisions bool             // the caller may not view changes
}

// open opens the policy. On a database and a seed, the command acts with an administrator's rights and is recorded as
// itself; a service acts for the owner of the token.
func (s *source) open(ctx context.Context, p process) (*policy, error) {
	if err := s.choose(p.getenv); err != nil {
		return nil, err
	}
	switch {
	case s.service.address != "":
		transport, err := s.service.transport(p)
		if err != nil {
			return nil, err
		}
		return newPolicy(s.service.address, transport, func() {})
	case s.seed != "":
		return openSeed(ctx, p, s.seed)
	}
	catalog, err := s.readCatalog()
	if err != nil {
		return nil, err
	}
	session, err := openSession(ctx, &s.db, s.key, authz.Options{Catalog: catalog, Logger: warnings(p)})
	if err != nil {
		return nil, err
	}
	opened, err := openWithin(session.engine, session.close)
	if err != nil {
		return nil, err
	}
	opened.store = session.store
	return opened, nil
}

func (s *source) readCatalog() (authz.Catalog, error) {
	if s.catalog == "" {
		return nil, nil
	}
	file, err := os.Open(s.catalog)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer func() { _ = file.Close() }()
	catalog, err := policycsv.ReadCatalog(file)
	if err != nil {
		return nil, linesError(s.catalog, err)
	}
	return catalog, nil
}

// openSeed makes the policy of a seed, in memory.
func openSeed(ctx context.Context, p process, folder string) (*policy, error) {
	seed, err := policycsv.ReadSeed(os.DirFS(folder))
	if err != nil {
		return nil, inSeed(folder, err)
	}
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{Seed: &seed, Logger: warnings(p)})
	if err != nil {
		return nil, inSeed(folder, linesError(filepath.Join(folder, "policy.csv"), err))
	}
	return openWithin(engine, func() { closeEngine(engine) })
}

// openWithin opens the policy of an engine in this process.
func openWithin(engine *authz.Engine, closes func()) (*policy, error) {
	opened, err := newPolicy(localAddress, within(engine), closes)
	if err != nil {
		return nil, err
	}
	opened.engine = engine
	return opened, nil
}

func newPolicy(address string, transport http.RoundTripper, closes func()) (*policy, error) {
	answers := &answers{next: transport}
	sender := &http.Client{Transport: answers, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	c, err := client.New(address, client.Options{HTTP: sender})
	if err != nil {
		closes()
		return nil, usageError{err}
	}
	return &policy{Client: c, answers: answers, close: closes}, nil
}

// revision is the one that the last write left.
func (p *policy) revision() authz.Revision { return authz.Revision(p.answers.lastRevision()) }
