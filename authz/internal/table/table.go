// Package table has the persistent data structures under a snapshot of the policy: a hash table ([Table]) and
// a set ([Set]). An update shares with the original what it doesn't change.
package table

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// Table is an immutable hash table with texts as keys. The cost of an update depends on what changes, not on
// the size of the table: an [Edit] copies the pages that it writes to and shares the others. The zero value
// is an empty table.
//
// It is an extendible hash table (Fagin and others, 1979): the upper bits of a hash select a page through a
// directory, and a full page is split in two. Random lookups in a large table wait for memory, above all
// for address translation. So a page of the table is no larger than a page of memory, and short keys are
// stored in it.
type Table[K ~string, V any] struct {
	// directory is in parts, so that an update copies only some of them. The first bits of a hash
	// select the part; the others, shifted, select the page in it.
	directory [directoryParts][]*page[K, V]
	shift     uint8
	size      int
}

// Len returns the number of keys.
func (t *Table[K, V]) Len() int { return t.size }

// With values of 16 bytes, a page takes just under 4,096 bytes.
const (
	directoryParts = 1 << partBits
	partBits       = 6
	bucketsPerPage = 16
	slotsPerBucket = 6
	fullPage       = bucketsPerPage * slotsPerBucket * 3 / 4
)

type page[K ~string, V any] struct {
	buckets [bucketsPerPage]bucket[K, V]
	long    []byte // keys that are too long for a slot
	garbage int    // how many bytes of long belong to removed keys
	owner   uint64 // the edit that may write to it
	depth   uint8  // how many upper bits the hashes in it share
	size    uint8
}

type bucket[K ~string, V any] struct {
	tags  tags
	slots [slotsPerBucket]slot[K, V]
}

// slot holds a key and its value. A long key is in the page's long: the first four bytes of short are its
// offset, the next four its length.
type slot[K ~string, V any] struct {
	length uint8 // longText if the key doesn't fit; 0 if the slot is free
	short  [maxShort]byte
	value  V
}

const (
	maxShort = 23
	longText = maxShort + 1
)

// is reports whether a slot of the page has a key.
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

// tags has a byte for each slot of a bucket, from the lowest on.
type tags uint64

const (
	tagFree    = 0 // the slot is free, and no key of the bucket is in a later bucket
	tagRemoved = 1 // the slot is free, but keys of the bucket may be in later buckets

	everyTag    tags = 0x0101010101010101
	everyResult      = everyTag >> (8 * (8 - slotsPerBucket)) << 7
)

// find returns a bit for each slot with the tag, at eight times its number plus seven. The lowest bit is
// right; higher ones can be false positives (Hacker's Delight, 6-1).
func (t tags) find(tag uint8) tags {
	x := t ^ tags(tag)*everyTag
	return (x - everyTag) &^ x & everyResult
}

func (t *tags) set(place int, tag uint8) {
	*t = *t&^(0xff<<(8*place)) | tags(tag)<<(8*place)
}

// first returns the slot of the lowest bit in a result of find.
func (t tags) first() int { return bits.TrailingZeros64(uint64(t)) / 8 }

// Find returns the value of a key, for reading, and nil if the table doesn't have the key. It doesn't
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
	if found != 0 { // the first is nearly always the right one
		if r := &b.slots[found.first()%slotsPerBucket]; p.is(r, key) {
			return &r.value
		}
	} else if b.tags.find(tagFree) != 0 {
		return nil
	}
	return p.search(key, at, tag)
}

// search is the slow path of Find.
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

// depth is how many bits of a hash select the page within a part of the directory.
func (t *Table[K, V]) depth() uint8 { return 32 - t.shift }

// tagged yields the slots that may have a hash, and perhaps others.
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

// WithHash yields the keys with a hash, and their values. There is rarely more than one.
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

// All yields every key and its value, in no particular order.
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

// pages yields each page once, even if it is in several places of the directory.
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
