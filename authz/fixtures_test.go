package authz_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	stringadapter "github.com/casbin/casbin/v2/persist/string-adapter"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// open opens a silent engine that is closed at the end of the test.
func open(t testing.TB, store authz.Store, options authz.Options) *authz.Engine {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	engine, err := authz.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// office is an engine with a few groups, an administrator ana and a delegate dave.
func office(t testing.TB) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view", "requests.deposit:update"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Leads", Permissions: authz.Rules{Grants: []authz.Pattern{
		"rightful.groups:*", "rightful.users:*", "rightful.policy:*", "requests.*:view",
	}}}))
	must(t)(ana.Assign(ctx, "Leads", "dave"))
	return engine
}

func must(t testing.TB) func(authz.Change, error) authz.Change {
	t.Helper()
	return func(c authz.Change, err error) authz.Change {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

func withoutRaces(t testing.TB) {
	t.Helper()
	authz.WithoutRaces(t)
}

func ptr[T any](v T) *T { return &v }

func closeAll(engines ...*authz.Engine) {
	for _, e := range engines {
		_ = e.Close(context.Background())
	}
}

func row(fields ...string) authz.Row {
	r := authz.Row{Type: fields[0]}
	copy(r.V[:], fields[1:])
	return r
}

// adopting lets an engine adopt a table even with bad rows.
var adopting = &authz.AdoptOptions{AcceptBad: true}

// openWithRows returns an engine over a policy that was in use before other programs added rows
// to it.
func openWithRows(t *testing.T, rows ...authz.Row) *authz.Engine {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a.*:*"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a.c:edit"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Juniors", Inherits: []authz.GroupName{"Desk"}}))
	must(t)(ana.Assign(ctx, "Desk", "ben", "cleo", "ana"))
	must(t)(ana.Assign(ctx, "Juniors", "jo"))
	must(t)(ana.Assign(ctx, "Trainees", "tim"))
	must(t)(ana.ChangeUserPermissions(ctx, "ren\u00e9", authz.RulesDelta{Grant: []authz.Pattern{"q:q"}}))
	_ = engine.Close(context.Background())
	store.InsertRows(rows...)
	return open(t, store, authz.Options{})
}

func rowID(t *testing.T, s *authztest.Store, fields ...string) (id int64) {
	t.Helper()
	want := row(fields...)
	_, rows, err := authztest.Load(t.Context(), s)
	for _, r := range rows {
		if r.Type == want.Type && r.V[0] == want.V[0] {
			id = r.ID
		}
	}
	if err != nil || id == 0 {
		t.Fatal("no such row", err)
	}
	return id
}

// checkRecords fails the test unless all records verify.
func checkRecords(t *testing.T, engine *authz.Engine) {
	t.Helper()
	if n, err := engine.AuditRecords(t.Context()); err != nil || n != int(engine.View().Revision()) {
		t.Errorf("%d of %d records fit: %v", n, engine.View().Revision(), err)
	}
}

// compareInstances reports how the instances differ from one that has just loaded everything.
func compareInstances(t *testing.T, store authz.Store, instances []*authz.Engine, options authz.Options) error {
	t.Helper()
	fresh := open(t, store, options)
	for _, e := range instances {
		if err := e.Refresh(t.Context()); err != nil {
			return err
		}
		checkRecords(t, e)
		if a, b := fmt.Sprint(e.View().Groups("")), fmt.Sprint(fresh.View().Groups("")); a != b {
			return fmt.Errorf("groups are %s, a fresh load says %s", a, b)
		}
		if a, b := fmt.Sprint(e.View().Export()), fmt.Sprint(fresh.View().Export()); a != b {
			return fmt.Errorf("the policy is %s, a fresh load says %s", a, b)
		}
		for _, u := range someMembers {
			_, a, err := e.ViewUser(t.Context(), u)
			if b, serr := store.UserVersion(t.Context(), u); a.Revision != b.Revision || err != nil || serr != nil {
				return fmt.Errorf("%q is at version %v, the store says %v (%w, %w)", u, a, b, err, serr)
			}
			if _, b, ferr := fresh.ViewUser(t.Context(), u); a != b || ferr != nil {
				return fmt.Errorf("%q is at version %v, a fresh load says %v (%w)", u, a, b, ferr)
			}
		}
	}
	return nil
}

// operation is one call of each kind, with a change to make.
type operation struct {
	name string
	do   func(context.Context, authz.Admin) (authz.Change, error)
}

func operations() []operation {
	file := authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"p", "eve", "a", "b", "allow"}}}}
	return []operation{
		{"CreateGroup", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.CreateGroup(ctx, authz.GroupSpec{Name: "New", Inherits: []authz.GroupName{"Desk", "Desk"}})
		}},
		{"UpdateGroup", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Front"))})
		}},
		{"DeleteGroup", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.DeleteGroup(ctx, "Finance", true)
		}},
		{"Grant", func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "Leads", "a:b") }},
		{"Restrict", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Restrict(ctx, "Leads", "a:b")
		}},
		{"ChangeGroupPermissions", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeGroupPermissions(ctx, "Leads", authz.RulesDelta{Grant: []authz.Pattern{"c:d"}})
		}},
		{"SetGroupPermissions", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetGroupPermissions(ctx, "Leads", authz.Rules{})
		}},
		{"Assign", func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Assign(ctx, "Leads", "eve") }},
		{"Unassign", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Unassign(ctx, "Leads", "dave")
		}},
		{"ChangeMembers", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeMembers(ctx, "Leads", []authz.UserID{"fay"}, nil)
		}},
		{"SetUserGroups", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserGroups(ctx, "gil", []authz.GroupName{"Leads"})
		}},
		{"SetUserPermissions", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.SetUserPermissions(ctx, "gil", authz.Rules{Grants: []authz.Pattern{"a:b"}})
		}},
		{"ChangeUserPermissions", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.ChangeUserPermissions(ctx, "gil", authz.RulesDelta{Grant: []authz.Pattern{"c:d"}})
		}},
		{"DeleteUser", func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, "gil") }},
		{"Import", func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.Import(ctx, file, authz.ImportMerge)
		}},
		{"Bootstrap", func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.Bootstrap(ctx, "hal") }},
	}
}

func adminOf(engine *authz.Engine, actor authz.UserID) authz.Admin {
	if actor == "" {
		return engine.AsCommand("test")
	}
	return engine.As(actor)
}

// preview makes a dry run and returns its impact separately from the change.
func preview(a authz.Admin, operate func(authz.Admin) (authz.Change, error)) (c authz.Change, im authz.Impact, err error) {
	c, err = operate(a.DryRun())
	if c.Impact != nil {
		im, c.Impact, c.View = *c.Impact, nil, nil
	}
	return c, im, err
}

// deny refuses a request of a user, as a guard does, and returns the recorded denial.
func deny(engine *authz.Engine, user authz.UserID) authz.Denial {
	return denyAll(engine, user, "settings:view")
}

func denyAll(engine *authz.Engine, user authz.UserID, permissions ...authz.Permission) authz.Denial {
	return engine.RecordDenial(engine.Decide(authz.Question{User: user, Permissions: permissions}), "GET", "/settings")
}

// storedDenials returns all denials in a store, newest first.
func storedDenials(t *testing.T, store authz.DenialStore) []authz.Denial {
	t.Helper()
	list, err := store.Denials(t.Context(), authz.DenialQuery{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a golden file; -update rewrites the file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s differs from line %d on; -update keeps what is new\nhave %q\nwant %q", file, i+1, b[min(i, len(b)-1)], a[min(i, len(a)-1)])
		}
	}
}

func path(b authz.Origin) string {
	parts := make([]string, len(b.Path))
	for i, h := range b.Path {
		parts[i] = string(h)
	}
	return strings.Join(parts, " > ")
}

// reasons lists the origins of a decision as "grant a:b on ana > group:X", sorted.
func reasons(p authz.PermissionExplanation) []string {
	list := make([]string, len(p.Origins))
	for i, b := range p.Origins {
		list[i] = fmt.Sprintf("%s %s on %s", b.Rule, b.Pattern, path(b))
	}
	slices.Sort(list)
	return list
}

// depositApproval lists what it takes to approve a deposit: permissions of three categories at
// once, of which a bare 403 never names the missing one.
var depositApproval = []authz.Permission{
	"clients.requests.deposit:update", "finance.operations:create",
	"system.requests.resolutions:view", "system.requests.resolution-types:view",
}

// seed reads the three files of a scenario.
func seed(t testing.TB, dir string) *authz.Seed {
	t.Helper()
	open := func(name string) *os.File {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	var s authz.Seed
	var err error
	if s.Catalog, err = policycsv.ReadCatalog(open("permissions.csv")); err != nil {
		t.Fatal(err)
	}
	if s.Groups, err = policycsv.ReadGroups(open("groups.csv")); err != nil {
		t.Fatal(err)
	}
	if s.Policy, err = policycsv.ReadPolicy(open("policy.csv")); err != nil {
		t.Fatal(err)
	}
	return &s
}

// plainCasbin is an enforcer as any other program would build it from an exported policy:
// model.conf and the CSV, without Rightful's code.
func plainCasbin(t testing.TB, rows []authz.Row) *casbin.Enforcer {
	t.Helper()
	var text strings.Builder
	if err := policycsv.WritePolicy(&text, rows); err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(m, stringadapter.NewAdapter(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return enforcer
}

// refused fails the test unless the text is refused with a message that says what is wrong.
func refused(t *testing.T, kind string, check func(string) error, s, says string) {
	t.Helper()
	switch err := check(s); {
	case err == nil:
		t.Errorf("the %s %+q was taken", kind, s)
	case !strings.Contains(err.Error(), says):
		t.Errorf("the %s %+q: %q doesn't say %q", kind, s, err, says)
	}
}

func accepted(t *testing.T, kind string, check func(string) error, s string) {
	t.Helper()
	if err := check(s); err != nil {
		t.Errorf("the %s %+q was refused: %v", kind, s, err)
	}
}

// spellings are texts by the message that refuses them; those under "" are accepted.
type spellings map[string][]string

func (all spellings) check(t *testing.T, kind string, check func(string) error) {
	t.Helper()
	for says, list := range all {
		for _, s := range list {
			if says == "" {
				accepted(t, kind, check, s)
			} else {
				refused(t, kind, check, s, says)
			}
		}
	}
}

// seeds returns the seeds of random tests: a fixed number of fixed seeds, none under the race detector, more with
// RIGHTFUL_SEEDS, a single one with RIGHTFUL_SEED.
func seeds(t *testing.T, standard int) []uint64 {
	t.Helper()
	if one, err := strconv.ParseUint(os.Getenv("RIGHTFUL_SEED"), 10, 64); err == nil {
		return []uint64{one}
	}
	n := standard
	if os.Getenv("RIGHTFUL_SEEDS") == "" {
		withoutRaces(t)
	}
	if more, err := strconv.Atoi(os.Getenv("RIGHTFUL_SEEDS")); err == nil {
		n = more
	}
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(i + 1)
	}
	return list
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// randomBadRow draws a row that can't be understood, about existing users and groups.
func randomBadRow(r *rand.Rand) authz.Row {
	group, user := "group:"+string(pick(r, someGroups)), string(pick(r, someMembers))
	holder := pick(r, []string{group, user, user})
	return pick(r, []authz.Row{
		row("p", holder, "a.b", "view"),
		row("p", holder, "a*b", "view", "deny"),
		row("p", holder, "a*b", "view", "allow"),
		row("p", holder, "a", "view", "Deny"),
		row("g", user, group, "x"),
		row("g", user, group[len("group:"):]),
		row("g", user, "group:Gone"),
		row("g", group, group, "x"),
		row("p2", holder, "a", "view", "deny"),
		{},
	})
}

// giveSomeRights gives a user some of the rights that delegates have.
func giveSomeRights(t *testing.T, engine *authz.Engine, w *referenceModel, user authz.UserID, r *rand.Rand) {
	t.Helper()
	grants := append(w.randomPatterns(r, 3), pick(r, []authz.Pattern{"a.*:*", "*:view", "/o/*:edit"}), "rightful.groups:*", "rightful.users:view", "rightful.changes:view")
	if r.IntN(2) == 0 {
		grants = append(grants, "rightful.users:*", "rightful.policy:*")
	}
	delta := authz.RulesDelta{Grant: grants}
	must(t)(engine.AsCommand("test").ChangeUserPermissions(t.Context(), user, delta))
	w.change(authz.Subject(user), delta)
}

// remembered is an engine with a random history and the views of it taken at each revision.
type remembered struct {
	engine *authz.Engine
	store  *authztest.Store
	views  []*authz.View // by revision from the first one on
}

// remember makes a history of the given number of changes. The first half precedes a repair and
// runs on a table with bad rows.
func remember(t *testing.T, seed uint64, changes int) remembered {
	t.Helper()
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine, w := open(t, store, options), newReferenceModel()
	r := rand.New(rand.NewPCG(seed, 31))
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	var views []*authz.View
	do := func(n int) {
		for made := 0; made < n; {
			s := randomStep(r, w)
			c, err := s.engine(t.Context(), engine.AsCommand("test"))
			if err != nil {
				continue
			}
			s.model(w)
			if c.Revision > 0 {
				views = append(views, engine.View())
				made++
			}
		}
	}
	do(10)
	_ = engine.Close(context.Background())
	store.InsertRows(randomBadRow(r), randomBadRow(r))
	engine = open(t, store, options)
	views = []*authz.View{engine.View()}
	do(changes / 2)
	must(t)(engine.AsCommand("test").RemoveBadRows(t.Context()))
	views = append(views, engine.View())
	do(changes / 2)
	return remembered{engine, store, views}
}

func (m remembered) at(r authz.Revision) *authz.View { return m.views[r-m.views[0].Revision()] }

// neverPolling engines don't poll the store for changes.
var neverPolling = authz.Options{PollInterval: 1 << 62, Logger: slog.New(slog.DiscardHandler)}

func eachSize(b *testing.B, run func(*testing.B, authztest.Size, *authz.Engine)) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) { run(b, s, open(b, s.Store(), neverPolling)) })
	}
}

// fill puts the policy into a store.
func fill(ctx context.Context, store *authztest.Store, s authztest.Size) error {
	state, rows, err := authztest.Load(ctx, s.Store())
	if err != nil {
		return err
	}
	store.InsertRows(rows...)
	onto, err := store.Position(ctx)
	if err != nil {
		return err
	}
	return store.Commit(ctx, authz.Commit{Record: authz.Record{Revision: 1}, Onto: onto, Milestones: state.Milestones, PutGroups: state.Groups})
}

// lockedLog keeps the lines of a log that several goroutines write to.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// eventually waits until something holds, and fails the test if it doesn't within half a minute.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) { //nolint:forbidigo // it waits for a condition
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// crossroads is a policy in which as many paths as the square of n lead to each rule: the user fat is in n groups that
// inherit a hub, which inherits n groups with ten rules each.
func crossroads(t testing.TB, n int) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", WriteTimeout: 30 * time.Second})
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for i := range n {
		door, leaf := fmt.Sprint("group:Door", i), fmt.Sprint("group:Leaf", i)
		add("g", "fat", door)
		add("g", door, "group:Hub")
		add("g", "group:Hub", leaf)
		add("p", door, fmt.Sprint("doors.x", i), "open", "allow")
		add("p", leaf, fmt.Sprint("leaves.x", i), "view", "allow")
		for j := range 9 { // with wildcards, so that nobody has copies of them
			add("p", leaf, fmt.Sprintf("leaves.x%d.y%d", i, j), "*", "allow")
		}
	}
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportMerge))
	return engine
}
