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
}

// apply returns the policy after u, and an error if u doesn't fit the policy, for example because it
// removes a rule that doesn't exist. The changes of this engine, those that it reads from the records and
// the load of a whole policy all go through an [editor].
func (s *snapshot) apply(u update) (*snapshot, error) {
	e := newEditor(s, u)
	for _, g := range u.delta.Groups {
		if err := e.changeGroup(g); err != nil {
			return nil, err
		}
	}
	for _, r := range u.delta.Removed {
		if err := e.rule(r, false); err != nil {
			return nil, err
		}
	}
	for _, r := range u.delta.Added {
		if err := e.rule(r, true); err != nil {
			return nil, err
		}
	}
	return e.done()
}

// editor builds the next snapshot. It copies groups and users when it first touches them and shares the
// others with the base.
type editor struct {
	base, next *snapshot
	update     update

	users       *table.Edit[UserID, user]
	symbols     *symbolsEdit
	memberEdits map[groupID]*memberEdit // by group
	ruled       memberEdit              // users who gain their first rule, or lose their last
	rules       map[Subject]*ruleEdit
	deleted     []groupID

	stamped map[groupID]bool // groups that get the version, time and actor of the change
	dirty   map[groupID]bool // groups to compile again, and those that inherit them
}

// memberEdit collects the users who are added to a set and removed from it.
type memberEdit struct{ in, out []table.Hash }

func (m *memberEdit) note(id UserID, in bool) {
	if in {
		m.in = append(m.in, table.HashOf(id))
	} else {
		m.out = append(m.out, table.HashOf(id))
	}
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
	next.revision, next.hash = u.revision, u.hash
	next.groups = slices.Clone(s.groups)
	if len(u.delta.Groups) > 0 {
		next.byName, next.byFold = maps.Clone(s.byName), maps.Clone(s.byFold)
	}
	return &editor{
		base: s, next: &next, update: u,
		users: s.users.Edit(), symbols: s.symbols.edit(),
		memberEdits: map[groupID]*memberEdit{},
		rules:       map[Subject]*ruleEdit{},
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
		if slices.Contains(e.deleted, id) {
			return e.misfit("the group %q is deleted twice", c.Before.Name)
		}
		e.deleted = append(e.deleted, id)
		return nil
	}
	g := e.group(id)
	e.stamp(id)
	if c.After.Name != c.Before.Name {
		if _, taken := e.next.byName[c.After.Name]; taken {
			return e.misfit("there is a group %q already", c.After.Name)
		}
		e.unname(c.Before.Name)
		e.name(c.After.Name, id)
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
	e.next.groups[id] = &group{id: id, info: info, subject: info.Name.Subject()}
	e.name(info.Name, id)
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

func (e *editor) name(n GroupName, id groupID) {
	e.next.byName[n] = id
	e.next.byFold[fold.String(string(n))] = id
	if n == Administrators {
		e.next.administrators = id
	}
}

func (e *editor) unname(n GroupName) {
	delete(e.next.byName, n)
	key := fold.String(string(n))
	delete(e.next.byFold, key)
	for other, id := range e.next.byName { // another program may have written two such names
		if fold.String(string(other)) == key {
			e.next.byFold[key] = id
		}
	}
	if n == Administrators {
		e.next.administrators = noGroup
	}
}

// group returns the group for writing; it copies it if the base has it.
func (e *editor) group(id groupID) *group {
	g := e.next.groups[id]
	if int(id) < len(e.base.groups) && g == e.base.groups[id] {
		clone := *g
		clone.inherits, clone.heirs = slices.Clone(g.inherits), slices.Clone(g.heirs)
		g = &clone
		e.next.groups[id] = g
	}
	return g
}

func (e *editor) stamp(id groupID) { e.stamped[id] = true }

// user returns the user for writing until the next call, and adds the user if it is new.
func (e *editor) user(id UserID) *user {
	before := e.users.Len()
	u := e.users.Set(id)
	if e.users.Len() > before && e.next.blocked[id.subject()] { // by a bad row that was there before the user
		u.change(func(more *userMore) { more.blocked = true })
	}
	return u
}

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

// move adds a user to a group or removes the user, and returns false if that changes nothing.
func (e *editor) move(id UserID, to groupID, add bool) bool {
	u := e.user(id)
	var few [8]groupID
	groups := u.groupIDs(few[:0])
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
	if e.memberEdits[to] == nil {
		e.memberEdits[to] = &memberEdit{}
	}
	e.memberEdits[to].note(id, add)
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
	heir, giver := e.group(from), e.group(to)
	if slices.Contains(heir.inherits, to) == add {
		if add {
			return e.misfit("%q inherits %q already", name, r.Group)
		}
		return e.misfit("%q doesn't inherit %q", name, r.Group)
	}
	if add {
		heir.inherits = append(heir.inherits, to)
		giver.heirs = append(giver.heirs, from)
		return nil
	}
	heir.inherits = without(heir.inherits, to)
	giver.heirs = without(giver.heirs, from)
	return nil
}

// done finishes the snapshot.
func (e *editor) done() (*snapshot, error) {
	for subject, edit := range e.rules {
		if err := e.finishRules(subject, edit); err != nil {
			return nil, err
		}
	}
	for id, m := range e.memberEdits {
		g, fits := e.group(id), false
		if g.members, fits = g.members.Change(m.in, m.out); !fits {
			return nil, e.misfit("a member of %q that doesn't exist", g.info.Name)
		}
	}
	if err := e.finishDeleted(); err != nil {
		return nil, err
	}
	e.dropEmptyUsers()
	e.next.users, e.next.symbols = e.users.Done(), e.symbols.done()
	e.next.withRules, _ = e.next.withRules.Change(e.ruled.in, e.ruled.out)
	for id := range e.stamped {
		if g := e.next.groups[id]; g != nil {
			g.version, g.updatedAt, g.updatedBy = e.update.revision, e.update.at, e.update.actor
		}
	}
	e.next.compile(e.next.heirsOf(slices.Collect(maps.Keys(e.dirty))))
	e.next.followBadRows(e.update.delta)
	if g := e.next.group(Administrators); g != nil && g.members.Len() > 0 {
		e.next.milestones.HadAdministrator = true
	}
	if e.next.symbolsAreStale() {
		e.next.renewSymbols()
	}
	return e.next, nil
}

func (e *editor) finishRules(subject Subject, edit *ruleEdit) error {
	name, isGroup := subject.Group()
	old := e.users.Find(UserID(subject)).rules()
	if isGroup {
		old = e.next.group(name).rules
	}
	var lists [2][]Pattern
	for i, kind := range []RuleKind{KindGrant, KindRestriction} {
		var fault string
		if lists[i], fault = edit.after(i, old.patterns(kind)); fault != "" {
			return e.misfit("a %s of %q %s", kind, subject, fault)
		}
	}
	rules := newRuleSet(e.symbols, lists[0], lists[1])
	e.next.ruleCount += rules.size() - old.size()
	if isGroup {
		e.next.group(name).rules = rules
		return nil
	}
	u := e.user(UserID(subject))
	if (old == nil) != (rules == nil) {
		e.ruled.note(UserID(subject), rules != nil)
	}
	u.change(func(more *userMore) { more.rules = rules })
	return nil
}

func (e *editor) finishDeleted() error {
	for _, id := range e.deleted {
		g := e.next.groups[id]
		if g.members.Len() > 0 || g.rules != nil || len(g.inherits) > 0 || len(g.heirs) > 0 {
			return e.misfit("%q is deleted but not empty", g.info.Name)
		}
		e.unname(g.info.Name)
		e.next.groups[id] = nil
		e.next.freeIDs = append(slices.Clip(e.next.freeIDs), id)
	}
	return nil
}

// dropEmptyUsers removes the users that have neither groups nor rules after the change.
func (e *editor) dropEmptyUsers() {
	for _, r := range e.update.delta.Removed {
		id, ok := r.Subject.User()
		if !ok {
			continue
		}
		if u := e.users.Find(id); u != nil && u.isEmpty() {
			e.users.Remove(id)
		}
	}
}
