package casbinv3_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	plain "github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/persist"

	"github.com/rightful-go/rightful/adapters/casbinv3"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// A watcher for Casbin v3 serves as a notifier.
var _ func(persist.Watcher) (*watcher.Notifier, error) = func(w persist.Watcher) (*watcher.Notifier, error) { return watcher.New(w) }

func open(t *testing.T, store authz.Store, options authz.Options) *authz.Engine {
	t.Helper()
	options.Logger = slog.New(slog.DiscardHandler)
	engine, err := authz.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

func TestScenarios(t *testing.T) {
	for _, name := range []string{"backoffice", "chat"} {
		folder := filepath.Join("..", "..", "authz", "testdata", name)
		seed, err := policycsv.ReadSeed(os.DirFS(folder))
		if err != nil {
			t.Fatal(err)
		}
		engine := open(t, authztest.NewStore(), authz.Options{Seed: &seed})
		enforcer, err := casbinv3.NewEnforcer(engine.View())
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(folder, "decisions.csv"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || len(rows) < 10 {
			t.Fatalf("%d decisions: %v", len(rows), err)
		}
		for _, row := range rows[1:] {
			object, action, _ := authz.Permission(row[1]).Split()
			if got, err := enforcer(authz.UserID(row[0]), object, action); err != nil || fmt.Sprint(got) != row[2] {
				t.Errorf("%s: %v: %v, %v", name, row, got, err)
			}
		}
	}
}

const (
	groups  = 12
	users   = 8
	objects = 6
)

func group(i int) string { return fmt.Sprintf("group:G%d", i) }
func user(i int) string  { return fmt.Sprintf("u%d", i) }

// randomPolicy draws rules of groups and users, memberships, and inheritance over as many links as may be.
func randomPolicy(r *rand.Rand) (rows []authz.Row) {
	add := func(kind string, fields ...string) {
		row := authz.Row{Type: kind}
		copy(row.V[:], fields)
		rows = append(rows, row)
	}
	for i := range groups - 1 {
		if r.IntN(4) > 0 && i%9 != 8 { // chains of at most eight links
			add("g", group(i), group(i+1))
		}
		if i+2 < groups && i%3 == 0 && r.IntN(3) == 0 {
			add("g", group(i+1), group(i+2))
		}
	}
	for range 40 {
		subject := group(r.IntN(groups))
		if r.IntN(4) == 0 {
			subject = user(r.IntN(users))
		}
		object, action, effect := fmt.Sprintf("a%d.b%d", r.IntN(2), r.IntN(objects/2)), []string{"view", "edit", "*"}[r.IntN(3)], "allow"
		switch r.IntN(6) {
		case 0:
			object = fmt.Sprintf("a%d.*", r.IntN(2))
		case 1:
			object = "*"
		}
		if r.IntN(4) == 0 {
			effect = "deny"
		}
		add("p", subject, object, action, effect)
	}
	for i := range users {
		for range r.IntN(3) {
			add("g", user(i), group(r.IntN(groups)))
		}
	}
	add("g", user(0), string(authz.Administrators.Subject()))
	return rows
}

// The enforcer of v3 decides as Can, as the enforcer of v2, and, where there is no bad row, as plain Casbin v3 with its
// own role manager.
func TestEveryCasbinDecidesTheSame(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	allowed, asked := 0, 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 3))
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "root"})
		for i := range groups {
			name, _ := authz.Subject(group(i)).Group()
			if _, err := engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		store.InsertRows(distinct(randomPolicy(r))...)
		withBadRows := seed%2 == 1
		if withBadRows {
			store.InsertRows(
				authz.Row{Type: "p", V: [6]string{user(1), "a0.b0", "view", "perhaps"}},
				authz.Row{Type: "p", V: [6]string{group(r.IntN(groups)), "a0.*.b", "view", "deny"}},
				authz.Row{Type: "g", V: [6]string{user(2), "bare"}},
			)
		}
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		view := engine.View()
		if bad := len(view.BadRows()); (bad > 0) != withBadRows {
			t.Fatalf("seed %d: %d bad rows: %.500v", seed, bad, view.BadRows())
		}
		v2, err := view.Enforcer()
		if err != nil {
			t.Fatal(err)
		}
		v3, err := casbinv3.NewEnforcer(view)
		if err != nil {
			t.Fatal(err)
		}
		deciders := map[string]authz.Enforcer{"v2": v2, "v3": v3}
		if !withBadRows {
			deciders["plain v3"] = plainV3(t, view)
		}
		for i := range users + 2 {
			for n := range 2 * objects {
				object, action := fmt.Sprintf("a%d.b%d", n%2, n/4), []string{"view", "edit"}[n/2%2]
				who := authz.UserID(user(i))
				want := engine.Can(who, authz.Permission(object+":"+action))
				if asked++; want {
					allowed++
				}
				for name, decide := range deciders {
					if got, err := decide(who, object, action); err != nil || got != want {
						t.Errorf("seed %d: %s: %s %s:%s: %v, %v; Can says %v", seed, name, who, object, action, got, err, want)
					}
				}
			}
		}
	}
	if allowed < asked/10 || allowed > asked*9/10 {
		t.Errorf("%d of %d questions are allowed, which compares little", allowed, asked)
	}
}

func distinct(rows []authz.Row) (list []authz.Row) {
	seen := map[authz.Row]bool{}
	for _, row := range rows {
		if !seen[row] {
			seen[row] = true
			list = append(list, row)
		}
	}
	return list
}

// plainV3 is Casbin v3 over the rows that are exported, with nothing of Rightful's but the model.
func plainV3(t *testing.T, v *authz.View) authz.Enforcer {
	t.Helper()
	e, err := plain.NewEnforcer(newModel(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range v.Export() {
		added := false
		if row.Type == "g" {
			added, err = e.AddGroupingPolicy(row.V[0], row.V[1])
		} else {
			added, err = e.AddPolicy(row.V[0], row.V[1], row.V[2], row.V[3])
		}
		if err != nil || !added {
			t.Fatal(row, err)
		}
	}
	return func(user authz.UserID, object, action string) (bool, error) {
		return e.Enforce(string(user), object, action)
	}
}

// Many goroutines can ask at once, and later changes don't reach the enforcer.
func TestEnforcerOfOneView(t *testing.T) {
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "root"})
	enforcer, err := casbinv3.NewEnforcer(engine.View())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.As("root").Assign(t.Context(), authz.Administrators, "ben"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 100 {
				for user, want := range map[authz.UserID]bool{"root": true, "ben": false, authz.UserID(fmt.Sprint("u", i)): false} {
					if got, err := enforcer(user, "a", "b"); got != want || err != nil {
						t.Errorf("%s: %v, %v", user, got, err)
					}
				}
			}
		})
	}
	all.Wait()
}
