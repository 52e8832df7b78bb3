package integration_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/database"
)

// largePolicy is a policy of exactly n rows as CSV: rules, inheritance and memberships.
func largePolicy(n int) string {
	lines := []string{"p, group:Administrators, *, *, allow", "g, root, group:Administrators"}
	const groups = 500
	for g := range groups {
		lines = append(lines, fmt.Sprintf("p, group:Group %03d, area%d.*, view, allow", g, g))
		if g%10 > 0 {
			lines = append(lines, fmt.Sprintf("g, group:Group %03d, group:Group %03d", g, g-1))
		}
	}
	for i := 0; len(lines) < n; i++ {
		switch i % 4 {
		case 0:
			lines = append(lines, fmt.Sprintf("p, group:Group %03d, area%d.part%d, update, allow", i%groups, i%groups, i))
		case 1:
			lines = append(lines, fmt.Sprintf("p, \"user %d, é\", area%d.part%d, delete, deny", i, i%groups, i))
		default:
			lines = append(lines, fmt.Sprintf("g, \"user %d, é\", group:Group %03d", i, i%groups))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// A CSV of 100,000 rows goes into each database in one change and comes out equal.
func TestLargeImport(t *testing.T) {
	if testing.Short() {
		t.Skip("large data")
	}
	dbtest.Each(t, importLarge)
}

func importLarge(t *testing.T, d dbtest.Database) {
	const rows = 100_000
	ctx := t.Context()
	openEngine := func() (*authz.Engine, func()) {
		store, err := database.Open(ctx, d.Address, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return engine, func() { _, _ = engine.Close(), store.Close() }
	}
	engine, done := openEngine()
	started := time.Now()
	text := largePolicy(rows)
	file, err := policycsv.ReadPolicy(strings.NewReader(text))
	if err != nil || file.FaultCount > 0 || len(file.Lines) != rows {
		t.Fatalf("%d lines, %v, %v", len(file.Lines), file.Faults, err)
	}
	before := engine.View().Revision()
	if _, err := engine.As("root").Import(ctx, file, authz.ImportMerge); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rows imported in %v", rows, time.Since(started).Round(time.Millisecond))
	if engine.View().Revision() != before+1 {
		t.Errorf("it took %d changes", engine.View().Revision()-before)
	}
	exported := export(t, engine)
	done()

	started = time.Now()
	engine, done = openEngine()
	defer done()
	t.Logf("opened again in %v", time.Since(started).Round(time.Millisecond))
	if export(t, engine) != exported {
		t.Error("a fresh load has another policy")
	}
	if sorted(exported) != sorted(text) {
		t.Error("what comes out isn't what went in")
	}
	again, err := engine.As("root").Import(ctx, file, authz.ImportReplace)
	if err != nil || again.Revision != 0 {
		t.Errorf("the second import: %v, revision %d", err, again.Revision)
	}
	if _, err := authz.AuditRecords(ctx, d.Open(t, gormstore.Options{}), nil); err != nil {
		t.Error(err)
	}
}

func export(t *testing.T, engine *authz.Engine) string {
	t.Helper()
	var b strings.Builder
	if err := policycsv.WritePolicy(&b, engine.View().Export()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sorted(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
