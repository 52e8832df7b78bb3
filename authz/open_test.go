package authz_test

import (
	"log/slog"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// open opens an engine that is closed with the test and keeps quiet.
func open(t testing.TB, store authz.Store, options authz.Options) *authz.Engine {
	t.Helper()
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	engine, err := authz.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}
