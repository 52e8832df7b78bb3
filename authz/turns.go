package authz

import (
	"context"
	"slices"
)

type callerKey struct{}

// WithCaller notes in a context who asks for work. Callers take turns with expensive work, so that one who asks for much
// doesn't keep the others waiting; see [Admin]. The REST interface notes its user. All work without a note is that of one
// caller.
func WithCaller(ctx context.Context, caller UserID) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

func callerOf(ctx context.Context) UserID {
	caller, _ := ctx.Value(callerKey{}).(UserID)
	return caller
}

// turns are those who wait for something: callers one after the other, and each caller's work in the order of its
// arrival. The zero value is empty.
type turns struct {
	callers []UserID // each who has work, in the order of their turns
	work    map[UserID][]chan struct{}
}

func (t *turns) add(caller UserID, turn chan struct{}) {
	if t.work == nil {
		t.work = map[UserID][]chan struct{}{}
	}
	if len(t.work[caller]) == 0 {
		t.callers = append(t.callers, caller)
	}
	t.work[caller] = append(t.work[caller], turn)
}

// next removes and returns whose turn it is, nil if nobody waits.
func (t *turns) next() chan struct{} {
	if len(t.callers) == 0 {
		return nil
	}
	caller := t.callers[0]
	t.callers = t.callers[1:]
	turn := t.work[caller][0]
	t.keep(caller, t.work[caller][1:])
	if len(t.work[caller]) > 0 {
		t.callers = append(t.callers, caller)
	}
	return turn
}

// remove removes a turn, and reports whether it still waited.
func (t *turns) remove(caller UserID, turn chan struct{}) bool {
	i := slices.Index(t.work[caller], turn)
	if i < 0 {
		return false
	}
	t.keep(caller, slices.Delete(t.work[caller], i, i+1))
	if len(t.work[caller]) == 0 {
		t.callers = slices.DeleteFunc(t.callers, func(c UserID) bool { return c == caller })
	}
	return true
}

// keep keeps the work that a caller has left.
func (t *turns) keep(caller UserID, work []chan struct{}) {
	if len(work) == 0 {
		delete(t.work, caller)
	} else {
		t.work[caller] = work
	}
}
