package api

import (
	"encoding/hex"
	"maps"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const (
	maxOrigins    = 20       // of one permission in a list
	maxShown      = 100      // items of a list inside a change or the status
	maxImpactSize = 32 << 10 // bytes of permissions in each list of gains or losses of a change
)

// plain converts a list to strings.
func plain[S ~string](list []S) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return texts
}

func itself[S ~string](s S) string { return string(s) }

func each[T, U any](list []T, show func(T) U) []U {
	shown := make([]U, len(list))
	for i, item := range list {
		shown[i] = show(item)
	}
	return shown
}

func first[T any](list []T) []T { return upTo(list, maxShown) }

// rulesOf shows the first rules of a group or user, and the number of all unless it shows all.
func rulesOf(r authz.Rules, most int) openapi.Rules {
	shown := page{limit: most}.rules(r)
	shown.NextCursor = ""
	return shown
}

// countUnlessAll returns the number of items of a list unless all of them are shown.
func countUnlessAll(count, shown int) int {
	if count == shown {
		return 0
	}
	return count
}

func ruleOf(r authz.Rule) openapi.ChangedRule {
	return openapi.ChangedRule{
		Rule: openapi.RuleKind(r.Kind), Subject: string(r.Subject), Pattern: string(r.Pattern), Group: string(r.Group),
	}
}

func actorOf(a authz.Actor) openapi.Actor {
	return openapi.Actor{Kind: openapi.ActorKind(a.Kind), ID: a.ID}
}

// effectiveUpTo shows a permission that is held, with at most so many origins.
func effectiveUpTo(most int) func(authz.PermissionExplanation) openapi.EffectivePermission {
	return func(e authz.PermissionExplanation) openapi.EffectivePermission {
		return openapi.EffectivePermission{
			Permission: string(e.Permission), Until: e.Until.Time(), Label: e.Label, Category: e.Category,
			Origins: each(upTo(e.Origins, most), originOf), OriginCount: e.OriginCount,
		}
	}
}

func originOf(o authz.Origin) openapi.Origin {
	return openapi.Origin{Rule: openapi.OriginRule(o.Rule), Pattern: string(o.Pattern), Path: plain(o.Path), Until: o.Until.Time(), BadRow: o.BadRow}
}

// membershipsOf shows the first groups that a user is directly in, and their number unless it shows all.
func membershipsOf(u authz.User, most int) (shown []openapi.Membership, count int) {
	first := upTo(u.Groups, most)
	return each(first, membershipIn(u)), countUnlessAll(len(u.Groups), len(first))
}

// membershipIn shows one group that a user is directly in.
func membershipIn(u authz.User) func(authz.GroupName) openapi.Membership {
	return func(g authz.GroupName) openapi.Membership {
		return openapi.Membership{Group: string(g), Until: u.Ends[g].Time()}
	}
}

// upTo returns the first items of a list.
func upTo[T any](list []T, most int) []T { return list[:min(len(list), most)] }

// changeOf shows a change without its impact on users.
func changeOf(c authz.Change) openapi.Change { return changeUpTo(c, maxShown) }

// changeUpTo shows a change with at most so many items in each list.
func changeUpTo(c authz.Change, most int) openapi.Change {
	added, removed := changedRulesOf(c, most)
	return openapi.Change{
		Revision: int64(c.Revision), At: c.At, Actor: actorOf(c.Actor), Channel: c.Channel, Reason: c.Reason,
		Action: string(c.Action), Target: c.Target, Hash: hex.EncodeToString(c.Hash),
		Groups: each(upTo(c.Delta.Groups, most), groupChangeOf),
		Added:  added.list, AddedCount: added.count,
		Removed: removed.list, RemovedCount: removed.count,
		LeftOut: c.LeftOut, DroppedEnds: c.DroppedEnds,
		RemovedRows: each(upTo(c.Delta.RemovedRows, most), badRowOf),
		AddedRows:   each(upTo(c.Delta.AddedRows, most), badRowOf),
		Archived:    archivedOf(c.Delta.Archived),
		Fault:       c.Fault,
	}
}

// changedRules are the first rules that a change added or removed, and their number.
type changedRules struct {
	list  []openapi.ChangedRule
	count int
}

// changedRulesOf returns what a change added and removed. A membership whose end changed is removed with the old end and
// added with the new one.
func changedRulesOf(c authz.Change, most int) (added, removed changedRules) {
	type member struct {
		user  authz.Subject
		group authz.GroupName
	}
	ends := make(map[member]authz.EndChange, len(c.Delta.Ends))
	for _, e := range c.Delta.Ends {
		ends[member{authz.Subject(e.User), e.Group}] = e
	}
	alone := maps.Clone(ends)
	show := func(rules []authz.Rule, end func(authz.EndChange) authz.Until) changedRules {
		if len(ends) > 0 {
			for _, r := range rules {
				delete(alone, member{r.Subject, r.Group})
			}
		}
		return changedRules{each(upTo(rules, most), func(r authz.Rule) openapi.ChangedRule {
			shown := ruleOf(r)
			shown.Until = end(ends[member{r.Subject, r.Group}]).Time()
			return shown
		}), len(rules)}
	}
	before := func(e authz.EndChange) authz.Until { return e.Before }
	after := func(e authz.EndChange) authz.Until { return e.After }
	added, removed = show(c.Delta.Added, after), show(c.Delta.Removed, before)
	if c.Action == authz.ActionUserDelete || c.Action == authz.ActionGroupDelete {
		return added, removed // the ends of memberships that were gone before
	}
	for _, e := range c.Delta.Ends {
		if _, is := alone[member{authz.Subject(e.User), e.Group}]; is {
			added.add(e, e.After, most)
			removed.add(e, e.Before, most)
		}
	}
	return added, removed
}

func (c *changedRules) add(e authz.EndChange, until authz.Until, most int) {
	if c.count++; len(c.list) < most {
		c.list = append(c.list, openapi.ChangedRule{
			Rule: openapi.RuleKindMember, Subject: string(e.User), Group: string(e.Group), Until: until.Time(),
		})
	}
}

func archivedOf(a *authz.Archived) openapi.Archived {
	if a == nil {
		return openapi.Archived{}
	}
	return openapi.Archived{
		From: int64(a.From), Through: int64(a.Through), Hash: hex.EncodeToString(a.Hash), Digest: hex.EncodeToString(a.Digest),
	}
}

func groupChangeOf(g authz.GroupChange) openapi.GroupChange {
	return openapi.GroupChange{Before: infoOf(g.Before), After: infoOf(g.After)}
}

func infoOf(g *authz.GroupInfo) *openapi.GroupDescription {
	if g == nil {
		return nil
	}
	return &openapi.GroupDescription{Name: string(g.Name), Description: g.Description}
}

// addImpact adds what users gain and lose by a change.
func addImpact(c *openapi.Change, im *authz.Impact) {
	c.Gains, c.GainCount = gainsOf(im.Gains), &im.GainCount
	c.Losses, c.LossCount = gainsOf(im.Losses), &im.LossCount
	c.GainSets, c.GainSetCount = impactSetsOf(im.GainSets), &im.GainSetCount
	c.LossSets, c.LossSetCount = impactSetsOf(im.LossSets), &im.LossSetCount
	c.ReversibleBy = openapi.ChangeReversibleBySelf
	if im.RevertNeedsAdministrators {
		c.ReversibleBy = openapi.ChangeReversibleByAdministrators
	}
}

func gainsOf(list []authz.UserImpact) []openapi.Gain {
	room := maxImpactSize
	return each(list, func(u authz.UserImpact) openapi.Gain {
		shown := permissionsWithin(&room, u.Permissions)
		return openapi.Gain{User: string(u.User), Permissions: shown, PermissionCount: countUnlessAll(len(u.Permissions), len(shown))}
	})
}

func impactSetsOf(list []authz.ImpactSet) []openapi.ImpactSet {
	room := maxImpactSize
	return each(list, func(s authz.ImpactSet) openapi.ImpactSet {
		shown := permissionsWithin(&room, s.Permissions)
		return openapi.ImpactSet{
			Permissions: shown, PermissionCount: countUnlessAll(len(s.Permissions), len(shown)),
			Users: plain(s.Users), UserCount: s.UserCount,
		}
	})
}

// permissionsWithin returns the first 100 permissions, and takes their size from the room. If there is too little, it
// returns none, except to the first that asks.
func permissionsWithin(room *int, list []authz.Permission) []string {
	shown, isFirst := plain(first(list)), *room == maxImpactSize
	if *room -= sizeOf(shown); *room < 0 && !isFirst {
		return []string{}
	}
	return shown
}
