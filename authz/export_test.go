package authz

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"time"
)

// AuditRecords is the function of that name on the engine's own store, with its key.
func (e *Engine) AuditRecords(ctx context.Context, kept ...Head) (int, error) {
	found, err := AuditRecords(ctx, e.store, AuditOptions{Key: e.options.RecordKey, Heads: kept})
	return found.Records, err
}

// Check says whether p can stand in a rule, and if not, why.
func (p Pattern) Check() error { return p.check() }

// Check says whether g can be stored, and if not, why.
func (g GroupInfo) Check() error { return g.check() }

// Missing returns the permissions that are not held, in the order asked.
func (x Explanation) Missing() (list []PermissionExplanation) {
	for _, p := range x.Permissions {
		if !p.Allowed {
			list = append(list, p)
		}
	}
	return list
}

// RemoveBadRows removes bad rows: those with the ids, or all of them without ids.
func (a Admin) RemoveBadRows(ctx context.Context, ids ...int64) (Change, error) {
	if len(ids) == 0 {
		for _, b := range a.engine.current.Load().badRows {
			ids = append(ids, b.ID)
		}
	}
	return a.RepairRows(ctx, RowRepair{Remove: ids})
}

// decideBy makes a policy the present one, without any check.
func (e *Engine) decideBy(s *snapshot) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	e.endings.Store(&endings{present: s, counted: s})
	e.current.Store(s)
	e.counted.Store(s)
}

// ForgetRules makes e decide by matchers without rules, as a bug in Rightful might.
func ForgetRules(e *Engine) {
	wrong := *e.current.Load()
	wrong.matchers = make([]matcher, len(wrong.matchers))
	for i := range wrong.matchers {
		wrong.matchers[i] = noRules
	}
	e.decideBy(&wrong)
}

// Seal gives r its hash, as the engine would and as someone without a key can. Before is the hash of the
// previous record.
func (r Record) Seal(before []byte) Record {
	r.Hash = r.sum(before, nil)
	return r
}

// CheckpointEvery makes checkpoints due after so many records.
func (o Options) CheckpointEvery(n Revision) Options {
	o.checkpointEvery = n
	return o
}

// WriteCheckpoints writes the checkpoints that are due.
func (e *Engine) WriteCheckpoints(ctx context.Context) error { return e.newCheckpointTask().run(ctx) }

// ReplayTo returns the policy of a revision by the records from the newest checkpoint at or before base on;
// from the first record on if base is 0.
func (e *Engine) ReplayTo(ctx context.Context, revision, base Revision) (*View, error) {
	s, err := e.startPolicy(ctx, base)
	if err == nil {
		s, err = e.replayUpTo(ctx, revision, s, nil)
	}
	if err != nil {
		return nil, err
	}
	return &View{s: s, catalog: e.catalog.Load()}, nil
}

// Milestones returns the milestones of the policy.
func (v *View) Milestones() Milestones { return v.s.milestones }

// WidenGate lets e do so much expensive work at once, as on a machine with more cores.
func WidenGate(e *Engine, places int) { e.gate = &gate{free: places} }

// OnDraft makes e call do after each draft, before the change is compared with the present policy.
func OnDraft(e *Engine, do func()) { e.drafted = do }

// OnDerived makes e call do whenever it has derived the next endings and hasn't swapped them in yet.
func OnDerived(e *Engine, do func()) { e.derived = do }

// Listed is what a user holds as fixes and impacts list it.
func (v *View) Listed(user UserID) []Permission {
	if v.s.user(user) == nil {
		return nil
	}
	return v.listed(v.s.holdingsOf(user), false)
}

// CheckEndings compares the endings of e with a look at every end, at a time to which they have passed.
func CheckEndings(e *Engine, now time.Time) error {
	n := e.endings.Load()
	if e.current.Load() != n.present || e.counted.Load() != n.counted {
		return errors.New("the policies don't fit each other")
	}
	return n.check(UntilTime(now))
}

// Ended returns how many memberships have ended that are still in the policy of e.
func Ended(e *Engine) int { return e.endings.Load().ended.size }

// SomeEnded returns how many memberships the next change of the clock would remove.
func SomeEnded(e *Engine) int { return len(e.someEnded()) }

// CheckCounted compares the policy of a view, which was made at a time, with a look at every end.
func (v *View) CheckCounted(now time.Time) error {
	want, err := v.s.inRecords().at(UntilTime(now))
	if err != nil {
		return err
	}
	if d := differences(want, v.s); !d.isEmpty() {
		return fmt.Errorf("at revision %d, the policy that decides differs: %+v", v.s.revision, d)
	}
	return nil
}

// OnRelease makes e call do with how long the commit token was held beside the store's own time.
func OnRelease(e *Engine, do func(held time.Duration)) { e.released = do }

// EmptyUserHolds makes e decide by a policy in which the empty user holds everything.
func EmptyUserHolds(e *Engine) {
	forged := *e.current.Load()
	users := forged.users.Edit()
	ana := users.Find("ana")
	users.Put("", ana.Word, ana.More())
	forged.users = users.Done()
	e.decideBy(&forged)
}

// PassUntil lets memberships end as if it were a later time.
func PassUntil(e *Engine, now time.Time) {
	for all := false; !all; {
		all, _ = e.passUntil(UntilTime(now))
	}
}

// Suspend makes e as old as if its machine had been suspended since the store last confirmed the policy: its wall clock
// went on, its monotonic clock stood still. A negative time sets the wall clock back.
func Suspend(e *Engine, d time.Duration) {
	last := *e.confirmed.Load()
	last.wall = last.wall.Add(-d)
	e.confirmed.Store(&last)
}

// SkewClocks gives the machine of e clocks that are ahead of [time.Now] by what skew says.
func SkewClocks(e *Engine, skew func(time.Time) (wall, monotonic time.Duration)) {
	e.clock.mu.Lock()
	defer e.clock.mu.Unlock()
	e.clock.skew = skew
}

// WithoutRaces skips a test under the race detector, which is slow and finds little in what one goroutine does, or in
// days of a bubble. The run without it has the test.
func WithoutRaces(t testing.TB) {
	t.Helper()
	if RaceDetector() {
		t.Skip("the run without the race detector has it")
	}
}

// RaceDetector reports whether the test was built with -race.
func RaceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// LongestSwap returns how long anything that swaps the policy of e had to wait at most, until done is closed.
func LongestSwap(e *Engine, done <-chan struct{}) (longest time.Duration) {
	tick := time.NewTicker(time.Millisecond / 5)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return longest
		case <-tick.C:
		}
		began := time.Now()
		e.swapping.Lock()
		longest = max(longest, time.Since(began))
		e.swapping.Unlock()
	}
}

// Members returns how many members a group has by the policy that decides, and by the present one.
func Members(e *Engine, name GroupName) (counted, present int) {
	return e.counted.Load().group(name).members.Len(), e.current.Load().group(name).members.Len()
}

// WorkOfEscalation returns how many steps the check for escalation takes for a change between two policies.
func WorkOfEscalation(before, after *View, actor UserID, d Delta) (steps uint, err error) {
	p := newPace(context.Background())
	err = checkEscalation(p, before.s, before.s, after.s, actor, d)
	return p.steps, err
}
