package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxAsked is how many permissions one request can ask about.
const maxAsked = 64

// explainUser explains which permissions a user holds and what would grant the rest, or which the user
// held at a past revision.
func explainUser(c *call) {
	permissions := c.permissions()
	past := c.pastRevision()
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	view := c.view
	if past > 0 {
		var err error
		if view, err = c.engine.ViewAt(ctx, past); err != nil {
			c.fail(err)
			return
		}
	}
	user := c.userInPath()
	if err := checkUser(user); err != nil {
		c.fail(err)
		return
	}
	shown := c.explanation(ctx, view, user, permissions)
	if !shown.Allowed && past == 0 {
		fixes, err := c.engine.As(c.user).Fixes(view, user, permissions...)
		if err != nil {
			c.fail(err)
			return
		}
		addFixes(&shown, fixes)
	}
	c.ok(shown)
}

// permissions reads the permissions to explain.
func (c *call) permissions() []authz.Permission {
	if n := len(c.values); n < 1 || n > maxAsked {
		c.bad(`the query parameter "permission" is required 1 to %d times and was sent %d times`, maxAsked, n)
		return nil
	}
	list := make([]authz.Permission, len(c.values))
	for i, value := range c.values {
		list[i] = authz.Permission(value)
		if err := list[i].Check(); err != nil {
			c.bad(`the query parameter "permission" with %s %v`, clip(value), err)
		}
	}
	return list
}

// explanation shows what the view says about a user, and when missing permissions were lost.
func (c *call) explanation(ctx context.Context, view *authz.View, user authz.UserID, permissions []authz.Permission) openapi.Explanation {
	x := view.Explain(user, permissions...)
	losses, err := c.engine.Lost(ctx, view, user, permissions...)
	if err != nil { // the rest comes from memory and helps even more if the records are damaged
		slog.ErrorContext(ctx, "api: can't find out when a permission was lost", "revision", losses.Since, "error", err)
	}
	shown := openapi.Explanation{
		User: string(user), Known: x.Known, Allowed: x.Allowed, Revision: int64(x.Revision),
		Permissions: each(x.Permissions, func(p authz.PermissionExplanation) openapi.ExplainedPermission {
			return openapi.ExplainedPermission{
				Permission: string(p.Permission), Declared: p.Declared, Label: p.Label, Category: p.Category,
				Allowed: p.Allowed, Origins: originsOf(p.Origins, maxOriginsExplained), OriginCount: len(p.Origins),
				Lost: lossOf(losses, p.Permission),
			}
		}),
	}
	missing := 0
	for _, p := range x.Permissions {
		if !p.Allowed {
			missing++
		}
	}
	if len(losses.List) < missing && losses.Since > 0 {
		shown.LookedBackTo = int64(losses.Since)
	}
	return shown
}

func lossOf(losses authz.Losses, p authz.Permission) *openapi.Loss {
	for _, l := range losses.List {
		if l.Permission == p {
			return &openapi.Loss{Revision: int64(l.Revision), At: l.At, Actor: actorOf(l.Actor)}
		}
	}
	return nil
}

func addFixes(shown *openapi.Explanation, fixes authz.Fixes) {
	shown.Fixes, shown.More = each(fixes.List, fixOf), fixes.More
	shown.BadRows, shown.BadRowCount = each(first(fixes.BadRows), badRowOf), len(fixes.BadRows)
}

func fixOf(f authz.Fix) openapi.Fix {
	shown := openapi.Fix{
		Kind: openapi.FixKind(f.Kind), Groups: plain(f.Groups), Leaves: plain(f.Leaves),
		Lifts: each(f.Lifts, ruleOf), Subject: string(f.Subject), Permissions: plain(f.Permissions),
		AlsoGives: plain(first(f.AlsoGives)), AlsoGivesCount: len(f.AlsoGives),
		AlsoTakes: plain(first(f.AlsoTakes)), AlsoTakesCount: len(f.AlsoTakes),
		Restrictions: plain(first(f.Restrictions)), RestrictionCount: len(f.Restrictions),
		AlsoReaches:      each(f.AlsoReaches, func(u authz.UserImpact) string { return string(u.User) }),
		AlsoReachesCount: f.AlsoReachesCount,
		Allowed:          f.Allowed, Lacks: plain(f.Lacks),
		Operations: each(f.Operations, fixOperationOf),
	}
	if f.Kind == authz.FixLift {
		shown.Subject, shown.Permissions = liftedFrom(f.Lifts)
	}
	return shown
}

// liftedFrom returns the subject of the restrictions that are lifted, and their patterns; nothing
// if there is more than one subject.
func liftedFrom(lifts []authz.Rule) (subject string, patterns []string) {
	for _, r := range lifts {
		if r.Subject != lifts[0].Subject {
			return "", nil
		}
		subject, patterns = string(r.Subject), append(patterns, string(r.Pattern))
	}
	return subject, patterns
}

// fixOperationOf returns the request that carries out an operation of a fix.
func fixOperationOf(o authz.Operation) openapi.FixOperation {
	group := "/groups/" + url.PathEscape(string(o.Group))
	member := func(list []authz.UserID) string { return group + "/members/" + url.PathEscape(string(list[0])) }
	delta := &openapi.RulesDelta{Grant: plain(o.Rules.Grant), Lift: plain(o.Rules.Lift)}
	switch {
	case len(o.Remove) > 0:
		return openapi.FixOperation{Method: http.MethodDelete, Path: member(o.Remove)}
	case len(o.Add) > 0:
		return openapi.FixOperation{Method: http.MethodPut, Path: member(o.Add)}
	case o.Action == authz.ActionGroupPermissionsChange:
		return openapi.FixOperation{Method: http.MethodPatch, Path: group + "/permissions", Body: delta}
	default:
		return openapi.FixOperation{Method: http.MethodPatch, Path: "/users/" + url.PathEscape(string(o.User)) + "/permissions", Body: delta}
	}
}
