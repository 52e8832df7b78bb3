package gormstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// usageColumns are those of the table of uses, as scanned.
const usageColumns = "user_id, permission, day"

// AddUses implements [authz.UsageStore]. The uses are written in the order of their keys, as every instance does, so
// that two that write the same wait for each other instead of deadlocking.
func (s *Store) AddUses(ctx context.Context, uses []authz.Use) (err error) {
	defer s.judge(&err)
	uses = slices.SortedFunc(slices.Values(uses), compareUses)
	return s.writing(ctx, func(tx *gorm.DB) error { return s.writeUses(tx, uses) })
}

// writeUses writes uses in order.
func (s *Store) writeUses(tx *gorm.DB, uses []authz.Use) error {
	rows := func(yield func([]any) bool) {
		for _, u := range uses {
			if !yield([]any{string(u.User), string(u.Permission), int64(u.Day)}) {
				return
			}
		}
	}
	return insertOr(tx, s.tables.Usage, usageColumns, rows, " "+s.dialect.Raise(s.tables.Usage, "user_id, permission", "day"))
}

func compareUses(a, b authz.Use) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Permission, b.Permission))
}

// Uses implements [authz.UsageStore].
func (s *Store) Uses(ctx context.Context, users []authz.UserID, each func(authz.Use) error) (err error) {
	defer s.judge(&err)
	for some := range slices.Chunk(users, idBatch) {
		ids := make([]string, len(some))
		for i, user := range some {
			ids[i] = string(user)
		}
		err := eachUse(s.db.WithContext(ctx), s.tables.Usage+" WHERE user_id IN ?", []any{ids}, each)
		if err != nil {
			return err
		}
	}
	return nil
}

// eachUse calls each with the uses that the rest of a statement selects.
func eachUse(tx *gorm.DB, rest string, args []any, each func(authz.Use) error) error {
	rows, err := tx.Raw("SELECT "+usageColumns+" FROM "+rest, args...).Rows()
	if err != nil {
		return fmt.Errorf("read the uses: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var u authz.Use
		if err := rows.Scan(&u.User, &u.Permission, or(&u.Day, 0)); err != nil {
			return fmt.Errorf("read a use: %w", err)
		}
		if err := each(u); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the uses: %w", err)
	}
	return nil
}

// UsagePeriod implements [authz.UsageStore].
func (s *Store) UsagePeriod(ctx context.Context) (p authz.UsagePeriod, err error) {
	err = s.db.WithContext(ctx).Raw("SELECT usage_since, usage_until FROM "+s.tables.State+" WHERE id = 1").Row().Scan(&p.Since, &p.Until)
	if err != nil {
		err = fmt.Errorf("read the period of usage: %w", err)
	}
	return p, err
}

// ExtendUsage implements [authz.UsageStore]. MySQL sets the columns one after the other, and sees the new value of the
// first when it sets the second.
func (s *Store) ExtendUsage(ctx context.Context, day authz.Day) error {
	return s.writing(ctx, func(tx *gorm.DB) error {
		err := tx.Exec("UPDATE "+s.tables.State+" SET usage_since = CASE WHEN usage_until < ? THEN ? ELSE usage_since END, "+
			"usage_until = CASE WHEN usage_until < ? THEN ? ELSE usage_until END WHERE id = 1", day-1, day, day, day).Error
		if err != nil {
			return fmt.Errorf("extend the period of usage: %w", err)
		}
		return nil
	})
}

// PruneUses implements [authz.UsageStore]. What is to go is looked for without a lock. Of two instances that delete the
// same, one finds it gone.
func (s *Store) PruneUses(ctx context.Context, keep authz.UsageBounds, limit int) (deleted int, err error) {
	for _, prune := range []func(most int) (int, error){
		func(most int) (int, error) {
			return s.pruneEarliest(ctx, "WHERE day < ? ORDER BY day, user_id, permission LIMIT ?", keep.Since, most)
		},
		func(most int) (int, error) { return s.pruneUsers(ctx, keep.CountOfUser, most) },
		func(most int) (int, error) { return s.pruneExcess(ctx, keep.Count, most) },
	} {
		n, err := prune(limit - deleted)
		if deleted += n; err != nil || deleted >= limit {
			return deleted, err
		}
	}
	return deleted, nil
}

// pruneEarliest deletes the uses that the rest of a statement selects, and lets the period begin on the last of their
// days.
func (s *Store) pruneEarliest(ctx context.Context, rest string, args ...any) (int, error) {
	uses, err := s.uses(ctx, rest, args...)
	if err != nil || len(uses) == 0 {
		return 0, err
	}
	last := uses[len(uses)-1].Day
	return len(uses), s.writing(ctx, func(tx *gorm.DB) error {
		if err := s.deleteUses(tx, uses); err != nil {
			return err
		}
		// Last, because commits wait while this row is being changed.
		err := tx.Exec("UPDATE "+s.tables.State+" SET usage_since = ? WHERE id = 1 AND usage_since < ?", last, last).Error
		if err != nil {
			return fmt.Errorf("shorten the period of usage: %w", err)
		}
		return nil
	})
}

// pruneExcess deletes the earliest uses if there are more than the store keeps.
func (s *Store) pruneExcess(ctx context.Context, keep, most int) (int, error) {
	var count int
	if err := s.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM " + s.tables.Usage).Row().Scan(&count); err != nil {
		return 0, fmt.Errorf("count the uses: %w", err)
	}
	if count <= keep {
		return 0, nil
	}
	return s.pruneEarliest(ctx, "ORDER BY day, user_id, permission LIMIT ?", min(count-keep, most))
}

// pruneUsers deletes the earliest uses of users who have too many, and notes of each user up to which day.
func (s *Store) pruneUsers(ctx context.Context, keep, most int) (int, error) {
	var users []struct {
		UserID string
		Excess int
	}
	err := s.db.WithContext(ctx).Raw("SELECT user_id, COUNT(*) - ? AS excess FROM "+s.tables.Usage+
		" WHERE permission <> '' GROUP BY user_id HAVING COUNT(*) > ? ORDER BY user_id", keep, keep).Scan(&users).Error
	if err != nil {
		return 0, fmt.Errorf("count the uses of each user: %w", err)
	}
	var list, notes []authz.Use
	for _, of := range users {
		uses, err := s.uses(ctx, "WHERE user_id = ? AND permission <> '' ORDER BY day, permission LIMIT ?", of.UserID, min(of.Excess, most-len(list)))
		if err != nil {
			return 0, err
		}
		if len(uses) > 0 {
			list, notes = append(list, uses...), append(notes, authz.Use{User: authz.UserID(of.UserID), Day: uses[len(uses)-1].Day})
		}
		if len(list) >= most {
			break
		}
	}
	return len(list), s.writing(ctx, func(tx *gorm.DB) error {
		if err := s.deleteUses(tx, list); err != nil {
			return err
		}
		return s.writeUses(tx, notes)
	})
}

// uses reads those that the rest of a statement selects.
func (s *Store) uses(ctx context.Context, rest string, args ...any) (list []authz.Use, err error) {
	err = eachUse(s.db.WithContext(ctx), s.tables.Usage+" "+rest, args, func(u authz.Use) error {
		list = append(list, u)
		return nil
	})
	return list, err
}

// deleteUses deletes uses, but none that is of a later day by now.
func (s *Store) deleteUses(tx *gorm.DB, uses []authz.Use) error {
	uses = slices.SortedFunc(slices.Values(uses), compareUses)
	for some := range slices.Chunk(uses, batch) {
		keys := make([][]any, len(some))
		latest := authz.Day(0)
		for i, u := range some {
			keys[i], latest = []any{string(u.User), string(u.Permission)}, max(latest, u.Day)
		}
		if err := tx.Exec("DELETE FROM "+s.tables.Usage+" WHERE (user_id, permission) IN ? AND day <= ?", keys, latest).Error; err != nil {
			return fmt.Errorf("delete from %s: %w", s.tables.Usage, err)
		}
	}
	return nil
}
