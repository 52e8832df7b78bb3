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
	MemberCount int     // direct members
	BadRow      bool    // a bad row denies everything to its members; see [BadRow]
	Version     Version // of the last change to description, inheritance or rules
	UpdatedAt   time.Time
	UpdatedBy   Actor
}

// User is the groups and rules of one user.
type User struct {
	ID          UserID
	Known       bool                // the user is in a group or has rules
	Groups      []GroupName         // that the user is directly in
	Ends        map[GroupName]Until // when these memberships end; without an entry for those that don't
	Permissions Rules               // the user's own
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
		BadRow: v.s.blocked[g.subject], Version: v.s.groupVersion(g), UpdatedAt: g.updatedAt, UpdatedBy: g.updatedBy,
	}
}

// Groups returns the groups whose name or description contains the text, ignoring case. They are sorted by
// folded name, then code point. An empty text finds all groups.
func (v *View) Groups(text string) []Group {
	var list []Group
	for _, name := range v.GroupNames(text) {
		list = append(list, v.groupOf(v.s.group(name)))
	}
	return list
}

// GroupNames returns the names of the groups that [View.Groups] returns. It doesn't copy their rules.
func (v *View) GroupNames(text string) []GroupName {
	var list []GroupName
	wanted := newSearch(text)
	for _, g := range v.s.sortedGroups() {
		if wanted.inFolded(g.folded) || wanted.in(g.info.Description) {
			list = append(list, g.info.Name)
		}
	}
	return list
}

// User returns the groups and rules of a user. It returns a [User] for every id: an unknown user has no
// groups and no rules.
func (v *View) User(id UserID) User {
	u := v.s.user(id)
	user := User{ID: id, Known: u != nil, Groups: v.s.groupNames(u.groupIDs(nil)), Permissions: u.rules().rules()}
	for _, end := range v.s.endsOf(id) {
		if !u.in(end.group) {
			continue
		}
		if user.Ends == nil {
			user.Ends = map[GroupName]Until{}
		}
		user.Ends[v.s.groups[end.group].info.Name] = end.until
	}
	return user
}

// SizeOf counts the grants and restrictions of a group or user, and the groups that it inherits or is directly in. It is
// for callers whose rights aren't checked yet: it copies nothing, however many there are.
func (v *View) SizeOf(h Subject) (rules, groups int) {
	rules = v.s.ownRules(h).size()
	if g := v.s.groupOf(h); g != nil {
		return rules, len(g.inherits)
	}
	if id, isUser := h.User(); isUser {
		for range v.s.user(id).inGroups {
			groups++
		}
	}
	return rules, groups
}

// End returns when the membership of a user in a group ends: 0 if it doesn't end, or if there is none.
func (v *View) End(id UserID, name GroupName) Until {
	if g := v.s.group(name); g != nil && v.s.user(id).in(g.id) {
		return v.s.endsOf(id).of(g.id)
	}
	return 0
}

// Endings returns memberships that end, those that end first at the beginning: at most limit of them, those after one
// of them, or from the first on if after is zero. It also returns how many there are in all.
func (v *View) Endings(after MembershipEnd, limit int) (list []MembershipEnd, total int) {
	first := firstEndings{after: after, limit: max(0, limit)}
	for id, end := range v.s.allEnds {
		if v.s.user(id).in(end.group) {
			total++
			first.add(MembershipEnd{id, v.s.groups[end.group].info.Name, end.until})
		}
	}
	first.cut()
	return first.list, total
}

// firstEndings selects the first endings after a given one, without keeping or sorting all of them.
type firstEndings struct {
	after MembershipEnd
	limit int
	list  []MembershipEnd
	last  *MembershipEnd // no ending after this one is selected; nil as long as the list wasn't cut
}

func (f *firstEndings) add(e MembershipEnd) {
	if e.compare(f.after) <= 0 || f.last != nil && e.compare(*f.last) > 0 {
		return
	}
	if f.list = append(f.list, e); len(f.list) >= 2*f.limit+100 {
		f.cut()
	}
}

func (f *firstEndings) cut() {
	slices.SortFunc(f.list, MembershipEnd.compare)
	if len(f.list) <= f.limit {
		return
	}
	if f.list = f.list[:f.limit]; f.limit > 0 {
		last := f.list[f.limit-1]
		f.last = &last
	}
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

// BadRows returns the quarantined rows: those of the policy table that are not valid rules, by id.
func (v *View) BadRows() []BadRow {
	return cloneBadRows(v.s.badRows)
}

// badRowsOf returns the bad rows that deny a user everything: the user, or a group that gives to the user.
func (v *View) badRowsOf(user UserID) []BadRow {
	s := v.s
	if len(s.blocked) == 0 || s.isAdministrator(user) {
		return nil
	}
	reached := map[Subject]bool{user.subject(): true}
	for id := range s.inheritance().from(s.user(user).groupIDs(nil)...) {
		reached[s.groups[id].subject] = true
	}
	var list []BadRow
	for _, b := range s.badRows {
		if slices.ContainsFunc(b.Denies, func(h Subject) bool { return reached[h] }) {
			list = append(list, b)
		}
	}
	return cloneBadRows(list)
}
