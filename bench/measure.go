package main

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// loaded is what it takes to load a contestant, with its measurements.
type loaded struct {
	Name string        `json:"name"`
	Load time.Duration `json:"load_ns"`
	Heap int64         `json:"heap_bytes"` // held after garbage collection, before any decision

	Measured []measurement `json:"measured"`
}

// measurement is what a decision costs.
type measurement struct {
	Asked       string  `json:"asked"`
	Nanoseconds float64 `json:"median_ns"` // in the median of the rounds
	Fastest     float64 `json:"ns"`        // in the fastest round
	// Ratio and FastestRatio compare the median and the fastest round with those of the bare map, whose rounds
	// take turns with these.
	Ratio        float64 `json:"median_ratio"`
	FastestRatio float64 `json:"ratio"`
	Allocations  int64   `json:"allocations"`
	Decisions    int     `json:"decisions"` // number of decisions timed
}

// load loads a contestant and measures that, including the generation of the rows.
func load(s contestant, p policy) (loaded, error) {
	before := heap()
	start := time.Now()
	if err := s.load(p); err != nil {
		return loaded{}, fmt.Errorf("load %s: %w", s.name(), err)
	}
	took := time.Since(start)
	held := heap() - before
	runtime.KeepAlive(s)
	return loaded{Name: s.name(), Load: took, Heap: held}, nil
}

// heap returns the bytes in use. The second collection frees what pools keep.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	return int64(memory().HeapAlloc)
}

func memory() runtime.MemStats {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

// A contestant and the bare map take turns, so that other work on the machine slows both down. A round is much shorter
// than the scheduler's slices of time, so that most rounds aren't interrupted. The median is what one can expect; the
// fastest round shows what the code does when nothing disturbs it.
const (
	round     = 200 * time.Microsecond
	minRounds = 21
)

// measureBeside times the decisions of a loaded contestant and those of the bare map, each for about the given
// time.
func measureBeside(base, s contestant, a asked, about time.Duration) (ofBase, ofS measurement, err error) {
	pair := [2]*asker{{contestant: base, asked: a}, {contestant: s, asked: a}}
	for _, k := range pair {
		if err := k.prepare(); err != nil {
			return measurement{}, measurement{}, err
		}
	}
	for start := time.Now(); time.Since(start) < 2*about || len(pair[0].times) < minRounds; {
		for _, k := range pair {
			if err := k.round(); err != nil {
				return measurement{}, measurement{}, err
			}
		}
	}
	ofBase, ofS = pair[0].measurement(), pair[1].measurement()
	ofBase.Ratio, ofBase.FastestRatio = 1, 1
	ofS.Ratio, ofS.FastestRatio = ofS.Nanoseconds/ofBase.Nanoseconds, ofS.Fastest/ofBase.Fastest
	return ofBase, ofS, nil
}

// asker asks the questions one after another.
type asker struct {
	contestant
	asked
	next      int
	batch     int // how many decisions are made between two looks at the clock
	decisions int
	times     []float64 // nanoseconds per decision, by round

	allocations float64 // per decision
}

// prepare asks every question once, unless none may be repeated, and sets the size of a batch such that reading the
// clock after each costs next to nothing.
func (k *asker) prepare() error {
	if !k.once {
		if err := k.ask(len(k.questions)); err != nil {
			return err
		}
	}
	for k.batch = 1; ; k.batch *= 2 {
		allocated, start := memory().Mallocs, time.Now()
		if err := k.ask(k.batch); err != nil {
			return err
		}
		k.allocations = float64(memory().Mallocs-allocated) / float64(k.batch)
		if time.Since(start) >= round/10 {
			k.decisions = 0
			return nil
		}
	}
}

// round times the decisions of one round.
func (k *asker) round() error {
	first, start := k.decisions, time.Now()
	for {
		if err := k.ask(k.batch); err != nil {
			return err
		}
		if took := time.Since(start); took >= round {
			k.times = append(k.times, float64(took.Nanoseconds())/float64(k.decisions-first))
			return nil
		}
	}
}

func (k *asker) measurement() measurement {
	slices.Sort(k.times)
	return measurement{
		Asked:       k.kind,
		Nanoseconds: k.times[len(k.times)/2],
		Fastest:     k.times[0],
		Allocations: int64(math.Round(k.allocations)),
		Decisions:   k.decisions,
	}
}

// ask asks n questions. A wrong answer ends the run, because its time means nothing.
func (k *asker) ask(n int) error {
	for range n {
		q := k.questions[k.next]
		got, err := k.decide(q)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name(), err)
		}
		if got != k.want {
			return fmt.Errorf("%s: %s asks for %s: got %t, want %t", k.name(), q.user, q.permission, got, k.want)
		}
		if k.next++; k.next == len(k.questions) {
			if err := k.again(); err != nil {
				return err
			}
		}
	}
	k.decisions += n
	return nil
}

// again starts over at the first question.
func (k *asker) again() error {
	k.next = 0
	if f, ok := k.contestant.(forgetter); ok && k.once {
		return f.forget()
	}
	return nil
}
