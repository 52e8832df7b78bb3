package table

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Hash is the hash of a key. Its upper bits select the page, its lowest bits the bucket, and those between
// are the tag.
type Hash uint32

const hashBits = 32

// HashOf hashes a key. It is a reduced wyhash (github.com/wangyi-fudan/wyhash): two words of the text,
// combined with secrets, are multiplied, and the product is folded. With the hash of the standard library,
// the two hashes of a decision would take a third of its time.
func HashOf(s string) Hash {
	n := len(s)
	seed := secretA
	var x, y, first uint64
	switch {
	case n > 16 && n <= 32: // both products at the same time
		first = mix(load8(s)^secretC, load8(s[8:])^secretD)
		x, y = load8(s[n-16:]), load8(s[n-8:])
	case n > 32:
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
	return Hash((mix(x^seed, y^secretB^uint64(n)) ^ first) >> 32)
}

// Secrets of this process, so that nobody can choose user ids whose hashes collide.
var secretA, secretB, secretC, secretD = secret(), secret(), secret(), secret()

func secret() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.NativeEndian.Uint64(b[:])
}

func mix(a, b uint64) uint64 {
	upper, lower := bits.Mul64(a, b)
	return upper ^ lower
}

// load8 reads the first eight bytes. The compiler turns it into one instruction.
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
func (h Hash) inPage() (at int, tag uint8) {
	return int(h % bucketsPerPage), uint8(h/bucketsPerPage) | tagKey
}
