package authz_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// tamperableHistory is an engine over a database that a test can tamper with, after some
// changes.
func tamperableHistory(t *testing.T, key []byte) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", RecordKey: key, PollInterval: time.Hour})
	r, w := rand.New(rand.NewPCG(7, 5)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "root"))
	for engine.View().Revision() < 30 {
		s := randomStep(r, w)
		if _, err := s.engine(t.Context(), engine.As("ana").Because("step "+fmt.Sprint(engine.View().Revision())).Via("test")); err == nil {
			s.model(w)
		}
	}
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Last", Description: "the last", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	return engine, store
}

// checkMismatch fails the test unless the audit reports the revision and has verified all
// records before it.
func checkMismatch(t *testing.T, engine *authz.Engine, what string, at authz.Revision, says string) {
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

// The records of any history verify, with and without a key, on any instance.
func TestRecordsOfRandomHistoriesVerify(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, []byte("a key that the host keeps")} {
		for _, seed := range seeds(t, 4) {
			store := authztest.NewStore()
			store.InsertRows(row("p", "old", "a", "view"), row("g", "ben", "old"), row("x", "bad"))
			options := authz.Options{Bootstrap: "root", RecordKey: key, PollInterval: time.Hour, Adopt: adopting}
			engine := open(t, store, options)
			r, w := rand.New(rand.NewPCG(seed, 6)), newReferenceModel()
			for i := range 60 {
				_, _ = randomStep(r, w).engine(t.Context(), engine.As("root"))
				if i%20 == 10 {
					checkRecords(t, engine)
				}
			}
			must(t)(engine.AsCommand("test").RemoveBadRows(t.Context()))
			checkRecords(t, engine)
			checkRecords(t, open(t, store, options))
		}
	}
}

// An edit of any field of a record is reported.
func TestEditedRecordIsReported(t *testing.T) {
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
		engine, store := tamperableHistory(t, key)
		checkRecords(t, engine)
		for what, edit := range edits {
			for _, at := range []authz.Revision{3, 17, engine.View().Revision()} {
				store.EditRecords(func(list []authz.Record) []authz.Record {
					edit(&list[at-1])
					return list
				})
				checkMismatch(t, engine, what, at, "")
			}
		}
		store.EditRecords(nil)
		checkRecords(t, engine)
	}
}

// Deleted, swapped, duplicated and inserted records are reported.
func TestMissingOrForeignRecordIsReported(t *testing.T) {
	t.Parallel()
	engine, store := tamperableHistory(t, nil)
	last := engine.View().Revision()
	for _, at := range []authz.Revision{1, 2, 17, last} {
		store.EditRecords(func(list []authz.Record) []authz.Record { return slices.Delete(list, int(at)-1, int(at)) })
		checkMismatch(t, engine, "removed", at, "missing")
		store.EditRecords(func(list []authz.Record) []authz.Record { list[at-1].Revision += 1000; return list })
		checkMismatch(t, engine, "moved", at, "missing")
		store.EditRecords(func(list []authz.Record) []authz.Record { return list[:at-1] })
		checkMismatch(t, engine, "cut off", at, "missing")
	}
	for _, at := range []authz.Revision{1, 17, last - 1} {
		store.EditRecords(func(list []authz.Record) []authz.Record {
			list[at-1].Revision, list[at].Revision = at+1, at
			return list
		})
		checkMismatch(t, engine, "exchanged", at, "")
		store.EditRecords(func(list []authz.Record) []authz.Record { // once more, all later ones moved on
			list = slices.Insert(list, int(at), list[at-1])
			for i := range list[at:] {
				list[int(at)+i].Revision++
			}
			return list
		})
		checkMismatch(t, engine, "doubled", at+1, "")
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

// Tables that differ from what the records lead to are reported with the last revision.
func TestEditedTablesAreDetected(t *testing.T) {
	t.Parallel()
	engine, store := tamperableHistory(t, []byte("key"))
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
		"a damaged row": func() {
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
		checkMismatch(t, engine, what, last, "tables")
		store.EditRows(nil)
		store.EditState(nil)
	}
	store.EditState(func(s *authz.State) { s.Revision++ })
	checkMismatch(t, engine, "the revision counted on", last+1, "missing")
	store.EditState(func(s *authz.State) { s.Revision -= 3 })
	checkMismatch(t, engine, "the revision counted back", last-3, "tables")
	store.EditState(nil)
	checkRecords(t, engine)
}

// Records outside the chain, which a list of changes would show, are reported.
func TestRecordOutsideTheChainIsReported(t *testing.T) {
	t.Parallel()
	engine, store := tamperableHistory(t, nil)
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

// storeAt returns a copy of a store as it was at a revision.
func storeAt(t *testing.T, past *authztest.Store, revision authz.Revision) authz.Store {
	t.Helper()
	store := memstore.New()
	for _, c := range past.Commits()[:revision] {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// storeToForge is a store with a change that an attacker wants to erase, and the revision before
// it.
func storeToForge(t *testing.T, key []byte) (*authztest.Store, authz.Revision) {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", RecordKey: key, PollInterval: time.Hour})
	ctx := t.Context()
	must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "eve"))
	before := engine.View().Revision()
	must(t)(engine.As("eve").ChangeUserPermissions(ctx, "mal", authz.RulesDelta{Grant: []authz.Pattern{"vault:open"}}))
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	_ = engine.Close(context.Background())
	return store, before
}

// forge rewrites the history after a revision with a tool that everyone has: Rightful itself, on
// the same database. It attributes to ana what eve did.
func forge(t *testing.T, store authz.Store, key []byte) []byte {
	t.Helper()
	engine := open(t, store, authz.Options{RecordKey: key, PollInterval: time.Hour})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "mal", authz.RulesDelta{Grant: []authz.Pattern{"vault:open"}}))
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	_ = engine.Close(context.Background())
	return engine.Status().Head.Hash
}

// Without a key a rewritten tail verifies: anyone who can write to the database can forge it.
// Only a head stored elsewhere reveals it. With a key it doesn't verify.
func TestRewrittenTailIsDetectedOnlyWithKeyOrHead(t *testing.T) {
	t.Parallel()
	real, before := storeToForge(t, nil)
	genuine := open(t, real, authz.Options{})
	checkRecords(t, genuine)
	forged := storeAt(t, real, before)
	head := forge(t, forged, nil)
	checkRecords(t, open(t, forged, authz.Options{})) // this is what it can't see
	if string(head) == string(genuine.Status().Head.Hash) {
		t.Error("the head is that of the genuine chain; nothing would show the forgery")
	}
	kept := genuine.Status().Head // this is what shows it
	if _, err := genuine.AuditRecords(t.Context(), kept); err != nil {
		t.Errorf("the head is that of the genuine chain: %v", err)
	}
	var audit *authz.Error
	if _, err := open(t, forged, authz.Options{}).AuditRecords(t.Context(), kept); !errors.As(err, &audit) || audit.Revision != kept.Revision {
		t.Errorf("the forgery isn't seen with a head that was kept: %v", err)
	}

	key := []byte("a key that the host keeps")
	real, before = storeToForge(t, key)
	checkRecords(t, open(t, real, authz.Options{RecordKey: key}))
	for what, other := range map[string][]byte{"no key": nil, "another key": []byte("guessed")} {
		forged = storeAt(t, real, before)
		forge(t, forged, other)
		checkMismatch(t, open(t, forged, authz.Options{RecordKey: key}), what, before+1, "")
	}
}

// A tail that was cut off together with its effect on the tables verifies even with a key, since
// the rest is a genuine chain. Only a head stored elsewhere reveals it.
func TestTruncatedTailIsDetectedOnlyWithHead(t *testing.T) {
	t.Parallel()
	key := []byte("a key that the host keeps")
	real, before := storeToForge(t, key)
	cut := open(t, storeAt(t, real, before), authz.Options{RecordKey: key})
	checkRecords(t, cut)                                               // this is what it can't see
	kept := open(t, real, authz.Options{RecordKey: key}).Status().Head // this is what shows it
	var audit *authz.Error
	if _, err := cut.AuditRecords(t.Context(), kept); !errors.As(err, &audit) || audit.Revision != before+1 {
		t.Errorf("the cut isn't seen with a head that was kept: %v", err)
	}
}

// A record from another store doesn't verify, even with the same key and the same change.
func TestRecordOfAnotherStoreIsDetected(t *testing.T) {
	t.Parallel()
	key := []byte("one key for all")
	here, before := storeToForge(t, key)
	elsewhere, _ := storeToForge(t, key)
	store := here.Another()
	engine := open(t, store, authz.Options{RecordKey: key, PollInterval: time.Hour})
	checkRecords(t, engine)
	for _, at := range []authz.Revision{1, before + 1, engine.View().Revision()} {
		store.EditRecords(func(list []authz.Record) []authz.Record {
			list[at-1] = elsewhere.Commits()[at-1].Record
			return list
		})
		if at == 1 { // which has nothing before it; the second tells
			at++
		}
		checkMismatch(t, engine, "put in from elsewhere", at, "doesn't continue")
	}
}

// No record verifies with a key other than the one it was made with.
func TestWrongKeyMatchesNoRecord(t *testing.T) {
	t.Parallel()
	real, _ := storeToForge(t, []byte("right"))
	for what, key := range map[string][]byte{"another": []byte("wrong"), "none": nil, "longer": []byte("right."), "in capitals": []byte("RIGHT")} {
		checkMismatch(t, open(t, real, authz.Options{RecordKey: key, PollInterval: time.Hour}), what, 1, "doesn't continue")
	}
	unkeyed, _ := storeToForge(t, nil)
	checkMismatch(t, open(t, unkeyed, authz.Options{RecordKey: []byte("late"), PollInterval: time.Hour}), "a key that came later", 1, "doesn't continue")
}

// A store that can't be read isn't reported as tampering.
func TestAuditWithoutAStoreReportsNoTampering(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	store.Fail(errors.New("connection reset"), authztest.CallSince)
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("%v", err)
	}
	store.Fail(nil, authztest.CallSince)
	store.OnReturn(func(context.Context) error { return errors.New("connection reset") }, authztest.CallLoad)
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("%v", err)
	}
}

// Changes that any instance writes during an audit are left for the next audit.
func TestAuditDuringConcurrentWrites(t *testing.T) {
	t.Parallel()
	memory := authztest.NewStore()
	store := memory.Another()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	other := open(t, memory, authz.Options{PollInterval: time.Hour})
	store.OnReturn(func(context.Context) error {
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		return nil
	}, authztest.CallLoad)
	if n, err := engine.AuditRecords(t.Context()); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
}

// An end of a membership that was removed, moved or added behind the engine's back doesn't fit the records, though all
// rows and groups do.
func TestAuditFindsEndsThatDiffer(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	for name, edit := range map[string]func(*authztest.Store){
		"removed": func(s *authztest.Store) { s.DeleteEnd("ben", "Desk") },
		"moved": func(s *authztest.Store) {
			s.PutEnd(authz.MembershipEnd{User: "ben", Group: "Desk", Until: authz.UntilTime(end) + 1})
		},
		"added": func(s *authztest.Store) {
			s.PutEnd(authz.MembershipEnd{User: "cleo", Group: "Desk", Until: authz.UntilTime(end)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
			ana := engine.As("ana")
			must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
			must(t)(ana.Until(end).Assign(t.Context(), "Desk", "ben"))
			must(t)(ana.Assign(t.Context(), "Desk", "cleo"))
			edit(store)
			if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); !errors.Is(err, authz.ErrUnrecorded) {
				t.Errorf("noticed by the store: %v", err)
			}
			store.IgnoreForeignWrites()
			var audit *authz.Error
			_, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{})
			if !errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &audit) || !strings.Contains(audit.Detail, `"Desk"`) {
				t.Errorf("not noticed by the store: %v", err)
			}
		})
	}
}

// What another program wrote, and no engine has recorded yet, is told apart from records that don't fit.
func TestUnrecordedForeignWritesAreNoMisfit(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	must(t)(engine.As("root").Assign(t.Context(), "Administrators", "ben"))
	store.InsertRows(row("p", "eve", "a", "b", "allow"))
	found, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{})
	var audit *authz.Error
	if found.Records != 3 || !errors.Is(err, authz.ErrUnrecorded) || errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &audit) || !strings.Contains(audit.Detail, `"eve"`) {
		t.Errorf("%+v, %v", found, err)
	}
	store.EditRecords(func(list []authz.Record) []authz.Record { list[1].Reason = "forged"; return list })
	if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); !errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("a forged record beside them: %v", err)
	}
	store.EditRecords(nil)
	if err := engine.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkRecords(t, engine)
	store.IgnoreForeignWrites() // as if somebody had undone what the store noticed
	store.InsertRows(row("p", "eve", "c", "d", "allow"))
	if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{}); !errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("a write that the store didn't notice: %v", err)
	}
}
