// Package memstore keeps a policy in memory: for tests, for demos, and for hosts that apply the same seed at
// each start. Start with [New], and pass the store to [authz.Open].
package memstore

import (
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/internal/memory"
)

// Store is an [authz.Store], an [authz.CheckpointStore], an [authz.DenialStore], an [authz.RequestStore] and an
// [authz.UsageStore] in memory; its contents end with the process. Engines opened on the same Store are instances of one
// policy. Its methods are those of these interfaces and are safe for concurrent use. Create one with [New].
type Store struct{ *store }

// store makes the embedded field unexported, so that hosts see only its methods.
type store = memory.Store

var (
	_ authz.Store           = (*Store)(nil)
	_ authz.CheckpointStore = (*Store)(nil)
	_ authz.DenialStore     = (*Store)(nil)
	_ authz.RequestStore    = (*Store)(nil)
)

// New returns an empty store at revision 0. It need not be closed.
func New() *Store { return &Store{memory.New()} }
