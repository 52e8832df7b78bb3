package authz

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

var _ DenialStore = (*MemoryStore)(nil)

// AddDenials implements [DenialStore].
func (m *MemoryStore) AddDenials(ctx context.Context, denials []Denial) error {
	m.denials.mu.Lock()
	defer m.denials.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, d := range denials {
		same := func(other Denial) bool { return other.ID == d.ID }
		if slices.ContainsFunc(denials[:i], same) || slices.ContainsFunc(m.denials.list, same) {
			return fmt.Errorf("denial %d: there is one of that id already", i)
		}
	}
	for _, d := range denials {
		i := m.denials.place(d.At, d.ID)
		m.denials.list = slices.Insert(m.denials.list, i, d.clone())
	}
	return nil
}

// Denial implements [DenialStore].
func (m *MemoryStore) Denial(ctx context.Context, id DenialID) (Denial, error) {
	m.denials.mu.RLock()
	defer m.denials.mu.RUnlock()
	i := slices.IndexFunc(m.denials.list, func(d Denial) bool { return d.ID == id })
	if i < 0 {
		return Denial{}, ErrNoSuchDenial
	}
	return m.denials.list[i].clone(), ctx.Err()
}

// Denials implements [DenialStore].
func (m *MemoryStore) Denials(ctx context.Context, q DenialQuery) ([]Denial, error) {
	m.denials.mu.RLock()
	defer m.denials.mu.RUnlock()
	end := len(m.denials.list)
	if !q.Before.IsZero() {
		end = m.denials.place(q.Before, q.BeforeID)
	}
	var list []Denial
	for i := end - 1; i >= 0 && len(list) < q.Limit; i-- {
		if d := m.denials.list[i]; q.User == "" || d.User == q.User {
			list = append(list, d.clone())
		}
	}
	return list, ctx.Err()
}

// PruneDenials implements [DenialStore].
func (m *MemoryStore) PruneDenials(ctx context.Context, keep DenialBounds, limit int) (int, error) {
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
func (m *memoryDenials) pruneEach(keep DenialBounds, limit int) (deleted int) {
	of := map[UserID]int{}
	for _, d := range m.list {
		of[d.User]++
	}
	m.list = slices.DeleteFunc(m.list, func(d Denial) bool { // the oldest first
		if deleted == limit || !d.At.Before(keep.Since) && of[d.User] <= keep.CountOfUser {
			return false
		}
		deleted++
		of[d.User]--
		return true
	})
	return deleted
}

// place returns where the denial of this time and id is, or would be.
func (m *memoryDenials) place(at time.Time, id DenialID) int {
	i, _ := slices.BinarySearchFunc(m.list, id, func(d Denial, id DenialID) int {
		return cmp.Or(d.At.Compare(at), cmp.Compare(d.ID, id))
	})
	return i
}

func (d Denial) clone() Denial {
	d.Required, d.Missing = slices.Clone(d.Required), slices.Clone(d.Missing)
	return d
}
