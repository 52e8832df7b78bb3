package authz

import (
	"errors"
	"testing"
)

// The final check refuses changes that break a promise, even those that no operation makes.
func TestCheckPromises(t *testing.T) {
	t.Parallel()
	before, err := emptySnapshot(nil).apply(update{revision: 1, delta: Delta{
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
		after, err := before.apply(update{revision: 2, delta: c.delta})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := checkPromises(before, after); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
