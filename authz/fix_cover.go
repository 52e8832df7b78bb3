package authz

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// bitset is a set of missing permissions, by their index in baseline.missing.
type bitset uint64

func (b bitset) size() int { return bits.OnesCount64(uint64(b)) }

const (
	maxMissing = 64 // the capacity of a bitset
	maxJoins   = 4  // groups that one fix puts the user into; more would be no good advice
	maxCovers  = 100
	maxVisits  = 200_000 // candidates looked at, which takes a few milliseconds
)

// covering finds the smallest sets of groups that give what is missing (the set cover problem).
type covering struct {
	all, given  bitset // what is missing, and the part of it that groups give
	ungrantable bitset // what no rule can grant by name

	candidates []candidate
	widest     int // the most that one candidate gives
	found      [][]GroupName
	visits     int
	more       bool // the search was cut short
}

// candidate is a group that the user can be put into.
type candidate struct {
	name   GroupName
	gives  bitset
	weight int    // see [snapshot.weigh]
	folded string // the name's folded form
}

// newCovering collects the groups that give the user some of what is missing and restrict nothing
// that was asked for, the lightest first. Administrators isn't among them.
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
	places := make([]bitset, len(names)) // of each permission asked for, in missing; 0 if it is granted
	for i, p := range f.asked {
		if place := slices.Index(at.missing, p); place >= 0 {
			places[i] = 1 << place
		}
	}
	gives := f.givenByGroups(at, names, places)
	var ids []groupID
	for id, given := range gives {
		if given != 0 && at.s.groups[id] != nil && groupID(id) != at.s.administrators && !u.in(groupID(id)) {
			ids = append(ids, groupID(id))
		}
	}
	weights, err := at.s.weigh(f.pace, ids)
	f.err = cmp.Or(f.err, err)
	for _, id := range ids {
		name := at.s.groups[id].info.Name
		c.candidates = append(c.candidates, candidate{name, gives[id], weights[id], fold.String(string(name))})
		c.given |= gives[id]
		c.widest = max(c.widest, gives[id].size())
	}
	slices.SortFunc(c.candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(a.folded, b.folded), cmp.Compare(a.name, b.name))
	})
	return c
}

// givenByGroups returns what each group gives of what is missing, by groupID: nothing if it restricts anything that was
// asked for. The places are those in what is missing. It looks at all groups at once, because what they inherit is shared.
func (f *fixer) givenByGroups(at *baseline, names []symbol, places []bitset) []bitset {
	gives, restricting := make([]bitset, len(at.s.groups)), make([]bool, len(at.s.groups))
	for i := range names {
		if !f.goOn() {
			return nil
		}
		for id, found := range at.s.effects(&names[i]) {
			restricting[id] = restricting[id] || found&restricted != 0
			if found&granted != 0 {
				gives[id] |= places[i]
			}
		}
	}
	for id, is := range restricting {
		if is {
			gives[id] = 0
		}
	}
	return gives
}

// givenBy returns what the candidates of these names give.
func (c *covering) givenBy(joins []GroupName) (given bitset) {
	for _, g := range c.candidates {
		if slices.Contains(joins, g.name) {
			given |= g.gives
		}
	}
	return given
}

// covers returns the smallest sets of groups that together give all of a target, each sorted. For an
// empty target that is the empty set.
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

// search completes the chosen groups with at most size others, in every way that gives what is left.
func (c *covering) search(left bitset, size int, chosen []GroupName) {
	if left == 0 {
		c.keepCover(chosen)
		return
	}
	if left.size() > size*c.widest {
		return
	}
	first := left & -left // one of the groups must give this permission
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

// keepCover keeps a set of groups, unless the search found it before in another order.
func (c *covering) keepCover(chosen []GroupName) {
	set := slices.Clone(chosen)
	fold.Sort(set)
	if !slices.ContainsFunc(c.found, func(have []GroupName) bool { return slices.Equal(have, set) }) {
		c.found = append(c.found, set)
	}
}
