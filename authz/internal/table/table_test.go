package table

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// value is what a map keeps of a key.
type value struct {
	word uint64
	more *int
}

// holds compares a table with a plain map, both ways.
func holds(t *testing.T, what string, got Table[int], want map[string]value) {
	t.Helper()
	if got.Len() != len(want) {
		t.Fatalf("%s: %d keys, want %d", what, got.Len(), len(want))
	}
	for key, v := range want {
		if e := got.Find(key); !e.Found() || e.Word != v.word || e.More() != v.more || e.Key() != key {
			t.Fatalf("%s: %q is %v, want %v", what, key, e, v)
		}
		if e, ok := maps.Collect(got.WithHash(HashOf(key)))[key]; !ok || e.Word != v.word {
			t.Fatalf("%s: %q isn't found by its hash", what, key)
		}
		if missing := key + "'"; want[missing] == (value{}) && got.Find(missing).Found() {
			t.Fatalf("%s: %q is there", what, missing)
		}
	}
	all := map[string]value{}
	for e := range got.All() {
		all[e.Key()] = value{e.Word, e.More()}
	}
	if !maps.Equal(all, want) {
		t.Fatalf("%s: All yields %d keys, want %d", what, len(all), len(want))
	}
	sound(t, what, got)
}

// sound checks that every page is what its fields say.
func sound(t *testing.T, what string, got Table[int]) {
	t.Helper()
	for p := range got.pages() {
		live, more, keys := 0, 0, 0
		for at := range p.all() {
			e := p.entry(at)
			live += recordSize(e.Key(), e.More() != nil)
			if e.More() != nil {
				more++
			}
			keys++
			if got.page(HashOf(e.Key())) != p {
				t.Fatalf("%s: %q is in another page than its hash says", what, e.Key())
			}
		}
		held := 0
		for _, m := range p.more {
			if m != nil {
				held++
			}
		}
		if live != int(p.used-p.garbage) || keys != int(p.size) || held != more || p.used > room {
			t.Fatalf("%s: a page with %d keys of %d bytes says %d and %d-%d, and has %d of %d values", what, keys, live, p.size, p.used, p.garbage, held, more)
		}
	}
}

// A page fits the size class of 4,096 bytes. The allocator adds eight bytes to large objects with pointers.
func TestSizeOfPage(t *testing.T) {
	t.Parallel()
	if got := reflect.TypeFor[page[int]]().Size(); got != 4088 {
		t.Errorf("%d bytes, want 4088", got)
	}
}

// program interprets bytes as edits of a table, and does the same to a plain map. The table of the moment and
// some that came before stay what they were.
func program(t *testing.T, code []byte, key func(i int) string) {
	type version struct {
		table Table[int]
		want  map[string]value
	}
	now := version{want: map[string]value{}}
	versions := []version{now}
	for len(code) > 0 {
		n := min(1+int(code[0]), len(code))
		edit, want := now.table.Edit(), maps.Clone(now.want)
		for rest := code[1:n]; len(rest) >= 3; rest = rest[3:] {
			k := key(int(rest[1])<<8 | int(rest[2]))
			switch v := (value{word: uint64(rest[0]) << 50}); rest[0] % 8 {
			case 0, 1:
				edit.Remove(k)
				delete(want, k)
			case 2, 3:
				v.more = &someMore[rest[0]]
				fallthrough
			default:
				edit.Put(k, v.word, v.more)
				want[k] = v
			}
			if _, has := want[k]; edit.Find(k).Found() != has {
				t.Fatalf("%q is found: %t", k, !has)
			}
		}
		code = code[n:]
		now = version{edit.Done(), want}
		if edit.Put("later", 1, nil); now.table.Find("later").Found() {
			t.Fatal("an edit after Done changed the table")
		}
		versions = append(versions, now)
		if len(versions) > 20 {
			versions = versions[10:]
		}
		if len(code)%7 == 0 || len(code) == 0 {
			for i, v := range versions {
				holds(t, fmt.Sprintf("version %d of %d", i, len(versions)), v.table, v.want)
			}
		}
	}
}

var someMore [256]int

// keyOfAnyLength returns one of n keys, of 0 to 400 bytes.
func keyOfAnyLength(i, n int) string {
	i %= n
	length := i % 40
	switch i % 11 {
	case 0:
		length = maxText - 2 + i%5 // near the limit
	case 1:
		length = i % 400
	}
	s := fmt.Sprint(i)
	return strings.Repeat("語", max(0, length-len(s))/3) + s[:min(len(s), max(length, 3))]
}

// A table is what a plain map is, after any number of edits of any size, and edits leave what came before alone.
func TestTableAgainstMap(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		code := make([]byte, 20_000)
		for i := range code {
			code[i] = byte(r.IntN(256))
		}
		keys := 1 + r.IntN(3000)
		program(t, code, func(i int) string { return keyOfAnyLength(i, keys) })
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte{6, 4, 0, 1, 2, 0, 1, 3, 0, 0, 1}, uint16(10))
	f.Add(slices.Repeat([]byte{254, 3, 1, 77, 5, 2, 78, 0, 1, 77}, 40), uint16(400))
	f.Fuzz(func(t *testing.T, code []byte, keys uint16) {
		if len(code) > 20_000 {
			t.Skip("too long")
		}
		program(t, code, func(i int) string { return keyOfAnyLength(i, int(keys)+1) })
	})
}

// Keys with the same tag, the same bucket and the same page are told apart, more than fill one bucket and, by
// their upper bits, more than fill a page.
func TestCollidingHashes(t *testing.T) {
	t.Parallel()
	bucket := map[Hash][]string{} // by bucket and tag
	page := map[Hash][]string{}   // by the bits that select the page
	for i := range 400_000 {
		key := fmt.Sprint(i)
		h := HashOf(key)
		bucket[h&(1<<12-1)] = append(bucket[h&(1<<12-1)], key)
		page[h>>24] = append(page[h>>24], key)
	}
	r := rand.New(rand.NewPCG(1, 3))
	for name, groups := range map[string]map[Hash][]string{"tag": bucket, "page": page} {
		tries := 0
		for _, keys := range groups {
			if len(keys) < 40 {
				continue
			}
			if tries++; tries > 10 {
				break
			}
			code := make([]byte, 3000)
			for i := range code {
				code[i] = byte(r.IntN(256))
			}
			program(t, code, func(i int) string { return keys[i%len(keys)] })
		}
		if tries == 0 {
			t.Error("no keys with the same ", name)
		}
	}
}

// A page that its texts fill, long before its slots are full, is split too, and so is one that is full of short
// keys. Rebuilding frees the room of removed keys.
func TestFullPages(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 5, 9, 36, 255, 256, 1000} {
		edit, want := Table[int]{}.Edit(), map[string]value{}
		for i := range 3000 {
			key := fmt.Sprintf("%0*d", length, i)
			edit.Put(key, uint64(i), nil)
			want[key] = value{word: uint64(i)}
		}
		holds(t, fmt.Sprint("length ", length), edit.Done(), want)
		pages := func() (n int) {
			for range edit.pages() {
				n++
			}
			return n
		}
		before := pages()
		for i := range 10_000 { // a thousand keys that come and go
			key := fmt.Sprintf("%0*d", length, 3000+i%1000)
			if i%2000 < 1000 {
				edit.Put(key, 1, &someMore[0])
			} else {
				edit.Remove(key)
			}
		}
		for i := range 1000 {
			edit.Remove(fmt.Sprintf("%0*d", length, 3000+i))
		}
		holds(t, fmt.Sprint("length ", length, " again"), edit.Done(), want)
		if after := pages(); after > 2*before+2 {
			t.Errorf("length %d: %d pages became %d", length, before, after)
		}
	}
}

// A table with many keys finds them all, through many splits, and uses its pages well.
func TestTableGrows(t *testing.T) {
	t.Parallel()
	edit := Table[int]{}.Edit()
	const n = 100_000
	for i := range n {
		edit.Put(fmt.Sprint("user", i), uint64(i), nil)
	}
	now := edit.Done()
	for i := range n {
		if e := now.Find(fmt.Sprint("user", i)); !e.Found() || e.Word != uint64(i) {
			t.Fatalf("%d is %v", i, e)
		}
	}
	pages := 0
	for range now.pages() {
		pages++
	}
	if now.Find("no number").Found() || pages*80 > n || now.pointers() > 8*pages {
		t.Errorf("%d keys are on %d pages with %d pointers", now.Len(), pages, now.pointers())
	}
}

// Finding allocates nothing, also where another look is needed.
func TestFindAllocatesNothing(t *testing.T) {
	edit := Table[int]{}.Edit()
	var texts [20_000]string
	for i := range texts {
		texts[i] = fmt.Sprint(i)
		if i%2 == 0 { // the others are not there
			edit.Put(texts[i], 1, nil)
		}
	}
	now, next := edit.Done(), 0
	allocated := testing.AllocsPerRun(len(texts)-1, func() {
		if e := now.Find(texts[next]); e.Found() && e.Word == 1 && e.More() != nil {
			t.Error("more")
		}
		next++
	})
	if allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// Whatever texts have in common, their hashes spread: over the pages, and within them.
func TestHashesSpread(t *testing.T) {
	t.Parallel()
	const n = 50_000
	for name, text := range map[string]func(i int) string{
		"numbers":          func(i int) string { return fmt.Sprint(i) },
		"padded numbers":   func(i int) string { return fmt.Sprintf("%012d", i) },
		"numbers at first": func(i int) string { return fmt.Sprintf("%07d@users.example.com", i) },
		"numbers at last":  func(i int) string { return fmt.Sprintf("https://id.example.com/users/%d", i) },
		"sparse numbers":   func(i int) string { return fmt.Sprintf("%016x", uint64(i)<<40) },
		"two bytes": func(i int) string {
			return string([]byte{byte(i), byte(i >> 8)}) + "................................"
		},
		"bits":  func(i int) string { return fmt.Sprintf("%017b", i) },
		"UUIDs": func(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-000000000000", i) },
	} {
		seen := map[Hash]bool{}
		edit := Table[int]{}.Edit()
		for i := range n {
			seen[HashOf(text(i))] = true
			edit.Put(text(i), uint64(i), nil)
		}
		if doubles := n - len(seen); doubles > n/500 { // 0.3 of a perfect hash; a dozen with one in hundreds of secrets
			t.Errorf("%s: %d hashes are the same", name, doubles)
		}
		pages, overfull := 0, 0
		now := edit.Done()
		for p := range now.pages() {
			pages++
			for i := range p.buckets {
				if p.buckets[i].tags.find(0) == 0 {
					overfull++
				}
			}
		}
		if perPage := n / pages; perPage < 40 || overfull > pages*bucketsPerPage*2/5 {
			t.Errorf("%s: %d texts to a page, %d of %d buckets are full", name, perPage, overfull, pages*bucketsPerPage)
		}
	}
}

// A bag of hashes is what a plain list of them is, doubles included.
func TestHashSetAgainstList(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var now Set
	var want []Hash
	for round := range 300 {
		before, wanted := now, slices.Clone(want)
		var add, remove []Hash
		for range r.IntN(2000) {
			if growing := round/40%2 == 0; growing || len(want) == 0 || r.IntN(8) == 0 {
				add = append(add, Hash(r.IntN(10_000)))
			} else {
				i := r.IntN(len(want))
				remove = append(remove, want[i])
				want = slices.Delete(want, i, i+1)
			}
		}
		want = slices.Sorted(slices.Values(slices.Concat(want, add)))
		var fits bool
		if now, fits = now.Change(add, remove); !fits {
			t.Fatalf("round %d: it doesn't fit", round)
		}
		if got := slices.Concat(now.chunks...); !slices.Equal(got, want) || now.Len() != len(want) {
			t.Fatalf("round %d: %d hashes of size %d, want %d", round, len(got), now.Len(), len(want))
		}
		if got := slices.Collect(now.All()); !slices.Equal(got, slices.Compact(slices.Clone(want))) {
			t.Fatalf("round %d: all yields %d", round, len(got))
		}
		if got := slices.Concat(before.chunks...); !slices.Equal(got, wanted) {
			t.Fatalf("round %d: the set before the change was changed", round)
		}
		for _, chunk := range now.chunks {
			if len(chunk) == 0 || len(chunk) > maxChunk {
				t.Fatalf("round %d: a chunk of %d", round, len(chunk))
			}
		}
		if _, fits := now.Change(nil, []Hash{20_000}); fits {
			t.Fatal("what isn't in it was removed")
		}
	}
}
