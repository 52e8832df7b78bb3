package integration_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
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
		return engine, func() { _, _ = engine.Close(context.Background()), store.Close() }
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
	if _, err := authz.AuditRecords(ctx, d.Open(t, gormstore.Options{}), authz.AuditOptions{}); err != nil {
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

// importCase is a way to import a file.
type importCase struct {
	name   string
	store  func(testing.TB) authz.Store
	dryRun bool
	most   float64 // the peak of what the heap holds, as a multiple of the file
}

var importCases = []importCase{
	{"dry run", memoryStore, true, 10},
	{"sqlite", sqliteStore, false, 10},
	{"memory", memoryStore, false, 15}, // the store is in the same memory
}

func memoryStore(testing.TB) authz.Store { return memstore.New() }

func sqliteStore(t testing.TB) authz.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "policy.db"), gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// An import and its dry run hold at most ten times the size of the file (promise 11, B7).
func TestImportTakesBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("large data")
	}
	text := largeFile(8 << 20)
	for _, c := range importCases {
		t.Run(c.name, func(t *testing.T) {
			live, total := importPeak(t, c, text)
			t.Logf("%.1f times the size of the file, %.1f with what the runtime holds for it", live, total)
			if live > c.most {
				t.Errorf("an import holds %.1f times the size of the file; at most %.0f", live, c.most)
			}
		})
	}
}

// importPeak returns the peaks of the heap during an import, as multiples of the file.
func importPeak(t testing.TB, c importCase, text string) (live, total float64) {
	t.Helper()
	engine, err := authz.Open(t.Context(), c.store(t), authz.Options{
		Bootstrap: "root", Logger: slog.New(slog.DiscardHandler), WriteTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	root := engine.As("root")
	if c.dryRun {
		root = root.DryRun()
	}
	a, b := peakOf(func() {
		file, err := policycsv.ReadPolicy(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := root.Import(t.Context(), file, authz.ImportMerge); err != nil || len(c.Delta.Added) == 0 {
			t.Fatal(err)
		}
	})
	return float64(a) / float64(len(text)), float64(b) / float64(len(text))
}

// largeFile returns a policy file of at least a size, with one line in ten a grant to a group and the others
// memberships.
func largeFile(size int) string {
	var b strings.Builder
	b.Grow(size + 100)
	for i := 0; b.Len() < size; i++ {
		if i%10 == 0 {
			fmt.Fprintf(&b, "p, group:Group %d, clients.requests%d, view, allow\n", i%1000, i)
		} else {
			fmt.Fprintf(&b, "g, user%07d, group:Group %d\n", i, i%1000/10*10)
		}
	}
	return b.String()
}

// peakOf runs work and returns by how much the heap grew at most: what was reachable at a collection, of which
// there is one for each tenth that the heap grows, and what the runtime held.
func peakOf(work func()) (live, total uint64) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	debug.FreeOSMemory()
	read := func() (live, total uint64) {
		samples := []metrics.Sample{
			{Name: "/gc/heap/live:bytes"},
			{Name: "/memory/classes/heap/objects:bytes"},
			{Name: "/memory/classes/heap/free:bytes"},
			{Name: "/memory/classes/heap/unused:bytes"},
		}
		metrics.Read(samples)
		for _, s := range samples[1:] {
			total += s.Value.Uint64()
		}
		return samples[0].Value.Uint64(), total
	}
	liveBefore, totalBefore := read()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			a, b := read()
			live, total = max(live, a), max(total, b)
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	work()
	close(stop)
	<-stopped
	return live - min(live, liveBefore), total - min(total, totalBefore)
}
