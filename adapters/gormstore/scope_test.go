package gormstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// openEngine opens an engine in which users have these rules.
func openEngine(t *testing.T, rules map[authz.UserID]authz.Rules) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	for user, r := range rules {
		if _, err := engine.As("root").SetUserPermissions(t.Context(), user, r); err != nil {
			t.Fatal(err)
		}
	}
	return engine
}

// randomRules returns rules about files with these ids, those that a rule can name.
func randomRules(r *rand.Rand, ids []string) (rules authz.Rules) {
	add := func(to *[]authz.Pattern, wild int) {
		for range r.IntN(5) {
			p := authz.Pattern("files." + ids[r.IntN(len(ids))])
			if r.IntN(4) == 0 {
				p = authz.Pattern("files." + []string{"b", "b.c", "B", "á", "x/y"}[r.IntN(5)] + ".*")
			}
			p += authz.Pattern([]string{":view", ":view", ":*", ":edit"}[r.IntN(4)])
			if authz.Permission(strings.ReplaceAll(string(p), "*", "w")).Check() == nil {
				*to = append(*to, p)
			}
		}
		if r.IntN(wild) == 0 {
			*to = append(*to, []authz.Pattern{"files.*:view", "*:*", "*:view"}[r.IntN(3)])
		}
	}
	add(&rules.Grants, 2)
	add(&rules.Restrictions, 12)
	return rules
}

// textColumns are types of columns of each kind of database, with %s for a name of the test.
var textColumns = map[string]map[string]string{
	"sqlite": {
		"text": "TEXT", "nocase": "TEXT COLLATE NOCASE", "rtrim": "TEXT COLLATE RTRIM", "numeric": "NUMERIC", "integer": "INTEGER",
	},
	"postgres": {"text": "text", "varchar": "varchar(100)", "padded": "char(12)", "folded": "text COLLATE %s_folded"},
	"mysql": {
		"varchar": "varchar(100)", "char": "char(100)", "latin1": "varchar(100) CHARACTER SET latin1", "binary": "varbinary(200)",
		"unicode": "varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
	},
}

// Look-alikes: by case, accents, composition, spaces at the ends, zeros, signs, and what LIKE or SQL would read otherwise.
var lookalikes = []string{
	"a", "A", "á", "Á", "a ", " a", "a\u0301", "aa", "b", "b.c", "b.C", "B.c", "b.c ", "b.c.d", "b.cd", "b.", "bxc", "á.d", "a.d", "x/y", "x/y.z", "x/Y.z", "",
	"7", "07", "007", "+7", " 7", "7 ", "7.0", "7e0", "0x7", "７", "-7", "-0", "%", "_", "a'b", `a\`, "ß", "ss", "ÿ", "Straße", "STRASSE", "ａ",
}

// The scope finds the rows whose id Can allows, one by one, for random policies and ids that look alike.
func TestScopeEqualsCan(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	rules := map[authz.UserID]authz.Rules{"nobody": {}}
	for i := range 60 {
		rules[authz.UserID(fmt.Sprint("user", i))] = randomRules(r, lookalikes)
	}
	view := openEngine(t, rules).View()
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		prefix := dbtest.Prefix()
		if d.Kind == "postgres" {
			dbtest.Exec(t, dbtest.GormPool(t, db), "CREATE COLLATION "+prefix+"_folded (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
		}
		for name, column := range textColumns[d.Kind] {
			t.Run(name, func(t *testing.T) {
				if strings.Contains(column, "%s") {
					column = fmt.Sprintf(column, prefix)
				}
				table := dbtest.Prefix()
				dbtest.Exec(t, dbtest.GormPool(t, db), "CREATE TABLE "+table+" (n integer PRIMARY KEY, id "+column+")")
				insert(t, db, table, lookalikes)
				found := checkScope(t, db, table, view, rules, gormstore.TextColumn)
				if found < 100 {
					t.Errorf("only %d rows were found", found)
				}
			})
		}
	})
}

// insert inserts a row for each id that the column takes, and one without an id.
func insert[V any](t *testing.T, db *gorm.DB, table string, ids []V) {
	t.Helper()
	if err := db.Table(table).Create(map[string]any{"n": 0}).Error; err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i, id := range ids {
		if db.Table(table).Create(map[string]any{"n": i + 1, "id": id}).Error == nil {
			taken++
		}
	}
	if taken < 3 {
		t.Fatalf("the column takes only %d ids", taken)
	}
}

// checkScope compares what the scope finds with a decision for each row, as the database returns its id. It returns how
// many rows were found.
func checkScope(t *testing.T, db *gorm.DB, table string, view *authz.View, rules map[authz.UserID]authz.Rules, columnType gormstore.ColumnType) (found int) {
	t.Helper()
	type row struct {
		N  int
		ID *string
	}
	var rows []row
	if err := db.Table(table).Order("n").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	users := []authz.UserID{"root", "", "group:A"}
	for user := range rules {
		users = append(users, user)
	}
	for _, user := range users {
		var want, got []int
		for _, r := range rows {
			if r.ID != nil && view.Can(user, authz.Permission("files."+*r.ID+":view")) {
				want = append(want, r.N)
			}
		}
		scope := gormstore.Scope(view, user, "files", "view", gormstore.Column{Name: "id", Type: columnType})
		if err := db.Table(table).Scopes(scope).Order("n").Pluck("n", &got).Error; err != nil {
			t.Fatalf("%v: %v", rules[user], err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q with %v finds %v, not %v", user, rules[user], got, want)
		}
		found += len(got)
	}
	return found
}

// Columns of integers find the rows of rules whose ids are in canonical form, and no look-alikes of them.
func TestScopeOfIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	names := []string{
		"7", "007", "+7", "-7", "-07", "0", "-0", "00", "7.0", "7e0", "0x7", "1_0", "10", "32767", "32768", "2147483647", "2147483648", "9223372036854775807",
		"9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "abc", "７", "7a",
	}
	rules := map[authz.UserID]authz.Rules{}
	for i := range 60 {
		rules[authz.UserID(fmt.Sprint("user", i))] = randomRules(r, names)
	}
	view := openEngine(t, rules).View()
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		for _, column := range map[string][]string{
			"sqlite": {"INTEGER", "BIGINT", "TEXT"}, "postgres": {"smallint", "integer", "bigint"}, "mysql": {"smallint", "int", "bigint", "bigint unsigned"},
		}[d.Kind] {
			t.Run(column, func(t *testing.T) {
				table := dbtest.Prefix()
				dbtest.Exec(t, dbtest.GormPool(t, db), "CREATE TABLE "+table+" (n integer PRIMARY KEY, id "+column+")")
				insert(t, db, table, []any{7, -7, 0, 8, 10, 32767, 32768, 2147483647, 2147483648, 9223372036854775807, uint64(9223372036854775808), uint64(18446744073709551615), -9223372036854775808})
				if found := checkScope(t, db, table, view, rules, gormstore.IntegerColumn); found < 100 {
					t.Errorf("only %d rows were found", found)
				}
			})
		}
	})
}

// UUIDs are compared in canonical form as well. Only PostgreSQL has a type that takes other forms.
func TestScopeOfUUIDs(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 3))
	const one, two = "0e37df36-f698-11e6-8dd4-cb9ced3df976", "0e37df36-f698-11e6-8dd4-cb9ced3df977"
	names := []string{one, strings.ToUpper(one), strings.ReplaceAll(one, "-", ""), "{" + one + "}", two, "urn:uuid:" + one, "abc", "7", strings.ToUpper(two), one + "0"}
	rules := map[authz.UserID]authz.Rules{}
	for i := range 60 {
		rules[authz.UserID(fmt.Sprint("user", i))] = randomRules(r, names)
	}
	view := openEngine(t, rules).View()
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		for _, column := range map[string][]string{"sqlite": {"uuid", "TEXT"}, "postgres": {"uuid"}, "mysql": {"char(36)"}}[d.Kind] {
			t.Run(column, func(t *testing.T) {
				table := dbtest.Prefix()
				dbtest.Exec(t, dbtest.GormPool(t, db), "CREATE TABLE "+table+" (n integer PRIMARY KEY, id "+column+")")
				insert(t, db, table, []string{one, two, strings.Replace(one, "0", "1", 1), strings.ToUpper(two)})
				if found := checkScope(t, db, table, view, rules, gormstore.UUIDColumn); found < 50 {
					t.Errorf("only %d rows were found", found)
				}
			})
		}
	})
}

// file is a host's record that can be deleted softly.
type file struct {
	ID        string `gorm:"primaryKey;size:100"`
	Owner     string
	Folder    string
	DeletedAt gorm.DeletedAt
}

var hostColumn = gormstore.Column{Name: "id"}

// hostFiles are a host's records, of which ben may see 1 and 2.
func hostFiles(t *testing.T, d dbtest.Database) (*gorm.DB, *authz.View) {
	t.Helper()
	db := d.Host(t, gorm.Config{})
	if err := db.AutoMigrate(&file{}); err != nil {
		t.Fatal(err)
	}
	for _, f := range []file{{ID: "1", Owner: "ana", Folder: "x"}, {ID: "2", Owner: "ben", Folder: "y"}, {ID: "3", Owner: "ben", Folder: "x"}, {ID: "4", Owner: "cleo", Folder: "z"}} {
		if err := db.Create(&f).Error; err != nil {
			t.Fatal(err)
		}
	}
	view := openEngine(t, map[authz.UserID]authz.Rules{
		"ben": {Grants: []authz.Pattern{"files.1:view", "files.2:view", "files.2:edit", "folders.x:view"}},
	}).View()
	return db, view
}

// No OR gets around the scope, wherever the query has it, and deleted records stay deleted.
func TestScopeHoldsBesideOr(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db, view := hostFiles(t, d)
		scope := gormstore.Scope(view, "ben", "files", "view", hostColumn)
		search := func(db *gorm.DB) *gorm.DB { return db.Where("owner = ?", "cleo").Or("owner = ?", "ben") }
		for name, c := range map[string]struct {
			query *gorm.DB
			want  string
		}{
			"alone":                   {db.Scopes(scope), "1 2"},
			"a condition":             {db.Where("owner = ?", "ben").Scopes(scope), "2"},
			"an or before":            {db.Where("owner = ?", "cleo").Or("owner = ?", "ben").Scopes(scope), "2"},
			"an or after":             {db.Scopes(scope).Where("owner = ?", "cleo").Or("owner = ?", "ben"), "2"},
			"only an or":              {db.Scopes(scope).Or("owner = ?", "ben"), "2"},
			"an or of a later scope":  {db.Scopes(scope, search), "2"},
			"an or of another scope":  {db.Scopes(search, scope), "2"},
			"an or of every row":      {db.Scopes(scope, func(db *gorm.DB) *gorm.DB { return db.Or("1 = 1") }), "1 2"},
			"unscoped":                {db.Unscoped().Scopes(scope, search), "2"},
			"two scopes":              {db.Scopes(scope, gormstore.Scope(view, "ben", "folders", "view", gormstore.Column{Table: "files", Name: "folder"}), func(db *gorm.DB) *gorm.DB { return db.Or("1 = 1") }), "1"},
			"a group":                 {db.Where(db.Scopes(scope)).Where("owner = ?", "ana"), "1"},
			"a group or":              {db.Where(db.Scopes(scope)).Or("owner = ?", "cleo"), "1 2 4"},
			"a group or, and a scope": {db.Scopes(gormstore.Scope(view, "ben", "folders", "view", gormstore.Column{Name: "folder"})).Where(db.Scopes(scope)).Or("owner = ?", "ben"), "1 3"},
			"negated":                 {db.Not(db.Scopes(scope)), "3 4"},
			"an alias":                {db.Table("files AS f").Scopes(scope), "1 2"},
			"a subquery":              {db.Where("id IN (?)", db.Model(&file{}).Scopes(scope, search).Select("id")), "2"},
		} {
			var got []string
			err := c.query.Model(&file{}).Order("id").Pluck("id", &got).Error
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s: %q, not %q, %v", name, got, c.want, err)
			}
		}
		dry := db.Session(&gorm.Session{DryRun: true}).Scopes(scope, search).Find(&[]file{}).Statement.SQL.String()
		if strings.Count(dry, "IS NOT NULL") != 1 {
			t.Errorf("the condition stands more than once: %s", dry)
		}
		if err := db.Delete(&file{ID: "1"}).Error; err != nil {
			t.Fatal(err)
		}
		query, count, list := db.Model(&file{}).Scopes(scope, func(db *gorm.DB) *gorm.DB { return db.Where("owner = ?", "ana").Or("1 = 1") }), int64(0), []file{}
		if err := errors.Join(query.Count(&count).Error, query.Find(&list).Error); err != nil || count != 1 || len(list) != 1 || list[0].ID != "2" {
			t.Errorf("beside a deleted one: %d, %+v, %v", count, list, err)
		}
	})
}

// Updates and deletions reach only the permitted records.
func TestScopeOfWrites(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db, view := hostFiles(t, d)
		scope := gormstore.Scope(view, "ben", "files", "edit", hostColumn)
		updated := db.Model(&file{}).Scopes(scope).Where("owner = ?", "ben").Or("1 = 1").Update("owner", "eve")
		deleted := db.Scopes(scope).Where("1 = 1").Or("1 = 1").Delete(&file{})
		for name, write := range map[string]func(*gorm.DB, *file) *gorm.DB{
			"Create":          func(db *gorm.DB, f *file) *gorm.DB { return db.Create(f) },
			"Save":            func(db *gorm.DB, f *file) *gorm.DB { return db.Save(f) },
			"Save of several": func(db *gorm.DB, f *file) *gorm.DB { return db.Save([]file{*f}) },
			"an upsert":       func(db *gorm.DB, f *file) *gorm.DB { return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(f) },
			"FirstOrCreate":   func(db *gorm.DB, f *file) *gorm.DB { return db.FirstOrCreate(f) },
		} {
			for _, id := range []string{"3", "5"} { // hidden, and absent
				if err := write(db.Scopes(scope), &file{ID: id, Owner: "mallory"}).Error; err == nil {
					t.Errorf("%s of %s worked", name, id)
				}
			}
		}
		var left []string
		var owners int64
		if err := db.Model(&file{}).Where("owner = ?", "mallory").Count(&owners).Error; err != nil || owners > 0 {
			t.Errorf("%d were written over, %v", owners, err)
		}
		err := errors.Join(updated.Error, deleted.Error, db.Model(&file{}).Order("id").Pluck("id", &left).Error)
		if err != nil || updated.RowsAffected != 1 || deleted.RowsAffected != 1 || strings.Join(left, " ") != "1 3 4" {
			t.Errorf("%d updated, %d deleted, %q left, %v", updated.RowsAffected, deleted.RowsAffected, left, err)
		}
	})
}

// Whatever goes wrong, the query fails and finds nothing, also where GORM loses the error.
func TestScopeFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db, view := hostFiles(t, d)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		scope := gormstore.Scope(view, "root", "files", "view", hostColumn)
		wrong := gormstore.Scope(view, "root", "files.*", "view", hostColumn)
		for name, query := range map[string]*gorm.DB{
			"a wrong type": db.Model(&file{}).Scopes(wrong), "raw": db.Raw("SELECT id FROM files").Scopes(scope), "raw after": db.Scopes(scope).Raw("SELECT id FROM files"),
			"an ended context": db.WithContext(canceled).Model(&file{}).Scopes(scope),
			"a plugin": db.Model(&file{}).Scopes(func(db *gorm.DB) *gorm.DB {
				db.Statement.Clauses["WHERE"] = clause.Clause{Builder: func(clause.Clause, clause.Builder) {}}
				return db
			}, scope),
		} {
			var got []string
			if err := query.Pluck("id", &got).Error; err == nil || len(got) > 0 {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		var got []file
		if err := db.Where(db.Scopes(wrong)).Find(&got).Error; len(got) > 0 {
			t.Errorf("a group of a wrong type: %v, %v", got, err)
		}
		if err := db.Find(&got).Error; err != nil || len(got) != 4 {
			t.Errorf("the database after the errors: %v, %v", got, err)
		}
		for _, name := range []string{"", "id`", `id"`, "id' OR 1 = 1 --", "id) OR (1=1", "files.id", "*", "1", "id id", "id;", clause.PrimaryKey, "id\x00"} {
			for _, c := range []gormstore.Column{{Name: name}, {Table: name, Name: "id"}, {Name: name, Type: gormstore.IntegerColumn}} {
				if c.Table == "" && c.Name == "id" {
					continue // the zero of Table
				}
				var found []file
				if err := db.Scopes(gormstore.Scope(view, "ben", "files", "view", c)).Find(&found).Error; err == nil || len(found) > 0 {
					t.Errorf("the column %+v: %d found, %v", c, len(found), err)
				}
			}
		}
	})
}

// Other databases may compare otherwise.
func TestScopeOnAnotherDatabase(t *testing.T) {
	db, view := hostFiles(t, dbtest.SQLite(t))
	db.Dialector = otherDialect{db.Dialector}
	var got []file
	if err := db.Scopes(gormstore.Scope(view, "root", "files", "view", hostColumn)).Find(&got).Error; err == nil || !strings.Contains(err.Error(), "sqlserver") || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

type otherDialect struct{ gorm.Dialector }

func (otherDialect) Name() string { return "sqlserver" }

// As many ids as there may be fit into one statement, beside others of the host.
func TestScopeOfManyIDs(t *testing.T) {
	var file authz.PolicyFile
	add := func(user, object, effect string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: []string{"p", user, object, "view", effect}})
	}
	for i := range authz.MaxPermittedIDs - 1 {
		add("some", fmt.Sprint("files.", i), "allow")
		add("but", fmt.Sprint("files.", i), "deny")
		add("under", fmt.Sprintf("files.x.%d", i), "deny")
		add("under", fmt.Sprint("files.", i), "allow")
		add("wide", fmt.Sprintf("files.%d.*", i), "allow")
	}
	add("under", "files.x.*", "allow")
	add("but", "files.*", "allow")
	add("wide", "files.5", "allow")
	engine := openEngine(t, nil)
	if _, err := engine.AsCommand("test").Import(t.Context(), file, authz.ImportMerge); err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		dbtest.Exec(t, dbtest.GormPool(t, db), "CREATE TABLE things (n integer PRIMARY KEY, id varchar(100), number integer)")
		for i, id := range []string{"5", "05", "9998", "9999", "x.5", "x.5.", "x.y", "5.x"} {
			if err := db.Table("things").Create(map[string]any{"n": i, "id": id, "number": 9000 + 999*i}).Error; err != nil {
				t.Fatal(err)
			}
		}
		others := make([]int, 2000)
		for i := range others {
			others[i] = i
		}
		for user, want := range map[authz.UserID]string{"some": "5 9998", "but": "05 9999 x.5 x.5. x.y 5.x", "under": "5 9998 x.5. x.y", "wide": "5 5.x"} {
			var got []string
			err := db.Table("things").Where("n IN ?", others).Scopes(gormstore.Scope(engine.View(), user, "files", "view", hostColumn)).Order("n").Pluck("id", &got).Error
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("%s: %q, not %q, %v", user, got, want, err)
			}
		}
		for user, want := range map[authz.UserID]string{"some": "[9000]", "but": "[9999 10998 11997 12996 13995 14994 15993]"} {
			var got []int
			column := gormstore.Column{Table: "things", Name: "number", Type: gormstore.IntegerColumn}
			err := db.Table("things").Where("n IN ?", others).Scopes(gormstore.Scope(engine.View(), user, "files", "view", column)).Order("n").Pluck("number", &got).Error
			if err != nil || fmt.Sprint(got) != want {
				t.Errorf("%s, integers: %v, %v", user, got, err)
			}
		}
	})
}

// A list of few records among many is read by an index.
func TestScopeUsesAnIndex(t *testing.T) {
	db, view := hostFiles(t, dbtest.SQLite(t))
	statement := db.Session(&gorm.Session{DryRun: true}).Scopes(gormstore.Scope(view, "ben", "files", "view", hostColumn)).Find(&[]file{}).Statement
	plan := strings.Join(dbtest.Query(t, dbtest.GormPool(t, db), "EXPLAIN QUERY PLAN "+statement.SQL.String(), statement.Vars...), "\n")
	if !strings.Contains(plan, "SEARCH files USING INDEX") {
		t.Errorf("%s\n%s", plan, statement.SQL.String())
	}
}
