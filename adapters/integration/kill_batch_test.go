package integration_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// killBatch is the time of a batch, in microseconds since 1970. Everything that the batch makes is named after it, so
// that what a kill leaves of it can be told from the rest.
type killBatch int64

func (b killBatch) group() authz.GroupName { return authz.GroupName(fmt.Sprintf("Batch %d", b)) }

func (b killBatch) user(s string) authz.UserID { return authz.UserID(fmt.Sprintf("batch-%d-%s", b, s)) }
func (b killBatch) key() string                { return fmt.Sprintf("kill-%d", b) }
func (b killBatch) ends(after time.Duration) authz.Until {
	return authz.Until(int64(b) + after.Microseconds())
}

// killPermissions is how many permissions a batch grants.
const killPermissions = 30

// operations are the same whenever they are asked for, so that the batch can be repeated with its key.
func (b killBatch) operations() []authz.Operation {
	group, hour, moment := b.group(), b.ends(time.Hour), b.ends(1500*time.Millisecond)
	var grants []authz.Pattern
	for i := range killPermissions {
		grants = append(grants, authz.Pattern(fmt.Sprintf("batches.b%d:p%d", b, i)))
	}
	return []authz.Operation{
		{Action: authz.ActionGroupCreate, Group: group, Permissions: authz.Rules{Grants: grants}},
		{Action: authz.ActionGroupMembersChange, Group: group, Add: []authz.UserID{b.user("stays"), b.user("goes")}},
		{Action: authz.ActionGroupMembersChange, Group: group, Add: []authz.UserID{b.user("hour")}, Until: &hour},
		{Action: authz.ActionGroupMembersChange, Group: group, Add: []authz.UserID{b.user("moment")}, Until: &moment},
		{Action: authz.ActionUserPermissionsChange, User: b.user("own"), Rules: authz.RulesDelta{Restrict: grants[:1]}},
		{Action: authz.ActionUserGroupsSet, User: b.user("goes"), Memberships: []authz.Membership{{Group: group, Until: &hour}}},
	}
}

// undo are the operations of a second batch, which removes everything that the first one made.
func (b killBatch) undo() []authz.Operation {
	return []authz.Operation{
		{Action: authz.ActionUserPermissionsSet, User: b.user("own")},
		{Action: authz.ActionUserDelete, User: b.user("goes")},
		{Action: authz.ActionGroupDelete, Group: b.group(), Release: true},
	}
}

// writeBatch carries out a batch, and says beforehand which, so that the next process can repeat it.
func writeBatch(ctx context.Context, engine *authz.Engine, b killBatch) (authz.Change, error) {
	fmt.Println("try", int64(b))
	return engine.As("root").Idempotent(b.key()).Batch(ctx, b.operations()...)
}

// undoSomeBatch removes what some batch made.
func undoSomeBatch(ctx context.Context, engine *authz.Engine) (authz.Change, error) {
	names := engine.View().GroupNames("Batch ")
	if len(names) == 0 {
		return authz.Change{}, nil
	}
	number, _ := strings.CutPrefix(string(names[0]), "Batch ")
	b, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return authz.Change{}, err
	}
	return engine.As("root").Batch(ctx, killBatch(b).undo()...)
}

// checkBatches checks that the tables have all of a batch or nothing. What ends within a moment may be gone.
func checkBatches(t *testing.T, state authz.State, rows []authz.Row) {
	t.Helper()
	parts := map[string]map[string]bool{} // of a batch
	note := func(name, part string) {
		_, rest, _ := strings.Cut(name, "atch")
		number := strings.TrimLeft(rest, " -")
		if i := strings.IndexByte(number, '-'); i >= 0 {
			number = number[:i]
		}
		if parts[number] == nil {
			parts[number] = map[string]bool{}
		}
		parts[number][part] = true
	}
	for _, g := range state.Groups {
		if strings.HasPrefix(string(g.Name), "Batch ") {
			note(string(g.Name), "group")
		}
	}
	for _, r := range rows {
		switch {
		case strings.HasPrefix(r.V[0], "group:Batch "):
			note(r.V[0], "grant of "+r.V[1][strings.LastIndexByte(r.V[1], '.')+1:]+":"+r.V[2])
		case strings.HasPrefix(r.V[0], "batch-") && !strings.HasSuffix(r.V[0], "-moment"):
			note(r.V[0], r.Type+" of "+r.V[0][strings.LastIndexByte(r.V[0], '-')+1:])
		}
	}
	for _, e := range state.Ends {
		if user := string(e.User); strings.HasPrefix(user, "batch-") && !strings.HasSuffix(user, "-moment") {
			note(user, "end of "+user[strings.LastIndexByte(user, '-')+1:])
		}
	}
	const whole = 1 + killPermissions + 4 + 2 // the group, its grants, the rows of four users, and two ends
	for number, have := range parts {
		if len(have) != whole {
			t.Errorf("of batch %s there are %d parts of %d: %v", number, len(have), whole, slices.Sorted(maps.Keys(have)))
		}
	}
}

// checkMembersOfEnds checks that no end is left of a membership that a change removed: both are in one commit.
func checkMembersOfEnds(t *testing.T, state authz.State, rows []authz.Row) {
	t.Helper()
	members := map[[2]string]bool{}
	for _, r := range rows {
		if r.Type == "g" {
			members[[2]string(r.V[:2])] = true
		}
	}
	for _, e := range state.Ends {
		if !members[[2]string{string(e.User), string(e.Group.Subject())}] {
			t.Errorf("there is an end of %q in %q, and no membership", e.User, e.Group)
		}
	}
}

// checkEnds checks that the table of ends has those that the records lead to.
func checkEnds(t *testing.T, store authz.Store, state authz.State) {
	t.Helper()
	ends := map[authz.MembershipEnd]authz.Until{}
	eachDelta(t, store, state.Revision, func(d authz.Delta) {
		for _, g := range d.Groups {
			if g.Before == nil || g.After == nil || g.Before.Name == g.After.Name {
				continue
			}
			for end, until := range maps.Clone(ends) {
				if end.Group == g.Before.Name {
					delete(ends, end)
					ends[authz.MembershipEnd{User: end.User, Group: g.After.Name}] = until
				}
			}
		}
		for _, end := range d.Ends {
			key := authz.MembershipEnd{User: end.User, Group: end.Group}
			if ends[key] != end.Before {
				t.Errorf("a record says that an end of %q in %q was %d, and it was %d", end.User, end.Group, end.Before, ends[key])
			}
			if ends[key] = end.After; end.After == 0 {
				delete(ends, key)
			}
		}
	})
	var want []authz.MembershipEnd
	for end, until := range ends {
		end.Until = until
		want = append(want, end)
	}
	byName := func(a, b authz.MembershipEnd) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Group, b.Group))
	}
	slices.SortFunc(want, byName)
	got := slices.SortedFunc(slices.Values(state.Ends), byName)
	if !slices.Equal(got, want) {
		t.Errorf("the table of ends has\n%v\nand the records lead to\n%v", got, want)
	}
}

// eachDelta calls visit with the delta of each record up to a revision.
func eachDelta(t *testing.T, store authz.Store, upTo authz.Revision, visit func(authz.Delta)) {
	t.Helper()
	for last := authz.Revision(0); last < upTo; {
		list, err := store.Since(t.Context(), last, int(min(upTo-last, 1000)), 1<<20)
		if err != nil || len(list) == 0 {
			t.Fatalf("%d records after %d: %v", len(list), last, err)
		}
		for _, r := range list {
			var d authz.Delta
			if err := json.Unmarshal(r.Delta, &d); err != nil {
				t.Fatal(err)
			}
			visit(d)
			last = r.Revision
		}
	}
}

// checkAcknowledged checks that every acknowledged change is on record with its hash, and that no batch was carried out twice,
// although the next process repeats the one in which a kill interrupts the last.
func checkAcknowledged(t *testing.T, store authz.Store, acknowledged map[authz.Revision]string) {
	t.Helper()
	state, _, err := authztest.Load(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	made := map[authz.GroupName]int{}
	eachDelta(t, store, state.Revision, func(d authz.Delta) {
		for _, g := range d.Groups {
			if g.Before == nil && strings.HasPrefix(string(g.After.Name), "Batch ") {
				made[g.After.Name]++
			}
		}
	})
	for name, times := range made {
		if times != 1 {
			t.Errorf("%q was carried out %d times", name, times)
		}
	}
	t.Logf("%d batches were carried out", len(made))
	for last := authz.Revision(0); last < state.Revision; {
		list, err := store.Since(t.Context(), last, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			last = r.Revision
			if hash, was := acknowledged[r.Revision]; was && hash != fmt.Sprintf("%x", r.Hash) {
				t.Errorf("revision %d was acknowledged with the hash %s, and is %x", r.Revision, hash, r.Hash)
			}
			delete(acknowledged, r.Revision)
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged changes are gone", len(acknowledged))
	}
}
