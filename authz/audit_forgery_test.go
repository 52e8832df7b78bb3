package authz_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// until returns a store that stands where another one stood at a revision.
func until(t *testing.T, past *authztest.Store, revision authz.Revision) authz.Store {
	t.Helper()
	store := memstore.New()
	for _, c := range past.Commits()[:revision] {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// crime is a store with a change that someone would like never to have been made, and the
// revision before it.
func crime(t *testing.T, key []byte) (*authztest.Store, authz.Revision) {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", RecordKey: key, PollInterval: time.Hour})
	ctx := t.Context()
	must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "eve"))
	before := engine.View().Revision()
	must(t)(engine.As("eve").ChangeUserPermissions(ctx, "mal", authz.RulesDelta{Grant: []authz.Pattern{"vault:open"}}))
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	_ = engine.Close()
	return store, before
}

// forge rewrites the history after a revision with the tools that everybody has: Rightful
// itself, on the same database. It says that ana did what eve had done.
func forge(t *testing.T, store authz.Store, key []byte) []byte {
	t.Helper()
	engine := open(t, store, authz.Options{RecordKey: key, PollInterval: time.Hour})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "mal", authz.RulesDelta{Grant: []authz.Pattern{"vault:open"}}))
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	_ = engine.Close()
	return engine.Status().Head.Hash
}

// Without a key, a rewritten tail fits: who can write the database can forge it. Only a head
// that was kept elsewhere shows it. With a key it doesn't fit.
func TestARewrittenTailNeedsAKeyOrAHeadToBeSeen(t *testing.T) {
	t.Parallel()
	real, before := crime(t, nil)
	genuine := open(t, real, authz.Options{})
	fits(t, genuine)
	forged := until(t, real, before)
	head := forge(t, forged, nil)
	fits(t, open(t, forged, authz.Options{})) // this is what it can't see
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
	real, before = crime(t, key)
	fits(t, open(t, real, authz.Options{RecordKey: key}))
	for what, other := range map[string][]byte{"no key": nil, "another key": []byte("guessed")} {
		forged = until(t, real, before)
		forge(t, forged, other)
		doesNotFit(t, open(t, forged, authz.Options{RecordKey: key}), what, before+1, "")
	}
}

// A tail that was cut off, tables and all, fits even with a key: what is left is a genuine
// chain. Only a head kept elsewhere shows it.
func TestACutTailNeedsAHeadToBeSeen(t *testing.T) {
	t.Parallel()
	key := []byte("a key that the host keeps")
	real, before := crime(t, key)
	cut := open(t, until(t, real, before), authz.Options{RecordKey: key})
	fits(t, cut)                                                       // this is what it can't see
	kept := open(t, real, authz.Options{RecordKey: key}).Status().Head // this is what shows it
	var audit *authz.Error
	if _, err := cut.AuditRecords(t.Context(), kept); !errors.As(err, &audit) || audit.Revision != before+1 {
		t.Errorf("the cut isn't seen with a head that was kept: %v", err)
	}
}

// A record of another store, made with the same key and doing the same, isn't a record of
// this one.
func TestARecordOfAnotherStoreDoesNotFit(t *testing.T) {
	t.Parallel()
	key := []byte("one key for all")
	here, before := crime(t, key)
	elsewhere, _ := crime(t, key)
	store := here.Another()
	engine := open(t, store, authz.Options{RecordKey: key, PollInterval: time.Hour})
	fits(t, engine)
	for _, at := range []authz.Revision{1, before + 1, engine.View().Revision()} {
		store.EditRecords(func(list []authz.Record) []authz.Record {
			list[at-1] = elsewhere.Commits()[at-1].Record
			return list
		})
		if at == 1 { // which has nothing before it; the second tells
			at++
		}
		doesNotFit(t, engine, "put in from elsewhere", at, "doesn't continue")
	}
}

// A key that isn't the one the records were made with fits none of them.
func TestAWrongKeyFitsNoRecord(t *testing.T) {
	t.Parallel()
	real, _ := crime(t, []byte("right"))
	for what, key := range map[string][]byte{"another": []byte("wrong"), "none": nil, "longer": []byte("right."), "in capitals": []byte("RIGHT")} {
		doesNotFit(t, open(t, real, authz.Options{RecordKey: key, PollInterval: time.Hour}), what, 1, "doesn't continue")
	}
	unkeyed, _ := crime(t, nil)
	doesNotFit(t, open(t, unkeyed, authz.Options{RecordKey: []byte("late"), PollInterval: time.Hour}), "a key that came later", 1, "doesn't continue")
}

// A store that can't be read is no accusation.
func TestVerificationWithoutAStoreAccusesNobody(t *testing.T) {
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

// What was written by others, on any instance, while the verification runs is left for the
// next one.
func TestVerificationWhileOthersWrite(t *testing.T) {
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
