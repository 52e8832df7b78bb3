package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// denials holds the denials of a [Store].
type denials struct {
	mu   sync.RWMutex
	list []authz.Denial // oldest first
}

// AddDenials implements [authz.DenialStore].
func (m *Store) AddDenials(ctx context.Context, denials []authz.Denial) error {
	m.denials.mu.Lock()
	defer m.denials.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, d := range denials {
		same := func(other authz.Denial) bool { return other.ID == d.ID }
		if slices.ContainsFunc(denials[:i], same) || slices.ContainsFunc(m.denials.list, same) {
			return fmt.Errorf("denial %d: its id exists already", i)
		}
	}
	for _, d := range denials {
		i := m.denials.indexOf(d.At, d.ID)
		m.denials.list = slices.Insert(m.denials.list, i, cloneDenial(d))
	}
	return nil
}

// Denial implements [authz.DenialStore].
func (m *Store) Denial(ctx context.Context, id authz.DenialID) (authz.Denial, error) {
	m.denials.mu.RLock()
	defer m.denials.mu.RUnlock()
	i := slices.IndexFunc(m.denials.list, func(d authz.Denial) bool { return d.ID == id })
	if i < 0 {
		return authz.Denial{}, authz.ErrNoSuchDenial
	}
	return cloneDenial(m.denials.list[i]), ctx.Err()
}

// Denials implements [authz.DenialStore].
func (m *Store) Denials(ctx context.Context, q authz.DenialQuery) ([]authz.Denial, error) {
	m.denials.mu.RLock()
	defer m.denials.mu.RUnlock()
	end := len(m.denials.list)
	if !q.Before.IsZero() {
		end = m.denials.indexOf(q.Before, q.BeforeID)
	}
	var list []authz.Denial
	for i := end - 1; i >= 0 && len(list) < q.Limit; i-- {
		if d := m.denials.list[i]; q.User == "" || d.User == q.User {
			list = append(list, cloneDenial(d))
		}
	}
	return list, ctx.Err()
}

// PruneDenials implements [authz.DenialStore].
func (m *Store) PruneDenials(ctx context.Context, keep authz.DenialBounds, limit int) (int, error) {
	m.denials.mu.Lock()
	defer m.denials.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	deleted := m.denials.pruneEach(keep, limit)
	if excess := min(len(m.denials.list)-keep.Count, limit-deleted); excess > 0 {
		m.denials.list = slices.Delete(m.denials.list, 0, excess)
		deleted += excess
	}
	return deleted, nil
}

// pruneEach deletes denials that are too old or too many for one user.
func (l *denials) pruneEach(keep authz.DenialBounds, limit int) (deleted int) {
	count := map[authz.UserID]int{}
	for _, d := range l.list {
		count[d.User]++
	}
	l.list = slices.DeleteFunc(l.list, func(d authz.Denial) bool { // the oldest first
		if deleted == limit || !d.At.Before(keep.Since) && count[d.User] <= keep.CountOfUser {
			return false
		}
		deleted++
		count[d.User]--
		return true
	})
	return deleted
}

// indexOf returns the index of the denial with this time and id, or where it would be inserted.
func (l *denials) indexOf(at time.Time, id authz.DenialID) int {
	i, _ := slices.BinarySearchFunc(l.list, id, func(d authz.Denial, id authz.DenialID) int {
		return cmp.Or(d.At.Compare(at), cmp.Compare(d.ID, id))
	})
	return i
}

func cloneDenial(d authz.Denial) authz.Denial {
	d.Required, d.Missing = slices.Clone(d.Required), slices.Clone(d.Missing)
	return d
}
