package client_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// All methods of a group, from its creation to its end.
func TestGroupFromBeginningToEnd(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Requests desk/day"})
	if !client.Is(err, openapi.ProblemTypeInvalid) {
		t.Fatalf("a name with a slash: %v", err)
	}
	made, first, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "50% + a"})
	ok(t, err)
	g := c.Group(made.Name)
	rules, second, err := g.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:view"}})
	ok(t, err)
	if first == second || !slices.Equal(rules.Grants, []string{"orders:view"}) {
		t.Errorf("versions %s and %s, rules %v", first, second, rules)
	}
	_, _, err = g.SetRules(ctx, first, openapi.Rules{})
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Status != 412 || problem.Version == nil || !strings.HasPrefix(string(second), fmt.Sprintf(`"%d-`, *problem.Version)) {
		t.Errorf("overwriting what wasn't read: %v", err)
	}
	rules, second, err = g.SetRules(ctx, second, openapi.Rules{Restrictions: []string{"orders:delete"}})
	ok(t, err)
	if len(rules.Grants) != 0 || len(rules.Restrictions) != 1 {
		t.Errorf("rules %v", rules)
	}
	shown, version, err := g.Get(ctx)
	ok(t, err)
	if version != second || shown.Name != "50% + a" {
		t.Errorf("version %s, not %s: %v", version, second, shown)
	}
	if _, version, err = g.Rules(ctx); err != nil || version != second {
		t.Errorf("version %s: %v", version, err)
	}
	_, version, err = g.Update(ctx, version, openapi.GroupPatch{Name: openapi.Set("Desk")})
	ok(t, err)
	g = c.Group("Desk")
	ok(t, g.Add(ctx, "ben"))
	ok(t, g.Add(ctx, "ben"))
	members, err := g.ChangeMembers(ctx, openapi.MembersDelta{Add: []string{"cleo", "dana"}, Remove: []string{"ben"}})
	if err != nil || members.MemberCount != 2 {
		t.Errorf("%v: %v", members, err)
	}
	ok(t, g.Remove(ctx, "dana"))
	if err := g.Delete(ctx, version); !client.Is(err, openapi.ProblemTypeGroupHasMembers) {
		t.Errorf("deleting a group with members: %v", err)
	}
}

// A membership gets an end, keeps it, and loses it.
func TestMembershipsThatEnd(t *testing.T) {
	s := newService(t)
	ctx, ana := t.Context(), s.as(t, "ana")
	desk := ana.Group("Evening desk")
	_, _, err := ana.CreateGroup(ctx, openapi.GroupCreate{Name: "Evening desk"})
	ok(t, err)
	end := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	until := func() (found time.Time) {
		for m, err := range desk.Members(ctx) {
			ok(t, err)
			if m.User == "ben" {
				found = m.Until
			}
		}
		return found
	}
	ok(t, desk.AddUntil(ctx, "ben", end))
	ok(t, desk.Add(ctx, "ben"))
	if got := until(); !got.Equal(end) {
		t.Errorf("it ends at %v, not %v", got, end)
	}
	ok(t, desk.AddUntil(ctx, "ben", time.Time{}))
	if got := until(); !got.IsZero() {
		t.Errorf("it ends at %v", got)
	}
}
