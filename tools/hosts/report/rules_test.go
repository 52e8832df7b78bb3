package main

import (
	"slices"
	"strings"
	"testing"
)

// Each planted fault is found, and modules that a host links anyway are no fault.
func TestPlantedModulesAreFound(t *testing.T) {
	for _, test := range []struct {
		folder        string
		with, without []string
		want          string // "" if nothing is wrong
	}{
		{"gin-casbin2", []string{"gorm.io/gorm", "github.com/microsoft/go-mssqldb", "example.com/x"}, []string{"gorm.io/gorm", "github.com/microsoft/go-mssqldb"}, ""},
		{"gin-casbin2", []string{"github.com/jackc/pgx/v5"}, nil, "adds a database driver: github.com/jackc/pgx/v5"},
		{"gin-casbin3", []string{"gorm.io/plugin/dbresolver"}, nil, "adds a database driver"},
		{"gin-casbin3", []string{"github.com/microsoft/go-mssqldb"}, nil, "adds SQL Server"},
		{"gin-casbin3", []string{"github.com/casbin/casbin/v2"}, nil, ""},
		{"nethttp", []string{"github.com/casbin/casbin/v2", "golang.org/x/text"}, nil, ""},
		{"nethttp", []string{"github.com/gin-gonic/gin"}, []string{"github.com/gin-gonic/gin"}, "links Gin"},
		{"nethttp", []string{"github.com/gin-contrib/sse"}, nil, "links Gin"},
		{"nethttp", []string{"modernc.org/sqlite"}, nil, "links a database driver"},
		{"nethttp", []string{"github.com/prometheus/client_golang"}, nil, "a metrics library"},
		{"gin-sqlite", []string{"gorm.io/gorm", "github.com/glebarez/sqlite", "modernc.org/sqlite"}, nil, ""},
		{"gin-sqlite", []string{"github.com/go-sql-driver/mysql"}, nil, "links a database other than SQLite"},
		{"gin-sqlite", []string{"github.com/casbin/gorm-adapter/v3"}, nil, "gorm-adapter"},
	} {
		i := slices.IndexFunc(hosts, func(h host) bool { return h.folder == test.folder })
		r := result{host: hosts[i], with: binary{modules: test.with}, without: binary{modules: test.without}}
		found := strings.Join(r.faults(), "\n")
		if (found == "") != (test.want == "") || !strings.Contains(found, test.want) {
			t.Errorf("%s with %v, without %v: found %q, not %q", test.folder, test.with, test.without, found, test.want)
		}
	}
}
