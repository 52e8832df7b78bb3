package otel_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/rightful-go/rightful/adapters/otel"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A traced store is a store.
func TestTracedStore(t *testing.T) {
	authztest.TestStore(t, func(*testing.T) authz.Store { return otel.NewStore(memstore.New(), noop.NewTracerProvider()) })
}

// Each method has a span, within a span that records, and gives on what it gets.
func TestSpansOfTheStore(t *testing.T) {
	e := open(t, authztest.NewStore())
	store := otel.NewStore(authztest.NewStore(), e.provider)
	denials, checkpoints, uses := store.(authz.DenialStore), store.(authz.CheckpointStore), store.(authz.UsageStore)
	ctx, request := e.provider.Tracer("test").Start(t.Context(), "request")
	calls := []struct {
		name string
		call func() error
	}{
		{"Load", func() error {
			return store.Load(ctx, func(authz.State) error { return nil }, func(authz.Row) error { return nil })
		}},
		{"Position", func() error { _, err := store.Position(ctx); return err }},
		{"Since", func() error { _, err := store.Since(ctx, 0, 1, 0); return err }},
		{"Before", func() error { _, err := store.Before(ctx, authz.RecordQuery{Limit: 1}); return err }},
		{"UserVersion", func() error { _, err := store.UserVersion(ctx, "secret-user"); return err }},
		{"AddDenials", func() error { return denials.AddDenials(ctx, []authz.Denial{{ID: "d", User: "secret-user"}}) }},
		{"Denial", func() error { _, err := denials.Denial(ctx, "d"); return err }},
		{"Denials", func() error { _, err := denials.Denials(ctx, authz.DenialQuery{Limit: 1}); return err }},
		{"PruneDenials", func() error { _, err := denials.PruneDenials(ctx, authz.DenialBounds{}, 0); return err }},
		{"Checkpoints", func() error { _, err := checkpoints.Checkpoints(ctx); return err }},
		{"CheckpointChunk", func() error { _, err := checkpoints.CheckpointChunk(ctx, 1, 0); return err }},
		{"AddCheckpoint", func() error { return checkpoints.AddCheckpoint(ctx, authz.Checkpoint{}, nil) }},
		{"AddUses", func() error { return uses.AddUses(ctx, []authz.Use{{User: "secret-user", Permission: "a:b", Day: 1}}) }},
		{"Uses", func() error {
			return uses.Uses(ctx, []authz.UserID{"secret-user"}, func(authz.Use) error { return nil })
		}},
		{"UsagePeriod", func() error { _, err := uses.UsagePeriod(ctx); return err }},
		{"ExtendUsage", func() error { return uses.ExtendUsage(ctx, 1) }},
		{"PruneUses", func() error { _, err := uses.PruneUses(ctx, authz.UsageBounds{}, 0); return err }},
	}
	for _, c := range calls {
		if err := c.call(); err != nil && !errors.Is(err, authz.ErrGap) && !errors.Is(err, authz.ErrConflict) {
			t.Errorf("%s: %v", c.name, err)
		}
		spans := e.named("rightful.store " + c.name)
		if len(spans) != 1 || spans[0].Parent.SpanID() != request.SpanContext().SpanID() || spans[0].Status.Code != codes.Unset {
			t.Errorf("%s: %+v", c.name, spans)
		}
	}
	request.End()
	for _, span := range e.spans.GetSpans() {
		for _, a := range span.Attributes {
			if strings.Contains(a.Value.Emit(), "secret-user") {
				t.Errorf("%s has %v", span.Name, a)
			}
		}
	}
	e.spans.Reset()
	if _, err := store.Position(ctx); err != nil || len(e.spans.GetSpans()) != 0 {
		t.Errorf("after the request: %v, %v", e.spans.GetSpans(), err)
	}
	if err := e.Refresh(t.Context()); err != nil || len(e.spans.GetSpans()) != 0 {
		t.Errorf("outside of a request: %v, %v", e.spans.GetSpans(), err)
	}
}

// usageOnly are the methods of an [authz.UsageStore] that other stores lack.
type usageOnly interface {
	AddUses(ctx context.Context, uses []authz.Use) error
	Uses(ctx context.Context, users []authz.UserID, each func(authz.Use) error) error
	UsagePeriod(ctx context.Context) (authz.UsagePeriod, error)
	ExtendUsage(ctx context.Context, day authz.Day) error
	PruneUses(ctx context.Context, keep authz.UsageBounds, limit int) (int, error)
}

// A store that lacks an optional interface lacks it with spans too.
func TestOptionalInterfaces(t *testing.T) {
	full := authztest.NewStore()
	for _, c := range []struct {
		name                       string
		store                      authz.Store
		denials, checkpoints, uses bool
	}{
		{"all", full, true, true, true},
		{"none", struct{ authz.Store }{full}, false, false, false},
		{"denials", struct{ authz.DenialStore }{full}, true, false, false},
		{"checkpoints", struct{ authz.CheckpointStore }{full}, false, true, false},
		{"uses", struct{ authz.UsageStore }{full}, false, false, true},
		{"denials and uses", struct {
			authz.DenialStore
			usageOnly
		}{full, full}, true, false, true},
		{"checkpoints and uses", struct {
			authz.CheckpointStore
			usageOnly
		}{full, full}, false, true, true},
	} {
		store := otel.NewStore(c.store, nil)
		_, denials := store.(authz.DenialStore)
		_, checkpoints := store.(authz.CheckpointStore)
		_, uses := store.(authz.UsageStore)
		if denials != c.denials || checkpoints != c.checkpoints || uses != c.uses {
			t.Errorf("%s: denials %v, checkpoints %v, uses %v", c.name, denials, checkpoints, uses)
		}
	}
}
