package fromcasbin

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/gin-gonic/gin"
	driver "github.com/glebarez/sqlite"
	"gorm.io/gorm"
)

// filledByCasbin returns a database whose table plain Casbin has filled with rows, and the enforcer that did so.
func filledByCasbin(t *testing.T, oldModel, rows string) (*gorm.DB, *casbin.Enforcer) {
	t.Helper()
	db, err := gorm.Open(driver.Open(filepath.Join(t.TempDir(), "host.db")), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	})
	adapter, err := gormadapter.NewAdapterByDB(db)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(oldModel)
	if err != nil {
		t.Fatal(err)
	}
	enforcer, err := casbin.NewEnforcer(m, adapter)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.TrimSpace(rows)) {
		values := strings.Split(strings.TrimSpace(line), ", ")
		var added bool
		if values[0] == "p" {
			added, err = enforcer.AddPolicy(values[1:])
		} else {
			added, err = enforcer.AddGroupingPolicy(values[1:])
		}
		if err != nil || !added {
			t.Fatalf("%s: %v %v", line, added, err)
		}
	}
	return db, enforcer
}

// enforce asks plain Casbin.
func enforce(t *testing.T, e *casbin.Enforcer, question ...any) bool {
	t.Helper()
	allowed, err := e.Enforce(question...)
	if err != nil {
		t.Fatal(fmt.Errorf("%v: %w", question, err))
	}
	return allowed
}

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}
