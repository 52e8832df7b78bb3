package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// call is one call of a command: its flags and arguments.
type call struct {
	environment
	flags *flag.FlagSet

	db, prefix, output string
	url                string
	printSQL           bool
	keyFile, reason    string
	heads              heads
}

// parse reads the flags, which stand before the arguments.
func (c *call) parse(of command, args []string) error {
	c.flags = flag.NewFlagSet("rightful "+of.name, flag.ContinueOnError)
	c.flags.SetOutput(c.err)
	c.flags.Usage = func() {
		tell(c.err, "Usage: rightful %s [flags] %s\n\nTo %s.\n\n", of.name, of.takes, of.does)
		c.flags.PrintDefaults()
	}
	if !of.remote {
		c.databaseFlags()
	}
	c.flags.StringVar(&c.output, "o", "text", "the `form` of what is said: text or json")
	of.flags(c)
	if err := c.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return misuse{errors.New("see rightful " + of.name + " -h")} // the flag set has said what is wrong
	}
	return c.complete(of)
}

func (c *call) databaseFlags() {
	c.flags.StringVar(&c.db, "db", "", "the `address` of the database: sqlite:PATH, postgres://… or mysql://…; $RIGHTFUL_DB when left out")
	c.flags.StringVar(&c.prefix, "prefix", "", "the `prefix` of the tables")
}

// complete takes from the environment what the flags leave out, and says what is missing.
func (c *call) complete(of command) error {
	if c.db == "" {
		c.db = c.getenv("RIGHTFUL_DB")
	}
	if c.url == "" {
		c.url = c.getenv("RIGHTFUL_URL")
	}
	switch {
	case of.remote && c.url == "":
		return misuse{errors.New("which service? Give -url or set RIGHTFUL_URL")}
	case !of.remote && c.db == "":
		return misuse{errors.New("which database? Give -db or set RIGHTFUL_DB")}
	case c.output != "text" && c.output != "json":
		return misuse{fmt.Errorf("-o is text or json, not %q", c.output)}
	case of.takes == "" && c.flags.NArg() > 0:
		return misuse{fmt.Errorf("takes no arguments, and got %q", c.flags.Arg(0))}
	}
	return nil
}

func (c *call) migrateFlags() {
	c.flags.BoolVar(&c.printSQL, "print", false, "print the SQL instead of running it; the database isn't opened")
}

func (c *call) keyFlag() {
	c.flags.StringVar(&c.keyFile, "record-key", "", "the `file` with the key of the records, if the host gives one (Options.RecordKey), byte for byte")
}

func (c *call) auditFlags() {
	c.keyFlag()
	c.flags.Var(&c.heads, "head", "a head that was kept elsewhere, as `REVISION:HASH`, such as those in the log; may be given again and again")
}

func (c *call) writeFlags() {
	c.keyFlag()
	c.flags.StringVar(&c.reason, "reason", "", "why, for the record")
}

// say writes what came out: for people as text, for programs as JSON.
func (c *call) say(value any, format string, args ...any) error {
	if c.output == "json" {
		return json.NewEncoder(c.out).Encode(value)
	}
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// open opens the store. Only migrate makes tables.
func (c *call) open(ctx context.Context) (*gormstore.Store, error) {
	return database.Open(ctx, c.db, gormstore.Options{Prefix: c.prefix, SkipMigration: true})
}

func (c *call) key() ([]byte, error) {
	if c.keyFile == "" {
		return nil, nil
	}
	key, err := os.ReadFile(c.keyFile)
	if err == nil && len(key) == 0 {
		err = fmt.Errorf("%s is empty", c.keyFile)
	}
	return key, err
}

// acting opens the policy to write to it, as whoever has the machine.
func (c *call) acting(ctx context.Context) (acting authz.Admin, done func(), err error) {
	key, err := c.key()
	if err != nil {
		return authz.Admin{}, nil, err
	}
	store, err := c.open(ctx)
	if err != nil {
		return authz.Admin{}, nil, err
	}
	var engine *authz.Engine
	if err = checkKey(ctx, store, key); err == nil {
		engine, err = authz.Open(ctx, store, authz.Options{RecordKey: key, Logger: slog.New(slog.NewTextHandler(c.err, nil))})
	}
	if err != nil {
		return authz.Admin{}, nil, errors.Join(err, store.Close())
	}
	return engine.AsCommand(whoIsThis()).Because(c.reason), func() { _, _ = engine.Close(), store.Close() }, nil
}

// checkKey refuses to write with another key than the host's: the records wouldn't fit from
// there on.
func checkKey(ctx context.Context, store authz.Store, key []byte) error {
	last, err := store.Before(ctx, 0, 2)
	if err != nil || len(last) == 0 {
		return err
	}
	var before []byte
	if len(last) > 1 {
		before = last[1].Hash
	}
	if !last[0].Follows(before, key) {
		return fmt.Errorf("the last record, of revision %d, isn't hashed with this key: give the host's with -record-key "+
			"(or the record was altered; see rightful audit verify)", last[0].Revision)
	}
	return nil
}

// whoIsThis says who has the machine, for the record.
func whoIsThis() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// heads are those that were kept elsewhere.
type heads []authz.Head

func (h *heads) String() string {
	var b bytes.Buffer
	for _, head := range *h {
		tell(&b, "%d:%x ", head.Revision, head.Hash)
	}
	return strings.TrimSpace(b.String())
}

func (h *heads) Set(s string) error {
	number, text, ok := strings.Cut(s, ":")
	revision, err := strconv.ParseInt(number, 10, 64)
	hash, herr := hex.DecodeString(text)
	if !ok || err != nil || herr != nil || revision < 1 || len(hash) != 32 {
		return errors.New("must be a revision, a colon and 64 hexadecimal digits")
	}
	*h = append(*h, authz.Head{Revision: authz.Revision(revision), Hash: hash})
	return nil
}
