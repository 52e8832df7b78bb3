package authz

import "errors"

// SetCatalog replaces the catalog that the application declares, [Options.Catalog], while the engine runs: for
// applications that learn at run time what their permissions are, or whose routes declare them after [Open]. Views
// and decisions from then on have the new one. It returns an error that names all that is wrong, and keeps the
// present catalog, if the new one is invalid or empty.
//
// The catalog is not a part of the policy: it is not stored, and other instances keep theirs. So while instances with
// different catalogs run beside each other, as in a rolling deployment, each accepts new rules by its own catalog,
// and all decide by all rules. No rule is removed or ignored because a catalog lacks its permission; [View.Undeclared]
// lists such rules, and [Admin.RenamePermission] carries them to a new name.
//
// Until the next [Open], a decision about a permission that no rule names and that the catalog lacked before takes some
// tens of nanoseconds longer.
func (e *Engine) SetCatalog(c Catalog) error {
	if len(c) == 0 {
		return errors.New("the new catalog is empty; it would let rules name any permission, so the present one stays")
	}
	known, err := newCatalog(c)
	if err != nil {
		return err
	}
	e.catalog.Store(known)
	e.log.Info("the catalog was replaced", "permissions", len(c))
	return nil
}
