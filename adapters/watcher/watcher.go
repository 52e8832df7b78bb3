// Package watcher makes a watcher of Casbin's ecosystem (Redis, NATS, etcd and others) a notifier
// of Rightful's, so that the instances on one store hear of each other's changes at once. It works
// with watchers for Casbin v2 and v3 and imports neither. Start with [New]; [Open] is for watchers
// that need their callback when they are made, such as redis-watcher.
package watcher

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rightful-go/rightful/authz"
)

// Watcher are the methods of Casbin's persist.Watcher, in v2 and v3.
type Watcher interface {
	// SetUpdateCallback has the watcher call a function with each message that it receives.
	SetUpdateCallback(func(string)) error
	// Update sends a message to the other instances.
	Update() error
	// Close ends the watcher.
	Close()
}

// Notifier is an [authz.Notifier] on a [Watcher]. The content of a message is ignored, and the
// policy is never loaded because of one: the engine asks its store for the revision.
//
// A watcher doesn't say when it had lost its connection. What it missed meanwhile, the engine
// finds when it polls.
type Notifier struct {
	watcher  Watcher
	updating chan struct{} // holds a token while the watcher is in Update

	mu      sync.Mutex
	signals map[chan struct{}]struct{} // one for each Subscribe

	closing sync.Once // some watchers panic the second time
	closed  error
}

var _ authz.Notifier = (*Notifier)(nil)

// New returns a notifier on w. It sets the watcher's callback, once and for good, so a watcher
// serves either this notifier or an enforcer of Casbin, and two stores need two watchers, on
// channels of their own. It is an error if w is nil or refuses the callback.
//
// A watcher that receives messages from the moment it is made may read its callback while New
// sets it. redis-watcher does: make it with [Open].
func New(w Watcher) (*Notifier, error) {
	return Open(func(callback func(string)) (Watcher, error) {
		if w == nil {
			return nil, nil
		}
		// Here and not in Subscribe: few watchers expect another callback while they run.
		if err := w.SetUpdateCallback(callback); err != nil {
			return nil, fmt.Errorf("set the callback of the watcher: %w", err)
		}
		return w, nil
	})
}

// Open returns a notifier on the watcher that open makes, which must have the callback from the
// start and keep it. It returns the error of open.
func Open(open func(callback func(string)) (Watcher, error)) (*Notifier, error) {
	n := &Notifier{updating: make(chan struct{}, 1), signals: map[chan struct{}]struct{}{}}
	err := caught(func() (err error) {
		n.watcher, err = open(n.updated)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n.watcher == nil {
		return nil, errors.New("there is no watcher")
	}
	return n, nil
}

// updated is the callback. It does nothing that could hold up or break the goroutine of the
// watcher, whose locks may be held.
func (n *Notifier) updated(string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for signal := range n.signals {
		select {
		case signal <- struct{}{}:
		default: // one is waiting already
		}
	}
}

// Subscribe calls hint at once, because earlier messages were missed, and for each message that the
// watcher receives. It calls hint in its own goroutine, and therefore never after it has returned.
func (n *Notifier) Subscribe(ctx context.Context, hint func()) error {
	signal := make(chan struct{}, 1)
	signal <- struct{}{}
	n.mu.Lock()
	n.signals[signal] = struct{}{}
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.signals, signal)
	}()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-signal:
			hint()
		}
	}
	return nil
}

// Publish calls the watcher's Update and waits for it as long as ctx lasts. An Update that
// takes longer can't be stopped: it goes on, and until it ends Publish fails without calling
// another, so that a watcher that hangs costs one goroutine and not one for each change.
func (n *Notifier) Publish(ctx context.Context, _ authz.Revision) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case n.updating <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("the watcher is still busy with an earlier change: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-n.updating }()
		done <- caught(n.watcher.Update)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the watcher takes too long: %w", ctx.Err())
	}
}

// Close closes the watcher. Close the engine first.
func (n *Notifier) Close() error {
	n.closing.Do(func() {
		n.closed = caught(func() error { n.watcher.Close(); return nil })
	})
	return n.closed
}

// caught turns a panic of the watcher, which would end the process, into an error.
func caught(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the watcher panicked: %v", p)
		}
	}()
	return call()
}
