package authz

import (
	"context"
	"errors"
	"time"
)

// RecordDenial records a decision that refused a request, by its method and the pattern of its
// route, and returns the denial. Recording goes on in the background: the request waits for nothing,
// and any instance can read the denial by its id within a second.
//
// The ID is empty where the denial isn't recorded: of each user, 30 at once and then one every two
// seconds are recorded, and the next one says how many were not; none of a flood of too many users,
// and none about more than 100 permissions. What the store doesn't accept is lost, which is logged.
// Texts that no policy could contain are stored with the invisible and surplus parts replaced.
func (e *Engine) RecordDenial(d Decision, method, route string) Denial {
	denial := Denial{
		At:   time.Now().UTC().Truncate(time.Microsecond),
		User: d.User, Method: method, Route: route,
		Required: distinct(d.Permissions), OneIsEnough: d.OneIsEnough,
	}
	if d.view.s != nil {
		denial.Revision = d.view.s.revision
	}
	for _, entry := range d.Missing() {
		denial.Missing = append(denial.Missing, entry.Permission)
	}
	if e.denials != nil {
		e.denials.record(&denial)
	}
	return denial
}

// Denial returns the denial of an id, of this instance or another; [ErrNoSuchDenial] if there
// is none, or none any more. It reads the store.
func (e *Engine) Denial(ctx context.Context, id DenialID) (Denial, error) {
	store, ok := e.store.(DenialStore)
	if !ok || string(id) != printable(string(id), maxDenialName) {
		return Denial{}, ErrNoSuchDenial
	}
	d, err := store.Denial(ctx, id)
	if err != nil && !errors.Is(err, ErrNoSuchDenial) {
		return Denial{}, e.unavailable(ctx, err)
	}
	return d, err
}

// Denials lists the denials on record, newest first. It reads the store.
func (e *Engine) Denials(ctx context.Context, q DenialQuery) ([]Denial, error) {
	store, ok := e.store.(DenialStore)
	if !ok {
		return nil, nil
	}
	if q.Limit <= 0 {
		q.Limit = defaultDenialLimit
	}
	q.User = UserID(printable(string(q.User), maxDenialName))
	q.BeforeID = DenialID(printable(string(q.BeforeID), maxDenialName))
	list, err := store.Denials(ctx, q)
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	return list, nil
}
