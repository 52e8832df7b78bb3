package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// A bad row grants nothing. If it is or may be a restriction, its subject is denied everything;
// everyone else is unaffected (promise 9, hazards 15a, 18 and 21).
func TestBadRows(t *testing.T) {
	t.Parallel()
	nobody, everyoneAtDesk := []authz.Subject(nil), []authz.UserID{"ben", "cleo", "jo"}
	ben, onlyBen := []authz.Subject{"ben"}, []authz.UserID{"ben"}
	cases := map[string]struct {
		row    authz.Row
		denies []authz.Subject
		denied []authz.UserID
	}{
		"blank":                                    {authz.Row{}, nobody, nil},
		"short":                                    {row("p", "ben", "a.b"), ben, onlyBen},
		"an unknown effect":                        {row("p", "ben", "a.b", "view", "Deny"), ben, onlyBen},
		"an effect past its column":                {row("p", "ben", "a.b", "view", "x", "deny"), ben, onlyBen},
		"an allow with a column too many":          {row("p", "ben", "a.b", "view", "allow", "x"), nobody, nil},
		"an allow of a refused object":             {row("p", "ben", "a..b", "view", "allow"), nobody, nil},
		"three values of a refused object":         {row("p", "ben", "a..b", "view"), nobody, nil},
		"three values of a group that isn't":       {row("p", "group:Gone", "a.b", "view"), nobody, nil},
		"a deny of a refused object":               {row("p", "ben", "a*b", "view", "deny"), ben, onlyBen},
		"a deny with an empty field":               {row("p", "ben", "", "view", "deny"), ben, onlyBen},
		"a deny of a group":                        {row("p", "group:Desk", "a*b", "view", "deny"), []authz.Subject{"group:Desk"}, everyoneAtDesk},
		"a deny of a group that isn't":             {row("p", "group:Gone", "a.b", "view", "deny"), []authz.Subject{"group:Gone"}, nil},
		"a deny of nobody":                         {row("p", "", "a.b", "view", "deny"), nobody, nil},
		"a deny of an impossible user":             {row("p", "corp/alice", "a.b", "view", "deny"), nobody, nil},
		"an unknown type":                          {row("p2", "ben", "a.b", "view", "deny"), nobody, nil},
		"an unknown type of membership":            {row("g2", "ben", "group:Trainees"), nobody, nil},
		"a member without the prefix":              {row("g", "ben", "Desk"), nobody, nil},
		"a member of a group that isn't":           {row("g", "ben", "group:Gone"), nobody, nil},
		"a member of Administrators and a column":  {row("g", "ben", "group:Administrators", "x"), nobody, nil},
		"a bad membership of a restricted group":   {row("g", "ben", "group:Trainees", "x"), ben, onlyBen},
		"the same without the prefix":              {row("g", "ben", "Trainees"), ben, onlyBen},
		"the same with an invisible character":     {row("g", "ben", "group:Train\x01ees"), ben, onlyBen},
		"a bad link to a restricted group":         {row("g", "group:Juniors", "Trainees"), []authz.Subject{"group:Juniors"}, []authz.UserID{"jo"}},
		"a bad membership in a user of that group": {row("g", "ben", "tim"), ben, onlyBen},
		"a bad membership in a user who isn't":     {row("g", "cleo", "ben"), nobody, nil},
		"a restriction of nobody, on the left":     {row("g", "", "group:Trainees"), nobody, nil},
		"a membership in nothing":                  {row("g", "ben"), nobody, nil},
		"a membership in what folds to nobody":     {row("g", "ben", "group:Train/ees"), nobody, nil},
		"a deny of a name with spaces at its end":  {row("p", "ben ", "a.b", "view", "deny"), ben, onlyBen},
		"a deny of a name with a zero-width space": {row("p", "b\u200ben", "a.b", "view", "deny"), ben, onlyBen},
		"a deny of a name in invalid UTF-8":        {row("p", "be\xffn", "a.b", "view", "deny"), ben, onlyBen},
		"a deny of a name that folds to a user":    {row("p", "BEN\t", "a.b", "view", "deny"), ben, onlyBen},
		"a deny of a name that folds to nobody":    {row("p", "bem ", "a.b", "view", "deny"), nobody, nil},
		"a deny of a group with a space too many":  {row("p", " group: Desk", "a.b", "view", "deny"), []authz.Subject{"group:Desk"}, everyoneAtDesk},
		"a deny of a name that folds to a group":   {row("p", "group:DESK ", "a.b", "view", "deny"), []authz.Subject{"group:Desk"}, everyoneAtDesk},
		"a deny of a legal name of another case":   {row("p", "Ben", "a*b", "view", "deny"), []authz.Subject{"Ben"}, nil},
		"a membership left of which is a space":    {row("g", "ben ", "group:Trainees"), ben, onlyBen},
		"a deny that isn't in normal form":         {row("p", "rene\u0301", "a.b", "view", "deny"), []authz.Subject{"ren\u00e9"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := openWithRows(t, c.row)
			view := engine.View()
			bad := view.BadRows()
			if len(bad) != 1 || bad[0].ID == 0 || bad[0].Detail == "" || !slices.Equal(bad[0].Denies, c.denies) {
				t.Fatalf("bad rows: %+v", bad)
			}
			t.Log(bad[0].Detail)
			denied := map[authz.UserID]bool{}
			for _, u := range c.denied {
				denied[u] = true
			}
			enforcer, err := view.Enforcer()
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range []authz.UserID{"ana", "ben", "cleo", "jo"} {
				want := !denied[u]
				casbin, err := enforcer(u, "a.b", "view")
				if got := engine.Can(u, "a.b:view"); got != want || err != nil || casbin != want || engine.Explain(u, "a.b:view").Allowed != want {
					t.Errorf("%q: Can %v, Casbin %v (%v), want %v", u, got, casbin, err, want)
				}
			}
			if engine.Can("ben", "other:thing") {
				t.Error("the row granted something")
			}
			must(t)(engine.As("ana").RemoveBadRows(t.Context()))
			if len(engine.View().BadRows()) > 0 || !engine.Can("ben", "a.b:view") || !engine.Can("jo", "a.b:view") {
				t.Error("the repair didn't mend it")
			}
			if _, err := engine.AuditRecords(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A caller can't change the engine's bad rows through those it was given.
func TestBadRowsAreCopies(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("p", "ben", "a*b", "view", "deny"))
	engine.View().BadRows()[0].Values[1] = "cleo"
	if got := engine.View().BadRows()[0].Values[1]; got != "ben" {
		t.Errorf("it is %q now", got)
	}
}

// No group can be created under a name that a bad row refers to (hazard 15a).
func TestGroupCannotTakeANameFromABadRow(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("g", "ben", "group:Vault"), row("p", "group:Vault", "gold", "take", "allow"))
	ana := engine.As("ana")
	ctx := t.Context()
	for _, name := range []authz.GroupName{"Vault", "vault", "ＶＡＵＬＴ"} {
		if _, err := ana.CreateGroup(ctx, authz.GroupSpec{Name: name}); err == nil {
			t.Errorf("%q was made", name)
		}
	}
	if _, err := ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Vault"))}); err == nil {
		t.Error("renamed to it")
	}
	if _, err := ana.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"g", "eve", "group:Vault"}}}}, authz.ImportMerge); err == nil {
		t.Error("imported")
	}
	if engine.Can("ben", "gold:take") {
		t.Error("ben got in")
	}
	must(t)(ana.RemoveBadRows(ctx))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Vault"}))
}

// A bad row follows a rename as the table does, and decisions afterwards match a fresh load.
func TestBadRowsFollowARename(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("p", "group:Desk", "a*b", "view", "deny"))
	must(t)(engine.As("ana").UpdateGroup(t.Context(), "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Front desk"))}))
	bad := engine.View().BadRows()
	if engine.Can("ben", "a.b:view") || len(bad) != 1 || !slices.Equal(bad[0].Denies, []authz.Subject{"group:Front desk"}) {
		t.Errorf("%+v", bad)
	}
}

// A group can't be renamed to a name found in a bad row, even by an engine that hasn't read that
// row yet.
func TestRenameToABlockedName(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	store.InsertRows(row("p", "group:Gone", "a*b", "view", "deny"))
	if _, err := root.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Gone"))}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A group can't be renamed while a bad row names it in a way that the rename can't reach: what
// the row denies would become allowed.
func TestRenameOfAGroupNamedInABadRow(t *testing.T) {
	t.Parallel()
	for _, group := range []authz.GroupName{"Trainees", "another"} {
		for name, c := range map[string]struct {
			right   string
			more    []string
			follows bool
		}{
			"bare":         {string(group), nil, false},
			"with a space": {"group:" + string(group) + " ", nil, false},
			"a column":     {"group:" + string(group), []string{"x"}, true},
		} {
			store := authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "root"})
			ctx, root := t.Context(), engine.As("root")
			must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
			must(t)(root.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
			store.InsertRows(row(append([]string{"g", "ben", c.right}, c.more...)...))
			engine = open(t, store, authz.Options{})
			to := authz.GroupName("Interns")
			_, err := engine.As("root").UpdateGroup(ctx, group, authz.GroupPatch{Name: &to})
			if c.follows != (err == nil) || err != nil && !errors.Is(err, authz.ErrInvalid) {
				t.Errorf("%s, %s: %v", group, name, err)
			}
			if engine.Can("ben", "a:b") {
				t.Errorf("%s, %s: ben is allowed", group, name)
			}
		}
	}
}

// A rename that changes only the spelling doesn't activate a bad row.
func TestRespellingAGroupActivatesNoBadRow(t *testing.T) {
	t.Parallel()
	engine := openWithRows(t, row("g", "eve", "group:desk"), row("p", "group:desk", "*", "*", "allow"))
	if _, err := engine.As("ana").UpdateGroup(t.Context(), "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("desk"))}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A bad membership may have led to a restriction over other groups and other bad links: every
// user who may be restricted is denied, in any order of the rows.
func TestBadLinksMayCarryRestrictions(t *testing.T) {
	t.Parallel()
	toGroup := row("g", "ben", "group:Middle", "x")
	onwards := row("g", "group:Middle", "Trainees")
	for name, c := range map[string]struct {
		rows   []authz.Row
		denied bool
	}{
		"over an heir":                {[]authz.Row{row("g", "ben", "group:Heirs", "x")}, true},
		"over two links":              {[]authz.Row{onwards, toGroup}, true},
		"over two links, turned":      {[]authz.Row{toGroup, onwards}, true},
		"to a group without one":      {[]authz.Row{toGroup}, false},
		"to a group that isn't there": {[]authz.Row{row("g", "ben", "group:Gone")}, false},
	} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heirs", Inherits: []authz.GroupName{"Trainees"}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Middle"}))
		must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b", "c:d"}}))
		store.InsertRows(c.rows...)
		fresh := open(t, store, authz.Options{PollInterval: time.Hour})
		if fresh.Can("ben", "c:d") == c.denied || !fresh.Can("ana", "a:b") {
			t.Errorf("%s: denied is %v; %+v", name, !c.denied, fresh.View().BadRows())
		}
		if c.denied {
			continue
		}
		must(t)(fresh.As("ana").Restrict(ctx, "Middle", "z:z")) // now the link may have restricted
		if denied := !fresh.Can("ben", "c:d"); denied != (len(c.rows) == 1 && c.rows[0] == toGroup) {
			t.Errorf("%s, and then restricted: denied is %v", name, denied)
		}
	}
}

// With any bad rows and after any operations, decisions match those of an engine that has just
// loaded the table: no block is lost and none outlives its row.
func TestDecisionsMatchAFreshLoad(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 20) {
		if err := runWithBadRows(t, seed, 60); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func runWithBadRows(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine := open(t, store, options)
	r, w := rand.New(rand.NewPCG(seed, 11)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	do := func(n int) {
		for range n {
			s := randomStep(r, w)
			if _, err := s.engine(t.Context(), engine.AsCommand("test")); err == nil {
				s.model(w)
			}
		}
	}
	do(15)
	_ = engine.Close(context.Background())
	for range 2 + r.IntN(4) {
		store.InsertRows(randomBadRow(r))
	}
	engine = open(t, store, options)
	for i := range steps {
		do(1)
		if bad := engine.View().BadRows(); len(bad) > 0 && r.IntN(40) == 0 {
			must(t)(engine.AsCommand("test").RemoveBadRows(t.Context(), bad[0].ID))
		}
		fresh := open(t, store, options)
		a, b := engine.View(), fresh.View()
		if x, y := fmt.Sprint(a.BadRows()), fmt.Sprint(b.BadRows()); x != y {
			return fmt.Errorf("step %d: bad rows are %s, a fresh load says %s", i, x, y)
		}
		if x, y := fmt.Sprint(a.Export()), fmt.Sprint(b.Export()); x != y || a.Revision() != b.Revision() {
			return fmt.Errorf("step %d: the policy is\n%s, a fresh load says\n%s", i, x, y)
		}
		for _, u := range someMembers {
			for _, p := range somePermissions() {
				if x, y := a.Can(u, p), b.Can(u, p); x != y || a.Explain(u, p).Allowed != x {
					return fmt.Errorf("step %d: Can(%q, %q) = %v, Explain %v, a fresh load says %v; bad rows %v", i, u, p, x, a.Explain(u, p).Allowed, y, a.BadRows())
				}
			}
		}
		_ = fresh.Close(context.Background())
	}
	checkRecords(t, engine)
	return nil
}

// A change of groups doesn't fold the ids of all users again, though a bad row denies those whose ids fold to a text.
func TestBadRowsAreFollowedWithoutFoldingAllUsers(t *testing.T) {
	ctx, store := t.Context(), authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	users := make([]authz.UserID, 2_000)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("Пользователь", i))
	}
	must(t)(engine.As("ana").Assign(ctx, "Desk", users...))
	store.InsertRows(row("p", " ПОЛЬЗОВАТЕЛЬ7\u200b", "a", "b", "deny"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	count := 0
	allocations := testing.AllocsPerRun(3, func() {
		must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("New", count))}))
		count++
	})
	if allocations > float64(len(users)) {
		t.Errorf("a change of one group makes %.0f allocations with %d users", allocations, len(users))
	}
	late := authz.UserID("пользователЬ7")
	must(t)(engine.As("ana").Assign(ctx, "Desk", late))
	if engine.Can(users[7], "a:b") || engine.Can(late, "a:b") || !engine.Can(users[8], "a:b") {
		t.Error("the row must deny both whose ids fold to its text, and nobody else")
	}
	must(t)(engine.As("ana").Unassign(ctx, "Desk", late))
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Last"}))
	if denies := engine.View().BadRows()[0].Denies; !slices.Equal(denies, []authz.Subject{authz.Subject(users[7])}) {
		t.Errorf("the row denies %q", denies)
	}
}

// What a change of a group costs follows its size, however many rows another model of the application has in the table.
func TestChangesDoNotFollowTheNumberOfBadRows(t *testing.T) {
	withoutRaces(t)
	const most = 2_000
	ctx, store := t.Context(), authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ana := engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	var rows []authz.Row
	for i := range most {
		user := fmt.Sprint("u", i)
		rows = append(rows, row("p2", user, "a", "b", "allow"), row("p", user, "a*b", "x", "deny"), row("g", user, "admins"), row("g2", user, "admins"))
	}
	store.InsertRows(rows...)
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	name := authz.GroupName("New")
	for what, change := range map[string]func(i int) (authz.Change, error){
		"members": func(i int) (authz.Change, error) { return ana.Assign(ctx, "Desk", authz.UserID(fmt.Sprint("u", i))) },
		"restrictions": func(i int) (authz.Change, error) {
			return ana.Restrict(ctx, "Desk", authz.Pattern(fmt.Sprintf("a%d:b", i)))
		},
		"groups": func(i int) (authz.Change, error) {
			was := name
			name = authz.GroupName(fmt.Sprint("New", i))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: was, Inherits: []authz.GroupName{"Desk"}}))
			must(t)(ana.UpdateGroup(ctx, was, authz.GroupPatch{Name: &name}))
			return ana.DeleteGroup(ctx, name, false)
		},
	} {
		count := 0
		allocations := testing.AllocsPerRun(3, func() {
			must(t)(change(count))
			count++
		})
		if allocations > most {
			t.Errorf("a change of %s makes %.0f allocations beside %d bad rows", what, allocations, len(rows))
		}
	}
	if engine.Can("u1", "a:b") || len(engine.View().BadRows()) != len(rows) {
		t.Error("the bad rows went")
	}
}

// Of two bad rows with the same values, the one that is named is removed, and the other one stays under its own id: on
// this instance and on one that follows, if an administrator or another program removes it.
func TestTwinBadRows(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine, other := open(t, store, authz.Options{Bootstrap: "ana"}), open(t, store.Another(), authz.Options{})
	ids := func(e *authz.Engine) (list []int64) {
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, b := range e.View().BadRows() {
			list = append(list, b.ID)
		}
		return list
	}
	bad := authz.Row{Type: "p", V: [6]string{"ben", "x", "y", "dney"}}
	store.InsertRows(bad, bad, bad)
	twins := ids(engine)
	if len(twins) != 3 {
		t.Fatalf("the rows are %v", twins)
	}
	must(t)(engine.As("ana").RepairRows(t.Context(), authz.RowRepair{Remove: twins[1:2]}))
	for _, e := range []*authz.Engine{engine, other} {
		if left := ids(e); !slices.Equal(left, []int64{twins[0], twins[2]}) {
			t.Errorf("of %v, %v are left", twins, left)
		}
	}
	store.DeleteRow(twins[0])
	for _, e := range []*authz.Engine{engine, other} {
		if left := ids(e); !slices.Equal(left, twins[2:]) {
			t.Errorf("after another program removed the first of %v, %v are left", twins, left)
		}
	}
	must(t)(engine.As("ana").RepairRows(t.Context(), authz.RowRepair{Remove: twins[2:]}))
	if left := ids(other); left != nil {
		t.Errorf("at the end %v are left", left)
	}
}

// A row that another program cut in the middle of a character is a bad row like any other: it denies the user that it names, the
// records agree with the tables, and when it is removed, it denies nobody on any instance.
func TestBadRowThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine, other := open(t, store, authz.Options{Bootstrap: "ana"}), open(t, store.Another(), authz.Options{})
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: patterns("a:b")}}))
	must(t)(engine.As("ana").Assign(t.Context(), "Desk", "ben", "cleo"))
	allowed := func(want bool) {
		t.Helper()
		fresh := open(t, store.Another(), authz.Options{})
		for i, e := range []*authz.Engine{engine, other, fresh} {
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if e.Can("ben", "a:b") != want || e.Can("cleo", "a:b") != want {
				t.Errorf("instance %d at revision %d doesn't agree: %+v", i, e.View().Revision(), e.View().BadRows())
			}
		}
		if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); err != nil {
			t.Error(err)
		}
	}
	store.InsertRows(
		authz.Row{Type: "p", V: [6]string{"ben", "x", "y", "den\xfe"}},
		authz.Row{Type: "p", V: [6]string{"cleo\xc3", "x", "y", "deny"}},
	)
	allowed(false)
	var ids []int64
	for _, b := range engine.View().BadRows() {
		ids = append(ids, b.ID)
		if !utf8.ValidString(strings.Join(b.Values, "")) {
			t.Errorf("the values are %q", b.Values)
		}
	}
	must(t)(engine.As("ana").RepairRows(t.Context(), authz.RowRepair{Remove: ids}))
	allowed(true)
}
