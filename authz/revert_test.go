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

// policyOf is the whole policy as text, without versions.
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

// operate is an operation in a table of tests.
type operate func(context.Context, authz.Admin) (authz.Change, error)

func assign(group authz.GroupName, users ...authz.UserID) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Assign(ctx, group, users...) }
}

func unassign(group authz.GroupName, users ...authz.UserID) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Unassign(ctx, group, users...)
	}
}

func grant(group authz.GroupName, patterns ...authz.Pattern) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Grant(ctx, group, patterns...)
	}
}

func setRules(group authz.GroupName, grants ...authz.Pattern) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetGroupPermissions(ctx, group, authz.Rules{Grants: grants})
	}
}

func rename(from, to authz.GroupName) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, from, authz.GroupPatch{Name: &to})
	}
}

func describe(group authz.GroupName, text string) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Description: &text})
	}
}

func inherit(group authz.GroupName, list ...authz.GroupName) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, group, authz.GroupPatch{Inherits: &list})
	}
}

func create(group authz.GroupName, grants ...authz.Pattern) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: grants}})
	}
}

func remove(group authz.GroupName) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.DeleteGroup(ctx, group, true)
	}
}

func setGroups(user authz.UserID, groups ...authz.GroupName) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.SetUserGroups(ctx, user, groups)
	}
}

func userGrant(user authz.UserID, patterns ...authz.Pattern) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.ChangeUserPermissions(ctx, user, authz.RulesDelta{Grant: patterns})
	}
}

func deleteUser(user authz.UserID) operate {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, user) }
}

// revertOffice has something of everything in it.
func revertOffice(t *testing.T, options authz.Options) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	options.Bootstrap = "ana"
	engine := open(t, store, options)
	for _, do := range []operate{
		create("Desk", "requests.*:view"), create("Finance", "finance.*:*", "rightful.members/Finance:assign"),
		describe("Finance", "books"), inherit("Finance", "Desk"),
		assign("Desk", "ben"), assign("Finance", "dana", "fay"), userGrant("lena", "rightful.members/Finance:assign"),
		userGrant("ben", "chats:view"),
	} {
		must(t)(do(t.Context(), engine.As("ana")))
	}
	return engine, store
}

// What comes back is what was there, whatever was changed elsewhere meanwhile.
func TestRevert(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change operate
		since  []operate // and then
		same   []operate // what leads to the same policy without the change
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
		"a change elsewhere":                  {grant("Desk", "x:y"), []operate{grant("Finance", "x:y")}, []operate{grant("Finance", "x:y")}},
		"grants of a group renamed since":     {grant("Desk", "x:y"), []operate{rename("Desk", "Front")}, []operate{rename("Desk", "Front")}},
		"members of it":                       {assign("Desk", "cleo"), []operate{rename("Desk", "Front")}, []operate{rename("Desk", "Front")}},
		"its inheritance":                     {inherit("Finance"), []operate{rename("Desk", "Front")}, []operate{rename("Desk", "Front")}},
		"the right to assign it":              {userGrant("cleo", "rightful.members/Desk:assign"), []operate{rename("Desk", "Front")}, []operate{rename("Desk", "Front")}},
		"a group whose base is renamed since": {remove("Finance"), []operate{rename("Desk", "Front")}, []operate{rename("Desk", "Front")}},
		"a group renamed to and fro":          {grant("Desk", "x:y"), []operate{rename("Desk", "Front"), rename("Front", "Desk")}, nil},
		"a name, and more members since":      {rename("Finance", "Treasury"), []operate{assign("Treasury", "cleo")}, []operate{assign("Finance", "cleo")}},
		"a name, and new rights to assign":    {rename("Finance", "Treasury"), []operate{userGrant("cleo", "rightful.members/Treasury:assign")}, []operate{userGrant("cleo", "rightful.members/Finance:assign")}},
		"a name, and a description since":     {rename("Finance", "Treasury"), []operate{describe("Treasury", "x")}, []operate{describe("Finance", "x")}},
		"a description, and a name since":     {describe("Finance", "x"), []operate{rename("Finance", "Treasury")}, []operate{rename("Finance", "Treasury")}},
		"some of the grants gone already":     {grant("Desk", "x:y", "z:y"), []operate{setRules("Desk", "requests.*:view", "z:y")}, nil},
		"some of the members left already":    {assign("Desk", "cleo", "hugo"), []operate{unassign("Desk", "cleo")}, nil},
		"a member gone with their group":      {setGroups("ben", "Finance"), []operate{remove("Finance")}, []operate{remove("Finance")}},
		"a group made and deleted since":      {create("Team", "a:b"), []operate{remove("Team")}, nil},
		"a group made, and given to assign": {
			create("Team", "a:b"), []operate{userGrant("cleo", "rightful.members/Team:assign")}, nil,
		},
		"another group under the name": {
			grant("Desk", "x:y"),
			[]operate{rename("Desk", "Front"), create("Desk", "x:y")},
			[]operate{rename("Desk", "Front"), create("Desk", "x:y")},
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
			fits(t, engine)
		})
	}
}

// What was built on a change isn't pulled down with it: everything in the way is named, and
// nothing is done.
func TestRevertThatDoesNotApply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change operate
		since  []operate
		way    []string
	}{
		"rules that made way for others": {setRules("Desk", "a:a"), []operate{setRules("Desk", "b:b")}, []string{
			`the grant "a:a" of the group "Desk", which the change added, was removed since, so what it replaced can't be restored`,
		}},
		"a user moved on": {setGroups("ben", "Finance"), []operate{setGroups("ben")}, []string{
			`the membership of "ben" in "Finance", which the change added, was removed since, so what it replaced can't be restored`,
		}},
		"rules of a group deleted since": {setRules("Desk", "a:a"), []operate{inherit("Finance"), remove("Desk")}, []string{
			`the grant "requests.*:view" of the group "Desk" can't be restored: its group was deleted since`,
		}},
		"and made anew": {setRules("Desk", "a:a"), []operate{inherit("Finance"), remove("Desk"), create("Desk", "a:a")}, []string{
			`the grant "requests.*:view" of the group "Desk" can't be restored: its group was deleted since`,
		}},
		"a description given since":     {describe("Desk", "a"), []operate{describe("Desk", "b")}, []string{`the description of the group "Desk" was changed since`}},
		"a description of a group lost": {describe("Finance", "a"), []operate{remove("Finance")}, []string{`the group "Finance" was deleted since`}},
		"a name given since": {rename("Desk", "Front"), []operate{rename("Front", "Hall")}, []string{
			`the group "Front", which the change renamed from "Desk", was renamed to "Hall" since`,
		}},
		"a name that is taken": {rename("Desk", "Front"), []operate{create("desk")}, []string{
			`the former name "Desk" of the group "Front" is taken by the group "desk"`,
		}},
		"a deleted group whose name is taken": {remove("Finance"), []operate{create("finance")}, []string{
			`the name of the deleted group "Finance" is taken by the group "finance"`,
		}},
		"a deleted group that inherited one that is gone": {remove("Finance"), []operate{remove("Desk")}, []string{
			`the inheritance of "Desk" by the group "Finance" can't be restored: its group was deleted since`,
		}},
		"a group that grew": {
			create("Team", "a:b"),
			[]operate{grant("Team", "c:d"), assign("Team", "ben", "cleo"), inherit("Team", "Desk"), inherit("Finance", "Team")},
			[]string{
				`the grant "c:d" of the group "Team" was added after the group "Team" was created`,
				`the inheritance of "Desk" by the group "Team" was added after the group "Team" was created`,
				`the inheritance of "Team" by the group "Finance" was added after the group "Team" was created`,
				`the group "Team" has members that were added after it was created: 2`,
			},
		},
		"a group described since": {create("Team"), []operate{describe("Team", "x")}, []string{
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

// What comes back is held against the catalog of now, and against the length of chains.
func TestRevertOfWhatCannotBeHadNow(t *testing.T) {
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
	for i := range 9 {
		must(t)(create(authz.GroupName(fmt.Sprint("Heir ", i)))(ctx, ana))
		to := authz.GroupName(fmt.Sprint("Heir ", i-1))
		if i == 0 {
			to = "Finance"
		}
		must(t)(inherit(authz.GroupName(fmt.Sprint("Heir ", i)), to)(ctx, ana))
	}
	if _, err := ana.Revert(ctx, link.Revision); !errors.As(err, &cannot) || !strings.Contains(cannot.Faults[0].Detail, "chain of 10 links") {
		t.Errorf("%v", err)
	}
	must(t)(inherit("Heir 0")(ctx, ana))
	must(t)(inherit("Desk", "Finance")(ctx, ana))
	if _, err := ana.Revert(ctx, link.Revision); !errors.Is(err, authz.ErrInheritanceCycle) {
		t.Errorf("%v", err)
	}
}

// Promises 1 and 2 hold against reverts too, and what no operation makes no revert undoes.
func TestRevertOfWhatNobodyMayUndo(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.InsertRows(authz.Row{Type: "p", V: [6]string{"ben", "", "view", "deny"}})
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
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

// A revert needs what its inverse needs, and gives nothing that isn't held.
func TestRevertNeedsRights(t *testing.T) {
	t.Parallel()
	const see, view = authz.Pattern("rightful.changes:view"), authz.Pattern("rightful.groups:view")
	for _, c := range []struct {
		what   string
		change operate
		holds  []authz.Pattern // beside the right to see changes
		want   error
	}{
		{"to see changes is not enough", grant("Desk", "x:y"), nil, authz.ErrForbidden},
		{"nor to see groups", grant("Desk", "x:y"), []authz.Pattern{view}, authz.ErrForbidden},
		{"to change groups is", grant("Desk", "x:y"), []authz.Pattern{view, "rightful.groups:update"}, nil},
		{"and gives nothing that isn't held", setRules("Desk"), []authz.Pattern{"rightful.groups:*"}, authz.ErrEscalation},
		{"only what is", setRules("Desk"), []authz.Pattern{"rightful.groups:*", "requests.*:*"}, nil},
		{"to make is not to delete", create("Team"), []authz.Pattern{view, "rightful.groups:create", "rightful.groups:update"}, authz.ErrForbidden},
		{"to delete is", create("Team"), []authz.Pattern{view, "rightful.groups:delete"}, nil},
		{"to delete is not to make", remove("Desk 2"), []authz.Pattern{view, "rightful.groups:delete"}, authz.ErrForbidden},
		{"to make is", remove("Desk 2"), []authz.Pattern{view, "rightful.groups:create"}, nil},
		{"members that come back need more", remove("Desk"), []authz.Pattern{view, "rightful.groups:create", "requests.*:*"}, authz.ErrForbidden},
		{"as always", remove("Desk"), []authz.Pattern{view, "rightful.users:*", "rightful.groups:create", "requests.*:*"}, nil},
		{"groups are not users", userGrant("cleo", "x:y"), []authz.Pattern{"rightful.groups:*", "rightful.users:view"}, authz.ErrForbidden},
		{"users are", userGrant("cleo", "x:y"), []authz.Pattern{view, "rightful.users:*"}, nil},
		{"the right to assign moves members", assign("Desk", "cleo"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, nil},
		{"in either direction", unassign("Desk", "ben"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, nil},
		{"of that group", assign("Finance", "cleo"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, authz.ErrForbidden},
		{"and not oneself", unassign("Desk", "dave"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, authz.ErrForbidden},
		{"Administrators are theirs", assign(authz.Administrators, "cleo"), []authz.Pattern{"rightful.*:*"}, authz.ErrEscalation},
		{"a right of Rightful's is taken by who holds it", userGrant("cleo", "rightful.policy:import"), []authz.Pattern{view, "rightful.users:*"}, authz.ErrEscalation},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			engine, _ := revertOffice(t, authz.Options{})
			ana := engine.As("ana")
			for _, do := range []operate{inherit("Finance"), create("Desk 2"), assign("Desk", "dave")} {
				must(t)(do(ctx, ana))
			}
			change := must(t)(c.change(ctx, ana))
			must(t)(ana.SetUserPermissions(ctx, "dave", authz.Rules{Grants: append([]authz.Pattern{see}, c.holds...)}))
			must(t)(ana.SetUserGroups(ctx, "dave", nil))
			dave := engine.As("dave")
			if err := dave.Authorize(ctx, authz.Operation{Action: authz.ActionChangeRevert, Revision: change.Revision}); errors.Is(c.want, authz.ErrForbidden) != errors.Is(err, authz.ErrForbidden) {
				t.Errorf("asked beforehand: %v", err)
			}
			im, err := dave.Impact(ctx, change)
			if err != nil || im.RevertNeedsAdministrators != (c.want != nil) {
				t.Errorf("undoing needs administrators: %v, %v", im.RevertNeedsAdministrators, err)
			}
			if _, err := dave.Revert(ctx, change.Revision); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			for _, revision := range []authz.Revision{change.Revision, 999} { // whoever may not see changes doesn't learn of them
				if _, err := engine.As("nobody").Revert(ctx, revision); fmt.Sprint(err) != "forbidden: this needs rightful.changes:view" {
					t.Errorf("nobody is told %v", err)
				}
			}
		})
	}
}

// A change that another instance made a moment ago can be reverted, and followed to where its
// groups are by now.
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
