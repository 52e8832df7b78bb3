package authz_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// policyOf returns the whole policy as text, without versions.
func policyOf(v *authz.View) string {
	var b strings.Builder
	for _, g := range v.Groups("") {
		fmt.Fprintf(&b, "%s (%s)\n", g.Name, g.Description)
	}
	for _, row := range v.Export() {
		fmt.Fprintln(&b, row.Type, row.V)
	}
	return b.String()
}

// operationFunc is an operation in a table of tests.
type operationFunc func(context.Context, authz.Admin) (authz.Change, error)

func assign(group authz.GroupName, users ...authz.UserID) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Assign(ctx, group, users...) }
}

func unassign(group authz.GroupName, users ...authz.UserID) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Unassign(ctx, group, users...)
	}
}

func grant(group authz.GroupName, patterns ...authz.Pattern) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Grant(ctx, group, patterns...)
	}
}

func setRules(group authz.GroupName, grants ...authz.Pattern) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetGroupPermissions(ctx, group, authz.Rules{Grants: grants})
	}
}

func rename(from, to authz.GroupName) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, from, authz.GroupPatch{Name: &to})
	}
}

func describe(group authz.GroupName, text string) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Description: &text})
	}
}

func inherit(group authz.GroupName, list ...authz.GroupName) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Inherits: &list})
	}
}

func create(group authz.GroupName, grants ...authz.Pattern) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: grants}})
	}
}

func remove(group authz.GroupName) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.DeleteGroup(ctx, group, true)
	}
}

func setGroups(user authz.UserID, groups ...authz.GroupName) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetUserGroups(ctx, user, groups)
	}
}

func userGrant(user authz.UserID, patterns ...authz.Pattern) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.ChangeUserPermissions(ctx, user, authz.RulesDelta{Grant: patterns})
	}
}

func deleteUser(user authz.UserID) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, user) }
}

// revertOffice is an engine whose policy has something of every kind.
func revertOffice(t *testing.T, options authz.Options) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	options.Bootstrap = "ana"
	engine := open(t, store, options)
	for _, do := range []operationFunc{
		create("Desk", "requests.*:view"), create("Finance", "finance.*:*", "rightful.members/Finance:assign"),
		describe("Finance", "books"), inherit("Finance", "Desk"),
		assign("Desk", "ben"), assign("Finance", "dana", "fay"), userGrant("lena", "rightful.members/Finance:assign"),
		userGrant("ben", "chats:view"),
	} {
		must(t)(do(t.Context(), engine.As("ana")))
	}
	return engine, store
}

// A revert restores what the change altered, whatever else has changed since.
func TestRevert(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change operationFunc
		since  []operationFunc // and then
		same   []operationFunc // what leads to the same policy without the change
	}{
		"grants":                              {change: grant("Desk", "chats:view", "chats:edit")},
		"rules replaced":                      {change: setRules("Finance", "finance.reports:view")},
		"members":                             {change: assign("Desk", "cleo", "hugo")},
		"groups of a user":                    {change: setGroups("ben", "Finance")},
		"a user deleted":                      {change: deleteUser("ben")},
		"a group made":                        {change: create("Team", "a:b")},
		"a group deleted":                     {change: remove("Finance")},
		"a name":                              {change: rename("Finance", "Treasury")},
		"a name that differs in case":         {change: rename("Finance", "FINANCE")},
		"a description":                       {change: describe("Finance", "adjusts")},
		"inheritance":                         {change: inherit("Finance")},
		"a change elsewhere":                  {grant("Desk", "x:y"), []operationFunc{grant("Finance", "x:y")}, []operationFunc{grant("Finance", "x:y")}},
		"grants of a group renamed since":     {grant("Desk", "x:y"), []operationFunc{rename("Desk", "Front")}, []operationFunc{rename("Desk", "Front")}},
		"members of it":                       {assign("Desk", "cleo"), []operationFunc{rename("Desk", "Front")}, []operationFunc{rename("Desk", "Front")}},
		"its inheritance":                     {inherit("Finance"), []operationFunc{rename("Desk", "Front")}, []operationFunc{rename("Desk", "Front")}},
		"the right to assign it":              {userGrant("cleo", "rightful.members/Desk:assign"), []operationFunc{rename("Desk", "Front")}, []operationFunc{rename("Desk", "Front")}},
		"a group whose base is renamed since": {remove("Finance"), []operationFunc{rename("Desk", "Front")}, []operationFunc{rename("Desk", "Front")}},
		"a group renamed to and fro":          {grant("Desk", "x:y"), []operationFunc{rename("Desk", "Front"), rename("Front", "Desk")}, nil},
		"a name, and more members since":      {rename("Finance", "Treasury"), []operationFunc{assign("Treasury", "cleo")}, []operationFunc{assign("Finance", "cleo")}},
		"a name, and new rights to assign":    {rename("Finance", "Treasury"), []operationFunc{userGrant("cleo", "rightful.members/Treasury:assign")}, []operationFunc{userGrant("cleo", "rightful.members/Finance:assign")}},
		"a name, and a description since":     {rename("Finance", "Treasury"), []operationFunc{describe("Treasury", "x")}, []operationFunc{describe("Finance", "x")}},
		"a description, and a name since":     {describe("Finance", "x"), []operationFunc{rename("Finance", "Treasury")}, []operationFunc{rename("Finance", "Treasury")}},
		"some of the grants gone already":     {grant("Desk", "x:y", "z:y"), []operationFunc{setRules("Desk", "requests.*:view", "z:y")}, nil},
		"some of the members left already":    {assign("Desk", "cleo", "hugo"), []operationFunc{unassign("Desk", "cleo")}, nil},
		"a member gone with their group":      {setGroups("ben", "Finance"), []operationFunc{remove("Finance")}, []operationFunc{remove("Finance")}},
		"a group made and deleted since":      {create("Team", "a:b"), []operationFunc{remove("Team")}, nil},
		"a group made, and given to assign": {
			create("Team", "a:b"), []operationFunc{userGrant("cleo", "rightful.members/Team:assign")}, nil,
		},
		"another group under the name": {
			grant("Desk", "x:y"),
			[]operationFunc{rename("Desk", "Front"), create("Desk", "x:y")},
			[]operationFunc{rename("Desk", "Front"), create("Desk", "x:y")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			engine, _ := revertOffice(t, authz.Options{})
			ana := engine.As("ana")
			change := must(t)(c.change(ctx, ana))
			for _, do := range c.since {
				must(t)(do(ctx, ana))
			}
			planned := must(t)(ana.DryRun().Revert(ctx, change.Revision))
			made := must(t)(ana.Because("a mistake").Revert(ctx, change.Revision))
			if !reflect.DeepEqual(planned.Delta, made.Delta) {
				t.Errorf("planned %+v, made %+v", planned.Delta, made.Delta)
			}
			other, _ := revertOffice(t, authz.Options{})
			for _, do := range c.same {
				must(t)(do(ctx, other.As("ana")))
			}
			if got, want := policyOf(engine.View()), policyOf(other.View()); got != want {
				t.Errorf("the policy is\n%s\nand should be\n%s", got, want)
			}
			if made.Revision > 0 {
				stored, err := engine.Change(ctx, made.Revision)
				if err != nil || stored.Action != authz.ActionChangeRevert || stored.Target != fmt.Sprint(change.Revision) || stored.Reason != "a mistake" {
					t.Errorf("on record is %+v, %v", stored, err)
				}
			}
			if again := must(t)(ana.Revert(ctx, change.Revision)); again.Revision != 0 || len(again.Delta.Added)+len(again.Delta.Removed)+len(again.Delta.Groups) > 0 {
				t.Errorf("a second time it did %+v", again.Delta)
			}
			checkRecords(t, engine)
		})
	}
}

// A revert doesn't undo later changes that build on the reverted one: all of them are named, and
// nothing is changed.
func TestRevertConflicts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change operationFunc
		since  []operationFunc
		way    []string
	}{
		"rules that made way for others": {setRules("Desk", "a:a"), []operationFunc{setRules("Desk", "b:b")}, []string{
			`the grant "a:a" of the group "Desk", which the change added, was removed since, so what it replaced can't be restored`,
		}},
		"a user moved on": {setGroups("ben", "Finance"), []operationFunc{setGroups("ben")}, []string{
			`the membership of "ben" in "Finance", which the change added, was removed since, so what it replaced can't be restored`,
		}},
		"rules of a group deleted since": {setRules("Desk", "a:a"), []operationFunc{inherit("Finance"), remove("Desk")}, []string{
			`the grant "requests.*:view" of the group "Desk" can't be restored: its group was deleted since`,
		}},
		"and made anew": {setRules("Desk", "a:a"), []operationFunc{inherit("Finance"), remove("Desk"), create("Desk", "a:a")}, []string{
			`the grant "requests.*:view" of the group "Desk" can't be restored: its group was deleted since`,
		}},
		"a description given since":     {describe("Desk", "a"), []operationFunc{describe("Desk", "b")}, []string{`the description of the group "Desk" was changed since`}},
		"a description of a group lost": {describe("Finance", "a"), []operationFunc{remove("Finance")}, []string{`the group "Finance" was deleted since`}},
		"a name given since": {rename("Desk", "Front"), []operationFunc{rename("Front", "Hall")}, []string{
			`the group "Front", which the change renamed from "Desk", was renamed to "Hall" since`,
		}},
		"a name that is taken": {rename("Desk", "Front"), []operationFunc{create("desk")}, []string{
			`the former name "Desk" of the group "Front" is taken by the group "desk"`,
		}},
		"a deleted group whose name is taken": {remove("Finance"), []operationFunc{create("finance")}, []string{
			`the name of the deleted group "Finance" is taken by the group "finance"`,
		}},
		"a deleted group that inherited one that is gone": {remove("Finance"), []operationFunc{remove("Desk")}, []string{
			`the inheritance of "Desk" by the group "Finance" can't be restored: its group was deleted since`,
		}},
		"a group that grew": {
			create("Team", "a:b"),
			[]operationFunc{grant("Team", "c:d"), assign("Team", "ben", "cleo"), inherit("Team", "Desk"), inherit("Finance", "Team")},
			[]string{
				`the grant "c:d" of the group "Team" was added after the group "Team" was created`,
				`the inheritance of "Desk" by the group "Team" was added after the group "Team" was created`,
				`the inheritance of "Team" by the group "Finance" was added after the group "Team" was created`,
				`the group "Team" has members that were added after it was created: 2`,
			},
		},
		"a group described since": {create("Team"), []operationFunc{describe("Team", "x")}, []string{
			`the group "Team", which the change created, has a new name or description since`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			engine, _ := revertOffice(t, authz.Options{})
			ana := engine.As("ana")
			change := must(t)(c.change(ctx, ana))
			for _, do := range c.since {
				must(t)(do(ctx, ana))
			}
			before := policyOf(engine.View())
			_, err := ana.Revert(ctx, change.Revision)
			var cannot *authz.Error
			if !errors.As(err, &cannot) || !errors.Is(err, authz.ErrCannotRevert) {
				t.Fatalf("got %v", err)
			}
			var way []string
			for _, f := range cannot.Faults {
				way = append(way, f.Detail)
			}
			if got, want := strings.Join(way, "\n"), strings.Join(c.way, "\n"); got != want || cannot.Count != len(c.way) {
				t.Errorf("in the way (%d) is\n%s\nand should be\n%s", cannot.Count, got, want)
			}
			if policyOf(engine.View()) != before {
				t.Error("something was done")
			}
		})
	}
}

// A revert is checked against the present catalog and the limit on inheritance.
func TestRevertToAnInvalidPolicyIsRefused(t *testing.T) {
	t.Parallel()
	engine, store := revertOffice(t, authz.Options{})
	ctx := t.Context()
	gone := must(t)(setRules("Desk")(ctx, engine.As("ana")))
	later := open(t, store, authz.Options{Catalog: authz.Catalog{{Permission: "requests.deposits:edit", Label: "x"}}})
	var cannot *authz.Error
	if _, err := later.As("ana").Revert(ctx, gone.Revision); !errors.As(err, &cannot) || !strings.Contains(cannot.Faults[0].Detail, "is not in the catalog") {
		t.Errorf("%v", err)
	}
	ana := engine.As("ana")
	link := must(t)(inherit("Finance")(ctx, ana))
	for i := range 8 {
		must(t)(create(authz.GroupName(fmt.Sprint("Heir ", i)))(ctx, ana))
		to := authz.GroupName(fmt.Sprint("Heir ", i-1))
		if i == 0 {
			to = "Finance"
		}
		must(t)(inherit(authz.GroupName(fmt.Sprint("Heir ", i)), to)(ctx, ana))
	}
	if _, err := ana.Revert(ctx, link.Revision); !errors.As(err, &cannot) || !strings.Contains(cannot.Faults[0].Detail, "chain of 9 links") {
		t.Errorf("%v", err)
	}
	must(t)(inherit("Heir 0")(ctx, ana))
	must(t)(inherit("Desk", "Finance")(ctx, ana))
	if _, err := ana.Revert(ctx, link.Revision); !errors.Is(err, authz.ErrInheritanceCycle) {
		t.Errorf("%v", err)
	}
}

// Promises 1 and 2 hold for reverts too, and changes that no operation can make can't be
// reverted.
func TestRevertOfProtectedChangesIsRefused(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(authz.Row{Type: "p", V: [6]string{"ben", "", "view", "deny"}})
	engine := open(t, store, authz.Options{Bootstrap: "ana", Adopt: adopting})
	ctx, ana := t.Context(), engine.As("ana")
	repair := must(t)(ana.RemoveBadRows(ctx))
	second := must(t)(assign(authz.Administrators, "ben")(ctx, ana))
	must(t)(unassign(authz.Administrators, "ana")(ctx, engine.As("ben")))
	for _, c := range []struct {
		what     string
		revision authz.Revision
		want     error
	}{
		{"the store itself", 1, authz.ErrProtectedGroup},
		{"the last administrator", second.Revision, authz.ErrLastAdministrator},
		{"a repair", repair.Revision, authz.ErrCannotRevert},
		{"nothing", 0, authz.ErrNoSuchChange},
		{"what is to come", engine.View().Revision() + 1, authz.ErrNoSuchChange},
	} {
		if _, err := engine.As("ben").Revert(ctx, c.revision); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, err, c.want)
		}
	}
	// Who was first is out already; the way in can be undone, and redone.
	again := must(t)(engine.As("ben").Revert(ctx, engine.View().Revision()))
	if !slices.Contains(engine.View().User("ana").Groups, authz.Administrators) {
		t.Error("ana isn't back")
	}
	must(t)(engine.As("ben").Revert(ctx, again.Revision))
	if slices.Contains(engine.View().User("ana").Groups, authz.Administrators) {
		t.Error("ana is back")
	}
}

// A change that another instance has just made can be reverted, under the present names of its
// groups.
func TestRevertOnAnotherInstance(t *testing.T) {
	t.Parallel()
	engine, store := revertOffice(t, authz.Options{PollInterval: time.Hour})
	ctx := t.Context()
	other := open(t, store, authz.Options{PollInterval: time.Hour})
	change := must(t)(grant("Desk", "x:y")(ctx, other.As("ana")))
	must(t)(rename("Desk", "Front")(ctx, other.As("ana")))
	must(t)(engine.As("ana").Revert(ctx, change.Revision))
	if g, ok := engine.View().Group("Front"); !ok || len(g.Permissions.Grants) != 1 {
		t.Errorf("%+v", g)
	}
}
