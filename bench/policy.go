package main

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
)

// action is the only action in the policies.
const action = "view"

// policy is what every contestant loads. It stores only the names of groups and generates rules and
// members while a contestant reads them, so that the measured heap belongs to the contestant alone.
//
// Each user is in two groups. Each group has permissions that no other group has: it grants all of
// them and restricts the first. The group Administrators, which the model requires, holds every
// permission and has no members.
type policy struct {
	name                  string
	groups, rules, users  int
	ids                   string // one of userIDs
	wildcards             bool   // each group has a rule with a wildcard as well
	groupNames, areaNames []string
}

// userIDs are the kinds of user ids: "user17", and UUIDs, which are long and have nothing in common.
var userIDs = []string{"short", "uuid"}

func newPolicy(name string, groups, rules, users int) policy {
	p := policy{name: name, groups: groups, rules: rules, users: users, ids: userIDs[0]}
	for g := range groups {
		p.groupNames = append(p.groupNames, fmt.Sprintf("Group %d", g))
		p.areaNames = append(p.areaNames, fmt.Sprintf("area%d", g))
	}
	return p
}

// sizes are the sizes to choose from, in the order in which they are measured.
var sizes = []string{"S", "M", "L"}

func sized(name string) policy {
	switch name {
	case "S":
		return newPolicy(name, 10, 200, 1_000)
	case "M":
		return newPolicy(name, 100, 10_000, 100_000)
	default:
		return newPolicy(name, 1_000, 100_000, 1_000_000)
	}
}

func (p policy) withIDs(kind string) policy {
	p.ids = kind
	return p
}

func (p policy) withWildcards() policy {
	p.wildcards = true
	return p
}

// parts is how many permissions a group has. A grant for each and one restriction make up the
// group's share of the rules.
func (p policy) parts() int { return p.rules/p.groups - 1 }

func (p policy) user(u int) string {
	if p.ids == userIDs[0] {
		return "user" + strconv.Itoa(u)
	}
	var id [16]byte // a UUID of version 8 (RFC 9562): numbers without order, but the same on each run
	binary.BigEndian.PutUint64(id[:8], scattered(uint64(u)))
	binary.BigEndian.PutUint64(id[8:], scattered(^uint64(u)))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// scattered returns numbers that look random (SplitMix64).
func scattered(n uint64) uint64 {
	n = (n + 1) * 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// groupsOf returns the numbers of the groups that a user is in.
func (p policy) groupsOf(u int) [2]int { return [2]int{u % p.groups, (u + 1) % p.groups} }

func (p policy) object(group, part int) string {
	return p.areaNames[group] + ".part" + strconv.Itoa(part)
}

func (p policy) permission(group, part int) string { return p.object(group, part) + ":" + action }

// restricted reports whether a group restricts what its rule grants.
func (p policy) restricted(part int) bool { return part == 0 }

// rows yields the policy as rows of Casbin's table, each with its type first. The caller may keep
// the slices.
func (p policy) rows() iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		_ = yield([]string{"p", "group:Administrators", "*", "*", "allow"}) && p.ruleRows(yield) && p.memberRows(yield)
	}
}

func (p policy) ruleRows(yield func([]string) bool) bool {
	for g, name := range p.groupNames {
		subject := "group:" + name
		for part := range p.parts() {
			object := p.object(g, part)
			if !yield([]string{"p", subject, object, action, "allow"}) {
				return false
			}
			if p.restricted(part) && !yield([]string{"p", subject, object, action, "deny"}) {
				return false
			}
		}
		if p.wildcards && !yield([]string{"p", subject, "wild" + p.areaNames[g] + ".*", action, "allow"}) {
			return false
		}
	}
	return true
}

func (p policy) memberRows(yield func([]string) bool) bool {
	groups := make([]string, p.groups)
	for g, name := range p.groupNames {
		groups[g] = "group:" + name
	}
	for u := range p.users {
		user := p.user(u)
		for _, g := range p.groupsOf(u) {
			if !yield([]string{"g", user, groups[g]}) {
				return false
			}
		}
	}
	return true
}
