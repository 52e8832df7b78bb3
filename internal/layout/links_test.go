package layout_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// External packages and those for tests, by prefixes of their import paths.
var (
	sqliteDriver     = []string{"github.com/glebarez", "modernc.org"}
	postgresDriver   = []string{"gorm.io/driver/postgres", "github.com/jackc"}
	mysqlDriver      = []string{"gorm.io/driver/mysql", "github.com/go-sql-driver"}
	sqlServerDriver  = []string{"gorm.io/driver/sqlserver", "github.com/microsoft"}
	gormAdapter      = []string{"github.com/casbin/gorm-adapter", "gorm.io/plugin"}
	gorm             = []string{"gorm.io"}
	gin              = []string{"github.com/gin-gonic", "github.com/gin-contrib"}
	redis            = []string{"github.com/redis", "github.com/casbin/redis-watcher"}
	jose             = []string{"github.com/go-jose"}
	ginSessions      = []string{"github.com/gin-contrib/sessions", "github.com/gorilla"}
	scsSessions      = []string{"github.com/alexedwards"}
	identity         = slices.Concat(jose, ginSessions, scsSessions)
	prometheus       = []string{"github.com/prometheus"}
	telemetry        = []string{"go.opentelemetry.io"}
	databases        = slices.Concat(sqliteDriver, postgresDriver, mysqlDriver, gorm)
	ourTestPackages  = []string{module + "/internal/database", module + "/internal/testservers", module + "/adapters/internal/dbtest", module + "/authz/authztest", "testing"}
	neverInLibraries = slices.Concat(sqlServerDriver, gormAdapter, redis, telemetry, ourTestPackages)
)

// neverLinked maps packages to the imports that they must not reach, directly or indirectly: a host that
// imports the package would link them.
var neverLinked = map[string][]string{
	"authz":              slices.Concat(databases, gin, identity, prometheus, neverInLibraries),
	"authz/memstore":     slices.Concat(databases, gin, identity, prometheus, neverInLibraries),
	"authz/policycsv":    slices.Concat(databases, gin, identity, prometheus, neverInLibraries),
	"adapters/gormstore": slices.Concat(sqliteDriver, postgresDriver, mysqlDriver, gin, identity, prometheus, neverInLibraries),
	"adapters/sqlite":    slices.Concat(postgresDriver, mysqlDriver, gin, identity, prometheus, neverInLibraries),
	"adapters/postgres":  slices.Concat(sqliteDriver, mysqlDriver, gin, identity, prometheus, neverInLibraries),
	"adapters/mysql":     slices.Concat(sqliteDriver, postgresDriver, gin, identity, prometheus, neverInLibraries),
	"adapters/watcher":   slices.Concat(databases, gin, identity, prometheus, neverInLibraries),
	"adapters/casbin":    slices.Concat(gin, identity, redis, prometheus, telemetry, ourTestPackages), // gorm-adapter links every driver
	"adapters/otel": slices.Concat(databases, gin, identity, prometheus, sqlServerDriver, gormAdapter, redis, ourTestPackages,
		[]string{"go.opentelemetry.io/otel/sdk"}), // the host chooses what becomes of spans
	"adapters/prometheus": slices.Concat(databases, gin, identity, neverInLibraries),
	"api":                 slices.Concat(databases, identity, prometheus, neverInLibraries),
	"api/guard":           slices.Concat(databases, gin, identity, prometheus, neverInLibraries),
	"api/ginguard":        slices.Concat(databases, identity, prometheus, neverInLibraries),

	"api/identity/bearer":     slices.Concat(databases, gin, ginSessions, scsSessions, prometheus, neverInLibraries),
	"api/identity/ginsession": slices.Concat(databases, jose, scsSessions, prometheus, neverInLibraries),
	"api/identity/scssession": slices.Concat(databases, gin, jose, ginSessions, prometheus, neverInLibraries),
}

// A host links only the dependencies of the packages of Rightful that it imports.
func TestLinks(t *testing.T) {
	paths := make([]string, 0, len(neverLinked))
	for name := range neverLinked {
		paths = append(paths, module+"/"+name)
	}
	args := append([]string{"list", "-f", `{{.ImportPath}} {{join .Deps " "}}`}, paths...)
	list := exec.CommandContext(t.Context(), "go", args...)
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	report(t, linkFaults(string(out)))
}

// linkFaults reads lines, each with a package and everything that it imports directly or indirectly.
func linkFaults(list string) (faults []string) {
	seen := 0
	for line := range strings.Lines(list) {
		reached := strings.Fields(line)
		name := strings.TrimPrefix(reached[0], module+"/")
		never, ok := neverLinked[name]
		if !ok {
			continue
		}
		seen++
		for _, imported := range reached[1:] {
			if within(imported, never...) {
				faults = append(faults, fmt.Sprintf("%s links %s", name, imported))
			}
		}
	}
	if seen != len(neverLinked) {
		faults = append(faults, fmt.Sprintf("only %d of %d packages are listed", seen, len(neverLinked)))
	}
	return faults
}

// Each planted fault is found.
func TestPlantedLinksAreFound(t *testing.T) {
	for name := range neverLinked {
		var list strings.Builder
		for other := range neverLinked {
			fmt.Fprintf(&list, "%s/%s fmt", module, other)
			if other == name {
				list.WriteString(" github.com/redis/go-redis/v9 github.com/redistribution/x")
			}
			list.WriteString("\n")
		}
		want := name + " links github.com/redis/go-redis/v9"
		if found := linkFaults(list.String()); !slices.Equal(found, []string{want}) {
			t.Errorf("found %q, not %q", found, want)
		}
	}
	if found := linkFaults(""); len(found) != 1 {
		t.Errorf("with an empty list, found %q", found)
	}
}
