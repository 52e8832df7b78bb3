package integration_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// Two instances serve a policy while another Casbin program and a database client write to its
// tables. Every write takes effect on both within the poll interval, Administrators keep their
// permissions, and the records add up to the tables.
func TestWritesByOthersOnEachDatabase(t *testing.T) {
	const interval, bit = 200 * time.Millisecond, 2 * time.Second // the bit allows for a busy machine
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		options := authz.Options{Bootstrap: "ana", PollInterval: interval, Logger: slog.New(slog.DiscardHandler)}
		engines := []*authz.Engine{openOn(t, d, options), openOn(t, d, options)}
		ana := engines[0].As("ana")
		if _, err := ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:view"}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := ana.Assign(t.Context(), "Desk", "ben"); err != nil {
			t.Fatal(err)
		}
		other := plainProgram(t, d)
		client := d.Pool(t)
		var slowest time.Duration
		for _, step := range []struct {
			name  string
			write func() error
			is    func(*authz.View) bool
		}{
			{
				"a rule", func() error { _, err := other.AddPolicy("eve", "a", "edit", "allow"); return err },
				func(v *authz.View) bool { return v.Can("eve", "a:edit") },
			},
			{
				"a restriction", func() error { _, err := other.AddPolicy("ben", "a", "view", "deny"); return err },
				func(v *authz.View) bool { return !v.Can("ben", "a:view") },
			},
			{
				"the restriction goes", func() error { _, err := other.RemovePolicy("ben", "a", "view", "deny"); return err },
				func(v *authz.View) bool { return v.Can("ben", "a:view") },
			},
			{
				"someone comes", func() error { _, err := other.AddGroupingPolicy("cleo", "group:Desk"); return err },
				func(v *authz.View) bool { return v.Can("cleo", "a:view") },
			},
			{
				"a membership gets an end", func() error {
					_, err := client.Exec("INSERT INTO rightful_memberships (user_id, group_name, until) VALUES ('cleo', 'Desk', 4000000000000000)")
					return err
				},
				func(v *authz.View) bool { return v.User("cleo").Ends["Desk"] == 4_000_000_000_000_000 },
			},
			{
				"the end gets lost", func() error {
					_, err := client.Exec(strings.ReplaceAll(emptyTable[d.Kind], "casbin_rule", "rightful_memberships"))
					return err
				},
				func(v *authz.View) bool { return len(v.User("cleo").Ends) == 0 && v.Can("cleo", "a:view") },
			},
			{
				"someone goes", func() error { _, err := other.RemoveGroupingPolicy("ben", "group:Desk"); return err },
				func(v *authz.View) bool { return !v.Can("ben", "a:view") },
			},
			{"a rule without an effect", func() error {
				_, err := client.Exec("INSERT INTO casbin_rule (ptype, v0, v1, v2) VALUES ('p', 'dana', 'a', 'view')")
				return err
			}, func(v *authz.View) bool { return len(v.BadRows()) == 0 && v.Can("dana", "a:view") }},
			{"a bad row", func() error {
				_, err := client.Exec("INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', 'cleo', 'a', 'view', 'alow')")
				return err
			}, func(v *authz.View) bool { return len(v.BadRows()) == 1 && !v.Can("cleo", "a:view") }},
			{
				"it is mended", func() error {
					_, err := client.Exec("UPDATE casbin_rule SET v3 = 'allow' WHERE v0 = 'cleo' AND v1 = 'a'")
					return err
				},
				func(v *authz.View) bool { return len(v.BadRows()) == 0 && v.Can("cleo", "a:view") },
			},
			{"Administrators are described", func() error {
				_, err := client.Exec("UPDATE rightful_groups SET description = 'all' WHERE name = 'Administrators'")
				return err
			}, func(v *authz.View) bool { g, _ := v.Group(authz.Administrators); return g.Description == "all" }},
			{
				"Administrators go", func() error {
					_, err := client.Exec("DELETE FROM rightful_groups WHERE name = 'Administrators'")
					return err
				},
				func(v *authz.View) bool { return v.Can("ana", "x:y") },
			},
			{
				"everything goes", func() error { _, err := client.Exec(emptyTable[d.Kind]); return err },
				func(v *authz.View) bool { return !v.Can("cleo", "a:view") && len(v.Export()) == 1 },
			},
		} {
			revision := engines[0].View().Revision()
			if err := step.write(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			start := time.Now()
			dbtest.Eventually(t, step.name, func() bool {
				return step.is(engines[0].View()) && step.is(engines[1].View()) &&
					engines[0].View().Revision() > revision && engines[0].View().Revision() == engines[1].View().Revision()
			})
			slowest = max(slowest, time.Since(start))
			if c, err := engines[1].Change(t.Context(), engines[1].View().Revision()); err != nil || c.Actor.Kind != authz.ActorOutside {
				t.Errorf("%s is recorded as %+v: %v", step.name, c, err)
			}
		}
		t.Logf("each took effect on both within %v of a poll every %v", slowest.Round(time.Millisecond), interval)
		if slowest > interval+bit {
			t.Errorf("one took %v", slowest)
		}
		fresh := openOn(t, d, options)
		if n, err := authz.AuditRecords(t.Context(), d.Open(t, gormstore.Options{}), authz.AuditOptions{}); err != nil || fresh.View().Revision() != engines[0].View().Revision() {
			t.Errorf("%d of %d records fit, the others are at %d: %v", n, fresh.View().Revision(), engines[0].View().Revision(), err)
		}
	})
}

// emptyTable is the shortest way to empty the policy table; no trigger of MySQL's sees it.
var emptyTable = map[string]string{
	"sqlite": "DELETE FROM casbin_rule", "postgres": "TRUNCATE TABLE casbin_rule", "mysql": "TRUNCATE TABLE casbin_rule",
}

// Instances change a policy while another program writes to its table without a pause. A change
// that is refused is refused in time, nothing is lost, and the records lead to the tables in the end.
func TestChangesAndWritesByOthersAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		options := authz.Options{Bootstrap: "u0", PollInterval: 20 * time.Millisecond, WriteTimeout: time.Minute, Logger: slog.New(slog.DiscardHandler)}
		engines := []*authz.Engine{openOn(t, d, options), openOn(t, d, options)}
		other := plainProgram(t, d)
		other.EnableAutoSave(true)
		ctx, stop := context.WithCancel(t.Context())
		written := make(chan int)
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				if _, err := other.AddPolicy("outsider", "a", "view", "allow"); err != nil && d.Kind != "sqlite" {
					t.Logf("the other program: %v", err) // a deadlock, of which it was the victim
				}
				_, _ = other.RemovePolicy("outsider", "a", "view", "allow")
			}
			written <- n
		}()
		changes := 100
		if testing.Short() {
			changes = 20
		}
		made, refused := fight(t, engines, changes)
		stop()
		n := <-written
		for _, e := range engines {
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d changes made and %d refused while someone else wrote %d times", made, refused, 2*n)
		agree(t, d, engines)
		if n, err := authz.AuditRecords(t.Context(), d.Open(t, gormstore.Options{}), authz.AuditOptions{}); err != nil {
			t.Errorf("%d records fit: %v", n, err)
		}
	})
}
