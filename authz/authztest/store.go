package authztest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// Call names a method of [authz.Store], [authz.CheckpointStore], [authz.DenialStore], [authz.RequestStore] or
// [authz.UsageStore].
type Call string

// The calls that a test can observe and make fail.
const (
	CallLoad         Call = "Load"
	CallPosition     Call = "Position"
	CallSince        Call = "Since"
	CallBefore       Call = "Before"
	CallUserVersion  Call = "UserVersion"
	CallCommit       Call = "Commit"
	CallAddDenials   Call = "AddDenials"
	CallDenial       Call = "Denial"
	CallDenials      Call = "Denials"
	CallPruneDenials Call = "PruneDenials"

	CallAddUses     Call = "AddUses"
	CallUses        Call = "Uses"
	CallUsagePeriod Call = "UsagePeriod"
	CallExtendUsage Call = "ExtendUsage"
	CallPruneUses   Call = "PruneUses"

	CallCheckpoints     Call = "Checkpoints"
	CallCheckpointChunk Call = "CheckpointChunk"
	CallAddCheckpoint   Call = "AddCheckpoint"

	CallAddRequest    Call = "AddRequest"
	CallRequest       Call = "Request"
	CallRequests      Call = "Requests"
	CallCountOpen     Call = "CountOpen"
	CallDecide        Call = "Decide"
	CallPruneRequests Call = "PruneRequests"
)

var allCalls = []Call{
	CallLoad, CallPosition, CallSince, CallBefore, CallUserVersion, CallCommit,
	CallAddDenials, CallDenial, CallDenials, CallPruneDenials,
	CallAddUses, CallUses, CallUsagePeriod, CallExtendUsage, CallPruneUses,
	CallCheckpoints, CallCheckpointChunk, CallAddCheckpoint,
	CallAddRequest, CallRequest, CallRequests, CallCountOpen, CallDecide, CallPruneRequests,
}

// Store is a store in memory for tests. A test can make it fail, block or lose results ([Store.Fail],
// [Store.OnCall], [Store.OnReturn]), write to it like another program ([Store.InsertRows], [Store.DeleteRow],
// [Store.PutEnd], [Store.DeleteEnd], [Store.DeleteRecord]), set its clock ([Store.SetClock]), and edit what is
// read from it ([Store.EditState], [Store.EditRows], [Store.EditRecords]).
//
// It is an [authz.Store], an [authz.CheckpointStore], an [authz.DenialStore], an [authz.RequestStore] and an
// [authz.UsageStore], and all its methods are safe for concurrent use. Create one with [NewStore], and a second one on the
// same data, with failures of its own, with [Store.Another].
type Store struct {
	mu       sync.Mutex
	data     *memory.Store
	onCall   map[Call]func(context.Context) error
	onReturn map[Call]func(context.Context) error
	calls    map[Call]int
	commits  []authz.Commit

	editState   func(*authz.State)
	editRows    func([]authz.Row) []authz.Row
	editRecords func([]authz.Record) []authz.Record
	uncounted   bool
}

var (
	_ authz.Store           = (*Store)(nil)
	_ authz.CheckpointStore = (*Store)(nil)
	_ authz.DenialStore     = (*Store)(nil)
	_ authz.RequestStore    = (*Store)(nil)
	_ authz.UsageStore      = (*Store)(nil)
)

// NewStore returns an empty store at revision 0, without failures.
func NewStore() *Store { return on(memory.New()) }

func on(data *memory.Store) *Store {
	return &Store{
		data:     data,
		onCall:   map[Call]func(context.Context) error{},
		onReturn: map[Call]func(context.Context) error{},
		calls:    map[Call]int{},
	}
}

// Another returns a store on the data of s, for another instance. It doesn't inherit failures or edits from s.
func (s *Store) Another() *Store { return on(s.memory()) }

// ReplaceBy gives s the data of other, as the restore of a backup would.
func (s *Store) ReplaceBy(other *Store) {
	data := other.memory()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

// OnCall runs do before each of the calls, or before every call if none is given, with the context of the call.
// If do returns an error, the call returns it and does nothing. Each use replaces the previous one for these
// calls; a nil do removes it.
func (s *Store) OnCall(do func(context.Context) error, calls ...Call) { s.set(s.onCall, do, calls) }

// OnReturn runs do after each of the calls has succeeded, or after every call if none is given. If do returns an
// error, the call returns it although it has been carried out, as if its result were lost. Each use replaces
// the previous one for these calls; a nil do removes it.
func (s *Store) OnReturn(do func(context.Context) error, calls ...Call) {
	s.set(s.onReturn, do, calls)
}

// Fail makes the calls fail with err, or every call if none is given. With a nil err they succeed again. It
// replaces [Store.OnCall] for these calls.
func (s *Store) Fail(err error, calls ...Call) {
	if err == nil {
		s.OnCall(nil, calls...)
		return
	}
	s.OnCall(func(context.Context) error { return err }, calls...)
}

func (s *Store) set(hooks map[Call]func(context.Context) error, do func(context.Context) error, calls []Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(calls) == 0 {
		calls = allCalls
	}
	for _, call := range calls {
		hooks[call] = do
	}
}

// Calls returns how often a method has been called.
func (s *Store) Calls(call Call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[call]
}

// Commits returns the commits that have succeeded through s, in order.
func (s *Store) Commits() []authz.Commit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commits)
}

// InsertRows adds rows to the policy table as another program would: without checks and without a change. It
// ignores their ids and returns those that it assigns.
func (s *Store) InsertRows(rows ...authz.Row) []int64 { return memory.InsertRows(s.memory(), rows...) }

// DeleteRow removes a row from the policy table as another program would, without a change. It reports whether
// the table had the row.
func (s *Store) DeleteRow(id int64) bool { return memory.DeleteRow(s.memory(), id) }

// PutEnd sets the end of a membership as another program would, without a change. The membership needn't be in
// the policy table. An Until of 0 is kept as it is.
func (s *Store) PutEnd(end authz.MembershipEnd) { memory.PutEnd(s.memory(), end) }

// DeleteEnd removes the end of a membership as another program would, without a change. It reports whether the
// store had one.
func (s *Store) DeleteEnd(user authz.UserID, group authz.GroupName) bool {
	return memory.DeleteEnd(s.memory(), user, group)
}

// SetClock sets the clock of the data, which is [time.Now] at first, for all stores on them. now must not call
// the store.
func (s *Store) SetClock(now func() time.Time) { memory.SetClock(s.memory(), now) }

// DeleteRecord removes the record of a revision. It reports whether the store had one.
func (s *Store) DeleteRecord(r authz.Revision) bool { return memory.DeleteRecord(s.memory(), r) }

// EditState passes the state of every Load through edit; nil removes it.
func (s *Store) EditState(edit func(*authz.State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editState = edit
}

// EditRows passes all rows of every Load through edit; nil removes it.
func (s *Store) EditRows(edit func([]authz.Row) []authz.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editRows = edit
}

// EditRecords passes all records, oldest first, through edit before Since and Before select from them; nil
// removes it. Edited records have no keys: Before ignores [authz.RecordQuery.Keys].
func (s *Store) EditRecords(edit func([]authz.Record) []authz.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editRecords = edit
}

// IgnoreForeignWrites makes the store ignore foreign writes, like a database without its triggers.
func (s *Store) IgnoreForeignWrites() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uncounted = true
}

func (s *Store) memory() *memory.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// called counts a call. It returns the data, or the error of OnCall.
func (s *Store) called(ctx context.Context, call Call) (*memory.Store, error) {
	s.mu.Lock()
	data, do := s.data, s.onCall[call]
	s.calls[call]++
	s.mu.Unlock()
	if do == nil {
		return data, nil
	}
	return data, do(ctx)
}

// returned returns the error of a call, or that of OnReturn if the call succeeded.
func (s *Store) returned(ctx context.Context, call Call, err error) error {
	s.mu.Lock()
	do := s.onReturn[call]
	s.mu.Unlock()
	if err != nil || do == nil {
		return err
	}
	return do(ctx)
}

// run carries out a call with its hooks.
func run[V any](ctx context.Context, s *Store, call Call, do func(*memory.Store) (V, error)) (V, error) {
	var none V
	data, err := s.called(ctx, call)
	if err != nil {
		return none, err
	}
	value, err := do(data)
	if err = s.returned(ctx, call, err); err != nil {
		return none, err
	}
	return value, nil
}

// Load implements [authz.Store].
func (s *Store) Load(ctx context.Context, state func(authz.State) error, row func(authz.Row) error) error {
	_, err := run(ctx, s, CallLoad, func(data *memory.Store) (struct{}, error) {
		return struct{}{}, s.load(ctx, data, state, row)
	})
	return err
}

func (s *Store) load(ctx context.Context, data *memory.Store, state func(authz.State) error, row func(authz.Row) error) error {
	s.mu.Lock()
	editState, editRows, uncounted := s.editState, s.editRows, s.uncounted
	s.mu.Unlock()
	edited := func(present authz.State) error {
		if uncounted {
			present.Writes, present.Recorded = 0, 0
		}
		if editState != nil {
			editState(&present)
		}
		return state(present)
	}
	if editRows == nil {
		return data.Load(ctx, edited, row)
	}
	present, rows, err := Load(ctx, data)
	if err != nil {
		return err
	}
	if err := edited(present); err != nil {
		return err
	}
	for _, r := range editRows(rows) {
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

// Position implements [authz.Store].
func (s *Store) Position(ctx context.Context) (authz.Position, error) {
	return run(ctx, s, CallPosition, func(data *memory.Store) (authz.Position, error) {
		p, err := data.Position(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.uncounted {
			p.Writes = 0
		}
		return p, err
	})
}

// Since implements [authz.Store].
func (s *Store) Since(ctx context.Context, after authz.Revision, limit, maxBytes int) ([]authz.Record, error) {
	return run(ctx, s, CallSince, func(data *memory.Store) ([]authz.Record, error) {
		list, edited, err := s.edited(ctx, data)
		if !edited {
			return data.Since(ctx, after, limit, maxBytes)
		}
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(r authz.Record) bool { return r.Revision <= after })
		list = list[:min(limit, len(list))]
		last, bytes := after, 0
		for i, r := range list {
			if maxBytes != 0 && bytes >= maxBytes {
				return list[:i], nil
			}
			if r.Revision > last+1 {
				return nil, authz.ErrGap
			}
			last, bytes = r.Revision, bytes+len(r.Delta)
		}
		return list, nil
	})
}

// Before implements [authz.Store].
func (s *Store) Before(ctx context.Context, q authz.RecordQuery) ([]authz.Record, error) {
	return run(ctx, s, CallBefore, func(data *memory.Store) ([]authz.Record, error) {
		list, edited, err := s.edited(ctx, data)
		if !edited {
			return data.Before(ctx, q)
		}
		if err != nil {
			return nil, err
		}
		slices.Reverse(list)
		list = slices.DeleteFunc(list, func(r authz.Record) bool {
			return q.Before != 0 && r.Revision >= q.Before || q.Since != 0 && r.At < q.Since || q.Until != 0 && r.At >= q.Until
		})
		return list[:min(q.Limit, len(list))], nil
	})
}

// edited returns all records after EditRecords, and whether it is in use.
func (s *Store) edited(ctx context.Context, data *memory.Store) (list []authz.Record, edited bool, err error) {
	s.mu.Lock()
	edit := s.editRecords
	s.mu.Unlock()
	if edit == nil {
		return nil, false, nil
	}
	list, err = data.Before(ctx, authz.RecordQuery{Limit: 1 << 20})
	if err != nil {
		return nil, true, err
	}
	slices.Reverse(list)
	list = edit(list)
	slices.SortStableFunc(list, func(a, b authz.Record) int { return int(a.Revision - b.Revision) })
	return list, true, nil
}

// UserVersion implements [authz.Store].
func (s *Store) UserVersion(ctx context.Context, id authz.UserID) (authz.Version, error) {
	return run(ctx, s, CallUserVersion, func(data *memory.Store) (authz.Version, error) { return data.UserVersion(ctx, id) })
}

// Commit implements [authz.Store].
func (s *Store) Commit(ctx context.Context, c authz.Commit) error {
	_, err := run(ctx, s, CallCommit, func(data *memory.Store) (struct{}, error) { return struct{}{}, s.commit(ctx, data, c) })
	return err
}

func (s *Store) commit(ctx context.Context, data *memory.Store, c authz.Commit) error {
	s.mu.Lock()
	uncounted := s.uncounted
	s.mu.Unlock()
	if uncounted {
		p, err := data.Position(ctx)
		if err != nil {
			return err
		}
		c.Onto.Writes = p.Writes
	}
	written := c
	if overtaken := c.Overtaken; overtaken != nil {
		c.Overtaken = func(ctx context.Context, records []authz.Record) (authz.Commit, error) {
			next, err := overtaken(ctx, records)
			if uncounted {
				next.Onto.Writes = c.Onto.Writes
			}
			written = next
			return next, err
		}
	}
	if err := data.Commit(ctx, c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits = append(s.commits, written)
	return nil
}

// AddDenials implements [authz.DenialStore].
func (s *Store) AddDenials(ctx context.Context, denials []authz.Denial) error {
	_, err := run(ctx, s, CallAddDenials, func(data *memory.Store) (struct{}, error) { return struct{}{}, data.AddDenials(ctx, denials) })
	return err
}

// Denial implements [authz.DenialStore].
func (s *Store) Denial(ctx context.Context, id authz.DenialID) (authz.Denial, error) {
	return run(ctx, s, CallDenial, func(data *memory.Store) (authz.Denial, error) { return data.Denial(ctx, id) })
}

// Denials implements [authz.DenialStore].
func (s *Store) Denials(ctx context.Context, q authz.DenialQuery) ([]authz.Denial, error) {
	return run(ctx, s, CallDenials, func(data *memory.Store) ([]authz.Denial, error) { return data.Denials(ctx, q) })
}

// PruneDenials implements [authz.DenialStore].
func (s *Store) PruneDenials(ctx context.Context, keep authz.DenialBounds, limit int) (int, error) {
	return run(ctx, s, CallPruneDenials, func(data *memory.Store) (int, error) { return data.PruneDenials(ctx, keep, limit) })
}

// Checkpoints implements [authz.CheckpointStore].
func (s *Store) Checkpoints(ctx context.Context) ([]authz.Checkpoint, error) {
	return run(ctx, s, CallCheckpoints, func(data *memory.Store) ([]authz.Checkpoint, error) { return data.Checkpoints(ctx) })
}

// CheckpointChunk implements [authz.CheckpointStore].
func (s *Store) CheckpointChunk(ctx context.Context, r authz.Revision, chunk int) ([]byte, error) {
	return run(ctx, s, CallCheckpointChunk, func(data *memory.Store) ([]byte, error) { return data.CheckpointChunk(ctx, r, chunk) })
}

// AddCheckpoint implements [authz.CheckpointStore].
func (s *Store) AddCheckpoint(ctx context.Context, c authz.Checkpoint, chunks [][]byte) error {
	_, err := run(ctx, s, CallAddCheckpoint, func(data *memory.Store) (struct{}, error) {
		return struct{}{}, data.AddCheckpoint(ctx, c, chunks)
	})
	return err
}
