package authztest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// Size describes a generated policy for benchmarks. Each user is in two groups. The rules are divided evenly
// among the groups; each group grants permissions and restricts the first of them. The user root is the
// administrator.
type Size struct {
	Name                 string
	Groups, Rules, Users int
}

// Sizes are the sizes for which benchmark results are published.
var Sizes = []Size{{"S", 10, 200, 1_000}, {"M", 100, 10_000, 100_000}, {"L", 1_000, 100_000, 1_000_000}}

// Group returns the name of group i modulo the number of groups.
func (s Size) Group(i int) authz.GroupName {
	return authz.GroupName(fmt.Sprintf("Group %d", i%s.Groups))
}

// User returns the id of user i modulo the number of users. The user is in the groups i and i+1.
func (s Size) User(i int) authz.UserID { return authz.UserID(fmt.Sprintf("user%d", i%s.Users)) }

// Permission returns the permission n of those that group i grants. The group restricts permission 0.
func (s Size) Permission(i, n int) authz.Permission {
	return authz.Permission(fmt.Sprintf("area%d.part%d:view", i%s.Groups, n%s.share()))
}

// share is how many permissions a group grants. Its restriction is one more rule.
func (s Size) share() int { return s.Rules/s.Groups - 1 }

// eachRow calls row for each row of the policy, until row returns an error.
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

// Store returns a store with the policy that needs no memory for it: Load generates the rows, and Commit keeps
// only the record. So a benchmark on it measures the engine alone.
func (s Size) Store() authz.Store { return &generated{Size: s} }

type generated struct {
	Size
	last authz.Record // of the present revision, unless that is 1
}

func (g *generated) state() authz.State {
	state := authz.State{
		Position: g.position(), Milestones: authz.Milestones{Seeded: true, HadAdministrator: true},
		Groups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: authz.Administrators}, Version: authz.Version{Revision: 1}}},
	}
	for i := range g.Groups {
		state.Groups = append(state.Groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: g.Group(i)}, Version: authz.Version{Revision: 1}})
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
	p := authz.Position{Head: authz.Head{Revision: 1, Hash: []byte("hash")}, Now: time.Now().UnixMicro()}
	if g.last.Revision != 0 {
		p.Head = authz.Head{Revision: g.last.Revision, Hash: g.last.Hash}
	}
	return p
}

func (g *generated) Since(context.Context, authz.Revision, int, int) ([]authz.Record, error) {
	return nil, nil
}

func (g *generated) Before(context.Context, authz.RecordQuery) ([]authz.Record, error) {
	return nil, nil
}

func (g *generated) UserVersion(context.Context, authz.UserID) (authz.Version, error) {
	return authz.Version{}, nil
}

func (g *generated) Commit(_ context.Context, c authz.Commit) error {
	g.last = c.Record
	return nil
}

// Question is a decision to benchmark and its expected answer.
type Question struct {
	User       authz.UserID
	Permission authz.Permission
	Want       bool
}

// Kinds are the kinds of questions; see [Size.Questions].
var Kinds = []string{"hit", "miss", "restricted", "hot"}

// Questions returns 65,536 questions of a kind. The permission is granted for "hit" and "hot", not granted for
// "miss", and both granted and restricted for "restricted". The users are random, but "hot" has only 16.
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
