package otel_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightful-go/rightful/adapters/otel"
	"github.com/rightful-go/rightful/authz"
)

// traced is an engine whose operations and store are traced, and its spans.
type traced struct {
	*authz.Engine
	spans    *tracetest.InMemoryExporter
	provider *sdk.TracerProvider
}

func open(t *testing.T, store authz.Store) traced {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	engine, err := authz.Open(t.Context(), otel.NewStore(store, provider), authz.Options{
		Bootstrap: "ana", Trace: otel.Operations(provider), PollInterval: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	spans.Reset() // those of the start
	return traced{engine, spans, provider}
}

// named returns the spans of a name.
func (e traced) named(name string) (list []tracetest.SpanStub) {
	for _, span := range e.spans.GetSpans() {
		if span.Name == name {
			list = append(list, span)
		}
	}
	return list
}
