package authz

import (
	"errors"
	"testing"
)

// The last line of defense holds for changes that no operation makes.
func TestCheckPromises(t *testing.T) {
	t.Parallel()
	before, err := emptySnapshot(nil).apply(Change{Revision: 1, Delta: Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}, {After: &GroupInfo{Name: "Desk"}}},
		Added:  []Rule{administratorsRule, {Kind: KindMember, Subject: "ana", Group: Administrators}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	admins := Administrators.Subject()
	cases := map[string]struct {
		delta Delta
		want  error
	}{
		"nothing":    {Delta{}, nil},
		"widened":    {Delta{Added: []Rule{{Kind: KindGrant, Subject: admins, Pattern: "a:b"}}}, ErrProtectedGroup},
		"narrowed":   {Delta{Removed: []Rule{administratorsRule}}, ErrProtectedGroup},
		"restricted": {Delta{Added: []Rule{{Kind: KindRestriction, Subject: admins, Pattern: "a:b"}}}, ErrProtectedGroup},
		"inherits":   {Delta{Added: []Rule{{Kind: KindInherit, Subject: admins, Group: "Desk"}}}, ErrProtectedGroup},
		"inherited":  {Delta{Added: []Rule{{Kind: KindInherit, Subject: "group:Desk", Group: Administrators}}}, ErrProtectedGroup},
		"renamed":    {Delta{Groups: []GroupChange{{Before: &GroupInfo{Name: Administrators}, After: &GroupInfo{Name: "Staff"}}}}, ErrProtectedGroup},
		"emptied":    {Delta{Removed: []Rule{{Kind: KindMember, Subject: "ana", Group: Administrators}}}, ErrLastAdministrator},
	}
	for name, c := range cases {
		after, err := before.apply(Change{Revision: 2, Delta: c.delta})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := checkPromises(before, after); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A change that doesn't fit the policy is an error, never half of it.
func TestApplyRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	member := Rule{Kind: KindMember, Subject: "ana", Group: "Desk"}
	grant := Rule{Kind: KindGrant, Subject: "ana", Pattern: "a:b"}
	s, err := emptySnapshot(nil).apply(Change{Revision: 1, Delta: Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}, Added: []Rule{member, grant},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]Delta{
		"a group made twice":        {Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}}},
		"a group not empty":         {Groups: []GroupChange{{Before: &GroupInfo{Name: "Desk"}}}},
		"a group that isn't":        {Groups: []GroupChange{{Before: &GroupInfo{Name: "Ops"}}}},
		"a member twice":            {Added: []Rule{member}},
		"a member of nothing":       {Added: []Rule{{Kind: KindMember, Subject: "ana", Group: "Ops"}}},
		"a member that isn't":       {Removed: []Rule{{Kind: KindMember, Subject: "ben", Group: "Desk"}}},
		"a grant twice":             {Added: []Rule{grant}},
		"a grant that isn't":        {Removed: []Rule{{Kind: KindGrant, Subject: "ana", Pattern: "a:c"}}},
		"a restriction that isn't":  {Removed: []Rule{{Kind: KindRestriction, Subject: "ana", Pattern: "a:b"}}},
		"an inheritance that isn't": {Removed: []Rule{{Kind: KindInherit, Subject: "group:Desk", Group: "Desk"}}},
		"a kind that isn't":         {Added: []Rule{{Kind: "wish", Subject: "ana", Pattern: "a:b"}}},
	} {
		if _, err := s.apply(Change{Revision: 2, Delta: d}); err == nil {
			t.Errorf("%s was applied", name)
		}
	}
	if !s.can("ana", "a:b") || s.revision != 1 || len(s.byName) != 1 {
		t.Error("a refused change left traces in the snapshot before it")
	}
}
