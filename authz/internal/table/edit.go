package table

import (
	"slices"
	"sync/atomic"
)

// Edit is an update of a table. It leaves the original table as it is. It is not safe for concurrent use.
type Edit[M any] struct {
	Table[M]
	owner         uint64
	ownsDirectory bool
	ownsPart      map[uint64]bool // by the index of the part
}

var edits atomic.Uint64

// Edit begins an update of the table.
func (t Table[M]) Edit() *Edit[M] {
	return &Edit[M]{Table: t, owner: edits.Add(1)}
}

// Done returns the updated table, which later changes through the edit don't affect.
func (e *Edit[M]) Done() Table[M] {
	e.owner, e.ownsDirectory, e.ownsPart = edits.Add(1), false, nil
	return e.Table
}

// Put sets the value of a key: a word, and more if it isn't nil. It adds the key if the table doesn't have it.
func (e *Edit[M]) Put(key string, word uint64, more *M) {
	h := HashOf(key)
	if at, tag := h.inPage(); e.size > 0 {
		if found := e.page(h).search(key, at, tag); found.Found() {
			p := e.own(h)
			if p.replace(found.at, word, more) {
				return
			}
			p.remove(key)
			e.size--
		}
	}
	e.makeRoom(h, recordSize(key, more != nil))
	e.own(h).add(key, word, more)
	e.size++
}

// Remove removes a key, if the table has it.
func (e *Edit[M]) Remove(key string) {
	if !e.Find(key).Found() {
		return
	}
	h := HashOf(key)
	p := e.own(h)
	p.remove(key)
	e.size--
	if p.garbage > p.used/2 {
		e.replace(h, e.rebuilt(p, p.depth, all))
	}
}

// rebuilt returns a copy of a page without the removed records, and with those keys only that are wanted.
func (e *Edit[M]) rebuilt(old *page[M], depth uint8, wanted func(key string) bool) *page[M] {
	p := &page[M]{owner: e.owner, depth: depth}
	for at := range old.all() {
		if key := old.key(at); wanted(key) {
			p.add(key, old.word(at), old.entry(at).More())
		}
	}
	return p
}

func all(string) bool { return true }

// With pages of this depth, a table would hold a billion keys.
const maxDepth = 24

// makeRoom rebuilds or splits the page of a hash until it has room for another record.
func (e *Edit[M]) makeRoom(h Hash, size int) {
	if e.directory == nil {
		e.shift = hashBits
		e.setDirectory([][]*page[M]{make([]*page[M], 1)})
		e.replace(0, &page[M]{owner: e.owner})
	}
	for {
		p := e.page(h)
		switch live := int(p.used - p.garbage); {
		case p.fits(size):
			return
		case p.size < fullPage && live+size <= room*7/8: // otherwise it would soon be full again
			e.replace(h, e.rebuilt(p, p.depth, all))
		default:
			e.split(h, p)
		}
	}
}

// split splits the page of a hash by the next bit of its hashes.
func (e *Edit[M]) split(h Hash, old *page[M]) {
	if old.depth == maxDepth {
		panic("table: the hashes of too many keys collide") // see secretA
	}
	if old.depth == e.depth() {
		e.double()
	}
	bit := Hash(1) << (hashBits - 1 - old.depth)
	isOne := func(key string) bool { return HashOf(key)&bit != 0 }
	isZero := func(key string) bool { return !isOne(key) }
	e.replace(h&^bit, e.rebuilt(old, old.depth+1, isZero))
	e.replace(h|bit, e.rebuilt(old, old.depth+1, isOne))
}

// double makes the directory twice as large.
func (e *Edit[M]) double() {
	pointers := 2 * e.pointers()
	var larger [][]*page[M]
	for n := 0; n < pointers; n += partSize {
		part := make([]*page[M], min(pointers, partSize))
		for i := range part {
			half := (n + i) / 2
			part[i] = e.directory[half/partSize][half%partSize]
		}
		larger = append(larger, part)
	}
	e.shift--
	e.setDirectory(larger)
}

// setDirectory sets a directory that belongs to the edit.
func (e *Edit[M]) setDirectory(parts [][]*page[M]) {
	e.directory, e.first, e.ownsDirectory = parts, parts[0], true
	e.ownsPart = make(map[uint64]bool, len(parts))
	for i := range parts {
		e.ownsPart[uint64(i)] = true
	}
}

// replace makes every pointer for hashes that begin like h one to the page.
func (e *Edit[M]) replace(h Hash, p *page[M]) {
	pointers := uint64(1) << (e.depth() - p.depth)
	from := e.number(h) &^ (pointers - 1)
	for n := from; n < from+pointers; n++ {
		e.ownPart(n / partSize)[n%partSize] = p
	}
}

// ownPart returns a part of the directory for writing.
func (e *Edit[M]) ownPart(i uint64) []*page[M] {
	if !e.ownsDirectory {
		e.directory, e.ownsDirectory = slices.Clone(e.directory), true
		e.ownsPart = map[uint64]bool{}
	}
	if !e.ownsPart[i] {
		e.directory[i], e.ownsPart[i] = slices.Clone(e.directory[i]), true
		e.first = e.directory[0]
	}
	return e.directory[i]
}

// own returns the page of a hash for writing.
func (e *Edit[M]) own(h Hash) *page[M] {
	p := e.page(h)
	if p.owner != e.owner {
		p = p.clone(e.owner)
		e.replace(h, p)
	}
	return p
}
