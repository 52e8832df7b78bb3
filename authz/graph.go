package authz

import (
	"iter"
	"slices"
)

// graph is a directed graph: it returns the nodes that a node links to.
type graph[N comparable] func(N) []N

// from yields the start nodes and every node that they reach, nearest first, each once.
func (g graph[N]) from(start ...N) iter.Seq[N] {
	return func(yield func(N) bool) {
		if len(start) == 1 && len(g(start[0])) == 0 { // most groups inherit nothing
			yield(start[0])
			return
		}
		g.fromUnseen(map[N]bool{}, start...)(yield)
	}
}

// fromUnseen is from without the nodes that were seen, and what only they reach. It adds to these what it yields.
func (g graph[N]) fromUnseen(seen map[N]bool, start ...N) iter.Seq[N] {
	return func(yield func(N) bool) {
		var queue []N
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

// longest returns the number of links on the longest path from a node, at most a limit. A cycle counts as the
// limit.
func (g graph[N]) longest(start N, limit int) int {
	level := []N{start}
	for n := range limit {
		var next []N
		seen := map[N]bool{}
		for _, node := range level {
			for _, to := range g(node) {
				if !seen[to] {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		if len(next) == 0 {
			return n
		}
		level = next
	}
	return limit
}

// link leads from one node to another. Nodes are numbered from 0.
type link struct{ from, to int32 }

// links is a directed graph as a list of links, for questions about the whole graph. All answers take time
// and memory in proportion to the nodes and links, except [links.closing], which takes a logarithm more.
// Where a method takes a [pace], it returns the error with which that ends.
type links struct {
	nodes int
	list  []link
}

// adjacency returns the ends of the links of each node: those of node n are ends[first[n]:first[n+1]].
func (g links) adjacency() (first, ends []int32) {
	first, ends = make([]int32, g.nodes+2), make([]int32, len(g.list))
	for _, l := range g.list {
		first[l.from+2]++
	}
	for n := range g.nodes {
		first[n+2] += first[n+1]
	}
	for _, l := range g.list {
		ends[first[l.from+1]] = l.to
		first[l.from+1]++
	}
	return first[:g.nodes+1], ends
}

// components returns the number of the strongly connected component of each node (Tarjan, 1972). A link
// leads to a component of the same or a lower number. It doesn't recurse, because a chain can be long.
func (g links) components(p *pace) ([]int32, error) { //nolint:gocognit // one algorithm, in the form in which it is known
	const unseen, open = 0, -1
	first, ends := g.adjacency()
	var (
		of     = make([]int32, g.nodes) // the component, once it is complete
		order  = make([]int32, g.nodes) // in which the nodes were found, from 1; unseen before that
		low    = make([]int32, g.nodes) // the least order of an open node that is known to be reached
		next   = slices.Clone(first)    // the next link to follow
		path   []int32                  // from the root to the present node
		opened []int32                  // the nodes whose component isn't complete
		found  int32
		count  int32
	)
	enter := func(n int32) {
		found++
		order[n], low[n], of[n] = found, found, open
		path, opened = append(path, n), append(opened, n)
	}
	for root := range int32(g.nodes) {
		if order[root] != unseen {
			continue
		}
		enter(root)
		for len(path) > 0 {
			if err := p.canceled(); err != nil {
				return nil, err
			}
			n := path[len(path)-1]
			if at := next[n]; at < first[n+1] {
				next[n]++
				if to := ends[at]; order[to] == unseen {
					enter(to)
				} else if of[to] == open {
					low[n] = min(low[n], order[to])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				above := path[len(path)-1]
				low[above] = min(low[above], low[n])
			}
			if low[n] < order[n] {
				continue
			}
			at := len(opened) - 1
			for ; opened[at] != n; at-- {
				of[opened[at]] = count
			}
			of[n] = count
			opened, count = opened[:at], count+1
		}
	}
	return of, nil
}

// cyclic returns, for each link, whether it is part of a cycle.
func (g links) cyclic(p *pace) ([]bool, error) {
	of, err := g.components(p)
	if err != nil {
		return nil, err
	}
	is := make([]bool, len(g.list))
	for i, l := range g.list {
		is[i] = of[l.from] == of[l.to]
	}
	return is, nil
}

// chains measures the chains of a graph without cycles: above and below are the numbers of links of the
// longest chain that ends at each node, and of the longest that begins there.
func (g links) chains(p *pace) (above, below []int32, err error) {
	of, err := g.components(p)
	if err != nil {
		return nil, nil, err
	}
	first, ends := g.adjacency()
	order := make([]int32, g.nodes) // without cycles, each node is a component
	for n, at := range of {
		order[at] = int32(n)
	}
	above, below = make([]int32, g.nodes), make([]int32, g.nodes)
	for _, n := range order {
		for _, to := range ends[first[n]:first[n+1]] {
			below[n] = max(below[n], below[to]+1)
		}
	}
	for _, n := range slices.Backward(order) {
		for _, to := range ends[first[n]:first[n+1]] {
			above[to] = max(above[to], above[n]+1)
		}
	}
	return above, below, nil
}

// closing returns, for each link, whether it closes a cycle: the links before it in the list lead from its
// end back to its start, or it leads back to its start itself. The last link of every cycle closes one.
func (g links) closing(p *pace) ([]bool, error) {
	closes, err := g.cyclic(p)
	if err != nil || !slices.Contains(closes, true) {
		return closes, err
	}
	s := closingSearch{pace: p, closes: closes, numbers: make([]int32, g.nodes)}
	list := make([]placedLink, 0, len(g.list))
	for i, l := range g.list {
		if closes[i] { // no cycle has any other link
			list = append(list, placedLink{l, i})
			closes[i] = false
		}
	}
	return closes, s.search(list, 0, len(g.list)-1)
}

// closingSearch finds the links that close a cycle by halving the list of links. A link that is part of a
// cycle in the first half became so by a link there; every other one by a link of the second half, for which
// each component of the first half is one node.
type closingSearch struct {
	pace    *pace
	closes  []bool
	numbers []int32 // scratch: the number of a node among those of the present links, from 1; 0 in between
}

// placedLink is a link and its place in the list.
type placedLink struct {
	link
	at int
}

// search decides about links of which each became part of a cycle by one of the places from low to high. It
// reorders the links and renumbers their nodes.
func (s *closingSearch) search(list []placedLink, low, high int) error {
	if len(list) == 0 {
		return nil
	}
	if low == high {
		for _, l := range list {
			s.closes[l.at] = l.at == low
		}
		return nil
	}
	half, middle := links{nodes: s.renumber(list)}, low+(high-low)/2
	for _, l := range list {
		if l.at <= middle {
			half.list = append(half.list, l.link)
		}
	}
	of, err := half.components(s.pace)
	if err != nil {
		return err
	}
	inFirst := 0
	for i, l := range list {
		if l.at <= middle && of[l.from] == of[l.to] {
			list[i], list[inFirst] = list[inFirst], l
			inFirst++
		} else {
			list[i].link = link{of[l.from], of[l.to]}
		}
	}
	if err := s.search(list[:inFirst], low, middle); err != nil {
		return err
	}
	return s.search(list[inFirst:], middle+1, high)
}

// renumber numbers the nodes of links from 0 and returns how many there are.
func (s *closingSearch) renumber(list []placedLink) int {
	var nodes []int32
	number := func(n *int32) {
		if s.numbers[*n] == 0 {
			nodes = append(nodes, *n)
			s.numbers[*n] = int32(len(nodes))
		}
		*n = s.numbers[*n] - 1
	}
	for i := range list {
		number(&list[i].from)
		number(&list[i].to)
	}
	for _, n := range nodes {
		s.numbers[n] = 0
	}
	return len(nodes)
}

// graphOf returns the graph of a map from each node to the nodes that it links to.
func graphOf[N comparable](links map[N][]N) graph[N] {
	return func(n N) []N { return links[n] }
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
