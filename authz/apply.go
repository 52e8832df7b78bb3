package authz

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// apply returns the policy after u, and an error if u doesn't fit the policy, for example because it
// removes a rule that doesn't exist. The changes of this engine, those that it reads from the records and
// the load of a whole policy all go through an [editor].
func (s *snapshot) apply(u update) (*snapshot, error) {
	e := newEditor(s, u)
	for _, g := range u.delta.Groups {
		if err := cmp.Or(u.pace.canceled(), e.changeGroup(g)); err != nil {
			return nil, err
		}
	}
	for _, r := range u.delta.Removed {
		if err := cmp.Or(u.pace.canceled(), e.rule(r, false)); err != nil {
			return nil, err
		}
	}
	for _, r := range u.delta.Added {
		if err := cmp.Or(u.pace.canceled(), e.rule(r, true)); err != nil {
			return nil, err
		}
	}
	for _, c := range u.delta.Ends {
		if err := cmp.Or(u.pace.canceled(), e.end(c)); err != nil {
			return nil, err
		}
	}
	return e.done()
}

// done finishes the snapshot.
func (e *editor) done() (*snapshot, error) {
	for _, finish := range []func() error{
		e.finishAllRules, e.finishMembers, e.finishEnds, e.finishLinks, e.finishDeleted, e.finishUsers,
	} {
		if err := finish(); err != nil {
			return nil, err
		}
	}
	for id := range e.stamped {
		if g := e.next.groups[id]; g != nil {
			g.version, g.updatedAt, g.updatedBy = NewVersion(e.update.revision, e.update.hash), e.update.at, e.update.actor
		}
	}
	if err := e.next.compile(e.update.pace, e.next.heirsOf(slices.Collect(maps.Keys(e.dirty)))); err != nil {
		return nil, err
	}
	e.next.followBadRows(e.update.delta)
	if g := e.next.group(Administrators); g != nil && g.members.Len() > 0 {
		e.next.milestones.HadAdministrator = true
	}
	if e.next.symbolsAreStale() {
		e.next.renewSymbols()
	}
	return e.next, nil
}

func (e *editor) finishAllRules() error {
	for subject, edit := range e.rules {
		if err := cmp.Or(e.update.pace.canceled(), e.finishRules(subject, edit)); err != nil {
			return err
		}
	}
	e.rules = nil
	return nil
}

// finishMembers updates the lists of members, and the groups of the users who are in many.
func (e *editor) finishMembers() error {
	for id, m := range e.memberEdits {
		g := e.group(id)
		for len(m.in)+len(m.out) > 0 {
			const some = 1 << 16 // take some milliseconds
			in, out := m.in[:min(some, len(m.in))], m.out[:min(some, len(m.out))]
			fits := false
			if g.members, fits = g.members.Change(in, out); !fits {
				return e.misfit("a member of %q that doesn't exist", g.info.Name)
			}
			if err := e.update.pace.now(); err != nil {
				return err
			}
			m.in, m.out = m.in[len(in):], m.out[len(out):]
		}
	}
	e.memberEdits = nil
	for id, groups := range e.many {
		u := e.user(id)
		u.setGroups(slices.Sorted(maps.Keys(groups)))
		e.putUser(id, u)
	}
	return nil
}

// finishLinks updates the inheritance of all groups at both ends.
func (e *editor) finishLinks() error {
	slices.SortStableFunc(e.links, func(a, b linkEdit) int { return cmp.Compare(a.from, b.from) })
	for edits := range runs(e.links, func(a, b linkEdit) bool { return a.from == b.from }) {
		heir, to := e.group(edits[0].from), func(l linkEdit) groupID { return l.to }
		var fits bool
		if heir.inherits, fits = changeLinks(heir.inherits, edits, to); !fits {
			return e.misfit("%q inherits a group twice, or one to remove that it doesn't inherit", heir.info.Name)
		}
		if err := e.update.pace.canceled(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(e.links, func(a, b linkEdit) int { return cmp.Compare(a.to, b.to) })
	for edits := range runs(e.links, func(a, b linkEdit) bool { return a.to == b.to }) {
		giver, from := e.group(edits[0].to), func(l linkEdit) groupID { return l.from }
		giver.heirs, _ = changeLinks(giver.heirs, edits, from)
		if err := e.update.pace.canceled(); err != nil {
			return err
		}
	}
	return nil
}

// runs yields the longest runs of equal elements of a list.
func runs[E any](list []E, equal func(a, b E) bool) iter.Seq[[]E] {
	return func(yield func([]E) bool) {
		for len(list) > 0 {
			n := 1
			for n < len(list) && equal(list[0], list[n]) {
				n++
			}
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// changeLinks returns the groups at one end of the links of a group after edits to them. It is false if a link
// is added that exists, or one removed that doesn't.
func changeLinks(before []groupID, edits []linkEdit, end func(linkEdit) groupID) ([]groupID, bool) {
	linked := make(map[groupID]bool, len(before)+len(edits))
	for _, id := range before {
		linked[id] = true
	}
	removes := false
	for _, l := range edits {
		if linked[end(l)] == l.add {
			return nil, false
		}
		linked[end(l)] = l.add
		removes = removes || !l.add
	}
	after := slices.Clone(before)
	if removes {
		gone := map[groupID]bool{}
		for _, l := range edits {
			gone[end(l)] = gone[end(l)] || !l.add
		}
		after = slices.DeleteFunc(after, func(id groupID) bool { return gone[id] })
	}
	for _, l := range edits {
		if l.add {
			after = append(after, end(l))
		}
	}
	return after, true
}

func (e *editor) finishRules(subject Subject, edit *ruleEdit) error {
	name, isGroup := subject.Group()
	var u user
	if !isGroup {
		u = e.user(UserID(subject))
	}
	old := u.rules()
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
	if (old == nil) != (rules == nil) {
		e.ruled.note(UserID(subject), rules != nil)
	}
	u.change(func(more *userMore) { more.rules = rules })
	e.putUser(UserID(subject), u)
	return nil
}

func (e *editor) finishDeleted() error {
	e.next.freeIDs = slices.Clip(e.next.freeIDs)
	for _, id := range e.deleted {
		g := e.next.groups[id]
		if g.members.Len() > 0 || g.ends > 0 || g.rules != nil || len(g.inherits) > 0 || len(g.heirs) > 0 {
			return e.misfit("%q is deleted but not empty", g.info.Name)
		}
		e.unname(g)
		e.next.groups[id] = nil
		e.next.freeIDs = append(e.next.freeIDs, id)
	}
	return nil
}

// finishUsers removes the users that have neither groups nor rules after the change, and completes the tables.
func (e *editor) finishUsers() error {
	for _, r := range e.update.delta.Removed {
		if err := e.update.pace.canceled(); err != nil {
			return err
		}
		id, ok := r.Subject.User()
		if !ok {
			continue
		}
		if u := e.user(id); u.isEmpty() {
			e.users.Remove(string(id))
		}
	}
	e.next.users, e.next.symbols = e.users.Done(), e.symbols.done()
	e.next.withRules, _ = e.next.withRules.Change(e.ruled.in, e.ruled.out)
	return nil
}
