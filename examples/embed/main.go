// Command embed is an existing Gin application with Rightful built in. The addition is in
// rightful.go; this file is the rest of the application.
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
	r.Use(gin.BasicAuth(gin.Accounts{"ana": password, "ben": password})) // your application's own sign-in
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "All signed-in users see this.\n") })

	if err := addRightful(context.Background(), r, "rightful.db"); err != nil {
		log.Fatal(err)
	}
	log.Printf("try: curl -i -u ben:%s http://127.0.0.1:8082/reports", password)
	server := &http.Server{Addr: "127.0.0.1:8082", Handler: r, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func showReports(c *gin.Context) { c.String(http.StatusOK, "Reports\n") }
