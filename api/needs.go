package api

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// needs returns what the caller lacks for an operation, as an [*authz.Error] of the kind [authz.ErrForbidden]. It considers
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

// operating requires what the engine requires for an operation.
func operating(operation func(*call) authz.Operation) needs {
	return func(c *call) error {
		ctx, done := c.reading()
		defer done()
		return c.admin().Authorize(ctx, operation(c))
	}
}

// acting requires what the engine requires for an action on the group in the path, or on none.
func acting(action authz.Action) needs {
	return operating(func(c *call) authz.Operation { return authz.Operation{Action: action, Group: c.group()} })
}

// authorize returns what the caller lacks for the operation. At a past revision it answers from the records,
// which keep rules of groups that were deleted since: that needs the right to view changes as well.
func (c *call) authorize() error {
	err := c.operation.needs(c)
	if !c.asksForPast() || c.can(authz.ViewChanges) {
		return err
	}
	if err == nil {
		return c.lacks(authz.ViewChanges)
	}
	var refusal *authz.Error
	const lacking = authz.Pattern(authz.ViewChanges)
	if errors.Is(err, authz.ErrForbidden) && errors.As(err, &refusal) && !slices.Contains(refusal.Missing, lacking) {
		refusal.Missing = append(refusal.Missing, lacking) // one 403 lists all that is missing
	}
	return err
}

// asksForPast reports whether the query names a revision at which the operation is to be carried out.
func (c *call) asksForPast() bool {
	return slices.Contains(strings.Fields(c.operation.query), "revision") && c.http.Request.URL.Query().Has("revision")
}

func (c *call) lacks(permissions ...authz.Permission) error {
	var missing []authz.Pattern
	for _, p := range permissions {
		if !c.can(p) {
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

// reverting requires what the inverse of the change needs as well. Only callers who may see changes
// get that far.
func reverting(c *call) error {
	err := operating(func(c *call) authz.Operation {
		return authz.Operation{Action: authz.ActionChangeRevert, Revision: c.revision()}
	})(c)
	if errors.Is(err, authz.ErrNoSuchChange) || errors.Is(err, authz.ErrArchived) { // errors of the request come before the 404
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

// asksFor reports whether the query has a parameter with a value. The query isn't checked yet: its
// errors come after 403.
func (c *call) asksFor(name, value string) bool {
	return slices.Contains(c.http.Request.URL.Query()[name], value)
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
