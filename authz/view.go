package authz

import (
	"slices"
	"time"
)

// View is the policy at one revision, for reading. Its answers are consistent with each other, even if the
// policy changes meanwhile. It keeps the memory of its revision in use, so don't keep one for long. Get one
// from [Engine.View].
type View struct {
	s       *snapshot
	catalog *catalog
	expired bool // older than Options.MaxAge: everything is denied
}

// Group is a group and its own rules.
type Group struct {
	GroupInfo
	Protected   bool // it is Administrators
	Inherits    []GroupName
	Permissions Rules
	MemberCount int      // direct members
	Version     Revision // of the last change to description, inheritance or rules
	UpdatedAt   time.Time
	UpdatedBy   Actor
}

// User is the groups and rules of one user.
type User struct {
	ID          UserID
	Known       bool        // the user is in a group or has rules
	Groups      []GroupName // that the user is directly in
	Permissions Rules       // the user's own
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

// Group returns the group with a name, and false if there is none.
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

// Groups returns the groups whose name or description contains the text, ignoring case. They are sorted by
// folded name, then code point. An empty text finds all groups.
func (v *View) Groups(text string) []Group {
	var list []Group
	wanted := newSearch(text)
	for _, g := range v.s.sortedGroups() {
		if wanted.in(string(g.info.Name), g.info.Description) {
			list = append(list, v.groupOf(g))
		}
	}
	return list
}

// User returns the groups and rules of a user. It returns a [User] for every id: an unknown user has no
// groups and no rules.
func (v *View) User(id UserID) User {
	u := v.s.user(id)
	return User{ID: id, Known: u != nil, Groups: v.s.groupNames(u.groupIDs(nil)), Permissions: u.rules().rules()}
}

// Catalog returns the entries whose category path begins with category and whose permission, label or
// description contains the text, ignoring case. The application's entries come first, in the order
// declared, followed by Rightful's own and by [AssignMembers] of each group.
func (v *View) Catalog(category []string, text string) Catalog {
	var list Catalog
	wanted := newSearch(text)
	add := func(e Entry) {
		under := len(e.Category) >= len(category) && slices.Equal(e.Category[:len(category)], category)
		if under && wanted.in(string(e.Permission), e.Label, e.Description) {
			list = append(list, e.clone())
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

// entry returns the entry of a permission, which belongs to the caller, and whether it is declared.
func (v *View) entry(p Permission) (Entry, bool) {
	if i, ok := v.catalog.byName[p]; ok {
		return v.catalog.entries[i].clone(), true
	}
	if name, ok := assignableGroup(Pattern(p)); ok && v.s.group(name) != nil && p == AssignMembers(name) {
		return assignEntry(name), true
	}
	return Entry{Permission: p}, false
}

// BadRows returns the rows of the policy table that are not valid rules, by id.
func (v *View) BadRows() []BadRow {
	return cloneBadRows(v.s.badRows)
}

// Export returns the rules of the policy as rows, without their ids: grants and restrictions first, then
// memberships and inheritance, each sorted. Any Casbin reads them with model.conf, and an import of them
// gives the same rules. Bad rows are left out.
func (v *View) Export() []Row {
	rules := slices.Collect(v.s.rules)
	slices.SortFunc(rules, compareForExport)
	rows := make([]Row, len(rules))
	for i, r := range rules {
		rows[i] = r.row()
	}
	return rows
}
