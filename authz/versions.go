package authz

import (
	"context"
	"fmt"
	"slices"
)

// checkVersion compares the version of the operation's target with those of [Admin.IfVersion].
func (a Admin) checkVersion(ctx context.Context, o Operation, s *snapshot) error {
	if o.User == "" {
		return a.checkGroupVersion(o, s)
	}
	if len(a.versions) == 0 || a.at != nil { // past versions aren't kept
		return nil
	}
	version, err := a.engine.userVersion(ctx, o.User)
	if err != nil {
		return err
	}
	if !slices.Contains(a.versions, version) {
		return revisionConflict(version)
	}
	return nil
}

func (a Admin) checkGroupVersion(o Operation, s *snapshot) error {
	g := s.group(o.Group)
	if o.Group != "" && g == nil && o.Action != ActionGroupCreate {
		return ErrNotFound
	}
	if len(a.versions) > 0 && a.at == nil && g != nil && !slices.Contains(a.versions, g.version) {
		return revisionConflict(g.version)
	}
	return nil
}

// userVersion returns the revision at which the user's groups or rules last changed. An id that can't be a
// user's has none, and the store isn't asked: a database fails at some of these, as if it were away.
func (e *Engine) userVersion(ctx context.Context, id UserID) (Revision, error) {
	if canExist := id.Check() == nil; !canExist {
		return 0, nil
	}
	version, err := e.store.UserVersion(ctx, id)
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	return version, nil
}

// ViewUser returns a view and the user's version in it, for [Admin.IfVersion]: the revision at
// which the user's groups or own rules last changed, 0 if they never did. It reads the store and
// returns [ErrStoreUnavailable] if that fails.
func (e *Engine) ViewUser(ctx context.Context, id UserID) (*View, Revision, error) {
	for range 3 {
		v := e.View()
		version, err := e.userVersion(ctx, id)
		if err != nil {
			return nil, 0, err
		}
		if version <= v.s.revision {
			return v, version, nil
		}
		if err := e.Refresh(ctx); err != nil { // another instance changed the user meanwhile
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("%w: the version of the user %q is newer than the policy that could be read", ErrStoreUnavailable, clip(string(id)))
}
