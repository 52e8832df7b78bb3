// Package memstore keeps a policy in memory: for tests, demos, and hosts that apply the same
// seed at each start. Start with [New].
package memstore

import (
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// Store is an [authz.Store] and an [authz.DenialStore] that lasts as long as the process. Engines
// that are opened on one Store are instances on one policy. Its methods are those of the two
// interfaces; they are safe for concurrent use. Make one with [New].
type Store struct{ *store }

// store is embedded under a name of its own, so that hosts see its methods alone.
type store = memory.Store

var (
	_ authz.Store       = (*Store)(nil)
	_ authz.DenialStore = (*Store)(nil)
)

// New returns an empty store at revision 0. There is nothing to close.
func New() *Store { return &Store{memory.New()} }
