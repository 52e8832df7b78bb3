package integration_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// After a restore from a backup, revisions come again with other changes. An ETag of before the restore must
// match none of them (B4).
func TestETagsOfBeforeARestoreAreStale(t *testing.T) {
	const add = `{"grant":["reports:view"]}`
	for _, c := range []struct {
		name, resource, method, path, body string
		status                             int
	}{
		{"group", "/groups/Desk", "PATCH", "/groups/Desk/permissions", add, 200},
		{"user", "/users/ben", "PATCH", "/users/ben/permissions", add, 200},
		{"membership", "/users/ben", "PUT", "/groups/Desk/members/ben", "", 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
				engine := openOn(t, d, authz.Options{Bootstrap: "ana"})
				ana := restOf(engine)
				ana.want(t, 201, "POST", "/groups", `{"name":"Desk"}`, "")
				ana.want(t, 200, "PATCH", "/users/ben/permissions", `{"grant":["mail:view"]}`, "")
				backUp(t, d)
				ana.want(t, c.status, c.method, c.path, c.body, "")
				old := ana.want(t, 200, "GET", c.resource, "", "")

				restore(t, d)
				if err := engine.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				ana.want(t, 200, "PATCH", c.resource+"/permissions", `{"grant":["orders:view"]}`, "")
				now := ana.want(t, 200, "GET", c.resource, "", "")
				if revision(old) != revision(now) || old == now {
					t.Errorf("ETag %s before the restore and %s after it", old, now)
				}
				ana.want(t, 412, "PUT", c.resource+"/permissions", `{"grants":[],"restrictions":[]}`, old)
				ana.want(t, 200, "PUT", c.resource+"/permissions", `{"grants":[],"restrictions":[]}`, now)
			})
		})
	}
}

// revision returns the part of an ETag that says when the change was made.
func revision(etag string) string {
	before, _, _ := strings.Cut(etag, "-")
	return before
}

const backup = "backup_of_"

// backUp copies all tables.
func backUp(t *testing.T, d dbtest.Database) {
	t.Helper()
	pool := d.Pool(t)
	for _, table := range d.Tables(t, pool) {
		dbtest.Exec(t, pool, "CREATE TABLE "+backup+table+" AS SELECT * FROM "+table)
	}
}

// restore brings all tables back to their copies, in one transaction.
func restore(t *testing.T, d dbtest.Database) {
	t.Helper()
	pool := d.Pool(t)
	tables := d.Tables(t, pool)
	tx, err := pool.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The state is the last one, for triggers count what is written to the others.
	slices.SortStableFunc(tables, func(a, b string) int {
		return cmp.Compare(strings.Count(a, "_state"), strings.Count(b, "_state"))
	})
	for _, table := range tables {
		if strings.HasPrefix(table, backup) {
			continue
		}
		for _, statement := range []string{"DELETE FROM " + table, "INSERT INTO " + table + " SELECT * FROM " + backup + table} {
			if _, err := tx.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
