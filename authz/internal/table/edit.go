package table

import (
	"slices"
	"sync/atomic"
)

// add adds a key that is not in the page.
func (p *page[K, V]) add(h Hash, key K, value V) *V {
	at, tag := h.inPage()
	for p.buckets[at].tags.find(tagFree)|p.buckets[at].tags.find(tagRemoved) == 0 {
		at = (at + 1) % bucketsPerPage
	}
	b := &p.buckets[at]
	place := b.tags.find(tagRemoved).first()
	if b.tags.find(tagRemoved) == 0 {
		place = b.tags.find(tagFree).first()
	}
	b.tags.set(place, tag)
	r := &b.slots[place]
	p.setText(r, key)
	r.value = value
	p.size++
	return &r.value
}

// Edit is an update of a table. It leaves the original table as it is. It is not safe for concurrent use.
type Edit[K ~string, V any] struct {
	Table[K, V]
	owner    uint64
	ownsPart [directoryParts]bool
}

var edits atomic.Uint64

// Edit begins an update of the table.
func (t Table[K, V]) Edit() *Edit[K, V] {
	return &Edit[K, V]{Table: t, owner: edits.Add(1)}
}

// Done returns the updated table, which later changes through the edit don't affect.
func (e *Edit[K, V]) Done() Table[K, V] {
	e.owner, e.ownsPart = edits.Add(1), [directoryParts]bool{}
	return e.Table
}

// Set returns the value of a key, for writing until the next call on the edit. It adds the key with a zero
// value if the table doesn't have it. A key must not be empty.
func (e *Edit[K, V]) Set(key K) *V {
	h := HashOf(key)
	at, tag := h.inPage()
	if e.size > 0 && e.page(h).search(key, at, tag) != nil {
		return e.own(h).search(key, at, tag)
	}
	e.makeRoom(h)
	e.size++
	var none V
	return e.own(h).add(h, key, none)
}

// Remove removes a key, if the table has it.
func (e *Edit[K, V]) Remove(key K) {
	if e.Find(key) == nil {
		return
	}
	h := HashOf(key)
	p := e.own(h)
	p.remove(h, key)
	e.size--
	if p.garbage > len(p.long)/2 {
		e.replace(h, e.without(p, func(K) bool { return false }, p.depth))
	}
}

// remove removes a key that is in the page.
func (p *page[K, V]) remove(h Hash, key K) {
	at, tag := h.inPage()
	for ; ; at = (at + 1) % bucketsPerPage {
		b := &p.buckets[at]
		for found := b.tags.find(tag); found != 0; found &= found - 1 {
			r := &b.slots[found.first()]
			if !p.is(r, key) {
				continue
			}
			if b.tags.find(tagFree) != 0 { // no search has gone past this bucket
				b.tags.set(found.first(), tagFree)
			} else {
				b.tags.set(found.first(), tagRemoved)
			}
			if r.length == longText {
				p.garbage += len(key)
			}
			*r = slot[K, V]{}
			p.size--
			return
		}
	}
}

// without returns a copy of a page without some keys.
func (e *Edit[K, V]) without(old *page[K, V], drop func(K) bool, depth uint8) *page[K, V] {
	p := &page[K, V]{owner: e.owner, depth: depth}
	for r := range old.all() {
		if key := old.text(r); !drop(key) {
			p.add(HashOf(key), key, r.value)
		}
	}
	return p
}

// With pages of this depth, a table would hold a billion keys.
const maxDepth = 24

// makeRoom splits the page of a hash until it has room for another key.
func (e *Edit[K, V]) makeRoom(h Hash) {
	if e.directory[0] == nil {
		for i := range e.directory {
			e.directory[i] = make([]*page[K, V], 1)
		}
		e.shift = 32
		e.replace(0, &page[K, V]{owner: e.owner})
	}
	for e.page(h).size >= fullPage {
		old := e.page(h)
		if old.depth == maxDepth {
			panic("table: the hashes of too many keys collide") // see secretA
		}
		if old.depth == partBits+e.depth() {
			e.double()
		}
		bit := Hash(1) << (31 - old.depth)
		isOne := func(key K) bool { return HashOf(key)&bit != 0 }
		isZero := func(key K) bool { return !isOne(key) }
		e.replace(h&^bit, e.without(old, isOne, old.depth+1))
		e.replace(h|bit, e.without(old, isZero, old.depth+1))
	}
}

// double makes the directory twice as large.
func (e *Edit[K, V]) double() {
	for i, part := range e.directory {
		larger := make([]*page[K, V], 0, 2*len(part))
		for _, p := range part {
			larger = append(larger, p, p)
		}
		e.directory[i], e.ownsPart[i] = larger, true
	}
	e.shift--
}

// replace puts a page into the directory, in every place whose hashes begin like h.
func (e *Edit[K, V]) replace(h Hash, p *page[K, V]) {
	bits := partBits + e.depth() // of a place
	places := 1 << (bits - p.depth)
	from := int(uint64(h)>>(32-bits)) &^ (places - 1)
	for place := from; place < from+places; place++ {
		part := place >> e.depth()
		if !e.ownsPart[part] {
			e.directory[part], e.ownsPart[part] = slices.Clone(e.directory[part]), true
		}
		e.directory[part][place&(1<<e.depth()-1)] = p
	}
}

// own returns the page of a hash for writing.
func (e *Edit[K, V]) own(h Hash) *page[K, V] {
	p := e.page(h)
	if p.owner != e.owner {
		clone := *p
		clone.owner, clone.long = e.owner, slices.Clone(p.long)
		p = &clone
		e.replace(h, p)
	}
	return p
}
