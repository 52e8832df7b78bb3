package authz

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// RuleKind says what a [Rule] does.
type RuleKind string

// The kinds of rules.
const (
	KindGrant       RuleKind = "grant"       // the subject may do what the pattern covers
	KindRestriction RuleKind = "restriction" // the subject may not do it, even if a rule grants it
	KindMember      RuleKind = "member"      // the subject, a user, is a member of the group
	KindInherit     RuleKind = "inherit"     // the subject, a group, inherits the group
)

func kindIndex(k RuleKind) int {
	if k == KindGrant {
		return 0
	}
	return 1
}

// Rule is one rule of the policy, one row of the table. Grants and restrictions have a Pattern,
// memberships and inheritance a Group.
type Rule struct {
	Kind    RuleKind  `json:"rule"`
	Subject Subject   `json:"subject"`
	Pattern Pattern   `json:"pattern,omitempty"`
	Group   GroupName `json:"group,omitempty"`
}

// describe names the rule in messages.
func (r Rule) describe() string {
	subject := fmt.Sprintf("%q", string(r.Subject))
	if name, ok := r.Subject.Group(); ok {
		subject = fmt.Sprintf("the group %q", name)
	}
	switch r.Kind {
	case KindMember:
		return fmt.Sprintf("the membership of %s in %q", subject, r.Group)
	case KindInherit:
		return fmt.Sprintf("the inheritance of %q by %s", r.Group, subject)
	}
	return fmt.Sprintf("the %s %q of %s", r.Kind, r.Pattern, subject)
}

// compareForExport orders grants and restrictions before memberships and inheritance, and groups before
// users.
func compareForExport(a, b Rule) int {
	return cmp.Or(
		cmp.Compare(a.exportRank(), b.exportRank()),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Pattern, b.Pattern),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Group, b.Group),
	)
}

// sortRules sorts rules for export. Most lists are sorted already.
func sortRules(p *pace, rules []Rule) error {
	if slices.IsSortedFunc(rules, compareForExport) {
		return p.now()
	}
	return sortFunc(p, rules, compareForExport)
}

// The places of the rules of users in the order of [compareForExport].
const (
	rankOfUserRules   = 1
	rankOfMemberships = 3
)

func (r *Rule) exportRank() int {
	n := 0
	if r.Group != "" {
		n += 2
	}
	if _, isUser := r.Subject.User(); isUser {
		n++
	}
	return n
}

// Rules are the grants and restrictions of one subject. The engine returns each sorted and without
// duplicates, and accepts them in any order.
type Rules struct {
	Grants       []Pattern
	Restrictions []Pattern
}

// RulesDelta changes the rules of one subject. Granting what is granted and revoking what isn't have no
// effect; neither is an error.
type RulesDelta struct {
	Grant, Revoke, Restrict, Lift []Pattern
}

func (r Rules) count() int { return len(r.Grants) + len(r.Restrictions) }

func (delta RulesDelta) count() int {
	return len(delta.Grant) + len(delta.Revoke) + len(delta.Restrict) + len(delta.Lift)
}

// GroupInfo is the name and description of a group.
type GroupInfo struct {
	Name        GroupName `json:"name"`
	Description string    `json:"description,omitempty"` // at most 1,000 code points
}

// check returns an error if the name or the description is not allowed.
func (g GroupInfo) check() error {
	if err := g.Name.Check(); err != nil {
		return fmt.Errorf("the name %w", err)
	}
	return checkDescription(g.Description)
}

func checkDescription(text string) error {
	if err := textcheck.Check(text, 0, textcheck.MaxDescription); err != nil {
		return fmt.Errorf("the description %w", err)
	}
	return nil
}

// GroupSpec describes a group to create.
type GroupSpec struct {
	Name        GroupName
	Description string
	Inherits    []GroupName
	Permissions Rules
}

// GroupPatch changes a group; nil fields leave it as it is. Inherits replaces the whole list.
type GroupPatch struct {
	Name        *GroupName
	Description *string
	Inherits    *[]GroupName
}

func (p GroupPatch) count() int {
	if p.Inherits == nil {
		return 0
	}
	return len(*p.Inherits)
}

var administratorsRule = Rule{Kind: KindGrant, Subject: Administrators.Subject(), Pattern: Everything}

func aboutAdministrators(r Rule) bool {
	return r.Group == Administrators || r.Subject == Administrators.Subject()
}

// forbiddenToAdministrators reports whether a rule would change what Administrators holds or inherits.
func forbiddenToAdministrators(r Rule) bool {
	return r.Kind != KindMember && aboutAdministrators(r) && r != administratorsRule
}

// firstRules counts rules, and keeps the first of them in the order of an export.
type firstRules struct {
	most  int
	list  []Rule
	count int
}

func (f *firstRules) add(r Rule) {
	f.count++
	if f.list = append(f.list, r); len(f.list) >= 2*f.most+100 { // so that sorting costs little for each rule
		f.cut()
	}
}

func (f *firstRules) cut() {
	slices.SortFunc(f.list, compareForExport)
	f.list = f.list[:min(len(f.list), f.most)]
}

// sorted returns the first rules and how many there were.
func (f *firstRules) sorted() ([]Rule, int) {
	f.cut()
	return f.list, f.count
}
