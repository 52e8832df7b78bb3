package authztest

import (
	"errors"
	"math"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// deltas are texts that a JSON column, unlike a column of bytes, would normalize.
var deltas = []string{
	`{}`,
	"{\"b\":1,\"a\":2,\"a\":3}\r\n\t ",
	`{"n": [1.0, 1e0, 10000000000000000000001, -0, 1.10]}`,
	`{"u":"\u0000\u0041\ud83d\ude00é` + "e\u0301\u2028\x7f" + `𐐷\/"}`,
	`{"q":"it's \\ \"quoted\" % _ ? :name @x $1 ${y} -- ; /* */"}`,
	` null `,
}

func recordsExact(f *fixture) {
	var want []authz.Record
	for i := range 8 {
		r := record(authz.Revision(i + 1))
		for j := range r.Hash { // all byte values, over eight records
			r.Hash[j] = byte(32*i + j)
		}
		r.Delta = []byte(deltas[i%len(deltas)])
		r.At = []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 253402300799999999, 1_700_000_000_000_001, 7}[i]
		r.Reason = []string{"", " ", "two\nlines ", "é", "e\u0301", "it's 100%", `\`, "?"}[i]
		r.Target = []string{"", "Desk", "desk", "Desk ", "Straße", "𐐷", "NULL", "0"}[i]
		r.Actor = authz.Actor{Kind: authz.ActorOutside, ID: r.Target}
		f.commit(authz.Commit{Record: r})
		want = append(want, r)
		if got := f.load().state.Hash; string(got) != string(r.Hash) {
			f.Errorf("the state has hash %x, want %x", got, r.Hash)
		}
	}
	got, err := f.store.Since(f.Context(), 0, 100, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.sameRecords("Since", got, want)
	for i := range want {
		got, err := f.store.Before(f.Context(), authz.RecordQuery{Before: authz.Revision(i + 2), Limit: 1})
		if err != nil {
			f.Fatal(err)
		}
		f.sameRecords("Before", got, want[i:i+1])
	}
}

const recorded = 25

func commitRecords(f *fixture) {
	for range recorded {
		f.commit(authz.Commit{})
	}
}

// records returns the records from one revision to another, ascending or descending.
func records(from, to authz.Revision) []authz.Record {
	var list []authz.Record
	if from <= to {
		for r := from; r <= to; r++ {
			list = append(list, record(r))
		}
		return list
	}
	for r := from; r >= to; r-- {
		list = append(list, record(r))
	}
	return list
}

func (f *fixture) since(after authz.Revision, limit int, want []authz.Record) {
	f.Helper()
	f.sinceBounded(after, limit, 0, want)
}

func (f *fixture) sinceBounded(after authz.Revision, limit, maxBytes int, want []authz.Record) {
	f.Helper()
	got, err := f.store.Since(f.Context(), after, limit, maxBytes)
	if err != nil {
		f.Errorf("since %d, at most %d and %d bytes: %v", after, limit, maxBytes, err)
	}
	f.sameRecords("since", got, want)
}

func since(f *fixture) {
	f.since(0, 10, nil)
	commitRecords(f)
	f.since(0, 10, records(1, 10))
	f.since(10, 10, records(11, 20))
	f.since(20, 10, records(21, 25))
	f.since(20, 5, records(21, 25))
	f.since(24, 1, records(25, 25))
	f.since(25, 10, nil)
	f.since(0, 1000, records(1, 25))
}

func sinceInBytes(f *fixture) {
	f.sinceBounded(0, 10, 100, nil)
	commitRecords(f)
	size := len(record(1).Delta)
	f.sinceBounded(0, 10, 1, records(1, 1)) // never none
	f.sinceBounded(0, 10, size, records(1, 1))
	f.sinceBounded(0, 10, size+1, records(1, 2))
	f.sinceBounded(3, 10, 3*size, records(4, 6))
	f.sinceBounded(3, 2, 3*size, records(4, 5))
	f.sinceBounded(24, 10, 1<<40, records(25, 25))
	f.sinceBounded(25, 10, 1, nil)
	f.sinceBounded(0, 1000, 1<<40, records(1, 25))
	f.sinceBounded(0, 0, 1, nil)

	large := record(recorded + 1)
	large.Delta = []byte(`"` + strings.Repeat("é", 1<<19) + `"`) // bytes, not characters
	f.commit(authz.Commit{Record: large})
	f.commit(authz.Commit{})
	f.sinceBounded(recorded-1, 10, 1<<20, []authz.Record{record(recorded), large})
	f.sinceBounded(recorded, 10, 1, []authz.Record{large})
	f.sinceBounded(recorded, 10, 3<<19, []authz.Record{large, record(recorded + 2)})
}

func gap(f *fixture) {
	commitRecords(f)
	isGap := func(after authz.Revision, limit int) {
		f.Helper()
		if list, err := f.store.Since(f.Context(), after, limit, 0); !errors.Is(err, authz.ErrGap) {
			f.Errorf("since %d, at most %d: %d records and %v", after, limit, len(list), err)
		}
	}
	for _, r := range []authz.Revision{1, 13, 25} {
		f.backend.DeleteRecord(f.T, f.store, r)
	}
	isGap(0, 1) // the first
	isGap(0, 10)
	f.since(1, 10, records(2, 11))
	isGap(10, 10) // one between
	isGap(12, 1)
	f.since(10, 2, records(11, 12))
	f.since(13, 11, records(14, 24))
	isGap(20, 10) // the last
	isGap(24, 1)

	size := len(record(11).Delta)
	f.sinceBounded(10, 10, 2*size, records(11, 12)) // the missing one comes after them
	for _, maxBytes := range []int{2*size + 1, 1 << 40} {
		if list, err := f.store.Since(f.Context(), 10, 10, maxBytes); !errors.Is(err, authz.ErrGap) {
			f.Errorf("since 10, at most %d bytes: %d records and %v", maxBytes, len(list), err)
		}
	}
	if _, err := f.store.Since(f.Context(), 12, 10, 1); !errors.Is(err, authz.ErrGap) {
		f.Errorf("since 12, bounded in bytes: %v", err)
	}
}

func before(f *fixture) {
	page := func(before authz.Revision, limit int, want []authz.Record) {
		f.Helper()
		got, err := f.store.Before(f.Context(), authz.RecordQuery{Before: before, Limit: limit})
		if err != nil {
			f.Errorf("before %d, at most %d: %v", before, limit, err)
		}
		f.sameRecords("before", got, want)
	}
	page(0, 10, nil)
	commitRecords(f)
	page(0, 10, records(25, 16))
	page(16, 10, records(15, 6))
	page(6, 10, records(5, 1))
	page(1, 10, nil)
	page(26, 1, records(25, 25))
	page(1000, 3, records(25, 23))
	page(0, 1000, records(25, 1))

	size := len(records(25, 25)[0].Delta)
	for most, want := range map[int][]authz.Record{1: records(25, 25), size: records(25, 25), size + 1: records(25, 24), 3 * size: records(25, 23), 1 << 30: records(25, 16)} {
		got, err := f.store.Before(f.Context(), authz.RecordQuery{Limit: 10, MaxBytes: most})
		if err != nil {
			f.Errorf("at most %d bytes: %v", most, err)
		}
		f.sameRecords("before, bounded in bytes", got, want)
	}
}
