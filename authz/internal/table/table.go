// Package table has the persistent data structures under a snapshot of the policy: a hash table ([Table]) and
// a set ([Set]). An update shares with the original what it doesn't change.
package table

import (
	"encoding/binary"
	"iter"
)

// Table is an immutable hash table from texts to words of 64 bits. A key can have more to its value, an M, which
// few keys should need: it is a pointer away. The cost of an update depends on what changes, not on the size of
// the table: an [Edit] copies the pages that it writes to and shares the others. The zero value is an empty
// table.
//
// It is an extendible hash table (Fagin and others, 1979): the upper bits of a hash select a page through a
// directory, and a full page is split in two. Random lookups in a large table wait for memory, so what counts
// is how many cache lines a lookup touches, and how much memory all of them are. So keys and words are packed
// into the page.
type Table[M any] struct {
	// The upper bits of a hash are the number of the pointer to its page; several pointers can be to the same
	// page. The pointers are in parts, so that an update copies only some of them.
	directory [][]*page[M]
	first     []*page[M] // the first part: tables up to a hundred thousand keys have no other
	shift     uint8      // of a hash, for the number
	size      int
}

// partSize is the most that a part of the directory has.
const partSize = 1024

// Len returns the number of keys.
func (t *Table[M]) Len() int { return t.size }

// Entry is a key in a table and its value. The zero value is that of a key that isn't in the table.
type Entry[M any] struct {
	Word uint64
	page *page[M]
	at   place
}

// Found reports whether the table has the key.
func (e Entry[M]) Found() bool { return e.page != nil }

// HasMore reports whether there is more to the value than the word.
func (e Entry[M]) HasMore() bool { return e.at&hasMore != 0 }

// More returns the rest of the value, nil if there is none. Don't change it.
func (e Entry[M]) More() *M {
	if !e.HasMore() {
		return nil
	}
	return e.page.more[e.page.moreIndex(e.at)]
}

// Key returns the key. The table must have it.
func (e Entry[M]) Key() string { return e.page.key(e.at) }

// Find looks up a key. It doesn't allocate.
func (t *Table[M]) Find(key string) Entry[M] {
	h := HashOf(key)
	n := t.number(h)
	var p *page[M]
	switch {
	case n < uint64(len(t.first)):
		p = t.first[n]
	case t.size == 0:
		return Entry[M]{}
	default:
		p = t.directory[n/partSize][n%partSize]
	}
	at, tag := h.inPage()
	b := &p.buckets[at%bucketsPerPage]
	found := b.tags.find(tag)
	if found == 0 && b.tags.find(tagFree) != 0 {
		return Entry[M]{}
	}
	if found != 0 { // the first is nearly always the right one
		at := b.places[found.first()%slotsPerBucket]
		if r := p.data[at&offsetMask:]; len(r) >= recordHead && int(r[recordHead-1]) == len(key) && at&isLong == 0 {
			if text := r[recordHead:]; len(text) >= len(key) && string(text[:len(key)]) == key { // as page.is, faster
				return Entry[M]{binary.NativeEndian.Uint64(r), p, at}
			}
		}
	}
	return p.search(key, at, tag)
}

func (t *Table[M]) page(h Hash) *page[M] {
	n := t.number(h)
	return t.directory[n/partSize][n%partSize]
}

// number is where in the directory the page of a hash is.
func (t *Table[M]) number(h Hash) uint64 { return uint64(h) >> (t.shift & 63) }

// pointers is how many pointers to pages the directory has.
func (t *Table[M]) pointers() int { return 1 << t.depth() }

// depth is how many bits of a hash select a page.
func (t *Table[M]) depth() uint8 { return hashBits - t.shift }

// WithHash yields the keys with a hash. There is rarely more than one.
func (t *Table[M]) WithHash(h Hash) iter.Seq2[string, Entry[M]] {
	return func(yield func(string, Entry[M]) bool) {
		if t.size == 0 {
			return
		}
		p := t.page(h)
		for at := range p.tagged(h.inPage()) {
			if key := p.key(at); HashOf(key) == h && !yield(key, p.entry(at)) {
				return
			}
		}
	}
}

// All yields every key, in no particular order.
func (t *Table[M]) All() iter.Seq[Entry[M]] {
	return func(yield func(Entry[M]) bool) {
		for p := range t.pages() {
			for at := range p.all() {
				if !yield(p.entry(at)) {
					return
				}
			}
		}
	}
}

// pages yields each page once, even if it is in several places of the directory.
func (t *Table[M]) pages() iter.Seq[*page[M]] {
	return func(yield func(*page[M]) bool) {
		if t.size == 0 {
			return
		}
		var last *page[M]
		for n := range t.pointers() {
			p := t.directory[n/partSize][n%partSize]
			if p != last && !yield(p) {
				return
			}
			last = p
		}
	}
}
