package authz

import (
	"sync/atomic"
	"time"
)

// Histogram is a distribution of durations.
type Histogram struct {
	Count   uint64
	Sum     time.Duration
	Buckets []Bucket // by bound, ascending
}

// Bucket is how many durations were at most Bound.
type Bucket struct {
	Bound time.Duration
	Count uint64
}

// durationBounds are the upper bounds of the buckets of durations.
var durationBounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// durations count how long things took.
type durations struct {
	counts [len(durationBounds) + 1]atomic.Uint64 // by bucket; the last is for longer ones
	total  atomic.Int64
}

func (d *durations) add(took time.Duration) {
	bucket := 0
	for bucket < len(durationBounds) && took > durationBounds[bucket] {
		bucket++
	}
	d.counts[bucket].Add(1)
	d.total.Add(int64(took))
}

func (d *durations) histogram() Histogram {
	var h Histogram
	for i, bound := range durationBounds {
		h.Count += d.counts[i].Load()
		h.Buckets = append(h.Buckets, Bucket{bound, h.Count})
	}
	h.Count += d.counts[len(durationBounds)].Load()
	h.Sum = time.Duration(d.total.Load())
	return h
}
