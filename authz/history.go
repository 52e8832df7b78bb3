package authz

import (
	"context"
	"time"
)

// ChangeQuery selects the changes that [Engine.Changes] lists. A zero field selects every change.
type ChangeQuery struct {
	Actor  string    // the id of the actor
	Group  GroupName // the change touched the group, its rules, members or inheritance
	User   UserID    // the change touched the user's groups or own rules
	Since  time.Time // made at that time or later; see [Engine.Changes]
	Until  time.Time // made before that time
	Before Revision  // of a lower revision
	Limit  int       // at most so many; 100 if zero or negative
}

// maxOlder bounds how much of the history is read for [ChangeQuery.Since]. The times of records can be out
// of order, because the clocks of the instances differ and one may be wrong. So one record from before
// Since doesn't mean that all records below it are too old, but 10,000 of them in a row do.
const maxOlder = 10_000

// Changes lists the selected changes, newest first. With [ChangeQuery.Since] it ends at 10,000 older
// changes in a row. It reads the store, and returns [ErrStoreUnavailable] if that fails.
func (e *Engine) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultChanges
	}
	var list []Change
	older := 0 // in a row
	err := e.eachBefore(ctx, q.Before, func(c Change) bool {
		older++
		if !c.At.Before(q.Since) {
			older = 0
		}
		if q.matches(c) {
			list = append(list, c)
		}
		return len(list) < limit && older < maxOlder
	})
	return list, err
}

// eachBefore calls visit with the changes before a revision, newest first, until it returns false.
// Revision 0 stands for the newest.
func (e *Engine) eachBefore(ctx context.Context, before Revision, visit func(Change) bool) error {
	for {
		records, err := e.store.Before(ctx, before, historyBatch)
		if err != nil {
			return e.unavailable(ctx, err)
		}
		for _, r := range records {
			c, err := r.change()
			if err != nil {
				return err
			}
			if !visit(c) {
				return nil
			}
			before = r.Revision
		}
		if len(records) < historyBatch || before <= 1 {
			return nil
		}
	}
}

func (q ChangeQuery) matches(c Change) bool {
	return (q.Actor == "" || q.Actor == c.Actor.ID) &&
		!c.At.Before(q.Since) &&
		(q.Until.IsZero() || c.At.Before(q.Until)) &&
		(q.Group == "" || c.Delta.touchesGroup(q.Group)) &&
		(q.User == "" || c.Delta.touchesUser(q.User))
}

// Change returns the change that made a revision; [ErrNoSuchChange] if there is none. It reads the
// store, and returns [ErrStoreUnavailable] if that fails.
func (e *Engine) Change(ctx context.Context, revision Revision) (Change, error) {
	if revision < 1 {
		return Change{}, ErrNoSuchChange
	}
	records, err := e.store.Before(ctx, revision+1, 1)
	if err != nil {
		return Change{}, e.unavailable(ctx, err)
	}
	if len(records) == 0 || records[0].Revision != revision {
		return Change{}, ErrNoSuchChange
	}
	return records[0].change()
}

// rewind returns the policy as it was at a revision: the present policy with every later change
// undone. It reads the store.
func (e *Engine) rewind(ctx context.Context, revision Revision) (*snapshot, error) {
	s := e.current.Load()
	if s.revision <= revision {
		return s, nil
	}
	err := e.undoEach(ctx, s, func(_ Change, before *snapshot) bool {
		s = before
		return s.revision > revision
	})
	if err == nil && s.revision > revision {
		err = auditFault(s.revision, recordMissing)
	}
	return s, err
}

// undoEach undoes the changes that led to a snapshot, newest first, and calls visit with each and the
// policy before it, until visit returns false or the records end. It reads the store.
func (e *Engine) undoEach(ctx context.Context, s *snapshot, visit func(c Change, before *snapshot) bool) error {
	var fault error
	err := e.eachBefore(ctx, s.revision+1, func(c Change) bool {
		if c.Revision != s.revision {
			fault = auditFault(s.revision, recordMissing)
			return false
		}
		if s, fault = s.undo(c); fault != nil {
			return false
		}
		return visit(c, s)
	})
	if err == nil {
		err = fault
	}
	return err
}

// ViewAt returns the policy as it was at a revision, to find out what was decided then. It reads the
// store and undoes every later change in memory, which takes some tens of microseconds for each; limit
// that with the context. The versions of groups in it are not those of that time.
//
// It returns [ErrNoSuchChange] if there is no such revision, and [ErrRecordsDoNotFit] if the policy of
// that time can't be restored because a record is missing or was altered. Foreign rows are no obstacle:
// they are recorded like other changes.
func (e *Engine) ViewAt(ctx context.Context, revision Revision) (*View, error) {
	if revision > e.revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	if revision < 1 || revision > e.revision() {
		return nil, ErrNoSuchChange
	}
	s, err := e.rewind(ctx, revision)
	if err == nil && s.revision != revision { // the store was restored from a backup meanwhile
		err = ErrNoSuchChange
	}
	if err != nil {
		return nil, err
	}
	return &View{s: s, catalog: e.catalog}, nil
}
