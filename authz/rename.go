package authz

import (
	"context"
	"errors"
)

// RenamePermission carries every grant and restriction of a permission, of all groups and users, to another
// permission, in one recorded change. Use it when the application renames a permission in its catalog: old
// need not be declared any more, but to must be, if there is a catalog ([ErrUnknownPermission]). A rule that
// the subject has for the other permission already stays as it is. Patterns with a wildcard are left alone, and
// so are Rightful's own permissions ([ErrInvalid]).
//
// It is for administrators and [Engine.AsCommand].
func (a Admin) RenamePermission(ctx context.Context, old, to Permission) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionPermissionRename, Permission: old}, draft: func(d *draft) error {
		d.checkRename("/old", old)
		d.checkRename("/new", to)
		if old == to {
			d.invalid("/new", errors.New("is the same permission"))
		}
		if len(d.invalidValues) > 0 {
			return nil
		}
		if detail, known := d.inCatalog(Pattern(to)); !known {
			d.unknownPermissions = append(d.unknownPermissions, Fault{Pointer: "/new", Detail: detail})
		}
		for r := range d.s.patternRules {
			if r.Pattern != Pattern(old) {
				continue
			}
			d.delta.Removed = append(d.delta.Removed, r)
			if r.Pattern = Pattern(to); !d.s.hasPattern(r) {
				d.delta.Added = append(d.delta.Added, r)
			}
		}
		return nil
	}})
}

// checkRename checks one of the two permissions.
func (d *draft) checkRename(pointer string, p Permission) {
	if err := p.Check(); err != nil {
		d.invalid(pointer, err)
	} else if Pattern(p).overlaps(ownPattern) {
		d.invalid(pointer, errors.New("is one of Rightful's own permissions, whose names don't change"))
	}
}
