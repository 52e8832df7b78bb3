package authz

import (
	"context"
	"errors"
	"time"
)

// RecordDenial records the decision that refused a request, with the request's method and the pattern
// of its route, and returns the denial. The store is written in the background, so the request
// doesn't wait; within about a second every instance can read the denial by its id.
//
// The ID of the denial is empty if it isn't recorded. Limits apply to each instance: 30 denials of a
// user at once and then one every two seconds, 10,000 users at a time, and 100 permissions in a
// denial. The next denial of the same user says how many weren't recorded. Denials that the store
// doesn't accept are lost, which is logged. In texts that no policy could contain, invisible
// characters and excess length are replaced by U+FFFD.
func (e *Engine) RecordDenial(d Decision, method, route string) Denial {
	denial := Denial{
		At:   time.Now().UTC().Truncate(time.Microsecond),
		User: d.User, Method: method, Route: route,
		Required: distinct(d.Permissions), OneIsEnough: d.OneIsEnough,
	}
	if d.view.s != nil {
		denial.Revision = d.view.s.revision
	}
	denial.Missing = d.lacked()
	if e.denials != nil {
		e.denials.record(&denial)
	}
	return denial
}

// Denial returns the denial with an id, whichever instance recorded it; [ErrNoSuchDenial] if there is
// none or it was deleted (see [DenialOptions]). It reads the store, and returns [ErrStoreUnavailable]
// if that fails.
func (e *Engine) Denial(ctx context.Context, id DenialID) (Denial, error) {
	store, ok := StoreAs[DenialStore](e.given)
	if !ok || string(id) != printable(string(id), maxDenialName) {
		return Denial{}, ErrNoSuchDenial
	}
	d, err := store.Denial(ctx, id)
	if err != nil && !errors.Is(err, ErrNoSuchDenial) {
		return Denial{}, e.unavailable(ctx, err)
	}
	if err != nil {
		return Denial{}, err
	}
	return d.storable(), nil
}

// Denials lists the selected denials, newest first; none if the store is no [DenialStore]. It reads
// the store, and returns [ErrStoreUnavailable] if that fails.
func (e *Engine) Denials(ctx context.Context, q DenialQuery) ([]Denial, error) {
	store, ok := StoreAs[DenialStore](e.given)
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
	for i, d := range list {
		list[i] = d.storable() // another program may have written to the table
	}
	return list, nil
}
