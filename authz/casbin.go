package authz

import (
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
)

// Enforcer asks Casbin itself about the policy of one revision: it answers as Casbin's Enforce does,
// with model.conf and the rules of that revision. Its cost grows with the number of rules.
type Enforcer func(user UserID, object, action string) (bool, error)

// Enforcer builds a Casbin enforcer over the present policy: to verify a decision, to test,
// or for a host that wants to ask Casbin. Rules stand in a Casbin model; memberships are
// asked of the snapshot, so nothing is kept twice and nothing goes stale. What bad rows deny
// is part of it.
func (v *View) Enforcer() (Enforcer, error) {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return nil, fmt.Errorf("read model.conf: %w", err)
	}
	s := v.s
	add := func(r Rule) {
		row := r.row()
		m["p"]["p"].Policy = append(m["p"]["p"].Policy, row.V[:4])
	}
	for r := range s.patternRules {
		add(r)
	}
	for subject := range s.blocked {
		add(Rule{Kind: KindRestriction, Subject: subject, Pattern: Everything})
	}
	if s.blockedAll {
		add(Rule{Kind: KindRestriction, Subject: everyone, Pattern: Everything})
	}
	ce, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("make a Casbin enforcer: %w", err)
	}
	// Casbin memoizes g unless the assertion has no role manager and g is a plain function.
	m["g"]["g"].RM, m["g"]["g"].CondRM = nil, nil
	ce.AddFunction("g", func(args ...any) (any, error) {
		if len(args) != 2 {
			return false, fmt.Errorf("g takes 2 arguments, not %d", len(args))
		}
		left, _ := args[0].(string)
		right, _ := args[1].(string)
		return s.links(left, Subject(right)), nil
	})
	return func(user UserID, object, action string) (bool, error) {
		return ce.Enforce(string(user), object, action)
	}, nil
}

// everyone stands for all users in the enforcer when a bad row hides whom it restricts.
const everyone Subject = "group:*"

// links is Casbin's g: whether the left name is the right one or reaches it.
func (s *snapshot) links(left string, right Subject) bool {
	if left == string(right) || right == everyone {
		return true
	}
	name, ok := right.Group()
	if !ok {
		return false
	}
	want := s.group(name)
	if want == nil {
		return false
	}
	from := s.user(UserID(left)).groupIDs(nil)
	if heir, ok := Subject(left).Group(); ok && s.group(heir) != nil {
		from = s.group(heir).inherits
	}
	found := false
	for _, id := range from {
		s.walk(id, func(g *group) { found = found || g == want })
	}
	return found
}
