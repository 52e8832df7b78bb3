// Package app is the host's own application: Gin, without a database.
package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// New returns a router on which alice and bob can sign in.
func New() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"alice": "demo", "bob": "demo"}))
	return r
}

// Reports serves the reports.
func Reports(c *gin.Context) { c.String(http.StatusOK, "reports") }

// Serve listens on a free port of the loopback and prints where.
func Serve(ctx context.Context, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return (&http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}
