package authz

import (
	"context"
	"fmt"
)

// maxActiveCalls is how many questions to a [Directory] run at once.
const maxActiveCalls = 8

// promptDirectory asks the host's directory, and waits no longer than the context allows: a directory that doesn't
// watch its context must not hold the commit token.
type promptDirectory struct {
	Directory
	running chan struct{} // full while as many calls as are allowed haven't returned
}

// newPromptDirectory returns nil if the host has no directory.
func newPromptDirectory(directory Directory) Directory {
	if directory == nil {
		return nil
	}
	return promptDirectory{directory, make(chan struct{}, maxActiveCalls)}
}

func (p promptDirectory) Active(ctx context.Context, user UserID) (bool, error) {
	select {
	case p.running <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	type answer struct {
		active bool
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-p.running }()
		defer func() {
			if fault := recover(); fault != nil {
				answers <- answer{err: fmt.Errorf("the directory panicked: %v", fault)}
			}
		}()
		active, err := p.Directory.Active(ctx, user)
		answers <- answer{active, err}
	}()
	select {
	case a := <-answers:
		return a.active, a.err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}
