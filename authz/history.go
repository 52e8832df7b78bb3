package authz

import (
	"context"
	"errors"
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
	After  Revision  // of a higher revision; see [Engine.Changes]
	Limit  int       // at most so many; 100 if zero or negative
}

const defaultChanges = 100 // listed by [Engine.Changes]

// Changes lists the selected changes, newest first. It reads the store, and returns [ErrStoreUnavailable]
// if that fails. The store selects by an index, so that few matches among many changes are found quickly. A
// change that touches more than 100 users and groups is read whatever user or group is asked for. The store
// isn't asked for changes after the revision of the present policy, or a later one: that polls at no cost. The list
// has the changes with everything in them; [Engine.EachChange] needs no memory for all of them at once. A change whose
// record can't be read is listed with its Fault, whatever user or group is asked for.
func (e *Engine) Changes(ctx context.Context, q ChangeQuery) ([]Change, error) {
	var list []Change
	err := e.EachChange(ctx, q, func(c Change) bool {
		list = append(list, c)
		return true
	})
	return list, err
}

// EachChange calls visit with each of the changes that [Engine.Changes] lists, until it returns false. From the first
// record of more than 2 MiB on, the list takes turns with other expensive work, and can return [ErrBusy]; see [Admin].
func (e *Engine) EachChange(ctx context.Context, q ChangeQuery, visit func(Change) bool) error {
	left := q.Limit
	if left <= 0 {
		left = defaultChanges
	}
	if !q.canMatch() || q.After > 0 && q.After >= e.revision() {
		return nil
	}
	rest := q.records()
	visitSelected := func(c Change) bool {
		rest.Before = c.Revision
		if c.Revision <= q.After {
			return false
		}
		if q.matches(c) {
			left--
			if !visit(c) {
				return false
			}
		}
		return left > 0 && c.Revision > q.After+1
	}
	err := e.eachBefore(ctx, rest, largeRecord, visitSelected)
	if !errors.Is(err, errLargeRecord) {
		return err
	}
	leave, err := e.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return e.eachBefore(ctx, rest, maxDelta, visitSelected) // read again: what waits keeps no large record
}

// canMatch is false for a user or a group that can't exist. The store isn't asked for them: a database fails
// at some of these names, as if it were away.
func (q ChangeQuery) canMatch() bool {
	return (q.User == "" || q.User.Check() == nil) && (q.Group == "" || q.Group.Check() == nil)
}

// records returns the query for all records that can be among the selected ones.
func (q ChangeQuery) records() RecordQuery {
	rq := RecordQuery{Before: q.Before, Since: ceilMicro(q.Since), Until: ceilMicro(q.Until)}
	if q.User != "" {
		rq.Keys = append(rq.Keys, []string{userKey + string(q.User), manyKey})
	}
	if q.Group != "" {
		rq.Keys = append(rq.Keys, []string{groupKey + string(q.Group), manyKey})
	}
	if q.Actor != "" {
		rq.Keys = append(rq.Keys, []string{keyOfActor(q.Actor)})
	}
	return rq
}

// ceilMicro returns a time as the first microsecond that isn't before it, 0 for no time.
func ceilMicro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}

// eachBefore calls visit with the changes that q selects, newest first, until it returns false. It reads
// few records at first and more at a time while they are small, so that large ones don't fill the memory. At a record
// of more bytes than most it stops, with errLargeRecord.
func (e *Engine) eachBefore(ctx context.Context, q RecordQuery, most int, visit func(Change) bool) error {
	var batch batchSize
	q.MaxBytes = maxBatchBytes
	for {
		q.Limit = batch.next()
		records, err := e.store.Before(ctx, q)
		if err != nil {
			return e.unavailable(ctx, err)
		}
		if more, err := e.visitRecords(ctx, records, most, visit); err != nil || !more {
			return err
		}
		if len(records) > 0 {
			q.Before = records[len(records)-1].Revision
		}
		if len(records) < q.Limit && sizeOf(records) < q.MaxBytes || q.Before <= 1 {
			return nil
		}
		batch.read(records)
	}
}

// visitRecords calls visit with the changes of records, and returns false once that does.
func (e *Engine) visitRecords(ctx context.Context, records []Record, most int, visit func(Change) bool) (more bool, err error) {
	for _, r := range records {
		if err := ctx.Err(); err != nil { // reading a large record takes seconds
			return false, e.unavailable(ctx, err)
		}
		if size := len(r.Delta); size > most && size <= maxDelta {
			return false, errLargeRecord
		}
		if !visit(r.shown()) {
			return false, nil
		}
	}
	return true, nil
}

func (q ChangeQuery) matches(c Change) bool {
	return (q.Actor == "" || q.Actor == c.Actor.ID) &&
		!c.At.Before(q.Since) &&
		(q.Until.IsZero() || c.At.Before(q.Until)) &&
		(c.Fault != "" || (q.Group == "" || c.Delta.touchesGroup(q.Group)) && (q.User == "" || c.Delta.touchesUser(q.User)))
}

// largeRecord is the size in bytes of a record that takes turns with other expensive work: decoding it takes some
// times as much memory.
const largeRecord = 2 << 20

// errLargeRecord is the internal result of reading a record that has to take a turn.
var errLargeRecord = errors.New("the record is large")

// Change returns the change that made a revision; [ErrNoSuchChange] if there is none, and [ErrArchived] if its
// record was archived. It reads the store, and returns [ErrStoreUnavailable] if that fails. If the record can't be read, the
// change has its Fault. A record of more than 2 MiB
// takes turns with other expensive work, and it can return [ErrBusy] then; see [Admin].
func (e *Engine) Change(ctx context.Context, revision Revision) (Change, error) {
	r, err := e.record(ctx, revision, largeRecord)
	if errors.Is(err, errLargeRecord) {
		var leave func()
		if leave, err = e.gate.enter(ctx); err != nil {
			return Change{}, err
		}
		defer leave()
		r, err = e.record(ctx, revision, maxDelta) // read again: what waits keeps no large record
	}
	if err != nil {
		return Change{}, err
	}
	return r.shown(), nil
}

// change is [Engine.Change] for work that needs the whole record. It returns [ErrRecordsDoNotFit] if that can't be read.
func (e *Engine) change(ctx context.Context, revision Revision) (Change, error) {
	r, err := e.record(ctx, revision, maxDelta)
	if err != nil {
		return Change{}, err
	}
	c := r.shown()
	return c, c.fault()
}

// record reads the record of a revision, of at most so many bytes.
func (e *Engine) record(ctx context.Context, revision Revision, most int) (Record, error) {
	if revision < 1 {
		return Record{}, ErrNoSuchChange
	}
	records, err := e.store.Before(ctx, RecordQuery{Before: revision + 1, Limit: 1})
	if err != nil {
		return Record{}, e.unavailable(ctx, err)
	}
	if len(records) == 0 || records[0].Revision != revision {
		if err := e.missing(ctx, revision); !errors.Is(err, ErrRecordsDoNotFit) {
			return Record{}, err
		}
		return Record{}, ErrNoSuchChange
	}
	if size := len(records[0].Delta); size > most && size <= maxDelta {
		return Record{}, errLargeRecord
	}
	return records[0], nil
}

// rewind returns the policy as it was at a revision. It reads the store: it undoes the changes since then,
// or, if they are many, starts from the nearest checkpoint.
func (e *Engine) rewind(ctx context.Context, revision Revision) (*snapshot, error) {
	s := e.current.Load()
	if s.revision <= revision {
		return s, nil
	}
	if spared := s.revision - revision - fewChanges; spared > 0 {
		near, err := e.nearPolicy(ctx, revision, spared)
		if err != nil {
			return nil, err
		}
		if near != nil {
			s = near
		}
	}
	if s.revision <= revision {
		return e.replayUpTo(ctx, revision, s, nil)
	}
	err := e.undoEach(ctx, s, func(_ Change, before *snapshot) bool {
		s = before
		return s.revision > revision
	})
	if err == nil && s.revision > revision {
		err = e.missing(ctx, s.revision)
	}
	return s, err
}

// fewChanges are undone in less time than a checkpoint is read.
const fewChanges = 200

// undoEach undoes the changes that led to a snapshot, newest first, and calls visit with each and the
// policy before it, until visit returns false or the records end. It reads the store.
func (e *Engine) undoEach(ctx context.Context, s *snapshot, visit func(c Change, before *snapshot) bool) error {
	var fault error
	err := e.eachBefore(ctx, RecordQuery{Before: s.revision + 1}, maxDelta, func(c Change) bool {
		if c.Revision != s.revision {
			fault = auditFault(s.revision, recordMissing)
			return false
		}
		if fault = c.fault(); fault != nil {
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
// store and undoes the later changes in memory, or replays those since the checkpoint before, which takes
// some tens of microseconds for each of at most about 2,000; limit that with the context. The versions of
// groups in it may not be those of that time.
//
// It returns [ErrNoSuchChange] if there is no such revision, [ErrArchived] if its records were archived, and
// [ErrRecordsDoNotFit] if the policy of that time can't be restored because a record is missing or was altered. Foreign rows are no obstacle:
// they are recorded like other changes. It takes turns with other expensive work and can return [ErrBusy]; see
// [Admin].
func (e *Engine) ViewAt(ctx context.Context, revision Revision) (*View, error) {
	if revision > e.revision() { // made on another instance a moment ago
		if err := e.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	if revision < 1 || revision > e.revision() {
		return nil, ErrNoSuchChange
	}
	leave := func() {}
	if revision < e.revision() {
		var err error
		if leave, err = e.gate.enter(ctx); err != nil {
			return nil, err
		}
	}
	defer leave()
	s, err := e.rewind(ctx, revision)
	if err == nil && s.revision != revision { // the store was restored from a backup meanwhile
		err = ErrNoSuchChange
	}
	if err != nil {
		return nil, err
	}
	if s, err = e.countedThen(ctx, s); err != nil {
		return nil, err
	}
	return &View{s: s, catalog: e.catalog.Load()}, nil
}

// countedThen returns a policy without the memberships that had ended when its revision was made, or that have ended
// by now if it is the present one.
func (e *Engine) countedThen(ctx context.Context, s *snapshot) (*snapshot, error) {
	if present := e.endings.Load(); s == present.present {
		return present.counted, nil
	}
	if s.ends.Len() == 0 {
		return s, nil
	}
	c, err := e.change(ctx, s.revision)
	if err != nil {
		return nil, err
	}
	return s.at(UntilTime(c.At))
}
