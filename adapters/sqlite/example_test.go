package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	driver "github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

func ExampleOpen() {
	folder, err := os.MkdirTemp("", "policy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	ctx := context.Background()

	store, err := sqlite.Open(ctx, filepath.Join(folder, "policy.db"), gormstore.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())
	fmt.Println(engine.Can("ana", "reports:view"))
	// Output: true
}

func ExampleNew() {
	folder, err := os.MkdirTemp("", "policy")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()

	// The database of your application, opened in your way.
	dsn := filepath.Join(folder, "application.db") + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"
	db, err := gorm.Open(driver.Open(dsn), &gorm.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := sqlite.New(context.Background(), db, gormstore.Options{Prefix: "acme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	position, err := store.Position(context.Background())
	fmt.Println("at revision", position.Revision, err)
	// Output: at revision 0 <nil>
}

func ExampleMigrationSQL() {
	sql, err := sqlite.MigrationSQL("acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sql[:len("-- To version 1.")])
	// Output: -- To version 1.
}
