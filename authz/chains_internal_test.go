package authz

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// inherits parses "A>B" as A inherits B.
func inherits(texts ...string) (list []Rule) {
	for _, text := range texts {
		list = append(list, Rule{Kind: KindInherit, Subject: GroupName(text[:1]).Subject(), Group: GroupName(text[2:])})
	}
	return list
}

func faultsOf(t *testing.T, list []Rule) map[Rule]linkFault {
	t.Helper()
	faults, err := linkFaults(nil, list)
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

// All links of a cycle are faulty, and of a chain that is too long; links that only lead there aren't.
func TestLinkFaults(t *testing.T) {
	t.Parallel()
	chain := inherits("A>B", "B>C", "C>D", "D>E", "E>F", "F>G", "G>H", "H>I")
	tooLong := func(link string) []Rule { return append(inherits(link), chain...) }
	for name, c := range map[string]struct {
		links          []Rule
		cycles, chains int
	}{
		"nothing":              {nil, 0, 0},
		"itself":               {inherits("A>A", "A>B"), 1, 0},
		"two":                  {inherits("A>B", "B>A", "C>A", "B>D"), 2, 0},
		"two that meet":        {inherits("A>B", "B>A", "B>C", "C>B"), 4, 0},
		"two that are linked":  {inherits("A>B", "B>A", "B>C", "C>D", "D>C"), 4, 0},
		"eight links":          {chain, 0, 0},
		"nine":                 {tooLong("I>J"), 0, 9},
		"nine, from above":     {tooLong("Z>A"), 0, 9},
		"nine and a way round": {append(tooLong("Z>A"), inherits("Z>I", "X>B")...), 0, 9},
		"over a cycle":         {append(inherits("I>J", "J>I"), chain...), 2, 0},
	} {
		rand.Shuffle(len(c.links), func(i, j int) { c.links[i], c.links[j] = c.links[j], c.links[i] })
		cycles, chains := 0, 0
		for _, fault := range faultsOf(t, c.links) {
			if fault.cycle {
				cycles++
			} else if fault.chain == 9 {
				chains++
			}
		}
		if cycles != c.cycles || chains != c.chains {
			t.Errorf("%s: %d on cycles and %d in chains", name, cycles, chains)
		}
	}
}

// What is found is what a search of all paths finds.
func TestLinkFaultsMatchASearch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 3 + r.IntN(12)
		gives, all := map[Subject][]GroupName{}, map[Rule]bool{}
		for range r.IntN(2 * n) {
			from := r.IntN(n)
			to := min(n-1, from+1)
			if r.IntN(4) == 0 {
				to = r.IntN(n)
			}
			link := Rule{Kind: KindInherit, Subject: GroupName(fmt.Sprint(from)).Subject(), Group: GroupName(fmt.Sprint(to))}
			if !all[link] {
				gives[link.Subject] = append(gives[link.Subject], link.Group)
			}
			all[link] = true
		}
		list := make([]Rule, 0, len(all))
		for link := range all {
			list = append(list, link)
		}
		reaches := func(from, to Subject) bool {
			return graph[Subject](func(s Subject) (next []Subject) {
				for _, g := range gives[s] {
					next = append(next, g.Subject())
				}
				return next
			}).reaches(from, to)
		}
		onCycle := func(link Rule) bool { return reaches(link.Group.Subject(), link.Subject) }
		var longest func(s Subject, down bool) int
		longest = func(s Subject, down bool) (most int) {
			for link := range all {
				here, there := link.Subject, link.Group.Subject()
				if !down {
					here, there = there, here
				}
				if here == s && !onCycle(link) {
					most = max(most, 1+longest(there, down))
				}
			}
			return most
		}
		faults := faultsOf(t, list)
		for link := range all {
			want := linkFault{cycle: onCycle(link)}
			if n := longest(link.Subject, false) + 1 + longest(link.Group.Subject(), true); !want.cycle && n > maxInheritance {
				want.chain = n
			}
			if faults[link] != want {
				t.Fatalf("seed %d: %v is %+v, want %+v", seed, link, faults[link], want)
			}
		}
	}
}

// A chain of a million links in the worst order takes seconds, and no stack.
func TestLinkFaultsAreLinear(t *testing.T) {
	t.Parallel()
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	list := make([]Rule, 0, n)
	for i := n; i > 0; i-- {
		list = append(list, Rule{Kind: KindInherit, Subject: GroupName(fmt.Sprint(i)).Subject(), Group: GroupName(fmt.Sprint(i - 1))})
	}
	start := time.Now()
	if faults := faultsOf(t, list); len(faults) != n || faults[list[0]].chain != n {
		t.Errorf("%d faults", len(faults))
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
