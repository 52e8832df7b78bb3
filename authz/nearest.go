package authz

import (
	"cmp"
	"slices"
)

// nearIndex finds the declared permissions that are spelled like an unknown name. Comparing the name with
// each of them would take time in proportion to the catalog, for each unknown name of a request. The index
// lists the permissions by their trigrams; only those that share the most with the name are compared.
type nearIndex struct {
	names []string            // the permissions, in the order of the catalog
	sizes []int32             // how many trigrams each name has
	lists map[trigram][]int32 // indexes of the names that have a trigram, in order
}

// trigram is three code points in a row, of 21 bits each. Zeros stand before the first and after the last.
type trigram uint64

func newNearIndex(names []string) *nearIndex {
	x := &nearIndex{names: names, sizes: make([]int32, len(names)), lists: map[trigram][]int32{}}
	var set []trigram
	for i, name := range names {
		set = appendTrigrams(set[:0], name)
		for _, t := range set {
			x.lists[t] = append(x.lists[t], int32(i))
		}
		x.sizes[i] = int32(len(set))
	}
	return x
}

// appendTrigrams appends the trigrams of a text, each once.
func appendTrigrams(list []trigram, text string) []trigram {
	const three = 1<<63 - 1
	var t trigram
	for _, r := range text {
		t = (t<<21 | trigram(r)) & three
		list = append(list, t)
	}
	list = append(list, t<<21&three, t<<42&three)
	slices.Sort(list)
	return slices.Compact(list)
}

// The bounds of the work for suggestions. Steps are entries of the lists of an [nearIndex] and cells of the
// table for an edit distance; each takes some nanoseconds.
const (
	maxSuggestions = 100     // unknown names of one request that get suggestions
	maxNearSteps   = 4 << 20 // for all of them
	maxNearEntries = 30_000  // for one of them
	maxCompared    = 24      // how many names are compared with one
	maxEdits       = 24      // in a name that is suggested
)

// suggester suggests permissions for the unknown names of one request. When it has used up its steps, it
// suggests nothing. The zero value is ready for use.
type suggester struct {
	names, steps int

	shared        []int32 // by name of the index: how many trigrams it shares with the present name; all 0 in between
	found         []int32 // the names that share any
	row           []int
	runes, others []rune
	set           []trigram
}

// nearName is the index of a name, and its edit distance.
type nearName struct {
	name     int32
	distance int
}

// nearest returns up to three permissions of the index with the least edit distance from p, nearest first,
// then in the order of the catalog. The distance is in code points, and at most a third of p's length.
func (s *suggester) nearest(x *nearIndex, p string) []string {
	if s.names++; s.names > maxSuggestions || s.steps > maxNearSteps {
		return nil
	}
	s.runes = append(s.runes[:0], []rune(p)...)
	limit := min(max(2, len(s.runes)/3), maxEdits)
	var best []nearName
	for _, name := range s.mostAlike(x, p) {
		s.others = append(s.others[:0], []rune(x.names[name])...)
		if d := s.distance(limit); d <= limit {
			best = append(best, nearName{name, d})
			slices.SortFunc(best, func(a, b nearName) int {
				return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
			})
			best = best[:min(3, len(best))]
			if len(best) == 3 {
				limit = best[2].distance
			}
		}
	}
	list := make([]string, len(best))
	for i, n := range best {
		list[i] = x.names[n.name]
	}
	return list
}

// mostAlike returns the names of the index whose sets of trigrams are most alike to those of a text, by the
// coefficient of Dice. It looks at the rarest trigrams first, since they tell the most.
func (s *suggester) mostAlike(x *nearIndex, text string) []int32 {
	s.set = appendTrigrams(s.set[:0], text)
	slices.SortFunc(s.set, func(a, b trigram) int {
		return cmp.Or(cmp.Compare(len(x.lists[a]), len(x.lists[b])), cmp.Compare(a, b))
	})
	if len(s.shared) < len(x.names) {
		s.shared = make([]int32, len(x.names))
	}
	entries := 0
	for _, t := range s.set {
		list := x.lists[t]
		if entries += len(list); entries > maxNearEntries {
			break
		}
		for _, name := range list {
			if s.shared[name] == 0 {
				s.found = append(s.found, name)
			}
			s.shared[name]++
		}
	}
	s.steps += min(entries, maxNearEntries)
	size := int32(len(s.set))
	alike := func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.shared[b]*(size+x.sizes[a]), s.shared[a]*(size+x.sizes[b])), cmp.Compare(a, b))
	}
	best := make([]int32, 0, maxCompared+1)
	for _, name := range s.found {
		if len(best) < maxCompared || alike(name, best[maxCompared-1]) < 0 {
			at, _ := slices.BinarySearchFunc(best, name, alike)
			best = slices.Insert(best, at, name)
			best = best[:min(len(best), maxCompared)]
		}
	}
	for _, name := range s.found {
		s.shared[name] = 0
	}
	s.found = s.found[:0]
	return best
}

// distance returns the Levenshtein distance of runes and others if it is at most limit, otherwise a greater
// number. It computes only the cells near the diagonal (Ukkonen, 1985).
func (s *suggester) distance(limit int) int {
	a, b, far := s.runes, s.others, limit+1
	if n := len(a) - len(b); max(n, -n) > limit {
		return far
	}
	s.row = s.row[:0]
	for j := range len(b) + 1 {
		s.row = append(s.row, min(j, far))
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		diagonal, left, least := s.row[from-1], far, far
		if i <= limit {
			left, least = i, i
			s.row[0] = i
		}
		for j := from; j <= to; j++ {
			d := diagonal
			if a[i-1] != b[j-1] {
				d = min(1+min(diagonal, left, s.row[j]), far)
			}
			diagonal, s.row[j], left = s.row[j], d, d
			least = min(least, d)
		}
		if s.steps += to - from + 1; least == far {
			return far
		}
	}
	return s.row[len(b)]
}
