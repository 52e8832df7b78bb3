package main

import (
	"fmt"
	"slices"
	"strings"
)

// Modules, by the beginnings of their paths.
var (
	gin     = []string{"github.com/gin-gonic", "github.com/gin-contrib"}
	metrics = []string{"github.com/prometheus", "go.opentelemetry.io"}

	// servers are all databases but SQLite, with what only their drivers need.
	servers = []string{
		"github.com/casbin/gorm-adapter", "github.com/jackc", "github.com/lib/pq", "gorm.io/driver/postgres",
		"github.com/go-sql-driver", "gorm.io/driver/mysql", "filippo.io/edwards25519",
		"github.com/microsoft/go-mssqldb", "github.com/golang-sql", "gorm.io/driver/sqlserver",
	}
	sqlite    = []string{"github.com/glebarez", "github.com/mattn/go-sqlite3", "modernc.org"}
	databases = slices.Concat(servers, sqlite, []string{"gorm.io"})
)

// A rule says what is wrong with what a host links, "" if nothing is.
type rule func(r result) string

// linksNothingOf is for modules that are not in the host with Rightful.
func linksNothingOf(what string, prefixes ...string) rule {
	return func(r result) string {
		return fault("links "+what, r.with.modules, prefixes)
	}
}

// addsNothingOf is for modules that are in the host with Rightful only if they are in it without.
func addsNothingOf(what string, prefixes ...string) rule {
	return func(r result) string {
		return fault("Rightful brings in "+what, r.added(), prefixes)
	}
}

// everywhere holds for all hosts.
var everywhere = []rule{
	addsNothingOf("SQL Server", "github.com/microsoft/go-mssqldb", "gorm.io/driver/sqlserver"),
	addsNothingOf("gorm-adapter", "github.com/casbin/gorm-adapter"),
	addsNothingOf("a metrics library", metrics...),
}

func fault(what string, modules, prefixes []string) string {
	var found []string
	for _, module := range modules {
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return module == prefix || strings.HasPrefix(module, prefix+"/") }) {
			found = append(found, module)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s", what, strings.Join(found, ", "))
}
