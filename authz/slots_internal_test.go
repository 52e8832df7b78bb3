package authz

import (
	"testing"
)

// Entries that all compete for two slots are found too, in a table of bounded width. Without the secrets, nobody
// can choose them.
func TestSlotsOfCollidingEntries(t *testing.T) {
	t.Parallel()
	var list, others []entry
	for p := permissionID(0); len(list) < 40; p += blockSize {
		switch h := p.block().hash(); {
		case h&0xff == 7 && h>>32&0xff == 7:
			list = append(list, p.with(granted))
		case len(others) < 100:
			others = append(others, p.block())
		}
	}
	for n := range list {
		s, left := newSlots(list[:n], blockEffects)
		if len(s) > 4*maxSpread*n+1 {
			t.Fatalf("%d slots for %d entries", len(s), n)
		}
		for i, e := range list {
			id := e &^ blockEffects
			got := s.get(id, id.hash(), blockEffects) | find(left, id, blockEffects)
			if want := e & blockEffects; i < n && got != want || i >= n && got != 0 {
				t.Fatalf("of %d entries, %d has the effects %x", n, i, got)
			}
		}
		for _, id := range others {
			if s.get(id, id.hash(), blockEffects)|find(left, id, blockEffects) != 0 {
				t.Fatal("found what isn't in the table")
			}
		}
		if n > 10 && len(left) == 0 {
			t.Fatal("no entry was left over: the entries don't collide")
		}
	}
}
