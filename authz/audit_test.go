package authz_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// history is an engine over a database that can be tampered with, after some changes.
func history(t *testing.T, key []byte) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", RecordKey: key, PollInterval: time.Hour})
	r, w := rand.New(rand.NewPCG(7, 5)), newWorld()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "root"))
	for engine.View().Revision() < 30 {
		s := randomStep(r, w)
		if _, err := s.engine(t.Context(), engine.As("ana").Because("step "+fmt.Sprint(engine.View().Revision())).Via("test")); err == nil {
			s.world(w)
		}
	}
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Last", Description: "the last", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	return engine, store
}

// fits fails the test unless all records fit.
func fits(t *testing.T, engine *authz.Engine) {
	t.Helper()
	if n, err := engine.AuditRecords(t.Context()); err != nil || n != int(engine.View().Revision()) {
		t.Errorf("%d of %d records fit: %v", n, engine.View().Revision(), err)
	}
}

// doesNotFit fails the test unless the verification names the revision, having found all
// records before it right.
func doesNotFit(t *testing.T, engine *authz.Engine, what string, at authz.Revision, says string) {
	t.Helper()
	n, err := engine.AuditRecords(t.Context())
	var audit *authz.Error
	if !errors.As(err, &audit) || !errors.Is(err, authz.ErrRecordsDoNotFit) || audit.Revision != at || !strings.Contains(audit.Detail, says) {
		t.Errorf("%s: want revision %d and %q, got %v", what, at, says, err)
		return
	}
	if n != int(at)-1 && !strings.Contains(audit.Detail, "tables") {
		t.Errorf("%s: %d records before it fit", what, n)
	}
}

// The records of any history fit, with and without a key, from any instance.
func TestRecordsOfRandomHistoriesFit(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, []byte("a key that the host keeps")} {
		for _, seed := range seeds(t, 4) {
			store := authztest.NewStore()
			store.InsertRows(row("p", "old", "a", "view"), row("g", "ben", "old"), row("x", "bad"))
			options := authz.Options{Bootstrap: "root", RecordKey: key, PollInterval: time.Hour}
			engine := open(t, store, options)
			r, w := rand.New(rand.NewPCG(seed, 6)), newWorld()
			for i := range 60 {
				_, _ = randomStep(r, w).engine(t.Context(), engine.As("root"))
				if i%20 == 10 {
					fits(t, engine)
				}
			}
			must(t)(engine.AsCommand("test").RemoveBadRows(t.Context()))
			fits(t, engine)
			fits(t, open(t, store, options))
		}
	}
}

// A record edited in any field is named, whichever it is.
func TestAnEditedRecordIsNamed(t *testing.T) {
	t.Parallel()
	edits := map[string]func(*authz.Record){
		"time":       func(r *authz.Record) { r.At++ },
		"actor kind": func(r *authz.Record) { r.Actor.Kind = authz.ActorOutside },
		"actor":      func(r *authz.Record) { r.Actor.ID += "a" },
		"channel":    func(r *authz.Record) { r.Channel = "rest" },
		"reason":     func(r *authz.Record) { r.Reason += "." },
		"action":     func(r *authz.Record) { r.Action += "s" },
		"target":     func(r *authz.Record) { r.Target += "x" },
		"delta":      func(r *authz.Record) { r.Delta = bytes.Replace(r.Delta, []byte(`"`), []byte(` "`), 1) },
		"no delta":   func(r *authz.Record) { r.Delta = []byte("{}") },
		"hash":       func(r *authz.Record) { r.Hash[len(r.Hash)-1] ^= 1 },
		"no hash":    func(r *authz.Record) { r.Hash = nil },
		// What one field loses the next one gains: their lengths are hashed too.
		"where fields meet": func(r *authz.Record) {
			end := len(r.Action) - 1
			r.Action, r.Target = r.Action[:end], string(r.Action[end:])+r.Target
		},
	}
	for _, key := range [][]byte{nil, []byte("key")} {
		engine, store := history(t, key)
		fits(t, engine)
		for what, edit := range edits {
			for _, at := range []authz.Revision{3, 17, engine.View().Revision()} {
				store.EditRecords(func(list []authz.Record) []authz.Record {
					edit(&list[at-1])
					return list
				})
				doesNotFit(t, engine, what, at, "")
			}
		}
		store.EditRecords(nil)
		fits(t, engine)
	}
}

// Records taken away, exchanged, doubled or put in are named.
func TestAMissingOrForeignRecordIsNamed(t *testing.T) {
	t.Parallel()
	engine, store := history(t, nil)
	last := engine.View().Revision()
	for _, at := range []authz.Revision{1, 2, 17, last} {
		store.EditRecords(func(list []authz.Record) []authz.Record { return slices.Delete(list, int(at)-1, int(at)) })
		doesNotFit(t, engine, "removed", at, "missing")
		store.EditRecords(func(list []authz.Record) []authz.Record { list[at-1].Revision += 1000; return list })
		doesNotFit(t, engine, "moved", at, "missing")
		store.EditRecords(func(list []authz.Record) []authz.Record { return list[:at-1] })
		doesNotFit(t, engine, "cut off", at, "missing")
	}
	for _, at := range []authz.Revision{1, 17, last - 1} {
		store.EditRecords(func(list []authz.Record) []authz.Record {
			list[at-1].Revision, list[at].Revision = at+1, at
			return list
		})
		doesNotFit(t, engine, "exchanged", at, "")
		store.EditRecords(func(list []authz.Record) []authz.Record { // once more, all later ones moved on
			list = slices.Insert(list, int(at), list[at-1])
			for i := range list[at:] {
				list[int(at)+i].Revision++
			}
			return list
		})
		doesNotFit(t, engine, "doubled", at+1, "")
		store.EditRecords(func(list []authz.Record) []authz.Record {
			for i := range list[at-1:] {
				list[int(at)-1+i].Revision--
			}
			return list
		})
		if at > 1 {
			_, err := engine.AuditRecords(t.Context())
			if !errors.Is(err, authz.ErrRecordsDoNotFit) {
				t.Errorf("later ones moved back: %v", err)
			}
		}
	}
}

// Tables that differ from where the records lead are named by the last revision.
func TestEditedTablesDoNotFit(t *testing.T) {
	t.Parallel()
	engine, store := history(t, []byte("key"))
	last := engine.View().Revision()
	group := func(s *authz.State, name authz.GroupName) *authz.GroupRow {
		i := slices.IndexFunc(s.Groups, func(g authz.GroupRow) bool { return g.Name == name })
		return &s.Groups[i]
	}
	for what, tamper := range map[string]func(){
		"a grant of a member": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { return append(rows, row("p", "eve", "a", "b", "allow")) })
		},
		"an administrator": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { return append(rows, row("g", "eve", "group:Administrators")) })
		},
		"a row taken away": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { return rows[:len(rows)-1] })
		},
		"a row edited": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { rows[len(rows)-1].V[1] = "other"; return rows })
		},
		"a grant made a restriction": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { rows[len(rows)-1].V[3] = "deny"; return rows })
		},
		"a row spoilt": func() {
			store.EditRows(func(rows []authz.Row) []authz.Row { rows[len(rows)-1].V[3] = ""; return rows })
		},
		"a description": func() { store.EditState(func(s *authz.State) { group(s, "Last").Description = "the first" }) },
		"a group added": func() {
			store.EditState(func(s *authz.State) {
				s.Groups = append(s.Groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: "Extra"}})
			})
		},
		"a group renamed": func() { store.EditState(func(s *authz.State) { group(s, "Last").Name = "First" }) },
		"the head":        func() { store.EditState(func(s *authz.State) { s.Hash[0] ^= 1 }) },
		"the seed's mark": func() { store.EditState(func(s *authz.State) { s.Milestones.Seeded = !s.Milestones.Seeded }) },
	} {
		tamper()
		doesNotFit(t, engine, what, last, "tables")
		store.EditRows(nil)
		store.EditState(nil)
	}
	store.EditState(func(s *authz.State) { s.Revision++ })
	doesNotFit(t, engine, "the revision counted on", last+1, "missing")
	store.EditState(func(s *authz.State) { s.Revision -= 3 })
	doesNotFit(t, engine, "the revision counted back", last-3, "tables")
	store.EditState(nil)
	fits(t, engine)
}

// Records outside the chain, which whoever lists the changes would be shown, are named.
func TestARecordOutsideTheChainIsNamed(t *testing.T) {
	t.Parallel()
	engine, store := history(t, nil)
	for _, at := range []authz.Revision{engine.View().Revision() + 1, engine.View().Revision() + 500, 0, -3} {
		store.EditRecords(func(list []authz.Record) []authz.Record {
			r := list[5]
			r.Revision = at
			return append(list, r)
		})
		_, err := engine.AuditRecords(t.Context())
		var audit *authz.Error
		if !errors.As(err, &audit) || audit.Revision != at || !strings.Contains(audit.Detail, "the chain") {
			t.Errorf("%d: %v", at, err)
		}
	}
}
