package gormstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// A denial on one instance is read on another, stays when all are restarted, and is no write
// that an engine would look for in the policy.
func TestDenialsOfInstances(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		start := func() (*authz.Engine, *gormstore.Store) {
			s, err := database.Open(t.Context(), d.Address, gormstore.Options{Prefix: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			engine, err := authz.Open(t.Context(), s, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			return engine, s
		}
		stop := func(engine *authz.Engine, s *gormstore.Store) {
			if err := errors.Join(engine.Close(context.Background()), s.Close()); err != nil {
				t.Error(err)
			}
		}
		find := func(engine *authz.Engine, want authz.Denial) {
			t.Helper()
			for end := time.Now().Add(10 * time.Second); ; { // long, for busy machines; authz tests the promised second
				got, err := engine.Denial(t.Context(), want.ID)
				if err == nil {
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("it is %+v, not %+v", got, want)
					}
					return
				}
				if !errors.Is(err, authz.ErrNoSuchDenial) || time.Now().After(end) {
					t.Fatal(err)
				}
			}
		}
		one, oneStore := start()
		other, otherStore := start()
		was, err := otherStore.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		deny := func(user authz.UserID) authz.Denial {
			return one.RecordDenial(one.Decide(authz.Question{User: user, Permissions: []authz.Permission{"a:b"}}), "GET", "/x")
		}
		var made []authz.Denial
		for i := range 150 {
			made = append(made, deny(authz.UserID(fmt.Sprintf("u%d", i))))
		}
		for _, m := range made {
			find(other, m)
		}
		last := deny("ben")
		stop(one, oneStore) // writes what waits
		stop(other, otherStore)
		again, s := start()
		defer stop(again, s)
		find(again, last)
		find(again, made[0])
		if now, err := s.Position(t.Context()); err != nil || now.Revision != was.Revision || now.Writes != was.Writes {
			t.Errorf("the store stands at %+v, and stood at %+v: %v", now, was, err)
		}
	})
}

// Instances that delete the same denials at once, while others are written, don't hold each
// other up, and delete each once.
func TestInstancesPruneDenialsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		stores := []*gormstore.Store{d.Open(t, gormstore.Options{}), d.Open(t, gormstore.Options{}), d.Open(t, gormstore.Options{})}
		now := time.Now()
		var list []authz.Denial
		for i := range 3000 {
			list = append(list, authz.Denial{
				ID: authz.DenialID(fmt.Sprintf("D%d", i)), At: now.Add(time.Duration(i%1000-500) * time.Second), User: authz.UserID(fmt.Sprintf("u%d", i%7)),
			})
		}
		if err := stores[0].AddDenials(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		keep := authz.DenialBounds{Since: now, CountOfUser: 150, Count: 900}
		var all sync.WaitGroup
		for i, s := range stores {
			all.Go(func() {
				if err := s.AddDenials(t.Context(), []authz.Denial{{ID: authz.DenialID(fmt.Sprintf("N%d", i)), At: now, User: "ben"}}); err != nil {
					t.Error(err)
				}
				for {
					n, err := s.PruneDenials(t.Context(), keep, 200)
					if err != nil {
						t.Error(err)
					}
					if n < 200 {
						return
					}
				}
			})
		}
		all.Wait()
		left, err := stores[0].Denials(t.Context(), authz.DenialQuery{Limit: 5000})
		if err != nil || len(left) != 900 {
			t.Errorf("%d are left: %v", len(left), err)
		}
		of := map[authz.UserID]int{}
		for _, d := range left {
			if of[d.User]++; of[d.User] > 150 || d.At.Before(now.Add(-time.Microsecond)) {
				t.Errorf("%+v is left, the %dth of its user", d, of[d.User])
			}
		}
	})
}

// A list that another program spoiled is as good as none, and the other denials are read.
func TestDenialWithAForeignList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		made := func(id authz.DenialID) authz.Denial {
			return authz.Denial{ID: id, At: time.Now(), User: "cleo", Required: []authz.Permission{"a:b"}, Missing: []authz.Permission{"a:b"}}
		}
		if err := s.AddDenials(t.Context(), []authz.Denial{made("D1"), made("D2")}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"", "a:b", `["a:b",7]`, "null"} {
			dbtest.Exec(t, dbtest.StorePool(s), fmt.Sprintf("UPDATE rightful_denials SET required = '%s', missing = '%s' WHERE id = 'D1'", text, text))
			list, err := s.Denials(t.Context(), authz.DenialQuery{Limit: 10})
			if err != nil || len(list) != 2 || len(list[0].Required) != 1 || len(list[1].Required)+len(list[1].Missing) != 0 {
				t.Errorf("%q: the list is %+v: %v", text, list, err)
			}
		}
	})
}
