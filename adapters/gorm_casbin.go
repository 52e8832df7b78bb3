package adapters

import (
	"errors"
	"fmt"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"gorm.io/gorm"
)

// gorm-adapter v3.39.0 is the last one on casbin/v2. Later ones import casbin/v3, and as
// casbin.NewEnforcer takes any values, a mixture compiles and fails at run time; here it
// doesn't compile.
var _ persist.Adapter = (*gormadapter.Adapter)(nil)

// ErrReadOnly is what an adapter of [GormStore.CasbinAdapter] returns for every write.
var ErrReadOnly = errors.New("this adapter only reads; change the policy through Rightful's engine")

// CasbinAdapter returns a gorm-adapter on the store's table, for whoever asks plain Casbin
// about the policy (with the model of package rightful). It only reads: a write past the
// engine would have no checks, no record and no revision. It makes no tables and is of no use
// after the store is closed.
func (s *GormStore) CasbinAdapter() (persist.Adapter, error) {
	db := s.db.Session(&gorm.Session{NewDB: true})
	gormadapter.TurnOffAutoMigrate(db)
	inner, err := gormadapter.NewAdapterByDBUseTableName(db, "", s.tables.rules)
	if err != nil {
		return nil, fmt.Errorf("open the policy table for Casbin: %w", err)
	}
	return readOnly{inner}, nil
}

// readOnly refuses all that Casbin may ask of an adapter but reading. It has the methods for
// lists too, as Casbin panics where they are missing.
type readOnly struct{ inner *gormadapter.Adapter }

var (
	_ persist.BatchAdapter     = readOnly{}
	_ persist.UpdatableAdapter = readOnly{}
)

// LoadPolicy implements [persist.Adapter]. gorm-adapter panics on a row that is blank.
func (a readOnly) LoadPolicy(m model.Model) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("a bad row in the policy table stops gorm-adapter; let the engine repair the table")
		}
	}()
	return a.inner.LoadPolicy(m)
}

func (readOnly) SavePolicy(model.Model) error                                { return ErrReadOnly }
func (readOnly) AddPolicy(string, string, []string) error                    { return ErrReadOnly }
func (readOnly) AddPolicies(string, string, [][]string) error                { return ErrReadOnly }
func (readOnly) RemovePolicy(string, string, []string) error                 { return ErrReadOnly }
func (readOnly) RemovePolicies(string, string, [][]string) error             { return ErrReadOnly }
func (readOnly) RemoveFilteredPolicy(string, string, int, ...string) error   { return ErrReadOnly }
func (readOnly) UpdatePolicy(string, string, []string, []string) error       { return ErrReadOnly }
func (readOnly) UpdatePolicies(string, string, [][]string, [][]string) error { return ErrReadOnly }
func (readOnly) UpdateFilteredPolicies(string, string, [][]string, int, ...string) ([][]string, error) {
	return nil, ErrReadOnly
}
