package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const (
	maxAsked     = 64      // permissions that one request can ask about
	maxFixesSize = 4 << 20 // bytes of fixes in an explanation
)

// explainUser explains which permissions a user holds and what would grant the rest, or which the user
// held at a past revision.
func explainUser(c *call) {
	c.echoes = true // the permissions
	permissions := repeated[authz.Permission](c, "permission", maxAsked)
	past, until := c.pastRevision(), c.untilIn()
	decisionOnly := c.choice("decision_only", "true", "false") == "true"
	if decisionOnly && until != nil {
		c.bad(`the query parameter "until" can't be combined with "decision_only=true", which omits the fixes`)
	}
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	view, err := c.view, error(nil)
	if past > 0 {
		view, err = c.engine.ViewAt(ctx, past)
	}
	user := c.userInPath()
	if err == nil {
		err = checkUser(user)
	}
	if err != nil {
		c.fail(err)
		return
	}
	shown, err := c.explanation(ctx, view, user, permissions)
	if err == nil && !decisionOnly {
		err = c.addLosses(ctx, &shown, view, permissions)
	}
	if err == nil && !decisionOnly && past == 0 {
		admin := c.admin()
		if until != nil {
			admin = admin.Until(until.Time())
		}
		err = addFixes(ctx, &shown, admin, view, permissions)
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.ok(shown)
}

// explanation shows what the view says about a user.
func (c *call) explanation(ctx context.Context, view *authz.View, user authz.UserID, permissions []authz.Permission) (openapi.Explanation, error) {
	x, err := c.engine.ExplainView(ctx, view, user, permissions...)
	if err != nil {
		return openapi.Explanation{}, err
	}
	return openapi.Explanation{
		User: string(user), DisplayName: c.people(user)[user].Name, Known: x.Known, Allowed: x.Allowed, Revision: int64(x.Revision),
		Permissions: each(x.Permissions, func(p authz.PermissionExplanation) openapi.ExplainedPermission {
			return openapi.ExplainedPermission{
				Permission: string(p.Permission), Declared: p.Declared, Label: p.Label, Category: p.Category,
				Allowed: p.Allowed, Until: p.Until.Time(), Origins: each(p.Origins, originOf), OriginCount: p.OriginCount,
			}
		}),
		BadRows: each(first(x.BadRows), badRowOf), BadRowCount: len(x.BadRows),
	}, nil
}

// addLosses adds when missing permissions were lost. It returns [authz.ErrBusy] if that can't be found out now.
func (c *call) addLosses(ctx context.Context, shown *openapi.Explanation, view *authz.View, permissions []authz.Permission) error {
	losses, err := c.engine.Lost(ctx, view, authz.UserID(shown.User), permissions...)
	if errors.Is(err, authz.ErrBusy) {
		return err
	}
	// The rest comes from memory, and helps even more if the records are damaged. The engine logs that the store is away.
	if err != nil && !errors.Is(err, authz.ErrStoreUnavailable) {
		c.limited.Error(ctx, "", "api: can't find out when a permission was lost", "revision", losses.Since, "error", err)
	}
	missing := 0
	for i := range shown.Permissions {
		p := &shown.Permissions[i]
		p.Lost = lossOf(losses, authz.Permission(p.Permission))
		if !p.Allowed {
			missing++
		}
	}
	if len(losses.List) < missing && losses.Since > 0 {
		shown.LookedBackTo = int64(losses.Since)
	}
	return nil
}

func lossOf(losses authz.Losses, p authz.Permission) *openapi.Loss {
	for _, l := range losses.List {
		if l.Permission == p {
			return &openapi.Loss{Revision: int64(l.Revision), At: l.At, Actor: actorOf(l.Actor)}
		}
	}
	return nil
}

// addFixes adds what would grant the missing permissions, and what of it the admin may do.
func addFixes(ctx context.Context, shown *openapi.Explanation, admin authz.Admin, view *authz.View, permissions []authz.Permission) error {
	fixes, err := admin.Fixes(ctx, view, authz.UserID(shown.User), permissions...)
	if err != nil || shown.Allowed {
		return err
	}
	shown.Fixes = fitting(fixes.List, maxFixesSize, fixOf)
	shown.More = fixes.More || len(shown.Fixes) < len(fixes.List)
	return nil
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
		Allowed:          f.Allowed, Lacks: plain(first(f.Lacks)), LacksCount: len(f.Lacks),
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
	delta := &openapi.RulesDelta{Grant: plain(o.Rules.Grant), Revoke: plain(o.Rules.Revoke), Lift: plain(o.Rules.Lift)}
	switch {
	case len(o.Remove) > 0:
		return openapi.FixOperation{Method: http.MethodDelete, Path: member(o.Remove)}
	case len(o.Add) > 0:
		return openapi.FixOperation{Method: http.MethodPut, Path: member(o.Add) + untilQuery(o.Until)}
	case o.Action == authz.ActionGroupPermissionsChange:
		return openapi.FixOperation{Method: http.MethodPatch, Path: group + "/permissions", Body: delta}
	default:
		return openapi.FixOperation{Method: http.MethodPatch, Path: "/users/" + url.PathEscape(string(o.User)) + "/permissions", Body: delta}
	}
}

// untilQuery is the query that ends the membership that an operation adds, if it says so.
func untilQuery(until *authz.Until) string {
	switch {
	case until == nil:
		return ""
	case *until == 0:
		return "?until=" + never
	}
	return "?until=" + url.QueryEscape(until.Time().Format(time.RFC3339Nano))
}
