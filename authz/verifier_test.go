package authz_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Casbin agrees with every decision, and decisions that there is no time to verify are counted.
func TestVerify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{
			Bootstrap: "ana",
			Verify:    authz.Verification{OneIn: 1, Report: func(d authz.Discrepancy) { t.Errorf("%+v", d) }},
		})
		ana := engine.As("ana")
		must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{
			Grants: []authz.Pattern{"requests.*:view"}, Restrictions: []authz.Pattern{"requests.secret:*"},
		}}))
		asked := uint64(0)
		ask := func(user authz.UserID, permissions ...authz.Permission) {
			engine.Can(user, permissions...)
			asked++
			time.Sleep(time.Minute) // there is time enough for each
		}
		must(t)(ana.Assign(t.Context(), "Desk", "ben"))
		for _, user := range []authz.UserID{"ana", "ben", "nobody", "", "group:Administrators"} {
			ask(user, "requests.deposit:view")
			ask(user, "requests.secret:view")
			ask(user, "requests.deposit:view", "requests.deposit:update")
			ask(user, "no colon")
		}
		must(t)(ana.Unassign(t.Context(), "Desk", "ben"))
		ask("ben", "requests.deposit:view")
		if got := engine.Status().Verify; got != (authz.VerifyStats{Equal: asked}) {
			t.Errorf("%+v of %d", got, asked)
		}
		engine.Can("ana") // nothing is asked, nothing is verified
		for range 1000 {  // faster than Casbin is
			engine.Can("ben", "requests.deposit:view")
		}
		time.Sleep(time.Hour)
		got := engine.Status().Verify
		if got.Different != 0 || got.Skipped == 0 || got.Equal+got.Skipped != asked+1000 {
			t.Errorf("%+v of %d and 1,000", got, asked)
		}
	})
}

// The sampling rate is kept, and decisions that aren't sampled allocate nothing.
func TestVerifySamples(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Verify: authz.Verification{OneIn: 1 << 30}})
	if n := testing.AllocsPerRun(1000, func() { engine.Can("ana", "a:b", "c:d") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	engine = open(t, memstore.New(), authz.Options{Bootstrap: "ana", Verify: authz.Verification{OneIn: 10}})
	for range 10_000 {
		engine.Can("ana", "a:b")
	}
	got := engine.Status().Verify
	if n := got.Equal + got.Different + got.Skipped + 17; n < 700 || n > 1300 {
		t.Errorf("about %d of 10,000 were taken, one in ten was asked for", n)
	}
}

// A compiled set that lacks a rule is found, reported and logged.
func TestVerifyFindsAWrongDecision(t *testing.T) {
	t.Parallel()
	found := make(chan authz.Discrepancy, 100)
	var log strings.Builder
	e, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Verify: authz.Verification{OneIn: 1, Report: func(d authz.Discrepancy) { found <- d }},
	})
	if err != nil {
		t.Fatal(err)
	}
	authz.ForgetRules(e)
	if e.Can("ana", "a:b", "c:d") {
		t.Fatal("the planted bug isn't one")
	}
	select {
	case d := <-found:
		if d.User != "ana" || len(d.Permissions) != 2 || d.Allowed || d.Err != nil || d.Revision != e.View().Revision() {
			t.Errorf("%+v", d)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was reported")
	}
	if err := e.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if v := e.Status().Verify; v != (authz.VerifyStats{Different: 1}) {
		t.Errorf("%+v", v)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "permissions=\"[a:b c:d]\"") {
		t.Errorf("logged %s", &log)
	}
}
