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
	Nanoseconds float64 `json:"ns"`        // in the fastest round
	Median      float64 `json:"median_ns"` // if much larger, the machine was busy with something else
	Ratio       float64 `json:"ratio"`     // to the time of the first contestant, for the same questions in the same run
	Allocations int64   `json:"allocations"`
	Decisions   int     `json:"decisions"` // number of decisions timed
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

// rounds is how many rounds are timed. The fastest is reported, because other work on the machine
// can only slow a round down. So does garbage collection, which favors contestants that allocate.
const rounds = 10

// measure times the decisions of a loaded contestant for about the given time.
func measure(s contestant, a asked, about time.Duration) (measurement, error) {
	k := asker{contestant: s, asked: a}
	if err := k.warm(); err != nil {
		return measurement{}, err
	}
	batch, err := k.batch(about / 100)
	if err != nil {
		return measurement{}, err
	}
	k.decisions = 0
	before := memory().Mallocs
	times := make([]float64, rounds)
	for i := range times {
		if times[i], err = k.round(batch, about/rounds); err != nil {
			return measurement{}, err
		}
	}
	allocated := memory().Mallocs - before
	slices.Sort(times)
	return measurement{
		Asked:       a.kind,
		Nanoseconds: times[0],
		Median:      times[rounds/2],
		Allocations: int64(math.Round(float64(allocated) / float64(k.decisions))),
		Decisions:   k.decisions,
	}, nil
}

// asker asks the questions one after another.
type asker struct {
	contestant
	asked
	next      int
	decisions int
}

// warm asks every question once, unless none may be repeated.
func (k *asker) warm() error {
	if k.once {
		return nil
	}
	return k.ask(len(k.questions))
}

// batch returns how many decisions fill the given time, so that reading the clock after each batch
// costs next to nothing.
func (k *asker) batch(takes time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		start := time.Now()
		if err := k.ask(n); err != nil {
			return 0, err
		}
		if time.Since(start) >= takes {
			return n, nil
		}
	}
}

// round returns the nanoseconds per decision, measured for at least the given time.
func (k *asker) round(batch int, lasts time.Duration) (float64, error) {
	first, start := k.decisions, time.Now()
	for {
		if err := k.ask(batch); err != nil {
			return 0, err
		}
		if took := time.Since(start); took >= lasts {
			return float64(took.Nanoseconds()) / float64(k.decisions-first), nil
		}
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
