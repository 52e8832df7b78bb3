package authz_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// previewed is the impact that a preview showed for a change that was then made.
type previewed struct {
	actor    authz.UserID // empty for the command
	revision authz.Revision
	impact   authz.Impact
}

// impactFault compares an impact with the decisions of two policies: gains over the new catalog,
// losses over the old one (each group has its right to assign), and both over held permissions
// outside the catalogs.
func impactFault(before, after *authz.View, im authz.Impact) error {
	only := func(u authz.UserID, one, other *authz.View) (list []authz.Permission) {
		asked := map[authz.Permission]bool{}
		for _, e := range one.Catalog(nil, "") {
			asked[e.Permission] = true
		}
		for _, p := range one.Listed(u) {
			asked[p] = true
		}
		for p := range asked {
			if one.Can(u, p) && !other.Can(u, p) {
				list = append(list, p)
			}
		}
		return list
	}
	gains, losses := map[authz.UserID][]authz.Permission{}, map[authz.UserID][]authz.Permission{}
	for _, u := range append(slices.Clone(someMembers), "nobody") {
		if list := only(u, after, before); len(list) > 0 {
			gains[u] = list
		}
		if list := only(u, before, after); len(list) > 0 {
			losses[u] = list
		}
	}
	for _, c := range []struct {
		what     string
		want     map[authz.UserID][]authz.Permission
		list     []authz.UserImpact
		count    int
		sets     []authz.ImpactSet
		setCount int
	}{
		{"gains", gains, im.Gains, im.GainCount, im.GainSets, im.GainSetCount},
		{"losses", losses, im.Losses, im.LossCount, im.LossSets, im.LossSetCount},
	} {
		var want []authz.UserImpact
		for u, list := range c.want {
			slices.SortFunc(list, fold.Compare)
			want = append(want, authz.UserImpact{User: u, Permissions: list})
		}
		slices.SortFunc(want, func(a, b authz.UserImpact) int { return fold.Compare(a.User, b.User) })
		if !reflect.DeepEqual(want, c.list) || c.count != len(want) {
			return fmt.Errorf("%s are said to be %d: %v, and are %v", c.what, c.count, c.list, want)
		}
		if sets := setsOf(want); fmt.Sprint(sets) != fmt.Sprint(c.sets) || c.setCount != len(sets) {
			return fmt.Errorf("the sets of %s are said to be %d: %v, and are %v", c.what, c.setCount, c.sets, sets)
		}
	}
	return nil
}

// setsOf groups users by what they gain or lose.
func setsOf(list []authz.UserImpact) (sets []authz.ImpactSet) {
	for _, u := range list {
		same := func(s authz.ImpactSet) bool { return slices.Equal(s.Permissions, u.Permissions) }
		i := slices.IndexFunc(sets, same)
		if i < 0 {
			i, sets = len(sets), append(sets, authz.ImpactSet{Permissions: u.Permissions})
		}
		sets[i].Users = append(sets[i].Users, u.User)
		sets[i].UserCount++
	}
	slices.SortStableFunc(sets, func(a, b authz.ImpactSet) int { return cmp.Compare(b.UserCount, a.UserCount) })
	return sets
}

// previewRandomSteps previews random operations, carries them out, and compares the two.
func previewRandomSteps(t *testing.T, engine *authz.Engine, store authz.Store, seed uint64, steps int) (list []previewed) {
	t.Helper()
	ctx := t.Context()
	r, w := rand.New(rand.NewPCG(seed, 8)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s, actor := randomStep(r, w), authz.UserID("")
		if r.IntN(2) == 0 {
			actor = pick(r, someUsers)
			giveSomeRights(t, engine, w, actor, r)
		}
		before := engine.View()
		planned, im, err := preview(adminOf(engine, actor), func(a authz.Admin) (authz.Change, error) { return s.engine(ctx, a) })
		if stored, serr := store.Position(ctx); serr != nil || engine.View().Revision() != before.Revision() || stored.Revision != before.Revision() ||
			planned.Revision != 0 || len(planned.Hash) != 0 || !planned.At.IsZero() {
			t.Fatalf("step %d, %s: the preview was carried out: %+v", i, s.name, planned)
		}
		made, merr := s.engine(ctx, adminOf(engine, actor))
		if fmt.Sprint(err) != fmt.Sprint(merr) {
			t.Fatalf("step %d, %s: previewed %v, made %v", i, s.name, err, merr)
		}
		if err != nil {
			if !reflect.DeepEqual(im, authz.Impact{}) {
				t.Fatalf("step %d, %s: refused, and has an impact: %+v", i, s.name, im)
			}
			continue
		}
		s.model(w)
		if !reflect.DeepEqual(planned.Delta, made.Delta) {
			t.Fatalf("step %d, %s: previewed %+v, made %+v", i, s.name, planned.Delta, made.Delta)
		}
		if err := impactFault(before, engine.View(), im); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d step %d, %s: %v", seed, i, s.name, err)
		}
		if made.Revision > 0 {
			list = append(list, previewed{actor, made.Revision, im})
		}
	}
	return list
}

// A preview shows exactly which decisions a change alters, and stores nothing. The impact of the
// recorded change stays the same through later renames and deletions.
func TestImpactMatchesTheChange(t *testing.T) {
	t.Parallel()
	for _, catalog := range []authz.Catalog{nil, someCatalog()} {
		for _, seed := range seeds(t, 4) {
			store := memstore.New()
			options := authz.Options{Bootstrap: "root", Catalog: catalog, PollInterval: time.Hour}
			engine := open(t, store, options)
			list := previewRandomSteps(t, engine, store, seed, 80)
			later := open(t, store, options) // has only the records
			for _, e := range []*authz.Engine{engine, later} {
				for _, was := range list {
					c, err := e.Change(t.Context(), was.revision)
					if err != nil {
						t.Fatal(err)
					}
					im, err := adminOf(e, was.actor).Impact(t.Context(), c)
					im.RevertNeedsAdministrators = was.impact.RevertNeedsAdministrators // is about now, see TestUndoRightsMatchTheRevert
					if err != nil || !reflect.DeepEqual(im, was.impact) {
						t.Fatalf("RIGHTFUL_SEED=%d revision %d, %s %q: foretold %+v, said now %+v (%v)", seed, was.revision, c.Action, c.Target, was.impact, im, err)
					}
				}
			}
			checkRecords(t, later)
		}
	}
}

// Of many affected users the first hundred are listed and all are counted.
func TestImpactOnMany(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	var users []authz.UserID
	for i := range 150 {
		users = append(users, authz.UserID(fmt.Sprintf("user %03d", i)))
	}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heirs", Inherits: []authz.GroupName{"Desk"}}))
	must(t)(ana.Assign(ctx, "Desk", users[:149]...))
	must(t)(ana.Assign(ctx, "Heirs", users[149]))
	for _, c := range []struct {
		what          string
		gains, losses int
		change        func(authz.Admin) (authz.Change, error)
	}{
		{"a grant", 150, 0, func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "Desk", "chats:view") }},
		{"a restriction", 0, 150, func(a authz.Admin) (authz.Change, error) { return a.Restrict(ctx, "Desk", "requests.deposit:*") }},
		{"nothing", 0, 0, func(a authz.Admin) (authz.Change, error) { return a.Assign(ctx, "Desk", users[:149]...) }},
	} {
		_, im, err := preview(ana, c.change)
		if err != nil || im.GainCount != c.gains || im.LossCount != c.losses || len(im.Gains) != min(100, c.gains) || len(im.Losses) != min(100, c.losses) {
			t.Errorf("%s: %d of %d gains, %d of %d losses, %v", c.what, len(im.Gains), im.GainCount, len(im.Losses), im.LossCount, err)
		}
		byUser := func(a, b authz.UserImpact) int { return cmp.Compare(a.User, b.User) }
		if !slices.IsSortedFunc(im.Gains, byUser) || !slices.IsSortedFunc(im.Losses, byUser) || len(im.Gains) > 0 && im.Gains[0].User != "user 000" {
			t.Errorf("%s: not the first hundred", c.what)
		}
	}
}

// A dry run that puts thousands of users with rules and groups of their own into a group of ten thousand rules compares
// these once, not once for each user: that took minutes, and a write may take five seconds.
func TestImpactOnManyUsersComparesTheGroupOnce(t *testing.T) {
	t.Parallel()
	engine, users := manyUsers(t)
	var gains []authz.UserImpact
	for _, actor := range []authz.UserID{"ana", "dave", "lena"} {
		planned, err := engine.As(actor).DryRun().Assign(t.Context(), "Giver", users...)
		if err != nil {
			t.Fatalf("%s: %v", actor, err)
		}
		if gains = planned.Impact.Gains; planned.Impact.GainCount != len(users) || planned.Impact.LossCount != 0 || len(gains) != 100 {
			t.Errorf("%s: %d gain, %d lose, %d are listed", actor, planned.Impact.GainCount, planned.Impact.LossCount, len(gains))
		}
	}
	before := engine.View()
	must(t)(engine.As("ana").Assign(t.Context(), "Giver", users...))
	for _, of := range gains[:3] {
		want := slices.DeleteFunc(engine.View().PermissionsOf(of.User), func(p authz.Permission) bool { return before.Can(of.User, p) })
		if !slices.Equal(of.Permissions, want) {
			t.Errorf("%s is said to gain %d permissions, and gains %d", of.User, len(of.Permissions), len(want))
		}
	}
}

// What a user holds by a wildcard alone, and the catalog doesn't declare, is listed in no effective permissions and so
// in no impact.
func TestImpactListsWhatGrantsName(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Muted", Permissions: authz.Rules{Restrictions: []authz.Pattern{"chats.open:write", "chats.closed:write"}}}))
	must(t)(ana.Assign(ctx, "Muted", "mia"))
	must(t)(ana.ChangeUserPermissions(ctx, "mia", authz.RulesDelta{Grant: []authz.Pattern{"chats.*:*", "chats.open:write"}}))
	planned := must(t)(ana.DryRun().Unassign(ctx, "Muted", "mia"))
	if got := fmt.Sprint(planned.Impact.Gains); got != "[{mia [chats.open:write]}]" {
		t.Errorf("gains %s", got)
	}
}

// An impact says whether the user who asks could undo the change.
func TestImpactSaysWhoCouldUndo(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	grants := func(u authz.UserID, list ...authz.Pattern) {
		must(t)(ana.ChangeUserPermissions(ctx, u, authz.RulesDelta{Grant: list}))
	}
	grants("dave", "rightful.changes:view")
	grants("carl", "rightful.changes:view", "rightful.groups:view", "rightful.groups:create")
	grants("lena", "rightful.groups:view", "rightful.users:view", "rightful.members/Desk:assign")
	must(t)(ana.Assign(ctx, "Finance", "fay"))
	for _, c := range []struct {
		what           string
		actor          authz.UserID
		administrators bool
		change         func(authz.Admin) (authz.Change, error)
	}{
		{"an administrator, anything", "ana", false, func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, "Finance", true) }},
		{"the command, anything", "", false, func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, "Finance", true) }},
		{"a grant of what one holds", "dave", false, func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "Finance", "requests.deposit:view") }},
		{"nothing", "dave", false, func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "Desk", "requests.*:view") }},
		{"taking what one lacks", "dave", true, func(a authz.Admin) (authz.Change, error) {
			return a.SetGroupPermissions(ctx, "Finance", authz.Rules{})
		}},
		{"a restriction of what one lacks", "dave", true, func(a authz.Admin) (authz.Change, error) { return a.Restrict(ctx, "Finance", "finance.reports:*") }},
		{"throwing out where one can't put in", "dave", true, func(a authz.Admin) (authz.Change, error) { return a.Unassign(ctx, "Finance", "fay") }},
		{"leaving the group that gives one the right", "dave", true, func(a authz.Admin) (authz.Change, error) { return a.Unassign(ctx, "Leads", "dave") }},
		{"deleting a group that gives more than one holds", "dave", true, func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, "Finance", true) }},
		{"making a group", "dave", false, func(a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New", Inherits: []authz.GroupName{"Leads"}})
		}},
		{"making a group without the right to delete one", "carl", true, func(a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New"})
		}},
		{"a new name", "dave", false, func(a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Finance", authz.GroupPatch{Name: ptr(authz.GroupName("Treasury"))})
		}},
	} {
		_, im, err := preview(adminOf(engine, c.actor), c.change)
		if err != nil || im.RevertNeedsAdministrators != c.administrators {
			t.Errorf("%s: undoing needs administrators: %v (%v)", c.what, im.RevertNeedsAdministrators, err)
		}
	}
}

// The impact of a change that isn't recorded is an error.
func TestImpactOfAnUnrecordedChange(t *testing.T) {
	t.Parallel()
	engine := office(t)
	for _, c := range []authz.Change{
		{Revision: engine.View().Revision() + 7, Delta: authz.Delta{Added: []authz.Rule{{Kind: authz.KindMember, Subject: "eve", Group: "Desk"}}}},
		{Revision: engine.View().Revision(), Delta: authz.Delta{Added: []authz.Rule{{Kind: authz.KindMember, Subject: "eve", Group: "Nowhere"}}}},
		{Delta: authz.Delta{Removed: []authz.Rule{{Kind: authz.KindMember, Subject: "eve", Group: "Desk"}}}},
	} {
		if im, err := engine.As("ana").Impact(t.Context(), c); !errors.Is(err, authz.ErrRecordsDoNotFit) {
			t.Errorf("%+v: %+v, %v", c, im, err)
		}
	}
}

// Earlier policies are reconstructed across a change that renamed a group and edited it as well.
func TestImpactBeforeARenameWithOtherEdits(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Grant(ctx, "Desk", "rightful.members/Desk:assign", "chats:view"))
	first := must(t)(ana.Assign(ctx, "Desk", "ben"))
	name, text := authz.GroupName("Front desk"), "in front"
	second := must(t)(ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: &name, Description: &text, Inherits: &[]authz.GroupName{"Finance"}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	must(t)(ana.DeleteGroup(ctx, "Front desk", true))
	for _, c := range []struct {
		change        authz.Change
		gains, losses string
	}{
		{first, "[{ben [chats:view requests.*:view requests.deposit:update rightful.members/Desk:assign]}]", "[]"},
		{second, "[{ben [finance.*:* rightful.members/Front desk:assign]}]", "[{ben [rightful.members/Desk:assign]}]"},
	} {
		im, err := ana.Impact(ctx, c.change)
		if err != nil || fmt.Sprint(im.Gains) != c.gains || fmt.Sprint(im.Losses) != c.losses {
			t.Errorf("revision %d: gains %v, losses %v, %v", c.change.Revision, im.Gains, im.Losses, err)
		}
	}
}

// Users whose ids look like parts of one another are told apart.
func TestImpactTellsSimilarUserIDsApart(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	const kept, goes = authz.UserID("y|-"), authz.UserID("y|-|guy")
	must(t)(root.ChangeUserPermissions(ctx, kept, authz.RulesDelta{Grant: []authz.Pattern{"a:a"}}))
	must(t)(root.ChangeUserPermissions(ctx, goes, authz.RulesDelta{Grant: []authz.Pattern{"b:b"}}))
	file := fileOf([]authz.Rule{
		{Kind: authz.KindGrant, Subject: authz.Subject(kept), Pattern: "a:a"},
		{Kind: authz.KindGrant, Subject: authz.Subject(kept), Pattern: "c:c"},
	})
	_, impact, err := preview(root, func(a authz.Admin) (authz.Change, error) {
		return a.Import(ctx, file, authz.ImportReplace)
	})
	if err != nil {
		t.Fatal(err)
	}
	if impact.GainCount != 1 || impact.LossCount != 1 {
		t.Errorf("%+v", impact)
	}
}

// What a dry run about someone in thousands of groups takes follows what they give, not its square: it took ten seconds
// and more.
func TestImpactOnSomeoneInThousandsOfGroups(t *testing.T) {
	withoutRaces(t)
	const n = 3000
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", WriteTimeout: 30 * time.Second})
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for i := range n {
		door := fmt.Sprint("group:Door", i)
		add("p", door, fmt.Sprint("doors.x", i), "open", "allow")
		add("p", door, fmt.Sprintf("wild%d.*", i), "open", "allow")
		add("g", door, "group:Hub")
		add("g", "fat", door)
	}
	add("p", "group:Hub", "hub", "view", "allow")
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportMerge))
	ctx, ana := t.Context(), engine.As("ana").DryRun()
	for what, c := range map[string]struct {
		lost int
		try  func() (authz.Change, error)
	}{
		"restrict what all inherit": {n, func() (authz.Change, error) { return ana.Restrict(ctx, "Hub", "doors.*:*") }},
		"delete the user":           {2*n + 1, func() (authz.Change, error) { return ana.DeleteUser(ctx, "fat") }},
	} {
		began := time.Now()
		change := must(t)(c.try())
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: %v", what, took)
		}
		if list := change.Impact.Losses; len(list) != 1 || len(list[0].Permissions) != c.lost {
			t.Errorf("%s: %d users lose something", what, len(list))
		}
	}
}
