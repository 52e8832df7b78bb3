package authz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// holds compares a table with a plain map, both ways.
func holds(t *testing.T, what string, got table[string, int], want map[string]int) {
	t.Helper()
	if got.size != len(want) {
		t.Fatalf("%s: %d texts, want %d", what, got.size, len(want))
	}
	numbers := map[uint32]bool{}
	for key, value := range want {
		number, there := got.lookup(key)
		v := got.find(key)
		if !there || v == nil || *v != value || numbers[number] || got.record(number).key != key {
			t.Fatalf("%s: %q is %v under number %d, want %d", what, key, v, number, value)
		}
		numbers[number] = true
	}
	all := map[string]int{}
	for key, v := range got.all() {
		all[key] = *v
	}
	if !maps.Equal(all, want) {
		t.Fatalf("%s: all yields %d texts, want %d", what, len(all), len(want))
	}
}

// A table is what a plain map is, after any number of edits of any size, and what it was
// before an edit stays.
func TestTableAgainstMap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	text := func() string { return fmt.Sprint(r.IntN(3000)) }
	var now table[string, int]
	want := map[string]int{}
	for round := range 400 {
		before, wanted := now, maps.Clone(want)
		edit := now.edit()
		add := 1 + round%10 // grows and shrinks by turns, until it is empty again
		if round/50%2 == 1 {
			add = 0
		}
		for range r.IntN(200) {
			key := text()
			if r.IntN(10) < add {
				_, v := edit.set(key)
				*v = r.Int()
				want[key] = *v
			} else {
				edit.remove(key)
				delete(want, key)
			}
		}
		now = edit.done()
		holds(t, "after the edit", now, want)
		holds(t, "what was before", before, wanted)
		if missing := text(); now.find(missing) != nil && want[missing] == 0 {
			t.Fatalf("%q is there", missing)
		}
	}
}

// Numbers stay, and those of removed texts are given again: the records don't grow by churn.
func TestTableNumbers(t *testing.T) {
	t.Parallel()
	edit := table[string, int]{}.edit()
	first, _ := edit.set("stays")
	for i := range 100_000 {
		text := fmt.Sprint(i)
		edit.set(text)
		edit.remove(text)
	}
	if again, _ := edit.set("stays"); again != first {
		t.Errorf("the number became %d, was %d", again, first)
	}
	if len(edit.records) != 1 || len(edit.index) != 1 {
		t.Errorf("%d pages of records and %d of the index", len(edit.records), len(edit.index))
	}
}

func TestNumberSetAgainstMap(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var now numberSet
	want := map[uint32]bool{}
	for round := range 300 {
		before, wanted := now, slices.Sorted(maps.Keys(want))
		var add, remove []uint32
		for range r.IntN(2000) {
			n := uint32(r.IntN(20_000))
			switch listed := slices.Contains(add, n) || slices.Contains(remove, n); {
			case listed:
			case want[n] && (round/40%2 == 1 || r.IntN(4) == 0):
				remove = append(remove, n)
			case !want[n] && (round/40%2 == 0 || r.IntN(8) == 0):
				add = append(add, n)
			}
		}
		for _, n := range add {
			want[n] = true
		}
		for _, n := range remove {
			delete(want, n)
		}
		if round%5 == 0 && len(remove) > 0 { // out and in again is no change
			add = append(add, remove[0])
			want[remove[0]] = true
		}
		now = now.change(add, remove)
		if got := slices.Collect(now.all()); !slices.Equal(got, slices.Sorted(maps.Keys(want))) || now.size != len(want) {
			t.Fatalf("round %d: %d numbers of size %d, want %d", round, len(got), now.size, len(want))
		}
		if got := slices.Collect(before.all()); !slices.Equal(got, wanted) {
			t.Fatalf("round %d: the set before the change was changed", round)
		}
		for _, chunk := range now.chunks {
			if len(chunk) == 0 || len(chunk) > maxChunk {
				t.Fatalf("round %d: a chunk of %d", round, len(chunk))
			}
		}
	}
}

// A lexicon doesn't keep for good what no rule names any more.
func TestLexiconIsRenewed(t *testing.T) {
	t.Parallel()
	s := emptySnapshot([]Permission{"declared:view"})
	apply := func(d Delta) {
		t.Helper()
		next, err := s.apply(Change{Revision: s.revision + 1, Delta: d})
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	wild := Rule{Kind: KindGrant, Holder: "group:Desk", Pattern: "kept.*:view"}
	own := Rule{Kind: KindGrant, Holder: "ben", Pattern: "own:view"}
	apply(Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: "Desk"}}},
		Added:  []Rule{wild, own, {Kind: KindMember, Holder: "ana", Group: "Desk"}},
	})
	for i := range 5000 {
		passing := Rule{Kind: KindGrant, Holder: "group:Desk", Pattern: Pattern(fmt.Sprintf("record%d.*:view", i))}
		if i%2 == 0 {
			passing.Pattern = Pattern(fmt.Sprintf("record%d:view", i))
		}
		apply(Delta{Added: []Rule{passing}})
		if p := Permission(fmt.Sprintf("record%d.x:view", i)); s.can("ana", p) != (i%2 == 1) {
			t.Fatalf("%q is %v", p, i%2 == 0)
		}
		apply(Delta{Removed: []Rule{passing}})
		if !s.can("ana", "kept.a:view") || s.can("ana", "keptless:view") || !s.can("ben", "own:view") || s.can("ben", "kept.a:view") {
			t.Fatalf("round %d: what stayed isn't as it was", i)
		}
	}
	if n := s.lexicon.texts.size + s.lexicon.names.size; n > 5000 {
		t.Errorf("%d texts and names are kept for two rules", n)
	}
	if s.lexicon.names.find("declared:view") == nil {
		t.Error("what the catalogue declares lost its name")
	}
}
