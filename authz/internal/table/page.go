package table

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"
)

// page is a small hash table. A lookup usually reads two or three cache lines of it: those of one bucket and of one
// record. With the eight bytes that the allocator adds, it has 4,096 bytes. It looks like this:
//
//	            8 tags    8 places
//	bucket 0   [········][·p······]     a tag: seven bits of the hash, so that a lookup
//	bucket 1   [········][········]     compares nearly always with one record only
//	   …                   │
//	bucket 31  [········][·│······]
//	data       ┌───────────┘
//	           [word│length│text│more?][word│length│text]…   unused
//
// A record has the word of the key (8 bytes), the length of the text (1) and the text. If the key has more to its
// value, the index of that in more follows (2). A key that is longer than maxText is in long, and the text is its
// index there (2). The place of a record, its offset with two flags, says which. Removed records stay until the
// page is rebuilt.
type page[M any] struct {
	more    []*M
	long    []string
	owner   uint64 // the edit that may write to it
	used    uint16 // bytes of data, from its beginning
	garbage uint16 // bytes of removed records among them
	size    uint16 // number of keys
	depth   uint8  // how many upper bits the hashes in it share
	buckets [bucketsPerPage]bucket
	data    [room]byte
}

type bucket struct {
	tags   tags
	places [slotsPerBucket]place
}

const (
	bucketsPerPage = 32
	slotsPerBucket = 8
	fullPage       = bucketsPerPage * slotsPerBucket * 3 / 4 // keys
	room           = 4088 - 64 - bucketsPerPage*24           // bytes for records

	recordHead = 9 // the word and the length
	indexSize  = 2
	maxText    = 255
)

// place is the offset of a record in the data of its page, with flags.
type place uint16

const (
	hasMore    place = 1 << 15
	isLong     place = 1 << 14
	offsetMask       = isLong - 1
)

// recordSize returns the size of the record of a key.
func recordSize(key string, more bool) int {
	size := recordHead + len(key)
	if len(key) > maxText {
		size = recordHead + indexSize
	}
	if more {
		size += indexSize
	}
	return size
}

// text returns the text of a record, of as many bytes as it has.
func (p *page[M]) text(at place) []byte {
	start := int(at&offsetMask) + recordHead
	return p.data[start : start+int(p.data[start-1])]
}

// index reads an index.
func index(b []byte) int { return int(binary.NativeEndian.Uint16(b)) }

// is reports whether a record has a key.
func (p *page[M]) is(at place, key string) bool {
	text := p.text(at)
	if at&isLong != 0 {
		return p.long[index(text)] == key
	}
	return string(text) == key
}

func (p *page[M]) word(at place) uint64 {
	return binary.NativeEndian.Uint64(p.data[at&offsetMask:])
}

func (p *page[M]) key(at place) string {
	text := p.text(at)
	if at&isLong != 0 {
		return p.long[index(text)]
	}
	return string(text)
}

// moreIndex returns where in more the rest of a value is. The place has the flag.
func (p *page[M]) moreIndex(at place) int {
	return index(p.data[int(at&offsetMask)+recordHead+len(p.text(at)):])
}

// tags has a byte for each slot of a bucket, from the lowest on.
type tags uint64

const (
	tagFree    = 0 // the slot is free, and no key of the bucket is in a later bucket
	tagRemoved = 1 // the slot is free, but keys of the bucket may be in later buckets
	tagKey     = 0x80

	everyTag tags = 0x0101010101010101
)

// find returns a bit for each slot with the tag, at eight times its number plus seven. The lowest bit is
// right; higher ones can be false positives (Hacker's Delight, 6-1).
func (t tags) find(tag uint8) tags {
	x := t ^ tags(tag)*everyTag
	return (x - everyTag) &^ x & (everyTag * tagKey)
}

func (t *tags) set(slot int, tag uint8) {
	*t = *t&^(0xff<<(8*slot)) | tags(tag)<<(8*slot)
}

// first returns the slot of the lowest bit in a result of find.
func (t tags) first() int { return bits.TrailingZeros64(uint64(t)) / 8 }

// tagged yields the places of the records that may have a hash, and perhaps of others.
func (p *page[M]) tagged(at int, tag uint8) iter.Seq[place] {
	return func(yield func(place) bool) {
		for range bucketsPerPage {
			b := &p.buckets[at]
			for found := b.tags.find(tag); found != 0; found &= found - 1 {
				if !yield(b.places[found.first()]) {
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

// search is the slow path of [Table.Find].
//
//go:noinline
func (p *page[M]) search(key string, at int, tag uint8) Entry[M] {
	for at := range p.tagged(at, tag) {
		if p.is(at, key) {
			return p.entry(at)
		}
	}
	return Entry[M]{}
}

func (p *page[M]) entry(at place) Entry[M] { return Entry[M]{p.word(at), p, at} }

// all yields the place of every record.
func (p *page[M]) all() iter.Seq[place] {
	return func(yield func(place) bool) {
		for i := range p.buckets {
			b := &p.buckets[i]
			for keys := b.tags & (everyTag * tagKey); keys != 0; keys &= keys - 1 {
				if !yield(b.places[keys.first()]) {
					return
				}
			}
		}
	}
}

// clone returns a copy for an edit.
func (p *page[M]) clone(owner uint64) *page[M] {
	clone := *p
	clone.owner, clone.more, clone.long = owner, slices.Clone(p.more), slices.Clone(p.long)
	return &clone
}

// fits reports whether the page has a slot and room for a record.
func (p *page[M]) fits(size int) bool { return int(p.used)+size <= room && p.size < fullPage }

// add adds a key that is not in the page, for which there is room.
func (p *page[M]) add(key string, word uint64, more *M) {
	at, tag := HashOf(key).inPage()
	for p.buckets[at].tags.find(tagFree)|p.buckets[at].tags.find(tagRemoved) == 0 {
		at = (at + 1) % bucketsPerPage
	}
	b := &p.buckets[at]
	free := b.tags.find(tagRemoved)
	if free == 0 {
		free = b.tags.find(tagFree)
	}
	b.tags.set(free.first(), tag)
	b.places[free.first()] = p.write(key, word, more)
	p.size++
}

// write appends a record.
func (p *page[M]) write(key string, word uint64, more *M) place {
	at := place(p.used)
	r := binary.NativeEndian.AppendUint64(p.data[p.used:p.used], word)
	if len(key) <= maxText {
		r = append(append(r, byte(len(key))), key...)
	} else {
		at |= isLong
		r = binary.NativeEndian.AppendUint16(append(r, indexSize), uint16(len(p.long)))
		p.long = append(p.long, key)
	}
	if more != nil {
		at |= hasMore
		r = binary.NativeEndian.AppendUint16(r, uint16(len(p.more)))
		p.more = append(p.more, more)
	}
	p.used += uint16(len(r))
	return at
}

// replace changes the value of a record, and returns false if the record's size has to change.
func (p *page[M]) replace(at place, word uint64, more *M) bool {
	if (at&hasMore != 0) != (more != nil) {
		return false
	}
	binary.NativeEndian.PutUint64(p.data[at&offsetMask:], word)
	if more != nil {
		p.more[p.moreIndex(at)] = more
	}
	return true
}

// remove removes a key that is in the page.
func (p *page[M]) remove(key string) {
	at, tag := HashOf(key).inPage()
	for ; ; at = (at + 1) % bucketsPerPage {
		b := &p.buckets[at]
		for found := b.tags.find(tag); found != 0; found &= found - 1 {
			slot := found.first()
			if !p.is(b.places[slot], key) {
				continue
			}
			if b.tags.find(tagFree) != 0 { // no search has gone past this bucket
				b.tags.set(slot, tagFree)
			} else {
				b.tags.set(slot, tagRemoved)
			}
			p.discard(b.places[slot], key)
			return
		}
	}
}

// discard counts a record as removed and drops what it refers to.
func (p *page[M]) discard(at place, key string) {
	if at&hasMore != 0 {
		p.more[p.moreIndex(at)] = nil
	}
	if at&isLong != 0 {
		p.long[index(p.text(at))] = ""
	}
	p.garbage += uint16(recordSize(key, at&hasMore != 0))
	p.size--
}
