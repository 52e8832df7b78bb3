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

// operating asks for what the engine needs of someone who carries out an operation.
func operating(operation func(*call) authz.Operation) needs {
	return func(c *call) error {
		ctx, done := c.reading()
		defer done()
		return c.engine.As(c.user).Authorize(ctx, operation(c))
	}
}

// acting is operating for an action on the group in the path, or on none.
func acting(action authz.Action) needs {
	return operating(func(c *call) authz.Operation { return authz.Operation{Action: action, Group: c.group()} })
}

func (c *call) lacks(permissions ...authz.Permission) error {
	var missing []authz.Pattern
	for _, p := range permissions {
		if !c.view.Can(c.user, p) {
			missing = append(missing, authz.Pattern(p))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &authz.Error{Kind: authz.ErrForbidden, Missing: missing}
}

func deletingGroup(c *call) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupDelete, Group: c.group(), Release: c.asksFor("members", "release")}
}

func movingMember(c *call) authz.Operation {
	return authz.Operation{Action: authz.ActionGroupMembersChange, Group: c.group(), Add: []authz.UserID{c.userInPath()}}
}

// reverting asks for what the inverse of the change needs as well, for callers who may know whether
// there is such a change.
func reverting(c *call) error {
	err := operating(func(c *call) authz.Operation {
		return authz.Operation{Action: authz.ActionChangeRevert, Revision: c.revision()}
	})(c)
	if errors.Is(err, authz.ErrNoSuchChange) { // what is wrong with the request comes first
		return nil
	}
	return err
}

func importing(c *call) authz.Operation {
	o := authz.Operation{Action: authz.ActionPolicyImport, Mode: authz.ImportMerge}
	if c.asksFor("mode", string(authz.ImportReplace)) {
		o.Mode = authz.ImportReplace
	}
	return o
}

// asksFor looks for a parameter in a query that nobody has checked yet: whether it is a
// fault comes after whether the caller may ask at all.
func (c *call) asksFor(name, value string) bool {
	return slices.Contains(c.http.Request.URL.Query()[name], value)
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
