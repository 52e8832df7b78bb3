// Command embed is an existing Gin application with Rightful built in. What that takes is in
// rightful.go; this file is the application as it was.
package main

import (
	"context"
	"crypto/rand"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	password := rand.Text()
	r.Use(gin.BasicAuth(gin.Accounts{"ana": password, "ben": password})) // however yours signs people in
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "Everyone who is signed in sees this.\n") })

	if err := addRightful(context.Background(), r, "rightful.db"); err != nil {
		log.Fatal(err)
	}
	log.Printf("try: curl -i -u ben:%s http://127.0.0.1:8082/reports", password)
	server := &http.Server{Addr: "127.0.0.1:8082", Handler: r, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func showReports(c *gin.Context) { c.String(http.StatusOK, "Reports\n") }
