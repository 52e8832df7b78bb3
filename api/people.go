package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const maxPeopleAsked = 100 // users that one request can look up

// listPeople answers with what the host's directory knows of the users that were asked about.
func listPeople(c *call) {
	c.echoes = true // the users
	users := c.users()
	if c.refused() {
		return
	}
	known := c.people(users...)
	list := openapi.People{Items: []openapi.Person{}}
	for _, user := range users {
		if p, ok := known[user]; ok {
			list.Items = append(list.Items, openapi.Person{ID: string(user), DisplayName: p.Name, Email: p.Email})
			delete(known, user) // asked about twice, it is listed once
		}
	}
	c.revalidated(list)
}

// users reads the users to look up.
func (c *call) users() []authz.UserID {
	if n := len(c.values); n < 1 || n > maxPeopleAsked {
		c.bad(`the query parameter "user" is required 1 to %d times and was sent %d times`, maxPeopleAsked, n)
		return nil
	}
	list := make([]authz.UserID, len(c.values))
	for i, value := range c.values {
		list[i] = authz.UserID(value)
		if err := list[i].Check(); err != nil {
			c.bad(`the query parameter "user" with %s %v`, clip(value), err)
		}
	}
	return list
}

// people returns what the host's directory knows of users. Answers have its names where it gives any, and never wait
// for them long or fail without them.
func (c *call) people(users ...authz.UserID) map[authz.UserID]authz.Person {
	return c.engine.People(c.http.Request.Context(), users...)
}

// findPeople returns the people that the host's directory finds by a text.
func (c *call) findPeople(text string) []authz.Person {
	return c.engine.FindPeople(c.http.Request.Context(), text)
}
