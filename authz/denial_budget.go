package authz

import (
	"maps"
	"time"
)

// denialBudgets limit the rate at which denials of each user are recorded on this instance. The
// number of users that they keep track of is bounded too.
type denialBudgets struct {
	users map[UserID]*denialBudget
	swept time.Time
}

// denialBudget is a token bucket: a denial takes a token, and tokens come back with time.
type denialBudget struct {
	tokens     float64
	at         time.Time // of the last denial
	suppressed int       // denials since the last one that was recorded
}

const (
	denialBurst     = 30
	denialPerSecond = 0.5

	maxDenialBudgets = 10_000
	sweepInterval    = time.Second
)

// of returns the budget of a user, nil if there are too many users at once.
func (b *denialBudgets) of(user UserID, now time.Time) *denialBudget {
	budget := b.users[user]
	if budget == nil && b.makeRoom(now) {
		budget = &denialBudget{tokens: denialBurst, at: now}
		b.users[user] = budget
	}
	return budget
}

// makeRoom reports whether there is room for one more user. When the map is full, it forgets the users
// whose budget is full again.
func (b *denialBudgets) makeRoom(now time.Time) bool {
	if len(b.users) < maxDenialBudgets {
		return true
	}
	if now.Sub(b.swept) < sweepInterval { // a sweep looks at every user
		return false
	}
	b.swept = now
	maps.DeleteFunc(b.users, func(_ UserID, budget *denialBudget) bool { return budget.tokensAt(now) == denialBurst })
	return len(b.users) < maxDenialBudgets
}

// tokensAt returns the tokens available at a time.
func (b *denialBudget) tokensAt(now time.Time) float64 {
	return min(denialBurst, b.tokens+max(0, now.Sub(b.at).Seconds())*denialPerSecond)
}

// spend takes a token and reports whether there was one.
func (b *denialBudget) spend(now time.Time) bool {
	b.tokens, b.at = b.tokensAt(now), now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
