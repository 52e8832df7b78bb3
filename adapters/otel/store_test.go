package otel_test

import (
	"errors"
	"strings"
	"testing"
	"time"

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
	requests := store.(authz.RequestStore)
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
		{"AddRequest", func() error {
			_, err := requests.AddRequest(ctx, authz.AccessRequest{ID: "r", User: "secret-user"}, authz.OpenRequests{All: 1, OfUser: 1})
			return err
		}},
		{"Request", func() error { _, err := requests.Request(ctx, "r"); return err }},
		{"Requests", func() error { _, err := requests.Requests(ctx, authz.RequestQuery{Limit: 1}); return err }},
		{"CountOpen", func() error { _, err := requests.CountOpen(ctx, time.Now()); return err }},
		{"Decide", func() error { return requests.Decide(ctx, authz.RequestDecision{User: "secret-user"}) }},
		{"PruneRequests", func() error { _, err := requests.PruneRequests(ctx, authz.RequestBounds{}, 0); return err }},
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

// A store that lacks some optional interface keeps the others, without spans.
func TestOptionalInterfaces(t *testing.T) {
	full := authztest.NewStore()
	for _, c := range []struct {
		name                                 string
		store                                authz.Store
		denials, checkpoints, requests, uses bool
	}{
		{"all", full, true, true, true, true},
		{"none", struct{ authz.Store }{full}, false, false, false, false},
		{"denials", struct{ authz.DenialStore }{full}, true, false, false, false},
		{"checkpoints", struct{ authz.CheckpointStore }{full}, false, true, false, false},
		{"requests", struct{ authz.RequestStore }{full}, false, false, true, false},
		{"uses", struct{ authz.UsageStore }{full}, false, false, false, true},
	} {
		store := otel.NewStore(c.store, nil)
		_, denials := authz.StoreAs[authz.DenialStore](store)
		_, checkpoints := authz.StoreAs[authz.CheckpointStore](store)
		_, requests := authz.StoreAs[authz.RequestStore](store)
		_, uses := authz.StoreAs[authz.UsageStore](store)
		if denials != c.denials || checkpoints != c.checkpoints || requests != c.requests || uses != c.uses {
			t.Errorf("%s: denials %v, checkpoints %v, requests %v, uses %v", c.name, denials, checkpoints, requests, uses)
		}
	}
}
