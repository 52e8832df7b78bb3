package authz

import (
	"context"
	"math/bits"
	"slices"
)

// HeldCounts is how many permissions of the catalog some groups give.
type HeldCounts struct {
	Total int   // permissions in the catalog, Rightful's own and [AssignMembers] of each group included
	Held  []int // of each group that was asked for, in the same order
}

// CountHeld counts the permissions of the catalog that a member of each group holds who is in no other group and has
// no rules: the group's own grants with all that their wildcards cover, and what it inherits, without what is
// restricted. A group that doesn't exist gives none. It returns zero HeldCounts if the application declares no
// catalog.
//
// It reads memory alone. What it costs follows the size of the catalog times the number of the groups and of those
// that they inherit; a million such pairs take some 20 milliseconds. If it takes more than a tenth of a second, it takes turns with other
// expensive work and can return [ErrBusy] (see [Admin]). It stops when ctx ends.
func (e *Engine) CountHeld(ctx context.Context, v *View, groups ...GroupName) (HeldCounts, error) {
	if !v.catalog.declared {
		return HeldCounts{}, nil
	}
	ctx, done := e.gate.later(ctx)
	defer done()
	names := v.declaredSymbols()
	c := newHeldCounter(v.s, groups)
	counts := HeldCounts{Total: len(names), Held: make([]int, len(groups))}
	if v.expired {
		return counts, nil
	}
	p := newPace(ctx)
	for some := range slices.Chunk(names, maskSize) {
		if err := c.count(p, some, counts.Held); err != nil {
			return HeldCounts{}, err
		}
	}
	return counts, nil
}

// declaredSymbols returns the symbols of the permissions in [View.Catalog].
func (v *View) declaredSymbols() []symbol {
	list := make([]symbol, 0, len(v.catalog.entries)+len(v.s.byName))
	add := func(p Permission) {
		if n := v.s.symbols.names.Find(string(p)); n.Found() {
			list = append(list, *n.More())
			return
		}
		const every = ^wildcards(0)
		object, action, _ := p.Split()
		list = append(list, v.s.symbols.symbolOf(object, action, every))
	}
	for _, e := range v.catalog.entries {
		add(e.Permission)
	}
	for name := range v.s.byName {
		add(AssignMembers(name))
	}
	return list
}

// maskSize is how many permissions a mask is about.
const maskSize = 64

// masks are the effects of a group on up to 64 permissions, a bit for each.
type masks struct{ granted, restricted uint64 }

// heldCounter counts what groups give, 64 permissions at a time, so that what is inherited costs little: a step
// along a link of inheritance is about all of them, and memory doesn't follow the size of the catalog.
type heldCounter struct {
	s       *snapshot
	groups  []groupID // asked for; noGroup for those that don't exist
	reached []groupID // those, and all whose rules they refer to, each before its givers where that is possible
	effects []masks   // of those that are reached, by groupID
}

func newHeldCounter(s *snapshot, names []GroupName) *heldCounter {
	c := &heldCounter{s: s, groups: make([]groupID, len(names)), effects: make([]masks, len(s.matchers))}
	walk := matcherWalk{seen: make([]bool, len(s.matchers))}
	walk.seen[noGroup] = true
	for i, name := range names {
		c.groups[i] = s.byName[name]
	}
	walk.add(c.groups)
	for i := 0; i < len(walk.queue); i++ {
		if m := &s.matchers[walk.queue[i]]; m.refers() {
			walk.add(m.more.givers)
		}
	}
	c.reached = walk.queue
	return c
}

// count adds to held how many of some permissions each group gives.
func (c *heldCounter) count(p *pace, some []symbol, held []int) error {
	for _, id := range c.reached {
		if err := c.match(p, id, some); err != nil {
			return err
		}
	}
	if err := c.inherit(p); err != nil {
		return err
	}
	for i, id := range c.groups {
		e := c.effects[id]
		if id == c.s.administrators {
			e.restricted = 0 // as in [snapshot.verdict]
		}
		held[i] += bits.OnesCount64(e.granted &^ e.restricted)
	}
	clear(c.effects)
	return nil
}

// match notes what the group's matcher says of some permissions. It does what [matcher.match] does, but looks up a
// block once for all permissions in it: neighbors in a catalog usually are.
func (c *heldCounter) match(p *pace, id groupID, some []symbol) error {
	m := &c.s.matchers[id]
	var last, effects entry
	for i := range some {
		if err := p.canceled(); err != nil {
			return err
		}
		n := &some[i]
		if block := n.id.block(); i == 0 || block != last {
			last, effects = block, m.blocks.find(block, blockEffects)
		}
		found := n.id.in(effects)
		if m.more != nil {
			found |= matchMore(m.more, nil, n)
		}
		c.note(id, i, found)
	}
	return nil
}

func (c *heldCounter) note(id groupID, bit int, found effect) {
	if found&granted != 0 {
		c.effects[id].granted |= 1 << bit
	}
	if found&restricted != 0 {
		c.effects[id].restricted |= 1 << bit
	}
}

// inherit adds to the effects of each group those of its givers, until nothing changes: once, or a few times if the
// order isn't one of givers first.
func (c *heldCounter) inherit(p *pace) error {
	for again := true; again; {
		again = false
		for _, id := range slices.Backward(c.reached) {
			m := &c.s.matchers[id]
			if !m.refers() {
				continue
			}
			e := c.effects[id]
			for _, giver := range m.more.givers {
				if err := p.canceled(); err != nil {
					return err
				}
				e.granted |= c.effects[giver].granted
				e.restricted |= c.effects[giver].restricted
			}
			again = again || e != c.effects[id]
			c.effects[id] = e
		}
	}
	return nil
}
