package fromcasbin

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
)

// policyOf opens the policy of one domain, in tables that have the domain's name as their prefix. At first it copies the
// domain's rows out of the old table, without their domain. The old table stays as it is.
func policyOf(ctx context.Context, db *gorm.DB, domain string) (*authz.Engine, error) {
	rows, err := gormstore.TablesOf("old_" + domain) // checks that the name can be a prefix
	if err != nil {
		return nil, err
	}
	err = db.WithContext(ctx).Exec("CREATE TABLE IF NOT EXISTS "+rows.Rules+` AS
		SELECT id, ptype, v0, v2 AS v1, v3 AS v2, '' AS v3, '' AS v4, '' AS v5 FROM casbin_rule WHERE ptype = 'p' AND v1 = ?
		UNION ALL
		SELECT id, ptype, v0, v1, '', '', '', '' FROM casbin_rule WHERE ptype = 'g' AND v2 = ?`, domain, domain).Error
	if err != nil {
		return nil, fmt.Errorf("copy the rows of %s: %w", domain, err)
	}
	from, err := sqlite.New(ctx, db, gormstore.Options{Prefix: "old_" + domain})
	if err != nil {
		return nil, err
	}
	store, err := sqlite.New(ctx, db, gormstore.Options{Prefix: domain})
	if err != nil {
		return nil, err
	}
	return authz.Open(ctx, store, authz.Options{Adopt: &authz.AdoptOptions{From: from, Reason: "the rows of the domain " + domain}})
}
