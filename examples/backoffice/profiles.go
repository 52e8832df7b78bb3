package main

import (
	"net/http"
	"net/mail"

	"github.com/gin-gonic/gin"
)

func (a *app) listProfiles(c *gin.Context) {
	list := []profile{}
	if err := a.db.WithContext(c.Request.Context()).Order("id").Find(&list).Error; err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, "profiles", gin.H{"items": list})
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
// has checked that the user may view profiles.
func (a *app) findProfile(c *gin.Context) (p profile, ok bool) {
	err := a.db.WithContext(c.Request.Context()).Limit(1).Find(&p, "id = ?", c.Param("id")).Error
	switch {
	case err != nil:
		a.fail(c, err)
	case p.ID == 0:
		a.problem(c, http.StatusNotFound, "There is no such profile.")
	}
	return p, err == nil && p.ID != 0
}
