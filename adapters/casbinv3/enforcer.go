package casbinv3

import (
	"fmt"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"

	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/authz"
)

// NewEnforcer returns a function that decides by Casbin v3's own Enforce, with model.conf and the policy of the view, as
// [authz.View.Enforcer] does with Casbin v2: to verify decisions, or in tests. It copies the rules and memberships, so
// later changes don't reach it, and its cost grows with the number of rules. It is safe for concurrent use.
func NewEnforcer(v *authz.View) (authz.Enforcer, error) {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return nil, fmt.Errorf("read model.conf: %w", err)
	}
	g := links{}
	for _, row := range v.Export() {
		if row.Type == "g" {
			g[row.V[0]] = append(g[row.V[0]], row.V[1])
			continue
		}
		m["p"]["p"].Policy = append(m["p"]["p"].Policy, row.V[:4])
	}
	for _, bad := range v.BadRows() { // which aren't exported, and deny their subjects everything
		for _, subject := range bad.Denies {
			m["p"]["p"].Policy = append(m["p"]["p"].Policy, []string{string(subject), "*", "*", "deny"})
		}
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("make a Casbin enforcer: %w", err)
	}
	// Casbin remembers what g has answered unless the assertion has no role manager and g is a plain function.
	m["g"]["g"].RM, m["g"]["g"].CondRM = nil, nil
	e.AddFunction("g", g.function)
	return func(user authz.UserID, object, action string) (bool, error) {
		return e.Enforce(string(user), object, action)
	}, nil
}

// links are the groups that each user is in, and those that each group inherits.
type links map[string][]string

// maxSteps is how many links Casbin follows at most.
const maxSteps = 10

// function is Casbin's g: whether the first argument is the second or reaches it.
func (l links) function(args ...any) (any, error) {
	if len(args) != 2 {
		return false, fmt.Errorf("g takes 2 arguments, not %d", len(args))
	}
	left, _ := args[0].(string)
	right, _ := args[1].(string)
	return l.reach(left, right), nil
}

func (l links) reach(left, right string) bool {
	if left == right {
		return true
	}
	seen := map[string]bool{}
	at := l[left]
	for step := 1; step <= maxSteps && len(at) > 0; step++ {
		var next []string
		for _, name := range at {
			if name == right {
				return true
			}
			if !seen[name] {
				seen[name] = true
				next = append(next, l[name]...)
			}
		}
		at = next
	}
	return false
}
