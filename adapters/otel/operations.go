// Package otel traces what administrators do, and what the store does for it, with OpenTelemetry:
//
//	engine, err := authz.Open(ctx, otel.NewStore(store, provider), authz.Options{Trace: otel.Operations(provider)})
//
// Decisions aren't traced: a span costs a hundred times as much as one. What follows the store in the background isn't
// traced either. Names of spans are those of operations and of methods of the store; no span has the name of a user, a
// group or a permission, except that the text of an error may have those that the caller gave.
package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/rightful-go/rightful/authz"
)

const scope = "github.com/rightful-go/rightful/adapters/otel"

// The attributes of spans.
const (
	actionKey   = attribute.Key("rightful.action")
	dryRunKey   = attribute.Key("rightful.dry_run")
	revisionKey = attribute.Key("rightful.revision")
	rowsKey     = attribute.Key("rightful.rows")
	conflictKey = attribute.Key("rightful.conflict")
)

func tracerOf(provider trace.TracerProvider) trace.Tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return provider.Tracer(scope)
}

// Operations returns a function for [authz.Options.Trace] that makes a span of each operation, named for its action, such
// as "rightful group.members.change". It has the action, whether it is a dry run, and the revision that it made. An
// operation that is refused has its error recorded; only one that the store made fail has the status Error. A nil provider
// stands for the global one.
func Operations(provider trace.TracerProvider) func(context.Context, authz.Action, bool) (context.Context, func(authz.Change, error)) {
	tracer := tracerOf(provider)
	return func(ctx context.Context, action authz.Action, dryRun bool) (context.Context, func(authz.Change, error)) {
		ctx, span := tracer.Start(ctx, "rightful "+string(action),
			trace.WithAttributes(actionKey.String(string(action)), dryRunKey.Bool(dryRun)))
		return ctx, func(c authz.Change, err error) {
			defer span.End()
			if err == nil {
				span.SetAttributes(revisionKey.Int64(int64(c.Revision)))
				return
			}
			span.RecordError(err)
			if errors.Is(err, authz.ErrStoreUnavailable) {
				span.SetStatus(codes.Error, "the store can't be reached")
			}
		}
	}
}
