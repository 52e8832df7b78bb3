package main

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// home links to the other pages. Anonymous browsers go to the sign-in page.
func (a *app) home(c *gin.Context) {
	if identityOf(c).user == "" && prefersHTML(c.Request) {
		c.Redirect(http.StatusSeeOther, "/login")
		return
	}
	a.answer(c, "home", gin.H{
		"requests": "/requests", "profiles": "/profiles", "operations": "/operations",
		"balances": "/balances", "settings": "/settings", "administration": "/api/v1",
	})
}

func stylesheet(c *gin.Context) { file(c, "templates/style.css") }

// script hides unavailable actions; see needs.js.
func script(c *gin.Context) { file(c, "templates/needs.js") }

func file(c *gin.Context, name string) {
	c.Header("Cache-Control", "max-age=3600")
	c.FileFromFS(name, http.FS(templateFiles))
}
