package table

import (
	"iter"
	"slices"
	"sort"
)

// Set is an immutable multiset of keys, stored as their hashes. The hashes are in ascending order, in
// chunks: an update copies the chunks that it changes and shares the others. [Table.WithHash] finds the keys
// of a hash. The zero value is an empty set.
type Set struct {
	chunks [][]Hash // none of them empty
	size   int
}

// Len returns the number of keys.
func (s Set) Len() int { return s.size }

// maxChunk is the size at which a chunk is split.
const maxChunk = 1024

// All yields the hashes in ascending order, each once.
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

// Change returns the set after adding some hashes and removing others. It returns false if a hash to remove
// isn't in the set. It sorts its arguments.
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
	next.put(add) // if the set was empty
	return next, len(remove) == 0
}

// chunkOf returns the index of the chunk for the least of the hashes to add and remove.
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

// merge returns a sorted chunk after adding some hashes and removing others, and the hashes that remain to be
// removed. It returns the chunk itself if nothing changes.
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

// put appends a chunk, and splits it if it is too large.
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
