package prometheus_test

import (
	"context"
	"log/slog"
	"net/http"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rightful-go/rightful/adapters/prometheus"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The metrics of an engine on a registry of its own. client is github.com/prometheus/client_golang/prometheus.
func ExampleNewCollector() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())

	registry := client.NewRegistry()
	registry.MustRegister(prometheus.NewCollector(engine))
	http.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	// Output:
}
