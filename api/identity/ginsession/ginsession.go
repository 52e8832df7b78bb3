// Package ginsession identifies the users of sessions that gin-contrib/sessions keeps. Start with
// [CurrentUser].
package ginsession

import (
	"errors"
	"fmt"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/securecookie"

	"github.com/rightful-go/rightful/api/identity/internal/userid"
	"github.com/rightful-go/rightful/authz"
)

// CurrentUser returns a function that reads the user of a request from its session, for ginguard.New and
// api.Mount. The store and the name are those that the host gives to [sessions.Sessions], and key is that
// under which its sign-in has set the id of the user: a string, an integer, or something that has a text,
// such as a UUID.
//
//	r.Use(sessions.Sessions("desk", store))
//	g := ginguard.New(engine, ginsession.CurrentUser(store, "desk", "user"), guard.Options{})
//
// A request without a session, or with one that has expired or was not made by the store, is anonymous. If
// the store fails, or the value can't be the id of a user, the function adds an error to the context, and
// the request gets 503. (Default and Get of package sessions hide it: their sessions are empty then.)
//
// CurrentUser panics if there is no store, name or key.
func CurrentUser(store sessions.Store, name string, key any) func(*gin.Context) authz.UserID {
	if store == nil || name == "" || key == nil {
		panic("ginsession: CurrentUser was given no store, no name or no key")
	}
	return func(c *gin.Context) authz.UserID {
		user, err := read(c, store, name, key)
		if err != nil {
			_ = c.Error(err) // it is the same error, to add more to
			return ""
		}
		return user
	}
}

func read(c *gin.Context, store sessions.Store, name string, key any) (authz.UserID, error) {
	session, err := store.Get(c.Request, name) // stores read a session once for each request
	switch {
	case isForged(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read the session %q: %w", name, err)
	case session == nil:
		return "", fmt.Errorf("the store has neither a session %q nor an error", name)
	}
	value, ok := session.Values[key]
	if !ok || value == nil {
		return "", nil
	}
	user, err := userid.Of(value)
	if err != nil {
		return "", fmt.Errorf("the value %v of the session %q %w", key, name, err)
	}
	return user, nil
}

// isForged reports whether an error says that a cookie has expired, or that the store's keys didn't make
// it, and nothing else.
func isForged(err error) bool {
	var of securecookie.Error
	return errors.As(err, &of) && of.IsDecode() && !of.IsInternal() && !of.IsUsage()
}
