package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rightful-go/rightful/authz"
)

// NewStore returns a store that makes a span of each call within a span that records, of an operation or of a
// request; the engine polls its store every second, and those calls have none. A store that has all optional interfaces,
// as those of package gormstore, has them with spans too. Of another, the engine calls them without spans: see
// [authz.StoreWrapper]. A failure has its error recorded and the status Error; a conflict is the attribute
// rightful.conflict. A nil provider stands for the global one.
//
// The caller closes the store given, not this one.
func NewStore(store authz.Store, provider trace.TracerProvider) authz.Store {
	t := tracer{tracerOf(provider)}
	traced := tracedStore{store, t}
	full, ok := store.(interface {
		authz.DenialStore
		authz.CheckpointStore
		authz.RequestStore
		authz.UsageStore
	})
	if !ok {
		return traced
	}
	return struct {
		tracedStore
		tracedDenials
		tracedCheckpoints
		tracedRequests
		tracedUses
	}{traced, tracedDenials{full, t}, tracedCheckpoints{full, t}, tracedRequests{full, t}, tracedUses{full, t}}
}

type tracer struct{ trace.Tracer }

// call makes a span of a call, if there is one that records to put it into.
func (t tracer) call(ctx context.Context, method string, do func(context.Context) error, attributes ...attribute.KeyValue) error {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return do(ctx)
	}
	ctx, span := t.Start(ctx, "rightful.store "+method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	defer span.End()
	err := do(ctx)
	switch {
	case errors.Is(err, authz.ErrConflict):
		span.SetAttributes(conflictKey.Bool(true))
	case err != nil && !isAnswer(err):
		span.RecordError(err)
		span.SetStatus(codes.Error, "the store failed")
	}
	return err
}

// isAnswer reports whether an error is an answer that the contract of [authz.Store] names, and no failure.
func isAnswer(err error) bool {
	for _, answer := range []error{authz.ErrConflict, authz.ErrTooEarly, authz.ErrGap, authz.ErrNoSuchDenial, authz.ErrNoSuchRequest, authz.ErrRequestDecided, authz.ErrTooManyRequests} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

// ask is [tracer.call] for a method that returns a value.
func ask[T any](ctx context.Context, t tracer, method string, do func(context.Context) (T, error)) (value T, err error) {
	err = t.call(ctx, method, func(ctx context.Context) error {
		value, err = do(ctx)
		return err
	})
	return value, err
}

// tracedStore is a store with spans.
type tracedStore struct {
	inner  authz.Store
	tracer tracer
}

// Unwrap implements [authz.StoreWrapper].
func (s tracedStore) Unwrap() authz.Store { return s.inner }

// Load implements [authz.Store].
func (s tracedStore) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	return s.tracer.call(ctx, "Load", func(ctx context.Context) error { return s.inner.Load(ctx, state, row) })
}

// Position implements [authz.Store].
func (s tracedStore) Position(ctx context.Context) (authz.Position, error) {
	return ask(ctx, s.tracer, "Position", s.inner.Position)
}

// Since implements [authz.Store].
func (s tracedStore) Since(ctx context.Context, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	return ask(ctx, s.tracer, "Since", func(ctx context.Context) ([]authz.Record, error) { return s.inner.Since(ctx, after, limit, maxBytes) })
}

// Before implements [authz.Store].
func (s tracedStore) Before(ctx context.Context, q authz.RecordQuery) ([]authz.Record, error) {
	return ask(ctx, s.tracer, "Before", func(ctx context.Context) ([]authz.Record, error) { return s.inner.Before(ctx, q) })
}

// UserVersion implements [authz.Store].
func (s tracedStore) UserVersion(ctx context.Context, id authz.UserID) (authz.Version, error) {
	return ask(ctx, s.tracer, "UserVersion", func(ctx context.Context) (authz.Version, error) { return s.inner.UserVersion(ctx, id) })
}

// Commit implements [authz.Store].
func (s tracedStore) Commit(ctx context.Context, c authz.Commit) error {
	return s.tracer.call(ctx, "Commit", func(ctx context.Context) error { return s.inner.Commit(ctx, c) },
		revisionKey.Int64(int64(c.Record.Revision)), rowsKey.Int(len(c.AddRows)+len(c.RemoveRows)))
}

// tracedDenials are the denials of a store with spans.
type tracedDenials struct {
	inner  authz.DenialStore
	tracer tracer
}

// AddDenials implements [authz.DenialStore].
func (s tracedDenials) AddDenials(ctx context.Context, list []authz.Denial) error {
	return s.tracer.call(ctx, "AddDenials", func(ctx context.Context) error { return s.inner.AddDenials(ctx, list) }, rowsKey.Int(len(list)))
}

// Denial implements [authz.DenialStore].
func (s tracedDenials) Denial(ctx context.Context, id authz.DenialID) (authz.Denial, error) {
	return ask(ctx, s.tracer, "Denial", func(ctx context.Context) (authz.Denial, error) { return s.inner.Denial(ctx, id) })
}

// Denials implements [authz.DenialStore].
func (s tracedDenials) Denials(ctx context.Context, q authz.DenialQuery) ([]authz.Denial, error) {
	return ask(ctx, s.tracer, "Denials", func(ctx context.Context) ([]authz.Denial, error) { return s.inner.Denials(ctx, q) })
}

// PruneDenials implements [authz.DenialStore].
func (s tracedDenials) PruneDenials(ctx context.Context, keep authz.DenialBounds, limit int) (int, error) {
	return ask(ctx, s.tracer, "PruneDenials", func(ctx context.Context) (int, error) { return s.inner.PruneDenials(ctx, keep, limit) })
}

// tracedCheckpoints are the checkpoints of a store with spans.
type tracedCheckpoints struct {
	inner  authz.CheckpointStore
	tracer tracer
}

// Checkpoints implements [authz.CheckpointStore].
func (s tracedCheckpoints) Checkpoints(ctx context.Context) ([]authz.Checkpoint, error) {
	return ask(ctx, s.tracer, "Checkpoints", s.inner.Checkpoints)
}

// CheckpointChunk implements [authz.CheckpointStore].
func (s tracedCheckpoints) CheckpointChunk(ctx context.Context, r authz.Revision, chunk int) ([]byte, error) {
	return ask(ctx, s.tracer, "CheckpointChunk", func(ctx context.Context) ([]byte, error) { return s.inner.CheckpointChunk(ctx, r, chunk) })
}

// AddCheckpoint implements [authz.CheckpointStore].
func (s tracedCheckpoints) AddCheckpoint(ctx context.Context, c authz.Checkpoint, chunks [][]byte) error {
	return s.tracer.call(ctx, "AddCheckpoint", func(ctx context.Context) error { return s.inner.AddCheckpoint(ctx, c, chunks) })
}

// tracedUses are the uses of a store with spans.
type tracedUses struct {
	inner  authz.UsageStore
	tracer tracer
}

// AddUses implements [authz.UsageStore].
func (s tracedUses) AddUses(ctx context.Context, list []authz.Use) error {
	return s.tracer.call(ctx, "AddUses", func(ctx context.Context) error { return s.inner.AddUses(ctx, list) }, rowsKey.Int(len(list)))
}

// Uses implements [authz.UsageStore].
func (s tracedUses) Uses(ctx context.Context, users []authz.UserID, each func(authz.Use) error) error {
	return s.tracer.call(ctx, "Uses", func(ctx context.Context) error { return s.inner.Uses(ctx, users, each) })
}

// UsagePeriod implements [authz.UsageStore].
func (s tracedUses) UsagePeriod(ctx context.Context) (authz.UsagePeriod, error) {
	return ask(ctx, s.tracer, "UsagePeriod", s.inner.UsagePeriod)
}

// ExtendUsage implements [authz.UsageStore].
func (s tracedUses) ExtendUsage(ctx context.Context, day authz.Day) error {
	return s.tracer.call(ctx, "ExtendUsage", func(ctx context.Context) error { return s.inner.ExtendUsage(ctx, day) })
}

// PruneUses implements [authz.UsageStore].
func (s tracedUses) PruneUses(ctx context.Context, keep authz.UsageBounds, limit int) (int, error) {
	return ask(ctx, s.tracer, "PruneUses", func(ctx context.Context) (int, error) { return s.inner.PruneUses(ctx, keep, limit) })
}

// tracedRequests are the access requests of a store with spans.
type tracedRequests struct {
	inner  authz.RequestStore
	tracer tracer
}

// AddRequest implements [authz.RequestStore].
func (s tracedRequests) AddRequest(ctx context.Context, r authz.AccessRequest, most authz.OpenRequests) (authz.AccessRequest, error) {
	return ask(ctx, s.tracer, "AddRequest", func(ctx context.Context) (authz.AccessRequest, error) { return s.inner.AddRequest(ctx, r, most) })
}

// Request implements [authz.RequestStore].
func (s tracedRequests) Request(ctx context.Context, id authz.RequestID) (authz.AccessRequest, error) {
	return ask(ctx, s.tracer, "Request", func(ctx context.Context) (authz.AccessRequest, error) { return s.inner.Request(ctx, id) })
}

// Requests implements [authz.RequestStore].
func (s tracedRequests) Requests(ctx context.Context, q authz.RequestQuery) ([]authz.AccessRequest, error) {
	return ask(ctx, s.tracer, "Requests", func(ctx context.Context) ([]authz.AccessRequest, error) { return s.inner.Requests(ctx, q) })
}

// CountOpen implements [authz.RequestStore].
func (s tracedRequests) CountOpen(ctx context.Context, now time.Time) (int, error) {
	return ask(ctx, s.tracer, "CountOpen", func(ctx context.Context) (int, error) { return s.inner.CountOpen(ctx, now) })
}

// Decide implements [authz.RequestStore].
func (s tracedRequests) Decide(ctx context.Context, d authz.RequestDecision) error {
	return s.tracer.call(ctx, "Decide", func(ctx context.Context) error { return s.inner.Decide(ctx, d) })
}

// PruneRequests implements [authz.RequestStore].
func (s tracedRequests) PruneRequests(ctx context.Context, keep authz.RequestBounds, limit int) (int, error) {
	return ask(ctx, s.tracer, "PruneRequests", func(ctx context.Context) (int, error) { return s.inner.PruneRequests(ctx, keep, limit) })
}
