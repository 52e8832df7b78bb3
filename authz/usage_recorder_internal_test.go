package authz

import (
	"hash/maphash"
	"testing"
)

func idleRecorder() *usageRecorder {
	return &usageRecorder{counters: &counters{}, marks: usageMarks{seed: maphash.MakeSeed()}, pending: map[usageKey]Day{}}
}

// A use doesn't wait for a set that is busy: it goes to one of the next, and is lost if these are busy, too.
func TestUseGoesToAFreeSet(t *testing.T) {
	t.Parallel()
	for busy := range usageShardsTry + 1 {
		r := idleRecorder()
		r.today.Store(10)
		_, mark := r.marks.of("ben", "a:b", 10)
		for i := range busy {
			r.shards[(mark+uint64(i))%usageShards].mu.Lock()
		}
		r.record("ben", "a:b")
		wantLost := uint64(busy / usageShardsTry)
		if lost := r.counters.usesLost.Load(); lost != wantLost {
			t.Errorf("with %d busy sets, %d uses are lost", busy, lost)
		}
	}
}

// If the clock goes back, a later day that isn't written yet stays.
func TestCollectedUsesKeepTheLaterDay(t *testing.T) {
	t.Parallel()
	r := idleRecorder()
	for _, day := range []Day{10, 9} {
		r.today.Store(int64(day))
		r.record("ben", "a:b")
		r.collect()
	}
	if got := r.pending[usageKey{"ben", "a:b"}]; got != 10 {
		t.Errorf("it was last used on day %d", got)
	}
}
