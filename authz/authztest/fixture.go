package authztest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// fixture is a store under test with helpers for the cases.
type fixture struct {
	*testing.T
	backend Backend
	store   authz.Store
}

// row returns a row with a type and values.
func row(columns ...string) authz.Row {
	r := authz.Row{Type: columns[0]}
	copy(r.V[:], columns[1:])
	return r
}

// record returns a record in which every field depends on the revision.
func record(r authz.Revision) authz.Record {
	hash := sha256.Sum256(fmt.Appendf(nil, "record %d", r))
	return authz.Record{
		Revision: r, At: 1_700_000_000_000_000 + int64(r), Channel: "go",
		Actor:  authz.Actor{Kind: authz.ActorUser, ID: fmt.Sprintf("actor-%d", r)},
		Reason: fmt.Sprintf("reason %d", r), Action: authz.ActionGroupUpdate,
		Target: fmt.Sprintf("Group %d", r),
		Delta:  fmt.Appendf(nil, `{"revision": %d}`, r), Hash: hash[:],
	}
}

// version returns the version that the record of a revision makes.
func version(r authz.Revision) authz.Version {
	if r == 0 {
		return authz.Version{}
	}
	return authz.NewVersion(r, record(r).Hash)
}

func group(name authz.GroupName, at authz.Revision) authz.GroupRow {
	return authz.GroupRow{
		GroupInfo: authz.GroupInfo{Name: name, Description: "what " + string(name) + " does"},
		Version:   version(at), UpdatedAt: 1_700_000_000_123_456,
		UpdatedBy: authz.Actor{Kind: authz.ActorUser, ID: "ana"},
	}
}

// commit commits c onto the present position and returns its record, which it creates unless c has one.
func (f *fixture) commit(c authz.Commit) authz.Record {
	f.Helper()
	c = f.next(c)
	if err := f.store.Commit(f.Context(), c); err != nil {
		f.Fatalf("commit of revision %d: %v", c.Record.Revision, err)
	}
	return c.Record
}

// next returns c with a record for the next revision and the present position, unless c has its own.
func (f *fixture) next(c authz.Commit) authz.Commit {
	f.Helper()
	position := f.position()
	if c.Record.Revision == 0 {
		c.Record = record(position.Revision + 1)
	}
	if c.Onto.Revision == 0 && c.Onto.Hash == nil {
		c.Onto = position
	}
	return c
}

// onto returns the position that the record of a revision must be committed onto.
func (f *fixture) onto(r authz.Revision) authz.Position {
	f.Helper()
	p := authz.Position{Writes: f.position().Writes}
	if p.Revision = r - 1; r > 1 {
		p.Hash = record(r - 1).Hash
	}
	return p
}

// refused commits c, which must fail and change nothing. The error must be of the kind, or if that is nil,
// none of ErrConflict, ErrGap and ErrTooEarly.
func (f *fixture) refused(c authz.Commit, kind error) {
	f.Helper()
	was := f.everything()
	err := f.store.Commit(f.Context(), f.next(c))
	switch {
	case err == nil:
		f.Error("the commit was accepted")
	case kind != nil && !errors.Is(err, kind):
		f.Errorf("the commit was refused with %v, not with %v", err, kind)
	case kind == nil && (errors.Is(err, authz.ErrConflict) || errors.Is(err, authz.ErrGap) || errors.Is(err, authz.ErrTooEarly)):
		f.Errorf("the commit was refused with %v", err)
	}
	f.same("after the refused commit", f.everything(), was)
}

func (f *fixture) revision() authz.Revision {
	f.Helper()
	return f.position().Revision
}

func (f *fixture) position() authz.Position {
	f.Helper()
	p, err := f.store.Position(f.Context())
	if err != nil {
		f.Fatalf("position: %v", err)
	}
	return p
}

func (f *fixture) userVersion(id authz.UserID) authz.Version {
	f.Helper()
	v, err := f.store.UserVersion(f.Context(), id)
	if err != nil {
		f.Fatalf("user version: %v", err)
	}
	return v
}

// contents is everything that a store holds.
type contents struct {
	state   authz.State
	rows    []authz.Row // with their ids, in the order of the load
	records []authz.Record
}

// Load returns everything that a store's Load passes to its callbacks.
func Load(ctx context.Context, s authz.Store) (state authz.State, rows []authz.Row, err error) {
	err = s.Load(ctx,
		func(present authz.State) error { state = present; return nil },
		func(r authz.Row) error { rows = append(rows, r); return nil })
	return state, rows, err
}

// load returns what Load returns, with groups and ends sorted.
func load(ctx context.Context, s authz.Store) (contents, error) {
	state, rows, err := Load(ctx, s)
	slices.SortFunc(state.Groups, func(a, b authz.GroupRow) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(state.Ends, compareEnds)
	return contents{state: state, rows: rows}, err
}

// load loads the store.
func (f *fixture) load() contents {
	f.Helper()
	c, err := load(f.Context(), f.store)
	if err != nil {
		f.Fatalf("load: %v", err)
	}
	return c
}

// everything reads the whole store, records included.
func (f *fixture) everything() contents {
	f.Helper()
	c := f.load()
	records, err := f.store.Before(f.Context(), authz.RecordQuery{Limit: 1_000})
	if err != nil {
		f.Fatalf("records: %v", err)
	}
	c.records = records
	if now := f.revision(); now != c.state.Revision {
		f.Errorf("Position is at revision %d, Load at %d", now, c.state.Revision)
	}
	return c
}

// hasRows checks that the policy table has exactly these rows, in any order and with any ids.
func (f *fixture) hasRows(want ...authz.Row) {
	f.Helper()
	var got []authz.Row
	for _, r := range f.load().rows {
		got = append(got, withoutID(r))
	}
	missing, extra := difference(want, got), difference(got, want)
	if len(missing)+len(extra) > 0 {
		f.Errorf("of %d rows, %d are missing and %d are extra: missing%s\n\textra%s",
			len(want), len(missing), len(extra), show(missing), show(extra))
	}
}

// difference returns the rows that occur more often in a than in b.
func difference(a, b []authz.Row) []authz.Row {
	count := map[authz.Row]int{}
	for _, r := range b {
		count[r]++
	}
	var more []authz.Row
	for _, r := range a {
		if count[r]--; count[r] < 0 {
			more = append(more, r)
		}
	}
	return more
}

// show formats the first rows.
func show(rows []authz.Row) string {
	var b strings.Builder
	for _, r := range rows[:min(len(rows), 10)] {
		fmt.Fprintf(&b, "\n\t%d %q %q", r.ID, r.Type, r.V)
	}
	return b.String()
}

func withoutID(r authz.Row) authz.Row {
	r.ID = 0
	return r
}

// same compares two states of a store.
func (f *fixture) same(when string, got, want contents) {
	f.Helper()
	if got.state.Revision != want.state.Revision {
		f.Errorf("%s: revision %d, want %d", when, got.state.Revision, want.state.Revision)
	}
	if !bytes.Equal(got.state.Hash, want.state.Hash) {
		f.Errorf("%s: hash %x, want %x", when, got.state.Hash, want.state.Hash)
	}
	if got.state.Milestones != want.state.Milestones {
		f.Errorf("%s: milestones %+v, want %+v", when, got.state.Milestones, want.state.Milestones)
	}
	if !slices.Equal(got.state.Groups, want.state.Groups) {
		f.Errorf("%s: groups\n%+v, want\n%+v", when, got.state.Groups, want.state.Groups)
	}
	if !slices.Equal(got.state.Ends, want.state.Ends) {
		f.Errorf("%s: ends\n%s, want\n%s", when, showEnds(got.state.Ends), showEnds(want.state.Ends))
	}
	if !slices.Equal(got.rows, want.rows) {
		f.Errorf("%s: rows%s\nwant%s", when, show(got.rows), show(want.rows))
	}
	f.sameRecords(when, got.records, want.records)
}

func (f *fixture) sameRecords(when string, got, want []authz.Record) {
	f.Helper()
	if !slices.EqualFunc(got, want, sameRecord) {
		f.Errorf("%s: records\n%+v, want\n%+v", when, got, want)
	}
}

func sameRecord(a, b authz.Record) bool {
	if !bytes.Equal(a.Delta, b.Delta) || !bytes.Equal(a.Hash, b.Hash) {
		return false
	}
	return a.Revision == b.Revision && a.At == b.At && a.Actor == b.Actor && a.Channel == b.Channel &&
		a.Reason == b.Reason && a.Action == b.Action && a.Target == b.Target
}
