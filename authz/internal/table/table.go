package table

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// table is an immutable hash table from text to V whose update costs what changes and not
// what it holds: a [tableEdit] copies the pages that it writes to and shares the others.
//
// It is an extendible hash table (Fagin and others, 1979): the upper bits of a hash lead over
// a directory to a page, and a page that is full is split in two. Random questions to a
// large table wait for memory, most of all for the translation of addresses. So a page is
// no larger than what memory is translated by, and short texts lie in it too.
type Table[K ~string, V any] struct {
	// directory is in parts, so that an update copies one of them. The first bits of a hash
	// name the part, and the others, shifted, the page in it.
	directory [directoryParts][]*page[K, V]
	shift     uint8
	size      int
}

// Len returns the number of texts.
func (t *Table[K, V]) Len() int { return t.size }

// With values of 16 bytes, a page has just under 4,096.
const (
	directoryParts  = 1 << partBits
	partBits        = 6
	bucketsPerPage  = 16
	placesPerBucket = 6
	fullPage        = bucketsPerPage * placesPerBucket * 3 / 4
)

type page[K ~string, V any] struct {
	buckets [bucketsPerPage]bucket[K, V]
	long    []byte // texts that are too long for a record
	garbage int    // how much of that is of texts that are gone
	owner   uint64 // the edit that may write to it
	depth   uint8  // how many upper bits the hashes in it share
	size    uint8
}

type bucket[K ~string, V any] struct {
	tags  tags
	slots [placesPerBucket]slot[K, V]
}

// record is a text and what it leads to. A long text is in its page: the first four bytes
// say where, the next four how much.
type slot[K ~string, V any] struct {
	length uint8 // longText where it is longer than there is room; 0 in a free place
	short  [maxShort]byte
	value  V
}

const (
	maxShort = 23
	longText = maxShort + 1
)

// is reports whether a record of the page is that of a text.
func (p *page[K, V]) is(r *slot[K, V], key K) bool {
	if len(key) <= maxShort {
		return int(r.length) == len(key) && string(r.short[:len(key)]) == string(key)
	}
	return r.length == longText && string(p.longOf(r)) == string(key)
}

func (p *page[K, V]) longOf(r *slot[K, V]) []byte {
	from, length := binary.NativeEndian.Uint32(r.short[0:]), binary.NativeEndian.Uint32(r.short[4:])
	return p.long[from:][:length]
}

func (p *page[K, V]) text(r *slot[K, V]) K {
	if r.length == longText {
		return K(p.longOf(r))
	}
	return K(r.short[:r.length])
}

func (p *page[K, V]) setText(r *slot[K, V], key K) {
	if len(key) <= maxShort {
		r.length = uint8(len(key))
		copy(r.short[:], key)
		return
	}
	r.length = longText
	binary.NativeEndian.PutUint32(r.short[0:], uint32(len(p.long)))
	binary.NativeEndian.PutUint32(r.short[4:], uint32(len(key)))
	p.long = append(p.long, key...)
}

// tags tell the places of a bucket apart: a byte for each, from the lowest on.
type tags uint64

const (
	tagFree    = 0 // nothing that belongs into the bucket has gone to the next one
	tagRemoved = 1 // nothing is here, but something may have

	everyTag    tags = 0x0101010101010101
	everyResult      = everyTag >> (8 * (8 - placesPerBucket)) << 7
)

// find returns a bit for each place with the tag, at eight times its number plus seven. The
// lowest bit is right; higher ones can be too many (Hacker's Delight, 6-1).
func (t tags) find(tag uint8) tags {
	x := t ^ tags(tag)*everyTag
	return (x - everyTag) &^ x & everyResult
}

func (t *tags) set(place int, tag uint8) {
	*t = *t&^(0xff<<(8*place)) | tags(tag)<<(8*place)
}

// first returns the place of the lowest bit that find returned.
func (t tags) first() int { return bits.TrailingZeros64(uint64(t)) / 8 }

// find returns the value of a text, for reading, and nil where there is none. It doesn't
// allocate.
func (t *Table[K, V]) Find(key K) *V {
	if t.size == 0 {
		return nil
	}
	h := HashOf(key)
	p := t.page(h)
	at, tag := h.inPage()
	b := &p.buckets[at%bucketsPerPage]
	found := b.tags.find(tag)
	if found != 0 { // nearly always the first is the one, and the rest need not be in the way
		if r := &b.slots[found.first()%placesPerBucket]; p.is(r, key) {
			return &r.value
		}
	} else if b.tags.find(tagFree) != 0 {
		return nil
	}
	return p.search(key, at, tag)
}

// search is find for when the first look didn't settle it.
//
//go:noinline
func (p *page[K, V]) search(key K, at int, tag uint8) *V {
	for r := range p.tagged(at, tag) {
		if p.is(r, key) {
			return &r.value
		}
	}
	return nil
}

func (t *Table[K, V]) page(h Hash) *page[K, V] {
	return t.directory[h>>(32-partBits)][uint64(h<<partBits)>>(t.shift&63)]
}

// depth is how many bits name the page within a part of the directory.
func (t *Table[K, V]) depth() uint8 { return 32 - t.shift }

// tagged yields the records that may be those of a hash, and perhaps others.
func (p *page[K, V]) tagged(at int, tag uint8) iter.Seq[*slot[K, V]] {
	return func(yield func(*slot[K, V]) bool) {
		for range bucketsPerPage {
			b := &p.buckets[at]
			for found := b.tags.find(tag); found != 0; found &= found - 1 {
				if !yield(&b.slots[found.first()]) {
					return
				}
			}
			if b.tags.find(tagFree) != 0 {
				return
			}
			at = (at + 1) % bucketsPerPage
		}
	}
}

// hashed yields the texts with a hash and their values. There is one, but for chance.
func (t *Table[K, V]) WithHash(h Hash) iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		if t.size == 0 {
			return
		}
		p := t.page(h)
		for r := range p.tagged(h.inPage()) {
			if key := p.text(r); HashOf(key) == h && !yield(key, &r.value) {
				return
			}
		}
	}
}

// all yields every text and its value, in no order.
func (t *Table[K, V]) All() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for p := range t.pages() {
			for r := range p.all() {
				if !yield(p.text(r), &r.value) {
					return
				}
			}
		}
	}
}

// pages yields each page once: one of less depth stands in several places of the directory.
func (t *Table[K, V]) pages() iter.Seq[*page[K, V]] {
	return func(yield func(*page[K, V]) bool) {
		var last *page[K, V]
		for _, part := range t.directory {
			for _, p := range part {
				if p != last && !yield(p) {
					return
				}
				last = p
			}
		}
	}
}

func (p *page[K, V]) all() iter.Seq[*slot[K, V]] {
	return func(yield func(*slot[K, V]) bool) {
		for i := range p.buckets {
			for j := range p.buckets[i].slots {
				if r := &p.buckets[i].slots[j]; r.length > 0 && !yield(r) {
					return
				}
			}
		}
	}
}
