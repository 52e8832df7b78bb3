package authz_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// size is a policy to measure on: users are in two groups each, and every group restricts
// what its first rule grants. root is the administrator.
type size struct {
	name                 string
	groups, rules, users int
}

var sizes = []size{{"S", 10, 200, 1_000}, {"M", 100, 10_000, 100_000}, {"L", 1_000, 100_000, 1_000_000}}

func (s size) group(i int) authz.GroupName {
	return authz.GroupName(fmt.Sprintf("Group %d", i%s.groups))
}
func (s size) user(i int) authz.UserID { return authz.UserID(fmt.Sprintf("user%d", i%s.users)) }

// permission is the n-th that the i-th group grants.
func (s size) permission(i, n int) authz.Permission {
	return authz.Permission(fmt.Sprintf("area%d.part%d:view", i%s.groups, n%(s.rules/s.groups)))
}

// eachRow yields the policy as rows, until row returns an error.
func (s size) eachRow(row func(authz.Row) error) (err error) {
	id := int64(0)
	yield := func(kind string, values ...string) {
		if id++; err == nil {
			r := authz.Row{ID: id, Type: kind}
			copy(r.V[:], values)
			err = row(r)
		}
	}
	yield("p", "group:Administrators", "*", "*", "allow")
	yield("g", "root", "group:Administrators")
	for i := range s.groups {
		holder := "group:" + string(s.group(i))
		for n := range s.rules/s.groups - 1 {
			object, action, _ := s.permission(i, n).Split()
			yield("p", holder, object, action, "allow")
		}
		object, action, _ := s.permission(i, 0).Split()
		yield("p", holder, object, action, "deny")
	}
	for i := range s.users {
		yield("g", string(s.user(i)), "group:"+string(s.group(i)))
		yield("g", string(s.user(i)), "group:"+string(s.group(i+1)))
	}
	return err
}

// generated is a store that holds nothing: what it loads is made up as it is read, and what
// is committed is taken for written. What an engine over it costs is its own.
type generated struct {
	size
	last authz.Record // of the present revision, if not the first
}

func (g *generated) state() authz.State {
	state := authz.State{
		Revision: 1, Hash: []byte("hash"), Marks: authz.Marks{Seeded: true, HadAdministrator: true},
		Groups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: authz.Administrators}, Version: 1}},
	}
	for i := range g.groups {
		state.Groups = append(state.Groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: g.group(i)}, Version: 1})
	}
	return state
}

func (g *generated) Load(_ context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	if err := state(g.state()); err != nil {
		return err
	}
	return g.eachRow(row)
}

func (g *generated) Revision(context.Context) (authz.Revision, error) {
	return cmp.Or(g.last.Revision, 1), nil
}

func (g *generated) Since(context.Context, authz.Revision, int) ([]authz.Record, error) {
	return nil, nil
}

func (g *generated) Before(context.Context, authz.Revision, int) ([]authz.Record, error) {
	return nil, nil
}

func (g *generated) UserVersion(context.Context, authz.UserID) (authz.Revision, error) { return 0, nil }

func (g *generated) Commit(_ context.Context, c authz.Commit) error {
	g.last = c.Record
	return nil
}

// unwatched engines don't look whether the store has changed.
var unwatched = authz.Options{PollInterval: 1 << 62, Logger: slog.New(slog.DiscardHandler)}

func (s size) engine(b *testing.B) *authz.Engine {
	b.Helper()
	return open(b, &generated{size: s}, unwatched)
}

func eachSize(b *testing.B, run func(*testing.B, size, *authz.Engine)) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) { run(b, s, s.engine(b)) })
	}
}
