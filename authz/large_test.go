package authz_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The sizes of the policies, by seed.
var largeSizes = []largeSize{
	{groups: 20, users: 60, rules: 300, permissions: 400},
	{groups: 40, users: 120, rules: 700, permissions: 150},
	{groups: 100, users: 400, rules: 3000, permissions: 600},
	{groups: 60, users: 200, rules: 1500, permissions: 100},
}

// largeRun is one random large policy, the engine that serves it, and the model.
type largeRun struct {
	*largePolicy
	t        *testing.T
	r        *rand.Rand
	engine   *authz.Engine
	follower *authz.Engine // another instance, which learns of the changes from their records
	ask      answers
	allowed  map[bool]int // how often the answer was yes and no
}

// openLarge imports a random large policy. Every second one has a catalog.
func openLarge(t *testing.T, seed uint64, ask answers) (run *largeRun, fresh func() *authz.Engine) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	l := newLargePolicy(r, largeSizes[seed%uint64(len(largeSizes))])
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	if seed%2 == 0 {
		options.Catalog = l.catalog()
	}
	store := memstore.New()
	run = &largeRun{largePolicy: l, t: t, r: r, engine: open(t, store, options), ask: ask, allowed: map[bool]int{}}
	rules := l.sorted()
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	must(t)(run.engine.AsCommand("test").Import(t.Context(), fileOf(rules), authz.ImportMerge))
	run.follower = open(t, store, options)
	return run, func() *authz.Engine { return open(t, store, options) }
}

// questions asks n questions, the first few of Casbin as well.
func (l *largeRun) questions(v *authz.View, w *referenceModel, n, casbin int, draw func(bySubject) largeQuestion) error {
	var enforcer authz.Enforcer
	if casbin > 0 {
		var err error
		if enforcer, err = v.Enforcer(); err != nil {
			return err
		}
	}
	policy := w.bySubject()
	for i := range n {
		if i == casbin {
			enforcer = nil
		}
		q := draw(policy)
		allowed, err := l.ask.difference(v, enforcer, policy, q)
		if err != nil {
			return err
		}
		if v.Revision() == l.engine.View().Revision() && l.engine.Can(q.user, q.permission) != allowed {
			return fmt.Errorf("Can(%q, %.200q) of the engine isn't %v", q.user, q.permission, allowed)
		}
		l.allowed[allowed]++
	}
	return nil
}

func (l *largeRun) anyQuestion(policy bySubject) largeQuestion { return l.question(l.r, policy) }

// everything returns the first difference between an engine and the model over many questions.
func (l *largeRun) everything(e *authz.Engine, n, casbin int) error {
	v := e.View()
	if err := l.questions(v, l.referenceModel, n, casbin, l.anyQuestion); err != nil {
		return err
	}
	policy := l.bySubject()
	for range 5 {
		if err := l.ask.listing(v, policy, pick(l.r, l.users)); err != nil {
			return err
		}
	}
	for range n / 10 { // all of several are held when each is
		u := pick(l.r, l.users)
		about, rules := policy.of(u), append(policy.reaching(authz.Subject(u)), l.rule(l.r, l.first))
		p, q := near(l.r, authz.Pattern(pick(l.r, l.permissions))), near(l.r, cmp.Or(pick(l.r, rules).Pattern, authz.Everything))
		if want := about.can(u, p) && about.can(u, q); e.Can(u, p, q) != want || v.Can(u, p, q) != want {
			return fmt.Errorf("Can(%q, %q, %q): Engine %v, View %v, the model says %v", u, p, q, e.Can(u, p, q), v.Can(u, p, q), want)
		}
	}
	return l.sameRules(v)
}

// sameRules compares the exported policy with the model.
func (l *largeRun) sameRules(v *authz.View) error {
	rows := map[authz.Row]bool{}
	for _, row := range v.Export() {
		rows[row] = true
	}
	for _, rule := range l.sorted() {
		row := authz.Row{}
		fields := line(1, rule).Fields
		row.Type = fields[0]
		copy(row.V[:], fields[1:])
		if !rows[row] {
			return fmt.Errorf("the policy lacks %v", row)
		}
	}
	if len(rows) != len(l.rules) {
		return fmt.Errorf("the policy has %d rows and should have %d", len(rows), len(l.rules))
	}
	return nil
}

// change carries out one operation and asks about what it affects.
func (l *largeRun) change() error {
	s := l.step(l.r)
	c, err := s.engine(l.t.Context(), l.engine.AsCommand("test"))
	if !errors.Is(err, s.expect) {
		return fmt.Errorf("%s: %v, expected %v", s.name, err, s.expect)
	}
	if err == nil {
		s.model(l.referenceModel)
	}
	v, policy := l.engine.View(), l.bySubject()
	changed := policy.focus(l.r, c.Delta)
	about := func(policy bySubject) largeQuestion { return changed.question(l.r, l.largePolicy, policy) }
	if err := l.questions(v, l.referenceModel, 30, 2, about); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if err := l.questions(v, l.referenceModel, 10, 0, l.anyQuestion); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if err := l.ask.listing(v, policy, about(policy).user); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if err := l.sameRules(v); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// keptView is a view held on to, and the model of its time, which it must go on agreeing with.
type keptView struct {
	*authz.View
	model *referenceModel
}

// history changes the policy and returns the first difference: of the engine after each
// change, of views that were kept from before, and at the end of an instance that followed
// and of one that reads the outcome anew.
func (l *largeRun) history(steps int, fresh func() *authz.Engine) error {
	if err := l.everything(l.engine, 1000, 60); err != nil {
		return fmt.Errorf("as imported: %w", err)
	}
	var views []keptView
	for i := range steps {
		if i%10 == 0 {
			views = append(views, keptView{l.engine.View(), l.clone()})
		}
		if err := l.change(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	for _, k := range views {
		if err := l.questions(k.View, k.model, 100, 1, l.anyQuestion); err != nil {
			return fmt.Errorf("a view of revision %d, kept until %d: %w", k.Revision(), l.engine.View().Revision(), err)
		}
	}
	if err := l.follower.Refresh(l.t.Context()); err != nil {
		return err
	}
	for i, e := range []*authz.Engine{l.engine, l.follower, fresh()} {
		if err := l.everything(e, 200, 5); err != nil {
			return fmt.Errorf("after %d steps, %s: %w", steps, []string{"the engine", "another instance", "one that begins"}[i], err)
		}
	}
	return l.enoughOfBoth()
}

// enoughOfBoth fails where the policies have become such that one answer is nearly always
// right.
func (l *largeRun) enoughOfBoth() error {
	if yes, no := l.allowed[true], l.allowed[false]; min(yes, no) < (yes+no)/10 {
		return fmt.Errorf("of the questions %d were allowed and %d denied: the policies have nothing to find", yes, no)
	}
	return nil
}

// Every way to ask gives the same answer on policies of thousands of rules, also after changes
// of wildcards, links, groups and users. The engine answers from compiled sets, shared between
// revisions; the model has neither.
func TestLargePoliciesAgree(t *testing.T) {
	t.Parallel()
	n, steps := len(largeSizes), 60
	if testing.Short() {
		n, steps = 1, 20
	}
	for _, seed := range seeds(t, n) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			run, fresh := openLarge(t, seed, engineAnswers())
			if err := run.history(steps, fresh); err != nil {
				t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
			}
			if _, err := run.engine.AuditRecords(t.Context()); err != nil {
				t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
			}
			t.Logf("%d rules, %d allowed, %d denied", len(run.rules), run.allowed[true], run.allowed[false])
		})
	}
}

// latest remembers the newest view that was asked, and the one before it.
type latest struct{ now, before *authz.View }

func (l *latest) see(v *authz.View) {
	if l.now == nil || v.Revision() > l.now.Revision() {
		l.now, l.before = v, l.now
	}
}

// inherited reports whether only inheritance can have changed anything for the user.
func (l *latest) inherited(v *authz.View, u authz.UserID) bool {
	if l.before == nil || !slices.Equal(l.before.User(u).Groups, v.User(u).Groups) ||
		!slices.Equal(l.before.User(u).Permissions.Grants, v.User(u).Permissions.Grants) ||
		!slices.Equal(l.before.User(u).Permissions.Restrictions, v.User(u).Permissions.Restrictions) {
		return false
	}
	return !slices.ContainsFunc(v.User(u).Groups, func(name authz.GroupName) bool {
		g, _ := v.Group(name)
		return g.Version.Revision == v.Revision()
	})
}

// canFunc is how a planted bug answers.
type canFunc = func(*authz.View, authz.UserID, authz.Permission) bool

// The test above finds bugs in compiled sets, shared tables and look-ups by prefix.
func TestLargePoliciesFindPlantedBugs(t *testing.T) {
	t.Parallel()
	planted := map[string]func() canFunc{
		"an heir keeps what was compiled before its ancestor changed": func() canFunc {
			seen := &latest{}
			return func(v *authz.View, u authz.UserID, p authz.Permission) bool {
				seen.see(v)
				if v == seen.now && seen.inherited(v, u) {
					v = seen.before
				}
				return v.Can(u, p)
			}
		},
		"a view answers by what came after it": func() canFunc {
			seen := &latest{}
			return func(v *authz.View, u authz.UserID, p authz.Permission) bool {
				seen.see(v)
				return seen.now.Can(u, p)
			}
		},
	}
	for level := range wildcardLevels {
		planted[fmt.Sprintf("wildcards of level %d are overlooked", level)] = func() canFunc {
			return func(v *authz.View, u authz.UserID, p authz.Permission) bool {
				return canWithout(v, u, p, func(q authz.Pattern) bool { return wildcardLevel(q) == level })
			}
		}
	}
	for name, plant := range planted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, seed := range seeds(t, len(largeSizes)) {
				ask := engineAnswers()
				ask.can = plant()
				run, fresh := openLarge(t, seed, ask)
				if err := run.history(40, fresh); err != nil {
					t.Logf("found: %v", err)
					return
				}
			}
			t.Fatal("the planted bug was not found")
		})
	}
}

// wildcardLevel returns the place of a pattern in a vocabulary, and -1 for no wildcard.
func wildcardLevel(p authz.Pattern) int {
	object, _, ok := authz.Permission(p).Split()
	if !ok || object[len(object)-1] != '*' {
		return -1
	}
	return min(len(wildcardsAbove(object)), wildcardLevels) - 1
}

// canWithout is Can for an engine that doesn't see some of the rules.
func canWithout(v *authz.View, u authz.UserID, p authz.Permission, overlooked func(authz.Pattern) bool) bool {
	granted, restricted := false, false
	for _, b := range v.Explain(u, p).Permissions[0].Origins {
		if !overlooked(b.Pattern) {
			granted = granted || b.Rule == authz.KindGrant
			restricted = restricted || b.Rule == authz.KindRestriction
		}
	}
	return granted && (!restricted || slices.Contains(v.User(u).Groups, authz.Administrators))
}
