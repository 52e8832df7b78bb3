package authz

import (
	"crypto/rand"
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
	"sync/atomic"
)

// table is an immutable hash table from text to V whose update costs what changes and not
// what it holds: a [tableEdit] copies the pages that it writes to and shares the others.
//
// It is an extendible hash table (Fagin and others, 1979): the upper bits of a hash lead over
// a directory to a page, and a page that is full is split in two. Random questions to a
// large table wait for memory, most of all for the translation of addresses. So a page is
// no larger than what memory is translated by, and short texts lie in it too.
type table[K ~string, V any] struct {
	// directory is in parts, so that an update copies one of them. The first bits of a hash
	// name the part, and the others, shifted, the page in it.
	directory [directoryParts][]*page[K, V]
	shift     uint8
	size      int
}

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
	owner   uint64 // the edit that may write to it
	depth   uint8  // how many upper bits the hashes in it share
	size    uint8
}

type bucket[K ~string, V any] struct {
	tags    tags
	records [placesPerBucket]record[K, V]
}

// record is a text and what it leads to. A long text is in its page: the first four bytes
// say where, the next four how much.
type record[K ~string, V any] struct {
	length uint8 // longText where it is longer than there is room; 0 in a free place
	short  [maxShort]byte
	value  V
}

const (
	maxShort = 23
	longText = maxShort + 1
)

// is reports whether a record of the page is that of a text.
func (p *page[K, V]) is(r *record[K, V], key K) bool {
	if len(key) <= maxShort {
		return int(r.length) == len(key) && string(r.short[:len(key)]) == string(key)
	}
	return r.length == longText && string(p.longOf(r)) == string(key)
}

func (p *page[K, V]) longOf(r *record[K, V]) []byte {
	from, length := binary.NativeEndian.Uint32(r.short[0:]), binary.NativeEndian.Uint32(r.short[4:])
	return p.long[from:][:length]
}

func (p *page[K, V]) text(r *record[K, V]) K {
	if r.length == longText {
		return K(p.longOf(r))
	}
	return K(r.short[:r.length])
}

func (p *page[K, V]) setText(r *record[K, V], key K) {
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

// With pages of this depth a table would hold a billion texts.
const maxDepth = 24

// tags tell the places of a bucket apart: a byte for each, from the lowest on. It is 0 for a
// free place, and then nothing that belongs into the bucket has gone to the next one.
type tags uint64

const (
	everyTag    tags = 0x0101010101010101
	everyResult      = everyTag >> (8 * (8 - placesPerBucket)) << 7
)

// find returns a bit for each place with the tag, at eight times its number plus seven. The
// lowest bit is right; higher ones can be too many (Hacker's Delight, 6-1).
func (t tags) find(tag uint8) tags {
	x := t ^ tags(tag)*everyTag
	return (x - everyTag) &^ x & everyResult
}

// first returns the place of the lowest bit that find returned.
func (t tags) first() int { return bits.TrailingZeros64(uint64(t)) / 8 }

// textHash places a text: the upper bits its page, the lowest its bucket and those between
// its tag.
type textHash uint32

// hashOf hashes a text. It is wyhash (github.com/wangyi-fudan/wyhash) cut down to what a table
// needs: two words of the text, blinded by secrets, are multiplied and the product folded.
// The two hashes of a decision take a third of its time with the one of the standard library.
func hashOf[K ~string](key K) textHash { return hashText(string(key)) }

// Secrets of this process, so that nobody can choose user ids whose hashes collide.
var secretA, secretB = secret(), secret()

func secret() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.NativeEndian.Uint64(b[:])
}

func hashText(s string) textHash {
	n := len(s)
	seed := secretA
	var x, y uint64
	switch {
	case n > 16:
		for rest := s; len(rest) > 16; rest = rest[16:] {
			seed = mix(load8(rest)^seed, load8(rest[8:])^secretB)
		}
		x, y = load8(s[n-16:]), load8(s[n-8:])
	case n >= 8:
		x, y = load8(s), load8(s[n-8:])
	case n >= 4:
		x, y = load4(s), load4(s[n-4:])
	default:
		for i := range n {
			x = x<<8 | uint64(s[i])
		}
	}
	return textHash(mix(x^seed, y^secretB^uint64(n)) >> 32)
}

func mix(a, b uint64) uint64 {
	upper, lower := bits.Mul64(a, b)
	return upper ^ lower
}

// load8 reads the first eight bytes. The compiler makes one instruction of it.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func load4(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

// inPage returns the bucket and the tag of a hash within its page.
func (h textHash) inPage() (at int, tag uint8) {
	return int(h % bucketsPerPage), uint8(h/bucketsPerPage) | 0x80
}

// find returns the value of a text, for reading, and nil where there is none. It doesn't
// allocate.
func (t *table[K, V]) find(key K) *V {
	if t.size == 0 {
		return nil
	}
	h := hashOf(key)
	p := t.page(h)
	at, tag := h.inPage()
	b := &p.buckets[at%bucketsPerPage]
	found := b.tags.find(tag)
	if found != 0 { // nearly always the first is the one, and the rest need not be in the way
		if r := &b.records[found.first()%placesPerBucket]; p.is(r, key) {
			return &r.value
		}
	} else if b.tags.find(0) != 0 {
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

func (t *table[K, V]) page(h textHash) *page[K, V] {
	return t.directory[h>>(32-partBits)][uint64(h<<partBits)>>(t.shift&63)]
}

// depth is how many bits name the page within a part of the directory.
func (t *table[K, V]) depth() uint8 { return 32 - t.shift }

// tagged yields the records that may be those of a hash, and perhaps others.
func (p *page[K, V]) tagged(at int, tag uint8) iter.Seq[*record[K, V]] {
	return func(yield func(*record[K, V]) bool) {
		for range bucketsPerPage {
			b := &p.buckets[at]
			for found := b.tags.find(tag); found != 0; found &= found - 1 {
				if !yield(&b.records[found.first()]) {
					return
				}
			}
			if b.tags.find(0) != 0 {
				return
			}
			at = (at + 1) % bucketsPerPage
		}
	}
}

// hashed yields the texts with a hash and their values. There is one, but for chance.
func (t *table[K, V]) hashed(h textHash) iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		if t.size == 0 {
			return
		}
		p := t.page(h)
		for r := range p.tagged(h.inPage()) {
			if key := p.text(r); key != "" && hashOf(key) == h && !yield(key, &r.value) {
				return
			}
		}
	}
}

// all yields every text and its value, in no order.
func (t *table[K, V]) all() iter.Seq2[K, *V] {
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
func (t *table[K, V]) pages() iter.Seq[*page[K, V]] {
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

func (p *page[K, V]) all() iter.Seq[*record[K, V]] {
	return func(yield func(*record[K, V]) bool) {
		for i := range p.buckets {
			for j := range p.buckets[i].records {
				if r := &p.buckets[i].records[j]; r.length > 0 && !yield(r) {
					return
				}
			}
		}
	}
}

// add puts in a text that isn't there.
func (p *page[K, V]) add(h textHash, key K, value V) *V {
	at, tag := h.inPage()
	for p.buckets[at].tags.find(0) == 0 {
		at = (at + 1) % bucketsPerPage
	}
	b := &p.buckets[at]
	place := b.tags.find(0).first()
	b.tags |= tags(tag) << (8 * place)
	r := &b.records[place]
	p.setText(r, key)
	r.value = value
	p.size++
	return &r.value
}

// tableEdit is an update of a table. The table that it began with stays as it is.
type tableEdit[K ~string, V any] struct {
	table[K, V]
	owner    uint64
	ownsPart [directoryParts]bool
}

var tableEdits atomic.Uint64

func (t table[K, V]) edit() *tableEdit[K, V] {
	return &tableEdit[K, V]{table: t, owner: tableEdits.Add(1)}
}

// done returns the updated table. The edit must not be used again.
func (e *tableEdit[K, V]) done() table[K, V] { return e.table }

// set returns the value of a text, for writing until the next call; it is new where the text
// wasn't in the table. No text is empty.
func (e *tableEdit[K, V]) set(key K) *V {
	h := hashOf(key)
	at, tag := h.inPage()
	if e.size > 0 && e.page(h).search(key, at, tag) != nil {
		return e.own(h).search(key, at, tag)
	}
	e.makeRoom(h)
	e.size++
	var none V
	return e.own(h).add(h, key, none)
}

// remove takes a text out.
func (e *tableEdit[K, V]) remove(key K) {
	if e.find(key) == nil {
		return
	}
	h := hashOf(key)
	old := e.page(h)
	e.replace(h, e.without(old, func(other K) bool { return other == key }, old.depth))
	e.size--
}

// without returns a page anew but for some texts.
func (e *tableEdit[K, V]) without(old *page[K, V], drop func(K) bool, depth uint8) *page[K, V] {
	p := &page[K, V]{owner: e.owner, depth: depth}
	for r := range old.all() {
		if key := old.text(r); !drop(key) {
			p.add(hashOf(key), key, r.value)
		}
	}
	return p
}

// makeRoom splits the page of a hash until one text more fits in.
func (e *tableEdit[K, V]) makeRoom(h textHash) {
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
			panic("authz: the hashes of too many texts collide") // see secretA
		}
		if old.depth == partBits+e.depth() {
			e.double()
		}
		bit := textHash(1) << (31 - old.depth)
		isOne := func(key K) bool { return hashOf(key)&bit != 0 }
		isZero := func(key K) bool { return !isOne(key) }
		e.replace(h&^bit, e.without(old, isOne, old.depth+1))
		e.replace(h|bit, e.without(old, isZero, old.depth+1))
	}
}

// double makes the directory twice as large.
func (e *tableEdit[K, V]) double() {
	for i, part := range e.directory {
		larger := make([]*page[K, V], 0, 2*len(part))
		for _, p := range part {
			larger = append(larger, p, p)
		}
		e.directory[i], e.ownsPart[i] = larger, true
	}
	e.shift--
}

// replace puts a page in its places of the directory: all whose hashes begin as this one.
func (e *tableEdit[K, V]) replace(h textHash, p *page[K, V]) {
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
func (e *tableEdit[K, V]) own(h textHash) *page[K, V] {
	p := e.page(h)
	if p.owner != e.owner {
		clone := *p
		clone.owner, clone.long = e.owner, slices.Clone(p.long)
		p = &clone
		e.replace(h, p)
	}
	return p
}
