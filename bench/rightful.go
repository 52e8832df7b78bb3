package main

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/authz"
)

// rightfulEngine is Rightful's engine over a store that generates its rows.
type rightfulEngine struct{ engine *authz.Engine }

func (r *rightfulEngine) name() string { return "Rightful" }

func (r *rightfulEngine) load(p policy) error {
	engine, err := authz.Open(context.Background(), generated{p}, authz.Options{})
	if err != nil {
		return err
	}
	r.engine = engine
	// The store never changes, so the engine needn't poll it. Decisions work after Close too, and their
	// times and allocations don't include those of polling.
	return engine.Close(context.Background())
}

func (r *rightfulEngine) decide(q question) (bool, error) {
	return r.engine.Can(authz.UserID(q.user), authz.Permission(q.permission)), nil
}

// generated is a read-only store that generates its rows while they are read, so that the measured
// heap is that of the engine alone.
type generated struct{ policy policy }

var _ authz.Store = generated{}

// revision is the store's only revision. At 0 the engine would initialize the store, which is a write.
const revision authz.Revision = 1

var version = authz.Version{Revision: revision}

var position = authz.Position{Head: authz.Head{Revision: revision}}

// Load implements [authz.Store].
func (s generated) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	if err := state(s.state()); err != nil {
		return err
	}
	return s.rows(ctx, row)
}

func (s generated) state() authz.State {
	groups := []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: authz.Administrators}, Version: version}}
	for _, name := range s.policy.groupNames {
		groups = append(groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: authz.GroupName(name)}, Version: version})
	}
	return authz.State{
		Position:   position,
		Milestones: authz.Milestones{HadAdministrator: true}, // as if there had been one, since nobody needs to be appointed
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

// Since implements [authz.Store]. The store has no record of its only change.
func (s generated) Since(ctx context.Context, after authz.Revision, _, _ int) ([]authz.Record, error) {
	if after < revision {
		return nil, authz.ErrGap
	}
	return nil, ctx.Err()
}

// Before implements [authz.Store].
func (s generated) Before(ctx context.Context, _ authz.RecordQuery) ([]authz.Record, error) {
	return nil, ctx.Err()
}

// UserVersion implements [authz.Store].
func (s generated) UserVersion(ctx context.Context, _ authz.UserID) (authz.Version, error) {
	return version, ctx.Err()
}

// Commit implements [authz.Store].
func (s generated) Commit(context.Context, authz.Commit) error {
	return errors.New("the store is read-only")
}
