package table

import (
	"iter"
	"slices"
	"sort"
)

// hashSet is an immutable bag of users by their hashes, in ascending order and cut into
// chunks: an update copies the chunks that it touches and shares the others. Whom a hash
// stands for, the table of users says.
type Set struct {
	chunks [][]Hash // none of them empty
	size   int
}

// Len returns the number of members.
func (s Set) Len() int { return s.size }

// A chunk is cut in two when it grows past this.
const maxChunk = 1024

// all yields the hashes, each once.
func (s Set) All() iter.Seq[Hash] {
	return func(yield func(Hash) bool) {
		last, any := Hash(0), false
		for _, chunk := range s.chunks {
			for _, h := range chunk {
				if any && h == last {
					continue
				}
				if last, any = h, true; !yield(h) {
					return
				}
			}
		}
	}
}

// change returns the set with some hashes more and others less. It is false where one of the
// others isn't in the set.
func (s Set) Change(add, remove []Hash) (Set, bool) {
	if len(add) == 0 && len(remove) == 0 {
		return s, true
	}
	slices.Sort(add)
	slices.Sort(remove)
	next := Set{size: s.size + len(add) - len(remove), chunks: make([][]Hash, 0, len(s.chunks)+1)}
	rest := s.chunks
	for len(rest) > 0 && len(add)+len(remove) > 0 {
		untouched := chunkOf(rest, add, remove)
		next.chunks, rest = append(next.chunks, rest[:untouched]...), rest[untouched:]
		here := add
		if len(rest) > 1 {
			here = add[:countBelow(add, rest[1][0])]
		}
		var chunk []Hash
		chunk, remove = merge(rest[0], here, remove)
		next.put(chunk)
		add, rest = add[len(here):], rest[1:]
	}
	next.chunks = append(next.chunks, rest...)
	next.put(add) // of a set that was empty
	return next, len(remove) == 0
}

// chunkOf returns the chunk that the least of the hashes to be added and removed is for.
func chunkOf(chunks [][]Hash, add, remove []Hash) int {
	least := ^Hash(0)
	for _, list := range [][]Hash{add, remove} {
		if len(list) > 0 {
			least = min(least, list[0])
		}
	}
	n := sort.Search(len(chunks), func(i int) bool { return chunks[i][0] >= least })
	if n > 0 && chunks[n-1][len(chunks[n-1])-1] >= least || n == len(chunks) {
		n--
	}
	return n
}

// countBelow returns how many hashes of a sorted list are less than a limit.
func countBelow(list []Hash, limit Hash) int {
	n, _ := slices.BinarySearch(list, limit)
	return n
}

// merge returns a sorted chunk with some hashes more and others less, the chunk itself where
// there are none, and what remains to be removed.
func merge(chunk, add, remove []Hash) (merged, rest []Hash) {
	if len(add) == 0 && (len(remove) == 0 || remove[0] > chunk[len(chunk)-1]) {
		return chunk, remove
	}
	merged = make([]Hash, 0, len(chunk)+len(add))
	for _, h := range chunk {
		for len(add) > 0 && add[0] < h {
			merged, add = append(merged, add[0]), add[1:]
		}
		if len(remove) > 0 && remove[0] == h {
			remove = remove[1:]
			continue
		}
		merged = append(merged, h)
	}
	return append(merged, add...), remove
}

// put adds a chunk at the end, in pieces where it is too large for one.
func (s *Set) put(chunk []Hash) {
	if len(chunk) == 0 {
		return
	}
	if len(chunk) <= maxChunk {
		s.chunks = append(s.chunks, chunk)
		return
	}
	for piece := range slices.Chunk(chunk, maxChunk/2) {
		s.chunks = append(s.chunks, slices.Clone(piece))
	}
}
