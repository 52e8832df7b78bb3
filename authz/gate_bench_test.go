package authz_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// BenchmarkBesideImport measures how long a decision and a small write take alone, and beside a dry run of an
// import of 16,000 lines that is repeated without a pause.
func BenchmarkBesideImport(b *testing.B) {
	s := authztest.Sizes[1]
	policy := authz.PolicyFile{}
	for i, row := range open(b, s.Store(), neverPolling).View().Export() {
		policy.Lines = append(policy.Lines, authz.PolicyLine{Number: i + 1, Fields: append([]string{row.Type}, slices.DeleteFunc(row.V[:], isEmpty)...)})
	}
	options := neverPolling
	options.Seed, options.Bootstrap = &authz.Seed{Policy: policy}, "root"
	engine := open(b, memstore.New(), options)
	file := authz.PolicyFile{}
	for i := range 16_000 {
		fields := []string{"g", fmt.Sprint("new", i), "group:" + string(s.Group(i))}
		file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: fields})
	}
	root, group := engine.As("root"), s.Group(7)
	small := []struct {
		name string
		do   func(i int) error
	}{
		{"can", func(i int) error { engine.Can(s.User(i), s.Permission(i, 1)); return nil }},
		{"write", func(i int) error {
			_, err := root.Assign(b.Context(), group, authz.UserID(fmt.Sprint("w", i)))
			return err
		}},
	}
	for _, work := range small {
		b.Run(work.name+"/alone", func(b *testing.B) { latencies(b, work.do) })
		b.Run(work.name+"/beside", func(b *testing.B) {
			ctx, stop := context.WithCancel(b.Context())
			imports := make(chan int)
			go func() {
				n := 0
				for ; ctx.Err() == nil; n++ {
					if _, err := root.DryRun().Import(ctx, file, authz.ImportMerge); err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				}
				imports <- n
			}()
			latencies(b, work.do)
			stop()
			b.ReportMetric(float64(<-imports), "imports")
		})
	}
}

func isEmpty(text string) bool { return text == "" }

// latencies does something every millisecond and reports how long it took, from the time at which it was due.
func latencies(b *testing.B, do func(i int) error) {
	b.Helper()
	const pace = time.Millisecond
	var took []time.Duration
	due := time.Now()
	for i := 0; b.Loop(); i++ {
		due = due.Add(pace)
		time.Sleep(time.Until(due)) //nolint:forbidigo // real time is what is measured
		if err := do(i); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(due))
		if late := time.Since(due); late > pace {
			due = due.Add(late.Truncate(pace)) // the next one is not late because of this one
		}
	}
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "ms-p50")
	b.ReportMetric(at(0.99), "ms-p99")
}
