package table

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// holds compares a table with a plain map, both ways.
func holds(t *testing.T, what string, got Table[string, int], want map[string]int) {
	t.Helper()
	if got.Len() != len(want) {
		t.Fatalf("%s: %d texts, want %d", what, got.Len(), len(want))
	}
	for key, value := range want {
		if v := got.Find(key); v == nil || *v != value {
			t.Fatalf("%s: %q is %v, want %d", what, key, v, value)
		}
		if !slices.Contains(slices.Collect(maps.Keys(maps.Collect(got.WithHash(HashOf(key))))), key) {
			t.Fatalf("%s: %q isn't found by its hash", what, key)
		}
	}
	all := map[string]int{}
	for key, v := range got.All() {
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
	var now Table[string, int]
	want := map[string]int{}
	for round := range 400 {
		before, wanted := now, maps.Clone(want)
		edit := now.Edit()
		add := 1 + round%10 // grows and shrinks by turns, until it is empty again
		if round/50%2 == 1 {
			add = 0
		}
		for range r.IntN(200) {
			key := text()
			if r.IntN(10) < add {
				v := edit.Set(key)
				*v = r.Int()
				want[key] = *v
			} else {
				edit.Remove(key)
				delete(want, key)
			}
		}
		now = edit.Done()
		holds(t, "after the edit", now, want)
		holds(t, "what was before", before, wanted)
		if missing := text(); now.Find(missing) != nil && want[missing] == 0 {
			t.Fatalf("%q is there", missing)
		}
	}
}

// A table with many texts finds them all, through many splits.
func TestTableGrows(t *testing.T) {
	t.Parallel()
	edit := Table[string, int]{}.Edit()
	const n = 100_000
	for i := range n {
		*edit.Set(fmt.Sprint(i)) = i
	}
	now := edit.Done()
	for i := range n {
		if v := now.Find(fmt.Sprint(i)); v == nil || *v != i {
			t.Fatalf("%d is %v", i, v)
		}
	}
	pages := 0
	for range now.pages() {
		pages++
	}
	if places := len(now.directory) << now.depth(); now.Find("no number") != nil || pages*fullPage > 2*n || places > 8*pages {
		t.Errorf("%d texts are on %d pages in %d places", now.Len(), pages, places)
	}
}

// Finding allocates nothing, also where another look is needed.
func TestFindAllocatesNothing(t *testing.T) {
	edit := Table[string, int]{}.Edit()
	var texts [20_000]string
	for i := range texts {
		texts[i] = fmt.Sprint(i)
		if i%2 == 0 { // the others are not there
			edit.Set(texts[i])
		}
	}
	now, next := edit.Done(), 0
	allocated := testing.AllocsPerRun(len(texts)-1, func() {
		now.Find(texts[next])
		next++
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// Whatever texts have in common, their hashes spread: over the pages, and within them.
func TestHashesSpread(t *testing.T) {
	t.Parallel()
	const n = 50_000
	for name, text := range map[string]func(i int) string{
		"numbers":          func(i int) string { return fmt.Sprint(i) },
		"padded numbers":   func(i int) string { return fmt.Sprintf("%012d", i) },
		"numbers at first": func(i int) string { return fmt.Sprintf("%07d@users.example.com", i) },
		"numbers at last":  func(i int) string { return fmt.Sprintf("https://id.example.com/users/%d", i) },
		"sparse numbers":   func(i int) string { return fmt.Sprintf("%016x", uint64(i)<<40) },
		"two bytes": func(i int) string {
			return string([]byte{byte(i), byte(i >> 8)}) + "................................"
		},
		"bits":  func(i int) string { return fmt.Sprintf("%017b", i) },
		"UUIDs": func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) },
	} {
		seen := map[Hash]bool{}
		edit := Table[string, int]{}.Edit()
		for i := range n {
			seen[HashOf(text(i))] = true
			*edit.Set(text(i)) = i
		}
		if doubles := n - len(seen); doubles > n/500 { // 0.3 of a perfect hash; a dozen with one in hundreds of secrets
			t.Errorf("%s: %d hashes are the same", name, doubles)
		}
		pages, overfull := 0, 0
		now := edit.Done()
		for p := range now.pages() {
			pages++
			for i := range p.buckets {
				if p.buckets[i].tags.find(0) == 0 {
					overfull++
				}
			}
		}
		if perPage := n / pages; perPage < fullPage/2 || overfull > pages*bucketsPerPage/5 {
			t.Errorf("%s: %d texts to a page, %d of %d buckets are full", name, perPage, overfull, pages*bucketsPerPage)
		}
	}
}

// A bag of hashes is what a plain list of them is, doubles included.
func TestHashSetAgainstList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var now Set
	var want []Hash
	for round := range 300 {
		before, wanted := now, slices.Clone(want)
		var add, remove []Hash
		for range r.IntN(2000) {
			if growing := round/40%2 == 0; growing || len(want) == 0 || r.IntN(8) == 0 {
				add = append(add, Hash(r.IntN(10_000)))
			} else {
				i := r.IntN(len(want))
				remove = append(remove, want[i])
				want = slices.Delete(want, i, i+1)
			}
		}
		want = slices.Sorted(slices.Values(slices.Concat(want, add)))
		var fits bool
		if now, fits = now.Change(add, remove); !fits {
			t.Fatalf("round %d: it doesn't fit", round)
		}
		if got := slices.Concat(now.chunks...); !slices.Equal(got, want) || now.Len() != len(want) {
			t.Fatalf("round %d: %d hashes of size %d, want %d", round, len(got), now.Len(), len(want))
		}
		if got := slices.Collect(now.All()); !slices.Equal(got, slices.Compact(slices.Clone(want))) {
			t.Fatalf("round %d: all yields %d", round, len(got))
		}
		if got := slices.Concat(before.chunks...); !slices.Equal(got, wanted) {
			t.Fatalf("round %d: the set before the change was changed", round)
		}
		for _, chunk := range now.chunks {
			if len(chunk) == 0 || len(chunk) > maxChunk {
				t.Fatalf("round %d: a chunk of %d", round, len(chunk))
			}
		}
		if _, fits := now.Change(nil, []Hash{20_000}); fits {
			t.Fatal("what isn't in it was removed")
		}
	}
}

func textOfAnyLength(r *rand.Rand, n int) string {
	i := r.IntN(n)
	s := fmt.Sprint(i)
	switch i % 5 {
	case 0:
		return s
	case 1:
		return strings.Repeat("x", 22-len(s)) + s // 22
	case 2:
		return strings.Repeat("x", 23-len(s)) + s // 23
	case 3:
		return strings.Repeat("y", 24-len(s)) + s // 24
	}
	return strings.Repeat("语", 30) + s
}

// Several edits of one table, of texts of every length, leave it and one another alone.
func TestEditsOfOneTable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	type version struct {
		table Table[string, int]
		want  map[string]int
	}
	versions := []version{{want: map[string]int{}}}
	for round := range 600 {
		base := versions[r.IntN(len(versions))]
		edit, want := base.table.Edit(), maps.Clone(base.want)
		for range r.IntN(60) {
			key := textOfAnyLength(r, 1200)
			if r.IntN(3) > 0 {
				*edit.Set(key) = round
				want[key] = round
			} else {
				edit.Remove(key)
				delete(want, key)
			}
		}
		versions = append(versions, version{edit.Done(), want})
		if len(versions) > 40 {
			versions = versions[10:]
		}
		if round%20 == 0 {
			for _, v := range versions {
				holds(t, fmt.Sprint("round ", round), v.table, v.want)
			}
		}
	}
}
