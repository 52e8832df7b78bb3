package memory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// requests holds the access requests of a [Store].
type requests struct {
	mu   sync.RWMutex
	list []authz.AccessRequest // oldest first
}

// AddRequest implements [authz.RequestStore].
func (m *Store) AddRequest(ctx context.Context, r authz.AccessRequest, most authz.OpenRequests) (authz.AccessRequest, error) {
	m.asked.mu.Lock()
	defer m.asked.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return authz.AccessRequest{}, err
	}
	all, ofUser := 0, 0
	for _, other := range m.asked.list {
		if !isOpen(other, r.CreatedAt) {
			continue
		}
		if all++; other.User == r.User {
			ofUser++
		}
		if other.SameAccess(r) {
			return cloneRequest(other), nil
		}
	}
	if all >= most.All || ofUser >= most.OfUser {
		return authz.AccessRequest{}, authz.ErrTooManyRequests
	}
	m.asked.list = slices.Insert(m.asked.list, m.asked.indexOf(r.CreatedAt, r.ID), cloneRequest(r))
	return cloneRequest(r), nil
}

// Request implements [authz.RequestStore].
func (m *Store) Request(ctx context.Context, id authz.RequestID) (authz.AccessRequest, error) {
	m.asked.mu.RLock()
	defer m.asked.mu.RUnlock()
	i := slices.IndexFunc(m.asked.list, func(r authz.AccessRequest) bool { return r.ID == id })
	if i < 0 {
		return authz.AccessRequest{}, authz.ErrNoSuchRequest
	}
	return cloneRequest(m.asked.list[i]), ctx.Err()
}

// Requests implements [authz.RequestStore].
func (m *Store) Requests(ctx context.Context, q authz.RequestQuery) ([]authz.AccessRequest, error) {
	m.asked.mu.RLock()
	defer m.asked.mu.RUnlock()
	end := len(m.asked.list)
	if !q.Before.IsZero() {
		end = m.asked.indexOf(q.Before, q.BeforeID)
	}
	var list []authz.AccessRequest
	for i := end - 1; i >= 0 && len(list) < q.Limit; i-- {
		r := m.asked.list[i]
		if (q.User == "" || r.User == q.User) && (q.State == "" || r.At(q.At).State == q.State) {
			list = append(list, cloneRequest(r))
		}
	}
	return list, ctx.Err()
}

// CountOpen implements [authz.RequestStore].
func (m *Store) CountOpen(ctx context.Context, now time.Time) (n int, err error) {
	m.asked.mu.RLock()
	defer m.asked.mu.RUnlock()
	for _, r := range m.asked.list {
		if isOpen(r, now) {
			n++
		}
	}
	return n, ctx.Err()
}

// Decide implements [authz.RequestStore].
func (m *Store) Decide(ctx context.Context, d authz.RequestDecision) error {
	m.asked.mu.Lock()
	defer m.asked.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	list, err := m.asked.after([]authz.RequestDecision{d})
	if err == nil {
		m.asked.list = list
	}
	return err
}

// PruneRequests implements [authz.RequestStore].
func (m *Store) PruneRequests(ctx context.Context, keep authz.RequestBounds, limit int) (deleted int, err error) {
	m.asked.mu.Lock()
	defer m.asked.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	decided, ofUser := 0, map[authz.UserID]int{}
	for _, r := range m.asked.list {
		if r.State != authz.RequestOpen {
			decided++
			ofUser[r.User]++
		}
	}
	m.asked.list = slices.DeleteFunc(m.asked.list, func(r authz.AccessRequest) bool { // the oldest first
		isOpen := r.State == authz.RequestOpen
		closed := r.DecidedAt
		if isOpen {
			closed = r.ExpiresAt
		}
		if deleted == limit || !closed.Before(keep.Since) && (isOpen || ofUser[r.User] <= keep.CountOfUser && decided <= keep.Count) {
			return false
		}
		deleted++
		if !isOpen {
			decided--
			ofUser[r.User]--
		}
		return true
	})
	return deleted, nil
}

// after returns the requests after some decisions, without changing the present ones.
func (l *requests) after(decisions []authz.RequestDecision) ([]authz.AccessRequest, error) {
	if len(decisions) == 0 {
		return l.list, nil
	}
	list := slices.Clone(l.list)
	for _, d := range decisions {
		found := false
		for i, r := range list {
			if d.ID != "" && r.ID != d.ID || d.ID == "" && r.User != d.User {
				continue
			}
			found = true
			switch {
			case isOpen(r, d.At):
				list[i] = r.Decided(d)
			case d.ID != "":
				return nil, authz.ErrRequestDecided
			}
		}
		if !found && d.ID != "" {
			return nil, authz.ErrNoSuchRequest
		}
	}
	return list, nil
}

func isOpen(r authz.AccessRequest, at time.Time) bool { return r.At(at).State == authz.RequestOpen }

// indexOf returns the index of the request with this time and id, or where it would be inserted.
func (l *requests) indexOf(at time.Time, id authz.RequestID) int {
	i, _ := slices.BinarySearchFunc(l.list, id, func(r authz.AccessRequest, id authz.RequestID) int {
		return cmp.Or(r.CreatedAt.Compare(at), cmp.Compare(r.ID, id))
	})
	return i
}

func cloneRequest(r authz.AccessRequest) authz.AccessRequest {
	r.Permissions = slices.Clone(r.Permissions)
	return r
}
