// Package scssession identifies the users of sessions that alexedwards/scs keeps. Start with
// [CurrentUser].
package scssession

import (
	"fmt"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/rightful-go/rightful/api/identity/internal/userid"
	"github.com/rightful-go/rightful/authz"
)

// CurrentUser returns a function that reads the user of a request from its session, for guard.New. The
// key is that under which the host's sign-in has put the id of the user: a string, an integer, or
// something that has a text, such as a UUID.
//
//	g := guard.New(engine, scssession.CurrentUser(manager, "user"), guard.Options{})
//	manager.ErrorFunc = g.Unidentified
//	handler := manager.LoadAndSave(mux)
//
// A request without a session, or with one that has expired, is anonymous. If the store fails, or the
// value can't be the id of a user, the function returns an error, and the request gets 503. Where
// LoadAndSave is around the guard, the function reads the session that it has loaded, and the manager's
// ErrorFunc answers if the store fails; the default answers 500. Elsewhere the function loads the session
// itself.
//
// CurrentUser panics if there is no manager or key.
func CurrentUser(manager *scs.SessionManager, key string) func(*http.Request) (authz.UserID, error) {
	if manager == nil || key == "" {
		panic("scssession: CurrentUser was given no manager or no key")
	}
	return func(r *http.Request) (authz.UserID, error) {
		token := ""
		if cookie, err := r.Cookie(manager.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx, err := manager.Load(r.Context(), token) // returns what LoadAndSave has loaded
		if err != nil {
			return "", fmt.Errorf("load the session: %w", err)
		}
		value := manager.Get(ctx, key)
		if value == nil {
			return "", nil
		}
		user, err := userid.Of(value)
		if err != nil {
			return "", fmt.Errorf("the value %q of the session %w", key, err)
		}
		return user, nil
	}
}
