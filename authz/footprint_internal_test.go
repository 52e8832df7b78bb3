package authz

import "testing"

// A footprint allows changes of what it doesn't contain, and of nothing that any draft may have read.
func TestFootprintAllows(t *testing.T) {
	t.Parallel()
	member := func(user Subject, group GroupName) Rule { return Rule{Kind: KindMember, Subject: user, Group: group} }
	grant := func(s Subject, p Pattern) Rule { return Rule{Kind: KindGrant, Subject: s, Pattern: p} }
	end := func(user UserID, group GroupName) Delta {
		return Delta{Ends: []EndChange{{User: user, Group: group, After: 7}}}
	}
	added := func(r Rule) Delta { return Delta{Added: []Rule{r}} }
	removed := func(r Rule) Delta { return Delta{Removed: []Rule{r}} }
	deleted := Delta{Groups: []GroupChange{{Before: &GroupInfo{Name: "Desk"}}}}
	left := removed(member("ben", "Desk"))
	for name, c := range map[string]struct {
		delta    Delta
		compared bool
		change   Delta
		want     bool
	}{
		"nothing": {deleted, false, Delta{}, true},

		"a member of a deleted group":        {deleted, false, added(member("cleo", "Desk")), false},
		"one who leaves it":                  {deleted, false, removed(member("cleo", "Desk")), false},
		"an end in it":                       {deleted, false, end("cleo", "Desk"), false},
		"a rule of it":                       {deleted, false, added(grant("group:Desk", "a:b")), false},
		"a member of another group":          {deleted, false, added(member("cleo", "Finance")), true},
		"the same for a renamed group":       {Delta{Groups: []GroupChange{{Before: &GroupInfo{Name: "Desk"}, After: &GroupInfo{Name: "Front"}}}}, false, end("cleo", "Desk"), false},
		"a member of a described group":      {Delta{Groups: []GroupChange{{Before: &GroupInfo{Name: "Desk"}, After: &GroupInfo{Name: "Desk", Description: "x"}}}}, false, end("cleo", "Desk"), true},
		"the same membership":                {left, false, added(member("ben", "Desk")), false},
		"its end":                            {left, false, end("ben", "Desk"), false},
		"another member":                     {left, false, added(member("cleo", "Desk")), true},
		"another group of the user":          {left, false, added(member("ben", "Finance")), true},
		"rules of the user":                  {left, false, removed(grant("ben", "a:b")), true},
		"rules of the group":                 {left, false, removed(grant("group:Desk", "a:b")), true},
		"another member, compared":           {left, true, added(member("cleo", "Desk")), true},
		"another group of the user,compared": {left, true, added(member("ben", "Finance")), false},
		"an end of the user, compared":       {left, true, end("ben", "Finance"), false},
		"rules of the user, compared":        {left, true, removed(grant("ben", "a:b")), false},
		"rules of the group, compared":       {left, true, removed(grant("group:Desk", "a:b")), false},
		"rules whose subject is in it":       {added(grant("ben", "a:b")), false, added(grant("ben", "c:d")), false},
		"memberships of that user":           {added(grant("ben", "a:b")), false, added(member("ben", "Finance")), false},

		"a group":                {left, false, Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "New"}}}}, false},
		"inheritance":            {left, false, added(Rule{Kind: KindInherit, Subject: "group:Leads", Group: "Staff"}), false},
		"an administrator":       {left, false, added(member("cleo", Administrators)), false},
		"until when they are":    {left, false, end("cleo", Administrators), false},
		"rights of Rightful":     {left, false, added(grant("cleo", "rightful.groups:view")), false},
		"what covers them":       {left, false, removed(grant("cleo", "*:view")), false},
		"rows":                   {left, false, Delta{RemovedRows: []BadRow{{}}}, false},
		"rules of Administrator": {left, false, removed(grant(Administrators.Subject(), "a:b")), false},
	} {
		f := footprint{}
		f.addDelta(c.delta, c.compared)
		if got := f.allows(c.change); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
