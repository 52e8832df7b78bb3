package otel_test

import (
	"context"
	"fmt"
	"log/slog"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rightful-go/rightful/adapters/otel"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func ExampleOperations() {
	ctx, exporter := context.Background(), tracetest.NewInMemoryExporter() // yours sends spans to a collector
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	engine, err := authz.Open(ctx, otel.NewStore(memstore.New(), provider), authz.Options{
		Bootstrap: "ana", Trace: otel.Operations(provider), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer engine.Close(ctx)
	exporter.Reset()
	if _, err := engine.As("ana").Assign(ctx, authz.Administrators, "ben"); err != nil {
		panic(err)
	}
	for _, span := range exporter.GetSpans() {
		fmt.Println(span.Name)
	}
	// Output:
	// rightful.store Commit
	// rightful group.members.change
}
