package main

import (
	"fmt"
	"slices"
	"strings"
)

// Modules, by prefixes of their paths.
var (
	gin     = []string{"github.com/gin-gonic", "github.com/gin-contrib"}
	metrics = []string{"github.com/prometheus", "go.opentelemetry.io"}

	// servers are the drivers of all databases except SQLite, with the modules that only they need.
	servers = []string{
		"github.com/casbin/gorm-adapter", "github.com/jackc", "github.com/lib/pq", "gorm.io/driver/postgres",
		"github.com/go-sql-driver", "gorm.io/driver/mysql", "filippo.io/edwards25519",
		"github.com/microsoft/go-mssqldb", "github.com/golang-sql", "gorm.io/driver/sqlserver",
	}
	sqlite    = []string{"github.com/glebarez", "github.com/mattn/go-sqlite3", "modernc.org"}
	databases = slices.Concat(servers, sqlite, []string{"gorm.io"})
)

// A rule returns what is wrong with the modules that a host links, or "".
type rule func(r result) string

// mustNotLink forbids modules in the host with Rightful.
func mustNotLink(what string, prefixes ...string) rule {
	return func(r result) string {
		return fault("links "+what, r.with.modules, prefixes)
	}
}

// mustNotAdd forbids modules in the host with Rightful unless the host without it has them too.
func mustNotAdd(what string, prefixes ...string) rule {
	return func(r result) string {
		return fault("Rightful adds "+what, r.added(), prefixes)
	}
}

// everywhere are the rules for all hosts.
var everywhere = []rule{
	mustNotAdd("SQL Server", "github.com/microsoft/go-mssqldb", "gorm.io/driver/sqlserver"),
	mustNotAdd("gorm-adapter", "github.com/casbin/gorm-adapter"),
	mustNotAdd("a metrics library", metrics...),
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
