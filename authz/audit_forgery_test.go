package authz_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// journal is a store that keeps what was committed, so that a test can bring another store to
// any point of its history.
type journal struct {
	authz.Store
	commits []authz.Commit
}

func (j *journal) Commit(ctx context.Context, c authz.Commit) error {
	err := j.Store.Commit(ctx, c)
	if err == nil {
		j.commits = append(j.commits, c)
	}
	return err
}

// until returns a store that stands where this one stood at a revision.
func (j *journal) until(t *testing.T, revision authz.Revision) authz.Store {
	t.Helper()
	store := authz.NewMemoryStore()
	for _, c := range j.commits[:revision] {
		if err := store.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// crime is a store with a change that someone would like never to have been made, and the
// revision before it.
func crime(t *testing.T, key []byte) (*journal, authz.Revision) {
	t.Helper()
	store := &journal{Store: authz.NewMemoryStore()}
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
	return engine.View().Head().Hash
}

// Without a key, a rewritten tail fits: who can write the database can forge it. Only a head
// that was kept elsewhere shows it. With a key it doesn't fit.
func TestARewrittenTailNeedsAKeyOrAHeadToBeSeen(t *testing.T) {
	t.Parallel()
	real, before := crime(t, nil)
	genuine := open(t, real, authz.Options{})
	fits(t, genuine)
	forged := real.until(t, before)
	head := forge(t, forged, nil)
	fits(t, open(t, forged, authz.Options{})) // this is what it can't see
	if string(head) == string(genuine.View().Head().Hash) {
		t.Error("the head is that of the genuine chain; nothing would show the forgery")
	}
	kept := genuine.View().Head() // this is what shows it
	if _, err := genuine.AuditRecords(t.Context(), kept); err != nil {
		t.Errorf("the head is that of the genuine chain: %v", err)
	}
	var audit *authz.AuditError
	if _, err := open(t, forged, authz.Options{}).AuditRecords(t.Context(), kept); !errors.As(err, &audit) || audit.Revision != kept.Revision {
		t.Errorf("the forgery isn't seen with a head that was kept: %v", err)
	}

	key := []byte("a key that the host keeps")
	real, before = crime(t, key)
	fits(t, open(t, real, authz.Options{RecordKey: key}))
	for what, other := range map[string][]byte{"no key": nil, "another key": []byte("guessed")} {
		forged = real.until(t, before)
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
	cut := open(t, real.until(t, before), authz.Options{RecordKey: key})
	fits(t, cut)                                                       // this is what it can't see
	kept := open(t, real, authz.Options{RecordKey: key}).View().Head() // this is what shows it
	var audit *authz.AuditError
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
	store := &tampered{Store: here}
	engine := open(t, store, authz.Options{RecordKey: key, PollInterval: time.Hour})
	fits(t, engine)
	for _, at := range []authz.Revision{1, before + 1, engine.View().Revision()} {
		store.records = func(list []authz.Record) []authz.Record {
			list[at-1] = elsewhere.commits[at-1].Record
			return list
		}
		if at == 1 { // which has nothing before it; the second tells
			at++
		}
		doesNotFit(t, engine, "put in from elsewhere", at, "doesn't follow")
	}
}

// A key that isn't the one the records were made with fits none of them.
func TestAWrongKeyFitsNoRecord(t *testing.T) {
	t.Parallel()
	real, _ := crime(t, []byte("right"))
	for what, key := range map[string][]byte{"another": []byte("wrong"), "none": nil, "longer": []byte("right."), "in capitals": []byte("RIGHT")} {
		doesNotFit(t, open(t, real, authz.Options{RecordKey: key, PollInterval: time.Hour}), what, 1, "doesn't follow")
	}
	unkeyed, _ := crime(t, nil)
	doesNotFit(t, open(t, unkeyed, authz.Options{RecordKey: []byte("late"), PollInterval: time.Hour}), "a key that came later", 1, "doesn't follow")
}

// A store that can't be read is no accusation.
func TestVerificationWithoutAStoreAccusesNobody(t *testing.T) {
	t.Parallel()
	store := &hooked{Store: authz.NewMemoryStore()}
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	store.since = errors.New("connection reset")
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("%v", err)
	}
	store.since, store.loaded = nil, func() error { return errors.New("connection reset") }
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("%v", err)
	}
}

// What was written by others, on any instance, while the verification runs is left for the
// next one.
func TestVerificationWhileOthersWrite(t *testing.T) {
	t.Parallel()
	memory := authz.NewMemoryStore()
	store := &hooked{Store: memory}
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	other := open(t, memory, authz.Options{PollInterval: time.Hour})
	store.loaded = func() error {
		must(t)(other.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		return nil
	}
	if n, err := engine.AuditRecords(t.Context()); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
}
