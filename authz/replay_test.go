package authz_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// A record that fits the chain and isn't valid never changes the policy (finding A5): what it adds is checked
// like rows of the table.
func TestForgedRecordsAreValidated(t *testing.T) {
	t.Parallel()
	add := func(rules ...authz.Rule) authz.Delta { return authz.Delta{Added: rules} }
	var chain []authz.Rule
	for i := range 9 {
		chain = append(chain, authz.Rule{Kind: authz.KindInherit, Subject: authz.GroupName(fmt.Sprint("C", i)).Subject(), Group: authz.GroupName(fmt.Sprint("C", i+1))})
	}
	for name, delta := range map[string]authz.Delta{
		"a pattern that can't be":      add(authz.Rule{Kind: authz.KindGrant, Subject: "eve", Pattern: "a*b:view"}),
		"no pattern":                   add(authz.Rule{Kind: authz.KindGrant, Subject: "eve"}),
		"a grant with a group":         add(authz.Rule{Kind: authz.KindGrant, Subject: "eve", Pattern: "*:*", Group: "Desk"}),
		"an unknown kind":              add(authz.Rule{Kind: "allow", Subject: "eve", Pattern: "*:*"}),
		"a group as a member":          add(authz.Rule{Kind: authz.KindMember, Subject: "group:Desk", Group: "C0"}),
		"a restricted Administrators":  add(authz.Rule{Kind: authz.KindRestriction, Subject: authz.Administrators.Subject(), Pattern: "*:*"}),
		"heirs of Administrators":      add(authz.Rule{Kind: authz.KindInherit, Subject: "group:Desk", Group: authz.Administrators}),
		"no Administrators":            {Removed: []authz.Rule{{Kind: authz.KindGrant, Subject: authz.Administrators.Subject(), Pattern: "*:*"}}},
		"a group that can't be":        {Groups: []authz.GroupChange{{After: &authz.GroupInfo{Name: "a/b"}}}},
		"a description that can't be":  {Groups: []authz.GroupChange{{After: &authz.GroupInfo{Name: "New", Description: "a\x00b"}}}},
		"a cycle":                      add(authz.Rule{Kind: authz.KindInherit, Subject: "group:Desk", Group: "Desk"}),
		"a chain too long":             add(chain...),
		"a cycle of two":               add(chain[0], authz.Rule{Kind: authz.KindInherit, Subject: "group:C1", Group: "C0"}),
		"a member with an empty group": add(authz.Rule{Kind: authz.KindMember, Subject: "eve"}),
	} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		for i := range 10 {
			must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("C", i))}))
		}
		must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
		want := fmt.Sprint(engine.View().Export(), engine.View().Groups(""))
		addForgedRecord(t, store, delta)
		if err := engine.Refresh(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := fmt.Sprint(engine.View().Export(), engine.View().Groups("")); got != want {
			t.Errorf("%s: the policy is\n%s", name, got)
		}
		if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrRecordsDoNotFit) {
			t.Errorf("%s: the audit says %v", name, err)
		}
	}
}
