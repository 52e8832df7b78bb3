package main

import (
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

func (a *app) listSettings(c *gin.Context) {
	list := []setting{}
	if err := a.db.WithContext(c.Request.Context()).Order("name").Find(&list).Error; err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, "settings", gin.H{"items": list})
}

func (a *app) updateSetting(c *gin.Context) {
	fields, ok := a.fields(c, "name", "value")
	if !ok {
		return
	}
	if utf8.RuneCountInString(fields["value"]) > 200 {
		a.problem(c, http.StatusUnprocessableEntity, "A value may have at most 200 characters.")
		return
	}
	changed := a.db.WithContext(c.Request.Context()).Model(&setting{}).
		Where("name = ?", fields["name"]).Update("value", fields["value"])
	switch {
	case changed.Error != nil:
		a.fail(c, changed.Error)
	case changed.RowsAffected == 0:
		a.problem(c, http.StatusUnprocessableEntity, "There is no such setting.")
	default:
		a.done(c, "saved", "/settings", "settings", gin.H{"items": []setting{{fields["name"], fields["value"]}}})
	}
}
