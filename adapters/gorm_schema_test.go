package adapters_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	gormadapter "github.com/casbin/gorm-adapter/v3"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"gorm.io/gorm"
)

// The policy table is gorm-adapter's, to the letter, under each prefix; and when a program
// with gorm-adapter opens it, its AutoMigrate finds nothing to do.
func TestPolicyTableIsGormAdapters(t *testing.T) {
	onEachWith(t, []string{"", "acme", "acme_", "a1_b"}, func(t *testing.T, d database, prefix string) {
		another := d.again(t)
		theirs := another.host(t, gorm.Config{})
		if _, err := gormadapter.NewAdapterByDBUseTableName(theirs, prefix, "casbin_rule"); err != nil {
			t.Fatal(err)
		}
		s := d.open(t, adapters.GormOptions{Prefix: prefix})
		want, got := another.describe(t, pool(t, theirs), "casbin_rule"), d.describe(t, s.Pool(), "casbin_rule")
		if d.kind == "mysql" { // all that differs; see TestExistingPolicyTableIsLeftAsItIs
			want[0] = regexp.MustCompile(`COLLATE=\w+`).ReplaceAllString(want[0], "COLLATE=utf8mb4_bin")
		}
		if !slices.Equal(got, want) {
			t.Errorf("our table\n%s\ntheirs\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(strings.Join(want, "\n")) < 300 {
			t.Errorf("nothing was compared: %q", want)
		}

		commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})
		was := d.describe(t, s.Pool(), "")
		a, err := gormadapter.NewAdapterByDBUseTableName(d.host(t, gorm.Config{}), prefix, "casbin_rule")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.AddPolicy("g", "g", []string{"Ana", "group:Desk"}); err != nil {
			t.Error(err)
		}
		if now := d.describe(t, s.Pool(), ""); !slices.Equal(now, was) {
			t.Errorf("AutoMigrate made of\n%s\nthis\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		if n := len(load(t, s)); n != 2 {
			t.Errorf("the table has %d rows", n)
		}
	})
}

// A table that is there is left as it is, rows, columns and indexes, whoever made it. Only the
// collation is made exact on MySQL, where the table would take Ana for ana otherwise.
func TestExistingPolicyTableIsLeftAsItIs(t *testing.T) {
	onEachWith(t, []string{"by gorm-adapter", "by hand, without an index and with doubles"}, func(t *testing.T, d database, how string) {
		if how == "by gorm-adapter" {
			a, err := gormadapter.NewAdapterByDB(d.host(t, gorm.Config{}))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.AddPolicies("p", "p", [][]string{{"ana", "orders", "view"}, {"ana", "orders", "edit", "allow"}}); err != nil {
				t.Fatal(err)
			}
		} else {
			id := map[string]string{"sqlite": "integer PRIMARY KEY", "postgres": "bigserial PRIMARY KEY", "mysql": "bigint PRIMARY KEY AUTO_INCREMENT"}[d.kind]
			execSQL(t, d.pool(t),
				"CREATE TABLE casbin_rule (id "+id+", ptype varchar(100), v0 varchar(100), v1 varchar(100), "+
					"v2 varchar(100), v3 varchar(100), v4 varchar(100), v5 varchar(100), remark varchar(10))",
				"INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'ana', 'admin'), ('g', 'ana', 'admin')")
		}
		host := d.pool(t)
		look := func() []string {
			table := d.describe(t, host, "casbin_rule")
			for i := range table {
				table[i] = regexp.MustCompile(`utf8mb4_\w+`).ReplaceAllString(table[i], "utf8mb4_…")
			}
			return append(table, query(t, host, "SELECT * FROM casbin_rule ORDER BY id")...)
		}
		was := look()
		s := d.open(t, adapters.GormOptions{})
		if _, err := s.CasbinAdapter(); err != nil {
			t.Error(err)
		}
		if now := look(); !slices.Equal(now, was) {
			t.Errorf("of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		rows := load(t, s)
		if len(rows) != 2 {
			t.Fatalf("%d rows", len(rows))
		}
		commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"Ana", "ADMIN"}}, {Type: "g", V: [6]string{"ANA", "ADMIN"}}}})
		commit(t, s, authz.Commit{RemoveRows: rows})
		if rows := load(t, s); len(rows) != 2 || rows[0].V[0] != "Ana" {
			t.Errorf("left: %v", rows)
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.open(t, adapters.GormOptions{})
		execSQL(t, s.Pool(), "UPDATE rightful_state SET schema_version = 99")
		was := d.describe(t, s.Pool(), "")
		for _, skip := range []bool{false, true} {
			_, err := adapters.Open(t.Context(), d.address, adapters.GormOptions{SkipMigration: skip})
			if err == nil || !strings.Contains(err.Error(), "version 99") || !strings.Contains(err.Error(), "made for 3") {
				t.Errorf("the error doesn't name both versions: %v", err)
			}
		}
		if now := d.describe(t, s.Pool(), ""); !slices.Equal(now, was) {
			t.Error("the tables were changed")
		}
	})
}

// With its row the state loses the revision. To begin anew at 0 would let old commits win.
func TestLostStateIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.open(t, adapters.GormOptions{})
		execSQL(t, s.Pool(), "DELETE FROM rightful_state")
		if _, err := adapters.Open(t.Context(), d.address, adapters.GormOptions{}); err == nil {
			t.Error("a store without its state was opened")
		}
		if _, err := s.Position(t.Context()); err == nil {
			t.Error("a store without its state has a revision")
		}
		if err := s.Commit(t.Context(), authz.Commit{Record: authz.Record{Revision: 1}}); err == nil {
			t.Error("a store without its state took a commit")
		}
	})
}

func TestMigrationBySomeoneElse(t *testing.T) {
	onEachWith(t, []string{"", "acme"}, func(t *testing.T, d database, prefix string) {
		o := adapters.GormOptions{Prefix: prefix, SkipMigration: true}
		_, err := adapters.Open(t.Context(), d.address, o)
		if err == nil || !strings.Contains(err.Error(), "version 0") || !strings.Contains(err.Error(), "needs 3") {
			t.Errorf("the error doesn't name both versions: %v", err)
		}
		host := d.pool(t)
		if tables := d.tables(t, host); len(tables) != 0 {
			t.Errorf("made although migrations are switched off: %s", tables)
		}

		text, err := adapters.MigrationSQL(d.kind, prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := script(t, host, text); err != nil {
			t.Fatal(err)
		}
		s := d.open(t, o)
		commit(t, s, authz.Commit{AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}}})

		another := d.again(t)
		own := another.open(t, adapters.GormOptions{Prefix: prefix})
		want, got := another.describe(t, own.Pool(), ""), d.describe(t, host, "")
		indent := regexp.MustCompile(`\s+`) // SQLite keeps the text
		if got, want := indent.ReplaceAllString(strings.Join(got, "\n"), " "), indent.ReplaceAllString(strings.Join(want, "\n"), " "); got != want {
			t.Errorf("by hand\n%s\nby itself\n%s", got, want)
		}
	})
}

// Whoever runs the script by hand and meets an error has changed nothing, where the database
// can take definitions back.
func TestMigrationByHandIsWholeOrAbsent(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		if d.kind == "mysql" {
			t.Skip("MySQL commits with each definition")
		}
		host := d.pool(t)
		execSQL(t, host, "CREATE VIEW rightful_changes AS SELECT 1 AS one")
		was := d.tables(t, host)
		text, err := adapters.MigrationSQL(d.kind, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := script(t, host, text); err == nil {
			t.Error("the view was no obstacle")
		}
		if now := d.tables(t, host); !slices.Equal(now, was) {
			t.Errorf("half a migration: %q", now)
		}
	})
}

func TestMigrationSQLOfNoDatabase(t *testing.T) {
	if _, err := adapters.MigrationSQL("oracle", ""); err == nil || !strings.Contains(err.Error(), "sqlite, postgres and mysql") {
		t.Errorf("got %v", err)
	}
}

// A migration that fails is made up for by the next start. Where definitions of tables can be
// taken back it leaves nothing behind, and never a store that looks whole.
func TestMigrationIsWholeOrAbsent(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		host := d.pool(t)
		obstacle := "rightful_changes"
		if d.kind == "mysql" { // finds no fault with what has that name
			obstacle = "rightful_state"
		}
		execSQL(t, host, "CREATE VIEW "+obstacle+" AS SELECT 1 AS one")
		was := d.tables(t, host)
		if _, err := adapters.Open(t.Context(), d.address, adapters.GormOptions{}); err == nil {
			t.Error("the store was opened")
		}
		if now := d.tables(t, host); d.kind != "mysql" && !slices.Equal(now, was) {
			t.Errorf("half a migration: %q", now)
		}
		execSQL(t, host, "DROP VIEW "+obstacle)
		commit(t, d.open(t, adapters.GormOptions{}), authz.Commit{AddRows: deskPolicy})
		another := d.again(t)
		whole := another.describe(t, another.open(t, adapters.GormOptions{}).Pool(), "")
		if now := d.describe(t, host, ""); !slices.Equal(now, whole) {
			t.Errorf("made up for\n%s\nat once\n%s", strings.Join(now, "\n"), strings.Join(whole, "\n"))
		}
	})
}

// addsColumn is a migration from the present version, such as a later version of Rightful will have.
const addsColumn = "ALTER TABLE {groups} ADD COLUMN color varchar(20)"

func TestOlderSchemaMovesForwardWithItsData(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.open(t, adapters.GormOptions{})
		desk := authz.GroupRow{GroupInfo: authz.GroupInfo{Name: "Desk"}, Version: 1}
		commit(t, s, authz.Commit{AddRows: deskPolicy, PutGroups: []authz.GroupRow{desk}, Users: []authz.UserID{"ana"}})
		was, rows := everything(t, s), load(t, s)

		host := d.host(t, gorm.Config{})
		if _, err := adapters.OpenNext(t.Context(), host, adapters.GormOptions{SkipMigration: true}, addsColumn); err == nil ||
			!strings.Contains(err.Error(), "version 3") || !strings.Contains(err.Error(), "needs 4") {
			t.Errorf("the error doesn't name both versions: %v", err)
		}
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				_, errs[i] = adapters.OpenNext(t.Context(), host, adapters.GormOptions{}, addsColumn)
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		next, err := adapters.OpenNext(t.Context(), host, adapters.GormOptions{SkipMigration: true}, addsColumn)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(load(t, next), rows) {
			t.Error("the rows were changed")
		}
		if now := everything(t, next); len(now) != len(was) {
			t.Errorf("of\n%s\nwas made\n%s", strings.Join(was, "\n"), strings.Join(now, "\n"))
		}
		commit(t, next, authz.Commit{RemoveRows: rows[:1]})
		if _, err := adapters.Open(t.Context(), d.address, adapters.GormOptions{}); err == nil || !strings.Contains(err.Error(), "version 4") {
			t.Errorf("the older program takes the newer tables: %v", err)
		}
	})
}

func TestEightStartAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		for range 5 {
			d := d.again(t)
			errs := make([]error, 8)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() {
					s, err := adapters.Open(t.Context(), d.address, adapters.GormOptions{})
					if err == nil {
						_, err = s.Position(t.Context())
						_ = s.Close()
					}
					errs[i] = err
				})
			}
			all.Wait()
			for i, err := range errs {
				if err != nil {
					t.Errorf("start %d: %v", i, err)
				}
			}
			s := d.open(t, adapters.GormOptions{})
			if n := query(t, s.Pool(), "SELECT COUNT(*) FROM rightful_state"); n[0] != "1" {
				t.Errorf("%s states", n[0])
			}
		}
	})
}

func TestPrefixes(t *testing.T) {
	for _, prefix := range []string{"A", "Acme", "1a", "_a", "a-b", "a b", "a.b", "a;b", "a'", `a"`, "é", "a\n", strings.Repeat("a", 25)} {
		if _, err := adapters.OpenSQLite(t.Context(), newFile(t), adapters.GormOptions{Prefix: prefix}); err == nil {
			t.Errorf("the prefix %q was accepted", prefix)
		}
		if _, err := adapters.MigrationSQL("sqlite", prefix); err == nil {
			t.Errorf("MigrationSQL accepted the prefix %q", prefix)
		}
	}
}

func TestPrefixesShareADatabase(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		stores := map[string]*adapters.GormStore{}
		for _, prefix := range []string{"", "a", "ab", strings.Repeat("z", 24)} {
			stores[prefix] = d.open(t, adapters.GormOptions{Prefix: prefix})
		}
		for prefix, s := range stores {
			commit(t, s, authz.Commit{
				AddRows: []authz.Row{{Type: "g", V: [6]string{"user of " + prefix, "group:Desk"}}},
				Users:   []authz.UserID{"ana"}, PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Desk"}}},
			})
		}
		for prefix, s := range stores {
			if rows := load(t, s); len(rows) != 1 || rows[0].V[0] != "user of "+prefix {
				t.Errorf("under %q are %v", prefix, rows)
			}
		}
	})
}

// load returns the rows of a store.
func load(t *testing.T, s authz.Store) []authz.Row {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// commit writes c onto the present revision.
func commit(t *testing.T, s authz.Store, c authz.Commit) {
	t.Helper()
	position, err := s.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := position.Revision
	c.Onto = position
	c.Record = authz.Record{Revision: r + 1, Delta: []byte("{}"), Hash: []byte{byte(r)}}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}
