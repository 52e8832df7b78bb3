package authz

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// checkVersion compares the version of the operation's target with those of [Admin.IfVersion].
func (a Admin) checkVersion(ctx context.Context, o Operation, s *snapshot) error {
	if o.User == "" {
		return a.checkGroupVersion(o, s)
	}
	if len(a.versions) == 0 || a.at != nil { // past versions aren't kept
		return nil
	}
	version, err := a.engine.changedVersion(ctx, o.User)
	if err != nil {
		return err
	}
	if version.Revision > s.revision { // a change that is newer than the draft
		if err := a.engine.Refresh(ctx); err != nil {
			return err
		}
		if a.engine.current.Load() != s {
			return errDraftLost
		}
	}
	version = s.userVersion(o.User, version)
	if !slices.Contains(a.versions, version) {
		return revisionConflict(version)
	}
	return nil
}

// changesGroup reports whether the operation is about a group that has to exist.
func (o Operation) changesGroup() bool {
	return strings.HasPrefix(string(o.Action), "group.") && o.Action != ActionGroupCreate
}

func (a Admin) checkGroupVersion(o Operation, s *snapshot) error {
	g := s.group(o.Group)
	if g == nil && o.changesGroup() {
		return ErrNotFound
	}
	if len(a.versions) == 0 || a.at != nil || g == nil {
		return nil
	}
	if version := s.groupVersion(g); !slices.Contains(a.versions, version) {
		return revisionConflict(version)
	}
	return nil
}

// UserVersion returns the version, for [Admin.IfVersion], of a user whose groups or rules the change altered. It is zero
// for a change without a View, or one that wasn't made.
func (c Change) UserVersion(id UserID) Version {
	if c.View == nil || c.Revision == 0 {
		return Version{}
	}
	return c.View.s.userVersion(id, NewVersion(c.Revision, c.Hash))
}

// changedVersion returns the version of the last change to the user's groups or rules. An id that can't be a
// user's has none, and the store isn't asked: a database fails at some of these, as if it were away.
func (e *Engine) changedVersion(ctx context.Context, id UserID) (Version, error) {
	if canExist := id.Check() == nil; !canExist {
		return Version{}, nil
	}
	version, err := e.store.UserVersion(ctx, id)
	if err != nil {
		return Version{}, e.unavailable(ctx, err)
	}
	return version, nil
}

// ViewUser returns a view and the user's version in it, for [Admin.IfVersion]: that of the
// last change to the user's groups or own rules, zero if they never changed. It reads the store and
// returns [ErrStoreUnavailable] if that fails.
func (e *Engine) ViewUser(ctx context.Context, id UserID) (*View, Version, error) {
	for range 3 {
		v := e.View()
		version, err := e.changedVersion(ctx, id)
		if err != nil {
			return nil, Version{}, err
		}
		if version.Revision <= v.s.revision {
			return v, v.s.userVersion(id, version), nil
		}
		if err := e.Refresh(ctx); err != nil { // another instance changed the user meanwhile
			return nil, Version{}, err
		}
	}
	// No change has this version: another program wrote it.
	v := e.View()
	return v, v.s.userVersion(id, Version{Revision: v.s.revision + 1}), nil
}

// errDraftLost is the internal result of an attempt whose draft was lost because the policy moved on.
var errDraftLost = errors.New("the policy moved on from the draft")
