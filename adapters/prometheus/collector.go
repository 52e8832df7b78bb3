// Package prometheus has the metrics of an engine for Prometheus. Start with [NewCollector]. The host registers
// the collector and serves its registry, usually with promhttp:
//
//	registry.MustRegister(prometheus.NewCollector(engine))
//
// A host with several engines registers each with a label of its own, by prometheus.WrapRegistererWith.
// dashboard.json is a dashboard for Grafana, alerts.yaml has alert rules; docs/operations.md explains both.
package prometheus

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rightful-go/rightful/authz"
)

// NewCollector returns a collector of the metrics of an engine. To collect reads memory alone, so it works while the
// store is away. What the counters count is documented with [authz.Stats]; no label names a user. It panics if
// engine is nil.
func NewCollector(engine *authz.Engine) prometheus.Collector {
	if engine == nil {
		panic("prometheus: NewCollector was given no engine")
	}
	return collector{engine}
}

type collector struct{ engine *authz.Engine }

// describe makes the description of a metric.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rightful_"+name, help, labels, nil)
}

var (
	decisions = describe("decisions_total", "Decisions asked by guards, by outcome: allowed, denied, anonymous (no user), expired (the policy was too old).", "outcome")
	verified  = describe("verified_decisions_total", "Decisions compared with Casbin's, by result: equal, different, skipped.", "result")

	revision  = describe("revision", "Revision of the policy that decides on this instance.")
	policyAge = describe("policy_age_seconds", "Time since the store last confirmed that revision.")
	storeUp   = describe("store_up", "1 if the store answered when last asked, 0 while it doesn't.")
	badRows   = describe("bad_rows", "Quarantined rows of the policy table.")
	requests  = describe("requests_open", "Access requests in the store that nobody has decided.")

	commitSeconds = describe("commit_seconds", "Time that the store took to commit changes.")
	conflicts     = describe("conflicts_total", "Commits that the store refused because another instance or program was faster; they were tried again.")
	storeErrors   = describe("store_errors_total", "Calls of the store that failed or took too long.")
	foreignWrites = describe("foreign_writes_total", "Changes by which this instance recorded writes of other programs to the policy tables.")

	denialsRecorded = describe("denials_recorded_total", "Denials written to the store.")
	denialsLost     = describe("denials_lost_total", "Denials that the store didn't take, or not as fast as they came.")
	usesRecorded    = describe("uses_recorded_total", "Uses of permissions written to the store.")
	usesLost        = describe("uses_lost_total", "Uses of permissions that came faster than the store took them, or were left when the engine was closed.")
	notifierUp      = describe("notifier_up", "1 if notifications of other instances arrive, 0 if they are found by polling; absent without a notifier.")
)

var all = []*prometheus.Desc{
	decisions, verified, revision, policyAge, storeUp, badRows, requests, commitSeconds, conflicts, storeErrors, foreignWrites,
	denialsRecorded, denialsLost, usesRecorded, usesLost, notifierUp,
}

// Describe implements [prometheus.Collector].
func (collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range all {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(to chan<- prometheus.Metric) {
	status, stats := c.engine.Status(), c.engine.Stats()
	counter := func(d *prometheus.Desc, value uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	gauge := func(d *prometheus.Desc, value float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	counter(decisions, stats.Allowed, "allowed")
	counter(decisions, stats.Denied, "denied")
	counter(decisions, stats.Anonymous, "anonymous")
	counter(decisions, stats.Expired, "expired")
	counter(verified, status.Verify.Equal, "equal")
	counter(verified, status.Verify.Different, "different")
	counter(verified, status.Verify.Skipped, "skipped")

	gauge(revision, float64(status.Head.Revision))
	gauge(policyAge, status.Age.Seconds())
	gauge(storeUp, number(status.StoreErr == nil))
	gauge(badRows, float64(stats.BadRows))
	gauge(requests, float64(stats.OpenRequests))

	to <- histogram(commitSeconds, stats.Commits)
	counter(conflicts, stats.Conflicts)
	counter(storeErrors, stats.StoreErrors)
	counter(foreignWrites, stats.ForeignWrites)

	counter(denialsRecorded, stats.DenialsRecorded)
	counter(denialsLost, stats.DenialsLost)
	counter(usesRecorded, stats.UsesRecorded)
	counter(usesLost, stats.UsesLost)
	if stats.Notifier != authz.NotifierNone {
		gauge(notifierUp, number(stats.Notifier == authz.NotifierUp))
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func histogram(d *prometheus.Desc, h authz.Histogram) prometheus.Metric {
	buckets := map[float64]uint64{}
	for _, b := range h.Buckets {
		buckets[b.Bound.Seconds()] = b.Count
	}
	return prometheus.MustNewConstHistogram(d, h.Count, h.Sum.Seconds(), buckets)
}
