package postgres_test

import (
	"context"
	"errors"
	"log"
	"os"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/authz"
	driver "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

func ExampleOpen() {
	ctx := context.Background()
	store, err := postgres.Open(ctx, "postgres://app:s3cret@db.acme.example:5432/app?sslmode=verify-full", gormstore.Options{})
	if err != nil {
		log.Fatal(err) // without the password
	}
	engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "ana"})
	if err != nil {
		log.Fatal(err)
	}
	log.Print(engine.Can("ben", "reports:view"))
}

func ExampleNew() {
	// The database of your application, opened in your way.
	db, err := gorm.Open(driver.Open("host=db.acme.example user=app dbname=app"), &gorm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(context.Background(), db, gormstore.Options{Prefix: "acme"})
	if err != nil {
		log.Fatal(err)
	}
	_ = store // for authz.Open
}

func ExampleNewNotifier() {
	ctx, address := context.Background(), os.Getenv("DATABASE_URL")
	store, err := postgres.Open(ctx, address, gormstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	notifier, err := postgres.NewNotifier(address, postgres.NotifierOptions{})
	if err != nil {
		log.Fatal(err)
	}
	engine, err := authz.Open(ctx, store, authz.Options{Notifier: notifier})
	if err != nil {
		log.Fatal(err)
	}
	// At the end, in this order:
	if err := errors.Join(engine.Close(ctx), notifier.Close(), store.Close()); err != nil {
		log.Print(err)
	}
}
