package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// people is a directory whose answers a test chooses.
type people struct {
	directory
	calls  atomic.Int64
	answer func(ctx context.Context, asked []authz.UserID) ([]authz.Person, error)
}

func (p *people) People(ctx context.Context, users []authz.UserID) ([]authz.Person, error) {
	p.calls.Add(1)
	return p.answer(ctx, users)
}

func (p *people) FindPeople(ctx context.Context, text string, limit int) ([]authz.Person, error) {
	p.calls.Add(1)
	return p.answer(ctx, []authz.UserID{authz.UserID(text), authz.UserID(fmt.Sprint(limit))})
}

// What a directory says is bounded and can be shown anywhere; what wasn't asked for is left out.
func TestPeopleAreBounded(t *testing.T) {
	t.Parallel()
	var asked []authz.UserID
	p := &people{answer: func(_ context.Context, users []authz.UserID) (list []authz.Person, _ error) {
		asked = users
		list = append(list, authz.Person{ID: "ana", Name: " Ana\n\u202eMüller \xff<b>&amp; ", Email: strings.Repeat("é", 10_000)}, authz.Person{ID: "other", Name: "Other"})
		for i := range 200 {
			list = append(list, authz.Person{ID: authz.UserID(fmt.Sprint("found ", i/2))}, authz.Person{ID: "bad/id"})
		}
		return list, nil
	}}
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: p})
	known := engine.People(t.Context(), "ana", "ben")
	if len(known) != 1 || known["ana"].Name != "AnaMüller <b>&amp;" || known["ana"].Email != strings.Repeat("é", 200) {
		t.Errorf("known are %+q", known)
	}
	if engine.People(t.Context(), make([]authz.UserID, 1000)...); len(asked) != 500 {
		t.Errorf("the directory was asked for %d users at once", len(asked))
	}
	if found := engine.FindPeople(t.Context(), "x"); len(found) != 100 || !slices.Equal(asked, []authz.UserID{"x", "100"}) {
		t.Errorf("%d are found by %q", len(found), asked)
	}
	before := p.calls.Load()
	if engine.People(t.Context()) != nil || engine.FindPeople(t.Context(), "") != nil || p.calls.Load() != before {
		t.Error("the directory was asked for nobody")
	}
	plain := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: directory{}})
	if len(plain.People(t.Context(), "ana")) != 0 || plain.FindPeople(t.Context(), "ana") != nil {
		t.Error("a directory without names has some")
	}
}

// A directory that fails, panics or hangs costs half a second once in five seconds, and never an answer.
func TestDirectoryNeverHoldsUpAnAnswer(t *testing.T) {
	for name, fault := range map[string]func(context.Context, []authz.UserID) ([]authz.Person, error){
		"fails":  func(context.Context, []authz.UserID) ([]authz.Person, error) { return nil, errors.New("broken") },
		"panics": func(context.Context, []authz.UserID) ([]authz.Person, error) { panic("broken") },
		"waits": func(ctx context.Context, _ []authz.UserID) ([]authz.Person, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"hangs": func(context.Context, []authz.UserID) ([]authz.Person, error) {
			time.Sleep(time.Minute)
			return []authz.Person{{ID: "ana", Name: "Late"}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &people{answer: fault}
				engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: p})
				start := time.Now()
				for range 50 {
					if known := engine.People(t.Context(), "ana"); len(known) != 0 {
						t.Errorf("known are %v", known)
					}
				}
				if took, calls := time.Since(start), p.calls.Load(); took > 500*time.Millisecond || calls != 1 {
					t.Errorf("50 lists took %v with %d calls", took, calls)
				}
				synctest.Wait() // the call has begun
				p.answer = func(context.Context, []authz.UserID) ([]authz.Person, error) {
					return []authz.Person{{ID: "ana", Name: "Ana"}}, nil
				}
				time.Sleep(5 * time.Second)
				if known := engine.People(t.Context(), "ana"); known["ana"].Name != "Ana" {
					t.Errorf("after five seconds known are %v", known)
				}
				time.Sleep(2 * time.Minute) // so that what hung ends
			})
		})
	}
}

// No more than eight calls run at once, even if none of them returns.
func TestCallsOfTheDirectoryAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		p := &people{answer: func(context.Context, []authz.UserID) ([]authz.Person, error) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Minute)
			return nil, nil
		}}
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: p})
		for range 100 {
			go engine.People(t.Context(), "ana")
		}
		time.Sleep(30 * time.Second)
		if most.Load() != 8 {
			t.Errorf("%d calls ran at once", most.Load())
		}
		time.Sleep(2 * time.Minute)
	})
}

// Searches that hang hide no names: they rest on their own, and leave calls for names.
func TestSlowSearchesHideNoNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var searches atomic.Int64
		p := &people{answer: func(_ context.Context, asked []authz.UserID) ([]authz.Person, error) {
			if asked[0] == "slow" {
				searches.Add(1)
				time.Sleep(time.Minute)
			}
			return []authz.Person{{ID: "ana", Name: "Ana"}}, nil
		}}
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: p})
		for range 100 {
			go engine.FindPeople(t.Context(), "slow")
		}
		for range 20 {
			if known := engine.People(t.Context(), "ana"); known["ana"].Name != "Ana" {
				t.Errorf("known are %v", known)
			}
			time.Sleep(time.Second / 10)
		}
		if searches.Load() != 4 {
			t.Errorf("%d searches ran at once", searches.Load())
		}
		time.Sleep(2 * time.Minute)
	})
}

// Users that a directory finds are merged into the list of those that the policy names, in order and in pages.
func TestUsersFoundByADirectory(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	must(t)(ana.Assign(ctx, "Desk", "anton", "ben", "cleo"))
	also := []authz.UserID{"ben", "anton", "Anouk", "zoe", "zoe"}
	for _, c := range []struct {
		q     authz.UserQuery
		want  string
		total int
	}{
		{authz.UserQuery{Text: "an", Also: also}, "[ana Anouk anton ben zoe]", 5},
		{authz.UserQuery{Text: "an", Also: also, Limit: 2}, "[ana Anouk]", 5},
		{authz.UserQuery{Text: "an", Also: also, After: "Anouk", Limit: 2}, "[anton ben]", 5},
		{authz.UserQuery{Text: "an", Also: also, Group: "Desk"}, "[anton ben]", 2},
		{authz.UserQuery{Text: "an", Also: also, Group: "Nowhere"}, "[]", 0},
		{authz.UserQuery{Text: "an"}, "[ana anton]", 2},
	} {
		if page, total := engine.View().UserPage(c.q); fmt.Sprint(page) != c.want || total != c.total {
			t.Errorf("%+v lists %v of %d, not %s", c.q, page, total, c.want)
		}
	}
}
