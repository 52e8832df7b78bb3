package authz

import (
	"errors"
	"fmt"
)

// check returns an error if no change can have d as its delta, whatever the policy before it. The delta of a
// record is checked like input before it changes a policy; whether it fits that policy is found when it is
// applied.
func (d Delta) check() error {
	for _, g := range d.Groups {
		if err := g.check(); err != nil {
			return err
		}
	}
	lacked := false // the rule of Administrators, which another program removed
	for _, r := range d.Removed {
		lacked = lacked || r == administratorsRule
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, r := range d.Added {
		lacked = lacked && r != administratorsRule
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, c := range d.Ends {
		if err := c.check(); err != nil {
			return err
		}
	}
	if lacked {
		return errors.New("it removes the rule of Administrators")
	}
	return d.checkRows()
}

func (d Delta) checkRows() error {
	for _, rows := range [][]BadRow{d.AddedRows, d.RemovedRows} {
		for _, b := range rows {
			if len(b.Values) > len(Row{}.V)+1 {
				return fmt.Errorf("a bad row has %d values", len(b.Values))
			}
		}
	}
	return nil
}

// check returns an error if no policy can have the rule.
func (r Rule) check() error {
	if forbiddenToAdministrators(r) {
		return ErrProtectedGroup
	}
	if err := r.Subject.check(); err != nil {
		return err
	}
	_, isGroup := r.Subject.Group()
	switch r.Kind {
	case KindGrant, KindRestriction:
		if r.Group != "" {
			return fmt.Errorf("a %s has a group", r.Kind)
		}
		return r.Pattern.check()
	case KindMember, KindInherit:
		if isGroup != (r.Kind == KindInherit) || r.Pattern != "" {
			return fmt.Errorf("a %s of %q has a pattern or another kind of subject", r.Kind, clip(string(r.Subject)))
		}
		return r.Group.Check()
	}
	return fmt.Errorf("a rule has the unknown kind %q", clip(string(r.Kind)))
}

func (g GroupChange) check() error {
	if g.Before == nil && g.After == nil {
		return errors.New("a group has no name before and after")
	}
	for _, info := range []*GroupInfo{g.Before, g.After} {
		if info == nil {
			continue
		}
		if err := info.Name.Check(); err != nil {
			return fmt.Errorf("the group %q %w", clip(string(info.Name)), err)
		}
		if err := checkDescription(info.Description); err != nil {
			return fmt.Errorf("of the group %q %w", clip(string(info.Name)), err)
		}
	}
	if g.After != nil {
		if err := g.After.check(); err != nil {
			return fmt.Errorf("the group %q: %w", clip(string(g.After.Name)), err)
		}
	}
	was, is := g.Before != nil && g.Before.Name == Administrators, g.After != nil && g.After.Name == Administrators
	if was && !is || is && !was && g.Before != nil {
		return ErrProtectedGroup
	}
	return nil
}
