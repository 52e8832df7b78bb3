package authz

import (
	"slices"
	"time"
)

// View is the policy at one revision, for reading. All that one view answers belongs
// together, whatever is changed meanwhile. It keeps its revision's memory alive: don't hold
// on to one.
type View struct {
	s       *snapshot
	catalog *catalog
	expired bool // older than Options.MaxAge: everything is denied
}

// Group is a group as people see it.
type Group struct {
	GroupInfo
	Protected   bool
	Inherits    []GroupName
	Permissions Rules
	MemberCount int
	Version     Revision // of the last change to description, inheritance or rules
	UpdatedAt   time.Time
	UpdatedBy   Actor
}

// User is a user's own part in the policy.
type User struct {
	ID          UserID
	Known       bool // the policy names the user
	Groups      []GroupName
	Permissions Rules // the user's own
}

// Revision returns the revision of the view.
func (v *View) Revision() Revision { return v.s.revision }

// Can is [Engine.Can] for the view's revision.
func (v *View) Can(user UserID, permissions ...Permission) bool {
	return len(permissions) > 0 && !v.expired && v.s.canAll(user, permissions)
}

// Expired reports whether the policy was older than [Options.MaxAge] when the view was taken, so
// that it denies everything.
func (v *View) Expired() bool { return v.expired }

// Group returns the group, and false if there is none of that name.
func (v *View) Group(name GroupName) (Group, bool) {
	g := v.s.group(name)
	if g == nil {
		return Group{}, false
	}
	return v.groupOf(g), true
}

func (v *View) groupOf(g *group) Group {
	return Group{
		GroupInfo: g.info, Protected: g.info.Name == Administrators,
		Inherits: v.s.groupNames(g.inherits), Permissions: g.rules.rules(), MemberCount: g.members.Len(),
		Version: g.version, UpdatedAt: g.updatedAt, UpdatedBy: g.updatedBy,
	}
}

// Groups returns the groups whose name or description contains the text, letters compared
// without case, by folded name then code point. An empty text finds all.
func (v *View) Groups(text string) []Group {
	var list []Group
	for _, g := range v.s.sortedGroups() {
		if containsFolded(string(g.info.Name), text) || containsFolded(g.info.Description, text) {
			list = append(list, v.groupOf(g))
		}
	}
	return list
}

// User returns a user's own part in the policy. There is no unknown user: one whom the
// policy doesn't name has no groups and no rules.
func (v *View) User(id UserID) User {
	u := v.s.user(id)
	return User{ID: id, Known: u != nil, Groups: v.s.groupNames(u.groupIDs(nil)), Permissions: u.rules().rules()}
}

// Catalog returns the entries whose category path begins with category and whose text
// contains the text, letters compared without case: the application's in the order declared,
// then Rightful's own, then the right to assign for each group.
func (v *View) Catalog(category []string, text string) Catalog {
	var list Catalog
	add := func(e Entry) {
		under := len(e.Category) >= len(category) && slices.Equal(e.Category[:len(category)], category)
		if under && (containsFolded(string(e.Permission), text) || containsFolded(e.Label, text) || containsFolded(e.Description, text)) {
			list = append(list, e)
		}
	}
	for _, e := range v.catalog.entries {
		add(e)
	}
	for _, g := range v.s.sortedGroups() {
		add(assignEntry(g.info.Name))
	}
	return list
}

func (v *View) entry(p Permission) (Entry, bool) {
	if i, ok := v.catalog.byName[p]; ok {
		return v.catalog.entries[i], true
	}
	if name, ok := assignableGroup(Pattern(p)); ok && v.s.group(name) != nil && p == AssignMembers(name) {
		return assignEntry(name), true
	}
	return Entry{Permission: p}, false
}

// BadRows returns the rows of the policy table that can't be understood, by id.
func (v *View) BadRows() []BadRow {
	list := slices.Clone(v.s.badRows)
	for i := range list {
		list[i].Values = slices.Clone(list[i].Values)
	}
	return list
}

// Export returns the policy as rows, sorted: rules by holder, then links. They import to the
// same policy, and any Casbin with model.conf reads them.
func (v *View) Export() []Row {
	rules := slices.Collect(v.s.rules)
	slices.SortFunc(rules, compareForExport)
	rows := make([]Row, len(rules))
	for i, r := range rules {
		rows[i] = r.row()
	}
	return rows
}
