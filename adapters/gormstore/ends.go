package gormstore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// ends reads when memberships end.
func (s *Store) ends(tx *gorm.DB) ([]authz.MembershipEnd, error) {
	rows, err := tx.Raw("SELECT user_id, group_name, until FROM " + s.tables.Memberships).Rows()
	if err != nil {
		return nil, fmt.Errorf("read the ends of memberships: %w", err)
	}
	defer rows.Close()
	var list []authz.MembershipEnd
	for rows.Next() {
		var e authz.MembershipEnd
		if err := rows.Scan(&e.User, &e.Group, or(&e.Until, ended)); err != nil {
			return nil, fmt.Errorf("read the end of a membership: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the ends of memberships: %w", err)
	}
	return list, nil
}

// renameEnds moves the ends of a group to its new name, where they replace what stands there.
func (s *Store) renameEnds(tx *gorm.DB, rename authz.Rename) error {
	from, to := string(rename.From), string(rename.To)
	if from == to {
		return nil
	}
	// MySQL reads the table from which it deletes only through a derived table.
	err := tx.Exec(s.tables.In(`DELETE FROM {memberships} WHERE group_name = ? AND user_id IN
		(SELECT user_id FROM (SELECT user_id FROM {memberships} WHERE group_name = ?) AS renamed)`), to, from).Error
	if err != nil {
		return fmt.Errorf("replace the ends of memberships: %w", err)
	}
	err = tx.Exec(s.tables.In("UPDATE {memberships} SET group_name = ? WHERE group_name = ?"), to, from).Error
	if err != nil {
		return fmt.Errorf("rename the group of ends of memberships: %w", err)
	}
	return nil
}

// writeEnds sets and deletes ends.
func (s *Store) writeEnds(tx *gorm.DB, c authz.Commit) error {
	var set [][]any
	var deleted []authz.MembershipEnd
	for _, e := range c.Ends {
		if e.Until == 0 {
			deleted = append(deleted, e)
		} else {
			set = append(set, []any{string(e.Group), string(e.User), int64(e.Until)})
		}
	}
	if err := s.deleteEnds(tx, deleted); err != nil {
		return err
	}
	return s.put(tx, s.tables.Memberships, "group_name, user_id", []string{"until"}, slices.Values(set))
}

// deleteEnds deletes ends, each of which must be in the table.
func (s *Store) deleteEnds(tx *gorm.DB, ends []authz.MembershipEnd) error {
	slices.SortFunc(ends, func(a, b authz.MembershipEnd) int { return cmp.Compare(a.Group, b.Group) })
	for some := range slices.Chunk(ends, idBatch) {
		condition, args := anyEnd(some)
		done := tx.Exec("DELETE FROM "+s.tables.Memberships+" WHERE "+condition, args...)
		if err := checkCount(done, len(some)); err != nil {
			return fmt.Errorf("delete ends of memberships: %w", err)
		}
	}
	return nil
}

// anyEnd returns a condition for ends that are sorted by group. It names each group once: PostgreSQL would rather read
// all ends of a group than look for each of a list of alternatives.
func anyEnd(ends []authz.MembershipEnd) (string, []any) {
	var groups []string
	var args []any
	for len(ends) > 0 {
		group := ends[0].Group
		n := slices.IndexFunc(ends, func(e authz.MembershipEnd) bool { return e.Group != group })
		if n < 0 {
			n = len(ends)
		}
		users := make([]string, n)
		for i, e := range ends[:n] {
			users[i] = string(e.User)
		}
		groups = append(groups, "(group_name = ? AND user_id IN ?)")
		args = append(args, string(group), users)
		ends = ends[n:]
	}
	return strings.Join(groups, " OR "), args
}
