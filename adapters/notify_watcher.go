package adapters

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/casbin/casbin/v2/persist"
	"github.com/rightful-go/rightful/authz"
)

// WatcherNotifier is an [authz.Notifier] on a watcher of Casbin's: there are some for Redis,
// NATS, etcd and other things that pass messages on. What a message says is never looked at,
// and nothing is ever loaded because of it: it has the engine ask its store for the revision.
//
// A watcher doesn't say when it had lost its connection. What it missed by that, the engine
// finds when it polls.
type WatcherNotifier struct {
	watcher  persist.Watcher
	updating chan struct{} // holds a token while the watcher is in Update

	mu      sync.Mutex
	signals map[chan struct{}]struct{} // one for each Subscribe

	closing sync.Once // some watchers panic the second time
	closed  error
}

var _ authz.Notifier = (*WatcherNotifier)(nil)

// NewWatcherNotifier returns a notifier on a watcher. It takes the watcher's callback, once and
// for good, so a watcher serves either this notifier or an enforcer of Casbin, and two stores
// need two watchers, on channels of their own.
//
// A watcher that receives from the moment it is made may read its callback while this sets it.
// redis-watcher does: make it with [OpenWatcherNotifier].
func NewWatcherNotifier(watcher persist.Watcher) (*WatcherNotifier, error) {
	return OpenWatcherNotifier(func(callback func(string)) (persist.Watcher, error) {
		if watcher == nil {
			return nil, nil
		}
		// Here and not in Subscribe: few watchers expect another callback while they run.
		if err := watcher.SetUpdateCallback(callback); err != nil {
			return nil, fmt.Errorf("set the callback of the watcher: %w", err)
		}
		return watcher, nil
	})
}

// OpenWatcherNotifier returns a notifier on the watcher that open makes, which must have the
// callback from the start and keep it.
func OpenWatcherNotifier(open func(callback func(string)) (persist.Watcher, error)) (*WatcherNotifier, error) {
	n := &WatcherNotifier{updating: make(chan struct{}, 1), signals: map[chan struct{}]struct{}{}}
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
func (n *WatcherNotifier) updated(string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for signal := range n.signals {
		select {
		case signal <- struct{}{}:
		default: // one is waiting already
		}
	}
}

// Subscribe hints at once, for what came before nobody heard, and with each call of the
// watcher. It calls hint in its own goroutine, thus never after it has returned.
func (n *WatcherNotifier) Subscribe(ctx context.Context, hint func()) error {
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
func (n *WatcherNotifier) Publish(ctx context.Context, _ authz.Revision) error {
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
func (n *WatcherNotifier) Close() error {
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
