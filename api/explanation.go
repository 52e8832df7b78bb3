package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxAsked is how many permissions one explanation is about.
const maxAsked = 64

// explainUser says what a user holds of what is asked and what would give the rest, or what it
// was at a revision.
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

// permissions reads which permissions are asked about.
func (c *call) permissions() []authz.Permission {
	if n := len(c.values); n < 1 || n > maxAsked {
		c.bad(`the query parameter "permission" must be there from 1 to %d times, and is %d times`, maxAsked, n)
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

// explanation shows what the view says of a user, and when what is missing was lost as far as
// the records tell.
func (c *call) explanation(ctx context.Context, view *authz.View, user authz.UserID, permissions []authz.Permission) openapi.Explanation {
	x := view.Explain(user, permissions...)
	losses, err := c.engine.Lost(ctx, view, user, permissions...)
	if err != nil { // what is in memory is there to be read, the more so when something is amiss
		slog.ErrorContext(ctx, "api: when a permission was lost can't be found out", "revision", losses.Since, "error", err)
	}
	shown := openapi.Explanation{
		User: string(user), Known: x.Known, Allowed: x.Allowed, Revision: int64(x.Revision),
		Permissions: each(x.Permissions, func(p authz.PermissionExplanation) openapi.ExplainedPermission {
			return openapi.ExplainedPermission{
				Permission: string(p.Permission), Declared: p.Declared, Label: p.Label, Category: p.Category,
				Allowed: p.Allowed, Because: each(p.Origins, becauseOf), Lost: lossOf(losses, p.Permission),
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
	if len(fixes.BadRows) > 0 {
		shown.BadRows = badRowsOf(fixes.BadRows)
	}
}

func fixOf(f authz.Fix) openapi.Fix {
	shown := openapi.Fix{
		Kind: openapi.FixKind(f.Kind), Groups: plain(f.Groups), Leaves: plain(f.Leaves),
		Lifts: each(f.Lifts, ruleOf), Holder: string(f.Subject), Permissions: plain(f.Permissions),
		AlsoGives: plain(first(f.AlsoGives)), AlsoGivesCount: len(f.AlsoGives),
		AlsoTakes: plain(first(f.AlsoTakes)), AlsoTakesCount: len(f.AlsoTakes),
		Restrictions: plain(first(f.Restrictions)), RestrictionCount: len(f.Restrictions),
		AlsoReaches:      each(f.AlsoReaches, func(u authz.UserImpact) string { return string(u.User) }),
		AlsoReachesCount: f.AlsoReachesCount,
		Allowed:          f.Allowed, Lacks: plain(f.Lacks),
		Changes: each(f.Operations, fixChangeOf),
	}
	if f.Kind == authz.FixLift {
		shown.Holder, shown.Permissions = liftedFrom(f.Lifts)
	}
	return shown
}

// liftedFrom returns the one holder from whom something is lifted, and what.
func liftedFrom(lifts []authz.Rule) (holder string, patterns []string) {
	for _, r := range lifts {
		if r.Subject != lifts[0].Subject {
			return "", nil
		}
		holder, patterns = string(r.Subject), append(patterns, string(r.Pattern))
	}
	return holder, patterns
}

// fixChangeOf returns the request that carries out an operation of a fix.
func fixChangeOf(o authz.Operation) openapi.FixChange {
	group := "/groups/" + url.PathEscape(string(o.Group))
	member := func(list []authz.UserID) string { return group + "/members/" + url.PathEscape(string(list[0])) }
	delta := &openapi.RulesDelta{Grant: plain(o.Rules.Grant), Lift: plain(o.Rules.Lift)}
	switch {
	case len(o.Remove) > 0:
		return openapi.FixChange{Method: http.MethodDelete, Path: member(o.Remove)}
	case len(o.Add) > 0:
		return openapi.FixChange{Method: http.MethodPut, Path: member(o.Add)}
	case o.Action == authz.ActionGroupPermissionsChange:
		return openapi.FixChange{Method: http.MethodPatch, Path: group + "/permissions", Body: delta}
	default:
		return openapi.FixChange{Method: http.MethodPatch, Path: "/users/" + url.PathEscape(string(o.User)) + "/permissions", Body: delta}
	}
}
