package main

import (
	"errors"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/rightful-go/rightful"
)

// casbinContestant is one of Casbin's enforcers on model.conf. All four load as they do with
// gorm-adapter, but without a database.
type casbinContestant struct {
	title    string
	create   func(params ...any) (enforcer, error)
	enforcer enforcer
}

type enforcer interface {
	Enforce(rvals ...any) (bool, error)
}

func newCasbinEnforcer() contestant { return casbinOf("Casbin Enforcer", casbin.NewEnforcer) }

func newCasbinCached() contestant { return casbinOf("Casbin CachedEnforcer", casbin.NewCachedEnforcer) }

func newCasbinSynced() contestant { return casbinOf("Casbin SyncedEnforcer", casbin.NewSyncedEnforcer) }

func newCasbinSyncedCached() contestant {
	return casbinOf("Casbin SyncedCachedEnforcer", casbin.NewSyncedCachedEnforcer)
}

func casbinOf[E enforcer](title string, create func(params ...any) (E, error)) contestant {
	return &casbinContestant{
		title:  title,
		create: func(params ...any) (enforcer, error) { return create(params...) },
	}
}

func (c *casbinContestant) name() string { return c.title }

func (c *casbinContestant) load(p policy) error {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return err
	}
	c.enforcer, err = c.create(m, adapter{p})
	return err
}

func (c *casbinContestant) decide(q question) (bool, error) {
	object, act, _ := strings.Cut(q.permission, ":")
	return c.enforcer.Enforce(q.user, object, act)
}

// forget implements [forgetter]. Two of the enforcers cache every decision, without a bound, and
// return it even after a membership was removed.
func (c *casbinContestant) forget() error {
	if cached, ok := c.enforcer.(interface{ InvalidateCache() error }); ok {
		return cached.InvalidateCache()
	}
	return nil
}

// adapter loads a policy into Casbin. It is read-only.
type adapter struct{ policy policy }

var _ persist.Adapter = adapter{}

// LoadPolicy implements [persist.Adapter].
func (a adapter) LoadPolicy(m model.Model) error {
	for row := range a.policy.rows() {
		if err := persist.LoadPolicyArray(row, m); err != nil {
			return err
		}
	}
	return nil
}

var errReadOnly = errors.New("the policy is read-only")

// SavePolicy implements [persist.Adapter].
func (a adapter) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy implements [persist.Adapter].
func (a adapter) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy implements [persist.Adapter].
func (a adapter) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy implements [persist.Adapter].
func (a adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }
