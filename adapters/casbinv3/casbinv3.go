// Package casbinv3 lets plain Casbin v3 read the policy of Rightful: [NewAdapter] is an adapter on the policy table of
// a store, through gorm-adapter, and [NewEnforcer] decides by the policy of a view, in memory.
//
// It is a module of its own, because gorm-adapter v3.40 and later need Casbin v3, and a program has one version of
// gorm-adapter: a host imports this package or adapters/casbin, which is for Casbin v2. A watcher of Casbin v3
// serves as a notifier through adapters/watcher.
package casbinv3

import (
	"errors"
	"fmt"

	"github.com/casbin/casbin/v3/model"
	"github.com/casbin/casbin/v3/persist"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/storedb"
	"gorm.io/gorm"
)

// gorm-adapter v3.39.0 and earlier are for casbin/v2, and as casbin.NewEnforcer takes any values, a mixture compiles
// and fails at run time; here it doesn't compile.
var _ persist.Adapter = (*gormadapter.Adapter)(nil)

// ErrReadOnly is what an [Adapter] returns for every write.
var ErrReadOnly = errors.New("this adapter only reads; change the policy through Rightful's engine")

// Adapter is a read-only adapter for Casbin. A write through Casbin would skip the engine's checks:
// the engine only notices such rows afterwards, and records and applies them as foreign rows. Adapter
// has the batch methods too, because Casbin panics without them. Make one with [NewAdapter].
type Adapter struct{ inner *gormadapter.Adapter }

var (
	_ persist.BatchAdapter     = (*Adapter)(nil)
	_ persist.UpdatableAdapter = (*Adapter)(nil)
)

// NewAdapter returns an adapter on the policy table of a store, for programs that ask plain Casbin
// about the policy, with the model of package rightful. It makes no tables, and it is of no use
// after the store is closed.
func NewAdapter(s *gormstore.Store) (*Adapter, error) {
	if s == nil {
		return nil, errors.New("there is no store to read from")
	}
	on := storedb.Of(s)
	db := on.GORM.Session(&gorm.Session{NewDB: true})
	gormadapter.TurnOffAutoMigrate(db)
	inner, err := gormadapter.NewAdapterByDBUseTableName(db, "", on.Rules)
	if err != nil {
		return nil, fmt.Errorf("open the policy table for Casbin: %w", err)
	}
	return &Adapter{inner}, nil
}

// LoadPolicy implements [persist.Adapter]. It is an error if the table has a blank row, on which
// gorm-adapter panics; the engine repairs it.
func (a *Adapter) LoadPolicy(m model.Model) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a bad row in the policy table stops gorm-adapter; let the engine repair the table")
		}
	}()
	return a.inner.LoadPolicy(m)
}

// SavePolicy returns [ErrReadOnly].
func (*Adapter) SavePolicy(model.Model) error { return ErrReadOnly }

// AddPolicy returns [ErrReadOnly].
func (*Adapter) AddPolicy(string, string, []string) error { return ErrReadOnly }

// AddPolicies returns [ErrReadOnly].
func (*Adapter) AddPolicies(string, string, [][]string) error { return ErrReadOnly }

// RemovePolicy returns [ErrReadOnly].
func (*Adapter) RemovePolicy(string, string, []string) error { return ErrReadOnly }

// RemovePolicies returns [ErrReadOnly].
func (*Adapter) RemovePolicies(string, string, [][]string) error { return ErrReadOnly }

// RemoveFilteredPolicy returns [ErrReadOnly].
func (*Adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return ErrReadOnly }

// UpdatePolicy returns [ErrReadOnly].
func (*Adapter) UpdatePolicy(string, string, []string, []string) error { return ErrReadOnly }

// UpdatePolicies returns [ErrReadOnly].
func (*Adapter) UpdatePolicies(string, string, [][]string, [][]string) error { return ErrReadOnly }

// UpdateFilteredPolicies returns [ErrReadOnly].
func (*Adapter) UpdateFilteredPolicies(string, string, [][]string, int, ...string) ([][]string, error) {
	return nil, ErrReadOnly
}
