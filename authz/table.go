package authz

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
)

// table is an immutable hash table from text to V whose update costs what changes and not
// what it holds: a [tableEdit] copies the pages that it writes to and shares the others.
//
// Each text has a number, which stays for as long as the text is in the table. The records
// lie in the order of their numbers. The index leads from a hash to numbers: in the bucket
// that the hash names, or in the next that isn't full, a byte of the hash tells which of
// the numbers may be meant.
type table[K ~string, V any] struct {
	index   []*indexPage // a power of two of them
	shift   uint8        // a hash shifted by it is the place of a bucket
	records []*recordPage[K, V]
	size    int
	used    int    // of the places in the index, those marked as removed included
	next    uint32 // the first number that was never given
	free    *freed // numbers to be given again
}

// Pages are as large as copying one may cost, less than a microsecond.
const (
	bucketsPerPage = 128
	recordsPerPage = 128
)

type indexPage [bucketsPerPage]bucket

// bucket is half a cache line.
type bucket struct {
	tags    tags
	numbers [placesPerBucket]uint32
}

const placesPerBucket = 6

type recordPage[K ~string, V any] [recordsPerPage]record[K, V]

type record[K ~string, V any] struct {
	key   K
	value V
}

// freed is a list of numbers that aren't in use.
type freed struct {
	number uint32
	next   *freed
}

// tags are the bytes that tell the places of a bucket apart, from the lowest on.
type tags uint64

const (
	tagFree    = 0 // nothing further on belongs here
	tagRemoved = 1 // nothing here, but perhaps further on

	everyTag    = 0x0101010101010101
	everyResult = 0x80 * (everyTag >> (8 * (8 - placesPerBucket)))
)

// tagOf returns the byte that a hash leaves in a bucket, neither of the two above.
func tagOf(hash uint64) uint8 { return uint8(hash) | 0x80 }

// find returns a bit for each place with the tag, at eight times its number plus seven. The
// lowest bit is right; higher ones can be too many (Hacker's Delight, 6-1).
func (t tags) find(tag uint8) uint64 {
	x := uint64(t) ^ uint64(tag)*everyTag
	return (x - everyTag) &^ x & everyResult
}

func (t *tags) set(place int, tag uint8) {
	*t = *t&^(0xff<<(8*place)) | tags(tag)<<(8*place)
}

var tableSeed = maphash.MakeSeed()

func hashOf[K ~string](key K) uint64 { return maphash.String(tableSeed, string(key)) }

// find returns the record of a text, for reading, and nil where there is none. It doesn't
// allocate.
func (t *table[K, V]) find(key K) *V {
	if t.size == 0 {
		return nil
	}
	hash := hashOf(key)
	b := t.bucket(hash >> (t.shift & 63))
	m := b.tags.find(tagOf(hash))
	if m != 0 { // nearly always the first is the one, and the rest need not be in the way
		if r := t.record(b.numbers[bits.TrailingZeros64(m)/8%placesPerBucket]); r.key == key {
			return &r.value
		}
	} else if b.tags.find(tagFree) != 0 {
		return nil
	}
	return t.search(key, hash)
}

// search is find for when the first look didn't settle it.
//
//go:noinline
func (t *table[K, V]) search(key K, hash uint64) *V {
	if at, place, there := t.place(key, hash); there {
		return &t.record(t.bucket(at).numbers[place]).value
	}
	return nil
}

// lookup returns the number of a text, if it is in the table.
func (t *table[K, V]) lookup(key K) (number uint32, there bool) {
	at, place, there := t.place(key, hashOf(key))
	if !there {
		return 0, false
	}
	return t.bucket(at).numbers[place], true
}

// place returns where in the index the number of a text is, if it is in the table.
func (t *table[K, V]) place(key K, hash uint64) (at uint64, place int, there bool) {
	if t.size == 0 {
		return 0, 0, false
	}
	for at = hash >> t.shift; ; at++ {
		b := t.bucket(at)
		for m := b.tags.find(tagOf(hash)); m != 0; m &= m - 1 {
			place = bits.TrailingZeros64(m) / 8
			if t.record(b.numbers[place]).key == key {
				return at, place, true
			}
		}
		if b.tags.find(tagFree) != 0 {
			return 0, 0, false
		}
	}
}

// bucket returns one of the index, which begins again after its end.
func (t *table[K, V]) bucket(at uint64) *bucket {
	return &t.index[at/bucketsPerPage&uint64(len(t.index)-1)][at%bucketsPerPage]
}

func (t *table[K, V]) record(number uint32) *record[K, V] {
	return &t.records[number/recordsPerPage][number%recordsPerPage]
}

// all yields every text and its record in the order of their numbers. No text is empty.
func (t *table[K, V]) all() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for _, p := range t.records {
			for i := range p {
				if r := &p[i]; r.key != "" && !yield(r.key, &r.value) {
					return
				}
			}
		}
	}
}

// tableEdit is an update of a table. The table that it began with stays as it is.
type tableEdit[K ~string, V any] struct {
	table[K, V]
	// The pages that are this edit's own; nil while the list of pages isn't.
	ownsBuckets, ownsRecords []bool
}

func (t table[K, V]) edit() *tableEdit[K, V] { return &tableEdit[K, V]{table: t} }

// done returns the updated table. The edit must not be used again.
func (e *tableEdit[K, V]) done() table[K, V] { return e.table }

// set returns the number of a text and its record, for writing; both are new where the text
// wasn't in the table.
func (e *tableEdit[K, V]) set(key K) (uint32, *V) {
	hash := hashOf(key)
	if at, place, there := e.place(key, hash); there {
		number := e.bucket(at).numbers[place]
		return number, &e.ownRecord(number).value
	}
	if e.full() {
		e.grow()
	}
	number := e.number()
	e.enter(hash, number)
	r := e.ownRecord(number)
	r.key = key
	e.size++
	return number, &r.value
}

// enter puts a number into the index.
func (e *tableEdit[K, V]) enter(hash uint64, number uint32) {
	at := hash >> e.shift
	for {
		tags := e.bucket(at).tags
		m := tags.find(tagRemoved)
		if m == 0 {
			if m = tags.find(tagFree); m != 0 {
				e.used++
			}
		}
		if m != 0 {
			place := bits.TrailingZeros64(m) / 8
			b := e.ownBucket(at)
			b.tags.set(place, tagOf(hash))
			b.numbers[place] = number
			return
		}
		at++
	}
}

// number takes a number that isn't in use.
func (e *tableEdit[K, V]) number() uint32 {
	if e.free != nil {
		number := e.free.number
		e.free = e.free.next
		return number
	}
	e.next++
	return e.next - 1
}

// remove takes a text out. Its number will be another's.
func (e *tableEdit[K, V]) remove(key K) {
	at, place, there := e.place(key, hashOf(key))
	if !there {
		return
	}
	b := e.ownBucket(at)
	number := b.numbers[place]
	if b.tags.find(tagFree) != 0 { // nobody looked further than this bucket
		b.tags.set(place, tagFree)
		e.used--
	} else {
		b.tags.set(place, tagRemoved)
	}
	*e.ownRecord(number) = record[K, V]{}
	e.free = &freed{number, e.free}
	e.size--
}

// full reports whether one text more would fill too many buckets.
func (e *tableEdit[K, V]) full() bool {
	return 2*(e.used+1) > placesPerBucket*bucketsPerPage*len(e.index)
}

// grow makes the index anew, as large as the table needs to hold twice what it holds.
func (e *tableEdit[K, V]) grow() {
	pages := 1
	for placesPerBucket*bucketsPerPage*pages < 2*2*e.size {
		pages *= 2
	}
	e.index, e.ownsBuckets, e.used = make([]*indexPage, pages), make([]bool, pages), 0
	for i := range e.index {
		e.index[i], e.ownsBuckets[i] = &indexPage{}, true
	}
	e.shift = uint8(64 - bits.Len(uint(bucketsPerPage*pages-1)))
	for n := range e.next {
		if key := e.record(n).key; key != "" {
			e.enter(hashOf(key), n)
		}
	}
}

func (e *tableEdit[K, V]) ownBucket(at uint64) *bucket {
	if e.ownsBuckets == nil {
		e.index, e.ownsBuckets = slices.Clone(e.index), make([]bool, len(e.index))
	}
	page := at / bucketsPerPage & uint64(len(e.index)-1)
	if !e.ownsBuckets[page] {
		clone := *e.index[page]
		e.index[page], e.ownsBuckets[page] = &clone, true
	}
	return &e.index[page][at%bucketsPerPage]
}

func (e *tableEdit[K, V]) ownRecord(number uint32) *record[K, V] {
	if e.ownsRecords == nil {
		e.records, e.ownsRecords = slices.Clone(e.records), make([]bool, len(e.records))
	}
	page := number / recordsPerPage
	if int(page) == len(e.records) {
		e.records, e.ownsRecords = append(e.records, &recordPage[K, V]{}), append(e.ownsRecords, true)
	}
	if !e.ownsRecords[page] {
		clone := *e.records[page]
		e.records[page], e.ownsRecords[page] = &clone, true
	}
	return &e.records[page][number%recordsPerPage]
}
