package authz

import (
	"iter"
	"slices"
)

// numberSet is an immutable set of numbers in ascending order, cut into chunks: an update
// copies the chunks that it touches and shares the others.
type numberSet struct {
	chunks [][]uint32 // none of them empty
	size   int
}

// A chunk is cut in two when it grows past this.
const maxChunk = 1024

func (s numberSet) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, chunk := range s.chunks {
			for _, n := range chunk {
				if !yield(n) {
					return
				}
			}
		}
	}
}

// change returns the set with some numbers more and others less. What is in already, or
// isn't, must not be in the lists.
func (s numberSet) change(add, remove []uint32) numberSet {
	slices.Sort(add)
	slices.Sort(remove)
	next := numberSet{size: s.size + len(add) - len(remove), chunks: make([][]uint32, 0, len(s.chunks)+1)}
	for i, chunk := range s.chunks {
		var adds, removes []uint32
		if i == len(s.chunks)-1 {
			adds, add = add, nil
		} else {
			adds, add = cutBefore(add, s.chunks[i+1][0])
		}
		removes, remove = cutThrough(remove, chunk[len(chunk)-1])
		next.put(merge(chunk, adds, removes))
	}
	next.put(add) // of a set that was empty
	return next
}

// cutBefore cuts a sorted list where the numbers from the limit on begin.
func cutBefore(list []uint32, limit uint32) (below, rest []uint32) {
	at, _ := slices.BinarySearch(list, limit)
	return list[:at], list[at:]
}

func cutThrough(list []uint32, last uint32) (upTo, rest []uint32) {
	at, found := slices.BinarySearch(list, last)
	if found {
		at++
	}
	return list[:at], list[at:]
}

// merge returns a sorted chunk with some numbers more and others less: the chunk itself
// where there are none.
func merge(chunk, add, remove []uint32) []uint32 {
	if len(add) == 0 && len(remove) == 0 {
		return chunk
	}
	merged := make([]uint32, 0, len(chunk)+len(add)-len(remove))
	for _, n := range chunk {
		for len(add) > 0 && add[0] < n {
			merged, add = append(merged, add[0]), add[1:]
		}
		if len(remove) > 0 && remove[0] == n {
			remove = remove[1:]
			continue
		}
		merged = append(merged, n)
	}
	return append(merged, add...)
}

// put adds a chunk at the end, in pieces where it is too large for one.
func (s *numberSet) put(chunk []uint32) {
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
