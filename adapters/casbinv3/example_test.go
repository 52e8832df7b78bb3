package casbinv3_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/adapters/casbinv3"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

func ExampleNewAdapter() {
	allowed, err := askPlainCasbin(context.Background())
	fmt.Println(allowed, err)
	// Output: true <nil>
}

func askPlainCasbin(ctx context.Context) (bool, error) {
	folder, err := os.MkdirTemp("", "policy")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	store, err := sqlite.Open(ctx, filepath.Join(folder, "policy.db"), gormstore.Options{})
	if err != nil {
		return false, err
	}
	defer store.Close()
	engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return false, err
	}
	defer engine.Close(context.Background())

	m, err := model.NewModelFromString(rightful.Model)
	if err != nil {
		return false, err
	}
	adapter, err := casbinv3.NewAdapter(store)
	if err != nil {
		return false, err
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		return false, err
	}
	return enforcer.Enforce("ana", "reports", "view")
}
