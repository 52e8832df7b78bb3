package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// home links to the other pages. Anonymous browsers go to the sign-in page.
func (a *app) home(c *gin.Context) {
	c.Header("Vary", "Accept")
	switch {
	case !prefersHTML(c.Request):
		c.JSON(http.StatusOK, gin.H{
			"requests": "/requests", "profiles": "/profiles", "operations": "/operations",
			"balances": "/balances", "settings": "/settings", "administration": "/api/v1",
		})
	case identityOf(c).user == "":
		c.Redirect(http.StatusSeeOther, "/login")
	default:
		pending, err := a.pending(c.Request.Context(), identityOf(c).user)
		if err != nil {
			a.fail(c, err)
			return
		}
		a.render(c, http.StatusOK, "home", "Start", gin.H{"Pending": pending})
	}
}

// pending returns how many requests that the user may see wait for a decision.
func (a *app) pending(ctx context.Context, user authz.UserID) (n int64, err error) {
	visible := visibleTypes(a.engine.View(), user)
	err = a.db.WithContext(ctx).Model(&request{}).Where("status = ? AND type IN ?", statusPending, visible).Count(&n).Error
	return n, err
}

func stylesheet(c *gin.Context) { file(c, "templates/style.css") }

func icon(c *gin.Context) { file(c, "templates/icon.svg") }

// script hides unavailable actions; see needs.js.
func script(c *gin.Context) { file(c, "templates/needs.js") }

func file(c *gin.Context, name string) {
	c.Header("Cache-Control", "max-age=3600")
	c.FileFromFS(name, http.FS(templateFiles))
}
