package integration_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// lateOperation is an operation whose COMMIT lands late, through the engine and over REST.
type lateOperation struct {
	name               string
	do                 func(t *testing.T, a authz.Admin, v authz.Version) (authz.Change, error)
	method, path, body string
	target             authz.GroupName // whose version is expected, "" for no condition
	status             int
	isDone             func(*authz.View) bool
}

var lateOperations = []lateOperation{
	{
		"create", func(t *testing.T, a authz.Admin, _ authz.Version) (authz.Change, error) {
			return a.CreateGroup(t.Context(), authz.GroupSpec{Name: "New"})
		},
		"POST", "/groups", `{"name":"New"}`, "", 201,
		func(v *authz.View) bool { _, exists := v.Group("New"); return exists },
	},
	{
		"replace", func(t *testing.T, a authz.Admin, v authz.Version) (authz.Change, error) {
			return a.IfVersion(v).SetGroupPermissions(t.Context(), "Desk", authz.Rules{Grants: []authz.Pattern{"new:view"}})
		},
		"PUT", "/groups/Desk/permissions", `{"grants":["new:view"],"restrictions":[]}`, "Desk", 200,
		func(v *authz.View) bool {
			g, _ := v.Group("Desk")
			return slices.Equal(g.Permissions.Grants, []authz.Pattern{"new:view"})
		},
	},
	{
		"delete", func(t *testing.T, a authz.Admin, v authz.Version) (authz.Change, error) {
			return a.IfVersion(v).DeleteGroup(t.Context(), "Old", false)
		},
		"DELETE", "/groups/Old", "", "Old", 204,
		func(v *authz.View) bool { _, exists := v.Group("Old"); return !exists },
	},
	{
		"membership", func(t *testing.T, a authz.Admin, _ authz.Version) (authz.Change, error) {
			return a.Assign(t.Context(), "Desk", "ben")
		},
		"PUT", "/groups/Desk/members/ben", "", "", 204,
		func(v *authz.View) bool { return slices.Contains(v.User("ben").Groups, "Desk") },
	},
}

// The connection breaks after COMMIT was sent, and the commit lands later. An operation is never refused because of
// its own effect and never made twice (B2). It may be answered 503 only if the commit lands too late to be known.
func TestCommitsThatLandLate(t *testing.T) {
	delays := []time.Duration{0, time.Millisecond, 150 * time.Millisecond, 700 * time.Millisecond, 7 * time.Second}
	if testing.Short() {
		delays = delays[:3]
	}
	for _, later := range delays {
		for _, o := range lateOperations {
			for _, over := range []string{"engine", "REST", "engine silently"} {
				t.Run(fmt.Sprintf("%s/%v/%s", o.name, later, over), func(t *testing.T) {
					t.Parallel()
					dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) { landsLate(t, d, o, later, over) })
				})
			}
		}
	}
}

func landsLate(t *testing.T, d dbtest.Database, o lateOperation, later time.Duration, over string) {
	through, link := d.Through(t)
	engine := openOn(t, through, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	ana := restOf(engine)
	for _, group := range []string{"Desk", "Old"} {
		ana.want(t, 201, "POST", "/groups", `{"name":"`+group+`","permissions":{"grants":["old:view"]}}`, "")
	}
	var version authz.Version
	ifMatch := ""
	if o.target != "" {
		g, _ := engine.View().Group(o.target)
		version, ifMatch = g.Version, `"`+g.Version.String()+`"`
	}
	before := engine.View().Revision()

	landed := link.Hold("COMMIT", later, over == "engine silently")
	start := time.Now()
	var unavailable bool
	if over == "REST" {
		answer := ana.do(t.Context(), o.method, o.path, o.body, ifMatch)
		unavailable = answer.Code == http.StatusServiceUnavailable
		if !unavailable && answer.Code != o.status {
			t.Errorf("answered %d: %s", answer.Code, answer.Body)
		}
	} else {
		c, err := o.do(t, engine.As("ana"), version)
		unavailable = errors.Is(err, authz.ErrStoreUnavailable)
		if err != nil && !unavailable || err == nil && c.Revision != before+1 {
			t.Errorf("from revision %d to %d: %v", before, c.Revision, err)
		}
	}
	took := time.Since(start)
	if unavailable && later < time.Second {
		t.Errorf("answered that the store is unavailable after %v", took)
	}
	if took > 12*time.Second {
		t.Errorf("answered after %v", took)
	}
	if !unavailable && !o.isDone(engine.View()) {
		t.Error("the engine's policy lacks the change")
	}
	select {
	case <-landed:
	case <-time.After(20 * time.Second):
		t.Fatal("the commit didn't land")
	}
	checkOnce(t, d, before, o.isDone)
}

// checkOnce checks that exactly one change was made after a revision, by the records and the tables.
func checkOnce(t *testing.T, d dbtest.Database, before authz.Revision, isDone func(*authz.View) bool) {
	t.Helper()
	store := d.Open(t, gormstore.Options{})
	dbtest.Eventually(t, "the commit is there", func() bool {
		p, err := store.Position(t.Context())
		return err == nil && p.Revision > before
	})
	fresh, err := authz.Open(t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close(t.Context())
	if now := fresh.View().Revision(); now != before+1 || !isDone(fresh.View()) {
		t.Errorf("from revision %d to %d, done: %v", before, now, isDone(fresh.View()))
	}
	if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); err != nil {
		t.Error(err)
	}
}
