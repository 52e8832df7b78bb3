package authz

import (
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A compiled set that lacks a rule is found, reported and logged.
func TestVerifyFindsAWrongDecision(t *testing.T) {
	t.Parallel()
	found := make(chan Discrepancy, 100)
	var log strings.Builder
	e, err := Open(t.Context(), NewMemoryStore(), Options{
		Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Verify: Verification{OneIn: 1, Report: func(d Discrepancy) { found <- d }},
	})
	if err != nil {
		t.Fatal(err)
	}
	wrong := *e.current.Load()
	wrong.matchers = make([]matcher, len(wrong.matchers))
	for i := range wrong.matchers {
		wrong.matchers[i] = noRules
	}
	e.current.Store(&wrong)
	if e.Can("ana", "a:b", "c:d") {
		t.Fatal("the planted bug isn't one")
	}
	select {
	case d := <-found:
		if d.User != "ana" || len(d.Permissions) != 2 || d.Allowed || d.Err != nil || d.Revision != e.View().Revision() {
			t.Errorf("%+v", d)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was reported")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if v := e.VerifyStats(); v != (VerifyStats{Different: 1}) {
		t.Errorf("%+v", v)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "permissions=\"[a:b c:d]\"") {
		t.Errorf("logged %s", &log)
	}
}
