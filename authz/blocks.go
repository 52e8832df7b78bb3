package authz

import (
	"maps"
	"slices"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// block finds the subjects that the bad rows deny everything, and compiles that into the policy. The rows are those
// of which something depends on the policy.
func (s *snapshot) block(rows []Row) {
	before, known := s.blocked, s.watched.folds
	s.blocked, s.watched, s.judging = map[Subject]bool{}, watch{}, nil
	if s.quarantine != nil {
		maps.Copy(s.blocked, s.quarantine.denied)
		s.judging = new(judging)
	}
	if len(rows) > 0 {
		b := newBlocker(s, known, rows)
		b.blockPolicyRows()
		b.blockLinks()
		s.watched = b.watched
	}
	s.compileBlocks(before)
}

// blocker finds the subjects that bad rows deny everything: the subjects of rows that may be restrictions, and the left
// sides of "g" rows whose right side may restrict anyone.
type blocker struct {
	s       *snapshot
	rows    []Row // of which something depends on the policy
	names   *rowNames
	links   map[Subject][]Subject // quarantined "g" rows, from the left side to the right
	right   map[int][]Subject     // what the right sides name, by the index of the row
	texts   map[Subject]bool      // the subjects of rows that may be restrictions, as they are written
	watched watch
}

func newBlocker(s *snapshot, known namesakes, rows []Row) *blocker {
	b := &blocker{s: s, rows: rows, links: map[Subject][]Subject{}, right: map[int][]Subject{}, texts: map[Subject]bool{}}
	b.watched.inheritance = len(s.quarantine.inherited()) > 0
	var texts []string
	for _, row := range rows {
		switch {
		case row.mayRestrict() || s.lostEffect(row):
			texts = append(texts, row.V[0])
		case row.Type == rowLink:
			texts = append(texts, row.V[0], row.V[1])
		}
	}
	b.names = newRowNames(s, known, texts)
	b.watched.folds = b.names.byFold
	for i, row := range rows {
		if row.Type != rowLink {
			continue
		}
		// Rows can also lead on by texts that name nobody: Casbin compares them as they are written.
		b.right[i] = append(b.names.findGroup(row.V[1]), Subject(row.V[1]))
		for _, left := range append(b.names.find(row.V[0]), Subject(row.V[0])) {
			b.links[left] = append(b.links[left], b.right[i]...)
		}
	}
	return b
}

// lostEffect reports whether a bad row is a rule but for its effect: then the effect may have been deny.
func (s *snapshot) lostEffect(row Row) bool {
	if !row.lacksEffect() {
		return false
	}
	r, err := parseRow(row)
	return err == nil && s.checkGroups(r) == nil
}

func (b *blocker) blockPolicyRows() {
	for i, row := range b.rows {
		if row.mayRestrict() || b.s.lostEffect(row) {
			b.deny(i, b.names.find(row.V[0]))
			b.texts[Subject(row.V[0])] = true
		}
	}
}

func (b *blocker) deny(i int, subjects []Subject) {
	b.s.badRows[b.s.quarantine.dependent[i]].Denies = subjects
	for _, h := range subjects {
		b.s.blocked[h] = true
	}
}

// blockLinks denies the left side of each "g" row from whose right side a restriction can be reached, over
// groups, inheritance and quarantined rows. It looks at each subject on the way once.
func (b *blocker) blockLinks() {
	if len(b.right) == 0 {
		return
	}
	leads := b.restricting()
	for i, row := range b.rows {
		if row.Type == rowLink && slices.ContainsFunc(b.right[i], func(h Subject) bool { return leads[h] }) {
			b.deny(i, b.names.find(row.V[0]))
		}
	}
}

// restricting returns the subjects that lead to a restriction, among those that the right sides reach.
func (b *blocker) restricting() map[Subject]bool {
	b.watched.reached = map[Subject]bool{}
	var start, restrict []Subject
	for _, right := range b.right {
		start = append(start, right...)
	}
	back := map[Subject][]Subject{}
	for h := range graph[Subject](b.next).from(start...) {
		b.watched.reached[h] = true
		if b.s.blocked[h] || b.texts[h] || len(b.s.ownRules(h).patterns(KindRestriction)) > 0 {
			restrict = append(restrict, h)
		}
		for _, to := range b.next(h) {
			back[to] = append(back[to], h)
		}
	}
	leads := map[Subject]bool{}
	for h := range graphOf(back).from(restrict...) {
		leads[h] = true
	}
	return leads
}

// next returns the groups of a subject and what quarantined rows link it to.
func (b *blocker) next(h Subject) []Subject {
	list := slices.Clone(b.links[h])
	var ids []groupID
	if name, isGroup := h.Group(); !isGroup {
		ids = b.s.user(UserID(h)).groupIDs(nil)
	} else if g := b.s.group(name); g != nil {
		ids = g.inherits
	}
	for _, id := range ids {
		list = append(list, b.s.groups[id].subject)
	}
	return list
}

// compileBlocks compiles what changed in the subjects that are denied everything.
func (s *snapshot) compileBlocks(before map[Subject]bool) {
	var groups []groupID
	var users *table.Edit[userMore]
	for h := range blocksOnlyIn(s.blocked, before) {
		name, isGroup := h.Group()
		switch {
		case isGroup && s.group(name) != nil:
			groups = append(groups, s.group(name).id)
		case !isGroup && s.user(UserID(h)) != nil:
			if users == nil {
				users = s.users.Edit()
			}
			u := s.user(UserID(h))
			u.change(func(more *userMore) { more.blocked = s.blocked[h] })
			users.Put(string(h), u.word(), u.more)
		}
	}
	if users != nil {
		s.users = users.Done()
	}
	if len(groups) > 0 {
		_ = s.compile(nil, s.heirsOf(groups))
	}
}

// blocksOnlyIn returns the subjects that are denied everything in one of two policies and not in the other.
func blocksOnlyIn(one, other map[Subject]bool) map[Subject]bool {
	only := map[Subject]bool{}
	for _, of := range [][2]map[Subject]bool{{one, other}, {other, one}} {
		for h := range of[0] {
			if !of[1][h] {
				only[h] = true
			}
		}
	}
	return only
}

// deniedBy finds the subjects by which bad rows deny users and groups everything.
type deniedBy struct {
	s      *snapshot
	groups map[groupID]Subject
}

func newDeniedBy(s *snapshot) deniedBy { return deniedBy{s, map[groupID]Subject{}} }

// ofGroup returns the subject by which a group is denied everything, itself or one that it inherits; "" if it
// isn't or doesn't exist.
func (d deniedBy) ofGroup(id groupID) Subject {
	if h, known := d.groups[id]; known {
		return h
	}
	var by Subject
	if int(id) < len(d.s.groups) && d.s.groups[id] != nil {
		d.s.walk(id, func(g *group) {
			if by == "" && d.s.blocked[g.subject] {
				by = g.subject
			}
		})
	}
	d.groups[id] = by
	return by
}

// ofUser returns the subject by which a user is denied everything, "" if the user isn't.
func (d deniedBy) ofUser(id UserID) Subject {
	if d.s.blocked[id.subject()] {
		return id.subject()
	}
	for group := range d.s.user(id).inGroups {
		if h := d.ofGroup(group); h != "" {
			return h
		}
	}
	return ""
}
