package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/rightful-go/rightful/authz"
)

// usage holds the uses of a [Store].
type usage struct {
	mu     sync.RWMutex
	users  map[authz.UserID]map[authz.Permission]authz.Day
	period authz.UsagePeriod
}

// AddUses implements [authz.UsageStore].
func (m *Store) AddUses(ctx context.Context, uses []authz.Use) error {
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, u := range uses {
		m.usage.add(u)
	}
	return nil
}

func (l *usage) add(u authz.Use) {
	of := l.users[u.User]
	if of == nil {
		of = map[authz.Permission]authz.Day{}
		l.users[u.User] = of
	}
	of[u.Permission] = max(of[u.Permission], u.Day)
}

// Uses implements [authz.UsageStore].
func (m *Store) Uses(ctx context.Context, users []authz.UserID, each func(authz.Use) error) error {
	for _, user := range users {
		m.usage.mu.RLock()
		of := maps.Clone(m.usage.users[user])
		m.usage.mu.RUnlock()
		for p, day := range of {
			if err := cmp.Or(ctx.Err(), each(authz.Use{User: user, Permission: p, Day: day})); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// UsagePeriod implements [authz.UsageStore].
func (m *Store) UsagePeriod(ctx context.Context) (authz.UsagePeriod, error) {
	m.usage.mu.RLock()
	defer m.usage.mu.RUnlock()
	return m.usage.period, ctx.Err()
}

// ExtendUsage implements [authz.UsageStore].
func (m *Store) ExtendUsage(ctx context.Context, day authz.Day) error {
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &m.usage.period
	if p.Until < day-1 {
		p.Since = day
	}
	p.Until = max(p.Until, day)
	return nil
}

// PruneUses implements [authz.UsageStore].
func (m *Store) PruneUses(ctx context.Context, keep authz.UsageBounds, limit int) (int, error) {
	m.usage.mu.Lock()
	defer m.usage.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	all := m.usage.earliestFirst()
	old, _ := slices.BinarySearchFunc(all, keep.Since, func(u authz.Use, day authz.Day) int { return cmp.Compare(u.Day, day) })
	deleted := m.usage.prune(all[:old], limit)
	deleted += m.usage.pruneEach(keep.CountOfUser, limit-deleted)
	all = m.usage.earliestFirst()
	excess := max(0, len(all)-keep.Count)
	return deleted + m.usage.prune(all[:excess], limit-deleted), nil
}

// earliestFirst returns all uses.
func (l *usage) earliestFirst() (list []authz.Use) {
	for user, of := range l.users {
		for p, day := range of {
			list = append(list, authz.Use{User: user, Permission: p, Day: day})
		}
	}
	slices.SortFunc(list, func(a, b authz.Use) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.User, b.User), cmp.Compare(a.Permission, b.Permission))
	})
	return list
}

// prune deletes the first of the uses, which are all out of bounds.
func (l *usage) prune(uses []authz.Use, limit int) int {
	uses = uses[:min(len(uses), limit)]
	for _, u := range uses {
		l.delete(u)
		l.period.Since = max(l.period.Since, u.Day)
	}
	return len(uses)
}

// pruneEach deletes uses of users who have too many, and notes of each user up to which day.
func (l *usage) pruneEach(keep, limit int) (deleted int) {
	count := map[authz.UserID]int{}
	all := slices.DeleteFunc(l.earliestFirst(), func(u authz.Use) bool { return u.Permission == "" })
	for _, u := range all {
		count[u.User]++
	}
	for _, u := range all {
		if deleted < limit && count[u.User] > keep {
			l.delete(u)
			l.add(authz.Use{User: u.User, Day: u.Day})
			count[u.User]--
			deleted++
		}
	}
	return deleted
}

func (l *usage) delete(u authz.Use) {
	delete(l.users[u.User], u.Permission)
	if len(l.users[u.User]) == 0 {
		delete(l.users, u.User)
	}
}
