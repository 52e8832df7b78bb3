package authz_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Memberships with an end each are compared like memberships that all end at the same time: what the group gives is
// compared once, not once for each end.
func TestManyEndsAreComparedLikeOne(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana, start := t.Context(), engine.As("ana"), time.Now()
	patterns := make([]authz.Pattern, 1000)
	for i := range patterns {
		patterns[i] = authz.Pattern(fmt.Sprintf("x%d:view", i))
	}
	for _, name := range []authz.GroupName{"Giver", "Mine"} {
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: patterns}}))
	}
	must(t)(ana.Grant(ctx, "Mine", "rightful.groups:view", "rightful.users:*"))
	must(t)(ana.Until(start.Add(1000*time.Hour)).Assign(ctx, "Mine", "dave"))
	batch := func(step time.Duration, later time.Duration) (list []authz.Operation) {
		for i := range 100 {
			end := authz.UntilTime(start.Add(later + time.Duration(i)*step))
			list = append(list, authz.Operation{
				Action: authz.ActionGroupMembersChange, Group: "Giver", Add: []authz.UserID{authz.UserID(fmt.Sprint("u", i))}, Until: &end,
			})
		}
		return list
	}
	work := func(step time.Duration) uint {
		c := must(t)(engine.As("dave").DryRun().Batch(ctx, batch(step, 5*time.Hour)...))
		if len(c.Delta.Ends) != 100 {
			t.Fatalf("%d ends", len(c.Delta.Ends))
		}
		steps, err := authz.WorkOfEscalation(engine.View(), c.View, "dave", c.Delta)
		if err != nil {
			t.Fatal(err)
		}
		return steps
	}
	for _, what := range []string{"new memberships", "other ends"} {
		if alike, distinct := work(0), work(time.Second); distinct > 2*alike {
			t.Errorf("%s: %d steps for ends of their own, %d for one end", what, distinct, alike)
		}
		must(t)(ana.Batch(ctx, batch(time.Minute, time.Hour)...)) // for the second round
	}
}

// A change of the memberships of several users is refused for what the changes of each are refused for, also where
// they have the same groups before and after and differ in ends alone.
func TestUsersAreComparedLikeEach(t *testing.T) {
	t.Parallel()
	allowed, refused := 0, 0
	for _, seed := range seeds(t, 40) {
		a, r, err := newAlike(t, seed).run(60)
		if err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
		allowed, refused = allowed+a, refused+r
	}
	t.Logf("%d users were allowed, %d refused", allowed, refused)
	if allowed < 500 || refused < 500 {
		t.Errorf("%d users were allowed, %d refused: the test sees too little", allowed, refused)
	}
}

// alike is a delegate who changes the groups of users that differ in their ends alone.
type alike struct {
	t      *testing.T
	r      *rand.Rand
	engine *authz.Engine
	start  time.Time
	groups []authz.GroupName
}

func newAlike(t *testing.T, seed uint64) *alike {
	t.Helper()
	a := &alike{
		t: t, r: rand.New(rand.NewPCG(seed, 31)), start: time.Now(), groups: someGroups[:4],
		engine: open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: time.Hour}),
	}
	ctx, command := t.Context(), a.engine.AsCommand("test")
	for _, name := range a.groups {
		must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: a.patterns()}}))
		if a.r.IntN(3) == 0 {
			must(t)(command.Restrict(ctx, name, a.patterns()...))
		}
	}
	for i, name := range []authz.GroupName{"Delegates", "Delegates for a while", "Delegates for longer"} {
		must(t)(command.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: authz.Rules{Grants: a.patterns()}}))
		must(t)(command.Grant(ctx, name, authz.Pattern(authz.AssignMembers(a.groups[i]))))
		must(t)(command.Until(a.start.Add([]time.Duration{10, 20, 30}[i]*time.Hour)).Assign(ctx, name, "del"))
	}
	must(t)(command.ChangeUserPermissions(ctx, "del", authz.RulesDelta{Grant: append(a.patterns(), "rightful.groups:view", "rightful.users:*")}))
	return a
}

func (a *alike) patterns() (list []authz.Pattern) {
	for _, p := range []authz.Pattern{"a:view", "a.b:view", "a.*:view", "b:view", "b:*", "c:view"} {
		if a.r.IntN(2) == 0 {
			list = append(list, p)
		}
	}
	return list
}

// end draws an end. Many are different, and some are those of the delegate.
func (a *alike) end() *authz.Until {
	until := authz.UntilTime(a.start.Add(time.Duration(1+a.r.IntN(40)) * time.Hour))
	if a.r.IntN(4) == 0 {
		until = 0
	}
	return &until
}

// run compares changes of two users with those of each.
func (a *alike) run(rounds int) (allowed, refused int, err error) {
	ctx, del := a.t.Context(), a.engine.As("del").DryRun()
	for i := range rounds {
		before, after := pick(a.r, a.groups), pick(a.r, a.groups)
		both, stays := a.r.IntN(2) == 0, a.r.IntN(4) > 0
		stay, stayEnd := pick(a.r, a.groups), a.end()
		var operations []authz.Operation
		missing := map[authz.Pattern]bool{}
		for j := range 2 {
			user := authz.UserID(fmt.Sprint("u", i, " ", j))
			had, gets := []authz.Membership{{Group: before, Until: a.end()}}, []authz.Membership{{Group: after, Until: a.end()}}
			if stays && stay != before && stay != after {
				m := authz.Membership{Group: stay, Until: a.end()}
				if both {
					m.Until = stayEnd
				}
				had, gets = append(had, m), append(gets, m)
			}
			must(a.t)(a.engine.AsCommand("test").SetUserMemberships(ctx, user, had))
			o := authz.Operation{Action: authz.ActionUserGroupsSet, User: user, Memberships: gets}
			lacks, err := missingOf(del.Batch(ctx, o))
			if err != nil {
				return 0, 0, err
			}
			for _, p := range lacks {
				missing[p] = true
			}
			allowed, refused = allowed+1-min(1, len(lacks)), refused+min(1, len(lacks))
			operations = append(operations, o)
		}
		got, err := missingOf(del.Batch(ctx, operations...))
		if want := slices.Sorted(maps.Keys(missing)); err != nil || !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			return 0, 0, fmt.Errorf("round %d: all lack %q, each %q (%w)", i, got, want, err)
		}
	}
	return allowed, refused, nil
}

// missingOf returns what the actor of a change lacks, and every other error.
func missingOf(_ authz.Change, err error) ([]authz.Pattern, error) {
	var fault *authz.Error
	if errors.Is(err, authz.ErrEscalation) && errors.As(err, &fault) {
		return fault.Missing, nil
	}
	return nil, err
}

// What the users' other groups give counts for each with the ends of that user.
func TestWhatStaysIsComparedWithTheEndsOfEach(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana, start := t.Context(), engine.As("ana"), time.Now()
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Also finance", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}}))
	into := func(user authz.UserID, hours time.Duration) authz.Operation {
		until := authz.UntilTime(start.Add(hours * time.Hour))
		return authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Also finance", Add: []authz.UserID{user}, Until: &until}
	}
	for user, hours := range map[authz.UserID]time.Duration{"eva": 1, "fay": 2, "gus": 3} {
		must(t)(ana.Until(start.Add(hours*time.Hour)).Assign(ctx, "Finance", user))
	}
	dave := engine.As("dave").DryRun()
	must(t)(dave.Batch(ctx, into("eva", 1), into("fay", 2), into("gus", 2)))
	if _, err := dave.Batch(ctx, into("eva", 1), into("fay", 4), into("gus", 2)); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("fay gets it for longer than she has it: %v", err)
	}
}
