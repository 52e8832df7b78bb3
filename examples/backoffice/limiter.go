package main

import (
	"hash/maphash"
	"sync"
	"time"
)

// attemptsPerMinute is how many wrong passwords a user may enter per minute.
const attemptsPerMinute = 10

// limiter limits the rate of sign-in attempts. It has a fixed number of counters, so that made-up
// names can't fill the memory. Names that share a counter share their attempts.
type limiter struct {
	mutex    sync.Mutex
	seed     maphash.Seed // hides which names share a counter
	counters [4096]struct {
		minute   int64
		attempts int
	}
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed()} }

// take counts an attempt and reports whether it is allowed. It counts before the check, because
// otherwise many simultaneous attempts would all be allowed.
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

// giveBack uncounts a successful attempt.
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
