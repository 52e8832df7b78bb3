// Package storedb lets the packages below adapters, and their tests, get at the database of a
// store, which hosts don't see.
package storedb

import (
	"database/sql"

	"gorm.io/gorm"
)

// Database is what a store works on.
type Database struct {
	Pool  *sql.DB
	GORM  *gorm.DB // over Pool; no setting of a host's is in it
	Rules string   // the name of the policy table
}

// Of returns the database of a *gormstore.Store. Package gormstore sets it.
var Of func(store any) Database
