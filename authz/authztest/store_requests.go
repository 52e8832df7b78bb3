package authztest

import (
	"context"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// AddRequest implements [authz.RequestStore].
func (s *Store) AddRequest(ctx context.Context, r authz.AccessRequest, most authz.OpenRequests) (authz.AccessRequest, error) {
	return run(ctx, s, CallAddRequest, func(data *memory.Store) (authz.AccessRequest, error) { return data.AddRequest(ctx, r, most) })
}

// Request implements [authz.RequestStore].
func (s *Store) Request(ctx context.Context, id authz.RequestID) (authz.AccessRequest, error) {
	return run(ctx, s, CallRequest, func(data *memory.Store) (authz.AccessRequest, error) { return data.Request(ctx, id) })
}

// Requests implements [authz.RequestStore].
func (s *Store) Requests(ctx context.Context, q authz.RequestQuery) ([]authz.AccessRequest, error) {
	return run(ctx, s, CallRequests, func(data *memory.Store) ([]authz.AccessRequest, error) { return data.Requests(ctx, q) })
}

// CountOpen implements [authz.RequestStore].
func (s *Store) CountOpen(ctx context.Context, now time.Time) (int, error) {
	return run(ctx, s, CallCountOpen, func(data *memory.Store) (int, error) { return data.CountOpen(ctx, now) })
}

// Decide implements [authz.RequestStore].
func (s *Store) Decide(ctx context.Context, d authz.RequestDecision) error {
	_, err := run(ctx, s, CallDecide, func(data *memory.Store) (struct{}, error) { return struct{}{}, data.Decide(ctx, d) })
	return err
}

// PruneRequests implements [authz.RequestStore].
func (s *Store) PruneRequests(ctx context.Context, keep authz.RequestBounds, limit int) (int, error) {
	return run(ctx, s, CallPruneRequests, func(data *memory.Store) (int, error) { return data.PruneRequests(ctx, keep, limit) })
}
