package gormstore

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// pruning finds and deletes the rows of a table that are out of bounds. What is to go is looked for without a lock and
// deleted by its id: of two instances that do so at once, one finds it gone.
type pruning struct {
	store     *Store
	ctx       context.Context //nolint:containedctx // of one call
	table     string
	condition string // what counts against the bounds
	newest    string // the order in which the first rows are kept
}

// ids reads the ids of the rows that the rest of a statement selects.
func (p pruning) ids(rest string, args ...any) (ids []string, err error) {
	if err = p.store.db.WithContext(p.ctx).Raw("SELECT id FROM "+p.table+" "+rest, args...).Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("look for old rows of %s: %w", p.table, err)
	}
	return ids, nil
}

// excess returns at most so many rows that are one too many.
func (p pruning) excess(keep, most int) ([]string, error) {
	return p.ids("WHERE "+p.condition+p.newest+" LIMIT ? OFFSET ?", most, keep)
}

// excessOfUsers returns at most so many rows that are one too many of their users'.
func (p pruning) excessOfUsers(keep, most int) (ids []string, err error) {
	var users []string
	err = p.store.db.WithContext(p.ctx).Raw("SELECT user_id FROM "+p.table+" WHERE "+p.condition+" GROUP BY user_id HAVING COUNT(*) > ?", keep).Scan(&users).Error
	if err != nil {
		return nil, fmt.Errorf("count the rows of each user in %s: %w", p.table, err)
	}
	for _, user := range users {
		more, err := p.ids("WHERE user_id = ? AND "+p.condition+p.newest+" LIMIT ? OFFSET ?", user, most-len(ids), keep)
		if err != nil {
			return nil, err
		}
		if ids = append(ids, more...); len(ids) >= most {
			break
		}
	}
	return ids, nil
}

// run deletes at most so many rows that the finders return, one finder after the other, and returns how many.
func (p pruning) run(limit int, finders ...func(most int) ([]string, error)) (deleted int, err error) {
	for _, find := range finders {
		ids, err := find(limit - deleted)
		if err != nil {
			return deleted, err
		}
		if err := p.delete(ids); err != nil {
			return deleted, err
		}
		if deleted += len(ids); deleted >= limit {
			break
		}
	}
	return deleted, nil
}

// delete deletes in order of the ids, as every instance does: instances that delete the same rows then wait for each other
// instead of deadlocking. The indexes have orders of their own, so MySQL may still give up one of them, which tries again.
func (p pruning) delete(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	ids = slices.Sorted(slices.Values(ids))
	return p.store.writing(p.ctx, func(tx *gorm.DB) error { return deleteKeys(tx, p.table, "id", ids) })
}
