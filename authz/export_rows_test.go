package authz_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// importLines imports fields of rows.
func importLines(t *testing.T, engine *authz.Engine, lines [][]string) {
	t.Helper()
	var file authz.PolicyFile
	for i, fields := range lines {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: fields})
	}
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportMerge))
}

// What was imported is exported, in the order that is promised.
func TestExportIsSorted(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	names := []string{"a", "a b", "a-b", "a.b", "Q", "Z", "é", "上", "b", "group", "y"}
	name := func() string { return names[random.IntN(len(names))] }
	for range 20 {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
		for _, g := range slices.Backward(slices.Sorted(slices.Values(names))) { // not in the order of the export
			must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: authz.GroupName(g)}))
		}
		all := map[authz.Row]bool{}
		for _, row := range engine.View().Export() {
			all[row] = true
		}
		var lines [][]string
		for range 200 {
			subject, upper := name(), random.IntN(len(names)-1)
			if random.IntN(2) == 0 {
				subject = "group:" + subject
			}
			fields := []string{"p", subject, "x." + []string{"y", "y.z", "*", "a-b"}[random.IntN(4)], []string{"view", "*"}[random.IntN(2)], []string{"allow", "deny"}[random.IntN(2)]}
			switch random.IntN(4) {
			case 0:
				fields = []string{"g", name(), "group:" + name()}
			case 1: // without cycles, and chains of few links
				fields = []string{"g", "group:" + names[upper+1], "group:" + names[upper/3]}
			}
			row := authz.Row{Type: fields[0]}
			copy(row.V[:], fields[1:])
			if !all[row] && fields[1] != fields[2] {
				all[row], lines = true, append(lines, fields)
			}
		}
		importLines(t, engine, lines)
		var want []authz.Row
		for row := range all {
			want = append(want, row)
		}
		slices.SortFunc(want, func(a, b authz.Row) int {
			rank := func(r authz.Row) string { return fmt.Sprint(r.Type == "g", !strings.HasPrefix(r.V[0], "group:")) }
			what := func(r authz.Row) string { return strings.TrimSuffix(r.V[1]+":"+r.V[2], ":") }
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.V[0], b.V[0]), cmp.Compare(what(a), what(b)), cmp.Compare(a.V[3], b.V[3]))
		})
		if got := engine.View().Export(); !slices.Equal(got, want) {
			t.Fatalf("exported\n%v\nnot\n%v", got, want)
		}
		for n := range len(want) { // of an iterator that is left
			read := 0
			for range engine.View().Rows {
				if read++; read > n {
					break
				}
			}
			if read != n+1 {
				t.Fatalf("%d rows were read, not %d", read, n+1)
			}
		}
	}
}

// A large policy is exported in turn, a small one at once.
func TestLargeExportsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		export := func(ctx context.Context, v *authz.View) (rows int, err error) {
			err = d.ExportRows(ctx, v, func(all iter.Seq2[authz.Row, authz.Until]) error {
				for range all {
					rows++
				}
				return nil
			})
			return rows, err
		}
		small := d.View()
		var lines [][]string
		for i := range 10_000 {
			lines = append(lines, []string{"g", fmt.Sprint("user", i), "group:Large"})
		}
		importLines(t, d.Engine, lines)
		large := d.View()
		leave := d.occupy(t, places())
		if waited, err := timed(func() error { _, err := export(t.Context(), large); return err }); !errors.Is(err, authz.ErrBusy) || waited != 5*time.Second {
			t.Errorf("a large export waited %v: %v", waited, err)
		}
		if waited, err := timed(func() error { _, err := export(t.Context(), small); return err }); err != nil || waited != 0 {
			t.Errorf("a small export waited %v: %v", waited, err)
		}
		leave()
		for range places() + 1 { // each gives its place back
			if rows, err := export(t.Context(), large); err != nil || rows != len(large.Export()) {
				t.Errorf("%d rows, %v", rows, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		rows := 0
		err := d.ExportRows(ctx, large, func(all iter.Seq2[authz.Row, authz.Until]) error {
			for range all {
				if rows++; rows == 100 {
					cancel()
				}
			}
			return nil
		})
		if err == nil || rows > 1000 {
			t.Errorf("%d rows were exported for a caller who is gone: %v", rows, err)
		}
		failed := errors.New("the disk is full")
		if err := d.ExportRows(t.Context(), large, func(iter.Seq2[authz.Row, authz.Until]) error { return failed }); !errors.Is(err, failed) {
			t.Errorf("got %v", err)
		}
	})
}
