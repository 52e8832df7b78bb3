package main

import (
	"context"
	"net/http"
	"net/mail"
	"strconv"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
)

// A user who holds viewProfiles sees every profile. Others see those that rules name: clients.profiles.2:view is about
// profile 2.
const (
	profileType                   = "clients.profiles"
	viewProfiles authz.Permission = profileType + ":view"
)

// neededToView returns the permission to view one profile: its own if the user holds it, otherwise that for all.
func (a *app) neededToView(c *gin.Context) ([]authz.Permission, error) {
	view, user := a.engine.View(), a.currentUser(c)
	one := authz.Permission(profileType + "." + c.Param("id") + ":view")
	if !view.Can(user, viewProfiles) && one.Check() == nil && view.Can(user, one) {
		return []authz.Permission{one}, nil
	}
	return []authz.Permission{viewProfiles}, nil
}

// seesProfiles reports whether the user may view any profile.
func seesProfiles(ctx context.Context, view *authz.View, user authz.UserID) (bool, error) {
	if view.Can(user, viewProfiles) {
		return true, nil
	}
	some, err := view.Permitted(ctx, user, profileType, "view")
	return !some.None(), err
}

// visibleProfiles leaves out the profiles that the user may not view.
func visibleProfiles(view *authz.View, user authz.UserID) func(*gorm.DB) *gorm.DB {
	if view.Can(user, viewProfiles) {
		return func(db *gorm.DB) *gorm.DB { return db }
	}
	return gormstore.Scope(view, user, profileType, "view", gormstore.Column{Name: "id", Type: gormstore.IntegerColumn})
}

// listProfiles lists only the profiles that the user may view. No single permission is needed for that, so that it
// decides itself, and refuses a user who may view none.
func (a *app) listProfiles(g *ginguard.Guard) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, user, view := c.Request.Context(), a.currentUser(c), a.engine.View() // one revision for the whole list
		sees, err := seesProfiles(ctx, view, user)
		if err == nil && !sees {
			g.Refuse(c, a.engine.Decide(authz.Question{User: user, Permissions: []authz.Permission{viewProfiles}}))
			return
		}
		list := []profile{}
		if err == nil {
			err = a.db.WithContext(ctx).Scopes(visibleProfiles(view, user)).Order("id").Find(&list).Error
		}
		if err != nil {
			a.fail(c, err)
			return
		}
		a.answer(c, "profiles", gin.H{"items": list})
	}
}

func (a *app) showProfile(c *gin.Context) {
	if p, ok := a.findProfile(c); ok {
		a.answer(c, "profile", p)
	}
}

// updateProfile sets a client's e-mail address.
func (a *app) updateProfile(c *gin.Context) {
	p, ok := a.findProfile(c)
	if !ok {
		return
	}
	fields, ok := a.fields(c, "email")
	if !ok {
		return
	}
	address, err := mail.ParseAddress(fields["email"])
	if err != nil || address.Address != fields["email"] || len(address.Address) > 254 {
		a.problem(c, http.StatusUnprocessableEntity, "The e-mail address is invalid.")
		return
	}
	p.Email = address.Address
	if err := a.db.WithContext(c.Request.Context()).Save(&p).Error; err != nil {
		a.fail(c, err)
		return
	}
	a.done(c, "saved", "/profiles/"+c.Param("id"), "profile", p)
}

// findProfile answers with 404 if there is no such profile. That reveals nothing, because the guard
// has checked that the user may view this profile or all.
func (a *app) findProfile(c *gin.Context) (p profile, ok bool) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || c.Param("id") != strconv.FormatInt(id, 10) { // the guard decided about this id, not about another spelling
		a.problem(c, http.StatusNotFound, "There is no such profile.")
		return profile{}, false
	}
	err = a.db.WithContext(c.Request.Context()).Limit(1).Find(&p, "id = ?", id).Error
	switch {
	case err != nil:
		a.fail(c, err)
	case p.ID == 0:
		a.problem(c, http.StatusNotFound, "There is no such profile.")
	}
	return p, err == nil && p.ID != 0
}
