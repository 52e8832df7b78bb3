package authztest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

func keysAndTimes(f *fixture) {
	keys := [][]string{
		{"user:ana", "group:Desk"},
		{"user:ben"},
		{"*"},
		{},
		{"user:Ana", "actor:ana"},
		{"actor:ana", "user:cleo", "group:Desk", "user:ben", "group:Leads"},
		{"user:ana "},
		{"user:ana"},
	}
	at := []int64{50, 10, 60, 20, 1 << 50, 30, -5, 40} // clocks differ
	for i := range keys {
		r := record(authz.Revision(i + 1))
		r.At = at[i]
		f.commit(authz.Commit{Record: r, Keys: keys[i]})
	}
	for _, c := range []struct {
		q    authz.RecordQuery
		want []authz.Revision
	}{
		{authz.RecordQuery{}, []authz.Revision{8, 7, 6, 5, 4, 3, 2, 1}},
		{authz.RecordQuery{Keys: [][]string{{"user:ana"}}}, []authz.Revision{8, 1}},
		{authz.RecordQuery{Keys: [][]string{{"user:ana", "*"}}}, []authz.Revision{8, 3, 1}},
		{authz.RecordQuery{Keys: [][]string{{"user:ana", "*"}}, Limit: 2}, []authz.Revision{8, 3}},
		{authz.RecordQuery{Keys: [][]string{{"user:ana", "*"}}, Before: 3}, []authz.Revision{1}},
		{authz.RecordQuery{Keys: [][]string{{"user:ana", "*"}}, Since: 45}, []authz.Revision{3, 1}},
		{authz.RecordQuery{Keys: [][]string{{"group:Desk"}, {"actor:ana"}}}, []authz.Revision{6}},
		{authz.RecordQuery{Keys: [][]string{{"group:Desk", "*"}, {"user:ben", "*"}, {"actor:ana"}}, Limit: 1}, []authz.Revision{6}},
		{authz.RecordQuery{Keys: [][]string{{"group:Leads"}}}, []authz.Revision{6}},
		{authz.RecordQuery{Keys: [][]string{{"actor:nobody"}}}, nil},
		{authz.RecordQuery{Keys: [][]string{{"user:", "user:an"}}}, nil},
		{authz.RecordQuery{Since: 30}, []authz.Revision{8, 6, 5, 3, 1}},
		{authz.RecordQuery{Until: 30}, []authz.Revision{7, 4, 2}},
		{authz.RecordQuery{Since: 10, Until: 41, Before: 8}, []authz.Revision{6, 4, 2}},
		{authz.RecordQuery{Since: 10, Until: 41, Limit: 2}, []authz.Revision{8, 6}},
		{authz.RecordQuery{Since: 1 << 51}, nil},
	} {
		if c.q.Limit == 0 {
			c.q.Limit = 100
		}
		list, err := f.store.Before(f.Context(), c.q)
		var got []authz.Revision
		for _, r := range list {
			got = append(got, r.Revision)
		}
		if err != nil || !slices.Equal(got, c.want) {
			f.Errorf("%+v selects %v, not %v (%v)", c.q, got, c.want, err)
		}
	}
}

func manyKeys(f *fixture) {
	const most = 104
	keys := make([]string, most)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%02x", i) + strings.Repeat("𐐷", 103)
	}
	f.commit(authz.Commit{Keys: keys})
	f.commit(authz.Commit{Keys: keys[:1]})
	for i, key := range keys {
		list, err := f.store.Before(f.Context(), authz.RecordQuery{Keys: [][]string{{key}}, Limit: 3})
		if want := 1; err != nil || i > 0 && len(list) != want || i == 0 && len(list) != want+1 {
			f.Fatalf("key %d finds %d records (%v)", i, len(list), err)
		}
	}
}

// checkpoints returns the store if it keeps checkpoints; otherwise it skips the case.
func (f *fixture) checkpoints() authz.CheckpointStore {
	store, ok := f.store.(authz.CheckpointStore)
	if !ok {
		f.Skip("the store keeps no checkpoints")
	}
	return store
}

// checkpointOf returns a checkpoint at the record of a revision, with its contents.
func checkpointOf(r authz.Revision, chunks int) (authz.Checkpoint, [][]byte) {
	c := authz.Checkpoint{
		Head:   authz.Head{Revision: r, Hash: record(r).Hash},
		Digest: fmt.Appendf(nil, "\x00digest %d\xff", r), Chunks: chunks,
	}
	contents := make([][]byte, chunks)
	for i := range contents {
		contents[i] = bytes.Repeat([]byte{byte(r), byte(i), 0, 0xff}, 64<<10)
	}
	return c, contents
}

func (f *fixture) addCheckpoint(s authz.CheckpointStore, r authz.Revision, chunks int) {
	f.Helper()
	c, contents := checkpointOf(r, chunks)
	if err := s.AddCheckpoint(f.Context(), c, contents); err != nil {
		f.Fatalf("add the checkpoint of revision %d: %v", r, err)
	}
}

// hasCheckpoints compares the checkpoints with those of the revisions, which have three chunks each.
func (f *fixture) hasCheckpoints(s authz.CheckpointStore, want ...authz.Revision) {
	f.Helper()
	list, err := s.Checkpoints(f.Context())
	if err != nil || len(list) != len(want) {
		f.Fatalf("%d checkpoints, want %v (%v)", len(list), want, err)
	}
	for i, r := range want {
		c, contents := checkpointOf(r, 3)
		if got := list[i]; got.Revision != r || !bytes.Equal(got.Hash, c.Hash) || !bytes.Equal(got.Digest, c.Digest) || got.Chunks != 3 {
			f.Errorf("checkpoint %+v, want %+v", got, c)
		}
		for n, chunk := range contents {
			if got, err := s.CheckpointChunk(f.Context(), r, n); err != nil || !bytes.Equal(got, chunk) {
				f.Errorf("chunk %d of the checkpoint of revision %d differs (%v)", n, r, err)
			}
		}
		for _, n := range []int{-1, 3} {
			if _, err := s.CheckpointChunk(f.Context(), r, n); !errors.Is(err, authz.ErrGap) {
				f.Errorf("chunk %d of 3: %v", n, err)
			}
		}
	}
}

func checkpointsExact(f *fixture) {
	s := f.checkpoints()
	commitRecords(f)
	f.hasCheckpoints(s)
	was := f.everything()
	f.addCheckpoint(s, 20, 3)
	f.addCheckpoint(s, 5, 3)
	f.addCheckpoint(s, 25, 3)
	f.hasCheckpoints(s, 25, 20, 5)
	f.same("after the checkpoints", f.everything(), was)
	f.commit(authz.Commit{}) // onto the same position
}

func checkpointsOnce(f *fixture) {
	s := f.checkpoints()
	commitRecords(f)
	f.addCheckpoint(s, 20, 3)
	another, contents := checkpointOf(20, 2)
	another.Digest = []byte("another")
	otherHash, _ := checkpointOf(21, 2)
	otherHash.Hash = []byte("another")
	beyond, _ := checkpointOf(recorded+1, 2)
	for what, c := range map[string]authz.Checkpoint{"second": another, "other hash": otherHash, "beyond the end": beyond} {
		if err := s.AddCheckpoint(f.Context(), c, contents); !errors.Is(err, authz.ErrConflict) {
			f.Errorf("%s: %v", what, err)
		}
	}
	f.hasCheckpoints(s, 20)
	if _, err := s.CheckpointChunk(f.Context(), 21, 0); !errors.Is(err, authz.ErrGap) {
		f.Errorf("a chunk of no checkpoint: %v", err)
	}
}

// archivable commits records with checkpoints, keys and versions of users.
func archivable(f *fixture, s authz.CheckpointStore) {
	users := []authz.UserID{"ana", "ben", "cleo", "Cleo", "dana"}
	f.commit(authz.Commit{Users: users, AddRows: []authz.Row{
		row("g", "ana", "group:Desk"), row("p", "cleo", "orders", "view", "allow"), row("g", "group:ben", "group:dana"),
	}})
	for r := range authz.Revision(9) {
		f.commit(authz.Commit{Keys: []string{"user:ana", "a", "b", fmt.Sprint("user:", r+2)}})
	}
	f.commit(authz.Commit{Users: []authz.UserID{"dana"}})
	f.addCheckpoint(s, 4, 3)
	f.addCheckpoint(s, 8, 3)
	f.addCheckpoint(s, 10, 3)
}

func archive(f *fixture) {
	s := f.checkpoints()
	archivable(f, s)
	f.commit(authz.Commit{Archive: 8})
	f.sameRecords("after the archive", f.everything().records, records(12, 9))
	f.hasCheckpoints(s, 10, 8)
	for id, want := range map[authz.UserID]authz.Revision{"ana": 1, "ben": 0, "cleo": 1, "Cleo": 0, "dana": 11} {
		if v := f.userVersion(id).Revision; v != want {
			f.Errorf("%s has version %d, want %d", id, v, want)
		}
	}
	for key, want := range map[string]int{"user:ana": 2, "user:4": 0, "user:8": 0, "user:9": 1} {
		list, err := s.Before(f.Context(), authz.RecordQuery{Keys: [][]string{{key}}, Limit: 100})
		if err != nil || len(list) != want {
			f.Errorf("%s: %d records, want %d (%v)", key, len(list), want, err)
		}
	}
	f.since(8, 10, records(9, 12))
	if _, err := s.Since(f.Context(), 0, 10, 0); !errors.Is(err, authz.ErrGap) {
		f.Errorf("since 0: %v", err)
	}
	f.commit(authz.Commit{Archive: 10})
	f.hasCheckpoints(s, 10)
	f.sameRecords("after the second archive", f.everything().records, records(13, 11))
}

func archiveWhole(f *fixture) {
	s := f.checkpoints()
	archivable(f, s)
	f.refused(authz.Commit{Archive: 8, RemoveRows: []authz.Row{row("g", "nobody", "group:Desk")}}, nil)
	f.refused(authz.Commit{Archive: 8, Onto: authz.Position{Head: authz.Head{Revision: 3}}}, authz.ErrConflict)
	f.hasCheckpoints(s, 10, 8, 4)
	if v := f.userVersion("ben").Revision; v != 1 {
		f.Errorf("a user was forgotten: version %d", v)
	}
}
