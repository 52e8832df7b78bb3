package authz

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz/internal/table"
	"github.com/rightful-go/rightful/internal/fold"
)

// update is what leads from one snapshot to the next. Groups that it touches get its revision, time and
// actor.
type update struct {
	revision Revision
	hash     []byte
	at       time.Time
	actor    Actor
	delta    Delta
	pace     *pace // ends the work; nil for changes that are made already
}

// editor builds the next snapshot. It copies groups and users when it first touches them and shares the
// others with the base.
type editor struct {
	base, next *snapshot
	update     update

	users       *table.Edit[userMore]
	symbols     *symbolsEdit
	memberEdits map[groupID]*memberEdit      // by group
	ruled       memberEdit                   // users who gain their first rule, or lose their last
	many        map[UserID]map[groupID]bool  // the groups of users who are in many
	ends        *table.Edit[userEnds]        // nil while no end changes
	manyEnds    map[UserID]map[groupID]Until // the ends of users who have many; nil while there are none
	links       []linkEdit                   // of inheritance
	rules       map[Subject]*ruleEdit
	deleted     []groupID
	isDeleted   map[groupID]bool

	stamped map[groupID]bool // groups that get the version, time and actor of the change
	dirty   map[groupID]bool // groups to compile again, and those that inherit them
}

// memberEdit collects the users who are added to a set and removed from it.
type memberEdit struct{ in, out []table.Hash }

func (m *memberEdit) note(id UserID, in bool) {
	if in {
		m.in = append(m.in, table.HashOf(string(id)))
	} else {
		m.out = append(m.out, table.HashOf(string(id)))
	}
}

// linkEdit adds or removes one link of inheritance.
type linkEdit struct {
	from, to groupID
	add      bool
}

// ruleEdit collects the changes to the rules of one subject.
type ruleEdit struct {
	added, removed [2][]Pattern // grants, restrictions
}

// after applies the edit to the patterns of one kind. It returns them sorted, or what doesn't fit.
func (r *ruleEdit) after(kind int, was []Pattern) (list []Pattern, fault string) {
	removed, added := r.removed[kind], r.added[kind]
	gone := make(map[Pattern]bool, len(removed))
	for _, p := range removed {
		gone[p] = true
	}
	for _, p := range was {
		if !gone[p] {
			list = append(list, p)
		}
	}
	stay := len(was) - len(removed)
	if len(gone) != len(removed) || len(list) != stay {
		return nil, "that doesn't exist"
	}
	list = sortedSet(append(list, added...))
	if len(list) != stay+len(added) {
		return nil, "that exists already"
	}
	return list, ""
}

func newEditor(s *snapshot, u update) *editor {
	next := *s
	next.revision, next.hash, next.recorded = u.revision, u.hash, nil
	next.groups = slices.Clone(s.groups)
	if len(u.delta.Groups) > 0 {
		next.byName, next.byFold = maps.Clone(s.byName), maps.Clone(s.byFold)
	}
	return &editor{
		base: s, next: &next, update: u,
		users: s.users.Edit(), symbols: s.symbols.edit(),
		memberEdits: map[groupID]*memberEdit{},
		many:        map[UserID]map[groupID]bool{},
		rules:       map[Subject]*ruleEdit{},
		isDeleted:   map[groupID]bool{},
		stamped:     map[groupID]bool{},
		dirty:       map[groupID]bool{},
	}
}

func (e *editor) misfit(format string, args ...any) error {
	return fmt.Errorf("the change doesn't fit the policy: "+format, args...)
}

func (e *editor) changeGroup(c GroupChange) error {
	switch {
	case c.Before == nil && c.After == nil:
		return e.misfit("a group without a name before and after")
	case c.Before == nil:
		return e.create(*c.After)
	}
	id, ok := e.next.byName[c.Before.Name]
	if !ok {
		return e.misfit("there is no group %q", c.Before.Name)
	}
	if c.After == nil {
		if e.isDeleted[id] {
			return e.misfit("the group %q is deleted twice", c.Before.Name)
		}
		e.isDeleted[id] = true
		e.deleted = append(e.deleted, id)
		return nil
	}
	g := e.group(id)
	e.stamp(id)
	if c.After.Name != c.Before.Name {
		if _, taken := e.next.byName[c.After.Name]; taken {
			return e.misfit("there is a group %q already", c.After.Name)
		}
		e.unname(g)
		g.folded = e.name(c.After.Name, id)
		e.dirty[id] = true // a bad row may deny everything to the subject of this name
	}
	g.info, g.subject = *c.After, c.After.Name.Subject()
	return nil
}

func (e *editor) create(info GroupInfo) error {
	if _, taken := e.next.byName[info.Name]; taken {
		return e.misfit("there is a group %q already", info.Name)
	}
	id := e.freeID()
	e.next.groups[id] = &group{id: id, info: info, subject: info.Name.Subject(), folded: e.name(info.Name, id)}
	e.stamp(id)
	e.dirty[id] = true
	return nil
}

// freeID returns the id of a group that an earlier change deleted, or a new one.
func (e *editor) freeID() groupID {
	if n := len(e.next.freeIDs); n > 0 {
		id := e.next.freeIDs[n-1]
		e.next.freeIDs = e.next.freeIDs[: n-1 : n-1]
		return id
	}
	e.next.groups = append(e.next.groups, nil)
	return groupID(len(e.next.groups) - 1)
}

// name gives a group a name, and returns its folded form.
func (e *editor) name(n GroupName, id groupID) (folded string) {
	folded = fold.String(string(n))
	e.next.byName[n], e.next.byFold[folded] = id, id
	if n == Administrators {
		e.next.administrators = id
	}
	return folded
}

// unname makes the name of a group free.
func (e *editor) unname(g *group) {
	delete(e.next.byName, g.info.Name)
	delete(e.next.byFold, g.folded)
	if len(e.next.byFold) < len(e.next.byName) { // another program has written two such names
		for _, id := range e.next.byName {
			if e.next.groups[id].folded == g.folded {
				e.next.byFold[g.folded] = id
			}
		}
	}
	if g.info.Name == Administrators {
		e.next.administrators = noGroup
	}
}

// group returns the group for writing; it copies it if the base has it.
func (e *editor) group(id groupID) *group {
	g := e.next.groups[id]
	if int(id) < len(e.base.groups) && g == e.base.groups[id] {
		clone := *g
		g = &clone
		e.next.groups[id] = g
	}
	return g
}

func (e *editor) stamp(id groupID) { e.stamped[id] = true }

// user returns the user, who may be new. Changes need [editor.putUser].
func (e *editor) user(id UserID) (u user) {
	if entry := e.users.Find(string(id)); entry.Found() {
		return userOf(entry)
	}
	if e.next.blocked[id.subject()] { // by a bad row that was there before the user
		u.change(func(more *userMore) { more.blocked = true })
	}
	if fold.Grows(string(id)) {
		u.change(func(more *userMore) { more.folded = fold.String(string(id)) })
	}
	return u
}

func (e *editor) putUser(id UserID, u user) { e.users.Put(string(id), u.word(), u.more) }

// rule adds or removes one rule. A rule of a user who can't exist doesn't fit, even if a record has it: the
// rows of the table are checked when they are read, but records are only checked here. Decisions rely on
// that and don't check the user.
func (e *editor) rule(r Rule, add bool) error {
	if id, isUser := r.Subject.User(); isUser {
		if err := id.Check(); err != nil {
			return e.misfit("the user %q %w", clip(string(id)), err)
		}
	}
	switch r.Kind {
	case KindGrant, KindRestriction:
		return e.patternRule(r, add)
	case KindMember, KindInherit:
	default:
		return e.misfit("a rule of unknown kind %q", r.Kind)
	}
	to, ok := e.next.byName[r.Group]
	if !ok {
		return e.misfit("there is no group %q", r.Group)
	}
	if r.Kind == KindInherit {
		return e.inherit(r, to, add)
	}
	return e.member(r, to, add)
}

func (e *editor) patternRule(r Rule, add bool) error {
	if name, ok := r.Subject.Group(); ok {
		id, ok := e.next.byName[name]
		if !ok {
			return e.misfit("there is no group %q", name)
		}
		e.group(id)
		e.stamp(id)
		e.dirty[id] = true
	}
	edit := e.rules[r.Subject]
	if edit == nil {
		edit = &ruleEdit{}
		e.rules[r.Subject] = edit
	}
	list := &edit.removed[kindIndex(r.Kind)]
	if add {
		list = &edit.added[kindIndex(r.Kind)]
	}
	*list = append(*list, r.Pattern)
	return nil
}

func (e *editor) member(r Rule, to groupID, add bool) error {
	id, ok := r.Subject.User()
	if !ok {
		return e.misfit("%q can't be a member: it is a group", r.Subject)
	}
	if !e.move(id, to, add) {
		if add {
			return e.misfit("%q is a member of %q already", id, r.Group)
		}
		return e.misfit("%q is not a member of %q", id, r.Group)
	}
	return nil
}

// fewGroups is in how many groups a user can be whose list of groups is copied with each change.
const fewGroups = 32

// move adds a user to a group or removes the user, and returns false if that changes nothing.
func (e *editor) move(id UserID, to groupID, add bool) bool {
	if !e.moveOne(id, to, add) {
		return false
	}
	if e.memberEdits[to] == nil {
		e.memberEdits[to] = &memberEdit{}
	}
	e.memberEdits[to].note(id, add)
	return true
}

func (e *editor) moveOne(id UserID, to groupID, add bool) bool {
	if len(e.many) > 0 && e.many[id] != nil {
		return e.moveOneOfMany(id, to, add)
	}
	u := e.user(id)
	var few [fewGroups]groupID
	groups := u.groupIDs(few[:0])
	if len(groups) >= fewGroups {
		e.many[id] = map[groupID]bool{}
		for _, g := range groups {
			e.many[id][g] = true
		}
		return e.moveOneOfMany(id, to, add)
	}
	at, found := slices.BinarySearch(groups, to)
	if found == add {
		return false
	}
	if add {
		groups = slices.Insert(groups, at, to)
	} else {
		groups = slices.Delete(groups, at, at+1)
	}
	u.setGroups(groups)
	e.putUser(id, u)
	return true
}

func (e *editor) moveOneOfMany(id UserID, to groupID, add bool) bool {
	groups := e.many[id]
	if groups[to] == add {
		return false
	}
	if add {
		groups[to] = true
	} else {
		delete(groups, to)
	}
	return true
}

func (e *editor) inherit(r Rule, to groupID, add bool) error {
	name, ok := r.Subject.Group()
	if !ok {
		return e.misfit("%q can't inherit: it is a user", r.Subject)
	}
	from, ok := e.next.byName[name]
	if !ok {
		return e.misfit("there is no group %q", name)
	}
	e.stamp(from)
	e.dirty[from] = true
	e.links = append(e.links, linkEdit{from, to, add})
	return nil
}
