package main

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// requestTypes are the types of clients' requests. Each has its own permissions.
var requestTypes = []string{"deposit", "withdrawal", "transfer", "verification"}

func viewOf(kind string) authz.Permission {
	return authz.Permission(requestMark + kind + ":view")
}

// viewOfAny returns the permissions of which any one is enough to see the list.
func viewOfAny() []authz.Permission {
	list := make([]authz.Permission, len(requestTypes))
	for i, kind := range requestTypes {
		list[i] = viewOf(kind)
	}
	return list
}

const (
	viewResolutions     authz.Permission = "system.requests.resolutions:view"
	viewResolutionTypes authz.Permission = "system.requests.resolution-types:view"
)

// neededToDecide returns the permissions to approve or reject a request. The first depends on the
// request's type.
func neededToDecide(kind string) []authz.Permission {
	return []authz.Permission{
		authz.Permission(requestMark + kind + ":update"),
		"finance.operations:create",
		viewResolutions,
		viewResolutionTypes,
	}
}

// permissionsFor returns a function for [ginguard.Guard.RequireFunc] on routes of a single request.
func (a *app) permissionsFor(needed func(kind string) []authz.Permission) func(*gin.Context) ([]authz.Permission, error) {
	return func(c *gin.Context) ([]authz.Permission, error) {
		r, found, err := a.findRequest(c)
		switch {
		case err != nil:
			a.fail(c, err)
			return nil, nil
		case found:
			c.Set(requestKey, r)
			return needed(r.Type), nil
		case slices.ContainsFunc(viewOfAny(), func(p authz.Permission) bool { return a.engine.Can(a.currentUser(c), p) }):
			a.problem(c, http.StatusNotFound, "There is no such request.")
			return nil, nil
		default:
			// A user who may not view any request can't probe for existing ones: the answer is that
			// of the first type.
			return needed(requestTypes[0]), nil
		}
	}
}

const requestKey = "request"

func (a *app) findRequest(c *gin.Context) (r request, found bool, err error) {
	id, _ := strconv.ParseInt(c.Param("id"), 10, 64)
	if c.Param("id") != strconv.FormatInt(id, 10) { // one URL per request
		return request{}, false, nil
	}
	err = a.db.WithContext(c.Request.Context()).Limit(1).Find(&r, "id = ?", id).Error
	return r, r.ID != 0, err
}

// visibleTypes returns the types of requests that the user may view.
func visibleTypes(view *authz.View, user authz.UserID) []string {
	return slices.DeleteFunc(slices.Clone(requestTypes), func(kind string) bool { return !view.Can(user, viewOf(kind)) })
}

// listRequests lists only the requests that the user may view.
func (a *app) listRequests(c *gin.Context) {
	view := a.engine.View() // one revision for the whole list
	user := a.currentUser(c)
	list := []request{}
	err := a.db.WithContext(c.Request.Context()).Where("type IN ?", visibleTypes(view, user)).Order("id").Find(&list).Error
	if err != nil {
		a.fail(c, err)
		return
	}
	for i := range list {
		a.hideResolution(c, &list[i])
	}
	a.answer(c, "requests", gin.H{"items": list})
}

func (a *app) showRequest(c *gin.Context) {
	r := c.MustGet(requestKey).(request)
	a.hideResolution(c, &r)
	a.answer(c, "request", r)
}

func (a *app) hideResolution(c *gin.Context, r *request) {
	if !a.engine.Can(a.currentUser(c), viewResolutions) {
		r.Resolution = resolution{}
	}
}

// decide returns the handler that approves or rejects. A later decision replaces an earlier one.
func (a *app) decide(status string) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := c.MustGet(requestKey).(request)
		if r.Status != status {
			r.Status = status
			r.Resolution = resolution{status, a.currentUser(c), time.Now().UTC().Truncate(time.Second)}
			if err := a.db.WithContext(c.Request.Context()).Save(&r).Error; err != nil {
				a.fail(c, err)
				return
			}
		}
		a.done(c, status, "/requests/"+c.Param("id"), "request", r)
	}
}

func (a *app) listResolutionTypes(c *gin.Context) {
	a.answer(c, "resolutions", gin.H{"types": []string{statusApproved, statusRejected}})
}

func (a *app) listResolutions(c *gin.Context) {
	var decided []request
	err := a.db.WithContext(c.Request.Context()).Where("status <> ?", statusPending).Order("id").Find(&decided).Error
	if err != nil {
		a.fail(c, err)
		return
	}
	type item struct {
		Request    int64      `json:"request"`
		Resolution resolution `json:"resolution"`
	}
	items := make([]item, len(decided)) // without the request, which needs the permission of its type
	for i, r := range decided {
		items[i] = item{r.ID, r.Resolution}
	}
	a.answer(c, "resolutions", gin.H{"items": items})
}
