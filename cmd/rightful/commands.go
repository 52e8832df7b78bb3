package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// migrate makes the tables or moves them on, or prints what would.
func migrate(ctx context.Context, c *call) error {
	if c.printSQL {
		kind, _, _ := strings.Cut(c.db, ":")
		if kind == "postgresql" {
			kind = "postgres"
		}
		sql, err := database.MigrationSQL(kind, c.prefix)
		if err != nil {
			return misuse{err}
		}
		return c.say(map[string]string{"sql": sql}, "%s", strings.TrimSuffix(sql, "\n"))
	}
	store, err := database.Open(ctx, c.db, gormstore.Options{Prefix: c.prefix})
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	return c.say(map[string]bool{"migrated": true}, "The tables are as this version of Rightful needs them.")
}

// verify replays the records. It writes nothing.
func verify(ctx context.Context, c *call) error {
	key, err := c.key()
	if err != nil {
		return err
	}
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	position, err := store.Position(ctx)
	if err != nil {
		return err
	}
	if c.output == "text" && position.Revision > manyRecords {
		tell(c.err, "Replaying %d records …\n", position.Revision)
	}
	n, err := authz.AuditRecords(ctx, store, key, c.heads...)
	var misfit *authz.Error
	if err != nil && !errors.As(err, &misfit) {
		return err
	}
	result := verified{Records: n, Revision: position.Revision, Hash: hex.EncodeToString(position.Hash), Fits: err == nil}
	if misfit != nil {
		result.Misfit = misfit.Revision
		result.Fault = misfit.Detail
		if c.output == "json" {
			return errors.Join(c.say(result, ""), errors.New("the records don't fit"))
		}
		return fmt.Errorf("%d records fit. The first that doesn't is that of revision %d: %s", n, misfit.Revision, misfit.Detail)
	}
	return c.say(result, "All %d records fit, and the tables are where they lead. The head is %d:%s.", n, result.Revision, result.Hash)
}

// manyRecords take more than a moment.
const manyRecords = 20_000

// verified is what a program is told of a verification.
type verified struct {
	Fits     bool           `json:"fits"`
	Records  int            `json:"records"` // that fit
	Revision authz.Revision `json:"revision"`
	Hash     string         `json:"hash"`
	Misfit   authz.Revision `json:"misfit,omitempty"` // the first revision whose record doesn't fit
	Fault    string         `json:"fault,omitempty"`
}

// bootstrap makes someone an administrator.
func bootstrap(ctx context.Context, c *call) error {
	if c.flags.NArg() != 1 {
		return misuse{errors.New("takes the id of one user, behind the flags")}
	}
	acting, done, err := c.acting(ctx)
	if err != nil {
		return err
	}
	defer done()
	user := c.flags.Arg(0)
	change, err := acting.Bootstrap(ctx, authz.UserID(user))
	if err != nil {
		return err
	}
	return c.changed(change, fmt.Sprintf("%q is an administrator", user))
}

// repair takes bad rows out of the table.
func repair(ctx context.Context, c *call) error {
	var ids []int64
	for _, arg := range c.flags.Args() {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil {
			return misuse{fmt.Errorf("%q isn't the id of a row", arg)}
		}
		ids = append(ids, id)
	}
	acting, done, err := c.acting(ctx)
	if err != nil {
		return err
	}
	defer done()
	change, err := acting.RemoveBadRows(ctx, ids...)
	if err != nil {
		return err
	}
	if c.output == "text" {
		for _, row := range change.Delta.RemovedRows {
			tell(c.out, "  %d: %s (%s)\n", row.ID, strings.Join(row.Values, ", "), row.Detail)
		}
	}
	return c.changed(change, fmt.Sprintf("%d rows taken out", len(change.Delta.RemovedRows)))
}

// changed says what was done, and under which revision.
func (c *call) changed(change authz.Change, what string) error {
	result := map[string]any{"revision": change.Revision, "changed": change.Revision > 0}
	if change.Revision == 0 {
		return c.say(result, "%s: it is so already.", what)
	}
	return c.say(result, "%s, by revision %d. It counts on every instance.", what, change.Revision)
}
