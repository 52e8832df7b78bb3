package api

import (
	"errors"
	"net/url"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// needs says what the caller lacks for an operation, as an [*authz.ForbiddenError]. It looks
// at the caller, at the names in the path and at the mode that the query asks for, and never
// at whether anything of that name exists: who may not know gets the same answer either way.
// It may fail for other reasons, where it has to ask the store.
type needs func(*call) error

func signedIn(*call) error { return nil }

// confirmed asks for nothing but a policy that isn't too old to decide by.
func confirmed(c *call) error {
	if c.view.Expired() {
		return authz.ErrStoreUnavailable
	}
	return nil
}

// holding asks for permissions.
func holding(permissions ...authz.Permission) needs {
	return func(c *call) error { return c.lacks(permissions...) }
}

// acting asks for what the engine wants of whoever carries out the action.
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

// deletingGroup asks for more where the members are to be released, which is a change to them.
func deletingGroup(c *call) error {
	err := acting(authz.ActionGroupDelete)(c)
	if c.asksFor("members", "release") {
		err = joinForbidden(err, c.lacks(authz.ViewUsers, authz.UpdateUsers))
	}
	return err
}

// movingMember asks for more where it is oneself: the right to assign is for other users.
func movingMember(c *call) error {
	err := acting(authz.ActionGroupMembersChange)(c)
	if c.userInPath() == c.user {
		err = joinForbidden(err, c.lacks(authz.UpdateUsers))
	}
	return err
}

// reverting asks for what the inverse of the change needs as well, for whoever may know whether
// there is such a change.
func reverting(c *call) error {
	if err := acting(authz.ActionChangeRevert)(c); err != nil {
		return err
	}
	ctx, done := c.reading()
	defer done()
	err := c.engine.As(c.user).MayRevert(ctx, c.revision())
	if errors.Is(err, authz.ErrNoSuchChange) { // what is wrong with the request comes first
		return nil
	}
	return err
}

// importing leaves replacing to administrators.
func importing(c *call) error {
	err := acting(authz.ActionPolicyImport)(c)
	if c.asksFor("mode", "replace") && !c.view.IsAdministrator(c.user) {
		everything := authz.Permission(authz.Everything)
		err = joinForbidden(err, &authz.ForbiddenError{Missing: []authz.Permission{everything}})
	}
	return err
}

// asksFor looks for a parameter in a query that nobody has checked yet: whether it is a
// fault comes after whether the caller may ask at all.
func (c *call) asksFor(name, value string) bool {
	return slices.Contains(c.http.Request.URL.Query()[name], value)
}

// joinForbidden names all that is missing, once each.
func joinForbidden(errs ...error) error {
	var missing []authz.Permission
	for _, err := range errs {
		if forbidden, ok := err.(*authz.ForbiddenError); ok { //nolint:errorlint // made here and by Authorize, never wrapped
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

// param returns a name from the path. The router leaves it as it came; [url.PathUnescape]
// leaves a "+" alone.
func (c *call) param(name string) string {
	plain, err := url.PathUnescape(c.http.Param(name))
	if err != nil { // the escaped path was checked before it was cut to pieces
		panic(err)
	}
	return plain
}

func (c *call) group() authz.GroupName { return authz.GroupName(c.param("group")) }

func (c *call) userInPath() authz.UserID { return authz.UserID(c.param("user")) }
