// Package app is the host's own application: net/http and nothing else.
package app

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// User returns the signed-in user, or "" for an anonymous request.
func User(r *http.Request) string {
	user, password, _ := r.BasicAuth()
	known := user == "alice" || user == "bob"
	if !known || subtle.ConstantTimeCompare([]byte(password), []byte("demo")) != 1 {
		return ""
	}
	return user
}

// Reports serves the reports.
func Reports(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "reports") }

// SignedIn lets every signed-in user through.
func SignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if User(r) == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Serve listens on a free port of the loopback and prints where.
func Serve(ctx context.Context, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return (&http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}
