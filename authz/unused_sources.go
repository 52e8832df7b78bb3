package authz

import (
	"encoding/binary"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// rightSource is what gives permissions to a user: a direct membership, or an own grant.
type rightSource struct {
	group GroupName
	grant Pattern // if there is no group
}

// sourcesOf returns what gives permissions to a user, memberships first, in display order.
func (s *snapshot) sourcesOf(user UserID) (list []rightSource) {
	u := s.user(user)
	for _, name := range s.groupNames(u.groupIDs(nil)) {
		list = append(list, rightSource{group: name})
	}
	own := slices.Clone(u.rules().patterns(KindGrant))
	fold.Sort(own)
	for _, p := range own {
		list = append(list, rightSource{grant: p})
	}
	return list
}

// of reports whether a user has the source in a policy.
func (o rightSource) of(s *snapshot, user UserID) bool {
	u := s.user(user)
	if o.group == "" {
		return u.rules().has(KindGrant, o.grant)
	}
	g := s.group(o.group)
	return g != nil && u.in(g.id)
}

// giver is what gives a rule to a user: a group, by its groupID, or one of the user's own grants, numbered after the groups.
type giver uint32

// givers are what gives each of the rules that apply to a user. A user can be in thousands of groups that inherit the same
// ten thousand rules, so nothing here is done for each pair of a group and a rule that it inherits: each rule is looked at
// once, where it stands, and what is inherited is passed on for 64 questions at a time.
type givers struct {
	s       *snapshot
	all     []rightSource
	own     []Pattern    // the user's own grants, sorted
	reached []groupID    // the groups that the user is in or inherits, each before those that it inherits where possible
	sets    [][]giver    // the givers that have a rule themselves: rules with the same givers share a set
	masks   []uint64     // of the givers; see [givers.ask]
	grants  giversByRule // and the user's own grants
	// restrictions are without the user's own ones, which no removal takes away.
	restrictions giversByRule
}

// giversByRule has the place of a rule's givers in [givers.sets].
type giversByRule map[Pattern]int32

// giversTo returns what gives a user what. As all that follows, it returns the error with which the pace ends.
func (s *snapshot) giversTo(work *pace, id UserID) (*givers, error) {
	u := s.user(id)
	g := &givers{s: s, all: s.sourcesOf(id), own: u.rules().patterns(KindGrant)}
	g.masks = make([]uint64, len(s.groups)+len(g.own))
	grants, restrictions := map[Pattern][]giver{}, map[Pattern][]giver{}
	note := func(by giver, patterns []Pattern, givers map[Pattern][]giver) error {
		for _, p := range patterns {
			givers[p] = append(givers[p], by)
			if err := work.canceled(); err != nil {
				return err
			}
		}
		return nil
	}
	for id := range s.inheritance().from(u.groupIDs(nil)...) {
		g.reached = append(g.reached, id)
		if s.blocked[s.groups[id].subject] {
			restrictions[Everything] = append(restrictions[Everything], giver(id))
		}
		if err := work.canceled(); err != nil { // for a group without rules
			return nil, err
		}
		if err := note(giver(id), s.groups[id].rules.patterns(KindGrant), grants); err != nil {
			return nil, err
		}
		if err := note(giver(id), s.groups[id].rules.patterns(KindRestriction), restrictions); err != nil {
			return nil, err
		}
	}
	for i, p := range g.own {
		if err := note(giver(len(s.groups)+i), []Pattern{p}, grants); err != nil {
			return nil, err
		}
	}
	for _, p := range u.rules().patterns(KindRestriction) {
		delete(restrictions, p)
	}
	if err := g.share(work, grants, restrictions); err != nil {
		return nil, err
	}
	return g, nil
}

// share gives rules with the same givers one set of them.
func (g *givers) share(work *pace, grants, restrictions map[Pattern][]giver) error {
	places, key := map[string]int32{}, []byte(nil)
	place := func(of map[Pattern][]giver) (giversByRule, error) {
		by := make(giversByRule, len(of))
		for p, list := range of {
			key = key[:0]
			for _, one := range list {
				key = binary.BigEndian.AppendUint32(key, uint32(one))
				if err := work.canceled(); err != nil {
					return nil, err
				}
			}
			at, known := places[string(key)]
			if !known {
				at = int32(len(g.sets))
				places[string(key)] = at
				g.sets = append(g.sets, list)
			}
			by[p] = at
		}
		return by, nil
	}
	var err error
	if g.grants, err = place(grants); err != nil {
		return err
	}
	g.restrictions, err = place(restrictions)
	return err
}

// need is something that givers have together: the places of sets of which one giver is enough, sorted.
type need []int32

// permission returns what gives a permission, restrictions aside.
func (g *givers) permission(p Permission) (n need) {
	object, action, ok := p.Split()
	if !ok {
		return nil
	}
	for q := range patternsCovering(object, action) {
		if at, found := g.grants[Pattern(q)]; found {
			n = append(n, at)
		}
	}
	slices.Sort(n)
	return slices.Compact(n)
}

// anyOf returns what gives at least one of some permissions.
func (g *givers) anyOf(work *pace, permissions []Permission) (need, error) {
	wanted := make([]bool, len(g.sets))
	for _, p := range permissions {
		for _, at := range g.permission(p) {
			wanted[at] = true
		}
		if err := work.canceled(); err != nil {
			return nil, err
		}
	}
	var n need
	for at, is := range wanted {
		if is {
			n = append(n, int32(at))
		}
	}
	return n, nil
}

// ask finds out which of up to 64 needs each giver meets, by itself or by what it inherits. [givers.meets] says so until
// the next call.
func (g *givers) ask(work *pace, needs []need) error {
	clear(g.masks)
	for i, n := range needs {
		for _, at := range n {
			for _, one := range g.sets[at] {
				g.masks[one] |= 1 << i
				if err := work.canceled(); err != nil {
					return err
				}
			}
		}
	}
	return g.passOn(work)
}

// passOn lets groups meet what those meet that they inherit.
func (g *givers) passOn(work *pace) error {
	for again := true; again; { // once, or a few times if the order isn't one of givers first
		again = false
		for _, id := range slices.Backward(g.reached) {
			mask := g.masks[id]
			for _, from := range g.s.groups[id].inherits {
				mask |= g.masks[from]
				if err := work.canceled(); err != nil {
					return err
				}
			}
			again = again || mask != g.masks[id]
			g.masks[id] = mask
		}
	}
	return nil
}

// meets returns which needs of the last [givers.ask] a source meets, a bit for each.
func (g *givers) meets(o rightSource) uint64 {
	if o.group != "" {
		return g.masks[g.s.byName[o.group]]
	}
	return g.masks[g.ownGrant(o.grant)]
}

func (g *givers) ownGrant(p Pattern) giver {
	at, _ := slices.BinarySearch(g.own, p)
	return giver(len(g.s.groups) + at)
}

// without returns which of the sets still give something if some of the sources are taken away.
func (g *givers) without(work *pace, taken []rightSource) ([]bool, error) {
	gone, stays := make(map[rightSource]bool, len(taken)), make([]bool, len(g.masks))
	for _, o := range taken {
		gone[o] = true
	}
	var groups []groupID
	for _, o := range g.all {
		switch {
		case gone[o]:
		case o.group != "":
			groups = append(groups, g.s.byName[o.group])
		default:
			stays[g.ownGrant(o.grant)] = true
		}
	}
	for id := range g.s.inheritance().from(groups...) {
		stays[id] = true
		if err := work.canceled(); err != nil {
			return nil, err
		}
	}
	sets := make([]bool, len(g.sets))
	for at, set := range g.sets {
		sets[at] = slices.ContainsFunc(set, func(one giver) bool { return stays[one] })
		if err := work.canceled(); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
