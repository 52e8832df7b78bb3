package authz

import "testing"

// Rules touch Rightful's own permissions if one of them overlaps these.
func TestRulesTouchOwnPermissions(t *testing.T) {
	t.Parallel()
	patterns, _ := patternUniverse()
	patterns = append(patterns, Everything, ownPattern, "rightful.*:view", "rightful.users:view", "rightful.members/Desk:assign", "rightful.members/*:*",
		"rightful:view", "rightful/*:*", "rightful/users:view", "rightfully.*:*", "*:view", "/*:*", "righ.*:*", "z:z")
	for _, p := range patterns {
		want := p.overlaps(ownPattern)
		symbols := symbols{}.edit()
		for _, rules := range []*ruleSet{
			newRuleSet(symbols, []Pattern{p, "!:a", "zz:a", "rightfu:a", "/a:*"}, nil), newRuleSet(symbols, []Pattern{"a:b"}, []Pattern{"sz:a", p}),
		} {
			if got := rules.touchesOwn(); got != want {
				t.Errorf("%q: %v, want %v", p, got, want)
			}
		}
	}
	if (*ruleSet)(nil).touchesOwn() {
		t.Error("no rules touch them")
	}
}
