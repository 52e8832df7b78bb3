package sqlite_test

import (
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

// SQLite keeps any value in any column. A blob loads like the text of the same bytes, so a
// removal that left it there would leave the permission too.
func TestBlobsAreRemovedByText(t *testing.T) {
	s := dbtest.OpenFile(t, dbtest.File(t), gormstore.Options{})
	row := authz.Row{Type: "p", V: [6]string{"group:Desk", "orders", "view", "allow"}}
	dbtest.Commit(t, s, authz.Commit{AddRows: []authz.Row{row}})
	dbtest.Exec(t, dbtest.StorePool(s),
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', CAST('group:Desk' AS BLOB), CAST('orders' AS BLOB), 'view', 'allow')",
		"INSERT INTO casbin_rule (ptype, v0, v1, v2, v3, v4) VALUES (CAST('p' AS BLOB), 'group:Desk', 'orders', 'view', CAST('allow' AS BLOB), x'')",
		"INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'ana', CAST('group:Desk' AS BLOB))")
	if rows := dbtest.Load(t, s); len(rows) != 4 || rows[1].V != row.V || rows[2].V != row.V || rows[2].Type != "p" {
		t.Fatalf("loaded %v", rows)
	}
	dbtest.Commit(t, s, authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}})
	row.V[0] = "group:Front desk"
	dbtest.Commit(t, s, authz.Commit{RemoveRows: []authz.Row{row}})
	if rows := dbtest.Load(t, s); len(rows) != 1 || rows[0].V[1] != "group:Front desk" {
		t.Errorf("left: %v", rows)
	}
}

// A dialect is a copy, so that a host can change it.
func TestDialectIsACopy(t *testing.T) {
	d := sqlite.Dialect()
	want := d.Migrations[0].Statements[0]
	d.BeginRead[0], d.Migrations[0].Statements[0] = "BEGIN EXCLUSIVE", "DROP TABLE everything"
	if d := sqlite.Dialect(); d.BeginRead[0] == "BEGIN EXCLUSIVE" || d.Migrations[0].Statements[0] != want {
		t.Errorf("the next has %q", d.BeginRead[0])
	}
}
