package authz_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/internal/fold"
)

// deniedQuestion is a denied question on a random policy, and the engine's fixes for it.
type deniedQuestion struct {
	engine *authz.Engine
	model  *referenceModel
	asker  authz.UserID // empty for the command
	user   authz.UserID
	asked  []authz.Permission
	before *authz.View
	fixes  authz.Fixes
}

func (d *deniedQuestion) admin() authz.Admin { return adminOf(d.engine, d.asker) }

// allowedBy reports whether a policy allows all that was asked.
func (d *deniedQuestion) allowedBy(w *referenceModel) bool {
	reached := w.subjects(d.user)
	return !slices.ContainsFunc(d.asked, func(p authz.Permission) bool { return !w.canWith(reached, d.user, p) })
}

// crowdedModel draws a small policy with many interactions: most users are in groups that
// inherit from one another, and many restrictions stand beside grants.
func crowdedModel(r *rand.Rand) *referenceModel {
	w := newReferenceModel()
	w.put(authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators})
	groups := someGroups[:3+r.IntN(len(someGroups)-2)]
	pattern := func() authz.Pattern {
		if r.IntN(8) == 0 {
			return w.randomPattern(r)
		}
		return authz.Pattern(pick(r, someObjects[:4]) + ":" + pick(r, someActions))
	}
	for i, g := range groups {
		for range 1 + r.IntN(3) {
			w.put(authz.Rule{Kind: authz.KindGrant, Subject: g.Subject(), Pattern: pattern()})
		}
		if r.IntN(2) == 0 {
			w.put(authz.Rule{Kind: authz.KindRestriction, Subject: g.Subject(), Pattern: pattern()})
		}
		if i > 0 && r.IntN(3) == 0 {
			w.put(authz.Rule{Kind: authz.KindInherit, Subject: g.Subject(), Group: pick(r, groups[:i])})
		}
	}
	for _, u := range someUsers {
		for range r.IntN(4) {
			w.put(authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(u), Group: pick(r, groups)})
		}
		if r.IntN(2) == 0 {
			w.put(authz.Rule{Kind: pick(r, []authz.RuleKind{authz.KindGrant, authz.KindRestriction}), Subject: authz.Subject(u), Pattern: pattern()})
		}
	}
	return w
}

// eachDenial asks about random policies and calls check for each question that is denied and can
// be fixed.
func eachDenial(t *testing.T, seed uint64, check func(*deniedQuestion) error) (denials int, err error) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 21))
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	if seed%2 == 0 {
		options.Catalog = someCatalog()
	}
	for range 8 {
		engine, w := open(t, memstore.New(), options), crowdedModel(r)
		must(t)(engine.AsCommand("test").Import(t.Context(), fileOf(w.sorted()), authz.ImportMerge))
		for range 6 {
			d := &deniedQuestion{engine: engine, model: w, user: pick(r, append(someMembers, "nobody")), asked: someQuestion(r)}
			if r.IntN(3) > 0 {
				d.asker = pick(r, someUsers)
				giveSomeRights(t, engine, w, d.asker, r)
			}
			d.before = engine.View()
			if d.fixes, err = d.admin().Fixes(t.Context(), d.before, d.user, d.asked...); err != nil {
				return denials, err
			}
			if d.allowedBy(w) {
				if !reflect.DeepEqual(d.fixes, authz.Fixes{Revision: engine.View().Revision()}) {
					return denials, fmt.Errorf("%q may do %q, and there is %+v", d.user, d.asked, d.fixes)
				}
				continue
			}
			denials++
			if err := check(d); err != nil {
				return denials, fmt.Errorf("%q asks what lets %q do %q: %w", d.asker, d.user, d.asked, err)
			}
		}
	}
	return denials, nil
}

// someQuestion draws a few permissions, some of which no rule may name.
func someQuestion(r *rand.Rand) (asked []authz.Permission) {
	odd := slices.DeleteFunc(somePermissions(), func(p authz.Permission) bool { _, _, ok := p.Split(); return !ok })
	for range 1 + r.IntN(3) {
		p := authz.Permission(pick(r, someObjects[:4]) + ":" + pick(r, someActions))
		if r.IntN(6) == 0 {
			p = pick(r, odd)
		}
		asked = append(asked, p)
	}
	return asked
}

func testDenials(t *testing.T, standard int, check func(*deniedQuestion) error) {
	t.Helper()
	list, denials := seeds(t, standard), 0
	for _, seed := range list {
		n, err := eachDenial(t, seed, check)
		if err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
		denials += n
	}
	if denials < 10*len(list) {
		t.Errorf("only %d denials; the test sees too little", denials)
	}
}

// inverse returns the operation that undoes an operation.
func inverse(s authz.Operation) func(*testing.T, authz.Admin) (authz.Change, error) {
	return func(t *testing.T, a authz.Admin) (authz.Change, error) {
		back := authz.RulesDelta{Revoke: s.Rules.Grant, Restrict: s.Rules.Lift}
		switch {
		case s.Action == authz.ActionGroupMembersChange:
			return a.ChangeMembers(t.Context(), s.Group, s.Remove, s.Add)
		case s.Group != "":
			return a.ChangeGroupPermissions(t.Context(), s.Group, back)
		}
		return a.ChangeUserPermissions(t.Context(), s.User, back)
	}
}

// The user who asks can carry out a fix exactly when it says so. Carried out, it allows the
// question, gives and takes what it said, and changes nothing else.
func TestFixesDoWhatTheySay(t *testing.T) {
	t.Parallel()
	testDenials(t, 5, func(d *deniedQuestion) error {
		for _, fix := range d.fixes.List {
			after := d.model.clone()
			for _, s := range fix.Operations {
				after.apply(s)
			}
			change, err := d.admin().Batch(t.Context(), fix.Operations...)
			allowed := err == nil
			if !allowed {
				if !errors.Is(err, authz.ErrForbidden) && !errors.Is(err, authz.ErrEscalation) {
					return fmt.Errorf("%+v: %w", fix.Operations, err)
				}
				change = must(t)(d.engine.AsCommand("test").Batch(t.Context(), fix.Operations...))
			}
			view := d.engine.View()
			must(t)(d.engine.AsCommand("test").Revert(t.Context(), change.Revision))
			if allowed != fix.Allowed || allowed != (len(fix.Lacks) == 0) {
				return fmt.Errorf("carried out: %v, said %v, lacking %q: %+v", allowed, fix.Allowed, fix.Lacks, fix)
			}
			if !view.Can(d.user, d.asked...) || !d.allowedBy(after) {
				return fmt.Errorf("denied after %+v", fix)
			}
			if err := d.compare(view, fix); err != nil {
				return err
			}
		}
		return nil
	})
}

// compare checks a fix against the policies before and after it.
func (d *deniedQuestion) compare(after *authz.View, fix authz.Fix) error {
	asked := slices.Clone(d.asked)
	for _, s := range fix.Operations {
		for _, p := range slices.Concat(s.Rules.Grant, s.Rules.Lift) {
			if p := authz.Permission(p); p.Check() == nil {
				asked = append(asked, p)
			}
		}
	}
	gives, takes := d.only(d.user, after, d.before, asked), d.only(d.user, d.before, after, nil)
	gives = slices.DeleteFunc(gives, func(p authz.Permission) bool { return slices.Contains(d.asked, p) })
	if !slices.Equal(gives, fix.AlsoGives) || !slices.Equal(takes, fix.AlsoTakes) {
		return fmt.Errorf("gives %q and takes %q: %+v", gives, takes, fix)
	}
	var reaches []authz.UserImpact
	for _, u := range someMembers {
		if list := d.only(u, after, d.before, asked); u != d.user && len(list) > 0 {
			reaches = append(reaches, authz.UserImpact{User: u, Permissions: list})
		}
	}
	slices.SortFunc(reaches, func(a, b authz.UserImpact) int { return fold.Compare(a.User, b.User) })
	if !reflect.DeepEqual(reaches, fix.AlsoReaches) || len(reaches) != fix.AlsoReachesCount {
		return fmt.Errorf("reaches %v: %+v", reaches, fix)
	}
	return nil
}

// only lists what a user holds by one policy and not by the other: of what is listed as held,
// and of what is asked.
func (d *deniedQuestion) only(u authz.UserID, one, other *authz.View, asked []authz.Permission) []authz.Permission {
	list := slices.Clone(asked)
	list = append(list, one.Listed(u)...)
	list = slices.DeleteFunc(list, func(p authz.Permission) bool { return !one.Can(u, p) || other.Can(u, p) })
	slices.SortFunc(list, fold.Compare)
	return slices.Compact(list)
}

// The rights that a fix names as missing are the only ones that the user who asks needs to carry
// it out.
func TestFixesNameTheMissingRights(t *testing.T) {
	t.Parallel()
	tried := 0
	testDenials(t, 5, func(d *deniedQuestion) error {
		if d.asker == "" || d.asker == d.user || d.model.restricts(d.asker) {
			return nil
		}
		for _, fix := range d.fixes.List {
			if fix.Allowed || slices.Contains(fix.Lacks, authz.Everything) {
				continue
			}
			tried++
			command := d.engine.AsCommand("test")
			var added []authz.Pattern
			for _, p := range fix.Lacks {
				if c := must(t)(command.ChangeUserPermissions(t.Context(), d.asker, authz.RulesDelta{Grant: []authz.Pattern{p}})); c.Revision > 0 {
					added = append(added, p)
				}
			}
			change, err := d.admin().Batch(t.Context(), fix.Operations...)
			if err != nil {
				return fmt.Errorf("with %q: %w", fix.Lacks, err)
			}
			must(t)(command.Revert(t.Context(), change.Revision))
			must(t)(command.ChangeUserPermissions(t.Context(), d.asker, authz.RulesDelta{Revoke: added}))
		}
		return nil
	})
	if tried < 5 {
		t.Errorf("only %d fixes that someone may not carry out; the test sees too little", tried)
	}
}

// atoms are the smallest parts of a fix, sorted.
func atoms(steps []authz.Operation) (list []authz.Operation) {
	for _, s := range steps {
		if s.Action == authz.ActionGroupMembersChange {
			list = append(list, s)
		}
		one := s
		for _, p := range s.Rules.Grant {
			one.Rules = authz.RulesDelta{Grant: []authz.Pattern{p}}
			list = append(list, one)
		}
		for _, p := range s.Rules.Lift {
			one.Rules = authz.RulesDelta{Lift: []authz.Pattern{p}}
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b authz.Operation) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return list
}

func textOf(steps []authz.Operation) string {
	parts := make([]string, 0, len(steps))
	for _, s := range atoms(steps) {
		parts = append(parts, fmt.Sprint(s))
	}
	return strings.Join(parts, "\n")
}

// No part of a fix can be left out, and no fix contains another.
func TestFixesAreMinimal(t *testing.T) {
	t.Parallel()
	testDenials(t, 5, func(d *deniedQuestion) error {
		for i, fix := range d.fixes.List {
			parts := atoms(fix.Operations)
			for j := range parts {
				w := d.model.clone()
				for k, s := range parts {
					if k != j {
						w.apply(s)
					}
				}
				if d.allowedBy(w) {
					return fmt.Errorf("it does without %+v: %+v", parts[j], fix)
				}
			}
			for j, other := range d.fixes.List {
				if i != j && contains(textOf(fix.Operations), textOf(other.Operations)) {
					return fmt.Errorf("%+v contains %+v", fix, other)
				}
			}
		}
		return nil
	})
}

// contains reports whether one text has every line of another.
func contains(lines, others string) bool {
	have := strings.Split(lines, "\n")
	return !slices.ContainsFunc(strings.Split(others, "\n"), func(l string) bool { return !slices.Contains(have, l) })
}
