package main

import (
	"hash/maphash"
	"sync"
	"time"
)

// attemptsPerMinute is how often a minute one user's password may be wrong.
const attemptsPerMinute = 10

// limiter bounds how fast passwords can be tried. It has a fixed number of counters, so that
// made-up names don't fill the memory; names that share one share their attempts.
type limiter struct {
	mutex    sync.Mutex
	seed     maphash.Seed // nobody can tell which names share a counter
	counters [4096]struct {
		minute   int64
		attempts int
	}
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed()} }

// take counts an attempt and reports whether it may be made. It counts beforehand, or many at
// once would all be let through.
func (l *limiter) take(user string) bool {
	minute := time.Now().Unix() / 60
	l.mutex.Lock()
	defer l.mutex.Unlock()
	c := &l.counters[l.index(user)]
	if c.minute != minute {
		c.minute, c.attempts = minute, 0
	}
	if c.attempts >= attemptsPerMinute {
		return false
	}
	c.attempts++
	return true
}

// giveBack takes back what was counted for an attempt that succeeded.
func (l *limiter) giveBack(user string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if c := &l.counters[l.index(user)]; c.attempts > 0 {
		c.attempts--
	}
}

func (l *limiter) index(user string) uint64 {
	return maphash.String(l.seed, user) % uint64(len(l.counters))
}
