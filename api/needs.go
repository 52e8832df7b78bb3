package api

import (
	"errors"
	"net/url"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// needs returns what the caller lacks for an operation, as an [*authz.ForbiddenError]. It considers
// the caller, the names in the path and the mode in the query, but never whether something exists:
// unauthorized callers can't probe for existence. It may return another error if it reads the store.
type needs func(*call) error

func signedIn(*call) error { return nil }

// currentPolicy requires only that the policy isn't too old to decide by.
func currentPolicy(c *call) error {
	if c.view.Expired() {
		return authz.ErrStoreUnavailable
	}
	return nil
}

// holding requires permissions.
func holding(permissions ...authz.Permission) needs {
	return func(c *call) error { return c.lacks(permissions...) }
}

// acting requires what the engine requires for an action.
func acting(action authz.Action) needs {
	return func(c *call) error { return c.view.Authorize(c.user, action, c.group()) }
}

func (c *call) lacks(permissions ...authz.Permission) error {
	var missing []authz.Permission
	for _, p := range permissions {
		if !c.view.Can(c.user, p) {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &authz.ForbiddenError{Missing: missing}
}

// deletingGroup requires more if members are released: that changes users.
func deletingGroup(c *call) error {
	err := acting(authz.ActionGroupDelete)(c)
	if c.asksFor("members", "release") {
		err = joinForbidden(err, c.lacks(authz.ViewUsers, authz.UpdateUsers))
	}
	return err
}

// movingMember requires more if callers move themselves: the right to assign covers only other users.
func movingMember(c *call) error {
	err := acting(authz.ActionGroupMembersChange)(c)
	if c.userInPath() == c.user {
		err = joinForbidden(err, c.lacks(authz.UpdateUsers))
	}
	return err
}

// reverting requires what the inverse of the change needs as well. Only callers who may see changes
// get that far.
func reverting(c *call) error {
	if err := acting(authz.ActionChangeRevert)(c); err != nil {
		return err
	}
	ctx, done := c.reading()
	defer done()
	err := c.engine.As(c.user).MayRevert(ctx, c.revision())
	if errors.Is(err, authz.ErrNoSuchChange) { // errors of the request come before the 404
		return nil
	}
	return err
}

// importing lets only administrators replace the policy.
func importing(c *call) error {
	err := acting(authz.ActionPolicyImport)(c)
	if c.asksFor("mode", "replace") && !c.view.IsAdministrator(c.user) {
		everything := authz.Permission(authz.Everything)
		err = joinForbidden(err, &authz.ForbiddenError{Missing: []authz.Permission{everything}})
	}
	return err
}

// asksFor reports whether the query has a parameter with a value. The query isn't checked yet: its
// errors come after 403.
func (c *call) asksFor(name, value string) bool {
	return slices.Contains(c.http.Request.URL.Query()[name], value)
}

// joinForbidden joins the missing permissions of several errors, without duplicates.
func joinForbidden(errs ...error) error {
	var missing []authz.Permission
	for _, err := range errs {
		if forbidden, ok := err.(*authz.ForbiddenError); ok { //nolint:errorlint // from here and Authorize, never wrapped
			for _, p := range forbidden.Missing {
				if !slices.Contains(missing, p) {
					missing = append(missing, p)
				}
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &authz.ForbiddenError{Missing: missing}
}

// param returns a name from the path. The router doesn't unescape it; [url.PathUnescape] keeps "+".
func (c *call) param(name string) string {
	plain, err := url.PathUnescape(c.http.Param(name))
	if err != nil { // forward has checked the escaped path
		panic(err)
	}
	return plain
}

func (c *call) group() authz.GroupName { return authz.GroupName(c.param("group")) }

func (c *call) userInPath() authz.UserID { return authz.UserID(c.param("user")) }
