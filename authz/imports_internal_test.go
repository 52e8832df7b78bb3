package authz

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// expensiveFiles are files that took more than linear work, by their number of lines (A2, A3).
var expensiveFiles = map[string]func(n int) string{
	"members": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,user%d,group:G%d", i, i%1000) })
	},
	"groups": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,user%d,group:G%d", i%1000, i) })
	},
	"one user": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,user,group:G%d", i) })
	},
	"ends of one user": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("until\ng,user,group:G%d", i) })
	},
	"one heir": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,group:H,group:G%d", i) })
	},
	"one giver": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,group:G%d,group:H", i) })
	},
	"rules of groups": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("p,group:G%d,o%d,view,allow", i%1000, i) })
	},
	"rules of a group": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("p,group:G,o%d,view,deny", i) })
	},
	"rules of users": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("p,user%d,o%d,view,allow", i, i%1000) })
	},
	"reverse chain": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,group:G%d,group:G%d", n-i, n-i+1) })
	},
	"a ring": func(n int) string {
		return linesOf(n, func(i int) string { return fmt.Sprintf("g,group:G%d,group:G%d", n-i, (n-i+1)%n) })
	},
	"layers": layeredLines,
}

func linesOf(n int, line func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i) + "\n")
	}
	return b.String()
}

// layeredLines has blocks of layers of 20 groups that have rules and all inherit the groups of the next layer.
func layeredLines(n int) string {
	var b strings.Builder
	const width, layers = 20, 8
	for block := 0; n > 0; block++ {
		for i := 0; i < layers*width && n > 0; i++ {
			fmt.Fprintf(&b, "p,group:B%d-%d,o%d,view,allow\n", block, i, i)
			n--
			for j := 0; j < width && i/width+1 < layers; j++ {
				fmt.Fprintf(&b, "g,group:B%d-%d,group:B%d-%d\n", block, i, block, (i/width+1)*width+j)
				n--
			}
		}
	}
	return b.String()
}

func policyFileOf(text string) PolicyFile {
	var f PolicyFile
	var until Until
	for line := range strings.Lines(text) {
		if line == "until\n" { // the next line has an end
			until = 3_600_000_000
			continue
		}
		f.Lines = append(f.Lines, PolicyLine{Number: len(f.Lines) + 1, Fields: strings.Split(strings.TrimSpace(line), ","), Until: until})
		until = 0
	}
	return f
}

// dryImport takes an import by an actor without rights through everything that follows its size.
func dryImport(p *pace, file PolicyFile) error {
	catalog, err := newCatalog(nil)
	if err != nil {
		return err
	}
	before, err := emptySnapshot(nil).apply(update{revision: 1, delta: Delta{
		Groups: []GroupChange{{After: &GroupInfo{Name: Administrators}}}, Added: []Rule{administratorsRule},
	}})
	if err != nil {
		return err
	}
	packed, err := pack(p, file)
	if err != nil {
		return err
	}
	d := &draft{pace: p, s: before, catalog: catalog, creates: map[GroupName]bool{}}
	im := newImporter(d, ImportMerge)
	if err := im.readFile(packed); err != nil {
		return err
	}
	if err := im.draftDelta(); err != nil {
		return err
	}
	delta, err := d.sortedDelta()
	if err != nil {
		return err
	}
	after, err := before.apply(update{revision: 2, delta: delta, pace: p})
	if err != nil {
		return err
	}
	if err := checkInheritance(p, after, delta); err != nil {
		return err
	}
	if err := checkEscalation(p, before, before, after, "mallory", delta); err != nil && !errors.Is(err, ErrEscalation) {
		return err
	}
	a := Admin{engine: &Engine{}}
	a.engine.catalog.Store(catalog)
	_, err = a.impact(p, before, after, delta)
	return err
}

// What an import computes and allocates follows the number of its lines.
func TestWorkOfAnImportFollowsItsLines(t *testing.T) {
	WithoutRaces(t)
	lines := 4000
	if !testing.Short() {
		lines = 300_000
	}
	for name, text := range expensiveFiles {
		work := func(n int) (steps, allocated uint64) {
			p, file := newPace(t.Context()), policyFileOf(text(n))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := dryImport(p, file); err != nil && !errors.Is(err, ErrImportRejected) {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return uint64(p.steps), after.TotalAlloc - before.TotalAlloc
		}
		steps, allocated := work(lines)
		moreSteps, moreAllocated := work(2 * lines)
		if moreSteps > 5*steps/2 || moreAllocated > 3*allocated || steps < uint64(lines) {
			t.Errorf("%s: %d lines take %d steps and %d bytes; twice as many take %d steps and %d bytes",
				name, lines, steps, allocated, moreSteps, moreAllocated)
		}
	}
}

// countedContext counts the looks at it, notes the longest time between two, and is canceled from some look on.
type countedContext struct {
	context.Context //nolint:containedctx // it is a context
	looks, cancelAt int
	last            time.Time
	longest         time.Duration
}

func (c *countedContext) Err() error {
	now := time.Now()
	if !c.last.IsZero() {
		c.longest = max(c.longest, now.Sub(c.last))
	}
	c.last = now
	if c.looks++; c.cancelAt > 0 && c.looks >= c.cancelAt {
		return context.Canceled
	}
	return nil
}

// An import stops wherever it is canceled: it looks at the context throughout, and hardly again after it ended.
func TestImportsStopWhereverTheyAreCanceled(t *testing.T) {
	WithoutRaces(t)
	lines := 4000
	if !testing.Short() {
		lines = 40_000
	}
	for name, text := range expensiveFiles {
		file := policyFileOf(text(lines))
		whole := &countedContext{Context: t.Context()}
		if err := dryImport(newPace(whole), file); err != nil && !errors.Is(err, ErrImportRejected) {
			t.Fatal(err)
		}
		if whole.looks < 10 {
			t.Errorf("%s: %d looks at the context", name, whole.looks)
		}
		t.Logf("%s: %d looks, at most %v apart", name, whole.looks, whole.longest)
		for _, part := range []int{1, 4, 8, 12, 15, 16} {
			ctx := &countedContext{Context: t.Context(), cancelAt: max(1, whole.looks*part/16)}
			err := dryImport(newPace(ctx), file)
			if !errors.Is(err, context.Canceled) && !errors.Is(err, ErrImportRejected) {
				t.Errorf("%s, canceled after %d of %d looks: %v", name, ctx.cancelAt, whole.looks, err)
			}
			if more := ctx.looks - ctx.cancelAt; more > 20 {
				t.Errorf("%s: %d looks at the context after it was canceled", name, more)
			}
		}
	}
}
