package mysql_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/mysql"
	"gorm.io/gorm"
)

// Connections that turn what they can't carry into question marks, and cut what is too long,
// would let one name become another.
func TestConnectionsThatAlterValuesAreRefused(t *testing.T) {
	for setting, want := range map[string]string{
		"charset=utf8mb3": "utf8mb4", "charset=latin1": "utf8mb4", "sql_mode=%27%27": "strict mode",
		"autocommit=0": "autocommit",
	} {
		t.Run(setting, func(t *testing.T) {
			d := dbtest.MySQL(t)
			d.DSN += "&" + setting
			_, err := mysql.New(t.Context(), d.Host(t, gorm.Config{}), gormstore.Options{})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

// A table that takes Ana for ana, or that keeps half of a commit, is no policy table.
func TestTablesThatCantKeepAPolicyAreRefused(t *testing.T) {
	for statement, want := range map[string]string{
		"ALTER TABLE casbin_rule CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci":             "7 columns of casbin_rule may take different names for the same; run ALTER TABLE casbin_rule",
		"ALTER TABLE casbin_rule MODIFY v1 varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci": "1 columns of casbin_rule",
		"ALTER TABLE casbin_rule DROP INDEX idx_casbin_rule, ENGINE=MyISAM":                               "MyISAM, which knows no transactions",
	} {
		t.Run(want, func(t *testing.T) {
			d := dbtest.MySQL(t)
			dbtest.Exec(t, dbtest.StorePool(d.Open(t, gormstore.Options{})), statement)
			_, err := mysql.Open(t.Context(), d.Address, gormstore.Options{})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}
