package authz

import "iter"

// graph is a directed graph: it returns the nodes that a node links to.
type graph[N comparable] func(N) []N

// graphOf returns the graph of a map from each node to the nodes that it links to.
func graphOf[N comparable](links map[N][]N) graph[N] {
	return func(n N) []N { return links[n] }
}

// from yields the start nodes and every node that they reach, nearest first, each once.
func (g graph[N]) from(start ...N) iter.Seq[N] {
	return func(yield func(N) bool) {
		if len(start) == 1 && len(g(start[0])) == 0 { // most groups inherit nothing
			yield(start[0])
			return
		}
		var queue []N
		seen := map[N]bool{}
		add := func(nodes []N) {
			for _, n := range nodes {
				if !seen[n] {
					seen[n] = true
					queue = append(queue, n)
				}
			}
		}
		add(start)
		for i := 0; i < len(queue); i++ {
			if !yield(queue[i]) {
				return
			}
			add(g(queue[i]))
		}
	}
}

// reaches reports whether a path leads from one node to another. Every node reaches itself.
func (g graph[N]) reaches(from, to N) bool {
	for n := range g.from(from) {
		if n == to {
			return true
		}
	}
	return false
}

// depth describes the paths that begin at a node.
type depth struct {
	links  int  // on the longest path; a cycle is followed once
	cyclic bool // a path leads into a cycle
	open   bool // while the node is being measured
}

// depths returns a function that measures nodes. It measures each node once, as long as the graph
// stays the same.
func (g graph[N]) depths() func(N) depth {
	known := map[N]depth{}
	var measure func(N) depth
	measure = func(n N) depth {
		if d, ok := known[n]; ok {
			d.cyclic = d.cyclic || d.open
			return d
		}
		known[n] = depth{open: true}
		var d depth
		for _, next := range g(n) {
			below := measure(next)
			d.links = max(d.links, 1+below.links)
			d.cyclic = d.cyclic || below.cyclic
		}
		known[n] = d
		return d
	}
	return measure
}
