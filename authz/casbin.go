package authz

import (
	"fmt"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
)

// Enforcer decides with Casbin's own Enforce, model.conf and the rules of one revision. Its cost grows with the number of rules.
type Enforcer func(user UserID, object, action string) (bool, error)

// Enforcer builds a Casbin enforcer over the policy of the view, to verify a decision or to test. It copies
// grants and restrictions, those that bad rows cause included, into a Casbin model; it looks up memberships
// and inheritance in the view.
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

// maxCasbinSteps is how many links Casbin follows at most, the one from a user to a group included.
const maxCasbinSteps = 10

// links is Casbin's function g: it reports whether left is right or reaches it, within maxCasbinSteps.
func (s *snapshot) links(left string, right Subject) bool {
	if left == string(right) {
		return true
	}
	want := s.groupOf(right)
	if want == nil {
		return false
	}
	at := s.user(UserID(left)).groupIDs(nil)
	if heir := s.groupOf(Subject(left)); heir != nil {
		at = heir.inherits
	}
	seen := map[groupID]bool{}
	for step := 1; step <= maxCasbinSteps && len(at) > 0; step++ {
		var next []groupID
		for _, id := range at {
			if id == want.id {
				return true
			}
			if !seen[id] {
				seen[id] = true
				next = append(next, s.groups[id].inherits...)
			}
		}
		at = next
	}
	return false
}
