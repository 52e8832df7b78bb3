package mysql_test

import (
	"context"
	"log"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/mysql"
	"github.com/rightful-go/rightful/authz"
	driver "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

func ExampleOpen() {
	ctx := context.Background()
	store, err := mysql.Open(ctx, "mysql://app:s3cret@db.acme.example:3306/app?tls=true", gormstore.Options{})
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
	db, err := gorm.Open(driver.Open("app@tcp(db.acme.example)/app?charset=utf8mb4&parseTime=true"), &gorm.Config{})
	if err != nil {
		log.Fatal(err)
	}
	store, err := mysql.New(context.Background(), db, gormstore.Options{Prefix: "acme"})
	if err != nil {
		log.Fatal(err)
	}
	_ = store // for authz.Open
}
