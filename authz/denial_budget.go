package authz

import (
	"maps"
	"time"
)

// denialBudgets bound how many denials of each user are recorded on this instance, and
// how many users are kept in mind for that.
type denialBudgets struct {
	users map[UserID]*denialBudget
	swept time.Time
}

// denialBudget is a token bucket: a denial costs one, and they come back with time.
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

// of returns the budget of a user, nil where there are too many users at once.
func (b *denialBudgets) of(user UserID, now time.Time) *denialBudget {
	budget := b.users[user]
	if budget == nil && b.makeRoom(now) {
		budget = &denialBudget{tokens: denialBurst, at: now}
		b.users[user] = budget
	}
	return budget
}

// room makes room for one more user. Who has spent nothing for so long that the budget is
// whole again is forgotten first.
func (b *denialBudgets) makeRoom(now time.Time) bool {
	if len(b.users) < maxDenialBudgets {
		return true
	}
	if now.Sub(b.swept) < sweepInterval { // looking through all has its price
		return false
	}
	b.swept = now
	maps.DeleteFunc(b.users, func(_ UserID, budget *denialBudget) bool { return budget.tokensAt(now) == denialBurst })
	return len(b.users) < maxDenialBudgets
}

// after returns the tokens that there are at a moment.
func (b *denialBudget) tokensAt(now time.Time) float64 {
	return min(denialBurst, b.tokens+max(0, now.Sub(b.at).Seconds())*denialPerSecond)
}

// spend takes a token, if there is one.
func (b *denialBudget) spend(now time.Time) bool {
	b.tokens, b.at = b.tokensAt(now), now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
