package authz

import (
	"cmp"
	"iter"
	"slices"
)

// ending is one end of a membership.
type ending struct {
	until Until
	user  UserID
	group groupID
}

// holds reports whether the membership is in a policy and has this end.
func (n ending) holds(s *snapshot) bool {
	return s.endsOf(n.user).of(n.group) == n.until && s.user(n.user).in(n.group)
}

func (n ending) compare(other ending) int {
	return cmp.Or(cmp.Compare(n.until, other.until), cmp.Compare(n.user, other.user), cmp.Compare(n.group, other.group))
}

func (n ending) rule(s *snapshot) Rule {
	return Rule{Kind: KindMember, Subject: n.user.subject(), Group: s.groups[n.group].info.Name}
}

// numberedAs returns the end with the id that its group in one policy has in another; false if that lacks the group.
func (n ending) numberedAs(from, to *snapshot) (ending, bool) {
	if from.numbering == to.numbering {
		return n, true
	}
	if g := from.groups[n.group]; g != nil {
		if other := to.group(g.info.Name); other != nil {
			n.group = other.id
			return n, true
		}
	}
	return ending{}, false
}

// endingSet is an immutable set of ends in their order, the earliest first. A change copies the chunks that it alters
// and shares the others. The zero value is empty.
type endingSet struct {
	chunks [][]ending // none of them empty
	size   int
}

// maxEndingChunk is the size at which a chunk is split.
const maxEndingChunk = 512

// newEndingSet returns the set of some ends, in their order.
func newEndingSet(list []ending) endingSet { return endingSet{}.change(nil, list) }

// all yields the ends in their order.
func (s endingSet) all(yield func(ending) bool) {
	for _, chunk := range s.chunks {
		for _, n := range chunk {
			if !yield(n) {
				return
			}
		}
	}
}

// due returns the ends that have come by a time, in their order and at most so many.
func (s endingSet) due(now Until, most int) (list []ending) {
	for n := range s.all {
		if n.until > now || len(list) == most {
			break
		}
		list = append(list, n)
	}
	return list
}

func (s endingSet) has(n ending) bool {
	if s.size == 0 {
		return false
	}
	_, found := slices.BinarySearchFunc(s.chunks[chunkOf(s.chunks, n)], n, ending.compare)
	return found
}

// chunkOf returns the index of the chunk in which an end is, or would be.
func chunkOf(chunks [][]ending, n ending) int {
	at, begins := slices.BinarySearchFunc(chunks, n, func(chunk []ending, n ending) int { return chunk[0].compare(n) })
	if !begins {
		at--
	}
	return max(at, 0)
}

// change returns the set after removing some ends and then adding others. Both lists are in order and have each end
// once. The set needn't have what it is to remove, and can have what it is to add.
func (s endingSet) change(remove, add []ending) endingSet {
	if len(remove)+len(add) == 0 {
		return s
	}
	next := endingSet{chunks: make([][]ending, 0, len(s.chunks)+1), size: s.size}
	rest := s.chunks
	for len(rest) > 0 && len(remove)+len(add) > 0 {
		at := chunkOf(rest, firstOf(remove, add))
		next.chunks, rest = append(next.chunks, rest[:at]...), rest[at:]
		gone, come := remove, add
		if len(rest) > 1 {
			gone, come = remove[:countBefore(remove, rest[1][0])], add[:countBefore(add, rest[1][0])]
		}
		chunk := merged(rest[0], gone, come)
		next.size += len(chunk) - len(rest[0])
		next.put(chunk)
		remove, add, rest = remove[len(gone):], add[len(come):], rest[1:]
	}
	next.chunks = append(next.chunks, rest...)
	next.size += len(add) // if the set was empty
	next.put(add)
	return next
}

// firstOf returns the first end of two lists, of which one can be empty.
func firstOf(a, b []ending) ending {
	if len(b) == 0 || len(a) > 0 && a[0].compare(b[0]) < 0 {
		return a[0]
	}
	return b[0]
}

// countBefore returns how many ends of a list come before another end.
func countBefore(list []ending, n ending) int {
	at, _ := slices.BinarySearchFunc(list, n, ending.compare)
	return at
}

// merged returns a chunk without some ends and with others.
func merged(chunk, gone, come []ending) []ending {
	list := make([]ending, 0, len(chunk)+len(come))
	for _, n := range chunk {
		for len(come) > 0 && come[0].compare(n) < 0 {
			list, come = append(list, come[0]), come[1:]
		}
		if len(come) > 0 && come[0] == n {
			list, come = append(list, n), come[1:]
			continue
		}
		for len(gone) > 0 && gone[0].compare(n) < 0 {
			gone = gone[1:]
		}
		if len(gone) == 0 || gone[0] != n {
			list = append(list, n)
		}
	}
	return append(list, come...)
}

// put appends a chunk. It splits a large one, and joins a small one with that before it, so that the number of chunks
// follows that of the ends.
func (s *endingSet) put(chunk []ending) {
	if len(chunk) == 0 {
		return
	}
	if last := len(s.chunks) - 1; last >= 0 && len(s.chunks[last])+len(chunk) <= maxEndingChunk/2 {
		chunk = slices.Concat(s.chunks[last], chunk)
		s.chunks = s.chunks[:last]
	}
	if len(chunk) <= maxEndingChunk {
		s.chunks = append(s.chunks, chunk)
		return
	}
	for piece := range slices.Chunk(chunk, maxEndingChunk/2) {
		s.chunks = append(s.chunks, slices.Clone(piece))
	}
}

// minus yields the ends that another set lacks, in their order. Chunks that both share cost next to nothing.
func (s endingSet) minus(other endingSet) iter.Seq[ending] {
	return func(yield func(ending) bool) {
		mine, theirs := endingCursor{rest: s.chunks}, endingCursor{rest: other.chunks}
		for {
			mine.skipShared(&theirs)
			if !mine.fill() {
				return
			}
			order := -1
			if theirs.fill() {
				order = mine.chunk[0].compare(theirs.chunk[0])
			}
			if order < 0 && !yield(mine.chunk[0]) {
				return
			}
			if order <= 0 {
				mine.chunk = mine.chunk[1:]
			}
			if order >= 0 {
				theirs.chunk = theirs.chunk[1:]
			}
		}
	}
}

// endingCursor is what is left of a set to walk through.
type endingCursor struct {
	chunk []ending // the rest of the chunk in which it stands
	rest  [][]ending
}

// fill goes to the next chunk at the end of one. It returns false at the end of the set.
func (c *endingCursor) fill() bool {
	if len(c.chunk) == 0 && len(c.rest) > 0 {
		c.chunk, c.rest = c.rest[0], c.rest[1:]
	}
	return len(c.chunk) > 0
}

// skipShared skips the chunks that come next in both sets, if both cursors stand between two chunks.
func (c *endingCursor) skipShared(other *endingCursor) {
	if len(c.chunk)+len(other.chunk) > 0 {
		return
	}
	for len(c.rest) > 0 && len(other.rest) > 0 && &c.rest[0][0] == &other.rest[0][0] && len(c.rest[0]) == len(other.rest[0]) {
		c.rest, other.rest = c.rest[1:], other.rest[1:]
	}
}
