package api

import (
	"encoding/hex"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const (
	maxShown            = 100 // items of a list inside a change or the status
	maxOriginsListed    = 20  // origins of each permission or subject in a list
	maxOriginsExplained = 100 // origins of each permission in an explanation
)

// plain converts a list to strings.
func plain[S ~string](list []S) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return texts
}

func each[T, U any](list []T, show func(T) U) []U {
	shown := make([]U, len(list))
	for i, item := range list {
		shown[i] = show(item)
	}
	return shown
}

func first[T any](list []T) []T { return list[:min(len(list), maxShown)] }

func rulesOf(r authz.Rules) openapi.Rules {
	return openapi.Rules{Grants: plain(r.Grants), Restrictions: plain(r.Restrictions)}
}

func ruleOf(r authz.Rule) openapi.ChangedRule {
	return openapi.ChangedRule{
		Rule: openapi.RuleKind(r.Kind), Subject: string(r.Subject), Pattern: string(r.Pattern), Group: string(r.Group),
	}
}

func actorOf(a authz.Actor) openapi.Actor {
	return openapi.Actor{Kind: openapi.ActorKind(a.Kind), ID: a.ID}
}

func effectiveOf(x authz.Explanation) openapi.Effective {
	return each(x.Permissions, func(e authz.PermissionExplanation) openapi.EffectivePermission {
		return openapi.EffectivePermission{
			Permission: string(e.Permission), Label: e.Label, Category: e.Category,
			Origins: originsOf(e.Origins, maxOriginsListed), OriginCount: len(e.Origins),
		}
	})
}

// originsOf shows at most so many origins, in their order. Where there are more, half of the places
// are kept for restrictions: they decide, and many grants must not hide them.
func originsOf(list []authz.Origin, most int) []openapi.Origin {
	if len(list) > most {
		list = cutOrigins(list, most)
	}
	return each(list, originOf)
}

func cutOrigins(list []authz.Origin, most int) []authz.Origin {
	left := map[authz.RuleKind]int{} // places for origins of each kind
	for _, o := range list {
		left[o.Rule]++
	}
	left[authz.KindRestriction] = min(left[authz.KindRestriction], max(most/2, most-left[authz.KindGrant]))
	left[authz.KindGrant] = most - left[authz.KindRestriction]
	shown := make([]authz.Origin, 0, most)
	for _, o := range list {
		if left[o.Rule] > 0 {
			left[o.Rule]--
			shown = append(shown, o)
		}
	}
	return shown
}

func originOf(o authz.Origin) openapi.Origin {
	return openapi.Origin{Rule: openapi.OriginRule(o.Rule), Pattern: string(o.Pattern), Path: plain(o.Path), BadRow: o.BadRow}
}

// membershipsOf shows the groups that a user is directly in.
func membershipsOf(groups []authz.GroupName) []openapi.Membership {
	return each(groups, func(g authz.GroupName) openapi.Membership { return openapi.Membership{Group: string(g)} })
}

// changeOf shows a change without its impact on users.
func changeOf(c authz.Change) openapi.Change {
	return openapi.Change{
		Revision: int64(c.Revision), At: c.At, Actor: actorOf(c.Actor), Channel: c.Channel, Reason: c.Reason,
		Action: string(c.Action), Target: c.Target, Hash: hex.EncodeToString(c.Hash),
		Groups:     each(first(c.Delta.Groups), groupChangeOf),
		Added:      each(first(c.Delta.Added), ruleOf),
		Removed:    each(first(c.Delta.Removed), ruleOf),
		AddedCount: len(c.Delta.Added), RemovedCount: len(c.Delta.Removed),
		RemovedRows: each(first(c.Delta.RemovedRows), badRowOf),
		AddedRows:   each(first(c.Delta.AddedRows), badRowOf),
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
	gain := func(u authz.UserImpact) openapi.Gain {
		return openapi.Gain{User: string(u.User), Permissions: plain(u.Permissions)}
	}
	c.Gains, c.GainCount = each(im.Gains, gain), &im.GainCount
	c.Losses, c.LossCount = each(im.Losses, gain), &im.LossCount
	c.ReversibleBy = openapi.ChangeReversibleBySelf
	if im.RevertNeedsAdministrators {
		c.ReversibleBy = openapi.ChangeReversibleByAdministrators
	}
}
