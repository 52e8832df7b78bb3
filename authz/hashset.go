package authz

import (
	"iter"
	"slices"
)

// hashSet is an immutable bag of users by their hashes, in ascending order and cut into
// chunks: an update copies the chunks that it touches and shares the others. Whom a hash
// stands for, the table of users says.
type hashSet struct {
	chunks [][]textHash // none of them empty
	size   int
}

// A chunk is cut in two when it grows past this.
const maxChunk = 1024

// all yields the hashes, each once.
func (s hashSet) all() iter.Seq[textHash] {
	return func(yield func(textHash) bool) {
		last, any := textHash(0), false
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

// change returns the set with some hashes more and others, which must be in it, less.
func (s hashSet) change(add, remove []textHash) hashSet {
	if len(add) == 0 && len(remove) == 0 {
		return s
	}
	slices.Sort(add)
	slices.Sort(remove)
	next := hashSet{size: s.size + len(add) - len(remove), chunks: make([][]textHash, 0, len(s.chunks)+1)}
	for i, chunk := range s.chunks {
		here := add
		if i < len(s.chunks)-1 {
			here = add[:below(add, s.chunks[i+1][0])]
		}
		add = add[len(here):]
		chunk, remove = merge(chunk, here, remove)
		next.put(chunk)
	}
	next.put(add) // of a set that was empty
	return next
}

// below returns how many hashes of a sorted list are less than a limit.
func below(list []textHash, limit textHash) int {
	n, _ := slices.BinarySearch(list, limit)
	return n
}

// merge returns a sorted chunk with some hashes more and others less, the chunk itself where
// there are none, and what remains to be removed.
func merge(chunk, add, remove []textHash) (merged, rest []textHash) {
	if len(add) == 0 && (len(remove) == 0 || remove[0] > chunk[len(chunk)-1]) {
		return chunk, remove
	}
	merged = make([]textHash, 0, len(chunk)+len(add))
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
func (s *hashSet) put(chunk []textHash) {
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
