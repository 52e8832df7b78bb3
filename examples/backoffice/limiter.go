package main

import (
	"hash/maphash"
	"sync"
	"time"
)

// attemptsPerMinute is how many wrong passwords for one user may come from one address per minute. Others, at other
// addresses, can't lock the user out. (A host behind a proxy has to find the client's address; see Gin's SetTrustedProxies.)
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
func (l *limiter) take(user, address string) bool {
	minute := time.Now().Unix() / 60
	l.mutex.Lock()
	defer l.mutex.Unlock()
	c := &l.counters[l.index(user, address)]
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
func (l *limiter) giveBack(user, address string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if c := &l.counters[l.index(user, address)]; c.attempts > 0 {
		c.attempts--
	}
}

func (l *limiter) index(user, address string) uint64 {
	return maphash.String(l.seed, user+"\x00"+address) % uint64(len(l.counters))
}
