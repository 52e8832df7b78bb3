package authz

import (
	"fmt"
	"sync"
)

// Declarations collect the permissions that code declares beside the routes that need them, so that the catalog can't
// drift from the routes:
//
//	var permissions authz.Declarations
//
//	var viewSettings = permissions.Declare("system.settings:view", "View settings", "System", "Settings")
//
//	r.GET("/settings", g.Require(viewSettings), showSettings)
//
//	engine, err := authz.Open(ctx, store, authz.Options{Catalog: permissions.Catalog()})
//
// The zero value is empty. Declarations are safe for concurrent use.
type Declarations struct {
	lock    sync.Mutex
	entries Catalog
}

// Declare adds a permission with its label and its category, from the outermost in, and returns the permission. It
// panics if that can't be an entry of a catalog (see [Entry.Check]) or was declared before: permissions are declared at
// start.
func (d *Declarations) Declare(p Permission, label string, category ...string) Permission {
	return d.DeclareEntry(Entry{Permission: p, Label: label, Category: category})
}

// DeclareEntry is Declare for an entry, which can have a description.
func (d *Declarations) DeclareEntry(e Entry) Permission {
	if faults := e.Check(); len(faults) > 0 {
		panic(fmt.Sprintf("authz: Declare(%q): %v", e.Permission, faults[0]))
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	for _, before := range d.entries {
		if before.Permission == e.Permission {
			panic(fmt.Sprintf("authz: Declare(%q): declared before, as %q; use what that returned", e.Permission, before.Label))
		}
	}
	d.entries = append(d.entries, e.clone())
	return e.Permission
}

// Catalog returns what was declared so far, in the order of the declarations.
func (d *Declarations) Catalog() Catalog {
	d.lock.Lock()
	defer d.lock.Unlock()
	catalog := make(Catalog, len(d.entries))
	for i, e := range d.entries {
		catalog[i] = e.clone()
	}
	return catalog
}
