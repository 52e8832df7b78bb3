package authz

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/rightful-go/rightful/internal/lograte"
)

// tasks counts work that is going on, so that [Engine.Close] can wait for it with a context. The zero
// value counts nothing.
type tasks struct {
	mu     sync.Mutex
	count  int
	closed bool
	idle   chan struct{} // closed when count becomes 0; nil if nobody waits
}

// begin counts a task. It returns false once the tasks are closed. Each task ends with end.
func (t *tasks) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.count++
	return true
}

func (t *tasks) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count--; t.count == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// spawn runs do in a goroutine, as a part of work that is counted already: it begins even when the tasks
// are closed.
func (t *tasks) spawn(do func()) {
	t.mu.Lock()
	t.count++
	t.mu.Unlock()
	go func() {
		defer t.end()
		do()
	}()
}

// close lets no further task begin.
func (t *tasks) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// wait returns when no task is left, or with the error of ctx.
func (t *tasks) wait(ctx context.Context) error {
	t.mu.Lock()
	if t.count == 0 {
		t.mu.Unlock()
		return nil
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// supervisor recovers from panics of background work, which would end the host's process, and remembers
// the last one for [Status].
type supervisor struct {
	log  *lograte.Logger
	last atomic.Pointer[error]
}

// run runs work and returns its error. A panic becomes an error and is logged with its stack.
func (s *supervisor) run(work string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = bug(fmt.Errorf("panic in the %s: %v", work, p))
			s.last.Store(&err)
			s.log.Error(context.Background(), work, "background work panicked; it continues with the last policy",
				"work", work, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	return do()
}

// fault returns the last panic, nil if there was none.
func (s *supervisor) fault() error {
	if err := s.last.Load(); err != nil {
		return *err
	}
	return nil
}
