package casbin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	plain "github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// tables are the tables of other programs, with their models, in the testdata of authz.
const tables = "../../authz/testdata/adoption"

// oldProgram is a program with plain Casbin on gorm-adapter that wrote one of the tables.
func oldProgram(t *testing.T, d dbtest.Database, name, prefix string) *plain.Enforcer {
	t.Helper()
	m, err := model.NewModelFromFile(filepath.Join(tables, name+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := gormadapter.NewAdapterByDBUseTableName(d.Host(t, gorm.Config{}), prefix, "casbin_rule")
	if err != nil {
		t.Fatal(err)
	}
	e, err := plain.NewEnforcer(m, a)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(tables, name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), ", ")
		added, err := false, error(nil)
		if fields[0] == "p" {
			added, err = e.AddPolicy(fields[1:])
		} else {
			added, err = e.AddGroupingPolicy(fields[1:])
		}
		if err != nil || !added {
			t.Fatal(line, err)
		}
	}
	return e
}

// contents are all tables with their definitions and triggers, the policy rows, and on SQLite the bytes of
// the file.
func contents(t *testing.T, d dbtest.Database, prefix string) []string {
	t.Helper()
	pool := d.Pool(t)
	list := append(d.Describe(t, pool, ""), dbtest.Query(t, pool, "SELECT * FROM "+prefix+"casbin_rule ORDER BY id")...)
	if d.Kind == "sqlite" {
		file, err := os.ReadFile(d.DSN)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(file))
	}
	return list
}

// Opening a table that another program filled changes nothing in the database, and the other program goes on
// reading and writing (C2).
func TestRefusedOpenChangesNothing(t *testing.T) {
	dbtest.EachWith(t, []string{"", "acme_"}, func(t *testing.T, d dbtest.Database, prefix string) {
		theirs := oldProgram(t, d, "plain", prefix)
		was := contents(t, d, prefix)
		s := d.Open(t, gormstore.Options{Prefix: prefix})
		var refusal *authz.Error
		_, err := authz.Open(t.Context(), s, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
		if !errors.Is(err, authz.ErrNotAdopted) || !errors.As(err, &refusal) || refusal.Count != 12 {
			t.Errorf("%v", err)
		}
		if report, err := authz.CheckAdoption(t.Context(), s, authz.AdoptOptions{}); err != nil || !report.Fits() {
			t.Errorf("%v, %+v", err, report)
		}
		for name, call := range map[string]func() error{
			"Position": func() error { _, err := s.Position(t.Context()); return err },
			"Since":    func() error { list, err := s.Since(t.Context(), 0, 9, 0); return errors.Join(err, none(len(list))) },
			"Before": func() error {
				list, err := s.Before(t.Context(), authz.RecordQuery{Limit: 9})
				return errors.Join(err, none(len(list)))
			},
			"UserVersion": func() error {
				v, err := s.UserVersion(t.Context(), "otto")
				return errors.Join(err, none(int(v.Revision)))
			},
		} {
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now := contents(t, d, prefix); !slices.Equal(now, was) {
			t.Errorf("of\n%.2000s\nwas made\n%.2000s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		if _, err := theirs.AddPolicy("office", "invoices", "view"); err != nil {
			t.Error(err)
		}
		if _, err := theirs.RemovePolicy("office", "orders", "edit"); err != nil {
			t.Error(err)
		}
		if err := theirs.LoadPolicy(); err != nil {
			t.Error(err)
		}
		if ok, err := theirs.Enforce("dana", "invoices", "view"); !ok || err != nil {
			t.Errorf("the other program decides %v, %v", ok, err)
		}
		if err := theirs.SavePolicy(); err != nil {
			t.Error(err)
		}
	})
}

func none(n int) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("there are %d", n)
}

// The four kinds of tables that applications have, adopted in place and into a copy: every decision that
// the check doesn't list as different is as it was, and nothing is allowed that wasn't.
func TestFourTables(t *testing.T) {
	for _, copied := range []bool{false, true} {
		t.Run(map[bool]string{false: "in place", true: "copied"}[copied], func(t *testing.T) {
			dbtest.EachWith(t, []string{"plain", "paths", "domains", "cycles"}, func(t *testing.T, d dbtest.Database, name string) {
				theirs := oldProgram(t, d, name, "")
				from := d.Open(t, gormstore.Options{SkipMigration: copied})
				how := authz.AdoptOptions{Model: theirs.GetModel().ToText(), AcceptBad: true}
				report, err := authz.CheckAdoption(t.Context(), from, how)
				if err != nil || report.Comparison.Failed != "" || report.Comparison.GainCount > 0 {
					t.Fatalf("%v, %+v", err, report.Comparison)
				}
				was := dbtest.Query(t, d.Pool(t), "SELECT * FROM casbin_rule ORDER BY id")
				s := from
				if copied {
					s, how.From = d.Open(t, gormstore.Options{Prefix: "new"}), from
				}
				engine, err := authz.Open(t.Context(), s, authz.Options{Adopt: &how, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				defer engine.Close(context.Background())
				if _, err := authz.AuditRecords(t.Context(), s, authz.AuditOptions{}); err != nil {
					t.Error(err)
				}
				if got, want := len(engine.View().BadRows()), report.Count[authz.RowBad]; got != want {
					t.Errorf("%d bad rows, %d announced", got, want)
				}
				compareWithOld(t, theirs, engine, report)
				if now := dbtest.Query(t, d.Pool(t), "SELECT * FROM casbin_rule ORDER BY id"); copied && !slices.Equal(now, was) {
					t.Error("the old table changed")
				}
			})
		})
	}
}

// compareWithOld asks plain Casbin and the engine about every user of the table.
func compareWithOld(t *testing.T, theirs *plain.Enforcer, engine *authz.Engine, report authz.AdoptionReport) {
	t.Helper()
	policy, err := theirs.GetPolicy()
	if err != nil {
		t.Fatal(err)
	}
	links, err := theirs.GetGroupingPolicy()
	if err != nil {
		t.Fatal(err)
	}
	domains := len(report.Comparison.Request) == 4
	asked := 0
	for _, rule := range policy {
		for _, subject := range slices.Concat(policy, links) {
			user := subject[0]
			if slices.Contains(report.Groups, authz.GroupName(user)) {
				continue
			}
			question := []any{user, rule[1], rule[2]}
			object, action := rule[1], rule[2]
			if domains {
				question, object, action = []any{user, rule[1], rule[2], rule[3]}, rule[2], rule[3]
			}
			before, err := theirs.Enforce(question...)
			if err != nil {
				t.Fatal(err)
			}
			after := engine.Can(authz.UserID(user), authz.Permission(object+":"+action))
			listed := slices.ContainsFunc(report.Comparison.Differences, func(d authz.Difference) bool {
				return fmt.Sprint(d.Values) == fmt.Sprint(question)
			})
			if asked++; after && !before || (before != after) != listed {
				t.Errorf("%v: %v, now %v, listed %v", question, before, after, listed)
			}
		}
	}
	if asked == 0 {
		t.Error("nothing was asked")
	}
}

// While two adoptions run, the other program goes on writing. Every row that it wrote is part of the policy
// or a bad row afterwards, and the table is adopted once.
func TestAdoptionWhileAnotherProgramWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		theirs := oldProgram(t, d, "plain", "")
		stop, written := make(chan struct{}), make(chan int)
		go func() {
			n := 0
			for ; ; n++ {
				select {
				case <-stop:
					written <- n
					return
				case <-time.After(300 * time.Millisecond):
				}
				if _, err := theirs.AddGroupingPolicy(fmt.Sprint("user", n), "office"); err != nil && d.Kind != "sqlite" {
					t.Error(err) // on SQLite, a program without a busy_timeout finds the file locked
				} else if err != nil {
					n--
				}
			}
		}()
		engines := make([]*authz.Engine, 2)
		var all sync.WaitGroup
		for i := range engines {
			s := d.Open(t, gormstore.Options{})
			all.Go(func() {
				var err error
				how := authz.AdoptOptions{Command: fmt.Sprint("operator ", i)}
				if engines[i], err = authz.Open(t.Context(), s, authz.Options{Adopt: &how, Logger: slog.New(slog.DiscardHandler), WriteTimeout: time.Minute}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(stop)
		n := <-written
		for _, e := range engines {
			if e == nil {
				continue
			}
			checkAdoptedWhileWritten(t, e, n)
			_ = e.Close(t.Context())
		}
	})
}

func checkAdoptedWhileWritten(t *testing.T, e *authz.Engine, written int) {
	t.Helper()
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := len(e.View().BadRows()) // "g, user7, office" is no rule any more
	office, _ := e.View().Group("office")
	if adopted := office.MemberCount - 2; adopted+late != written {
		t.Errorf("of %d rows, %d were adopted and %d came later", written, adopted, late)
	}
	for revision := authz.Revision(1); revision <= e.View().Revision(); revision++ {
		c, err := e.Change(t.Context(), revision)
		if err != nil || (c.Action == authz.ActionPolicyAdopt) != (revision == 1) {
			t.Errorf("revision %d: %v, %v", revision, c.Action, err)
		}
	}
}

// Without the right to make tables, an engine can't adopt, and says what can; then the table is as it was.
func TestAdoptionWithoutMigrations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		oldProgram(t, d, "plain", "")
		was := contents(t, d, "")
		options := authz.Options{Adopt: &authz.AdoptOptions{}, Logger: slog.New(slog.DiscardHandler)}
		_, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{SkipMigration: true}), options)
		if err == nil || !strings.Contains(err.Error(), "rightful adopt") {
			t.Errorf("%v", err)
		}
		if now := contents(t, d, ""); !slices.Equal(now, was) {
			t.Errorf("of\n%.2000s\nwas made\n%.2000s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		engine, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{}), options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = engine.Close(t.Context()) }()
		if !engine.Can("otto", "stock.items:view") {
			t.Error("otto lost a permission")
		}
	})
}

// A table beside which our tables were made by hand is refused like any other, and the other program goes on.
func TestRefusalBesideTablesMadeByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		theirs := oldProgram(t, d, "plain", "")
		s := d.Open(t, gormstore.Options{})
		if err := s.Commit(t.Context(), dbtest.Turn(1, "first")); !errors.Is(err, authz.ErrConflict) {
			t.Fatal(err) // it makes the tables and commits nothing
		}
		if s.Unadopted() {
			t.Error("there are no tables")
		}
		_, err := authz.Open(t.Context(), d.Open(t, gormstore.Options{SkipMigration: true}), authz.Options{Logger: slog.New(slog.DiscardHandler)})
		if !errors.Is(err, authz.ErrNotAdopted) {
			t.Errorf("%v", err)
		}
		if _, err := theirs.AddPolicy("office", "invoices", "view"); err != nil {
			t.Error(err)
		}
		if err := theirs.LoadPolicy(); err != nil {
			t.Error(err)
		}
	})
}
