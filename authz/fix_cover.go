package authz

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// bitset is a set of the permissions that are missing, by their place.
type bitset uint64

func (b bitset) size() int { return bits.OnesCount64(uint64(b)) }

const (
	maxMissing = 64 // the permissions that a bitset has room for
	maxJoins   = 4  // the groups that one fix puts the user into; nobody wants more
	maxCovers  = 100
	maxVisits  = 200_000 // a few milliseconds
)

// covering looks for the fewest groups that give what is missing (the set cover problem).
type covering struct {
	all, given  bitset // what is missing, and what of it groups give
	ungrantable bitset // what no rule can grant by its name

	candidates []candidate
	widest     int // how much one of them gives at most
	found      [][]GroupName
	visits     int
	more       bool // it wasn't looked for to the end
}

// candidate is a group that the user can be put into.
type candidate struct {
	name   GroupName
	gives  bitset
	weight int // the more, the more else it brings
}

func (f *fixer) newCovering(at *baseline) *covering {
	c := &covering{all: 1<<len(at.missing) - 1}
	for i, p := range at.missing {
		if !f.grantable(at.s, p) {
			c.ungrantable |= 1 << i
		}
	}
	if c.all == 0 {
		return c
	}
	u, names := at.s.user(f.user), f.symbols(at.s)
	places := make([]bitset, len(names)) // among what is missing; none of what is granted
	for i, p := range f.asked {
		if place := slices.Index(at.missing, p); place >= 0 {
			places[i] = 1 << place
		}
	}
	for _, id := range at.s.groupIDs() {
		m := &at.s.matchers[id]
		if id == at.s.administrators || u.in(id) || restrictsAny(m, names) {
			continue
		}
		gives := bitset(0)
		for i := range names {
			if m.match(&names[i])&granted != 0 {
				gives |= places[i]
			}
		}
		if gives != 0 {
			c.candidates = append(c.candidates, candidate{at.s.groups[id].info.Name, gives, at.s.weight(id)})
			c.given |= gives
			c.widest = max(c.widest, gives.size())
		}
	}
	slices.SortFunc(c.candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.weight, b.weight), fold.Compare(a.name, b.name))
	})
	return c
}

// weight is the number of rules that being in a group brings, restrictions counting most.
func (s *snapshot) weight(id groupID) (n int) {
	const heavy = 1_000_000
	s.walk(id, func(g *group) {
		n += g.rules.size()
		if len(g.rules.patterns(KindRestriction)) > 0 {
			n += heavy
		}
	})
	return n
}

func (c *covering) givenBy(joins []GroupName) (given bitset) {
	for _, g := range c.candidates {
		if slices.Contains(joins, g.name) {
			given |= g.gives
		}
	}
	return given
}

// covers returns the sets of fewest groups that together give all of a target, each sorted.
// The set of no groups gives nothing.
func (c *covering) covers(target bitset) [][]GroupName {
	c.found = nil
	for size := 0; size <= maxJoins; size++ {
		c.search(target, size, nil)
		if len(c.found) > 0 {
			return c.found
		}
	}
	c.more = true
	return nil
}

// search adds groups to those chosen, in every way that gives what is left.
func (c *covering) search(left bitset, size int, chosen []GroupName) {
	if left == 0 {
		c.keepCover(chosen)
		return
	}
	if left.size() > size*c.widest {
		return
	}
	first := left & -left // some group must give it
	for _, g := range c.candidates {
		if c.visits++; c.visits > maxVisits || len(c.found) >= maxCovers {
			c.more = true
			return
		}
		if g.gives&first != 0 {
			c.search(left&^g.gives, size-1, append(slices.Clip(chosen), g.name))
		}
	}
}

// take notes a set of groups, which can be come by in several orders.
func (c *covering) keepCover(chosen []GroupName) {
	set := slices.Clone(chosen)
	fold.Sort(set)
	if !slices.ContainsFunc(c.found, func(have []GroupName) bool { return slices.Equal(have, set) }) {
		c.found = append(c.found, set)
	}
}
