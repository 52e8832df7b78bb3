package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// usedOffice is an office whose policy is 100 days old and that has recorded uses for so many days.
//
// ben is in Desk (requests.*:view, requests.deposit:update) and in Finance (finance.*:*), and has the own grants
// reports:view and reports:export.
//
// It is called in a synctest bubble: 100 days pass while no engine is open.
func usedOffice(t *testing.T, recordedDays int, more ...func(ana authz.Admin)) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	engine := openUsed(t, store)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view", "requests.deposit:update"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}}))
	must(t)(ana.Assign(ctx, "Desk", "ben", "cleo"))
	must(t)(ana.Assign(ctx, "Finance", "ben"))
	must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"reports:view", "reports:export"}}))
	for _, do := range more {
		do(ana)
	}
	closeAll(engine)
	time.Sleep(100 * 24 * time.Hour)
	if recordedDays > 0 {
		recordDays(t, store, today()-authz.Day(recordedDays), today())
	}
	return openUsed(t, store), store
}

// recordDays says that uses were recorded on some days, both included.
func recordDays(t *testing.T, store *authztest.Store, since, until authz.Day) {
	t.Helper()
	for day := since; day <= until; day++ {
		if err := store.ExtendUsage(t.Context(), day); err != nil {
			t.Fatal(err)
		}
	}
}

func openUsed(t *testing.T, store authz.Store, more ...authz.Permission) *authz.Engine {
	t.Helper()
	var catalog authz.Catalog
	for _, p := range append([]authz.Permission{
		"requests.deposit:view", "requests.deposit:update", "requests.transfer:view", "finance.balances:view", "finance.balances:adjust",
		"reports:view", "reports:export",
	}, more...) {
		catalog = append(catalog, authz.Entry{Permission: p, Label: string(p), Category: []string{"All"}})
	}
	return open(t, store, authz.Options{Bootstrap: "ana", Catalog: catalog, PollInterval: time.Hour})
}

func today() authz.Day { return authz.DayOf(time.Now()) }

func addUse(t *testing.T, store *authztest.Store, user authz.UserID, daysAgo int, permissions ...authz.Permission) {
	t.Helper()
	for _, p := range permissions {
		if err := store.AddUses(t.Context(), []authz.Use{{User: user, Permission: p, Day: today() - authz.Day(daysAgo)}}); err != nil {
			t.Fatal(err)
		}
	}
}

// shortUsage is a usage in a form that is easy to compare: the permissions, how many are unknown, and the removal.
func shortUsage(u authz.Usage) string {
	var list []authz.Permission
	for _, p := range u.Permissions {
		list = append(list, p.Permission)
	}
	s := fmt.Sprintf("unused %v unknown %d", list, u.UnknownCount)
	for _, o := range u.Removal {
		s += fmt.Sprintf("; %s %s%s %v%v", o.Action, o.Group, o.User, o.Remove, o.Rules.Revoke)
	}
	return s
}

func unusedBy(t *testing.T, engine *authz.Engine, user authz.UserID) string {
	t.Helper()
	u, err := engine.UsageOfUser(t.Context(), engine.View(), user, 90)
	if err != nil {
		t.Fatal(err)
	}
	return shortUsage(u)
}

func unusedIn(t *testing.T, engine *authz.Engine, group authz.GroupName) string {
	t.Helper()
	u, err := engine.UsageOfGroup(t.Context(), engine.View(), group, 90)
	if err != nil {
		t.Fatal(err)
	}
	return shortUsage(u)
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("it is\n%s, not\n%s", got, want)
	}
}

func TestUsageOfUserListsWhatIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 10)
		addUse(t, store, "cleo", 3, "requests.deposit:view", "finance.balances:view") // the second of which is not held any more
		u, err := engine.UsageOfUser(t.Context(), engine.View(), "cleo", 0)
		if err != nil {
			t.Fatal(err)
		}
		got := map[authz.Permission]authz.Day{}
		for _, p := range u.Permissions {
			got[p.Permission] = p.LastUsed
		}
		want := map[authz.Permission]authz.Day{"requests.deposit:view": today() - 3, "requests.deposit:update": 0, "requests.transfer:view": 0}
		if fmt.Sprint(got) != fmt.Sprint(want) || u.Recorded != (authz.UsagePeriod{Since: today() - 10, Until: today()}) || u.Today != today() {
			t.Errorf("it is %+v", u)
		}
		if u, err := engine.UsageOfUser(t.Context(), engine.View(), "nobody", 90); err != nil || len(u.Permissions)+u.UnknownCount+len(u.Removal) != 0 {
			t.Errorf("of nobody it is %+v: %v", u, err)
		}
	})
}

// What was not recorded for 90 days is not unused for 90 days.
func TestUnusedNeedsRecordedDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			days int
			want string
		}{
			{0, "unused [] unknown 7"},
			{89, "unused [] unknown 7"},
			{90, "unused [finance.balances:adjust finance.balances:view reports:export reports:view requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0" +
				"; group.members.change Desk [ben][]; group.members.change Finance [ben][]; user.permissions.change ben [][reports:export reports:view]"},
		} {
			engine, _ := usedOffice(t, c.days)
			same(t, unusedBy(t, engine, "ben"), c.want)
			closeAll(engine)
		}
		engine, store := usedOffice(t, 95)
		if err := store.ExtendUsage(t.Context(), today()+2); err != nil { // a gap
			t.Fatal(err)
		}
		same(t, unusedBy(t, engine, "ben"), "unused [] unknown 7")
	})
}

// Where recording was turned off, nothing is unused. On a new day, no instance may have recorded anything yet.
func TestUnusedNeedsRecordingToGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := openUsed(t, store)
		must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"reports:view"}}))
		closeAll(engine)
		time.Sleep(201 * 24 * time.Hour)
		engine = openUsed(t, store)
		recordDays(t, store, today()-200, today()-2)
		same(t, unusedBy(t, engine, "ben"), "unused [] unknown 1")
		recordDays(t, store, today()-1, today()-1)
		same(t, unusedBy(t, engine, "ben"), "unused [reports:view] unknown 0; user.permissions.change ben [][reports:view]")
	})
}

// The days begin at midnight, UTC: what was given before that was held on all of them.
func TestUnusedDaysBeginAtMidnight(t *testing.T) {
	for given, want := range map[time.Duration]string{
		-1: "unused [reports:view] unknown 0; user.permissions.change ben [][reports:view]",
		1:  "unused [] unknown 1",
	} {
		synctest.Test(t, func(t *testing.T) {
			store := authztest.NewStore()
			first := today() + 10
			time.Sleep(time.Until(first.Start()) + given*time.Second)
			engine := openUsed(t, store)
			must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"reports:view"}}))
			closeAll(engine)
			time.Sleep(time.Until((first + 89).Start()) + time.Second) // the ninetieth day
			recordDays(t, store, first-1, today())
			same(t, unusedBy(t, openUsed(t, store), "ben"), want)
		})
	}
}

// Not more than ten thousand changes are read. Of those before them nothing is known.
func TestUnusedLimitsHowFarItLooksBack(t *testing.T) {
	withoutRaces(t)
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95)
		change := func(i int) {
			delta := authz.RulesDelta{Grant: []authz.Pattern{"reports:view"}}
			if i%2 == 1 {
				delta = authz.RulesDelta{Revoke: delta.Grant}
			}
			must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "eve", delta))
		}
		for i := range 10_000 {
			change(i)
		}
		same(t, unusedBy(t, engine, "cleo"), "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.members.change Desk [cleo][]")
		same(t, unusedIn(t, engine, "Finance"), "unused [finance.balances:adjust finance.balances:view] unknown 0; group.permissions.change Finance [][finance.*:*]")
		change(10_000)
		same(t, unusedBy(t, engine, "cleo"), "unused [] unknown 3")
		same(t, unusedIn(t, engine, "Finance"), "unused [] unknown 2")
	})
}

// A removal takes away what is unused and leaves what was used.
func TestRemovalLeavesWhatWasUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95)
		addUse(t, store, "ben", 89, "requests.transfer:view", "reports:view")
		addUse(t, store, "ben", 90, "finance.balances:view") // a day too early
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:export requests.deposit:update requests.deposit:view] unknown 0"+
			"; group.members.change Finance [ben][]; user.permissions.change ben [][reports:export]")

		addUse(t, store, "ben", 1, "finance.undeclared:view") // which only the wildcard covers
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:export requests.deposit:update requests.deposit:view] unknown 0"+
			"; user.permissions.change ben [][reports:export]")

		addUse(t, store, "ben", 1, "archive.files:view") // which ben doesn't hold any more: it keeps nothing
		addUse(t, store, "ben", 90, "requests.undeclared:view", "reports:export")
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:export requests.deposit:update requests.deposit:view] unknown 0"+
			"; user.permissions.change ben [][reports:export]")
	})
}

// The removal of what two groups give takes the user out of both; if one of them has to stay, of neither.
func TestRemovalOfWhatTwoGroupsGive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			used []authz.Permission
			want string
		}{
			{nil, "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.members.change Desk [cleo][]; group.members.change Viewers [cleo][]"},
			{
				[]authz.Permission{"requests.deposit:update"},
				"unused [requests.deposit:view requests.transfer:view] unknown 0",
			},
			{
				[]authz.Permission{"requests.transfer:view"},
				"unused [requests.deposit:update requests.deposit:view] unknown 0; group.members.change Desk [cleo][]",
			},
		} {
			engine, store := usedOffice(t, 95, func(ana authz.Admin) {
				must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Viewers", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view"}}}))
				must(t)(ana.Assign(t.Context(), "Viewers", "cleo"))
			})
			addUse(t, store, "cleo", 1, c.used...)
			same(t, unusedBy(t, engine, "cleo"), c.want)
			closeAll(engine)
		}
	})
}

// What a user has held for less than 90 days isn't unused for 90 days, and neither is what they lost in between.
func TestUnusedNeedsDaysOfHolding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95, func(ana authz.Admin) {
			must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Viewers", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view"}}}))
			must(t)(ana.Assign(t.Context(), "Desk", "dora"))
		})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.Assign(ctx, "Finance", "cleo"))
		same(t, unusedBy(t, engine, "cleo"), "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 2; group.members.change Desk [cleo][]")
		must(t)(ana.Unassign(ctx, "Desk", "cleo"))
		must(t)(ana.Assign(ctx, "Desk", "cleo"))
		same(t, unusedBy(t, engine, "cleo"), "unused [] unknown 5")

		// A membership or a grant that is new stays, even if the user has held long what it gives.
		must(t)(ana.Assign(ctx, "Viewers", "dora"))
		same(t, unusedBy(t, engine, "dora"), "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.members.change Desk [dora][]")
		must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"finance.balances:view"}}))
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:export reports:view requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0"+
			"; group.members.change Desk [ben][]; group.members.change Finance [ben][]; user.permissions.change ben [][reports:export reports:view]")
	})
}

// A permission that the user's group lost and got back in between isn't known to be unused, whatever other users got and
// lost meanwhile.
func TestUnusedNoticesChangesOfGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95)
		ctx, ana := t.Context(), engine.As("ana")
		const before = "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.members.change Desk [cleo][]"
		same(t, unusedBy(t, engine, "cleo"), before)
		must(t)(ana.Assign(ctx, "Desk", "dora"))
		must(t)(ana.Unassign(ctx, "Desk", "ben"))
		must(t)(ana.ChangeUserPermissions(ctx, "dora", authz.RulesDelta{Grant: []authz.Pattern{"requests.deposit:view"}}))
		same(t, unusedBy(t, engine, "cleo"), before)
		must(t)(ana.Restrict(ctx, "Desk", "requests.deposit:view"))
		must(t)(ana.Lift(ctx, "Desk", "requests.deposit:view"))
		must(t)(ana.Assign(ctx, "Desk", "hugo"))
		same(t, unusedBy(t, engine, "cleo"), "unused [requests.deposit:update requests.transfer:view] unknown 1")
	})
}

// A removal gives nothing: a group that restricts its member stays.
func TestRemovalGivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95, func(ana authz.Admin) { must(t)(ana.Restrict(t.Context(), "Finance", "reports:export")) })
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:view requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0"+
			"; group.members.change Desk [ben][]; user.permissions.change ben [][reports:view]")
	})
}

// Sources that give only what is unused are taken away before those that give what was used, too, and a group that gives
// nothing unused doesn't stand in the way.
func TestRemovalPrefersWhatIsUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95, func(ana authz.Admin) {
			for _, g := range []authz.GroupSpec{
				{Name: "A used", Permissions: authz.Rules{Grants: []authz.Pattern{"reports:view"}}},
				{Name: "B mixed", Permissions: authz.Rules{Grants: []authz.Pattern{"reports:view", "finance.balances:adjust"}}},
				{Name: "C mixed and restricted", Permissions: authz.Rules{Grants: []authz.Pattern{"reports:view", "finance.balances:view"}, Restrictions: []authz.Pattern{"reports:export"}}},
				{Name: "D unused and restricted", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.deposit:view"}, Restrictions: []authz.Pattern{"reports:export"}}},
			} {
				must(t)(ana.CreateGroup(t.Context(), g))
				must(t)(ana.Assign(t.Context(), g.Name, "dora"))
			}
		})
		addUse(t, store, "dora", 1, "reports:view")
		same(t, unusedBy(t, engine, "dora"), "unused [finance.balances:adjust finance.balances:view requests.deposit:view] unknown 0"+
			"; group.members.change D unused and restricted [dora][]; group.members.change B mixed [dora][]")
	})
}

// A removal has at most 100 operations, and at most 1,000 grants in one. The rest can be taken away afterward.
func TestRemovalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rules, groups = 1001, 100
		var names []authz.Permission
		var grants []authz.Pattern
		for i := range rules + groups {
			p := fmt.Sprintf("%c%d:view", "aB"[i%2], i)
			names, grants = append(names, authz.Permission(p)), append(grants, authz.Pattern(p))
		}
		store := authztest.NewStore()
		engine := openUsed(t, store, names...)
		ana := engine.As("ana")
		must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Many", Permissions: authz.Rules{Grants: grants[:rules]}}))
		must(t)(ana.Assign(t.Context(), "Many", "cleo"))
		must(t)(ana.SetUserPermissions(t.Context(), "dora", authz.Rules{Grants: grants[:rules]}))
		for i, p := range grants[rules:] {
			name := authz.GroupName(fmt.Sprint("Group ", i))
			must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{p}}}))
			must(t)(ana.Assign(t.Context(), name, "dora"))
		}
		closeAll(engine)
		time.Sleep(100 * 24 * time.Hour)
		recordDays(t, store, today()-95, today())
		engine = openUsed(t, store, names...)
		u, err := engine.UsageOfUser(t.Context(), engine.View(), "dora", 90)
		if err != nil || len(u.Permissions) != rules+groups || len(u.Removal) != 100 || len(u.Removal[99].Rules.Revoke) != 1000 {
			t.Fatalf("%d permissions and %d operations: %v", len(u.Permissions), len(u.Removal), err)
		}
		must(t)(engine.As("ana").Batch(t.Context(), u.Removal...))
		if held := engine.View().PermissionsOf("dora"); len(held) != 2 {
			t.Errorf("dora still holds %v", held)
		}
		u, err = engine.UsageOfGroup(t.Context(), engine.View(), "Many", 90)
		if err != nil || len(u.Removal) != 1 || len(u.Removal[0].Rules.Revoke) != 1000 || u.Removal[0].Rules.Revoke[999] != "B99:view" {
			t.Errorf("of the group it is %d operations: %v", len(u.Removal), err)
		}
	})
}

// The batch of a removal can be carried out, and takes away what it says.
func TestRemovalIsABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95)
		addUse(t, store, "ben", 1, "requests.transfer:view")
		u, err := engine.UsageOfUser(t.Context(), engine.View(), "ben", 90)
		if err != nil {
			t.Fatal(err)
		}
		must(t)(engine.As("ana").Batch(t.Context(), u.Removal...))
		held := engine.View().PermissionsOf("ben")
		if !slices.Equal(held, []authz.Permission{"requests.deposit:update", "requests.deposit:view", "requests.transfer:view"}) {
			t.Errorf("afterwards ben holds %v", held)
		}
	})
}

// Administrators are left alone.
func TestNothingIsTakenFromAdministrators(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95, func(ana authz.Admin) {
			must(t)(ana.ChangeUserPermissions(t.Context(), "ana", authz.RulesDelta{Grant: []authz.Pattern{"rightful.*:*"}}))
		})
		u, err := engine.UsageOfUser(t.Context(), engine.View(), "ana", 90)
		if err != nil || len(u.Permissions) != 7 || u.Removal != nil {
			t.Errorf("of ana it is %+v: %v", u, err)
		}
		u, err = engine.UsageOfGroup(t.Context(), engine.View(), authz.Administrators, 90)
		if err != nil || len(u.Permissions) != 7 || u.Removal != nil {
			t.Errorf("of Administrators it is %+v: %v", u, err)
		}
	})
}

// Grants of a group are revoked if no member used anything that they cover, on any way.
func TestUsageOfGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95)
		all := "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.permissions.change Desk [][requests.*:view requests.deposit:update]"
		same(t, unusedIn(t, engine, "Desk"), all)
		addUse(t, store, "dave", 1, "requests.deposit:view")    // no member
		addUse(t, store, "cleo", 90, "requests.deposit:update") // a day too early
		same(t, unusedIn(t, engine, "Desk"), all)
		addUse(t, store, "cleo", 1, "requests.undeclared:view")
		same(t, unusedIn(t, engine, "Desk"), "unused [requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0; group.permissions.change Desk [][requests.deposit:update]")
		addUse(t, store, "ben", 89, "requests.deposit:update")
		same(t, unusedIn(t, engine, "Desk"), "unused [requests.deposit:view requests.transfer:view] unknown 0")
		u, err := engine.UsageOfGroup(t.Context(), engine.View(), "Desk", 1)
		if err != nil || len(u.Permissions) != 3 || u.UnknownCount != 0 {
			t.Errorf("today it is %+v: %v", u, err)
		}

		addUse(t, store, "ben", 1, "requests.deposit:update")

		addUse(t, store, "ben", 5, "requests.deposit:view")
		addUse(t, store, "cleo", 1, "requests.deposit:view")
		addUse(t, store, "cleo", 5, "requests.deposit:update")
		u, err = engine.UsageOfGroup(t.Context(), engine.View(), "Desk", 0)
		if err != nil || len(u.Permissions) != 3 || u.Permissions[0].LastUsed != today()-1 || u.Permissions[1].LastUsed != today()-1 || u.MemberCount != 2 {
			t.Errorf("it is %+v: %v", u, err)
		}
		if _, err := engine.UsageOfGroup(t.Context(), engine.View(), "Desks", 0); !errors.Is(err, authz.ErrNotFound) {
			t.Errorf("of a group that doesn't exist: %v", err)
		}
	})
}

// Members of groups that inherit the group use it too.
func TestUsageOfGroupThatIsInherited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95, func(ana authz.Admin) {
			must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Juniors", Inherits: []authz.GroupName{"Finance"}}))
			must(t)(ana.Assign(t.Context(), "Juniors", "eve")) // who is no new member
		})
		must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Leads", Inherits: []authz.GroupName{"Finance"}}))
		must(t)(engine.As("ana").Assign(t.Context(), "Leads", "dave", "ben")) // ben is in both
		u, err := engine.UsageOfGroup(t.Context(), engine.View(), "Finance", 90)
		if err != nil || u.MemberCount != 3 || u.NewMemberCount != 1 {
			t.Errorf("it is %+v: %v", u, err)
		}
		same(t, shortUsage(u), "unused [finance.balances:adjust finance.balances:view] unknown 0; group.permissions.change Finance [][finance.*:*]")
		addUse(t, store, "dave", 1, "finance.balances:view")
		same(t, unusedIn(t, engine, "Finance"), "unused [finance.balances:adjust] unknown 0")
	})
}

// A new grant, a group without members, and one with new members alone have nothing unused.
func TestUnusedOfGroupNeedsDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95)
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.Grant(ctx, "Finance", "reports:view"))
		same(t, unusedIn(t, engine, "Finance"), "unused [finance.balances:adjust finance.balances:view] unknown 1; group.permissions.change Finance [][finance.*:*]")
		must(t)(ana.Unassign(ctx, "Finance", "ben"))
		same(t, unusedIn(t, engine, "Finance"), "unused [] unknown 3")
		must(t)(ana.Assign(ctx, "Finance", "dave"))
		same(t, unusedIn(t, engine, "Finance"), "unused [] unknown 3")
	})
}

// Rightful's own permissions are neither listed nor taken away: their use isn't recorded.
func TestOwnPermissionsAreNotUnused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := usedOffice(t, 95, func(ana authz.Admin) { must(t)(ana.Grant(t.Context(), "Finance", "rightful.groups:view")) })
		same(t, unusedIn(t, engine, "Finance"), "unused [finance.balances:adjust finance.balances:view] unknown 0; group.permissions.change Finance [][finance.*:*]")
		same(t, unusedBy(t, engine, "ben"), "unused [finance.balances:adjust finance.balances:view reports:export reports:view requests.deposit:update requests.deposit:view requests.transfer:view] unknown 0"+
			"; group.members.change Desk [ben][]; user.permissions.change ben [][reports:export reports:view]")
	})
}

// Uses of which some were deleted, records that are missing and a store that is away never make something unused.
func TestUnusedIsNeverAssumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95)
		addUse(t, store, "ben", 80, "") // some of ben's uses, up to 80 days ago, were deleted
		same(t, unusedBy(t, engine, "ben"), "unused [] unknown 7")
		same(t, unusedIn(t, engine, "Finance"), "unused [] unknown 2")

		must(t)(engine.As("ana").Assign(t.Context(), "Finance", "cleo"))
		must(t)(engine.As("ana").Unassign(t.Context(), "Finance", "cleo"))
		store.DeleteRecord(engine.View().Revision() - 1)
		same(t, unusedBy(t, engine, "cleo"), "unused [] unknown 3")

		store.Fail(context.DeadlineExceeded, authztest.CallUses)
		if _, err := engine.UsageOfUser(t.Context(), engine.View(), "ben", 90); !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("with the store away: %v", err)
		}
		store.Fail(nil)
		store.Fail(context.DeadlineExceeded, authztest.CallUsagePeriod)
		if _, err := engine.UsageOfGroup(t.Context(), engine.View(), "Desk", 0); !errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("with the store away: %v", err)
		}
	})
}

// What is deleted while the uses are read doesn't make anything unused.
func TestUsesThatAreDeletedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, store := usedOffice(t, 95)
		addUse(t, store, "ben", 1, "reports:view")
		other := store.Another()
		prune := func(ctx context.Context) error {
			_, err := other.PruneUses(ctx, authz.UsageBounds{Since: 1, CountOfUser: 1000}, 1000)
			return err
		}
		store.OnCall(prune, authztest.CallUses)
		same(t, unusedBy(t, engine, "ben"), "unused [] unknown 7")
	})
}

// When the policy is older than [authz.Options.MaxAge], nobody holds anything.
func TestUsageByAnExpiredPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, store := usedOffice(t, 95)
		engine := open(t, store, authz.Options{PollInterval: time.Second, MaxAge: time.Minute})
		store.Fail(errors.New("away"), authztest.CallPosition, authztest.CallSince, authztest.CallLoad)
		time.Sleep(2 * time.Minute)
		u, err := engine.UsageOfGroup(t.Context(), engine.View(), "Desk", 0)
		if !engine.View().Expired() || err != nil || len(u.Permissions) != 0 {
			t.Errorf("it is %+v: %v", u, err)
		}
	})
}

// The uses of very many people are read in turn.
func TestUsageOfALargeGroupTakesTurns(t *testing.T) {
	t.Parallel()
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
	command := engine.AsCommand("test")
	must(t)(command.CreateGroup(t.Context(), authz.GroupSpec{Name: "Small"}))
	must(t)(command.CreateGroup(t.Context(), authz.GroupSpec{Name: "Large"}))
	var users []authz.UserID
	for i := range 1001 {
		users = append(users, authz.UserID(fmt.Sprintf("user%d", i)))
	}
	must(t)(command.Assign(t.Context(), "Small", users[:1000]...))
	must(t)(command.Assign(t.Context(), "Large", users...))
	authz.WidenGate(engine, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if u, err := engine.UsageOfGroup(ctx, engine.View(), "Small", 0); err != nil || u.MemberCount != 1000 {
		t.Errorf("a small group: %+v: %v", u, err)
	}
	if _, err := engine.UsageOfGroup(ctx, engine.View(), "Large", 0); !errors.Is(err, authz.ErrBusy) {
		t.Errorf("a large one: %v", err)
	}
}
