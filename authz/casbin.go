package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/rightful-go/rightful"
)

// The types of policy rows and the words for effects, as model.conf defines them.
const (
	rowPolicy = "p"
	rowLink   = "g"
	allow     = "allow"
	deny      = "deny"
)

// row returns r as a row of the policy table. The effect is always written.
func (r Rule) row() Row {
	switch r.Kind {
	case KindMember, KindInherit:
		return Row{Type: rowLink, V: [6]string{string(r.Subject), string(r.Group.Subject())}}
	}
	object, action, _ := split(string(r.Pattern))
	effect := allow
	if r.Kind == KindRestriction {
		effect = deny
	}
	return Row{Type: rowPolicy, V: [6]string{string(r.Subject), object, action, effect}}
}

// fields returns the row's type and values, trailing empty ones left out.
func (r Row) fields() []string {
	all := append([]string{r.Type}, r.V[:]...)
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// parseRow understands a row of the policy table.
func parseRow(row Row) (Rule, error) {
	all := [7]string{row.Type}
	copy(all[1:], row.V[:])
	n := len(all)
	for n > 0 && all[n-1] == "" {
		n--
	}
	return parseFields(all[:n])
}

// parseFields understands the fields of one row or line: its form and its names. Whether
// the groups exist is the caller's to check.
func parseFields(fields []string) (Rule, error) {
	if len(fields) == 0 {
		return Rule{}, errors.New("is blank")
	}
	want, form := 5, "p, holder, object, action, effect"
	switch fields[0] {
	case rowPolicy:
	case rowLink:
		want, form = 3, "g, member, group"
	default:
		return Rule{}, fmt.Errorf("has the type %q; only p and g are known", clip(fields[0]))
	}
	if len(fields) != want {
		return Rule{}, fmt.Errorf("has %d columns; it needs %d: %s", len(fields), want, form)
	}
	for i, f := range fields {
		if f == "" {
			return Rule{}, fmt.Errorf("has nothing in column %d", i+1)
		}
	}
	holder := Subject(fields[1])
	if err := holder.check(); err != nil {
		return Rule{}, err
	}
	if fields[0] == rowLink {
		return parseLink(holder, fields[2])
	}
	return parsePolicy(holder, fields[2:])
}

func parsePolicy(holder Subject, fields []string) (Rule, error) {
	r := Rule{Kind: KindGrant, Subject: holder, Pattern: Pattern(fields[0] + ":" + fields[1])}
	switch fields[2] {
	case allow:
	case deny:
		r.Kind = KindRestriction
	default:
		return Rule{}, fmt.Errorf("has the effect %q; it must be allow or deny", clip(fields[2]))
	}
	if strings.Contains(fields[1], ":") {
		return Rule{}, fmt.Errorf(`the action %q contains ":"`, clip(fields[1]))
	}
	if err := r.Pattern.Check(); err != nil {
		return Rule{}, fmt.Errorf("the permission %q: %w", clip(string(r.Pattern)), err)
	}
	return r, nil
}

func parseLink(holder Subject, right string) (Rule, error) {
	group, ok := Subject(right).Group()
	if !ok {
		return Rule{}, fmt.Errorf(`has %q where a group must stand; write "group:%s"`, clip(right), clip(right))
	}
	if err := group.Check(); err != nil {
		return Rule{}, fmt.Errorf("the group %q %w", clip(string(group)), err)
	}
	kind := KindMember
	if _, ok := holder.Group(); ok {
		kind = KindInherit
	}
	return Rule{Kind: kind, Subject: holder, Group: group}, nil
}

// check says whether h can hold rules, and if not, why.
func (h Subject) check() error {
	if name, ok := h.Group(); ok {
		if err := name.Check(); err != nil {
			return fmt.Errorf("the group %q %w", clip(string(name)), err)
		}
		return nil
	}
	if err := UserID(h).Check(); err != nil {
		return fmt.Errorf("the user %q %w", clip(string(h)), err)
	}
	return nil
}

// clip keeps messages short, whatever stands in a row.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// rules yields every rule of the snapshot, in no order; the restrictions that bad rows stand
// for are not among them.
func (s *snapshot) rules(yield func(Rule) bool) {
	for _, g := range s.groups {
		if g != nil && !s.rulesOf(g.holder, g.rules, KindInherit, g.inherits, yield) {
			return
		}
	}
	var few [8]groupID
	for id, u := range s.users.All() {
		if !s.rulesOf(id.Subject(), u.rules(), KindMember, u.groupIDs(few[:0]), yield) {
			return
		}
	}
}

// patternRules yields the grants and restrictions of the snapshot, in no order: the part of
// its rules that doesn't grow with the number of members.
func (s *snapshot) patternRules(yield func(Rule) bool) {
	for _, g := range s.groups {
		if g != nil && !s.rulesOf(g.holder, g.rules, KindInherit, nil, yield) {
			return
		}
	}
	for h := range s.withRules.All() {
		for id, u := range s.users.WithHash(h) {
			if !s.rulesOf(id.Subject(), u.rules(), KindMember, nil, yield) {
				return
			}
		}
	}
}

// rulesOf yields the rules of one holder and its links to groups.
func (s *snapshot) rulesOf(h Subject, rules *ruleSet, link RuleKind, groups []groupID, yield func(Rule) bool) bool {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range rules.patterns(kind) {
			if !yield(Rule{Kind: kind, Subject: h, Pattern: p}) {
				return false
			}
		}
	}
	for _, id := range groups {
		if !yield(Rule{Kind: link, Subject: h, Group: s.groups[id].info.Name}) {
			return false
		}
	}
	return true
}

// Enforcer asks Casbin itself about the policy of one revision. It can only be asked.
type Enforcer struct {
	casbin *casbin.Enforcer
}

// Enforce answers as Casbin does, with model.conf and the rules of the snapshot that the
// enforcer was made from. Its cost grows with the number of rules.
func (e *Enforcer) Enforce(user UserID, object, action string) (bool, error) {
	return e.casbin.Enforce(string(user), object, action)
}

// Enforcer builds a Casbin enforcer over the present policy: to verify a decision, to test,
// or for a host that wants to ask Casbin. Rules stand in a Casbin model; memberships are
// asked of the snapshot, so nothing is kept twice and nothing goes stale. What bad rows deny
// is part of it.
func (v *View) Enforcer() (*Enforcer, error) {
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
	for holder := range s.blocked {
		add(Rule{Kind: KindRestriction, Subject: holder, Pattern: Everything})
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
	return &Enforcer{ce}, nil
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
