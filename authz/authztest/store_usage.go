package authztest

import (
	"context"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// AddUses implements [authz.UsageStore].
func (s *Store) AddUses(ctx context.Context, uses []authz.Use) error {
	_, err := run(ctx, s, CallAddUses, func(data *memory.Store) (struct{}, error) { return struct{}{}, data.AddUses(ctx, uses) })
	return err
}

// Uses implements [authz.UsageStore].
func (s *Store) Uses(ctx context.Context, users []authz.UserID, each func(authz.Use) error) error {
	_, err := run(ctx, s, CallUses, func(data *memory.Store) (struct{}, error) { return struct{}{}, data.Uses(ctx, users, each) })
	return err
}

// UsagePeriod implements [authz.UsageStore].
func (s *Store) UsagePeriod(ctx context.Context) (authz.UsagePeriod, error) {
	return run(ctx, s, CallUsagePeriod, func(data *memory.Store) (authz.UsagePeriod, error) { return data.UsagePeriod(ctx) })
}

// ExtendUsage implements [authz.UsageStore].
func (s *Store) ExtendUsage(ctx context.Context, day authz.Day) error {
	_, err := run(ctx, s, CallExtendUsage, func(data *memory.Store) (struct{}, error) { return struct{}{}, data.ExtendUsage(ctx, day) })
	return err
}

// PruneUses implements [authz.UsageStore].
func (s *Store) PruneUses(ctx context.Context, keep authz.UsageBounds, limit int) (int, error) {
	return run(ctx, s, CallPruneUses, func(data *memory.Store) (int, error) { return data.PruneUses(ctx, keep, limit) })
}
