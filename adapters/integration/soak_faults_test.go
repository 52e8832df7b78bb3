package integration_test

import (
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// reach is what a fault takes from an instance.
type reach int

const (
	notifications reach = 1 << iota // the instance has to poll
	storage                         // the store doesn't answer the instance
)

// outage is a fault of an instance, from its start to its end.
type outage struct {
	reach      reach
	start, end time.Time // end is zero while the fault lasts
}

// outages are the faults of an instance so far.
type outages struct {
	mu   sync.Mutex
	list []*outage
}

func (o *outages) begin(r reach) (end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := &outage{reach: r, start: time.Now()}
	o.list = append(o.list, now)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		now.end = time.Now()
	}
}

// during returns what the instance lacked at any time between from and to, and when the last of these
// faults ended. It counts a fault for a second longer, in which connections come back.
func (o *outages) during(from, to time.Time) (lacked reach, ended time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.list {
		end := f.end
		if end.IsZero() {
			end = to
		}
		if f.start.Before(to) && end.Add(time.Second).After(from) {
			lacked |= f.reach
			if end.After(ended) {
				ended = end
			}
		}
	}
	return lacked, ended
}

// fault does something to an instance for a while.
type fault struct {
	name   string
	reach  reach
	strike func(t *testing.T, in *soakInstance, while func())
}

// soakFaults are the faults of which one at a time strikes an instance.
var soakFaults = []fault{
	{"a pooled connection dies", 0, func(_ *testing.T, in *soakInstance, while func()) {
		in.database.SilenceOne()
		while()
	}},
	{"the network breaks", storage, func(_ *testing.T, in *soakInstance, while func()) {
		in.database.Cut()
		while()
		in.database.Mend()
	}},
	{"the network falls silent", storage, func(_ *testing.T, in *soakInstance, while func()) {
		in.database.Silence()
		while()
		in.database.Cut()
		in.database.Mend()
	}},
	{"answers to COMMIT get lost", storage, func(_ *testing.T, in *soakInstance, while func()) {
		for range 3 {
			in.database.LoseAnswerTo("COMMIT")
			while()
		}
	}},
	{"notifications break", notifications, func(_ *testing.T, in *soakInstance, while func()) {
		in.notifier.Cut()
		while()
		in.notifier.Mend()
	}},
	{"notifications fall silent", notifications, func(_ *testing.T, in *soakInstance, while func()) {
		in.notifier.Silence()
		while()
		in.notifier.Cut()
		in.notifier.Mend()
	}},
	{"the process freezes", storage | notifications, func(t *testing.T, in *soakInstance, while func()) {
		in.signal(t, syscall.SIGSTOP)
		while()
		in.signal(t, syscall.SIGCONT)
	}},
	{"the process is killed", storage | notifications, func(t *testing.T, in *soakInstance, while func()) {
		in.signal(t, os.Kill)
		while()
		in.start(t)
	}},
}

// strikeRandomly lets one fault after the other strike an instance, until done is closed.
func strikeRandomly(t *testing.T, all []*soakInstance, r *rand.Rand, done <-chan struct{}) map[string]int {
	counts := map[string]int{}
	for {
		f, in := soakFaults[r.IntN(len(soakFaults))], all[r.IntN(len(all))]
		end := in.outages.begin(f.reach)
		f.strike(t, in, func() { wait(done, time.Duration(500+r.IntN(2500))*time.Millisecond) })
		end()
		counts[f.name]++
		if !wait(done, time.Duration(1000+r.IntN(3000))*time.Millisecond) {
			return counts
		}
	}
}

// wait waits for a time. It is false if done was closed before.
func wait(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-done:
		return false
	case <-time.After(d):
		return true
	}
}
