package api

import (
	"encoding/hex"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxShown is how many items a list inside of a change or of the status names.
const maxShown = 100

// plain returns a list as strings.
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
		Rule: openapi.RuleKind(r.Kind), Holder: string(r.Subject), Pattern: string(r.Pattern), Group: string(r.Group),
	}
}

func actorOf(a authz.Actor) openapi.Actor {
	return openapi.Actor{Kind: openapi.ActorKind(a.Kind), ID: a.ID}
}

func effectiveOf(x authz.Explanation) openapi.Effective {
	return each(x.Permissions, func(e authz.PermissionExplanation) openapi.EffectivePermission {
		return openapi.EffectivePermission{
			Permission: string(e.Permission), Label: e.Label, Category: e.Category, Because: each(e.Origins, becauseOf),
		}
	})
}

func becauseOf(b authz.Origin) openapi.Because {
	return openapi.Because{Rule: openapi.BecauseRule(b.Rule), Pattern: string(b.Pattern), Path: plain(b.Path), BadRow: b.BadRow}
}

// changeOf shows a change, without what it does to people.
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

// addImpact shows what a change does to people.
func addImpact(c *openapi.Change, im *authz.Impact) {
	gain := func(u authz.UserImpact) openapi.Gain {
		return openapi.Gain{User: string(u.User), Permissions: plain(u.Permissions)}
	}
	c.Gains, c.GainCount = each(im.Gains, gain), &im.GainCount
	c.Losses, c.LossCount = each(im.Losses, gain), &im.LossCount
	c.Undo = openapi.ChangeUndoSelf
	if im.RevertNeedsAdministrators {
		c.Undo = openapi.ChangeUndoAdministrators
	}
}
