package authz

import (
	"context"
	"time"
)

// ChangeQuery narrows what [Engine.Changes] lists; zero values don't.
type ChangeQuery struct {
	Actor  string
	Group  GroupName // the change touched the group: itself, its rules, members or inheritance
	User   UserID    // the change touched the user's groups or rules
	Since  time.Time // at or after
	Until  time.Time // before
	Before Revision  // older than
	Limit  int       // 100 when zero
}

// Changes lists the changes, newest first. It reads the store.
func (e *Engine) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultChanges
	}
	var list []Change
	err := e.eachBefore(ctx, q.Before, func(c Change) bool {
		if !q.Since.IsZero() && c.At.Before(q.Since.Add(-clockSkew)) {
			return false
		}
		if q.matches(c) {
			list = append(list, c)
		}
		return len(list) < limit
	})
	return list, err
}

// eachBefore visits the changes before a revision, newest first, until visit is false.
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

// Change returns the change that made a revision; [ErrNoSuchChange] if there is none. It
// reads the store.
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

// rewind returns the policy as it was at a revision: the present with every later change
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

// undoEach visits the changes that led to a snapshot, newest first, each with the policy as it
// was before, until visit is false or the records end. It reads the store.
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

// ViewAt returns the policy as it was at a revision, to ask what was decided then. It is the
// present with every later change undone, which takes some tens of microseconds for each; bound
// it by the context. Versions of groups are not kept. It reads the store. [ErrNoSuchChange] where
// there is no such revision,
// [ErrRecordsDoNotFit] where the policy of that time can't be worked out, because a record is
// gone or because someone wrote to the table past the engine.
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
	if err == nil && s.revision != revision { // the store went back meanwhile
		err = ErrNoSuchChange
	}
	if err != nil {
		return nil, err
	}
	return &View{s: s, catalog: e.catalog}, nil
}
