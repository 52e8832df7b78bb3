package authz_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// foreignProgram writes random rows to a policy table, good and bad ones, and removes some.
type foreignProgram struct {
	r     *rand.Rand
	store *authztest.Store
}

var (
	foreignUsers  = []string{"ana", "ben", "Ben", "cleo", "dora"}
	foreignGroups = []string{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"}
)

func (f foreignProgram) group() string { return "group:" + pick(f.r, foreignGroups) }

// name draws a user or a group, sometimes in a form that isn't legal.
func (f foreignProgram) name() string {
	name := pick(f.r, []string{pick(f.r, foreignUsers), pick(f.r, foreignUsers), f.group()})
	switch f.r.IntN(12) {
	case 0:
		return name + " "
	case 1:
		return "\u200b" + name
	case 2:
		return pick(f.r, []string{"BEN\t", "group:c\t", "corp/eve", "", "group:Gone", "gone"})
	}
	return name
}

// row draws a row. Links go from one group to a later one, so that chains get long, and now and then back.
func (f foreignProgram) row() authz.Row {
	effect := pick(f.r, []string{"allow", "allow", "allow", "deny", "deny", "", "Deny"})
	object := pick(f.r, []string{"a", "a", "b", "c.d", "c.*", "*", "x*y"})
	switch f.r.IntN(12) {
	case 0, 1, 2, 3:
		return row("p", f.name(), object, "view", effect)
	case 4:
		return row("p", f.name(), object, "view", effect, "more")
	case 5, 6:
		return row("g", f.name(), f.group())
	case 7, 8, 9:
		i := f.r.IntN(len(foreignGroups) - 1)
		return row("g", "group:"+foreignGroups[i], "group:"+foreignGroups[i+1])
	case 10:
		return row("g", f.name(), f.name(), pick(f.r, []string{"", "", "more"}))
	}
	return pick(f.r, []authz.Row{{}, row("p2", "ben", "a", "view", "deny"), row("g2", "ben", f.group()), row("p", f.name()), row("g", f.name()), row("g", f.group(), f.group())})
}

// write inserts and removes a few rows, or takes the effect of some.
func (f foreignProgram) write(t *testing.T) {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), f.store)
	if err != nil {
		t.Fatal(err)
	}
	for range 1 + f.r.IntN(4) {
		f.store.InsertRows(f.row())
	}
	for range f.r.IntN(3) {
		old := pick(f.r, rows)
		if f.store.DeleteRow(old.ID) && f.r.IntN(2) == 0 {
			old.V[3] = ""
			f.store.InsertRows(old)
		}
	}
}

// casbinOn is plain Casbin on the rows of a table that it loads.
func casbinOn(t *testing.T, store *authztest.Store) *casbin.Enforcer {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		switch {
		case r.Type == "p" && r.V[3] != "" && r.V[4] == "":
			err = m.AddPolicy("p", "p", r.V[:4])
		case r.Type == "g" && r.V[1] != "":
			err = m.AddPolicy("g", "g", r.V[:2])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	enforcer, err := casbin.NewEnforcer(m)
	if err == nil {
		err = enforcer.BuildRoleLinks()
	}
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}

// Whatever another program writes, a running instance and one that has just loaded the table have the same bad
// rows for the same reasons and decide the same, and neither allows what plain Casbin denies on that table.
func TestForeignTablesMeanTheSameToAll(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	counts := map[string]int{}
	for _, seed := range seeds(t, 60) {
		if err := runForeignProgram(t, seed, counts); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	t.Log(counts)
	for _, what := range []string{"allowed", "denied by a row", "bad rows", "cycles", "chains"} {
		if counts[what] == 0 {
			t.Errorf("the tables had no %s", what)
		}
	}
}

func runForeignProgram(t *testing.T, seed uint64, counts map[string]int) error {
	t.Helper()
	f := foreignProgram{rand.New(rand.NewPCG(seed, 71)), authztest.NewStore()}
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine := open(t, f.store, options)
	for _, name := range foreignGroups {
		must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: authz.GroupName(name)}))
	}
	for step := range 25 {
		f.write(t)
		if err := engine.Refresh(t.Context()); err != nil {
			return err
		}
		if f.r.IntN(6) == 0 {
			f.operate(t, engine)
		}
		fresh := open(t, f.store, options)
		if err := f.compare(t, engine.View(), fresh.View(), counts); err != nil {
			return fmt.Errorf("step %d: %w", step, err)
		}
		_ = fresh.Close(t.Context())
	}
	checkRecords(t, engine)
	return nil
}

// operate carries out an administrator's operation between the foreign writes; it may be refused.
func (f foreignProgram) operate(t *testing.T, engine *authz.Engine) {
	t.Helper()
	ctx, root := t.Context(), engine.As("root")
	group := func() authz.GroupName { return authz.GroupName(pick(f.r, foreignGroups)) }
	bad := engine.View().BadRows()
	switch n := f.r.IntN(6); {
	case n == 0 && len(bad) > 0:
		_, _ = root.RepairRows(ctx, authz.RowRepair{Remove: []int64{pick(f.r, bad).ID}})
	case n == 1 && len(bad) > 0:
		_, _ = root.RepairRows(ctx, authz.RowRepair{Complete: []int64{pick(f.r, bad).ID}, Effect: authz.KindGrant})
	case n == 2:
		_, _ = root.UpdateGroup(ctx, group(), authz.GroupPatch{Inherits: &[]authz.GroupName{group()}})
	case n == 3:
		_, _ = root.Assign(ctx, group(), authz.UserID(pick(f.r, foreignUsers)))
	case n == 4:
		_, _ = root.DeleteUser(ctx, authz.UserID(pick(f.r, foreignUsers)))
	default:
		_, _ = root.Restrict(ctx, group(), "b:view")
	}
}

func (f foreignProgram) compare(t *testing.T, running, fresh *authz.View, counts map[string]int) error {
	t.Helper()
	if a, b := fmt.Sprintf("%+v", running.BadRows()), fmt.Sprintf("%+v", fresh.BadRows()); a != b {
		return fmt.Errorf("bad rows are\n%s, a fresh load says\n%s", a, b)
	}
	if a, b := fmt.Sprint(running.Export()), fmt.Sprint(fresh.Export()); a != b {
		return fmt.Errorf("the policy is\n%s, a fresh load says\n%s", a, b)
	}
	blocked := map[authz.Subject]bool{}
	for _, b := range running.BadRows() {
		counts["bad rows"]++
		switch {
		case b.Detail == "is part of an inheritance cycle":
			counts["cycles"]++
		case len(b.Detail) > 30 && b.Detail[:30] == "is part of an inheritance chain"[:30]:
			counts["chains"]++
		}
		for _, h := range b.Denies {
			blocked[h] = true
		}
	}
	plain := casbinOn(t, f.store)
	enforce, err := running.Enforcer()
	if err != nil {
		return err
	}
	for _, u := range append(slices.Clone(foreignUsers), "root") {
		for _, object := range []string{"a", "b", "c.d", "zz"} {
			p := authz.Permission(object + ":view")
			can := running.Can(authz.UserID(u), p)
			casbin, err := plain.Enforce(u, object, "view")
			own, ownErr := enforce(authz.UserID(u), object, "view")
			if err != nil || ownErr != nil || can != fresh.Can(authz.UserID(u), p) || can != own || can && !casbin {
				return fmt.Errorf("%q on %s: %v, after a fresh load %v, the view's enforcer says %v, plain Casbin %v (%w)\n%+v",
					u, p, can, fresh.Can(authz.UserID(u), p), own, casbin, err, running.BadRows())
			}
			if can {
				counts["allowed"]++
			} else if casbin && blocked[authz.Subject(u)] {
				counts["denied by a row"]++
			}
		}
	}
	return nil
}
