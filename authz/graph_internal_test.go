package authz

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// leads reports whether links lead from one node to another; every node reaches itself.
func leads(list []link, from, to int32) bool {
	reached := map[int32]bool{from: true}
	for again := true; again; {
		again = false
		for _, l := range list {
			if reached[l.from] && !reached[l.to] {
				reached[l.to], again = true, true
			}
		}
	}
	return reached[to]
}

func randomLinks(r *rand.Rand) links {
	g := links{nodes: 1 + r.IntN(8)}
	for range r.IntN(14) {
		g.list = append(g.list, link{int32(r.IntN(g.nodes)), int32(r.IntN(g.nodes))})
	}
	return g
}

// Which links are part of a cycle, which close one, and how long the chains are, is as one link after the
// other says.
func TestLinks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 3))
	closed := 0
	for range 20_000 {
		g := randomLinks(r)
		cyclic, err := g.cyclic(nil)
		if err != nil {
			t.Fatal(err)
		}
		closing, err := g.closing(nil)
		if err != nil {
			t.Fatal(err)
		}
		rest := links{nodes: g.nodes}
		for i, l := range g.list {
			if want := leads(g.list, l.to, l.from); cyclic[i] != want {
				t.Fatalf("%v: link %d is part of a cycle: %v", g.list, i, cyclic[i])
			}
			if want := leads(g.list[:i], l.to, l.from); closing[i] != want {
				t.Fatalf("%v: link %d closes a cycle: %v", g.list, i, closing[i])
			}
			if closing[i] {
				closed++
			} else {
				rest.list = append(rest.list, l)
			}
		}
		checkLengths(t, rest)
	}
	if closed < 1000 {
		t.Errorf("%d links closed a cycle; the test sees too little", closed)
	}
}

func checkLengths(t *testing.T, g links) {
	t.Helper()
	above, below, err := g.chains(nil)
	if err != nil {
		t.Fatal(err)
	}
	wantAbove, wantBelow := make([]int32, g.nodes), make([]int32, g.nodes)
	for range g.nodes {
		for _, l := range g.list {
			wantAbove[l.to] = max(wantAbove[l.to], wantAbove[l.from]+1)
			wantBelow[l.from] = max(wantBelow[l.from], wantBelow[l.to]+1)
		}
	}
	if !slices.Equal(above, wantAbove) || !slices.Equal(below, wantBelow) {
		t.Fatalf("%v: above %v, want %v; below %v, want %v", g.list, above, wantAbove, below, wantBelow)
	}
}

// A chain of links in any order takes work in proportion to its length, and memory of the heap alone: no
// recursion follows it (A2).
func TestWorkOnLinksFollowsTheirNumber(t *testing.T) {
	WithoutRaces(t)
	t.Parallel()
	for name, shape := range map[string]func(n int) links{
		"a chain":                  func(n int) links { return chainOf(n, false) },
		"a chain in reverse order": func(n int) links { return chainOf(n, true) },
		"a ring": func(n int) links {
			g := chainOf(n, true)
			g.list = append(g.list, link{int32(n), 0})
			return g
		},
		"many rings": func(n int) links {
			g := links{nodes: n}
			for i := range int32(n / 2) {
				g.list = append(g.list, link{2 * i, 2*i + 1}, link{2*i + 1, 2 * i})
			}
			return g
		},
		"layers": func(n int) links {
			g := links{nodes: n}
			for i := range int32(n - 20) {
				for j := range int32(10) {
					g.list = append(g.list, link{i, i + 10 - i%10 + j})
				}
			}
			return g
		},
	} {
		const n = 20_000
		work := func(n int) uint {
			g, p := shape(n), newPace(t.Context())
			if _, err := g.closing(p); err != nil {
				t.Fatal(err)
			}
			return p.steps
		}
		if once, twice := work(n), work(2*n); twice > 5*once/2 || once == 0 {
			t.Errorf("%s: %d steps for %d nodes, %d for twice as many", name, once, n, twice)
		}
	}
}

func chainOf(n int, reverse bool) links {
	g := links{nodes: n + 1}
	for i := range int32(n) {
		g.list = append(g.list, link{i, i + 1})
	}
	if reverse {
		slices.Reverse(g.list)
	}
	return g
}

// Work on links ends with its context.
func TestWorkOnLinksIsCanceled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := chainOf(1000, true)
	g.list = append(g.list, link{1000, 0})
	_, _, chains := g.chains(newPace(ctx))
	_, closing := g.closing(newPace(ctx))
	if !errors.Is(chains, context.Canceled) || !errors.Is(closing, context.Canceled) {
		t.Error(chains, closing)
	}
}
