package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// PermittedIDs are the ids of records that a user may do an action to: all but those of Except, or only those of Only
// that aren't in Except. The zero value permits none. Get them from [View.Permitted].
type PermittedIDs struct {
	All    bool  // every id that isn't in Except; Only is empty then
	Only   IDSet // the ids if All is false
	Except IDSet // the ids that are denied all the same; empty if All is false and Only has no prefixes
}

// IDSet is a set of ids: those listed, and those that begin with a prefix. Both lists are sorted by bytes, without
// duplicates.
type IDSet struct {
	IDs []string
	// Prefixes end with "." or "/". They come from rules such as "files.a.*:view" about records of the type "files".
	// An id without these two characters has none of them, so skip them if your ids are numbers or UUIDs.
	Prefixes []string
}

// MaxPermittedIDs is how many ids and prefixes together an [IDSet] of [View.Permitted] has at most.
const MaxPermittedIDs = 10_000

// Has reports whether the user may do the action to the record with an id.
func (p PermittedIDs) Has(id string) bool {
	return (p.All || p.Only.has(id)) && !p.Except.has(id)
}

// None reports whether the user may do the action to no record at all.
func (p PermittedIDs) None() bool { return !p.All && p.Only.isEmpty() }

func (s IDSet) isEmpty() bool { return len(s.IDs)+len(s.Prefixes) == 0 }

func (s IDSet) has(id string) bool {
	_, found := slices.BinarySearch(s.IDs, id)
	return found || s.hasPrefixOf(id)
}

// hasPrefixOf reports whether a text begins with one of the prefixes.
func (s IDSet) hasPrefixOf(text string) bool {
	if len(s.Prefixes) == 0 {
		return false
	}
	for i := range len(text) {
		if text[i] != '.' && text[i] != '/' {
			continue
		}
		if _, found := slices.BinarySearch(s.Prefixes, text[:i+1]); found {
			return true
		}
	}
	return false
}

// Permitted returns which records of a type the user may do an action to, so that a list can be one query and not a
// decision for each row. The permission for one record is "TYPE.ID:action", or "TYPE" + "ID:action" if the type ends
// with "/", as in "/orders/17:GET". [PermittedIDs.Has] equals [View.Can] of that permission for every id, whatever
// characters it has; [View.Explain] of it says why a record is in the list or isn't.
//
// Rules about the type itself don't count: "clients.profiles:view" permits no record, and a restriction on it denies
// none. "clients.profiles.*:view" is about all of them. [View.Permits] and AuthZEN read both together.
//
// The error is [ErrInvalid] if "TYPE:action" can't be a permission, and [ErrTooManyIDs] if grants name more than
// [MaxPermittedIDs] of the records, or restrictions more than that where a pattern grants them. With an error, no record
// is permitted.
//
// It reads memory alone. Its cost follows the rules of the user and of their groups about records of the type, and the
// number of groups that they are in or inherit, not the size of the policy. It stops when ctx ends.
func (v *View) Permitted(ctx context.Context, user UserID, recordType, action string) (PermittedIDs, error) {
	if err := checkRecordPermission(recordType, action); err != nil {
		return PermittedIDs{}, err
	}
	u := v.s.user(user)
	if u == nil || v.expired {
		return PermittedIDs{}, nil
	}
	c := idCollector{v.s, u, newPace(ctx), recordPrefix(recordType), action}
	permitted, err := c.permitted()
	if err != nil {
		return PermittedIDs{}, err
	}
	return permitted, nil
}

// checkRecordPermission returns an error unless a catalog could declare the action on the type.
func checkRecordPermission(recordType, action string) error {
	p := Permission(recordType + ":" + action)
	err := p.Check()
	if err == nil && strings.Contains(action, ":") {
		err = errors.New(`has an action that contains ":"`)
	}
	if err != nil {
		return invalid(ErrInvalid, []Fault{{Detail: fmt.Sprintf("the permission %q %v", clip(string(p)), err)}})
	}
	return nil
}

// idCollector collects the ids that the rules of a user and their groups are about.
type idCollector struct {
	s      *snapshot
	u      *user
	pace   *pace
	prefix string // of the objects
	action string
}

// unnamed is an id that no rule can name, so that what covers it covers every id.
const unnamed = "\x00"

func (c *idCollector) permission(id string) Permission {
	return Permission(c.prefix + id + ":" + c.action)
}

func (c *idCollector) permitted() (PermittedIDs, error) {
	all := c.s.effectFor(c.u, c.permission(unnamed))
	unrestricted := c.u.in(c.s.administrators) // as in [snapshot.verdict]
	switch {
	case all&restricted != 0 && !unrestricted:
		return PermittedIDs{}, nil
	case all&granted == 0:
		return c.only(unrestricted)
	case unrestricted:
		return PermittedIDs{All: true}, nil
	}
	except, err := c.collect(KindRestriction, func(string, bool) bool { return true })
	return PermittedIDs{All: true, Except: except}, err
}

// only returns the ids that grants name and no restriction denies.
func (c *idCollector) only(unrestricted bool) (PermittedIDs, error) {
	only, err := c.collect(KindGrant, func(string, bool) bool { return true })
	if err != nil || unrestricted {
		return PermittedIDs{Only: only}, err
	}
	except, err := c.collect(KindRestriction, only.overlaps)
	only.IDs = slices.DeleteFunc(only.IDs, except.has)
	only.Prefixes = slices.DeleteFunc(only.Prefixes, except.hasPrefixOf)
	listed := func(id string) bool { return !only.hasPrefixOf(id) } // their absence says it
	except.IDs, except.Prefixes = slices.DeleteFunc(except.IDs, listed), slices.DeleteFunc(except.Prefixes, listed)
	return PermittedIDs{Only: only, Except: except}, err
}

// overlaps reports whether an id is in the set, or an id with a prefix can be.
func (s IDSet) overlaps(id string, isPrefix bool) bool {
	if !isPrefix {
		return s.has(id)
	}
	under := func(list []string) bool {
		at, _ := slices.BinarySearch(list, id)
		return at < len(list) && strings.HasPrefix(list[at], id)
	}
	return s.hasPrefixOf(id) || under(s.IDs) || under(s.Prefixes)
}

// collect returns the ids and prefixes that rules of a kind name and that are wanted.
func (c *idCollector) collect(kind RuleKind, wanted func(id string, isPrefix bool) bool) (set IDSet, err error) {
	for rules := range c.s.ruleSetsOf(c.u) {
		list := rules.patterns(kind)
		at, _ := slices.BinarySearch(list, Pattern(c.prefix))
		for _, p := range list[at:] {
			if !strings.HasPrefix(string(p), c.prefix) {
				break
			}
			if err := c.pace.canceled(); err != nil {
				return IDSet{}, err
			}
			t := p.target()
			id, isRecord := strings.CutPrefix(t.object, c.prefix)
			if isRecord && (t.action == c.action || t.action == "*") && wanted(id, t.below) && !set.add(id, t.below) {
				return IDSet{}, c.tooMany()
			}
		}
		if err := c.pace.canceled(); err != nil {
			return IDSet{}, err
		}
	}
	if !set.compact() {
		return IDSet{}, c.tooMany()
	}
	return set, nil
}

// add adds an id or a prefix, and returns false if there are too many. Many groups may name the same, so it takes twice
// as many before it compares them.
func (s *IDSet) add(id string, isPrefix bool) bool {
	if isPrefix {
		s.Prefixes = append(s.Prefixes, id)
	} else {
		s.IDs = append(s.IDs, id)
	}
	return len(s.IDs)+len(s.Prefixes) <= 2*MaxPermittedIDs || s.compact()
}

// compact sorts the lists and removes duplicates. It returns false if there are too many ids and prefixes.
func (s *IDSet) compact() bool {
	slices.Sort(s.IDs)
	slices.Sort(s.Prefixes)
	s.IDs, s.Prefixes = slices.Compact(s.IDs), slices.Compact(s.Prefixes)
	return len(s.IDs)+len(s.Prefixes) <= MaxPermittedIDs
}

func (c *idCollector) tooMany() error {
	return fmt.Errorf("%w: more than %d match %q; grant them by a pattern, or keep in your own tables who may see which",
		ErrTooManyIDs, MaxPermittedIDs, clip(string(c.permission("*"))))
}
