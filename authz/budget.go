package authz

import (
	"maps"
	"time"
)

// budgets limit how often each user may do something on this instance. The number of users that they keep track of is
// bounded too.
type budgets struct {
	burst, perSecond float64
	users            map[UserID]*budget
	swept            time.Time
}

// budget is a token bucket: each time takes a token, and tokens come back with time.
type budget struct {
	tokens     float64
	at         time.Time // of the last time
	suppressed int       // denials since the last one that was recorded
}

const (
	maxBudgets    = 10_000
	sweepInterval = time.Second
)

// newBudgets returns budgets of so many times at once, which come back with time.
func newBudgets(burst int, perSecond float64) budgets {
	return budgets{burst: float64(burst), perSecond: perSecond, users: map[UserID]*budget{}}
}

// of returns the budget of a user, nil if there are too many users at once.
func (b *budgets) of(user UserID, now time.Time) *budget {
	one := b.users[user]
	if one == nil && b.makeRoom(now) {
		one = &budget{tokens: b.burst, at: now}
		b.users[user] = one
	}
	return one
}

// makeRoom reports whether there is room for one more user. When the map is full, it forgets the users
// whose budget is full again.
func (b *budgets) makeRoom(now time.Time) bool {
	if len(b.users) < maxBudgets {
		return true
	}
	if now.Sub(b.swept) < sweepInterval { // a sweep looks at every user
		return false
	}
	b.swept = now
	maps.DeleteFunc(b.users, func(_ UserID, one *budget) bool { return b.tokensAt(one, now) == b.burst })
	return len(b.users) < maxBudgets
}

// tokensAt returns the tokens available at a time.
func (b *budgets) tokensAt(one *budget, now time.Time) float64 {
	return min(b.burst, one.tokens+max(0, now.Sub(one.at).Seconds())*b.perSecond)
}

// spend takes a token and reports whether there was one.
func (b *budgets) spend(one *budget, now time.Time) bool {
	one.tokens, one.at = b.tokensAt(one, now), now
	if one.tokens < 1 {
		return false
	}
	one.tokens--
	return true
}
