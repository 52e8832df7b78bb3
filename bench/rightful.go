package main

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/authz"
)

// rightfulEngine is the engine of this module, over a store that keeps nothing.
type rightfulEngine struct{ engine *authz.Engine }

func (r *rightfulEngine) name() string { return "Rightful" }

func (r *rightfulEngine) load(p policy) error {
	engine, err := authz.Open(context.Background(), generated{p}, authz.Options{})
	if err != nil {
		return err
	}
	r.engine = engine
	// It needn't follow a store that doesn't change. Decisions stay the same, and polling
	// is counted neither as time nor as allocations of theirs.
	return engine.Close()
}

func (r *rightfulEngine) decide(q question) (bool, error) {
	return r.engine.Can(authz.UserID(q.user), authz.Permission(q.permission)), nil
}

// generated is a store whose rows are made while they are read, so that the engine's heap is
// all there is. It can't be written to.
type generated struct{ policy policy }

var _ authz.Store = generated{}

// revision is where the store stands, for good. At 0 the engine would make it its own and
// write.
const revision authz.Revision = 1

var position = authz.Position{Head: authz.Head{Revision: revision}}

// Load implements [authz.Store].
func (s generated) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	if err := state(s.state()); err != nil {
		return err
	}
	return s.rows(ctx, row)
}

func (s generated) state() authz.State {
	groups := []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: authz.Administrators}, Version: revision}}
	for _, name := range s.policy.groupNames {
		groups = append(groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: authz.GroupName(name)}, Version: revision})
	}
	return authz.State{
		Position:   position,
		Milestones: authz.Milestones{HadAdministrator: true}, // or the engine would wait to make one
		Groups:     groups,
	}
}

func (s generated) rows(ctx context.Context, row func(authz.Row) error) error {
	id := int64(0)
	for fields := range s.policy.rows() {
		id++
		r := authz.Row{ID: id, Type: fields[0]}
		copy(r.V[:], fields[1:])
		if err := row(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Position implements [authz.Store].
func (s generated) Position(ctx context.Context) (authz.Position, error) {
	return position, ctx.Err()
}

// Since implements [authz.Store]. Of the one change there was nothing is kept.
func (s generated) Since(ctx context.Context, after authz.Revision, _ int) ([]authz.Record, error) {
	if after < revision {
		return nil, authz.ErrGap
	}
	return nil, ctx.Err()
}

// Before implements [authz.Store].
func (s generated) Before(ctx context.Context, _ authz.Revision, _ int) ([]authz.Record, error) {
	return nil, ctx.Err()
}

// UserVersion implements [authz.Store].
func (s generated) UserVersion(ctx context.Context, _ authz.UserID) (authz.Revision, error) {
	return revision, ctx.Err()
}

// Commit implements [authz.Store].
func (s generated) Commit(context.Context, authz.Commit) error {
	return errors.New("the store can only be read")
}
