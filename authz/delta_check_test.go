package authz_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// impossibleDeltas are deltas of records that someone forged to fit the chain. The policy has the groups Desk
// and Finance, of which Desk inherits Finance, and ben in Desk.
func impossibleDeltas() map[string]string {
	return map[string]string{
		"no JSON":                `{`,
		"not an object":          `[]`,
		"more than one value":    `{}{}`,
		"an unknown field":       `{"grants":[]}`,
		"an unknown field below": `{"added":[{"rule":"grant","subject":"eve","pattern":"*:*","until":"never"}]}`,
		"another type":           `{"added":{}}`,

		"an empty user":                `{"added":[{"rule":"grant","subject":"","pattern":"*:*"}]}`,
		"a user with a slash":          `{"added":[{"rule":"grant","subject":"a/b","pattern":"*:*"}]}`,
		"an empty group":               `{"added":[{"rule":"grant","subject":"group:","pattern":"*:*"}]}`,
		"a pattern that isn't one":     `{"added":[{"rule":"grant","subject":"eve","pattern":"a*b:view"}]}`,
		"an empty pattern":             `{"added":[{"rule":"grant","subject":"eve"}]}`,
		"an unknown kind":              `{"added":[{"rule":"allow","subject":"eve","pattern":"*:*"}]}`,
		"a rule twice":                 `{"added":[{"rule":"grant","subject":"eve","pattern":"a:b"},{"rule":"grant","subject":"eve","pattern":"a:b"}]}`,
		"a membership twice":           `{"added":[{"rule":"member","subject":"eve","group":"Desk"},{"rule":"member","subject":"eve","group":"Desk"}]}`,
		"a membership that stands":     `{"added":[{"rule":"member","subject":"ben","group":"Desk"}]}`,
		"a member of no group":         `{"added":[{"rule":"member","subject":"eve","group":"Nowhere"}]}`,
		"a member of a refused name":   `{"added":[{"rule":"member","subject":"eve","group":"group:x"}]}`,
		"a membership with a pattern":  `{"added":[{"rule":"member","subject":"eve","group":"Desk","pattern":"*:*"}]}`,
		"a group as a member":          `{"added":[{"rule":"member","subject":"group:Finance","group":"Desk"}]}`,
		"a user who inherits":          `{"added":[{"rule":"inherit","subject":"eve","group":"Desk"}]}`,
		"a rule of no group":           `{"added":[{"rule":"grant","subject":"group:Nowhere","pattern":"*:*"}]}`,
		"the removal of no rule":       `{"removed":[{"rule":"grant","subject":"eve","pattern":"a:b"}]}`,
		"the removal of no membership": `{"removed":[{"rule":"member","subject":"eve","group":"Desk"}]}`,

		"a refused name":              `{"groups":[{"after":{"name":"a*"}}]}`,
		"a name with a zero width":    `{"groups":[{"after":{"name":"De\u200bsk"}}]}`,
		"an empty name":               `{"groups":[{"after":{"name":""}}]}`,
		"a group of nothing":          `{"groups":[{}]}`,
		"a group that exists":         `{"groups":[{"after":{"name":"Desk"}}]}`,
		"a rename to a taken name":    `{"groups":[{"before":{"name":"Desk"},"after":{"name":"Finance"}}]}`,
		"a deletion with its members": `{"groups":[{"before":{"name":"Desk"}}]}`,

		"Administrators deleted":         `{"groups":[{"before":{"name":"Administrators"}}]}`,
		"Administrators renamed":         `{"groups":[{"before":{"name":"Administrators"},"after":{"name":"Admins"}}]}`,
		"another in their place":         `{"groups":[{"before":{"name":"Administrators"},"after":{"name":"Admins"}},{"before":{"name":"Desk"},"after":{"name":"Administrators"}}]}`,
		"Administrators without a rule":  `{"removed":[{"rule":"grant","subject":"group:Administrators","pattern":"*:*"}]}`,
		"Administrators restricted":      `{"added":[{"rule":"restriction","subject":"group:Administrators","pattern":"a:b"}]}`,
		"Administrators with a grant":    `{"added":[{"rule":"grant","subject":"group:Administrators","pattern":"a:b"}]}`,
		"Administrators inherited":       `{"added":[{"rule":"inherit","subject":"group:Desk","group":"Administrators"}]}`,
		"a bad row with too many values": `{"added_rows":[{"id":7,"values":["p","1","2","3","4","5","6","7"],"detail":"","denies":""}]}`,
	}
}

// A record that no engine can have written changes no policy, whether an instance follows it or starts with it,
// even if it fits the chain of hashes. The audit reports it.
func TestForgedRecordsAreCheckedLikeInput(t *testing.T) {
	t.Parallel()
	for what, delta := range impossibleDeltas() {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance", Permissions: authz.Rules{Grants: []authz.Pattern{"finance.*:*"}}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Inherits: []authz.GroupName{"Finance"}}))
		must(t)(ana.Assign(ctx, "Desk", "ben"))
		was := describePolicy(engine.View())
		forgeRecord(t, store, delta)

		if err := engine.Refresh(ctx); err != nil { // it loads the tables instead
			t.Errorf("%s: %v", what, err)
		}
		unchanged := func(v *authz.View, when string) {
			t.Helper()
			got := describePolicy(v)
			_, a, _ := strings.Cut(got, " ")
			if _, b, _ := strings.Cut(was, " "); a != b {
				t.Errorf("%s %s:\n%s\nwas\n%s", what, when, got, was)
			}
		}
		unchanged(engine.View(), "changed the policy of an instance that follows")
		again := open(t, store.Another(), authz.Options{PollInterval: time.Hour})
		unchanged(again.View(), "changed the policy after a start")
		var audit *authz.Error
		if _, err := again.AuditRecords(ctx); !errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &audit) || audit.Revision != 6 {
			t.Errorf("%s: the audit says %v", what, err)
		}
		// What was removed without having been there, or added again, can only be seen from before it.
		fitsBackwards := strings.HasPrefix(what, "the removal of no ") || what == "a membership that stands"
		if v, err := again.ViewAt(ctx, 5); err == nil && !fitsBackwards {
			t.Errorf("%s was undone: %s", what, describePolicy(v))
		}
	}
}

// A record of absurd size is refused before it is decoded.
func TestForgedRecordOfAbsurdSize(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a gigabyte")
	}
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	forgeRecord(t, store, "{}"+strings.Repeat(" ", 512<<20))
	if err := engine.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrRecordsDoNotFit) || !strings.Contains(err.Error(), "too large") {
		t.Errorf("the audit says %v", err)
	}
}
