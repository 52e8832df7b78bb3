package api

import "github.com/rightful-go/rightful/authz"

// people returns what the host's directory knows of users. Answers have its names where it gives any, and never wait
// for them long or fail without them.
func (c *call) people(users ...authz.UserID) map[authz.UserID]authz.Person {
	return c.engine.People(c.http.Request.Context(), users...)
}

// findPeople returns the people that the host's directory finds by a text.
func (c *call) findPeople(text string) []authz.Person {
	return c.engine.FindPeople(c.http.Request.Context(), text)
}
