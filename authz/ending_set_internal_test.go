package authz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// A set of ends has the same ends as a map after random changes, in order; the sets before them are as they were.
func TestEndingSet(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	some := func(most int) []ending {
		set := map[ending]bool{}
		from := Until(r.IntN(40))
		for range r.IntN(most) {
			set[ending{from + Until(r.IntN(3)), UserID(fmt.Sprint("u", r.IntN(300))), groupID(1 + r.IntN(3))}] = true
		}
		return slices.SortedFunc(maps.Keys(set), ending.compare)
	}
	type version struct {
		set  endingSet
		want []ending
	}
	versions := []version{{}}
	for range 400 {
		before := versions[r.IntN(len(versions))]
		remove, add, most := some(50), some(50), 1
		if r.IntN(10) == 0 {
			most = 2000
		}
		remove, add = append(remove, some(most)...), append(add, some(most)...)
		slices.SortFunc(remove, ending.compare)
		slices.SortFunc(add, ending.compare)
		remove, add = slices.Compact(remove), slices.Compact(add)
		model := map[ending]bool{}
		for _, n := range before.want {
			model[n] = true
		}
		for _, n := range remove {
			delete(model, n)
		}
		for _, n := range add {
			model[n] = true
		}
		versions = append(versions, version{before.set.change(remove, add), slices.SortedFunc(maps.Keys(model), ending.compare)})
	}
	for _, v := range versions {
		if got := slices.Collect(v.set.all); !slices.Equal(got, v.want) || v.set.size != len(v.want) {
			t.Fatalf("it has %d ends, said to be %d, not %d", len(got), v.set.size, len(v.want))
		}
		for i, chunk := range v.set.chunks {
			if len(chunk) == 0 || len(chunk) > maxEndingChunk {
				t.Fatalf("chunk %d has %d ends", i, len(chunk))
			}
		}
		if most := 2 + 4*v.set.size/maxEndingChunk*2; len(v.set.chunks) > most {
			t.Errorf("%d chunks for %d ends", len(v.set.chunks), v.set.size)
		}
		other := versions[r.IntN(len(versions))]
		for _, n := range some(50) {
			if _, want := slices.BinarySearchFunc(v.want, n, ending.compare); v.set.has(n) != want {
				t.Errorf("has %v: %v", n, !want)
			}
		}
		want := slices.DeleteFunc(slices.Clone(v.want), other.set.has)
		if got := slices.Collect(v.set.minus(other.set)); !slices.Equal(got, want) {
			t.Errorf("%d ends are only in one of two sets, not %d", len(got), len(want))
		}
		now, most := Until(r.IntN(45)), r.IntN(1000)
		want = slices.DeleteFunc(slices.Clone(v.want), func(n ending) bool { return n.until > now })
		if got := v.set.due(now, most); !slices.Equal(got, want[:min(most, len(want))]) {
			t.Errorf("%d ends are due, not %d", len(got), len(want))
		}
	}
}

// A change and a comparison of large sets cost what they alter, and not all that the sets share.
func TestEndingSetsShareWhatStays(t *testing.T) {
	t.Parallel()
	list := make([]ending, 50*maxEndingChunk)
	for i := range list {
		list[i] = ending{Until(1 + i/100), UserID(fmt.Sprintf("u%06d", i)), 1}
	}
	set := newEndingSet(list)
	for what, change := range map[string]struct{ remove, add []ending }{
		"some of the first": {list[:500], nil},
		"one in the middle": {list[10_000:10_001], []ending{{101, "zoe", 1}}},
		"one after all":     {nil, []ending{{1 << 40, "zoe", 1}}},
	} {
		next := set.change(change.remove, change.add)
		shared := map[*ending]bool{}
		for _, chunk := range set.chunks {
			shared[&chunk[0]] = true
		}
		copied := 0
		for _, chunk := range next.chunks {
			if !shared[&chunk[0]] {
				copied += len(chunk)
			}
		}
		if copied > 3*maxEndingChunk {
			t.Errorf("%s: %d ends were copied", what, copied)
		}
	}
}
