package authz

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// removal plans what takes away the unused permissions of a user, and no others. The user holds all of them, and those that
// are kept.
type removal struct {
	s            *snapshot
	user         UserID
	unused, kept []Permission
}

// plan returns the operations that take away as many of the sources as possible. Sources that give only what is unused
// come first.
func (r *removal) plan(work *pace, sources []rightSource) ([]Operation, error) {
	g, err := r.s.giversTo(work, r.user)
	if err != nil {
		return nil, err
	}
	candidates, err := r.candidates(work, g, sources)
	if err != nil {
		return nil, err
	}
	taken, err := r.take(work, g, candidates)
	if err != nil {
		return nil, err
	}
	if taken, err = r.effective(work, g, taken); err != nil {
		return nil, err
	}
	return r.operations(taken), nil
}

// candidates returns the sources that give something unused, those that give nothing else first.
func (r *removal) candidates(work *pace, g *givers, sources []rightSource) ([]rightSource, error) {
	const givesUnused, givesKept = 1, 2
	unused, err := g.anyOf(work, r.unused)
	if err != nil {
		return nil, err
	}
	kept, err := g.anyOf(work, r.kept)
	if err != nil {
		return nil, err
	}
	if err := g.ask(work, []need{unused, kept}); err != nil {
		return nil, err
	}
	var idle, mixed []rightSource
	for _, o := range sources {
		switch g.meets(o) {
		case givesUnused:
			idle = append(idle, o)
		case givesUnused | givesKept:
			mixed = append(mixed, o)
		}
	}
	return append(idle, mixed...), nil
}

// take returns the candidates, in their order, that can be taken away together: what must stay is still given by another
// source. It counts the sources that give it, so that a source costs a step for each thing that it gives.
func (r *removal) take(work *pace, g *givers, candidates []rightSource) ([]rightSource, error) {
	needs, err := r.needs(work, g)
	if err != nil {
		return nil, err
	}
	counts := make(counts, len(needs))
	met := make([][]uint64, len(candidates)) // a mask for each 64 needs
	for chunk := 0; chunk*maskSize < len(needs); chunk++ {
		if err := g.ask(work, needs[chunk*maskSize:min((chunk+1)*maskSize, len(needs))]); err != nil {
			return nil, err
		}
		for _, o := range g.all {
			counts.add(chunk, g.meets(o), 1)
			if err := work.canceled(); err != nil {
				return nil, err
			}
		}
		for i, o := range candidates {
			met[i] = append(met[i], g.meets(o))
		}
	}
	var taken []rightSource
	for i, o := range candidates {
		spare, err := counts.spare(work, met[i])
		if err != nil {
			return nil, err
		}
		if !spare {
			continue
		}
		for chunk, mask := range met[i] {
			counts.add(chunk, mask, -1)
		}
		taken = append(taken, o)
	}
	return taken, nil
}

// counts are how many sources meet each need.
type counts []int32

// add adds n for each need of a mask.
func (c counts) add(chunk int, mask uint64, n int32) {
	for ; mask != 0; mask &= mask - 1 {
		c[chunk*maskSize+bits.TrailingZeros64(mask)] += n
	}
}

// spare reports whether another source meets all that a source meets.
func (c counts) spare(work *pace, met []uint64) (bool, error) {
	for chunk, mask := range met {
		for ; mask != 0; mask &= mask - 1 {
			if c[chunk*maskSize+bits.TrailingZeros64(mask)] == 1 {
				return false, nil
			}
		}
		if err := work.canceled(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// needs returns what must stay: what is kept, and every restriction, because without one the user could gain something.
// While all restrictions stay, none denies what is kept. What the same sets of givers give is one need.
func (r *removal) needs(work *pace, g *givers) ([]need, error) {
	var list []need
	seen, key := map[string]bool{}, []byte(nil)
	add := func(n need) error {
		key = key[:0]
		for _, at := range n {
			key = binary.BigEndian.AppendUint32(key, uint32(at))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			list = append(list, n)
		}
		return work.canceled()
	}
	for _, p := range r.kept {
		if err := add(g.permission(p)); err != nil {
			return nil, err
		}
	}
	for _, at := range g.restrictions {
		if err := add(need{at}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// effective returns those of the sources taken that give something which the user then loses.
func (r *removal) effective(work *pace, g *givers, taken []rightSource) ([]rightSource, error) {
	left, err := g.without(work, taken)
	if err != nil {
		return nil, err
	}
	var lost []Permission
	for _, p := range r.unused {
		if !slices.ContainsFunc(g.permission(p), func(at int32) bool { return left[at] }) {
			lost = append(lost, p)
		}
		if err := work.canceled(); err != nil {
			return nil, err
		}
	}
	gives, err := g.anyOf(work, lost)
	if err != nil {
		return nil, err
	}
	if err := g.ask(work, []need{gives}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(taken, func(o rightSource) bool { return g.meets(o) == 0 }), nil
}

const (
	maxRemoved       = 1000 // rules in the body of an operation
	maxRemovedGroups = 99   // of 100 operations in a batch, one is for the user's own grants
)

// operations returns the operations that take away the sources.
func (r *removal) operations(sources []rightSource) (list []Operation) {
	var own []Pattern
	for _, o := range sources {
		switch {
		case o.group == "":
			own = append(own, o.grant)
		case len(list) < maxRemovedGroups:
			list = append(list, Operation{Action: ActionGroupMembersChange, Group: o.group, Remove: []UserID{r.user}})
		}
	}
	if len(own) > 0 {
		own = own[:min(len(own), maxRemoved)]
		list = append(list, Operation{Action: ActionUserPermissionsChange, User: r.user, Rules: RulesDelta{Revoke: own}})
	}
	return list
}
