package main

import (
	"context"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// decide is [policy.explain] without what would help and when something was lost, which can take long. All decisions of a
// command are of one revision; a caller of a service who may not view changes gets those of the present.
func (p *policy) decide(ctx context.Context, user string, permissions []string) (openapi.Explanation, error) {
	if err := checkQuestion(user, permissions); err != nil {
		return openapi.Explanation{}, err
	}
	if p.engine != nil {
		return p.decideHere(user, permissions), nil
	}
	if p.decided == 0 {
		now, err := p.Status(ctx)
		if err != nil {
			return openapi.Explanation{}, err
		}
		p.decided = now.Revision
	}
	if !p.noRevisions {
		x, err := p.decideAt(ctx, p.decided, user, permissions)
		if !client.Is(err, openapi.ProblemTypeForbidden) {
			return x, err
		}
		p.noRevisions = true
	}
	return p.decideAt(ctx, 0, user, permissions)
}

// decideAt asks a service about a revision, or about the present if it is 0.
func (p *policy) decideAt(ctx context.Context, revision openapi.Revision, user string, permissions []string) (openapi.Explanation, error) {
	return atOneRevision(permissions, func(part []string) (openapi.Explanation, error) {
		return p.User(user).Decide(ctx, revision, part...)
	})
}

// decideHere asks the engine itself, and shows its explanation as the interface does.
func (p *policy) decideHere(user string, permissions []string) openapi.Explanation {
	if p.view == nil {
		p.view = p.engine.View()
	}
	asked := make([]authz.Permission, len(permissions))
	for i, permission := range permissions {
		asked[i] = authz.Permission(permission)
	}
	x := p.view.Explain(authz.UserID(user), asked...)
	shown := openapi.Explanation{User: user, Known: x.Known, Allowed: x.Allowed, Revision: int64(x.Revision), BadRowCount: len(x.BadRows)}
	for _, one := range x.Permissions {
		shown.Permissions = append(shown.Permissions, openapi.ExplainedPermission{
			Permission: string(one.Permission), Declared: one.Declared, Label: one.Label, Category: one.Category,
			Allowed: one.Allowed, Until: one.Until.Time(), Origins: originsOf(one.Origins), OriginCount: one.OriginCount,
		})
	}
	for _, row := range x.BadRows {
		shown.BadRows = append(shown.BadRows, openapi.BadRow{ID: row.ID, Values: row.Values, Detail: row.Detail, Denies: texts(row.Denies)})
	}
	return shown
}

func originsOf(origins []authz.Origin) []openapi.Origin {
	list := []openapi.Origin{}
	for _, o := range origins {
		list = append(list, openapi.Origin{
			Rule: openapi.OriginRule(o.Rule), Pattern: string(o.Pattern), Path: texts(o.Path), BadRow: o.BadRow, Until: o.Until.Time(),
		})
	}
	return list
}

func texts(subjects []authz.Subject) []string {
	list := make([]string, len(subjects))
	for i, subject := range subjects {
		list[i] = string(subject)
	}
	return list
}
