package main

import (
	"errors"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/rightful-go/rightful"
)

// casbinSubject is one of Casbin's enforcers on model.conf. All four load the same way, as
// with gorm-adapter but for the database.
type casbinSubject struct {
	title    string
	create   func(params ...any) (enforcer, error)
	enforcer enforcer
}

type enforcer interface {
	Enforce(rvals ...any) (bool, error)
}

func newCasbinEnforcer() subject { return casbinOf("Casbin Enforcer", casbin.NewEnforcer) }

func newCasbinCached() subject { return casbinOf("Casbin CachedEnforcer", casbin.NewCachedEnforcer) }

func newCasbinSynced() subject { return casbinOf("Casbin SyncedEnforcer", casbin.NewSyncedEnforcer) }

func newCasbinSyncedCached() subject {
	return casbinOf("Casbin SyncedCachedEnforcer", casbin.NewSyncedCachedEnforcer)
}

func casbinOf[E enforcer](title string, create func(params ...any) (E, error)) subject {
	return &casbinSubject{
		title:  title,
		create: func(params ...any) (enforcer, error) { return create(params...) },
	}
}

func (c *casbinSubject) name() string { return c.title }

func (c *casbinSubject) load(p policy) error {
	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return err
	}
	c.enforcer, err = c.create(m, adapter{p})
	return err
}

func (c *casbinSubject) decide(q question) (bool, error) {
	object, act, _ := strings.Cut(q.permission, ":")
	return c.enforcer.Enforce(q.user, object, act)
}

// forget implements [forgetter]. Two of the enforcers keep every decision, with no bound,
// and go on giving it after a membership was taken away.
func (c *casbinSubject) forget() error {
	if cached, ok := c.enforcer.(interface{ InvalidateCache() error }); ok {
		return cached.InvalidateCache()
	}
	return nil
}

// adapter hands Casbin a policy. It can't be written to.
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

var errReadOnly = errors.New("the policy can only be read")

// SavePolicy implements [persist.Adapter].
func (a adapter) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy implements [persist.Adapter].
func (a adapter) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy implements [persist.Adapter].
func (a adapter) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy implements [persist.Adapter].
func (a adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }
