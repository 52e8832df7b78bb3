package authz

import "fmt"

// linkFault is what is wrong with a link of inheritance; the zero value is nothing.
type linkFault struct {
	cycle bool // it is on a cycle
	chain int  // the links of the longest chain that it is in, if they are too many
}

func (f linkFault) Error() string {
	if f.cycle {
		return "is part of an inheritance cycle"
	}
	return fmt.Sprintf("is part of an inheritance chain of %d links; at most %d are allowed", f.chain, maxInheritance)
}

// linkFaults returns what is wrong with links of inheritance: those on a cycle, and those in a chain of more
// than maxInheritance links that isn't one. All links of a cycle or a chain are faulty, so the order of the
// links doesn't matter. The work grows with their number alone.
func linkFaults(p *pace, rules []Rule) (map[Rule]linkFault, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	all := linksOf(rules)
	cyclic, err := all.cyclic(p)
	if err != nil {
		return nil, err
	}
	open := links{nodes: all.nodes}
	for i, l := range all.list {
		if !cyclic[i] {
			open.list = append(open.list, l)
		}
	}
	above, below, err := open.chains(p)
	if err != nil {
		return nil, err
	}
	faults := map[Rule]linkFault{}
	for i, l := range all.list {
		n := int(above[l.from] + 1 + below[l.to])
		if cyclic[i] {
			faults[rules[i]] = linkFault{cycle: true}
		} else if n > maxInheritance {
			faults[rules[i]] = linkFault{chain: n}
		}
	}
	return faults, nil
}

// linksOf returns links of inheritance as a graph. Groups are numbered in the order in which links name them.
func linksOf(rules []Rule) links {
	g := links{list: make([]link, len(rules))}
	numbers := map[Subject]int32{}
	number := func(s Subject) int32 {
		n, known := numbers[s]
		if !known {
			n = int32(len(numbers))
			numbers[s] = n
		}
		return n
	}
	for i, r := range rules {
		g.list[i] = link{number(r.Subject), number(r.Group.Subject())}
	}
	g.nodes = len(numbers)
	return g
}
