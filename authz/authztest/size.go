package authztest

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/rightful-go/rightful/authz"
)

// Size is a policy to measure on. Its users are in two groups each; every group grants as
// many permissions as its share of the rules and restricts the first of them. The user root
// is the administrator.
type Size struct {
	Name                 string
	Groups, Rules, Users int
}

// Sizes are those that figures are given for.
var Sizes = []Size{{"S", 10, 200, 1_000}, {"M", 100, 10_000, 100_000}, {"L", 1_000, 100_000, 1_000_000}}

// Group returns the name of the i-th group, from the first again after the last.
func (s Size) Group(i int) authz.GroupName {
	return authz.GroupName(fmt.Sprintf("Group %d", i%s.Groups))
}

// User returns the id of the i-th user. The user is in the groups i and i+1.
func (s Size) User(i int) authz.UserID { return authz.UserID(fmt.Sprintf("user%d", i%s.Users)) }

// Permission returns the n-th that the i-th group grants; the first, number 0, it restricts.
func (s Size) Permission(i, n int) authz.Permission {
	return authz.Permission(fmt.Sprintf("area%d.part%d:view", i%s.Groups, n%s.share()))
}

// share is how many permissions a group grants: with the restriction they make its share of
// the rules.
func (s Size) share() int { return s.Rules/s.Groups - 1 }

// eachRow yields the policy as rows, until row returns an error.
func (s Size) eachRow(row func(authz.Row) error) (err error) {
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
	for i := range s.Groups {
		subject := "group:" + string(s.Group(i))
		for n := range s.share() {
			object, action, _ := s.Permission(i, n).Split()
			yield("p", subject, object, action, "allow")
		}
		object, action, _ := s.Permission(i, 0).Split()
		yield("p", subject, object, action, "deny")
	}
	for i := range s.Users {
		yield("g", string(s.User(i)), "group:"+string(s.Group(i)))
		yield("g", string(s.User(i)), "group:"+string(s.Group(i+1)))
	}
	return err
}

// Store returns a store with the policy that holds nothing: what it loads is made up as it is
// read, and what is committed is taken for written. What an engine over it costs is its own.
func (s Size) Store() authz.Store { return &generated{Size: s} }

type generated struct {
	Size
	last authz.Record // of the present revision, if not the first
}

func (g *generated) state() authz.State {
	state := authz.State{
		Position: g.position(), Milestones: authz.Milestones{Seeded: true, HadAdministrator: true},
		Groups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: authz.Administrators}, Version: 1}},
	}
	for i := range g.Groups {
		state.Groups = append(state.Groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: g.Group(i)}, Version: 1})
	}
	return state
}

func (g *generated) Load(_ context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	if err := state(g.state()); err != nil {
		return err
	}
	return g.eachRow(row)
}

func (g *generated) Position(context.Context) (authz.Position, error) { return g.position(), nil }

func (g *generated) position() authz.Position {
	if g.last.Revision == 0 {
		return authz.Position{Head: authz.Head{Revision: 1, Hash: []byte("hash")}}
	}
	return authz.Position{Head: authz.Head{Revision: g.last.Revision, Hash: g.last.Hash}}
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

// Question is one that a benchmark asks.
type Question struct {
	User       authz.UserID
	Permission authz.Permission
	Want       bool
}

// Kinds are the kinds of questions.
var Kinds = []string{"hit", "miss", "restricted", "hot"}

// Questions returns 65,536 questions of a kind. They are asked of random users but for "hot",
// where there are 16. What nobody grants is a "miss", what is granted and restricted is
// "restricted", the others are allowed.
func (s Size) Questions(kind string) []Question {
	r := rand.New(rand.NewPCG(1, 1))
	list := make([]Question, 1<<16)
	for i := range list {
		u := r.IntN(s.Users)
		if kind == "hot" {
			u = r.IntN(16)
		}
		group, n := u+r.IntN(2), 1+r.IntN(s.share()-1)
		switch kind {
		case "miss":
			group = u + s.Groups/2
		case "restricted":
			n = 0
		}
		list[i] = Question{s.User(u), s.Permission(group, n), kind == "hit" || kind == "hot"}
	}
	return list
}
