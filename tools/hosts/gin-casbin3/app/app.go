// Package app is the host's own application: Gin, with Casbin v3 and gorm-adapter on the host's database.
package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/gin-gonic/gin"
	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
)

const rbac = `
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
`

// New opens the host's database and returns its application, which guards /orders with Casbin: alice
// may read them.
func New(file string) (*gin.Engine, *gorm.DB, error) {
	db, err := gorm.Open(sqlite.Open(file+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"), &gorm.Config{})
	if err != nil {
		return nil, nil, err
	}
	enforcer, err := newEnforcer(db)
	if err != nil {
		return nil, nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"alice": "demo", "bob": "demo"}))
	r.GET("/orders", enforce(enforcer), func(c *gin.Context) { c.String(http.StatusOK, "orders") })
	return r, db, nil
}

func newEnforcer(db *gorm.DB) (*casbin.Enforcer, error) {
	adapter, err := gormadapter.NewAdapterByDB(db) // in the table casbin_rule
	if err != nil {
		return nil, err
	}
	m, err := model.NewModelFromString(rbac)
	if err != nil {
		return nil, err
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		return nil, err
	}
	_, err = enforcer.AddPolicy("alice", "/orders", http.MethodGet)
	return enforcer, err
}

func enforce(enforcer *casbin.Enforcer) gin.HandlerFunc {
	return func(c *gin.Context) {
		allowed, err := enforcer.Enforce(c.GetString(gin.AuthUserKey), c.FullPath(), c.Request.Method)
		if err != nil || !allowed {
			c.AbortWithStatus(http.StatusForbidden)
		}
	}
}

// Serve listens on a free port of the loopback and prints where.
func Serve(ctx context.Context, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return (&http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}
