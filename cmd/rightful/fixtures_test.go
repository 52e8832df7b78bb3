package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	sqlitestore "github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

// shell has the commands that prepare a transcript:
//
//	export NAME=VALUE…    sets environment variables
//	write FILE TEXT       writes a file
//	echo TEXT             prints a line
//	seed FOLDER           copies the seed and the expected decisions of authz/testdata/backoffice
//	cat FILE              prints a file
//	ls                    lists the files
//	office FILE [KEY]     makes a policy in an SQLite file, whose records are keyed with KEY: ana is its
//	                      administrator, HEAD its head
//	busy FILE REVISION    makes changes in such a file up to a revision
//	casbin FILE NAME      writes a table of authz/testdata/adoption into an SQLite file, as a program with
//	                      gorm-adapter would, and its model into NAME.conf
//	sql FILE STATEMENT    does what another program might do to the tables
//	can FILE USER         says whether the policy lets a user do a:b, and records foreign rows
//	serve [FILE]          starts a service at RIGHTFUL_URL, with the policy of a file or one in memory; tokens
//	                      are user ids
//	deny USER PERMISSION  has the service deny a user, by the id in DENIAL
//	ask NAME USER PERMISSION [UNTIL]  has a user ask the policy of backoffice for access, by the id in NAME
//	backoffice            makes the policy of authz/testdata/backoffice, in a database or behind a service as the
//	                      test says, for the commands that follow; operator@host is an administrator, FRIDAY a
//	                      time to come. It was made in the year 2000
//	recorded DAYS [TO]    says that uses were recorded from so many days ago to TO days ago, or today
//	use DAYS USER PERMISSION…  says that the user used the permissions so many days ago
type shell struct {
	t       *testing.T
	folder  string // where it works
	env     map[string]string
	service *authz.Engine
	store   authz.UsageStore // of the service
	where   way
	isPage  bool // values that differ between runs stay: readers of a page see true ones
}

// way is how commands get to the policy.
type way int

const (
	onNothing way = iota // the transcript says it
	onDatabase
	onService
)

func (s *shell) builtin(out io.Writer, name string, args []string) {
	s.t.Helper()
	switch name {
	case "export":
		for _, arg := range args {
			key, value, _ := strings.Cut(arg, "=")
			s.env[key] = value
		}
	case "write":
		check(s.t, os.WriteFile(args[0], []byte(args[1]), 0o600))
	case "echo":
		note(out, "%s\n", strings.Join(args, " "))
	case "seed":
		check(s.t, os.CopyFS(args[0], os.DirFS(scenario)))
	case "cat":
		text, err := os.ReadFile(args[0])
		check(s.t, err)
		note(out, "%s", text)
	case "ls":
		entries, err := os.ReadDir(".")
		check(s.t, err)
		for _, entry := range entries {
			note(out, "%s\n", entry.Name())
		}
	case "office":
		s.office(args[0], strings.Join(args[1:], ""))
	case "backoffice":
		s.backoffice()
	case "recorded":
		s.recorded(args[0], append(args[1:], "0")[0])
	case "use":
		s.use(args[0], authz.UserID(args[1]), args[2:])
	case "busy":
		n, err := strconv.Atoi(args[1])
		check(s.t, err)
		busy(s.t, args[0], authz.Revision(n))
	case "casbin":
		s.casbin(args[0], args[1])
	case "sql":
		execute(s.t, args[0], args[1])
	case "can":
		note(out, "%v\n", can(s.t, args[0], authz.UserID(args[1])))
	case "serve":
		s.serve(args...)
	case "ask":
		s.ask(args[0], authz.UserID(args[1]), authz.Permission(args[2]), strings.Join(args[3:], ""))
	case "deny":
		s.deny(authz.UserID(args[0]), authz.Permission(args[1]))
	default:
		s.t.Fatalf("no such command: %s", name)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shell) office(file, key string) {
	s.t.Helper()
	store, err := database.Open(s.t.Context(), "sqlite:"+file, gormstore.Options{})
	check(s.t, err)
	defer store.Close()
	engine, err := authz.Open(s.t.Context(), store, authz.Options{Bootstrap: "ana", RecordKey: []byte(key), Logger: slog.New(slog.DiscardHandler)})
	check(s.t, err)
	defer engine.Close(context.Background())
	_, err = engine.As("ana").CreateGroup(s.t.Context(), authz.GroupSpec{Name: "Desk"})
	check(s.t, err)
	head := engine.Status().Head
	s.env["HEAD"] = fmt.Sprintf("%d:%x", head.Revision, head.Hash)
}

// busy makes changes without waiting for the disk.
func busy(t *testing.T, file string, last authz.Revision) {
	t.Helper()
	db, err := gorm.Open(sqlite.Open(file), &gorm.Config{})
	check(t, err)
	pool, err := db.DB()
	check(t, err)
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	_, err = pool.ExecContext(t.Context(), "PRAGMA synchronous = OFF")
	check(t, err)
	store, err := sqlitestore.New(t.Context(), db, gormstore.Options{})
	check(t, err)
	engine, err := authz.Open(t.Context(), store, authz.Options{PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	defer engine.Close(context.Background())
	for engine.View().Revision() < last {
		_, err := engine.As("ana").Assign(t.Context(), "Desk", authz.UserID(fmt.Sprint("user", engine.View().Revision())))
		check(t, err)
	}
}

// tables is the folder of the tables of other programs.
var tables, _ = filepath.Abs("../../authz/testdata/adoption")

func (s *shell) casbin(file, name string) {
	s.t.Helper()
	model, err := os.ReadFile(filepath.Join(tables, name+".conf"))
	check(s.t, err)
	check(s.t, os.WriteFile(name+".conf", model, 0o600))
	rows, err := os.ReadFile(filepath.Join(tables, name+".csv"))
	check(s.t, err)
	execute(s.t, file, "CREATE TABLE casbin_rule (id integer PRIMARY KEY AUTOINCREMENT, ptype text, v0 text, v1 text, v2 text, v3 text, v4 text, v5 text)")
	for line := range strings.Lines(string(rows)) {
		fields := append(strings.Split(strings.TrimSpace(line), ", "), "", "", "", "", "")[:7]
		execute(s.t, file, "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4, v5) VALUES ('"+strings.Join(fields, "', '")+"')")
	}
}

func can(t *testing.T, file string, user authz.UserID) bool {
	t.Helper()
	store, err := database.Open(t.Context(), "sqlite:"+file, gormstore.Options{})
	check(t, err)
	defer store.Close()
	engine, err := authz.Open(t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	check(t, err)
	defer engine.Close(context.Background())
	return engine.Can(user, "a:b")
}

func execute(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open(sqlite.DriverName, file)
	check(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	check(t, err)
}

func (s *shell) serve(file ...string) {
	s.t.Helper()
	store, group := authz.Store(memstore.New()), authz.GroupName("Desk")
	if len(file) > 0 {
		opened, err := database.Open(s.t.Context(), "sqlite:"+file[0], gormstore.Options{})
		check(s.t, err)
		s.t.Cleanup(func() { _ = opened.Close() })
		store, group = opened, "Helpers"
	}
	engine, err := authz.Open(s.t.Context(), store, authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
		Catalog: authz.Catalog{{Permission: "a:b", Label: "Do it", Category: []string{"Things"}}, {Permission: "a:c", Label: "Undo it"}},
	})
	check(s.t, err)
	s.t.Cleanup(func() { _ = engine.Close(context.Background()) })
	s.service = engine
	_, err = engine.As("ana").CreateGroup(s.t.Context(), authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: []authz.Pattern{"a:*"}}})
	check(s.t, err)
	s.mount(engine)
}

// mount starts a service with an engine.
func (s *shell) mount(engine *authz.Engine) {
	gin.SetMode(gin.ReleaseMode) // it logs less
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, func(c *gin.Context) authz.UserID {
		id, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		return authz.UserID(id)
	})
	server := httptest.NewServer(r)
	s.t.Cleanup(server.Close)
	s.env["ORIGIN"], s.env["RIGHTFUL_URL"] = server.URL, server.URL+"/api/v1"
}

// scenario is the folder of a whole policy.
var scenario, _ = filepath.Abs("../../authz/testdata/backoffice")

func (s *shell) backoffice() {
	s.t.Helper()
	s.env["FRIDAY"] = time.Now().UTC().Add(5 * 24 * time.Hour).Format(time.RFC3339)
	seed, err := policycsv.ReadSeed(os.DirFS(scenario))
	check(s.t, err)
	options := authz.Options{Seed: &seed, Logger: slog.New(slog.DiscardHandler)}
	memory := memstore.New()
	synctest.Test(s.t, func(t *testing.T) { // whose clock begins in the year 2000
		store := authz.Store(memory)
		if s.where == onDatabase {
			opened, err := database.Open(t.Context(), "sqlite:policy.db", gormstore.Options{})
			check(t, err)
			defer opened.Close()
			store = opened
		}
		engine, err := authz.Open(t.Context(), store, options)
		check(t, err)
		_, err = engine.As("ana").Assign(t.Context(), authz.Administrators, "operator@host")
		check(t, err)
		check(t, engine.Close(context.Background()))
	})
	if s.where == onDatabase {
		s.env["RIGHTFUL_DB"], s.env["RIGHTFUL_CATALOG"] = "sqlite:policy.db", filepath.Join(scenario, "permissions.csv")
		return
	}
	engine, err := authz.Open(s.t.Context(), memory, options)
	check(s.t, err)
	s.store = memory
	s.t.Cleanup(func() { _ = engine.Close(context.Background()) })
	s.service = engine
	s.mount(engine)
	s.env["RIGHTFUL_TOKEN"] = "operator@host"
}

// withUses calls do with the store of the policy.
func (s *shell) withUses(do func(authz.UsageStore) error) {
	s.t.Helper()
	store := s.store
	if s.where == onDatabase {
		opened, err := database.Open(s.t.Context(), "sqlite:policy.db", gormstore.Options{})
		check(s.t, err)
		defer opened.Close()
		store = opened
	}
	check(s.t, do(store))
}

func (s *shell) recorded(from, to string) {
	s.t.Helper()
	s.withUses(func(store authz.UsageStore) error {
		for day := dayAgo(s.t, from); day <= dayAgo(s.t, to); day++ {
			if err := store.ExtendUsage(s.t.Context(), day); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shell) use(days string, user authz.UserID, permissions []string) {
	s.t.Helper()
	s.withUses(func(store authz.UsageStore) error {
		var uses []authz.Use
		for _, p := range permissions {
			uses = append(uses, authz.Use{User: user, Permission: authz.Permission(p), Day: dayAgo(s.t, days)})
		}
		return store.AddUses(s.t.Context(), uses)
	})
}

func dayAgo(t *testing.T, days string) authz.Day {
	t.Helper()
	n, err := strconv.Atoi(days)
	check(t, err)
	return authz.DayOf(time.Now()) - authz.Day(n)
}

// engine returns the engine of the service, or one on the database, and what closes that.
func (s *shell) engine() (engine *authz.Engine, closeEngine func()) {
	s.t.Helper()
	if s.where != onDatabase {
		return s.service, func() {}
	}
	store, err := database.Open(s.t.Context(), "sqlite:policy.db", gormstore.Options{})
	check(s.t, err)
	engine, err = authz.Open(s.t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	check(s.t, err)
	return engine, func() {
		check(s.t, engine.Close(context.Background()))
		check(s.t, store.Close())
	}
}

// ask has a user ask for access, because dana is away.
func (s *shell) ask(name string, user authz.UserID, permission authz.Permission, until string) {
	s.t.Helper()
	spec := authz.RequestSpec{Permissions: []authz.Permission{permission}, Reason: "dana is away"}
	if until != "" {
		end, err := time.Parse(time.RFC3339, until)
		check(s.t, err)
		spec.Until = end
	}
	engine, closeEngine := s.engine()
	defer closeEngine()
	r, _, err := engine.RequestAccess(s.t.Context(), user, spec)
	check(s.t, err)
	s.env[name] = string(r.ID)
	<-time.After(time.Until(r.CreatedAt)) // an engine can be ahead of the clock by as long as its first reading took
}

// deny returns when the denial can be read, which is within a second.
func (s *shell) deny(user authz.UserID, permission authz.Permission) {
	s.t.Helper()
	denial := s.service.RecordDenial(s.service.Decide(authz.Question{User: user, Permissions: []authz.Permission{permission}}), "POST", "/do")
	s.env["DENIAL"] = string(denial.ID)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-tick.C {
		if _, err := s.service.Denial(s.t.Context(), denial.ID); err == nil {
			return
		}
	}
	s.t.Fatal("the denial is not recorded")
}
