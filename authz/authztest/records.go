package authztest

import (
	"errors"
	"math"

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
	got, err := f.store.Since(f.Context(), 0, 100)
	if err != nil {
		f.Fatal(err)
	}
	f.sameRecords("Since", got, want)
	for i := range want {
		got, err := f.store.Before(f.Context(), authz.Revision(i+2), 1)
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
	got, err := f.store.Since(f.Context(), after, limit)
	if err != nil {
		f.Errorf("since %d, at most %d: %v", after, limit, err)
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

func gap(f *fixture) {
	commitRecords(f)
	isGap := func(after authz.Revision, limit int) {
		f.Helper()
		if list, err := f.store.Since(f.Context(), after, limit); !errors.Is(err, authz.ErrGap) {
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
}

func before(f *fixture) {
	page := func(before authz.Revision, limit int, want []authz.Record) {
		f.Helper()
		got, err := f.store.Before(f.Context(), before, limit)
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
}
